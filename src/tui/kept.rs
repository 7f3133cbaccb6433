//! The arrangement of views and panes: kept when it changes, and brought back at the start.
use super::app::App;
use super::app::Restore;
use super::app::View;
use super::app::context;
use super::layouts;
use super::layouts::LayoutWish;
use super::msg::Effect;
use super::msg::Request;

impl App {
    /// Keeps the arrangement if it is another than the one kept.
    pub(super) fn save(&mut self) -> Option<Effect> {
        if self.alone || self.restore != Restore::Done {
            return None;
        }
        let data = self.state();
        (self.saved.as_ref() != Some(&data)).then(|| {
            self.saved = Some(data.clone());
            Effect::Request(Request::SaveLayout(Box::new(data)))
        })
    }

    /// The arrangement, to be kept.
    fn state(&self) -> serde_json::Value {
        let view = if self.view == View::Terminals { "terminals" } else { "home" };
        serde_json::json!({ "v": 1, "view": view, "work": self.work.save(), "home": self.home.state() })
    }

    /// Brings back what was kept, once it and the lists are here.
    pub(super) fn try_restore(&mut self) -> Vec<Effect> {
        let mut effects = self.bring_back();
        if self.restore == Restore::Done && self.data.listed {
            effects.extend(self.opens.take().map(|name| layouts::wish(LayoutWish::Open(name))));
        }
        effects
    }

    fn bring_back(&mut self) -> Vec<Effect> {
        let Restore::Waiting(Some(kept)) = &self.restore else { return Vec::new() };
        if !self.data.listed {
            return Vec::new();
        }
        let kept = kept.clone();
        self.restore = Restore::Done;
        let Some(kept) = kept else { return Vec::new() };
        self.home.restore(&kept["home"]);
        // What another version kept and this one does not understand is left out.
        let Ok(work) = serde_json::from_value(kept["work"].clone()) else { return Vec::new() };
        let cx = context!(self);
        let effects = self.work.restore(work, &cx);
        if kept["view"] == "terminals" && self.work.focused().is_some() && self.view == View::Home && self.overlays.is_empty() {
            self.view = View::Terminals;
        }
        effects
    }
}
