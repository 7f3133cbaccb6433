//! The volume that brings the session holder into the containers that cto makes.
use super::Engine;
use super::fault::About;
use super::holder::HOLDER;
use super::holder::HOLDER_VERSION;
use super::labels;
use super::link::Open;
use crate::error::Error;
use crate::error::Result;
use bollard::models::ContainerCreateBody;
use bollard::models::HostConfig;
use bollard::models::Mount;
use bollard::models::MountType;
use bollard::models::MountVolumeOptions;
use bollard::models::Volume;
use bollard::models::VolumeCreateRequest;
use bollard::query_parameters::CreateContainerOptionsBuilder;
use bollard::query_parameters::DownloadFromContainerOptionsBuilder;
use bollard::query_parameters::ListVolumesOptionsBuilder;
use bollard::query_parameters::RemoveContainerOptionsBuilder;
use bollard::query_parameters::RemoveVolumeOptions;
use bollard::query_parameters::UploadToContainerOptionsBuilder;
use bytes::Bytes;
use futures_util::StreamExt;
use jiff::SignedDuration;
use jiff::Timestamp;
use std::collections::HashMap;
use std::time::Duration;

/// Where the volume is mounted.
pub(super) const MOUNTED: &str = "/.cto";
/// The holder there.
pub(super) const HOLD: &str = "/.cto/hold";
/// What its name begins with.
pub(super) const PREFIX: &str = "cto-hold-";
/// What the name of a container begins with that fills it.
pub(super) const HELPER_NAME: &str = "cto-helper-";
/// A volume of another version is kept this long: a server of that version may be about to use it.
const OLD: SignedDuration = SignedDuration::from_hours(24);
/// How long filling it may take.
const FILLING: Duration = Duration::from_secs(30);

/// The volume that was last seen to be filled, by when it was made: one that was pruned and made again is empty.
pub(super) type Filled = tokio::sync::Mutex<Option<String>>;

/// The volume's name.
pub(super) fn name() -> String {
    format!("{PREFIX}{HOLDER_VERSION}")
}

/// The mount of the volume.
pub(super) fn mount(volume: &str, read_only: bool) -> Mount {
    Mount {
        target: Some(MOUNTED.to_owned()),
        source: Some(volume.to_owned()),
        typ: Some(MountType::VOLUME),
        read_only: Some(read_only),
        volume_options: Some(MountVolumeOptions { no_copy: Some(true), ..MountVolumeOptions::default() }),
        ..Mount::default()
    }
}

/// Whether the holder runs on machines of this architecture, as the engine calls it.
pub(super) fn runs_on(architecture: &str) -> bool {
    let own = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    architecture.is_empty() || architecture == own
}

/// The holder as a tar, at `path`.
pub(super) fn tar(path: &str) -> Result<Vec<u8>> {
    let failed = |error: std::io::Error| Error::internal(format!("a tar in memory failed: {error}"));
    let mut builder = tar::Builder::new(Vec::with_capacity(HOLDER.len() + 4096));
    if let Some((dir, _)) = path.rsplit_once('/') {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Directory);
        header.set_size(0);
        header.set_mode(0o755);
        builder.append_data(&mut header, format!("{dir}/"), std::io::empty()).map_err(failed)?;
    }
    let mut header = tar::Header::new_gnu();
    header.set_size(HOLDER.len() as u64);
    header.set_mode(0o755);
    builder.append_data(&mut header, path, HOLDER).map_err(failed)?;
    builder.into_inner().map_err(failed)
}

impl Engine {
    /// The name of the volume with the holder, filled by way of a container of `image` that never runs.
    ///
    /// # Errors
    /// What the engine says where it can't be filled.
    pub(super) async fn holder_volume(&self, image: &str) -> Result<String> {
        let name = name();
        let open = self.link().open().await?;
        // Held while it is filled, so that others wait for that instead of doing it too.
        let mut filled = self.0.filled.lock().await;
        let fault = |error| self.link().fault(error, &About::Engine);
        if let Ok(found) = open.docker.inspect_volume(&name).await
            && filled.is_some()
            && *filled == found.created_at.map(|at| format!("{at:?}"))
        {
            return Ok(name);
        }
        // It has no server's mark: it is for every server of this version.
        let labels = HashMap::from([(labels::HELPER.to_owned(), "volume".to_owned())]);
        let wanted = VolumeCreateRequest { name: Some(name.clone()), labels: Some(labels), ..VolumeCreateRequest::default() };
        let made = open.docker.create_volume(wanted).await.map_err(fault)?;
        let work = self.fill(&open, &name, image);
        tokio::time::timeout(FILLING, work).await.map_err(|_| Error::internal("the session holder was not brought into its volume in time"))??;
        *filled = made.created_at.map(|at| format!("{at:?}"));
        Ok(name)
    }

    /// Removes the volumes with holders of other versions that are a day old and that no container uses.
    ///
    /// # Errors
    /// `engine_unavailable`, or what the engine says where it lists none.
    pub async fn remove_old_holders(&self) -> Result<()> {
        let open = self.link().open().await?;
        for old in self.holders_of_other_versions().await? {
            // One that a container uses is refused by the engine, which is what keeps it.
            match open.docker.remove_volume(&old, None::<RemoveVolumeOptions>).await {
                Ok(()) => tracing::info!(volume = old, "removed the session holder of another version"),
                Err(error) => tracing::debug!(%error, volume = old, "the session holder of another version stays"),
            }
        }
        Ok(())
    }

    /// Names of the volumes with holders of other versions that are a day old.
    pub(super) async fn holders_of_other_versions(&self) -> Result<Vec<String>> {
        let open = self.link().open().await?;
        let filters = HashMap::from([("label", vec![format!("{}=volume", labels::HELPER)])]);
        let options = ListVolumesOptionsBuilder::default().filters(&filters).build();
        let listed = open.docker.list_volumes(Some(options)).await.map_err(|error| self.link().fault(error, &About::Engine))?;
        Ok(old_ones(&listed.volumes.unwrap_or_default(), Timestamp::now()))
    }

    async fn fill(&self, open: &Open, volume: &str, image: &str) -> Result<()> {
        let fault = |error| self.link().fault(error, &About::Engine);
        let body = ContainerCreateBody {
            image: Some(image.to_owned()),
            entrypoint: Some(vec![HOLD.to_owned()]),
            cmd: Some(vec!["probe".to_owned()]),
            labels: Some(HashMap::from_iter(self.mark().into_iter().chain([(labels::HELPER.to_owned(), "container".to_owned())]))),
            host_config: Some(HostConfig { mounts: Some(vec![mount(volume, false)]), network_mode: Some("none".to_owned()), ..HostConfig::default() }),
            ..ContainerCreateBody::default()
        };
        let helper = format!("{HELPER_NAME}{}", uuid::Uuid::now_v7().simple());
        let options = CreateContainerOptionsBuilder::default().name(&helper).build();
        let id = open.docker.create_container(Some(options), body).await.map_err(fault)?.id;
        let result = put_once(open, &id).await.map_err(fault);
        let options = RemoveContainerOptionsBuilder::default().force(true).build();
        if let Err(error) = open.docker.remove_container(&id, Some(options)).await {
            tracing::warn!(%error, helper, "the container that filled the holder's volume can't be removed");
        }
        result
    }
}

/// Those volumes that are holders' of other versions and old.
fn old_ones(volumes: &[Volume], now: Timestamp) -> Vec<String> {
    let is_old = |volume: &&Volume| {
        let made: Option<Timestamp> = volume.created_at.as_deref().and_then(|at| at.parse().ok());
        volume.name.starts_with(PREFIX) && volume.name != name() && made.is_some_and(|made| now.duration_since(made) > OLD)
    };
    volumes.iter().filter(is_old).map(|volume| volume.name.clone()).collect()
}

/// Puts the holder into the volume unless it is there: programs run from it, and a moment without it would be a failed start.
async fn put_once(open: &Open, helper: &str) -> Result<(), bollard::errors::Error> {
    let options = DownloadFromContainerOptionsBuilder::default().path(HOLD).build();
    let mut there = Vec::new();
    let mut pieces = Box::pin(open.docker.download_from_container(helper, Some(options)));
    while let Some(Ok(piece)) = pieces.next().await {
        there.extend_from_slice(&piece);
        if there.len() > HOLDER.len() + (64 << 10) {
            break;
        }
    }
    // In a tar a file's bytes come after a head of 512.
    if there.get(512..512 + HOLDER.len()) == Some(HOLDER) {
        return Ok(());
    }
    let tar = tar("hold").unwrap_or_default();
    let options = UploadToContainerOptionsBuilder::default().path(MOUNTED).build();
    open.docker.upload_to_container(helper, Some(options), bollard::body_full(Bytes::from(tar))).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_old_volumes_of_other_versions_are_removed() {
        let volume = |name: &str, made: &str| Volume { name: name.to_owned(), created_at: Some(made.to_owned()), ..Volume::default() };
        let now: Timestamp = "2030-01-03T00:00:00Z".parse().expect("valid");
        let (old, young) = ("2030-01-01T02:00:00+01:00", "2030-01-02T12:00:00Z");
        let all = [volume("cto-hold-0.0.1-a", old), volume("cto-hold-0.0.1-b", young), volume(&name(), old), volume("data", old), volume("cto-hold-c", "?")];
        assert_eq!(old_ones(&all, now), ["cto-hold-0.0.1-a"]);
    }
}
