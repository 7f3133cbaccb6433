//! Images, volumes and networks as rows, and all that is known of one in words.
use super::reader::Line;
use super::rows::Cell;
use super::rows::Column;
use super::rows::Row;
use super::state;
use super::text;
use crate::model::Container;
use crate::model::Image;
use crate::model::Network;
use crate::model::Operation;
use crate::model::OperationState;
use crate::model::Volume;
use crate::tui::component::Context;
use crate::tui::stock::Kind;
use crate::tui::theme::Role;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// What rows of work under way begin with.
pub(super) const WORK: &str = "operation:";

pub(super) const IMAGES: [Column; 6] = [
    Column { head: "NAME", least: 12, most: 44, goes: 0, right: false },
    Column { head: "IMAGE ID", least: 12, most: 12, goes: 4, right: false },
    Column { head: "CREATED", least: 7, most: 8, goes: 2, right: true },
    Column { head: "SIZE", least: 8, most: 9, goes: 1, right: true },
    Column { head: "USED BY", least: 10, most: 40, goes: 3, right: false },
    Column { head: "OWNER", least: 8, most: 14, goes: 5, right: false },
];
pub(super) const VOLUMES: [Column; 5] = [
    Column { head: "NAME", least: 12, most: 44, goes: 0, right: false },
    Column { head: "DRIVER", least: 7, most: 10, goes: 3, right: false },
    Column { head: "CREATED", least: 7, most: 8, goes: 2, right: true },
    Column { head: "MOUNTED BY", least: 10, most: 40, goes: 1, right: false },
    Column { head: "OWNER", least: 8, most: 14, goes: 4, right: false },
];
pub(super) const NETWORKS: [Column; 6] = [
    Column { head: "NAME", least: 12, most: 30, goes: 0, right: false },
    Column { head: "DRIVER", least: 7, most: 10, goes: 2, right: false },
    Column { head: "SUBNET", least: 15, most: 20, goes: 3, right: false },
    Column { head: "OUTSIDE", least: 7, most: 7, goes: 4, right: false },
    Column { head: "CONTAINERS", least: 10, most: 40, goes: 1, right: false },
    Column { head: "OWNER", least: 8, most: 14, goes: 5, right: false },
];

/// The first twelve digits, as docker shows them.
pub(super) fn short(id: &str) -> &str {
    let digits = id.strip_prefix("sha256:").unwrap_or(id);
    digits.get(..12).unwrap_or(digits)
}

/// The containers that were made from an image.
pub(super) fn users<'a>(image: &Image, cx: &'a Context) -> Vec<&'a Container> {
    let digits = image.id.strip_prefix("sha256:").unwrap_or(&image.id);
    let is_own = |name: &str| {
        let named = image.tags.iter().any(|tag| tag == name || tag.strip_suffix(":latest") == Some(name));
        named || image.digests.iter().any(|digest| digest == name) || name.len() >= 12 && digits.starts_with(name.strip_prefix("sha256:").unwrap_or(name))
    };
    cx.data.containers.iter().filter(|container| is_own(&container.image)).collect()
}

/// The image that a row stands for.
pub(super) fn image<'a>(id: &str, cx: &'a Context) -> Option<&'a Image> {
    cx.data.stock.images.iter().flatten().find(|image| image.id == id || image.tags.iter().any(|tag| tag == id))
}

/// The volume that a row stands for.
pub(super) fn volume<'a>(id: &str, cx: &'a Context) -> Option<&'a Volume> {
    cx.data.stock.volumes.iter().flatten().find(|volume| volume.name == id)
}

/// The network that a row stands for.
pub(super) fn network<'a>(id: &str, cx: &'a Context) -> Option<&'a Network> {
    cx.data.stock.networks.iter().flatten().find(|network| network.name == id)
}

/// Work that concerns images: begun and not ended, or failed and not yet dismissed.
pub(super) fn works<'a>(cx: &'a Context) -> impl Iterator<Item = &'a Operation> {
    let concerns = |title: &str| ["pull ", "push ", "build ", "refresh the image ", "commit "].iter().any(|verb| title.starts_with(verb));
    cx.data.operations.iter().filter(move |operation| operation.template.is_none() && operation.state == OperationState::Running && concerns(&operation.title))
}

fn created(at: Option<Timestamp>, now: Timestamp) -> Cell {
    at.map_or_else(|| Cell::number("", Role::Muted, f64::MIN), |at| Cell::number(text::age(at, now), Role::Muted, at.as_second() as f64))
}

fn names(names: &[&str]) -> Cell {
    Cell::new(names.join(", "), Role::Text)
}

/// All rows of a kind.
pub(super) fn rows(kind: Kind, rate: impl Fn(&Operation) -> Option<u64>, cx: &Context) -> Vec<Row> {
    let now = cx.now.time;
    let row = |id: &str, cells: Vec<Cell>| Row { id: id.to_owned(), cells, fixed: false, wide: None };
    match kind {
        Kind::Images => {
            let work = |operation: &Operation| {
                let rate = rate(operation).map(|rate| format!(" {}/s", text::size(rate))).unwrap_or_default();
                let told = format!("{} {}{rate}", operation.progress.phase, super::tile::amount(operation, None));
                let cells = vec![Cell::new(format!("{}{}", if cx.plain { "" } else { "◐ " }, operation.title), Role::Info)];
                Row { id: format!("{WORK}{}", operation.id), cells, fixed: true, wide: Some((told, Role::Info)) }
            };
            let mut rows: Vec<Row> = works(cx).map(work).collect();
            for image in cx.data.stock.images.iter().flatten() {
                let users: Vec<&str> = users(image, cx).iter().map(|container| container.name.as_str()).collect();
                let called: Vec<&str> = if image.tags.is_empty() { vec![&image.id] } else { image.tags.iter().map(String::as_str).collect() };
                for name in called {
                    let owner = image.owner.as_deref().unwrap_or(if image.derived { "(templates)" } else { "" });
                    let shown = if image.tags.is_empty() { Cell::new("<none>", Role::Muted) } else { Cell::new(name, Role::Text) };
                    let cells = vec![
                        shown,
                        Cell::new(short(&image.id), Role::Muted),
                        created(Some(image.created_at), now),
                        Cell::number(text::size(image.size_bytes), Role::Text, image.size_bytes as f64),
                        names(&users),
                        Cell::new(owner, Role::Muted),
                    ];
                    rows.push(row(name, cells));
                }
            }
            rows
        }
        Kind::Volumes => {
            let one = |volume: &Volume| {
                let users: Vec<&str> = volume.containers.iter().map(String::as_str).collect();
                let owner = volume.owner.as_deref().unwrap_or(if volume.holder { "(cto)" } else { "" });
                let role = if volume.anonymous { Role::Muted } else { Role::Text };
                let cells = vec![
                    Cell::new(&*volume.name, role),
                    Cell::new(&*volume.driver, Role::Muted),
                    created(volume.created_at, now),
                    names(&users),
                    Cell::new(owner, Role::Muted),
                ];
                row(&volume.name, cells)
            };
            cx.data.stock.volumes.iter().flatten().map(one).collect()
        }
        Kind::Networks => {
            let one = |network: &Network| {
                let members: Vec<&str> = network.containers.iter().map(|member| member.name.as_str()).collect();
                let cells = vec![
                    Cell::new(&*network.name, if network.builtin { Role::Muted } else { Role::Text }),
                    Cell::new(&*network.driver, Role::Muted),
                    Cell::new(network.subnets.join(", "), Role::Text),
                    Cell::new(if network.internal || network.name == "none" { "no" } else { "yes" }, Role::Muted),
                    names(&members),
                    Cell::new(network.owner.as_deref().unwrap_or(if network.builtin { "(engine)" } else { "" }), Role::Muted),
                ];
                row(&network.name, cells)
            };
            cx.data.stock.networks.iter().flatten().map(one).collect()
        }
    }
}

/// All that is known of one.
pub(super) fn details(kind: Kind, id: &str, cx: &Context) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut fact = |name: &str, value: String| {
        if !value.is_empty() {
            lines.push((format!("{name:<10} {value}"), Role::Text));
        }
    };
    let time = |at: Option<Timestamp>| at.map(|at| format!("{} ({} ago)", at.strftime("%F %T UTC"), text::age(at, cx.now.time))).unwrap_or_default();
    let pairs = |map: &BTreeMap<String, String>| map.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
    let owner = |owner: &Option<String>| owner.clone().unwrap_or_default();
    let mut users: Vec<Line> = Vec::new();
    let mut user = |name: &str, more: String| {
        let told = cx.data.containers.iter().find(|container| container.name == *name).map(state::told);
        let glyph = told.map(|told| format!("{} ", if cx.plain { told.word } else { told.glyph })).unwrap_or_default();
        users.push((format!("  {glyph}{name}{more}"), told.map_or(Role::Text, |told| told.role)));
    };
    let used = match kind {
        Kind::Images => {
            let Some(image) = image(id, cx) else { return Vec::new() };
            image.tags.iter().for_each(|tag| fact("name", tag.clone()));
            fact("id", image.id.clone());
            fact("created", time(Some(image.created_at)));
            fact("size", text::size(image.size_bytes));
            fact("owner", owner(&image.owner));
            fact("made", if image.derived { "for a template's packages".to_owned() } else { String::new() });
            image.digests.iter().for_each(|digest| fact("digest", digest.clone()));
            self::users(image, cx).iter().for_each(|container| user(&container.name, String::new()));
            "used by"
        }
        Kind::Volumes => {
            let Some(volume) = volume(id, cx) else { return Vec::new() };
            fact("name", volume.name.clone());
            fact("driver", volume.driver.clone());
            fact("created", time(volume.created_at));
            fact("owner", owner(&volume.owner));
            fact("kept for", if volume.holder { "cto's own session holder; it is made again when it is needed".to_owned() } else { String::new() });
            fact("name is", if volume.anonymous { "the engine's: nobody named it".to_owned() } else { String::new() });
            pairs(&volume.options).into_iter().for_each(|pair| fact("option", pair));
            pairs(&volume.labels).into_iter().for_each(|pair| fact("label", pair));
            volume.containers.iter().for_each(|name| user(name, String::new()));
            "mounted by"
        }
        Kind::Networks => {
            let Some(network) = network(id, cx) else { return Vec::new() };
            fact("name", network.name.clone());
            fact("id", network.id.clone());
            fact("driver", format!("{}, {}", network.driver, network.scope));
            network.subnets.iter().for_each(|subnet| fact("subnet", subnet.clone()));
            fact("outside", if network.internal { "not reached".to_owned() } else { String::new() });
            fact("created", time(network.created_at));
            fact("owner", owner(&network.owner));
            fact("made", if network.builtin { "by the engine; it is always there".to_owned() } else { String::new() });
            pairs(&network.labels).into_iter().for_each(|pair| fact("label", pair));
            network.containers.iter().for_each(|member| user(&member.name, member.address.as_ref().map(|address| format!("  {address}")).unwrap_or_default()));
            "on it"
        }
    };
    if users.is_empty() {
        lines.push((format!("{used:<10} nobody"), Role::Muted));
    } else {
        lines.push((format!("{used}:"), Role::Text));
        lines.extend(users);
    }
    lines
}
