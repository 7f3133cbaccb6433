//! API tokens and other secrets: made, recognised, and hashed for keeping.
use rand::Rng as _;
use sha2::Digest as _;
use sha2::Sha256;

/// What every token begins with, so that scanners for leaked secrets find them.
const PREFIX: &str = "cto_pat_";
/// What the cookie of who is signed in begins with, and what a guest's token does.
const LOGIN: &str = "cto_log_";
const GUEST: &str = "cto_gst_";
/// Letters and digits of codes that people type: none that look alike.
const READABLE: &[u8; 32] = b"ABCDEFGHJKMNPQRSTVWXYZ0123456789";
/// Characters of a share's code: 131 bits.
const CODE: usize = 22;
/// Characters of 62: 43 of them carry 256 bits.
const RANDOM: usize = 43;
/// Characters of the checksum, which tells mistyped tokens from revoked ones without asking the store.
const CHECK: usize = 6;

/// A token just made. The secret is shown once and never kept.
#[derive(Clone, PartialEq, Eq)]
pub struct NewToken {
    /// What its owner keeps.
    pub secret: String,
    /// What the store keeps.
    pub hash: String,
}

impl NewToken {
    /// A token from the system's randomness.
    #[must_use]
    pub fn random() -> Self {
        Self::beginning(PREFIX)
    }

    /// What goes into the cookie of who signs in.
    #[must_use]
    pub fn login() -> Self {
        Self::beginning(LOGIN)
    }

    /// What a guest shows.
    #[must_use]
    pub fn guest() -> Self {
        Self::beginning(GUEST)
    }

    /// A share's code, for an address.
    #[must_use]
    pub fn code() -> Self {
        let secret: String = rand::rng().sample_iter(rand::distr::Alphanumeric).take(CODE).map(char::from).collect();
        Self { hash: hash_secret(&secret), secret }
    }

    fn beginning(prefix: &str) -> Self {
        let random: String = rand::rng().sample_iter(rand::distr::Alphanumeric).take(RANDOM).map(char::from).collect();
        let secret = format!("{prefix}{random}{}", checksum(&random));
        Self { hash: hash_secret(&secret), secret }
    }
}

impl std::fmt::Debug for NewToken {
    /// Without the secret, so that it never ends up in a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewToken").finish_non_exhaustive()
    }
}

/// What a secret is looked up by. Equal secrets have equal hashes, and comparing hashes tells nothing about secrets.
#[must_use]
pub fn hash_secret(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

/// Whether `secret` has the form of a token and its checksum fits.
#[must_use]
pub fn looks_like_a_token(secret: &str) -> bool {
    sound(secret, PREFIX)
}

/// Whether `secret` has the form of what a guest shows.
#[must_use]
pub fn looks_like_a_guest(secret: &str) -> bool {
    sound(secret, GUEST)
}

/// Whether `secret` has the form of what is in the cookie of who is signed in.
#[must_use]
pub fn looks_like_a_login(secret: &str) -> bool {
    sound(secret, LOGIN)
}

/// A code that somebody reads on one screen and types on another: three groups of four, 60 bits.
#[must_use]
pub fn readable_code() -> String {
    let mut rng = rand::rng();
    let mut group = || (0..4).map(|_| char::from(READABLE[rng.random_range(0..READABLE.len())])).collect::<String>();
    [group(), group(), group()].join("-")
}

/// What goes with a cookie in requests that change something: known to who may read the answers of this server, which pages of other sites
/// may not. It is made of the cookie's secret, and says nothing of it.
#[must_use]
pub fn csrf_of(secret: &str) -> String {
    hex(&Sha256::digest(format!("csrf {secret}").as_bytes())[..16])
}

fn sound(secret: &str, prefix: &str) -> bool {
    secret
        .strip_prefix(prefix)
        .filter(|rest| rest.is_ascii() && rest.len() == RANDOM + CHECK)
        .map(|rest| rest.split_at(RANDOM))
        .is_some_and(|(random, check)| checksum(random) == check)
}

fn checksum(random: &str) -> String {
    hex(&Sha256::digest(random.as_bytes())[..CHECK / 2])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_recognised_and_never_equal() {
        let (one, other) = (NewToken::random(), NewToken::random());
        assert_ne!(one.secret, other.secret);
        assert!(looks_like_a_token(&one.secret));
        assert!(!looks_like_a_token(&one.secret.replace("cto_pat_", "cto_pat-")));
        let mistyped = if one.secret.ends_with('0') { '1' } else { '0' };
        assert!(!looks_like_a_token(&format!("{}{mistyped}", &one.secret[..one.secret.len() - 1])));
        assert_eq!(hash_secret(&one.secret), one.hash);
        assert!(!format!("{one:?}").contains(&one.secret));
    }
}
