//! Containers that reach named hosts and nothing else, on the real engine.
use super::support::engine::docker;
use super::support::engine::within;
use super::support::own_engine::OwnEngine;
use super::support::plane::Plane;
use super::support::plane::admin;
use super::support::plane::operator;
use cto::config::Config;
use cto::control::ExecOutput;
use cto::engine::Engine;
use cto::model::*;
use serde_json::json;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;

/// Says its name to whoever sends a line.
const SERVER: &str = "use IO::Socket::INET; $SIG{CHLD} = 'IGNORE'; for my $port (8080, 9000) { next if fork; \
    my $s = IO::Socket::INET->new(LocalPort => $port, Listen => 9, ReuseAddr => 1) or die; \
    while (1) { my $c = $s->accept or next; my $line = <$c>; print $c \"this is $ARGV[0]\\n\"; close $c } } sleep 1000";

/// A stand-in for a host of the internet; its address.
async fn host(plane: &Plane, name: &str) -> String {
    let fields = json!({"command": ["perl", "-e", SERVER, name], "interactive": false, "ready": {"port": 8080}});
    let container = plane.container(&admin(), name, fields).await;
    docker(&["inspect", "--format", "{{.NetworkSettings.Networks.bridge.IPAddress}}", &container.name]).trim().to_owned()
}

/// What a shell in a container prints.
async fn shell(plane: &Plane, name: &str, script: &str) -> String {
    run(plane, name, &["bash", "-c", script]).await
}

/// What a command in a container prints.
async fn run(plane: &Plane, name: &str, command: &[&str]) -> String {
    let start = ExecStart { command: command.iter().map(|word| (*word).to_owned()).collect(), ..ExecStart::default() };
    let mut exec = plane.control.exec_in_container(&admin(), name, start).await.unwrap();
    let mut said = Vec::new();
    while let Some(ExecOutput::Stdout(bytes) | ExecOutput::Stderr(bytes)) = within(exec.output.recv()).await {
        said.extend_from_slice(&bytes);
    }
    String::from_utf8_lossy(&said).trim().to_owned()
}

/// What a host says to `line` at `place`, or `nothing`.
async fn ask(plane: &Plane, name: &str, place: &str, line: &str) -> String {
    let script = format!("(timeout 5 bash -c 'exec 3<>/dev/tcp/{place} && printf \"{line}\" >&3 && cat <&3') 2>/dev/null | grep . || echo nothing");
    shell(plane, name, &script).await
}

/// The way out of a container: its name, by the container that it shares the network of.
fn way_of(name: &str) -> String {
    let ends = docker(&["inspect", "--format", "{{.HostConfig.NetworkMode}}", name]).trim().replace("container:", "");
    docker(&["inspect", "--format", "{{.Name}}", &ends]).trim().trim_start_matches('/').strip_suffix("-ends").unwrap().to_owned()
}

/// Whether ends, gateway and volume of a way are there.
fn is_there(way: &str) -> [bool; 3] {
    let has = |list: &[&str], name: &str| docker(list).lines().any(|line| line == name);
    let containers = ["ps", "-a", "--format", "{{.Names}}"];
    [has(&containers, &format!("{way}-ends")), has(&containers, way), has(&["volume", "ls", "--format", "{{.Name}}"], way)]
}

/// What a client of TLS says first when it wants `host`, and an end of the line, as a shell prints it.
fn tls(host: &str) -> String {
    let counted = |width: usize, bytes: &[u8]| [&bytes.len().to_be_bytes()[8 - width..], bytes].concat();
    let names = counted(2, &[&[0], counted(2, host.as_bytes()).as_slice()].concat());
    let extensions = [[0, 0].as_slice(), &counted(2, &names)].concat();
    let body = [&[3, 3], [7; 32].as_slice(), &[0], &counted(2, &[0x13, 1]), &[1, 0], &counted(2, &extensions)].concat();
    let message = [&[1], counted(3, &body).as_slice()].concat();
    let record = [&[0x16, 3, 1], counted(2, &message).as_slice(), b"\n"].concat();
    record.iter().map(|byte| format!("\\x{byte:02x}")).collect()
}

fn states(way: &str) -> String {
    docker(&["inspect", "--format", "{{.State.Status}}", way, &format!("{way}-ends")]).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Sends datagrams to a port of the host in every way that a program without rights knows: past routes, by each device, and to everybody.
const DATAGRAMS: &str = "use Socket; my $port = shift; for my $to (@ARGV) { for my $device ('', map { s|.*/||r } glob '/sys/class/net/*') { \
    socket(my $s, PF_INET, SOCK_DGRAM, 0) or die; setsockopt($s, SOL_SOCKET, SO_BROADCAST, 1); \
    setsockopt($s, SOL_SOCKET, 25, $device) if $device; \
    send($s, 'past the gateway', $_, sockaddr_in($port, inet_aton($to))) for 0, MSG_DONTROUTE } } print 'sent'";

#[tokio::test]
async fn named_hosts_are_reached_and_nothing_else() {
    let mut plane = Plane::start().await;
    let (one, two, other) = (host(&plane, "one").await, host(&plane, "two").await, host(&plane, "other").await);
    let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    let here = listener.local_addr().unwrap().port();
    let olga = operator("olga");
    let hosts = json!([format!("one.example={one}:8080"), format!("two.example={two}:8080"), format!("raw.example={one}:9000")]);
    let container = plane.container(&olga, "inside", json!({"command": "sleep 1000", "interactive": false, "network": {"egress": hosts}})).await;
    let name = container.name.as_str();
    let way = way_of(name);
    let request = |host: &str| format!("GET / HTTP/1.1\\r\\nHost: {host}\\r\\n\\r\\n");
    let (is_one, is_two, nothing) = ("this is one", "this is two", "nothing");
    let cases = [
        ("one.example/8080".to_owned(), request("one.example"), is_one),
        ("one.example/8080".to_owned(), request("ONE.Example."), is_one),
        ("two.example/8080".to_owned(), request("two.example:8080"), is_two),
        ("one.example/8080".to_owned(), tls("one.example"), is_one),
        // Who is meant is what is said, not what was looked up.
        ("one.example/8080".to_owned(), tls("two.example"), is_two),
        // A port of one host needs no word; but TLS for another host is not let through.
        ("raw.example/9000".to_owned(), "anything\\n".to_owned(), is_one),
        ("raw.example/9000".to_owned(), tls("raw.example"), is_one),
        ("raw.example/9000".to_owned(), tls("other.example"), nothing),
        ("one.example/8080".to_owned(), tls("other.example"), nothing),
        ("one.example/8080".to_owned(), tls(&other), nothing),
        ("one.example/8080".to_owned(), request("other"), nothing),
        ("one.example/8080".to_owned(), request(&other), nothing),
        ("one.example/8080".to_owned(), request("raw.example"), nothing),
        ("one.example/8080".to_owned(), format!("CONNECT {other}:8080 HTTP/1.1\\r\\nHost: {other}:8080\\r\\n\\r\\n"), nothing),
        ("one.example/8080".to_owned(), "no protocol\\n".to_owned(), nothing),
        ("one.example/9001".to_owned(), "anything\\n".to_owned(), nothing),
        (format!("{one}/8080"), request("one.example"), nothing),
        (format!("{other}/8080"), request("one.example"), nothing),
        (format!("{other}/9000"), "anything\\n".to_owned(), nothing),
        ("raw.example/22".to_owned(), "anything\\n".to_owned(), nothing),
        (format!("172.17.0.1/{here}"), "x\\n".to_owned(), nothing),
        ("169.254.169.254/80".to_owned(), request("169.254.169.254"), nothing),
    ];
    for round in ["at first", "after a stop and a start", "after a restart of container and server"] {
        let all = cases.iter().map(|(place, line, _)| ask(&plane, name, place, line));
        let answers = futures_util::future::join_all(all).await;
        for ((place, line, expected), answer) in cases.iter().zip(answers) {
            assert_eq!(answer, *expected, "{place} {line} {round}");
        }
        assert_eq!(shell(&plane, name, "getent ahosts deb.debian.org || echo unknown").await, "unknown", "names of others are not known");
        assert_eq!(shell(&plane, name, "ls /sys/class/net").await, "lo", "nobody is its neighbour, not even its host");
        assert_eq!(shell(&plane, name, "getent hosts $(hostname) | cut -d' ' -f1").await, "127.0.1.1");
        assert_eq!(states(&way), "running running", "{round}");
        if round == "at first" {
            plane.control.stop_container_now(&olga, name, StopContainer { grace_seconds: Some(0) }).await.unwrap();
            assert_eq!(states(&way), "exited exited", "the gateway stops with its container");
            plane.control.start_container(&olga, name).await.unwrap();
        } else {
            docker(&["kill", &way, &format!("{way}-ends")]);
            plane.restart().await;
            plane.control.restart_container(&olga, name, StopContainer { grace_seconds: Some(0) }).await.unwrap();
        }
    }
    let heard = tokio::net::UdpSocket::bind(("0.0.0.0", here)).await.unwrap();
    let here = here.to_string();
    let send = ["perl", "-e", DATAGRAMS, &here, "172.17.0.1", "127.0.0.1", "255.255.255.255", "224.0.0.1"];
    assert_eq!(run(&plane, name, &send).await, "sent");
    let mut bytes = [0; 64];
    assert!(tokio::time::timeout(Duration::from_millis(300), heard.recv_from(&mut bytes)).await.is_err(), "a datagram got past the gateway");
    let sent = tokio::net::UdpSocket::bind("0.0.0.0:0").await.unwrap();
    sent.send_to(b"heard", format!("127.0.0.1:{here}")).await.unwrap();
    assert_eq!(within(heard.recv(&mut bytes)).await.unwrap(), 5, "else it would have been heard");
    // Nobody reaches the hosts through the gateway but its own container.
    let outside = docker(&["inspect", "--format", "{{.NetworkSettings.Networks.bridge.IPAddress}}", &way]);
    assert_eq!(ask(&plane, &plane.name("other"), &format!("{}/9000", outside.trim()), "x\\n").await, nothing);
    // It can do nothing but that.
    let limits =
        "{{.Config.User}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}} {{.HostConfig.Memory}} {{.HostConfig.PidsLimit}}";
    assert_eq!(docker(&["inspect", "--format", limits, &way]).trim(), "65534:65534 true [ALL] [no-new-privileges] 67108864 300");
    // They are helpers: shown to nobody.
    assert_eq!(plane.existing().await.len(), 4);
    assert!(plane.control.get_volume(&admin(), &way).await.is_err());
    let join = ConnectContainer { container: name.to_owned(), aliases: Vec::new() };
    assert_eq!(plane.control.connect_network(&olga, "bridge", join).await.unwrap_err().code, Code::WrongState);
    assert_eq!(is_there(&way), [true; 3]);
    plane.control.delete_container(&olga, name, RemoveContainer { force: true }).await.unwrap();
    assert_eq!(is_there(&way), [false; 3], "both go with the container");
    for name in ["one", "two", "other"] {
        plane.control.delete_container(&admin(), &plane.name(name), RemoveContainer { force: true }).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_engine_has_ended_and_begun_with_everything_in_it_the_ways_out_lead_out_again() {
    // Without live-restore all containers end with their engine, and it starts them in no order.
    let alone = OwnEngine::prepared(|dir| std::fs::write(dir.join("daemon.json"), json!({"live-restore": false}).to_string()).unwrap());
    let plane = Plane::configured(Engine::connect(Some(&alone.address())), Config::default()).await;
    let listener = tokio::net::TcpListener::bind((alone.host(), 0)).await.unwrap();
    let place = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut answered, _)) = listener.accept().await {
            let _ = answered.write_all(b"this is one\n").await;
        }
    });
    let fields = json!({"command": "sleep 1000", "interactive": false, "restart": "always", "network": {"egress": [format!("one.example={place}")]}});
    let ada = admin();
    let containers = futures_util::future::join_all((0..4).map(|n| plane.container(&ada, ["a", "b", "c", "d"][n], fields.clone()))).await;
    let there = format!("one.example/{}", place.port());
    let answers = async || futures_util::future::join_all(containers.iter().map(|container| ask(&plane, &container.name, &there, "x\\n"))).await;
    assert_eq!(answers().await, ["this is one"; 4]);
    for _ in 0..2 {
        let mut before = Vec::new();
        for container in &containers {
            before.push(plane.control.parts().engine.inspect(&container.name).await.unwrap().started_at);
        }
        alone.down();
        alone.up();
        let all_run = async {
            for (container, before) in containers.iter().zip(&before) {
                loop {
                    let now = plane.control.parts().engine.inspect(&container.name).await;
                    if now.is_ok_and(|now| now.state == ContainerState::Running && now.started_at != *before) {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
            // The gateway may be on its way still.
            while answers().await != ["this is one"; 4] {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        if tokio::time::timeout(Duration::from_secs(60), all_run).await.is_err() {
            let states = docker(&["-H", &alone.address(), "ps", "-a", "--format", "{{.Names}} {{.Status}}"]);
            let mut errors = Vec::new();
            for container in &containers {
                errors.push(plane.control.parts().engine.inspect(&container.name).await.map(|now| (now.state, now.started_at, now.error)));
            }
            panic!("not all run again and reach their host; before: {before:?}\n{errors:#?}\n{states}");
        }
    }
    for container in &containers {
        plane.control.delete_container(&ada, &container.name, RemoveContainer { force: true }).await.unwrap();
    }
}

#[tokio::test]
async fn a_failed_launch_leaves_no_gateway_and_one_that_was_removed_by_hand_is_swept() {
    let plane = Plane::start().await;
    let network = json!({"egress": ["pypi.org"]});
    let operation = plane.launch(&admin(), "bad", json!({"command": "no-such-program", "interactive": false, "network": network})).await;
    assert!(operation.problem.is_some());
    let operation_id = operation.id.to_string();
    let label = format!("label=cto.launch={operation_id}");
    assert_eq!(docker(&["volume", "ls", "--filter", &label, "--format", "{{.Name}}"]), "");
    let container = plane.container(&admin(), "gone", json!({"command": "sleep 1000", "interactive": false, "network": network})).await;
    let way = way_of(&container.name);
    docker(&["rm", "-f", &container.name]);
    assert_eq!(is_there(&way), [true; 3]);
    let told = plane.control.clean(&admin(), Clean { dry_run: true, older_than_hours: 0 }).await.unwrap();
    assert!(told.items.iter().any(|item| item.kind == LeftoverKind::Container && item.name == way), "{told:?}");
    plane.control.clear_leftovers().await;
    assert_eq!(is_there(&way), [false; 3]);
    // One in use is left alone.
    let container = plane.container(&admin(), "used", json!({"command": "sleep 1000", "interactive": false, "network": "egress:pypi.org:443"})).await;
    let way = way_of(&container.name);
    plane.control.clear_leftovers().await;
    assert_eq!(is_there(&way), [true; 3]);
    plane.control.delete_container(&admin(), &container.name, RemoveContainer { force: true }).await.unwrap();
    tokio::time::timeout(Duration::from_secs(10), async { while is_there(&way) != [false; 3] {} }).await.unwrap();
}
