//! Compose files as stacks.
use super::Imported;
use super::as_text;
use super::name_of;
use super::put;
use super::service;
use super::text::Carry;
use super::texts_of;
use super::unreadable;
use super::yaml;
use crate::config::document::child;
use crate::error::Error;
use crate::error::Result;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// So many services extend each other in a row.
const DEEPEST: usize = 8;

/// A compose file as a stack. `name` is the stack's where the file says none; of services with profiles only those of `profiles` are taken.
///
/// # Errors
/// `invalid_document` when it is no YAML, or what is in it can't be a stack.
pub fn compose(source: &str, text: &str, name: &str, profiles: &[String]) -> Result<Imported> {
    let document = yaml::parse(source, text).map_err(|place| unreadable(source, place))?;
    let mut root = document.value.as_object().cloned().ok_or_else(|| Error::invalid(format!("'{source}' is no compose file: it is no mapping")))?;
    let services = root.remove("services").and_then(|services| services.as_object().cloned());
    let services = services.filter(|services| !services.is_empty());
    let services = services
        .ok_or_else(|| Error::invalid(format!("'{source}' is no compose file: it has no services")).fix("the form without 'services' is of version 1"))?;
    let mut carry = Carry::default();
    let said = root.remove("name").as_ref().and_then(as_text).and_then(|name| carry.fixed("/name", &name));
    let name = name_of(&said.unwrap_or_else(|| name.to_owned()));
    let (secrets, configs) = (root.remove("secrets").unwrap_or_default(), root.remove("configs").unwrap_or_default());
    let networks = networks(root.remove("networks").unwrap_or_default(), &mut carry);
    let volumes = volumes(root.remove("volumes").unwrap_or_default(), &mut carry);
    let taken: BTreeSet<String> = services
        .iter()
        .filter(|(service, value)| {
            let of = texts_of(value.get("profiles").unwrap_or(&Value::Null));
            let wanted = of.is_empty() || of.iter().any(|profile| profiles.contains(profile) || profiles.iter().any(|wanted| wanted == "*"));
            if !wanted {
                let at = format!("{}/profiles", child("/services", service));
                carry.leave(&at, format!("the service is of the profile '{}': import it with --profile {}", of.join("', '"), of.join(" --profile ")));
            }
            wanted
        })
        .map(|(service, _)| service.clone())
        .collect();
    let mut containers = Map::new();
    for service in services.keys().filter(|service| taken.contains(*service)) {
        let at = child("/services", service);
        let whole = extended(&services, service, &at, &mut carry, 0);
        let shared = service::Shared { stack: &name, secrets: &secrets, configs: &configs, taken: &taken, networks: &networks };
        containers.insert(name_of(service), service::container(service, whole, &shared, &mut carry));
    }
    for field in root.keys().filter(|field| !field.starts_with("x-") && *field != "version") {
        let reason = match field.as_str() {
            "include" => "other files are not read: import each, or put them together first (docker compose config)",
            _ => "cto has nothing for it",
        };
        carry.leave(&child("", field), reason);
    }
    carry.leave("/services", "where a service names no limits, those of cto hold: 512 MiB, one core, 512 processes, unless its configuration says otherwise");
    let mut stack = Map::new();
    stack.insert("name".to_owned(), json!(name));
    put(&mut stack, "params", carry.params());
    put(&mut stack, "networks", networks);
    put(&mut stack, "volumes", volumes);
    stack.insert("containers".to_owned(), Value::Object(containers));
    for left in &mut carry.left {
        if let Some(line) = document.line(&left.pointer) {
            left.reason = format!("{} (line {line})", left.reason);
        }
    }
    Imported { stack: true, document: Value::Object(stack), left: carry.left }.checked()
}

/// A service with what it extends in the same file: mappings are put together, what programs are started with is replaced, other lists get
/// what they do not have yet.
fn extended(services: &Map<String, Value>, service: &str, at: &str, carry: &mut Carry, depth: usize) -> Map<String, Value> {
    let mut own = services.get(service).and_then(Value::as_object).cloned().unwrap_or_default();
    let Some(extends) = own.remove("extends") else { return own };
    let of_file = extends.get("file").is_some();
    let other = extends.as_str().or_else(|| extends.get("service").and_then(Value::as_str)).unwrap_or_default();
    if of_file || depth >= DEEPEST || !services.contains_key(other) {
        let reason = if of_file {
            "other files are not read: put them together first (docker compose config)"
        } else {
            "there is no such service, or they extend each other in a circle"
        };
        carry.leave(&format!("{at}/extends"), reason);
        return own;
    }
    let mut whole = extended(services, other, at, carry, depth + 1);
    for (field, value) in own {
        let value = by_name(&field, value);
        let below = whole.entry(field.clone()).or_insert(Value::Null);
        *below = by_name(&field, below.take());
        match (below, value) {
            (Value::Object(lower), Value::Object(upper)) => lower.extend(upper),
            (Value::Array(lower), Value::Array(upper)) if field != "command" && field != "entrypoint" => {
                let new: Vec<Value> = upper.into_iter().filter(|entry| !lower.contains(entry)).collect();
                lower.extend(new);
            }
            (lower, upper) => *lower = upper,
        }
    }
    whole
}

/// A field that may be written as a list or as a mapping, as a mapping.
fn by_name(field: &str, value: Value) -> Value {
    let Value::Array(list) = &value else { return value };
    let named = |name: &str, value: Value| (name.to_owned(), value);
    let made: Option<Map<String, Value>> = match field {
        "environment" | "labels" => list
            .iter()
            .map(|entry| entry.as_str().map(|entry| entry.split_once('=').map_or_else(|| named(entry, Value::Null), |(name, value)| named(name, json!(value)))))
            .collect(),
        "networks" => list.iter().map(|entry| entry.as_str().map(|name| named(name, Value::Null))).collect(),
        "depends_on" => list.iter().map(|entry| entry.as_str().map(|name| named(name, json!({"condition": "service_started"})))).collect(),
        _ => None,
    };
    made.map_or(value, Value::Object)
}

/// What a thing is called, and whether others made it.
fn outside(value: &Value, at: &str, carry: &mut Carry) -> Map<String, Value> {
    let mut made = Map::new();
    let external = value.get("external").unwrap_or(&Value::Null);
    let is_external = external.as_bool().unwrap_or(external.is_object());
    if is_external {
        made.insert("external".to_owned(), json!(true));
    }
    let name = value.get("name").or_else(|| external.get("name")).and_then(as_text);
    if let Some(name) = name.and_then(|name| carry.fixed(&format!("{at}/name"), &name)) {
        made.insert("name".to_owned(), json!(name));
    }
    made
}

fn networks(value: Value, carry: &mut Carry) -> Value {
    let mut all = Map::new();
    for (name, value) in value.as_object().into_iter().flatten() {
        let at = child("/networks", name);
        let mut network = outside(value, &at, carry);
        if value.get("internal") == Some(&json!(true)) && !network.contains_key("external") {
            network.insert("internal".to_owned(), json!(true));
        }
        for (field, value) in value.as_object().into_iter().flatten() {
            let carried = ["external", "name", "internal"].contains(&field.as_str()) || field.starts_with("x-") || field == "driver" && value == "bridge";
            if !carried {
                carry.leave(&child(&at, field), "the networks of stacks are simple bridges: addresses, drivers and options are the engine's");
            }
        }
        all.insert(name.clone(), Value::Object(network));
    }
    Value::Object(all)
}

/// Only those volumes that have to be declared: the others are the stack's own wherever a container names them.
fn volumes(value: Value, carry: &mut Carry) -> Value {
    let mut all = Map::new();
    for (name, value) in value.as_object().into_iter().flatten() {
        let at = child("/volumes", name);
        let volume = outside(value, &at, carry);
        for (field, value) in value.as_object().into_iter().flatten() {
            let carried = ["external", "name"].contains(&field.as_str()) || field.starts_with("x-") || field == "driver" && value == "local";
            if !carried {
                carry.leave(&child(&at, field), "the volumes of stacks are plain local ones: drivers and their options could lead anywhere");
            }
        }
        put(&mut all, name, volume);
    }
    Value::Object(all)
}
