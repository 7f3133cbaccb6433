//! `cto schedule`: scripts that run at given times.
use crate::cli::containers::each;
use crate::cli::context::Context;
use crate::cli::output;
use crate::cli::output::Table;
use crate::cli::output::Tone;
use crate::cli::output::cell;
use crate::cli::output::toned;
use crate::cli::schedule_args::MissedArg;
use crate::cli::schedule_args::OverlapArg;
use crate::cli::schedule_args::ScheduleCommand;
use crate::cli::schedule_args::SpecArgs;
use crate::client::Client;
use crate::error::Error;
use crate::error::Result;
use crate::model::ClockWarning;
use crate::model::CreateSchedule;
use crate::model::CreateScheduleOf;
use crate::model::DeleteSchedule;
use crate::model::Empty;
use crate::model::FireQuery;
use crate::model::FireState;
use crate::model::GetSchedule;
use crate::model::GetScheduleNext;
use crate::model::InlineScript;
use crate::model::ListNextFires;
use crate::model::ListQuery;
use crate::model::ListScheduleFires;
use crate::model::ListSchedules;
use crate::model::Missed;
use crate::model::NextFires;
use crate::model::NextQuery;
use crate::model::Overlap;
use crate::model::ParamValue;
use crate::model::PauseSchedule;
use crate::model::Place;
use crate::model::PreviewSchedule;
use crate::model::PreviewScheduleOf;
use crate::model::PutSchedule;
use crate::model::RemoveVersion;
use crate::model::ResumeSchedule;
use crate::model::RunSchedule;
use crate::model::RunState;
use crate::model::SaveSchedule;
use crate::model::Schedule;
use crate::model::ScheduleFire;
use crate::model::ScheduleSpec;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::path::Path;

/// Next times that are shown with a schedule.
const SHOWN: u32 = 10;

/// `cto schedule`.
pub async fn schedule(context: &Context, command: ScheduleCommand) -> Result<u8> {
    let client = context.client().await?;
    let nothing = Empty {};
    let done = |()| 0;
    match command {
        ScheduleCommand::Ls { query, sort } => list(context, &client, ListQuery { q: query, sort, ..ListQuery::default() }).await.map(done),
        ScheduleCommand::Show { name } => show(context, &client, &name).await.map(done),
        ScheduleCommand::Add { name, script, spec, paused, dry_run } => {
            let mut wanted = ScheduleSpec { zone: here(), ..ScheduleSpec::default() };
            fill(&mut wanted, Some(script), spec)?;
            if dry_run {
                let request = PreviewSchedule { spec: wanted, count: Some(SHOWN), zone: Some(here()), from: None };
                return next(context, &client.call::<PreviewScheduleOf>(&[], &request).await?, false).map(done);
            }
            let schedule = client.call::<CreateScheduleOf>(&[], &CreateSchedule { name, spec: wanted, paused }).await?;
            told(context, &schedule).map(done)
        }
        ScheduleCommand::Edit { name, script, spec } => {
            let old = client.call::<GetSchedule>(&[&name], &nothing).await?;
            let mut wanted = old.spec;
            fill(&mut wanted, script, spec)?;
            let request = SaveSchedule { spec: wanted, replaces: Some(old.version) };
            told(context, &client.call::<PutSchedule>(&[&name], &request).await?).map(done)
        }
        ScheduleCommand::Rm { schedules } => {
            each(context, &schedules, async |name| client.call::<DeleteSchedule>(&[name], &RemoveVersion::default()).await.map(|_| None)).await.map(done)
        }
        ScheduleCommand::Pause { schedules } => {
            each(context, &schedules, async |name| client.call::<PauseSchedule>(&[name], &nothing).await.map(|_| None)).await.map(done)
        }
        ScheduleCommand::Resume { schedules } => {
            each(context, &schedules, async |name| client.call::<ResumeSchedule>(&[name], &nothing).await.map(|_| None)).await.map(done)
        }
        ScheduleCommand::Run { name } => {
            let fire = client.call::<RunSchedule>(&[&name], &nothing).await?;
            if context.json() {
                return output::json(&fire).map(done);
            }
            let text = fire.run.as_ref().map_or_else(|| outcome(&fire).0, ToString::to_string);
            output::print(&format!("{text}\n")).map(done)
        }
        ScheduleCommand::Next { name, count, zone } => {
            let query = NextQuery { count: Some(count), zone: Some(zone.unwrap_or_else(here)) };
            let fires = match &name {
                Some(name) => client.call::<GetScheduleNext>(&[name], &query).await?,
                None => client.call::<ListNextFires>(&[], &query).await?,
            };
            next(context, &fires, name.is_none()).map(done)
        }
        ScheduleCommand::History { name, count } => {
            let query = FireQuery { limit: Some(count), cursor: None };
            history(context, &client.call::<ListScheduleFires>(&[&name], &query).await?.items).map(done)
        }
    }
}

/// This machine's time zone.
fn here() -> String {
    TimeZone::system().iana_name().unwrap_or("UTC").to_owned()
}

/// What was typed, over what is there.
fn fill(spec: &mut ScheduleSpec, script: Option<String>, args: SpecArgs) -> Result<()> {
    if let Some(script) = script {
        (spec.script, spec.inline) = match script.ends_with(".luau") {
            true => {
                let unread = |place: Place| Error::invalid(format!("'{script}' can't be read: {}", place.detail)).fix("name a script, or a file that is there");
                let source = crate::config::read_file(Path::new(&script)).map_err(unread)?;
                (None, Some(InlineScript { name: script, source }))
            }
            false => (Some(script), None),
        };
    }
    if args.cron.is_some() || args.at.is_some() {
        (spec.cron, spec.at) = (args.cron, args.at);
    }
    if let Some(zone) = args.zone {
        spec.zone = zone;
    }
    spec.params.extend(args.params.into_iter().map(|(name, value)| (name, ParamValue::Text(value))));
    let before = if let Missed::All { most } = spec.missed { Some(most) } else { None };
    match (args.missed, args.most, before) {
        (Some(MissedArg::Skip), None, _) => spec.missed = Missed::Skip,
        (Some(MissedArg::Once), None, _) => spec.missed = Missed::Once,
        (Some(MissedArg::All), most, _) => spec.missed = Missed::All { most: most.unwrap_or(10) },
        (None, Some(most), Some(_)) => spec.missed = Missed::All { most },
        (None, None, _) => {}
        (_, Some(_), _) => return Err(Error::invalid("'--most' goes with '--missed all'")),
    }
    if let Some(overlap) = args.overlap {
        spec.overlap = match overlap {
            OverlapArg::Allow => Overlap::Allow,
            OverlapArg::Forbid => Overlap::Forbid,
            OverlapArg::Replace => Overlap::Replace,
            OverlapArg::Queue => Overlap::Queue,
        };
    }
    if let Some(jitter) = args.jitter {
        spec.jitter_seconds = jitter;
    }
    Ok(())
}

/// What was made or changed: its name, and when it is due.
fn told(context: &Context, schedule: &Schedule) -> Result<()> {
    if context.json() {
        return output::json(schedule);
    }
    output::print(&format!("{}: {}\n", output::plain(&schedule.name), due(schedule, Timestamp::now())))
}

async fn list(context: &Context, client: &Client, query: ListQuery) -> Result<()> {
    let schedules = Context::all::<ListSchedules, Schedule>(client, query).await?;
    if context.json() {
        return output::json(&schedules);
    }
    let now = Timestamp::now();
    let mut table = Table::new(["NAME", "SCRIPT", "WHEN", "ZONE", "NEXT", "LAST", "OWNER"]);
    for schedule in &schedules {
        let last = schedule.last.as_ref().map_or_else(
            || toned("-", Tone::Quiet),
            |fire| {
                let (text, tone) = outcome(fire);
                toned(text, tone)
            },
        );
        table.row([
            cell(&schedule.name),
            cell(script(&schedule.spec)),
            cell(when(&schedule.spec)),
            cell(&schedule.spec.zone),
            toned(due(schedule, now), if schedule.paused { Tone::Warn } else { Tone::Plain }),
            last,
            cell(&schedule.owner),
        ]);
    }
    table.print()
}

fn script(spec: &ScheduleSpec) -> &str {
    spec.script.as_deref().or_else(|| spec.inline.as_ref().map(|inline| inline.name.as_str())).unwrap_or("-")
}

fn when(spec: &ScheduleSpec) -> String {
    match (&spec.cron, &spec.at) {
        (Some(line), _) => line.clone(),
        (None, Some(at)) => format!("at {at}"),
        (None, None) => "-".to_owned(),
    }
}

/// When it is due, for people.
fn due(schedule: &Schedule, now: Timestamp) -> String {
    match schedule.next_due {
        _ if schedule.paused_why.is_some() => "paused by the server".to_owned(),
        _ if schedule.paused => "paused".to_owned(),
        None => "no more".to_owned(),
        Some(due) if due <= now => "now".to_owned(),
        Some(due) => format!("in {}", output::duration(due.duration_since(now).as_secs())),
    }
}

/// What became of a time, for people.
fn outcome(fire: &ScheduleFire) -> (String, Tone) {
    let why = fire.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
    match (fire.state, fire.run_state) {
        (FireState::Claimed, _) => ("starting".to_owned(), Tone::Quiet),
        (FireState::Waiting, _) => ("waiting for its turn".to_owned(), Tone::Warn),
        (FireState::Failed, _) => (format!("not started{why}"), Tone::Bad),
        (FireState::Skipped, _) => match fire.missed {
            Some(missed) => (format!("missed {}{} times", missed.count, if missed.more { " or more" } else { "" }), Tone::Warn),
            None => (format!("skipped{why}"), Tone::Warn),
        },
        (FireState::Started, Some(state)) => {
            let tone = match state {
                RunState::Succeeded => Tone::Good,
                RunState::Failed | RunState::TimedOut | RunState::Lost => Tone::Bad,
                RunState::Queued | RunState::Running | RunState::Cancelled => Tone::Plain,
            };
            (state.as_str().replace('_', " "), tone)
        }
        (FireState::Started, None) => ("started".to_owned(), Tone::Quiet),
    }
}

async fn show(context: &Context, client: &Client, name: &str) -> Result<()> {
    let schedule = client.call::<GetSchedule>(&[name], &Empty {}).await?;
    if context.json() {
        return output::json(&schedule);
    }
    let spec = &schedule.spec;
    let line = |name: &str, value: &str| format!("{name:<10} {}\n", output::plain(value));
    let mut text = line("name", &schedule.name);
    text += &line("script", script(spec));
    for (name, value) in &spec.params {
        text += &line("param", &format!("{name}={value}"));
    }
    text += &line("when", &format!("{}, {}", when(spec), spec.zone));
    text += &line(
        "missed",
        &match spec.missed {
            Missed::Skip => "skip".to_owned(),
            Missed::Once => "once".to_owned(),
            Missed::All { most } => format!("all, {most} at most"),
        },
    );
    text += &line(
        "overlap",
        match spec.overlap {
            Overlap::Allow => "allow",
            Overlap::Forbid => "forbid",
            Overlap::Replace => "replace",
            Overlap::Queue => "queue",
        },
    );
    if spec.jitter_seconds > 0 {
        text += &line("jitter", &format!("up to {} s", spec.jitter_seconds));
    }
    text += &line("owner", &format!("{}, with the rights of {}", schedule.owner, schedule.rights));
    text += &line("next", &due(&schedule, Timestamp::now()));
    if let Some(why) = &schedule.paused_why {
        text += &line("paused", why);
    }
    if let Some(last) = &schedule.last {
        text += &line("last", &format!("{}: {}", last.due, outcome(last).0));
    }
    text += &line("created", &schedule.created_at.to_string());
    text += &line("version", &schedule.version.to_string());
    output::print(&text)?;
    let query = NextQuery { count: Some(SHOWN), zone: Some(here()) };
    let fires = client.call::<GetScheduleNext>(&[name], &query).await?;
    output::print("\n")?;
    next(context, &fires, false)
}

/// Times to come, each by both clocks.
fn next(context: &Context, fires: &NextFires, named: bool) -> Result<()> {
    if context.json() {
        return output::json(fires);
    }
    let mut table = Table::new(if named { vec!["SCHEDULE", "TIME", "ZONE", "YOURS", "NOTE"] } else { vec!["TIME", "ZONE", "YOURS", "NOTE"] });
    for fire in &fires.items {
        let mut cells = if named { vec![cell(&fire.schedule)] } else { Vec::new() };
        cells.extend([
            cell(spaced(&fire.local)),
            cell(&fire.zone),
            cell(fire.yours.as_deref().map_or_else(|| "-".to_owned(), spaced)),
            toned(fire.note.as_deref().unwrap_or("-"), if fire.note.is_some() { Tone::Warn } else { Tone::Quiet }),
        ]);
        table.row(cells);
    }
    table.print()?;
    for ClockWarning { schedule, text, .. } in &fires.warnings {
        output::warn(&if named { format!("{schedule}: {text}") } else { text.clone() });
    }
    Ok(())
}

/// `2026-03-29 03:00:00 +02:00` of RFC 3339.
fn spaced(time: &str) -> String {
    match time.split_at_checked(19) {
        Some((clock, offset)) => format!("{} {offset}", clock.replace('T', " ")),
        None => time.to_owned(),
    }
}

fn history(context: &Context, fires: &[ScheduleFire]) -> Result<()> {
    if context.json() {
        return output::json(&fires);
    }
    let mut table = Table::new(["DUE", "TAKEN UP", "WHAT", "RUN"]);
    for fire in fires {
        let (what, tone) = outcome(fire);
        let late = fire.taken_at.duration_since(fire.due).as_secs();
        let taken = if fire.asked { "asked for".to_owned() } else { format!("{} later", output::duration(late)) };
        table.row([cell(fire.due.to_string()), cell(taken), toned(what, tone), toned(fire.run.as_ref().map_or("-", |run| run.as_str()), Tone::Quiet)]);
    }
    table.print()
}
