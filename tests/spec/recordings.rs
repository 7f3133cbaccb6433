//! What recordings promise: files that replay to the screen of the live session, found at once, readable after every accident.
use super::support::golden::golden;
use super::support::home::Home;
use super::support::home::Terminal;
use super::support::plane::Plane;
use super::support::plane::admin;
use super::support::plane::operator;
use super::support::plane::viewer;
use bytes::Bytes;
use cto::bus::Bus;
use cto::config::Config;
use cto::control::Screen as Shown;
use cto::engine::Engine;
use cto::model::*;
use cto::sessions::NewSession;
use cto::sessions::Player;
use cto::sessions::Recordable;
use cto::sessions::Recorded;
use cto::sessions::Recorder;
use cto::sessions::Session as Live;
use cto::sessions::Sessions;
use cto::sessions::Transport;
use cto::sessions::TransportControl;
use cto::term::Cell;
use cto::term::Cursor;
use cto::term::Key;
use cto::term::KeyCode;
use cto::term::Masks;
use cto::term::Mods;
use cto::term::Screen;
use cto::tui::playback::Playback;
use cto::tui::playback::Wish;
use jiff::Timestamp;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

struct Quiet;

#[async_trait::async_trait]
impl TransportControl for Quiet {
    async fn resize(&self, _: Size) -> cto::error::Result<()> {
        Ok(())
    }
    async fn close(&self) -> cto::error::Result<()> {
        Ok(())
    }
    async fn ended(&self) -> (ExitReason, Option<i64>) {
        (ExitReason::Exited, Some(3))
    }
}

/// A session whose program is the test, and a place for its recordings.
struct Studio {
    output: Option<mpsc::Sender<Bytes>>,
    _input: mpsc::Receiver<Bytes>,
    session: Live,
    _sessions: Sessions,
    dir: tempfile::TempDir,
}

impl Studio {
    fn new(size: Size) -> Self {
        let (sessions, _) = Sessions::new(Bus::default());
        let (output, printed) = mpsc::channel(4);
        let (typed, input) = mpsc::channel(8);
        let new = NewSession {
            id: SessionId::fresh(),
            start: 0,
            container: "c1".into(),
            container_name: "web".to_owned(),
            kind: SessionKind::Exec,
            owner: "olga".to_owned(),
            size,
            carried: None,
        };
        let transport = Transport {
            output: printed.into(),
            input: typed.into(),
            control: Arc::new(Quiet),
            replay: Vec::new(),
            command: vec!["/bin/prog".to_owned()],
            not_resumable: None,
            held: None,
        };
        let session = sessions.open(new, transport);
        Self { output: Some(output), _input: input, session, _sessions: sessions, dir: tempfile::tempdir().unwrap() }
    }

    async fn print(&self, bytes: impl Into<Bytes>) {
        self.output.as_ref().unwrap().send(bytes.into()).await.unwrap();
    }

    /// Waits until the session has printed so many bytes.
    async fn printed(&self, bytes: usize) {
        while self.session.facts().head_offset < bytes as u64 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    async fn resized(&self, size: Size) {
        self.session.resize(size).unwrap();
        while self.session.facts().size != size {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn what(&self) -> Recordable {
        let path = self.dir.path().join("rec.cast");
        Recordable { id: "rec_1".into(), path, started_at: Timestamp::now(), resume: false, input: false, limit_bytes: u64::MAX }
    }

    async fn record(&self) -> Tape {
        self.record_with(|_| {}).await
    }

    async fn record_with(&self, change: impl FnOnce(&mut Recordable)) -> Tape {
        let mut what = self.what();
        change(&mut what);
        let path = what.path.clone();
        let (recorder, done) = self.session.record(what).await.unwrap();
        Tape { recorder, done, path }
    }

    /// The session's screen now.
    fn screen(&self) -> Screen {
        let mut screen = Screen::new(self.session.facts().size, 2_000);
        screen.feed(&self.session.screen_ansi());
        screen
    }
}

struct Tape {
    recorder: Recorder,
    done: JoinHandle<Recorded>,
    path: PathBuf,
}

impl Tape {
    /// Waits until something is written.
    async fn begun(&self) {
        while self.recorder.bytes() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    async fn stop(self) -> (Recorded, PathBuf) {
        self.recorder.stop();
        (self.done.await.unwrap(), self.path)
    }
}

/// Everything that a screen shows.
fn shown(screen: &Screen) -> (Size, Vec<Cell>, Cursor, String) {
    let mut cells = Vec::new();
    screen.visit(0, |_, _, cell| cells.push(*cell));
    (screen.size(), cells, screen.cursor(), screen.title().to_owned())
}

fn assert_same(seen: &Screen, wanted: &Screen, what: &str) {
    assert_eq!(seen.text(), wanted.text(), "{what}");
    assert!(shown(seen) == shown(wanted), "{what}: same text, other colours, cursor or title");
}

fn fixtures() -> Vec<(String, Vec<u8>)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/term");
    let mut all: Vec<_> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|end| end == "bin")).collect();
    all.sort();
    all.iter().map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(path).unwrap())).collect()
}

/// Numbers that look random, the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most.max(1)
    }
}

/// Real programs' output in pieces of every size, with text that is no UTF-8 and other sizes of the screen in between.
async fn perform(studio: &Studio, dice: &mut Dice, rounds: usize) -> usize {
    let mut printed = usize::try_from(studio.session.facts().head_offset).unwrap();
    let fixtures = fixtures();
    for _ in 0..rounds {
        let (_, bytes) = &fixtures[dice.roll(fixtures.len())];
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let (piece, after) = rest.split_at((1 + dice.roll(4_000)).min(rest.len()));
            studio.print(piece.to_vec()).await;
            printed += piece.len();
            rest = after;
        }
        let odd = [&b"\xff\xfe caf\xe9 \x80\xc3"[..], "\u{2764}\u{fe0f} \u{1f600} \u{4e2d}".as_bytes(), b"\x1b[?2026hheld back", b"\x1b[31;4"][dice.roll(4)];
        studio.print(odd.to_vec()).await;
        printed += odd.len();
        if dice.roll(4) == 0 {
            studio.printed(printed).await;
            studio.resized(Size { cols: 20 + dice.roll(120) as u16, rows: 5 + dice.roll(50) as u16 }).await;
        }
    }
    studio.printed(printed).await;
    printed
}

#[tokio::test]
async fn a_recording_replays_to_the_screen_of_the_live_session() {
    let mut dice = Dice(7);
    for start in [Size { cols: 80, rows: 24 }, Size { cols: 120, rows: 40 }] {
        let studio = Studio::new(start);
        // What was on the screen before is in it too.
        perform(&studio, &mut dice, 2).await;
        let tape = studio.record().await;
        assert_eq!(studio.session.facts().recording, Some("rec_1".into()));
        assert_eq!(studio.session.facts().viewers, 0, "a recorder is no viewer");
        let printed = perform(&studio, &mut dice, 12).await;
        let (recorded, path) = tape.stop().await;
        assert_eq!(recorded.end, Some(RecordingEnd::Stopped), "{recorded:?}");
        assert_eq!(studio.session.facts().recording, None);
        let player = Player::open(&path).unwrap();
        let end = player.moment(u64::MAX).unwrap();
        assert_eq!(end.offset, printed as u64);
        assert_same(&end.screen, &studio.screen(), "the end of the recording");
        for file in [path.clone(), path.with_extension("keys")] {
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
        }
    }
}

#[tokio::test]
async fn seeking_shows_what_playing_through_shows() {
    let studio = Studio::new(Size { cols: 100, rows: 30 });
    let tape = studio.record().await;
    let mut dice = Dice(11);
    while tape.recorder.bytes() < 1_700_000 {
        perform(&studio, &mut dice, 20).await;
    }
    let (recorded, path) = tape.stop().await;
    // The same file without its keyframes has to be played from the start.
    let plain = studio.dir.path().join("plain.cast");
    std::fs::copy(&path, &plain).unwrap();
    assert!(std::fs::metadata(path.with_extension("keys")).unwrap().len() > 3_000, "there are keyframes");
    let (quick, slow) = (Player::open(&path).unwrap(), Player::open(&plain).unwrap());
    for place in 0..12 {
        let at = recorded.duration_ms * 1_000 * place / 11;
        let (quick, slow) = (quick.moment(at).unwrap(), slow.moment(at).unwrap());
        assert_eq!((quick.offset, quick.time_us), (slow.offset, slow.time_us), "at {at}");
        assert_same(&quick.screen, &slow.screen, &format!("at {at} µs"));
    }
    // A damaged keyframe is passed over.
    let keys = path.with_extension("keys");
    let mut bytes = std::fs::read(&keys).unwrap();
    for at in (60..bytes.len()).step_by(900) {
        bytes[at] ^= 0x55;
    }
    std::fs::write(&keys, bytes).unwrap();
    assert_same(&Player::open(&path).unwrap().moment(u64::MAX).unwrap().screen, &studio.screen(), "with damaged keyframes");
}

#[tokio::test]
async fn a_part_of_a_recording_is_a_recording_from_then_on() {
    let studio = Studio::new(Size { cols: 60, rows: 10 });
    let tape = studio.record().await;
    let mut dice = Dice(3);
    for _ in 0..6 {
        perform(&studio, &mut dice, 1).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (recorded, path) = tape.stop().await;
    let player = Player::open(&path).unwrap();
    let middle = recorded.duration_ms * 1_000 / 2;
    let part = player.part(Some(middle)).unwrap();
    let file = std::fs::read(&path).unwrap();
    let rest = usize::try_from(part.position).unwrap();
    let copy = studio.dir.path().join("part.cast");
    std::fs::write(&copy, [&part.head[..], &file[rest..rest + usize::try_from(part.length).unwrap()]].concat()).unwrap();
    let part = Player::open(&copy).unwrap();
    assert_same(&part.moment(0).unwrap().screen, &player.moment(middle).unwrap().screen, "its beginning");
    assert_same(&part.moment(u64::MAX).unwrap().screen, &studio.screen(), "its end");
    let whole = player.part(None).unwrap();
    assert_eq!((whole.head.len(), whole.position, whole.length), (0, 0, file.len() as u64));
}

#[tokio::test]
async fn a_file_cut_anywhere_is_readable_up_to_there_and_can_be_gone_on_with() {
    let studio = Studio::new(Size { cols: 80, rows: 24 });
    let tape = studio.record().await;
    let mut dice = Dice(5);
    while tape.recorder.bytes() < 1_200_000 {
        perform(&studio, &mut dice, 20).await;
    }
    let (_, path) = tape.stop().await;
    let (cast, keys) = (std::fs::read(&path).unwrap(), std::fs::read(path.with_extension("keys")).unwrap());
    let offset_at = |bytes: &[u8], keys: &[u8]| {
        let copy = studio.dir.path().join("cut.cast");
        std::fs::write(&copy, bytes).unwrap();
        std::fs::write(copy.with_extension("keys"), keys).unwrap();
        Player::open(&copy).and_then(|player| player.moment(u64::MAX)).map(|moment| moment.offset)
    };
    let mut last = 0;
    let body = cast.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    assert!(offset_at(&cast[..body - 1], b"").is_err(), "without a first line it is no recording");
    for part in 0..24 {
        let cut = body + (cast.len() - body) * part / 23;
        // Cut keyframes, too many, and none.
        let keys = [&keys[..keys.len() * part / 23], &keys, b""][part % 3];
        let offset = offset_at(&cast[..cut], keys).unwrap();
        assert!(offset >= last, "more of the file shows more of the session");
        last = offset;
    }
    assert_eq!(last, studio.session.facts().head_offset);
    // What a crash leaves: half a line. The next server goes on behind the last whole one, without a hole.
    let cut = body + (cast.len() - body) * 2 / 3;
    let _ = std::fs::remove_file(studio.dir.path().join("cut.keys"));
    std::fs::write(&path, &cast[..cut]).unwrap();
    let known = Player::open(&path).unwrap().moment(u64::MAX).unwrap();
    let size = studio.session.facts().size;
    let resumed = studio.record_with(|what| what.resume = true).await;
    studio.print("after the crash").await;
    let printed = studio.session.facts().head_offset;
    studio.printed(usize::try_from(printed).unwrap()).await;
    let (recorded, path) = resumed.stop().await;
    assert_eq!(recorded.end, Some(RecordingEnd::Stopped));
    let text = std::fs::read_to_string(&path).unwrap();
    let whole = studio.session.facts().head_offset - known.offset <= 1 << 20 && known.screen.size() == size;
    assert_eq!(text.contains("\"m\", \"gap\""), !whole, "a hole is marked, and only a hole");
    assert_same(&Player::open(&path).unwrap().moment(u64::MAX).unwrap().screen, &studio.screen(), "after the crash");
}

#[tokio::test]
async fn a_hole_is_marked_and_the_screen_after_it_is_right() {
    let studio = Studio::new(Size { cols: 80, rows: 24 });
    let tape = studio.record().await;
    studio.print("before").await;
    studio.printed(6).await;
    tape.stop().await;
    // More than the session keeps, while nobody records.
    let lost: Vec<u8> = (0..200_000).flat_map(|number| format!("lost {number}\r\n").into_bytes()).collect();
    let printed = 6 + lost.len();
    studio.print(lost).await;
    studio.printed(printed).await;
    let (_, path) = studio.record_with(|what| what.resume = true).await.stop().await;
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.matches("\"m\", \"gap\"").count(), 1, "the hole is marked");
    let end = Player::open(&path).unwrap().moment(u64::MAX).unwrap();
    assert_eq!(end.offset, printed as u64);
    assert_same(&end.screen, &studio.screen(), "after the hole");
}

#[tokio::test]
async fn typing_is_recorded_only_when_asked_for() {
    for input in [false, true] {
        let studio = Studio::new(Size { cols: 80, rows: 24 });
        let tape = studio.record_with(|what| what.input = input).await;
        tape.begun().await;
        studio.session.type_bytes(b"secret\r".to_vec()).await.unwrap();
        studio.print("printed").await;
        studio.printed(7).await;
        let (_, path) = tape.stop().await;
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.contains("\"i\", \"secret\\r\""), input, "{text}");
        assert!(text.contains("\"o\", \"printed\""), "{text}");
    }
}

#[tokio::test]
async fn what_is_to_be_hidden_is_in_no_recording_however_it_comes() {
    let studio = Studio::new(Size { cols: 40, rows: 10 });
    let mut printed = 0;
    let mut print = async |text: &str| {
        printed += text.len();
        studio.print(text.to_owned()).await;
        studio.printed(printed).await;
    };
    // What stands on the screen already is in the picture that the recording begins with.
    print("before hunter2-and-more\r\n").await;
    let mut masks = Masks::default();
    masks.add("hunter2-and-more");
    studio.session.hide(&masks);
    let tape = studio.record_with(|what| what.input = true).await;
    tape.begun().await;
    for piece in ["hunter2", "-and-m", "ore\r"] {
        studio.session.type_bytes(piece.as_bytes().to_vec()).await.unwrap();
    }
    // In pieces, in colours, over the edge of the screen, redrawn by a resize, and a beginning that becomes something else.
    for piece in
        ["in pieces: hun", "ter2", "-and", "-more\r\n", "\x1b[31mhunter2-\x1b[0mand-more\r\n", "over the edge of the screen: hunter2-and-more\r\n", "a hunt"]
    {
        print(piece).await;
    }
    studio.resized(Size { cols: 60, rows: 10 }).await;
    print("er went hunting, and at the end hun").await;
    let (recorded, path) = tape.stop().await;
    assert_eq!(recorded.end, Some(RecordingEnd::Stopped));
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains("unter2") && !text.contains("and-more"), "{text}");
    let player = Player::open(&path).unwrap();
    let end = player.moment(u64::MAX).unwrap();
    assert_eq!(end.offset, printed as u64, "it is as long as what was printed");
    let shown = end.screen.text();
    for line in ["before ****************", "in pieces: ****************", "\n****************\n", "screen: ***", "a hunter went hunting, and at the end hun"] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    let typed: String = text.lines().filter(|line| line.contains("\"i\"")).collect();
    assert_eq!(typed.matches('*').count(), 16, "{typed}");
    // What is not hidden is as it is on the session's own screen.
    assert_eq!(studio.screen().text().replace("hunter2-and-more", "****************").lines().next(), shown.lines().next());
}

#[tokio::test]
async fn a_recording_ends_with_its_session_and_at_its_limit() {
    let mut studio = Studio::new(Size { cols: 80, rows: 24 });
    let tape = studio.record().await;
    assert_eq!(studio.session.record(studio.what()).await.unwrap_err().code, Code::WrongState, "one recording a session");
    studio.print("last words").await;
    studio.output = None;
    let recorded = tape.done.await.unwrap();
    assert_eq!(recorded.end, Some(RecordingEnd::SessionEnded));
    let text = std::fs::read_to_string(&tape.path).unwrap();
    assert!(text.ends_with("\"x\", \"3\"]\n") && text.contains("last words"), "{text}");
    assert_eq!(studio.session.record(studio.what()).await.unwrap_err().code, Code::WrongState, "an ended session prints nothing more");

    let studio = Studio::new(Size { cols: 80, rows: 24 });
    let attach = Attach { v: 1, token: None, from_offset: None, cols: 80, rows: 24, mode: AttachMode::View, delivery: Delivery::Live, writer: 0, window: None };
    let mut viewer = studio.session.attach(&attach, "olga").unwrap();
    let tape = studio.record_with(|what| what.limit_bytes = 100_000).await;
    for _ in 0..40 {
        studio.print(vec![b'x'; 4_000]).await;
    }
    let recorded = tape.done.await.unwrap();
    assert_eq!(recorded.end, Some(RecordingEnd::SizeLimit));
    assert!(studio.session.is_live());
    let notice = async {
        loop {
            match viewer.next().await.expect("the session lives") {
                ServerFrame::Notice(text) => return text,
                ServerFrame::Output { offset, bytes } => viewer.writer().ack(offset + bytes.len() as u64),
                _ => {}
            }
        }
    };
    let notice = tokio::time::timeout(Duration::from_secs(20), notice).await.unwrap();
    assert!(notice.contains("recording has ended"), "{notice}");
}

/// A file system of 2 MB, where mounting is allowed.
struct Small(tempfile::TempDir);

impl Small {
    fn mounted() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mut mount = std::process::Command::new("mount");
        let mount = mount.args(["-t", "tmpfs", "-o", "size=2m", "cto-spec"]).arg(dir.path()).stderr(std::process::Stdio::null()).status();
        mount.is_ok_and(|status| status.success()).then(|| Self(dir))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[tokio::test]
async fn a_full_disk_ends_the_recording_and_not_the_session() {
    let Some(small) = Small::mounted() else {
        eprintln!("skipped: a small file system can't be mounted here");
        return;
    };
    let studio = Studio::new(Size { cols: 80, rows: 24 });
    let attach = Attach { v: 1, token: None, from_offset: None, cols: 80, rows: 24, mode: AttachMode::View, delivery: Delivery::Live, writer: 0, window: None };
    let mut viewer = studio.session.attach(&attach, "olga").unwrap();
    let tape = studio.record_with(|what| what.path = small.0.path().join("rec.cast")).await;
    let line = "a line that is printed again and again\r\n";
    let mut printed = 0;
    while !tape.done.is_finished() {
        studio.print(line.repeat(100)).await;
        printed += 100 * line.len();
    }
    let recorded = tape.done.await.unwrap();
    assert_eq!(recorded.end, Some(RecordingEnd::DiskFull), "{recorded:?}");
    studio.print("the session goes on").await;
    studio.printed(printed + 19).await;
    assert!(studio.session.is_live() && studio.session.facts().recording.is_none());
    let mut told = Vec::new();
    while told.is_empty() {
        match tokio::time::timeout(Duration::from_secs(20), viewer.next()).await.unwrap().unwrap() {
            ServerFrame::Notice(text) => told.push(text),
            ServerFrame::Output { offset, bytes } => viewer.writer().ack(offset + bytes.len() as u64),
            _ => {}
        }
    }
    assert!(told[0].contains("disk of the server is full"), "{told:?}");
    // What was written before is whole.
    let player = Player::open(&tape.path).unwrap();
    let end = player.moment(u64::MAX).unwrap();
    assert!(end.offset > 500_000, "{}", end.offset);
    let bytes = std::fs::read(&tape.path).unwrap();
    assert_eq!(bytes.last(), Some(&b'\n'), "no half line is left");
    let refused = studio.session.record(Recordable { path: small.0.path().join("another.cast"), ..studio.what() }).await;
    if let Err(error) = refused {
        assert_eq!(error.code, Code::DiskFull);
    }
}

#[test]
fn a_picture_shows_the_cells_and_nothing_that_acts() {
    let mut screen = Screen::new(Size { cols: 24, rows: 5 }, 0);
    screen.feed("plain \x1b[1;31mbold red\x1b[m\r\n\x1b[44;97m on blue \x1b[7m inverse \x1b[m\r\n".as_bytes());
    screen.feed("\u{4e2d}\u{6587} wide \u{2764}\u{fe0f}\r\n\x1b[3;4;38;2;1;2;3mline\x1b[m \x1b[9;2mgone\x1b[m \x1b[8mhidden\x1b[m\r\n".as_bytes());
    screen.feed(b"<script>&\"'</script>");
    let picture = cto::sessions::svg(&screen);
    golden("tests/golden/screen.svg", &picture);
    assert!(picture.contains("&lt;script&gt;&amp;") && !picture.contains("<script"), "what was printed is text");
    assert!(!picture.contains("hidden"));
}

/// Types a line into a session and waits until its screen shows `wanted`.
async fn type_and_see(plane: &Plane, session: &Session, line: &str, wanted: &str) {
    plane.control.type_into_session(&admin(), session.id.as_str(), SessionInput { text: Some(format!("{line}\n")), base64: None }).await.unwrap();
    let seen = async {
        while !text_of(plane.control.get_screen(&admin(), session.id.as_str(), ScreenFormat::Text).await.unwrap()).contains(wanted) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), seen).await.unwrap_or_else(|_| panic!("'{wanted}' is not seen"));
}

fn text_of(screen: Shown) -> String {
    match screen {
        Shown::Text(text) | Shown::Svg(text) => text,
        other => panic!("{other:?}"),
    }
}

fn drawn(size: Size, screen: Shown) -> Screen {
    let Shown::Ansi(bytes) = screen else { panic!("{screen:?}") };
    let mut drawn = Screen::new(size, 0);
    drawn.feed(&bytes);
    drawn
}

fn at(at: Option<u64>, format: PictureFormat) -> RecordingScreenQuery {
    RecordingScreenQuery { at, format }
}

#[tokio::test]
async fn a_session_in_a_container_is_recorded_listed_played_and_removed() {
    let plane = Plane::start().await;
    let (olga, control) = (operator("olga"), &plane.control);
    let container = plane.container(&olga, "rec", serde_json::json!({"command": "sleep 1000", "interactive": false})).await;
    let open = OpenSession { container: container.name.clone(), command: vec!["sh".to_owned()], ..OpenSession::default() };
    let session = control.create_session(&olga, open, None).await.unwrap();
    let id = session.id.as_str();
    assert_eq!(control.stop_recording(&olga, id).await.unwrap_err().code, Code::WrongState, "it is not recorded");
    for stranger in [viewer(), operator("otto")] {
        assert_eq!(control.start_recording(&stranger, id, StartRecording::default()).await.unwrap_err().code, Code::Forbidden);
    }
    let begun = control.start_recording(&olga, id, StartRecording { input: true }).await.unwrap();
    assert_eq!((begun.state, begun.owner.as_str(), &begun.session), (RecordingState::Running, "olga", &session.id));
    assert_eq!(control.get_session(&olga, id).await.unwrap().recording, Some(begun.id.clone()));
    assert_eq!(control.start_recording(&olga, id, StartRecording::default()).await.unwrap_err().code, Code::WrongState, "one at a time");
    assert_eq!(control.delete_recording(&olga, begun.id.as_str()).await.unwrap_err().code, Code::WrongState, "it is being made");
    type_and_see(&plane, &session, "printf '\\033[1;31mred\\033[m \\342\\235\\244 \\377 %s\\n' fi''rst", "first").await;
    control.resize_session(&olga, id, Size { cols: 100, rows: 30 }).await.unwrap();
    type_and_see(&plane, &session, "stty size; printf '\\033[5;5Hplaced %s\\n' se''cond", "second").await;
    let live = control.get_screen(&olga, id, ScreenFormat::Ansi).await.unwrap();
    let size = control.get_session(&olga, id).await.unwrap().size;
    let ended = control.stop_recording(&olga, id).await.unwrap();
    assert_eq!((ended.state, ended.end), (RecordingState::Ended, Some(RecordingEnd::Stopped)));
    assert!(ended.bytes > 300 && ended.ended_at.is_some(), "{ended:?}");
    assert_eq!(control.get_session(&olga, id).await.unwrap().recording, None);

    // Whoever may see sessions may see recordings, but what was typed is for the owner and admins.
    let vic = viewer();
    let rec = ended.id.as_str();
    let found = control.list_recordings(&vic, &ListQuery { q: Some(container.name.clone()), ..ListQuery::default() }).await.unwrap();
    assert_eq!(found.items, std::slice::from_ref(&ended));
    let recorded = control.get_recording_screen(&vic, rec, at(None, PictureFormat::Ansi)).await.unwrap();
    assert_same(&drawn(size, recorded), &drawn(size, live), "the end of the recording");
    assert!(text_of(control.get_recording_screen(&vic, rec, at(Some(u64::MAX / 2_000), PictureFormat::Text)).await.unwrap()).contains("second"));
    assert!(!text_of(control.get_recording_screen(&vic, rec, at(Some(0), PictureFormat::Text)).await.unwrap()).contains("second"));
    assert!(text_of(control.get_recording_screen(&vic, rec, at(None, PictureFormat::Svg)).await.unwrap()).contains("placed\u{a0}second"));
    assert_eq!(control.get_cast(&vic, rec, CastQuery::default()).await.unwrap_err().code, Code::Forbidden);
    let cast = control.get_cast(&olga, rec, CastQuery::default()).await.unwrap();
    let text = std::fs::read_to_string(&cast.path).unwrap();
    assert!(text.contains("\"i\", \"stty size;") && text.contains("\"r\", \"100x30\"") && text.contains("#cto raw "), "{text}");

    assert_eq!(control.delete_recording(&vic, rec).await.unwrap_err().code, Code::Forbidden);
    assert_eq!(control.delete_recording(&operator("otto"), rec).await.unwrap_err().code, Code::Forbidden);
    control.delete_recording(&olga, rec).await.unwrap();
    assert_eq!(control.get_recording(&olga, rec).await.unwrap_err().code, Code::NotFound);
    assert_eq!(std::fs::read_dir(plane.home.path().join("state/recordings")).unwrap().count(), 0, "no file is left");
    let audit = plane.audit().await;
    for line in ["olga record:sessions", "olga remove:recordings", "vic record:sessions", "otto remove:recordings"] {
        assert!(audit.iter().any(|entry| entry.starts_with(line)), "{line} in {audit:#?}");
    }
}

#[tokio::test]
async fn a_template_asks_for_recording_and_a_new_server_goes_on_with_it() {
    let mut plane = Plane::start().await;
    let olga = operator("olga");
    let container = plane.container(&olga, "taped", serde_json::json!({"command": "/bin/bash --norc", "recording": true})).await;
    assert!(container.recording);
    let main = |plane: &Plane| plane.control.sessions().main_of(&container.id);
    let session = main(&plane).unwrap().facts();
    let recording = session.recording.clone().expect("its template asks for that");
    type_and_see(&plane, &session, "echo be''fore", "before").await;
    plane.restart().await;
    let known = plane.control.get_recording(&olga, recording.as_str()).await.unwrap();
    assert_eq!(known.state, RecordingState::Running, "the next server goes on with it");
    let back = async {
        while main(&plane).and_then(|session| session.recording()).is_none() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), back).await.expect("the recording goes on");
    assert_eq!(main(&plane).unwrap().recording(), Some(recording.clone()), "in the same file");
    type_and_see(&plane, &session, "echo af''ter", "after").await;
    plane.control.stop_recording(&olga, session.id.as_str()).await.unwrap();
    let text = std::fs::read_to_string(plane.home.path().join(format!("state/recordings/{recording}.cast"))).unwrap();
    assert!(text.contains("before") && text.contains("after"), "{text}");
    // Stopped by a person, it is not begun again by itself.
    plane.control.create_session(&olga, OpenSession { container: container.name.clone(), main: true, ..OpenSession::default() }, None).await.unwrap();
    assert_eq!(main(&plane).unwrap().recording(), None);
    plane.control.delete_container(&olga, &container.name, RemoveContainer { force: true }).await.unwrap();
}

#[tokio::test]
async fn recordings_are_kept_within_their_limits() {
    let config: Config = serde_json::from_value(serde_json::json!({"recordings": {"max_mb": 1, "total_mb": 2, "days": 1}})).unwrap();
    let plane = Plane::configured(Engine::connect(None), config).await;
    let control = &plane.control;
    let dir = control.parts().paths.recordings();
    std::fs::create_dir_all(&dir).unwrap();
    let mut ids = Vec::new();
    for hours in [30, 20, 10, 5] {
        let at = Timestamp::now() - jiff::SignedDuration::from_hours(hours);
        let id = RecordingId::fresh();
        std::fs::write(dir.join(format!("{id}.cast")), vec![b'x'; 900_000]).unwrap();
        let recording = Recording {
            id: id.clone(),
            session: "ses_1".into(),
            container: "c1".into(),
            container_name: "web".to_owned(),
            command: vec!["sh".to_owned()],
            owner: "olga".to_owned(),
            state: RecordingState::Ended,
            size: Size::default(),
            input: false,
            duration_ms: 1,
            bytes: 900_000,
            started_at: at,
            ended_at: Some(at),
            end: Some(RecordingEnd::Stopped),
        };
        control.parts().store.save_recording(&recording).await.unwrap();
        ids.push(id);
    }
    control.tidy_recordings().await;
    let left = control.list_recordings(&admin(), &ListQuery::default()).await.unwrap().items;
    let left: Vec<_> = left.into_iter().map(|recording| recording.id).collect();
    assert_eq!(left, [ids[3].clone(), ids[2].clone()], "the too old one and the oldest of too much are gone");
    assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 2);
}

/// At full scale a recording of 1 GB, and a limit on the time; else a small one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_seek_into_a_large_recording_is_instant_and_shows_the_same_screen() {
    let proving = std::env::var_os("CTO_PROVE").is_some();
    let wanted: u64 = if proving { 1_000_000_000 } else { 3_000_000 };
    let studio = Studio::new(Size { cols: 120, rows: 40 });
    let mut block = Vec::new();
    for (number, (_, bytes)) in fixtures().into_iter().enumerate() {
        block.extend(bytes);
        block.extend_from_slice(b"\x1b[?1049l\x1b[m\x1b[r\r\n");
        for line in 0..1_000 {
            let text = format!("\x1b[3{}m2026-01-01T00:00:{number:02}.{line:03}Z\x1b[m info: request {line} took {} ms\r\n", line % 8, line * 7 % 100);
            block.extend(text.into_bytes());
        }
    }
    let block = Bytes::from(block);
    let tape = studio.record().await;
    let begun = std::time::Instant::now();
    let mut printed = 0;
    while tape.recorder.bytes() < wanted {
        for start in (0..block.len()).step_by(32 * 1024) {
            studio.print(block.slice(start..block.len().min(start + 32 * 1024))).await;
        }
        printed += block.len();
    }
    studio.printed(printed).await;
    let took = begun.elapsed();
    let (recorded, path) = tape.stop().await;
    assert_eq!(recorded.end, Some(RecordingEnd::Stopped), "{recorded:?}");
    let begun = std::time::Instant::now();
    let player = Player::open(&path).unwrap();
    let middle = player.moment(recorded.duration_ms * 500).unwrap();
    let seek = begun.elapsed();
    let keys = std::fs::metadata(path.with_extension("keys")).unwrap().len();
    let (bytes, keys) = (recorded.bytes / 1_000_000, keys / 1_000_000);
    println!("recording: {bytes} MB, of which keyframes {keys} MB, made in {took:.1?}; a seek to the middle took {seek:.1?}");
    assert!(!proving || seek < Duration::from_millis(200), "{seek:?}");
    assert_same(&player.moment(u64::MAX).unwrap().screen, &studio.screen(), "the end, found by a keyframe");
    // Without keyframes everything is played.
    let plain = studio.dir.path().join("plain.cast");
    std::fs::hard_link(&path, &plain).unwrap();
    let plain = Player::open(&plain).unwrap();
    assert_same(&plain.moment(u64::MAX).unwrap().screen, &studio.screen(), "the end, played through");
    let through = plain.moment(recorded.duration_ms * 500).unwrap();
    assert_eq!(through.offset, middle.offset);
    assert_same(&middle.screen, &through.screen, "the middle");
}

fn a_recording() -> Recording {
    Recording {
        id: "rec_1".into(),
        session: "ses_1".into(),
        container: "c1".into(),
        container_name: "web".to_owned(),
        command: vec!["sh".to_owned()],
        owner: "olga".to_owned(),
        state: RecordingState::Ended,
        size: Size { cols: 20, rows: 4 },
        input: false,
        duration_ms: 100_000,
        bytes: 1,
        started_at: Timestamp::now(),
        ended_at: None,
        end: Some(RecordingEnd::Stopped),
    }
}

#[test]
fn a_playback_shows_each_event_at_its_time_and_obeys_its_keys() {
    let key = |code| Key::new(code, Mods::NONE);
    let mut file = CastHeader::new(Size { cols: 20, rows: 4 }).line();
    for (after_us, text) in [(1_000_000, "one "), (1_000_000, "two "), (60_000_000, "three ")] {
        CastEvent { after_us, data: CastData::Output(text.into()) }.write(&mut file);
    }
    let mut play = Playback::new(a_recording(), Duration::ZERO, 1.0, None);
    play.take(&file);
    play.end();
    play.advance(Duration::from_millis(999));
    assert_eq!(play.screen().text(), "");
    play.advance(Duration::from_millis(1));
    assert_eq!(play.screen().text(), "one");
    assert_eq!(play.key(key(KeyCode::Char(' '))), Wish::Nothing);
    play.advance(Duration::from_secs(10));
    assert_eq!((play.screen().text().as_str(), play.pause()), ("one", None), "it is paused");
    play.key(key(KeyCode::Char('.')));
    assert_eq!((play.screen().text().as_str(), play.now()), ("one two", Duration::from_secs(2)), "one event on");
    play.key(key(KeyCode::Char(' ')));
    play.key(key(KeyCode::Char('+')));
    play.key(key(KeyCode::Char('+')));
    play.advance(Duration::from_secs(10));
    assert_eq!(play.now(), Duration::from_secs(22), "twice as fast");
    assert_eq!(play.key(key(KeyCode::Right)), Wish::Seek(Duration::from_secs(27)));
    assert_eq!(play.key(key(KeyCode::Left)), Wish::Seek(Duration::from_secs(17)));
    assert_eq!(play.key(key(KeyCode::End)), Wish::Seek(Duration::from_secs(100)));
    assert_eq!(play.key(key(KeyCode::Char('q'))), Wish::Quit);

    // Where nothing happens for long, nothing is waited for.
    let mut play = Playback::new(a_recording(), Duration::ZERO, 1.0, Some(Duration::from_secs(2)));
    play.take(&file);
    play.end();
    play.advance(Duration::from_secs(1));
    play.advance(Duration::from_secs(1));
    play.advance(Duration::from_secs(2));
    assert_eq!(play.screen().text(), "one two three", "a minute became two seconds");
    assert_eq!(play.key(key(KeyCode::Char(' '))), Wish::Seek(Duration::ZERO), "at the end it begins again");

    // What is no recording is told, and drives nothing.
    let mut play = Playback::new(a_recording(), Duration::ZERO, 1.0, None);
    play.take(b"\x1b]0;owned\x07\n");
    assert!(!play.wants_more());
}

#[test]
fn the_command_line_records_plays_and_exports() {
    let home = Home::new();
    let name = home.container("tape");
    let id = home.ok(&["rec", "start", &name]).trim().to_owned();
    assert!(id.starts_with("rec_"), "{id}");
    home.ok(&["sessions", "input", &name, "-e", r"printf '\033[1;32mgr\145en\033[m \377 \033]0;evil\007 en\144\n'"]);
    home.screen(&name, "green \u{fffd}  end");
    let list = home.ok(&["rec", "ls"]);
    assert!(list.contains(&name) && list.contains("● running"), "{list}");
    assert!(home.fails(5, &["rec", "rm", &id]).contains("is being made"));
    assert_eq!(home.ok(&["rec", "stop", &name]).trim(), id);
    assert!(home.fails(5, &["rec", "stop", &name]).contains("is not being recorded"));
    assert_eq!(home.json(&["rec", "show", &id[id.len() - 8..], "--json"])["end"], "stopped");
    // Into a pipe there is text, and nothing that drives a terminal.
    let text = home.ok(&["rec", "play", &id]);
    assert!(text.contains("green \u{fffd}  end\n") && !text.contains('\u{1b}'), "{text:?}");
    assert_eq!(home.ok(&["rec", "export", &id, "--as", "txt"]), text);
    home.ok(&["rec", "export", &id, "-o", "out.cast"]);
    let cast = std::fs::read_to_string(home.dir.path().join("out.cast")).unwrap();
    assert!(cast.starts_with("{\"version\":3,") && cast.contains("#cto raw "), "{cast}");
    assert!(home.fails(2, &["rec", "export", &id, "-o", "out.cast"]).contains("out.cast"), "nothing is written over");
    let picture = home.ok(&["rec", "export", &id, "--as", "svg"]);
    assert!(picture.starts_with("<svg ") && picture.contains(">green<"), "{picture}");
    // On a terminal it is played there.
    let mut terminal = Terminal::open(&home, &["rec", "play", &id, "--idle-limit", "0.1"]);
    terminal.shows("green \u{fffd}  end");
    terminal.shows("■");
    terminal.type_in("q");
    assert_eq!(terminal.ends(), 0);
    assert_eq!(home.ok(&["rec", "rm", &id]).trim(), id);
    assert!(home.fails(3, &["rec", "show", &id]).contains("no recording"));
}
