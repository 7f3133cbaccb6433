//! What is set: each setting with its value, who says so and what it means; a person's own can be changed here.
use super::listed::Listed;
use super::rows::Cell;
use super::rows::Click;
use super::rows::Column;
use super::rows::List;
use super::rows::Row;
use super::text;
use super::toast::say;
use crate::config::ShownSetting;
use crate::config::theme;
use crate::term::MouseEvent;
use crate::tui::command::CommandId;
use crate::tui::command::Scope;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::component::Hint;
use crate::tui::msg::Ask;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::msg::PickRow;
use crate::tui::msg::PickSpec;
use crate::tui::msg::PromptFor;
use crate::tui::msg::PromptSpec;
use crate::tui::msg::Request;
use crate::tui::msg::SetSetting;
use crate::tui::msg::ShownSettings;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use std::path::PathBuf;

const COLUMNS: [Column; 5] = [
    Column { head: "SETTING", least: 14, most: 30, goes: 0, right: false },
    Column { head: "VALUE", least: 8, most: 40, goes: 1, right: false },
    Column { head: "FROM", least: 10, most: 46, goes: 2, right: false },
    Column { head: "DEFAULT", least: 8, most: 20, goes: 3, right: false },
    Column { head: "MEANS", least: 20, most: 200, goes: 4, right: false },
];
/// The lowest window with what a setting means below the list.
const EXPLAINED: u16 = 12;
/// Lines that it has.
const LINES: u16 = 3;

/// The view.
#[derive(Clone, Debug)]
pub struct SettingsView {
    list: List,
    shown: ShownSettings,
    set_only: bool,
}

impl Default for SettingsView {
    fn default() -> Self {
        Self { list: List::new(&COLUMNS), shown: ShownSettings::default(), set_only: false }
    }
}

impl SettingsView {
    /// What is set now.
    pub fn learn(&mut self, shown: ShownSettings) {
        self.shown = shown;
    }

    /// Where the user's own file lies.
    fn own(&self) -> Option<PathBuf> {
        self.shown.paths.as_ref().map(crate::config::Paths::config_file)
    }

    /// Whether somebody says so who comes after the user's own file, so that a change there would do nothing.
    fn is_above(&self, setting: &ShownSetting) -> bool {
        setting.origin != "default" && self.own().is_none_or(|own| setting.origin != own.display().to_string()) && !setting.origin.starts_with("/etc/")
    }

    fn rows(&self, cx: &Context) -> Vec<Row> {
        let row = |setting: &ShownSetting| {
            let quiet = setting.origin == "default";
            let role = if quiet { Role::Muted } else { Role::Text };
            let mark = if !setting.is_changeable() {
                ""
            } else if cx.plain {
                ", changeable"
            } else {
                " ✎"
            };
            let cells = vec![
                Cell::new(format!("{}{mark}", setting.name), Role::Text),
                Cell::new(&*setting.value, if quiet { Role::Muted } else { Role::Accent }),
                Cell::new(origin(&setting.origin), role),
                Cell::new(&*setting.default, Role::Muted),
                Cell::new(&*setting.means, Role::Muted),
            ];
            Row { id: setting.pointer.clone(), cells, fixed: false, wide: None }
        };
        self.shown.items.iter().filter(|setting| !self.set_only || setting.origin != "default").map(row).collect()
    }

    fn find(&self, pointer: &str) -> Option<&ShownSetting> {
        self.shown.items.iter().find(|setting| setting.pointer == pointer)
    }

    /// Writes a setting into the user's own file.
    pub fn set(&self, pointer: &str, text: &str) -> Vec<Effect> {
        let Some(paths) = self.shown.paths.clone() else { return vec![say("there is no file of yours to write it into")] };
        if text.is_empty() {
            return Vec::new();
        }
        vec![Effect::Request(Request::Set(Box::new(SetSetting { paths, pointer: pointer.to_owned(), text: text.to_owned() })))]
    }

    fn act(&mut self, id: CommandId, rows: &[Row]) -> Option<Vec<Effect>> {
        use CommandId as C;
        if id == C::SettingSet {
            self.set_only = !self.set_only;
            return Some(vec![say(if self.set_only { "only what somebody has set is shown" } else { "all settings are shown" })]);
        }
        if !matches!(id, C::SettingChange | C::SettingDetails | C::SettingEdit | C::SettingCopy | C::SettingCopyLine) {
            return None;
        }
        let Some(setting) = self.list.selected(rows).and_then(|row| self.find(&row.id)) else {
            return Some(vec![say("there is no setting under the cursor")]);
        };
        Some(match id {
            C::SettingChange if setting.is_changeable() => self.change(setting),
            C::SettingChange | C::SettingDetails => vec![Effect::Ask(self.about(setting))],
            C::SettingEdit => {
                // A variable has no file; then the user's own is meant.
                let file = Some(PathBuf::from(&setting.origin)).filter(|file| file.is_absolute()).or_else(|| self.own());
                file.map_or_else(|| vec![say("there is no file to open")], |file| vec![Effect::Edit(file)])
            }
            C::SettingCopy => vec![Effect::Ask(Ask::Copy(format!("{} = {}", setting.name, setting.value)))],
            _ => vec![Effect::Ask(Ask::Copy(format!("cto config explain {}", setting.name)))],
        })
    }

    fn change(&self, setting: &ShownSetting) -> Vec<Effect> {
        if self.is_above(setting) {
            return vec![say(format!("{} says so, and goes before your own file", origin(&setting.origin)))];
        }
        let pointer = setting.pointer.clone();
        let pick = |rows: Vec<PickRow>| {
            let at = rows.iter().position(|row| row.label == setting.value).unwrap_or(0);
            vec![Effect::Ask(Ask::Pick(Box::new(PickSpec { title: setting.name.clone(), rows, at })))]
        };
        let row = |label: &str, about: &str| PickRow { label: label.to_owned(), about: about.to_owned(), effects: self.set(&pointer, label) };
        match (pointer.as_str(), &self.shown.paths) {
            ("/accessible", _) => pick(vec![row("false", "with tiles, borders and signs"), row("true", "words only, for screen readers")]),
            ("/theme", Some(paths)) => {
                let auto = row(theme::AUTO, "light or dark, as the terminal is");
                pick(std::iter::once(auto).chain(theme::all(paths).keys().map(|name| row(name, ""))).collect())
            }
            _ => {
                let purpose = PromptFor::Setting(pointer.clone());
                vec![Effect::Ask(Ask::Prompt(Box::new(PromptSpec { title: setting.name.clone(), text: setting.value.clone(), purpose })))]
            }
        }
    }

    /// All about a setting.
    fn about(&self, setting: &ShownSetting) -> Ask {
        let mut lines = text::wrap(&setting.means, 72).into_iter().map(|line| (line, Role::Text)).collect::<Vec<_>>();
        let when = if setting.restart { "when the server starts again: cto server restart" } else { "at once" };
        let facts = [
            ("now", setting.value.as_str()),
            ("from", setting.origin.as_str()),
            ("default", setting.default.as_str()),
            ("takes", setting.takes.as_str()),
            ("variable", setting.variable.as_str()),
            ("changes", when),
        ];
        lines.push((String::new(), Role::Text));
        lines.extend(facts.map(|(label, value)| (format!("{} {value}", text::left(label, 9)), Role::Text)));
        if !setting.is_changeable() {
            let file = self.own().map(|own| own.display().to_string()).unwrap_or_default();
            lines.push((String::new(), Role::Text));
            lines.push((format!("It is set in a file, such as {file}"), Role::Muted));
        }
        Ask::Sheet { title: setting.name.clone(), lines }
    }

    /// The list, and what the setting under the cursor means where that has room.
    fn rooms(area: Rect) -> (Rect, Option<Rect>) {
        if area.height < EXPLAINED {
            return (area, None);
        }
        let list = Rect { height: area.height - LINES, ..area };
        (list, Some(Rect { y: list.bottom(), height: LINES, ..area }))
    }
}

/// Who says so; of a long path the end, which tells files apart.
fn origin(origin: &str) -> String {
    let length = origin.chars().count();
    if length <= 46 { origin.to_owned() } else { format!("…{}", origin.chars().skip(length - 45).collect::<String>()) }
}

impl Listed for SettingsView {
    fn list(&mut self) -> &mut List {
        &mut self.list
    }

    fn all(&self, cx: &Context) -> Vec<Row> {
        self.rows(cx)
    }

    fn is_listed(&self, _cx: &Context) -> bool {
        !self.shown.items.is_empty()
    }

    fn place(&self, cx: &Context) -> Rect {
        Self::rooms(cx.area).0
    }

    fn command(&mut self, id: CommandId, cx: &Context) -> Option<Vec<Effect>> {
        let rows = match self.own_command(id, cx) {
            Ok(effects) => return Some(effects),
            Err(rows) => rows,
        };
        self.act(id, &rows)
    }

    fn mouse(&mut self, event: MouseEvent, cx: &Context) -> Vec<Effect> {
        let all = self.rows(cx);
        let rows = self.list.arrange(all.clone());
        let (place, _) = Self::rooms(cx.area);
        let id = match self.list.mouse(event, place, &all, &rows, cx) {
            Click::Open => CommandId::SettingChange,
            Click::Menu => CommandId::SettingDetails,
            Click::Nothing => return Vec::new(),
        };
        self.act(id, &rows).unwrap_or_default()
    }
}

impl Component for SettingsView {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        if matches!(msg, Msg::Event(_) | Msg::Reply(..)) {
            return None;
        }
        self.take(msg, cx)
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        let muted = cx.theme.style(Role::Muted);
        let all = self.rows(cx);
        if all.is_empty() {
            let key = cx.keymap.label(CommandId::SettingSet).unwrap_or_default();
            let words = if self.set_only { format!("Nobody has set anything: {key} shows all settings") } else { "No settings were read".to_owned() };
            return super::graph::middle(frame.buffer_mut(), area, &words, muted);
        }
        let (place, below) = Self::rooms(area);
        let rows = self.list.arrange(all);
        let set = self.shown.items.iter().filter(|setting| setting.origin != "default").count();
        let mut note = format!("{} · {set} set", text::count(rows.len(), "setting"));
        if rows.is_empty() {
            note = "no setting fits: esc shows all".to_owned();
        } else if let Some(mistake) = self.shown.mistakes.first() {
            note = format!("mistake: {mistake}");
        }
        self.list.draw(frame, place, &rows, &note, cx);
        let selected = self.list.selected(&rows).and_then(|row| self.find(&row.id));
        if let (Some(below), Some(setting)) = (below, selected) {
            let more = if setting.restart { " Holds when the server starts again." } else { "" };
            let words = format!("{}: {}{more} Takes {}.", setting.section(), setting.means, setting.takes);
            for (line, y) in text::wrap(&words, usize::from(below.width.saturating_sub(2))).iter().zip(below.top()..below.bottom()) {
                text::put(frame.buffer_mut(), below.x + 2, y, below.width.saturating_sub(2), line, muted);
            }
        }
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Settings, Scope::List, Scope::Global]
    }

    fn takes_keys(&self) -> bool {
        self.list.is_editing()
    }

    fn hints(&self, _cx: &Context) -> Option<Vec<Hint>> {
        self.list.hints()
    }
}
