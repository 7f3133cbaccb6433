//! A plugin's files as they are used: its manifest and its scripts, checked.
use crate::automation::check;
use crate::automation::header;
use crate::automation::sandbox;
use crate::config::PluginFolder;
use crate::config::did_you_mean;
use crate::config::plugin_hash;
use crate::config::plugin_manifest;
use crate::model::InlineScript;
use crate::model::PLUGIN_CONTAINER;
use crate::model::Place;
use crate::model::PluginManifest;
use crate::model::PluginTarget;
use crate::model::ScriptHeader;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::time::Duration;

/// Mistakes after which no more are looked for: each script may take its time.
const ENOUGH: usize = 20;
/// What reading a file of matchers may use of memory and time.
const MEMORY: usize = 16 << 20;
const TIME: Duration = Duration::from_millis(200);

/// A plugin that was read.
#[derive(Clone, Debug, Default)]
pub(in crate::automation) struct Loaded {
    /// Of all its files; empty where they can't be read.
    pub hash: String,
    pub manifest: Option<PluginManifest>,
    /// The scripts and matchers that the manifest names, by file.
    pub sources: BTreeMap<String, String>,
    /// The headers of the scripts.
    pub headers: BTreeMap<String, ScriptHeader>,
    /// What is wrong. With anything here it is not used.
    pub broken: Vec<Place>,
}

impl Loaded {
    /// One that can't be read.
    pub(super) fn unreadable(broken: Vec<Place>) -> Self {
        Self { broken, ..Self::default() }
    }

    /// One of these files. It needs a thread with a stack for a machine.
    pub(super) fn of(at: &str, folder: Option<&str>, files: &PluginFolder) -> Self {
        let mut loaded = Self { hash: plugin_hash(files), ..Self::default() };
        match plugin_manifest(at, folder, files) {
            Ok(manifest) => {
                loaded.look_at(at, &manifest, files);
                loaded.manifest = Some(manifest);
            }
            Err(places) => loaded.broken = places,
        }
        loaded
    }

    fn look_at(&mut self, at: &str, manifest: &PluginManifest, files: &PluginFolder) {
        let scripts: BTreeSet<&String> = manifest.commands.iter().map(|one| &one.script).chain(manifest.hooks.iter().map(|one| &one.script)).collect();
        let views = manifest.columns.iter().map(|one| &one.script).chain(manifest.panels.iter().map(|one| &one.script));
        let functions: BTreeSet<&String> = views.chain(manifest.handlers.iter().map(|one| &one.script)).collect();
        for file in scripts.iter().copied().chain(&manifest.matchers).chain(functions.iter().copied()) {
            let text = files.get(file).map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default();
            self.sources.insert(file.clone(), text);
        }
        for file in scripts {
            if self.broken.len() >= ENOUGH {
                return;
            }
            let script = InlineScript { name: format!("{at}/{file}"), source: self.sources[file].clone() };
            let check = check::check(&script);
            self.broken.extend(check.errors);
            let Some(header) = check.header else { continue };
            let mut complain = |detail: String| {
                let line = header::line_of_header(&script);
                self.broken.push(Place { file: Some(script.name.clone()), line, column: line.map(|_| 1), detail, ..Place::default() });
            };
            for grant in header.grants.iter().filter(|grant| !manifest.grants.contains(grant)) {
                complain(format!("needs the grant '{grant}', for which the plugin's manifest does not ask"));
            }
            let on_container = manifest.commands.iter().any(|command| command.script == *file && command.on == PluginTarget::Container);
            if on_container && !header.params.contains_key(PLUGIN_CONTAINER) {
                complain(format!("is a command on containers, and has no parameter '{PLUGIN_CONTAINER}'"));
            }
            self.headers.insert(file.clone(), header);
        }
        for file in functions {
            if self.broken.len() >= ENOUGH {
                return;
            }
            let script = InlineScript { name: format!("{at}/{file}"), source: self.sources[file].clone() };
            self.broken.extend(check_functions(&script, file, manifest));
        }
        if let Some(file) = &manifest.matchers {
            let script = InlineScript { name: format!("{at}/{file}"), source: self.sources[file].clone() };
            self.broken.extend(check_matchers(&script));
        }
    }
}

/// What is wrong in a file of functions: its syntax, what it gives back, or that one is not there.
fn check_functions(script: &InlineScript, file: &str, manifest: &PluginManifest) -> Vec<Place> {
    if let Some(place) = check::syntax(script) {
        return vec![place];
    }
    let kind = match () {
        () if manifest.columns.iter().any(|one| one.script == file) => "columns",
        () if manifest.panels.iter().any(|one| one.script == file) => "panels",
        () => "handlers",
    };
    let place = |line: Option<u32>, detail: String| Place { file: Some(script.name.clone()), line, column: line.map(|_| 1), detail, ..Place::default() };
    let vm = match sandbox::Vm::new(MEMORY, TIME, None).and_then(|vm| vm.close().map(|()| vm)) {
        Ok(vm) => vm,
        Err(error) => return vec![place(None, error.to_string())],
    };
    let given = match crate::automation::api::functions_of(&vm.lua, (&script.name, &script.source), kind, Vec::new()) {
        Ok(given) => given,
        Err(error) => {
            let words = match sandbox::words(&script.name, &error) {
                words if words.starts_with("attempt to call a nil value") => format!("{words}: functions of {kind} have what computes, and nothing of cto's"),
                words => words,
            };
            return vec![place(sandbox::line_of(&script.name, &error), words)];
        }
    };
    let names = || given.iter().map(|(name, _)| name.as_str());
    let mut wrong = Vec::new();
    let columns = manifest.columns.iter().filter(|one| one.script == file).map(|one| ("column", &one.name));
    let panels = manifest.panels.iter().filter(|one| one.script == file).map(|one| ("panel", &one.name));
    for (what, name) in columns.chain(panels).filter(|(_, name)| !names().any(|known| known == name.as_str())) {
        wrong.push(place(None, format!("gives no function '{name}' for the {what} of that name{}", did_you_mean(name, names()))));
    }
    if manifest.handlers.iter().any(|one| one.script == file) && !names().any(|name| matches!(name, "params" | "spec")) {
        wrong.push(place(None, "gives neither a function 'params' nor a function 'spec' for launches".to_owned()));
    }
    wrong
}

/// What is wrong in a file of matchers: its syntax, or what it gives back.
fn check_matchers(script: &InlineScript) -> Option<Place> {
    if let Some(place) = check::syntax(script) {
        return Some(place);
    }
    let place = |line: Option<u32>, detail: String| Place { file: Some(script.name.clone()), line, column: line.map(|_| 1), detail, ..Place::default() };
    let vm = match sandbox::Vm::new(MEMORY, TIME, None).and_then(|vm| vm.close().map(|()| vm)) {
        Ok(vm) => vm,
        Err(error) => return Some(place(None, error.to_string())),
    };
    let given = crate::automation::api::matchers_of(&vm.lua, &script.name, &script.source);
    given.err().map(|error| {
        let words = match sandbox::words(&script.name, &error) {
            words if words.starts_with("attempt to call a nil value") => format!("{words}: matchers have what computes, and nothing of cto's"),
            words => words,
        };
        place(sandbox::line_of(&script.name, &error), words)
    })
}
