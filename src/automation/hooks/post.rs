//! One POST to a receiver that may be slow, hostile or somebody else.
use super::reach::Way;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use http_body_util::Full;
use hyper::Request;
use hyper::Uri;
use hyper::client::conn::http1;
use hyper::header;
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::time::Instant;

/// How long a try may take in all.
pub(super) const WHOLE: Duration = Duration::from_secs(15);
/// Bytes that are read of an answer's head, and of its body.
const HEAD: usize = 16 << 10;
const BODY: usize = 64 << 10;
/// Bytes of the answer that are kept.
const KEPT: usize = 1 << 10;

/// What the receiver said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub status: u16,
    /// The beginning of the body, without controls.
    pub text: String,
    /// How long it asks to be left alone.
    pub retry_after: Option<Duration>,
    /// Where it would send us.
    pub location: Option<String>,
}

/// Where a webhook goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub secure: bool,
    pub host: String,
    pub port: u16,
    /// Path and query.
    pub path: String,
    authority: String,
}

/// Reads a webhook's address.
///
/// # Errors
/// What is wrong with it.
pub(super) fn place_of(url: &str) -> Result<Place, String> {
    let wrong = |why: &str| format!("'{url}' can't be a webhook's address: {why}");
    if url.len() > 2_000 {
        return Err("a webhook's address has at most 2,000 characters".to_owned());
    }
    let uri: Uri = url.parse().map_err(|_| wrong("write it as https://HOST/PATH"))?;
    let secure = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        Some(other) => return Err(wrong(&format!("'{other}' is not spoken, only https and http"))),
        None => return Err(wrong("write it as https://HOST/PATH")),
    };
    let authority = uri.authority().ok_or_else(|| wrong("it has no host"))?;
    if authority.as_str().contains('@') {
        // Without the address: a password must not get into the audit.
        return Err("names and passwords do not belong into a webhook's address; deliveries are signed instead".to_owned());
    }
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    if host.is_empty() {
        return Err(wrong("it has no host"));
    }
    let port = authority.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    Ok(Place { secure, host, port, path, authority: authority.as_str().to_owned() })
}

/// Sends `body` and reads what is answered, within limits. Redirections are not followed.
///
/// # Errors
/// Why there was no answer, for people.
pub(super) async fn post(way: Way<'_>, place: &Place, headers: &[(&str, String)], body: String) -> Result<Answer, String> {
    let until = Instant::now() + WHOLE;
    let work = async {
        let stream = way.connect(&place.host, place.port).await?;
        match place.secure {
            true => talk(TokioIo::new(way.secure(&place.host, stream).await?), place, headers, body, until).await,
            false => talk(TokioIo::new(stream), place, headers, body, until).await,
        }
    };
    tokio::time::timeout_at(until, work).await.unwrap_or_else(|_| Err(format!("no answer within {} s", WHOLE.as_secs())))
}

async fn talk<T>(io: TokioIo<T>, place: &Place, headers: &[(&str, String)], body: String, until: Instant) -> Result<Answer, String>
where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let spoke = |error: hyper::Error| format!("the receiver does not speak HTTP as it should: {error}");
    let (mut sender, connection) = http1::Builder::new().max_buf_size(HEAD).handshake(io).await.map_err(spoke)?;
    // It ends with the sender, or is dropped with this future.
    let mut connection = std::pin::pin!(connection);
    let mut request = Request::post(place.path.as_str()).header(header::HOST, &place.authority).header(header::CONNECTION, "close");
    request = request.header(header::CONTENT_TYPE, "application/json").header(header::USER_AGENT, concat!("cto/", env!("CARGO_PKG_VERSION")));
    for (name, value) in headers {
        request = request.header(*name, value.as_str());
    }
    let request = request.body(Full::new(Bytes::from(body))).map_err(|error| format!("the request can't be made: {error}"))?;
    let work = async {
        let response = sender.send_request(request).await.map_err(spoke)?;
        let (head, mut body) = response.into_parts();
        let retry_after = head.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok()).map(Duration::from_secs);
        let location = head.headers.get(header::LOCATION).map(|value| readable(value.as_bytes()));
        let mut bytes = Vec::new();
        let reading = async {
            while let Some(Ok(frame)) = body.frame().await {
                if let Some(piece) = frame.data_ref() {
                    bytes.extend_from_slice(&piece[..piece.len().min(BODY - bytes.len())]);
                }
                if bytes.len() >= BODY {
                    return;
                }
            }
        };
        // What the status says counts, also when the rest never comes.
        let _ = tokio::time::timeout_at(until - Duration::from_millis(200), reading).await;
        Ok(Answer { status: head.status.as_u16(), text: readable(&bytes), retry_after, location })
    };
    let mut work = std::pin::pin!(work);
    tokio::select! {
        answer = &mut work => answer,
        ended = &mut connection => match ended {
            // What was answered last is still to be taken.
            Ok(()) => work.await,
            Err(error) => Err(spoke(error)),
        },
    }
}

/// The beginning of a text, without what could drive a terminal.
pub(super) fn readable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(KEPT)]);
    let text: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let text = text.trim();
    text[..text.floor_char_boundary(KEPT)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_odd_ones_refused() {
        let place = place_of("https://example.com:8443/a?b=c").unwrap();
        assert_eq!((place.secure, place.host.as_str(), place.port, place.path.as_str()), (true, "example.com", 8443, "/a?b=c"));
        assert_eq!(place_of("http://[::1]").map(|place| (place.host, place.port, place.path)), Ok(("::1".to_owned(), 80, "/".to_owned())));
        assert!(["", "example.com", "/x", "ftp://x/", "https://a:b@x/", "https://", "https:///x", "http://x y/"].iter().all(|url| place_of(url).is_err()));
    }

    #[test]
    fn answers_are_cut_and_drive_no_terminal() {
        assert_eq!(readable(b"\x1b[31mno\r\n\xff"), "[31mno  \u{fffd}");
        assert!(readable(&[0xc3; 5000]).len() <= KEPT);
    }
}
