//! The recipes in docs/api.md, run as they stand there.
use super::support::home::Home;
use std::io::Write as _;
use std::process::Command;
use std::process::Stdio;

/// The text of the block that begins with this line.
fn recipe(begins: &str) -> String {
    let document = include_str!("../../docs/api.md");
    let block = document.split("```").find_map(|block| block.strip_prefix(&format!("{begins}\n")));
    block.unwrap_or_else(|| panic!("no '{begins}'")).to_owned()
}

/// `cto` in the path of a recipe, on a server of this home.
fn shell(home: &Home, script: &str) -> Command {
    let mut command = Command::new("sh");
    let bin = std::path::Path::new(env!("CARGO_BIN_EXE_cto")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    command.args(["-c", script]).env("CTO_HOME", home.dir.path()).env("PATH", path).current_dir(home.dir.path());
    command
}

#[test]
fn a_newcomer_s_program_launches_a_container_runs_a_command_and_shows_its_terminal() {
    let mut home = Home::new();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    home.variables.push(("CTO_LISTEN".to_owned(), format!("127.0.0.1:{port}")));
    let token = home.ok(&["token", "create", "--role", "admin"]);
    let program =
        recipe("python newcomer").replace("{\"template\": \"shell\"}", &format!("{{\"template\": \"shell\", \"name\": \"{}\"}}", home.name("newcomer")));
    assert!(program.lines().count() <= 11, "ten lines, and one to import");
    let mut python = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/target/cto-test/python/bin/python3"));
    let output = python.args(["-c", &program]).env("CTO_SERVER", format!("http://127.0.0.1:{port}")).env("CTO_TOKEN", token.trim()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("hello from a container") && said.contains("Linux"), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(!home.ok(&["ps", "-a"]).contains("newcomer"), "it is removed again");
}

#[test]
fn a_job_of_ci_brings_up_tests_and_takes_away_whatever_happens() {
    let home = Home::new();
    let tests = home.dir.path().join("tests");
    std::fs::create_dir(&tests).unwrap();
    for (script, succeeds) in [("echo all is well", true), ("echo broken; exit 3", false)] {
        std::fs::write(tests.join("run.sh"), script).unwrap();
        let output = shell(&home, &recipe("sh ci").replace("ci-${CI_JOB_ID:-local}", &home.name("ci"))).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(
            (output.status.success(), said.contains(script.split(';').next().unwrap().trim_start_matches("echo "))),
            (succeeds, true),
            "{said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(!home.ok(&["ps", "-a"]).contains(&home.name("ci")), "taken away");
    }
}

#[test]
fn an_editor_speaks_with_a_program_in_a_container_byte_by_byte() {
    let home = Home::new();
    let container = home.container("editor");
    let mut child = shell(&home, &recipe("sh editor")).env("CONTAINER", &container).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // As the language server protocol has it: lengths count, and nothing may be changed on the way.
    let message: Vec<u8> = [b"Content-Length: 260\r\n\r\n".to_vec(), (0..=255).collect(), b"\r\n\x1b[".to_vec()].concat();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&message).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(output.stdout, message);
}
