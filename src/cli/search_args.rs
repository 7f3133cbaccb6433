//! What can be typed about searches through logs.
use crate::model::LogLevel;
use clap::Args;
use clap::builder::PossibleValue;

/// `cto search`.
#[derive(Debug, Args)]
pub struct SearchArgs {
    /// What is looked for
    pub query: String,
    /// Containers by name, id or prefix; all where none is named
    pub containers: Vec<String>,
    /// The query is a regular expression
    #[arg(short = 'e', long)]
    pub regex: bool,
    /// Small and large letters differ
    #[arg(short = 's', long)]
    pub case_sensitive: bool,
    /// Only containers with this label
    #[arg(short, long, value_name = "NAME=VALUE")]
    pub label: Vec<String>,
    /// Only lines printed then or later: a time, or how long ago, such as 10m
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Only lines printed before
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Only lines that are at least so grave, by the words in them
    #[arg(long, value_enum)]
    pub level: Option<LogLevel>,
    /// Lines shown before and after each, 5 at most
    #[arg(short = 'C', long, value_name = "LINES", default_value_t = 0)]
    pub context: u32,
    /// Ends with so many, 500 at most
    #[arg(short = 'n', long, value_name = "NUMBER", default_value_t = 200)]
    pub limit: u32,
}

impl clap::ValueEnum for LogLevel {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }))
    }
}
