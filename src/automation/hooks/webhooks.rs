//! Webhooks and notifications: made, changed, tested, removed, and what was delivered.
use super::Automation;
use super::check_name;
use super::deliver;
use super::filled;
use super::happening;
use super::happening::fits;
use super::kept_until;
use super::limit_of;
use super::post;
use super::signing;
use crate::access::Actor;
use crate::access::allowed;
use crate::config::did_you_mean;
use crate::control::Control;
use crate::control::Key;
use crate::control::Target;
use crate::control::Wanted;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::Code;
use crate::model::DeliveryId;
use crate::model::DryRun;
use crate::model::DryVerb;
use crate::model::HOOK_EVENTS;
use crate::model::HookDelivery;
use crate::model::HookDeliveryState;
use crate::model::HookTarget;
use crate::model::Orders;
use crate::model::Page;
use crate::model::PastQuery;
use crate::model::Place;
use crate::model::RemoveVersion;
use crate::model::Role;
use crate::model::RotateSecret;
use crate::model::SaveWebhook;
use crate::model::SentDelivery;
use crate::model::Webhook;
use crate::model::WebhookId;
use crate::model::WebhookSecret;
use crate::model::WholeQuery;
use crate::store::Claimed;
use crate::store::KeptSecret;
use jiff::SignedDuration;
use jiff::Timestamp;
use serde_json::json;

/// Webhooks that one owner may have.
const MOST: usize = 100;
/// Bytes of the document that a webhook's body is made from.
const MOST_BODY: usize = 16 << 10;
/// How long a test has its delivery for itself.
const LEASE: SignedDuration = SignedDuration::from_secs(60);

impl Automation {
    /// Webhooks that the actor may see, by name where no other order is asked for.
    ///
    /// # Errors
    /// `forbidden`, `invalid_value`, `store_failed`.
    pub async fn list_webhooks(&self, actor: &Actor, query: &WholeQuery) -> Result<Page<Webhook>> {
        Control::may(actor, Action::ReadWebhooks)?;
        let wanted = Wanted::whole(query, Orders::WEBHOOKS)?;
        let mut all: Vec<Webhook> = self.store().list_webhooks().await?.into_iter().map(|(webhook, _)| webhook).collect();
        all.retain(|webhook| allowed(actor, Action::ReadWebhooks, Some(&webhook.owner)) && wanted.finds(&[&webhook.name, &webhook.owner]));
        let key = |webhook: &Webhook, by: &str| match by {
            "owner" => Key::text(&webhook.owner),
            "created_at" => Key::time(webhook.created_at),
            _ => Key::Nothing,
        };
        Ok(wanted.page(all, key, |webhook| webhook.name.clone()))
    }

    /// One webhook.
    ///
    /// # Errors
    /// `not_found`, also for those of others; `store_failed`.
    pub async fn get_webhook(&self, actor: &Actor, name: &str) -> Result<Webhook> {
        Ok(self.webhook(actor, name).await?.0)
    }

    /// Makes a webhook; its secret is shown only here.
    ///
    /// # Errors
    /// `forbidden`; `invalid_value` with all that is wrong; `name_in_use`, `too_many`.
    pub async fn create_webhook(&self, actor: &Actor, request: SaveWebhook) -> Result<WebhookSecret> {
        self.new_webhook(actor, request, false).await
    }

    /// What making a webhook would make.
    ///
    /// # Errors
    /// As [`Automation::create_webhook`].
    pub async fn try_create_webhook(&self, actor: &Actor, request: SaveWebhook) -> Result<DryRun> {
        let webhook = self.new_webhook(actor, request, true).await?.webhook;
        crate::automation::would_make("webhook", &webhook.name, &webhook)
    }

    async fn new_webhook(&self, actor: &Actor, request: SaveWebhook, dry_run: bool) -> Result<WebhookSecret> {
        let target = Target::owned(format!("webhook {}", request.name), Some(&actor.name));
        self.control()
            .tried(dry_run, actor, Action::ManageWebhooks, &target, async {
                check_name("webhook", &request.name)?;
                check(actor, &request, false)?;
                let own = self.store().list_webhooks().await?.iter().filter(|(webhook, _)| webhook.owner == actor.name).count();
                if own >= MOST {
                    return Err(Error::new(Code::TooMany, format!("'{}' has {MOST} webhooks already", actor.name)).fix("remove one: cto webhook rm NAME"));
                }
                let SaveWebhook { name, to, events, filter, body, allow_private, replaces: _ } = request;
                let secrets = secrets_for(&to);
                let webhook = Webhook {
                    id: WebhookId::fresh(),
                    name,
                    owner: actor.name.clone(),
                    to,
                    events,
                    filter,
                    body,
                    allow_private,
                    disabled: None,
                    old_secret_until: None,
                    created_at: Timestamp::now(),
                    version: 1,
                };
                if dry_run {
                    return match self.store().find_webhook(&webhook.name).await {
                        Ok(_) => Err(Error::new(Code::NameInUse, format!("there is a webhook '{}' already", webhook.name)).fix("choose another name")),
                        Err(error) if error.code == Code::NotFound => Ok(WebhookSecret { webhook, secret: None }),
                        Err(error) => Err(error),
                    };
                }
                self.store().add_webhook(&webhook, &secrets).await?;
                self.look_at_hooks().await?;
                Ok(WebhookSecret { webhook, secret: secrets.into_iter().next().map(|kept| kept.secret) })
            })
            .await
    }

    /// Changes a webhook. Its secret stays.
    ///
    /// # Errors
    /// As [`Automation::create_webhook`]; `not_found`; `stale` when `replaces` is not its version.
    pub async fn put_webhook(&self, actor: &Actor, name: &str, request: SaveWebhook) -> Result<Webhook> {
        self.replace_webhook(actor, name, request, false).await
    }

    /// A webhook as it would be after that change.
    ///
    /// # Errors
    /// As [`Automation::put_webhook`].
    pub async fn try_put_webhook(&self, actor: &Actor, name: &str, request: SaveWebhook) -> Result<Webhook> {
        self.replace_webhook(actor, name, request, true).await
    }

    async fn replace_webhook(&self, actor: &Actor, name: &str, request: SaveWebhook, dry_run: bool) -> Result<Webhook> {
        let change = |webhook: &mut Webhook, secrets: &mut Vec<KeptSecret>| {
            if request.replaces.is_some_and(|version| version != webhook.version) {
                return Err(Error::stale("webhook", name, webhook.version));
            }
            if !request.name.is_empty() && request.name != webhook.name {
                return Err(Error::invalid(format!("'{}' can't be called '{}' from now on", webhook.name, request.name)).fix("make another one of that name"));
            }
            // What an admin has allowed is allowed for that place alone.
            check(actor, &request, webhook.allow_private && webhook.to == request.to)?;
            (webhook.to, webhook.events, webhook.filter, webhook.body) = (request.to, request.events, request.filter, request.body);
            webhook.allow_private = request.allow_private;
            if secrets.is_empty() {
                *secrets = secrets_for(&webhook.to);
            }
            Ok(())
        };
        Ok(self.change_webhook(actor, name, dry_run, change).await?.0)
    }

    /// Makes another secret, which is shown only here; that of before counts for a while longer.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `wrong_state` for what is no URL, `invalid_value`.
    pub async fn rotate_webhook(&self, actor: &Actor, name: &str, request: RotateSecret) -> Result<WebhookSecret> {
        let change = |webhook: &mut Webhook, secrets: &mut Vec<KeptSecret>| {
            if !matches!(webhook.to, HookTarget::Webhook { .. }) {
                return Err(Error::new(Code::WrongState, format!("'{name}' signs nothing: it has no secret")));
            }
            let until = kept_until(request.keep_hours, Timestamp::now())?;
            *secrets = signing::rotated(secrets, until);
            webhook.old_secret_until = Some(until);
            Ok(())
        };
        let (webhook, secrets) = self.change_webhook(actor, name, false, change).await?;
        Ok(WebhookSecret { webhook, secret: secrets.into_iter().next().map(|kept| kept.secret) })
    }

    /// Lets a webhook go on that was disabled; what waits for it is delivered.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn enable_webhook(&self, actor: &Actor, name: &str) -> Result<Webhook> {
        let (webhook, _) = self
            .change_webhook(actor, name, false, |webhook, _| {
                webhook.disabled = None;
                Ok(())
            })
            .await?;
        self.0.hooks.due.notify_one();
        Ok(webhook)
    }

    /// What removing a webhook would do.
    ///
    /// # Errors
    /// As [`Automation::delete_webhook`].
    pub async fn try_delete_webhook(&self, actor: &Actor, name: &str, request: RemoveVersion) -> Result<DryRun> {
        let (webhook, _) = self.webhook(actor, name).await?;
        Control::would(actor, Action::ManageWebhooks, &of(&webhook))?;
        if request.replaces.is_some_and(|version| version != webhook.version) {
            return Err(Error::stale("webhook", name, webhook.version));
        }
        Ok(crate::automation::would(DryVerb::Remove, "webhook", name))
    }

    /// Removes a webhook and its deliveries.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; `stale` when `replaces` is not its version.
    pub async fn delete_webhook(&self, actor: &Actor, name: &str, request: RemoveVersion) -> Result<()> {
        let (webhook, _) = self.webhook(actor, name).await?;
        self.control().guarded(actor, Action::ManageWebhooks, &of(&webhook), self.store().remove_webhook(&webhook, request.replaces)).await?;
        self.look_at_hooks().await
    }

    /// Sends a ping now, also where it is disabled, and returns how that went.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn test_webhook(&self, actor: &Actor, name: &str) -> Result<HookDelivery> {
        let (webhook, secrets) = self.webhook(actor, name).await?;
        self.control()
            .guarded(actor, Action::ManageWebhooks, &of(&webhook), async {
                let (text, data) = (format!("a test of {name}, asked for by {}", actor.name), json!({"webhook": name, "by": actor.name}));
                let ping = happening::plain(deliver::PING, format!("ping:{}", DeliveryId::fresh()), Timestamp::now(), text, data);
                let delivery = deliver::delivery_of(&webhook, &ping);
                self.send_now(&webhook, &secrets, Claimed { delivery, body: deliver::body_of(&webhook, &ping) }, &ping.key).await
            })
            .await
    }

    /// Deliveries of a webhook, newest first.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid_value`.
    pub async fn list_deliveries(&self, actor: &Actor, name: &str, query: PastQuery) -> Result<Page<HookDelivery>> {
        let (webhook, _) = self.webhook(actor, name).await?;
        let limit = limit_of(query.limit)?;
        let mut items = self.store().list_deliveries(webhook.id.as_str(), query.cursor.as_deref(), limit + 1).await?;
        let more = items.len() > limit as usize;
        items.truncate(limit as usize);
        let next_cursor = if more { items.last().map(|delivery| delivery.id.to_string()) } else { None };
        Ok(Page { items, next_cursor })
    }

    /// One delivery, with the body that is sent.
    ///
    /// # Errors
    /// `forbidden`; `not_found`, also for those of others.
    pub async fn get_delivery(&self, actor: &Actor, id: &str) -> Result<SentDelivery> {
        Control::may(actor, Action::ReadWebhooks)?;
        let (Claimed { delivery, body }, webhook) = self.store().find_delivery(id).await?;
        match allowed(actor, Action::ReadWebhooks, Some(&webhook.owner)) {
            true => Ok(SentDelivery { delivery, body }),
            false => Err(Error::not_found("delivery", id).fix("see them: cto webhook deliveries NAME")),
        }
    }

    /// Sends the same message once more, now, and returns how that went.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn redeliver(&self, actor: &Actor, id: &str) -> Result<HookDelivery> {
        Control::may(actor, Action::ManageWebhooks)?;
        let unknown = || Error::not_found("delivery", id).fix("see them: cto webhook deliveries NAME");
        let (Claimed { delivery, body }, webhook) = self.store().find_delivery(id).await?;
        let (webhook, secrets) = self.webhook(actor, &webhook.name).await.map_err(|_| unknown())?;
        self.control()
            .guarded(actor, Action::ManageWebhooks, &of(&webhook), async {
                let id = DeliveryId::fresh();
                let key = format!("again:{id}");
                let delivery = HookDelivery { id, state: HookDeliveryState::Waiting, attempts: Vec::new(), next_at: Some(Timestamp::now()), ..delivery };
                self.send_now(&webhook, &secrets, Claimed { delivery, body }, &key).await
            })
            .await
    }

    async fn send_now(&self, webhook: &Webhook, secrets: &[KeptSecret], claimed: Claimed, key: &str) -> Result<HookDelivery> {
        let now = Timestamp::now();
        let claim = Some((self.control().boot_id(), now + LEASE));
        if !self.store().add_delivery(&claimed.delivery, key, &claimed.body, claim).await? {
            return Err(Error::new(Code::TooMany, format!("too many deliveries wait for '{}' already", webhook.name)).fix("see them: cto webhook deliveries"));
        }
        Ok(self.try_once(webhook, secrets, claimed, now).await)
    }

    /// A webhook that the actor may see; of those of others they learn nothing.
    async fn webhook(&self, actor: &Actor, name: &str) -> Result<(Webhook, Vec<KeptSecret>)> {
        Control::may(actor, Action::ReadWebhooks)?;
        let found = self.store().find_webhook(name).await?;
        match allowed(actor, Action::ReadWebhooks, Some(&found.0.owner)) {
            true => Ok(found),
            false => Err(Error::not_found("webhook", name).fix("see them all: cto webhook ls")),
        }
    }

    async fn change_webhook(
        &self,
        actor: &Actor,
        name: &str,
        dry_run: bool,
        change: impl FnOnce(&mut Webhook, &mut Vec<KeptSecret>) -> Result<()> + Send,
    ) -> Result<(Webhook, Vec<KeptSecret>)> {
        let (mut webhook, mut secrets) = self.webhook(actor, name).await?;
        let target = of(&webhook);
        self.control()
            .tried(dry_run, actor, Action::ManageWebhooks, &target, async {
                change(&mut webhook, &mut secrets)?;
                if dry_run {
                    return Ok((webhook, secrets));
                }
                self.store().save_webhook(&mut webhook, &secrets).await?;
                self.look_at_hooks().await?;
                Ok((webhook, secrets))
            })
            .await
    }
}

/// A webhook as the target of an action.
fn of(webhook: &Webhook) -> Target {
    Target::owned(format!("webhook {}", webhook.name), Some(&webhook.owner))
}

fn secrets_for(to: &HookTarget) -> Vec<KeptSecret> {
    match to {
        HookTarget::Webhook { .. } => vec![KeptSecret { secret: signing::fresh_secret(), until: None }],
        HookTarget::Email { .. } | HookTarget::Terminal | HookTarget::Desktop => Vec::new(),
    }
}

/// Everything that is wrong with what is asked for. `private` is what was allowed before.
fn check(actor: &Actor, request: &SaveWebhook, private: bool) -> Result<()> {
    let mut wrong: Vec<Place> = Vec::new();
    let mut complain = |pointer: &str, detail: String| wrong.push(Place { pointer: pointer.to_owned(), detail, ..Place::default() });
    if request.events.is_empty() {
        complain("/events", format!("name at least one kind of event, such as '{}' or 'run.*'", HOOK_EVENTS[1]));
    }
    for (index, event) in request.events.iter().enumerate().take(64) {
        if !HOOK_EVENTS.iter().any(|kind| fits(event, kind)) {
            complain(&format!("/events/{index}"), format!("there is no event '{event}'{}", did_you_mean(event, HOOK_EVENTS)));
        }
    }
    match &request.to {
        HookTarget::Webhook { url } => {
            if let Err(detail) = post::place_of(url) {
                complain("/to/url", detail);
            }
        }
        HookTarget::Email { server, from, to, .. } => {
            let address = |text: &str| {
                (3..=254).contains(&text.len())
                    && text.is_ascii()
                    && text.split('@').count() == 2
                    && text.bytes().all(|b| b.is_ascii_graphic() && !b"<>,;\"\\".contains(&b))
            };
            if server.rsplit_once(':').is_none_or(|(host, port)| host.is_empty() || port.parse::<u16>().is_err()) {
                complain("/to/server", format!("'{server}' can't be a mail server: write it as HOST:PORT"));
            }
            if to.is_empty() || to.len() > 20 {
                complain("/to/to", "name 1 to 20 receivers".to_owned());
            }
            for one in std::iter::once(from).chain(to).filter(|one| !address(one)) {
                complain("/to", format!("'{one}' can't be a mail address"));
            }
        }
        HookTarget::Terminal | HookTarget::Desktop => {}
    }
    if let Some(body) = &request.body {
        if !matches!(request.to, HookTarget::Webhook { .. }) {
            complain("/body", "only what is sent to a URL has a 'body' of its own".to_owned());
        }
        if body.to_string().len() > MOST_BODY {
            complain("/body", format!("'body' has at most {} KiB", MOST_BODY >> 10));
        }
        filled::check_document(body, &request.events).into_iter().for_each(|(pointer, detail)| complain(&format!("/body{pointer}"), detail));
    }
    if request.allow_private && !private && actor.role != Role::Admin {
        complain("/allow_private", "only an admin may let a webhook reach addresses that are not public".to_owned());
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let all: Vec<&str> = wrong.iter().map(|place| place.detail.as_str()).collect();
    let mut error = Error::invalid(all.join("; "));
    error.places = wrong;
    Err(error)
}
