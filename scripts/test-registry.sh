#!/usr/bin/env bash
# A registry for tests: Debian's docker-registry on a loopback port, with its storage under a folder.
#
#   scripts/test-registry.sh start DIR [PORT]   prints host:port; without PORT a free one
#   scripts/test-registry.sh stop DIR           ends it; its storage stays in DIR/storage
#
# With a file DIR/htpasswd it lets in only the users there.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/lib.sh
. "$HERE/lib.sh"

is_ours() {
  [ "$(cat "/proc/$1/comm" 2>/dev/null)" = docker-registry ] && tr '\0' ' ' <"/proc/$1/cmdline" | grep -qF "$DIR/registry.yml"
}

# Starts it on a port; fails when the port is taken or it ends at once.
try() {
  local port=$1 pid deadline=$((SECONDS + 15))
  cat >"$DIR/registry.yml" <<CONFIG
version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage:
  filesystem: { rootdirectory: $DIR/storage }
  delete: { enabled: true }
http: { addr: "127.0.0.1:$port" }
CONFIG
  [ ! -e "$DIR/htpasswd" ] || printf 'auth: { htpasswd: { realm: cto-test, path: %s } }\n' "$DIR/htpasswd" >>"$DIR/registry.yml"
  setsid nohup docker-registry serve "$DIR/registry.yml" >"$DIR/registry.log" 2>&1 </dev/null 9>&- &
  pid=$!
  # setsid may fork; the process is known by its configuration.
  while [ "$SECONDS" -lt "$deadline" ]; do
    kill -0 "$pid" 2>/dev/null || return 1
    if is_ours "$pid" && curl -sS --noproxy '*' --max-time 2 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/v2/" 2>/dev/null | grep -qE '^(200|401)$'; then
      printf '%s\n' "$pid" >"$DIR/registry.pid"
      printf '127.0.0.1:%s\n' "$port" >"$DIR/registry.address"
      return 0
    fi
    sleep 0.1
  done
  kill "$pid" 2>/dev/null || true
  return 1
}

start() {
  local port attempt
  apt_install docker-registry curl
  mkdir -p "$DIR/storage"
  if [ -n "${1:-}" ]; then
    try "$1" || { cat "$DIR/registry.log" >&2; die "the registry could not start on port $1"; }
  else
    for attempt in 1 2 3 4 5 6 7 8; do
      port=$((20000 + (RANDOM + attempt) % 20000))
      if try "$port"; then break; fi
      [ "$attempt" -lt 8 ] || { cat "$DIR/registry.log" >&2; die "the registry could not start"; }
    done
  fi
  cat "$DIR/registry.address"
}

stop() {
  local pid deadline=$((SECONDS + 10))
  pid=$(cat "$DIR/registry.pid" 2>/dev/null) || pid=''
  if [ -n "$pid" ] && is_ours "$pid"; then
    kill "$pid" 2>/dev/null || true
    while kill -0 "$pid" 2>/dev/null && [ "$SECONDS" -lt "$deadline" ]; do sleep 0.05; done
    kill -9 "$pid" 2>/dev/null || true
  fi
  rm -f "$DIR/registry.yml" "$DIR/registry.log" "$DIR/registry.pid" "$DIR/registry.address"
}

[ $# -ge 2 ] || die "usage: $0 start DIR [PORT] | stop DIR"
mkdir -p "$2"
DIR=$(cd "$2" && pwd)
case $1 in
  start) start "${3:-}" ;;
  stop) stop ;;
  *) die "unknown action '$1'" "usage: $0 start DIR [PORT] | stop DIR" ;;
esac
