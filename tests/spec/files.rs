//! Files in and out of containers, and archives that want out of their place.
use super::support::engine::docker;
use super::support::home::Home;
use super::support::http::Door;
use super::support::narrow::Narrow;
use super::support::plane::Plane;
use super::support::plane::admin;
use super::support::plane::operator;
use super::support::plane::viewer;
use cto::client::Unpack;
use cto::client::Unpacked;
use cto::client::unpack;
use cto::error::Result;
use cto::model::*;
use futures_util::StreamExt as _;
use serde_json::Value;
use serde_json::json;
use sha2::Digest as _;
use sha2::Sha256;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::symlink;
use std::path::Path;

/// An archive written by hand: whatever its entries say.
#[derive(Default)]
struct Forged(Vec<u8>);

impl Forged {
    /// An entry with this kind, name, link target and content, all unchecked.
    fn entry(&mut self, kind: u8, name: &[u8], target: &[u8], content: &[u8]) -> &mut Self {
        self.head(kind, name, target, content.len() as u64, 0o4755).0.extend(content);
        let padding = content.len().next_multiple_of(512) - content.len();
        self.0.extend(vec![0; padding]);
        self
    }

    fn head(&mut self, kind: u8, name: &[u8], target: &[u8], size: u64, mode: u32) -> &mut Self {
        let mut head = [0_u8; 512];
        head[..name.len().min(100)].copy_from_slice(&name[..name.len().min(100)]);
        head[100..107].copy_from_slice(format!("{mode:07o}").as_bytes());
        head[124..136].copy_from_slice(format!("{size:012o}").as_bytes());
        head[136..147].copy_from_slice(b"00000000007");
        head[156] = kind;
        head[157..157 + target.len().min(100)].copy_from_slice(&target[..target.len().min(100)]);
        head[257..263].copy_from_slice(b"ustar\0");
        head[148..156].fill(b' ');
        let sum: u32 = head.iter().map(|byte| u32::from(*byte)).sum();
        head[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        self.0.extend(head);
        self
    }

    fn file(&mut self, name: &str, content: &str) -> &mut Self {
        self.entry(b'0', name.as_bytes(), b"", content.as_bytes())
    }

    fn link(&mut self, name: &str, target: &str) -> &mut Self {
        self.entry(b'2', name.as_bytes(), target.as_bytes(), b"")
    }

    fn end(&mut self) -> Vec<u8> {
        self.0.extend([0; 1024]);
        std::mem::take(&mut self.0)
    }
}

fn open(archive: &[u8], into: &Path, rename_to: Option<&str>) -> Result<Unpacked> {
    let wanted = Unpack { into, rename_to: rename_to.map(OsStr::new), only: None, most_bytes: 1 << 20, most_entries: 100 };
    unpack(&mut &archive[..], &wanted)
}

/// Everything below a directory, with what files hold.
fn tree(dir: &Path) -> Vec<String> {
    fn walk(dir: &Path, root: &Path, found: &mut Vec<String>) {
        let mut entries: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            let meta = path.symlink_metadata().unwrap();
            if meta.is_symlink() {
                found.push(format!("{name} -> {}", std::fs::read_link(&path).unwrap().display()));
            } else if meta.is_dir() {
                found.push(format!("{name}/"));
                walk(&path, root, found);
            } else {
                found.push(format!("{name}={}", std::fs::read_to_string(&path).unwrap_or_default()));
            }
        }
    }
    let mut found = Vec::new();
    walk(dir, dir, &mut found);
    found
}

#[test]
fn nothing_in_an_archive_leaves_the_destination() {
    let outer = tempfile::tempdir().unwrap();
    let into = outer.path().join("in");
    std::fs::create_dir(&into).unwrap();
    std::fs::write(outer.path().join("secret"), "untouched").unwrap();
    // What lies there already is not followed either.
    symlink(outer.path(), into.join("planted")).unwrap();
    let archive = Forged::default()
        .file("/absolute", "x")
        .file("../up", "x")
        .file("a/../../up", "x")
        .file("planted/through", "x")
        .link("out", outer.path().to_str().unwrap())
        .file("out/through", "x")
        .link("up", "..")
        .file("up/through", "x")
        .entry(b'5', b"d", b"", b"")
        .link("d/back", "..")
        // By its letters this stays inside; through 'd/back' it does not.
        .link("sly", "d/back/../..")
        .file("sly/through", "x")
        .link("d/fine", "../good")
        .entry(b'1', b"hard", b"../secret", b"")
        .entry(b'1', b"hard2", b"planted/secret", b"")
        .entry(b'3', b"device", b"", b"")
        .entry(b'4', b"block", b"", b"")
        .entry(b'6', b"pipe", b"", b"")
        .entry(b'0', b"", b"", b"")
        .file("good", "content")
        .entry(b'1', b"same", b"good", b"")
        .file("d", "a file in a directory's place")
        .end();
    let error = open(&archive, &into, None).expect_err("a directory is not replaced");
    assert_eq!(error.code, Code::InvalidValue, "{error}");
    let archive = &archive[..archive.len() - 1024 - 1024];
    let mut whole = Forged(archive.to_vec());
    let done = open(&whole.end(), &into, None).unwrap();
    let planted = format!("planted -> {}", outer.path().display());
    assert_eq!(
        tree(&into),
        [
            "d/",
            "d/back -> ..",
            "d/fine -> ../good",
            "good=content",
            "out/",
            "out/through=x",
            planted.as_str(),
            "same=content",
            "sly/",
            "sly/through=x",
            "up/",
            "up/through=x"
        ],
        "directories, no links"
    );
    assert_eq!((done.files, done.bytes, done.left_out_count), (4, 10, 13), "{:#?}", done.left_out);
    assert!(done.left_out.iter().any(|line| line.contains("may be outside")) && done.left_out.iter().any(|line| line.contains("absolute")));
    assert_eq!(std::fs::metadata(into.join("good")).unwrap().mode() & 0o7777, 0o755, "no set-user-id");
    assert_eq!(std::fs::read_dir(outer.path()).unwrap().count(), 2);
    assert_eq!(std::fs::read_to_string(outer.path().join("secret")).unwrap(), "untouched");
}

#[test]
fn an_archive_is_bounded_and_one_that_is_cut_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let code = |archive: &[u8]| open(archive, dir.path(), None).expect_err("refused").code;
    let mut whole = Forged::default();
    whole.file("whole", "0123456789");
    let cut = Forged::default().file("whole", "0123456789").head(b'0', b"part", b"", 600, 0o644).0.clone();
    assert_eq!(code(&cut), Code::ServerUnavailable);
    assert_eq!(tree(dir.path()), ["whole=0123456789"], "nothing is left of a part of a file");
    assert_eq!(code(&whole.0), Code::ServerUnavailable, "without its end it is cut");
    assert_eq!(code(&whole.0[..700]), Code::ServerUnavailable);
    assert_eq!(code(b""), Code::ServerUnavailable);
    assert_eq!(code(&[7; 2048]), Code::InvalidValue);
    // What it says of sizes is not believed.
    for (kind, size) in [(b'0', 1 << 32), (b'L', 1 << 33), (b'x', 1 << 33)] {
        assert_eq!(code(&Forged::default().head(kind, b"big", b"", size, 0).0), Code::TooLarge);
    }
    let mut binary = Forged::default();
    binary.head(b'0', b"big", b"", 0, 0);
    binary.0[124..136].copy_from_slice(&[0xff; 12]);
    let sum: u32 = binary.0.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) }).sum();
    binary.0[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    assert_eq!(code(&binary.0), Code::TooLarge);
    let mut many = Forged::default();
    (0..101).for_each(|_| _ = many.entry(b'5', b"d", b"", b""));
    assert_eq!(code(&many.end()), Code::TooLarge);
}

#[test]
fn names_of_any_bytes_and_any_length_arrive_under_their_new_first_part() {
    let dir = tempfile::tempdir().unwrap();
    let long = format!("top/{}/{}", "x".repeat(150), "y".repeat(150));
    let odd = b"top/\xff\xfe \n'$";
    let pax = |record: &str| format!("{} {record}\n", record.len() + 4).into_bytes();
    let archive = Forged::default()
        .entry(b'5', b"top/", b"", b"")
        .entry(b'0', odd, b"", b"odd")
        .entry(b'L', b"././@LongLink", b"", long.as_bytes())
        .file("short", "long")
        .entry(b'x', b"pax", b"", &pax("path=top/\u{e4}\u{f6}"))
        .file("ascii", "pax")
        .link("top/l", "\u{e4}")
        .end();
    let done = open(&archive, dir.path(), Some("new")).unwrap();
    assert_eq!((done.files, done.left_out_count), (3, 0), "{:?}", done.left_out);
    let new = dir.path().join("new");
    assert_eq!(std::fs::read(new.join(OsStr::from_bytes(&odd[4..]))).unwrap(), b"odd");
    assert_eq!(std::fs::read_to_string(dir.path().join(long.replacen("top", "new", 1))).unwrap(), "long");
    assert_eq!(std::fs::read_to_string(new.join("\u{e4}\u{f6}")).unwrap(), "pax");
}

/// Large where the whole is to be proven.
fn size(small: usize, whole: usize) -> usize {
    if std::env::var_os("CTO_PROVE").is_some() { whole } else { small }
}

fn sum_of(path: &Path) -> String {
    let mut file = std::fs::File::open(path).unwrap();
    let mut hash = Sha256::new();
    std::io::copy(&mut file, &mut hash).unwrap();
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_large_file_and_many_small_ones_keep_their_checksums_both_ways() {
    let home = Home::new();
    let name = home.container("files");
    let at = |path: &str| home.dir.path().join(path);
    let megabytes = size(16, 1000);
    let block: Vec<u8> = (0..1 << 18).flat_map(|n: u32| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let mut whole = std::fs::File::create(at("large")).unwrap();
    (0..megabytes).for_each(|_| std::io::Write::write_all(&mut whole, &block).unwrap());
    let done = home.json(&["cp", "large", &format!("{name}:/tmp"), "--json"]);
    assert_eq!(done["bytes"].as_u64(), Some((megabytes << 20) as u64));
    let sum = sum_of(&at("large"));
    assert_eq!(home.ok(&["exec", &name, "--", "sha256sum", "/tmp/large"]), format!("{sum}  /tmp/large\n"));
    home.ok(&["cp", &format!("{name}:/tmp/large"), "back"]);
    assert_eq!(sum_of(&at("back")), sum);

    let count = size(300, 10_000);
    std::fs::create_dir(at("many")).unwrap();
    for number in 0..count {
        let dir = at("many").join(format!("d{}", number % 17));
        let _ = std::fs::create_dir(&dir);
        std::fs::write(dir.join(format!("f{number}")), format!("content {number}").repeat(number % 50)).unwrap();
    }
    let sums = "cd /tmp/up && find . -type f | LC_ALL=C sort | xargs -d '\\n' sha256sum | sha256sum";
    let here = |dir: &str| {
        let script = sums.replace("/tmp/up", at(dir).to_str().unwrap());
        String::from_utf8(std::process::Command::new("sh").args(["-c", &script]).output().unwrap().stdout).unwrap()
    };
    let done = home.json(&["cp", "many", &format!("{name}:/tmp/up"), "--json"]);
    assert_eq!(done["files"].as_u64(), Some(count as u64));
    assert_eq!(home.ok(&["exec", &name, "--", "sh", "-c", sums]), here("many"));
    home.ok(&["cp", &format!("{name}:/tmp/up"), "down"]);
    assert_eq!(here("down"), here("many"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_cut_in_the_middle_fails_cleanly_both_ways_and_is_done_again() {
    let door = Door::open().await;
    let container = door.plane.container(&admin(), "cut", json!({"command": "sleep 6000", "interactive": false})).await;
    let token = door.token(Role::Admin).await;
    let place = tempfile::tempdir().unwrap();
    let at = |path: &str| place.path().join(path);
    let block: Vec<u8> = (0..1 << 18).flat_map(|n: u32| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let mut whole = std::fs::File::create(at("large")).unwrap();
    (0..size(16, 1000)).for_each(|_| std::io::Write::write_all(&mut whole, &block).unwrap());
    let sum = sum_of(&at("large"));
    let half = size(8, 500) << 20;
    let narrow = Narrow::to(&door.address.to_string(), half);
    let url = format!("http://127.0.0.1:{}", narrow.port);
    let inside = |path: &str| format!("{}:{path}", container.name);
    let begin = |arguments: [&str; 2]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cto"));
        let command = command.args(["--server", &url, "cp"]).args(arguments).env("CTO_TOKEN", &token).env("CTO_HOME", at("home")).current_dir(place.path());
        command.stderr(std::process::Stdio::piped()).spawn().unwrap()
    };
    let parts = || tree(place.path()).into_iter().filter(|line| line.contains("back") || line.contains("cto-part")).count();
    for (from, to) in [("large".to_owned(), inside("/tmp")), (inside("/tmp/large"), "back".to_owned())] {
        narrow.let_through(half);
        let child = begin([&from, &to]);
        narrow.until_held();
        narrow.cut();
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(6), "{told}");
        assert!(told.starts_with("error: ") && !told.contains("panic"), "{told}");
        assert_eq!(parts(), 0, "nothing is left of a copy that was cut");
        narrow.open();
        let output = begin([&from, &to]).wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(sum_of(&at("back")), sum);
    assert_eq!(docker(&["exec", &container.name, "sha256sum", "/tmp/large"]), format!("{sum}  /tmp/large\n"));
}

#[test]
fn cp_lands_where_docker_s_does_and_leaves_nothing_of_a_failed_one() {
    let home = Home::new();
    let name = home.container("cp");
    let inside = |path: &str| format!("{name}:{path}");
    let at = |path: &str| home.dir.path().join(path);
    let exec = |script: &str| home.ok(&["exec", &name, "--", "sh", "-c", script]);
    exec(
        "mkdir -p /d/sub; echo one > /d/a; echo two > /d/sub/b; ln -s a /d/l; ln -s /etc/passwd /d/out; ln -s ../.. /d/sub/up; mkfifo /d/p; ln -s d /dl; chmod 600 /d/a",
    );
    // A directory to a new name, into a directory, and only what is in it.
    let done = home.json(&["cp", &inside("/d"), "new", "--json"]);
    assert_eq!((done["files"].as_u64(), done["left_out_count"].as_u64()), (Some(2), Some(3)), "{done}");
    assert_eq!(tree(&at("new")), ["a=one\n", "l -> a", "sub/", "sub/b=two\n"]);
    assert_eq!(std::fs::metadata(at("new/a")).unwrap().mode() & 0o777, 0o600);
    std::fs::create_dir(at("there")).unwrap();
    home.ok(&["cp", &inside("/d"), "there"]);
    home.ok(&["cp", &inside("/d/."), "there"]);
    assert!(at("there/d/sub/b").exists() && at("there/sub/b").exists());
    home.ok(&["cp", &inside("/d/a"), "there/c"]);
    home.ok(&["cp", &inside("d/a"), "there/"]);
    assert_eq!(std::fs::read_to_string(at("there/c")).unwrap() + &std::fs::read_to_string(at("there/a")).unwrap(), "one\none\n");
    home.ok(&["cp", "-L", &inside("/dl"), "followed"]);
    assert!(at("followed/sub/b").exists());
    // The same the other way.
    home.ok(&["cp", "new", &inside("/x")]);
    home.ok(&["cp", "new", &inside("/x")]);
    home.ok(&["cp", "new/.", &inside("/x")]);
    home.ok(&["cp", "new/a", &inside("/x/renamed")]);
    home.ok(&["cp", "new/a", &inside("/dl")]);
    assert_eq!(
        exec("cd /x && find . | LC_ALL=C sort | tr '\\n' ' '; stat -c '%a %U' /x/a; ls -l /x/l | tail -c 5; cat /d/a"),
        ". ./a ./l ./new ./new/a ./new/l ./new/sub ./new/sub/b ./renamed ./sub ./sub/b 600 root\n-> a\none\n"
    );
    // Names with any bytes, and archives on the standard streams.
    let odd = at("odd");
    std::fs::create_dir(&odd).unwrap();
    std::fs::write(odd.join(OsStr::from_bytes(b"\xff\n'")), "odd").unwrap();
    home.ok(&["cp", "odd", &inside("/odd")]);
    home.ok(&["cp", &inside("/odd"), "odd2"]);
    assert_eq!(std::fs::read(at("odd2").join(OsStr::from_bytes(b"\xff\n'"))).unwrap(), b"odd");
    let archive = home.cto(&["cp", &inside("/d/a"), "-"]).assert().success().get_output().stdout.clone();
    home.cto(&["cp", "-", &inside("/odd")]).write_stdin(archive).assert().success();
    assert_eq!(exec("cat /odd/a"), "one\n");
    // What can't be, and what is left of it.
    assert!(home.fails(3, &["cp", &inside("/nowhere"), "x"]).contains("no file or directory '/nowhere'"));
    assert!(home.fails(3, &["cp", "nothing-of-this-name:/etc", "x"]).contains("no container"));
    assert!(home.fails(3, &["cp", "new", &inside("/no/such/place")]).contains("no file or directory"));
    assert!(home.fails(2, &["cp", "nowhere", &inside("/x")]).contains("can't be read"));
    assert!(home.fails(2, &["cp", &inside("/d"), "new/a"]).contains("is a file"));
    assert!(home.fails(2, &["cp", "new", &inside("/d/a")]).contains("is a file"));
    assert!(home.fails(2, &["cp", "a", "b"]).contains("CONTAINER:PATH"));
    exec("head -c 9000000 /dev/zero > /d/z");
    assert!(home.fails(2, &["cp", "--max-size", "8m", &inside("/d"), "cut"]).contains("--max-size"));
    assert!(!at("cut").exists(), "nothing is left of a copy that failed");
    assert!(tree(home.dir.path()).iter().all(|line| !line.contains(".cto-part")));
}

#[tokio::test]
async fn only_who_may_gets_at_files_and_a_cut_is_told() {
    let plane = Plane::start().await;
    let (control, olga) = (&plane.control, operator("olga"));
    let name = plane.container(&olga, "mine", json!({"command": "sleep 600", "interactive": false})).await.name;
    let name = name.as_str();
    let at = |path: &str| PathQuery::new(path.as_bytes());
    for actor in [viewer(), operator("otto")] {
        let refused = [
            control.stat_path(&actor, name, at("/etc")).await.err(),
            control.download_files(&actor, name, at("/etc")).await.err(),
            control.upload_files(&actor, name, at("/etc"), futures_util::stream::empty().boxed()).await.err(),
        ];
        for error in refused {
            assert_eq!(error.unwrap().code, Code::Forbidden);
        }
    }
    let found = control.stat_path(&olga, name, at("/etc/debian_version")).await.unwrap();
    assert_eq!((found.kind, found.mode, found.name.as_str()), (PathKind::File, 0o644, "debian_version"));
    assert_eq!(control.stat_path(&olga, name, at("")).await.unwrap_err().code, Code::InvalidValue);
    let half = Forged::default().head(b'0', b"half", b"", 1 << 20, 0o644).0.clone();
    let pieces = vec![Ok(bytes::Bytes::from(half)), Err(std::io::Error::other("gone"))];
    let cut = control.upload_files(&olga, name, at("/tmp"), futures_util::stream::iter(pieces).boxed()).await.unwrap_err();
    assert_eq!((cut.code, cut.message.contains("cut off after 512 bytes"), cut.fix.is_some()), (Code::BadRequest, true, true), "{cut}");
    let nonsense = futures_util::stream::iter(vec![Ok(bytes::Bytes::from_static(&[7; 2048]))]).boxed();
    assert_eq!(control.upload_files(&olga, name, at("/tmp"), nonsense).await.unwrap_err().code, Code::InvalidValue);
    let audit = control.list_audit(&admin(), &ListQuery::default()).await.unwrap().items;
    let writes: Vec<_> = audit.iter().filter(|event| event.action == "write:files").map(|event| event.outcome).collect();
    assert_eq!(writes.iter().filter(|outcome| **outcome == Outcome::Refused).count(), 2);
    assert_eq!(writes.iter().filter(|outcome| **outcome == Outcome::Failed).count(), 2);
}

#[test]
fn the_figures_are_those_of_docker_stats() {
    let home = Home::new();
    let name = home.name("load");
    let template = r#"{"name":"load","image":"debian:bookworm-slim","interactive":false,"network":"isolated","limits":{"memory":"256m","cpus":0.3},
        "command":["sh","-c","head -c 30000000 /dev/urandom > /cached; cat /cached > /dev/null; tail -c 60000000 /dev/zero & while :; do :; done"]}"#;
    std::fs::write(
        home.dir.path().join("load.json"),
        template.replace("tail -c 60000000 /dev/zero", "(head -c 60000000 /dev/zero; sleep 600) | tail -c 60000000 >/dev/null"),
    )
    .unwrap();
    home.ok(&["run", "load.json", "--name", &name, "-d"]);
    // Once it has all that it holds, it changes no more.
    let memory = || home.json(&["stats", "--no-stream", "--json", &name])[0]["memory_bytes"].as_u64().unwrap_or(0);
    home.until("the load has its memory", || memory() > 50_000_000);
    let text = docker(&["stats", "--no-stream", "--format", "{{.MemUsage}}|{{.MemPerc}}|{{.CPUPerc}}|{{.PIDs}}", &name]);
    let ours = home.json(&["stats", "--no-stream", "--json", &name]);
    let ours = &ours[0];
    let field: Vec<&str> = text.trim().split('|').collect();
    let number = |text: &str| text.trim().trim_end_matches(|c: char| c.is_alphabetic() || c == '%').parse::<f64>().unwrap();
    let mebibytes = number(field[0].split('/').next().unwrap());
    assert!(field[0].contains("MiB / 256MiB"), "{text}");
    let seen = ours["memory_bytes"].as_f64().unwrap() / 1_048_576.0;
    assert!((seen - mebibytes).abs() < 1.0, "{seen} MiB here, {text}");
    assert!((ours["memory_percent"].as_f64().unwrap() - number(field[1])).abs() < 0.5, "{ours} {text}");
    let (cpu, by_docker) = (ours["cpu_percent"].as_f64().unwrap(), number(field[2]));
    assert!((cpu - by_docker).abs() < 8.0 && cpu > 15.0, "{cpu} % here, {text}");
    assert_eq!(ours["pids"].as_f64().unwrap(), number(field[3]), "{ours} {text}");
    assert_eq!(ours["name"].as_str(), Some(name.as_str()));
    let table = home.ok(&["stats", "--no-stream", &name]);
    assert!(table.starts_with("CONTAINER ID") && table.contains("/ 256.00MiB") && table.contains(&name), "{table}");
    assert!(home.fails(3, &["stats", "--no-stream", "nothing-of-this-name"]).contains("no container"));
    let all = home.json(&["stats", "--no-stream", "--json"]);
    assert!(all.as_array().unwrap().iter().any(|row: &Value| row["name"] == name.as_str()));
}
