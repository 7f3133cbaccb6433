//! Records a session: a lossless reader whose bytes go to a file on a thread that may wait for the disk.
use super::reader::Reader;
use super::reader::ReaderEnd;
use super::session::Session;
use super::tape::Tape;
use super::veiled::Item;
use super::veiled::Veiled;
use crate::error::Error;
use crate::error::Result;
use crate::model::Attach;
use crate::model::AttachMode;
use crate::model::CastHeader;
use crate::model::Code;
use crate::model::Control as Wish;
use crate::model::Delivery;
use crate::model::RECORDER;
use crate::model::RecordingEnd;
use crate::model::RecordingId;
use crate::model::Resume;
use crate::model::ServerFrame;
use crate::model::Size;
use bytes::Bytes;
use jiff::Timestamp;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Bytes that may wait for the disk, while as many are being written. Then the recorder reads no more, and beyond its window the program waits.
const QUEUE: usize = 1 << 20;
/// Typed chunks that may wait to be noted. The ones after that are missing in the recording: typing never waits for it.
const TYPED: usize = 256;
/// How long a recorder that is to stop, or that goes on, waits for what was printed before.
const REST: Duration = Duration::from_secs(2);

/// What is to be recorded, and where to.
#[derive(Clone, Debug)]
pub struct Recordable {
    /// Which recording it is.
    pub id: RecordingId,
    /// Its file; its keyframes lie beside it.
    pub path: PathBuf,
    /// When it begins, or began.
    pub started_at: Timestamp,
    /// Go on with the file of a server before this one.
    pub resume: bool,
    /// Record what is typed.
    pub input: bool,
    /// Most bytes of its files.
    pub limit_bytes: u64,
}

/// A recording that is being made. Cheap to clone; a clone is the same.
#[derive(Clone, Debug)]
pub struct Recorder {
    progress: Arc<Progress>,
    stop: CancellationToken,
}

#[derive(Debug, Default)]
struct Progress {
    bytes: AtomicU64,
    time_us: AtomicU64,
}

/// How a recording ended.
#[derive(Debug)]
pub struct Recorded {
    /// Why; none when it is to go on with the next server.
    pub end: Option<RecordingEnd>,
    /// What went wrong with the file.
    pub error: Option<io::Error>,
    /// How long it is.
    pub duration_ms: u64,
    /// Bytes of its files.
    pub bytes: u64,
}

/// What a session knows of its recording.
#[derive(Default)]
pub(super) struct Recording {
    id: Option<RecordingId>,
    typed: Option<mpsc::Sender<Bytes>>,
}

impl Session {
    /// The recording of it that is being made.
    #[must_use]
    pub fn recording(&self) -> Option<RecordingId> {
        self.0.recording.lock().expect("no panics while held").id.clone()
    }

    /// Notes what is typed, where that is recorded, and that something is.
    pub(super) fn note_typed(&self, bytes: &[u8]) {
        *self.0.typed_at.lock().expect("no panics while held") = Some(Instant::now());
        if let Some(typed) = &self.0.recording.lock().expect("no panics while held").typed {
            let _ = typed.try_send(Bytes::copy_from_slice(bytes));
        }
    }

    /// Tells every viewer something.
    fn tell_viewers(&self, text: &str) {
        for slot in &mut self.state().slots {
            slot.notice(text.to_owned());
        }
        self.changed();
    }

    fn recorded(&self, recording: Recording) {
        *self.0.recording.lock().expect("no panics while held") = recording;
        self.state().dirty = true;
        self.poke();
    }

    /// Begins to record this session; what becomes of it comes from the handle.
    ///
    /// # Errors
    /// `wrong_state` when it is recorded already or has ended; `disk_full` or `store_failed` when the file can't be begun.
    pub async fn record(&self, what: Recordable) -> Result<(Recorder, JoinHandle<Recorded>)> {
        let (typed, inputs) = mpsc::channel(TYPED);
        {
            let mut recording = self.0.recording.lock().expect("no panics while held");
            if recording.id.is_some() {
                return Err(Error::new(Code::WrongState, format!("session '{}' is being recorded already", self.id())));
            }
            *recording = Recording { id: Some(what.id.clone()), typed: what.input.then_some(typed) };
        }
        match self.begin(what, inputs).await {
            Ok(begun) => {
                self.state().dirty = true;
                self.poke();
                Ok(begun)
            }
            Err(error) => {
                self.recorded(Recording::default());
                Err(error)
            }
        }
    }

    async fn begin(&self, what: Recordable, inputs: mpsc::Receiver<Bytes>) -> Result<(Recorder, JoinHandle<Recorded>)> {
        if !self.is_live() {
            return Err(self.has_ended());
        }
        let fixed = self.fixed();
        let mut header = CastHeader::new(self.facts().size);
        header.timestamp = Some(what.started_at.as_second());
        header.command = Some(fixed.command.join(" "));
        header.title = Some(format!("{} in {}", fixed.command.join(" "), fixed.container_name));
        let (path, resume) = (what.path.clone(), what.resume);
        let open = move || if resume { Tape::resume(&path) } else { Tape::create(&path, &header) };
        let tape = tokio::task::spawn_blocking(open).await.map_err(|error| Error::internal(format!("a recording failed: {error}")))?;
        let tape = tape.map_err(|error| of_file(&what.path, error))?;
        // What a server before this one has recorded may still be on its way to this one.
        let until = Instant::now() + REST;
        while what.resume && self.facts().head_offset < tape.offset() && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let from_offset = what.resume.then(|| tape.offset());
        let window = u32::try_from(QUEUE).ok();
        let attach = Attach { v: 1, token: None, from_offset, cols: 80, rows: 24, mode: AttachMode::View, delivery: Delivery::Lossless, writer: 0, window };
        let reader = self.attach(&attach, RECORDER)?;
        let recorder = Recorder { progress: Arc::default(), stop: CancellationToken::new() };
        let passed = u64::try_from(Timestamp::now().duration_since(what.started_at).as_micros()).unwrap_or(0);
        let work = Work {
            session: self.clone(),
            recorder: recorder.clone(),
            base_us: if what.resume { passed.max(tape.time_us()) } else { 0 },
            begun: Instant::now(),
            queue: Vec::new(),
            queued: 0,
            seen: tape.offset(),
            size: tape.size(),
            limit_bytes: what.limit_bytes,
            over: None,
        };
        Ok((recorder, tokio::spawn(work.run(tape, reader, inputs))))
    }
}

impl Recorder {
    /// Ends the recording; what the session has printed before is in it.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// How long it is by now, in milliseconds.
    #[must_use]
    pub fn duration_ms(&self) -> u64 {
        self.progress.time_us.load(Ordering::Relaxed) / 1_000
    }

    /// Bytes of its files by now.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.progress.bytes.load(Ordering::Relaxed)
    }
}

/// The error of a recording's file.
#[must_use]
pub fn of_file(path: &std::path::Path, error: io::Error) -> Error {
    if is_full(&error) {
        return Error::new(Code::DiskFull, format!("no space is left for the recording '{}'", path.display()))
            .fix("make room on that file system, or remove recordings: cto rec ls")
            .because(error);
    }
    Error::new(Code::StoreFailed, format!("the recording '{}' failed: {error}", path.display())).because(error)
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}

struct Work {
    session: Session,
    recorder: Recorder,
    base_us: u64,
    begun: Instant,
    queue: Vec<(u64, Item)>,
    /// Bytes in the queue.
    queued: usize,
    /// What was printed before this offset is queued or written.
    seen: u64,
    size: Size,
    limit_bytes: u64,
    /// Why nothing more is taken; the inner one is none when the next server goes on.
    over: Option<Option<RecordingEnd>>,
}

/// A write that goes on beside.
type Writing = JoinHandle<(Veiled, io::Result<()>)>;

impl Work {
    async fn run(mut self, tape: Tape, mut reader: Reader, mut inputs: mpsc::Receiver<Bytes>) -> Recorded {
        let mut idle = Some(Veiled::new(tape));
        let mut writing: Option<Writing> = None;
        let mut error = None;
        // Until when, and up to where, what was printed before the wish to stop is waited for.
        let mut rest: Option<(Instant, u64)> = None;
        loop {
            if self.over.is_none() && rest.is_some_and(|(until, head)| self.seen >= head || until <= Instant::now()) {
                self.end(Some(RecordingEnd::Stopped));
                while let Ok(bytes) = inputs.try_recv() {
                    self.put(bytes.len(), Item::Input(bytes));
                }
            }
            if !self.queue.is_empty()
                && let Some(tape) = idle.take()
            {
                writing = Some(self.write(tape));
            }
            let open = self.over.is_none();
            if !open && writing.is_none() {
                break;
            }
            tokio::select! {
                frame = reader.next(), if open && self.queued < QUEUE => match frame {
                    Some(frame) => self.take(frame, &reader),
                    None => self.end(match reader.end() {
                        ReaderEnd::Exited => Some(RecordingEnd::SessionEnded),
                        ReaderEnd::TooSlow => Some(RecordingEnd::TooSlow),
                        ReaderEnd::Stopping => None,
                    }),
                },
                Some(bytes) = inputs.recv(), if open && self.queued < QUEUE => self.put(bytes.len(), Item::Input(bytes)),
                (tape, result) = written(&mut writing) => {
                    if let Some(tape) = tape {
                        self.note(&tape.tape);
                        idle = Some(tape);
                    }
                    if let Err(failure) = result {
                        self.queue.clear();
                        self.over = Some(Some(if is_full(&failure) { RecordingEnd::DiskFull } else { RecordingEnd::Failed }));
                        error = Some(failure);
                    } else if self.recorder.bytes() >= self.limit_bytes {
                        self.end(Some(RecordingEnd::SizeLimit));
                    }
                }
                () = self.recorder.stop.cancelled(), if open && rest.is_none() => {
                    rest = Some((Instant::now() + REST, self.session.facts().head_offset));
                }
                () = until(rest), if open => {}
            }
        }
        drop(reader);
        self.close(idle, error).await
    }

    fn end(&mut self, end: Option<RecordingEnd>) {
        self.over.get_or_insert(end);
    }

    fn now_us(&self) -> u64 {
        self.base_us + u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn put(&mut self, bytes: usize, item: Item) {
        self.queued += bytes;
        self.queue.push((self.now_us(), item));
    }

    fn take(&mut self, frame: ServerFrame, reader: &Reader) {
        match frame {
            ServerFrame::Ready(ready) => {
                // The size has changed while nobody recorded: what was printed before and after that can't be told apart, but the screen can be had.
                if ready.resume == Resume::Delta && self.size != (Size { cols: ready.cols, rows: ready.rows }) {
                    // Looking needs no right to write, so that this is never refused.
                    let _ = reader.writer().control(&Wish::Refresh);
                }
            }
            ServerFrame::Resized { size, .. } => self.resized(size),
            ServerFrame::Output { offset, bytes } => {
                self.seen = offset + bytes.len() as u64;
                reader.writer().ack(self.seen);
                self.put(bytes.len(), Item::Output { offset, bytes });
            }
            ServerFrame::Snapshot { offset, size, bytes } => {
                self.seen = offset;
                self.size = size;
                self.put(bytes.len(), Item::Snapshot { offset, size, bytes });
            }
            ServerFrame::Exit(exit) => self.put(0, Item::Exit(exit.code)),
            // What comes after a gap is of no use without a picture, which says where it goes on.
            ServerFrame::Gap { .. } => drop(reader.writer().control(&Wish::Refresh)),
            ServerFrame::Presence(_) | ServerFrame::Notice(_) | ServerFrame::Lease(_) | ServerFrame::Pong(_) | ServerFrame::InputAck(_) => {}
        }
    }

    fn resized(&mut self, size: Size) {
        if size != self.size {
            self.size = size;
            self.put(0, Item::Resized(size));
        }
    }

    /// Writes the queue on a thread that may wait.
    fn write(&mut self, mut tape: Veiled) -> Writing {
        let queue = std::mem::take(&mut self.queue);
        self.queued = 0;
        let masks = self.session.masks();
        tokio::task::spawn_blocking(move || {
            queue.into_iter().for_each(|(time_us, item)| tape.put(&masks, time_us, item));
            let result = tape.tape.commit();
            (tape, result)
        })
    }

    fn note(&self, tape: &Tape) {
        self.recorder.progress.bytes.store(tape.bytes(), Ordering::Relaxed);
        self.recorder.progress.time_us.store(tape.time_us(), Ordering::Relaxed);
    }

    /// The last writes, and the last words to whoever watches.
    async fn close(self, tape: Option<Veiled>, mut error: Option<io::Error>) -> Recorded {
        let mut end = self.over.unwrap_or(None);
        if let Some(mut tape) = tape {
            let finished = tokio::task::spawn_blocking(move || {
                let result = tape.finish();
                (tape.tape, result)
            });
            match finished.await {
                Ok((tape, result)) => {
                    self.note(&tape);
                    if let Err(failure) = result {
                        end = Some(if is_full(&failure) { RecordingEnd::DiskFull } else { RecordingEnd::Failed });
                        error = Some(failure);
                    }
                }
                Err(failure) => tracing::warn!(%failure, "the end of a recording can't be written"),
            }
        }
        let words = match end {
            Some(RecordingEnd::DiskFull) => Some("the recording has ended: the disk of the server is full".to_owned()),
            Some(RecordingEnd::SizeLimit) => Some(format!("the recording has ended: it reached {} MB", self.limit_bytes / 1_000_000)),
            Some(RecordingEnd::TooSlow) => Some("the recording has ended: the disk of the server is too slow for it".to_owned()),
            Some(RecordingEnd::Failed) => Some("the recording has ended: its file can't be written".to_owned()),
            Some(RecordingEnd::Stopped | RecordingEnd::SessionEnded) | None => None,
        };
        if let Some(words) = words {
            self.session.tell_viewers(&words);
        }
        self.session.recorded(Recording::default());
        Recorded { end, error, duration_ms: self.recorder.duration_ms(), bytes: self.recorder.bytes() }
    }
}

/// Waits for a write, if there is one, and forgets it. A thread that failed gives no tape back.
async fn written(writing: &mut Option<Writing>) -> (Option<Veiled>, io::Result<()>) {
    let done = match writing {
        Some(running) => running.await,
        None => std::future::pending().await,
    };
    *writing = None;
    match done {
        Ok((tape, result)) => (Some(tape), result),
        Err(error) => (None, Err(io::Error::other(error))),
    }
}

async fn until(rest: Option<(Instant, u64)>) {
    match rest {
        Some((until, _)) => tokio::time::sleep_until(until).await,
        None => std::future::pending().await,
    }
}
