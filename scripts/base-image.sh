#!/usr/bin/env bash
# Brings the base image debian:bookworm-slim: from its registry, or made with debootstrap where none can be reached.
#
# An image made here knows the host's package mirror and own CA certificates, so that packages can be installed in it too.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

readonly IMAGE=debian:bookworm-slim
readonly SUITE=bookworm
ROOTFS=''

clean_up() {
  [ -n "$ROOTFS" ] || return 0
  # debootstrap leaves its /proc mounted when it is interrupted.
  umount "$ROOTFS/proc" 2>/dev/null || true
  rm -rf --one-file-system "$ROOTFS"
}

# The Debian mirror that this host itself uses; Debian's own elsewhere.
mirror() {
  local found=''
  if [ -n "${CTO_DEBIAN_MIRROR:-}" ]; then
    printf '%s\n' "$CTO_DEBIAN_MIRROR"
    return
  fi
  if grep -qx 'ID=debian' /etc/os-release 2>/dev/null; then
    found=$(sed -n 's/^URIs:[[:space:]]*\([^[:space:]]*\).*/\1/p' /etc/apt/sources.list.d/*.sources 2>/dev/null | grep -v security | grep debian | head -n 1) || true
    [ -n "$found" ] || found=$(sed -n 's/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\) .*/\2/p' /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
      grep -v security | grep debian | head -n 1) || true
  fi
  printf '%s\n' "${found:-http://deb.debian.org/debian}"
}

# What makes apt work here must make it work in the image: sources, proxies and the host's own CA certificates.
# Passwords for mirrors (auth.conf.d) are not copied: they would be readable in every container.
settle() {
  local mirror=$1 file
  local security=${CTO_DEBIAN_SECURITY_MIRROR:-${mirror%/}-security}
  rm -f "$ROOTFS/etc/apt/sources.list"
  cat >"$ROOTFS/etc/apt/sources.list.d/debian.sources" <<SOURCES
Types: deb
URIs: $mirror
Suites: $SUITE $SUITE-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
  if curl -fsIL --max-time 10 -o /dev/null "${security%/}/dists/$SUITE-security/InRelease" 2>/dev/null; then
    cat >>"$ROOTFS/etc/apt/sources.list.d/debian.sources" <<SOURCES

Types: deb
URIs: $security
Suites: $SUITE-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
  fi
  for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/*; do
    # Only how to fetch; what the host does after an installation is its own affair.
    if [ -f "$file" ] && grep -q '^Acquire' "$file" && ! grep -q 'Invoke' "$file"; then
      grep '^Acquire' "$file" >"$ROOTFS/etc/apt/apt.conf.d/90host-$(basename "$file")"
    fi
  done
  if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
    mkdir -p "$ROOTFS/usr/local/share/ca-certificates" "$ROOTFS/etc/ssl/certs"
    cp -L /usr/local/share/ca-certificates/*.crt "$ROOTFS/usr/local/share/ca-certificates/"
    cp -L /etc/ssl/certs/ca-certificates.crt "$ROOTFS/etc/ssl/certs/" 2>/dev/null || true
  fi
}

# As in the official slim image: no manuals, no caches, and no service started by a package.
slim() {
  cat >"$ROOTFS/etc/dpkg/dpkg.cfg.d/slim" <<'DPKG'
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/info/*
path-exclude /usr/share/lintian/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/man/*
DPKG
  cat >"$ROOTFS/etc/apt/apt.conf.d/slim" <<'APT'
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::GzipIndexes "true";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb || true"; };
APT
  printf '#!/bin/sh\nexit 101\n' >"$ROOTFS/usr/sbin/policy-rc.d"
  chmod 755 "$ROOTFS/usr/sbin/policy-rc.d"
  find "$ROOTFS/usr/share/doc" -type f ! -name copyright -delete
  find "$ROOTFS/usr/share/doc" -mindepth 1 -type d -empty -delete
  rm -rf "$ROOTFS"/usr/share/{info,lintian,locale,man}/* "$ROOTFS"/var/lib/apt/lists/* "$ROOTFS"/var/cache/apt/*.bin \
    "$ROOTFS"/var/cache/apt/archives/*.deb "$ROOTFS"/var/log/*.log "$ROOTFS"/var/log/apt/* "$ROOTFS"/var/cache/debconf/*-old
  # What debootstrap took from this host.
  rm -f "$ROOTFS/etc/resolv.conf" "$ROOTFS/etc/hostname"
}

make_it() {
  local mirror
  can_apt || die "$IMAGE cannot be pulled, and making it needs root on Debian or Ubuntu" \
    "with a network: docker pull $IMAGE" "without one: docker save $IMAGE on another machine, docker load here"
  mirror=$(mirror)
  say "No registry can be reached: $IMAGE is made from the packages at $mirror."
  consent "Go on?" || die "not done" "to agree without being asked: CTO_YES=1"
  apt_install debootstrap debian-archive-keyring curl
  ROOTFS=$(mktemp -d /var/tmp/cto-base.XXXXXX)
  trap clean_up EXIT
  chmod 755 "$ROOTFS"
  step "debootstrap $SUITE (half a minute)"
  debootstrap --variant=minbase "$SUITE" "$ROOTFS" "$mirror" >"$ROOTFS.log" 2>&1 || {
    tail -n 15 "$ROOTFS.log" >&2
    rm -f "$ROOTFS.log"
    die "debootstrap could not make $IMAGE from '$mirror'" "another mirror: CTO_DEBIAN_MIRROR=http://… scripts/base-image.sh"
  }
  rm -f "$ROOTFS.log"
  settle "$mirror"
  slim
  step "importing $IMAGE"
  tar -C "$ROOTFS" --exclude=./proc/* --exclude=./sys/* --exclude=./dev/* -c . | engine_api POST \
    "/images/create?fromSrc=-&repo=docker.io/library/debian:bookworm-slim&changes=CMD%20%5B%22bash%22%5D" \
    -H 'Content-Type: application/x-tar' -T - >/dev/null
  has_image "$IMAGE" || die "the engine did not take the image"
}

main() {
  find_engine
  [ -n "$ENGINE_HOST" ] || die "no container engine answers" "first: scripts/engine.sh"
  if has_image "$IMAGE"; then return; fi
  only_one base-image
  if has_image "$IMAGE" || pull_image "$IMAGE"; then return; fi
  make_it
}

main "$@"
