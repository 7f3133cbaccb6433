//! `cto user`, `cto token` and `cto audit`.
use crate::cli::account_args::AuditArgs;
use crate::cli::account_args::ShareCommand;
use crate::cli::account_args::TokenCommand;
use crate::cli::account_args::UserCommand;
use crate::cli::context::Context;
use crate::cli::output;
use crate::cli::output::Table;
use crate::cli::output::Tone;
use crate::cli::output::cell;
use crate::cli::output::toned;
use crate::client::Client;
use crate::error::Error;
use crate::error::Result;
use crate::model::AddUser;
use crate::model::AuditEvent;
use crate::model::CreateOwnToken;
use crate::model::CreateShare;
use crate::model::CreateShareOf;
use crate::model::CreateToken;
use crate::model::CreateTokenFor;
use crate::model::CreateTokenOfMe;
use crate::model::CreateUser;
use crate::model::DeleteShare;
use crate::model::DeleteToken;
use crate::model::DeleteTokenOfMe;
use crate::model::DeleteUser;
use crate::model::Empty;
use crate::model::GetMe;
use crate::model::ListAudit;
use crate::model::ListQuery;
use crate::model::ListShares;
use crate::model::ListTokens;
use crate::model::ListTokensOfMe;
use crate::model::ListUsers;
use crate::model::Outcome;
use crate::model::PutUser;
use crate::model::RemoveVersion;
use crate::model::Role;
use crate::model::SaveUser;
use crate::model::ShareMode;
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
        UserCommand::Add { name, role, password } => {
            let password = if password { Some(ask_password(&name)?) } else { None };
            let user = client.call::<CreateUser>(&[], &AddUser { name, role, password }).await?;
            if context.json() { output::json(&user) } else { output::print(&format!("{}\n", user.name)) }
        }
        UserCommand::Role { name, role } => {
            let user = client.call::<PutUser>(&[&name], &SaveUser { role: Some(role), ..SaveUser::default() }).await?;
            if context.json() { output::json(&user) } else { output::print(&format!("{} {}\n", output::plain(&user.name), user.role)) }
        }
        UserCommand::Passwd { name } => {
            let password = Some(ask_password(&name)?);
            let user = client.call::<PutUser>(&[&name], &SaveUser { password, ..SaveUser::default() }).await?;
            if context.json() { output::json(&user) } else { output::print(&format!("{}\n", output::plain(&user.name))) }
        }
        UserCommand::Rm { name } => {
            client.call::<DeleteUser>(&[&name], &RemoveVersion::default()).await?;
            if context.json() { Ok(()) } else { output::print(&format!("{}\n", output::plain(&name))) }
        }
        UserCommand::Ls => {
            let users = Context::all::<ListUsers, User>(&client, ListQuery::default()).await?;
            if context.json() {
                return output::json(&users);
            }
            let now = Timestamp::now();
            let mut table = Table::new(["NAME", "ROLE", "PASSWORD", "ADDED"]);
            for user in &users {
                table.row([
                    cell(&user.name),
                    cell(user.role.as_str()),
                    cell(if user.has_password { "yes" } else { "no" }),
                    cell(output::ago(user.created_at, now)),
                ]);
            }
            table.print()
        }
    }
}

/// `cto token`.
pub async fn token(context: &Context, command: TokenCommand) -> Result<()> {
    let client = context.client().await?;
    match command {
        TokenCommand::Create { role, user, expires, about } => {
            let created = match user {
                Some(_) => client.call::<CreateTokenFor>(&[], &CreateToken { user, role, expires_in_days: expires, about }).await?,
                None => client.call::<CreateTokenOfMe>(&[], &CreateOwnToken { role, expires_in_days: expires, about }).await?,
            };
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
            if is_admin(&client).await? {
                client.call::<DeleteToken>(&[&id], &Empty {}).await?;
            } else {
                client.call::<DeleteTokenOfMe>(&[&id], &Empty {}).await?;
            }
            if context.json() { Ok(()) } else { output::print(&format!("{}\n", output::plain(&id))) }
        }
        TokenCommand::Ls => {
            let tokens = match is_admin(&client).await? {
                true => Context::all::<ListTokens, Token>(&client, ListQuery::default()).await?,
                false => Context::all::<ListTokensOfMe, Token>(&client, ListQuery::default()).await?,
            };
            if context.json() {
                return output::json(&tokens);
            }
            let now = Timestamp::now();
            let mut table = Table::new(["ID", "USER", "ROLE", "MADE", "ENDS", "FOR"]);
            for token in &tokens {
                let ends = match token.expires_at {
                    None => "never".to_owned(),
                    Some(end) if end <= now => format!("ended {}", output::ago(end, now)),
                    Some(end) => format!("in {}", output::duration(end.duration_since(now).as_secs())),
                };
                let about = token.about.as_deref().unwrap_or_default();
                let made = output::ago(token.created_at, now);
                table.row([cell(token.id.as_str()), cell(&token.user), cell(token.role.as_str()), cell(made), cell(ends), cell(about)]);
            }
            table.print()
        }
    }
}

/// Whether the caller may look after everybody's tokens; who may not sees and revokes their own.
async fn is_admin(client: &Client) -> Result<bool> {
    Ok(client.call::<GetMe>(&[], &Empty {}).await?.role == Role::Admin)
}

/// `cto share`.
pub async fn share(context: &Context, command: ShareCommand) -> Result<()> {
    let client = context.client().await?;
    match command {
        ShareCommand::Create { session, write, lasts, uses } => {
            let mode = if write { ShareMode::Write } else { ShareMode::View };
            let milliseconds = crate::config::duration(&lasts).map_err(Error::invalid)?;
            let expires_in_s = Some(u32::try_from(milliseconds / 1_000).unwrap_or(u32::MAX));
            let created = client.call::<CreateShareOf>(&[&session], &CreateShare { mode, expires_in_s, max_uses: uses }).await?;
            if context.json() {
                return output::json(&created);
            }
            output::print(&format!("/s/{}\n", created.code))?;
            if std::io::stderr().is_terminal() {
                let may = if write { "look and type" } else { "look" };
                output::warn(&format!("put the dashboard's address before it; whoever has it may {may} until 'cto share rm {}'", created.share.id));
            }
            Ok(())
        }
        ShareCommand::Ls { session } => {
            let shares = client.call::<ListShares>(&[&session], &Empty {}).await?.items;
            if context.json() {
                return output::json(&shares);
            }
            let now = Timestamp::now();
            let mut table = Table::new(["ID", "MADE BY", "MAY", "USED", "ENDS"]);
            for share in &shares {
                let used = share.max_uses.map_or_else(|| share.uses.to_string(), |most| format!("{} of {most}", share.uses));
                let may = if share.mode == ShareMode::Write { "type" } else { "look" };
                let ends = format!("in {}", output::duration(share.expires_at.duration_since(now).as_secs()));
                table.row([cell(share.id.as_str()), cell(&share.owner), cell(may), cell(used), cell(ends)]);
            }
            table.print()
        }
        ShareCommand::Rm { id } => {
            client.call::<DeleteShare>(&[&id], &Empty {}).await?;
            if context.json() { Ok(()) } else { output::print(&format!("{}\n", output::plain(&id))) }
        }
    }
}

/// Asks for a password, twice at a terminal; else it is the first line of standard input.
fn ask_password(name: &str) -> Result<String> {
    let first = ask_secret(&format!("Password for {name}: "))?;
    if !std::io::stdin().is_terminal() || first == ask_secret("Once more: ")? { Ok(first) } else { Err(Error::invalid("these were two different passwords")) }
}

/// Asks for what nobody should see; without a terminal it is the first line of standard input.
pub(super) fn ask_secret(prompt: &str) -> Result<String> {
    let failed = |error: std::io::Error| Error::invalid(format!("nothing can be read: {error}"));
    if std::io::stdin().is_terminal() {
        return rpassword::prompt_password(prompt).map_err(failed);
    }
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(failed)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
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
        let query = ListQuery { limit: Some(missing.min(PAGE)), cursor: cursor.take(), q: args.query.clone(), ..ListQuery::default() };
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
