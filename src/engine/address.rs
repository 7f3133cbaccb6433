//! Where the engine is: found as docker's own command line finds it.
use sha2::Digest;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::path::PathBuf;

/// A way to reach an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// A socket of this machine.
    Unix(PathBuf),
    /// `host:port`, with the directory of ca.pem, cert.pem and key.pem where it is TLS.
    Tcp(String, Option<PathBuf>),
    /// Something else; the text says what is wrong with it.
    Unusable(String, String),
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp(host, _) => write!(f, "tcp://{host}"),
            Self::Unusable(text, _) => f.write_str(text),
        }
    }
}

/// The surroundings that decide, passed in for tests.
pub(super) struct Surroundings<'a> {
    /// Reads an environment variable; empty counts as unset.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// Whether somebody listens on this socket; `None` where there is no such file.
    pub answers: &'a dyn Fn(&Path) -> Option<bool>,
}

impl Surroundings<'_> {
    fn get(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    /// Docker's own settings: `DOCKER_CONFIG`, or `~/.docker`.
    fn settings(&self) -> Option<PathBuf> {
        self.get("DOCKER_CONFIG").map(PathBuf::from).or_else(|| self.get("HOME").map(|home| Path::new(&home).join(".docker")))
    }
}

/// Docker's own settings on this machine: `DOCKER_CONFIG`, or `~/.docker`.
pub(super) fn settings_dir() -> Option<PathBuf> {
    Surroundings { variable: &|name| std::env::var(name).ok(), answers: &|_| None }.settings()
}

/// Finds the engine on this machine; `asked` goes before everything else.
pub(super) fn find(asked: Option<&str>) -> Address {
    let answers = |path: &Path| path.exists().then(|| UnixStream::connect(path).is_ok());
    find_in(asked, &Surroundings { variable: &|name| std::env::var(name).ok(), answers: &answers })
}

/// `asked`, DOCKER_HOST, the current context, then the first of the known sockets that answers, or else the first that exists.
pub(super) fn find_in(asked: Option<&str>, around: &Surroundings<'_>) -> Address {
    let verify = around.get("DOCKER_TLS_VERIFY").is_some();
    let certificates = || around.get("DOCKER_CERT_PATH").map(PathBuf::from).or_else(|| around.settings());
    if let Some(host) = asked.map(str::to_owned).or_else(|| around.get("DOCKER_HOST")) {
        return parse(&host, if verify { certificates() } else { None });
    }
    if let Some(found) = from_context(around) {
        return found;
    }
    let known = known_sockets(around);
    let answering = known.iter().find(|path| (around.answers)(path) == Some(true));
    let existing = || known.iter().find(|path| (around.answers)(path).is_some());
    Address::Unix(answering.or_else(existing).cloned().unwrap_or_else(|| PathBuf::from("/var/run/docker.sock")))
}

/// Docker's socket, rootless Docker's, Docker Desktop's, then Podman's.
fn known_sockets(around: &Surroundings<'_>) -> Vec<PathBuf> {
    let mut known = vec![PathBuf::from("/var/run/docker.sock")];
    let runtime = around.get("XDG_RUNTIME_DIR").map(PathBuf::from);
    known.extend(runtime.iter().map(|dir| dir.join("docker.sock")));
    known.extend(around.get("HOME").map(|home| Path::new(&home).join(".docker/run/docker.sock")));
    known.extend(runtime.iter().map(|dir| dir.join("podman/podman.sock")));
    known.push(PathBuf::from("/run/podman/podman.sock"));
    known
}

/// Reads an address as DOCKER_HOST has it.
fn parse(host: &str, certificates: Option<PathBuf>) -> Address {
    let unusable = |why: &str| Address::Unusable(host.to_owned(), why.to_owned());
    if let Some(path) = host.strip_prefix("unix://").or_else(|| host.starts_with('/').then_some(host)) {
        return Address::Unix(PathBuf::from(path));
    }
    let (rest, tls) = match host.split_once("://") {
        Some(("tcp" | "http", rest)) => (rest, certificates),
        Some(("https", rest)) => (rest, certificates.or_else(settings_dir)),
        Some(("ssh", rest)) => {
            return unusable(&format!(
                "addresses by ssh are not spoken; forward the socket: 'ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock {rest}', then DOCKER_HOST=unix:///tmp/docker.sock"
            ));
        }
        Some(_) => return unusable("an engine's address begins with unix://, tcp:// or https://"),
        None => (host, certificates),
    };
    let rest = rest.trim_end_matches('/');
    if rest.is_empty() || rest.contains('/') {
        return unusable("an engine's address is tcp://HOST:PORT");
    }
    let has_port = rest.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let port = if tls.is_some() { 2376 } else { 2375 };
    Address::Tcp(if has_port { rest.to_owned() } else { format!("{rest}:{port}") }, tls)
}

/// The engine of docker's current context, where one is chosen.
fn from_context(around: &Surroundings<'_>) -> Option<Address> {
    let settings = around.settings()?;
    let read = |path: PathBuf| std::fs::read(path).ok().and_then(|text| serde_json::from_slice::<serde_json::Value>(&text).ok());
    let chosen = || read(settings.join("config.json"))?.get("currentContext")?.as_str().map(str::to_owned);
    let name = around.get("DOCKER_CONTEXT").or_else(chosen).filter(|name| name != "default")?;
    let digest: String = sha2::Sha256::digest(name.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let Some(meta) = read(settings.join("contexts/meta").join(&digest).join("meta.json")) else {
        return Some(Address::Unusable(format!("context '{name}'"), format!("docker's context '{name}' does not exist; see 'docker context ls'")));
    };
    let host = meta.pointer("/Endpoints/docker/Host")?.as_str()?.to_owned();
    let certificates = settings.join("contexts/tls").join(&digest).join("docker");
    Some(parse(&host, certificates.is_dir().then_some(certificates)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)], sockets: &[(&str, bool)]) -> String {
        let variable = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let answers = |path: &Path| sockets.iter().find(|(known, _)| Path::new(known) == path).map(|(_, answers)| *answers);
        find_in(None, &Surroundings { variable: &variable, answers: &answers }).to_string()
    }

    #[test]
    fn an_engine_is_found_as_docker_finds_it() {
        assert_eq!(found(&[("DOCKER_HOST", "unix:///x/d.sock")], &[("/var/run/docker.sock", true)]), "unix:///x/d.sock");
        assert_eq!(found(&[("DOCKER_HOST", "tcp://h")], &[]), "tcp://h:2375");
        assert_eq!(found(&[("DOCKER_HOST", "tcp://h"), ("DOCKER_TLS_VERIFY", "1"), ("HOME", "/x")], &[]), "tcp://h:2376");
        assert_eq!(found(&[], &[]), "unix:///var/run/docker.sock");
        assert_eq!(found(&[("XDG_RUNTIME_DIR", "/r")], &[("/r/docker.sock", true)]), "unix:///r/docker.sock");
        let dead = ("/var/run/docker.sock", false);
        assert_eq!(found(&[], &[dead, ("/run/podman/podman.sock", true)]), "unix:///run/podman/podman.sock");
        assert_eq!(found(&[], &[dead]), "unix:///var/run/docker.sock");
    }

    #[test]
    fn the_current_context_counts() {
        let home = tempfile::tempdir().expect("a directory");
        let digest: String = sha2::Sha256::digest(b"far").iter().map(|byte| format!("{byte:02x}")).collect();
        let meta = home.path().join("contexts/meta").join(digest);
        std::fs::create_dir_all(&meta).expect("made");
        std::fs::write(home.path().join("config.json"), r#"{"currentContext":"far"}"#).expect("written");
        std::fs::write(meta.join("meta.json"), r#"{"Name":"far","Endpoints":{"docker":{"Host":"tcp://far:1"}}}"#).expect("written");
        let config = home.path().display().to_string();
        assert_eq!(found(&[("DOCKER_CONFIG", &config)], &[]), "tcp://far:1");
        assert_eq!(found(&[("DOCKER_CONFIG", &config), ("DOCKER_CONTEXT", "default")], &[]), "unix:///var/run/docker.sock");
        assert_eq!(found(&[("DOCKER_CONFIG", &config), ("DOCKER_CONTEXT", "gone")], &[]), "context 'gone'");
    }
}
