# Full-screen programs whose pictures the terminal tests compare, pane against tmux.
FROM debian:bookworm-slim
ENV LANG=C.UTF-8
RUN apt-get update \
 && apt-get install -y --no-install-recommends git htop less mc nano procps tmux vim \
 && rm -rf /var/lib/apt/lists/* \
 && git config --system user.name Tester && git config --system user.email tester@example.org \
 && git config --system init.defaultBranch main
CMD ["bash"]
