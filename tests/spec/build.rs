//! Images that templates bring the recipe of: built once, kept by content, with nothing left of what is cancelled.
use super::support::engine::LONG;
use super::support::engine::docker;
use super::support::plane::Plane;
use super::support::plane::admin;
use super::support::plane::operator;
use super::support::plane::viewer;
use cto::access::Actor;
use cto::model::*;
use serde_json::Value;
use serde_json::json;

/// A request for a container from a template that is all here, with a name of the test's own, by which what is built is found again.
fn request(plane: &Plane, name: &str, mut template: Value) -> CreateContainer {
    template["name"] = json!(format!("{}-t", plane.prefix));
    let inline = Some(InlineTemplate { source: "spec.json".to_owned(), text: template.to_string() });
    CreateContainer { inline, ..plane.request(name, json!({})) }
}

async fn launched(plane: &Plane, actor: &Actor, request: CreateContainer) -> Operation {
    let operation = plane.control.create_container_from(actor, request, None).await.unwrap();
    // What comes from real registries takes its time.
    plane.control.wait_operation(&admin(), operation.id.as_str(), 5 * LONG).await.unwrap()
}

/// The image of a container that a template makes, and what a command says in it.
async fn made(plane: &Plane, name: &str, template: Value, command: &str) -> (String, String) {
    let operation = launched(plane, &admin(), request(plane, name, template)).await;
    let container = operation.result.unwrap_or_else(|| panic!("{:?}", operation.problem));
    let image = plane.control.parts().engine.image_id(&container.id).await.unwrap();
    (image, docker(&["exec", &container.name, "sh", "-c", command]))
}

#[tokio::test]
async fn a_recipe_is_built_once_and_anew_when_anything_of_it_has_changed() {
    let plane = Plane::start().await;
    let context = plane.home.path().join("app");
    std::fs::create_dir_all(context.join("deep/er")).unwrap();
    std::fs::write(context.join("deep/er/word"), "one").unwrap();
    std::fs::write(context.join("secret"), "not sent").unwrap();
    std::fs::write(context.join(".dockerignore"), "*\n!deep\n!link\n").unwrap();
    std::os::unix::fs::symlink("/etc/hostname", context.join("link")).unwrap();
    let lines =
        ["FROM debian:bookworm-slim AS base", "ARG GREETING=none", "COPY . /app/", "RUN echo $GREETING > /greeting", "FROM base AS never", "RUN exit 3"];
    let template = |greeting: &str| {
        json!({"build": {"dockerfile": lines, "context": "./app", "target": "base", "args": {"GREETING": format!("{greeting} ${{param.who}}")}},
            "params": {"who": {"default": "ann"}}, "command": "sleep 600", "interactive": false})
    };
    let look = "cat /greeting /app/deep/er/word; readlink /app/link; ls -A /app";
    let (first, said) = made(&plane, "first", template("hi"), look).await;
    assert_eq!(said, "hi ann\none/etc/hostname\ndeep\nlink\n");
    let operation = launched(&plane, &admin(), request(&plane, "again", template("hi"))).await;
    let again = operation.result.unwrap();
    assert_eq!(plane.control.parts().engine.image_id(&again.id).await.unwrap(), first, "it is kept");
    let image = plane.control.get_image(&admin(), &first).await.unwrap();
    assert!(image.derived && image.owner.is_none() && image.tags.iter().all(|tag| tag.starts_with("cto-derived/")), "{image:?}");
    let history = plane.control.get_image_history(&viewer(), &first).await.unwrap();
    assert!(history.items.iter().all(|layer| layer.created_by == "***"), "what is in a recipe is its author's");
    let (other, said) = made(&plane, "other", template("ho"), "cat /greeting").await;
    assert!(other != first && said == "ho ann\n");
    std::fs::write(context.join("deep/er/word"), "two").unwrap();
    let (changed, said) = made(&plane, "changed", template("hi"), "cat /app/deep/er/word").await;
    assert!(changed != first && said == "two");
    std::fs::write(context.join("secret"), "still not sent").unwrap();
    let (same, _) = made(&plane, "same", template("hi"), "true").await;
    assert_eq!(same, changed, "what is not sent changes nothing");
    // A recipe in a file, by the server's refresh.
    std::fs::write(context.join("Dockerfile"), "FROM debian:bookworm-slim\nRUN echo file > /greeting\n").unwrap();
    let launch = request(&plane, "file", json!({"build": {"context": "./app"}, "command": "sleep 600", "interactive": false}));
    let operation = plane.control.refresh_image(&admin(), RefreshImage { launch: launch.clone(), pull: false }, None).await.unwrap();
    let operation = plane.control.wait_operation(&admin(), operation.id.as_str(), LONG).await.unwrap();
    let refreshed = operation.image.unwrap_or_else(|| panic!("{:?}", operation.problem));
    let container = launched(&plane, &admin(), launch).await.result.unwrap();
    assert_eq!(plane.control.parts().engine.image_id(&container.id).await.unwrap(), refreshed.id);
    assert_eq!(container.image, format!("cto-derived/{}-t", plane.prefix));
    // Without a `.dockerignore` all is copied that is there, and nothing else; a name of ours is no exception.
    let plain = plane.home.path().join("plain");
    std::fs::create_dir_all(plain.join(".cto.Dockerfile")).unwrap();
    std::fs::write(plain.join("Dockerfile"), "FROM debian:bookworm-slim\nCOPY . /app/\n").unwrap();
    let all = json!({"build": {"context": "./plain"}, "command": "sleep 600", "interactive": false});
    assert_eq!(made(&plane, "plain", all, "ls -A /app").await.1, "Dockerfile\n");
}

#[tokio::test]
async fn a_recipe_of_the_servers_is_shown_to_who_may_build_it() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("Dockerfile"), "FROM debian:bookworm-slim\n").unwrap();
    let mut config = cto::config::Config::default();
    config.containers.allowed_roots = vec![root.path().to_path_buf()];
    let plane = Plane::configured(cto::engine::Engine::connect(None), config).await;
    let template = json!({"build": {"context": root.path()}, "command": "sleep 600"});
    for (actor, shown) in [(viewer(), "***"), (operator("olga"), "FROM debian:bookworm-slim\n")] {
        let spec = plane.control.render_template(&actor, request(&plane, "x", template.clone())).await.unwrap().spec;
        assert_eq!(spec.image.build.unwrap().dockerfile, shown);
    }
    // What can't be read as it should be is told before anything is built.
    std::fs::create_dir(root.path().join(".dockerignore")).unwrap();
    let problem = launched(&plane, &operator("olga"), request(&plane, "odd", template.clone())).await.problem.unwrap();
    assert!(problem.detail.contains(".dockerignore"), "{problem:?}");
    std::fs::remove_dir(root.path().join(".dockerignore")).unwrap();
    let large = std::fs::File::create(root.path().join("large")).unwrap();
    large.set_len(3 << 30).unwrap();
    let problem = launched(&plane, &operator("olga"), request(&plane, "large", template)).await.problem.unwrap();
    assert!(problem.detail.contains("more than 2 GiB") && problem.fix.is_some(), "{problem:?}");
}

#[tokio::test]
async fn a_recipe_takes_the_place_of_an_inherited_image_and_is_judged_as_everything_is() {
    let plane = Plane::start().await;
    let templates = plane.home.path().join("config/templates");
    std::fs::create_dir_all(&templates).unwrap();
    std::fs::write(templates.join("plain.json"), r#"{"name":"plain","image":"debian:bookworm-slim","command":"sleep 600"}"#).unwrap();
    let built = r#"{"name":"built","build":{"dockerfile":["FROM a","RUN one"],"args":{"A":"1","B":"2"}},"command":"sleep 600"}"#;
    std::fs::write(templates.join("built.json"), built).unwrap();
    let rendered = async |template: Value| plane.control.render_template(&viewer(), request(&plane, "x", template)).await;
    let source = rendered(json!({"extends": "plain", "build": {"dockerfile": "FROM b\n"}})).await.unwrap().spec.image;
    assert_eq!(source.build.unwrap().dockerfile, "FROM b\n");
    let source = rendered(json!({"extends": "built", "image": "debian"})).await.unwrap().spec.image;
    assert_eq!((source.reference.as_str(), source.build), ("debian", None));
    let source = rendered(json!({"extends": "built", "build": {"dockerfile": ["FROM c"], "args": {"B": "3"}}})).await.unwrap().spec.image.build.unwrap();
    assert_eq!((source.dockerfile.as_str(), source.args["A"].as_str(), source.args["B"].as_str()), ("FROM c\n", "1", "3"));
    for (wrong, why) in [
        (json!({"image": "a", "build": {"dockerfile": "FROM b\n"}}), "say one of both"),
        (json!({"command": "sh"}), "missing field 'image'"),
        (json!({"build": {}}), "nothing to build"),
        (json!({"build": {"dockerfile": ["RUN x"]}}), "FROM IMAGE"),
        (json!({"build": {"dockerfile": ["FROM x"], "network": "host"}}), "unknown field 'network'"),
        (json!({"build": {"dockerfile": ["FROM x"], "target": "-x"}}), "name of a stage"),
        (json!({"build": {"dockerfile": "/etc/shadow"}}), "can't be read: "),
        (json!({"build": {"context": "/etc"}}), "can't be read: "),
    ] {
        let refused = rendered(wrong.clone()).await.unwrap_err();
        let told = format!("{refused} {:?}", refused.places);
        assert!(told.contains(why), "{wrong}: {told}");
    }
    // An admin may name what lies where they launch from, but not what is cto's own.
    for build in [json!({"context": "./config"}), json!({"context": ".", "dockerfile": "FROM x\n"}), json!({"dockerfile": "./config/templates/plain.json"})] {
        let refused = plane.control.render_template(&admin(), request(&plane, "x", json!({"build": build}))).await.unwrap_err();
        assert!(matches!(refused.code, Code::PolicyRefused | Code::InvalidDocument), "{build}: {refused:?}");
    }
    // Whoever may launch may build what needs no file of the server's.
    let recipe = json!({"build": {"dockerfile": "FROM debian:bookworm-slim\nRUN echo here && exit 7\n"}, "command": "sleep 600"});
    let problem = launched(&plane, &operator("olga"), request(&plane, "fails", recipe)).await.problem.unwrap();
    assert!(problem.code == Code::BuildFailed && problem.detail.contains("code: 7") && problem.detail.contains("here"), "{problem:?}");
    let absent = json!({"build": {"dockerfile": "FROM 127.0.0.1:9/nobody/nothing:1\n"}, "command": "sleep 600"});
    assert_eq!(launched(&plane, &operator("olga"), request(&plane, "absent", absent)).await.problem.unwrap().code, Code::ImageUnavailable);
    assert_eq!(plane.existing().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_cancelled_launch_leaves_nothing_of_its_build() {
    let plane = Plane::start().await;
    let mark = format!("{}-mark", plane.prefix);
    let lines = ["FROM debian:bookworm-slim".to_owned(), format!("LABEL t={mark}"), "RUN echo one > /one".to_owned(), "RUN sleep 1000".to_owned()];
    let template = json!({"build": {"dockerfile": lines}, "packages": ["hello"], "command": "sleep 600"});
    let operation = plane.control.create_container_from(&operator("olga"), request(&plane, "long", template), None).await.unwrap();
    let sleeping = || docker(&["ps", "-q", "--filter", &format!("label=t={mark}"), "--filter", "status=running"]).trim().to_owned();
    let mut phases = std::collections::BTreeSet::new();
    let begun = std::time::Instant::now();
    loop {
        let now = plane.control.get_operation(&admin(), operation.id.as_str()).await.unwrap();
        assert_eq!(now.state, OperationState::Running, "{now:?}");
        phases.insert(now.progress.phase.clone());
        if now.progress.done == 3 && !sleeping().is_empty() {
            break;
        }
        assert!(begun.elapsed() < LONG, "{:?}", now.progress);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(phases.iter().any(|phase| phase.starts_with("building cto-derived/")), "{phases:?}");
    plane.control.cancel_operation(&operator("olga"), operation.id.as_str()).await.unwrap();
    let ended = plane.control.wait_operation(&admin(), operation.id.as_str(), LONG).await.unwrap();
    assert_eq!(ended.state, OperationState::Cancelled, "{ended:?}");
    let left = || docker(&["ps", "-aq", "--filter", &format!("label=t={mark}")]) + &docker(&["image", "ls", "-aq", "--filter", &format!("label=t={mark}")]);
    let gone = async {
        while !left().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(LONG, gone).await.unwrap_or_else(|_| panic!("left: {}", left()));
}

#[tokio::test]
async fn packages_of_pip_and_npm_are_installed_by_their_names_alone() {
    let plane = Plane::start().await;
    // Installers that need no network.
    let fake = "RUN for p in pip3 npm; do printf '#!/bin/sh\\nfor word; do echo \"%s <$word>\"; done >> /asked\\n' $p > /usr/local/bin/$p; chmod 755 /usr/local/bin/$p; done";
    let packages = json!(["pip:uvicorn[standard]>=0.30,<1", "npm:@scope/tool@^1.2", "pip:requests==2.32.3", "npm:typescript"]);
    let template = json!({"build": {"dockerfile": ["FROM debian:bookworm-slim", fake]}, "packages": packages, "command": "sleep 600", "interactive": false});
    let (image, said) = made(&plane, "both", template.clone(), "cat /asked").await;
    let asked = |program: &str| said.lines().filter_map(|line| line.strip_prefix(&format!("{program} "))).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(asked("pip3"), ["<install>", "<-->", "<requests==2.32.3>", "<uvicorn[standard]>=0.30,<1>"], "{said}");
    let npm = [
        "<install>",
        "<--global>",
        "<--no-fund>",
        "<--no-audit>",
        "<--no-update-notifier>",
        "<-->",
        "<@scope/tool@^1.2>",
        "<typescript>",
        "<cache>",
        "<clean>",
        "<--force>",
    ];
    assert_eq!(asked("npm"), npm, "{said}");
    assert_eq!(made(&plane, "again", template, "true").await.0, image, "it is kept");
    for (package, bring) in [("pip:requests", "python3-pip"), ("npm:typescript", "\"npm\"")] {
        let without = json!({"image": "debian:bookworm-slim", "packages": [package], "command": "sleep 600"});
        let problem = launched(&plane, &admin(), request(&plane, "without", without)).await.problem.unwrap();
        assert!(problem.code == Code::NoPackageManager && problem.fix.as_ref().is_some_and(|fix| fix.contains(bring)), "{problem:?}");
    }
    if std::env::var_os("CTO_PROVE").is_some() {
        let real = json!({"image": "debian:bookworm-slim", "packages": ["python3-pip", "pip:six==1.16.0", "npm", "npm:left-pad@1.3.0"], "command": "sleep 600", "interactive": false});
        let look = "python3 -c 'import six; print(six.__version__)'; ls $(npm root -g)";
        assert_eq!(made(&plane, "real", real, look).await.1, "1.16.0\nleft-pad\n");
        let unknown = json!({"image": "debian:bookworm-slim", "packages": ["python3-pip", "pip:no-such-package-of-cto"], "command": "sleep 600"});
        let problem = launched(&plane, &admin(), request(&plane, "unknown", unknown)).await.problem.unwrap();
        assert!(problem.code == Code::PackageNotFound && problem.detail.contains("no-such-package-of-cto"), "{problem:?}");
    }
}

#[tokio::test]
async fn files_of_variables_go_before_nothing_and_are_shown_to_nobody() {
    let plane = Plane::start().await;
    let folder = plane.home.path();
    std::fs::write(folder.join("app.env"), "# remark\nA=one # two\nexport B='it is $B'\nC=\"x\\ty\"\nD=from the file\n\nE=\n").unwrap();
    let template = json!({"image": "debian:bookworm-slim", "env_file": ["app.env", {"path": "none.env", "required": false}],
        "environment": {"D": "from the template"}, "command": "sleep 600", "interactive": false});
    let mut request = request(&plane, "env", template.clone());
    request.references = cto::config::references(&request.inline.as_ref().unwrap().text, folder).unwrap();
    let shown = plane.control.render_template(&admin(), request.clone()).await.unwrap().spec.environment;
    assert_eq!((shown["A"].as_str(), shown["D"].as_str()), ("***", "from the template"));
    let container = launched(&plane, &admin(), request.clone()).await.result.unwrap();
    let said = docker(&["exec", &container.name, "sh", "-c", "echo \"$A,$B,$C,$D,$E\""]);
    assert_eq!(said, "one,it is $B,x\ty,from the template,\n");
    for (text, why) in [("A=\"x", "never closed"), ("A", "not 'NAME=VALUE'"), ("=x", "line 1")] {
        request.references.insert("file:app.env".to_owned(), text.to_owned());
        let refused = plane.control.render_template(&admin(), request.clone()).await.unwrap_err();
        assert!(format!("{:?}", refused.places).contains(why), "{text}: {refused:?}");
    }
    request.references.clear();
    assert!(plane.control.render_template(&admin(), request).await.is_err(), "what was not sent along is not looked for on the server");
    let absent = json!({"image": "a", "env_file": ["no.env"]}).to_string();
    assert!(cto::config::references(&absent, folder).is_err());
}
