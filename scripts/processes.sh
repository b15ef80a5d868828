# shellcheck shell=bash
# Background processes by folder: DIR/pid says which one it is, DIR/log holds what it wrote. Whatever started it may be
# gone: the folder is enough to ask for it and to end it. Sourced, never run.

# process_start DIR COMMAND...
process_start() {
    local dir=$1
    shift
    mkdir -p "$dir"
    rm -f "$dir/pid"
    # It writes down itself who it is before it becomes the command, so that it is found even if its starter is killed at
    # this moment. A session of its own: Ctrl-C at the terminal and the end of the terminal are not meant for it.
    (
        process_identity "$BASHPID" >"$dir/pid"
        exec setsid "$@" </dev/null >>"$dir/log" 2>&1
    ) &
    until [[ -s $dir/pid ]]; do sleep 0.01; done
}

# A pid comes round again; with the time of its start it names one process for ever. A zombie is nobody.
process_identity() {
    local stat fields
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return
    read -ra fields <<<"${stat##*) }" # what follows the program's name, which may hold spaces
    [[ ${fields[0]} != Z ]] && printf '%s %s\n' "$1" "${fields[19]}"
}

process_id() {
    local pid
    read -r pid _ 2>/dev/null <"$1/pid" && printf '%s\n' "$pid"
}

process_is_alive() {
    local pid
    pid=$(process_id "$1") && [[ "$(process_identity "$pid")" == "$(<"$1/pid")" ]]
}

# process_signal DIR SIGNAL: whether there was a process to send it to.
process_signal() { process_is_alive "$1" && kill -s "$2" "$(process_id "$1")"; }

process_is_gone() { ! process_is_alive "$1"; }

# process_stop DIR [SECONDS]: TERM, and KILL for one that has not ended in that time.
process_stop() {
    if process_signal "$1" TERM; then
        process_signal "$1" CONT || true # one that was stopped by a signal would not hear the other
        wait_until "${2:-10}" process_is_gone "$1" || process_signal "$1" KILL || true
        wait_until 5 process_is_gone "$1" || fail "process $(process_id "$1") ($1) cannot be killed"
    fi
    rm -f "$1/pid"
}

# process_wait DIR SECONDS NAME COMMAND...: until the command succeeds. When the process ends before, or the time is over,
# its last lines say why.
process_wait() {
    local dir=$1 seconds=$2 name=$3 what
    local deadline=$((SECONDS + seconds))
    shift 3
    until "$@"; do
        if process_is_gone "$dir"; then
            what="$name ended"
        elif ((SECONDS >= deadline)); then
            what="$name was not ready after $seconds s"
        else
            sleep 0.1
            continue
        fi
        printf '\n' >&2
        tail -n 20 "$dir/log" >&2
        fail "$what. The lines above are the last of $dir/log."
    done
}
