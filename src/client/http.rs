//! Calls: one request, one answer.
use super::Address;
use super::Client;
use crate::error::Error;
use crate::error::Result;
use crate::model::Answer;
use crate::model::BuildImage;
use crate::model::BuildImageFrom;
use crate::model::CastQuery;
use crate::model::Code;
use crate::model::Container;
use crate::model::DownloadFiles;
use crate::model::Endpoint;
use crate::model::GetCast;
use crate::model::LogIn;
use crate::model::LogInAs;
use crate::model::LogQuery;
use crate::model::LoggedIn;
use crate::model::Method;
use crate::model::Operation;
use crate::model::PathQuery;
use crate::model::Problem;
use crate::model::READ_ONLY_HEADER;
use crate::model::ReadContainerLogs;
use crate::model::StopContainer;
use crate::model::TAR_MEDIA;
use crate::model::UploadFiles;
use crate::model::Uploaded;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use percent_encoding::AsciiSet;
use percent_encoding::NON_ALPHANUMERIC;
use percent_encoding::PercentEncode;
use percent_encoding::utf8_percent_encode;
use serde::de::DeserializeOwned;
use std::fmt::Write as _;
use std::time::Duration;
use tokio::sync::mpsc;

/// How long an answer may take when the caller names no limit.
const PATIENCE: Duration = Duration::from_secs(120);
/// Beyond it, how long a container may have to end: its own time is known to the server, which has the nearer limit.
const GRACE: Duration = Duration::from_secs(24 * 3600);

/// Bytes that arrive over time.
pub struct ByteStream(BoxStream<'static, Result<Bytes>>);

impl ByteStream {
    /// The next bytes; none when all have come.
    ///
    /// # Errors
    /// `server_unavailable` when the connection breaks.
    pub async fn next(&mut self) -> Option<Result<Bytes>> {
        self.0.next().await
    }
}

impl Client {
    /// Asks one endpoint. `path` holds the values of the path's parameters in order.
    ///
    /// # Errors
    /// What the server says; `server_unavailable` when none answers; `timed_out` after 120 s.
    pub async fn call<E: Endpoint>(&self, path: &[&str], request: &E::Request) -> Result<E::Reply> {
        self.call_within::<E>(path, request, PATIENCE).await
    }

    /// What asking that endpoint would do. Its answer is the endpoint's own where that answers with JSON at once, else a [`crate::model::DryRun`].
    ///
    /// # Errors
    /// As [`Client::call`]; `bad_request` where the endpoint can't say.
    pub async fn dry_run<E: Endpoint, T: DeserializeOwned>(&self, path: &[&str], request: &E::Request) -> Result<T> {
        let mut target = filled(E::PATH, path);
        let asks = by_query(E::METHOD);
        if asks {
            target.push_str(&query(request)?);
        }
        target.push_str(if target.contains('?') { "&dry_run=true" } else { "?dry_run=true" });
        let builder = self.request(E::METHOD, &target).timeout(PATIENCE);
        let response = self.answered(if asks { builder } else { builder.json(request) }).await?;
        let bytes = response.bytes().await.map_err(|error| self.broken(error))?;
        serde_json::from_slice(&bytes).map_err(|error| Error::internal(format!("the server's answer is not understood: {error}")))
    }

    /// [`Client::call`] with a limit of its own.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn call_within<E: Endpoint>(&self, path: &[&str], request: &E::Request, limit: Duration) -> Result<E::Reply> {
        let response = self.send::<E>(path, request, None, Some(limit)).await?;
        self.json::<E>(response).await
    }

    /// Stops or restarts a container, which may take as long as its main program has to end.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn stop<E: Endpoint<Request = StopContainer, Reply = Container>>(&self, container: &str, request: &StopContainer) -> Result<Container> {
        let grace = request.grace_seconds.map_or(GRACE, |seconds| Duration::from_secs(seconds.into()));
        self.call_within::<E>(&[container], request, PATIENCE + grace).await
    }

    /// Begins long work and waits up to `wait` (whole seconds, 600 at most) for its end. The operation that comes back may
    /// still be running.
    ///
    /// # Errors
    /// As [`Client::call`]. An operation that failed is no error here: look at its state.
    pub async fn call_operation<E: Endpoint<Reply = Operation>>(&self, path: &[&str], request: &E::Request, wait: Duration) -> Result<Operation> {
        let response = self.send::<E>(path, request, Some(wait.min(Duration::from_secs(600))), Some(PATIENCE + wait)).await?;
        self.json::<E>(response).await
    }

    /// Asks one endpoint for the bytes of its answer, whatever their type (`GetScreen` as text, `GetOutput`).
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn bytes<E: Endpoint>(&self, path: &[&str], request: &E::Request) -> Result<Bytes> {
        let response = self.send::<E>(path, request, None, Some(PATIENCE)).await?;
        response.bytes().await.map_err(|error| self.broken(error))
    }

    /// A container's log; with `follow` it goes on until dropped.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn logs(&self, container: &str, query: &LogQuery) -> Result<ByteStream> {
        let response = self.send::<ReadContainerLogs>(&[container], query, None, None).await?;
        let client = self.clone();
        Ok(ByteStream(response.bytes_stream().map(move |bytes| bytes.map_err(|error| client.broken(error))).boxed()))
    }

    /// A container's files at `path`, as a tar that comes as it is read there.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn download(&self, container: &str, path: &PathQuery) -> Result<ByteStream> {
        let response = self.send::<DownloadFiles>(&[container], path, None, None).await?;
        let client = self.clone();
        Ok(ByteStream(response.bytes_stream().map(move |bytes| bytes.map_err(|error| client.broken(error))).boxed()))
    }

    /// Unpacks a tar into the directory `path` of a container; it is sent as its pieces come.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn upload(&self, container: &str, path: &PathQuery, pieces: mpsc::Receiver<std::io::Result<Bytes>>) -> Result<Uploaded> {
        self.archive::<UploadFiles>(&[container], path, pieces).await
    }

    /// Builds an image from a directory, which is sent as its pieces come. The operation that comes back runs, or has failed.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn build(&self, request: &BuildImage, pieces: mpsc::Receiver<std::io::Result<Bytes>>) -> Result<Operation> {
        self.archive::<BuildImageFrom>(&[], request, pieces).await
    }

    /// Sends an archive, with the request as a query string.
    async fn archive<E: Endpoint>(&self, path: &[&str], request: &E::Request, pieces: mpsc::Receiver<std::io::Result<Bytes>>) -> Result<E::Reply> {
        let target = filled(E::PATH, path) + &query(request)?;
        let body = futures_util::stream::unfold(pieces, async |mut pieces| pieces.recv().await.map(|piece| (piece, pieces)));
        let builder = self.request(E::METHOD, &target).header("content-type", TAR_MEDIA).body(reqwest::Body::wrap_stream(body));
        let response = self.answered(builder).await?;
        self.json::<E>(response).await
    }

    /// A recording's bytes as they come, from `from` milliseconds on where that is given.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn cast(&self, recording: &str, from: Option<u64>) -> Result<ByteStream> {
        let response = self.send::<GetCast>(&[recording], &CastQuery { from }, None, None).await?;
        let client = self.clone();
        Ok(ByteStream(response.bytes_stream().map(move |bytes| bytes.map_err(|error| client.broken(error))).boxed()))
    }

    /// Sends a request and turns a refusal into the error that it carries. Without `limit` the answer's body may take for ever.
    async fn send<E: Endpoint>(&self, path: &[&str], request: &E::Request, wait: Option<Duration>, limit: Option<Duration>) -> Result<reqwest::Response> {
        let mut target = filled(E::PATH, path);
        let asks = by_query(E::METHOD);
        if asks {
            target.push_str(&query(request)?);
        }
        let mut builder = self.request(E::METHOD, &target);
        if !asks {
            builder = builder.json(request);
        }
        if let Some(wait) = wait {
            builder = builder.header("prefer", format!("wait={}", wait.as_secs()));
        }
        if let Some(limit) = limit {
            builder = builder.timeout(limit);
        }
        self.answered(builder).await
    }

    /// Signs in with a password, or a token. What comes back is good as a token until it ends.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn log_in(&self, request: &LogIn) -> Result<(LoggedIn, String)> {
        let response = self.send::<LogInAs>(&[], request, None, Some(PATIENCE)).await?;
        let cookie = response.headers().get("set-cookie").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let secret = cookie.split(';').next().and_then(|pair| pair.split_once('=')).map(|(_, secret)| secret.to_owned()).unwrap_or_default();
        let logged_in = self.json::<LogInAs>(response).await?;
        Ok((logged_in, secret))
    }

    /// A request to the server, with what says who asks.
    fn request(&self, method: Method, target: &str) -> reqwest::RequestBuilder {
        let (url, token) = match &self.0.address {
            Address::Unix(_) => (format!("http://cto{target}"), None),
            Address::Tcp(remote) => (format!("{}{target}", remote.url()), Some(&remote.token).filter(|token| !token.is_empty())),
        };
        let http = self.http();
        let builder = match method {
            Method::Get => http.get(url),
            Method::Post => http.post(url),
            Method::Put => http.put(url),
            Method::Delete => http.delete(url),
            Method::Patch => http.patch(url),
            Method::Head => http.head(url),
            Method::Options => http.request(reqwest::Method::OPTIONS, url),
        };
        let builder = if self.is_read_only() { builder.header(READ_ONLY_HEADER, "true") } else { builder };
        match token {
            Some(token) => builder.bearer_auth(token),
            None => builder,
        }
    }

    async fn answered(&self, builder: reqwest::RequestBuilder) -> Result<reqwest::Response> {
        let response = builder.send().await.map_err(|error| self.broken(error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status().as_u16();
        let body = response.bytes().await.unwrap_or_default();
        Err(refusal(status, &body))
    }

    async fn json<E: Endpoint>(&self, response: reqwest::Response) -> Result<E::Reply> {
        let bytes = response.bytes().await.map_err(|error| self.broken(error))?;
        let text: &[u8] = if E::ANSWER == Answer::Nothing || bytes.is_empty() { b"{}" } else { &bytes };
        serde_json::from_slice(text).map_err(|error| {
            Error::new(Code::ServerUnavailable, format!("the server's answer to {} is not understood: {error}", E::NAME))
                .fix("client and server may be of different versions: compare with 'cto server status', or restart the server with 'cto server stop'")
                .because(error)
        })
    }

    fn broken(&self, error: reqwest::Error) -> Error {
        if error.is_timeout() {
            return Error::new(Code::TimedOut, "the server took too long to answer").because(error);
        }
        self.unreachable(error)
    }
}

/// The error that an answer other than 2xx carries.
pub(super) fn refusal(status: u16, body: &[u8]) -> Error {
    if let Ok(problem) = serde_json::from_slice::<Problem>(body) {
        return problem.into();
    }
    let code = match status {
        401 => Code::Unauthenticated,
        403 => Code::Forbidden,
        404 => Code::NotFound,
        _ => Code::ServerUnavailable,
    };
    Error::new(code, format!("the server answered {status} without a reason that cto knows")).fix("check that the address is that of a cto server")
}

/// A path with its parameters filled in.
pub(super) fn filled(path: &str, values: &[&str]) -> String {
    let mut values = values.iter();
    let parts =
        path.split('/').map(|part| if part.starts_with('{') { escaped(values.next().copied().unwrap_or_default()).to_string() } else { part.to_owned() });
    parts.collect::<Vec<_>>().join("/")
}

/// A flat request as a query string, `?` included; empty when there is nothing to say.
fn query(request: &impl serde::Serialize) -> Result<String> {
    let value = serde_json::to_value(request).map_err(|error| Error::internal(error.to_string()))?;
    let mut text = String::new();
    for (name, value) in value.as_object().into_iter().flatten() {
        let value = match value {
            serde_json::Value::Null => continue,
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let _ = write!(text, "{}{}={}", if text.is_empty() { '?' } else { '&' }, escaped(name), escaped(&value));
    }
    Ok(text)
}

/// All that is reserved in URLs.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn escaped(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, RESERVED)
}

/// Whether a request goes into the query string.
fn by_query(method: Method) -> bool {
    !matches!(method, Method::Post | Method::Put | Method::Patch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ListQuery;

    #[test]
    fn names_with_odd_letters_stay_one_part_of_the_path() {
        assert_eq!(filled("/api/v1/containers/{id}/start", &["a/b ü"]), "/api/v1/containers/a%2Fb%20%C3%BC/start");
    }

    #[test]
    fn queries_hold_only_what_is_given() {
        assert_eq!(query(&ListQuery::default()).unwrap(), "");
        assert_eq!(query(&ListQuery { limit: Some(3), q: Some("a&b".into()), ..ListQuery::default() }).unwrap(), "?limit=3&q=a%26b");
    }
}
