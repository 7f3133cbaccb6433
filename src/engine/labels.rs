//! The labels by which cto knows its own containers and images.
use super::Engine;
use std::collections::HashMap;

/// Labels by name.
pub(super) type Labels = HashMap<String, String>;

/// The user who made a container through cto.
pub(super) const OWNER: &str = "cto.owner";
/// The template it came from.
pub(super) const TEMPLATE: &str = "cto.template";
/// The image's reference as it was asked for: a container is made from an image's id.
pub(super) const IMAGE: &str = "cto.image";
/// Hash of the spec it was made from; never the spec itself, which may hold secrets.
pub(super) const SPEC: &str = "cto.spec";
/// Its sessions are recorded, whatever it says.
pub(super) const RECORDING: &str = "cto.recording";
/// When it is started again, as its template says it.
pub(super) const RESTART: &str = "cto.restart";
/// Seconds after its start at which it is stopped.
pub(super) const TTL: &str = "cto.ttl";
/// Seconds without activity after which it is stopped.
pub(super) const IDLE: &str = "cto.idle";
/// The stack that a container, network or volume is part of.
pub(super) const STACK: &str = "cto.stack";
/// A container's name in its stack's file, and its number where there are several.
pub(super) const MEMBER: &str = "cto.stack.member";
/// Hash of all that the stack's file says of a container.
pub(super) const STACK_HASH: &str = "cto.stack.hash";
/// The members of its stack that a container waits for.
pub(super) const AFTER: &str = "cto.stack.after";
/// The hosts that a container reaches by its gateway, as its template says them.
pub(super) const EGRESS: &str = "cto.egress";
/// The server that made it, by the id of its database: the keepers of others leave it alone.
pub(super) const SERVER: &str = "cto.server";
/// The operation that launched it.
pub(super) const LAUNCH: &str = "cto.launch";
/// The version of cto that made it.
pub(super) const VERSION: &str = "cto.version";
/// On what only helps cto itself, and is shown to nobody.
pub(super) const HELPER: &str = "cto.helper";
/// On derived images: the hash of what they were made from.
pub(super) const DERIVED: &str = "cto.derived";
/// On images: the user who built or committed them through cto. Another name than a container's, which must not be its image's own.
pub(super) const BUILT_BY: &str = "cto.built-by";
/// What nobody else may set begins so.
pub(super) const PREFIX: &str = "cto.";

/// Images whose labels are remembered.
const REMEMBERED: usize = 1000;

impl Engine {
    /// Our server's mark, for what is made; none where no server uses this engine.
    pub(super) fn mark(&self) -> Option<(String, String)> {
        self.1.as_deref().map(|server| (SERVER.to_owned(), server.to_owned()))
    }

    /// Whether what has these labels was made by another server than ours. What has no mark was made by an older version, and is anybody's.
    pub(super) fn is_of_another(&self, labels: Option<&Labels>) -> bool {
        labels.and_then(|labels| labels.get(SERVER)).is_some_and(|mark| !mark.is_empty() && self.1.as_deref().is_some_and(|server| server != mark.as_str()))
    }

    /// The `cto.` labels of an image, remembered, since an image id never changes its content.
    pub(super) async fn image_labels(&self, image: &str) -> Labels {
        if let Some(known) = self.remembered().get(image) {
            return known.clone();
        }
        let Ok(open) = self.link().open().await else { return Labels::new() };
        let Ok(found) = open.docker.inspect_image(image).await else { return Labels::new() };
        let mut labels = found.config.and_then(|config| config.labels).unwrap_or_default();
        labels.retain(|name, _| name.starts_with(PREFIX));
        let mut remembered = self.remembered();
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        remembered.insert(image.to_owned(), labels.clone());
        labels
    }
}
