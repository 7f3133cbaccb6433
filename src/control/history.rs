//! Which commands were run in sessions.
use super::Control;
use super::paging::Wanted;
use crate::access::Actor;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::CommandNote;
use crate::model::CommandPage;
use crate::model::CommandQuery;
use crate::model::ListQuery;
use crate::model::Orders;
use crate::model::SessionCommand;
use crate::store::CommandFilter;
use jiff::SignedDuration;
use jiff::Timestamp;

/// Why nothing is known of a session's commands.
const UNMARKED: &str = "its shell does not mark its commands (OSC 133): see 'cto history setup'";

impl Control {
    /// Commands of all sessions, newest first where they are not asked for the other way round.
    ///
    /// # Errors
    /// `forbidden`, `invalid_value`, `store_failed`.
    pub async fn list_commands(&self, actor: &Actor, query: CommandQuery) -> Result<CommandPage> {
        Self::may(actor, Action::ReadSessions)?;
        let container = query.container.filter(|container| !container.is_empty());
        let list = ListQuery { limit: query.limit, cursor: query.cursor, q: query.q, sort: query.sort };
        self.commands_page(&list, CommandFilter { container: container.as_deref(), ..CommandFilter::default() }).await
    }

    /// Commands of a session, newest first where they are not asked for the other way round; also of one that is forgotten.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid_value`, `store_failed`.
    pub async fn list_session_commands(&self, actor: &Actor, id: &str, query: ListQuery) -> Result<CommandPage> {
        Self::may(actor, Action::ReadSessions)?;
        let mut page = self.commands_page(&query, CommandFilter { session: Some(id), ..CommandFilter::default() }).await?;
        if page.items.is_empty() {
            match self.sessions().find(id) {
                Some(session) => page.missing = session.is_unmarked().then(|| UNMARKED.to_owned()),
                None if !self.has_commands(id).await? => return Err(Error::not_found("session", id).fix("'cto sessions' lists them")),
                None => {}
            }
        }
        Ok(page)
    }

    /// The commands of a session in the order in which they were run, those with these numbers.
    ///
    /// # Errors
    /// `forbidden`, `store_failed`.
    pub async fn commands_in_order(&self, actor: &Actor, id: &str, from: Option<u64>, to: Option<u64>) -> Result<Vec<SessionCommand>> {
        Self::may(actor, Action::ReadSessions)?;
        self.parts().store.commands_of(&id.into(), from.unwrap_or(0), to.unwrap_or(u64::MAX)).await
    }

    async fn has_commands(&self, session: &str) -> Result<bool> {
        let filter = CommandFilter { session: Some(session), ..CommandFilter::default() };
        Ok(!self.parts().store.list_commands(filter, 1).await?.is_empty())
    }

    async fn commands_page(&self, query: &ListQuery, filter: CommandFilter<'_>) -> Result<CommandPage> {
        let wanted = Wanted::of(query, Orders::COMMANDS)?;
        let (after, newest_first, limit) = wanted.of_long_store();
        let filter = CommandFilter { text: wanted.text.as_deref(), after, oldest_first: !newest_first, ..filter };
        let found = self.parts().store.list_commands(filter, limit).await?;
        let page = wanted.cut(found, |command| command.id.to_string());
        Ok(CommandPage { items: page.items, next_cursor: page.next_cursor, missing: None })
    }

    /// Keeps what was heard of commands, where they are to be kept.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn note_commands(&self, notes: &[CommandNote]) -> Result<()> {
        if self.settings().retention.commands_days == 0 { Ok(()) } else { self.parts().store.note_commands(notes).await }
    }

    /// Forgets commands that are too old.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn forget_old_commands(&self) -> Result<()> {
        let days = self.settings().retention.commands_days;
        self.parts().store.forget_commands(Timestamp::now() - SignedDuration::from_hours(24 * i64::from(days))).await
    }
}
