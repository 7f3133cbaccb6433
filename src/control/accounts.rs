//! Users, tokens and the audit.
use super::Control;
use super::guard::Target;
use super::paging::Wanted;
use crate::access::Actor;
use crate::access::NewToken;
use crate::access::hash_secret;
use crate::access::looks_like_a_token;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::AddUser;
use crate::model::AuditEvent;
use crate::model::Code;
use crate::model::CreateToken;
use crate::model::CreatedToken;
use crate::model::ListQuery;
use crate::model::Page;
use crate::model::Token;
use crate::model::TokenId;
use crate::model::User;
use jiff::Timestamp;
use jiff::ToSpan as _;

/// What the admin on the local socket is called where nothing better is known; no user can have the name.
pub(super) const LOCAL: &str = "local";
/// Most days that a token may be made for: ten years.
const LONGEST_DAYS: u32 = 3_650;

impl Control {
    /// Who holds this token.
    ///
    /// # Errors
    /// `unauthenticated` when it is none, has ended or was revoked.
    pub async fn identify(&self, secret: &str) -> Result<Actor> {
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

    /// The audit, newest first.
    ///
    /// # Errors
    /// `forbidden`, `invalid_value`, `store_failed`.
    pub async fn list_audit(&self, actor: &Actor, query: &ListQuery) -> Result<Page<AuditEvent>> {
        Self::may(actor, Action::ReadAudit)?;
        let wanted = Wanted::of(query)?;
        let rows = self.parts().store.list_audit(wanted.after.as_deref(), wanted.text.as_deref(), wanted.limit + 1).await?;
        Ok(wanted.cut(rows, |event| event.id.to_string()))
    }

    /// Users, by name.
    ///
    /// # Errors
    /// `forbidden`, `invalid_value`, `store_failed`.
    pub async fn list_users(&self, actor: &Actor, query: &ListQuery) -> Result<Page<User>> {
        Self::may(actor, Action::ManageUsers)?;
        let wanted = Wanted::of(query)?;
        let rows = self.parts().store.list_users(wanted.after.as_deref(), wanted.text.as_deref(), wanted.limit + 1).await?;
        Ok(wanted.cut(rows, |user| user.name.clone()))
    }

    /// Adds a user.
    ///
    /// # Errors
    /// `forbidden`, `invalid_value`, `name_in_use`.
    pub async fn create_user(&self, actor: &Actor, request: AddUser) -> Result<User> {
        let target = Target::free(format!("user {}", request.name));
        self.guarded(actor, Action::ManageUsers, &target, async {
            check_name(&request.name)?;
            let user = User { name: request.name.clone(), role: request.role, created_at: Timestamp::now() };
            self.parts().store.add_user(&user).await?;
            Ok(user)
        })
        .await
    }

    /// Removes a user with their tokens and layouts; their containers stay.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn delete_user(&self, actor: &Actor, name: &str) -> Result<()> {
        let target = Target::free(format!("user {name}"));
        self.guarded(actor, Action::ManageUsers, &target, async {
            if self.parts().store.remove_user(name).await? { Ok(()) } else { Err(Error::not_found("user", name)) }
        })
        .await
    }

    /// Tokens, without their secrets, oldest first.
    ///
    /// # Errors
    /// `forbidden`, `invalid_value`, `store_failed`.
    pub async fn list_tokens(&self, actor: &Actor, query: &ListQuery) -> Result<Page<Token>> {
        Self::may(actor, Action::ManageUsers)?;
        let wanted = Wanted::of(query)?;
        let rows = self.parts().store.list_tokens(wanted.after.as_deref(), wanted.text.as_deref(), wanted.limit + 1).await?;
        Ok(wanted.cut(rows, |token| token.id.to_string()))
    }

    /// Makes a token; its secret is shown only here. Whose it is must be a user; for the admin on the local socket, who is none, one is
    /// added for each role: `local-viewer`, `local-operator`, `local-admin`.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid_value` for a role above the user's.
    pub async fn create_token_for(&self, actor: &Actor, request: CreateToken) -> Result<CreatedToken> {
        let name = match &request.user {
            Some(name) => name.clone(),
            None if *actor == Self::local_admin() => format!("{}-{}", LOCAL, request.role.unwrap_or(actor.role)),
            None => actor.name.clone(),
        };
        let own = request.user.is_none() && *actor == Self::local_admin();
        let target = Target::free(format!("token of {name}"));
        self.guarded(actor, Action::ManageUsers, &target, async {
            let days = request.expires_in_days;
            if days.is_some_and(|days| !(1..=LONGEST_DAYS).contains(&days)) {
                return Err(Error::invalid(format!("a token lasts 1 to {LONGEST_DAYS} days")));
            }
            let store = &self.parts().store;
            let user = match store.find_user(&name).await? {
                Some(user) => user,
                None if own => {
                    let user = User { name: name.clone(), role: request.role.unwrap_or(actor.role), created_at: Timestamp::now() };
                    // Another request may have added it just now.
                    match store.add_user(&user).await {
                        Err(error) if error.code != Code::NameInUse => return Err(error),
                        _ => user,
                    }
                }
                None => return Err(Error::not_found("user", &name).fix(format!("add them with 'cto user add {name} --role operator'"))),
            };
            let role = request.role.unwrap_or(user.role);
            if role > user.role {
                return Err(Error::invalid(format!("'{name}' is {}: a token of theirs can't be {role}", user.role)));
            }
            let created_at = Timestamp::now();
            let expires_at = days.and_then(|days| created_at.checked_add((i64::from(days) * 24).hours()).ok());
            let new = NewToken::random();
            let token = Token { id: TokenId::fresh(), user: name.clone(), role, created_at, expires_at };
            store.add_token(&token, &new.hash).await?;
            Ok(CreatedToken { token, secret: new.secret })
        })
        .await
    }

    /// Revokes a token.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn delete_token(&self, actor: &Actor, id: &str) -> Result<()> {
        let target = Target::free(format!("token {id}"));
        self.guarded(actor, Action::ManageUsers, &target, async {
            if self.parts().store.remove_token(id).await? { Ok(()) } else { Err(Error::not_found("token", id)) }
        })
        .await
    }
}

fn check_name(name: &str) -> Result<()> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    if name.is_empty() || name.len() > 64 || !name.chars().all(fits) || name == LOCAL || name.starts_with("local-") {
        let error = Error::invalid(format!("'{name}' can't be a user's name"));
        return Err(error.fix("use 1 to 64 lower-case letters, digits, '-', '_' and '.', not beginning with 'local'"));
    }
    Ok(())
}
