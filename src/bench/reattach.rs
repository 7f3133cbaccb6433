//! `cto bench reattach`: from asking for a session to seeing its screen, with 2,000 lines above it.
use super::Options;
use super::Progress;
use super::Times;
use super::line::Way;
use super::report::Figures;
use super::report::Report;
use super::stage::PATIENCE;
use super::stage::SIZE;
use super::stage::Stage;
use super::tmux::Tmux;
use crate::error::Result;
use crate::term::Screen;
use std::time::Duration;
use std::time::Instant;

/// Prints 2,000 lines and then the one that is looked for, which no blank divides.
const PRINTED: &str =
    r#"i=0; while [ $i -lt 2000 ]; do i=$((i+1)); printf 'line %d of what this session has printed before\n' $i; done; printf 'LAST-LI%s' NE; exec sleep 1d"#;
const LAST: &[u8] = b"LAST-LINE";

/// Attaches, waits for the last line and goes away again.
async fn time(way: &Way) -> Result<Duration> {
    let begun = Instant::now();
    let mut line = way.open().await?;
    line.wait_for(LAST, PATIENCE).await?;
    Ok(begun.elapsed())
}

/// Attaches as a pane does, and draws the snapshot.
async fn draw(way: &Way) -> Result<Duration> {
    let begun = Instant::now();
    let snapshot = way.open().await?.wait_for(LAST, PATIENCE).await?;
    let mut screen = Screen::new(SIZE, 2000);
    screen.feed(&snapshot);
    Ok(begun.elapsed())
}

pub(super) async fn run(stage: &Stage, options: &Options, progress: Progress<'_>) -> Result<Report> {
    let rounds = options.rounds(30, 2);
    let container = stage.container("reattach").await?;
    let session = stage.session(&container, PRINTED).await?;
    let pane = stage.pane(session.clone());
    // The program is done when its last line is there.
    time(&pane).await?;
    let attach = stage.cto(&["attach", session.as_str()]);
    let tmux = Tmux::find(&stage.home).await;
    if let Ok(tmux) = &tmux {
        tmux.start(PRINTED).await?;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let (mut ours, mut drawn, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=rounds {
        let took = (time(&attach).await?, draw(&pane).await?);
        let rival = match &tmux {
            Ok(tmux) => Some(time(&tmux.attach()).await?),
            Err(_) => None,
        };
        // Round 0 warms caches on both sides and is not counted.
        if round > 0 {
            ours.push(took.0);
            drawn.push(took.1);
            theirs.extend(rival);
        }
        progress(&format!("reattach: round {round} of {rounds}"));
    }
    let figures = |times| {
        let Times { p50, p99, .. } = Times::of(times);
        [("p50", p50), ("p99", p99)]
    };
    let snapshot = Times::of(drawn);
    let cto = Figures::of(figures(ours).into_iter().chain([("snapshot_p50", snapshot.p50), ("snapshot_p99", snapshot.p99)]));
    let (rival_is, rival) = match tmux {
        Ok(tmux) => (format!("tmux attach ({})", tmux.is), Ok(Figures::of(figures(theirs)))),
        Err(reason) => ("tmux attach".to_owned(), Err(reason)),
    };
    Ok(Report::new("reattach", "ms", cto)
        .against(rival_is, rival, Some("p50"))
        .beside("docker exec -it".to_owned(), Err("an exec can't be attached to again".to_owned()))
        .note("from starting 'cto attach' and 'tmux attach' on a terminal until the last line is there; the pane of cto has the 2,000 lines too")
        .note("'snapshot' is the same without the start of a program: connect, attach, draw")
        .rounds(rounds))
}
