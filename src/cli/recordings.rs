//! `cto rec`: recordings listed, made, played, exported and removed.
use crate::cli::context::Context;
use crate::cli::context::on_terminal;
use crate::cli::output;
use crate::cli::output::Table;
use crate::cli::output::Tone;
use crate::cli::output::cell;
use crate::cli::output::toned;
use crate::cli::rec_args::Form;
use crate::cli::rec_args::RecCommand;
use crate::cli::sessions;
use crate::cli::terminal;
use crate::client::Client;
use crate::error::Error;
use crate::error::Result;
use crate::model::CastData;
use crate::model::CastEvent;
use crate::model::CastItem;
use crate::model::CastLines;
use crate::model::Code;
use crate::model::DeleteRecording;
use crate::model::Empty;
use crate::model::GetRecordingScreen;
use crate::model::ListQuery;
use crate::model::ListRecordings;
use crate::model::MakeScriptOfRecording;
use crate::model::PictureFormat;
use crate::model::Recording;
use crate::model::RecordingEnd;
use crate::model::RecordingScreenQuery;
use crate::model::RecordingState;
use crate::model::ScriptOfRecording;
use crate::model::StartRecording;
use crate::model::StartRecordingOf;
use crate::model::StopRecordingOf;
use crate::term::Transcript;
use crate::tui::Play;
use jiff::Timestamp;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

/// `cto rec`.
pub async fn rec(context: &Context, command: RecCommand) -> Result<u8> {
    let client = context.client().await?;
    let done = |()| 0;
    match command {
        RecCommand::Ls { query, sort } => list(context, &client, ListQuery { q: query, sort, ..ListQuery::default() }).await.map(done),
        RecCommand::Show { recording } => show(context, &find(&client, &recording).await?).map(done),
        RecCommand::Start { session, input } => {
            let session = sessions::find(&client, &session).await?;
            let recording = client.call::<StartRecordingOf>(&[session.id.as_str()], &StartRecording { input }).await?;
            told(context, &recording).map(done)
        }
        RecCommand::Stop { session } => {
            let session = sessions::find(&client, &session).await?;
            told(context, &client.call::<StopRecordingOf>(&[session.id.as_str()], &Empty {}).await?).map(done)
        }
        RecCommand::Play { recording, speed, from, idle_limit, raw_text } => {
            let recording = find(&client, &recording).await?;
            if raw_text || !on_terminal() {
                return text(&client, &recording, from, &mut std::io::stdout().lock()).await.map(done);
            }
            terminal::play(context, Play { client, recording, speed, from: from.unwrap_or_default(), idle_limit }).await
        }
        RecCommand::Export { recording, form, at, output } => {
            let recording = find(&client, &recording).await?;
            export(&client, &recording, form, at, output.as_deref()).await.map(done)
        }
        RecCommand::ToScript { recording, output: file } => {
            let recording = find(&client, &recording).await?;
            let script = client.call::<MakeScriptOfRecording>(&[], &ScriptOfRecording { recording: recording.id.to_string() }).await?;
            put(&script.source, file.as_deref()).map(done)
        }
        RecCommand::Rm { recordings } => remove(context, &client, &recordings).await.map(done),
    }
}

/// Writes a script to a file that does not exist, or prints it.
pub(super) fn put(source: &str, file: Option<&Path>) -> Result<()> {
    match file {
        Some(path) => Fresh::create(path)?.write_all(source.as_bytes()).map_err(output::unwritten),
        None => output::print(source),
    }
}

async fn list(context: &Context, client: &Client, query: ListQuery) -> Result<()> {
    let recordings = Context::all::<ListRecordings, Recording>(client, query).await?;
    if context.json() {
        return output::json(&recordings);
    }
    let now = Timestamp::now();
    let mut table = Table::new(["CONTAINER", "PROGRAM", "STATE", "LENGTH", "SIZE", "STARTED", "OWNER", "ID"]);
    for recording in &recordings {
        let (state, tone) = state(recording);
        table.row([
            cell(&recording.container_name),
            cell(recording.command.join(" ")),
            toned(state, tone),
            cell(length(recording.duration_ms)),
            cell(output::bytes(recording.bytes)),
            cell(output::ago(recording.started_at, now)),
            cell(&recording.owner),
            toned(recording.id.as_str(), Tone::Quiet),
        ]);
    }
    table.print()
}

fn state(recording: &Recording) -> (&'static str, Tone) {
    match (recording.state, recording.end) {
        (RecordingState::Running, _) => ("● running", Tone::Good),
        (RecordingState::Ended, Some(RecordingEnd::DiskFull)) => ("✖ disk full", Tone::Bad),
        (RecordingState::Ended, Some(RecordingEnd::Failed)) => ("✖ failed", Tone::Bad),
        (RecordingState::Ended, Some(RecordingEnd::TooSlow)) => ("✖ disk too slow", Tone::Bad),
        (RecordingState::Ended, Some(RecordingEnd::SizeLimit)) => ("○ full", Tone::Warn),
        (RecordingState::Ended, Some(RecordingEnd::Stopped | RecordingEnd::SessionEnded) | None) => ("○ ended", Tone::Quiet),
    }
}

fn show(context: &Context, recording: &Recording) -> Result<()> {
    if context.json() {
        return output::json(recording);
    }
    let line = |name: &str, value: &str| format!("{name:<10} {}\n", output::plain(value));
    let mut text = line("id", recording.id.as_str());
    text += &line("session", recording.session.as_str());
    text += &line("container", &recording.container_name);
    text += &line("program", &recording.command.join(" "));
    text += &line("owner", &recording.owner);
    text += &line("state", state(recording).0);
    text += &line("length", &length(recording.duration_ms));
    text += &line("size", &format!("{}, screen {} at the beginning", output::bytes(recording.bytes), recording.size));
    text += &line("typing", if recording.input { "recorded" } else { "not recorded" });
    text += &line("started", &recording.started_at.to_string());
    if let Some(at) = recording.ended_at {
        text += &line("ended", &at.to_string());
    }
    output::print(&text)
}

/// What was begun or ended: its id.
fn told(context: &Context, recording: &Recording) -> Result<()> {
    if context.json() { output::json(recording) } else { output::print(&format!("{}\n", recording.id)) }
}

async fn remove(context: &Context, client: &Client, recordings: &[String]) -> Result<()> {
    for recording in recordings {
        let recording = find(client, recording).await?;
        client.call::<DeleteRecording>(&[recording.id.as_str()], &Empty {}).await?;
        if !context.json() {
            output::print(&format!("{}\n", recording.id))?;
        }
    }
    Ok(())
}

/// The recording that `text` means: its id, or a part of it that no other has.
pub(super) async fn find(client: &Client, text: &str) -> Result<Recording> {
    let recordings = Context::all::<ListRecordings, Recording>(client, ListQuery::default()).await?;
    if let Some(recording) = recordings.iter().find(|recording| recording.id.as_str() == text) {
        return Ok(recording.clone());
    }
    // The beginnings of ids are their age, and much alike; the ends tell them apart.
    let by_part: Vec<&Recording> = recordings.iter().filter(|recording| text.len() >= 4 && recording.id.as_str().contains(text)).collect();
    match by_part.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(Error::not_found("recording", text).fix("see them all: cto rec ls")),
        _ => Err(Error::new(Code::Ambiguous, format!("'{text}' fits several recordings")).fix("give the whole id: cto rec ls")),
    }
}

async fn export(client: &Client, recording: &Recording, form: Form, at: Option<Duration>, file: Option<&Path>) -> Result<()> {
    let mut out: Box<dyn Write> = match file {
        Some(path) => Box::new(Fresh::create(path)?),
        None => Box::new(std::io::stdout().lock()),
    };
    match form {
        Form::Cast if file.is_none() && std::io::IsTerminal::is_terminal(&std::io::stdout()) => {
            return Err(
                Error::invalid("a recording drives terminals, and standard output is one").fix("write it to a file with '-o FILE', or see it: cto rec play")
            );
        }
        Form::Cast => {
            let mut stream = client.cast(recording.id.as_str(), at.map(millis)).await?;
            while let Some(bytes) = stream.next().await {
                out.write_all(&bytes?).map_err(output::unwritten)?;
            }
        }
        Form::Txt => text(client, recording, at, &mut out).await?,
        Form::Svg => {
            let query = RecordingScreenQuery { at: at.map(millis), format: PictureFormat::Svg };
            let picture = client.bytes::<GetRecordingScreen>(&[recording.id.as_str()], &query).await?;
            out.write_all(&picture).map_err(output::unwritten)?;
        }
    }
    out.flush().map_err(output::unwritten)
}

/// A file that is made anew.
struct Fresh {
    file: std::fs::File,
    path: PathBuf,
}

impl Fresh {
    fn create(path: &Path) -> Result<Self> {
        let file = std::fs::File::create_new(path).map_err(|error| {
            let error = Error::invalid(format!("cannot write '{}': {error}", path.display())).because(error);
            error.fix("name a file that does not exist, in a directory that can be written")
        })?;
        Ok(Self { file, path: path.to_owned() })
    }

    fn named(&self, error: std::io::Error) -> std::io::Error {
        std::io::Error::new(error.kind(), format!("'{}': {error}", self.path.display()))
    }
}

impl Write for Fresh {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write(bytes).map_err(|error| self.named(error))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush().map_err(|error| self.named(error))
    }
}

/// The lines that went by, without anything that could drive a terminal.
async fn text(client: &Client, recording: &Recording, from: Option<Duration>, out: &mut dyn Write) -> Result<()> {
    let mut stream = client.cast(recording.id.as_str(), from.map(millis)).await?;
    let mut transcript = Transcript::new(recording.size);
    let mut lines = CastLines::default();
    while let Some(bytes) = stream.next().await {
        for item in lines.take(&bytes?).map_err(|error| Error::new(Code::StoreFailed, format!("the recording can't be read: {error}")))? {
            let text = match item {
                CastItem::Header(header) => {
                    transcript = Transcript::new(header.size());
                    String::new()
                }
                CastItem::Event(CastEvent { data, .. }) => match data {
                    CastData::Output(bytes) => transcript.feed(&bytes),
                    // It begins with a reset, which forgets what is above the screen.
                    CastData::Snapshot { bytes, .. } => transcript.finish() + &transcript.feed(&bytes),
                    CastData::Resize(size) => {
                        transcript.resize(size);
                        String::new()
                    }
                    CastData::Input(_) | CastData::Marker(_) | CastData::Exit(_) | CastData::Unknown => String::new(),
                },
            };
            out.write_all(plain(text).as_bytes()).map_err(output::unwritten)?;
        }
    }
    out.write_all(plain(transcript.finish()).as_bytes()).map_err(output::unwritten)?;
    out.flush().map_err(output::unwritten)
}

/// Screens hold no controls; should one ever, it goes no further.
fn plain(text: String) -> String {
    if text.chars().any(|c| c.is_control() && c != '\n') { text.chars().filter(|c| !c.is_control() || *c == '\n').collect() } else { text }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// `3:07`, `1:02:03`.
fn length(milliseconds: u64) -> String {
    let seconds = milliseconds / 1_000;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}
