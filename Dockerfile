# cto in a container, built from the sources: docker build -t cto .
#
#   docker run --rm -it --init -v /var/run/docker.sock:/var/run/docker.sock -v cto:/var/lib/cto cto
#
# Where no builder image can be pulled, `make docker` makes the same image from the binary built on this machine
# (Dockerfile.binary). SETUP.md says more.
ARG RUST_VERSION=1.95
ARG NODE_VERSION=20

FROM node:${NODE_VERSION}-bookworm-slim AS web
WORKDIR /source
COPY assets assets
COPY themes themes
RUN cd assets/web && npm ci --ignore-scripts --no-audit --no-fund && npm run build

FROM rust:${RUST_VERSION}-bookworm AS build
WORKDIR /source
COPY . .
COPY --from=web /source/assets/web/dist assets/web/dist
RUN cargo build --locked --release --bin cto && cp target/release/cto /usr/local/bin/cto

FROM debian:bookworm-slim
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /usr/local/bin/cto /usr/local/bin/cto
# A build that cannot start here fails here.
RUN ["/usr/local/bin/cto", "--version"]
# The engine's names for a terminal are too modest: colours and UTF-8 are there.
ENV LANG=C.UTF-8 TERM=xterm-256color CTO_HOME=/var/lib/cto
VOLUME /var/lib/cto
WORKDIR /var/lib/cto
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/cto"]
