//! What the benchmarks promise: each runs by itself, says what it compared, and leaves nothing behind.
use super::survive::proving;
use assert_cmd::Command;
use serde_json::Value;
use std::io::Read as _;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

/// At full size under `make prove`.
fn sized(mut arguments: Vec<&str>) -> Vec<&str> {
    if std::env::var_os("CTO_PROVE").is_none() {
        arguments.push("--quick");
    }
    arguments
}

/// A directory where benchmarks keep their files, to see that nothing stays there.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cto"));
        command.args(arguments).env("TMPDIR", self.0.path()).current_dir(self.0.path());
        for name in ["CTO_HOME", "CTO_LOG", "CTO_SERVER", "NO_COLOR", "CTO_LISTEN", "CTO_DATABASE"] {
            command.env_remove(name);
        }
        command
    }

    fn is_empty(&self) -> bool {
        std::fs::read_dir(self.0.path()).unwrap().next().is_none()
    }
}

/// Runs a benchmark and returns its report.
fn report(name: &str) -> Value {
    let place = Place::new();
    let limit = Duration::from_secs(if std::env::var_os("CTO_PROVE").is_some() { 1800 } else { 120 });
    let mut command = Command::from_std(place.command(&sized(vec!["bench", name, "--json"])));
    let output = command.timeout(limit).assert().success().get_output().clone();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((report["benchmark"].as_str(), report["version"].as_str()), (Some(name), Some(env!("CARGO_PKG_VERSION"))));
    assert!(place.is_empty(), "{name} leaves files behind");
    assert!(report["notes"].as_array().unwrap().iter().all(|note| !note.as_str().unwrap().contains(" left")), "{report}");
    report
}

fn positive(report: &Value, pointers: &[&str]) {
    for pointer in pointers {
        assert!(report.pointer(pointer).and_then(Value::as_f64).is_some_and(|figure| figure > 0.0), "{pointer} in {report:#}");
    }
}

#[test]
fn echo_is_measured_beside_docker_exec() {
    let report = report("echo");
    positive(&report, &["/cto/p50", "/cto/p99", "/rival/p50", "/rival/p99", "/ratio/p50", "/ratio/p99"]);
    assert_eq!((report["unit"].as_str(), report["better"].as_str()), (Some("us"), Some("lower")));
    assert!(report["rival_is"].as_str().unwrap().contains("exec"));
}

#[test]
fn throughput_is_measured_beside_docker_exec() {
    let report = report("throughput");
    positive(&report, &["/cto/seq", "/cto/log", "/rival/seq", "/rival/log", "/ratio/seq", "/ratio/log", "/others/0/figures/seq"]);
    assert_eq!((report["unit"].as_str(), report["better"].as_str()), (Some("MB/s"), Some("higher")));
}

#[test]
fn a_flood_and_ctrl_c_are_measured_beside_docker_exec() {
    let report = report("flood");
    positive(&report, &["/cto/quiet_p50", "/cto/flood_p50", "/cto/growth_p50", "/cto/ctrl_c_p50_ms", "/rival/growth_p50", "/rival/ctrl_c_p50_ms"]);
}

#[test]
fn an_echo_beside_busy_containers_is_measured_beside_docker_exec() {
    let report = report("hogs");
    positive(&report, &["/cto/quiet_p50", "/cto/busy_p50", "/cto/growth_p50", "/rival/busy_p50", "/rival/growth_p50"]);
}

#[test]
fn an_echo_beside_eight_flooded_panes_is_measured_beside_tmux() {
    let report = report("panes");
    positive(&report, &["/cto/p50", "/cto/p99", "/cto/cpu", "/cto/frames"]);
    assert_eq!(report["cto"]["torn"], 0.0, "all that is drawn is drawn at once: {report:#}");
    // Without tmux there is no rival, and the reason is told.
    if report["rival"].is_null() {
        assert!(report["rival_is"].as_str().unwrap().contains("no program 'tmux'"));
    } else {
        positive(&report, &["/rival/p50", "/ratio/p50", "/ratio/p99"]);
    }
}

#[test]
fn leaving_the_client_open_is_measured_beside_what_is_installed() {
    let report = report("watch");
    positive(&report, &["/cto/first_screen", "/cto/memory", "/cto/server_memory"]);
    for figure in ["cpu", "engine", "server", "bytes_per_second"] {
        assert!(report["cto"][figure].as_f64().is_some_and(|figure| figure >= 0.0), "{figure} in {report:#}");
    }
    let shown = report["cto"]["containers_shown"].as_f64().unwrap();
    assert_eq!(shown, if std::env::var_os("CTO_PROVE").is_some() { 50.0 } else { 3.0 }, "the first screen shows all of them: {report:#}");
}

#[test]
fn five_tasks_take_fewer_keys_than_elsewhere() {
    let report = report("tasks");
    let tasks = ["launch", "edit", "copy", "return", "logs"];
    for task in tasks {
        positive(&report, &[&format!("/cto/{task}"), &format!("/cto/{task}_seconds")]);
    }
    // Without the rivals there is no comparison, and the reason is told.
    if report["rival"].is_null() {
        assert!(report["rival_is"].as_str().unwrap().contains("scripts/rivals.sh"), "{report:#}");
    } else {
        let fewer = |task: &&str| report["ratio"][*task].as_f64().is_some_and(|ratio| ratio < 1.0);
        assert!(tasks.iter().all(fewer), "{report:#}");
    }
}

#[test]
fn reattaching_is_measured_beside_tmux() {
    let report = report("reattach");
    positive(&report, &["/cto/p50", "/cto/p99", "/cto/snapshot_p50"]);
    // Without tmux there is no rival, and the reason is told.
    if report["rival"].is_null() {
        assert!(report["rival_is"].as_str().unwrap().contains("no program 'tmux'"));
    } else {
        positive(&report, &["/rival/p50", "/ratio"]);
    }
}

#[test]
fn what_sessions_cost_is_measured_step_by_step() {
    let report = report("sessions");
    positive(&report, &["/cto/base_pss", "/cto/pss", "/steps/0/sessions", "/steps/1/cto/pss", "/steps/1/cto/private"]);
    assert!(report["cto"]["cpu_percent"].as_f64().unwrap() >= 0.0);
}

#[test]
fn fifty_users_at_once_are_measured_beside_one_alone() {
    let report = report("users");
    positive(
        &report,
        &["/cto/echo_p50", "/cto/echo_p99", "/cto/api_p99", "/rival/echo_p99", "/ratio/echo_p99", "/cto/keys", "/cto/questions", "/cto/messages"],
    );
    let figure = |pointer: &str| report.pointer(pointer).and_then(Value::as_f64).unwrap();
    if proving() {
        assert!(figure("/ratio/echo_p99") < 2.0 && figure("/cto/api_p99") < 100.0, "{report:#}");
        assert!(figure("/cto/slowest_user_p50") < 3.0 * figure("/cto/middle_user_p50"), "nobody is worse off than the others: {report:#}");
    }
}

#[test]
fn what_silent_connections_cost_is_measured() {
    let report = report("idle");
    positive(&report, &["/cto/silent_base", "/cto/silent_echo_p99_us", "/cto/stream_base", "/cto/stream_echo_p99_us", "/ratio/silent_echo_p99_us"]);
    let figure = |pointer: &str| report.pointer(pointer).and_then(Value::as_f64).unwrap();
    // KiB. Few connections must not cost what thousands may.
    let most = if proving() { 20.0 * 1024.0 } else { 10.0 * 1024.0 };
    assert!(figure("/cto/silent_growth") < most && figure("/cto/stream_growth") < 2.0 * most, "{report:#}");
    if proving() {
        assert!(figure("/cto/silent_closed") >= 8_900.0, "of those of whom nothing is known the server keeps 1,024: {report:#}");
        for what in ["silent", "stream"] {
            assert!(figure(&format!("/cto/{what}_left")) < 0.1 * figure(&format!("/cto/{what}_base")), "{what}: {report:#}");
            assert!(figure(&format!("/ratio/{what}_echo_p99_us")) < 2.0, "{what}: {report:#}");
        }
    } else {
        assert_eq!(figure("/cto/silent_closed"), 0.0, "few are left alone: {report:#}");
    }
}

#[test]
fn a_launch_is_measured_beside_the_engine_alone() {
    let report = report("spawn");
    positive(&report, &["/cto/p50", "/rival/p50", "/ratio", "/cto/first_output_p50"]);
}

#[test]
fn watching_is_measured_beside_docker_stats() {
    let report = report("stats");
    positive(&report, &["/cto/samples_per_second"]);
    for figure in ["total", "server", "client", "engine", "engine_idle"] {
        assert!(report["cto"][figure].as_f64().is_some_and(|percent| percent >= 0.0), "{figure} in {report:#}");
    }
}

#[test]
fn every_template_of_the_gallery_is_ready_in_good_time() {
    let report = report("gallery");
    let took = report["cto"].as_object().unwrap();
    assert!(took.contains_key("shell"), "{report:#}");
    // Other tests run beside this one, unless promises are shown.
    if std::env::var_os("CTO_PROVE").is_some() {
        for (template, ms) in took {
            let limit = if template == "shell" { 1000.0 } else { 5000.0 };
            assert!(ms.as_f64().unwrap() < limit, "{template} in {report:#}");
        }
    }
}

#[test]
fn a_frame_is_measured_without_an_engine() {
    let place = Place::new();
    let mut command = place.command(&sized(vec!["bench", "frame", "--json"]));
    let output = command.env("DOCKER_HOST", "unix:///nowhere.sock").output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    positive(&report, &["/cto/p50", "/cto/unchanged_p50", "/cto/parse_p50", "/cto/table_scroll_p50", "/cto/log_filter_p50", "/rival/p50", "/ratio/p50"]);
    assert_eq!(report["engine"], "");
}

#[test]
fn without_an_engine_a_benchmark_says_so_and_leaves_nothing() {
    let place = Place::new();
    let output = place.command(&["bench", "echo", "--quick", "--json"]).env("DOCKER_HOST", "unix:///nowhere.sock").output().unwrap();
    let problem: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!((output.status.code(), problem["code"].as_str()), (Some(6), Some("engine_unavailable")), "{problem}");
    assert!(place.is_empty());
}

#[test]
fn a_benchmark_that_is_stopped_cleans_up() {
    let place = Place::new();
    let mut child = place.command(&["bench", "spawn", "--rounds", "1000"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = rustix::process::Pid::from_child(&child);
    let name = format!("cto-bench-{}-", child.id());
    let runs = || containers().iter().any(|container| container.starts_with(&name));
    let deadline = Instant::now() + Duration::from_secs(60);
    while !runs() {
        assert!(Instant::now() < deadline, "no container was made");
        std::thread::sleep(Duration::from_millis(20));
    }
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let status = child.wait().unwrap();
    let mut words = String::new();
    child.stderr.take().unwrap().read_to_string(&mut words).unwrap();
    assert_eq!(status.code(), Some(130), "{words}");
    assert!(!runs(), "its containers are gone");
    assert!(place.is_empty(), "and its files");
}

/// The names of all containers.
fn containers() -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { cto::engine::Engine::connect(None).list().await.unwrap() }).into_iter().map(|container| container.name).collect()
}
