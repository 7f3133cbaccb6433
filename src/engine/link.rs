//! The link to an engine: opened when first needed, and again after a loss.
use super::address;
use super::address::Address;
use super::fault;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::EngineInfo;
use bollard::Docker;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::time::Duration;

/// Seconds until an engine has to begin its answer.
const ANSWER_SECONDS: u64 = 120;
/// How long opening a link may take.
const OPENING: Duration = Duration::from_secs(10);
/// The oldest API that has everything cto asks for: Docker Engine 20.10.
const OLDEST_API: (usize, usize) = (1, 41);

/// One address and, when it is open, the link there.
#[derive(Debug)]
pub(super) struct Link {
    asked: Option<String>,
    /// A std mutex: it is held for a copy and never across an await.
    state: Mutex<State>,
    /// Only one task opens; the others wait for it.
    opening: tokio::sync::Mutex<()>,
    /// Rings each time that it was opened.
    opened: tokio::sync::Notify,
}

#[derive(Debug, Default)]
struct State {
    open: Option<Open>,
    info: EngineInfo,
}

/// An open link. Each request makes its own connection, so an engine that was restarted is simply reached again.
#[derive(Clone, Debug)]
pub(super) struct Open {
    /// bollard's handle.
    pub docker: Docker,
    /// The same place, for the streams that bollard can't carry (`raw`).
    pub address: Address,
    /// The version negotiated, such as `1.41`.
    pub api: String,
    /// Cores of the engine's machine.
    pub cpus: u32,
}

impl Link {
    pub(super) fn new(asked: Option<&str>) -> Self {
        let info = EngineInfo { address: address::find(asked).to_string(), detail: Some("not asked yet".into()), ..EngineInfo::default() };
        Self {
            asked: asked.map(str::to_owned),
            state: Mutex::new(State { open: None, info }),
            opening: tokio::sync::Mutex::default(),
            opened: tokio::sync::Notify::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panics while held")
    }

    /// What was last known.
    pub(super) fn info(&self) -> EngineInfo {
        self.state().info.clone()
    }

    /// The open link, opened now if need be.
    pub(super) async fn open(&self) -> Result<Open> {
        if let Some(open) = self.state().open.clone() {
            return Ok(open);
        }
        let _alone = self.opening.lock().await;
        if let Some(open) = self.state().open.clone() {
            return Ok(open);
        }
        let address = address::find(self.asked.as_deref());
        let late = || fault::unavailable(&address.to_string(), "no answer within 10 s");
        let opened = match tokio::time::timeout(OPENING, open(&address)).await {
            Ok(opened) => opened,
            Err(_) => Err(late()),
        };
        let mut state = self.state();
        match opened {
            Ok((open, info)) => {
                *state = State { open: Some(open.clone()), info };
                self.opened.notify_waiters();
                Ok(open)
            }
            Err(error) => {
                state.info = EngineInfo { address: address.to_string(), detail: Some(error.message.clone()), ..EngineInfo::default() };
                Err(error)
            }
        }
    }

    /// Waits until it is opened from now on.
    pub(super) async fn opened(&self) {
        self.opened.notified().await;
    }

    /// Asks whether the engine answers, anew.
    pub(super) async fn ping(&self) -> Result<EngineInfo> {
        let open = self.open().await?;
        match tokio::time::timeout(OPENING, open.docker.ping()).await {
            Ok(Ok(_)) => Ok(self.info()),
            Ok(Err(error)) => Err(self.fault(error, &fault::About::Engine)),
            Err(_) => {
                let error = fault::unavailable(&open.address.to_string(), "no answer within 10 s");
                self.lost(&error);
                Err(error)
            }
        }
    }

    /// bollard's error as ours. When it says that the engine is gone, the link is closed, so that the next call finds it anew.
    pub(super) fn fault(&self, error: bollard::errors::Error, about: &fault::About<'_>) -> Error {
        let address = self.state().info.address.clone();
        let error = fault::translate(error, about, &address);
        if error.code == Code::EngineUnavailable {
            self.lost(&error);
        }
        error
    }

    /// Closes the link after `error`.
    pub(super) fn lost(&self, error: &Error) {
        let mut state = self.state();
        state.open = None;
        state.info.available = false;
        state.info.detail = Some(error.message.clone());
    }
}

/// Opens a link and asks the engine what it is.
async fn open(address: &Address) -> Result<(Open, EngineInfo)> {
    let text = address.to_string();
    let version = bollard::API_DEFAULT_VERSION;
    let wrap = |error| fault::translate(error, &fault::About::Engine, &text);
    let docker = match address {
        Address::Unix(path) => Docker::connect_with_unix(&path.to_string_lossy(), ANSWER_SECONDS, version),
        Address::Tcp(host, None) => Docker::connect_with_http(host, ANSWER_SECONDS, version),
        Address::Tcp(host, Some(dir)) => {
            Docker::connect_with_ssl(host, &dir.join("key.pem"), &dir.join("cert.pem"), &dir.join("ca.pem"), ANSWER_SECONDS, version)
        }
        Address::Unusable(_, why) => return Err(Error::new(Code::EngineUnavailable, format!("the engine's address '{text}' can't be used")).fix(why.clone())),
    };
    let docker = docker.map_err(wrap)?.negotiate_version().await.map_err(wrap)?;
    let api = docker.client_version();
    let asked = docker.version().await.map_err(wrap)?;
    let machine = docker.info().await.map_err(wrap)?;
    let components = asked.components.unwrap_or_default();
    let podman = components.iter().find(|component| component.name.starts_with("Podman"));
    let product = if podman.is_some() { "podman" } else { "docker" };
    let version = podman.map(|component| component.version.clone()).or(asked.version).unwrap_or_default();
    if (api.major_version, api.minor_version) < OLDEST_API {
        return Err(Error::new(Code::EngineUnavailable, format!("the engine at {text} is {product} {version}, which is too old"))
            .fix("install Docker Engine 20.10 or newer"));
    }
    let api = format!("{}.{}", api.major_version, api.minor_version);
    let cpus = machine.ncpu.and_then(|count| u32::try_from(count).ok()).unwrap_or(0);
    let info = EngineInfo {
        available: true,
        address: text,
        product: product.to_owned(),
        version,
        api_version: api.clone(),
        detail: None,
        live_restore: machine.live_restore_enabled.unwrap_or(false),
        cpus,
        memory_bytes: machine.mem_total.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0),
    };
    Ok((Open { docker, address: address.clone(), api, cpus }, info))
}
