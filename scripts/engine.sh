#!/usr/bin/env bash
# Finds a container engine, or installs and starts Docker Engine on Debian and Ubuntu; prints its address.
#
# Idempotent and quick when an engine answers. Only the address goes to standard output.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

readonly SOCKET=/var/run/docker.sock
readonly WAIT_SECONDS=60

what_to_do() {
  local reason=$1
  case $(uname -s) in
    Darwin)
      die "$reason" "install Docker Desktop (https://docs.docker.com/desktop/setup/install/mac-install/) or: brew install colima docker && colima start" \
        "then run this again"
      ;;
    Linux)
      if have apt-get && [ "$(id -u)" != 0 ]; then
        die "$reason" "as root this installs and starts one: sudo CTO_YES=1 scripts/engine.sh" \
          "then let your user in: sudo usermod -aG docker $(id -un)   (log in again, or: newgrp docker)"
      fi
      if have dockerd; then die "$reason" "start it as root: systemctl enable --now docker   (or: dockerd)"; fi
      if have dnf; then die "$reason" "install one as root: dnf install -y moby-engine && systemctl enable --now docker"; fi
      if have pacman; then die "$reason" "install one as root: pacman -S --noconfirm docker && systemctl enable --now docker"; fi
      if have zypper; then die "$reason" "install one as root: zypper install -y docker && systemctl enable --now docker"; fi
      if have apk; then die "$reason" "install one as root: apk add docker && rc-update add docker && service docker start"; fi
      die "$reason" "install Docker Engine 20.10 or newer: https://docs.docker.com/engine/install/" "then run this again"
      ;;
    *) die "$reason" "the cto server runs on Linux; on Windows use WSL 2 with Debian or Ubuntu and run this there" ;;
  esac
}

# Sessions outlive dockerd only with live-restore. An existing file is the administrator's: one key is added, the rest kept.
configure() {
  local file=/etc/docker/daemon.json
  if [ ! -s "$file" ]; then
    mkdir -p /etc/docker
    printf '{\n  "live-restore": true\n}\n' >"$file"
  elif ! grep -q '"live-restore"' "$file"; then
    if have node && node -e '
      const fs = require("fs"), file = process.argv[1];
      const settings = JSON.parse(fs.readFileSync(file, "utf8"));
      fs.writeFileSync(file + ".new", JSON.stringify({ ...settings, "live-restore": true }, null, 2) + "\n");
    ' "$file" 2>/dev/null; then
      cp -p "$file" "$file.before-cto"
      mv "$file.new" "$file"
      say "added live-restore to $file (the old one is $file.before-cto)"
    else
      say "please add \"live-restore\": true to $file, so that terminals survive a restart of the engine"
    fi
  fi
}

answers_within() {
  local end=$((SECONDS + $1))
  while [ "$SECONDS" -lt "$end" ]; do
    if engine_answers "unix://$SOCKET"; then return 0; fi
    sleep 0.2
  done
  return 1
}

# An engine that something else has just started gets its time; a dead one's pid file is no obstacle.
already_starting() {
  local pid
  pid=$(cat /var/run/docker.pid 2>/dev/null) || return 1
  [ -n "$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ]
}

# A machine without an init that mounts them (a container, a bare VM) has no control groups yet.
mount_cgroups() {
  if [ -z "$(ls -A /sys/fs/cgroup 2>/dev/null)" ]; then
    mount -t cgroup2 cgroup2 /sys/fs/cgroup || say "warning: no control groups; the engine may not start"
  fi
}

start() {
  local log=/var/log/dockerd.log
  if [ -d /run/systemd/system ] && systemctl cat docker.service >/dev/null 2>&1; then
    step "starting the Docker service"
    systemctl enable --now docker >&2 || die "systemctl could not start docker" "see: journalctl -u docker"
    answers_within "$WAIT_SECONDS" || die "the engine does not answer after $WAIT_SECONDS s" "see: journalctl -u docker"
    return
  fi
  if already_starting && answers_within "$WAIT_SECONDS"; then return; fi
  step "starting dockerd in the background (no service manager here; its log is $log)"
  mount_cgroups
  # A session of its own, so that it outlives this terminal; descriptor 9 is our lock and not its business.
  setsid nohup dockerd >>"$log" 2>&1 </dev/null 9>&- &
  answers_within "$WAIT_SECONDS" || {
    tail -n 15 "$log" >&2
    die "dockerd does not answer after $WAIT_SECONDS s" "its log: $log"
  }
}

main() {
  find_engine
  if [ -n "$ENGINE_HOST" ]; then
    printf '%s\n' "$ENGINE_HOST"
    return
  fi
  if [ -n "$ENGINE_CHOSEN" ] && [ "$ENGINE_CHOSEN" != "unix://$SOCKET" ] && [ "$ENGINE_CHOSEN" != "unix:///run/docker.sock" ]; then
    die "no engine answers at '$ENGINE_CHOSEN', which DOCKER_HOST or the current docker context names" \
      "start it, or choose another: unset DOCKER_HOST; docker context use default"
  fi
  if [ -S "$SOCKET" ] && [ ! -w "$SOCKET" ]; then
    die "'$SOCKET' is there but you may not use it" \
      "let your user in: sudo usermod -aG docker $(id -un)   (log in again, or: newgrp docker)"
  fi
  can_apt || what_to_do "no container engine answers"

  say "No container engine answers on this machine. To be done, as root:"
  if have dockerd; then
    say "  - start the installed Docker Engine ($(command -v dockerd))"
  else
    say "  - install the Debian packages docker.io and iptables (about 300 MB)"
    say "  - start Docker Engine"
  fi
  say "  - with live-restore in /etc/docker/daemon.json, so that containers survive a restart of the engine"
  consent "Go on?" || die "not done" "to agree without being asked: CTO_YES=1 make run" \
    "or start an engine yourself and run this again"

  only_one engine
  if ! engine_answers "unix://$SOCKET"; then
    configure
    have dockerd || apt_install docker.io iptables
    have curl || apt_install curl
    start
  fi
  say "Docker Engine is up at $SOCKET"
  printf 'unix://%s\n' "$SOCKET"
}

main "$@"
