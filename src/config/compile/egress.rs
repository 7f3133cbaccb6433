//! The part of a template that says how its container reaches others: a word, or the hosts that it may reach.
use super::Work;
use crate::config::document::child;
use crate::config::texts;
use crate::config::texts::Read;
use crate::model::EGRESS;
use crate::model::EgressHost;
use crate::model::NetworkChoice;
use crate::model::NetworkMode;
use crate::model::Template;
use std::net::Ipv4Addr;

/// Most hosts that a template names.
const MOST: usize = 64;
/// The ports that are meant where none is named.
const PORTS: [u16; 2] = [80, 443];
/// The longest name of a host.
const LONGEST: usize = 253;
/// What stands for the address of a host that may be in a private network.
const PRIVATE: &str = "private";
/// Where a cloud tells its machines what is theirs, apart from 169.254.0.0/16: at Azure, at Alibaba and at Oracle.
const CLOUDS: [Ipv4Addr; 3] = [Ipv4Addr::new(168, 63, 129, 16), Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(192, 0, 0, 192)];
/// Capabilities by which a container would make its own way round the gateway. That it rules its own network is none: nothing leads out of that.
const WAYS_ROUND: [&str; 3] = ["ALL", "SYS_ADMIN", "SYS_MODULE"];

impl Work<'_> {
    pub(super) fn network(&mut self, template: &Template) -> NetworkMode {
        let (pointer, found) = match &template.network {
            None => return NetworkMode::default(),
            Some(NetworkChoice::Egress(entry)) => ("/network/egress", self.list("/network/egress", &entry.egress, hosts)),
            Some(NetworkChoice::Text(text)) => match (text.as_str(), text.strip_prefix(EGRESS)) {
                ("none", _) => return NetworkMode::None,
                ("isolated", _) => return NetworkMode::Isolated,
                ("internal", _) => return NetworkMode::Internal,
                (_, Some(text)) => {
                    ("/network", self.text("/network", text, |text| text.split(',').map(|host| hosts(host.trim())).collect()).unwrap_or_default())
                }
                _ => {
                    self.complain("/network", format!("'{text}' is none of 'none', 'isolated', 'internal', 'egress:…'"));
                    return NetworkMode::default();
                }
            },
        };
        if found.len() > MOST {
            self.complain(pointer, format!("more than {MOST} hosts"));
        }
        if let NetworkChoice::Egress(entry) = template.network.as_ref().unwrap_or(&NetworkChoice::Text(String::new()))
            && entry.egress.is_empty()
        {
            self.complain(pointer, "no host is named; \"network\": \"none\" reaches none");
        }
        let mut all: Vec<EgressHost> = Vec::new();
        for host in found.into_iter().flatten() {
            if all.iter().any(|other| other.name == host.name && (other.address, other.private) != (host.address, host.private)) {
                self.complain(pointer, format!("'{}' is given two places", host.name));
            }
            if !all.contains(&host) {
                all.push(host);
            }
        }
        self.beside_egress(template);
        NetworkMode::Egress(all)
    }

    /// What can't be had beside named hosts.
    fn beside_egress(&mut self, template: &Template) {
        if !template.networks.is_empty() {
            self.complain("/networks", "a container that reaches named hosts only ('egress') joins no other network");
        }
        if !template.ports.is_empty() {
            self.complain("/ports", "nothing is published from a container that reaches named hosts only ('egress')");
        }
        for name in template.sysctls.keys().filter(|name| name.starts_with("net")) {
            self.complain(&child("/sysctls", name), format!("with '{name}' a container could open a way round its gateway ('egress')"));
        }
        if template.privileged == Some(true) {
            self.complain("/privileged", "a container that owns the host is held by no gateway ('egress')");
        }
        for (index, name) in template.cap_add.iter().enumerate() {
            if texts::capability(name).is_ok_and(|name| WAYS_ROUND.contains(&name.as_str())) {
                self.complain(&format!("/cap_add/{index}"), format!("with '{name}' a container would make its own way round its gateway ('egress')"));
            }
        }
        if template.ready.as_ref().is_some_and(|ready| ready.http.is_some()) {
            self.complain("/ready/http", "nobody reaches a container with 'egress' from outside; look with 'port', 'log' or 'command'");
        }
    }
}

/// A host with its ports: `name` or `name:port`, with `=address` or `=private` after the name.
fn hosts(text: &str) -> Read<Vec<EgressHost>> {
    let (place, port) = match text.rsplit_once(':') {
        None => (text, None),
        Some((place, port)) => match port.parse::<u16>() {
            Ok(number) if number > 0 && !port.starts_with('+') => (place, Some(number)),
            _ => return Err(format!("'{port}' is not a port from 1 to 65535")),
        },
    };
    let (written, address, private) = match place.split_once('=') {
        Some((name, PRIVATE)) => (name, None, true),
        Some((name, address)) => (name, Some(placed(name, address)?), false),
        None => (place, None, false),
    };
    let name = written.to_ascii_lowercase();
    if name.contains('*') {
        return Err(format!("'{written}': a star stands for no host here; name each host"));
    }
    if let Ok(address) = name.parse::<Ipv4Addr>() {
        // There is no way to a bare address: what leads to the gateway is the name.
        return Err(format!("'{address}' needs a name, by which the container reaches it: 'db={address}:{}'", port.unwrap_or(PORTS[1])));
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_number = name.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    if name.len() > LONGEST || is_number || !name.split('.').all(is_label) {
        return Err(format!("'{written}' is not the name of a host; write 'pypi.org', 'github.com:22' or 'db=10.0.0.5:5432'"));
    }
    if name == "localhost" || name.ends_with(".localhost") {
        return Err(format!("'{written}' is the container itself"));
    }
    let ports = port.map_or_else(|| PORTS.to_vec(), |port| vec![port]);
    Ok(ports.into_iter().map(|port| EgressHost { name: name.clone(), address, private, port }).collect())
}

/// The address of a named host.
fn placed(name: &str, text: &str) -> Read<Ipv4Addr> {
    let address: Ipv4Addr = text
        .parse()
        .map_err(|_| format!("'{text}' is not an IPv4 address; write '{name}=10.0.0.5:5432', or '{name}={PRIVATE}:5432' for what the name servers say"))?;
    let first = address.octets()[0];
    if first == 0 || first >= 224 || address.is_loopback() || address.is_link_local() || CLOUDS.contains(&address) {
        return Err(format!("'{text}' is an address that no container reaches: a machine's own, or what a cloud tells its machines"));
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::hosts;

    #[test]
    fn hosts_are_names_with_ports_and_never_a_way_into_the_machine() {
        let read = |text: &str| hosts(text).map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
        for (text, meant) in [
            ("PyPI.org", "pypi.org:80 pypi.org:443"),
            ("github.com:22", "github.com:22"),
            ("db=10.0.0.5:5432", "db=10.0.0.5:5432"),
            ("git.example=private:22", "git.example=private:22"),
            ("git.example=private", "git.example=private:80 git.example=private:443"),
            ("xn--bcher-kva.example:65535", "xn--bcher-kva.example:65535"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(meant), "{text}");
        }
        for bad in [
            "",
            ":80",
            "a:",
            "a:0",
            "a:65536",
            "a:+1",
            "a:b",
            "*.org",
            "*",
            "10.0.0.5",
            "10.0.0.5:80",
            "1.2.3",
            "a..b",
            ".a",
            "a.",
            "-a",
            "a-",
            "a b",
            "ä",
            "a_b",
            "http://a",
            "a/b",
            "[::1]:80",
            "::1",
            "localhost",
            "x.localhost:80",
            "db=127.0.0.1:80",
            "db=169.254.169.254:80",
            "db=0.0.0.0:1",
            "db=255.255.255.255:1",
            "db=::1",
            "db=168.63.129.16:80",
            "=private:1",
            "db=other",
            "=10.0.0.5:80",
            "a=10.0.0.5=10.0.0.6:1",
            "a\n:80",
        ] {
            assert!(read(bad).is_err(), "{bad:?} is {:?}", read(bad));
        }
        assert!(read(&format!("{}.a", "a".repeat(64))).is_err() && read(&"a.".repeat(130)).is_err());
    }
}
