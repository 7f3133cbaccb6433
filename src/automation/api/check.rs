//! Assertions: what a script says must be so.
use super::ctx::Ctx;
use super::ctx::failure;
use super::expect;
use super::text;
use crate::automation::pattern::Patterns;
use crate::automation::sandbox;
use crate::error::Error;
use crate::model::Code;
use mlua::Lua;
use mlua::Table;
use mlua::Value;
use std::rc::Rc;

/// Characters of a value that a message shows.
const SHOWN: usize = 200;

pub(super) fn install(lua: &Lua, _: &Rc<Ctx>) -> mlua::Result<()> {
    let check = lua.create_table()?;
    check.set(
        "equal",
        lua.create_function(|_, (found, wanted, what): (Value, Value, Option<String>)| {
            let same = found == wanted || matches!((sandbox::to_json(&found), sandbox::to_json(&wanted)), (Ok(a), Ok(b)) if a == b);
            verdict(same, what, || format!("expected {}, found {}", show(&wanted), show(&found)))
        })?,
    )?;
    check.set(
        "that",
        lua.create_function(|_, (truth, what): (Value, Option<String>)| {
            verdict(!matches!(truth, Value::Nil | Value::Boolean(false)), what, || "it is not so".to_owned())
        })?,
    )?;
    check.set(
        "contains",
        lua.create_function(|_, (text, wanted, what): (mlua::LuaString, Value, Option<String>)| {
            let patterns = Patterns(vec![expect::pattern(&wanted)?]);
            let bytes = text.as_bytes().to_vec();
            verdict(patterns.find(&bytes, 0, 0).is_some(), what, || format!("{} is not in {}", patterns.shown(), show(&Value::String(text.clone()))))
        })?,
    )?;
    check.set(
        "exit",
        lua.create_function(|_, (result, code, what): (Table, Option<i64>, Option<String>)| {
            let (found, wanted): (i64, i64) = (result.get("code")?, code.unwrap_or(0));
            let said: Option<mlua::LuaString> = result.get("stderr")?;
            let said = said.map(|said| expect::plain(&said.as_bytes())).unwrap_or_default();
            let last = said.trim_end().lines().last().map(|line| format!(": {line}")).unwrap_or_default();
            verdict(found == wanted, what, || format!("expected exit code {wanted}, found {found}{last}"))
        })?,
    )?;
    check.set(
        "between",
        lua.create_function(|_, (number, least, most, what): (f64, f64, f64, Option<String>)| {
            verdict((least..=most).contains(&number), what, || format!("expected {least} to {most}, found {number}"))
        })?,
    )?;
    check.set(
        "json",
        lua.create_function(|lua, (text, wanted, what): (mlua::LuaString, Option<Table>, Option<String>)| {
            let parsed: Result<serde_json::Value, _> = serde_json::from_slice(&text.as_bytes());
            let value = match parsed {
                Ok(value) => value,
                Err(error) => return Err(failed(what, &format!("it is no JSON: {error}"))),
            };
            if let Some(wanted) = wanted {
                let wanted = sandbox::to_json(&Value::Table(wanted))?;
                if let Some(missing) = missing(&wanted, &value, String::new()) {
                    return Err(failed(what, &missing));
                }
            }
            text::from_json(lua, &value)
        })?,
    )?;
    check.set_readonly(true);
    lua.globals().set("check", check)?;
    lua.globals().set("fail", lua.create_function(|_, why: String| Err::<(), _>(failed(None, &why)))?)
}

/// What of `wanted` is not in `found`: tables are compared name by name, so that `found` may have more.
fn missing(wanted: &serde_json::Value, found: &serde_json::Value, at: String) -> Option<String> {
    use serde_json::Value as Json;
    match (wanted, found) {
        (Json::Object(wanted), Json::Object(found)) => wanted.iter().find_map(|(name, wanted)| {
            let place = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
            match found.get(name) {
                Some(found) => missing(wanted, found, place),
                None => Some(format!("'{place}' is missing")),
            }
        }),
        (Json::Array(wanted), Json::Array(found)) if wanted.len() == found.len() => {
            wanted.iter().zip(found).enumerate().find_map(|(index, (wanted, found))| missing(wanted, found, format!("{at}[{}]", index + 1)))
        }
        // Luau has one kind of number.
        (Json::Number(wanted), Json::Number(found)) if wanted.as_f64() == found.as_f64() => None,
        (wanted, found) if wanted == found => None,
        (wanted, found) => Some(format!("'{at}': expected {wanted}, found {found}")),
    }
}

fn verdict(good: bool, what: Option<String>, detail: impl FnOnce() -> String) -> mlua::Result<()> {
    if good { Ok(()) } else { Err(failed(what, &detail())) }
}

fn failed(what: Option<String>, detail: &str) -> mlua::Error {
    let message = what.map_or_else(|| detail.to_owned(), |what| format!("{what}: {detail}"));
    failure(Error::new(Code::WrongState, message))
}

/// A value in a message.
fn show(value: &Value) -> String {
    let text = match value {
        Value::String(text) => format!("'{}'", crate::automation::pattern::shown(&text.as_bytes())),
        value => sandbox::to_json(value).map_or_else(|_| format!("a {}", value.type_name()), |value| value.to_string()),
    };
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
