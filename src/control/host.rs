//! What the host calls the paths of cto's own container, where cto runs in one.
use super::Control;
use crate::access::shows_engine;
use crate::config::mounts::OwnMount;
use crate::config::mounts::map_to_host;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::ContainerSpec;
use crate::model::MountSource;
use std::path::Path;
use tokio::sync::OnceCell;

/// The mounts of our own container, looked up once; none where we run in no container of this engine.
#[derive(Debug, Default)]
pub(super) struct Host(OnceCell<Option<Vec<OwnMount>>>);

impl Control {
    /// The spec with host paths as the host calls them.
    ///
    /// # Errors
    /// `policy_refused` with the remedy when a path lies in cto's own container only.
    pub(super) async fn with_host_paths(&self, mut spec: ContainerSpec) -> Result<ContainerSpec> {
        if !spec.mounts.iter().any(|mount| matches!(mount.source, MountSource::Bind { .. })) {
            return Ok(spec);
        }
        let Some(own) = self.0.host.0.get_or_try_init(|| self.own_mounts()).await? else { return Ok(spec) };
        for mount in &mut spec.mounts {
            if let MountSource::Bind { path } = &mut mount.source {
                let host = map_to_host(Path::new(path.as_str()), own).and_then(|host| host.to_str().map(str::to_owned));
                *path = host.ok_or_else(|| {
                    let error = Error::new(Code::PolicyRefused, format!("'{path}' lies in cto's own container, where other containers can't see it"));
                    error.fix(
                        "start cto's container with a directory of the host mounted there, such as '-v /srv/work:/srv/work', and launch from that directory",
                    )
                })?;
                // The same place may be harmless by its name here, and the engine's by its name there.
                if shows_engine(Path::new(path.as_str())) {
                    return Err(Error::new(
                        Code::PolicyRefused,
                        format!("'{path}' of the host would give the container the engine's socket; nobody can lift this"),
                    ));
                }
            }
        }
        Ok(spec)
    }

    async fn own_mounts(&self) -> Result<Option<Vec<OwnMount>>> {
        let Some(id) = own_container() else { return Ok(None) };
        match self.parts().engine.mounts(&id).await {
            Ok(mounts) => Ok(Some(mounts.into_iter().map(|(host, here)| OwnMount { host: host.into(), here: here.into() }).collect())),
            // In a container, but not in one of this engine: its paths are not ours to translate.
            Err(error) if error.code == Code::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The id of the container that this process runs in, if any: engines mount files of the container's own directory into it.
fn own_container() -> Option<String> {
    if !Path::new("/.dockerenv").exists() && !Path::new("/run/.containerenv").exists() {
        return None;
    }
    container_in(&std::fs::read_to_string("/proc/self/mountinfo").ok()?)
}

fn container_in(mountinfo: &str) -> Option<String> {
    let is_id = |part: &&str| part.len() == 64 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let files = ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"];
    let own = mountinfo.lines().filter(|line| line.split(' ').nth(4).is_some_and(|target| files.contains(&target)));
    own.filter_map(|line| line.split(' ').nth(3)?.split('/').find(is_id)).map(str::to_owned).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_container_is_found_by_the_files_that_engines_mount() {
        let id = "ab".repeat(32);
        let text = format!("1 2 0:1 / / rw - overlay overlay rw\n3 2 8:1 /var/lib/docker/containers/{id}/hostname /etc/hostname rw - ext4 /dev/sda1 rw\n");
        assert_eq!(container_in(&text), Some(id));
        assert_eq!(container_in("1 2 0:1 /etc/hostname /etc/hostname rw - ext4 /dev/sda1 rw\n"), None);
    }
}
