//! Ways round the policy, each of them shut.
use super::support::engine::docker;
use super::support::plane::Plane;
use super::support::plane::admin;
use super::support::plane::operator;
use cto::config;
use cto::config::Config;
use cto::engine::Engine;
use cto::model::*;
use serde_json::json;
use std::collections::BTreeMap;

/// What is tried, the template, and the parameters given with it.
type Way = (&'static str, String, Vec<(&'static str, &'static str)>);

#[tokio::test]
async fn twenty_ways_round_the_policy_are_shut() {
    let mut config = Config::default();
    let allowed = tempfile::tempdir().unwrap();
    let root = allowed.path().canonicalize().unwrap();
    config.containers.allowed_roots = vec![root.clone()];
    let plane = Plane::configured(Engine::connect(None), config).await;
    std::os::unix::fs::symlink("/etc", root.join("link")).unwrap();
    std::os::unix::fs::symlink("/var/run", root.join("run")).unwrap();
    let templates = plane.home.path().join("config/templates");
    std::fs::create_dir_all(&templates).unwrap();
    std::fs::write(templates.join("strong.json"), r#"{"name":"strong","image":"debian:bookworm-slim","privileged":true,"command":"sleep 600"}"#).unwrap();

    let root = root.display();
    let text = |fields: &str| format!(r#"{{"name":"spec","image":"debian:bookworm-slim","command":"sleep 600",{fields}}}"#);
    let recipe = |build: &str| format!(r#"{{"name":"spec","command":"sleep 600","build":{{{build}}}}}"#);
    let ways: Vec<Way> = vec![
        ("the engine's own fields", text(r#""HostConfig":{"Privileged":true}"#), vec![]),
        ("a field in other letters", text(r#""Privileged":true"#), vec![]),
        ("a field in other letters in another", text(r#""limits":{"Memory":"100g"}"#), vec![]),
        ("privileged itself", text(r#""privileged":true"#), vec![]),
        ("a doubled key", text(r#""privileged":false,"privileged":true"#), vec![]),
        ("a doubled key, written otherwise", text(r#""privileged":false,"privil\u0065ged":true"#), vec![]),
        ("what another template has", text(r#""extends":"strong""#), vec![]),
        ("a file that is extended", text(r#""extends":"/etc/cto/templates/strong.json""#), vec![]),
        ("a volume's driver with a path", text(r#""volumes":["type=volume,volume-opt=device=/,dst=/x"]"#), vec![]),
        ("a volume as an object", text(r#""volumes":[{"source":"x","target":"/x","driver_opts":{"device":"/"}}]"#), vec![]),
        ("a link out of an allowed directory", text(&format!(r#""volumes":["{root}/link:/x"]"#)), vec![]),
        ("a link to the engine's socket", text(&format!(r#""volumes":["{root}/run/docker.sock:/x"]"#)), vec![]),
        ("the way up", text(&format!(r#""volumes":["{root}/a/../../../etc:/x"]"#)), vec![]),
        ("a host path", text(r#""volumes":["/:/x"]"#), vec![]),
        ("a host path in a parameter", text(r#""volumes":["${param.dir}:/x"],"params":{"dir":{"default":"data"}}"#), vec![("dir", "/etc")]),
        ("more of a mount in a parameter", text(r#""volumes":["${param.dir}:/x"],"params":{"dir":{"default":"data"}}"#), vec![("dir", "/etc:/y:rw,/etc")]),
        ("a field that is set", text(r#""interactive":true"#), vec![("privileged", "true")]),
        ("a list that is set", text(r#""interactive":true"#), vec![("volumes", r#"["/etc:/x"]"#)]),
        ("an object that is set and goes on", text(r#""interactive":true"#), vec![("limits", r#"{"memory":"64m"},"privileged":true"#)]),
        ("the engine's field that is set", text(r#""interactive":true"#), vec![("HostConfig.Privileged", "true")]),
        ("a capability in other letters", text(r#""cap_add":["Cap_Sys_Admin"]"#), vec![]),
        ("every capability", text(r#""cap_add":["all"]"#), vec![]),
        ("no filter of system calls", text(r#""security":["seccomp:unconfined"]"#), vec![]),
        ("new privileges", text(r#""security":["no-new-privileges:false"]"#), vec![]),
        ("another label for the kernel's guard", text(r#""security":["label=type:spc_t"]"#), vec![]),
        ("another profile of the kernel's guard", text(r#""security":["apparmor=loose"]"#), vec![]),
        ("the volume of everybody's session holder", text(r#""volumes":["cto-hold-0.1.0:/h"]"#), vec![]),
        ("the same in other letters", text(r#""volumes":["CTO-Hold-0.1.0:/h"]"#), vec![]),
        ("a device", text(r#""devices":["/dev/mem"]"#), vec![]),
        ("a device by the way up", text(r#""devices":["/dev/../etc/passwd:/dev/x"]"#), vec![]),
        ("the host's network", text(r#""network":"host""#), vec![]),
        ("the host's network as one to join", text(r#""networks":["Host"]"#), vec![]),
        ("another container's network", text(r#""networks":["container:x"]"#), vec![]),
        ("another's inner network", text(r#""networks":["cto-internal-ada"]"#), vec![]),
        ("a port for other machines", text(r#""ports":["0.0.0.0:8080:80"]"#), vec![]),
        ("a label of cto's own", text(r#""labels":{"cto.owner":"ada"}"#), vec![]),
        ("the same in other letters", text(r#""labels":{"CTO.Owner":"ada"}"#), vec![]),
        ("the same, set", text(r#""interactive":true"#), vec![("labels.cto.owner", "ada")]),
        ("a file with another's rights", text(r#""files":[{"path":"/x","content":"","mode":"4755"}]"#), vec![]),
        ("a file by the way up", text(r#""files":[{"path":"/../../etc/x","content":""}]"#), vec![]),
        ("the server's files", text(r#""environment":{"X":"${file:/etc/shadow}"}"#), vec![]),
        ("the server's variables", text(r#""environment":{"X":"${PATH}"}"#), vec![]),
        ("a setting of the host's kernel", text(r#""sysctls":{"kernel.core_pattern":"|/x"}"#), vec![]),
        ("the same by the way up", text(r#""sysctls":{"net.core/../../kernel.core_pattern":"|/x"}"#), vec![]),
        ("the same, set", text(r#""interactive":true"#), vec![("sysctls", r#"{"vm.swappiness":"1"}"#)]),
        ("a directory of the server's to build from", recipe(r#""context":"/etc","dockerfile":["FROM x","COPY . /"]"#), vec![]),
        ("one that a link leads to", recipe(&format!(r#""context":"{root}/link","dockerfile":["FROM x"]"#)), vec![]),
        ("a file of the server's as a recipe", recipe(r#""dockerfile":"/etc/shadow""#), vec![]),
        ("one by the way up", recipe(&format!(r#""dockerfile":"{root}/../../etc/shadow""#)), vec![]),
        ("a build with the host's network", recipe(r#""dockerfile":["FROM x"],"network":"host""#), vec![]),
        ("an option of pip", text(r#""packages":["pip:-r/etc/passwd"]"#), vec![]),
        ("an address for pip", text(r#""packages":["pip:x@https://example.org/x.tar"]"#), vec![]),
        ("a shell's word for npm", text(r#""packages":["npm:x;id"]"#), vec![]),
        ("a directory for npm", text(r#""packages":["npm:x@file:/etc"]"#), vec![]),
        ("an option of the package manager", text(r#""packages":["-o=APT::Update::Pre-Invoke::=id"]"#), vec![]),
    ];
    assert!(ways.len() >= 20);
    let olga = operator("olga");
    for (number, (what, text, set)) in ways.into_iter().enumerate() {
        let set: BTreeMap<String, String> = set.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let inline = Some(InlineTemplate { source: "spec.json".to_owned(), text });
        let request = CreateContainer { inline, set, name: Some(plane.name(&format!("way-{number}"))), ..CreateContainer::default() };
        let refused = plane.control.create_container_from(&olga, request, None).await.expect_err(what);
        assert!(matches!(refused.code, Code::PolicyRefused | Code::InvalidDocument | Code::InvalidValue), "{what}: {refused:?}");
    }
    let named = CreateContainer { template: Some("strong".to_owned()), name: Some(plane.name("named")), ..CreateContainer::default() };
    assert_eq!(plane.control.create_container_from(&olga, named.clone(), None).await.unwrap_err().code, Code::PolicyRefused);
    assert_eq!(
        plane.control.create_container_from(&admin(), named, None).await.unwrap_err().code,
        Code::PolicyRefused,
        "an admin too, where nothing is allowed"
    );
    assert_eq!(plane.existing().await, Vec::<String>::new());
    let audit = plane.audit().await;
    assert!(audit.iter().filter(|line| line.starts_with("olga containers:create") || line.starts_with("olga create:containers")).count() >= 40, "{audit:?}");
}

#[tokio::test]
async fn labels_in_an_image_make_nobody_the_owner() {
    let plane = Plane::start().await;
    let image = plane.name("image");
    let helper = plane.name("helper");
    docker(&["create", "--name", &helper, "debian:bookworm-slim", "true"]);
    docker(&["commit", "--change", "LABEL cto.owner=ada cto.template=shell cto.restart=always cto.ttl=1", &helper, &image]);
    let mine = plane.container(&operator("olga"), "mine", json!({"image": image, "command": "sleep 600", "interactive": false})).await;
    assert_eq!((mine.owner.as_deref(), mine.upkeep.ttl_seconds, mine.upkeep.restart), (Some("olga"), None, None));
    let foreign = plane.name("foreign");
    docker(&["run", "-d", "--name", &foreign, &image, "sleep", "600"]);
    let seen = plane.control.get_container(&admin(), &foreign).await.unwrap();
    assert_eq!((seen.foreign, seen.owner, seen.template, seen.upkeep.ttl_seconds), (true, None, None, None));
    for name in [&helper, &foreign, &mine.name] {
        docker(&["rm", "-f", name]);
    }
    docker(&["rmi", &image]);
}

#[test]
fn requests_take_no_more_than_they_say() {
    assert!(serde_json::from_value::<ExecStart>(json!({"command": ["sh"], "Privileged": true})).is_err());
    assert!(serde_json::from_value::<ExecStart>(json!({"command": ["sh"], "privileged": true})).is_err());
    assert!(serde_json::from_value::<OpenSession>(json!({"container": "x", "privileged": true})).is_err());
    assert!(serde_json::from_value::<UpdateLimits>(json!({"memory_bytes": 1, "devices": []})).is_err());
    assert!(serde_json::from_value::<CreateContainer>(json!({"template": "shell", "spec": {"privileged": true}})).is_err());
    assert!(config::parse_template("x", r#"{"name":"x","image":"a","care":{"restart":{"when":"always"}}}"#).is_err(), "a spec's fields are no template's");
}
