//! What can be typed after `cto rec`.
use clap::Args;
use clap::Subcommand;
use clap::ValueEnum;
use std::path::PathBuf;
use std::time::Duration;

/// `cto rec`.
#[derive(Debug, Args)]
pub struct RecArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: RecCommand,
}

/// The commands of recordings.
#[derive(Debug, Subcommand)]
pub enum RecCommand {
    /// List recordings, newest first where no other order is given
    Ls {
        /// Only what contains this text
        #[arg(short, long, value_name = "TEXT")]
        query: Option<String>,
        /// Sort by a field, such as 'owner'; '-owner' turns the order round
        #[arg(long, value_name = "FIELD", allow_hyphen_values = true)]
        sort: Option<String>,
    },
    /// Show what is known of a recording
    Show {
        /// Recording's id or a unique part of it
        recording: String,
    },
    /// Begin to record a session
    Start {
        /// Session's id or a unique part of it; a container means its main program
        session: String,
        /// Record what is typed too, passwords included
        #[arg(long)]
        input: bool,
    },
    /// End the recording of a session
    Stop {
        /// Session's id or a unique part of it; a container means its main program
        session: String,
    },
    /// Play a recording on the terminal; into a pipe it is printed as text at once
    Play {
        /// Recording's id or a unique part of it
        recording: String,
        /// How many times as fast
        #[arg(long, default_value_t = 1.0, value_parser = speed)]
        speed: f64,
        /// Begin there: seconds, MM:SS or HH:MM:SS
        #[arg(long, value_name = "TIME", value_parser = time)]
        from: Option<Duration>,
        /// Wait at most so many seconds where nothing happens
        #[arg(long, value_name = "SECONDS", value_parser = time)]
        idle_limit: Option<Duration>,
        /// Print the text also on a terminal
        #[arg(long)]
        raw_text: bool,
    },
    /// Write a recording to a file or to standard output
    Export {
        /// Recording's id or a unique part of it
        recording: String,
        /// asciicast, text, or a picture
        #[arg(long = "as", value_enum, value_name = "FORM", default_value_t = Form::Cast)]
        form: Form,
        /// Begin there; a picture shows this time: seconds, MM:SS or HH:MM:SS
        #[arg(long, value_name = "TIME", value_parser = time)]
        at: Option<Duration>,
        /// File to write; it must not exist
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Make a script of a recording: what was typed, each after its prompt; passwords become parameters
    ToScript {
        /// Recording's id or a unique part of it
        recording: String,
        /// File to write; it must not exist
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Remove recordings that have ended
    Rm {
        /// Recordings' ids or unique parts of them
        #[arg(required = true)]
        recordings: Vec<String>,
    },
}

/// Forms of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// asciicast v3, which asciinema plays.
    Cast,
    /// The lines that went by.
    Txt,
    /// The screen as a picture.
    Svg,
}

/// Reads seconds, `MM:SS` or `HH:MM:SS`.
fn time(text: &str) -> Result<Duration, String> {
    let wrong = || "write seconds, MM:SS or HH:MM:SS".to_owned();
    let parts: Vec<&str> = text.split(':').collect();
    let (last, before) = parts.split_last().ok_or_else(wrong)?;
    let mut seconds: f64 = 0.0;
    for part in before {
        seconds = (seconds + f64::from(part.parse::<u32>().map_err(|_| wrong())?)) * 60.0;
    }
    seconds += last.parse::<f64>().ok().filter(|last| *last >= 0.0).ok_or_else(wrong)?;
    if parts.len() > 3 || !(0.0..1e9).contains(&seconds) {
        return Err(wrong());
    }
    Ok(Duration::from_secs_f64(seconds))
}

fn speed(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|speed| (0.01..=1000.0).contains(speed)).ok_or_else(|| "write a number from 0.01 to 1000".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        assert_eq!(time("90"), Ok(Duration::from_secs(90)));
        assert_eq!(time("1.5"), Ok(Duration::from_millis(1500)));
        assert_eq!(time("2:03"), Ok(Duration::from_secs(123)));
        assert_eq!(time("1:00:01"), Ok(Duration::from_secs(3601)));
        assert!(["", "x", "1:2:3:4", "-1", "1:-2", "nan"].iter().all(|text| time(text).is_err()));
    }
}
