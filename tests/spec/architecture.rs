//! The shape of the code, checked. `src/ARCHITECTURE.md` says why it is so.
use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

/// Each room and the rooms that it may name (design: calls go down, data comes back).
const ROOMS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("error", &["model"]),
    ("bus", &["model"]),
    ("term", &["model"]),
    ("access", &["model", "error"]),
    ("config", &["model", "error", "term"]),
    ("engine", &["model", "error"]),
    ("store", &["model", "error"]),
    ("sessions", &["model", "error", "bus", "term", "engine"]),
    ("observe", &["model", "error", "bus", "term", "engine", "store"]),
    ("control", &["model", "error", "bus", "config", "access", "engine", "store", "sessions", "observe"]),
    ("keeper", &["model", "error", "bus", "config", "engine", "store", "sessions", "observe", "control"]),
    ("automation", &["model", "error", "bus", "config", "access", "term", "store", "sessions", "observe", "control"]),
    ("server", &["model", "error", "config", "access", "bus", "sessions", "observe", "control", "automation"]),
    ("daemon", &["model", "error", "bus", "config", "access", "engine", "store", "sessions", "observe", "control", "keeper", "automation", "server"]),
    ("client", &["model", "error"]),
    ("tui", &["model", "error", "config", "term", "client"]),
    ("bench", &["model", "error", "config", "term", "engine", "client", "tui"]),
    ("cli", &["model", "error", "config", "term", "client", "tui", "bench", "daemon"]),
    ("main", &["error", "cli"]),
];

/// Crates that lead outside, and their one home.
const FENCED: &[(&str, &[&str])] = &[
    ("bollard", &["engine"]),
    ("hold", &["engine", "sessions"]),
    ("sqlx", &["store"]),
    ("mlua", &["automation"]),
    ("alacritty_terminal", &["term"]),
    ("vt100", &["term"]),
    ("axum", &["server"]),
    ("tower_http", &["server"]),
    ("reqwest", &["client", "automation"]),
    ("hyper", &["automation", "server"]),
    ("hyper_util", &["automation", "server"]),
    ("rustls_native_certs", &["automation", "client"]),
    ("rcgen", &["server"]),
    ("argon2", &["access"]),
    ("tokio_tungstenite", &["client"]),
    ("ratatui", &["tui"]),
    ("ratatui_textarea", &["tui"]),
    ("crossterm", &["tui"]),
    ("tui_term", &["tui"]),
    ("clap", &["cli", "main"]),
];

/// Lines that a module may have; a longer one wants splitting.
const LONGEST: usize = 560;

#[test]
fn rooms_name_only_the_rooms_below_them() {
    let allowed: BTreeMap<_, _> = ROOMS.iter().copied().collect();
    let mut wrong = Vec::new();
    for (name, room, text) in sources() {
        let Some(rooms) = allowed.get(room.as_str()) else {
            if room != "lib" {
                wrong.push(format!("{name}: room '{room}' is not in the table"));
            }
            continue;
        };
        for used in named_rooms(&text) {
            if used != room && allowed.contains_key(used.as_str()) && !rooms.contains(&used.as_str()) {
                wrong.push(format!("{name}: {room} may not use {used}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn crates_that_lead_outside_have_one_home() {
    let mut wrong = Vec::new();
    for (name, room, text) in sources() {
        for (krate, homes) in FENCED {
            let named = code_lines(&text).any(|line| {
                line.match_indices(krate).any(|(at, _)| {
                    let before = line[..at].chars().next_back();
                    line[at + krate.len()..].starts_with("::") && !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
                })
            });
            if named && !homes.contains(&room.as_str()) {
                wrong.push(format!("{name}: only {} may use {krate}", homes.join(", ")));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_module_says_what_it_is_for_and_stays_small() {
    let mut wrong = Vec::new();
    for (name, _, text) in sources() {
        if !text.starts_with("//!") && !text.starts_with("#![doc") {
            wrong.push(format!("{name}: does not begin with what it is for"));
        }
        let lines = text.lines().count();
        if lines > LONGEST {
            wrong.push(format!("{name}: {lines} lines, more than {LONGEST}"));
        }
        for (number, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("use crate::{") {
                wrong.push(format!("{name}:{}: one crate:: path a use line", number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_map_names_every_room() {
    let map = std::fs::read_to_string(root().join("src/ARCHITECTURE.md")).unwrap();
    assert!(map.lines().count() <= 200, "the map is a page, not a book");
    for (room, _) in ROOMS {
        assert!(map.contains(&format!("`{room}`")), "ARCHITECTURE.md does not speak of `{room}`");
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Path, room and text of every source file.
fn sources() -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    walk(&root().join("src"), &mut found);
    found.sort();
    found
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(root()).unwrap().display().to_string();
            let room = name.split(['/', '.']).nth(1).unwrap().to_owned();
            (name, room, std::fs::read_to_string(&path).unwrap())
        })
        .collect()
}

fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// Lines without comments: prose may speak of other rooms.
fn code_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with("//"))
}

/// The first name after each `crate::`.
fn named_rooms(text: &str) -> Vec<String> {
    code_lines(text)
        .flat_map(|line| line.match_indices("crate::").map(move |(at, found)| &line[at + found.len()..]))
        .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
        .collect()
}
