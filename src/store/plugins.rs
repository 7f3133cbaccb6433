//! What was granted to plugins, and by whom.
use super::Store;
use super::from_json;
use super::time;
use super::to_json;
use crate::error::Result;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::any::AnyRow;

/// What is known of a plugin beside its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginRow {
    /// Its name.
    pub name: String,
    /// Its version when it was granted.
    pub version: String,
    /// Of the files for which it was granted.
    pub hash: String,
    /// What was granted.
    pub granted: Vec<String>,
    /// Nobody has disabled it since.
    pub enabled: bool,
    /// Who granted it.
    pub installed_by: String,
    /// Why it does nothing by itself any more.
    pub error: Option<String>,
    /// When it was granted.
    pub at: Timestamp,
}

impl Store {
    /// What was granted, by the plugins' names.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn list_plugins(&self) -> Result<Vec<PluginRow>> {
        let query = sqlx::query("SELECT name, version, hash, granted, enabled, installed_by, error, at FROM plugins ORDER BY name");
        let rows = query.fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        rows.iter().map(|row| self.plugin(row)).collect()
    }

    fn plugin(&self, row: &AnyRow) -> Result<PluginRow> {
        let text = |index: usize| self.read(|| row.try_get::<String, _>(index));
        let number = |index: usize| self.read(|| row.try_get::<i64, _>(index));
        Ok(PluginRow {
            name: text(0)?,
            version: text(1)?,
            hash: text(2)?,
            granted: from_json(&text(3)?)?,
            enabled: number(4)? != 0,
            installed_by: text(5)?,
            error: Some(text(6)?).filter(|error| !error.is_empty()),
            at: time(number(7)?)?,
        })
    }

    /// Notes what is granted to a plugin; what was before is forgotten, failures too.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn save_plugin(&self, plugin: &PluginRow) -> Result<()> {
        let text = "INSERT INTO plugins (name, version, hash, granted, enabled, installed_by, failures, error, at) VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8) \
            ON CONFLICT (name) DO UPDATE SET version = $2, hash = $3, granted = $4, enabled = $5, installed_by = $6, failures = 0, error = $7, at = $8";
        let query = sqlx::query(text).bind(&plugin.name).bind(&plugin.version).bind(&plugin.hash).bind(to_json(&plugin.granted));
        let query = query.bind(i64::from(plugin.enabled)).bind(&plugin.installed_by).bind(plugin.error.as_deref().unwrap_or_default());
        query.bind(plugin.at.as_microsecond()).execute(self.pool()).await.map(drop).map_err(|error| self.fault(error))
    }

    /// Forgets what was granted to a plugin. False when nothing was.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn remove_plugin(&self, name: &str) -> Result<bool> {
        let query = sqlx::query("DELETE FROM plugins WHERE name = $1").bind(name);
        Ok(query.execute(self.pool()).await.map_err(|error| self.fault(error))?.rows_affected() > 0)
    }

    /// Counts a run of what a plugin does by itself, and says how many have failed in a row by now.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn note_plugin_run(&self, name: &str, failed: bool) -> Result<i64> {
        let text = match failed {
            true => "UPDATE plugins SET failures = failures + 1 WHERE name = $1 RETURNING failures",
            false => "UPDATE plugins SET failures = 0 WHERE name = $1 RETURNING failures",
        };
        let row = sqlx::query(text).bind(name).fetch_optional(self.pool()).await.map_err(|error| self.fault(error))?;
        row.map_or(Ok(0), |row| self.read(|| row.try_get(0)))
    }

    /// Notes why a plugin does nothing by itself any more. False when that was noted before.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn stop_plugin_hooks(&self, name: &str, why: &str) -> Result<bool> {
        let query = sqlx::query("UPDATE plugins SET error = $2 WHERE name = $1 AND error = ''").bind(name).bind(why);
        Ok(query.execute(self.pool()).await.map_err(|error| self.fault(error))?.rows_affected() > 0)
    }
}
