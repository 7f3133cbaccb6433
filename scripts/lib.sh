# shellcheck shell=bash
# What the scripts here share: how they speak, ask, and find a container engine. Source it, do not run it.

say() { printf '%s\n' "$*" >&2; }
step() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() {
  printf 'error: %s\n' "$1" >&2
  shift
  [ $# = 0 ] || printf '  %s\n' "$@" >&2
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# May this be done to the machine? Yes by itself under CI or CTO_YES=1; on a terminal the person is asked; otherwise no.
consent() {
  if [ -n "${CI:-}" ] || [ "${CTO_YES:-}" = 1 ]; then return 0; fi
  [ -t 0 ] || return 1
  local answer
  printf '%s [Y/n] ' "$1" >&2
  read -r answer || return 1
  case $answer in '' | [yY] | [yY][eE][sS]) return 0 ;; *) return 1 ;; esac
}

# Debian or one of its children, and allowed to install packages?
can_apt() {
  [ "$(id -u)" = 0 ] && have apt-get && have dpkg && [ "$(uname -s)" = Linux ]
}

# Installs the Debian packages named that are not there yet. Lists are fetched only when something is missing.
apt_install() {
  local package missing=()
  for package in "$@"; do
    # shellcheck disable=SC2016  # the dollar belongs to dpkg-query
    dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  can_apt || die "these packages are missing: ${missing[*]}" "install them as root and run this again: apt-get install ${missing[*]}"
  step "installing ${missing[*]}"
  local log
  log=$(mktemp)
  # A package list may be absent or older than the mirror.
  apt-get -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 update >"$log" 2>&1 || say "warning: apt-get update failed; going on with the lists at hand"
  DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 \
    install --no-install-recommends "${missing[@]}" >>"$log" 2>&1 </dev/null || {
    tail -n 20 "$log" >&2
    rm -f "$log"
    die "apt-get could not install ${missing[*]}"
  }
  rm -f "$log"
}

# Holds a lock of the machine for the rest of this process, so that two set-ups do not get in each other's way.
only_one() {
  have flock || return 0
  local dir=/run/lock
  [ -w "$dir" ] || dir=${TMPDIR:-/tmp}
  exec 9>"$dir/cto-$1.lock"
  flock -w 600 9 || die "another set-up ($dir/cto-$1.lock) has not ended for 10 minutes"
}

# Does an engine answer at this address (unix://, tcp://, http://, https://, ssh://)?
engine_answers() {
  local host=$1 path url tls=()
  case $host in
    unix://*)
      path=${host#unix://}
      [ -S "$path" ] || return 1
      if have curl; then
        [ "$(curl -fsS --noproxy '*' --max-time 3 --unix-socket "$path" http://localhost/_ping 2>/dev/null)" = OK ]
      else
        # shellcheck disable=SC2016  # the dollars belong to node
        node -e 'require("http").get({socketPath: process.argv[1], path: "/_ping", timeout: 3000}, r => process.exit(r.statusCode === 200 ? 0 : 1)).on("timeout", () => process.exit(1)).on("error", () => process.exit(1))' "$path"
      fi
      ;;
    tcp://* | http://* | https://*)
      url=http://${host#*://}
      if [ -n "${DOCKER_TLS_VERIFY:-}" ] || [ "${host%%://*}" = https ]; then
        url=https://${host#*://}
        path=${DOCKER_CERT_PATH:-$HOME/.docker}
        [ ! -r "$path/cert.pem" ] || tls=(--cacert "$path/ca.pem" --cert "$path/cert.pem" --key "$path/key.pem")
      fi
      [ "$(curl -fsS --noproxy '*' --max-time 5 "${tls[@]+"${tls[@]}"}" "$url/_ping" 2>/dev/null)" = OK ]
      ;;
    ssh://*) have docker && have timeout && timeout 15 docker --host "$host" version >/dev/null 2>&1 ;;
    *) return 1 ;;
  esac
}

sha256_of() { if have sha256sum; then sha256sum; else shasum -a 256; fi | cut -c1-64; }

# The address that the current docker context names; nothing for the context "default".
context_host() {
  local dir=${DOCKER_CONFIG:-$HOME/.docker} name=${DOCKER_CONTEXT:-} meta
  if [ -z "$name" ] && [ -r "$dir/config.json" ]; then
    name=$(sed -n 's/.*"currentContext"[[:space:]]*:[[:space:]]*"\([^"]*\)".*/\1/p' "$dir/config.json" | head -n 1)
  fi
  case $name in '' | default) return 0 ;; esac
  meta=$dir/contexts/meta/$(printf %s "$name" | sha256_of)/meta.json
  [ -r "$meta" ] || die "the docker context '$name' is chosen but does not exist" "docker context ls; docker context use default"
  tr -d '\n' <"$meta" | sed -n 's/.*"docker"[[:space:]]*:[[:space:]]*{[^}]*"Host"[[:space:]]*:[[:space:]]*"\([^"]*\)".*/\1/p'
}

# Finds an engine in the order of docker's own client, then where rootless Docker and Podman listen.
# Sets ENGINE_HOST, or leaves it empty; ENGINE_CHOSEN is what the person chose, if it is a choice that must be kept.
find_engine() {
  local user_run=${XDG_RUNTIME_DIR:-/run/user/$(id -u)} host
  ENGINE_HOST='' ENGINE_CHOSEN=''
  if [ -n "${DOCKER_HOST:-}" ]; then
    ENGINE_CHOSEN=$DOCKER_HOST
  else
    ENGINE_CHOSEN=$(context_host)
  fi
  if [ -n "$ENGINE_CHOSEN" ]; then
    if engine_answers "$ENGINE_CHOSEN"; then ENGINE_HOST=$ENGINE_CHOSEN; fi
    return 0
  fi
  for host in /var/run/docker.sock "$user_run/docker.sock" "$HOME/.docker/run/docker.sock" \
    "$HOME/.docker/desktop/docker.sock" "$user_run/podman/podman.sock" /run/podman/podman.sock; do
    if engine_answers "unix://$host"; then
      ENGINE_HOST=unix://$host
      return 0
    fi
  done
}

# One request to the engine's API: engine_api METHOD PATH [curl arguments]. The body goes to standard output.
engine_api() {
  local method=$1 path=$2 url=http://localhost where=() dir=${DOCKER_CERT_PATH:-$HOME/.docker}
  shift 2
  have curl || apt_install curl
  case $ENGINE_HOST in
    unix://*) where=(--unix-socket "${ENGINE_HOST#unix://}") ;;
    tcp://* | http://* | https://*)
      url=http://${ENGINE_HOST#*://}
      if [ -n "${DOCKER_TLS_VERIFY:-}" ] || [ "${ENGINE_HOST%%://*}" = https ]; then url=https://${ENGINE_HOST#*://}; fi
      [ ! -r "$dir/cert.pem" ] || where=(--cacert "$dir/ca.pem" --cert "$dir/cert.pem" --key "$dir/key.pem")
      ;;
    *) die "this step cannot reach the engine at '$ENGINE_HOST' by itself" "do it with docker's own client, then run this again" ;;
  esac
  curl -fsS --noproxy '*' "${where[@]+"${where[@]}"}" -X "$method" "$@" "$url$path"
}

has_image() {
  case $ENGINE_HOST in
    ssh://*) docker --host "$ENGINE_HOST" image inspect "$1" >/dev/null 2>&1 ;;
    *) engine_api GET "/images/$1/json" -o /dev/null 2>/dev/null ;;
  esac
}

# Pulls NAME:TAG through the engine. A download may take its time, but 20 s without a byte of progress mean that no registry
# can be reached.
pull_image() {
  local name=${1%:*} tag=${1##*:}
  step "pulling $1"
  case $ENGINE_HOST in
    ssh://*) docker --host "$ENGINE_HOST" pull "$1" >&2 || return 1 ;;
    *)
      engine_api POST "/images/create?fromImage=docker.io/library/$name&tag=$tag" -N \
        --speed-limit 1 --speed-time 20 --max-time 1800 2>/dev/null | grep -o '"error":"[^"]*"' | tail -n 1 | cut -c1-300 >&2 || true
      ;;
  esac
  has_image "$1"
}

# Builds an image from the files in a folder (with a Dockerfile): build_image TAG FOLDER. Quiet unless it fails.
build_image() {
  local log status=0
  log=$(mktemp)
  tar -C "$2" -c . | engine_api POST "/build?t=$(printf %s "$1" | sed 's,/,%2F,g; s,:,%3A,g')&rm=1&forcerm=1" \
    -H 'Content-Type: application/x-tar' --max-time 1200 -T - >"$log" || status=1
  if grep -q '"errorDetail"' "$log"; then status=1; fi
  if [ "$status" != 0 ]; then
    # What the last step said, without the engine's JSON around it.
    sed -n -e 's/^{"stream":"\(.*\)"}.*$/\1/p' -e 's/.*"error":"\([^"]*\).*/\1/p' "$log" | tail -n 15 | sed 's/\\n$//; s/\\r//g; s/\\u0026/\&/g; s/\\"/"/g' >&2
    rm -f "$log"
    die "the image '$1' could not be built"
  fi
  rm -f "$log"
}
