//! Secrets, kept out of what is shown and recorded.

/// What stands where a secret was in a text.
const MASK: &str = "***";
/// A secret that is shorter is not masked by itself: it would hide half of every text.
const SHORTEST: usize = 3;
/// A longer one is masked line by line only.
const LONGEST: usize = 16 << 10;
/// Most secrets that are looked for; of more the first are forgotten.
const MOST: usize = 128;
/// Bytes of a stream that are held back since they may be the beginning of a secret. Only what moves a cursor can make it so many.
const HELD: usize = 64 << 10;

/// Texts that are never shown.
#[derive(Clone, Debug, Default)]
pub struct Masks(Vec<Secret>);

#[derive(Clone, Debug)]
struct Secret {
    text: Needle,
    /// What of it a terminal shows; none where that is too short.
    shown: Option<Needle>,
}

/// A text that is looked for, with how much of it is still there where it ends to fit.
#[derive(Clone, Debug)]
struct Needle {
    bytes: Vec<u8>,
    falls: Vec<usize>,
}

impl Needle {
    fn new(bytes: Vec<u8>) -> Self {
        let mut falls = vec![0; bytes.len()];
        let mut fits = 0;
        for at in 1..bytes.len() {
            while fits > 0 && bytes[at] != bytes[fits] {
                fits = falls[fits - 1];
            }
            fits += usize::from(bytes[at] == bytes[fits]);
            falls[at] = fits;
        }
        Self { bytes, falls }
    }

    /// How many bytes at the end of `text` are a beginning of it.
    fn begun(&self, text: &[u8]) -> usize {
        let mut fits = 0;
        for byte in &text[text.len().saturating_sub(self.bytes.len() - 1)..] {
            while fits > 0 && self.bytes[fits] != *byte {
                fits = self.falls[fits - 1];
            }
            fits += usize::from(self.bytes[fits] == *byte);
        }
        fits
    }
}

impl Masks {
    /// One more. Of several lines, each.
    pub fn add(&mut self, secret: &str) {
        for part in std::iter::once(secret).chain(secret.lines()) {
            let known = self.0.iter().any(|known| known.text.bytes == part.as_bytes());
            if part.len() < SHORTEST || part.len() > LONGEST || known {
                continue;
            }
            let shown: Vec<u8> = part.bytes().filter(|byte| is_shown(*byte)).collect();
            let shown = (shown.len() >= SHORTEST).then(|| Needle::new(shown));
            self.0.push(Secret { text: Needle::new(part.as_bytes().to_vec()), shown });
        }
        let more = self.0.len().saturating_sub(MOST);
        self.0.drain(..more);
    }

    /// Those of another as well.
    pub fn add_all(&mut self, others: &Self) {
        for secret in &others.0 {
            if let Ok(text) = std::str::from_utf8(&secret.text.bytes) {
                self.add(text);
            }
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text without any of them, also where they are drawn in several colours or go on in the next row.
    #[must_use]
    pub fn hide(&self, text: &str) -> String {
        let mut marks = vec![false; text.len()];
        self.mark(text.as_bytes(), &mut marks);
        let (mut shown, mut within) = (String::with_capacity(text.len()), false);
        for (at, c) in text.char_indices() {
            if !marks[at] {
                shown.push(c);
                // What drives a terminal stands between the parts of a secret, and does not end it.
                within &= c.is_ascii_control();
            } else if !within {
                shown.push_str(MASK);
                within = true;
            }
        }
        shown
    }

    /// Data without any of them, names included.
    #[must_use]
    pub fn hide_in(&self, value: serde_json::Value) -> serde_json::Value {
        use serde_json::Value;
        match value {
            Value::String(text) => Value::String(self.hide(&text)),
            Value::Array(items) => Value::Array(items.into_iter().map(|item| self.hide_in(item)).collect()),
            Value::Object(map) => Value::Object(map.into_iter().map(|(name, item)| (self.hide(&name), self.hide_in(item))).collect()),
            other => other,
        }
    }

    /// Marks their bytes, and says from where on the rest may be the beginning of one.
    fn mark(&self, bytes: &[u8], marks: &mut [bool]) -> usize {
        if self.0.is_empty() {
            return bytes.len();
        }
        let (shown, places, mut open) = shown(bytes);
        for secret in &self.0 {
            for at in memchr::memmem::find_iter(bytes, &secret.text.bytes) {
                marks[at..at + secret.text.bytes.len()].fill(true);
            }
            open = open.min(bytes.len() - secret.text.begun(bytes));
            let Some(needle) = &secret.shown else { continue };
            for at in memchr::memmem::find_iter(&shown, &needle.bytes) {
                places[at..at + needle.bytes.len()].iter().for_each(|place| marks[*place] = true);
            }
            let begun = needle.begun(&shown);
            if begun > 0 {
                open = open.min(places[shown.len() - begun]);
            }
        }
        open
    }
}

/// A stream of bytes from which secrets are taken, each byte of one replaced by a star, so that its length and what comes after it stay as they are.
#[derive(Debug, Default)]
pub struct Veil {
    /// The end of what came, which may be the beginning of a secret.
    held: Vec<u8>,
    /// Which of these belong to one already.
    marks: Vec<bool>,
}

impl Veil {
    /// Takes bytes; gives those that can be shown, of before too.
    pub fn feed(&mut self, masks: &Masks, bytes: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(bytes);
        self.marks.resize(self.held.len(), false);
        let mut open = masks.mark(&self.held, &mut self.marks);
        if self.held.len() - open > HELD {
            open = self.held.len();
        }
        self.take(open)
    }

    /// The rest, when nothing more comes.
    pub fn rest(&mut self) -> Vec<u8> {
        self.take(self.held.len())
    }

    /// Whether it has nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        let after = self.held.split_off(count);
        let mut out = std::mem::replace(&mut self.held, after);
        for (byte, marked) in out.iter_mut().zip(self.marks.drain(..count)) {
            if marked {
                *byte = b'*';
            }
        }
        out
    }
}

fn is_shown(byte: u8) -> bool {
    byte >= 0x20 && byte != 0x7f
}

/// What of `bytes` a terminal shows, the place of each, and where a sequence begins whose end is not there.
fn shown(bytes: &[u8]) -> (Vec<u8>, Vec<usize>, usize) {
    let (mut shown, mut places) = (Vec::with_capacity(bytes.len()), Vec::with_capacity(bytes.len()));
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == 0x1b {
            match sequence(&bytes[at..]) {
                Some(length) => at += length,
                None => return (shown, places, at),
            }
            continue;
        }
        if is_shown(bytes[at]) {
            shown.push(bytes[at]);
            places.push(at);
        }
        at += 1;
    }
    (shown, places, bytes.len())
}

/// How long the sequence is that begins here; none where its end is missing.
fn sequence(bytes: &[u8]) -> Option<usize> {
    match bytes.get(1)? {
        b'[' => Some(2 + bytes[2..].iter().position(|byte| !(0x20..0x40).contains(byte))? + 1),
        b']' | b'P' | b'X' | b'^' | b'_' => {
            let end = 2 + bytes[2..].iter().position(|byte| matches!(byte, 0x07 | 0x18 | 0x1a | 0x1b))?;
            Some(if bytes[end] == 0x1b && *bytes.get(end + 1)? == b'\\' { end + 2 } else { end + usize::from(bytes[end] != 0x1b) })
        }
        0x20..0x30 => Some(1 + bytes[1..].iter().position(|byte| !(0x20..0x30).contains(byte))? + 1),
        _ => Some(2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masks(secrets: &[&str]) -> Masks {
        let mut masks = Masks::default();
        secrets.iter().for_each(|secret| masks.add(secret));
        masks
    }

    #[test]
    fn secrets_go_wherever_they_stand() {
        let masks = masks(&["hunter2", "hunter2-long", "ab", "two\nlines"]);
        assert_eq!(masks.hide("hunter2-long and hunter2, ab"), "*** and ***, ab");
        assert_eq!(masks.hide("lines, two"), "***, ***");
        assert_eq!(masks.hide_in(serde_json::json!({"a hunter2": ["hunter2", 1]})), serde_json::json!({"a ***": ["***", 1]}));
        assert_eq!(masks.hide("wrapped: hunt\ner2 \u{e9}"), "wrapped: ***\n \u{e9}");
    }

    #[test]
    fn a_stream_is_masked_however_it_is_cut() {
        let masks = masks(&["hunter2", "aab", "na\u{ef}ve one"]);
        for (text, wanted) in [
            ("so hunter2 it is", "so ******* it is"),
            ("hunthunter2", "hunt*******"),
            ("aaab aaaab", "a*** aa***"),
            ("\x1b[31mhun\x1b[32mter\x1b[0m2!", "\x1b[31m***\x1b[32m***\x1b[0m*!"),
            ("hunte\r\nr2\r\n", "*****\r\n**\r\n"),
            ("\x1b]0;hunter2\x07x", "\x1b]0;*******\x07x"),
            ("\x1b]0;t\x1b\\hunter2", "\x1b]0;t\x1b\\*******"),
            ("a na\u{ef}ve one.", "a **********."),
            ("hunter", "hunter"),
            ("\x1b[3", "\x1b[3"),
        ] {
            for first in 0..=text.len() {
                for second in first..=text.len() {
                    let (mut veil, bytes) = (Veil::default(), text.as_bytes());
                    let mut seen = Vec::new();
                    for piece in [&bytes[..first], &bytes[first..second], &bytes[second..]] {
                        seen.extend(veil.feed(&masks, piece));
                    }
                    seen.extend(veil.rest());
                    assert_eq!(String::from_utf8_lossy(&seen), wanted, "cut at {first} and {second}");
                }
            }
        }
    }

    #[test]
    fn only_what_may_become_a_secret_is_held_back_and_not_for_ever() {
        let (masks, mut veil) = (masks(&["hunter2"]), Veil::default());
        assert_eq!(veil.feed(&masks, b"$ "), b"$ ");
        assert_eq!(veil.feed(&masks, b"a hunt"), b"a ");
        assert_eq!(veil.feed(&masks, b"ing"), b"hunting");
        assert_eq!(veil.feed(&masks, b"h"), b"");
        let moves = b"\x1b[H".repeat(HELD);
        assert_eq!(veil.feed(&masks, &moves).len(), moves.len() + 1);
        assert!(veil.is_empty());
        assert_eq!(veil.feed(&Masks::default(), b"hunter2"), b"hunter2");
    }
}
