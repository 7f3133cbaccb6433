//! Published ports of a container as addresses that a browser opens.
use super::toast::say;
use crate::model::Container;
use crate::model::Port;
use crate::tui::msg::Ask;
use crate::tui::msg::Effect;
use crate::tui::msg::PickRow;
use crate::tui::msg::PickSpec;

/// Ports that are mostly spoken to with TLS.
const SECURE: [u16; 3] = [443, 8443, 9443];

/// Where a port is reached; none for one that is not published, or that no browser speaks to.
fn link(port: &Port) -> Option<String> {
    if port.host_port == 0 || port.protocol != "tcp" {
        return None;
    }
    let scheme = if SECURE.contains(&port.container_port) { "https" } else { "http" };
    let host = match port.host_ip.as_str() {
        "" | "0.0.0.0" | "::" | "127.0.0.1" | "::1" => "localhost".to_owned(),
        six if six.contains(':') => format!("[{six}]"),
        four => four.to_owned(),
    };
    Some(format!("{scheme}://{host}:{}/", port.host_port))
}

/// The addresses of a container's published ports, each once, with the port inside.
#[must_use]
pub fn links(container: &Container) -> Vec<(String, u16)> {
    let mut links: Vec<(String, u16)> = Vec::new();
    for port in &container.ports {
        if let Some(link) = link(port).filter(|link| links.iter().all(|(known, _)| known != link)) {
            links.push((link, port.container_port));
        }
    }
    links
}

/// Opens the address of a container's port; with several ports it is asked which.
#[must_use]
pub fn open(container: &Container) -> Vec<Effect> {
    let links = links(container);
    match &links[..] {
        [] => vec![say(format!("{} has no published port", container.name))],
        [(one, _)] => vec![Effect::Ask(Ask::Open(one.clone()))],
        several => {
            let row = |(link, inside): &(String, u16)| PickRow {
                label: link.clone(),
                about: format!("{inside} in the container"),
                effects: vec![Effect::Ask(Ask::Open(link.clone()))],
            };
            let spec = PickSpec { title: format!("open a port of {}", container.name), rows: several.iter().map(row).collect(), at: 0 };
            vec![Effect::Ask(Ask::Pick(Box::new(spec)))]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_that_a_browser_takes() {
        let port = |host_ip: &str, host_port, container_port, protocol: &str| Port {
            host_ip: host_ip.to_owned(),
            host_port,
            container_port,
            protocol: protocol.to_owned(),
        };
        assert_eq!(link(&port("0.0.0.0", 5000, 80, "tcp")).as_deref(), Some("http://localhost:5000/"));
        assert_eq!(link(&port("fd00::1", 5001, 8443, "tcp")).as_deref(), Some("https://[fd00::1]:5001/"));
        assert_eq!(link(&port("", 53, 53, "udp")), None);
        assert_eq!(link(&port("", 0, 80, "tcp")), None);
    }
}
