//! A database server, where one is installed.
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

/// A PostgreSQL of our own, as far as one is installed.
pub struct Cluster {
    dir: tempfile::TempDir,
    bin: PathBuf,
}

impl Cluster {
    pub fn start() -> Option<Self> {
        let bins = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten().map(|entry| entry.path().join("bin"));
        let bin = bins.filter(|bin| bin.join("initdb").exists()).max()?;
        let dir = tempfile::tempdir().unwrap();
        let cluster = Self { dir, bin };
        let root = rustix::process::geteuid().is_root();
        if root {
            // PostgreSQL refuses to run as root.
            std::fs::set_permissions(cluster.dir.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        }
        let data = cluster.dir.path().join("data");
        cluster.run("initdb", &["-N", "-A", "trust", "-U", "postgres", "-D", data.to_str().unwrap()]);
        let options = format!("-k {} -c listen_addresses=", cluster.dir.path().display());
        cluster.run("pg_ctl", &["start", "-w", "-s", "-D", data.to_str().unwrap(), "-o", &options, "-l", cluster.dir.path().join("log").to_str().unwrap()]);
        Some(cluster)
    }

    pub fn url(&self) -> String {
        format!("postgres://postgres@localhost/postgres?host={}", self.dir.path().display())
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let program = self.bin.join(program);
        let mut command = if rustix::process::geteuid().is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        let done = command.args(arguments).current_dir(self.dir.path()).stdout(std::process::Stdio::null()).status().unwrap();
        assert!(done.success());
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let data = self.dir.path().join("data");
        self.run("pg_ctl", &["stop", "-s", "-m", "immediate", "-D", data.to_str().unwrap()]);
    }
}
