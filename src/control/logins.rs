//! Signing in: passwords, cookies, and the first user of a server that has none.
use super::Control;
use super::guard::Target;
use crate::access::Actor;
use crate::access::NewToken;
use crate::access::check_password;
use crate::access::csrf_of;
use crate::access::hash_password;
use crate::access::hash_secret;
use crate::access::is_password;
use crate::access::looks_like_a_login;
use crate::access::readable_code;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::AuditId;
use crate::model::ChangePassword;
use crate::model::Code;
use crate::model::ListChange;
use crate::model::ListName;
use crate::model::LogIn;
use crate::model::LoggedIn;
use crate::model::Outcome;
use crate::model::Role;
use crate::model::SaveUser;
use crate::model::SetUp;
use crate::model::SetupState;
use crate::model::User;
use crate::store::AuditNote;
use crate::store::Login;
use jiff::SignedDuration;
use jiff::Timestamp;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;
use tokio::sync::Semaphore;

/// How long a login lasts at most, and without being used.
const LASTS: SignedDuration = SignedDuration::from_hours(7 * 24);
const IDLE: SignedDuration = SignedDuration::from_hours(24);
/// How often it is noted that a login is used.
const NOTED: SignedDuration = SignedDuration::from_mins(5);
/// Wrong passwords of one name from one address, and from one address in all, within [`WINDOW`].
const WRONG_OF_NAME: u32 = 10;
const WRONG_OF_ADDRESS: u32 = 50;
const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Addresses and names that are counted; when there are more, the oldest counts go.
const COUNTED: usize = 10_000;
/// Wrong codes after which the setup code is another.
const WRONG_CODES: u32 = 20;
/// Passwords that are hashed at once: 19 MiB each.
const HASHING: usize = 2;

/// Wrong passwords, and the code of the first user.
pub(super) struct Logins {
    wrong: Mutex<HashMap<String, (u32, Instant)>>,
    setup: Mutex<Option<(String, u32)>>,
    hashing: Semaphore,
}

impl Default for Logins {
    fn default() -> Self {
        Self { wrong: Mutex::default(), setup: Mutex::default(), hashing: Semaphore::new(HASHING) }
    }
}

impl Logins {
    /// Whether more may be tried now, or in how many seconds.
    fn may_try(&self, keys: &[(String, u32)]) -> Result<()> {
        let wrong = self.wrong.lock().expect("no panics while held");
        for (key, most) in keys {
            let Some((count, since)) = wrong.get(key).filter(|(_, since)| since.elapsed() < WINDOW) else { continue };
            if count >= most {
                let wait = WINDOW.saturating_sub(since.elapsed()).as_secs() + 1;
                return Err(Error::new(Code::TooMany, "too many wrong passwords").fix(format!("wait for {} minutes", wait.div_ceil(60))));
            }
        }
        Ok(())
    }

    fn count(&self, keys: &[(String, u32)]) {
        let mut wrong = self.wrong.lock().expect("no panics while held");
        if wrong.len() >= COUNTED {
            wrong.retain(|_, (_, since)| since.elapsed() < WINDOW);
        }
        if wrong.len() >= COUNTED
            && let Some(oldest) = wrong.iter().min_by_key(|(_, (_, since))| *since).map(|(key, _)| key.clone())
        {
            wrong.remove(&oldest);
        }
        for (key, _) in keys {
            let entry = wrong.entry(key.clone()).or_insert((0, Instant::now()));
            if entry.1.elapsed() >= WINDOW {
                *entry = (0, Instant::now());
            }
            entry.0 += 1;
        }
    }

    fn forget(&self, keys: &[(String, u32)]) {
        let mut wrong = self.wrong.lock().expect("no panics while held");
        if let Some((key, _)) = keys.first() {
            wrong.remove(key);
        }
    }
}

/// A login that has just begun.
#[derive(Clone, PartialEq, Eq)]
pub struct Begun {
    /// What the client is told.
    pub login: LoggedIn,
    /// What goes into the cookie.
    pub secret: String,
}

impl Control {
    /// Makes the code for the first user, where nobody has a password yet. It is to be shown to who runs the server.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn begin_setup(&self) -> Result<Option<String>> {
        if self.parts().store.has_passwords().await? {
            return Ok(None);
        }
        let code = readable_code();
        *self.0.logins.setup.lock().expect("no panics while held") = Some((code.clone(), 0));
        Ok(Some(code))
    }

    /// Whether this server waits for its first user.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn get_setup(&self) -> Result<SetupState> {
        let waits = self.0.logins.setup.lock().expect("no panics while held").is_some();
        Ok(SetupState { needed: waits && !self.parts().store.has_passwords().await? })
    }

    /// Makes the first user, an admin, and signs in as them.
    ///
    /// # Errors
    /// `wrong_state` when there is one already; `unauthenticated` for a wrong code; `invalid_value`.
    pub async fn set_up_first(&self, request: SetUp) -> Result<Begun> {
        let over = || Error::new(Code::WrongState, "this server has its first user already").fix("sign in, or ask an admin for an account");
        if !self.get_setup().await?.needed {
            return Err(over());
        }
        super::accounts::check_name(&request.name)?;
        check_password(&request.name, &request.password)?;
        let hash = self.hash(&request.password).await?;
        {
            let mut setup = self.0.logins.setup.lock().expect("no panics while held");
            let Some((code, wrong)) = setup.as_mut() else { return Err(over()) };
            // Of two requests with the right code, the second finds none.
            if hash_secret(&normal(&request.code)) == hash_secret(&normal(code)) {
                *setup = None;
            } else {
                *wrong += 1;
                if *wrong >= WRONG_CODES {
                    let next = readable_code();
                    tracing::warn!("too many wrong setup codes: the code for the first user is now {next}");
                    *setup = Some((next, 0));
                }
                return Err(
                    Error::new(Code::Unauthenticated, "this is not the setup code").fix("the server printed it when it began; 'cto server logs' has it too")
                );
            }
        }
        let user = User { name: request.name.clone(), role: Role::Admin, created_at: Timestamp::now(), has_password: true, version: 1 };
        let added = self.parts().store.add_user(&user, Some(&hash)).await;
        if added.is_ok() {
            self.tell_list(ListName::Users, &user.name, None, ListChange::Added);
        }
        self.note_login(&user.name, Role::Admin, "create:users", if added.is_ok() { Outcome::Succeeded } else { Outcome::Failed }, Some("first user")).await;
        if let Err(error) = added {
            // The code goes on to be good: nothing was made.
            *self.0.logins.setup.lock().expect("no panics while held") = Some((request.code, 0));
            return Err(error);
        }
        self.begin_login(&user.name, Role::Admin, None).await
    }

    /// Signs in with name and password, or with a token. `from` is where the request comes from, if that is known.
    ///
    /// # Errors
    /// `unauthenticated`; `too_many` after too many wrong passwords; `invalid_value` for a request with neither.
    pub async fn log_in(&self, request: LogIn, from: Option<IpAddr>) -> Result<Begun> {
        if let Some(token) = &request.token {
            let actor = self.identify(token).await?;
            let shown = self.parts().store.token_by_hash(&hash_secret(token)).await?;
            return self.begin_login(&actor.name, actor.role, shown.and_then(|(token, _)| token.expires_at)).await;
        }
        let (Some(name), Some(password)) = (request.name, request.password) else {
            return Err(Error::invalid("this needs 'name' and 'password', or 'token'"));
        };
        let from = from.map_or_else(|| "here".to_owned(), |ip| ip.to_string());
        let known_name: String = name.chars().take(64).collect();
        let keys = [(format!("{from} {known_name}"), WRONG_OF_NAME), (from, WRONG_OF_ADDRESS)];
        self.0.logins.may_try(&keys)?;
        let hash = self.parts().store.password_of(&name).await?;
        let fits = password.chars().count() <= *crate::model::PASSWORD_LENGTH.end() && self.verify(password, hash).await?;
        let user = if fits { self.parts().store.find_user(&name).await? } else { None };
        let Some(user) = user else {
            self.0.logins.count(&keys);
            self.note_login(&known_name, Role::Viewer, "log_in:server", Outcome::Refused, None).await;
            return Err(Error::new(Code::Unauthenticated, "name or password is wrong"));
        };
        self.0.logins.forget(&keys);
        self.begin_login(&user.name, user.role, None).await
    }

    /// Begins a login that ends at `latest` at the latest, as the token does that it came with.
    async fn begin_login(&self, user: &str, role: Role, latest: Option<Timestamp>) -> Result<Begun> {
        let now = Timestamp::now();
        let new = NewToken::login();
        let login = Login { user: user.to_owned(), role, used_at: now, expires_at: latest.map_or(now + LASTS, |latest| latest.min(now + LASTS)) };
        self.parts().store.add_login(&new.hash, &login).await?;
        self.note_login(user, role, "log_in:server", Outcome::Succeeded, None).await;
        let login = LoggedIn { user: login.user, role, csrf: csrf_of(&new.secret), expires_at: login.expires_at };
        Ok(Begun { login, secret: new.secret })
    }

    /// Who is signed in with this cookie.
    ///
    /// # Errors
    /// `unauthenticated` when nobody is any more.
    pub async fn identify_login(&self, secret: &str) -> Result<Actor> {
        let ended = || Error::new(Code::Unauthenticated, "this login has ended").fix("sign in again");
        if !looks_like_a_login(secret) {
            return Err(ended());
        }
        let hash = hash_secret(secret);
        let login = self.parts().store.login_by_hash(&hash).await?.ok_or_else(ended)?;
        let now = Timestamp::now();
        if login.expires_at <= now || login.used_at + IDLE <= now {
            return Err(ended());
        }
        if login.used_at + NOTED <= now {
            // What can't be noted only ends the login sooner.
            let _ = self.parts().store.use_login(&hash, now).await;
        }
        Ok(Actor::new(login.user, login.role))
    }

    /// Signs out.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn log_out(&self, secret: &str) -> Result<()> {
        self.parts().store.remove_login(&hash_secret(secret)).await
    }

    /// Changes a user's role or password.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid_value`; `stale` when `replaces` is not their version.
    pub async fn put_user(&self, actor: &Actor, name: &str, request: SaveUser) -> Result<User> {
        let target = Target::free(format!("user {name}"));
        let changed = match (&request.role, &request.password) {
            (Some(role), None) => format!("role {role}"),
            (Some(role), Some(_)) => format!("role {role}, password"),
            (None, Some(_)) => "password".to_owned(),
            (None, None) => "nothing".to_owned(),
        };
        self.noted(actor, Action::ManageUsers, &target, changed, async {
            let unknown = || Error::not_found("user", name);
            let store = &self.parts().store;
            let user = store.find_user(name).await?.ok_or_else(unknown)?;
            if request.replaces.is_some_and(|version| version != user.version) {
                return Err(Error::stale("user", name, user.version));
            }
            if request.role.is_some_and(|role| role < user.role) && user.role == Role::Admin && user.name == actor.name {
                return Err(Error::new(Code::WrongState, "this would take your own rights away").fix("let another admin do it"));
            }
            let hash = match &request.password {
                None => None,
                Some(password) => {
                    check_password(name, password)?;
                    Some(self.hash(password).await?)
                }
            };
            if !store.change_user(name, request.role, hash.as_deref(), request.replaces).await? {
                return Err(store.find_user(name).await?.map_or_else(unknown, |user| Error::stale("user", name, user.version)));
            }
            self.tell_list(ListName::Users, name, None, ListChange::Changed);
            if hash.is_some() {
                store.remove_logins_of(name, None).await?;
            }
            store.find_user(name).await?.ok_or_else(unknown)
        })
        .await
    }

    /// Changes one's own password; whoever else is signed in as oneself is signed out. `cookie` is the login that asks.
    ///
    /// # Errors
    /// `unauthenticated` when the present one is wrong; `wrong_state` for who is no user; `invalid_value`; `too_many`.
    pub async fn change_password(&self, actor: &Actor, request: ChangePassword, cookie: Option<&str>) -> Result<()> {
        let store = &self.parts().store;
        let Some(hash) = store.password_of(&actor.name).await? else {
            return Err(
                Error::new(Code::WrongState, format!("'{}' has no password", actor.name)).fix(format!("an admin can give one: cto user passwd {}", actor.name))
            );
        };
        let keys = [(format!("change {}", actor.name), WRONG_OF_NAME)];
        self.0.logins.may_try(&keys)?;
        if !self.verify(request.old, Some(hash)).await? {
            self.0.logins.count(&keys);
            return Err(Error::new(Code::Unauthenticated, "the present password is another"));
        }
        check_password(&actor.name, &request.new)?;
        let hash = self.hash(&request.new).await?;
        store.change_user(&actor.name, None, Some(&hash), None).await?;
        store.remove_logins_of(&actor.name, cookie.map(hash_secret).as_deref()).await?;
        self.note_login(&actor.name, actor.role, "change:password", Outcome::Succeeded, None).await;
        Ok(())
    }

    /// The hash of a password, made where nobody waits for the thread.
    pub(super) async fn hash(&self, password: &str) -> Result<String> {
        let _place = self.0.logins.hashing.acquire().await.map_err(|error| Error::internal(error.to_string()))?;
        let password = password.to_owned();
        tokio::task::spawn_blocking(move || hash_password(&password)).await.map_err(|error| Error::internal(error.to_string()))?
    }

    async fn verify(&self, password: String, hash: Option<String>) -> Result<bool> {
        let _place = self.0.logins.hashing.acquire().await.map_err(|error| Error::internal(error.to_string()))?;
        tokio::task::spawn_blocking(move || is_password(&password, hash.as_deref())).await.map_err(|error| Error::internal(error.to_string()))
    }

    /// Notes what is done by somebody who is nobody yet. A store that can't be written keeps nobody out who can get in without it.
    async fn note_login(&self, user: &str, role: Role, action: &str, outcome: Outcome, detail: Option<&str>) {
        let note = AuditNote {
            event: AuditId::fresh(),
            begun_at: Timestamp::now(),
            actor: user.to_owned(),
            role,
            action: action.to_owned(),
            target: "server".to_owned(),
            outcome,
            detail: detail.map(str::to_owned),
        };
        if let Err(error) = self.parts().store.append_audit(note).await {
            tracing::warn!(%error, user, action, "this can't be noted");
        }
    }
}

/// A code as it is compared: however it is typed.
fn normal(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_wrong_passwords_end_the_guessing_of_one_name_from_one_address() {
        let logins = Logins::default();
        let keys = |name: &str, from: &str| [(format!("{from} {name}"), 3), (from.to_owned(), 5)];
        for _ in 0..3 {
            logins.may_try(&keys("ana", "one")).unwrap();
            logins.count(&keys("ana", "one"));
        }
        assert_eq!(logins.may_try(&keys("ana", "one")).unwrap_err().code, Code::TooMany);
        logins.may_try(&keys("ana", "elsewhere")).expect("the owner gets in from elsewhere");
        logins.may_try(&keys("ben", "one")).expect("others do from there");
        logins.count(&keys("ben", "one"));
        logins.count(&keys("ben", "one"));
        assert_eq!(logins.may_try(&keys("carl", "one")).unwrap_err().code, Code::TooMany, "one address guesses many names");
    }

    #[test]
    fn what_is_counted_is_bounded() {
        let logins = Logins::default();
        for number in 0..COUNTED + 50 {
            logins.count(&[(format!("{number}"), 1)]);
        }
        assert!(logins.wrong.lock().unwrap().len() <= COUNTED);
    }

    #[test]
    fn codes_are_taken_however_they_are_typed() {
        assert_eq!(normal(" abcd-ef1h "), normal("ABCD EF1H"));
    }
}
