//! Configuration, templates and themes while the server runs: their files are looked at twice a second.
use super::ServeOptions;
use super::log::Level;
use crate::config::Config;
use crate::config::Files;
use crate::config::LoadedConfig;
use crate::config::Paths;
use crate::config::template_folders;
use crate::config::theme;
use crate::config::variables;
use crate::control::Control;
use crate::model::Event;
use std::path::PathBuf;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often files are looked at.
const PAUSE: Duration = Duration::from_millis(500);

/// The configuration as files, variables and flags say it now.
pub(super) fn read(paths: &Paths, options: &ServeOptions) -> LoadedConfig {
    let mut loaded = Config::read(paths, None, variables(options.environment.clone()));
    let flags = [
        ("--listen", "/server/listen", &options.listen),
        ("--database", "/server/database", &options.database),
        ("--log-level", "/log/level", &options.log_level),
    ];
    for (flag, pointer, text) in flags {
        if let Some(text) = text {
            loaded.lay(flag, pointer, text, paths);
        }
    }
    loaded
}

/// What is looked at.
#[derive(Clone, Default, PartialEq, Eq)]
struct Seen {
    config: Files,
    templates: Files,
    themes: Files,
}

/// Takes in every change of files until `shutdown`.
pub(super) async fn watch(control: Control, options: ServeOptions, loaded: LoadedConfig, level: Level, shutdown: CancellationToken) {
    let paths = control.parts().paths.clone();
    let mut logged = loaded.config.log.level.clone();
    let mut files = files(&loaded);
    control.reconfigure(loaded);
    let mut seen = look(&paths, &files).await;
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
        let now = look(&paths, &files).await;
        if now == seen {
            continue;
        }
        let before = std::mem::replace(&mut seen, now);
        if before.templates != seen.templates {
            control.parts().bus.publish(Event::TemplatesChanged);
        }
        // The name of a theme is a part of the configuration, so one that comes or goes may make it right or wrong.
        if before.config == seen.config && before.themes == seen.themes {
            continue;
        }
        let (paths, options) = (paths.clone(), options.clone());
        let Ok(fresh) = tokio::task::spawn_blocking(move || read(&paths, &options)).await else { continue };
        files = self::files(&fresh);
        match fresh.complaints.first() {
            Some(first) => {
                tracing::warn!(file = first.file.as_deref(), line = first.line, "the configuration has mistakes, that of before holds: {}", first.detail)
            }
            None => tracing::info!("the configuration was read anew"),
        }
        if fresh.complaints.is_empty() && fresh.config.log.level != logged {
            logged.clone_from(&fresh.config.log.level);
            if let Err(error) = level.set(&logged) {
                tracing::warn!(%error, "the log level stays as it is");
            }
        }
        control.reconfigure(fresh);
    }
}

/// The files that a configuration came from, and those that are not there yet.
fn files(loaded: &LoadedConfig) -> Vec<PathBuf> {
    loaded.files.iter().map(|(file, _)| file).chain(&loaded.referred).cloned().collect()
}

/// Looks at the files; a disk may take its time.
async fn look(paths: &Paths, files: &[PathBuf]) -> Seen {
    let (paths, files) = (paths.clone(), files.to_vec());
    let looking = tokio::task::spawn_blocking(move || Seen {
        config: Files::look(files.iter().map(PathBuf::as_path)),
        templates: Files::look(template_folders(&paths).iter().map(PathBuf::as_path)),
        themes: Files::look(theme::folders(&paths).iter().map(PathBuf::as_path)),
    });
    looking.await.unwrap_or_default()
}
