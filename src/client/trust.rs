//! Whose certificates are believed: those that this machine trusts, or one that somebody has compared.
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::certificate_fingerprint;
use rustls::ClientConfig;
use rustls::DigitallySignedStruct;
use rustls::RootCertStore;
use rustls::SignatureScheme;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::client::danger::ServerCertVerified;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::ServerName;
use rustls::pki_types::UnixTime;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use tokio::net::TcpStream;

/// How long a server may take to show its certificate.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whose certificates are believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Those that authorities vouch for which this machine trusts.
    #[default]
    Machine,
    /// The one with this fingerprint, `sha256:` and 64 hex digits, whoever vouches for it.
    Fingerprint(String),
}

impl Trust {
    /// What TLS is done with.
    pub(super) fn config(&self) -> Result<ClientConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier: Arc<dyn ServerCertVerifier> = match self {
            Self::Machine => machine(&provider)?,
            Self::Fingerprint(fingerprint) => Arc::new(Pinned { fingerprint: fingerprint.to_ascii_lowercase(), provider: provider.clone() }),
        };
        config(provider, verifier)
    }
}

/// Shows the certificate at `https://host:port`: its fingerprint, and whether this machine trusts who vouches for it. Nothing else is sent.
///
/// # Errors
/// `invalid_value` for what is no such address; `server_unavailable`.
pub async fn certificate_of(url: &str) -> Result<(String, bool)> {
    let wrong = || Error::invalid(format!("'{url}' is not the address of a server with TLS")).fix("write it as https://HOST:PORT");
    let rest = url.strip_prefix("https://").ok_or_else(wrong)?;
    let authority: ::http::uri::Authority = rest.split('/').next().unwrap_or_default().parse().map_err(|_| wrong())?;
    let host = authority.host().trim_matches(['[', ']']).to_owned();
    let unreachable = |error: std::io::Error| Error::new(Code::ServerUnavailable, format!("no certificate is shown at {url}: {error}")).because(error);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let seen = Arc::new(Seen { inner: machine(&provider).ok(), provider: provider.clone(), seen: Mutex::new(None) });
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config(provider, seen.clone())?));
    let name = ServerName::try_from(host.clone()).map_err(|_| wrong())?;
    let work = async {
        let stream = TcpStream::connect((host.as_str(), authority.port_u16().unwrap_or(443))).await?;
        connector.connect(name, stream).await.map(drop)
    };
    let done = tokio::time::timeout(PATIENCE, work).await.map_err(|_| Error::new(Code::TimedOut, format!("{url} did not answer within 10 s")))?;
    done.map_err(unreachable)?;
    seen.seen.lock().expect("no panics while held").take().ok_or_else(|| Error::new(Code::ServerUnavailable, format!("no certificate is shown at {url}")))
}

fn config(provider: Arc<CryptoProvider>, verifier: Arc<dyn ServerCertVerifier>) -> Result<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(|error| Error::internal(error.to_string()))?;
    // What replaces the usual check is either the usual check, or stricter: one certificate and no other.
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

fn machine(provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(Error::invalid("this machine trusts no authority for certificates")
            .fix("install the package 'ca-certificates', or name the server's fingerprint: cto login URL --fingerprint sha256:…"));
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().map_err(|error| Error::internal(error.to_string()))
}

/// Believes one certificate.
#[derive(Debug)]
struct Pinned {
    fingerprint: String,
    provider: Arc<CryptoProvider>,
}

/// Believes any, so that it can be shown; notes what was shown, and what the machine thinks of it.
#[derive(Debug)]
struct Seen {
    /// None where the machine trusts nobody.
    inner: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
    seen: Mutex<Option<(String, bool)>>,
}

/// That whoever shows a certificate has its key is checked as always.
macro_rules! signatures {
    () => {
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            rustls::crypto::verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            rustls::crypto::verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.provider.signature_verification_algorithms.supported_schemes()
        }
    };
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let shown = certificate_fingerprint(end_entity);
        if shown == self.fingerprint {
            return Ok(ServerCertVerified::assertion());
        }
        Err(rustls::Error::General(format!(
            "the certificate is another one now ({shown}): if that is meant, 'cto login' again; if not, somebody is in between"
        )))
    }

    signatures!();
}

impl ServerCertVerifier for Seen {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let trusted = self.inner.as_ref().is_some_and(|inner| inner.verify_server_cert(end_entity, intermediates, name, ocsp, now).is_ok());
        *self.seen.lock().expect("no panics while held") = Some((certificate_fingerprint(end_entity), trusted));
        Ok(ServerCertVerified::assertion())
    }

    signatures!();
}
