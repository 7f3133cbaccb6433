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
        /// Ask for a password, with which they can sign in; on standard input when that is no terminal
        #[arg(long)]
        password: bool,
    },
    /// Give a user another role; their tokens and logins have no more either
    Role {
        /// Name
        name: String,
        /// viewer, operator or admin
        role: Role,
    },
    /// Ask for another password of a user's; whoever is signed in as them is signed out
    Passwd {
        /// Name
        name: String,
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
    /// Make a token, which may do no more than its user; it is shown only once
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
        /// What it is for
        #[arg(long, value_name = "TEXT")]
        about: Option<String>,
    },
    /// Revoke a token
    Rm {
        /// Its id
        id: String,
    },
    /// List tokens, without their secrets; an admin sees those of all
    Ls,
}

/// `cto share`.
#[derive(Debug, Args)]
pub struct ShareArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: ShareCommand,
}

/// The commands of shares.
#[derive(Debug, Subcommand)]
pub enum ShareCommand {
    /// Let people without an account look into a session; the code is shown only once
    Create {
        /// The session's id
        session: String,
        /// Let them type too
        #[arg(long)]
        write: bool,
        /// How long, such as 30m, 2h or 7d
        #[arg(long = "for", value_name = "TIME", default_value = "1h")]
        lasts: String,
        /// How often the code may be used
        #[arg(long, value_name = "NUMBER")]
        uses: Option<u32>,
    },
    /// List the shares of a session
    Ls {
        /// The session's id
        session: String,
    },
    /// End a share; its guests are out within seconds
    Rm {
        /// Its id
        id: String,
    },
}

/// `cto login`.
#[derive(Debug, Args)]
pub struct LoginArgs {
    /// The server, such as https://box.example:7480
    pub url: String,
    /// Who signs in; the name that one has on this machine where none is given
    #[arg(short, long)]
    pub user: Option<String>,
    /// Ask for a token in place of a password
    #[arg(long)]
    pub token: bool,
    /// The certificate's fingerprint, which 'cto serve' prints there: sha256:…
    #[arg(long, value_name = "SHA256")]
    pub fingerprint: Option<String>,
}

/// `cto logout`.
#[derive(Debug, Args)]
pub struct LogoutArgs {
    /// The server
    pub url: String,
}
