//! The parts of a service that have forms of their own: ports, mounts, files, checks, limits, networks.
use super::as_text;
use super::name_of;
use super::put;
use super::service::Shared;
use super::text::Carry;
use super::texts_of;
use crate::config::document::child;
use crate::config::terms;
use crate::config::texts;
use serde_json::{Map, Value, json};

/// Ports of one range at most.
const MOST_PORTS: u32 = 100;

/// Published ports. Without an address they are reached from this machine only, which is told.
pub fn ports(given: &mut Map<String, Value>, at: &str, made: &mut Map<String, Value>, carry: &mut Carry) {
    let mut all: Vec<Value> = Vec::new();
    let at = child(at, "ports");
    let mut loopback = false;
    for (index, entry) in given.remove("ports").unwrap_or_default().as_array().into_iter().flatten().enumerate() {
        let at = child(&at, &index.to_string());
        let text = match entry {
            Value::Object(parts) => long_port(parts, &at, carry),
            other => as_text(other).unwrap_or_default(),
        };
        let text = carry.text(&at, &text);
        loopback |= !has_address(&text);
        match ranged(&text) {
            Some(ports) => all.extend(ports.into_iter().map(Value::from)),
            None => carry.leave(&at, format!("'{text}' is no port that can be published: a range needs as many ports on both sides, {MOST_PORTS} at most")),
        }
    }
    if loopback {
        carry.leave(&at, "ports without an address are published on 127.0.0.1 here; write '0.0.0.0:8080:80' for other machines, which policy leaves to admins");
    }
    put(made, "ports", all);
}

fn long_port(parts: &Map<String, Value>, at: &str, carry: &mut Carry) -> String {
    let text = |name: &str| parts.get(name).and_then(as_text);
    for field in parts.keys() {
        let carried = ["target", "published", "host_ip", "protocol", "name", "app_protocol"].contains(&field.as_str()) || field == "mode";
        if !carried {
            carry.leave(&child(at, field), "cto has nothing for it");
        }
    }
    let (address, published, target) = (text("host_ip"), text("published"), text("target").unwrap_or_default());
    let mut port = match (address, published) {
        (Some(address), published) if address.contains(':') => format!("[{address}]:{}:{target}", published.unwrap_or_default()),
        (Some(address), published) => format!("{address}:{}:{target}", published.unwrap_or_default()),
        (None, Some(published)) => format!("{published}:{target}"),
        (None, None) => target,
    };
    if let Some(protocol) = text("protocol").filter(|protocol| protocol != "tcp") {
        port.push_str(&format!("/{protocol}"));
    }
    port
}

fn has_address(port: &str) -> bool {
    port.starts_with('[') || port.split('/').next().is_some_and(|port| port.matches(':').count() >= 2)
}

/// A port for each of a range; none where it is no range.
pub fn ranged(text: &str) -> Option<Vec<String>> {
    let (ports, protocol) = text.split_once('/').map_or((text, String::new()), |(ports, protocol)| (ports, format!("/{protocol}")));
    let (address, ports) = match ports.strip_prefix('[').and_then(|rest| rest.split_once("]:")) {
        Some((address, rest)) => (format!("[{address}]:"), rest),
        None if ports.matches(':').count() == 2 => ports.split_once(':').map(|(address, rest)| (format!("{address}:"), rest))?,
        None => (String::new(), ports),
    };
    let (host, container) = ports.split_once(':').map_or((None, ports), |(host, container)| (Some(host), container));
    let is_range = |text: &str| !text.contains("${") && text.contains('-');
    if !is_range(container) && !host.is_some_and(is_range) {
        let host = host.map_or_else(String::new, |host| format!("{host}:"));
        let one = format!("{address}{host}{container}{protocol}");
        return (one.contains("${") || texts::port(&one).is_ok()).then(|| vec![one]);
    }
    let range = |text: &str| -> Option<(u32, u32)> {
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        let (from, to) = (from.parse().ok()?, to.parse().ok()?);
        (from <= to && to <= 65_535 && to - from < MOST_PORTS).then_some((from, to))
    };
    let (first, last) = range(container)?;
    let hosts = match host {
        None => None,
        // One port of the host's for several would clash.
        Some(host) => Some(range(host).filter(|(from, to)| to - from == last - first)?),
    };
    let one = |number: u32| {
        let host = hosts.map_or_else(String::new, |(from, _)| format!("{}:", from + number - first));
        format!("{address}{host}{number}{protocol}")
    };
    Some((first..=last).map(one).collect())
}

/// Volumes, paths of the host, and memory.
pub fn mounts(service: &str, given: &mut Map<String, Value>, at: &str, made: &mut Map<String, Value>, carry: &mut Carry) {
    let (mut volumes, mut tmpfs): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for (index, entry) in given.remove("volumes").unwrap_or_default().as_array().into_iter().flatten().enumerate() {
        let at = child(&child(at, "volumes"), &index.to_string());
        let unnamed = format!("{}-{index}", name_of(service));
        match entry {
            Value::Object(parts) => long_mount(parts, &unnamed, &at, &mut volumes, &mut tmpfs, carry),
            other => {
                let text = carry.text(&at, &as_text(other).unwrap_or_default());
                volumes.extend(short_mount(&text, &unnamed, &at, carry));
            }
        }
    }
    for text in texts_of(&given.remove("tmpfs").unwrap_or_default()) {
        let text = carry.text(&child(at, "tmpfs"), &text);
        tmpfs.push(memory(&text, &child(at, "tmpfs"), carry));
    }
    put(made, "volumes", volumes);
    put(made, "tmpfs", tmpfs);
}

/// `source:target[:modes]`; a target alone is a volume without a name, which gets one.
pub fn short_mount(text: &str, unnamed: &str, at: &str, carry: &mut Carry) -> Option<String> {
    let parts: Vec<&str> = split_outside(text);
    let (source, target, modes) = match parts.as_slice() {
        [target] => (unnamed, *target, ""),
        [source, target] => (*source, *target, ""),
        [source, target, modes] => (*source, *target, *modes),
        _ => {
            carry.leave(at, format!("'{text}' is no mount"));
            return None;
        }
    };
    if parts.len() == 1 {
        carry.leave(at, format!("the volume has a name here: '{unnamed}'"));
    }
    for mode in modes.split(',').filter(|mode| !["", "ro", "rw", "z", "Z", "cached", "delegated", "consistent", "nocopy"].contains(mode)) {
        carry.leave(at, format!("'{mode}' is no way to mount that cto knows"));
    }
    mount(source, target, modes.split(',').any(|mode| mode == "ro"), at, carry)
}

fn mount(source: &str, target: &str, read_only: bool, at: &str, carry: &mut Carry) -> Option<String> {
    if source.ends_with("docker.sock") || source.ends_with("podman.sock") {
        carry.leave(at, "the engine's socket is the host: no container gets it, and nobody can lift that");
        return None;
    }
    // A path needs a slash, so that it is not taken for a volume's name.
    let source = if source == "." || source == ".." || (source.starts_with('.') && !source.contains('/')) { format!("{source}/") } else { source.to_owned() };
    Some(format!("{source}:{target}{}", if read_only { ":ro" } else { "" }))
}

/// The parts of a text between colons that are in no reference.
fn split_outside(text: &str) -> Vec<&str> {
    let (mut all, mut from, mut deep) = (Vec::new(), 0, 0_u32);
    for (at, c) in text.char_indices() {
        match c {
            '{' => deep += 1,
            '}' => deep = deep.saturating_sub(1),
            ':' if deep == 0 => {
                all.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    all.push(&text[from..]);
    all
}

fn long_mount(parts: &Map<String, Value>, unnamed: &str, at: &str, volumes: &mut Vec<String>, tmpfs: &mut Vec<String>, carry: &mut Carry) {
    let mut text = |name: &str| parts.get(name).and_then(as_text).map(|text| carry.text(&child(at, name), &text));
    let (kind, source, target) = (text("type"), text("source"), text("target").unwrap_or_default());
    let read_only = parts.get("read_only") == Some(&json!(true));
    match kind.as_deref().unwrap_or("volume") {
        "tmpfs" => {
            let size = parts.get("tmpfs").and_then(|tmpfs| tmpfs.get("size")).and_then(as_text);
            tmpfs.push(size.map_or_else(|| target.clone(), |size| format!("{target}:{size}")));
        }
        "bind" | "volume" => {
            if source.is_none() {
                carry.leave(at, format!("the volume has a name here: '{unnamed}'"));
            }
            volumes.extend(mount(source.as_deref().unwrap_or(unnamed), &target, read_only, at, carry));
        }
        other => carry.leave(at, format!("'{other}' is nothing that cto mounts")),
    }
    for (field, value) in parts {
        let known = ["type", "source", "target", "read_only", "consistency"].contains(&field.as_str());
        for option in value.as_object().filter(|_| !known).into_iter().flat_map(Map::keys) {
            if !["size", "create_host_path", "nocopy", "selinux"].contains(&option.as_str()) {
                carry.leave(&child(&child(at, field), option), "cto has nothing for it");
            }
        }
    }
}

/// `target[:options]` of which only the size is carried.
pub fn memory(text: &str, at: &str, carry: &mut Carry) -> String {
    let Some((target, options)) = text.split_once(':') else { return text.to_owned() };
    let mut made = target.to_owned();
    for option in options.split(',') {
        match option.split_once('=') {
            Some(("size", size)) => made = format!("{target}:{size}"),
            _ if ["rw", "exec", "nosuid", "nodev"].contains(&option) => {}
            _ => carry.leave(at, format!("'{option}': of memory only the size can be said")),
        }
    }
    made
}

/// Secrets and configs as files that are put in.
pub fn files(given: &mut Map<String, Value>, shared: &Shared, at: &str, made: &mut Map<String, Value>, carry: &mut Carry) {
    let mut files: Vec<Value> = Vec::new();
    for (field, known, folder) in [("secrets", shared.secrets, "/run/secrets/"), ("configs", shared.configs, "/")] {
        for (index, entry) in given.remove(field).unwrap_or_default().as_array().into_iter().flatten().enumerate() {
            let at = child(&child(at, field), &index.to_string());
            let name = as_text(entry).or_else(|| entry.get("source").and_then(as_text)).unwrap_or_default();
            let target = entry.get("target").and_then(as_text).unwrap_or_else(|| name.clone());
            let path = if target.starts_with('/') { target } else { format!("{folder}{target}") };
            let source = known.get(&name).cloned().unwrap_or_default();
            let text = |field: &str| source.get(field).and_then(as_text);
            let content = match (text("file"), text("environment"), text("content")) {
                (Some(file), ..) => format!("${{file:{}}}", carry.fixed(&at, &file).unwrap_or_default()),
                (_, Some(variable), _) => format!("${{{variable}}}"),
                (.., Some(content)) => carry.referring(&at, &content),
                _ => {
                    carry.leave(&at, format!("what is in '{name}' is not in the file: it is another program's"));
                    continue;
                }
            };
            for owner in ["uid", "gid"].into_iter().filter(|owner| entry.get(owner).is_some()) {
                carry.leave(&child(&at, owner), "files that are put in belong to root");
            }
            if made.get("readonly") == Some(&json!(true)) {
                carry.leave(&at, "nothing can be put into a root file system that can't be written");
                continue;
            }
            let mode = entry.get("mode").and_then(as_text).map(|mode| mode.trim_start_matches("0o").to_owned());
            let mode = mode.unwrap_or_else(|| "0444".to_owned());
            files.push(json!({ "path": path, "content": content, "mode": mode }));
        }
    }
    put(made, "files", files);
}

/// The health check.
pub fn health(given: &mut Map<String, Value>, at: &str, made: &mut Map<String, Value>, carry: &mut Carry) {
    let Some(check) = given.remove("healthcheck") else { return };
    let at = child(at, "healthcheck");
    let shell = |line: &str| json!(["sh", "-c", line]);
    let command = match check.get("test") {
        _ if check.get("disable") == Some(&json!(true)) => {
            return carry.leave(&at, "a check that the image has of its own can't be switched off");
        }
        Some(Value::String(line)) => shell(&carry.loose(&at, line)),
        Some(Value::Array(all)) => {
            let all: Vec<String> = all.iter().filter_map(as_text).map(|word| carry.loose(&at, &word)).collect();
            match all.split_first().map(|(first, rest)| (first.as_str(), rest)) {
                Some(("CMD", rest)) => json!(rest),
                Some(("CMD-SHELL", rest)) => shell(&rest.join(" ")),
                _ => return carry.leave(&at, "a check that the image has of its own can't be switched off"),
            }
        }
        _ => return carry.leave(&at, "times alone, for a check that the image has of its own, can't be said"),
    };
    let mut health = Map::new();
    health.insert("command".to_owned(), command);
    for field in ["interval", "timeout", "start_period"] {
        let Some(text) = check.get(field).and_then(as_text).and_then(|text| carry.fixed(&child(&at, field), &text)) else { continue };
        match terms::duration(&text) {
            Ok(ms) if ms < 1_000 && field == "interval" => {
                carry.leave(&child(&at, field), "checks are a second apart at least");
                health.insert(field.to_owned(), json!("1s"));
            }
            Ok(0) => {}
            Ok(_) => drop(health.insert(field.to_owned(), json!(text))),
            Err(detail) => carry.leave(&child(&at, field), detail),
        }
    }
    if let Some(retries) = number(check.get("retries"), &child(&at, "retries"), carry) {
        health.insert("retries".to_owned(), json!(whole(retries, 1000)));
    }
    if check.get("start_interval").is_some() {
        carry.leave(&child(&at, "start_interval"), "checks are as far apart at the start as later");
    }
    put(made, "health", health);
}

/// A number that may be written as a text with variables.
fn number(value: Option<&Value>, at: &str, carry: &mut Carry) -> Option<f64> {
    let text = carry.fixed(at, &as_text(value?)?)?;
    text.trim().parse().map_err(|_| carry.leave(at, format!("'{text}' is not a number"))).ok()
}

/// A whole number from 1 to `most`.
fn whole(number: f64, most: u32) -> u32 {
    format!("{:.0}", number.clamp(1.0, f64::from(most))).parse().unwrap_or(most)
}

/// Limits, from wherever they are said, and what else `deploy` says.
pub fn limits(given: &mut Map<String, Value>, at: &str, made: &mut Map<String, Value>, carry: &mut Carry) {
    let deploy = given.remove("deploy").unwrap_or_default();
    let below = child(at, "deploy");
    let of_deploy = deploy.pointer("/resources/limits").cloned().unwrap_or_default();
    let mut all = Map::new();
    let first = |names: [(&str, Option<Value>); 2]| names.into_iter().find_map(|(name, value)| Some((format!("{at}/{name}"), value?)));
    let memory = first([("deploy/resources/limits/memory", of_deploy.get("memory").cloned()), ("mem_limit", given.remove("mem_limit"))]);
    let cpus = first([("deploy/resources/limits/cpus", of_deploy.get("cpus").cloned()), ("cpus", given.remove("cpus"))]);
    let pids = first([("deploy/resources/limits/pids", of_deploy.get("pids").cloned()), ("pids_limit", given.remove("pids_limit"))]);
    for (field, found) in [("memory", memory.clone()), ("shm", first([("shm_size", given.remove("shm_size")), ("", None)]))] {
        let Some((at, text)) = found.and_then(|(at, value)| Some((at, as_text(&value)?))) else { continue };
        all.insert(field.to_owned(), json!(carry.text(&at, &text)));
    }
    if let Some(cpus) = cpus.and_then(|(at, value)| number(Some(&value), &at, carry)).filter(|cpus| *cpus > 0.0) {
        all.insert("cpus".to_owned(), json!(cpus.max(0.01)));
    }
    if let Some(pids) = pids.and_then(|(at, value)| number(Some(&value), &at, carry)).filter(|pids| *pids >= 1.0) {
        all.insert("pids".to_owned(), json!(whole(pids, 4_194_304)));
    }
    if let Some(total) = given.remove("memswap_limit").as_ref().and_then(as_text) {
        let memory = all.get("memory").and_then(Value::as_str).and_then(|text| texts::bytes(text).ok());
        match (texts::bytes(&total).ok(), memory) {
            (Some(total), Some(memory)) if total >= memory => drop(all.insert("swap".to_owned(), json!((total - memory).to_string()))),
            _ => carry.leave(&format!("{at}/memswap_limit"), "swap is said beside a limit of the memory"),
        }
    }
    let mut ulimits = Map::new();
    for (name, value) in given.remove("ulimits").unwrap_or_default().as_object().into_iter().flatten() {
        let part = |field: &str| value.get(field).and_then(as_text);
        let text = as_text(value).or_else(|| Some(format!("{}:{}", part("soft")?, part("hard")?)));
        ulimits.extend(text.map(|text| (name.clone(), json!(text))));
    }
    put(&mut all, "ulimits", ulimits);
    if let Some(size) = given.remove("storage_opt").as_ref().and_then(|options| options.get("size")).and_then(as_text) {
        all.insert("disk".to_owned(), json!(size));
    }
    put(made, "limits", all);
    let replicas = deploy.get("replicas").cloned().or_else(|| given.remove("scale"));
    match replicas.as_ref().and_then(as_text).map(|text| carry.text(&child(&below, "replicas"), &text)) {
        Some(text) if text.starts_with("${param.") => put(made, "replicas", text),
        Some(text) => match text.parse::<u32>() {
            Ok(1) => {}
            Ok(number @ 2..=100) => put(made, "replicas", number),
            _ => carry.leave(&child(&below, "replicas"), format!("'{text}' is not a number from 1 to 100")),
        },
        None => {}
    }
    for (field, value) in deploy.as_object().into_iter().flatten() {
        let at = child(&below, field);
        match field.as_str() {
            "replicas" => {}
            "resources" => {
                for other in value.as_object().into_iter().flat_map(Map::keys).filter(|other| *other != "limits") {
                    carry.leave(&child(&at, other), "nothing is reserved for a container: limits are what it may use at most");
                }
            }
            "restart_policy" => {
                let tries = value.get("max_attempts").and_then(as_text).map_or_else(String::new, |tries| format!(":{tries}"));
                let restart = match value.get("condition").and_then(Value::as_str) {
                    Some("none") => "no".to_owned(),
                    Some("on-failure") => format!("on-failure{tries}"),
                    _ => "unless-stopped".to_owned(),
                };
                if !given.contains_key("restart") {
                    given.insert("restart".to_owned(), json!(restart));
                }
                for other in value.as_object().into_iter().flat_map(Map::keys).filter(|other| ["delay", "window"].contains(&other.as_str())) {
                    carry.leave(&child(&at, other), "pauses between restarts grow by themselves, and a crash loop ends them");
                }
            }
            _ => carry.leave(&at, "it is for a swarm of machines"),
        }
    }
}

/// The networks that it joins.
pub fn networks(given: &mut Map<String, Value>, shared: &Shared, at: &str, made: &mut Map<String, Value>, carry: &mut Carry) {
    let mode = given.remove("network_mode").as_ref().and_then(as_text);
    match mode.as_deref() {
        None | Some("bridge") => {}
        Some("none") => put(made, "network", "none"),
        Some("host") => carry.leave(
            &child(at, "network_mode"),
            "no container is in the host's network; it joins the stack's, and its ports are not published: name them in 'ports'",
        ),
        Some(other) => carry.leave(&child(at, "network_mode"), format!("'{other}': a container shares no network with another; it joins the stack's")),
    }
    let mut extra: Vec<String> = Vec::new();
    if let Some(name) = given.remove("container_name").as_ref().and_then(as_text).and_then(|name| carry.fixed(&child(at, "container_name"), &name)) {
        carry.leave(&child(at, "container_name"), "containers are called STACK-SERVICE; the others reach it by that name all the same");
        extra.push(name);
    }
    let at = child(at, "networks");
    let value = given.remove("networks").unwrap_or_default();
    let named: Vec<(String, Value)> = match &value {
        Value::Object(parts) => parts.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        other => texts_of(other).into_iter().map(|name| (name, Value::Null)).collect(),
    };
    let mut all: Vec<Value> = Vec::new();
    for (name, how) in named {
        if name != "default" && shared.networks.get(&name).is_none() {
            carry.leave(&child(&at, &name), "the file has no such network");
            continue;
        }
        let mut aliases = texts_of(how.get("aliases").unwrap_or(&Value::Null));
        aliases.extend(extra.iter().cloned());
        aliases.retain(|alias| terms::alias(alias).is_ok());
        all.push(if aliases.is_empty() { json!(name) } else { json!({ "name": name, "aliases": aliases }) });
        for field in how.as_object().into_iter().flat_map(Map::keys).filter(|field| *field != "aliases") {
            carry.leave(&child(&child(&at, &name), field), "addresses are the engine's");
        }
    }
    let joins = made.get("network") != Some(&json!("none"));
    if all.is_empty() && joins && !extra.is_empty() {
        all.push(json!({ "name": "default", "aliases": extra }));
    }
    if joins {
        put(made, "networks", all);
    }
}
