//! Who has the focus, what the program uses itself, and how new users are shown around.
use super::support::home::Home;
use super::support::home::Terminal;
use cto::term::Modes;

#[test]
fn programs_that_ask_are_told_who_has_the_focus() {
    let home = Home::new();
    let name = home.container("focus");
    let mut terminal = Terminal::open(&home, &[]);
    terminal.shows(&name[..20]);
    terminal.type_in(&format!(":shell {name}\r"));
    terminal.shows("^b prefix");
    terminal.shows("~#");
    terminal.type_in("printf '\\033[?1004hrea''dy'; cat -v\r");
    terminal.shows("ready");
    // The terminal that cto is in loses the focus and gets it back.
    terminal.type_in("\x1b[O");
    terminal.shows("^[[O");
    terminal.type_in("\x1b[I");
    terminal.shows("^[[O^[[I");
    // Who goes to the containers leaves the pane.
    terminal.type_in("\x02d");
    terminal.shows("n launch");
    terminal.type_in("2");
    terminal.shows("^[[O^[[I^[[O^[[I");
}

#[test]
fn keys_that_look_alike_are_told_apart_for_programs_that_ask() {
    let home = Home::new();
    let name = home.container("kitty");
    let mut terminal = Terminal::open(&home, &[]);
    terminal.shows(&name[..20]);
    // The terminal says that it speaks kitty's protocol.
    terminal.type_in("\x1b[?0u\x1b[?62c");
    terminal.type_in(&format!(":shell {name}\r"));
    terminal.shows("^b prefix");
    terminal.shows("~#");
    terminal.type_in("cat -v\r");
    terminal.shows("cat -v");
    // Ctrl-I, Alt-% and Escape of a program that knows nothing of it.
    terminal.type_in("\x1b[105;5u\x1b[53:37;4u\x1b[27ux\r");
    terminal.shows("^[%^[x");
    // An end of the file, unlike Ctrl-c, loses nothing of what is typed after it.
    terminal.type_in("\x1b[100;5u");
    terminal.type_in("printf '\\033[>1urea''dy'; cat -v\r");
    terminal.shows("ready");
    terminal.type_in("\x1b[105;5u\x1b[91;5u\x1b[13;2u\x1b[53:37;4u\x1b[27u");
    terminal.shows("^[[105;5u^[[91;5u^[[13;2u^[[53;4u^[[27u");
}

#[test]
fn the_terminal_s_keys_are_taken_only_where_it_has_them_and_always_given_back() {
    let home = Home::new();
    for way in ["quit", "signal"] {
        let mut terminal = Terminal::open(&home, &[]);
        terminal.shows("launch");
        assert_eq!(terminal.modes().kitty, 0, "nothing is asked of a terminal that does not say that it can");
        terminal.type_in("\x1b[?0u");
        home.until("the keys are asked for", || terminal.modes().kitty == Modes::KITTY_DISAMBIGUATE | Modes::KITTY_ALTERNATES);
        // Its keys are the same commands.
        terminal.type_in("\x1b[47:63;2u");
        terminal.shows("┌ Keys");
        terminal.type_in("\x1b[27u");
        match way {
            "quit" => terminal.type_in("q"),
            _ => terminal.signal(rustix::process::Signal::TERM),
        }
        terminal.ends();
        home.until("they are given back", || terminal.modes().kitty == 0 && !terminal.modes().focus_events && !terminal.modes().alternate_screen);
    }
}

#[test]
fn what_the_program_uses_is_shown_on_a_key() {
    let home = Home::new();
    let mut terminal = Terminal::open(&home, &[]);
    terminal.shows("launch");
    terminal.type_in("\x1b[24~");
    terminal.shows("frames/s");
    assert!(terminal.text().contains("cpu ") && terminal.text().contains("p99"), "{}", terminal.text());
    terminal.type_in("\x1b[24~q");
}

#[test]
fn new_users_are_shown_around_once_and_never_held_up() {
    let home = Home::new();
    std::fs::remove_file(home.dir.path().join("state/tour-shown")).unwrap();
    let mut terminal = Terminal::open(&home, &[]);
    terminal.shows("Welcome 1/6");
    // What is done is not taught: a container that runs leads on.
    let name = home.container("tour");
    terminal.shows("A terminal 2/6");
    terminal.type_in(&format!(":shell {name}\r"));
    terminal.shows("In a terminal 3/6");
    terminal.type_in("\x02d");
    terminal.shows("Containers 4/6");
    terminal.type_in("\t");
    terminal.shows("Everything has a name 5/6");
    terminal.type_in("\t");
    terminal.shows("That is all 6/6");
    terminal.type_in("\x1b");
    home.until("the tour ends", || !terminal.text().contains("That is all"));
    terminal.type_in("q");
    assert_eq!(terminal.ends(), 0);

    let mut terminal = Terminal::open(&home, &[]);
    terminal.shows(&name[..20]);
    assert!(!terminal.text().contains("/6"), "once is enough:\n{}", terminal.text());
    terminal.type_in(":tour\r");
    terminal.shows("A terminal 2/6");
    terminal.type_in("\x1bq");
}
