//! asciicast v3, the form of recordings: one line a thing, read and written alike by server and clients.
//!
//! What the format has no word for stands in comment lines, which other players skip: `#cto raw BASE64` holds the exact bytes of the
//! event on the next line where they are not UTF-8, and `#cto snapshot OFFSET` says that the next event redraws the screen as it was
//! after so many bytes of output, and is no output itself.
use super::Size;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Most bytes of a line; a longer one is none of ours.
pub const MAX_CAST_LINE: usize = 128 << 20;
/// The media type of a recording.
pub const CAST_MEDIA: &str = "application/x-asciicast";
/// The marker where output is missing.
pub const GAP_MARKER: &str = "gap";

const RAW: &str = "#cto raw ";
const SNAPSHOT: &str = "#cto snapshot ";

/// The first line of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CastHeader {
    /// The format's version: 3.
    pub version: u8,
    /// The terminal at the beginning.
    pub term: CastTerm,
    /// When it begins, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<i64>,
    /// The program's command line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// What it shows, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// The terminal at the beginning of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CastTerm {
    /// Columns.
    pub cols: u16,
    /// Rows.
    pub rows: u16,
    /// What programs were told that it is.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// One event of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CastEvent {
    /// Microseconds since the event before.
    pub after_us: u64,
    /// What happened.
    pub data: CastData,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CastData {
    /// The program printed these bytes.
    Output(Vec<u8>),
    /// What redraws the screen as it was after so many bytes of output.
    Snapshot {
        /// Bytes printed before.
        offset: u64,
        /// Bytes for a terminal that was reset.
        bytes: Vec<u8>,
    },
    /// This was typed.
    Input(Vec<u8>),
    /// The screen has another size.
    Resize(Size),
    /// A place with a name.
    Marker(String),
    /// The program has ended with this status.
    Exit(String),
    /// A kind of event that this version does not know.
    Unknown,
}

/// A line that is none of a recording.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no line of a recording: {0}")]
pub struct CastError(pub String);

impl CastHeader {
    /// A header of version 3.
    #[must_use]
    pub fn new(size: Size) -> Self {
        let term = CastTerm { cols: size.cols, rows: size.rows, kind: Some("xterm-256color".to_owned()) };
        Self { version: 3, term, timestamp: None, command: None, title: None }
    }

    /// The size at the beginning.
    #[must_use]
    pub fn size(&self) -> Size {
        Size { cols: self.term.cols, rows: self.term.rows }.clamped()
    }

    /// The header's line, with its end.
    #[must_use]
    pub fn line(&self) -> Vec<u8> {
        let mut line = serde_json::to_vec(self).expect("plain data always becomes JSON");
        line.push(b'\n');
        line
    }

    /// Reads a header's line.
    ///
    /// # Errors
    /// [`CastError`] when it is none, or of another version.
    pub fn read(line: &[u8]) -> Result<Self, CastError> {
        let header: Self = serde_json::from_slice(line).map_err(|error| CastError(error.to_string()))?;
        if header.version == 3 { Ok(header) } else { Err(CastError(format!("asciicast of version {} is not known here", header.version))) }
    }
}

impl CastEvent {
    /// Appends the event's lines, with their ends.
    pub fn write(&self, out: &mut Vec<u8>) {
        let (code, text, raw) = match &self.data {
            CastData::Output(bytes) => lossy("o", bytes),
            CastData::Input(bytes) => lossy("i", bytes),
            CastData::Snapshot { offset, bytes } => {
                out.extend_from_slice(format!("{SNAPSHOT}{offset}\n").as_bytes());
                lossy("o", bytes)
            }
            CastData::Resize(size) => ("r", Cow::Owned(format!("{}x{}", size.cols, size.rows)), None),
            CastData::Marker(name) => ("m", Cow::Borrowed(name.as_str()), None),
            CastData::Exit(status) => ("x", Cow::Borrowed(status.as_str()), None),
            CastData::Unknown => return,
        };
        if let Some(bytes) = raw {
            out.extend_from_slice(RAW.as_bytes());
            out.extend_from_slice(STANDARD.encode(bytes).as_bytes());
            out.push(b'\n');
        }
        let text = serde_json::to_string(&text).expect("text always becomes JSON");
        let (seconds, rest) = (self.after_us / 1_000_000, self.after_us % 1_000_000);
        out.extend_from_slice(format!("[{seconds}.{rest:06}, \"{code}\", {text}]\n").as_bytes());
    }
}

/// Bytes as text, and once more exactly where they are none.
fn lossy<'a>(code: &'static str, bytes: &'a [u8]) -> (&'static str, Cow<'a, str>, Option<&'a [u8]>) {
    let text = String::from_utf8_lossy(bytes);
    let exact = matches!(text, Cow::Borrowed(_));
    (code, text, (!exact).then_some(bytes))
}

/// Reads the lines after the header, one by one.
#[derive(Clone, Debug, Default)]
pub struct CastReader {
    raw: Option<Vec<u8>>,
    snapshot: Option<u64>,
}

impl CastReader {
    /// Takes one line without its end; comments give nothing.
    ///
    /// # Errors
    /// [`CastError`] when it is no line of a recording.
    pub fn line(&mut self, line: &[u8]) -> Result<Option<CastEvent>, CastError> {
        let wrong = |what: &str| CastError(what.to_owned());
        if line.first() == Some(&b'#') {
            if let Some(bytes) = line.strip_prefix(RAW.as_bytes()) {
                self.raw = Some(STANDARD.decode(bytes).map_err(|error| CastError(error.to_string()))?);
            } else if let Some(offset) = line.strip_prefix(SNAPSHOT.as_bytes()) {
                let offset = std::str::from_utf8(offset).ok().and_then(|offset| offset.parse().ok());
                self.snapshot = Some(offset.ok_or_else(|| wrong("an offset is no number"))?);
            }
            return Ok(None);
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        let (seconds, code, text): (f64, Cow<'_, str>, Cow<'_, str>) = serde_json::from_slice(line).map_err(|error| CastError(error.to_string()))?;
        if !(0.0..1e10).contains(&seconds) {
            return Err(wrong("a time is out of range"));
        }
        // Exact: a number of seconds this small has more than six digits to spare.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be small and not negative")]
        let after_us = (seconds * 1e6).round() as u64;
        let (raw, snapshot) = (self.raw.take(), self.snapshot.take());
        let bytes = |text: Cow<'_, str>| raw.unwrap_or_else(|| text.into_owned().into_bytes());
        let data = match code.as_ref() {
            "o" => match snapshot {
                Some(offset) => CastData::Snapshot { offset, bytes: bytes(text) },
                None => CastData::Output(bytes(text)),
            },
            "i" => CastData::Input(bytes(text)),
            "r" => {
                let size = text.split_once('x').and_then(|(cols, rows)| Some(Size { cols: cols.parse().ok()?, rows: rows.parse().ok()? }));
                CastData::Resize(size.ok_or_else(|| wrong("a size is none"))?.clamped())
            }
            "m" => CastData::Marker(text.into_owned()),
            "x" => CastData::Exit(text.into_owned()),
            _ => CastData::Unknown,
        };
        Ok(Some(CastEvent { after_us, data }))
    }
}

/// What a line holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CastItem {
    /// The first line.
    Header(CastHeader),
    /// Any other line that is no comment.
    Event(CastEvent),
}

/// Reads a recording whose bytes come piece by piece.
#[derive(Clone, Debug, Default)]
pub struct CastLines {
    rest: Vec<u8>,
    begun: bool,
    reader: CastReader,
}

impl CastLines {
    /// Takes the next piece; what its complete lines hold.
    ///
    /// # Errors
    /// [`CastError`] when it is no recording.
    pub fn take(&mut self, bytes: &[u8]) -> Result<Vec<CastItem>, CastError> {
        let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') else {
            self.rest.extend_from_slice(bytes);
            return if self.rest.len() > MAX_CAST_LINE { Err(CastError("a line is too long".to_owned())) } else { Ok(Vec::new()) };
        };
        let (whole, rest) = bytes.split_at(end);
        self.rest.extend_from_slice(whole);
        let lines = std::mem::replace(&mut self.rest, rest[1..].to_vec());
        let mut items = Vec::new();
        for line in lines.split(|byte| *byte == b'\n') {
            if !self.begun {
                self.begun = true;
                items.push(CastItem::Header(CastHeader::read(line)?));
            } else if let Some(event) = self.reader.line(line)? {
                items.push(CastItem::Event(event));
            }
        }
        Ok(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_as_they_were_written() {
        let events = [
            CastData::Output("plain \u{2764} \u{1b}[31m\"\\\r\n".into()),
            CastData::Output(vec![0xff, b'a', 0xc3, 0, 0x80]),
            CastData::Snapshot { offset: u64::MAX, bytes: vec![0xfe, 0x1b] },
            CastData::Input(b"ls\r".to_vec()),
            CastData::Resize(Size { cols: 120, rows: 40 }),
            CastData::Marker(GAP_MARKER.to_owned()),
            CastData::Exit("7".to_owned()),
        ];
        let events: Vec<CastEvent> =
            events.into_iter().zip([0, 1, 999_999, 1_000_000, 86_400_000_001, 3, 4]).map(|(data, after_us)| CastEvent { after_us, data }).collect();
        let mut text = Vec::new();
        events.iter().for_each(|event| event.write(&mut text));
        let mut reader = CastReader::default();
        let read: Vec<CastEvent> = text.split(|byte| *byte == b'\n').filter_map(|line| reader.line(line).expect("ours")).collect();
        assert_eq!(read, events);
        let file = [&CastHeader::new(Size { cols: 80, rows: 24 }).line()[..], &text].concat();
        for pieces in [1, 7, 1000] {
            let mut lines = CastLines::default();
            let items: Vec<CastItem> = file.chunks(pieces).flat_map(|piece| lines.take(piece).expect("ours")).collect();
            assert_eq!(items[1..], events.iter().cloned().map(CastItem::Event).collect::<Vec<_>>());
        }
        assert!(reader.line(b"[1, \"o\"").is_err());
        assert!(reader.line(b"[-1, \"o\", \"\"]").is_err());
        assert_eq!(reader.line(b"[1, \"z\", \"\"]").expect("of the future").expect("an event").data, CastData::Unknown);
    }
}
