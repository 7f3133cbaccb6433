//! Follows the borders of escape sequences, for what the engine neither answers nor bounds.

/// Bytes of an OSC string that are kept; a longer one is dropped whole.
const MAX_STRING_BYTES: usize = 1 << 20;
/// Bytes kept of any other unfinished sequence.
const MAX_SEQUENCE_BYTES: usize = 256;
/// Bytes of a directory's name that are passed on.
const MAX_CWD_BYTES: usize = 4096;
/// Bytes that are read of a line which a shell says itself.
const MAX_LINE_BYTES: usize = 16 * 1024;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Ground,
    Escape,
    Csi,
    Osc,
    /// The parameters of a DCS, and its intermediate bytes.
    DcsHead,
    DcsMiddle,
    /// The text of a DCS; unlike the other strings the byte 0x9c ends it.
    DcsBody,
    /// SOS, PM, APC and a malformed DCS: the engine ignores their text.
    Text,
    /// An OSC string over the limit, of which nothing more is fed.
    Skip,
}

/// What the screen has to do between two runs of bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// The program asks for the terminal's name and version (XTVERSION).
    NameAsked,
    /// The program asks for the cursor's place (DECXCPR).
    PlaceAsked,
    /// The program tells its working directory (OSC 7).
    Cwd(String),
    /// What a shell marks (OSC 133, and OSC 633 as VS Code has it).
    Shell(Mark),
    /// The string being read is too long; the engine must forget it.
    TooLong,
}

/// What a shell says of where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// A prompt begins here (A); a secondary one asks for the rest of a command.
    Prompt { secondary: bool },
    /// The prompt ends, and what is typed begins (B).
    Typed,
    /// What was typed is run (C): its line, where the shell says it.
    Runs(Option<String>),
    /// The command is over (D), with its exit code where it is said.
    Over(Option<i64>),
    /// The command's line as the shell has it (633;E).
    Line(String),
}

/// How far to feed the engine before acting on a notice.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// Bytes to feed.
    pub feed: usize,
    /// Bytes after those to leave out.
    pub skip: usize,
    /// What to do then.
    pub notice: Option<Notice>,
}

/// Knows at each byte whether a sequence is unfinished, and which bytes it has had so far.
#[derive(Debug, Default)]
pub(super) struct Watcher {
    state: State,
    /// The unfinished sequence from its ESC, or the first bytes of a split UTF-8 character.
    pending: Vec<u8>,
}

impl Watcher {
    /// The bytes that a new screen must be fed to stand where this stream stands.
    pub fn pending(&self) -> &[u8] {
        &self.pending
    }

    /// Whether the stream stands between sequences and characters.
    pub fn is_between(&self) -> bool {
        self.state == State::Ground && self.pending.is_empty()
    }

    /// Looks at `bytes` up to the first place where the screen must act, or to their end.
    pub fn step(&mut self, bytes: &[u8]) -> Step {
        if self.state == State::Skip {
            let end = bytes.iter().position(|byte| matches!(byte, 0x07 | 0x18 | 0x1a | 0x1b));
            let Some(end) = end else {
                return Step { feed: 0, skip: bytes.len(), notice: None };
            };
            self.state = State::Ground;
            let skip = if bytes[end] == 0x1b { end } else { end + 1 };
            return Step { feed: 0, skip, notice: None };
        }
        let mut at = 0;
        while at < bytes.len() {
            if self.state == State::Ground {
                let run = &bytes[at..];
                let Some(escape) = run.iter().position(|byte| *byte == 0x1b) else {
                    self.keep_split_character(run);
                    break;
                };
                at += escape;
            }
            let notice = self.take(bytes[at]);
            at += 1;
            if notice.is_some() {
                return Step { feed: at, skip: 0, notice };
            }
        }
        Step { feed: bytes.len(), skip: 0, notice: None }
    }

    fn take(&mut self, byte: u8) -> Option<Notice> {
        match (self.state, byte) {
            (_, 0x1b) => {
                let notice = self.finished_string();
                self.begin();
                return notice;
            }
            (_, 0x18 | 0x1a) => self.end(),
            (State::Escape, b'[') => self.go(State::Csi, byte),
            (State::Escape, b']') => self.go(State::Osc, byte),
            (State::Escape, b'P') => self.go(State::DcsHead, byte),
            (State::Escape, b'X' | b'^' | b'_') => self.go(State::Text, byte),
            (State::Escape, 0x30..=0x7e) => self.end(),
            (State::Escape, 0x20..=0x2f) => self.keep(byte),
            (State::DcsHead | State::DcsMiddle, 0x20..=0x7e) => {
                self.keep(byte);
                self.state = match (self.state, byte) {
                    (_, 0x40..=0x7e) => State::DcsBody,
                    (_, 0x20..=0x2f) => State::DcsMiddle,
                    (State::DcsMiddle, _) => State::Text,
                    // A private marker stands first or nowhere.
                    (_, 0x3c..=0x3f) if self.pending.len() > 3 => State::Text,
                    _ => State::DcsHead,
                };
            }
            (State::DcsBody, 0x9c) => self.end(),
            (State::Csi, 0x40..=0x7e) => {
                self.keep(byte);
                let notice = match &self.pending[..] {
                    b"\x1b[>q" | b"\x1b[>0q" => Some(Notice::NameAsked),
                    b"\x1b[?6n" => Some(Notice::PlaceAsked),
                    _ => None,
                };
                self.end();
                return notice;
            }
            (State::Csi, 0x20..=0x3f) | (State::Text | State::DcsBody, _) => self.keep(byte),
            (State::Osc, 0x07) => {
                let notice = self.finished_string();
                self.end();
                return notice;
            }
            (State::Osc, _) if self.pending.len() >= MAX_STRING_BYTES => {
                self.end();
                self.state = State::Skip;
                return Some(Notice::TooLong);
            }
            (State::Osc, _) => self.pending.push(byte),
            // Controls inside a sequence act at once; the rest is ignored there.
            (_, _) => {}
        }
        None
    }

    fn begin(&mut self) {
        self.state = State::Escape;
        self.pending.clear();
        self.pending.push(0x1b);
    }

    fn go(&mut self, state: State, byte: u8) {
        // `ESC ( [` selects a character set; it does not begin a sequence.
        if self.pending.len() == 1 {
            self.state = state;
            self.pending.push(byte);
        } else {
            self.end();
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.pending.len() < MAX_SEQUENCE_BYTES {
            self.pending.push(byte);
        }
    }

    fn end(&mut self) {
        self.state = State::Ground;
        if self.pending.capacity() > MAX_SEQUENCE_BYTES {
            self.pending = Vec::new();
        }
        self.pending.clear();
    }

    fn finished_string(&self) -> Option<Notice> {
        if self.state != State::Osc {
            return None;
        }
        if let Some(text) = self.pending.strip_prefix(b"\x1b]133;") {
            return mark(text).map(Notice::Shell);
        }
        if let Some(text) = self.pending.strip_prefix(b"\x1b]633;") {
            return match text {
                [b'E', b';', line @ ..] => Some(Notice::Shell(Mark::Line(escaped_line(line)))),
                // Properties, which have nothing to do with prompts.
                [b'P', ..] => None,
                text => mark(text).map(Notice::Shell),
            };
        }
        let url = self.pending.strip_prefix(b"\x1b]7;")?;
        directory(url).map(Notice::Cwd)
    }

    fn keep_split_character(&mut self, run: &[u8]) {
        let tail = &run[run.len().saturating_sub(3)..];
        self.pending.extend_from_slice(tail);
        let excess = self.pending.len() - split_bytes(&self.pending);
        self.pending.drain(..excess);
    }
}

/// How many bytes at the end begin a UTF-8 character without finishing it.
fn split_bytes(bytes: &[u8]) -> usize {
    let unfinished = |count: &usize| {
        let tail = &bytes[bytes.len() - count..];
        std::str::from_utf8(tail).is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
    };
    (1..=bytes.len().min(3)).rev().find(unfinished).unwrap_or(0)
}

/// A mark by its letter and options, `A;k=s`.
fn mark(text: &[u8]) -> Option<Mark> {
    let mut options = text.split(|byte| *byte == b';');
    let letter = options.next()?;
    Some(match letter {
        b"A" | b"P" => match options.find_map(|option| option.strip_prefix(b"k=")) {
            // What stands at the right is drawn while the prompt is there already.
            Some(b"r") => return None,
            kind => Mark::Prompt { secondary: matches!(kind, Some(b"s" | b"c")) },
        },
        b"B" => Mark::Typed,
        b"C" => {
            let line = options.find_map(|option| option.strip_prefix(b"cmdline_url="));
            Mark::Runs(line.and_then(|line| decoded(&line[..line.len().min(MAX_LINE_BYTES)])).map(|line| String::from_utf8_lossy(&line).into_owned()))
        }
        b"D" => Mark::Over(options.next().and_then(|code| std::str::from_utf8(code).ok()?.parse().ok())),
        _ => return None,
    })
}

/// A command's line as OSC 633;E has it: `\\` and `\x3b` are escapes, and what follows a semicolon is no part of it.
fn escaped_line(text: &[u8]) -> String {
    let text = text.split(|byte| *byte == b';').next().unwrap_or_default();
    let mut line = Vec::new();
    let mut rest = &text[..text.len().min(MAX_LINE_BYTES)];
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'\\', [b'x', high, low, after @ ..]) => {
                let digits = [*high, *low];
                line.extend(std::str::from_utf8(&digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok()));
                rest = after;
            }
            (b'\\', [b'\\', after @ ..]) => {
                line.push(b'\\');
                rest = after;
            }
            _ => line.push(*byte),
        }
    }
    String::from_utf8_lossy(&line).into_owned()
}

/// The bytes of a text in which some are written as `%20`.
fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::new();
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    Some(decoded)
}

/// The path in a `file://host/path` address, if it is one that can be shown.
fn directory(url: &[u8]) -> Option<String> {
    let rest = url.strip_prefix(b"file://")?;
    let start = rest.iter().position(|byte| *byte == b'/')?;
    let path = String::from_utf8(decoded(&rest[start..])?).ok()?;
    let fit = path.len() <= MAX_CWD_BYTES && !path.chars().any(char::is_control);
    fit.then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_decoded_and_controls_are_refused() {
        assert_eq!(directory(b"file://host/a%20b"), Some("/a b".to_owned()));
        assert_eq!(directory(b"file:///x%1b[0m"), None);
        assert_eq!(directory(b"http://host/x"), None);
        assert_eq!(directory(b"file:///x%1"), None);
    }

    #[test]
    fn what_shells_mark_is_read_and_what_is_no_mark_is_nothing() {
        assert_eq!(mark(b"A"), Some(Mark::Prompt { secondary: false }));
        assert_eq!(mark(b"A;cl=m;k=s"), Some(Mark::Prompt { secondary: true }));
        assert_eq!(mark(b"P;k=r"), None);
        assert_eq!(mark(b"C;cmdline_url=echo%20a%3Bb"), Some(Mark::Runs(Some("echo a;b".to_owned()))));
        assert_eq!(mark(b"C;cmdline_url=%zz"), Some(Mark::Runs(None)));
        assert_eq!(mark(b"D;127;err=x"), Some(Mark::Over(Some(127))));
        assert_eq!(mark(b"D;"), Some(Mark::Over(None)));
        assert_eq!([mark(b""), mark(b"AB"), mark(b"L")], [None, None, None]);
        assert_eq!(escaped_line(b"printf \\x22a\\x3bb\\x0a\\\\n\\x22;nonce"), "printf \"a;b\n\\n\"");
        assert_eq!(escaped_line(b"odd \\x9z \\q \xff"), "odd  \\q \u{fffd}");
    }

    #[test]
    fn an_unfinished_sequence_is_known_to_the_byte() {
        let mut watcher = Watcher::default();
        watcher.step(b"text\x1b[1;");
        assert_eq!(watcher.pending(), b"\x1b[1;");
        watcher.step(b"31mrest \xe2\x82");
        assert_eq!(watcher.pending(), b"\xe2\x82");
        watcher.step(b"\xac");
        assert_eq!(watcher.pending(), b"");
    }

    #[test]
    fn an_endless_string_is_cut_and_its_rest_left_out() {
        let mut watcher = Watcher::default();
        let mut stream = b"\x1b]0;".to_vec();
        stream.resize(MAX_STRING_BYTES + 10, b'x');
        let step = watcher.step(&stream);
        assert_eq!(step.notice, Some(Notice::TooLong));
        assert_eq!(watcher.step(&stream[step.feed..]), Step { feed: 0, skip: 9, notice: None });
        assert_eq!(watcher.step(b"more\x07after"), Step { feed: 0, skip: 5, notice: None });
    }
}
