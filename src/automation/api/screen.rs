//! Screens for scripts: what is on them now, and waiting until they show something.
use super::ctx::failure;
use super::ctx::wrong;
use super::expect;
use super::options::Options;
use super::session::SessionRef;
use crate::automation::pattern::Pattern;
use crate::automation::pattern::Patterns;
use crate::automation::sandbox;
use crate::automation::sandbox::seconds;
use crate::error::Error;
use crate::model::Code;
use crate::term::Attrs;
use crate::term::Color;
use crate::term::Screen;
use crate::term::Underline;
use mlua::Lua;
use mlua::Table;
use mlua::UserData;
use mlua::UserDataMethods;
use mlua::Value;
use std::time::Duration;
use tokio::time::Instant;

/// A changing screen is looked at so often at most.
const LOOK: Duration = Duration::from_millis(15);

/// The screen of a session, as it is whenever it is asked.
#[derive(Clone)]
pub(super) struct ScreenRef(pub(super) SessionRef);

/// A part of a screen: column, row, width and height, from 0.
#[derive(Clone, Copy)]
struct Region {
    col: u16,
    row: u16,
    width: u16,
    height: u16,
}

impl Region {
    /// Reads `{ col = 1, row = 1, width = 10, height = 2 }`; what is not said reaches to the edge.
    fn of(call: &'static str, value: Value, screen: &Screen) -> mlua::Result<Self> {
        let options = Options::of(call, value, &["col", "row", "width", "height"])?;
        let size = screen.size();
        let place = |name: &str, most: u16| -> mlua::Result<u16> {
            match options.count(name, 1_000)? {
                None => Ok(0),
                Some(0) => Err(wrong(format!("{call}: '{name}' counts from 1"))),
                Some(count) if count > u64::from(most) => Err(wrong(format!("{call}: '{name}' is {count}, and the screen has {most}"))),
                Some(count) => Ok(u16::try_from(count - 1).unwrap_or(0)),
            }
        };
        let (col, row) = (place("col", size.cols)?, place("row", size.rows)?);
        let length = |name: &str, room: u16| -> mlua::Result<u16> {
            let given = options.count(name, 1_000)?.and_then(|count| u16::try_from(count).ok());
            Ok(given.unwrap_or(room).min(room))
        };
        Ok(Self { col, row, width: length("width", size.cols - col)?, height: length("height", size.rows - row)? })
    }

    fn text(&self, screen: &Screen) -> String {
        let lines: Vec<String> = (self.row..self.row + self.height).map(|row| row_text(screen, row, self.col, self.width)).collect();
        lines.join("\n")
    }
}

/// A row's text between two columns, without blanks at its end.
fn row_text(screen: &Screen, row: u16, col: u16, width: u16) -> String {
    let mut text = String::new();
    for col in col..col + width {
        text.push_str(screen.cell(i32::from(row), col).text.as_str());
    }
    text.trim_end().to_owned()
}

fn color(color: Color) -> String {
    match color {
        Color::Default => "default".to_owned(),
        Color::Indexed(index) => match index {
            0..=7 => ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"][usize::from(index)].to_owned(),
            8..=15 => format!("bright-{}", ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"][usize::from(index - 8)]),
            other => other.to_string(),
        },
        Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
    }
}

fn cell(lua: &Lua, screen: &Screen, col: u16, row: u16) -> mlua::Result<Table> {
    let cell = screen.cell(i32::from(row), col);
    let table = lua.create_table()?;
    table.set("text", cell.text.as_str())?;
    table.set("fg", color(cell.fg))?;
    table.set("bg", color(cell.bg))?;
    for (name, attr) in [("bold", Attrs::BOLD), ("dim", Attrs::DIM), ("italic", Attrs::ITALIC), ("blink", Attrs::BLINK), ("inverse", Attrs::INVERSE)] {
        table.set(name, cell.attrs.contains(attr))?;
    }
    table.set("underline", cell.underline != Underline::None)?;
    Ok(table)
}

fn cursor(lua: &Lua, screen: &Screen) -> mlua::Result<Table> {
    let cursor = screen.cursor();
    let table = lua.create_table()?;
    table.set("col", cursor.col + 1)?;
    table.set("row", cursor.row + 1)?;
    table.set("visible", cursor.visible)?;
    Ok(table)
}

impl UserData for ScreenRef {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("text", |_, this, ()| Ok(this.0.screen_text()));
        methods.add_method("row", |_, this, row: u16| {
            this.0.look(|screen| match row {
                1.. if row <= screen.size().rows => Ok(row_text(screen, row - 1, 0, screen.size().cols)),
                _ => Err(wrong(format!("row: there are rows 1 to {}, not {row}", screen.size().rows))),
            })
        });
        methods.add_method("region", |_, this, region: Value| this.0.look(|screen| Region::of("region", region, screen).map(|region| region.text(screen))));
        methods.add_method("cell", |lua, this, (col, row): (u16, u16)| {
            this.0.look(|screen| {
                let size = screen.size();
                if (1..=size.cols).contains(&col) && (1..=size.rows).contains(&row) {
                    return cell(lua, screen, col - 1, row - 1);
                }
                Err(wrong(format!("cell: the screen has {} columns and {} rows", size.cols, size.rows)))
            })
        });
        methods.add_method("cursor", |lua, this, ()| this.0.look(|screen| cursor(lua, screen)));
        methods.add_method("size", |_, this, ()| this.0.look(|screen| Ok((screen.size().cols, screen.size().rows))));
        methods.add_method("title", |_, this, ()| this.0.look(|screen| Ok(screen.title().to_owned())));
        methods.add_method("alternate", |_, this, ()| this.0.look(|screen| Ok(screen.modes().alternate_screen)));
        methods.add_method("find", |_, this, value: Value| {
            let patterns = Patterns(vec![expect::pattern(&value)?]);
            let rows: Vec<String> = this.0.look(|screen| (0..screen.size().rows).map(|row| row_text(screen, row, 0, screen.size().cols)).collect());
            for (index, row) in rows.iter().enumerate() {
                if let Some(found) = patterns.find(row.as_bytes(), 0, 0) {
                    let col = String::from_utf8_lossy(&row.as_bytes()[..found.start]).chars().count();
                    return Ok((Some(col + 1), Some(index + 1)));
                }
            }
            Ok((None, None))
        });
        methods.add_method("snapshot", |lua, this, label: Option<String>| {
            let ctx = &this.0.0.ctx;
            ctx.live.note(ctx.line(lua), sandbox::screen_note(label.unwrap_or_else(|| "snapshot".to_owned()), this.0.screen_text()));
            Ok(())
        });
        methods.add_meta_method(mlua::MetaMethod::ToString, |_, this, ()| Ok(this.0.screen_text()));
    }
}

/// What is wanted of a screen.
struct Wish {
    pattern: Option<Pattern>,
    gone: bool,
    row: Option<u16>,
    region: Option<Table>,
    cursor: Option<(u64, u64)>,
    fg: Option<String>,
    bg: Option<String>,
}

impl Wish {
    fn of(value: &Value, options: &Options) -> mlua::Result<Self> {
        let at = match options.value("cursor")? {
            Value::Nil => None,
            Value::Table(table) => Some((table.get("col")?, table.get("row")?)),
            other => return Err(wrong(format!("expect_screen: 'cursor' is {{ col = …, row = … }}, not a {}", other.type_name()))),
        };
        let region = match options.value("region")? {
            Value::Nil => None,
            Value::Table(table) => Some(table),
            other => return Err(wrong(format!("expect_screen: 'region' is a table, not a {}", other.type_name()))),
        };
        let wish = Self {
            pattern: if value.is_nil() { None } else { Some(expect::pattern(value)?) },
            gone: options.flag("gone")?.unwrap_or(false),
            row: options.count("row", 1_000)?.and_then(|row| u16::try_from(row).ok()),
            region,
            cursor: at,
            fg: options.text("fg")?,
            bg: options.text("bg")?,
        };
        if wish.pattern.is_none() && wish.cursor.is_none() {
            return Err(wrong("expect_screen: there is nothing to wait for: give a pattern, or a cursor"));
        }
        Ok(wish)
    }

    fn shown(&self) -> String {
        let mut words = Vec::new();
        if let Some(pattern) = &self.pattern {
            words.push(format!("{} {} the screen", pattern.shown(), if self.gone { "gone from" } else { "on" }));
        }
        if let Some((col, row)) = self.cursor {
            words.push(format!("the cursor at column {col}, row {row}"));
        }
        if let Some(color) = self.fg.iter().chain(&self.bg).next() {
            words.push(format!("in {color}"));
        }
        words.join(" and ")
    }

    /// Whether the screen is as it is wanted.
    fn fits(&self, screen: &Screen) -> mlua::Result<bool> {
        if let Some((col, row)) = self.cursor {
            let cursor = screen.cursor();
            if (u64::from(cursor.col) + 1, u64::from(cursor.row) + 1) != (col, row) {
                return Ok(false);
            }
        }
        let Some(pattern) = &self.pattern else { return Ok(true) };
        let region = match (&self.region, self.row) {
            (Some(table), _) => Region::of("expect_screen", Value::Table(table.clone()), screen)?,
            (None, Some(row)) if (1..=screen.size().rows).contains(&row) => Region { col: 0, row: row - 1, width: screen.size().cols, height: 1 },
            (None, Some(_)) => return Ok(false),
            (None, None) => Region { col: 0, row: 0, width: screen.size().cols, height: screen.size().rows },
        };
        let text = region.text(screen);
        let found = Patterns(vec![pattern.clone()]).find(text.as_bytes(), 0, 0);
        let Some(found) = found else { return Ok(self.gone) };
        if self.gone {
            return Ok(false);
        }
        if self.fg.is_none() && self.bg.is_none() {
            return Ok(true);
        }
        // The colours of the first character of what was found.
        let before = String::from_utf8_lossy(&text.as_bytes()[..found.start]).into_owned();
        let (row, col) = (before.matches('\n').count(), before.rsplit('\n').next().unwrap_or_default().chars().count());
        let cell = screen.cell(i32::from(region.row) + i32::try_from(row).unwrap_or(0), region.col + u16::try_from(col).unwrap_or(0));
        Ok(self.fg.as_ref().is_none_or(|wanted| *wanted == color(cell.fg)) && self.bg.as_ref().is_none_or(|wanted| *wanted == color(cell.bg)))
    }
}

/// Waits until the screen is as it is wanted.
async fn until(session: &SessionRef, within: Duration, mut fits: impl FnMut(&Screen) -> mlua::Result<bool>) -> mlua::Result<bool> {
    let end = Instant::now() + within;
    loop {
        let total = session.0.stream.total();
        if session.look(|screen| fits(screen))? {
            return Ok(true);
        }
        if session.is_recorded() {
            if !session.advance() {
                return Ok(false);
            }
            continue;
        }
        if session.0.stream.ended().is_some() || Instant::now() >= end {
            // The last bytes may have come with the end.
            return session.look(|screen| fits(screen));
        }
        if session.0.stream.total() == total {
            let _ = tokio::time::timeout_at(end, session.0.stream.more()).await;
        }
        tokio::time::sleep(LOOK).await;
    }
}

pub(super) fn add_methods<M: UserDataMethods<SessionRef>>(methods: &mut M) {
    methods.add_async_method("expect_screen", |lua, this, (value, options): (Value, Value)| async move {
        let (value, options) = match value {
            Value::Table(_) if options.is_nil() => (Value::Nil, value),
            value => (value, options),
        };
        let options = Options::of("expect_screen", options, &["timeout", "row", "region", "cursor", "fg", "bg", "gone"])?;
        let within = options.seconds("timeout")?.unwrap_or_else(|| this.0.within.get());
        let wish = Wish::of(&value, &options)?;
        this.used();
        this.0.ctx.begin(&lua, || format!("expect_screen {}", wish.shown()), Some(&this.0.id)).await;
        if until(&this, within, |screen| wish.fits(screen)).await? {
            return Ok(());
        }
        Err(failure(match this.0.stream.ended() {
            Some(_) => Error::new(Code::WrongState, format!("the output ended before {} came", wish.shown())),
            None => Error::new(Code::TimedOut, format!("waited {} for {}", seconds(within), wish.shown())),
        }))
    });
    methods.add_async_method("expect_stable", |lua, this, (quiet, options): (u32, Value)| async move {
        let options = Options::of("expect_stable", options, &["timeout"])?;
        let within = options.seconds("timeout")?.unwrap_or_else(|| this.0.within.get());
        let quiet = Duration::from_millis(u64::from(quiet));
        this.used();
        this.0.ctx.begin(&lua, || format!("expect_stable {} ms", quiet.as_millis()), Some(&this.0.id)).await;
        if this.is_recorded() {
            while this.advance() {}
            return Ok(());
        }
        let end = Instant::now() + within;
        let mut last = this.screen_text();
        let mut since = Instant::now();
        loop {
            if since.elapsed() >= quiet || this.0.stream.ended().is_some() {
                return Ok(());
            }
            if Instant::now() >= end {
                return Err(failure(Error::new(Code::TimedOut, format!("the screen was never the same for {} ms in {}", quiet.as_millis(), seconds(within)))));
            }
            let wait = quiet.saturating_sub(since.elapsed()).max(LOOK);
            let _ = tokio::time::timeout(wait, this.0.stream.more()).await;
            tokio::time::sleep(LOOK.min(wait)).await;
            let now = this.screen_text();
            if now != last {
                (last, since) = (now, Instant::now());
            }
        }
    });
}
