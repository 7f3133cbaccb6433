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
    check("/server/base_path", &base_path);
    for file in ["/server/tls/certificate", "/server/tls/key"] {
        check(file, &|path| if path.starts_with('/') { Ok(()) } else { Err("the path must be absolute".to_owned()) });
    }
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
    check("/hooks/ca_file", &|path| if path.starts_with('/') { Ok(()) } else { Err(format!("'{path}' is not an absolute path")) });
    let roots = value.pointer("/containers/allowed_roots").and_then(Value::as_array);
    if roots.into_iter().flatten().filter_map(Value::as_str).any(|root| !root.starts_with('/')) {
        complaints.push(Complaint::at("/containers/allowed_roots", "every root must be an absolute path"));
    }
    let names = value.pointer("/server/names").and_then(Value::as_array);
    for (at, name) in names.into_iter().flatten().filter_map(Value::as_str).enumerate() {
        if let Err(detail) = host_name(name) {
            complaints.push(Complaint::at(format!("/server/names/{at}"), detail));
        }
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
    text.replace("localhost:", "127.0.0.1:")
        .parse::<SocketAddr>()
        .map(drop)
        .map_err(|_| format!("'{text}' is not an address and port such as '127.0.0.1:7480'"))
}

fn base_path(text: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    if text.starts_with('/') && text.len() > 1 && !text.ends_with('/') && !text.contains("//") && !text.contains("..") && text.chars().all(plain) {
        return Ok(());
    }
    Err(format!("'{text}' is not a path such as '/cto'"))
}

fn host_name(text: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
    if !text.is_empty() && text.len() <= 253 && text.chars().all(plain) {
        return Ok(());
    }
    Err(format!("'{text}' is not a host's name such as 'box.example', without port or path"))
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
