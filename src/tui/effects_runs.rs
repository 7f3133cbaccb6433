//! Asks the server about scripts and runs.
use super::runs::Draft;
use super::runs::MOST;
use super::runs::PutText;
use super::runs::RunsReply;
use super::runs::RunsWish;
use crate::client::Client;
use crate::error::Error;
use crate::error::Result;
use crate::model::CancelRun;
use crate::model::CheckScript;
use crate::model::Code;
use crate::model::DeleteRun;
use crate::model::DeleteScript;
use crate::model::Empty;
use crate::model::GetRunLog;
use crate::model::GetRunText;
use crate::model::GetScript;
use crate::model::InlineScript;
use crate::model::ListRuns;
use crate::model::ListScripts;
use crate::model::PauseRun;
use crate::model::PutScript;
use crate::model::RemoveText;
use crate::model::ResumeRun;
use crate::model::ResumeRunAt;
use crate::model::RetryRun;
use crate::model::RunLogQuery;
use crate::model::RunQuery;
use crate::model::SaveScript;
use crate::model::SetBreakpoints;
use crate::model::SetRunBreakpoints;
use crate::model::StartRunOf;
use crate::model::WholeQuery;
use std::sync::Arc;
use std::time::Duration;

/// How much longer than a wait its answer may take.
const SLACK: Duration = Duration::from_secs(20);
/// Bytes of an edited file that are read; the server takes less.
const MOST_BYTES: u64 = 4 << 20;

/// Does what is wished.
pub(super) async fn ask(client: &Client, wish: &RunsWish) -> Result<RunsReply> {
    let nothing = Empty {};
    let run = |run| RunsReply::Run(Box::new(run));
    Ok(match wish {
        RunsWish::Scripts => RunsReply::Scripts(client.call::<ListScripts>(&[], &WholeQuery::default()).await?),
        RunsWish::Script(name) | RunsWish::Open(name) | RunsWish::Look(name) => RunsReply::Script(Box::new(client.call::<GetScript>(&[name], &nothing).await?)),
        RunsWish::Edit(name) => RunsReply::Draft(Arc::new(Draft::of(client.call::<GetScript>(&[name], &nothing).await?)?)),
        RunsWish::Begin(name) => match client.call::<GetScript>(&[name], &nothing).await {
            Ok(_) => {
                let error = Error::new(Code::NameInUse, format!("there is a script '{name}' already"));
                return Err(error.fix("take another name, or edit that one"));
            }
            Err(error) if error.code == Code::NotFound => RunsReply::Done,
            Err(error) => return Err(error),
        },
        RunsWish::CheckText(script) => RunsReply::Checked(script.source.clone(), client.call::<CheckScript>(&[], script).await?),
        RunsWish::Put(put) => self::put(client, put).await?,
        RunsWish::Outside(file, text) => RunsReply::Draft(Arc::new(Draft::outside(file, text.clone())?)),
        RunsWish::TakeBack(draft) => RunsReply::Text(text_of(draft).await?),
        RunsWish::Source(id) => RunsReply::Source(Box::new(client.call::<GetRunText>(&[id.as_str()], &nothing).await?)),
        RunsWish::PauseAt(id, lines) => {
            let request = SetBreakpoints { lines: lines.clone() };
            RunsReply::Source(Box::new(client.call::<SetRunBreakpoints>(&[id.as_str()], &request).await?))
        }
        RunsWish::Save(draft, over) => save(client, draft, *over).await?,
        RunsWish::Check(name) => {
            let source = client.call::<GetScript>(&[name], &nothing).await?.source.unwrap_or_default();
            let check = client.call::<CheckScript>(&[], &InlineScript { name: name.clone(), source: source.clone() }).await?;
            RunsReply::Checked(source, check)
        }
        RunsWish::RemoveScripts(names) => {
            let (mut gone, mut kept) = (0, Vec::new());
            for name in names {
                match client.call::<DeleteScript>(&[name], &RemoveText::default()).await {
                    Ok(_) => gone += 1,
                    Err(error) => kept.push(format!("{name}: {}", error.message)),
                }
            }
            RunsReply::Removed(gone, kept)
        }
        RunsWish::Runs => {
            let limit = u32::try_from(MOST).ok();
            RunsReply::Runs(client.call::<ListRuns>(&[], &RunQuery { limit, ..RunQuery::default() }).await?.items)
        }
        RunsWish::Start(start) => run(client.call::<StartRunOf>(&[], start).await?),
        RunsWish::Cancel(id) => run(client.call::<CancelRun>(&[id.as_str()], &nothing).await?),
        // What the answer says of the run may be older than the event that came meanwhile.
        RunsWish::Pause(id) => {
            client.call::<PauseRun>(&[id.as_str()], &nothing).await?;
            RunsReply::Done
        }
        RunsWish::Resume(id, step) => {
            client.call::<ResumeRunAt>(&[id.as_str()], &ResumeRun { step: *step }).await?;
            RunsReply::Done
        }
        RunsWish::Retry(id) => run(client.call::<RetryRun>(&[id.as_str()], &nothing).await?),
        RunsWish::RemoveRuns(ids) => {
            let (mut gone, mut kept) = (0, Vec::new());
            for id in ids {
                match client.call::<DeleteRun>(&[id.as_str()], &nothing).await {
                    Ok(_) => gone += 1,
                    Err(error) => kept.push(error.message),
                }
            }
            RunsReply::Removed(gone, kept)
        }
        RunsWish::Log(id, after, wait) => {
            let query = RunLogQuery { after: *after, limit: None, wait: *wait };
            let within = Duration::from_secs(u64::from(*wait)) + SLACK;
            RunsReply::Log(Box::new(client.call_within::<GetRunLog>(&[id.as_str()], &query, within).await?))
        }
    })
}

/// What $EDITOR has made of a text.
async fn text_of(draft: &Arc<Draft>) -> Result<String> {
    let edited = Arc::clone(draft);
    let read = tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        let file = std::fs::File::open(edited.path())?;
        std::io::Read::read_to_string(&mut std::io::Read::take(file, MOST_BYTES), &mut text).map(|_| text)
    });
    let read = read.await.map_err(|error| Error::internal(error.to_string()))?;
    read.map_err(|error| Error::invalid(format!("what was edited can't be read: {error}")).because(error))
}

/// Saves what was edited, if it is another text than before.
async fn save(client: &Client, draft: &Arc<Draft>, over: bool) -> Result<RunsReply> {
    let source = text_of(draft).await?;
    if source == draft.before {
        return Ok(RunsReply::Unchanged);
    }
    let replaces = (!over).then(|| draft.hash.clone());
    let check = client.call::<PutScript>(&[&draft.name], &SaveScript { source: source.clone(), replaces }).await?;
    Ok(RunsReply::Checked(source, check))
}

/// Saves a text; where somebody else has saved another one meanwhile, that is the answer.
async fn put(client: &Client, put: &PutText) -> Result<RunsReply> {
    let nothing = Empty {};
    let request = SaveScript { source: put.source.clone(), replaces: put.replaces.clone() };
    let check = match client.call::<PutScript>(&[&put.name], &request).await {
        Ok(check) => check,
        Err(error) if error.code == Code::Stale => return Ok(RunsReply::Conflict(Box::new(client.call::<GetScript>(&[&put.name], &nothing).await?))),
        Err(error) => return Err(error),
    };
    // Where another text is there already by now, the next saving finds that out by the hash of before.
    let now = client.call::<GetScript>(&[&put.name], &nothing).await?;
    let hash = if now.source.as_ref() == Some(&put.source) { now.hash } else { put.replaces.clone().unwrap_or_default() };
    Ok(RunsReply::Put(check, hash))
}
