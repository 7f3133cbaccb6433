//! What plugins do by themselves when something happens: as who granted it, at most so often, never in circles, and not after failing again and again.
use super::Automation;
use super::filled;
use super::fire::MOST_DEPTH;
use super::fire::depth_after;
use super::fire::fire_of;
use super::happening::Happening;
use super::happening::is_meant;
use crate::automation::plugins::Known;
use crate::error::Error;
use crate::error::Result;
use crate::model::Event;
use crate::model::InlineScript;
use crate::model::ListChange;
use crate::model::ListName;
use crate::model::NoticeLevel;
use crate::model::ParamValue;
use crate::model::RunCause;
use crate::model::StartRun;
use crate::store::PluginRow;
use jiff::SignedDuration;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::sync::mpsc;

/// Runs that one plugin may start by itself in a minute; what comes beyond is left out.
const A_MINUTE: usize = 10;
/// Runs of plugins that are begun at the same time.
const AT_ONCE: usize = 8;
/// Failures in a row after which a plugin does nothing by itself any more.
const FAILURES: i64 = 5;

impl Automation {
    /// Lets plugins look at what happens.
    pub(super) async fn let_plugins_hear(self, mut news: mpsc::Receiver<Arc<Happening>>) {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        let mut rates: HashMap<String, VecDeque<Timestamp>> = HashMap::new();
        while let Some(happening) = news.recv().await {
            let cause = cause_of(&happening);
            if let Some(RunCause::Plugin { name, event: Some(_), .. }) = &cause {
                self.note_end(name, &happening).await;
            }
            let enabled = self.enabled_plugins();
            rates.retain(|name, _| enabled.iter().any(|known| known.name == *name));
            for known in enabled.iter() {
                // What it does itself is no news to it.
                if matches!(&cause, Some(RunCause::Plugin { name, .. }) if *name == known.name) {
                    continue;
                }
                let hooks = known.loaded.manifest.iter().flat_map(|manifest| manifest.hooks.iter().enumerate());
                let off = known.row.as_ref().is_none_or(|row| row.error.is_some());
                for (index, hook) in hooks.filter(|(_, hook)| !off && is_meant(&hook.events, happening.kind)) {
                    if !pass(rates.entry(known.name.clone()).or_default(), Timestamp::now()) {
                        tracing::warn!(plugin = known.name, event = happening.text, "a plugin does nothing: it has done {A_MINUTE} things within a minute");
                        continue;
                    }
                    let Ok(place) = places.clone().acquire_owned().await else { return };
                    let (automation, happening, known, script) = (self.clone(), happening.clone(), known.clone(), hook.script.clone());
                    tokio::spawn(async move {
                        if let Err(error) = automation.fire_plugin(&known, index, &script, &happening).await {
                            tracing::warn!(%error, plugin = known.name, "a plugin does nothing");
                            automation.note_run(&known.name, Some(&error.message)).await;
                        }
                        drop(place);
                    });
                }
            }
        }
    }

    /// Runs a plugin's script for what happened, unless that was done for it already, here or on another server.
    async fn fire_plugin(&self, known: &Known, index: usize, script: &str, happening: &Happening) -> Result<()> {
        let depth = match happening.data.pointer("/run/id").and_then(Value::as_str) {
            Some(run) => match self.0.live.find(run) {
                Some(live) => depth_after(&live.run()),
                None => depth_after(&self.store().find_run(run).await?),
            },
            None => self.depth_of(happening).await?,
        };
        if depth >= MOST_DEPTH {
            tracing::warn!(plugin = known.name, event = happening.text, "a plugin does nothing: {MOST_DEPTH} runs have started each other already");
            return Ok(());
        }
        let mut fire = fire_of(happening, depth);
        // Other servers on the same store count too. Two that look at the same moment may both go on: it is a limit, not a lock.
        let beginning = format!("plugin {} ", known.name);
        if self.store().count_fires(&beginning, Timestamp::now() - SignedDuration::from_secs(60)).await? >= A_MINUTE {
            tracing::warn!(plugin = known.name, event = happening.text, "a plugin does nothing: it has done {A_MINUTE} things within a minute");
            return Ok(());
        }
        if !self.store().claim_fire(&format!("plugin {} {index}", known.name), &happening.key, &fire).await? {
            return Ok(());
        }
        // Its files as they are now, not as they were when somebody last looked.
        let now = self.plugin(&known.name).await?;
        let row = match now.row {
            Some(ref row) if now.state() == crate::model::PluginState::Enabled && row.error.is_none() => row.clone(),
            _ => return Ok(()),
        };
        let name = format!("{}/{script}", known.name);
        let source = now.loaded.sources.get(script).cloned().ok_or_else(|| Error::not_found("script", &name))?;
        let known_params = now.loaded.headers.get(script).map(|header| &header.params);
        let values = filled::values(happening).into_iter().filter(|(name, _)| known_params.is_some_and(|params| params.contains_key(name)));
        let params: BTreeMap<String, ParamValue> = values.filter_map(|(name, value)| Some((name, param(value)?))).collect();
        let actor = self.owner(&row.installed_by).await?;
        let request = StartRun { inline: Some(InlineScript { name, source }), params, within: Some(row.granted), ..StartRun::default() };
        let cause = RunCause::Plugin { name: known.name.clone(), event: Some(happening.text.clone()), depth };
        fire.run = Some(self.start_run(&actor, request, cause, None).await?.id);
        self.note_fire(&fire).await;
        Ok(())
    }

    /// A run that a plugin has started by itself is over.
    async fn note_end(&self, name: &str, happening: &Happening) {
        match happening.kind {
            "run.succeeded" => self.note_run(name, None).await,
            "run.failed" => self.note_run(name, Some(&happening.text)).await,
            _ => {}
        }
    }

    /// Counts failures; after too many in a row it is done with.
    async fn note_run(&self, name: &str, failure: Option<&str>) {
        let noted = async {
            let count = self.store().note_plugin_run(name, failure.is_some()).await?;
            let Some(failure) = failure.filter(|_| count >= FAILURES) else { return Ok(()) };
            let why = format!("{count} of its runs failed in a row, the last: {failure}");
            if self.store().stop_plugin_hooks(name, &why).await? {
                let known = self.plugin(name).await?;
                let owner = known.row.map(|PluginRow { installed_by, .. }| installed_by);
                let (title, text) = (format!("plugin {name}"), format!("does nothing by itself any more: {why}"));
                self.control().tell_list(ListName::Plugins, name, None, ListChange::Changed);
                self.notify(Event::Notice { owner, title, text, level: NoticeLevel::Bad, desktop: false }).await;
            }
            Ok::<_, Error>(())
        };
        if let Err(error) = noted.await {
            tracing::warn!(%error, plugin = name, "what a plugin did can't be noted");
        }
    }
}

/// What started the run that is told of.
fn cause_of(happening: &Happening) -> Option<RunCause> {
    serde_json::from_value(happening.data.pointer("/run/cause")?.clone()).ok()
}

/// Whether one more is let through.
fn pass(times: &mut VecDeque<Timestamp>, now: Timestamp) -> bool {
    while times.front().is_some_and(|time| *time <= now - SignedDuration::from_secs(60)) {
        times.pop_front();
    }
    let free = times.len() < A_MINUTE;
    if free {
        times.push_back(now);
    }
    free
}

/// A value of an event as that of a parameter.
fn param(value: Value) -> Option<ParamValue> {
    match value {
        Value::Null => None,
        Value::Bool(truth) => Some(ParamValue::Boolean(truth)),
        Value::String(text) => Some(ParamValue::Text(text.chars().take(4_096).collect())),
        Value::Number(number) => Some(number.as_i64().map_or_else(|| ParamValue::Text(number.to_string()), ParamValue::Integer)),
        other => Some(ParamValue::Text(other.to_string().chars().take(4_096).collect())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_does_ten_things_a_minute() {
        let (mut times, at) = (VecDeque::new(), |second: i64| Timestamp::from_second(1_000 + second).unwrap());
        assert!((0..10).all(|second| pass(&mut times, at(second))));
        assert!(!pass(&mut times, at(59)));
        assert!(pass(&mut times, at(60)) && !pass(&mut times, at(60)), "the first is a minute old");
    }
}
