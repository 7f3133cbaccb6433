//! Images, as the engine has them.
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An image that the engine has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Image {
    /// The engine's id, `sha256:` and 64 hex digits.
    pub id: String,
    /// Its names with their tags; none where nothing names it any more.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Its names with the digests that registries know it by.
    #[serde(default)]
    pub digests: Vec<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Bytes of all its layers; those that it shares with others count too.
    pub size_bytes: u64,
    /// The user who built or committed it through cto.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// It was made for a template's packages.
    #[serde(default)]
    pub derived: bool,
}

/// A name that was taken away from an image, or an image that is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImageRemoval {
    /// The name that is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untagged: Option<String>,
    /// The id of the image or layer that is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<String>,
}
