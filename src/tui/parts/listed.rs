//! What views have in common that are a list: how messages reach it, and how its cursor is kept on what there is.
use super::rows::List;
use super::rows::Row;
use super::toast::say;
use crate::term::MouseEvent;
use crate::tui::command::CommandId;
use crate::tui::component::Context;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use ratatui::layout::Rect;

/// A view that is a list, alone or with something beside it.
pub(super) trait Listed {
    /// The list.
    fn list(&mut self) -> &mut List;

    /// All its rows, before the filter.
    fn all(&self, cx: &Context) -> Vec<Row>;

    /// Does a command; none where it is not the view's own.
    fn command(&mut self, id: CommandId, cx: &Context) -> Option<Vec<Effect>>;

    /// Takes a mouse event.
    fn mouse(&mut self, event: MouseEvent, cx: &Context) -> Vec<Effect>;

    /// Where the list lies.
    fn place(&self, cx: &Context) -> Rect {
        cx.area
    }

    /// Whether it is known what there is: until then the cursor waits for its thing.
    fn is_listed(&self, cx: &Context) -> bool {
        cx.data.listed
    }

    /// Brings the cursor to what there is now.
    fn settle(&mut self, cx: &Context) {
        let place = self.place(cx);
        self.list().set_room(place, cx.plain);
        if self.is_listed(cx) {
            let all = self.all(cx);
            let rows = self.list().arrange(all.clone());
            self.list().settle(&all, &rows);
        }
    }

    /// Does one of a list's own commands; gives back the rows that show where it is none.
    fn own_command(&mut self, id: CommandId, cx: &Context) -> Result<Vec<Effect>, Vec<Row>> {
        let all = self.all(cx);
        let rows = self.list().arrange(all.clone());
        if id == CommandId::ListSave {
            return Ok(vec![self.list().export(&rows).ask("list")]);
        }
        match self.list().command(id, &all, &rows, cx.now.since_start) {
            Some(told) => Ok(told.map(say).into_iter().collect()),
            None => Err(rows),
        }
    }

    /// Takes what people do, and the time.
    fn take(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        self.settle(cx);
        let effects = match msg {
            Msg::Key(key) if self.list().is_editing() => {
                self.list().key(*key, cx.now.since_start);
                Some(Vec::new())
            }
            Msg::Paste(pasted) => {
                self.list().paste(pasted);
                Some(Vec::new())
            }
            Msg::Command(id) => self.command(*id, cx),
            Msg::Mouse(event) => Some(self.mouse(*event, cx)),
            Msg::Tick if self.list().is_sorted() => {
                let all = self.all(cx);
                self.list().rank_when_calm(&all, cx.now.since_start);
                None
            }
            _ => None,
        };
        self.settle(cx);
        effects
    }
}
