//! What can be typed after `cto template`.
use crate::cli::args::pair;
use clap::Args;
use clap::Subcommand;
use std::path::PathBuf;

/// `cto template`.
#[derive(Debug, Args)]
pub struct TemplateArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: TemplateCommand,
}

/// The commands of templates.
#[derive(Debug, Subcommand)]
pub enum TemplateCommand {
    /// List templates, and files with mistakes
    Ls,
    /// Show a template
    Show {
        /// Its name
        name: String,
    },
    /// Show every mistake in template files
    Check {
        /// Files, or - for standard input
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Save a template among the server's own; one with mistakes is not saved
    Save {
        /// Its file, or - for standard input
        file: PathBuf,
        /// Only where there is none of that name yet
        #[arg(long)]
        new: bool,
        /// Only say what is wrong in it
        #[arg(long)]
        dry_run: bool,
    },
    /// Remove templates that were saved in the server; those that ship are there again
    Rm {
        /// Their names
        #[arg(required = true)]
        names: Vec<String>,
    },
    /// Show the container that a template makes, without making it
    Render {
        /// Template by name, or a template's file
        template: String,
        /// Name of the container
        #[arg(long)]
        name: Option<String>,
        /// Value of a parameter or field; may be repeated
        #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
        set: Vec<(String, String)>,
    },
    /// Print the JSON Schema of templates, for editors
    Schema,
}
