//! What can be typed about volumes, networks and what is left over.
use crate::cli::args::pair;
use clap::Args;
use clap::Subcommand;

/// `cto volume`.
#[derive(Debug, Args)]
pub struct VolumeArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: VolumeCommand,
}

/// A list of volumes or networks.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only what contains this text
    pub query: Option<String>,
    /// Only names
    #[arg(short, long)]
    pub quiet: bool,
    /// Sort by a field, such as 'name'; '-name' turns the order round
    #[arg(long, value_name = "FIELD", allow_hyphen_values = true)]
    pub sort: Option<String>,
}

/// The commands of volumes.
#[derive(Debug, Subcommand)]
pub enum VolumeCommand {
    /// List volumes
    Ls(ListArgs),
    /// Make a volume
    Create {
        /// Its name
        name: String,
        /// The driver that keeps it; another than local only where policy allows it
        #[arg(short, long, value_name = "DRIVER")]
        driver: Option<String>,
        /// An option of the driver; may be repeated
        #[arg(short, long = "opt", value_name = "NAME=VALUE", value_parser = pair)]
        opt: Vec<(String, String)>,
        /// A label; may be repeated
        #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
        label: Vec<(String, String)>,
    },
    /// Show all that is known of volumes, as JSON
    Inspect {
        /// Volumes by name
        #[arg(required = true)]
        volumes: Vec<String>,
    },
    /// Remove volumes and what is in them
    Rm {
        /// Volumes by name
        #[arg(required = true)]
        volumes: Vec<String>,
    },
    /// Show the volumes that no container has mounted; those that are named go
    Prune {
        /// Only show which
        #[arg(long)]
        dry_run: bool,
        /// Volumes by name
        volumes: Vec<String>,
    },
}

/// `cto network`.
#[derive(Debug, Args)]
pub struct NetworkArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: NetworkCommand,
}

/// The commands of networks.
#[derive(Debug, Subcommand)]
pub enum NetworkCommand {
    /// List networks
    Ls(ListArgs),
    /// Make a network
    Create {
        /// Its name
        name: String,
        /// Nothing on it reaches the outside
        #[arg(long)]
        internal: bool,
        /// What makes it; another than bridge only where policy allows it
        #[arg(short, long, value_name = "DRIVER")]
        driver: Option<String>,
        /// Its range of addresses; the engine chooses where none is given
        #[arg(long, value_name = "RANGE")]
        subnet: Option<String>,
        /// A label; may be repeated
        #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
        label: Vec<(String, String)>,
    },
    /// Show all that is known of networks, as JSON
    Inspect {
        /// Networks by name or id
        #[arg(required = true)]
        networks: Vec<String>,
    },
    /// Remove networks that no container is on
    Rm {
        /// Networks by name or id
        #[arg(required = true)]
        networks: Vec<String>,
    },
    /// Put a container on a network
    Connect {
        /// A further name by which the others there find it; may be repeated
        #[arg(long, value_name = "NAME")]
        alias: Vec<String>,
        /// Network by name or id
        network: String,
        /// Container by name, id or prefix
        container: String,
    },
    /// Take a container off a network
    Disconnect {
        /// Network by name or id
        network: String,
        /// Container by name, id or prefix
        container: String,
    },
    /// Remove the networks of cto that no container is on
    Prune {
        /// Also those that other tools made
        #[arg(short, long)]
        all: bool,
        /// Only show which
        #[arg(long)]
        dry_run: bool,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
}

/// `cto clean`.
#[derive(Debug, Args)]
pub struct CleanArgs {
    /// Only show what, and how much room it takes
    #[arg(long)]
    pub dry_run: bool,
    /// Hours for which nothing has used it
    #[arg(long, value_name = "HOURS", default_value_t = 24)]
    pub older: u32,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}
