#!/usr/bin/env bash
# Checks licences, banned crates and sources; known vulnerabilities only where their database can be read.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

scripts/setup.sh cargo-deny
manifests=(Cargo.toml)
[ ! -e hold/Cargo.toml ] || manifests+=(hold/Cargo.toml)
for manifest in "${manifests[@]}"; do
  cargo fetch --quiet --locked --manifest-path "$manifest"
  cargo deny --config "$PWD/.deny.toml" --manifest-path "$manifest" --offline check --hide-inclusion-graph licenses bans sources
done

# The database is a git repository; a machine without it, or without a network, must not be told that all is well.
if timeout 60 cargo deny --config "$PWD/.deny.toml" fetch db >/dev/null 2>&1; then
  for manifest in "${manifests[@]}"; do
    cargo deny --config "$PWD/.deny.toml" --manifest-path "$manifest" --offline check advisories
  done
else
  say "known vulnerabilities: NOT CHECKED, their database cannot be fetched from here"
fi
