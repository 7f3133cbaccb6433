//! A service of a compose file as a container of a stack.
use super::as_text;
use super::name_of;
use super::put;
use super::service_parts as parts;
use super::text::Carry;
use super::texts_of;
use crate::config::document::child;
use crate::config::terms;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What all services share.
pub struct Shared<'a> {
    /// The stack's name.
    pub stack: &'a str,
    /// The file's secrets.
    pub secrets: &'a Value,
    /// The file's configs.
    pub configs: &'a Value,
    /// The services that are taken.
    pub taken: &'a BTreeSet<String>,
    /// The networks, as they are carried.
    pub networks: &'a Value,
}

/// Fields that are carried as they are, text by text: theirs, and ours.
const TEXTS: [(&str, &str); 5] =
    [("working_dir", "working_dir"), ("user", "user"), ("hostname", "hostname"), ("stop_signal", "stop_signal"), ("stop_grace_period", "stop_grace")];
const FLAGS: [(&str, &str); 3] = [("read_only", "readonly"), ("privileged", "privileged"), ("init", "init")];
const LISTS: [(&str, &str); 3] = [("cap_add", "cap_add"), ("cap_drop", "cap_drop"), ("devices", "devices")];

/// One service.
pub fn container(service: &str, mut given: Map<String, Value>, shared: &Shared, carry: &mut Carry) -> Value {
    let at = child("/services", service);
    let mut made = Map::new();
    given.remove("profiles");
    image(service, &mut given, shared, &at, &mut made, carry);
    env_files(given.remove("env_file").unwrap_or_default(), &child(&at, "env_file"), &mut made, carry);
    for field in ["command", "entrypoint"] {
        let below = child(&at, field);
        match given.remove(field) {
            Some(Value::String(line)) => put(&mut made, field, words(&carry.loose(&below, &line))),
            Some(Value::Array(words)) => {
                let words: Vec<String> = words.iter().filter_map(as_text).map(|word| carry.loose(&below, &word)).collect();
                put(&mut made, field, words);
            }
            _ => {}
        }
    }
    let (tty, stdin) = (given.remove("tty") == Some(json!(true)), given.remove("stdin_open") == Some(json!(true)));
    made.insert("interactive".to_owned(), json!(tty && stdin));
    put(&mut made, "environment", environment(given.remove("environment"), &child(&at, "environment"), carry));
    for (theirs, ours) in TEXTS {
        if let Some(text) = given.remove(theirs).as_ref().and_then(as_text) {
            put(&mut made, ours, carry.text(&child(&at, theirs), &text));
        }
    }
    for (theirs, ours) in FLAGS {
        if let Some(flag) = given.remove(theirs).and_then(|value| value.as_bool()) {
            put(&mut made, ours, flag);
        }
    }
    if made.get("init") == Some(&json!(false)) && tty && stdin {
        made.remove("init");
    }
    for (theirs, ours) in LISTS {
        let items: Vec<String> = texts_of(&given.remove(theirs).unwrap_or_default()).iter().map(|item| carry.text(&child(&at, theirs), item)).collect();
        put(&mut made, ours, items);
    }
    let security = texts_of(&given.remove("security_opt").unwrap_or_default());
    let (good, bad): (Vec<String>, Vec<String>) = security.into_iter().partition(|option| terms::security(option).is_ok());
    bad.iter().for_each(|option| carry.leave(&child(&at, "security_opt"), format!("'{option}' is no option that cto passes on")));
    put(&mut made, "security", good);
    let labels = pairs(given.remove("labels").unwrap_or_default());
    let (own, labels): (Vec<_>, Vec<_>) = labels.into_iter().partition(|(name, _)| name.to_ascii_lowercase().starts_with("cto."));
    own.iter().for_each(|(name, _)| carry.leave(&format!("{at}/labels"), format!("'{name}': labels that begin with 'cto.' are cto's own")));
    let labels: Map<String, Value> =
        labels.into_iter().map(|(name, value)| (name, json!(carry.referring(&format!("{at}/labels"), &value.unwrap_or_default())))).collect();
    put(&mut made, "labels", labels);
    let mut sysctls = Map::new();
    for (name, value) in pairs(given.remove("sysctls").unwrap_or_default()) {
        match terms::sysctl(&name) {
            Ok(()) => put(&mut sysctls, &name, carry.text(&format!("{at}/sysctls"), &value.unwrap_or_default())),
            Err(detail) => carry.leave(&format!("{at}/sysctls"), detail),
        }
    }
    put(&mut made, "sysctls", sysctls);
    parts::ports(&mut given, &at, &mut made, carry);
    parts::mounts(service, &mut given, &at, &mut made, carry);
    parts::files(&mut given, shared, &at, &mut made, carry);
    parts::health(&mut given, &at, &mut made, carry);
    parts::limits(&mut given, &at, &mut made, carry);
    parts::networks(&mut given, shared, &at, &mut made, carry);
    depends_on(&mut given, shared, &at, &mut made, carry);
    if let Some(restart) = given.remove("restart").as_ref().and_then(as_text) {
        let restart = if restart == "false" { "no".to_owned() } else { restart };
        put(&mut made, "restart", carry.text(&child(&at, "restart"), &restart));
    }
    let hooks = given.remove("post_start").unwrap_or_default();
    let hooks: Vec<Value> =
        hooks.as_array().into_iter().flatten().filter_map(|hook| hook.get("command")).map(|command| hook_command(command, &at, carry)).collect();
    if !hooks.is_empty() {
        put(&mut made, "hooks", json!({ "after_start": hooks }));
    }
    for field in given.keys().filter(|field| !field.starts_with("x-")) {
        carry.leave(&child(&at, field), reason(field));
    }
    Value::Object(made)
}

fn image(service: &str, given: &mut Map<String, Value>, shared: &Shared, at: &str, made: &mut Map<String, Value>, carry: &mut Carry) {
    let image = given.remove("image").as_ref().and_then(as_text);
    let name = match &image {
        Some(image) => carry.text(&child(at, "image"), image),
        None => format!("{}-{}", shared.stack, name_of(service)),
    };
    match given.remove("build").and_then(|build| built(build, &name, &child(at, "build"), carry)) {
        Some(build) => {
            if image.is_some() {
                carry.leave(&child(at, "image"), format!("what is built is kept by its content: it is not called '{name}'"));
            }
            made.insert("build".to_owned(), Value::Object(build));
        }
        None => drop(made.insert("image".to_owned(), json!(name))),
    }
}

/// How an image is built; none where it can't be carried.
fn built(build: Value, name: &str, at: &str, carry: &mut Carry) -> Option<Map<String, Value>> {
    let mut given = match build {
        Value::Object(parts) => parts,
        other => Map::from_iter(as_text(&other).map(|context| ("context".to_owned(), json!(context)))),
    };
    let context = given.remove("context").as_ref().and_then(as_text).unwrap_or_else(|| ".".to_owned());
    let remote = context.contains("://") || context.starts_with("git@") || context.starts_with("github.com/");
    let contexts = given.remove("additional_contexts").is_some();
    if remote || contexts {
        let why = if remote { "a build from elsewhere" } else { "a build from several directories" };
        carry.leave(at, format!("{why} is not carried: build it first, so that the engine has the image '{name}' (docker compose build)"));
        return None;
    }
    let mut made = Map::new();
    let inline = given.remove("dockerfile_inline").as_ref().and_then(as_text);
    let file = given.remove("dockerfile").as_ref().and_then(as_text);
    let (context, below) = (carry.text(&child(at, "context"), &context), child(at, "dockerfile"));
    if let Some(text) = inline {
        // The lines of a recipe, so that one line is one too.
        made.insert("dockerfile".to_owned(), json!(carry.loose(&below, &text).lines().collect::<Vec<_>>()));
    } else if let Some(file) = file.map(|file| carry.text(&below, &file)) {
        made.insert("dockerfile".to_owned(), json!(beside(&context, &file)));
    }
    made.insert("context".to_owned(), json!(beside(".", &context)));
    let args = environment(given.remove("args"), &child(at, "args"), carry);
    put(&mut made, "args", args);
    if let Some(target) = given.remove("target").as_ref().and_then(as_text) {
        put(&mut made, "target", carry.text(&child(at, "target"), &target));
    }
    for field in given.keys().filter(|field| !field.starts_with("x-")) {
        carry.leave(&child(at, field), "a build has its directory, its recipe, arguments and a stage");
    }
    Some(made)
}

/// A path that starts from another: written as short as it can be.
pub fn beside(folder: &str, path: &str) -> String {
    if path.starts_with(['/', '~', '$']) {
        return path.to_owned();
    }
    let mut steps: Vec<&str> = Vec::new();
    for step in folder.split('/').chain(path.split('/')).filter(|step| !step.is_empty() && *step != ".") {
        match steps.last() {
            Some(last) if step == ".." && *last != ".." => drop(steps.pop()),
            _ => steps.push(step),
        }
    }
    let root = if folder.starts_with('/') {
        "/"
    } else if steps.first().is_none_or(|first| !["..", "~"].contains(first) && !first.starts_with('$')) {
        "./"
    } else {
        ""
    };
    format!("{root}{}", steps.join("/"))
}

/// Files of variables.
fn env_files(value: Value, at: &str, made: &mut Map<String, Value>, carry: &mut Carry) {
    let items = match value {
        Value::Array(items) => items,
        Value::Null => Vec::new(),
        one => vec![one],
    };
    let mut all: Vec<Value> = Vec::new();
    for item in items {
        let path = as_text(&item).or_else(|| item.get("path").and_then(as_text));
        let Some(path) = path.and_then(|path| carry.fixed(at, &path)) else { continue };
        if item.get("format").is_some() {
            carry.leave(at, "files of variables have one format");
        }
        all.push(if item.get("required") == Some(&json!(false)) { json!({ "path": path, "required": false }) } else { json!(path) });
    }
    put(made, "env_file", all);
}

/// A line split into words. A line that is one parameter alone stays one, since its words are only known with its value.
pub fn words(line: &str) -> Value {
    let line = line.replace("\\\n", " ");
    match shlex::split(&line) {
        Some(words) if !line.trim().starts_with("${param.") || words.len() > 1 => json!(words),
        _ => json!(line.trim()),
    }
}

fn hook_command(command: &Value, at: &str, carry: &mut Carry) -> Value {
    match command {
        Value::String(line) => words(&carry.loose(at, line)),
        other => json!(texts_of(other).iter().map(|word| carry.loose(at, word)).collect::<Vec<_>>()),
    }
}

/// A mapping, or a list of `NAME=VALUE`, as pairs; a name alone has no value.
pub fn pairs(value: Value) -> Vec<(String, Option<String>)> {
    match value {
        Value::Object(parts) => parts.into_iter().map(|(name, value)| (name, as_text(&value))).collect(),
        other => texts_of(&other)
            .iter()
            .map(|item| item.split_once('=').map_or((item.clone(), None), |(name, value)| (name.to_owned(), Some(value.to_owned()))))
            .collect(),
    }
}

/// The environment: a name alone is passed on from whoever brings the stack up.
pub fn environment(value: Option<Value>, at: &str, carry: &mut Carry) -> Map<String, Value> {
    let entry = |(name, value): (String, Option<String>)| {
        let text = match value {
            Some(text) => carry.referring(&child(at, &name), &text),
            None => format!("${{{name}:-}}"),
        };
        (name, json!(text))
    };
    pairs(value.unwrap_or_default()).into_iter().map(entry).collect()
}

fn depends_on(given: &mut Map<String, Value>, shared: &Shared, at: &str, made: &mut Map<String, Value>, carry: &mut Carry) {
    let value = given.remove("depends_on").unwrap_or_default();
    let at = child(at, "depends_on");
    let mut conditions = Map::new();
    let all: Vec<(String, Value)> = match &value {
        Value::Object(parts) => parts.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        other => texts_of(other).into_iter().map(|name| (name, Value::Null)).collect(),
    };
    for (service, how) in all {
        let below = child(&at, &service);
        if !shared.taken.contains(&service) {
            carry.leave(&below, "that service is not imported");
            continue;
        }
        let condition = match how.get("condition").and_then(Value::as_str) {
            Some("service_healthy") => "healthy",
            Some("service_completed_successfully") => "completed",
            _ => "started",
        };
        if how.get("restart") == Some(&json!(true)) {
            carry.leave(&child(&below, "restart"), "a container is not restarted with what it waits for");
        }
        if how.get("required") == Some(&json!(false)) {
            carry.leave(&child(&below, "required"), "what a container waits for has to be there");
        }
        conditions.insert(name_of(&service), json!(condition));
    }
    if conditions.values().all(|condition| condition == "started") {
        put(made, "depends_on", conditions.keys().cloned().collect::<Vec<_>>());
    } else {
        put(made, "depends_on", conditions);
    }
}

/// Why a field is not carried.
fn reason(field: &str) -> String {
    let why = match field {
        "logging" => "cto keeps each container's log itself: three files of 10 MB",
        "links" | "external_links" | "expose" => "nothing is needed for it: the containers of a stack reach each other at every port, by name",
        "extra_hosts" | "dns" | "dns_search" | "dns_opt" | "domainname" | "mac_address" => "names and addresses are the engine's",
        "pid" | "ipc" | "uts" | "userns_mode" | "cgroup" | "cgroup_parent" | "volumes_from" => "a container shares no namespace with the host or with another",
        "runtime" | "gpus" | "device_cgroup_rules" | "isolation" | "credential_spec" | "group_add" => "cto has nothing for it yet",
        "platform" | "pull_policy" => "the engine's own platform is taken, and an image is pulled when it is not there",
        "develop" | "attach" | "annotations" => "it concerns the work of docker compose itself",
        "pre_stop" => "nothing is run before a container is stopped",
        "mem_reservation" | "mem_swappiness" | "cpu_shares" | "cpu_quota" | "cpu_period" | "cpuset" | "cpu_count" | "cpu_percent" | "blkio_config"
        | "oom_kill_disable" | "oom_score_adj" | "cpu_rt_runtime" | "cpu_rt_period" => "limits are memory, cores and processes",
        _ => "cto has nothing for it",
    };
    why.to_owned()
}
