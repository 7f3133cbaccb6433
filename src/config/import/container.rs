//! A container, as the engine describes it, as a template.
use super::Imported;
use super::USUAL_CAPABILITIES;
use super::as_text;
use super::name_of;
use super::put;
use super::service_parts;
use super::text::Carry;
use super::texts_of;
use crate::config::terms;
use crate::config::texts;
use crate::error::Error;
use crate::error::Result;
use serde_json::{Map, Value, json};

/// Where the session holder lies in containers that cto made.
const HOLD: &str = "/.cto/hold";
/// Variables that images and cto set by themselves.
const USUAL: [&str; 3] = ["PATH", "TERM", "LANG"];

/// What `docker inspect` says of a container as a template.
///
/// # Errors
/// `invalid_value` when it is no such thing.
pub fn container(report: &Value) -> Result<Imported> {
    let report = report.get(0).unwrap_or(report);
    let (config, host) = (report.get("Config").cloned().unwrap_or_default(), report.get("HostConfig").cloned().unwrap_or_default());
    let image = config.get("Image").and_then(as_text).ok_or_else(|| Error::invalid("this is nothing that 'docker inspect' says of a container"))?;
    let labels = config.get("Labels").cloned().unwrap_or_default();
    let label = |name: &str| labels.get(name).and_then(as_text);
    let mut carry = Carry::default();
    let mut made = Map::new();
    let name = report.get("Name").and_then(as_text).unwrap_or_default();
    made.insert("name".to_owned(), json!(name_of(name.trim_start_matches('/'))));
    // A container of cto's is made from an image's id; its label says how the image was called.
    made.insert("image".to_owned(), json!(label("cto.image").unwrap_or(image)));
    program(&config, &mut made);
    let on = |value: Option<&Value>| value == Some(&json!(true));
    made.insert("interactive".to_owned(), json!(on(config.get("Tty")) && on(config.get("OpenStdin"))));
    environment(&config, &mut made, &mut carry);
    for (theirs, ours) in [("User", "user"), ("WorkingDir", "working_dir"), ("StopSignal", "stop_signal")] {
        put(&mut made, ours, json!(config.get(theirs).and_then(as_text).filter(|text| !text.is_empty())));
    }
    if let Some(seconds) = config.get("StopTimeout").and_then(Value::as_u64).filter(|seconds| *seconds > 0) {
        put(&mut made, "stop_grace", format!("{seconds}s"));
    }
    let own: Map<String, Value> = labels.as_object().cloned().unwrap_or_default().into_iter().filter(|(name, _)| texts::label(name).is_ok()).collect();
    put(&mut made, "labels", own);
    mounts(report, &host, &mut made, &mut carry);
    ports(&host, &mut made);
    security(&host, &mut made, &mut carry);
    limits(&host, &mut made);
    networks(report, &host, &mut made, &mut carry);
    let restart = host.pointer("/RestartPolicy/Name").and_then(as_text).filter(|name| !name.is_empty() && name != "no");
    let tries = host.pointer("/RestartPolicy/MaximumRetryCount").and_then(Value::as_u64).filter(|tries| *tries > 0);
    put(&mut made, "restart", json!(restart.map(|name| tries.filter(|_| name == "on-failure").map_or(name.clone(), |tries| format!("{name}:{tries}")))));
    health(&config, &mut made);
    Imported { stack: false, document: Value::Object(made), left: carry.left }.checked()
}

fn program(config: &Value, made: &mut Map<String, Value>) {
    let (entrypoint, command) = (texts_of(config.get("Entrypoint").unwrap_or(&Value::Null)), texts_of(config.get("Cmd").unwrap_or(&Value::Null)));
    // Under the holder the command is the whole program, and the image's own entrypoint must not come before it.
    if entrypoint.first().is_some_and(|word| word == HOLD) {
        let (first, rest) = command.split_first().map_or((None, command.as_slice()), |(first, rest)| (Some(first.clone()), rest));
        put(made, "entrypoint", first.into_iter().collect::<Vec<_>>());
        put(made, "command", rest.to_vec());
    } else {
        put(made, "entrypoint", entrypoint);
        put(made, "command", command);
    }
}

fn environment(config: &Value, made: &mut Map<String, Value>, carry: &mut Carry) {
    let mut all = Map::new();
    for line in texts_of(config.get("Env").unwrap_or(&Value::Null)) {
        let (name, value) = line.split_once('=').unwrap_or((&line, ""));
        if !USUAL.contains(&name) {
            all.insert(name.to_owned(), json!(value.replace("${", "$${")));
        }
    }
    if !all.is_empty() {
        carry.leave("/Config/Env", "what the image sets is among it, and secrets stand there as they are: write those by reference, as ${NAME}");
    }
    put(made, "environment", all);
}

fn mounts(report: &Value, host: &Value, made: &mut Map<String, Value>, carry: &mut Carry) {
    let mut volumes = Vec::new();
    for (index, mount) in report.get("Mounts").and_then(Value::as_array).into_iter().flatten().enumerate() {
        let at = format!("/Mounts/{index}");
        let text = |field: &str| mount.get(field).and_then(as_text).unwrap_or_default();
        let target = text("Destination");
        if target == "/.cto" {
            continue;
        }
        let source = if text("Type") == "volume" { text("Name") } else { text("Source") };
        let mode = if mount.get("RW") == Some(&json!(false)) { ":ro" } else { "" };
        match text("Type").as_str() {
            "volume" if source.len() == 64 => carry.leave(&at, format!("the volume at '{target}' has no name: the image makes another")),
            "bind" | "volume" => volumes.extend(service_parts::short_mount(&format!("{source}:{target}{mode}"), &source, &at, carry)),
            other => carry.leave(&at, format!("'{other}' is nothing that cto mounts")),
        }
    }
    put(made, "volumes", volumes);
    let tmpfs: Vec<String> = host
        .get("Tmpfs")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(target, options)| {
            let size = as_text(options).unwrap_or_default().split(',').find_map(|option| option.strip_prefix("size=").map(str::to_owned));
            size.map_or_else(|| target.clone(), |size| format!("{target}:{size}"))
        })
        .collect();
    put(made, "tmpfs", tmpfs);
}

fn ports(host: &Value, made: &mut Map<String, Value>) {
    let mut all = Vec::new();
    for (inside, bindings) in host.get("PortBindings").and_then(Value::as_object).into_iter().flatten() {
        let (port, protocol) = inside.split_once('/').unwrap_or((inside, "tcp"));
        let Ok(port) = port.parse::<u16>() else { continue };
        for binding in bindings.as_array().into_iter().flatten() {
            let text = |field: &str| binding.get(field).and_then(as_text).filter(|text| !text.is_empty());
            let address = text("HostIp").unwrap_or_else(|| "0.0.0.0".to_owned());
            let outside: u16 = text("HostPort").and_then(|port| port.parse().ok()).unwrap_or(0);
            all.push(json!({ "host_ip": address, "host_port": outside, "container_port": port, "protocol": protocol }));
        }
    }
    put(made, "ports", all);
}

fn security(host: &Value, made: &mut Map<String, Value>, carry: &mut Carry) {
    let on = |field: &str| host.get(field) == Some(&json!(true));
    if on("Privileged") {
        put(made, "privileged", true);
    }
    if on("ReadonlyRootfs") {
        put(made, "readonly", true);
    }
    let list = |field: &str| texts_of(host.get(field).unwrap_or(&Value::Null));
    let dropped = list("CapDrop");
    // What cto gives back of what it drops is its default set, and is not said in a template.
    let added: Vec<String> = list("CapAdd").into_iter().filter(|name| !dropped.iter().any(|all| all == "ALL") || !is_usual(name)).collect();
    put(made, "cap_add", added);
    let without: Vec<String> = if dropped.iter().any(|name| name == "ALL") {
        let kept = list("CapAdd");
        USUAL_CAPABILITIES.iter().map(|name| (*name).to_owned()).filter(|name| !kept.iter().any(|kept| kept.trim_start_matches("CAP_") == name)).collect()
    } else {
        dropped
    };
    put(made, "cap_drop", without);
    let (good, bad): (Vec<String>, Vec<String>) = list("SecurityOpt").into_iter().partition(|option| terms::security(option).is_ok());
    bad.iter().for_each(|option| carry.leave("/HostConfig/SecurityOpt", format!("'{option}' is no option that cto passes on")));
    put(made, "security", good.into_iter().filter(|option| option != "no-new-privileges").collect::<Vec<_>>());
    let devices: Vec<String> = host
        .get("Devices")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|device| {
            let text = |field: &str| device.get(field).and_then(as_text);
            Some(format!("{}:{}:{}", text("PathOnHost")?, text("PathInContainer")?, text("CgroupPermissions")?))
        })
        .collect();
    put(made, "devices", devices);
    for field in ["PidMode", "IpcMode", "UTSMode", "UsernsMode"] {
        if let Some(mode) = host.get(field).and_then(as_text).filter(|mode| mode == "host" || mode.starts_with("container:")) {
            carry.leave(&format!("/HostConfig/{field}"), format!("'{mode}': a container shares no namespace with the host or with another"));
        }
    }
}

fn is_usual(capability: &str) -> bool {
    USUAL_CAPABILITIES.contains(&capability.trim_start_matches("CAP_"))
}

fn limits(host: &Value, made: &mut Map<String, Value>) {
    let number = |field: &str| host.get(field).and_then(Value::as_u64).filter(|number| *number > 0);
    let mut all = Map::new();
    let memory = number("Memory");
    put(&mut all, "memory", json!(memory.map(|bytes| bytes.to_string())));
    if let (Some(memory), Some(total)) = (memory, number("MemorySwap"))
        && total > memory
    {
        put(&mut all, "swap", (total - memory).to_string());
    }
    #[expect(clippy::cast_precision_loss, reason = "billionths of a core")]
    put(&mut all, "cpus", json!(number("NanoCpus").map(|nanos| nanos as f64 / 1e9)));
    put(&mut all, "pids", json!(number("PidsLimit").filter(|pids| *pids <= 4_194_304)));
    put(&mut all, "shm", json!(number("ShmSize").filter(|bytes| *bytes != 64 << 20).map(|bytes| bytes.to_string())));
    let ulimits: Map<String, Value> = host
        .get("Ulimits")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|limit| {
            let (soft, hard) = (limit.get("Soft")?.as_i64()?, limit.get("Hard")?.as_i64()?);
            Some((as_text(limit.get("Name")?)?, json!(format!("{soft}:{hard}"))))
        })
        .collect();
    put(&mut all, "ulimits", ulimits);
    put(made, "limits", all);
}

fn networks(report: &Value, host: &Value, made: &mut Map<String, Value>, carry: &mut Carry) {
    let hosts = report.pointer("/Config/Labels/cto.egress").and_then(Value::as_str).filter(|hosts| !hosts.is_empty());
    match host.get("NetworkMode").and_then(as_text).as_deref() {
        None | Some("default" | "bridge") => {}
        Some("none") => put(made, "network", "none"),
        Some(mode) if mode.starts_with("cto-internal-") => put(made, "network", "internal"),
        Some(mode @ ("host" | "private")) => carry.leave("/HostConfig/NetworkMode", format!("'{mode}': no container is in the host's network")),
        Some(mode) if mode.starts_with("container:") && hosts.is_some() => {
            put(made, "network", json!({ "egress": hosts.unwrap_or_default().split(' ').collect::<Vec<_>>() }));
        }
        Some(mode) if mode.starts_with("container:") => carry.leave("/HostConfig/NetworkMode", "a container shares no network with another"),
        Some(_) => {
            let all = report.pointer("/NetworkSettings/Networks").and_then(Value::as_object);
            let names: Vec<&String> = all.into_iter().flat_map(Map::keys).filter(|name| terms::network(name).is_ok()).collect();
            put(made, "networks", json!(names));
        }
    }
}

fn health(config: &Value, made: &mut Map<String, Value>) {
    let Some(check) = config.get("Healthcheck") else { return };
    let test = texts_of(check.get("Test").unwrap_or(&Value::Null));
    let command = match test.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        Some(("CMD", rest)) => json!(rest),
        Some(("CMD-SHELL", rest)) => json!(["sh", "-c", rest.join(" ")]),
        _ => return,
    };
    let mut all = Map::from_iter([("command".to_owned(), command)]);
    let ms = |field: &str| check.get(field).and_then(Value::as_u64).map(|nanos| nanos / 1_000_000).filter(|ms| *ms > 0);
    put(&mut all, "interval", json!(ms("Interval").map(|ms| format!("{}ms", ms.max(1_000)))));
    put(&mut all, "timeout", json!(ms("Timeout").map(|ms| format!("{ms}ms"))));
    put(&mut all, "start_period", json!(ms("StartPeriod").map(|ms| format!("{ms}ms"))));
    put(&mut all, "retries", json!(check.get("Retries").and_then(Value::as_u64).filter(|tries| (1..=1000).contains(tries))));
    put(made, "health", all);
}
