//! `cto config`, `cto schema` and `cto init`: what is set, by whom, and what may be.
use crate::cli::config_args::ConfigCommand;
use crate::cli::config_args::InitArgs;
use crate::cli::config_args::SchemaKind;
use crate::cli::context::Context;
use crate::cli::output;
use crate::cli::output::Table;
use crate::cli::output::Tone;
use crate::cli::output::cell;
use crate::cli::output::toned;
use crate::config;
use crate::config::Config;
use crate::config::LoadedConfig;
use crate::config::command::COMMANDS;
use crate::config::command::Command;
use crate::config::command::Scope;
use crate::config::leaves;
use crate::config::theme;
use crate::config::variables;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Empty;
use crate::model::GetConfig;
use crate::model::Place;
use crate::model::Setting;
use serde_json::{Map, Value, json};
use std::path::Path;
use std::path::PathBuf;

/// `cto schema`.
pub fn schema(kind: SchemaKind) -> Result<()> {
    output::json(match kind {
        SchemaKind::Config => config::config_schema(),
        SchemaKind::Template => config::schema(),
        SchemaKind::Stack => config::stack_schema(),
        SchemaKind::Theme => theme::schema(),
        SchemaKind::Plugin => config::plugin_schema(),
    })
}

/// `cto config`.
pub async fn config(context: &Context, command: ConfigCommand) -> Result<u8> {
    match command {
        ConfigCommand::Check { files } => check(context, &files),
        ConfigCommand::Show { origin, running: false } => show(context, &context.loaded(), origin).map(|()| 0),
        ConfigCommand::Show { origin, running: true } => of_server(context, origin).await,
        ConfigCommand::Keys { text, changed } => keys(context, text.as_deref(), changed).map(|()| 0),
        ConfigCommand::Explain { path } => explain(context, &path).map(|()| 0),
        ConfigCommand::Diff { environment } => diff(context, environment).map(|()| 0),
    }
}

/// Shows every mistake; exit code 2 when there is one.
fn check(context: &Context, files: &[PathBuf]) -> Result<u8> {
    let mut all = Vec::new();
    if files.is_empty() {
        let loaded = context.loaded();
        let mut places = loaded.complaints.clone();
        if let Some(environment) = context.global.environment.as_deref().filter(|name| !name.is_empty()) {
            let name = format!("cto.{environment}.json");
            if !loaded.files.iter().any(|(file, there)| *there && file.ends_with(&name)) {
                places.push(Place {
                    file: Some(name),
                    detail: format!("there is no such file in any layer, so the environment '{environment}' sets nothing"),
                    ..Place::default()
                });
            }
        }
        for (file, there) in &loaded.files {
            if !*there && !context.json() {
                output::print(&format!("{}: not there\n", file.display()))?;
            }
        }
        let there = loaded.files.iter().filter(|(_, there)| *there).map(|(file, _)| file.display().to_string());
        told(context, there.collect(), &places)?;
        all.extend(places);
    }
    for file in files {
        let places = config::check_file(file, &context.paths, &variables(context.global.environment.clone()));
        told(context, vec![file.display().to_string()], &places)?;
        all.extend(places);
    }
    if context.json() {
        output::json(&json!({ "ok": all.is_empty(), "errors": all }))?;
    }
    Ok(if all.is_empty() { 0 } else { 2 })
}

fn told(context: &Context, mut files: Vec<String>, places: &[Place]) -> Result<()> {
    if context.json() {
        return Ok(());
    }
    files.extend(places.iter().filter_map(|place| place.file.clone()));
    let colour = output::coloured(&std::io::stdout());
    let mut seen: Vec<&String> = Vec::new();
    for file in &files {
        if seen.contains(&file) {
            continue;
        }
        seen.push(file);
        let own: Vec<&Place> = places.iter().filter(|place| place.file.as_ref() == Some(file)).collect();
        let lines: String = own.iter().map(|place| output::show_place(place, None, colour)).collect();
        match own.len() {
            0 => output::print(&format!("{file}: no mistakes\n"))?,
            1 => output::print(&format!("{file}: 1 mistake\n{lines}"))?,
            count => output::print(&format!("{file}: {count} mistakes\n{lines}"))?,
        }
    }
    Ok(())
}

/// The settings by name, with who set them.
fn settings(loaded: &LoadedConfig) -> Vec<Setting> {
    let origin = |pointer: &str| loaded.origin(pointer).to_owned();
    let shown = loaded.shown();
    leaves()
        .into_iter()
        .map(|leaf| Setting { name: leaf.name(), value: shown.get(&leaf.pointer).cloned().unwrap_or_default(), origin: origin(&leaf.pointer) })
        .collect()
}

fn show(context: &Context, loaded: &LoadedConfig, origin: bool) -> Result<()> {
    for place in &loaded.complaints {
        output::warn(output::show_place(place, None, false).lines().next().unwrap_or_default().trim());
    }
    print_settings(context, &settings(loaded), origin)
}

fn print_settings(context: &Context, settings: &[Setting], origin: bool) -> Result<()> {
    if origin && context.json() {
        return output::json(&settings);
    }
    if !origin {
        return output::json(&nested(settings));
    }
    let mut table = Table::new(["SETTING", "VALUE", "FROM"]);
    for setting in settings {
        let quiet = setting.origin == "default";
        table.row([cell(&setting.name), cell(in_words(&setting.value)), toned(&setting.origin, if quiet { Tone::Quiet } else { Tone::Plain })]);
    }
    table.print()
}

/// Settings as a file has them; what is not set is left out.
fn nested(settings: &[Setting]) -> Value {
    let mut root = Map::new();
    for setting in settings.iter().filter(|setting| !setting.value.is_null()) {
        match setting.name.split_once('.') {
            Some((part, name)) => {
                if let Some(part) = root.entry(part).or_insert_with(|| json!({})).as_object_mut() {
                    part.insert(name.to_owned(), setting.value.clone());
                }
            }
            None => drop(root.insert(setting.name.clone(), setting.value.clone())),
        }
    }
    Value::Object(root)
}

fn in_words(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

async fn of_server(context: &Context, origin: bool) -> Result<u8> {
    let client = match context.remote()? {
        Some(remote) => remote,
        None => context.local()?,
    };
    let server = client.call::<GetConfig>(&[], &Empty {}).await?;
    if origin && context.json() {
        output::json(&server)?;
    } else {
        print_settings(context, &server.settings, origin)?;
    }
    for name in &server.needs_restart {
        output::warn(&format!("'{name}' holds only when the server starts again: cto server restart"));
    }
    if server.errors.is_empty() {
        return Ok(0);
    }
    let error = Error { places: server.errors, ..Error::new(Code::InvalidDocument, "the server's configuration has mistakes; the settings of before hold") };
    Err(error)
}

/// The keys of commands as they are written in files; those of terminals come after the prefix.
fn keys(context: &Context, text: Option<&str>, changed: bool) -> Result<()> {
    let keys = context.config().keys;
    let wanted = text.unwrap_or_default().to_lowercase();
    let says = |command: &Command| [command.scope.name(), command.name, command.help].iter().any(|part| part.to_lowercase().contains(&wanted));
    let scopes = Scope::ALL.into_iter();
    let all = scopes.flat_map(|scope| COMMANDS.iter().filter(move |command| command.scope == scope));
    let shown: Vec<&Command> = all.filter(|command| says(command) && (!changed || keys.is_given(command))).collect();
    let prefix = |command: &Command| if command.scope == Scope::Terminal { format!("{} ", keys.prefix) } else { String::new() };
    let own = |command: &Command| keys.keys_of(command).map(|key| format!("{}{key}", prefix(command))).collect::<Vec<_>>();
    if context.json() {
        let row = |command: &&Command| json!({"scope": command.scope.name(), "command": command.name, "keys": own(command), "changed": keys.is_given(command), "does": command.help});
        return output::json(&shown.iter().map(row).collect::<Vec<_>>());
    }
    let mut table = Table::new(["SCOPE", "COMMAND", "KEYS", "DOES"]);
    for command in shown {
        let tone = if keys.is_given(command) { Tone::Good } else { Tone::Plain };
        let written = match own(command).join("  ") {
            none if none.is_empty() => "–".to_owned(),
            written => written,
        };
        table.row([toned(command.scope.name(), Tone::Quiet), cell(command.name), toned(written, tone), toned(command.help, Tone::Quiet)]);
    }
    table.print()
}

fn explain(context: &Context, path: &str) -> Result<()> {
    let loaded = context.loaded();
    let shown = loaded.shown();
    let defaults = LoadedConfig::of(Config::default()).shown();
    let inside = format!("{path}.");
    let all = leaves();
    let found: Vec<_> = all.iter().filter(|leaf| leaf.name() == path || leaf.name().starts_with(&inside)).collect();
    if found.is_empty() {
        let names: Vec<String> = all.iter().map(config::Leaf::name).collect();
        let mut error = Error::not_found("setting", path).fix("see them all: cto config show --origin");
        error.message.push_str(&config::did_you_mean(path, names.iter().map(String::as_str)));
        return Err(error);
    }
    let mut explained = Vec::new();
    for leaf in found {
        let value = |of: &std::collections::BTreeMap<String, Value>| of.get(&leaf.pointer).cloned().unwrap_or_default();
        explained.push(json!({
            "name": leaf.name(),
            "means": leaf.schema.get("description"),
            "takes": config::takes_in_words(config::config_schema(), leaf.schema),
            "default": value(&defaults),
            "value": value(&shown),
            "origin": loaded.origin(&leaf.pointer),
            "variable": leaf.variable(),
            "restart": leaf.fixed().is_some(),
        }));
    }
    if context.json() {
        return output::json(&explained);
    }
    let lines = explained.iter().map(|one| {
        let text = |name: &str| one.get(name).map(in_words).unwrap_or_default();
        let when = if one.get("restart") == Some(&Value::Bool(true)) { "when the server starts again" } else { "at once" };
        format!(
            "{}\n  {}\n  takes     {}\n  default   {}\n  now       {} ({})\n  variable  {}\n  changes   {when}\n",
            text("name"),
            text("means").split_whitespace().collect::<Vec<_>>().join(" "),
            text("takes"),
            text("default"),
            text("value"),
            text("origin"),
            text("variable")
        )
    });
    output::print(&lines.collect::<Vec<_>>().join("\n"))
}

fn diff(context: &Context, environment: Option<String>) -> Result<()> {
    let now = context.loaded();
    let other = match &environment {
        Some(environment) => Config::read(&context.paths, Context::project().as_deref(), variables(Some(environment.clone()))),
        None => LoadedConfig::of(Config::default()),
    };
    let (left, right) = (settings(&other), settings(&now));
    // Hidden values are compared as they are shown: a difference of secrets is no business of the screen's.
    let changed: Vec<(&Setting, &Setting)> = left.iter().zip(&right).filter(|(left, right)| left.value != right.value).collect();
    if context.json() {
        let rows: Vec<Value> =
            changed.iter().map(|(left, right)| json!({"name": right.name, "before": left.value, "now": right.value, "origin": right.origin})).collect();
        return output::json(&rows);
    }
    let name = environment.as_deref().map_or("DEFAULT", |_| "THERE");
    let mut table = Table::new(["SETTING", name, "HERE", "FROM"]);
    for (left, right) in changed {
        table.row([cell(&right.name), toned(in_words(&left.value), Tone::Quiet), cell(in_words(&right.value)), toned(&right.origin, Tone::Quiet)]);
    }
    table.print()
}

/// Writes the files; nothing that is there is touched.
pub fn init(context: &Context, args: &InitArgs) -> Result<()> {
    let folder = if args.user { context.paths.config_dir.clone() } else { Context::here()? };
    let schemas = folder.join(if args.user { "schema" } else { ".cto/schema" });
    let fail = |path: &Path, error: std::io::Error| Error::invalid(format!("'{}' can't be written: {error}", path.display())).because(error);
    if args.user {
        context.paths.prepare()?;
    }
    std::fs::create_dir_all(&schemas).map_err(|error| fail(&schemas, error))?;
    let reference = if args.user { "./schema/config.json" } else { "./.cto/schema/config.json" };
    let file = folder.join("cto.json");
    let made = std::fs::OpenOptions::new().write(true).create_new(true).open(&file);
    match made {
        Ok(mut made) => {
            use std::io::Write as _;
            made.write_all(config::sample(reference, !args.user).as_bytes()).map_err(|error| fail(&file, error))?;
            output::print(&format!("wrote {}\n", file.display()))?;
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => output::print(&format!("{} is there already and stays as it is\n", file.display()))?,
        Err(error) => return Err(fail(&file, error)),
    }
    // Schemas are cto's own, of this version.
    for (name, schema) in [("config", config::config_schema()), ("template", config::schema()), ("theme", theme::schema())] {
        let file = schemas.join(format!("{name}.json"));
        let text = serde_json::to_string_pretty(schema).map_err(|error| Error::internal(format!("a schema does not become JSON: {error}")))?;
        std::fs::write(&file, text + "\n").map_err(|error| fail(&file, error))?;
        output::print(&format!("wrote {}\n", file.display()))?;
    }
    Ok(())
}
