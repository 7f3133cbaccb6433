//! The volumes that the engine has: listed, made, removed when they are named.
use super::Engine;
use super::containers::can_be_named;
use super::fault::About;
use super::labels;
use super::volume::PREFIX;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::CreateVolume;
use crate::model::Volume;
use bollard::models::Volume as EngineVolume;
use bollard::models::VolumeCreateRequest;
use bollard::query_parameters::ListContainersOptionsBuilder;
use bollard::query_parameters::ListVolumesOptions;
use bollard::query_parameters::RemoveVolumeOptions;
use std::collections::HashMap;

/// Letters of a name that the engine gives a volume that nobody named.
const ANONYMOUS: usize = 64;

impl Engine {
    /// Every volume, by name.
    ///
    /// # Errors
    /// `engine_unavailable`.
    pub async fn volumes(&self) -> Result<Vec<Volume>> {
        let open = self.link().open().await?;
        let found = open.docker.list_volumes(None::<ListVolumesOptions>).await.map_err(|error| self.link().fault(error, &About::Engine))?;
        let mut users = self.users_of_volumes().await?;
        let named = |found: EngineVolume| {
            let users = users.remove(&found.name).unwrap_or_default();
            volume(found, users)
        };
        let shown = found.volumes.unwrap_or_default().into_iter().filter(|volume| !super::egress::helps(Some(&volume.labels)));
        let mut all: Vec<Volume> = shown.map(named).collect();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(all)
    }

    /// One volume.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn get_volume(&self, name: &str) -> Result<Volume> {
        if !can_be_named(name) {
            return Err(Error::not_found("volume", name).fix("'cto volume ls' lists the volumes"));
        }
        let open = self.link().open().await?;
        let found = open.docker.inspect_volume(name).await.map_err(|error| self.link().fault(error, &About::Volume(name)))?;
        if super::egress::helps(Some(&found.labels)) {
            return Err(Error::not_found("volume", name).fix("'cto volume ls' lists the volumes"));
        }
        let users = self.users_of_volumes().await?.remove(name).unwrap_or_default();
        Ok(volume(found, users))
    }

    /// Makes a volume for `owner`.
    ///
    /// # Errors
    /// `name_in_use`, `invalid_value`.
    pub async fn create_volume(&self, request: &CreateVolume, owner: &str) -> Result<Volume> {
        let work = async {
            let name = request.name.as_str();
            if !can_be_named(name) {
                return Err(
                    Error::invalid(format!("'{name}' can't be a volume's name")).fix("use letters, digits, '_', '.' and '-', beginning with a letter or digit")
                );
            }
            // The engine takes a name that is there for the same volume. Two at once make it once.
            let lock = self.building(&format!("volume {name}"));
            let _alone = lock.lock().await;
            match self.get_volume(name).await {
                Ok(_) => return Err(Error::new(Code::NameInUse, format!("there is a volume '{name}' already")).fix("choose another name")),
                Err(error) if error.code == Code::NotFound => {}
                Err(error) => return Err(error),
            }
            let mut labels: HashMap<String, String> = request.labels.clone().into_iter().collect();
            labels.insert(labels::OWNER.to_owned(), owner.to_owned());
            labels.extend(self.mark());
            let wanted = VolumeCreateRequest {
                name: Some(name.to_owned()),
                driver: request.driver.clone().filter(|driver| !driver.is_empty()),
                driver_opts: (!request.options.is_empty()).then(|| request.options.clone().into_iter().collect()),
                labels: Some(labels),
                ..VolumeCreateRequest::default()
            };
            let open = self.link().open().await?;
            let made = open.docker.create_volume(wanted).await.map_err(|error| self.link().fault(error, &About::Volume(name)))?;
            Ok(volume(made, Vec::new()))
        };
        self.called(None, format!("docker volume create {}", request.name), work).await
    }

    /// Removes a volume and what is in it.
    ///
    /// # Errors
    /// `not_found`; `wrong_state` when a container has it mounted.
    pub async fn remove_volume(&self, name: &str) -> Result<()> {
        let work = async {
            if !can_be_named(name) {
                return Err(Error::not_found("volume", name).fix("'cto volume ls' lists the volumes"));
            }
            let open = self.link().open().await?;
            open.docker.remove_volume(name, None::<RemoveVolumeOptions>).await.map_err(|error| self.link().fault(error, &About::Volume(name)))
        };
        self.called(None, format!("docker volume rm {name}"), work).await
    }

    /// Names of the containers that have each volume mounted.
    async fn users_of_volumes(&self) -> Result<HashMap<String, Vec<String>>> {
        let open = self.link().open().await?;
        let options = ListContainersOptionsBuilder::default().all(true).build();
        let found = open.docker.list_containers(Some(options)).await.map_err(|error| self.link().fault(error, &About::Engine))?;
        let mut users: HashMap<String, Vec<String>> = HashMap::new();
        for container in found {
            let name = super::containers::plain_name(container.names.as_ref().and_then(|names| names.first()).map(String::as_str));
            for volume in container.mounts.into_iter().flatten().filter_map(|mount| mount.name) {
                let names = users.entry(volume).or_default();
                if !names.contains(&name) {
                    names.push(name.clone());
                }
            }
        }
        Ok(users)
    }
}

/// The engine's report in our words.
fn volume(found: EngineVolume, containers: Vec<String>) -> Volume {
    let owner = found.labels.get(labels::OWNER).filter(|owner| !owner.is_empty()).cloned();
    Volume {
        anonymous: found.name.len() == ANONYMOUS && found.name.bytes().all(|byte| byte.is_ascii_hexdigit()),
        holder: found.name.starts_with(PREFIX) && found.labels.contains_key(labels::HELPER),
        created_at: found.created_at.and_then(|at| at.parse().ok()),
        name: found.name,
        driver: found.driver,
        owner,
        options: found.options.into_iter().collect(),
        labels: found.labels.into_iter().filter(|(name, _)| !name.starts_with(labels::PREFIX)).collect(),
        containers,
    }
}
