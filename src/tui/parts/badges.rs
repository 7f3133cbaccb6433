//! What happened in a pane while nobody looked, and what a tab is in the middle of: a sign each, and a word where there is room.
use super::tab::Tab;
use super::terminal::PaneState;
use super::terminal::TerminalPane;
use super::workspace::Workspace;
use crate::model::ContainerId;
use crate::model::ExitReason;
use crate::tui::component::Context;
use crate::tui::msg::PaneId;
use crate::tui::theme::Role;
use std::collections::BTreeMap;
use std::time::Duration;

/// What a program draws this soon after its terminal was made another size is no news.
const REDRAWS: Duration = Duration::from_secs(1);

/// One of them. The order is that of their weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Badge {
    /// The bell rang.
    Bell,
    /// The program ended badly, or never began.
    Failed,
    /// The program ended.
    Ended,
    /// Something was printed.
    Activity,
    /// What is typed goes to all panes of the tab.
    Typing,
    /// The focused pane fills the window.
    Zoomed,
    /// A pane floats above the others.
    Floating,
    /// It is marked to be taken elsewhere.
    Marked,
}

impl Badge {
    /// All, as the help tells them.
    pub const ALL: [Self; 8] = [Self::Bell, Self::Failed, Self::Ended, Self::Activity, Self::Typing, Self::Zoomed, Self::Floating, Self::Marked];

    /// One column; as in tmux where that has one for the same.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Bell => "!",
            Self::Failed => "✖",
            Self::Ended => "○",
            Self::Activity => "#",
            Self::Typing => "⇉",
            Self::Zoomed => "Z",
            Self::Floating => "*",
            Self::Marked => "◆",
        }
    }

    /// One word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Bell => "bell",
            Self::Failed => "failed",
            Self::Ended => "ended",
            Self::Activity => "activity",
            Self::Typing => "typing",
            Self::Zoomed => "zoomed",
            Self::Floating => "floating",
            Self::Marked => "marked",
        }
    }

    /// What it means, for the help.
    #[must_use]
    pub fn means(self) -> &'static str {
        match self {
            Self::Bell => "the bell rang in a pane; until that has the focus",
            Self::Failed => "a program ended badly; until its pane has the focus",
            Self::Ended => "a program ended; until its pane has the focus, or all of the tab have ended",
            Self::Activity => "something was printed in a pane that is not seen",
            Self::Typing => "what is typed goes to all panes of the tab",
            Self::Zoomed => "one pane fills the window",
            Self::Floating => "the tab has a floating pane",
            Self::Marked => "the pane is marked to be taken into another tab",
        }
    }

    /// Its colour, which says nothing that the sign does not.
    #[must_use]
    pub fn role(self) -> Role {
        match self {
            Self::Bell | Self::Typing => Role::Warn,
            Self::Failed => Role::Error,
            Self::Activity | Self::Marked => Role::Info,
            Self::Ended | Self::Zoomed | Self::Floating => Role::Muted,
        }
    }

    /// Sign and word: `! bell`.
    #[must_use]
    pub fn told(self) -> String {
        format!("{} {}", self.sign(), self.word())
    }
}

/// These with their words, as ` ! bell # activity`; for those who have the screen read to them `, bell, activity`.
#[must_use]
pub fn in_words(badges: &[Badge], plain: bool) -> String {
    badges.iter().map(|badge| if plain { format!(", {}", badge.word()) } else { format!(" {}", badge.told()) }).collect()
}

/// Their signs alone: `!#`.
#[must_use]
pub fn signs(badges: &[Badge]) -> String {
    badges.iter().map(|badge| badge.sign()).collect()
}

/// What happened in a pane since it was seen last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unseen {
    /// The bell rang.
    pub bell: bool,
    /// Something was printed.
    pub activity: bool,
    /// The program ended.
    pub ended: bool,
}

impl TerminalPane {
    /// What happened in it since it was seen.
    #[must_use]
    pub fn badges(&self) -> Vec<Badge> {
        let Unseen { bell, activity, ended } = self.unseen;
        let all = [(bell, Badge::Bell), (ended, self.end()), (activity && !ended, Badge::Activity)];
        all.into_iter().filter_map(|(on, badge)| on.then_some(badge)).collect()
    }

    /// How its end is told.
    #[must_use]
    pub fn end(&self) -> Badge {
        let badly = match &self.state {
            PaneState::Failed(_) => true,
            PaneState::Ended(Some(exit)) => {
                matches!(exit.reason, ExitReason::OomKilled | ExitReason::Lost) || exit.reason == ExitReason::Exited && exit.code.unwrap_or(0) != 0
            }
            _ => false,
        };
        if badly { Badge::Failed } else { Badge::Ended }
    }
}

impl Workspace {
    /// What is to be told of a tab.
    #[must_use]
    pub fn tab_badges(&self, tab: &Tab) -> Vec<Badge> {
        let panes: Vec<&TerminalPane> = tab.panes().into_iter().filter_map(|pane| self.panes.get(&pane)).collect();
        let mut badges: Vec<Badge> = panes.iter().flat_map(|pane| pane.badges()).collect();
        if !panes.is_empty() && panes.iter().all(|pane| pane.is_over()) {
            badges.extend(panes.iter().map(|pane| pane.end()));
        }
        badges.extend(tab.synced.then_some(Badge::Typing));
        badges.extend(tab.is_zoomed().then_some(Badge::Zoomed));
        badges.extend(tab.floating.map(|_| Badge::Floating));
        badges.extend(self.marked.filter(|pane| tab.contains(*pane)).map(|_| Badge::Marked));
        badges.sort_unstable();
        badges.dedup();
        badges
    }

    /// What is to be told of a pane of this tab.
    #[must_use]
    pub fn pane_badges(&self, tab: &Tab, pane: PaneId) -> Vec<Badge> {
        let mut badges = self.panes.get(&pane).map(TerminalPane::badges).unwrap_or_default();
        badges.extend(tab.is_floating(pane).then_some(Badge::Floating));
        badges.extend((self.marked == Some(pane)).then_some(Badge::Marked));
        badges
    }

    /// What is to be told of containers whose terminals are open here.
    #[must_use]
    pub fn container_badges(&self) -> BTreeMap<ContainerId, Vec<Badge>> {
        let mut all: BTreeMap<ContainerId, Vec<Badge>> = BTreeMap::new();
        for tab in &self.tabs {
            for pane in tab.panes().into_iter().filter_map(|pane| self.panes.get(&pane)).filter(|pane| pane.log.is_none()) {
                let typing = (tab.synced && !tab.is_floating(pane.id)).then_some(Badge::Typing);
                let badges: Vec<Badge> = pane.badges().into_iter().chain(typing).collect();
                if !badges.is_empty() {
                    all.entry(pane.origin.container.clone()).or_default().extend(badges);
                }
            }
        }
        for badges in all.values_mut() {
            badges.sort_unstable();
            badges.dedup();
        }
        all
    }

    /// Whether whoever sits there has this pane before their eyes and their fingers.
    pub(super) fn is_watched(&self, pane: PaneId) -> bool {
        self.terminal_focus && self.tab().is_some_and(|tab| tab.focus == pane)
    }

    /// A pane's program printed something; returns whether that is news.
    pub fn printed(&mut self, pane: PaneId, cx: &Context) -> bool {
        let seen = self.on_screen && self.frames(self.area).iter().any(|framed| framed.pane == pane);
        let Some(own) = self.panes.get_mut(&pane).filter(|own| !seen && !own.unseen.activity) else { return false };
        own.unseen.activity = cx.now.since_start > own.sized_at + REDRAWS;
        own.unseen.activity
    }

    /// What is seen now is no news any more.
    pub(super) fn look(&mut self) {
        if !self.on_screen {
            return;
        }
        for framed in self.frames(self.area) {
            let watched = self.is_watched(framed.pane);
            if let Some(pane) = self.panes.get_mut(&framed.pane) {
                pane.unseen.activity = false;
                if watched {
                    pane.unseen = Unseen::default();
                }
            }
        }
    }
}
