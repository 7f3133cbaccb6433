#!/usr/bin/env bash
# Makes the image of cto: from the sources where the builder images can be had, else from the binary of this machine.
#
#   scripts/docker.sh TAG BINARY     BINARY is built before when it is needed, with the profile of its folder
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

readonly TAG=${1:-cto} BINARY=${2:-target/ci/cto}

from_sources() {
  local client name
  for client in docker podman; do
    if have "$client"; then break; fi
  done
  have "$client" || return 1
  for name in "rust:1.95-bookworm" "node:20-bookworm-slim"; do
    has_image "$name" || pull_image "$name" || return 1
  done
  step "building the image '$TAG' from the sources"
  DOCKER_HOST=$ENGINE_HOST "$client" build -t "$TAG" . >&2
}

from_binary() {
  local context profile
  profile=$(basename "$(dirname "$BINARY")")
  if [ "$profile" = debug ]; then profile=dev; fi
  step "no builder image can be pulled: building the binary here, then the image '$TAG' around it"
  scripts/setup.sh compiler web image
  cargo build --locked --profile "$profile" --bin cto >&2
  context=$(mktemp -d)
  # shellcheck disable=SC2064  # the folder is known now
  trap "rm -rf '$context'" EXIT
  cp "$BINARY" "$context/cto"
  cp Dockerfile.binary "$context/Dockerfile"
  cp -L /etc/ssl/certs/ca-certificates.crt "$context/" 2>/dev/null || : >"$context/ca-certificates.crt"
  build_image "$TAG" "$context"
}

find_engine
[ -n "$ENGINE_HOST" ] || die "no container engine answers" "first: scripts/engine.sh"
from_sources || from_binary
say "The image '$TAG' is ready. To open it:"
say "  docker run --rm -it --init -v /var/run/docker.sock:/var/run/docker.sock -v cto:/var/lib/cto $TAG"
