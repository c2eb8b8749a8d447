# Installs the headers in `entries` and all of ours that they include, from `source` into `includes`
# of the prefix. Runs at each installation, so that no list can be older than the headers.
cmake_minimum_required(VERSION 3.25)

set(waiting ${entries})
set(seen "")
while(waiting)
  list(POP_FRONT waiting header)
  if(header IN_LIST seen)
    continue()
  endif()
  list(APPEND seen "${header}")
  cmake_path(GET header PARENT_PATH folder)
  file(INSTALL "${source}/${header}"
       DESTINATION "${CMAKE_INSTALL_PREFIX}/${includes}/${folder}")
  file(STRINGS "${source}/${header}" lines REGEX "^#include \"")
  list(TRANSFORM lines REPLACE "^#include \"([^\"]+)\".*" "\\1")
  list(APPEND waiting ${lines})
endwhile()
