//! What happened, told from what things are like before and after.
use crate::model::Container;
use crate::model::ContainerId;
use crate::model::ContainerState;
use crate::model::Event;
use crate::model::Health;
use crate::model::ListChange;
use crate::model::ListName;
use crate::model::Numbered;
use crate::model::OperationState;
use crate::model::Run;
use crate::model::RunState;
use crate::model::Session;
use crate::model::SessionId;
use crate::model::SessionState;
use jiff::Timestamp;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;
use std::collections::HashMap;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Happening {
    /// `container.died`, …
    pub kind: &'static str,
    /// The same on every server that sees it.
    pub key: String,
    /// When.
    pub at: Timestamp,
    /// In words.
    pub text: String,
    /// It is bad news.
    pub bad: bool,
    /// Whose the thing is.
    pub owner: Option<String>,
    /// The container that it happened to or in.
    pub container: Option<Subject>,
    /// The session that it happened in.
    pub session: Option<SessionId>,
    /// The script that it is about.
    pub script: Option<String>,
    /// What is told of it.
    pub data: Value,
}

/// A container, as filters see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Subject {
    pub id: ContainerId,
    pub name: String,
    pub template: Option<String>,
    pub stack: Option<String>,
    pub owner: Option<String>,
    pub labels: BTreeMap<String, String>,
}

impl Subject {
    /// One of which no more is known.
    pub(super) fn bare(id: &ContainerId, name: &str) -> Self {
        Self { id: id.clone(), name: name.to_owned(), template: None, stack: None, owner: None, labels: BTreeMap::new() }
    }
}

impl From<&Container> for Subject {
    fn from(container: &Container) -> Self {
        Self {
            id: container.id.clone(),
            name: container.name.clone(),
            template: container.template.clone(),
            stack: container.stack.as_ref().map(|place| place.stack.clone()),
            owner: container.owner.clone(),
            labels: container.labels.clone(),
        }
    }
}

impl Happening {
    /// Something that happened to a container.
    pub(super) fn of_container(kind: &'static str, subject: &Subject, at: Timestamp, key: String, words: &str, data: Value) -> Self {
        Self {
            kind,
            key,
            at,
            text: format!("container {} {words}", subject.name),
            bad: false,
            owner: subject.owner.clone(),
            container: Some(subject.clone()),
            session: None,
            script: None,
            data,
        }
    }
}

/// What was known before.
pub(super) struct Seen {
    began: Timestamp,
    containers: HashMap<ContainerId, (ContainerState, Option<Timestamp>, Option<Health>, Subject)>,
    sessions: HashMap<SessionId, SessionState>,
    runs: HashMap<String, RunState>,
    engine: Option<bool>,
}

impl Seen {
    /// Nothing was known before; what is older than `began` is no news.
    pub(super) fn new(began: Timestamp) -> Self {
        Self { began, containers: HashMap::new(), sessions: HashMap::new(), runs: HashMap::new(), engine: None }
    }

    /// The containers that are known, for what watches them.
    pub(super) fn subject(&self, id: &ContainerId) -> Option<&Subject> {
        self.containers.get(id).map(|known| &known.3)
    }

    /// What an event says that happened.
    pub(super) fn take(&mut self, event: &Numbered, boot: &str) -> Vec<Happening> {
        let at = event.at;
        match &event.event {
            Event::ContainerChanged { container } => self.container(container, at),
            Event::ContainerRemoved { id, name } => {
                let (state, known) = self.containers.remove(id).map_or_else(|| (None, Subject::bare(id, name)), |known| (Some(known.0), known.3));
                let data = json!({"container": {"id": id, "name": name, "template": known.template, "owner": known.owner}});
                let tell = |kind, key, words| Happening::of_container(kind, &known, at, key, words, data.clone());
                let mut all = Vec::new();
                // One that is removed while it runs dies first, though nobody may have seen it dead.
                if matches!(state, Some(ContainerState::Running | ContainerState::Paused | ContainerState::Restarting)) {
                    all.push(tell("container.died", format!("died:{id}:removed"), "ended as it was removed"));
                }
                all.push(tell("container.removed", format!("removed:{id}"), "was removed"));
                all
            }
            Event::SessionChanged { session } => self.session(session, at),
            Event::SessionRemoved { id } => {
                self.sessions.remove(id);
                Vec::new()
            }
            Event::RunChanged { run } => self.run(run, at),
            Event::OperationChanged { operation } if operation.state == OperationState::Failed => {
                let why = operation.problem.as_ref().map(|problem| problem.detail.clone()).unwrap_or_default();
                let data = json!({"operation": {"id": operation.id, "title": operation.title, "owner": operation.owner, "error": why}});
                let key = format!("operation:{}", operation.id);
                let text = format!("{} failed: {why}", operation.title);
                vec![Happening { owner: Some(operation.owner.clone()), bad: true, ..plain("operation.failed", key, at, text, data) }]
            }
            Event::EngineChanged { available, detail } => {
                let before = self.engine.replace(*available);
                let kind = match (before, available) {
                    (_, false) if before != Some(false) => "engine.lost",
                    (Some(false), true) => "engine.back",
                    _ => return Vec::new(),
                };
                let text = if *available { "the engine answers again".to_owned() } else { format!("the engine is lost: {}", detail.as_deref().unwrap_or("")) };
                let data = json!({"engine": {"available": available, "detail": detail}});
                vec![Happening { bad: !available, ..plain(kind, format!("{kind}:{}", at.as_second() / 60), at, text, data) }]
            }
            Event::Bell { session } => {
                let data = json!({"session": {"id": session}});
                let key = format!("bell:{session}:{boot}:{}", event.seq);
                vec![Happening { session: Some(session.clone()), ..plain("session.bell", key, at, format!("session {session} rang the bell"), data) }]
            }
            Event::ListChanged { list, name, owner, change } => listed(*list, name, owner.as_deref(), *change, at),
            Event::TemplatesChanged
            | Event::ScriptsChanged
            | Event::OperationChanged { .. }
            | Event::ScheduleChanged { .. }
            | Event::ScheduleRemoved { .. }
            | Event::Notice { .. }
            | Event::ConfigChanged { .. }
            | Event::Resync => Vec::new(),
        }
    }

    fn container(&mut self, container: &Container, now: Timestamp) -> Vec<Happening> {
        let subject = Subject::from(container);
        let known = (container.state, container.started_at, container.health, subject.clone());
        let before = self.containers.insert(container.id.clone(), known);
        let (state, started, health) = before.map_or((None, None, None), |(state, started, health, _)| (Some(state), started, health));
        let is_new = |at: Timestamp| state.is_some() || at >= self.began;
        let is_over = |state: ContainerState| matches!(state, ContainerState::Exited | ContainerState::Dead);
        let id = &container.id;
        let mut all = Vec::new();
        let mut tell =
            |kind, at, key, words: &str, bad| all.push(Happening { bad, ..Happening::of_container(kind, &subject, at, key, words, data_of(container)) });
        if let Some(start) = container.started_at.filter(|start| started != Some(*start) && is_new(*start)) {
            tell("container.started", start, format!("started:{id}:{start}"), "was started", false);
        }
        let ended = container.finished_at.unwrap_or(now);
        if is_over(container.state) && container.started_at.is_some() && state.is_none_or(|state| !is_over(state)) && is_new(ended) {
            let code = container.exit_code.unwrap_or_default();
            tell("container.died", ended, format!("died:{id}:{ended}"), &format!("ended, exit code {code}"), code != 0 || container.oom_killed);
            if container.oom_killed {
                tell("container.oom", ended, format!("oom:{id}:{ended}"), "was ended by the out-of-memory killer", true);
            }
        }
        match (health, container.health) {
            (before, Some(Health::Unhealthy)) if state.is_some() && before != Some(Health::Unhealthy) => {
                tell("container.unhealthy", now, format!("unhealthy:{id}:{}", now.as_second() / 10), "is unhealthy", true);
            }
            (Some(Health::Unhealthy), Some(Health::Healthy)) => {
                tell("container.healthy", now, format!("healthy:{id}:{}", now.as_second() / 10), "is healthy again", false);
            }
            _ => {}
        }
        all
    }

    fn session(&mut self, session: &Session, at: Timestamp) -> Vec<Happening> {
        let before = self.sessions.insert(session.id.clone(), session.state);
        let (kind, words) = match (before, session.state) {
            (None, SessionState::Live) if session.created_at >= self.began => ("session.opened", "was opened"),
            (Some(SessionState::Live), SessionState::Ended) => ("session.ended", "has ended"),
            (None, SessionState::Ended) if session.exit.as_ref().is_some_and(|exit| exit.at >= self.began) => ("session.ended", "has ended"),
            _ => return Vec::new(),
        };
        let text = format!("session {} in {} {words}", session.title, session.container_name);
        vec![self.in_session(kind, session, format!("{kind}:{}", session.id), at, text, json!({}))]
    }

    /// Something that happened in a session.
    pub(super) fn in_session(&self, kind: &'static str, session: &Session, key: String, at: Timestamp, text: String, further: Value) -> Happening {
        let subject = self.subject(&session.container).cloned();
        let subject = subject.unwrap_or_else(|| Subject::bare(&session.container, &session.container_name));
        let mut data = json!({
            "session": {"id": session.id, "title": session.title, "command": session.command, "owner": session.owner, "exit": session.exit},
            "container": {"id": subject.id, "name": subject.name, "template": subject.template, "owner": subject.owner},
        });
        if let (Some(data), Value::Object(further)) = (data.as_object_mut(), further) {
            data.extend(further);
        }
        let container = Some(subject);
        Happening { owner: Some(session.owner.clone()), container, session: Some(session.id.clone()), ..plain(kind, key, at, text, data) }
    }

    fn run(&mut self, run: &Run, at: Timestamp) -> Vec<Happening> {
        let before = match run.state.is_over() {
            true => self.runs.remove(run.id.as_str()),
            false => self.runs.insert(run.id.to_string(), run.state),
        };
        let kind = match run.state {
            state if before == Some(state) => return Vec::new(),
            RunState::Queued => return Vec::new(),
            RunState::Running => "run.started",
            RunState::Succeeded => "run.succeeded",
            RunState::Failed | RunState::TimedOut | RunState::Lost => "run.failed",
            RunState::Cancelled => "run.cancelled",
        };
        let words = run.state.as_str().replace('_', " ");
        let why = run.error.as_ref().map(|error| error.message.clone());
        let text = match &why {
            Some(why) => format!("run of {} {words}: {why}", run.script),
            None => format!("run of {} {words}", run.script),
        };
        let data = json!({"run": {
            "id": run.id, "script": run.script, "owner": run.owner, "state": run.state, "error": why, "cause": run.cause, "results": run.results,
            "steps": run.steps.0, "failed_steps": run.steps.1, "attempt": run.attempt, "started_at": run.started_at, "ended_at": run.ended_at,
        }});
        let key = format!("{kind}:{}:{}", run.id, run.attempt);
        vec![Happening { owner: Some(run.owner.clone()), script: Some(run.script.clone()), bad: kind == "run.failed", ..plain(kind, key, at, text, data) }]
    }
}

/// What a change of a list says that happened. That lists of webhooks and the like change is for who shows them.
fn listed(list: ListName, name: &str, owner: Option<&str>, change: ListChange, at: Timestamp) -> Vec<Happening> {
    use ListChange::*;
    let (kind, noun, words) = match (list, change) {
        (ListName::Images, Added) => ("image.added", "image", "was added"),
        (ListName::Images, Removed) => ("image.removed", "image", "was removed"),
        (ListName::Volumes, Added) => ("volume.added", "volume", "was added"),
        (ListName::Volumes, Removed) => ("volume.removed", "volume", "was removed"),
        (ListName::Networks, Added) => ("network.added", "network", "was added"),
        (ListName::Networks, Removed) => ("network.removed", "network", "was removed"),
        (ListName::Recordings, Added) => ("recording.started", "recording", "began"),
        (ListName::Recordings, Changed) => ("recording.ended", "recording", "has ended"),
        (ListName::Recordings, Removed) => ("recording.removed", "recording", "was removed"),
        _ => return Vec::new(),
    };
    // Two servers that see it do so within the same ten seconds, as a rule.
    let key = format!("{kind}:{name}:{}", at.as_second() / 10);
    let data = json!({ noun: {"name": name, "owner": owner} });
    vec![Happening { owner: owner.map(str::to_owned), ..plain(kind, key, at, format!("{noun} {name} {words}"), data) }]
}

/// Something that happened to nothing in particular.
pub(super) fn plain(kind: &'static str, key: String, at: Timestamp, text: String, data: Value) -> Happening {
    Happening { kind, key, at, text, bad: false, owner: None, container: None, session: None, script: None, data }
}

/// What is told of a container.
fn data_of(container: &Container) -> Value {
    json!({"container": {
        "id": container.id, "name": container.name, "image": container.image, "template": container.template, "owner": container.owner,
        "state": container.state, "health": container.health, "exit_code": container.exit_code, "oom_killed": container.oom_killed, "error": container.error,
    }})
}

/// Whether a name fits a pattern in which `*` stands for any letters.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = name.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// Whether a kind of event is meant by one of these: `run.failed`, `run.*`, `*`.
pub(super) fn is_meant(events: &[String], kind: &str) -> bool {
    events.iter().any(|event| fits(event, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_names() {
        assert!(fits("web", "web") && fits("*", "") && fits("web-*", "web-1") && fits("*-db", "a-db") && fits("a*b*c", "a1b2c") && fits("run.*", "run.failed"));
        assert!(!fits("web", "web-1") && !fits("a*b*c", "acb") && !fits("web-*", "webx") && !fits("ab*ba", "aba"));
    }

    fn container(change: impl FnOnce(&mut Container)) -> Numbered {
        let value = json!({"id": "c1", "name": "web", "image": "x", "state": "running", "created_at": "2026-01-01T00:00:00Z",
            "started_at": "2026-01-01T00:00:10Z", "foreign": false, "tty": false, "owner": "olga"});
        let mut container: Container = serde_json::from_value(value).unwrap();
        change(&mut container);
        Numbered { seq: 1, at: "2026-01-01T00:01:00Z".parse().unwrap(), event: Event::ContainerChanged { container: Box::new(container) } }
    }

    fn kinds(all: Vec<Happening>) -> Vec<&'static str> {
        all.into_iter().map(|one| one.kind).collect()
    }

    #[test]
    fn what_is_older_than_the_watch_is_no_news_and_each_news_is_told_once() {
        let mut late = Seen::new("2026-01-01T00:00:30Z".parse().unwrap());
        assert!(late.take(&container(|_| {}), "b").is_empty());
        let mut seen = Seen::new("2026-01-01T00:00:00Z".parse().unwrap());
        assert_eq!(kinds(seen.take(&container(|_| {}), "b")), ["container.started"]);
        assert!(seen.take(&container(|_| {}), "b").is_empty());
        assert_eq!(kinds(seen.take(&container(|c| c.health = Some(Health::Unhealthy)), "b")), ["container.unhealthy"]);
        let died = container(|c| {
            (c.state, c.exit_code, c.oom_killed, c.finished_at) = (ContainerState::Exited, Some(137), true, Some("2026-01-01T00:00:50Z".parse().unwrap()));
        });
        let told = seen.take(&died, "b");
        assert_eq!((told[0].text.as_str(), told[0].bad, told[0].key.as_str()), ("container web ended, exit code 137", true, "died:c1:2026-01-01T00:00:50Z"));
        assert_eq!(kinds(told), ["container.died", "container.oom"]);
        let at = "2026-01-01T00:02:00Z".parse().unwrap();
        let gone = Numbered { seq: 9, at, event: Event::ContainerRemoved { id: ContainerId("c1".to_owned()), name: "web".to_owned() } };
        assert_eq!(kinds(seen.take(&gone, "b")), ["container.removed"]);
        let mut running = Seen::new("2026-01-01T00:00:00Z".parse().unwrap());
        running.take(&container(|_| {}), "b");
        assert_eq!(kinds(running.take(&gone, "b")), ["container.died", "container.removed"], "nobody has seen it dead");
        assert!(late.take(&died, "b").iter().any(|one| one.key == "died:c1:2026-01-01T00:00:50Z"), "the same key on another server");
    }
}
