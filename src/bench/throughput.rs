//! `cto bench throughput`: how fast a program in a container can print.
use super::Options;
use super::Progress;
use super::echo::ready;
use super::line::Line;
use super::line::find;
use super::report::Figures;
use super::report::Report;
use super::stage::SIZE;
use super::stage::Stage;
use super::stage::shell;
use super::tmux::Tmux;
use crate::error::Error;
use crate::error::Result;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

/// Prints the files that it is told to, and how many nanoseconds each took: `file token` in, `DONE-token nanoseconds;` at the end.
const PRINTER: &str = r#"stty -echo; printf RE%s ADY
while read -r file token; do s=$(date +%s%N); cat "$file"; e=$(date +%s%N); printf '\nDO%s-%s %s;' NE "$token" $((e-s)); done"#;
/// What is printed: short lines of numbers, and coloured lines of a hundred characters.
const WORKS: [&str; 2] = ["seq", "log"];
/// How long one file may take.
const LIMIT: Duration = Duration::from_secs(120);

/// The script that makes both files in a directory.
fn make_files(dir: &str, bytes: u64) -> String {
    let log = r#"BEGIN { for (i = 0; ; i++) printf "\033[32m2026-01-15T12:00:%02d.%03dZ\033[0m \033[1;34mINFO\033[0m \033[36mworker-%02d\033[0m request %08d took %5d us, answered with 200 to 10.0.0.%03d\n", i/1000%60, i%1000, i%16, i, i%99999, i%256 }"#;
    format!("seq 1 99999999 | head -c {bytes} >{dir}/bench-seq.txt; awk '{log}' | head -c {bytes} >{dir}/bench-log.txt; printf RE%s ADY; exec sleep 1d")
}

/// What one printing took.
struct Printed {
    /// As the client sees it, until the end is there.
    client: Duration,
    /// As the program sees it.
    program: Duration,
}

/// Lets the program behind `line` print a file.
async fn print(line: &mut Line, dir: &str, work: &str, token: &str) -> Result<Printed> {
    let begun = Instant::now();
    line.send(format!("{dir}/bench-{work}.txt {token}\n").as_bytes()).await?;
    let marker = format!("DONE-{token} ");
    let mut end = line.wait_for_end(marker.as_bytes(), LIMIT).await?;
    let client = begun.elapsed();
    // The number may come a piece later.
    while let Some(at) = find(&end, marker.as_bytes()) {
        let rest = &end[at + marker.len()..];
        if let Some(stop) = rest.iter().position(|byte| *byte == b';') {
            let nanos = std::str::from_utf8(&rest[..stop]).ok().and_then(|text| text.parse().ok());
            let nanos = nanos.ok_or_else(|| Error::internal("the program did not say how long it took"))?;
            return Ok(Printed { client, program: Duration::from_nanos(nanos) });
        }
        let mut more = Vec::new();
        line.read(&mut more).await?;
        end.extend_from_slice(&more);
    }
    Err(Error::internal("the program did not say how long it took"))
}

pub(super) async fn run(stage: &Stage, options: &Options, progress: Progress<'_>) -> Result<Report> {
    let rounds = options.rounds(3, 1);
    let bytes: u64 = options.pick(100_000_000, 1_000_000);
    let container = stage.container("throughput").await?;
    progress("throughput: making the files");
    let maker = stage.session(&container, &make_files("/tmp", bytes)).await?;
    drop(ready(&stage.pane(maker)).await?);
    let session = stage.session(&container, PRINTER).await?;
    let live = stage.session(&container, PRINTER).await?;
    let (docker, docker_is) = stage.docker_exec(&container, PRINTER).await;
    let here = stage.home.display().to_string();
    let tmux = match Tmux::find(&stage.home).await {
        Ok(tmux) => make_here(&stage.home, &make_files(&here, bytes)).await.map(|()| tmux),
        Err(reason) => Err(reason),
    };
    let mut lines = vec![(ready(&stage.lossless(session)).await?, "/tmp"), (ready(&docker).await?, "/tmp"), (ready(&stage.pane(live)).await?, "/tmp")];
    lines[2].0.draw(SIZE, 2000);
    if let Ok(tmux) = &tmux {
        tmux.start(PRINTER).await?;
        lines.push((ready(&tmux.attach()).await?, &here));
    }
    let mut measured: Vec<Vec<Figures>> = vec![Vec::new(); lines.len()];
    for round in 0..rounds {
        let mut figures = vec![Vec::new(); lines.len()];
        for work in WORKS {
            for (side, (line, dir)) in lines.iter_mut().enumerate() {
                let printed = print(line, dir, work, &format!("{round}-{side}")).await?;
                let rate = |took: Duration| mega(bytes) / took.as_secs_f64().max(1e-9);
                figures[side].push((work.to_owned(), rate(printed.client)));
                figures[side].push((format!("{work}_program"), rate(printed.program)));
            }
            progress(&format!("throughput: {work}, round {} of {rounds}", round + 1));
        }
        for (figures, measured) in figures.into_iter().zip(&mut measured) {
            measured.push(Figures::of(figures));
        }
    }
    let missed = lines[2].0.missed();
    let mut medians = measured.iter().map(|rounds| Figures::medians(rounds));
    let mut next = || medians.next().unwrap_or_default();
    let (cto, rival, pane) = (next(), next(), next());
    let (tmux_is, tmux_figures) = match tmux {
        Ok(tmux) => (tmux.is.clone(), Ok(next())),
        Err(reason) => ("tmux".to_owned(), Err(reason)),
    };
    let share = mega(missed) / (mega(bytes) * f64::from(rounds) * 2.0);
    let report = Report::new("throughput", "MB/s", cto)
        .against(docker_is, Ok(rival), None)
        .beside("cto as a pane: live, drawn by the client too".to_owned(), Ok(pane))
        .beside(tmux_is, tmux_figures)
        .note(format!("{} MB of each kind a round and side; medians of {rounds} rounds in turn", mega(bytes)))
        .note(format!("the pane was spared {:.0} % of the bytes by snapshots; every other reader got all of them, but for tmux's", share * 100.0))
        .note("'_program' is the rate that the program itself saw");
    Ok(report.higher_is_better().rounds(rounds))
}

/// Makes the same files on this machine, for a program without a container.
async fn make_here(home: &Path, script: &str) -> std::result::Result<(), String> {
    let script = script.replace("exec sleep 1d", "exit 0");
    let words = shell(&script);
    let making =
        tokio::process::Command::new(&words[0]).args(&words[1..]).current_dir(home).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).output();
    match tokio::time::timeout(LIMIT, making).await {
        Ok(Ok(output)) if output.status.success() => Ok(()),
        _ => Err("the files can't be made on this machine".to_owned()),
    }
}

#[expect(clippy::cast_precision_loss, reason = "sizes of files are far below 2^53")]
fn mega(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
