//! Templates as they are shipped and as the product's specification writes them, launched and looked at.
use super::support::home::Home;
use super::support::own_engine::OwnEngine;

#[test]
fn every_template_of_the_gallery_launches_and_is_seen_to_work() {
    let shown = [
        ("shell", ":~#"),
        ("python", ">>>"),
        ("ascii-games", "moon-buggy"),
        ("system-monitor", "F10Quit"),
        ("vim", "VIM - Vi IMproved"),
        ("git", "git version"),
    ];
    let home = Home::new();
    let mut shipped: Vec<String> = home.json(&["template", "ls", "--json"])["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["template"]["name"].as_str().unwrap().to_owned())
        .collect();
    let mut tested = shown.map(|(name, _)| name.to_owned()).to_vec();
    shipped.sort();
    tested.sort();
    assert_eq!(shipped, tested, "each template has a test");
    for (template, text) in shown {
        let name = home.name(template);
        home.ok(&["run", template, "--name", &name, "-d"]);
        home.screen(&name, text);
    }
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
