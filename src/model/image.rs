//! Images, as the engine has them.
use super::CreateContainer;
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

/// Names taken away and images removed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImageRemovals {
    /// In the order in which they went.
    pub items: Vec<ImageRemoval>,
}

/// Brings an image: `POST /api/v1/images/pull`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Pull {
    /// Its name, with a tag, a digest, or `latest`.
    #[serde(default)]
    pub image: String,
}

/// Makes a template's image anew: `POST /api/v1/images/refresh`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshImage {
    /// The template and its values, as for a launch.
    #[serde(default)]
    pub launch: CreateContainer,
    /// Ask the registry for a newer base image first.
    #[serde(default)]
    pub pull: bool,
}

/// Gives an image one more name: `POST /api/v1/images/{name}/tag`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TagImage {
    /// The new name, with a tag or `latest`.
    #[serde(default)]
    pub name: String,
}

/// `DELETE /api/v1/images/{name}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveImage {
    /// Also when containers that do not run were made from it, or it has several names.
    #[serde(default)]
    pub force: bool,
}

/// Removes images that nothing uses: `POST /api/v1/images/prune`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImagePrune {
    /// Every image that no container was made from, not only those without a name and those for templates' packages.
    #[serde(default)]
    pub all: bool,
    /// Only say which.
    #[serde(default)]
    pub dry_run: bool,
}

/// Images that were removed, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PrunedImages {
    /// Which.
    pub items: Vec<Image>,
    /// Their bytes; what they share with others is not freed.
    pub freed_bytes: u64,
    /// Which could not be removed, and why.
    #[serde(default)]
    pub kept: Vec<String>,
}

/// Builds an image from the tar in the body: `POST /api/v1/images/build`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BuildImage {
    /// Its name, with a tag or `latest`.
    #[serde(default)]
    pub tag: String,
    /// The recipe's path in the directory; `Dockerfile` where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dockerfile: Option<String>,
    /// The stage to stop at; the last where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Values for the recipe's arguments, as a JSON object of texts. They are kept in the image's history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub args: Option<String>,
    /// Take nothing from earlier builds.
    #[serde(default)]
    pub no_cache: bool,
    /// Look for base images anew.
    #[serde(default)]
    pub pull: bool,
    /// `default` or `none`; `host` only where policy allows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
}

/// A layer of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImageLayer {
    /// The id of the image that ends with it, where the engine has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The line of the recipe.
    pub created_by: String,
    /// Bytes that it adds.
    pub size_bytes: u64,
    /// What was said of it.
    pub comment: String,
    /// Names of the image that ends with it.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// The layers of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImageHistory {
    /// The newest first.
    pub items: Vec<ImageLayer>,
}
