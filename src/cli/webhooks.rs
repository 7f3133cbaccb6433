//! `cto webhook …`.
use crate::cli::containers::each;
use crate::cli::context::Context;
use crate::cli::output;
use crate::cli::output::Table;
use crate::cli::output::Tone;
use crate::cli::output::cell;
use crate::cli::output::toned;
use crate::cli::triggers::text_of;
use crate::cli::webhook_args::AddWebhookArgs;
use crate::cli::webhook_args::WebhookCommand;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::CreateWebhook;
use crate::model::DeleteWebhook;
use crate::model::Empty;
use crate::model::EnableWebhook;
use crate::model::GetDelivery;
use crate::model::GetWebhook;
use crate::model::HookDelivery;
use crate::model::HookDeliveryState;
use crate::model::HookFilter;
use crate::model::HookTarget;
use crate::model::ListDeliveries;
use crate::model::ListWebhooks;
use crate::model::PastQuery;
use crate::model::Redeliver;
use crate::model::RemoveVersion;
use crate::model::RotateSecret;
use crate::model::RotateWebhook;
use crate::model::SaveWebhook;
use crate::model::TestWebhook;
use crate::model::Webhook;
use crate::model::WebhookSecret;
use crate::model::WholeQuery;
use jiff::Timestamp;
use std::path::Path;

/// `cto webhook`.
pub async fn webhook(context: &Context, command: WebhookCommand) -> Result<()> {
    let client = context.client().await?;
    let nothing = Empty {};
    match command {
        WebhookCommand::Ls => list(context, &client.call::<ListWebhooks>(&[], &WholeQuery::default()).await?.items),
        WebhookCommand::Show { name } => show(context, &client.call::<GetWebhook>(&[&name], &nothing).await?),
        WebhookCommand::Add(args) => made(context, &client.call::<CreateWebhook>(&[], &asked(*args)?).await?),
        WebhookCommand::Rm { webhooks } => {
            each(context, &webhooks, async |name| client.call::<DeleteWebhook>(&[name], &RemoveVersion::default()).await.map(|_| None)).await
        }
        WebhookCommand::Test { name } => tried(context, &client.call::<TestWebhook>(&[&name], &nothing).await?),
        WebhookCommand::Rotate { name, keep } => made(context, &client.call::<RotateWebhook>(&[&name], &RotateSecret { keep_hours: Some(keep) }).await?),
        WebhookCommand::Enable { name } => show(context, &client.call::<EnableWebhook>(&[&name], &nothing).await?),
        WebhookCommand::Deliveries { name, limit } => {
            let query = PastQuery { limit: Some(limit), cursor: None };
            deliveries(context, &client.call::<ListDeliveries>(&[&name], &query).await?.items)
        }
        WebhookCommand::Sent { delivery } => {
            let sent = client.call::<GetDelivery>(&[&delivery], &nothing).await?;
            if context.json() { output::json(&sent) } else { output::print(&format!("{}\n", output::plain(&sent.body))) }
        }
        WebhookCommand::Redeliver { delivery } => tried(context, &client.call::<Redeliver>(&[&delivery], &nothing).await?),
    }
}

fn asked(args: AddWebhookArgs) -> Result<SaveWebhook> {
    let to = match (args.url, args.mail_to.is_empty(), args.desktop) {
        (Some(url), ..) => HookTarget::Webhook { url },
        (None, false, _) => HookTarget::Email {
            server: args.mail_server.unwrap_or_default(),
            from: args.mail_from.unwrap_or_default(),
            to: args.mail_to,
            user: args.mail_user,
            password: args.mail_password,
        },
        (None, true, true) => HookTarget::Desktop,
        (None, true, false) => HookTarget::Terminal,
    };
    let filter = HookFilter { owner: args.owner, script: args.script, container: args.container };
    let body = args.body.map(|file| document(&file)).transpose()?;
    Ok(SaveWebhook { name: args.name, to, events: args.on, filter, body, allow_private: args.allow_private, replaces: None })
}

/// The document of a body.
fn document(file: &Path) -> Result<serde_json::Value> {
    let text = text_of(file)?;
    serde_json::from_str(&text).map_err(|error| Error::invalid(format!("'{}' is no JSON: {error}", file.display())).fix("see docs/hooks.md for examples"))
}

fn list(context: &Context, webhooks: &[Webhook]) -> Result<()> {
    if context.json() {
        return output::json(&webhooks);
    }
    let mut table = Table::new(["NAME", "STATE", "EVENTS", "TO", "OWNER"]);
    for webhook in webhooks {
        let state = if webhook.disabled.is_some() { toned("✖ disabled", Tone::Bad) } else { toned("● on", Tone::Good) };
        table.row([cell(&webhook.name), state, cell(webhook.events.join(" ")), cell(place(&webhook.to)), cell(&webhook.owner)]);
    }
    table.print()
}

fn place(to: &HookTarget) -> String {
    match to {
        HookTarget::Webhook { url } => url.clone(),
        HookTarget::Email { to, .. } => to.join(", "),
        HookTarget::Terminal => "the terminal client".to_owned(),
        HookTarget::Desktop => "the desktop".to_owned(),
    }
}

fn show(context: &Context, webhook: &Webhook) -> Result<()> {
    if context.json() {
        return output::json(webhook);
    }
    let mut text = String::new();
    let mut line = |name: &str, value: &str| text.push_str(&format!("{name:<10} {}\n", output::plain(value)));
    line("name", &webhook.name);
    line("owner", &webhook.owner);
    line("to", &place(&webhook.to));
    line("events", &webhook.events.join(" "));
    let HookFilter { owner, script, container } = &webhook.filter;
    for (name, value) in [("of", owner), ("script", script), ("container", container)] {
        value.iter().for_each(|value| line(name, value));
    }
    webhook.body.iter().for_each(|body| line("body", &body.to_string()));
    if webhook.allow_private {
        line("private", "addresses that are not public are allowed");
    }
    line("state", webhook.disabled.as_deref().map_or("on", |why| why));
    webhook.old_secret_until.filter(|until| *until > Timestamp::now()).iter().for_each(|until| line("old secret", &format!("counts until {until}")));
    output::print(&text)
}

/// What was made, with the secret that is shown only now.
fn made(context: &Context, made: &WebhookSecret) -> Result<()> {
    if context.json() {
        return output::json(made);
    }
    output::print(&format!("{}\n", output::plain(&made.webhook.name)))?;
    match &made.secret {
        Some(secret) => output::print(&format!("{secret}\nThe secret is shown only this once: the receiver checks signatures with it.\n")),
        None => Ok(()),
    }
}

/// How a delivery went that was asked for: one that failed is an error.
fn tried(context: &Context, delivery: &HookDelivery) -> Result<()> {
    let last = delivery.attempts.last();
    if context.json() {
        output::json(delivery)?;
    }
    match last.and_then(|attempt| attempt.error.as_ref()) {
        Some(error) => Err(Error::new(Code::ServerUnavailable, format!("it was not delivered: {error}"))
            .fix("once it is put right: cto webhook redeliver ID, with an id of 'cto webhook deliveries'")),
        None if context.json() => Ok(()),
        None => {
            let status = last.and_then(|attempt| attempt.status).map(|status| format!(", answered {status}")).unwrap_or_default();
            output::print(&format!("delivered in {} ms{status}\n", last.map_or(0, |attempt| attempt.ms)))
        }
    }
}

fn deliveries(context: &Context, deliveries: &[HookDelivery]) -> Result<()> {
    if context.json() {
        return output::json(&deliveries);
    }
    let now = Timestamp::now();
    let mut table = Table::new(["EVENT", "STATE", "TRIES", "ANSWER", "WHEN", "NEXT", "ID"]);
    for delivery in deliveries {
        let (state, tone) = match delivery.state {
            HookDeliveryState::Delivered => ("● delivered", Tone::Good),
            HookDeliveryState::Waiting => ("… waiting", Tone::Warn),
            HookDeliveryState::Failed => ("✖ failed", Tone::Bad),
        };
        let last = delivery.attempts.last();
        let answer = last.map(|attempt| attempt.error.clone().unwrap_or_else(|| attempt.status.map_or_else(|| "-".to_owned(), |status| status.to_string())));
        let next = delivery.next_at.map_or_else(|| "-".to_owned(), |next| format!("in {}", output::duration(next.duration_since(now).as_secs())));
        table.row([
            cell(&delivery.event),
            toned(state, tone),
            cell(delivery.attempts.len().to_string()),
            cell(answer.unwrap_or_else(|| "-".to_owned())),
            cell(output::ago(delivery.created_at, now)),
            cell(next),
            toned(delivery.id.as_str(), Tone::Quiet),
        ]);
    }
    table.print()
}
