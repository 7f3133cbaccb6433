//! The loop: keys, messages of the server, signals and time come in; frames go out.
use super::app::App;
use super::app::Exit;
use super::app::Start;
use super::app::View;
use super::editor;
use super::effects::Executor;
use super::guard;
use super::guard::Guard;
use super::input;
use super::input::Inputs;
use super::keymap::Keymap;
use super::msg::Effect;
use super::msg::Msg;
use super::msg::Now;
use super::msg::Request;
use super::msg::Settings;
use super::msg::ToastKind;
use super::paint::Painter;
use super::parts::tour::Step;
use super::rate::FRAME;
use super::rate::FrameRate;
use super::rate::Haste;
use super::themes::Themes;
use super::view;
use crate::client::Client;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Size;
use crate::term::Answer;
use crate::term::Input;
use base64::Engine as _;
use ratatui::Terminal;
use std::io::IsTerminal as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;
use tokio::signal::unix::Signal;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;
use tokio::sync::mpsc;

/// Output this soon after a key is its echo.
const ECHO: Duration = Duration::from_millis(100);
/// Messages of the server that wait. When full, the server waits.
const MESSAGES: usize = 256;
/// Messages taken in before keys are looked at again.
const AT_ONCE: usize = 64;
/// Ages of minutes and hours are drawn anew this often.
const MINUTE: Duration = Duration::from_secs(60);
/// How long the end waits until the arrangement is kept.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What the terminal client is started with.
pub struct Options {
    /// The server.
    pub client: Client,
    /// What it opens with.
    pub start: Start,
    /// Whoever uses it is shown around.
    pub tour: bool,
    /// What the configuration says at the start.
    pub settings: Settings,
    /// Waits for a change of the configuration's files and reads them anew.
    pub changes: Changes,
}

/// Gives what the configuration says after each change of its files; it may wait, on a thread of its own.
pub type Changes = Box<dyn FnMut() -> Settings + Send>;

/// Shows the terminal client until it is left, and gives the terminal back.
///
/// # Errors
/// `invalid_value` when standard input or output is no terminal or two commands have the same key, `internal` when a part of the
/// client failed.
pub async fn run(options: Options) -> Result<Exit> {
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return Err(Error::invalid("the terminal client needs a terminal").fix("run it on one, or use commands such as 'cto ps --json'"));
    }
    super::turns::shorten();
    let keymap = Keymap::of(&options.settings.keys)?.with_own(options.settings.commands);
    let themes = Themes::new(options.settings.themes, &options.settings.theme, |name| std::env::var(name).ok());
    let mut signals = Signals::listen().map_err(lost)?;
    let guard = Guard::take().map_err(lost)?;
    let size = terminal_size();
    let started = Instant::now();
    let read_only = options.client.is_read_only();
    let (told, messages) = mpsc::channel(MESSAGES);
    let (changed, mut changes) = (told.clone(), options.changes);
    // A thread of its own, since it waits; it ends with the program.
    std::thread::spawn(move || while changed.blocking_send(Msg::Settings(Box::new(changes()))).is_ok() {});
    let mut screen = Screen {
        terminal: Terminal::new(Painter::new(std::io::stdout(), outer(size))).map_err(lost)?,
        guard,
        executor: Executor::start(options.client, told),
        messages,
        started,
        rate: FrameRate::default(),
        last_key: None,
        urgent: false,
        others: false,
        wake: None,
        unsaved: 0,
        to_suspend: false,
        to_edit: None,
        quit: false,
    };
    let mut app = App::new(options.start, themes.theme(), keymap, options.settings.scrollback, size, screen.now());
    app.themes = themes;
    app.data.read_only = read_only;
    app.work.confirms_paste = options.settings.confirm_paste;
    app.plain = options.settings.plain;
    app.pages.settings.learn(options.settings.shown);
    app.tour = options.tour.then_some(Step::Launch);
    let first = app.begin();
    screen.act(&mut app, first);
    let result = screen.live(&mut app, &mut signals).await;
    // The person has the terminal again while the last words are still on their way.
    screen.guard.leave();
    screen.last_words().await;
    result?;
    Ok(app.exit.unwrap_or(Exit::Left))
}

/// Signals that concern the terminal.
struct Signals {
    term: Signal,
    hup: Signal,
    int: Signal,
    stop: Signal,
    cont: Signal,
    size: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        let kind = |signal: rustix::process::Signal| SignalKind::from_raw(signal.as_raw());
        Ok(Self {
            term: signal(SignalKind::terminate())?,
            hup: signal(SignalKind::hangup())?,
            int: signal(SignalKind::interrupt())?,
            stop: signal(kind(rustix::process::Signal::TSTP))?,
            cont: signal(kind(rustix::process::Signal::CONT))?,
            size: signal(SignalKind::window_change())?,
        })
    }
}

/// The terminal with everything that reads from it and writes to it.
struct Screen {
    terminal: Terminal<Painter<std::io::Stdout>>,
    guard: Guard,
    executor: Executor,
    messages: mpsc::Receiver<Msg>,
    started: Instant,
    rate: FrameRate,
    last_key: Option<Instant>,
    /// What is to be drawn is the echo of a key.
    urgent: bool,
    /// Something else is to be drawn too.
    others: bool,
    wake: Option<Duration>,
    unsaved: usize,
    to_suspend: bool,
    to_edit: Option<PathBuf>,
    quit: bool,
}

impl Screen {
    fn now(&self) -> Now {
        Now { since_start: self.started.elapsed(), time: jiff::Timestamp::now() }
    }

    async fn live(&mut self, app: &mut App, signals: &mut Signals) -> Result<()> {
        let mut inputs = Inputs::open().map_err(lost)?;
        while !self.quit {
            if !guard::is_taken() {
                return Err(Error::internal("a part of the terminal client failed"));
            }
            let draw_at = self.draw_if_due(app).map_err(lost)?;
            let minute = self.started.elapsed() + MINUTE;
            let wake = self.wake.map_or(minute, |wake| wake.min(minute));
            let until = draw_at.map_or(self.started + wake, |at| at.min(self.started + wake));
            tokio::select! {
                biased;
                _ = signals.term.recv() => self.take(app, Msg::Terminated),
                _ = signals.hup.recv() => self.take(app, Msg::Terminated),
                _ = signals.int.recv() => self.take(app, Msg::Terminated),
                _ = signals.stop.recv() => self.suspend(app, signals)?,
                _ = signals.cont.recv() => self.resume(app)?,
                _ = signals.size.recv() => self.take(app, Msg::Resize(terminal_size())),
                input = inputs.next() => match input {
                    Ok(Some(Input::Answer(Answer::Kitty(_)))) => self.guard.take_keys().map_err(lost)?,
                    Ok(Some(input)) => {
                        if let Some(msg) = input::message(input) {
                            self.last_key = Some(Instant::now());
                            self.take(app, msg);
                        }
                    }
                    // The terminal is gone.
                    Ok(None) | Err(_) => self.take(app, Msg::Terminated),
                },
                msg = self.messages.recv() => match msg {
                    Some(msg) => self.take_many(app, msg),
                    None => return Err(Error::internal("nobody listens to the server any more")),
                },
                () = tokio::time::sleep_until(until.into()) => {
                    if self.started.elapsed() >= wake {
                        self.wake = None;
                        self.take(app, Msg::Tick);
                    }
                }
            }
            if std::mem::take(&mut self.to_suspend) {
                self.suspend(app, signals)?;
            }
            if let Some(path) = self.to_edit.take() {
                self.edit(app, signals, &path).await?;
            }
        }
        Ok(())
    }

    /// Draws if something changed and the last frame is old enough; returns when it will be.
    fn draw_if_due(&mut self, app: &mut App) -> std::io::Result<Option<Instant>> {
        let now = Instant::now();
        if app.dirty {
            let haste = match () {
                () if self.urgent && self.others => Haste::Echo,
                () if self.urgent => Haste::EchoAlone,
                () => Haste::of(app.focused),
            };
            let due = self.rate.due(haste);
            if let Some(due) = due.filter(|due| *due > now) {
                return Ok(Some(due));
            }
            app.dirty = false;
            (self.urgent, self.others) = (false, false);
            self.rate.drawn(haste, now);
            let shape = if app.view == View::Terminals && app.overlays.is_empty() { app.work.cursor_shape() } else { 0 };
            self.terminal.backend_mut().set_cursor_shape(shape);
            self.terminal.draw(|frame| view::draw(app, frame))?;
            if let Some(hud) = &mut app.hud {
                hud.frame(now.elapsed(), self.terminal.backend().written(), now);
            }
        }
        // What is in a hidden tab counts as drawn when it was taken in.
        for effect in app.acks() {
            self.executor.run(effect);
        }
        Ok(None)
    }

    fn take(&mut self, app: &mut App, msg: Msg) {
        if let Msg::Resize(size) = &msg {
            self.terminal.backend_mut().set_size(outer(*size));
        }
        let echo = matches!((&msg, self.last_key), (Msg::Frame(pane, _), Some(key))
            if key.elapsed() < ECHO && app.work.focused().is_some_and(|own| own.id == *pane));
        self.urgent |= echo;
        let before = std::mem::take(&mut app.dirty);
        let of_person = matches!(msg, Msg::Key(_));
        if let Msg::Reply(request, _) = &msg
            && matches!(**request, Request::SaveLayout(_))
        {
            self.unsaved = self.unsaved.saturating_sub(1);
        }
        let effects = app.update(msg, self.now());
        self.others |= app.dirty && !echo && !of_person;
        app.dirty |= before;
        self.act(app, effects);
    }

    fn take_many(&mut self, app: &mut App, first: Msg) {
        let begun = Instant::now();
        self.take(app, first);
        for _ in 1..AT_ONCE {
            if begun.elapsed() >= FRAME {
                return;
            }
            let Ok(msg) = self.messages.try_recv() else { return };
            self.take(app, msg);
        }
    }

    fn act(&mut self, app: &mut App, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::WakeAt(at) => self.wake = Some(self.wake.map_or(at, |wake| wake.min(at))),
                Effect::Clipboard(text) => {
                    let text = base64::engine::general_purpose::STANDARD.encode(text);
                    // Without a terminal the loop ends soon anyway.
                    let _ = guard::write(format!("\x1b]52;c;{text}\x07").as_bytes());
                }
                Effect::Notify(title, text) => {
                    let _ = guard::write(&guard::notification(&title, &text, std::env::var("TERM").as_deref().unwrap_or_default()));
                }
                Effect::Bell => {
                    let _ = guard::write(b"\x07");
                }
                Effect::Redraw => {
                    self.terminal.backend_mut().forget();
                    let _ = self.terminal.clear();
                    app.dirty = true;
                }
                Effect::CatchMouse(on) => self.guard.catch_mouse(on),
                Effect::Suspend => self.to_suspend = true,
                Effect::Edit(path) => self.to_edit = Some(path),
                Effect::Quit => self.quit = true,
                effect => {
                    if matches!(effect, Effect::Request(Request::SaveLayout(_))) {
                        self.unsaved += 1;
                    }
                    self.executor.run(effect);
                }
            }
        }
    }

    /// Gives the terminal back and stops, as any program does on Ctrl-Z, until it is brought to the foreground again.
    fn suspend(&mut self, app: &mut App, signals: &mut Signals) -> Result<()> {
        if !has_shell() {
            app.toasts.push(ToastKind::Info, "there is no shell to go back to", self.now());
            app.dirty = true;
            return Ok(());
        }
        self.guard.leave();
        // The whole group, as the terminal's own Ctrl-Z does: whoever started us, such as make, waits with us.
        rustix::process::kill_current_process_group(rustix::process::Signal::STOP).map_err(|error| lost(error.into()))?;
        // Here it goes on after `fg`; the signal that said so needs no second answer.
        let _ = futures_util::FutureExt::now_or_never(signals.cont.recv());
        self.resume(app)
    }

    /// Lets the editor have the terminal until it ends. What the server says is taken in meanwhile, so that nothing waits for the editor.
    async fn edit(&mut self, app: &mut App, signals: &mut Signals, path: &Path) -> Result<()> {
        self.guard.leave();
        let ended = match editor::start(path) {
            Ok(mut child) => loop {
                for effect in app.acks() {
                    self.executor.run(effect);
                }
                tokio::select! {
                    biased;
                    status = child.wait() => break editor::ended(status),
                    _ = signals.term.recv() => self.take(app, Msg::Terminated),
                    _ = signals.hup.recv() => self.take(app, Msg::Terminated),
                    // Typed for the editor.
                    _ = signals.int.recv() => {}
                    _ = signals.stop.recv() => {
                        // The editor has stopped; whoever started us is to see that.
                        let whole = if has_shell() { rustix::process::Signal::STOP } else { rustix::process::Signal::CONT };
                        rustix::process::kill_current_process_group(whole).map_err(|error| lost(error.into()))?;
                    }
                    _ = signals.cont.recv() => {}
                    msg = self.messages.recv() => match msg {
                        Some(msg) => self.take_many(app, msg),
                        None => return Err(Error::internal("nobody listens to the server any more")),
                    },
                }
                if self.quit {
                    if let Some(pid) = child.id().and_then(|pid| rustix::process::Pid::from_raw(pid.cast_signed())) {
                        // One that has ended by itself needs no signal.
                        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
                    }
                    let _ = tokio::time::timeout(LAST_WORDS, child.wait()).await;
                    return Ok(());
                }
            },
            Err(error) => Err(error),
        };
        self.resume(app)?;
        self.take(app, Msg::Edited(path.to_owned(), ended.err().map(|error| Box::new(error.problem()))));
        Ok(())
    }

    /// Takes the terminal again, whatever others did with it meanwhile.
    fn resume(&mut self, app: &mut App) -> Result<()> {
        self.guard.leave();
        self.guard.enter().map_err(lost)?;
        self.take(app, Msg::Resize(terminal_size()));
        self.take(app, Msg::Resumed);
        Ok(())
    }

    /// Waits until the arrangement is kept.
    async fn last_words(&mut self) {
        let kept = async {
            while self.unsaved > 0 {
                match self.messages.recv().await {
                    Some(Msg::Reply(request, _)) if matches!(*request, Request::SaveLayout(_)) => self.unsaved -= 1,
                    Some(_) => {}
                    None => return,
                }
            }
        };
        // A server that does not answer keeps the arrangement of before.
        let _ = tokio::time::timeout(LAST_WORDS, kept).await;
    }
}

/// Whether there is a shell that brings back what was stopped.
fn has_shell() -> bool {
    let own = rustix::process::getpid();
    rustix::process::getsid(None).is_ok_and(|leader| leader != own)
}

pub(super) fn outer(size: Size) -> ratatui::layout::Size {
    ratatui::layout::Size { width: size.cols, height: size.rows }
}

pub(super) fn terminal_size() -> Size {
    match crossterm::terminal::size() {
        Ok((cols, rows)) if cols > 0 && rows > 0 => Size { cols, rows },
        _ => Size::default(),
    }
}

/// The terminal can't be used.
pub(super) fn lost(source: std::io::Error) -> Error {
    Error::new(Code::Internal, format!("the terminal can't be used: {source}")).because(source)
}
