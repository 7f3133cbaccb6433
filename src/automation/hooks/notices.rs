//! Messages for people, to the clients of every server of the same database.
use super::Automation;
use crate::error::Result;
use crate::model::Event;
use jiff::SignedDuration;
use jiff::Timestamp;
use std::collections::HashSet;

/// A message of another server's is shown when it is not older than this. Clocks may be off by less.
const FRESH: SignedDuration = SignedDuration::from_secs(60);

/// What was heard of other servers.
pub(super) struct Heard {
    since: Timestamp,
    ids: HashSet<String>,
}

impl Heard {
    /// What is older than `since` is not shown any more.
    pub(super) fn new(since: Timestamp) -> Self {
        Self { since, ids: HashSet::new() }
    }
}

impl Automation {
    /// Shows a message to clients of this server, and lets others show it to theirs.
    pub(super) async fn notify(&self, notice: Event) {
        self.control().parts().bus.publish(notice.clone());
        if !self.store().is_shared() {
            return;
        }
        if let Err(error) = self.store().add_notice(self.control().boot_id(), Timestamp::now(), &notice).await {
            tracing::warn!(%error, "clients of other servers are not shown a message");
        }
    }

    /// Shows what other servers have shown to their clients since the last look.
    pub(super) async fn hear_notices(&self, heard: &mut Heard, now: Timestamp) -> Result<()> {
        if !self.store().is_shared() {
            return Ok(());
        }
        let since = heard.since.max(now - FRESH);
        let notices = self.store().notices_of_others(self.control().boot_id(), since).await?;
        let known = std::mem::replace(&mut heard.ids, notices.iter().map(|(id, _)| id.clone()).collect());
        for (id, notice) in notices {
            if !known.contains(&id) {
                self.control().parts().bus.publish(notice);
            }
        }
        Ok(())
    }
}
