//! The line on top and the line at the bottom.
use super::badges::Badge;
use super::badges::in_words;
use super::badges::signs;
use super::tab::Tab;
use super::workspace::Keys;
use super::workspace::Workspace;
use crate::model::ContainerState;
use crate::term::Key;
use crate::tui::app::View;
use crate::tui::command::COMMANDS;
use crate::tui::command::CommandId;
use crate::tui::command::Scope;
use crate::tui::command::command;
use crate::tui::component::Context;
use crate::tui::component::Hint;
use crate::tui::msg::Link;
use crate::tui::plain;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;
use unicode_width::UnicodeWidthStr as _;

const BRAND: &str = " cto";

/// The line on top of the containers, and of the view with this name.
pub fn home_line(frame: &mut Frame, area: Rect, view: &str, cx: &Context) {
    let mut left = brand(cx);
    left.push(Span::raw("  "));
    left.extend(read_only(cx));
    left.extend(server(cx));
    if !view.is_empty() {
        left.push(Span::styled(format!("  {view}"), cx.theme.style(Role::Accent)));
    }
    let count = |running: bool| cx.data.containers.iter().filter(|container| (container.state == ContainerState::Running) == running).count();
    let mut right = Vec::new();
    if cx.data.listed {
        right.push(Span::styled(format!("{} running", count(true)), cx.theme.style(Role::Text)));
        if count(false) > 0 {
            right.push(Span::styled(format!("  {} stopped", count(false)), cx.theme.style(Role::Muted)));
        }
        // Figures that nobody watches would be old ones.
        let watched = view.is_empty() || view == View::Resources.word();
        let shown =
            cx.data.containers.iter().filter(|container| container.state == ContainerState::Running).filter_map(|container| cx.data.latest(&container.id));
        let (cpu, memory) = shown.fold((0.0, 0), |(cpu, memory), stats| (cpu + stats.cpu_percent, memory + stats.memory_bytes));
        if memory > 0 && watched {
            right.push(Span::styled(format!("   cpu {cpu:>3.0}%  mem {}", bytes(memory)), cx.theme.style(Role::Muted)));
        }
    }
    let working = cx.data.running_operations().count();
    if working > 0 {
        right.push(Span::styled(format!("   {}{working} under way", if cx.plain { "" } else { "◐ " }), cx.theme.style(Role::Info)));
    }
    spread(frame, area, left, right, cx);
}

/// The line on top of the terminals.
pub fn work_line(frame: &mut Frame, area: Rect, work: &Workspace, cx: &Context) {
    let mut left = brand(cx);
    left.push(Span::raw(" "));
    let labels = labels(work, area.width, cx.plain);
    for (place, text) in labels.into_iter().enumerate().skip(first_tab(work, area.width, cx.plain)) {
        let style =
            if place == work.active { cx.theme.style(Role::Accent).add_modifier(Modifier::BOLD | Modifier::REVERSED) } else { cx.theme.style(Role::Text) };
        left.push(Span::styled(text, style));
    }
    let mut right: Vec<Span> = read_only(cx).into_iter().collect();
    if let Link::Down { .. } = cx.data.link {
        right.extend(server(cx));
        right.push(Span::raw("  "));
    }
    if let Some(tab) = work.tab().filter(|tab| tab.synced) {
        let told = match () {
            () if tab.floats() => "⇉ not into the floating pane".to_owned(),
            () if tab.zoomed => "⇉ not while zoomed".to_owned(),
            () => work.receivers(tab).count(),
        };
        let told = if cx.plain { told.replace('⇉', Badge::Typing.word()) } else { told };
        right.push(Span::styled(format!(" {told} "), cx.theme.style(Role::Warn).add_modifier(Modifier::BOLD | Modifier::REVERSED)));
        right.push(Span::raw("  "));
    }
    let mut working = cx.data.running_operations();
    if let Some(operation) = working.next() {
        let more = match working.count() {
            0 => String::new(),
            more => format!(" +{more}"),
        };
        let about = short(&format!("{} {}", operation.target, operation.progress.phase), 40);
        right.push(Span::styled(format!("◐ {about}{more}  "), cx.theme.style(Role::Info)));
    }
    if let Some(pane) = work.focused() {
        right.push(Span::styled(short(&pane.title(), 40), cx.theme.style(Role::Text)));
        right.push(Span::styled(format!("  {}", pane.screen.size()), cx.theme.style(Role::Muted)));
        if pane.session.as_ref().and_then(|session| cx.data.session(session)).is_some_and(|session| session.recording.is_some()) {
            right.push(Span::styled("  ⌁ rec", cx.theme.style(Role::Error)));
        }
        if pane.viewers > 1 {
            right.push(Span::styled(format!("  {} viewers", pane.viewers), cx.theme.style(Role::Info)));
        }
    }
    spread(frame, area, left, right, cx);
}

/// The first tab that is drawn, so that the one shown is seen in a line of this width.
fn first_tab(work: &Workspace, width: u16, plain: bool) -> usize {
    let mut room = usize::from(width).saturating_sub(BRAND.width() + 1);
    let labels = labels(work, width, plain);
    let before = labels.iter().take(work.active + 1).rev().take_while(|label| {
        let fits = label.width() <= room;
        room = room.saturating_sub(label.width());
        fits
    });
    (work.active + 1).saturating_sub(before.count()).min(work.active)
}

/// ` 1:api! `: number, name and badges of each tab. These have their words where all of that fits into half of the line, and always for
/// those who have the screen read to them.
fn labels(work: &Workspace, width: u16, plain: bool) -> Vec<String> {
    let label = |(place, tab): (usize, &Tab), words: bool| {
        let badges = work.tab_badges(tab);
        let told = if words { in_words(&badges, plain) } else { signs(&badges) };
        format!(" {}:{}{told} ", place + 1, short(&work.tab_name(tab), 20))
    };
    let all = |words| work.tabs.iter().enumerate().map(|tab| label(tab, words)).collect::<Vec<_>>();
    let worded = all(true);
    let fits = worded.iter().map(|label| label.width()).sum::<usize>() <= usize::from(width) / 2;
    if fits || plain { worded } else { all(false) }
}

/// The tab whose name is drawn at this column of the line on top.
#[must_use]
pub fn tab_at(work: &Workspace, width: u16, column: u16, plain: bool) -> Option<usize> {
    let mut end = BRAND.width() + 1;
    let column = usize::from(column);
    if column < end {
        return None;
    }
    let labels = labels(work, width, plain);
    let mut tabs = labels.iter().enumerate().skip(first_tab(work, width, plain));
    tabs.find_map(|(place, label)| {
        end += label.width();
        (column < end).then_some(place)
    })
}

/// The line at the bottom: the keys that are valid here, as many as fit.
pub fn footer(frame: &mut Frame, area: Rect, hints: &[Hint], cx: &Context) {
    let shown: Vec<Hint> = hints.iter().map(|(key, what)| (if cx.plain { plain::in_words(key) } else { key.clone() }, what.clone())).collect();
    let width = |(key, what): &Hint| key.width() + what.width() + 4;
    let is_help = |(_, what): &Hint| what == command(CommandId::Help).title;
    // Who finds their key nowhere else finds it there: it has its place whatever is left out.
    let mut room = (usize::from(area.width) + 2).saturating_sub(shown.iter().find(|hint| is_help(hint)).map_or(0, width));
    let mut full = false;
    let mut spans = Vec::new();
    for hint in &shown {
        if !is_help(hint) {
            full |= width(hint) > room;
            if full {
                continue;
            }
            room -= width(hint);
        }
        spans.push(Span::styled(format!(" {}", hint.0), cx.theme.style(Role::Key)));
        spans.push(Span::styled(format!(" {} ", hint.1), cx.theme.style(Role::Muted)));
    }
    frame.render_widget(Line::from(spans), area);
}

/// The keys of these scopes in the registry's order.
#[must_use]
pub fn hints(scopes: &[Scope], cx: &Context) -> Vec<Hint> {
    let mut commands: Vec<_> = COMMANDS.iter().filter(|command| command.footer > 0 && scopes.contains(&command.scope)).collect();
    commands.sort_by_key(|command| command.footer);
    let mut seen: Vec<Key> = Vec::new();
    let mut hints = Vec::new();
    for command in commands {
        // The nearest scope's command has the key.
        let Some(key) = cx.keymap.keys(command.id).first().filter(|key| !seen.contains(key)) else { continue };
        seen.push(*key);
        hints.push((cx.keymap.show(*key), command.title.to_owned()));
    }
    hints
}

/// What the footer says in the terminals.
#[must_use]
pub fn work_hints(work: &Workspace, cx: &Context) -> Vec<Hint> {
    match (work.keys, work.scopes()) {
        (Keys::Numbers, _) => vec![("0-9".to_owned(), "focus the pane with this number".to_owned())],
        (Keys::Hints, _) => [("a-z", "copy"), ("A-Z", "paste here"), ("esc", "leave")].map(|(key, what)| (key.to_owned(), what.to_owned())).to_vec(),
        (Keys::Prefix, scopes) => hints(scopes, cx),
        _ if work.focused().and_then(|pane| pane.log.as_ref()).is_some_and(|log| log.takes_keys()) => {
            [("⏎", "take it"), ("esc", "clear"), ("!", "lines without"), ("/", "expression")].map(|(key, what)| (key.to_owned(), what.to_owned())).to_vec()
        }
        (_, scopes) => {
            let own: Vec<Scope> = scopes.iter().copied().filter(|scope| *scope != Scope::Global).collect();
            let prefix = (cx.keymap.show(cx.keymap.prefix()), "prefix".to_owned());
            if scopes == [Scope::Global] { hints(scopes, cx) } else { hints(&own, cx).into_iter().chain([prefix]).collect() }
        }
    }
}

fn brand<'a>(cx: &Context) -> Vec<Span<'a>> {
    vec![Span::styled(BRAND, cx.theme.style(Role::Accent).add_modifier(Modifier::BOLD))]
}

/// Says that nothing can be changed from here.
fn read_only<'a>(cx: &Context) -> Option<Span<'a>> {
    cx.data.read_only.then(|| Span::styled("read-only  ", cx.theme.style(Role::Warn)))
}

fn server<'a>(cx: &Context) -> Vec<Span<'a>> {
    let engine = &cx.data.engine;
    match &cx.data.link {
        Link::Opening => vec![Span::styled("connecting…", cx.theme.style(Role::Muted))],
        Link::Down { detail, since, .. } => {
            let ago = cx.now.since_start.saturating_sub(*since).as_secs();
            vec![Span::styled(format!("✖ no server for {ago} s, trying again: {}", short(detail, 60)), cx.theme.style(Role::Error))]
        }
        Link::Up if !cx.data.listed => vec![Span::styled("local", cx.theme.style(Role::Text))],
        Link::Up if !engine.available => {
            let detail = engine.detail.clone().unwrap_or_else(|| "does not answer".to_owned());
            vec![Span::styled(format!("✖ no engine: {}", short(&detail, 60)), cx.theme.style(Role::Error))]
        }
        Link::Up => {
            let product = if engine.product.is_empty() { "engine" } else { &engine.product };
            let version: Vec<&str> = engine.version.splitn(3, '.').take(2).collect();
            vec![
                Span::styled("local ", cx.theme.style(Role::Text)),
                Span::styled("●", cx.theme.style(Role::Ok)),
                Span::styled(format!(" {product} {}", version.join(".")), cx.theme.style(Role::Muted)),
            ]
        }
    }
}

/// Left and right text on one line; the right one goes where both don't fit.
fn spread(frame: &mut Frame, area: Rect, left: Vec<Span>, mut right: Vec<Span>, cx: &Context) {
    let bar = cx.theme.style(Role::Bar);
    frame.buffer_mut().set_style(area, bar);
    let width = |spans: &[Span]| spans.iter().map(Span::width).sum::<usize>();
    let room = usize::from(area.width);
    while !right.is_empty() && width(&left) + width(&right) + 2 > room {
        right.pop();
    }
    let used = u16::try_from(width(&right)).unwrap_or(0);
    frame.render_widget(Line::from(left), area);
    if used > 0 {
        let place = Rect { x: area.right().saturating_sub(used + 1), width: used, ..area };
        frame.render_widget(Line::from(right), place);
    }
    // The roles of the texts bring the terminal's own ground along.
    if let Some(ground) = bar.bg {
        frame.buffer_mut().set_style(area, Style::new().bg(ground));
    }
}

/// A text cut to so many columns.
#[must_use]
pub fn short(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut cut = String::new();
    for c in text.chars() {
        if cut.width() + 2 > columns {
            break;
        }
        cut.push(c);
    }
    cut.push('…');
    cut
}

/// `1.9 GiB`.
#[must_use]
pub fn bytes(count: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    if value >= 10.0 || unit == 0 { format!("{value:.0} {}", units[unit]) } else { format!("{value:.1} {}", units[unit]) }
}
