//! What the engine was asked to do, as lines of docker's command line.
use super::popup::Popup;
use super::text;
use crate::model::EngineCall;
use crate::term::Key;
use crate::term::KeyCode;
use crate::term::Mods;
use crate::term::MouseKind;
use crate::tui::command::CommandId;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::component::Hint;
use crate::tui::msg::Ask;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::msg::Reply;
use crate::tui::msg::Request;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;

/// Columns of the box at most.
const COLS: u16 = 140;
/// Columns of the time, and of how long it took.
const TIME: u16 = 10;
const TOOK: u16 = 9;

/// The overlay that shows them, the newest first.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    calls: Option<Result<Vec<EngineCall>, String>>,
    cursor: usize,
}

impl Calls {
    fn all(&self) -> &[EngineCall] {
        self.calls.as_ref().and_then(|calls| calls.as_ref().ok()).map_or(&[], Vec::as_slice)
    }

    fn place(&self, area: Rect) -> Popup {
        // The last row is what went wrong with the call under the cursor.
        Popup::place(area, COLS, u16::try_from(self.all().len().max(1)).unwrap_or(u16::MAX).saturating_add(1))
    }

    fn rows(popup: &Popup) -> usize {
        usize::from(popup.inner.height.saturating_sub(1)).max(1)
    }

    fn key(&mut self, key: Key, rows: usize) -> Vec<Effect> {
        let last = self.all().len().saturating_sub(1);
        let ctrl = key.mods.contains(Mods::CTRL);
        match key.code {
            KeyCode::Esc | KeyCode::Char('q') => return vec![Effect::Ask(Ask::Close)],
            KeyCode::Char('c') if ctrl => return vec![Effect::Ask(Ask::Close)],
            KeyCode::Tab => return vec![Effect::Ask(Ask::Run(CommandId::Errors))],
            KeyCode::F(5) => return vec![Effect::Request(Request::EngineCalls)],
            KeyCode::Char('y') => return self.all().get(self.cursor).map(|call| Effect::Ask(Ask::Copy(call.line.clone()))).into_iter().collect(),
            KeyCode::Down | KeyCode::Char('j') => self.cursor += 1,
            KeyCode::Up | KeyCode::Char('k') => self.cursor = self.cursor.saturating_sub(1),
            KeyCode::PageDown => self.cursor += rows,
            KeyCode::PageUp => self.cursor = self.cursor.saturating_sub(rows),
            KeyCode::Home | KeyCode::Char('g') => self.cursor = 0,
            KeyCode::End | KeyCode::Char('G') => self.cursor = last,
            _ => {}
        }
        self.cursor = self.cursor.min(last);
        Vec::new()
    }
}

/// How long it took, as people say it.
fn took(ms: u64) -> String {
    if ms < 1000 { format!("{ms} ms") } else { format!("{}.{} s", ms / 1000, ms % 1000 / 100) }
}

impl Component for Calls {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        let rows = Self::rows(&self.place(cx.area));
        match msg {
            Msg::Key(key) => Some(self.key(*key, rows)),
            Msg::Reply(request, result) if **request == Request::EngineCalls => {
                // The same call stays under the cursor, unless that is on the newest.
                let meant = self.all().get(self.cursor).filter(|_| self.cursor > 0).cloned();
                self.calls = Some(match result {
                    Ok(Reply::EngineCalls(calls)) => Ok(calls.clone()),
                    Ok(_) => Ok(Vec::new()),
                    Err(problem) => Err(problem.detail.clone()),
                });
                self.cursor = meant.and_then(|meant| self.all().iter().position(|call| *call == meant)).unwrap_or(0);
                Some(Vec::new())
            }
            Msg::Event(_) => Some(vec![Effect::Request(Request::EngineCalls)]),
            Msg::Mouse(mouse) => {
                let last = self.all().len().saturating_sub(1);
                match mouse.kind {
                    MouseKind::WheelDown => self.cursor = (self.cursor + 1).min(last),
                    MouseKind::WheelUp => self.cursor = self.cursor.saturating_sub(1),
                    _ => {}
                }
                Some(Vec::new())
            }
            Msg::Paste(_) => Some(Vec::new()),
            _ => None,
        }
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        let popup = self.place(area);
        popup.draw(frame, cx.theme, "What the engine was asked to do, times in UTC", "y copy  F5 anew  ⇥ messages  esc leave");
        let (inner, rows) = (popup.inner, Self::rows(&popup));
        let words = match &self.calls {
            None => Some(("asking the server…", Role::Muted)),
            Some(Err(detail)) => Some((detail.as_str(), Role::Error)),
            Some(Ok(calls)) if calls.is_empty() => Some(("nothing since the server started", Role::Muted)),
            Some(Ok(_)) => None,
        };
        if let Some((words, role)) = words {
            text::put(frame.buffer_mut(), inner.x, inner.y, inner.width, words, cx.theme.style(role));
            return;
        }
        let top = (self.cursor + 1).saturating_sub(rows);
        for ((place, call), y) in self.all().iter().enumerate().skip(top).take(rows).zip(inner.y..) {
            let selected = place == self.cursor;
            let style = |role| cx.theme.style(if selected { Role::Selection } else { role });
            let buffer = frame.buffer_mut();
            buffer.set_style(Rect { y, height: 1, ..inner }, style(Role::Text));
            let mut x = inner.x;
            // Where there is little room, the line has all of it.
            if inner.width >= 50 {
                x += text::put(buffer, x, y, TIME, &text::left(&call.at.strftime("%H:%M:%S").to_string(), TIME.into()), style(Role::Muted));
                x += text::put(buffer, x, y, TOOK, &text::left(&took(call.took_ms), TOOK.into()), style(Role::Muted));
            }
            let (mark, role) = if call.problem.is_some() { ("failed: ", Role::Error) } else { ("", Role::Text) };
            let room = inner.right().saturating_sub(x);
            text::put(buffer, x, y, room, &text::clip(&format!("{mark}{}", call.line), room.into()), style(role));
            if selected && cx.plain {
                frame.set_cursor_position((inner.x, y));
            }
        }
        if let Some(problem) = self.all().get(self.cursor).and_then(|call| call.problem.as_deref()) {
            text::put(frame.buffer_mut(), inner.x, inner.bottom().saturating_sub(1), inner.width, problem, cx.theme.style(Role::Error));
        }
    }

    fn takes_keys(&self) -> bool {
        true
    }

    fn hints(&self, _cx: &Context) -> Option<Vec<Hint>> {
        let hint = |key: &str, what: &str| (key.to_owned(), what.to_owned());
        Some(vec![hint("↑↓", "move"), hint("y", "copy"), hint("⇥", "messages"), hint("esc", "leave")])
    }
}
