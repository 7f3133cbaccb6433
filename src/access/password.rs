//! Passwords: judged, and kept as Argon2id hashes (RFC 9106) in the PHC string format.
use crate::error::Error;
use crate::error::Result;
use crate::model::PASSWORD_LENGTH;
use argon2::Argon2;
use argon2::PasswordHash;
use argon2::PasswordHasher as _;
use argon2::PasswordVerifier as _;
use argon2::password_hash::SaltString;

/// Whether a password may be one of `name`'s.
///
/// # Errors
/// `invalid_value`: too short, too long, or the name itself.
pub fn check_password(name: &str, password: &str) -> Result<()> {
    let length = password.chars().count();
    if !PASSWORD_LENGTH.contains(&length) {
        return Err(Error::invalid(format!("a password has {} to {} characters, this one has {length}", PASSWORD_LENGTH.start(), PASSWORD_LENGTH.end())));
    }
    if password.eq_ignore_ascii_case(name) || password.chars().all(|c| password.starts_with(c)) {
        return Err(Error::invalid("this password is too easy to guess").fix("take several words that do not belong together"));
    }
    Ok(())
}

/// What is kept of a password. It takes 19 MiB and some ten milliseconds on purpose: not on a thread that others wait for.
///
/// # Errors
/// `internal` when the system has no randomness or memory.
pub fn hash_password(password: &str) -> Result<String> {
    let failed = |error: argon2::password_hash::Error| Error::internal(format!("the password can't be hashed: {error}"));
    let salt = SaltString::encode_b64(&rand::random::<[u8; 16]>()).map_err(failed)?;
    Ok(Argon2::default().hash_password(password.as_bytes(), &salt).map_err(failed)?.to_string())
}

/// Whether `hash` is kept of `password`; as slow as [`hash_password`], also where there is no hash, so that the time says nothing of who
/// has one.
#[must_use]
pub fn is_password(password: &str, hash: Option<&str>) -> bool {
    /// Of nobody's password: a hash that nothing is known to have, with the parameters of the others.
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyBpdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(NOBODY)) else { return false };
    let fits = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
    fits && hash.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_again_and_no_other_is() {
        let (one, again) = (hash_password("correct horse").unwrap(), hash_password("correct horse").unwrap());
        assert_ne!(one, again, "salted");
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert!(is_password("correct horse", Some(&one)) && is_password("correct horse", Some(&again)));
        assert!(!is_password("correct house", Some(&one)) && !is_password("correct horse", None) && !is_password("correct horse", Some("nonsense")));
    }

    #[test]
    fn the_hash_of_nobody_is_one_that_is_worked_on() {
        let begin = std::time::Instant::now();
        let _ = is_password("correct horse", Some(&hash_password("x").unwrap()));
        let both = begin.elapsed();
        let begin = std::time::Instant::now();
        assert!(!is_password("correct horse", None));
        assert!(begin.elapsed() * 20 > both, "no work was done");
    }

    #[test]
    fn easy_passwords_are_refused() {
        assert!(check_password("ana", "correct horse").is_ok());
        for easy in ["short", "ana-ana-ana-ana", "aaaaaaaaaa", ""] {
            assert!(check_password("ana-ana-ana-ana", easy).is_err(), "{easy}");
        }
        assert!(check_password("ana", &"x1".repeat(200)).is_err());
    }
}
