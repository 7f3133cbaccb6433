//! The machine that a script runs in: what it has, and what it may use of memory and time.
use crate::model::RunNote;
use mlua::Lua;
use mlua::LuaOptions;
use mlua::LuaSerdeExt as _;
use mlua::StdLib;
use mlua::VmState;
use mlua::chunk::ChunkMode;
use mlua::chunk::Compiler;
use rustix::time::ClockId;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What is taken away: what could reach outside, break the limits, or be called with no one to wait for it.
const TAKEN: [&str; 12] = ["require", "loadstring", "getfenv", "setfenv", "collectgarbage", "debug", "newproxy", "print", "coroutine", "os", "io", "_VERSION"];
/// The limits are looked at each so many calls of the interrupt.
const LOOK: u32 = 256;

/// A virtual machine with limits.
pub(super) struct Vm {
    pub lua: Lua,
}

impl Vm {
    /// A fresh one that may use `memory` bytes and `time` of a processor, and ends when `cancel` says so.
    ///
    /// # Errors
    /// When the machine can't be made.
    pub(super) fn new(memory: usize, time: Duration, cancel: Option<CancellationToken>) -> mlua::Result<Self> {
        let libraries = StdLib::TABLE | StdLib::STRING | StdLib::MATH | StdLib::BIT | StdLib::UTF8 | StdLib::BUFFER;
        let lua = Lua::new_with(libraries, LuaOptions::new().catch_rust_panics(false))?;
        for name in TAKEN {
            lua.globals().set(name, mlua::Nil)?;
        }
        // Line numbers and names of locals for messages; no inlining, which would lose them.
        lua.set_compiler(Compiler::new().set_optimization_level(1).set_debug_level(1));
        lua.set_memory_limit(memory)?;
        let (begun, calls) = (processor_time(), Rc::new(Cell::new(0_u32)));
        lua.set_interrupt(move |_| {
            let count = calls.get().wrapping_add(1);
            calls.set(count);
            if count % LOOK == 0 {
                if cancel.as_ref().is_some_and(CancellationToken::is_cancelled) {
                    return Err(mlua::Error::runtime(STOPPED));
                }
                if processor_time().saturating_sub(begun) > time {
                    return Err(mlua::Error::runtime(format!("the script used more than {} of a processor", seconds(time))));
                }
            }
            Ok(VmState::Continue)
        });
        Ok(Self { lua })
    }

    /// The script as a function.
    ///
    /// # Errors
    /// When its syntax is wrong.
    pub(super) fn load(&self, name: &str, source: &str) -> mlua::Result<mlua::Function> {
        self.lua.load(source).set_name(format!("={name}")).set_mode(ChunkMode::Text).into_function()
    }
}

/// What a script that was told to end says.
pub(super) const STOPPED: &str = "the run was told to end";

/// Processor time of this thread.
fn processor_time() -> Duration {
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
        mlua::Error::MemoryError(_) => "the script used more memory than it may".to_owned(),
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
        "not enough memory" => "the script used more memory than it may".to_owned(),
        "stack overflow" => "the script calls itself too deeply".to_owned(),
        other => other.to_owned(),
    }
}

/// A Luau value as data.
///
/// # Errors
/// When it holds functions, things of cto's own, or itself.
pub(super) fn to_json(lua: &Lua, value: &mlua::Value) -> mlua::Result<serde_json::Value> {
    let options = mlua::serde::DeserializeOptions::new().deny_unsupported_types(true).deny_recursive_tables(true);
    lua.from_value_with(value.clone(), options)
}

/// The last picture of a failed step and the like.
pub(super) fn screen_note(label: impl Into<String>, text: String) -> RunNote {
    RunNote::Screen { label: label.into(), text }
}
