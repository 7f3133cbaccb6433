//! `cto import` and `cto export`: foreign files as ours, ours as compose files. Nothing of what is read is run.
use crate::cli::context::Context;
use crate::cli::import_args::ExportKind;
use crate::cli::import_args::ImportKind;
use crate::cli::import_args::OutArgs;
use crate::cli::launch;
use crate::cli::output;
use crate::config;
use crate::config::Catalogue;
use crate::config::RenderContext;
use crate::config::Stacks;
use crate::config::import;
use crate::config::import::Imported;
use crate::config::import::Left;
use crate::config::import::Service;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Condition;
use crate::model::CreateContainer;
use crate::model::Empty;
use crate::model::InspectContainer;
use crate::model::MountSource;
use crate::model::RenderTemplate;
use serde_json::json;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;

/// Names of compose files, the first that is there counts.
const COMPOSE: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];
/// Places of devcontainers.
const DEVCONTAINER: [&str; 2] = [".devcontainer/devcontainer.json", ".devcontainer.json"];

/// `cto import`.
pub async fn import(context: &Context, kind: ImportKind) -> Result<()> {
    match kind {
        ImportKind::Compose { file, name, profile, out } => {
            let (source, text, folder) = read(file, &COMPOSE)?;
            let name = name.unwrap_or_else(|| name_of(&folder));
            finish(context, import::compose(&source, &text, &name, &profile)?, &out)
        }
        ImportKind::Devcontainer { file, out } => {
            let (source, text, folder) = read(file, &DEVCONTAINER)?;
            let project = if folder.ends_with(".devcontainer") { folder.parent().unwrap_or(&folder) } else { &folder };
            finish(context, import::devcontainer(&source, &text, &name_of(project))?, &out)
        }
        ImportKind::Portainer { file, output, force } => portainer(context, &file, output.as_deref(), force),
        ImportKind::Run { line, out } => {
            let line = match line.as_slice() {
                [one] => one.clone(),
                words => shlex::try_join(words.iter().map(String::as_str)).map_err(|error| Error::invalid(format!("the line can't be read: {error}")))?,
            };
            finish(context, import::line(&line)?, &out)
        }
        ImportKind::Container { container, out } => {
            let report = context.client().await?.call::<InspectContainer>(&[&container], &Empty {}).await?;
            finish(context, import::container(&report.0)?, &out)
        }
    }
}

/// `cto export`.
pub async fn export(context: &Context, kind: ExportKind) -> Result<()> {
    let ExportKind::Compose { what, set, out } = kind;
    let (text, left) = match stack_of(context, &what)? {
        Some((source, text, folder)) => of_stack(context, &source, &text, &folder, set.into_iter().collect())?,
        None => {
            let request = launch::request(context, &what, None, set)?;
            let rendered = context.client().await?.call::<RenderTemplate>(&[], &request).await?;
            let name = rendered.spec.template.clone().unwrap_or_else(|| "app".to_owned());
            let service = Service { name: name.clone(), spec: rendered.spec, after: Vec::new(), secrets: rendered.secrets };
            import::to_compose(&name, &[service], &[], &BTreeSet::new())
        }
    };
    if context.json() {
        return output::json(&json!({ "compose": text, "left": left }));
    }
    write(&text, &out)?;
    tell(&left);
    Ok(())
}

/// A stack's text where one is meant: a file with containers in it, or a saved stack's name.
fn stack_of(context: &Context, what: &str) -> Result<Option<(String, String, PathBuf)>> {
    let path = Path::new(what);
    if what.contains('/') || path.extension().is_some_and(|kind| kind == "json") {
        let text = config::read_file(path).map_err(|place| Error::invalid(format!("'{what}' {}", place.detail)))?;
        let folder = path.parent().unwrap_or(Path::new(".")).to_path_buf();
        return Ok(text.contains("\"containers\"").then(|| (what.to_owned(), text, folder)));
    }
    let saved = Stacks::load(&context.paths, Context::project().as_deref()).find(what).ok();
    Ok(saved.map(|saved| (saved.source, saved.text, saved.folder.unwrap_or_else(|| PathBuf::from(".")))))
}

fn of_stack(context: &Context, source: &str, text: &str, folder: &Path, set: BTreeMap<String, String>) -> Result<(String, Vec<Left>)> {
    let catalogue = Catalogue::load(&context.paths, Context::project().as_deref());
    let stack = catalogue.parse_own_stack(source, text, folder)?;
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    let limits = context.config().limits.of_containers();
    let mut foreign = BTreeSet::new();
    let mut services: Vec<Service> = Vec::new();
    let mut left = Vec::new();
    for one in stack.instances(&stack.name, &set)? {
        if one.index > 1 {
            continue;
        }
        if one.index == 1 {
            left.push(Left {
                pointer: format!("/services/{}/replicas", one.member),
                reason: "one is described: docker compose up --scale makes more".to_owned(),
            });
        }
        // Nothing is made, so that every path may be named.
        let about = RenderContext {
            base_dir: folder.clone(),
            allowed_roots: vec![PathBuf::from("/")],
            name: one.name.clone(),
            limits: limits.clone(),
            folder: Some(folder.clone()),
        };
        let mut rendered = config::render(&one.template, &CreateContainer { set: one.set, ..CreateContainer::default() }, &about)?;
        for mount in &mut rendered.spec.mounts {
            if let MountSource::Volume { name } = &mut mount.source {
                let volume = stack.volume(&stack.name, name);
                if !volume.own {
                    foreign.insert(volume.name.clone());
                }
                *name = volume.name;
            }
        }
        let after = one.after.into_iter().map(|(name, condition)| {
            let condition = match condition {
                Condition::Healthy => "service_healthy",
                Condition::Completed => "service_completed_successfully",
                Condition::Started | Condition::Ready => "service_started",
            };
            (name, condition)
        });
        services.push(Service { name: one.member, after: after.collect(), spec: rendered.spec, secrets: rendered.secrets });
    }
    let networks: Vec<(String, bool)> = stack.own_networks(&stack.name).into_iter().map(|network| (network.name, network.internal)).collect();
    let (text, more) = import::to_compose(&stack.name, &services, &networks, &foreign);
    left.extend(more);
    Ok((text, left))
}

fn portainer(context: &Context, file: &Path, output: Option<&Path>, force: bool) -> Result<()> {
    let (source, text, _) = read(Some(file.to_path_buf()), &[])?;
    let (all, left) = import::portainer(&source, &text)?;
    if context.json() {
        return output::json(&json!({ "templates": all, "left": left }));
    }
    match output {
        None => output::json(&all.iter().map(|one| &one.document).collect::<Vec<_>>())?,
        Some(dir) => {
            std::fs::create_dir_all(dir).map_err(|error| Error::invalid(format!("'{}' can't be made: {error}", dir.display())).because(error))?;
            for one in &all {
                let name = one.document.get("name").and_then(|name| name.as_str()).unwrap_or("imported");
                let file = dir.join(format!("{name}.json"));
                write(&one.text()?, &OutArgs { output: Some(file), force })?;
            }
        }
    }
    all.iter().for_each(|one| tell(&one.left));
    tell(&left);
    Ok(())
}

/// The text of a foreign file, what it is called, and its directory.
fn read(file: Option<PathBuf>, usual: &[&str]) -> Result<(String, String, PathBuf)> {
    let found = file.or_else(|| usual.iter().map(PathBuf::from).find(|path| path.is_file()));
    let file = found.ok_or_else(|| Error::invalid(format!("there is none of {} here", usual.join(", "))).fix("name the file"))?;
    let name = file.display().to_string();
    let text = config::read_file(&file).map_err(|place| Error::invalid(format!("'{name}' {}", place.detail)))?;
    let path = std::path::absolute(&file).unwrap_or(file);
    Ok((name, text, path.parent().unwrap_or(Path::new("/")).to_path_buf()))
}

fn name_of(folder: &Path) -> String {
    folder.file_name().map_or_else(|| "imported".to_owned(), |name| name.to_string_lossy().into_owned())
}

fn finish(context: &Context, imported: Imported, out: &OutArgs) -> Result<()> {
    if context.json() {
        return output::json(&imported);
    }
    write(&imported.text()?, out)?;
    tell(&imported.left);
    Ok(())
}

/// Writes a text to a file, which is not replaced unasked, or to standard output.
fn write(text: &str, out: &OutArgs) -> Result<()> {
    let Some(file) = &out.output else { return output::print(text) };
    let failed = |error: std::io::Error| Error::invalid(format!("'{}' can't be written: {error}", file.display())).because(error);
    if !out.force && file.exists() {
        return Err(Error::new(Code::WrongState, format!("'{}' is there already", file.display())).fix("name another file, or replace it with --force"));
    }
    std::fs::write(file, text).map_err(failed)?;
    output::print(&format!("{}\n", file.display()))
}

/// Names what is not carried, on standard error.
fn tell(left: &[Left]) {
    for Left { pointer, reason } in left {
        output::warn(&format!("not carried: {}: {}", output::plain(pointer), output::plain(reason)));
    }
}
