//! Triggers, webhooks and plugins: what is known of them, what can be asked for, and what comes of it.
use super::msg::Effect;
use super::msg::Request;
use crate::client::Client;
use crate::error::Result;
use crate::model::CreateTrigger;
use crate::model::CreateWebhook;
use crate::model::DeletePlugin;
use crate::model::DeleteTrigger;
use crate::model::DeleteWebhook;
use crate::model::DisablePlugin;
use crate::model::Empty;
use crate::model::EnablePlugin;
use crate::model::EnablePluginOf;
use crate::model::EnableWebhook;
use crate::model::Endpoint;
use crate::model::Fire;
use crate::model::GetRun;
use crate::model::HookDelivery;
use crate::model::ListDeliveries;
use crate::model::ListFires;
use crate::model::ListPlugins;
use crate::model::ListTriggers;
use crate::model::ListWebhooks;
use crate::model::PastQuery;
use crate::model::PauseTrigger;
use crate::model::Plugin;
use crate::model::PutTrigger;
use crate::model::PutWebhook;
use crate::model::Redeliver;
use crate::model::ResumeTrigger;
use crate::model::RotateSecret;
use crate::model::RotateTrigger;
use crate::model::RotateWebhook;
use crate::model::Run;
use crate::model::RunId;
use crate::model::SaveTrigger;
use crate::model::SaveWebhook;
use crate::model::TestTrigger;
use crate::model::TestTriggerNow;
use crate::model::TestWebhook;
use crate::model::Trigger;
use crate::model::TriggerSecret;
use crate::model::Webhook;
use crate::model::WebhookSecret;
use crate::model::WholeQuery;
use std::time::Duration;

/// Fires and deliveries that are shown at most; of older ones the server knows more.
pub const MOST: u32 = 200;
/// A receiver that is slow is waited for so long: the server gives up before.
const TRIED: Duration = Duration::from_secs(30);

/// What is known; none of each before the server has answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hooks {
    /// All triggers, by name.
    pub triggers: Option<Vec<Trigger>>,
    /// All webhooks that may be seen, by name.
    pub webhooks: Option<Vec<Webhook>>,
    /// All plugins, by name.
    pub plugins: Option<Vec<Plugin>>,
    /// What the trigger of this name did, the newest first.
    pub fires: Option<(String, Vec<Fire>)>,
    /// The deliveries of the webhook of this name, the newest first.
    pub deliveries: Option<(String, Vec<HookDelivery>)>,
}

impl Hooks {
    /// The trigger of this name.
    #[must_use]
    pub fn trigger(&self, name: &str) -> Option<&Trigger> {
        self.triggers.iter().flatten().find(|trigger| trigger.name == name)
    }

    /// The webhook of this name.
    #[must_use]
    pub fn webhook(&self, name: &str) -> Option<&Webhook> {
        self.webhooks.iter().flatten().find(|webhook| webhook.name == name)
    }

    /// The plugin of this name.
    #[must_use]
    pub fn plugin(&self, name: &str) -> Option<&Plugin> {
        self.plugins.iter().flatten().find(|plugin| plugin.name == name)
    }

    /// What this trigger did, as far as that was asked for.
    #[must_use]
    pub fn fires_of(&self, name: &str) -> Option<&[Fire]> {
        self.fires.as_ref().filter(|(of, _)| of == name).map(|(_, fires)| &fires[..])
    }

    /// The deliveries of this webhook, as far as they were asked for.
    #[must_use]
    pub fn deliveries_of(&self, name: &str) -> Option<&[HookDelivery]> {
        self.deliveries.as_ref().filter(|(of, _)| of == name).map(|(_, deliveries)| &deliveries[..])
    }

    /// Takes in what the server answered.
    pub fn learn(&mut self, asked: &HookWish, reply: &HookReply) {
        match (asked, reply) {
            (_, HookReply::Triggers(all)) => self.triggers = Some(all.clone()),
            (_, HookReply::Webhooks(all)) => self.webhooks = Some(all.clone()),
            (_, HookReply::Plugins(all)) => self.plugins = Some(all.clone()),
            (_, HookReply::Trigger(told)) => put(&mut self.triggers, &told.trigger, |trigger| &trigger.name),
            (_, HookReply::Webhook(told)) => put(&mut self.webhooks, &told.webhook, |webhook| &webhook.name),
            (_, HookReply::Plugin(told)) => put(&mut self.plugins, told, |plugin| &plugin.name),
            (HookWish::Fires(name), HookReply::Fires(fires)) => self.fires = Some((name.clone(), fires.clone())),
            (HookWish::Deliveries(name), HookReply::Deliveries(deliveries)) => self.deliveries = Some((name.clone(), deliveries.clone())),
            (_, HookReply::Delivered(told)) => {
                let known = self.deliveries.iter_mut().flat_map(|(_, all)| all).find(|known| known.id == told.id);
                known.into_iter().for_each(|known| *known = (**told).clone());
            }
            (_, HookReply::Fires(_) | HookReply::Deliveries(_) | HookReply::Run(_) | HookReply::Removed(..)) => {}
        }
    }
}

/// Puts one in its place by its name.
fn put<T: Clone>(all: &mut Option<Vec<T>>, one: &T, name: fn(&T) -> &str) {
    let Some(all) = all else { return };
    match all.binary_search_by(|known| name(known).cmp(name(one))) {
        Ok(at) => all[at] = one.clone(),
        Err(at) => all.insert(at, one.clone()),
    }
}

/// What can be asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum HookWish {
    /// All triggers.
    Triggers,
    /// A new trigger, or this one from now on.
    SaveTrigger(Box<SaveTrigger>, Saving),
    /// It does nothing until it is resumed.
    PauseTrigger(String),
    /// It goes on.
    ResumeTrigger(String),
    /// Another secret.
    RotateTrigger(String),
    /// Its script, now, with an event that is made up.
    TestTrigger(String),
    /// What it did.
    Fires(String),
    /// The run that it started.
    Run(RunId),
    /// These triggers away.
    RemoveTriggers(Vec<String>),
    /// All webhooks.
    Webhooks,
    /// A new webhook, or this one from now on.
    SaveWebhook(Box<SaveWebhook>, Saving),
    /// A ping now.
    TestWebhook(String),
    /// Another secret.
    RotateWebhook(String),
    /// One that was disabled goes on.
    EnableWebhook(String),
    /// Its deliveries.
    Deliveries(String),
    /// The same message once more, now.
    Redeliver(String),
    /// These webhooks away.
    RemoveWebhooks(Vec<String>),
    /// All plugins.
    Plugins,
    /// What a plugin asks for is granted.
    EnablePlugin(String, Box<EnablePlugin>),
    /// It does nothing for now.
    DisablePlugin(String),
    /// These plugins away.
    RemovePlugins(Vec<String>),
}

/// Whether something is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saving {
    /// It is made.
    New,
    /// It is changed.
    Known,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum HookReply {
    /// To [`HookWish::Triggers`].
    Triggers(Vec<Trigger>),
    /// A trigger as it is now, with its secret where it is to be shown.
    Trigger(Box<TriggerSecret>),
    /// To [`HookWish::Fires`], the newest first.
    Fires(Vec<Fire>),
    /// To [`HookWish::TestTrigger`] and [`HookWish::Run`].
    Run(Box<Run>),
    /// To [`HookWish::Webhooks`].
    Webhooks(Vec<Webhook>),
    /// A webhook as it is now, with its secret where it is to be shown.
    Webhook(Box<WebhookSecret>),
    /// To [`HookWish::Deliveries`], the newest first.
    Deliveries(Vec<HookDelivery>),
    /// To [`HookWish::TestWebhook`] and [`HookWish::Redeliver`]: how that went.
    Delivered(Box<HookDelivery>),
    /// To [`HookWish::Plugins`].
    Plugins(Vec<Plugin>),
    /// A plugin as it is now.
    Plugin(Box<Plugin>),
    /// How many went, and why others did not.
    Removed(usize, Vec<String>),
}

/// Asks for something.
#[must_use]
pub fn wish(wish: HookWish) -> Effect {
    Effect::Request(Request::Hooks(Box::new(wish)))
}

impl HookWish {
    /// Whether it only lists: its view says itself why it failed, and asks again.
    #[must_use]
    pub fn lists(&self) -> bool {
        matches!(self, Self::Triggers | Self::Webhooks | Self::Plugins | Self::Fires(_) | Self::Deliveries(_))
    }
}

/// Does what is wished.
pub(super) async fn ask(client: &Client, wish: &HookWish) -> Result<HookReply> {
    let nothing = Empty {};
    let trigger = |trigger| HookReply::Trigger(Box::new(TriggerSecret { trigger, secret: None }));
    let webhook = |webhook| HookReply::Webhook(Box::new(WebhookSecret { webhook, secret: None }));
    let newest = PastQuery { limit: Some(MOST), cursor: None };
    Ok(match wish {
        HookWish::Triggers => HookReply::Triggers(client.call::<ListTriggers>(&[], &WholeQuery::default()).await?.items),
        HookWish::SaveTrigger(save, Saving::New) => HookReply::Trigger(Box::new(client.call::<CreateTrigger>(&[], save).await?)),
        HookWish::SaveTrigger(save, Saving::Known) => HookReply::Trigger(Box::new(client.call::<PutTrigger>(&[&save.name], save).await?)),
        HookWish::PauseTrigger(name) => trigger(client.call::<PauseTrigger>(&[name], &nothing).await?),
        HookWish::ResumeTrigger(name) => trigger(client.call::<ResumeTrigger>(&[name], &nothing).await?),
        HookWish::RotateTrigger(name) => HookReply::Trigger(Box::new(client.call::<RotateTrigger>(&[name], &RotateSecret::default()).await?)),
        HookWish::TestTrigger(name) => HookReply::Run(Box::new(client.call::<TestTriggerNow>(&[name], &TestTrigger::default()).await?)),
        HookWish::Fires(name) => HookReply::Fires(client.call::<ListFires>(&[name], &newest).await?.items),
        HookWish::Run(id) => HookReply::Run(Box::new(client.call::<GetRun>(&[id.as_str()], &nothing).await?)),
        HookWish::RemoveTriggers(names) => removed::<DeleteTrigger>(client, names).await,
        HookWish::Webhooks => HookReply::Webhooks(client.call::<ListWebhooks>(&[], &WholeQuery::default()).await?.items),
        HookWish::SaveWebhook(save, Saving::New) => HookReply::Webhook(Box::new(client.call::<CreateWebhook>(&[], save).await?)),
        HookWish::SaveWebhook(save, Saving::Known) => webhook(client.call::<PutWebhook>(&[&save.name], save).await?),
        HookWish::TestWebhook(name) => HookReply::Delivered(Box::new(client.call_within::<TestWebhook>(&[name], &nothing, TRIED).await?)),
        HookWish::RotateWebhook(name) => HookReply::Webhook(Box::new(client.call::<RotateWebhook>(&[name], &RotateSecret::default()).await?)),
        HookWish::EnableWebhook(name) => webhook(client.call::<EnableWebhook>(&[name], &nothing).await?),
        HookWish::Deliveries(name) => HookReply::Deliveries(client.call::<ListDeliveries>(&[name], &newest).await?.items),
        HookWish::Redeliver(id) => HookReply::Delivered(Box::new(client.call_within::<Redeliver>(&[id], &nothing, TRIED).await?)),
        HookWish::RemoveWebhooks(names) => removed::<DeleteWebhook>(client, names).await,
        HookWish::Plugins => HookReply::Plugins(client.call::<ListPlugins>(&[], &WholeQuery::default()).await?.items),
        HookWish::EnablePlugin(name, enable) => HookReply::Plugin(Box::new(client.call::<EnablePluginOf>(&[name], enable).await?)),
        HookWish::DisablePlugin(name) => HookReply::Plugin(Box::new(client.call::<DisablePlugin>(&[name], &nothing).await?)),
        HookWish::RemovePlugins(names) => removed::<DeletePlugin>(client, names).await,
    })
}

/// Removes each; what can't be removed is told with its reason.
async fn removed<E: Endpoint<Request: Default + Sync, Reply = Empty>>(client: &Client, names: &[String]) -> HookReply {
    let (mut gone, mut kept) = (0, Vec::new());
    for name in names {
        match client.call::<E>(&[name], &E::Request::default()).await {
            Ok(_) => gone += 1,
            Err(error) => kept.push(format!("{name}: {}", error.message)),
        }
    }
    HookReply::Removed(gone, kept)
}
