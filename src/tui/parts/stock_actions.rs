//! What can be done with images, volumes and networks: the questions before something is lost, and the same as command lines.
use super::stock_rows;
use super::text;
use crate::model::Container;
use crate::tui::command::CommandId;
use crate::tui::component::Context;
use crate::tui::msg::Choice;
use crate::tui::msg::ConfirmSpec;
use crate::tui::msg::Effect;
use crate::tui::msg::Request;
use crate::tui::stock::Kind;
use crate::tui::stock::StockWish;

/// So many are removed at once at most: as many as a question can name.
pub(super) const MOST_REMOVED: usize = 24;

pub(super) fn request(wish: StockWish) -> Effect {
    Effect::Request(Request::Stock(Box::new(wish)))
}

/// The actions of a kind, in the menu's order.
pub(super) fn possible(kind: Kind) -> Vec<CommandId> {
    use CommandId as C;
    let mut ids = vec![C::StockOpen, C::StockInspect];
    ids.extend_from_slice(match kind {
        Kind::Images => &[C::ImageHistory, C::ImagePull, C::ImagePush, C::ImageTag],
        Kind::Volumes => &[C::VolumeCreate],
        Kind::Networks => &[C::NetworkCreate, C::NetworkConnect, C::NetworkDisconnect],
    });
    ids.extend([C::StockCopy, C::StockRemove, C::StockPrune]);
    ids
}

/// An action as a command line of cto; none where there is no such line.
pub(super) fn line(id: CommandId, kind: Kind, names: &[String]) -> Option<String> {
    use CommandId as C;
    let noun = kind.one();
    let all: String = names.iter().map(|name| format!(" {}", quoted(name))).collect();
    let first = names.first().map(|name| format!(" {}", quoted(name))).unwrap_or_default();
    let is_for = |text: String| (!names.is_empty()).then_some(text);
    match id {
        C::StockOpen | C::StockInspect => is_for(format!("cto {noun} inspect{all}")),
        C::StockRemove => is_for(format!("cto {noun} rm{all}")),
        C::StockPrune => Some(format!("cto {noun} prune")),
        C::StockPruneAll => Some(format!("cto {noun} prune --all")),
        C::ImagePull => is_for(format!("cto pull{first}")),
        C::ImagePush => is_for(format!("cto image push{first}")),
        C::ImageHistory => is_for(format!("cto image history{first}")),
        C::ImageTag => is_for(format!("cto image tag{first} NAME")),
        C::VolumeCreate => Some("cto volume create NAME".to_owned()),
        C::NetworkCreate => Some("cto network create NAME".to_owned()),
        C::NetworkConnect => is_for(format!("cto network connect{first} CONTAINER")),
        C::NetworkDisconnect => is_for(format!("cto network disconnect{first} CONTAINER")),
        _ => None,
    }
}

fn quoted(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| word.to_owned(), std::borrow::Cow::into_owned)
}

fn list(names: &[String]) -> String {
    names.join(", ")
}

/// Asks before these go.
pub(super) fn remove(kind: Kind, names: &[String], cx: &Context) -> ConfirmSpec {
    let title = match names {
        [one] => format!("Remove {} {}?", kind.one(), shown(one)),
        _ => format!("Remove {} {}: {}?", names.len(), kind.word(), list(&names.iter().map(|name| shown(name).to_owned()).collect::<Vec<_>>())),
    };
    let mut lines = Vec::new();
    let mut force = false;
    match kind {
        Kind::Images => {
            for name in names {
                let Some(image) = stock_rows::image(name, cx) else { continue };
                let rest: Vec<&str> = image.tags.iter().filter(|tag| !names.contains(tag)).map(String::as_str).collect();
                let users: Vec<&Container> = stock_rows::users(image, cx);
                lines.push(match rest.first() {
                    Some(other) => format!("{}: only this name goes; the image stays as {other}.", shown(name)),
                    None => format!("{}: its layers go, {}.", shown(name), text::size(image.size_bytes)),
                });
                if !users.is_empty() && rest.is_empty() {
                    let told: Vec<&str> = users.iter().map(|container| container.name.as_str()).collect();
                    lines.push(format!("It is used by {}; it stays as long as one of them runs.", told.join(", ")));
                    force = force || !users.iter().any(|container| super::state::runs(container));
                }
            }
        }
        Kind::Volumes => {
            lines.push("What is in it is lost for good: there is no other copy.".to_owned());
            for name in names {
                let users = stock_rows::volume(name, cx).map(|volume| volume.containers.join(", ")).filter(|users| !users.is_empty());
                lines.extend(users.map(|users| format!("{name} is mounted by {users}: it stays as long as they are there.")));
            }
        }
        Kind::Networks => {
            for name in names {
                let members = stock_rows::network(name, cx).map(|network| network.containers.iter().map(|member| member.name.clone()).collect::<Vec<_>>());
                let members = members.filter(|members| !members.is_empty());
                lines.extend(members.map(|members| format!("On {name}: {}; it stays as long as one of them is.", list(&members))));
            }
            lines.push("Containers no longer find each other by it.".to_owned());
        }
    }
    let wish = |force| StockWish::Remove { kind, names: names.to_vec(), force };
    let mut choices = vec![Choice { key: 'y', label: "remove".to_owned(), destroys: true, effects: vec![request(wish(false))] }];
    if force {
        choices.push(Choice { key: 'f', label: "also from stopped containers".to_owned(), destroys: true, effects: vec![request(wish(true))] });
    }
    ConfirmSpec { title, lines, choices }
}

/// An image without a name is told by its short id.
fn shown(name: &str) -> &str {
    if name.starts_with("sha256:") { stock_rows::short(name) } else { name }
}

/// Asks before what nothing uses goes, after it was seen what that is.
pub(super) fn prune(kind: Kind, all: bool, names: &[String], bytes: Option<u64>) -> ConfirmSpec {
    // Volumes go only where each is named in the question.
    let most = if kind == Kind::Volumes { MOST_REMOVED } else { usize::MAX };
    let named: Vec<String> = names.iter().take(most).cloned().collect();
    let size = bytes.map(|bytes| format!(", {}", text::size(bytes))).unwrap_or_default();
    let mut lines = vec![list(&named.iter().map(|name| shown(name).to_owned()).collect::<Vec<_>>())];
    if kind == Kind::Volumes {
        lines.push("What is in them is lost for good: there is no other copy.".to_owned());
        if named.len() < names.len() {
            lines.push(format!("{} more are not used; they are asked about next time.", names.len() - named.len()));
        }
    }
    let title = format!("Remove {}{size}, which nothing uses?", text::count(named.len(), kind.one()));
    let effects = vec![request(StockWish::Prune { kind, all, names: named })];
    ConfirmSpec { title, lines, choices: vec![Choice { key: 'y', label: "remove".to_owned(), destroys: true, effects }] }
}
