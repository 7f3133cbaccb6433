//! Panels of plugins, beside the other details of a container: asked for while they are seen.
use super::graph;
use super::text;
use crate::model::Container;
use crate::model::ContainerId;
use crate::model::PluginLines;
use crate::model::PluginTarget;
use crate::tui::component::Context;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::msg::Reply;
use crate::tui::msg::Request;
use crate::tui::plugins;
use crate::tui::plugins::PluginReply;
use crate::tui::plugins::PluginWish;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use std::time::Duration;

/// They are asked for anew this often.
const AGAIN: Duration = Duration::from_secs(5);

/// What was read last, and what is asked for now.
#[derive(Clone, Debug, Default)]
pub(super) struct Panels {
    read: Option<(PluginWish, Result<PluginLines, String>)>,
    asked: Option<PluginWish>,
    at: Duration,
}

impl Panels {
    /// What asks for a panel; none where it is for a container and none is selected.
    fn wish(plugin: &str, panel: &str, selected: Option<&ContainerId>, cx: &Context) -> Option<PluginWish> {
        let known = cx.data.plugins.panels().find(|(known, one)| known.name == plugin && one.name == panel)?.1;
        let container = match known.on {
            PluginTarget::None => None,
            PluginTarget::Container => Some(selected?.clone()),
        };
        Some(PluginWish::Panel(plugin.to_owned(), panel.to_owned(), container))
    }

    /// Takes in an answer.
    pub(super) fn take(&mut self, msg: &Msg, cx: &Context) {
        let Msg::Reply(request, result) = msg else { return };
        let Request::Plugins(wish) = &**request else { return };
        if !matches!(**wish, PluginWish::Panel(..)) {
            return;
        }
        let told = match result {
            Ok(Reply::Plugins(reply)) => match &**reply {
                PluginReply::Panel(lines) => Ok(lines.clone()),
                _ => return,
            },
            Ok(_) => return,
            Err(problem) => Err(problem.detail.clone()),
        };
        if self.asked.as_ref() == Some(&**wish) {
            self.asked = None;
        }
        self.read = Some(((**wish).clone(), told));
        self.at = cx.now.since_start;
    }

    /// What is to be asked for while this panel is seen.
    pub(super) fn due(&mut self, plugin: &str, panel: &str, selected: Option<&ContainerId>, cx: &Context) -> Option<Effect> {
        let Some(wish) = Self::wish(plugin, panel, selected, cx) else {
            // There is nothing to ask for now.
            self.at = cx.now.since_start;
            return None;
        };
        let known = self.read.as_ref().is_some_and(|(of, _)| *of == wish) && cx.now.since_start.saturating_sub(self.at) < AGAIN;
        if known || self.asked.as_ref() == Some(&wish) {
            return None;
        }
        self.asked = Some(wish.clone());
        Some(plugins::wish(wish))
    }

    /// When that is; none while an answer is waited for.
    pub(super) fn next(&self) -> Option<Duration> {
        self.asked.is_none().then(|| self.at + AGAIN)
    }

    /// Draws the panel.
    pub(super) fn draw(&self, plugin: &str, panel: &str, container: &Container, frame: &mut Frame, body: Rect, cx: &Context) {
        let buffer = frame.buffer_mut();
        let muted = cx.theme.style(Role::Muted);
        let Some(wish) = Self::wish(plugin, panel, Some(&container.id), cx) else { return };
        let lines = match self.read.as_ref().filter(|(of, _)| *of == wish) {
            None => return graph::middle(buffer, body, "asking the server …", muted),
            Some((_, Err(why))) => return graph::middle(buffer, body, &format!("{why}; it is tried again"), muted),
            Some((_, Ok(lines))) => lines,
        };
        if let Some(why) = &lines.failed {
            for (line, y) in text::wrap(&format!("! {why}"), usize::from(body.width.saturating_sub(2))).iter().zip(body.top()..body.bottom()) {
                text::put(buffer, body.x + 1, y, body.width.saturating_sub(2), line, cx.theme.style(Role::Error));
            }
            return;
        }
        if lines.lines.is_empty() {
            return graph::middle(buffer, body, "it has nothing to say", muted);
        }
        for (line, y) in lines.lines.iter().zip(body.top()..body.bottom()) {
            text::put(buffer, body.x + 1, y, body.width.saturating_sub(1), &line.text, cx.theme.style(plugins::role(line.role)));
        }
    }
}
