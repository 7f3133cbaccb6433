//! `cto.stream.v1`: one WebSocket a client for events, stats, tiles and logs (JSON text messages).
use super::ContainerId;
use super::LogQuery;
use super::Numbered;
use super::Problem;
use super::SessionId;
use super::Size;
use super::Stats;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The subprotocol's name.
pub const STREAM_PROTOCOL: &str = "cto.stream.v1";
/// Messages that a subscription may get before the client gives more credit.
pub const DEFAULT_CREDIT: u32 = 500;

/// Messages from the client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum StreamRequest {
    /// First message of a browser, which can't send the header.
    Auth {
        /// A bearer token.
        token: String,
    },
    /// Begins a subscription; the same id again replaces it.
    Subscribe {
        /// Chosen by the client.
        id: u32,
        /// Of what.
        topic: Topic,
        /// Messages that may be sent before more credit; [`DEFAULT_CREDIT`] where none is given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        credit: Option<u32>,
    },
    /// So many more messages may be sent.
    Credit {
        /// The subscription.
        id: u32,
        /// How many.
        more: u32,
    },
    /// Ends a subscription.
    Unsubscribe {
        /// The subscription.
        id: u32,
    },
    /// Asks for a pong: for browsers, which see no pings of the WebSocket itself.
    Ping {
        /// Comes back in the answer.
        number: u32,
    },
}

/// What can be subscribed to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "topic", rename_all = "snake_case")]
pub enum Topic {
    /// Every event that the caller may see.
    Events,
    /// Processor and memory of these containers, about one sample a second each.
    Stats {
        /// Which; all that run where none is named.
        containers: Vec<ContainerId>,
    },
    /// Small pictures of these sessions, at most 4 a second each and only when changed.
    Tiles {
        /// Which, and how large each picture is.
        tiles: Vec<TileWish>,
    },
    /// Log lines of one container.
    Logs {
        /// Which.
        container: ContainerId,
        /// Which lines.
        query: LogQuery,
    },
}

/// A picture that a client shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TileWish {
    /// The container; its main session is shown, or else its newest.
    pub container: ContainerId,
    /// The picture's size in cells.
    pub size: Size,
}

/// Messages from the server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum StreamMessage {
    /// The caller is known; sent once, first.
    Welcome {
        /// Changes with each start of the server.
        boot_id: String,
    },
    /// Answers a ping.
    Pong {
        /// The ping's.
        number: u32,
    },
    /// An event.
    Event {
        /// The subscription.
        id: u32,
        /// The fact.
        event: Numbered,
    },
    /// A sample.
    Stats {
        /// The subscription.
        id: u32,
        /// The sample.
        stats: Stats,
    },
    /// A picture.
    Tile {
        /// The subscription.
        id: u32,
        /// The picture.
        tile: Tile,
    },
    /// Log bytes.
    Log {
        /// The subscription.
        id: u32,
        /// `stdout` or `stderr`.
        source: LogSource,
        /// The bytes, as standard base64.
        base64: String,
    },
    /// Events are told from here on: what is listed from now on misses nothing. Sent once for each subscription to them, before the first.
    Listening {
        /// The subscription.
        id: u32,
    },
    /// So many messages were left out since the client gave too little credit.
    Lagged {
        /// The subscription.
        id: u32,
        /// How many.
        missed: u64,
    },
    /// The subscription has ended.
    End {
        /// The subscription.
        id: u32,
        /// Why, when not by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        problem: Option<Box<Problem>>,
    },
}

/// Which stream a log line was printed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogSource {
    /// Standard output, and all output of a terminal.
    Stdout,
    /// Standard error.
    Stderr,
}

/// A small picture of a session's screen: the crop around its cursor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tile {
    /// The container.
    pub container: ContainerId,
    /// The session shown.
    pub session: SessionId,
    /// The picture's size in cells.
    pub size: Size,
    /// Cell-addressed ANSI (cursor moves, SGR, text), as standard base64.
    pub base64: String,
}
