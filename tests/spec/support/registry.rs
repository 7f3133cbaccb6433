//! A registry of a test's own.
use std::process::Command;

/// A registry on loopback. It is gone when this is dropped.
pub struct Registry {
    dir: tempfile::TempDir,
    /// `127.0.0.1:PORT`.
    pub address: String,
}

impl Registry {
    /// Lets in these users with their passwords; everybody where there are none.
    pub fn start(users: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let lines: String = users.iter().map(|(user, password)| format!("{user}:{}\n", bcrypt(password))).collect();
        if !lines.is_empty() {
            std::fs::write(dir.path().join("htpasswd"), lines).unwrap();
        }
        let output = script(&["start", dir.path().to_str().unwrap()]);
        Self { dir, address: output.trim().to_owned() }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        script(&["stop", self.dir.path().to_str().unwrap()]);
    }
}

fn script(arguments: &[&str]) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/test-registry.sh");
    let output = Command::new(script).args(arguments).env("CTO_YES", "1").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The hash that a registry reads, by the C library's own crypt.
fn bcrypt(password: &str) -> String {
    let output = Command::new("perl").args(["-e", "print crypt($ARGV[0], '$2y$04$abcdefghijklmnopqrstuu')", password]).output().unwrap();
    let hash = String::from_utf8(output.stdout).unwrap();
    assert!(hash.len() == 60, "no bcrypt here: {hash}");
    hash
}
