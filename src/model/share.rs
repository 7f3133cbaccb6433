//! Shares: a session shown to people without an account.
use super::SessionId;
use super::ShareId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a share's guests may do. Fixed when the share is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShareMode {
    /// Look: nothing that they send reaches the session.
    #[default]
    View,
    /// Look and type.
    Write,
}

/// A share, without its code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Share {
    /// Its id.
    pub id: ShareId,
    /// Which session it shows.
    pub session: SessionId,
    /// Who made it.
    pub owner: String,
    /// What its guests may do.
    pub mode: ShareMode,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it ends, and everybody who came in by it is out.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// How often its code may be used; as often as one likes where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_uses: Option<u32>,
    /// How often it was used.
    pub uses: u32,
}

/// Makes a share: `POST /api/v1/sessions/{id}/shares`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateShare {
    /// What its guests may do; to look where nothing is given.
    #[serde(default)]
    pub mode: ShareMode,
    /// Seconds until it ends: 60 to 2,592,000 (30 days); an hour where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 60, maximum = 2_592_000)]
    pub expires_in_s: Option<u32>,
    /// How often its code may be used; as often as one likes where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub max_uses: Option<u32>,
}

/// A new share with its code, which is shown only once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreatedShare {
    /// The share.
    pub share: Share,
    /// What lets people in. In a browser: `/s/CODE` at the server's address.
    pub code: String,
}

/// Comes in as a guest: `POST /api/v1/shares/open`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenShare {
    /// The share's code.
    pub code: String,
    /// What the guest wants to be called, 1 to 40 characters.
    pub name: String,
    /// The token that they were given when they came in before: while it is good, they go on as who they were, and nothing is used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest: Option<String>,
}

/// What a guest has then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpenedShare {
    /// What the guest is called.
    pub name: String,
    /// What goes into the first frame of `cto.term.v1` at this session, and is good for nothing else.
    pub token: String,
    /// Which session.
    pub session: SessionId,
    /// What the session's terminal is called.
    pub title: String,
    /// Who made the share.
    pub owner: String,
    /// What the guest may do.
    pub mode: ShareMode,
    /// When everybody is out.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}
