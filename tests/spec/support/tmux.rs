//! tmux as the one who knows how a terminal should look.
use cto::model::Size;
use cto::term::Attrs;
use cto::term::Cell;
use cto::term::Color;
use cto::term::Symbol;
use cto::term::Underline;
use std::fs;
use std::process::Command;

/// A private tmux server, ended with this value.
pub struct Tmux {
    socket: String,
    folder: tempfile::TempDir,
}

impl Tmux {
    /// Starts one; none where tmux is not installed.
    pub fn start() -> Option<Self> {
        Command::new("tmux").arg("-V").output().ok()?;
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket").display().to_string();
        fs::write(folder.path().join("tmux.conf"), "set -g status off\nset -g history-limit 1000\nset -g remain-on-exit on\n").unwrap();
        let tmux = Self { socket, folder };
        // A server without a session would end.
        let config = tmux.folder.path().join("tmux.conf").display().to_string();
        tmux.run(&["-f", &config, "new-session", "-d", "-s", "stays", "exec sleep 3600"]);
        Some(tmux)
    }

    /// What `capture-pane` tells after a pane of this size has shown these bytes, and the cursor's column and row.
    pub fn draw(&self, bytes: &[u8], size: Size) -> (String, String) {
        let stream = self.folder.path().join("stream");
        fs::write(&stream, bytes).unwrap();
        // The answer to the query at the end comes when all before it has been drawn.
        let show = format!(
            "stty raw -echo; cat '{}'; printf '\\033[5n'; s=; until case $s in *'[0n') true;; *) false;; esac; \
             do s=$s$(dd bs=1 count=1 2>/dev/null); done; tmux wait-for -S drawn; exec sleep 60",
            stream.display()
        );
        let (cols, rows) = (size.cols.to_string(), size.rows.to_string());
        self.run(&["new-session", "-d", "-s", "one", "-x", &cols, "-y", &rows, &show]);
        self.run(&["wait-for", "drawn"]);
        let picture = self.run(&["capture-pane", "-e", "-p", "-N", "-t", "one"]);
        let cursor = self.run(&["display-message", "-p", "-t", "one", "#{cursor_x},#{cursor_y}"]).trim().to_owned();
        self.run(&["kill-session", "-t", "one"]);
        (picture, cursor)
    }

    fn run(&self, args: &[&str]) -> String {
        // A command that never comes back must not hold the tests up.
        let output = Command::new("timeout").args(["30", "tmux", "-u", "-S", &self.socket]).args(args).env_remove("TMUX").output().unwrap();
        assert!(output.status.success(), "tmux {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let _ = Command::new("tmux").args(["-S", &self.socket, "kill-server"]).output();
    }
}

/// Reads the output of `capture-pane -e`.
pub fn parse(picture: &str) -> Vec<Vec<Cell>> {
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
            "58" => style.underline_color = Some(colour()),
            "59" => style.underline_color = None,
            "39" => style.fg = Color::Default,
            "49" => style.bg = Color::Default,
            "4:2" => style.underline = Underline::Double,
            "4:3" => style.underline = Underline::Curly,
            "4:4" => style.underline = Underline::Dotted,
            "4:5" => style.underline = Underline::Dashed,
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
