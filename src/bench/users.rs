//! `cto bench users`: what each of fifty users feels of the others.
//!
//! A user does what a person does with the dashboard open beside a terminal: types five keys a second into a session of their own, has one
//! `/stream` socket with events, statistics of the session's container and its picture, and asks the API about once a second: for sessions, for containers, for
//! their container, for their session's screen, in turn. All of them are in this process; the server is another.
use super::Options;
use super::Progress;
use super::Times;
use super::echo::CAT;
use super::echo::ready;
use super::line::Line;
use super::line::echoes_of;
use super::machine::cpu_time;
use super::report::Figures;
use super::report::Report;
use super::report::median;
use super::stage::Stage;
use super::stage::pane;
use crate::client::Client;
use crate::client::Stream;
use crate::client::StreamUpdate;
use crate::error::Error;
use crate::error::Result;
use crate::model::ContainerId;
use crate::model::Empty;
use crate::model::GetContainer;
use crate::model::GetScreen;
use crate::model::ListContainers;
use crate::model::ListQuery;
use crate::model::ListSessions;
use crate::model::ScreenFormat;
use crate::model::ScreenQuery;
use crate::model::SessionId;
use crate::model::Size;
use crate::model::StreamMessage;
use crate::model::TileWish;
use crate::model::Topic;
use futures_util::StreamExt as _;
use std::ops::Range;
use std::time::Duration;
use std::time::Instant;
use tokio::task::JoinSet;

/// Between a key's echo and the next key, in milliseconds.
const KEYS: Range<u64> = 100..300;
/// Between two questions to the API, in milliseconds.
const QUESTIONS: Range<u64> = 500..1500;
/// Sessions of one container.
const PER_CONTAINER: usize = 5;
/// Users who come at once.
const AT_ONCE: usize = 8;
/// What a tile of the dashboard shows.
const TILE: Size = Size { cols: 80, rows: 24 };
/// A key that no escape sequence ends with.
const KEY: &[u8] = b"j";

/// One of the users.
#[derive(Clone)]
struct User {
    client: Client,
    session: SessionId,
    container: ContainerId,
}

/// A user whose sockets are open.
struct AtWork {
    user: User,
    line: Line,
    stream: Stream,
}

/// What a user felt: how long echoes and answers took.
#[derive(Default)]
struct Felt {
    echoes: Vec<Duration>,
    answers: Vec<Duration>,
    /// Messages of the stream.
    heard: u64,
}

impl Felt {
    fn add(&mut self, other: Self) {
        self.echoes.extend(other.echoes);
        self.answers.extend(other.answers);
        self.heard += other.heard;
    }
}

/// A time by chance within a range of milliseconds.
fn pause(range: Range<u64>) -> Duration {
    Duration::from_millis(rand::random_range(range))
}

impl User {
    /// Opens what stays open: the terminal and the stream.
    async fn come(self) -> Result<AtWork> {
        let line = ready(&pane(self.client.clone(), self.session.clone())).await?;
        let stream = self.client.stream().await?;
        stream.subscribe(Topic::Events).await;
        stream.subscribe(Topic::Stats { containers: vec![self.container.clone()] }).await;
        stream.subscribe(Topic::Tiles { tiles: vec![TileWish { container: self.container.clone(), size: TILE }] }).await;
        Ok(AtWork { user: self, line, stream })
    }

    /// Asks the API one thing.
    async fn ask(&self, number: u32) -> Result<Duration> {
        let begun = Instant::now();
        let page = ListQuery { limit: Some(50), ..ListQuery::default() };
        match number % 4 {
            0 => drop(self.client.call::<ListSessions>(&[], &page).await?),
            1 => drop(self.client.call::<ListContainers>(&[], &page).await?),
            2 => drop(self.client.call::<GetContainer>(&[self.container.as_str()], &Empty {}).await?),
            _ => drop(self.client.call::<GetScreen>(&[self.session.as_str()], &ScreenQuery { format: ScreenFormat::Json }).await?),
        }
        Ok(begun.elapsed())
    }
}

impl AtWork {
    /// Works until then.
    async fn work(self, until: Instant) -> Result<Felt> {
        let Self { user, mut line, mut stream } = self;
        let typing = async {
            let mut echoes = Vec::new();
            while Instant::now() < until {
                tokio::time::sleep(pause(KEYS)).await;
                echoes.extend(echoes_of(&mut line, KEY, 1, Duration::ZERO, &mut |_| {}).await?);
            }
            Ok::<_, Error>(echoes)
        };
        let asking = async {
            let mut answers = Vec::new();
            for number in rand::random_range(0..4).. {
                tokio::time::sleep(pause(QUESTIONS)).await;
                if Instant::now() >= until {
                    break;
                }
                answers.push(user.ask(number).await?);
            }
            Ok(answers)
        };
        let watching = async {
            let mut heard = 0;
            loop {
                match tokio::time::timeout_at(until.into(), stream.next()).await {
                    Ok(StreamUpdate::Message(StreamMessage::End { problem: Some(problem), .. })) => return Err(Error::from(*problem)),
                    Ok(StreamUpdate::Message(_)) => heard += 1,
                    Ok(StreamUpdate::Lost(error)) => return Err(error),
                    Ok(StreamUpdate::Back) => {}
                    Err(_) => return Ok(heard),
                }
            }
        };
        let (echoes, answers, heard) = tokio::try_join!(typing, asking, watching)?;
        Ok(Felt { echoes, answers, heard })
    }
}

/// What came of some users' work.
struct Round {
    all: Felt,
    /// The median echo of each user, in milliseconds.
    each: Vec<f64>,
    server_cpu: f64,
    client_cpu: f64,
}

/// Lets users work beside each other for so long.
async fn together(stage: &Stage, users: &[User], window: Duration) -> Result<Round> {
    let mut there = Vec::new();
    let mut coming = futures_util::stream::iter(users.iter().cloned().map(User::come)).buffer_unordered(AT_ONCE);
    while let Some(user) = coming.next().await {
        there.push(user?);
    }
    let gone = || Error::internal("a process that was to be measured is gone, or may not be looked at");
    let used = || Some([cpu_time(stage.pid)?, cpu_time(std::process::id())?]);
    let before = used().ok_or_else(gone)?;
    let begun = Instant::now();
    let mut work = JoinSet::new();
    for user in there {
        work.spawn(user.work(begun + window));
    }
    let mut round = Round { all: Felt::default(), each: Vec::new(), server_cpu: 0.0, client_cpu: 0.0 };
    while let Some(felt) = work.join_next().await {
        let felt = felt.map_err(|error| Error::internal(format!("a user's work failed: {error}")))??;
        round.each.push(Times::of(felt.echoes.clone()).p50);
        round.all.add(felt);
    }
    let elapsed = begun.elapsed().as_secs_f64();
    let share = |at: usize, after: &[Duration; 2]| after[at].saturating_sub(before[at]).as_secs_f64() / elapsed * 100.0;
    let after = used().ok_or_else(gone)?;
    (round.server_cpu, round.client_cpu) = (share(0, &after), share(1, &after));
    Ok(round)
}

/// The figures of all rounds of one side: echoes and answers are taken together, since one user alone has too few of them in a round.
fn figures(rounds: Vec<Round>) -> Figures {
    let mut all = Felt::default();
    let (mut server, mut client, mut slowest, mut middle) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in rounds {
        server.push(round.server_cpu);
        client.push(round.client_cpu);
        slowest.push(round.each.iter().copied().fold(0.0, f64::max));
        middle.push(median(round.each));
        all.add(round.all);
    }
    let (keys, questions, heard) = (all.echoes.len(), all.answers.len(), all.heard);
    let (echo, api) = (Times::of(all.echoes), Times::of(all.answers));
    #[allow(clippy::cast_precision_loss)]
    let counted = [("keys", keys as f64), ("questions", questions as f64), ("messages", heard as f64)];
    let times = [("echo_p50", echo.p50), ("echo_p99", echo.p99), ("api_p50", api.p50), ("api_p99", api.p99)];
    let users = [("slowest_user_p50", median(slowest)), ("middle_user_p50", median(middle))];
    Figures::of(times.into_iter().chain(users).chain([("server_cpu", median(server)), ("client_cpu", median(client))]).chain(counted))
}

pub(super) async fn run(stage: &Stage, options: &Options, progress: Progress<'_>) -> Result<Report> {
    let count = options.pick(50, 4);
    let window = options.pick(Duration::from_secs(20), Duration::from_secs(2));
    let rounds = options.rounds(3, 1);
    let mut users = Vec::new();
    let mut container = None;
    for number in 0..count {
        progress(&format!("users: user {} of {count}", number + 1));
        if number % PER_CONTAINER == 0 {
            container = Some(stage.container(&format!("users-{}", number / PER_CONTAINER)).await?);
        }
        let Some(container) = &container else { continue };
        let client = stage.user(&format!("bench-{number}")).await?;
        users.push(User { client, session: stage.session(container, CAT).await?, container: container.id.clone() });
    }
    let one = users.first().map(std::slice::from_ref).unwrap_or_default();
    // Caches and connections on both sides.
    together(stage, &users, options.pick(Duration::from_secs(3), Duration::from_millis(500))).await?;
    let (mut alone, mut crowd) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        progress(&format!("users: round {round} of {rounds}, one alone"));
        alone.push(together(stage, one, window).await?);
        progress(&format!("users: round {round} of {rounds}, {count} together"));
        crowd.push(together(stage, &users, window).await?);
    }
    Ok(Report::new("users", "ms", figures(crowd))
        .against("one of them alone".to_owned(), Ok(figures(alone)), None)
        .note(format!("{count} users over TCP, all in this process, {} s a round and side; a session each, {PER_CONTAINER} to a container", window.as_secs()))
        .note("each types a key 100 to 300 ms after the echo of the one before, asks the API every 0.5 to 1.5 s (sessions, containers, a container, a screen), and has events, statistics and a live picture of their container on one stream")
        .note("'slowest_user' and 'middle_user' are the medians of single users; 'cpu' is % of one core; 'messages' are those of the streams")
        .rounds(rounds))
}
