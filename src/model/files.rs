//! Files of a container: looked at, changed, read and written as archives.
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The media type of archives.
pub const TAR_MEDIA: &str = "application/x-tar";

/// A place in a container: `…/containers/{id}/files` and what is below it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PathQuery {
    /// A path from the container's root. A directory's name with `/.` behind it means what is in it.
    #[serde(default)]
    pub path: String,
    /// The same as bytes in base64, for a path that is no UTF-8; it holds where both are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_base64: Option<String>,
}

impl PathQuery {
    /// The place with these bytes.
    #[must_use]
    pub fn new(path: &[u8]) -> Self {
        let (path, path_base64) = written(path);
        Self { path, path_base64 }
    }

    /// The path's bytes; none where its base64 is none.
    #[must_use]
    pub fn bytes(&self) -> Option<Vec<u8>> {
        read(&self.path, self.path_base64.as_deref())
    }
}

/// Gives something in a container another name: `POST …/files/move`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MovePath {
    /// Where it is, from the container's root.
    #[serde(default)]
    pub path: String,
    /// The same as bytes in base64, for a path that is no UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_base64: Option<String>,
    /// Where it goes, from the container's root. There must be nothing yet.
    #[serde(default)]
    pub to: String,
    /// The same as bytes in base64, for a path that is no UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_base64: Option<String>,
}

impl MovePath {
    /// From one place to another.
    #[must_use]
    pub fn new(from: &[u8], to: &[u8]) -> Self {
        let ((path, path_base64), (to, to_base64)) = (written(from), written(to));
        Self { path, path_base64, to, to_base64 }
    }

    /// Both paths' bytes; none where a base64 is none.
    #[must_use]
    pub fn bytes(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        Some((read(&self.path, self.path_base64.as_deref())?, read(&self.to, self.to_base64.as_deref())?))
    }
}

/// Bytes as text, and in base64 where the text alone is not them.
fn written(bytes: &[u8]) -> (String, Option<String>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), None),
        Err(_) => (String::from_utf8_lossy(bytes).into_owned(), Some(STANDARD.encode(bytes))),
    }
}

fn read(text: &str, base64: Option<&str>) -> Option<Vec<u8>> {
    match base64 {
        Some(base64) => STANDARD.decode(base64).ok(),
        None => Some(text.as_bytes().to_vec()),
    }
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

/// What is in a directory: `GET …/files/list`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Directory {
    /// Its entries, in no order.
    pub items: Vec<DirectoryEntry>,
    /// Why these are not all, where they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<String>,
}

/// One thing in a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryEntry {
    /// Its name.
    pub name: String,
    /// The same as bytes in base64, where they are no UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_base64: Option<String>,
    /// What it is.
    pub kind: PathKind,
    /// Bytes of a file.
    pub size_bytes: u64,
    /// Permissions with the bits above them, such as 493 for `rwxr-xr-x`.
    pub mode: u32,
    /// When it was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub modified_at: Option<Timestamp>,
    /// Whose it is, by number.
    pub uid: u32,
    /// Of which group it is, by number.
    pub gid: u32,
    /// Whose it is, by the container's own name where it has one.
    pub user: String,
    /// Of which group it is, likewise.
    pub group: String,
    /// Where a link leads, as it says itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// What is there where a link leads; none where that is nothing, or not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leads_to: Option<PathKind>,
}

impl DirectoryEntry {
    /// An entry of this name, of which nothing else is known.
    #[must_use]
    pub fn new(name: &[u8], kind: PathKind) -> Self {
        let (name, name_base64) = written(name);
        let (user, group) = (String::new(), String::new());
        Self { name, name_base64, kind, size_bytes: 0, mode: 0, modified_at: None, uid: 0, gid: 0, user, group, target: None, leads_to: None }
    }

    /// The name's bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        read(&self.name, self.name_base64.as_deref()).unwrap_or_default()
    }
}

/// What was removed from a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RemovedPaths {
    /// How many files, directories and others.
    pub count: u64,
}

/// What was written into a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Uploaded {
    /// Bytes of the archive that came.
    pub bytes: u64,
    /// Their SHA-256, in hex: to be compared with what was sent.
    pub sha256: String,
}
