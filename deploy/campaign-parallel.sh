#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# A campaign on one machine, or on several over ssh, with GNU parallel: see deploy/README.md.

set -euo pipefail

usage() {
  cat <<'END'
usage: campaign-parallel.sh [--seeds N] [--from S] [--shards N] [--out DIR] [--program FILE]
                            [--hosts FILE]

  --seeds N       seeds of the whole campaign (default 100000)
  --from S        the first of them (default 1)
  --shards N      parts to cut it into (default: four for each processor)
  --out DIR       where a part's JSON lands (default campaign)
  --program FILE  the simulator, at the same path on every host (default build/bowline-sim)
  --hosts FILE    machines for parallel's --sshloginfile (default: this one)
END
}

seeds=100000 from=1 shards=$((4 * $(nproc))) out=campaign program=build/bowline-sim hosts=
while [[ $# -gt 0 ]]; do
  case $1 in
    -h | --help) usage && exit 0 ;;
    --seeds | --from | --shards | --out | --program | --hosts)
      [[ $# -ge 2 ]] || { echo "campaign-parallel.sh: $1 needs a value" >&2 && exit 2; }
      printf -v "${1#--}" '%s' "$2"
      shift 2
      ;;
    *) echo "campaign-parallel.sh: unknown option '$1', see --help" >&2 && exit 2 ;;
  esac
done
command -v parallel >/dev/null || {
  echo "campaign-parallel.sh: GNU parallel is missing (apt-get install parallel)" >&2
  exit 2
}

mkdir -p "$out"
where=()
if [[ -n $hosts ]]; then
  where=(--sshloginfile "$hosts" --workdir "$PWD" --return "$out/{}.json" --cleanup)
fi

# A part that fails leaves its JSON and its line in the log; the others go on.
status=0
seq 1 "$shards" | parallel --joblog "$out/joblog" "${where[@]}" \
  "mkdir -p '$out' && '$program' run --world cores --seeds $seeds --from $from \
     --shard {}/$shards --json '$out/{}.json' >'$out/{}.log' 2>&1" || status=$?

failed=$(awk 'NR > 1 && $7 != 0' "$out/joblog" | wc -l)
echo "campaign: $shards parts, $failed failed; see $out/"
exit $((status != 0))
