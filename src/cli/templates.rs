//! `cto template`: listing, showing, checking and rendering.
use crate::cli::containers::each;
use crate::cli::context::Context;
use crate::cli::launch;
use crate::cli::output;
use crate::cli::output::Table;
use crate::cli::output::Tone;
use crate::cli::output::cell;
use crate::cli::output::toned;
use crate::cli::template_args::TemplateArgs;
use crate::cli::template_args::TemplateCommand;
use crate::config;
use crate::config::Catalogue;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::DeleteTemplate;
use crate::model::Empty;
use crate::model::GetTemplate;
use crate::model::ListTemplates;
use crate::model::Place;
use crate::model::PutTemplate;
use crate::model::RemoveText;
use crate::model::RenderTemplate;
use crate::model::SaveTemplate;
use crate::model::TemplateEntry;
use crate::model::TemplateList;
use crate::model::TemplateOrigin;
use crate::model::WholeQuery;
use std::io::Read as _;
use std::path::Path;
use std::path::PathBuf;

/// `cto template`.
pub async fn template(context: &Context, args: TemplateArgs) -> Result<u8> {
    let done = |()| 0;
    match args.command {
        TemplateCommand::Ls => list(context).await.map(done),
        TemplateCommand::Show { name } => show(context, &name).await.map(done),
        TemplateCommand::Check { files } => check(context, &files, |catalogue, name, source, folder| catalogue.parse(name, source, folder).map(drop)),
        TemplateCommand::Save { file, new, dry_run } => save(context, &file, new, dry_run).await.map(done),
        TemplateCommand::Rm { names } => {
            let client = context.client().await?;
            each(context, &names, async |name| client.call::<DeleteTemplate>(&[name], &RemoveText::default()).await.map(|_| None)).await.map(done)
        }
        TemplateCommand::Render { template, name, set } => render(context, &template, name, set).await.map(done),
        TemplateCommand::Schema => output::json(config::schema()).map(done),
    }
}

/// The server's templates with the project's over them: a server has no working directory.
pub async fn all(context: &Context) -> Result<TemplateList> {
    let client = context.client().await?;
    let mut list = client.call::<ListTemplates>(&[], &WholeQuery::default()).await?;
    if let Some(project) = Context::project() {
        let own = Catalogue::of_project(&project, &context.paths).list();
        list.items.retain(|entry| own.items.iter().all(|other| other.template.name != entry.template.name));
        list.items.extend(own.items);
        list.items.sort_by(|one, other| one.template.name.cmp(&other.template.name));
        list.complaints.extend(own.complaints);
    }
    Ok(list)
}

async fn list(context: &Context) -> Result<()> {
    let list = all(context).await?;
    if context.json() {
        return output::json(&list);
    }
    let mut table = Table::new(["NAME", "DESCRIPTION", "IMAGE", "FROM"]);
    for entry in &list.items {
        let template = &entry.template;
        table.row([
            cell(&template.name),
            cell(template.description.as_deref().unwrap_or_default()),
            cell(&template.image),
            toned(origin(entry.origin), Tone::Quiet),
        ]);
    }
    table.print()?;
    for place in &list.complaints {
        output::warn(output::show_place(place, None, false).lines().next().unwrap_or_default().trim());
    }
    Ok(())
}

fn origin(origin: TemplateOrigin) -> &'static str {
    match origin {
        TemplateOrigin::Gallery => "gallery",
        TemplateOrigin::System => "system",
        TemplateOrigin::User => "user",
        TemplateOrigin::Project => "project",
    }
}

async fn show(context: &Context, name: &str) -> Result<()> {
    let own = Context::project().and_then(|project| Catalogue::of_project(&project, &context.paths).find(name).ok());
    let entry: TemplateEntry = match own {
        Some(entry) => entry,
        None => context.client().await?.call::<GetTemplate>(&[name], &Empty {}).await?,
    };
    // The template alone, so that what is shown can be saved as a file.
    if context.json() { output::json(&entry) } else { output::json(&entry.template) }
}

/// Shows every mistake that `read` finds in every file, by its name, text and folder; exit code 2 when there is one.
pub(super) fn check(context: &Context, files: &[PathBuf], read: impl Fn(&Catalogue, &str, &str, Option<&Path>) -> Result<()>) -> Result<u8> {
    let mut all: Vec<Place> = Vec::new();
    let colour = output::coloured(&std::io::stdout());
    let catalogue = Catalogue::load(&context.paths, Context::project().as_deref());
    for file in files {
        let name = if file.as_os_str() == "-" { "standard input".to_owned() } else { file.display().to_string() };
        let (places, source) = match text(file) {
            Ok(source) => (read(&catalogue, &name, &source, file.parent()).err().map(|error| error.places).unwrap_or_default(), source),
            Err(place) => (vec![place], String::new()),
        };
        if !context.json() {
            let told: String = places.iter().map(|place| output::show_place(place, Some(&source), colour)).collect();
            match places.len() {
                0 => output::print(&format!("{name}: no mistakes\n"))?,
                1 => output::print(&format!("{name}: 1 mistake\n{told}"))?,
                count => output::print(&format!("{name}: {count} mistakes\n{told}"))?,
            }
        }
        all.extend(places);
    }
    if context.json() {
        output::json(&serde_json::json!({ "ok": all.is_empty(), "errors": all }))?;
    }
    Ok(if all.is_empty() { 0 } else { 2 })
}

fn text(file: &Path) -> Result<String, Place> {
    if file.as_os_str() != "-" {
        return config::read_file(file);
    }
    let mut text = String::new();
    let fail = |error: std::io::Error| Place { file: Some("standard input".to_owned()), detail: format!("cannot be read: {error}"), ..Place::default() };
    std::io::stdin().take(1 << 20).read_to_string(&mut text).map_err(fail)?;
    Ok(text)
}

async fn save(context: &Context, file: &Path, new: bool, dry_run: bool) -> Result<()> {
    let source = if file.as_os_str() == "-" { "standard input".to_owned() } else { file.display().to_string() };
    let text = text(file).map_err(|place| Error::invalid(format!("'{source}' {}", place.detail)))?;
    // Whole but for what it extends, which the server knows.
    let name = config::parse_template(&source, &text)?.name;
    let request = SaveTemplate { text, replaces: new.then(String::new) };
    let client = context.client().await?;
    let entry: TemplateEntry = match dry_run {
        true => client.dry_run::<PutTemplate, _>(&[&name], &request).await?,
        false => client.call::<PutTemplate>(&[&name], &request).await?,
    };
    if context.json() { output::json(&entry) } else { output::print(&format!("{}\n", output::plain(&entry.template.name))) }
}

async fn render(context: &Context, template: &str, name: Option<String>, set: Vec<(String, String)>) -> Result<()> {
    let request = launch::request(context, template, name, set)?;
    let client = context.client().await?;
    let rendered = client.call::<RenderTemplate>(&[], &request).await?;
    if context.json() {
        return output::json(&rendered);
    }
    output::json(&rendered.spec)?;
    for place in &rendered.warnings {
        output::warn(&format!("{}: {}", place.pointer, place.detail));
    }
    for directory in &rendered.directories {
        output::warn(&format!("'{directory}' does not exist yet; a launch makes it"));
    }
    if rendered.spec.name.is_empty() {
        return Err(Error::new(Code::Internal, "the server rendered a container without a name"));
    }
    Ok(())
}
