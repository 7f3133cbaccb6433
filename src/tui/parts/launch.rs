//! Quick launch: a template from a searchable list, its values, and off it goes.
use super::field::Edit;
use super::field::Field;
use super::form::Form;
use super::fuzzy;
use super::items;
use super::popup::Popup;
use super::reader::Line;
use super::reader::Reader;
use super::text;
use crate::model::CreateContainer;
use crate::model::Problem;
use crate::model::Size;
use crate::model::Template;
use crate::model::TemplateEntry;
use crate::term::Key;
use crate::term::KeyCode;
use crate::term::Mods;
use crate::term::MouseEvent;
use crate::term::MouseKind;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::msg::Ask;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::msg::Reply;
use crate::tui::msg::Request;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;

/// Columns of the box at most.
const COLS: u16 = 104;
/// Rows of the list at most.
const LIST: u16 = 14;
/// Rows for everything but the lists: search, a line, values, what is said.
const FORM: u16 = 9;
/// Rows for a problem at most.
const TROUBLE: usize = 4;
/// Shortest box in which the form is seen beside the list.
const ROOMY: u16 = 8;

/// The launch overlay.
#[derive(Clone, Debug)]
pub struct Launch {
    size: Size,
    query: Field,
    /// The template under the cursor, by name.
    picked: Option<String>,
    form: Form,
    /// The form's entry that has the focus; none while the list has it.
    entry: Option<usize>,
    problem: Option<Problem>,
    /// A request is under way.
    waits: bool,
    /// The rendered spec, shown instead of the list.
    rendered: Option<(Vec<Line>, Reader)>,
}

impl Launch {
    /// With the cursor on the likeliest template; `size` is for the main terminal.
    #[must_use]
    pub fn new(size: Size) -> Self {
        Self { size, query: Field::default(), picked: None, form: Form::default(), entry: None, problem: None, waits: false, rendered: None }
    }

    /// The templates that fit what was typed, the best first, with the letters that were matched.
    fn found<'a>(&self, cx: &Context<'a>) -> Vec<(&'a TemplateEntry, Vec<u32>)> {
        let likely: Vec<&Template> = items::likely(cx.data).into_iter().map(|(_, template)| template).collect();
        let place = |entry: &TemplateEntry| likely.iter().position(|template| template.name == entry.template.name).unwrap_or(likely.len());
        let mut entries: Vec<&TemplateEntry> = cx.data.templates.items.iter().collect();
        entries.sort_by_key(|entry| place(entry));
        let texts: Vec<String> =
            entries.iter().map(|entry| format!("{} {}", entry.template.name, entry.template.description.as_deref().unwrap_or_default())).collect();
        fuzzy::find(self.query.text(), texts.iter().map(String::as_str)).into_iter().map(|found| (entries[found.place], found.letters)).collect()
    }

    fn cursor(&self, found: &[(&TemplateEntry, Vec<u32>)]) -> usize {
        found.iter().position(|(entry, _)| Some(&entry.template.name) == self.picked.as_ref()).unwrap_or(0)
    }

    /// Brings cursor and form to what is listed.
    fn settle(&mut self, cx: &Context, to: usize) {
        let found = self.found(cx);
        let fresh = found.get(to.min(found.len().saturating_sub(1))).map(|(entry, _)| &entry.template);
        if fresh.map(|template| &template.name) != self.picked.as_ref() {
            self.form = fresh.map(Form::new).unwrap_or_default();
            self.picked = fresh.map(|template| template.name.clone());
            self.problem = None;
            self.entry = None;
        }
    }

    fn request(&self) -> Option<Box<CreateContainer>> {
        let template = self.picked.clone()?;
        Some(Box::new(CreateContainer {
            template: Some(template),
            name: self.form.name(),
            set: self.form.set(),
            size: Some(self.size),
            ..CreateContainer::default()
        }))
    }

    /// The same launch as a line for a shell.
    fn line(&self) -> Option<String> {
        let mut line = format!("cto run {}", quote(self.picked.as_deref()?));
        if let Some(name) = self.form.name() {
            line.push_str(&format!(" --name {}", quote(&name)));
        }
        for (path, value) in self.form.set() {
            line.push_str(&format!(" --set {}", quote(&format!("{path}={value}"))));
        }
        Some(line)
    }

    fn launch(&mut self) -> Vec<Effect> {
        if let Some(missing) = self.form.missing() {
            self.entry = Some(missing);
            return Vec::new();
        }
        let Some(request) = self.request().filter(|_| !self.waits) else { return Vec::new() };
        self.waits = true;
        self.problem = None;
        vec![Effect::Ask(Ask::Launch { request, open: true })]
    }

    fn key(&mut self, key: Key, cx: &Context) -> Vec<Effect> {
        if let Some((lines, reader)) = &mut self.rendered {
            if reader.key(key, usize::from(place(cx).inner.height), lines) {
                self.rendered = None;
            }
            return Vec::new();
        }
        let found = self.found(cx);
        let (at, count) = (self.cursor(&found), found.len());
        let ctrl = key.mods.contains(Mods::CTRL);
        let step = usize::from(Form::columns(place(cx).inner.width));
        match (key.code, self.entry) {
            (KeyCode::Enter, _) => return self.launch(),
            (KeyCode::Char('r'), _) if ctrl => return self.request().map(|request| Effect::Request(Request::Render(request))).into_iter().collect(),
            (KeyCode::Char('y'), _) if ctrl => return self.line().map(|line| Effect::Ask(Ask::Copy(line))).into_iter().collect(),
            (KeyCode::Esc, Some(_)) => self.entry = None,
            (KeyCode::Esc, None) => return vec![Effect::Ask(Ask::Close)],
            (KeyCode::Char('c'), None) if ctrl => {
                if !self.query.clear() {
                    return vec![Effect::Ask(Ask::Close)];
                }
                self.settle(cx, 0);
            }
            (KeyCode::Char('c'), Some(_)) if ctrl => self.entry = None,
            (KeyCode::Tab, None) if !self.form.is_empty() => self.entry = Some(0),
            (KeyCode::Tab, Some(entry)) => self.entry = Some(entry + 1).filter(|entry| *entry < self.form.len()),
            (KeyCode::BackTab, None) => self.entry = self.form.len().checked_sub(1),
            (KeyCode::BackTab, Some(entry)) => self.entry = entry.checked_sub(1),
            (KeyCode::Down, Some(entry)) if entry + step < self.form.len() => self.entry = Some(entry + step),
            (KeyCode::Up, Some(entry)) => self.entry = entry.checked_sub(step),
            (KeyCode::Down, Some(_)) => {}
            (KeyCode::Down, None) => self.settle(cx, at + 1),
            (KeyCode::Char('n'), None) if ctrl => self.settle(cx, at + 1),
            (KeyCode::Up, None) => self.settle(cx, at.saturating_sub(1)),
            (KeyCode::Char('p'), None) if ctrl => self.settle(cx, at.saturating_sub(1)),
            (KeyCode::PageDown, None) => self.settle(cx, (at + usize::from(LIST)).min(count.saturating_sub(1))),
            (KeyCode::PageUp, None) => self.settle(cx, at.saturating_sub(LIST.into())),
            (_, Some(entry)) => {
                self.form.key(entry, key);
            }
            (_, None) => {
                if self.query.key(key) == Edit::Changed {
                    self.settle(cx, 0);
                }
            }
        }
        Vec::new()
    }

    fn mouse(&mut self, mouse: MouseEvent, cx: &Context) -> Vec<Effect> {
        let popup = place(cx);
        let at = (mouse.col, mouse.row).into();
        if let Some((lines, reader)) = &mut self.rendered {
            reader.mouse(mouse, popup.inner.height.into(), lines.len());
            return Vec::new();
        }
        let found = self.found(cx);
        let cursor = self.cursor(&found);
        let parts = self.parts(popup.inner, cx);
        match mouse.kind {
            MouseKind::WheelDown => self.settle(cx, cursor + 1),
            MouseKind::WheelUp => self.settle(cx, cursor.saturating_sub(1)),
            MouseKind::Down if parts.list.contains(at) => {
                let place = top(cursor, parts.list) + usize::from(mouse.row - parts.list.y);
                if place == cursor && self.entry.is_none() {
                    return self.launch();
                }
                self.entry = None;
                if place < found.len() {
                    self.settle(cx, place);
                }
            }
            MouseKind::Down if parts.form.contains(at) => {
                let hit = self.form.places(parts.form, self.entry).into_iter().find(|(_, rect)| rect.contains(at));
                self.entry = hit.map(|(place, _)| place).or(self.entry);
            }
            MouseKind::Down if !popup.outer.contains(at) => return vec![Effect::Ask(Ask::Close)],
            _ => {}
        }
        Vec::new()
    }

    fn parts(&self, inner: Rect, cx: &Context) -> Parts {
        let below = |y: u16, height: u16| Rect { y, height: height.min(inner.bottom().saturating_sub(y)), ..inner };
        if inner.height < ROOMY {
            // One thing at a time: the list, or the form while it has the focus.
            let rest = below(inner.y + 1, inner.height);
            let nothing = Rect { height: 0, ..rest };
            let said = if self.problem.is_some() { Rect { y: rest.bottom().saturating_sub(1), height: rest.height.min(1), ..rest } } else { nothing };
            let rest = Rect { height: rest.height.saturating_sub(said.height), ..rest };
            let (list, form) = if self.entry.is_some() { (nothing, rest) } else { (rest, nothing) };
            return Parts { query: below(inner.y, 1), list, complaints: nothing, form, said };
        }
        let said_rows = u16::try_from(self.said(inner.width, cx).len()).unwrap_or(1).max(1);
        let form_rows = self.form.rows(inner.width).min((inner.height - 3) / 2).max(1);
        // Query, list, complaints, a line, form, what is said.
        let room = inner.height.saturating_sub(2 + form_rows + said_rows);
        let complaints = u16::try_from(cx.data.templates.complaints.len()).unwrap_or(u16::MAX).min(room / 3);
        let list = below(inner.y + 1, room - complaints);
        let complaints = below(list.bottom(), complaints);
        let form = below(complaints.bottom() + 1, form_rows);
        Parts { query: below(inner.y, 1), list, complaints, form, said: below(form.bottom(), said_rows) }
    }

    /// What is said below the form.
    fn said(&self, width: u16, cx: &Context) -> Vec<Line> {
        let wrap = |words: &str, role| text::wrap(words, width.into()).into_iter().map(move |line| (line, role)).collect::<Vec<Line>>();
        if let Some(problem) = &self.problem {
            let mut lines = wrap(&format!("✖ {}", problem.detail), Role::Error);
            for place in problem.errors.iter().filter(|place| place.detail != problem.detail) {
                lines.extend(wrap(&format!("  {}", complaint(place)), Role::Error));
            }
            if let Some(fix) = &problem.fix {
                lines.extend(wrap(&format!("  {fix}"), Role::Muted));
            }
            lines.truncate(TROUBLE);
            return lines;
        }
        if self.waits {
            return vec![("asking the server …".to_owned(), Role::Info)];
        }
        match (self.entry, self.picked.as_ref()) {
            (Some(entry), _) => vec![(self.form.help(entry).to_owned(), Role::Muted)],
            (None, Some(picked)) => {
                let template = cx.data.templates.items.iter().find(|entry| entry.template.name == *picked);
                vec![(template.map(|entry| about(&entry.template)).unwrap_or_default(), Role::Muted)]
            }
            (None, None) => vec![("nothing fits; esc leaves".to_owned(), Role::Muted)],
        }
    }

    fn draw_list(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        let found = self.found(cx);
        let cursor = self.cursor(&found);
        let widest = found.iter().map(|(entry, _)| text::width(&entry.template.name)).max().unwrap_or(0).clamp(8, 20);
        for ((place, (entry, letters)), y) in found.iter().enumerate().skip(top(cursor, area)).zip(area.top()..area.bottom()) {
            let template = &entry.template;
            let selected = place == cursor;
            let style = |role| cx.theme.style(if selected && self.entry.is_none() { Role::Selection } else { role });
            let buffer = frame.buffer_mut();
            buffer.set_style(Rect { y, height: 1, ..area }, style(Role::Text));
            text::put(buffer, area.x, y, 2, if selected { "▸" } else { " " }, style(Role::Accent));
            let name = u16::try_from(widest).unwrap_or(20).min(area.width.saturating_sub(2));
            text::put(buffer, area.x + 2, y, name, &template.name, style(Role::Text));
            for letter in letters.iter().filter_map(|letter| u16::try_from(*letter).ok()).filter(|letter| *letter < name) {
                let role = cx.theme.style(Role::Key);
                buffer.set_style(Rect { x: area.x + 2 + letter, y, width: 1, height: 1 }, if selected { style(Role::Text) } else { role });
            }
            let hint = readiness(template, cx);
            let (hint_cols, image_cols) = (14, if area.width >= 76 { 24 } else { 0 });
            let right = if area.width >= 50 { hint_cols + image_cols } else { 0 };
            let x = area.x + 2 + name + 2;
            let middle = area.width.saturating_sub(name + 4 + right);
            text::put(buffer, x, y, middle.saturating_sub(1), template.description.as_deref().unwrap_or_default(), style(Role::Muted));
            if right > 0 {
                text::put(buffer, area.right() - right, y, image_cols.saturating_sub(1), &template.image, style(Role::Muted));
                text::put(buffer, area.right() - hint_cols, y, hint_cols, &text::right(&hint, hint_cols.into()), style(Role::Muted));
            }
        }
        if found.is_empty() && area.height > 0 {
            text::put(frame.buffer_mut(), area.x + 2, area.y, area.width.saturating_sub(2), "no template fits", cx.theme.style(Role::Muted));
        }
    }
}

/// The parts of the box.
struct Parts {
    query: Rect,
    list: Rect,
    complaints: Rect,
    form: Rect,
    said: Rect,
}

/// The box; its size depends on nothing that is typed, so that it stays where it is.
fn place(cx: &Context) -> Popup {
    let rows = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
    let list = rows(cx.data.templates.items.len()).clamp(3, LIST) + rows(cx.data.templates.complaints.len()).min(3);
    Popup::place(cx.area, COLS, list + FORM)
}

fn top(cursor: usize, list: Rect) -> usize {
    (cursor + 1).saturating_sub(list.height.into())
}

/// What will have to be done before it runs, as far as it can be told from here.
fn readiness(template: &Template, cx: &Context) -> String {
    let known = cx.data.containers.iter().any(|container| {
        let same_image = template.packages.is_empty() && container.image == template.image;
        same_image || container.template.as_deref() == Some(&template.name)
    });
    let is_there = template.packages.is_empty() && cx.data.stock.has_image(&template.image);
    match (known || is_there, template.packages.len()) {
        (true, _) => "ready".to_owned(),
        (false, 0) => "pulls".to_owned(),
        (false, packages) => format!("builds, {packages} pkg"),
    }
}

/// Command, mounts and packages of a template in one line.
fn about(template: &Template) -> String {
    let mut parts = vec![template.image.clone()];
    match &template.command {
        Some(crate::model::CommandLine::Line(line)) => parts.push(format!("runs {line}")),
        Some(crate::model::CommandLine::Words(words)) => parts.push(format!("runs {}", words.join(" "))),
        None => {}
    }
    if !template.packages.is_empty() {
        parts.push(format!("with {}", template.packages.join(", ")));
    }
    parts.extend(template.volumes.iter().map(|volume| format!("mounts {volume}")));
    parts.join(" · ")
}

fn complaint(place: &crate::model::Place) -> String {
    let mut words = String::new();
    if let Some(file) = &place.file {
        words.push_str(file);
        if let (Some(line), Some(column)) = (place.line, place.column) {
            words.push_str(&format!(":{line}:{column}"));
        }
        words.push_str(": ");
    }
    words + &place.detail
}

/// A word for a shell.
fn quote(word: &str) -> String {
    let plain = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c));
    if plain { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

impl Component for Launch {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        let found = self.found(cx);
        let at = self.cursor(&found);
        self.settle(cx, at);
        match msg {
            Msg::Key(key) => Some(self.key(*key, cx)),
            Msg::Paste(pasted) => {
                match self.entry {
                    Some(entry) => self.form.paste(entry, pasted),
                    None => {
                        self.query.insert(pasted);
                        self.settle(cx, 0);
                    }
                }
                Some(Vec::new())
            }
            Msg::Mouse(mouse) => Some(self.mouse(*mouse, cx)),
            Msg::Reply(request, reply) => match (&**request, reply) {
                (Request::Launch(_), Ok(_)) if self.waits => Some(vec![Effect::Ask(Ask::Close)]),
                (Request::Launch(_), Err(problem)) if self.waits => {
                    self.waits = false;
                    self.entry = problem.errors.iter().find_map(|place| self.form.find(&place.pointer)).or(self.entry);
                    self.problem = Some((**problem).clone());
                    Some(Vec::new())
                }
                (Request::Render(_), Ok(Reply::Rendered(rendered))) => {
                    let json = serde_json::to_string_pretty(&rendered.spec).unwrap_or_else(|error| error.to_string());
                    let warnings = rendered.warnings.iter().map(|place| (format!("▲ {}", complaint(place)), Role::Warn));
                    let lines = warnings.chain(json.lines().map(|line| (line.to_owned(), Role::Text))).collect();
                    self.rendered = Some((lines, Reader::default()));
                    Some(Vec::new())
                }
                (Request::Render(_), Err(problem)) => {
                    self.problem = Some((**problem).clone());
                    Some(Vec::new())
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        let popup = place(&Context { area, ..*cx });
        if let Some((lines, reader)) = &self.rendered {
            popup.draw(frame, cx.theme, "Rendered spec", "/ find  esc back");
            return reader.draw(frame, &popup, lines, cx);
        }
        popup.draw(frame, cx.theme, "Launch", "⏎ launch  ⇥ parameters  ^r rendered spec  ^y as cto command  esc");
        let parts = self.parts(popup.inner, cx);
        let used = text::put(frame.buffer_mut(), parts.query.x, parts.query.y, parts.query.width, "> ", cx.theme.style(Role::Accent));
        let query = Rect { x: parts.query.x + used, width: parts.query.width.saturating_sub(used), ..parts.query };
        self.query.draw(frame, query, cx.theme.style(Role::Text), ("type to search", cx.theme.style(Role::Muted)), self.entry.is_none());
        self.draw_list(frame, parts.list, cx);
        for (place, y) in cx.data.templates.complaints.iter().zip(parts.complaints.top()..parts.complaints.bottom()) {
            let words = format!("▲ {}", complaint(place));
            text::put(frame.buffer_mut(), parts.complaints.x, y, parts.complaints.width, &words, cx.theme.style(Role::Warn));
        }
        if parts.form.height > 0 && parts.form.y > parts.complaints.bottom() {
            let line = "─".repeat(parts.form.width.into());
            text::put(frame.buffer_mut(), parts.form.x, parts.form.y - 1, parts.form.width, &line, cx.theme.style(Role::Border));
        }
        self.form.draw(frame, parts.form, self.entry, cx);
        for ((line, role), y) in self.said(parts.said.width, cx).iter().zip(parts.said.top()..parts.said.bottom()) {
            text::put(frame.buffer_mut(), parts.said.x, y, parts.said.width, line, cx.theme.style(*role));
        }
    }

    fn takes_keys(&self) -> bool {
        true
    }

    fn hints(&self, _cx: &Context) -> Option<Vec<(String, String)>> {
        let hint = |key: &str, what: &str| (key.to_owned(), what.to_owned());
        Some(vec![hint("⏎", "launch"), hint("⇥", "parameters"), hint("^r", "rendered spec"), hint("^y", "as cto command"), hint("esc", "leave")])
    }
}
