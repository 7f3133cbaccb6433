//! `cto.exec.v1`: one command in a container over one socket, with windows both ways.
use super::routes::Opening;
use super::socket;
use super::socket::Close;
use super::socket::Inlet;
use super::socket::Said;
use crate::control::Exec;
use crate::control::ExecControl;
use crate::control::ExecOutput;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::EXEC_WINDOW;
use crate::model::ExecFrame;
use crate::model::ExecStart;
use crate::model::FrameError;
use axum::extract::ws::Message;
use axum::extract::ws::WebSocket;
use bytes::Bytes;
use std::collections::VecDeque;
use tokio::sync::mpsc;
use tokio::sync::watch;

/// How much input is taken before the client is told so.
const CREDIT_STEP: u64 = EXEC_WINDOW / 4;

/// `GET /api/v1/containers/{id}/exec`, once it is a WebSocket.
pub(super) async fn run(opening: Opening, socket: WebSocket) {
    let (outlet, mut inlet) = socket::split(&opening, socket);
    let queue = outlet.queue();
    let close = match begin(&opening, &mut inlet, &queue).await {
        Ok((exec, stdin)) => {
            let control = exec.control.clone();
            let close = tokio::select! {
                close = pass(exec, stdin, &mut inlet, &queue) => close,
                () = opening.door.closing.cancelled() => Err(Some(Close::RESTART)),
            };
            // Whoever asked is gone, or breaks the rules: nobody will ever read what the command prints.
            if close.is_err() {
                end(&control).await;
            }
            close.unwrap_or_else(|close| close)
        }
        Err(close) => close,
    };
    drop(queue);
    if let Some(close) = close {
        outlet.close(close, inlet).await;
    }
}

async fn end(control: &ExecControl) {
    if let Err(error) = control.kill().await {
        tracing::debug!("a command whose client is gone could not be ended: {error}");
    }
}

/// Takes START and runs the command; says what is wrong as FAILED.
async fn begin(opening: &Opening, inlet: &mut Inlet, queue: &mpsc::Sender<Message>) -> Result<(Exec, bool), Option<Close>> {
    let Said::Binary(bytes) = inlet.first().await? else { return Err(broken("frames of cto.exec.v1 are binary")) };
    let mut start = match ExecFrame::decode(&bytes) {
        Ok(ExecFrame::Start(start)) => *start,
        Ok(_) => return Err(broken("the first frame must be START")),
        Err(error) => return Err(broken(error.to_string())),
    };
    match exec(opening, &mut start).await {
        Ok(exec) => {
            say(queue, &ExecFrame::Started).await?;
            Ok((exec, start.stdin))
        }
        Err(error) => {
            say(queue, &ExecFrame::Failed(Box::new(error.problem()))).await?;
            Err(Some(Close::DONE))
        }
    }
}

async fn exec(opening: &Opening, start: &mut ExecStart) -> Result<Exec> {
    let token = start.token.take();
    let actor = socket::actor(opening, token.as_deref()).await?;
    opening.door.control.exec_in_container(&actor, &opening.id, start.clone()).await
}

/// Copies both ways until the command has ended and its output is sent.
///
/// # Errors
/// What to close with when the client is gone or breaks the rules.
async fn pass(exec: Exec, stdin: bool, inlet: &mut Inlet, queue: &mpsc::Sender<Message>) -> Result<Option<Close>, Option<Close>> {
    let Exec { stdin: input, output, control } = exec;
    let (acknowledged, acks) = watch::channel(0);
    let mut forward = std::pin::pin!(forward(output, &control, acks, queue));
    let mut inputs = std::pin::pin!(receive(inlet, stdin.then_some(input), &acknowledged, queue));
    tokio::select! {
        close = &mut forward => close,
        Err(close) = &mut inputs => Err(close),
    }
}

/// Sends output and the exit; never more than the window beyond what the client has passed on.
async fn forward(
    mut output: mpsc::Receiver<ExecOutput>,
    control: &ExecControl,
    mut acks: watch::Receiver<u64>,
    queue: &mpsc::Sender<Message>,
) -> Result<Option<Close>, Option<Close>> {
    let mut sent = 0;
    while let Some(piece) = output.recv().await {
        // A piece has 64 KiB at most: the window is looked at before, so it is passed by less than one piece.
        acks.wait_for(|acknowledged| sent < acknowledged + EXEC_WINDOW).await.map_err(|_| None)?;
        let (op, bytes) = match &piece {
            ExecOutput::Stdout(bytes) => (0x02, bytes),
            ExecOutput::Stderr(bytes) => (0x03, bytes),
        };
        sent += bytes.len() as u64;
        queue.send(Message::Binary(frame(op, bytes))).await.map_err(|_| None)?;
    }
    let last = match control.exit().await {
        Ok(code) => ExecFrame::Exit(code),
        Err(error) => ExecFrame::Failed(Box::new(error.problem())),
    };
    say(queue, &last).await?;
    Ok(Some(Close::DONE))
}

/// Takes input and acknowledgements. Input waits here for the program, up to the window; the client keeps to it or is cut off.
async fn receive(
    inlet: &mut Inlet,
    mut input: Option<mpsc::Sender<Bytes>>,
    acknowledged: &watch::Sender<u64>,
    queue: &mpsc::Sender<Message>,
) -> Result<std::convert::Infallible, Option<Close>> {
    let (mut received, mut given, mut told) = (0_u64, 0_u64, 0_u64);
    let mut waiting: VecDeque<Bytes> = VecDeque::new();
    let mut ended = false;
    loop {
        if ended && waiting.is_empty() {
            // Dropped, the program reads the end.
            input = None;
        }
        let message = tokio::select! {
            room = reserve(input.clone()), if !waiting.is_empty() => {
                let bytes = waiting.pop_front().unwrap_or_default();
                given += bytes.len() as u64;
                match room {
                    Some(room) => drop(room.send(bytes)),
                    // The program takes no more: what comes is thrown away, as a pipe would.
                    None => input = None,
                }
                continue;
            }
            // Not waited for: a client that writes before it reads must be read from all the same.
            room = queue.reserve(), if given - told >= CREDIT_STEP || (waiting.is_empty() && given > told) => {
                room.map_err(|_| None)?.send(Message::Binary(ExecFrame::Credit(given).encode().into()));
                told = given;
                continue;
            }
            message = inlet.next() => message?,
        };
        let Said::Binary(message) = message else { return Err(broken("frames of cto.exec.v1 are binary")) };
        match ExecFrame::decode(&message) {
            Ok(ExecFrame::Stdin(_)) if ended => {}
            Ok(ExecFrame::Stdin(_)) => {
                let bytes = message.slice(1..);
                received += bytes.len() as u64;
                if received - told > EXEC_WINDOW {
                    return Err(Some(Error::new(Code::TooLarge, "more input than the window allows").into()));
                }
                if !bytes.is_empty() {
                    waiting.push_back(bytes);
                }
            }
            Ok(ExecFrame::StdinEof) => ended = true,
            Ok(ExecFrame::Ack(total)) => {
                acknowledged.send_if_modified(|known| std::mem::replace(known, total.max(*known)) < total);
            }
            Ok(_) => return Err(broken("this frame is not a client's")),
            Err(FrameError::Unknown(_)) => {}
            Err(error) => return Err(broken(error.to_string())),
        }
    }
}

/// Room for one chunk of input; none when the program takes no more.
async fn reserve(input: Option<mpsc::Sender<Bytes>>) -> Option<mpsc::OwnedPermit<Bytes>> {
    input?.reserve_owned().await.ok()
}

async fn say(queue: &mpsc::Sender<Message>, frame: &ExecFrame) -> Result<(), Option<Close>> {
    queue.send(Message::Binary(frame.encode().into())).await.map_err(|_| None)
}

fn frame(op: u8, bytes: &[u8]) -> Bytes {
    let mut frame = Vec::with_capacity(1 + bytes.len());
    frame.push(op);
    frame.extend_from_slice(bytes);
    frame.into()
}

fn broken(detail: impl Into<String>) -> Option<Close> {
    Some(Error::new(Code::BadRequest, detail).into())
}
