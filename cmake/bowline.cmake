# The functions that a folder's CMakeLists.txt calls. In DEPENDS a plain word is a folder of this
# project (`base`), and anything with `::` is a target from outside (`Threads::Threads`).
#
#   bowline_library(raft SOURCES core.cc … HEADERS core.h … DEPENDS base [MUTANTS] [APART a.cc …])
#   bowline_test(core_test SOURCES core_test.cc … DEPENDS raft [TIMEOUT 60] [ARGS …] [MUTANTS])
#     [COST 200] [BESIDE Suite.case]
#     A test may link a library of a later folder by its full name: bowline::words. COST is about
#     how many seconds it takes: the longest had better begin first. The case BESIDE runs beside the
#     others, as a ctest entry <name>_beside.
#   bowline_program(bowline-sim SOURCES main.cc … DEPENDS sim [MUTANTS] [BY_HAND] [QUICK])
#   bowline_bench(bowline-bench SOURCES bench.cc … DEPENDS raft)
#
# HEADERS may be given to each of them. Headers are compiled alone, see bowline_headers_alone().
#
# MUTANTS on a library adds a second one, <name>_mutants, with the planted bugs inside, to be chosen
# at run time: its sources that know of one are compiled again, with BOWLINE_MUTANTS=1, and all
# others are in both. On a program or test it links those. A source with bugs and the same one
# without never meet in one program, because a mutant depends on mutants only.
#
# Two dozen sources of a library are compiled at once, but for those in APART, whose names clash
# with others'.

find_package(GTest QUIET)
find_package(benchmark QUIET)
set_property(GLOBAL PROPERTY BOWLINE_HEADERS "")

function(bowline_folder folder)
  if(EXISTS "${PROJECT_SOURCE_DIR}/${folder}/CMakeLists.txt")
    # Apart from the programs, so that one of them may be called like a folder.
    add_subdirectory("${PROJECT_SOURCE_DIR}/${folder}" "${PROJECT_BINARY_DIR}/obj/${folder}")
  endif()
endfunction()

# One precompiled header for each set of flags: plain, mutants, test, test_mutants.
function(bowline_precompiled_headers)
  foreach(kind IN ITEMS plain mutants test test_mutants)
    set(owner bowline_pch_${kind})
    add_library(${owner} OBJECT EXCLUDE_FROM_ALL "${PROJECT_SOURCE_DIR}/cmake/pch.cc")
    target_precompile_headers(${owner} PRIVATE "${PROJECT_SOURCE_DIR}/cmake/pch.h")
    if(kind MATCHES "test" AND GTest_FOUND)
      target_link_libraries(${owner} PRIVATE GTest::gtest)
      target_precompile_headers(${owner} PRIVATE <gtest/gtest.h>)
    endif()
    if(kind MATCHES "mutants")
      target_compile_definitions(${owner} PRIVATE BOWLINE_MUTANTS=1)
    endif()
  endforeach()
endfunction()

if(BOWLINE_PCH)
  bowline_precompiled_headers()
endif()

function(bowline_precompile target kind variant)
  if(BOWLINE_PCH)
    string(REPLACE "plain_mutants" "mutants" kind "${kind}${variant}")
    target_precompile_headers(${target} REUSE_FROM bowline_pch_${kind})
  endif()
endfunction()

# Turns the words of DEPENDS into targets.
function(bowline_resolve result variant)
  set(targets "")
  foreach(word IN LISTS ARGN)
    if(word MATCHES "::")
      list(APPEND targets ${word})
    elseif(NOT TARGET bowline_${word})
      message(FATAL_ERROR "DEPENDS ${word}: no such library yet. Folders are added lowest layer "
                          "first, see the top CMakeLists.txt.")
    elseif(NOT TARGET bowline_${word}${variant})
      message(FATAL_ERROR "DEPENDS ${word}: give MUTANTS to bowline_library(${word} …), because "
                          "a mutant may depend on mutants only.")
    else()
      list(APPEND targets bowline_${word}${variant})
    endif()
  endforeach()
  set(${result} ${targets} PARENT_SCOPE)
endfunction()

function(bowline_note_headers)
  foreach(header IN LISTS ARGN)
    cmake_path(ABSOLUTE_PATH header BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
    set_property(GLOBAL APPEND PROPERTY BOWLINE_HEADERS "${header}")
  endforeach()
endfunction()

function(bowline_add_library target variant)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "SOURCES;DEPENDS")
  bowline_resolve(targets "${variant}" ${arg_DEPENDS})
  if(arg_SOURCES)
    set(reach PUBLIC)
    add_library(${target} STATIC ${arg_SOURCES})
    set_target_properties(${target} PROPERTIES LINKER_LANGUAGE CXX)  # some have objects only
    bowline_precompile(${target} plain "${variant}")
  else()
    set(reach INTERFACE)
    add_library(${target} INTERFACE)
  endif()
  target_include_directories(${target} ${reach} "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${target} ${reach} ${targets})
  if(variant STREQUAL "_mutants")
    target_compile_definitions(${target} ${reach} BOWLINE_MUTANTS=1)
    set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
  if(arg_SOURCES AND (BOWLINE_UNITY OR variant STREQUAL "_mutants"))
    bowline_heap_up(${target} 24)
    set_target_properties(${target} PROPERTIES UNITY_BUILD_MODE GROUP)
  endif()
endfunction()

# Sets `planted` to those of the sources that know of a planted bug. A header may not: what includes
# it would differ, too.
function(bowline_find_planted)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "SOURCES;HEADERS")
  set(planted "")
  foreach(file IN LISTS arg_SOURCES arg_HEADERS)
    cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" OUTPUT_VARIABLE path)
    file(STRINGS "${path}" lines REGEX "planted[(]|the_planted_bug|BOWLINE_MUTANTS" LIMIT_COUNT 1)
    if(lines AND NOT file IN_LIST arg_HEADERS)
      list(APPEND planted "${file}")
    elseif(lines AND NOT path STREQUAL "${PROJECT_SOURCE_DIR}/bowline/base/mutant.h")
      message(FATAL_ERROR "${path}: a header may not ask for a planted bug, only a source may")
    endif()
  endforeach()
  set(planted "${planted}" PARENT_SCOPE)
endfunction()

# Says which sources of a library are compiled in one heap: two dozen at most, whose file is called
# unity_<name>_<number>.
function(bowline_group name)
  list(LENGTH ARGN sources)
  math(EXPR heaps "(${sources} + 23) / 24")
  set(number 0)
  foreach(source IN LISTS ARGN)
    math(EXPR heap "${number} * ${heaps} / ${sources}")
    math(EXPR number "${number} + 1")
    set_source_files_properties("${source}" PROPERTIES UNITY_GROUP "${name}_${heap}")
  endforeach()
endfunction()

# Compiles so many of its sources at once: what they include is read once for all of them.
function(bowline_heap_up target sources)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${sources})
  # In such a heap the compilers see what is not there. The presets debug and coverage compile the
  # sources of libraries one by one, with these warnings.
  set(seen_by_gcc -Wno-maybe-uninitialized -Wno-subobject-linkage)
  target_compile_options(${target} PRIVATE -Wno-shadow "$<$<CXX_COMPILER_ID:GNU>:${seen_by_gcc}>")
endfunction()

function(bowline_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "MUTANTS" "" "SOURCES;HEADERS;DEPENDS;APART")
  bowline_refuse_leftovers(${name} "${arg_UNPARSED_ARGUMENTS}")
  bowline_note_headers(${arg_HEADERS})
  set(planted "")
  if(arg_MUTANTS)
    bowline_find_planted(SOURCES ${arg_SOURCES} HEADERS ${arg_HEADERS})
  endif()
  set(plain ${arg_SOURCES})
  list(REMOVE_ITEM plain "" ${planted})
  set(together ${plain})
  list(REMOVE_ITEM together "" ${arg_APART})
  bowline_group(plain ${together})
  set(together ${planted})
  list(REMOVE_ITEM together "" ${arg_APART})
  bowline_group(planted ${together})

  bowline_add_library(bowline_${name} "" SOURCES ${arg_SOURCES} DEPENDS ${arg_DEPENDS})
  add_library(bowline::${name} ALIAS bowline_${name})
  if(arg_MUTANTS)
    set(compiled "")
    if(plain)  # an object is called like its source, or like the heap that the source is in
      set(others "/unity_planted_")
      foreach(source IN LISTS planted)
        string(REPLACE "." "[.]" source "${source}")
        string(APPEND others "|/${source}[.]")
      endforeach()
      set(compiled "$<FILTER:$<TARGET_OBJECTS:bowline_${name}>,EXCLUDE,${others}>")
    endif()
    bowline_add_library(bowline_${name}_mutants "_mutants" SOURCES ${planted} "${compiled}"
                        DEPENDS ${arg_DEPENDS})
  endif()
endfunction()

function(bowline_refuse_leftovers name leftovers)
  if(NOT leftovers STREQUAL "")
    message(FATAL_ERROR "${name}: cannot make sense of '${leftovers}'")
  endif()
endfunction()

# What programs, tests and benchmarks have in common.
function(bowline_executable name kind)
  cmake_parse_arguments(PARSE_ARGV 2 arg "MUTANTS;BY_HAND" "" "SOURCES;HEADERS;DEPENDS;OUTSIDE")
  bowline_refuse_leftovers(${name} "${arg_UNPARSED_ARGUMENTS}")
  bowline_note_headers(${arg_HEADERS})
  set(variant "")
  if(arg_MUTANTS)
    set(variant "_mutants")
  endif()
  bowline_resolve(targets "${variant}" ${arg_DEPENDS})
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${targets} ${arg_OUTSIDE})
  if(arg_MUTANTS)
    target_compile_definitions(${name} PRIVATE BOWLINE_MUTANTS=1)
  endif()
  bowline_precompile(${name} ${kind} "${variant}")
  if(arg_BY_HAND)
    set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
endfunction()

# Of tests, and of programs whose own sources only say what a library has to do.
function(bowline_compile_quickly target)
  separate_arguments(flags UNIX_COMMAND "${BOWLINE_QUICK_FLAGS}")
  target_compile_options(${target} PRIVATE ${flags})
endfunction()

# Of the simulator: what it runs, which is all that goes into a server, keeps its own flags.
function(bowline_compile_simulator)
  separate_arguments(flags UNIX_COMMAND "${BOWLINE_SIM_FLAGS}")
  foreach(target IN LISTS ARGN)
    target_compile_options(${target} PRIVATE ${flags})
  endforeach()
endfunction()

# BY_HAND keeps it out of the default build: only `cmake --build build --target name` makes it.
# QUICK: what runs long is in its libraries; its own sources are compiled quickly.
function(bowline_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "QUICK" "" "")
  bowline_executable(${name} plain ${arg_UNPARSED_ARGUMENTS})
  if(arg_QUICK)
    bowline_compile_quickly(${name})
  endif()
  if(BOWLINE_UNITY)
    bowline_heap_up(${name} 12)
  endif()
endfunction()

# One ctest entry a binary, so that starting ctest costs nothing. Runs in the repository's root,
# hence a test may open `bowline/raft/golden/…`. A source that has its own main() replaces
# GoogleTest's. A library's tests are not part of the library: dependants never see them.
function(bowline_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "MUTANTS" "TIMEOUT;COST;BESIDE"
                        "SOURCES;HEADERS;DEPENDS;ARGS;APART")
  bowline_refuse_leftovers(${name} "${arg_UNPARSED_ARGUMENTS}")
  if(NOT BUILD_TESTING)
    return()
  endif()
  if(NOT GTest_FOUND)
    message(FATAL_ERROR "GoogleTest is missing: run ./dev test, or install libgtest-dev")
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  if(CMAKE_CXX_FLAGS MATCHES "-fsanitize")
    math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 20")
  endif()
  set(mutants "")
  if(arg_MUTANTS)
    set(mutants MUTANTS)
  endif()
  bowline_executable(${name} test SOURCES ${arg_SOURCES} HEADERS ${arg_HEADERS}
                     DEPENDS ${arg_DEPENDS} OUTSIDE GTest::gtest_main ${mutants})
  bowline_compile_quickly(${name})
  # A dozen tests together take little longer than one: most of it are headers.
  if(BOWLINE_UNITY_TESTS)
    set_source_files_properties(${arg_APART} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    bowline_heap_up(${name} 12)
  endif()
  set(entries ${name})
  if(arg_BESIDE)
    list(APPEND entries ${name}_beside)
    add_test(NAME ${name}_beside COMMAND ${name} --gtest_filter=${arg_BESIDE} ${arg_ARGS}
             WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
    set_tests_properties(${name}_beside PROPERTIES FAIL_REGULAR_EXPRESSION "Running 0 tests")
    list(PREPEND arg_ARGS --gtest_filter=-${arg_BESIDE})
  endif()
  add_test(NAME ${name} COMMAND ${name} ${arg_ARGS} WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
  set_tests_properties(${entries} PROPERTIES TIMEOUT ${arg_TIMEOUT})
  if(arg_COST)
    set_tests_properties(${entries} PROPERTIES COST ${arg_COST})
  endif()
endfunction()

# A source that has its own main() replaces Google Benchmark's.
function(bowline_bench name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;HEADERS;DEPENDS")
  bowline_refuse_leftovers(${name} "${arg_UNPARSED_ARGUMENTS}")
  if(NOT benchmark_FOUND)
    message(STATUS "${name} is left out: Google Benchmark is missing (libbenchmark-dev)")
    return()
  endif()
  bowline_executable(${name} plain SOURCES ${arg_SOURCES} HEADERS ${arg_HEADERS}
                     DEPENDS ${arg_DEPENDS}
                     OUTSIDE benchmark::benchmark_main benchmark::benchmark)
endfunction()

# A header must not lean on what its users happen to include before it: each is compiled as the
# only line of a source, twice, without the precompiled header. This target does so for all of them,
# one by one, which takes minutes; ./dev check, and the test for those of the protocol and all that
# these may include, take many at once where one cannot help the other.
function(bowline_headers_alone)
  get_property(headers GLOBAL PROPERTY BOWLINE_HEADERS)
  if(NOT BOWLINE_HEADERS_ALONE OR NOT headers)
    return()
  endif()
  set(place "${PROJECT_BINARY_DIR}/obj/headers_alone")
  set(sources "")
  set(of_protocol "")
  foreach(header IN LISTS headers)
    cmake_path(RELATIVE_PATH header BASE_DIRECTORY "${PROJECT_SOURCE_DIR}" OUTPUT_VARIABLE path)
    set(source "${place}/${path}.cc")
    file(CONFIGURE OUTPUT "${source}" @ONLY
         CONTENT "#include \"@path@\"\n#include \"@path@\"  // once is enough\n")
    list(APPEND sources "${source}")
    if(path MATCHES "^bowline/(base|raft)/")
      string(APPEND of_protocol "${path}\n")
    endif()
  endforeach()
  add_library(bowline_headers_alone OBJECT EXCLUDE_FROM_ALL ${sources})
  target_include_directories(bowline_headers_alone PRIVATE "${PROJECT_SOURCE_DIR}")
  target_compile_options(bowline_headers_alone PRIVATE -O0 -g0)
  if(TARGET bowline_generated)
    add_dependencies(bowline_headers_alone bowline_generated)
    target_include_directories(bowline_headers_alone SYSTEM PRIVATE
                               "${PROJECT_BINARY_DIR}/generated")
  endif()
  file(MAKE_DIRECTORY "${place}/marks")
  file(CONFIGURE OUTPUT "${place}/of_protocol" CONTENT "@of_protocol@" @ONLY)
  set(flags "$<JOIN:$<TARGET_PROPERTY:bowline_headers_alone,COMPILE_OPTIONS>, >")
  string(APPEND flags " -I${PROJECT_SOURCE_DIR} -isystem ${PROJECT_BINARY_DIR}/generated")
  file(GENERATE OUTPUT "${place}/flags"
       CONTENT "${CMAKE_CXX_FLAGS} ${CMAKE_CXX23_STANDARD_COMPILE_OPTION} ${flags}\n")
  if(BUILD_TESTING)
    add_test(NAME headers_alone
             COMMAND sh -c "tools/dev/headers_alone.py '${place}/marks' 2 '${CMAKE_CXX_COMPILER}' \
$(cat '${place}/flags') -fsyntax-only <'${place}/of_protocol'"
             WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
    set_tests_properties(headers_alone PROPERTIES TIMEOUT 120)
  endif()
endfunction()
