//! Tokens: an admin's for anybody, and everybody's own.
use super::Control;
use super::accounts::LOCAL;
use super::guard::Target;
use super::paging::Key;
use super::paging::Wanted;
use crate::access::Actor;
use crate::access::NewToken;
use crate::access::hash_secret;
use crate::access::looks_like_a_token;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::Code;
use crate::model::CreateOwnToken;
use crate::model::CreateToken;
use crate::model::CreatedToken;
use crate::model::ListChange;
use crate::model::ListName;
use crate::model::ListQuery;
use crate::model::Orders;
use crate::model::Page;
use crate::model::Role;
use crate::model::Token;
use crate::model::TokenId;
use crate::model::User;
use jiff::Timestamp;
use jiff::ToSpan as _;

/// Most days that a token may be made for: ten years.
const LONGEST_DAYS: u32 = 3_650;
/// Most tokens that one user makes for themselves.
const MOST: usize = 100;
/// Most characters of what a token is for.
const MOST_ABOUT: usize = 200;

/// What tokens are sorted by.
fn key(token: &Token, by: &str) -> Key {
    match by {
        "user" => Key::text(&token.user),
        "role" => Key::of(&token.role),
        "expires_at" => Key::time(token.expires_at),
        "about" => Key::of(&token.about),
        // Ids grow with time.
        _ => Key::Nothing,
    }
}

impl Control {
    /// Tokens, without their secrets, oldest first where no other order is asked for.
    ///
    /// # Errors
    /// `forbidden`, `invalid_value`, `store_failed`.
    pub async fn list_tokens(&self, actor: &Actor, query: &ListQuery) -> Result<Page<Token>> {
        Self::may(actor, Action::ManageUsers)?;
        let wanted = Wanted::of(query, Orders::TOKENS)?;
        let (after, limit) = wanted.of_store();
        let rows = self.parts().store.list_tokens(after, wanted.text.as_deref(), limit).await?;
        Ok(wanted.stored(rows, key, |token| token.id.to_string()))
    }

    /// Makes a token; its secret is shown only here. Whose it is must be a user; for the admin on the local socket, who is none, one is
    /// added for each role: `local-viewer`, `local-operator`, `local-admin`.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid_value` for a role above the user's.
    pub async fn create_token_for(&self, actor: &Actor, request: CreateToken) -> Result<CreatedToken> {
        let CreateToken { user, role, expires_in_days, about } = request;
        let target = Target::free(format!("token of {}", user.as_deref().unwrap_or(&actor.name)));
        let wanted = CreateOwnToken { role, expires_in_days, about };
        self.guarded(actor, Action::ManageUsers, &target, async {
            let user = match user {
                Some(name) => {
                    let found = self.parts().store.find_user(&name).await?;
                    found.ok_or_else(|| Error::not_found("user", &name).fix(format!("add them with 'cto user add {name} --role operator'")))?
                }
                None => self.own_user(actor, role.unwrap_or(actor.role)).await?,
            };
            let role = role.unwrap_or(user.role);
            self.add_token(user, role, wanted, None).await
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
            let owner = self.parts().store.find_token(id).await?.map(|token| token.user);
            if !self.parts().store.remove_token(id).await? {
                return Err(Error::not_found("token", id));
            }
            self.tell_list(ListName::Tokens, id, owner.as_deref(), ListChange::Removed);
            Ok(())
        })
        .await
    }

    /// The actor's own tokens, without their secrets, oldest first where no other order is asked for.
    ///
    /// # Errors
    /// `forbidden`, `invalid_value`, `store_failed`.
    pub async fn list_own_tokens(&self, actor: &Actor, query: &ListQuery) -> Result<Page<Token>> {
        Self::may(actor, Action::UseTokens)?;
        let wanted = Wanted::of(query, Orders::TOKENS)?;
        let (after, limit) = wanted.of_store();
        let rows = self.parts().store.list_tokens_of(&actor.name, also_own(actor), after, wanted.text.as_deref(), limit).await?;
        Ok(wanted.stored(rows, key, |token| token.id.to_string()))
    }

    /// Makes a token of the actor's own, which may do no more than they may here; its secret is shown only here. `shown` is what they said by who they
    /// are: a token that is made with a token ends no later than that.
    ///
    /// # Errors
    /// `forbidden`; `invalid_value` for a role above the actor's; `too_many`; `wrong_state` for who is no user.
    pub async fn create_own_token(&self, actor: &Actor, request: CreateOwnToken, shown: Option<&str>) -> Result<CreatedToken> {
        let target = Target::free(format!("token of {}", actor.name));
        self.guarded(actor, Action::UseTokens, &target, async {
            let role = request.role.unwrap_or(actor.role);
            if role > actor.role {
                return Err(Error::invalid(format!("'{}' is {} here: a token of theirs can't be {role}", actor.name, actor.role)));
            }
            let store = &self.parts().store;
            let before = store.list_tokens_of(&actor.name, also_own(actor), None, None, u32::try_from(MOST).unwrap_or(u32::MAX)).await?;
            if before.len() >= MOST {
                return Err(Error::new(Code::TooMany, format!("'{}' has {MOST} tokens already", actor.name)).fix("revoke some: cto token ls"));
            }
            let with = match shown.filter(|secret| looks_like_a_token(secret)) {
                Some(secret) => store.token_by_hash(&hash_secret(secret)).await?,
                None => None,
            };
            let user = self.own_user(actor, role).await?;
            self.add_token(user, role, request, with.and_then(|(token, _)| token.expires_at)).await
        })
        .await
    }

    /// Revokes a token of the actor's own.
    ///
    /// # Errors
    /// `not_found`, also for those of others; `store_failed`.
    pub async fn delete_own_token(&self, actor: &Actor, id: &str) -> Result<()> {
        self.guarded(actor, Action::UseTokens, &Target::free(format!("token {id}")), async {
            let gone = self.parts().store.remove_token_of(&actor.name, also_own(actor), id).await?;
            if !gone {
                return Err(Error::not_found("token", id).fix("see your own: cto token ls"));
            }
            self.tell_list(ListName::Tokens, id, Some(&actor.name), ListChange::Removed);
            Ok(())
        })
        .await
    }

    /// The user whom tokens of the actor's own belong to. For the admin on the local socket, who is none, one is added for each role.
    async fn own_user(&self, actor: &Actor, role: Role) -> Result<User> {
        let store = &self.parts().store;
        let local = *actor == Self::local_admin();
        let name = if local { format!("{LOCAL}-{role}") } else { actor.name.clone() };
        match store.find_user(&name).await? {
            Some(user) => Ok(user),
            None if local => {
                let user = User { name, role, created_at: Timestamp::now(), has_password: false, version: 1 };
                // Another request may have added it just now.
                match store.add_user(&user, None).await {
                    Err(error) if error.code != Code::NameInUse => Err(error),
                    _ => {
                        self.tell_list(ListName::Users, &user.name, None, ListChange::Added);
                        Ok(user)
                    }
                }
            }
            None => Err(Error::new(Code::WrongState, format!("'{name}' is no user any more")).fix("ask an admin for an account")),
        }
    }

    async fn add_token(&self, user: User, role: Role, wanted: CreateOwnToken, latest: Option<Timestamp>) -> Result<CreatedToken> {
        let days = wanted.expires_in_days;
        if days.is_some_and(|days| !(1..=LONGEST_DAYS).contains(&days)) {
            return Err(Error::invalid(format!("a token lasts 1 to {LONGEST_DAYS} days")));
        }
        let about = wanted.about.filter(|about| !about.trim().is_empty());
        if about.as_ref().is_some_and(|about| about.chars().count() > MOST_ABOUT || about.chars().any(char::is_control)) {
            return Err(Error::invalid(format!("what a token is for is one line of {MOST_ABOUT} characters at most")));
        }
        if role > user.role {
            return Err(Error::invalid(format!("'{}' is {}: a token of theirs can't be {role}", user.name, user.role)));
        }
        let created_at = Timestamp::now();
        let asked = days.and_then(|days| created_at.checked_add((i64::from(days) * 24).hours()).ok());
        let expires_at = asked.into_iter().chain(latest).min();
        let new = NewToken::random();
        let token = Token { id: TokenId::fresh(), user: user.name, role, created_at, expires_at, about };
        self.parts().store.add_token(&token, &new.hash).await?;
        self.tell_list(ListName::Tokens, token.id.as_str(), Some(&token.user), ListChange::Added);
        Ok(CreatedToken { token, secret: new.secret })
    }
}

/// The users that stand for the admin on the local socket, who is none.
fn also_own(actor: &Actor) -> Option<&'static str> {
    (*actor == Control::local_admin()).then_some("local-%")
}
