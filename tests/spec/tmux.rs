//! Recorded programs look the same on our screen as in tmux.
//!
//! The recordings (`*.bin`) and what tmux 3.3a made of them (`*.tmux`, by `capture-pane -e`) are in
//! `tests/fixtures/term`. Where tmux is installed it is asked anew; `UPDATE=1` keeps its answers.

use super::support::tmux::Tmux;
use super::support::tmux::parse;
use cto::model::Size;
use cto::term::Cell;
use cto::term::Screen;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

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
    let Some(tmux) = Tmux::start() else { return };
    for (name, size) in recordings() {
        let picture = tmux.draw(&fs::read(fixture(&name, "bin")).unwrap(), size).0;
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
