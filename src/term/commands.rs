//! Which commands a shell runs, as it marks them (OSC 133).
//!
//! A command is what the screen shows between the end of the prompt and the moment when it is run. So what was rubbed out is
//! no part of it, what was fetched from the shell's own history is, and what a terminal does not show, such as a password, is never
//! seen here.

use super::screen::Screen;
use super::watch::Mark;
use crate::model::Size;
use std::time::Duration;
use std::time::Instant;

/// Bytes of a command that are kept.
const MAX_TEXT: usize = 4 * 1024;
/// Bytes of what is drawn at a prompt that are looked at.
const MAX_DRAWN: usize = 64 * 1024;
/// Lines of a command that are looked at: so many on a screen and so many above it.
const MAX_ROWS: u16 = 100;
const MAX_ABOVE: usize = 200;
/// Secondary prompts in one command.
const MAX_PROMPTS: usize = 256;
/// So many commands may come at once, and then one in each of these spans; others are not looked at.
const AT_ONCE: u32 = 200;
const ONE_EACH: Duration = Duration::from_millis(50);
/// What waits to be taken.
const MAX_HEARD: usize = 512;
/// What the usual shells write before the further lines of a command.
const FURTHER: &str = "> ";

/// A command that a shell runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShellCommand {
    /// What was typed: no control characters but line ends, at most 4 KiB.
    pub text: String,
    /// There was more of it.
    pub cut: bool,
    /// The shell's directory, where it tells that (OSC 7).
    pub directory: Option<String>,
    /// Its output begins so many bytes before the end of what the screen was fed last.
    pub back: u64,
}

/// What a shell's marks tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShellEvent {
    /// A command is run.
    Began(ShellCommand),
    /// The one that began last is over.
    Ended(Option<i64>),
}

/// Follows the marks of one shell.
#[derive(Debug)]
pub struct Commands {
    directory: Option<String>,
    /// What is drawn since the prompt's end.
    typed: Option<Typed>,
    /// The line as the shell says it.
    line: Option<String>,
    /// A command that was told is running. At the beginning it is not known whether one is.
    running: bool,
    /// The shell marks where commands are run, not only its prompts.
    tells_runs: bool,
    marked: bool,
    heard: Vec<ShellEvent>,
    left: u32,
    counted: Option<Instant>,
}

impl Default for Commands {
    fn default() -> Self {
        Self { directory: None, typed: None, line: None, running: true, tells_runs: false, marked: false, heard: Vec::new(), left: AT_ONCE, counted: None }
    }
}

/// Where a mark stands.
pub(super) struct Stands<'a> {
    /// The cursor's column.
    pub col: u16,
    pub size: Size,
    /// The beginning of an unfinished sequence, which the next bytes go on with.
    pub pending: &'a [u8],
    /// Bytes after it.
    pub back: usize,
}

#[derive(Debug)]
struct Typed {
    col: u16,
    size: Size,
    bytes: Vec<u8>,
    /// Bytes in all, with those that are not kept.
    count: u64,
    /// Where secondary prompts begin and end in the bytes.
    prompts: Vec<(usize, usize)>,
    /// Where one began that has no end yet.
    prompt: Option<usize>,
}

impl Commands {
    /// What was heard since the last time.
    pub fn take(&mut self) -> Vec<ShellEvent> {
        std::mem::take(&mut self.heard)
    }

    /// Whether there was any mark that tells of commands.
    #[must_use]
    pub fn is_marked(&self) -> bool {
        self.marked
    }

    /// What the program prints.
    pub(super) fn see(&mut self, bytes: &[u8]) {
        if let Some(typed) = &mut self.typed {
            let room = MAX_DRAWN.saturating_sub(typed.bytes.len()).min(bytes.len());
            typed.bytes.extend_from_slice(&bytes[..room]);
            typed.count += bytes.len() as u64;
        }
    }

    /// The shell's directory.
    pub(super) fn works_in(&mut self, directory: &str) {
        self.directory = Some(directory.to_owned());
    }

    /// A mark, after the bytes before it were seen.
    pub(super) fn mark(&mut self, mark: Mark, stands: &Stands<'_>, now: Instant) {
        match mark {
            Mark::Prompt { secondary: true } => {
                if let Some(typed) = &mut self.typed {
                    typed.prompt = Some(typed.bytes.len());
                }
            }
            Mark::Prompt { secondary: false } => {
                self.unmarked_run(stands, now, None);
                self.end(None);
            }
            Mark::Typed => {
                self.marked = true;
                match &mut self.typed {
                    Some(typed) if typed.prompt.is_some() => {
                        let end = typed.bytes.len();
                        let begin = typed.prompt.take().filter(|_| typed.prompts.len() < MAX_PROMPTS);
                        typed.prompts.extend(begin.map(|begin| (begin, end)));
                    }
                    typed => *typed = Some(Typed::at(stands)),
                }
            }
            Mark::Line(line) => self.line = Some(line),
            Mark::Runs(line) => {
                (self.marked, self.tells_runs) = (true, true);
                let typed = self.typed.take();
                let line = line.or(self.line.take());
                self.line = None;
                self.end(None);
                if self.may_look(now) {
                    let seen = || typed.map_or_else(Default::default, |typed| typed.text(usize::MAX));
                    let (text, cut) = line.map_or_else(seen, |line| (line, false));
                    self.begin(&text, cut, stands.back as u64);
                }
            }
            Mark::Over(code) => {
                self.unmarked_run(stands, now, code);
                self.end(code);
            }
        }
    }

    /// A prompt comes after another: where the shell does not mark what it runs, the line between is a command that has ended.
    fn unmarked_run(&mut self, stands: &Stands<'_>, now: Instant, code: Option<i64>) {
        let typed = self.typed.take();
        let line = self.line.take();
        let Some(typed) = typed.filter(|_| !self.tells_runs) else { return };
        let Some(end) = memchr::memchr(b'\n', &typed.bytes) else { return };
        if self.may_look(now) {
            let (text, cut) = line.map_or_else(|| typed.text(end), |line| (line, false));
            // Given up with ctrl-C.
            if !text.trim_end().ends_with("^C") {
                let back = stands.back as u64 + typed.count.saturating_sub(end as u64 + 1);
                self.begin(&text, cut, back);
                self.end(code);
            }
        }
    }

    fn begin(&mut self, text: &str, cut: bool, back: u64) {
        let (text, too_long) = cleaned(text);
        // A blank before a command says that it is not to be kept, as in the shells' own histories.
        if text.is_empty() || text.starts_with(' ') {
            return;
        }
        self.running = true;
        self.tell(ShellEvent::Began(ShellCommand { text, cut: cut || too_long, directory: self.directory.clone(), back }));
    }

    fn end(&mut self, code: Option<i64>) {
        if std::mem::take(&mut self.running) {
            self.tell(ShellEvent::Ended(code));
        }
    }

    fn tell(&mut self, event: ShellEvent) {
        if self.heard.len() < MAX_HEARD {
            self.heard.push(event);
        }
    }

    /// Whether a command may be looked at: they come as people type them, and sometimes as a pasted list.
    fn may_look(&mut self, now: Instant) -> bool {
        let since = *self.counted.get_or_insert(now);
        let more = now.saturating_duration_since(since).as_millis() / ONE_EACH.as_millis();
        if more > 0 {
            self.counted = Some(now);
            self.left = self.left.saturating_add(u32::try_from(more).unwrap_or(u32::MAX)).min(AT_ONCE);
        }
        let may = self.left > 0;
        self.left = self.left.saturating_sub(1);
        may
    }
}

impl Typed {
    fn at(stands: &Stands<'_>) -> Self {
        Self { col: stands.col, size: stands.size, bytes: stands.pending.to_vec(), count: 0, prompts: Vec::new(), prompt: None }
    }

    /// What the first `most` bytes show, and whether there was more: drawn, since lines are edited, wrapped and drawn anew.
    fn text(&self, most: usize) -> (String, bool) {
        let bytes = &self.bytes[..self.bytes.len().min(most)];
        let mut screen = Screen::new(Size { rows: self.size.rows.min(MAX_ROWS), ..self.size }, MAX_ABOVE);
        screen.feed(format!("\x1b[{}G", self.col + 1).as_bytes());
        let mut at = 0;
        // Columns of lines that are no part of the command.
        let mut prompts = Vec::new();
        for (begin, end) in self.prompts.iter().filter(|(_, end)| *end <= bytes.len()) {
            screen.feed(&bytes[at..*begin]);
            let (line, from) = place(&screen);
            screen.feed(&bytes[*begin..*end]);
            let (same, to) = place(&screen);
            if line == same {
                prompts.push((line, from, to));
            }
            at = *end;
        }
        screen.feed(&bytes[at..]);
        prompts.push((0, 0, self.first(&screen)));
        let text = shown(&screen, &prompts);
        let cut = bytes.len() >= MAX_DRAWN || screen.scrollback_len() >= MAX_ABOVE;
        (if self.prompts.is_empty() { without_further(&text) } else { text }, cut)
    }
}

impl Typed {
    /// Where the command begins in its first line. A shell that does not know of output before its prompt draws further to the left when it draws anew.
    fn first(&self, screen: &Screen) -> u16 {
        let above = -i32::try_from(screen.scrollback_len()).unwrap_or(0);
        let is_drawn = |col: &u16| !matches!(screen.cell(above, *col).text.as_str(), "" | " ");
        (0..self.col).find(is_drawn).unwrap_or(self.col)
    }
}

/// Line and column of the cursor, counted from the first line that there is.
fn place(screen: &Screen) -> (usize, u16) {
    let cursor = screen.cursor();
    (screen.scrollback_len() + usize::from(cursor.row), cursor.col)
}

/// The lines without those columns; those that were wrapped are whole.
fn shown(screen: &Screen, without: &[(usize, u16, u16)]) -> String {
    let first = -i32::try_from(screen.scrollback_len()).unwrap_or(0);
    let mut text = String::new();
    for (line, row) in (first..i32::from(screen.size().rows)).enumerate() {
        let cells = screen.raw_row(row).unwrap_or_default();
        let mut part = String::new();
        let here: Vec<_> = without.iter().filter(|(other, ..)| *other == line).map(|(_, from, to)| usize::from(*from)..usize::from(*to)).collect();
        for col in 0..cells.len() {
            if !here.iter().any(|prompt| prompt.contains(&col)) {
                part.push_str(screen.machine.cell(cells, col, false).text.as_str());
            }
        }
        if screen.is_wrapped(row) {
            text.push_str(&part);
        } else {
            text.push_str(part.trim_end());
            text.push('\n');
        }
        if text.len() > 2 * MAX_TEXT {
            break;
        }
    }
    text
}

/// The text without the prompts of further lines, where each of them has the usual one.
fn without_further(text: &str) -> String {
    let text = text.trim_end();
    let mut lines = text.split('\n');
    let first = lines.next().unwrap_or_default();
    let further: Option<Vec<&str>> = lines.map(|line| line.strip_prefix(FURTHER).or((line == FURTHER.trim_end()).then_some(""))).collect();
    match further {
        Some(further) if !further.is_empty() => std::iter::once(first).chain(further).collect::<Vec<_>>().join("\n"),
        _ => text.to_owned(),
    }
}

/// The text as it is kept, and whether it was cut.
fn cleaned(text: &str) -> (String, bool) {
    let mut clean = String::new();
    for c in text.trim_end().chars() {
        let c = if c == '\t' { ' ' } else { c };
        if c.is_control() && c != '\n' {
            continue;
        }
        if clean.len() + c.len_utf8() > MAX_TEXT {
            return (clean, true);
        }
        clean.push(c);
    }
    (clean.trim_start_matches('\n').to_owned(), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size { cols: 20, rows: 4 };

    /// What is heard of this output, however it is split.
    fn heard(output: &str) -> Vec<ShellEvent> {
        let run = |size: usize| {
            let mut screen = Screen::new(SIZE, 100);
            screen.commands = Some(Box::default());
            let mut all = Vec::new();
            for piece in output.as_bytes().chunks(size) {
                screen.feed(piece);
                all.extend(screen.commands.as_mut().map(|commands| commands.take()).unwrap_or_default());
            }
            all
        };
        let whole = run(usize::MAX);
        let texts =
            |events: &[ShellEvent]| events.iter().map(|event| format!("{event:?}").split(", back").next().unwrap_or_default().to_owned()).collect::<Vec<_>>();
        assert_eq!(texts(&run(1)), texts(&whole));
        assert_eq!(texts(&run(7)), texts(&whole));
        whole
    }

    fn texts(output: &str) -> Vec<String> {
        let text = |event: ShellEvent| if let ShellEvent::Began(command) = event { Some(command.text) } else { None };
        heard(output).into_iter().filter_map(text).collect()
    }

    /// A prompt as bash draws it, what is typed there, and what it prints.
    fn run(typed: &str, output: &str) -> String {
        format!("\x1b]133;A\x07me:~$ \x1b]133;B\x07{typed}\r\n\x1b]133;C\x07{output}\x1b]133;D;0\x07")
    }

    #[test]
    fn a_command_has_its_text_directory_exit_code_and_the_place_of_its_output() {
        let events = heard("\x1b]133;D\x07\x1b]7;file://box/srv\x07\x1b]133;A\x1b\\$ \x1b]133;B\x1b\\make all\r\n\x1b]133;C\x1b\\done\r\n\x1b]133;D;2\x1b\\");
        let command = ShellCommand { text: "make all".to_owned(), cut: false, directory: Some("/srv".to_owned()), back: 17 };
        assert_eq!(events, [ShellEvent::Ended(None), ShellEvent::Began(command), ShellEvent::Ended(Some(2))]);
    }

    #[test]
    fn what_was_edited_is_kept_as_it_was_run() {
        assert_eq!(texts(&run("lz\x08 \x08s -l", "")), ["ls -l"]);
        // Wrapped at the margin, and drawn anew from the beginning.
        assert_eq!(texts(&run("echo 0123456789abcdefghij\x1b[A\r\x1b[6Ccat \x1b[K0123456789abcdefghij\x1b[K", "")), ["cat 0123456789abcdefghij"]);
        assert_eq!(texts(&run("wide 漢字 e\u{301}", "")), ["wide 漢字 e\u{301}"]);
        // What was printed before the prompt had no line end, and the shell draws as if there were nothing.
        assert_eq!(texts("hidden\x1b]133;A\x07$ \x1b]133;B\x07x\r\x1b[C\x1b[Cls -l\x1b[K\r\n\x1b]133;C\x07"), ["ls -l"]);
        // The screen was cleared meanwhile, and the prompt drawn anew.
        assert_eq!(texts(&format!("\x1b]133;A\x07$ \x1b]133;B\x07vi\x1b[H\x1b[2J{}", run("vim x", ""))), ["vim x"]);
    }

    #[test]
    fn further_lines_belong_to_their_command_without_their_prompts() {
        let marked = "for x in 1 2\r\n\x1b]133;A;k=s\x07more> \x1b]133;B\x07do echo $x\r\n\x1b]133;A;k=s\x07more> \x1b]133;B\x07done";
        assert_eq!(texts(&run(marked, "1\r\n2\r\n")), ["for x in 1 2\ndo echo $x\ndone"]);
        assert_eq!(texts(&run("cat <<E\r\n> one\r\n> E", "one\r\n")), ["cat <<E\none\nE"]);
        assert_eq!(texts(&run("echo '\r\nx > y'", "")), ["echo '\nx > y'"]);
    }

    #[test]
    fn given_up_empty_and_hidden_ones_are_none() {
        let given_up = "\x1b]133;A\x07$ \x1b]133;B\x07rm -rf /^C\r\n";
        assert_eq!(texts(&format!("{}{given_up}{}{}", run("one", ""), run("", ""), run(" secret", ""))), ["one"]);
        assert_eq!(texts(given_up), [] as [&str; 0]);
    }

    #[test]
    fn shells_that_mark_only_their_prompts_are_understood_too() {
        let prompt = |code: u8| format!("\x1b]133;D;{code}\x07\x1b]133;A\x07$ \x1b]133;B\x07");
        let events = heard(&format!("{}ls\r\nfile\r\n{}nope^C\r\n{}", prompt(0), prompt(3), prompt(0)));
        let command = ShellCommand { text: "ls".to_owned(), cut: false, directory: None, back: 0 };
        let [ShellEvent::Ended(Some(0)), ShellEvent::Began(began), ShellEvent::Ended(Some(3))] = &events[..] else { panic!("{events:?}") };
        assert_eq!(ShellCommand { back: 0, ..began.clone() }, command);
        assert!(began.back > 40, "its output is before the prompt after it: {}", began.back);
    }

    #[test]
    fn the_shells_own_word_for_its_line_counts() {
        let output = "\x1b]133;A\x07$ \x1b]133;B\x07ls       12:30\r\n\x1b]633;E;ls -l\\x3b\x07\x1b]133;C\x07\x1b]133;A\x07% \x1b]133;B\x07x\r\n\x1b]133;C;cmdline_url=a%20b\x07";
        assert_eq!(texts(output), ["ls -l;", "a b"]);
    }

    #[test]
    fn a_flood_of_marks_and_endless_commands_are_bounded() {
        let flood: String = (0..5_000).map(|number| run(&format!("fake {number}"), "")).collect();
        let mut screen = Screen::new(SIZE, 100);
        screen.commands = Some(Box::default());
        screen.feed(flood.as_bytes());
        let events = screen.commands.as_mut().map(|commands| commands.take()).unwrap_or_default();
        assert!(events.len() <= MAX_HEARD && events.len() >= usize::try_from(AT_ONCE).unwrap_or(0), "{}", events.len());
        let events = heard(&run(&"x".repeat(500_000), ""));
        let [_, ShellEvent::Began(command), _] = &events[..] else { panic!("{}", events.len()) };
        // Whole rows of the screen are taken, as many as there is room for.
        assert!(command.cut && (MAX_TEXT - 100..=MAX_TEXT).contains(&command.text.len()), "{}", command.text.len());
        assert_eq!(texts(&run("a\x01\x02\tb\u{85}c", "")).concat().chars().filter(|c| c.is_control()).count(), 0);
    }
}
