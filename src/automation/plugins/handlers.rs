//! Template handlers: plugins look at a launch, change what it is asked for with, or refuse it. Policy is asked after them.
use super::pure::Failed;
use super::pure::Pure;
use crate::automation::Automation;
use crate::automation::header;
use crate::control::LaunchAsked;
use crate::control::LaunchChange;
use crate::control::LaunchChanges;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::PluginState;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

/// What a handler may use of a processor, and how long a launch waits for it.
const TIME: Duration = Duration::from_millis(200);
const WAIT: Duration = Duration::from_secs(5);
/// Values that a handler may set, bytes of each.
const MOST: usize = 100;
const LONGEST: usize = 64 << 10;

impl Automation {
    /// What the enabled plugins, by their names, say of a launch.
    ///
    /// # Errors
    /// `policy_refused` when one refuses it; `wrong_state` when one fails; `store_failed`.
    pub(in crate::automation) async fn handle_launch(&self, asked: LaunchAsked) -> Result<LaunchChanges> {
        // Those that are granted now, with their files as they are now.
        let all = self.look_at_plugins().await?;
        let mut changes = LaunchChanges::default();
        let mut set = asked.set.clone();
        for known in all.iter().filter(|known| known.state() == PluginState::Enabled) {
            let handlers = known.loaded.manifest.iter().flat_map(|manifest| &manifest.handlers);
            for handler in handlers.filter(|handler| handler.is_for(&asked.template)) {
                changes.handled = true;
                let function = if asked.spec.is_some() { "spec" } else { "params" };
                let launch = json!({
                    "template": asked.template, "name": asked.name, "owner": asked.owner, "role": asked.role, "set": set, "spec": asked.spec,
                });
                let (file, source) = (format!("{}/{}", known.name, handler.script), known.loaded.sources.get(&handler.script).cloned().unwrap_or_default());
                let work = header::blocking(move || {
                    let pure = Pure::new(&file, &source, "handlers", TIME)?;
                    if pure.has(function) { values(&pure.data(function, &[&launch])?) } else { Ok(BTreeMap::new()) }
                });
                let late = || Failed::Broken(format!("{}/{} takes too long", known.name, handler.script));
                let said = match tokio::time::timeout(WAIT, work).await {
                    Ok(done) => done?,
                    Err(_) => Err(late()),
                };
                let values = said.map_err(|failed| self.handler_failed(&known.name, &handler.script, failed))?;
                for (name, value) in values {
                    if set.get(&name) != Some(&value) {
                        changes.changes.push(LaunchChange { plugin: known.name.clone(), name: name.clone(), value: value.clone() });
                        set.insert(name, value);
                    }
                }
            }
        }
        Ok(changes)
    }

    fn handler_failed(&self, plugin: &str, script: &str, failed: Failed) -> Error {
        let fix = format!("ask who has installed it; an admin can let it do nothing: cto plugin disable {plugin}");
        match failed {
            Failed::Refused(why) => Error::new(Code::PolicyRefused, format!("plugin '{plugin}' refuses this container: {why}")).fix(fix),
            Failed::Broken(why) => {
                self.0.plugins.faults.note(plugin, &format!("handler {script}"), &why);
                Error::new(Code::WrongState, format!("plugin '{plugin}' can't look at this launch: {why}")).fix(fix)
            }
        }
    }
}

/// What a handler sets, as texts.
fn values(given: &Value) -> Result<BTreeMap<String, String>, Failed> {
    let broken = |what: String| Failed::Broken(format!("it gave {what}, and not values by their names: {{ [\"limits.pids\"] = 100 }}"));
    let fields = match given {
        Value::Null => return Ok(BTreeMap::new()),
        Value::Object(fields) if fields.len() <= MOST => fields,
        Value::Object(fields) => return Err(broken(format!("{} values, of which there may be {MOST},", fields.len()))),
        _ => return Err(broken("something else".to_owned())),
    };
    let mut values = BTreeMap::new();
    for (name, value) in fields {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Bool(truth) => truth.to_string(),
            Value::Number(number) => number.to_string(),
            _ => return Err(broken(format!("no text, number or truth for '{}'", name.escape_debug()))),
        };
        if text.len() > LONGEST || name.len() > 200 || name.chars().any(char::is_control) {
            return Err(broken("names or texts that are too long".to_owned()));
        }
        values.insert(name.clone(), text);
    }
    Ok(values)
}
