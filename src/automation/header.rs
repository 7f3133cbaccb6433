//! What a script says of itself, read without running what comes after.
use super::Automation;
use super::sandbox;
use crate::config::Complaint;
use crate::config::check_param;
use crate::config::declared_params;
use crate::config::did_you_mean;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::InlineScript;
use crate::model::ParamKind;
use crate::model::ParamValue;
use crate::model::Place;
use crate::model::ScriptHeader;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

/// What a header may use of memory and time.
const MEMORY: usize = 16 << 20;
const TIME: Duration = Duration::from_millis(200);
/// Seconds that a run takes at most where its script does not say.
pub(super) const TIMEOUT: u32 = 600;
/// Most seconds that a script may ask for: a day.
const LONGEST: u32 = 86_400;
/// Seconds of a processor that a run may use where its script does not say, and at most.
pub(super) const PROCESSOR: u32 = 20;
const MOST_PROCESSOR: u32 = 300;
/// What the call of `script` ends with, so that nothing after it runs.
const ENOUGH: &str = "cto: the header is read";

/// A script that can be run, with values for its parameters.
#[derive(Clone, Debug, Default)]
pub(super) struct Ready {
    pub header: ScriptHeader,
    /// A value for each parameter.
    pub params: BTreeMap<String, ParamValue>,
    /// Those that somebody gave.
    pub given: BTreeMap<String, ParamValue>,
}

/// Reads the header of a script.
///
/// # Errors
/// The place of the first mistake: of syntax, or of what is before `script { … }` or in it.
pub(super) fn read(script: &InlineScript) -> Result<ScriptHeader, Vec<Place>> {
    let place = |line: Option<u32>, detail: String| vec![Place { file: Some(script.name.clone()), line, column: None, detail, ..Place::default() }];
    let vm = sandbox::Vm::new(MEMORY, TIME, None).map_err(|error| place(None, error.to_string()))?;
    let said: Rc<RefCell<Option<mlua::Result<serde_json::Value>>>> = Rc::default();
    let keep = said.clone();
    let take = vm.lua.create_function(move |_, table: mlua::Value| {
        *keep.borrow_mut() = Some(sandbox::to_json(&table));
        Err::<(), _>(mlua::Error::runtime(ENOUGH))
    });
    let set = take.and_then(|take| vm.lua.globals().set("script", take));
    set.map_err(|error| place(None, error.to_string()))?;
    vm.close().map_err(|error| place(None, error.to_string()))?;
    let ran = vm.load(&script.name, &script.source).and_then(|chunk| chunk.call::<()>(()));
    let line = ran.as_ref().err().and_then(|error| sandbox::line_of(&script.name, error));
    let Some(said) = said.borrow_mut().take() else {
        let detail = match ran {
            Ok(()) => "has no header; begin it with: script { about = \"what it is for\" }".to_owned(),
            Err(error) => match sandbox::words(&script.name, &error) {
                words if words.starts_with("attempt to call a nil value") || words.starts_with("attempt to index nil") => {
                    "begin with script { about = \"what it is for\" }: before it nothing of cto's can be used".to_owned()
                }
                words => words,
            },
        };
        return Err(place(line, detail));
    };
    let value = said.map_err(|error| place(line, sandbox::words(&script.name, &error)))?;
    let value = match value {
        // An empty table is an empty list as well.
        serde_json::Value::Array(items) if items.is_empty() => serde_json::json!({}),
        other => other,
    };
    let header: ScriptHeader = serde_path_to_error::deserialize(with_lists(value)).map_err(|error| {
        let path = error.path().to_string();
        let detail = in_words(&error.into_inner().to_string());
        let line = path.rsplit('.').next().and_then(|field| line_with(script, line, field)).or(line);
        place(line, if path == "." { detail } else { format!("'{path}': {detail}") })
    })?;
    let complaints = complaints(&header);
    if complaints.is_empty() {
        return Ok(header);
    }
    let places = complaints.into_iter().map(|complaint| {
        let field = complaint.pointer.rsplit('/').find(|step| step.parse::<u32>().is_err() && *step != "default").unwrap_or_default().to_owned();
        let line = line_with(script, line, &field).or(line);
        let detail = complaint.detail;
        let named = complaint.pointer.trim_start_matches('/').replace('/', ".");
        Place { pointer: complaint.pointer, file: Some(script.name.clone()), line, column: None, detail: format!("'{named}': {detail}") }
    });
    Err(places.collect())
}

/// The line on which a script's header begins.
pub(super) fn line_of_header(script: &InlineScript) -> Option<u32> {
    let index = script.source.lines().position(|line| line.trim_start().starts_with("script"))?;
    u32::try_from(index + 1).ok()
}

/// Empty tables where lists or maps are wanted: Luau has one kind of both.
fn with_lists(mut value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    let empty = |value: &Value| value.as_object().is_some_and(serde_json::Map::is_empty) || value.as_array().is_some_and(Vec::is_empty);
    if let Some(fields) = value.as_object_mut() {
        for name in ["templates", "grants"] {
            if fields.get(name).is_some_and(empty) {
                fields.insert(name.to_owned(), Value::Array(Vec::new()));
            }
        }
        if fields.get("params").is_some_and(empty) {
            fields.remove("params");
        }
        if let Some(params) = fields.get_mut("params").and_then(Value::as_object_mut) {
            for param in params.values_mut().filter(|param| empty(param)) {
                *param = serde_json::json!({});
            }
        }
    }
    value
}

/// The line after that of the header's call that begins with this field.
fn line_with(script: &InlineScript, from: Option<u32>, field: &str) -> Option<u32> {
    let skipped = from.unwrap_or(1).saturating_sub(1) as usize;
    let found = script.source.lines().enumerate().skip(skipped).find(|(_, line)| {
        line.match_indices(field).any(|(at, _)| line[at + field.len()..].trim_start_matches(['"', ']', ' ']).starts_with('=') || line[..at].ends_with('"'))
    });
    found.and_then(|(index, _)| u32::try_from(index + 1).ok()).filter(|_| !field.is_empty())
}

/// serde's words without Rust's.
fn in_words(detail: &str) -> String {
    if let Some(rest) = detail.strip_prefix("unknown field `")
        && let Some((name, known)) = rest.split_once("`, expected one of ")
    {
        let known: Vec<&str> = known.split(", ").map(|name| name.trim_matches('`')).collect();
        return format!("unknown field '{name}'{}; there are {}", did_you_mean(name, known.iter().copied()), known.join(", "));
    }
    let detail = detail.replace('`', "'").replace("u32", "a whole number");
    detail.replace("invalid type: ", "expected another type: found ").replace("ScriptHeader", "a table").replace(" at line 0 column 0", "")
}

fn complaints(header: &ScriptHeader) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    declared_params(&header.params, &mut complaints);
    if header.timeout.is_some_and(|seconds| !(1..=LONGEST).contains(&seconds)) {
        complaints.push(Complaint::at("/timeout", format!("expected seconds from 1 to {LONGEST}")));
    }
    if header.processor.is_some_and(|seconds| !(1..=MOST_PROCESSOR).contains(&seconds)) {
        complaints.push(Complaint::at("/processor", format!("expected seconds from 1 to {MOST_PROCESSOR}")));
    }
    for (index, grant) in header.grants.iter().enumerate() {
        let good = grant == "containers" || grant.strip_prefix("secrets:").is_some_and(|name| !name.is_empty());
        if !good {
            let meant = did_you_mean(grant, ["containers", "secrets:NAME"]);
            complaints
                .push(Complaint::at(format!("/grants/{index}"), format!("there is no grant '{grant}'{meant}; there are 'containers' and 'secrets:NAME'")));
        }
    }
    complaints
}

/// A value for each parameter of a script.
///
/// # Errors
/// `invalid_value` with all that is wrong: unknown names, values that do not fit, missing ones.
fn settle(script: &str, header: &ScriptHeader, given: &BTreeMap<String, ParamValue>) -> Result<BTreeMap<String, ParamValue>> {
    let mut wrong: Vec<Place> = Vec::new();
    let mut complain = |name: &str, detail: String| wrong.push(Place { pointer: format!("/params/{name}"), detail, ..Place::default() });
    for name in given.keys().filter(|name| !header.params.contains_key(*name)) {
        complain(name, format!("script '{script}' has no parameter '{name}'{}", did_you_mean(name, header.params.keys().map(String::as_str))));
    }
    let mut values = BTreeMap::new();
    for (name, param) in &header.params {
        match (given.get(name), &param.default) {
            (Some(value), _) => {
                let text = value.to_string();
                match check_param(param, &text) {
                    Ok(()) => drop(values.insert(name.clone(), typed(param.kind, &text))),
                    Err(detail) => complain(name, format!("parameter '{name}': {detail}")),
                }
            }
            (None, Some(default)) => drop(values.insert(name.clone(), typed(param.kind, &default.to_string()))),
            (None, None) => complain(name, format!("parameter '{name}' needs a value")),
        }
    }
    if wrong.is_empty() {
        return Ok(values);
    }
    let all: Vec<&str> = wrong.iter().map(|place| place.detail.as_str()).collect();
    let mut error = Error::invalid(all.join("; ")).fix(format!("'cto script show {script}' lists its parameters"));
    error.places = wrong;
    Err(error)
}

fn typed(kind: ParamKind, text: &str) -> ParamValue {
    match kind {
        ParamKind::Text => ParamValue::Text(text.to_owned()),
        ParamKind::Integer => text.parse().map_or_else(|_| ParamValue::Text(text.to_owned()), ParamValue::Integer),
        ParamKind::Boolean => ParamValue::Boolean(text == "true"),
    }
}

impl Automation {
    /// Makes a script ready to run.
    ///
    /// # Errors
    /// `invalid_document` with the places of mistakes, `invalid_value` for parameters, `too_large`.
    pub(super) async fn prepare(&self, script: &InlineScript, given: &BTreeMap<String, ParamValue>) -> Result<Ready> {
        if script.source.len() > crate::config::SCRIPT_BYTES {
            return Err(Error::new(Code::TooLarge, format!("script '{}' is larger than {} KiB", script.name, crate::config::SCRIPT_BYTES >> 10)));
        }
        let (read_of, name) = (script.clone(), script.name.clone());
        let check = blocking(move || super::check::check(&read_of)).await?;
        let header = check.header.ok_or_else(|| crate::config::error_of(&format!("script '{name}'"), check.errors))?;
        let params = settle(&script.name, &header, given)?;
        Ok(Ready { header, params, given: given.clone() })
    }
}

/// Work with a machine, which needs a thread of its own: no runtime's thread has the stack for it.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let (done, result) = tokio::sync::oneshot::channel();
    let thread = std::thread::Builder::new().name("script".to_owned()).stack_size(sandbox::STACK);
    let started = thread.spawn(move || {
        let _ = done.send(work());
    });
    started.map_err(|error| Error::internal(format!("no thread can be started: {error}")))?;
    result.await.map_err(|_| Error::internal("a script can't be read: its thread ended"))
}
