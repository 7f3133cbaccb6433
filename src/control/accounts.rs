//! Users, tokens and the audit.
use super::Control;
use crate::access::Actor;
use crate::error::Result;
use crate::model::AddUser;
use crate::model::AuditEvent;
use crate::model::CreateToken;
use crate::model::CreatedToken;
use crate::model::ListQuery;
use crate::model::Page;
use crate::model::Token;
use crate::model::User;

#[allow(clippy::unused_async, clippy::missing_errors_doc)]
impl Control {
    /// The audit, newest first.
    pub async fn list_audit(&self, actor: &Actor, query: &ListQuery) -> Result<Page<AuditEvent>> {
        let _ = (actor, query);
        super::later()
    }
    /// Users.
    pub async fn list_users(&self, actor: &Actor, query: &ListQuery) -> Result<Page<User>> {
        let _ = (actor, query);
        super::later()
    }
    /// Adds a user.
    pub async fn create_user(&self, actor: &Actor, request: AddUser) -> Result<User> {
        let _ = (actor, request);
        super::later()
    }
    /// Removes a user and their tokens.
    pub async fn delete_user(&self, actor: &Actor, name: &str) -> Result<()> {
        let _ = (actor, name);
        super::later()
    }
    /// Tokens, without their secrets.
    pub async fn list_tokens(&self, actor: &Actor, query: &ListQuery) -> Result<Page<Token>> {
        let _ = (actor, query);
        super::later()
    }
    /// Makes a token; its secret is shown only here.
    pub async fn create_token_for(&self, actor: &Actor, request: CreateToken) -> Result<CreatedToken> {
        let _ = (actor, request);
        super::later()
    }
    /// Revokes a token.
    pub async fn delete_token(&self, actor: &Actor, id: &str) -> Result<()> {
        let _ = (actor, id);
        super::later()
    }
}
