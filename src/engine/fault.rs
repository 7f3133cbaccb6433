//! The engine's errors in our words: what happened, on which thing, what to do next.
use crate::error::Error;
use crate::model::Code;
use bollard::errors::Error as Foreign;
use std::io::ErrorKind;

/// What was asked for when an error came.
#[derive(Clone, Copy, Debug)]
pub(super) enum About<'a> {
    /// The engine itself.
    Engine,
    /// A container, by the name that people know.
    Container(&'a str),
    /// An image of a registry, by its reference.
    Image(&'a str),
    /// A place in a container.
    Path(&'a str),
    /// An image that the engine has, or should have.
    LocalImage(&'a str),
    /// A volume, by its name.
    Volume(&'a str),
    /// A network, by its name.
    Network(&'a str),
}

/// The engine at `address` can't be reached.
pub(super) fn unavailable(address: &str, why: &str) -> Error {
    let error = Error::new(Code::EngineUnavailable, format!("the engine at {address} can't be reached: {why}"));
    if why.contains("permission denied") {
        return error.fix("let your user use the engine ('sudo usermod -aG docker $USER', then log in again), or run cto as root");
    }
    error.fix(format!("start the engine ('sudo systemctl start docker'), or set DOCKER_HOST if {address} is not where it is; 'cto doctor' tells more"))
}

/// bollard's error as ours.
pub(super) fn translate(error: Foreign, about: &About<'_>, address: &str) -> Error {
    let translated = match &error {
        Foreign::DockerResponseServerError { status_code, message } => answered(*status_code, message, about),
        Foreign::DockerStreamError { error } => answered(500, error, about),
        Foreign::DockerContainerWaitError { error, .. } => answered(500, error, about),
        Foreign::SocketNotFoundError(_) => unavailable(address, "there is no such socket"),
        Foreign::RequestTimeoutError => unavailable(address, "no answer in time"),
        other => match io_kind(other) {
            Some(ErrorKind::PermissionDenied) => unavailable(address, "permission denied"),
            Some(ErrorKind::ConnectionRefused) => unavailable(address, "nothing listens there"),
            Some(ErrorKind::NotFound) => unavailable(address, "there is no such socket"),
            Some(_) => unavailable(address, "the connection was lost"),
            None if matches!(other, Foreign::HyperLegacyError { .. } | Foreign::HyperResponseError { .. }) => unavailable(address, "the connection was lost"),
            None => Error::new(Code::EngineFailed, format!("the engine's answer is not understood: {other}")),
        },
    };
    translated.because(error)
}

/// The kind of the input-output error underneath, if there is one.
fn io_kind(error: &Foreign) -> Option<ErrorKind> {
    // This one passes what it wraps off as itself, so that a look at its sources would miss it.
    if let Foreign::IOError { err } = error {
        return Some(err.kind());
    }
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return Some(io.kind());
        }
        next = error.source();
    }
    None
}

/// An answer of the engine that is an error.
pub(super) fn answered(status: u16, message: &str, about: &About<'_>) -> Error {
    let text = tidy(message);
    let low = text.to_lowercase();
    if low.contains("no space left on device") {
        return Error::new(Code::DiskFull, "the engine's disk is full").fix("free some space, for example with 'cto image prune'");
    }
    if let Some(program) = missing_program(&text) {
        return command_not_found(&program);
    }
    if low.contains("port is already allocated") || low.contains("address already in use") {
        let port = port_in(&text).unwrap_or_default();
        return Error::new(Code::PortInUse, format!("the host's port {port} is taken").replace("  ", " "))
            .fix("publish another port, or stop what uses this one");
    }
    if low.contains("bind source path does not exist") || low.contains("error while creating mount source path") {
        return Error::new(Code::InvalidValue, text).fix("create the directory first");
    }
    if low.contains("unable to find user") || low.contains("unable to find group") || low.contains("no matching entries in passwd file") {
        return Error::new(Code::InvalidValue, text).fix("name a user that the image has, or a number");
    }
    if let Some(error) = beyond_machine(&text, &low) {
        return error;
    }
    match about {
        About::Container(name) => container(status, &text, &low, name),
        About::Image(name) | About::LocalImage(name) if low.contains("invalid reference format") => {
            Error::invalid(format!("'{name}' is no image reference: {text}")).fix("write it as 'docker pull' takes it, such as debian:bookworm-slim")
        }
        About::Image(name) if is_denied(&low) => {
            let registry = name.split_once('/').map(|(first, _)| first).filter(|first| first.contains(['.', ':']) || *first == "localhost").unwrap_or_default();
            Error::new(Code::ImageUnavailable, format!("the registry does not let cto at image '{name}': {text}"))
                .fix(format!("log in where the server runs, as its user: {}", format!("docker login {registry}").trim_end()))
        }
        About::Image(name) if status == 404 || low.contains("not found") || low.contains("does not exist") || low.contains("manifest unknown") => {
            image_missing(name, &text)
        }
        About::Image(name) => image_unreachable(name, &text),
        About::LocalImage(name) => local_image(status, &text, &low, name),
        About::Volume(name) => volume(status, &text, &low, name),
        About::Network(name) => network(status, &text, &low, name),
        About::Path(path) => path_fault(status, &text, &low, path),
        About::Engine => Error::new(Code::EngineFailed, format!("the engine failed: {text}")),
    }
}

/// What a container asks for and the engine's machine has not, or does not permit.
fn beyond_machine(text: &str, low: &str) -> Option<Error> {
    if low.contains("--storage-opt is") || low.contains("storage option overlay.size") {
        let error = Error::invalid(format!("this engine can't limit how much of its disk a container takes: {text}"));
        return Some(error.fix("leave 'limits.disk' out, or keep the engine's data where the message says"));
    }
    if let Some((_, rest)) = low.split_once("error setting rlimit type ") {
        let number = rest.split(|c: char| !c.is_ascii_digit()).next().and_then(|number| number.parse::<usize>().ok());
        let name = number.and_then(|number| ULIMITS.get(number)).map_or_else(String::new, |name| format!(" '{name}'"));
        let error = Error::invalid(format!("the engine's machine does not permit the limit{name} that is asked for: {text}"));
        return Some(error.fix("ask for less in 'limits.ulimits', or leave it out; root's own limits there decide"));
    }
    let (_, rest) = text.split_once("error gathering device information while adding custom device \"")?;
    let (device, why) = rest.split_once('"')?;
    let error = Error::invalid(format!("the engine's machine has no device '{device}'{why}"));
    Some(error.fix("leave it out of 'devices', or name one that is there"))
}

/// The names of limits of processes by the kernel's numbers.
const ULIMITS: [&str; 16] =
    ["cpu", "fsize", "data", "stack", "core", "rss", "nproc", "nofile", "memlock", "as", "locks", "sigpending", "msgqueue", "nice", "rtprio", "rttime"];

/// An error about the container `name`.
fn container(status: u16, text: &str, low: &str, name: &str) -> Error {
    if status == 404 && low.contains("no such image") {
        return image_missing(name, text);
    }
    if low.contains("multiple ids found") {
        return Error::new(Code::Ambiguous, format!("'{name}' fits several containers")).fix("give more of the id, or the name");
    }
    if status == 404 {
        return Error::not_found("container", name).fix("'cto ps' lists the containers");
    }
    if low.contains("is already in use by container") {
        return Error::new(Code::NameInUse, format!("the name '{name}' belongs to another container"))
            .fix(format!("choose another name, or remove that one: 'cto rm {name}'"));
    }
    if low.contains("invalid container name") {
        return Error::invalid(format!("'{name}' can't be a container's name")).fix("use letters, digits, '_', '.' and '-', beginning with a letter or digit");
    }
    if status == 409 && (low.contains("cannot remove a running") || low.contains("stop the container before")) {
        return Error::new(Code::WrongState, format!("container '{name}' is running")).fix(format!("stop it first, or 'cto rm -f {name}'"));
    }
    if low.contains("is already paused") {
        return Error::new(Code::WrongState, format!("container '{name}' is paused already"));
    }
    if low.contains("is not paused") {
        return Error::new(Code::WrongState, format!("container '{name}' is not paused"));
    }
    // All but the first two are said of one that ends while something is begun in it, its limits are being changed, or it is being paused.
    let ended = ["is not running", "is restarting", "a stopped container", "container not running", "in a stopped state", "in a deleted state"];
    if ended.iter().any(|words| low.contains(words)) {
        return not_running(name);
    }
    if low.contains("is paused") {
        return Error::new(Code::WrongState, format!("container '{name}' is paused")).fix(format!("let it go on: 'cto unpause {name}'"));
    }
    if status == 409 {
        return Error::new(Code::WrongState, format!("container '{name}': {text}"));
    }
    if status == 400 {
        return Error::invalid(format!("the engine refused container '{name}': {text}"));
    }
    Error::new(Code::EngineFailed, format!("the engine failed on container '{name}': {text}"))
}

/// A container that has to run for this, and does not.
pub(super) fn not_running(name: &str) -> Error {
    Error::new(Code::WrongState, format!("container '{name}' is not running")).fix(format!("start it: 'cto start {name}'"))
}

/// The image has no such program.
pub(super) fn command_not_found(program: &str) -> Error {
    let error = Error::new(Code::CommandNotFound, format!("the image has no program '{program}'"));
    let name = program.rsplit('/').next().unwrap_or(program);
    if program.contains('/') || name.is_empty() {
        return error.fix("name a program that the image has");
    }
    error.fix(format!("add \"packages\": [\"{name}\"] to the template, or name a program that the image has"))
}

/// No registry has the image.
fn image_missing(name: &str, text: &str) -> Error {
    Error::new(Code::ImageUnavailable, format!("image '{name}' was not found: {text}"))
        .fix("check its name and tag; for a private registry log in first: 'docker login'")
}

/// An error about a place in a container.
fn path_fault(status: u16, text: &str, low: &str, path: &str) -> Error {
    if status == 404 && low.contains("no such container") {
        return Error::new(Code::NotFound, "no container: it was removed meanwhile");
    }
    if status == 404 || low.contains("no such file or directory") || low.contains("could not find the file") {
        return Error::not_found("file or directory", path).fix("name it from the container's root");
    }
    if low.contains("read-only") || low.contains("read only") {
        return Error::new(Code::WrongState, format!("'{path}' can't be written: it is read-only there"))
            .fix("choose a volume or another place that can be written");
    }
    if low.contains("device or resource busy") {
        return Error::new(Code::WrongState, format!("'{path}': what is there is a mount of its own and can't be replaced: {text}"))
            .fix("change it where it comes from, or from a program in the container");
    }
    if low.contains("not a directory") || low.contains("cannot overwrite") || low.contains("extraction point is not a directory") {
        return Error::invalid(format!("'{path}' is no directory of the container, or a file there would be put in the place of one"));
    }
    if status == 400 || low.contains("invalid tar header") || low.contains("unexpected eof") {
        return Error::invalid(format!("the engine does not take this for '{path}': {text}"));
    }
    Error::new(Code::EngineFailed, format!("the engine failed on '{path}': {text}"))
}

/// An error about the image `name` that the engine has.
fn local_image(status: u16, text: &str, low: &str, name: &str) -> Error {
    if status == 404 {
        return Error::not_found("image", name).fix("'cto images' lists the images");
    }
    if status == 409 {
        let fix = if low.contains("must be forced") || low.contains("must force") {
            format!("'cto image rm -f {name}'")
        } else {
            "remove what uses it first".to_owned()
        };
        return Error::new(Code::WrongState, format!("image '{name}' can't be removed: {text}")).fix(fix);
    }
    if status == 400 {
        return Error::invalid(format!("the engine refused image '{name}': {text}"));
    }
    Error::new(Code::EngineFailed, format!("the engine failed on image '{name}': {text}"))
}

/// An error about the volume `name`.
fn volume(status: u16, text: &str, low: &str, name: &str) -> Error {
    if low.contains("volume is in use") {
        return Error::new(Code::WrongState, format!("the volume '{name}' is in use"))
            .fix(format!("'cto volume inspect {name}' names the containers that have it"));
    }
    match status {
        404 => Error::not_found("volume", name).fix("'cto volume ls' lists the volumes"),
        400 => Error::invalid(format!("the engine refused the volume '{name}': {text}")),
        409 => Error::new(Code::WrongState, format!("volume '{name}': {text}")),
        _ => Error::new(Code::EngineFailed, format!("the engine failed on the volume '{name}': {text}")),
    }
}

/// An error about the network `name`.
fn network(status: u16, text: &str, low: &str, name: &str) -> Error {
    if low.contains("has active endpoints") {
        return Error::new(Code::WrongState, format!("the network '{name}' is in use")).fix(format!("'cto network inspect {name}' names the containers on it"));
    }
    if low.contains("no such container") {
        return Error::new(Code::NotFound, "no container: it was removed meanwhile");
    }
    let state = ["already exists in network", "is not connected to", "already attached to network", "is pre-defined", "cannot be connected to host network"];
    if state.iter().any(|word| low.contains(word)) {
        return Error::new(Code::WrongState, format!("network '{name}': {text}"));
    }
    if status == 400
        || low.contains("pool overlaps")
        || low.contains("invalid subnet")
        || low.contains("failed to allocate")
        || low.contains("could not find an available")
    {
        return Error::invalid(format!("the engine refused the network '{name}': {text}"));
    }
    match status {
        404 => Error::not_found("network", name).fix("'cto network ls' lists the networks"),
        409 => Error::new(Code::NameInUse, format!("there is a network '{name}' already")).fix("choose another name"),
        403 => Error::new(Code::WrongState, format!("network '{name}': {text}")),
        _ => Error::new(Code::EngineFailed, format!("the engine failed on the network '{name}': {text}")),
    }
}

/// Whether a registry refuses who asks, or wants to know who asks.
pub(super) fn is_denied(low: &str) -> bool {
    [
        "unauthorized",
        "no basic auth credentials",
        "authentication required",
        "incorrect username or password",
        "access denied",
        "requested access to the resource is denied",
    ]
    .iter()
    .any(|word| low.contains(word))
}

/// The registry can't be reached, or refuses.
fn image_unreachable(name: &str, text: &str) -> Error {
    Error::new(Code::ImageUnavailable, format!("image '{name}' can't be pulled: {text}"))
        .fix(format!("check the network and the registry ('docker pull {name}' tells more), or use an image that the engine has: 'docker images'"))
}

/// The engine's message without the engine's own prefixes, on one line.
fn tidy(message: &str) -> String {
    let mut text = message.split_whitespace().collect::<Vec<_>>().join(" ");
    for prefix in ["Error response from daemon: ", "Conflict. "] {
        text = text.strip_prefix(prefix).map_or(text.clone(), str::to_owned);
    }
    text.trim_end_matches(": unknown").to_owned()
}

/// The program that a runtime did not find: `exec: "htop": executable file not found in $PATH`.
pub(super) fn missing_program(text: &str) -> Option<String> {
    let not_found = text.contains("executable file not found") || text.contains("no such file or directory");
    if !not_found || !text.contains("exec") {
        return None;
    }
    // An entrypoint that exists, but whose interpreter does not, is said without quotes: `exec /x: no such file or directory`.
    let rest = &text[text.rfind("exec: ").or_else(|| text.rfind("exec "))?..];
    let quoted = rest.split('"').nth(1).map(str::to_owned);
    let bare = || rest.split_whitespace().nth(1).map(|word| word.trim_end_matches(':').to_owned());
    // `stat /x: no such file` is about the program too; anything else with `no such file` and no `exec: "` is not.
    if text.contains("executable file not found") || text.contains("exec: \"") { quoted.or_else(bare) } else { None }
}

/// The host's port in `Bind for 127.0.0.1:8080 failed` or `listen tcp4 127.0.0.1:8080: bind`.
pub(super) fn port_in(text: &str) -> Option<u16> {
    let at = text.find("Bind for ").map(|at| at + 9).or_else(|| text.find("listen ").map(|at| at + 7))?;
    text[at..].split_whitespace().find_map(|word| word.trim_end_matches(':').rsplit_once(':')?.1.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_thing_and_the_remedy() {
        let about = About::Container("web");
        let told = |status, text: &str| {
            let error = answered(status, text, &about);
            (error.code, error.message)
        };
        assert_eq!(told(409, "Conflict. The container name \"/web\" is already in use by container \"ab\".").0, Code::NameInUse);
        assert_eq!(told(500, "Cannot update container 1d27: cannot update a stopped container: unknown").0, Code::WrongState);
        let missing =
            "OCI runtime create failed: container_linux.go:380: starting container process caused: exec: \"htop\": executable file not found in $PATH: unknown";
        assert_eq!(told(400, missing), (Code::CommandNotFound, "the image has no program 'htop'".into()));
        let stat =
            "OCI runtime exec failed: exec failed: unable to start container process: exec: \"/bin/zsh\": stat /bin/zsh: no such file or directory: unknown";
        assert_eq!(told(400, stat), (Code::CommandNotFound, "the image has no program '/bin/zsh'".into()));
        let port = "driver failed programming external connectivity on endpoint web (1): Bind for 127.0.0.1:8080 failed: port is already allocated";
        assert_eq!(told(500, port), (Code::PortInUse, "the host's port 8080 is taken".into()));
        let taken = "driver failed: Error starting userland proxy: listen tcp4 0.0.0.0:81: bind: address already in use";
        assert_eq!(told(500, taken), (Code::PortInUse, "the host's port 81 is taken".into()));
        assert_eq!(told(404, "No such container: web").0, Code::NotFound);
        for (text, what) in [
            ("--storage-opt is supported only for overlay over xfs with 'pquota' mount option", "this engine can't limit how much of its disk"),
            ("runc create failed: error setting rlimits for ready process: error setting rlimit type 8: operation not permitted", "the limit 'memlock'"),
            ("error gathering device information while adding custom device \"/dev/dri\": no such file or directory", "no device '/dev/dri'"),
        ] {
            let (code, message) = told(500, text);
            assert!(code == Code::InvalidValue && message.contains(what), "{message}");
        }
        assert_eq!(told(500, "write /x: no space left on device").0, Code::DiskFull);
        assert_eq!(told(409, "Container ab is not running").0, Code::WrongState);
        assert_eq!(told(500, "Cannot pause container ab: OCI runtime pause failed: container not running").0, Code::WrongState);
        assert_eq!(told(400, ")cannot exec in a stopped state").0, Code::WrongState);
        assert_eq!(told(500, "Cannot update container ab: runc did not terminate successfully: exit status 1: container not running ").0, Code::WrongState);
        let capitals = "no such image: NIL: invalid reference format: repository name must be lowercase";
        assert_eq!(answered(400, capitals, &About::Image("NIL")).code, Code::InvalidValue);
        let cut = Foreign::IOError { err: std::io::Error::other("error reading a body from connection") };
        assert_eq!(translate(cut, &about, "unix:///x").code, Code::EngineUnavailable);
    }
}
