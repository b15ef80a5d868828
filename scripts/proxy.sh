# shellcheck shell=bash
# The proxy in front of a cluster, from Debian's haproxy and the same configuration that compose.yaml uses.
# Sourced by cluster.sh, after common.sh and processes.sh.

proxy_ready_s_max=20

# proxy_start DIR PORT COMMAND_1 COMMAND_2 QUERY_1 QUERY_2, the servers as host:port. Returns when each role has a server.
proxy_start() {
    local dir=$1 port=$2
    mkdir -p "$dir"
    printf '%s\n' "$port" >"$dir/port"
    process_start "$dir" env PROXY_BIND="127.0.0.1:$port" COMMAND_1="$3" COMMAND_2="$4" QUERY_1="$5" QUERY_2="$6" \
        haproxy -q -db -f deploy/haproxy/haproxy.cfg
    process_wait "$dir" "$proxy_ready_s_max" "The proxy" proxy_is_ready "$dir"
}

proxy_is_ready() { curl -fsS -o /dev/null --max-time 2 "http://127.0.0.1:$(<"$1/port")/proxyz" 2>/dev/null; }
