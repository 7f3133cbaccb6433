//! `cto login` and `cto logout`: servers elsewhere, and what this user is known by there.
use crate::cli::account_args::LoginArgs;
use crate::cli::context::Context;
use crate::cli::output;
use crate::client::Client;
use crate::client::Trust;
use crate::client::certificate_of;
use crate::config::Paths;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Empty;
use crate::model::GetMe;
use crate::model::LogIn;
use crate::model::LogOut;
use serde::Deserialize;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

/// A server that somebody has signed in to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    user: String,
    token: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
}

type Servers = BTreeMap<String, Known>;

/// `cto login URL`.
pub async fn login(context: &Context, args: &LoginArgs) -> Result<()> {
    let url = args.url.trim_end_matches('/');
    let fingerprint = if url.starts_with("https://") { vouched(url, args.fingerprint.as_deref()).await? } else { None };
    let client = Client::remote(url, "", &trust(fingerprint.as_deref()))?;
    let (user, token) = if args.token {
        let token = super::accounts::ask_secret("Token: ")?;
        let me = Client::remote(url, &token, &trust(fingerprint.as_deref()))?.call::<GetMe>(&[], &Empty {}).await?;
        (me.name, token)
    } else {
        let name = match &args.user {
            Some(user) => user.clone(),
            None => whoami()?,
        };
        let password = super::accounts::ask_secret(&format!("Password of {name} at {url}: "))?;
        let request = LogIn { name: Some(name), password: Some(password), token: None };
        let (logged_in, secret) = client.log_in(&request).await?;
        (logged_in.user, secret)
    };
    let mut servers = read(&context.paths)?;
    servers.insert(url.to_owned(), Known { user: user.clone(), token, fingerprint });
    write(&context.paths, &servers)?;
    output::print(&format!("signed in to {url} as {}; now: cto --server {url}\n", output::plain(&user)))
}

/// `cto logout URL`.
pub async fn logout(context: &Context, url: &str) -> Result<()> {
    let url = url.trim_end_matches('/');
    let mut servers = read(&context.paths)?;
    let known = servers.remove(url).ok_or_else(|| Error::not_found("login", url).fix("'cto login URL' makes one"))?;
    write(&context.paths, &servers)?;
    // Known here no more, whatever the server says: it may be gone.
    if let Err(error) = of(url, &known)?.call::<LogOut>(&[], &Empty {}).await
        && error.code != Code::Unauthenticated
    {
        output::warn(&format!("signed out here; the server did not hear of it: {}", error.message));
    }
    Ok(())
}

/// The client of a server elsewhere: known by `CTO_TOKEN`, else by what `cto login` has kept.
///
/// # Errors
/// `unauthenticated` when there is neither; `invalid_value` for what is no address.
pub fn client(paths: &Paths, url: &str) -> Result<Client> {
    let url = url.trim_end_matches('/');
    let known = read(paths)?.remove(url);
    if let Ok(token) = std::env::var("CTO_TOKEN") {
        return Client::remote(url, &token, &trust(known.and_then(|known| known.fingerprint).as_deref()));
    }
    let known = known.ok_or_else(|| {
        Error::new(Code::Unauthenticated, format!("you are not signed in to the server at {url}"))
            .fix(format!("cto login {url}; or make a token there with 'cto token create', and set CTO_TOKEN to it"))
    })?;
    of(url, &known)
}

fn of(url: &str, known: &Known) -> Result<Client> {
    Client::remote(url, &known.token, &trust(known.fingerprint.as_deref()))
}

fn trust(fingerprint: Option<&str>) -> Trust {
    fingerprint.map_or(Trust::Machine, |fingerprint| Trust::Fingerprint(fingerprint.to_owned()))
}

/// The fingerprint to remember; none where the machine trusts who vouches for the certificate.
async fn vouched(url: &str, expected: Option<&str>) -> Result<Option<String>> {
    let (shown, trusted) = certificate_of(url).await?;
    let refused = |message: String| Error::new(Code::Forbidden, message).fix("compare it with what 'cto serve' prints there");
    if let Some(expected) = expected {
        if !shown.eq_ignore_ascii_case(expected) {
            return Err(refused(format!("the certificate at {url} is {shown}, and not {expected}")));
        }
        return Ok(Some(shown));
    }
    if trusted {
        return Ok(None);
    }
    if !std::io::stdin().is_terminal() {
        return Err(refused(format!("nobody whom this machine trusts vouches for the certificate at {url}"))
            .fix(format!("if it is the right one: --fingerprint {shown}")));
    }
    let mut out = std::io::stderr();
    let asked = write!(
        out,
        "Nobody whom this machine trusts vouches for the certificate at {url}. Its fingerprint is\n  {shown}\n'cto serve' prints it there. Is it the same? [y/N] "
    );
    let mut answer = String::new();
    asked.and_then(|()| out.flush()).and_then(|()| std::io::stdin().read_line(&mut answer)).map_err(|error| Error::invalid(error.to_string()))?;
    if answer.trim().eq_ignore_ascii_case("y") || answer.trim().eq_ignore_ascii_case("yes") {
        Ok(Some(shown))
    } else {
        Err(refused("not signed in".to_owned()))
    }
}

fn whoami() -> Result<String> {
    std::env::var("USER").map_err(|_| Error::invalid("who signs in?").fix("--user NAME"))
}

fn file(paths: &Paths) -> PathBuf {
    paths.state_dir.join("servers.json")
}

fn read(paths: &Paths) -> Result<Servers> {
    let path = file(paths);
    match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
            Error::invalid(format!("'{}' can't be read: {error}", path.display())).fix("remove it, and sign in again with 'cto login URL'").because(error)
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Servers::new()),
        Err(error) => Err(Error::invalid(format!("'{}' can't be read: {error}", path.display())).because(error)),
    }
}

/// Readable by its owner only, and never half written.
fn write(paths: &Paths, servers: &Servers) -> Result<()> {
    let path = file(paths);
    let failed = |error: std::io::Error| Error::invalid(format!("'{}' can't be written: {error}", path.display())).because(error);
    let text = serde_json::to_vec_pretty(servers).map_err(|error| Error::internal(error.to_string()))?;
    std::fs::create_dir_all(&paths.state_dir).map_err(failed)?;
    let mut file = tempfile::NamedTempFile::new_in(&paths.state_dir).map_err(failed)?;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
    file.write_all(&text).map_err(failed)?;
    file.persist(&path).map(drop).map_err(|error| failed(error.error))
}
