//! Scripts: their runs from beginning to end, their limits, their rights, and what they are told when something is wrong.
use crate::support::golden::golden;
use crate::support::plane::Plane;
use crate::support::plane::admin;
use crate::support::plane::operator;
use crate::support::plane::viewer;
use crate::support::scripts::inline;
use crate::support::scripts::over;
use crate::support::scripts::run_script;
use crate::support::scripts::until;
use cto::control::Control;
use cto::model::*;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);

fn with(source: &str, params: &[(&str, &str)]) -> StartRun {
    let params = params.iter().map(|(name, value)| ((*name).to_owned(), ParamValue::Text((*value).to_owned()))).collect();
    StartRun { params, ..inline(source) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_tells_its_steps_with_screens_its_results_and_leaves_nothing_behind() {
    let plane = Plane::start().await;
    let source = r#"
script { about = "greets", params = { whom = { default = "world" }, name = {} } }
local box = launch({ image = "debian:bookworm-slim", command = { "sleep", "1d" } }, { name = params.name })
local term = box:open({ "sh" })
step("greets", function()
	term:wait_prompt()
	log("it says", term:run("echo hello " .. params.whom))
end)
report { greeted = params.whom, list = { 1, 2 } }
progress(3, 4, "nearly")
"#;
    let name = plane.name("greeter");
    let ran = run_script(&plane, &admin(), with(source, &[("whom", "ann"), ("name", &name)]), LIMIT).await;
    assert_eq!(ran.run.state, RunState::Succeeded, "{:?}", ran.run.error);
    assert_eq!(ran.said(), ["it says hello ann"]);
    assert_eq!(serde_json::Value::Object(ran.run.results.clone()), json!({"greeted": "ann", "list": [1, 2]}));
    assert_eq!((ran.run.steps, ran.run.progress), ((1, 0), Some((3, 4))));
    let screens: Vec<&str> =
        ran.entries.iter().filter_map(|entry| if let RunNote::StepEnded { screen, .. } = &entry.what { screen.as_deref() } else { None }).collect();
    assert!(screens[0].contains("hello ann"), "{screens:?}");
    assert_eq!(ran.run.sessions.len(), 1);
    assert_eq!(plane.existing().await, Vec::<String>::new(), "its container is gone");
    let report = plane.automation.get_run_report(&admin(), ran.run.id.as_str()).await.unwrap();
    assert!(report.contains("<testcase classname=\"spec.luau\" name=\"greets\"") && report.contains("failures=\"0\""), "{report}");
    assert!(plane.audit().await.iter().any(|line| line == "ada start:runs spec.luau: Succeeded"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_names_the_line_and_shows_the_last_screen() {
    let plane = Plane::start().await;
    let container = plane.container(&admin(), "box", json!({"command": ["sleep", "1d"]})).await;
    let source = r#"script { about = "fails", params = { box = {} } }
local term = container(params.box):open({ "sh", "-c", "printf 'Password: '; sleep 30" })
local function deeper()
	term:expect("login:", { timeout = 0.5 })
end
step("logs in", deeper)
"#;
    let ran = run_script(&plane, &admin(), with(source, &[("box", &container.name)]), LIMIT).await;
    assert_eq!(ran.run.state, RunState::Failed);
    assert_eq!(ran.error(), ("waited 0.5 s for 'login:', last saw 'Password:'".to_owned(), Some(4)));
    assert_eq!(ran.run.error.as_ref().unwrap().screen.as_deref().map(str::trim), Some("Password:"));
    assert_eq!(ran.run.steps, (1, 1));
    let report = plane.automation.get_run_report(&admin(), ran.run.id.as_str()).await.unwrap();
    assert!(report.contains("<failure message=\"waited 0.5 s for &apos;") || report.contains("<failure message=\"waited 0.5 s for 'login:'"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_can_be_cancelled_at_any_point_and_cleans_up() {
    let plane = Plane::start().await;
    for body in ["sleep(1000)", "while true do end", "box:exec({ \"sleep\", \"1000\" })", "box:open({ \"cat\" }):expect(\"never\", { timeout = 1000 })"] {
        let name = plane.name("cancelled");
        let source = format!(
            "script {{ about = \"long\", params = {{ name = {{}} }} }}\nlocal box = launch({{ image = \"debian:bookworm-slim\", command = {{ \"sleep\", \"1d\" }} }}, {{ name = params.name }})\nlog(\"there\")\n{body}\n"
        );
        let run = plane.automation.start_run(&admin(), with(&source, &[("name", &name)]), RunCause::Asked, None).await.unwrap();
        until(&plane, &admin(), &run, |run| !run.containers.is_empty()).await;
        plane.automation.cancel_run(&admin(), run.id.as_str()).await.unwrap();
        let ran = over(&plane, &admin(), &run, LIMIT).await;
        assert_eq!((ran.run.state, ran.run.error), (RunState::Cancelled, None), "{body}");
        assert_eq!(plane.existing().await, Vec::<String>::new(), "{body}");
        // A session ends when its stream does, a moment after its container.
        let ended = async {
            while plane.control.sessions().list().iter().any(|session| session.is_live()) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(LIMIT, ended).await.unwrap_or_else(|_| panic!("{body}: a session outlives its run"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_takes_too_long_has_timed_out() {
    let plane = Plane::start().await;
    let ran = run_script(&plane, &admin(), inline("script { about = \"slow\", timeout = 1 }\nsleep(1000)\n"), LIMIT).await;
    assert_eq!((ran.run.state, ran.error().0.as_str()), (RunState::TimedOut, "the run took longer than 1 s"));
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_stay_within_their_limits() {
    let plane = Plane::start().await;
    let memory = "the script used more memory than it may";
    let cases = [
        ("local all = {} while true do table.insert(all, string.rep(\"x\", 100000) .. #all) end", memory),
        ("string.rep(\"x\", 1000000000)", memory),
        ("local text = \"x\" while true do text = text .. text end", memory),
        ("local function deep(n) return 1 + deep(n + 1) end deep(1)", "the script calls itself too deeply"),
        ("local all = {} while true do pcall(function() table.insert(all, string.rep(\"x\", 100000) .. #all) error(\"no\") end) end", memory),
        ("while true do pcall(function() while true do end end) end", "the script used more than 1 s of a processor"),
        ("while true do try(function() while true do end end) end", "the script used more than 1 s of a processor"),
        ("string.find(string.rep(\"a\", 100000), string.rep(\"a?\", 5000) .. \"b\")", "pattern too complex"),
        ("table.sort(table.create(100000, 1), function() return true end)", "invalid order function for sorting"),
        ("local function f() step(\"x\", f) end f()", "the script calls itself too deeply"),
        ("local function f() local good, why = try(f) if not good then error(why, 0) end end f()", "the script calls itself too deeply"),
        ("local function f() parallel({ f }) end f()", "the script calls itself too deeply"),
        ("local function f() string.gsub(\"a\", \"a\", f) end f()", "the script calls itself too deeply"),
        ("local function f() table.sort({ 1, 2, 3 }, f) end f()", "the script calls itself too deeply"),
        ("local t = setmetatable({}, { __tostring = function(t) return tostring(t) end }) tostring(t)", "the script calls itself too deeply"),
        ("local t = {} for _ = 1, 100000 do t = { t } end report(t)", "more than 64 tables in each other can't become data"),
        ("local t = {} t.t = t json.encode(t)", "more than 64 tables in each other can't become data"),
        ("buffer.create(1e10)", "invalid argument #1"),
        ("table.create(1e9)", "table overflow"),
        ("error({})", "table"),
        ("error(nil)", "nil"),
        ("local t = setmetatable({}, {}) getmetatable(t).__index = function(_, k) return t[k] end local _ = t.x", "the script calls itself too deeply"),
    ];
    for (body, wanted) in cases {
        let ran = run_script(&plane, &admin(), inline(&format!("script {{ about = \"hostile\", processor = 1 }}\n{body}\n")), LIMIT).await;
        assert!(ran.run.state == RunState::Failed && ran.error().0.contains(wanted), "{body}: {:?}", ran.error());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_reach_outside_is_not_there() {
    let plane = Plane::start().await;
    let taken = ["require", "loadstring", "getfenv", "setfenv", "collectgarbage", "debug", "newproxy", "coroutine", "os", "io", "dofile", "load", "package"];
    for name in taken {
        let source = format!("script {{ about = \"reaches\" }}\ncheck.equal({name}, nil)\n");
        let ran = run_script(&plane, &admin(), inline(&source), LIMIT).await;
        assert_eq!(ran.run.state, RunState::Succeeded, "{name}: {:?}", ran.run.error);
    }
    for (body, wanted) in [
        ("string.rep = nil", "attempt to modify a readonly table"),
        ("getmetatable(\"\").__index = nil", "attempt to modify a readonly table"),
        ("check.equal = nil", "attempt to modify a readonly table"),
        ("params.x = 1", "attempt to modify a readonly table"),
    ] {
        let ran = run_script(&plane, &admin(), inline(&format!("script {{ about = \"changes\" }}\n{body}\n")), LIMIT).await;
        assert!(ran.run.state == RunState::Failed && ran.error().0.starts_with(wanted), "{body}: {:?}", ran.error());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_words_is_bounded_and_said_so() {
    let plane = Plane::start().await;
    let ran =
        run_script(&plane, &admin(), inline("script { about = \"talks\" }\nfor n = 1, 50000 do log(n) end\nlog(string.rep(\"x\", 1000000))\n"), LIMIT).await;
    assert_eq!(ran.run.state, RunState::Succeeded);
    assert!(ran.entries.len() <= 10_001, "{}", ran.entries.len());
    assert_eq!(ran.entries.last().map(|entry| &entry.what), Some(&RunNote::Left { entries: 40_001 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_has_its_owners_rights_and_only_the_containers_it_asked_for() {
    let plane = Plane::start().await;
    let own = plane.container(&operator("ann"), "anns", json!({"command": ["sleep", "1d"]})).await;
    let bobs = plane.container(&operator("bob"), "bobs", json!({"command": ["sleep", "1d"]})).await;
    let source = "script { about = \"looks\", params = { box = {} } }\ncontainer(params.box):sh(\"true\", { check = true })\n";
    let ran = run_script(&plane, &operator("ann"), with(source, &[("box", &own.name)]), LIMIT).await;
    assert_eq!(ran.run.state, RunState::Succeeded, "{:?}", ran.run.error);
    let ran = run_script(&plane, &operator("ann"), with(source, &[("box", &bobs.name)]), LIMIT).await;
    assert_eq!(ran.error(), (format!("'ann' (operator) may not do 'exec:containers' on '{}'", bobs.name), Some(2)));
    let fixed = format!("script {{ about = \"looks\" }}\ncontainer(\"{}\")\n", own.name);
    let ran = run_script(&plane, &operator("ann"), inline(&fixed), LIMIT).await;
    assert_eq!(ran.error(), (format!("container '{}' was not launched by this run", own.name), Some(2)));
    let granted = format!("script {{ about = \"looks\", grants = {{ \"containers\" }} }}\ncontainer(\"{}\"):sh(\"true\")\n", own.name);
    assert_eq!(run_script(&plane, &operator("ann"), inline(&granted), LIMIT).await.run.state, RunState::Succeeded);
    let refused = plane.automation.start_run(&viewer(), inline(&granted), RunCause::Asked, None).await.unwrap_err();
    assert_eq!(refused.code, Code::Forbidden);
    let run = run_script(&plane, &operator("ann"), inline("script { about = \"x\" }"), LIMIT).await.run;
    for action in
        [plane.automation.retry_run(&operator("bob"), run.id.as_str()).await.map(drop), plane.automation.delete_run(&operator("bob"), run.id.as_str()).await]
    {
        assert_eq!(action.unwrap_err().code, Code::Forbidden);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_given_where_granted_and_shown_nowhere() {
    let plane = Plane::start().await;
    let dir = plane.control.parts().paths.config_dir.join("secrets");
    std::fs::create_dir_all(&dir).unwrap();
    let file = dir.join("db");
    std::fs::write(&file, "hunter2-and-more\n").unwrap();
    let private = |mode| std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    private(0o600);
    let container = plane.container(&admin(), "box", json!({"command": ["sleep", "1d"]})).await;
    let source = r#"script { about = "uses a secret", params = { box = {} }, grants = { "secrets:db" } }
local word = secret("db")
check.equal(#word, 16)
log("it is", word)
report { word = word, [word] = { word } }
local term = container(params.box):open({ "sh", "-c", "printf 'it is %s' \"$WORD\"; sleep 30" , })
term:close()
term = container(params.box):open({ command = { "cat" } })
term:send_line(word)
term:expect(word)
step("shows " .. word, function() end)
fail("with " .. word)
"#;
    let ran = run_script(&plane, &admin(), with(source, &[("box", &container.name)]), LIMIT).await;
    let everything = serde_json::to_string(&ran.run).unwrap() + &serde_json::to_string(&ran.entries).unwrap();
    assert!(!everything.contains("hunter2"), "{everything}");
    assert_eq!(ran.error(), ("with ***".to_owned(), Some(12)));
    assert_eq!(ran.said(), ["it is ***"]);
    assert!(ran.run.error.unwrap().screen.unwrap().contains("***"));
    let ran = run_script(&plane, &admin(), inline("script { about = \"x\" }\nsecret(\"db\")\n"), LIMIT).await;
    assert_eq!(ran.error().0, "this script may not have the secret 'db'");
    let asking = inline("script { about = \"x\", grants = { \"secrets:db\" } }\nsecret(\"db\")\n");
    let ran = run_script(&plane, &operator("ann"), asking.clone(), LIMIT).await;
    assert_eq!(ran.error().0, "no secret 'db'", "an operator has secrets of their own");
    private(0o644);
    let ran = run_script(&plane, &admin(), asking, LIMIT).await;
    assert!(ran.error().0.ends_with("can be read by others"), "{:?}", ran.error());
}

#[tokio::test(flavor = "multi_thread")]
async fn recordings_of_what_a_script_drives_do_not_show_its_secrets() {
    let plane = Plane::start().await;
    let dir = plane.control.parts().paths.config_dir.join("secrets");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("db"), "hunter2-and-more\n").unwrap();
    std::fs::set_permissions(dir.join("db"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let container = plane.container(&admin(), "box", json!({"command": ["cat"], "recording": true})).await;
    let source = r#"script { about = "types a secret", params = { box = {} }, grants = { "secrets:db" } }
local early = container(params.box):main()
early:send_line("nothing yet")
early:expect("nothing yet\r\nnothing yet")
local word = secret("db")
early:send_line("first " .. word)
early:expect("first " .. word .. "\r\nfirst " .. word)
local late = container(params.box):open({ "cat" })
late:send(string.sub(word, 1, 9))
late:expect(string.sub(word, 1, 9))
late:send(string.sub(word, 10) .. "\r")
late:expect(string.sub(word, 10) .. "\r\n" .. word)
late:send_line(string.rep("x", 190) .. word)
late:expect(word)
"#;
    let ran = run_script(&plane, &admin(), with(source, &[("box", &container.name)]), LIMIT).await;
    assert_eq!(ran.run.state, RunState::Succeeded, "{:?}", ran.run.error);
    let calls: Vec<_> = ran.entries.iter().filter_map(|entry| if let RunNote::Call { text, .. } = &entry.what { Some(text.as_str()) } else { None }).collect();
    assert!(calls.contains(&"send_line 'first ***\\r'"), "{calls:?}");
    assert!(!calls.iter().any(|call| call.contains("xhunter")), "also where it is cut: {calls:?}");
    plane.control.delete_container(&admin(), &container.name, RemoveContainer { force: true }).await.unwrap();
    let recordings = async {
        loop {
            let all = plane.control.list_recordings(&admin(), &ListQuery::default()).await.unwrap().items;
            if all.len() == 2 && all.iter().all(|one| one.state != RecordingState::Running) {
                return all;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    for recording in tokio::time::timeout(LIMIT, recordings).await.expect("both have ended") {
        let text = std::fs::read_to_string(plane.home.path().join(format!("state/recordings/{}.cast", recording.id))).unwrap();
        assert!(!text.contains("unter2") && !text.contains("and-more"), "{text}");
        assert!(text.contains("***"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn breakpoints_and_single_steps_pause_and_go_on() {
    let plane = Plane::start().await;
    let container = plane.container(&admin(), "box", json!({"command": ["sleep", "1d"]})).await;
    let source = "script { about = \"steps\", params = { box = {} } }\nlocal box = container(params.box)\nbox:sh(\"true\")\nbox:sh(\"true\")\nlog(\"done\")\n";
    let request = StartRun { breakpoints: vec![3], ..with(source, &[("box", &container.name)]) };
    let run = plane.automation.start_run(&admin(), request, RunCause::Asked, None).await.unwrap();
    let paused = until(&plane, &admin(), &run, |run| run.paused.is_some()).await;
    assert_eq!(paused.paused.as_deref(), Some("breakpoint at line 3"));
    plane.automation.resume_run(&admin(), run.id.as_str(), ResumeRun { step: true }).await.unwrap();
    let paused = until(&plane, &admin(), &run, |run| run.paused.as_deref() == Some("paused before the next call")).await;
    assert_eq!(paused.state, RunState::Running);
    plane.automation.resume_run(&admin(), run.id.as_str(), ResumeRun::default()).await.unwrap();
    let ran = over(&plane, &admin(), &run, LIMIT).await;
    assert_eq!((ran.run.state, ran.said()), (RunState::Succeeded, vec!["done"]));
    let error = plane.automation.resume_run(&admin(), run.id.as_str(), ResumeRun::default()).await.unwrap_err();
    assert_eq!(error.code, Code::WrongState);
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_to_pause_at_are_set_while_a_run_is_under_way_and_its_text_is_for_those_who_may_control_it() {
    let plane = Plane::start().await;
    let container = plane.container(&admin(), "box", json!({"command": ["sleep", "1d"]})).await;
    let source = "script { about = \"steps\", params = { box = {} } }\nlocal box = container(params.box)\nbox:sh(\"true\")\nbox:sh(\"true\")\n";
    let request = StartRun { breakpoints: vec![2], ..with(source, &[("box", &container.name)]) };
    let run = plane.automation.start_run(&admin(), request, RunCause::Asked, None).await.unwrap();
    until(&plane, &admin(), &run, |run| run.paused.as_deref() == Some("breakpoint at line 2")).await;
    let id = run.id.as_str();
    let text = plane.automation.get_run_text(&admin(), id).await.unwrap();
    assert_eq!((text.script.source.as_str(), text.breakpoints), (source, vec![2]));
    let told = plane.automation.set_breakpoints(&admin(), id, SetBreakpoints { lines: vec![4] }).await.unwrap();
    assert_eq!(told.breakpoints, [4]);
    let codes = [
        plane.automation.get_run_text(&operator("ann"), id).await.unwrap_err().code,
        plane.automation.set_breakpoints(&operator("ann"), id, SetBreakpoints::default()).await.unwrap_err().code,
        plane.automation.set_breakpoints(&admin(), id, SetBreakpoints { lines: vec![1; 2_000] }).await.unwrap_err().code,
    ];
    assert_eq!(codes, [Code::Forbidden, Code::Forbidden, Code::InvalidValue]);
    plane.automation.resume_run(&admin(), id, ResumeRun::default()).await.unwrap();
    until(&plane, &admin(), &run, |run| run.paused.as_deref() == Some("breakpoint at line 4")).await;
    plane.automation.resume_run(&admin(), id, ResumeRun::default()).await.unwrap();
    let ran = over(&plane, &admin(), &run, LIMIT).await;
    assert_eq!(ran.run.state, RunState::Succeeded);
    assert_eq!(plane.automation.get_run_text(&admin(), id).await.unwrap().breakpoints, [] as [u32; 0], "it is over");
    assert_eq!(plane.automation.set_breakpoints(&admin(), id, SetBreakpoints::default()).await.unwrap_err().code, Code::WrongState);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_takes_over_and_hands_back() {
    let plane = Plane::start().await;
    let container = plane.container(&admin(), "box", json!({"command": ["sleep", "1d"]})).await;
    let source = r#"script { about = "asks a person", params = { box = {} } }
local term = container(params.box):open({ "sh", "-c", "read -r line; printf \"got $line\"; sleep 30" })
local seen = term:hand_over("type the code", { until_seen = regex("got \\w+"), timeout = 60 })
log(seen, term:screen():text())
log(term:hand_over("look at it", { timeout = 60 }))
log(term:hand_over("nobody comes", { timeout = 0.2 }))
"#;
    let run = plane.automation.start_run(&admin(), with(source, &[("box", &container.name)]), RunCause::Asked, None).await.unwrap();
    let paused = until(&plane, &admin(), &run, |run| run.paused.as_deref() == Some("type the code")).await;
    let typed = SessionInput { text: Some("1234\r".to_owned()), base64: None };
    plane.control.type_into_session(&admin(), paused.sessions[0].as_str(), typed).await.unwrap();
    until(&plane, &admin(), &run, |run| run.paused.as_deref() == Some("look at it")).await;
    plane.automation.resume_run(&admin(), run.id.as_str(), ResumeRun::default()).await.unwrap();
    let ran = over(&plane, &admin(), &run, LIMIT).await;
    assert_eq!(ran.run.state, RunState::Succeeded, "{:?}", ran.run.error);
    assert!(ran.said()[0].starts_with("true ") && ran.said()[0].contains("got 1234"), "{:?}", ran.said());
    assert_eq!(ran.said()[1..], ["true", "false"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_pauses_by_itself_while_a_person_has_its_session() {
    let plane = Plane::start().await;
    let container = plane.container(&admin(), "box", json!({"command": ["sleep", "1d"]})).await;
    let source = r#"script { about = "is taken over", params = { box = {} } }
local term = container(params.box):open({ "sh", "-c", 'while read -r line; do echo "got $line"; done' })
term:send_line("one")
term:expect("got one")
log(term:expect("got two", { timeout = 3 }).match)
term:send_line("three")
term:expect("got three")
log("over")
"#;
    let run = plane.automation.start_run(&admin(), with(source, &[("box", &container.name)]), RunCause::Asked, None).await.unwrap();
    let waits = async {
        loop {
            let log = plane.automation.get_run_log(&admin(), run.id.as_str(), RunLogQuery { after: 0, limit: None, wait: 0 }).await.unwrap();
            if log.entries.iter().any(|entry| matches!(&entry.what, RunNote::Call { text, .. } if text.contains("got two"))) {
                return log.run.sessions[0].clone();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let session = tokio::time::timeout(LIMIT, waits).await.expect("it waits");
    let attach =
        Attach { v: 1, token: None, from_offset: None, cols: 80, rows: 24, mode: AttachMode::Write, delivery: Delivery::Live, writer: 7, window: None };
    let mut person = plane.control.attach_session(&admin(), session.as_str(), attach).await.unwrap();
    person.writer().control(&cto::model::Control::TakeLease).unwrap();
    let taken = format!("'ada' has taken over session {session}: it goes on when they hand it back");
    until(&plane, &admin(), &run, |run| run.paused.as_deref() == Some(taken.as_str())).await;
    let refused = plane.automation.resume_run(&admin(), run.id.as_str(), ResumeRun::default()).await.unwrap_err();
    assert_eq!((refused.code, refused.message), (Code::WrongState, taken.clone()));
    // Longer than the script would have waited: its time stands still while somebody else types.
    tokio::time::sleep(Duration::from_millis(3_500)).await;
    person.writer().input(1, b"two\r".to_vec()).await.unwrap();
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains("got two") {
        if let ServerFrame::Output { bytes, .. } | ServerFrame::Snapshot { bytes, .. } = person.next().await.unwrap() {
            seen.extend(bytes);
        }
    }
    let still = plane.automation.get_run(&admin(), run.id.as_str()).await.unwrap();
    assert_eq!((still.state, still.paused), (RunState::Running, Some(taken.clone())));
    person.writer().control(&cto::model::Control::GiveLease).unwrap();
    let ran = over(&plane, &admin(), &run, LIMIT).await;
    assert_eq!((ran.run.state, ran.run.paused.clone()), (RunState::Succeeded, None), "{:?}", ran.run.error);
    assert_eq!(ran.said(), ["got two", "over"]);
    let told: Vec<&RunNote> = ran.entries.iter().map(|entry| &entry.what).collect();
    let paused = told.iter().position(|what| **what == RunNote::Paused { why: taken.clone() }).expect("it is in the log");
    let went_on = told.iter().position(|what| matches!(what, RunNote::Call { text, .. } if text == "goes on")).expect("it is in the log");
    let typed = told.iter().position(|what| matches!(what, RunNote::Call { text, .. } if text.contains("three"))).unwrap();
    assert!(paused < went_on && paused < typed, "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_again_runs_the_script_as_it_was() {
    let plane = Plane::start().await;
    let scripts = plane.control.parts().paths.config_dir.join("scripts");
    std::fs::create_dir_all(&scripts).unwrap();
    let write = |words: &str| {
        std::fs::write(
            scripts.join("said.luau"),
            format!("script {{ about = \"says\", params = {{ n = {{ type = \"integer\" }} }} }}\nlog(\"{words}\", params.n + 1)\n"),
        )
        .unwrap()
    };
    write("first");
    let request = StartRun { script: Some("said".to_owned()), params: BTreeMap::from([("n".to_owned(), ParamValue::Integer(41))]), ..StartRun::default() };
    let ran = run_script(&plane, &admin(), request, LIMIT).await;
    write("second");
    let again = plane.automation.retry_run(&admin(), ran.run.id.as_str()).await.unwrap();
    let again = over(&plane, &admin(), &again, LIMIT).await;
    assert_eq!((ran.said(), again.said()), (vec!["first 42"], vec!["first 42"]));
    assert_eq!(again.run.cause, RunCause::Again { run: ran.run.id.clone() });
    let found = plane.automation.list_runs(&admin(), RunQuery { q: Some("SAID".to_owned()), ..RunQuery::default() }).await.unwrap();
    assert_eq!(found.items.iter().map(|run| run.id.clone()).collect::<Vec<_>>(), [again.run.id.clone(), ran.run.id.clone()]);
    plane.automation.delete_run(&admin(), ran.run.id.as_str()).await.unwrap();
    assert_eq!(plane.automation.get_run(&admin(), ran.run.id.as_str()).await.unwrap_err().code, Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_leaves_no_run_running_for_ever() {
    let mut plane = Plane::start().await;
    let admin = Control::local_admin;
    let lost =
        plane.automation.start_run(&admin(), inline("script { about = \"waits\" }\nlog(\"begun\")\nsleep(1000)\n"), RunCause::Asked, None).await.unwrap();
    let source = "script { about = \"goes on\", resumable = true }\nif resumed then log(\"again from\", resumed.at) else checkpoint({ at = 7 }) log(\"first\") sleep(1000) end\n";
    let resumed = plane.automation.start_run(&admin(), inline(source), RunCause::Asked, None).await.unwrap();
    for run in [&lost, &resumed] {
        let begun = async {
            while plane.automation.get_run_log(&admin(), run.id.as_str(), RunLogQuery { wait: 5, ..RunLogQuery::default() }).await.unwrap().entries.is_empty() {
            }
        };
        tokio::time::timeout(LIMIT, begun).await.unwrap();
    }
    plane.vanish().await;
    let ran = over(&plane, &admin(), &lost, LIMIT).await;
    assert_eq!((ran.run.state, ran.error().0.as_str()), (RunState::Lost, "the server ended while this ran; what it had started may still be there"));
    assert_eq!(ran.said(), ["begun", "lost: its server ended"]);
    let ran = over(&plane, &admin(), &resumed, LIMIT).await;
    assert_eq!((ran.run.state, ran.run.attempt), (RunState::Succeeded, 2), "{:?}", ran.run.error);
    assert_eq!(ran.said(), ["first", "again from 7"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_against_a_recording_touches_nothing() {
    let plane = Plane::start().await;
    let container = plane.container(&admin(), "box", json!({"command": ["sleep", "1d"]})).await;
    let open = OpenSession { container: container.id.to_string(), command: vec!["sh".to_owned()], ..OpenSession::default() };
    let session = plane.control.create_session(&admin(), open, None).await.unwrap();
    let recording = plane.control.start_recording(&admin(), session.id.as_str(), StartRecording::default()).await.unwrap();
    let source = r##"script { about = "asks", params = { box = {} } }
local term = container(params.box):open({ "sh" })
term:set_prompt("# ")
term:send_line("echo hello; echo bye")
term:expect("hello\r\n")
term:expect("bye\r\n")
term:expect_screen("bye")
container(params.box):sh("touch /tmp/touched")
log("through", dry)
"##;
    let input = |text: &str| SessionInput { text: Some(text.to_owned()), base64: None };
    plane.control.type_into_session(&admin(), session.id.as_str(), input("echo hello; echo bye\r")).await.unwrap();
    let shown = async {
        while !plane.control.sessions().find(session.id.as_str()).unwrap().screen_text().contains("\nbye") {
            tokio::task::yield_now().await
        }
    };
    tokio::time::timeout(LIMIT, shown).await.unwrap();
    plane.control.stop_recording(&admin(), session.id.as_str()).await.unwrap();
    let request = StartRun { against: Some(recording.id.to_string()), ..with(source, &[("box", &container.name)]) };
    let ran = run_script(&plane, &admin(), request.clone(), LIMIT).await;
    assert_eq!((ran.run.state, ran.said()), (RunState::Succeeded, vec!["through true"]), "{:?}", ran.run.error);
    let missing = StatPathOf { container: &container, path: "/tmp/touched" };
    assert!(missing.is_missing(&plane).await);
    let broken = source.replace("expect(\"bye", "expect(\"good-bye");
    let ran = run_script(&plane, &admin(), StartRun { inline: inline(&broken).inline, ..request }, LIMIT).await;
    assert_eq!(ran.error().1, Some(6));
    assert!(ran.error().0.starts_with("the output ended before 'good-bye"), "{:?}", ran.error());
}

/// A place in a container that may not be there.
struct StatPathOf<'a> {
    container: &'a Container,
    path: &'a str,
}

impl StatPathOf<'_> {
    async fn is_missing(&self, plane: &Plane) -> bool {
        let query = PathQuery::new(self.path.as_bytes());
        plane.control.stat_path(&admin(), self.container.id.as_str(), query).await.is_err_and(|error| error.code == Code::NotFound)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_are_saved_checked_and_removed_by_whom_they_belong_to() {
    let plane = Plane::start().await;
    let good = SaveScript { source: "script { about = \"mine\" }\n".to_owned(), replaces: Some(String::new()) };
    let check = plane.automation.put_script(&operator("ann"), "ann/mine", good.clone()).await.unwrap();
    assert_eq!((check.errors, check.header.unwrap().about.as_str()), (vec![], "mine"));
    assert_eq!(plane.automation.put_script(&operator("ann"), "ann/mine", good.clone()).await.unwrap_err().code, Code::Stale);
    for name in ["mine", "bob/mine"] {
        assert_eq!(plane.automation.put_script(&operator("ann"), name, good.clone()).await.unwrap_err().code, Code::Forbidden, "{name}");
    }
    for name in ["../mine", "ann/../x", "a/b/c", ""] {
        assert_eq!(plane.automation.put_script(&admin(), name, good.clone()).await.unwrap_err().code, Code::InvalidValue, "{name}");
    }
    let entry = plane.automation.get_script(&viewer(), "ann/mine").await.unwrap();
    assert_eq!((entry.source.as_deref(), entry.origin), (Some("script { about = \"mine\" }\n"), TemplateOrigin::User));
    let wrong = SaveScript { source: "script { about = 3 }\n".to_owned(), replaces: Some(entry.hash) };
    let check = plane.automation.put_script(&operator("ann"), "ann/mine", wrong).await.unwrap();
    assert_eq!(check.errors.len(), 1, "one with mistakes is saved, and they are told");
    let list = plane.automation.list_scripts(&viewer(), &WholeQuery::default()).await.unwrap();
    assert!(list.broken.iter().any(|place| place.file.as_ref().is_some_and(|file| file.ends_with("ann/mine.luau"))), "{:?}", list.broken);
    assert_eq!(plane.automation.delete_script(&operator("bob"), "ann/mine", RemoveText::default()).await.unwrap_err().code, Code::Forbidden);
    plane.automation.delete_script(&operator("ann"), "ann/mine", RemoveText::default()).await.unwrap();
    assert_eq!(plane.automation.get_script(&admin(), "ann/mine").await.unwrap_err().code, Code::NotFound);
}

/// Mistakes that people make, in a script's text, in what it asks for, and in how it is run.
const MISTAKES: [(&str, &str); 44] = [
    ("no header", "log(\"hello\")"),
    ("an empty file", ""),
    ("syntax: a bracket that is not closed", "script { about = \"x\" }\nlog((1)\nlog(2)"),
    ("syntax: an end too many", "script { about = \"x\" }\nend"),
    ("syntax: a text that is not closed", "script { about = \"x\" }\nlog(\"hello)"),
    ("syntax: a word of another language", "script { about = \"x\" }\nif 1 != 2 then end"),
    ("header: an unknown field", "script {\n\tabout = \"x\",\n\tparameters = {},\n}"),
    ("header: a wrong type", "script {\n\tabout = \"x\",\n\ttimeout = \"long\",\n}"),
    ("header: a timeout out of range", "script {\n\tabout = \"x\",\n\ttimeout = 0,\n}"),
    ("header: an unknown grant", "script {\n\tabout = \"x\",\n\tgrants = { \"container\" },\n}"),
    ("header: an unknown type of a parameter", "script {\n\tabout = \"x\",\n\tparams = {\n\t\tn = { type = \"number\" },\n\t},\n}"),
    ("header: a default that does not fit", "script {\n\tabout = \"x\",\n\tparams = {\n\t\tn = { type = \"integer\", default = \"many\" },\n\t},\n}"),
    ("header: a function in it", "script { about = \"x\", keep = function() end }"),
    ("header: something is used before it", "local box = launch(\"shell\")\nscript { about = \"x\" }"),
    ("a name that there is not", "script { about = \"x\" }\nlanch(\"shell\")"),
    (
        "a method that there is not",
        "script { about = \"x\", templates = { \"shell\" } }\nlaunch({ image = \"debian:bookworm-slim\", command = { \"sleep\", \"9\" } }):exce({ \"ls\" })",
    ),
    ("a template that the header does not name", "script { about = \"x\" }\nlaunch(\"shell\")"),
    ("a template that there is not", "script { about = \"x\", templates = { \"shel\" } }\nlaunch(\"shel\")"),
    ("a template with a mistake", "script { about = \"x\" }\nlaunch({ image = \"debian:bookworm-slim\", comand = \"sh\" })"),
    ("a container that there is not", "script { about = \"x\" }\ncontainer(\"no-such-box\")"),
    ("all containers without the grant", "script { about = \"x\" }\ncontainers()"),
    ("a secret without the grant", "script { about = \"x\" }\nsecret(\"db\")"),
    ("a secret that there is not", "script { about = \"x\", grants = { \"secrets:db\" } }\nsecret(\"db\")"),
    (
        "a line where words are wanted",
        "script { about = \"x\" }\nlocal box = launch({ image = \"debian:bookworm-slim\", command = { \"sleep\", \"9\" } })\nbox:exec(\"ls -l\")",
    ),
    (
        "a program that there is not",
        "script { about = \"x\" }\nlocal box = launch({ image = \"debian:bookworm-slim\", command = { \"sleep\", \"9\" } })\nbox:exec({ \"pyhton\" })",
    ),
    (
        "a key that there is not",
        "script { about = \"x\" }\nlocal box = launch({ image = \"debian:bookworm-slim\", command = { \"sleep\", \"9\" } })\nbox:open({ \"cat\" }):press(\"ctrl+c\")",
    ),
    (
        "an option that there is not",
        "script { about = \"x\" }\nlocal box = launch({ image = \"debian:bookworm-slim\", command = { \"sleep\", \"9\" } })\nbox:open({ \"cat\" }):expect(\"x\", { timout = 1 })",
    ),
    (
        "nothing to wait for",
        "script { about = \"x\" }\nlocal box = launch({ image = \"debian:bookworm-slim\", command = { \"sleep\", \"9\" } })\nbox:open({ \"cat\" }):expect(nil)",
    ),
    ("an expression with a mistake", "script { about = \"x\" }\nregex(\"(\\\\d+\")"),
    ("an expression with look-ahead", "script { about = \"x\" }\nregex(\"a(?=b)\")"),
    (
        "a wait in vain",
        "script { about = \"x\" }\nlocal box = launch({ image = \"debian:bookworm-slim\", command = { \"sleep\", \"9\" } })\nbox:open({ \"sh\", \"-c\", \"printf hello; sleep 9\" }):expect(\"bye\", { timeout = 0.5 })",
    ),
    (
        "an end that was not waited for",
        "script { about = \"x\" }\nlocal box = launch({ image = \"debian:bookworm-slim\", command = { \"sleep\", \"9\" } })\nbox:open({ \"sh\", \"-c\", \"printf hello\" }):expect(\"bye\")",
    ),
    (
        "typing into what has ended",
        "script { about = \"x\" }\nlocal box = launch({ image = \"debian:bookworm-slim\", command = { \"sleep\", \"9\" } })\nlocal t = box:open({ \"true\" })\nt:expect_eof()\nt:send(\"x\")",
    ),
    (
        "no prompt",
        "script { about = \"x\" }\nlocal box = launch({ image = \"debian:bookworm-slim\", command = { \"sleep\", \"9\" } })\nbox:open({ \"cat\" }):wait_prompt({ timeout = 0.5 })",
    ),
    (
        "a file that there is not",
        "script { about = \"x\" }\nlocal box = launch({ image = \"debian:bookworm-slim\", command = { \"sleep\", \"9\" } })\nbox:read(\"/etc/pasword\")",
    ),
    (
        "a relative path",
        "script { about = \"x\" }\nlocal box = launch({ image = \"debian:bookworm-slim\", command = { \"sleep\", \"9\" } })\nbox:write(\"notes.txt\", \"x\")",
    ),
    ("a check that fails", "script { about = \"x\" }\ncheck.equal(1 + 1, 3, \"the sum\")"),
    ("JSON that is none", "script { about = \"x\" }\njson.decode(\"{'a': 1}\")"),
    ("a value of nothing is used", "script { about = \"x\" }\nlocal found = nil\nlog(found.name)"),
    ("texts and numbers are mixed up", "script { about = \"x\" }\nlog(\"a\" + 1)"),
    ("a function as data", "script { about = \"x\" }\nreport { f = function() end }"),
    ("seconds that are none", "script { about = \"x\" }\nsleep(\"a while\")"),
    ("an error of the script's own", "script { about = \"x\" }\nerror(\"this is not what I expected\")"),
    ("a failure of the script's own", "script { about = \"x\" }\nfail(\"the total is wrong\")"),
];

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_told_with_their_place_and_what_to_do() {
    let plane = Plane::start().await;
    let mut told = String::new();
    for (what, source) in MISTAKES {
        told.push_str(&format!("{what}\n"));
        match plane.automation.start_run(&admin(), inline(source), RunCause::Asked, None).await {
            Err(error) => {
                for place in &error.places {
                    let at = [place.line, place.column].into_iter().flatten().map(|number| number.to_string()).collect::<Vec<_>>().join(":");
                    told.push_str(&format!("  {at}: {}\n", place.detail));
                }
                told.extend(error.fix.map(|fix| format!("  fix: {fix}\n")));
            }
            Ok(run) => {
                let error = over(&plane, &admin(), &run, LIMIT).await.run.error.unwrap_or_default();
                let line = error.line.map(|line| line.to_string()).unwrap_or_default();
                let home = plane.home.path().display().to_string();
                told.push_str(&format!("  run {line}: {}\n", error.message));
                told.extend(error.fix.map(|fix| format!("  fix: {fix}\n").replace(&home, "~")));
            }
        }
        let check = plane.automation.check_script(&admin(), InlineScript { name: "spec.luau".to_owned(), source: source.to_owned() }).await.unwrap();
        for place in check.warnings {
            told.push_str(&format!("  check {}:{}: {}\n", place.line.unwrap_or(0), place.column.unwrap_or(0), place.detail));
        }
    }
    let told = regex::Regex::new("ses_[0-9a-f]+").unwrap().replace_all(&told, "ses_1");
    golden("tests/golden/script-mistakes.txt", &told);
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_with_wrong_parameters_are_refused() {
    let plane = Plane::start().await;
    let source = "script { about = \"x\", params = { n = { type = \"integer\", min = 1, max = 9 }, color = { choices = { \"red\", \"blue\" }, default = \"red\" } } }\nlog(params.n, params.color)";
    let mut told = String::new();
    for params in [&[][..], &[("n", "many")], &[("n", "10")], &[("n", "1"), ("color", "green")], &[("n", "1"), ("colour", "red")]] {
        let error = plane.automation.start_run(&admin(), with(source, params), RunCause::Asked, None).await.unwrap_err();
        told.push_str(&format!("{params:?}: {error}\n"));
    }
    for request in [
        StartRun::default(),
        StartRun { script: Some("helth-check".to_owned()), ..StartRun::default() },
        StartRun { against: Some("rec_x".to_owned()), ..inline("script { about = \"x\" }") },
    ] {
        let error = plane.automation.start_run(&admin(), request, RunCause::Asked, None).await.unwrap_err();
        told.push_str(&format!("{error}; {}\n", error.fix.clone().unwrap_or_default()));
    }
    golden("tests/golden/run-mistakes.txt", &told);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_short_scripts_leave_the_server_whole() {
    let plane = Plane::start().await;
    let request = CreateContainer { template: Some("postgres".to_owned()), name: Some(plane.name("db")), ..CreateContainer::default() };
    let launch = plane.control.create_container_from(&admin(), request, None).await.unwrap();
    plane.control.wait_operation(&admin(), launch.id.as_str(), Duration::from_secs(900)).await.unwrap();
    let container = plane.control.get_container(&admin(), &plane.name("db")).await.unwrap();
    let count = if std::env::var_os("CTO_PROVE").is_some() { 500 } else { 40 };
    // Each runs a command, asks the database in the container, and the server's own: by checkpoints and by its log.
    let source = r#"script { about = "short", params = { box = {}, number = { type = "integer" } }, resumable = true }
local box = container(params.box)
check.equal(box:exec({ "echo", "hi" }).stdout, "hi\n")
checkpoint { number = params.number }
local query = "SELECT " .. params.number .. " + count(*) FROM pg_database"
local sum = box:exec({ "psql", "-X", "-A", "-t", "-c", query }, { check = true }).stdout
checkpoint { number = params.number, sum = sum }
log("sum", sum)
report { sum = tonumber(sum) - params.number }
"#;
    let before = plane.control.get_health().await.unwrap().store_connections;
    let mut runs = Vec::new();
    for number in 0..count {
        let mut request = with(source, &[("box", &container.name)]);
        request.params.insert("number".to_owned(), ParamValue::Integer(number as i64));
        runs.push(plane.automation.start_run(&admin(), request, RunCause::Asked, None).await.unwrap());
    }
    for run in &runs {
        let ran = over(&plane, &admin(), run, Duration::from_secs(300)).await;
        assert_eq!(ran.run.state, RunState::Succeeded, "{:?}", ran.run.error);
        assert_eq!((ran.run.results.get("sum"), ran.said().len()), (Some(&json!(3)), 1));
    }
    let health = plane.control.get_health().await.unwrap();
    assert!(health.ok && health.store_ok);
    // Each connection of the pool comes back: what is open is free once nobody asks.
    let whole = async {
        loop {
            let (open, free) = plane.control.get_health().await.unwrap().store_connections;
            if open == free {
                return open;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let open = tokio::time::timeout(LIMIT, whole).await.expect("no connection is held for ever");
    assert!(open <= before.0.max(3), "{open} are open, {before:?} were before");
    let asker = admin();
    let asked = (0..100).map(|_| plane.automation.list_runs(&asker, RunQuery { limit: Some(10), ..RunQuery::default() }));
    assert!(futures_util::future::join_all(asked).await.iter().all(|page| page.as_ref().is_ok_and(|page| page.items.len() == 10)));
    // The database in the container has nobody left either.
    let source = r#"script { about = "asks", params = { box = {} } }
local query = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%FROM pg_database'"
check.equal(container(params.box):exec({ "psql", "-X", "-A", "-t", "-c", query }, { check = true }).stdout, "0\n")
"#;
    let ran = run_script(&plane, &admin(), with(source, &[("box", &container.name)]), LIMIT).await;
    assert_eq!(ran.run.state, RunState::Succeeded, "{:?}", ran.run.error);
    let threads = || {
        std::fs::read_dir("/proc/self/task")
            .unwrap()
            .flatten()
            .filter(|task| std::fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name.trim() == "script"))
            .count()
    };
    let gone = async {
        while threads() > 8 {
            tokio::time::sleep(Duration::from_millis(50)).await
        }
    };
    tokio::time::timeout(LIMIT, gone).await.expect("their threads have ended");
    assert!(plane.automation.list_runs(&admin(), RunQuery { limit: Some(500), ..RunQuery::default() }).await.unwrap().items.len() >= count.min(500));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_becomes_a_script_that_does_the_same_elsewhere() {
    let plane = Plane::start().await;
    let first = plane.container(&admin(), "first", json!({"command": ["sleep", "1d"]})).await;
    let second = plane.container(&admin(), "second", json!({"command": ["sleep", "1d"]})).await;
    let open = OpenSession { container: first.id.to_string(), command: vec!["sh".to_owned()], ..OpenSession::default() };
    let session = plane.control.create_session(&admin(), open, None).await.unwrap();
    let recording = plane.control.start_recording(&admin(), session.id.as_str(), StartRecording { input: true }).await.unwrap();
    let input = |text: &str| SessionInput { text: Some(text.to_owned()), base64: None };
    let shows = async |wanted: &str| {
        let shown = async {
            while !plane.control.sessions().find(session.id.as_str()).unwrap().screen_text().contains(wanted) {
                tokio::time::sleep(Duration::from_millis(5)).await
            }
        };
        tokio::time::timeout(LIMIT, shown).await.unwrap();
    };
    for (typed, wanted) in [
        ("stty -echo; printf 'Password: '; read -r word; stty echo\r", "\nPassword:"),
        ("hunter2\r", "Password: #"),
        ("echo \"$word\" >/tmp/word; echo \"kept\"\r", "\nkept"),
    ] {
        plane.control.type_into_session(&admin(), session.id.as_str(), input(typed)).await.unwrap();
        shows(wanted).await;
    }
    plane.control.stop_recording(&admin(), session.id.as_str()).await.unwrap();
    let script = plane.automation.script_of_recording(&admin(), ScriptOfRecording { recording: recording.id.to_string() }).await.unwrap();
    assert!(!script.source.contains("hunter2") && script.source.contains("term:send_line(params.hidden_1)"), "{}", script.source);
    let params = [("box", second.name.as_str()), ("hidden_1", "another word")];
    let ran = run_script(&plane, &admin(), with(&script.source, &params), LIMIT).await;
    assert_eq!(ran.run.state, RunState::Succeeded, "{:?}\n{}", ran.run.error, script.source);
    let source = "script { about = \"looks\", params = { box = {} } }\nlog(container(params.box):read(\"/tmp/word\"))";
    assert_eq!(run_script(&plane, &admin(), with(source, &[("box", &second.name)]), LIMIT).await.said(), ["another word\n"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asked_with_fewer_rights_than_they_have_gets_no_more_by_a_server_that_dies() {
    let mut plane = Plane::start().await;
    plane.control.create_user(&admin(), AddUser { name: "ada".to_owned(), role: Role::Admin, password: None }).await.unwrap();
    let bobs = plane.container(&operator("bob"), "bobs", json!({"command": ["sleep", "1d"]})).await;
    let source = "script { about = \"goes on\", resumable = true, params = { box = {} } }\nif resumed then container(params.box):sh(\"true\") end\ncheckpoint(1)\nlog(\"begun\")\nsleep(1000)\n";
    // As by a token of hers that is an operator's.
    let run = plane.automation.start_run(&operator("ada"), with(source, &[("box", &bobs.name)]), RunCause::Asked, None).await.unwrap();
    let begun = async {
        while plane.automation.get_run_log(&admin(), run.id.as_str(), RunLogQuery { wait: 5, ..RunLogQuery::default() }).await.unwrap().entries.is_empty() {}
    };
    tokio::time::timeout(LIMIT, begun).await.unwrap();
    plane.vanish().await;
    let ran = over(&plane, &admin(), &run, LIMIT).await;
    assert_eq!((ran.run.attempt, ran.run.rights), (2, Role::Operator));
    assert_eq!(ran.error().0, format!("'ada' (operator) may not do 'exec:containers' on '{}'", bobs.name));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_said_to_be_over_has_its_whole_log_whoever_goes_while_it_is_read() {
    let (plane, ada) = (Plane::start().await, admin());
    let source = "script { about = \"short\" }\nfor n = 1, 20 do log(\"line \" .. n) end\n";
    for n in 0..40 {
        let run = plane.automation.start_run(&ada, inline(source), RunCause::Asked, None).await.unwrap();
        let query = RunLogQuery { after: 0, limit: Some(100), wait: 0 };
        // Readers that go in the middle of it, each a little later.
        for reader in 0..8 {
            let reading = plane.automation.get_run_log(&ada, run.id.as_str(), query);
            let _ = tokio::time::timeout(Duration::from_micros(100 * reader + 10 * n), reading).await;
        }
        let over = async {
            loop {
                let log = plane.automation.get_run_log(&ada, run.id.as_str(), query).await.unwrap();
                if log.run.state.is_over() {
                    return log;
                }
            }
        };
        let log = tokio::time::timeout(LIMIT, over).await.expect("the run is over");
        let said = log.entries.iter().filter(|entry| matches!(&entry.what, RunNote::Log { .. })).count();
        assert_eq!((log.run.state, said), (RunState::Succeeded, 20));
    }
}
