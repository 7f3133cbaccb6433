//! Commands that were run in terminals, to be found and pasted again.
use super::app::App;
use super::msg::Effect;
use super::msg::Request;
use super::parts::confirm::Confirm;
use super::parts::history::HistoryList;
use super::parts::typing;
use crate::client::Client;
use crate::error::Result;
use crate::model::CommandPage;
use crate::model::CommandQuery;
use crate::model::ListCommands;
use crate::model::ListQuery;
use crate::model::ListSessionCommands;
use crate::model::SessionId;

/// Commands on a page, and pages that are looked through: as many as a session has at most.
const PAGE: u32 = 500;
const PAGES: usize = 4;

/// Which commands are wished for: those of this session, or of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryWish(pub Option<SessionId>);

/// Asks for them.
#[must_use]
pub fn wish(session: Option<SessionId>) -> Effect {
    Effect::Request(Request::History(Box::new(HistoryWish(session))))
}

/// The newest of them.
pub(super) async fn ask(client: &Client, wish: &HistoryWish) -> Result<CommandPage> {
    let mut all = CommandPage::default();
    for _ in 0..PAGES {
        let (limit, cursor) = (Some(PAGE), all.next_cursor.take());
        let page = match &wish.0 {
            Some(session) => client.call::<ListSessionCommands>(&[session.as_str()], &ListQuery { limit, cursor, ..ListQuery::default() }).await?,
            None => client.call::<ListCommands>(&[], &CommandQuery { limit, cursor, ..CommandQuery::default() }).await?,
        };
        all.items.extend(page.items);
        all.missing = all.missing.or(page.missing);
        all.next_cursor = page.next_cursor;
        if all.next_cursor.is_none() {
            break;
        }
    }
    Ok(all)
}

impl App {
    /// Shows what was run, in the focused terminal or in all.
    pub(super) fn show_history(&mut self, own: bool) -> Vec<Effect> {
        let pane = self.work.focused().and_then(|pane| Some((pane.session.clone()?, pane.origin.name.clone())));
        let list = HistoryList::new(pane, !own);
        let asked = list.ask();
        self.overlays.push(Box::new(list));
        vec![asked]
    }

    /// Types a command at the prompt of the pane that had the focus last, without running it; asks first where each of its lines would be run.
    pub(super) fn paste_command(&mut self, text: String) -> Vec<Effect> {
        let mut effects = self.work.leave_scroll();
        if self.work.runs_each_line(&text) {
            self.overlays.push(Box::new(Confirm::new(typing::each_line(text))));
        } else {
            effects.extend(self.paste_text(&text));
        }
        effects
    }
}
