//! The database's errors in cto's words.
use super::Place;
use crate::error::Error;
use crate::model::Code;
use std::path::Path;

/// SQLite's codes for a full disk: FULL, IOERR_WRITE, IOERR_FSYNC, IOERR_TRUNCATE, IOERR_SHMSIZE, and CANTOPEN for a log that can't be made.
const FULL: &str = "13";
const MAYBE_FULL: [&str; 7] = ["10", "14", "778", "1034", "1546", "4618", "4874"];
/// PostgreSQL's.
const PG_FULL: &str = "53100";
/// Less than this is taken for full when SQLite can't write.
const LITTLE_BYTES: u64 = 64 * 1024;

pub(super) fn of(place: &Place, error: sqlx::Error) -> Error {
    let code = error.as_database_error().and_then(|error| error.code()).unwrap_or_default().into_owned();
    match place {
        Place::File(path) if code == FULL || (MAYBE_FULL.contains(&code.as_str()) && is_full(path)) => disk_full(path).because(error),
        Place::File(path) => Error::new(Code::StoreFailed, format!("the database '{}' failed: {error}", path.display())).because(error),
        Place::Server(url) if code == PG_FULL => {
            Error::new(Code::DiskFull, format!("the disk of the database '{url}' is full")).fix("make room there; reading goes on meanwhile").because(error)
        }
        Place::Server(url) => {
            let fix = "see whether PostgreSQL runs there and takes this user, or start without '--database'";
            Error::new(Code::StoreFailed, format!("the database '{url}' failed: {error}")).fix(fix).because(error)
        }
    }
}

pub(super) fn of_migration(place: &Place, error: sqlx::migrate::MigrateError) -> Error {
    use sqlx::migrate::MigrateError;
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => of(place, error),
        MigrateError::VersionMissing(_) | MigrateError::VersionMismatch(_) => {
            Error::new(Code::StoreFailed, "the database belongs to another version of cto").fix("use the newer cto, or another CTO_HOME").because(error)
        }
        error => Error::new(Code::StoreFailed, format!("the database can't be brought up to date: {error}")).because(error),
    }
}

pub(super) fn of_file(path: &Path, error: std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::StorageFull || error.kind() == std::io::ErrorKind::QuotaExceeded {
        return disk_full(path).because(error);
    }
    Error::new(Code::StoreFailed, format!("the database '{}' can't be opened: {error}", path.display()))
        .fix("see whether its directory exists and can be written, or set CTO_HOME")
        .because(error)
}

fn disk_full(path: &Path) -> Error {
    Error::new(Code::DiskFull, format!("no space is left for '{}', so nothing can be changed", path.display()))
        .fix("make room on that file system, or set CTO_HOME to a directory on another; reading goes on meanwhile")
}

fn is_full(path: &Path) -> bool {
    let dir = path.parent().unwrap_or(path);
    rustix::fs::statvfs(dir).is_ok_and(|system| system.f_bavail.saturating_mul(system.f_frsize) < LITTLE_BYTES)
}
