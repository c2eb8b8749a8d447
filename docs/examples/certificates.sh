#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Makes the files that NodeOptions::tls names, with openssl. docs/TLS.md says what they are for.
#
#   certificates.sh authority DIRECTORY            authority.pem, authority.key
#   certificates.sh node DIRECTORY CLUSTER ID      node-ID.pem, node-ID.key; again: new ones
#   certificates.sh admin DIRECTORY CLUSTER NAME   admin-NAME.pem, admin-NAME.key; see docs/ADMIN.md
#   certificates.sh revoke DIRECTORY CERTIFICATE   that file does not count any more: revoked.crl
#   certificates.sh list DIRECTORY                 the list anew, before it is too old
set -euo pipefail
umask 077 # nobody else reads a key

days_of_authority=3650
days_of_node=365
days_of_list=30

# An authority: a key that is kept away from the nodes, and a certificate that each of them has.
authority() {
  mkdir -p "$1"
  cd "$1"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 \
    -days "$days_of_authority" -subj "/CN=bowline authority" -keyout authority.key \
    -addext "keyUsage=critical,keyCertSign,cRLSign" -out authority.pem
  touch revoked.txt
  list .
}

# A node calls others and is called, so it is a client and a server. Its name is the URI.
node() { issue "$1" "$2" node "$3"; }

# Whoever administers the nodes of a cluster.
admin() { issue "$1" "$2" admin "$3"; }

issue() {
  local cluster=$2 what=$3 id=$4
  cd "$1"
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 \
    -subj "/CN=$what $id" -keyout "$what-$id.key.new" -out "$what-$id.csr"
  openssl x509 -req -in "$what-$id.csr" -CA authority.pem -CAkey authority.key -sha256 \
    -set_serial "0x$(openssl rand -hex 16)" -days "$days_of_node" -out "$what-$id.pem.new" \
    -extfile <(
      echo "subjectAltName=URI:bowline://$cluster/$what/$id"
      echo "extendedKeyUsage=serverAuth,clientAuth"
      echo "keyUsage=critical,digitalSignature"
      echo "basicConstraints=critical,CA:FALSE"
    )
  rm "$what-$id.csr"
  # A reader finds the old file or the new one, and never half of one.
  mv "$what-$id.key.new" "$what-$id.key"
  mv "$what-$id.pem.new" "$what-$id.pem"
}

records() {
  cat <<'CONFIG'
[ca]
default_ca = here
[here]
database = revoked.txt
certificate = authority.pem
private_key = authority.key
default_md = sha256
unique_subject = no
CONFIG
}

revoke() {
  local certificate
  certificate=$(realpath "$2")
  cd "$1"
  openssl ca -config <(records) -revoke "$certificate"
  list .
}

list() {
  cd "$1"
  openssl ca -config <(records) -gencrl -crldays "$days_of_list" -out revoked.crl.new
  mv revoked.crl.new revoked.crl
}

case "${1:-} $#" in
  "authority 2" | "node 4" | "admin 4" | "revoke 3" | "list 2") "$@" ;;
  *)
    sed -n 's/^# \{0,1\}//; 4,10p' "$0" >&2
    exit 2
    ;;
esac
