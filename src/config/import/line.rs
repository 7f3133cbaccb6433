//! A line of `docker run` as a template.
use super::Imported;
use super::name_of;
use super::put;
use super::service_parts;
use super::text::Carry;
use crate::config::terms;
use crate::config::texts;
use crate::error::Error;
use crate::error::Result;
use serde_json::{Map, Value, json};

/// Flags that take no value.
const ALONE: [&str; 14] = [
    "detach",
    "interactive",
    "tty",
    "rm",
    "privileged",
    "read-only",
    "init",
    "publish-all",
    "sig-proxy",
    "no-healthcheck",
    "oom-kill-disable",
    "disable-content-trust",
    "quiet",
    "help",
];
/// Short flags and what they stand for.
const SHORT: [(char, &str); 16] = [
    ('d', "detach"),
    ('i', "interactive"),
    ('t', "tty"),
    ('e', "env"),
    ('p', "publish"),
    ('P', "publish-all"),
    ('v', "volume"),
    ('w', "workdir"),
    ('u', "user"),
    ('h', "hostname"),
    ('m', "memory"),
    ('l', "label"),
    ('c', "cpu-shares"),
    ('a', "attach"),
    ('q', "quiet"),
    ('n', "name"),
];

/// A line as it is typed, with `docker run` in front or without. Nothing of a shell happens but the splitting of words and `$PWD` and `$HOME`.
///
/// # Errors
/// `invalid_value` when it is no such line.
pub fn line(text: &str) -> Result<Imported> {
    let text = text.replace("\\\r\n", " ").replace("\\\n", " ");
    let words = shlex::split(text.trim()).ok_or_else(|| Error::invalid("a quote in the line is never closed, or it ends in '\\'"))?;
    let mut words: Vec<String> = words.into_iter().skip_while(|word| ["$", "#", "sudo"].contains(&word.as_str())).collect();
    if words.first().is_some_and(|word| ["docker", "podman", "nerdctl"].contains(&word.as_str())) {
        words.remove(0);
        if words.first().is_some_and(|word| word == "container") {
            words.remove(0);
        }
        match words.first().map(String::as_str) {
            Some("run" | "create") => drop(words.remove(0)),
            other => return Err(Error::invalid(format!("'{}' is not 'docker run'", other.unwrap_or_default()))),
        }
    }
    let mut flags = Flags::default();
    let rest = flags.read(&words, true)?;
    let Some((image, command)) = rest.split_first() else {
        return Err(Error::invalid("there is no image in the line").fix("write it as 'docker run [OPTIONS] IMAGE [COMMAND]'"));
    };
    let mut made = Map::new();
    let base = image.rsplit('/').next().unwrap_or(image).split([':', '@']).next().unwrap_or(image);
    made.insert("name".to_owned(), json!(name_of(flags.name.as_deref().unwrap_or(base))));
    made.insert("image".to_owned(), json!(image));
    put(&mut made, "command", command.to_vec());
    flags.add_to(&mut made);
    made.insert("interactive".to_owned(), json!(flags.tty && flags.stdin));
    Imported { stack: false, document: Value::Object(made), left: flags.carry.left }.checked()
}

/// What the flags of a line say.
#[derive(Default)]
pub struct Flags {
    /// What could not be carried.
    pub carry: Carry,
    /// The container's name.
    pub name: Option<String>,
    /// A terminal is given.
    pub tty: bool,
    /// Standard input stays open.
    pub stdin: bool,
    lists: Map<String, Value>,
    fields: Map<String, Value>,
    environment: Map<String, Value>,
    labels: Map<String, Value>,
    limits: Map<String, Value>,
    ulimits: Map<String, Value>,
    sysctls: Map<String, Value>,
    health: Map<String, Value>,
    networks: Vec<String>,
    aliases: Vec<String>,
}

impl Flags {
    /// Takes the flags at the beginning of words and gives back what follows. Words that are none end them, unless `open` is false: then they are told.
    ///
    /// # Errors
    /// `invalid_value` when a flag has no value.
    pub fn read<'a>(&mut self, words: &'a [String], open: bool) -> Result<&'a [String]> {
        let mut rest = words;
        while let Some((word, after)) = rest.split_first() {
            rest = after;
            if word == "--" {
                return Ok(rest);
            }
            let value = |rest: &mut &'a [String], flag: &str| -> Result<String> {
                let (value, after) = rest.split_first().ok_or_else(|| Error::invalid(format!("the flag '{flag}' has no value")))?;
                *rest = after;
                Ok(value.clone())
            };
            if let Some(long) = word.strip_prefix("--") {
                let (flag, given) = long.split_once('=').map_or((long, None), |(flag, value)| (flag, Some(value.to_owned())));
                let given = match given {
                    Some(given) => given,
                    None if ALONE.contains(&flag) => "true".to_owned(),
                    None => value(&mut rest, word)?,
                };
                self.take(flag, &given);
            } else if let Some(short) = word.strip_prefix('-').filter(|short| !short.is_empty()) {
                let mut letters = short.chars();
                while let Some(letter) = letters.next() {
                    let flag = SHORT.iter().find(|(short, _)| *short == letter).map(|(_, flag)| *flag);
                    let Some(flag) = flag else { return Err(Error::invalid(format!("'-{letter}' is no flag of docker run"))) };
                    if ALONE.contains(&flag) {
                        self.take(flag, "true");
                        continue;
                    }
                    let glued = letters.as_str().trim_start_matches('=');
                    let given = if glued.is_empty() { value(&mut rest, word)? } else { glued.to_owned() };
                    self.take(flag, &given);
                    break;
                }
            } else if open {
                return Ok(&words[words.len() - after.len() - 1..]);
            } else {
                self.carry.leave(&format!("/{word}"), "it is no flag of docker run");
            }
        }
        Ok(rest)
    }

    fn push(&mut self, field: &str, value: impl Into<Value>) {
        if let Value::Array(items) = self.lists.entry(field.to_owned()).or_insert_with(|| json!([])) {
            items.push(value.into());
        }
    }

    fn take(&mut self, flag: &str, given: &str) {
        let at = format!("/--{flag}");
        let given = self.shell(&at, given, flag);
        let given = given.as_str();
        let on = given != "false";
        match flag {
            "detach" | "sig-proxy" | "quiet" | "attach" => {}
            "interactive" => self.stdin = on,
            "tty" => self.tty = on,
            "name" => self.name = Some(given.to_owned()),
            "privileged" | "init" => drop(self.fields.insert(flag.to_owned(), json!(on))),
            "read-only" => drop(self.fields.insert("readonly".to_owned(), json!(on))),
            "env" => {
                let (name, value) = given.split_once('=').map_or_else(|| (given, format!("${{{given}:-}}")), |(name, value)| (name, value.to_owned()));
                self.environment.insert(name.to_owned(), json!(value));
            }
            "label" => {
                let (name, value) = given.split_once('=').unwrap_or((given, ""));
                if texts::label(name).is_ok() {
                    self.labels.insert(name.to_owned(), json!(value));
                } else {
                    self.carry.leave(&at, format!("'{name}' is no label that can be given"));
                }
            }
            "publish" => match service_parts::ranged(given) {
                Some(ports) => {
                    if given.matches(':').count() < 2 {
                        self.carry.leave(
                            &at,
                            format!("'{given}' is published on 127.0.0.1 here; write '0.0.0.0:{given}' for other machines, which policy leaves to admins"),
                        );
                    }
                    ports.into_iter().for_each(|port| self.push("ports", port));
                }
                None => self.carry.leave(&at, format!("'{given}' is no port")),
            },
            "volume" => {
                let unnamed = format!("volume-{}", self.lists.get("volumes").and_then(Value::as_array).map_or(0, Vec::len));
                if let Some(mount) = service_parts::short_mount(given, &unnamed, &at, &mut self.carry) {
                    self.push("volumes", mount);
                }
            }
            "mount" => self.mount(&at, given),
            "tmpfs" => {
                let memory = service_parts::memory(given, &at, &mut self.carry);
                self.push("tmpfs", memory);
            }
            "workdir" => drop(self.fields.insert("working_dir".to_owned(), json!(given))),
            "user" | "hostname" | "restart" => drop(self.fields.insert(flag.to_owned(), json!(given))),
            "entrypoint" => drop(self.fields.insert("entrypoint".to_owned(), json!([given]))),
            "stop-signal" => drop(self.fields.insert("stop_signal".to_owned(), json!(given))),
            "stop-timeout" => drop(self.fields.insert("stop_grace".to_owned(), json!(format!("{given}s")))),
            "network" | "net" => self.network(&at, given),
            "network-alias" | "net-alias" => self.aliases.push(given.to_owned()),
            "cap-add" | "cap-drop" => self.push(&flag.replace('-', "_"), given),
            "device" => self.push("devices", given),
            "security-opt" if terms::security(given).is_ok() => self.push("security", given),
            "memory" => drop(self.limits.insert("memory".to_owned(), json!(given))),
            "shm-size" => drop(self.limits.insert("shm".to_owned(), json!(given))),
            "cpus" | "pids-limit" => match given.parse::<serde_json::Number>() {
                Ok(number) if given != "-1" && given != "0" => drop(self.limits.insert(flag.trim_end_matches("-limit").to_owned(), json!(number))),
                _ => self.carry.leave(&at, format!("'{given}': a container has limits, those of cto where none are said")),
            },
            "ulimit" => {
                let (name, value) = given.split_once('=').unwrap_or((given, ""));
                self.ulimits.insert(name.to_owned(), json!(value));
            }
            "sysctl" => {
                let (name, value) = given.split_once('=').unwrap_or((given, ""));
                match terms::sysctl(name) {
                    Ok(()) => drop(self.sysctls.insert(name.to_owned(), json!(value))),
                    Err(detail) => self.carry.leave(&at, detail),
                }
            }
            "storage-opt" if given.starts_with("size=") => drop(self.limits.insert("disk".to_owned(), json!(given[5..].to_owned()))),
            "health-cmd" => drop(self.health.insert("command".to_owned(), json!(["sh", "-c", given]))),
            "health-interval" | "health-timeout" | "health-start-period" => {
                self.health.insert(flag[7..].replace('-', "_"), json!(given));
            }
            "health-retries" => drop(given.parse::<u32>().map(|retries| self.health.insert("retries".to_owned(), json!(retries)))),
            "rm" => self.carry.leave(&at, "a container stays when it has ended: remove it with 'cto rm'"),
            "env-file" => self.push("env_file", given),
            "pid" | "ipc" | "uts" | "userns" | "cgroupns" | "volumes-from" => {
                self.carry.leave(&at, "a container shares no namespace with the host or with another")
            }
            "gpus" => self.carry.leave(&at, "cto has nothing for graphics processors"),
            _ => self.carry.leave(&at, format!("'{given}': cto has nothing for it")),
        }
    }

    /// What a shell would have filled in: the directory of here, and the home. The rest is told.
    fn shell(&mut self, at: &str, given: &str, flag: &str) -> String {
        let mut text = given.to_owned();
        for here in ["$(pwd)", "`pwd`", "${PWD}", "$PWD"] {
            text = text.replace(here, ".");
        }
        for home in ["${HOME}", "$HOME"] {
            text = text.replace(home, "~");
        }
        if flag == "env" || flag == "health-cmd" {
            return text;
        }
        if text.contains("$(") || text.contains('`') || text.contains('$') {
            self.carry.leave(at, format!("'{text}': a shell would have filled this in; it stands as it is"));
        }
        text
    }

    fn network(&mut self, at: &str, given: &str) {
        match given {
            "none" => drop(self.fields.insert("network".to_owned(), json!("none"))),
            "bridge" | "default" => {}
            "host" => self.carry.leave(at, "no container is in the host's network: name the ports in 'ports'"),
            _ if given.starts_with("container:") => self.carry.leave(at, "a container shares no network with another"),
            _ if terms::network(given).is_ok() => self.networks.push(given.to_owned()),
            _ => self.carry.leave(at, format!("'{given}' is no name of a network")),
        }
    }

    /// `type=bind,source=…,target=…,readonly`.
    pub fn mount(&mut self, at: &str, given: &str) {
        let (mut kind, mut source, mut target, mut size, mut read_only) = ("volume", None, None, None, false);
        for part in given.split(',') {
            match part.split_once('=').unwrap_or((part, "true")) {
                ("type", value) => kind = value,
                ("source" | "src", value) => source = Some(value.to_owned()),
                ("target" | "dst" | "destination", value) => target = Some(value.to_owned()),
                ("readonly" | "ro", value) => read_only = value != "false",
                ("tmpfs-size", value) => size = Some(value.to_owned()),
                ("consistency", _) => {}
                (other, _) => self.carry.leave(at, format!("'{other}' is no way to mount that cto knows")),
            }
        }
        let Some(target) = target else { return self.carry.leave(at, format!("'{given}' names no place in the container")) };
        let mode = if read_only { ":ro" } else { "" };
        match (kind, source) {
            ("tmpfs", _) => self.push("tmpfs", size.map_or_else(|| target.clone(), |size| format!("{target}:{size}"))),
            ("bind" | "volume", source) => {
                let text = source.map_or_else(|| target.clone(), |source| format!("{source}:{target}{mode}"));
                let unnamed = format!("volume-{}", self.lists.get("volumes").and_then(Value::as_array).map_or(0, Vec::len));
                if let Some(mount) = service_parts::short_mount(&text, &unnamed, at, &mut self.carry) {
                    self.push("volumes", mount);
                }
            }
            (other, _) => self.carry.leave(at, format!("'{other}' is nothing that cto mounts")),
        }
    }

    /// Adds what was said to a template's fields.
    pub fn add_to(&mut self, made: &mut Map<String, Value>) {
        let mut add = |field: &str, value: Value| {
            let whole = match (made.remove(field), value) {
                (Some(Value::Array(mut lower)), Value::Array(upper)) => {
                    lower.extend(upper);
                    Value::Array(lower)
                }
                (Some(Value::Object(mut lower)), Value::Object(upper)) => {
                    lower.extend(upper);
                    Value::Object(lower)
                }
                (_, value) => value,
            };
            put(made, field, whole);
        };
        for (field, value) in std::mem::take(&mut self.fields).into_iter().chain(std::mem::take(&mut self.lists)) {
            add(&field, value);
        }
        if !self.ulimits.is_empty() {
            self.limits.insert("ulimits".to_owned(), Value::Object(std::mem::take(&mut self.ulimits)));
        }
        let aliases = std::mem::take(&mut self.aliases);
        let join = |name: String| if aliases.is_empty() { json!(name) } else { json!({ "name": name, "aliases": aliases }) };
        let networks: Vec<Value> = std::mem::take(&mut self.networks).into_iter().map(join).collect();
        add("networks", json!(networks));
        add("sysctls", Value::Object(std::mem::take(&mut self.sysctls)));
        add("environment", Value::Object(std::mem::take(&mut self.environment)));
        add("labels", Value::Object(std::mem::take(&mut self.labels)));
        add("limits", Value::Object(std::mem::take(&mut self.limits)));
        if self.health.contains_key("command") {
            add("health", Value::Object(std::mem::take(&mut self.health)));
        }
    }
}
