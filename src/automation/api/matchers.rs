//! `matchers.PLUGIN.FUNCTION(text)`: functions of plugins that look at text. They have nothing of cto's, whatever the script may do.
use super::ctx::Ctx;
use super::ctx::wrong;
use crate::automation::sandbox;
use crate::config::did_you_mean;
use mlua::Function;
use mlua::Lua;
use mlua::MultiValue;
use mlua::Table;
use mlua::Value;
use mlua::chunk::ChunkMode;
use std::collections::HashMap;
use std::rc::Rc;

/// What a file of matchers has: what computes, and nothing that acts.
const PURE: [&str; 22] = [
    "assert",
    "error",
    "getmetatable",
    "setmetatable",
    "ipairs",
    "pairs",
    "next",
    "pcall",
    "xpcall",
    "rawequal",
    "rawget",
    "rawlen",
    "rawset",
    "select",
    "tonumber",
    "tostring",
    "type",
    "unpack",
    "table",
    "string",
    "math",
    "utf8",
];
/// Functions that one file may give.
const MOST: usize = 200;

/// The matchers of a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::automation) struct Matchers {
    /// Its name.
    pub plugin: String,
    /// The file's name in messages.
    pub file: String,
    /// What is in it.
    pub source: String,
}

pub(super) fn install(lua: &Lua, ctx: &Rc<Ctx>) -> mlua::Result<()> {
    let known: HashMap<String, Matchers> = ctx.matchers.iter().map(|one| (one.plugin.clone(), one.clone())).collect();
    // Read when a script first asks for it: a broken one harms only who uses it.
    let read = lua.create_table()?;
    let find = lua.create_function(move |lua, (_, name): (Value, String)| {
        if let Value::Table(there) = read.raw_get::<Value>(name.as_str())? {
            return Ok(there);
        }
        let Some(matchers) = known.get(&name) else {
            let meant = did_you_mean(&name, known.keys().map(String::as_str));
            return Err(wrong(format!("no plugin '{name}' with matchers is enabled{meant}")));
        };
        let table = matchers_of(lua, &matchers.file, &matchers.source)
            .map_err(|error| wrong(format!("the matchers of plugin '{name}' can't be used: {}", sandbox::words("", &error))))?;
        read.raw_set(name.as_str(), &table)?;
        Ok(table)
    })?;
    let meta = lua.create_table()?;
    meta.set("__index", find)?;
    meta.set("__metatable", "of cto's own")?;
    meta.set_readonly(true);
    let all = lua.create_table()?;
    all.set_metatable(Some(meta))?;
    all.set_readonly(true);
    lua.globals().set("matchers", all)
}

/// Runs a file of matchers and takes the functions that it gives.
///
/// # Errors
/// When it fails, or gives anything but functions.
pub(in crate::automation) fn matchers_of(lua: &Lua, file: &str, source: &str) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    for (name, function) in functions_of(lua, (file, source), "matchers", Vec::new())? {
        table.raw_set(name.as_str(), guarded(lua, name.clone(), function)?)?;
    }
    table.set_readonly(true);
    Ok(table)
}

/// Runs a file that has what computes, and `further` by name, and takes the functions that it gives. `kind` is what messages call it.
///
/// # Errors
/// When it fails, or gives anything but functions.
pub(in crate::automation) fn functions_of(
    lua: &Lua,
    (file, source): (&str, &str),
    kind: &str,
    further: Vec<(&str, Function)>,
) -> mlua::Result<Vec<(String, Function)>> {
    let pure = lua.create_table()?;
    for name in PURE {
        pure.raw_set(name, lua.globals().get::<Value>(name)?)?;
    }
    for (name, function) in further {
        pure.raw_set(name, function)?;
    }
    pure.set_readonly(true);
    let chunk = lua.load(source).set_name(format!("={file}")).set_mode(ChunkMode::Text).set_environment(pure);
    let Value::Table(given) = chunk.call::<Value>(())? else {
        return Err(mlua::Error::runtime(format!("a file of {kind} gives a table of functions back: return {{ name = function(text) … end }}")));
    };
    let mut functions = Vec::new();
    for (count, pair) in given.pairs::<Value, Value>().enumerate() {
        match pair? {
            (Value::String(name), Value::Function(function)) if count < MOST => functions.push((name.to_string_lossy(), function)),
            (Value::String(name), other) if count < MOST => {
                return Err(mlua::Error::runtime(format!("'{}' is no function: found {}", name.to_string_lossy(), other.type_name())));
            }
            (_, _) if count >= MOST => return Err(mlua::Error::runtime(format!("gives more than {MOST} functions"))),
            (other, _) => return Err(mlua::Error::runtime(format!("a function's name is text, not a {}", other.type_name()))),
        }
    }
    Ok(functions)
}

/// A matcher that is given plain values alone: what belongs to cto would let it act.
fn guarded(lua: &Lua, name: String, function: Function) -> mlua::Result<Function> {
    lua.create_function(move |_, values: MultiValue| {
        let plain = |value: &Value| matches!(value, Value::Nil | Value::Boolean(_) | Value::Integer(_) | Value::Number(_) | Value::String(_));
        if let Some(other) = values.iter().find(|value| !plain(value)) {
            return Err(wrong(format!("matcher '{name}' takes texts, numbers and truths, not a {}", other.type_name())));
        }
        function.call::<MultiValue>(values)
    })
}
