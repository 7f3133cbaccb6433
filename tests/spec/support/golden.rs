//! Files of the repository that are made from the code.
use std::path::Path;

/// Compares with a file, named from the repository's root; with `UPDATE=1` in the environment the file is written anew.
pub fn golden(name: impl AsRef<Path>, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, actual).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    if kept == actual {
        return;
    }
    let differs = kept.lines().zip(actual.lines()).position(|(old, new)| old != new);
    let line = differs.unwrap_or_else(|| kept.lines().count().min(actual.lines().count()));
    panic!(
        "{} differs from line {}: kept {:?}, now {:?}. If the change is meant: UPDATE=1 cargo test",
        name.as_ref().display(),
        line + 1,
        kept.lines().nth(line),
        actual.lines().nth(line)
    );
}
