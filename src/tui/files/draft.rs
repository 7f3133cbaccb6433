//! A container's file while it is edited on this machine.
use crate::client::FetchedFile;
use crate::error::Result;
use crate::model::ContainerId;
use crate::tui::editor::PrivateFile;
use crate::tui::files::names;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// The file as it was in the container, and the private copy that the editor has. The copy goes when nobody has this any more.
#[derive(Debug)]
pub struct Draft {
    /// The container.
    pub container: ContainerId,
    /// What was there, with its whole path, links followed.
    pub original: FetchedFile,
    file: PrivateFile,
}

impl Draft {
    /// Writes the private copy.
    ///
    /// # Errors
    /// `disk_full`, `invalid_value` when there is no place for it.
    pub fn new(container: ContainerId, original: FetchedFile) -> Result<Self> {
        let file = PrivateFile::new(OsStr::from_bytes(&names::last(&original.path)), &original.bytes)?;
        Ok(Self { container, original, file })
    }

    /// Where the private copy is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }
}

impl PartialEq for Draft {
    fn eq(&self, other: &Self) -> bool {
        self.path() == other.path()
    }
}
