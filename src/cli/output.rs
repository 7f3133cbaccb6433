//! How the command line shows things: tables for people, JSON for programs, errors with what to do.
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::DryRun;
use crate::model::DryStep;
use crate::model::Place;
use crate::term::safe_text;
use jiff::Timestamp;
use serde::Serialize;
use std::io::IsTerminal as _;
use std::io::Write as _;
use unicode_width::UnicodeWidthChar as _;
use unicode_width::UnicodeWidthStr as _;

/// A colour of a word, from the terminal's own sixteen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As everything.
    Plain,
    /// Running, healthy, done.
    Good,
    /// Needs a look.
    Warn,
    /// Failed.
    Bad,
    /// May be overlooked.
    Quiet,
}

/// One cell of a table.
#[derive(Clone, Debug)]
pub struct Cell {
    text: String,
    tone: Tone,
}

/// A cell in ordinary colour.
pub fn cell(text: impl Into<String>) -> Cell {
    toned(text, Tone::Plain)
}

/// A cell in a colour. What could drive a terminal is taken out: names and images come from elsewhere.
pub fn toned(text: impl Into<String>, tone: Tone) -> Cell {
    Cell { text: plain(&text.into()), tone }
}

/// One line of text without anything that could drive a terminal.
pub fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// A table for people: columns as wide as they need, the widest cut where the terminal is too narrow.
pub struct Table {
    head: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

/// Blanks between columns.
const GAP: usize = 2;
/// No column is cut to less.
const NARROWEST: usize = 6;

impl Table {
    /// An empty table.
    pub fn new(head: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { head: head.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl Into<Vec<Cell>>) {
        self.rows.push(cells.into());
    }

    /// The table as text, at most `width` columns wide, or as wide as it likes.
    pub fn draw(&self, width: Option<usize>, colour: bool) -> String {
        let mut widths: Vec<usize> = self.head.iter().map(|title| title.width()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.text.width());
            }
        }
        if let Some(limit) = width {
            let total = |widths: &[usize]| widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
            while total(&widths) > limit {
                let Some(widest) = widths.iter_mut().max().filter(|widest| **widest > NARROWEST) else { break };
                *widest -= 1;
            }
        }
        let head: Vec<Cell> = self.head.iter().map(|title| toned(title, Tone::Quiet)).collect();
        std::iter::once(&head).chain(&self.rows).map(|row| line(row, &widths, colour)).collect()
    }

    /// Prints the table, fitted to the terminal when there is one.
    pub fn print(&self) -> Result<()> {
        let width = std::io::stdout().is_terminal().then(|| usize::from(terminal_size().0));
        print(&self.draw(width, coloured(&std::io::stdout())))
    }
}

fn line(cells: &[Cell], widths: &[usize], colour: bool) -> String {
    let mut line = String::new();
    for (index, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let text = cut(&cell.text, *width);
        let last = index + 1 == cells.len();
        let blanks = if last { 0 } else { width - text.width() + GAP };
        line.push_str(&paint(&text, cell.tone, colour));
        line.push_str(&" ".repeat(blanks));
    }
    line.truncate(line.trim_end_matches(' ').len());
    line.push('\n');
    line
}

/// The text in at most `width` columns, with `…` where something is missing.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut result = String::new();
    let mut used = 1;
    for letter in text.chars() {
        used += letter.width().unwrap_or(0);
        if used > width {
            break;
        }
        result.push(letter);
    }
    result.push('…');
    result
}

/// The text in its colour, where colours are wanted.
pub fn paint(text: &str, tone: Tone, colour: bool) -> String {
    let code = match tone {
        Tone::Good => "32",
        Tone::Warn => "33",
        Tone::Bad => "31",
        Tone::Quiet => "2",
        Tone::Plain => return text.to_owned(),
    };
    if colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}

/// Whether a stream takes colours: a terminal that knows them, and nobody said `NO_COLOR`.
pub fn coloured(stream: &impl std::io::IsTerminal) -> bool {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    stream.is_terminal() && set("NO_COLOR").is_none() && set("TERM").is_none_or(|term| term != "dumb")
}

/// Columns and rows of the terminal; 80×24 where there is none.
pub fn terminal_size() -> (u16, u16) {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).or_else(|_| rustix::termios::tcgetwinsize(std::io::stdin()));
    size.ok().filter(|size| size.ws_col > 0 && size.ws_row > 0).map_or((80, 24), |size| (size.ws_col, size.ws_row))
}

/// Writes text to standard output.
///
/// # Errors
/// `cancelled` when nobody reads any more: [`broken_pipe`] tells.
pub fn print(text: &str) -> Result<()> {
    write(text.as_bytes())
}

/// Writes bytes to standard output at once.
///
/// # Errors
/// As [`print`].
pub fn write(bytes: &[u8]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(unwritten)
}

/// Prints something as JSON.
///
/// # Errors
/// As [`print`].
pub fn json(value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_string_pretty(value).map_err(|error| Error::internal(format!("the answer does not become JSON: {error}")))?;
    text.push('\n');
    print(&text)
}

/// The error of output that can't be written.
pub fn unwritten(error: std::io::Error) -> Error {
    Error::new(Code::Cancelled, format!("cannot write the output: {error}")).because(error)
}

/// Whether the error is that nobody reads the output any more, as in `cto ps | head -1`.
pub fn broken_pipe(error: &Error) -> bool {
    let source = error.source.as_ref().and_then(|source| source.downcast_ref::<std::io::Error>());
    source.is_some_and(|source| source.kind() == std::io::ErrorKind::BrokenPipe)
}

/// How long ago, as people say it.
pub fn ago(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(then).as_secs();
    if seconds < 1 { "just now".to_owned() } else { format!("{} ago", duration(seconds)) }
}

/// A time span in its largest unit.
pub fn duration(seconds: i64) -> String {
    match seconds {
        ..1 => "0s".to_owned(),
        1..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// Bytes as people read them.
#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
pub fn bytes(count: u64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 { format!("{count} B") } else { format!("{value:.1} {}", units[unit]) }
}

/// Tells an error on standard error.
pub fn tell(error: &Error, as_json: bool, debug: bool) {
    let mut err = std::io::stderr().lock();
    // Nothing can be done when even the error can't be told.
    if as_json {
        let _ = writeln!(err, "{}", serde_json::json!(error.problem()));
        return;
    }
    let colour = coloured(&std::io::stderr());
    let _ = err.write_all(&safe_text(report(error, colour).as_bytes()));
    let mut cause = std::error::Error::source(error).filter(|_| debug);
    while let Some(source) = cause {
        let _ = err.write_all(&safe_text(format!("  cause: {source}\n").as_bytes()));
        cause = source.source();
    }
}

/// An error as people see it: what, where, what to do.
pub fn report(error: &Error, colour: bool) -> String {
    let located = error.places.iter().any(|place| place.line.is_some());
    // With the line shown below, the first mistake need not be told twice.
    let head = match error.places.first() {
        Some(first) if located || error.places.len() > 1 => {
            error.message.strip_suffix(first.detail.as_str()).map(|head| head.trim_end_matches(": ").trim_end_matches(", the first"))
        }
        _ => None,
    };
    let mut text = format!("{} {}\n", paint("error:", Tone::Bad, colour), head.unwrap_or(&error.message));
    if located || error.places.len() > 1 {
        error.places.iter().for_each(|place| text.push_str(&show_place(place, None, colour)));
    }
    if let Some(fix) = &error.fix {
        text.push_str(&format!("  {} {fix}\n", paint("fix:", Tone::Good, colour)));
    }
    text
}

/// A place with the line that it is in. `source` is the text when it is no file.
pub fn show_place(place: &Place, source: Option<&str>, colour: bool) -> String {
    let at: Vec<String> =
        [place.file.clone(), place.line.map(|line| line.to_string()), place.column.map(|column| column.to_string())].into_iter().flatten().collect();
    let at = if at.is_empty() { place.pointer.trim_start_matches("/set/").trim_start_matches('/').replace('/', ".") } else { at.join(":") };
    let mut text = format!("  {}: {}\n", if at.is_empty() { "template".to_owned() } else { at }, place.detail);
    let own = source.map(str::to_owned).or_else(|| place.file.as_ref().and_then(|file| crate::config::read_file(std::path::Path::new(file)).ok()));
    let (Some(source), Some(number), Some(column)) = (own, place.line, place.column) else { return text };
    let Some(line) = source.lines().nth(number as usize - 1) else { return text };
    // A long line is shown around the place.
    let start = (column as usize).saturating_sub(60);
    let before: String = line.chars().skip(start).take(column as usize - 1 - start).map(blank_tab).collect();
    let after: String = line.chars().skip(column as usize - 1).take(40).map(blank_tab).collect();
    let margin = " ".repeat(number.to_string().len());
    text.push_str(&paint(&format!("    {number} | "), Tone::Quiet, colour));
    text.push_str(&format!("{}{}\n", plain(&before), plain(&after)));
    text.push_str(&paint(&format!("    {margin} | "), Tone::Quiet, colour));
    text.push_str(&format!("{}{}\n", " ".repeat(before.width()), paint("^", Tone::Bad, colour)));
    text
}

fn blank_tab(letter: char) -> char {
    if letter == '\t' { ' ' } else { letter }
}

/// A warning on standard error.
pub fn warn(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{} {}", paint("warning:", Tone::Warn, coloured(&std::io::stderr())), plain(text));
}

/// What would be done, a line for each step.
///
/// # Errors
/// When it can't be printed.
pub fn dry_run(as_json: bool, plan: &DryRun) -> Result<()> {
    if as_json {
        return json(plan);
    }
    let line = |step: &DryStep| {
        let detail = step.detail.as_deref().map(|detail| format!(" ({})", plain(detail))).unwrap_or_default();
        format!("{} {} {}{detail}\n", step.does.as_str(), step.kind, plain(&step.name))
    };
    print(&plan.steps.iter().map(line).collect::<String>())
}
