//! Sessions for scripts: typing, and what belongs to the terminal itself.
use super::ctx::Ctx;
use super::ctx::failure;
use super::ctx::wrong;
use super::expect;
use super::options::Options;
use super::options::seconds;
use super::recorded::Recorded;
use super::screen::ScreenRef;
use crate::automation::pattern::Pattern;
use crate::automation::pattern::shown;
use crate::automation::stream::Ended;
use crate::automation::stream::Stream;
use crate::error::Error;
use crate::model::Attach;
use crate::model::AttachMode;
use crate::model::Code;
use crate::model::Control as Wish;
use crate::model::Delivery;
use crate::model::Session as Facts;
use crate::model::SessionId;
use crate::model::Size;
use crate::sessions::Session;
use crate::term::Key;
use crate::term::KeyCode;
use crate::term::Modes;
use crate::term::Mods;
use crate::term::Screen;
use crate::term::encode_key;
use crate::term::encode_paste;
use crate::term::parse_key;
use mlua::Lua;
use mlua::UserData;
use mlua::UserDataFields;
use mlua::UserDataMethods;
use mlua::Value;
use std::cell::Cell;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// How long a wait is where the script does not say.
pub(super) const WITHIN: Duration = Duration::from_secs(30);
/// How long a run takes to hear that somebody has taken a session over.
const HEARD: Duration = Duration::from_millis(20);
/// Most bytes typed by one frame.
const PIECE: usize = 32 << 10;
/// Unacknowledged bytes at which a session's program waits for the script.
const AHEAD: u32 = 1 << 20;

/// A session. Clones are the same.
#[derive(Clone)]
pub(in crate::automation) struct SessionRef(pub(super) Rc<Inner>);

pub(super) struct Inner {
    pub ctx: Rc<Ctx>,
    pub id: SessionId,
    pub stream: Stream,
    source: Source,
    /// This run opened it.
    ours: bool,
    /// How long waits are.
    pub within: Cell<Duration>,
    /// Before something is typed.
    delay: Cell<Duration>,
    /// Bytes at the end of what came already that are searched.
    pub window: Cell<Option<usize>>,
    pub prompt: RefCell<Option<Pattern>>,
    pub last: RefCell<expect::Last>,
}

/// Where a session's screen is.
enum Source {
    Live(Session),
    Recorded(Box<Recorded>),
}

/// Makes the methods of sessions, which need what is taken away before the script runs.
pub(super) fn install(lua: &Lua, ctx: &Rc<Ctx>) -> mlua::Result<()> {
    lua.create_userdata(SessionRef::recorded(ctx, Recorded::empty())?)?;
    ctx.last.take();
    Ok(())
}

impl SessionRef {
    /// Attaches to a session: one that this run opened is read from its beginning, another one from now on.
    pub(super) async fn attach(ctx: &Rc<Ctx>, facts: Facts, size: Size, ours: bool) -> mlua::Result<Self> {
        let (id, head) = (facts.id.clone(), facts.head_offset);
        let attach = Attach {
            v: 1,
            token: None,
            from_offset: Some(if ours { 0 } else { head }),
            cols: size.cols,
            rows: size.rows,
            mode: AttachMode::Write,
            delivery: Delivery::Lossless,
            writer: rand::random(),
            window: Some(AHEAD),
        };
        let (session, reader) = ctx
            .call(move |control, actor| async move {
                let reader = control.attach_session(&actor, id.as_str(), attach).await?;
                let session = control.sessions().find(id.as_str()).ok_or_else(|| Error::not_found("session", id.as_str()))?;
                Ok((session, reader))
            })
            .await?;
        session.hide(&ctx.live.masks());
        ctx.live.update(|run| {
            if !run.sessions.contains(&facts.id) && run.sessions.len() < 1_000 {
                run.sessions.push(facts.id.clone());
            }
        });
        let (live, id) = (ctx.live.clone(), facts.id.clone());
        let stream = Stream::of(reader, move |by| live.taken_over(&id, by));
        Ok(Self::new(ctx, facts.id, stream, Source::Live(session), ours))
    }

    /// What stands for a session in a dry run.
    pub(super) fn recorded(ctx: &Rc<Ctx>, recorded: Recorded) -> mlua::Result<Self> {
        let stream = recorded.stream.clone();
        Ok(Self::new(ctx, SessionId("dry".to_owned()), stream, Source::Recorded(Box::new(recorded)), false))
    }

    fn new(ctx: &Rc<Ctx>, id: SessionId, stream: Stream, source: Source, ours: bool) -> Self {
        let inner = Inner {
            ctx: ctx.clone(),
            id,
            stream,
            source,
            ours,
            within: Cell::new(WITHIN),
            delay: Cell::new(Duration::ZERO),
            window: Cell::new(None),
            prompt: RefCell::default(),
            last: RefCell::default(),
        };
        let session = Self(Rc::new(inner));
        session.used();
        session
    }

    /// Takes over `timeout`, `delay` and `window`.
    pub(super) fn configure(&self, options: &Options) -> mlua::Result<()> {
        if let Some(within) = options.seconds("timeout")? {
            self.0.within.set(within);
        }
        if let Some(delay) = options.seconds("delay")? {
            self.0.delay.set(delay);
        }
        if let Some(window) = options.count("window", 1 << 20)? {
            self.0.window.set(usize::try_from(window).ok());
        }
        Ok(())
    }

    /// Notes that it is the one that is used.
    pub(super) fn used(&self) {
        // Through the reference a run would keep itself: it is taken back when the run ends.
        *self.0.ctx.last.borrow_mut() = Some(self.clone());
    }

    /// In a dry run shows one piece more of the recording; false where there is none.
    pub(super) fn advance(&self) -> bool {
        match &self.0.source {
            Source::Recorded(recorded) => recorded.advance(),
            Source::Live(_) => false,
        }
    }

    pub(super) fn is_recorded(&self) -> bool {
        matches!(self.0.source, Source::Recorded(_))
    }

    pub(super) fn look<T>(&self, look: impl FnOnce(&mut Screen) -> T) -> T {
        match &self.0.source {
            Source::Live(session) => session.look(look),
            Source::Recorded(recorded) => look(&mut recorded.screen.borrow_mut()),
        }
    }

    /// The lines of its screen.
    pub(in crate::automation) fn screen_text(&self) -> String {
        self.look(|screen| screen.text())
    }

    fn modes(&self) -> Modes {
        self.look(|screen| screen.modes())
    }

    /// Types, after the session's delay. Where somebody has taken it over, this waits until they hand it back.
    async fn type_bytes(&self, bytes: Vec<u8>) -> mlua::Result<()> {
        if !self.0.delay.get().is_zero() {
            tokio::time::sleep(self.0.delay.get()).await;
        }
        if self.is_recorded() {
            return Ok(());
        }
        for piece in bytes.chunks(PIECE) {
            loop {
                match tokio::time::timeout(self.0.within.get(), self.0.stream.type_bytes(piece.to_vec())).await {
                    Ok(Ok(())) => break,
                    Ok(Err(error)) if error.code == Code::Forbidden => {
                        // The session knows it a moment before the run does.
                        tokio::time::sleep(HEARD).await;
                        self.0.ctx.live.handed_back().await;
                    }
                    Ok(Err(error)) => return Err(failure(error)),
                    Err(_) => {
                        let within = crate::automation::sandbox::seconds(self.0.within.get());
                        return Err(failure(Error::new(Code::TimedOut, format!("the program read nothing of what was typed for {within}"))));
                    }
                }
            }
        }
        Ok(())
    }

    /// Types a line, with the key that ends it.
    pub(super) async fn type_line(&self, line: &str) -> mlua::Result<()> {
        let mut bytes = line.as_bytes().to_vec();
        bytes.extend(encode_key(&Key::new(KeyCode::Enter, Mods::NONE), &self.modes()));
        self.type_bytes(bytes).await
    }

    async fn send(&self, lua: &Lua, verb: &str, bytes: Vec<u8>) -> mlua::Result<()> {
        self.used();
        let words = || {
            // Secrets first: what is cut or written differently is not found any more.
            let mut typed = self.0.ctx.live.masks().hide(&String::from_utf8_lossy(&bytes));
            typed.truncate(typed.floor_char_boundary(200));
            format!("{verb} '{}'", shown(typed.as_bytes()))
        };
        self.0.ctx.begin(lua, words, Some(&self.0.id)).await;
        self.type_bytes(bytes).await
    }
}

/// A key by its name: `ctrl-c`, `enter`, `alt-left`, `f5`; as the configuration writes it too: `C-c`.
fn key(text: &str) -> Result<Key, String> {
    let mut rest = text;
    let mut mods = Mods::NONE;
    loop {
        let lower = rest.to_ascii_lowercase();
        let held = [("ctrl-", Mods::CTRL), ("control-", Mods::CTRL), ("alt-", Mods::ALT), ("meta-", Mods::ALT), ("shift-", Mods::SHIFT)];
        match held.iter().find(|(name, _)| lower.starts_with(name) && rest.len() > name.len()) {
            Some((name, held)) => {
                mods = mods | *held;
                rest = &rest[name.len()..];
            }
            None => break,
        }
    }
    let code = match rest.to_ascii_lowercase().as_str() {
        "enter" | "return" => KeyCode::Enter,
        "esc" | "escape" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "backspace" => KeyCode::Backspace,
        "space" => KeyCode::Char(' '),
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        "page-up" | "pageup" => KeyCode::PageUp,
        "page-down" | "pagedown" => KeyCode::PageDown,
        "insert" => KeyCode::Insert,
        "delete" => KeyCode::Delete,
        _ => {
            let upper = if rest.len() > 1 && rest.starts_with('f') { rest.replacen('f', "F", 1) } else { rest.to_owned() };
            let known = parse_key(&upper).ok_or_else(|| format!("there is no key '{text}'; keys are 'enter', 'ctrl-c', 'alt-left', 'f5', 'a'"))?;
            return Ok(crate::term::normal_key(Key::new(known.code, known.mods | mods)));
        }
    };
    Ok(crate::term::normal_key(Key::new(code, mods)))
}

impl UserData for SessionRef {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_meta_field(mlua::MetaMethod::Type, "session");
        fields.add_field_method_get("id", |_, this| Ok(this.0.id.to_string()));
        fields.add_field_method_get("timeout", |_, this| Ok(this.0.within.get().as_secs_f64()));
        fields.add_field_method_set("timeout", |_, this, value: Value| {
            this.0.within.set(seconds(&value)?);
            Ok(())
        });
        fields.add_field_method_get("delay", |_, this| Ok(this.0.delay.get().as_secs_f64()));
        fields.add_field_method_set("delay", |_, this, value: Value| {
            this.0.delay.set(seconds(&value)?);
            Ok(())
        });
        fields.add_field_method_get("window", |_, this| Ok(this.0.window.get()));
        fields.add_field_method_set("window", |_, this, value: Option<usize>| {
            this.0.window.set(value);
            Ok(())
        });
        fields.add_field_method_get("buffer", |lua, this| lua.create_string(this.0.stream.unread()));
        fields.add_field_method_get("total", |_, this| Ok(this.0.stream.total()));
        fields.add_field_method_get("alive", |_, this| Ok(this.0.stream.ended().is_none()));
        fields.add_field_method_get("code", |_, this| {
            Ok(match this.0.stream.ended() {
                Some(Ended::Exited(exit)) => exit.code,
                _ => None,
            })
        });
        expect::add_fields(fields);
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_async_method("send", |lua, this, text: mlua::LuaString| async move {
            let bytes = text.as_bytes().to_vec();
            this.send(&lua, "send", bytes).await
        });
        methods.add_async_method("send_line", |lua, this, text: Option<mlua::LuaString>| async move {
            let mut bytes = text.map(|text| text.as_bytes().to_vec()).unwrap_or_default();
            bytes.extend(encode_key(&Key::new(KeyCode::Enter, Mods::NONE), &this.modes()));
            this.send(&lua, "send_line", bytes).await
        });
        methods.add_async_method("press", |lua, this, names: mlua::Variadic<String>| async move {
            let mut bytes = Vec::new();
            for name in names.iter() {
                bytes.extend(encode_key(&key(name).map_err(wrong)?, &this.modes()));
            }
            this.used();
            this.0.ctx.begin(&lua, || format!("press {}", names.join(" ")), Some(&this.0.id)).await;
            this.type_bytes(bytes).await
        });
        methods.add_async_method("paste", |lua, this, text: String| async move {
            let bytes = encode_paste(&text, &this.modes());
            this.send(&lua, "paste", bytes).await
        });
        methods.add_async_method("resize", |lua, this, (cols, rows): (u16, u16)| async move {
            this.used();
            this.0.ctx.begin(&lua, || format!("resize to {cols}x{rows}"), Some(&this.0.id)).await;
            if let Some(writer) = this.0.stream.writer() {
                writer.resize(Size { cols, rows }.clamped());
                writer.control(&Wish::TakeSize).map_err(failure)?;
            }
            Ok(())
        });
        methods.add_async_method("close", |lua, this, ()| async move {
            this.0.ctx.begin(&lua, || "close".to_owned(), Some(&this.0.id)).await;
            if this.is_recorded() || this.0.stream.ended().is_some() {
                return Ok(());
            }
            if !this.0.ours {
                return Err(wrong("close: this is the container's main program, which ends with it: stop the container"));
            }
            let id = this.0.id.clone();
            this.0.ctx.call(move |control, actor| async move { control.close_session(&actor, id.as_str()).await }).await
        });
        methods.add_async_method("hand_over", |lua, this, (why, options): (String, Value)| async move { expect::hand_over(&lua, &this, why, options).await });
        methods.add_method("set_prompt", |_, this, pattern: Value| {
            *this.0.prompt.borrow_mut() = Some(expect::pattern(&pattern)?);
            Ok(())
        });
        methods.add_method("screen", |_, this, ()| {
            this.used();
            Ok(ScreenRef(this.clone()))
        });
        expect::add_methods(methods);
        methods.add_meta_method(mlua::MetaMethod::ToString, |_, this, ()| Ok(format!("session {}", this.0.id)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_names_that_people_use() {
        let bytes = |name: &str| encode_key(&key(name).unwrap(), &Modes::default());
        assert_eq!(bytes("ctrl-c"), b"\x03");
        assert_eq!(bytes("C-c"), b"\x03");
        assert_eq!(bytes("enter"), b"\r");
        assert_eq!(bytes("Esc"), b"\x1b");
        assert_eq!(bytes("up"), b"\x1b[A");
        assert_eq!(bytes("alt-x"), b"\x1bx");
        assert_eq!(bytes("f5"), b"\x1b[15~");
        assert_eq!(bytes("A"), b"A");
        assert!(key("hyper-x").is_err() && key("").is_err());
    }
}
