//! What can be typed after `cto schedule`.
use clap::Args;
use clap::Subcommand;
use clap::ValueEnum;

/// `cto schedule`.
#[derive(Debug, Args)]
pub struct ScheduleArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: ScheduleCommand,
}

/// The commands of schedules.
#[derive(Debug, Subcommand)]
pub enum ScheduleCommand {
    /// List schedules: when they are due, and what became of their last time
    Ls {
        /// Only what contains this text
        #[arg(short, long, value_name = "TEXT")]
        query: Option<String>,
        /// Sort by a field, such as 'owner'; '-owner' turns the order round
        #[arg(long, value_name = "FIELD", allow_hyphen_values = true)]
        sort: Option<String>,
    },
    /// Show a schedule
    Show {
        /// Its name
        name: String,
    },
    /// Make a schedule
    Add {
        /// Its name
        name: String,
        /// Script by name; or a script's file (FILE.luau), which is kept with the schedule
        script: String,
        /// Whatever else there is to say.
        #[command(flatten)]
        spec: SpecArgs,
        /// Begin paused
        #[arg(long)]
        paused: bool,
        /// Make nothing; only show the next times, or what is wrong
        #[arg(long)]
        dry_run: bool,
    },
    /// Change what is said of a schedule, and leave the rest
    Edit {
        /// Its name
        name: String,
        /// Another script by name, or a script's file (FILE.luau)
        #[arg(long)]
        script: Option<String>,
        /// Whatever else there is to say.
        #[command(flatten)]
        spec: SpecArgs,
    },
    /// Remove schedules; their runs stay
    Rm {
        /// Schedules by name
        #[arg(required = true)]
        schedules: Vec<String>,
    },
    /// Let schedules start nothing until they are resumed
    Pause {
        /// Schedules by name
        #[arg(required = true)]
        schedules: Vec<String>,
    },
    /// Let paused schedules go on from now
    Resume {
        /// Schedules by name
        #[arg(required = true)]
        schedules: Vec<String>,
    },
    /// Run a schedule's script now
    Run {
        /// Its name
        name: String,
    },
    /// Show the next times of a schedule, or of all, in its zone and in yours
    Next {
        /// Its name; all where none is given
        name: Option<String>,
        /// How many times
        #[arg(short = 'n', long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=500))]
        count: u32,
        /// Your zone, where it is not this machine's
        #[arg(long, value_name = "ZONE")]
        zone: Option<String>,
    },
    /// Show what became of a schedule's times, latest first
    History {
        /// Its name
        name: String,
        /// How many
        #[arg(short = 'n', long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=500))]
        count: u32,
    },
}

/// What runs when, beside the script.
#[derive(Debug, Default, Args)]
pub struct SpecArgs {
    /// Cron line '[second] minute hour day month weekday', or @hourly, @daily, @weekly, @monthly, @yearly, '@every 90m'
    #[arg(long, value_name = "LINE", conflicts_with = "at")]
    pub cron: Option<String>,
    /// Once: 2026-12-24T18:00 by the clocks of the zone, or 2026-12-24T17:00:00Z
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Time zone of these times, such as Europe/Berlin; this machine's where none is given
    #[arg(long, value_name = "ZONE")]
    pub zone: Option<String>,
    /// Value of a parameter; may be repeated
    #[arg(short, long = "param", value_name = "NAME=VALUE", value_parser = crate::cli::args::pair)]
    pub params: Vec<(String, String)>,
    /// What becomes of times at which no server ran [default: once]
    #[arg(long, value_enum)]
    pub missed: Option<MissedArg>,
    /// With '--missed all': so many at most [default: 10]
    #[arg(long, value_name = "COUNT")]
    pub most: Option<u32>,
    /// What to do while a run of before is under way [default: forbid]
    #[arg(long, value_enum)]
    pub overlap: Option<OverlapArg>,
    /// Start up to so much later, each time differently: 30s, 5m, 1h
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    pub jitter: Option<u32>,
}

/// What becomes of times at which no server ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MissedArg {
    /// Nothing
    Skip,
    /// One run makes up for all
    Once,
    /// A run for each
    All,
}

/// What to do while a run of before is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OverlapArg {
    /// Run both
    Allow,
    /// Leave the new one out
    Forbid,
    /// Cancel the one of before
    Replace,
    /// Let the new one wait
    Queue,
}

/// Reads seconds: `30`, `30s`, `5m`, `1h`.
fn seconds(text: &str) -> Result<u32, String> {
    let wrong = || format!("'{text}' is not a time: write it as 30s, 5m or 1h");
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(number) => (number, &text[number.len()..]),
        None => (text, "s"),
    };
    let factor = match unit {
        "h" => 3_600,
        "m" => 60,
        _ => 1,
    };
    number.parse::<u32>().ok().and_then(|number| number.checked_mul(factor)).ok_or_else(wrong)
}
