//! What a container has mounted from the host.
use super::Engine;
use crate::error::Result;

impl Engine {
    /// The host's directories and files that a container sees: the path on the host, and the path inside.
    ///
    /// # Errors
    /// When there is no such container, or the engine can't be reached.
    pub async fn mounts(&self, name: &str) -> Result<Vec<(String, String)>> {
        let found = self.inspect_raw(name).await?;
        let mounts = found.mounts.unwrap_or_default();
        Ok(mounts.into_iter().filter_map(|mount| Some((mount.source?, mount.destination?))).filter(|(host, _)| host.starts_with('/')).collect())
    }
}
