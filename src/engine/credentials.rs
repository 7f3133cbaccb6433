//! Registry credentials, as `docker login` keeps them.
use super::address;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use base64::engine::general_purpose::URL_SAFE;
use bollard::Docker;
use serde_json::Value;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// How docker's settings call Docker Hub.
const HUB: &str = "https://index.docker.io/v1/";
/// How long a credential helper may take.
const HELPER: Duration = Duration::from_secs(20);

/// The same handle with the credentials for the image's registry, where docker has some.
///
/// The header is written here: bollard writes it in standard base64 where the engine reads the URL-safe kind, and so some passwords fail.
pub(super) async fn attach(docker: Docker, reference: &str) -> Docker {
    let Some(header) = header_for(reference).await else { return docker };
    docker.with_request_modifier(move |mut request| {
        request.headers_mut().insert("X-Registry-Auth", header.clone());
        request
    })
}

/// The same handle with every credential that docker has: a recipe may begin from any registry.
pub(super) async fn attach_all(docker: Docker) -> Docker {
    let Some(settings) = settings().await else { return docker };
    let mut names: Vec<String> =
        ["auths", "credHelpers"].iter().filter_map(|kind| settings.get(kind)?.as_object()).flat_map(|all| all.keys().cloned()).collect();
    if let Some(helper) = settings.get("credsStore").and_then(Value::as_str)
        && let Some(listed) = run(helper, "list", "").await
    {
        names.extend(listed.as_object().into_iter().flat_map(|all| all.keys().cloned()));
    }
    let mut all = serde_json::Map::new();
    for name in names {
        let registry = if name.contains("index.docker.io") { HUB.to_owned() } else { bare(&name) };
        if !all.contains_key(&registry)
            && let Some(found) = of_registry(&settings, &registry).await
        {
            all.insert(registry, found);
        }
    }
    let Some(header) = header(&Value::Object(all)) else { return docker };
    docker.with_request_modifier(move |mut request| {
        request.headers_mut().insert("X-Registry-Config", header.clone());
        request
    })
}

/// The header of who has no credentials.
pub(super) fn none() -> http::HeaderValue {
    http::HeaderValue::from_static("e30=")
}

/// The credentials for the image's registry as the engine reads them.
pub(super) async fn header_for(reference: &str) -> Option<http::HeaderValue> {
    header(&of_registry(&settings().await?, registry(reference)).await?)
}

fn header(value: &Value) -> Option<http::HeaderValue> {
    let mut header = http::HeaderValue::from_str(&URL_SAFE.encode(value.to_string())).ok()?;
    header.set_sensitive(true);
    Some(header)
}

async fn settings() -> Option<Value> {
    let text = tokio::fs::read(address::settings_dir()?.join("config.json")).await.ok()?;
    serde_json::from_slice(&text).ok()
}

async fn of_registry(settings: &Value, registry: &str) -> Option<Value> {
    let helper = settings.pointer("/credHelpers").and_then(|helpers| helpers.get(registry)).or_else(|| settings.get("credsStore")).and_then(Value::as_str);
    match helper {
        Some(helper) => ask(helper, registry).await,
        None => stored(settings, registry),
    }
}

/// A registry's name without what some settings put around it.
fn bare(name: &str) -> String {
    name.trim_start_matches("https://").trim_start_matches("http://").split('/').next().unwrap_or_default().to_owned()
}

/// The registry of a reference: what stands before the first slash if it has a dot or a port, or is localhost.
fn registry(reference: &str) -> &str {
    match reference.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => host,
        _ => HUB,
    }
}

/// Credentials kept in docker's settings themselves.
fn stored(settings: &Value, registry: &str) -> Option<Value> {
    let all = settings.get("auths")?.as_object()?;
    let (_, entry) = all.iter().find(|(name, _)| *name == registry).or_else(|| all.iter().find(|(name, _)| bare(name) == bare(registry)))?;
    if let Some(token) = entry.get("identitytoken").and_then(Value::as_str).filter(|token| !token.is_empty()) {
        return Some(serde_json::json!({ "identitytoken": token, "serveraddress": registry }));
    }
    let pair = STANDARD.decode(entry.get("auth")?.as_str()?).ok()?;
    let (user, password) = std::str::from_utf8(&pair).ok()?.split_once(':')?;
    Some(serde_json::json!({ "username": user, "password": password.trim_end_matches('\0'), "serveraddress": registry }))
}

/// Credentials kept by a helper program of docker's.
async fn ask(helper: &str, registry: &str) -> Option<Value> {
    let found = run(helper, "get", registry).await?;
    let (user, secret) = (found.get("Username")?.as_str()?, found.get("Secret")?.as_str()?);
    if user == "<token>" {
        return Some(serde_json::json!({ "identitytoken": secret, "serveraddress": registry }));
    }
    Some(serde_json::json!({ "username": user, "password": secret, "serveraddress": registry }))
}

/// What a helper program answers.
async fn run(helper: &str, what: &str, input: &str) -> Option<Value> {
    if helper.is_empty() || !helper.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
        return None;
    }
    let work = async {
        let mut child = tokio::process::Command::new(format!("docker-credential-{helper}"))
            .arg(what)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .ok()?;
        // One that lists need not read.
        let _ = child.stdin.take()?.write_all(input.as_bytes()).await;
        serde_json::from_slice::<Value>(&child.wait_with_output().await.ok()?.stdout).ok()
    };
    tokio::time::timeout(HELPER, work).await.ok()?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_found_for_the_images_registry() {
        assert_eq!(registry("debian:12"), HUB);
        assert_eq!(registry("127.0.0.1:5000/debian"), "127.0.0.1:5000");
        let settings = serde_json::json!({ "auths": { "https://reg.example/v2/": { "auth": STANDARD.encode("ann:a:b?>") } } });
        let found = stored(&settings, "reg.example").expect("found");
        assert_eq!((found["username"].as_str(), found["password"].as_str()), (Some("ann"), Some("a:b?>")));
        assert!(stored(&settings, HUB).is_none());
    }
}
