//! TLS: the certificate that the configuration names, or one made here once.
use crate::error::Error;
use crate::error::Result;
use crate::model::certificate_fingerprint;
use rcgen::CertificateParams;
use rcgen::DnType;
use rcgen::KeyPair;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

/// Files of a certificate chain and its key, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The chain, the server's own first.
    pub certificate: PathBuf,
    /// The key.
    pub key: PathBuf,
}

/// What a server shows to its clients.
#[derive(Clone)]
pub struct Tls {
    /// For connections.
    pub config: Arc<rustls::ServerConfig>,
    /// SHA-256 of the certificate: `sha256:` and 64 hex digits.
    pub fingerprint: String,
    /// Whether it was made here, so that nobody else vouches for it.
    pub generated: bool,
}

impl Tls {
    /// Reads the files, or those in `dir`, where they are made for these names if there are none yet.
    ///
    /// # Errors
    /// `invalid_value`: files that can't be read, hold none, or do not belong together.
    pub fn open(files: Option<&CertificateFiles>, dir: &Path, names: &[String]) -> Result<Self> {
        let own = CertificateFiles { certificate: dir.join("certificate.pem"), key: dir.join("key.pem") };
        let generated = files.is_none();
        let files = files.unwrap_or(&own);
        if generated && !(own.certificate.exists() && own.key.exists()) {
            make(dir, &own, names)?;
        }
        let wrong = |path: &Path, why: &dyn std::fmt::Display| Error::invalid(format!("'{}' can't be used for TLS: {why}", path.display()));
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&files.certificate)
            .and_then(Iterator::collect)
            .map_err(|error| wrong(&files.certificate, &error).fix("it must be a certificate in PEM"))?;
        let first = chain.first().ok_or_else(|| wrong(&files.certificate, &"there is no certificate in it"))?;
        let fingerprint = certificate_fingerprint(first);
        let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| wrong(&files.key, &error).fix("it must be a private key in PEM"))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::internal(error.to_string()))?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|error| wrong(&files.certificate, &error).fix(format!("does it belong to '{}'?", files.key.display())))?;
        Ok(Self { config: Arc::new(config), fingerprint, generated })
    }
}

/// What this machine calls itself; empty where that is no text.
#[must_use]
pub fn host_name() -> String {
    rustix::system::uname().nodename().to_str().unwrap_or_default().to_owned()
}

/// Makes a certificate that vouches for itself. Clients remember it by its fingerprint, so it stays for ten years.
fn make(dir: &Path, files: &CertificateFiles, names: &[String]) -> Result<()> {
    let failed = |error: rcgen::Error| Error::internal(format!("no certificate can be made: {error}"));
    let key = KeyPair::generate().map_err(failed)?;
    let mut params = CertificateParams::new(names.to_vec()).map_err(|error| Error::invalid(format!("no certificate can be made for {names:?}: {error}")))?;
    params.distinguished_name.push(DnType::CommonName, "cto server");
    let now = jiff::Zoned::now();
    let year = i32::from(now.year());
    params.not_before = rcgen::date_time_ymd(year - 1, 1, 1);
    params.not_after = rcgen::date_time_ymd(year + 10, 1, 1);
    let certificate = params.self_signed(&key).map_err(failed)?;
    let written = |path: &Path, text: &str| -> std::io::Result<()> {
        let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    std::fs::create_dir_all(dir)
        .and_then(|()| written(&files.key, &key.serialize_pem()))
        // The certificate last: with it the pair counts as whole.
        .and_then(|()| written(&files.certificate, &certificate.pem()))
        .map_err(|error| Error::invalid(format!("no certificate can be kept in '{}': {error}", dir.display())).because(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_made_once_and_only_its_owner_can_read_the_key() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let names = ["127.0.0.1".to_owned(), "box.example".to_owned()];
        let (one, again) = (Tls::open(None, dir.path(), &names).unwrap(), Tls::open(None, dir.path(), &names).unwrap());
        assert_eq!(one.fingerprint, again.fingerprint);
        assert!(one.generated && one.fingerprint.len() == 7 + 64);
        let mode = std::fs::metadata(dir.path().join("key.pem")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn files_that_do_not_fit_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let _ = Tls::open(None, &dir.path().join("one"), &["a.example".to_owned()]).unwrap();
        let _ = Tls::open(None, &dir.path().join("two"), &["a.example".to_owned()]).unwrap();
        let open = |certificate: &str, key: &str| {
            let files = CertificateFiles { certificate: dir.path().join(certificate), key: dir.path().join(key) };
            Tls::open(Some(&files), dir.path(), &[]).map(|tls| tls.generated).map_err(|error| error.message)
        };
        assert_eq!(open("one/certificate.pem", "one/key.pem"), Ok(false));
        assert!(open("one/certificate.pem", "two/key.pem").unwrap_err().contains("one/certificate.pem"));
        assert!(open("missing.pem", "one/key.pem").unwrap_err().contains("missing.pem"));
        assert!(open("one/key.pem", "one/key.pem").unwrap_err().contains("one/key.pem"));
        assert!(open("one/certificate.pem", "one/certificate.pem").unwrap_err().contains("one/certificate.pem"));
    }
}
