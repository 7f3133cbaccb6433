//! `cto bench watch`: what it costs to leave the client open beside 50 containers, beside lazydocker, oxker and ducker.
use super::Options;
use super::Progress;
use super::machine::Memory;
use super::machine::cpu_time;
use super::machine::find_program;
use super::machine::with_children;
use super::millis;
use super::pty::Pty;
use super::report::Figures;
use super::report::Report;
use super::stage::Stage;
use super::stage::said;
use super::stats::engine_pid;
use super::stats::engine_processes;
use super::stats::idle_containers;
use crate::error::Error;
use crate::error::Result;
use crate::model::PutLayout;
use crate::model::SaveLayout;
use crate::model::Size;
use crate::term::Screen;
use crate::tui::effects::LAYOUT;
use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;

/// High enough for the list of all containers in each of the programs.
const SIZE: Size = Size { cols: 200, rows: 60 };
/// The rivals; the first is the one that is compared with.
const RIVALS: [&str; 3] = ["oxker", "lazydocker", "ducker"];

/// A program and how it is begun.
struct Program {
    arguments: Vec<String>,
    /// Its version, for the report.
    is: String,
    /// The server behind it.
    server: Option<u32>,
}

pub(super) async fn run(stage: &Stage, options: &Options, progress: Progress<'_>) -> Result<Report> {
    let count = options.pick(50, 3);
    let window = options.pick(Duration::from_secs(20), Duration::from_secs(2));
    let settle = options.pick(Duration::from_secs(8), Duration::from_secs(3));
    let rounds = options.rounds(3, 1);
    // Before anything is launched: an engine elsewhere can not be measured.
    let engine = engine_pid(stage)?;
    progress(&format!("watch: launching {count} containers"));
    idle_containers(stage, count).await?;
    // The table, as the rivals have one.
    let kept = serde_json::json!({ "v": 1, "view": "home", "work": {}, "home": { "table": true } });
    stage.client.call::<PutLayout>(&[LAYOUT], &SaveLayout { replaces: None, data: kept }).await?;
    progress("watch: the machine settles");
    tokio::time::sleep(options.pick(Duration::from_secs(15), Duration::ZERO)).await;
    let mut programs = vec![cto(stage)];
    let mut missing = Vec::new();
    for name in RIVALS {
        match find_program(name) {
            Some(path) => programs.push(rival(&path).await),
            None => missing.push(name),
        }
    }
    let mut measured: Vec<Vec<Figures>> = vec![Vec::new(); programs.len()];
    for round in 0..rounds {
        for (program, measured) in programs.iter().zip(&mut measured) {
            progress(&format!("watch: round {} of {rounds}, {}", round + 1, program.is));
            let idle = spent(&engine_processes(engine), window).await;
            measured.push(watched(stage, program, engine, idle, settle, window).await?);
        }
    }
    let mut medians = programs.iter().zip(&measured).map(|(program, rounds)| (program.is.clone(), Figures::medians(rounds)));
    let (_, ours) = medians.next().ok_or_else(|| Error::internal("nothing was measured"))?;
    let mut report = Report::new("watch", "percent of a core", ours);
    let mut compared = false;
    for (is, figures) in medians {
        report = if compared { report.beside(is, Ok(figures)) } else { report.against(is, Ok(figures), None) };
        compared = true;
    }
    if !missing.is_empty() {
        report = report.note(format!("not installed here: {}; scripts/rivals.sh installs them", missing.join(", ")));
    }
    Ok(report
        .note(format!("{count} containers that sleep, on {}x{}; {window:?} a round and side", SIZE.cols, SIZE.rows))
        .note("'cpu' is the program's own, 'engine' what the engine's processes spend above the time before; 'server' is cto's server, which runs all the time")
        .note("'first_screen' in ms: until the screen shows as many containers as it ever does; 'memory' in MiB (PSS)")
        .rounds(rounds))
}

/// cto's own client.
fn cto(stage: &Stage) -> Program {
    Program { arguments: stage.own_words(&[]), is: "cto".to_owned(), server: Some(stage.pid) }
}

async fn rival(path: &Path) -> Program {
    let words = vec![path.display().to_string()];
    let version = said(&[&words[0], "--version"]).await;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let number = version.split(|c: char| c.is_whitespace() || c == ',').find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    Program { arguments: words, is: number.map_or(name.clone(), |number| format!("{name} {number}")), server: None }
}

/// Percent of a core that processes spend in a while; those that end or begin meanwhile count for nothing.
async fn spent(pids: &[u32], window: Duration) -> f64 {
    let before: Vec<Option<Duration>> = pids.iter().map(|pid| cpu_time(*pid)).collect();
    let begun = Instant::now();
    tokio::time::sleep(window).await;
    let passed = begun.elapsed().as_secs_f64();
    let used = pids.iter().zip(before).filter_map(|(pid, before)| Some(cpu_time(*pid)?.saturating_sub(before?)));
    used.sum::<Duration>().as_secs_f64() / passed * 100.0
}

/// Opens a program, lets it settle, and looks at what it costs.
async fn watched(stage: &Stage, program: &Program, engine: u32, idle: f64, settle: Duration, window: Duration) -> Result<Figures> {
    let home = stage.home.as_os_str();
    let variables: [(&str, &OsStr); 2] = [("XDG_CONFIG_HOME", home), ("DOCKER_HOST", stage.health.engine.address.as_ref())];
    let begun = Instant::now();
    let pty = Pty::spawn_with(&program.arguments, SIZE, if program.server.is_some() { &[] } else { &variables })?;
    let mut pieces: Vec<(Duration, Vec<u8>)> = Vec::new();
    listen(&pty, settle, program, |bytes| pieces.push((begun.elapsed(), bytes.to_vec()))).await?;
    let own = pty.pid().map(with_children).unwrap_or_default();
    let server: Vec<u32> = program.server.into_iter().collect();
    let mut bytes = 0;
    let engine = engine_processes(engine);
    let spending = async { tokio::join!(spent(&own, window), spent(&server, window), spent(&engine, window)) };
    let (spending, heard) = tokio::join!(spending, listen(&pty, window, program, |piece| bytes += piece.len()));
    heard?;
    let (cpu, server_cpu, engine) = spending;
    let memory = |pids: &[u32]| pids.iter().filter_map(|pid| Memory::of(*pid)).map(|memory| memory.pss).sum::<f64>() / 1024.0;
    let (first_screen, containers) = first_screen(&pieces, &stage.name(""));
    #[expect(clippy::cast_precision_loss, reason = "a few millions at most")]
    let (bytes, containers) = (bytes as f64, containers as f64);
    let mut figures = vec![
        ("first_screen", millis(&first_screen)),
        ("cpu", cpu),
        ("engine", (engine - idle).max(0.0)),
        ("memory", memory(&own)),
        ("bytes_per_second", bytes / window.as_secs_f64()),
        ("containers_shown", containers),
    ];
    if program.server.is_some() {
        figures.extend([("server", server_cpu), ("server_memory", memory(&server))]);
    }
    Ok(Figures::of(figures))
}

/// Takes what a program prints for so long.
async fn listen(pty: &Pty, window: Duration, program: &Program, mut heard: impl FnMut(&[u8])) -> Result<()> {
    let mut piece = Vec::new();
    let reading = async {
        while pty.read(&mut piece).await? {
            heard(&piece);
        }
        Err(Error::internal(format!("'{}' has ended early", program.is)))
    };
    tokio::time::timeout(window, reading).await.unwrap_or(Ok(()))
}

/// When the screen showed as many containers as it ever did, and how many these were. Drawn afterwards, so that it does not disturb.
fn first_screen(pieces: &[(Duration, Vec<u8>)], name: &str) -> (Duration, usize) {
    let mut screen = Screen::new(SIZE, 0);
    let (mut when, mut most) = (Duration::ZERO, 0);
    for (at, bytes) in pieces {
        screen.feed(bytes);
        screen.take_replies();
        let shown = screen.text().lines().filter(|line| line.contains(name)).count();
        if shown > most {
            (when, most) = (*at, shown);
        }
    }
    (when, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_is_complete_when_it_shows_the_most_containers_for_the_first_time() {
        let at = Duration::from_millis;
        let pieces = [(at(5), b"loading".to_vec()), (at(9), b"\r\nx-1\r\nx-2".to_vec()), (at(30), b"\x1b[H\x1b[2Jx-1\r\nx-2".to_vec())];
        assert_eq!(first_screen(&pieces, "x-"), (at(9), 2));
        assert_eq!(first_screen(&[], "x-"), (Duration::ZERO, 0));
    }
}
