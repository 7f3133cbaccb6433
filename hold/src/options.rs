//! What `hold run` and `hold init` are told.
use crate::fault::Fault;
use hold::ErrorCode;
use hold::valid_id;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::time::Duration;

/// How long a program waits, unless told otherwise, when nobody takes its output. A server that was away for a minute, and needs a moment to
/// come back, is to find everything.
const PATIENCE: Duration = Duration::from_secs(120);
/// Least and most bytes of a ring.
const RING: (usize, usize) = (64 * 1024, 64 * 1024 * 1024);

/// What to run.
#[derive(Debug, PartialEq, Eq)]
pub enum Program {
    /// The user's shell.
    Shell,
    /// A program and its arguments; never empty.
    Command(Vec<OsString>),
}

/// What the program may do when nobody takes its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// It is blocked for so long; then the oldest output goes.
    Block(Duration),
    /// The oldest output goes.
    Drop,
}

/// A session to start.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    /// Its id.
    pub id: String,
    /// First columns.
    pub cols: u16,
    /// First rows.
    pub rows: u16,
    /// When nobody takes its output.
    pub policy: Policy,
    /// Bytes of output that are kept.
    pub ring: usize,
    /// How long it stays after the program has ended, unless the exit is acknowledged.
    pub linger: Duration,
    /// Directory to start in; else the one that the holder was started in.
    pub cwd: Option<PathBuf>,
    /// Further environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Directory of the socket, instead of the usual places.
    pub place: Option<PathBuf>,
    /// What to run.
    pub program: Program,
}

impl Options {
    /// Reads the arguments after `run`, or after `init`, where the session is `main`.
    ///
    /// # Errors
    /// With what is wrong, in words.
    pub fn read(arguments: impl IntoIterator<Item = OsString>, init: bool) -> Result<Self, Fault> {
        let mut options = Self {
            id: if init { "main".to_owned() } else { String::new() },
            cols: 80,
            rows: 24,
            policy: Policy::Block(PATIENCE),
            ring: 1024 * 1024,
            linger: Duration::from_secs(24 * 3600),
            cwd: None,
            environment: Vec::new(),
            place: None,
            program: Program::Command(Vec::new()),
        };
        let (mut drops, mut patience) = (false, PATIENCE);
        let mut arguments = arguments.into_iter();
        while let Some(name) = arguments.next() {
            let name = name.to_string_lossy().into_owned();
            if name == "--" {
                options.program = Program::Command(arguments.by_ref().collect());
                break;
            }
            if name == "--shell" {
                options.program = Program::Shell;
                continue;
            }
            let value = arguments.next().ok_or_else(|| usage(format!("'{name}' is no option, or lacks its value")))?;
            let text = value.to_string_lossy();
            let wrong = || usage(format!("'{text}' is no value for '{name}'"));
            match name.as_str() {
                "--id" => options.id = text.into_owned(),
                "--size" => (options.cols, options.rows) = size(&text).ok_or_else(wrong)?,
                "--policy" => drops = ["block", "drop"].iter().position(|policy| *policy == text).ok_or_else(wrong)? == 1,
                "--block-seconds" => patience = seconds(&text).ok_or_else(wrong)?,
                "--linger-seconds" => options.linger = seconds(&text).ok_or_else(wrong)?,
                "--ring" => options.ring = text.parse().ok().filter(|bytes| (RING.0..=RING.1).contains(bytes)).ok_or_else(wrong)?,
                "--cwd" => options.cwd = Some(value.into()),
                "--place" => options.place = Some(value.into()),
                "--env" => options.environment.push(variable(&value).ok_or_else(wrong)?),
                _ => return Err(usage(format!("'{name}' is no option of holder {}", crate::VERSION))),
            }
        }
        options.policy = if drops { Policy::Drop } else { Policy::Block(patience) };
        if !valid_id(&options.id) {
            return Err(usage(format!("'{}' can't be a session's id", options.id)));
        }
        if options.program == Program::Command(Vec::new()) {
            return Err(usage("what to run is missing: '--shell', or '--' and a program".to_owned()));
        }
        Ok(options)
    }
}

/// `NAME=VALUE` in two.
pub fn variable(text: &OsString) -> Option<(OsString, OsString)> {
    let bytes = text.as_bytes();
    let at = bytes.iter().position(|byte| *byte == b'=').filter(|at| *at > 0)?;
    Some((OsString::from_vec(bytes[..at].to_vec()), OsString::from_vec(bytes[at + 1..].to_vec())))
}

fn size(text: &str) -> Option<(u16, u16)> {
    let (cols, rows) = text.split_once('x')?;
    let size = (cols.parse().ok()?, rows.parse().ok()?);
    (size.0 > 0 && size.1 > 0).then_some(size)
}

fn seconds(text: &str) -> Option<Duration> {
    text.parse().ok().filter(|seconds| *seconds <= 7 * 24 * 3600).map(Duration::from_secs)
}

fn usage(text: String) -> Fault {
    Fault::new(ErrorCode::Usage, text)
}

#[cfg(test)]
mod tests {
    use super::Options;
    use super::Policy;
    use super::Program;
    use std::time::Duration;

    fn read(line: &str) -> Result<Options, String> {
        Options::read(line.split_whitespace().map(Into::into), false).map_err(|fault| fault.text)
    }

    #[test]
    fn options_are_read() {
        let options = read("--id a --size 132x43 --policy block --block-seconds 5 --ring 65536 --env A=b=c --cwd /tmp -- sh -c x").unwrap();
        assert_eq!((options.cols, options.rows, options.ring), (132, 43, 65536));
        assert_eq!(options.policy, Policy::Block(Duration::from_secs(5)));
        assert_eq!(options.environment, [("A".into(), "b=c".into())]);
        assert_eq!(options.program, Program::Command(vec!["sh".into(), "-c".into(), "x".into()]));
        assert_eq!(read("--id a --policy drop --block-seconds 9 --shell").unwrap().policy, Policy::Drop);
        assert_eq!(Options::read(["--shell".into()], true).unwrap().id, "main");
    }

    #[test]
    fn mistakes_are_told() {
        let wrong = |line| read(line).unwrap_err();
        assert!(wrong("--id a").contains("what to run is missing"));
        assert!(wrong("--id a --").contains("what to run is missing"));
        assert_eq!(wrong("--id ../x --shell"), "'../x' can't be a session's id");
        assert_eq!(wrong("--shell"), "'' can't be a session's id");
        assert_eq!(wrong("--id a --size 80 --shell"), "'80' is no value for '--size'");
        assert_eq!(wrong("--id a --ring 1 --shell"), "'1' is no value for '--ring'");
        assert_eq!(wrong("--id a --env =x --shell"), "'=x' is no value for '--env'");
        assert!(wrong("--id a --colour red --shell").starts_with("'--colour' is no option of holder "));
        assert_eq!(wrong("--id"), "'--id' is no option, or lacks its value");
    }
}
