//! Volumes, networks, and what cto leaves behind: made, joined, removed when it is meant, and never a byte of somebody's data.
use super::support::engine::docker;
use super::support::home::Home;
use super::support::plane::Plane;
use super::support::plane::admin;
use super::support::plane::operator;
use super::support::plane::viewer;
use cto::error::Error;
use cto::model::*;
use serde_json::json;

fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> Code {
    result.unwrap_err().code
}

#[tokio::test]
async fn volumes_are_their_makers_and_none_goes_without_being_named() {
    let plane = Plane::start().await;
    let (control, olga, otto) = (&plane.control, operator("olga"), operator("otto"));
    let name = |name: &str| format!("{}-{name}", plane.prefix);
    let of = |name: String| CreateVolume { name, ..CreateVolume::default() };
    let made = control.create_volume(&olga, CreateVolume { labels: [("team".to_owned(), "red".to_owned())].into(), ..of(name("data")) }).await.unwrap();
    assert_eq!((made.owner.as_deref(), made.driver.as_str(), made.anonymous, made.labels.len()), (Some("olga"), "local", false, 1));
    assert_eq!(code(control.create_volume(&olga, of(name("data"))).await), Code::NameInUse);
    assert_eq!(code(control.create_volume(&viewer(), of(name("x"))).await), Code::Forbidden);
    for odd in ["", "../x", "a b", "-x", "cto-hold-9"] {
        assert_eq!(code(control.create_volume(&admin(), of(odd.to_owned())).await), Code::InvalidValue, "{odd}");
    }
    let bind = CreateVolume {
        options: [("type", "none"), ("o", "bind"), ("device", plane.home.path().to_str().unwrap())]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        ..of(name("bind"))
    };
    for actor in [&olga, &admin()] {
        assert_eq!(code(control.create_volume(actor, bind.clone()).await), Code::PolicyRefused);
    }
    assert_eq!(code(control.create_volume(&admin(), CreateVolume { driver: Some("sshfs".to_owned()), ..of(name("x")) }).await), Code::PolicyRefused);
    assert_eq!(docker(&["volume", "ls", "-q", "-f", &format!("name={}", name("bind"))]), "");

    // One that a container has stays, however it is asked for, and what is in it outlasts the container.
    let mounted = json!({"command": "sh -c 'echo kept > /data/file; sleep 600'", "volumes": [format!("{}:/data", name("data"))]});
    let container = plane.container(&olga, "user", mounted.clone()).await;
    let now = control.get_volume(&viewer(), &name("data")).await.unwrap();
    assert_eq!(now.containers, [container.name.as_str()]);
    assert_eq!(code(control.delete_volume(&olga, &name("data")).await), Code::WrongState);
    assert_eq!(code(control.delete_volume(&otto, &name("data")).await), Code::Forbidden);
    control.delete_container(&olga, &container.name, RemoveContainer { force: true }).await.unwrap();
    docker(&["volume", "create", &name("foreign")]);
    control.create_volume(&olga, of(name("spare"))).await.unwrap();
    let names = |pruned: PrunedVolumes| pruned.items.into_iter().map(|volume| volume.name).filter(|found| found.starts_with(&plane.prefix)).collect::<Vec<_>>();
    let would = VolumePrune { names: Vec::new(), dry_run: true };
    assert_eq!(names(control.prune_volumes(&olga, would.clone()).await.unwrap()), [name("data"), name("spare")], "an operator's own");
    assert_eq!(names(control.prune_volumes(&admin(), would).await.unwrap()), [name("data"), name("foreign"), name("spare")]);
    assert_eq!(code(control.prune_volumes(&admin(), VolumePrune::default()).await), Code::InvalidValue, "none is named");
    let asked = VolumePrune { names: vec![name("spare"), name("foreign"), name("nothing")], dry_run: false };
    let pruned = control.prune_volumes(&olga, asked).await.unwrap();
    assert_eq!(pruned.kept.len(), 2, "{pruned:?}");
    assert_eq!(names(pruned), [name("spare")]);
    let theirs = plane.control.create_container_from(&otto, plane.request("theirs", mounted.clone()), None).await;
    assert_eq!(code(theirs), Code::PolicyRefused, "another's volume is mounted no more than removed");
    let again = plane.container(&olga, "again", mounted).await;
    assert_eq!(docker(&["exec", &again.name, "cat", "/data/file"]), "kept\n");
    control.delete_container(&olga, &again.name, RemoveContainer { force: true }).await.unwrap();
    control.delete_volume(&olga, &name("data")).await.unwrap();
    assert_eq!(code(control.get_volume(&olga, &name("data")).await), Code::NotFound);
    let audit = plane.audit().await;
    assert!(
        audit.contains(&"otto remove:volumes ~-data: Refused".to_owned()) && audit.contains(&"olga remove:volumes ~-spare: Succeeded".to_owned()),
        "{audit:#?}"
    );
}

#[tokio::test]
async fn networks_join_containers_of_one_owner_and_go_when_nobody_is_on_them() {
    let plane = Plane::start().await;
    let name = |name: &str| format!("{}-{name}", plane.prefix);
    // Of this test alone: others' networks are pruned by nobody.
    let (control, olga, otto) = (&plane.control, operator(&name("olga")), operator("otto"));
    let of = |name: String| CreateNetwork { name, ..CreateNetwork::default() };
    let net = control.create_network(&olga, of(name("net"))).await.unwrap();
    assert_eq!(
        (net.owner.as_deref(), net.driver.as_str(), net.internal, net.builtin, net.subnets.len()),
        (Some(olga.name.as_str()), "bridge", false, false, 1)
    );
    assert_eq!(code(control.create_network(&otto, of(name("net"))).await), Code::NameInUse);
    let joins = plane.request("theirs", json!({"command": "sleep 600", "networks": [name("net")]}));
    assert_eq!(code(control.create_container_from(&otto, joins, None).await), Code::PolicyRefused, "nor joined at a launch");
    for odd in ["", "host", "a/b", "cto-internal-olga"] {
        assert_eq!(code(control.create_network(&admin(), of(odd.to_owned())).await), Code::InvalidValue, "{odd}");
    }
    assert_eq!(code(control.create_network(&olga, CreateNetwork { driver: Some("macvlan".to_owned()), ..of(name("x")) }).await), Code::PolicyRefused);
    assert_eq!(code(control.create_network(&olga, CreateNetwork { subnet: Some("10.1.0.0/16".to_owned()), ..of(name("x")) }).await), Code::PolicyRefused);
    assert_eq!(code(control.create_network(&admin(), CreateNetwork { subnet: Some("10.1".to_owned()), ..of(name("x")) }).await), Code::InvalidValue);

    let mine = plane.container(&olga, "mine", json!({"command": "sleep 600", "interactive": false})).await;
    let his = plane.container(&otto, "his", json!({"command": "sleep 600", "interactive": false})).await;
    let connect = |container: &Container, aliases: &[&str]| ConnectContainer {
        container: container.name.clone(),
        aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
    };
    let now = control.connect_network(&olga, &name("net"), connect(&mine, &["db"])).await.unwrap();
    assert!(now.containers.len() == 1 && now.containers[0].name == mine.name && now.containers[0].address.is_some(), "{now:?}");
    assert_eq!(docker(&["exec", &mine.name, "getent", "hosts", "db"]).split_whitespace().next(), now.containers[0].address.as_deref());
    assert_eq!(code(control.connect_network(&olga, &name("net"), connect(&mine, &[])).await), Code::WrongState);
    assert_eq!(code(control.connect_network(&olga, &name("net"), connect(&his, &[])).await), Code::Forbidden, "another's container");
    assert_eq!(code(control.connect_network(&otto, &name("net"), connect(&his, &[])).await), Code::PolicyRefused, "another's network");
    assert_eq!(code(control.connect_network(&olga, &name("net"), connect(&mine, &["a b"])).await), Code::InvalidValue);
    assert_eq!(code(control.delete_network(&olga, &name("net")).await), Code::WrongState);
    // One that has stopped is still on it: without it, it could not be started again.
    control.stop_container_now(&olga, &mine.name, StopContainer { grace_seconds: Some(0) }).await.unwrap();
    let in_use = control.delete_network(&olga, &name("net")).await.unwrap_err();
    assert!(in_use.code == Code::WrongState && in_use.message.contains(&mine.name), "{in_use}");
    let now = control.disconnect_network(&olga, &name("net"), DisconnectContainer { container: mine.name.clone() }).await.unwrap();
    assert!(now.containers.is_empty());
    assert_eq!(code(control.disconnect_network(&olga, &name("net"), DisconnectContainer { container: mine.name.clone() }).await), Code::WrongState);
    let inner = control.create_network(&otto, CreateNetwork { internal: true, ..of(name("inner")) }).await.unwrap();
    assert!(inner.internal);
    assert_eq!(code(control.delete_network(&olga, &inner.id).await), Code::Forbidden);
    let would = control.prune_networks(&olga, NetworkPrune { all: true, dry_run: true }).await.unwrap();
    assert_eq!(would.items.iter().map(|network| network.name.as_str()).collect::<Vec<_>>(), [name("net")]);
    control.delete_network(&otto, &inner.id).await.unwrap();
    let pruned = control.prune_networks(&olga, NetworkPrune::default()).await.unwrap();
    assert_eq!((pruned.items.len(), pruned.kept.len()), (1, 0), "{pruned:?}");
    assert_eq!(code(control.get_network(&olga, &name("net")).await), Code::NotFound);
    assert_eq!(code(control.delete_network(&admin(), "bridge").await), Code::WrongState);
}

#[tokio::test]
async fn clean_takes_what_cto_has_left_and_nothing_else() {
    let plane = Plane::start().await;
    let name = |name: &str| format!("{}-{name}", plane.prefix);
    // Of this test alone: nobody else's leavings are cleaned.
    let (control, olga) = (&plane.control, operator(&name("olga")));
    control.create_volume(&olga, CreateVolume { name: name("data"), ..CreateVolume::default() }).await.unwrap();
    control.create_network(&olga, CreateNetwork { name: name("net"), ..CreateNetwork::default() }).await.unwrap();
    docker(&["network", "create", &name("foreign-net")]);
    docker(&["run", "--name", &name("foreign"), "--network", "none", "debian:bookworm-slim", "true"]);
    let ended = json!({"command": "sh -c 'head -c 3000000 /dev/zero > /junk'", "interactive": false, "volumes": [format!("{}:/data", name("data"))]});
    plane.container(&olga, "ended", ended).await;
    let runs = plane.container(&olga, "runs", json!({"command": "sleep 600"})).await;

    // An operator sees only what is theirs; nothing that is young goes.
    let clean = |dry_run, older_than_hours| Clean { dry_run, older_than_hours };
    let of = |cleaned: &Cleaned| {
        cleaned.items.iter().filter(|item| item.name.starts_with(&plane.prefix)).map(|item| (item.kind, item.name.clone())).collect::<Vec<_>>()
    };
    assert_eq!(of(&control.clean(&olga, clean(true, 24)).await.unwrap()), []);
    assert_eq!(of(&control.clean(&operator("otto"), clean(true, 0)).await.unwrap()), []);
    assert_eq!(code(control.clean(&viewer(), clean(true, 0)).await), Code::Forbidden);
    let would = control.clean(&olga, clean(true, 0)).await.unwrap();
    let wanted = [(LeftoverKind::Container, name("ended")), (LeftoverKind::Network, name("net"))];
    assert_eq!(of(&would), wanted);
    assert!((3_000_000..4_000_000).contains(&would.freed_bytes), "{would:?}");
    let gone = control.clean(&olga, clean(false, 0)).await.unwrap();
    assert!(of(&gone) == wanted && gone.items.iter().all(|item| item.kept.is_none()), "{gone:?}");
    assert_eq!(plane.existing().await.len(), 2, "one that runs, and one of another tool's");
    assert!(docker(&["ps", "-aq", "--filter", &format!("name={}", runs.name)]).len() > 10);
    assert_eq!(docker(&["volume", "ls", "-q", "-f", &format!("name={}", name("data"))]).trim(), name("data"), "no volume goes");
    assert!(docker(&["network", "ls", "-q", "-f", &format!("name={}", name("foreign-net"))]).len() > 10);
    assert_eq!(of(&control.clean(&olga, clean(true, 0)).await.unwrap()), []);
}

#[test]
fn the_command_line_makes_shows_and_removes_volumes_and_networks() {
    let home = Home::new();
    let (data, net) = (home.name("data"), home.name("net"));
    assert_eq!(home.ok(&["volume", "create", &data, "--label", "team=red"]), format!("{data}\n"));
    assert_eq!(home.json(&["volume", "ls", &home.prefix, "--json"])[0]["labels"]["team"], "red");
    assert_eq!(home.ok(&["volume", "ls", "-q", &home.prefix]), format!("{data}\n"));
    assert_eq!(home.json(&["volume", "inspect", &data])[0]["driver"], "local");
    assert!(home.ok(&["volume", "prune", "--dry-run"]).contains(&data));
    let told = home.fails(2, &["volume", "prune"]);
    assert!(told.contains("without being named") && told.contains("cto volume prune "), "{told}");
    assert_eq!(home.ok(&["volume", "prune", &data]), format!("{data}\n"));
    assert!(home.fails(3, &["volume", "rm", &data]).contains("no volume"));
    assert!(home.fails(4, &["volume", "create", &data, "-o", "type=none", "-o", "o=bind", "-o", "device=/etc"]).contains("policy refuses"));
    assert_eq!(home.ok(&["network", "create", "--internal", &net]), format!("{net}\n"));
    let name = home.container("member");
    home.ok(&["network", "connect", "--alias", "web", &net, &name]);
    let found = home.json(&["network", "inspect", &net]);
    assert_eq!((found[0]["internal"].as_bool(), found[0]["containers"][0]["name"].as_str()), (Some(true), Some(name.as_str())), "{found}");
    assert!(home.ok(&["network", "ls", &net]).contains(&name));
    assert!(home.fails(5, &["network", "rm", &net]).contains("is in use"));
    home.ok(&["network", "disconnect", &net, &name]);
    assert_eq!(home.ok(&["network", "rm", &net]), format!("{net}\n"));
    assert!(!home.ok(&["network", "prune", "--dry-run"]).contains(&net));
    // Another test's leavings may be there; this one's are not.
    assert!(!home.ok(&["clean", "--dry-run", "--older", "0"]).contains(&home.prefix));
}
