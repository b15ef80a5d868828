# shellcheck shell=bash
# What every script here says and asks of the system: messages, Debian packages, waiting, free ports.
# Sourced, never run.

say() { printf '\n== %s\n' "$*"; }
fail() { printf '\n./dev: %s\n' "$*" >&2; exit 1; }

# Installs what is missing of the packages named, or says which command would.
need() {
    local package missing=()
    command -v dpkg-query >/dev/null || fail "this needs Debian 12 with the packages: $*"
    for package in "$@"; do
        [[ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" == installed ]] || missing+=("$package")
    done
    if ((${#missing[@]} == 0)); then return; fi

    local as_root=()
    if ((EUID != 0)); then
        if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [[ -t 0 ]]; }; then
            as_root=(sudo)
        else
            fail "packages are missing and may not be installed from here. Run as root:
    apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
        fi
    fi
    say "Installing ${missing[*]}"
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o Acquire::Retries=3
               -o DPkg::Lock::Timeout=300)
    "${apt[@]}" update </dev/null
    "${apt[@]}" install -y --no-install-recommends "${missing[@]}" </dev/null ||
        fail "the packages above could not be installed"
}

# wait_until SECONDS COMMAND...: whether the command succeeded in time. It is asked again every 100 ms.
wait_until() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        if ((SECONDS >= deadline)); then return 1; fi
        sleep 0.1
    done
}

port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# need_ports OPTION PORT...: fails when one is taken, and names what chooses another.
need_ports() {
    local option=$1 port
    shift
    for port in "$@"; do
        port_is_free "$port" || fail "port $port on 127.0.0.1 is taken; choose another ($option)"
    done
}

# free_ports COUNT: that many ports in a row, below those that the system gives to clients (32768 on).
free_ports() {
    local attempt first port
    for attempt in {1..100}; do
        first=$((20000 + RANDOM % 12000))
        for ((port = first; port < first + $1; port++)); do
            port_is_free "$port" || continue 2
        done
        seq "$first" $((first + $1 - 1))
        return
    done
    fail "no $1 free ports in a row were found in $attempt attempts"
}
