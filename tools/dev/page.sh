# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Says: look at the first page of a cluster with a browser that nobody sees

usage() {
  cat <<'END'
./dev page [--write]

Installs the browser Chromium, starts three nodes on ports of their own, writes to them, and opens
the first page of one: at rest, while others write, on a phone, in the dark, and after another node
was killed. It fails if the page says other numbers than the nodes, or if the browser complains of
anything. The pictures are left in build/page.

  --write   keep one of the pictures as docs/page.png

Example: ./dev page
END
}

place=build/page
client=28379
where="http://127.0.0.1:$client/"
cluster=(--data-dir "$place/data")

# browse NAME [OPTION…]: the page as it stands after a few looks, NAME.html and NAME.png. Time is
# the browser's own: it goes on as soon as there is nothing left to do.
browse() {
  local name=$1
  shift
  local browser=(chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage
    --hide-scrollbars --user-data-dir="$PWD/$place/profile" --virtual-time-budget=9000
    --enable-logging=stderr --log-level=0)
  timeout 60 "${browser[@]}" --window-size=1100,860 "$@" --screenshot="$place/$name.png" "$where" \
    >/dev/null 2>"$place/$name.log" || fail "the browser did not take a picture: $place/$name.log"
  timeout 60 "${browser[@]}" "$@" --dump-dom "$where" \
    >"$place/$name.html" 2>>"$place/$name.log" ||
    fail "the browser did not read the page: $place/$name.log"
  # What a page is refused, and what its script stumbles over, it tells its console.
  if grep ':CONSOLE' "$place/$name.log"; then fail "the browser complains, see above"; fi
}

says() { grep -qE -- "$2" "$place/$1.html" || fail "$place/$1.html does not say: $2"; }

# Writes to a thousand keys, and looks meanwhile, so that there are rates.
write_on() {
  awk -v url="${where}v3/kv/put" 'BEGIN {
    for (i = 0; i < 12000; ++i) {
      if (i > 0) print "next"
      printf "url=\"%s\"\noutput=\"/dev/null\"\n", url
      printf "data=\"{\\\"key\\\":\\\"key%05d\\\",\\\"value\\\":\\\"moored00\\\"}\"\n", i % 1000
    }
  }' >"$place/writes"
  timeout 60 curl -sS --no-progress-meter --parallel --parallel-max 8 --config "$place/writes" &
  while curl -fsS "${where}v1/status" >/dev/null && kill -0 $! 2>/dev/null; do
    sleep 0.5 # as a page would
  done
  wait $! || fail "not all writes were taken"
}

open_and_compare() {
  local member
  browse page
  says page '3 of 3 voters answer, n[123] leads in term [0-9]+\.'
  says page 'n1 \(this one\)|n1</span> \(this one\)'
  for member in n2 n3; do says page "<a href=\"http://127.0.0.1:[0-9]+\">$member</a>"; done
  [[ $(grep -o 'data-label="Role"' "$place/page.html" | wc -l) -eq 3 ]] || fail "not three rows"
  [[ $(grep -o 'class="lead">leader' "$place/page.html" | wc -l) -eq 1 ]] || fail "not one leader"
  # Nobody writes any more: what the page says of entries is what the nodes say now.
  local commit
  commit=$(curl -fsS "${where}v1/status" | grep -o '"commit":[0-9]*' | sort -u)
  [[ $(wc -l <<<"$commit") -eq 1 ]] || fail "the nodes have not come to rest: $commit"
  commit=$(sed 's/.*://; :a; s/\B[0-9]\{3\}\>/,&/; ta' <<<"$commit")
  [[ $(grep -o "data-label=\"Commit\">$commit<" "$place/page.html" | wc -l) -eq 3 ]] ||
    fail "the page does not say three times that $commit is committed"
  says page 'id="keys">1,000<'
  says page 'id="p99">[0-9.]+ ms<'
}

main() {
  local keeps=
  while [[ $# -gt 0 ]]; do
    case $1 in
      --write) keeps=yes && shift ;;
      *) bad_usage "unknown option '$1'" ;;
    esac
  done
  install chromium curl
  build release bowline
  rm -rf "$place" && mkdir -p "$place"
  trap './dev down "${cluster[@]}" >/dev/null; on_exit $?' EXIT
  ./dev up --detach --program build/bowline "${cluster[@]}" \
    --client-ports "$client,28479,28579" --peer-ports 28380,28480,28580
  write_on
  open_and_compare
  write_on >/dev/null &
  browse busy --virtual-time-budget=40000
  wait $! || fail "the writes beside the browser failed"
  browse phone --window-size=400,1250
  browse dark --blink-settings=preferredColorScheme=0
  kill -KILL "$(cat "$place/data/n2.pid")"
  browse lost
  says lost '2 of 3 voters answer, n[13] leads in term [0-9]+: n2 does not answer\.'
  says lost 'class="bad">does not answer'
  if [[ -n $keeps ]]; then cp "$place/busy.png" docs/page.png; fi
  succeed "the page says what the nodes say; pictures in build/page, in $(seconds)"
}
