//! Who calls: the kernel's word on the unix socket, a bearer token on TCP.
use super::Door;
use super::problem::Refusal;
use crate::access::Actor;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::READ_ONLY_HEADER;
use crate::model::Role;
use axum::extract::ConnectInfo;
use axum::extract::Request;
use axum::extract::State;
use axum::extract::connect_info::Connected;
use axum::http::HeaderMap;
use axum::http::header;
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use axum::response::Response;
use axum::serve::IncomingStream;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::net::UnixListener;

/// Where signed requests come in.
const HOOKS: &str = "/api/v1/hooks/";
/// How long a wrong token is kept waiting, and how many may wait at once: together at most 64 guesses a second.
const WRONG: (Duration, usize) = (Duration::from_millis(250), 16);

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum Peer {
    /// A process on this machine, with its user id as the kernel knows it.
    Local(Option<u32>),
    /// Somebody on TCP, and the address of ours that they reached.
    Remote(Option<SocketAddr>),
}

impl Connected<IncomingStream<'_, UnixListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, UnixListener>) -> Self {
        Self::Local(stream.io().peer_cred().ok().map(|cred| cred.uid()))
    }
}

impl Connected<IncomingStream<'_, TcpListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> Self {
        let _ = stream.io().set_nodelay(true);
        Self::Remote(stream.io().local_addr().ok())
    }
}

/// The caller of a request; none when a browser's WebSocket says who it is only in its first frame.
#[derive(Clone, Debug)]
pub(super) struct MaybeCaller(pub(super) Option<Actor>);

/// Finds out who calls before anything else is looked at, and refuses what comes from another site's page.
pub(super) async fn find(State(door): State<Door>, ConnectInfo(peer): ConnectInfo<Peer>, mut request: Request, next: Next) -> Response {
    // What comes in for triggers says by its signature who sends it, and may come by way of another name of this machine.
    if matches!(peer, Peer::Remote(_)) && request.uri().path().starts_with(HOOKS) {
        request.extensions_mut().insert(MaybeCaller(None));
        return next.run(request).await;
    }
    match who(&door, peer, request.headers()).await {
        Ok(mut caller) => {
            if let Some(caller) = caller.as_mut().filter(|_| request.headers().contains_key(READ_ONLY_HEADER)) {
                caller.role = caller.role.min(Role::Viewer);
            }
            request.extensions_mut().insert(MaybeCaller(caller));
            next.run(request).await
        }
        Err(error) => Refusal::from(error).into_response(),
    }
}

async fn who(door: &Door, peer: Peer, headers: &HeaderMap) -> Result<Option<Actor>> {
    match peer {
        Peer::Local(uid) => {
            // A bearer token counts here too, so that rights can be tried on the socket.
            if uid != Some(rustix::process::geteuid().as_raw()) {
                return Err(Error::new(Code::Forbidden, "this socket serves only the user whose server this is")
                    .fix("use a server of your own, or ask for a token for its TCP address"));
            }
            match bearer(headers)? {
                Some(token) => identify(door, token).await.map(Some),
                None => Ok(Some(crate::control::Control::local_admin())),
            }
        }
        Peer::Remote(address) => {
            same_site(headers, address)?;
            match bearer(headers)? {
                Some(token) => identify(door, token).await.map(Some),
                None => Ok(None),
            }
        }
    }
}

/// The caller that a token stands for. Wrong ones wait a while, so that guessing is slow.
pub(super) async fn identify(door: &Door, token: &str) -> Result<Actor> {
    match door.control.identify(token).await {
        Err(error) if error.code == Code::Unauthenticated => {
            let Ok(_place) = door.wrong_tokens.try_acquire() else {
                return Err(Error::new(Code::TooMany, "too many wrong tokens at once"));
            };
            tokio::time::sleep(WRONG.0).await;
            Err(error)
        }
        other => other,
    }
}

/// Places for callers with wrong tokens.
pub(super) fn waiting_room() -> tokio::sync::Semaphore {
    tokio::sync::Semaphore::new(WRONG.1)
}

/// What is said to those who have not said who they are.
pub(super) fn unknown() -> Error {
    Error::new(Code::Unauthenticated, "this needs a token").fix("send 'Authorization: Bearer …'; 'cto token create' makes one")
}

fn bearer(headers: &HeaderMap) -> Result<Option<&str>> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let token = value.to_str().ok().and_then(|text| text.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    token
        .map(|(_, token)| Some(token.trim()))
        .ok_or_else(|| Error::new(Code::Unauthenticated, "the Authorization header is not understood").fix("send 'Authorization: Bearer …'"))
}

/// Refuses names of ours that a stranger's DNS may point at us (rebinding), and pages of other sites.
fn same_site(headers: &HeaderMap, reached: Option<SocketAddr>) -> Result<()> {
    let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    let host = text(header::HOST).unwrap_or_default();
    let name = host_name(host);
    let ours =
        name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback() || reached.is_some_and(|address| address.ip() == ip));
    if !ours {
        return Err(Error::new(Code::Forbidden, format!("this server is not called '{name}'")).fix("use 127.0.0.1 or localhost"));
    }
    match headers.get(header::ORIGIN) {
        None => Ok(()),
        Some(origin) if origin.to_str().ok().and_then(|origin| origin.split_once("://")).is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host)) => {
            Ok(())
        }
        Some(_) => Err(Error::new(Code::Forbidden, "pages of other sites may not use this server")),
    }
}

/// A Host header without its port.
fn host_name(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(host: &str, origin: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        same_site(&headers, "127.0.0.1:80".parse().ok()).is_ok()
    }

    #[test]
    fn only_our_own_names_and_pages_are_served() {
        assert!(asked("127.0.0.1:7480", None) && asked("localhost:7480", Some("http://localhost:7480")) && asked("[::1]:7480", None));
        assert!(!asked("evil.example:7480", None) && !asked("127.0.0.1.evil.example", None) && !asked("", None));
        assert!(
            !asked("localhost:7480", Some("http://evil.example"))
                && !asked("localhost:7480", Some("null"))
                && !asked("localhost:7480", Some("http://localhost:9"))
        );
    }
}
