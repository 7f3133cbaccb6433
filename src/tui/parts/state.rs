//! How a container's state is told: a glyph and a word before it is a colour.
use super::text;
use crate::model::Container;
use crate::model::ContainerState;
use crate::model::Health;
use crate::tui::theme::Role;
use jiff::Timestamp;

/// A container's state for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// One column.
    pub glyph: &'static str,
    /// One word, or two.
    pub word: &'static str,
    /// Its colour.
    pub role: Role,
}

/// What a container is doing, in a word.
#[must_use]
pub fn told(container: &Container) -> Told {
    let told = |glyph, word, role| Told { glyph, word, role };
    match (container.state, container.health) {
        (ContainerState::Running, Some(Health::Unhealthy)) => told("▲", "unhealthy", Role::Warn),
        (ContainerState::Running, Some(Health::Starting)) => told("◐", "starting", Role::Info),
        (ContainerState::Running, Some(Health::Healthy)) => told("●", "healthy", Role::Ok),
        (ContainerState::Running, None) => told("●", "running", Role::Ok),
        (ContainerState::Paused, _) => told("⏸", "paused", Role::Info),
        (ContainerState::Restarting, _) => told("⟳", "restarting", Role::Info),
        (ContainerState::Removing, _) => told("◐", "removing", Role::Muted),
        (ContainerState::Created, _) if container.error.is_none() => told("○", "created", Role::Muted),
        (ContainerState::Exited, _) if !failed(container) => told("○", "stopped", Role::Muted),
        _ => told("✖", "failed", Role::Error),
    }
}

/// Whether its last run ended badly. 137 and 143 without the out-of-memory killer are how a stop ends.
#[must_use]
pub fn failed(container: &Container) -> bool {
    let ended = matches!(container.state, ContainerState::Exited | ContainerState::Dead | ContainerState::Created);
    ended && (container.oom_killed || container.error.is_some() || container.exit_code.is_some_and(|code| !matches!(code, 0 | 130 | 137 | 143)))
}

/// Whether its main program runs, frozen or not.
#[must_use]
pub fn runs(container: &Container) -> bool {
    matches!(container.state, ContainerState::Running | ContainerState::Paused | ContainerState::Restarting)
}

/// How its last run ended: `exit 137, OOM`; none while it runs or when it never ran.
#[must_use]
pub fn last_exit(container: &Container) -> Option<String> {
    if runs(container) {
        return None;
    }
    match (&container.error, container.exit_code) {
        (Some(error), _) if !error.is_empty() => Some(error.clone()),
        (_, Some(code)) if container.oom_killed => Some(format!("exit {code}, OOM")),
        (_, Some(code)) if container.finished_at.is_some() => Some(format!("exit {code}")),
        _ if container.oom_killed => Some("OOM".to_owned()),
        _ => None,
    }
}

/// Since when it runs, or how long ago it ended: `2h`, `<5m ago`.
#[must_use]
pub fn since(container: &Container, now: Timestamp) -> String {
    match (runs(container), container.started_at, container.finished_at) {
        (true, Some(at), _) => text::age(at, now),
        (false, _, Some(at)) => format!("{} ago", text::age(at, now)),
        _ => String::new(),
    }
}

/// The template, or the image of a container that came from none.
#[must_use]
pub fn origin(container: &Container) -> &str {
    container.template.as_deref().unwrap_or(&container.image)
}
