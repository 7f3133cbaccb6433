//! What parts ask of the app, what commands do, and what answers of the server mean.
use super::app::App;
use super::app::Exit;
use super::app::View;
use super::app::context;
use super::casts;
use super::casts::CastWish;
use super::command::CommandId;
use super::command::Scope;
use super::command::command;
use super::edit;
use super::export::SaveRows;
use super::hud::Hud;
use super::inputs::page;
use super::keymap::Keymap;
use super::msg::Ask;
use super::msg::Choice;
use super::msg::ConfirmSpec;
use super::msg::Effect;
use super::msg::Msg;
use super::msg::PromptFor;
use super::msg::Request;
use super::msg::Settings;
use super::msg::ToastKind;
use super::parts::bulk::Bulk;
use super::parts::calls::Calls;
use super::parts::chooser::Chooser;
use super::parts::confirm::Confirm;
use super::parts::errors::Errors;
use super::parts::help::Help;
use super::parts::inspect::Inspect;
use super::parts::launch::Launch;
use super::parts::menu::Menu;
use super::parts::palette::Palette;
use super::parts::pane_tree::PaneTree;
use super::parts::pick::Pick;
use super::parts::playing::Playing;
use super::parts::prompt::Prompt;
use super::parts::run_form::RunForm;
use super::parts::runs::Only;
use super::parts::sheet::Sheet;
use super::parts::terminal::Shows;
use super::parts::text;
use super::parts::tour::Step;
use super::parts::workspace::Place;
use super::runs;
use super::runs::RunsWish;
use super::stock::Kind;
use super::stock::StockWish;
use crate::model::NoticeLevel;
use crate::model::Size;

/// Most base64 that terminals take as one text for the clipboard.
const MOST_COPIED: usize = 74_994 / 4 * 3;
/// Letters of a notice that are shown.
const LONGEST_NOTICE: usize = 300;

impl App {
    /// Takes in what the configuration says now. With a mistake in it everything stays as it was.
    pub(super) fn configure(&mut self, settings: Settings) {
        self.dirty = true;
        self.pages.settings.learn(settings.shown);
        if let Some(mistake) = settings.mistake {
            return self.toasts.push(ToastKind::Error, mistake, self.now);
        }
        match Keymap::of(&settings.keys) {
            Ok(keymap) => {
                self.keymap = keymap.with_own(settings.commands);
                self.keymap.set_plugins(&self.data.plugins);
            }
            Err(error) => self.toasts.push(ToastKind::Error, error.message, self.now),
        }
        self.themes.configure(settings.themes, settings.theme);
        self.work.set_scrollback(settings.scrollback);
        self.work.confirms_paste = settings.confirm_paste;
        if settings.plain && !self.plain {
            self.tell(ToastKind::Info, super::plain::TOLD);
        }
        self.plain = settings.plain;
        self.paint();
    }

    /// Tells what became of a change of the server's configuration.
    pub(super) fn server_configured(&mut self, ok: bool, detail: Option<&str>, needs_restart: &[String]) -> Vec<Effect> {
        let (kind, text) = match detail {
            _ if ok && needs_restart.is_empty() => (ToastKind::Done, "the server took its new configuration".to_owned()),
            _ if ok => (ToastKind::Warning, format!("{} holds when the server starts again: cto server restart", needs_restart.join(", "))),
            detail => (ToastKind::Error, format!("the server keeps its settings: {}", detail.unwrap_or("its files have mistakes"))),
        };
        self.toasts.push(kind, text, self.now);
        Vec::new()
    }

    /// Shows what a notification tells, and lets the terminal tell the desktop where that is asked for.
    pub(super) fn noticed(&mut self, title: &str, text: &str, level: NoticeLevel, desktop: bool) -> Vec<Effect> {
        let kind = match level {
            NoticeLevel::Info => ToastKind::Info,
            NoticeLevel::Good => ToastKind::Done,
            NoticeLevel::Bad => ToastKind::Warning,
        };
        self.toasts.push(kind, crate::term::one_line(&format!("{title}: {text}"), LONGEST_NOTICE), self.now);
        if desktop { vec![Effect::Notify(title.to_owned(), text.to_owned())] } else { Vec::new() }
    }

    /// Does what a part asks for.
    pub(super) fn ask(&mut self, ask: Ask) -> Vec<Effect> {
        match ask {
            Ask::Run(id) => {
                self.overlays.pop();
                self.preview(None);
                return self.run(id);
            }
            Ask::RunOwn(name) => return self.run_own(&name),
            Ask::RunLine(line) => {
                self.history.keep(&line);
                return self.run_line(&line);
            }
            Ask::Close => {
                self.overlays.pop();
                self.preview(None);
            }
            Ask::Preview(name) => self.preview(name),
            Ask::OpenTerminal(id) => return self.open_terminal(&id, self.natural_place()),
            Ask::OpenShell(id) => return self.open(&id, Shows::Shell, self.natural_place()),
            Ask::OpenLogs(ids) => return self.open_logs(&ids, self.natural_place()),
            Ask::ShowSession(id) => {
                let Some(session) = self.data.session(&id).cloned() else { return Vec::new() };
                let place = self.natural_place();
                self.go(View::Terminals);
                let cx = context!(self);
                return self.work.show(&session, place, &cx);
            }
            Ask::TypeInto { containers, sure } => return self.type_into(&containers, sure),
            Ask::SyncTyping(pane) => return self.work.sync_typing(pane),
            Ask::Launch { request, open } => {
                self.waiting_launches.push_back(open.then(|| self.natural_place()));
                let mut request = request;
                if request.base_dir.is_none() {
                    request.base_dir = std::env::current_dir().ok().map(|path| path.display().to_string());
                }
                if request.size.is_none() {
                    let area = self.context().area;
                    request.size = Some(Size { cols: area.width, rows: area.height }.clamped());
                }
                return vec![Effect::Request(Request::Launch(request))];
            }
            Ask::Confirm(spec) => self.overlays.push(Box::new(Confirm::new(*spec))),
            Ask::Offer(spec) if self.overlays.is_empty() => self.overlays.push(Box::new(Confirm::new(*spec))),
            Ask::Offer(spec) => self.tell(ToastKind::Info, format!("ask again: {}", spec.title)),
            Ask::Line(text) => {
                let line = Palette::line(self.command_scopes(), &text).with_history(&self.history).with_themes(self.themes.names());
                self.overlays.push(Box::new(line));
            }
            Ask::Sheet { title, lines } => self.overlays.push(Box::new(Sheet::new(title, lines))),
            Ask::Actions { title, actions } => self.overlays.push(Box::new(Menu::of(title, actions))),
            Ask::Prompt(spec) => self.overlays.push(Box::new(Prompt::new(*spec))),
            Ask::Pick(spec) => self.overlays.push(Box::new(Pick::new(*spec))),
            Ask::Bulk(job) => {
                self.overlays.push(Box::new(Bulk::new(&job)));
                return vec![Effect::Bulk(job)];
            }
            Ask::Play(recording) => {
                let (playing, read) = Playing::new(*recording, self.now.since_start);
                self.overlays.push(Box::new(playing));
                return vec![read];
            }
            Ask::RunScript(name) => return self.run_script(&name),
            Ask::RunPlugin(plugin, command) => return self.run_plugin(&plugin, &command),
            Ask::Watch(run) => return self.watch(*run),
            Ask::RunsOf(script) => self.show_runs(Some(Only::Script(script))),
            Ask::RunsBy(schedule) => self.show_runs(Some(Only::Schedule(schedule))),
            Ask::RunsOfPlugin(plugin) => self.show_runs(Some(Only::Plugin(plugin))),
            Ask::EditDocument(kind) => return self.edit_document(kind),
            Ask::Editing(answer) => return self.answer_editor(answer),
            Ask::LeaveEditor => self.leave_editor(),
            Ask::RunWith(start, header) => return self.run_with(*start, &header),
            Ask::Against(recording) => self.pages.editor.set_against(recording),
            Ask::Show(id) => return self.run(id),
            Ask::LeaveAnyway => self.exit = Some(Exit::Left),
            Ask::EditSchedule(schedule) => self.overlays.push(Box::new(RunForm::of_schedule(&schedule))),
            Ask::NewSchedule => self.overlays.push(Box::new(RunForm::schedule())),
            Ask::ChooseColumns(columns) => self.overlays.push(Box::new(Chooser::new(columns))),
            Ask::SetColumns(columns) => {
                self.home.set_columns(columns);
                self.work.changed = true;
            }
            Ask::SortBy(fact) => {
                let cx = context!(self);
                return vec![self.home.sort_by(fact, &cx)];
            }
            Ask::Open(address) => {
                let mut effects = self.copy(address.clone());
                effects.push(Effect::Open(address));
                return effects;
            }
            Ask::Menu(id) => self.overlays.push(Box::new(Menu::new(id))),
            Ask::Inspect(id) => self.overlays.push(Box::new(Inspect::new(id))),
            Ask::Prompted(PromptFor::Files(what), text) => {
                let cx = context!(self);
                return self.pages.files.prompted(&what, &text, &cx);
            }
            Ask::Files(answer) => {
                let cx = context!(self);
                return self.pages.files.answer(answer, &cx);
            }
            Ask::PasteText(text) => return self.paste_text(&text),
            Ask::PasteCommand(text) => return self.paste_command(text),
            Ask::Prompted(PromptFor::Bulk(aim), line) => return self.bulk_typed(&aim, &line),
            Ask::Prompted(PromptFor::SaveCast(id), path) if !path.trim().is_empty() => {
                return vec![casts::wish(CastWish::Save { id, path: path.trim().into(), replace: false })];
            }
            Ask::Prompted(PromptFor::NewScript, name) => {
                return text::name(&name).map(|name| Effect::Ask(Ask::EditDocument(edit::Kind::NewScript(name)))).into_iter().collect();
            }
            Ask::Prompted(PromptFor::Setting(pointer), text) => return self.pages.settings.set(&pointer, text.trim()),
            Ask::Prompted(PromptFor::SaveRows(export), path) if !path.trim().is_empty() => {
                return vec![Effect::Request(Request::SaveRows(Box::new(SaveRows { path: path.trim().into(), replace: false, export: *export })))];
            }
            Ask::Prompted(purpose, text) => return self.prompted(&purpose, &text),
            Ask::Toast(kind, text) => self.tell(kind, text),
            Ask::Copy(text) => return self.copy(text),
            Ask::OfferClipboard { pane, text } => {
                let name = self.work.panes.get(&pane).map(super::parts::terminal::TerminalPane::title).unwrap_or_default();
                let first: String = text.chars().filter(|c| !c.is_control()).take(60).collect();
                let lines = vec![format!("{} characters, beginning with:", text.chars().count()), first];
                let choices = vec![Choice { key: 'y', label: "allow".to_owned(), destroys: false, effects: vec![Effect::Ask(Ask::Copy(text))] }];
                // A program that asks again and again is asked about once.
                if self.overlays.is_empty() {
                    self.overlays.push(Box::new(Confirm::new(ConfirmSpec { title: format!("Let {name} set the clipboard?"), lines, choices })));
                }
            }
            Ask::PickPane => self.overlays.push(Box::new(PaneTree::new(self.work.listed(), true))),
            Ask::JoinPane(pane) => {
                self.go(View::Terminals);
                let cx = context!(self);
                return self.work.join(pane, &cx);
            }
            Ask::FocusPane(pane) => {
                self.work.focus_pane(pane);
                self.go(View::Terminals);
                let cx = context!(self);
                return self.work.arrange(&cx);
            }
            Ask::AskClose(panes) => {
                let cx = context!(self);
                let effects = self.work.ask_close_all(&panes, &cx);
                self.leave_empty();
                return effects;
            }
            Ask::ClosePane(pane) => {
                let cx = context!(self);
                let effects = self.work.remove(pane, &cx);
                self.leave_empty();
                return effects;
            }
            Ask::EndPane(pane) => {
                let session = self.work.panes.get(&pane).and_then(|pane| pane.session.clone());
                let cx = context!(self);
                let mut effects: Vec<Effect> = session.map(|session| Effect::Request(Request::CloseSession(session))).into_iter().collect();
                effects.extend(self.work.remove(pane, &cx));
                self.leave_empty();
                return effects;
            }
        }
        Vec::new()
    }

    /// Shows everything in another theme for a while.
    fn preview(&mut self, name: Option<String>) {
        self.themes.preview(name);
        self.paint();
    }

    /// Without terminals there is nothing to see among the terminals.
    fn leave_empty(&mut self) {
        if self.work.focused().is_none() {
            if self.alone {
                self.exit = Some(Exit::Left);
            } else {
                self.go(View::Home);
            }
        }
    }

    /// Beside what is seen, or in a tab of its own when the containers are seen.
    fn natural_place(&self) -> Place {
        if self.view == View::Terminals { Place::Split } else { Place::Tab }
    }

    /// Runs a command where it is valid.
    pub(super) fn run(&mut self, id: CommandId) -> Vec<Effect> {
        use CommandId as C;
        self.dirty = true;
        let scopes = self.command_scopes();
        match id {
            C::Help | C::TerminalHelp => self.overlays.push(Box::new(Help::new(scopes))),
            C::CommandLine | C::TerminalCommandLine => {
                self.overlays.push(Box::new(Palette::line(scopes, "").with_history(&self.history).with_themes(self.themes.names())))
            }
            C::Palette | C::TerminalPalette => {
                self.overlays.push(Box::new(Palette::new(scopes).with_panes(self.work.listed())));
                // Those that can be run are found there too.
                return self.data.runs.scripts.is_none().then(|| runs::wish(RunsWish::Scripts)).into_iter().collect();
            }
            C::PaneTree => self.overlays.push(Box::new(PaneTree::new(self.work.listed(), false))),
            C::PickContainer => self.overlays.push(Box::new(Palette::line(scopes, "new-tab "))),
            C::Launch => {
                let area = self.context().area;
                self.overlays.push(Box::new(Launch::new(Size { cols: area.width, rows: area.height }.clamped())));
                // A list that failed to come, or files that nobody watched; and which images need not be pulled.
                let images = Request::Stock(Box::new(StockWish::List(Kind::Images)));
                return vec![Effect::Request(Request::Templates), Effect::Request(images)];
            }
            C::EngineCalls => {
                self.overlays.push(Box::new(Calls::default()));
                return vec![Effect::Request(Request::EngineCalls)];
            }
            C::Hud | C::TerminalHud => self.hud = if self.hud.is_some() { None } else { Some(Hud::default()) },
            C::Tour => {
                self.tour = Some(Step::Launch);
                if self.view != View::Home && !self.alone {
                    self.go(View::Home);
                }
            }
            C::Theme => return vec![Effect::Ask(Ask::Line("theme ".to_owned()))],
            C::Errors => self.overlays.push(Box::new(Errors::new(&self.toasts))),
            C::GoHome if !self.alone => self.go_home(),
            C::GoTerminals => {
                if self.work.focused().is_none() {
                    let key = self.keymap.label(CommandId::Open).unwrap_or_else(|| ":open".to_owned());
                    self.tell(ToastKind::Info, format!("no terminals are open: {key} on a container opens one"));
                } else {
                    self.go(View::Terminals);
                }
            }
            C::Detach | C::Quit if self.alone => self.exit = Some(Exit::Left),
            C::Detach => self.go_home(),
            C::Quit if self.view != View::Home => self.go_home(),
            C::Quit => self.leave(),
            C::Suspend | C::TerminalSuspend => return vec![Effect::Suspend],
            C::Redraw | C::TerminalRedraw => return vec![Effect::Redraw],
            C::GoResources if !self.alone => self.go(View::Resources),
            C::GoImages if !self.alone => self.go(View::Stock(Kind::Images)),
            C::GoVolumes if !self.alone => self.go(View::Stock(Kind::Volumes)),
            C::GoNetworks if !self.alone => self.go(View::Stock(Kind::Networks)),
            C::GoFiles | C::FilesOf | C::PaneFiles if !self.alone => self.show_files(id),
            C::GoSessions if !self.alone => self.go(View::Sessions),
            C::GoActivity if !self.alone => self.go(View::Activity),
            C::GoRecordings if !self.alone => self.go(View::Recordings),
            C::GoScripts if !self.alone => self.go(View::Scripts),
            C::GoRuns if !self.alone => self.show_runs(None),
            C::GoSchedules if !self.alone => self.go(View::Schedules),
            C::GoTriggers if !self.alone => self.go(View::Triggers),
            C::GoWebhooks if !self.alone => self.go(View::Webhooks),
            C::GoPlugins if !self.alone => self.go(View::Plugins),
            C::GoEditor if !self.alone => self.go(View::Editor),
            C::GoSettings if !self.alone => self.go(View::Settings),
            C::HistoryBack | C::HistoryForward if !self.alone => self.travel(id == C::HistoryBack),
            C::Stats => {
                let ids = self.home.meant(&self.data);
                self.pages.resources.show(&ids);
                self.go(View::Resources);
            }
            C::Refresh => {
                self.pages.refresh();
                return vec![Effect::Request(Request::Refresh)];
            }
            C::Mouse | C::TerminalMouse => {
                self.mouse = !self.mouse;
                self.tell(
                    ToastKind::Info,
                    if self.mouse { "the mouse is cto's: drag copies, shift leaves it to the terminal" } else { "the mouse is the terminal's" },
                );
                return vec![Effect::CatchMouse(self.mouse)];
            }
            C::Logs => {
                let ids = self.home.meant(&self.data);
                return self.open_logs(&ids, Place::Tab);
            }
            C::TypeInto => {
                let ids = self.home.meant(&self.data);
                return self.type_into(&ids, false);
            }
            C::GoLogs => return self.go_logs(),
            C::Layouts | C::TerminalLayouts | C::OpenLayout | C::RemoveLayout | C::RenameLayout if !self.alone => return self.show_layouts(),
            C::CommandHistory | C::PaneHistory => return self.show_history(id == C::PaneHistory),
            C::SaveLayout | C::SaveTab if !self.alone => return self.ask_layout_name(id == C::SaveTab),
            C::EditScrollback if self.view == View::Terminals => return self.edit_scrollback(),
            _ => return self.run_in_view(id),
        }
        Vec::new()
    }

    /// Shows the files of the container that the command means; without one those that were shown last.
    fn show_files(&mut self, id: CommandId) {
        let pane = self.work.focused().filter(|_| self.view == View::Terminals).map(|pane| (pane.origin.container.clone(), pane.session.clone()));
        match (id, pane) {
            (_, Some((container, session))) => self.pages.files.show_at(&container, session),
            (CommandId::GoFiles, None) if self.pages.files.is_shown(&self.data) => {}
            (_, None) => match self.home.meant(&self.data).first() {
                Some(container) => self.pages.files.show(container),
                None => return self.tell(ToastKind::Info, "there is no container here whose files could be shown"),
            },
        }
        self.go(View::Files);
    }

    /// Goes home; who comes from a terminal finds its container there.
    fn go_home(&mut self) {
        if self.view == View::Terminals
            && let Some(pane) = self.work.focused()
        {
            self.home.select(&pane.origin.container.clone());
        }
        self.go(View::Home);
    }

    /// Types a text into the pane that had the focus last.
    pub(super) fn paste_text(&mut self, text: &str) -> Vec<Effect> {
        if self.work.focused().is_none_or(|pane| pane.is_over() || pane.log.is_some()) {
            self.tell(ToastKind::Info, "there is no terminal to type it into: open one first");
            return Vec::new();
        }
        self.go(View::Terminals);
        let cx = context!(self);
        self.work.paste(text, &cx)
    }

    fn run_in_view(&mut self, id: CommandId) -> Vec<Effect> {
        let cx = context!(self);
        let terminal = matches!(command(id).scope, Scope::Terminal | Scope::Scroll | Scope::Ended | Scope::Logs);
        if self.view == View::Terminals && terminal {
            let effects = self.work.run(id, &cx).unwrap_or_default();
            self.leave_empty();
            return effects;
        }
        if let Some(effects) = page(self.view, &mut self.home, &mut self.pages).and_then(|page| page.update(&Msg::Command(id), &cx)) {
            return effects;
        }
        match id {
            CommandId::Back if self.view != View::Home => self.go(View::Home),
            CommandId::ClearInput => {
                let key = self.keymap.label(CommandId::Quit).unwrap_or_default();
                self.tell(ToastKind::Info, format!("{key} leaves; what runs goes on"));
            }
            CommandId::Back => {}
            _ if matches!(command(id).scope, Scope::Stock | Scope::Images | Scope::Volumes | Scope::Networks | Scope::List) => {
                self.tell(ToastKind::Info, format!("'{}' is for images, volumes or networks: :images, :volumes, :networks", command(id).name));
            }
            _ if matches!(
                command(id).scope,
                Scope::Sessions
                    | Scope::Activity
                    | Scope::Recordings
                    | Scope::Scripts
                    | Scope::Runs
                    | Scope::Schedules
                    | Scope::Triggers
                    | Scope::Webhooks
                    | Scope::Plugins
                    | Scope::Settings
            ) =>
            {
                let scope = command(id).scope.name();
                self.tell(ToastKind::Info, format!("'{}' is for the {scope}: :{scope}", command(id).name));
            }
            _ if command(id).scope == Scope::Editor => self.tell(ToastKind::Info, format!("'{}' needs a text that is edited: :scripts", command(id).name)),
            _ if command(id).scope == Scope::Run => self.tell(ToastKind::Info, format!("'{}' needs a run that is watched: :runs", command(id).name)),
            _ if command(id).scope == Scope::Files => self.tell(ToastKind::Info, format!("'{}' is for the files: :files", command(id).name)),
            _ if command(id).scope == Scope::Resources => self.tell(ToastKind::Info, format!("'{}' is for the resources: :resources", command(id).name)),
            _ if command(id).scope == Scope::Logs => self.tell(ToastKind::Info, format!("'{}' needs a log", command(id).name)),
            _ if terminal => self.tell(ToastKind::Info, format!("'{}' needs a terminal", command(id).name)),
            _ => {}
        }
        Vec::new()
    }

    fn copy(&mut self, text: String) -> Vec<Effect> {
        if text.is_empty() {
            return Vec::new();
        }
        let lines = text.lines().count();
        self.work.copied.clone_from(&text);
        if text.len() > MOST_COPIED {
            let key = self.keymap.label(CommandId::PasteBuffer).unwrap_or_default();
            self.tell(ToastKind::Warning, format!("copied {lines} lines; too long for the terminal's clipboard, {key} pastes them here"));
            return Vec::new();
        }
        self.tell(ToastKind::Done, if lines == 1 { format!("copied {} characters", text.chars().count()) } else { format!("copied {lines} lines") });
        vec![Effect::Clipboard(text)]
    }
}
