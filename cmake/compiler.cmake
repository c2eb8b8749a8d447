# The flags every target gets. What differs between presets is in CMakePresets.json.

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# Programs are found where a person looks for them: build/bowline-sim.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")

if(PROJECT_IS_TOP_LEVEL AND CMAKE_CXX_FLAGS STREQUAL "" AND NOT CMAKE_BUILD_TYPE)
  set(CMAKE_CXX_FLAGS "-O2 -g1" CACHE STRING "Flags for all builds" FORCE)
endif()

add_compile_options(-Wall -Wextra -Wconversion -Wshadow -fdiagnostics-color=always)
# A field that an initializer leaves out is zero, and that is what is meant.
add_compile_options(-Wno-missing-field-initializers)
if(BOWLINE_WERROR)
  add_compile_options(-Werror)
endif()

# Messages name files as the repository does, wherever it was built.
add_compile_options("-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=")

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-fstrong-eval-order)
  # It may use some memory before it looks for what it does not need any more: 5 to 10 % faster.
  add_compile_options(--param=ggc-min-heapsize=500000)
  # g++ 12 sees overlaps and overruns inside std::string that are not there (PR 105651, 105329);
  # clang and the sanitizers look for real ones ...
  add_compile_options(-Wno-restrict -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
  # ... g++ 13 sees references dangle that do not (PR 107532) ...
  if(CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
    add_compile_options(-Wno-dangling-reference)
  endif()
  # ... and under instrumentation loses track of what an optional holds.
  if(CMAKE_CXX_FLAGS MATCHES "-fsanitize|--coverage")
    add_compile_options(-Wno-maybe-uninitialized -Wno-mismatched-new-delete)
  endif()
elseif(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # clang counts these two to -Wconversion and -Wextra, g++ does not; one standard for both.
  add_compile_options(-Wno-sign-conversion -Wno-missing-designated-field-initializers)
endif()

# ccache has to be told that a precompiled header is as good as its text, and that the same source
# in another clone of this repository is the same.
find_program(BOWLINE_CCACHE_PROGRAM ccache)
if(BOWLINE_CCACHE AND BOWLINE_CCACHE_PROGRAM)
  set(sloppiness pch_defines,time_macros)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env "CCACHE_SLOPPINESS=${sloppiness}"
                                  "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" "CCACHE_NOHASHDIR=1"
                                  "${BOWLINE_CCACHE_PROGRAM}")
  if(BOWLINE_PCH)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      add_compile_options(-fpch-preprocess)
    else()
      add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
    endif()
  endif()
endif()
