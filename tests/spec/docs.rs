//! The documents: every command, key, setting, endpoint, problem and link in them is there, and none is missing.
use super::support::golden::golden;
use clap::CommandFactory as _;
use clap::Parser as _;
use cto::access::Scope as Reach;
use cto::access::scope;
use cto::cli::Cli;
use cto::config;
use cto::config::Paths;
use cto::error::kind_of;
use cto::model::*;
use cto::tui::command::COMMANDS;
use cto::tui::command::Scope;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::path::PathBuf;

/// What begins and ends a part that is made from the code.
const MADE: &str = "<!-- made: ";
const END: &str = "<!-- end -->";

struct Document {
    name: String,
    text: String,
}

/// A fenced block: what stands behind its fence, and its text.
struct Block {
    kind: String,
    body: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// README, SETUP and all of docs/.
fn documents() -> Vec<Document> {
    let mut names = vec!["README.md".to_owned(), "SETUP.md".to_owned()];
    for entry in std::fs::read_dir(root().join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".md") {
            names.push(format!("docs/{name}"));
        }
    }
    names.sort();
    names.into_iter().map(|name| Document { text: std::fs::read_to_string(root().join(&name)).unwrap(), name }).collect()
}

impl Document {
    fn named(name: &str) -> Self {
        documents().into_iter().find(|document| document.name == name).unwrap_or_else(|| panic!("there is no {name}"))
    }

    fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut lines = self.text.lines();
        while let Some(line) = lines.next() {
            if let Some(kind) = line.trim_start().strip_prefix("```") {
                let body: Vec<&str> = lines.by_ref().take_while(|line| line.trim() != "```").collect();
                blocks.push(Block { kind: kind.to_owned(), body: body.join("\n") });
            }
        }
        blocks
    }

    /// The text outside of blocks.
    fn prose(&self) -> String {
        let mut inside = false;
        let keep = |line: &&str| {
            let fence = line.trim_start().starts_with("```");
            inside ^= fence;
            !inside && !fence
        };
        self.text.lines().filter(keep).collect::<Vec<_>>().join("\n")
    }

    /// What stands in backquotes outside of blocks.
    fn code(&self) -> Vec<String> {
        self.prose().lines().flat_map(|line| line.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()).collect()
    }

    /// The text below a heading, to the next one of its kind or above.
    fn section(&self, heading: &str) -> &str {
        let level = heading.split(' ').next().unwrap().len();
        let (_, after) = self.text.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("{} has no '{heading}'", self.name));
        let next = (1..=level).filter_map(|level| after.find(&format!("\n{} ", "#".repeat(level)))).min();
        &after[..next.unwrap_or(after.len())]
    }

    fn headings(&self) -> Vec<String> {
        self.prose().lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim().to_owned()).collect()
    }
}

/// The anchor that a heading gets.
fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    heading.to_lowercase().chars().filter(kept).map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.iter().map(|cell| cell.replace('|', "\\|")).collect::<Vec<_>>().join(" | "));
    let head: Vec<String> = head.iter().map(|&cell| cell.to_owned()).collect();
    let mut text = line(&head) + &format!("|{}\n", "---|".repeat(head.len()));
    text.extend(rows.into_iter().map(|cells| line(&cells)));
    text
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

/// A sentence of the code's documentation as one line of a table.
fn told(schema: &Value) -> String {
    let text = schema["description"].as_str().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The part that is made under this name.
fn made(name: &str) -> String {
    match name {
        "keys" => keys(),
        "commands" => commands(),
        "exit-codes" => exit_codes(),
        "roles" => roles(),
        "settings" => settings(),
        "variables" => table(&["variable", "setting"], config::VARIABLES.map(|(name, pointer)| vec![code(name), code(&dotted(pointer))])),
        "template-fields" => fields(config::schema()),
        "template-limits" => fields(&config::schema()["$defs"]["TemplateLimits"]),
        "template-params" => fields(&config::schema()["$defs"]["Param"]),
        "template-health" => fields(&config::schema()["$defs"]["HealthEntry"]),
        "template-ready" => fields(&config::schema()["$defs"]["ReadyEntry"]),
        "template-files" => fields(&config::schema()["$defs"]["FileEntry"]),
        "template-sessions" => fields(&config::schema()["$defs"]["SessionEntry"]),
        "template-ports" => fields(&config::schema()["$defs"]["Port"]),
        "stack-fields" => stack_fields("", |_| true),
        "stack-member-fields" => stack_fields("StackMember", |name| ["depends_on", "set", "networks", "replicas"].contains(&name)),
        "stack-network-fields" => stack_fields("StackNetwork", |_| true),
        "stack-volume-fields" => stack_fields("StackVolume", |_| true),
        "endpoints" => endpoints(),
        "problems" => problems(),
        _ => panic!("nothing is made under the name '{name}'"),
    }
}

fn dotted(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}

fn keys() -> String {
    let mut text = String::new();
    for scope in Scope::ALL {
        let _ = writeln!(text, "**{}**\n", scope.title());
        let rows = COMMANDS.iter().filter(|command| command.scope == scope);
        let row = |command: &cto::tui::command::Command| {
            let keys: Vec<String> = command.keys.iter().map(|key| code(key)).collect();
            vec![keys.join(" "), command.help.to_owned(), code(command.name)]
        };
        text += &table(&["key", "does", "command"], rows.map(row));
        text.push('\n');
    }
    text.trim_end().to_owned() + "\n"
}

fn commands() -> String {
    fn add(command: &clap::Command, name: &str, rows: &mut Vec<Vec<String>>) {
        let shown = command.get_subcommands().filter(|child| child.get_name() != "help" && !child.is_hide_set());
        let children: Vec<_> = shown.collect();
        if children.is_empty() {
            rows.push(vec![code(name), command.get_about().map(ToString::to_string).unwrap_or_default()]);
        }
        for child in children {
            add(child, &format!("{name} {}", child.get_name()), rows);
        }
    }
    let mut rows = vec![vec![code("cto"), "Open the terminal client".to_owned()]];
    add(&Cli::command(), "cto", &mut rows);
    table(&["command", "does"], rows)
}

/// The text of `cto help exit-codes`: its lines of numbers as tables, the others as they are.
fn exit_codes() -> String {
    let command = Cli::command();
    let long = command.find_subcommand("exit-codes").unwrap().get_long_about().unwrap().to_string();
    let mut text = String::new();
    let mut in_table = false;
    for line in long.lines().skip(1) {
        let numbered = line.trim_start().split_once("  ").filter(|(number, _)| number.parse::<u8>().is_ok());
        if numbered.is_some() != in_table && !text.is_empty() && !text.ends_with("\n\n") {
            text.push('\n');
        }
        match numbered {
            Some((number, means)) => {
                if !in_table {
                    text += "| code | means |\n|---|---|\n";
                }
                let _ = writeln!(text, "| {number} | {} |", means.trim());
            }
            None if !line.is_empty() => text += &(line.to_owned() + "\n"),
            None => continue,
        }
        in_table = numbered.is_some();
    }
    text
}

fn roles() -> String {
    let schema = schemars::schema_for!(Action).to_value();
    let what = |action: Action| schema["oneOf"].as_array().unwrap().iter().find(|one| one["const"] == action.as_str()).map(told).unwrap();
    let reach = |role, action| match scope(role, action) {
        Reach::Nothing => "–",
        Reach::Own => "own",
        Reach::Everything => "all",
    };
    let row = |action: &Action| {
        let reaches = Role::ALL.map(|role| reach(role, *action).to_owned());
        [vec![code(action.as_str()), what(*action)], reaches.to_vec()].concat()
    };
    table(&["action", "means", "viewer", "operator", "admin"], Action::ALL.iter().map(row))
}

/// The leaves of the configuration: name, schema, default.
fn leaves() -> Vec<(String, Value, Value)> {
    let defaults = serde_json::to_value(config::Config::default()).unwrap();
    let leaf = |leaf: config::Leaf| (leaf.name(), leaf.schema.clone(), defaults.pointer(&leaf.pointer).cloned().unwrap_or_default());
    config::leaves().into_iter().map(leaf).collect()
}

fn settings() -> String {
    let row = |(name, schema, default): (String, Value, Value)| {
        let default = if default.is_null() { "–".to_owned() } else { code(&default.to_string()) };
        vec![code(&name), kind(config::config_schema(), &schema), default, told(&schema)]
    };
    table(&["setting", "type", "default", "means"], leaves().into_iter().map(row))
}

/// The fields of a part of the stacks' schema.
fn stack_fields(part: &str, kept: impl Fn(&str) -> bool) -> String {
    let root = config::stack_schema();
    let object = if part.is_empty() { root } else { &root["$defs"][part] };
    fields_of(root, object, kept)
}

/// The fields of an object of the template's schema.
fn fields(object: &Value) -> String {
    // The other spelling of a field is told in a sentence of its own.
    fields_of(config::schema(), object, |name| name != "read_only")
}

fn fields_of(root: &Value, object: &Value, kept: impl Fn(&str) -> bool) -> String {
    let required: Vec<&str> = object["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let row = |(name, schema): (&String, &Value)| {
        let star = if required.contains(&name.as_str()) { ", required" } else { "" };
        vec![code(name), kind(root, schema) + star, told(schema)]
    };
    let rows: Vec<_> = object["properties"].as_object().unwrap().iter().filter(|(name, _)| kept(name)).map(row).collect();
    table(&["field", "type", "means"], rows)
}

fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let reference = schema["$ref"].as_str().and_then(|reference| root.pointer(reference.trim_start_matches('#')));
    reference.map_or(schema, |target| resolved(root, target))
}

/// What a schema takes, in words.
fn kind(root: &Value, schema: &Value) -> String {
    let schema = resolved(root, schema);
    if let Some(several) = schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array()) {
        let mut kinds: Vec<String> = several.iter().filter(|one| one["type"] != "null").map(|one| kind(root, one)).collect();
        kinds.dedup();
        return kinds.join(" or ");
    }
    if let Some(one) = schema["const"].as_str() {
        return code(one);
    }
    if let Some(choices) = schema["enum"].as_array() {
        return choices.iter().filter_map(Value::as_str).map(code).collect::<Vec<_>>().join(" or ");
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::Array(several) => several.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect(),
        one => one.as_str().into_iter().collect(),
    };
    let range = match (schema["minimum"].as_u64(), schema["maximum"].as_u64()) {
        (Some(least), Some(most)) => format!(", {least} to {most}"),
        _ => String::new(),
    };
    let word = |one: &&str| match *one {
        "string" => "text".to_owned(),
        "integer" => format!("whole number{range}"),
        "boolean" => "true or false".to_owned(),
        "array" => format!("list of {}", kind(root, &schema["items"])),
        "object" if schema["additionalProperties"].is_object() => format!("object of {}", kind(root, &schema["additionalProperties"])),
        other => other.to_owned(),
    };
    types.iter().map(word).collect::<Vec<_>>().join(" or ")
}

/// Method, path, and a row of the table for each endpoint.
fn every_endpoint() -> Vec<(String, Vec<String>)> {
    struct Rows(Vec<(String, Vec<String>)>);
    impl EachEndpoint for Rows {
        fn visit<E: Endpoint>(&mut self) {
            let short = |path: &str| path.rsplit("::").next().unwrap().trim_end_matches('>').to_owned();
            let full = std::any::type_name::<E::Reply>();
            let reply = match full.split_once('<') {
                Some((_, inner)) => format!("page of {}", code(&short(inner))),
                None => code(&short(full)),
            };
            let answer = match E::ANSWER {
                Answer::Json => reply,
                Answer::Created => format!("201 {reply}"),
                Answer::Nothing => "204".to_owned(),
                Answer::Operation => format!("202 or 201 {reply}"),
                Answer::Bytes(_) => "bytes".to_owned(),
                Answer::Upgrade(protocol) => format!("WebSocket {}", code(protocol)),
            };
            let method = format!("{:?}", E::METHOD).to_uppercase();
            let action = E::ACTION.map_or_else(|| "–".to_owned(), |action| code(action.as_str()));
            self.0.push((E::PATH.to_owned(), vec![code(&format!("{method} {}", E::PATH)), E::SUMMARY.to_owned(), answer, action]));
        }
    }
    let mut rows = Rows(Vec::new());
    each_endpoint(&mut rows);
    rows.0
}

fn endpoints() -> String {
    table(&["endpoint", "does", "answers", "needs"], every_endpoint().into_iter().map(|(_, row)| row))
}

/// Every problem code and what it means.
fn codes() -> Vec<(Code, String)> {
    let schema = schemars::schema_for!(Code).to_value();
    schema["oneOf"].as_array().unwrap().iter().map(|one| (serde_json::from_value(one["const"].clone()).unwrap(), told(one))).collect()
}

fn problems() -> String {
    let row = |(problem, means): (Code, String)| {
        let (kind, name) = (kind_of(problem), problem.as_str());
        vec![format!("[`{name}`](#{name})"), means, kind.status().to_string(), kind.exit_code().to_string()]
    };
    table(&["code", "means", "HTTP", "exit"], codes().into_iter().map(row))
}

#[test]
fn tables_in_the_documents_are_what_the_code_says() {
    let mut seen = Vec::new();
    for document in documents() {
        let mut parts = document.text.split(MADE);
        let mut text = parts.next().unwrap().to_owned();
        for part in parts {
            let (name, rest) = part.split_once(" -->").unwrap();
            let (_, rest) = rest.split_once(END).unwrap_or_else(|| panic!("{}: '{name}' has no end", document.name));
            text += &format!("{MADE}{name} -->\n{}{END}{rest}", made(name));
            seen.push(name.to_owned());
        }
        golden(&document.name, &text);
    }
    let all = ["keys", "commands", "exit-codes", "roles", "settings", "variables", "template-fields", "endpoints", "problems"];
    assert!(all.iter().all(|name| seen.contains(&(*name).to_owned())), "{seen:?}");
}

#[test]
fn every_command_in_the_documents_is_one() {
    let mut command = Cli::command();
    command.build();
    let mut seen = 0;
    for document in documents() {
        for block in document.blocks().iter().filter(|block| block.kind == "sh") {
            for line in block.body.replace("\\\n", " ").lines() {
                let words = shlex::split(line).unwrap_or_else(|| panic!("{}: {line}", document.name));
                let words: Vec<&String> = words.iter().skip_while(|word| word.contains('=') || *word == "sudo").collect();
                match words.first().map(|word| word.as_str()) {
                    Some("cto") => {
                        let end = words.iter().position(|word| ["|", ">", "&&", "&"].contains(&word.as_str())).unwrap_or(words.len());
                        let parsed = Cli::try_parse_from(&words[..end]);
                        assert!(parsed.is_ok() || words[1] == "help", "{}: {line}\n{}", document.name, parsed.unwrap_err());
                    }
                    Some("make") => made_by_make(&document.name, words.get(1).map(|word| word.as_str())),
                    _ => continue,
                }
                seen += 1;
            }
        }
        for span in document.code() {
            let words: Vec<&str> = span.split_whitespace().skip_while(|word| word.contains('=')).collect();
            match words.first() {
                Some(&"cto") => follow(&document.name, &span, &command, &words[1..]),
                Some(&"make") => made_by_make(&document.name, words.get(1).copied()),
                _ => continue,
            }
            seen += 1;
        }
    }
    assert!(seen > 60, "{seen} commands");
}

fn made_by_make(document: &str, target: Option<&str>) {
    let makefile = std::fs::read_to_string(root().join("Makefile")).unwrap();
    if let Some(target) = target {
        assert!(makefile.contains(&format!("\n{target}:")), "{document}: there is no 'make {target}'");
    }
}

/// Follows the words of a command that may be incomplete: its subcommands and flags must be there.
fn follow(document: &str, span: &str, command: &clap::Command, words: &[&str]) {
    let Some((word, rest)) = words.split_first() else { return };
    let placeholder = word.starts_with('…') || word.chars().all(|c| c.is_uppercase());
    if *word == "--" || placeholder {
        return;
    }
    if let Some(flag) = word.strip_prefix('-') {
        let name = flag.trim_start_matches('-').split('=').next().unwrap();
        let known = |argument: &&clap::Arg| argument.get_long() == Some(name) || argument.get_short().is_some_and(|short| short.to_string() == name);
        let argument = command.get_arguments().find(known);
        let argument = argument.unwrap_or_else(|| panic!("{document}: '{span}' has a flag that is not there: {word}"));
        let values = usize::from(argument.get_action().takes_values() && !flag.contains('='));
        return follow(document, span, command, rest.get(values..).unwrap_or_default());
    }
    match command.find_subcommand(word) {
        Some(child) => follow(document, span, child, rest),
        None => {
            let takes_words = command.get_positionals().next().is_some() || rest.is_empty() && command.get_name() == "help";
            assert!(takes_words, "{document}: '{span}': there is no '{word}' of '{}'", command.get_name());
            follow(document, span, command, rest);
        }
    }
}

#[test]
fn every_json_text_in_the_documents_is_read_as_what_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths::under(dir.path()).unwrap();
    paths.prepare().unwrap();
    std::fs::create_dir(paths.config_dir.join("themes")).unwrap();
    let mut seen = BTreeSet::new();
    for document in documents() {
        for Block { kind, body } in document.blocks().into_iter().filter(|block| block.kind.starts_with("json")) {
            let at = format!("{} ({kind}):\n{body}\n", document.name);
            let value = || serde_json::from_str::<Value>(&body).unwrap_or_else(|error| panic!("{at}{error}"));
            let whole = |again: Value| assert_eq!(again, value(), "{at}");
            match kind.as_str() {
                "json config" => {
                    std::fs::write(paths.config_file(), &body).unwrap();
                    let complaints = config::Config::read(&paths, None, |_| None).complaints;
                    assert!(complaints.is_empty(), "{at}{complaints:?}");
                    let names = leaves_of(&body);
                    // The keys of commands are one setting with many parts.
                    let said = |name: &String| names.iter().any(|known| known == name || known.starts_with(&format!("{name}.")));
                    let missing: Vec<_> = leaves().into_iter().map(|(name, ..)| name).filter(|name| !name.starts_with('$') && !said(name)).collect();
                    assert!(missing.is_empty(), "the full example leaves out {missing:?}");
                }
                "json some-config" => {
                    std::fs::write(paths.config_file(), &body).unwrap();
                    let complaints = config::Config::read(&paths, None, |_| None).complaints;
                    assert!(complaints.is_empty(), "{at}{complaints:?}");
                }
                "json template" => drop(config::parse_template(&document.name, &body).unwrap_or_else(|error| panic!("{at}{error}"))),
                "json stack" => {
                    let read = config::Catalogue::load(&paths, None).parse_stack(&document.name, &body, None);
                    drop(read.unwrap_or_else(|error| panic!("{at}{error:?}")));
                }
                "json theme" => {
                    let name = value()["name"].as_str().unwrap().to_owned();
                    std::fs::write(paths.config_dir.join(format!("themes/{name}.json")), &body).unwrap();
                    config::theme::load(&name, &paths).unwrap_or_else(|error| panic!("{at}{error}"));
                }
                "json attach" => whole(again::<Attach>(&body)),
                "json ready" => whole(again::<Ready>(&body)),
                "json trigger" => whole(again::<SaveTrigger>(&body)),
                "json webhook" => whole(again::<SaveWebhook>(&body)),
                "json plugin" => {
                    let example = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/luau/plugins/example/plugin.json")).unwrap();
                    assert_eq!(serde_json::from_str::<Value>(&example).unwrap(), value(), "{at}");
                }
                "json exec" => whole(again::<ExecStart>(&body)),
                "json problem" => whole(again::<Problem>(&body)),
                "json stream" => body.lines().for_each(|line| drop(again::<StreamRequest>(line))),
                "json messages" => body.lines().for_each(|line| drop(again::<StreamMessage>(line))),
                _ => panic!("{at}of what kind is it?"),
            }
            seen.insert(kind);
        }
    }
    assert_eq!(seen.len(), 14, "{seen:?}");
}

/// What is read from a text, as JSON again.
fn again<T: serde::de::DeserializeOwned + serde::Serialize>(text: &str) -> Value {
    let read: T = serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    serde_json::to_value(read).unwrap()
}

/// The names of all settings in a configuration.
fn leaves_of(text: &str) -> Vec<String> {
    fn walk(value: &Value, name: &str, found: &mut Vec<String>) {
        match value.as_object() {
            Some(fields) => fields.iter().for_each(|(field, value)| walk(value, format!("{name}.{field}").trim_start_matches('.'), found)),
            None => found.push(name.to_owned()),
        }
    }
    let plain: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let mut found = Vec::new();
    walk(&serde_json::from_str(&plain.join("\n")).unwrap(), "", &mut found);
    found
}

#[test]
fn every_path_of_the_api_in_the_documents_is_served() {
    let paths: Vec<String> = every_endpoint().into_iter().map(|(path, _)| path).collect();
    let served = |path: &str| {
        let fits = |known: &String| {
            let (known, path): (Vec<&str>, Vec<&str>) = (known.split('/').collect(), path.split('/').collect());
            known.len() == path.len() && known.iter().zip(&path).all(|(known, part)| known == part || known.starts_with('{') && !part.is_empty())
        };
        path == "/api/v1" || paths.iter().any(fits)
    };
    for document in documents() {
        for (at, _) in document.text.match_indices("/api/v1") {
            let rest = &document.text[at..];
            let path = &rest[..rest.find(|c: char| !(c.is_alphanumeric() || "/{}_-.".contains(c))).unwrap_or(rest.len())];
            assert!(served(path.trim_end_matches('.')), "{}: nothing is served at '{path}'", document.name);
        }
    }
}

#[test]
fn every_problem_has_its_cause_and_remedy() {
    let document = Document::named("docs/troubleshooting.md");
    for (code, _) in codes() {
        let text = document.section(&format!("### {}", code.as_str()));
        assert!(text.contains("*Do:*") && text.trim().len() > 60, "'{}' lacks its cause or its remedy", code.as_str());
    }
    let count = document.text.lines().filter(|line| line.starts_with("### ")).count();
    assert_eq!(count, codes().len(), "a problem is described that there is not");
}

#[test]
fn every_frame_and_message_is_in_the_protocols() {
    let document = Document::named("docs/protocols.md");
    let told = |heading: &str, client: bool| -> BTreeSet<u8> {
        let (of_client, of_server) = document.section(heading).split_once("**From the server**").unwrap();
        let part = if client { of_client } else { of_server };
        part.lines().filter_map(|line| u8::from_str_radix(line.strip_prefix("| 0x")?.split(' ').next()?, 16).ok()).collect()
    };
    let taken = |known: &dyn Fn(u8) -> bool| -> BTreeSet<u8> { (0..=u8::MAX).filter(|op| known(*op)).collect() };
    let unknown = |error: Option<FrameError>| matches!(error, Some(FrameError::Unknown(_)));
    assert_eq!(told("## cto.term.v1", true), taken(&|op| !unknown(ClientFrame::decode(&[op]).err())));
    assert_eq!(told("## cto.term.v1", false), taken(&|op| !unknown(ServerFrame::decode(&[op]).err())));
    assert_eq!(told("## cto.exec.v1", true), taken(&|op| op >= 0x80 && !unknown(ExecFrame::decode(&[op]).err())));
    assert_eq!(told("## cto.exec.v1", false), taken(&|op| op < 0x80 && !unknown(ExecFrame::decode(&[op]).err())));

    let schemas = &cto::server::openapi()["components"]["schemas"];
    let tags = |name: &str, tag: &str| -> BTreeSet<String> {
        schemas[name]["oneOf"].as_array().unwrap().iter().map(|one| one["properties"][tag]["enum"][0].as_str().unwrap().to_owned()).collect()
    };
    let lines = |kind: &str| -> Vec<Value> {
        let blocks = document.blocks();
        let block = blocks.iter().find(|block| block.kind == kind).unwrap();
        block.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let used =
        |lines: &[Value], pointer: &str| -> BTreeSet<String> { lines.iter().filter_map(|line| Some(line.pointer(pointer)?.as_str()?.to_owned())).collect() };
    assert_eq!(used(&lines("json stream"), "/op"), tags("StreamRequest", "op"));
    assert_eq!(used(&lines("json stream"), "/topic/topic"), tags("Topic", "topic"));
    assert_eq!(used(&lines("json messages"), "/type"), tags("StreamMessage", "type"));
    let api = Document::named("docs/api.md");
    for event in tags("Event", "type").iter().filter(|event| *event != "templates_changed") {
        assert!(api.section("## Events, stats, tiles").contains(&format!("| `{event}` |")), "the event '{event}' is not in docs/api.md");
    }
}

#[test]
fn every_link_and_picture_is_there() {
    let anchors =
        |text: &str| -> Vec<String> { Document { name: String::new(), text: text.to_owned() }.headings().iter().map(|heading| anchor(heading)).collect() };
    let mut seen = 0;
    for document in documents() {
        let base = root().join(Path::new(&document.name).parent().unwrap());
        let prose = document.prose();
        for (_, rest) in prose.match_indices("](").map(|(at, mark)| (at, &prose[at + mark.len()..])) {
            let target = &rest[..rest.find(')').unwrap()];
            if target.starts_with("http") {
                continue;
            }
            let (path, fragment) = target.split_once('#').map_or((target, None), |(path, fragment)| (path, Some(fragment)));
            let file = if path.is_empty() { root().join(&document.name) } else { base.join(path) };
            assert!(file.exists(), "{}: there is no '{path}'", document.name);
            if let Some(fragment) = fragment {
                let known = anchors(&std::fs::read_to_string(&file).unwrap());
                assert!(known.iter().any(|known| known == fragment), "{}: '{target}' leads nowhere", document.name);
            }
            if path.ends_with(".png") {
                assert!(file.metadata().unwrap().len() < 200_000, "'{path}' is too large for a phone");
            }
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen} links");
}

#[test]
fn the_index_and_the_gallery_leave_nothing_out() {
    let index = Document::named("docs/README.md");
    for document in documents().iter().filter_map(|document| document.name.strip_prefix("docs/")).filter(|name| *name != "README.md") {
        assert!(index.text.contains(&format!("({document})")), "docs/README.md does not name {document}");
    }
    let gallery = Document::named("docs/gallery.md");
    for entry in std::fs::read_dir(root().join("templates")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let template = config::parse_template(name, &std::fs::read_to_string(&path).unwrap()).unwrap();
        assert!(gallery.headings().contains(&template.name), "docs/gallery.md does not show '{}'", template.name);
        let row = gallery.text.lines().find(|line| line.starts_with(&format!("| [{}]", template.name))).unwrap();
        let adds = if template.packages.is_empty() { "nothing".to_owned() } else { template.packages.join(", ") };
        assert!(row.ends_with(&format!("| {adds} |")), "'{}' adds {adds}", template.name);
    }
}

#[test]
fn every_test_that_shows_a_detail_is_there() {
    let details = Document::named("docs/details.md");
    let rows: Vec<&str> = details.text.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert_eq!(rows.len(), 20, "twenty details");
    for row in rows {
        let shown = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let tests: Vec<&str> = shown.split('`').skip(1).step_by(2).collect();
        assert!(!tests.is_empty(), "nothing shows: {row}");
        for test in tests {
            let (module, name) = test.rsplit_once("::").unwrap();
            let file = match module.strip_suffix("::tests") {
                Some(of_library) => format!("src/{}.rs", of_library.replace("::", "/")),
                None => format!("tests/spec/{module}.rs"),
            };
            let source = std::fs::read_to_string(root().join(&file)).unwrap_or_else(|error| panic!("{file}: {error}"));
            assert!(source.contains(&format!("fn {name}(")), "there is no test {test}");
        }
    }
}

#[test]
fn every_variable_that_is_read_is_in_the_configuration_reference() {
    let text = Document::named("docs/configuration.md").text;
    let mut seen = BTreeSet::new();
    for entry in walk(&root().join("src")) {
        let source = std::fs::read_to_string(&entry).unwrap();
        for (at, _) in source.match_indices("\"CTO_") {
            let name: String = source[at + 1..].chars().take_while(|c| c.is_ascii_uppercase() || *c == '_').collect();
            if source[at + 1 + name.len()..].starts_with('"') {
                assert!(text.contains(&format!("`{name}`")), "{name} of {} is not in docs/configuration.md", entry.display());
                seen.insert(name);
            }
        }
    }
    assert!(seen.len() > 7, "{seen:?}");
}

fn walk(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}
