//! Tables with options that calls take, checked: a wrong name is a mistake, not silence.
use super::ctx::wrong;
use crate::config::did_you_mean;
use mlua::Table;
use mlua::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// Options of one call.
pub(super) struct Options {
    call: &'static str,
    table: Option<Table>,
}

impl Options {
    /// Reads the table that a call was given, if any. `known` are the names that it may have.
    ///
    /// # Errors
    /// When it is no table, or has other names.
    pub(super) fn of(call: &'static str, value: Value, known: &[&str]) -> mlua::Result<Self> {
        let table = match value {
            Value::Nil => None,
            Value::Table(table) => Some(table),
            other => return Err(wrong(format!("{call}: options are a table, not a {}", other.type_name()))),
        };
        if let Some(table) = &table {
            for pair in table.pairs::<Value, Value>() {
                let name = match pair?.0 {
                    Value::String(name) => name.to_string_lossy(),
                    Value::Integer(_) | Value::Number(_) => continue,
                    other => return Err(wrong(format!("{call}: options have names, not a {}", other.type_name()))),
                };
                if !known.contains(&name.as_str()) {
                    let hint = did_you_mean(&name, known.iter().copied());
                    return Err(wrong(format!("{call} has no option '{name}'{hint}")));
                }
            }
        }
        Ok(Self { call, table })
    }

    fn get(&self, name: &str) -> mlua::Result<Value> {
        self.table.as_ref().map_or(Ok(Value::Nil), |table| table.raw_get(name))
    }

    fn complaint(&self, name: &str, wanted: &str, found: &Value) -> mlua::Error {
        wrong(format!("{}: '{name}' is {wanted}, not a {}", self.call, found.type_name()))
    }

    pub(super) fn text(&self, name: &str) -> mlua::Result<Option<String>> {
        match self.get(name)? {
            Value::Nil => Ok(None),
            Value::String(text) => Ok(Some(text.to_string_lossy())),
            other => Err(self.complaint(name, "a string", &other)),
        }
    }

    pub(super) fn bytes(&self, name: &str) -> mlua::Result<Option<Vec<u8>>> {
        match self.get(name)? {
            Value::Nil => Ok(None),
            Value::String(text) => Ok(Some(text.as_bytes().to_vec())),
            other => Err(self.complaint(name, "a string", &other)),
        }
    }

    pub(super) fn flag(&self, name: &str) -> mlua::Result<Option<bool>> {
        match self.get(name)? {
            Value::Nil => Ok(None),
            Value::Boolean(flag) => Ok(Some(flag)),
            other => Err(self.complaint(name, "true or false", &other)),
        }
    }

    /// Seconds, also fractions of them.
    pub(super) fn seconds(&self, name: &str) -> mlua::Result<Option<Duration>> {
        match self.get(name)? {
            Value::Nil => Ok(None),
            value => seconds(&value).map(Some).map_err(|_| self.complaint(name, "seconds from 0 to 86400", &value)),
        }
    }

    pub(super) fn count(&self, name: &str, most: u64) -> mlua::Result<Option<u64>> {
        let value = self.get(name)?;
        let number = match value {
            Value::Nil => return Ok(None),
            Value::Integer(number) => number as f64,
            Value::Number(number) => number,
            ref other => return Err(self.complaint(name, "a number", other)),
        };
        if number.fract() == 0.0 && (0.0..=most as f64).contains(&number) {
            return Ok(Some(number as u64));
        }
        Err(wrong(format!("{}: '{name}' is a whole number from 0 to {most}, not {number}", self.call)))
    }

    pub(super) fn number(&self, name: &str) -> mlua::Result<Option<f64>> {
        match self.get(name)? {
            Value::Nil => Ok(None),
            Value::Integer(number) => Ok(Some(number as f64)),
            Value::Number(number) => Ok(Some(number)),
            other => Err(self.complaint(name, "a number", &other)),
        }
    }

    /// A table of texts by name.
    pub(super) fn texts(&self, name: &str) -> mlua::Result<BTreeMap<String, String>> {
        let table = match self.get(name)? {
            Value::Nil => return Ok(BTreeMap::new()),
            Value::Table(table) => table,
            other => return Err(self.complaint(name, "a table", &other)),
        };
        let mut texts = BTreeMap::new();
        for pair in table.pairs::<String, Value>() {
            let (key, value) = pair?;
            texts.insert(key.clone(), plain(&value).ok_or_else(|| self.complaint(&format!("{name}.{key}"), "a string", &value))?);
        }
        Ok(texts)
    }

    /// A list of texts; one text is a list of one.
    pub(super) fn list(&self, name: &str) -> mlua::Result<Vec<String>> {
        match self.get(name)? {
            Value::Nil => Ok(Vec::new()),
            value => list(&value).ok_or_else(|| self.complaint(name, "a list of strings", &value)),
        }
    }

    pub(super) fn value(&self, name: &str) -> mlua::Result<Value> {
        self.get(name)
    }
}

/// A text, a number or a truth as text.
pub(super) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_string_lossy()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Boolean(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// A list of texts; one text is a list of one.
pub(super) fn list(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Table(table) => table.sequence_values::<Value>().map(|item| item.ok().as_ref().and_then(plain)).collect(),
        other => plain(other).map(|text| vec![text]),
    }
}

/// Seconds, also fractions of them, a day at most.
pub(super) fn seconds(value: &Value) -> mlua::Result<Duration> {
    let seconds = match value {
        Value::Integer(number) => *number as f64,
        Value::Number(number) => *number,
        other => return Err(wrong(format!("seconds are a number, not a {}", other.type_name()))),
    };
    if (0.0..=86_400.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(wrong(format!("{seconds} is no number of seconds from 0 to 86400")))
    }
}
