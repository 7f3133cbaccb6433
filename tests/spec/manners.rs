//! How the terminal client behaves as a guest of a person's terminal: what it takes it gives back, and it is silent when nothing happens.
use super::support::home::Home;
use super::support::home::Terminal;
use cto::model::Size;
use cto::term::Modes;
use cto::tui::trial::Trial;
use rustix::process::Signal;
use std::time::Duration;

/// The prefix of the terminals' keys.
const PREFIX: &str = "\x02";

/// What a terminal is like that nobody has taken over.
fn is_plain(modes: &Modes) -> bool {
    let fresh = cto::term::Screen::new(Size { cols: 80, rows: 24 }, 0).modes();
    modes.alternate_screen == fresh.alternate_screen
        && modes.mouse == fresh.mouse
        && modes.focus_events == fresh.focus_events
        && modes.kitty == fresh.kitty
        && modes.app_cursor == fresh.app_cursor
}

#[test]
fn whatever_ends_it_the_terminal_is_as_it_was() {
    let home = Home::new();
    let mut shell = Terminal::shell(&home, (100, 30));
    shell.shows("host>");
    shell.type_in("stty -g > before\r");
    let ends = [(None, "it quits"), (Some(Signal::TERM), "it is to end"), (Some(Signal::HUP), "its terminal is said to be gone")];
    for (signal, words) in ends {
        shell.type_in("clear; cto\r");
        shell.shows("● docker");
        assert!(!is_plain(&shell.modes()), "it takes the terminal over");
        match signal {
            None => shell.type_in("q"),
            Some(signal) => shell.signal_to("cto", signal),
        }
        home.until(&format!("the terminal is given back when {words}"), || is_plain(&shell.modes()));
        shell.type_in("stty -g > after; echo same-$(cmp before after && echo yes)\r");
        shell.shows("same-yes");
    }
}

#[test]
fn ctrl_z_stops_it_and_fg_brings_everything_back() {
    let home = Home::new();
    let name = home.name("stopped");
    home.ok(&["run", "shell", "--name", &name, "-d"]);
    let mut shell = Terminal::shell(&home, (100, 30));
    shell.shows("host>");
    shell.type_in("cto\r");
    shell.shows("● docker");
    shell.type_in(&format!(":open {name}\r"));
    shell.shows("root@");
    shell.type_in("PS1='> '; echo here-$((40+2))\r");
    shell.shows("here-42");
    shell.type_in(&format!("{PREFIX}\x1a"));
    shell.shows("Stopped");
    assert!(is_plain(&shell.modes()), "the terminal is the shell's while it is stopped");
    shell.type_in("echo out-$((50+1))\r");
    shell.shows("out-51");
    shell.type_in("fg\r");
    shell.shows("here-42");
    shell.type_in("echo back-$((60+1))\r");
    shell.shows("back-61");
    assert!(!shell.text().contains("Stopped"), "all of the screen is drawn anew:\n{}", shell.text());
}

#[test]
fn nothing_is_written_while_nothing_that_is_shown_changes() {
    let home = Home::new();
    for name in ["still", "silent"] {
        home.ok(&["run", "shell", "--name", &home.name(name), "-d"]);
    }
    let mut tui = Terminal::sized(&home, &[], (120, 40));
    tui.shows("● docker");
    tui.type_in(&format!(":open {}\r", home.name("still")));
    tui.shows("root@");
    // Until the last of the launches has been told.
    let mut before = tui.written();
    home.until("it comes to rest", || {
        std::thread::sleep(Duration::from_secs(2));
        std::mem::replace(&mut before, tui.written()) == tui.written()
    });
    let before = tui.written();
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(tui.written() - before, 0, "bytes in five seconds");
    tui.type_in("x");
    home.until("a key is shown", || tui.written() > before);
}

#[test]
fn a_program_has_the_size_of_its_pane_before_it_can_ask_for_it() {
    let home = Home::new();
    let name = home.name("sized");
    home.ok(&["run", "shell", "--name", &name, "-d"]);
    // One line on top, one at the bottom.
    let tui = Terminal::sized(&home, &["shell", &name, "--", "sh", "-c", "echo first $(stty size); exec cat"], (101, 31));
    tui.shows("first 29 101");
}

#[test]
fn a_frame_of_nine_panes_allocates_little() {
    let mut trial = Trial::new(Size { cols: 200, rows: 50 }, 9).unwrap();
    let line = b"\r\n\x1b[32mINFO\x1b[0m a line of output as programs print them";
    for _ in 0..50 {
        trial.feed(line);
        trial.draw().unwrap();
    }
    let unchanged = allocation_counter::measure(|| trial.draw().unwrap());
    let changed = allocation_counter::measure(|| {
        trial.feed(line);
        trial.draw().unwrap();
    });
    // dtop, which bounds its own in a test, allows itself 42 a container and 1,300 a frame.
    assert!(unchanged.count_total < 250, "{} allocations of a frame in which nothing is new", unchanged.count_total);
    assert!(changed.count_total < 1300, "{} allocations of a frame with nine new lines", changed.count_total);
}

#[test]
fn several_lines_are_not_pasted_unasked_where_each_would_run() {
    let home = Home::new();
    let name = home.name("pasted");
    home.ok(&["run", "shell", "--name", &name, "-d"]);
    let paste = |text: &str| format!("\x1b[200~{text}\x1b[201~");
    // A shell that does not ask for pasted text to be marked.
    let mut tui = Terminal::sized(&home, &["shell", &name, "--", "env", "PS1=plain> ", "sh"], (90, 24));
    tui.shows("plain>");
    tui.type_in(&paste("echo one-$((1+1))\n"));
    tui.shows("one-2");
    tui.type_in(&paste("echo two-$((1+1))\necho three-$((1+2))\n"));
    tui.shows("Paste 2 lines?");
    tui.shows("echo three-$((1+2))");
    // Cancel is what Enter does.
    tui.type_in("\r");
    tui.type_in("echo four-$((2+2))\r");
    tui.shows("four-4");
    assert!(!tui.text().contains("two-2"), "{}", tui.text());
    tui.type_in(&paste("echo two-$((1+1))\necho three-$((1+2))\n"));
    tui.shows("Paste 2 lines?");
    tui.type_in("y");
    tui.shows("two-2");
    tui.shows("three-3");
    // One that does gets them as they are: it shows them, and runs them with Enter.
    let mut tui = Terminal::sized(&home, &["shell", &name, "--", "env", "PS1=marked> ", "bash", "--norc"], (90, 24));
    tui.shows("marked>");
    tui.type_in(&paste("echo two-$((1+1))\necho three-$((1+2))"));
    tui.shows("echo three-$((1+2))");
    tui.type_in("\r");
    tui.shows("three-3");
}

#[test]
fn what_is_copied_reaches_the_terminal_s_clipboard_and_what_is_too_long_says_so() {
    let home = Home::new();
    let name = home.name("copied");
    home.ok(&["run", "shell", "--name", &name, "-d"]);
    let mut tui = Terminal::sized(&home, &["shell", &name], (100, 30));
    tui.shows("root@");
    tui.type_in("PS1='> '; clear; echo short-$((1+1))\r");
    tui.shows("short-2");
    // From the first line, which is whole.
    tui.type_in(&format!("{PREFIX}[gVy"));
    home.until("the line is in the clipboard", || tui.clipboard().is_some_and(|text| text.trim_end() == "short-2"));
    tui.type_in("seq -f 'a line of the many that are too long for it: %g' 2000; echo all-$((2+2))\r");
    tui.shows("all-4");
    tui.type_in(&format!("{PREFIX}[gVGy"));
    tui.shows("too long for the terminal's clipboard");
    assert_eq!(tui.clipboard(), None, "half of it would be worse than nothing");
}

#[test]
fn an_ended_program_keeps_its_last_screen_and_a_key_begins_it_anew() {
    let home = Home::new();
    let name = home.name("ended");
    home.ok(&["run", "shell", "--name", &name, "-d"]);
    let mut tui = Terminal::sized(&home, &[], (110, 30));
    tui.shows("● docker");
    tui.type_in(&format!(":open {name}\r"));
    tui.shows("root@");
    // A second pane: the first program of a container is restarted with it.
    tui.type_in(&format!("{PREFIX}%"));
    tui.shows("· shell");
    tui.type_in("echo last-$((1+1)); exit 3\r");
    for shown in ["last-2", "exit 3", "restart", "close"] {
        tui.shows(shown);
    }
    tui.type_in("r");
    tui.type_in("echo again-$((2+2))\r");
    tui.shows("again-4");
    assert!(!tui.text().contains("exit 3"), "{}", tui.text());
}

#[test]
fn who_only_looks_changes_nothing_and_sees_everything() {
    let home = Home::new();
    let name = home.name("looked-at");
    home.ok(&["run", "shell", "--name", &name, "-d"]);
    // By the server's word, on the command line too.
    assert!(home.fails(4, &["--read-only", "stop", &name]).contains("viewer"));
    assert!(home.ok(&["--read-only", "ps"]).contains(&name));
    let mut works = Terminal::sized(&home, &["attach", &name], (100, 30));
    works.shows("root@");
    works.type_in("PS1='> '; echo seen-$((40+2))\r");
    works.shows("seen-42");
    let mut looks = Terminal::sized(&home, &["--read-only"], (100, 30));
    looks.shows("read-only");
    looks.shows(&name[name.len() - 9..]);
    looks.type_in(&format!(":open {name}\r"));
    looks.shows("seen-42");
    looks.shows("not type into it");
    looks.type_in("echo typed-$((1+1))\r");
    looks.type_in(&format!("{PREFIX}d:stop {name}\r"));
    looks.shows("viewer");
    assert!(!works.text().contains("typed-"), "nothing that the one who looks has typed arrives:\n{}", works.text());
    assert!(home.ok(&["ps"]).contains("running"));
}
