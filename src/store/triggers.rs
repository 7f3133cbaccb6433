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
use jiff::Timestamp;
use sqlx::Row as _;

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

    /// Saves a trigger as it is now.
    ///
    /// # Errors
    /// `not_found`, `disk_full`, `store_failed`.
    pub async fn save_trigger(&self, trigger: &Trigger, secrets: &[KeptSecret]) -> Result<()> {
        let query = sqlx::query("UPDATE triggers SET facts = $2, secrets = $3 WHERE id = $1").bind(trigger.id.as_str());
        let query = query.bind(to_json(trigger)).bind(to_json(&secrets));
        match query.execute(self.pool()).await.map_err(|error| self.fault(error))?.rows_affected() {
            0 => Err(Error::not_found("trigger", &trigger.name)),
            _ => Ok(()),
        }
    }

    /// Removes a trigger and what is known of its past.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn remove_trigger(&self, id: &str) -> Result<()> {
        for text in ["DELETE FROM triggers WHERE id = $1", "DELETE FROM fires WHERE trigger_id = $1", "DELETE FROM hook_messages WHERE trigger_id = $1"] {
            sqlx::query(text).bind(id).execute(self.pool()).await.map_err(|error| self.fault(error))?;
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
