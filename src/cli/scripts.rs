//! `cto script …`.
use crate::cli::context::Context;
use crate::cli::output;
use crate::cli::output::Table;
use crate::cli::output::Tone;
use crate::cli::output::cell;
use crate::cli::output::paint;
use crate::cli::output::toned;
use crate::cli::runs;
use crate::cli::script_args::RunScriptArgs;
use crate::cli::script_args::ScriptCommand;
use crate::client::Client;
use crate::error::Error;
use crate::error::Result;
use crate::model::CheckScript;
use crate::model::Code;
use crate::model::DeleteScript;
use crate::model::Empty;
use crate::model::GetRunReport;
use crate::model::GetScript;
use crate::model::InlineScript;
use crate::model::ListScripts;
use crate::model::ParamValue;
use crate::model::PutScript;
use crate::model::RemoveText;
use crate::model::SaveScript;
use crate::model::ScriptCheck;
use crate::model::ScriptEntry;
use crate::model::ScriptHeader;
use crate::model::StartRun;
use crate::model::StartRunOf;
use crate::model::TemplateOrigin;
use crate::model::WholeQuery;
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;

/// The types of what scripts can call.
const TYPES: &str = include_str!("../../assets/luau/cto.d.luau");
/// The beginning of a script.
const BEGINNING: &str = include_str!("../../assets/luau/new.luau");

/// `cto script`.
pub async fn script(context: &Context, command: ScriptCommand) -> Result<u8> {
    let client = match &command {
        ScriptCommand::Types => return output::print(TYPES).map(|()| 0),
        ScriptCommand::New { file } => return begin(file).map(|()| 0),
        _ => context.client().await?,
    };
    let nothing = Empty {};
    match command {
        ScriptCommand::Ls => list(context, &client).await?,
        ScriptCommand::Show { script, source } => {
            let entry = client.call::<GetScript>(&[&script], &nothing).await?;
            match (context.json(), source) {
                (true, _) => output::json(&entry)?,
                (false, true) => output::print(&safe(entry.source.as_deref().unwrap_or_default()))?,
                (false, false) => output::print(&about(&entry))?,
            }
        }
        ScriptCommand::Check { scripts } => return check(context, &client, &scripts).await,
        ScriptCommand::Run(args) => return run(context, &client, args).await,
        ScriptCommand::Save { file, name } => {
            let name = match name {
                Some(name) => name,
                None => stem(&file)?,
            };
            let source = read(&file)?.source;
            let check = client.call::<PutScript>(&[&name], &SaveScript { source, replaces: None }).await?;
            tell(context, &name, &check, None)?;
        }
        ScriptCommand::Edit { script } => edit(context, &client, &script).await?,
        ScriptCommand::Rm { scripts } => {
            for name in &scripts {
                client.call::<DeleteScript>(&[name], &RemoveText::default()).await?;
                if !context.json() {
                    output::print(&format!("{}\n", output::plain(name)))?;
                }
            }
        }
        ScriptCommand::Types | ScriptCommand::New { .. } => {}
    }
    Ok(0)
}

async fn list(context: &Context, client: &Client) -> Result<()> {
    let all = client.call::<ListScripts>(&[], &WholeQuery::default()).await?;
    if context.json() {
        return output::json(&all);
    }
    let mut table = Table::new(["NAME", "FROM", "PARAMETERS", "ABOUT"]);
    for script in &all.items {
        let params: Vec<&str> = script.header.params.keys().map(String::as_str).collect();
        table.row([cell(&script.name), toned(origin(script.origin), Tone::Quiet), cell(params.join(" ")), cell(&script.header.about)]);
    }
    table.print()?;
    for place in &all.broken {
        output::warn(output::show_place(place, None, false).trim());
    }
    Ok(())
}

fn origin(origin: TemplateOrigin) -> &'static str {
    match origin {
        TemplateOrigin::Gallery => "cto",
        TemplateOrigin::System => "machine",
        TemplateOrigin::User => "user",
        TemplateOrigin::Project => "project",
    }
}

/// What a script is, for people.
fn about(entry: &ScriptEntry) -> String {
    let ScriptHeader { about, params, templates, grants, timeout, processor: _, resumable, keep } = &entry.header;
    let mut text = format!("{}  {}\n", entry.name, about);
    if let Some(path) = &entry.path {
        let _ = writeln!(text, "file        {path}");
    }
    if !templates.is_empty() {
        let _ = writeln!(text, "templates   {}", templates.join(", "));
    }
    if !grants.is_empty() {
        let _ = writeln!(text, "grants      {}", grants.join(", "));
    }
    if let Some(timeout) = timeout {
        let _ = writeln!(text, "timeout     {timeout} s");
    }
    for (set, what) in [(resumable, "resumable   it goes on after a server's death"), (keep, "keep        its containers stay")] {
        if *set {
            let _ = writeln!(text, "{what}");
        }
    }
    for (name, param) in params {
        let default = param.default.as_ref().map_or_else(|| "required".to_owned(), |value| format!("default {value}"));
        let _ = writeln!(text, "  -p {name}=…  {default}  {}", param.description.as_deref().unwrap_or_default());
    }
    let _ = write!(text, "\n{}", entry.source.as_deref().unwrap_or_default());
    safe(&text)
}

/// Text that may go to a terminal.
fn safe(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// A script from a file, or from standard input.
fn read(file: &Path) -> Result<InlineScript> {
    if file.as_os_str() == "-" {
        let mut source = String::new();
        std::io::stdin().read_to_string(&mut source).map_err(|error| Error::invalid(format!("standard input can't be read: {error}")))?;
        return Ok(InlineScript { name: "stdin".to_owned(), source });
    }
    let source = crate::config::read_file(file).map_err(|place| {
        let mut error = Error::invalid(format!("'{}' {}", file.display(), place.detail));
        error.places = vec![place];
        error
    })?;
    Ok(InlineScript { name: file.display().to_string(), source })
}

fn is_file(script: &str) -> bool {
    script == "-" || Path::new(script).extension().is_some_and(|kind| kind == "luau")
}

fn stem(file: &Path) -> Result<String> {
    let name = file.file_stem().and_then(|stem| stem.to_str()).filter(|_| file.as_os_str() != "-");
    name.map(str::to_owned).ok_or_else(|| Error::invalid(format!("'{}' gives the script no name", file.display())).fix("say it: --name NAME"))
}

async fn check(context: &Context, client: &Client, scripts: &[String]) -> Result<u8> {
    let mut wrong = false;
    for script in scripts {
        let inline = match is_file(script) {
            true => read(Path::new(script))?,
            false => InlineScript { name: script.clone(), source: client.call::<GetScript>(&[script], &Empty {}).await?.source.unwrap_or_default() },
        };
        let check = client.call::<CheckScript>(&[], &inline).await?;
        wrong |= !check.errors.is_empty();
        tell(context, script, &check, Some(&inline.source))?;
    }
    Ok(if wrong { crate::error::kind_of(Code::InvalidDocument).exit_code() } else { 0 })
}

/// Tells what was found in a script.
fn tell(context: &Context, name: &str, check: &ScriptCheck, source: Option<&str>) -> Result<()> {
    if context.json() {
        return output::json(check);
    }
    let colour = output::coloured(&std::io::stdout());
    let mut text = String::new();
    for (places, word, tone) in [(&check.errors, "error", Tone::Bad), (&check.warnings, "warning", Tone::Warn)] {
        for place in places {
            let _ = write!(text, "{}{}", paint(word, tone, colour), output::show_place(place, source, colour));
        }
    }
    if check.errors.is_empty() && check.warnings.is_empty() {
        let _ = writeln!(text, "{}: no mistakes found", output::plain(name));
    }
    output::print(&text)
}

fn begin(file: &Path) -> Result<()> {
    let unwritten =
        |error: std::io::Error| Error::invalid(format!("cannot write '{}': {error}", file.display())).fix("name a file that does not exist").because(error);
    let mut made = std::fs::File::create_new(file).map_err(unwritten)?;
    std::io::Write::write_all(&mut made, BEGINNING.as_bytes()).map_err(unwritten)?;
    output::print(&format!("{}; run it with: cto script run {}\n", file.display(), file.display()))
}

async fn edit(context: &Context, client: &Client, name: &str) -> Result<()> {
    let (before, hash) = match client.call::<GetScript>(&[name], &Empty {}).await {
        // One that ships is covered by the user's own.
        Ok(entry) => (entry.source.unwrap_or_default(), entry.hash),
        Err(error) if error.code == Code::NotFound => (BEGINNING.to_owned(), String::new()),
        Err(error) => return Err(error),
    };
    let failed = |error: std::io::Error| Error::invalid(format!("the script can't be edited: {error}")).because(error);
    let mut file = tempfile::Builder::new().prefix("cto-").suffix(".luau").tempfile().map_err(failed)?;
    std::io::Write::write_all(&mut file, before.as_bytes()).map_err(failed)?;
    let editor = std::env::var("VISUAL").or_else(|_| std::env::var("EDITOR")).unwrap_or_else(|_| "vi".to_owned());
    let words = shlex::split(&editor).filter(|words| !words.is_empty()).ok_or_else(|| Error::invalid(format!("EDITOR is '{editor}', which is no command")))?;
    let mut command = tokio::process::Command::new(&words[0]);
    let status = command.args(&words[1..]).arg(file.path()).status().await.map_err(|error| Error::invalid(format!("'{editor}' can't be started: {error}")))?;
    if !status.success() {
        return Err(Error::new(Code::Cancelled, format!("'{editor}' ended with an error: nothing was saved")));
    }
    let source = std::fs::read_to_string(file.path()).map_err(failed)?;
    if source == before {
        return output::print("nothing was changed\n");
    }
    let kept = source.clone();
    match client.call::<PutScript>(&[name], &SaveScript { source, replaces: Some(hash) }).await {
        Ok(check) => tell(context, name, &check, Some(&kept)),
        Err(error) => {
            // What was written is not lost.
            let (_, path) = file.keep().map_err(|error| failed(error.error))?;
            Err(error.fix(format!("what you wrote is in '{}'", path.display())))
        }
    }
}

async fn run(context: &Context, client: &Client, args: RunScriptArgs) -> Result<u8> {
    let mut request = StartRun {
        params: args.params.into_iter().map(|(name, value)| (name, ParamValue::Text(value))).collect(),
        against: args.against,
        breakpoints: args.breakpoints,
        step: args.step,
        ..StartRun::default()
    };
    if is_file(&args.script) {
        request.inline = Some(read(Path::new(&args.script))?);
    } else {
        request.script = Some(args.script);
    }
    let run = client.call::<StartRunOf>(&[], &request).await?;
    if args.detach {
        return if context.json() { output::json(&run) } else { output::print(&format!("{}\n", run.id)) }.map(|()| 0);
    }
    let shown = match (args.quiet || context.json(), args.verbose) {
        (true, _) => runs::Shown::Nothing,
        (false, true) => runs::Shown::Everything,
        (false, false) => runs::Shown::Words,
    };
    let id = run.id.clone();
    let code = runs::watch(context, client, run, shown).await?;
    if let Some(file) = args.junit {
        let report = client.bytes::<GetRunReport>(&[id.as_str()], &Empty {}).await?;
        std::fs::write(&file, &report).map_err(|error| Error::invalid(format!("cannot write '{}': {error}", file.display())).because(error))?;
    }
    Ok(code)
}
