//! `cto bench sessions`: what sessions cost the server that have printed 2,000 lines and are silent and unwatched.
use super::Options;
use super::Progress;
use super::machine::Memory;
use super::machine::cpu_time;
use super::report::Figures;
use super::report::Report;
use super::report::Step;
use super::stage::Stage;
use super::tmux::Tmux;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Container;
use crate::model::ListQuery;
use crate::model::ListSessions;
use crate::model::Page;
use crate::model::Session;
use crate::model::SessionKind;
use futures_util::StreamExt as _;
use std::time::Duration;
use std::time::Instant;

/// What each prints.
const LINES: u64 = 2000;
/// The program of a session: a terminal's worth of lines, many times over, and then nothing.
const PRINTED: &str = r#"seq -f 'line %06g of what this session has printed' 1 2000; exec sleep 1d"#;
/// Bytes that it prints at least.
const BYTES: u64 = LINES * 40;
/// Sessions of one container.
const PER_CONTAINER: u32 = 100;
/// Sessions that are opened at once.
const AT_ONCE: usize = 4;
/// How long opening one may take on average.
const EACH: Duration = Duration::from_secs(2);

/// Memory and processor of one process.
struct Cost {
    memory: Memory,
    cpu_percent: f64,
}

/// Looks at processes for a while.
async fn cost(pids: &[u32], window: Duration) -> Result<Vec<Cost>> {
    let gone = || Error::internal("a process that was to be measured is gone, or may not be looked at");
    let before: Option<Vec<Duration>> = pids.iter().map(|pid| cpu_time(*pid)).collect();
    let begun = Instant::now();
    tokio::time::sleep(window).await;
    let elapsed = begun.elapsed().as_secs_f64();
    let costs = pids.iter().zip(before.ok_or_else(gone)?).map(|(pid, before)| {
        let used = cpu_time(*pid)?.saturating_sub(before);
        Some(Cost { memory: Memory::of(*pid)?, cpu_percent: used.as_secs_f64() / elapsed * 100.0 })
    });
    costs.collect::<Option<Vec<Cost>>>().ok_or_else(gone)
}

/// A cost as figures: memory in KiB, by session where there are some.
fn figures(cost: &Cost, base: &Memory, sessions: u32) -> Figures {
    let each = |now: f64, before: f64| (now - before) / f64::from(sessions.max(1));
    Figures::of([
        ("pss", cost.memory.pss),
        ("private", cost.memory.private),
        ("pss_per_session", each(cost.memory.pss, base.pss)),
        ("private_per_session", each(cost.memory.private, base.private)),
        ("cpu_percent", cost.cpu_percent),
    ])
}

pub(super) async fn run(stage: &Stage, options: &Options, progress: Progress<'_>) -> Result<Report> {
    let counts: &[u32] = options.pick(&[1, 50, 200, 1000], &[1, 4]);
    let settle = options.pick(Duration::from_secs(75), Duration::from_millis(200));
    let window = options.pick(Duration::from_secs(15), Duration::from_millis(500));
    progress("sessions: the server settles");
    tokio::time::sleep(options.pick(Duration::from_secs(60), settle)).await;
    let tmux = Tmux::find(&stage.home).await;
    let mut pids = vec![stage.pid];
    if let Ok(tmux) = &tmux {
        tmux.start("exec sleep 1d").await?;
        pids.push(tmux.pid().await?);
    }
    let base: Vec<Memory> = cost(&pids, window).await?.iter().map(|cost| cost.memory).collect();
    let mut containers: Vec<Container> = Vec::new();
    let mut open = 0;
    let mut steps = Vec::new();
    for &count in counts {
        while containers.len() * (PER_CONTAINER as usize) < count as usize {
            containers.push(stage.container(&format!("sessions-{}", containers.len())).await?);
        }
        progress(&format!("sessions: opening {count}"));
        let opening = (open..count).map(|number| {
            let container = &containers[(number / PER_CONTAINER) as usize];
            stage.session(container, PRINTED)
        });
        let mut opening = futures_util::stream::iter(opening).buffer_unordered(AT_ONCE);
        while let Some(opened) = opening.next().await {
            opened?;
            open += 1;
        }
        if let Ok(tmux) = &tmux {
            let known = steps.last().map_or(0, |step: &Step| step.sessions);
            for _ in known..count {
                tmux.run(&["new-window", "-d", "-t", "bench:", PRINTED]).await?;
            }
        }
        all_printed(stage, count).await?;
        progress(&format!("sessions: {count} settle"));
        tokio::time::sleep(settle).await;
        let costs = cost(&pids, window).await?;
        let mut each = costs.iter().zip(&base).map(|(cost, base)| figures(cost, base, count));
        steps.push(Step { sessions: count, cto: each.next().unwrap_or_default(), rival: each.next() });
    }
    let last = steps.last().ok_or_else(|| Error::internal("no step was measured"))?;
    let mut bases = base.iter().map(|base| ("base_pss", base.pss));
    let mut with_base = |figures: &Figures| Figures::of(bases.next().into_iter().chain(figures.iter()));
    let cto = with_base(&last.cto);
    let (rival_is, rival) = match (&tmux, &last.rival) {
        (Ok(tmux), Some(rival)) => (format!("windows of one {}", tmux.is), Ok(with_base(rival))),
        (Err(reason), _) => ("tmux".to_owned(), Err(reason.clone())),
        (Ok(_), None) => ("tmux".to_owned(), Err("it was not measured".to_owned())),
    };
    let report = Report::new("sessions", "KiB", cto)
        .against(rival_is, rival, None)
        .note(format!("each session has printed {LINES} lines and was then silent and unwatched for {settle:?}; figures are those of the last step"))
        .note("'per_session' is what the server has more than before the first container; 'cpu_percent' is of one core");
    Ok(report.with_steps(steps).rounds(1))
}

/// Waits until so many sessions have printed all that they will.
async fn all_printed(stage: &Stage, count: u32) -> Result<()> {
    let deadline = Instant::now() + EACH * count + Duration::from_secs(30);
    loop {
        let mut query = ListQuery { limit: Some(500), ..ListQuery::default() };
        let mut done = 0;
        loop {
            let page: Page<Session> = stage.client.call::<ListSessions>(&[], &query).await?;
            done += page.items.iter().filter(|session| session.kind == SessionKind::Exec && session.head_offset >= BYTES).count();
            match page.next_cursor {
                Some(cursor) => query.cursor = Some(cursor),
                None => break,
            }
        }
        if done >= count as usize {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(Error::new(Code::TimedOut, format!("only {done} of {count} sessions have printed their lines")));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
