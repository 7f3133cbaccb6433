//! Runs the person's editor on a file of this machine: the terminal is the editor's meanwhile.
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use std::ffi::OsStr;
use std::ffi::OsString;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitStatus;
use tempfile::TempDir;
use tokio::process::Child;
use tokio::process::Command;

/// What is looked for where the environment names no editor.
const USUAL: [&str; 4] = ["editor", "vi", "nano", "emacs"];
/// The longest name that a private file has.
const LONGEST: usize = 100;

/// A file that nobody else can read, in a directory of its own. Both go when it is dropped.
#[derive(Debug)]
pub struct PrivateFile {
    /// Holds the directory.
    _directory: TempDir,
    path: PathBuf,
}

impl PrivateFile {
    /// Writes `bytes` into a new one. It is called `name`, as far as that can be typed, so that an editor knows its language.
    ///
    /// # Errors
    /// `disk_full`, `invalid_value` when there is no place for it.
    pub fn new(name: &OsStr, bytes: &[u8]) -> Result<Self> {
        let make = || {
            let directory = tempfile::Builder::new().prefix("cto-").permissions(std::fs::Permissions::from_mode(0o700)).tempdir()?;
            let path = directory.path().join(tame(name));
            let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            file.write_all(bytes)?;
            Ok(Self { _directory: directory, path })
        };
        make().map_err(|error: std::io::Error| {
            let code = if error.kind() == std::io::ErrorKind::StorageFull { Code::DiskFull } else { Code::InvalidValue };
            Error::new(code, format!("a file for the editor can't be written: {error}"))
                .fix("set TMPDIR to a directory that is yours and has room")
                .because(error)
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// A name of which any editor, and any shell that an editor starts, makes the same.
fn tame(name: &OsStr) -> OsString {
    let bytes: Vec<u8> = name
        .as_bytes()
        .iter()
        .rev()
        .take(LONGEST)
        .rev()
        .map(|byte| if byte.is_ascii_alphanumeric() || b"._-+".contains(byte) { *byte } else { b'_' })
        .collect();
    let name = String::from_utf8_lossy(&bytes).trim_start_matches(['-', '+']).to_owned();
    if name.chars().all(|c| c == '.') { "file".into() } else { name.into() }
}

/// Starts the editor. It is `$VISUAL`, `$EDITOR` or one of the usual ones, and may have arguments, as a shell reads them.
///
/// # Errors
/// `invalid_value` when there is none, or it can't be run.
pub(super) fn start(path: &Path) -> Result<Child> {
    let named = ["VISUAL", "EDITOR"].into_iter().filter_map(std::env::var_os).find(|value| !value.is_empty());
    let Some(editor) = named.or_else(usual) else {
        return Err(Error::invalid("there is no editor here").fix("set EDITOR, for example 'export EDITOR=nano', and start cto again"));
    };
    let mut line = editor.clone();
    line.push(" \"$@\"");
    let mut command = Command::new("sh");
    command.arg("-c").arg(&line).arg(&editor).arg(path);
    command.spawn().map_err(|error| Error::invalid(format!("the editor can't be run: {error}")).because(error))
}

/// The first of the usual editors that is installed.
fn usual() -> Option<OsString> {
    let path = std::env::var_os("PATH")?;
    USUAL.into_iter().find(|name| std::env::split_paths(&path).any(|directory| directory.join(name).is_file())).map(OsString::from)
}

/// What the editor's end means.
///
/// # Errors
/// `invalid_value` when it did not end well.
pub(super) fn ended(status: std::io::Result<ExitStatus>) -> Result<()> {
    let told = match status {
        Ok(status) if status.success() => return Ok(()),
        // The shell that starts it says so.
        Ok(status) if status.code() == Some(127) => "the editor was not found".to_owned(),
        Ok(status) => format!("the editor failed: {status}"),
        Err(error) => format!("the editor was lost: {error}"),
    };
    Err(Error::invalid(told).fix("look at EDITOR and VISUAL"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_file_is_private_and_goes() {
        let file = PrivateFile::new(OsStr::from_bytes(b"-a b\xff\x1b[m.rs"), b"text").unwrap();
        let path = file.path().to_owned();
        assert_eq!(path.file_name(), Some(OsStr::new("a_b___m.rs")));
        assert_eq!(std::fs::read(&path).unwrap(), b"text");
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        drop(file);
        assert!(!path.parent().unwrap().exists());
        assert_eq!([tame(OsStr::new("..")), tame(OsStr::new("")), tame(OsStr::new("-"))], ["file", "file", "file"]);
    }
}
