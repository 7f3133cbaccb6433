//! A server over a control plane, on a real unix socket and a real TCP port.
use super::plane::Plane;
use super::plane::admin;
use cto::client::Client;
use cto::model::*;
use serde_json::Value;
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::net::TcpListener;
use tokio::net::UnixListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A plane that is served.
pub struct Door {
    pub plane: Plane,
    pub client: Client,
    pub address: SocketAddr,
    socket: PathBuf,
    closing: CancellationToken,
    serving: Option<JoinHandle<()>>,
}

impl Door {
    pub async fn open() -> Self {
        Self::over(Plane::start().await).await
    }

    pub async fn over(plane: Plane) -> Self {
        let socket = plane.home.path().join("spec.sock");
        let (address, closing, serving) = serve(&plane, &socket, 0).await;
        Self { client: Client::local(&socket), plane, address, socket, closing, serving: Some(serving) }
    }

    /// Closes the server as on SIGTERM, and waits for its end.
    pub async fn close(&mut self) {
        self.closing.cancel();
        if let Some(serving) = self.serving.take() {
            serving.await.unwrap();
        }
        let _ = std::fs::remove_file(&self.socket);
    }

    /// A token of a new user with this role.
    pub async fn token(&self, role: Role) -> String {
        let name = format!("user-{role}");
        let control = &self.plane.control;
        let _ = control.create_user(&admin(), AddUser { name: name.clone(), role, password: None }).await;
        control.create_token_for(&admin(), CreateToken { user: Some(name), role: None, expires_in_days: None, about: None }).await.unwrap().secret
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A request over TCP with this token; status and body.
    pub async fn ask(&self, token: Option<&str>, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let method = match method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
            Method::Patch => reqwest::Method::PATCH,
            Method::Head => reqwest::Method::HEAD,
            Method::Options => reqwest::Method::OPTIONS,
        };
        let mut request = http().request(method, self.url(path));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        read(request.send().await.unwrap()).await
    }
}

/// A client that knows nothing of cto. It wants to know what TLS is done with.
pub fn http() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

/// Status and body; text that is no JSON as a string.
pub async fn read(response: reqwest::Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let bytes = response.bytes().await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned())))
}

async fn serve(plane: &Plane, socket: &PathBuf, port: u16) -> (SocketAddr, CancellationToken, JoinHandle<()>) {
    let unix = UnixListener::bind(socket).unwrap();
    let tcp = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let address = tcp.local_addr().unwrap();
    let closing = CancellationToken::new();
    let (automation, token) = (plane.automation.clone(), closing.clone());
    let serving = tokio::spawn(async move { cto::server::serve(automation, unix, vec![tcp.into()], "", token).await });
    (address, closing, serving)
}
