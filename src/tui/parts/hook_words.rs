//! How triggers, webhooks and plugins are told.
use super::run_words;
use super::text;
use crate::model::ContainerMatch;
use crate::model::Fire;
use crate::model::FireOutcome;
use crate::model::HookDelivery;
use crate::model::HookDeliveryState;
use crate::model::HookTarget;
use crate::model::Plugin;
use crate::model::PluginState;
use crate::model::PluginTarget;
use crate::model::Trigger;
use crate::model::TriggerWhen;
use crate::model::Webhook;
use crate::tui::msg::Ask;
use crate::tui::msg::Choice;
use crate::tui::msg::ConfirmSpec;
use crate::tui::msg::Effect;
use crate::tui::theme::Role;
use jiff::Timestamp;
use serde::Serialize;

/// A line and how it is drawn.
pub type Line = (String, Role);

/// A word as it is written in JSON.
fn word(value: impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// What a trigger waits for.
#[must_use]
pub fn when(when: &TriggerWhen) -> String {
    let what = match when {
        TriggerWhen::Container { is, .. } => format!("container {}", is.iter().map(word).collect::<Vec<_>>().join("/")),
        TriggerWhen::Log { matches, .. } => format!("log /{matches}/"),
        TriggerWhen::Metric { metric, above, seconds, .. } => format!("{} > {above} for {seconds} s", metric.as_str()),
        TriggerWhen::Session { is, matches, seconds, .. } => {
            let further = matches.as_ref().map(|matches| format!(" /{matches}/")).or_else(|| seconds.map(|seconds| format!(" {seconds} s")));
            format!("session {}{}", word(is), further.unwrap_or_default())
        }
        TriggerWhen::Hook { signed } => format!("request, signed: {}", word(signed)),
        TriggerWhen::File { of, name } => format!("{} {} changed", word(of), name.as_deref().unwrap_or("*")),
    };
    what + &of(when)
}

/// Of which containers.
fn of(when: &TriggerWhen) -> String {
    let (TriggerWhen::Container { of, .. } | TriggerWhen::Log { of, .. } | TriggerWhen::Metric { of, .. } | TriggerWhen::Session { of, .. }) = when else {
        return String::new();
    };
    let ContainerMatch { name, template, stack, owner, labels } = of;
    let parts = [("", name), ("template ", template), ("stack ", stack), ("of ", owner)];
    let mut parts: Vec<String> = parts.iter().filter_map(|(word, value)| value.as_ref().map(|value| format!("{word}{value}"))).collect();
    parts.extend(labels.iter().map(|(key, value)| format!("label {key}={value}")));
    if parts.is_empty() { String::new() } else { format!(" in {}", parts.join(", ")) }
}

/// A sign and words; the words alone for those who have the screen read to them.
fn signed(sign: &str, words: &str, role: Role, plain: bool) -> Line {
    (if plain { words.to_owned() } else { format!("{sign} {words}") }, role)
}

/// How a trigger stands.
#[must_use]
pub fn trigger(trigger: &Trigger, plain: bool) -> Line {
    match (&trigger.trouble, trigger.paused) {
        (Some(_), _) => signed("▲", "trouble", Role::Warn, plain),
        (None, true) => signed("⏸", "paused", Role::Warn, plain),
        (None, false) => signed("●", "on", Role::Ok, plain),
    }
}

/// What became of an event.
#[must_use]
pub fn outcome(fire: &Fire, plain: bool) -> Line {
    match fire.outcome {
        FireOutcome::Started => signed("✓", "started", Role::Ok, plain),
        FireOutcome::Failed => signed("✖", "failed", Role::Error, plain),
        FireOutcome::Limited => signed("○", "limited", Role::Warn, plain),
        FireOutcome::Loop => signed("✖", "a circle", Role::Error, plain),
    }
}

/// Everything that is known of a trigger.
#[must_use]
pub fn about_trigger(trigger: &Trigger, plain: bool) -> Vec<Line> {
    let mut lines = vec![fact("state", &self::trigger(trigger, plain).0)];
    trigger.trouble.iter().for_each(|why| lines.extend(told(why, Role::Warn)));
    lines.push(fact("when", &when(&trigger.when)));
    lines.push(fact("script", &trigger.run.script));
    lines.extend(trigger.run.params.iter().map(|(name, value)| fact("parameter", &format!("{name} = {value}"))));
    if trigger.quiet_seconds > 0 {
        lines.push(fact("quiet", &format!("it waits until nothing more happens for {} s", trigger.quiet_seconds)));
    }
    lines.push(fact("limit", &format!("{} times in {} s", trigger.limit.times, trigger.limit.seconds)));
    if matches!(trigger.when, TriggerWhen::Hook { .. }) {
        lines.push(fact("path", &format!("/api/v1/hooks/{}", trigger.name)));
    }
    lines.extend(trigger.old_secret_until.map(|until| fact("secret", &format!("that of before counts until {until}"))));
    lines.push(fact("owner", &format!("{}, with the rights of {}", trigger.owner, trigger.rights)));
    lines
}

/// Everything that is known of what a trigger did with an event.
#[must_use]
pub fn about_fire(fire: &Fire, plain: bool) -> Vec<Line> {
    let mut lines = vec![fact("at", &fire.at.to_string()), fact("outcome", &outcome(fire, plain).0)];
    lines.extend(told(&fire.event, Role::Text));
    fire.error.iter().for_each(|why| lines.extend(told(why, Role::Error)));
    lines.extend(fire.run.as_ref().map(|run| fact("run", run.as_str())));
    if fire.more > 0 {
        lines.push(fact("more", &format!("{} events are counted here", fire.more)));
    }
    if fire.depth > 1 {
        lines.push(fact("depth", &format!("{} runs in a row started each other", fire.depth)));
    }
    lines
}

/// Where a webhook leads.
#[must_use]
pub fn target(to: &HookTarget) -> String {
    match to {
        HookTarget::Webhook { url } => url.clone(),
        HookTarget::Email { to, .. } => to.join(", "),
        HookTarget::Terminal => "the terminal client".to_owned(),
        HookTarget::Desktop => "the desktop".to_owned(),
    }
}

/// How a webhook stands.
#[must_use]
pub fn webhook(webhook: &Webhook, plain: bool) -> Line {
    if webhook.disabled.is_some() { signed("✖", "disabled", Role::Error, plain) } else { signed("●", "on", Role::Ok, plain) }
}

/// Everything that is known of a webhook.
#[must_use]
pub fn about_webhook(webhook: &Webhook, plain: bool) -> Vec<Line> {
    let mut lines = vec![fact("state", &self::webhook(webhook, plain).0)];
    webhook.disabled.iter().for_each(|why| lines.extend(told(why, Role::Error)));
    lines.push(fact("to", &target(&webhook.to)));
    if let HookTarget::Email { server, from, user, .. } = &webhook.to {
        lines.push(fact("server", &format!("{server}, from {from}{}", user.as_ref().map(|user| format!(", as {user}")).unwrap_or_default())));
    }
    lines.push(fact("events", &webhook.events.join(" ")));
    let filter = [("of", &webhook.filter.owner), ("script", &webhook.filter.script), ("container", &webhook.filter.container)];
    lines.extend(filter.iter().filter_map(|(name, value)| value.as_ref().map(|value| fact(name, value))));
    if webhook.allow_private {
        lines.push(fact("private", "addresses that are not public are allowed"));
    }
    lines.extend(webhook.old_secret_until.map(|until| fact("secret", &format!("that of before counts until {until}"))));
    lines.push(fact("owner", &webhook.owner));
    lines
}

/// How far a delivery is.
#[must_use]
pub fn delivery(delivery: &HookDelivery, plain: bool) -> Line {
    match delivery.state {
        HookDeliveryState::Delivered => signed("✓", "delivered", Role::Ok, plain),
        HookDeliveryState::Waiting => signed("◐", "waiting", Role::Warn, plain),
        HookDeliveryState::Failed => signed("✖", "failed", Role::Error, plain),
    }
}

/// What the receiver answered last, or why it did not.
#[must_use]
pub fn answer(delivery: &HookDelivery) -> Line {
    let Some(last) = delivery.attempts.last() else { return ("not tried yet".to_owned(), Role::Muted) };
    match (&last.error, last.status) {
        (Some(error), _) => (error.clone(), Role::Error),
        (None, Some(status)) => (format!("{status} in {} ms", last.ms), Role::Text),
        (None, None) => (format!("{} ms", last.ms), Role::Text),
    }
}

/// Everything that is known of a delivery.
#[must_use]
pub fn about_delivery(delivery: &HookDelivery, now: Timestamp, plain: bool) -> Vec<Line> {
    let mut lines = vec![
        fact("event", &delivery.event),
        fact("state", &self::delivery(delivery, plain).0),
        fact("at", &delivery.created_at.to_string()),
        fact("message", &delivery.message),
        fact("id", delivery.id.as_str()),
    ];
    lines.extend(told(&delivery.text, Role::Text));
    lines.extend(delivery.next_at.map(|next| fact("next try", &format!("in {} s", next.duration_since(now).as_secs().max(0)))));
    for (place, attempt) in delivery.attempts.iter().enumerate() {
        lines.push((String::new(), Role::Text));
        let status = attempt.status.map(|status| format!(", answered {status}")).unwrap_or_default();
        let role = if attempt.error.is_some() { Role::Error } else { Role::Ok };
        lines.push((format!("try {}  {}  {} ms{status}", place + 1, attempt.at, attempt.ms), role));
        attempt.error.iter().for_each(|why| lines.extend(told(why, Role::Error)));
        lines.extend(attempt.response.lines().flat_map(|line| told(line, Role::Muted)));
    }
    lines
}

/// How a plugin stands.
#[must_use]
pub fn plugin(plugin: &Plugin, plain: bool) -> Line {
    match (plugin.state, &plugin.hooks_off) {
        (PluginState::Enabled, Some(_)) => signed("▲", "hooks off", Role::Warn, plain),
        (PluginState::Enabled, None) => signed("●", "enabled", Role::Ok, plain),
        (PluginState::Disabled, _) => signed("⏸", "disabled", Role::Muted, plain),
        (PluginState::Waiting, _) => signed("○", "waiting", Role::Warn, plain),
        (PluginState::Changed, _) => signed("▲", "changed", Role::Warn, plain),
        (PluginState::Broken, _) => signed("✖", "broken", Role::Error, plain),
    }
}

/// What is wrong with a plugin, or what it is for.
#[must_use]
pub fn fault(plugin: &Plugin) -> Line {
    let broken = plugin.broken.first().map(run_words::place);
    match plugin.hooks_off.clone().or(broken) {
        Some(why) => (why, Role::Error),
        None => (plugin.manifest.as_ref().map(|manifest| manifest.about.clone()).unwrap_or_default(), Role::Muted),
    }
}

/// What a grant lets a plugin do.
#[must_use]
pub fn grant(grant: &str) -> String {
    match grant {
        "containers" => "see and use every container that whoever runs it may use".to_owned(),
        "launch" => "launch containers of its own".to_owned(),
        "events" => "hear what happens, and run its scripts then, with your rights".to_owned(),
        other => other.strip_prefix("secrets:").map(|name| format!("read the secret '{name}' of whoever runs it")).unwrap_or_default(),
    }
}

/// Everything that is known of a plugin.
#[must_use]
pub fn about_plugin(plugin: &Plugin, plain: bool) -> Vec<Line> {
    let manifest = plugin.manifest.clone().unwrap_or_default();
    let mut lines = told(&manifest.about, Role::Text);
    lines.push(fact("version", &manifest.version));
    lines.push(fact("state", &self::plugin(plugin, plain).0));
    plugin.hooks_off.iter().for_each(|why| lines.extend(told(&format!("it does nothing by itself any more: {why}"), Role::Error)));
    plugin.broken.iter().for_each(|place| lines.extend(told(&run_words::place(place), Role::Error)));
    for asked in &manifest.grants {
        let given = if plugin.granted.contains(asked) { "granted" } else { "not granted" };
        lines.push(fact("asks for", &format!("{asked} ({given}): {}", grant(asked))));
    }
    if manifest.grants.is_empty() {
        lines.push(fact("asks for", "nothing"));
    }
    if let (Some(by), Some(at)) = (&plugin.installed_by, plugin.installed_at) {
        lines.push(fact("granted", &format!("by {by}, {at}")));
    }
    for command in &manifest.commands {
        let container = if command.on == PluginTarget::Container { " CONTAINER" } else { "" };
        lines.push(fact("command", &format!("{}{container}  {}", command.name, command.about)));
    }
    lines.extend(manifest.hooks.iter().map(|hook| fact("hook", &format!("{} → {}", hook.events.join(", "), hook.script))));
    lines.extend(manifest.matchers.iter().map(|file| fact("matchers", file)));
    lines.push(fact("hash", &plugin.hash));
    lines
}

/// Asks what is to become of a secret that is shown only now.
#[must_use]
pub fn secret(name: &str, secret: &str, used: &str) -> Effect {
    let lines = vec![secret.to_owned(), used.to_owned()];
    let choices = vec![Choice { key: 'c', label: "copy it".to_owned(), destroys: false, effects: vec![Effect::Ask(Ask::Copy(secret.to_owned()))] }];
    Effect::Ask(Ask::Confirm(Box::new(ConfirmSpec { title: format!("The secret of {name}: it is shown only now"), lines, choices })))
}

fn fact(label: &str, value: &str) -> Line {
    (format!("{} {value}", text::left(label, 9)), Role::Text)
}

fn told(words: &str, role: Role) -> Vec<Line> {
    text::wrap(words, 96).into_iter().map(|line| (line, role)).collect()
}
