//! What the single settings may be, beyond their type.
use crate::config::Paths;
use crate::config::document::Complaint;
use crate::config::document::did_you_mean;
use crate::config::texts;
use crate::config::theme;
use serde_json::Value;
use std::net::SocketAddr;

/// What is wrong with settings of the right shape.
pub fn contents(value: &Value, paths: &Paths) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut check = |pointer: &str, check: &dyn Fn(&str) -> Result<(), String>| {
        if let Some(text) = value.pointer(pointer).and_then(Value::as_str) {
            complaints.extend(check(text).err().map(|detail| Complaint::at(pointer, detail)));
        }
    };
    check("/log/level", &log_level);
    check("/server/listen", &listen);
    check("/server/database", &database);
    check("/engine/address", &engine);
    check("/keys/prefix", &prefix);
    check("/limits/memory", &|text| texts::memory(text).map(drop));
    check("/theme", &|name| {
        let names = theme::names(paths);
        if name == theme::AUTO || names.iter().any(|known| known == name) {
            return Ok(());
        }
        Err(format!("there is no theme '{name}'{}", did_you_mean(name, names.iter().map(String::as_str))))
    });
    let roots = value.pointer("/containers/allowed_roots").and_then(Value::as_array);
    if roots.into_iter().flatten().filter_map(Value::as_str).any(|root| !root.starts_with('/')) {
        complaints.push(Complaint::at("/containers/allowed_roots", "every root must be an absolute path"));
    }
    complaints
}

fn log_level(text: &str) -> Result<(), String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    for part in text.split(',') {
        let level = part.rsplit_once('=').map_or(part, |(_, level)| level).trim();
        if !LEVELS.contains(&level.to_ascii_lowercase().as_str()) {
            return Err(format!("there is no log level '{level}'{}", did_you_mean(level, LEVELS)));
        }
    }
    Ok(())
}

fn listen(text: &str) -> Result<(), String> {
    let address: SocketAddr = text.parse().map_err(|_| format!("'{text}' is not an address and port such as '127.0.0.1:7480'"))?;
    if address.ip().is_loopback() {
        Ok(())
    } else {
        Err(format!("'{text}' can be reached from other machines, which needs TLS; use '127.0.0.1:{}'", address.port()))
    }
}

fn database(text: &str) -> Result<(), String> {
    let known = ["sqlite:", "postgres://", "postgresql://"];
    if known.iter().any(|scheme| text.starts_with(scheme)) { Ok(()) } else { Err("a database is 'sqlite:PATH' or 'postgres://…'".to_owned()) }
}

fn engine(text: &str) -> Result<(), String> {
    let known = ["unix://", "tcp://", "http://", "https://", "ssh://"];
    if known.iter().any(|scheme| text.starts_with(scheme)) {
        Ok(())
    } else {
        Err(format!("'{text}' is not an engine's address such as 'unix:///var/run/docker.sock'"))
    }
}

fn prefix(text: &str) -> Result<(), String> {
    let mut letters = text.strip_prefix("C-").unwrap_or_default().chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) if letter.is_ascii_lowercase() || "@\\]^_".contains(letter) => Ok(()),
        (Some('S'), Some('p')) if text == "C-Space" => Ok(()),
        _ => Err(format!("'{text}' can't be the prefix; write a control key such as 'C-b' or 'C-Space'")),
    }
}
