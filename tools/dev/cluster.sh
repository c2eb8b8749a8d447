# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# The three nodes that ./dev up starts and ./dev down stops. In their directory is one for the data
# of each, n1 and so on, beside it n1.log, and n1.pid from its start until it was stopped.

data_dir=build/up
names=(n1 n2 n3)

# is_ours PID NAME: the number alone says nothing, another process may have it by now.
is_ours() {
  tr '\0' '\n' 2>/dev/null <"/proc/$1/cmdline" | grep -qxF "$data_dir/$2"
}

# pid_of NAME: its process, if it runs.
pid_of() {
  local pid=
  [[ ! -f $data_dir/$1.pid ]] || read -r pid <"$data_dir/$1.pid" || true
  if [[ $pid =~ ^[0-9]+$ ]] && is_ours "$pid" "$1"; then
    echo "$pid"
  fi
}

# stop_nodes NAME…: each hands over what it leads, and ends.
stop_nodes() {
  local name deadline=$((SECONDS + 20))
  local -A ending=()
  for name in "$@"; do
    ending[$name]=$(pid_of "$name")
    # Before it ends, so that nobody takes it for lost.
    rm -f "$data_dir/$name.pid"
    [[ -z ${ending[$name]} ]] || kill -TERM "${ending[$name]}" 2>/dev/null || true
  done
  for name in "$@"; do
    [[ -n ${ending[$name]} ]] || continue
    while is_ours "${ending[$name]}" "$name"; do
      if [[ $SECONDS -ge $deadline ]]; then
        echo "$name did not end within 20 s, and is killed; what it has acknowledged is on its disk"
        kill -KILL "${ending[$name]}" 2>/dev/null || true
        deadline=$((SECONDS + 5))
      fi
      sleep 0.02
    done
    echo "stopped $name"
  done
}

stop_all() { stop_nodes "${names[@]}"; }

down_command() {
  local command="./dev down"
  [[ $data_dir == build/up ]] || command+=" --data-dir $(printf %q "$data_dir")"
  echo "$command"
}
