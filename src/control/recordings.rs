//! Recordings: started, stopped, looked at, removed; kept within their limits.
use super::Control;
use super::guard::Target;
use super::paging::Key;
use super::paging::Wanted;
use super::sessions::Screen;
use crate::access::Actor;
use crate::access::allowed;
use crate::access::refusal;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::CastQuery;
use crate::model::Code;
use crate::model::Container;
use crate::model::ListChange;
use crate::model::ListName;
use crate::model::ListQuery;
use crate::model::Orders;
use crate::model::Page;
use crate::model::PictureFormat;
use crate::model::Recording;
use crate::model::RecordingEnd;
use crate::model::RecordingId;
use crate::model::RecordingScreenQuery;
use crate::model::RecordingState;
use crate::model::ScreenJson;
use crate::model::StartRecording;
use crate::sessions::Moment;
use crate::sessions::Player;
use crate::sessions::Recordable;
use crate::sessions::Recorded;
use crate::sessions::Recorder;
use crate::sessions::Session;
use crate::sessions::of_file;
use crate::sessions::svg;
use jiff::Timestamp;
use std::collections::HashMap;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;
use tokio_util::task::TaskTracker;

/// How long a stop waits until the file is complete.
const STOPPING: Duration = Duration::from_secs(10);
/// How long after a start a session may come back before its recording counts as ended.
const RETURN: Duration = Duration::from_secs(60);
const MEGABYTE: u64 = 1_000_000;

/// The recordings that are being made here.
#[derive(Default)]
pub(super) struct Recordings {
    running: Mutex<HashMap<RecordingId, Recorder>>,
    tasks: TaskTracker,
}

/// A part of a recording to be sent: `head`, then `length` bytes of the file from `position` on.
#[derive(Debug)]
pub struct Cast {
    /// What goes first.
    pub head: Vec<u8>,
    /// The file.
    pub path: PathBuf,
    /// Where the rest begins.
    pub position: u64,
    /// How long the rest is.
    pub length: u64,
}

impl Control {
    /// Begins to record a session.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; `wrong_state` when it is recorded already or has ended; `disk_full` where there is no room.
    pub async fn start_recording(&self, actor: &Actor, session: &str, request: StartRecording) -> Result<Recording> {
        let session = self.session(actor, session)?;
        let target = super::sessions::of(&session);
        self.guarded(actor, Action::RecordSessions, &target, self.begin_recording(&session, request.input)).await
    }

    /// Ends the recording of a session; what was printed before is in it.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; `wrong_state` when it is not recorded.
    pub async fn stop_recording(&self, actor: &Actor, session: &str) -> Result<Recording> {
        let session = self.session(actor, session)?;
        self.guarded(actor, Action::RecordSessions, &super::sessions::of(&session), async {
            let id = session.recording().ok_or_else(|| Error::new(Code::WrongState, format!("session '{}' is not being recorded", session.id())))?;
            if let Some(recorder) = self.recorder(&id) {
                recorder.stop();
            }
            let until = tokio::time::Instant::now() + STOPPING;
            while self.recorder(&id).is_some() && tokio::time::Instant::now() < until {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            self.known_recording(id.as_str()).await
        })
        .await
    }

    /// Recordings, newest first where no other order is asked for.
    ///
    /// # Errors
    /// `forbidden`, `invalid_value`, `store_failed`.
    pub async fn list_recordings(&self, actor: &Actor, query: &ListQuery) -> Result<Page<Recording>> {
        Self::may(actor, Action::ReadRecordings)?;
        let wanted = Wanted::of(query, Orders::RECORDINGS)?;
        let (before, limit) = wanted.of_store();
        let found = self.parts().store.list_recordings(before, wanted.text.as_deref(), limit).await?;
        let now = found.into_iter().map(|recording| self.as_it_is(recording)).collect();
        let key = |recording: &Recording, by: &str| match by {
            "container_name" => Key::text(&recording.container_name),
            "owner" => Key::text(&recording.owner),
            "state" => Key::of(&recording.state),
            "duration_ms" => Key::of(&recording.duration_ms),
            "bytes" => Key::of(&recording.bytes),
            // Ids grow with time.
            _ => Key::Nothing,
        };
        Ok(wanted.stored(now, key, |recording| recording.id.to_string()))
    }

    /// One recording.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `store_failed`.
    pub async fn get_recording(&self, actor: &Actor, id: &str) -> Result<Recording> {
        Self::may(actor, Action::ReadRecordings)?;
        self.known_recording(id).await
    }

    /// A recording's bytes, from a time on where one is given. What was typed is for its owner and admins only.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `store_failed`.
    pub async fn get_cast(&self, actor: &Actor, id: &str, query: CastQuery) -> Result<Cast> {
        let recording = self.get_recording(actor, id).await?;
        if recording.input && !allowed(actor, Action::RemoveRecordings, Some(&recording.owner)) {
            return Err(refusal(actor, Action::ReadRecordings, id).fix("it holds what was typed: ask its owner or an admin, or look at its screens"));
        }
        let path = self.recording_path(&recording.id);
        let part = self.play(&recording.id, move |player| player.part(query.from.map(micros))).await?;
        Ok(Cast { head: part.head, path, position: part.position, length: part.length })
    }

    /// A recording's screen at a time.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `store_failed`.
    pub async fn get_recording_screen(&self, actor: &Actor, id: &str, query: RecordingScreenQuery) -> Result<Screen> {
        let recording = self.get_recording(actor, id).await?;
        let at = query.at.map_or(u64::MAX, micros);
        self.play(&recording.id, move |player| player.moment(at).map(|moment| picture(moment, query.format))).await
    }

    /// Removes a recording that has ended.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `wrong_state`, `disk_full`, `store_failed`.
    pub async fn delete_recording(&self, actor: &Actor, id: &str) -> Result<()> {
        let recording = self.get_recording(actor, id).await?;
        let target = Target::owned(format!("{} of {}", recording.id, recording.container_name), Some(&recording.owner));
        self.guarded(actor, Action::RemoveRecordings, &target, async {
            if self.recorder(&recording.id).is_some() {
                let error = Error::new(Code::WrongState, format!("recording '{}' is being made", recording.id));
                return Err(error.fix(format!("end it first: cto rec stop {}", recording.session)));
            }
            self.forget_recording(&recording).await
        })
        .await
    }

    /// Records a session of a container whose template asks for that, once. A failure is logged: the session goes on.
    pub(super) async fn record_if_asked(&self, container: &Container, session: &Session) {
        if !container.recording || !session.is_live() || session.recording().is_some() {
            return;
        }
        let before = self.parts().store.recordings_of(Some(session.id())).await;
        if before.is_ok_and(|before| before.is_empty())
            && let Err(error) = self.begin_recording(session, false).await
        {
            tracing::warn!(%error, session = %session.id(), "a session can't be recorded as its template asks");
        }
    }

    /// Goes on with the recording of a session that a server before this one was making. Nobody waits for that.
    pub(super) fn record_again(&self, session: &Session) {
        let (control, session) = (self.clone(), session.clone());
        tokio::spawn(async move {
            let before = control.parts().store.recordings_of(Some(session.id())).await.unwrap_or_default();
            if let Some(recording) = before.into_iter().rfind(|recording| recording.state == RecordingState::Running)
                && let Err(error) = control.run_recording(&session, recording.clone(), true).await
            {
                tracing::warn!(%error, recording = %recording.id, "a recording can't be gone on with");
            }
        });
    }

    async fn begin_recording(&self, session: &Session, input: bool) -> Result<Recording> {
        self.tidy_recordings().await;
        let facts = session.facts();
        let recording = Recording {
            id: RecordingId::fresh(),
            session: facts.id,
            container: facts.container,
            container_name: facts.container_name,
            command: facts.command,
            owner: facts.owner,
            state: RecordingState::Running,
            size: facts.size,
            input,
            duration_ms: 0,
            bytes: 0,
            started_at: Timestamp::now(),
            ended_at: None,
            end: None,
        };
        self.run_recording(session, recording.clone(), false).await?;
        // Without a row it would be found by nobody.
        if let Err(error) = self.parts().store.save_recording(&recording).await {
            if let Some(recorder) = self.recorder(&recording.id) {
                recorder.stop();
            }
            return Err(error);
        }
        self.tell_recording(&recording, ListChange::Added);
        Ok(recording)
    }

    async fn run_recording(&self, session: &Session, recording: Recording, resume: bool) -> Result<()> {
        let path = self.recording_path(&recording.id);
        if let Some(dir) = path.parent() {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|error| of_file(dir, error))?;
        }
        let what = Recordable {
            id: recording.id.clone(),
            path,
            started_at: recording.started_at,
            resume,
            input: recording.input,
            limit_bytes: u64::from(self.settings().recordings.max_mb) * MEGABYTE,
        };
        let (recorder, done) = session.record(what).await?;
        self.0.recordings.running.lock().expect("no panics while held").insert(recording.id.clone(), recorder);
        let control = self.clone();
        self.0.recordings.tasks.spawn(async move {
            match done.await {
                Ok(recorded) => control.recording_ended(recording, recorded).await,
                Err(error) => tracing::error!(%error, recording = %recording.id, "a recorder failed"),
            }
        });
        Ok(())
    }

    /// Notes the end of a recording; one that the next server goes on with stays as running.
    async fn recording_ended(&self, mut recording: Recording, recorded: Recorded) {
        if let Some(error) = recorded.error {
            tracing::warn!(%error, recording = %recording.id, "a recording has ended before its session");
        }
        recording.duration_ms = recorded.duration_ms;
        recording.bytes = recorded.bytes;
        if recorded.end.is_some() {
            recording.state = RecordingState::Ended;
            recording.ended_at = Some(Timestamp::now());
            recording.end = recorded.end;
        }
        if let Err(error) = self.parts().store.save_recording(&recording).await {
            tracing::warn!(%error, recording = %recording.id, "the end of a recording can't be noted");
        }
        self.0.recordings.running.lock().expect("no panics while held").remove(&recording.id);
        if recording.state == RecordingState::Ended {
            self.tell_recording(&recording, ListChange::Changed);
        }
    }

    fn tell_recording(&self, recording: &Recording, change: ListChange) {
        self.tell_list(ListName::Recordings, recording.id.as_str(), Some(&recording.owner), change);
    }

    /// Waits until what was recorded is on the disk, before the end of the server.
    pub async fn finish_recordings(&self, within: Duration) {
        self.0.recordings.tasks.close();
        if tokio::time::timeout(within, self.0.recordings.tasks.wait()).await.is_err() {
            tracing::warn!("not every recording is complete on the disk");
        }
    }

    /// Removes recordings that are too old, and the oldest while all together are too large; ends in the index what no server makes any
    /// more.
    pub async fn tidy_recordings(&self) {
        let all = match self.parts().store.recordings_of(None).await {
            Ok(all) => all,
            Err(error) => {
                tracing::warn!(%error, "the recordings can't be looked through");
                return;
            }
        };
        let settings = self.settings();
        let limits = &settings.recordings;
        let now = Timestamp::now();
        let too_old = |recording: &Recording| {
            let age = now.duration_since(recording.ended_at.unwrap_or(now)).as_hours();
            limits.days > 0 && age >= 24 * i64::from(limits.days)
        };
        let all: Vec<Recording> = all.into_iter().map(|recording| self.as_it_is(recording)).collect();
        let mut bytes: u64 = all.iter().map(|recording| recording.bytes).sum();
        for recording in all {
            if recording.state == RecordingState::Running {
                self.settle_recording(recording).await;
            } else if too_old(&recording) || bytes > u64::from(limits.total_mb) * MEGABYTE {
                match self.forget_recording(&recording).await {
                    Ok(()) => tracing::info!(recording = %recording.id, bytes = recording.bytes, "an old recording made room"),
                    Err(error) => tracing::warn!(%error, recording = %recording.id, "an old recording can't be removed"),
                }
                bytes = bytes.saturating_sub(recording.bytes);
            }
        }
    }

    /// A recording that is marked as running and is not made here: its session has not come back, or its end could not be noted.
    async fn settle_recording(&self, mut recording: Recording) {
        let comes_back = Timestamp::now().duration_since(self.started_at()).unsigned_abs() < RETURN;
        // Another server's recordings are files there.
        if self.recorder(&recording.id).is_some() || comes_back || !self.recording_path(&recording.id).exists() {
            return;
        }
        let lives = self.sessions().find(recording.session.as_str()).is_some_and(|session| session.is_live());
        if let Ok(duration) = self.play(&recording.id, |player| player.duration_us()).await {
            recording.duration_ms = duration / 1_000;
        }
        recording.bytes = self.recording_path(&recording.id).metadata().map_or(recording.bytes, |facts| facts.len());
        recording.end = Some(if lives { RecordingEnd::Failed } else { RecordingEnd::SessionEnded });
        (recording.state, recording.ended_at) = (RecordingState::Ended, Some(Timestamp::now()));
        if let Err(error) = self.parts().store.save_recording(&recording).await {
            tracing::warn!(%error, recording = %recording.id, "the end of a recording can't be noted");
            return;
        }
        self.tell_recording(&recording, ListChange::Changed);
    }

    async fn forget_recording(&self, recording: &Recording) -> Result<()> {
        let path = self.recording_path(&recording.id);
        for file in [path.with_extension("keys"), path] {
            match std::fs::remove_file(&file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(of_file(&file, error)),
                _ => {}
            }
        }
        self.parts().store.remove_recording(&recording.id).await?;
        self.tell_recording(recording, ListChange::Removed);
        Ok(())
    }

    async fn known_recording(&self, id: &str) -> Result<Recording> {
        let found = self.parts().store.find_recording(id).await;
        found.map(|recording| self.as_it_is(recording)).map_err(|error| match error.code {
            Code::NotFound => error.fix("'cto rec ls' lists them"),
            _ => error,
        })
    }

    /// A recording with what the index does not have while it is being made.
    fn as_it_is(&self, mut recording: Recording) -> Recording {
        if let Some(recorder) = self.recorder(&recording.id) {
            recording.duration_ms = recorder.duration_ms();
            recording.bytes = recorder.bytes();
        }
        recording
    }

    fn recorder(&self, id: &RecordingId) -> Option<Recorder> {
        self.0.recordings.running.lock().expect("no panics while held").get(id).cloned()
    }

    fn recording_path(&self, id: &RecordingId) -> PathBuf {
        self.parts().paths.recordings().join(format!("{id}.cast"))
    }

    /// Looks at a recording on a thread that may wait for the disk.
    async fn play<T: Send + 'static>(&self, id: &RecordingId, look: impl FnOnce(&Player) -> io::Result<T> + Send + 'static) -> Result<T> {
        let path = self.recording_path(id);
        let file = path.clone();
        let looking = tokio::task::spawn_blocking(move || Player::open(&file).and_then(|player| look(&player)));
        let looked = looking.await.map_err(|error| Error::internal(format!("a recording can't be played: {error}")))?;
        looked.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Error::new(Code::NotFound, format!("the file of recording '{id}' is gone, or on another server")),
            _ => of_file(&path, error),
        })
    }
}

fn micros(milliseconds: u64) -> u64 {
    // The whole of that millisecond, so that a recording's own length leads to its end.
    milliseconds.saturating_mul(1_000).saturating_add(999)
}

fn picture(mut moment: Moment, format: PictureFormat) -> Screen {
    let screen = &mut moment.screen;
    match format {
        PictureFormat::Text => Screen::Text(screen.text() + "\n"),
        PictureFormat::Ansi => Screen::Ansi(screen.snapshot(0)),
        PictureFormat::Svg => Screen::Svg(svg(screen)),
        PictureFormat::Json => {
            let (size, cursor) = (screen.size(), screen.cursor());
            let mut lines: Vec<String> = screen.text().split('\n').map(str::to_owned).collect();
            lines.resize(usize::from(size.rows).max(lines.len()), String::new());
            Screen::Json(Box::new(ScreenJson {
                size,
                cursor: (cursor.col, cursor.row),
                cursor_visible: cursor.visible,
                alternate: screen.modes().alternate_screen,
                lines,
                title: screen.title().to_owned(),
                offset: moment.offset,
            }))
        }
    }
}
