//! A script made of a recording or of a session's history: what was typed, each after the prompt that it was typed at.
use super::Automation;
use super::api::plain;
use crate::access::Actor;
use crate::control::Control;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::CastData;
use crate::model::CastItem;
use crate::model::CastLines;
use crate::model::CastQuery;
use crate::model::Code;
use crate::model::ContainerId;
use crate::model::InlineScript;
use crate::model::OutputQuery;
use crate::model::ScriptOfHistory;
use crate::model::ScriptOfRecording;
use crate::model::SessionCommand;
use crate::model::Size;
use crate::sessions::SHELL;
use crate::term::Screen;
use jiff::Timestamp;
use std::fmt::Write as _;

/// Bytes of a recording that are read.
const MOST: u64 = 64 << 20;
/// Letters of a prompt that are waited for: what stands before them often changes.
const PROMPT: usize = 24;
/// Steps that a script is made of at most.
const STEPS: usize = 5_000;
/// A command that took fewer seconds is waited for as usual.
const QUICK: u64 = 5;
/// Seconds that a script takes without saying so, and at most.
const USUAL: u64 = 500;
const LONGEST: u64 = 86_400;
/// What prompts end with where nothing else tells them.
const ENDS: [&str; 6] = ["$ ", "# ", "> ", ">>> ", "% ", "❯ "];

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// Wait until this is there.
    Prompt(String),
    /// Wait for whatever the shell's prompt is there, so many seconds where it may take longer than usual.
    Ready(Option<u64>),
    /// A line was typed.
    Line(String),
    /// A line was typed that the terminal did not show: a password.
    Hidden,
    /// Something was typed without Enter.
    Text(String),
    /// Keys that are no text.
    Press(Vec<String>),
}

impl Automation {
    /// A script that does what was done in a recording: what was typed, where that was recorded, else what the terminal showed of it.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `too_large`; `invalid_value` where nothing was typed that could be told.
    pub async fn script_of_recording(&self, actor: &Actor, request: ScriptOfRecording) -> Result<InlineScript> {
        Control::may(actor, Action::ReadRecordings)?;
        let recording = self.control().get_recording(actor, &request.recording).await?;
        let cast = self.control().get_cast(actor, &request.recording, CastQuery::default()).await?;
        if cast.length > MOST {
            return Err(Error::new(Code::TooLarge, format!("recording '{}' is larger than {} MiB", request.recording, MOST >> 20)));
        }
        let read = move || -> Result<Vec<CastItem>> {
            let unreadable = |error: &dyn std::fmt::Display| Error::new(Code::StoreFailed, format!("the recording can't be read: {error}"));
            let mut text = cast.head.clone();
            let mut file = std::fs::File::open(&cast.path).map_err(|error| unreadable(&error))?;
            std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(cast.position)).map_err(|error| unreadable(&error))?;
            std::io::Read::read_to_end(&mut std::io::Read::take(file, cast.length), &mut text).map_err(|error| unreadable(&error))?;
            CastLines::default().take(&text).map_err(|error| unreadable(&error))
        };
        let items = tokio::task::spawn_blocking(read).await.map_err(|error| Error::internal(format!("the recording can't be read: {error}")))??;
        let hosts = hosts(&recording.container, &recording.container_name);
        let steps = if recording.input { typed(&items, &hosts) } else { shown(&printed(&items), &hosts) };
        if !steps.iter().any(|step| matches!(step, Step::Line(_) | Step::Text(_) | Step::Hidden | Step::Press(_))) {
            let error = Error::invalid(format!("nothing that was typed can be told from recording '{}'", request.recording));
            return Err(error.fix("record what is typed too: cto rec start --input SESSION"));
        }
        let end = "term:expect_stable(500)";
        let made =
            Made { container: &recording.container_name, at: recording.started_at, command: &recording.command, size: recording.size, timeout: None, end };
        Ok(InlineScript { name: format!("{}.luau", recording.container_name), source: write(&made, &steps) })
    }

    /// A script that runs the commands that were run in a session, where its shell marked them; else what looks like commands in the output that is kept.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; `invalid_value` where no command can be told, or one is longer than is kept.
    pub async fn script_of_history(&self, actor: &Actor, request: ScriptOfHistory) -> Result<InlineScript> {
        let ScriptOfHistory { session: id, from, to } = request;
        let commands = self.control().commands_in_order(actor, &id, from, to).await?;
        let session = self.control().get_session(actor, &id).await;
        let (container, at) = match (&session, commands.first()) {
            (_, Some(first)) => (first.container_name.clone(), first.started_at),
            (Ok(session), None) => (session.container_name.clone(), session.created_at),
            (Err(error), None) => return Err(Error::new(error.code, error.message.clone()).fix("'cto sessions' lists them")),
        };
        let (steps, timeout, end) = if commands.is_empty() {
            let query = OutputQuery { offset: None, limit: None };
            let (_, output) = self.control().get_output(actor, &id, query).await?;
            let number = |number: Option<u64>, other: usize| number.map_or(other, |number| usize::try_from(number).unwrap_or(usize::MAX));
            let (from, to) = (number(from, 1).max(1), number(to, usize::MAX));
            let hosts = session.as_ref().map(|session| hosts(&session.container, &session.container_name)).unwrap_or_default();
            let all: Vec<Step> = shown(&output, &hosts).chunks(2).skip(from - 1).take(to.saturating_sub(from - 1)).flatten().cloned().collect();
            (all, None, "term:expect_stable(500)")
        } else {
            ran(&commands)?
        };
        if steps.is_empty() {
            let error = Error::invalid(format!("no command can be told from session '{id}'"));
            return Err(error.fix("let its shell mark its commands: 'cto history setup'; or make a script of a recording: 'cto rec to-script'"));
        }
        // Without a name the user's shell is opened, as it was then.
        let known = session.ok().map(|session| (session.command, session.size)).unwrap_or_default();
        let command: Vec<String> = known.0.into_iter().filter(|word| word != SHELL).collect();
        let made = Made { container: &container, at, command: &command, size: known.1, timeout, end };
        Ok(InlineScript { name: format!("{container}.luau"), source: write(&made, &steps) })
    }
}

/// What a script is made of besides its steps.
struct Made<'a> {
    container: &'a str,
    at: Timestamp,
    command: &'a [String],
    size: Size,
    timeout: Option<u64>,
    /// What is waited for at the end.
    end: &'static str,
}

/// Steps that run these commands, the seconds that it may take where that is more than usual, and how it ends.
fn ran(commands: &[SessionCommand]) -> Result<(Vec<Step>, Option<u64>, &'static str)> {
    let mut steps = Vec::new();
    let (mut patience, mut whole) = (None, 0);
    for command in commands.iter().take(STEPS) {
        if command.cut {
            let error = Error::invalid(format!("command {} is longer than what is kept of it", command.number));
            return Err(error.fix("leave it out, with the numbers of the first and the last command"));
        }
        steps.extend([Step::Ready(patience), Step::Line(command.text.clone())]);
        let took = command.ended_at.map_or(0, |end| u64::try_from(end.duration_since(command.started_at).as_secs()).unwrap_or(0));
        // Another machine may be slower.
        patience = (took >= QUICK).then_some((3 * took + 30).min(LONGEST));
        whole += 3 * took + 1;
    }
    let last = commands.last().map(|command| command.text.trim()).unwrap_or_default();
    let end = match commands.last() {
        _ if last == "exit" || last == "logout" || last.starts_with("exit ") => "term:expect_eof()",
        Some(command) if command.ended_at.is_none() => "term:expect_stable(500)",
        _ => {
            steps.push(Step::Ready(patience));
            ""
        }
    };
    Ok((steps, (whole > USUAL).then_some((whole + USUAL).min(LONGEST)), end))
}

/// Steps of a recording with what was typed.
fn typed(items: &[CastItem], hosts: &[String]) -> Vec<Step> {
    let mut steps = Vec::new();
    let (mut output, mut line, mut prompted) = (Vec::new(), Vec::new(), false);
    for (index, item) in items.iter().enumerate() {
        let CastItem::Event(event) = item else { continue };
        match &event.data {
            CastData::Output(bytes) => output.extend_from_slice(bytes),
            CastData::Input(bytes) => {
                for byte in bytes {
                    if !prompted {
                        steps.extend(prompt(&output, hosts).map(Step::Prompt));
                        prompted = true;
                    }
                    match byte {
                        b'\r' | b'\n' => {
                            let text = String::from_utf8_lossy(&std::mem::take(&mut line)).into_owned();
                            let secret = !text.is_empty() && !echoed(&items[..index], &items[index..], &text);
                            steps.push(if secret { Step::Hidden } else { Step::Line(text) });
                            output.clear();
                            prompted = false;
                        }
                        0x7f | 0x08 => drop(line.pop()),
                        // What begins a sequence, and controls: keys.
                        0x00..=0x1f => {
                            if !line.is_empty() {
                                steps.push(Step::Text(String::from_utf8_lossy(&std::mem::take(&mut line)).into_owned()));
                            }
                            steps.push(Step::Press(vec![control(*byte)]));
                        }
                        byte => line.push(*byte),
                    }
                }
            }
            _ => {}
        }
        if steps.len() > STEPS {
            break;
        }
    }
    if !line.is_empty() {
        steps.push(Step::Text(String::from_utf8_lossy(&line).into_owned()));
    }
    joined(steps)
}

/// Whether the terminal showed what was typed: around the moment of its Enter.
fn echoed(before: &[CastItem], after: &[CastItem], text: &str) -> bool {
    let output = |items: &mut dyn Iterator<Item = &CastItem>, most: usize| {
        let mut bytes = Vec::new();
        for item in items.take(most) {
            if let CastItem::Event(event) = item
                && let CastData::Output(piece) = &event.data
            {
                bytes.push(piece.clone());
            }
        }
        bytes
    };
    let mut around = output(&mut before.iter().rev(), 2 * text.len() + 16);
    around.reverse();
    around.extend(output(&mut after.iter(), 8));
    // Drawn, since what is taken back is rubbed out on the screen.
    let mut screen = Screen::new(Size { cols: 500, rows: 100 }, 0);
    screen.feed(&around.concat());
    screen.text().contains(text.trim_end())
}

/// A control byte as a key.
fn control(byte: u8) -> String {
    match byte {
        0x1b => "esc".to_owned(),
        b'\t' => "tab".to_owned(),
        0x00 => "ctrl-space".to_owned(),
        byte => format!("ctrl-{}", char::from(byte | 0x60)),
    }
}

/// Keys in a row become one step; arrows and the like get their names.
fn joined(steps: Vec<Step>) -> Vec<Step> {
    let mut all: Vec<Step> = Vec::new();
    for step in steps {
        match (all.last_mut(), step) {
            (Some(Step::Press(keys)), Step::Text(text)) if keys.last().is_some_and(|key| key == "esc") && text.len() >= 2 && text.starts_with(['[', 'O']) => {
                let named = match &text[1..2] {
                    "A" => Some("up"),
                    "B" => Some("down"),
                    "C" => Some("right"),
                    "D" => Some("left"),
                    "H" => Some("home"),
                    "F" => Some("end"),
                    _ => None,
                };
                match named {
                    Some(name) => {
                        keys.pop();
                        keys.push(name.to_owned());
                        if text.len() > 2 {
                            all.push(Step::Text(text[2..].to_owned()));
                        }
                    }
                    None => all.push(Step::Text(text)),
                }
            }
            (Some(Step::Press(keys)), Step::Press(more)) => keys.extend(more),
            (_, step) => all.push(step),
        }
    }
    all
}

/// The end of the last line that is not finished: the prompt that somebody saw when they typed.
fn prompt(output: &[u8], hosts: &[String]) -> Option<String> {
    let text = plain(output);
    let prompt = stays(text.rsplit('\n').next().unwrap_or_default(), hosts);
    (!prompt.trim().is_empty()).then(|| prompt.to_owned())
}

/// What a prompt may hold that another container's does not.
fn hosts(container: &ContainerId, name: &str) -> Vec<String> {
    vec![container.as_str().chars().take(12).collect(), name.to_owned()]
}

/// The end of a prompt that is the same elsewhere and later.
fn stays<'a>(prompt: &'a str, hosts: &[String]) -> &'a str {
    let behind = hosts.iter().filter(|host| !host.is_empty()).filter_map(|host| prompt.split_once(host.as_str())).map(|(_, rest)| rest);
    let prompt = behind.filter(|rest| !rest.trim().is_empty()).max_by_key(|rest| rest.len()).unwrap_or(prompt);
    let start = prompt.char_indices().rev().nth(PROMPT - 1).map_or(0, |(at, _)| at);
    &prompt[start..]
}

/// All that was printed in a recording.
fn printed(items: &[CastItem]) -> Vec<u8> {
    let mut output = Vec::new();
    for item in items {
        if let CastItem::Event(event) = item
            && let CastData::Output(bytes) = &event.data
        {
            output.extend_from_slice(bytes);
        }
    }
    output
}

/// Steps of output without what was typed, a prompt and a line each: lines that begin with the prompt that most often does.
fn shown(output: &[u8], hosts: &[String]) -> Vec<Step> {
    let text = plain(output);
    let mut counts: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for line in text.lines() {
        let found = ENDS.iter().filter_map(|end| line.find(end).map(|at| &line[..at + end.len()])).min_by_key(|prompt| prompt.len());
        if let Some(prompt) = found.filter(|prompt| prompt.len() <= 80) {
            *counts.entry(prompt).or_default() += 1;
        }
    }
    let Some((prompt, _)) = counts.into_iter().max_by_key(|(_, count)| *count) else { return Vec::new() };
    let commands = text.lines().filter_map(|line| line.strip_prefix(prompt)).map(str::trim_end).filter(|command| !command.is_empty());
    let waited = stays(prompt, hosts);
    commands.take(STEPS).flat_map(|command| [Step::Prompt(waited.to_owned()), Step::Line(command.to_owned())]).collect()
}

/// The script.
fn write(made: &Made<'_>, steps: &[Step]) -> String {
    let hidden = steps.iter().filter(|step| **step == Step::Hidden).count();
    let mut text = String::from("script {\n");
    let _ = writeln!(text, "\tabout = {},", quoted(&format!("What was done in {} on {:.10}", made.container, made.at.to_string())));
    if let Some(seconds) = made.timeout {
        let _ = writeln!(text, "\ttimeout = {seconds},");
    }
    text.push_str("\tparams = {\n\t\tbox = { description = \"the container to do it in\" },\n");
    for number in 1..=hidden {
        let _ = writeln!(text, "\t\thidden_{number} = {{ description = \"what was typed unseen, such as a password\" }},");
    }
    text.push_str("\t},\n}\n\n");
    let command: Vec<String> = made.command.iter().map(|word| quoted(word)).collect();
    let command = if command.is_empty() { String::new() } else { format!("command = {{ {} }}, ", command.join(", ")) };
    let _ = writeln!(text, "local term = container(params.box):open({{ {command}cols = {}, rows = {} }})", made.size.cols, made.size.rows);
    let mut number = 0;
    for step in steps {
        let line = match step {
            Step::Prompt(prompt) => format!("\nterm:expect({})", quoted(prompt)),
            Step::Ready(None) => "\nterm:wait_prompt()".to_owned(),
            Step::Ready(Some(seconds)) => format!("\nterm:wait_prompt({{ timeout = {seconds} }})"),
            Step::Line(line) => format!("term:send_line({})", quoted(line)),
            Step::Hidden => {
                number += 1;
                format!("term:send_line(params.hidden_{number})")
            }
            Step::Text(typed) => format!("term:send({})", quoted(typed)),
            Step::Press(keys) => format!("term:press({})", keys.iter().map(|key| quoted(key)).collect::<Vec<_>>().join(", ")),
        };
        text.push_str(&line);
        text.push('\n');
    }
    if !made.end.is_empty() {
        let _ = write!(text, "\n{}\n", made.end);
    }
    text.push_str("term:screen():snapshot(\"at the end\")\n");
    text
}

/// A text as Luau writes it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(c);
            }
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{{{:x}}}", c as u32);
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CastEvent;

    fn event(data: CastData) -> CastItem {
        CastItem::Event(CastEvent { after_us: 0, data })
    }

    fn out(text: &str) -> CastItem {
        event(CastData::Output(text.into()))
    }

    fn typing(text: &str) -> CastItem {
        event(CastData::Input(text.into()))
    }

    #[test]
    fn what_was_typed_comes_after_its_prompt_and_passwords_are_not_written_down() {
        let items = [
            out("\x1b[32mbox\x1b[0m:~# "),
            typing("lz"),
            out("lz"),
            typing("\x7fs\r"),
            out("\x08 \x08s\r\nfile\r\nbox:~# "),
            typing("su ann\r"),
            out("su ann\r\nPassword: "),
            typing("hunter2\r"),
            out("\r\nann$ "),
            typing("\x1b[A\x03"),
        ];
        let line = |text: &str| Step::Line(text.to_owned());
        let at = |text: &str| Step::Prompt(text.to_owned());
        let keys = |keys: &[&str]| Step::Press(keys.iter().map(|key| (*key).to_owned()).collect());
        assert_eq!(
            typed(&items, &[]),
            [at("box:~# "), line("ls"), at("box:~# "), line("su ann"), at("Password: "), Step::Hidden, at("ann$ "), keys(&["up", "ctrl-c"]),]
        );
    }

    #[test]
    fn a_prompt_is_waited_for_without_the_name_of_its_container() {
        let hosts = hosts(&"0123456789abcdef".into(), "web");
        assert_eq!(prompt(b"done\r\nroot@0123456789ab:~# ", &hosts), Some(":~# ".to_owned()));
        assert_eq!(prompt(b"ann@web $ ", &hosts), Some(" $ ".to_owned()));
        assert_eq!(prompt(b"Password for web: ", &hosts), Some(": ".to_owned()));
        assert_eq!(prompt(b"a very long prompt of another machine> ", &hosts), Some("mpt of another machine> ".to_owned()));
        let commands = shown(b"root@0123456789ab:~# ls\r\nroot@0123456789ab:~# ", &hosts);
        assert_eq!(commands, [Step::Prompt(":~# ".to_owned()), Step::Line("ls".to_owned())]);
    }

    #[test]
    fn without_what_was_typed_lines_after_the_prompt_tell_it() {
        let items = ["me@box:~$ echo one\r\none\r\nme@box:~$ cd /tmp\r\nme@box:~$ "];
        let steps = shown(items.concat().as_bytes(), &[]);
        assert_eq!(steps[1], Step::Line("echo one".to_owned()));
        assert_eq!(steps[3], Step::Line("cd /tmp".to_owned()));
        assert_eq!(shown(b"nothing like a prompt\r\n", &[]), []);
    }
}
