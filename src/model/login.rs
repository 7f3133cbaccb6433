//! Signing in, as it is on the wire.
use super::Role;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

/// Header that goes with a cookie in every request that is not GET.
pub const CSRF_HEADER: &str = "x-csrf-token";
/// Fewest and most characters of a password.
pub const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = 8..=256;

/// What people compare of a certificate in DER, and clients remember: `sha256:` and 64 hex digits.
#[must_use]
pub fn certificate_fingerprint(certificate: &[u8]) -> String {
    let digest = Sha256::digest(certificate);
    format!("sha256:{}", digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// Whether a server waits for its first user: `GET /api/v1/setup`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetupState {
    /// Whether it does: nobody has a password yet, and a code was printed.
    pub needed: bool,
}

/// Makes the first user, an admin: `POST /api/v1/setup`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetUp {
    /// What the server printed when it began, and has in its log. It is good once.
    pub code: String,
    /// The user's name: lower-case letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// What they sign in with, 8 to 256 characters.
    pub password: String,
}

/// Signs in, with name and password or with a token: `POST /api/v1/login`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogIn {
    /// Whose password it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// A token instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// Who has signed in. The cookie comes beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoggedIn {
    /// Their name.
    pub user: String,
    /// Their role here.
    pub role: Role,
    /// What `X-CSRF-Token` must say in every request that is not GET.
    pub csrf: String,
    /// When they have to sign in again; sooner when they do nothing for a day.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// Changes the caller's password: `PUT /api/v1/me/password`. Elsewhere they are signed out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The present one.
    pub old: String,
    /// The next one, 8 to 256 characters.
    pub new: String,
}
