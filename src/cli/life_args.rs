//! What can be typed about containers that live: signals, names, limits, images of them.
use clap::Args;

/// Commands that take one container.
#[derive(Debug, Args)]
pub struct NameArgs {
    /// Container by name, id or prefix
    pub container: String,
}

/// `cto kill`.
#[derive(Debug, Args)]
pub struct KillArgs {
    /// Signal by name or number
    #[arg(short, long, value_name = "SIGNAL", default_value = "KILL")]
    pub signal: String,
    /// Containers by name, id or prefix
    #[arg(required = true)]
    pub containers: Vec<String>,
}

/// `cto rename`.
#[derive(Debug, Args)]
pub struct RenameArgs {
    /// Container by name, id or prefix
    pub container: String,
    /// Its new name
    pub name: String,
}

/// `cto top`.
#[derive(Debug, Args)]
pub struct TopArgs {
    /// Container by name, id or prefix
    pub container: String,
    /// Options of ps, such as -o pid,comm
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "PS OPTIONS")]
    pub ps: Vec<String>,
}

/// `cto update`.
#[derive(Debug, Args)]
pub struct UpdateArgs {
    /// Memory, swap included, such as 512m
    #[arg(short, long, value_name = "BYTES", value_parser = memory)]
    pub memory: Option<u64>,
    /// Processor time in cores, such as 0.5
    #[arg(long, value_name = "CORES")]
    pub cpus: Option<f64>,
    /// Processes and threads
    #[arg(long, value_name = "NUMBER")]
    pub pids_limit: Option<u32>,
    /// Containers by name, id or prefix
    #[arg(required = true)]
    pub containers: Vec<String>,
}

/// `cto commit`.
#[derive(Debug, Args)]
pub struct CommitArgs {
    /// What has changed, for the image's history
    #[arg(short, long, value_name = "TEXT")]
    pub message: Option<String>,
    /// Let the container run meanwhile
    #[arg(long)]
    pub no_pause: bool,
    /// Container by name, id or prefix
    pub container: String,
    /// Name of the image, with a tag or 'latest'
    pub image: String,
}

/// `cto cp`.
#[derive(Debug, Args)]
pub struct CopyArgs {
    /// What a link leads to instead of the link, where the source is one
    #[arg(short = 'L', long)]
    pub follow_link: bool,
    /// Most bytes that are written here, such as 10g
    #[arg(long, value_name = "BYTES", value_parser = memory)]
    pub max_size: Option<u64>,
    /// CONTAINER:PATH, a path here, or -
    pub source: String,
    /// A path here, CONTAINER:PATH, or -
    pub destination: String,
}

/// `cto stats`.
#[derive(Debug, Args)]
pub struct StatsArgs {
    /// One table, then end
    #[arg(long)]
    pub no_stream: bool,
    /// What was used until now, instead
    #[arg(long, conflicts_with = "no_stream")]
    pub history: bool,
    /// Since when: a time, or how long ago, such as 15m or 2d
    #[arg(long, value_name = "WHEN", default_value = "1h", requires = "history")]
    pub since: String,
    /// Containers by name, id or prefix; all that run where none is named
    pub containers: Vec<String>,
}

/// Reads an amount of memory.
fn memory(text: &str) -> Result<u64, String> {
    crate::config::parse_memory(text)
}
