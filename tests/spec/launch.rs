//! Quick launch: search, values, preview, and errors in place.
use super::drawn;
use super::drawn::Drawn;
use super::drawn::SIZES;
use super::drawn::noon;
use cto::model::Code;
use cto::model::Image;
use cto::model::Place;
use cto::model::Size;
use cto::tui::msg::Ask;
use cto::tui::msg::Effect;
use cto::tui::msg::Msg;
use cto::tui::msg::Reply;
use cto::tui::msg::Request;
use cto::tui::parts::launch::Launch;

fn open(drawn: &Drawn) -> Launch {
    let mut launch = Launch::new(Size { cols: 100, rows: 30 });
    drawn.send(&mut launch, &Msg::Tick);
    launch
}

#[test]
fn templates_are_found_by_a_few_letters_with_their_values_below() {
    for (width, height) in SIZES {
        let drawn = Drawn::usual((width, height));
        let mut launch = open(&drawn);
        insta::assert_snapshot!(format!("launch_{width}x{height}"), drawn.text(&launch));
        drawn.write(&mut launch, "pdev");
        drawn.press(&mut launch, "Tab");
        insta::assert_snapshot!(format!("launch_values_{width}x{height}"), drawn.text(&launch));
    }
}

#[test]
fn an_image_that_the_engine_has_is_not_said_to_be_pulled() {
    let mut drawn = Drawn::usual((120, 40));
    let line = |drawn: &Drawn, name: &str| drawn.text(&open(drawn)).lines().find(|line| line.contains(name)).unwrap().to_owned();
    assert!(line(&drawn, "system-monitor").contains("pulls"));
    let image = |tag: &str| Image {
        id: tag.to_owned(),
        tags: vec![tag.to_owned()],
        digests: Vec::new(),
        created_at: noon(),
        size_bytes: 1,
        owner: None,
        derived: false,
    };
    drawn.data.stock.images = Some(vec![image("alpine:latest"), image("python:3.10")]);
    assert!(line(&drawn, "system-monitor").contains("ready"));
    assert!(line(&drawn, "python-dev").contains("pulls"), "another version is another image");
}

#[test]
fn enter_launches_with_the_values_that_were_given() {
    let drawn = Drawn::usual((120, 40));
    let mut launch = open(&drawn);
    drawn.write(&mut launch, "python-dev");
    assert_eq!(drawn.press(&mut launch, "Enter"), [], "a value that must be given is asked for first");
    drawn.write(&mut launch, "s3cret");
    drawn.press(&mut launch, "Tab");
    drawn.press(&mut launch, "Right");
    for _ in 0..3 {
        drawn.press(&mut launch, "BackTab");
    }
    drawn.write(&mut launch, "web-9");
    let line = drawn.press(&mut launch, "C-y");
    let wanted = "cto run python-dev --name web-9 --set token=s3cret --set version=3.12";
    assert_eq!(line, [Effect::Ask(Ask::Copy(wanted.to_owned()))]);
    let effects = drawn.press(&mut launch, "Enter");
    let [Effect::Ask(Ask::Launch { request, open: true })] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(request.template.as_deref(), Some("python-dev"));
    assert_eq!(request.name.as_deref(), Some("web-9"));
    assert_eq!(request.set.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>(), ["token=s3cret", "version=3.12"]);
    assert_eq!(request.size, Some(Size { cols: 100, rows: 30 }));
    assert_eq!(drawn.press(&mut launch, "Enter"), [], "once is enough");
}

#[test]
fn what_the_server_refuses_is_said_in_place() {
    let drawn = Drawn::usual((120, 40));
    let mut launch = open(&drawn);
    drawn.press(&mut launch, "Enter");
    let error = cto::error::Error::new(Code::InvalidValue, "'5 gold' is no amount of memory").fix("write it like 512m or 2g");
    let error = error.at(Place { pointer: "/limits/memory".to_owned(), detail: "not an amount".to_owned(), ..Place::default() });
    let request = Box::new(Request::Launch(Box::default()));
    drawn.send(&mut launch, &Msg::Reply(request.clone(), Err(Box::new(error.problem()))));
    insta::assert_snapshot!("launch_refused_120x40", drawn.text(&launch));
    drawn.press(&mut launch, "Enter");
    let done = drawn.send(&mut launch, &Msg::Reply(request, Ok(Reply::Operation(Box::new(drawn::launch("x", Default::default()))))));
    assert_eq!(done, [Effect::Ask(Ask::Close)]);
}

#[test]
fn the_rendered_spec_is_shown_before_anything_is_made() {
    let drawn = Drawn::usual((80, 24));
    let mut launch = open(&drawn);
    let effects = drawn.press(&mut launch, "C-r");
    let [Effect::Request(request @ Request::Render(_))] = &effects[..] else { panic!("{effects:?}") };
    let spec = serde_json::from_str(
        r#"{"name":"shell-1","image":{"reference":"debian:bookworm-slim"},"interactive":true,"limits":{"memory_bytes":1,"cpus":1.0,"pids":1}}"#,
    );
    let rendered = cto::model::Rendered { spec: spec.unwrap(), warnings: Vec::new(), directories: Vec::new(), secrets: Default::default() };
    drawn.send(&mut launch, &Msg::Reply(Box::new(request.clone()), Ok(Reply::Rendered(Box::new(rendered)))));
    assert!(drawn.text(&launch).contains("\"name\": \"shell-1\""), "{}", drawn.text(&launch));
    assert_eq!(drawn.press(&mut launch, "Esc"), []);
    assert!(drawn.text(&launch).contains("type to search"));
    assert_eq!(drawn.press(&mut launch, "Esc"), [Effect::Ask(Ask::Close)]);
}
