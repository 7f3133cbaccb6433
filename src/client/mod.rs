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
mod trust;
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
pub use trust::Trust;
pub use trust::certificate_of;
pub use unpack::Unpack;
pub use unpack::Unpacked;
pub use unpack::unpack;

use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;

/// Speaks to one server. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    address: Address,
    http: Arc<RwLock<reqwest::Client>>,
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
    /// Somewhere else.
    Tcp(Box<Remote>),
}

/// A server that is reached over TCP.
#[derive(Clone, Debug)]
struct Remote {
    /// As it stands in URLs: `host:port`.
    authority: String,
    host: String,
    port: u16,
    /// The path below which it is shown; empty where there is none.
    base: String,
    /// What says who we are; empty where nothing does.
    token: String,
    /// None on plain HTTP.
    tls: Option<Arc<rustls::ClientConfig>>,
}

impl Remote {
    fn url(&self) -> String {
        format!("{}://{}{}", if self.tls.is_some() { "https" } else { "http" }, self.authority, self.base)
    }
}

impl Client {
    /// A client of the server on this machine. Nothing is connected yet.
    #[must_use]
    pub fn local(socket: impl Into<PathBuf>) -> Self {
        Self::with_launcher(socket.into(), None)
    }

    fn with_launcher(socket: PathBuf, launcher: Option<Launcher>) -> Self {
        let http = plain().unix_socket(socket.clone()).build().expect("no TLS is set up, nothing can fail");
        Self(Arc::new(Inner { address: Address::Unix(socket), http: Arc::new(RwLock::new(http)), launcher, read_only: false }))
    }

    /// A client of the server at `http://host:port` or `https://host:port`, known there by `token`; to nobody where that is empty. Who
    /// has the certificate is checked as `trust` says.
    ///
    /// # Errors
    /// `invalid_value` when the address is no such URL.
    pub fn remote(url: &str, token: &str, trust: &Trust) -> Result<Self> {
        let wrong = || Error::invalid(format!("'{url}' is not the address of a server")).fix("write it as https://HOST:PORT, or http://127.0.0.1:PORT");
        let (tls, rest) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => (false, url),
        };
        let rest = rest.trim_end_matches('/');
        let (authority, base) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if authority.contains('@') || base.contains(['?', '#']) {
            return Err(wrong());
        }
        let parsed: ::http::uri::Authority = authority.parse().map_err(|_| wrong())?;
        if parsed.port_u16().is_none() && !tls {
            return Err(wrong());
        }
        let tls = if tls { Some(Arc::new(trust.config()?)) } else { None };
        let http = over(tls.as_deref())?;
        let remote = Remote {
            authority: authority.to_owned(),
            host: parsed.host().trim_matches(['[', ']']).to_owned(),
            port: parsed.port_u16().unwrap_or(443),
            base: base.to_owned(),
            token: token.trim().to_owned(),
            tls,
        };
        Ok(Self(Arc::new(Inner { address: Address::Tcp(Box::new(remote)), http: Arc::new(RwLock::new(http)), launcher: None, read_only: false })))
    }

    /// [`Client::remote`] with the certificates that this machine trusts.
    ///
    /// # Errors
    /// As [`Client::remote`].
    pub fn tcp(url: &str, token: &str) -> Result<Self> {
        Self::remote(url, token, &Trust::Machine)
    }

    /// A client of the same server whose requests give up all rights but a viewer's.
    #[must_use]
    pub fn read_only(&self) -> Self {
        let Inner { address, http, launcher, .. } = &*self.0;
        Self(Arc::new(Inner { address: address.clone(), http: http.clone(), launcher: launcher.clone(), read_only: true }))
    }

    /// Makes new connections from now on. Those that are kept for later requests may be as dead as one that was just lost, and a request on
    /// one of them waits for its limit.
    fn forget_connections(&self) {
        // On one machine a connection that is lost says so.
        let Address::Tcp(remote) = &self.0.address else { return };
        // What could be made once can be made again; else those that are there have to do.
        if let Ok(http) = over(remote.tls.as_deref()) {
            *self.0.http.write().unwrap_or_else(PoisonError::into_inner) = http;
        }
    }

    fn http(&self) -> reqwest::Client {
        self.0.http.read().unwrap_or_else(PoisonError::into_inner).clone()
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
            Address::Tcp(remote) => remote.url(),
        }
    }

    /// The error of a server that does not answer.
    fn unreachable(&self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        let source = source.into();
        let error = Error::new(Code::ServerUnavailable, format!("no server answers at {}: {}", self.address(), innermost(&*source)));
        let fix = match self.0.address {
            Address::Unix(_) => "start one with 'cto serve', or look at 'cto server logs'",
            Address::Tcp(_) => "check the address, and that 'cto serve --listen' runs there",
        };
        error.fix(fix).because(source)
    }
}

/// An HTTP client for a server that is somewhere else.
fn over(tls: Option<&rustls::ClientConfig>) -> Result<reqwest::Client> {
    let builder = match tls {
        Some(tls) => plain().tls_backend_preconfigured(tls.clone()),
        None => plain(),
    };
    builder.build().map_err(|error| Error::internal(error.to_string()))
}

/// What every HTTP client begins with. It wants to know what TLS is done with, also where there is none.
fn plain() -> reqwest::ClientBuilder {
    // Somebody else may have said so already; it is the same everywhere.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy()
}

/// The text of the error that an error comes from in the end: the others only say "error sending request".
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
