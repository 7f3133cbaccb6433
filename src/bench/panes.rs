//! `cto bench panes`: an echo in one of nine panes while programs flood the eight others, beside tmux with the same programs.
use super::Options;
use super::Progress;
use super::Times;
use super::echo::CAT;
use super::echo::ready;
use super::frame::SIZE;
use super::line::Way;
use super::line::echoes_of;
use super::line::find;
use super::machine::cpu_time;
use super::machine::with_children;
use super::report::Figures;
use super::report::Report;
use super::stage::Stage;
use super::tmux::Tmux;
use crate::error::Error;
use crate::error::Result;
use crate::model::CloseSession;
use crate::model::Container;
use crate::model::Empty;
use crate::model::PutLayout;
use crate::model::SaveLayout;
use crate::model::SessionId;
use crate::tui::layout::Axis;
use crate::tui::layout::Ready;
use crate::tui::layout::Tree;
use crate::tui::parts::saved::SavedPane;
use crate::tui::parts::saved::SavedTab;
use crate::tui::parts::saved::SavedWorkspace;
use crate::tui::parts::terminal::Origin;
use crate::tui::parts::terminal::Shows;
use std::time::Duration;
use std::time::Instant;

/// Panes in all; one of them is typed in.
const PANES: usize = 9;
/// What fills the others.
const FLOOD: &str = "exec yes";
/// None that the flood prints; seven, as `line` says why.
const KEYS: &[u8] = b"jkvwzqx";
/// Between two keys.
const GAP: Duration = Duration::from_millis(5);
/// The layout's name.
const LAYOUT: &str = "panes";
/// What a frame that is drawn at once begins and ends with.
const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";

pub(super) async fn run(stage: &Stage, options: &Options, progress: Progress<'_>) -> Result<Report> {
    let rounds = options.rounds(5, 1);
    let keys = options.pick(300, 5);
    let asked = stage.container("asked").await?;
    let (docker, docker_is) = stage.docker_exec(&asked, CAT).await;
    let tmux = match &docker {
        Way::Program { .. } => Tmux::find(&stage.home).await,
        _ => Err("no docker program here to run in its panes".to_owned()),
    };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        // A container for each: an exec whose client is gone goes on in its container.
        let container = stage.container(&format!("cto-{round}")).await?;
        let figures = in_cto(stage, &container, keys).await;
        stage.engine.remove(&container.id, true).await?;
        ours.push(figures?);
        if let Ok(tmux) = &tmux {
            let container = stage.container(&format!("tmux-{round}")).await?;
            let figures = in_tmux(stage, tmux, &container, keys).await;
            stage.engine.remove(&container.id, true).await?;
            theirs.push(figures?);
        }
        progress(&format!("panes: round {} of {rounds}", round + 1));
    }
    let (tmux_is, rival) = match &tmux {
        Ok(tmux) => (format!("{}, {docker_is} in each pane", tmux.version), Ok(Figures::medians(&theirs))),
        Err(reason) => ("tmux".to_owned(), Err(reason.clone())),
    };
    let cto = Figures::medians(&ours);
    Ok(Report::new("panes", "ms", cto)
        .against(tmux_is, rival, None)
        .note(format!("{PANES} panes on {}x{}, {} of them with 'yes'; {keys} keys a round and side; medians of {rounds} rounds in turn", SIZE.cols, SIZE.rows, PANES - 1))
        .note("'cpu' is in percent of a core: client and server, for tmux with the docker programs in its panes; 'frames' are frames a second that are drawn at once, 'torn' bytes outside of them")
        .rounds(rounds))
}

/// What the programs in the panes are.
fn scripts() -> [&'static str; PANES] {
    let mut all = [FLOOD; PANES];
    all[0] = CAT;
    all
}

async fn in_cto(stage: &Stage, container: &Container, keys: u32) -> Result<Figures> {
    let mut sessions = Vec::new();
    for script in scripts() {
        sessions.push(stage.session(container, script).await?);
    }
    let save = SaveLayout { replaces: None, data: serde_json::json!({ "v": 1, "work": nine(container, &sessions) }) };
    stage.client.call::<PutLayout>(&[LAYOUT], &save).await?;
    let measured = measured(&stage.cto_on(&["layout", "open", LAYOUT], SIZE), Some(stage.pid), keys).await;
    for session in sessions {
        stage.client.call::<CloseSession>(&[session.as_str()], &Empty {}).await?;
    }
    measured
}

/// Rows and columns of panes, one for each session.
fn nine(container: &Container, sessions: &[SessionId]) -> SavedWorkspace {
    let mut tree = Tree::Pane(0);
    (1..sessions.len()).for_each(|place| tree.split(0, Axis::Right, place));
    // They lie from the upper left to the lower right in any order: the first is found by its number.
    let tree = tree.arranged(Ready::Tiled);
    let focus = tree.panes().iter().position(|place| *place == 0).unwrap_or(0);
    let origin = Origin { container: container.id.clone(), name: container.name.clone(), shows: Shows::Shell, more: Vec::new() };
    let tree = tree.filter_map(&mut |place: usize| Some(SavedPane { origin: origin.clone(), session: sessions.get(place).cloned(), called: None }));
    let tabs = tree.map(|tree| SavedTab { name: None, tree, focus, zoomed: false, floating: None }).into_iter().collect();
    SavedWorkspace { tabs, active: 0 }
}

async fn in_tmux(stage: &Stage, tmux: &Tmux, container: &Container, keys: u32) -> Result<Figures> {
    let mut programs = Vec::new();
    for script in scripts() {
        match stage.docker_exec(container, script).await.0 {
            Way::Program { arguments, .. } => programs.push(arguments),
            _ => return Err(Error::internal("there is no docker program any more")),
        }
    }
    tmux.start_panes(&programs, SIZE).await?;
    let measured = measured(&tmux.attach_on(SIZE), Some(tmux.pid().await?), keys).await;
    tmux.end().await;
    measured
}

/// Types into what shows READY; `server` is the process behind it.
async fn measured(way: &Way, server: Option<u32>, keys: u32) -> Result<Figures> {
    let mut line = ready(way).await?;
    let spent = || -> Duration { line_processes(line.pid(), server).into_iter().filter_map(cpu_time).sum() };
    let before = spent();
    let begun = Instant::now();
    let mut heard = Vec::new();
    let times = echoes_of(&mut line, KEYS, keys, GAP, &mut |bytes| heard.extend_from_slice(bytes)).await?;
    let passed = begun.elapsed().as_secs_f64();
    let spent = line_processes(line.pid(), server).into_iter().filter_map(cpu_time).sum::<Duration>().saturating_sub(before);
    let Times { p50, p99, .. } = Times::of(times);
    let (frames, outside) = frames(&heard);
    #[expect(clippy::cast_precision_loss, reason = "a few millions")]
    let (frames, outside, bytes) = (frames as f64, outside as f64, heard.len() as f64);
    Ok(Figures::of([
        ("p50", p50),
        ("p99", p99),
        ("cpu", spent.as_secs_f64() / passed * 100.0),
        ("frames", frames / passed),
        ("torn", outside),
        ("bytes_per_second", bytes / passed),
    ]))
}

/// Client and server, with the programs that they have begun.
fn line_processes(client: Option<u32>, server: Option<u32>) -> Vec<u32> {
    let mut all: Vec<u32> = [client, server].into_iter().flatten().flat_map(with_children).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Whole frames that are drawn at once, and bytes between the first and the last of them that belong to none.
fn frames(mut bytes: &[u8]) -> (usize, usize) {
    let (mut frames, mut outside) = (0, 0);
    let Some(first) = find(bytes, BEGIN) else { return (0, 0) };
    bytes = &bytes[first..];
    while let Some(begin) = find(bytes, BEGIN) {
        outside += begin;
        let Some(end) = find(&bytes[begin..], END) else { break };
        frames += 1;
        bytes = &bytes[begin + end + END.len()..];
    }
    (frames, outside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_counted_and_what_lies_between_them() {
        assert_eq!(frames(b"tail\x1b[?2026hone\x1b[?2026l\x1b[?2026htwo\x1b[?2026lxyz\x1b[?2026hthr"), (2, 3));
        assert_eq!(frames(b"nothing of the kind"), (0, 0));
    }
}
