//! `cto search`: lines in the logs of many containers, shown as they are found.
use crate::cli::cancelled;
use crate::cli::context::Context;
use crate::cli::output;
use crate::cli::search_args::SearchArgs;
use crate::client::Client;
use crate::error::Error;
use crate::error::Result;
use crate::model::DeleteLogSearch;
use crate::model::Empty;
use crate::model::GetLogSearch;
use crate::model::LogHit;
use crate::model::LogSearch;
use crate::model::LogSearchQuery;
use crate::model::SearchLogs;
use crate::model::SearchLogsOf;
use jiff::SignedDuration;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// How long the server is let wait for the next find.
const WAIT: u32 = 10;

/// `cto search`. Exit code 1 where nothing was found, as of grep.
pub async fn search(context: &Context, args: SearchArgs) -> Result<u8> {
    let request = request(args)?;
    let client = context.client().await?;
    let begun = client.call_operation::<SearchLogsOf>(&[], &request, Duration::ZERO).await?;
    let id = begun.id.to_string();
    let result = tokio::select! {
        result = follow(context, &client, &id) => result,
        _ = tokio::signal::ctrl_c() => Err(cancelled("the search")),
    };
    // It is nobody else's, and its place is free for another.
    let _ = client.call::<DeleteLogSearch>(&[&id], &Empty {}).await;
    result
}

async fn follow(context: &Context, client: &Client, id: &str) -> Result<u8> {
    let mut all: Vec<LogHit> = Vec::new();
    let mut shown = 0;
    loop {
        let query = LogSearchQuery { after: shown, wait: WAIT };
        let mut now: LogSearch = client.call::<GetLogSearch>(&[id], &query).await?;
        shown += u32::try_from(now.items.len()).unwrap_or(u32::MAX);
        match context.json() {
            true => all.append(&mut now.items),
            false => output::print(&now.items.iter().map(line_of).collect::<String>())?,
        }
        // What was found between the last look and the end is asked for once more.
        if now.running || shown < now.hits {
            continue;
        }
        if context.json() {
            output::json(&LogSearch { items: all, ..now })?;
        } else {
            for note in &now.notes {
                eprintln!("{}", output::plain(note));
            }
        }
        return Ok(u8::from(shown == 0));
    }
}

fn line_of(hit: &LogHit) -> String {
    let mut text = String::new();
    for line in &hit.before {
        let _ = writeln!(text, "{}- {}", hit.container_name, output::plain(line));
    }
    let _ = writeln!(text, "{}:{} {} {}", hit.container_name, hit.line, hit.at.strftime("%Y-%m-%dT%H:%M:%SZ"), output::plain(&hit.text));
    for line in &hit.after {
        let _ = writeln!(text, "{}- {}", hit.container_name, output::plain(line));
    }
    if !hit.before.is_empty() || !hit.after.is_empty() {
        text.push_str("--\n");
    }
    text
}

fn request(args: SearchArgs) -> Result<SearchLogs> {
    let SearchArgs { query, containers, regex, case_sensitive, label, since, until, level, context, limit } = args;
    let mut labels = BTreeMap::new();
    for pair in label {
        let (name, value) = pair.split_once('=').ok_or_else(|| Error::invalid(format!("'{pair}' is no label: write it as NAME=VALUE")))?;
        labels.insert(name.to_owned(), value.to_owned());
    }
    let now = Timestamp::now();
    let time = |text: Option<String>| text.map(|text| moment(&text, now)).transpose();
    let (since, until) = (time(since)?, time(until)?);
    Ok(SearchLogs { query, regex, case_sensitive, containers, labels, since, until, source: None, level, context, limit: Some(limit) })
}

/// A time, or so long before `now`.
fn moment(text: &str, now: Timestamp) -> Result<Timestamp> {
    let ago = || now.checked_sub(text.parse::<SignedDuration>().ok()?).ok();
    let wrong = || Error::invalid(format!("'{text}' is no time")).fix("write it as 2026-01-31T12:00:00Z, or how long ago: 10m, 2h");
    text.parse().ok().or_else(ago).ok_or_else(wrong)
}
