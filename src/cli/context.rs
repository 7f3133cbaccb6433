//! What every command starts from: paths, flags, the server.
use crate::cli::args::Global;
use crate::cli::output;
use crate::client::Client;
use crate::client::Launcher;
use crate::client::ensure_server;
use crate::config::Config;
use crate::config::LoadedConfig;
use crate::config::Paths;
use crate::config::project_of;
use crate::config::variables;
use crate::error::Error;
use crate::error::Result;
use crate::model::Endpoint;
use crate::model::ListQuery;
use crate::model::Page;
use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::path::PathBuf;

/// Most things that are asked for at once.
const PAGE: u32 = 500;

/// What every command starts from.
#[derive(Clone, Debug)]
pub struct Context {
    /// Flags.
    pub global: Global,
    /// Where files lie.
    pub paths: Paths,
}

impl Context {
    /// From the flags.
    ///
    /// # Errors
    /// When there is no place for files.
    pub fn new(global: Global) -> Result<Self> {
        let paths = match &global.home {
            Some(home) if !home.as_os_str().is_empty() => Paths::under(home)?,
            _ => Paths::find()?,
        };
        Ok(Self { global, paths })
    }

    /// Whether JSON is wanted.
    pub fn json(&self) -> bool {
        self.global.json
    }

    /// What is to be logged, where flags or environment say so.
    pub fn log_level(&self) -> Option<String> {
        if self.global.debug { Some("debug".to_owned()) } else { self.global.log_level.clone() }
    }

    /// The server: the one named by `--server`, else the one on this machine, started when none answers.
    ///
    /// # Errors
    /// `server_unavailable`.
    pub async fn client(&self) -> Result<Client> {
        let client = self.with_all_rights().await?;
        Ok(if self.global.read_only { client.read_only() } else { client })
    }

    async fn with_all_rights(&self) -> Result<Client> {
        if let Some(remote) = self.remote()? {
            return Ok(remote);
        }
        let ensured = ensure_server(&self.launcher()?).await?;
        if let Some(mismatch) = &ensured.mismatch {
            output::warn(mismatch);
        }
        Ok(ensured.client)
    }

    /// The server named by `--server`.
    ///
    /// # Errors
    /// When it is no address, or there is no token for it.
    pub fn remote(&self) -> Result<Option<Client>> {
        let Some(url) = self.global.server.as_deref().filter(|url| !url.is_empty()) else { return Ok(None) };
        super::login::client(&self.paths, url).map(Some)
    }

    /// The server on this machine, which may not run.
    ///
    /// # Errors
    /// When somebody else could sit at its socket.
    pub fn local(&self) -> Result<Client> {
        self.paths.check_socket()?;
        Ok(Client::local(self.paths.socket()))
    }

    /// How to start the server on this machine.
    ///
    /// # Errors
    /// When somebody else could sit at its socket, or this program does not know its own file.
    pub fn launcher(&self) -> Result<Launcher> {
        self.paths.check_socket()?;
        let program = std::env::current_exe().map_err(|error| Error::internal(format!("cto does not find its own file: {error}")))?;
        let mut arguments: Vec<OsString> = Vec::new();
        if let Some(environment) = &self.global.environment {
            arguments.extend(["--env".into(), environment.into()]);
        }
        arguments.extend(["serve".into(), "--background".into()]);
        if let Some(home) = &self.global.home {
            arguments.extend(["--home".into(), home.clone().into_os_string()]);
        }
        if let Some(level) = self.log_level() {
            arguments.extend(["--log-level".into(), level.into()]);
        }
        Ok(Launcher::new(self.paths.socket(), program, arguments))
    }

    /// The directory that the command was given in.
    ///
    /// # Errors
    /// When it is gone.
    pub fn here() -> Result<PathBuf> {
        std::env::current_dir().map_err(|error| Error::invalid(format!("the working directory can't be used: {error}")).because(error))
    }

    /// The project that the command was given in.
    pub fn project() -> Option<PathBuf> {
        std::env::current_dir().ok().and_then(|dir| project_of(&dir))
    }

    /// The configuration; its mistakes become warnings, since a client can do without any of it.
    pub fn config(&self) -> Config {
        let loaded = self.loaded();
        for place in &loaded.complaints {
            output::warn(output::show_place(place, None, false).lines().next().unwrap_or_default().trim());
        }
        loaded.config
    }

    /// The configuration of here with what is wrong in it.
    pub fn loaded(&self) -> LoadedConfig {
        let mut loaded = Config::read(&self.paths, Self::project().as_deref(), variables(self.global.environment.clone()));
        if let Some(level) = self.log_level() {
            loaded.lay(if self.global.debug { "--debug" } else { "--log-level" }, "/log/level", &level, &self.paths);
        }
        loaded
    }

    /// Every thing of a list, page by page.
    ///
    /// # Errors
    /// What the server says.
    pub async fn all<E, T>(client: &Client, query: ListQuery) -> Result<Vec<T>>
    where
        E: Endpoint<Request = ListQuery, Reply = Page<T>>,
    {
        let mut query = ListQuery { limit: Some(PAGE), ..query };
        let mut items = Vec::new();
        loop {
            let page = client.call::<E>(&[], &query).await?;
            items.extend(page.items);
            match page.next_cursor {
                Some(cursor) => query.cursor = Some(cursor),
                None => return Ok(items),
            }
        }
    }
}

/// Whether a person sits at both ends.
pub fn on_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}
