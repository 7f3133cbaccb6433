//! Templates that extend others: finding those, putting them together, and telling mistakes where they were written.
use crate::config::document;
use crate::config::document::Complaint;
use crate::config::document::Places;
use crate::config::structure;
use crate::config::template;
use crate::model::Place;
use crate::model::Template;
use serde_json::Value;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

/// So many templates can extend each other in a row.
const DEEPEST: usize = 8;
/// Lists that are replaced as a whole: the words of a command, the values that a parameter takes, the lines of a recipe.
const WHOLE: [&str; 4] = ["command", "entrypoint", "choices", "dockerfile"];

/// One template's text, read and of the right shape, before it is put together with what it extends.
pub struct Sheet {
    source: String,
    folder: Option<PathBuf>,
    value: Value,
    places: Arc<Places>,
    complaints: Vec<Complaint>,
    /// Where it stands in a text that holds more than it.
    within: String,
}

/// Finds what a sheet extends.
pub type Find<'a> = dyn Fn(&Sheet, &str) -> Result<Arc<Sheet>, String> + 'a;

impl Sheet {
    /// Reads a text; `folder` is where paths in `extends` start from.
    ///
    /// # Errors
    /// When it is no JSON.
    pub fn read(source: &str, text: &str, folder: Option<&Path>) -> Result<Self, Place> {
        let mut found = structure::read(source, text, template::schema())?;
        let mut value = found.value.take().unwrap_or_default();
        if let Some(object) = value.as_object_mut()
            && let Some(other) = object.remove("read_only")
        {
            if object.contains_key("readonly") {
                found.complaints.push(Complaint::at("/read_only", "'readonly' is given already, and means the same"));
            } else {
                object.insert("readonly".to_owned(), other);
            }
        }
        let (places, complaints) = (Arc::new(found.places), found.complaints);
        Ok(Self { source: source.to_owned(), folder: folder.map(Path::to_path_buf), value, places, complaints, within: String::new() })
    }

    /// A template in a text that holds more than it, whose shape was looked at already: `within` is where it stands there.
    pub fn part(source: &str, folder: Option<&Path>, value: Value, places: Arc<Places>, within: String) -> Self {
        Self { source: source.to_owned(), folder: folder.map(Path::to_path_buf), value, places, complaints: Vec::new(), within }
    }

    /// Its name, where it has one.
    pub fn name(&self) -> Option<&str> {
        self.value.get("name").and_then(Value::as_str)
    }

    /// What complaints call it.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What it extends.
    pub fn extends(&self) -> Option<&str> {
        self.value.get("extends").and_then(Value::as_str)
    }

    fn told(&self, complaint: Complaint) -> Place {
        self.places.place(&Complaint { pointer: format!("{}{}", self.within, complaint.pointer), ..complaint })
    }
}

/// Whether `extends` names a file.
pub fn is_path(extends: &str) -> bool {
    extends.contains('/') || Path::new(extends).extension().is_some_and(|kind| kind == "json")
}

/// The sheet in a file that another one extends. With `fenced` the file must lie where the other does, or below.
///
/// # Errors
/// With a sentence for people.
pub fn beside(sheet: &Sheet, extends: &str, fenced: bool) -> Result<Arc<Sheet>, String> {
    let folder = sheet.folder.as_ref().ok_or("a path in 'extends' starts from a template's file, and this one has none")?;
    // The folder of a file that is named without one is where the program runs.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let path = folder.join(extends);
    if fenced {
        let inside = path.canonicalize().ok().zip(folder.canonicalize().ok()).is_some_and(|(path, folder)| path.starts_with(folder));
        if !inside {
            return Err(format!("there is no file '{extends}' in the template's folder or below it"));
        }
    }
    let text = document::read_file(&path).map_err(|place| format!("'{}' {}", path.display(), place.detail))?;
    let read = Sheet::read(&path.display().to_string(), &text, path.parent());
    read.map(Arc::new).map_err(|place| format!("'{}' has a mistake in line {}: {}", path.display(), place.line.unwrap_or(1), place.detail))
}

/// The template that a sheet makes together with what it extends. Where nothing can be found (`find` is none), only the shape is checked.
///
/// # Errors
/// With every mistake, each where it was written.
pub fn whole(sheet: &Arc<Sheet>, find: Option<&Find>) -> Result<Template, Vec<Place>> {
    let mut complaints: Vec<Place> = sheet.complaints.iter().map(|complaint| sheet.told(complaint.clone())).collect();
    let chain = match find {
        Some(find) => chain(sheet, find).map_err(|detail| complaints.push(sheet.told(Complaint::at("/extends", detail)))).unwrap_or_default(),
        None if sheet.extends().is_none() => vec![sheet.clone()],
        None => Vec::new(),
    };
    let mut template = None;
    if chain.is_empty() {
        let mut own = Vec::new();
        template = template::lenient(sheet.value.clone(), &mut own);
        complaints.extend(own.into_iter().map(|complaint| sheet.told(complaint)));
    } else {
        let mut merged = Value::Object(serde_json::Map::new());
        for sheet in chain.iter().rev() {
            merge(&mut merged, sheet.value.clone(), "");
        }
        if let Some(object) = merged.as_object_mut()
            && chain.len() > 1
        {
            object.remove("extends");
        }
        // Somebody who wrote 'imagge' need not be told that 'image' is missing too.
        let misspelt = sheet.complaints.iter().any(|complaint| complaint.detail.ends_with("did you mean 'image'?") || complaint.pointer == "/image");
        if merged.get("image").or(merged.get("build")).is_none() && !misspelt {
            complaints.push(sheet.told(Complaint::at("", "missing field 'image'")));
        }
        let mut own = Vec::new();
        template = template::checked(merged.clone(), &mut own).or(template);
        complaints.extend(own.into_iter().map(|complaint| placed(complaint, &merged, &chain)));
    }
    let order = |place: &Place| (place.file.as_deref() != Some(sheet.source()), place.line, place.column);
    complaints.sort_by_key(order);
    match template {
        Some(template) if complaints.is_empty() => Ok(template),
        _ => Err(complaints),
    }
}

/// The sheet and all that it extends, the sheet first.
fn chain(sheet: &Arc<Sheet>, find: &Find) -> Result<Vec<Arc<Sheet>>, String> {
    let mut chain = vec![sheet.clone()];
    let mut last = sheet.clone();
    while let Some(extends) = last.extends() {
        let next = find(&last, extends)?;
        if let Some(again) = chain.iter().position(|known| known.source == next.source) {
            let names: Vec<&str> = chain[again..].iter().chain([&next]).map(|sheet| sheet.name().unwrap_or(&sheet.source)).collect();
            return Err(format!("templates extend each other in a circle: {}", names.join(" → ")));
        }
        if let Some(complaint) = next.complaints.first() {
            return Err(format!("what it extends has a mistake: {}: {}", next.source, complaint.detail));
        }
        if chain.len() >= DEEPEST {
            return Err(format!("more than {DEEPEST} templates extend each other"));
        }
        chain.push(next.clone());
        last = next;
    }
    Ok(chain)
}

/// Lays `upper` over `lower`: objects field by field, lists one after the other, everything else as a whole.
pub fn merge(lower: &mut Value, upper: Value, field: &str) {
    match (lower, upper) {
        (Value::Object(lower), Value::Object(upper)) => {
            // Where an image comes from is one thing, said in one of two ways.
            for (said, other) in [("image", "build"), ("build", "image")] {
                if field.is_empty() && upper.contains_key(said) && !upper.contains_key(other) {
                    lower.remove(other);
                }
            }
            for (name, value) in upper {
                merge(lower.entry(name.clone()).or_insert(Value::Null), value, &name);
            }
        }
        (Value::Array(lower), Value::Array(upper)) if !WHOLE.contains(&field) => {
            for item in upper {
                if !lower.contains(&item) {
                    lower.push(item);
                }
            }
        }
        (lower, upper) => *lower = upper,
    }
}

/// A complaint about what was put together, told where that part was written.
fn placed(complaint: Complaint, merged: &Value, chain: &[Arc<Sheet>]) -> Place {
    let within = chain.first().map_or("", |sheet| sheet.within.as_str());
    for sheet in chain {
        if let Some(pointer) = pointer_in(&complaint.pointer, merged, &sheet.value) {
            return Place { pointer: format!("{within}{}", complaint.pointer), ..sheet.told(Complaint { pointer, ..complaint }) };
        }
    }
    let first = chain.first().map(|sheet| sheet.told(complaint.clone()));
    first.unwrap_or(Place { pointer: complaint.pointer, detail: complaint.detail, ..Place::default() })
}

/// Where a part of the whole stands in one sheet: items of lists have other numbers there.
fn pointer_in(pointer: &str, merged: &Value, sheet: &Value) -> Option<String> {
    let wanted = merged.pointer(pointer)?;
    if sheet.pointer(pointer) == Some(wanted) {
        return Some(pointer.to_owned());
    }
    let steps: Vec<&str> = pointer.split('/').collect();
    let at = steps.iter().position(|step| step.parse::<usize>().is_ok())?;
    let (list, rest) = (steps[..at].join("/"), &steps[at + 1..]);
    let item = merged.pointer(&steps[..=at].join("/"))?;
    let index = sheet.pointer(&list)?.as_array()?.iter().position(|other| other == item)?;
    let tail: String = rest.iter().map(|step| format!("/{step}")).collect();
    Some(format!("{list}/{index}{tail}"))
}

/// The text of a template that can be sent away: what it extends by path is put into it.
///
/// # Errors
/// With every mistake on the way.
pub fn flattened(source: &str, text: &str, folder: &Path) -> Result<String, Vec<Place>> {
    let sheet = Arc::new(Sheet::read(source, text, Some(folder)).map_err(|place| vec![place])?);
    match flat(&sheet)? {
        None => Ok(text.to_owned()),
        Some(merged) => serde_json::to_string_pretty(&merged).map_err(|error| vec![sheet.told(Complaint::at("/extends", error.to_string()))]),
    }
}

/// A sheet with what it extends by path put into it; none where it extends nothing by path.
///
/// # Errors
/// With every mistake on the way.
pub fn flat(sheet: &Arc<Sheet>) -> Result<Option<Value>, Vec<Place>> {
    let mut merged = sheet.value.clone();
    let mut last = sheet.clone();
    let mut seen = vec![sheet.source.clone()];
    let wrong = |detail: String| vec![sheet.told(Complaint::at("/extends", detail))];
    // What is put together has only the parts that are right: what was wrong would no longer be seen in it.
    if sheet.extends().is_some_and(is_path) && !sheet.complaints.is_empty() {
        return Err(sheet.complaints.iter().map(|complaint| sheet.told(complaint.clone())).collect());
    }
    while let Some(extends) = last.extends().filter(|extends| is_path(extends)) {
        let next = beside(&last, extends, false).map_err(wrong)?;
        if let Some(complaint) = next.complaints.first() {
            return Err(wrong(format!("what it extends has a mistake: {}: {}", next.source, complaint.detail)));
        }
        if seen.contains(&next.source) || seen.len() >= DEEPEST {
            return Err(wrong(format!("templates extend each other in a circle: {} → {}", seen.join(" → "), next.source)));
        }
        let mut below = next.value.clone();
        if let Some(object) = merged.as_object_mut() {
            object.remove("extends");
        }
        merge(&mut below, merged, "");
        merged = below;
        seen.push(next.source.clone());
        last = next;
    }
    Ok((seen.len() > 1).then_some(merged))
}
