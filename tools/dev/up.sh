# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Says: install, build, and start a cluster of three on this machine

# shellcheck source=tools/dev/cluster.sh
source tools/dev/cluster.sh

usage() {
  cat <<'END'
./dev up [--detach] [--fresh] [--data-dir DIR] [--client-ports A,B,C] [--peer-ports A,B,C]

Installs what is missing, compiles the program `bowline`, and starts three nodes of a cluster that
speaks etcd's API, on 127.0.0.1. It says where they are, what to type and which page to open. Then
it stays until Ctrl-C, which stops all three; or it returns, with --detach, and ./dev down stops
them.

What was written is found again by the next ./dev up. A node that was lost, by kill -9 say, is not
missed by the others; one more ./dev up --detach, from anywhere, starts it again.

  --detach              return when the nodes are ready, and leave them running
  --fresh               throw away what an earlier cluster in that directory has written
  --data-dir DIR        where they keep their data and logs; default: build/up
  --client-ports A,B,C  where clients call; default: 2379,22379,32379, or those of the last time
  --peer-ports A,B,C    where the nodes call each other; default: 2380,22380,32380, likewise
  --program FILE        start this program, and build nothing

Example: ./dev up --detach
END
}

program=build/bowline
is_given= # the program
detach=
fresh=
client_ports=()
peer_ports=()

take_options() {
  while [[ $# -gt 0 ]]; do
    case $1 in
      --detach) detach=yes && shift ;;
      --fresh) fresh=yes && shift ;;
      --data-dir) value_of "$@" && data_dir=$2 && shift 2 ;;
      --client-ports) value_of "$@" && take_ports "$1" "$2" client_ports && shift 2 ;;
      --peer-ports) value_of "$@" && take_ports "$1" "$2" peer_ports && shift 2 ;;
      --program) value_of "$@" && program=$2 is_given=yes && shift 2 ;;
      *) bad_usage "unknown option '$1'" ;;
    esac
  done
}

# take_ports OPTION TEXT ARRAY
take_ports() {
  local -n ports=$3
  local port
  IFS=, read -r -a ports <<<"$2"
  [[ ${#ports[@]} -eq 3 ]] ||
    bad_usage "$1 takes three ports, such as 2379,22379,32379, and got '$2'"
  for port in "${ports[@]}"; do
    [[ $port =~ ^[1-9][0-9]{0,4}$ && $port -le 65535 ]] || bad_usage "$1: '$port' is no port"
  done
}

throw_away() {
  local name
  for name in "${names[@]}"; do
    [[ -z $(pid_of "$name") ]] ||
      fail "$name is running on the data that --fresh would throw away." \
        "Stop it first: $(down_command)"
  done
  # Nothing but what we have made ourselves, whatever directory was named.
  for name in "${names[@]}"; do
    rm -rf "${data_dir:?}/$name" "$data_dir/$name".{pid,log,log.old}
  done
}

# Their peers find each other where they were told to when the cluster began.
settle_ports() {
  local had_clients=() had_peers=()
  if [[ -f $data_dir/ports ]]; then
    { IFS=, read -r -a had_clients && IFS=, read -r -a had_peers; } <"$data_dir/ports"
  fi
  if [[ ${#had_peers[@]} -eq 3 ]]; then
    [[ ${#peer_ports[@]} -gt 0 ]] || peer_ports=("${had_peers[@]}")
    [[ ${#client_ports[@]} -gt 0 ]] || client_ports=("${had_clients[@]}")
    [[ -n $fresh || ${peer_ports[*]} == "${had_peers[*]}" ]] ||
      fail "the cluster in $data_dir was made with" \
        "--peer-ports $(IFS=, && echo "${had_peers[*]}")." \
        "Leave that option out, or begin again with --fresh"
  fi
  [[ ${#client_ports[@]} -gt 0 ]] || client_ports=(2379 22379 32379)
  [[ ${#peer_ports[@]} -gt 0 ]] || peer_ports=(2380 22380 32380)
  (IFS=, && echo "${client_ports[*]}" && echo "${peer_ports[*]}") >"$data_dir/ports"
}

is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Who has the port, as far as this machine tells us.
holder_of() {
  command -v ss >/dev/null || return 0
  ss -Hltnp "sport = :$1" 2>/dev/null | head -n 1 |
    sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/ (\1, process \2)/p'
}

refuse_taken_ports() {
  local i port
  for i in "${!names[@]}"; do
    [[ -z $(pid_of "${names[i]}") ]] || continue
    for port in "${client_ports[i]}" "${peer_ports[i]}"; do
      ! is_taken "$port" ||
        fail "port $port, which is for ${names[i]}, is taken by another" \
          "program$(holder_of "$port")." \
          "End that, or choose others:" \
          "--client-ports 12379,12479,12579 --peer-ports 12380,12480,12580"
    done
  done
}

start_node() {
  local i=$1 name=${names[$1]} j list=
  for j in "${!names[@]}"; do
    list+=${list:+,}${names[j]}=http://127.0.0.1:${peer_ports[j]}
  done
  # Ctrl-C ends what we run as well as us: nothing may depend on it.
  [[ ! -f $data_dir/$name.log ]] || mv "$data_dir/$name.log" "$data_dir/$name.log.old" || true
  # A session of its own: Ctrl-C is for us, who stop it as it should be stopped.
  setsid "$program" serve --name "$name" --data-dir "$data_dir/$name" \
    --listen-client-urls "http://127.0.0.1:${client_ports[i]}" \
    --listen-peer-urls "http://127.0.0.1:${peer_ports[i]}" \
    --initial-advertise-peer-urls "http://127.0.0.1:${peer_ports[i]}" \
    --initial-cluster "$list" --initial-cluster-token "dev-up" \
    >"$data_dir/$name.log" 2>&1 </dev/null &
  pids[$name]=$!
  echo $! >"$data_dir/$name.pid"
}

start_missing() {
  local i name
  for i in "${!names[@]}"; do
    name=${names[i]}
    [[ -z $told ]] || return 0
    [[ -z $(pid_of "$name") ]] || continue
    if [[ -f $data_dir/$name.pid ]]; then
      echo "$name was not stopped the last time: it goes on with what is on its disk"
    fi
    start_node "$i"
    begun+=("$name")
  done
}

wait_until_ready() {
  local name deadline=$((SECONDS + 30))
  for name in "${begun[@]}"; do
    until grep -q '^ready to serve client requests' "$data_dir/$name.log"; do
      if ! kill -0 "${pids[$name]}" 2>/dev/null; then
        cat "$data_dir/$name.log"
        stop_begun
        fail "$name did not start; above is what it said"
      fi
      if [[ $SECONDS -ge $deadline ]]; then
        tail -n 20 "$data_dir/$name.log"
        stop_begun
        fail "$name was not ready within 30 s; above is the end of $data_dir/$name.log"
      fi
      heed
      sleep 0.02 || true
    done
  done
  heed
}

# Told to stop before they are ready: nothing stays that we have begun.
heed() {
  [[ -n $told ]] || return 0
  trap '' INT TERM HUP
  echo
  stop_begun
  fail "stopped before all were ready, as it was told to; the data is in $data_dir"
}

up_command() {
  local command="./dev up"
  [[ $data_dir == build/up ]] || command+=" --data-dir $(printf %q "$data_dir")"
  [[ -z $is_given ]] || command+=" --program $(printf %q "$program")"
  echo "$command"
}

stop_begun() { stop_nodes "${begun[@]}"; }

tell() {
  local i list=
  for i in "${!names[@]}"; do
    list+=${list:+,}127.0.0.1:${client_ports[i]}
  done
  echo
  for i in "${!names[@]}"; do
    printf '  %-5s http://127.0.0.1:%-6s its log: %s, process %s\n' \
      "${names[i]}" "${client_ports[i]}" "$data_dir/${names[i]}.log" "$(pid_of "${names[i]}")"
  done
  cat <<END

  page      http://127.0.0.1:${client_ports[0]}/
  bowline   $program put ship moored --endpoints $list
            $program get ship --endpoints $list
  etcdctl   ETCDCTL_API=3 etcdctl --endpoints=$list put ship moored
  lose one  kill -9 $(pid_of "${names[1]}")
            and start it again: $(up_command) --detach

END
}

# Until all have ended, or we are told to stop them. They need not be children of ours: one that was
# lost may have been started again from elsewhere.
stay() {
  local name running=1 pause=''
  local -A were=()
  while [[ $running -gt 0 ]]; do
    if [[ -n $told ]]; then
      trap '' INT TERM HUP
      # Bash may not have seen all of the signal before. The nodes are its children too: not those.
      [[ -z $pause ]] || wait "$pause" || true
      echo
      stop_all
      succeed "stopped, the data is in $data_dir"
    fi
    running=0
    for name in "${names[@]}"; do
      if [[ -n $(pid_of "$name") ]]; then
        running=$((running + 1))
        [[ ${were[$name]:-} != lost ]] || echo "$name is back"
        were[$name]=here
      elif [[ ${were[$name]:-} != lost && -f $data_dir/$name.pid ]]; then
        were[$name]=lost
        echo "$name has ended, and nobody asked it to: the end of $data_dir/$name.log may say" \
          "why. The others go on. To start it again: $(up_command) --detach"
      fi
    done
    sleep 0.25 & # so that a signal is heeded at once
    pause=$!
    wait "$pause" || true
  done
  succeed "none of the nodes is running any more; the data is in $data_dir"
}

main() {
  local begun=() from told=''
  local -A pids=()
  take_options "$@"
  if [[ -z $is_given ]]; then
    build release bowline
  elif [[ ! -x $program ]]; then
    fail "--program: there is no program $program"
  fi
  mkdir -p "$data_dir" || fail "--data-dir: $data_dir cannot be made"
  from=$(date +%s%N)
  # One of us at a time; the others wait for their turn.
  exec 9>"$data_dir/lock"
  flock 9
  if [[ -n $fresh ]]; then throw_away; fi
  settle_ports
  refuse_taken_ports
  # No more than a note: a signal may come in the midst of anything.
  trap 'told=yes' INT TERM HUP
  start_missing 9>&-
  wait_until_ready
  exec 9>&-
  if [[ ${#begun[@]} -eq 0 ]]; then
    echo "all three were running already"
  else
    echo "${begun[*]} ready in $((($(date +%s%N) - from) / 1000000)) ms"
  fi
  tell
  [[ -n $detach ]] || stay
  succeed "running; $(down_command) stops them"
}
