#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Kubernetes' own tests of its storage, each with a new Bowline instead of an etcd:
# compat/kubernetes/suite.sh build|run. The tests are those of the module k8s.io/apiserver in the
# version that go.mod names; of it only the package that starts a server is another one (_suite).
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
place=$PWD/../../build/compat
copy=$place/apiserver
tests=pkg/storage/etcd3

case $1 in
  build)
    module=$(go list -m -f '{{.Dir}}' k8s.io/apiserver)
    rm -rf "$copy"
    cp -r "$module" "$copy"
    chmod -R u+w "$copy"
    cp _suite/test_server.go "$copy/$tests/testserver/"
    (cd "$copy" && go test -c -o "$place/kubernetes-suite" "./$tests")
    ;;
  run)
    cd "$copy/$tests"
    BOWLINE=$PWD/../../../../../../build/bowline
    export BOWLINE
    "$place/kubernetes-suite" -test.v 2>&1 |
      sed -E 's/^--- PASS: (\S+).*/ok \1/; s/^--- (FAIL|SKIP): (\S+).*/FAILED \2: \1/'
    ;;
esac
