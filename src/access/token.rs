//! API tokens: made, recognised, and hashed for keeping.
use rand::Rng as _;
use sha2::Digest as _;
use sha2::Sha256;

/// What every token begins with, so that scanners for leaked secrets find them.
const PREFIX: &str = "cto_pat_";
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
        let random: String = rand::rng().sample_iter(rand::distr::Alphanumeric).take(RANDOM).map(char::from).collect();
        let secret = format!("{PREFIX}{random}{}", checksum(&random));
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
    secret
        .strip_prefix(PREFIX)
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
