//! Who may do what, as one table that a change shows up in; and what a container may be given.
use super::support::golden::golden;
use cto::access::Actor;
use cto::access::Policy;
use cto::access::Scope;
use cto::access::allowed;
use cto::access::check_spec;
use cto::access::scope;
use cto::model::*;
use std::fmt::Write as _;

#[test]
fn the_permission_table_is_the_golden_one() {
    let mut table = format!("{:<20} {:<10} {:<10} {:<10}\n", "action", "viewer", "operator", "admin");
    for action in Action::ALL {
        let word = |role| match scope(role, *action) {
            Scope::Nothing => "-",
            Scope::Own => "own",
            Scope::Everything => "all",
        };
        let _ = writeln!(table, "{:<20} {:<10} {:<10} {:<10}", action.as_str(), word(Role::Viewer), word(Role::Operator), word(Role::Admin));
    }
    let table: String = table.lines().map(|line| line.trim_end().to_owned() + "\n").collect();
    golden("tests/golden/permissions.txt", &table);
}

#[test]
fn every_endpoint_asks_for_an_action_of_the_table() {
    struct Names(Vec<(&'static str, Option<Action>)>);
    impl EachEndpoint for Names {
        fn visit<E: Endpoint>(&mut self) {
            self.0.push((E::NAME, E::ACTION));
        }
    }
    let mut names = Names(Vec::new());
    each_endpoint(&mut names);
    let open: Vec<&str> = names.0.iter().filter(|(_, action)| action.is_none()).map(|(name, _)| *name).collect();
    assert_eq!(
        open,
        ["GetHealth", "GetVersion", "GetMe", "ChangePasswordOfMe", "GetSetup", "SetUpFirst", "LogInAs", "LogOut", "OpenShareOf", "ReceiveHook"],
        "whatever else is open to everybody must be meant so"
    );
}

#[test]
fn operators_touch_only_what_is_theirs() {
    let (olga, vic, ada) = (Actor::new("olga", Role::Operator), Actor::new("vic", Role::Viewer), Actor::new("ada", Role::Admin));
    let remove = Action::RemoveContainers;
    assert!(allowed(&olga, remove, Some("olga")));
    assert!(!allowed(&olga, remove, Some("vic")));
    assert!(!allowed(&olga, remove, Some("")), "what belongs to nobody is no operator's");
    assert!(!allowed(&Actor::new("", Role::Operator), remove, Some("")));
    assert!(!allowed(&vic, remove, Some("vic")));
    assert!(allowed(&ada, remove, Some("olga")) && allowed(&ada, remove, Some("")));
}

fn spec() -> ContainerSpec {
    serde_json::from_value(serde_json::json!({
        "name": "web", "image": {"reference": "debian"}, "interactive": true, "limits": {"memory_bytes": 1_000_000, "cpus": 1.0, "pids": 10}
    }))
    .unwrap()
}

fn bind(path: &str) -> ContainerSpec {
    let mount = Mount { source: MountSource::Bind { path: path.to_owned() }, target: "/x".to_owned(), read_only: true };
    ContainerSpec { mounts: vec![mount], ..spec() }
}

fn policy() -> Policy {
    Policy { allow_privileged: false, allowed_roots: vec!["/home/me".into(), "/srv".into(), "/run".into()], hidden: vec!["/home/me/.cto/state".into()] }
}

#[test]
fn policy_names_the_rule_and_who_can_lift_it() {
    let (olga, ada) = (Actor::new("olga", Role::Operator), Actor::new("ada", Role::Admin));
    let privileged = ContainerSpec { privileged: true, cap_add: vec!["sys_admin".to_owned(), "NET_RAW".to_owned()], ..spec() };
    let refused = check_spec(&olga, &privileged, &policy()).unwrap_err();
    assert_eq!((refused.code, refused.places.len()), (Code::PolicyRefused, 2));
    assert_eq!(refused.places.iter().map(|place| place.pointer.as_str()).collect::<Vec<_>>(), ["/privileged", "/cap_add/0"]);
    assert!(refused.message.contains("containers.allow_privileged"), "{refused}");
    assert!(check_spec(&ada, &privileged, &policy()).is_err());
    let open = Policy { allow_privileged: true, ..policy() };
    assert!(check_spec(&ada, &privileged, &open).is_ok());
    assert!(check_spec(&olga, &privileged, &open).unwrap_err().message.contains("an admin may"));
    assert!(check_spec(&olga, &spec(), &policy()).is_ok());
}

#[test]
fn no_path_leads_to_the_engine_or_to_what_is_ctos_own() {
    let ada = Actor::new("ada", Role::Admin);
    for path in [
        "/home/me/docker.sock",
        "/srv/x/podman.sock",
        "/",
        "/run",
        "/var/run/docker.sock",
        "/home/me",
        "/home/me/.cto/state/cto.db",
        "/etc",
        "/home/me/../x",
        "srv",
    ] {
        let refused = check_spec(&ada, &bind(path), &policy());
        assert_eq!(refused.expect_err(path).code, Code::PolicyRefused, "{path}");
    }
    for path in ["/home/me/work", "/srv", "/srv/data"] {
        check_spec(&ada, &bind(path), &policy()).expect(path);
    }
}

#[test]
fn only_admins_publish_ports_to_other_machines() {
    let port = |host_ip: &str| ContainerSpec {
        ports: vec![Port { host_ip: host_ip.to_owned(), host_port: 80, container_port: 80, protocol: "tcp".to_owned() }],
        ..spec()
    };
    let (olga, ada) = (Actor::new("olga", Role::Operator), Actor::new("ada", Role::Admin));
    for loopback in ["127.0.0.1", "127.9.9.9", "::1", "localhost"] {
        check_spec(&olga, &port(loopback), &policy()).expect(loopback);
    }
    for open in ["0.0.0.0", "::", "", "10.0.0.1", "127.0.0.1.evil"] {
        assert!(check_spec(&olga, &port(open), &policy()).is_err(), "{open}");
    }
    assert!(check_spec(&ada, &port("0.0.0.0"), &policy()).is_ok());
}

#[test]
fn labels_of_ctos_own_are_refused_in_any_case_of_letters() {
    for label in ["cto.owner", "CTO.Owner", "cto"] {
        let spec = ContainerSpec { labels: [(label.to_owned(), "x".to_owned())].into(), ..spec() };
        assert_eq!(check_spec(&Actor::new("ada", Role::Admin), &spec, &policy()).expect_err(label).code, Code::InvalidValue);
    }
}
