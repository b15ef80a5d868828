#!/usr/bin/env bash
# PostgreSQL from Debian's package on loopback, with a data folder of its own; the package's own cluster stays untouched.
# Sourced by cluster.sh, run by ./dev and by tests that need a real server and want to take it away. The server refuses
# to run as root, so for root it runs as the package's user.
set -euo pipefail

postgres_usage() {
    cat <<'TEXT'
usage: scripts/postgres.sh COMMAND

  start DIR PORT     start it on PORT with its data in DIR, return when it answers; print its URL. PORT 0 takes a free
                     one. What DIR holds from before is used again.
  stop DIR           end it
  crash DIR          end it as if it had crashed
  status DIR         one line: whether it answers
  hold DIR PORT      start it without syncing to the disk, end it and remove DIR when the input ends: for tests, which
                     may be killed themselves
TEXT
}

postgres_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/common.sh
source "$postgres_root/scripts/common.sh"
# shellcheck source=scripts/processes.sh
source "$postgres_root/scripts/processes.sh"

postgres_programs=/usr/lib/postgresql/15/bin
postgres_ready_s_max=30
postgres_as=()
if ((EUID == 0)); then postgres_as=(setpriv --reuid=postgres --regid=postgres --init-groups --); fi

# More flags of the server.
postgres_flags=()

postgres_answers() { "$postgres_programs/pg_isready" -q -t 2 -h 127.0.0.1 -p "$(<"$1/port")"; }

# The database as DATABASE_URL wants it. The password is made with the data and kept beside it.
postgres_url() { printf 'postgresql://dacapo:%s@127.0.0.1:%s/dacapo\n' "$(<"$1/password")" "$(<"$1/port")"; }

# postgres_start DIR PORT: returns when it answers. What DIR holds from before is used again.
postgres_start() {
    local dir=$1 port=$2
    mkdir -p "$dir"
    dir=$(cd "$dir" && pwd)
    if process_is_alive "$dir"; then fail "PostgreSQL in $dir is running"; fi
    if ((port == 0)); then port=$(free_ports 1); fi
    need_ports PORT "$port"
    printf '%s\n' "$port" >"$dir/port"
    if [[ ! -f $dir/data/PG_VERSION ]]; then postgres_make "$dir"; fi
    process_start "$dir" "${postgres_as[@]}" "$postgres_programs/postgres" -D "$dir/data" -p "$port" \
        -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200 "${postgres_flags[@]}"
    process_wait "$dir" "$postgres_ready_s_max" PostgreSQL postgres_answers "$dir"
    PGPASSWORD=$(<"$dir/password") psql -qAt -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$port" -U dacapo \
        postgres >>"$dir/log" 2>&1 <<'SQL' || fail "the database could not be made; see $dir/log"
SELECT 'CREATE DATABASE dacapo' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'dacapo') \gexec
SQL
}

postgres_make() {
    local dir=$1
    rm -rf "$dir/data"
    (umask 077 && head -c 24 /dev/urandom | base64 | tr '+/' '-_' >"$dir/password")
    mkdir -m 0700 "$dir/data"
    if ((EUID == 0)); then
        chown postgres:postgres "$dir/data" "$dir/password"
        "${postgres_as[@]}" test -x "$dir/data" ||
            fail "the user postgres may not enter $dir; choose a folder that it can reach (--dir)"
    fi
    "${postgres_as[@]}" "$postgres_programs/initdb" -D "$dir/data" -U dacapo --pwfile="$dir/password" -E UTF8 \
        --locale=C.UTF-8 --auth=scram-sha-256 >"$dir/log" 2>&1 ||
        { cat "$dir/log" >&2; fail "initdb failed"; }
}

# postgres_stop DIR: at once, but cleanly; INT does not wait for clients to leave, as TERM would.
postgres_stop() {
    if process_signal "$1" INT; then wait_until 15 process_is_gone "$1" || true; fi
    process_stop "$1"
}

postgres_crash() {
    if process_signal "$1" QUIT; then wait_until 15 process_is_gone "$1" || true; fi
    process_stop "$1"
}

postgres_status() {
    local state=ready
    if process_is_gone "$1"; then
        state=down
    elif ! postgres_answers "$1"; then
        state="not ready"
    fi
    printf '%-12s 127.0.0.1:%-6s %s\n' postgres "$(<"$1/port")" "$state"
}

# The input ends also when whoever holds its other end is killed.
postgres_hold() {
    trap '' INT TERM HUP
    postgres_flags=(-c fsync=off)
    postgres_start "$@"
    postgres_url "$1"
    cat >/dev/null
    postgres_crash "$1"
    rm -rf "$1"
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
    command=${1-help}
    shift || true
    case $command in
        start) postgres_start "$@"; postgres_url "$1" ;;
        stop) postgres_stop "$@" ;;
        crash) postgres_crash "$@" ;;
        status) postgres_status "$@" ;;
        hold) postgres_hold "$@" ;;
        *) postgres_usage >&2; exit 2 ;;
    esac
fi
