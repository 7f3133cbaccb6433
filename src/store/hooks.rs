//! Webhooks, their secrets, and events on their way to them.
use super::Store;
use super::from_json;
use super::to_json;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::HookDelivery;
use crate::model::HookDeliveryState;
use crate::model::Webhook;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::any::AnyRow;
use std::time::Duration;

/// Deliveries that may wait for one webhook; further events are left out.
const MOST_WAITING: i64 = 10_000;

/// A secret, and until when it counts.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptSecret {
    /// `whsec_…`.
    pub secret: String,
    /// For ever where no time is given.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

impl std::fmt::Debug for KeptSecret {
    /// Without the secret, so that it never ends up in a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeptSecret").field("until", &self.until).finish_non_exhaustive()
    }
}

/// A delivery that is to be tried now, and what is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// What is known of it.
    pub delivery: HookDelivery,
    /// The body, as JSON.
    pub body: String,
}

impl Store {
    /// Webhooks by name, each with its secrets, newest first.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn list_webhooks(&self) -> Result<Vec<(Webhook, Vec<KeptSecret>)>> {
        let query = sqlx::query("SELECT facts, secrets FROM webhooks ORDER BY name");
        let rows = query.fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        rows.iter().map(|row| self.with_secrets(row)).collect()
    }

    /// One webhook with its secrets.
    ///
    /// # Errors
    /// `not_found`, `store_failed`.
    pub async fn find_webhook(&self, name: &str) -> Result<(Webhook, Vec<KeptSecret>)> {
        let query = sqlx::query("SELECT facts, secrets FROM webhooks WHERE name = $1").bind(name);
        let row = query.fetch_optional(self.pool()).await.map_err(|error| self.fault(error))?;
        row.as_ref().map_or_else(|| Err(Error::not_found("webhook", name).fix("see them all: cto webhook ls")), |row| self.with_secrets(row))
    }

    /// Adds a webhook.
    ///
    /// # Errors
    /// `name_in_use`, `disk_full`, `store_failed`.
    pub async fn add_webhook(&self, webhook: &Webhook, secrets: &[KeptSecret]) -> Result<()> {
        let text = "INSERT INTO webhooks (id, name, owner, facts, secrets) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO NOTHING";
        let query = sqlx::query(text).bind(webhook.id.as_str()).bind(&webhook.name).bind(&webhook.owner).bind(to_json(webhook)).bind(to_json(&secrets));
        match query.execute(self.pool()).await.map_err(|error| self.fault(error))?.rows_affected() {
            0 => Err(Error::new(Code::NameInUse, format!("there is a webhook '{}' already", webhook.name)).fix("choose another name")),
            _ => Ok(()),
        }
    }

    /// Saves a webhook over the version that it has, which grows by one.
    ///
    /// # Errors
    /// `not_found`; `stale` when it is another version by now; `disk_full`, `store_failed`.
    pub async fn save_webhook(&self, webhook: &mut Webhook, secrets: &[KeptSecret]) -> Result<()> {
        let saved = Webhook { version: webhook.version + 1, ..webhook.clone() };
        let query = sqlx::query("UPDATE webhooks SET facts = $3, secrets = $4, version = version + 1 WHERE id = $1 AND version = $2");
        let query = query.bind(saved.id.as_str()).bind(webhook.version).bind(to_json(&saved)).bind(to_json(&secrets));
        if query.execute(self.pool()).await.map_err(|error| self.fault(error))?.rows_affected() == 0 {
            return Err(Error::stale("webhook", &saved.name, self.find_webhook(&saved.name).await?.0.version));
        }
        *webhook = saved;
        Ok(())
    }

    /// Removes a webhook with its deliveries, with `replaces` only one of that version.
    ///
    /// # Errors
    /// `not_found`; `stale` when it is another version by now; `disk_full`, `store_failed`.
    pub async fn remove_webhook(&self, webhook: &Webhook, replaces: Option<i64>) -> Result<()> {
        if !self.remove_version("webhooks", webhook.id.as_str(), replaces).await? {
            return Err(Error::stale("webhook", &webhook.name, self.find_webhook(&webhook.name).await?.0.version));
        }
        let query = sqlx::query("DELETE FROM deliveries WHERE webhook = $1").bind(webhook.id.as_str());
        query.execute(self.pool()).await.map(drop).map_err(|error| self.fault(error))
    }

    /// Notes a new delivery. False when one of the same event is there already, or too many wait.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn add_delivery(&self, delivery: &HookDelivery, event_key: &str, body: &str, claim: Option<(&str, Timestamp)>) -> Result<bool> {
        let text = "INSERT INTO deliveries (id, webhook, event_key, state, next_at, lease, server, facts, body) SELECT $1, $2, $3, $4, CAST($5 AS BIGINT), CAST($6 AS BIGINT), $7, $8, $9
            WHERE (SELECT count(*) FROM deliveries WHERE state = 'waiting' AND webhook = $2) < $10 ON CONFLICT (webhook, event_key) DO NOTHING";
        let (server, lease) = claim.map_or(("", 0), |(server, until)| (server, until.as_microsecond()));
        let query = sqlx::query(text).bind(delivery.id.as_str()).bind(delivery.webhook.as_str()).bind(event_key).bind(delivery.state.as_str());
        let query = query.bind(next_of(delivery)).bind(lease).bind(server).bind(to_json(delivery)).bind(body).bind(MOST_WAITING);
        Ok(query.execute(self.pool()).await.map_err(|error| self.fault(error))?.rows_affected() > 0)
    }

    /// Ids of webhooks for which something is due at `now`.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn due_webhooks(&self, now: Timestamp) -> Result<Vec<String>> {
        let text = "SELECT DISTINCT webhook FROM deliveries WHERE state = 'waiting' AND next_at <= $1 AND lease <= $1";
        let rows = sqlx::query(text).bind(now.as_microsecond()).fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        rows.iter().map(|row| self.read(|| row.try_get(0))).collect()
    }

    /// Takes at most `most` of a webhook's deliveries that are due at `now`, for `server` until `lease` is over: each is given to one server only.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn claim_deliveries(&self, webhook: &str, server: &str, now: Timestamp, lease: Duration, most: usize) -> Result<Vec<Claimed>> {
        let text = "UPDATE deliveries SET server = $1, lease = $2 WHERE lease <= $3 AND state = 'waiting' AND id IN
            (SELECT id FROM deliveries WHERE state = 'waiting' AND webhook = $4 AND next_at <= $3 AND lease <= $3 ORDER BY next_at LIMIT $5)
            RETURNING facts, body";
        let until = now.as_microsecond().saturating_add(i64::try_from(lease.as_micros()).unwrap_or(i64::MAX));
        let query = sqlx::query(text).bind(server).bind(until).bind(now.as_microsecond()).bind(webhook).bind(i64::try_from(most).unwrap_or(i64::MAX));
        let rows = query.fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        let claimed = |row: &AnyRow| {
            let (facts, body) = self.read(|| Ok((row.try_get::<String, _>(0)?, row.try_get(1)?)))?;
            Ok(Claimed { delivery: from_json(&facts)?, body })
        };
        rows.iter().map(claimed).collect()
    }

    /// Notes how a delivery is after a try, and gives it back. False when another server has it by now.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn save_delivery(&self, delivery: &HookDelivery, server: &str) -> Result<bool> {
        let text = "UPDATE deliveries SET state = $3, next_at = $4, facts = $5, lease = 0 WHERE id = $1 AND server = $2";
        let query = sqlx::query(text).bind(delivery.id.as_str()).bind(server).bind(delivery.state.as_str());
        let query = query.bind(next_of(delivery)).bind(to_json(delivery));
        Ok(query.execute(self.pool()).await.map_err(|error| self.fault(error))?.rows_affected() > 0)
    }

    /// A webhook's deliveries before one, newest first.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn list_deliveries(&self, webhook: &str, before: Option<&str>, limit: u32) -> Result<Vec<HookDelivery>> {
        let query = sqlx::query("SELECT facts FROM deliveries WHERE webhook = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
        let query = query.bind(webhook).bind(before.unwrap_or("~")).bind(i64::from(limit));
        let rows = query.fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        rows.iter().map(|row| from_json(&self.read(|| row.try_get::<String, _>(0))?)).collect()
    }

    /// One delivery, its webhook, and what is sent.
    ///
    /// # Errors
    /// `not_found`, `store_failed`.
    pub async fn find_delivery(&self, id: &str) -> Result<(Claimed, Webhook)> {
        let text = "SELECT deliveries.facts, deliveries.body, webhooks.facts FROM deliveries JOIN webhooks ON webhooks.id = deliveries.webhook
            WHERE deliveries.id = $1";
        let row = sqlx::query(text).bind(id).fetch_optional(self.pool()).await.map_err(|error| self.fault(error))?;
        let row = row.ok_or_else(|| Error::not_found("delivery", id).fix("see them: cto webhook deliveries NAME"))?;
        let read = || Ok((row.try_get::<String, _>(0)?, row.try_get(1)?, row.try_get::<String, _>(2)?));
        let (facts, body, webhook) = self.read(read)?;
        Ok((Claimed { delivery: from_json(&facts)?, body }, from_json(&webhook)?))
    }

    /// Removes deliveries that are over and were made before `before`, and those that should have been tried then and have not been since.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn forget_deliveries(&self, before: Timestamp) -> Result<u64> {
        let query = sqlx::query("DELETE FROM deliveries WHERE next_at < $1 AND lease < $1").bind(before.as_microsecond());
        Ok(query.execute(self.pool()).await.map_err(|error| self.fault(error))?.rows_affected())
    }

    pub(super) fn with_secrets<T: serde::de::DeserializeOwned>(&self, row: &AnyRow) -> Result<(T, Vec<KeptSecret>)> {
        let (facts, secrets) = self.read(|| Ok((row.try_get::<String, _>(0)?, row.try_get::<String, _>(1)?)))?;
        Ok((from_json(&facts)?, from_json(&secrets)?))
    }
}

/// When it is tried next; of one that is over, when it began: so that it is known how old it is.
fn next_of(delivery: &HookDelivery) -> i64 {
    match delivery.state {
        HookDeliveryState::Waiting => delivery.next_at.unwrap_or(delivery.created_at).as_microsecond(),
        HookDeliveryState::Delivered | HookDeliveryState::Failed => delivery.created_at.as_microsecond(),
    }
}
