//! `cto history`: what was run in sessions, listed, searched, made a script of and run again.
use crate::cli::context::Context;
use crate::cli::history_args::HistoryArgs;
use crate::cli::history_args::HistoryCommand;
use crate::cli::history_args::HistoryListArgs;
use crate::cli::history_args::Marking;
use crate::cli::history_args::PartArgs;
use crate::cli::history_args::ReplayArgs;
use crate::cli::output;
use crate::cli::output::Table;
use crate::cli::output::Tone;
use crate::cli::output::cell;
use crate::cli::output::toned;
use crate::cli::recordings;
use crate::cli::runs;
use crate::client::Client;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::CommandPage;
use crate::model::CommandQuery;
use crate::model::InlineScript;
use crate::model::ListCommands;
use crate::model::ListQuery;
use crate::model::ListSessionCommands;
use crate::model::ListSessions;
use crate::model::MakeScriptOfHistory;
use crate::model::MakeScriptOfRecording;
use crate::model::ParamValue;
use crate::model::ScriptOfHistory;
use crate::model::ScriptOfRecording;
use crate::model::Session;
use crate::model::SessionCommand;
use crate::model::StartRun;
use crate::model::StartRunOf;
use jiff::Timestamp;

/// What lets shells mark their commands.
const BASH: &str = include_str!("../../assets/shell/bash.sh");
const ZSH: &str = include_str!("../../assets/shell/zsh.sh");
const FISH: &str = "# fish 4 and later marks its commands by itself.\n";
/// The same for bash, without a file: it takes both from its environment.
const TEMPLATE: &str = r#""environment": {
  "PROMPT_COMMAND": "printf '\\e]133;D;%s\\a\\e]7;file://%s\\a\\e]133;A\\a' \"$?\" \"$PWD\"; case $PS1 in *133\\;B*) ;; *) PS1=$PS1'\\[\\e]133;B\\a\\]' ;; esac",
  "PS0": "\\e]133;C\\a"
}
"#;
/// Commands asked for at once.
const PAGE: u32 = 500;

/// `cto history`.
pub async fn history(context: &Context, args: HistoryArgs) -> Result<u8> {
    let client = match args.command {
        Some(HistoryCommand::Setup { shell }) => {
            return output::print(match shell {
                Marking::Bash => BASH,
                Marking::Zsh => ZSH,
                Marking::Fish => FISH,
                Marking::Template => TEMPLATE,
            })
            .map(|()| 0);
        }
        _ => context.client().await?,
    };
    match args.command {
        None => list(context, &client, args.list).await.map(|()| 0),
        Some(HistoryCommand::Ls(args)) => list(context, &client, args).await.map(|()| 0),
        Some(HistoryCommand::ToScript { session, part, output: file }) => {
            let session = find(&client, &session).await?;
            let script = of_session(&client, session, part).await?;
            recordings::put(&script.source, file.as_deref()).map(|()| 0)
        }
        Some(HistoryCommand::Replay(args)) => replay(context, &client, args).await,
        Some(HistoryCommand::Setup { .. }) => Ok(0),
    }
}

async fn list(context: &Context, client: &Client, args: HistoryListArgs) -> Result<()> {
    let session = match &args.of {
        Some(text) => session_of(client, text).await?,
        None => None,
    };
    let (mut items, mut missing, mut cursor) = (Vec::new(), None, None);
    let most = usize::try_from(args.limit).unwrap_or(usize::MAX);
    while items.len() < most {
        let limit = Some(u32::try_from(most - items.len()).unwrap_or(PAGE).min(PAGE));
        let page: CommandPage = match &session {
            Some(session) => {
                client.call::<ListSessionCommands>(&[session], &ListQuery { limit, cursor, q: args.query.clone(), ..ListQuery::default() }).await?
            }
            None => {
                client
                    .call::<ListCommands>(&[], &CommandQuery { limit, cursor, q: args.query.clone(), container: args.of.clone(), ..CommandQuery::default() })
                    .await?
            }
        };
        items.extend(page.items);
        missing = missing.or(page.missing);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    if context.json() {
        return output::json(&items);
    }
    table(&items).print()?;
    if let Some(why) = missing {
        output::warn(&why);
    }
    Ok(())
}

fn table(commands: &[SessionCommand]) -> Table {
    let now = Timestamp::now();
    let mut table = Table::new(["NO", "COMMAND", "EXIT", "TOOK", "RUN", "CONTAINER", "DIRECTORY", "SESSION"]);
    for command in commands {
        let (exit, tone) = match (command.exit_code, command.ended_at) {
            (Some(0), _) => ("0".to_owned(), Tone::Good),
            (Some(code), _) => (code.to_string(), Tone::Bad),
            (None, Some(_)) => ("-".to_owned(), Tone::Quiet),
            (None, None) => ("…".to_owned(), Tone::Plain),
        };
        let took = command.ended_at.map(|end| output::duration(end.duration_since(command.started_at).as_secs()));
        let lines: Vec<&str> = command.text.lines().collect();
        table.row([
            cell(command.number.to_string()),
            cell(lines.join(" ⏎ ")),
            toned(exit, tone),
            cell(took.unwrap_or_default()),
            cell(output::ago(command.started_at, now)),
            cell(&command.container_name),
            cell(command.directory.as_deref().unwrap_or_default()),
            toned(command.session.as_str(), Tone::Quiet),
        ]);
    }
    table
}

/// The session that `text` means by its id or a unique part of that; none where it may be a container.
async fn session_of(client: &Client, text: &str) -> Result<Option<String>> {
    let sessions = Context::all::<ListSessions, Session>(client, ListQuery::default()).await?;
    if sessions.iter().any(|session| session.container_name == text) {
        return Ok(None);
    }
    let fit: Vec<&Session> = sessions.iter().filter(|session| text.len() >= 4 && session.id.as_str().contains(text)).collect();
    match fit.as_slice() {
        [one] => Ok(Some(one.id.to_string())),
        // One that is forgotten, whose commands may still be known.
        [] => Ok(text.starts_with("ses_").then(|| text.to_owned())),
        _ => Err(Error::new(Code::Ambiguous, format!("'{text}' fits several sessions")).fix("give the whole id: cto sessions")),
    }
}

/// The session that `text` means: as above, or that of a container where something was run last.
async fn find(client: &Client, text: &str) -> Result<String> {
    if let Some(session) = session_of(client, text).await? {
        return Ok(session);
    }
    let query = CommandQuery { limit: Some(1), container: Some(text.to_owned()), ..CommandQuery::default() };
    match client.call::<ListCommands>(&[], &query).await?.items.first() {
        Some(last) => Ok(last.session.to_string()),
        None => super::sessions::find(client, text).await.map(|session| session.id.to_string()),
    }
}

async fn of_session(client: &Client, session: String, part: PartArgs) -> Result<InlineScript> {
    client.call::<MakeScriptOfHistory>(&[], &ScriptOfHistory { session, from: part.from, to: part.to }).await
}

async fn replay(context: &Context, client: &Client, args: ReplayArgs) -> Result<u8> {
    let script = match find(client, &args.source).await {
        Ok(session) => of_session(client, session, args.part).await?,
        Err(error) if error.code == Code::NotFound => {
            let recording = match recordings::find(client, &args.source).await {
                Err(other) if other.code == Code::NotFound => {
                    let unknown = Error::new(Code::NotFound, format!("there is no session, container or recording '{}'", args.source));
                    return Err(unknown.fix("see them: cto history, cto sessions, cto rec ls"));
                }
                other => other?,
            };
            if args.part.from.or(args.part.to).is_some() {
                return Err(Error::invalid("a recording is replayed whole").fix("leave out '--from' and '--to', or edit its script: cto rec to-script"));
            }
            client.call::<MakeScriptOfRecording>(&[], &ScriptOfRecording { recording: recording.id.to_string() }).await?
        }
        Err(error) => return Err(error),
    };
    let mut params = vec![("box".to_owned(), args.into)];
    params.extend(args.params);
    let params = params.into_iter().map(|(name, value)| (name, ParamValue::Text(value))).collect();
    let run = client.call::<StartRunOf>(&[], &StartRun { inline: Some(script), params, ..StartRun::default() }).await?;
    if args.detach {
        return if context.json() { output::json(&run) } else { output::print(&format!("{}\n", run.id)) }.map(|()| 0);
    }
    let shown = match (context.json(), args.verbose) {
        (true, _) => runs::Shown::Nothing,
        (false, true) => runs::Shown::Everything,
        (false, false) => runs::Shown::Words,
    };
    runs::watch(context, client, run, shown).await
}
