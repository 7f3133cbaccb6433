//! The catalogue: all templates of all layers, and what is wrong with the files that are none.
use crate::config::Paths;
use crate::config::document;
use crate::config::document::did_you_mean;
use crate::config::template::parse_template;
use crate::error::Error;
use crate::error::Result;
use crate::model::Place;
use crate::model::TemplateEntry;
use crate::model::TemplateList;
use crate::model::TemplateOrigin;
use rust_embed::Embed;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

/// Most files of one layer; the rest is named in a complaint.
const MAX_FILES: usize = 1000;

/// The templates that ship inside cto.
#[derive(Embed)]
#[folder = "templates/"]
struct Gallery;

/// All templates: the gallery that ships, then the machine's files, the user's, the project's; a later one of the same name wins.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    entries: BTreeMap<String, TemplateEntry>,
    complaints: Vec<Place>,
}

/// The folders of the machine's and the user's templates.
#[must_use]
pub fn template_folders(paths: &Paths) -> Vec<PathBuf> {
    paths.system_dir.iter().chain([&paths.config_dir]).map(|dir| dir.join("templates")).collect()
}

impl Catalogue {
    /// Reads every layer. Broken files become complaints of the list.
    #[must_use]
    pub fn load(paths: &Paths, project: Option<&Path>) -> Self {
        let mut catalogue = Self::default();
        for name in Gallery::iter().filter(|name| name.ends_with(".json")) {
            let Some(file) = Gallery::get(&name) else { continue };
            catalogue.add(&name, &String::from_utf8_lossy(&file.data), TemplateOrigin::Gallery, None);
        }
        if let Some(dir) = &paths.system_dir {
            catalogue.add_layer(&dir.join("templates"), TemplateOrigin::System);
        }
        catalogue.add_layer(&paths.config_dir.join("templates"), TemplateOrigin::User);
        catalogue.add_project(project);
        catalogue
    }

    /// Only the templates of a project, which clients read for themselves: a server has no working directory.
    #[must_use]
    pub fn of_project(project: &Path) -> Self {
        let mut catalogue = Self::default();
        catalogue.add_project(Some(project));
        catalogue
    }

    fn add_project(&mut self, project: Option<&Path>) {
        if let Some(dir) = project {
            self.add_layer(&dir.join(".cto/templates"), TemplateOrigin::Project);
        }
    }

    fn add_layer(&mut self, dir: &Path, origin: TemplateOrigin) {
        // A layer that is not there is an empty one.
        let Ok(files) = std::fs::read_dir(dir) else { return };
        let mut files: Vec<PathBuf> = files.flatten().map(|file| file.path()).filter(|path| path.extension().is_some_and(|kind| kind == "json")).collect();
        files.sort();
        if files.len() > MAX_FILES {
            self.complaints.push(Place {
                file: Some(dir.display().to_string()),
                detail: format!("has more than {MAX_FILES} templates; the rest is left out"),
                ..Place::default()
            });
        }
        for path in files.into_iter().take(MAX_FILES) {
            match document::read_file(&path) {
                Ok(text) => self.add(&path.display().to_string(), &text, origin, Some(&path)),
                Err(place) => self.complaints.push(place),
            }
        }
    }

    fn add(&mut self, source: &str, text: &str, origin: TemplateOrigin, path: Option<&Path>) {
        let template = match parse_template(source, text) {
            Ok(template) => template,
            Err(error) => return self.complaints.extend(error.places),
        };
        if let Some(other) = self.entries.get(&template.name).filter(|other| other.origin == origin) {
            let detail = format!("the name '{}' is taken by '{}'", template.name, other.path.as_deref().unwrap_or("another file"));
            self.complaints.push(Place { pointer: "/name".to_owned(), file: Some(source.to_owned()), detail, ..Place::default() });
            return;
        }
        let etag: String = Sha256::digest(text.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let path = path.map(|path| path.display().to_string());
        self.entries.insert(template.name.clone(), TemplateEntry { template, origin, path, etag });
    }

    /// The templates by name, and what is wrong with other files.
    #[must_use]
    pub fn list(&self) -> TemplateList {
        TemplateList { items: self.entries.values().cloned().collect(), complaints: self.complaints.clone() }
    }

    /// The template of that name.
    ///
    /// # Errors
    /// When there is none (the nearest name is offered); when its file is broken, with what is wrong in it.
    pub fn find(&self, name: &str) -> Result<TemplateEntry> {
        if let Some(entry) = self.entries.get(name) {
            return Ok(entry.clone());
        }
        let is_of = |place: &&Place| place.file.as_ref().is_some_and(|file| Path::new(file).file_stem().is_some_and(|stem| stem == name));
        let broken: Vec<Place> = self.complaints.iter().filter(is_of).cloned().collect();
        if !broken.is_empty() {
            return Err(document::error_of(&format!("template '{name}'"), broken));
        }
        let mut error = Error::not_found("template", name).fix("see them all: cto template ls");
        error.message.push_str(&did_you_mean(name, self.entries.keys().map(String::as_str)));
        Err(error)
    }
}
