//! Whether files have changed since they were looked at last.
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::path::PathBuf;

/// Files of one folder that are looked at, at most.
const MOST: usize = 2000;

/// What a file looked like: time of its last change, size, number of its place on the disk.
type Stamp = (i64, i64, u64, u64);

/// How some files, and the JSON files of some folders, looked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files(BTreeMap<PathBuf, Option<Stamp>>);

impl Files {
    /// Looks at them; what is not there counts too.
    #[must_use]
    pub fn look<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Self {
        let mut found = BTreeMap::new();
        for path in paths {
            found.insert(path.to_owned(), stamp(path));
            let inside = std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
            for file in inside.filter(|file| file.extension().is_some_and(|kind| kind == "json")).take(MOST) {
                let stamp = stamp(&file);
                found.insert(file, stamp);
            }
        }
        Self(found)
    }
}

/// Symbolic links are followed: what they lead to is what is read.
fn stamp(path: &Path) -> Option<Stamp> {
    let facts = path.metadata().ok()?;
    Some((facts.ctime(), facts.ctime_nsec(), facts.size(), facts.ino()))
}
