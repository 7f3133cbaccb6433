//! Whatever the description allows is asked, and much that it does not: nothing makes the server stumble.
use super::support::http::Door;
use super::support::own_engine::OwnEngine;
use super::support::plane::Plane;
use super::support::plane::admin;
use cto::engine::Engine;
use cto::model::*;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

/// Not asked: what ends the server, what never ends by itself, and what waits for that.
const NOT_ASKED: [&str; 3] = [StopServer::NAME, WatchEvents::NAME, WaitContainer::NAME];

/// Asked by themselves: the fuzzer learns names and ids from answers, and would take its own rights away.
const ACCOUNTS: [&str; 4] = [PutUser::NAME, DeleteUser::NAME, DeleteToken::NAME, DeleteTokenOfMe::NAME];

/// The checks of the fuzzer's that every answer has to pass.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,unsupported_method,ignored_auth";

/// A server with one thing of most kinds, and what the fuzzer is told of it.
struct Ground {
    door: Door,
    /// The description, with these things in the place of its examples.
    document: Value,
    _engine: OwnEngine,
}

impl Ground {
    async fn new() -> Self {
        // It prunes and removes what it likes: on an engine of its own.
        let own = tokio::task::spawn_blocking(OwnEngine::start).await.unwrap();
        let mut config = cto::config::Config::default();
        config.server.requests_per_second = 100_000;
        let plane = Plane::configured(Engine::connect(Some(&own.address())), config).await;
        let real = things(&plane).await;
        let door = Door::over(plane).await;
        Self { door, document: document(&real), _engine: own }
    }

    /// The fuzzer's report, once it has asked for everything with this token.
    async fn fuzz(&self, role: Role, document: &Value, further: &[&str]) -> Value {
        let user = format!("fuzz-{role}-{}", self.door.plane.prefix);
        let control = &self.door.plane.control;
        let _ = control.create_user(&admin(), AddUser { name: user.clone(), role, password: None }).await;
        let secret = control.create_token_for(&admin(), CreateToken { user: Some(user), role: None, expires_in_days: None, about: None }).await.unwrap().secret;
        let home = self.door.plane.home.path();
        let (described, told) = (home.join("openapi.json"), home.join("report.json"));
        std::fs::write(&described, document.to_string()).unwrap();
        let mut command = tokio::process::Command::new(schemathesis());
        command.arg("run").arg(&described).args(["--url", &self.door.url("")]).args(["-H", &format!("Authorization: Bearer {secret}")]);
        command.args(["--checks", CHECKS, "--no-color", "--generation-with-security-parameters", "false", "--generation-deterministic"]);
        // One at a time: what it makes of the description stumbles over itself in threads.
        command.args(["-w", "1", "--request-timeout", "30", "--continue-on-failure", "--report", "json", "--report-json-path"]).arg(&told).args(further);
        let limit = Duration::from_secs(if proving() { 3_600 } else { 600 });
        let output = tokio::time::timeout(limit, command.current_dir(home).kill_on_drop(true).output()).await.expect("in time").unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        let (status, _) = self.door.ask(Some(&secret), Method::Get, "/api/v1/me", None).await;
        assert_eq!(status, 200, "the server is whole, and the caller is still known");
        serde_json::from_slice(&std::fs::read(told).unwrap()).unwrap()
    }

    async fn close(mut self) {
        self.door.close().await;
        self.door.plane.stop().await;
    }
}

fn proving() -> bool {
    std::env::var_os("CTO_PROVE").is_some()
}

fn schemathesis() -> PathBuf {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/cto-test/python/bin/schemathesis");
    assert!(program.is_file(), "'make test' installs it: scripts/setup.sh test-tools");
    program
}

/// Makes one thing of most kinds; by the names and ids that the description's examples have, what they are here.
async fn things(plane: &Plane) -> BTreeMap<&'static str, String> {
    let (control, automation) = (&plane.control, &plane.automation);
    let container = plane.container(&admin(), "fuzzed", json!({"command": ["sleep", "1d"]})).await;
    let open = OpenSession { container: container.id.to_string(), command: vec!["sh".to_owned()], ..OpenSession::default() };
    let session = control.create_session(&admin(), open, None).await.unwrap();
    let recording = control.start_recording(&admin(), session.id.as_str(), StartRecording { input: true }).await.unwrap();
    let inline = InlineScript { name: "fuzzed".to_owned(), source: "script { about = \"x\" }\nlog(\"x\")\n".to_owned() };
    automation.put_script(&admin(), "my-hello", SaveScript { source: inline.source.clone(), replaces: None }).await.unwrap();
    let run = automation.start_run(&admin(), StartRun { inline: Some(inline), ..StartRun::default() }, RunCause::Asked, None).await.unwrap();
    for (name, path, body) in [
        ("schedule", "schedules", json!({"name": "my-nightly", "spec": {"script": "my-hello", "cron": "30 2 * * *", "zone": "Europe/Berlin"}})),
        ("trigger", "triggers", json!({"name": "my-deploy", "when": {"event": "hook"}, "run": {"script": "my-hello"}})),
        ("webhook", "webhooks", json!({"name": "my-bell", "to": {"kind": "terminal"}, "events": ["run.failed"]})),
    ] {
        let made = match path {
            "schedules" => automation.create_schedule(&admin(), serde_json::from_value(body).unwrap()).await.map(drop),
            "triggers" => automation.create_trigger(&admin(), serde_json::from_value(body).unwrap()).await.map(drop),
            _ => automation.create_webhook(&admin(), serde_json::from_value(body).unwrap()).await.map(drop),
        };
        made.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    BTreeMap::from([
        ("my-shell", container.id.to_string()),
        ("ses_0198c0de00007000800000000000beef", session.id.to_string()),
        ("rec_0198c0de00007000800000000000beef", recording.id.to_string()),
        ("run_0198c0de00007000800000000000beef", run.id.to_string()),
        ("my-hello", "my-hello".to_owned()),
        ("my-nightly", "my-nightly".to_owned()),
        ("my-deploy", "my-deploy".to_owned()),
        ("my-bell", "my-bell".to_owned()),
        ("debian:bookworm-slim", "debian:bookworm-slim".to_owned()),
        ("shell", "shell".to_owned()),
    ])
}

/// The description as the fuzzer gets it: half of what it asks is about things that there are.
fn document(real: &BTreeMap<&'static str, String>) -> Value {
    let mut document = cto::server::openapi();
    for item in document["paths"].as_object_mut().unwrap().values_mut() {
        for (method, operation) in item.as_object_mut().unwrap() {
            let name = operation["operationId"].as_str().unwrap().to_owned();
            for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
                let shown = parameter["example"].as_str().and_then(|shown| real.get(shown));
                // What is removed is no longer there for the others.
                let spared = method == "delete";
                if let (Some(real), "path", false) = (shown, parameter["in"].as_str().unwrap(), spared) {
                    parameter["schema"] = json!({"anyOf": [{"const": real}, {"type": "string"}]});
                    parameter["example"] = json!(real);
                }
            }
            if let Some(parameters) = operation.get_mut("parameters").and_then(Value::as_array_mut) {
                // A log that is followed never ends, and some fields of an answer are not all that its schema asks for.
                parameters.retain(|parameter| (name != ReadContainerLogs::NAME || parameter["name"] != "follow") && parameter["name"] != "fields");
            }
            // It knows how to write bytes, but no tar.
            if let Some(content) = operation.pointer_mut("/requestBody/content").and_then(Value::as_object_mut)
                && let Some(archive) = content.remove(TAR_MEDIA).or_else(|| content.remove(PIECE_MEDIA))
            {
                content.insert("application/octet-stream".to_owned(), archive);
            }
        }
    }
    document
}

/// How many operations were asked for, and how often in all.
fn asked(report: &Value) -> (usize, usize) {
    let number = |pointer: &str| {
        report.pointer(pointer).and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok()).unwrap_or_else(|| panic!("no {pointer} in {report}"))
    };
    (number("/operations/tested"), number("/test_cases/generated"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fuzzer_finds_no_5xx_and_nothing_that_is_not_described() {
    let ground = Ground::new().await;
    let (phases, examples) = if proving() { ("examples,coverage,fuzzing,stateful", "100") } else { ("fuzzing", "1") };
    let settings = ["--phases", phases, "-n", examples];
    let others = ground.fuzz(Role::Admin, &ground.document, &[&settings[..], &without(&[&NOT_ASKED[..], &ACCOUNTS[..]].concat())].concat()).await;
    let accounts: Vec<&str> = ACCOUNTS.iter().flat_map(|name| ["--include-operation-id", name]).collect();
    let accounts = ground.fuzz(Role::Admin, &ground.document, &[&settings[..], &accounts].concat()).await;
    let ((operations, cases), (further, more)) = (asked(&others), asked(&accounts));
    println!("{} operations, {} calls", operations + further, cases + more);
    assert_eq!(operations + further, operation_count(&ground.document) - NOT_ASKED.len(), "all but those are asked for");
    ground.close().await;
}

/// Leaves these operations out.
fn without<'a>(names: &[&'a str]) -> Vec<&'a str> {
    names.iter().flat_map(|name| ["--exclude-operation-id", name]).collect()
}

fn operation_count(document: &Value) -> usize {
    document["paths"].as_object().unwrap().values().map(|item| item.as_object().unwrap().len()).sum()
}

/// The description for somebody of this role: what the table of permissions refuses them has no answer but refusals.
fn refused(document: &Value, role: Role) -> Value {
    let table = include_str!("../golden/routes.txt");
    let column = table.lines().next().unwrap().split_whitespace().position(|word| word == role.as_str()).unwrap() + 1;
    let mut document = document.clone();
    let mut refused = 0;
    for line in table.lines().skip(1) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let item = document["paths"][words[1]].as_object_mut().unwrap();
        let operation = &mut item[&words[0].to_lowercase()];
        if words[column] == "403" {
            operation["responses"].as_object_mut().unwrap().retain(|status, _| !status.starts_with('2') && status != "101");
            refused += 1;
        }
    }
    assert!(refused > 10, "{refused} are refused to {role}");
    document
}

#[tokio::test(flavor = "multi_thread")]
async fn viewers_and_operators_get_no_further_than_their_role_whatever_they_ask() {
    let ground = Ground::new().await;
    let examples = if proving() { "30" } else { "1" };
    for role in [Role::Viewer, Role::Operator] {
        let left_out = [&NOT_ASKED[..], &[DeleteTokenOfMe::NAME]].concat();
        let report = ground.fuzz(role, &refused(&ground.document, role), &[&["--phases", "fuzzing", "-n", examples][..], &without(&left_out)].concat()).await;
        let (operations, cases) = asked(&report);
        println!("{role}: {operations} operations, {cases} calls");
        assert_eq!(operations, operation_count(&ground.document) - left_out.len());
    }
    ground.close().await;
}
