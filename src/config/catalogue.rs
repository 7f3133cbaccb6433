//! The catalogue: all templates of all layers, and what is wrong with the files that are none.
use crate::config::Paths;
use crate::config::document;
use crate::config::document::did_you_mean;
use crate::config::inherit;
use crate::config::inherit::Sheet;
use crate::error::Error;
use crate::error::Result;
use crate::model::Place;
use crate::model::Template;
use crate::model::TemplateEntry;
use crate::model::TemplateList;
use crate::model::TemplateOrigin;
use rust_embed::Embed;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

/// Most files of one layer; the rest is named in a complaint.
const MAX_FILES: usize = 1000;

/// The templates that ship inside cto.
#[derive(Embed)]
#[folder = "templates/"]
struct Gallery;

/// All templates: the gallery that ships, then the machine's files, the user's, the project's; a later one of the same name wins.
#[derive(Default)]
pub struct Catalogue {
    entries: BTreeMap<String, TemplateEntry>,
    complaints: Vec<Place>,
    /// Every file by the name of its template, weakest layer first.
    sheets: BTreeMap<String, Vec<Layered>>,
}

/// A template's file in its layer.
struct Layered {
    sheet: Arc<Sheet>,
    origin: TemplateOrigin,
    path: Option<PathBuf>,
    etag: String,
    text: String,
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
        catalogue.settle();
        catalogue
    }

    /// Only the templates of a project, which clients read for themselves: a server has no working directory.
    #[must_use]
    pub fn of_project(project: &Path, paths: &Paths) -> Self {
        let mut catalogue = Self::load(paths, Some(project));
        catalogue.entries.retain(|_, entry| entry.origin == TemplateOrigin::Project);
        let own = project.display().to_string();
        catalogue.complaints.retain(|place| place.file.as_ref().is_some_and(|file| file.starts_with(&own)));
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
        let sheet = match Sheet::read(source, text, path.and_then(Path::parent)) {
            Ok(sheet) => Arc::new(sheet),
            Err(place) => return self.complaints.push(place),
        };
        // A file whose template has no name has a mistake, which is told when it is looked at alone.
        let Some(name) = sheet.name().map(str::to_owned) else {
            self.complaints.extend(inherit::whole(&sheet, None).err().unwrap_or_default());
            return;
        };
        let layers = self.sheets.entry(name.clone()).or_default();
        if let Some(other) = layers.iter().find(|other| other.origin == origin) {
            let detail = format!("the name '{name}' is taken by '{}'", other.path.as_ref().map_or("another file".into(), |path| path.display().to_string()));
            self.complaints.push(Place { pointer: "/name".to_owned(), file: Some(source.to_owned()), detail, ..Place::default() });
            return;
        }
        layers.push(Layered { sheet, origin, path: path.map(Path::to_path_buf), etag: etag_of(text), text: text.to_owned() });
    }

    /// Puts every template together with what it extends. Of each name the strongest layer without mistakes wins.
    fn settle(&mut self) {
        let mut entries = BTreeMap::new();
        let mut complaints = Vec::new();
        for (name, layers) in &self.sheets {
            for Layered { sheet, origin, path, etag, .. } in layers {
                match inherit::whole(sheet, Some(&|sheet, extends| self.parent(sheet, extends))) {
                    Ok(template) => {
                        let path = path.as_ref().map(|path| path.display().to_string());
                        entries.insert(name.clone(), TemplateEntry { template, origin: *origin, path, etag: etag.clone(), text: None });
                    }
                    Err(places) => complaints.extend(places),
                }
            }
        }
        self.entries = entries;
        self.complaints.extend(complaints);
    }

    /// What a sheet extends: a file beside it, or a template by name; its own name means the one in a weaker layer. One that is in a layer knows
    /// none of a stronger layer: whoever brings that one along would decide what the server's own become.
    pub(super) fn parent(&self, sheet: &Sheet, extends: &str) -> Result<Arc<Sheet>, String> {
        if inherit::is_path(extends) {
            return inherit::beside(sheet, extends, true);
        }
        let layers = self.sheets.get(extends).map(Vec::as_slice).unwrap_or_default();
        let own = layers.iter().position(|layer| layer.sheet.source() == sheet.source()).unwrap_or(layers.len());
        let strongest = self.sheets.values().flatten().find(|layer| layer.sheet.source() == sheet.source()).map(|layer| layer.origin);
        let found = layers[..own].iter().rfind(|layer| strongest.is_none_or(|strongest| layer.origin <= strongest)).map(|layer| layer.sheet.clone());
        found.ok_or_else(|| match own < layers.len() {
            true => format!("'{extends}' extends itself, and no weaker layer has a template of that name"),
            false => format!("there is no template '{extends}'{}", did_you_mean(extends, self.sheets.keys().map(String::as_str))),
        })
    }

    /// Reads a template that is in no layer; `folder` is where its file lies, if it has one here.
    ///
    /// # Errors
    /// `invalid_document` with every mistake, each with line and column.
    pub fn parse(&self, source: &str, text: &str, folder: Option<&Path>) -> Result<Template> {
        let fail = |places| document::error_of(&format!("'{source}'"), places);
        let sheet = Sheet::read(source, text, folder).map_err(|place| fail(vec![place]))?;
        let find = |sheet: &Sheet, extends: &str| {
            if inherit::is_path(extends) { inherit::beside(sheet, extends, folder.is_none()) } else { self.parent(sheet, extends) }
        };
        inherit::whole(&Arc::new(sheet), Some(&find)).map_err(fail)
    }

    /// The templates by name, and what is wrong with other files.
    #[must_use]
    pub fn list(&self) -> TemplateList {
        TemplateList { items: self.entries.values().cloned().collect(), complaints: self.complaints.clone() }
    }

    /// The template of that name, with the text of its file.
    ///
    /// # Errors
    /// As [`Catalogue::find`].
    pub fn whole(&self, name: &str) -> Result<TemplateEntry> {
        let entry = self.find(name)?;
        let layers = self.sheets.get(name).map(Vec::as_slice).unwrap_or_default();
        let text = layers.iter().find(|layer| layer.origin == entry.origin).map(|layer| layer.text.clone());
        Ok(TemplateEntry { text, ..entry })
    }

    /// The user's own file with the template of that name, also one with mistakes.
    pub(super) fn own_file(&self, name: &str) -> Option<&Path> {
        self.sheets.get(name)?.iter().find(|layer| layer.origin == TemplateOrigin::User)?.path.as_deref()
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

/// What a file's text is told apart by.
pub(super) fn etag_of(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
