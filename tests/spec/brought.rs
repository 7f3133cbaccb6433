//! Foreign files are not only read: what they become is brought up, on stand-in images under the names that they use.
use super::support::engine::LONG;
use super::support::engine::docker;
use super::support::own_engine::OwnEngine;
use super::support::plane::Plane;
use super::support::plane::admin;
use cto::config::Config;
use cto::config::import;
use cto::config::import::Imported;
use cto::engine::Engine;
use cto::model::*;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

/// A program that stays, whatever it is called, and some that are done at once.
const STAND_IN: &str = r#"FROM debian:bookworm-slim
RUN printf '#!/bin/sh\ntrap "exit 0" TERM INT QUIT\nwhile :; do sleep 1 & wait $!; done\n' > /usr/local/bin/stay && chmod 755 /usr/local/bin/stay \
 && for name in node celery; do ln -s stay /usr/local/bin/$name; done \
 && for name in pg_isready redis-cli mysqladmin curl wget make apt-get git pip3 docker; do ln -s /bin/true /usr/local/bin/$name; done \
 && useradd --uid 1000 vscode && useradd dev
ENTRYPOINT ["/usr/local/bin/stay"]
"#;

/// What stands in the way of a file on this machine or server, and what is done about it.
struct Way {
    /// What is told.
    told: &'static [&'static str],
    /// Also where another machine may have what it takes.
    always: bool,
    mend: Mend,
}

enum Mend {
    /// The server's configuration allows it.
    Allow,
    /// Something is given.
    Give(&'static str, &'static str),
    /// What this machine has not is written otherwise.
    Write(&'static str, &'static str),
    /// What is of no use here is left out of every container.
    Without(&'static str),
    /// What uses the port goes.
    StopRegistry,
}

/// A file with what it needs beside itself.
#[derive(Default)]
struct Case {
    file: &'static str,
    images: &'static [&'static str],
    set: &'static [(&'static str, &'static str)],
    references: &'static [(&'static str, &'static str)],
    files: &'static [(&'static str, &'static str)],
    ways: &'static [Way],
    /// So many containers come of it.
    containers: usize,
}

const BUILT: &str = "FROM stand-in\nARG VERSION\nCOPY . /src/\n";

const COMPOSE: [Case; 10] = [
    Case {
        file: "blog.yml",
        images: &["mariadb:10.11", "wordpress:latest"],
        references: &[("ROOT_PASSWORD", "x")],
        files: &[("./uploads.ini", "")],
        ways: &[],
        set: &[],
        containers: 2,
    },
    Case {
        file: "anchors.yaml",
        images: &["postgres:13", "redis:7.2-bookworm", "registry.example/airline/app:2.9.1"],
        references: &[],
        files: &[],
        ways: &[],
        set: &[],
        containers: 4,
    },
    Case {
        file: "secrets.yml",
        images: &[],
        references: &[],
        files: &[("./api/Dockerfile", BUILT), ("./db_password.txt", "secret"), ("./settings.toml", "a = 1"), ("./conf/x", "")],
        ways: &[Way { told: &["the variable 'API_KEY' is not set"], always: true, mend: Mend::Give("API_KEY", "key") }],
        set: &[],
        containers: 1,
    },
    Case {
        file: "networks.yml",
        images: &["nginx:1.27-alpine", "prom/node-exporter:latest", "busybox:latest"],
        references: &[],
        files: &[],
        ways: &[Way {
            told: &["image 'ghcr.io/example/app:main@sha256:0123456789abcdef", "can't be pulled"],
            always: true,
            mend: Mend::Write("ghcr.io/example/app:main@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "DIGEST"),
        }],
        set: &[],
        containers: 6,
    },
    Case {
        file: "photos.yml",
        images: &["ghcr.io/example/photos-server:release", "ghcr.io/example/photos-ml:release", "valkey/valkey:8-bookworm", "ghcr.io/example/postgres:14"],
        references: &[("DB_PASSWORD", "x"), ("DB_USERNAME", "y")],
        files: &[(".env", "DB_PASSWORD=x\nTZ='Etc/UTC'\n")],
        ways: &[
            Way { told: &["'/etc/localtime'", "can't be mounted", "'containers.allowed_roots' in cto.json"], always: true, mend: Mend::Allow },
            Way { told: &["no device '/dev/dri'", "leave it out of 'devices'"], always: false, mend: Mend::Write("/dev/dri:/dev/dri", "/dev/null:/dev/dri") },
        ],
        set: &[("UPLOAD_LOCATION", "./upload"), ("DB_DATA_LOCATION", "./db")],
        containers: 4,
    },
    Case {
        file: "search.yml",
        images: &["elasticsearch:8", "kibana:8"],
        references: &[],
        files: &[],
        ways: &[
            Way { told: &["does not permit the limit 'memlock'", "'limits.ulimits'"], always: false, mend: Mend::Without("/limits/ulimits/memlock") },
            Way { told: &["does not permit the limit 'nofile'", "'limits.ulimits'"], always: false, mend: Mend::Without("/limits/ulimits/nofile") },
        ],
        set: &[("STACK_VERSION", "8"), ("MEM_LIMIT", "64m")],
        containers: 3,
    },
    Case {
        file: "media.yml",
        images: &["example/vpn:latest", "example/client:latest", "example/player:1"],
        references: &[],
        files: &[("./media/x", ""), ("./config/x", "")],
        ways: &[
            Way { told: &["'NET_ADMIN'", "'/dev/net/tun'", "set 'containers.allow_privileged' in cto.json"], always: true, mend: Mend::Allow },
            Way { told: &["'/srv/config' can't be mounted"], always: true, mend: Mend::Write("/srv/config:", "./config:") },
        ],
        set: &[],
        containers: 3,
    },
    Case {
        file: "tracker.yml",
        images: &["example/tracker:2"],
        references: &[],
        files: &[],
        ways: &[Way { told: &["can't limit how much of its disk", "'limits.disk'"], always: false, mend: Mend::Without("/limits/disk") }],
        set: &[],
        containers: 2,
    },
    Case { file: "queue.yml", images: &["rabbitmq:3-management", "example/worker:latest"], references: &[], files: &[], ways: &[], set: &[], containers: 3 },
    Case {
        file: "voting.yml",
        images: &["example/base:latest", "example/other:latest", "redis:alpine"],
        references: &[],
        files: &[("./vote/Dockerfile", BUILT), ("./worker/Dockerfile", BUILT), ("./healthchecks/redis.sh", "#!/bin/sh\nredis-cli ping\n")],
        ways: &[Way { told: &["the host's port 5000 is taken"], always: true, mend: Mend::StopRegistry }],
        set: &[],
        containers: 5,
    },
];

const DEVCONTAINERS: [Case; 4] = [
    Case {
        file: "dev/image.json",
        images: &["mcr.example/devcontainers/python:1-3.12-bookworm"],
        references: &[],
        files: &[],
        ways: &[],
        set: &[],
        containers: 1,
    },
    Case {
        file: "dev/build.json",
        images: &[],
        references: &[],
        files: &[("./.devcontainer/Dockerfile", BUILT), ("./ccache/x", "")],
        ways: &[Way { told: &["'seccomp=unconfined'", "'SYS_PTRACE'", "'containers.allow_privileged'"], always: true, mend: Mend::Allow }],
        set: &[],
        containers: 1,
    },
    Case {
        file: "dev/user.json",
        images: &["example/rust:1"],
        references: &[],
        files: &[],
        ways: &[Way { told: &["'SYS_PTRACE'"], always: true, mend: Mend::Allow }],
        set: &[],
        containers: 1,
    },
    Case { file: "dev/docker.json", images: &["example/base:ubuntu"], references: &[], files: &[], ways: &[], set: &[], containers: 1 },
];

fn fixture(name: &str) -> String {
    std::fs::read_to_string(Path::new("tests/fixtures/import").join(name)).unwrap()
}

/// What was refused or failed, as one text.
fn told(problem: &Problem) -> String {
    let places: String = problem.errors.iter().map(|place| format!(" {}", place.detail)).collect();
    format!("{}{places} {}", problem.detail, problem.fix.as_deref().unwrap_or_default())
}

/// The file's directory, with what it needs.
fn project(root: &Path, case: &Case) -> PathBuf {
    let folder = root.join(case.file.replace(['/', '.'], "-"));
    std::fs::create_dir_all(&folder).unwrap();
    for (name, text) in case.files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&path, mode).unwrap();
    }
    folder
}

/// Brings a stack up, or launches a template.
async fn up(plane: &Plane, imported: &Imported, case: &Case, folder: &Path, references: &BTreeMap<String, String>) -> Result<Vec<Container>, String> {
    let inline = Some(InlineTemplate { source: case.file.to_owned(), text: imported.text().unwrap() });
    let base_dir = Some(folder.to_str().unwrap().to_owned());
    let operation = if imported.stack {
        let set = case.set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let request = UpStack { inline, base_dir, set, references: references.clone(), ..UpStack::default() };
        plane.control.up_stack(&admin(), request, None).await
    } else {
        let request = CreateContainer { inline, base_dir, references: references.clone(), ..CreateContainer::default() };
        plane.control.create_container_from(&admin(), request, None).await
    };
    let operation = operation.map_err(|error| told(&error.problem()))?;
    let ended = plane.control.wait_operation(&admin(), operation.id.as_str(), 2 * LONG).await.unwrap();
    match (ended.stack, ended.result, ended.problem) {
        (Some(stack), ..) => Ok(stack.containers),
        (_, Some(container), _) => Ok(vec![container]),
        (.., problem) => Err(problem.as_ref().map(told).unwrap_or_default()),
    }
}

/// Tries until nothing stands in the way any more; each thing that does is told, as the case says.
async fn brought<'a>(planes: [&'a Plane; 2], alone: &OwnEngine, case: &Case, mut imported: Imported, folder: &Path) -> (&'a Plane, Vec<Container>) {
    let mut plane = planes[0];
    let mut references: BTreeMap<String, String> = case.references.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    references.extend(case.files.iter().map(|(name, text)| (format!("file:{name}"), (*text).to_owned())));
    let mut open: Vec<&Way> = case.ways.iter().collect();
    loop {
        let problem = match up(plane, &imported, case, folder, &references).await {
            Ok(containers) => {
                assert!(open.iter().all(|way| !way.always), "{}: not told: {:?}", case.file, open.iter().map(|way| way.told).collect::<Vec<_>>());
                return (plane, containers);
            }
            Err(problem) => problem,
        };
        let Some(at) = open.iter().position(|way| way.told.iter().all(|part| problem.contains(part))) else { panic!("{}: {problem}", case.file) };
        match open.remove(at).mend {
            Mend::Allow => plane = planes[1],
            Mend::Give(name, value) => drop(references.insert(name.to_owned(), value.to_owned())),
            Mend::Write(old, new) => {
                let new = if new == "DIGEST" { pushed(alone) } else { new.to_owned() };
                imported.document = serde_json::from_str(&imported.document.to_string().replace(old, &new)).unwrap();
            }
            Mend::Without(pointer) => {
                let (above, field) = pointer.rsplit_once('/').unwrap();
                for member in imported.document["containers"].as_object_mut().unwrap().values_mut() {
                    member.pointer_mut(above).and_then(Value::as_object_mut).map(|object| object.remove(field));
                }
            }
            Mend::StopRegistry => {
                let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/test-registry.sh");
                assert!(std::process::Command::new(script).arg("stop").arg(alone.at()).status().unwrap().success());
            }
        }
    }
}

/// The stand-in, by a digest that a registry has.
fn pushed(alone: &OwnEngine) -> String {
    let (address, name) = (alone.address(), "127.0.0.1:5000/example/app:main");
    docker(&["-H", &address, "tag", "stand-in", name]);
    docker(&["-H", &address, "push", "-q", name]);
    let digests = docker(&["-H", &address, "image", "inspect", "-f", "{{join .RepoDigests \"\\n\"}}", name]);
    let digest = digests.lines().find(|line| line.starts_with("127.0.0.1:5000/example/app@")).unwrap_or_else(|| panic!("{digests}")).to_owned();
    docker(&["-H", &address, "rmi", name]);
    digest
}

/// Whether a container runs, or has ended well.
fn is_well(container: &Container) -> bool {
    container.state == ContainerState::Running || (container.state == ContainerState::Exited && container.exit_code == Some(0))
}

#[tokio::test]
async fn imported_files_are_brought_up_under_their_own_names_or_say_what_is_in_the_way() {
    if std::env::var_os("CTO_PROVE").is_none() {
        return;
    }
    let alone = OwnEngine::start();
    let address = alone.address();
    let root = tempfile::tempdir().unwrap();
    let root = root.path().canonicalize().unwrap();
    std::fs::create_dir(root.join("stand-in")).unwrap();
    std::fs::write(root.join("stand-in/Dockerfile"), STAND_IN).unwrap();
    docker(&["-H", &address, "build", "-q", "-t", "stand-in", root.join("stand-in").to_str().unwrap()]);
    let mut open = Config::default();
    open.containers.allow_privileged = true;
    open.containers.allowed_roots = vec!["/etc/localtime".into()];
    let tight = Plane::configured(Engine::connect(Some(&address)), Config::default()).await;
    let open = Plane::configured(Engine::connect(Some(&address)), open).await;
    for case in COMPOSE.iter().chain(&DEVCONTAINERS) {
        let folder = project(&root, case);
        for image in case.images {
            docker(&["-H", &address, "tag", "stand-in", image]);
        }
        let stem = case.file.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap();
        let mut imported = if case.file.ends_with(".json") {
            import::devcontainer(".devcontainer/devcontainer.json", &fixture(case.file), stem).unwrap()
        } else {
            import::compose(case.file, &fixture(case.file), stem, &[]).unwrap()
        };
        // The home of whoever runs this is left alone.
        imported.document = serde_json::from_str(&imported.document.to_string().replace("\"~/.", "\"./").replace("\"~/", "\"./")).unwrap();
        let (plane, containers) = brought([&tight, &open], &alone, case, imported, &folder).await;
        assert_eq!(containers.len(), case.containers, "{}: {containers:?}", case.file);
        for container in &containers {
            let now = plane.control.parts().engine.inspect(&container.name).await.unwrap();
            assert!(is_well(&now), "{}: {now:?}", case.file);
        }
        if let Some(stack) = containers.first().and_then(|container| container.stack.as_ref()) {
            let down = DownStack { volumes: true, force: true, ..DownStack::default() };
            let operation = plane.control.down_stack(&admin(), &stack.stack, down, None).await.unwrap();
            let ended = plane.control.wait_operation(&admin(), operation.id.as_str(), LONG).await.unwrap();
            assert_eq!(ended.state, OperationState::Succeeded, "{}: {ended:?}", case.file);
        } else {
            docker(&["-H", &address, "rm", "-f", &containers[0].name]);
        }
        let left = docker(&["-H", &address, "ps", "-aq", "--filter", "label=cto.owner"]);
        assert_eq!(left, "", "{}", case.file);
    }
    // The fifth names a compose file, which is what is imported then.
    let refused = import::devcontainer("devcontainer.json", &fixture("dev/compose.json"), "project").unwrap_err();
    assert!(refused.fix.unwrap().contains("cto import compose"));
}

#[tokio::test]
async fn an_imported_devcontainer_is_built_and_launched() {
    let mut config = Config::default();
    config.containers.allow_privileged = true;
    let plane = Plane::configured(Engine::connect(None), config).await;
    let mut imported = import::devcontainer(".devcontainer/devcontainer.json", &fixture("dev/build.json"), "project").unwrap();
    imported.document["name"] = json!(plane.name("dev"));
    imported.document["volumes"] = json!(["./:/workspaces/project"]);
    // What stands before the words of a command in an image's entrypoint does not come before the shell.
    let recipe = "FROM debian:bookworm-slim\nARG VARIANT=none\nRUN echo $VARIANT > /variant; for name in make apt-get git; do ln -s /bin/true /usr/local/bin/$name; done\nENTRYPOINT [\"/bin/false\"]\n";
    let folder = plane.home.path().join("project");
    std::fs::create_dir_all(folder.join(".devcontainer")).unwrap();
    std::fs::write(folder.join(".devcontainer/Dockerfile"), recipe).unwrap();
    let case = Case { file: "build.json", ..Case::default() };
    let containers = up(&plane, &imported, &case, &folder, &BTreeMap::new()).await.unwrap();
    let said = docker(&["exec", &containers[0].name, "sh", "-c", "cat /variant; ls -A /workspaces/project; echo $CC $HERE $TOKEN"]);
    assert_eq!(said, "bookworm\n.devcontainer\nclang /workspaces/project/build none\n");
    assert!(imported.left.iter().any(|left| left.pointer == "/initializeCommand"), "what would run on the host is listed: {:?}", imported.left);
}
