//! What is wrong in a script, found without running it.
use super::header;
use crate::model::InlineScript;
use crate::model::ScriptCheck;

/// Every mistake that can be found, each with its place.
pub(super) fn check(script: &InlineScript) -> ScriptCheck {
    match header::read(script) {
        Ok(header) => ScriptCheck { header: Some(header), errors: Vec::new(), warnings: Vec::new() },
        Err(errors) => ScriptCheck { header: None, errors, warnings: Vec::new() },
    }
}
