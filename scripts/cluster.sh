#!/usr/bin/env bash
# The topology of compose.yaml from native packages on loopback: Kafka, PostgreSQL, two servers of each role, the proxy.
# `./dev cluster` installs and builds what is needed and then runs this. Everything lies in one folder, by which a later
# call finds and ends it, whatever became of the call that started it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/common.sh
source scripts/common.sh
# shellcheck source=scripts/processes.sh
source scripts/processes.sh
# shellcheck source=scripts/kafka.sh
source scripts/kafka.sh
# shellcheck source=scripts/postgres.sh
source scripts/postgres.sh
# shellcheck source=scripts/proxy.sh
source scripts/proxy.sh

usage() {
    cat <<'TEXT'
usage: ./dev cluster COMMAND [OPTION...]

  up                    start everything; return when every part is ready
    --brokers N         Kafka brokers, 1 (default) or 3
    --port N            the proxy's port, 8080
    --servers-port N    the first of six ports of the servers, 8101
    --kafka-port N      the first broker's port, 9092; with those after it, and controllers from N+10 on
    --postgres-port N   PostgreSQL's port, 54320
    --program FILE      the program to run instead of build/release/dacapo
  status                each part with its port, and whether it is ready
  logs [PART]           follow what a part writes, or all: kafka-1, postgres, migrate, command-1, ..., proxy
  kill PART             send KILL to a server, PostgreSQL or the proxy, to see how the rest goes on without it
    --signal NAME       another signal: STOP, CONT, TERM
  restart PART          end a server if it runs, start it again, return when it is ready
  down                  end everything and remove its data
    --keep              keep the data for the next up

  --dir FOLDER          (with any of them) where everything lies, build/cluster: another folder is another cluster
TEXT
}

cluster_dir=build/cluster
brokers=1
proxy_port=8080
servers_port=8101
kafka_first_port=9092
postgres_port=54320
program=build/release/dacapo
keep=no
signal=KILL
operands=()
server_ready_s_max=60
servers=(command-1 command-2 project-1 project-2 query-1 query-2)

read_options() {
    local value
    while (($#)); do
        case $1 in
            --keep) keep=yes; shift; continue ;;
            --*=*) value=${1#*=}; set -- "${1%%=*}" "$value" "${@:2}" ;;
            --*) (($# > 1)) || fail "$1 needs a value" ;;
            *) operands+=("$1"); shift; continue ;;
        esac
        case $1 in
            --dir | --program | --signal) ;;
            *) [[ $2 =~ ^[1-9][0-9]{0,4}$ ]] || fail "$1 needs a number, not \"$2\"" ;;
        esac
        case $1 in
            --brokers) brokers=$2 ;;
            --port) proxy_port=$2 ;;
            --servers-port) servers_port=$2 ;;
            --kafka-port) kafka_first_port=$2 ;;
            --postgres-port) postgres_port=$2 ;;
            --program) program=$2 ;;
            --signal) signal=$2 ;;
            --dir) cluster_dir=$2 ;;
            *) usage >&2; exit 2 ;;
        esac
        shift 2
    done
}

server_port() {
    local index
    for index in "${!servers[@]}"; do
        if [[ ${servers[index]} == "$1" ]]; then echo $(($(<"$cluster_dir/servers_port") + index)); fi
    done
}
server_is_ready() { curl -fsS -o /dev/null --max-time 2 "http://127.0.0.1:$(server_port "$1")/readyz" 2>/dev/null; }

# environment_of PART: sets `environment`, that of every server as in compose.yaml. What else is set (LOG_LEVEL,
# JWT_SECRET) is passed on.
environment_of() {
    environment=(
        EVENT_LOG="kafka://$(kafka_addresses "$cluster_dir/kafka")/dacapo"
        DATABASE_URL="$(postgres_url "$cluster_dir/postgres")"
        CLUSTER_SECRET_FILE="$cluster_dir/cluster_secret"
        DATA_DIR="$cluster_dir/$1/data"
        PUBLIC_URL="http://127.0.0.1:$(port_of proxy)"
        HOST=127.0.0.1
        TRUSTED_PROXY=127.0.0.1
    )
    local brokers
    brokers=$(<"$cluster_dir/kafka/node_count")
    # One broker may be lost: a record lies on all of them, and all but one must have it before it counts.
    if ((brokers > 1)); then
        environment+=(KAFKA_REPLICATION_FACTOR="$brokers" KAFKA_MIN_INSYNC_REPLICAS=$((brokers - 1)))
    fi
}

migrate() {
    local log=$cluster_dir/migrate/log environment
    mkdir -p "$cluster_dir/migrate"
    environment_of migrate
    if ! env "${environment[@]}" "$(<"$cluster_dir/program")" migrate >"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        fail "dacapo migrate failed. The lines above are the last of $log."
    fi
}

start_server() {
    local part=$1 port environment
    port=$(server_port "$part")
    environment_of "$part"
    process_start "$cluster_dir/$part" env "${environment[@]}" PORT="$port" ADVERTISED_URL="http://127.0.0.1:$port" \
        "$(<"$cluster_dir/program")" "${part%-*}"
}
wait_for_server() { process_wait "$cluster_dir/$1" "$server_ready_s_max" "$1" server_is_ready "$1"; }

any_is_alive() {
    local pid
    for pid in "$cluster_dir"/*/pid "$cluster_dir"/kafka/node-*/pid; do
        if [[ -f $pid ]] && process_is_alive "$(dirname "$pid")"; then return; fi
    done
    return 1
}

up() {
    if any_is_alive; then
        say "The cluster in $cluster_dir is running:"
        status || fail "not all of it is ready; ./dev cluster down ends it"
        return
    fi
    [[ -x $program ]] || fail "there is no program $program"
    mkdir -p "$cluster_dir/proxy"
    realpath "$program" >"$cluster_dir/program"
    printf '%s\n' "$servers_port" >"$cluster_dir/servers_port"
    printf '%s\n' "$proxy_port" >"$cluster_dir/proxy/port"
    need_ports --port "$proxy_port"
    need_ports --servers-port $(seq "$servers_port" $((servers_port + ${#servers[@]} - 1)))
    need_ports --kafka-port $(seq "$kafka_first_port" $((kafka_first_port + brokers - 1)))
    need_ports --postgres-port "$postgres_port"
    if [[ ! -s $cluster_dir/cluster_secret ]]; then
        (umask 077 && head -c 36 /dev/urandom | base64 | tr -d '\n' >"$cluster_dir/cluster_secret")
    fi

    say "Kafka and PostgreSQL"
    kafka_start "$cluster_dir/kafka" "$kafka_first_port" "$brokers" >/dev/null
    postgres_start "$cluster_dir/postgres" "$postgres_port"
    say "Topics and tables"
    migrate
    say "Servers"
    local part
    for part in "${servers[@]}"; do start_server "$part"; done
    for part in "${servers[@]}"; do wait_for_server "$part"; done
    proxy_start "$cluster_dir/proxy" "$proxy_port" \
        "127.0.0.1:$(server_port command-1)" "127.0.0.1:$(server_port command-2)" \
        "127.0.0.1:$(server_port query-1)" "127.0.0.1:$(server_port query-2)"
    status
    printf '\nThe API answers at http://127.0.0.1:%s after %s s. ./dev cluster down ends it.\n' "$proxy_port" "$SECONDS"
}

# part_status NAME PORT COMMAND...: a line; the command says whether the part is ready.
part_status() {
    local part=$1 port=$2 state=ready
    shift 2
    if process_is_gone "$cluster_dir/$part"; then
        state=down
    elif ! "$@"; then
        state=silent
    fi
    printf '%-12s 127.0.0.1:%-6s %s\n' "$part" "$port" "$state"
}

# Whether everything is ready.
status() {
    need_cluster
    local lines
    lines=$(status_lines)
    printf '%s\n' "$lines"
    ! grep -qv ' ready$' <<<"$lines"
}

status_lines() {
    local part
    kafka_status "$cluster_dir/kafka"
    part_status postgres "$(port_of postgres)" postgres_answers "$cluster_dir/postgres"
    for part in "${servers[@]}"; do part_status "$part" "$(server_port "$part")" server_is_ready "$part"; done
    part_status proxy "$(port_of proxy)" proxy_is_ready "$cluster_dir/proxy"
}

# Of a part that has not been started yet: none.
port_of() { cat "$cluster_dir/$1/port" 2>/dev/null || echo -; }

need_cluster() { [[ -f $cluster_dir/servers_port ]] || fail "there is no cluster in $cluster_dir"; }

logs() {
    need_cluster
    local part=${operands[0]-*} files=() file
    for file in "$cluster_dir"/*/log "$cluster_dir"/kafka/node-*/log; do
        # shellcheck disable=SC2053 # without a part it is a pattern
        if [[ -f $file && ${file#"$cluster_dir"/} == @($part|kafka/${part/kafka/node})/log ]]; then files+=("$file"); fi
    done
    ((${#files[@]})) || fail "there is no log of ${operands[0]-any part} in $cluster_dir"
    exec tail -n 40 -F "${files[@]}"
}

kill_part() {
    local part=${operands[0]}
    need_cluster
    process_signal "$cluster_dir/$part" "$signal" || fail "$part is not running in $cluster_dir"
    if [[ $signal == KILL ]]; then wait_until 5 process_is_gone "$cluster_dir/$part"; fi
}

restart() {
    local part=${operands[0]}
    need_cluster
    [[ " ${servers[*]} " == *" $part "* ]] || fail "$part is no server: ${servers[*]}"
    process_stop "$cluster_dir/$part" 15
    start_server "$part"
    wait_for_server "$part"
}

# From the front to the back, so that nobody loses what they still work with.
down() {
    need_cluster
    local part stopping=()
    process_stop "$cluster_dir/proxy"
    for part in "${servers[@]}"; do
        process_stop "$cluster_dir/$part" 15 &
        stopping+=($!)
    done
    wait "${stopping[@]}"
    kafka_stop "$cluster_dir/kafka"
    postgres_stop "$cluster_dir/postgres"
    if [[ $keep == yes ]]; then
        say "Everything has ended; $cluster_dir is kept."
    else
        rm -rf "$cluster_dir"
        say "Everything has ended; $cluster_dir is removed."
    fi
}

command=${1-}
shift || true
read_options "$@"
cluster_dir=$(realpath -m "$cluster_dir")
case $command:${#operands[@]} in
    up:0 | status:0 | restart:1 | down:0 | logs:[01]) "$command" ;;
    kill:1) kill_part ;;
    help:*) usage ;;
    *) usage >&2; exit 2 ;;
esac
