//! What is kept: the only room with SQL, one set of portable queries for SQLite and PostgreSQL.
//!
//! Rules that make one query fit both: TEXT, BIGINT and BYTEA columns only, `$1` placeholders, `ON CONFLICT`, read-modify-write by
//! `UPDATE … WHERE version = $n` and a look at the number of rows.
mod accounts;
mod audit;
mod commands;
mod fault;
mod hooks;
mod idempotency;
mod layouts;
mod logins;
mod notices;
mod plugins;
mod recordings;
mod runs;
mod schedules;
mod sessions;
mod shares;
mod stats;
mod triggers;

pub use audit::AuditNote;
pub use commands::CommandFilter;
pub use hooks::Claimed;
pub use hooks::KeptSecret;
pub use idempotency::Claim;
pub use logins::Login;
pub use plugins::PluginRow;
pub use runs::Orphan;
pub use schedules::FireKey;
pub use schedules::Holder;
pub use schedules::NextDue;
pub use sessions::SessionRow;
pub use triggers::FireClaim;

use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use jiff::Timestamp;
use percent_encoding::AsciiSet;
use percent_encoding::NON_ALPHANUMERIC;
use percent_encoding::utf8_percent_encode;
use sqlx::AnyPool;
use sqlx::Executor as _;
use sqlx::any::AnyPoolOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("src/store/migrations");
/// How long a query waits for a connection, and SQLite for another writer.
const WAIT: Duration = Duration::from_secs(5);
/// What each connection to SQLite is told. A cache of 512 KiB each is plenty for small tables.
const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 5000; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -512;";

/// The store. Cheap to clone; a clone is the same.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    pool: AnyPool,
    place: Place,
    /// The database's own.
    id: String,
    /// One append at a time, across awaits: each audit row's hash covers the row before it.
    tail: tokio::sync::Mutex<Option<audit::Tail>>,
    /// Rows that are written next. A std mutex: never held across an await.
    waiting: std::sync::Mutex<Vec<audit::Waiting>>,
}

/// Where a database is, for messages: without any password.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    File(PathBuf),
    Server(String),
}

impl Store {
    /// Opens the database at `place`, a path or `sqlite:PATH` or `postgres://…`, and brings it up to date.
    ///
    /// # Errors
    /// `store_failed` when it can't be reached or is newer than this cto; `disk_full`.
    pub async fn open(place: &str) -> Result<Self> {
        sqlx::any::install_default_drivers();
        let (place, url) = if place.starts_with("postgres://") || place.starts_with("postgresql://") {
            (Place::Server(without_password(place)), place.to_owned())
        } else if let Some((scheme, _)) = place.split_once("://").filter(|(scheme, _)| *scheme != "sqlite") {
            let error = Error::invalid(format!("'{scheme}' is no database that cto can use"));
            return Err(error.fix("give a path, 'sqlite:PATH' or 'postgres://USER@HOST/DATABASE'"));
        } else {
            let path = place.strip_prefix("sqlite://").or_else(|| place.strip_prefix("sqlite:")).unwrap_or(place);
            let path = std::path::absolute(path).map_err(|error| Error::invalid(format!("cannot use '{path}' as a database: {error}")))?;
            private_file(&path)?;
            let url = sqlite_url(&path);
            (Place::File(path), url)
        };
        let is_file = matches!(place, Place::File(_));
        let options = AnyPoolOptions::new().max_connections(if is_file { 3 } else { 8 }).acquire_timeout(WAIT).idle_timeout(Duration::from_secs(60));
        let options = options.after_connect(move |connection, _| {
            Box::pin(async move {
                if is_file {
                    connection.execute(PRAGMAS).await?;
                }
                Ok(())
            })
        });
        let pool = options.connect(&url).await.map_err(|error| fault::of(&place, error))?;
        MIGRATIONS.run(&pool).await.map_err(|error| fault::of_migration(&place, error))?;
        let id = own_id(&pool).await.map_err(|error| fault::of(&place, error))?;
        Ok(Self(Arc::new(Inner { pool, place, id, tail: tokio::sync::Mutex::new(None), waiting: std::sync::Mutex::default() })))
    }

    /// The database's own id: random, and the same for every server that uses it, at any time.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// Whether it answers.
    ///
    /// # Errors
    /// Why not.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query("SELECT 1").fetch_one(self.pool()).await.map(drop).map_err(|error| self.fault(error))
    }

    /// How many connections are open, and how many of them nobody uses at the moment.
    #[must_use]
    pub fn connections(&self) -> (u32, u32) {
        (self.0.pool.size(), u32::try_from(self.0.pool.num_idle()).unwrap_or(u32::MAX))
    }

    /// Ends all connections, after which SQLite's file is whole by itself.
    pub async fn close(&self) {
        self.0.pool.close().await;
    }

    fn pool(&self) -> &AnyPool {
        &self.0.pool
    }

    /// Removes what has this id, with `replaces` only in that version. False where nothing is as it says.
    async fn remove_version(&self, table: &'static str, id: &str, replaces: Option<i64>) -> Result<bool> {
        let text = format!("DELETE FROM {table} WHERE id = $1 AND version = COALESCE(CAST($2 AS BIGINT), version)");
        let query = sqlx::query(sqlx::AssertSqlSafe(text)).bind(id).bind(replaces);
        Ok(query.execute(self.pool()).await.map_err(|error| self.fault(error))?.rows_affected() > 0)
    }

    /// Reads columns of a row.
    fn read<T>(&self, read: impl FnOnce() -> sqlx::Result<T>) -> Result<T> {
        read().map_err(|error| self.fault(error))
    }

    fn fault(&self, error: sqlx::Error) -> Error {
        fault::of(&self.0.place, error)
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Store").field(&self.0.place).finish()
    }
}

/// The id of this database, made once; of several servers that open it for the first time together, one makes it.
async fn own_id(pool: &AnyPool) -> sqlx::Result<String> {
    let made = sqlx::query("INSERT INTO server (name, value) VALUES ('id', $1) ON CONFLICT (name) DO NOTHING");
    made.bind(uuid::Uuid::now_v7().simple().to_string()).execute(pool).await?;
    sqlx::query_scalar("SELECT value FROM server WHERE name = 'id'").fetch_one(pool).await
}

/// Makes the file, readable by its owner only: it holds the hashes of tokens.
fn private_file(path: &Path) -> Result<()> {
    let opened = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    opened.map(drop).map_err(|error| fault::of_file(path, error))
}

/// All that is reserved in URLs, without what parts a path.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn sqlite_url(path: &Path) -> String {
    format!("sqlite://{}?mode=rwc", utf8_percent_encode(&path.to_string_lossy(), RESERVED))
}

fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let rest = rest.split('?').next().unwrap_or_default();
    match rest.rsplit_once('@') {
        Some((user, host)) => format!("{scheme}://{}@{host}", user.split(':').next().unwrap_or_default()),
        None => format!("{scheme}://{rest}"),
    }
}

/// A pattern that finds `text` anywhere, or everything where none is given.
fn like(text: Option<&str>) -> String {
    // Without escapes, `%` and `_` would find more than is asked for; both databases take `_` for any one character instead.
    format!("%{}%", text.unwrap_or_default().to_lowercase().replace('%', "_"))
}

/// How a list by ids goes on from one of them: the comparison, the direction, and what stands before the first.
fn onward(newest_first: bool) -> (&'static str, &'static str, &'static str) {
    if newest_first { ("<", "DESC", "~") } else { (">", "ASC", "") }
}

fn time(micros: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|error| Error::new(Code::StoreFailed, format!("a time in the database is wrong: {error}")))
}

fn role(text: &str) -> Result<crate::model::Role> {
    text.parse().map_err(|error| Error::new(Code::StoreFailed, format!("a role in the database is wrong: {error}")))
}

fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| Error::new(Code::StoreFailed, format!("a row of the database can't be read: {error}")))
}

fn to_json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("plain data always becomes JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_stay_out_of_messages_and_odd_paths_work() {
        assert_eq!(without_password("postgres://me:secret@db:5432/cto?sslmode=require"), "postgres://me@db:5432/cto");
        assert_eq!(sqlite_url(Path::new("/a b/ü?.db")), "sqlite:///a%20b/%C3%BC%3F.db?mode=rwc");
    }
}
