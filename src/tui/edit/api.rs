//! What scripts can call, read from the types that editors have: `cto.d.luau`.
use std::sync::LazyLock;

const TYPES: &str = include_str!("../../../assets/luau/cto.d.luau");

/// Everything that scripts can call or read.
pub static NAMES: LazyLock<Vec<Name>> = LazyLock::new(|| names(TYPES));

/// Something that scripts can call or read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// Its name.
    pub name: String,
    /// The class or table that it is of; empty for what stands alone.
    pub of: String,
    /// It is called with `:`.
    pub method: bool,
    /// How it is called: `expect(wanted: Wanted, options: Wait?): any`.
    pub signature: String,
    /// What it does.
    pub about: String,
    /// What it gives back.
    pub gives: String,
}

/// Reads declarations. What is not understood is left out.
fn names(types: &str) -> Vec<Name> {
    let mut names = Vec::new();
    let (mut of, mut method, mut about, mut skips) = (String::new(), false, String::new(), false);
    let mut lines = types.lines();
    while let Some(line) = lines.next() {
        let text = line.trim();
        if skips {
            skips = line != "}";
            continue;
        }
        if let Some(words) = text.strip_prefix("---") {
            about = format!("{about} {}", words.trim()).trim().to_owned();
            continue;
        }
        let said = std::mem::take(&mut about);
        if text.starts_with("export type") {
            skips = text.ends_with('{');
        } else if let Some(class) = text.strip_prefix("declare class ") {
            if !class.ends_with(" end") {
                (of, method) = (class.trim().to_owned(), true);
            }
        } else if text == "end" || line == "}" {
            (of, method) = (String::new(), false);
        } else if let Some(rest) = text.strip_prefix("declare function ").or_else(|| text.strip_prefix("function ")) {
            let mut whole = rest.to_owned();
            while balance(&whole) > 0 {
                let Some(more) = lines.next() else { break };
                whole = format!("{whole} {}", more.trim());
            }
            names.push(function(&whole, &of, method, said));
        } else if let Some((name, kind)) = text.trim_start_matches("declare ").split_once(": ").filter(|(name, _)| is_name(name)) {
            if kind == "{" {
                of = name.to_owned();
                names.push(Name { name: name.to_owned(), signature: name.to_owned(), about: said, ..Name::default() });
            } else {
                let kind = kind.trim_end_matches(',');
                // A field that is a function is called like one.
                let (signature, gives) = match kind.split_once(" -> ").filter(|_| kind.starts_with('(')) {
                    Some((params, gives)) => (format!("{name}{params}: {gives}"), gives.to_owned()),
                    None => (format!("{name}: {kind}"), kind.to_owned()),
                };
                names.push(Name { name: name.to_owned(), of: of.clone(), method: false, signature, about: said, gives });
            }
        }
    }
    names
}

fn function(text: &str, of: &str, method: bool, about: String) -> Name {
    let (name, rest) = text.split_once('(').unwrap_or((text, ""));
    let rest = rest.trim_start().strip_prefix("self").map_or(rest, |rest| rest.trim_start_matches([',', ' ']));
    let gives = rest.rsplit_once("): ").map_or("", |(_, gives)| gives).to_owned();
    let signature = format!("{name}({rest}").trim_end_matches(": ()").to_owned();
    Name { name: name.to_owned(), of: of.to_owned(), method, signature, about, gives }
}

/// Brackets that are still open.
fn balance(text: &str) -> i32 {
    text.chars().map(|c| if matches!(c, '(' | '{') { 1 } else { -i32::from(matches!(c, ')' | '}')) }).sum()
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_read_with_what_is_said_of_them() {
        let find = |of: &str, name: &str| NAMES.iter().find(|known| known.of == of && known.name == name).unwrap_or_else(|| panic!("{of}:{name}"));
        let expect = find("Session", "expect");
        assert_eq!((expect.signature.as_str(), expect.method), ("expect(wanted: Wanted, options: Wait?): any", true));
        assert_eq!(expect.about, "Waits until a pattern comes; it and all before it count as read.");
        assert_eq!(find("", "launch").gives, "Container");
        assert_eq!(find("Container", "open").gives, "Session");
        assert_eq!(find("Session", "screen").gives, "Screen");
        assert!(find("Session", "expect_screen").signature.ends_with("gone: boolean?, }? )"), "{:?}", find("Session", "expect_screen"));
        assert!(!find("Session", "before").method);
        assert_eq!(find("check", "equal").signature, "equal(found: any, wanted: any, what: string?): ()");
        assert_eq!(find("", "check").signature, "check");
        assert_eq!(find("Session", "close").signature, "close()");
        assert!(!NAMES.iter().any(|known| known.name == "about"), "{NAMES:?}");
    }
}
