//! `cto bench script`: what scripts cost beside pexpect, which drives the same programs through `docker exec -it`.
use super::Options;
use super::Progress;
use super::machine;
use super::machine::Memory;
use super::report::Figures;
use super::report::Report;
use super::stage::Stage;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Container;
use crate::model::Empty;
use crate::model::GetRun;
use crate::model::InlineScript;
use crate::model::ParamValue;
use crate::model::Run;
use crate::model::RunState;
use crate::model::StartRun;
use crate::model::StartRunOf;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;
use tokio::process::Command;

/// pexpect's side.
const PEXPECT: &str = include_str!("pexpect.py");
/// Between two keys.
const GAP: Duration = Duration::from_millis(5);
/// How long one side of one round may take.
const LIMIT: Duration = Duration::from_secs(180);

const ROUND_TRIPS: &str = r#"
script { about = "round trips", params = { box = {}, count = { type = "integer" } } }
local term = container(params.box):open({ "sh", "-c", "stty raw -echo; printf RE%s ADY; exec cat" })
term:expect("READY")
local times = {}
for number = 1, params.count do
	local marker = "<m" .. number .. ">"
	local begun = now()
	term:send(marker)
	term:expect(marker)
	table.insert(times, (now() - begun) * 1e6)
end
table.sort(times)
report { p50 = times[params.count // 2], p99 = times[params.count * 99 // 100] }
"#;

const MARKER: &str = r#"
script { about = "a marker at the end", params = { box = {}, file = {}, kind = {}, limit = { type = "integer" } } }
local program = "stty -echo; printf RE%s ADY; read -r go; cat " .. params.file .. "; printf 'MARK%s\n' END; sleep 5"
local term = container(params.box):open({ "sh", "-c", program })
term:expect("READY")
local begun = now()
term:send_line("")
term:expect(if params.kind == "regex" then regex("MARK[A-Z]+\r") else "MARKEND", { timeout = params.limit, window = 2000 })
report { seconds = now() - begun }
"#;

const WAITER: &str = r#"
script { about = "waits", params = { box = {} } }
local term = container(params.box):open({ "sh", "-c", "stty raw -echo; printf RE%s ADY; exec cat" })
term:expect("READY")
term:send("x1y")
term:expect("x1y")
log("there")
report { ready = true }
term:expect("never", { timeout = 600 })
"#;

/// Scripts that only disturb: each would go on for ever.
const HOSTILE: [&str; 4] = [
    "while true do end",
    "while true do pcall(function() local all = {} for n = 1, 100000 do all[n] = string.rep(\"x\", n % 100) end end) end",
    "local function deep(n) return 1 + deep(n + 1) end while true do pcall(deep, 1) end",
    "while true do log(string.rep(\"words \", 100)) end",
];

/// Makes the file that is printed: coloured lines of a hundred characters.
fn make_file(bytes: u64) -> String {
    let line = r#"BEGIN { for (i = 0; ; i++) printf "\033[32m2026-01-15T12:00:%02d.%03dZ\033[0m \033[1;34mINFO\033[0m \033[36mworker-%02d\033[0m request %08d took %5d us, answered with 200 to 10.0.0.%03d\n", i/1000%60, i%1000, i%16, i, i%99999, i%256 }"#;
    format!("awk '{line}' | head -c {bytes} >/tmp/bench-log.txt; printf RE%s ADY; exec sleep 1d")
}

/// Begins a script on the stage's server.
async fn begin(stage: &Stage, source: &str, params: &[(&str, String)]) -> Result<Run> {
    let inline = InlineScript { name: "bench".to_owned(), source: source.to_owned() };
    let params = params.iter().map(|(name, value)| ((*name).to_owned(), ParamValue::Text(value.clone()))).collect();
    stage.client.call::<StartRunOf>(&[], &StartRun { inline: Some(inline), params, ..StartRun::default() }).await
}

async fn get(stage: &Stage, run: &Run) -> Result<Run> {
    stage.client.call::<GetRun>(&[run.id.as_str()], &Empty {}).await
}

/// Runs a script to its end; the numbers that it reports.
async fn measure(stage: &Stage, source: &str, params: &[(&str, String)]) -> Result<Figures> {
    let mut run = begin(stage, source, params).await?;
    let until = Instant::now() + LIMIT;
    while !run.state.is_over() && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(100)).await;
        run = get(stage, &run).await?;
    }
    if run.state != RunState::Succeeded {
        let why = run.error.map_or_else(|| run.state.as_str().to_owned(), |error| error.message);
        return Err(Error::internal(format!("a script of the benchmark's failed: {why}")));
    }
    Ok(Figures::of(run.results.into_iter().filter_map(|(name, value)| Some((name, value.as_f64()?)))))
}

/// pexpect, where it is.
struct Pexpect {
    program: PathBuf,
    docker: Vec<String>,
}

impl Pexpect {
    /// Finds python with pexpect, and docker.
    async fn find(stage: &Stage, container: &Container) -> std::result::Result<(Self, String), String> {
        let docker = machine::find_program("docker").ok_or("there is no docker program here")?;
        let said = Command::new("python3").args(["-c", "import pexpect; print(pexpect.__version__)"]).output().await;
        let said = said.ok().filter(|said| said.status.success()).ok_or("python3 with pexpect is not here: scripts/rivals.sh installs it")?;
        let program = stage.home.join("pexpect-bench.py");
        std::fs::write(&program, PEXPECT).map_err(|error| error.to_string())?;
        let words = [docker.display().to_string(), "-H".to_owned(), stage.health.engine.address.clone(), "exec".to_owned(), "-it".to_owned()];
        let docker = words.into_iter().chain([container.id.to_string()]).collect();
        Ok((Self { program, docker }, format!("pexpect {} through docker exec -it", String::from_utf8_lossy(&said.stdout).trim())))
    }

    async fn measure(&self, words: &[&str]) -> Result<Figures> {
        let running = Command::new("python3").arg(&self.program).args(words).args(&self.docker).kill_on_drop(true).output();
        let failed = |why: String| Error::new(Code::TimedOut, format!("pexpect's side failed: {why}"));
        let done = tokio::time::timeout(LIMIT, running).await.map_err(|_| failed("it took too long".to_owned()))?;
        let done = done.map_err(|error| failed(error.to_string()))?;
        let figures: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&done.stdout)
            .map_err(|_| failed(String::from_utf8_lossy(&done.stderr).lines().last().unwrap_or("it said nothing").to_owned()))?;
        Ok(Figures::of(figures.into_iter().filter_map(|(name, value)| Some((name, value.as_f64()?)))))
    }
}

/// Figures under other names.
fn named(from: &Figures, names: &[(&'static str, &str)], scale: f64) -> Vec<(&'static str, f64)> {
    names.iter().filter_map(|(name, old)| Some((*name, from.get(old)? * scale))).collect()
}

pub(super) async fn run(stage: &Stage, options: &Options, progress: Progress<'_>) -> Result<Report> {
    let rounds = options.rounds(3, 1);
    let trips = options.pick(2_000, 50).to_string();
    let bytes: u64 = options.pick(100_000_000, 1_000_000);
    let many = options.pick(200_usize, 3);
    let container = stage.container("script").await?;
    progress("script: making the file");
    let maker = stage.session(&container, &make_file(bytes)).await?;
    drop(super::echo::ready(&stage.pane(maker)).await?);
    let name = container.name.clone();
    let rival = Pexpect::find(stage, &container).await;
    let megabytes = bytes as f64 / 1e6;
    let (mut own, mut others, mut default_delay) = (Vec::new(), Vec::new(), Vec::new());
    let limit = LIMIT.as_secs() - 10;
    for round in 0..rounds {
        progress(&format!("script: round {} of {rounds}", round + 1));
        let mut cto = Vec::new();
        let mut pexpect = Vec::new();
        let times = measure(stage, ROUND_TRIPS, &[("box", name.clone()), ("count", trips.clone())]).await?;
        cto.extend(named(&times, &[("round_trip_p50_us", "p50"), ("round_trip_p99_us", "p99")], 1.0));
        if let Ok((rival, _)) = &rival {
            let times = rival.measure(&["rtt", &trips, "none"]).await?;
            pexpect.extend(named(&times, &[("round_trip_p50_us", "p50"), ("round_trip_p99_us", "p99")], 1.0));
            if round == 0 {
                let few = options.pick("100", "10");
                default_delay = named(&rival.measure(&["rtt", few, "default"]).await?, &[("round_trip_p50_us", "p50")], 1.0);
            }
        }
        for (kind, label) in [("exact", "literal_s_per_100_MB"), ("regex", "regex_s_per_100_MB")] {
            let params = [("box", name.clone()), ("file", "/tmp/bench-log.txt".to_owned()), ("kind", kind.to_owned()), ("limit", limit.to_string())];
            let scale = 100.0 / megabytes;
            cto.extend(named(&measure(stage, MARKER, &params).await?, &[(label, "seconds")], scale));
            if let Ok((rival, _)) = &rival {
                let took = rival.measure(&["match", "/tmp/bench-log.txt", kind, &limit.to_string()]).await?;
                pexpect.extend(named(&took, &[(label, "seconds")], scale));
            }
        }
        own.push(Figures::of(cto));
        others.push(Figures::of(pexpect));
    }
    progress("script: an echo beside hostile scripts");
    let disturbed = disturbed(stage, &container, options).await?;
    progress(&format!("script: {many} at once"));
    let grown = waiters(stage, &name, many).await?;
    let label = "pss_of_many_KiB";
    let (mut cto, mut pexpect): (Vec<_>, Vec<_>) = (
        Figures::medians(&own).iter().map(|(name, figure)| (name.to_owned(), figure)).collect(),
        Figures::medians(&others).iter().map(|(name, figure)| (name.to_owned(), figure)).collect(),
    );
    cto.push((label.to_owned(), grown));
    cto.extend(disturbed.iter().map(|(name, figure)| (name.to_owned(), figure)));
    let (is, figures) = match rival {
        Ok((rival, is)) => {
            let memory = rival.measure(&["many", &many.to_string()]).await?;
            pexpect.extend(memory.get("pss").map(|pss| (label.to_owned(), pss)));
            (is, Ok(Figures::of(pexpect)))
        }
        Err(reason) => ("pexpect".to_owned(), Err(reason)),
    };
    let delay = default_delay.first().map(|(_, figure)| format!("; with its default delay pexpect's round trip takes {:.1} ms", figure / 1e3));
    Ok(Report::new("script", "us", Figures::of(cto))
        .against(is, figures, None)
        .note(format!("{trips} round trips and {bytes} bytes a round and side{}", delay.unwrap_or_default()))
        .note(format!("memory: growth of the server with {many} runs that wait, beside python with {many} docker clients"))
        .rounds(rounds))
}

/// By how much the echo of a session grows beside scripts that compute, waste memory, recurse and talk for ever.
async fn disturbed(stage: &Stage, container: &Container, options: &Options) -> Result<Figures> {
    let keys = options.pick(600, 20);
    let session = stage.session(container, super::echo::CAT).await?;
    let mut line = super::echo::ready(&stage.pane(session)).await?;
    let quiet = super::echo::percentiles(super::line::echoes(&mut line, keys, GAP).await?);
    let mut runs = Vec::new();
    for body in HOSTILE {
        runs.push(begin(stage, &format!("script {{ about = \"hostile\", timeout = 60, processor = 60 }}\n{body}\n"), &[]).await?);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let beside = super::echo::percentiles(super::line::echoes(&mut line, keys, GAP).await?);
    for run in &runs {
        let _ = stage.client.call::<crate::model::CancelRun>(&[run.id.as_str()], &Empty {}).await;
    }
    let by = beside.by(&quiet);
    Ok(Figures::of(
        [("echo_beside_hostile_by_alone_p50", "p50"), ("echo_beside_hostile_by_alone_p99", "p99")].iter().filter_map(|(name, old)| Some((*name, by.get(old)?))),
    ))
}

/// By how many KiB the server grows with so many runs that wait.
async fn waiters(stage: &Stage, container: &str, many: usize) -> Result<f64> {
    let memory = || Memory::of(stage.pid).map(|memory| memory.pss).ok_or_else(|| Error::internal("the server is gone, or may not be looked at"));
    let base = memory()?;
    let mut runs = Vec::new();
    for _ in 0..many {
        runs.push(begin(stage, WAITER, &[("box", container.to_owned())]).await?);
    }
    let until = Instant::now() + LIMIT;
    for run in &runs {
        loop {
            let now = get(stage, run).await?;
            if now.results.contains_key("ready") {
                break;
            }
            if now.state.is_over() || Instant::now() > until {
                let why = now.error.map_or_else(|| "it is not ready in time".to_owned(), |error| error.message);
                return Err(Error::internal(format!("a script of the benchmark's failed: {why}")));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    let grown = memory()? - base;
    for run in &runs {
        let _ = stage.client.call::<crate::model::CancelRun>(&[run.id.as_str()], &Empty {}).await;
    }
    Ok(grown)
}
