//! What is missing on this machine, and what to do about it.
use crate::config::Config;
use crate::config::Paths;
use crate::engine::Engine;
use crate::error::Error;
use crate::model::EngineInfo;
use serde::Serialize;
use std::path::Path;
use std::time::Duration;

/// The image that the templates which ship are made from.
const BASE_IMAGE: &str = "debian:bookworm-slim";
/// The oldest engine that is known to work, and its API.
const OLDEST: (u32, u32) = (20, 10);
/// The oldest API of another product that does the same.
const OLDEST_API: (u32, u32) = (1, 41);
/// Less than this for cto's own files is too little to go on with.
const LITTLE_DISK: u64 = 256 << 20;
/// Less than this is worth a word.
const SOME_DISK: u64 = 2 << 30;
/// How long an engine may take to answer.
const ANSWER: Duration = Duration::from_secs(10);

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// It works, with less than there could be.
    Warning,
    /// It does not work.
    Bad,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at, in a word or two.
    pub topic: String,
    /// How it is.
    pub verdict: Verdict,
    /// What was found.
    pub detail: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

impl Finding {
    /// Something as it should be.
    #[must_use]
    pub fn good(topic: &str, detail: impl Into<String>) -> Self {
        Self { topic: topic.to_owned(), verdict: Verdict::Good, detail: detail.into(), fix: None }
    }

    /// Something that could be better.
    #[must_use]
    pub fn warning(topic: &str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { topic: topic.to_owned(), verdict: Verdict::Warning, detail: detail.into(), fix: Some(fix.into()) }
    }

    /// Something that does not work.
    #[must_use]
    pub fn bad(topic: &str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { verdict: Verdict::Bad, ..Self::warning(topic, detail, fix) }
    }

    fn failed(topic: &str, error: &Error) -> Self {
        Self { topic: topic.to_owned(), verdict: Verdict::Bad, detail: error.message.clone(), fix: error.fix.clone() }
    }
}

/// Looks at what the server needs: the engine, its image, cgroups, room for files. Changes nothing.
pub async fn doctor(paths: &Paths, config: &Config) -> Vec<Finding> {
    let engine = Engine::connect(config.engine.address.as_deref());
    let mut findings = Vec::new();
    match tokio::time::timeout(ANSWER, engine.ping()).await {
        Ok(Ok(info)) => {
            findings.extend(of_engine(&info));
            findings.push(base_image(&engine).await);
            if info.address.starts_with("unix:") {
                findings.push(cgroups(Path::new("/sys/fs/cgroup")));
            }
        }
        Ok(Err(error)) => findings.push(Finding::failed("engine", &error)),
        Err(_) => {
            findings.push(Finding::bad("engine", format!("{} does not answer within {} s", engine.info().address, ANSWER.as_secs()), "restart the engine"))
        }
    }
    findings.push(disk(&paths.state_dir));
    findings
}

/// What the engine says of itself.
fn of_engine(info: &EngineInfo) -> Vec<Finding> {
    let name = format!("{} {} (API {}) at {}", info.product, info.version, info.api_version, info.address);
    let (found, oldest) = if info.product == "docker" { (two(&info.version), OLDEST) } else { (two(&info.api_version), OLDEST_API) };
    let engine = match found {
        Some(found) if found < oldest => Finding::bad("engine", format!("{name} is too old"), "install Docker Engine 20.10 or newer, or Podman 4.3 or newer"),
        _ => Finding::good("engine", name),
    };
    let live = match (info.product.as_str(), info.live_restore) {
        ("docker", false) => Finding::warning(
            "live-restore",
            "containers, and the terminals in them, end when the engine is restarted",
            "set \"live-restore\": true in /etc/docker/daemon.json, then 'systemctl reload docker'",
        ),
        _ => Finding::good("live-restore", "containers outlast a restart of the engine"),
    };
    vec![engine, live]
}

/// The first two numbers of a version.
fn two(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split(['.', '-', '+']);
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

async fn base_image(engine: &Engine) -> Finding {
    match engine.images().has(BASE_IMAGE).await {
        Ok(true) => Finding::good("base image", format!("{BASE_IMAGE} is there")),
        Ok(false) => Finding::warning(
            "base image",
            format!("{BASE_IMAGE} is not there yet; the first launch pulls it"),
            format!("get it now: docker pull {BASE_IMAGE}; with no registry in reach: scripts/base-image.sh"),
        ),
        Err(error) => Finding::failed("base image", &error),
    }
}

/// Whether the kernel can keep limits of memory, processor and processes. Looked at here, so only for an engine on this machine.
fn cgroups(root: &Path) -> Finding {
    let wanted = ["memory", "cpu", "pids"];
    let unified = std::fs::read_to_string(root.join("cgroup.controllers"));
    let (version, missing): (&str, Vec<&str>) = match &unified {
        Ok(controllers) => ("v2", wanted.into_iter().filter(|name| !controllers.split_whitespace().any(|own| own == *name)).collect()),
        Err(_) => ("v1", wanted.into_iter().filter(|name| !root.join(name).is_dir()).collect()),
    };
    if missing.len() == wanted.len() && version == "v1" {
        return Finding::warning("cgroups", "none are mounted here, so nothing is known of limits", "on the engine's machine: mount cgroup2 at /sys/fs/cgroup");
    }
    if missing.is_empty() {
        return Finding::good("cgroups", format!("{version} with limits of memory, cpu and pids"));
    }
    let fix = "boot with cgroup_enable=memory swapaccount=1, or turn the controllers on for your user's slice (Delegate=yes)";
    Finding::warning("cgroups", format!("{version} without limits of {}", missing.join(" and ")), fix)
}

/// Room for the database and logs.
fn disk(dir: &Path) -> Finding {
    let there = dir.ancestors().find(|dir| dir.exists()).unwrap_or(dir);
    let free = match rustix::fs::statvfs(there) {
        Ok(facts) => facts.f_bavail.saturating_mul(facts.f_frsize),
        Err(error) => return Finding::bad("disk", format!("'{}' can't be looked at: {error}", there.display()), "set CTO_HOME to another place"),
    };
    let detail = format!("{}.{} GB free at {}", free / 1_000_000_000, free / 100_000_000 % 10, dir.display());
    let fix = "make room, or set CTO_HOME to another place";
    match free {
        0..LITTLE_DISK => Finding::bad("disk", detail, fix),
        LITTLE_DISK..SOME_DISK => Finding::warning("disk", detail, fix),
        _ => Finding::good("disk", detail),
    }
}
