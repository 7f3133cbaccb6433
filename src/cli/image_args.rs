//! What can be typed about images.
use clap::Args;
use clap::Subcommand;
use std::path::PathBuf;

/// `cto image`.
#[derive(Debug, Args)]
pub struct ImageArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: ImageCommand,
}

/// `cto images` and `cto image ls`.
#[derive(Debug, Args)]
pub struct ImagesArgs {
    /// Only what contains this text
    pub query: Option<String>,
    /// Only ids
    #[arg(short, long)]
    pub quiet: bool,
    /// Sort by a field, such as 'name'; '-name' turns the order round
    #[arg(long, value_name = "FIELD", allow_hyphen_values = true)]
    pub sort: Option<String>,
}

/// `cto pull`.
#[derive(Debug, Args)]
pub struct PullArgs {
    /// Image by name, with a tag, a digest, or 'latest'
    pub image: String,
}

/// The commands of images.
#[derive(Debug, Subcommand)]
pub enum ImageCommand {
    /// List images
    Ls(ImagesArgs),
    /// Show what the engine itself says of images, as JSON
    Inspect {
        /// Images by name or id
        #[arg(required = true)]
        images: Vec<String>,
    },
    /// Show the layers of an image
    History {
        /// Image by name or id
        image: String,
    },
    /// Bring an image from its registry
    Pull(PullArgs),
    /// Send an image to the registry that its name says
    Push {
        /// Image by name
        image: String,
    },
    /// Give an image one more name
    Tag {
        /// Image by name or id
        image: String,
        /// The new name
        name: String,
    },
    /// Take names away from images; with the last name the image goes
    Rm {
        /// Also where containers that do not run were made from it
        #[arg(short, long)]
        force: bool,
        /// Images by name or id
        #[arg(required = true)]
        images: Vec<String>,
    },
    /// Remove images without a name, and those for templates' packages, that no container uses
    Prune {
        /// Every image that no container uses
        #[arg(short, long)]
        all: bool,
        /// Only show which
        #[arg(long)]
        dry_run: bool,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
    /// Build an image from a directory with a Dockerfile; .dockerignore is heeded
    Build(BuildArgs),
    /// Make the images of templates: anew where base image or packages have changed, for the first time where there is none
    Refresh(RefreshArgs),
}

/// `cto image refresh`.
#[derive(Debug, Args)]
pub struct RefreshArgs {
    /// Templates by name or file
    #[arg(required_unless_present = "all")]
    pub templates: Vec<String>,
    /// Every template
    #[arg(short, long, conflicts_with = "templates")]
    pub all: bool,
    /// Do not ask registries for newer base images
    #[arg(long)]
    pub no_pull: bool,
    /// Value of a parameter; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = crate::cli::args::pair)]
    pub set: Vec<(String, String)>,
}

/// `cto image build`.
#[derive(Debug, Args)]
pub struct BuildArgs {
    /// Name of the image, with a tag or 'latest'
    #[arg(short, long, value_name = "NAME")]
    pub tag: String,
    /// The recipe, in the directory
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Value of an argument of the recipe; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    pub build_arg: Vec<String>,
    /// Stage to stop at
    #[arg(long, value_name = "STAGE")]
    pub target: Option<String>,
    /// Take nothing from earlier builds
    #[arg(long)]
    pub no_cache: bool,
    /// Look for base images anew
    #[arg(long)]
    pub pull: bool,
    /// default or none; host only where policy allows it
    #[arg(long, value_name = "NETWORK")]
    pub network: Option<String>,
    /// Directory to build from
    #[arg(default_value = ".")]
    pub directory: PathBuf,
}
