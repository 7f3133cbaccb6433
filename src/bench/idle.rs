//! `cto bench idle`: what connections cost the server, and everybody's echo, that say nothing.
use super::Options;
use super::Progress;
use super::Times;
use super::echo::CAT;
use super::echo::ready;
use super::line::Line;
use super::line::echoes;
use super::machine::Memory;
use super::report::Figures;
use super::report::Report;
use super::stage::Stage;
use crate::client::Client;
use crate::client::Stream;
use crate::client::StreamUpdate;
use crate::error::Error;
use crate::error::Result;
use crate::model::StreamMessage;
use crate::model::Topic;
use futures_util::StreamExt as _;
use rustix::process::Resource;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpSocket;
use tokio::net::TcpStream;

/// Connections that come from one address: as many as its ports allow, with room.
const PER_ADDRESS: usize = 5_000;
/// Streams of one user; together they stay below what one may ask for at once.
const PER_USER: usize = 100;
/// Connections that are opened at once.
const AT_ONCE: usize = 64;
/// File descriptors beside those of the connections.
const OTHERS: u64 = 200;
/// Between two keys.
const GAP: Duration = Duration::from_millis(20);
/// How often memory is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// What was seen of the server while some connections were there, and after them.
struct Seen {
    base: f64,
    growth: f64,
    left: f64,
    closed: usize,
    before: Times,
    during: Times,
}

impl Seen {
    /// Named after what the connections were.
    fn figures(&self, what: &str) -> Vec<(String, f64)> {
        #[allow(clippy::cast_precision_loss)]
        let closed = self.closed as f64;
        let memory = [("base", self.base), ("growth", self.growth), ("left", self.left), ("closed", closed)];
        let times = [("echo_p50_us", self.during.p50 * 1e3), ("echo_p99_us", self.during.p99 * 1e3)];
        memory.into_iter().chain(times).map(|(name, figure)| (format!("{what}_{name}"), figure)).collect()
    }

    fn without(&self, what: &str) -> Vec<(String, f64)> {
        [("echo_p50_us", self.before.p50 * 1e3), ("echo_p99_us", self.before.p99 * 1e3)].map(|(name, figure)| (format!("{what}_{name}"), figure)).to_vec()
    }
}

/// How much of everything.
struct Plan {
    silent: usize,
    streams: usize,
    keys: u32,
    /// Until the server is as it is when nobody asks for anything.
    settle: Duration,
    /// Between the end of the connections and the last look.
    after: Duration,
}

/// Memory of the server in KiB. Growth is that of its anonymous pages: its share of the program's own depends on who else runs it.
fn memory(stage: &Stage) -> Result<Memory> {
    Memory::of(stage.pid).ok_or_else(|| Error::internal("the benchmark's server is gone, or may not be looked at"))
}

/// As many file descriptors as the connections take.
fn room(connections: usize) -> Result<()> {
    let wanted = u64::try_from(connections).unwrap_or(u64::MAX) + OTHERS;
    let mut limit = rustix::process::getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= wanted) {
        return Ok(());
    }
    if limit.maximum.is_none_or(|most| most >= wanted) {
        limit.current = Some(wanted);
        if rustix::process::setrlimit(Resource::Nofile, limit).is_ok() {
            return Ok(());
        }
    }
    Err(Error::invalid(format!("{connections} connections need {wanted} open files, and this process may have fewer"))
        .fix("raise the limit: 'ulimit -Hn' shows it"))
}

/// A connection that says nothing. Those of another address of this machine's own are as those of another machine.
async fn silent(port: SocketAddr, number: usize) -> Result<TcpStream> {
    let failed = |error: std::io::Error| Error::internal(format!("connection {number} could not be opened: {error}")).because(error);
    let last = u8::try_from(1 + number / PER_ADDRESS).unwrap_or(u8::MAX);
    let socket = TcpSocket::new_v4().map_err(failed)?;
    socket.bind((Ipv4Addr::new(127, 0, 0, last), 0).into()).map_err(failed)?;
    socket.connect(port).await.map_err(failed)
}

/// Whether the server has ended it.
fn is_over(connection: &TcpStream) -> bool {
    !matches!(connection.try_read(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
}

/// A stream on which events are heard.
async fn listening(client: Client) -> Result<Stream> {
    let mut stream = client.stream().await?;
    stream.subscribe(Topic::Events).await;
    loop {
        match stream.next().await {
            StreamUpdate::Message(StreamMessage::Listening { .. }) => return Ok(stream),
            StreamUpdate::Lost(error) => return Err(error),
            _ => {}
        }
    }
}

/// Looks at the server before, while and after connections are there that `opening` opens; `closed` counts those that it has ended.
async fn look<C>(stage: &Stage, plan: &Plan, line: &mut Line, opening: impl Future<Output = Result<Vec<C>>>, closed: impl Fn(&C) -> bool) -> Result<Seen> {
    // Read meanwhile: a terminal that answers no ping is closed.
    line.drain(plan.settle).await?;
    let before = Times::of(echoes(line, plan.keys, GAP).await?);
    let base = memory(stage)?;
    let connections = opening.await?;
    let mut peak = memory(stage)?.anonymous;
    let during = {
        let typing = echoes(line, plan.keys, GAP);
        let mut typing = std::pin::pin!(typing);
        let mut clock = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                times = &mut typing => break Times::of(times?),
                _ = clock.tick() => peak = peak.max(memory(stage)?.anonymous),
            }
        }
    };
    let closed = connections.iter().filter(|connection| closed(connection)).count();
    drop(connections);
    line.drain(plan.after).await?;
    let left = memory(stage)?.anonymous - base.anonymous;
    Ok(Seen { base: base.pss, growth: peak - base.anonymous, left, closed, before, during })
}

pub(super) async fn run(stage: &Stage, options: &Options, progress: Progress<'_>) -> Result<Report> {
    let seconds = Duration::from_secs;
    let full = Plan { silent: 10_000, streams: 1_000, keys: 300, settle: seconds(15), after: seconds(60) };
    let plan = options.pick(full, Plan { silent: 300, streams: 20, keys: 20, settle: seconds(1), after: seconds(2) });
    room(plan.silent.max(plan.streams))?;
    let container = stage.container("idle").await?;
    let mut line = ready(&stage.pane(stage.session(&container, CAT).await?)).await?;
    let mut clients = Vec::new();
    for number in 0..plan.streams.div_ceil(PER_USER) {
        clients.push(stage.user(&format!("bench-{number}")).await?);
    }
    let port = stage.port()?;
    progress(&format!("idle: {} connections that say nothing", plan.silent));
    let opening = async {
        let mut opening = futures_util::stream::iter((0..plan.silent).map(|number| silent(port, number))).buffer_unordered(AT_ONCE);
        let mut all = Vec::new();
        while let Some(connection) = opening.next().await {
            all.push(connection?);
        }
        Ok(all)
    };
    let silent = look(stage, &plan, &mut line, opening, is_over).await?;
    progress(&format!("idle: {} streams on which nothing happens", plan.streams));
    let opening = async {
        let wanted = (0..plan.streams).filter_map(|number| clients.get(number / PER_USER).cloned());
        let mut opening = futures_util::stream::iter(wanted.map(listening)).buffer_unordered(AT_ONCE);
        let mut all = Vec::new();
        while let Some(stream) = opening.next().await {
            all.push(stream?);
        }
        Ok(all)
    };
    let streams = look(stage, &plan, &mut line, opening, |_| false).await?;
    let mut figures = silent.figures("silent");
    figures.extend(streams.figures("stream").into_iter().filter(|(name, _)| name != "stream_closed"));
    let mut without = silent.without("silent");
    without.extend(streams.without("stream"));
    Ok(Report::new("idle", "KiB", Figures::of(figures))
        .against("the same server with nobody there".to_owned(), Ok(Figures::of(without)), None)
        .note(format!("'silent': {} TCP connections that never say a word; 'stream': {} WebSockets that have subscribed to events", plan.silent, plan.streams))
        .note(format!(
            "memory of the server: 'base' (PSS) before them, 'growth' of its own pages at the most while they are there, what is 'left' of that {} s after they are gone",
            plan.after.as_secs()
        ))
        .note("'closed' are the silent ones that the server has ended while they were there: it keeps 1,024 of which it knows nothing, each for 30 s")
        .rounds(1))
}
