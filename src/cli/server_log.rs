//! `cto server logs`: the newest lines of the server's log files, across their rotation.
use crate::cli::output;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::term::SafeText;
use std::collections::VecDeque;
use std::fs::File;
use std::io::BufRead as _;
use std::io::BufReader;
use std::io::IsTerminal as _;
use std::io::Read as _;
use std::io::Seek as _;
use std::io::SeekFrom;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

/// How often a file that is followed is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// Prints the last `tail` lines, or all; with `follow` also what comes after.
pub async fn show(dir: &Path, tail: Option<u32>, follow: bool) -> Result<()> {
    let mut files = files(dir);
    if files.is_empty() && !follow {
        return Err(Error::new(Code::NotFound, format!("there is no log yet in '{}'", dir.display())).fix("start a server: cto server start"));
    }
    let mut out = Out(std::io::stdout().is_terminal().then(SafeText::new));
    match tail {
        None => {
            for file in &files {
                out.write(&std::fs::read(file).map_err(|error| unreadable(file, error))?)?;
            }
        }
        Some(count) => last_lines(&files, count as usize)?.iter().try_for_each(|line| out.write(line))?,
    }
    if !follow {
        return Ok(());
    }
    let mut current = files.pop();
    let mut at = current.as_ref().and_then(|file| file.metadata().ok()).map_or(0, |facts| facts.len());
    loop {
        if let Some(file) = &current {
            at += copy_from(file, at, &mut out)?;
        }
        // The next file begins when the day does; what was still written into the old one has just been read.
        let newest = self::files(dir).pop();
        if newest != current {
            current = newest;
            at = 0;
            continue;
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}

struct Out(Option<SafeText>);

impl Out {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.0 {
            Some(filter) => output::write(&filter.push(bytes)),
            None => output::write(bytes),
        }
    }
}

/// Log files, oldest first: their names carry the date.
fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file())).map(|entry| entry.path()).collect();
    files.sort();
    files
}

fn last_lines(files: &[PathBuf], count: usize) -> Result<VecDeque<Vec<u8>>> {
    let mut lines: VecDeque<Vec<u8>> = VecDeque::new();
    for file in files.iter().rev() {
        let missing = count - lines.len();
        if missing == 0 {
            break;
        }
        let mut own: VecDeque<Vec<u8>> = VecDeque::new();
        let mut reader = BufReader::new(File::open(file).map_err(|error| unreadable(file, error))?);
        loop {
            let mut line = Vec::new();
            if reader.read_until(b'\n', &mut line).map_err(|error| unreadable(file, error))? == 0 {
                break;
            }
            if own.len() == missing {
                own.pop_front();
            }
            own.push_back(line);
        }
        own.into_iter().rev().for_each(|line| lines.push_front(line));
    }
    Ok(lines)
}

/// Passes on what a file has after `at`; how many bytes that was.
fn copy_from(file: &Path, at: u64, out: &mut Out) -> Result<u64> {
    let mut bytes = Vec::new();
    let mut open = File::open(file).map_err(|error| unreadable(file, error))?;
    open.seek(SeekFrom::Start(at)).and_then(|_| open.read_to_end(&mut bytes)).map_err(|error| unreadable(file, error))?;
    out.write(&bytes)?;
    Ok(bytes.len() as u64)
}

fn unreadable(file: &Path, error: std::io::Error) -> Error {
    Error::invalid(format!("'{}' can't be read: {error}", file.display())).because(error)
}
