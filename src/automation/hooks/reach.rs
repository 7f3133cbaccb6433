//! Ways out: names are looked up here, and the address that was judged is the one that is connected to.
use rustls::CertificateError;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::net::SocketAddr;
use std::net::ToSocketAddrs as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use std::time::SystemTime;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// How long it may take to find a name's addresses and to connect to one.
pub(super) const CONNECT: Duration = Duration::from_secs(5);
/// Names that are looked up at the same time: each may hold a thread for long.
const LOOK_UPS: usize = 4;
/// Addresses of a name that are tried.
const ADDRESSES: usize = 4;
/// Bytes of a file of certificates.
const CERTIFICATES: u64 = 4 << 20;

/// What connections begin with. Cheap to clone.
#[derive(Clone)]
pub(super) struct Reach {
    look_ups: Arc<Semaphore>,
    trust: Arc<Mutex<Option<Trust>>>,
}

/// Whom connections trust, as it was read last.
struct Trust {
    /// What the setting named, and how that file was then.
    file: Option<(PathBuf, Option<SystemTime>)>,
    connector: TlsConnector,
}

/// A way out, with what is allowed on it.
#[derive(Clone, Copy)]
pub(super) struct Way<'a> {
    pub reach: &'a Reach,
    /// To addresses that are not public as well.
    pub private: bool,
    /// Certificates of authorities that are trusted beside those that this machine trusts.
    pub ca_file: Option<&'a Path>,
}

impl Way<'_> {
    /// As [`Reach::connect`].
    pub(super) async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, String> {
        self.reach.connect(host, port, self.private).await
    }

    /// As [`Reach::secure`].
    pub(super) async fn secure(&self, host: &str, stream: TcpStream) -> Result<TlsStream<TcpStream>, String> {
        self.reach.secure(host, stream, self.ca_file.map(Path::to_owned)).await
    }
}

impl Default for Reach {
    fn default() -> Self {
        Self { look_ups: Arc::new(Semaphore::new(LOOK_UPS)), trust: Arc::default() }
    }
}

impl Reach {
    /// A connection to `host`, which is public unless `private` is allowed too.
    ///
    /// # Errors
    /// Why not, for people.
    async fn connect(&self, host: &str, port: u16, private: bool) -> Result<TcpStream, String> {
        let work = async {
            let addresses = self.look_up(host, port).await?;
            for address in &addresses {
                if let Some(why) = refused(address.ip(), private) {
                    return Err(format!("'{host}' is {} ({why}), which webhooks do not reach", address.ip()));
                }
            }
            let mut last = format!("'{host}' has no address");
            for address in addresses.into_iter().take(ADDRESSES) {
                match TcpStream::connect(address).await {
                    Ok(stream) => return Ok(stream),
                    Err(error) => last = format!("'{host}' can't be reached at {address}: {error}"),
                }
            }
            Err(last)
        };
        tokio::time::timeout(CONNECT, work).await.unwrap_or_else(|_| Err(format!("'{host}' can't be reached within {} s", CONNECT.as_secs())))
    }

    async fn look_up(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
        if let Ok(ip) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(ip, port)]);
        }
        let place = self.look_ups.clone().acquire_owned().await.map_err(|error| error.to_string())?;
        let name = host.to_owned();
        let found = tokio::task::spawn_blocking(move || {
            // Kept until the look-up has ended, also when nobody waits for it any more.
            let _place = place;
            (name.as_str(), port).to_socket_addrs().map(Iterator::collect)
        });
        found.await.map_err(|error| error.to_string())?.map_err(|error| format!("the name '{host}' can't be looked up: {error}"))
    }

    /// The same connection, encrypted, with a certificate for `host` that this machine or `ca_file` trusts.
    ///
    /// # Errors
    /// Why not, for people.
    async fn secure(&self, host: &str, stream: TcpStream, ca_file: Option<PathBuf>) -> Result<TlsStream<TcpStream>, String> {
        let trust = self.trust.clone();
        let tls = tokio::task::spawn_blocking(move || trusting(&trust, ca_file)).await.map_err(|error| error.to_string())??;
        let name = rustls::pki_types::ServerName::try_from(host.to_owned()).map_err(|_| format!("'{host}' is no name for a certificate"))?;
        tls.connect(name, stream).await.map_err(|error| in_words(host, &error))
    }
}

/// What connections are encrypted with. Reading the certificates that this machine trusts takes a while: it is done once, and again when the file has changed.
fn trusting(known: &Mutex<Option<Trust>>, ca_file: Option<PathBuf>) -> Result<TlsConnector, String> {
    let file = ca_file.map(|path| {
        let changed = std::fs::metadata(&path).and_then(|data| data.modified()).ok();
        (path, changed)
    });
    let mut known = known.lock().expect("no panics while held");
    if let Some(trust) = known.as_ref().filter(|trust| trust.file == file) {
        return Ok(trust.connector.clone());
    }
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some((path, _)) = &file {
        add_file(&mut roots, path).map_err(|why| format!("'hooks.ca_file', '{}', {why}", path.display()))?;
    }
    if roots.is_empty() {
        return Err("no certificates that this machine trusts were found; install ca-certificates".to_owned());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let settings = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
    let connector = TlsConnector::from(Arc::new(settings.with_root_certificates(roots).with_no_client_auth()));
    *known = Some(Trust { file, connector: connector.clone() });
    Ok(connector)
}

fn add_file(roots: &mut rustls::RootCertStore, path: &Path) -> Result<(), String> {
    let read = |error: std::io::Error| format!("can't be read: {error}");
    let data = std::fs::metadata(path).map_err(read)?;
    if !data.is_file() || data.len() > CERTIFICATES {
        return Err("is no file of certificates".to_owned());
    }
    let text = std::fs::read(path).map_err(read)?;
    let mut count = 0;
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| format!("is no file of certificates in PEM: {error}"))?;
        roots.add(certificate).map_err(|error| format!("has a certificate that can't be used: {error}"))?;
        count += 1;
    }
    if count == 0 { Err("has no certificate in PEM".to_owned()) } else { Ok(()) }
}

/// Why there is no encrypted connection, for people.
fn in_words(host: &str, error: &std::io::Error) -> String {
    let tls = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>());
    let Some(rustls::Error::InvalidCertificate(wrong)) = tls else { return format!("no TLS with '{host}': {error}") };
    match wrong {
        // A signature that does not fit is that of another authority of the same name.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            format!(
                "the certificate of '{host}' is from nobody whom this machine trusts; put its authority's certificate into the file that 'hooks.ca_file' names"
            )
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => format!("the certificate of '{host}' has expired"),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => format!("the certificate of '{host}' is not valid yet"),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => format!("the certificate that was shown is not for '{host}'"),
        other => format!("the certificate of '{host}' can't be trusted: {other}"),
    }
}

/// Why an address is not reached; none where it is. What is no address of one machine is never reached.
pub(super) fn refused(ip: IpAddr, private: bool) -> Option<&'static str> {
    let senseless = match ip {
        IpAddr::V4(ip) => ip.is_unspecified() || ip.is_multicast() || ip.is_broadcast(),
        IpAddr::V6(ip) => ip.is_unspecified() || ip.is_multicast(),
    };
    if private && !senseless {
        return None;
    }
    match ip {
        IpAddr::V4(ip) => of_four(ip),
        IpAddr::V6(ip) => of_six(ip),
    }
}

fn of_four(ip: Ipv4Addr) -> Option<&'static str> {
    let [a, b, c, _] = ip.octets();
    match (a, b, c) {
        (0, ..) => Some("unspecified"),
        (127, ..) => Some("this machine"),
        (10, ..) | (172, 16..=31, _) | (192, 168, _) => Some("private"),
        (169, 254, _) => Some("link-local"),
        (100, 64..=127, _) => Some("shared by a provider"),
        (192, 0, 0 | 2) | (198, 18..=19, _) | (198, 51, 100) | (203, 0, 113) | (192, 88, 99) => Some("reserved"),
        (224..=239, ..) => Some("multicast"),
        (240..=255, ..) => Some("reserved"),
        _ => None,
    }
}

fn of_six(ip: Ipv6Addr) -> Option<&'static str> {
    let [a, b, c, ..] = ip.segments();
    match (a, b, c) {
        _ if ip.is_unspecified() => Some("unspecified"),
        _ if ip.is_loopback() => Some("this machine"),
        (0xfc00..=0xfdff, ..) => Some("private"),
        (0xfe80..=0xfeff, ..) => Some("link-local"),
        (0xff00..=0xffff, ..) => Some("multicast"),
        // Within these another address is hidden.
        (0, 0, 0) => Some("an IPv4 address in another form"),
        (0x64, 0xff9b, _) | (0x2002, ..) | (0x2001, 0, _) => Some("an IPv4 address behind a gateway"),
        (0x2001, 0x1..=0x1ff | 0xdb8, _) | (0x3fff, 0..=0xfff, _) => Some("reserved"),
        (0x2000..=0x3fff, ..) => None,
        _ => Some("reserved"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_reached() {
        let all = "127.0.0.1 127.8.8.8 0.0.0.0 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1 100.127.255.255 224.0.0.1 \
            255.255.255.255 192.0.2.1 198.18.0.1 240.0.0.1 :: ::1 fe80::1 fc00::1 fd00:ec2::254 ff02::1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::7f00:1 \
            64:ff9b::7f00:1 64:ff9b:1::1 2002:7f00:1::1 2001::1 2001:db8::1 fec0::1 100::1 4000::1";
        let reached: Vec<&str> = all.split_whitespace().filter(|ip| refused(ip.parse().unwrap(), false).is_none()).collect();
        assert!(reached.is_empty(), "{reached:?}");
        for ip in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "198.20.0.1", "2606:4700::1111", "2a00:1450::1"] {
            assert_eq!(refused(ip.parse().unwrap(), false), None, "{ip}");
        }
        assert!(["127.0.0.1", "10.0.0.1", "::1"].iter().all(|ip| refused(ip.parse().unwrap(), true).is_none()));
        assert!(["0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255"].iter().all(|ip| refused(ip.parse().unwrap(), true).is_some()));
    }
}
