//! The part of a template that says how its container is looked after.
use super::Taken;
use super::Work;
use crate::config::terms;
use crate::config::texts;
use crate::model::Care;
use crate::model::CommandLine;
use crate::model::HealthCheck;
use crate::model::HealthEntry;
use crate::model::Limits;
use crate::model::NetworkEntry;
use crate::model::NetworkJoin;
use crate::model::NetworkMode;
use crate::model::Readiness;
use crate::model::ReadyEntry;
use crate::model::SpecFile;
use crate::model::SpecSession;
use crate::model::Template;
use crate::model::TemplateLimits;
use std::collections::BTreeMap;

/// What all files together may hold.
const MOST_FILES: usize = 1 << 20;
/// How long readiness may take where nothing is said.
const READY_MS: u64 = 60_000;

impl Work<'_> {
    pub(super) fn care(&mut self, template: &Template) -> Care {
        if template.init == Some(false) && template.interactive.unwrap_or(true) {
            self.complain("/init", "an interactive program has the session holder as its init; set 'interactive' to false");
        }
        Care {
            files: self.files(template),
            restart: self.time("/restart", template.restart.as_ref(), terms::restart).unwrap_or_default(),
            health: template.health.as_ref().and_then(|health| self.health(health)),
            ready: template.ready.as_ref().and_then(|ready| self.ready(ready)),
            stop_signal: self.time("/stop_signal", template.stop_signal.as_ref(), terms::signal),
            stop_seconds: self.time("/stop_grace", template.stop_grace.as_ref(), terms::seconds).map(|seconds| u32::try_from(seconds).unwrap_or(u32::MAX)),
            no_init: template.init == Some(false),
            ttl_seconds: self.time("/ttl", template.ttl.as_ref(), terms::seconds),
            idle_seconds: self.time("/idle_stop", template.idle_stop.as_ref(), terms::seconds),
            after_start: self.hooks(template),
            sessions: self.sessions(template),
        }
    }

    fn time<T>(&mut self, pointer: &str, text: Option<&String>, read: impl Fn(&str) -> texts::Read<T>) -> Option<T> {
        self.text(pointer, text?, read)
    }

    fn files(&mut self, template: &Template) -> Vec<SpecFile> {
        let mut files: Vec<SpecFile> = Vec::new();
        let mut total = 0;
        if !template.files.is_empty() && template.readonly.unwrap_or(false) {
            self.complain("/files", "files can't be put into a root file system that can't be written");
        }
        for (index, entry) in template.files.iter().enumerate() {
            let pointer = format!("/files/{index}");
            let path = self.text(&format!("{pointer}/path"), &entry.path, |path| texts::container_path(path).map(|()| path.to_owned()));
            let secret = self.secrets.len();
            let content = self.fill(&format!("{pointer}/content"), &entry.content.text(), Taken::Files);
            let secret = self.secrets.len() > secret;
            let mode = entry.mode.as_ref().map_or(Some(0o644), |mode| self.text(&format!("{pointer}/mode"), mode, terms::mode));
            let (Some(path), Some(content), Some(mode)) = (path, content, mode) else { continue };
            total += content.len();
            if path.ends_with('/') {
                self.complain(&format!("{pointer}/path"), format!("'{path}' is a directory's path"));
            }
            if files.iter().any(|other| other.path == path) {
                self.complain(&format!("{pointer}/path"), format!("'{path}' is given twice"));
            }
            files.push(SpecFile { path, content, mode, secret });
        }
        if total > MOST_FILES {
            self.complain("/files", "all files together have more than 1 MiB; mount a directory instead");
        }
        files
    }

    fn health(&mut self, entry: &HealthEntry) -> Option<HealthCheck> {
        let mut time = |name: &str, text: Option<&String>, instead: u64| match text {
            None => Some(instead),
            Some(text) => self.text(&format!("/health/{name}"), text, terms::duration),
        };
        let times = (
            time("interval", entry.interval.as_ref(), 30_000),
            time("timeout", entry.timeout.as_ref(), 30_000),
            time("start_period", entry.start_period.as_ref(), 0),
        );
        if entry.retries.is_some_and(|retries| !(1..=1000).contains(&retries)) {
            self.complain("/health/retries", "it must be from 1 to 1000");
        }
        if times.0.is_some_and(|ms| ms < 1_000) {
            self.complain("/health/interval", "it must be at least a second");
        }
        let command = self.command("/health/command", Some(&entry.command));
        Some(HealthCheck { command, interval_ms: times.0?, timeout_ms: times.1?.max(1_000), retries: entry.retries.unwrap_or(3), start_period_ms: times.2? })
    }

    fn ready(&mut self, entry: &ReadyEntry) -> Option<Readiness> {
        if *entry == (ReadyEntry { within: entry.within.clone(), ..ReadyEntry::default() }) {
            self.complain("/ready", "it says nothing; there are 'log', 'port', 'http' and 'command'");
        }
        if entry.port == Some(0) {
            self.complain("/ready/port", "the port must be from 1 to 65535");
        }
        let log = entry
            .log
            .as_ref()
            .and_then(|text| self.text("/ready/log", text, |text| if text.is_empty() { Err("the text is empty".to_owned()) } else { Ok(text.to_owned()) }));
        Some(Readiness {
            log,
            port: entry.port,
            http: self.time("/ready/http", entry.http.as_ref(), terms::http),
            command: self.command("/ready/command", entry.command.as_ref()),
            within_ms: entry.within.as_ref().map_or(Some(READY_MS), |text| self.text("/ready/within", text, terms::duration))?,
        })
    }

    fn hooks(&mut self, template: &Template) -> Vec<Vec<String>> {
        let lines: &[CommandLine] = template.hooks.as_ref().map_or(&[], |hooks| &hooks.after_start);
        lines.iter().enumerate().map(|(index, line)| self.command(&format!("/hooks/after_start/{index}"), Some(line))).collect()
    }

    fn sessions(&mut self, template: &Template) -> Vec<SpecSession> {
        if template.sessions.len() > 16 {
            self.complain("/sessions", "more than 16 sessions are not opened at once");
        }
        let open = |(index, entry): (usize, &crate::model::SessionEntry)| SpecSession {
            command: self.command(&format!("/sessions/{index}/command"), entry.command.as_ref()),
            working_dir: self.optional(&format!("/sessions/{index}/working_dir"), entry.working_dir.as_ref(), texts::container_path),
            user: self.optional(&format!("/sessions/{index}/user"), entry.user.as_ref(), texts::user),
        };
        template.sessions.iter().enumerate().map(open).collect()
    }

    pub(super) fn networks(&mut self, template: &Template, mode: &NetworkMode) -> Vec<NetworkJoin> {
        let mut all: Vec<NetworkJoin> = Vec::new();
        if !template.networks.is_empty() && *mode == NetworkMode::None {
            self.complain("/networks", "a container with \"network\": \"none\" joins no network");
        }
        if !template.ports.is_empty() && *mode == NetworkMode::Internal {
            self.complain("/ports", "nothing is published from the network 'internal', which leads nowhere");
        }
        for (index, entry) in template.networks.iter().enumerate() {
            let pointer = format!("/networks/{index}");
            let (at, join) = match entry {
                NetworkEntry::Name(name) => (pointer.clone(), NetworkJoin { name: name.clone(), aliases: Vec::new() }),
                NetworkEntry::Full(join) => (format!("{pointer}/name"), join.clone()),
            };
            let name = self.text(&at, &join.name, |name| terms::network(name).map(|()| name.to_owned()));
            let aliases = self.list(&format!("{pointer}/aliases"), &join.aliases, |alias| terms::alias(alias).map(|()| alias.to_owned()));
            let Some(name) = name else { continue };
            if all.iter().any(|other| other.name == name) {
                self.complain(&at, format!("the network '{name}' is given twice"));
            }
            all.push(NetworkJoin { name, aliases });
        }
        all
    }

    pub(super) fn sysctls(&mut self, template: &Template) -> BTreeMap<String, String> {
        let all = self.map("/sysctls", &template.sysctls, terms::sysctl, Taken::Variables);
        for (name, value) in &all {
            self.read(&crate::config::document::child("/sysctls", name), value, terms::sysctl_value);
        }
        all
    }

    /// The limits beyond memory, cores and processes.
    pub(super) fn further_limits(&mut self, limits: &TemplateLimits, result: &mut Limits) {
        if let Some(swap) = &limits.swap {
            result.swap_bytes = self.text("/limits/swap", swap, texts::bytes).unwrap_or_default();
        }
        let mut size = |name: &str, text: Option<&String>| {
            let read = |text: &str| texts::bytes(text).and_then(|bytes| if bytes < 1 << 20 { Err(format!("'{text}' is less than '1m'")) } else { Ok(bytes) });
            self.text(&format!("/limits/{name}"), text?, read)
        };
        result.disk_bytes = size("disk", limits.disk.as_ref());
        result.shm_bytes = size("shm", limits.shm.as_ref());
        for (name, entry) in &limits.ulimits {
            match terms::ulimit(name, entry) {
                Ok(ulimit) => result.ulimits.push(ulimit),
                Err(detail) => self.complain(&crate::config::document::child("/limits/ulimits", name), detail),
            }
        }
    }
}
