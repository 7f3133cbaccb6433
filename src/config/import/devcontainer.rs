//! `devcontainer.json` as a template. What it would run on the host is never run.
use super::Imported;
use super::as_text;
use super::line::Flags;
use super::name_of;
use super::put;
use super::service;
use super::service_parts;
use super::texts_of;
use super::unreadable;
use crate::config::document;
use crate::config::terms;
use crate::error::Error;
use crate::error::Result;
use jsonc_parser::ParseOptions;
use serde_json::{Map, Value, json};
use std::path::Path;

/// What an image without a program of its own is kept alive by, and worked in with.
const SHELL: &str = "command -v bash >/dev/null 2>&1 && exec bash; exec sh";
/// Commands in the container, in the order in which they are run.
const HOOKS: [&str; 4] = ["onCreateCommand", "updateContentCommand", "postCreateCommand", "postStartCommand"];

/// A devcontainer's text as a template; `folder` is the name of the project's directory.
///
/// # Errors
/// `invalid_document` when it is no JSON, or names neither an image nor a Dockerfile.
pub fn devcontainer(source: &str, text: &str, folder: &str) -> Result<Imported> {
    document::parse(source, text).map_err(|place| unreadable(source, place))?;
    let value: Value = jsonc_parser::parse_to_serde_value(text, &ParseOptions::default())
        .map_err(|error| Error::invalid(format!("'{source}' is no devcontainer.json: {error}")))?;
    let mut given = value.as_object().cloned().ok_or_else(|| Error::invalid(format!("'{source}' is no devcontainer.json: it is no object")))?;
    let mut flags = Flags::default();
    let workspace = given.remove("workspaceFolder").as_ref().and_then(as_text).unwrap_or_else(|| format!("/workspaces/{folder}"));
    let workspace = workspace.replace("${localWorkspaceFolderBasename}", folder);
    let mut fill = Fill { workspace: workspace.clone(), folder, left: Vec::new() };
    let mut made = Map::new();
    let name = given.remove("name").as_ref().and_then(as_text).unwrap_or_else(|| folder.to_owned());
    made.insert("name".to_owned(), json!(name_of(&name)));
    image(source, &mut given, &mut made, &mut flags, &mut fill)?;
    if given.remove("overrideCommand") != Some(json!(false)) {
        // The image's own entrypoint might take it for its arguments.
        made.insert("entrypoint".to_owned(), json!(["sh", "-c"]));
        made.insert("command".to_owned(), json!([SHELL]));
    }
    made.insert("interactive".to_owned(), json!(true));
    made.insert("working_dir".to_owned(), json!(workspace));
    let mut environment = Map::new();
    for field in ["containerEnv", "remoteEnv"] {
        for (name, value) in given.remove(field).unwrap_or_default().as_object().into_iter().flatten() {
            match as_text(value) {
                Some(text) => drop(environment.insert(name.clone(), json!(fill.text(&format!("/{field}/{name}"), &text, true)))),
                None => flags.carry.leave(&format!("/{field}/{name}"), "a variable can't be taken away"),
            }
        }
    }
    put(&mut made, "environment", environment);
    let remote = given.remove("remoteUser").as_ref().and_then(as_text);
    if let Some(user) = given.remove("containerUser").as_ref().and_then(as_text).or_else(|| remote.clone()) {
        if remote.as_ref().is_some_and(|remote| *remote != user) {
            flags.carry.leave("/remoteUser", "the main program and sessions run as one user, that of 'containerUser'");
        }
        put(&mut made, "user", user);
    }
    ports(&mut given, &mut made, &mut flags);
    mounts(&mut given, &workspace, &mut made, &mut flags, &mut fill);
    for (theirs, ours) in [("capAdd", "cap_add"), ("securityOpt", "security")] {
        let items: Vec<String> = texts_of(&given.remove(theirs).unwrap_or_default());
        let (good, bad): (Vec<String>, Vec<String>) = items.into_iter().partition(|item| ours != "security" || terms::security(item).is_ok());
        bad.iter().for_each(|item| flags.carry.leave(&format!("/{theirs}"), format!("'{item}' is no option that cto passes on")));
        put(&mut made, ours, good);
    }
    for field in ["privileged", "init"] {
        if let Some(flag) = given.remove(field).and_then(|value| value.as_bool()).filter(|flag| *flag) {
            put(&mut made, field, flag);
        }
    }
    hooks(&mut given, &mut made, &mut flags, &mut fill);
    let words: Vec<String> = texts_of(&given.remove("runArgs").unwrap_or_default()).iter().map(|word| fill.text("/runArgs", word, false)).collect();
    flags.read(&words, false)?;
    flags.add_to(&mut made);
    for field in given.keys().filter(|field| *field != "$schema") {
        flags.carry.leave(&document::child("", field), reason(field));
    }
    let mut left = flags.carry.left;
    left.extend(fill.left);
    Imported { stack: false, document: Value::Object(made), left }.checked()
}

fn image(source: &str, given: &mut Map<String, Value>, made: &mut Map<String, Value>, flags: &mut Flags, fill: &mut Fill) -> Result<()> {
    let build = given.remove("build").or_else(|| given.remove("dockerFile").map(|file| json!({ "dockerfile": file, "context": given.remove("context") })));
    let image = given.remove("image").as_ref().and_then(as_text);
    match (image, build) {
        (Some(image), _) => drop(made.insert("image".to_owned(), json!(image))),
        (None, Some(build)) => drop(made.insert("build".to_owned(), Value::Object(built(source, build, flags, fill)))),
        (None, None) if given.contains_key("dockerComposeFile") => {
            let error = Error::invalid(format!("'{source}' uses a compose file"));
            return Err(error.fix("import that: cto import compose FILE"));
        }
        (None, None) => return Err(Error::invalid(format!("'{source}' names neither an image nor a Dockerfile"))),
    }
    Ok(())
}

/// How its image is built. Its paths start from its own file, ours from the project.
fn built(source: &str, build: Value, flags: &mut Flags, fill: &mut Fill) -> Map<String, Value> {
    let mut given = build.as_object().cloned().unwrap_or_default();
    let own = Path::new(source).parent().and_then(Path::file_name).filter(|folder| *folder == ".devcontainer");
    let folder = if own.is_some() { ".devcontainer" } else { "." };
    let mut path = |field: &str, usual: &str| {
        let text = given.remove(field).as_ref().and_then(as_text).unwrap_or_else(|| usual.to_owned());
        service::beside(folder, &fill.text(&format!("/build/{field}"), &text, false))
    };
    let mut made = Map::new();
    made.insert("dockerfile".to_owned(), json!(path("dockerfile", "Dockerfile")));
    made.insert("context".to_owned(), json!(path("context", ".")));
    let mut args = Map::new();
    for (name, value) in given.remove("args").unwrap_or_default().as_object().into_iter().flatten() {
        args.extend(as_text(value).map(|text| (name.clone(), json!(fill.text(&format!("/build/args/{name}"), &text, true)))));
    }
    put(&mut made, "args", args);
    put(&mut made, "target", given.remove("target").unwrap_or_default());
    for field in given.keys() {
        flags.carry.leave(&document::child("/build", field), "a build has its directory, its recipe, arguments and a stage");
    }
    made
}

fn ports(given: &mut Map<String, Value>, made: &mut Map<String, Value>, flags: &mut Flags) {
    let mut all: Vec<String> = Vec::new();
    for field in ["forwardPorts", "appPort"] {
        for text in texts_of(&given.remove(field).unwrap_or_default()) {
            let both = if text.parse::<u16>().is_ok() { format!("{text}:{text}") } else { text.clone() };
            match service_parts::ranged(&both) {
                Some(ports) => all.extend(ports.into_iter().filter(|port| !all.contains(port)).collect::<Vec<_>>()),
                None => flags.carry.leave(&format!("/{field}"), format!("'{text}': only ports of the container itself are published")),
            }
        }
    }
    put(made, "ports", all);
}

/// Mounts, the project's directory first.
fn mounts(given: &mut Map<String, Value>, workspace: &str, made: &mut Map<String, Value>, flags: &mut Flags, fill: &mut Fill) {
    match given.remove("workspaceMount").as_ref().and_then(as_text) {
        Some(text) if text.is_empty() => {}
        Some(text) => {
            let text = fill.text("/workspaceMount", &text, false);
            flags.mount("/workspaceMount", &text);
        }
        None => put(made, "volumes", json!([format!("./:{workspace}")])),
    }
    for (index, mount) in given.remove("mounts").unwrap_or_default().as_array().into_iter().flatten().enumerate() {
        let at = format!("/mounts/{index}");
        let text = as_text(mount).unwrap_or_else(|| {
            let parts = mount.as_object().into_iter().flatten().filter_map(|(name, value)| Some(format!("{name}={}", as_text(value)?)));
            parts.collect::<Vec<_>>().join(",")
        });
        let text = fill.text(&at, &text, false);
        flags.mount(&at, &text);
    }
}

fn hooks(given: &mut Map<String, Value>, made: &mut Map<String, Value>, flags: &mut Flags, fill: &mut Fill) {
    let mut all: Vec<Value> = Vec::new();
    let mut often = false;
    for field in HOOKS {
        let at = format!("/{field}");
        let one = |value: &Value, fill: &mut Fill| match value {
            Value::String(line) if !line.trim().is_empty() => Some(json!(["sh", "-c", fill.text(&at, line, false)])),
            Value::Array(_) => Some(json!(texts_of(value).iter().map(|word| fill.text(&at, word, false)).collect::<Vec<_>>())),
            _ => None,
        };
        let value = given.remove(field).unwrap_or_default();
        match &value {
            Value::Object(parts) => {
                flags.carry.leave(&at, "its commands are run one after the other");
                all.extend(parts.values().filter_map(|value| one(value, fill)));
            }
            value => all.extend(one(value, fill)),
        }
        often |= !value.is_null() && field != "postStartCommand";
    }
    if often {
        flags.carry.leave("/postCreateCommand", "commands for a new container are run at each launch, which always makes one");
    }
    if !all.is_empty() {
        put(made, "hooks", json!({ "after_start": all }));
    }
}

/// Fills in what stands for the project and for variables.
struct Fill<'a> {
    workspace: String,
    folder: &'a str,
    left: Vec<super::Left>,
}

impl Fill<'_> {
    /// `${localEnv:NAME}` becomes a reference where those are taken.
    fn text(&mut self, at: &str, text: &str, referring: bool) -> String {
        let mut result = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            result.push_str(&rest[..start]);
            let Some(end) = rest[start..].find('}') else { break };
            let inner = &rest[start + 2..start + end];
            rest = &rest[start + end + 1..];
            match inner.split_once(':').unwrap_or((inner, "")) {
                ("localWorkspaceFolder", _) => result.push('.'),
                ("containerWorkspaceFolder", _) => result.push_str(&self.workspace),
                ("localWorkspaceFolderBasename", _) => result.push_str(self.folder),
                ("containerWorkspaceFolderBasename", _) => result.push_str(self.workspace.rsplit('/').next().unwrap_or_default()),
                ("localEnv" | "env", name) if referring => {
                    let (name, default) = name.split_once(':').unwrap_or((name, ""));
                    result.push_str(&format!("${{{name}:-{default}}}"));
                }
                ("localEnv" | "env", "HOME") => result.push('~'),
                _ => self.left.push(super::Left { pointer: at.to_owned(), reason: format!("'${{{inner}}}' can't stand here; nothing stands there now") }),
            }
        }
        result.push_str(rest);
        result
    }
}

/// Why a field is not carried.
fn reason(field: &str) -> &'static str {
    match field {
        "initializeCommand" => "it would run on the host: cto runs nothing there; look at it, and run it yourself",
        "features" => "features are scripts from a registry: name what they bring in 'packages', or build an image with them",
        "postAttachCommand" => "nothing is run when somebody attaches",
        "customizations" | "settings" | "extensions" | "devPort" => "it is for an editor",
        "portsAttributes" | "otherPortsAttributes" => "ports have no names",
        "shutdownAction" => "a container goes on when nobody looks: see 'idle_stop'",
        "updateRemoteUserUID" => "users of the image keep their numbers",
        "hostRequirements" => "limits are what a container may use at most: see 'limits'",
        "waitFor" | "userEnvProbe" => "cto has nothing for it; see 'ready'",
        "secrets" => "secrets are references in 'environment': ${NAME}",
        _ => "cto has nothing for it",
    }
}
