//! Plays a recording on the person's terminal: its bytes reach a screen of our own, never the terminal.
use super::app::Exit;
use super::events::lost;
use super::events::outer;
use super::events::terminal_size;
use super::guard;
use super::guard::Guard;
use super::input;
use super::input::Inputs;
use super::msg::Msg;
use super::paint::Painter;
use super::playback::Playback;
use super::playback::Wish;
use super::themes::Themes;
use crate::client::ByteStream;
use crate::client::Client;
use crate::error::Result;
use crate::model::Recording;
use crate::term::Answer;
use crate::term::Input;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use ratatui::Terminal;
use std::time::Duration;
use std::time::Instant;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;

/// Time between two frames at least: sixty a second.
const FRAME: Duration = Duration::from_micros(16_600);

/// What is to be played.
pub struct Play {
    /// The server that has it.
    pub client: Client,
    /// Which.
    pub recording: Recording,
    /// How many times as fast.
    pub speed: f64,
    /// Where to begin.
    pub from: Duration,
    /// Nothing is waited for longer than this.
    pub idle_limit: Option<Duration>,
}

/// Where the bytes come from.
enum Source {
    Opening(BoxFuture<'static, Result<ByteStream>>),
    Open(ByteStream),
    Done,
}

/// Plays a recording until it is left, and gives the terminal back.
///
/// # Errors
/// `internal` when the terminal can't be used.
pub async fn play(play: Play, mut themes: Themes) -> Result<Exit> {
    let Play { client, recording, speed, from, idle_limit } = play;
    let mut theme = themes.theme();
    let mut terminate = signal(SignalKind::terminate()).map_err(lost)?;
    let mut hang_up = signal(SignalKind::hangup()).map_err(lost)?;
    let mut guard = Guard::take().map_err(lost)?;
    // Nothing here is for the mouse: text can be selected as in any terminal.
    guard.catch_mouse(false);
    let mut terminal = Terminal::new(Painter::new(std::io::stdout(), outer(terminal_size()))).map_err(lost)?;
    let id = recording.id.to_string();
    let mut playback = Playback::new(recording, from, speed, idle_limit);
    let mut source = open(&client, &id, playback.now());
    let mut inputs = Inputs::open().map_err(lost)?;
    let mut resized = signal(SignalKind::window_change()).map_err(lost)?;
    let (mut last, mut drawn_at, mut dirty) = (Instant::now(), None::<Instant>, true);
    loop {
        if !guard::is_taken() {
            return Err(crate::error::Error::internal("a part of the player failed"));
        }
        let now = Instant::now();
        dirty |= playback.advance(now - last);
        last = now;
        let due = drawn_at.map_or(now, |at| at + FRAME);
        if dirty && due <= now {
            terminal.draw(|frame| playback.draw(frame, &theme)).map_err(lost)?;
            (drawn_at, dirty) = (Some(now), false);
        }
        let mut pause = playback.pause().unwrap_or(Duration::from_secs(3600));
        if dirty {
            pause = pause.min(due.saturating_duration_since(now));
        }
        tokio::select! {
            biased;
            _ = terminate.recv() => return Ok(Exit::Terminated),
            _ = hang_up.recv() => return Ok(Exit::Terminated),
            _ = resized.recv() => {
                dirty = true;
                terminal.backend_mut().set_size(outer(terminal_size()));
            }
            input = inputs.next() => match input {
                Ok(Some(Input::Key(key))) => {
                    dirty = true;
                    match playback.key(key) {
                        Wish::Nothing => {}
                        Wish::Seek(to) => {
                            playback.restart(to);
                            source = open(&client, &id, to);
                        }
                        Wish::Quit => return Ok(Exit::Left),
                    }
                }
                Ok(Some(Input::Answer(Answer::Kitty(_)))) => guard.take_keys().map_err(lost)?,
                Ok(Some(input)) => {
                    if let Some(Msg::Dark(dark)) = input::message(input) {
                        themes.set_dark(dark);
                        theme = themes.theme();
                        dirty = true;
                    }
                }
                // The terminal is gone.
                Ok(None) | Err(_) => return Ok(Exit::Terminated),
            },
            () = read(&mut source, &mut playback), if playback.wants_more() => dirty = true,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

fn open(client: &Client, id: &str, from: Duration) -> Source {
    let (client, id) = (client.clone(), id.to_owned());
    let from = u64::try_from(from.as_millis()).unwrap_or(u64::MAX);
    Source::Opening(async move { client.cast(&id, Some(from)).await }.boxed())
}

/// Reads one piece. May be cancelled between pieces only, where nothing is lost.
async fn read(source: &mut Source, playback: &mut Playback) {
    match source {
        Source::Opening(opening) => match opening.await {
            Ok(stream) => *source = Source::Open(stream),
            Err(error) => {
                *source = Source::Done;
                playback.fail(error.message);
            }
        },
        Source::Open(stream) => match stream.next().await {
            Some(Ok(bytes)) => playback.take(&bytes),
            Some(Err(error)) => {
                *source = Source::Done;
                playback.fail(error.message);
            }
            None => {
                *source = Source::Done;
                playback.end();
            }
        },
        Source::Done => playback.end(),
    }
}
