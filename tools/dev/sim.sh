# shellcheck shell=bash
# Says: stub
usage() { echo stub; }
main() { not_yet stub; }
