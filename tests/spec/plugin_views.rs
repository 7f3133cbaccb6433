//! What plugins show and what they do with launches: columns, panels, template handlers, commands in the palette.
use super::drawn::Drawn;
use super::plugins::example;
use super::plugins::files;
use super::plugins::folder;
use super::plugins::go;
use super::plugins::install;
use super::plugins::words;
use crate::support::home::Home as Cto;
use crate::support::home::Terminal;
use crate::support::http::Door;
use crate::support::plane::Plane;
use crate::support::plane::admin;
use crate::support::plane::operator;
use crate::support::plane::viewer;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cto::error::Error;
use cto::model::*;
use cto::tui::command::Scope;
use cto::tui::keymap::Keymap;
use cto::tui::keymap::parse as parse_key;
use cto::tui::msg::Ask;
use cto::tui::msg::Effect;
use cto::tui::msg::Msg;
use cto::tui::msg::Reply;
use cto::tui::msg::Request;
use cto::tui::parts::grid::Home;
use cto::tui::parts::palette::Palette;
use cto::tui::parts::run_form::RunForm;
use cto::tui::plugins::PluginReply;
use cto::tui::plugins::PluginWish;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use std::time::Instant;

const EXAMPLE: &[&str] = &["events", "columns", "panels", "templates", "keys"];

fn column(name: &str) -> serde_json::Value {
    json!({"name": name, "title": name.to_uppercase(), "width": 8, "script": "v.luau"})
}

fn panel(name: &str) -> serde_json::Value {
    json!({"name": name, "about": "x", "script": "v.luau"})
}

async fn columns(plane: &Plane) -> PluginColumns {
    plane.automation.plugin_columns(&viewer(), PluginColumnsQuery::default()).await.unwrap()
}

/// The text in a plugin's column of a container.
fn cell(columns: &PluginColumns, container: &Container, name: &str) -> (String, PluginRole) {
    let place = columns.columns.iter().position(|heading| heading.name == name).unwrap_or_else(|| panic!("no column {name}"));
    let text = &columns.rows[container.id.as_str()][place];
    (text.text.clone(), text.role)
}

async fn shown(plane: &Plane, plugin: &str, panel: &str, container: &Container) -> PluginLines {
    let query = PluginPanelQuery { panel: panel.to_owned(), container: Some(container.name.clone()) };
    plane.automation.plugin_panel(&viewer(), plugin, query).await.unwrap()
}

async fn with_handler(plane: &Plane, name: &str, source: &str) {
    let fields = json!({"name": name, "handlers": [{"script": "h.luau"}], "grants": ["templates"]});
    install(plane, files(fields, &[("h.luau", source)]), &["templates"]).await.unwrap();
}

async fn rendered(plane: &Plane, actor: &cto::access::Actor, name: &str, fields: serde_json::Value) -> Result<Rendered, Error> {
    plane.control.render_template(actor, plane.request(name, fields)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_shows_a_column_and_a_panel_and_looks_at_launches() {
    let plane = Plane::start().await;
    let all = cto::config::example_plugin("example").unwrap();
    assert_eq!(all, cto::config::read_plugin(&example()).unwrap(), "what ships is what lies in the folder");
    let files = all.into_iter().map(|(path, bytes)| (path, STANDARD.encode(bytes))).collect();
    let plugin = install(&plane, files, EXAMPLE).await.unwrap();
    assert_eq!((plugin.state, plugin.warnings.as_slice()), (PluginState::Enabled, &[][..]));
    assert!(plugin.params["greet"].contains_key("whom"), "{:?}", plugin.params);

    let ended =
        plane.launch(&admin(), "job", json!({"name": "example-job", "command": ["sh", "-c", "sleep 1; exit 7"], "interactive": false})).await.result.unwrap();
    let runs = plane.container(&admin(), "box", json!({"command": ["sleep", "1d"], "interactive": false})).await;
    let mut events = plane.control.parts().bus.subscribe();
    let over = async {
        // As lists have it, which columns are part of: the engine itself knows it a little earlier.
        let exited = |all: Page<Container>| all.items.iter().any(|one| one.id == ended.id && one.state == ContainerState::Exited);
        while !exited(plane.control.list_containers(&viewer(), &ListQuery::default()).await.unwrap()) {
            let _ = tokio::time::timeout(Duration::from_millis(500), events.recv()).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), over).await.unwrap();
    let mut seen = columns(&plane).await;
    // What did not get its turn gets it the next time.
    for _ in 0..50 {
        if cell(&seen, &ended, "ends").0 != "…" && cell(&seen, &runs, "ends").0 != "…" {
            break;
        }
        seen = columns(&plane).await;
    }
    assert_eq!(seen.columns, [PluginHeading { plugin: "example".to_owned(), name: "ends".to_owned(), title: "ENDED".to_owned(), width: 8 }]);
    assert_eq!(cell(&seen, &ended, "ends"), ("code 7".to_owned(), PluginRole::Error));
    assert_eq!(cell(&seen, &runs, "ends"), (String::new(), PluginRole::Text));
    let notes = shown(&plane, "example", "notes", &runs).await;
    assert_eq!(notes.lines[0], PluginText { text: format!("{} is running", runs.name), role: PluginRole::Accent });

    let filled = rendered(&plane, &operator("olga"), "x", json!({"name": "example-x"})).await.unwrap();
    assert_eq!(filled.spec.limits.pids, 256);
    assert!(filled.warnings.iter().any(|place| place.detail == "plugin 'example' has set limits.pids"), "{:?}", filled.warnings);
    // It is for some templates alone, and leaves what somebody said.
    assert_eq!(rendered(&plane, &admin(), "x", json!({})).await.unwrap().spec.limits.pids, 512);
    let forbidden = CreateContainer { name: Some("forbidden".to_owned()), ..plane.request("x", json!({"name": "example-x"})) };
    let error = plane.control.create_container_from(&admin(), forbidden, None).await.unwrap_err();
    assert_eq!((error.code, error.message.as_str()), (Code::PolicyRefused, "plugin 'example' refuses this container: no container may be called 'forbidden'"));
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_functions_cost_their_own_cells_and_panels() {
    let plane = Plane::start().await;
    let hostile = "local function loops() while true do pcall(function() while true do end end) end end\n\
        local function bomb() local all = {} while true do table.insert(all, string.rep(\"x\", 1048576) .. #all) end end\n\
        return { loops = loops, bomb = bomb, fails = function(row)\n\terror(\"no \" .. row.name)\nend,\n\
        escapes = function() return \"a\\27]52;c;eA==\\7\\27[2Jb\\r\\nc\" end, large = function() return string.rep(\"y\", 1048576) end,\n\
        odd = function() return { text = {}, role = \"ok\" } end, paints = function() return { text = \"x\", role = \"pink\" } end,\n\
        deep = function() local t = {} t.text = t return t end, acts = function() return launch({}) end,\n\
        lines = function() local all = {} for i = 1, 100000 do all[i] = \"\\27[31mline \" .. i end return all end }";
    let names = ["loops", "bomb", "fails", "escapes", "large", "odd", "paints", "acts"];
    let fields = json!({
        "columns": names.map(column), "panels": (["loops", "bomb", "lines", "large", "escapes", "fails"].map(panel)), "grants": ["columns", "panels"],
    });
    install(&plane, files(fields, &[("v.luau", hostile)]), &["columns", "panels"]).await.unwrap();
    let good = json!({"name": "good", "columns": [column("said")], "panels": [panel("said")], "grants": ["columns", "panels"]});
    let source = "return { said = function(row, now) return { text = row.state .. (now > 0 and \"\" or \"?\"), role = \"ok\" } end }";
    install(&plane, files(good, &[("v.luau", source)]), &["columns", "panels"]).await.unwrap();
    let container = plane.container(&admin(), "box", json!({"command": ["sleep", "1d"], "interactive": false})).await;

    let begun = Instant::now();
    let mut seen = columns(&plane).await;
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert_eq!(cell(&seen, &container, "said"), ("running".to_owned(), PluginRole::Ok));
    // What did not get its turn gets it the next time.
    let patience = Instant::now();
    while names.iter().any(|name| cell(&seen, &container, name).0 == "…") && patience.elapsed() < Duration::from_secs(60) {
        seen = columns(&plane).await;
    }
    for name in ["loops", "bomb", "fails", "odd", "paints", "acts"] {
        assert_eq!(cell(&seen, &container, name), ("!".to_owned(), PluginRole::Error), "{name}");
    }
    assert_eq!(cell(&seen, &container, "escapes").0, "ab  c");
    let large = cell(&seen, &container, "large").0;
    assert_eq!((large.chars().count(), large.chars().last()), (80, Some('…')));

    for (name, wanted) in [("loops", "of a processor"), ("bomb", "more memory"), ("fails", "spec/v.luau:4: no ")] {
        let failed = shown(&plane, "spec", name, &container).await.failed.unwrap_or_else(|| panic!("{name} has not failed"));
        assert!(failed.contains(wanted), "{name}: {failed}");
    }
    let many = shown(&plane, "spec", "lines", &container).await;
    assert_eq!((many.lines.len(), many.lines[499].text.as_str()), (500, "line 500"));
    assert_eq!(shown(&plane, "spec", "large", &container).await.lines[0].text.chars().count(), 400);
    assert!(shown(&plane, "spec", "escapes", &container).await.lines.iter().all(|line| !line.text.contains('\u{1b}')));
    assert_eq!(shown(&plane, "good", "said", &container).await.lines[0].text, "running");

    let faulty = plane.automation.get_plugin(&viewer(), "spec").await.unwrap();
    let what: Vec<&str> = faulty.faults.iter().map(|fault| fault.what.as_str()).collect();
    assert!(["column loops", "column bomb", "panel loops"].iter().all(|wanted| what.contains(wanted)), "{what:?}");
    assert_eq!(plane.automation.get_plugin(&viewer(), "good").await.unwrap().faults, []);
    // Nobody looks at the columns of what can't be used.
    plane.automation.disable_plugin(&admin(), "spec").await.unwrap();
    assert_eq!(columns(&plane).await.columns.len(), 1);
    let query = PluginPanelQuery { panel: "lines".to_owned(), container: Some(container.name.clone()) };
    assert_eq!(plane.automation.plugin_panel(&viewer(), "spec", query).await.unwrap_err().code, Code::WrongState);
}

#[tokio::test(flavor = "multi_thread")]
async fn handlers_change_and_refuse_launches_and_policy_has_the_last_word() {
    let plane = Plane::start().await;
    with_handler(&plane, "spec", "return { params = function(launch) return { [\"limits.memory\"] = \"64m\" } end }").await;
    let container = plane.container(&operator("olga"), "small", json!({"command": ["sleep", "1d"], "interactive": false})).await;
    let inspected = plane.control.inspect_container(&admin(), &container.name).await.unwrap();
    assert_eq!(serde_json::to_value(&inspected).unwrap().pointer("/HostConfig/Memory"), Some(&json!(64 << 20)));

    let before = plane.existing().await;
    let launch = async |name: &str| plane.control.create_container_from(&operator("olga"), plane.request(name, json!({})), None).await.unwrap_err();
    // What its owner may not have, no plugin gives them.
    with_handler(&plane, "spec", "return { spec = function() return { privileged = true } end }").await;
    let error = launch("a").await;
    assert_eq!(error.code, Code::PolicyRefused);
    assert!(error.message.contains("privileged") && error.message.ends_with("(plugin 'spec' has set privileged)"), "{}", error.message);
    for (source, code, wanted) in [
        (
            "return { spec = function(launch) refuse(launch.owner .. \" may not have \" .. launch.spec.name) end }",
            Code::PolicyRefused,
            "plugin 'spec' refuses this container: olga may not have ",
        ),
        (
            "return { params = function(launch)\n\treturn launch.nothing.there\nend }",
            Code::WrongState,
            "plugin 'spec' can't look at this launch: spec/h.luau:2: attempt to index nil",
        ),
        ("return { params = function() while true do end end }", Code::WrongState, "of a processor"),
        ("return { params = function() return { 1, 2 } end }", Code::WrongState, "it gave something else"),
        ("return { params = function() return { nosuch = \"x\" } end }", Code::InvalidDocument, "(plugin 'spec' has set nosuch)"),
        (
            "return { spec = function(launch) return { [\"limits.pids\"] = launch.spec.limits.pids + 1 } end }",
            Code::WrongState,
            "change this launch again and again: spec",
        ),
    ] {
        with_handler(&plane, "spec", source).await;
        let error = launch("b").await;
        assert!(error.code == code && error.message.contains(wanted), "{source}: {:?} {}", error.code, error.message);
    }
    assert_eq!(plane.existing().await, before, "nothing is left of them");
    // Each sees what is launched in the end, whoever changed it.
    with_handler(&plane, "spec", "return { spec = function(launch) if launch.spec.limits.pids > 300 then refuse(\"too many\") end end }").await;
    assert!(launch("c").await.message.contains("too many"));
    with_handler(&plane, "after", "return { params = function() return { [\"limits.pids\"] = 100 } end }").await;
    assert_eq!(rendered(&plane, &admin(), "d", json!({})).await.unwrap().spec.limits.pids, 100);
    with_handler(&plane, "after", "return { spec = function() return { [\"limits.pids\"] = 400 } end }").await;
    with_handler(&plane, "spec", "return { spec = function(launch) if launch.spec.limits.pids == 400 then refuse(\"not 400\") end end }").await;
    assert!(launch("e").await.message.contains("not 400"));
    // Secrets are not shown.
    with_handler(&plane, "after", "return { spec = function(launch) refuse(\"it is \" .. tostring(launch.spec.environment.TOKEN)) end }").await;
    let request = plane.request("f", json!({"environment": {"TOKEN": "${TOKEN}"}}));
    let request = CreateContainer { references: BTreeMap::from([("TOKEN".to_owned(), "hush".to_owned())]), ..request };
    let error = plane.control.create_container_from(&admin(), request, None).await.unwrap_err();
    assert!(error.message.ends_with("it is ***"), "{}", error.message);
}

#[tokio::test]
async fn what_a_server_left_that_died_while_it_installed_is_healed() {
    let mut plane = Plane::start().await;
    install(&plane, files(json!({}), &[]), &[]).await.unwrap();
    install(&plane, files(json!({"name": "other"}), &[]), &[]).await.unwrap();
    // Between the two renames: the old one is aside, the new one not yet there. And after both, before the old one went.
    let aside = |name: &str| folder(&plane, &format!(".old-{name}"));
    std::fs::rename(folder(&plane, "spec"), aside("spec")).unwrap();
    let fresh = folder(&plane, ".new-spec");
    std::fs::create_dir_all(&fresh).unwrap();
    std::fs::write(fresh.join("plugin.json"), "{}").unwrap();
    std::fs::create_dir_all(aside("other")).unwrap();
    let left = [aside("spec"), aside("other"), fresh];
    plane.restart().await;
    let state = async |name: &str| plane.automation.get_plugin(&viewer(), name).await.unwrap().state;
    let healed = async {
        while left.iter().any(|path| path.exists()) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), healed).await.unwrap();
    assert_eq!((state("spec").await, state("other").await), (PluginState::Enabled, PluginState::Enabled));
    let ran = go(&plane, &admin(), "spec", RunPlugin { command: "go".to_owned(), ..RunPlugin::default() }).await.unwrap();
    assert_eq!(ran.said(), ["hello world"]);
}

#[tokio::test]
async fn keys_that_something_else_has_are_told_and_columns_are_served_over_http() {
    let door = Door::open().await;
    let token = door.token(Role::Admin).await;
    let keyed = |name: &str, key: &str| {
        let fields = json!({"name": name, "commands": [{"name": "go", "about": "x", "script": "go.luau", "key": key}], "grants": ["keys"],});
        json!({"files": files(fields, &[]), "grants": ["keys"]})
    };
    for (name, key, wanted) in [
        ("first", "F8", json!(null)),
        ("second", "F8", json!(["command 'go' has no key: 'F8' is that of 'go' of plugin 'first'"])),
        ("third", "q", json!(["command 'go' has no key: 'q' is that of 'quit'"])),
    ] {
        let (status, reply) = door.ask(Some(&token), Method::Post, "/api/v1/plugins", Some(keyed(name, key))).await;
        assert_eq!((status, &reply["warnings"]), (201, &wanted), "{name}: {reply}");
    }
    let (status, reply) = door.ask(Some(&token), Method::Get, "/api/v1/plugins/columns?list=containers", None).await;
    assert_eq!((status, &reply["columns"]), (200, &json!([])), "{reply}");
    let (status, reply) = door.ask(Some(&token), Method::Get, "/api/v1/plugins/columns?list=images", None).await;
    assert!(status == 422 || status == 400, "{status} {reply}");
    let (status, reply) = door.ask(Some(&token), Method::Get, "/api/v1/plugins/first/panel?panel=nothing", None).await;
    assert_eq!((status, reply["code"].as_str()), (404, Some("not_found")), "{reply}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_other_servers_let_a_plugin_do_counts_too() {
    let plane = super::plugins::with_ada().await;
    for name in ["spec", "zoo"] {
        let fields = json!({"name": name, "hooks": [{"events": ["run.succeeded"], "script": "go.luau"}], "grants": ["events"]});
        install(&plane, files(fields, &[]), &["events"]).await.unwrap();
    }
    let store = &plane.control.parts().store;
    for number in 0..10 {
        let fire = Fire {
            id: format!("elsewhere-{number}"),
            at: jiff::Timestamp::now(),
            event: "x".to_owned(),
            outcome: FireOutcome::Started,
            run: None,
            error: None,
            depth: 0,
            more: 0,
        };
        assert!(store.claim_fire("plugin spec 0", &fire.id, &fire).await.unwrap());
    }
    let minute_ago = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(60);
    assert_eq!(store.count_fires("plugin spec ", minute_ago).await.unwrap(), 10);
    assert_eq!(store.count_fires("plugin sp_c ", minute_ago).await.unwrap(), 0);
    for count in 1..=2 {
        crate::support::scripts::run_script(&plane, &admin(), crate::support::scripts::inline("script { about = \"x\" }"), Duration::from_secs(60)).await;
        assert!(super::plugins::reactions(&plane, "zoo", count).await.len() >= count);
    }
    let page = plane.automation.list_runs(&admin(), RunQuery { limit: Some(500), ..RunQuery::default() }).await.unwrap();
    assert!(!page.items.iter().any(|run| matches!(&run.cause, RunCause::Plugin { name, .. } if name == "spec")), "it has done enough already");
}

/// The example as the terminal client knows it.
fn known() -> Plugin {
    let manifest: PluginManifest = serde_json::from_slice(&std::fs::read(example().join("plugin.json")).unwrap()).unwrap();
    let whom = Param {
        kind: ParamKind::Text,
        description: Some("who is greeted".to_owned()),
        default: Some(ParamValue::Text("world".to_owned())),
        choices: Vec::new(),
        min: None,
        max: None,
        pattern: None,
    };
    Plugin {
        name: "example".to_owned(),
        state: PluginState::Enabled,
        manifest: Some(manifest),
        hash: "0123".to_owned(),
        granted: words(EXAMPLE),
        installed_by: Some("ada".to_owned()),
        installed_at: None,
        hooks_off: None,
        broken: Vec::new(),
        params: BTreeMap::from([("greet".to_owned(), BTreeMap::from([("whom".to_owned(), whom)]))]),
        warnings: Vec::new(),
        faults: Vec::new(),
    }
}

fn drawn(size: (u16, u16)) -> Drawn {
    let mut drawn = Drawn::usual(size);
    drawn.data.plugins.learn(&PluginReply::Listed(vec![known()]));
    drawn.keymap.set_plugins(&drawn.data.plugins);
    let heading = PluginHeading { plugin: "example".to_owned(), name: "ends".to_owned(), title: "ENDED".to_owned(), width: 8 };
    let texts = [("code 7", PluginRole::Error), ("!", PluginRole::Error), ("データデータデータ", PluginRole::Ok), ("\u{1b}[2Jx", PluginRole::Muted)];
    let rows = drawn.data.containers.iter().zip(texts.into_iter().cycle());
    let rows = rows.map(|(container, (text, role))| (container.id.to_string(), vec![PluginText { text: text.to_owned(), role }])).collect();
    drawn.data.plugins.learn(&PluginReply::Columns(PluginColumns { columns: vec![heading], rows }));
    drawn
}

#[test]
fn columns_of_plugins_stand_behind_ours_where_there_is_room_and_panels_beside_the_details() {
    for size in [(80, 24), (120, 40)] {
        let (width, height) = size;
        let drawn = drawn(size);
        let mut home = Home::new();
        drawn.send(&mut home, &Msg::Tick);
        drawn.press(&mut home, "v");
        let text = drawn.text(&home);
        assert_eq!(text.contains("ENDED"), width == 120, "{text}");
        assert!(!text.contains('\u{1b}'));
        insta::assert_snapshot!(format!("plugin_column_{width}x{height}"), text);
        // Facts, screen, graphs, processes, and then the panel.
        let mut effects = Vec::new();
        for _ in 0..5 {
            effects = drawn.press(&mut home, "]");
        }
        let [Effect::Request(request)] = &effects[..] else { panic!("{effects:?}") };
        let Request::Plugins(wish) = request else { panic!("{request:?}") };
        assert!(matches!(&**wish, PluginWish::Panel(plugin, panel, Some(_)) if plugin == "example" && panel == "notes"), "{wish:?}");
        assert!(drawn.text(&home).contains("asking the server"));
        let line = |text: &str, role| PluginText { text: text.to_owned(), role };
        let lines = PluginLines { lines: vec![line("web-1 is running", PluginRole::Accent), line("port 80 \u{1b}[31m", PluginRole::Text)], failed: None };
        let answer = |lines: PluginLines| Msg::Reply(Box::new(request.clone()), Ok(Reply::Plugins(Box::new(PluginReply::Panel(lines)))));
        drawn.send(&mut home, &answer(lines));
        let text = drawn.text(&home);
        assert!(!text.contains('\u{1b}'));
        insta::assert_snapshot!(format!("plugin_panel_{width}x{height}"), text);
        let failed = PluginLines { lines: Vec::new(), failed: Some("example/views.luau:3: attempt to index nil".to_owned()) };
        drawn.send(&mut home, &answer(failed));
        assert!(drawn.text(&home).contains("! example/views.luau:3"));
        // One that is not there any more is not shown any more.
        let mut gone = drawn;
        gone.data.plugins.learn(&PluginReply::Listed(Vec::new()));
        let text = gone.text(&home);
        assert!(text.contains("[facts]") && !text.contains("ENDED"), "{text}");
    }
}

#[test]
fn the_palette_has_commands_of_plugins_also_of_those_that_come_while_it_is_open() {
    const SCOPES: [Scope; 2] = [Scope::Home, Scope::Global];
    for size in [(80, 24), (120, 40)] {
        let (width, height) = size;
        let mut later = Drawn::usual(size);
        let mut palette = Palette::new(&SCOPES);
        later.write(&mut palette, "example");
        assert!(!later.text(&palette).contains("example: greet"));
        later.data.plugins.learn(&PluginReply::Listed(vec![known()]));
        later.keymap.set_plugins(&later.data.plugins);
        insta::assert_snapshot!(format!("plugin_palette_{width}x{height}"), later.text(&palette));
        later.write(&mut palette, ": gr");
        let asked = later.press(&mut palette, "Enter");
        assert_eq!(asked, [Effect::Ask(Ask::Close), Effect::Ask(Ask::RunPlugin("example".to_owned(), "greet".to_owned()))]);

        let plugin = known();
        let manifest = plugin.manifest.clone().unwrap();
        let mut form = RunForm::plugin("example", &manifest.commands[1], None, &plugin.params["greet"]);
        insta::assert_snapshot!(format!("plugin_form_{width}x{height}"), later.text(&form));
        assert_eq!(later.press(&mut form, "C-y"), [Effect::Ask(Ask::Copy("cto plugin run example greet".to_owned()))]);
        let run = RunPlugin { command: "greet".to_owned(), ..RunPlugin::default() };
        assert_eq!(later.press(&mut form, "Enter"), [Effect::Request(Request::Plugins(Box::new(PluginWish::Run("example".to_owned(), Box::new(run)))))]);
    }
}

#[test]
fn a_plugins_key_gives_way_to_every_other() {
    let mut drawn = drawn((120, 40));
    let f8 = parse_key("F8").unwrap();
    let scopes = [Scope::Home, Scope::Global];
    assert_eq!(drawn.keymap.find_plugin(&scopes, f8), Some(("example".to_owned(), "errors".to_owned())));
    assert_eq!(drawn.keymap.find_plugin(&[Scope::Images, Scope::Global], f8), None, "it is for a container");
    let mut second = known();
    second.name = "second".to_owned();
    drawn.data.plugins.learn(&PluginReply::Listed(vec![known(), second]));
    drawn.keymap.set_plugins(&drawn.data.plugins);
    assert_eq!(drawn.keymap.plugin_label("second", "errors"), Err("F8 is that of example: errors".to_owned()));
    let mut palette = Palette::new(&scopes);
    drawn.write(&mut palette, "second: err");
    assert!(drawn.text(&palette).contains("no key, F8 is that of example: errors"));
    // A key that files give to one of ours.
    let bind = serde_json::from_value(json!({"global": {"launch": ["F8"]}})).unwrap();
    let mut keymap = Keymap::of(&cto::config::KeysConfig { prefix: "C-b".to_owned(), bind }).unwrap();
    keymap.set_plugins(&drawn.data.plugins);
    assert_eq!((keymap.find_plugin(&scopes, f8), keymap.plugin_label("example", "errors")), (None, Err("F8 is that of launch".to_owned())));
}

#[test]
fn a_new_plugin_is_the_example_and_is_used_at_the_terminal() {
    let home = Cto::new();
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().display().to_string();
    let made = home.ok(&["plugin", "new", "my-own", "--dir", &at]);
    assert!(made.contains("cto plugin install"), "{made}");
    assert!(home.fails(5, &["plugin", "new", "my-own", "--dir", &at]).contains("there is a"));
    assert!(home.fails(2, &["plugin", "new", "../x", "--dir", &at]).contains("can't be a name here"));
    let folder = dir.path().join("my-own").display().to_string();
    assert!(home.ok(&["plugin", "check", &folder]).contains("no mistakes found"));

    let mut seen = Terminal::sized(&home, &[], (140, 40));
    seen.shows("● docker");
    seen.type_in("\x10my-own");
    seen.shows("nothing fits");
    // Installed while the palette is open.
    let shown = home.ok(&["plugin", "install", &folder, "--yes"]);
    assert!(["columns", "panels", "templates", "keys"].iter().all(|grant| shown.contains(grant)), "{shown}");
    seen.shows("my-own: greet");
    seen.type_in(": gre\r");
    seen.shows("who is greeted");
    seen.type_in("\r");
    seen.shows("hello world");
    seen.shows("✓ succeeded");
    seen.type_in("q");
    seen.shows("● docker");
    home.ok(&["plugin", "rm", "my-own"]);
    seen.type_in("\x10my-own");
    seen.shows("nothing fits");
}
