# The two commands: `make run` opens cto on this machine, `make test` runs every test. The rest is for those who build it.
# What they need is brought by scripts/setup.sh; it asks before it changes the machine (CTO_YES=1 agrees beforehand).

SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help run test check prove dev snap pictures web install docker clean fmt fmt-check clippy doc deny shellcheck

# `run` builds with the profile "ci": optimised, but linked without the whole-program pass that costs 3 minutes.
# PROFILE=release is what is shipped; PROFILE=dev shares its artefacts with `make test`.
PROFILE ?= ci
TARGET := $(or $(CARGO_TARGET_DIR),target)
BINARY := $(TARGET)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))/cto
IMAGE ?= cto
PREFIX ?= /usr/local
ARGS ?=
WEB := $(wildcard assets/web/package.json)
HOLD := $(wildcard hold/Cargo.toml)

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

run: ## bring all that is needed, build, open the TUI (ARGS="ps" for something else)
	@scripts/setup.sh compiler engine image web
	@cargo build --locked --profile $(PROFILE) --bin cto
	@exec $(BINARY) $(ARGS)

test: ## every test, on real containers; T=name for those of that name only
	@scripts/setup.sh compiler engine image web web-modules test-tools
	cargo test --locked -- $(T)
	$(if $(HOLD),cargo test --locked --manifest-path hold/Cargo.toml -- $(T))
ifneq ($(WEB),)
	cd assets/web && npm run --silent check && npm test --silent
endif

check: fmt-check clippy doc deny shellcheck ## format, lints, documentation, licences

prove: ## the promises of the tests at full scale: load, faults, soak, fuzz, benchmarks (long)
	@scripts/setup.sh compiler engine image web web-modules test-tools
	CTO_PROVE=1 cargo test --locked --profile ci -- --include-ignored $(T)
	cargo build --locked --profile ci --bin cto
	$(TARGET)/ci/cto bench all --json

dev: ## rebuild and restart the server on every change; dashboard with hot reload (ARGS="--log-level debug")
	@scripts/setup.sh compiler engine image web-modules
	@exec scripts/dev.sh $(ARGS)

snap: ## rewrite the pictures and golden files that tests compare; look at the difference before you commit
	INSTA_UPDATE=always UPDATE=1 cargo test --locked -- $(T)

pictures: ## the pictures in docs/pictures, anew from the real program
	scripts/pictures.sh

web: ## type check and build the dashboard
ifneq ($(WEB),)
	@scripts/setup.sh web-modules
	cd assets/web && npm run --silent check && npm run --silent build && touch dist/index.html
else
	@echo "there is no assets/web/package.json"
endif

install: ## build, and copy cto to PREFIX/bin (/usr/local)
	@scripts/setup.sh compiler web
	cargo build --locked --profile $(PROFILE) --bin cto
	mkdir -p $(DESTDIR)$(PREFIX)/bin && install -m 755 $(BINARY) $(DESTDIR)$(PREFIX)/bin/cto

docker: ## an image of cto (IMAGE=name): from sources, or from the binary built here
	@scripts/setup.sh engine
	@scripts/docker.sh $(IMAGE) $(BINARY)

fmt: ## format
	cargo fmt --all
	$(if $(HOLD),cargo fmt --manifest-path hold/Cargo.toml)

fmt-check:
	cargo fmt --all --check
	$(if $(HOLD),cargo fmt --manifest-path hold/Cargo.toml --check)

clippy:
	@scripts/setup.sh compiler
	cargo clippy --locked --all-targets -- -D warnings
	$(if $(HOLD),cargo clippy --locked --manifest-path hold/Cargo.toml --all-targets -- -D warnings)

doc:
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps
	$(if $(HOLD),RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --lib --manifest-path hold/Cargo.toml)

deny:
	scripts/deny.sh

shellcheck:
	@if command -v shellcheck >/dev/null; then shellcheck -x scripts/*.sh .ci/run && echo "shellcheck: clean"; \
	else echo "shellcheck is not installed: the scripts are not checked"; fi

clean: ## remove all that was built
	cargo clean
	rm -rf assets/web/dist assets/web/node_modules
