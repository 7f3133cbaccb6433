//! What a `.dockerignore` leaves out of a directory that an image is built from.
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Most bytes of a `.dockerignore` that are read.
pub const MOST_IGNORE: u64 = 1 << 20;

/// The patterns of a `.dockerignore`, in order; the last that fits decides.
#[derive(Clone, Debug, Default)]
pub struct Ignore {
    patterns: Vec<Pattern>,
    /// Paths that are always sent.
    kept: Vec<Vec<u8>>,
}

#[derive(Clone, Debug)]
struct Pattern {
    /// It takes back what others leave out.
    back: bool,
    parts: Vec<Vec<u8>>,
}

impl Ignore {
    /// Reads the patterns. `kept` are sent whatever they say.
    #[must_use]
    pub fn read(text: &str, kept: &[&str]) -> Self {
        let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let pattern = |line: &str| {
            let (back, line) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest.trim_start()));
            let mut parts: Vec<Vec<u8>> = Vec::new();
            for part in line.split('/').filter(|part| !part.is_empty() && *part != ".") {
                if part == ".." {
                    parts.pop();
                } else {
                    parts.push(part.as_bytes().to_vec());
                }
            }
            Pattern { back, parts }
        };
        let patterns = lines.map(pattern).filter(|pattern| !pattern.parts.is_empty()).collect();
        Self { patterns, kept: kept.iter().map(|path| path.trim_start_matches("./").as_bytes().to_vec()).collect() }
    }

    /// Whether a path in the directory is left out.
    #[must_use]
    pub fn leaves_out(&self, path: &Path) -> bool {
        if self.kept.iter().any(|kept| kept == path.as_os_str().as_bytes()) {
            return false;
        }
        let parts: Vec<&[u8]> = path.as_os_str().as_bytes().split(|byte| *byte == b'/').collect();
        // What fits a directory fits all that is in it.
        let fits = |pattern: &Pattern| (1..=parts.len()).any(|length| parts.get(..length).is_some_and(|above| fits_parts(&pattern.parts, above)));
        self.patterns.iter().rev().find(|pattern| fits(pattern)).is_some_and(|pattern| !pattern.back)
    }

    /// Whether something in a directory that is left out may be sent all the same.
    #[must_use]
    pub fn takes_back(&self, path: &Path) -> bool {
        let below = [path.as_os_str().as_bytes(), b"/"].concat();
        self.patterns.iter().any(|pattern| pattern.back) || self.kept.iter().any(|kept| kept.starts_with(&below))
    }
}

fn fits_parts(pattern: &[Vec<u8>], path: &[&[u8]]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first == b"**" => {
            // At its end it needs something to fit.
            if rest.is_empty() { !path.is_empty() } else { (0..=path.len()).any(|skipped| path.get(skipped..).is_some_and(|path| fits_parts(rest, path))) }
        }
        (Some((first, rest)), Some((part, below))) => fits_part(first, part) && fits_parts(rest, below),
        _ => false,
    }
}

/// `*`, `?`, `[a-z]`, `[^a-z]` and `\x`, within one part of a path.
fn fits_part(pattern: &[u8], text: &[u8]) -> bool {
    // Where to go on when what follows a star does not fit: one byte further than last time.
    let (mut at, mut from, mut star) = (0, 0, None);
    loop {
        let Some(byte) = text.get(from) else { return pattern.get(at..).unwrap_or_default().iter().all(|byte| *byte == b'*') };
        if pattern.get(at) == Some(&b'*') {
            star = Some((at + 1, from));
            at += 1;
            continue;
        }
        match one(pattern.get(at..).unwrap_or_default(), *byte) {
            Some(length) => (at, from) = (at + length, from + 1),
            None => match star {
                Some((after, tried)) => {
                    star = Some((after, tried + 1));
                    (at, from) = (after, tried + 1);
                }
                None => return false,
            },
        }
    }
}

/// How much of the pattern fits the byte; none where it does not.
fn one(pattern: &[u8], byte: u8) -> Option<usize> {
    match pattern.first()? {
        b'?' => Some(1),
        b'\\' => (pattern.get(1) == Some(&byte)).then_some(2),
        b'[' => {
            let end = pattern.iter().skip(2).position(|end| *end == b']')? + 2;
            let inside = pattern.get(1..end)?;
            let (not, inside) = match inside.strip_prefix(b"^") {
                Some(rest) => (true, rest),
                None => (false, inside),
            };
            let mut fits = false;
            let mut at = 0;
            while let Some(first) = inside.get(at) {
                match (inside.get(at + 1), inside.get(at + 2)) {
                    (Some(b'-'), Some(last)) => {
                        fits |= (*first..=*last).contains(&byte);
                        at += 3;
                    }
                    _ => {
                        fits |= *first == byte;
                        at += 1;
                    }
                }
            }
            (fits != not).then_some(end + 1)
        }
        literal => (*literal == byte).then_some(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dockerignore_is_read_as_docker_reads_it() {
        let ignore = Ignore::read("# comment\nnode_modules\n*.log\n**/*.tmp\ndocs/**\n!docs/keep.md\n/abs\na?c\nx[0-9]y\n", &["Dockerfile", "./b/Recipe"]);
        let out = |path: &str| ignore.leaves_out(Path::new(path));
        for path in ["node_modules", "node_modules/a/b", "x.log", "a/b/c.tmp", "c.tmp", "docs/a", "docs/b/c", "abs", "abc", "x7y"] {
            assert!(out(path), "{path}");
        }
        for path in ["src", "src/node_modules", "src/x.log", "docs", "docs/keep.md", "ac", "x77y", "Dockerfile", "b/Recipe", "logs"] {
            assert!(!out(path), "{path}");
        }
        let all = Ignore::read("*\n!src\nsrc/*.o", &["Dockerfile"]);
        assert!(all.leaves_out(Path::new("README")) && !all.leaves_out(Path::new("src/a.c")) && all.leaves_out(Path::new("src/a.o")));
        assert!(!all.leaves_out(Path::new("Dockerfile")) && all.takes_back(Path::new("lib")));
        assert!(!Ignore::read("a", &[]).takes_back(Path::new("a")) && Ignore::read("b", &["b/Recipe"]).takes_back(Path::new("b")));
        assert!(!Ignore::read("[", &[]).leaves_out(Path::new("x")) && !fits_part(b"*a*b*c", b"aXbX") && fits_part(b"*a*b*c", b"XaabbXc"));
    }
}
