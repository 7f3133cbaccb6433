//! A script made of a recording: what was typed, each after the prompt that it was typed at.
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
use crate::model::InlineScript;
use crate::model::Recording;
use crate::model::ScriptOfRecording;
use crate::model::Size;
use crate::term::Screen;
use std::fmt::Write as _;

/// Bytes of a recording that are read.
const MOST: u64 = 64 << 20;
/// Letters of a prompt that are waited for: what stands before them often changes.
const PROMPT: usize = 24;
/// Steps that a script is made of at most.
const STEPS: usize = 5_000;
/// What prompts end with where nothing else tells them.
const ENDS: [&str; 6] = ["$ ", "# ", "> ", ">>> ", "% ", "❯ "];

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// Wait until this is there.
    Prompt(String),
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
        let steps = if recording.input { typed(&items) } else { shown(&items) };
        if !steps.iter().any(|step| matches!(step, Step::Line(_) | Step::Text(_) | Step::Hidden | Step::Press(_))) {
            let error = Error::invalid(format!("nothing that was typed can be told from recording '{}'", request.recording));
            return Err(error.fix("record what is typed too: cto rec start --input SESSION"));
        }
        Ok(InlineScript { name: format!("{}.luau", recording.container_name), source: write(&recording, &steps) })
    }
}

/// Steps of a recording with what was typed.
fn typed(items: &[CastItem]) -> Vec<Step> {
    let mut steps = Vec::new();
    let (mut output, mut line, mut prompted) = (Vec::new(), Vec::new(), false);
    for (index, item) in items.iter().enumerate() {
        let CastItem::Event(event) = item else { continue };
        match &event.data {
            CastData::Output(bytes) => output.extend_from_slice(bytes),
            CastData::Input(bytes) => {
                for byte in bytes {
                    if !prompted {
                        steps.extend(prompt(&output).map(Step::Prompt));
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
fn prompt(output: &[u8]) -> Option<String> {
    let text = plain(output);
    let last = text.rsplit('\n').next().unwrap_or_default();
    let start = last.char_indices().rev().nth(PROMPT - 1).map_or(0, |(at, _)| at);
    let prompt = &last[start..];
    (!prompt.trim().is_empty()).then(|| prompt.to_owned())
}

/// Steps of a recording without what was typed: lines that begin with the prompt that most often does.
fn shown(items: &[CastItem]) -> Vec<Step> {
    let mut output = Vec::new();
    for item in items {
        if let CastItem::Event(event) = item
            && let CastData::Output(bytes) = &event.data
        {
            output.extend_from_slice(bytes);
        }
    }
    let text = plain(&output);
    let mut counts: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for line in text.lines() {
        let found = ENDS.iter().filter_map(|end| line.find(end).map(|at| &line[..at + end.len()])).min_by_key(|prompt| prompt.len());
        if let Some(prompt) = found.filter(|prompt| prompt.len() <= 80) {
            *counts.entry(prompt).or_default() += 1;
        }
    }
    let Some((prompt, _)) = counts.into_iter().max_by_key(|(_, count)| *count) else { return Vec::new() };
    let commands = text.lines().filter_map(|line| line.strip_prefix(prompt)).map(str::trim_end).filter(|command| !command.is_empty());
    let end = prompt.char_indices().rev().nth(PROMPT - 1).map_or(0, |(at, _)| at);
    commands.take(STEPS).flat_map(|command| [Step::Prompt(prompt[end..].to_owned()), Step::Line(command.to_owned())]).collect()
}

/// The script.
fn write(recording: &Recording, steps: &[Step]) -> String {
    let hidden = steps.iter().filter(|step| **step == Step::Hidden).count();
    let mut text = String::from("script {\n");
    let _ = writeln!(text, "\tabout = {},", quoted(&format!("What was done in {} on {:.10}", recording.container_name, recording.started_at.to_string())));
    text.push_str("\tparams = {\n\t\tbox = { description = \"the container to do it in\" },\n");
    for number in 1..=hidden {
        let _ = writeln!(text, "\t\thidden_{number} = {{ description = \"what was typed unseen, such as a password\" }},");
    }
    text.push_str("\t},\n}\n\n");
    let command: Vec<String> = recording.command.iter().map(|word| quoted(word)).collect();
    let _ = writeln!(
        text,
        "local term = container(params.box):open({{ command = {{ {} }}, cols = {}, rows = {} }})",
        command.join(", "),
        recording.size.cols,
        recording.size.rows
    );
    let mut number = 0;
    for step in steps {
        let line = match step {
            Step::Prompt(prompt) => format!("\nterm:expect({})", quoted(prompt)),
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
    text.push_str("\nterm:expect_stable(500)\nterm:screen():snapshot(\"at the end\")\n");
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
            typed(&items),
            [at("box:~# "), line("ls"), at("box:~# "), line("su ann"), at("Password: "), Step::Hidden, at("ann$ "), keys(&["up", "ctrl-c"]),]
        );
    }

    #[test]
    fn without_what_was_typed_lines_after_the_prompt_tell_it() {
        let items = [out("me@box:~$ echo one\r\none\r\nme@box:~$ cd /tmp\r\nme@box:~$ ")];
        let steps = shown(&items);
        assert_eq!(steps[1], Step::Line("echo one".to_owned()));
        assert_eq!(steps[3], Step::Line("cd /tmp".to_owned()));
        assert_eq!(shown(&[out("nothing like a prompt\r\n")]), []);
    }
}
