//! What can be typed after `cto sessions`.
use clap::Args;
use clap::Subcommand;
use clap::ValueEnum;

/// `cto sessions`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct SessionsArgs {
    /// What to do; the list when nothing is said.
    #[command(subcommand)]
    pub command: Option<SessionsCommand>,
}

/// The commands of sessions.
#[derive(Debug, Subcommand)]
pub enum SessionsCommand {
    /// List sessions
    Ls,
    /// End a session: hang up, then kill
    Close {
        /// Session's id or a unique part of it; a container means its main program
        session: String,
    },
    /// Type into a session
    Input {
        /// Session's id or a unique part of it; a container means its main program
        session: String,
        /// Text to type; standard input where none is given
        text: Option<String>,
        /// Press Enter after it
        #[arg(short, long)]
        enter: bool,
    },
    /// Show a session's screen as it is now
    Screen {
        /// Session's id or a unique part of it; a container means its main program
        session: String,
        /// As text, with colours, or as JSON
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
}

/// Forms of a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Plain text.
    Text,
    /// Bytes that redraw it.
    Ansi,
    /// Data.
    Json,
}
