//! What the config room promises: every mistake told with its place, the samples work as written, paths are private.
use super::support::golden::golden;
use cto::config;
use cto::config::Catalogue;
use cto::config::Config;
use cto::config::Paths;
use cto::config::RenderContext;
use cto::config::mounts;
use cto::config::mounts::OwnMount;
use cto::config::theme;
use cto::error::Error;
use cto::error::Result;
use cto::model::CreateContainer;
use cto::model::MountSource;
use cto::model::Rendered;
use cto::model::Template;
use cto::model::TemplateOrigin;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;

fn fixtures(kind: &str) -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/config").join(kind);
    let mut files: Vec<PathBuf> =
        fs::read_dir(dir).unwrap().map(|file| file.unwrap().path()).filter(|path| path.extension().is_some_and(|kind| kind == "json")).collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

fn told(error: &Error) -> String {
    let place = |place: &cto::model::Place| {
        let at = [place.file.clone(), place.line.map(|line| line.to_string()), place.column.map(|column| column.to_string())];
        format!("{} {}: {}\n", at.into_iter().flatten().collect::<Vec<_>>().join(":"), place.pointer, place.detail)
    };
    format!("{error}\n") + &error.places.iter().map(place).collect::<String>()
}

fn home() -> (tempfile::TempDir, Paths) {
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths::under(dir.path()).unwrap();
    (dir, paths)
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn template(text: &str) -> Template {
    config::parse_template("test.json", text).unwrap()
}

fn render_in(dir: &Path, template: &Template, set: &[(&str, &str)]) -> Result<Rendered> {
    let context = RenderContext { base_dir: dir.to_path_buf(), allowed_roots: vec![dir.to_path_buf()], name: "web-1".into(), ..RenderContext::default() };
    let set = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    config::render(template, &CreateContainer { set, ..CreateContainer::default() }, &context)
}

fn render(template: &Template, set: &[(&str, &str)]) -> Result<Rendered> {
    render_in(Path::new("/srv/project"), template, set)
}

#[test]
fn every_mistake_in_a_template_is_told_with_its_place() {
    for file in fixtures("invalid") {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let error = config::parse_template(&name, &fs::read_to_string(&file).unwrap()).expect_err(&name);
        assert!(!error.places.is_empty(), "{name} has a place");
        assert!(error.places.iter().all(|place| place.line.is_some() && place.column.is_some()), "{name} has lines and columns");
        golden(file.with_extension("txt"), &told(&error));
    }
}

#[test]
fn valid_templates_load_and_the_exported_schema_agrees() {
    let schema = jsonschema::validator_for(config::schema()).unwrap();
    for file in fixtures("valid") {
        let text = fs::read_to_string(&file).unwrap();
        let template = config::parse_template("valid", &text).unwrap_or_else(|error| panic!("{}: {}", file.display(), told(&error)));
        let json = serde_json::to_value(&template).unwrap();
        assert!(schema.is_valid(&json), "{}", file.display());
        assert_eq!(serde_json::from_value::<Template>(json).unwrap(), template, "writing and reading gives the same");
    }
}

#[test]
fn a_template_renders_to_the_spec_that_it_says() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/config/valid/everything.json")).unwrap();
    let rendered = render(&template(&text), &[("who", "a b; c"), ("version", "2.0")]).unwrap();
    golden("tests/fixtures/config/everything.spec.txt", &format!("{}\n", serde_json::to_string_pretty(&rendered).unwrap()));
}

#[test]
fn parameters_are_required_typed_and_chosen() {
    let template = template(
        r#"{"name":"p","image":"app:${param.tag}","params":{"tag":{"choices":["a","b"]},"n":{"type":"integer","default":1},"on":{"type":"boolean","default":false}}}"#,
    );
    let wrong = |set: &[(&str, &str)]| told(&render(&template, set).unwrap_err());
    assert!(wrong(&[]).contains("parameter 'tag' needs a value: --set tag=…"));
    let all = wrong(&[("tag", "c"), ("n", "many"), ("on", "yes"), ("tga", "a")]);
    for detail in [
        "'c' is none of the choices 'a', 'b'",
        "expected a whole number, found 'many'",
        "expected true or false, found 'yes'",
        "there is no parameter or field 'tga'; did you mean 'tag'?",
    ] {
        assert!(all.contains(detail), "{detail} in {all}");
    }
    assert_eq!(render(&template, &[("tag", "b")]).unwrap().spec.image.reference, "app:b");
}

#[test]
fn a_parameters_value_stays_one_word_of_a_command() {
    let line = template(r#"{"name":"p","image":"a","command":"echo ${param.x} end","params":{"x":{}}}"#);
    assert_eq!(render(&line, &[("x", "a 'b; $(c)")]).unwrap().spec.command, ["echo", "a 'b; $(c)", "end"]);
    let whole = template(r#"{"name":"p","image":"a","command":"${param.x}","params":{"x":{"default":"sh"}}}"#);
    assert_eq!(render(&whole, &[("x", "sh -c 'a b'")]).unwrap().spec.command, ["sh", "-c", "a b"]);
}

#[test]
fn single_fields_are_overridden_by_name() {
    let template = template(r#"{"name":"p","image":"a","packages":["vim"],"environment":{"A":"1"}}"#);
    let set = [
        ("limits.memory", "1g"),
        ("limits.cpus", "0.5"),
        ("command", "sleep 5"),
        ("image", "debian:12"),
        ("environment.B.C", "x=y"),
        ("packages", "nano, less"),
        ("ports", "8080:80"),
        ("readonly", "true"),
        ("network", "none"),
    ];
    let spec = render(&template, &set).unwrap().spec;
    assert_eq!((spec.limits.memory_bytes, spec.limits.cpus, spec.limits.pids), (1 << 30, 0.5, 512));
    assert_eq!(
        (spec.command, spec.image.reference, spec.image.packages),
        (vec!["sleep".into(), "5".into()], "debian:12".into(), vec!["nano".into(), "less".into()])
    );
    assert_eq!((spec.environment["A"].as_str(), spec.environment["B.C"].as_str()), ("1", "x=y"));
    assert_eq!((spec.ports[0].host_ip.as_str(), spec.ports[0].host_port, spec.ports[0].container_port), ("127.0.0.1", 8080, 80));
    assert!(spec.read_only && spec.mounts.iter().any(|mount| mount.target == "/tmp"), "a read-only container can still write in /tmp");
    assert_eq!(spec.network, cto::model::NetworkMode::None);
}

#[test]
fn overrides_that_can_not_be_are_told_by_the_name_they_were_given() {
    let template = template(r#"{"name":"p","image":"a"}"#);
    let set = [
        ("limits.memry", "1g"),
        ("limits.pids", "-1"),
        ("limits.cpus", "fast"),
        ("name", "x"),
        ("readonly", "maybe"),
        ("network", "open"),
        ("labels.cto.owner", "eve"),
        ("image.x", "1"),
    ];
    let error = render(&template, &set).unwrap_err();
    golden("tests/fixtures/config/overrides.txt", &told(&error));
}

#[test]
fn host_paths_stay_inside_the_allowed_directories() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    let project = root.join("project");
    fs::create_dir_all(project.join("there")).unwrap();
    fs::create_dir_all(root.join("secret")).unwrap();
    std::os::unix::fs::symlink(root.join("secret"), project.join("link")).unwrap();
    std::os::unix::fs::symlink(project.join("there"), project.join("fine")).unwrap();
    let with = |volume: &str| render_in(&project, &template(&format!(r#"{{"name":"p","image":"a","volumes":["{volume}:/x"]}}"#)), &[]);
    let bind = |rendered: &Rendered| match &rendered.spec.mounts[0].source {
        MountSource::Bind { path } => path.clone(),
        other => panic!("{other:?}"),
    };
    for outside in ["../secret", "./link", "./link/deep", "/etc", "there/../../secret", "~root", "./new/../../secret"] {
        let error = with(outside).expect_err(outside);
        assert_eq!(error.places[0].pointer, "/volumes/0", "{outside}");
        if outside == "/etc" {
            assert!(error.places[0].detail.contains("containers.allowed_roots"), "what to do is told");
        }
    }
    let there = with("./fine").unwrap();
    assert_eq!((bind(&there), there.directories.len()), (project.join("there").display().to_string(), 0));
    let made = with("./new/deep").unwrap();
    assert_eq!(made.directories, [project.join("new/deep").display().to_string()], "named, so that the launch makes it");
    assert!(!project.join("new").exists(), "rendering changes nothing");
    mounts::make_directories(&made.directories).unwrap();
    assert!(project.join("new/deep").is_dir());
}

#[test]
fn parameters_that_double_each_other_are_refused_before_they_are_long() {
    let doubled: Vec<String> = (1..=60).map(|n| format!(r#""a{n}":{{"default":"${{param.a{0}}}${{param.a{0}}}"}}"#, n - 1)).collect();
    let text = format!(r#"{{"name":"p","image":"x","params":{{"a0":{{"default":"xx"}},{}}}}}"#, doubled.join(","));
    assert!(told(&config::parse_template("p.json", &text).unwrap_err()).contains("longer than 2 MiB"));
    let row: Vec<String> = (0..2000).map(|n| format!(r#""b{n:04}":{{"default":"${{param.b{:04}}}"}}"#, n + 1)).collect();
    let text = format!(r#"{{"name":"p","image":"x","params":{{{},"b2000":{{"default":"x"}}}}}}"#, row.join(","));
    assert!(told(&config::parse_template("p.json", &text).unwrap_err()).contains("more than 64 parameters refer to each other in a row"));
}

#[test]
fn a_path_inside_ctos_own_container_has_a_name_on_the_host() {
    let own = |host: &str, here: &str| OwnMount { host: host.into(), here: here.into() };
    let mounts = [own("/home/ann/app", "/srv/cto"), own("/data/cache", "/srv/cto/cache")];
    let mapped = |path: &str| mounts::map_to_host(Path::new(path), &mounts).map(|path| path.display().to_string());
    assert_eq!(mapped("/srv/cto/workspace").as_deref(), Some("/home/ann/app/workspace"));
    assert_eq!(mapped("/srv/cto").as_deref(), Some("/home/ann/app"));
    assert_eq!(mapped("/srv/cto/cache/x").as_deref(), Some("/data/cache/x"), "the innermost mount decides");
    assert_eq!(mapped("/srv/ctop"), None);
}

#[test]
fn the_gallery_that_ships_is_whole() {
    let (_dir, paths) = home();
    let list = Catalogue::load(&paths, None).list();
    assert_eq!(list.complaints, []);
    let names: Vec<&str> = list.items.iter().map(|entry| entry.template.name.as_str()).collect();
    for name in ["ascii-games", "git", "python", "shell", "system-monitor", "vim"] {
        assert!(names.contains(&name), "{name}");
    }
    let files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("templates")).unwrap().count();
    assert_eq!(files, names.len(), "every file is a template with a name of its own");
    for entry in &list.items {
        let template = &entry.template;
        assert!(template.description.is_some() && template.icon.is_some(), "{}", template.name);
        let spec = render(template, &[]).unwrap().spec;
        assert!(spec.interactive && !spec.privileged, "{}", template.name);
        assert!(spec.cap_add.is_empty() && spec.devices.is_empty() && spec.security.is_empty(), "{}", template.name);
        assert!(spec.mounts.iter().all(|mount| matches!(mount.source, MountSource::Tmpfs { .. })), "{}", template.name);
        assert!(spec.ports.iter().all(|port| port.host_ip == "127.0.0.1"), "{}", template.name);
        assert_eq!(spec.image.reference, "debian:bookworm-slim");
    }
}

#[test]
fn a_later_layer_wins_and_broken_files_are_only_complaints() {
    let (dir, paths) = home();
    let project = dir.path().join("project");
    write(&paths.config_dir.join("templates/shell.json"), r#"{"name":"shell","image":"users:1"}"#);
    write(&paths.config_dir.join("templates/mine.json"), r#"{"name":"mine","image":"users:1"}"#);
    write(&paths.config_dir.join("templates/twin.json"), r#"{"name":"mine","image":"users:2"}"#);
    write(&paths.config_dir.join("templates/broken.json"), r#"{"name":"broken","imagge":"x"}"#);
    write(&paths.config_dir.join("templates/huge.json"), &" ".repeat((1 << 20) + 1));
    write(&project.join(".cto/templates/mine.json"), r#"{"name":"mine","image":"projects:1"}"#);
    let catalogue = Catalogue::load(&paths, Some(&project));
    assert_eq!(catalogue.find("shell").unwrap().origin, TemplateOrigin::User);
    let mine = catalogue.find("mine").unwrap();
    assert_eq!((mine.origin, mine.template.image.as_str()), (TemplateOrigin::Project, "projects:1"));
    assert_eq!(catalogue.find("vim").unwrap().origin, TemplateOrigin::Gallery);
    let details: Vec<String> = catalogue.list().complaints.into_iter().map(|place| place.detail).collect();
    assert_eq!(details.len(), 3, "{details:?}");
    for detail in ["unknown field 'imagge'; did you mean 'image'?", "is larger than 1 MiB", "the name 'mine' is taken by"] {
        assert!(details.iter().any(|told| told.contains(detail)), "{detail} in {details:?}");
    }
    assert!(told(&catalogue.find("broken").unwrap_err()).contains("broken.json:1:18"));
    assert_eq!(catalogue.find("shel").unwrap_err().message, "no template 'shel'; did you mean 'shell'?");
}

#[test]
fn every_theme_loads_and_mistakes_in_themes_are_told() {
    let (_dir, paths) = home();
    for name in ["dark", "light", "high-contrast", "16-color"] {
        assert_eq!(theme::load(name, &paths).unwrap().name, name);
        assert!(theme::builtin(name).is_some());
    }
    let mut own = serde_json::to_value(theme::builtin("dark").unwrap()).unwrap();
    own["accent"] = "bright-blue".into();
    write(&paths.config_dir.join("themes/dark.json"), &own.to_string());
    assert_eq!(theme::load("dark", &paths).unwrap().accent, theme::Color::Indexed(12), "the user's file goes first");
    own["accent"] = "blau".into();
    own["palette"][3] = "#12345".into();
    write(&paths.config_dir.join("themes/own.json"), &own.to_string());
    let error = theme::load("own", &paths).unwrap_err();
    assert_eq!(error.places.iter().map(|place| place.pointer.as_str()).collect::<Vec<_>>(), ["/accent", "/palette/3"]);
    assert_eq!(theme::load("lihgt", &paths).unwrap_err().message, "no theme 'lihgt'; did you mean 'light'?");
    assert!(theme::names(&paths).contains(&"own".to_owned()));
}

#[test]
fn configuration_comes_in_layers() {
    let (dir, paths) = home();
    let project = dir.path().join("project");
    write(&paths.config_file(), r#"{ /* mine */ "theme":"light", "terminal":{"scrollback":100}, "server":{"listen":"127.0.0.1:7680"} }"#);
    write(&project.join("cto.json"), r#"{"theme":"high-contrast","engine":{"address":"tcp://evil:2375"}}"#);
    let variable = |name: &str| (name == "CTO_SCROLLBACK").then(|| "200".to_owned());
    let loaded = Config::read(&paths, Some(&project), variable);
    assert_eq!(loaded.config.theme.0, "high-contrast");
    assert_eq!(loaded.config.terminal.scrollback, 200);
    assert_eq!(loaded.config.server.listen.as_deref(), Some("127.0.0.1:7680"));
    assert_eq!(loaded.config.engine.address, None, "a project can't lead to another engine");
    assert_eq!(loaded.complaints.len(), 1);
    assert!(loaded.complaints[0].detail.starts_with("a project can't set 'engine'"));
}

#[test]
fn every_mistake_in_the_configuration_is_told_and_the_rest_is_used() {
    let (_dir, paths) = home();
    write(
        &paths.config_file(),
        r#"{
  "theme": "drak", "keys": {"prefix": "b"}, "log": {"level": "debgu"}, "server": {"listen": "0.0.0.0", "datbase": "x"},
  "terminal": {"scrollback": 1000000000}, "retention": {"audit_days": 30}, "containers": {"allowed_roots": ["srv"]}
}"#,
    );
    let loaded = Config::read(&paths, None, |name| (name == "CTO_SCROLLBACK").then(|| "many".to_owned()));
    assert_eq!(loaded.config.retention.audit_days, 30);
    assert_eq!(Config { retention: cto::config::RetentionConfig::default(), ..loaded.config }, Config::default());
    let error = Config::load(&paths, None, &|_| None).unwrap_err();
    let text = told(&error).replace(&paths.config_file().display().to_string(), "cto.json");
    golden("tests/fixtures/config/configuration.txt", &text);
    assert_eq!(loaded.complaints.last().unwrap().detail, "expected a whole number, found 'many'");
}

#[test]
fn the_runtime_directory_is_private_or_refused() {
    let (dir, paths) = home();
    paths.check_socket().unwrap();
    paths.prepare().unwrap();
    paths.prepare().unwrap();
    assert_eq!(paths.runtime_dir.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    fs::set_permissions(&paths.runtime_dir, fs::Permissions::from_mode(0o755)).unwrap();
    let error = paths.prepare().unwrap_err();
    assert!(error.message.contains("lets others in (mode 0755)"), "{error}");
    assert!(error.fix.unwrap().starts_with("chmod 700"));
    fs::remove_dir(&paths.runtime_dir).unwrap();
    std::os::unix::fs::symlink(dir.path(), &paths.runtime_dir).unwrap();
    assert!(paths.prepare().unwrap_err().message.contains("symbolic link"));
    assert!(paths.check_socket().is_err(), "a client does not talk through it either");
}

#[test]
fn a_long_path_gets_a_short_socket_that_is_the_same_for_everybody() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("d".repeat(90));
    let before = Paths::under(&home).unwrap();
    assert!(before.socket().as_os_str().len() <= 100 && before.socket().starts_with("/tmp"), "{}", before.socket().display());
    before.prepare().unwrap();
    assert_eq!(Paths::under(&home).unwrap().socket(), before.socket());
    std::os::unix::fs::symlink(&home, dir.path().join("link")).unwrap();
    assert_eq!(Paths::under(&dir.path().join("link")).unwrap().socket(), before.socket(), "another spelling, the same server");
    let short = Paths::under(dir.path()).unwrap();
    assert_eq!(short.socket(), short.runtime_dir.join("cto.sock"));
}

#[test]
fn a_project_is_found_upwards() {
    let dir = tempfile::tempdir().unwrap();
    let deep = dir.path().join("a/b/c");
    fs::create_dir_all(&deep).unwrap();
    write(&dir.path().join("a/cto.json"), "{}");
    assert_eq!(config::project_of(&deep), Some(dir.path().join("a")));
}
