//! `cto plugin …`.
use crate::cli::containers::agreed;
use crate::cli::containers::each;
use crate::cli::context::Context;
use crate::cli::output;
use crate::cli::output::Table;
use crate::cli::output::Tone;
use crate::cli::output::cell;
use crate::cli::output::toned;
use crate::cli::plugin_args::PluginCommand;
use crate::cli::plugin_args::RunPluginArgs;
use crate::cli::runs;
use crate::client::Client;
use crate::config;
use crate::config::PluginFolder;
use crate::error::Error;
use crate::error::Result;
use crate::model::CheckPlugin;
use crate::model::Code;
use crate::model::DeletePlugin;
use crate::model::DisablePlugin;
use crate::model::Empty;
use crate::model::EnablePlugin;
use crate::model::EnablePluginOf;
use crate::model::GetPlugin;
use crate::model::InstallPlugin;
use crate::model::InstallPluginOf;
use crate::model::ListPlugins;
use crate::model::ParamValue;
use crate::model::Plugin;
use crate::model::PluginCheck;
use crate::model::PluginFiles;
use crate::model::PluginManifest;
use crate::model::PluginState;
use crate::model::PluginTarget;
use crate::model::RemoveText;
use crate::model::RunPlugin;
use crate::model::RunPluginOf;
use crate::model::WholeQuery;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::Path;
use std::time::Duration;

/// How long a plugin's files may be on their way.
const SENDING: Duration = Duration::from_secs(60);

/// `cto plugin`.
pub async fn plugin(context: &Context, command: PluginCommand) -> Result<u8> {
    // This needs no server.
    if let PluginCommand::New { name, dir } = &command {
        return begin(context, name, dir).map(|()| 0);
    }
    let client = context.client().await?;
    let nothing = Empty {};
    match command {
        PluginCommand::Ls => list(context, &client.call::<ListPlugins>(&[], &WholeQuery::default()).await?.items)?,
        PluginCommand::Show { name } => {
            let plugin = client.call::<GetPlugin>(&[&name], &nothing).await?;
            if context.json() { output::json(&plugin)? } else { output::print(&about(&plugin))? }
        }
        PluginCommand::Install { from, yes } => {
            let files = files(&from)?;
            let checked = client.call_within::<CheckPlugin>(&[], &PluginFiles { files: files.clone() }, SENDING).await?;
            let manifest = good(&from, checked)?;
            granted(context, &manifest, yes)?;
            let request = InstallPlugin { files, grants: manifest.grants };
            told(context, &client.call_within::<InstallPluginOf>(&[], &request, SENDING).await?)?;
        }
        PluginCommand::Enable { name, yes } => {
            let plugin = client.call::<GetPlugin>(&[&name], &nothing).await?;
            let mut request = EnablePlugin { grants: Vec::new(), hash: Some(plugin.hash) };
            // Of one with mistakes the server says which.
            if let Some(manifest) = plugin.manifest.filter(|_| plugin.broken.is_empty()) {
                granted(context, &manifest, yes)?;
                request.grants = manifest.grants;
            }
            told(context, &client.call::<EnablePluginOf>(&[&name], &request).await?)?;
        }
        PluginCommand::Disable { plugins } => each(context, &plugins, async |name| client.call::<DisablePlugin>(&[name], &nothing).await.map(|_| None)).await?,
        PluginCommand::Rm { plugins } => {
            each(context, &plugins, async |name| client.call::<DeletePlugin>(&[name], &RemoveText::default()).await.map(|_| None)).await?
        }
        PluginCommand::Check { from } => {
            let checked = client.call_within::<CheckPlugin>(&[], &PluginFiles { files: files(&from)? }, SENDING).await?;
            return check(context, &from, &checked);
        }
        PluginCommand::New { .. } => {}
        PluginCommand::Run(args) => return run(context, &client, args).await,
    }
    Ok(0)
}

/// Writes the example under another name.
fn begin(context: &Context, name: &str, dir: &Path) -> Result<()> {
    let made = config::begin_plugin(dir, name)?;
    let shown = made.strip_prefix(".").unwrap_or(&made).display().to_string();
    if context.json() {
        return output::json(&serde_json::json!({ "folder": shown }));
    }
    output::print(&format!("{}: look at its files, then: cto plugin install {}\n", output::plain(&shown), output::plain(&shown)))
}

/// The files of a folder, or of an archive, as they are sent.
fn files(from: &Path) -> Result<BTreeMap<String, String>> {
    // A folder may be named by a link here; what lies in it may not.
    let whole = from.canonicalize().map_err(|error| Error::invalid(format!("'{}' can't be read: {error}", from.display())).because(error))?;
    let read = if whole.is_dir() { config::read_plugin(&whole) } else { config::read_plugin_archive(&whole) };
    let files: PluginFolder = read.map_err(|places| config::error_of("the plugin's files", places))?;
    Ok(files.into_iter().map(|(path, bytes)| (path, STANDARD.encode(bytes))).collect())
}

fn good(from: &Path, checked: PluginCheck) -> Result<PluginManifest> {
    match checked.manifest {
        Some(manifest) if checked.errors.is_empty() => Ok(manifest),
        _ => Err(config::error_of(&format!("plugin '{}'", from.display()), checked.errors)),
    }
}

fn check(context: &Context, from: &Path, checked: &PluginCheck) -> Result<u8> {
    if context.json() {
        output::json(checked)?;
    } else if checked.errors.is_empty() {
        output::print(&format!("{}: no mistakes found\n", from.display()))?;
    } else {
        let colour = output::coloured(&std::io::stdout());
        let all: String = checked.errors.iter().map(|place| output::show_place(place, None, colour)).collect();
        output::print(&all)?;
    }
    if !context.json() {
        checked.warnings.iter().for_each(|warning| output::warn(&safe(warning)));
    }
    Ok(if checked.errors.is_empty() { 0 } else { crate::error::kind_of(Code::InvalidDocument).exit_code() })
}

/// Shows what is asked for, and asks; only a person, or the flag, can grant something.
fn granted(context: &Context, manifest: &PluginManifest, yes: bool) -> Result<()> {
    let mut text = format!("{} {}: {}\n", manifest.name, manifest.version, manifest.about);
    if manifest.grants.is_empty() {
        text.push_str("asks for nothing\n");
    } else {
        text.push_str("asks for:\n");
        for grant in &manifest.grants {
            let _ = writeln!(text, "  {grant:<20} {}", meaning(grant));
        }
    }
    if !context.json() {
        output::print(&safe(&text))?;
    }
    if yes || manifest.grants.is_empty() {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Error::invalid("nobody is there to be asked whether to grant this").fix("say '--yes' to grant it"));
    }
    if agreed("Grant this?")? { Ok(()) } else { Err(crate::cli::cancelled("the installation")) }
}

/// What a grant lets a plugin do.
fn meaning(grant: &str) -> String {
    match grant {
        "containers" => "see and use every container that whoever runs it may use".to_owned(),
        "launch" => "launch containers of its own".to_owned(),
        "columns" => "add columns to lists, made of what is known of containers".to_owned(),
        "panels" => "show panels, made of what is known of containers".to_owned(),
        "templates" => "see each launch with its values, change what it is asked for with, and refuse it; policy is asked after that".to_owned(),
        "keys" => "have keys of the terminal client that nothing else has".to_owned(),
        "events" => "hear what happens, and run its scripts then, with your rights".to_owned(),
        other => match other.strip_prefix("secrets:") {
            Some(name) => format!("read the secret '{name}' of whoever runs it"),
            None => String::new(),
        },
    }
}

fn told(context: &Context, plugin: &Plugin) -> Result<()> {
    if context.json() { output::json(plugin) } else { output::print(&format!("{}\n", output::plain(&plugin.name))) }
}

fn list(context: &Context, plugins: &[Plugin]) -> Result<()> {
    if context.json() {
        return output::json(&plugins);
    }
    let mut table = Table::new(["NAME", "VERSION", "STATE", "COMMANDS", "GRANTED", "ABOUT"]);
    for plugin in plugins {
        let state = match (plugin.state, &plugin.hooks_off) {
            (PluginState::Enabled, Some(_)) => toned("▲ hooks off", Tone::Warn),
            (PluginState::Enabled, None) if !plugin.faults.is_empty() => toned("▲ faulty", Tone::Warn),
            (PluginState::Enabled, None) => toned("● enabled", Tone::Good),
            (PluginState::Disabled, _) => toned("⏸ disabled", Tone::Quiet),
            (PluginState::Waiting, _) => toned("○ waiting", Tone::Warn),
            (PluginState::Changed, _) => toned("▲ changed", Tone::Warn),
            (PluginState::Broken, _) => toned("✗ broken", Tone::Bad),
        };
        let manifest = plugin.manifest.clone().unwrap_or_default();
        let commands: Vec<&str> = manifest.commands.iter().map(|command| command.name.as_str()).collect();
        let about = plugin.hooks_off.as_ref().or_else(|| plugin.broken.first().map(|place| &place.detail)).unwrap_or(&manifest.about);
        table.row([cell(&plugin.name), cell(&manifest.version), state, cell(commands.join(" ")), cell(plugin.granted.join(" ")), cell(about)]);
    }
    table.print()?;
    for place in plugins.iter().flat_map(|plugin| &plugin.broken) {
        output::warn(output::show_place(place, None, false).trim());
    }
    for plugin in plugins {
        notes(plugin).iter().for_each(|note| output::warn(&format!("{}: {note}", output::plain(&plugin.name))));
    }
    Ok(())
}

/// What is worth a look: keys that something else has, and what has failed.
fn notes(plugin: &Plugin) -> Vec<String> {
    let times = |count: u64| if count == 1 { "once".to_owned() } else { format!("{count} times") };
    let faults = plugin.faults.iter().map(|fault| safe(&format!("{} has failed {}, the last time: {}", fault.what, times(fault.count), fault.last)));
    plugin.warnings.iter().map(|warning| safe(warning)).chain(faults).collect()
}

/// What is known of a plugin, for people.
fn about(plugin: &Plugin) -> String {
    let manifest = plugin.manifest.clone().unwrap_or_default();
    let mut text = format!("{} {}  {}\n", plugin.name, manifest.version, manifest.about);
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(text, "{name:<11} {value}");
    };
    row("state", plugin.state.as_str());
    plugin.hooks_off.iter().for_each(|why| row("hooks off", why));
    manifest.grants.iter().for_each(|grant| row("asks for", &format!("{grant:<20} {}", meaning(grant))));
    row("granted", &if plugin.granted.is_empty() { "nothing".to_owned() } else { plugin.granted.join(", ") });
    if let (Some(by), Some(at)) = (&plugin.installed_by, plugin.installed_at) {
        row("granted by", &format!("{by}, {at}"));
    }
    for command in &manifest.commands {
        let container = if command.on == PluginTarget::Container { " CONTAINER" } else { "" };
        let key = command.key.iter().map(|key| format!("  (key {key})")).collect::<String>();
        row("command", &format!("{}{container}  {}{key}", command.name, command.about));
    }
    manifest.hooks.iter().for_each(|hook| row("hook", &format!("{} → {}", hook.events.join(", "), hook.script)));
    manifest.columns.iter().for_each(|column| row("column", &format!("{}  {}", column.title, column.name)));
    manifest.panels.iter().for_each(|panel| row("panel", &format!("{}  {}", panel.name, panel.about)));
    for handler in &manifest.handlers {
        let templates = if handler.templates.is_empty() { "all templates".to_owned() } else { handler.templates.join(", ") };
        row("handler", &format!("{templates} → {}", handler.script));
    }
    manifest.matchers.iter().for_each(|file| row("matchers", file));
    row("hash", &plugin.hash);
    notes(plugin).iter().for_each(|note| row("note", note));
    plugin.broken.iter().for_each(|place| text.push_str(&output::show_place(place, None, false)));
    safe(&text)
}

/// Text that may go to a terminal.
fn safe(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || *c == '\n').collect()
}

async fn run(context: &Context, client: &Client, args: RunPluginArgs) -> Result<u8> {
    let params = args.params.into_iter().map(|(name, value)| (name, ParamValue::Text(value))).collect();
    let request = RunPlugin { command: args.command, container: args.container, params };
    let run = client.call::<RunPluginOf>(&[&args.plugin], &request).await?;
    if args.detach {
        return if context.json() { output::json(&run) } else { output::print(&format!("{}\n", run.id)) }.map(|()| 0);
    }
    let shown = match (args.quiet || context.json(), args.verbose) {
        (true, _) => runs::Shown::Nothing,
        (false, true) => runs::Shown::Everything,
        (false, false) => runs::Shown::Words,
    };
    runs::watch(context, client, run, shown).await
}
