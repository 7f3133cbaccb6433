//! The saved stacks of all layers: those that ship, the machine's, the user's, the project's.
use crate::config::Paths;
use crate::config::document;
use crate::config::document::did_you_mean;
use crate::config::stack;
use crate::config::structure;
use crate::error::Error;
use crate::error::Result;
use crate::model::Place;
use crate::model::StackDefinition;
use crate::model::TemplateOrigin;
use rust_embed::Embed;
use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

/// Most files of one layer.
const MAX_FILES: usize = 1000;

/// The stacks that ship inside cto.
#[derive(Embed)]
#[folder = "stacks/"]
struct Shipped;

/// A saved stack's text, with where its file lies.
#[derive(Clone, Debug)]
pub struct SavedStack {
    /// For lists.
    pub definition: StackDefinition,
    /// What complaints call it.
    pub source: String,
    /// Its JSON text.
    pub text: String,
    /// Its folder; none for those that ship inside cto.
    pub folder: Option<PathBuf>,
}

/// All saved stacks.
#[derive(Debug, Default)]
pub struct Stacks {
    found: BTreeMap<String, SavedStack>,
    complaints: Vec<Place>,
}

impl Stacks {
    /// Reads every layer; a later one's file of the same name wins.
    #[must_use]
    pub fn load(paths: &Paths, project: Option<&Path>) -> Self {
        let mut all = Self::default();
        for name in Shipped::iter().filter(|name| name.ends_with(".json")) {
            let Some(file) = Shipped::get(&name) else { continue };
            all.add(&name, String::from_utf8_lossy(&file.data).into_owned(), TemplateOrigin::Gallery, None);
        }
        let layers = [
            (paths.system_dir.as_ref().map(|dir| dir.join("stacks")), TemplateOrigin::System),
            (Some(paths.config_dir.join("stacks")), TemplateOrigin::User),
            (project.map(|dir| dir.join(".cto/stacks")), TemplateOrigin::Project),
        ];
        for (dir, origin) in layers {
            // A layer that is not there is an empty one.
            let Some(Ok(files)) = dir.map(std::fs::read_dir) else { continue };
            let mut files: Vec<PathBuf> =
                files.flatten().map(|file| file.path()).filter(|path| path.extension().is_some_and(|kind| kind == "json")).take(MAX_FILES).collect();
            files.sort();
            for path in files {
                match document::read_file(&path) {
                    Ok(text) => all.add(&path.display().to_string(), text, origin, Some(&path)),
                    Err(place) => all.complaints.push(place),
                }
            }
        }
        all
    }

    fn add(&mut self, source: &str, text: String, origin: TemplateOrigin, path: Option<&Path>) {
        let found = match structure::read(source, &text, stack::stack_schema()) {
            Ok(found) => found,
            Err(place) => return self.complaints.push(place),
        };
        let field = |name: &str| found.value.as_ref().and_then(|value| value.get(name)).and_then(|value| value.as_str()).map(str::to_owned);
        self.complaints.extend(found.told());
        let Some(name) = field("name") else { return };
        // What can't be read is told among the complaints.
        let params =
            found.value.as_ref().and_then(|value| value.get("params")).and_then(|params| serde_json::from_value(params.clone()).ok()).unwrap_or_default();
        let path_text = path.map(|path| path.display().to_string());
        let definition = StackDefinition { name: name.clone(), description: field("description"), origin, path: path_text, params };
        let folder = path.and_then(Path::parent).map(Path::to_path_buf);
        self.found.insert(name, SavedStack { definition, source: source.to_owned(), text, folder });
    }

    /// What there is, by name, and what is wrong with files.
    #[must_use]
    pub fn list(&self) -> (Vec<StackDefinition>, Vec<Place>) {
        (self.found.values().map(|stack| stack.definition.clone()).collect(), self.complaints.clone())
    }

    /// The stack of that name, if there is one.
    ///
    /// # Errors
    /// `invalid_document` when a file of that name is broken: a weaker one of the name is not what is meant.
    pub fn known(&self, name: &str) -> Result<Option<SavedStack>> {
        let is_of = |place: &&Place| place.file.as_ref().is_some_and(|file| Path::new(file).file_stem().is_some_and(|stem| stem == name));
        let broken: Vec<Place> = self.complaints.iter().filter(is_of).cloned().collect();
        if broken.is_empty() { Ok(self.found.get(name).cloned()) } else { Err(document::error_of(&format!("stack '{name}'"), broken)) }
    }

    /// The stack of that name.
    ///
    /// # Errors
    /// `not_found`, with the nearest name; as [`Stacks::known`].
    pub fn find(&self, name: &str) -> Result<SavedStack> {
        self.known(name)?.ok_or_else(|| {
            let mut error = Error::not_found("stack", name).fix("see them all: cto stack ls --saved");
            error.message.push_str(&did_you_mean(name, self.found.keys().map(String::as_str)));
            error
        })
    }
}
