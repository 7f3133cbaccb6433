//! Texts and data: JSON, tables of columns, lines.
use super::ctx::wrong;
use super::expect::plain;
use crate::automation::sandbox;
use mlua::Lua;
use mlua::LuaSerdeExt as _;
use mlua::Value;

/// Bytes of JSON that are read or written at once.
const MOST: usize = 16 << 20;

pub(super) fn install(lua: &Lua) -> mlua::Result<()> {
    let globals = lua.globals();
    let json = lua.create_table()?;
    json.set(
        "decode",
        lua.create_function(|lua, text: mlua::LuaString| {
            let text = text.as_bytes();
            if text.len() > MOST {
                return Err(wrong("json.decode: more than 16 MiB"));
            }
            let value: serde_json::Value = serde_json::from_slice(&text).map_err(|error| wrong(format!("json.decode: {error}")))?;
            from_json(lua, &value)
        })?,
    )?;
    json.set(
        "encode",
        lua.create_function(|_, (value, pretty): (Value, Option<bool>)| {
            let value = sandbox::to_json(&value)?;
            let text = if pretty.unwrap_or(false) { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
            text.map_err(|error| wrong(format!("json.encode: {error}")))
        })?,
    )?;
    json.set("null", lua.null())?;
    json.set_readonly(true);
    globals.set("json", json)?;
    globals.set("plain", lua.create_function(|_, text: mlua::LuaString| Ok(plain(&text.as_bytes())))?)?;
    globals.set(
        "lines",
        lua.create_function(|lua, text: mlua::LuaString| {
            let text = plain(&text.as_bytes());
            lua.create_sequence_from(text.lines().map(str::to_owned).collect::<Vec<_>>())
        })?,
    )?;
    globals.set(
        "table_of",
        lua.create_function(|lua, (text, separator): (mlua::LuaString, Option<String>)| table_of(lua, &text.as_bytes(), separator.as_deref()))?,
    )
}

/// Data as Luau values.
///
/// # Errors
/// When the machine has no memory for it.
pub(in crate::automation) fn from_json(lua: &Lua, value: &serde_json::Value) -> mlua::Result<Value> {
    let options = mlua::serde::SerializeOptions::new().set_array_metatable(false).serialize_none_to_null(false).serialize_unit_to_null(false);
    lua.to_value_with(value, options)
}

/// Rows of a text in columns, as tables by the names in its first line: columns are parted by two blanks or more, by tabs, or as `separator` says.
fn table_of(lua: &Lua, text: &[u8], separator: Option<&str>) -> mlua::Result<Value> {
    let text = plain(text);
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let Some(head) = lines.next() else { return lua.create_table().map(Value::Table) };
    let names: Vec<String>;
    let rows = lua.create_table()?;
    match separator {
        Some(separator) if !separator.is_empty() => {
            names = head.split(separator).map(|name| name.trim().to_owned()).collect();
            for line in lines {
                let row = lua.create_table()?;
                for (name, field) in names.iter().zip(line.split(separator)) {
                    row.set(name.as_str(), field.trim())?;
                }
                rows.push(row)?;
            }
        }
        _ => {
            // Columns begin where the first line's names do; a field may be wider than its name only where blanks part it from the next.
            names = words(head);
            for line in lines {
                let row = lua.create_table()?;
                let fields = words(line);
                let fields = if fields.len() == names.len() { fields } else { line.split_whitespace().map(str::to_owned).collect() };
                let last = names.len().saturating_sub(1);
                for (index, name) in names.iter().enumerate() {
                    let field =
                        if index == last && fields.len() > names.len() { fields[index..].join(" ") } else { fields.get(index).cloned().unwrap_or_default() };
                    row.set(name.as_str(), field)?;
                }
                rows.push(row)?;
            }
        }
    }
    Ok(Value::Table(rows))
}

/// Fields parted by tabs or two blanks; where there are none, by any blanks.
fn words(line: &str) -> Vec<String> {
    let wide: Vec<String> = line.split('\t').flat_map(|part| part.split("  ")).map(|field| field.trim().to_owned()).filter(|field| !field.is_empty()).collect();
    if wide.len() > 1 { wide } else { line.split_whitespace().map(str::to_owned).collect() }
}
