#!/usr/bin/env bash
# Rebuilds and restarts the server whenever its sources change; the dashboard is served with hot reload by vite.
#
#   scripts/dev.sh [arguments for cto serve]     for example --log-level debug, or --debug
#
# The server lives in its own CTO_HOME (target/dev unless set), beside any other one. A build that fails leaves the last good
# server running. Ctrl-C ends all.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

export CTO_HOME=${CTO_HOME:-$PWD/target/dev}
LISTEN=${CTO_DEV_LISTEN:-127.0.0.1:7480}
TARGET=${CARGO_TARGET_DIR:-target}
STAMP=$(mktemp)
SERVER='' VITE=''

clean_up() {
  local pid
  for pid in $SERVER $VITE; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -f "$STAMP"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

sources() {
  local place
  for place in Cargo.toml Cargo.lock build.rs src hold templates stacks themes assets/luau; do
    [ ! -e "$place" ] || printf '%s\n' "$place"
  done
}

changed() {
  local places
  mapfile -t places < <(sources)
  [ -n "$(find "${places[@]}" -type f -newer "$STAMP" -not -path '*/target/*' -not -name '.*' -not -name '*~' -print -quit)" ]
}

restart() {
  touch "$STAMP"
  if ! cargo build --bin cto; then
    say "the build failed; the last good server goes on"
    return
  fi
  if [ -n "$SERVER" ]; then
    kill "$SERVER" 2>/dev/null || true
    wait "$SERVER" 2>/dev/null || true
  fi
  # The binary is copied, so that the next build can write its own while this one runs.
  mkdir -p "$CTO_HOME"
  cp -f "$TARGET/debug/cto" "$CTO_HOME/cto-running"
  "$CTO_HOME/cto-running" serve --listen "$LISTEN" "$@" &
  SERVER=$!
  step "server $SERVER on $LISTEN; a client of it: CTO_HOME=$CTO_HOME $TARGET/debug/cto"
}

mkdir -p "$CTO_HOME"
if [ -e assets/web/package.json ] && have npm; then
  # Not through npm, which would leave vite behind when it is ended.
  (cd assets/web && CTO_DEV_API=http://$LISTEN exec node_modules/.bin/vite) &
  VITE=$!
fi
restart "$@"
while :; do
  # Half a second is less than a build takes to start.
  sleep 0.5
  if changed; then
    # Editors write several files in a row.
    sleep 0.2
    restart "$@"
  elif [ -n "$SERVER" ] && ! kill -0 "$SERVER" 2>/dev/null; then
    say "the server has ended; it starts again with the next change"
    SERVER=''
  fi
done
