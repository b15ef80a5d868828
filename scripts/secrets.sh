#!/usr/bin/env bash
# Makes the secrets that compose.yaml mounts, each once: one that is there is never changed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=deploy/secrets
mkdir -p "$folder"
chmod 0700 "$folder"

# Readable for everyone inside a container, whose users are not those of this machine; here the folder keeps them.
keep() {
    if [[ -e $folder/$1 ]]; then return; fi
    printf '%s' "$2" >"$folder/$1"
    chmod 0444 "$folder/$1"
    printf 'made %s\n' "$folder/$1"
}
random() { head -c 36 /dev/urandom | base64 | tr '+/' '-_'; }

keep jwt_secret "$(random)"
keep cluster_secret "$(random)"
keep postgres_password "$(random)"
keep database_url "postgresql://dacapo:$(<"$folder/postgres_password")@postgres:5432/dacapo"
