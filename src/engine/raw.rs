//! Streams as the engine sends them, byte for byte.
//!
//! bollard reads every stream as if it had frames and guesses when it has none, by its first byte: a terminal's output that begins
//! with a NUL or Ctrl-A is lost. So terminals, execs and logs are read here.
use super::address::Address;
use super::fault;
use super::fault::About;
use super::link::Link;
use super::link::Open;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use bytes::Bytes;
use bytes::BytesMut;
use futures_util::Stream;
use futures_util::StreamExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::UnixStream;

/// How long the engine may take to begin its answer.
const ANSWER: Duration = Duration::from_secs(60);
/// Most bytes of an answer's head, or of an error's body.
const MOST_HEAD: usize = 64 * 1024;
/// Most bytes of what the engine says of one thing.
const MOST_REPORT: usize = 16 << 20;

/// What a hijacked connection reads from.
pub(super) type Reader = Box<dyn AsyncRead + Send + Unpin>;
/// What it writes to; shutting it down is the end of input, reading goes on.
pub(super) type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// Sends a POST that turns its connection into a stream of bytes in both directions.
pub(super) async fn upgrade(link: &Link, open: &Open, path: &str, body: &str, about: &About<'_>) -> Result<(Reader, Writer)> {
    let address = open.address.to_string();
    let lost = |why: &str| {
        let error = fault::unavailable(&address, why);
        link.lost(&error);
        error
    };
    let work = async {
        let (mut reader, mut writer) = dial(&open.address).await?;
        let head = format!(
            "POST /v{}{path} HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            open.api,
            body.len()
        );
        writer.write_all(head.as_bytes()).await?;
        writer.flush().await?;
        let (status, rest) = read_head(&mut reader).await?;
        std::io::Result::Ok((reader, writer, status, rest))
    };
    let (reader, writer, status, rest) = match tokio::time::timeout(ANSWER, work).await {
        Ok(Ok(parts)) => parts,
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::InvalidData => {
            return Err(Error::new(Code::EngineFailed, format!("the engine's answer is not understood: {error}")));
        }
        Ok(Err(error)) => return Err(lost(&error.to_string().to_lowercase())),
        Err(_) => return Err(lost("no answer in time")),
    };
    if status == 101 || status == 200 {
        let reader: Reader = if rest.is_empty() { reader } else { Box::new(std::io::Cursor::new(rest).chain(reader)) };
        return Ok((reader, writer));
    }
    let body = read_error(reader, rest).await;
    let message = serde_json::from_str::<serde_json::Value>(&body).ok().and_then(|json| json.get("message")?.as_str().map(str::to_owned));
    Err(fault::answered(status, &message.unwrap_or(body), about))
}

/// Connects to the engine's address.
async fn dial(address: &Address) -> std::io::Result<(Reader, Writer)> {
    match address {
        Address::Unix(path) => {
            let (reader, writer) = UnixStream::connect(path).await?.into_split();
            Ok((Box::new(reader), Box::new(writer)))
        }
        Address::Tcp(host, tls) => {
            let stream = TcpStream::connect(host).await?;
            stream.set_nodelay(true)?;
            let Some(dir) = tls else {
                let (reader, writer) = stream.into_split();
                return Ok((Box::new(reader), Box::new(writer)));
            };
            let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name).trim_matches(['[', ']']).to_owned();
            let name = rustls::pki_types::ServerName::try_from(name).map_err(std::io::Error::other)?;
            let connector = tokio_rustls::TlsConnector::from(Arc::new(tls_settings(dir).map_err(std::io::Error::other)?));
            let (reader, writer) = tokio::io::split(connector.connect(name, stream).await?);
            Ok((Box::new(reader), Box::new(writer)))
        }
        Address::Unusable(_, why) => Err(std::io::Error::other(why.clone())),
    }
}

/// TLS with the certificates of docker's directory: the authority, and our own pair where there is one.
fn tls_settings(dir: &Path) -> Result<rustls::ClientConfig, Box<dyn std::error::Error + Send + Sync>> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::PrivateKeyDer;
    use rustls::pki_types::pem::PemObject;
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(dir.join("ca.pem"))? {
        roots.add(certificate?)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let settings = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?.with_root_certificates(roots);
    if !dir.join("cert.pem").exists() {
        return Ok(settings.with_no_client_auth());
    }
    let own = CertificateDer::pem_file_iter(dir.join("cert.pem"))?.collect::<Result<Vec<_>, _>>()?;
    Ok(settings.with_client_auth_cert(own, PrivateKeyDer::from_pem_file(dir.join("key.pem"))?)?)
}

/// Reads up to the empty line; what came after it is returned with the status.
async fn read_head(reader: &mut Reader) -> std::io::Result<(u16, Bytes)> {
    let mut buffer = BytesMut::with_capacity(4096);
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if buffer.len() > MOST_HEAD {
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "a head that does not end"));
        }
        if reader.read_buf(&mut buffer).await? == 0 {
            return Err(std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "the connection was closed"));
        }
    };
    let head = buffer.split_to(end);
    let status = std::str::from_utf8(&head).ok().and_then(|head| head.split_whitespace().nth(1)?.parse().ok());
    let status = status.ok_or_else(|| std::io::Error::new(std::io::ErrorKind::InvalidData, "no status"))?;
    Ok((status, buffer.freeze()))
}

/// The text of an error: whatever comes within a second, since the connection may stay open after it.
async fn read_error(mut reader: Reader, first: Bytes) -> String {
    let mut buffer = BytesMut::from(first.as_ref());
    let whole = |buffer: &BytesMut| serde_json::from_slice::<serde_json::Value>(buffer).is_ok();
    while !whole(&buffer) && buffer.len() < MOST_HEAD {
        match tokio::time::timeout(Duration::from_secs(1), reader.read_buf(&mut buffer)).await {
            Ok(Ok(count)) if count > 0 => {}
            _ => break,
        }
    }
    String::from_utf8_lossy(&buffer).into_owned()
}

/// The bytes of a GET of `/containers/{id}/{tail}`.
pub(super) fn get(open: &Open, id: &str, tail: &str) -> impl Stream<Item = Result<Bytes, bollard::errors::Error>> + Send + use<> {
    send(open, http::Method::GET, &format!("/containers/{id}/{tail}"), None)
}

/// The bytes of a POST without a body, with registry credentials.
pub(super) fn post(open: &Open, path: &str, credentials: http::HeaderValue) -> impl Stream<Item = Result<Bytes, bollard::errors::Error>> + Send + use<> {
    send(open, http::Method::POST, path, Some(credentials))
}

/// All bytes of a GET.
pub(super) async fn whole(open: &Open, path: &str) -> Result<Vec<u8>, bollard::errors::Error> {
    let mut stream = send(open, http::Method::GET, path, None);
    let mut bytes = Vec::new();
    while let Some(piece) = stream.next().await {
        bytes.extend_from_slice(&piece?);
        if bytes.len() > MOST_REPORT {
            // No error of the connection, by which the engine would count as away.
            return Err(bollard::errors::Error::DockerStreamError { error: format!("an answer of more than {MOST_REPORT} bytes") });
        }
    }
    Ok(bytes)
}

/// bollard gives raw bodies only from its export call, so that call is sent to another path.
fn send(
    open: &Open,
    method: http::Method,
    path: &str,
    credentials: Option<http::HeaderValue>,
) -> impl Stream<Item = Result<Bytes, bollard::errors::Error>> + Send + use<> {
    let path = path.to_owned();
    let docker = open.docker.clone().with_request_modifier(move |mut request| {
        let uri = request.uri().to_string();
        let other = uri.strip_suffix("/containers/-/export").map(|start| format!("{start}{path}"));
        if let Some(other) = other.and_then(|other| other.parse().ok()) {
            *request.uri_mut() = other;
        }
        *request.method_mut() = method.clone();
        if let Some(credentials) = &credentials {
            request.headers_mut().insert("X-Registry-Auth", credentials.clone());
        }
        request
    });
    docker.export_container("-").boxed()
}
