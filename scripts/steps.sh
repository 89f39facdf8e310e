# shellcheck shell=bash
# Sourced by the scripts beside it: named steps, each with its own log, the time it took and a
# count of what it proved.
#
#   step "compile the release program" release-build scripts/build
#   begin "what the tests need" setup scripts/setup --test   # goes on beside the steps that follow
#   join setup                                               # until here, and it is judged as they are
#
# A step runs in a process group of its own, so that Ctrl-C ends all of it. Its output goes to
# build/logs/NAME.log; while it runs, the last line of that log is shown (on a terminal at once,
# elsewhere every half minute). A step that checks many things writes "PASSED FAILED SKIPPED" to
# the file $count_file; a step that writes nothing counts as one thing that passed or failed.
#
# Each step's seconds are kept in build/logs/seconds.txt beside what scripts/budgets allows for a run
# of this $size; where $budgets_bind is 1, a step that took longer has failed.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
logs=$root/build/logs
passed=0
failed=0
skipped=0
step_child=
declare -A begun=() begun_title=() begun_at=() # what goes on beside the steps: process, title, start

end_step_child() {
  local child
  for child in $step_child "${begun[@]}"; do
    kill -TERM -- "-$child" 2>/dev/null || true
    wait "$child" 2>/dev/null || true
  done
  step_child=
  begun=()
}
trap end_step_child EXIT
trap 'echo; echo "interrupted"; exit 130' INT
trap 'echo; echo "ended by a signal"; exit 143' TERM HUP

elapsed() { # elapsed SECONDS -> m:ss
  printf '%d:%02d' $(($1 / 60)) $(($1 % 60))
}

last_log_line() {
  tail -c 2000 "$1" 2>/dev/null | tr '\r' '\n' | grep -av '^[[:space:]]*$' | tail -n 1 | cut -c1-90
}

show_progress() { # show_progress TITLE LOG STARTED
  local line
  line=$(last_log_line "$2" || true)
  if [[ -t 1 ]]; then
    printf '\r\033[K  %s  %s  %s' "$(elapsed $((SECONDS - $3)))" "$1" "${line:0:60}"
  else
    printf '  %s  ... %s  %s\n' "$(elapsed "$SECONDS")" "$1" "$line"
  fi
}

# Starts a step's command in a process group of its own; its process id is in $started_child.
start_child() { # start_child NAME COMMAND...
  local log=$logs/$1.log ended=$logs/$1.ended
  count_file=$logs/$1.count
  shift
  mkdir -p "$logs"
  rm -f "$count_file" "$ended"
  : > "$log"
  export count_file
  set -m
  (
    set +m
    trap - EXIT INT TERM HUP
    status=0
    "$@" || status=$?
    echo "$SECONDS" > "$ended"
    exit "$status"
  ) > "$log" 2>&1 < /dev/null &
  started_child=$!
  set +m
}

# Runs one step; answers its exit status. The counts are added to passed, failed and skipped.
step() { # step TITLE NAME COMMAND...
  local started_child
  start_child "${@:2}"
  step_child=$started_child
  wait_step "$1" "$2" "$SECONDS"
}

# Starts a step that goes on beside those that follow, until it is joined.
begin() { # begin TITLE NAME COMMAND...
  local started_child
  start_child "${@:2}"
  begun[$2]=$started_child begun_title[$2]=$1 begun_at[$2]=$SECONDS
}

# Waits for what was begun (once; then it answers 0); answers its exit status.
join() { # join NAME
  [[ -n ${begun[$1]:-} ]] || return 0
  step_child=${begun[$1]}
  unset "begun[$1]"
  wait_step "${begun_title[$1]}" "$1" "${begun_at[$1]}"
}

wait_step() { # wait_step TITLE NAME STARTED: of the process $step_child
  local title=$1 name=$2 log=$logs/$2.log started=$3 status=0 shown=$SECONDS every=30 ended
  count_file=$logs/$name.count
  [[ -t 1 ]] && every=1
  while kill -0 "$step_child" 2>/dev/null; do
    sleep 0.2
    if ((SECONDS - shown >= every)); then
      show_progress "$title" "$log" "$started"
      shown=$SECONDS
    fi
  done
  wait "$step_child" || status=$?
  step_child=
  ended=$(cat "$logs/$name.ended" 2>/dev/null || echo "$SECONDS") # one that was joined ended before
  finish_step "$title" "$log" $((ended - started)) "$status"
  keep_seconds "$name" $((ended - started))
  return "$status"
}

finish_step() { # finish_step TITLE LOG SECONDS STATUS
  local p f s verdict=ok
  if [[ -s $count_file ]]; then
    read -r p f s < "$count_file"
  else
    p=$(($4 == 0)) f=$(($4 != 0)) s=0
  fi
  # A step that failed without a failure in its count (a crash after the last test) is one.
  if (($4 != 0 && f == 0)); then f=1; fi
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  if (($4 != 0)); then verdict=FAILED; fi
  if ((p + f + s > 1)); then
    verdict="$verdict ($p passed, $f failed$( ((s == 0)) || echo ", $s skipped"))"
  fi
  [[ -t 1 ]] && printf '\r\033[K'
  printf '  %s  %s: %s, %s\n' "$(elapsed "$SECONDS")" "$1" "$verdict" "$(elapsed "$3")"
  if (($4 != 0)); then
    printf '%s\n' "  ---- the end of ${2#"$root"/}"
    tail -n 40 "$2" | cut -c1-300 | sed 's/^/  | /'
    printf '%s\n' "  ----"
  fi
}

# The seconds that scripts/budgets gives a step in a run of this size, nothing where it gives none.
budget_of() { # budget_of NAME
  awk -v name="$1" -v size="${size:-}" -v slower="${SLOWER:-1}" '
    $1 == "#" && $2 == "step" { for (i = 3; i <= NF; i++) column[$i] = i - 1 }
    $1 == name && column[size] && $(column[size]) != "-" { print int($(column[size]) * slower) }' "$root/scripts/budgets"
}

# Writes a step's seconds down; one that took longer than it may fails where budgets bind.
keep_seconds() { # keep_seconds NAME SECONDS
  local budget over=
  budget=$(budget_of "$1")
  if [[ -n $budget ]] && (($2 > budget)); then over="  over its budget"; fi
  printf '%-16s %6d %6s%s\n' "$1" "$2" "${budget:--}" "$over" >> "$logs/seconds.txt"
  [[ -n $over ]] || return 0
  echo "  $1 took $2 s, its budget in scripts/budgets is $budget s"
  if ((${budgets_bind:-0} == 0)); then return 0; fi
  failed=$((failed + 1))
}

begin_seconds() {
  mkdir -p "$logs"
  printf '%-16s %6s %6s\n' step seconds budget > "$logs/seconds.txt"
}
