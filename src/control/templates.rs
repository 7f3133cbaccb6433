//! Templates, for looking at and filling in.
use super::Control;
use super::guard::Target;
use super::paging::Key;
use super::paging::Wanted;
use crate::access::Actor;
use crate::access::Policy;
use crate::access::check_spec;
use crate::config::Catalogue;
use crate::config::RenderContext;
use crate::config::mounts;
use crate::config::parse_template;
use crate::config::project_of;
use crate::config::remove_template;
use crate::config::render;
use crate::config::resolve_existing;
use crate::config::save_template;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::CreateContainer;
use crate::model::DryRun;
use crate::model::DryStep;
use crate::model::DryVerb;
use crate::model::Event;
use crate::model::Orders;
use crate::model::RemoveText;
use crate::model::Rendered;
use crate::model::Role;
use crate::model::SaveTemplate;
use crate::model::Template;
use crate::model::TemplateEntry;
use crate::model::TemplateList;
use crate::model::TemplateOrigin;
use crate::model::WholeQuery;
use std::path::Path;
use std::path::PathBuf;

/// A template with where the files lie that it may refer to, which only those of the server's own may.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub template: Template,
    pub folder: Option<PathBuf>,
}

impl Source {
    fn of(entry: TemplateEntry) -> Self {
        let own = matches!(entry.origin, TemplateOrigin::System | TemplateOrigin::User);
        let folder = entry.path.as_deref().filter(|_| own).and_then(|path| Path::new(path).parent()).map(Path::to_path_buf);
        Self { template: entry.template, folder }
    }
}

impl std::ops::Deref for Source {
    type Target = Template;

    fn deref(&self) -> &Template {
        &self.template
    }
}

impl Control {
    /// All templates, and the files that can't be used.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn list_templates(&self, actor: &Actor, query: &WholeQuery) -> Result<TemplateList> {
        Self::may(actor, Action::ReadTemplates)?;
        let wanted = Wanted::whole(query, Orders::TEMPLATES)?;
        let mut list = self.catalogue(None).await?.list();
        list.items.retain(|entry| wanted.finds(&[&entry.template.name, entry.template.description.as_deref().unwrap_or_default()]));
        let key = |entry: &TemplateEntry, by: &str| if by == "origin" { Key::of(&entry.origin) } else { Key::Nothing };
        list.items = wanted.page(list.items, key, |entry| entry.template.name.clone()).items;
        Ok(list)
    }

    /// One template.
    ///
    /// # Errors
    /// `not_found`; `invalid_document` when its file is broken.
    pub async fn get_template(&self, actor: &Actor, name: &str) -> Result<TemplateEntry> {
        Self::may(actor, Action::ReadTemplates)?;
        self.catalogue(None).await?.whole(name)
    }

    /// Saves a template among the server's own, which cover those of the same name that ship or are the machine's. It is checked first, and one with mistakes
    /// is not saved. Only for admins: such a template may refer to the server's own files.
    ///
    /// # Errors
    /// `forbidden`; `invalid_document` with the place of each mistake; `stale` when `replaces` is not what is there; `disk_full`, `store_failed`.
    pub async fn put_template(&self, actor: &Actor, name: &str, request: SaveTemplate) -> Result<TemplateEntry> {
        let entry = self.replace_template(actor, name, request, false).await?;
        self.parts().bus.publish(Event::TemplatesChanged);
        Ok(entry)
    }

    /// A template as it would be saved.
    ///
    /// # Errors
    /// As [`Control::put_template`].
    pub async fn try_put_template(&self, actor: &Actor, name: &str, request: SaveTemplate) -> Result<TemplateEntry> {
        self.replace_template(actor, name, request, true).await
    }

    async fn replace_template(&self, actor: &Actor, name: &str, request: SaveTemplate, dry_run: bool) -> Result<TemplateEntry> {
        let (paths, saved) = (self.parts().paths.clone(), name.to_owned());
        self.tried(dry_run, actor, Action::WriteTemplates, &Target::free(format!("template {name}")), async {
            let _saving = self.0.saving.lock().await;
            let save = move || save_template(&paths, &saved, &request, dry_run);
            tokio::task::spawn_blocking(save).await.map_err(|error| Error::internal(format!("the template can't be saved: {error}")))?
        })
        .await
    }

    /// Removes a template that was saved here; one that it covered is there again.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; `stale` when `replaces` is not what is there.
    pub async fn delete_template(&self, actor: &Actor, name: &str, request: RemoveText) -> Result<()> {
        self.take_template(actor, name, request, false).await?;
        self.parts().bus.publish(Event::TemplatesChanged);
        Ok(())
    }

    /// What removing a template would do.
    ///
    /// # Errors
    /// As [`Control::delete_template`].
    pub async fn try_delete_template(&self, actor: &Actor, name: &str, request: RemoveText) -> Result<DryRun> {
        self.take_template(actor, name, request, true).await?;
        Ok(DryRun { steps: vec![DryStep::new(DryVerb::Remove, "template", name)], ..DryRun::default() })
    }

    async fn take_template(&self, actor: &Actor, name: &str, request: RemoveText, dry_run: bool) -> Result<()> {
        let (paths, gone) = (self.parts().paths.clone(), name.to_owned());
        self.tried(dry_run, actor, Action::WriteTemplates, &Target::free(format!("template {name}")), async {
            let _saving = self.0.saving.lock().await;
            let remove = move || remove_template(&paths, &gone, request.replaces.as_deref(), dry_run);
            tokio::task::spawn_blocking(remove).await.map_err(|error| Error::internal(format!("the template can't be removed: {error}")))?
        })
        .await
    }

    /// What a template becomes with these values, and whether policy lets the caller have it.
    ///
    /// # Errors
    /// `not_found`, `invalid_document`, `policy_refused`.
    pub async fn render_template(&self, actor: &Actor, request: CreateContainer) -> Result<Rendered> {
        Self::may(actor, Action::ReadTemplates)?;
        let template = self.template_of(&request).await?;
        let name = request.name.clone().unwrap_or_else(|| format!("{}-1", template.name));
        let rendered = self.fill(actor, &template, &request, name).await?;
        // Who may not build is not shown the server's files either.
        Ok(masked(rendered, Self::may(actor, Action::CreateImages).is_err()))
    }

    /// The catalogue as the files are now: reading them again is cheaper than noticing every change of them.
    pub(super) async fn catalogue(&self, base_dir: Option<&str>) -> Result<Catalogue> {
        let (paths, base_dir) = (self.parts().paths.clone(), base_dir.map(PathBuf::from));
        let load = move || {
            let project = base_dir.as_deref().and_then(project_of);
            Catalogue::load(&paths, project.as_deref())
        };
        tokio::task::spawn_blocking(load).await.map_err(|error| Error::internal(format!("the templates can't be read: {error}")))
    }

    /// The template that a request names or brings along.
    pub(super) async fn template_of(&self, request: &CreateContainer) -> Result<Source> {
        match (&request.template, &request.inline) {
            (Some(name), None) => Ok(Source::of(self.catalogue(request.base_dir.as_deref()).await?.find(name)?)),
            // Only what extends another needs to know the others.
            (None, Some(inline)) if inline.text.contains("\"extends\"") => {
                let template = self.catalogue(request.base_dir.as_deref()).await?.parse(&inline.source, &inline.text, None)?;
                Ok(Source { template, folder: None })
            }
            (None, Some(inline)) => Ok(Source { template: parse_template(&inline.source, &inline.text)?, folder: None }),
            _ => Err(Error::invalid("give exactly one of 'template' and 'inline'")),
        }
    }

    /// Fills a template in, and asks policy; nobody else is asked.
    pub(super) async fn fill_in(&self, actor: &Actor, template: &Source, request: &CreateContainer, name: String) -> Result<Rendered> {
        let base_dir = match &request.base_dir {
            Some(dir) if Path::new(dir).is_absolute() => PathBuf::from(dir),
            Some(dir) => return Err(Error::invalid(format!("'base_dir' is '{dir}', which is not absolute"))),
            None => std::env::var_os("HOME").map_or_else(|| PathBuf::from("/"), PathBuf::from),
        };
        let mut allowed_roots = self.settings().containers.allowed_roots.clone();
        // Where a request comes from and the home are only an admin's own: others could name any directory of the server's user.
        if actor.role == Role::Admin {
            allowed_roots.extend(mounts::default_roots(&base_dir));
        }
        let allowed_roots: Vec<PathBuf> = allowed_roots.iter().map(|root| resolve_existing(root)).collect();
        let policy = self.policy(&allowed_roots);
        let limits = self.settings().limits.of_containers();
        let context = RenderContext { base_dir, allowed_roots, name, limits, folder: template.folder.clone() };
        let (template, request, actor) = (template.template.clone(), request.clone(), actor.clone());
        // Links of host paths are followed, which may wait for a disk.
        let fill = move || {
            let rendered = render(&template, &request, &context)?;
            check_spec(&actor, &rendered.spec, &policy)?;
            Ok(rendered)
        };
        tokio::task::spawn_blocking(fill).await.map_err(|error| Error::internal(format!("the template can't be filled in: {error}")))?
    }

    /// What the machine's owner allows, whoever asks and wherever from.
    pub(super) fn policy_now(&self) -> Policy {
        let allowed_roots: Vec<PathBuf> = self.settings().containers.allowed_roots.iter().map(|root| resolve_existing(root)).collect();
        self.policy(&allowed_roots)
    }

    fn policy(&self, allowed_roots: &[PathBuf]) -> Policy {
        let paths = &self.parts().paths;
        let mut hidden: Vec<PathBuf> = [&paths.state_dir, &paths.runtime_dir, &paths.config_dir].into_iter().map(|path| resolve_existing(path)).collect();
        let engine = self.parts().engine.info().address;
        hidden.extend(engine.strip_prefix("unix://").map(|socket| resolve_existing(Path::new(socket))));
        Policy { allow_privileged: self.settings().containers.allow_privileged, allowed_roots: allowed_roots.to_vec(), hidden }
    }
}

/// Without the secrets that it has, and without recipes that were read from files where they are to be hidden.
pub(super) fn masked(mut rendered: Rendered, hides_recipe: bool) -> Rendered {
    for name in &rendered.secrets {
        rendered.spec.environment.insert(name.clone(), "***".to_owned());
    }
    for file in rendered.spec.care.files.iter_mut().filter(|file| file.secret) {
        file.content = "***".to_owned();
    }
    if let Some(build) = rendered.spec.image.build.as_mut().filter(|build| hides_recipe && build.recipe.is_some()) {
        build.dockerfile = "***".to_owned();
    }
    rendered
}
