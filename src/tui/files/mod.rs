//! Files of containers and of this machine: what is known of them, and what can be asked for.
pub mod draft;
pub mod host;
pub mod look;
pub mod names;

use crate::model::ContainerId;
use crate::model::DirectoryEntry;
use crate::model::PathKind;
use crate::model::Problem;
use crate::model::SessionId;
use crate::tui::parts::reader::Line;
use draft::Draft;
use jiff::Timestamp;
use std::sync::Arc;

/// Where files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Where {
    /// In a container.
    Container(ContainerId),
    /// On this machine.
    Host,
}

/// One thing in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name's bytes.
    pub name: Vec<u8>,
    /// What it is.
    pub kind: PathKind,
    /// What is where a link leads.
    pub leads_to: Option<PathKind>,
    /// Bytes of a file.
    pub size: u64,
    /// Permissions, with the bits above them.
    pub mode: u32,
    /// When it was last changed.
    pub modified_at: Option<Timestamp>,
    /// Whose it is, by name or number.
    pub owner: String,
    /// Where a link leads, as it says itself.
    pub target: Option<String>,
}

impl Entry {
    /// Whether it can be gone into.
    #[must_use]
    pub fn is_directory(&self) -> bool {
        self.kind == PathKind::Directory || self.leads_to == Some(PathKind::Directory)
    }
}

impl From<DirectoryEntry> for Entry {
    fn from(entry: DirectoryEntry) -> Self {
        let one = |name: &str, number: u32| if name.is_empty() { number.to_string() } else { name.to_owned() };
        Self {
            name: entry.bytes(),
            kind: entry.kind,
            leads_to: entry.leads_to,
            size: entry.size_bytes,
            mode: entry.mode,
            modified_at: entry.modified_at,
            owner: format!("{}:{}", one(&entry.user, entry.uid), one(&entry.group, entry.gid)),
            target: entry.target,
        }
    }
}

/// What is in a directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// All of it.
    pub entries: Vec<Entry>,
    /// Why that is not all.
    pub cut: Option<String>,
}

/// How the text of an editor goes back into its container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PutWay {
    /// If nobody has changed the file meanwhile.
    Checked,
    /// Also then.
    Over,
    /// Beside it, under this name.
    As(Vec<u8>),
}

/// What can be asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum FilesWish {
    /// What is in a directory. On this machine nothing stands for where the program was started, and `~` for its user's home.
    List(Where, Vec<u8>),
    /// Where the program of a session works.
    Cwd(SessionId),
    /// A new directory.
    Make(Where, Vec<u8>),
    /// Another name.
    Move(Where, Vec<u8>, Vec<u8>),
    /// All of these away.
    Remove(Where, Vec<Vec<u8>>),
    /// The beginning of a file, to be read.
    Look(Where, Vec<u8>),
    /// How a container's file differs from one of this machine.
    Compare(ContainerId, Vec<u8>, Vec<u8>),
    /// A container's file, to be edited.
    Fetch(ContainerId, Vec<u8>),
    /// An edited file back.
    PutBack(Arc<Draft>, PutWay),
    /// Which of these names are there already.
    Clashes(Where, Vec<u8>, Vec<Vec<u8>>),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum FilesReply {
    /// The directory's whole path, and what is in it.
    Listed(Vec<u8>, Listing),
    /// Where a program works.
    Cwd(Vec<u8>),
    /// It is done, in words.
    Done(String),
    /// How many went, and why others did not.
    Removed(usize, Vec<String>),
    /// Lines to be read.
    Seen(String, Vec<Line>),
    /// A file to be edited.
    Draft(Arc<Draft>),
    /// It is as it was: there was nothing to put back.
    Unchanged,
    /// It is in the container, with so many bytes.
    Put(Vec<u8>, usize),
    /// It is not: what became of the file meanwhile.
    Stale(String),
    /// These are there.
    Clashes(Vec<Vec<u8>>),
}

/// One thing to be copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyItem {
    /// Its whole path.
    pub from: Vec<u8>,
    /// What it is called where it goes.
    pub name: Vec<u8>,
    /// Its bytes, where they are known.
    pub bytes: Option<u64>,
}

/// Things to be copied between a container and this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyJob {
    /// Names the job while the program runs.
    pub id: u64,
    /// The container.
    pub container: ContainerId,
    /// Out of it, or else into it.
    pub out: bool,
    /// What.
    pub items: Vec<CopyItem>,
    /// The directory where it goes.
    pub into: Vec<u8>,
}

/// What a copy tells.
#[derive(Clone, Debug, PartialEq)]
pub enum CopyNews {
    /// It is at the item of this place, with so many bytes of all in all.
    Moved(usize, u64),
    /// It has ended.
    Ended(Box<Copied>),
}

/// How a copy has ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Copied {
    /// Items that were copied whole.
    pub items: usize,
    /// Regular files in them.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What was left out, and why; the first of them.
    pub left_out: Vec<String>,
    /// What went wrong with others.
    pub problem: Option<Box<Problem>>,
}

/// An answer to a question of the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilesAnswer {
    /// Replace what is there.
    Overwrite,
    /// Replace this and all others.
    OverwriteAll,
    /// Leave this one out.
    Skip,
    /// Ask for another name.
    Rename,
    /// Put the edited file back over the other change.
    PutOver,
    /// Ask for a name beside it.
    PutBeside,
}

/// What a name is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilesPrompt {
    /// A new directory.
    Make,
    /// Another name for this one.
    Rename(Vec<u8>),
    /// Another name for what is copied next.
    CopyAs,
    /// A name for the edited file.
    PutAs,
}
