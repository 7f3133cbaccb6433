//! Texts that are edited in the program itself: scripts, and the documents of triggers and webhooks.
pub mod api;
pub mod document;
pub mod json;
pub mod luau;
pub mod offers;

pub use document::Document;
pub use document::Mark;

use crate::model::SaveTrigger;
use crate::model::SaveWebhook;
use crate::model::Trigger;
use crate::model::Webhook;

/// What a new script begins with.
pub const NEW_SCRIPT: &str = include_str!("../../../assets/luau/new.luau");
const NEW_TRIGGER: &str = include_str!("../../../assets/hooks/trigger.jsonc");
const NEW_WEBHOOK: &str = include_str!("../../../assets/hooks/webhook.jsonc");

/// What is edited. No two texts that are open at the same time are of the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A script of this name.
    Script(String),
    /// A script that is not there yet.
    NewScript(String),
    /// The trigger of this name; a new one where there is none.
    Trigger(Option<String>),
    /// The webhook of this name; a new one where there is none.
    Webhook(Option<String>),
}

impl Kind {
    /// What it is called.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::Script(name) | Self::NewScript(name) => name.clone(),
            Self::Trigger(Some(name)) => format!("trigger {name}"),
            Self::Trigger(None) => "new trigger".to_owned(),
            Self::Webhook(Some(name)) => format!("webhook {name}"),
            Self::Webhook(None) => "new webhook".to_owned(),
        }
    }

    /// What a file with it is called, so that editors know its language.
    #[must_use]
    pub fn file(&self) -> String {
        match self {
            Self::Script(name) | Self::NewScript(name) => format!("{}.luau", name.rsplit('/').next().unwrap_or_default()),
            Self::Trigger(_) => "trigger.jsonc".to_owned(),
            Self::Webhook(_) => "webhook.jsonc".to_owned(),
        }
    }

    /// The script's name, where it is one.
    #[must_use]
    pub fn script(&self) -> Option<&str> {
        match self {
            Self::Script(name) | Self::NewScript(name) => Some(name),
            Self::Trigger(_) | Self::Webhook(_) => None,
        }
    }
}

/// A trigger as it is edited; what a new one can be where there is none.
#[must_use]
pub fn trigger(known: Option<&Trigger>) -> String {
    let Some(trigger) = known else { return NEW_TRIGGER.to_owned() };
    let save = SaveTrigger {
        name: trigger.name.clone(),
        when: trigger.when.clone(),
        run: trigger.run.clone(),
        quiet_seconds: trigger.quiet_seconds,
        limit: trigger.limit,
        replaces: None,
    };
    written(&save, NEW_TRIGGER)
}

/// A webhook as it is edited; what a new one can be where there is none.
#[must_use]
pub fn webhook(known: Option<&Webhook>) -> String {
    let Some(webhook) = known else { return NEW_WEBHOOK.to_owned() };
    let save = SaveWebhook {
        name: webhook.name.clone(),
        to: webhook.to.clone(),
        events: webhook.events.clone(),
        filter: webhook.filter.clone(),
        body: webhook.body.clone(),
        allow_private: webhook.allow_private,
        replaces: None,
    };
    written(&save, NEW_WEBHOOK)
}

/// A document with what can be written in it as comments below, those of a new one.
fn written(document: &impl serde::Serialize, comments: &str) -> String {
    let json = serde_json::to_string_pretty(document).unwrap_or_default();
    let comments: String = comments.lines().filter(|line| line.trim_start().starts_with("//")).map(|line| format!("{}\n", line.trim_start())).collect();
    format!("{json}\n{comments}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_can_be_saved_as_it_stands_and_what_is_known_comes_back() {
        let made: SaveTrigger = json::read(NEW_TRIGGER).unwrap();
        assert_eq!((made.name.as_str(), made.run.script.as_str()), ("tell-oom", "notify"));
        let made: SaveWebhook = json::read(NEW_WEBHOOK).unwrap();
        assert_eq!(made.events, ["run.failed"]);
        let save: SaveTrigger = json::read(&written(&json::read::<SaveTrigger>(NEW_TRIGGER).unwrap(), NEW_TRIGGER)).unwrap();
        assert_eq!(save.limit.times, 10);
    }
}
