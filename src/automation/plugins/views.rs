//! Columns and panels of plugins: computed here for all clients, within limits, and kept for a while.
use super::Known;
use super::faults::Faults;
use super::pure::Failed;
use super::pure::Pure;
use crate::access::Actor;
use crate::automation::Automation;
use crate::automation::header;
use crate::automation::sandbox::processor_time;
use crate::config::did_you_mean;
use crate::control::Control;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::Code;
use crate::model::ListQuery;
use crate::model::PluginColumns;
use crate::model::PluginColumnsQuery;
use crate::model::PluginHeading;
use crate::model::PluginLines;
use crate::model::PluginList;
use crate::model::PluginPanelQuery;
use crate::model::PluginRole;
use crate::model::PluginTarget;
use crate::model::PluginText;
use futures_util::StreamExt as _;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::HashMap;
use std::collections::HashSet;
use std::hash::Hash as _;
use std::hash::Hasher as _;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::time::Duration;
use std::time::Instant;

/// What one cell, or one panel, may use of a processor.
const CELL: Duration = Duration::from_millis(50);
const PANEL: Duration = Duration::from_millis(200);
/// What all cells of a plugin together may take at once; the rest comes the next time.
const BATCH: Duration = Duration::from_millis(400);
/// How long a client is let wait for any of it.
const WAIT: Duration = Duration::from_secs(2);
/// A cell, and a panel, is computed anew after so long, though nothing has changed.
const CELL_AGAIN: Duration = Duration::from_secs(10);
const PANEL_AGAIN: Duration = Duration::from_secs(2);
/// Panels that nobody asks for are forgotten after so long.
const PANEL_KEPT: Duration = Duration::from_secs(60);
/// A failure that has taken so long counts as one that went too far; after so many a column is left alone for a while.
const FAR: Duration = Duration::from_millis(5);
const TOO_FAR: usize = 3;
const QUIET: Duration = Duration::from_secs(60);
/// Plugins that compute at the same time.
const AT_ONCE: usize = 4;
/// Letters of a cell.
const LETTERS: usize = 80;

/// What plugins have computed.
#[derive(Default)]
pub(super) struct Views {
    state: Mutex<State>,
    /// One client at a time has cells computed; the others find them then.
    looking: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    /// By plugin and column.
    columns: HashMap<(String, String), Cells>,
    /// By plugin, panel and container.
    panels: HashMap<(String, String, String), Kept>,
    /// What computes now.
    busy: HashSet<String>,
}

/// The cells of a column.
#[derive(Default)]
struct Cells {
    /// Of the plugin's files that computed them.
    hash: String,
    /// By the row's id.
    cells: HashMap<String, Cell>,
    quiet_until: Option<Instant>,
}

struct Cell {
    /// Of the row that it was computed from.
    row: u64,
    at: Instant,
    text: PluginText,
}

struct Kept {
    hash: String,
    row: u64,
    at: Instant,
    lines: PluginLines,
}

/// A column that is to be computed for some rows.
struct Job {
    column: String,
    file: String,
    source: String,
    rows: Vec<(String, u64, Value)>,
}

/// What came of it.
struct Done {
    column: String,
    cells: Vec<(String, u64, Result<PluginText, Failed>)>,
    too_far: bool,
}

impl Views {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panics while held")
    }

    /// What is to be computed of a plugin's columns now.
    fn due(&self, known: &Known, rows: &[(String, u64, Value)]) -> Vec<Job> {
        let now = Instant::now();
        let mut state = self.state();
        let mut jobs = Vec::new();
        for column in known.loaded.manifest.iter().flat_map(|manifest| &manifest.columns) {
            let kept = state.columns.entry((known.name.clone(), column.name.clone())).or_default();
            if kept.hash != known.loaded.hash {
                *kept = Cells { hash: known.loaded.hash.clone(), ..Cells::default() };
            }
            kept.cells.retain(|id, _| rows.iter().any(|(known, ..)| known == id));
            if kept.quiet_until.is_some_and(|until| until > now) {
                continue;
            }
            let fresh = |(id, row, _): &&(String, u64, Value)| kept.cells.get(id).is_some_and(|cell| cell.row == *row && now - cell.at < CELL_AGAIN);
            let mut stale: Vec<(String, u64, Value)> = rows.iter().filter(|row| !fresh(row)).cloned().collect();
            // Whoever waits longest comes first: nobody is left out for ever.
            stale.sort_by_key(|(id, ..)| kept.cells.get(id).map(|cell| cell.at));
            if !stale.is_empty() {
                let source = known.loaded.sources.get(&column.script).cloned().unwrap_or_default();
                jobs.push(Job { column: column.name.clone(), file: format!("{}/{}", known.name, column.script), source, rows: stale });
            }
        }
        // So are columns: one with much to compute does not keep the others waiting each time.
        jobs.sort_by_key(|job| {
            let first = job.rows.first().map(|(id, ..)| id.clone()).unwrap_or_default();
            state.columns.get(&(known.name.clone(), job.column.clone())).and_then(|kept| kept.cells.get(&first)).map(|cell| cell.at)
        });
        jobs
    }

    fn take(&self, plugin: &str, hash: &str, done: Vec<Done>, faults: &Faults) {
        let now = Instant::now();
        let mut state = self.state();
        for Done { column, cells, too_far } in done {
            let Some(kept) = state.columns.get_mut(&(plugin.to_owned(), column.clone())).filter(|kept| kept.hash == hash) else { continue };
            kept.quiet_until = too_far.then(|| now + QUIET);
            for (id, row, text) in cells {
                let text = text.unwrap_or_else(|failed| {
                    faults.note(plugin, &format!("column {column}"), &failed.words());
                    failure()
                });
                kept.cells.insert(id, Cell { row, at: now, text });
            }
        }
    }

    /// Marks something as computing; none where it does already.
    fn begin<'a>(&'a self, what: &str) -> Option<Computing<'a>> {
        self.state().busy.insert(what.to_owned()).then(|| Computing { views: self, what: what.to_owned() })
    }
}

/// Something computes as long as this lives.
struct Computing<'a> {
    views: &'a Views,
    what: String,
}

impl Drop for Computing<'_> {
    fn drop(&mut self) {
        self.views.state().busy.remove(&self.what);
    }
}

/// What stands for a cell whose function has failed.
fn failure() -> PluginText {
    PluginText { text: "!".to_owned(), role: PluginRole::Error }
}

impl Automation {
    /// The columns that plugins add to a list. What of them fails is a `!` in its own cell.
    ///
    /// # Errors
    /// `forbidden`, `engine_unavailable`.
    pub async fn plugin_columns(&self, actor: &Actor, query: PluginColumnsQuery) -> Result<PluginColumns> {
        Control::may(actor, Action::ReadPlugins)?;
        let PluginList::Containers = query.list;
        let plugins = self.enabled_plugins();
        let with_columns: Vec<&Known> =
            plugins.iter().filter(|known| known.loaded.manifest.as_ref().is_some_and(|manifest| !manifest.columns.is_empty())).collect();
        if with_columns.is_empty() {
            // Whoever may not see the rows is told so here too.
            Control::may(actor, Action::ReadContainers)?;
            return Ok(PluginColumns::default());
        }
        let rows = self.rows(actor).await?;
        let _looking = self.0.plugins.views.looking.lock().await;
        let works: Vec<_> = with_columns.iter().map(|known| self.compute(known, &rows)).collect();
        futures_util::stream::iter(works).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
        let mut shown = PluginColumns { rows: rows.iter().map(|(id, ..)| (id.clone(), Vec::new())).collect(), ..PluginColumns::default() };
        let mut state = self.0.plugins.views.state();
        state.columns.retain(|(plugin, _), _| with_columns.iter().any(|known| known.name == *plugin));
        for (known, column) in with_columns
            .iter()
            .flat_map(|known| known.loaded.manifest.iter().flat_map(move |manifest| manifest.columns.iter().map(move |column| (known, column))))
        {
            let (plugin, name) = (known.name.clone(), column.name.clone());
            let kept = state.columns.get(&(plugin.clone(), name.clone()));
            for (id, texts) in &mut shown.rows {
                let text = kept.and_then(|kept| kept.cells.get(id)).map(|cell| cell.text.clone());
                let is_quiet = kept.is_some_and(|kept| kept.quiet_until.is_some());
                texts.push(text.unwrap_or_else(|| if is_quiet { failure() } else { PluginText { text: "…".to_owned(), role: PluginRole::Muted } }));
            }
            shown.columns.push(PluginHeading { plugin, name, title: column.title.clone(), width: column.width });
        }
        Ok(shown)
    }

    /// All containers as their functions get them, each with its id and a hash.
    async fn rows(&self, actor: &Actor) -> Result<Vec<(String, u64, Value)>> {
        let mut query = ListQuery { limit: Some(500), ..ListQuery::default() };
        let mut rows = Vec::new();
        loop {
            let page = self.control().list_containers(actor, &query).await?;
            for container in page.items {
                let value = to_value(&container)?;
                rows.push((container.id.to_string(), hash(&value), value));
            }
            match page.next_cursor {
                Some(cursor) => query.cursor = Some(cursor),
                None => return Ok(rows),
            }
        }
    }

    /// Computes what is due of a plugin's columns. Who waits longer than is good finds what was there before.
    async fn compute(&self, known: &Known, rows: &[(String, u64, Value)]) {
        let jobs = self.0.plugins.views.due(known, rows);
        if jobs.is_empty() {
            return;
        }
        let (automation, plugin, hash) = (self.clone(), known.name.clone(), known.loaded.hash.clone());
        let work = header::blocking(move || {
            let plugins = &automation.0.plugins;
            let Some(_computing) = plugins.views.begin(&format!("columns of {plugin}")) else { return };
            let done = batch(jobs);
            plugins.views.take(&plugin, &hash, done, &plugins.faults);
        });
        if !matches!(tokio::time::timeout(WAIT, work).await, Ok(Ok(()))) {
            tracing::warn!(plugin = known.name, "the columns of a plugin take too long");
        }
    }

    /// What a panel shows.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `wrong_state` when the plugin can't be used, `invalid_value` without the container that it is for.
    pub async fn plugin_panel(&self, actor: &Actor, name: &str, query: PluginPanelQuery) -> Result<PluginLines> {
        Control::may(actor, Action::ReadPlugins)?;
        let known = self.enabled_plugins().iter().find(|known| known.name == name).cloned();
        let loaded = match known {
            Some(known) => known.loaded,
            // It says why not.
            None => self.enabled_plugin(name).await?.1,
        };
        let panels = loaded.manifest.as_ref().map(|manifest| manifest.panels.as_slice()).unwrap_or_default();
        let Some(panel) = panels.iter().find(|panel| panel.name == query.panel) else {
            let mut error = Error::not_found("panel", &query.panel).fix(format!("see what it has: cto plugin show {name}"));
            error.message.push_str(&did_you_mean(&query.panel, panels.iter().map(|panel| panel.name.as_str())));
            return Err(error);
        };
        let (id, given) = match (panel.on, &query.container) {
            (PluginTarget::Container, Some(container)) => {
                let container = self.control().get_container(actor, container).await?;
                (container.id.to_string(), to_value(&container)?)
            }
            (PluginTarget::Container, None) => return Err(Error::invalid(format!("panel '{}' is for a container", panel.name)).fix("name one: 'container'")),
            (PluginTarget::None, _) => (String::new(), Value::Array(self.rows(actor).await?.into_iter().map(|(.., value)| value).collect())),
        };
        let (key, row, now) = ((name.to_owned(), panel.name.clone(), id), hash(&given), Instant::now());
        let kept = {
            let mut state = self.0.plugins.views.state();
            state.panels.retain(|_, kept| now - kept.at < PANEL_KEPT);
            state.panels.get(&key).filter(|kept| kept.hash == loaded.hash).map(|kept| (kept.row == row && now - kept.at < PANEL_AGAIN, kept.lines.clone()))
        };
        let before = match kept {
            Some((true, lines)) => return Ok(lines),
            Some((false, lines)) => Some(lines),
            None => None,
        };
        let (automation, file) = (self.clone(), format!("{name}/{}", panel.script));
        let (source, function) = (loaded.sources.get(&panel.script).cloned().unwrap_or_default(), panel.name.clone());
        let (plugin, hash) = (name.to_owned(), loaded.hash.clone());
        let work = header::blocking(move || {
            let plugins = &automation.0.plugins;
            let _computing = plugins.views.begin(&format!("panel {function} of {plugin}"))?;
            let computed = Pure::new(&file, &source, "panels", PANEL).and_then(|pure| pure.lines(&function, &[&given, &seconds()]));
            let lines = match computed {
                Ok(lines) => PluginLines { lines, failed: None },
                Err(failed) => {
                    let words = failed.words();
                    plugins.faults.note(&plugin, &format!("panel {function}"), &words);
                    PluginLines { lines: Vec::new(), failed: Some(words) }
                }
            };
            plugins.views.state().panels.insert(key, Kept { hash, row, at: Instant::now(), lines: lines.clone() });
            Some(lines)
        });
        let late = || PluginLines { lines: Vec::new(), failed: Some("it is not ready yet".to_owned()) };
        match tokio::time::timeout(WAIT, work).await {
            Ok(done) => Ok(done?.or(before).unwrap_or_else(late)),
            Err(_) => Ok(before.unwrap_or_else(late)),
        }
    }
}

/// Computes cells one after the other, each within its own limits.
fn batch(jobs: Vec<Job>) -> Vec<Done> {
    let (begun, now) = (Instant::now(), seconds());
    let mut all = Vec::new();
    for Job { column, file, source, rows } in jobs {
        let (mut pure, mut cells, mut far) = (None, Vec::new(), 0);
        for (id, row, value) in rows {
            if begun.elapsed() > BATCH || far >= TOO_FAR {
                break;
            }
            let before = processor_time();
            let machine = match pure.take() {
                Some(machine) => Ok(machine),
                None => Pure::new(&file, &source, "columns", CELL),
            };
            let text = machine.and_then(|machine| {
                let text = machine.text(&column, &[&value, &now], LETTERS)?;
                pure = Some(machine);
                Ok(text)
            });
            far += usize::from(text.is_err() && processor_time().saturating_sub(before) > FAR);
            cells.push((id, row, text));
        }
        all.push(Done { column, cells, too_far: far >= TOO_FAR });
    }
    all
}

fn seconds() -> Value {
    Value::from(Timestamp::now().as_second())
}

fn to_value(thing: &impl serde::Serialize) -> Result<Value> {
    serde_json::to_value(thing).map_err(|error| Error::new(Code::Internal, format!("it does not become JSON: {error}")))
}

fn hash(value: &Value) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    value.to_string().hash(&mut hasher);
    hasher.finish()
}
