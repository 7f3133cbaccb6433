//! Storms of sizes: nine panes whose window and borders are dragged about lose nothing, and their programs have the last size.
use super::support::home::Home;
use super::support::home::Terminal;
use std::time::Duration;
use std::time::Instant;

/// The prefix of the terminals' keys.
const PREFIX: &str = "\x02";
/// The size that everything ends with.
const SIZE: (u16, u16) = (150, 45);
/// Sizes that the window takes, and in how long.
const STEPS: u16 = 200;
const STORM: Duration = Duration::from_secs(2);
/// Lines that each pane has printed before.
const LINES: usize = 150;
/// Prints them, then waits, counts how often its size is said to be another, and says after Enter how often that was and what it is now.
/// Perl is part of every Debian, and its handler runs for each signal also while it reads.
const PROGRAM: &str = "PS1='> '; clear; for i in $(seq 1 150); do printf 'L%03d-%060d-E\\n' $i 7; done; \
     perl -e '$SIG{WINCH}=sub{$n++}; print \"wait\".\"ing\\n\"; $_=<STDIN>; $s=`stty size`; chomp $s; print \"R:\".($n+0).\":$s:R\\n\"'\r";

/// The cells inside each frame, as they are drawn: column, row, columns, rows.
fn rooms(text: &str) -> Vec<(usize, usize, usize, usize)> {
    let grid: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
    let at = |x: usize, y: usize| grid.get(y).and_then(|line| line.get(x)).copied().unwrap_or(' ');
    let mut rooms = Vec::new();
    for (y, line) in grid.iter().enumerate() {
        for x in (0..line.len()).filter(|x| "┌┬├┼".contains(at(*x, y))) {
            let right = (x + 1..line.len()).find(|x| "┐┬┤┼".contains(at(*x, y)));
            // A title may hide where a border of the row above ends.
            let bottom = (y + 1..grid.len()).find(|y| !"│┤".contains(at(x, *y)));
            if let (Some(right), Some(bottom)) = (right, bottom) {
                rooms.push((x + 1, y + 1, right - x - 1, bottom - y - 1));
            }
        }
    }
    rooms
}

/// What a frame has in it.
fn inside(text: &str, (x, y, cols, rows): (usize, usize, usize, usize)) -> String {
    let line = |line: &str| line.chars().skip(x).take(cols).collect::<String>().trim_end().to_owned();
    text.lines().skip(y).take(rows).map(line).collect::<Vec<_>>().join("\n")
}

/// The left button goes down, over these places, and up.
fn drag(tui: &mut Terminal, places: &[(usize, usize)]) {
    let (first, last) = (places[0], places[places.len() - 1]);
    tui.type_in(&format!("\x1b[<0;{};{}M", first.0 + 1, first.1 + 1));
    for (col, row) in places {
        tui.type_in(&format!("\x1b[<32;{};{}M", col + 1, row + 1));
    }
    tui.type_in(&format!("\x1b[<0;{};{}m", last.0 + 1, last.1 + 1));
}

/// Waits until all that was typed is taken in and the picture stands still, and it is whole: drawn anew it is the same.
fn settles(tui: &mut Terminal, home: &Home) -> String {
    tui.type_in(&format!("{PREFIX}m{PREFIX}m"));
    tui.shows("no pane is marked");
    home.until("the message goes", || !tui.text().contains("no pane is marked"));
    let still = |tui: &Terminal| loop {
        let before = tui.text();
        std::thread::sleep(Duration::from_secs(1));
        if tui.text() == before {
            return before;
        }
    };
    let before = still(tui);
    tui.type_in(&format!("{PREFIX}r"));
    let after = still(tui);
    assert_eq!(before, after, "something was left over of another size");
    after
}

#[test]
fn nine_panes_come_through_a_storm_of_sizes_with_every_line_and_the_last_size() {
    let home = Home::new();
    let name = home.container("storm");
    let copies = home.dir.path().join("copies");
    let script = home.dir.path().join("editor");
    std::fs::create_dir(&copies).unwrap();
    std::fs::write(&script, format!("cp \"$1\" {0}/tmp && mv {0}/tmp {0}/n$(ls {0} | wc -l)\n", copies.display())).unwrap();
    let mut tui = Terminal::with(&home, &[], SIZE, &[("EDITOR", &format!("sh {}", script.display())), ("VISUAL", "")]);
    tui.shows("● docker");
    tui.type_in(&format!(":open {name}\r"));
    tui.shows("root@");
    for number in 1..9 {
        tui.type_in(&format!("{PREFIX}%"));
        home.until("another shell", || home.json(&["sessions", "--json"]).as_array().unwrap().len() > number);
        // The last of the ready arrangements: rows and columns.
        tui.type_in(&format!("{PREFIX} ").repeat(5));
    }
    home.until("nine prompts", || tui.text().matches("root@").count() == 9);
    tui.type_in(&format!("{PREFIX}S"));
    tui.shows("Type into 9 terminals at once?");
    tui.type_in("y");
    tui.shows("⇉ 9/9");
    tui.type_in(PROGRAM);
    home.until("all have printed", || tui.text().matches("waiting").count() == 9);

    let begun = Instant::now();
    for step in 0..STEPS {
        tui.resize((70 + step * 37 % 110, 20 + step * 13 % 40));
        std::thread::sleep(STORM / u32::from(STEPS));
    }
    tui.resize(SIZE);
    let text = settles(&mut tui, &home);
    assert_eq!(rooms(&text).len(), 9, "{text}");
    // Both kinds of border, back and forth.
    let (x, y, cols, rows) = rooms(&text)[0];
    let (right, bottom) = (x + cols, y + rows);
    let away = |from: usize, step: usize| if step < 20 { from - step } else { from + step - 34 };
    drag(&mut tui, &(0..40).map(|step| (away(right, step), y + 2)).collect::<Vec<_>>());
    drag(&mut tui, &(0..40).map(|step| (x + 2, bottom - step % 9)).collect::<Vec<_>>());
    // Further than there is room: no pane is hidden for that.
    drag(&mut tui, &(0..bottom).map(|step| (x + 2, bottom - 3 - step.min(bottom - 3))).collect::<Vec<_>>());
    let moved = |tui: &Terminal| rooms(&tui.text()).first().is_some_and(|room| room.2 != cols && room.3 != rows);
    home.until("the borders move", || moved(&tui));
    for _ in 0..6 {
        tui.type_in(&format!("{PREFIX}z"));
    }
    let text = settles(&mut tui, &home);
    assert!(moved(&tui) && tui.text().contains("⇉ 9/9"), "typing goes to all again after the zoom: {text}");

    let lasted = begun.elapsed();
    tui.type_in("\r");
    home.until("all answer", || tui.text().matches(":R\n").count() + tui.text().matches(":R ").count() + tui.text().matches(":R│").count() >= 9);
    let text = tui.text();
    let rooms = rooms(&text);
    assert_eq!(rooms.len(), 9, "{text}");
    for room in rooms {
        let shown = inside(&text, room);
        let answer = shown.lines().rev().find(|line| line.starts_with("R:")).unwrap_or_else(|| panic!("no answer in {room:?}:\n{shown}"));
        let parts: Vec<&str> = answer.split(':').collect();
        assert_eq!(parts[2], format!("{} {}", room.3, room.2), "the program's size is that of its frame: {answer}\n{text}");
        let signals: usize = parts[1].parse().unwrap();
        let most = usize::try_from(lasted.as_millis() / 100).unwrap() + 5;
        assert!((1..=most).contains(&signals), "{signals} of more than {STEPS} sizes were told in {lasted:?}: ten a second at most");
    }

    // All that was printed is there, once each and in its order, in whatever width.
    let expected: Vec<String> = (1..=LINES).map(|number| format!("L{number:03}-{:060}-E", 7)).collect();
    tui.type_in(&format!("{PREFIX}S"));
    tui.shows("focused pane alone");
    for number in 0..9 {
        tui.type_in(&format!("{PREFIX}q{number}{PREFIX}e"));
        // Counted by the editor: the copy that it is making is one of them.
        let copy = copies.join(format!("n{}", number + 1));
        home.until("the editor had the text", || copy.exists());
        let text = std::fs::read_to_string(&copy).unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with('L')).collect();
        assert_eq!(lines, expected, "pane {number}");
    }
}

#[test]
fn an_editor_that_is_zoomed_in_and_out_fills_what_it_has() {
    let home = Home::new();
    let templates = home.dir.path().join("config/templates");
    std::fs::create_dir_all(&templates).unwrap();
    std::fs::write(templates.join("tools.json"), r#"{"name": "tools", "image": "cto-test/tools", "command": "bash"}"#).unwrap();
    let name = home.name("vim");
    home.ok(&["run", "tools", "--name", &name, "-d"]);
    let mut tui = Terminal::sized(&home, &[], (120, 40));
    tui.shows("● docker");
    tui.type_in(&format!(":open {name}\r"));
    tui.shows("root@");
    tui.type_in("seq 1000 >numbers\r");
    tui.type_in(&format!("{PREFIX}\""));
    home.until("two prompts", || tui.text().matches("root@").count() >= 3);
    tui.type_in(&format!("{PREFIX}%"));
    home.until("three prompts", || tui.text().matches("root@").count() >= 4);
    tui.type_in("cd; cd -; vim -u NONE -N numbers\r");
    tui.shows("\"numbers\"");
    let lines = |text: &str, room| inside(text, room).lines().filter(|line| line.trim().parse::<u32>().is_ok()).count();
    for _ in 0..3 {
        tui.type_in(&format!("{PREFIX}z"));
        // The whole middle but vim's own last line; the numbers are on all of it.
        home.until("it fills the window", || lines(&tui.text(), (0, 1, 120, 38)) == 37);
        tui.type_in(&format!("{PREFIX}z"));
        home.until("it fills its pane", || {
            let text = tui.text();
            rooms(&text).last().is_some_and(|room| lines(&text, *room) == room.3 - 1)
        });
    }
    for _ in 0..9 {
        tui.type_in(&format!("{PREFIX}z"));
    }
    home.until("it fills the window", || lines(&tui.text(), (0, 1, 120, 38)) == 37);
    tui.type_in(&format!("{PREFIX}z"));
    let text = settles(&mut tui, &home);
    let rooms = rooms(&text);
    assert_eq!(rooms.len(), 3, "{text}");
    assert_eq!(lines(&text, rooms[2]), rooms[2].3 - 1, "{text}");
    tui.type_in("\x1b:q\r");
    // What is typed while the editor goes is its to forget.
    home.until("the editor has ended", || lines(&tui.text(), rooms[2]) == 0);
    tui.type_in("stty size\r");
    tui.shows(&format!("{} {}", rooms[2].3, rooms[2].2));
}
