//! Plugins: installed, granted, run, reacting to events; and one that is broken harms nothing.
use crate::support::golden::golden;
use crate::support::home::Home;
use crate::support::http::Door;
use crate::support::plane::Plane;
use crate::support::plane::admin;
use crate::support::plane::operator;
use crate::support::plane::viewer;
use crate::support::scripts::Ran;
use crate::support::scripts::inline;
use crate::support::scripts::over;
use crate::support::scripts::run_script;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cto::access::Actor;
use cto::error::Error;
use cto::model::*;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);
const HELLO: &str = "script { about = \"x\", params = { whom = { default = \"world\" } } }\nlog(\"hello \" .. params.whom)\n";

pub fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/luau/plugins/example")
}

fn encoded(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> BTreeMap<String, String> {
    files.into_iter().map(|(path, bytes)| (path, STANDARD.encode(bytes))).collect()
}

/// A plugin 'spec' with one command, 'go', and whatever else is said.
pub fn files(fields: Value, further: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut manifest = json!({"name": "spec", "version": "1.0.0", "about": "x", "commands": [{"name": "go", "about": "x", "script": "go.luau"}]});
    manifest.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let mut all = BTreeMap::from([("plugin.json".to_owned(), manifest.to_string().into_bytes()), ("go.luau".to_owned(), HELLO.as_bytes().to_vec())]);
    all.extend(further.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())));
    encoded(all)
}

pub fn words(grants: &[&str]) -> Vec<String> {
    grants.iter().map(|grant| (*grant).to_owned()).collect()
}

pub async fn install(plane: &Plane, files: BTreeMap<String, String>, grants: &[&str]) -> Result<Plugin, Error> {
    plane.automation.install_plugin(&admin(), InstallPlugin { files, grants: words(grants) }).await
}

pub async fn go(plane: &Plane, actor: &Actor, plugin: &str, request: RunPlugin) -> Result<Ran, Error> {
    let run = plane.automation.run_plugin(actor, plugin, request).await?;
    Ok(over(plane, actor, &run, LIMIT).await)
}

fn command(name: &str) -> RunPlugin {
    RunPlugin { command: name.to_owned(), ..RunPlugin::default() }
}

pub fn folder(plane: &Plane, name: &str) -> PathBuf {
    plane.control.parts().paths.config_dir.join("plugins").join(name)
}

async fn state(plane: &Plane, name: &str) -> PluginState {
    plane.automation.get_plugin(&viewer(), name).await.unwrap().state
}

/// A plane with the user ada: what plugins do by themselves is done as who installed them.
pub async fn with_ada() -> Plane {
    let plane = Plane::start().await;
    plane.control.create_user(&admin(), AddUser { name: "ada".to_owned(), role: Role::Admin, password: None }).await.unwrap();
    plane
}

/// The runs that a plugin has started by itself, once there are so many that are over.
pub async fn reactions(plane: &Plane, plugin: &str, count: usize) -> Vec<Run> {
    let mut events = plane.control.parts().bus.subscribe();
    let looking = async {
        loop {
            let page = plane.automation.list_runs(&admin(), RunQuery { limit: Some(500), ..RunQuery::default() }).await.unwrap();
            let own = |run: &Run| matches!(&run.cause, RunCause::Plugin { name, event: Some(_), .. } if name == plugin);
            let runs: Vec<Run> = page.items.into_iter().filter(|run| own(run) && run.state.is_over()).collect();
            if runs.len() >= count {
                return runs;
            }
            // Any event may be its end; a missed one is made up for by the next look.
            let _ = tokio::time::timeout(Duration::from_millis(500), events.recv()).await;
        }
    };
    tokio::time::timeout(LIMIT, looking).await.unwrap_or_else(|_| panic!("{plugin} has not started {count} runs"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_is_installed_runs_its_commands_and_reacts_to_events() {
    let plane = with_ada().await;
    let files = encoded(cto::config::read_plugin(&example()).unwrap());
    let checked = plane.automation.check_plugin(&admin(), PluginFiles { files: files.clone() }).await.unwrap();
    assert_eq!(checked.errors, Vec::new());
    let grants = ["events", "columns", "panels", "templates", "keys"];
    let plugin = install(&plane, files, &grants).await.unwrap();
    assert_eq!((plugin.state, plugin.granted.as_slice(), plugin.hash), (PluginState::Enabled, &words(&grants)[..], checked.hash));
    assert_eq!(plugin.installed_by.as_deref(), Some("ada"));

    let params = BTreeMap::from([("whom".to_owned(), ParamValue::Text("ann".to_owned()))]);
    let ran = go(&plane, &operator("olga"), "example", RunPlugin { params, ..command("greet") }).await.unwrap();
    assert_eq!((ran.said(), ran.run.owner.as_str(), ran.run.script.as_str()), (vec!["hello ann"], "olga", "example/greet.luau"));
    assert_eq!(ran.run.cause, RunCause::Plugin { name: "example".to_owned(), event: None, depth: 0 });

    let noisy =
        plane.container(&admin(), "noisy", json!({"command": ["sh", "-c", "echo Error: a; echo fine; echo PANIC; sleep 1d"], "interactive": false})).await;
    let request = RunPlugin { container: Some(noisy.name.clone()), ..command("errors") };
    let ran = go(&plane, &admin(), "example", request).await.unwrap();
    assert_eq!(ran.run.results.get("errors"), Some(&json!(2)), "{:?}", ran.run.error);

    plane.launch(&admin(), "job", json!({"command": ["sh", "-c", "exit 7"], "interactive": false})).await;
    let runs = reactions(&plane, "example", 1).await;
    assert_eq!((runs[0].owner.as_str(), runs[0].script.as_str(), runs[0].state), ("ada", "example/died.luau", RunState::Succeeded));
    assert_eq!(runs[0].results.get("exit_code"), Some(&json!(7)), "{:?}", runs[0]);
    let audit = plane.audit().await;
    assert!(audit.iter().any(|line| line == "ada manage:plugins plugin example: Succeeded"), "{audit:?}");
    assert!(audit.iter().any(|line| line == "olga start:runs example/greet.luau: Succeeded"), "{audit:?}");
}

#[tokio::test]
async fn only_admins_change_plugins_and_viewers_run_nothing() {
    let plane = Plane::start().await;
    let request = InstallPlugin { files: files(json!({}), &[]), grants: Vec::new() };
    for actor in [viewer(), operator("olga")] {
        assert_eq!(plane.automation.install_plugin(&actor, request.clone()).await.unwrap_err().code, Code::Forbidden);
    }
    plane.automation.install_plugin(&admin(), request).await.unwrap();
    for actor in [viewer(), operator("olga")] {
        assert_eq!(plane.automation.enable_plugin(&actor, "spec", EnablePlugin::default()).await.unwrap_err().code, Code::Forbidden);
        assert_eq!(plane.automation.disable_plugin(&actor, "spec").await.unwrap_err().code, Code::Forbidden);
        assert_eq!(plane.automation.delete_plugin(&actor, "spec", RemoveText::default()).await.unwrap_err().code, Code::Forbidden);
    }
    assert_eq!(go(&plane, &viewer(), "spec", command("go")).await.err().unwrap().code, Code::Forbidden);
    assert_eq!(go(&plane, &operator("olga"), "spec", command("go")).await.unwrap().said(), ["hello world"]);
    plane.automation.disable_plugin(&admin(), "spec").await.unwrap();
    assert_eq!(go(&plane, &admin(), "spec", command("go")).await.err().unwrap().code, Code::WrongState);
    plane.automation.delete_plugin(&admin(), "spec", RemoveText::default()).await.unwrap();
    assert!(!folder(&plane, "spec").exists());
    assert_eq!(plane.automation.delete_plugin(&admin(), "spec", RemoveText::default()).await.unwrap_err().code, Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_does_no_more_than_was_granted() {
    let plane = Plane::start().await;
    let container = plane.container(&admin(), "box", json!({"command": ["sleep", "1d"], "interactive": false})).await;
    let name = &container.name;
    let cases = [
        ("launch({ image = \"debian:bookworm-slim\" })".to_owned(), "this plugin may not launch containers"),
        (format!("container(\"{name}\")"), "was not launched by this run"),
        ("containers()".to_owned(), "this script may not see containers that it did not launch"),
        ("secret(\"token\")".to_owned(), "this script may not have the secret 'token'"),
        // A default is the plugin's own word, not the caller's.
        ("container(params.other)".to_owned(), "was not launched by this run"),
    ];
    for (body, wanted) in cases {
        let source = format!("script {{ about = \"x\", params = {{ other = {{ default = \"{name}\" }} }} }}\n{body}\n");
        install(&plane, files(json!({}), &[("go.luau", &source)]), &[]).await.unwrap();
        let ran = go(&plane, &admin(), "spec", command("go")).await.unwrap();
        assert!(ran.error().0.contains(wanted), "{body}: {:?}", ran.run);
    }
    // What it asks for and is granted it has; what is asked for has to be granted, all of it.
    let source = format!("script {{ about = \"x\", grants = {{ \"containers\" }} }}\nlog(container(\"{name}\"):sh(\"echo in\").stdout)\n");
    let asking = files(json!({"grants": ["containers"]}), &[("go.luau", &source)]);
    let refused = install(&plane, asking.clone(), &["launch"]).await.unwrap_err();
    assert_eq!((refused.code, refused.message.as_str()), (Code::InvalidValue, "plugin 'spec' asks for more than is granted: containers"));
    install(&plane, asking, &["containers"]).await.unwrap();
    let ran = go(&plane, &admin(), "spec", command("go")).await.unwrap();
    assert_eq!(ran.run.state, RunState::Succeeded, "{:?}", ran.run.error);
    // Nor more than who runs it may do.
    let ran = go(&plane, &operator("olga"), "spec", command("go")).await.unwrap();
    assert_eq!(ran.run.state, RunState::Failed);
    // Once more means within the same limits.
    install(&plane, files(json!({}), &[("go.luau", "script { about = \"x\" }\nlaunch({ image = \"debian:bookworm-slim\" })")]), &[]).await.unwrap();
    let ran = go(&plane, &admin(), "spec", command("go")).await.unwrap();
    let again = plane.automation.retry_run(&admin(), ran.run.id.as_str()).await.unwrap();
    assert_eq!(over(&plane, &admin(), &again, LIMIT).await.error().0, "this plugin may not launch containers");
}

#[tokio::test]
async fn a_plugin_whose_files_change_does_nothing_until_it_is_granted_again() {
    let plane = Plane::start().await;
    install(&plane, files(json!({}), &[]), &[]).await.unwrap();
    let script = folder(&plane, "spec").join("go.luau");
    std::fs::write(&script, "script { about = \"x\" }\nlog(\"other\")\n").unwrap();
    let error = go(&plane, &admin(), "spec", command("go")).await.err().unwrap();
    assert_eq!((error.code, state(&plane, "spec").await), (Code::WrongState, PluginState::Changed));
    let seen = plane.automation.get_plugin(&admin(), "spec").await.unwrap().hash;
    std::fs::write(&script, "script { about = \"x\" }\nlog(\"yet another\")\n").unwrap();
    let stale = EnablePlugin { grants: Vec::new(), hash: Some(seen) };
    assert_eq!(plane.automation.enable_plugin(&admin(), "spec", stale).await.unwrap_err().code, Code::Stale);
    plane.automation.enable_plugin(&admin(), "spec", EnablePlugin::default()).await.unwrap();
    assert_eq!(go(&plane, &admin(), "spec", command("go")).await.unwrap().said(), ["yet another"]);
    // One that asks for more afterwards.
    let manifest = folder(&plane, "spec").join("plugin.json");
    let text = std::fs::read_to_string(&manifest).unwrap().replace("\"about\":\"x\",\"commands\"", "\"grants\":[\"containers\"],\"about\":\"x\",\"commands\"");
    std::fs::write(&manifest, text).unwrap();
    assert_eq!(state(&plane, "spec").await, PluginState::Changed);
    assert_eq!(plane.automation.enable_plugin(&admin(), "spec", EnablePlugin::default()).await.unwrap_err().code, Code::InvalidValue);
    // A folder that somebody put there waits.
    let by_hand = folder(&plane, "by-hand");
    std::fs::create_dir_all(&by_hand).unwrap();
    std::fs::write(by_hand.join("plugin.json"), r#"{"name": "by-hand", "version": "1", "about": "x"}"#).unwrap();
    assert_eq!(state(&plane, "by-hand").await, PluginState::Waiting);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_just_changed_counts_whoever_else_looks_at_plugins_at_that_moment() {
    let plane = Plane::start().await;
    let looks: Vec<_> = (0..4)
        .map(|_| {
            let automation = plane.automation.clone();
            tokio::spawn(async move {
                loop {
                    automation.list_plugins(&viewer(), &WholeQuery::default()).await.unwrap();
                }
            })
        })
        .collect();
    install(&plane, files(json!({"matchers": "m.luau"}), &[("m.luau", "return { same = function(text) return text end }")]), &[]).await.unwrap();
    for round in 0..10 {
        let source = format!("script {{ about = \"x\" }}\nlog(matchers.spec.same(\"{round}\"))\n");
        let ran = run_script(&plane, &admin(), inline(&source), LIMIT).await;
        assert_eq!(ran.said(), [round.to_string()], "{:?}", ran.run.error);
        plane.automation.disable_plugin(&admin(), "spec").await.unwrap();
        let (message, _) = run_script(&plane, &admin(), inline(&source), LIMIT).await.error();
        assert!(message.contains("no plugin 'spec' with matchers is enabled"), "{message}");
        plane.automation.enable_plugin(&admin(), "spec", EnablePlugin::default()).await.unwrap();
    }
    looks.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread")]
async fn matchers_look_at_text_and_can_do_nothing_else() {
    let plane = Plane::start().await;
    let matchers = "local function upper(text) return string.upper(text) end\n\
        local function acts() return container(\"x\") end\n\
        local function endless() while true do end end\n\
        local function fails(text)\n\terror(\"no: \" .. text)\nend\n\
        return { upper = upper, acts = acts, endless = endless, fails = fails }";
    install(&plane, files(json!({"matchers": "m.luau"}), &[("m.luau", matchers)]), &[]).await.unwrap();
    let run = async |body: &str| run_script(&plane, &admin(), inline(&format!("script {{ about = \"x\", processor = 1 }}\n{body}\n")), LIMIT).await;
    let ran = run("log(matchers.spec.upper(\"abc\"))").await;
    assert_eq!(ran.said(), ["ABC"], "{:?}", ran.run.error);
    for (body, wanted) in [
        ("matchers.spec.acts()", "attempt to call a nil value"),
        ("matchers.spec.endless()", "the script used more than 1 s of a processor"),
        ("matchers.spec.fails(\"x\")", "no: x"),
        ("matchers.spec.upper(container)", "matcher 'upper' takes texts, numbers and truths, not a function"),
        ("matchers.specs.upper(\"x\")", "no plugin 'specs' with matchers is enabled; did you mean 'spec'?"),
        ("matchers.spec.lower(\"x\")", "attempt to call a nil value"),
        ("matchers.spec.upper = nil", "attempt to modify a readonly table"),
        ("matchers.other = {}", "attempt to modify a readonly table"),
    ] {
        let (message, line) = run(body).await.error();
        assert!(message.contains(wanted), "{body}: {message}");
        assert_eq!(line, Some(2), "{body}: {message}");
    }
    // What reads well at its installation may fail later: only who uses it is told.
    let late = "return { f = function() return nothing.at_all end }";
    install(&plane, files(json!({"matchers": "m.luau"}), &[("m.luau", late)]), &[]).await.unwrap();
    assert_eq!(run("log(\"fine\")").await.said(), ["fine"]);
    assert!(run("matchers.spec.f()").await.error().0.contains("attempt to index nil"));
    plane.automation.disable_plugin(&admin(), "spec").await.unwrap();
    assert!(run("matchers.spec.f()").await.error().0.contains("no plugin 'spec' with matchers is enabled"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_fails_five_times_in_a_row_is_done_with_and_nothing_else_is() {
    let plane = with_ada().await;
    let fails = files(
        json!({"hooks": [{"events": ["run.succeeded"], "script": "hook.luau"}], "grants": ["events"]}),
        &[("hook.luau", "script { about = \"x\", processor = 1 }\nwhile true do end\n")],
    );
    install(&plane, fails, &["events"]).await.unwrap();
    for _ in 0..5 {
        run_script(&plane, &admin(), inline("script { about = \"x\" }"), LIMIT).await;
    }
    reactions(&plane, "spec", 5).await;
    let mut events = plane.control.parts().bus.subscribe();
    let off = async {
        loop {
            let plugin = plane.automation.get_plugin(&admin(), "spec").await.unwrap();
            if let Some(why) = plugin.hooks_off {
                return (plugin.state, why);
            }
            let _ = tokio::time::timeout(Duration::from_millis(200), events.recv()).await;
        }
    };
    let (state, why) = tokio::time::timeout(LIMIT, off).await.unwrap();
    assert_eq!(
        (state, why.as_str()),
        (PluginState::Enabled, "5 of its runs failed in a row, the last: run of spec/hook.luau failed: the script used more than 1 s of a processor")
    );
    assert_eq!(go(&plane, &admin(), "spec", command("go")).await.unwrap().said(), ["hello world"], "its commands go on");
    let plugin = plane.automation.enable_plugin(&admin(), "spec", EnablePlugin { grants: words(&["events"]), hash: None }).await.unwrap();
    assert_eq!(plugin.hooks_off, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_do_ten_things_a_minute_and_end_in_no_circle() {
    let plane = with_ada().await;
    let hook = json!({"hooks": [{"events": ["run.*"], "script": "go.luau"}], "grants": ["events"]});
    install(&plane, files(hook.clone(), &[]), &["events"]).await.unwrap();
    // Another one, so that each hears of what the other does.
    let mut other = hook;
    other.as_object_mut().unwrap().insert("name".to_owned(), json!("other"));
    install(&plane, files(other, &[]), &["events"]).await.unwrap();
    run_script(&plane, &admin(), inline("script { about = \"x\" }"), LIMIT).await;
    let runs = reactions(&plane, "spec", 10).await;
    assert_eq!(runs.len(), 10);
    assert!(runs.iter().all(|run| matches!(run.cause, RunCause::Plugin { depth, .. } if depth < 5)), "{runs:?}");
    // What the last of them have caused is over too, and nothing came of it.
    run_script(&plane, &admin(), inline("script { about = \"x\" }"), LIMIT).await;
    assert_eq!(reactions(&plane, "spec", 10).await.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_broken_plugin_harms_nothing() {
    let plane = Plane::start().await;
    install(&plane, files(json!({"matchers": "m.luau"}), &[("m.luau", "return { same = function(text) return text end }")]), &[]).await.unwrap();
    let dir = |name: &str| {
        let dir = folder(&plane, name);
        std::fs::create_dir_all(&dir).unwrap();
        dir
    };
    let manifest = |name: &str, fields: Value| {
        let mut all = json!({"name": name, "version": "1", "about": "x"});
        all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        all.to_string()
    };
    std::fs::write(dir("b-empty").join("readme"), "").unwrap();
    std::fs::write(dir("c-no-json").join("plugin.json"), "{\n  \"name\": c-no-json\n}").unwrap();
    let syntax = dir("d-syntax");
    std::fs::write(syntax.join("plugin.json"), manifest("d-syntax", json!({"commands": [{"name": "a", "about": "x", "script": "a.luau"}]}))).unwrap();
    std::fs::write(syntax.join("a.luau"), "script { about = \"x\" }\nif true then log(\n").unwrap();
    let endless = dir("e-endless");
    std::fs::write(endless.join("plugin.json"), manifest("e-endless", json!({"matchers": "m.luau"}))).unwrap();
    std::fs::write(endless.join("m.luau"), "while true do end").unwrap();
    let secret = plane.home.path().join("outside");
    std::fs::write(&secret, "secret").unwrap();
    let link = dir("f-link");
    std::fs::write(link.join("plugin.json"), manifest("f-link", json!({}))).unwrap();
    std::os::unix::fs::symlink(&secret, link.join("data.txt")).unwrap();
    std::os::unix::fs::symlink(example(), folder(&plane, "g-linked")).unwrap();
    std::fs::write(dir("h-other").join("plugin.json"), manifest("another", json!({}))).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, dir("i-pipe").join("pipe"), rustix::fs::FileType::Fifo, rustix::fs::Mode::from_raw_mode(0o600), 0).unwrap();
    let binary = dir("j-binary");
    std::fs::write(binary.join("plugin.json"), [0xff, 0xfe, 0x00]).unwrap();
    let column = dir("k-column");
    let columns = json!({"columns": [{"name": "a", "title": "A", "width": 5, "script": "v.luau"}], "handlers": [{"script": "h.luau"}], "grants": ["columns"]});
    std::fs::write(column.join("plugin.json"), manifest("k-column", columns.clone())).unwrap();
    let mut granted = columns;
    granted["grants"] = json!(["columns", "templates"]);
    let views = dir("k-views");
    std::fs::write(views.join("plugin.json"), manifest("k-views", granted)).unwrap();
    std::fs::write(views.join("v.luau"), "local all = {}\nwhile true do all[#all + 1] = string.rep(\"x\", 1000000) end").unwrap();
    std::fs::write(views.join("h.luau"), "return {\n\tspec = function(launch) return launch\n}").unwrap();
    let deep = dir("k-deep").join("a/b/c/d/e/f/g/h/i");
    std::fs::create_dir_all(deep).unwrap();
    let locked = dir("l-locked");
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o000)).unwrap();

    let all = plane.automation.list_plugins(&viewer(), &WholeQuery::default()).await.unwrap().items;
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o700)).unwrap();
    let home = plane.home.path().display().to_string();
    let mut told = String::new();
    // Whoever may read everything finds no manifest in a locked folder; others can't read it. It is broken either way.
    for plugin in all.iter().filter(|plugin| plugin.name != "l-locked") {
        told.push_str(&format!("{}: {}\n", plugin.name, plugin.state.as_str()));
        for place in &plugin.broken {
            let at: String = [place.line, place.column].into_iter().flatten().map(|number| format!(":{number}")).collect();
            told.push_str(&format!("  {}{at}: {}\n", place.file.clone().unwrap_or_default().replace(&home, "~"), place.detail));
        }
    }
    golden("tests/golden/plugins-broken.txt", &told);
    assert_eq!(all.iter().find(|plugin| plugin.name == "l-locked").unwrap().state, PluginState::Broken);
    assert_eq!(all.iter().filter(|plugin| plugin.state != PluginState::Broken).count(), 1);
    assert_eq!(go(&plane, &admin(), "spec", command("go")).await.unwrap().said(), ["hello world"]);
    let ran = run_script(&plane, &admin(), inline("script { about = \"x\" }\nlog(matchers.spec.same(\"as ever\"))"), LIMIT).await;
    assert_eq!(ran.said(), ["as ever"]);
    assert_eq!(go(&plane, &admin(), "d-syntax", command("a")).await.err().unwrap().code, Code::WrongState);
    // A link is removed, and not what it leads to.
    plane.automation.delete_plugin(&admin(), "g-linked", RemoveText::default()).await.unwrap();
    assert!(example().join("plugin.json").exists() && !folder(&plane, "g-linked").exists());
    for name in ["..", ".", "", "../scripts", "a/b", ".new-spec"] {
        assert!(plane.automation.delete_plugin(&admin(), name, RemoveText::default()).await.is_err(), "{name}");
    }
    // One whose folder is gone is told as well.
    std::fs::remove_dir_all(folder(&plane, "spec")).unwrap();
    let gone = plane.automation.get_plugin(&admin(), "spec").await.unwrap();
    assert_eq!((gone.state, gone.broken[0].detail.as_str()), (PluginState::Broken, "is not there any more"));
    plane.automation.delete_plugin(&admin(), "spec", RemoveText::default()).await.unwrap();
}

const MISTAKES: &[(&str, &str)] = &[
    ("nothing", ""),
    ("no object", "[]"),
    ("too little", "{}"),
    ("a field that there is not", r#"{"name": "spec", "version": "1", "about": "x", "comands": []}"#),
    ("a name that leads elsewhere", r#"{"name": "../spec", "version": "1", "about": "x"}"#),
    ("no version", r#"{"name": "spec", "version": "one two", "about": "x"}"#),
    ("a grant that there is not", r#"{"name": "spec", "version": "1", "about": "x", "grants": ["container", "secrets:"]}"#),
    (
        "an event that there is not",
        r#"{"name": "spec", "version": "1", "about": "x", "grants": ["events"], "hooks": [{"events": ["container.dies", "runs.*"], "script": "go.luau"}, {"events": [], "script": "go.luau"}]}"#,
    ),
    ("hooks without the grant", r#"{"name": "spec", "version": "1", "about": "x", "hooks": [{"events": ["*"], "script": "go.luau"}]}"#),
    (
        "files that are not there",
        r#"{"name": "spec", "version": "1", "about": "x", "commands": [{"name": "a", "about": "x", "script": "goo.luau"}, {"name": "b", "about": "x", "script": "../go.luau"}, {"name": "c", "about": "x", "script": "go"}], "matchers": "m.luau"}"#,
    ),
    (
        "commands of one name",
        r#"{"name": "spec", "version": "1", "about": "x", "commands": [{"name": "a", "about": "x", "script": "go.luau"}, {"name": "a", "about": "x", "script": "go.luau"}]}"#,
    ),
    (
        "a command on something else",
        r#"{"name": "spec", "version": "1", "about": "x", "commands": [{"name": "a", "about": "x", "script": "go.luau", "on": "image"}]}"#,
    ),
    (
        "a command on containers that takes none",
        r#"{"name": "spec", "version": "1", "about": "x", "commands": [{"name": "a", "about": "x", "script": "go.luau", "on": "container"}]}"#,
    ),
    ("a script that needs more", r#"{"name": "spec", "version": "1", "about": "x", "commands": [{"name": "a", "about": "x", "script": "more.luau"}]}"#),
    ("a script with mistakes", r#"{"name": "spec", "version": "1", "about": "x", "commands": [{"name": "a", "about": "x", "script": "wrong.luau"}]}"#),
    (
        "columns, panels, handlers and keys without their grants",
        r#"{"name": "spec", "version": "1", "about": "x", "columns": [{"name": "a", "title": "A", "width": 5, "script": "views.luau"}], "panels": [{"name": "b", "about": "x", "script": "views.luau"}], "handlers": [{"script": "handler.luau"}], "commands": [{"name": "a", "about": "x", "script": "go.luau", "key": "F8"}]}"#,
    ),
    (
        "a column that does not fit",
        r#"{"name": "spec", "version": "1", "about": "x", "columns": [{"name": "a", "list": "images", "title": "A", "width": 5, "script": "views.luau"}, {"name": "A b", "title": "", "width": 41, "script": "view.luau"}], "grants": ["columns"]}"#,
    ),
    (
        "a column as wide as the screen, twice",
        r#"{"name": "spec", "version": "1", "about": "x", "columns": [{"name": "a", "title": "A", "width": 400, "script": "views.luau"}, {"name": "a", "title": "longer than a heading is", "width": 5, "script": "go"}], "grants": ["columns"]}"#,
    ),
    (
        "functions that are not there",
        r#"{"name": "spec", "version": "1", "about": "x", "columns": [{"name": "aa", "title": "A", "width": 5, "script": "views.luau"}], "panels": [{"name": "c", "about": "x", "script": "nothing.luau"}], "handlers": [{"script": "views.luau"}, {"script": "acts.luau"}, {"script": "half.luau"}], "grants": ["columns", "panels", "templates"]}"#,
    ),
    (
        "keys that are none, and one key twice",
        r#"{"name": "spec", "version": "1", "about": "x", "commands": [{"name": "a", "about": "x", "script": "go.luau", "key": "F77"}, {"name": "b", "about": "x", "script": "go.luau", "key": "C-t"}, {"name": "c", "about": "x", "script": "go.luau", "key": "C-t"}], "grants": ["keys"]}"#,
    ),
    ("matchers that give nothing", r#"{"name": "spec", "version": "1", "about": "x", "matchers": "nothing.luau"}"#),
    ("matchers that give no function", r#"{"name": "spec", "version": "1", "about": "x", "matchers": "numbers.luau"}"#),
    ("matchers that act", r#"{"name": "spec", "version": "1", "about": "x", "matchers": "acts.luau"}"#),
];

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_told_with_their_place() {
    let plane = Plane::start().await;
    let mut told = String::new();
    for (what, manifest) in MISTAKES {
        let further = [
            ("plugin.json", *manifest),
            ("more.luau", "\nscript { about = \"x\", grants = { \"containers\" } }"),
            ("wrong.luau", "script { about = \"x\", timeout = 0 }"),
            ("nothing.luau", "local x = 1"),
            ("numbers.luau", "return { one = 1 }"),
            ("acts.luau", "\nlog(\"x\")\nreturn {}"),
            ("views.luau", "return { a = function() end, b = function() end }"),
            ("half.luau", "return { a = function() if true then end }"),
            ("handler.luau", "return { spec = function() end }"),
        ];
        let request = PluginFiles { files: files(json!({}), &further) };
        let checked = plane.automation.check_plugin(&admin(), request.clone()).await.unwrap();
        told.push_str(&format!("{what}\n"));
        for place in &checked.errors {
            let at: String = [place.line, place.column].into_iter().flatten().map(|number| format!(":{number}")).collect();
            told.push_str(&format!("  {}{at}: {}\n", place.file.clone().unwrap_or_default(), place.detail));
        }
        let refused = install(&plane, request.files, &["events", "containers", "launch", "columns", "panels", "templates", "keys"]).await.unwrap_err();
        assert_eq!(refused.code, Code::InvalidDocument, "{what}");
    }
    golden("tests/golden/plugin-mistakes.txt", &told);
    assert_eq!(plane.automation.list_plugins(&admin(), &WholeQuery::default()).await.unwrap().items, Vec::new(), "nothing of them is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_lead_elsewhere_or_are_too_many_are_refused() {
    let door = Door::open().await;
    let token = door.token(Role::Admin).await;
    let with = |path: &str, text: &str| {
        let mut all = files(json!({}), &[]);
        all.insert(path.to_owned(), text.to_owned());
        json!({"files": all, "grants": []})
    };
    for path in ["../evil", "/etc/evil", "a/../../evil", ".hidden", "a//b", "go.luau/inside"] {
        let (status, reply) = door.ask(Some(&token), Method::Post, "/api/v1/plugins", Some(with(path, ""))).await;
        assert_eq!((status, reply["code"].as_str()), (422, Some("invalid_document")), "{path}: {reply}");
    }
    let (status, reply) = door.ask(Some(&token), Method::Post, "/api/v1/plugins", Some(with("a", "no base64!"))).await;
    assert_eq!((status, reply["code"].as_str()), (422, Some("invalid_value")), "{reply}");
    let many: BTreeMap<String, String> = (0..1_001).map(|number| (format!("f{number}"), String::new())).collect();
    let (status, reply) = door.ask(Some(&token), Method::Post, "/api/v1/plugins", Some(json!({"files": many}))).await;
    assert_eq!((status, reply["code"].as_str()), (413, Some("too_large")), "{reply}");
    let large = STANDARD.encode(vec![7; (16 << 20) + 4_096]);
    let (status, _) = door.ask(Some(&token), Method::Post, "/api/v1/plugins", Some(with("large.bin", &large))).await;
    assert!(status == 413 || status == 422, "{status}");
    let fits = STANDARD.encode(vec![7; 15 << 20]);
    let (status, reply) = door.ask(Some(&token), Method::Post, "/api/v1/plugins", Some(with("large.bin", &fits))).await;
    assert_eq!((status, reply["state"].as_str()), (201, Some("enabled")), "{}", reply["detail"]);
    let (status, reply) = door.ask(Some(&token), Method::Post, "/api/v1/plugins/spec/run", Some(json!({"command": "goo"}))).await;
    assert_eq!((status, reply["code"].as_str()), (404, Some("not_found")), "{reply}");
    assert!(reply["detail"].as_str().unwrap().contains("did you mean 'go'?"), "{reply}");
}

#[test]
fn plugins_from_the_command_line() {
    let home = Home::new();
    let from = example().display().to_string();
    assert!(home.ok(&["plugin", "check", &from]).contains("no mistakes found"));
    // Nobody is there to be asked.
    assert!(home.fails(2, &["plugin", "install", &from]).contains("nobody is there to be asked"));
    let shown = home.ok(&["plugin", "install", &from, "--yes"]);
    assert!(shown.contains("asks for:") && shown.contains("events") && shown.contains("hear what happens"), "{shown}");
    assert!(home.ok(&["plugin", "ls"]).contains("● enabled"));
    assert_eq!(home.ok(&["plugin", "run", "example", "greet", "-p", "whom=ann"]), "hello ann\n");
    assert!(home.fails(2, &["plugin", "run", "example", "errors"]).contains("is for a container"));
    assert!(home.fails(3, &["plugin", "run", "example", "gret"]).contains("did you mean 'greet'?"));
    assert!(home.ok(&["plugin", "show", "example"]).contains("errors CONTAINER"));
    home.ok(&["plugin", "disable", "example"]);
    assert!(home.fails(5, &["plugin", "run", "example", "greet"]).contains("cto plugin enable example"));
    home.ok(&["plugin", "enable", "example", "--yes"]);
    home.ok(&["plugin", "rm", "example"]);
    assert_eq!(home.json(&["plugin", "ls", "--json"]), json!([]));
    // The same from an archive.
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("example.tar.gz");
    let mut builder = tar::Builder::new(flate2::write::GzEncoder::new(std::fs::File::create(&archive).unwrap(), flate2::Compression::fast()));
    builder.append_dir_all("example-1.0.0", example()).unwrap();
    builder.into_inner().unwrap().finish().unwrap();
    home.ok(&["plugin", "install", archive.to_str().unwrap(), "--yes"]);
    assert_eq!(home.ok(&["plugin", "run", "example", "greet"]), "hello world\n");
}
