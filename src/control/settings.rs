//! The configuration that holds now, and what became of the last change of its files.
use super::Control;
use crate::access::Actor;
use crate::config::Config;
use crate::config::LoadedConfig;
use crate::config::leaves;
use crate::error::Result;
use crate::model::Action;
use crate::model::Event;
use crate::model::Place;
use crate::model::ServerSettings;
use crate::model::Setting;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;

/// What holds now.
pub(super) struct Live(Mutex<State>);

struct State {
    config: Arc<Config>,
    /// Where it came from; none before its files were looked at.
    loaded: Option<LoadedConfig>,
    /// What is wrong in the files now.
    errors: Vec<Place>,
}

impl Live {
    pub fn new(config: Config) -> Self {
        Self(Mutex::new(State { config: Arc::new(config), loaded: None, errors: Vec::new() }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no panics while held")
    }
}

impl Control {
    /// What is set now.
    #[must_use]
    pub fn settings(&self) -> Arc<Config> {
        self.0.live.state().config.clone()
    }

    /// Takes what was read from the files. With mistakes the settings of before go on to hold. Every client is told, unless it is what
    /// the server has started with.
    pub fn reconfigure(&self, loaded: LoadedConfig) {
        let event = {
            let mut state = self.0.live.state();
            let first = state.loaded.is_none();
            let detail = loaded.complaints.first().map(told);
            if loaded.complaints.is_empty() {
                self.operations().allow(loaded.config.limits.operations);
                state.config = Arc::new(loaded.config.clone());
                state.errors.clear();
                state.loaded = Some(loaded);
            } else {
                state.errors.clone_from(&loaded.complaints);
            }
            (!first).then(|| Event::ConfigChanged { ok: detail.is_none(), detail, needs_restart: self.needs_restart(&state) })
        };
        if let Some(event) = event {
            self.parts().bus.publish(event);
        }
    }

    /// Whether the configuration files have no mistakes.
    pub(super) fn config_ok(&self) -> bool {
        self.0.live.state().errors.is_empty()
    }

    /// What is set, by whom, and what is wrong in the files.
    ///
    /// # Errors
    /// `forbidden`.
    #[expect(clippy::unused_async, reason = "every endpoint is asked in the same way")]
    pub async fn get_config(&self, actor: &Actor) -> Result<ServerSettings> {
        Self::may(actor, Action::ManageServer)?;
        let state = self.0.live.state();
        let loaded = state.loaded.clone().unwrap_or_else(|| LoadedConfig::of((*state.config).clone()));
        let shown = loaded.shown();
        let settings = leaves().into_iter().map(|leaf| Setting {
            name: leaf.name(),
            value: shown.get(&leaf.pointer).cloned().unwrap_or_default(),
            origin: loaded.origin(&leaf.pointer).to_owned(),
        });
        Ok(ServerSettings { settings: settings.collect(), errors: state.errors.clone(), needs_restart: self.needs_restart(&state) })
    }

    /// The settings that have another value than the one that the server has started with and goes on to use.
    fn needs_restart(&self, state: &State) -> Vec<String> {
        let started = serde_json::to_value(&self.parts().config).unwrap_or_default();
        let now = serde_json::to_value(&*state.config).unwrap_or_default();
        leaves()
            .into_iter()
            .filter(|leaf| leaf.fixed().is_some() && started.pointer(&leaf.pointer) != now.pointer(&leaf.pointer))
            .map(|leaf| leaf.name())
            .collect()
    }
}

/// A mistake on one line.
fn told(place: &Place) -> String {
    let at = [place.file.clone(), place.line.map(|line| line.to_string()), place.column.map(|column| column.to_string())];
    let at: Vec<String> = at.into_iter().flatten().collect();
    format!("{}: {}", at.join(":"), place.detail)
}
