//! The small languages of how a container is looked after: times, restarts, signals, devices, networks. Errors are sentences for people.
use crate::config::document::did_you_mean;
use crate::config::texts::Read;
use crate::config::texts::container_path;
use crate::model::Device;
use crate::model::Restart;
use crate::model::Ulimit;
use crate::model::UlimitEntry;

/// The longest time that can be written: ten years.
const LONGEST_MS: u64 = 3_653 * 86_400_000;
/// Signals that a program can be asked to end by.
const SIGNALS: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP",
    "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];
/// Limits of processes that Docker knows.
const ULIMITS: [&str; 16] =
    ["core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio", "rttime", "sigpending", "stack", "as"];

/// A time as people write it, in milliseconds: `30s`, `5m`, `1h30m`, `2d`, `500ms`; a number alone is seconds.
pub fn duration(text: &str) -> Read<u64> {
    let wrong = || format!("'{text}' is not a time; write '30s', '5m', '1h30m' or '2d'");
    let mut rest = text.trim();
    let mut total: u64 = 0;
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number: u64 = rest[..end].parse().map_err(|_| wrong())?;
        rest = &rest[end..];
        let end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let unit: u64 = match rest[..end].trim() {
            "ms" => 1,
            "s" | "sec" => 1_000,
            "" if end == rest.len() && total == 0 => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        rest = &rest[end..];
        total = number
            .checked_mul(unit)
            .and_then(|part| total.checked_add(part))
            .filter(|sum| *sum <= LONGEST_MS)
            .ok_or_else(|| format!("'{text}' is longer than ten years"))?;
    }
    Ok(total)
}

/// A time of whole seconds, at least one.
pub fn seconds(text: &str) -> Read<u64> {
    let ms = duration(text)?;
    if ms < 1_000 { Err(format!("'{text}' is less than a second")) } else { Ok(ms.div_ceil(1_000)) }
}

/// When a container is started again.
///
/// # Errors
/// With a sentence for people.
pub fn restart(text: &str) -> Read<Restart> {
    let known = ["no", "on-failure", "always", "unless-stopped"];
    match text.split_once(':') {
        Some(("on-failure", times)) => match times.parse() {
            Ok(times @ 1..=1000) => Ok(Restart::OnFailure { times }),
            _ => Err(format!("'{times}' is not a number of restarts from 1 to 1000")),
        },
        _ => match text {
            "no" => Ok(Restart::No),
            "on-failure" => Ok(Restart::OnFailure { times: 0 }),
            "always" => Ok(Restart::Always),
            "unless-stopped" => Ok(Restart::UnlessStopped),
            _ => Err(format!("'{text}' is none of 'no', 'on-failure', 'on-failure:3', 'always', 'unless-stopped'{}", did_you_mean(text, known))),
        },
    }
}

/// A signal by name or number; given back as the engine wants it.
pub fn signal(text: &str) -> Read<String> {
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    if SIGNALS.contains(&name) {
        return Ok(format!("SIG{name}"));
    }
    match text.parse::<u8>() {
        Ok(1..=64) => Ok(text.to_owned()),
        _ => Err(format!("there is no signal '{text}'{}", did_you_mean(name, SIGNALS))),
    }
}

/// A limit of processes.
pub fn ulimit(name: &str, entry: &UlimitEntry) -> Read<Ulimit> {
    if !ULIMITS.contains(&name) {
        return Err(format!("there is no limit '{name}'{}", did_you_mean(name, ULIMITS)));
    }
    let number = |text: &str| {
        let good = text.trim().parse::<i64>().ok().filter(|number| *number >= -1);
        good.ok_or_else(|| format!("'{text}' is not a limit; write a number, -1 for none, or 'soft:hard'"))
    };
    let (soft, hard) = match entry {
        UlimitEntry::Both(both) => (number(&both.to_string())?, *both),
        UlimitEntry::Text(text) => match text.split_once(':') {
            Some((soft, hard)) => (number(soft)?, number(hard)?),
            None => (number(text)?, number(text)?),
        },
    };
    if hard >= 0 && (soft > hard || soft < 0) {
        return Err(format!("the soft limit {soft} is above the hard one, {hard}"));
    }
    Ok(Ulimit { name: name.to_owned(), soft, hard })
}

/// A device: `host[:container[:rwm]]`.
pub fn device(text: &str) -> Read<Device> {
    let parts: Vec<&str> = text.split(':').collect();
    let (host, container, access) = match parts.as_slice() {
        [host] => (*host, *host, "rwm"),
        [host, container] => (*host, *container, "rwm"),
        [host, container, access] => (*host, *container, *access),
        _ => return Err(format!("'{text}' is not a device; write '/dev/fuse' or '/dev/fuse:/dev/fuse:rw'")),
    };
    let inside_dev = |path: &str| path.starts_with("/dev/") && path.len() > 5 && container_path(path).is_ok();
    if !inside_dev(host) || !inside_dev(container) {
        return Err(format!("'{text}' is not a device: both paths begin with '/dev/'"));
    }
    if access.is_empty() || !access.chars().all(|c| "rwm".contains(c)) {
        return Err(format!("'{access}' is not an access; write some of 'r', 'w' and 'm'"));
    }
    Ok(Device { host: host.to_owned(), container: container.to_owned(), access: access.to_owned() })
}

/// A security option, brought into one spelling. Which of them loosen is for policy to say.
pub fn security(text: &str) -> Read<String> {
    let (name, value) = text.split_once(['=', ':']).unwrap_or((text, ""));
    let plain = |value: &str| !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:/".contains(c));
    match (name, value) {
        ("no-new-privileges", "" | "true") => Ok("no-new-privileges".to_owned()),
        ("no-new-privileges", "false") => Ok("no-new-privileges=false".to_owned()),
        ("seccomp", "unconfined") | ("systempaths", "unconfined") => Ok(format!("{name}={value}")),
        ("apparmor" | "label", value) if plain(value) => Ok(format!("{name}={value}")),
        _ => Err(format!(
            "'{text}' is not a security option; there are 'no-new-privileges', 'apparmor=PROFILE', 'label=…', 'seccomp=unconfined' and 'systempaths=unconfined'"
        )),
    }
}

/// The name of a setting of the kernel.
pub fn sysctl(text: &str) -> Read<()> {
    if crate::model::is_namespaced(text) {
        return Ok(());
    }
    Err(format!(
        "'{text}' is no setting of a container's own: there are 'net.*', 'fs.mqueue.*', 'kernel.sem', 'kernel.msg*' and 'kernel.shm*'; any other would be the host's"
    ))
}

/// The value of a setting of the kernel.
pub fn sysctl_value(text: &str) -> Read<()> {
    let good = !text.is_empty() && text.len() <= 256 && text.chars().all(|c| c.is_ascii_alphanumeric() || " \t.,:+-_".contains(c));
    if good { Ok(()) } else { Err(format!("'{text}' is no value of a setting of the kernel")) }
}

/// The name of a network to join. Those by which Docker means something else are none.
pub fn network(text: &str) -> Read<()> {
    let good = text.len() >= 2
        && text.len() <= 128
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if !good {
        return Err(format!("'{text}' is not the name of a network"));
    }
    if ["host", "none", "bridge", "default", "container"].contains(&text.to_ascii_lowercase().as_str()) {
        return Err(format!("'{text}' is no network to join; see 'network' for what containers may reach"));
    }
    for own in ["internal", "egress"] {
        if text.to_ascii_lowercase().starts_with(&format!("cto-{own}-")) {
            return Err(format!("'{text}' is cto's own; write \"{own}\" in 'network'"));
        }
    }
    Ok(())
}

/// Another name of a container in a network.
pub fn alias(text: &str) -> Read<()> {
    if !text.is_empty()
        && text.len() <= 63
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    {
        return Ok(());
    }
    Err(format!("'{text}' can't be an alias: use letters, digits, '-', '_' and '.', at most 63"))
}

/// The permissions of a file, in octal digits.
pub fn mode(text: &str) -> Read<u32> {
    match u32::from_str_radix(text, 8) {
        Ok(mode @ 0..=0o1777) if text.len() <= 4 => Ok(mode),
        _ => Err(format!("'{text}' is not a file's mode; write octal digits such as '0644'; nobody gets another's rights by it")),
    }
}

/// `PORT/PATH`.
pub fn http(text: &str) -> Read<(u16, String)> {
    let (port, path) = text.split_once('/').unwrap_or((text, ""));
    let good = path.chars().all(|c| c.is_ascii_graphic());
    match port.parse() {
        Ok(port @ 1..) if good => Ok((port, format!("/{path}"))),
        _ => Err(format!("'{text}' is not a port and a path such as '8080/health'")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_people_write_them() {
        for (text, ms) in [("30s", 30_000), ("90", 90_000), ("1h30m", 5_400_000), ("2d", 172_800_000), ("250ms", 250)] {
            assert_eq!(duration(text), Ok(ms), "{text}");
        }
        for bad in ["", "s", "1x", "1h 30", "-1s", "1.5h", "9999999999d", "1h30"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn no_file_gives_another_s_rights() {
        assert_eq!((mode("0755"), mode("644")), (Ok(0o755), Ok(0o644)));
        assert!(mode("4755").is_err() && mode("2755").is_err() && mode("rw").is_err());
    }
}
