#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A clang-tidy that leaves the declarations of other people's headers alone, which Debian's does
# not: it takes a fifth of the time. tools/dev/clang_tidy.sh DIRECTORY says where it is. It comes
# from PyPI, where the project that builds it publishes; it is what it was when this was written,
# or is not unpacked. Ends with 3 where it cannot be had.
set -euo pipefail

version=23.1.4
packages=https://files.pythonhosted.org/packages
case $(uname -m) in
  x86_64)
    folder=80/85/9b483f300124a9245ec6da8975612f1841e26da13b27ad8d17f2006e13bd
    target=manylinux_2_27_x86_64.manylinux_2_28_x86_64
    sum=6bb31e4f319ecbe14acb75f23c3050d0f1d4b1d92ea1c66091bc76e4eac2c1ac
    ;;
  aarch64)
    folder=7d/95/ba9463f94319dddd0c3a9d3f65d432ddf71fe9b203dcd7ea63bcff8999e2
    target=manylinux_2_26_aarch64.manylinux_2_28_aarch64
    sum=87596cd77dedfdea23ced1d13e57e869dcaee99745bfe942796196da3c197671
    ;;
  *)
    echo "there is no clang-tidy $version for $(uname -m) on PyPI" >&2
    exit 3
    ;;
esac

place=$1/clang-tidy-$version
if [[ ! -x $place/bin/clang-tidy ]]; then
  mkdir -p "$1"
  # Unpacked beside it, and moved in one step at the end: whoever is interrupted leaves no half.
  beside=$(mktemp -d "$place.XXXXXX")
  trap 'rm -rf "$beside"' EXIT
  echo "fetching clang-tidy $version from PyPI" >&2
  curl -sSfL --retry 3 --connect-timeout 10 --max-time 600 -o "$beside/wheel.zip" \
    "$packages/$folder/clang_tidy-$version-py2.py3-none-$target.whl" || exit 3
  echo "$sum  $beside/wheel.zip" | sha256sum --check --quiet
  python3 -m zipfile -e "$beside/wheel.zip" "$beside"
  chmod +x "$beside/clang_tidy/data/bin/clang-tidy"
  mv -T "$beside/clang_tidy/data" "$place" || [[ -x $place/bin/clang-tidy ]] # another was faster
fi
"$place/bin/clang-tidy" --version >/dev/null || exit 3
echo "$place/bin/clang-tidy"
