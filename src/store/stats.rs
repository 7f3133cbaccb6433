//! What containers have used, in spans of some minutes.
use super::Store;
use crate::error::Result;
use crate::model::ContainerId;
use crate::model::StatsPoint;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::any::AnyRow;

impl Store {
    /// Keeps points. One that is there already, of a server before this one, gives way to the later one.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn save_stats(&self, points: &[(ContainerId, StatsPoint)]) -> Result<()> {
        if points.is_empty() {
            return Ok(());
        }
        let text = "INSERT INTO stats (container, at, seconds, cpu, cpu_max, memory, memory_limit, pids, received, sent, read_bytes, written_bytes)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            ON CONFLICT (container, at) DO UPDATE SET cpu = excluded.cpu, cpu_max = excluded.cpu_max, memory = excluded.memory,
            memory_limit = excluded.memory_limit, pids = excluded.pids, received = excluded.received, sent = excluded.sent,
            read_bytes = excluded.read_bytes, written_bytes = excluded.written_bytes";
        let work = async {
            let mut transaction = self.pool().begin().await?;
            for (container, point) in points {
                let query = sqlx::query(text).bind(container.as_str()).bind(point.at.as_second()).bind(i64::from(point.seconds));
                let query = query.bind(point.cpu_percent).bind(point.cpu_percent_max).bind(signed(point.memory_bytes)).bind(signed(point.memory_limit_bytes));
                let query = query.bind(signed(point.pids)).bind(signed(point.network_bytes.0)).bind(signed(point.network_bytes.1));
                query.bind(signed(point.block_bytes.0)).bind(signed(point.block_bytes.1)).execute(&mut *transaction).await?;
            }
            transaction.commit().await
        };
        work.await.map_err(|error| self.fault(error))
    }

    /// The points of a container that end after a time, oldest first.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn list_stats(&self, container: &ContainerId, since: Timestamp) -> Result<Vec<StatsPoint>> {
        let text = "SELECT at, seconds, cpu, cpu_max, memory, memory_limit, pids, received, sent, read_bytes, written_bytes FROM stats
            WHERE container = $1 AND at + seconds > $2 ORDER BY at";
        let query = sqlx::query(text).bind(container.as_str()).bind(since.as_second());
        let rows = query.fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        rows.iter().map(|row| self.read(|| point(row))).collect()
    }

    /// Forgets the points that began before a time.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn forget_stats(&self, before: Timestamp) -> Result<()> {
        sqlx::query("DELETE FROM stats WHERE at < $1").bind(before.as_second()).execute(self.pool()).await.map(drop).map_err(|error| self.fault(error))
    }

    /// Forgets the points of a container.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn forget_stats_of(&self, container: &ContainerId) -> Result<()> {
        let query = sqlx::query("DELETE FROM stats WHERE container = $1").bind(container.as_str());
        query.execute(self.pool()).await.map(drop).map_err(|error| self.fault(error))
    }
}

fn point(row: &AnyRow) -> sqlx::Result<StatsPoint> {
    let number = |column: usize| row.try_get::<i64, _>(column).map(|value| u64::try_from(value).unwrap_or(0));
    Ok(StatsPoint {
        at: Timestamp::from_second(row.try_get(0)?).unwrap_or(Timestamp::UNIX_EPOCH),
        seconds: u32::try_from(number(1)?).unwrap_or(0),
        cpu_percent: row.try_get(2)?,
        cpu_percent_max: row.try_get(3)?,
        memory_bytes: number(4)?,
        memory_limit_bytes: number(5)?,
        pids: number(6)?,
        network_bytes: (number(7)?, number(8)?),
        block_bytes: (number(9)?, number(10)?),
    })
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
