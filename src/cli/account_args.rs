//! What can be typed about users, tokens and the audit.
use crate::model::Role;
use clap::Args;
use clap::Subcommand;

/// `cto audit`.
#[derive(Debug, Args)]
pub struct AuditArgs {
    /// At most so many, newest first
    #[arg(short = 'n', long, value_name = "NUMBER", default_value_t = 50)]
    pub limit: u32,
    /// Only what contains this text
    #[arg(short, long, value_name = "TEXT")]
    pub query: Option<String>,
}

/// `cto user`.
#[derive(Debug, Args)]
pub struct UserArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: UserCommand,
}

/// The commands of users.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add a user
    Add {
        /// Name: lower-case letters, digits, '-', '_' and '.'
        name: String,
        /// viewer, operator or admin
        #[arg(long, default_value = "operator")]
        role: Role,
    },
    /// Remove a user and their tokens
    Rm {
        /// Name
        name: String,
    },
    /// List users
    Ls,
}

/// `cto token`.
#[derive(Debug, Args)]
pub struct TokenArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: TokenCommand,
}

/// The commands of tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token; it is shown only once
    Create {
        /// viewer, operator or admin; the user's own where none is given
        #[arg(long)]
        role: Option<Role>,
        /// Whose it is; the caller's where none is given
        #[arg(long)]
        user: Option<String>,
        /// Days until it ends; never where none is given
        #[arg(long, value_name = "DAYS")]
        expires: Option<u32>,
    },
    /// Revoke a token
    Rm {
        /// Its id
        id: String,
    },
    /// List tokens, without their secrets
    Ls,
}
