//! The webhooks and notifications: who is told of what; and of one of them, its deliveries.
use super::hook_words;
use super::listed::Listed;
use super::poll::Poll;
use super::rows::Cell;
use super::rows::Click;
use super::rows::Column;
use super::rows::List;
use super::rows::Row;
use super::runs::removed;
use super::text;
use super::toast::say;
use super::triggers;
use crate::model::Event;
use crate::model::HookDelivery;
use crate::model::HookDeliveryState;
use crate::model::HookTarget;
use crate::model::ListName;
use crate::model::Problem;
use crate::model::Webhook;
use crate::term::MouseEvent;
use crate::tui::command::CommandId;
use crate::tui::command::Scope;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::component::Hint;
use crate::tui::edit::Kind;
use crate::tui::hooks::HookReply;
use crate::tui::hooks::HookWish;
use crate::tui::hooks::wish;
use crate::tui::msg::Ask;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::msg::Reply;
use crate::tui::msg::Request;
use crate::tui::msg::ToastKind;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use std::time::Duration;

/// Events tell of changes; what other servers do is seen this late.
const EVERY: Duration = Duration::from_secs(60);
const DELIVERIES: Duration = Duration::from_secs(15);

const COLUMNS: [Column; 5] = [
    Column { head: "NAME", least: 12, most: 30, goes: 0, right: false },
    Column { head: "STATE", least: 10, most: 10, goes: 1, right: false },
    Column { head: "EVENTS", least: 18, most: 46, goes: 3, right: false },
    Column { head: "TO", least: 20, most: 70, goes: 2, right: false },
    Column { head: "OWNER", least: 8, most: 16, goes: 4, right: false },
];

const PAST: [Column; 6] = [
    Column { head: "WHEN", least: 5, most: 7, goes: 3, right: true },
    Column { head: "STATE", least: 11, most: 11, goes: 0, right: false },
    Column { head: "EVENT", least: 18, most: 24, goes: 1, right: false },
    Column { head: "TRIES", least: 5, most: 5, goes: 4, right: true },
    Column { head: "ANSWER", least: 18, most: 60, goes: 2, right: false },
    Column { head: "WHAT", least: 24, most: 80, goes: 5, right: false },
];

/// The view.
#[derive(Clone, Debug)]
pub struct Webhooks {
    list: List,
    poll: Poll,
    /// The webhook whose deliveries are shown.
    of: Option<String>,
    deliveries: List,
    history: Poll,
}

impl Default for Webhooks {
    fn default() -> Self {
        Self { list: List::new(&COLUMNS), poll: Poll::every(EVERY), of: None, deliveries: List::new(&PAST), history: Poll::every(DELIVERIES) }
    }
}

impl Webhooks {
    fn rows(&self, cx: &Context) -> Vec<Row> {
        if let Some(name) = &self.of {
            return cx.data.hooks.deliveries_of(name).into_iter().flatten().map(|delivery| past(delivery, cx)).collect();
        }
        let row = |webhook: &Webhook| {
            let (state, role) = hook_words::webhook(webhook, cx.plain);
            let to = match &webhook.disabled {
                Some(why) => Cell::new(&**why, Role::Error),
                None => Cell::new(hook_words::target(&webhook.to), Role::Text),
            };
            let cells = vec![
                Cell::new(&*webhook.name, Role::Text),
                Cell::new(state, role),
                Cell::new(webhook.events.join(" "), Role::Muted),
                to,
                Cell::new(&*webhook.owner, Role::Muted),
            ];
            Row { id: webhook.name.clone(), cells, fixed: false, wide: None }
        };
        cx.data.hooks.webhooks.iter().flatten().map(row).collect()
    }

    /// What is to be listed now.
    pub fn due(&mut self, cx: &Context) -> Vec<Effect> {
        let now = cx.now.since_start;
        let mut effects = Vec::new();
        if self.poll.is_due(now) {
            effects.push(wish(HookWish::Webhooks));
        }
        if let Some(name) = self.of.as_ref().filter(|_| self.history.is_due(now)) {
            effects.push(wish(HookWish::Deliveries(name.clone())));
        }
        effects
    }

    /// When it wants to be woken up, since the program began.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        let history = self.of.as_ref().and_then(|_| self.history.wake_at());
        self.poll.wake_at().into_iter().chain(history).min()
    }

    /// They are to be listed anew at once.
    pub fn refresh(&mut self) {
        self.poll.refresh();
        self.history.refresh();
    }

    fn act(&mut self, id: CommandId, rows: &[Row], cx: &Context) -> Option<Vec<Effect>> {
        use CommandId as C;
        if id == C::WebhookNew {
            return Some(vec![Effect::Ask(Ask::EditDocument(Kind::Webhook(None)))]);
        }
        let own = [
            C::WebhookOpen,
            C::WebhookEdit,
            C::WebhookTest,
            C::WebhookRedeliver,
            C::WebhookEnable,
            C::WebhookDetails,
            C::WebhookSecret,
            C::WebhookRemove,
            C::WebhookCopy,
            C::WebhookCopyLine,
        ];
        if !own.contains(&id) {
            return None;
        }
        if self.of.is_some() && matches!(id, C::WebhookOpen | C::WebhookDetails | C::WebhookRedeliver) {
            return Some(self.act_on_delivery(id, rows, cx));
        }
        let names = match &self.of {
            Some(name) => vec![name.clone()],
            None => self.list.meant(rows),
        };
        let meant: Vec<&Webhook> = names.iter().filter_map(|name| cx.data.hooks.webhook(name)).collect();
        let Some(first) = meant.first() else { return Some(vec![say("there is no webhook under the cursor")]) };
        let name = || first.name.clone();
        let key = |id| cx.keymap.label(id).unwrap_or_default();
        Some(match id {
            C::WebhookOpen => {
                self.of = Some(name());
                self.deliveries = List::new(&PAST);
                self.history.refresh();
                Vec::new()
            }
            C::WebhookRedeliver => vec![say(format!("{} shows its deliveries: there one can be sent once more", key(C::WebhookOpen)))],
            C::WebhookEdit => vec![Effect::Ask(Ask::EditDocument(Kind::Webhook(Some(name()))))],
            C::WebhookTest => vec![wish(HookWish::TestWebhook(name())), say(format!("{} is sent a ping", first.name))],
            C::WebhookEnable if meant.iter().all(|webhook| webhook.disabled.is_none()) => {
                vec![say("it is on: it is disabled when its receiver fails too often")]
            }
            C::WebhookEnable => {
                let off = meant.iter().filter(|webhook| webhook.disabled.is_some());
                off.map(|webhook| wish(HookWish::EnableWebhook(webhook.name.clone()))).collect()
            }
            C::WebhookDetails => vec![Effect::Ask(Ask::Sheet { title: format!("webhook {}", first.name), lines: hook_words::about_webhook(first, cx.plain) })],
            C::WebhookSecret if !matches!(first.to, HookTarget::Webhook { .. }) => vec![say("only what goes to a URL is signed, with a secret")],
            C::WebhookSecret => vec![triggers::rotate(&first.name, wish(HookWish::RotateWebhook(name())))],
            C::WebhookRemove => {
                let effect = wish(HookWish::RemoveWebhooks(names.clone()));
                triggers::ask_removal("webhook", &names, "Nobody is told by it any more; its deliveries go too, also those that wait.", effect)
            }
            C::WebhookCopy => vec![Effect::Ask(Ask::Copy(names.join("\n")))],
            _ => vec![Effect::Ask(Ask::Copy(format!("cto webhook {} {}", if self.of.is_some() { "deliveries" } else { "show" }, first.name)))],
        })
    }

    fn act_on_delivery(&self, id: CommandId, rows: &[Row], cx: &Context) -> Vec<Effect> {
        let all = self.of.as_ref().and_then(|name| cx.data.hooks.deliveries_of(name)).unwrap_or_default();
        let found = self.deliveries.selected(rows).and_then(|row| all.iter().find(|delivery| delivery.id.as_str() == row.id));
        let Some(delivery) = found else { return vec![say("nothing was delivered yet")] };
        if id == CommandId::WebhookRedeliver {
            return vec![wish(HookWish::Redeliver(delivery.id.to_string())), say("it is sent once more")];
        }
        vec![Effect::Ask(Ask::Sheet { title: "delivery".to_owned(), lines: hook_words::about_delivery(delivery, cx.now.time, cx.plain) })]
    }

    fn answered(&mut self, asked: &HookWish, result: &Result<Reply, Box<Problem>>, cx: &Context) -> Option<Vec<Effect>> {
        let now = cx.now.since_start;
        match asked {
            HookWish::Webhooks => self.poll.answered(result, now),
            // One that was asked for before another was opened tells nothing of that.
            HookWish::Deliveries(name) if Some(name) == self.of.as_ref() => self.history.answered(result, now),
            HookWish::Deliveries(_) => self.history = Poll::every(DELIVERIES),
            _ => {}
        }
        if matches!(asked, HookWish::Webhooks | HookWish::Deliveries(_)) {
            self.settle(cx);
            return Some(Vec::new());
        }
        let Ok(Reply::Hooks(reply)) = result else { return None };
        let toast = |kind, text: String| Effect::Ask(Ask::Toast(kind, text));
        match (asked, &**reply) {
            (HookWish::TestWebhook(_) | HookWish::Redeliver(_), HookReply::Delivered(delivery)) => {
                self.refresh();
                let (words, _) = hook_words::answer(delivery);
                let (kind, word) = match delivery.state {
                    HookDeliveryState::Delivered => (ToastKind::Done, "delivered"),
                    HookDeliveryState::Waiting => (ToastKind::Warning, "not delivered yet"),
                    HookDeliveryState::Failed => (ToastKind::Error, "not delivered"),
                };
                Some(vec![toast(kind, format!("{}: {word}: {words}", delivery.event))])
            }
            (HookWish::EnableWebhook(name), _) => Some(vec![toast(ToastKind::Done, format!("{name} goes on"))]),
            (HookWish::SaveWebhook(..) | HookWish::RotateWebhook(_), HookReply::Webhook(told)) => {
                self.list.select(&told.webhook.name);
                self.refresh();
                let secret = told.secret.iter();
                Some(secret.map(|secret| hook_words::secret(&told.webhook.name, secret, "The receiver checks signatures with it.")).collect())
            }
            (HookWish::RemoveWebhooks(_), HookReply::Removed(gone, kept)) => {
                self.list.mark_only(Vec::new());
                self.of = None;
                self.refresh();
                Some(removed(*gone, kept, "webhook"))
            }
            _ => None,
        }
    }
}

/// A row of the deliveries.
fn past(delivery: &HookDelivery, cx: &Context) -> Row {
    let (state, role) = hook_words::delivery(delivery, cx.plain);
    let (answer, answer_role) = hook_words::answer(delivery);
    let tries = delivery.attempts.len();
    let cells = vec![
        Cell::number(text::age(delivery.created_at, cx.now.time), Role::Muted, delivery.created_at.as_second() as f64),
        Cell::new(state, role),
        Cell::new(&*delivery.event, Role::Text),
        Cell::number(tries.to_string(), Role::Muted, tries as f64),
        Cell::new(answer, answer_role),
        Cell::new(&*delivery.text, Role::Muted),
    ];
    Row { id: delivery.id.to_string(), cells, fixed: false, wide: None }
}

impl Listed for Webhooks {
    fn list(&mut self) -> &mut List {
        if self.of.is_some() { &mut self.deliveries } else { &mut self.list }
    }

    fn all(&self, cx: &Context) -> Vec<Row> {
        self.rows(cx)
    }

    fn is_listed(&self, cx: &Context) -> bool {
        match &self.of {
            Some(name) => cx.data.hooks.deliveries_of(name).is_some(),
            None => cx.data.hooks.webhooks.is_some(),
        }
    }

    fn command(&mut self, id: CommandId, cx: &Context) -> Option<Vec<Effect>> {
        let rows = match self.own_command(id, cx) {
            Ok(effects) => return Some(effects),
            Err(rows) => rows,
        };
        if id == CommandId::Back && self.of.take().is_some() {
            return Some(Vec::new());
        }
        self.act(id, &rows, cx)
    }

    fn mouse(&mut self, event: MouseEvent, cx: &Context) -> Vec<Effect> {
        let all = self.rows(cx);
        let rows = self.list().arrange(all.clone());
        let id = match self.list().mouse(event, cx.area, &all, &rows, cx) {
            Click::Open => CommandId::WebhookOpen,
            Click::Menu => CommandId::WebhookDetails,
            Click::Nothing => return Vec::new(),
        };
        self.act(id, &rows, cx).unwrap_or_default()
    }
}

impl Component for Webhooks {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        match msg {
            Msg::Event(event) => {
                let now = cx.now.since_start;
                match &**event {
                    Event::Resync => self.refresh(),
                    Event::ListChanged { list: ListName::Webhooks, .. } => self.poll.stale(now),
                    Event::ListChanged { list: ListName::Deliveries, name, .. } if self.of.as_ref() == Some(name) => self.history.stale(now),
                    _ => {}
                }
                None
            }
            Msg::Reply(request, result) => match &**request {
                Request::Hooks(asked) => self.answered(asked, result, cx),
                _ => None,
            },
            _ => self.take(msg, cx),
        }
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        let all = self.rows(cx);
        let key = |id| cx.keymap.label(id).unwrap_or_default();
        let (poll, listed) = match &self.of {
            Some(name) => (&self.history, cx.data.hooks.deliveries_of(name).is_some()),
            None => (&self.poll, cx.data.hooks.webhooks.is_some()),
        };
        let empty = match &self.of {
            Some(name) => format!("{name} was told nothing yet: {} sends a ping, esc shows all webhooks", key(CommandId::WebhookTest)),
            None => format!("No webhooks: {} makes one, which tells others what happens", key(CommandId::WebhookNew)),
        };
        if !listed || all.is_empty() {
            let words = if listed { empty } else { poll.failed().unwrap_or_else(|| "Asking the server …".to_owned()) };
            return super::graph::middle(frame.buffer_mut(), area, &words, cx.theme.style(Role::Muted));
        }
        let list = if self.of.is_some() { &self.deliveries } else { &self.list };
        let rows = list.arrange(all);
        let note = match (&self.of, poll.failed()) {
            (_, Some(why)) => why,
            (Some(name), None) => {
                let send = key(CommandId::WebhookRedeliver);
                format!("{} of {name} · {send} sends one again, esc shows all webhooks", rows.len())
            }
            (None, None) if rows.is_empty() => "no webhook fits: esc shows all".to_owned(),
            (None, None) => {
                let mut note = text::count(rows.len(), "webhook");
                let off = cx.data.hooks.webhooks.iter().flatten().filter(|webhook| webhook.disabled.is_some()).count();
                let counts = [(off, "disabled"), (list.marked().len(), "marked")];
                counts.iter().filter(|(count, _)| *count > 0).for_each(|(count, word)| note.push_str(&format!(" · {count} {word}")));
                note
            }
        };
        list.draw(frame, area, &rows, &note, cx);
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Webhooks, Scope::List, Scope::Global]
    }

    fn takes_keys(&self) -> bool {
        if self.of.is_some() { self.deliveries.is_editing() } else { self.list.is_editing() }
    }

    fn hints(&self, _cx: &Context) -> Option<Vec<Hint>> {
        if self.of.is_some() { self.deliveries.hints() } else { self.list.hints() }
    }
}
