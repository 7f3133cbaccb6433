//! What a container may be given.
use super::Actor;
use super::storage::own_name;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::ContainerSpec;
use crate::model::MountSource;
use crate::model::Place;
use crate::model::Port;
use crate::model::Role;
use std::path::Component;
use std::path::Path;
use std::path::PathBuf;

/// What the machine's owner allows. The default allows nothing out of the ordinary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Admins may ask for `privileged` and for capabilities beyond Docker's own set.
    pub allow_privileged: bool,
    /// Directories of the host that may be mounted from, links followed.
    pub allowed_roots: Vec<PathBuf>,
    /// Files and directories of the host that no container may see, also not through a directory above them: engine sockets,
    /// cto's own files.
    pub hidden: Vec<PathBuf>,
}

/// Sockets that are as good as root on the host, wherever they lie.
const ENGINE_SOCKETS: [&str; 5] = ["docker.sock", "podman.sock", "containerd.sock", "crio.sock", "buildkitd.sock"];
/// Where those sockets lie by default; a mount of any directory above shows them.
const DEFAULT_SOCKETS: [&str; 5] =
    ["/var/run/docker.sock", "/run/docker.sock", "/run/podman/podman.sock", "/var/run/podman/podman.sock", "/run/containerd/containerd.sock"];
/// Docker's own set: what a container may have back that was dropped.
const ORDINARY_CAPABILITIES: [&str; 13] =
    ["AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID"];

/// Security options that only tighten, or are what holds anyway. Any label and any profile of the host may be a looser one than an engine's own.
const TIGHTENING: [&str; 2] = ["no-new-privileges", "apparmor=docker-default"];

/// Decides whether `actor` may have a container like `spec`. Mounts' paths are absolute, and links in them are followed.
///
/// # Errors
/// `policy_refused` with every rule that is broken, and who can lift it; `invalid_value` for labels that are cto's own.
pub fn check_spec(actor: &Actor, spec: &ContainerSpec, policy: &Policy) -> Result<()> {
    if let Some(label) = spec.labels.keys().find(|label| is_own_label(label)) {
        return Err(Error::invalid(format!("the label '{label}' is cto's own")).fix("choose a label that does not begin with 'cto.'"));
    }
    let mut broken = Vec::new();
    let trusted = actor.role == Role::Admin && policy.allow_privileged;
    if spec.privileged && !trusted {
        broken.push(place("/privileged", format!("privileged containers own the host: refused for role '{}'", actor.role), actor, policy));
    }
    for (at, name) in spec.cap_add.iter().enumerate() {
        let bare = name.to_ascii_uppercase();
        let bare = bare.strip_prefix("CAP_").unwrap_or(&bare);
        if !trusted && bare != "SYS_CHROOT" && !ORDINARY_CAPABILITIES.contains(&bare) {
            broken.push(place(&format!("/cap_add/{at}"), format!("capability '{bare}' reaches beyond the container"), actor, policy));
        }
    }
    for (at, option) in spec.security.iter().enumerate() {
        if !trusted && !TIGHTENING.contains(&option.as_str()) {
            broken.push(place(&format!("/security/{at}"), format!("'{option}' takes a protection away"), actor, policy));
        }
    }
    for (at, device) in spec.devices.iter().enumerate() {
        if !trusted {
            broken.push(place(&format!("/devices/{at}"), format!("the device '{}' is the host's", device.host), actor, policy));
        }
    }
    for (at, port) in spec.ports.iter().enumerate() {
        if actor.role != Role::Admin && !is_loopback(port) {
            let detail =
                format!("port {} on '{}' can be reached from other machines; an admin may publish it, or use 127.0.0.1", port.container_port, port.host_ip);
            broken.push(Place { pointer: format!("/ports/{at}"), detail, ..Place::default() });
        }
    }
    for (at, mount) in spec.mounts.iter().enumerate() {
        let detail = match &mount.source {
            MountSource::Bind { path } => refused_path(Path::new(path), policy),
            MountSource::Volume { name } => own_name(name).map(|own| format!("volumes whose names begin with '{own}' are cto's own")),
            MountSource::Tmpfs { .. } => None,
        };
        if let Some(detail) = detail {
            broken.push(Place { pointer: format!("/mounts/{at}"), detail, ..Place::default() });
        }
    }
    if let Some(build) = &spec.image.build {
        for (pointer, path) in [("/build/context", &build.context), ("/build/dockerfile", &build.recipe)] {
            let detail = path.as_ref().and_then(|path| refused_path(Path::new(path), policy));
            broken.extend(detail.map(|detail| Place { pointer: pointer.to_owned(), detail, ..Place::default() }));
        }
    }
    let Some(first) = broken.first() else { return Ok(()) };
    let more = if broken.len() > 1 { format!(" (and {} more)", broken.len() - 1) } else { String::new() };
    let mut error = Error::new(Code::PolicyRefused, format!("policy refuses this container: {}{more}", first.detail));
    error.places = broken;
    Err(error.fix("leave it out of the template, or ask who keeps this machine's configuration (cto.json, 'containers')"))
}

/// Whether a label may only be written by cto itself. Engines compare labels by case, people do not.
pub(super) fn is_own_label(label: &str) -> bool {
    let lower = label.to_ascii_lowercase();
    lower == "cto" || lower.starts_with("cto.")
}

fn place(pointer: &str, detail: String, actor: &Actor, policy: &Policy) -> Place {
    let who = match (actor.role, policy.allow_privileged) {
        (Role::Admin, _) => "set 'containers.allow_privileged' in cto.json to lift this",
        (_, true) => "an admin may launch it",
        (_, false) => "an admin may, once 'containers.allow_privileged' is set in cto.json",
    };
    Place { pointer: pointer.to_owned(), detail: format!("{detail}; {who}"), ..Place::default() }
}

fn is_loopback(port: &Port) -> bool {
    port.host_ip == "localhost" || port.host_ip.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether a mount of this host path would show an engine's socket.
#[must_use]
pub fn shows_engine(path: &Path) -> bool {
    let is_socket = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| ENGINE_SOCKETS.contains(&name));
    is_socket || DEFAULT_SOCKETS.iter().any(|socket| Path::new(socket).starts_with(path))
}

/// Why `path` may not be mounted, if so.
pub(super) fn refused_path(path: &Path, policy: &Policy) -> Option<String> {
    let shown = path.display();
    if !path.is_absolute() || path.components().any(|part| part == Component::ParentDir) {
        return Some(format!("'{shown}' is not an absolute path of the host"));
    }
    if shows_engine(path) {
        return Some(format!("'{shown}' would give the container the engine's socket, and so the host; nobody can lift this"));
    }
    if let Some(hidden) = policy.hidden.iter().find(|hidden| hidden.starts_with(path) || path.starts_with(hidden)) {
        return Some(format!("'{shown}' would show the container '{}', which only cto may use; nobody can lift this", hidden.display()));
    }
    if !policy.allowed_roots.iter().any(|root| path.starts_with(root)) {
        return Some(format!("'{shown}' lies outside the directories that may be mounted; add one to 'containers.allowed_roots' in cto.json"));
    }
    None
}
