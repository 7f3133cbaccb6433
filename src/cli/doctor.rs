//! `cto doctor`: everything that was looked at, with what to do.
use crate::cli::context::Context;
use crate::cli::context::on_terminal;
use crate::cli::output;
use crate::cli::output::Tone;
use crate::client::ensure_server;
use crate::daemon::Finding;
use crate::daemon::Verdict;
use crate::daemon::doctor as look;
use crate::error::Result;
use crate::term::safe_text;

/// The exit code when something does not work.
const BAD: u8 = 6;

/// `cto doctor`.
pub async fn doctor(context: &Context) -> Result<u8> {
    let mut findings = Vec::new();
    let config = match context.loaded().whole() {
        Ok(config) => {
            findings.push(Finding::good("configuration", format!("no mistakes; yours is {}", context.paths.config_file().display())));
            config
        }
        Err(error) => {
            let places: String = error.places.iter().map(|place| output::show_place(place, None, false)).collect();
            findings.push(Finding::bad("configuration", error.message, format!("mend this:\n{}", places.trim_end())));
            context.config()
        }
    };
    findings.extend(look(&context.paths, &config).await);
    findings.push(files(context));
    findings.push(server(context).await);
    findings.extend(terminal(|name| std::env::var(name).ok().filter(|value| !value.is_empty())));
    let bad = findings.iter().any(|finding| finding.verdict == Verdict::Bad);
    if context.json() {
        output::json(&serde_json::json!({ "ok": !bad, "findings": findings }))?;
    } else {
        let colour = output::coloured(&std::io::stdout());
        let text: String = findings.iter().map(|finding| line(finding, colour)).collect();
        output::write(&safe_text(text.as_bytes()))?;
    }
    Ok(if bad { BAD } else { 0 })
}

fn line(finding: &Finding, colour: bool) -> String {
    let (glyph, tone) = match finding.verdict {
        Verdict::Good => ("●", Tone::Good),
        Verdict::Warning => ("▲", Tone::Warn),
        Verdict::Bad => ("✖", Tone::Bad),
    };
    let mut text = format!("{} {:<14} {}\n", output::paint(glyph, tone, colour), finding.topic, finding.detail);
    if let Some(fix) = &finding.fix {
        text.push_str(&format!("    fix: {}\n", fix.replace('\n', "\n    ")));
    }
    text
}

/// Whether cto's own directories can be used.
fn files(context: &Context) -> Finding {
    match context.paths.prepare() {
        Ok(()) => Finding::good("files", format!("configuration in {}, state in {}", context.paths.config_dir.display(), context.paths.state_dir.display())),
        Err(error) => Finding::bad("files", error.message, error.fix.unwrap_or_else(|| "set CTO_HOME to a directory of your own".to_owned())),
    }
}

async fn server(context: &Context) -> Finding {
    let ensured = match context.launcher() {
        Ok(launcher) => ensure_server(&launcher).await,
        Err(error) => Err(error),
    };
    match ensured {
        Ok(ensured) => match ensured.mismatch {
            None => Finding::good("server", format!("cto {}, pid {}, at {}", ensured.version.version, ensured.version.pid, ensured.client.address())),
            Some(mismatch) => Finding::warning("server", mismatch, "cto server restart"),
        },
        Err(error) => Finding::bad("server", error.message, error.fix.unwrap_or_else(|| "look at 'cto server logs'".to_owned())),
    }
}

/// What the terminal can do.
fn terminal(variable: impl Fn(&str) -> Option<String>) -> Vec<Finding> {
    if !on_terminal() {
        return vec![Finding::good("terminal", "none here; the commands do without")];
    }
    let (cols, rows) = output::terminal_size();
    let term = variable("TERM").unwrap_or_default();
    let mut findings = vec![match (cols, rows) {
        (80.., 24..) => Finding::good("terminal", format!("{term}, {cols}×{rows}")),
        _ => Finding::warning("terminal", format!("{term}, {cols}×{rows}"), "80×24 or more shows everything"),
    }];
    let direct = variable("COLORTERM").is_some_and(|depth| depth == "truecolor" || depth == "24bit") || term.ends_with("-direct");
    findings.push(match (variable("NO_COLOR").is_some(), direct, term.contains("256color")) {
        (true, ..) => Finding::good("colours", "none, as NO_COLOR asks"),
        (_, true, _) => Finding::good("colours", "16 million"),
        (_, _, true) => Finding::warning("colours", "256", "if the terminal has more: export COLORTERM=truecolor"),
        _ => Finding::warning("colours", "16", "if the terminal has more: export TERM=xterm-256color, or COLORTERM=truecolor"),
    });
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable).unwrap_or_default();
    let unicode = locale.to_ascii_lowercase().replace('-', "").contains("utf8");
    findings.push(if unicode {
        Finding::good("characters", locale)
    } else {
        Finding::warning("characters", format!("the locale '{locale}' is not UTF-8"), "export LANG=C.UTF-8")
    });
    findings
}
