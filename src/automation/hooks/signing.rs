//! Signatures of Standard Webhooks, and GitHub's.
use crate::error::Error;
use crate::error::Result;
use crate::store::KeptSecret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::Hmac;
use hmac::Mac as _;
use jiff::Timestamp;
use rand::Rng as _;
use sha2::Sha256;
use std::time::Duration;

/// What every secret begins with.
const PREFIX: &str = "whsec_";
/// How old a message that comes in may be, and how far in the future.
pub(super) const TOLERANCE: Duration = Duration::from_secs(300);

/// A secret of 256 random bits.
pub(super) fn fresh_secret() -> String {
    let bytes: [u8; 32] = rand::rng().random();
    format!("{PREFIX}{}", STANDARD.encode(bytes))
}

/// The secrets that count at a time: of several, the newest first.
pub(super) fn counting(secrets: &[KeptSecret], now: Timestamp) -> impl Iterator<Item = &str> {
    secrets.iter().filter(move |kept| kept.until.is_none_or(|until| until > now)).map(|kept| kept.secret.as_str())
}

/// The secrets after one more was made: that of before counts for a while longer, older ones no more.
pub(super) fn rotated(secrets: &[KeptSecret], until: Timestamp) -> Vec<KeptSecret> {
    let mut all = vec![KeptSecret { secret: fresh_secret(), until: None }];
    all.extend(secrets.first().map(|old| KeptSecret { secret: old.secret.clone(), until: Some(until) }));
    all
}

/// The value of `webhook-signature`: one signature for each secret.
///
/// # Errors
/// When a secret is none.
pub(super) fn sign<'a>(secrets: impl IntoIterator<Item = &'a str>, id: &str, at: i64, body: &[u8]) -> Result<String> {
    let mut all = Vec::new();
    for secret in secrets {
        let code = code_of(&bytes_of(secret)?, &[id.as_bytes(), b".", at.to_string().as_bytes(), b".", body])?;
        all.push(format!("v1,{}", STANDARD.encode(code.finalize().into_bytes())));
    }
    Ok(all.join(" "))
}

/// Whether one of the signatures is one of the secrets'. How long it takes says nothing about them.
pub(super) fn verify<'a>(secrets: impl IntoIterator<Item = &'a str>, id: &str, at: i64, body: &[u8], signatures: &str) -> bool {
    let given: Vec<Vec<u8>> = signatures.split(' ').take(8).filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok()).collect();
    let at = at.to_string();
    let mut good = false;
    for secret in secrets {
        let Ok(code) = bytes_of(secret).and_then(|key| code_of(&key, &[id.as_bytes(), b".", at.as_bytes(), b".", body])) else { continue };
        for signature in &given {
            good |= code.clone().verify_slice(signature).is_ok();
        }
    }
    good
}

/// Whether GitHub's `X-Hub-Signature-256` is one of the secrets'. GitHub takes a secret as text, `whsec_` included.
pub(super) fn verify_github<'a>(secrets: impl IntoIterator<Item = &'a str>, body: &[u8], signature: &str) -> bool {
    let Some(given) = signature.strip_prefix("sha256=").and_then(from_hex) else { return false };
    let mut good = false;
    for secret in secrets {
        if let Ok(code) = code_of(secret.as_bytes(), &[body]) {
            good |= code.verify_slice(&given).is_ok();
        }
    }
    good
}

fn bytes_of(secret: &str) -> Result<Vec<u8>> {
    let wrong = || Error::internal("a webhook's secret is no secret");
    STANDARD.decode(secret.strip_prefix(PREFIX).ok_or_else(wrong)?).map_err(|_| wrong())
}

fn code_of(key: &[u8], parts: &[&[u8]]) -> Result<Hmac<Sha256>> {
    let mut code = Hmac::<Sha256>::new_from_slice(key).map_err(|error| Error::internal(error.to_string()))?;
    parts.iter().for_each(|part| code.update(part));
    Ok(code)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if digits.len() != 64 || !digits.is_ascii() {
        return None;
    }
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    #[test]
    fn the_vector_of_standard_webhooks_is_signed_and_accepted() {
        let (id, at, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        let wanted = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(sign([SECRET], id, at, body).unwrap(), wanted);
        assert!(verify([SECRET], id, at, body, wanted));
        assert!(verify([SECRET], id, at, body, &format!("v1,AAAA v2,xyz {wanted}")), "one of several is enough");
        let other = fresh_secret();
        assert!(verify([other.as_str(), SECRET], id, at, body, wanted), "while a secret is rotated");
        assert!(!verify([other.as_str()], id, at, body, wanted));
        assert!(!verify([SECRET], id, at + 1, body, wanted) && !verify([SECRET], "msg_x", at, body, wanted) && !verify([SECRET], id, at, b"{}", wanted));
        assert!(!verify([SECRET], id, at, body, "") && !verify([SECRET], id, at, body, "v1,") && !verify([SECRET], id, at, body, &wanted.replace("v1", "v0")));
    }

    #[test]
    fn the_vector_of_github_is_accepted() {
        let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert!(verify_github(["It's a Secret to Everybody"], b"Hello, World!", signature));
        assert!(!verify_github(["It's a Secret to Everybody"], b"Hello, World?", signature));
        assert!(!verify_github(["x"], b"", "sha256=zz") && !verify_github(["x"], b"", &format!("sha256={}", "é".repeat(32))));
    }

    #[test]
    fn the_secret_of_before_counts_for_a_while() {
        let (now, later) = (Timestamp::from_second(1_000).unwrap(), Timestamp::from_second(2_000).unwrap());
        let first = vec![KeptSecret { secret: fresh_secret(), until: None }];
        let second = rotated(&first, later);
        assert_eq!(counting(&second, now).count(), 2);
        assert_eq!(sign(counting(&second, now), "a", 1, b"").unwrap().split(' ').count(), 2);
        assert_eq!(counting(&second, later).collect::<Vec<_>>(), [second[0].secret.as_str()]);
        assert_eq!(rotated(&second, later)[1].secret, second[0].secret);
    }
}
