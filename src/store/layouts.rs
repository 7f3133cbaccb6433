//! Layouts: named pieces of clients' state, each with a version that grows.
use super::Store;
use super::from_json;
use super::to_json;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Layout;
use sqlx::Row as _;
use sqlx::any::AnyRow;

impl Store {
    /// An owner's layouts, by name.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn list_layouts(&self, owner: &str) -> Result<Vec<Layout>> {
        let query = sqlx::query("SELECT name, version, data FROM layouts WHERE owner = $1 ORDER BY name").bind(owner);
        let rows = query.fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        rows.iter().map(|row| self.layout(row)).collect()
    }

    /// One layout.
    ///
    /// # Errors
    /// `not_found`, `store_failed`.
    pub async fn find_layout(&self, owner: &str, name: &str) -> Result<Layout> {
        let query = sqlx::query("SELECT name, version, data FROM layouts WHERE owner = $1 AND name = $2").bind(owner).bind(name);
        let row = query.fetch_optional(self.pool()).await.map_err(|error| self.fault(error))?;
        row.as_ref().map_or_else(|| Err(Error::not_found("layout", name)), |row| self.layout(row))
    }

    /// Saves a layout. With `replaces`, only over that version: 0 where there must be none yet.
    ///
    /// # Errors
    /// `stale` when it is another version by now; `disk_full`, `store_failed`.
    pub async fn save_layout(&self, owner: &str, name: &str, data: &serde_json::Value, replaces: Option<i64>) -> Result<Layout> {
        let text = match replaces {
            None => {
                "INSERT INTO layouts (owner, name, version, data) VALUES ($1, $2, 1, $3)
                 ON CONFLICT (owner, name) DO UPDATE SET version = layouts.version + 1, data = excluded.data RETURNING name, version, data"
            }
            Some(0) => {
                "INSERT INTO layouts (owner, name, version, data) VALUES ($1, $2, 1, $3) ON CONFLICT (owner, name) DO NOTHING RETURNING name, version, data"
            }
            Some(_) => "UPDATE layouts SET version = version + 1, data = $3 WHERE owner = $1 AND name = $2 AND version = $4 RETURNING name, version, data",
        };
        let mut query = sqlx::query(text).bind(owner).bind(name).bind(to_json(data));
        if let Some(version) = replaces.filter(|version| *version != 0) {
            query = query.bind(version);
        }
        // All rows are fetched, though there is at most one: SQLite commits when the statement is through, and says only then whether
        // the disk had room.
        let rows = query.fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        match rows.first() {
            Some(row) => self.layout(row),
            None => Err(self.stale_layout(owner, name).await),
        }
    }

    /// Removes a layout, with `replaces` only one of that version.
    ///
    /// # Errors
    /// `not_found`; `stale` when it is another version by now; `disk_full`, `store_failed`.
    pub async fn remove_layout(&self, owner: &str, name: &str, replaces: Option<i64>) -> Result<()> {
        let text = "DELETE FROM layouts WHERE owner = $1 AND name = $2 AND version = COALESCE(CAST($3 AS BIGINT), version)";
        let query = sqlx::query(text).bind(owner).bind(name).bind(replaces);
        if query.execute(self.pool()).await.map_err(|error| self.fault(error))?.rows_affected() > 0 {
            return Ok(());
        }
        let layout = self.find_layout(owner, name).await?;
        Err(Error::stale("layout", name, layout.version))
    }

    async fn stale_layout(&self, owner: &str, name: &str) -> Error {
        match self.find_layout(owner, name).await {
            Ok(layout) => Error::stale("layout", name, layout.version),
            Err(error) if error.code == Code::NotFound => Error::stale("layout", name, ""),
            Err(error) => error,
        }
    }

    fn layout(&self, row: &AnyRow) -> Result<Layout> {
        let (name, version, data) = self.read(|| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get::<String, _>(2)?)))?;
        Ok(Layout { name, version, data: from_json(&data)? })
    }
}
