#!/usr/bin/env bash
# Brings what the make targets need: scripts/setup.sh PIECE…
#
#   compiler    cargo, and the C and C++ compilers that some crates need
#   engine      a container engine that answers (scripts/engine.sh)
#   image       the base image debian:bookworm-slim (scripts/base-image.sh)
#   web         the dashboard, built in assets/web/dist (web-modules: only what it is built with)
#   test-tools  the programs that tests drive (tmux, chromium, PostgreSQL, a registry) and the image cto-test/tools
#   cargo-deny  the licence checker
#
# Each piece is idempotent, and quick when there is nothing to do.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

piece_compiler() {
  have cargo || die "cargo is not installed" "Rust comes with: curl https://sh.rustup.rs -sSf | sh"
  if have cc && have c++; then return 0; fi
  case $(uname -s) in
    Darwin) die "no C compiler" "it comes with: xcode-select --install" ;;
  esac
  can_apt || die "no C and C++ compiler (cc, c++)" "install them with your system's package manager, for example gcc and g++"
  say "To build, these Debian packages are to be installed: gcc g++ libc6-dev"
  consent "Go on?" || die "not done" "to agree without being asked: CTO_YES=1"
  apt_install gcc g++ libc6-dev
}

piece_engine() { scripts/engine.sh >/dev/null; }

piece_image() { scripts/base-image.sh; }

piece_web() {
  [ -e assets/web/package.json ] || return 0
  if ! have npm; then
    say "warning: npm is not installed; the dashboard is left out (a stub page takes its place). Node 20 or newer brings it."
    return 0
  fi
  local dist=assets/web/dist
  if [ -e "$dist/index.html" ] && [ -z "$(find assets/web -type f -newer "$dist/index.html" \
    -not -path '*/node_modules/*' -not -path "$dist/*" -not -name '*.tsbuildinfo' -print -quit)" ]; then
    return 0
  fi
  web_modules
  step "building the dashboard"
  (cd assets/web && npm run --silent build >&2)
  # The newest file of the build says when it was made, also when vite left the page as it was.
  touch "$dist/index.html"
}

# Node modules as the lock file says; nothing to do when the last installation was from the same lock file.
web_modules() {
  if [ ! -e assets/web/node_modules/.package-lock.json ] ||
    [ assets/web/package-lock.json -nt assets/web/node_modules/.package-lock.json ]; then
    step "fetching the dashboard's packages"
    (cd assets/web && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2)
    touch assets/web/node_modules/.package-lock.json
  fi
}

piece_web-modules() {
  if [ -e assets/web/package.json ] && have npm; then web_modules; fi
}

# The Debian package of each program that is not there yet.
missing_tools() {
  have tmux || printf 'tmux '
  have git || printf 'git '
  have curl || printf 'curl '
  have chromium || have chromium-browser || have google-chrome || printf 'chromium '
  python3 -c 'import venv, ensurepip' 2>/dev/null || printf 'python3-venv '
  have initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || printf 'postgresql '
  if [ "$(uname -s)" = Linux ]; then
    have docker-registry || printf 'docker-registry '
    have busybox || printf 'busybox-static '
    have ip || printf 'iproute2 '
  fi
}

piece_test-tools() {
  local missing
  read -ra missing <<<"$(missing_tools)"
  if [ ${#missing[@]} -gt 0 ]; then
    can_apt || die "the tests need programs that are missing: ${missing[*]}" \
      "these are the names of Debian's packages; install them with your system's package manager"
    if ! grep -qx 'ID=debian' /etc/os-release && [ -z "$(apt-cache --quiet show chromium 2>/dev/null)" ]; then
      # Ubuntu has it as a snap only, which does not run as root without a session.
      say "warning: no chromium package here; install Chrome or Chromium for the browser tests"
      read -ra missing <<<"$(printf '%s\n' "${missing[@]}" | grep -vx chromium | tr '\n' ' ')"
    fi
  fi
  if [ ${#missing[@]} -gt 0 ]; then
    say "For the tests these Debian packages are to be installed: ${missing[*]}"
    consent "Go on?" || die "not done" "to agree without being asked: CTO_YES=1 make test"
    only_one tools
    # The tests make a database of their own; the machine needs none.
    case " ${missing[*]} " in *' postgresql '*)
      mkdir -p /etc/postgresql-common/createcluster.d
      printf 'create_main_cluster = false\n' >/etc/postgresql-common/createcluster.d/cto-tests.conf
      ;;
    esac
    apt_install "${missing[@]}"
  fi
  tools_image
  python_tools
}

# cto-test/tools, made anew when its recipe or the base image has changed; the label tells which it was made from.
tools_image() {
  local content files
  find_engine
  [ -n "$ENGINE_HOST" ] || die "no container engine answers" "first: scripts/engine.sh"
  content=$({
    cat scripts/test-tools.Dockerfile
    engine_api GET /images/debian:bookworm-slim/json | grep -o '"Id":"[^"]*"'
  } | sha256_of)
  if engine_api GET /images/cto-test/tools:latest/json 2>/dev/null | grep -qF "\"cto-test.content\":\"$content\""; then return; fi
  only_one tools
  step "building the image cto-test/tools"
  files=$(mktemp -d)
  { cat scripts/test-tools.Dockerfile && printf 'LABEL cto-test.content=%s\n' "$content"; } >"$files/Dockerfile"
  build_image cto-test/tools:latest "$files"
  rm -rf "$files"
}

# What Python brings: schemathesis, which asks the API whatever its description allows and what it does not, and what the recipes use.
python_tools() {
  local dir=target/cto-test/python wanted="schemathesis==4.32.5 requests==2.32.5 websocket-client==1.8.0" packages
  if [ "$(cat "$dir/wanted" 2>/dev/null)" = "$wanted" ]; then return; fi
  only_one tools
  step "installing $wanted"
  rm -rf "$dir"
  python3 -m venv "$dir"
  read -ra packages <<<"$wanted"
  "$dir/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}"
  printf '%s\n' "$wanted" >"$dir/wanted"
}

piece_cargo-deny() {
  have cargo-deny || {
    step "installing cargo-deny (3 minutes, once)"
    cargo install --quiet --locked cargo-deny
  }
}

[ $# -gt 0 ] || die "usage: $0 compiler|engine|image|web|web-modules|test-tools|cargo-deny …"
for piece in "$@"; do
  case $piece in
    compiler | engine | image | web | web-modules | test-tools | cargo-deny) "piece_$piece" ;;
    *) die "unknown piece '$piece'" "usage: $0 compiler|engine|image|web|web-modules|test-tools|cargo-deny …" ;;
  esac
done
