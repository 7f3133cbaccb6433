//! Portainer's lists of app templates (versions 2 and 3) as templates.
use super::Imported;
use super::Left;
use super::as_text;
use super::name_of;
use super::put;
use super::service::words;
use super::service_parts;
use super::text::Carry;
use crate::config::texts;
use crate::error::Error;
use crate::error::Result;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Most entries of a list.
const MOST: usize = 1000;

/// Every container of the list as a template of its own; what is no container is told.
///
/// # Errors
/// `invalid_document` when it is no such list.
pub fn portainer(source: &str, text: &str) -> Result<(Vec<Imported>, Vec<Left>)> {
    let list: Value = serde_json::from_str(text).map_err(|error| Error::invalid(format!("'{source}' is no JSON: {error}")))?;
    // The first version was the bare list.
    let entries = list.get("templates").unwrap_or(&list).as_array().ok_or_else(|| Error::invalid(format!("'{source}' is no list of Portainer's templates")))?;
    let (mut all, mut left) = (Vec::new(), Vec::new());
    let mut names: BTreeSet<String> = BTreeSet::new();
    for (index, entry) in entries.iter().take(MOST).enumerate() {
        let at = format!("/templates/{index}");
        let title = entry.get("title").and_then(as_text).unwrap_or_default();
        let mut note = |reason: &str| left.push(Left { pointer: at.clone(), reason: format!("'{title}' {reason}") });
        match entry.get("type").and_then(Value::as_u64) {
            None | Some(1) => match container(entry, &at, &mut names) {
                Ok(imported) => all.push(imported),
                Err(error) => note(&format!("can't be carried: {}", error.message)),
            },
            Some(2 | 3) => note("is a stack in a repository: fetch its file, and import that with 'cto import compose'"),
            Some(_) => note("is nothing that cto runs"),
        }
    }
    if entries.len() > MOST {
        left.push(Left { pointer: "/templates".to_owned(), reason: format!("only the first {MOST} are taken") });
    }
    Ok((all, left))
}

fn container(entry: &Value, at: &str, names: &mut BTreeSet<String>) -> Result<Imported> {
    let mut carry = Carry::default();
    let mut given = entry.as_object().cloned().unwrap_or_default();
    let mut text = |field: &str| given.remove(field).as_ref().and_then(as_text).filter(|text| !text.is_empty());
    let title = text("title").unwrap_or_default();
    let image = text("image").ok_or_else(|| Error::invalid("it names no image"))?;
    let registry = text("registry").map_or_else(String::new, |registry| format!("{}/", registry.trim_end_matches('/')));
    let mut made = Map::new();
    let base = name_of(&text("name").unwrap_or_else(|| title.clone()));
    let mut name = base.clone();
    for number in 2.. {
        if names.insert(name.clone()) {
            break;
        }
        name = format!("{base}-{number}");
    }
    made.insert("name".to_owned(), json!(name));
    put(&mut made, "description", text("description").unwrap_or(title));
    made.insert("image".to_owned(), json!(format!("{registry}{image}")));
    if let Some(command) = text("command") {
        put(&mut made, "command", words(&command.replace("${", "$${")));
    }
    put(&mut made, "hostname", json!(text("hostname")));
    let restart = text("restart_policy");
    put(&mut made, "restart", json!(restart.or_else(|| Some("always".to_owned()))));
    match text("network").as_deref() {
        None | Some("bridge") => {}
        Some("none") => put(&mut made, "network", "none"),
        Some("host") => carry.leave(&format!("{at}/network"), "no container is in the host's network: name the ports in 'ports'"),
        Some(other) => put(&mut made, "networks", json!([other])),
    }
    made.insert("interactive".to_owned(), json!(given.remove("interactive") == Some(json!(true))));
    if given.remove("privileged") == Some(json!(true)) {
        made.insert("privileged".to_owned(), json!(true));
    }
    variables(&given.remove("env").unwrap_or_default(), at, &mut made, &mut carry);
    let mut ports = Vec::new();
    for port in given.remove("ports").unwrap_or_default().as_array().into_iter().flatten().filter_map(port_of) {
        match service_parts::ranged(port.trim_end_matches("/tcp")) {
            Some(several) => ports.extend(several),
            None => carry.leave(&format!("{at}/ports"), format!("'{port}' is no port")),
        }
    }
    put(&mut made, "ports", ports);
    let mut volumes = Vec::new();
    for (index, volume) in given.remove("volumes").unwrap_or_default().as_array().into_iter().flatten().enumerate() {
        let at = format!("{at}/volumes/{index}");
        let target = volume.get("container").and_then(as_text).or_else(|| as_text(volume)).unwrap_or_default();
        let source = volume.get("bind").and_then(as_text).unwrap_or_else(|| format!("{name}-{index}"));
        let mode = if volume.get("readonly") == Some(&json!(true)) { ":ro" } else { "" };
        volumes.extend(service_parts::short_mount(&format!("{source}:{target}{mode}"), &source, &at, &mut carry));
    }
    put(&mut made, "volumes", volumes);
    let mut labels = Map::new();
    for label in given.remove("labels").unwrap_or_default().as_array().into_iter().flatten() {
        let name = label.get("name").and_then(as_text).unwrap_or_default();
        if texts::label(&name).is_ok() {
            labels.insert(name, json!(label.get("value").and_then(as_text).unwrap_or_default()));
        } else {
            carry.leave(&format!("{at}/labels"), format!("'{name}' is no label that can be given"));
        }
    }
    put(&mut made, "labels", labels);
    for field in given
        .keys()
        .filter(|field| !["id", "type", "logo", "categories", "platform", "administrator_only", "note", "administratorOnly"].contains(&field.as_str()))
    {
        carry.leave(&format!("{at}/{field}"), "cto has nothing for it");
    }
    if let Some(note) = given.get("note").and_then(as_text).filter(|note| !note.is_empty()) {
        carry.leave(&format!("{at}/note"), format!("it says: {note}"));
    }
    Imported { stack: false, document: Value::Object(made), left: carry.left }.checked()
}

/// `80/tcp`, or `{"web": "8080:80/tcp"}` in later versions.
fn port_of(port: &Value) -> Option<String> {
    as_text(port).or_else(|| port.as_object()?.values().next().and_then(as_text))
}

/// Variables that somebody chooses become parameters; those that are set are the environment.
fn variables(env: &Value, at: &str, made: &mut Map<String, Value>, carry: &mut Carry) {
    let (mut environment, mut params) = (Map::new(), Map::new());
    for variable in env.as_array().into_iter().flatten() {
        let text = |field: &str| variable.get(field).and_then(as_text);
        let Some(name) = text("name").filter(|name| !name.is_empty()) else { continue };
        let fixed = text("set").or_else(|| text("default").filter(|_| variable.get("preset") == Some(&json!(true))));
        if let Some(value) = fixed {
            environment.insert(name, json!(value.replace("${", "$${")));
            continue;
        }
        let known = name.trim_start_matches('_').replace('.', "-");
        if texts::param_name(&known).is_err() {
            carry.leave(&format!("{at}/env"), format!("'{name}' can't be a parameter's name"));
            continue;
        }
        let mut param = Map::new();
        let description = text("description").or_else(|| text("label")).filter(|text| !text.is_empty());
        put(&mut param, "description", json!(description));
        let select: Vec<&Value> = variable.get("select").and_then(Value::as_array).into_iter().flatten().collect();
        let chosen = select.iter().find(|choice| choice.get("default") == Some(&json!(true))).and_then(|choice| choice.get("value").and_then(as_text));
        let choices: Vec<String> = select.iter().filter_map(|choice| choice.get("value").and_then(as_text)).collect();
        put(&mut param, "default", json!(text("default").or(chosen)));
        put(&mut param, "choices", choices);
        environment.insert(name, json!(format!("${{param.{known}}}")));
        params.insert(known, Value::Object(param));
    }
    put(made, "environment", environment);
    put(made, "params", params);
}
