//! Foreign files become ours, and what can't be carried is told; ours become compose files.
use super::support::engine::docker;
use super::support::golden::golden;
use super::support::plane::Plane;
use super::support::plane::admin;
use super::support::plane::operator;
use cto::config;
use cto::config::import;
use cto::config::import::Imported;
use cto::model::*;
use serde_json::Value;
use serde_json::json;
use std::path::Path;
use std::time::Duration;

fn fixture(name: &str) -> String {
    std::fs::read_to_string(Path::new("tests/fixtures/import").join(name)).unwrap()
}

/// What comes out, and what is left, as one text.
fn shown(imported: &Imported) -> String {
    let left: String = imported.left.iter().map(|left| format!("{}: {}\n", left.pointer, left.reason)).collect();
    format!("{}not carried:\n{left}", imported.text().unwrap())
}

const COMPOSE: [&str; 10] =
    ["blog.yml", "anchors.yaml", "secrets.yml", "networks.yml", "photos.yml", "voting.yml", "search.yml", "media.yml", "tracker.yml", "queue.yml"];

fn compose(name: &str) -> Imported {
    import::compose(name, &fixture(name), name.split('.').next().unwrap(), &[]).unwrap_or_else(|error| panic!("{name}: {error:?}"))
}

#[test]
fn compose_files_become_stacks_and_what_is_left_is_told() {
    for name in COMPOSE {
        golden(format!("tests/golden/import/{name}.txt"), &shown(&compose(name)));
    }
    let with = import::compose("anchors.yaml", &fixture("anchors.yaml"), "x", &["flower".to_owned()]).unwrap();
    assert!(with.document["containers"].get("flower").is_some());
}

/// Every field of every service is carried into its container, or told.
#[test]
fn nothing_of_a_compose_file_is_dropped_silently() {
    for name in COMPOSE {
        let text = fixture(name);
        let imported = compose(name);
        let mut section = "";
        let mut service = "";
        let told: String = imported.left.iter().map(|left| format!("{} {}\n", left.pointer, left.reason)).collect();
        for line in text.split("\n---\n").next().unwrap().lines() {
            if !line.starts_with([' ', '#']) {
                section = line.trim_end_matches(':');
            } else if let Some(name) = line.strip_prefix("  ").filter(|name| !name.starts_with([' ', '#'])) {
                service = name.split(':').next().unwrap();
            }
            let Some((field, _)) =
                line.strip_prefix("    ").and_then(|line| line.split_once(':')).filter(|(field, _)| !field.starts_with([' ', '-', '#', '"']))
            else {
                continue;
            };
            let ours = match field {
                "stop_grace_period" => "stop_grace",
                "read_only" => "readonly",
                "security_opt" => "security",
                "healthcheck" => "health",
                "mem_limit" | "cpus" | "pids_limit" | "ulimits" | "shm_size" | "storage_opt" | "memswap_limit" => "limits",
                "network_mode" => "network",
                "secrets" | "configs" => "files",
                "scale" => "replicas",
                "tty" | "stdin_open" => "interactive",
                "post_start" => "hooks",
                "extends" | "<<" => continue,
                other => other,
            };
            let nothing_said = matches!(line.trim(), "read_only: false" | "ports: []");
            let carried = match section {
                "services" => imported.document["containers"][service].to_string(),
                _ => imported.document.to_string(),
            };
            // A service of a profile that was not asked for is told once, as a whole.
            let known = carried.contains(&format!("\"{ours}\":"))
                || [format!("/{service}/{field}"), format!("/{section}/{service} "), format!("/{section}/{service}/profiles the service is")]
                    .iter()
                    .any(|said| told.contains(said));
            assert!(nothing_said || known, "{name}: '{field}' of '{service}' is neither carried nor told");
        }
    }
}

#[test]
fn devcontainers_become_templates_and_nothing_of_the_host_is_run() {
    for name in ["image", "build", "user", "docker"] {
        let imported =
            import::devcontainer("devcontainer.json", &fixture(&format!("dev/{name}.json")), "project").unwrap_or_else(|error| panic!("{name}: {error:?}"));
        golden(format!("tests/golden/import/dev-{name}.txt"), &shown(&imported));
        assert!(!imported.document.to_string().contains("example.org/setup.sh"), "{name}: a command of the host's is nowhere in it");
    }
    let refused = import::devcontainer("devcontainer.json", &fixture("dev/compose.json"), "project").unwrap_err();
    assert!(refused.fix.unwrap().contains("cto import compose"));
}

#[test]
fn portainers_lists_become_templates() {
    let (all, left) = import::portainer("portainer.json", &fixture("portainer.json")).unwrap();
    let mut text: String = all.iter().map(shown).collect();
    left.iter().for_each(|left| text.push_str(&format!("{}: {}\n", left.pointer, left.reason)));
    golden("tests/golden/import/portainer.txt", &text);
    let old = r#"[{"type": 1, "title": "Old", "image": "nginx", "env": [{"name": "A", "set": "b"}]}]"#;
    assert_eq!(import::portainer("v1", old).unwrap().0[0].document["environment"]["A"], "b");
    assert_eq!(import::portainer("v2", r#"{"version": "2", "templates": []}"#).unwrap(), (vec![], vec![]));
    assert!(import::portainer("x", "{}").is_err() && import::portainer("x", "[").is_err());
}

#[test]
fn lines_of_docker_run_become_templates() {
    let lines = [
        "docker run hello-world",
        "$ docker run -it --rm --name my-shell -v \"$(pwd)\":/work -w /work debian:bookworm bash -lc 'echo \"a b\" | wc -c'",
        "sudo docker run -d \\\n  --name=db --restart unless-stopped -p 5432:5432 -p 127.0.0.1:8000-8001:80-81/udp \\\n  -e POSTGRES_PASSWORD='it'\\''s $ecret' -eTZ -v pgdata:/var/lib/postgresql/data:Z --shm-size=256m postgres:16 -c 'max_connections = 50'",
        "podman container run -itd --network none --read-only --tmpfs /run:rw,noexec,size=8m --cap-drop ALL --cap-add=NET_BIND_SERVICE --security-opt no-new-privileges --memory 1g --cpus=0.5 --pids-limit 50 --ulimit nofile=1024:2048 -u 1000:1000 -h box alpine",
        "docker run --mount type=bind,source=/srv/data,target=/data,readonly --mount type=tmpfs,dst=/t,tmpfs-size=1m --gpus all --pid host --network host --env-file .env -v /var/run/docker.sock:/var/run/docker.sock -l a=b -l cto.owner=x --health-cmd 'curl -f localhost' --health-interval 5s --entrypoint /bin/sh registry.example:5000/team/app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef -c 'true'",
    ];
    let text: String =
        lines.iter().map(|line| format!("{line}\n{}\n", shown(&import::line(line).unwrap_or_else(|error| panic!("{line}: {error:?}"))))).collect();
    golden("tests/golden/import/lines.txt", &text);
    for bad in ["", "docker ps", "docker run", "docker run -v", "docker run 'x", "docker run -Q x", "docker run --name a --"] {
        assert!(import::line(bad).is_err(), "{bad}");
    }
}

/// Own images under the fixtures' names would be in the way of other tests: one stand-in serves for all.
fn on_stand_ins(imported: &mut Imported, image: &str, stack: &str) {
    imported.document["name"] = json!(stack);
    for member in imported.document["containers"].as_object_mut().unwrap().values_mut() {
        member["image"] = json!(image);
        // Ports, paths and limits of processes of this machine are not the point here.
        if let Some(limits) = member.get_mut("limits").and_then(Value::as_object_mut) {
            limits.remove("ulimits");
        }
        for port in member.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
            let text = port.as_str().unwrap_or_default().rsplit(':').next().unwrap_or_default().to_owned();
            *port = json!(text);
        }
        if let Some(volumes) = member.get_mut("volumes").and_then(Value::as_array_mut) {
            volumes.retain(|volume| !volume.as_str().unwrap_or_default().starts_with(['.', '/', '~', '$']));
        }
    }
}

#[tokio::test]
async fn imported_stacks_start_on_stand_in_images() {
    let plane = Plane::start().await;
    let (image, helper) = (plane.name("stand-in"), plane.name("helper"));
    let programs = "for p in mysqladmin pg_isready redis-cli curl wget; do printf '#!/bin/sh\\nexit 0\\n' > /usr/bin/$p; chmod 755 /usr/bin/$p; done; printf '#!/bin/sh\\ncase \"$*\" in *\"exec true\"*) exit 0;; esac\\nexec sleep 600\\n' > /stay; chmod 755 /stay";
    docker(&["run", "--name", &helper, "debian:bookworm-slim", "sh", "-c", programs]);
    docker(&["commit", "--change", "ENTRYPOINT [\"/stay\"]", "--change", "CMD []", &helper, &image]);
    docker(&["rm", &helper]);
    let values = |name: &str| match name {
        "photos.yml" => vec![("UPLOAD_LOCATION", "data"), ("DB_DATA_LOCATION", "db")],
        "search.yml" => vec![("STACK_VERSION", "8"), ("MEM_LIMIT", "64m")],
        _ => vec![],
    };
    let mut up = 0;
    for name in ["blog.yml", "anchors.yaml", "search.yml", "queue.yml"] {
        let stack = plane.name(name.split('.').next().unwrap());
        let mut imported = compose(name);
        on_stand_ins(&mut imported, &image, &stack);
        // What is others' is not there.
        imported.document.as_object_mut().unwrap().remove("volumes");
        let request = UpStack {
            inline: Some(InlineTemplate { source: name.to_owned(), text: imported.text().unwrap() }),
            set: values(name).into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            references: ["ROOT_PASSWORD", "DB_PASSWORD"].map(|name| (name.to_owned(), "x".to_owned())).into(),
            ..UpStack::default()
        };
        let operation = plane.control.up_stack(&admin(), request, None).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let operation = plane.control.wait_operation(&admin(), operation.id.as_str(), Duration::from_secs(120)).await.unwrap();
        let brought = operation.stack.unwrap_or_else(|| panic!("{name}: {:?}", operation.problem));
        up += brought.containers.len();
        let down = DownStack { volumes: true, ..DownStack::default() };
        let operation = plane.control.down_stack(&admin(), &stack, down, None).await.unwrap();
        plane.control.wait_operation(&admin(), operation.id.as_str(), Duration::from_secs(60)).await.unwrap();
    }
    assert_eq!(up, 12);
    docker(&["rmi", &image]);

    // Policy looks at what was imported as at everything.
    let media = compose("media.yml");
    let request = UpStack { inline: Some(InlineTemplate { source: "media.yml".to_owned(), text: media.text().unwrap() }), ..UpStack::default() };
    assert_eq!(plane.control.up_stack(&operator("olga"), request, None).await.unwrap_err().code, Code::PolicyRefused);
}

#[tokio::test]
async fn a_running_container_becomes_a_template_that_makes_one_like_it() {
    let plane = Plane::start().await;
    let fields = json!({
        "command": ["sh", "-c", "exec sleep 600"], "interactive": false, "environment": {"A": "b c", "D": "$x"}, "volumes": [format!("{}:/data:ro", plane.name("vol"))],
        "tmpfs": ["/scratch:1m"], "ports": [8080], "limits": {"memory": "64m", "cpus": 0.5, "pids": 40, "ulimits": {"nofile": "100:200"}}, "readonly": true, "user": "1000",
        "working_dir": "/tmp", "restart": "on-failure:2", "stop_signal": "INT", "health": {"command": ["test", "-d", "/"], "interval": "30s"}, "labels": {"team": "a"}, "cap_drop": ["CHOWN"],
    });
    let container = plane.container(&admin(), "like", fields).await;
    let report = plane.control.inspect_container(&admin(), &container.name).await.unwrap();
    let imported = import::container(&report.0).unwrap();
    let document = &imported.document;
    for (field, expected) in [
        ("image", json!("debian:bookworm-slim")),
        ("command", json!(["sh", "-c", "exec sleep 600"])),
        ("environment", json!({"A": "b c", "D": "$x"})),
        ("limits", json!({"memory": "67108864", "cpus": 0.5, "pids": 40, "ulimits": {"nofile": "100:200"}})),
        ("restart", json!("on-failure:2")),
        ("stop_signal", json!("SIGINT")),
        ("user", json!("1000")),
        ("labels", json!({"team": "a"})),
        ("volumes", json!([format!("{}:/data:ro", plane.name("vol"))])),
    ] {
        assert_eq!(document[field], expected, "{field} of {document}");
    }
    let again = plane
        .container(&admin(), "again", json!({"image": document["image"], "command": document["command"], "limits": document["limits"], "interactive": false}))
        .await;
    assert_eq!(again.image, container.image);
    for name in [&container.name, &again.name] {
        docker(&["rm", "-f", name]);
    }
    docker(&["volume", "rm", &plane.name("vol")]);
    assert!(import::container(&json!({"Id": "x"})).is_err());
}

#[test]
fn a_stack_becomes_a_compose_file_that_can_be_imported_again() {
    let text = json!({"name": "round", "networks": {"back": {"internal": true}}, "containers": {
        "db": {"image": "postgres:16", "interactive": false, "environment": {"A": "it costs $5", "SECRET": "${TOKEN:-}"}, "volumes": ["data:/data"], "networks": ["back"],
               "health": {"command": "pg_isready", "interval": "5s"}, "restart": "always", "ports": ["127.0.0.1:5432:5432"]},
        "web": {"image": "nginx", "command": ["nginx", "-g", "daemon off;"], "interactive": false, "depends_on": {"db": "healthy"}, "networks": ["default", "back"], "ready": {"port": 80}},
    }})
    .to_string();
    let stack = config::Catalogue::default().parse_stack("round.json", &text, None).unwrap();
    let services: Vec<import::Service> = stack
        .instances("round", &Default::default())
        .unwrap()
        .into_iter()
        .map(|one| {
            let about = config::RenderContext {
                base_dir: "/".into(),
                allowed_roots: vec!["/".into()],
                name: one.name.clone(),
                folder: Some("/".into()),
                ..Default::default()
            };
            let rendered = config::render(&one.template, &CreateContainer::default(), &about).unwrap();
            let after = one.after.into_keys().map(|name| (name, "service_healthy")).collect();
            import::Service { name: one.member, spec: rendered.spec, after, secrets: rendered.secrets }
        })
        .collect();
    let networks: Vec<(String, bool)> = stack.own_networks("round").into_iter().map(|network| (network.name, network.internal)).collect();
    let (compose, left) = import::to_compose("round", &services, &networks, &std::collections::BTreeSet::new());
    golden("tests/golden/import/export.txt", &compose);
    assert!(compose.contains("$$5") && compose.contains("${SECRET}"), "a dollar is one, and a secret is none: {compose}");
    assert_eq!(left.iter().map(|left| left.pointer.as_str()).collect::<Vec<_>>(), ["/services/web/ready"]);
    let again = import::compose("compose.yaml", &compose, "x", &[]).unwrap();
    assert_eq!(again.document["containers"]["web"]["depends_on"], json!({"db": "healthy"}));
    assert_eq!(again.document["containers"]["web"]["command"], json!(["nginx", "-g", "daemon off;"]));
}

#[test]
fn what_is_no_compose_file_is_told_where() {
    for (text, told) in [
        ("a: [1", "this is no YAML"),
        ("services: []\n", "it has no services"),
        ("web: {image: x}\n", "it has no services"),
        ("services:\n  a: {image: x}\n  a: {image: y}\n", "'a' is given twice"),
        ("services:\n  a: {image: 'Not An Image'}\n", "not an image reference"),
        ("services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: [a]}\n", "wait for each other in a circle"),
    ] {
        let error = import::compose("compose.yaml", text, "x", &[]).unwrap_err();
        assert!(error.message.contains(told), "{text}: {error:?}");
    }
}
