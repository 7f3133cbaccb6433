//! `cto images`, `cto image …` and `cto pull`.
use crate::cli::containers::confirmed;
use crate::cli::context::Context;
use crate::cli::image_args::BuildArgs;
use crate::cli::image_args::ImageCommand;
use crate::cli::image_args::ImagesArgs;
use crate::cli::image_args::RefreshArgs;
use crate::cli::launch;
use crate::cli::operation;
use crate::cli::output;
use crate::cli::output::Table;
use crate::cli::output::Tone;
use crate::cli::output::cell;
use crate::cli::output::toned;
use crate::cli::templates;
use crate::client::Client;
use crate::client::Packing;
use crate::client::pack_directory;
use crate::error::Error;
use crate::error::Result;
use crate::model::BuildImage;
use crate::model::Code;
use crate::model::DeleteImage;
use crate::model::Empty;
use crate::model::GetImageHistory;
use crate::model::Ignore;
use crate::model::Image;
use crate::model::ImagePrune;
use crate::model::InspectImage;
use crate::model::ListImages;
use crate::model::ListQuery;
use crate::model::MOST_IGNORE;
use crate::model::Operation;
use crate::model::PruneImages;
use crate::model::PrunedImages;
use crate::model::Pull;
use crate::model::PullImage;
use crate::model::PushImage;
use crate::model::RefreshImage;
use crate::model::RefreshImageOf;
use crate::model::RemoveImage;
use crate::model::TagImage;
use crate::model::TagImageAs;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

/// `cto image`.
pub async fn image(context: &Context, command: ImageCommand) -> Result<()> {
    match command {
        ImageCommand::Ls(args) => list(context, &args).await,
        ImageCommand::Inspect { images } => inspect(context, &images).await,
        ImageCommand::History { image } => history(context, &image).await,
        ImageCommand::Pull(args) => pull(context, &args.image).await,
        ImageCommand::Push { image } => {
            let client = context.client().await?;
            let operation = client.call_operation::<PushImage>(&[&image], &Empty {}, Duration::ZERO).await?;
            waited(context, &client, operation, |_| image).await
        }
        ImageCommand::Tag { image, name } => {
            let tagged = context.client().await?.call::<TagImageAs>(&[&image], &TagImage { name }).await?;
            if context.json() { output::json(&tagged) } else { Ok(()) }
        }
        ImageCommand::Rm { force, images } => remove(context, &images, force).await,
        ImageCommand::Prune { all, dry_run, yes } => prune(context, all, dry_run, yes).await,
        ImageCommand::Build(args) => build(context, &args).await,
        ImageCommand::Refresh(args) => refresh(context, args).await,
    }
}

/// `cto images`.
pub async fn list(context: &Context, args: &ImagesArgs) -> Result<()> {
    let client = context.client().await?;
    let images = Context::all::<ListImages, Image>(&client, ListQuery { q: args.query.clone(), sort: args.sort.clone(), ..ListQuery::default() }).await?;
    if context.json() {
        return output::json(&images);
    }
    if args.quiet {
        return output::print(&images.iter().map(|image| format!("{}\n", short(&image.id))).collect::<String>());
    }
    table(&images).print()
}

fn table(images: &[Image]) -> Table {
    let now = Timestamp::now();
    let mut table = Table::new(["REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE", "OWNER"]);
    for image in images {
        let names: Vec<&str> = if image.tags.is_empty() { vec!["<none>:<none>"] } else { image.tags.iter().map(String::as_str).collect() };
        for name in names {
            let (repository, tag) = name.rsplit_once(':').unwrap_or((name, ""));
            table.row([
                cell(repository),
                cell(tag),
                toned(short(&image.id), Tone::Quiet),
                cell(output::ago(image.created_at, now)),
                cell(output::bytes(image.size_bytes)),
                cell(image.owner.as_deref().unwrap_or(if image.derived { "(templates)" } else { "-" })),
            ]);
        }
    }
    table
}

/// The first twelve digits, as docker shows them.
fn short(id: &str) -> &str {
    let digits = id.strip_prefix("sha256:").unwrap_or(id);
    digits.get(..12).unwrap_or(digits)
}

/// `cto pull`.
pub async fn pull(context: &Context, image: &str) -> Result<()> {
    let client = context.client().await?;
    let operation = client.call_operation::<PullImage>(&[], &Pull { image: image.to_owned() }, Duration::ZERO).await?;
    waited(context, &client, operation, |_| image.to_owned()).await
}

/// Waits for the end of long work, and prints what it is known by.
async fn waited(context: &Context, client: &Client, operation: Operation, line: impl FnOnce(&Image) -> String) -> Result<()> {
    let image = operation::done(client, operation).await?.image;
    match image {
        Some(image) if context.json() => output::json(&image),
        Some(image) => output::print(&format!("{}\n", output::plain(&line(&image)))),
        None => Err(Error::internal("the operation ended without an image")),
    }
}

async fn inspect(context: &Context, images: &[String]) -> Result<()> {
    let client = context.client().await?;
    let mut found = Vec::new();
    for image in images {
        found.push(client.call::<InspectImage>(&[image], &Empty {}).await?);
    }
    output::json(&found)
}

async fn history(context: &Context, image: &str) -> Result<()> {
    let history = context.client().await?.call::<GetImageHistory>(&[image], &Empty {}).await?;
    if context.json() {
        return output::json(&history.items);
    }
    let now = Timestamp::now();
    let mut table = Table::new(["IMAGE", "CREATED", "CREATED BY", "SIZE", "COMMENT"]);
    for layer in &history.items {
        table.row([
            toned(layer.id.as_deref().map_or("<missing>", short), Tone::Quiet),
            cell(output::ago(layer.created_at, now)),
            cell(&layer.created_by),
            cell(output::bytes(layer.size_bytes)),
            cell(&layer.comment),
        ]);
    }
    table.print()
}

/// One that can't be removed does not keep the others; the last failure is returned, those before are told at once.
async fn remove(context: &Context, images: &[String], force: bool) -> Result<()> {
    let client = context.client().await?;
    let mut failed: Option<Error> = None;
    let mut gone = Vec::new();
    for image in images {
        match client.call::<DeleteImage>(&[image], &RemoveImage { force }).await {
            Ok(removed) => gone.extend(removed.items),
            Err(error) => {
                if let Some(before) = failed.replace(error) {
                    output::tell(&before, context.json(), context.global.debug);
                }
            }
        }
    }
    if context.json() {
        output::json(&gone)?;
    } else {
        let line = |item: &crate::model::ImageRemoval| match (&item.untagged, &item.deleted) {
            (Some(name), _) => format!("Untagged: {name}\n"),
            (_, Some(id)) => format!("Deleted: {id}\n"),
            _ => String::new(),
        };
        output::print(&gone.iter().map(line).collect::<String>())?;
    }
    failed.map_or(Ok(()), Err)
}

async fn prune(context: &Context, all: bool, dry_run: bool, yes: bool) -> Result<()> {
    let client = context.client().await?;
    let would = client.call::<PruneImages>(&[], &ImagePrune { all, dry_run: true }).await?;
    if dry_run || would.items.is_empty() {
        return pruned(context, &would, "nothing uses these; without --dry-run they are removed");
    }
    if !context.json() {
        table(&would.items).print()?;
    }
    confirmed(yes, &format!("Remove these {} images?", would.items.len()))?;
    let gone = client.call_within::<PruneImages>(&[], &ImagePrune { all, dry_run: false }, Duration::from_secs(3600)).await?;
    if context.json() {
        return output::json(&gone);
    }
    gone.kept.iter().for_each(|line| output::warn(line));
    output::print(&format!("removed {} images, {}\n", gone.items.len(), output::bytes(gone.freed_bytes)))
}

fn pruned(context: &Context, would: &PrunedImages, hint: &str) -> Result<()> {
    if context.json() {
        return output::json(would);
    }
    if would.items.is_empty() {
        return output::print("there is nothing to remove\n");
    }
    table(&would.items).print()?;
    output::print(&format!("{hint}\n"))
}

/// `cto image build`: prints the image's id.
async fn build(context: &Context, args: &BuildArgs) -> Result<()> {
    let directory = args.directory.canonicalize().map_err(|error| unread(&args.directory, &error))?;
    if !directory.is_dir() {
        return Err(Error::invalid(format!("'{}' is no directory", args.directory.display())).fix("name the directory that holds the Dockerfile"));
    }
    let recipe = match &args.file {
        None => "Dockerfile".to_owned(),
        Some(file) => {
            let found = file.canonicalize().or_else(|_| directory.join(file).canonicalize()).map_err(|error| unread(file, &error))?;
            let inside = found.strip_prefix(&directory).ok().and_then(Path::to_str).map(str::to_owned);
            inside.ok_or_else(|| {
                Error::invalid(format!("'{}' lies outside of '{}'", file.display(), args.directory.display())).fix("put the recipe into the directory")
            })?
        }
    };
    if !directory.join(&recipe).is_file() {
        return Err(Error::invalid(format!("there is no '{recipe}' in '{}'", args.directory.display())).fix("name it with '-f'"));
    }
    let mut text = String::new();
    match std::fs::File::open(directory.join(".dockerignore")) {
        Ok(file) => drop(file.take(MOST_IGNORE).read_to_string(&mut text).map_err(|error| unread(Path::new(".dockerignore"), &error))?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(unread(Path::new(".dockerignore"), &error)),
    }
    let mut values = BTreeMap::new();
    for text in &args.build_arg {
        let (name, value) = text.split_once('=').map_or((text.as_str(), None), |(name, value)| (name, Some(value.to_owned())));
        // A name alone takes its value from here, as with docker.
        if let Some(value) = value.or_else(|| std::env::var(name).ok()) {
            values.insert(name.to_owned(), value);
        }
    }
    let request = BuildImage {
        tag: args.tag.clone(),
        args: (!values.is_empty()).then(|| serde_json::json!(values).to_string()),
        target: args.target.clone(),
        no_cache: args.no_cache,
        pull: args.pull,
        network: args.network.clone(),
        dockerfile: Some(recipe.clone()),
    };
    let client = context.client().await?;
    let Packing { pieces, packed } = pack_directory(directory, Ignore::read(&text, &[&recipe, ".dockerignore"]));
    let begun = tokio::select! {
        begun = client.build(&request, pieces) => begun,
        _ = tokio::signal::ctrl_c() => return Err(crate::cli::cancelled("the build")),
    };
    let packed = packed.await.map_err(|error| Error::internal(format!("the directory was not packed: {error}")))?;
    match (begun, packed) {
        (Ok(operation), Ok(packed)) => {
            packed.left_out.iter().for_each(|line| output::warn(line));
            waited(context, &client, operation, |image| image.id.clone()).await
        }
        // A file that can't be read is why the build got only a part.
        (_, Err(error)) if error.code == Code::InvalidValue && !output::broken_pipe(&error) => Err(error),
        (Ok(operation), Err(_)) => waited(context, &client, operation, |image| image.id.clone()).await,
        (Err(error), _) => Err(error),
    }
}

/// `cto image refresh`: one template that fails does not keep the others; the last failure is returned, those before are told at once.
async fn refresh(context: &Context, args: RefreshArgs) -> Result<()> {
    let client = context.client().await?;
    let names = if args.all { templates::all(context).await?.items.into_iter().map(|entry| entry.template.name).collect() } else { args.templates };
    let mut failed: Option<Error> = None;
    let mut made = Vec::new();
    for name in names {
        let one = async {
            let launch = launch::request(context, &name, None, args.set.clone())?;
            let request = RefreshImage { launch, pull: !args.no_pull };
            let operation = client.call_operation::<RefreshImageOf>(&[], &request, Duration::ZERO).await?;
            operation::done(&client, operation).await?.image.ok_or_else(|| Error::internal("the operation ended without an image"))
        };
        match one.await {
            Ok(image) if context.json() => made.push(image),
            Ok(image) => output::print(&format!("{}  {}\n", short(&image.id), output::plain(&name)))?,
            Err(error) if error.code == Code::Cancelled => return Err(error),
            Err(error) => {
                if let Some(before) = failed.replace(Error { message: format!("{name}: {}", error.message), ..error }) {
                    output::tell(&before, context.json(), context.global.debug);
                }
            }
        }
    }
    if context.json() {
        output::json(&made)?;
    }
    failed.map_or(Ok(()), Err)
}

fn unread(path: &Path, error: &std::io::Error) -> Error {
    Error::invalid(format!("'{}' can't be read: {error}", path.display()))
}
