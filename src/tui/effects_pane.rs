//! One pane's connection to its session: what was typed is sent once, also over a broken connection.
use super::msg::Msg;
use super::msg::PaneId;
use crate::client::AttachReceiver;
use crate::client::AttachSender;
use crate::client::Client;
use crate::error::Result;
use crate::model::Attach;
use crate::model::AttachMode;
use crate::model::ClientFrame;
use crate::model::Code;
use crate::model::Control;
use crate::model::Delivery;
use crate::model::MAX_INPUT;
use crate::model::ServerFrame;
use crate::model::SessionId;
use crate::model::Size;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Output that the server may send before a pane says that it was drawn. Short, so that a flood costs snapshots instead of
/// parsing everything twice.
const WINDOW: u32 = 64 * 1024;
/// Frames that wait to be sent. When full, keys are dropped: the program has not read for a long time.
const WAITING: usize = 1024;
/// Sizes are sent at most this often, the last one always.
const RESIZE_EVERY: Duration = Duration::from_millis(100);

/// What was typed and not yet taken.
#[derive(Debug, Default)]
struct Typed {
    writer: u64,
    seq: u32,
    open: VecDeque<(u32, Vec<u8>)>,
    /// Nothing may be typed.
    looks: bool,
}

#[derive(Debug)]
enum Out {
    Frame(ClientFrame),
    Typed,
    Resize(Size),
}

/// What a pane is to be connected to, and how.
#[derive(Debug)]
pub(super) struct Wanted {
    /// The session.
    pub session: SessionId,
    /// The pane's size.
    pub size: Size,
    /// Go on after this byte.
    pub from_offset: Option<u64>,
    /// It is only looked at.
    pub looks: bool,
}

/// A pane's connection.
#[derive(Debug, Default)]
pub(super) struct PaneLink {
    typed: Arc<Mutex<Typed>>,
    session: Option<SessionId>,
    out: Option<mpsc::Sender<Out>>,
    task: Option<JoinHandle<()>>,
}

impl Drop for PaneLink {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl PaneLink {
    /// Connects to a session, instead of whatever was connected before.
    pub fn attach(&mut self, pane: PaneId, client: &Client, told: &mpsc::Sender<Msg>, wanted: Wanted) {
        let Wanted { session, size, from_offset, looks: only } = wanted;
        let writer = {
            let mut typed = lock(&self.typed);
            // What was typed for another program is nothing for this one.
            if self.session.as_ref() != Some(&session) {
                *typed = Typed { writer: rand::random_range(1..u64::MAX), ..Typed::default() };
            }
            typed.looks |= only;
            typed.writer
        };
        self.session = Some(session.clone());
        let (out, waiting) = mpsc::channel(WAITING);
        let attach = Attach {
            v: 1,
            token: None,
            from_offset,
            cols: size.cols,
            rows: size.rows,
            mode: if only { AttachMode::View } else { AttachMode::Write },
            delivery: Delivery::Live,
            writer,
            window: Some(WINDOW),
        };
        let (client, told, typed) = (client.clone(), told.clone(), Arc::clone(&self.typed));
        self.replace(tokio::spawn(async move {
            let mut waiting = waiting;
            let looks = Attach { mode: AttachMode::View, ..attach.clone() };
            let mut result = mirror(pane, &client, &told, &session, attach, &mut waiting, &typed).await;
            if !only && result.as_ref().is_err_and(|error| error.code == Code::Forbidden) {
                // Who may not type may look.
                lock(&typed).looks = true;
                let _ = told.send(Msg::Frame(pane, ServerFrame::Notice("you may look at this terminal, and not type into it".to_owned()))).await;
                result = mirror(pane, &client, &told, &session, looks, &mut waiting, &typed).await;
            }
            let problem = result.err().map(|error| Box::new(error.problem()));
            let _ = told.send(Msg::Detached(pane, problem)).await;
        }));
        self.out = Some(out);
    }

    fn replace(&mut self, task: JoinHandle<()>) {
        if let Some(old) = self.task.replace(task) {
            old.abort();
        }
    }

    /// Types.
    pub fn input(&self, bytes: Vec<u8>) {
        let Some(out) = &self.out else { return };
        let mut typed = lock(&self.typed);
        if typed.looks || typed.open.len() >= WAITING {
            return;
        }
        for piece in bytes.chunks(MAX_INPUT) {
            typed.seq += 1;
            let seq = typed.seq;
            typed.open.push_back((seq, piece.to_vec()));
        }
        // When it is full, what was typed is sent with the next piece that gets through.
        let _ = out.try_send(Out::Typed);
    }

    /// Has another size.
    pub fn resize(&self, size: Size) {
        self.send(Out::Resize(size));
    }

    /// Has drawn everything before this offset.
    pub fn ack(&self, offset: u64) {
        self.send(Out::Frame(ClientFrame::Ack(offset)));
    }

    /// Has a wish.
    pub fn control(&self, control: Control) {
        self.send(Out::Frame(ClientFrame::Control(control)));
    }

    fn send(&self, out: Out) {
        if let Some(to) = &self.out {
            // Full only when the server has read nothing for a long time; a later acknowledgement says the same.
            let _ = to.try_send(out);
        }
    }
}

fn lock(typed: &Mutex<Typed>) -> std::sync::MutexGuard<'_, Typed> {
    typed.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Passes frames both ways until the connection ends.
async fn mirror(
    pane: PaneId,
    client: &Client,
    told: &mpsc::Sender<Msg>,
    session: &SessionId,
    attach: Attach,
    waiting: &mut mpsc::Receiver<Out>,
    typed: &Mutex<Typed>,
) -> Result<()> {
    let attached = client.attach(session.as_str(), attach).await?;
    let (again, resend) = mpsc::channel(1);
    let reading = read(pane, attached.receiver, told, typed, again);
    let writing = write(attached.sender, waiting, resend, typed);
    tokio::select! {
        result = reading => result,
        result = writing => result,
    }
}

async fn read(pane: PaneId, mut receiver: AttachReceiver, told: &mpsc::Sender<Msg>, typed: &Mutex<Typed>, again: mpsc::Sender<u32>) -> Result<()> {
    while let Some(frame) = receiver.next().await {
        let frame = frame?;
        match &frame {
            ServerFrame::Ready(ready) => {
                // What the server never got before the connection broke is sent again.
                let _ = again.try_send(ready.last_seq);
            }
            ServerFrame::InputAck(seq) => {
                lock(typed).open.retain(|(own, _)| own > seq);
                continue;
            }
            _ => {}
        }
        if told.send(Msg::Frame(pane, frame)).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

async fn write(sender: AttachSender, waiting: &mut mpsc::Receiver<Out>, mut resend: mpsc::Receiver<u32>, typed: &Mutex<Typed>) -> Result<()> {
    // Nothing is typed before READY says what was taken already.
    let mut sent = None;
    let mut size = None;
    let mut next_resize = tokio::time::Instant::now();
    loop {
        tokio::select! {
            biased;
            Some(last) = resend.recv() => {
                lock(typed).open.retain(|(seq, _)| *seq > last);
                sent = Some(last);
                send_typed(&sender, typed, &mut sent).await?;
            }
            () = tokio::time::sleep_until(next_resize), if size.is_some() => {
                if let Some(size) = size.take() {
                    sender.send(ClientFrame::Resize(size)).await?;
                }
            }
            out = waiting.recv() => match out {
                None => {
                    sender.close().await;
                    return Ok(());
                }
                Some(Out::Typed) => send_typed(&sender, typed, &mut sent).await?,
                Some(Out::Frame(frame)) => sender.send(frame).await?,
                Some(Out::Resize(wanted)) => {
                    if size.is_none() {
                        next_resize = tokio::time::Instant::now() + RESIZE_EVERY;
                    }
                    size = Some(wanted);
                }
            },
        }
    }
}

async fn send_typed(sender: &AttachSender, typed: &Mutex<Typed>, sent: &mut Option<u32>) -> Result<()> {
    let Some(last) = sent else { return Ok(()) };
    let fresh: Vec<(u32, Vec<u8>)> = lock(typed).open.iter().filter(|(seq, _)| *seq > *last).cloned().collect();
    for (seq, bytes) in fresh {
        sender.send(ClientFrame::Input { seq, bytes }).await?;
        *last = seq;
    }
    Ok(())
}
