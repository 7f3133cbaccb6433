//! The machine that a plugin's functions for columns, panels and launches run in: what computes, and nothing of cto's.
use crate::automation::api;
use crate::automation::sandbox;
use crate::automation::sandbox::Vm;
use crate::model::PluginRole;
use crate::model::PluginText;
use crate::term::one_line;
use mlua::Function;
use mlua::Lua;
use mlua::Table;
use mlua::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// What such a machine may use of memory.
pub(super) const MEMORY: usize = 16 << 20;
/// Bytes of a text that are looked at, for each letter that is kept.
const BYTES: usize = 8;
/// Lines of a panel, letters of each.
const LINES: usize = 500;
const LINE: usize = 400;

/// A file of functions, ready to be called.
pub(super) struct Pure {
    vm: Vm,
    file: String,
    functions: BTreeMap<String, Function>,
}

/// A plugin does not want a launch.
#[derive(Debug)]
pub(super) struct Refused(pub String);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

/// Why a function gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// It says no.
    Refused(String),
    /// It has a mistake, or went too far.
    Broken(String),
}

impl Failed {
    pub(super) fn words(self) -> String {
        match self {
            Self::Refused(words) | Self::Broken(words) => words,
        }
    }
}

impl Pure {
    /// Reads a file of functions; each call may take `time` of a processor. It needs a thread with a stack for a machine.
    ///
    /// # Errors
    /// Why it can't be read.
    pub(super) fn new(file: &str, source: &str, kind: &str, time: Duration) -> Result<Self, Failed> {
        let fail = |error: &mlua::Error| failed(file, error);
        let vm = Vm::new(MEMORY, time, None).and_then(|vm| vm.close().map(|()| vm)).map_err(|error| fail(&error))?;
        let given = refuse(&vm.lua).and_then(|refuse| api::functions_of(&vm.lua, (file, source), kind, vec![("refuse", refuse)]));
        let functions = given.map_err(|error| fail(&error))?.into_iter().collect();
        Ok(Self { vm, file: file.to_owned(), functions })
    }

    /// Whether there is a function of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.functions.contains_key(name)
    }

    fn call(&self, name: &str, given: &[&serde_json::Value]) -> Result<Value, Failed> {
        let Some(function) = self.functions.get(name) else { return Err(Failed::Broken(format!("{} has no function '{name}'", self.file))) };
        self.vm.again();
        let mut values = Vec::with_capacity(given.len());
        for value in given {
            values.push(api::from_json(&self.vm.lua, value).map_err(|error| failed(&self.file, &error))?);
        }
        function.call(mlua::MultiValue::from_vec(values)).map_err(|error| failed(&self.file, &error))
    }

    /// A short text.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn text(&self, name: &str, given: &[&serde_json::Value], most: usize) -> Result<PluginText, Failed> {
        let value = self.call(name, given)?;
        text_of(&value, most).map_err(|why| Failed::Broken(format!("'{name}' gave {why}")))
    }

    /// Lines of text.
    ///
    /// # Errors
    /// Why there are none.
    pub(super) fn lines(&self, name: &str, given: &[&serde_json::Value]) -> Result<Vec<PluginText>, Failed> {
        let broken = |why: String| Failed::Broken(format!("'{name}' gave {why}"));
        let table = match self.call(name, given)? {
            Value::Nil => return Ok(Vec::new()),
            // A text may have several lines.
            Value::String(text) => {
                let bytes = text.as_bytes();
                let text = String::from_utf8_lossy(&bytes[..bytes.len().min(LINES * LINE)]).into_owned();
                return Ok(text.lines().take(LINES).map(|line| PluginText { text: clean(line.as_bytes(), LINE), role: PluginRole::Text }).collect());
            }
            Value::Table(table) => table,
            other => return Err(broken(format!("a {}, and not lines", other.type_name()))),
        };
        // One line alone.
        if !matches!(raw(&table, "text"), Value::Nil) {
            return text_of(&Value::Table(table), LINE).map(|line| vec![line]).map_err(broken);
        }
        let mut lines = Vec::new();
        for index in 1..=LINES {
            match table.raw_get::<Value>(index) {
                Ok(Value::Nil) => break,
                Ok(value) => lines.push(text_of(&value, LINE).map_err(|why| broken(format!("{why} as line {index}")))?),
                Err(error) => return Err(failed(&self.file, &error)),
            }
        }
        Ok(lines)
    }

    /// Data.
    ///
    /// # Errors
    /// Why there are none.
    pub(super) fn data(&self, name: &str, given: &[&serde_json::Value]) -> Result<serde_json::Value, Failed> {
        let value = self.call(name, given)?;
        sandbox::to_json(&value).map_err(|error| failed(&self.file, &error))
    }
}

/// `refuse(why)`.
fn refuse(lua: &Lua) -> mlua::Result<Function> {
    lua.create_function(|_, why: Value| {
        let words = match &why {
            Value::String(text) => clean(&text.as_bytes(), LINE),
            _ => "it does not say why".to_owned(),
        };
        Err::<(), _>(mlua::Error::external(Refused(words)))
    })
}

fn failed(file: &str, error: &mlua::Error) -> Failed {
    if let Some(refused) = error.downcast_ref::<Refused>() {
        return Failed::Refused(refused.0.clone());
    }
    let at = sandbox::line_of(file, error).map(|line| format!(":{line}")).unwrap_or_default();
    Failed::Broken(format!("{file}{at}: {}", clean(sandbox::words(file, error).as_bytes(), LINE)))
}

fn raw(table: &Table, name: &str) -> Value {
    table.raw_get(name).unwrap_or(Value::Nil)
}

/// What a function gave, as a text: text, a number or a truth, or a table with `text` and `role`.
fn text_of(value: &Value, most: usize) -> Result<PluginText, String> {
    let plain = |value: &Value| match value {
        Value::Nil => Ok(String::new()),
        Value::String(text) => Ok(clean(&text.as_bytes(), most)),
        Value::Boolean(truth) => Ok(truth.to_string()),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Number(number) => Ok(clean(number.to_string().as_bytes(), most)),
        other => Err(format!("a {}, and not a text", other.type_name())),
    };
    let Value::Table(table) = value else { return plain(value).map(|text| PluginText { text, role: PluginRole::Text }) };
    let role = match raw(table, "role") {
        Value::Nil => PluginRole::Text,
        Value::String(name) => {
            let name = clean(&name.as_bytes(), 40);
            let known = PluginRole::ALL.into_iter().find(|role| role.as_str() == name);
            known.ok_or_else(|| format!("the role '{name}', and there are {}", PluginRole::ALL.map(PluginRole::as_str).join(", ")))?
        }
        other => return Err(format!("a {} as role", other.type_name())),
    };
    plain(&raw(table, "text")).map(|text| PluginText { text, role })
}

/// A plugin's bytes as one line that drives no terminal, and turns no writing round.
fn clean(bytes: &[u8], most: usize) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(most.saturating_mul(BYTES))]);
    let turns = |c: char| matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    one_line(&text.chars().filter(|c| !turns(*c)).collect::<String>(), most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugins_text_is_one_short_line_that_drives_nothing() {
        assert_eq!(clean("a\u{1b}]52;c;eA==\u{7}b\r\n\u{202e}c\u{1b}[31md".as_bytes(), 40), "ab  cd");
        assert_eq!(clean(&vec![b'x'; 1 << 20], 10), "xxxxxxxxx…");
    }

    #[test]
    fn functions_that_go_too_far_are_ended_each_for_itself() {
        let source = "return { ends = function() while true do end end, eats = function() local t = {} while true do table.insert(t, string.rep(tostring(#t), 65536)) end end,\n\
            deep = function() local function f() return 1 + f() end return f() end, says = function(row) return row.name end,\n\
            caught = function() while true do pcall(function() while true do end end) end end, no = function() refuse(\"because\") end }";
        let work = move || {
            // What eats memory has the time for it, also beside others.
            let time = |name: &str| if name == "eats" { Duration::from_secs(10) } else { Duration::from_millis(50) };
            let call = |name: &str| Pure::new("x/f.luau", source, "columns", time(name)).unwrap().text(name, &[&serde_json::json!({"name": "web"})], 40);
            assert_eq!(call("says").unwrap().text, "web");
            assert_eq!(call("no").unwrap_err(), Failed::Refused("because".to_owned()));
            for (name, wanted) in [("ends", "of a processor"), ("caught", "of a processor"), ("eats", "more memory"), ("deep", "too deeply")] {
                let words = call(name).unwrap_err().words();
                assert!(words.contains(wanted), "{name}: {words}");
            }
        };
        std::thread::Builder::new().stack_size(sandbox::STACK).spawn(work).unwrap().join().unwrap();
    }
}
