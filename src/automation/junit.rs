//! A run as JUnit XML, which CI systems read.
use crate::model::Run;
use crate::model::RunEntry;
use crate::model::RunNote;
use crate::model::RunState;
use std::fmt::Write as _;

/// One test suite; each step is a test case. A run without steps is one case.
pub(super) fn report(run: &Run, entries: &[RunEntry]) -> String {
    let seconds = match (run.started_at, run.ended_at) {
        (Some(start), Some(end)) => end.duration_since(start).as_secs_f64(),
        _ => 0.0,
    };
    let mut cases = Vec::new();
    for entry in entries {
        if let RunNote::StepEnded { name, ms, error, screen } = &entry.what {
            cases.push((name.as_str(), *ms as f64 / 1_000.0, error.clone(), screen.clone()));
        }
    }
    let failed = !matches!(run.state, RunState::Succeeded);
    let message = run.error.as_ref().map_or_else(|| run.state.as_str().to_owned(), |error| error.message.clone());
    if cases.is_empty() || (failed && cases.iter().all(|case| case.2.is_none())) {
        cases.push((run.script.as_str(), seconds, failed.then_some(message), run.error.as_ref().and_then(|error| error.screen.clone())));
    }
    let failures = cases.iter().filter(|case| case.2.is_some()).count();
    let name = text(&run.script);
    let began = run.started_at.unwrap_or(run.created_at);
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        xml,
        "<testsuite name=\"{name}\" id=\"{}\" tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\" time=\"{seconds:.3}\" timestamp=\"{began:.0}\">",
        run.id,
        cases.len()
    );
    for (case, seconds, error, screen) in cases {
        let _ = write!(xml, "  <testcase classname=\"{name}\" name=\"{}\" time=\"{seconds:.3}\"", text(case));
        match error {
            None => xml.push_str("/>\n"),
            Some(error) => {
                let _ = writeln!(xml, ">\n    <failure message=\"{}\">{}</failure>", text(&error), text(&error));
                if let Some(screen) = screen {
                    let _ = writeln!(xml, "    <system-out>{}</system-out>", text(&screen));
                }
                xml.push_str("  </testcase>\n");
            }
        }
    }
    xml.push_str("</testsuite>\n");
    xml
}

/// Text as XML has it; what XML can't have is shown as `\u{FFFD}`.
fn text(raw: &str) -> String {
    let mut safe = String::with_capacity(raw.len());
    for c in raw.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\n' | '\t' => safe.push(c),
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => safe.push('\u{FFFD}'),
            c => safe.push(c),
        }
    }
    safe
}
