#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A go for who has none, or one that is too old: compat/go_toolchain.sh DIRECTORY. It comes from
# where go's modules come from, as an older go would fetch it for itself. It is what it was when
# this was written, or is not unpacked.
set -euo pipefail

version=1.26.8
case $(uname -m) in
  x86_64)
    target=linux-amd64
    sum=30c2b1bf7dcc88d3eb0a1364e47ddd9128edb3110a30e8a0ef61cd5856b31de7
    ;;
  *)
    echo "there is no go for $(uname -m) here: install go $version or later" >&2
    exit 1
    ;;
esac

place=$1
[[ ! -x $place/bin/go ]] || exit 0
if [[ -d $place ]] && ! rmdir "$place" 2>/dev/null; then
  echo "$place has things in it, and no go: remove it, or name another directory" >&2
  exit 1
fi
# Unpacked beside it, and moved in one step at the end: whoever is interrupted leaves no half of a
# go that looks like a whole one.
mkdir -p "$(dirname "$place")"
beside=$(mktemp -d "$place.XXXXXX")
trap 'rm -rf "$beside"' EXIT
archive=$beside/toolchain.zip
proxy=${GOPROXY:-https://proxy.golang.org}
proxy=${proxy%%[,|]*}
curl -sSfL -o "$archive" "$proxy/golang.org/toolchain/@v/v0.0.1-go$version.$target.zip"
echo "$sum  $archive" | sha256sum --check --quiet
python3 -m zipfile -e "$archive" "$beside"
unpacked=$beside/golang.org/toolchain@v0.0.1-go$version.$target
chmod +x "$unpacked"/bin/* "$unpacked"/pkg/tool/*/*
mv -T "$unpacked" "$place" || [[ -x $place/bin/go ]]  # somebody else was faster
