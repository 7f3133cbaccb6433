//! The server's log: one file a day, the last week kept.
use crate::error::Error;
use crate::error::Result;
use std::path::Path;
use tracing_appender::rolling::RollingFileAppender;
use tracing_appender::rolling::Rotation;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Days that are kept.
const DAYS: usize = 7;

/// Begins to log into `dir`, and to standard error too where somebody looks at it. Panics are logged as well.
///
/// # Errors
/// When `level` is no level or filter, or the directory can't be written.
pub(super) fn start(dir: &Path, level: &str, terminal: bool) -> Result<Level> {
    let (filter, handle) = reload::Layer::new(filter(level)?);
    // Written by who logs: there is little of it, and a line before a crash is not lost in a queue.
    let files = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("server")
        .filename_suffix("log")
        .max_log_files(DAYS)
        .build(dir)
        .map_err(|error| Error::invalid(format!("cannot log in '{}': {error}", dir.display())).fix("make it writable, or set CTO_HOME to another place"))?;
    let file = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(std::sync::Mutex::new(files));
    let screen =
        terminal.then(|| tracing_subscriber::fmt::layer().with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).with_writer(std::io::stderr));
    // A second subscriber in one process (tests) is refused; the first goes on.
    let _ = tracing_subscriber::registry().with(file.and_then(screen).with_filter(filter)).try_init();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tracing::error!("{panic}");
        if terminal {
            before(panic);
        }
    }));
    Ok(Level(handle))
}

/// What is logged, while the server runs.
pub(super) struct Level(reload::Handle<EnvFilter, Registry>);

impl Level {
    /// Logs at another level or by another filter from now on.
    ///
    /// # Errors
    /// When it is none.
    pub(super) fn set(&self, level: &str) -> Result<()> {
        self.0.reload(filter(level)?).map_err(|error| Error::internal(format!("the log level can't be changed: {error}")))
    }
}

/// A plain level is cto's own: other crates say only what is wrong. Anything else is a filter.
fn filter(level: &str) -> Result<EnvFilter> {
    let wrong = |detail: String| {
        Error::invalid(format!("log level '{level}' is not understood: {detail}"))
            .fix("use error, warn, info, debug or trace, or a filter such as info,cto::engine=debug")
    };
    if level.contains([',', '=']) {
        return EnvFilter::try_new(level).map_err(|error| wrong(error.to_string()));
    }
    let plain: tracing::Level = level.parse().map_err(|_| wrong("no such level".to_owned()))?;
    let others = plain.min(tracing::Level::WARN);
    Ok(EnvFilter::new(format!("{others},cto={plain}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_about_cto_and_a_filter_about_anything() {
        assert_eq!(filter("debug").unwrap().to_string(), "cto=debug,warn");
        assert_eq!(filter("ERROR").unwrap().to_string(), "cto=error,error");
        assert!(filter("info,sqlx=debug").is_ok());
        assert!(filter("loud").unwrap_err().to_string().contains("'loud'"));
    }
}
