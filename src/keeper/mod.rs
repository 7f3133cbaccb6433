//! What runs by itself: watching the engine, adopting what runs, noting ends, sweeping up.
mod care;

use crate::control::Control;
use crate::engine::EngineEvent;
use crate::model::CommandNote;
use crate::model::Container;
use crate::model::ContainerState;
use crate::model::ExitReason;
use crate::model::SessionExit;
use crate::model::SessionKind;
use crate::model::SessionState;
use crate::sessions::Ended;
use jiff::Timestamp;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How often old things are forgotten.
const SWEEP: Duration = Duration::from_secs(60);
/// How often memory is given back that nobody has: a crowd of connections is forgotten within a minute.
const GIVE_BACK: Duration = Duration::from_secs(30);
/// How long the end of the server waits for launches to clean up.
const CLEAN_UP: Duration = Duration::from_secs(5);
/// How often it is looked at what containers use, for the history.
const STATS: Duration = Duration::from_secs(10);
/// How often it is looked for images that nothing uses any more.
const COLLECT: Duration = Duration::from_secs(3600);
/// How often it is looked which sessions have changed, and how many are noted then at most: the others wait for their turn.
const NOTES: Duration = Duration::from_secs(5);
const NOTES_AT_ONCE: usize = 40;
/// Notes of commands that are written together.
const TOGETHER: usize = 256;
/// How often it is looked for containers whose time is up, and for those that have to be started again.
const CARE: Duration = Duration::from_secs(1);
/// Before the main program of a container is watched again after its stream has ended.
const AGAIN: Duration = Duration::from_millis(500);

/// Begins to keep: when this returns, the sessions of the server before are known and the API can be served. The future that it
/// returns is to be run beside, until `shutdown`; the server ends after it.
pub async fn start(control: Control, shutdown: CancellationToken) -> impl Future<Output = ()> + Send + 'static {
    adopt(&control).await;
    run(control, shutdown)
}

/// Runs until `shutdown`: keeps the list of containers fresh, tells of changes, ends sessions whose container has stopped, notes how
/// sessions end. Returns when what has to be noted before the end of the server is noted.
async fn run(control: Control, shutdown: CancellationToken) {
    let Some(mut ends) = control.take_ends() else { return };
    tokio::spawn(fold(control.clone(), shutdown.clone()));
    let history = tokio::spawn(observe(control.clone(), shutdown.clone()));
    let commands = control.take_commands().map(|heard| tokio::spawn(keep_commands(control.clone(), heard, shutdown.clone())));
    tokio::spawn(collect(control.clone(), shutdown.clone()));
    let mut events = control.parts().engine.watch(shutdown.clone());
    let mut sweep = tokio::time::interval(SWEEP);
    let mut care = care::Care::default();
    let mut looks = tokio::time::interval(CARE);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut notes = tokio::time::interval(NOTES);
    notes.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => break,
            Some(event) = events.recv() => {
                match &event {
                    EngineEvent::Listed(all) => all.iter().for_each(|container| care.look(&control, container)),
                    EngineEvent::Changed(container) => care.look(&control, container),
                    EngineEvent::Removed { id, .. } => care.forget(id),
                    EngineEvent::Stock { .. } | EngineEvent::Lost { .. } | EngineEvent::Back(_) => {}
                }
                heard(&control, event);
            }
            _ = looks.tick() => {
                care.stop_overdue(&control);
                care.rejoin(&control);
            }
            Some(end) = ends.recv() => ended(&control, end).await,
            _ = sweep.tick() => {
                clear_leftovers(&control);
                forget_old(&control).await;
            }
            _ = notes.tick() => control.note_sessions(NOTES_AT_ONCE).await,
        }
    }
    control.cancel_operations(CLEAN_UP).await;
    for last in control.sessions().stop() {
        note(&control, &last).await;
    }
    control.finish_recordings(CLEAN_UP).await;
    // It keeps the last points of its own accord, within the store's patience.
    let _ = history.await;
    if let Some(commands) = commands {
        let _ = commands.await;
    }
}

/// Keeps which commands are run, until `shutdown`, and what waits then.
async fn keep_commands(control: Control, mut heard: mpsc::Receiver<CommandNote>, shutdown: CancellationToken) {
    let mut notes = Vec::new();
    loop {
        let count = tokio::select! {
            count = heard.recv_many(&mut notes, TOGETHER) => count,
            () = shutdown.cancelled() => {
                heard.close();
                heard.recv_many(&mut notes, TOGETHER).await
            }
        };
        if count == 0 {
            return;
        }
        if let Err(error) = control.note_commands(&std::mem::take(&mut notes)).await {
            tracing::warn!(%error, "commands of sessions can't be kept");
        }
    }
}

/// Looks at what containers use, until `shutdown`, and then keeps the last of it.
async fn observe(control: Control, shutdown: CancellationToken) {
    let mut looks = tokio::time::interval(STATS);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let noted = tokio::select! {
            () = shutdown.cancelled() => break,
            _ = looks.tick() => control.note_stats().await,
        };
        if let Err(error) = noted {
            tracing::warn!(%error, "what containers use can't be kept");
        }
    }
    if let Err(error) = control.keep_stats().await {
        tracing::warn!(%error, "what containers used last can't be kept");
    }
}

/// Removes what nothing uses any more, until `shutdown`. Not while the sessions of the server before are being reached: the first time is after a while.
async fn collect(control: Control, shutdown: CancellationToken) {
    let mut collections = tokio::time::interval_at(Instant::now() + COLLECT / 12, COLLECT);
    collections.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = collections.tick() => {
                if let Err(error) = control.collect_images().await {
                    tracing::debug!(%error, "images that nothing uses can't be looked for");
                }
            }
        }
    }
}

/// Makes small what is quiet, until `shutdown`. Pictures of many screens take a while, so this has a thread of its own.
async fn fold(control: Control, shutdown: CancellationToken) {
    let mut folds = tokio::time::interval(NOTES);
    folds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut given_back = Instant::now();
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            now = folds.tick() => {
                let due = now.duration_since(given_back) >= GIVE_BACK;
                if due {
                    given_back = now;
                }
                let sessions = control.sessions().clone();
                let folding = tokio::task::spawn_blocking(move || {
                    sessions.fold_quiet();
                    if due {
                        sessions.give_back_memory();
                    }
                });
                if let Err(error) = folding.await {
                    tracing::warn!(%error, "quiet sessions can't be folded");
                }
            }
        }
    }
}

/// What servers before this one have left: intents without an end, sessions that lived in them.
async fn adopt(control: &Control) {
    let store = &control.parts().store;
    match store.sweep_audit(control.started_at()).await {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "actions of a server before this one have no known end"),
        Err(error) => tracing::warn!(%error, "the audit can't be swept"),
    }
    let rows = match store.list_session_rows().await {
        Ok(rows) => rows,
        Err(error) => {
            tracing::warn!(%error, "the sessions of the server before can't be read");
            return;
        }
    };
    for row in rows {
        let mut session = row.session;
        if session.state == SessionState::Live
            && let Some(held) = &row.held
        {
            match control.adopt_session(&session, held, row.snapshot.clone().unwrap_or_default()).await {
                Ok(()) => continue,
                Err(error) => tracing::warn!(%error, session = %session.id, "a session can't be gone on with"),
            }
        }
        if session.state == SessionState::Live {
            session.state = SessionState::Ended;
            session.viewers = 0;
            let (final_offset, at) = (session.head_offset, Timestamp::now());
            session.exit = Some(SessionExit { reason: ExitReason::Lost, code: None, final_offset, at });
            note(control, &Ended { session: session.clone(), snapshot: Vec::new(), held: None, release: None }).await;
        }
        control.sessions().adopt_ended(&session, row.snapshot.as_deref().unwrap_or_default());
    }
}

/// Takes in what the engine's watcher tells. Never waits, so that news are told without delay.
fn heard(control: &Control, event: EngineEvent) {
    control.engine_event(&event);
    match event {
        EngineEvent::Listed(all) => {
            for container in all {
                seen(control, container);
            }
            clear_leftovers(control);
        }
        EngineEvent::Changed(container) => seen(control, *container),
        EngineEvent::Removed { id, .. } => {
            control.sessions().container_stopped(&id, None, None);
            let control = control.clone();
            tokio::spawn(async move {
                if let Err(error) = control.forget_stats_of(&id).await {
                    tracing::warn!(%error, "the stats of a container that is gone can't be forgotten");
                }
            });
        }
        EngineEvent::Stock { .. } => {}
        EngineEvent::Lost { detail } => tracing::warn!(detail, "the engine is lost"),
        EngineEvent::Back(info) => {
            tracing::info!(version = info.version, address = info.address, "the engine answers");
            let engine = control.parts().engine.clone();
            tokio::spawn(async move {
                // Not while the sessions of the server before are being reached, and not so soon that it matters.
                tokio::time::sleep(SWEEP).await;
                if let Err(error) = engine.remove_old_holders().await {
                    tracing::debug!(%error, "old session holders can't be looked for");
                }
            });
        }
    }
}

fn seen(control: &Control, container: Container) {
    match container.state {
        ContainerState::Running => {
            let control = control.clone();
            tokio::spawn(async move { control.watch_main_again(&container).await });
        }
        ContainerState::Exited | ContainerState::Dead => {
            let reason = container.oom_killed.then_some(ExitReason::OomKilled);
            control.sessions().container_stopped(&container.id, reason, container.finished_at);
        }
        ContainerState::Created | ContainerState::Paused | ContainerState::Restarting | ContainerState::Removing => {}
    }
}

async fn ended(control: &Control, end: Ended) {
    note(control, &end).await;
    // A main program may have been started again while the end of its last run was still being looked at.
    if end.session.kind == SessionKind::Main {
        let control = control.clone();
        tokio::spawn(async move {
            tokio::time::sleep(AGAIN).await;
            if let Ok(container) = control.parts().engine.inspect(end.session.container.as_str()).await
                && container.state == ContainerState::Running
            {
                control.watch_main_again(&container).await;
            }
        });
    }
}

async fn note(control: &Control, end: &Ended) {
    // A session of a failed launch is forgotten before its end is told.
    if control.sessions().find(end.session.id.as_str()).is_none() && end.session.exit.as_ref().is_none_or(|exit| exit.reason != ExitReason::Lost) {
        return;
    }
    let snapshot = (!end.snapshot.is_empty()).then_some(end.snapshot.as_slice());
    if let Err(error) = control.parts().store.save_session(&end.session, end.held.as_ref(), snapshot).await {
        tracing::warn!(%error, session = %end.session.id, "a session's end can't be noted");
    }
}

/// Removes what failed launches have left, beside everything else: the engine may take its time.
fn clear_leftovers(control: &Control) {
    let control = control.clone();
    tokio::spawn(async move { control.clear_leftovers().await });
}

async fn forget_old(control: &Control) {
    control.tidy_recordings().await;
    control.tidy_uploads().await;
    if let Err(error) = control.forget_old_commands().await {
        tracing::warn!(%error, "old commands of sessions can't be forgotten");
    }
    let hours = control.settings().retention.ended_sessions_hours;
    for id in control.sessions().forget_old(Duration::from_secs(u64::from(hours) * 3600)) {
        control.forget_session(&id).await;
    }
    let stats = control.settings().retention.stats_days;
    let old = Timestamp::now() - jiff::SignedDuration::from_hours(24 * i64::from(stats));
    if let Err(error) = control.parts().store.forget_stats(old).await {
        tracing::warn!(%error, "old stats can't be forgotten");
    }
    let days = control.settings().retention.audit_days;
    if days > 0 {
        let cutoff = Timestamp::now() - jiff::SignedDuration::from_hours(24 * i64::from(days));
        if let Err(error) = control.parts().store.forget_audit(cutoff).await {
            tracing::warn!(%error, "old rows of the audit can't be forgotten");
        }
    }
}
