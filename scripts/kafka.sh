#!/usr/bin/env bash
# Apache Kafka from its published jars, on loopback: one broker, or several that elect and replicate as in production.
# Sourced by ./dev and cluster.sh, run by tests that need a real broker and want to take it away.
set -euo pipefail

kafka_usage() {
    cat <<'TEXT'
usage: scripts/kafka.sh COMMAND

  start DIR PORT [NODES]   start 1 (or 3) brokers on PORT, PORT+1, ...; return when they answer; print their addresses.
                           PORT 0 takes free ones. What DIR holds from before is used again.
  stop DIR                 end them all
  kill DIR NODE [SIGNAL]   send KILL, or another signal (STOP, CONT, TERM), to broker 1, 2 or 3
  revive DIR NODE          start that broker again on its old data and port; return when it answers
  status DIR               one line a broker: whether it answers
  hold DIR PORT [NODES]    start them, kill them and remove DIR when the input ends: for tests, which may be killed
                           themselves
TEXT
}

kafka_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/common.sh
source "$kafka_root/scripts/common.sh"
# shellcheck source=scripts/processes.sh
source "$kafka_root/scripts/processes.sh"

packages_kafka=(openjdk-17-jre-headless maven kcat)
kafka_ready_s_max=60
# Controllers listen this far above their brokers.
kafka_controller_offset=10
# Small enough for six servers and a database beside three of them, and compiled quickly rather than well. A measurement
# chooses its own.
read -ra kafka_jvm <<<"java ${BROKER_JAVA_OPTIONS:--Xms64m -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1}"

# How long the first member of a group waits for others to divide the work with at once.
kafka_group_wait_ms=${BROKER_GROUP_WAIT_MS:-0}

# The jars lie outside the checkout, so that a clean build does not fetch them again.
kafka_jars() {
    local pom=$kafka_root/deploy/kafka/pom.xml version jars fetched
    version=$(sed -n 's:.*<kafka.version>\(.*\)</kafka.version>.*:\1:p' "$pom")
    jars=${XDG_CACHE_HOME:-${HOME:-$kafka_root/build/home}/.cache}/dacapo/kafka-$version
    if [[ ! -d $jars ]]; then
        say "Fetching Kafka $version from Maven Central" >&2
        mkdir -p "$(dirname "$jars")"
        fetched=$(mktemp -d "$jars.XXXXXX")
        # What Maven itself needs for it goes as soon as it has been used.
        mvn --batch-mode --quiet -Dstyle.color=never -f "$pom" -Dmaven.repo.local="$fetched/maven" \
            dependency:copy-dependencies -DoutputDirectory="$fetched" >&2 </dev/null ||
            { rm -rf "$fetched"; fail "the jars of Kafka could not be fetched"; }
        rm -rf "$fetched/maven"
        chmod 0755 "$fetched"
        # The name exists only once everything is there; whoever came second throws its copy away.
        mv -T "$fetched" "$jars" 2>/dev/null || rm -rf "$fetched"
    fi
    printf '%s\n' "$jars"
}

# kafka_java DIR: sets `java`, the command line up to the class.
kafka_java() {
    java=("${kafka_jvm[@]}" "-Dlog4j.configuration=file:$kafka_root/deploy/kafka/log4j.properties" -cp "$(<"$1/jars")/*")
}

kafka_nodes() { seq 1 "$(<"$1/node_count")"; }
kafka_port() { echo $(($(<"$1/port") + $2 - 1)); }

# The brokers' addresses as clients want them: host:port,host:port
kafka_addresses() {
    local node list=()
    for node in $(kafka_nodes "$1"); do list+=("127.0.0.1:$(kafka_port "$1" "$node")"); done
    (IFS=,; printf '%s\n' "${list[*]}")
}

kafka_configure() {
    local dir=$1 node=$2 nodes voters=() voter port
    nodes=$(<"$dir/node_count")
    port=$(kafka_port "$dir" "$node")
    for voter in $(kafka_nodes "$dir"); do
        voters+=("$voter@127.0.0.1:$(($(kafka_port "$dir" "$voter") + kafka_controller_offset))")
    done
    mkdir -p "$dir/node-$node"
    cat >"$dir/node-$node/server.properties" <<TEXT
process.roles=broker,controller
node.id=$node
controller.quorum.voters=$(IFS=,; echo "${voters[*]}")
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + kafka_controller_offset))
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$dir/node-$node/data

# A copy on every broker, and a write needs all but one of them.
default.replication.factor=$nodes
min.insync.replicas=$((nodes > 1 ? nodes - 1 : 1))
offsets.topic.replication.factor=$nodes
transaction.state.log.replication.factor=$nodes
transaction.state.log.min.isr=$((nodes > 1 ? nodes - 1 : 1))
auto.create.topics.enable=false

# Small and quick: it serves one developer or one test.
offsets.topic.num.partitions=3
transaction.state.log.num.partitions=3
group.initial.rebalance.delay.ms=$kafka_group_wait_ms
broker.heartbeat.interval.ms=1000
broker.session.timeout.ms=4000
num.io.threads=2
num.network.threads=2
log.cleaner.dedupe.buffer.size=4194304
TEXT
}

kafka_format() {
    local dir=$1 node=$2 java
    kafka_java "$dir"
    "${java[@]}" kafka.tools.StorageTool format --ignore-formatted --cluster-id "$(<"$dir/cluster_id")" \
        --config "$dir/node-$node/server.properties" >"$dir/node-$node/log" 2>&1 </dev/null
}

kafka_launch() {
    local dir=$1 node=$2 java
    kafka_java "$dir"
    process_start "$dir/node-$node" "${java[@]}" kafka.Kafka "$dir/node-$node/server.properties"
}

# A broker is ready when it tells a client of every broker, itself included; a line in its log says less.
kafka_answers() {
    local dir=$1 node=$2 known
    known=$(kcat -q -L -m 2 -b "127.0.0.1:$(kafka_port "$dir" "$node")" -X log_level=0 2>/dev/null) &&
        (($(grep -c '^  broker ' <<<"$known") == $(<"$dir/node_count")))
}

kafka_knows_itself() {
    kcat -q -L -m 2 -b "127.0.0.1:$(kafka_port "$1" "$2")" -X log_level=0 2>/dev/null |
        grep -q "^  broker $2 at "
}

# kafka_start DIR PORT [NODES]
kafka_start() {
    local dir=$1 port=$2 nodes=${3:-1} node
    ((nodes >= 1 && nodes <= kafka_controller_offset)) || fail "brokers: 1 to $kafka_controller_offset, not $nodes"
    need "${packages_kafka[@]}" >&2
    mkdir -p "$dir"
    dir=$(cd "$dir" && pwd)
    if [[ -f $dir/node_count && $(<"$dir/node_count") != "$nodes" ]]; then
        fail "$dir holds the data of $(<"$dir/node_count") broker(s), not of $nodes. Remove it first."
    fi
    if [[ -f $dir/node-1/pid ]] && process_is_alive "$dir/node-1"; then fail "Kafka in $dir is running"; fi
    if ((port == 0)); then port=$(free_ports $((kafka_controller_offset + nodes)) | head -n 1); fi
    for ((node = 0; node < nodes; node++)); do
        need_ports PORT $((port + node)) $((port + node + kafka_controller_offset))
    done
    printf '%s\n' "$nodes" >"$dir/node_count"
    printf '%s\n' "$port" >"$dir/port"
    kafka_jars >"$dir/jars"
    # An id is 16 bytes in base64; one that begins with a minus would be taken for an option.
    [[ -s $dir/cluster_id ]] || head -c 16 /dev/urandom | base64 | tr -d '=' | tr '+/' '__' >"$dir/cluster_id"

    local formatting=()
    for node in $(kafka_nodes "$dir"); do
        kafka_configure "$dir" "$node"
        kafka_format "$dir" "$node" &
        formatting+=($!)
    done
    for node in $(kafka_nodes "$dir"); do
        wait "${formatting[node - 1]}" || { cat "$dir/node-$node/log" >&2; fail "broker $node could not be formatted"; }
    done
    for node in $(kafka_nodes "$dir"); do kafka_launch "$dir" "$node"; done
    for node in $(kafka_nodes "$dir"); do
        process_wait "$dir/node-$node" "$kafka_ready_s_max" "Kafka broker $node" kafka_answers "$dir" "$node"
    done
    kafka_addresses "$dir"
}

# kafka_stop DIR
kafka_stop() {
    local dir=$1 node stopping=()
    [[ -f $dir/node_count ]] || return 0
    # At once: a broker that leaves alone hands its partitions over first, and the last ones have nobody to hand them to.
    for node in $(kafka_nodes "$dir"); do
        process_stop "$dir/node-$node" 10 &
        stopping+=($!)
    done
    wait "${stopping[@]}"
}

# kafka_kill DIR NODE [SIGNAL]
kafka_kill() {
    process_signal "$1/node-$2" "${3:-KILL}" || fail "broker $2 of $1 is not running"
    if [[ ${3:-KILL} == KILL ]]; then wait_until 5 process_is_gone "$1/node-$2"; fi
}

# kafka_revive DIR NODE
kafka_revive() {
    if process_is_alive "$1/node-$2"; then fail "broker $2 of $1 is running"; fi
    kafka_launch "$1" "$2"
    process_wait "$1/node-$2" "$kafka_ready_s_max" "Kafka broker $2" kafka_knows_itself "$1" "$2"
}

# kafka_status DIR: as cluster.sh lists its other parts.
kafka_status() {
    local dir=$1 node state
    [[ -f $dir/node_count ]] || return 0
    for node in $(kafka_nodes "$dir"); do
        if process_is_gone "$dir/node-$node"; then
            state=down
        elif kafka_knows_itself "$dir" "$node"; then
            state=ready
        else
            state=silent
        fi
        printf '%-12s 127.0.0.1:%-6s %s\n' "kafka-$node" "$(kafka_port "$dir" "$node")" "$state"
    done
}

# The input ends also when whoever holds its other end is killed.
kafka_hold() {
    trap : INT TERM HUP # not ignored: the brokers would inherit that
    kafka_start "$@"
    cat >/dev/null || true
    local node
    for node in $(kafka_nodes "$1"); do
        if process_is_alive "$1/node-$node"; then kafka_kill "$1" "$node"; fi
    done
    rm -rf "$1"
}

kafka_main() {
    local command=${1-}
    shift || true
    case $command:$# in
        start:[23]) kafka_start "$@" ;;
        stop:1) kafka_stop "$@" ;;
        kill:[23]) kafka_kill "$@" ;;
        revive:2) kafka_revive "$@" ;;
        status:1) kafka_status "$@" ;;
        hold:[23]) kafka_hold "$@" ;;
        *) kafka_usage >&2; exit 2 ;;
    esac
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then kafka_main "$@"; fi
