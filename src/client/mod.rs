//! The client of the API: what the TUI, the command line and the benchmarks speak to a server with.
mod attach;
mod copy;
mod exec;
mod file;
mod http;
mod launch;
mod pack;
mod stream;
mod tar_reader;
mod unpack;
mod wire;

pub use attach::AttachReceiver;
pub use attach::AttachSender;
pub use attach::Attached;
pub use copy::Landing;
pub use copy::Moved;
pub use copy::copy_in;
pub use copy::copy_out;
pub use exec::ExecEvent;
pub use exec::ExecReceiver;
pub use exec::ExecSender;
pub use exec::ExecStream;
pub use file::FetchedFile;
pub use file::fetch_file;
pub use file::put_file;
pub use http::ByteStream;
pub use launch::Ensured;
pub use launch::Launcher;
pub use launch::ensure_server;
pub use pack::Packed;
pub use pack::Packing;
pub use pack::pack;
pub use pack::pack_directory;
pub use stream::Stream;
pub use stream::StreamHandle;
pub use stream::StreamUpdate;
pub use unpack::Unpack;
pub use unpack::Unpacked;
pub use unpack::unpack;

use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use std::path::PathBuf;
use std::sync::Arc;

/// Speaks to one server. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    address: Address,
    http: reqwest::Client,
    /// Starts the server again when it dies under an open stream.
    launcher: Option<Launcher>,
    /// Every request gives up all rights but a viewer's.
    read_only: bool,
}

/// Where a server is.
#[derive(Clone, Debug)]
enum Address {
    /// Its unix socket; the kernel says who we are.
    Unix(PathBuf),
    /// `host:port` on plain HTTP, and the token that says who we are.
    Tcp { authority: String, token: String },
}

impl Client {
    /// A client of the server on this machine. Nothing is connected yet.
    #[must_use]
    pub fn local(socket: impl Into<PathBuf>) -> Self {
        Self::with_launcher(socket.into(), None)
    }

    fn with_launcher(socket: PathBuf, launcher: Option<Launcher>) -> Self {
        let http = reqwest::Client::builder().unix_socket(socket.clone()).no_proxy().build().expect("no TLS is set up, nothing can fail");
        Self(Arc::new(Inner { address: Address::Unix(socket), http, launcher, read_only: false }))
    }

    /// A client of the server at `http://host:port` (or `host:port`), known there by `token`.
    ///
    /// # Errors
    /// `invalid_value` when the address is no such URL.
    pub fn tcp(url: &str, token: &str) -> Result<Self> {
        let wrong = || Error::invalid(format!("'{url}' is not the address of a server")).fix("write it as http://127.0.0.1:PORT");
        let authority = url.strip_prefix("http://").unwrap_or(url).trim_end_matches('/');
        if authority.contains('/') || authority.contains('@') {
            return Err(wrong());
        }
        let parsed: ::http::uri::Authority = authority.parse().map_err(|_| wrong())?;
        if parsed.port_u16().is_none() {
            return Err(wrong());
        }
        let http = reqwest::Client::builder().no_proxy().build().map_err(|error| Error::internal(error.to_string()))?;
        let address = Address::Tcp { authority: authority.to_owned(), token: token.trim().to_owned() };
        Ok(Self(Arc::new(Inner { address, http, launcher: None, read_only: false })))
    }

    /// A client of the same server whose requests give up all rights but a viewer's.
    #[must_use]
    pub fn read_only(&self) -> Self {
        let Inner { address, http, launcher, .. } = &*self.0;
        Self(Arc::new(Inner { address: address.clone(), http: http.clone(), launcher: launcher.clone(), read_only: true }))
    }

    /// Whether its requests give up all rights but a viewer's.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.0.read_only
    }

    /// Where the server is, for people.
    #[must_use]
    pub fn address(&self) -> String {
        match &self.0.address {
            Address::Unix(path) => path.display().to_string(),
            Address::Tcp { authority, .. } => format!("http://{authority}"),
        }
    }

    /// The error of a server that does not answer.
    fn unreachable(&self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        let source = source.into();
        let error = Error::new(Code::ServerUnavailable, format!("no server answers at {}: {}", self.address(), innermost(&*source)));
        let fix = match self.0.address {
            Address::Unix(_) => "start one with 'cto serve', or look at 'cto server logs'",
            Address::Tcp { .. } => "check the address, and that 'cto serve --listen' runs there",
        };
        error.fix(fix).because(source)
    }
}

/// The text of the error that an error comes from in the end: the others only say "error sending request".
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
