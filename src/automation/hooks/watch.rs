//! What triggers watch by themselves: logs, numbers, output of sessions, files.
use super::Automation;
use super::happening::Happening;
use super::happening::Subject;
use super::happening::is_meant;
use super::happening::plain;
use super::levels::Level;
use super::levels::Lines;
use super::sessions::Sessions;
use crate::control::Control;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::ContainerId;
use crate::model::ContainerState;
use crate::model::Event;
use crate::model::ListQuery;
use crate::model::LogQuery;
use crate::model::LogSource;
use crate::model::Metric;
use crate::model::Numbered;
use crate::model::Stats;
use crate::model::Trigger;
use crate::model::TriggerId;
use crate::model::TriggerWhen;
use crate::model::WholeQuery;
use jiff::Timestamp;
use regex::Regex;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use sha2::Digest as _;
use sha2::Sha256;
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Containers whose logs are followed at once, for all triggers together.
pub(super) const MOST_LOGS: usize = 64;
/// How often it is looked which containers are to be watched, and what sessions have printed.
const LOOK: Duration = Duration::from_secs(1);
const SESSIONS: Duration = Duration::from_millis(500);
/// Bytes that a pattern may need when it is made.
const PATTERN: usize = 1 << 20;
/// Lines of the past that are looked at when a log is followed: what was printed before it could be.
const TAIL: u32 = 500;

/// What is told of files.
const FILES: [&str; 2] = ["template.changed", "script.changed"];

/// A pattern of a trigger, and what it is for.
pub(super) type Patterns = Arc<Vec<(TriggerId, Regex)>>;

/// Reads a pattern.
///
/// # Errors
/// What is wrong with it.
pub(super) fn pattern(text: &str) -> Result<Regex, String> {
    regex::RegexBuilder::new(text).size_limit(PATTERN).build().map_err(|error| {
        let text = error.to_string();
        format!("the pattern is wrong: {}", text.lines().last().unwrap_or_default().trim_start_matches("error: "))
    })
}

/// What a pattern found in a line: the groups by number and by name.
pub(super) fn groups(pattern: &Regex, line: &str) -> Option<Value> {
    let found = pattern.captures(line)?;
    let mut groups = Map::new();
    for (index, name) in pattern.capture_names().enumerate() {
        let Some(text) = found.get(index) else { continue };
        groups.insert(index.to_string(), json!(text.as_str()));
        if let Some(name) = name {
            groups.insert(name.to_owned(), json!(text.as_str()));
        }
    }
    Some(Value::Object(groups))
}

/// A log that is followed.
struct Follow {
    patterns: Patterns,
    task: JoinHandle<()>,
}

impl Drop for Follow {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Everything that is watched.
#[derive(Default)]
struct Watch {
    running: HashMap<ContainerId, Subject>,
    logs: HashMap<ContainerId, Follow>,
    /// The last line of a log that was looked at, so that none is looked at twice when it is followed again.
    seen: Arc<std::sync::Mutex<HashMap<ContainerId, Timestamp>>>,
    levels: HashMap<(TriggerId, ContainerId), Level>,
    stats: Option<mpsc::Receiver<Stats>>,
    sessions: Sessions,
    /// Templates and scripts, as they were seen last.
    files: Option<BTreeMap<String, String>>,
}

impl Automation {
    /// Runs until `shutdown`: watches what triggers want watched.
    pub(super) async fn watch(self, mut events: broadcast::Receiver<Numbered>, shutdown: CancellationToken) {
        let mut watch = Watch::default();
        let mut looks = tokio::time::interval(LOOK);
        let mut sessions = tokio::time::interval(SESSIONS);
        for interval in [&mut looks, &mut sessions] {
            interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        }
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = looks.tick() => self.look(&mut watch).await,
                _ = sessions.tick() => self.look_at_sessions(&mut watch.sessions, &watch.running).await,
                Some(sample) = next_sample(&mut watch.stats) => self.measured(&mut watch, &sample),
                event = events.recv() => match event {
                    Ok(Numbered { event: Event::TemplatesChanged | Event::ScriptsChanged, .. }) | Err(broadcast::error::RecvError::Lagged(_)) => {
                        self.look_at_files(&mut watch).await;
                    }
                    Ok(_) => {}
                    Err(broadcast::error::RecvError::Closed) => return,
                },
            }
        }
    }

    /// Looks what is to be watched from now on.
    async fn look(&self, watch: &mut Watch) {
        let triggers = self.0.hooks.state().triggers.clone();
        let active: Vec<&Trigger> = triggers.iter().map(|(trigger, _)| trigger).filter(|trigger| !trigger.paused).collect();
        let wants = |fits: fn(&TriggerWhen) -> bool| active.iter().any(|trigger| fits(&trigger.when));
        let measures = wants(|when| matches!(when, TriggerWhen::Metric { .. }));
        let follows = wants(|when| matches!(when, TriggerWhen::Log { .. }));
        let reads = wants(|when| matches!(when, TriggerWhen::Session { .. }));
        let told = self.0.hooks.state().webhooks.iter().any(|(webhook, _)| FILES.iter().any(|kind| is_meant(&webhook.events, kind)));
        if watch.files.is_none() && (told || wants(|when| matches!(when, TriggerWhen::File { .. }))) {
            watch.files = self.files().await.ok();
        }
        watch.sessions.set(&active);
        watch.running = match measures || follows || reads {
            // Of an engine that does not answer nothing is known, and nothing is forgotten.
            true => match self.running_subjects().await {
                Ok(running) => running,
                Err(_) => return,
            },
            false => HashMap::new(),
        };
        if !measures {
            watch.stats = None;
            watch.levels.clear();
        } else if watch.stats.is_none() {
            watch.stats = self.control().subscribe_stats(&Control::local_admin(), Vec::new()).await.ok();
        }
        watch.levels.retain(|(_, id), _| watch.running.contains_key(id));
        self.follow(watch, &active);
    }

    /// Containers that run.
    pub(super) async fn running_subjects(&self) -> Result<HashMap<ContainerId, Subject>> {
        let mut query = ListQuery { limit: Some(500), ..ListQuery::default() };
        let mut running = HashMap::new();
        loop {
            let page = self.control().list_containers(&Control::local_admin(), &query).await?;
            let subjects = page.items.iter().filter(|container| container.state == ContainerState::Running);
            running.extend(subjects.map(|container| (container.id.clone(), Subject::from(container))));
            match page.next_cursor {
                Some(cursor) => query.cursor = Some(cursor),
                None => return Ok(running),
            }
        }
    }

    fn follow(&self, watch: &mut Watch, active: &[&Trigger]) {
        let mut wanted: BTreeMap<&ContainerId, Vec<&Trigger>> = BTreeMap::new();
        for trigger in active {
            if let TriggerWhen::Log { of, .. } = &trigger.when {
                for (id, _) in watch.running.iter().filter(|(_, subject)| subject.is_of(of)) {
                    wanted.entry(id).or_default().push(trigger);
                }
            }
        }
        let mut troubles = HashMap::new();
        let left_out: Vec<&ContainerId> = {
            // Those that are followed already stay so.
            let (known, new): (Vec<&ContainerId>, Vec<&ContainerId>) = wanted.keys().copied().partition(|id| watch.logs.contains_key(*id));
            known.into_iter().chain(new).skip(MOST_LOGS).collect()
        };
        for id in left_out {
            for trigger in wanted.remove(id).unwrap_or_default() {
                troubles.insert(trigger.id.clone(), too_many_logs());
            }
        }
        watch.logs.retain(|id, follow| !follow.task.is_finished() && wanted.contains_key(id));
        for (id, triggers) in wanted {
            let patterns: Vec<(TriggerId, Regex)> = triggers
                .iter()
                .filter_map(|trigger| match &trigger.when {
                    TriggerWhen::Log { matches, .. } => Some((trigger.id.clone(), pattern(matches).ok()?)),
                    _ => None,
                })
                .collect();
            let same = watch.logs.get(id).is_some_and(|follow| {
                follow.patterns.iter().map(|(id, pattern)| (id, pattern.as_str())).eq(patterns.iter().map(|(id, pattern)| (id, pattern.as_str())))
            });
            let Some(subject) = watch.running.get(id).filter(|_| !same) else { continue };
            let patterns = Arc::new(patterns);
            // What was printed before the trigger was made, or the server started, is no news.
            let made = triggers.iter().map(|trigger| trigger.created_at).min().unwrap_or_else(Timestamp::now);
            let from = made.max(self.control().started_at());
            let task = tokio::spawn(self.clone().read_log(subject.clone(), patterns.clone(), from, watch.seen.clone()));
            watch.logs.insert(id.clone(), Follow { patterns, task });
        }
        watch.seen.lock().expect("no panics while held").retain(|id, _| watch.running.contains_key(id));
        self.0.hooks.state().troubles = troubles;
    }

    /// Reads a container's log to its end. The engine waits where it is printed faster than it is looked at.
    async fn read_log(self, subject: Subject, patterns: Patterns, from: Timestamp, seen: Arc<std::sync::Mutex<HashMap<ContainerId, Timestamp>>>) {
        let query = LogQuery { tail: Some(TAIL), follow: true, timestamps: true };
        let Ok(mut pieces) = self.control().read_container_logs(&Control::local_admin(), subject.id.as_str(), query).await else { return };
        let known = seen.lock().expect("no panics while held").get(&subject.id).copied();
        let (mut out, mut err) = (Lines::default(), Lines::default());
        while let Some(Ok((source, bytes))) = pieces.recv().await {
            let lines = match source {
                LogSource::Stdout => out.take(&bytes),
                LogSource::Stderr => err.take(&bytes),
            };
            for (_, line) in lines {
                let text = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(&line));
                let Some((at, text)) = text.split_once(' ').and_then(|(at, text)| Some((at.parse::<Timestamp>().ok()?, text))) else { continue };
                if at < from || known.is_some_and(|known| at <= known) {
                    continue;
                }
                seen.lock().expect("no panics while held").insert(subject.id.clone(), at);
                let text = crate::term::one_line(text, usize::MAX);
                for (trigger, pattern) in patterns.iter() {
                    let Some(groups) = groups(pattern, &text) else { continue };
                    let key = format!("log:{}:{at}:{}", subject.id, hash(&text));
                    let data = json!({"line": text, "group": groups});
                    let words = format!("printed '{}'", crate::term::one_line(&text, 120));
                    self.happened_for(trigger, Happening::of_container("log.line", &subject, at, key, &words, data));
                }
            }
        }
    }

    fn measured(&self, watch: &mut Watch, sample: &Stats) {
        let Some(subject) = watch.running.get(&sample.container) else { return };
        let triggers = self.0.hooks.state().triggers.clone();
        for (trigger, _) in triggers.iter().filter(|(trigger, _)| !trigger.paused) {
            let TriggerWhen::Metric { metric, above, below, seconds, of } = &trigger.when else { continue };
            if !subject.is_of(of) {
                continue;
            }
            let value = value_of(*metric, sample);
            let level = watch.levels.entry((trigger.id.clone(), sample.container.clone())).or_default();
            if level.take(value, sample.at, *above, below.unwrap_or(above * 0.9), *seconds) {
                // Two servers that see it do so within the same minute, as a rule.
                let key = format!("metric:{}:{}:{}", sample.container, metric.as_str(), sample.at.as_second() / 60);
                let words = format!("has {} {value:.1}, more than {above} for {seconds} s", metric.as_str());
                let data = json!({"metric": metric, "value": (value * 10.0).round() / 10.0});
                self.happened_for(&trigger.id, Happening::of_container("metric.high", subject, sample.at, key, &words, data));
            }
        }
    }

    async fn look_at_files(&self, watch: &mut Watch) {
        let Some(before) = &watch.files else { return };
        let Ok(now) = self.files().await else { return };
        for name in before.keys().chain(now.keys().filter(|name| !before.contains_key(*name))) {
            let (old, new) = (before.get(name), now.get(name));
            let Some((kind, name)) = name.split_once('/').filter(|_| old != new) else { continue };
            let words = if new.is_some() { "changed" } else { "was removed" };
            let happened = if kind == "template" { FILES[0] } else { FILES[1] };
            let key = format!("{happened}:{name}:{}", new.map_or("", String::as_str));
            let data = json!({"name": name, "removed": new.is_none()});
            self.happened(plain(happened, format!("{key}:{}", Timestamp::now().as_second() / 10), Timestamp::now(), format!("{kind} {name} {words}"), data));
        }
        watch.files = Some(now);
    }

    /// A hash of each template and script, by `template/NAME` and `script/NAME`.
    async fn files(&self) -> Result<BTreeMap<String, String>> {
        let admin = Control::local_admin();
        let mut files = BTreeMap::new();
        for entry in self.control().list_templates(&admin, &WholeQuery::default()).await?.items {
            files.insert(format!("template/{}", entry.template.name), entry.etag);
        }
        for entry in self.list_scripts(&admin, &WholeQuery::default()).await?.items {
            files.insert(format!("script/{}", entry.name), entry.hash);
        }
        Ok(files)
    }
}

/// What a trigger is told that would follow too many logs.
pub(super) fn too_many_logs() -> String {
    format!("{MOST_LOGS} containers' logs are followed at once, and not more: name fewer in 'of'")
}

/// The same as an error.
pub(super) fn refuse_logs() -> Error {
    Error::new(Code::TooMany, too_many_logs())
}

async fn next_sample(stats: &mut Option<mpsc::Receiver<Stats>>) -> Option<Stats> {
    let sample = match stats {
        Some(receiver) => receiver.recv().await,
        None => std::future::pending().await,
    };
    if sample.is_none() {
        *stats = None;
    }
    sample
}

fn value_of(metric: Metric, sample: &Stats) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "it is compared with a threshold")]
    let memory = sample.memory_bytes as f64;
    match metric {
        Metric::CpuPercent => sample.cpu_percent,
        Metric::MemoryBytes => memory,
        #[expect(clippy::cast_precision_loss, reason = "it is compared with a threshold")]
        Metric::MemoryPercent => memory * 100.0 / (sample.memory_limit_bytes.max(1) as f64),
    }
}

/// A few letters that stand for a text.
pub(super) fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
