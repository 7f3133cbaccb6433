#!/usr/bin/env bash
# Makes the pictures of the documents anew: docs/pictures/*.png, of the real program on an engine of its own.
#
#   scripts/pictures.sh [BINARY]     target/debug/cto, built first, where none is given
#
# It launches templates of the gallery, plays and types in them, and photographs tmux and the web page. Look at the pictures
# before you commit them: a game may have ended. Needs root on Linux, for the engine.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

readonly OUT=docs/pictures COLS=120
scripts/setup.sh compiler engine image web web-modules test-tools
apt_install fonts-dejavu-core pngquant
if [ $# = 0 ]; then cargo build --locked --bin cto; fi
CTO=$(realpath "${1:-target/debug/cto}")
WORK=$(mktemp -d)
SCREEN=(tmux -L "cto-pictures-$$")
unset CTO_SERVER NO_COLOR TMUX
export CTO_HOME=$WORK/home COLORTERM=truecolor LANG=C.UTF-8
# The pictures show the views, not the tour.
mkdir -p "$CTO_HOME/state" && touch "$CTO_HOME/state/tour-shown"

clean_up() {
  "${SCREEN[@]}" kill-server 2>/dev/null || true
  "$CTO" server stop >/dev/null 2>&1 || true
  scripts/test-engine.sh stop "$WORK/engine" || true
  rm -rf "$WORK"
}
trap clean_up EXIT

# Waits until the screen of a container's main program shows a text.
shows() {
  local end=$((SECONDS + 30))
  until "$CTO" sessions screen "$1" 2>/dev/null | grep -qF -- "$2"; do
    [ "$SECONDS" -lt "$end" ] || die "'$1' never showed '$2'" "$("$CTO" sessions screen "$1")"
    sleep 0.2
  done
}

types() { "$CTO" sessions input "$1" "$2"; }
enters() { "$CTO" sessions input -e "$1" "$2"; }

# Presses keys in cto's own terminal, one after the other.
presses() {
  local key
  for key in "$@"; do
    "${SCREEN[@]}" send-keys -t p "$key"
    sleep 0.3
  done
}

# A picture of cto's terminal, with its cursor where it shows one.
photograph() {
  local cursor=()
  sleep "${3:-2}"
  if [ "$("${SCREEN[@]}" display -p -t p '#{cursor_flag}')" = 1 ]; then
    read -ra cursor <<<"$("${SCREEN[@]}" display -p -t p '#{cursor_x} #{cursor_y}')"
  fi
  "${SCREEN[@]}" capture-pane -e -p -t p | node scripts/picture.mjs screen "$OUT/$1.png" "$COLS" "$2" "${cursor[@]+"${cursor[@]}"}"
  shrinks "$OUT/$1.png"
}

# A terminal has few colours: its picture needs no more.
shrinks() {
  pngquant --force --speed 1 --ext .png 128 "$1"
  say "made $1"
}

# Gives the main session of a container another size, as a pane would.
resizes() {
  local id
  id=$("$CTO" sessions --json | node -e '
    const of = JSON.parse(require("fs").readFileSync(0, "utf8")).find((one) => one.container_name === process.argv[1] && one.state === "live");
    console.log(of.id)' "$1")
  curl -fsS --unix-socket "$CTO_HOME/run/cto.sock" "http://cto/api/v1/sessions/$id/resize" \
    -H 'Content-Type: application/json' -d "{\"cols\": $2, \"rows\": $3}"
  sleep 1
}

# Starts bastet, lets some pieces fall, and leaves the last one on its way, so many rows down.
plays() {
  local move left=$'\eOD' right=$'\eOC' turn=$'\eOA' down=$'\eOB' far
  far=$(printf "$down%.0s" {1..20})
  enters games 'clear; bastet'
  shows games Play
  enters games ''
  shows games Score
  for move in "$left$left$left" "$right$right$right" "$turn$left" "$right" "$left$left$left" "$turn$right$right" ''; do
    types games "$move"
    sleep 0.3
    types games "$far"
    sleep 0.7
  done
  types games "$turn${far:0:$1*${#down}}"
}

DOCKER_HOST=$(scripts/test-engine.sh start "$WORK/engine")
export DOCKER_HOST
"$CTO" serve --listen 127.0.0.1:0 >"$WORK/serve.log" 2>&1 &
until grep -q 'serving on' "$WORK/serve.log"; do sleep 0.1; done
step "launching"
"$CTO" run shell --name dev -d >/dev/null
"$CTO" run ascii-games --name games -d >/dev/null
"$CTO" run system-monitor --name monitor -d >/dev/null
"$CTO" run vim --name editor -d >/dev/null
"$CTO" run python --name repl -d >/dev/null

# Beside the files of containers the pictures show these, and no directory of the machine that they are made on.
mkdir -p "$WORK/project" && cp -r README.md LICENSE templates themes "$WORK/project/"
"${SCREEN[@]}" -u -f /dev/null new-session -d -s p -c "$WORK/project" -x "$COLS" -y 28 "$CTO"
"${SCREEN[@]}" set -g status off
"${SCREEN[@]}" set -g default-terminal tmux-256color
"${SCREEN[@]}" resize-window -t p -x "$COLS" -y 28
enters dev 'ls --color -C /; date'
shows dev usr
"$CTO" exec editor -- tee /root/primes.py >/dev/null <<'PYTHON'
"""Prime numbers, as many as you like."""
from itertools import count, islice


def primes():
    known = []
    for n in count(2):
        if all(n % p for p in known):
            known.append(n)
            yield n


print(list(islice(primes(), 10)))
PYTHON
enters editor ':edit primes.py'
enters editor ':syntax on | set number'
shows editor 'islice(primes'
enters repl 'sum(n * n for n in range(10))'
shows repl 285
resizes games 44 24
plays 5
photograph home 28 3

step "panes"
types games $'\x03'
"${SCREEN[@]}" resize-window -t p -x "$COLS" -y 36
finds() { presses "$@" Enter; }
finds C-p g a m e s
finds C-b C-p m o n i t o r
finds C-b C-p e d i t o r
plays 5
photograph terminals 36 1

step "the other views"
readonly LINES_HIGH=30
"${SCREEN[@]}" resize-window -t p -x "$COLS" -y "$LINES_HIGH"
# Types a line after the colon.
asks() {
  presses :
  "${SCREEN[@]}" send-keys -t p -l "$1"
  presses Enter
}
view() {
  asks "$1"
  photograph "$1" "$LINES_HIGH" "${2:-2}"
}
cat >"$WORK/web.json" <<'JSON'
{
  "name": "web", "image": "debian:bookworm-slim", "interactive": false,
  "command": ["sh", "-c", "n=0; while :; do n=$((n+1)); echo \"GET /item/$n 200\"; [ $((n % 7)) != 0 ] || echo \"ERROR no answer from db for /item/$n\"; sleep 0.3; done"]
}
JSON
"$CTO" run "$WORK/web.json" --name web -d >/dev/null
"$CTO" run "$WORK/web.json" --name worker -d >/dev/null
"$CTO" rec start dev >/dev/null
enters dev 'uname -sr; ls /etc | head -3'
presses C-b d
presses v
photograph table "$LINES_HIGH"
presses v n
photograph launch "$LINES_HIGH"
presses Escape C-p
"${SCREEN[@]}" send-keys -t p -l st
photograph palette "$LINES_HIGH" 1
presses Escape '?'
photograph help "$LINES_HIGH" 1
presses Escape
"$CTO" rec stop dev >/dev/null
for name in images volumes networks sessions activity recordings settings; do view "$name"; done
asks containers
finds C-p w e b
presses C-b d
presses Space
photograph marked "$LINES_HIGH" 1
presses l
photograph logs "$LINES_HIGH" 3
presses C-b d
asks files
photograph files "$LINES_HIGH"
view resources 20

step "the web page"
url=$(sed -n 's/^serving on .* and \(http[^ ]*\).*/\1/p' "$WORK/serve.log")
node scripts/picture.mjs page "$OUT/web.png" "$url" "$("$CTO" token create)" monitor
shrinks "$OUT/web.png"
