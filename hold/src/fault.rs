//! What went wrong, and the lines of JSON in which the holder says it.
use hold::ErrorCode;
use std::fmt::Write as _;

/// Why something did not work.
#[derive(Debug)]
pub struct Fault {
    /// For programs.
    pub code: ErrorCode,
    /// For people: lower case, no full stop.
    pub text: String,
}

impl Fault {
    /// One of this kind.
    pub fn new(code: ErrorCode, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }

    /// What the operating system refused while the holder was about to `doing`.
    pub fn system(doing: &str, error: impl std::fmt::Display) -> Self {
        Self::new(ErrorCode::System, format!("{doing}: {error}"))
    }

    /// The line that says so.
    pub fn json(&self) -> String {
        format!("{{\"ok\":false,\"code\":{},\"message\":{}}}", quoted(self.code.name()), quoted(&self.text))
    }
}

/// A string of JSON.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if u32::from(c) < 0x20 || c == '\u{7f}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::Fault;
    use hold::ErrorCode;

    #[test]
    fn a_fault_is_one_line_of_json_whatever_it_quotes() {
        let fault = Fault::new(ErrorCode::CommandNotFound, "no 'a\"b\\c\n\u{1b}[31m'");
        assert_eq!(fault.json(), r#"{"ok":false,"code":"command_not_found","message":"no 'a\"b\\c\u000a\u001b[31m'"}"#);
    }
}
