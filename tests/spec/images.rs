//! Images: built, brought from a private registry and sent there, made anew, cut off half-way, on a disk that is full.
use super::support::engine::LONG;
use super::support::engine::docker;
use super::support::engine::within;
use super::support::home::Home;
use super::support::narrow::Narrow;
use super::support::own_engine::OwnEngine;
use super::support::plane::Plane;
use super::support::plane::admin;
use super::support::plane::operator;
use super::support::plane::viewer;
use super::support::registry::Registry;
use base64::Engine as _;
use bytes::Bytes;
use cto::access::Actor;
use cto::config::Config;
use cto::engine::Engine;
use cto::model::*;
use futures_util::StreamExt as _;
use rand::RngCore as _;
use serde_json::json;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

/// Bytes that do not become smaller.
fn noise(count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

/// A directory to build from, as a tar.
fn context(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o755);
        tar.append_data(&mut header, name, *content).unwrap();
    }
    tar.into_inner().unwrap()
}

async fn build(plane: &Plane, actor: &Actor, tag: &str, files: &[(&str, &[u8])]) -> Operation {
    let request = BuildImage { tag: tag.to_owned(), ..BuildImage::default() };
    let pieces = context(files).chunks(64 << 10).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect::<Vec<_>>();
    let operation = plane.control.build_image(actor, request, futures_util::stream::iter(pieces).boxed()).await.unwrap();
    ended(plane, &operation).await
}

async fn ended(plane: &Plane, operation: &Operation) -> Operation {
    let ended = plane.control.wait_operation(&admin(), operation.id.as_str(), LONG).await.unwrap();
    assert_ne!(ended.state, OperationState::Running, "{ended:?}");
    ended
}

/// What an operation has made.
fn made(operation: Operation) -> Image {
    operation.image.unwrap_or_else(|| panic!("{:?}", operation.problem))
}

/// Waits until an operation is so far. Its news are told now and then only, so it is asked.
async fn until(plane: &Plane, operation: &Operation, so: impl Fn(&Progress) -> bool) -> Progress {
    let asking = async {
        loop {
            let now = plane.control.wait_operation(&admin(), operation.id.as_str(), Duration::from_millis(50)).await.unwrap();
            assert_eq!(now.state, OperationState::Running, "{now:?}");
            if so(&now.progress) {
                return now.progress;
            }
        }
    };
    within(asking).await
}

const BUSYBOX: &str = "/bin/busybox";
/// An image of little more than busybox.
const SMALL: &str = "FROM scratch\nCOPY busybox /bin/busybox\nRUN [\"/bin/busybox\", \"--install\", \"-s\", \"/bin\"]\nENV PATH=/bin\n";

#[test]
fn a_private_registry_gives_and_takes_images_for_those_who_know_the_password() {
    let printable: String = (' '..='~').collect();
    let (low, high) = printable.split_at(48);
    let foreign = " \u{e4}\u{20ac}\u{1f511}>?>?~\t ";
    let users = [("ann", low), ("bob", high), ("cy", foreign)];
    let registry = Registry::start(&users);
    let address = registry.address.as_str();
    let mut home = Home::new();
    let at = |path: &str| home.dir.path().join(path);
    let (settings, programs) = (at("docker"), at("programs"));
    home.variables.push(("DOCKER_CONFIG".to_owned(), settings.display().to_string()));
    home.variables.push(("PATH".to_owned(), format!("{}:{}", programs.display(), std::env::var("PATH").unwrap())));
    let at = |path: &str| home.dir.path().join(path);
    std::fs::create_dir(&settings).unwrap();
    let login = |settings: &Path, user: &str, password: &str| {
        let auth = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        std::fs::write(settings.join("config.json"), json!({"auths": {address: {"auth": auth}}}).to_string()).unwrap();
    };
    std::fs::create_dir(at("app")).unwrap();
    std::fs::copy(BUSYBOX, at("app/busybox")).unwrap();
    std::fs::write(at("app/Dockerfile"), format!("{SMALL}ARG WORD\nRUN echo $WORD > /word\nCOPY . /app\n")).unwrap();
    std::fs::write(at("app/.dockerignore"), "# not for others\n*.secret\n!kept.secret\n").unwrap();
    for name in ["my.secret", "kept.secret"] {
        std::fs::write(at("app").join(name), name).unwrap();
    }
    let image = format!("{address}/{}:1", home.prefix);
    let id = home.ok(&["image", "build", "-t", &image, "--build-arg", "WORD=hello", "app"]);
    assert!(id.starts_with("sha256:"), "{id}");
    let listed = home.json(&["images", &home.prefix, "--json"]);
    assert_eq!((listed[0]["id"].as_str(), listed[0]["tags"][0].as_str()), (Some(id.trim()), Some(image.as_str())), "{listed}");
    assert!(home.ok(&["image", "history", &image]).contains("echo $WORD > /word"));
    assert_eq!(home.json(&["image", "inspect", &image])[0]["Config"]["Env"][0], "PATH=/bin");

    // Nobody is let in without the right password, and is told what to do.
    for who in [None, Some(("ann", "wrong")), Some(("bob", low)), Some(("nobody", low))] {
        match who {
            None => std::fs::write(settings.join("config.json"), "{}").unwrap(),
            Some((user, password)) => login(&settings, user, password),
        }
        for command in [["image", "push"], ["image", "pull"]] {
            let told = home.fails(6, &[command[0], command[1], &image]);
            assert!(told.contains(&format!("docker login {address}")) && told.contains("does not let cto"), "{who:?} {command:?}: {told}");
            assert!(who.is_none_or(|(_, password)| !told.contains(password)), "{told}");
        }
    }
    for (user, password) in users {
        login(&settings, user, password);
        assert_eq!(home.ok(&["image", "push", &image]), format!("{image}\n"), "{user}");
        assert_eq!(home.ok(&["image", "rm", &image]).lines().next(), Some(format!("Untagged: {image}").as_str()));
        assert_eq!(home.ok(&["pull", &image]), format!("{image}\n"), "{user}");
    }
    // As docker keeps them where there is a helper program.
    std::fs::create_dir(&programs).unwrap();
    let program = programs.join("docker-credential-spec");
    std::fs::write(&program, format!("#!/bin/sh\ncat <<'END'\n{}\nEND\n", json!({"ServerURL": address, "Username": "cy", "Secret": foreign}))).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::write(settings.join("config.json"), json!({"credHelpers": {address: "spec"}}).to_string()).unwrap();
    home.ok(&["image", "rm", &image]);
    // A launch brings a private image too, and a recipe may begin from it.
    std::fs::write(at("private.json"), json!({"name": "private", "image": image, "command": "sh"}).to_string()).unwrap();
    let name = home.name("private");
    home.ok(&["run", "private.json", "--name", &name, "-d"]);
    let seen = home.ok(&["exec", &name, "--", "sh", "-c", "cat /word; ls -A /app"]);
    assert_eq!(seen, "hello\n.dockerignore\nDockerfile\nbusybox\nkept.secret\n");
    assert!(home.fails(5, &["image", "rm", &image]).contains("can't be removed"));
    home.ok(&["rm", "-f", &name]);
    home.ok(&["image", "rm", &image]);
    std::fs::create_dir(at("next")).unwrap();
    std::fs::write(at("next/Recipe"), format!("FROM {image} AS first\nRUN cat /word > /again\nFROM first\nRUN exit 3\n")).unwrap();
    let next = home.name("next");
    home.ok(&["image", "build", "-t", &next, "-f", "Recipe", "--target", "first", "--network", "none", "next"]);
    let broken = home.fails(6, &["image", "build", "-t", &next, "-f", "next/Recipe", "next"]);
    assert!(broken.contains("RUN exit 3") && broken.contains("returned a non-zero code: 3"), "{broken}");
    assert!(home.fails(2, &["image", "build", "-t", &next, "next"]).contains("there is no 'Dockerfile'"));
    home.ok(&["image", "tag", &next, &home.name("other")]);
    let (other, next) = (format!("{}:latest", home.name("other")), format!("{next}:latest"));
    let removed = home.ok(&["image", "rm", &other, &next, &image]);
    assert!(removed.contains(&format!("Untagged: {other}")) && removed.contains("Deleted: sha256:"), "{removed}");
    assert_eq!(home.json(&["images", &home.prefix, "--json"]), json!([]));
}

#[tokio::test]
async fn images_belong_to_who_built_them_and_those_of_templates_are_made_anew_and_collected() {
    let plane = Plane::start().await;
    let (control, olga, otto) = (&plane.control, operator("olga"), operator("otto"));
    let images = control.parts().engine.images();
    let busybox = std::fs::read(BUSYBOX).unwrap();
    // A package manager that needs no network.
    let manager = b"#!/bin/sh\necho \"$@\" > /added\n";
    let base = format!("{}:1", plane.prefix);
    let recipe = |mark: &str| format!("{SMALL}LABEL spec={base}\nCOPY apk /bin/apk\nRUN echo {mark} > /mark\n");
    let first = made(build(&plane, &olga, &base, &[("Dockerfile", recipe("one").as_bytes()), ("busybox", &busybox), ("apk", manager)]).await);
    assert_eq!((first.owner.as_deref(), first.tags.as_slice()), (Some("olga"), [base.clone()].as_slice()));

    // Others see it, and can neither remove it nor put theirs in its place.
    assert_eq!(control.get_image(&viewer(), &base).await.unwrap().id, first.id);
    let history = control.get_image_history(&otto, &base).await.unwrap();
    assert!(history.items.iter().all(|layer| layer.created_by == "***"));
    let refused = [
        control.delete_image(&otto, &base, RemoveImage::default()).await.err(),
        control.push_image(&olga, &base, None).await.err(),
        control.pull_image(&viewer(), Pull { image: base.clone() }, None).await.err(),
    ];
    assert!(refused.iter().all(|error| error.as_ref().is_some_and(|error| error.code == Code::Forbidden)), "{refused:?}");
    let nothing = || futures_util::stream::empty().boxed();
    let of = |tag: &str| BuildImage { tag: tag.to_owned(), ..BuildImage::default() };
    let refused = [
        control.build_image(&otto, of(&base), nothing()).await.err(),
        control.build_image(&olga, BuildImage { network: Some("host".to_owned()), ..of("spec-host") }, nothing()).await.err(),
        control.build_image(&olga, of("cto-derived/x:1"), nothing()).await.err(),
        control.pull_image(&otto, Pull { image: base.clone() }, None).await.err(),
        control.tag_image(&otto, &base, TagImage { name: "debian:bookworm-slim".to_owned() }).await.err(),
    ];
    assert!(refused.iter().all(|error| error.as_ref().is_some_and(|error| error.code == Code::PolicyRefused)), "{refused:?}");
    for recipe in ["../Dockerfile", "/etc/passwd", ""] {
        let request = BuildImage { dockerfile: Some(recipe.to_owned()), ..of("spec-outside") };
        assert_eq!(control.build_image(&olga, request, nothing()).await.unwrap_err().code, Code::InvalidValue);
    }
    let seen = control.prune_images(&olga, ImagePrune { all: true, dry_run: true }).await.unwrap();
    // Other tests have images of a user of the same name.
    assert!(seen.items.iter().any(|image| image.id == first.id), "{seen:?}");
    assert!(seen.items.iter().all(|image| image.owner == first.owner), "an operator prunes only their own: {seen:?}");

    // The image of a template with packages: made once, and anew when its base has changed.
    let launch = plane.request("derived", json!({"image": base, "packages": ["thing"], "command": "sh"}));
    let refresh = async || {
        let operation = control.refresh_image(&olga, RefreshImage { launch: launch.clone(), pull: true }, None).await.unwrap();
        made(ended(&plane, &operation).await)
    };
    let old = refresh().await;
    assert!(old.derived && old.tags[0].starts_with("cto-derived/") && old.owner.is_none(), "{old:?}");
    assert_eq!(refresh().await.id, old.id);
    made(build(&plane, &olga, &base, &[("Dockerfile", recipe("two").as_bytes()), ("busybox", &busybox), ("apk", manager)]).await);
    let new = refresh().await;
    assert_ne!(new.id, old.id);
    let operation = plane.launch(&olga, "derived", json!({"image": base, "packages": ["thing"], "command": "sh"})).await;
    let container = operation.result.unwrap_or_else(|| panic!("{:?}", operation.problem));

    // Unused is what no container stands on and nobody has launched from for a while.
    let unused = async |age| -> Vec<String> { images.unused_derived(age).await.unwrap().into_iter().map(|image| image.id).collect() };
    let now = unused(Duration::ZERO).await;
    assert!(now.contains(&old.id) && !now.contains(&new.id));
    assert!(!unused(LONG * 60).await.contains(&old.id), "it was used just now");
    control.parts().engine.remove(&container.id, true).await.unwrap();
    assert!(unused(Duration::ZERO).await.contains(&new.id));
    let would = control.prune_images(&admin(), ImagePrune { all: false, dry_run: true }).await.unwrap();
    assert!(would.items.iter().any(|image| image.id == new.id) && would.items.iter().all(|image| image.derived || image.tags.is_empty()));
    for image in [old, new] {
        images.remove_whole(&image).await.unwrap();
    }
    // The engine keeps the layers of the first build, without a name, until somebody prunes them.
    control.delete_image(&olga, &base, RemoveImage::default()).await.unwrap();
    let _ = images.remove(&first.id, false).await;
    assert_eq!(control.get_image(&olga, &base).await.unwrap_err().code, Code::NotFound);
    assert_eq!(docker(&["images", "-q", &plane.prefix]), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cancelled_half_way_or_finds_the_disk_full_leaves_nothing_behind() {
    let engine = OwnEngine::prepared(|dir| {
        std::fs::write(dir.join("daemon.json"), json!({"live-restore": true, "insecure-registries": ["10.213.0.0/16"]}).to_string()).unwrap();
        std::fs::create_dir(dir.join("data")).unwrap();
        let mounted = std::process::Command::new("mount").args(["-t", "tmpfs", "-o", "size=700m", "cto-test", dir.join("data").to_str().unwrap()]).status();
        assert!(mounted.unwrap().success());
    });
    let plane = Plane::configured(Engine::connect(Some(&engine.address())), Config::default()).await;
    let (control, ada) = (&plane.control, admin());
    let docker = |arguments: &[&str]| {
        let output = std::process::Command::new("docker").env("DOCKER_HOST", engine.address()).args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let registry = Registry::start(&[]);
    let narrow = Narrow::to(&registry.address, 3 << 20);
    let image = format!("{}:{}/half/way:1", engine.host(), narrow.port);
    let everything = || docker(&["images", "-aq", "--no-trunc"]) + &docker(&["ps", "-aq"]);
    let before = everything();

    // A build, while it runs a program.
    let recipe = "FROM debian:bookworm-slim\nRUN echo one > /one\nRUN sleep 1000\n";
    let files: &[(&str, &[u8])] = &[("Dockerfile", recipe.as_bytes())];
    let request = BuildImage { tag: image.clone(), ..BuildImage::default() };
    let running = control.build_image(&ada, request.clone(), futures_util::stream::iter(vec![Ok(Bytes::from(context(files)))]).boxed()).await.unwrap();
    let seen = until(&plane, &running, |now| now.done == 2 && now.line.as_deref().is_some_and(|line| line.starts_with("---> Running in"))).await;
    // The labels that say whose it is are steps too.
    assert!(seen.total >= 3 && seen.phase == format!("building {image}"), "{seen:?}");
    assert_eq!(control.cancel_operation(&ada, running.id.as_str()).await.unwrap().state, OperationState::Cancelled);
    assert_eq!(everything(), before, "neither container nor layer is left");
    // A directory that ends in the middle.
    let cut = vec![Ok(Bytes::from(context(files)).slice(..700)), Err(std::io::Error::other("gone"))];
    let operation = control.build_image(&ada, request, futures_util::stream::iter(cut).boxed()).await.unwrap();
    let problem = ended(&plane, &operation).await.problem.unwrap();
    assert!(problem.code == Code::BadRequest && problem.detail.contains("cut off after 700 bytes"), "{problem:?}");
    assert_eq!(everything(), before);

    // A push and a pull, while a layer is on its way.
    let (loud, quiet) = (noise(8 << 20), vec![0_u8; 200 << 20]);
    let recipe = "FROM scratch\nCOPY loud /loud\nCOPY quiet /quiet\n";
    made(build(&plane, &ada, &image, &[("Dockerfile", recipe.as_bytes()), ("loud", &loud), ("quiet", &quiet)]).await);
    let half = |now: &Progress| now.unit == ProgressUnit::Bytes && now.done > 0 && now.done < now.total;
    let pushing = control.push_image(&ada, &image, None).await.unwrap();
    until(&plane, &pushing, half).await;
    assert_eq!(control.cancel_operation(&ada, pushing.id.as_str()).await.unwrap().state, OperationState::Cancelled);
    let known = super::support::http::http().get(format!("http://{}/v2/half/way/tags/list", registry.address)).send().await.unwrap();
    assert_eq!(known.status().as_u16(), 404, "the registry knows nothing of it");
    narrow.open();
    let pushing = control.push_image(&ada, &image, None).await.unwrap();
    assert_eq!(made(ended(&plane, &pushing).await).tags, [image.as_str()]);
    control.delete_image(&ada, &image, RemoveImage::default()).await.unwrap();
    narrow.let_through(3 << 20);
    let pulling = control.pull_image(&ada, Pull { image: image.clone() }, None).await.unwrap();
    until(&plane, &pulling, |now| half(now) && now.total >= loud.len() as u64).await;
    assert_eq!(control.cancel_operation(&ada, pulling.id.as_str()).await.unwrap().state, OperationState::Cancelled);
    narrow.open();
    let rest = || files_in(&engine.at().join("data/tmp")) + files_in(&engine.at().join("data/image/overlay2/layerdb/tmp"));
    let gone = async {
        while rest() > 0 {
            tokio::task::yield_now().await;
        }
    };
    within(gone).await;
    assert_eq!(everything(), before);

    // A disk that is full, with room for what comes over the network and none for what becomes of it.
    let filler = engine.at().join("data/filler");
    let mut file = std::fs::File::create(&filler).unwrap();
    let block = vec![1_u8; 1 << 20];
    let mut written = 0_u64;
    while file.write_all(&block).is_ok() {
        written += block.len() as u64;
    }
    file.set_len(written - (60 << 20)).unwrap();
    let pulling = control.pull_image(&ada, Pull { image: image.clone() }, None).await.unwrap();
    let problem = ended(&plane, &pulling).await.problem.unwrap();
    assert!(problem.code == Code::DiskFull && problem.fix.is_some_and(|fix| fix.contains("cto image prune")), "{}", problem.detail);
    let recipe = "FROM debian:bookworm-slim\nRUN dd if=/dev/zero of=/big bs=1M count=300\n";
    let problem = build(&plane, &ada, "spec/big:1", &[("Dockerfile", recipe.as_bytes())]).await.problem.unwrap();
    assert_eq!(problem.code, Code::DiskFull, "{}", problem.detail);
    assert_eq!(everything(), before);
    drop(file);
    std::fs::remove_file(filler).unwrap();
    let pulling = control.pull_image(&ada, Pull { image: image.clone() }, None).await.unwrap();
    made(ended(&plane, &pulling).await);
    // With room again it is brought, and pruned when nothing uses it.
    let pruned = control.prune_images(&ada, ImagePrune { all: true, dry_run: false }).await.unwrap();
    assert!(pruned.kept.is_empty() && pruned.freed_bytes > 200 << 20, "{pruned:?}");
    assert!(control.list_images(&ada, &ListQuery::default()).await.unwrap().items.is_empty());
}

/// Files below a directory; none where there is no such directory.
fn files_in(dir: &Path) -> usize {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { files_in(&entry.path()) } else { 1 }).sum()
}
