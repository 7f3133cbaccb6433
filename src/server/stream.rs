//! `cto.stream.v1`: subscriptions to events, stats, tiles and logs over one socket.
use super::routes::Opening;
use super::socket;
use super::socket::Close;
use super::socket::Inlet;
use super::socket::Said;
use super::topics;
use super::topics::Credit;
use super::topics::Subscriber;
use crate::access::Actor;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::DEFAULT_CREDIT;
use crate::model::StreamMessage;
use crate::model::StreamRequest;
use axum::extract::ws::Message;
use axum::extract::ws::WebSocket;
use std::collections::HashMap;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

/// Subscriptions that one client may have.
const MOST: usize = 64;

/// `GET /api/v1/stream`, once it is a WebSocket.
pub(super) async fn run(opening: Opening, socket: WebSocket) {
    let (outlet, mut inlet) = socket::split(&opening, socket);
    let queue = outlet.queue();
    let close = tokio::select! {
        close = serve(&opening, &mut inlet, &queue) => close.unwrap_or_else(|close| close),
        () = opening.door.closing.cancelled() => Some(Close::RESTART),
    };
    drop(queue);
    if let Some(close) = close {
        outlet.close(close, inlet).await;
    }
}

/// Serves requests until the client goes. Subscriptions end with it.
async fn serve(opening: &Opening, inlet: &mut Inlet, queue: &mpsc::Sender<Message>) -> Result<Option<Close>, Option<Close>> {
    let actor = known(opening, inlet).await?;
    let welcome = StreamMessage::Welcome { boot_id: opening.door.control.boot_id().to_owned() };
    queue.send(topics::text(&welcome)).await.map_err(|_| None)?;
    let mut subscriptions: HashMap<u32, (Credit, AbortOnDropHandle<()>)> = HashMap::new();
    loop {
        match request(inlet.next().await?)? {
            // Known already: a client on the local socket may say it all the same.
            StreamRequest::Auth { .. } => {}
            StreamRequest::Subscribe { id, topic, credit } => {
                // Those that have ended by themselves do not count.
                subscriptions.retain(|_, (_, task)| !task.is_finished());
                subscriptions.remove(&id);
                if subscriptions.len() >= MOST {
                    let problem = Error::new(Code::TooMany, format!("one stream carries {MOST} subscriptions at most")).problem();
                    let end = StreamMessage::End { id, problem: Some(Box::new(problem)) };
                    queue.send(topics::text(&end)).await.map_err(|_| None)?;
                    continue;
                }
                let credit = Credit::new(credit.unwrap_or(DEFAULT_CREDIT));
                let subscriber = Subscriber { id, control: opening.door.control.clone(), actor: actor.clone(), credit: credit.clone(), queue: queue.clone() };
                subscriptions.insert(id, (credit, AbortOnDropHandle::new(tokio::spawn(subscriber.run(topic)))));
            }
            StreamRequest::Credit { id, more } => {
                if let Some((credit, _)) = subscriptions.get(&id) {
                    credit.add(more);
                }
            }
            StreamRequest::Unsubscribe { id } => {
                subscriptions.remove(&id);
            }
            StreamRequest::Ping { number } => queue.send(topics::text(&StreamMessage::Pong { number })).await.map_err(|_| None)?,
        }
    }
}

/// Who asks: a browser says so in its first message.
async fn known(opening: &Opening, inlet: &mut Inlet) -> Result<Actor, Option<Close>> {
    let close = |error: Error| Some(Close::from(error));
    if opening.actor.is_some() {
        return socket::actor(opening, None).await.map_err(close);
    }
    match request(inlet.first().await?)? {
        StreamRequest::Auth { token } => socket::actor(opening, Some(&token)).await.map_err(close),
        _ => socket::actor(opening, None).await.map_err(close),
    }
}

fn request(said: Said) -> Result<StreamRequest, Option<Close>> {
    let wrong = |detail: String| Some(Close::from(Error::new(Code::BadRequest, detail)));
    match said {
        Said::Text(text) => serde_json::from_str(&text).map_err(|error| wrong(format!("not a request of cto.stream.v1: {error}"))),
        Said::Binary(_) => Err(wrong("messages of cto.stream.v1 are text".to_owned())),
    }
}
