//! `cto.term.v1`: copies frames between a session's reader and a socket.
use super::caller;
use super::routes::Opening;
use super::socket;
use super::socket::Close;
use super::socket::Inlet;
use super::socket::Said;
use crate::access::looks_like_a_guest;
use crate::error::Error;
use crate::model::ClientFrame;
use crate::model::Code;
use crate::model::FrameError;
use crate::sessions::Reader;
use crate::sessions::ReaderEnd;
use crate::sessions::Writer;
use axum::extract::ws::Message;
use axum::extract::ws::WebSocket;
use std::time::Duration;
use tokio::sync::mpsc;

/// How soon a guest is out whose share has ended.
const GUEST: Duration = Duration::from_secs(2);

/// `GET /api/v1/sessions/{id}/attach`, once it is a WebSocket.
pub(super) async fn run(opening: Opening, socket: WebSocket) {
    let (outlet, mut inlet) = socket::split(&opening, socket);
    let close = match begin(&opening, &mut inlet).await {
        Ok((mut reader, guest)) => {
            if let Some(client) = &opening.client {
                reader.came_with(client.clone());
            }
            let writer = reader.writer();
            let queue = outlet.queue();
            tokio::select! {
                close = watched(&opening, guest) => close,
                close = send(&mut reader, &queue) => close,
                close = receive(&mut inlet, &writer) => close,
                () = opening.door.closing.cancelled() => Some(Close::RESTART),
            }
        }
        Err(close) => close,
    };
    if let Some(close) = close {
        outlet.close(close, inlet).await;
    }
}

/// Ends when a guest is none any more: their share has ended or was taken back. For others never.
async fn watched(opening: &Opening, guest: Option<String>) -> Option<Close> {
    let Some(token) = guest else { return std::future::pending().await };
    loop {
        tokio::time::sleep(GUEST).await;
        match opening.door.control.guest(&token).await {
            // A store that can't be asked puts nobody out.
            Err(error) if error.code == Code::Unauthenticated => return Some(Error::new(Code::Forbidden, error.message).into()),
            _ => {}
        }
    }
}

/// Takes ATTACH and joins the session; beside it comes the token of a guest.
async fn begin(opening: &Opening, inlet: &mut Inlet) -> Result<(Reader, Option<String>), Option<Close>> {
    let Said::Binary(bytes) = inlet.first().await? else { return Err(not_a_frame()) };
    let mut attach = match ClientFrame::decode(&bytes) {
        Ok(ClientFrame::Attach(attach)) => *attach,
        Ok(_) => return Err(Some(Error::new(Code::BadRequest, "the first frame must be ATTACH").into())),
        Err(error) => return Err(Some(Error::new(Code::BadRequest, error.to_string()).into())),
    };
    if attach.v != 1 {
        return Err(Some(Error::new(Code::BadRequest, format!("version {} of cto.term is not spoken here, version 1 is", attach.v)).into()));
    }
    let token = attach.token.take();
    let close = |error: Error| Some(Close::from(error));
    // Whoever comes by a link is a guest there, also where they are signed in otherwise.
    if let Some(token) = token.clone().filter(|token| looks_like_a_guest(token)) {
        let reader = match opening.door.control.attach_guest(&token, &opening.id, attach).await {
            Err(error) if error.code == Code::Unauthenticated => return Err(close(caller::wait(&opening.door, error).await)),
            other => other.map_err(close)?,
        };
        return Ok((reader, Some(token)));
    }
    let actor = socket::actor(opening, token.as_deref()).await.map_err(close)?;
    let reader = opening.door.control.attach_session(&actor, &opening.id, attach).await.map_err(close)?;
    Ok((reader, None))
}

/// Sends what the reader gives. A client that does not read keeps the reader from being asked, and falls behind.
async fn send(reader: &mut Reader, queue: &mpsc::Sender<Message>) -> Option<Close> {
    loop {
        // Room first: a frame that was taken from the reader is always sent.
        let room = queue.reserve().await.ok()?;
        match reader.next().await {
            Some(frame) => room.send(Message::Binary(frame.encode().into())),
            None => {
                return Some(match reader.end() {
                    ReaderEnd::Exited => Close::DONE,
                    ReaderEnd::TooSlow => Close::SLOW,
                    ReaderEnd::Stopping => Close::RESTART,
                });
            }
        }
    }
}

/// Gives what the client sends to the session; waits while its program does not read.
async fn receive(inlet: &mut Inlet, writer: &Writer) -> Option<Close> {
    loop {
        let bytes = match inlet.next().await {
            Ok(Said::Binary(bytes)) => bytes,
            Ok(Said::Text(_)) => return not_a_frame(),
            Err(close) => return close,
        };
        match ClientFrame::decode(&bytes) {
            Ok(frame) => match writer.handle(frame).await {
                Ok(()) => {}
                // EXIT is on its way, and the close after it.
                Err(error) if error.code == Code::WrongState => {}
                Err(error) if error.code == Code::Forbidden => writer.notice(error.message),
                Err(error) => return Some(error.into()),
            },
            Err(FrameError::Unknown(op)) => writer.notice(format!("frame 0x{op:02x} is not known to this server")),
            Err(error @ FrameError::Large(_)) => return Some(Error::new(Code::TooLarge, error.to_string()).into()),
            Err(error) => return Some(Error::new(Code::BadRequest, error.to_string()).into()),
        }
    }
}

fn not_a_frame() -> Option<Close> {
    Some(Error::new(Code::BadRequest, "frames of cto.term.v1 are binary").into())
}
