//! `hold run` and `hold init`: from options to a session that is served.
use crate::fault::Fault;
use crate::fault::quoted;
use crate::log::Log;
use crate::options::Options;
use crate::place;
use crate::pty::Pty;
use crate::serve::Serving;
use crate::sys;
use hold::Ended;
use hold::ErrorCode;
use hold::Frame;
use rustix::fd::OwnedFd;
use rustix::fs::Mode;
use rustix::fs::OFlags;
use rustix::pipe::PipeFlags;
use rustix::process::WaitOptions;
use std::ffi::OsString;
use std::fs::File;
use std::hash::BuildHasher;
use std::hash::RandomState;
use std::io::Read;
use std::io::Write;

/// First argument of `run` where a connected holder asks: the answer is a frame then, instead of JSON.
pub const REPLY_FRAME: &str = "--reply-frame";

/// Starts a session that outlives its starter; gives the exit status when the session is ready, or is not to be.
pub fn run(arguments: impl Iterator<Item = OsString>) -> i32 {
    let arguments: Vec<OsString> = arguments.collect();
    // Known before the options are read, since the answer may be that they are wrong.
    let as_frame = arguments.first().is_some_and(|first| first == REPLY_FRAME);
    let options = match Options::read(arguments.into_iter().skip(as_frame.into()), false) {
        Ok(options) => options,
        Err(fault) => return said(Err(&fault), as_frame),
    };
    let report = rustix::pipe::pipe_with(PipeFlags::CLOEXEC).map_err(|error| Fault::system("no pipe", error));
    let forked = report.and_then(|ends| sys::fork().map(|child| (child, ends)).map_err(|error| Fault::system("no process", error)));
    let (child, (mut reader, writer)) = match forked {
        Ok((child, (reader, writer))) => (child, (File::from(reader), File::from(writer))),
        Err(fault) => return said(Err(&fault), as_frame),
    };
    if child {
        drop(reader);
        leave(&options, writer, as_frame);
    }
    drop(writer);
    // The first of the two new processes ends at once. Whoever is PID 1 here may not reap it.
    let _ = rustix::process::wait(WaitOptions::empty());
    let mut line = Vec::new();
    let _ = reader.read_to_end(&mut line);
    match line.split_first() {
        Some((status, text)) => {
            let _ = std::io::stdout().write_all(text);
            i32::from(*status)
        }
        None => said(Err(&Fault::new(ErrorCode::System, "the session ended before it was ready")), as_frame),
    }
}

/// In the first new process: leaves the starter's session and its output for good, and serves.
fn leave(options: &Options, mut report: File, as_frame: bool) -> ! {
    let _ = rustix::process::setsid();
    // The second one leads no session, so that no terminal it opens becomes its own.
    match sys::fork() {
        Ok(true) => {}
        Ok(false) => sys::exit_now(0),
        Err(error) => {
            let _ = report.write_all(&answer(Err(&Fault::system("no process", error)), as_frame));
            sys::exit_now(1);
        }
    }
    let ready = prepare(options, None);
    silence();
    match ready {
        Ok((serving, boot)) => {
            let _ = report.write_all(&answer(Ok((options, &serving, boot)), as_frame));
            drop(report);
            // No directory is kept from being unmounted.
            let _ = rustix::process::chdir("/");
            serving.run();
            sys::exit_now(0)
        }
        Err(fault) => {
            let _ = report.write_all(&answer(Err(&fault), as_frame));
            sys::exit_now(1)
        }
    }
}

/// The main program's session, as PID 1; gives its exit status, 128 and the number for a signal.
pub fn init(arguments: impl Iterator<Item = OsString>) -> i32 {
    let ready = Options::read(arguments, true).and_then(|options| prepare(&options, Some(Log::new())));
    let fault = match ready {
        Ok((serving, _)) => {
            // Where it may: the program, which is given a value above this one, is the out-of-memory killer's choice in any case.
            let _ = std::fs::write("/proc/self/oom_score_adj", "-900");
            return match serving.run() {
                Ended::Code(code) => code as i32,
                Ended::Signal(number) => 128 + number as i32,
            };
        }
        Err(fault) => fault,
    };
    eprintln!("hold: {}", fault.text);
    match fault.code {
        ErrorCode::CommandNotFound => 127,
        ErrorCode::NotExecutable => 126,
        _ => 125,
    }
}

fn prepare(options: &Options, log: Option<Log>) -> Result<(Serving, u64), Fault> {
    // Signals first: not even a program that ends at once is missed.
    let signals = sys::signals().map_err(|error| Fault::system("no signals", error))?;
    // What the program leaves behind is reaped here, whoever is PID 1.
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    let listening = place::listen(options.place.as_deref(), &options.id)?;
    let pty = Pty::start(options)?;
    let boot = RandomState::new().hash_one((pty.pid, std::time::SystemTime::now())).max(1);
    Ok((Serving::new(options, pty, listening, signals, boot, log), boot))
}

/// Gives up standard input, output and error: whoever waits for their end is let go.
fn silence() {
    let null = rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty());
    // Without /dev/null, something that can be neither read nor written keeps the numbers from being given to others.
    let null: rustix::io::Result<OwnedFd> = null.or_else(|_| rustix::fs::open("/", OFlags::PATH | OFlags::CLOEXEC, Mode::empty()));
    if let Ok(null) = null {
        let _ = rustix::stdio::dup2_stdin(&null);
        let _ = rustix::stdio::dup2_stdout(&null);
        let _ = rustix::stdio::dup2_stderr(&null);
    }
}

/// Says how it went on standard output, and gives the exit status.
fn said(result: Result<(&Options, &Serving, u64), &Fault>, frame: bool) -> i32 {
    let line = answer(result, frame);
    let _ = std::io::stdout().write_all(&line[1..]);
    line[0].into()
}

/// The exit status, and what is printed: a line of JSON, or for a connected holder a frame, and nothing where all is well.
fn answer(result: Result<(&Options, &Serving, u64), &Fault>, frame: bool) -> Vec<u8> {
    match result {
        Ok(_) if frame => vec![0],
        Ok((options, serving, boot)) => {
            let (id, place) = (quoted(&options.id), quoted(&serving.place()));
            format!("\0{{\"ok\":true,\"id\":{id},\"pid\":{},\"boot\":\"{boot:016x}\",\"place\":{place}}}\n", serving.pid()).into_bytes()
        }
        Err(fault) => {
            let mut line = vec![if fault.code == ErrorCode::Usage { 2 } else { 1 }];
            if frame {
                Frame::Error { code: fault.code, text: &fault.text }.encode(0, &mut line);
            } else {
                line.extend_from_slice(fault.json().as_bytes());
                line.push(b'\n');
            }
            line
        }
    }
}
