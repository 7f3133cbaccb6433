//! Sessions: opened, watched, typed into, closed.
use super::Control;
use super::containers::of as target_of;
use super::guard::Target;
use super::idempotency::Answer;
use super::paging::Key;
use super::paging::Wanted;
use crate::access::Actor;
use crate::access::allowed;
use crate::engine::TerminalRequest;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::Attach;
use crate::model::AttachMode;
use crate::model::Code;
use crate::model::Container;
use crate::model::ContainerId;
use crate::model::ContainerState;
use crate::model::Delivery;
use crate::model::Held;
use crate::model::ListQuery;
use crate::model::OpenSession;
use crate::model::Orders;
use crate::model::OutputQuery;
use crate::model::Page;
use crate::model::ScreenFormat;
use crate::model::ScreenJson;
use crate::model::Session as Facts;
use crate::model::SessionId;
use crate::model::SessionInput;
use crate::model::SessionKind;
use crate::model::SessionState;
use crate::model::Size;
use crate::model::Unread;
use crate::model::Viewer;
use crate::sessions::Carried;
use crate::sessions::NewSession;
use crate::sessions::Reader;
use crate::sessions::SHELL;
use crate::sessions::Session;
use crate::sessions::Transport;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

/// Most bytes of output in one answer.
const MOST_OUTPUT: u64 = 1 << 20;
/// Most bytes typed by one request.
const MOST_INPUT: usize = 64 * 1024;
/// How long a close waits for the program's end.
const CLOSING: Duration = Duration::from_secs(5);

/// One lock a container whose main session is being opened, so that there is never a second one.
pub(super) type Opening = Mutex<HashMap<ContainerId, Arc<tokio::sync::Mutex<()>>>>;

/// A screen in the form that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Screen {
    /// `text/plain`.
    Text(String),
    /// Bytes that redraw it.
    Ansi(Vec<u8>),
    /// As data.
    Json(Box<ScreenJson>),
    /// `image/svg+xml`; only of recordings.
    Svg(String),
}

impl Control {
    /// Sessions, oldest first where no other order is asked for.
    ///
    /// # Errors
    /// `forbidden`, `invalid_value`.
    #[expect(clippy::unused_async, reason = "every endpoint is asked in the same way")]
    pub async fn list_sessions(&self, actor: &Actor, query: &ListQuery) -> Result<Page<Facts>> {
        Self::may(actor, Action::ReadSessions)?;
        let wanted = Wanted::of(query, Orders::SESSIONS)?;
        let mut all: Vec<Facts> = self.sessions().list().iter().map(Session::facts).collect();
        all.retain(|session| wanted.finds(&[session.id.as_str(), &session.container_name, session.container.as_str(), &session.title, &session.owner]));
        let key = |session: &Facts, by: &str| match by {
            "container_name" => Key::text(&session.container_name),
            "title" => Key::text(&session.title),
            "owner" => Key::text(&session.owner),
            "state" => Key::of(&session.state),
            "viewers" => Key::of(&session.viewers),
            "head_offset" => Key::of(&session.head_offset),
            // Ids grow with time.
            _ => Key::Nothing,
        };
        Ok(wanted.page(all, key, |session| session.id.to_string()))
    }

    /// Opens a session in a container. A repeated `idempotency_key` answers with the first one's session.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `wrong_state` when the container does not run, `command_not_found`.
    pub async fn create_session(&self, actor: &Actor, request: OpenSession, idempotency_key: Option<&str>) -> Result<Facts> {
        let work = async {
            let session = self.open_session(actor, &request).await?;
            Ok((session.id.to_string(), session))
        };
        match self.once(actor, idempotency_key, &request, work).await? {
            Answer::New(session) => Ok(session),
            Answer::Before(id) => self.get_session(actor, &id).await,
        }
    }

    async fn open_session(&self, actor: &Actor, request: &OpenSession) -> Result<Facts> {
        let container = self.container(&request.container).await?;
        let size = request.size.unwrap_or_default();
        self.guarded(actor, Action::OpenSessions, &target_of(&container), async {
            if request.main {
                let owner = container.owner.clone().unwrap_or_else(|| actor.name.clone());
                let session = self.open_main(&container.id, &container.name, &owner, size).await?;
                self.record_if_asked(&container, &session).await;
                return Ok(session.facts());
            }
            let terminal = TerminalRequest {
                container: container.id.clone(),
                command: request.command.clone(),
                environment: request.environment.clone(),
                user: request.user.clone(),
                working_dir: request.working_dir.clone(),
                size,
                main: false,
            };
            let id = SessionId::fresh();
            // Noted before it is begun: what is begun when this server is killed is found by the next one, and no program runs that nobody knows.
            let begun = Facts {
                id: id.clone(),
                container: container.id.clone(),
                container_name: container.name.clone(),
                kind: SessionKind::Exec,
                command: if request.command.is_empty() { vec![SHELL.to_owned()] } else { request.command.clone() },
                title: String::new(),
                state: SessionState::Live,
                size: size.clamped(),
                owner: actor.name.clone(),
                not_resumable: None,
                viewers: 0,
                head_offset: 0,
                recording: None,
                exit: None,
                created_at: Timestamp::now(),
            };
            self.note_begun(&begun, Some(&Held { user: request.user.clone(), boot: None })).await;
            let transport = match self.0.holders.open(&id, &terminal, request.unread, &container.name).await {
                Ok(transport) => transport,
                Err(error) => {
                    self.forget_session(&id).await;
                    return Err(error);
                }
            };
            let new = NewSession {
                id,
                start: 0,
                container: container.id.clone(),
                container_name: container.name.clone(),
                kind: SessionKind::Exec,
                owner: actor.name.clone(),
                size,
                carried: None,
            };
            let session = self.opened(new, transport).await;
            self.record_if_asked(&container, &session).await;
            Ok(session.facts())
        })
        .await
    }

    async fn opened(&self, new: NewSession, transport: Transport) -> Session {
        let session = self.sessions().open(new, transport);
        let facts = session.facts();
        self.note_begun(&facts, session.held().as_ref()).await;
        self.record_again(&session);
        session
    }

    /// A store that can't note a session must not take it away from its user.
    async fn note_begun(&self, facts: &Facts, held: Option<&Held>) {
        if let Err(error) = self.parts().store.save_session(facts, held, None).await {
            tracing::warn!(%error, session = %facts.id, "a session can't be noted");
        }
    }

    /// Notes how the sessions are that have changed much or long enough, for a server after this one: at most `most` of them, those that
    /// wait longest first. How many more there are is not told: their turn comes with the next call.
    pub async fn note_sessions(&self, most: usize) {
        for session in self.sessions().to_note(most) {
            let Some((facts, held, snapshot)) = session.noted() else { continue };
            match self.parts().store.save_session(&facts, held.as_ref(), Some(&snapshot)).await {
                Ok(()) => session.was_noted(facts.head_offset),
                Err(error) => {
                    tracing::warn!(%error, session = %facts.id, "a session can't be noted");
                    return;
                }
            }
        }
    }

    /// Goes on with a session that a server before this one has opened in a holder. Its screen is shown at once, the rest comes when its
    /// container can be reached.
    ///
    /// # Errors
    /// When it can't be gone on with.
    pub async fn adopt_session(&self, facts: &Facts, held: &Held, snapshot: Vec<u8>) -> Result<()> {
        let terminal = TerminalRequest {
            container: facts.container.clone(),
            command: facts.command.clone(),
            environment: std::collections::BTreeMap::new(),
            user: held.user.clone(),
            working_dir: None,
            size: facts.size,
            main: facts.kind == SessionKind::Main,
        };
        let transport = self.0.holders.adopt(&facts.id, &terminal, held.boot, facts.created_at).await?;
        let new = NewSession {
            id: facts.id.clone(),
            // Without a picture everything is drawn that the holder still has.
            start: if snapshot.is_empty() { 0 } else { facts.head_offset },
            container: facts.container.clone(),
            container_name: facts.container_name.clone(),
            kind: facts.kind,
            owner: facts.owner.clone(),
            size: facts.size,
            carried: Some(Carried { created_at: facts.created_at, title: facts.title.clone(), snapshot }),
        };
        let (control, session) = (self.clone(), self.sessions().open(new, transport));
        tokio::spawn(async move {
            // A recording goes on where it was, however long it takes until the session is reached.
            while session.reached().await.is_err() {}
            control.record_again(&session);
        });
        Ok(())
    }

    /// The session of a container's main program: the one that lives, one of a server before this one carried on, or a new one.
    pub(super) async fn open_main(&self, container: &ContainerId, name: &str, owner: &str, size: Size) -> Result<Session> {
        let lock = {
            let mut opening = self.0.opening.lock().expect("no panics while held");
            opening.retain(|_, lock| Arc::strong_count(lock) > 1);
            opening.entry(container.clone()).or_default().clone()
        };
        let _one_at_a_time = lock.lock().await;
        if let Some(session) = self.sessions().main_of(container) {
            return Ok(session);
        }
        let (id, start) = self.sessions().lost_main(container).unwrap_or_else(|| (SessionId::fresh(), 0));
        let terminal = TerminalRequest {
            container: container.clone(),
            command: Vec::new(),
            environment: std::collections::BTreeMap::new(),
            user: None,
            working_dir: None,
            size,
            main: true,
        };
        let transport = self.0.holders.open(&id, &terminal, Unread::Block, name).await?;
        let (container, container_name, owner) = (container.clone(), name.to_owned(), owner.to_owned());
        let new = NewSession { id, start, container, container_name, kind: SessionKind::Main, owner, size, carried: None };
        Ok(self.opened(new, transport).await)
    }

    /// As [`Control::watch_main`], for a container whose main program this server or one before it on these files has watched. Others
    /// may be another server's, and two that attach would both answer the program's queries.
    pub async fn watch_main_again(&self, container: &Container) {
        if self.sessions().had_main(&container.id) {
            self.watch_main(container).await;
        }
    }

    /// Opens the main session of one of our containers that has none.
    pub async fn watch_main(&self, container: &Container) {
        let runs = matches!(container.state, ContainerState::Running | ContainerState::Created);
        if !runs || !container.tty || container.foreign || self.sessions().main_of(&container.id).is_some() {
            return;
        }
        let owner = container.owner.clone().unwrap_or_default();
        let size = self.sessions().last_main_size(&container.id).unwrap_or_default();
        match self.open_main(&container.id, &container.name, &owner, size).await {
            Ok(session) => self.record_if_asked(container, &session).await,
            Err(error) => tracing::debug!(%error, container = container.name, "its main program can't be watched"),
        }
    }

    /// One session.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    #[expect(clippy::unused_async, reason = "every endpoint is asked in the same way")]
    pub async fn get_session(&self, actor: &Actor, id: &str) -> Result<Facts> {
        Ok(self.session(actor, id)?.facts())
    }

    /// Who watches a session, the first to come first.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    #[expect(clippy::unused_async, reason = "every endpoint is asked in the same way")]
    pub async fn list_viewers(&self, actor: &Actor, id: &str) -> Result<Page<Viewer>> {
        Ok(Page { items: self.session(actor, id)?.viewers(), next_cursor: None })
    }

    /// Ends a session and waits for that, 5 seconds at most; an ended one is forgotten.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; `wrong_state` for a main program, which ends with its container.
    pub async fn close_session(&self, actor: &Actor, id: &str) -> Result<()> {
        let session = self.session(actor, id)?;
        self.guarded(actor, Action::CloseSessions, &of(&session), async {
            if session.is_live() {
                if session.fixed().kind == SessionKind::Main {
                    let name = &session.fixed().container_name;
                    let error = Error::new(Code::WrongState, format!("this is the main program of container '{name}', which ends with it"));
                    return Err(error.fix(format!("stop the container: 'cto stop {name}'")));
                }
                session.close();
                session.ended(CLOSING).await;
            } else {
                self.forget_session(session.id()).await;
            }
            Ok(())
        })
        .await
    }

    /// Forgets an ended session.
    pub async fn forget_session(&self, id: &SessionId) {
        self.sessions().forget(id);
        if let Err(error) = self.parts().store.remove_session(id).await {
            tracing::warn!(%error, session = %id, "a session can't be removed from the store");
        }
    }

    /// Types into a session.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid_value`, `too_large` over 64 KiB; `wrong_state` when it has ended, `timed_out` when its program reads nothing.
    pub async fn type_into_session(&self, actor: &Actor, id: &str, input: SessionInput) -> Result<()> {
        let session = self.session(actor, id)?;
        let bytes = match (input.text, input.base64) {
            (Some(text), None) => text.into_bytes(),
            (None, Some(text)) => STANDARD.decode(text).map_err(|error| Error::invalid(format!("'base64' is no base64: {error}")))?,
            _ => return Err(Error::invalid("give exactly one of 'text' and 'base64'")),
        };
        if bytes.len() > MOST_INPUT {
            return Err(Error::new(Code::TooLarge, format!("at most {} KiB can be typed at once", MOST_INPUT / 1024)));
        }
        let target = of(&session);
        // What was typed may be a secret: only how much is noted.
        let intent = self.intent(actor, Action::WriteSessions, &target, Some(format!("{} bytes", bytes.len()))).await?;
        let result = session.type_bytes(bytes).await;
        self.outcome(intent, &result).await;
        result
    }

    /// Changes the size of a session's screen, until a viewer that types has another.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `wrong_state` when it has ended.
    pub async fn resize_session(&self, actor: &Actor, id: &str, size: Size) -> Result<()> {
        let session = self.session(actor, id)?;
        self.guarded(actor, Action::WriteSessions, &of(&session), async { session.resize(size) }).await
    }

    /// A session's screen now. One of a server before this one is waited for until it is reached, for some seconds.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; `engine_unavailable` when it can't be reached and no screen of it is known.
    pub async fn get_screen(&self, actor: &Actor, id: &str, format: ScreenFormat) -> Result<Screen> {
        let session = self.session(actor, id)?;
        session.shown().await?;
        Ok(match format {
            ScreenFormat::Text => Screen::Text(session.screen_text() + "\n"),
            ScreenFormat::Ansi => Screen::Ansi(session.screen_ansi()),
            ScreenFormat::Json => Screen::Json(Box::new(session.screen_json())),
        })
    }

    /// A part of a session's output, with the offset of its first byte: later than asked for where the beginning is no longer kept. Waits as
    /// the screen does.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `engine_unavailable`.
    pub async fn get_output(&self, actor: &Actor, id: &str, query: OutputQuery) -> Result<(u64, Vec<u8>)> {
        let session = self.session(actor, id)?;
        session.shown().await?;
        Ok(session.output(query.offset, query.limit.unwrap_or(MOST_OUTPUT).min(MOST_OUTPUT)))
    }

    /// Watches a session, and types into it where `attach` asks for that.
    ///
    /// # Errors
    /// `forbidden` without the right to write, which lossless readers need too, since the program waits for them; `not_found`, `too_many`.
    pub async fn attach_session(&self, actor: &Actor, id: &str, attach: Attach) -> Result<Reader> {
        let session = self.session(actor, id)?;
        self.touch(&session.fixed().container);
        if attach.v != 1 {
            return Err(Error::new(Code::BadRequest, format!("version {} of the terminal protocol is not spoken here", attach.v)).fix("use version 1"));
        }
        let writes = attach.mode == AttachMode::Write || attach.delivery == Delivery::Lossless;
        let action = if writes { Action::WriteSessions } else { Action::ReadSessions };
        let viewer = attach.mode == AttachMode::View;
        if attach.from_offset.is_some() {
            session.reached().await?;
        }
        match self.guarded(actor, action, &of(&session), async { session.attach(&attach, &actor.name) }).await {
            // Looking changes nothing, so it goes on with a full disk.
            Err(error) if viewer && !writes && matches!(error.code, Code::DiskFull | Code::StoreFailed) => session.attach(&attach, &actor.name),
            other => other,
        }
    }

    /// A session that the actor may see.
    pub(super) fn session(&self, actor: &Actor, id: &str) -> Result<Session> {
        let unknown = || Error::not_found("session", id).fix("'cto sessions' lists them");
        if !allowed(actor, Action::ReadSessions, None) {
            return Err(unknown());
        }
        self.sessions().find(id).ok_or_else(unknown)
    }
}

/// A session as the target of an action.
pub(super) fn of(session: &Session) -> Target {
    let fixed = session.fixed();
    Target::owned(format!("{} in {}", fixed.id, fixed.container_name), Some(&fixed.owner))
}
