//! Host paths of mounts: which may be mounted, which must be made first, and what they are called outside cto's own container.
use crate::error::Result;
use std::path::Path;
use std::path::PathBuf;

/// A mount of the container that cto itself runs in: what the host calls a path, and where it is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnMount {
    /// Absolute path on the host.
    pub host: PathBuf,
    /// Absolute path here.
    pub here: PathBuf,
}

/// The host's name for a path of the container that cto runs in; none where no mount leads outside.
///
/// The longest matching mount decides, as it does for the kernel.
#[must_use]
pub fn map_to_host(path: &Path, own_mounts: &[OwnMount]) -> Option<PathBuf> {
    let best = own_mounts.iter().filter(|mount| path.starts_with(&mount.here)).max_by_key(|mount| mount.here.components().count())?;
    let rest = path.strip_prefix(&best.here).ok()?;
    // Joining an empty rest would add a slash at the end.
    Some(if rest.as_os_str().is_empty() { best.host.clone() } else { best.host.join(rest) })
}

/// The directories that may be mounted from where nothing else is configured: the project's, and the user's home.
#[must_use]
pub fn default_roots(base_dir: &Path) -> Vec<PathBuf> {
    let mut roots = vec![base_dir.to_path_buf()];
    roots.extend(std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute() && home.parent().is_some()));
    roots
}

/// Makes the directories that a launch needs, owned by the owner of what they lie in, so that they are not root's when the engine
/// would have made them.
///
/// # Errors
/// When one can't be made.
pub fn make_directories(directories: &[String]) -> Result<()> {
    for directory in directories {
        std::fs::create_dir_all(directory)
            .map_err(|error| crate::error::Error::invalid(format!("cannot make the directory '{directory}': {error}")).because(error))?;
    }
    Ok(())
}
