//! What the engine room promises, asked of a real engine.
use crate::support::engine::Ground;
use crate::support::engine::IMAGE;
use crate::support::engine::docker;
use crate::support::engine::request;
use crate::support::engine::until;
use crate::support::engine::within;
use cto::engine::Engine;
use cto::engine::EngineEvent;
use cto::engine::ExecOutput;
use cto::model::*;
use sha2::Digest;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

async fn ensure(ground: &Ground, reference: &str, packages: &[&str], lines: &mut Vec<Progress>) -> cto::error::Result<String> {
    let source = ImageSource { reference: reference.to_owned(), build: None, packages: packages.iter().map(|name| (*name).to_owned()).collect() };
    ground.engine.images().ensure(&source, &mut |progress| lines.push(progress), CancellationToken::new()).await
}

#[tokio::test]
async fn a_container_lives_from_creation_to_removal() {
    let ground = Ground::new();
    let id = ground.created(&ground.spec("life", &["sleep", "1000"])).await;
    let container = ground.engine.inspect(&ground.name("life")).await.unwrap();
    assert_eq!(
        (container.state, container.owner.as_deref(), container.foreign, container.image.as_str()),
        (ContainerState::Created, Some("tess"), false, IMAGE)
    );
    ground.engine.start(&id).await.unwrap();
    ground.engine.start(&id).await.unwrap();
    let by_prefix = ground.engine.inspect(&id.as_str()[..12]).await.unwrap();
    assert_eq!((by_prefix.state, by_prefix.id.clone()), (ContainerState::Running, id.clone()));
    assert_eq!(by_prefix.command, ["sleep", "1000"]);
    assert!(ground.engine.list().await.unwrap().iter().any(|container| container.id == id));
    let refused = ground.engine.remove(&id, false).await.unwrap_err();
    assert_eq!((refused.code, refused.fix.unwrap().contains("cto rm -f")), (Code::WrongState, true));
    ground.engine.restart(&id, Some(Duration::ZERO)).await.unwrap();
    ground.engine.kill(&id).await.unwrap();
    assert_eq!(within(ground.engine.wait(&id)).await.unwrap(), 137);
    ground.engine.stop(&id, None).await.unwrap();
    assert_eq!(ground.engine.inspect(id.as_str()).await.unwrap().exit_code, Some(137));
    ground.engine.remove(&id, false).await.unwrap();
    assert_eq!(ground.engine.inspect(id.as_str()).await.unwrap_err().code, Code::NotFound);
}

#[tokio::test]
async fn a_container_that_ends_at_once_is_seen_so() {
    let ground = Ground::new();
    let id = ground.running("brief", &["sh", "-c", "exit 3"]).await;
    let container = ground.engine.first_state(&id, Duration::from_secs(30)).await.unwrap();
    assert_eq!((container.state, container.exit_code), (ContainerState::Exited, Some(3)));
}

#[tokio::test]
async fn errors_name_the_thing_and_the_remedy() {
    let ground = Ground::new();
    let spec = ground.spec("one", &["sleep", "1000"]);
    let mut ported = spec.clone();
    ported.network = NetworkMode::Isolated;
    ported.ports = vec![Port { host_ip: "127.0.0.1".into(), host_port: 0, container_port: 80, protocol: "tcp".into() }];
    let first = ground.created(&ported).await;
    ground.engine.start(&first).await.unwrap();
    let image = ensure(&ground, IMAGE, &[], &mut Vec::new()).await.unwrap();
    assert_eq!(ground.engine.create(&spec, "tess", None, &image).await.unwrap_err().code, Code::NameInUse);

    let taken = ground.engine.inspect(first.as_str()).await.unwrap().ports[0].host_port;
    assert!(taken > 0);
    let mut second = ground.spec("two", &["sleep", "1000"]);
    (second.network, second.ports) = (NetworkMode::Isolated, ported.ports.clone());
    second.ports[0].host_port = taken;
    let second = ground.created(&second).await;
    let refused = ground.engine.start(&second).await.unwrap_err();
    assert_eq!((refused.code, refused.message), (Code::PortInUse, format!("the host's port {taken} is taken by container '{}'", ground.name("one"))));

    // The container's init starts, and then finds no such program.
    let missing = ground.running("three", &["htop"]).await;
    assert_eq!(ground.engine.first_state(&missing, Duration::from_secs(30)).await.unwrap().exit_code, Some(127));
    let start = ExecStart { command: vec!["htop".into()], ..ExecStart::default() };
    let refused = ground.engine.exec(&start, &first).await.unwrap_err();
    assert_eq!((refused.code, refused.message.as_str()), (Code::CommandNotFound, "the image has no program 'htop'"));
    assert!(refused.fix.unwrap().contains(r#""packages": ["htop"]"#));

    for absent in ["no-such-container", "../images/json", ""] {
        assert_eq!(ground.engine.inspect(absent).await.unwrap_err().code, Code::NotFound);
    }
    let start = ExecStart { command: vec!["true".into()], ..ExecStart::default() };
    assert_eq!(ground.engine.exec(&start, &second).await.unwrap_err().code, Code::WrongState);
}

#[tokio::test]
async fn containers_are_hardened_and_still_usable() {
    let ground = Ground::new();
    let mut spec = ground.spec("hard", &["sleep", "1000"]);
    spec.read_only = true;
    let id = ground.created(&spec).await;
    ground.engine.start(&id).await.unwrap();
    let (code, out, _) = ground.run(&id, &["sh", "-c", "grep NoNewPrivs /proc/1/status; grep CapBnd /proc/self/status; touch /x || echo locked; touch /tmp/x && echo scratch; echo $TERM $LANG; ls /sys/class/net"]).await;
    let out = String::from_utf8(out).unwrap();
    assert_eq!(code, 0, "{out}");
    // CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE SYS_CHROOT
    for expected in ["NoNewPrivs:\t1", "CapBnd:\t00000000000405fb", "locked", "scratch", "xterm-256color C.UTF-8"] {
        assert!(out.contains(expected), "{expected}: {out}");
    }
    assert!(!out.contains("eth0"), "{out}");
}

#[tokio::test]
async fn an_exec_keeps_streams_apart_and_returns_its_code() {
    let ground = Ground::new();
    let id = ground.idle().await;
    let (code, out, error) = ground.run(&id, &["sh", "-c", "echo out; echo error >&2; exit 7"]).await;
    assert_eq!((code, out.as_slice(), error.as_slice()), (7, b"out\n".as_slice(), b"error\n".as_slice()));
    let start = ExecStart { command: vec!["nonesuch".into()], ..ExecStart::default() };
    assert_eq!(ground.engine.exec(&start, &id).await.unwrap_err().code, Code::CommandNotFound);
    let start = ExecStart { command: vec!["id".into()], user: Some("nobody-here".into()), ..ExecStart::default() };
    assert_eq!(ground.engine.exec(&start, &id).await.unwrap_err().code, Code::InvalidValue);
}

#[tokio::test]
async fn an_exec_passes_every_byte_and_the_end_of_input() {
    let ground = Ground::new();
    let id = ground.idle().await;
    let start = ExecStart { command: vec!["cat".into()], stdin: true, ..ExecStart::default() };
    let exec = ground.engine.exec(&start, &id).await.unwrap();
    let cto::engine::Exec { stdin, mut output, control } = exec;
    let mut sent = vec![0u8; 10 << 20];
    rand::fill(sent.as_mut_slice());
    let expected = sha2::Sha256::digest(&sent);
    let sending = tokio::spawn(async move {
        for chunk in sent.chunks(60_000) {
            stdin.send(bytes::Bytes::copy_from_slice(chunk)).await.unwrap();
        }
    });
    let mut hash = sha2::Sha256::new();
    while let Some(piece) = within(output.recv()).await {
        match piece {
            ExecOutput::Stdout(bytes) => hash.update(bytes),
            ExecOutput::Stderr(bytes) => panic!("{bytes:?}"),
        }
    }
    sending.await.unwrap();
    assert_eq!((hash.finalize(), within(control.exit()).await.unwrap()), (expected, 0));
}

#[tokio::test]
async fn a_program_waits_while_its_output_is_not_taken_and_a_kill_ends_it() {
    let ground = Ground::new();
    let id = ground.idle().await;
    let start = ExecStart { command: vec!["sh".into(), "-c".into(), "yes | cat".into()], ..ExecStart::default() };
    let mut exec = ground.engine.exec(&start, &id).await.unwrap();
    assert!(within(exec.output.recv()).await.is_some());
    exec.control.kill().await.unwrap();
    let mut taken = 0usize;
    while let Some(ExecOutput::Stdout(bytes) | ExecOutput::Stderr(bytes)) = within(exec.output.recv()).await {
        taken += bytes.len();
    }
    assert!(taken < 64 << 20, "{taken} bytes were collected");
    assert_ne!(within(exec.control.exit()).await.unwrap(), 0);
    let (_, left, _) = ground.run(&id, &["sh", "-c", "cat /proc/[0-9]*/comm"]).await;
    assert!(!String::from_utf8(left).unwrap().contains("yes"));
}

#[tokio::test]
async fn a_terminal_echoes_follows_its_size_and_leaves_no_process() {
    let ground = Ground::new();
    let id = ground.idle().await;
    let mut terminal = ground.terminal(&id, &[]).await;
    terminal.input.send("stty size; echo $SHELL $TERM\r".into()).await.unwrap();
    assert!(until(&mut terminal, "/bin/bash xterm-256color").await.contains("30 90"));
    terminal.control.resize(Size { cols: 100, rows: 40 }).await.unwrap();
    terminal.input.send("stty size\r".into()).await.unwrap();
    until(&mut terminal, "40 100").await;
    terminal.input.send("(trap '' HUP; sleep 777) & sleep 778 & sleep 779\r".into()).await.unwrap();
    until(&mut terminal, "sleep 779").await;
    within(terminal.control.close()).await.unwrap();
    while within(terminal.output.recv()).await.is_some() {}
    assert!(within(terminal.control.exit()).await.unwrap().is_some());
    let (_, left, _) = ground.run(&id, &["sh", "-c", "for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline; echo; done 2>/dev/null"]).await;
    let left = String::from_utf8(left).unwrap();
    assert!(!left.contains("sleep 77") && !left.contains("bash"), "{left}");
}

#[tokio::test]
async fn a_terminal_passes_control_bytes_whole() {
    let ground = Ground::new();
    let id = ground.idle().await;
    // What begins with NUL, 1 or 2 looks like the head of a frame.
    let mut terminal = ground.terminal(&id, &["sh", "-c", "read go; printf '\\000\\001\\002\\000\\000\\000\\000\\377end'; exit 5"]).await;
    terminal.input.send("go\r".into()).await.unwrap();
    let mut seen = Vec::new();
    while let Some(bytes) = within(terminal.output.recv()).await {
        seen.extend(bytes);
    }
    assert_eq!(seen, b"go\r\n\0\x01\x02\0\0\0\0\xffend");
    assert_eq!(within(terminal.control.exit()).await.unwrap(), Some(5));
    let mut keys = ground.terminal(&id, &["sh", "-c", "stty raw -echo; echo ready; head -c 3 | od -An -tx1; sleep 1000"]).await;
    until(&mut keys, "ready").await;
    // Docker would take these for "detach".
    keys.input.send("\u{10}\u{11}x".into()).await.unwrap();
    until(&mut keys, "10 11 78").await;
    let refused = ground.engine.open_terminal(&request(&id, &["nonesuch"])).await.unwrap_err();
    assert_eq!(refused.code, Code::CommandNotFound);
}

#[tokio::test]
async fn attaching_to_a_main_program_before_its_start_misses_nothing() {
    let ground = Ground::new();
    // One of another tool's: under a holder the terminal is the holder's.
    let program = ["sh", "-c", "echo first; read line; stty size; read line; exit 4"];
    let name = ground.name("main");
    let id = docker(&[&["create", "-it", "--name", &name, IMAGE][..], &program[..]].concat());
    let id: ContainerId = id.trim().into();
    let mut terminal = ground.engine.open_terminal(&cto::engine::TerminalRequest { main: true, ..request(&id, &[]) }).await.unwrap();
    ground.engine.start(&id).await.unwrap();
    until(&mut terminal, "first").await;
    let mut second = ground.engine.open_terminal(&cto::engine::TerminalRequest { main: true, ..request(&id, &[]) }).await.unwrap();
    assert!(String::from_utf8(second.replay.clone()).unwrap().contains("first"));
    second.input.send("\r".into()).await.unwrap();
    until(&mut terminal, "30 90").await;
    until(&mut second, "30 90").await;
    terminal.input.send("\r".into()).await.unwrap();
    while within(terminal.output.recv()).await.is_some() {}
    assert_eq!(within(terminal.control.exit()).await.unwrap(), Some(4));
    let refused = ground.engine.open_terminal(&cto::engine::TerminalRequest { main: true, ..request(&id, &[]) }).await.unwrap_err();
    assert_eq!(refused.code, Code::WrongState);
}

#[tokio::test]
async fn logs_come_as_they_were_printed() {
    let ground = Ground::new();
    let id = ground.running("logs", &["sh", "-c", "for i in 1 2 3; do echo out$i; done; echo error >&2; sleep 1000"]).await;
    let mut follow = ground.engine.logs(&id, &LogQuery { follow: true, ..LogQuery::default() }).await.unwrap();
    let (mut out, mut error) = (Vec::new(), Vec::new());
    while out != b"out1\nout2\nout3\n" || error != b"error\n" {
        match within(follow.recv()).await.unwrap().unwrap() {
            (LogSource::Stdout, bytes) => out.extend(bytes),
            (LogSource::Stderr, bytes) => error.extend(bytes),
        }
    }
    ground.engine.kill(&id).await.unwrap();
    assert!(within(follow.recv()).await.is_none(), "a followed log ends with its container");
    let mut tail = ground.engine.logs(&id, &LogQuery { tail: Some(1), timestamps: true, ..LogQuery::default() }).await.unwrap();
    let (_, line) = within(tail.recv()).await.unwrap().unwrap();
    let line = String::from_utf8(line.to_vec()).unwrap();
    let (time, text) = line.split_once(' ').unwrap();
    assert!(time.parse::<jiff::Timestamp>().is_ok() && ["error\n", "out3\n"].contains(&text), "{line}");
}

#[tokio::test]
async fn stats_flow_while_a_container_runs() {
    let ground = Ground::new();
    let id = ground.running("busy", &["sh", "-c", "while :; do :; done"]).await;
    let mut stats = ground.engine.stats(&id).await.unwrap();
    within(stats.recv()).await.unwrap();
    let second = within(stats.recv()).await.unwrap();
    assert!(second.cpu_percent > 5.0 && second.cpu_percent < 150.0, "{second:?}");
    assert!(second.memory_bytes > 0 && second.memory_limit_bytes == 256 << 20 && second.pids >= 1, "{second:?}");
    ground.engine.kill(&id).await.unwrap();
    while within(stats.recv()).await.is_some() {}
}

#[tokio::test]
async fn packages_make_an_image_once() {
    let ground = Ground::new();
    let forget = || {
        for id in docker(&["image", "ls", "-q", "--filter", "reference=cto-derived/*", "--filter", "label=cto.derived"]).split_whitespace() {
            if docker(&["run", "--rm", "--network=none", id, "cat", "/usr/share/doc/hello/copyright"]).contains("hello") {
                docker(&["rmi", "-f", id]);
            }
        }
    };
    forget();
    let mut lines = Vec::new();
    let built = ensure(&ground, IMAGE, &["hello"], &mut lines).await;
    let mut again = Vec::new();
    let cached = ensure(&ground, IMAGE, &["hello", "hello"], &mut again).await;
    let mut spec = ground.spec("hello", &["hello"]);
    spec.image.packages = vec!["hello".into()];
    let id = ground.created(&spec).await;
    ground.engine.start(&id).await.unwrap();
    assert_eq!(within(ground.engine.wait(&id)).await.unwrap(), 0);
    ground.engine.remove(&id, true).await.unwrap();
    forget();
    assert_eq!(built.unwrap(), cached.unwrap());
    assert!(lines.iter().any(|progress| progress.phase == "installing hello" && progress.total > 0 && progress.line.is_some()), "{lines:?}");
    assert!(again.is_empty(), "{again:?}");
}

#[tokio::test]
async fn unknown_packages_and_images_are_named() {
    let ground = Ground::new();
    let before = docker(&["image", "ls", "-q", "-f", "dangling=true"]);
    let refused = ensure(&ground, IMAGE, &["no-such-package-cto"], &mut Vec::new()).await.unwrap_err();
    assert_eq!((refused.code, refused.message.contains("'no-such-package-cto'")), (Code::PackageNotFound, true), "{refused:?}");
    // Builds of other tests have nameless layers too, while they run.
    let cleaned = async {
        while docker(&["image", "ls", "-q", "-f", "dangling=true"]).lines().any(|layer| !before.contains(layer)) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), cleaned).await.expect("a failed build leaves no layer");
    // A registry that nobody listens at, so that no test depends on the network.
    let refused = within(ensure(&ground, "127.0.0.1:9/nobody/nothing:1", &[], &mut Vec::new())).await.unwrap_err();
    assert_eq!(refused.code, Code::ImageUnavailable);
    assert!(refused.message.contains("127.0.0.1:9/nobody/nothing:1") && refused.fix.is_some(), "{refused:?}");
}

#[tokio::test]
async fn a_cancelled_build_leaves_nothing() {
    let ground = Ground::new();
    let cancel = CancellationToken::new();
    let mark = format!("cto-cancel-{}", std::process::id());
    // A base of its own, so that the build's container is known among others.
    let made = std::process::Command::new("sh")
        .arg("-c")
        .arg(format!(
            "printf 'FROM {IMAGE}\\nLABEL t={mark}\\nRUN printf \"#!/bin/sh\\\\nexec sleep 1000\\\\n\" >/usr/bin/apt-get\\n' | docker build -q -t {mark} -"
        ))
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let source = ImageSource { reference: mark.clone(), build: None, packages: vec!["hello".into()] };
    let stop = cancel.clone();
    let mut told = move |progress: Progress| {
        if progress.line.is_some_and(|line| line.contains("Running in")) {
            stop.cancel();
        }
    };
    let images = ground.engine.images();
    let ended = within(images.ensure(&source, &mut told, cancel)).await.unwrap_err();
    let gone = within(async {
        while !docker(&["ps", "-aq", "--filter", &format!("label=t={mark}")]).trim().is_empty() {
            tokio::task::yield_now().await;
        }
    });
    gone.await;
    docker(&["rmi", "-f", &mark]);
    assert_eq!(ended.code, Code::Cancelled);
}

#[tokio::test]
async fn the_watcher_tells_each_change() {
    let ground = Ground::new();
    let mut events = ground.engine.watch(CancellationToken::new());
    assert!(matches!(within(events.recv()).await, Some(EngineEvent::Back(info)) if info.available));
    assert!(matches!(within(events.recv()).await, Some(EngineEvent::Listed(_))));
    let spec = ground.spec("seen", &["sleep", "1000"]);
    let id = ground.created(&spec).await;
    let mut next = async |wanted: Option<ContainerState>| {
        loop {
            match within(events.recv()).await.unwrap() {
                EngineEvent::Changed(container) if container.id == id && Some(container.state) == wanted => return,
                EngineEvent::Removed { id: gone, name } if gone == id && wanted.is_none() => return assert_eq!(name, spec.name),
                _ => {}
            }
        }
    };
    next(Some(ContainerState::Created)).await;
    ground.engine.start(&id).await.unwrap();
    next(Some(ContainerState::Running)).await;
    ground.engine.kill(&id).await.unwrap();
    next(Some(ContainerState::Exited)).await;
    ground.engine.remove(&id, false).await.unwrap();
    next(None).await;
}

#[tokio::test]
async fn an_engine_that_is_away_is_said_so_and_found_when_it_comes() {
    let place = tempfile::tempdir().unwrap();
    let socket = place.path().join("docker.sock");
    let engine = Engine::connect(Some(&format!("unix://{}", socket.display())));
    let refused = engine.list().await.unwrap_err();
    assert_eq!(refused.code, Code::EngineUnavailable);
    assert!(refused.message.contains(socket.to_str().unwrap()) && refused.fix.unwrap().contains("DOCKER_HOST"));
    let mut events = engine.watch(CancellationToken::new());
    assert!(matches!(within(events.recv()).await, Some(EngineEvent::Lost { .. })));
    // The real engine behind a door of ours: the door opens, closes and opens again.
    let ground = Ground::new();
    let real = ground.engine.ping().await.unwrap().address;
    let real = real.strip_prefix("unix://").expect("the tests' engine is on this machine").to_owned();
    for _ in 0..2 {
        let door = Door::open(&socket, &real);
        assert!(matches!(within(events.recv()).await, Some(EngineEvent::Back(_))));
        assert!(matches!(within(events.recv()).await, Some(EngineEvent::Listed(_))));
        assert!(engine.info().available);
        door.close(&socket).await;
        loop {
            if let Some(EngineEvent::Lost { .. }) = within(events.recv()).await {
                break;
            }
        }
        assert!(!engine.info().available);
    }
}

/// A socket that passes everything on to another.
struct Door(tokio::task::JoinHandle<()>);

impl Door {
    fn open(at: &std::path::Path, to: &str) -> Self {
        let listener = tokio::net::UnixListener::bind(at).unwrap();
        let to = to.to_owned();
        Self(tokio::spawn(async move {
            let mut passing = tokio::task::JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                let to = to.clone();
                passing.spawn(async move {
                    let mut far = tokio::net::UnixStream::connect(to).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                });
            }
        }))
    }

    async fn close(self, at: &std::path::Path) {
        self.0.abort();
        let _ = self.0.await;
        std::fs::remove_file(at).unwrap();
    }
}
