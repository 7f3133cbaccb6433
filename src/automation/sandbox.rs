//! The machine that a script runs in: what it has, and what it may use of memory and time.
use crate::model::RunNote;
use mlua::Lua;
use mlua::LuaOptions;
use mlua::StdLib;
use mlua::VmState;
use mlua::chunk::ChunkMode;
use mlua::chunk::Compiler;
use rustix::time::ClockId;
use std::cell::Cell;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What is taken away: what could reach outside, break the limits, or be called with no one to wait for it.
const TAKEN: [&str; 12] = ["require", "loadstring", "getfenv", "setfenv", "collectgarbage", "debug", "newproxy", "print", "coroutine", "os", "io", "_VERSION"];
/// The limits are looked at each so many calls of the interrupt.
const LOOK: u32 = 256;

/// A script's thread: what Luau and the functions of scripts call in each other lies on it, 200 deep at most. Real pages come as they are used.
pub(super) const STACK: usize = 32 << 20;
/// Tables in tables that become data, at most.
const DEEPEST: usize = 64;

/// A virtual machine with limits.
pub(super) struct Vm {
    pub lua: Lua,
    /// The processor time of its thread from which on its time is counted.
    begun: Rc<Cell<Duration>>,
}

impl Vm {
    /// A fresh one that may use `memory` bytes and `time` of a processor, and ends when `cancel` says so.
    ///
    /// # Errors
    /// When the machine can't be made.
    pub(super) fn new(memory: usize, time: Duration, cancel: Option<CancellationToken>) -> mlua::Result<Self> {
        let libraries = StdLib::TABLE | StdLib::STRING | StdLib::MATH | StdLib::BIT | StdLib::UTF8 | StdLib::BUFFER;
        let lua = Lua::new_with(libraries, LuaOptions::new().catch_rust_panics(false))?;
        // Line numbers and names of locals for messages; no inlining, which would lose them.
        lua.set_compiler(Compiler::new().set_optimization_level(1).set_debug_level(1));
        lua.set_memory_limit(memory)?;
        let begun = Rc::new(Cell::new(processor_time()));
        let (since, mut calls, mut stop, mut yields) = (begun.clone(), 0_u32, None::<String>, false);
        let look = RefCell::new(move |lua: &Lua| {
            calls = calls.wrapping_add(1);
            // Who has gone too far is told at each call: else it could be caught again and again.
            if stop.is_none() && calls.is_multiple_of(LOOK) {
                let used = processor_time().saturating_sub(since.get());
                if cancel.as_ref().is_some_and(CancellationToken::is_cancelled) {
                    stop = Some(STOPPED.to_owned());
                } else if used > time {
                    stop = Some(format!("the script used more than {} of a processor", seconds(time)));
                } else if lua.used_memory() > memory - memory / 64 {
                    stop = Some(MEMORY.to_owned());
                }
                if used > BUSY && !yields {
                    yields = true;
                    // Of this thread alone. Where it is refused, the script only disturbs more.
                    let _ = rustix::process::setpriority_process(None, 10);
                }
            }
            stop.clone()
        });
        lua.set_interrupt(move |lua| {
            // Another call may come while one is looking: it need not look too.
            match look.try_borrow_mut().ok().and_then(|mut look| look(lua)) {
                Some(why) => Err(mlua::Error::runtime(why)),
                None => Ok(VmState::Continue),
            }
        });
        Ok(Self { lua, begun })
    }

    /// Counts its time anew: for the next of many short calls. One that has gone too far stays ended.
    pub(super) fn again(&self) {
        self.begun.set(processor_time());
    }

    /// Takes away what could reach outside, and lets nobody change the rest. What the script is to have is there by then.
    ///
    /// # Errors
    /// When the machine has no memory for it.
    pub(super) fn close(&self) -> mlua::Result<()> {
        for name in TAKEN {
            self.lua.globals().set(name, mlua::Nil)?;
        }
        self.lua.sandbox(true)
    }

    /// The script as a function.
    ///
    /// # Errors
    /// When its syntax is wrong.
    pub(super) fn load(&self, name: &str, source: &str) -> mlua::Result<mlua::Function> {
        self.lua.load(source).set_name(format!("={name}")).set_mode(ChunkMode::Text).into_function()
    }
}

/// What a script that used too much memory says.
const MEMORY: &str = "the script used more memory than it may";
/// A script that has computed for so long gives way to everything else.
const BUSY: Duration = Duration::from_secs(1);
/// What a script that was told to end says.
pub(super) const STOPPED: &str = "the run was told to end";

/// Processor time of this thread.
pub(super) fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// A time in words: `0.2 s`, `60 s`.
pub(super) fn seconds(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds.fract() == 0.0 { format!("{seconds:.0} s") } else { format!("{seconds:.1} s") }
}

/// The script's line in an error: Luau's own begin with it; of those from calls it is the first in the traceback.
pub(super) fn line_of(name: &str, error: &mlua::Error) -> Option<u32> {
    let text = error.to_string();
    let mark = format!("{name}:");
    text.match_indices(&mark).find_map(|(at, mark)| {
        let rest = &text[at + mark.len()..];
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest[..digits].parse().ok()
    })
}

/// An error without traceback and place.
pub(super) fn words(name: &str, error: &mlua::Error) -> String {
    let text = match error {
        mlua::Error::CallbackError { cause, .. } => return words(name, cause),
        mlua::Error::WithContext { cause, .. } => return words(name, cause),
        mlua::Error::ExternalError(error) => error.to_string(),
        mlua::Error::MemoryError(_) => MEMORY.to_owned(),
        mlua::Error::SyntaxError { message, .. } => message.clone(),
        mlua::Error::RuntimeError(message) => message.clone(),
        other => other.to_string(),
    };
    let text = text.split("\nstack traceback:").next().unwrap_or_default().trim();
    let text = text.strip_prefix("runtime error: ").or_else(|| text.strip_prefix("syntax error: ")).unwrap_or(text);
    let mut rest = text;
    let mark = format!("{name}:");
    if let Some(after) = rest.strip_prefix(&mark) {
        let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        if let Some(after) = after[digits..].strip_prefix(": ") {
            rest = after;
        }
    }
    match rest {
        "not enough memory" => MEMORY.to_owned(),
        deep if deep.contains("stack overflow") => "the script calls itself too deeply".to_owned(),
        other => other.to_owned(),
    }
}

/// A Luau value as data.
///
/// # Errors
/// When it holds functions, things of cto's own, or too many tables in each other: itself, for example.
pub(super) fn to_json(value: &mlua::Value) -> mlua::Result<serde_json::Value> {
    data(value, 0)
}

fn data(value: &mlua::Value, depth: usize) -> mlua::Result<serde_json::Value> {
    use mlua::Value;
    use serde_json::Value as Json;
    if depth > DEEPEST {
        return Err(mlua::Error::runtime(format!("more than {DEEPEST} tables in each other can't become data")));
    }
    Ok(match value {
        Value::Nil => Json::Null,
        value if value.is_null() => Json::Null,
        Value::Boolean(truth) => Json::Bool(*truth),
        Value::Integer(number) => Json::from(*number),
        // Whole numbers are written as such: Luau has one kind.
        Value::Number(number) if number.fract() == 0.0 && number.abs() < 9.0e15 => Json::from(*number as i64),
        Value::Number(number) => serde_json::Number::from_f64(*number).map_or(Json::Null, Json::Number),
        Value::String(text) => Json::String(text.to_string_lossy()),
        Value::Table(table) if table.raw_len() > 0 => {
            let mut items = Vec::new();
            for item in table.sequence_values::<Value>() {
                items.push(data(&item?, depth + 1)?);
            }
            Json::Array(items)
        }
        Value::Table(table) => {
            let mut fields = serde_json::Map::new();
            for pair in table.pairs::<Value, Value>() {
                let (name, item) = pair?;
                let name = match name {
                    Value::String(name) => name.to_string_lossy(),
                    Value::Integer(number) => number.to_string(),
                    Value::Number(number) => number.to_string(),
                    other => return Err(mlua::Error::runtime(format!("a {} can't be a name in data", other.type_name()))),
                };
                fields.insert(name, data(&item, depth + 1)?);
            }
            // The machine's order is that of its memory.
            fields.sort_keys();
            Json::Object(fields)
        }
        other => return Err(mlua::Error::runtime(format!("a {} can't become data", other.type_name()))),
    })
}

/// The last picture of a failed step and the like.
pub(super) fn screen_note(label: impl Into<String>, text: String) -> RunNote {
    RunNote::Screen { label: label.into(), text }
}
