//! Triggers, what they did with events, and messages that have come in already.
use super::KeptSecret;
use super::Store;
use super::from_json;
use super::to_json;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Fire;
use crate::model::Run;
use crate::model::Trigger;
use crate::model::TriggerLimit;
use jiff::Timestamp;
use sqlx::Row as _;

/// What became of the wish to do something with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FireClaim {
    /// It is for this server to do.
    Ours,
    /// It has been done already, by this server or another.
    Known,
    /// All servers together have done as much as the trigger may.
    TooMuch,
}

impl Store {
    /// Triggers by name, each with its secrets, newest first.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn list_triggers(&self) -> Result<Vec<(Trigger, Vec<KeptSecret>)>> {
        let query = sqlx::query("SELECT facts, secrets FROM triggers ORDER BY name");
        let rows = query.fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        rows.iter().map(|row| self.with_secrets(row)).collect()
    }

    /// One trigger with its secrets.
    ///
    /// # Errors
    /// `not_found`, `store_failed`.
    pub async fn find_trigger(&self, name: &str) -> Result<(Trigger, Vec<KeptSecret>)> {
        let query = sqlx::query("SELECT facts, secrets FROM triggers WHERE name = $1").bind(name);
        let row = query.fetch_optional(self.pool()).await.map_err(|error| self.fault(error))?;
        row.as_ref().map_or_else(|| Err(Error::not_found("trigger", name).fix("see them all: cto trigger ls")), |row| self.with_secrets(row))
    }

    /// Adds a trigger.
    ///
    /// # Errors
    /// `name_in_use`, `disk_full`, `store_failed`.
    pub async fn add_trigger(&self, trigger: &Trigger, secrets: &[KeptSecret]) -> Result<()> {
        let text = "INSERT INTO triggers (id, name, owner, facts, secrets) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO NOTHING";
        let query = sqlx::query(text).bind(trigger.id.as_str()).bind(&trigger.name).bind(&trigger.owner).bind(to_json(trigger)).bind(to_json(&secrets));
        match query.execute(self.pool()).await.map_err(|error| self.fault(error))?.rows_affected() {
            0 => Err(Error::new(Code::NameInUse, format!("there is a trigger '{}' already", trigger.name)).fix("choose another name")),
            _ => Ok(()),
        }
    }

    /// Saves a trigger over the version that it has, which grows by one.
    ///
    /// # Errors
    /// `not_found`; `stale` when it is another version by now; `disk_full`, `store_failed`.
    pub async fn save_trigger(&self, trigger: &mut Trigger, secrets: &[KeptSecret]) -> Result<()> {
        let saved = Trigger { version: trigger.version + 1, ..trigger.clone() };
        let query = sqlx::query("UPDATE triggers SET facts = $3, secrets = $4, version = version + 1 WHERE id = $1 AND version = $2");
        let query = query.bind(saved.id.as_str()).bind(trigger.version).bind(to_json(&saved)).bind(to_json(&secrets));
        if query.execute(self.pool()).await.map_err(|error| self.fault(error))?.rows_affected() == 0 {
            return Err(Error::stale("trigger", &saved.name, self.find_trigger(&saved.name).await?.0.version));
        }
        *trigger = saved;
        Ok(())
    }

    /// Removes a trigger and what is known of its past, with `replaces` only one of that version.
    ///
    /// # Errors
    /// `not_found`; `stale` when it is another version by now; `disk_full`, `store_failed`.
    pub async fn remove_trigger(&self, trigger: &Trigger, replaces: Option<i64>) -> Result<()> {
        if !self.remove_version("triggers", trigger.id.as_str(), replaces).await? {
            return Err(Error::stale("trigger", &trigger.name, self.find_trigger(&trigger.name).await?.0.version));
        }
        for text in ["DELETE FROM fires WHERE trigger_id = $1", "DELETE FROM hook_messages WHERE trigger_id = $1"] {
            sqlx::query(text).bind(trigger.id.as_str()).execute(self.pool()).await.map_err(|error| self.fault(error))?;
        }
        Ok(())
    }

    /// Notes that a trigger does something with an event. False when it has been done already, by this server or another.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn claim_fire(&self, trigger: &str, event_key: &str, fire: &Fire) -> Result<bool> {
        let text = "INSERT INTO fires (id, trigger_id, event_key, at, facts) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (trigger_id, event_key) DO NOTHING";
        let query = sqlx::query(text).bind(&fire.id).bind(trigger).bind(event_key).bind(fire.at.as_microsecond()).bind(to_json(fire));
        Ok(query.execute(self.pool()).await.map_err(|error| self.fault(error))?.rows_affected() > 0)
    }

    /// How often something whose name begins so did something since then, on whatever server.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn count_fires(&self, beginning: &str, since: Timestamp) -> Result<usize> {
        // No pattern: names have '_' in them.
        let text = "SELECT COUNT(*) FROM fires WHERE at > $1 AND substr(trigger_id, 1, CAST($2 AS INTEGER)) = $3";
        let query = sqlx::query(text).bind(since.as_microsecond()).bind(i64::try_from(beginning.chars().count()).unwrap_or(i64::MAX)).bind(beginning);
        let row = query.fetch_one(self.pool()).await.map_err(|error| self.fault(error))?;
        Ok(usize::try_from(self.read(|| row.try_get::<i64, _>(0))?).unwrap_or(usize::MAX))
    }

    /// The same, within a limit that all servers share.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn claim_fire_within(&self, trigger: &str, event_key: &str, fire: &Fire, limit: TriggerLimit) -> Result<FireClaim> {
        let fault = |error| self.fault(error);
        let mut transaction = self.pool().begin().await.map_err(fault)?;
        // Whoever changes the row holds it to the end of the transaction: servers count one after the other.
        let lock = sqlx::query("UPDATE triggers SET name = name WHERE id = $1").bind(trigger);
        lock.execute(&mut *transaction).await.map_err(fault)?;
        let text = "INSERT INTO fires (id, trigger_id, event_key, at, facts) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (trigger_id, event_key) DO NOTHING";
        let query = sqlx::query(text).bind(&fire.id).bind(trigger).bind(event_key).bind(fire.at.as_microsecond()).bind(to_json(fire));
        if query.execute(&mut *transaction).await.map_err(fault)?.rows_affected() == 0 {
            transaction.rollback().await.map_err(fault)?;
            return Ok(FireClaim::Known);
        }
        let from = fire.at.as_microsecond() - i64::from(limit.seconds) * 1_000_000;
        // That the limit was reached is noted there too, under keys that no event has.
        let text = "SELECT COUNT(*) FROM fires WHERE trigger_id = $1 AND at > $2 AND event_key NOT LIKE 'limit:%'";
        let count: i64 = sqlx::query_scalar(text).bind(trigger).bind(from).fetch_one(&mut *transaction).await.map_err(fault)?;
        if count > i64::from(limit.times) {
            transaction.rollback().await.map_err(fault)?;
            return Ok(FireClaim::TooMuch);
        }
        transaction.commit().await.map_err(fault)?;
        Ok(FireClaim::Ours)
    }

    /// Notes what became of it.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn save_fire(&self, fire: &Fire) -> Result<()> {
        let query = sqlx::query("UPDATE fires SET facts = $2 WHERE id = $1").bind(&fire.id).bind(to_json(fire));
        query.execute(self.pool()).await.map(drop).map_err(|error| self.fault(error))
    }

    /// What a trigger did before something that it did, newest first.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn list_trigger_fires(&self, trigger: &str, before: Option<&str>, limit: u32) -> Result<Vec<Fire>> {
        let query = sqlx::query("SELECT facts FROM fires WHERE trigger_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
        let query = query.bind(trigger).bind(before.unwrap_or("~")).bind(i64::from(limit));
        let rows = query.fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        rows.iter().map(|row| from_json(&self.read(|| row.try_get::<String, _>(0))?)).collect()
    }

    /// Notes that a message has come in. False when it had before.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn claim_message(&self, trigger: &str, message: &str, now: Timestamp) -> Result<bool> {
        let text = "INSERT INTO hook_messages (trigger_id, message, at) VALUES ($1, $2, $3) ON CONFLICT (trigger_id, message) DO NOTHING";
        let query = sqlx::query(text).bind(trigger).bind(message).bind(now.as_microsecond());
        Ok(query.execute(self.pool()).await.map_err(|error| self.fault(error))?.rows_affected() > 0)
    }

    /// Forgets a message: what it asked for could not be begun, and it may come again.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn release_message(&self, trigger: &str, message: &str) -> Result<()> {
        let query = sqlx::query("DELETE FROM hook_messages WHERE trigger_id = $1 AND message = $2").bind(trigger).bind(message);
        query.execute(self.pool()).await.map(drop).map_err(|error| self.fault(error))
    }

    /// Forgets messages that came before `messages`, and fires before `fires`.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn forget_trigger_fires(&self, messages: Timestamp, fires: Timestamp) -> Result<()> {
        for (text, before) in [("DELETE FROM hook_messages WHERE at < $1", messages), ("DELETE FROM fires WHERE at < $1", fires)] {
            sqlx::query(text).bind(before.as_microsecond()).execute(self.pool()).await.map_err(|error| self.fault(error))?;
        }
        Ok(())
    }

    /// The newest runs that name this container or session, at most `limit`, newest first.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn list_runs_that_name(&self, id: &str, limit: u32) -> Result<Vec<Run>> {
        let query = sqlx::query("SELECT facts FROM runs WHERE facts LIKE $1 ORDER BY id DESC LIMIT $2").bind(format!("%\"{id}\"%"));
        let rows = query.bind(i64::from(limit)).fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        rows.iter().map(|row| from_json(&self.read(|| row.try_get::<String, _>(0))?)).collect()
    }
}
