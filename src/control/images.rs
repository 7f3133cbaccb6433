//! Images: seen, brought, built, named, sent, removed.
use super::Control;
use super::files::Arrival;
use super::files::SILENCE;
use super::files::counted;
use super::guard::Target;
use super::operations::Made;
use super::operations::Plan;
use super::paging::Key;
use super::paging::Wanted;
use crate::access::Actor;
use crate::access::allowed;
use crate::access::check_build;
use crate::access::check_image_name;
use crate::engine::BuildRequest;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::BuildImage;
use crate::model::Code;
use crate::model::Empty;
use crate::model::EngineReport;
use crate::model::Image;
use crate::model::ImageHistory;
use crate::model::ImagePrune;
use crate::model::ImageRemovals;
use crate::model::ListQuery;
use crate::model::Operation;
use crate::model::Orders;
use crate::model::Page;
use crate::model::PrunedImages;
use crate::model::Pull;
use crate::model::RefreshImage;
use crate::model::RemoveImage;
use crate::model::Role;
use crate::model::TagImage;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::mpsc;

/// Pieces of a directory that may wait for the engine; then the sender waits.
const WAITING: usize = 4;
/// Most bytes of a directory that are still read when its build has ended; then the connection is closed.
const MOST_PASSED: usize = 1 << 30;

impl Control {
    /// Images, newest first where no other order is asked for.
    ///
    /// # Errors
    /// `forbidden`, `invalid_value`, `engine_unavailable`.
    pub async fn list_images(&self, actor: &Actor, query: &ListQuery) -> Result<Page<Image>> {
        Self::may(actor, Action::ReadImages)?;
        let wanted = Wanted::of(query, Orders::IMAGES)?;
        let mut all = self.parts().engine.images().list().await?;
        all.retain(|image| {
            let tags = image.tags.join(" ");
            wanted.finds(&[&tags, &image.id, image.owner.as_deref().unwrap_or_default()])
        });
        let key = |image: &Image, by: &str| match by {
            "created_at" => Key::time(image.created_at),
            "tags" => Key::of(&image.tags.first()),
            "size_bytes" => Key::of(&image.size_bytes),
            "owner" => Key::of(&image.owner),
            _ => Key::Nothing,
        };
        Ok(wanted.page(all, key, |image| image.id.clone()))
    }

    /// One image, by name or id.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn get_image(&self, actor: &Actor, reference: &str) -> Result<Image> {
        Self::may(actor, Action::ReadImages)?;
        self.image(reference).await
    }

    /// What the engine itself says of an image. Of one that somebody else has made, the values of its environment are not shown.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn inspect_image(&self, actor: &Actor, reference: &str) -> Result<EngineReport> {
        Self::may(actor, Action::ReadImages)?;
        let image = self.image(reference).await?;
        let mut report = self.parts().engine.images().report(&image.id).await?;
        if is_of_another(actor, &image) {
            super::life::mask_environment(&mut report);
        }
        Ok(report)
    }

    /// The layers of an image. Of one that somebody else has made, the lines of its recipe are not shown: they can hold secrets.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn get_image_history(&self, actor: &Actor, reference: &str) -> Result<ImageHistory> {
        Self::may(actor, Action::ReadImages)?;
        let image = self.image(reference).await?;
        let mut history = self.parts().engine.images().history(&image.id).await?;
        if is_of_another(actor, &image) {
            history.items.iter_mut().for_each(|layer| layer.created_by = "***".to_owned());
        }
        Ok(history)
    }

    /// Brings an image from its registry, as an operation.
    ///
    /// # Errors
    /// `forbidden`, `invalid_value`; what the registry says is the operation's problem.
    pub async fn pull_image(&self, actor: &Actor, request: Pull, idempotency_key: Option<&str>) -> Result<Operation> {
        crate::config::check_image_reference(&request.image)?;
        // What comes from a registry may take the place of what came from there before, but not of what somebody has built here.
        let before = match request.image.contains('@') {
            true => None,
            false => self.named_image(&request.image).await?.filter(|before| before.owner.is_some()),
        };
        let plan = Plan {
            action: Action::CreateImages,
            target: Target::free(&request.image),
            detail: Some("pull".to_owned()),
            title: format!("pull {}", request.image),
        };
        let (control, reference) = (self.clone(), request.image.clone());
        let permit = check_image_name(actor, &reference, before.as_ref());
        self.operate(actor, idempotency_key, &request, plan, permit, async move |task| {
            let teller = task.clone();
            let mut tell = |progress| teller.progress(progress);
            let engine_images = control.parts().engine.images();
            let work = engine_images.bring(&reference, &mut tell);
            tokio::select! {
                biased;
                () = task.cancel().cancelled() => Err(task.cancelled()),
                image = work => Ok(Made::Image(Box::new(image?))),
            }
        })
        .await
    }

    /// Sends an image to the registry that its name says, as an operation.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; what the registry says is the operation's problem.
    pub async fn push_image(&self, actor: &Actor, reference: &str, idempotency_key: Option<&str>) -> Result<Operation> {
        let image = self.image(reference).await?;
        let plan =
            Plan { action: Action::PushImages, target: Target::owned(reference, image.owner.as_deref()), detail: None, title: format!("push {reference}") };
        let (control, name) = (self.clone(), reference.to_owned());
        self.operate(actor, idempotency_key, &(reference, Empty {}), plan, Ok(()), async move |task| {
            let teller = task.clone();
            let mut tell = |progress| teller.progress(progress);
            let engine_images = control.parts().engine.images();
            let work = engine_images.push(&name, &mut tell);
            tokio::select! {
                biased;
                () = task.cancel().cancelled() => Err(task.cancelled()),
                done = work => done.map(|()| Made::Image(Box::new(image))),
            }
        })
        .await
    }

    /// Builds an image from a directory that comes as a tar, as an operation. Returns when the directory has come, or the build has failed.
    ///
    /// # Errors
    /// `forbidden`, `invalid_value`, `policy_refused`; what the build says is the operation's problem.
    pub async fn build_image(&self, actor: &Actor, request: BuildImage, mut context: BoxStream<'static, std::io::Result<Bytes>>) -> Result<Operation> {
        let args: BTreeMap<String, String> = match request.args.as_deref().filter(|text| !text.is_empty()) {
            Some(text) => serde_json::from_str(text).map_err(|error| Error::invalid(format!("the build's arguments are no JSON object of texts: {error}")))?,
            None => BTreeMap::new(),
        };
        let before = self.named_image(&request.tag).await?;
        let network = request.network.clone().unwrap_or_else(|| "default".to_owned());
        let permit =
            check_image_name(actor, &request.tag, before.as_ref()).and_then(|()| check_build(actor, &network, self.settings().containers.allow_privileged));
        let build = BuildRequest {
            tag: request.tag.clone(),
            dockerfile: recipe(request.dockerfile.as_deref().unwrap_or("Dockerfile"))?,
            target: request.target.clone().unwrap_or_default(),
            args,
            no_cache: request.no_cache,
            pull: request.pull,
            network,
            owner: actor.name.clone(),
            derived: String::new(),
        };
        let plan = Plan {
            action: Action::CreateImages,
            target: Target::free(&request.tag),
            detail: Some("build".to_owned()),
            title: format!("build {}", request.tag),
        };
        let (sender, mut receiver) = mpsc::channel::<std::io::Result<Bytes>>(WAITING);
        let control = self.clone();
        let operation = self
            .operate(actor, None, &request, plan, permit, async move |task| {
                let teller = task.clone();
                let mut tell = |progress| teller.progress(progress);
                let arrived = Arrival::default();
                let pieces = futures_util::stream::poll_fn(move |cx| receiver.poll_recv(cx)).boxed();
                let engine_images = control.parts().engine.images();
                let built = engine_images.build_from(&build, counted(pieces, arrived.clone()), &mut tell, task.cancel()).await;
                match arrived.fault() {
                    Some(fault) => Err(fault),
                    None => built.map(|image| Made::Image(Box::new(image))),
                }
            })
            .await?;
        // The answer comes after the whole request, as HTTP wants it, also when the build has ended before; but then not for ever.
        let (mut taken, mut passed) = (true, 0_usize);
        while passed <= MOST_PASSED {
            let piece = match tokio::time::timeout(SILENCE, context.next()).await {
                Ok(Some(piece)) => piece,
                Ok(None) => break,
                // An end that was not sent must not pass for one.
                Err(_) => Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "nothing more came")),
            };
            let failed = piece.is_err();
            passed = if taken { 0 } else { passed + piece.as_ref().map_or(0, Bytes::len) };
            taken = taken && sender.send(piece).await.is_ok();
            if failed {
                break;
            }
        }
        drop(sender);
        self.get_operation(actor, operation.id.as_str()).await
    }

    /// Gives an image one more name.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid_value`; `policy_refused` for a name that is not the actor's to give.
    pub async fn tag_image(&self, actor: &Actor, reference: &str, request: TagImage) -> Result<Image> {
        let image = self.image(reference).await?;
        let before = self.named_image(&request.name).await?;
        self.noted(actor, Action::CreateImages, &Target::free(&request.name), format!("tag {reference}"), async {
            check_image_name(actor, &request.name, before.as_ref().filter(|before| before.id != image.id))?;
            self.parts().engine.images().tag(&image.id, &request.name).await
        })
        .await
    }

    /// Takes a name away from an image, and the image with its last name.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; `wrong_state` when a container uses it.
    pub async fn delete_image(&self, actor: &Actor, reference: &str, request: RemoveImage) -> Result<ImageRemovals> {
        let image = self.image(reference).await?;
        self.guarded(actor, Action::RemoveImages, &Target::owned(reference, image.owner.as_deref()), async {
            Ok(ImageRemovals { items: self.parts().engine.images().remove(reference, request.force).await? })
        })
        .await
    }

    /// Removes images that no container uses: those without a name and those for templates' packages; with `all` every one. Of an operator's
    /// only their own.
    ///
    /// # Errors
    /// `forbidden`, `engine_unavailable`.
    pub async fn prune_images(&self, actor: &Actor, request: ImagePrune) -> Result<PrunedImages> {
        let images = self.parts().engine.images();
        let in_use = images.in_use().await?;
        let mut unused = images.list().await?;
        // What a launch under way has got ready has no container yet.
        let launching = self.is_launching();
        unused.retain(|image| !(launching && image.derived));
        unused.retain(|image| {
            let own = allowed(actor, Action::RemoveImages, Some(image.owner.as_deref().unwrap_or_default()));
            own && !in_use.contains(&image.id) && (request.all || image.tags.is_empty() || image.derived)
        });
        if request.dry_run {
            return Ok(pruned(unused, Vec::new()));
        }
        self.noted(actor, Action::RemoveImages, &Target::free("images"), format!("prune {}", unused.len()), async {
            let (mut gone, mut kept) = (Vec::new(), Vec::new());
            // The newest first: those below them are needed until then.
            for image in unused {
                match images.remove_whole(&image).await {
                    Ok(()) => gone.push(image),
                    Err(error) => kept.push(format!("{}: {error}", image.tags.first().unwrap_or(&image.id))),
                }
            }
            Ok(pruned(gone, kept))
        })
        .await
    }

    /// Makes the image of a template anew where its base image or its packages have changed, as an operation. With `pull` the base image's registry
    /// is asked first; where it can't be reached, the base image that the engine has is good enough.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid_document`, `policy_refused`; what goes wrong later is the operation's problem.
    pub async fn refresh_image(&self, actor: &Actor, request: RefreshImage, idempotency_key: Option<&str>) -> Result<Operation> {
        Self::may(actor, Action::CreateImages)?;
        let template = self.template_of(&request.launch).await?;
        let rendered = self.fill(actor, &template, &request.launch, format!("{}-1", template.name)).await?;
        let source = rendered.spec.image;
        let plan = Plan {
            action: Action::CreateImages,
            target: Target::free(&source.reference),
            detail: Some(format!("refresh {}", template.name)),
            title: format!("refresh the image of {}", template.name),
        };
        // An image that was built here has no registry to come from, and a digest never changes.
        let is_fixed = source.reference.contains('@');
        // What a recipe begins from is brought with it.
        let pull =
            request.pull && !is_fixed && source.build.is_none() && self.named_image(&source.reference).await?.is_none_or(|before| before.owner.is_none());
        let (control, who) = (self.clone(), actor.clone());
        self.operate(actor, idempotency_key, &request, plan, Ok(()), async move |task| {
            let teller = task.clone();
            let mut tell = |progress| teller.progress(progress);
            let images = control.parts().engine.images();
            if pull {
                let brought = tokio::select! {
                    biased;
                    () = task.cancel().cancelled() => return Err(task.cancelled()),
                    brought = images.bring(&source.reference, &mut tell) => brought,
                };
                if let Err(error) = brought {
                    if error.code != Code::ImageUnavailable || !images.has(&source.reference).await? {
                        return Err(error);
                    }
                    tracing::warn!(%error, image = source.reference, "no newer base image could be looked for");
                }
            }
            let id = control.image_for(&who, &source, &mut tell, task.cancel()).await?;
            images.get(&id).await.map(|image| Made::Image(Box::new(image)))
        })
        .await
    }

    /// Removes the derived images that nothing was launched from for so long as they are kept.
    ///
    /// # Errors
    /// `engine_unavailable`.
    pub async fn collect_images(&self) -> Result<()> {
        let days = self.settings().retention.images_days;
        if days == 0 || self.is_launching() {
            return Ok(());
        }
        let images = self.parts().engine.images();
        for image in images.unused_derived(Duration::from_secs(u64::from(days) * 24 * 3600)).await? {
            let name = image.tags.first().unwrap_or(&image.id);
            let removal = self.noted(&Self::keeper(), Action::RemoveImages, &Target::owned(name, None), "unused", images.remove_whole(&image)).await;
            if let Err(error) = removal {
                tracing::debug!(%error, name, "a derived image that seems unused stays");
            }
        }
        Ok(())
    }

    async fn image(&self, reference: &str) -> Result<Image> {
        self.parts().engine.images().get(reference).await
    }

    /// The image that has this name now; none where the name is free.
    ///
    /// # Errors
    /// `invalid_value` when it can't be an image's name.
    pub(super) async fn named_image(&self, reference: &str) -> Result<Option<Image>> {
        if reference.contains('@') || reference.starts_with("sha256:") {
            return Err(Error::invalid(format!("'{reference}' is no name that an image can be given")).fix("write it as NAME:TAG"));
        }
        crate::config::check_image_reference(reference)?;
        match self.image(reference).await {
            Ok(image) => Ok(Some(image)),
            Err(error) if error.code == Code::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn pruned(items: Vec<Image>, kept: Vec<String>) -> PrunedImages {
    PrunedImages { freed_bytes: items.iter().map(|image| image.size_bytes).sum(), items, kept }
}

/// Whether what is in an image's recipe may be somebody else's alone, and the actor is no admin.
fn is_of_another(actor: &Actor, image: &Image) -> bool {
    // What templates' images are made of is their authors' too.
    actor.role != Role::Admin && (image.derived || image.owner.as_deref().is_some_and(|owner| owner != actor.name))
}

/// A recipe's path in the directory.
fn recipe(path: &str) -> Result<String> {
    if path.is_empty() || path.starts_with('/') || path.split('/').any(|part| part == "..") || path.chars().any(char::is_control) {
        return Err(Error::invalid(format!("'{path}' is no file in the directory that is built from")));
    }
    Ok(path.trim_start_matches("./").to_owned())
}
