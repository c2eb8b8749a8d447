# What `cmake --install` puts where, so that find_package(bowline) and pkg-config find it. A test
# (examples/embed/try.sh) installs it and builds a program with it both ways.

# The libraries that a program embeds; those below them come along, in the same archive.
set(BOWLINE_PUBLIC_LIBRARIES api session client)

# What a program includes. What these include is installed with them, see install_headers.cmake.
set(BOWLINE_PUBLIC_HEADERS
  bowline/api/await.h
  bowline/api/console.h
  bowline/api/group.h
  bowline/api/metrics.h
  bowline/api/node.h
  bowline/api/offline.h
  bowline/api/portable.h
  bowline/machine/replaceable_machine.h
  bowline/machine/state_machine.h
  # requests that count once
  bowline/session/client.h
  bowline/session/session_machine.h
  bowline/session/ticker.h
  # stores of one's own
  bowline/host/memory_snapshots.h
  bowline/raft/membership_codec.h
  bowline/wal/log.h
  bowline/wal/memory_log.h
  # for tests of a program
  bowline/runtime/memory_disk.h
  # for those who take the protocol alone
  bowline/raft/core.h
  bowline/words/describe.h)

set(BOWLINE_PUBLIC_PROGRAMS bowline)
set(BOWLINE_OPTIONAL_PROGRAMS bowline-sim)  # if they were built

# Says, of a target from outside that a library of ours links, how an installed package finds it: a
# target and a command that makes it, for CMake; a module or flags, for pkg-config.
function(bowline_outside target)
  set(link ${target})
  set(find "")
  set(module "")
  set(flags "")
  if(target STREQUAL "Threads::Threads")
    set(find "find_dependency(Threads)")
    set(flags "-pthread")
  elseif(target MATCHES "^OpenSSL::(SSL|Crypto)$")
    set(find "find_dependency(OpenSSL 3.0)")
    set(module "openssl")
  elseif(target STREQUAL "bowline::uring")
    set(link "bowline::liburing")
    set(find "bowline_find_uring()")
    set(module "liburing")
  elseif(target STREQUAL "bowline::asio")  # headers, and none that is installed includes them
    set(link "")
  else()
    message(FATAL_ERROR "Tell cmake/package.cmake how an installed bowline finds ${target}")
  endif()
  foreach(what IN ITEMS link find module flags)
    set(${what} "${${what}}" PARENT_SCOPE)
  endforeach()
endfunction()

# Sets `ours` to the libraries with sources at or below these, and `outside` to all that they link
# which is not ours.
function(bowline_reach)
  set(ours "")
  set(outside "")
  set(seen "")
  set(waiting ${ARGN})
  while(waiting)
    list(POP_FRONT waiting target)
    if(target IN_LIST seen)
      continue()
    endif()
    list(APPEND seen ${target})
    if(target MATCHES "::")
      list(APPEND outside ${target})
      continue()
    endif()
    get_target_property(type ${target} TYPE)
    if(NOT type STREQUAL "INTERFACE_LIBRARY")
      list(APPEND ours ${target})
    endif()
    get_target_property(below ${target} INTERFACE_LINK_LIBRARIES)
    if(below)
      list(APPEND waiting ${below})
    endif()
  endwhile()
  set(ours ${ours} PARENT_SCOPE)
  set(outside ${outside} PARENT_SCOPE)
endfunction()

# bowline::bowline is what an embedding project links, from the sources as when it is installed.
function(bowline_umbrella)
  set(public "")
  foreach(library IN LISTS BOWLINE_PUBLIC_LIBRARIES)
    if(TARGET bowline_${library})
      list(APPEND public bowline_${library})
    endif()
  endforeach()
  add_library(bowline_all INTERFACE)
  add_library(bowline::bowline ALIAS bowline_all)
  target_link_libraries(bowline_all INTERFACE ${public})
  target_compile_features(bowline_all INTERFACE cxx_std_23)
  if(BOWLINE_INSTALL)
    bowline_install(${public})
  endif()
endfunction()

function(bowline_install)
  include(GNUInstallDirs)
  bowline_reach(${ARGN})
  set(objects ${ours})
  list(TRANSFORM objects REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>")
  add_library(bowline_archive STATIC ${objects})
  set_target_properties(bowline_archive PROPERTIES OUTPUT_NAME bowline EXPORT_NAME bowline
                        LINKER_LANGUAGE CXX)
  target_compile_features(bowline_archive INTERFACE cxx_std_23)
  bowline_install_dependencies(${outside})
  install(TARGETS bowline_archive EXPORT bowlineTargets
          ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
          INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
  install(EXPORT bowlineTargets NAMESPACE bowline::
          DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/bowline")
  install(CODE "set(source \"${PROJECT_SOURCE_DIR}\")
set(entries \"${BOWLINE_PUBLIC_HEADERS}\")
set(includes \"${CMAKE_INSTALL_INCLUDEDIR}\")
include(\"${PROJECT_SOURCE_DIR}/cmake/install_headers.cmake\")")
  foreach(program IN LISTS BOWLINE_PUBLIC_PROGRAMS BOWLINE_OPTIONAL_PROGRAMS)
    if(NOT TARGET ${program})
      list(REMOVE_ITEM BOWLINE_PUBLIC_PROGRAMS ${program})
      list(REMOVE_ITEM BOWLINE_OPTIONAL_PROGRAMS ${program})
    endif()
  endforeach()
  install(TARGETS ${BOWLINE_PUBLIC_PROGRAMS} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  install(TARGETS ${BOWLINE_OPTIONAL_PROGRAMS} OPTIONAL
          RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  # All that an installation takes, for those who do not build everything.
  add_custom_target(bowline_installed DEPENDS bowline_archive ${BOWLINE_PUBLIC_PROGRAMS})
endfunction()

# The files that tell CMake and pkg-config about it.
function(bowline_install_dependencies)
  set(finds "")
  set(modules "")
  set(all_flags "")
  foreach(target IN LISTS ARGN)
    bowline_outside(${target})
    if(link)
      target_link_libraries(bowline_archive INTERFACE "$<INSTALL_INTERFACE:${link}>")
    endif()
    list(APPEND finds ${find})
    list(APPEND modules ${module})
    list(APPEND all_flags ${flags})
  endforeach()
  list(REMOVE_DUPLICATES finds)
  list(REMOVE_DUPLICATES modules)
  list(JOIN finds "\n" BOWLINE_FINDS)
  list(JOIN modules " " BOWLINE_MODULES)
  list(JOIN all_flags " " BOWLINE_FLAGS)
  set(place "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
  cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}/${place}"
             OUTPUT_VARIABLE BOWLINE_UP)
  set(made "${PROJECT_BINARY_DIR}/package")
  configure_file("${PROJECT_SOURCE_DIR}/cmake/bowline.pc.in" "${made}/bowline.pc" @ONLY)
  configure_file("${PROJECT_SOURCE_DIR}/cmake/bowlineConfig.cmake.in"
                 "${made}/bowlineConfig.cmake" @ONLY)
  include(CMakePackageConfigHelpers)
  # Before 1.0 each minor version may differ from the one before it.
  write_basic_package_version_file("${made}/bowlineConfigVersion.cmake"
                                   COMPATIBILITY SameMinorVersion)
  install(FILES "${made}/bowlineConfig.cmake" "${made}/bowlineConfigVersion.cmake"
          DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/bowline")
  install(FILES "${made}/bowline.pc" DESTINATION "${place}")
endfunction()
