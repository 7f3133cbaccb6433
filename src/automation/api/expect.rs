//! Waiting, as scripts write it: patterns, lists of them, arms, prompts.
use super::ctx::failure;
use super::ctx::wrong;
use super::options::Options;
use super::screen;
use super::session::SessionRef;
use crate::automation::pattern::Pattern;
use crate::automation::pattern::Patterns;
use crate::automation::pattern::shown;
use crate::automation::sandbox::seconds;
use crate::automation::stream::Came;
use crate::error::Error;
use crate::model::Code;
use mlua::Function;
use mlua::Lua;
use mlua::MultiValue;
use mlua::Table;
use mlua::UserData;
use mlua::UserDataFields;
use mlua::UserDataMethods;
use mlua::Value;
use std::time::Duration;
use tokio::time::Instant;

/// Characters of what was seen last that messages show.
const SEEN: usize = 80;
/// A prompt that no mark tells of is believed when nothing comes for so long.
const QUIET: Duration = Duration::from_millis(150);
/// The end of a prompt as shells mark it (OSC 133;B), with what may follow up to the end of the mark.
const MARK: &str = r"\x1b\]133;B[^\x07\x1b]*(?:\x07|\x1b\\)";
/// The beginning of a prompt as shells mark it.
const BEGIN: &[u8] = b"\x1b]133;A";
/// What a prompt without mark ends with.
const USUAL: &str = r"(?:^|[\r\n])[^\r\n]*[$#>%\x{276f}] ?(?:\x1b\[[0-9;?]*[a-zA-Z])*$";
/// Bytes of a regular expression and of a literal.
const LONGEST: usize = 64 << 10;

/// What was matched last, for the session's fields.
#[derive(Default)]
pub(super) struct Last {
    before: Vec<u8>,
    text: Option<Vec<u8>>,
    groups: Vec<(Option<String>, Option<Vec<u8>>)>,
}

/// A pattern that is no literal.
#[derive(Clone)]
struct PatternRef(Pattern);

impl UserData for PatternRef {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(mlua::MetaMethod::ToString, |_, this, ()| Ok(this.0.shown()));
        methods.add_meta_method(mlua::MetaMethod::Eq, |_, this, other: Value| Ok(of_value(&other).is_some_and(|other| other.shown() == this.0.shown())));
    }
}

pub(super) fn install(lua: &Lua) -> mlua::Result<()> {
    let globals = lua.globals();
    let regex = lua.create_function(|_, text: String| {
        if text.len() > LONGEST {
            return Err(wrong("a regular expression has at most 64 KiB"));
        }
        Pattern::regex(&text).map(PatternRef).map_err(wrong)
    })?;
    globals.set("regex", regex)?;
    globals.set("EOF", PatternRef(Pattern::End))?;
    globals.set("TIMEOUT", PatternRef(Pattern::Timeout))
}

fn of_value(value: &Value) -> Option<Pattern> {
    match value {
        Value::UserData(data) => data.borrow::<PatternRef>().ok().map(|pattern| pattern.0.clone()),
        Value::String(text) if text.as_bytes().len() <= LONGEST => Some(Pattern::Literal(text.as_bytes().to_vec())),
        _ => None,
    }
}

/// A pattern: a literal string, or a `regex`.
pub(super) fn pattern(value: &Value) -> mlua::Result<Pattern> {
    match of_value(value) {
        Some(Pattern::Literal(bytes)) if bytes.is_empty() => Err(wrong("an empty string is found everywhere: say what to wait for")),
        Some(pattern) => Ok(pattern),
        None if value.is_nil() => Err(wrong("expected a string or regex(…), found nothing")),
        None => Err(wrong(format!("expected a string or regex(…), found a {}", value.type_name()))),
    }
}

/// What a call waits for, and what it does then.
struct Wanted {
    patterns: Patterns,
    /// A function for each pattern that has one.
    arms: Vec<Option<Function>>,
    /// The timeout is an arm, not an error.
    on_timeout: Option<Function>,
    on_end: Option<Function>,
    within: Option<Duration>,
}

/// Reads `expect(pattern)`, `expect({pattern, …})` and `expect({{pattern, function}, …, timeout = function, eof = function, within = 10})`.
fn wanted(call: &'static str, value: &Value) -> mlua::Result<Wanted> {
    let mut wanted = Wanted { patterns: Patterns::default(), arms: Vec::new(), on_timeout: None, on_end: None, within: None };
    let Value::Table(table) = value else {
        wanted.patterns.0.push(pattern(value)?);
        wanted.arms.push(None);
        return Ok(wanted);
    };
    let options = Options::of(call, value.clone(), &["timeout", "eof", "within"])?;
    for item in table.sequence_values::<Value>() {
        let (what, arm) = match item? {
            Value::Table(pair) => (pattern(&pair.raw_get(1)?)?, pair.raw_get::<Option<Function>>(2)?),
            other => (pattern(&other)?, None),
        };
        wanted.patterns.0.push(what);
        wanted.arms.push(arm);
    }
    let function = |name: &str| match options.value(name)? {
        Value::Nil => Ok(None),
        Value::Function(function) => Ok(Some(function)),
        other => Err(wrong(format!("{call}: the arm '{name}' is a function, not a {}", other.type_name()))),
    };
    wanted.on_timeout = function("timeout")?;
    wanted.on_end = function("eof")?;
    wanted.within = options.seconds("within")?;
    if wanted.patterns.0.is_empty() && wanted.on_timeout.is_none() && wanted.on_end.is_none() {
        return Err(wrong(format!("{call}: there is nothing to wait for")));
    }
    if wanted.patterns.0.len() > 1_000 {
        return Err(wrong(format!("{call}: at most 1000 patterns")));
    }
    Ok(wanted)
}

async fn wait(session: &SessionRef, patterns: &Patterns, within: Duration, window: Option<usize>) -> Came {
    if !session.is_recorded() {
        loop {
            let came = session.0.stream.expect(patterns, within, window).await;
            // The time in which a person types does not count.
            match came {
                Came::Timeout { .. } if session.0.ctx.live.taken_by().is_some() => session.0.ctx.live.handed_back().await,
                came => return came,
            }
        }
    }
    // A recording's time does not count: it goes on as far as it is waited for.
    loop {
        match session.0.stream.expect(patterns, Duration::ZERO, window).await {
            Came::Timeout { before } if !session.advance() => return Came::End { before },
            Came::Timeout { .. } => {}
            came => return came,
        }
    }
}

/// What was seen last, for messages.
fn seen(before: &[u8]) -> String {
    let plain = plain(before);
    let text = plain.trim_end();
    let start = text.char_indices().rev().nth(SEEN - 1).map_or(0, |(at, _)| at);
    if text.is_empty() { "nothing came".to_owned() } else { format!("last saw '{}'", shown(&text.as_bytes()[start..])) }
}

/// Output without what drives a terminal, with `\n` as line ends.
pub(in crate::automation) fn plain(bytes: &[u8]) -> String {
    let safe = crate::term::safe_text(bytes);
    let text = String::from_utf8_lossy(&safe).replace("\r\n", "\n").replace('\r', "\n");
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    // Only colours are left of sequences.
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            chars.by_ref().find(|c| c.is_ascii_alphabetic());
        } else {
            plain.push(c);
        }
    }
    plain
}

async fn expect(lua: &Lua, session: &SessionRef, call: &'static str, value: Value, options: Value) -> mlua::Result<MultiValue> {
    let wanted = wanted(call, &value)?;
    let options = Options::of(call, options, &["timeout", "window"])?;
    let within = options.seconds("timeout")?.or(wanted.within).unwrap_or_else(|| session.0.within.get());
    let window = options.count("window", 1 << 20)?.and_then(|window| usize::try_from(window).ok()).or_else(|| session.0.window.get());
    session.used();
    session.0.ctx.begin(lua, || format!("{call} {}", wanted.patterns.shown()), Some(&session.0.id)).await;
    if call == "expect_new" {
        session.0.stream.take();
    }
    finish(lua, session, call, wanted, within, window).await
}

async fn finish(lua: &Lua, session: &SessionRef, call: &'static str, wanted: Wanted, within: Duration, window: Option<usize>) -> mlua::Result<MultiValue> {
    match wait(session, &wanted.patterns, within, window).await {
        Came::Match { found, before, text, groups } => {
            *session.0.last.borrow_mut() = Last { before: before.clone(), text: Some(text.clone()), groups: groups.clone() };
            let result = result(lua, found.index, &before, Some(&text), &groups)?;
            match wanted.arms.into_iter().nth(found.index).flatten() {
                Some(arm) => arm.call_async(result).await,
                None => Ok(MultiValue::from_vec(vec![Value::Table(result)])),
            }
        }
        Came::End { before } => {
            *session.0.last.borrow_mut() = Last { before: before.clone(), text: None, groups: Vec::new() };
            let place = wanted.patterns.end();
            let arm = place.and_then(|place| wanted.arms[place].clone()).or(wanted.on_end);
            without_match(lua, place, arm, &before, || {
                let what = wanted.patterns.shown();
                Error::new(Code::WrongState, format!("the output ended before {what} came; {}", seen(&before)))
            })
            .await
        }
        Came::Timeout { before } => {
            *session.0.last.borrow_mut() = Last { before: before.clone(), text: None, groups: Vec::new() };
            let place = wanted.patterns.timeout();
            let arm = place.and_then(|place| wanted.arms[place].clone()).or(wanted.on_timeout);
            without_match(lua, place, arm, &before, || {
                let error = Error::new(Code::TimedOut, format!("waited {} for {}, {}", seconds(within), wanted.patterns.shown(), seen(&before)));
                error.fix(format!("look at the screen below; a longer wait is {call}(…, {{ timeout = {} }})", (within.as_secs() * 2).max(1)))
            })
            .await
        }
    }
}

/// An arm, an index, or an error.
async fn without_match(lua: &Lua, place: Option<usize>, arm: Option<Function>, before: &[u8], error: impl FnOnce() -> Error) -> mlua::Result<MultiValue> {
    if place.is_none() && arm.is_none() {
        return Err(failure(error()));
    }
    let result = result(lua, place.unwrap_or(usize::MAX - 1), before, None, &[])?;
    match arm {
        Some(arm) => arm.call_async(result).await,
        None => Ok(MultiValue::from_vec(vec![Value::Table(result)])),
    }
}

fn result(lua: &Lua, index: usize, before: &[u8], text: Option<&[u8]>, groups: &[(Option<String>, Option<Vec<u8>>)]) -> mlua::Result<Table> {
    let result = lua.create_table()?;
    if index < usize::MAX - 1 {
        result.set("index", index + 1)?;
    }
    result.set("before", lua.create_string(before)?)?;
    if let Some(text) = text {
        result.set("match", lua.create_string(text)?)?;
    }
    result.set("groups", groups_table(lua, groups)?)?;
    Ok(result)
}

fn groups_table(lua: &Lua, groups: &[(Option<String>, Option<Vec<u8>>)]) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    for (index, (name, text)) in groups.iter().enumerate() {
        let value = text.as_ref().map(|text| lua.create_string(text)).transpose()?;
        table.set(index + 1, value.clone())?;
        if let Some(name) = name {
            table.set(name.as_str(), value)?;
        }
    }
    Ok(table)
}

/// Lets a person type: until they hand back by resuming the run, or until what they are to bring about is there.
pub(super) async fn hand_over(lua: &Lua, session: &SessionRef, why: String, options: Value) -> mlua::Result<bool> {
    let options = Options::of("hand_over", options, &["timeout", "until_seen"])?;
    let until = match options.value("until_seen")? {
        Value::Nil => None,
        value => Some(Patterns(vec![pattern(&value)?])),
    };
    let within = options.seconds("timeout")?.unwrap_or(Duration::from_secs(3600));
    session.used();
    session.0.ctx.note_call(lua, || format!("hand over: {why}"), Some(&session.0.id)).await;
    if session.is_recorded() {
        return Ok(true);
    }
    let live = session.0.ctx.live.clone();
    let line = session.0.ctx.line(lua);
    let seen = async {
        match &until {
            Some(patterns) => matches!(session.0.stream.expect(patterns, within, None).await, Came::Match { .. }),
            None => std::future::pending().await,
        }
    };
    let handed = tokio::select! {
        () = live.wait_for_person(line, why) => true,
        seen = seen => seen,
        () = tokio::time::sleep(within) => false,
    };
    live.resume(false);
    live.unpaused();
    Ok(handed)
}

/// Waits for the prompt: what `set_prompt` says, else the shell's own mark, else what looks like one and stays.
async fn prompt(session: &SessionRef, within: Duration) -> mlua::Result<Vec<u8>> {
    let set = session.0.prompt.borrow().clone();
    let usual = set.is_none();
    let patterns = match set {
        Some(pattern) => Patterns(vec![pattern]),
        None => Patterns(vec![Pattern::regex(MARK).map_err(wrong)?, Pattern::regex(USUAL).map_err(wrong)?]),
    };
    let until = Instant::now() + within;
    let mut whole = Vec::new();
    loop {
        match wait(session, &patterns, until.saturating_duration_since(Instant::now()), session.0.window.get()).await {
            Came::Match { found, before, text, .. } => {
                whole.extend(before);
                // What only looks like a prompt may be the middle of a line that is still being printed.
                if usual && found.index == 1 && !session.is_recorded() {
                    let quiet = tokio::time::timeout(QUIET, session.0.stream.more()).await.is_err();
                    if !quiet {
                        whole.extend(text);
                        continue;
                    }
                }
                // The prompt itself is no output, where its beginning is marked too.
                if let Some(begin) = memchr::memmem::rfind(&whole, BEGIN) {
                    whole.truncate(begin);
                }
                return Ok(whole);
            }
            Came::End { before } => return Err(failure(Error::new(Code::WrongState, format!("the output ended before a prompt came; {}", seen(&before))))),
            Came::Timeout { before } => {
                let error = Error::new(Code::TimedOut, format!("waited {} for a prompt, {}", seconds(within), seen(&before)));
                return Err(failure(error.fix("say what it looks like: session:set_prompt(\"my-prompt> \")")));
            }
        }
    }
}

pub(super) fn add_fields<F: UserDataFields<SessionRef>>(fields: &mut F) {
    fields.add_field_method_get("before", |lua, this| lua.create_string(&this.0.last.borrow().before));
    fields.add_field_method_get("match", |lua, this| this.0.last.borrow().text.as_ref().map(|text| lua.create_string(text)).transpose());
    fields.add_field_method_get("groups", |lua, this| groups_table(lua, &this.0.last.borrow().groups));
}

pub(super) fn add_methods<M: UserDataMethods<SessionRef>>(methods: &mut M) {
    methods.add_async_method("expect", |lua, this, (value, options)| async move { expect(&lua, &this, "expect", value, options).await });
    methods.add_async_method("expect_new", |lua, this, (value, options)| async move { expect(&lua, &this, "expect_new", value, options).await });
    methods.add_async_method("expect_not", |lua, this, (value, options): (Value, Value)| async move {
        let unwanted = wanted("expect_not", &value)?;
        let options = Options::of("expect_not", options, &["within"])?;
        let within = options.seconds("within")?.or(unwanted.within).unwrap_or(Duration::from_secs(1));
        this.used();
        this.0.ctx.begin(&lua, || format!("expect_not {}", unwanted.patterns.shown()), Some(&this.0.id)).await;
        match wait(&this, &unwanted.patterns, within, this.0.window.get()).await {
            Came::Match { text, before, .. } => {
                let tail = seen(&[before, text.clone()].concat());
                Err(failure(Error::new(Code::WrongState, format!("'{}' came, and was not to come; {tail}", shown(&text)))))
            }
            Came::End { before } => {
                // What came stays for others, as after a timeout.
                this.0.stream.feed(&before);
                Ok(())
            }
            Came::Timeout { .. } => Ok(()),
        }
    });
    methods.add_async_method("expect_eof", |lua, this, options: Value| async move {
        let options = Options::of("expect_eof", options, &["timeout"])?;
        let within = options.seconds("timeout")?.unwrap_or_else(|| this.0.within.get());
        this.used();
        this.0.ctx.begin(&lua, || "expect_eof".to_owned(), Some(&this.0.id)).await;
        let wanted = Wanted { patterns: Patterns(vec![Pattern::End]), arms: vec![None], on_timeout: None, on_end: None, within: None };
        finish(&lua, &this, "expect_eof", wanted, within, None).await
    });
    methods.add_async_method("wait_prompt", |lua, this, options: Value| async move {
        let options = Options::of("wait_prompt", options, &["timeout"])?;
        let within = options.seconds("timeout")?.unwrap_or_else(|| this.0.within.get());
        this.used();
        this.0.ctx.begin(&lua, || "wait_prompt".to_owned(), Some(&this.0.id)).await;
        let before = prompt(&this, within).await?;
        let text = lua.create_string(&before)?;
        *this.0.last.borrow_mut() = Last { before, text: None, groups: Vec::new() };
        Ok(text)
    });
    methods.add_async_method("run", |lua, this, (line, options): (String, Value)| async move {
        let options = Options::of("run", options, &["timeout"])?;
        let within = options.seconds("timeout")?.unwrap_or_else(|| this.0.within.get());
        this.used();
        this.0.ctx.begin(&lua, || format!("run '{}'", shown(line.as_bytes())), Some(&this.0.id)).await;
        this.type_line(&line).await?;
        let output = plain(&prompt(&this, within).await?);
        // The terminal shows what was typed first.
        let output = output.strip_prefix(line.as_str()).unwrap_or(&output);
        lua.create_string(output.trim_start_matches(['\r', '\n']).trim_end_matches(['\r', '\n']))
    });
    methods.add_async_method("read", |lua, this, options: Value| async move {
        let options = Options::of("read", options, &["timeout"])?;
        let within = options.seconds("timeout")?.unwrap_or_else(|| this.0.within.get());
        this.used();
        this.0.ctx.begin(&lua, || "read".to_owned(), Some(&this.0.id)).await;
        if this.0.stream.unread().is_empty() {
            if this.is_recorded() {
                this.advance();
            } else if tokio::time::timeout(within, this.0.stream.more()).await.is_err() {
                return Err(failure(Error::new(Code::TimedOut, format!("nothing came for {}", seconds(within)))));
            }
        }
        lua.create_string(this.0.stream.take())
    });
    screen::add_methods(methods);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_told_in_words() {
        assert_eq!(seen(b"\x1b[31mred\x1b[0m\r\nlogin: "), "last saw 'red\\nlogin:'");
        assert_eq!(seen(b"\x1b[2J"), "nothing came");
        assert_eq!(plain(b"a\x1b[1;31mb\x1b[0m\r\nc"), "ab\nc");
    }
}
