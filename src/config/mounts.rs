//! Host paths of mounts: which may be mounted, which must be made first, and what they are called outside cto's own container.
use crate::config::paths::resolve_existing;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use rustix::fs::Mode;
use rustix::fs::OFlags;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::Component;
use std::path::Path;
use std::path::PathBuf;

/// Most bytes of a recipe.
pub(super) const MOST_RECIPE: u64 = 256 << 10;

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
    roots.extend(home());
    roots
}

/// The user's home; a home that is the root directory counts as none.
fn home() -> Option<PathBuf> {
    std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute() && home.parent().is_some())
}

/// A host path that may be mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resolved {
    /// Absolute, symbolic links followed.
    pub path: String,
    /// Whether it is there already.
    pub exists: bool,
}

/// Makes a written host path absolute, follows its links and checks that it lies in one of the roots. `done` is what is to be done with it, for messages.
///
/// # Errors
/// With a sentence for people.
pub(super) fn resolve(written: &str, done: &str, base_dir: &Path, roots: &[PathBuf]) -> Result<Resolved, String> {
    let named = match written.strip_prefix('~') {
        Some("") => home().ok_or("there is no home directory for '~'")?,
        Some(rest) => match rest.strip_prefix('/') {
            Some(rest) => home().ok_or("there is no home directory for '~'")?.join(rest),
            None => return Err(format!("'{written}' is another user's home; write its path")),
        },
        None => base_dir.join(written),
    };
    if !named.is_absolute() {
        return Err(format!("'{written}' is relative, and there is no directory to start from"));
    }
    let path = walk(&named)?;
    let inside = |root: &PathBuf| path.starts_with(resolve_existing(root));
    if !roots.iter().any(inside) {
        let all = roots.iter().map(|root| format!("'{}'", root.display())).collect::<Vec<_>>().join(", ");
        let may = if all.is_empty() { "no directory of the host may".to_owned() } else { format!("only what lies in {all} may") };
        // Where links have led is told with where they were.
        let place = if path == named { format!("'{}'", path.display()) } else { format!("'{}' leads to '{}', which", named.display(), path.display()) };
        return Err(format!("{place} can't be {done}: {may}; add a directory to 'containers.allowed_roots' in cto.json"));
    }
    let exists = path.symlink_metadata().is_ok();
    let path = path
        .to_str()
        .filter(|path| !path.contains(':'))
        .ok_or_else(|| format!("'{}' can't be {done}: its name has ':' or is no UTF-8 text", path.display()))?;
    Ok(Resolved { path: path.to_owned(), exists })
}

/// Opens a file or directory by a path that has no link in it; one that was put there since is refused.
///
/// # Errors
/// What the system says.
pub fn open_plain(path: &Path, kind: OFlags) -> std::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let mut at = rustix::fs::open("/", flags | OFlags::DIRECTORY, Mode::empty())?;
    let mut steps = path.components().filter(|step| *step != Component::RootDir).peekable();
    while let Some(step) = steps.next() {
        let Component::Normal(name) = step else { return Err(std::io::ErrorKind::InvalidInput.into()) };
        let kind = if steps.peek().is_some() { OFlags::DIRECTORY } else { kind };
        at = rustix::fs::openat(&at, name, flags | kind, Mode::empty())?;
    }
    Ok(at)
}

/// The text of a recipe.
///
/// # Errors
/// With a sentence for people.
pub(super) fn read_recipe(path: &Path) -> Result<String, String> {
    let unread = |error: std::io::Error| format!("'{}' can't be read: {error}", path.display());
    let file = std::fs::File::from(open_plain(path, OFlags::empty()).map_err(unread)?);
    if !file.metadata().map_err(unread)?.is_file() {
        return Err(format!("'{}' is no file", path.display()));
    }
    let mut text = String::new();
    file.take(MOST_RECIPE + 1).read_to_string(&mut text).map_err(unread)?;
    if text.len() as u64 > MOST_RECIPE {
        return Err(format!("'{}' has more than {} KiB: it is no recipe", path.display(), MOST_RECIPE >> 10));
    }
    Ok(text)
}

/// Follows `..` and symbolic links step by step, as the kernel would, also where the end of the path does not exist yet.
fn walk(path: &Path) -> Result<PathBuf, String> {
    let mut result = PathBuf::from("/");
    for step in path.components() {
        match step {
            Component::ParentDir => {
                result.pop();
            }
            Component::Normal(name) => {
                let next = result.join(name);
                result = match next.symlink_metadata() {
                    Ok(facts) if facts.is_symlink() => {
                        next.canonicalize().map_err(|error| format!("'{}' is a symbolic link that leads nowhere: {error}", next.display()))?
                    }
                    Ok(_) => next,
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => next,
                    Err(error) => return Err(format!("'{}' cannot be looked at: {error}", next.display())),
                };
            }
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    Ok(result)
}

/// Makes the directories that a launch needs, owned by the owner of what they lie in: made by the engine they would be root's.
///
/// # Errors
/// When one can't be made, or a link was put in its way since it was checked.
pub fn make_directories(directories: &[String]) -> Result<()> {
    for directory in directories {
        let fail = |error: std::io::Error| {
            let code = if error.kind() == std::io::ErrorKind::StorageFull { Code::DiskFull } else { Code::InvalidValue };
            Error::new(code, format!("cannot make the directory '{directory}': {error}")).because(error)
        };
        let path = Path::new(directory);
        let missing: Vec<&Path> = path.ancestors().take_while(|path| path.symlink_metadata().is_err()).collect();
        for dir in missing.iter().rev() {
            let owner = dir.parent().unwrap_or(dir).metadata().map_err(fail)?;
            match std::fs::create_dir(dir) {
                Ok(()) if rustix::process::geteuid().is_root() => std::os::unix::fs::lchown(dir, Some(owner.uid()), Some(owner.gid())).map_err(fail)?,
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(fail(error)),
            }
        }
        if path.canonicalize().map_err(fail)? != path {
            return Err(Error::new(Code::WrongState, format!("'{directory}' has become a symbolic link")).fix("try again"));
        }
    }
    Ok(())
}
