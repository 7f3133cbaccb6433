//! Specs as a compose file.
use super::Left;
use super::USUAL_CAPABILITIES;
use super::put;
use crate::model::ContainerSpec;
use crate::model::MountSource;
use crate::model::NetworkMode;
use crate::model::Restart;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// One service: its name, what it is made from, what it waits for.
pub struct Service {
    /// Its name.
    pub name: String,
    /// What it is.
    pub spec: ContainerSpec,
    /// Services that it waits for, with compose's condition.
    pub after: Vec<(String, &'static str)>,
    /// Variables whose values come from outside: they stay references.
    pub secrets: BTreeSet<String>,
}

/// A compose file of services, with what compose has nothing for. `foreign` are the volumes that are not the file's own.
#[must_use]
pub fn to_compose(name: &str, services: &[Service], networks: &[(String, bool)], foreign: &BTreeSet<String>) -> (String, Vec<Left>) {
    let mut left = Vec::new();
    let mut all = Map::new();
    let mut volumes = Map::new();
    for service in services {
        for mount in &service.spec.mounts {
            if let MountSource::Volume { name } = &mount.source {
                let about = if foreign.contains(name) { json!({ "name": name, "external": true }) } else { json!({ "name": name }) };
                volumes.insert(name.clone(), about);
            }
        }
        all.insert(service.name.clone(), Value::Object(described(service, &mut left)));
    }
    let own = networks.iter().map(|(network, internal)| {
        let about = if *internal { json!({ "name": network, "internal": true }) } else { json!({ "name": network }) };
        (network.clone(), about)
    });
    let mut networks: Map<String, Value> = own.collect();
    for join in services.iter().flat_map(|service| &service.spec.networks) {
        networks.entry(join.name.clone()).or_insert_with(|| json!({ "name": join.name, "external": true }));
    }
    let mut file = Map::new();
    file.insert("name".to_owned(), json!(name));
    file.insert("services".to_owned(), Value::Object(all));
    put(&mut file, "networks", networks);
    put(&mut file, "volumes", volumes);
    let mut text = String::new();
    write(&Value::Object(file), 0, &mut text);
    (text, left)
}

fn described(service: &Service, left: &mut Vec<Left>) -> Map<String, Value> {
    let spec = &service.spec;
    let mut made = Map::new();
    let mut leave = |field: &str, reason: &str| left.push(Left { pointer: format!("/services/{}/{field}", service.name), reason: reason.to_owned() });
    // Compose fills variables in itself: a dollar that is meant as one is doubled.
    let plain = |text: &str| text.replace('$', "$$");
    let words = |words: &[String]| words.iter().map(|word| plain(word)).collect::<Vec<_>>();
    match &spec.image.build {
        None => drop(made.insert("image".to_owned(), json!(spec.image.reference))),
        Some(build) => {
            let mut parts = Map::new();
            // Without a directory compose would take the file's own.
            match (&build.context, &build.recipe) {
                (Some(context), Some(recipe)) => {
                    parts.insert("context".to_owned(), json!(plain(context)));
                    parts.insert("dockerfile".to_owned(), json!(plain(recipe)));
                }
                (context, _) => {
                    put(&mut parts, "context", json!(context.as_deref().map(plain)));
                    parts.insert("dockerfile_inline".to_owned(), json!(plain(&build.dockerfile)));
                }
            }
            put(&mut parts, "args", build.args.iter().map(|(name, value)| (name.clone(), json!(plain(value)))).collect::<Map<_, _>>());
            put(&mut parts, "target", json!(Some(&build.target).filter(|target| !target.is_empty())));
            made.insert("build".to_owned(), Value::Object(parts));
        }
    }
    if !spec.image.packages.is_empty() {
        leave("packages", "compose adds no packages: build an image that has them");
    }
    put(&mut made, "entrypoint", words(&spec.entrypoint));
    put(&mut made, "command", words(&spec.command));
    if spec.interactive {
        made.insert("tty".to_owned(), json!(true));
        made.insert("stdin_open".to_owned(), json!(true));
    }
    let variable = |(name, value): (&String, &String)| {
        let text = if service.secrets.contains(name) { format!("${{{name}}}") } else { plain(value) };
        (name.clone(), json!(text))
    };
    put(&mut made, "environment", spec.environment.iter().map(variable).collect::<Map<_, _>>());
    put(&mut made, "working_dir", json!(spec.working_dir));
    put(&mut made, "user", json!(spec.user));
    put(&mut made, "hostname", json!(spec.hostname));
    let ports = spec.ports.iter().map(|port| {
        let address = if port.host_ip.contains(':') { format!("[{}]", port.host_ip) } else { port.host_ip.clone() };
        let outside = if port.host_port == 0 { String::new() } else { port.host_port.to_string() };
        format!("{address}:{outside}:{}/{}", port.container_port, port.protocol)
    });
    put(&mut made, "ports", ports.collect::<Vec<_>>());
    let (mut volumes, mut tmpfs) = (Vec::new(), Vec::new());
    for mount in &spec.mounts {
        let mode = if mount.read_only { ":ro" } else { "" };
        match &mount.source {
            MountSource::Bind { path } => volumes.push(format!("{}:{}{mode}", plain(path), mount.target)),
            MountSource::Volume { name } => volumes.push(format!("{name}:{}{mode}", mount.target)),
            MountSource::Tmpfs { size_bytes } => tmpfs.push(format!("{}:size={size_bytes}", mount.target)),
        }
    }
    put(&mut made, "volumes", volumes);
    put(&mut made, "tmpfs", tmpfs);
    match spec.network {
        NetworkMode::None => put(&mut made, "network_mode", "none"),
        NetworkMode::Internal => leave("network", "the network of one's own that leads nowhere is cto's"),
        NetworkMode::Egress(_) => {
            leave("network", "compose has no network that leads to named hosts only; it has none there");
            put(&mut made, "network_mode", "none");
        }
        NetworkMode::Isolated => {}
    }
    let joins: Map<String, Value> =
        spec.networks.iter().map(|join| (join.name.clone(), if join.aliases.is_empty() { json!({}) } else { json!({ "aliases": join.aliases }) })).collect();
    put(&mut made, "networks", joins);
    made.insert("mem_limit".to_owned(), json!(spec.limits.memory_bytes));
    made.insert("memswap_limit".to_owned(), json!(spec.limits.memory_bytes + spec.limits.swap_bytes));
    made.insert("cpus".to_owned(), json!(spec.limits.cpus));
    made.insert("pids_limit".to_owned(), json!(spec.limits.pids));
    put(&mut made, "shm_size", json!(spec.limits.shm_bytes));
    put(
        &mut made,
        "ulimits",
        spec.limits.ulimits.iter().map(|limit| (limit.name.clone(), json!({ "soft": limit.soft, "hard": limit.hard }))).collect::<Map<_, _>>(),
    );
    for (field, flag) in [("read_only", spec.read_only), ("privileged", spec.privileged)] {
        if flag {
            made.insert(field.to_owned(), json!(true));
        }
    }
    let security: Vec<String> = std::iter::once("no-new-privileges".to_owned()).chain(spec.security.iter().cloned()).collect();
    if !spec.privileged {
        made.insert("cap_drop".to_owned(), json!(["ALL"]));
        let kept =
            USUAL_CAPABILITIES.iter().map(|name| (*name).to_owned()).filter(|name| !spec.cap_drop.iter().any(|dropped| dropped == "ALL" || dropped == name));
        made.insert("cap_add".to_owned(), json!(kept.chain(spec.cap_add.iter().cloned()).collect::<Vec<_>>()));
        if security.iter().any(|option| option == "no-new-privileges=false") {
            put(&mut made, "security_opt", security.into_iter().filter(|option| !option.starts_with("no-new-privileges")).collect::<Vec<_>>());
        } else {
            put(&mut made, "security_opt", security);
        }
    }
    put(&mut made, "devices", spec.devices.iter().map(|device| format!("{}:{}:{}", device.host, device.container, device.access)).collect::<Vec<_>>());
    put(&mut made, "sysctls", spec.sysctls.iter().map(|(name, value)| (name.clone(), json!(plain(value)))).collect::<Map<_, _>>());
    made.insert("init".to_owned(), json!(!spec.care.no_init));
    if spec.care.restart != Restart::No {
        put(&mut made, "restart", spec.care.restart.written());
    }
    put(&mut made, "stop_signal", json!(spec.care.stop_signal));
    put(&mut made, "stop_grace_period", json!(spec.care.stop_seconds.map(|seconds| format!("{seconds}s"))));
    if let Some(check) = &spec.care.health {
        let test: Vec<String> = std::iter::once("CMD".to_owned()).chain(words(&check.command)).collect();
        let ms = |ms: u64| format!("{ms}ms");
        let health = json!({ "test": test, "interval": ms(check.interval_ms), "timeout": ms(check.timeout_ms), "retries": check.retries, "start_period": ms(check.start_period_ms) });
        made.insert("healthcheck".to_owned(), health);
    }
    put(&mut made, "labels", spec.labels.iter().map(|(name, value)| (name.clone(), json!(plain(value)))).collect::<Map<_, _>>());
    let after: Map<String, Value> = service.after.iter().map(|(name, condition)| (name.clone(), json!({ "condition": condition }))).collect();
    put(&mut made, "depends_on", after);
    for (field, there) in [
        ("files", !spec.care.files.is_empty()),
        ("ready", spec.care.ready.is_some()),
        ("hooks", !spec.care.after_start.is_empty()),
        ("sessions", !spec.care.sessions.is_empty()),
        ("ttl", spec.care.ttl_seconds.is_some()),
        ("idle_stop", spec.care.idle_seconds.is_some()),
        ("recording", spec.recording),
    ] {
        if there {
            leave(field, "compose has nothing for it");
        }
    }
    made
}

/// A value as YAML: mappings and lists a line each, everything else as JSON, which YAML reads too.
fn write(value: &Value, depth: usize, text: &mut String) {
    let margin = "  ".repeat(depth);
    match value {
        Value::Object(parts) => {
            for (name, part) in parts {
                let bare = !name.is_empty()
                    && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
                    && name.starts_with(|c: char| c.is_ascii_alphabetic());
                let word = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&name.to_ascii_lowercase().as_str());
                let name = if bare && !word { name.clone() } else { json!(name).to_string() };
                text.push_str(&format!("{margin}{name}:"));
                below(part, depth, text);
            }
        }
        Value::Array(items) => {
            for item in items {
                text.push_str(&format!("{margin}-"));
                below(item, depth, text);
            }
        }
        other => text.push_str(&format!("{margin}{other}\n")),
    }
}

fn below(value: &Value, depth: usize, text: &mut String) {
    let empty = value.as_object().is_some_and(Map::is_empty) || value.as_array().is_some_and(Vec::is_empty);
    if (value.is_object() || value.is_array()) && !empty {
        text.push('\n');
        write(value, depth + 1, text);
    } else {
        text.push_str(&format!(" {value}\n"));
    }
}
