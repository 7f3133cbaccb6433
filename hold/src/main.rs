//! The session holder: keeps a terminal, its program and its last output, in the container.
//!
//! `run` starts a session and returns when it is there; `init` is a main program's session, as PID 1; `connect` is the server's way to all
//! sessions of this uid; `list` and `probe` say what is there. The protocol is described in the library. `files` and `gateway` are other trades: the
//! container's files, and the way out of a container that may reach named hosts only; `gateway-ends` makes its sockets.
mod answer;
mod channel;
mod conn;
mod fault;
mod files;
mod gateway;
mod log;
mod mux;
mod options;
mod place;
mod pty;
mod ring;
mod serve;
mod session;
mod shell;
mod start;
mod sys;

use crate::fault::Fault;
use crate::fault::quoted;
use hold::ErrorCode;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::exit;

/// The holder's version, with a hash of its sources where the build gives one.
const VERSION: &str = match option_env!("HOLD_VERSION") {
    Some(version) => version,
    None => env!("CARGO_PKG_VERSION"),
};

fn main() {
    let mut arguments = std::env::args_os().skip(1);
    let verb = arguments.next().unwrap_or_default();
    exit(match verb.to_str() {
        Some("run") => start::run(arguments),
        Some("gateway") => gateway::run(arguments),
        Some("gateway-ends") => gateway::make_ends(arguments),
        Some("init") => start::init(arguments),
        Some("files") => files::run(),
        Some("connect") => with_place(arguments, |place| mux::Mux::new(place).run()),
        Some("list") => with_place(arguments, |place| {
            let ids: Vec<String> = place::list(place.as_deref()).iter().map(|id| quoted(id)).collect();
            println!("{{\"sessions\":[{}]}}", ids.join(","));
            0
        }),
        Some("probe") => with_place(arguments, |place| {
            println!("{}", probe(place::best(place.as_deref())));
            0
        }),
        _ => complain(&Fault::new(ErrorCode::Usage, "hold run|init|connect|list|probe|files|gateway|gateway-ends")),
    })
}

/// Runs a verb that knows no other option than `--place DIR`.
fn with_place(mut arguments: impl Iterator<Item = OsString>, work: impl FnOnce(Option<PathBuf>) -> i32) -> i32 {
    match (arguments.next(), arguments.next(), arguments.next()) {
        (None, ..) => work(None),
        (Some(name), Some(dir), None) if name == "--place" => work(Some(dir.into())),
        (Some(name), ..) => complain(&Fault::new(ErrorCode::Usage, format!("'{}' is no option here", name.to_string_lossy()))),
    }
}

fn complain(fault: &Fault) -> i32 {
    println!("{}", fault.json());
    2
}

/// What a server wants to know before it uses this holder.
fn probe(place: Option<PathBuf>) -> String {
    format!(
        "{{\"version\":{},\"protocol\":[{},{}],\"arch\":{},\"uid\":{},\"place\":{}}}",
        quoted(VERSION),
        hold::VERSION_MIN,
        hold::VERSION_MAX,
        quoted(std::env::consts::ARCH),
        place::uid(),
        quoted(&place.map_or_else(|| "abstract".to_owned(), |place| place.display().to_string())),
    )
}
