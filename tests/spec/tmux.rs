//! Recorded programs look the same on our screen as in tmux.
//!
//! The recordings (`*.bin`) and what tmux 3.3a made of them (`*.tmux`, by `capture-pane -e`) are in
//! `tests/fixtures/term`. Where tmux is installed it is asked anew; `UPDATE=1` keeps its answers.

use cto::model::Size;
use cto::term::Attrs;
use cto::term::Cell;
use cto::term::Color;
use cto::term::Screen;
use cto::term::Symbol;
use cto::term::Underline;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

const PROGRAMS: [&str; 7] = ["htop", "vim", "mc", "nano", "less", "git-log", "tmux"];
const SIZES: [Size; 2] = [Size { cols: 80, rows: 24 }, Size { cols: 120, rows: 40 }];

#[test]
fn recorded_programs_look_as_they_did_in_tmux() {
    for (name, size) in recordings() {
        let golden = fs::read_to_string(fixture(&name, "tmux")).unwrap();
        compare(&name, size, &golden);
    }
}

#[test]
fn recorded_programs_look_as_they_do_in_the_tmux_at_hand() {
    if Command::new("tmux").arg("-V").output().is_err() {
        return;
    }
    for (name, size) in recordings() {
        let picture = Tmux::draw(&name, size);
        if std::env::var_os("UPDATE").is_some() {
            fs::write(fixture(&name, "tmux"), &picture).unwrap();
        }
        compare(&name, size, &picture);
    }
}

fn recordings() -> Vec<(String, Size)> {
    let all = PROGRAMS.iter().flat_map(|program| SIZES.map(|size| (program, size)));
    all.map(|(program, size)| (format!("{program}-{}x{}", size.cols, size.rows), size)).collect()
}

fn fixture(name: &str, extension: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/term").join(name).with_extension(extension)
}

/// Fails on any difference in text, and on more than one cell in a hundred drawn otherwise.
fn compare(name: &str, size: Size, picture: &str) {
    let blank = Cell::default();
    let mut screen = Screen::new(size, 1000);
    screen.feed(&fs::read(fixture(name, "bin")).unwrap());
    let mut theirs = parse(picture);
    theirs.resize(usize::from(size.rows), Vec::new());
    let mut drawn = 0;
    for (row, line) in theirs.iter().enumerate() {
        // tmux leaves out the end of a line that was cleared in a colour, though it shows it.
        let reported = line.len();
        let blanks = std::iter::repeat_n(&blank, usize::from(size.cols) - reported);
        for (col, theirs) in line.iter().chain(blanks).enumerate() {
            let ours = screen.cell(i32::try_from(row).unwrap(), u16::try_from(col).unwrap());
            assert_eq!((ours.text, ours.width), (theirs.text, theirs.width), "{name}: row {row} column {col}\n{}", screen.text());
            let same = Cell { hyperlink: false, ..ours } == *theirs;
            drawn += usize::from(!same && col < reported);
        }
    }
    let cells = usize::from(size.cols) * usize::from(size.rows);
    println!("{name}: 0 cells differ in text, {drawn} of {cells} in attributes");
    assert!(drawn * 100 <= cells, "{name}: {drawn} of {cells} cells have other attributes");
}

/// A private tmux server, ended with this value.
struct Tmux {
    socket: String,
}

impl Tmux {
    /// What `capture-pane` tells after a pane of this size has shown the recording.
    fn draw(name: &str, size: Size) -> String {
        let tmux = Self { socket: format!("cto-test-{}-{name}", std::process::id()) };
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("tmux.conf");
        fs::write(&config, "set -g status off\nset -g history-limit 1000\n").unwrap();
        // The answer to the query at the end comes when all before it has been drawn.
        let show = format!(
            "stty raw -echo; cat '{}'; printf '\\033[5n'; s=; until case $s in *'[0n') true;; *) false;; esac; \
             do s=$s$(dd bs=1 count=1 2>/dev/null); done; tmux wait-for -S drawn; exec sleep 60",
            fixture(name, "bin").display()
        );
        let (cols, rows) = (size.cols.to_string(), size.rows.to_string());
        tmux.run(&["-f", &config.to_string_lossy(), "new-session", "-d", "-x", &cols, "-y", &rows, &show]);
        tmux.run(&["wait-for", "drawn"]);
        tmux.run(&["capture-pane", "-e", "-p", "-N"])
    }

    fn run(&self, args: &[&str]) -> String {
        // A command that never comes back must not hold the tests up.
        let output = Command::new("timeout").args(["30", "tmux", "-u", "-L", &self.socket]).args(args).env_remove("TMUX").output().unwrap();
        assert!(output.status.success(), "tmux {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let _ = Command::new("tmux").args(["-L", &self.socket, "kill-server"]).output();
    }
}

/// Reads the output of `capture-pane -e`.
fn parse(picture: &str) -> Vec<Vec<Cell>> {
    let mut style = Cell::default();
    let mut line_drawing = false;
    let mut rows = Vec::new();
    for line in picture.lines() {
        let mut row: Vec<Cell> = Vec::new();
        let mut chars = line.chars();
        while let Some(c) = chars.next() {
            match c {
                '\x1b' => {
                    assert_eq!(chars.next(), Some('['));
                    let codes: String = chars.by_ref().take_while(|c| *c != 'm').collect();
                    apply(&mut style, &codes);
                }
                '\x0e' => line_drawing = true,
                '\x0f' => line_drawing = false,
                c => match unicode_width::UnicodeWidthChar::width(c).unwrap_or(0) {
                    0 => assert!(row.last_mut().unwrap().text.push(c)),
                    1 => row.push(Cell { text: Symbol::from(if line_drawing { drawn(c) } else { c }), ..style }),
                    _ => {
                        row.push(Cell { text: Symbol::from(c), width: 2, ..style });
                        row.push(Cell { text: Symbol::EMPTY, width: 0, ..style });
                    }
                },
            }
        }
        rows.push(row);
    }
    rows
}

/// The character that the line-drawing set has in a letter's place.
fn drawn(c: char) -> char {
    let set: Vec<char> = "◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·".chars().collect();
    let place = u32::from(c).checked_sub(u32::from('`')).and_then(|place| usize::try_from(place).ok());
    place.and_then(|place| set.get(place)).copied().unwrap_or(c)
}

fn apply(style: &mut Cell, codes: &str) {
    let mut codes = codes.split(';');
    while let Some(code) = codes.next() {
        let mut colour = || match codes.next() {
            Some("5") => Color::Indexed(codes.next().unwrap().parse().unwrap()),
            _ => {
                let mut part = || codes.next().unwrap().parse().unwrap();
                Color::Rgb(part(), part(), part())
            }
        };
        match code {
            "" | "0" => *style = Cell::default(),
            "1" => style.attrs.set(Attrs::BOLD, true),
            "2" => style.attrs.set(Attrs::DIM, true),
            "3" => style.attrs.set(Attrs::ITALIC, true),
            "4" => style.underline = Underline::Single,
            "5" => style.attrs.set(Attrs::BLINK, true),
            "7" => style.attrs.set(Attrs::INVERSE, true),
            "8" => style.attrs.set(Attrs::HIDDEN, true),
            "9" => style.attrs.set(Attrs::STRIKE, true),
            "38" => style.fg = colour(),
            "48" => style.bg = colour(),
            "39" => style.fg = Color::Default,
            "49" => style.bg = Color::Default,
            other => match other.parse::<u8>() {
                Ok(code @ 30..=37) => style.fg = Color::Indexed(code - 30),
                Ok(code @ 40..=47) => style.bg = Color::Indexed(code - 40),
                Ok(code @ 90..=97) => style.fg = Color::Indexed(code - 82),
                Ok(code @ 100..=107) => style.bg = Color::Indexed(code - 92),
                _ => panic!("unknown attribute '{other}'"),
            },
        }
    }
}
