//! Sessions: opened, watched, typed into, closed.
use super::Control;
use crate::access::Actor;
use crate::error::Result;
use crate::model::Attach;
use crate::model::ListQuery;
use crate::model::OpenSession;
use crate::model::OutputQuery;
use crate::model::Page;
use crate::model::ScreenFormat;
use crate::model::ScreenJson;
use crate::model::Session;
use crate::model::SessionInput;
use crate::model::Size;
use crate::sessions::Reader;

/// A screen in the form that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Screen {
    /// `text/plain`.
    Text(String),
    /// Bytes that redraw it.
    Ansi(Vec<u8>),
    /// As data.
    Json(Box<ScreenJson>),
}

#[allow(clippy::unused_async, clippy::missing_errors_doc)]
impl Control {
    /// Sessions, oldest first.
    pub async fn list_sessions(&self, actor: &Actor, query: &ListQuery) -> Result<Page<Session>> {
        let _ = (actor, query);
        super::later()
    }
    /// Opens a session in a container. A repeated `idempotency_key` answers with the first one's session.
    pub async fn create_session(&self, actor: &Actor, request: OpenSession, idempotency_key: Option<&str>) -> Result<Session> {
        let _ = (actor, request, idempotency_key);
        super::later()
    }
    /// One session.
    pub async fn get_session(&self, actor: &Actor, id: &str) -> Result<Session> {
        let _ = (actor, id);
        super::later()
    }
    /// Ends a session; an ended one is forgotten.
    pub async fn close_session(&self, actor: &Actor, id: &str) -> Result<()> {
        let _ = (actor, id);
        super::later()
    }
    /// Types into a session.
    pub async fn type_into_session(&self, actor: &Actor, id: &str, input: SessionInput) -> Result<()> {
        let _ = (actor, id, input);
        super::later()
    }
    /// Changes the size of a session's screen.
    pub async fn resize_session(&self, actor: &Actor, id: &str, size: Size) -> Result<()> {
        let _ = (actor, id, size);
        super::later()
    }
    /// A session's screen now.
    pub async fn get_screen(&self, actor: &Actor, id: &str, format: ScreenFormat) -> Result<Screen> {
        let _ = (actor, id, format);
        super::later()
    }
    /// A part of a session's output, with the offset of its first byte.
    pub async fn get_output(&self, actor: &Actor, id: &str, query: OutputQuery) -> Result<(u64, Vec<u8>)> {
        let _ = (actor, id, query);
        super::later()
    }
    /// Watches a session, and types into it where `attach` asks for that.
    pub async fn attach_session(&self, actor: &Actor, id: &str, attach: Attach) -> Result<Reader> {
        let _ = (actor, id, attach);
        super::later()
    }
}
