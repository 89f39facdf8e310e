# shellcheck shell=bash
# Sourced by the scripts beside it: named steps, each with its own log, the time it took and a
# count of what it proved.
#
#   step "compile the release program" release-build scripts/build
#
# A step runs in a process group of its own, so that Ctrl-C ends all of it. Its output goes to
# build/logs/NAME.log; while it runs, the last line of that log is shown (on a terminal at once,
# elsewhere every half minute). A step that checks many things writes "PASSED FAILED SKIPPED" to
# the file $count_file; a step that writes nothing counts as one thing that passed or failed.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
logs=$root/build/logs
passed=0
failed=0
skipped=0
step_child=

end_step_child() {
  if [[ -n $step_child ]]; then
    kill -TERM -- "-$step_child" 2>/dev/null || true
    wait "$step_child" 2>/dev/null || true
    step_child=
  fi
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

# Runs one step; answers its exit status. The counts are added to passed, failed and skipped.
step() { # step TITLE NAME COMMAND...
  local title=$1 log=$logs/$2.log started=$SECONDS status=0 shown=$SECONDS every=30
  count_file=$logs/$2.count
  shift 2
  mkdir -p "$logs"
  rm -f "$count_file"
  : > "$log"
  [[ -t 1 ]] && every=1
  export count_file
  set -m
  (set +m; trap - EXIT INT TERM HUP; "$@") > "$log" 2>&1 < /dev/null &
  step_child=$!
  set +m
  while kill -0 "$step_child" 2>/dev/null; do
    sleep 0.2
    if ((SECONDS - shown >= every)); then
      show_progress "$title" "$log" "$started"
      shown=$SECONDS
    fi
  done
  wait "$step_child" || status=$?
  step_child=
  finish_step "$title" "$log" $((SECONDS - started)) "$status"
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
