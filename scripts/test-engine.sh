#!/usr/bin/env bash
# A Docker Engine of its own for tests, with a registry that holds stand-ins for images of the big registry.
#
#   scripts/test-engine.sh start DIR   prints DOCKER_HOST's value; everything lies under DIR
#   scripts/test-engine.sh down DIR    ends dockerd only (its containers go on: live-restore)
#   scripts/test-engine.sh up DIR      starts dockerd again after down
#   scripts/test-engine.sh stop DIR    ends everything and removes it: processes, network, mounts, files
#
# It runs in a network namespace of its own, joined to the machine by a veth pair and NAT: a second dockerd in the
# machine's own namespace would delete the bridge of the first. The engine has debian:bookworm-slim; a pull of
# python:3.9-slim, ubuntu:22.04 or alpine:latest is answered by the registry (as a mirror, 127.0.0.1:5000 inside) with a
# stand-in. Stand-ins are made once for a base image and kept under target/cto-test. Needs root on Linux.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/lib.sh
. "$HERE/lib.sh"

readonly BASE=debian:bookworm-slim
readonly REGISTRY=127.0.0.1:5000
CACHE=${CTO_TEST_CACHE:-$HERE/../target/cto-test}
KEPT='' # where in it the registry's content is

in_net() { nsenter --net="/run/netns/$NET" "$@"; }

# The namespace, a veth pair into it with a /30 that nobody else on this machine uses, and NAT to the outside.
make_net() {
  local n attempt
  n=$((0x${ID:0:2}))
  for attempt in $(seq 256); do
    ip -4 -o addr show | grep -qF " 10.213.$n." || break
    [ "$attempt" -lt 256 ] || die "no free network for a test engine (10.213.0.0/16)"
    n=$(((n + 1) % 256))
  done
  printf '%s\n' "$n" >"$DIR/net"
  ip netns add "$NET"
  ip link add "$VETH" type veth peer name eth0 netns "$NET"
  ip addr add "10.213.$n.1/30" dev "$VETH"
  ip link set "$VETH" up
  in_net ip link set lo up
  in_net ip addr add "10.213.$n.2/30" dev eth0
  in_net ip link set eth0 up
  in_net ip route add default via "10.213.$n.1"
  printf 1 >/proc/sys/net/ipv4/ip_forward
  iptables -w -t nat -A POSTROUTING -s "10.213.$n.0/30" ! -o "$VETH" -j MASQUERADE
  # Docker's own rules drop what they do not know.
  iptables -w -I FORWARD -i "$VETH" -j ACCEPT
  iptables -w -I FORWARD -o "$VETH" -j ACCEPT
}

remove_net() {
  local n
  n=$(cat "$DIR/net" 2>/dev/null) || n=''
  if [ -n "$n" ]; then
    iptables -w -t nat -D POSTROUTING -s "10.213.$n.0/30" ! -o "$VETH" -j MASQUERADE 2>/dev/null || true
    iptables -w -D FORWARD -i "$VETH" -j ACCEPT 2>/dev/null || true
    iptables -w -D FORWARD -o "$VETH" -j ACCEPT 2>/dev/null || true
  fi
  ip link del "$VETH" 2>/dev/null || true
  ip netns del "$NET" 2>/dev/null || true
}

# Name servers that the containers can reach: a resolver on the machine's own loopback is not one of them.
name_servers() {
  local file=/etc/resolv.conf
  if grep -qE '^nameserver[[:space:]]+127\.' "$file" && [ -r /run/systemd/resolve/resolv.conf ]; then
    file=/run/systemd/resolve/resolv.conf
  fi
  sed -n 's/^nameserver[[:space:]]*\([0-9.]*\)$/\1/p' "$file" | grep -v '^127\.' || true
}

# Waits for a process to end; false when it does not within some seconds.
gone() {
  local deadline=$((SECONDS + $2))
  while [ -d "/proc/$1" ] && ! grep -q '^State:.*zombie' "/proc/$1/status" 2>/dev/null; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.05
  done
}

# A containerd whose dockerd was killed may hang, and a new dockerd would wait for it in vain. Containers do not need it.
reap_containerd() {
  local pid
  pid=$(cat "$DIR/exec/containerd/containerd.pid" 2>/dev/null) || return 0
  if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = containerd ]; then
    kill -9 "$pid" 2>/dev/null || true
    gone "$pid" 5 || true
  fi
  rm -f "$DIR/exec/containerd/containerd.pid"
}

up() {
  local dns=() server deadline=$((SECONDS + 60))
  if engine_answers "$ENGINE_HOST"; then return; fi
  reap_containerd
  for server in $(name_servers); do dns+=(--dns "$server"); done
  [ -e "$DIR/daemon.json" ] || printf '{ "live-restore": true }\n' >"$DIR/daemon.json"
  # Its own containerd namespace, in case the machine runs a containerd that both would use.
  in_net setsid nohup dockerd --config-file "$DIR/daemon.json" --host "unix://$DIR/docker.sock" \
    --data-root "$DIR/data" --exec-root "$DIR/exec" --pidfile "$DIR/docker.pid" \
    --containerd-namespace "$NET" --containerd-plugins-namespace "$NET-plugins" \
    --registry-mirror "http://$REGISTRY" "${dns[@]+"${dns[@]}"}" >>"$DIR/dockerd.log" 2>&1 </dev/null 9>&- &
  until engine_answers "$ENGINE_HOST"; do
    if ! kill -0 $! 2>/dev/null || [ "$SECONDS" -ge "$deadline" ]; then
      tail -n 15 "$DIR/dockerd.log" >&2
      die "the test engine did not start"
    fi
    sleep 0.1
  done
}

down() {
  local pid
  pid=$(cat "$DIR/docker.pid" 2>/dev/null) || return 0
  if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ]; then
    kill "$pid" 2>/dev/null || true
    gone "$pid" 30 || kill -9 "$pid" 2>/dev/null || true
  fi
  rm -f "$DIR/docker.pid" "$DIR/docker.sock"
}

# Pushes an image of the test engine into the registry under the name it stands in for, and forgets it here.
publish() {
  local from=$1 name=$2 tag=$3 answer
  engine_api POST "/images/$from/tag?repo=$REGISTRY/library/$name&tag=$tag" -o /dev/null
  answer=$(engine_api POST "/images/$REGISTRY/library/$name/push?tag=$tag" -H "X-Registry-Auth: $(printf '{}' | base64)" --max-time 300)
  case $answer in *errorDetail*) die "the stand-in '$name:$tag' could not be pushed: $(printf %s "$answer" | tail -n 1)" ;; esac
  engine_api DELETE "/images/$REGISTRY/library/$name:$tag" -o /dev/null
}

make_stand_ins() {
  local files
  step "making stand-ins for the registry of the test engine"
  engine_api POST /images/load -H 'Content-Type: application/x-tar' -T "$CACHE/base.tar" -o /dev/null
  files=$(mktemp -d)

  printf 'FROM %s\nRUN apt-get update && apt-get install -y --no-install-recommends python3-minimal && rm -rf /var/lib/apt/lists/* && ln -s /usr/bin/python3 /usr/local/bin/python && ln -s /usr/bin/python3 /usr/local/bin/python3\nCMD ["python3"]\n' \
    "$BASE" >"$files/Dockerfile"
  build_image stand-in/python "$files"

  apt_install busybox-static
  mkdir -p "$files/root/bin" "$files/root/etc" "$files/root/tmp" "$files/root/root"
  cp -L "$(command -v busybox || printf /bin/busybox)" "$files/root/bin/busybox"
  printf 'root:x:0:0:root:/root:/bin/sh\n' >"$files/root/etc/passwd"
  printf 'root:x:0:\n' >"$files/root/etc/group"
  printf 'NAME="Alpine Linux"\nID=alpine\nPRETTY_NAME="stand-in for Alpine"\n' >"$files/root/etc/os-release"
  printf 'FROM scratch\nCOPY root /\nENV PATH=/bin:/sbin:/usr/bin:/usr/sbin\nRUN ["/bin/busybox", "--install", "-s", "/bin"]\nCMD ["/bin/sh"]\n' >"$files/Dockerfile"
  build_image stand-in/alpine "$files"
  rm -rf "$files"

  publish stand-in/python python 3.9-slim
  publish stand-in/alpine alpine latest
  publish "$BASE" ubuntu 22.04
  publish "$BASE" debian bookworm-slim
  engine_api DELETE "/images/stand-in/python?force=1" -o /dev/null
  engine_api DELETE "/images/stand-in/alpine?force=1" -o /dev/null
}

# The registry's content is kept between runs, by the base image and this recipe.
fill() {
  if [ -d "$KEPT" ]; then
    cp -a --reflink=auto "$KEPT/." "$DIR/storage/"
    return
  fi
  make_stand_ins
  rm -rf "$CACHE"/registry-* "$CACHE/base.tar"
  cp -a --reflink=auto "$DIR/storage" "$KEPT.$$"
  mv "$KEPT.$$" "$KEPT"
}

start() {
  if [ "$(uname -s)" != Linux ] || [ "$(id -u)" != 0 ]; then die "a test engine needs root on Linux"; fi
  have dockerd || die "dockerd is not installed" "first: scripts/engine.sh"
  [ ! -e "$DIR/docker.pid" ] || die "there is already an engine in '$DIR'" "$0 stop $DIR"
  [ ${#DIR} -lt 80 ] || die "the path '$DIR' is too long for a unix socket"
  apt_install iproute2 iptables docker-registry curl
  exec 9>"${TMPDIR:-/tmp}/cto-test-engine.lock"
  flock -w 300 9 || die "another test engine is being started for 5 minutes"
  mkdir -p "$CACHE"

  find_engine
  if [ -z "$ENGINE_HOST" ] || ! has_image "$BASE"; then die "the image $BASE is missing" "first: scripts/setup.sh engine image"; fi
  BASE_ID=$(engine_api GET "/images/$BASE/json" | sed -n 's/.*"Id":"\(sha256:[0-9a-f]*\)".*/\1/p')
  KEPT=$CACHE/registry-$(printf '%s %s' "$BASE_ID" "$(sha256_of <"$HERE/test-engine.sh")" | sha256_of | cut -c1-16)
  [ -d "$KEPT" ] || engine_api GET "/images/$BASE/get" -o "$CACHE/base.tar"

  # What is begun and fails is taken away again.
  trap 'ENGINE_HOST=unix://$DIR/docker.sock; stop >/dev/null 2>&1' EXIT
  make_net
  in_net "$HERE/test-registry.sh" start "$DIR" "${REGISTRY#*:}" >/dev/null
  ENGINE_HOST=unix://$DIR/docker.sock
  up
  fill
  has_image "$BASE" || engine_api POST "/images/create?fromImage=debian&tag=bookworm-slim" -o /dev/null --max-time 120
  has_image "$BASE" || die "the test engine has not got $BASE"
  trap - EXIT
  printf '%s\n' "$ENGINE_HOST"
}

stop() {
  local id pid file deadline
  # Containers first: the engine is told to leave them alone when it goes.
  if engine_answers "$ENGINE_HOST"; then
    for id in $(engine_api GET '/containers/json' | grep -o '"Id":"[0-9a-f]\{64\}"' | cut -d'"' -f4); do
      engine_api POST "/containers/$id/kill" -o /dev/null 2>/dev/null || true
    done
  fi
  down
  "$HERE/test-registry.sh" stop "$DIR"
  for pid in $(ip netns pids "$NET" 2>/dev/null); do kill "$pid" 2>/dev/null || true; done
  for pid in $(ip netns pids "$NET" 2>/dev/null); do gone "$pid" 5 || kill -9 "$pid" 2>/dev/null || true; done
  # Programs of containers whose engine had died before it could end them, and their control groups.
  for id in "$DIR"/data/containers/*; do
    [ -d "$id" ] || continue
    id=$(basename "$id")
    deadline=$((SECONDS + 5))
    while find /sys/fs/cgroup -path "*$id*" -name cgroup.procs -exec cat {} + 2>/dev/null | sort -u | grep '[0-9]' | xargs kill -9 2>/dev/null; do
      [ "$SECONDS" -lt "$deadline" ] || break
      sleep 0.05
    done
    find /sys/fs/cgroup -depth -type d -name "*$id*" -exec rmdir {} + 2>/dev/null || true
  done
  awk -v dir="$DIR/" 'index($2, dir) == 1 { print $2 }' /proc/self/mounts | sort -r | while read -r file; do
    umount "$file" 2>/dev/null || umount -l "$file" || true
  done
  remove_net
  rm -rf --one-file-system "$DIR/data" "$DIR/exec" "$DIR/storage"
  rm -f "$DIR/daemon.json" "$DIR/dockerd.log" "$DIR/net" "$DIR/docker.sock" "$DIR/docker.pid"
  rmdir "$DIR" 2>/dev/null || true
}

[ $# = 2 ] || die "usage: $0 start|down|up|stop DIR"
mkdir -p "$2"
DIR=$(cd "$2" && pwd)
ID=$(printf %s "$DIR" | sha256_of | cut -c1-8)
NET=cto-test-$ID
VETH=ctot$ID
ENGINE_HOST=unix://$DIR/docker.sock
case $1 in
  start | down | up | stop) "$1" ;;
  *) die "unknown action '$1'" "usage: $0 start|down|up|stop DIR" ;;
esac
