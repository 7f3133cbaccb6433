//! Stacks on the real engine: brought up once and again, in order, taken down, and taken back when a step fails.
use super::support::engine::docker;
use super::support::engine::within;
use super::support::plane::Plane;
use super::support::plane::admin;
use super::support::plane::operator;
use super::support::plane::viewer;
use cto::access::Actor;
use cto::config;
use cto::config::Catalogue;
use cto::model::*;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// What a program that runs on and ends when it is asked to is written as.
const STAY: [&str; 3] = ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"];

/// A stack of the plane's.
struct Given<'a> {
    plane: &'a Plane,
    name: String,
}

impl<'a> Given<'a> {
    fn new(plane: &'a Plane, name: &str) -> Self {
        Self { plane, name: plane.name(name) }
    }

    fn request(&self, more: Value) -> UpStack {
        let mut file = json!({"name": self.name});
        file.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        UpStack { inline: Some(InlineTemplate { source: "stack.json".to_owned(), text: file.to_string() }), ..UpStack::default() }
    }

    async fn up(&self, actor: &Actor, request: UpStack) -> Operation {
        let operation = self.plane.control.up_stack(actor, request, None).await.unwrap();
        self.plane.control.wait_operation(actor, operation.id.as_str(), Duration::from_secs(90)).await.unwrap()
    }

    /// Brings it up; what was done to each container.
    async fn is_up(&self, actor: &Actor, request: UpStack) -> BTreeMap<String, StackAction> {
        let operation = self.up(actor, request).await;
        let stack = operation.stack.unwrap_or_else(|| panic!("{:?}", operation.problem));
        stack.changes.into_iter().map(|change| (change.container[self.name.len() + 1..].to_owned(), change.action)).collect()
    }

    async fn down(&self, actor: &Actor, request: DownStack) -> Operation {
        let operation = self.plane.control.down_stack(actor, &self.name, request, None).await.unwrap();
        self.plane.control.wait_operation(actor, operation.id.as_str(), Duration::from_secs(60)).await.unwrap()
    }

    /// Names of networks and volumes of the engine that are this stack's.
    fn left(&self) -> Vec<String> {
        let filter = format!("label=cto.stack={}", self.name);
        let mut all: Vec<String> = docker(&["network", "ls", "--filter", &filter, "--format", "{{.Name}}"]).lines().map(str::to_owned).collect();
        all.extend(docker(&["volume", "ls", "--filter", &filter, "--format", "{{.Name}}"]).lines().map(str::to_owned));
        all.iter().map(|name| name.replace(&self.name, "~")).collect()
    }
}

impl Drop for Given<'_> {
    fn drop(&mut self) {
        for name in docker(&["ps", "-aq", "--filter", &format!("label=cto.stack={}", self.name)]).lines() {
            docker(&["rm", "-f", "-v", name]);
        }
        for name in self.left() {
            let name = name.replace('~', &self.name);
            let kind = if name.ends_with("_data") { "volume" } else { "network" };
            docker(&[kind, "rm", &name]);
        }
    }
}

fn member(more: Value) -> Value {
    let mut member = json!({"image": "debian:bookworm-slim", "interactive": false, "command": STAY});
    member.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    member
}

#[tokio::test]
async fn a_stack_is_brought_up_once_and_again_only_what_changed_is_made_anew() {
    let plane = Plane::start().await;
    let given = Given::new(&plane, "blog");
    let olga = operator("olga");
    let file = |greeting: &str| {
        json!({
            "params": {"greeting": {"default": greeting}},
            "networks": {"back": {"internal": true}},
            "containers": {
                "db": member(json!({"networks": ["back"], "volumes": ["data:/var/lib/data"], "files": [{"path": "/greeting", "content": "${param.greeting}"}]})),
                "web": member(json!({"networks": ["default", {"name": "back", "aliases": ["www"]}], "depends_on": ["db"]})),
                "worker": member(json!({"replicas": 2})),
            },
        })
    };
    let plan = plane.control.plan_stack(&viewer(), given.request(file("hello"))).await.unwrap();
    assert!(plan.changes.iter().all(|change| change.action == StackAction::Create) && plan.changes.len() == 4, "{plan:?}");
    assert_eq!((plan.networks.len(), plan.volumes.len(), plane.existing().await.len()), (2, 1, 0), "a plan makes nothing");

    let first = given.is_up(&olga, given.request(file("hello"))).await;
    assert_eq!(first.into_iter().collect::<Vec<_>>(), ["db", "web", "worker-1", "worker-2"].map(|name| (name.to_owned(), StackAction::Create)));
    let said = docker(&["exec", &format!("{}-web", given.name), "sh", "-c", "getent hosts db | wc -l; cat /etc/hostname"]);
    assert_eq!(said.lines().next(), Some("1"), "it reaches the other by its name in the file: {said}");
    let back = format!("{}_back", given.name);
    assert_eq!(docker(&["network", "inspect", "--format", "{{.Internal}} {{len .Containers}}", &back]).trim(), "true 2");
    docker(&["exec", &format!("{}-db", given.name), "sh", "-c", "echo kept > /var/lib/data/x"]);
    let template = docker(&["inspect", "--format", "{{index .Config.Labels \"cto.template\"}}", &format!("{}-db", given.name)]);
    assert_eq!(template.trim(), "db", "what comes from no other template is called as in its stack");

    let stack = plane.control.get_stack(&viewer(), &given.name).await.unwrap();
    let one = stack.containers.iter().find(|container| container.name.ends_with("worker-1")).unwrap();
    assert_eq!((stack.owner.as_deref(), stack.containers.len()), (Some("olga"), 4));
    assert_eq!(one.stack.as_ref().map(|place| (place.member.as_str(), place.index)), Some(("worker", 1)));

    let again = given.is_up(&olga, given.request(file("hello"))).await;
    assert!(again.values().all(|action| *action == StackAction::Keep), "{again:?}");
    let after = plane.control.get_stack(&viewer(), &given.name).await.unwrap();
    assert_eq!(
        after.containers.iter().map(|container| &container.id).collect::<Vec<_>>(),
        stack.containers.iter().map(|container| &container.id).collect::<Vec<_>>()
    );

    docker(&["stop", "-t", "0", &format!("{}-worker-2", given.name)]);
    let mut changed = given.request(file("good day"));
    let plan = plane.control.plan_stack(&olga, changed.clone()).await.unwrap();
    let told: Vec<_> = plan.changes.iter().map(|change| (change.member.as_str(), change.action, change.why.as_deref())).collect();
    assert_eq!(told[0], ("db", StackAction::Recreate, Some("its file says something else now")), "{told:?}");
    assert!(told.contains(&("worker", StackAction::Start, Some("it does not run"))), "{told:?}");
    let third = given.is_up(&olga, changed.clone()).await;
    let expected = [("db", StackAction::Recreate), ("web", StackAction::Keep), ("worker-1", StackAction::Keep), ("worker-2", StackAction::Start)];
    assert_eq!(third.into_iter().collect::<Vec<_>>(), expected.map(|(name, action)| (name.to_owned(), action)));
    let kept = docker(&["exec", &format!("{}-db", given.name), "cat", "/var/lib/data/x", "/greeting"]);
    assert_eq!(kept, "kept\ngood day", "its volume goes on in the new one");

    // A container that the file no longer names stays, unless its removal is asked for.
    let text = &mut changed.inline.as_mut().unwrap().text;
    let mut fewer: Value = serde_json::from_str(text).unwrap();
    fewer["containers"].as_object_mut().unwrap().remove("worker");
    *text = fewer.to_string();
    let fourth = given.is_up(&olga, changed.clone()).await;
    assert_eq!((fourth["worker-1"], plane.existing().await.len()), (StackAction::Orphan, 4));
    changed.remove_orphans = true;
    assert_eq!(given.is_up(&olga, changed).await["worker-1"], StackAction::Remove);
    assert_eq!(plane.existing().await.len(), 2);

    let refused = plane.control.down_stack(&operator("otto"), &given.name, DownStack::default(), None).await.unwrap_err();
    assert_eq!(refused.code, Code::Forbidden, "it is olga's");
    let refused = plane.control.up_stack(&operator("otto"), given.request(file("mine")), None).await.unwrap_err();
    assert_eq!(refused.code, Code::Forbidden);
    assert_eq!(plane.control.up_stack(&viewer(), given.request(file("mine")), None).await.unwrap_err().code, Code::Forbidden);
    let wrong = DownStack { volume: vec!["cto-no-such".to_owned()], ..DownStack::default() };
    assert_eq!(plane.control.down_stack(&olga, &given.name, wrong, None).await.unwrap_err().code, Code::NotFound);
    let down = given.down(&olga, DownStack::default()).await;
    assert_eq!(down.stack.unwrap_or_else(|| panic!("{:?}", down.problem)).volumes, [format!("{}_data", given.name)]);
    assert_eq!((given.left(), plane.existing().await.len()), (vec!["~_data".to_owned()], 0), "volumes stay");
    assert_eq!(given.down(&olga, DownStack { volumes: true, ..DownStack::default() }).await.state, OperationState::Succeeded);
    assert_eq!(given.left(), Vec::<String>::new());
    assert_eq!(plane.control.get_stack(&olga, &given.name).await.unwrap_err().code, Code::NotFound);
}

#[tokio::test]
async fn containers_wait_until_those_that_they_depend_on_are_so_far() {
    let plane = Plane::start().await;
    let given = Given::new(&plane, "order");
    let times = |name: &str| -> String { docker(&["inspect", "--format", "{{.State.StartedAt}}", &format!("{}-{name}", given.name)]).trim().to_owned() };
    let file = json!({"containers": {
        "ready": member(json!({"command": ["sh", "-c", "sleep 2; echo up; exec sleep 600"], "ready": {"log": "up"}})),
        "healthy": member(json!({"health": {"command": "test -e /well", "interval": "1s"}, "command": ["sh", "-c", "sleep 2; touch /well; exec sleep 600"]})),
        "work": member(json!({"command": ["sh", "-c", "sleep 0.5; exit 0"]})),
        "last": member(json!({"depends_on": {"ready": "ready", "healthy": "healthy", "work": "completed"}})),
    }});
    let first = given.is_up(&admin(), given.request(file.clone())).await;
    assert!(first.values().all(|action| *action == StackAction::Create));
    let ended = docker(&["inspect", "--format", "{{.State.FinishedAt}} {{.State.ExitCode}}", &format!("{}-work", given.name)]);
    assert!(ended.trim().ends_with(" 0") && times("last").as_str() > ended.split(' ').next().unwrap(), "{ended}");
    assert!(times("last") > times("ready") && times("last") > times("healthy"));
    // Both begin their work two seconds after their start, four times as long as the third works.
    let after = |name: &str| times("last").parse::<Timestamp>().unwrap().duration_since(times(name).parse().unwrap());
    assert!(after("ready").as_secs() >= 2 && after("healthy").as_secs() >= 2, "{} {}", after("ready"), after("healthy"));
    let again = given.is_up(&admin(), given.request(file)).await;
    assert!(again.values().all(|action| *action == StackAction::Keep), "what has done its work is as it should be: {again:?}");
    assert_eq!(given.down(&admin(), DownStack::default()).await.state, OperationState::Succeeded);
}

#[tokio::test]
async fn a_step_that_fails_leaves_everything_as_it_was() {
    let plane = Plane::start().await;
    let given = Given::new(&plane, "fails");
    let good = json!({"containers": {"one": member(json!({"environment": {"A": "1"}, "volumes": ["data:/data"]}))}});
    given.is_up(&admin(), given.request(good)).await;
    let before = plane.control.get_stack(&admin(), &given.name).await.unwrap();
    let bad = json!({
        "networks": {"more": {}},
        "containers": {
            "one": member(json!({"environment": {"A": "2"}, "volumes": ["data:/data"], "networks": ["default", "more"]})),
            "two": member(json!({"command": ["sh", "-c", "exit 7"], "depends_on": ["one"]})),
            "three": member(json!({"depends_on": {"two": "completed"}})),
        },
    });
    let failed = given.up(&admin(), given.request(bad)).await.problem.unwrap();
    assert_eq!(failed.code, Code::ExitedAtOnce, "{failed:?}");
    assert!(failed.detail.contains("container 'two': ") && failed.detail.contains("what was there is as before"), "{failed:?}");
    let after = plane.control.get_stack(&admin(), &given.name).await.unwrap();
    assert_eq!((after.containers.len(), &after.containers[0].id, &after.containers[0].name), (1, &before.containers[0].id, &before.containers[0].name));
    assert_eq!((after.containers[0].state, &after.networks), (ContainerState::Running, &before.networks), "it runs again, and the new network is gone");

    // Cancelled while one is waited for.
    let slow = json!({"containers": {"one": member(json!({"environment": {"A": "1"}, "volumes": ["data:/data"]})), "slow": member(json!({"ready": {"log": "never"}}))}});
    let operation = plane.control.up_stack(&admin(), given.request(slow), None).await.unwrap();
    let busy = plane.control.up_stack(&admin(), given.request(json!({"containers": {"one": member(json!({}))}})), None).await.unwrap_err();
    assert_eq!((busy.code, busy.message.contains("is being changed")), (Code::WrongState, true), "{busy:?}");
    within(async {
        while plane.existing().await.len() < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let cancelled = plane.control.cancel_operation(&admin(), operation.id.as_str()).await.unwrap();
    assert_eq!(cancelled.state, OperationState::Cancelled, "{cancelled:?}");
    assert_eq!(plane.existing().await, [format!("{}-one", given.name)]);
    // A name that somebody else's container has is told before anything is done.
    let taken = format!("{}-two", given.name);
    docker(&["run", "-d", "--name", &taken, "debian:bookworm-slim", "sleep", "600"]);
    let clash = json!({"containers": {"one": member(json!({})), "two": member(json!({}))}});
    let refused = given.up(&admin(), given.request(clash)).await.problem.unwrap();
    assert_eq!(refused.code, Code::NameInUse, "{refused:?}");
    assert_eq!(plane.control.get_stack(&admin(), &given.name).await.unwrap().containers[0].id, before.containers[0].id);
    let down = given.down(&admin(), DownStack { volume: vec![format!("{}_data", given.name)], ..DownStack::default() }).await;
    assert_eq!((down.state, given.left()), (OperationState::Succeeded, Vec::new()));
}

#[tokio::test]
async fn policy_holds_for_every_container_of_a_stack() {
    let plane = Plane::start().await;
    let given = Given::new(&plane, "policy");
    let olga = operator("olga");
    docker(&["network", "create", "--label", "cto.owner=ada", "--label", "cto.stack=theirs", &plane.name("theirs")]);
    docker(&["volume", "create", "--label", "cto.owner=ada", "--label", "cto.stack=theirs", &plane.name("theirs")]);
    let theirs = json!({"theirs": {"external": true, "name": plane.name("theirs")}});
    let ways = [
        ("privileged", json!({"containers": {"a": member(json!({})), "b": member(json!({"privileged": true}))}})),
        ("a host path", json!({"containers": {"b": member(json!({"volumes": ["/etc:/x"]}))}})),
        ("another's network", json!({"networks": theirs, "containers": {"b": member(json!({"networks": ["theirs"]}))}})),
        ("another's volume", json!({"volumes": theirs, "containers": {"b": member(json!({"volumes": ["theirs:/x"]}))}})),
        ("the host's network", json!({"networks": {"h": {"external": true, "name": "host"}}, "containers": {"b": member(json!({"networks": ["h"]}))}})),
        ("a label of cto's", json!({"containers": {"b": member(json!({"labels": {"cto.stack": "other"}}))}})),
        ("a driver of volumes", json!({"volumes": {"v": {"driver_opts": {"device": "/"}}}, "containers": {"b": member(json!({}))}})),
    ];
    for (what, file) in ways {
        let refused = plane.control.up_stack(&olga, given.request(file), None).await.expect_err(what);
        assert!(matches!(refused.code, Code::PolicyRefused | Code::InvalidDocument), "{what}: {refused:?}");
        assert!(!refused.places.is_empty() || refused.message.contains("belongs to 'ada'"), "{what}: {refused:?}");
    }
    docker(&["network", "rm", &plane.name("theirs")]);
    docker(&["volume", "rm", &plane.name("theirs")]);
    assert_eq!((plane.existing().await, given.left()), (Vec::new(), Vec::new()), "nothing was made for any");
    assert!(plane.audit().await.iter().any(|line| line.contains("olga create:containers") && line.ends_with("Failed")));
}

#[test]
fn mistakes_in_a_stack_are_told_where_they_are() {
    let catalogue = Catalogue::default();
    let told = |text: &str| match catalogue.parse_stack("stack.json", text, None) {
        Ok(_) => Vec::new(),
        Err(error) => error.places.iter().map(|place| format!("{}:{} {}", place.line.unwrap_or(0), place.column.unwrap_or(0), place.detail)).collect(),
    };
    let wrong = r#"{
  "name": "Shop",
  "containers": {
    "a": {"image": "debian", "depends_on": ["b", "nowhere"], "limits": {"memory": "lots"}},
    "b": {"image": "debian", "depends_on": {"a": "healthy"}, "networks": ["bak"]},
    "c": {"imagge": "debian", "depends_on": {"a": "well"}},
    "d": {"extends": "none", "set": {"x": 1}},
    "e": {"image": "debian", "replicas": 0, "environment": {"A": "${param.b}"}, "set": {"x": 1}},
    "f": {"image": "debian", "replicas": "many"}
  },
  "networks": {"back": {"internal": true, "external": true}}
}"#;
    insta::assert_snapshot!(told(wrong).join("\n"));
    assert_eq!(told(r#"{"name":"x","containers":{}}"#), ["1:26 there is no container in it"]);
    assert_eq!(told(r#"{"name":"x","containers":{"a":{"image":"debian"}},"params":{"n":{"type":"integer"}}}"#), Vec::<String>::new());
}

#[test]
fn a_file_that_is_extended_may_lie_anywhere_and_brings_its_parameters() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("app");
    std::fs::create_dir(&folder).unwrap();
    let base = r#"{"name": "base", "image": "debian:${param.tag}", "command": ["echo", "${param.who}"], "params": {"tag": {"default": "12"}, "who": {"default": "ann", "pattern": "[a-z]+"}}}"#;
    std::fs::write(root.path().join("base.json"), base).unwrap();
    let text = r#"{"name": "s", "params": {"who": {"default": "bea"}}, "containers": {"a": {"extends": "../base.json", "set": {"tag": "bookworm-slim"}}}}"#;
    let catalogue = Catalogue::default();
    // As it is checked, and as it is sent.
    let checked = catalogue.parse_own_stack("stack.json", text, &folder).unwrap();
    let sent = catalogue.parse_stack("stack.json", &config::flatten_stack("stack.json", text, &folder).unwrap(), None).unwrap();
    for stack in [checked, sent] {
        let one = stack.instances("s", &BTreeMap::new()).unwrap().remove(0);
        let about = config::RenderContext { name: one.name.clone(), ..Default::default() };
        let request = CreateContainer { set: one.set, ..CreateContainer::default() };
        let spec = config::render(&one.template, &request, &about).unwrap().spec;
        assert_eq!((spec.image.reference.as_str(), spec.command[1].as_str()), ("debian:bookworm-slim", "bea"));
        let odd = CreateContainer { set: BTreeMap::from([("who".to_owned(), "B e a".to_owned())]), ..request };
        assert!(config::render(&one.template, &odd, &about).is_err(), "what the file says of its parameter holds");
    }
    let fenced = catalogue.parse_stack("stack.json", text, Some(&folder)).unwrap_err();
    assert!(format!("{:?}", fenced.places).contains("no file '../base.json' in the template's folder"), "a server's stack stays in its folder: {fenced:?}");
}

#[test]
fn values_of_a_stack_reach_its_containers() {
    let home = tempfile::tempdir().unwrap();
    let paths = cto::config::Paths::under(home.path()).unwrap();
    let saved = cto::config::Stacks::load(&paths, None).find("classroom").unwrap();
    let stack = Catalogue::load(&paths, None).parse_stack(&saved.source, &saved.text, None).unwrap();
    let set = |pairs: &[(&str, &str)]| pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<BTreeMap<_, _>>();
    let names: Vec<String> = stack.instances("class", &set(&[("students", "4")])).unwrap().into_iter().map(|one| one.name).collect();
    assert_eq!(names, ["class-student-1", "class-student-2", "class-student-3", "class-student-4"]);
    let wrong = stack.instances("class", &set(&[("students", "999"), ("studens", "1")])).unwrap_err();
    assert_eq!(wrong.places.len(), 2, "{wrong:?}");
}
