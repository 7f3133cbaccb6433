//! Containers that reach named hosts and nothing else, on the real engine.
use super::support::engine::docker;
use super::support::engine::within;
use super::support::plane::Plane;
use super::support::plane::admin;
use super::support::plane::operator;
use cto::control::ExecOutput;
use cto::model::*;
use serde_json::json;
use std::time::Duration;

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
    let start = ExecStart { command: ["bash", "-c", script].map(str::to_owned).to_vec(), ..ExecStart::default() };
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

/// Networks and containers of gateways that belong to a container.
fn ways(name: &str) -> Vec<String> {
    let networks = docker(&["inspect", "--format", "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}", name]);
    networks.split_whitespace().filter(|name| name.starts_with("cto-egress-")).map(str::to_owned).collect()
}

fn is_there(way: &str) -> (bool, bool) {
    let has = |list: &[&str]| docker(list).lines().any(|line| line == way);
    (has(&["network", "ls", "--format", "{{.Name}}"]), has(&["ps", "-a", "--format", "{{.Names}}"]))
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

fn state(container: &str) -> String {
    docker(&["inspect", "--format", "{{.State.Status}}", container]).trim().to_owned()
}

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
    let way = ways(name).remove(0);
    let first = docker(&["network", "inspect", "--format", "{{(index .IPAM.Config 0).Subnet}}", &way]).trim().replace("/29", "");
    let (base, last) = first.rsplit_once('.').unwrap();
    let neighbour = format!("{base}.{}/{here}", last.parse::<u8>().unwrap() + 1);
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
        // The host is nobody's neighbour.
        (neighbour, "x\\n".to_owned(), nothing),
    ];
    for round in ["at first", "after a stop and a start", "after a restart of container and server"] {
        let all = cases.iter().map(|(place, line, _)| ask(&plane, name, place, line));
        let answers = futures_util::future::join_all(all).await;
        for ((place, line, expected), answer) in cases.iter().zip(answers) {
            assert_eq!(answer, *expected, "{place} {line} {round}");
        }
        assert_eq!(shell(&plane, name, "getent ahosts deb.debian.org || echo unknown").await, "unknown", "names of others are not known");
        assert_eq!(shell(&plane, name, "cat /proc/sys/net/ipv6/conf/eth0/disable_ipv6").await, "1");
        assert_eq!(state(&way), "running", "{round}");
        if round == "at first" {
            plane.control.stop_container_now(&olga, name, StopContainer { grace_seconds: Some(0) }).await.unwrap();
            assert_eq!(state(&way), "exited", "the gateway stops with its container");
            plane.control.start_container(&olga, name).await.unwrap();
        } else {
            docker(&["kill", &way]);
            plane.restart().await;
            plane.control.restart_container(&olga, name, StopContainer { grace_seconds: Some(0) }).await.unwrap();
        }
    }
    // Nobody reaches the hosts through the gateway but its own container.
    let outside = docker(&["inspect", "--format", "{{.NetworkSettings.Networks.bridge.IPAddress}}", &way]);
    assert_eq!(ask(&plane, &plane.name("other"), &format!("{}/9000", outside.trim()), "x\\n").await, nothing);
    // It can do nothing but that.
    let limits =
        "{{.Config.User}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}} {{.HostConfig.Memory}} {{.HostConfig.PidsLimit}}";
    assert_eq!(docker(&["inspect", "--format", limits, &way]).trim(), "65534:65534 true [ALL] [no-new-privileges] 67108864 300");
    // It is a helper: shown to nobody, and joined by nobody.
    assert_eq!(plane.existing().await.len(), 4);
    assert!(plane.control.get_network(&admin(), &way).await.is_err());
    let id = docker(&["network", "inspect", "--format", "{{.Id}}", &way]);
    let beside = json!({"command": "sleep 1000", "interactive": false, "networks": [id.trim()]});
    assert_eq!(plane.launch(&olga, "beside", beside).await.problem.unwrap().code, Code::NotFound);
    let join = ConnectContainer { container: name.to_owned(), aliases: Vec::new() };
    assert_eq!(plane.control.connect_network(&olga, "bridge", join).await.unwrap_err().code, Code::WrongState);
    assert_eq!(is_there(&way), (true, true));
    plane.control.delete_container(&olga, name, RemoveContainer { force: true }).await.unwrap();
    assert_eq!(is_there(&way), (false, false), "both go with the container");
    for name in ["one", "two", "other"] {
        plane.control.delete_container(&admin(), &plane.name(name), RemoveContainer { force: true }).await.unwrap();
    }
}

#[tokio::test]
async fn a_failed_launch_leaves_no_gateway_and_one_that_was_removed_by_hand_is_swept() {
    let plane = Plane::start().await;
    let network = json!({"egress": ["pypi.org"]});
    let operation = plane.launch(&admin(), "bad", json!({"command": "no-such-program", "interactive": false, "network": network})).await;
    assert!(operation.problem.is_some());
    let operation_id = operation.id.to_string();
    let left = || {
        let label = format!("label=cto.launch={operation_id}");
        docker(&["network", "ls", "--filter", &label, "--format", "{{.Name}}"])
    };
    assert_eq!(left(), "");
    let container = plane.container(&admin(), "gone", json!({"command": "sleep 1000", "interactive": false, "network": network})).await;
    let way = ways(&container.name).remove(0);
    docker(&["rm", "-f", &container.name]);
    assert_eq!(is_there(&way), (true, true));
    let told = plane.control.clean(&admin(), Clean { dry_run: true, older_than_hours: 0 }).await.unwrap();
    assert!(told.items.iter().any(|item| item.kind == LeftoverKind::Network && item.name == way), "{told:?}");
    plane.control.clear_leftovers().await;
    assert_eq!(is_there(&way), (false, false));
    // One in use is left alone.
    let container = plane.container(&admin(), "used", json!({"command": "sleep 1000", "interactive": false, "network": "egress:pypi.org:443"})).await;
    let way = ways(&container.name).remove(0);
    plane.control.clear_leftovers().await;
    assert_eq!(is_there(&way), (true, true));
    plane.control.delete_container(&admin(), &container.name, RemoveContainer { force: true }).await.unwrap();
    tokio::time::timeout(Duration::from_secs(10), async { while is_there(&way) != (false, false) {} }).await.unwrap();
}
