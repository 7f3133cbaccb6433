//! What can be typed after `cto webhook`.
use clap::ArgGroup;
use clap::Args;
use clap::Subcommand;
use std::path::PathBuf;

/// `cto webhook`.
#[derive(Debug, Args)]
pub struct WebhookArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: WebhookCommand,
}

/// The commands of webhooks.
#[derive(Debug, Subcommand)]
pub enum WebhookCommand {
    /// List webhooks and notifications
    Ls,
    /// Show a webhook
    Show {
        /// Its name
        name: String,
    },
    /// Tell events to a URL, by mail, in the terminal client or on the desktop; a secret is shown once
    Add(Box<AddWebhookArgs>),
    /// Remove webhooks with their deliveries
    Rm {
        /// Webhooks by name
        #[arg(required = true)]
        webhooks: Vec<String>,
    },
    /// Send a ping now, and show how that went
    Test {
        /// Its name
        name: String,
    },
    /// Make another secret; that of before counts for a while longer
    Rotate {
        /// Its name
        name: String,
        /// Hours that the secret of before counts
        #[arg(long, value_name = "HOURS", default_value_t = 24)]
        keep: u32,
    },
    /// Let a webhook go on that was disabled
    Enable {
        /// Its name
        name: String,
    },
    /// List what was delivered, newest first
    Deliveries {
        /// Its name
        name: String,
        /// So many at most
        #[arg(short = 'n', long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=500))]
        limit: u32,
    },
    /// Show the body that is sent in a delivery
    Sent {
        /// Delivery by id
        delivery: String,
    },
    /// Send the same message once more, now
    Redeliver {
        /// Delivery by id
        delivery: String,
    },
}

/// `cto webhook add`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("to").required(true).args(["url", "mail_to", "terminal", "desktop"]))]
pub struct AddWebhookArgs {
    /// Its name
    pub name: String,
    /// Kind of event, such as run.failed, container.* or *; may be repeated
    #[arg(long, value_name = "EVENT", required = true)]
    pub on: Vec<String>,
    /// Send signed requests there
    #[arg(long)]
    pub url: Option<String>,
    /// Send mails to this address; may be repeated
    #[arg(long, value_name = "ADDRESS", requires_all = ["mail_server", "mail_from"])]
    pub mail_to: Vec<String>,
    /// Mail server
    #[arg(long, value_name = "HOST:PORT")]
    pub mail_server: Option<String>,
    /// Sender of the mails
    #[arg(long, value_name = "ADDRESS")]
    pub mail_from: Option<String>,
    /// Name at the mail server
    #[arg(long, value_name = "NAME", requires = "mail_password")]
    pub mail_user: Option<String>,
    /// Secret of the server's that is the password there, by its name
    #[arg(long, value_name = "SECRET", requires = "mail_user")]
    pub mail_password: Option<String>,
    /// Show messages in your open terminal clients
    #[arg(long)]
    pub terminal: bool,
    /// The same, and let the terminal tell the desktop
    #[arg(long)]
    pub desktop: bool,
    /// Only what belongs to this user
    #[arg(long, value_name = "USER")]
    pub owner: Option<String>,
    /// Only of scripts with such a name; * stands for any letters
    #[arg(long, value_name = "NAME")]
    pub script: Option<String>,
    /// Only of containers with such a name; * stands for any letters
    #[arg(long, value_name = "NAME")]
    pub container: Option<String>,
    /// Send the JSON of this file instead of the usual body, or that of - for standard input; ${event.text} and the like stand for what happened
    #[arg(long, value_name = "FILE", requires = "url")]
    pub body: Option<PathBuf>,
    /// It may reach addresses that are not public; for admins
    #[arg(long)]
    pub allow_private: bool,
}
