//! Templates as they are shipped and as the product's specification writes them, launched and looked at.
use super::support::home::Home;
use super::support::own_engine::OwnEngine;
use std::sync::Mutex;
use std::time::Duration;

/// How many launches are under way at once.
const AT_ONCE: usize = 3;

/// What is seen of each template: its first screen, what is typed then, and what comes of it. The last says whether its image is small: those alone are
/// made in every run.
const SHOWN: [(&str, &str, &str, &str, bool); 27] = [
    ("shell", ":~#", "echo $((6 * 7))\r", "42", true),
    ("python", ">>>", "6 * 7\r", "42", true),
    ("node", ">", "6 * 7\r", "42", false),
    ("go", "go run .", "go run .\r", "hello from Go", false),
    ("rust", "cargo run", "cargo run\r", "hello from Rust", false),
    ("vim", "VIM - Vi IMproved", "ihello\x1b:w a\r", "written", false),
    ("neovim", "NVIM v", "ihello\x1b:w a\r", "written", true),
    ("git", "git version", "git merge --no-edit longer\r", "Merge made", true),
    ("notebook", "In [1]:", "6 * 7\r", "Out[1]: 42", false),
    ("postgres", "postgres=#", "SELECT 6 * 7;\r", "42", false),
    ("redis", "127.0.0.1:6379>", "INCRBY n 42\r", "(integer) 42", true),
    ("sqlite", "sqlite>", "SELECT moons AS many FROM planets WHERE name = 'Saturn';\r", "│ 146", true),
    ("make", "make test", "make && ./hello\r", "hello from C", false),
    ("npm", "npm test", "npm test\r", "pass 1", false),
    ("pip", "python3 -m unittest", "python3 -m unittest && pip --version\r", "OK", false),
    ("docker-build", "A Dockerfile is here", "build -t hello .\r", "built hello", false),
    ("files", "Hint", "cd /etc\r", "─ /etc ─", true),
    ("network", "127.0.0.1", "ping -c 1 127.0.0.1\r", "1 received", false),
    ("system-monitor", "F5Tree", "t", "F5List", true),
    ("io-monitor", "DISK WRITE", "t", "F5List", true),
    ("ascii-games", "moon-buggy", "advent\r", "Welcome to Adventure", true),
    ("tetris", "Choose a level", "1\r", "Your level: 1", true),
    ("snake", "Arcade Mode", "\r", "Hi-Score", true),
    ("invaders", "Press SPACE to start", " ", "Level: 01", true),
    ("adventure", "Welcome to Adventure", "n\r", "end of a road", true),
    ("mud", "A harbour.", "north\r", "sells logs", true),
    ("classroom", "double(n)", "echo 'def double(n): return n + n' > tasks.py; check\r", "1 of 3 done", false),
];

#[test]
fn every_template_of_the_gallery_launches_and_is_seen_to_work() {
    let home = Home::new();
    let list = home.json(&["template", "ls", "--json"]);
    let mut shipped: Vec<&str> = list["items"].as_array().unwrap().iter().map(|entry| entry["template"]["name"].as_str().unwrap()).collect();
    let mut tested = SHOWN.map(|(name, ..)| name).to_vec();
    shipped.sort_unstable();
    tested.sort_unstable();
    assert_eq!(shipped, tested, "each template has a test");

    let proving = std::env::var_os("CTO_PROVE").is_some();
    let left = Mutex::new(SHOWN.into_iter().filter(|(.., small)| *small || proving));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let next = left.lock().unwrap().next();
                    let Some((template, first, typed, effect, _)) = next else { return };
                    let name = home.name(template);
                    // What is large takes its time to be fetched.
                    home.cto(&["run", template, "--name", &name, "-d"]).timeout(Duration::from_secs(900)).assert().success();
                    home.screen(&name, first);
                    home.ok(&["sessions", "input", &name, typed]);
                    home.screen(&name, effect);
                    home.ok(&["rm", "-f", &name]);
                }
            });
        }
    });
}

#[test]
fn the_samples_of_the_specification_work_as_they_are_written() {
    let engine = OwnEngine::start();
    let home = Home::on(Some(engine.address()));
    let write = |name: &str, text: &str| std::fs::write(home.dir.path().join(name), text).unwrap();
    std::fs::create_dir(home.dir.path().join("workspace")).unwrap();
    std::fs::write(home.dir.path().join("workspace/here.py"), "answer = 42\n").unwrap();
    write(
        "python-dev.json",
        r#"{"name":"python-dev","image":"python:3.9-slim","command":"/bin/bash","volumes":["./workspace:/workspace"],"environment":{"PYTHONPATH":"/workspace"},"working_dir":"/workspace"}"#,
    );
    write(
        "games.json",
        r#"{"name":"ascii-games","image":"ubuntu:22.04","command":"/bin/bash","packages":["bastet","ninvaders","moon-buggy"],"interactive":true}"#,
    );
    write("monitor.json", r#"{"name":"system-monitor","image":"alpine:latest","command":"htop","privileged":false,"readonly":true}"#);
    write("shell.json", r#"{"name":"shell","image":"alpine:latest","command":"sh","privileged":false,"readonly":true}"#);

    let python = home.name("python");
    home.ok(&["run", "./python-dev.json", "--name", &python, "-d"]);
    home.screen(&python, ":/workspace#");
    assert_eq!(home.ok(&["exec", &python, "--", "python", "-c", "import here; print(here.answer)"]), "42\n");
    home.ok(&["exec", &python, "--", "touch", "made-inside"]);
    assert!(home.dir.path().join("workspace/made-inside").exists());

    let games = home.name("games");
    home.ok(&["run", "./games.json", "--name", &games, "-d"]);
    for game in ["bastet", "ninvaders", "moon-buggy"] {
        home.ok(&["exec", &games, "--", "test", "-x", &format!("/usr/games/{game}")]);
    }

    let monitor = home.name("monitor");
    let told = home.fails(2, &["run", "./monitor.json", "--name", &monitor, "-d"]);
    assert!(told.contains("the image has no program 'htop'") && told.contains("'packages'"), "{told}");
    assert!(!home.ok(&["ps", "-a"]).contains(&monitor), "nothing is left of it");

    let shell = home.name("shell");
    home.ok(&["run", "./shell.json", "--name", &shell, "-d"]);
    assert!(home.fails(1, &["exec", &shell, "--", "touch", "/file"]).contains("Read-only file system"));
}
