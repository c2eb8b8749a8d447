#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# try.sh BUILD COMPILER FLAGS: installs what is built, and builds and runs main.cc with what was
# installed, as docs/EMBEDDING.md says it is done. The name `./moorings` is where that page has it.

set -euo pipefail
root=$PWD
build=$1
export CXX=$2 CXXFLAGS=$3
place=$build/embed
rm -rf "$place"
mkdir -p "$place/sources"
cp examples/embed/main.cc examples/embed/drydock.cc examples/embed/CMakeLists.txt "$place/sources"
prefix=$place/installed

step() { echo "== $*"; }

# ask PROGRAM: a ship is still where it was moored when the program starts again.
ask() {
  local log=$place/log-$RANDOM
  "$1" "$log" Pequod "berth 7"
  [[ $("$1" "$log" Pequod) == "Pequod: berth 7" ]]
  [[ $("$1" "$log" Rachel) == "Rachel: at sea" ]]
}

step installing
cmake --install "$build" --prefix "$prefix" >"$place/install.log"
"$prefix/bin/bowline" --help >/dev/null
for header in $(cd "$prefix/include" && find . -name '*.h'); do
  cmp "$root/$header" "$prefix/include/$header"
done

# Nothing of this tree may be needed: the prefix is moved, and the sources are a copy.
mv "$prefix" "$place/moved"
prefix=$place/moved
if grep -rn -F -e "$root" "$prefix/lib" --include='*.cmake' --include='*.pc'; then
  echo "what is installed names the place where it was built: see cmake/package.cmake" >&2
  exit 1
fi
cd "$place/sources"

step find_package
cmake -G Ninja -B build -DCMAKE_PREFIX_PATH="$prefix" >"$place/configure.log"
cmake --build build
ask build/moorings
mkdir "$place/drydock"
diff <(build/drydock "$place/drydock") - <<'END'
the time of the sessions goes on
2 ships are docked, and 1 was when the state was saved
that one is back, and with the next one they are 2
node 1 goes on alone
END

step pkg-config
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
# shellcheck disable=SC2046,SC2086
$CXX -std=c++23 $CXXFLAGS main.cc -o moorings $(pkg-config --cflags --libs bowline)
ask ./moorings

# The library itself is not built once more: what a consumer gets is there, and compiles.
step add_subdirectory
cmake -G Ninja -B sub -DBOWLINE_SOURCES="$root" >"$place/subdirectory.log"
ninja -C sub CMakeFiles/moorings.dir/main.cc.o
echo ok
