//! `cto user`, `cto token` and `cto audit`.
use crate::cli::account_args::AuditArgs;
use crate::cli::account_args::TokenCommand;
use crate::cli::account_args::UserCommand;
use crate::cli::context::Context;
use crate::cli::output;
use crate::cli::output::Table;
use crate::cli::output::Tone;
use crate::cli::output::cell;
use crate::cli::output::toned;
use crate::error::Result;
use crate::model::AddUser;
use crate::model::AuditEvent;
use crate::model::CreateToken;
use crate::model::CreateTokenFor;
use crate::model::CreateUser;
use crate::model::DeleteToken;
use crate::model::DeleteUser;
use crate::model::Empty;
use crate::model::ListAudit;
use crate::model::ListQuery;
use crate::model::ListTokens;
use crate::model::ListUsers;
use crate::model::Outcome;
use crate::model::Token;
use crate::model::User;
use jiff::Timestamp;
use std::io::IsTerminal as _;

/// Most rows of the audit that the server gives at once.
const PAGE: u32 = 500;

/// `cto user`.
pub async fn user(context: &Context, command: UserCommand) -> Result<()> {
    let client = context.client().await?;
    match command {
        UserCommand::Add { name, role } => {
            let user = client.call::<CreateUser>(&[], &AddUser { name, role }).await?;
            if context.json() { output::json(&user) } else { output::print(&format!("{}\n", user.name)) }
        }
        UserCommand::Rm { name } => {
            client.call::<DeleteUser>(&[&name], &Empty {}).await?;
            if context.json() { Ok(()) } else { output::print(&format!("{}\n", output::plain(&name))) }
        }
        UserCommand::Ls => {
            let users = Context::all::<ListUsers, User>(&client, ListQuery::default()).await?;
            if context.json() {
                return output::json(&users);
            }
            let now = Timestamp::now();
            let mut table = Table::new(["NAME", "ROLE", "ADDED"]);
            for user in &users {
                table.row([cell(&user.name), cell(user.role.as_str()), cell(output::ago(user.created_at, now))]);
            }
            table.print()
        }
    }
}

/// `cto token`.
pub async fn token(context: &Context, command: TokenCommand) -> Result<()> {
    let client = context.client().await?;
    match command {
        TokenCommand::Create { role, user, expires } => {
            let created = client.call::<CreateTokenFor>(&[], &CreateToken { user, role, expires_in_days: expires }).await?;
            if context.json() {
                return output::json(&created);
            }
            output::print(&format!("{}\n", created.secret))?;
            if std::io::stderr().is_terminal() {
                output::warn(&format!("keep it: it is shown only now ({} of {}, {})", created.token.id, created.token.user, created.token.role));
            }
            Ok(())
        }
        TokenCommand::Rm { id } => {
            client.call::<DeleteToken>(&[&id], &Empty {}).await?;
            if context.json() { Ok(()) } else { output::print(&format!("{}\n", output::plain(&id))) }
        }
        TokenCommand::Ls => {
            let tokens = Context::all::<ListTokens, Token>(&client, ListQuery::default()).await?;
            if context.json() {
                return output::json(&tokens);
            }
            let now = Timestamp::now();
            let mut table = Table::new(["ID", "USER", "ROLE", "MADE", "ENDS"]);
            for token in &tokens {
                let ends = match token.expires_at {
                    None => "never".to_owned(),
                    Some(end) if end <= now => format!("ended {}", output::ago(end, now)),
                    Some(end) => format!("in {}", output::duration(end.duration_since(now).as_secs())),
                };
                table.row([cell(token.id.as_str()), cell(&token.user), cell(token.role.as_str()), cell(output::ago(token.created_at, now)), cell(ends)]);
            }
            table.print()
        }
    }
}

/// `cto audit`.
pub async fn audit(context: &Context, args: &AuditArgs) -> Result<()> {
    let client = context.client().await?;
    let mut events: Vec<AuditEvent> = Vec::new();
    let mut cursor = None;
    loop {
        let missing = args.limit.saturating_sub(u32::try_from(events.len()).unwrap_or(u32::MAX));
        if missing == 0 {
            break;
        }
        let query = ListQuery { limit: Some(missing.min(PAGE)), cursor: cursor.take(), q: args.query.clone() };
        let page = client.call::<ListAudit>(&[], &query).await?;
        events.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    if context.json() {
        return output::json(&events);
    }
    let now = Timestamp::now();
    let mut table = Table::new(["WHEN", "WHO", "ROLE", "WHAT", "ON", "OUTCOME", "DETAIL"]);
    for event in &events {
        let (outcome, tone) = match event.outcome {
            Outcome::Intent => ("begun", Tone::Warn),
            Outcome::Succeeded => ("done", Tone::Good),
            Outcome::Failed => ("failed", Tone::Bad),
            Outcome::Refused => ("refused", Tone::Bad),
            Outcome::Unknown => ("unknown", Tone::Warn),
        };
        table.row([
            cell(output::ago(event.at, now)),
            cell(&event.actor),
            cell(event.role.as_str()),
            cell(&event.action),
            cell(&event.target),
            toned(outcome, tone),
            cell(event.detail.as_deref().unwrap_or_default()),
        ]);
    }
    table.print()
}
