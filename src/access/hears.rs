//! Who is told of what.
use super::Actor;
use super::allowed;
use crate::model::Action;
use crate::model::Event;
use crate::model::ListName;

/// Whether `actor` may be told of `event`.
#[must_use]
pub fn hears(actor: &Actor, event: &Event) -> bool {
    match event {
        Event::Notice { owner, .. } => owner.as_ref().is_none_or(|owner| *owner == actor.name),
        Event::ListChanged { list, owner, .. } => hears_of(actor, *list, owner.as_deref().unwrap_or_default()),
        _ => true,
    }
}

/// As those who may ask for the list, and whose it is.
fn hears_of(actor: &Actor, list: ListName, owner: &str) -> bool {
    let own = owner == actor.name;
    match list {
        ListName::Images => allowed(actor, Action::ReadImages, None),
        ListName::Volumes => allowed(actor, Action::ReadVolumes, None),
        ListName::Networks => allowed(actor, Action::ReadNetworks, None),
        ListName::Recordings => allowed(actor, Action::ReadRecordings, None),
        ListName::Triggers | ListName::Fires => allowed(actor, Action::ReadTriggers, None),
        ListName::Webhooks | ListName::Deliveries => allowed(actor, Action::ReadWebhooks, Some(owner)),
        ListName::Plugins => allowed(actor, Action::ReadPlugins, None),
        ListName::Layouts => own,
        ListName::Users => allowed(actor, Action::ManageUsers, None),
        ListName::Tokens => own || allowed(actor, Action::ManageUsers, None),
        ListName::Shares => allowed(actor, Action::ShareSessions, Some(owner)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ListChange;
    use crate::model::NoticeLevel;
    use crate::model::Role;

    #[test]
    fn a_change_is_told_to_those_who_may_see_the_list() {
        let told = |list: ListName, owner: Option<&str>| {
            let event = Event::ListChanged { list, name: "x".to_owned(), owner: owner.map(str::to_owned), change: ListChange::Changed };
            [("vera", Role::Viewer), ("olga", Role::Operator), ("otto", Role::Operator), ("ada", Role::Admin)]
                .map(|(name, role)| hears(&Actor::new(name, role), &event))
        };
        for list in [ListName::Images, ListName::Volumes, ListName::Networks, ListName::Recordings, ListName::Triggers, ListName::Fires, ListName::Plugins] {
            assert_eq!(told(list, Some("olga")), [true; 4], "{list:?}");
        }
        for list in [ListName::Webhooks, ListName::Deliveries, ListName::Shares] {
            assert_eq!(told(list, Some("olga")), [false, true, false, true], "{list:?}");
        }
        assert_eq!(told(ListName::Layouts, Some("olga")), [false, true, false, false]);
        assert_eq!(told(ListName::Tokens, Some("vera")), [true, false, false, true]);
        assert_eq!(told(ListName::Users, None), [false, false, false, true]);
    }

    #[test]
    fn a_notice_is_told_to_its_owner() {
        let notice = |owner: Option<&str>| Event::Notice {
            owner: owner.map(str::to_owned),
            title: String::new(),
            text: String::new(),
            level: NoticeLevel::Info,
            desktop: false,
        };
        let olga = Actor::new("olga", Role::Operator);
        assert!(hears(&olga, &notice(None)) && hears(&olga, &notice(Some("olga"))) && !hears(&olga, &notice(Some("otto"))));
    }
}
