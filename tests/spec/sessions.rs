//! What sessions promise, on a program of the test's own.
use bytes::Bytes;
use cto::bus::Bus;
use cto::model::*;
use cto::sessions::Ended;
use cto::sessions::NewSession;
use cto::sessions::Reader;
use cto::sessions::ReaderEnd;
use cto::sessions::Session as Live;
use cto::sessions::Sessions;
use cto::sessions::Transport;
use cto::sessions::TransportControl;
use cto::term::Screen;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::mpsc;

/// What the fake program was asked.
#[derive(Default)]
struct Asked {
    sizes: Mutex<Vec<Size>>,
    closed: Mutex<u32>,
}

struct FakeControl(Arc<Asked>, Mutex<Option<mpsc::Sender<Bytes>>>);

#[async_trait::async_trait]
impl TransportControl for FakeControl {
    async fn resize(&self, size: Size) -> cto::error::Result<()> {
        self.0.sizes.lock().unwrap().push(size);
        Ok(())
    }
    async fn close(&self) -> cto::error::Result<()> {
        *self.0.closed.lock().unwrap() += 1;
        self.1.lock().unwrap().take();
        Ok(())
    }
    async fn ended(&self) -> (ExitReason, Option<i64>) {
        (ExitReason::Exited, Some(3))
    }
}

/// A session whose program is the test.
struct Program {
    output: Option<mpsc::Sender<Bytes>>,
    input: mpsc::Receiver<Bytes>,
    asked: Arc<Asked>,
    session: Live,
    sessions: Sessions,
    ends: mpsc::Receiver<Ended>,
}

impl Program {
    fn start() -> Self {
        Self::with_replay(b"")
    }

    fn with_replay(replay: &[u8]) -> Self {
        let (sessions, ends) = Sessions::new(Bus::default());
        let (output, printed) = mpsc::channel(4);
        let (typed, input) = mpsc::channel(1);
        let asked = Arc::new(Asked::default());
        let new = NewSession {
            id: SessionId::fresh(),
            start: 0,
            container: "c1".into(),
            container_name: "web".to_owned(),
            kind: SessionKind::Exec,
            owner: "olga".to_owned(),
            size: Size { cols: 40, rows: 5 },
            carried: None,
        };
        let transport = Transport {
            output: printed.into(),
            input: typed.into(),
            control: Arc::new(FakeControl(asked.clone(), Mutex::new(Some(output.clone())))),
            replay: replay.to_vec(),
            command: vec!["/bin/prog".to_owned()],
            not_resumable: None,
            held: None,
        };
        let session = sessions.open(new, transport);
        Self { output: Some(output), input, asked, session, sessions, ends }
    }

    async fn print(&self, bytes: impl Into<Bytes>) {
        self.output.as_ref().unwrap().send(bytes.into()).await.unwrap();
    }

    /// The program ends.
    async fn exit(&mut self) -> Ended {
        self.output = None;
        self.session.close();
        self.ends.recv().await.unwrap()
    }

    fn attach(&self, change: impl FnOnce(&mut Attach)) -> Reader {
        let mut attach =
            Attach { v: 1, token: None, from_offset: None, cols: 40, rows: 5, mode: AttachMode::View, delivery: Delivery::Live, writer: 0, window: None };
        change(&mut attach);
        self.session.attach(&attach, "olga").unwrap()
    }
}

/// What a viewer makes of its frames.
struct View {
    reader: Reader,
    screen: Screen,
    bytes: Vec<u8>,
    next_offset: Option<u64>,
    gaps: u32,
    snapshots: u32,
    acks: bool,
}

impl View {
    fn new(reader: Reader) -> Self {
        Self { reader, screen: Screen::new(Size { cols: 40, rows: 5 }, 100), bytes: Vec::new(), next_offset: None, gaps: 0, snapshots: 0, acks: true }
    }

    async fn frame(&mut self) -> ServerFrame {
        let frame = tokio::time::timeout(Duration::from_secs(60), self.reader.next()).await.expect("a frame comes").expect("not the end");
        match &frame {
            ServerFrame::Snapshot { offset, size, bytes } => {
                self.screen = Screen::new(*size, 100);
                self.screen.feed(bytes);
                self.next_offset = Some(*offset);
                self.snapshots += 1;
            }
            ServerFrame::Output { offset, bytes } => {
                if let Some(expected) = self.next_offset {
                    assert_eq!(*offset, expected, "no byte is left out or doubled");
                }
                self.next_offset = Some(offset + bytes.len() as u64);
                self.screen.feed(bytes);
                self.bytes.extend_from_slice(bytes);
                if self.acks {
                    self.reader.writer().ack(offset + bytes.len() as u64);
                }
            }
            // The snapshot that follows says where it goes on.
            ServerFrame::Gap { .. } => {
                self.gaps += 1;
                self.next_offset = None;
            }
            ServerFrame::Resized { size, .. } => self.screen.resize(*size),
            _ => {}
        }
        frame
    }

    /// Reads until everything before `offset` was seen.
    async fn until(&mut self, offset: u64) {
        while self.next_offset.is_none_or(|next| next < offset) {
            self.frame().await;
        }
    }

    async fn until_frame(&mut self, wanted: impl Fn(&ServerFrame) -> bool) -> ServerFrame {
        loop {
            let frame = self.frame().await;
            if wanted(&frame) {
                return frame;
            }
        }
    }
}

/// Numbered lines of `bytes` bytes in all, about.
fn flood(bytes: usize) -> Vec<u8> {
    let mut text = Vec::new();
    for number in 0.. {
        if text.len() >= bytes {
            break;
        }
        text.extend_from_slice(format!("line {number}\r\n").as_bytes());
    }
    text
}

#[tokio::test]
async fn two_readers_see_the_same_bytes_and_one_goes_on_where_it_was() {
    let program = Program::start();
    let mut early = View::new(program.attach(|attach| attach.from_offset = Some(0)));
    program.print("one ").await;
    early.until(4).await;
    let mut late = View::new(program.attach(|attach| attach.from_offset = Some(2)));
    program.print("two").await;
    early.until(7).await;
    late.until(7).await;
    assert_eq!((early.bytes.as_slice(), late.bytes.as_slice()), (&b"one two"[..], &b"e two"[..]));
    assert_eq!((early.snapshots, late.snapshots), (0, 0));
}

#[tokio::test]
async fn the_screen_on_attach_is_that_of_a_reader_from_the_start() {
    let program = Program::with_replay(b"before\r\n");
    let mut early = View::new(program.attach(|attach| attach.from_offset = Some(0)));
    let drawing = "\x1b[31mred\x1b[m\r\n\x1b(0lqk\x1b(B \x1b[?25l\x1b[2;5Hhere\x1b[?1049h\x1b[Hfull \u{2764}\u{fe0f} screen\x1b]0;title\x07";
    program.print(drawing).await;
    let whole = 8 + drawing.len() as u64;
    early.until(whole).await;
    let mut late = View::new(program.attach(|_| {}));
    let ready = late.frame().await;
    let ServerFrame::Ready(ready) = ready else { panic!("{ready:?} is not READY") };
    assert_eq!((ready.resume, ready.head_offset, ready.title.as_str()), (Resume::Snapshot, whole, "title"));
    late.until(whole).await;
    assert_eq!(late.screen.text(), early.screen.text());
    assert_eq!(late.screen.cursor(), early.screen.cursor());
    assert_eq!(late.screen.modes(), early.screen.modes());
    assert_eq!(program.session.screen_text(), early.screen.text());
    // What comes next is drawn the same too: the program goes back to its first screen.
    program.print("\x1b[?1049l").await;
    early.until(whole + 8).await;
    late.until(whole + 8).await;
    assert_eq!(late.screen.text(), early.screen.text());
    assert!(late.screen.text().starts_with("before\nred"), "{}", late.screen.text());
}

#[tokio::test]
async fn a_slow_live_reader_gets_a_gap_and_a_right_screen_and_delays_nobody() {
    let program = Program::start();
    let mut slow = View::new(program.attach(|_| {}));
    slow.acks = false;
    slow.until(0).await;
    let mut quick = View::new(program.attach(|_| {}));
    quick.until(0).await;
    let text = flood(3 << 20);
    let whole = text.len() as u64;
    let printing = async {
        for piece in text.chunks(32 * 1024) {
            program.print(piece.to_vec()).await;
        }
    };
    // The slow reader stops at its window, and the program and the quick one are not held up by that.
    let reading = async { tokio::join!(quick.until(whole), slow.until_frame(|frame| matches!(frame, ServerFrame::Output { .. }))) };
    tokio::time::timeout(Duration::from_secs(60), async { tokio::join!(printing, reading) }).await.expect("nobody is delayed");
    // After its acknowledgement it is brought to the present.
    slow.acks = true;
    slow.reader.writer().ack(u64::MAX);
    slow.until(whole).await;
    assert!(slow.gaps >= 1 && slow.snapshots >= 2);
    assert!(slow.bytes.len() < (1 << 20) + 256 * 1024);
    assert_eq!(slow.screen.text(), quick.screen.text());
    assert_eq!(slow.screen.text(), program.session.screen_text());
}

#[tokio::test]
async fn a_reader_is_paused_at_its_window_and_goes_on_when_it_has_drawn() {
    let program = Program::start();
    let mut view = View::new(program.attach(|attach| (attach.from_offset, attach.window) = (Some(0), Some(64 * 1024))));
    view.acks = false;
    let text = flood(200 * 1024);
    for piece in text.chunks(32 * 1024) {
        program.print(piece.to_vec()).await;
    }
    view.until(64 * 1024).await;
    assert_eq!(view.next_offset, Some(64 * 1024));
    // Nothing but what is no output comes now, not even after half of it was drawn.
    view.reader.writer().ack(32 * 1024);
    view.reader.writer().handle(ClientFrame::Ping(7)).await.unwrap();
    assert!(matches!(view.until_frame(|frame| !matches!(frame, ServerFrame::Presence(_))).await, ServerFrame::Pong(7)));
    view.acks = true;
    view.reader.writer().ack(64 * 1024);
    view.until(text.len() as u64).await;
    assert_eq!(view.bytes, text);
}

#[tokio::test]
async fn a_lossless_reader_gets_every_byte_and_the_program_waits_for_it() {
    let program = Program::start();
    let mut view = View::new(program.attach(|attach| (attach.from_offset, attach.delivery) = (Some(0), Delivery::Lossless)));
    view.acks = false;
    let text = flood(4 << 20);
    let pieces: Vec<Bytes> = text.chunks(32 * 1024).map(Bytes::copy_from_slice).collect();
    let mut unsent = pieces.iter().cloned().collect::<std::collections::VecDeque<_>>();
    // As long as the reader acknowledges nothing, the program can print only so much.
    let output = program.output.clone().unwrap();
    while let Some(piece) = unsent.pop_front() {
        if tokio::time::timeout(Duration::from_millis(300), output.send(piece.clone())).await.is_err() {
            unsent.push_front(piece);
            break;
        }
    }
    assert!(!unsent.is_empty(), "the program was never held");
    view.acks = true;
    let printing = async {
        for piece in unsent {
            output.send(piece).await.unwrap();
        }
    };
    let whole = text.len() as u64;
    tokio::join!(printing, async { view.until(whole).await });
    assert!(view.bytes == text, "every byte came, in order");
    assert_eq!(view.gaps, 0);
}

#[tokio::test(start_paused = true)]
async fn a_lossless_reader_that_never_acknowledges_is_cut_after_half_a_minute() {
    let program = Program::start();
    let mut stuck = View::new(program.attach(|attach| (attach.from_offset, attach.delivery) = (Some(0), Delivery::Lossless)));
    let mut other = View::new(program.attach(|attach| attach.from_offset = Some(0)));
    stuck.acks = false;
    let text = flood(2 << 20);
    let started = tokio::time::Instant::now();
    let printing = async {
        for piece in text.chunks(32 * 1024) {
            program.print(piece.to_vec()).await;
        }
    };
    tokio::join!(printing, async { other.until(text.len() as u64).await });
    assert!(started.elapsed() >= Duration::from_secs(30));
    while stuck.reader.next().await.is_some() {}
    assert_eq!(stuck.reader.end(), ReaderEnd::TooSlow);
    assert!(program.session.is_live(), "nobody else is cut");
}

#[tokio::test]
async fn input_is_taken_once_also_over_a_reconnect() {
    let mut program = Program::start();
    let as_writer = |attach: &mut Attach| (attach.mode, attach.writer) = (AttachMode::Write, 42);
    let mut first = View::new(program.attach(as_writer));
    let writer = first.reader.writer();
    writer.input(1, b"a".to_vec()).await.unwrap();
    writer.input(2, b"b".to_vec()).await.unwrap();
    first.until_frame(|frame| *frame == ServerFrame::InputAck(2)).await;
    drop(first);
    // The acknowledgement of 2 was lost, so it is sent again.
    let mut second = View::new(program.attach(as_writer));
    let ServerFrame::Ready(ready) = second.frame().await else { panic!("READY comes first") };
    assert_eq!(ready.last_seq, 2);
    let writer = second.reader.writer();
    writer.input(2, b"b".to_vec()).await.unwrap();
    writer.input(3, b"c".to_vec()).await.unwrap();
    second.until_frame(|frame| *frame == ServerFrame::InputAck(3)).await;
    let mut typed = Vec::new();
    while typed.len() < 3 {
        typed.extend_from_slice(&program.input.recv().await.unwrap());
    }
    assert_eq!(typed, b"abc");
    assert!(program.input.try_recv().is_err());
}

#[tokio::test]
async fn a_viewer_that_only_looks_can_neither_type_nor_take_the_size() {
    let mut program = Program::start();
    let view = program.attach(|attach| attach.cols = 99);
    assert_eq!(view.writer().input(1, b"x".to_vec()).await.unwrap_err().code, Code::Forbidden);
    assert_eq!(view.writer().control(&Control::TakeSize).unwrap_err().code, Code::Forbidden);
    program.session.type_bytes(b"ok".to_vec()).await.unwrap();
    assert_eq!(program.input.recv().await.unwrap(), "ok");
    assert_eq!(program.session.facts().size, Size { cols: 40, rows: 5 });
}

#[tokio::test]
async fn queries_are_answered_once_however_many_watch() {
    let mut program = Program::start();
    let _views = [program.attach(|_| {}), program.attach(|attach| attach.mode = AttachMode::Write)];
    program.print("\x1b[6n").await;
    assert_eq!(program.input.recv().await.unwrap(), "\x1b[1;1R");
    program.print("x\x1b[6n").await;
    assert_eq!(program.input.recv().await.unwrap(), "\x1b[1;2R");
    // What was printed before the server watched asked nobody who still waits.
    let mut replayed = Program::with_replay(b"\x1b[6n");
    replayed.print("ab\x1b[6n").await;
    assert_eq!(replayed.input.recv().await.unwrap(), "\x1b[1;3R");
}

#[tokio::test]
async fn the_most_recently_active_writer_decides_the_size_and_all_hear_of_it() {
    let program = Program::start();
    let mut watcher = View::new(program.attach(|attach| attach.from_offset = Some(0)));
    let size = |cols| Size { cols, rows: 30 };
    let as_writer = |id, cols| move |attach: &mut Attach| (attach.mode, attach.writer, attach.cols, attach.rows) = (AttachMode::Write, id, cols, 30);
    let one = program.attach(as_writer(1, 100));
    let resized = |wanted| move |frame: &ServerFrame| matches!(frame, ServerFrame::Resized { size, .. } if *size == wanted);
    watcher.until_frame(resized(size(100))).await;
    let two = program.attach(as_writer(2, 80));
    watcher.until_frame(resized(size(80))).await;
    // A view that is not the active one may change as it likes.
    one.writer().resize(size(120));
    one.writer().input(1, b"x".to_vec()).await.unwrap();
    watcher.until_frame(resized(size(120))).await;
    drop(one);
    watcher.until_frame(resized(size(80))).await;
    // Many in a row become few, and the last one counts.
    for cols in 81..140 {
        two.writer().resize(size(cols));
    }
    watcher.until_frame(resized(size(139))).await;
    assert_eq!(program.session.facts().size, size(139));
    let asked = program.asked.sizes.lock().unwrap().clone();
    assert_eq!(asked.last(), Some(&size(139)));
    assert!(asked.len() <= 7, "{asked:?}");
}

#[tokio::test]
async fn everyone_hears_who_watches() {
    let program = Program::start();
    let mut one = View::new(program.attach(|_| {}));
    one.until_frame(|frame| matches!(frame, ServerFrame::Presence(viewers) if viewers.len() == 1)).await;
    let two = program.attach(|attach| attach.mode = AttachMode::Write);
    one.until_frame(|frame| matches!(frame, ServerFrame::Presence(viewers) if viewers.len() == 2 && viewers[1].mode == AttachMode::Write)).await;
    drop(two);
    one.until_frame(|frame| matches!(frame, ServerFrame::Presence(viewers) if viewers.len() == 1)).await;
}

#[tokio::test]
async fn detaching_ends_nothing() {
    let program = Program::start();
    drop(program.attach(|attach| attach.mode = AttachMode::Write));
    program.print("still here").await;
    let mut view = View::new(program.attach(|attach| attach.from_offset = Some(0)));
    view.until(10).await;
    assert_eq!((program.session.is_live(), *program.asked.closed.lock().unwrap()), (true, 0));
    assert_eq!(program.session.facts().viewers, 1);
}

#[tokio::test]
async fn the_exit_comes_last_and_the_last_screen_stays() {
    let mut program = Program::start();
    let mut view = View::new(program.attach(|attach| attach.from_offset = Some(0)));
    let text = flood(100 * 1024);
    for piece in text.chunks(32 * 1024) {
        program.print(piece.to_vec()).await;
    }
    view.until(text.len() as u64).await;
    program.print("bye").await;
    let ended = program.exit().await;
    let frame = view.until_frame(|frame| matches!(frame, ServerFrame::Exit(_))).await;
    let ServerFrame::Exit(exit) = frame else { panic!("{frame:?}") };
    assert_eq!((exit.reason, exit.code, exit.final_offset), (ExitReason::Closed, Some(3), text.len() as u64 + 3));
    assert!(view.bytes.ends_with(b"bye"));
    assert!(view.reader.next().await.is_none());
    assert_eq!(view.reader.end(), ReaderEnd::Exited);
    assert_eq!(view.reader.writer().input(1, Vec::new()).await.unwrap_err().code, Code::Forbidden);
    assert_eq!(program.session.type_bytes(b"x".to_vec()).await.unwrap_err().code, Code::WrongState);
    // Whoever comes later sees the last screen and the exit.
    let mut late = View::new(program.attach(|_| {}));
    late.until_frame(|frame| matches!(frame, ServerFrame::Exit(_))).await;
    assert_eq!(late.screen.text(), program.session.screen_text());
    // And so does a server after this one.
    let (next, _ends) = Sessions::new(Bus::default());
    next.adopt_ended(&ended.session, &ended.snapshot);
    let adopted = next.find(ended.session.id.as_str()).unwrap();
    assert_eq!(adopted.screen_text(), program.session.screen_text());
    assert_eq!(adopted.facts().exit, Some(exit));
}

#[tokio::test]
async fn an_ended_session_is_folded_at_once_and_its_output_can_still_be_had() {
    let mut program = Program::start();
    let lines = "a line of output\r\n".repeat(10_000);
    program.print(lines.clone()).await;
    while program.session.facts().head_offset < lines.len() as u64 {
        tokio::task::yield_now().await;
    }
    program.exit().await;
    assert_eq!(program.sessions.fold_quiet(), 1);
    assert_eq!(program.session.output(Some(0), u64::MAX), (0, lines.into_bytes()), "whoever was cut off comes back for the rest");
}

#[tokio::test]
async fn ended_sessions_are_forgotten_in_time_and_living_ones_are_not() {
    let mut program = Program::start();
    assert!(program.sessions.forget_old(Duration::ZERO).is_empty());
    program.exit().await;
    assert!(program.sessions.forget_old(Duration::from_secs(3600)).is_empty());
    assert_eq!(program.sessions.forget_old(Duration::ZERO), [program.session.id().clone()]);
    assert!(program.sessions.list().is_empty());
}

#[tokio::test]
async fn a_tile_changes_only_with_the_screen() {
    let program = Program::start();
    let before = program.session.generation();
    let mut view = View::new(program.attach(|attach| attach.from_offset = Some(0)));
    program.print("hello").await;
    view.until(5).await;
    let (generation, tile) = program.session.tile(Size { cols: 10, rows: 3 });
    assert!(generation > before);
    assert_eq!(tile.size, Size { cols: 10, rows: 3 });
    assert_eq!(program.session.generation(), generation);
    let (text, json) = (program.session.screen_text(), program.session.screen_json());
    assert_eq!((text.as_str(), json.cursor, json.lines.len(), json.offset), ("hello", (5, 0), 5, 5));
    assert_eq!(program.session.output(Some(1), 3), (1, b"ell".to_vec()));
}

#[tokio::test]
async fn a_stopping_server_lets_readers_go() {
    let program = Program::start();
    let mut view = View::new(program.attach(|_| {}));
    view.until(0).await;
    let last = program.sessions.stop();
    assert_eq!(last.len(), 1);
    while view.reader.next().await.is_some() {}
    assert_eq!(view.reader.end(), ReaderEnd::Stopping);
}

#[tokio::test]
async fn a_writer_can_type_alone_hand_that_back_and_be_taken_over() {
    let mut program = Program::start();
    let writer = |number| {
        move |attach: &mut Attach| {
            attach.mode = AttachMode::Write;
            attach.writer = number;
        }
    };
    let (mut ann, bob) = (program.attach(writer(1)), program.attach(writer(2)));
    ann.writer().control(&Control::TakeLease).unwrap();
    assert_eq!(bob.writer().input(1, b"no".to_vec()).await.unwrap_err().code, Code::Forbidden);
    ann.writer().input(1, b"ann".to_vec()).await.unwrap();
    assert_eq!(program.input.recv().await.unwrap(), "ann");
    bob.writer().control(&Control::TakeLease).unwrap();
    assert_eq!(ann.writer().input(2, b"no".to_vec()).await.unwrap_err().code, Code::Forbidden);
    bob.writer().control(&Control::GiveLease).unwrap();
    ann.writer().input(3, b"again".to_vec()).await.unwrap();
    assert_eq!(program.input.recv().await.unwrap(), "again");
    bob.writer().control(&Control::TakeLease).unwrap();
    drop(bob);
    ann.writer().input(4, b"alone".to_vec()).await.unwrap();
    assert_eq!(program.input.recv().await.unwrap(), "alone");
    let mut acks = 0;
    let mut leases = Vec::new();
    while leases.is_empty() || acks < 4 {
        match ann.next().await.unwrap() {
            ServerFrame::Lease(lease) => leases.push(lease),
            // What was refused is acknowledged too: it must not be sent again.
            ServerFrame::InputAck(seq) => acks = acks.max(seq),
            _ => {}
        }
    }
    assert_eq!(leases.last(), Some(&Lease { holder: None, yours: false }));
}

#[tokio::test(start_paused = true)]
async fn a_quiet_session_that_nobody_watches_is_folded_and_looks_the_same() {
    let program = Program::start();
    program.print("one\r\ntwo \x1b[1mbold\x1b[0m").await;
    while program.session.facts().head_offset == 0 {
        tokio::task::yield_now().await;
    }
    let (text, generation) = (program.session.screen_text(), program.session.generation());
    assert_eq!(program.sessions.fold_quiet(), 0, "it was not quiet for long");
    tokio::time::advance(Duration::from_secs(61)).await;
    assert_eq!(program.sessions.fold_quiet(), 1);
    assert_eq!(program.session.generation(), generation, "whoever shows it has nothing to draw");
    assert_eq!(program.session.screen_text(), text);
    let mut view = View::new(program.attach(|_| {}));
    while view.snapshots == 0 {
        view.frame().await;
    }
    assert_eq!(view.screen.text(), text);
}
