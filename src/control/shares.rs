//! Shares: sessions that people without an account may come into.
use super::Control;
use super::guard::Target;
use super::sessions::of;
use crate::access::Actor;
use crate::access::NewToken;
use crate::access::hash_secret;
use crate::access::looks_like_a_guest;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::Attach;
use crate::model::AttachMode;
use crate::model::AuditId;
use crate::model::Code;
use crate::model::CreateShare;
use crate::model::CreatedShare;
use crate::model::Delivery;
use crate::model::ListChange;
use crate::model::ListName;
use crate::model::OpenShare;
use crate::model::OpenedShare;
use crate::model::Outcome;
use crate::model::Page;
use crate::model::Role;
use crate::model::Share;
use crate::model::ShareId;
use crate::model::ShareMode;
use crate::sessions::Reader;
use crate::store::AuditNote;
use jiff::Timestamp;
use jiff::ToSpan as _;
use std::ops::RangeInclusive;

/// Seconds that a share may last, and lasts where nothing is said.
const LASTS: RangeInclusive<u32> = 60..=30 * 24 * 3600;
const HOUR: u32 = 3600;
/// Shares of one session at most.
const MOST: usize = 50;
/// Characters of a guest's name at most.
const NAME: usize = 40;

impl Control {
    /// The shares of a session, oldest first.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `store_failed`.
    pub async fn list_shares(&self, actor: &Actor, session: &str) -> Result<Page<Share>> {
        let session = self.session(actor, session)?;
        self.demand(actor, Action::ShareSessions, &of(&session)).await?;
        let items = self.parts().store.list_shares(session.fixed().id.as_str(), Timestamp::now()).await?;
        Ok(Page { items, next_cursor: None })
    }

    /// Makes a share. Who may not type into the session can't let others do so.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid_value`, `too_many`.
    pub async fn create_share(&self, actor: &Actor, session: &str, request: CreateShare) -> Result<CreatedShare> {
        let session = self.session(actor, session)?;
        let target = of(&session);
        if request.mode == ShareMode::Write {
            self.demand(actor, Action::WriteSessions, &target).await?;
        }
        let seconds = request.expires_in_s.unwrap_or(HOUR);
        let detail = format!("{} for {seconds} s", if request.mode == ShareMode::Write { "to type" } else { "to look" });
        self.noted(actor, Action::ShareSessions, &target, detail, async {
            if !LASTS.contains(&seconds) {
                return Err(Error::invalid(format!("a share lasts {} seconds to {} days", LASTS.start(), LASTS.end() / 86_400)));
            }
            if request.max_uses == Some(0) {
                return Err(Error::invalid("a share that nobody may use is none"));
            }
            let now = Timestamp::now();
            let store = &self.parts().store;
            let id = session.fixed().id.clone();
            if store.list_shares(id.as_str(), now).await?.len() >= MOST {
                return Err(Error::new(Code::TooMany, format!("this session has {MOST} shares already")).fix("end some: cto share rm ID"));
            }
            let code = NewToken::code();
            let share = Share {
                id: ShareId::fresh(),
                session: id,
                owner: actor.name.clone(),
                mode: request.mode,
                created_at: now,
                expires_at: now + i64::from(seconds).seconds(),
                max_uses: request.max_uses,
                uses: 0,
            };
            store.add_share(&share, &code.hash).await?;
            self.tell_share(&share, ListChange::Added);
            Ok(CreatedShare { share, code: code.secret })
        })
        .await
    }

    /// Ends a share.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn delete_share(&self, actor: &Actor, id: &str) -> Result<()> {
        let unknown = || Error::not_found("share", id);
        let share = self.parts().store.find_share(id).await?.ok_or_else(unknown)?;
        // Its maker may, and who may share the session, also when the session is over.
        let owner = self.sessions().find(share.session.as_str()).map(|session| session.fixed().owner.clone());
        let owner = if share.owner == actor.name { Some(share.owner.clone()) } else { owner };
        let target = Target::owned(format!("share {id} of {}", share.session), owner.as_deref());
        self.guarded(actor, Action::ShareSessions, &target, async {
            if !self.parts().store.remove_share(id).await? {
                return Err(unknown());
            }
            self.tell_share(&share, ListChange::Removed);
            Ok(())
        })
        .await
    }

    /// Comes in as a guest.
    ///
    /// # Errors
    /// `not_found` for a code that is none, has ended or was used too often; `invalid_value` for a name that can't be shown.
    pub async fn open_share(&self, request: OpenShare) -> Result<OpenedShare> {
        let name = request.name.trim();
        if name.is_empty() || name.chars().count() > NAME || !name.chars().all(|c| c.is_alphanumeric() || " -_.'".contains(c)) {
            return Err(Error::invalid(format!("a guest's name has 1 to {NAME} letters, digits, spaces, '-', '_', '.'")));
        }
        let unknown = || Error::new(Code::NotFound, "this link leads nowhere any more").fix("ask who gave it to you for another");
        let now = Timestamp::now();
        let store = &self.parts().store;
        let code = hash_secret(&request.code);
        let before = request.guest.filter(|secret| looks_like_a_guest(secret));
        if let Some(secret) = before
            && let Some((name, share)) = store.guest_of(&hash_secret(&secret), &code, now).await?
        {
            return self.as_opened(name, share, secret).ok_or_else(unknown);
        }
        let share = store.use_share(&code, now).await?.ok_or_else(unknown)?;
        let guest = NewToken::guest();
        store.add_guest(&guest.hash, share.id.as_str(), name, now).await?;
        self.tell_share(&share, ListChange::Changed);
        self.note_guest(name, &share, "open:shares").await?;
        self.as_opened(name.to_owned(), share, guest.secret).ok_or_else(unknown)
    }

    /// What a guest is told; none when the session is gone.
    fn as_opened(&self, name: String, share: Share, token: String) -> Option<OpenedShare> {
        let title = self.sessions().find(share.session.as_str())?.facts().title;
        let Share { session, owner, mode, expires_at, .. } = share;
        Some(OpenedShare { name, token, session, title, owner, mode, expires_at })
    }

    /// Lets a guest into the session of their share, with no more than it gives.
    ///
    /// # Errors
    /// `unauthenticated` when they are no guest any more; `forbidden` for another session; `not_found` when the session is gone.
    pub async fn attach_guest(&self, secret: &str, session: &str, attach: Attach) -> Result<Reader> {
        let (name, share) = self.guest(secret).await?;
        if share.session.as_str() != session {
            return Err(Error::new(Code::Forbidden, "this share shows another session"));
        }
        let session = self.sessions().find(session).ok_or_else(|| Error::not_found("session", session))?;
        self.touch(&session.fixed().container);
        let mode = if share.mode == ShareMode::Write { attach.mode } else { AttachMode::View };
        // Who is waited for holds up the program: not for guests.
        let attach = Attach { mode, delivery: Delivery::Live, ..attach };
        if attach.from_offset.is_some() {
            session.reached().await?;
        }
        self.note_guest(&name, &share, if mode == AttachMode::Write { "write:sessions" } else { "read:sessions" }).await?;
        session.attach(&attach, &format!("{name} (guest)"))
    }

    /// Whether a guest may still be where they are.
    ///
    /// # Errors
    /// `unauthenticated` when the share has ended; `store_failed` when that can't be found out now.
    pub async fn guest(&self, secret: &str) -> Result<(String, Share)> {
        let ended = || Error::new(Code::Unauthenticated, "this share has ended");
        if !looks_like_a_guest(secret) {
            return Err(ended());
        }
        self.parts().store.guest_by_hash(&hash_secret(secret), Timestamp::now()).await?.ok_or_else(ended)
    }

    /// Tells whose session it is, and who made the share where that is somebody else.
    fn tell_share(&self, share: &Share, change: ListChange) {
        let of_session = self.sessions().find(share.session.as_str()).map(|session| session.fixed().owner.clone());
        let owners = std::iter::once(share.owner.clone()).chain(of_session.filter(|owner| *owner != share.owner));
        owners.for_each(|owner| self.tell_list(ListName::Shares, share.id.as_str(), Some(&owner), change));
    }

    async fn note_guest(&self, name: &str, share: &Share, action: &str) -> Result<()> {
        let note = AuditNote {
            event: AuditId::fresh(),
            begun_at: Timestamp::now(),
            actor: format!("guest:{name}"),
            role: Role::Viewer,
            action: action.to_owned(),
            target: format!("{} by share {} of {}", share.session, share.id, share.owner),
            outcome: Outcome::Succeeded,
            detail: None,
        };
        self.parts().store.append_audit(note).await
    }
}
