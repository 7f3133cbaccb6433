//! The small languages inside templates: names, sizes, ports, mounts, words. Pure functions; errors are sentences for people.
use crate::config::document::did_you_mean;
use crate::model::Port;

/// What a function here gives: the value, or what is wrong with the text.
pub type Read<T> = Result<T, String>;

/// The least memory that Docker takes.
const LEAST_MEMORY: u64 = 6 << 20;

/// Memory as people write it: `512m`, `2g`, `1.5 GiB`, or a number of bytes. Units are powers of 1024, as with Docker.
pub fn bytes(text: &str) -> Read<u64> {
    let wrong = || format!("'{text}' is not an amount of memory; write '512m' or '2g'");
    let trimmed = text.trim().to_ascii_lowercase();
    let end = trimmed.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(end);
    let shift = match unit.trim() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        "t" | "tb" | "tib" => 40,
        _ => return Err(wrong()),
    };
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let bytes = number * 2_f64.powi(shift);
    if !bytes.is_finite() || bytes >= 9e15 {
        return Err(format!("'{text}' is more memory than any machine has"));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "digits alone make no negative number, and the size was checked")]
    Ok(bytes as u64)
}

/// The memory limit of a container.
pub fn memory(text: &str) -> Read<u64> {
    let bytes = bytes(text)?;
    if bytes < LEAST_MEMORY {
        return Err(format!("'{text}' is less memory than a container can have; the least is '6m'"));
    }
    Ok(bytes)
}

/// A template's or user's name: lower-case letters, digits, `-`, `_` and `.`, beginning with a letter or digit, at most 63.
pub fn name(text: &str) -> Read<()> {
    let first = text.chars().next().is_some_and(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit());
    let rest = text.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_.".contains(letter));
    if first && rest && text.len() <= 63 {
        return Ok(());
    }
    Err(format!("'{text}' can't be a name: use lower-case letters, digits, '-', '_' and '.', beginning with a letter or digit, at most 63"))
}

/// A container's name, as Docker takes it.
pub fn container_name(text: &str) -> Read<()> {
    let first = text.chars().next().is_some_and(|letter| letter.is_ascii_alphanumeric());
    let rest = text.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter));
    if first && rest && (2..=128).contains(&text.len()) {
        return Ok(());
    }
    Err(format!("'{text}' can't be a container's name: use 2 to 128 letters, digits, '-', '_' and '.', beginning with a letter or digit"))
}

/// A parameter's name: letters, digits, `_` and `-`, beginning with a letter.
pub fn param_name(text: &str) -> Read<()> {
    let first = text.chars().next().is_some_and(|letter| letter.is_ascii_alphabetic());
    if first && text.len() <= 63 && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter)) {
        return Ok(());
    }
    Err(format!("'{text}' can't be a parameter's name: use letters, digits, '_' and '-', beginning with a letter"))
}

/// An image reference: `[registry/]name[:tag][@digest]`.
pub fn image(text: &str) -> Read<()> {
    let wrong = |why: &str| Err(format!("'{text}' is not an image reference: {why}"));
    if text.is_empty() {
        return Err("the image is empty".to_owned());
    }
    if text.len() > 512 || !text.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_./:@[]".contains(letter)) {
        return wrong("write it as 'docker pull' takes it, such as 'debian:bookworm-slim'");
    }
    let (path, digest) = text.split_once('@').map_or((text, None), |(path, digest)| (path, Some(digest)));
    if digest.is_some_and(|digest| !digest.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))) {
        return wrong("a digest is 'sha256:' and 64 hexadecimal digits");
    }
    // A colon before the last slash belongs to the registry's port.
    let slash = path.rfind('/').map_or(0, |at| at + 1);
    let (name, tag) = path.get(slash..).and_then(|last| last.split_once(':')).map_or((path, None), |(last, tag)| (&path[..slash + last.len()], Some(tag)));
    if tag.is_some_and(|tag| tag.is_empty() || tag.len() > 128 || tag.starts_with(['-', '.']) || tag.contains([':', '['])) {
        return wrong("what follows ':' is not a tag");
    }
    let mut parts: Vec<&str> = name.split('/').collect();
    let registry = parts.len() > 1 && parts.first().is_some_and(|first| first.contains(['.', ':']) || *first == "localhost");
    if registry {
        parts.remove(0);
    }
    if parts.iter().any(|part| part.chars().any(|letter| letter.is_ascii_uppercase())) {
        return wrong("names of images are lower case");
    }
    let good = |part: &&str| part.starts_with(|first: char| first.is_ascii_alphanumeric()) && part.ends_with(|last: char| last.is_ascii_alphanumeric());
    if !parts.iter().all(good) || parts.iter().any(|part| part.contains([':', '['])) {
        return wrong("write it as 'docker pull' takes it, such as 'debian:bookworm-slim'");
    }
    Ok(())
}

/// A package's name, with who installs it and a version where wanted.
pub fn package(text: &str) -> Read<()> {
    crate::model::package(text).map(drop)
}

/// An absolute path in the container.
pub fn container_path(text: &str) -> Read<()> {
    if !text.starts_with('/') {
        return Err(format!("'{text}' must be an absolute path in the container, beginning with '/'"));
    }
    if text.split('/').any(|step| step == "..") || text.contains(':') || text.chars().any(char::is_control) {
        return Err(format!("'{text}' must be a path without '..', ':' and control characters"));
    }
    Ok(())
}

/// A user name or uid, with a group where wanted.
pub fn user(text: &str) -> Read<()> {
    let good = |part: &str| !part.is_empty() && !part.starts_with('-') && part.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.$".contains(letter));
    if text.split(':').count() <= 2 && text.split(':').all(good) {
        return Ok(());
    }
    Err(format!("'{text}' is not a user; write a name or a number, and ':group' where wanted"))
}

/// A host name.
pub fn hostname(text: &str) -> Read<()> {
    let good = |part: &str| {
        !part.is_empty() && !part.starts_with('-') && !part.ends_with('-') && part.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
    };
    if text.len() <= 63 && text.split('.').all(good) {
        return Ok(());
    }
    Err(format!("'{text}' is not a host name: use letters, digits, '-' and '.', at most 63"))
}

/// The name of an environment variable.
pub fn variable(text: &str) -> Read<()> {
    if text.is_empty() || text.contains('=') || text.chars().any(|letter| letter.is_control() || letter.is_whitespace()) {
        return Err(format!("'{text}' is not the name of an environment variable"));
    }
    Ok(())
}

/// Variables of a file: `NAME=VALUE` line by line, with `#` for remarks. A value in quotes is what stands between them; in double ones `\n`, `\t`, `\"` and `\\`
/// mean what they do elsewhere. Nothing else is filled in.
pub fn variables(text: &str) -> Read<Vec<(String, String)>> {
    let mut all = Vec::new();
    for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = line.split_once('=').ok_or_else(|| format!("its line {number} is not 'NAME=VALUE'"))?;
        let name = name.strip_prefix("export ").unwrap_or(name).trim();
        variable(name).map_err(|detail| format!("its line {number} is wrong: {detail}"))?;
        let value = value.trim();
        let inner = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.split_once(quote)).map(|(inner, _)| inner.to_owned());
        let value = match value.chars().next() {
            Some('\'') => inner('\''),
            Some('"') => double_quoted(&value[1..]),
            _ => Some(value.split_once(" #").map_or(value, |(value, _)| value).trim_end().to_owned()),
        };
        all.push((name.to_owned(), value.ok_or_else(|| format!("a quote in its line {number} is never closed"))?));
    }
    Ok(all)
}

/// What stands before the closing quote.
fn double_quoted(text: &str) -> Option<String> {
    let mut value = String::new();
    let mut letters = text.chars();
    loop {
        match letters.next()? {
            '"' => return Some(value),
            '\\' => match letters.next()? {
                'n' => value.push('\n'),
                't' => value.push('\t'),
                other if "\"\\$".contains(other) => value.push(other),
                other => value.extend(['\\', other]),
            },
            other => value.push(other),
        }
    }
}

/// A label's name. Those of cto are refused: who could set them could pass a container off as another's.
pub fn label(text: &str) -> Read<()> {
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(format!("'{text}' is not the name of a label"));
    }
    let lower = text.to_ascii_lowercase();
    if lower == "cto" || lower.starts_with("cto.") {
        return Err(format!("label '{text}' is refused: labels that begin with 'cto.' are cto's own"));
    }
    Ok(())
}

/// Every capability of Linux, without `CAP_`.
const CAPABILITIES: [&str; 42] = [
    "ALL",
    "AUDIT_CONTROL",
    "AUDIT_READ",
    "AUDIT_WRITE",
    "BLOCK_SUSPEND",
    "BPF",
    "CHECKPOINT_RESTORE",
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "IPC_LOCK",
    "IPC_OWNER",
    "KILL",
    "LEASE",
    "LINUX_IMMUTABLE",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "MKNOD",
    "NET_ADMIN",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_RAW",
    "PERFMON",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_CHROOT",
    "SYS_MODULE",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "WAKE_ALARM",
];

/// A capability in any case, with or without `CAP_`; given back as the engine room wants it.
pub fn capability(text: &str) -> Read<String> {
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("CAP_").unwrap_or(&upper);
    if CAPABILITIES.contains(&name) {
        return Ok(name.to_owned());
    }
    Err(format!("there is no capability '{text}'{}", did_you_mean(name, CAPABILITIES)))
}

/// The source of a mount, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A path of the host, relative ones not yet resolved.
    Host(String),
    /// A named volume.
    Volume(String),
}

/// A mount: `source:target[:ro]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// What is mounted.
    pub source: Source,
    /// Absolute path in the container.
    pub target: String,
    /// The container can't write there.
    pub read_only: bool,
}

/// Reads `source:target[:ro]`.
pub fn volume(text: &str) -> Read<Volume> {
    let wrong = |why: &str| Err(format!("'{text}' is not a mount: {why}; write 'source:target' or 'source:target:ro'"));
    let parts: Vec<&str> = text.split(':').collect();
    let (source, target, read_only) = match parts.as_slice() {
        [source, target] | [source, target, "rw"] => (*source, *target, false),
        [source, target, "ro"] => (*source, *target, true),
        [_, _, other] => return wrong(&format!("'{other}' is neither 'ro' nor 'rw'")),
        [_] => return wrong("there is no ':'"),
        _ => return wrong("there are too many ':'"),
    };
    container_path(target)?;
    if target.trim_end_matches('/').is_empty() {
        return wrong("the container's own root can't be mounted over");
    }
    let source = if source.contains('/') || source == "." || source == ".." || source.starts_with('~') {
        if source.chars().any(char::is_control) {
            return wrong("the source has control characters");
        }
        Source::Host(source.to_owned())
    } else if source.len() >= 2
        && source.starts_with(|first: char| first.is_ascii_alphanumeric())
        && source.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter))
    {
        Source::Volume(source.to_owned())
    } else {
        return wrong(&format!("'{source}' is neither a path ('./{source}') nor the name of a volume"));
    };
    Ok(Volume { source, target: clean(target), read_only })
}

/// A memory file system: `target` or `target:size`; 64 MiB where no size is given.
pub fn tmpfs(text: &str) -> Read<(String, u64)> {
    let (target, size) = text.split_once(':').map_or((text, None), |(target, size)| (target, Some(size)));
    container_path(target)?;
    let size = size.map_or(Ok(64 << 20), |size| bytes(size.strip_prefix("size=").unwrap_or(size)))?;
    if size < 4096 {
        return Err(format!("'{text}' has no room: give at least '4k'"));
    }
    Ok((clean(target), size))
}

/// A path without slashes at its end and without doubled ones.
fn clean(path: &str) -> String {
    let steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty() && *step != ".").collect();
    format!("/{}", steps.join("/"))
}

/// A published port: `[ip:][host:]container[/udp]`. Without an address it is reached from this machine only.
pub fn port(text: &str) -> Read<Port> {
    let wrong = |why: &str| format!("'{text}' is not a port: {why}; write '8080', '8080:80' or '127.0.0.1:8080:80/udp'");
    let (text_of_ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    // An IPv6 address has colons of its own, so it stands in brackets.
    let (ip, ports) = match text_of_ports.strip_prefix('[').and_then(|rest| rest.split_once("]:")) {
        Some((ip, ports)) => (Some(ip), ports),
        None => match text_of_ports.split(':').collect::<Vec<_>>().as_slice() {
            [ip, _, _] => (Some(*ip), text_of_ports.get(ip.len() + 1..).unwrap_or_default()),
            _ => (None, text_of_ports),
        },
    };
    let number = |text: &str| text.parse::<u16>().map_err(|_| wrong(&format!("'{text}' is not a number from 0 to 65535")));
    let (host, container) = ports.split_once(':').map_or((None, ports), |(host, container)| (Some(host), container));
    let port = Port {
        host_ip: ip.unwrap_or("127.0.0.1").to_owned(),
        host_port: host.map_or(Ok(0), |host| if host.is_empty() { Ok(0) } else { number(host) })?,
        container_port: number(container)?,
        protocol: protocol.to_owned(),
    };
    check_port(&port).map_err(|why| wrong(&why))?;
    Ok(port)
}

/// Checks the parts of a port.
pub fn check_port(port: &Port) -> Read<()> {
    if port.container_port == 0 {
        return Err("the container's port must be from 1 to 65535".to_owned());
    }
    if port.host_ip.parse::<std::net::IpAddr>().is_err() {
        return Err(format!("'{}' is not an address", port.host_ip));
    }
    if !["tcp", "udp", "sctp"].contains(&port.protocol.as_str()) {
        return Err(format!("'{}' is neither 'tcp' nor 'udp'", port.protocol));
    }
    Ok(())
}

/// The words of a command line, split as a shell splits them; nothing else of a shell happens.
pub fn words(line: &str) -> Read<Vec<String>> {
    let words = shlex::split(line).ok_or_else(|| format!("a quote in '{line}' is never closed, or it ends in '\\'"))?;
    if words.is_empty() {
        return Err("the command is empty; leave it out to run the image's own".to_owned());
    }
    Ok(words)
}
