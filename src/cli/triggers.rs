//! `cto trigger …`.
use crate::cli::containers::each;
use crate::cli::context::Context;
use crate::cli::output;
use crate::cli::output::Table;
use crate::cli::output::Tone;
use crate::cli::output::cell;
use crate::cli::output::toned;
use crate::cli::trigger_args::AddTriggerArgs;
use crate::cli::trigger_args::MetricArg;
use crate::cli::trigger_args::SessionArg;
use crate::cli::trigger_args::SignedArg;
use crate::cli::trigger_args::TriggerCommand;
use crate::error::Error;
use crate::error::Result;
use crate::model::ContainerMatch;
use crate::model::CreateTrigger;
use crate::model::DeleteTrigger;
use crate::model::Empty;
use crate::model::FileKind;
use crate::model::Fire;
use crate::model::FireOutcome;
use crate::model::GetTrigger;
use crate::model::HookSigning;
use crate::model::ListFires;
use crate::model::ListTriggers;
use crate::model::Metric;
use crate::model::ParamValue;
use crate::model::PastQuery;
use crate::model::PauseTrigger;
use crate::model::RemoveVersion;
use crate::model::ResumeTrigger;
use crate::model::RotateSecret;
use crate::model::RotateTrigger;
use crate::model::SaveTrigger;
use crate::model::SessionHappening;
use crate::model::TestTrigger;
use crate::model::TestTriggerNow;
use crate::model::Trigger;
use crate::model::TriggerLimit;
use crate::model::TriggerRun;
use crate::model::TriggerSecret;
use crate::model::TriggerWhen;
use crate::model::WholeQuery;
use jiff::Timestamp;
use serde_json::json;
use std::io::Read as _;
use std::path::Path;

/// Most bytes of a trigger's file.
const MOST: u64 = 256 << 10;

/// `cto trigger`.
pub async fn trigger(context: &Context, command: TriggerCommand) -> Result<()> {
    let client = context.client().await?;
    let nothing = Empty {};
    match command {
        TriggerCommand::Ls => list(context, &client.call::<ListTriggers>(&[], &WholeQuery::default()).await?.items),
        TriggerCommand::Show { name } => show(context, &client.call::<GetTrigger>(&[&name], &nothing).await?),
        TriggerCommand::Add(args) => made(context, &client.call::<CreateTrigger>(&[], &asked(*args)?).await?),
        TriggerCommand::Rm { triggers } => {
            each(context, &triggers, async |name| client.call::<DeleteTrigger>(&[name], &RemoveVersion::default()).await.map(|_| None)).await
        }
        TriggerCommand::Pause { triggers } => each(context, &triggers, async |name| client.call::<PauseTrigger>(&[name], &nothing).await.map(|_| None)).await,
        TriggerCommand::Resume { triggers } => each(context, &triggers, async |name| client.call::<ResumeTrigger>(&[name], &nothing).await.map(|_| None)).await,
        TriggerCommand::Rotate { name, keep } => made(context, &client.call::<RotateTrigger>(&[&name], &RotateSecret { keep_hours: Some(keep) }).await?),
        TriggerCommand::Test { name, event } => {
            let data = |value: String| serde_json::from_str(&value).unwrap_or_else(|_| json!(value));
            let event = event.into_iter().map(|(name, value)| (name, data(value))).collect();
            let run = client.call::<TestTriggerNow>(&[&name], &TestTrigger { event }).await?;
            if context.json() { output::json(&run) } else { output::print(&format!("{}\n", run.id)) }
        }
        TriggerCommand::History { name, limit } => {
            history(context, &client.call::<ListFires>(&[&name], &PastQuery { limit: Some(limit), cursor: None }).await?.items)
        }
    }
}

fn asked(args: AddTriggerArgs) -> Result<SaveTrigger> {
    if let Some(file) = &args.file {
        let mut request = read(file)?;
        request.name = args.name;
        return Ok(request);
    }
    let of = ContainerMatch {
        name: args.container_name.clone(),
        template: args.template.clone(),
        stack: args.stack.clone(),
        owner: args.owner.clone(),
        labels: args.label.iter().cloned().collect(),
    };
    let when = when(&args, of)?;
    let params = args.params.into_iter().map(|(name, value)| (name, ParamValue::Text(value))).collect();
    Ok(SaveTrigger {
        name: args.name,
        when,
        run: TriggerRun { script: args.script.unwrap_or_default(), params },
        quiet_seconds: args.quiet,
        limit: TriggerLimit { times: args.limit.0, seconds: args.limit.1 },
        replaces: None,
    })
}

fn when(args: &AddTriggerArgs, of: ContainerMatch) -> Result<TriggerWhen> {
    let session = |is, matches: Option<&String>, seconds, of| TriggerWhen::Session { is, matches: matches.cloned(), seconds, of };
    if let Some(matches) = &args.log {
        return Ok(TriggerWhen::Log { matches: matches.clone(), of });
    }
    if let Some(metric) = args.metric {
        let metric = match metric {
            MetricArg::Cpu => Metric::CpuPercent,
            MetricArg::Memory => Metric::MemoryPercent,
            MetricArg::MemoryBytes => Metric::MemoryBytes,
        };
        return Ok(TriggerWhen::Metric { metric, above: args.above.unwrap_or_default(), below: args.below, seconds: args.seconds, of });
    }
    if let Some(matches) = &args.output {
        return Ok(session(SessionHappening::Output, Some(matches), None, of));
    }
    if let Some(seconds) = args.idle {
        return Ok(session(SessionHappening::Idle, None, Some(seconds), of));
    }
    if let Some(is) = args.session {
        let is = match is {
            SessionArg::Prompt => SessionHappening::Prompt,
            SessionArg::Bell => SessionHappening::Bell,
            SessionArg::Opened => SessionHappening::Opened,
            SessionArg::Ended => SessionHappening::Ended,
        };
        return Ok(session(is, None, None, of));
    }
    if let Some(signed) = args.hook {
        let signed = match signed {
            SignedArg::Standard => HookSigning::Standard,
            SignedArg::Github => HookSigning::Github,
        };
        return Ok(TriggerWhen::Hook { signed });
    }
    if let Some(changed) = &args.changed {
        let wrong = || Error::invalid(format!("'{changed}' is no file of cto's")).fix("write template/NAME or script/NAME; * stands for any letters");
        let (kind, name) = changed.split_once('/').ok_or_else(wrong)?;
        let kind = match kind {
            "template" => FileKind::Template,
            "script" => FileKind::Script,
            _ => return Err(wrong()),
        };
        return Ok(TriggerWhen::File { of: kind, name: Some(name.to_owned()).filter(|name| name != "*") });
    }
    let is = args.container.iter().flat_map(|all| all.split(',')).map(|one| {
        serde_json::from_value(json!(one))
            .map_err(|_| Error::invalid(format!("nothing '{one}' happens to containers")).fix("there are started, died, oom, unhealthy, healthy and removed"))
    });
    Ok(TriggerWhen::Container { is: is.collect::<Result<_>>()?, of })
}

fn read(file: &Path) -> Result<SaveTrigger> {
    let text = text_of(file)?;
    serde_json::from_str(&text).map_err(|error| Error::invalid(format!("'{}' is no trigger: {error}", file.display())).fix("see docs/hooks.md for examples"))
}

/// What a file says, or standard input where it is `-`.
pub(super) fn text_of(file: &Path) -> Result<String> {
    let mut text = String::new();
    let failed = |error: std::io::Error| Error::invalid(format!("'{}' can't be read: {error}", file.display())).because(error);
    let count = match file == Path::new("-") {
        true => std::io::stdin().lock().take(MOST + 1).read_to_string(&mut text),
        false => std::fs::File::open(file).and_then(|file| file.take(MOST + 1).read_to_string(&mut text)),
    };
    if count.map_err(failed)? as u64 > MOST {
        return Err(Error::invalid(format!("'{}' is larger than {} KiB", file.display(), MOST >> 10)));
    }
    Ok(text)
}

/// What a trigger waits for, in words.
fn words(when: &TriggerWhen) -> String {
    let of = match when {
        TriggerWhen::Container { of, .. } | TriggerWhen::Log { of, .. } | TriggerWhen::Metric { of, .. } | TriggerWhen::Session { of, .. } => {
            let parts = [("", &of.name), ("template ", &of.template), ("stack ", &of.stack), ("of ", &of.owner)];
            let mut parts: Vec<String> = parts.iter().filter_map(|(word, value)| value.as_ref().map(|value| format!("{word}{value}"))).collect();
            parts.extend(of.labels.iter().map(|(name, value)| format!("{name}={value}")));
            if parts.is_empty() { String::new() } else { format!(" in {}", parts.join(", ")) }
        }
        TriggerWhen::Hook { .. } | TriggerWhen::File { .. } => String::new(),
    };
    let said = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let what = match when {
        TriggerWhen::Container { is, .. } => format!("container {}", is.iter().map(|one| said(json!(one))).collect::<Vec<_>>().join("/")),
        TriggerWhen::Log { matches, .. } => format!("log /{matches}/"),
        TriggerWhen::Metric { metric, above, seconds, .. } => format!("{} > {above} for {seconds} s", metric.as_str()),
        TriggerWhen::Session { is, matches, seconds, .. } => {
            let further = matches.as_ref().map(|matches| format!(" /{matches}/")).or_else(|| seconds.map(|seconds| format!(" {seconds} s")));
            format!("session {}{}", said(json!(is)), further.unwrap_or_default())
        }
        TriggerWhen::Hook { signed } => format!("request, signed: {}", said(json!(signed))),
        TriggerWhen::File { of, name } => format!("{} {} changed", said(json!(of)), name.as_deref().unwrap_or("*")),
    };
    what + &of
}

fn list(context: &Context, triggers: &[Trigger]) -> Result<()> {
    if context.json() {
        return output::json(&triggers);
    }
    let mut table = Table::new(["NAME", "STATE", "WHEN", "SCRIPT", "OWNER"]);
    for trigger in triggers {
        let state = match (&trigger.trouble, trigger.paused) {
            (Some(_), _) => toned("▲ trouble", Tone::Warn),
            (None, true) => toned("⏸ paused", Tone::Quiet),
            (None, false) => toned("● on", Tone::Good),
        };
        table.row([cell(&trigger.name), state, cell(words(&trigger.when)), cell(&trigger.run.script), cell(&trigger.owner)]);
    }
    table.print()
}

fn show(context: &Context, trigger: &Trigger) -> Result<()> {
    if context.json() {
        return output::json(trigger);
    }
    let mut text = String::new();
    let mut line = |name: &str, value: &str| text.push_str(&format!("{name:<10} {}\n", output::plain(value)));
    line("name", &trigger.name);
    line("owner", &trigger.owner);
    line("when", &words(&trigger.when));
    line("script", &trigger.run.script);
    trigger.run.params.iter().for_each(|(name, value)| line("  sets", &format!("{name}={value}")));
    line("limit", &format!("{} times in {} s", trigger.limit.times, trigger.limit.seconds));
    if trigger.quiet_seconds > 0 {
        line("quiet", &format!("{} s", trigger.quiet_seconds));
    }
    if matches!(trigger.when, TriggerWhen::Hook { .. }) {
        line("path", &format!("/api/v1/hooks/{}", trigger.name));
    }
    line("state", if trigger.paused { "paused" } else { "on" });
    trigger.trouble.iter().for_each(|trouble| line("trouble", trouble));
    output::print(&text)
}

/// What was made, with the secret that is shown only now.
fn made(context: &Context, made: &TriggerSecret) -> Result<()> {
    if context.json() {
        return output::json(made);
    }
    output::print(&format!("{}\n", output::plain(&made.trigger.name)))?;
    match &made.secret {
        Some(secret) => {
            let path = format!("/api/v1/hooks/{}", made.trigger.name);
            output::print(&format!("{secret}\nThe secret is shown only this once: sign requests to {path} with it.\n"))
        }
        None => Ok(()),
    }
}

fn history(context: &Context, fires: &[Fire]) -> Result<()> {
    if context.json() {
        return output::json(&fires);
    }
    let now = Timestamp::now();
    let mut table = Table::new(["WHEN", "OUTCOME", "EVENT", "RUN OR REASON", "LEFT OUT"]);
    for fire in fires {
        let tone = if fire.outcome == FireOutcome::Started { Tone::Good } else { Tone::Bad };
        let further = fire.run.as_ref().map(|run| run.to_string()).or_else(|| fire.error.clone()).unwrap_or_default();
        let more = if fire.more > 0 { fire.more.to_string() } else { "-".to_owned() };
        table.row([cell(output::ago(fire.at, now)), toned(fire.outcome.as_str(), tone), cell(&fire.event), cell(further), cell(more)]);
    }
    table.print()
}
