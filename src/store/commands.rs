//! Commands that shells ran in sessions.
use super::Store;
use super::time;
use crate::error::Result;
use crate::model::CommandId;
use crate::model::CommandNote;
use crate::model::SessionCommand;
use crate::model::SessionId;
use jiff::Timestamp;
use sqlx::AnyConnection;
use sqlx::Row as _;
use sqlx::any::AnyRow;
use std::collections::BTreeSet;

/// Commands that are kept of a session; of more the newest.
const MOST_OF_SESSION: i64 = 2_000;
/// Commands that are kept in all; of more the newest.
const MOST: i64 = 200_000;

/// Whole rows, of those that fit.
macro_rules! commands {
    ($which:literal) => {
        concat!(
            "SELECT id, number, session, container, container_name, owner, line, cut, directory, place, started_at, ended_at, exit_code FROM commands ",
            $which
        )
    };
}

/// Which commands are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct CommandFilter<'a> {
    /// Of this session.
    pub session: Option<&'a str>,
    /// Of the container with this name, or an id that begins so.
    pub container: Option<&'a str>,
    /// With this text.
    pub text: Option<&'a str>,
    /// After this one, in the order of the list.
    pub after: Option<&'a str>,
    /// The oldest come first, and not the newest.
    pub oldest_first: bool,
}

impl Store {
    /// Notes what was heard. What was noted already, by a server that heard the same output, stays as it was.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn note_commands(&self, notes: &[CommandNote]) -> Result<()> {
        let work = async {
            let mut transaction = self.pool().begin().await?;
            let mut sessions = BTreeSet::new();
            for note in notes {
                match note {
                    CommandNote::Began(command) => {
                        sessions.insert(command.session.as_str());
                        begin(&mut transaction, command).await?;
                    }
                    CommandNote::Ended { session, at, exit_code } => {
                        let text = "UPDATE commands SET ended_at = $2, exit_code = $3 WHERE ended_at IS NULL
                            AND id = (SELECT id FROM commands WHERE session = $1 ORDER BY id DESC LIMIT 1)";
                        let query = sqlx::query(text).bind(session.as_str()).bind(at.as_microsecond()).bind(*exit_code);
                        query.execute(&mut *transaction).await?;
                    }
                }
            }
            let text = "DELETE FROM commands WHERE session = $1 AND id <= (SELECT id FROM commands WHERE session = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)";
            for session in sessions {
                sqlx::query(text).bind(session).bind(MOST_OF_SESSION).execute(&mut *transaction).await?;
            }
            transaction.commit().await
        };
        work.await.map_err(|error| self.fault(error))
    }

    /// At most `limit` commands, newest first where the filter does not say otherwise.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn list_commands(&self, filter: CommandFilter<'_>, limit: u32) -> Result<Vec<SessionCommand>> {
        let (than, direction, edge) = super::onward(!filter.oldest_first);
        let which = "words LIKE $2 AND ($3 = '' OR session = $3) AND ($4 = '' OR container_name = $4 OR container LIKE $5)";
        let text = format!("{} WHERE id {than} $1 AND {which} ORDER BY id {direction} LIMIT $6", commands!(""));
        let container = filter.container.unwrap_or_default();
        let is_id = container.len() >= 4 && container.bytes().all(|byte| byte.is_ascii_hexdigit());
        let by_id = if is_id { format!("{}%", container.to_lowercase()) } else { String::new() };
        let query = sqlx::query(sqlx::AssertSqlSafe(text)).bind(filter.after.unwrap_or(edge));
        let query = query.bind(super::like(filter.text)).bind(filter.session.unwrap_or_default());
        let query = query.bind(container).bind(by_id).bind(i64::from(limit));
        let rows = query.fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        rows.iter().map(|row| self.command(row)).collect()
    }

    /// The commands of a session whose numbers are in this range, oldest first.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn commands_of(&self, session: &SessionId, from: u64, to: u64) -> Result<Vec<SessionCommand>> {
        let text = commands!("WHERE session = $1 AND number >= $2 AND number <= $3 ORDER BY id");
        let query = sqlx::query(text).bind(session.as_str()).bind(signed(from)).bind(signed(to));
        let rows = query.fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        rows.iter().map(|row| self.command(row)).collect()
    }

    /// Forgets the commands that were run before a time, and the oldest of too many.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn forget_commands(&self, before: Timestamp) -> Result<()> {
        let old = sqlx::query("DELETE FROM commands WHERE started_at < $1").bind(before.as_microsecond());
        old.execute(self.pool()).await.map_err(|error| self.fault(error))?;
        let many = sqlx::query("DELETE FROM commands WHERE id <= (SELECT id FROM commands ORDER BY id DESC LIMIT 1 OFFSET $1)").bind(MOST);
        many.execute(self.pool()).await.map(drop).map_err(|error| self.fault(error))
    }

    fn command(&self, row: &AnyRow) -> Result<SessionCommand> {
        let unsigned = |column: usize| row.try_get::<i64, _>(column).map(|value| u64::try_from(value).unwrap_or(0));
        let text = |column: usize| row.try_get::<String, _>(column);
        let read = || {
            let ids = (CommandId(text(0)?), SessionId(text(2)?), text(3)?.into(), text(4)?, text(5)?);
            let what = (unsigned(1)?, text(6)?, unsigned(7)? != 0, row.try_get::<Option<String>, _>(8)?, unsigned(9)?);
            Ok((ids, what, (row.try_get::<i64, _>(10)?, row.try_get::<Option<i64>, _>(11)?, row.try_get::<Option<i64>, _>(12)?)))
        };
        let ((id, session, container, container_name, owner), (number, text, cut, directory, offset), (started, ended, exit_code)) = self.read(read)?;
        let (started_at, ended_at) = (time(started)?, ended.map(time).transpose()?);
        Ok(SessionCommand { id, number, session, container, container_name, owner, text, cut, directory, offset, started_at, ended_at, exit_code })
    }
}

async fn begin(connection: &mut AnyConnection, command: &SessionCommand) -> sqlx::Result<()> {
    let text = "INSERT INTO commands (id, number, session, container, container_name, owner, line, words, cut, directory, place, started_at)
        VALUES ($1, (SELECT coalesce(max(number), 0) + 1 FROM commands WHERE session = $2), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (session, place) DO NOTHING";
    let query = sqlx::query(text).bind(command.id.as_str()).bind(command.session.as_str()).bind(command.container.as_str());
    let query = query.bind(command.container_name.as_str()).bind(command.owner.as_str()).bind(command.text.as_str()).bind(command.text.to_lowercase());
    let query = query.bind(i64::from(command.cut)).bind(command.directory.as_deref()).bind(signed(command.offset));
    query.bind(command.started_at.as_microsecond()).execute(connection).await.map(drop)
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
