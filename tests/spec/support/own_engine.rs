//! A Docker Engine of a test's own, with a registry of stand-ins beside it: it may be stopped, killed and started.
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

/// The engine. All of it is gone when this is dropped.
pub struct OwnEngine {
    dir: tempfile::TempDir,
}

impl OwnEngine {
    /// Starts one. It is empty but for the base image; its registry answers pulls of `python:3.9-slim`, `ubuntu:22.04` and `alpine:latest`.
    pub fn start() -> Self {
        Self::prepared(|_| {})
    }

    /// Starts one after its directory was prepared: `daemon.json` and `data` there are its own.
    pub fn prepared(prepare: impl FnOnce(&Path)) -> Self {
        let engine = Self { dir: tempfile::tempdir().unwrap() };
        std::fs::create_dir(engine.at()).unwrap();
        prepare(&engine.at());
        engine.ask("start");
        engine
    }

    /// The address of this machine as its containers and its dockerd see it.
    pub fn host(&self) -> String {
        format!("10.213.{}.1", std::fs::read_to_string(self.at().join("net")).unwrap().trim())
    }

    /// What `DOCKER_HOST` is to be.
    pub fn address(&self) -> String {
        format!("unix://{}", self.at().join("docker.sock").display())
    }

    /// `kill -9` of its dockerd alone: containers go on.
    pub fn kill(&self) {
        let file = self.at().join("docker.pid");
        let pid = std::fs::read_to_string(&file).unwrap();
        assert!(Command::new("kill").args(["-9", pid.trim()]).status().unwrap().success());
        std::fs::remove_file(file).unwrap();
    }

    /// Ends its dockerd as its service manager would.
    pub fn down(&self) {
        self.ask("down");
    }

    /// Starts its dockerd again.
    pub fn up(&self) {
        self.ask("up");
    }

    /// Gives it an image of the machine's engine.
    pub fn load(&self, image: &str) {
        let mut save = Command::new("docker").args(["save", image]).stdout(Stdio::piped()).spawn().unwrap();
        let load = Command::new("docker").args(["-H", &self.address(), "load"]).stdin(save.stdout.take().unwrap()).output().unwrap();
        assert!(save.wait().unwrap().success() && load.status.success(), "{image}: {}", String::from_utf8_lossy(&load.stderr));
    }

    /// Where its files lie.
    pub fn at(&self) -> PathBuf {
        self.dir.path().join("engine")
    }

    /// `start`, `down`, `up` or `stop` of `scripts/test-engine.sh`.
    fn ask(&self, what: &str) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/test-engine.sh");
        let output = Command::new(script).arg(what).arg(self.at()).env("CTO_YES", "1").output().unwrap();
        assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for OwnEngine {
    fn drop(&mut self) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/test-engine.sh");
        let _ = Command::new(script).arg("stop").arg(self.at()).output();
    }
}
