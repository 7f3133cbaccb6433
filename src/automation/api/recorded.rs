//! A recording that stands for a session in a dry run.
use super::ctx::Ctx;
use super::ctx::failure;
use crate::automation::stream::Ended;
use crate::automation::stream::Stream;
use crate::error::Error;
use crate::error::Result;
use crate::model::CastData;
use crate::model::CastItem;
use crate::model::CastLines;
use crate::model::CastQuery;
use crate::model::Code;
use crate::model::Size;
use crate::term::Screen;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::Read as _;

/// Bytes of a recording that a dry run takes.
const MOST: u64 = 64 << 20;

/// What a recording shows, given out piece by piece as the script waits for it.
pub(super) struct Recorded {
    pub stream: Stream,
    pub screen: RefCell<Screen>,
    rest: RefCell<VecDeque<Vec<u8>>>,
}

impl Recorded {
    /// One without anything in it.
    pub(super) fn empty() -> Self {
        Self { stream: Stream::new(None), screen: RefCell::new(Screen::new(Size::default(), 0)), rest: RefCell::default() }
    }

    /// Reads a recording.
    pub(super) async fn load(ctx: &Ctx, recording: &str) -> mlua::Result<Self> {
        let id = recording.to_owned();
        let cast = ctx.call(move |control, actor| async move { control.get_cast(&actor, &id, CastQuery::default()).await }).await?;
        if cast.length > MOST {
            return Err(failure(Error::new(Code::TooLarge, format!("recording '{recording}' is larger than {} MiB, too much for a dry run", MOST >> 20))));
        }
        let read = move || -> Result<Self> {
            let unreadable = |error: &dyn std::fmt::Display| Error::new(Code::StoreFailed, format!("the recording can't be read: {error}"));
            let mut text = Vec::new();
            let mut file = std::fs::File::open(&cast.path).map_err(|error| unreadable(&error))?;
            std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(cast.position)).map_err(|error| unreadable(&error))?;
            text.extend_from_slice(&cast.head);
            file.take(cast.length).read_to_end(&mut text).map_err(|error| unreadable(&error))?;
            let (mut size, mut rest) = (Size::default(), VecDeque::new());
            for item in CastLines::default().take(&text).map_err(|error| unreadable(&error))? {
                match item {
                    CastItem::Header(header) => size = header.size(),
                    CastItem::Event(event) => match event.data {
                        CastData::Output(bytes) => rest.push_back(bytes),
                        CastData::Snapshot { bytes, .. } if rest.is_empty() => rest.push_back(bytes),
                        _ => {}
                    },
                }
            }
            Ok(Self { stream: Stream::new(None), screen: RefCell::new(Screen::new(size, 1_000)), rest: RefCell::new(rest) })
        };
        // It is read on this thread, which is the script's own: nobody else waits for it.
        read().map_err(failure)
    }

    /// Shows one piece more; false at the end.
    pub(super) fn advance(&self) -> bool {
        match self.rest.borrow_mut().pop_front() {
            Some(piece) => {
                self.screen.borrow_mut().feed(&piece);
                self.stream.feed(&piece);
                true
            }
            None => {
                self.stream.finish(Ended::Lost("the recording has ended"));
                false
            }
        }
    }
}
