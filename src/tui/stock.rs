//! The engine's images, volumes and networks: what is known of them, and what can be asked for.
use crate::model::Image;
use crate::model::ImageHistory;
use crate::model::ListName;
use crate::model::Network;
use crate::model::Operation;
use crate::model::Volume;

/// What is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Images.
    Images,
    /// Volumes.
    Volumes,
    /// Networks.
    Networks,
}

impl Kind {
    /// All.
    pub const ALL: [Self; 3] = [Self::Images, Self::Volumes, Self::Networks];

    /// One of them, in a word.
    #[must_use]
    pub fn one(self) -> &'static str {
        match self {
            Self::Images => "image",
            Self::Volumes => "volume",
            Self::Networks => "network",
        }
    }

    /// What events call the list.
    #[must_use]
    pub fn list(self) -> ListName {
        match self {
            Self::Images => ListName::Images,
            Self::Volumes => ListName::Volumes,
            Self::Networks => ListName::Networks,
        }
    }

    /// Several of them, in a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::Volumes => "volumes",
            Self::Networks => "networks",
        }
    }
}

/// What is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stock {
    /// Images, newest first; none before they were listed.
    pub images: Option<Vec<Image>>,
    /// Volumes, by name.
    pub volumes: Option<Vec<Volume>>,
    /// Networks, by name.
    pub networks: Option<Vec<Network>>,
}

impl Stock {
    /// Whether the engine has the image of this reference, as far as images were listed.
    #[must_use]
    pub fn has_image(&self, reference: &str) -> bool {
        let name = reference.rsplit('/').next().unwrap_or(reference);
        let whole = if name.contains([':', '@']) { reference.to_owned() } else { format!("{reference}:latest") };
        self.images.iter().flatten().any(|image| image.tags.iter().chain(&image.digests).any(|known| *known == whole))
    }

    /// Takes in a list.
    pub fn learn(&mut self, told: &StockReply) {
        match told {
            StockReply::Images(images) => self.images = Some(images.clone()),
            StockReply::Volumes(volumes) => self.volumes = Some(volumes.clone()),
            StockReply::Networks(networks) => self.networks = Some(networks.clone()),
            _ => {}
        }
    }

    /// The names of a kind, as the command line takes them.
    #[must_use]
    pub fn names(&self, kind: Kind) -> Vec<&str> {
        match kind {
            Kind::Images => self.images.iter().flatten().flat_map(|image| image.tags.iter().map(String::as_str)).collect(),
            Kind::Volumes => self.volumes.iter().flatten().map(|volume| volume.name.as_str()).collect(),
            Kind::Networks => self.networks.iter().flatten().map(|network| network.name.as_str()).collect(),
        }
    }
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum StockWish {
    /// All of a kind.
    List(Kind),
    /// An image, from its registry.
    Pull(String),
    /// An image, to its registry.
    Push(String),
    /// One more name for an image.
    Tag {
        /// By this name or id.
        image: String,
        /// The new name.
        name: String,
    },
    /// The layers of an image.
    History(String),
    /// All that is known of one, as JSON.
    Inspect(Kind, String),
    /// A new volume.
    CreateVolume(String),
    /// A new network.
    CreateNetwork {
        /// Its name.
        name: String,
        /// Nothing on it reaches the outside.
        internal: bool,
    },
    /// A container on a network.
    Connect {
        /// The network.
        network: String,
        /// The container.
        container: String,
    },
    /// A container off a network.
    Disconnect {
        /// The network.
        network: String,
        /// The container.
        container: String,
    },
    /// These are to go, one after the other.
    Remove {
        /// Of which kind.
        kind: Kind,
        /// Which.
        names: Vec<String>,
        /// Images also where containers that do not run were made from them.
        force: bool,
    },
    /// What nothing uses, without touching it.
    Unused {
        /// Of which kind.
        kind: Kind,
        /// All of it, not only what cto prunes by itself.
        all: bool,
    },
    /// Removes what nothing uses; volumes only those that are named.
    Prune {
        /// Of which kind.
        kind: Kind,
        /// As in [`StockWish::Unused`].
        all: bool,
        /// What was shown and agreed to.
        names: Vec<String>,
    },
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum StockReply {
    /// All images.
    Images(Vec<Image>),
    /// All volumes.
    Volumes(Vec<Volume>),
    /// All networks.
    Networks(Vec<Network>),
    /// It is under way.
    Operation(Box<Operation>),
    /// The layers of an image.
    Layers(ImageHistory),
    /// JSON to be read.
    Report(serde_json::Value),
    /// What could be removed.
    Unused {
        /// By names.
        names: Vec<String>,
        /// Their bytes, as far as that is known.
        bytes: Option<u64>,
    },
    /// What was removed, and what was not.
    Removed {
        /// By names.
        gone: Vec<String>,
        /// Names, and why.
        kept: Vec<String>,
        /// Bytes that were freed, as far as that is known.
        bytes: Option<u64>,
    },
    /// Done; this is to be said.
    Done(String),
}
