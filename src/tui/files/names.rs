//! Names and paths of any bytes: shown so that they do no harm, and written for a shell.
use std::fmt::Write as _;

/// The bytes as text that moves no cursor and turns nothing round: what can't be shown stands as it is written in programs, such as `\n` or `\xff`.
#[must_use]
pub fn shown(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '\r' => out.push_str("\\r"),
                c if is_plain(c) => out.push(c),
                c if c.is_ascii() => _ = write!(out, "\\x{:02x}", u32::from(c)),
                c => _ = write!(out, "\\u{{{:x}}}", u32::from(c)),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

/// The bytes as text, with what is no UTF-8 written as in programs.
#[must_use]
pub fn text(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

/// Whether all of it is shown as it is.
#[must_use]
pub fn is_shown_plainly(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| text.chars().all(is_plain))
}

/// No control character, none that is not seen, and none that turns the direction of what follows.
fn is_plain(c: char) -> bool {
    let unseen = matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    !c.is_control() && !unseen
}

/// The bytes as one word for a shell, on one line: what can't be typed is written as bash, ksh, zsh and newer plain shells read it.
#[must_use]
pub fn quoted(bytes: &[u8]) -> String {
    let tame = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-+@%:,=".contains(byte);
    if let Ok(text) = std::str::from_utf8(bytes)
        && is_shown_plainly(bytes)
    {
        if !bytes.is_empty() && bytes.iter().all(tame) {
            return text.to_owned();
        }
        return format!("'{}'", text.replace('\'', "'\\''"));
    }
    let mut out = String::from("$'");
    for byte in bytes {
        match byte {
            b'\'' => out.push_str("\\'"),
            b'\\' => out.push_str("\\\\"),
            b' '..=b'~' => out.push(char::from(*byte)),
            // Three digits of eight: what follows is never taken for a part of it.
            byte => _ = write!(out, "\\{byte:03o}"),
        }
    }
    out.push('\'');
    out
}

/// Names a thing in a list: another text for each name.
#[must_use]
pub fn key(name: &[u8]) -> String {
    match std::str::from_utf8(name) {
        Ok(text) => format!("u{text}"),
        Err(_) => name.iter().fold(String::from("x"), |mut out, byte| {
            let _ = write!(out, "{byte:02x}");
            out
        }),
    }
}

/// A name below a directory.
#[must_use]
pub fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    let mut path = directory.to_vec();
    if !path.ends_with(b"/") {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}

/// The directory above, and what this one is called there; none at the root.
#[must_use]
pub fn parent(path: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let end = path.iter().rposition(|byte| *byte != b'/')? + 1;
    let path = path.get(..end)?;
    let at = path.iter().rposition(|byte| *byte == b'/')?;
    Some((path.get(..at.max(1))?.to_vec(), path.get(at + 1..)?.to_vec()))
}

/// The last part of a path.
#[must_use]
pub fn last(path: &[u8]) -> Vec<u8> {
    parent(path).map_or_else(|| path.to_vec(), |(_, name)| name)
}

/// What is wrong with a name that was typed, if anything.
#[must_use]
pub fn complaint(name: &str) -> Option<&'static str> {
    match name {
        "" => Some("a name is needed"),
        "." | ".." => Some("this is no name of its own"),
        name if name.contains('/') => Some("a name has no '/' in it"),
        name if name.len() > 255 => Some("a name has 255 bytes at most"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_is_shown_without_harm_and_told_from_any_other() {
        assert_eq!(shown("grün.txt".as_bytes()), "grün.txt");
        assert_eq!(shown(b"a\x1b[2J\nb\xff\xc3"), "a\\x1b[2J\\nb\\xff\\xc3");
        assert_eq!(shown("a\u{202e}txt.exe\u{85}".as_bytes()), "a\\u{202e}txt.exe\\u{85}");
        assert!(is_shown_plainly("日本".as_bytes()) && !is_shown_plainly(b"\xff") && !is_shown_plainly(b"a\n"));
        assert_ne!(key(b"x\xff"), key(b"x\xfe"));
        assert_ne!(key(b"78ff"), key(b"x\xff"));
    }

    #[test]
    fn a_shell_reads_the_same_bytes_again() {
        for name in [&b"plain.txt"[..], b"", b"it's $HOME `x` \"y\"", b"a\n\x1b[m", b"\xff\xfe1", "日本 x".as_bytes(), b"\\n", b"9\x019"] {
            let script = format!("printf %s {}", quoted(name));
            let out = std::process::Command::new("bash").args(["-c", &script]).env("LC_ALL", "C.UTF-8").output().unwrap();
            assert_eq!(out.stdout, name, "{script}");
        }
        assert_eq!(quoted(b"/etc/hosts"), "/etc/hosts");
    }

    #[test]
    fn paths_go_up_and_down() {
        assert_eq!(join(b"/", b"a"), b"/a");
        assert_eq!(join(b"/a", b"b"), b"/a/b");
        assert_eq!(parent(b"/a/b/"), Some((b"/a".to_vec(), b"b".to_vec())));
        assert_eq!(parent(b"/a"), Some((b"/".to_vec(), b"a".to_vec())));
        assert_eq!((parent(b"/"), parent(b"")), (None, None));
    }
}
