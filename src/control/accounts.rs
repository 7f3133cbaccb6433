//! Users and the audit.
use super::Control;
use super::guard::Target;
use super::paging::Key;
use super::paging::Wanted;
use crate::access::Actor;
use crate::access::check_password;
use crate::access::hash_secret;
use crate::access::looks_like_a_login;
use crate::access::looks_like_a_token;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::AddUser;
use crate::model::AuditEvent;
use crate::model::Code;
use crate::model::ListChange;
use crate::model::ListName;
use crate::model::ListQuery;
use crate::model::Orders;
use crate::model::Page;
use crate::model::RemoveVersion;
use crate::model::User;
use jiff::Timestamp;

/// What the admin on the local socket is called where nothing better is known; no user can have the name.
pub(super) const LOCAL: &str = "local";

impl Control {
    /// Who holds this token.
    ///
    /// # Errors
    /// `unauthenticated` when it is none, has ended or was revoked.
    pub async fn identify(&self, secret: &str) -> Result<Actor> {
        // Programs may show what signing in has given them as they would a token.
        if looks_like_a_login(secret) {
            return self.identify_login(secret).await;
        }
        let unknown = |message: &str| Error::new(Code::Unauthenticated, message).fix("make a token with 'cto token create'");
        if !looks_like_a_token(secret) {
            return Err(unknown("this is not a token of cto"));
        }
        let found = self.parts().store.token_by_hash(&hash_secret(secret)).await?;
        let (token, user) = found.ok_or_else(|| unknown("nobody has this token"))?;
        if token.expires_at.is_some_and(|end| end <= Timestamp::now()) {
            return Err(unknown("this token has ended"));
        }
        // A user whose role was lowered takes their tokens along.
        Ok(Actor::new(user.name, token.role.min(user.role)))
    }

    /// The audit, newest first where it is not asked for the other way round.
    ///
    /// # Errors
    /// `forbidden`, `invalid_value`, `store_failed`.
    pub async fn list_audit(&self, actor: &Actor, query: &ListQuery) -> Result<Page<AuditEvent>> {
        Self::may(actor, Action::ReadAudit)?;
        let wanted = Wanted::of(query, Orders::AUDIT)?;
        let (after, newest_first, limit) = wanted.of_long_store();
        let rows = self.parts().store.list_audit(after, newest_first, wanted.text.as_deref(), limit).await?;
        Ok(wanted.cut(rows, |event| event.id.to_string()))
    }

    /// Users, by name where no other order is asked for.
    ///
    /// # Errors
    /// `forbidden`, `invalid_value`, `store_failed`.
    pub async fn list_users(&self, actor: &Actor, query: &ListQuery) -> Result<Page<User>> {
        Self::may(actor, Action::ManageUsers)?;
        let wanted = Wanted::of(query, Orders::USERS)?;
        let (after, limit) = wanted.of_store();
        let rows = self.parts().store.list_users(after, wanted.text.as_deref(), limit).await?;
        let key = |user: &User, by: &str| match by {
            "role" => Key::of(&user.role),
            "created_at" => Key::time(user.created_at),
            _ => Key::Nothing,
        };
        Ok(wanted.stored(rows, key, |user| user.name.clone()))
    }

    /// One user.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `store_failed`.
    pub async fn get_user(&self, actor: &Actor, name: &str) -> Result<User> {
        Self::may(actor, Action::ManageUsers)?;
        self.parts().store.find_user(name).await?.ok_or_else(|| Error::not_found("user", name))
    }

    /// Adds a user.
    ///
    /// # Errors
    /// `forbidden`, `invalid_value`, `name_in_use`.
    pub async fn create_user(&self, actor: &Actor, request: AddUser) -> Result<User> {
        let target = Target::free(format!("user {}", request.name));
        self.guarded(actor, Action::ManageUsers, &target, async {
            check_name(&request.name)?;
            let hash = match &request.password {
                None => None,
                Some(password) => {
                    check_password(&request.name, password)?;
                    Some(self.hash(password).await?)
                }
            };
            let user = User { name: request.name.clone(), role: request.role, created_at: Timestamp::now(), has_password: hash.is_some(), version: 1 };
            self.parts().store.add_user(&user, hash.as_deref()).await?;
            self.tell_list(ListName::Users, &user.name, None, ListChange::Added);
            Ok(user)
        })
        .await
    }

    /// Removes a user with their tokens and layouts; their containers stay.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; `stale` when `replaces` is not their version.
    pub async fn delete_user(&self, actor: &Actor, name: &str, request: RemoveVersion) -> Result<()> {
        let target = Target::free(format!("user {name}"));
        self.guarded(actor, Action::ManageUsers, &target, async {
            if !self.parts().store.remove_user(name, request.replaces).await? {
                return Err(Error::not_found("user", name));
            }
            self.tell_list(ListName::Users, name, None, ListChange::Removed);
            self.tell_list(ListName::Tokens, name, Some(name), ListChange::Removed);
            Ok(())
        })
        .await
    }
}

pub(super) fn check_name(name: &str) -> Result<()> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    if name.is_empty() || name.len() > 64 || !name.chars().all(fits) || name == LOCAL || name.starts_with("local-") {
        let error = Error::invalid(format!("'{name}' can't be a user's name"));
        return Err(error.fix("use 1 to 64 lower-case letters, digits, '-', '_' and '.', not beginning with 'local'"));
    }
    Ok(())
}
