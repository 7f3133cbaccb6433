//! The plugins: how they stand, what they asked for and were granted, and what is wrong with them.
use super::hook_words;
use super::listed::Listed;
use super::poll::Poll;
use super::rows::Cell;
use super::rows::Click;
use super::rows::Column;
use super::rows::List;
use super::rows::Row;
use super::runs::removed;
use super::text;
use super::toast::say;
use super::triggers;
use crate::model::EnablePlugin;
use crate::model::Event;
use crate::model::ListName;
use crate::model::Plugin;
use crate::model::PluginState;
use crate::model::Problem;
use crate::term::MouseEvent;
use crate::tui::command::CommandId;
use crate::tui::command::Scope;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::component::Hint;
use crate::tui::hooks::HookReply;
use crate::tui::hooks::HookWish;
use crate::tui::hooks::wish;
use crate::tui::msg::Ask;
use crate::tui::msg::Choice;
use crate::tui::msg::ConfirmSpec;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::msg::Reply;
use crate::tui::msg::Request;
use crate::tui::msg::ToastKind;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use std::time::Duration;

/// Events tell of changes; what is done to the files alone is seen this late.
const EVERY: Duration = Duration::from_secs(60);

const COLUMNS: [Column; 6] = [
    Column { head: "NAME", least: 12, most: 26, goes: 0, right: false },
    Column { head: "VERSION", least: 7, most: 10, goes: 4, right: false },
    Column { head: "STATE", least: 11, most: 11, goes: 1, right: false },
    Column { head: "ASKS FOR", least: 12, most: 36, goes: 3, right: false },
    Column { head: "COMMANDS", least: 10, most: 30, goes: 5, right: false },
    Column { head: "ABOUT OR FAULT", least: 20, most: 90, goes: 2, right: false },
];

/// The view.
#[derive(Clone, Debug)]
pub struct Plugins {
    list: List,
    poll: Poll,
}

impl Default for Plugins {
    fn default() -> Self {
        Self { list: List::new(&COLUMNS), poll: Poll::every(EVERY) }
    }
}

impl Plugins {
    fn rows(cx: &Context) -> Vec<Row> {
        let row = |plugin: &Plugin| {
            let (state, role) = hook_words::plugin(plugin, cx.plain);
            let (fault, fault_role) = hook_words::fault(plugin);
            let manifest = plugin.manifest.clone().unwrap_or_default();
            // What was asked for and not granted is what somebody has to look at.
            let granted = manifest.grants.iter().all(|grant| plugin.granted.contains(grant));
            let commands: Vec<&str> = manifest.commands.iter().map(|command| command.name.as_str()).collect();
            let cells = vec![
                Cell::new(&*plugin.name, Role::Text),
                Cell::new(&*manifest.version, Role::Muted),
                Cell::new(state, role),
                Cell::new(manifest.grants.join(" "), if granted { Role::Muted } else { Role::Warn }),
                Cell::new(commands.join(" "), Role::Text),
                Cell::new(fault, fault_role),
            ];
            Row { id: plugin.name.clone(), cells, fixed: false, wide: None }
        };
        cx.data.hooks.plugins.iter().flatten().map(row).collect()
    }

    /// What is to be listed now.
    pub fn due(&mut self, cx: &Context) -> Vec<Effect> {
        if self.poll.is_due(cx.now.since_start) { vec![wish(HookWish::Plugins)] } else { Vec::new() }
    }

    /// When it wants to be woken up, since the program began.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        self.poll.wake_at()
    }

    /// They are to be listed anew at once.
    pub fn refresh(&mut self) {
        self.poll.refresh();
    }

    fn act(&self, id: CommandId, rows: &[Row], cx: &Context) -> Option<Vec<Effect>> {
        use CommandId as C;
        let own = [C::PluginOpen, C::PluginEnable, C::PluginRuns, C::PluginRemove, C::PluginCopy, C::PluginCopyLine];
        if !own.contains(&id) {
            return None;
        }
        let names = self.list.meant(rows);
        let Some(first) = names.first().and_then(|name| cx.data.hooks.plugin(name)) else { return Some(vec![say("there is no plugin under the cursor")]) };
        Some(match id {
            C::PluginOpen => vec![Effect::Ask(Ask::Sheet { title: format!("plugin {}", first.name), lines: hook_words::about_plugin(first, cx.plain) })],
            C::PluginEnable => enable(first),
            C::PluginRuns => vec![Effect::Ask(Ask::RunsOfPlugin(first.name.clone()))],
            C::PluginRemove => triggers::ask_removal(
                "plugin",
                &names,
                "Its files are lost, and its commands with them; runs of it stay.",
                wish(HookWish::RemovePlugins(names.clone())),
            ),
            C::PluginCopy => vec![Effect::Ask(Ask::Copy(names.join("\n")))],
            _ => vec![Effect::Ask(Ask::Copy(format!("cto plugin show {}", first.name)))],
        })
    }

    fn answered(&mut self, asked: &HookWish, result: &Result<Reply, Box<Problem>>, cx: &Context) -> Option<Vec<Effect>> {
        if *asked == HookWish::Plugins {
            self.poll.answered(result, cx.now.since_start);
            self.settle(cx);
            return Some(Vec::new());
        }
        let Ok(Reply::Hooks(reply)) = result else { return None };
        let toast = |text: String| Some(vec![Effect::Ask(Ask::Toast(ToastKind::Done, text))]);
        match (asked, &**reply) {
            (HookWish::EnablePlugin(name, _), _) => toast(format!("{name} is enabled")),
            (HookWish::DisablePlugin(name), _) => toast(format!("{name} is disabled: it does nothing")),
            (HookWish::RemovePlugins(_), HookReply::Removed(gone, kept)) => {
                self.list.mark_only(Vec::new());
                self.refresh();
                Some(removed(*gone, kept, "plugin"))
            }
            _ => None,
        }
    }
}

/// Enables a plugin, after a question that names what is granted with that, or disables it.
fn enable(plugin: &Plugin) -> Vec<Effect> {
    match (plugin.state, &plugin.hooks_off) {
        (PluginState::Broken, _) => return vec![say("it is broken: put its files right first")],
        (PluginState::Enabled, None) => return vec![wish(HookWish::DisablePlugin(plugin.name.clone()))],
        _ => {}
    }
    let grants = plugin.manifest.as_ref().map(|manifest| manifest.grants.clone()).unwrap_or_default();
    let mut lines: Vec<String> = grants.iter().map(|grant| format!("{grant}: {}", hook_words::grant(grant))).collect();
    if lines.is_empty() {
        lines.push("It asks for nothing.".to_owned());
    }
    plugin.hooks_off.iter().for_each(|why| lines.push(format!("It does nothing by itself any more: {why}")));
    // What is granted is granted to the files that were seen here.
    let request = EnablePlugin { grants, hash: Some(plugin.hash.clone()).filter(|hash| !hash.is_empty()) };
    let effects = vec![wish(HookWish::EnablePlugin(plugin.name.clone(), Box::new(request)))];
    let choices = vec![Choice { key: 'y', label: "grant that".to_owned(), destroys: false, effects }];
    vec![Effect::Ask(Ask::Confirm(Box::new(ConfirmSpec { title: format!("Enable {}? It asks for:", plugin.name), lines, choices })))]
}

impl Listed for Plugins {
    fn list(&mut self) -> &mut List {
        &mut self.list
    }

    fn all(&self, cx: &Context) -> Vec<Row> {
        Self::rows(cx)
    }

    fn is_listed(&self, cx: &Context) -> bool {
        cx.data.hooks.plugins.is_some()
    }

    fn command(&mut self, id: CommandId, cx: &Context) -> Option<Vec<Effect>> {
        let rows = match self.own_command(id, cx) {
            Ok(effects) => return Some(effects),
            Err(rows) => rows,
        };
        self.act(id, &rows, cx)
    }

    fn mouse(&mut self, event: MouseEvent, cx: &Context) -> Vec<Effect> {
        let all = Self::rows(cx);
        let rows = self.list.arrange(all.clone());
        match self.list.mouse(event, cx.area, &all, &rows, cx) {
            Click::Open | Click::Menu => self.act(CommandId::PluginOpen, &rows, cx).unwrap_or_default(),
            Click::Nothing => Vec::new(),
        }
    }
}

impl Component for Plugins {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        match msg {
            Msg::Event(event) => {
                match &**event {
                    Event::Resync => self.refresh(),
                    Event::ListChanged { list: ListName::Plugins, .. } => self.poll.stale(cx.now.since_start),
                    _ => {}
                }
                None
            }
            Msg::Reply(request, result) => match &**request {
                Request::Hooks(asked) => self.answered(asked, result, cx),
                _ => None,
            },
            _ => self.take(msg, cx),
        }
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        let all = Self::rows(cx);
        let listed = cx.data.hooks.plugins.is_some();
        if !listed || all.is_empty() {
            let empty = || "No plugins: 'cto plugin install DIR' adds commands, hooks and matchers".to_owned();
            let words = if listed { empty() } else { self.poll.failed().unwrap_or_else(|| "Asking the server …".to_owned()) };
            return super::graph::middle(frame.buffer_mut(), area, &words, cx.theme.style(Role::Muted));
        }
        let rows = self.list.arrange(all);
        let note = match self.poll.failed() {
            Some(why) => why,
            None if rows.is_empty() => "no plugin fits: esc shows all".to_owned(),
            None => {
                let state = |wanted| cx.data.hooks.plugins.iter().flatten().filter(|plugin| plugin.state == wanted).count();
                let counts = [
                    (state(PluginState::Broken), "broken"),
                    (state(PluginState::Waiting) + state(PluginState::Changed), "to be looked at"),
                    (self.list.marked().len(), "marked"),
                ];
                let mut note = text::count(rows.len(), "plugin");
                counts.iter().filter(|(count, _)| *count > 0).for_each(|(count, word)| note.push_str(&format!(" · {count} {word}")));
                note
            }
        };
        self.list.draw(frame, area, &rows, &note, cx);
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Plugins, Scope::List, Scope::Global]
    }

    fn takes_keys(&self) -> bool {
        self.list.is_editing()
    }

    fn hints(&self, _cx: &Context) -> Option<Vec<Hint>> {
        self.list.hints()
    }
}
