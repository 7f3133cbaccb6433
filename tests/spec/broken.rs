//! Broken configurations of every kind, each with the message that it gives; and schemas that take what ships and refuse what is broken.
use super::support::golden::golden;
use cto::access::Actor;
use cto::access::Policy;
use cto::access::check_spec;
use cto::config;
use cto::config::Catalogue;
use cto::config::Config;
use cto::config::Paths;
use cto::config::RenderContext;
use cto::model::CreateContainer;
use cto::model::Place;
use cto::model::Role;
use serde_json::Value;
use std::fs;

/// Where a case's files lie.
struct Home {
    dir: tempfile::TempDir,
    paths: Paths,
}

impl Home {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::under(dir.path()).unwrap();
        paths.prepare().unwrap();
        fs::create_dir_all(paths.config_dir.join("templates")).unwrap();
        Self { dir, paths }
    }

    fn told(&self, places: &[Place]) -> String {
        let place = |place: &Place| {
            let at = [place.file.clone(), place.line.map(|line| line.to_string()), place.column.map(|column| column.to_string())];
            format!("{} {}: {}\n", at.into_iter().flatten().collect::<Vec<_>>().join(":"), place.pointer, place.detail)
        };
        self.plain(&places.iter().map(place).collect::<String>())
    }

    /// Without the place where it happens to lie.
    fn plain(&self, text: &str) -> String {
        let home = self.dir.path().canonicalize().unwrap();
        text.replace(home.to_str().unwrap(), "~").replace(self.dir.path().to_str().unwrap(), "~")
    }

    /// What is said of a `cto.json` of these bytes.
    fn config(bytes: &[u8]) -> String {
        let home = Self::new();
        fs::write(home.paths.config_file(), bytes).unwrap();
        home.read(|_| None)
    }

    fn read(&self, variable: impl Fn(&str) -> Option<String>) -> String {
        self.told(&Config::read(&self.paths, None, variable).complaints)
    }

    /// What is said of templates in these files.
    fn templates(files: &[(&str, &str)]) -> String {
        let home = Self::new();
        for (name, text) in files {
            let file = home.paths.config_dir.join("templates").join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        home.told(&Catalogue::load(&home.paths, None).list().complaints)
    }

    /// What is said when a template is filled in, for an operator of a machine that allows nothing out of the ordinary.
    fn launch(fields: &str) -> String {
        let home = Self::new();
        let template = match config::parse_template("broken.json", &format!(r#"{{"name": "broken", "image": "debian", {fields}}}"#)) {
            Ok(template) => template,
            Err(error) => return home.told(&error.places),
        };
        let roots = vec![home.dir.path().canonicalize().unwrap()];
        let context = RenderContext {
            base_dir: roots[0].clone(),
            allowed_roots: roots.clone(),
            name: "web-1".into(),
            folder: Some(roots[0].clone()),
            ..RenderContext::default()
        };
        let policy = Policy { allowed_roots: roots, ..Policy::default() };
        let asked = config::render(&template, &CreateContainer::default(), &context)
            .and_then(|rendered| check_spec(&Actor::new("olga", Role::Operator), &rendered.spec, &policy));
        let error = asked.expect_err("it is refused");
        home.plain(&format!("{error}\n")) + &home.told(&error.places)
    }
}

#[test]
fn every_broken_configuration_says_what_is_wrong_and_where() {
    let config = |text: &str| Home::config(text.as_bytes());
    let huge = format!("{{\"theme\": \"{}\"}}", "x".repeat(1 << 20));
    let base = r#"{"name": "base", "image": "debian"}"#;
    let cases: Vec<(&str, String)> = vec![
        ("cut", config("{\n  \"theme\": \"dark\",\n  \"limits\": {\"cpus\": 1")),
        ("comma", config("{\n  \"theme\": \"dark\"\n  \"limits\": {}\n}")),
        ("second-document", config("{\"theme\": \"dark\"}\n{}")),
        ("encoding", Home::config(b"{\n  \"theme\": \"gr\xfcn\"\n}")),
        ("utf-16", Home::config(&"{\"theme\": \"dark\"}".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>())),
        ("binary", Home::config(b"\x7fELF\x02\x01\x01\x00\x00\xff\xfe")),
        ("huge", Home::config(huge.as_bytes())),
        ("empty", config("")),
        ("nested", config(&format!("{{\"limits\": {}1{}}}", "[".repeat(3000), "]".repeat(3000)))),
        ("duplicate-key", config("{\"limits\": {\"cpus\": 1, \"cpus\": 2}}")),
        ("unknown-field", config("{\"serverr\": {}}")),
        ("unknown-field-below", config("{\"limits\": {\"memry\": \"1g\"}}")),
        ("wrong-type", config("{\"limits\": {\"cpus\": \"many\", \"memory\": 1}, \"keys\": []}")),
        ("out-of-range", config("{\"limits\": {\"cpus\": 0, \"pids\": -1, \"operations\": 99999999}}")),
        ("unknown-reference", config("{\"server\": {\"database\": \"${no such thing}\"}}")),
        ("unclosed-reference", config("{\"server\": {\"database\": \"sqlite:${HOME\"}}")),
        ("missing-variable", config("{\"server\": {\"database\": \"${CTO_SPEC_NO_SUCH:?name the database}\"}}")),
        ("missing-file", config("{\"server\": {\"database\": \"${file:./nowhere}\"}}")),
        ("unknown-theme", config("{\"theme\": \"drak\"}")),
        ("key-that-can-not-be", config("{\"keys\": {\"prefix\": \"x\"}}")),
        ("no-address", config("{\"server\": {\"listen\": \"0.0.0.0\"}}")),
        ("no-host-name", config("{\"server\": {\"names\": [\"https://box.example\"], \"base_path\": \"cto/\"}}")),
        ("half-a-certificate", config("{\"server\": {\"tls\": {\"certificate\": \"box.pem\"}}}")),
        ("directory", {
            let home = Home::new();
            fs::create_dir_all(home.paths.config_file()).unwrap();
            home.read(|_| None)
        }),
        ("unreadable", {
            let home = Home::new();
            std::os::unix::fs::symlink(home.paths.config_file(), home.paths.config_file()).unwrap();
            home.read(|_| None)
        }),
        ("environment-name", Home::new().read(|name| (name == "CTO_ENV").then(|| "../other".to_owned()))),
        ("wrong-variable", Home::new().read(|name| (name == "CTO_LIMITS_CPUS").then(|| "many".to_owned()))),
        ("project-opens-a-port", {
            let home = Home::new();
            let project = home.dir.path().join("project");
            fs::create_dir_all(&project).unwrap();
            fs::write(project.join("cto.json"), "{\"server\": {\"listen\": \"127.0.0.1:1\"}, \"theme\": \"dark\"}").unwrap();
            home.told(&Config::read(&home.paths, Some(&project), |_| None).complaints)
        }),
        ("extends-circle", Home::templates(&[("a.json", r#"{"name": "a", "extends": "b"}"#), ("b.json", r#"{"name": "b", "extends": "a"}"#)])),
        ("extends-nothing", Home::templates(&[("a.json", r#"{"name": "a", "extends": "bas"}"#), ("base.json", base)])),
        ("extends-itself", Home::templates(&[("a.json", r#"{"name": "a", "extends": "a"}"#)])),
        ("extends-outside", Home::templates(&[("a.json", r#"{"name": "a", "extends": "../../cto.json"}"#)])),
        ("extends-broken", Home::templates(&[("a.json", r#"{"name": "a", "extends": "./sub/b.json"}"#), ("sub/b.json", r#"{"name": "b", "imagge": "x"}"#)])),
        ("name-taken", Home::templates(&[("a.json", base), ("b.json", base)])),
        ("parameters-in-a-circle", Home::launch(r#""params": {"a": {"default": "${param.b}"}, "b": {"default": "${param.a}"}}, "command": "x ${param.a}""#)),
        ("unknown-parameter", Home::launch(r#""command": "x ${param.portt}", "params": {"port": {"default": "1"}}"#)),
        ("ports-clash", Home::launch(r#""ports": ["8080:80", "127.0.0.1:8080:81"]"#)),
        ("targets-clash", Home::launch(r#""volumes": ["data:/data"], "tmpfs": ["/data"]"#)),
        ("variable-at-launch", Home::launch(r#""environment": {"A": "${CTO_SPEC_NO_SUCH:?it has to be set}"}"#)),
        ("file-at-launch", Home::launch(r#""files": [{"path": "/x", "content": "${file:nowhere.txt}"}]"#)),
        ("policy-privileged", Home::launch(r#""privileged": true, "cap_add": ["SYS_ADMIN"], "devices": ["/dev/mem"], "security": ["seccomp=unconfined"]"#)),
        ("policy-host-path", Home::launch(r#""volumes": ["/etc:/x"]"#)),
        ("policy-other-machines", Home::launch(r#""ports": ["0.0.0.0:80:80"]"#)),
        (
            "egress-hosts",
            Home::launch(r#""network": {"egress": ["*.example.com", "10.0.0.5:80", "db=169.254.169.254:80", "localhost", "a:0", "b", "b=10.0.0.5"]}"#),
        ),
        ("egress-text", Home::launch(r#""network": "egress:pypi.org,http://a""#)),
        ("egress-none", Home::launch(r#""network": "egres""#)),
        (
            "egress-beside",
            Home::launch(
                r#""network": {"egress": ["a"]}, "networks": ["b"], "ports": ["80"], "privileged": true, "cap_add": ["CHOWN", "NET_RAW", "cap_sys_admin"], "sysctls": {"net.ipv6.conf.all.disable_ipv6": "0"}, "ready": {"http": "80/"}"#,
            ),
        ),
        ("label-of-cto", Home::launch(r#""labels": {"cto.owner": "ada"}"#)),
    ];
    assert!(cases.len() >= 30);
    for (name, told) in cases {
        assert!(told.len() > 10, "{name} is told");
        golden(format!("tests/golden/broken/{name}.txt"), &told);
    }
}

/// Every JSON text of this kind in the documents.
fn documented(kind: &str) -> Vec<String> {
    let mut found = Vec::new();
    let files = fs::read_dir("docs").unwrap().map(|file| file.unwrap().path()).chain(["README.md".into(), "SETUP.md".into()]);
    for file in files.filter(|path| path.extension().is_some_and(|kind| kind == "md")) {
        let text = fs::read_to_string(&file).unwrap();
        let open = format!("```json {kind}\n");
        for (at, _) in text.match_indices(&open) {
            let body = &text[at + open.len()..];
            found.push(body[..body.find("\n```").unwrap()].to_owned());
        }
    }
    found
}

fn shipped(folder: &str) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).filter(|path| path.extension().is_some_and(|kind| kind == "json"));
    files.map(|path| fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn schemas_take_every_example_that_ships_or_is_documented_and_refuse_what_is_broken() {
    let validator = |schema: &Value| jsonschema::validator_for(schema).unwrap();
    let (of_config, of_templates, of_stacks, of_themes) =
        (validator(config::config_schema()), validator(config::schema()), validator(config::stack_schema()), validator(config::theme::schema()));
    let mut seen = 0;
    for (validator, folder, kind) in
        [(&of_config, "", "config"), (&of_templates, "templates", "template"), (&of_stacks, "stacks", "stack"), (&of_themes, "themes", "theme")]
    {
        let all = documented(kind).into_iter().chain(if folder.is_empty() { Vec::new() } else { shipped(folder) });
        for text in all {
            let read = jsonc_parser::parse_to_serde_value(&text, &jsonc_parser::ParseOptions::default());
            let value: Value = read.unwrap_or_else(|error| panic!("{kind}: {error}\n{text}"));
            let wrong: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
            assert!(wrong.is_empty(), "{kind}: {wrong:?}\n{text}");
            seen += 1;
        }
    }
    assert!(seen >= 15, "{seen}");
    // Mistakes of the shape are refused by the schema alone; those inside a text (an image's name, a size, a reference) only cto knows.
    let mut taken = Vec::new();
    let mut refused = 0;
    for file in fs::read_dir("tests/fixtures/config/invalid")
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "json"))
    {
        let Ok(value) = serde_json::from_str::<Value>(&fs::read_to_string(&file).unwrap()) else {
            refused += 1;
            continue;
        };
        if of_templates.is_valid(&value) {
            taken.push(file.file_stem().unwrap().to_string_lossy().into_owned());
        } else {
            refused += 1;
        }
    }
    taken.sort();
    golden("tests/golden/broken/only-cto-knows.txt", &(taken.join("\n") + "\n"));
    assert!(refused >= 15, "{refused} refused, taken: {taken:?}");
    for broken in [r#"{"serverr": {}}"#, r#"{"limits": {"cpus": 0}}"#, r#"{"limits": {"cpus": "many"}}"#, r#"{"limits": {"memry": "1g"}}"#] {
        assert!(!of_config.is_valid(&serde_json::from_str(broken).unwrap()), "{broken}");
    }
    for broken in [
        r#"{"name": "x"}"#,
        r#"{"name": "x", "containers": {"a": {"imagge": "x"}}}"#,
        r#"{"name": "x", "containers": {"a": {"image": "x", "depends_on": {"b": "well"}}}}"#,
        r#"{"name": "x", "containers": {"a": {"image": "x", "name": "y"}}}"#,
        r#"{"name": "x", "containers": {}, "volumes": {"v": {"driver_opts": {}}}}"#,
    ] {
        assert!(!of_stacks.is_valid(&serde_json::from_str(broken).unwrap()), "{broken}");
    }
}
