//! Files of a container, read and written as archives.
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The media type of archives.
pub const TAR_MEDIA: &str = "application/x-tar";

/// A place in a container: `…/containers/{id}/files` and `…/files/stat`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PathQuery {
    /// A path from the container's root. A directory's name with `/.` behind it means what is in it.
    #[serde(default)]
    pub path: String,
}

/// What is at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PathKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A device, a socket or a pipe.
    Other,
}

/// What is known of a place in a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PathStat {
    /// The last part of its path.
    pub name: String,
    /// What is there.
    pub kind: PathKind,
    /// Bytes of a file.
    pub size_bytes: u64,
    /// Permissions, such as 420 for `rw-r--r--`.
    pub mode: u32,
    /// When it was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub modified_at: Option<Timestamp>,
    /// Where a link leads, from the container's root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// What was written into a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Uploaded {
    /// Bytes of the archive that came.
    pub bytes: u64,
    /// Their SHA-256, in hex: to be compared with what was sent.
    pub sha256: String,
}
