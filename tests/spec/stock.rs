//! Images, volumes and networks in the terminal client: what is listed, what is asked before something goes, and the real ones.
use super::drawn;
use super::drawn::Drawn;
use super::drawn::SIZES;
use super::support::engine::docker;
use super::support::home::Home;
use super::support::home::Terminal as Seen;
use super::support::registry::Registry;
use cto::model::Code;
use cto::model::Event;
use cto::model::Image;
use cto::model::ImageHistory;
use cto::model::ImageLayer;
use cto::model::Network;
use cto::model::NetworkMember;
use cto::model::OperationState;
use cto::model::Progress;
use cto::model::ProgressUnit;
use cto::model::Volume;
use cto::tui::command::CommandId as C;
use cto::tui::component::Component as _;
use cto::tui::msg::Ask;
use cto::tui::msg::ConfirmSpec;
use cto::tui::msg::Effect;
use cto::tui::msg::Msg;
use cto::tui::msg::Reply;
use cto::tui::msg::Request;
use cto::tui::pages;
use cto::tui::parts::browse::Browse;
use cto::tui::parts::confirm::Confirm;
use cto::tui::parts::menu::Menu;
use cto::tui::parts::palette::Palette;
use cto::tui::parts::sheet::Sheet;
use cto::tui::stock::Kind;
use cto::tui::stock::StockReply;
use cto::tui::stock::StockWish;
use jiff::SignedDuration;
use std::time::Duration;

/// A view on a screen.
struct Shown {
    drawn: Drawn,
    part: Browse,
}

fn image(digit: char, tags: &[&str], megabytes: u64, hours: i64) -> Image {
    Image {
        id: format!("sha256:{}", digit.to_string().repeat(64)),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        digests: Vec::new(),
        created_at: drawn::noon() - SignedDuration::from_hours(hours),
        size_bytes: megabytes * 1_000_000,
        owner: None,
        derived: false,
    }
}

fn volume(name: &str, containers: &[&str]) -> Volume {
    Volume {
        name: name.to_owned(),
        driver: "local".to_owned(),
        created_at: Some(drawn::noon() - SignedDuration::from_hours(5)),
        owner: Some("ada".to_owned()),
        anonymous: false,
        holder: false,
        options: Default::default(),
        labels: [("team".to_owned(), "red".to_owned())].into(),
        containers: containers.iter().map(|name| (*name).to_owned()).collect(),
    }
}

fn network(name: &str, members: &[(&str, &str)]) -> Network {
    let member = |(name, address): &(&str, &str)| NetworkMember { name: (*name).to_owned(), address: Some((*address).to_owned()) };
    Network {
        id: "f".repeat(64),
        name: name.to_owned(),
        driver: "bridge".to_owned(),
        scope: "local".to_owned(),
        internal: name == "back",
        builtin: name == "bridge",
        other_server: false,
        created_at: Some(drawn::noon() - SignedDuration::from_hours(30)),
        owner: None,
        subnets: vec!["172.20.0.0/16".to_owned()],
        labels: Default::default(),
        containers: members.iter().map(member).collect(),
    }
}

impl Shown {
    fn new(kind: Kind, size: (u16, u16)) -> Self {
        let mut drawn = Drawn::usual(size);
        drawn.data.operations.clear();
        let mut built = image('b', &["web:1", "registry.example:5000/team/web:1"], 231, 30);
        built.owner = Some("ada".to_owned());
        let mut derived = image('d', &["cto/python:0a1b2c"], 94, 3);
        derived.derived = true;
        drawn.data.stock.images =
            Some(vec![derived, built, image('a', &["debian:bookworm-slim"], 74, 800), image('e', &["データベース:latest"], 12, 80), image('c', &[], 5, 1)]);
        drawn.data.stock.volumes =
            Some(vec![volume("cache", &[]), volume("data", &["db", "web-1"]), Volume { anonymous: true, ..volume(&"0".repeat(64), &[]) }]);
        drawn.data.stock.networks = Some(vec![
            network("back", &[]),
            network("bridge", &[("web-1", "172.17.0.2/16")]),
            network("front", &[("web-1", "172.20.0.2/16"), ("db", "172.20.0.3/16")]),
        ]);
        Self { drawn, part: Browse::new(kind) }
    }

    fn run(&mut self, id: C) -> Vec<Effect> {
        self.drawn.send(&mut self.part, &Msg::Command(id))
    }

    fn press(&mut self, keys: &[&str]) -> Vec<Effect> {
        keys.iter().flat_map(|key| self.drawn.press(&mut self.part, key)).collect()
    }

    fn text(&self) -> String {
        self.drawn.text(&self.part)
    }

    fn reply(&mut self, wish: StockWish, reply: StockReply) -> Vec<Effect> {
        let msg = Msg::Reply(Box::new(Request::Stock(Box::new(wish))), Ok(Reply::Stock(Box::new(reply))));
        self.drawn.send(&mut self.part, &msg)
    }

    /// The cursor on the thing with this name.
    fn on(kind: Kind, name: &str) -> Self {
        let mut shown = Self::new(kind, (120, 40));
        let (col, row) = shown.drawn.find(&shown.part, name);
        shown.drawn.click(&mut shown.part, col, row);
        shown
    }
}

fn wish(effects: &[Effect]) -> &StockWish {
    match effects {
        [Effect::Request(Request::Stock(wish))] => wish,
        other => panic!("{other:?}"),
    }
}

fn asked(effects: &[Effect]) -> &ConfirmSpec {
    match effects {
        [Effect::Ask(Ask::Confirm(spec) | Ask::Offer(spec))] => spec,
        other => panic!("{other:?}"),
    }
}

fn snapshots(name: &str, draw: impl Fn((u16, u16)) -> String) {
    for (width, height) in SIZES {
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), draw((width, height)));
    }
}

#[test]
fn images_look_like_this() {
    snapshots("images", |size| {
        let mut shown = Shown::new(Kind::Images, size);
        let progress = Progress { phase: "pulling python:3.9-slim".to_owned(), line: None, done: 12_300_000, total: 46_100_000, unit: ProgressUnit::Bytes };
        let mut pull = drawn::launch("python:3.9-slim", progress);
        (pull.template, pull.title) = (None, "pull python:3.9-slim".to_owned());
        shown.drawn.data.operations = vec![pull];
        shown.press(&["Down", "Down", "Space"]);
        shown.text()
    });
}

#[test]
fn volumes_and_networks_look_like_this() {
    snapshots("volumes", |size| {
        let mut shown = Shown::new(Kind::Volumes, size);
        shown.press(&["Down"]);
        shown.text()
    });
    snapshots("networks", |size| {
        let mut shown = Shown::new(Kind::Networks, size);
        shown.press(&["G"]);
        shown.text()
    });
}

#[test]
fn a_filter_a_sort_and_no_decoration_look_like_this() {
    snapshots("filtered", |size| {
        let mut shown = Shown::new(Kind::Images, size);
        shown.press(&["o", "o", "o", "o", "/"]);
        shown.drawn.write(&mut shown.part, "!/web|cto");
        let typing = shown.text();
        shown.press(&["Enter"]);
        shown.drawn.plain = true;
        shown.run(C::ListDown);
        [typing, shown.text()].join("\n")
    });
}

#[test]
fn the_question_before_a_volume_goes_names_it_and_cancels_by_default() {
    snapshots("question", |size| {
        let mut shown = Shown::new(Kind::Volumes, size);
        let effects = shown.press(&["Down", "Down", "C-d"]);
        shown.drawn.text(&Confirm::new(asked(&effects).clone()))
    });
}

#[test]
fn the_actions_and_the_states_without_anything_to_see_look_like_this() {
    snapshots("actions", |size| {
        let mut shown = Shown::new(Kind::Networks, size);
        let effects = shown.press(&["x"]);
        let [Effect::Ask(Ask::Actions { title, actions })] = &effects[..] else { panic!("{effects:?}") };
        shown.drawn.text(&Menu::of(title.clone(), actions.clone()))
    });
    snapshots("empty", |size| {
        let mut shown = Shown::new(Kind::Volumes, size);
        shown.drawn.data.stock.volumes = None;
        let asking = shown.text();
        shown.part.due(&shown.drawn.cx());
        let problem = cto::error::Error::new(Code::EngineUnavailable, "the engine does not answer").problem();
        let request = Request::Stock(Box::new(StockWish::List(Kind::Volumes)));
        shown.drawn.send(&mut shown.part, &Msg::Reply(Box::new(request), Err(Box::new(problem))));
        let failed = shown.text();
        shown.drawn.data.stock.volumes = Some(Vec::new());
        [asking, failed, shown.text()].join("\n")
    });
}

#[test]
fn removing_an_image_says_whether_its_layers_or_only_a_name_goes() {
    let mut shown = Shown::on(Kind::Images, "web:1");
    let effects = shown.press(&["Delete"]);
    let spec = asked(&effects);
    assert_eq!(spec.title, "Remove image web:1?");
    assert!(spec.lines[0].contains("only this name goes") && spec.lines[0].contains("registry.example:5000/team/web:1"), "{spec:?}");
    let mut shown = Shown::on(Kind::Images, "debian:bookworm-slim");
    let effects = shown.press(&["C-d"]);
    let spec = asked(&effects);
    assert!(spec.lines[0].contains("74.0 MB") && spec.lines[1].contains("web-1"), "{spec:?}");
    assert_eq!(spec.choices.len(), 1, "containers that run can't lose it");
    let [Effect::Request(Request::Stock(removal))] = &spec.choices[0].effects[..] else { panic!("{spec:?}") };
    assert_eq!(**removal, StockWish::Remove { kind: Kind::Images, names: vec!["debian:bookworm-slim".to_owned()], force: false });
}

#[test]
fn what_is_marked_is_removed_together_and_each_is_named() {
    let mut shown = Shown::new(Kind::Volumes, (120, 40));
    let effects = shown.press(&["Space", "Space", "C-d"]);
    let spec = asked(&effects);
    assert_eq!(spec.title, "Remove 2 volumes: cache, data?");
    assert!(spec.lines.iter().any(|line| line.contains("lost for good")) && spec.lines.iter().any(|line| line.contains("mounted by db, web-1")), "{spec:?}");
    shown.drawn.data.stock.volumes = Some((0..30).map(|number| volume(&format!("v{number:02}"), &[])).collect());
    shown.press(&["g", "Space", "G"]);
    let effects = shown.press(&["C-Space", "C-d"]);
    assert!(matches!(&effects[..], [Effect::Ask(Ask::Toast(_, text))] if text.contains("24 at a time")), "{effects:?}");
    let removed = StockReply::Removed { gone: vec!["v01".to_owned()], kept: vec!["volume 'v02' is in use".to_owned()], bytes: None };
    let effects = shown.reply(StockWish::Remove { kind: Kind::Volumes, names: Vec::new(), force: false }, removed);
    assert_eq!(effects.len(), 2, "what went and what did not is both said: {effects:?}");
    assert!(!shown.text().contains("marked"));
}

#[test]
fn a_prune_looks_first_and_takes_only_volumes_that_were_named() {
    let mut shown = Shown::new(Kind::Volumes, (120, 40));
    assert_eq!(*wish(&shown.press(&["u"])), StockWish::Unused { kind: Kind::Volumes, all: false });
    let names: Vec<String> = (0..30).map(|number| format!("v{number:02}")).collect();
    let effects = shown.reply(StockWish::Unused { kind: Kind::Volumes, all: false }, StockReply::Unused { names: names.clone(), bytes: None });
    let spec = asked(&effects);
    assert!(spec.title.contains("24 volumes") && spec.lines[0].ends_with("v23") && spec.lines.iter().any(|line| line.contains("6 more")), "{spec:?}");
    assert_eq!(*wish(&spec.choices[0].effects), StockWish::Prune { kind: Kind::Volumes, all: false, names: names[..24].to_vec() });
    let effects = shown.reply(StockWish::Unused { kind: Kind::Volumes, all: false }, StockReply::Unused { names: Vec::new(), bytes: None });
    assert!(matches!(&effects[..], [Effect::Ask(Ask::Toast(_, text))] if text.contains("no unused volumes")), "{effects:?}");
    let mut images = Shown::new(Kind::Images, (120, 40));
    assert_eq!(*wish(&images.press(&["U"])), StockWish::Unused { kind: Kind::Images, all: true });
}

#[test]
fn the_cursor_follows_its_thing_when_the_list_changes() {
    let mut shown = Shown::on(Kind::Images, "debian:bookworm-slim");
    let mut more = shown.drawn.data.stock.images.clone().unwrap();
    more.insert(0, image('f', &["new:1"], 1, 0));
    more.remove(1);
    shown.drawn.data.stock.images = Some(more);
    assert!(shown.text().contains("▸ debian:bookworm-slim"), "{}", shown.text());
    // What goes leaves the cursor where it was.
    shown.drawn.data.stock.images.as_mut().unwrap().retain(|image| image.tags != ["debian:bookworm-slim"]);
    shown.run(C::ListUp);
    assert!(shown.text().contains("▸ "), "{}", shown.text());
}

#[test]
fn lists_are_asked_for_once_and_again_only_after_a_while_or_a_change() {
    let mut shown = Shown::new(Kind::Networks, (80, 24));
    assert_eq!(*wish(&shown.part.due(&shown.drawn.cx())), StockWish::List(Kind::Networks));
    assert_eq!(shown.part.due(&shown.drawn.cx()), [], "it is under way");
    shown.reply(StockWish::List(Kind::Networks), StockReply::Networks(Vec::new()));
    assert_eq!(shown.part.due(&shown.drawn.cx()), []);
    let now = shown.drawn.now.since_start;
    assert_eq!(shown.part.wake_at(), Some(now + Duration::from_secs(15)));
    let event = Event::ContainerRemoved { id: "x".into(), name: "x".to_owned() };
    shown.drawn.send(&mut shown.part, &Msg::Event(Box::new(event)));
    assert_eq!(shown.part.wake_at(), Some(now + Duration::from_secs(1)), "who is on them may have changed");
    shown.drawn.now.since_start = now + Duration::from_secs(2);
    assert_eq!(*wish(&shown.part.due(&shown.drawn.cx())), StockWish::List(Kind::Networks));
}

#[test]
fn a_pull_shows_how_far_it_is_and_can_be_cancelled() {
    let mut shown = Shown::new(Kind::Images, (120, 40));
    assert_eq!(shown.press(&["p"]), [Effect::Ask(Ask::Line("pull ".to_owned()))]);
    let at = |done| Progress { phase: "pulling a:1".to_owned(), line: None, done, total: 9_000_000, unit: ProgressUnit::Bytes };
    let mut pull = drawn::launch("a:1", at(1_000_000));
    (pull.template, pull.title) = (None, "pull a:1".to_owned());
    for second in 0..3 {
        pull.progress = at(1_000_000 * (second + 1));
        shown.drawn.now.since_start = Duration::from_secs(60 + second);
        shown.drawn.data.operations = vec![pull.clone()];
        shown.drawn.send(&mut shown.part, &Msg::Event(Box::new(Event::OperationChanged { operation: Box::new(pull.clone()) })));
    }
    assert!(shown.text().contains("3.0 MB of 9.0 MB 1.0 MB/s"), "{}", shown.text());
    assert_eq!(shown.press(&["X"]), [Effect::Request(Request::Cancel(pull.id.clone()))]);
    pull.state = OperationState::Cancelled;
    let effects = shown.drawn.send(&mut shown.part, &Msg::Event(Box::new(Event::OperationChanged { operation: Box::new(pull) })));
    assert!(matches!(&effects[..], [Effect::Ask(Ask::Toast(_, text))] if text == "pull a:1: cancelled"), "{effects:?}");
}

#[test]
fn each_action_is_a_command_line_too() {
    let mut shown = Shown::on(Kind::Images, "debian:bookworm-slim");
    assert_eq!(shown.press(&["C-y"]), [Effect::Ask(Ask::Copy("cto image inspect debian:bookworm-slim".to_owned()))]);
    let effects = shown.press(&["F10"]);
    let [Effect::Ask(Ask::Actions { title, actions })] = &effects[..] else { panic!("{effects:?}") };
    let line = |id: C| actions.iter().find(|(own, _)| *own == id).and_then(|(_, line)| line.clone());
    assert_eq!(line(C::StockRemove).as_deref(), Some("cto image rm debian:bookworm-slim"));
    let mut menu = Menu::of(title.clone(), actions.clone());
    assert_eq!(shown.drawn.press(&mut menu, "C-y"), [Effect::Ask(Ask::Copy(line(C::StockOpen).unwrap()))]);
    assert_eq!(shown.drawn.press(&mut menu, "P"), [Effect::Ask(Ask::Run(C::ImagePush))]);
    for (name, rest, written) in [
        ("pull", "debian:12", "cto pull debian:12"),
        ("tag", "a b", "cto image tag a b"),
        ("network-create", "back internal", "cto network create back --internal"),
        ("volumes", "", "cto volume ls"),
    ] {
        assert_eq!(pages::shell_line(name, rest).as_deref(), Some(written));
    }
    let mut line = Palette::line(shown.part.scopes(), "pull debian:12");
    assert_eq!(shown.drawn.press(&mut line, "C-y"), [Effect::Ask(Ask::Copy("cto pull debian:12".to_owned()))]);
}

#[test]
fn lines_typed_after_a_colon_say_how_they_are_written() {
    let wished = |id, rest| match pages::line(id, rest) {
        Some(Ok((_, Effect::Request(Request::Stock(wish))))) => Ok(*wish),
        Some(Err(how)) => Err(how),
        other => panic!("{other:?}"),
    };
    assert_eq!(wished(C::NetworkConnect, "back web-1"), Ok(StockWish::Connect { network: "back".to_owned(), container: "web-1".to_owned() }));
    assert_eq!(wished(C::NetworkCreate, "back internal"), Ok(StockWish::CreateNetwork { name: "back".to_owned(), internal: true }));
    assert!(wished(C::ImageTag, "only-one").is_err_and(|how| how.contains("tag mine:1")));
    assert!(pages::line(C::Stop, "web-1").is_none());
}

#[test]
fn layers_are_read_in_a_box() {
    let mut shown = Shown::on(Kind::Images, "web:1");
    assert_eq!(*wish(&shown.press(&["h"])), StockWish::History("web:1".to_owned()));
    let layer = |created_by: &str, size_bytes| ImageLayer {
        id: None,
        created_at: drawn::noon() - SignedDuration::from_hours(2),
        created_by: created_by.to_owned(),
        size_bytes,
        comment: String::new(),
        tags: Vec::new(),
    };
    let layers = ImageHistory { items: vec![layer("CMD\u{1b}[2J [\"bash\"]", 0), layer("ADD   rootfs.tar /", 74_000_000)] };
    let effects = shown.reply(StockWish::History("web:1".to_owned()), StockReply::Layers(layers));
    let [Effect::Ask(Ask::Sheet { title, lines })] = &effects[..] else { panic!("{effects:?}") };
    let text = shown.drawn.text(&Sheet::new(title.clone(), lines.clone()));
    assert!(text.contains("layers of web:1") && text.contains("74.0 MB") && text.contains("ADD rootfs.tar /") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn images_volumes_and_networks_of_a_real_engine_are_pulled_made_joined_and_removed() {
    let home = Home::new();
    let registry = Registry::start(&[]);
    let image = format!("{}/{}:1", registry.address, home.prefix);
    let container = home.container("member");
    docker(&["tag", "debian:bookworm-slim", &image]);
    docker(&["push", &image]);
    docker(&["rmi", &image]);
    let mut seen = Seen::sized(&home, &[], (160, 40));
    seen.shows(&container);

    seen.type_in(":images\r");
    seen.shows("IMAGE ID");
    seen.type_in("p");
    seen.type_in(&format!("{image}\r"));
    home.until("the image is there", || docker(&["image", "ls", "-q", &image]).trim() != "");
    seen.type_in(&format!("/{image}\r"));
    seen.shows(&format!("▸ {image}"));
    let other = format!("{}-other:2", home.prefix);
    seen.type_in("t");
    seen.shows(&format!("tag {image}"));
    seen.type_in(&format!("{other}\r"));
    home.until("it has both names", || docker(&["image", "ls", "-q", &other]).trim() != "");
    seen.type_in("h");
    seen.shows("layers of");
    seen.type_in("qg\u{4}");
    seen.shows("only this name goes");
    seen.type_in("y");
    home.until("one name is gone", || docker(&["image", "ls", "-q", &image]).trim() == "" || docker(&["image", "ls", "-q", &other]).trim() == "");

    let volume = home.name("data");
    seen.type_in(&format!("\u{1b}\u{1b}:volumes\r:volume-create {volume}\r"));
    home.until("the volume is there", || docker(&["volume", "ls", "-q"]).contains(&volume));
    seen.type_in(&format!("/{volume}\r"));
    seen.shows(&format!("▸ {volume}"));
    seen.type_in("\u{4}");
    seen.shows(&format!("Remove volume {volume}?"));
    // Enter is Cancel.
    seen.type_in("\ri");
    seen.shows("\"driver\"");
    assert!(docker(&["volume", "ls", "-q"]).contains(&volume));
    seen.type_in("q\u{4}");
    seen.shows("lost for good");
    seen.type_in("y");
    home.until("the volume is gone", || !docker(&["volume", "ls", "-q"]).contains(&volume));

    let network = home.name("back");
    seen.type_in(&format!("\u{1b}\u{1b}:networks\r:network-create {network} internal\r"));
    home.until("the network is there", || docker(&["network", "ls"]).contains(&network));
    seen.type_in(&format!("/{network}\r"));
    seen.shows(&format!("▸ {network}"));
    seen.type_in("c");
    seen.shows(&format!("connect {network}"));
    seen.type_in(&format!("{container}\r"));
    home.until("it is on it", || docker(&["network", "inspect", &network]).contains(&container));
    seen.type_in(&format!(":disconnect {network} {container}\r"));
    // The engine still counts it for a moment after it no longer lists it.
    seen.shows(" is off ");
    seen.type_in("\u{4}");
    seen.shows(&format!("Remove network {network}?"));
    seen.type_in("y");
    home.until("the network is gone", || !docker(&["network", "ls"]).contains(&network));
}
