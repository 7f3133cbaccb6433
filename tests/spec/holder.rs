//! The promises of the session holder as a container's PID 1, in the barest containers there are.
use crate::support::engine::docker;
use cto::engine::HOLDER;
use cto::engine::HOLDER_VERSION;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// What a hardened container is denied; only the holder's volume is added, read-only.
const HARDENED: [&str; 8] = ["--read-only", "--user", "1000:1000", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--network=none"];

/// An image of one static program, FROM scratch, and a volume with the holder; gone when dropped.
struct Bare {
    name: String,
}

impl Bare {
    fn new() -> Self {
        let name = format!("cto-holder-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let bare = Self { name };
        let dir = tempfile::tempdir().unwrap();
        let program = ["/bin/busybox", "/usr/bin/busybox"].into_iter().find(|path| Path::new(path).exists()).unwrap();
        std::fs::create_dir(dir.path().join("bin")).unwrap();
        std::fs::copy(program, dir.path().join("bin/busybox")).unwrap();
        let tar = dir.path().join("image.tar");
        let packed = std::process::Command::new("tar").arg("-C").arg(dir.path()).args(["-cf", &tar.display().to_string(), "bin"]).status().unwrap();
        assert!(packed.success());
        docker(&["import", &tar.display().to_string(), &bare.name]);
        let holder = dir.path().join("hold");
        std::fs::write(&holder, HOLDER).unwrap();
        std::fs::set_permissions(&holder, std::fs::Permissions::from_mode(0o755)).unwrap();
        let fill = bare.container("fill");
        docker(&["create", "--name", &fill, "-v", &format!("{}:/.cto", bare.name), &bare.name, "/bin/busybox"]);
        docker(&["cp", &holder.display().to_string(), &format!("{fill}:/.cto/hold")]);
        bare
    }

    fn container(&self, name: &str) -> String {
        format!("{}-{name}", self.name)
    }

    /// Runs a shell script of the program's as the main program of a new container.
    fn run(&self, name: &str, more: &[&str], script: &str) -> String {
        let (container, volume) = (self.container(name), format!("{}:/.cto:ro", self.name));
        let mut line = vec!["run", "-d", "--name", &container, "-v", &volume];
        line.extend(HARDENED.iter().chain(more));
        line.extend([self.name.as_str(), "/.cto/hold", "init", "--", "/bin/busybox", "sh", "-c", script]);
        let id = docker(&line);
        assert!(!id.is_empty(), "the container does not start");
        container
    }

    fn logged(container: &str, text: &str) {
        let start = Instant::now();
        while !docker(&["logs", container]).contains(text) {
            assert!(start.elapsed() < Duration::from_secs(30), "'{text}' is not in the log");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let all = docker(&["ps", "-aq", "--filter", &format!("name={}", self.name)]);
        let all: Vec<&str> = all.split_whitespace().collect();
        docker(&[&["rm", "-f"], all.as_slice()].concat());
        docker(&["volume", "rm", &self.name]);
        docker(&["rmi", &self.name]);
    }
}

#[test]
fn the_holder_is_small_and_says_its_version() {
    assert!(HOLDER.len() > 100_000 && HOLDER.len() <= 1_500_000, "{} bytes", HOLDER.len());
    assert!(HOLDER.starts_with(b"\x7fELF"));
    assert!(HOLDER.windows(HOLDER_VERSION.len()).any(|window| window == HOLDER_VERSION.as_bytes()));
}

#[test]
fn a_bare_container_that_may_do_nothing_has_a_held_main_program_and_sessions() {
    let bare = Bare::new();
    // With a place for the sockets, and with none but abstract names.
    for (name, more, place) in [("shm", &[][..], "/dev/shm/.cto-1000"), ("abstract", &["--ipc", "none"][..], "abstract")] {
        let container = bare.run(name, more, "echo in the log; exec /bin/busybox sh -i");
        Bare::logged(&container, "in the log");
        let exec = |arguments: &[&str]| docker(&[&["exec", &container, "/.cto/hold"], arguments].concat());
        let probe = exec(&["probe"]);
        assert!(probe.contains(&format!(r#""version":"{HOLDER_VERSION}""#)) && probe.contains(&format!(r#""place":"{place}""#)), "{probe}");
        assert!(exec(&["run", "--id", "no", "--shell"]).contains(r#""code":"command_not_found","message":"there is no shell""#));
        assert!(exec(&["run", "--id", "side", "--", "/bin/busybox", "sleep", "1000"]).contains(r#""ok":true"#));
        assert_eq!(exec(&["list"]).trim(), r#"{"sessions":["main","side"]}"#);
        let start = Instant::now();
        docker(&["stop", "-t", "10", &container]);
        assert!(start.elapsed() < Duration::from_secs(5), "an interactive shell is stopped at once, not after {:?}", start.elapsed());
    }
}

#[test]
fn what_the_program_leaves_behind_is_reaped_and_its_log_and_status_are_the_containers() {
    let bare = Bare::new();
    let script = "b=/bin/busybox; for i in 1 2 3 4 5; do ($b sleep 0.1 &); done; $b sleep 0.5; $b cat /proc/[0-9]*/stat | $b grep -c ' Z '; exit 7";
    let container = bare.run("reaps", &[], script);
    assert_eq!(docker(&["wait", &container]).trim(), "7");
    assert_eq!(docker(&["logs", &container]), "0\r\n", "zombies");
    let lines = bare.run("lines", &["-t"], "echo one; echo two");
    docker(&["wait", &lines]);
    assert_eq!(docker(&["logs", &lines]), "one\r\ntwo\r\n", "the container's own terminal adds nothing");
    let killed = bare.run("killed", &[], "kill -9 $$");
    assert_eq!(docker(&["wait", &killed]).trim(), "137");
}
