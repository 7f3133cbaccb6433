//! Who calls: the kernel's word on the unix socket, a bearer token on TCP.
use super::Door;
use super::problem::Refusal;
use super::routes::Origin;
use crate::access::Actor;
use crate::access::csrf_of;
use crate::access::hash_secret;
use crate::error::Error;
use crate::error::Result;
use crate::model::CSRF_HEADER;
use crate::model::Code;
use crate::model::Endpoint as _;
use crate::model::GetSetup;
use crate::model::LogInAs;
use crate::model::OpenShareOf;
use crate::model::READ_ONLY_HEADER;
use crate::model::Role;
use axum::extract::ConnectInfo;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::Method;
use axum::http::header;
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use axum::response::Response;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::time::Duration;
use std::time::Instant;

/// Where signed requests come in.
const HOOKS: &str = "/api/v1/hooks/";
/// What is open to all: a login that has ended must not keep anybody from signing in.
pub(super) const OPEN: [&str; 3] = [GetSetup::PATH, LogInAs::PATH, OpenShareOf::PATH];
/// How long who guesses wrong is kept waiting, and how many may wait at once: together at most 64 guesses a second.
const WRONG: (Duration, usize) = (Duration::from_millis(250), 16);

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum Peer {
    /// A process on this machine, with its user id as the kernel knows it.
    Local(Option<u32>),
    /// Somebody on TCP.
    Remote {
        /// The address of ours that they reached.
        ours: Option<SocketAddr>,
        /// Theirs.
        theirs: IpAddr,
        /// Whether the connection is TLS.
        tls: bool,
    },
}

/// The caller of a request; none when a browser's WebSocket says who it is only in its first frame.
#[derive(Clone, Debug)]
pub(super) struct MaybeCaller(pub(super) Option<Actor>);

/// Finds out who calls before anything else is looked at, and refuses what comes from another site's page.
pub(super) async fn find(State(door): State<Door>, ConnectInfo(peer): ConnectInfo<Peer>, mut request: Request, next: Next) -> Response {
    let origin = origin(&door, peer, request.headers());
    request.extensions_mut().insert(origin);
    let (path, remote) = (request.uri().path(), matches!(peer, Peer::Remote { .. }));
    // What comes in for triggers says by its signature who sends it, and may come by way of another name of this machine.
    let signed = remote && path.starts_with(HOOKS);
    let nobody = signed || OPEN.contains(&path) || !path.starts_with("/api/");
    let (method, headers) = (request.method(), request.headers());
    let found = async {
        if !signed {
            same_site(&door, peer, headers)?;
        }
        let caller = if nobody && remote { None } else { who(&door, peer, method, headers).await? };
        if remote && path.starts_with("/api/") {
            paced(&door, caller.as_ref(), origin)?;
        }
        Ok::<_, Error>(caller)
    };
    match found.await {
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

/// Where a request comes from. What a proxy says of that counts only where the configuration says that there is one.
fn origin(door: &Door, peer: Peer, headers: &HeaderMap) -> Origin {
    let Peer::Remote { theirs, tls, .. } = peer else { return Origin::default() };
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if !door.control.settings().server.behind_proxy {
        return Origin { ip: Some(theirs), secure: tls };
    }
    // The nearest proxy appends who spoke to it; what stands before that anybody can have written.
    let ip = said("x-forwarded-for").and_then(|list| list.rsplit(',').next()?.trim().parse().ok());
    Origin { ip: Some(ip.unwrap_or(theirs)), secure: tls || said("x-forwarded-proto").is_some_and(|proto| proto.eq_ignore_ascii_case("https")) }
}

/// Refuses who sends too much.
fn paced(door: &Door, caller: Option<&Actor>, origin: Origin) -> Result<()> {
    let rate = door.control.settings().server.requests_per_second;
    let who = match (caller, origin.ip) {
        (Some(actor), _) => format!("user {}", actor.name),
        (None, ip) => format!("from {}", ip.map(|ip| ip.to_string()).unwrap_or_default()),
    };
    door.pace
        .take(&who, rate, Instant::now())
        .map_err(|_| Error::new(Code::TooMany, format!("more than {rate} requests a second")).fix("send fewer, or wait a moment"))
}

async fn who(door: &Door, peer: Peer, method: &Method, headers: &HeaderMap) -> Result<Option<Actor>> {
    if let Peer::Local(uid) = peer {
        // A bearer token counts here too, so that rights can be tried on the socket.
        if uid != Some(rustix::process::geteuid().as_raw()) {
            return Err(Error::new(Code::Forbidden, "this socket serves only the user whose server this is")
                .fix("use a server of your own, or ask for a token for its TCP address"));
        }
        return match bearer(headers)? {
            Some(token) => identify(door, token).await.map(Some),
            None => Ok(Some(crate::control::Control::local_admin())),
        };
    }
    if let Some(token) = bearer(headers)? {
        return identify(door, token).await.map(Some);
    }
    let Some(secret) = cookie(headers, &door.cookie) else { return Ok(None) };
    let upgrades = headers.contains_key(header::UPGRADE);
    // Nobody guesses these: a login that has ended is told so at once. A WebSocket may say who it is in its first frame.
    let actor = match door.control.identify_login(secret).await {
        Err(error) if error.code == Code::Unauthenticated && upgrades => return Ok(None),
        other => other?,
    };
    // The browser sends the cookie along whoever asks it to. Only our own pages know the rest.
    if upgrades {
        if !headers.contains_key(header::ORIGIN) {
            return Err(
                Error::new(Code::Forbidden, "a WebSocket that is opened with a cookie must say which page opens it").fix("send an Origin header, or a token")
            );
        }
    } else if !matches!(*method, Method::GET | Method::HEAD) {
        let said = headers.get(CSRF_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if hash_secret(said) != hash_secret(&csrf_of(secret)) {
            return Err(
                Error::new(Code::Forbidden, format!("with a cookie, this needs the header '{CSRF_HEADER}'")).fix("GET /api/v1/me says what must stand there")
            );
        }
    }
    Ok(Some(actor))
}

/// The caller that a token stands for. Wrong ones wait a while, so that guessing is slow.
pub(super) async fn identify(door: &Door, token: &str) -> Result<Actor> {
    match door.control.identify(token).await {
        Err(error) if error.code == Code::Unauthenticated => Err(wait(door, error).await),
        other => other,
    }
}

/// Keeps who guessed wrong waiting, before they are told.
pub(super) async fn wait(door: &Door, error: Error) -> Error {
    let Ok(_place) = door.wrong.try_acquire() else {
        return Error::new(Code::TooMany, "too many wrong guesses at once");
    };
    tokio::time::sleep(WRONG.0).await;
    error
}

/// Places for callers who guess wrong.
pub(super) fn waiting_room() -> tokio::sync::Semaphore {
    tokio::sync::Semaphore::new(WRONG.1)
}

/// What the cookie is called: browsers do not keep the ports of one machine apart, so servers of different databases have different names.
pub(super) fn cookie_name(store: &str) -> String {
    format!("cto_session_{}", store.chars().rev().take(8).collect::<String>())
}

/// The secret in the cookie.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok()).flat_map(|line| line.split(';'));
    all.filter_map(|pair| pair.trim().split_once('=')).find(|(key, value)| *key == name && !value.is_empty()).map(|(_, value)| value)
}

/// What is said to those who have not said who they are.
pub(super) fn unknown() -> Error {
    Error::new(Code::Unauthenticated, "this needs a token, or that you sign in").fix("send 'Authorization: Bearer …'; 'cto token create' makes one")
}

pub(super) fn bearer(headers: &HeaderMap) -> Result<Option<&str>> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let token = value.to_str().ok().and_then(|text| text.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    token
        .map(|(_, token)| Some(token.trim()))
        .ok_or_else(|| Error::new(Code::Unauthenticated, "the Authorization header is not understood").fix("send 'Authorization: Bearer …'"))
}

/// Refuses names of ours that a stranger's DNS may point at us (rebinding), and pages of other sites.
fn same_site(door: &Door, peer: Peer, headers: &HeaderMap) -> Result<()> {
    let Peer::Remote { ours, .. } = peer else { return Ok(()) };
    let settings = door.control.settings();
    check_site(headers, ours, &settings.server.names)
}

fn check_site(headers: &HeaderMap, reached: Option<SocketAddr>, names: &[String]) -> Result<()> {
    let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    let host = text(header::HOST).unwrap_or_default();
    let name = host_name(host);
    let address = || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback() || reached.is_some_and(|address| address.ip().to_canonical() == ip));
    let own = || super::tls::host_name().eq_ignore_ascii_case(name);
    let ours = name.eq_ignore_ascii_case("localhost") || address() || names.iter().any(|one| one.eq_ignore_ascii_case(name)) || own();
    if !ours {
        return Err(Error::new(Code::Forbidden, format!("this server is not called '{name}'"))
            .fix("use 127.0.0.1 or localhost, or add the name to 'server.names' in cto.json"));
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
        check_site(&headers, "127.0.0.1:80".parse().ok(), &["box.example".to_owned()]).is_ok()
    }

    #[test]
    fn only_our_own_names_and_pages_are_served() {
        assert!(asked("127.0.0.1:7480", None) && asked("localhost:7480", Some("http://localhost:7480")) && asked("[::1]:7480", None));
        assert!(asked("box.example", Some("https://BOX.example")) && !asked("other.example", None));
        assert!(!asked("evil.example:7480", None) && !asked("127.0.0.1.evil.example", None) && !asked("", None));
        assert!(
            !asked("localhost:7480", Some("http://evil.example"))
                && !asked("localhost:7480", Some("null"))
                && !asked("localhost:7480", Some("http://localhost:9"))
        );
    }
}
