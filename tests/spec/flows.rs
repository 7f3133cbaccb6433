//! What a person does with the program on a terminal, from the first key to the last.
use super::support::home::Home;
use super::support::home::Terminal;

/// The prefix of the terminals' keys.
const PREFIX: &str = "\x02";

#[test]
fn terminals_are_as_they_were_left_after_a_detach_a_kill_and_at_another_size() {
    let home = Home::new();
    let name = home.name("flow");
    home.ok(&["run", "shell", "--name", &name, "-d"]);
    let mut tui = Terminal::sized(&home, &[], (120, 40));
    tui.shows("● docker");
    // Other containers may be there too.
    tui.type_in(&format!(":open {name}\r"));
    tui.shows("root@");
    tui.type_in("PS1='> '; echo left-$((40+2))\r");
    tui.shows("left-42");
    tui.type_in(&format!("{PREFIX}%"));
    tui.shows("· shell");
    tui.type_in("PS1='> '; echo right-$((40+3))\r");
    tui.shows("right-43");
    // On the line, and in no file.
    tui.type_in("unsaved words");
    tui.shows("unsaved words");
    tui.type_in(&format!("{PREFIX}d"));
    tui.shows("● docker");
    tui.type_in("q");
    assert_eq!(tui.ends(), 0);

    let mut tui = Terminal::sized(&home, &[], (120, 40));
    let all_there = |tui: &Terminal| ["left-42", "right-43", "unsaved words"].iter().for_each(|text| tui.shows(text));
    tui.shows("● docker");
    tui.type_in(&format!(":open {name}\r"));
    all_there(&tui);
    tui.kill();

    let tui = Terminal::sized(&home, &[], (120, 40));
    all_there(&tui);
    let mut small = Terminal::sized(&home, &[], (80, 24));
    all_there(&small);
    small.type_in(" typed in the small one");
    tui.shows("typed in the");
}

#[test]
fn a_first_key_launches_a_shell_and_the_last_ends_nothing() {
    let home = Home::new();
    let mut tui = Terminal::sized(&home, &[], (80, 24));
    tui.shows("● docker");
    tui.type_in(&format!(":launch shell {}\r", home.name("first")));
    tui.shows("root@");
    tui.type_in(&format!("{PREFIX}dq"));
    assert_eq!(tui.ends(), 0);
    assert!(home.ok(&["ps"]).contains(&home.name("first")));
}

#[test]
fn a_terminal_that_stays_open_goes_on_after_kill_9_of_the_server() {
    let home = Home::new();
    let name = home.name("killed");
    home.ok(&["run", "shell", "--name", &name, "-d"]);
    let mut tui = Terminal::sized(&home, &[], (100, 30));
    tui.shows("● docker");
    tui.type_in(&format!(":open {name}\r"));
    tui.shows("root@");
    tui.type_in("PS1='> '; mine=kept; echo before-$((40+2))\r");
    tui.shows("before-42");
    for round in 1..=2 {
        let pid = home.json(&["server", "status", "--json"])["pid"].as_u64().unwrap();
        assert!(std::process::Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
        // Typed while there is no server: it arrives once there is one, which the terminal starts.
        tui.type_in(&format!("echo $mine-$((40+{round}))\r"));
        tui.shows(&format!("kept-4{round}"));
        tui.shows("before-42");
    }
}
