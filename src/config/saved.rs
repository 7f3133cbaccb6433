//! Templates that are saved into the user's layer, and removed from it.
use super::Catalogue;
use super::Paths;
use super::catalogue::etag_of;
use super::document;
use super::edit;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Place;
use crate::model::SaveTemplate;
use crate::model::TemplateEntry;
use crate::model::TemplateOrigin;
use std::path::PathBuf;

/// Letters of a name at most.
const LONGEST: usize = 64;

/// Saves a template whole or not at all, and only one without mistakes; in a dry run it is only checked. What is there afterwards is returned.
///
/// # Errors
/// `invalid_value` for a name that can't be a file's; `invalid_document` with the place of each mistake; `stale` when `replaces` is not what is there;
/// `too_large`, `name_in_use`; `disk_full` and `store_failed` with the file.
pub fn save_template(paths: &Paths, name: &str, request: &SaveTemplate, dry_run: bool) -> Result<TemplateEntry> {
    check_name(name)?;
    if request.text.len() as u64 > document::MAX_BYTES {
        return Err(Error::new(Code::TooLarge, format!("template '{name}' is larger than {} KiB", document::MAX_BYTES >> 10)));
    }
    let catalogue = Catalogue::load(paths, None);
    replaced(&catalogue, name, request.replaces.as_deref())?;
    let file = file_of(paths, &catalogue, name)?;
    let source = file.display().to_string();
    let template = catalogue.parse(&source, &request.text, file.parent())?;
    if template.name != name {
        let detail = format!("'{}' is not '{name}', as which it is saved", template.name);
        let place = Place { pointer: "/name".to_owned(), file: Some(source), detail, ..Place::default() };
        return Err(document::error_of(&format!("template '{name}'"), vec![place]));
    }
    if !dry_run {
        let folder = file.parent().unwrap_or(&paths.config_dir);
        let written = std::fs::create_dir_all(folder).and_then(|()| {
            // A link is followed: whoever keeps the file elsewhere wants it there.
            edit::replace(&std::fs::canonicalize(&file).unwrap_or_else(|_| file.clone()), &request.text)
        });
        written.map_err(|error| super::scripts::unwritten(&file, &error))?;
    }
    let path = Some(file.display().to_string());
    Ok(TemplateEntry { template, origin: TemplateOrigin::User, path, etag: etag_of(&request.text), text: Some(request.text.clone()) })
}

/// Removes a template from the user's layer; in a dry run it is only looked whether that could be.
///
/// # Errors
/// `not_found` where the layer has none of that name; `stale` when `replaces` is not what is there; `store_failed` with the file.
pub fn remove_template(paths: &Paths, name: &str, replaces: Option<&str>, dry_run: bool) -> Result<()> {
    let catalogue = Catalogue::load(paths, None);
    let Some(file) = catalogue.own_file(name) else {
        // A name that nothing has is told with the nearest.
        catalogue.find(name)?;
        let error = Error::not_found("template", name);
        return Err(error.fix("those that ship inside cto or are the machine's can't be removed, only covered by one of the same name"));
    };
    replaced(&catalogue, name, replaces)?;
    if dry_run { Ok(()) } else { std::fs::remove_file(file).map_err(|error| super::scripts::unwritten(file, &error)) }
}

/// Refuses where another text is there than is said; nothing is said of a file with mistakes, which has no revision.
fn replaced(catalogue: &Catalogue, name: &str, replaces: Option<&str>) -> Result<()> {
    let there = catalogue.find(name).map(|entry| entry.etag).unwrap_or_default();
    if replaces.is_some_and(|replaces| replaces != there) { Err(Error::stale("template", name, there)) } else { Ok(()) }
}

/// The file of the template: the one that has it already, or one that is called like it.
fn file_of(paths: &Paths, catalogue: &Catalogue, name: &str) -> Result<PathBuf> {
    if let Some(file) = catalogue.own_file(name) {
        return Ok(file.to_path_buf());
    }
    let file = paths.config_dir.join("templates").join(format!("{name}.json"));
    let other = catalogue.list().items.into_iter().find(|entry| entry.path.as_deref() == file.to_str());
    match other {
        Some(other) => {
            let error = Error::new(Code::NameInUse, format!("'{}' has the template '{}'", file.display(), other.template.name));
            Err(error.fix("rename that file, or choose another name"))
        }
        None => Ok(file),
    }
}

fn check_name(name: &str) -> Result<()> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let good = (1..=LONGEST).contains(&name.len()) && name.chars().all(fits) && name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if good { Ok(()) } else { Err(Error::invalid(format!("'{name}' can't be a template's name: letters, digits, '-', '_' and '.', at most {LONGEST}"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn save(text: &str) -> SaveTemplate {
        SaveTemplate { text: text.to_owned(), replaces: None }
    }

    #[test]
    fn a_template_is_saved_without_mistakes_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::under(dir.path()).unwrap();
        let text = "{ // mine\n  \"name\": \"web\", \"image\": \"nginx\"\n}\n";
        assert!(save_template(&paths, "web", &save(text), true).is_ok());
        let file = paths.config_dir.join("templates/web.json");
        assert!(!file.exists(), "a dry run writes nothing");
        let entry = save_template(&paths, "web", &save(text), false).unwrap();
        assert_eq!((std::fs::read_to_string(&file).unwrap().as_str(), entry.path.as_deref()), (text, file.to_str()));
        assert_eq!(Catalogue::load(&paths, None).whole("web").unwrap(), entry);
        let wrong = save_template(&paths, "web", &save("{\"name\": \"web\", \"imgae\": \"nginx\"}"), false).unwrap_err();
        assert_eq!((wrong.code, wrong.places[0].pointer.as_str()), (Code::InvalidDocument, "/imgae"));
        let other = save_template(&paths, "other", &save(text), false).unwrap_err();
        assert_eq!((other.code, other.places[0].pointer.as_str()), (Code::InvalidDocument, "/name"));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text, "what was there stays");
        for name in ["", "..", "a/b", ".x", "a b"] {
            assert_eq!(save_template(&paths, name, &save(text), false).unwrap_err().code, Code::InvalidValue, "{name}");
        }
    }

    #[test]
    fn what_ships_is_covered_and_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::under(dir.path()).unwrap();
        let ships = Catalogue::load(&paths, None).find("shell").unwrap();
        assert_eq!(remove_template(&paths, "shell", None, false).unwrap_err().code, Code::NotFound);
        let text = "{\"name\": \"shell\", \"image\": \"mine\"}";
        let late = SaveTemplate { text: text.to_owned(), replaces: Some(String::new()) };
        assert_eq!(save_template(&paths, "shell", &late, false).unwrap_err().revision.as_deref(), Some(ships.etag.as_str()));
        let request = SaveTemplate { text: text.to_owned(), replaces: Some(ships.etag.clone()) };
        let saved = save_template(&paths, "shell", &request, false).unwrap();
        assert_eq!(Catalogue::load(&paths, None).find("shell").unwrap().template.image, "mine");
        assert_eq!(remove_template(&paths, "shell", Some(&ships.etag), false).unwrap_err().code, Code::Stale);
        remove_template(&paths, "shell", Some(&saved.etag), false).unwrap();
        assert_eq!(Catalogue::load(&paths, None).find("shell").unwrap(), ships);
    }
}
