//! Uploads: files on their way into containers, in as many pieces as it takes (tus 1.0).
use super::ContainerId;
use super::OperationId;
use super::UploadId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The media type of a piece of an upload.
pub const PIECE_MEDIA: &str = "application/offset+octet-stream";

/// A file on its way into a container. It is kept on the server's machine until it is whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Upload {
    /// Its id.
    pub id: UploadId,
    /// Whose it is.
    pub owner: String,
    /// The container that it goes to.
    pub container: ContainerId,
    /// That container's name, for showing.
    pub container_name: String,
    /// Where it goes, from the container's root.
    pub path: String,
    /// The permissions that it gets, such as 420 for `rw-r--r--`.
    pub mode: u32,
    /// How many bytes it has.
    pub size_bytes: u64,
    /// How many of them are here.
    pub offset: u64,
    /// What puts it into the container, once it is whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<OperationId>,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it is forgotten, unless more of it comes.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// A file that is to come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewUpload {
    /// The container that it goes to, by name, id or prefix of the id.
    pub container: String,
    /// Where it goes, from the container's root: the file itself, and not its directory.
    pub path: String,
    /// The permissions that it gets; `rw-r--r--` where none are given.
    pub mode: Option<u32>,
    /// How many bytes it has.
    pub size_bytes: u64,
}
