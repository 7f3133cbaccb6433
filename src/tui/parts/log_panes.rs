//! The panes of the workspace that show logs.
use super::workspace::Workspace;
use crate::tui::command::CommandId;
use crate::tui::command::command;
use crate::tui::component::Context;
use crate::tui::logs::News;
use crate::tui::logs::store::MOST_BYTES;
use crate::tui::msg::Ask;
use crate::tui::msg::Effect;
use crate::tui::msg::PaneId;
use crate::tui::msg::ToastKind;
use std::time::Duration;

impl Workspace {
    /// Takes in what a reader of logs tells.
    pub fn hear_log(&mut self, pane: PaneId, news: News, cx: &Context) -> Vec<Effect> {
        if let Some(log) = self.panes.get_mut(&pane).and_then(|pane| pane.log.as_mut()) {
            log.hear(news, cx);
        }
        self.shrink_logs(MOST_BYTES);
        Vec::new()
    }

    /// Drops the oldest lines of the largest logs until all take no more than this, in bytes.
    pub(super) fn shrink_logs(&mut self, most: usize) {
        loop {
            let logs = self.panes.values_mut().filter_map(|pane| pane.log.as_mut());
            let (mut all, mut largest) = (0, None);
            for log in logs {
                let bytes = log.bytes();
                all += bytes;
                if largest.as_ref().is_none_or(|(most, _)| bytes > *most) {
                    largest = Some((bytes, log));
                }
            }
            match largest {
                Some((bytes, log)) if all > most && bytes > 0 => log.shrink(),
                _ => return,
            }
        }
    }

    /// Looks through a slice of each log that has something to look through.
    pub fn step_logs(&mut self, cx: &Context) -> Vec<Effect> {
        self.panes.values_mut().filter_map(|pane| pane.log.as_mut()).flat_map(|log| log.step(cx)).collect()
    }

    /// Marks in the logs what happened to their containers.
    pub fn look_logs(&mut self, cx: &Context) -> Vec<Effect> {
        let logs = self.panes.values_mut().filter_map(|pane| pane.log.as_mut().map(|log| (pane.id, log)));
        logs.flat_map(|(pane, log)| log.look(pane, cx)).collect()
    }

    pub(super) fn reconnect_logs(&mut self, all: bool, now: Duration) -> Vec<Effect> {
        let logs = self.panes.values_mut().filter_map(|pane| pane.log.as_mut().map(|log| (pane.id, log)));
        logs.flat_map(|(pane, log)| log.reconnect(pane, all, now)).collect()
    }

    /// Does a command of the focused log.
    pub(super) fn run_log(&mut self, id: CommandId, cx: &Context) -> Vec<Effect> {
        let focus = self.focused().filter(|pane| pane.log.is_some()).map(|pane| pane.id);
        let Some(focus) = focus else {
            return vec![Effect::Ask(Ask::Toast(ToastKind::Info, format!("'{}' needs a log", command(id).name)))];
        };
        match id {
            CommandId::LogClose => self.remove(focus, cx),
            CommandId::LogZoom => self.zoom(cx),
            id => {
                let log = self.panes.get_mut(&focus).and_then(|pane| pane.log.as_mut());
                log.and_then(|log| log.run(id, focus, cx)).unwrap_or_default()
            }
        }
    }
}
