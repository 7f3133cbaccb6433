//! Networks and volumes that belong to stacks, and what a container keeps when another takes its place.
use super::Engine;
use super::fault::About;
use super::labels;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::ContainerId;
use bollard::models::NetworkCreateRequest;
use bollard::models::VolumeCreateRequest;
use bollard::query_parameters::ListNetworksOptionsBuilder;
use bollard::query_parameters::ListVolumesOptionsBuilder;
use bollard::query_parameters::RemoveVolumeOptions;
use std::collections::HashMap;

/// A network or volume with whom it belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Belonging {
    /// The engine's name.
    pub name: String,
    /// The stack that it was made with.
    pub stack: Option<String>,
    /// Who made it through cto.
    pub owner: Option<String>,
    /// A network that leads nowhere.
    pub internal: bool,
}

fn belonging(name: String, labels: Option<HashMap<String, String>>, internal: bool) -> Belonging {
    let mut labels = labels.unwrap_or_default();
    Belonging { name, stack: labels.remove(labels::STACK), owner: labels.remove(labels::OWNER), internal }
}

impl Engine {
    fn stack_labels(&self, stack: &str, owner: &str) -> HashMap<String, String> {
        let own = [(labels::STACK.to_owned(), stack.to_owned()), (labels::OWNER.to_owned(), owner.to_owned())];
        own.into_iter().chain(self.mark()).collect()
    }

    /// The networks of stacks.
    ///
    /// # Errors
    /// When the engine can't be reached.
    pub async fn stack_networks(&self) -> Result<Vec<Belonging>> {
        let open = self.link().open().await?;
        let filters = HashMap::from([("label", vec![labels::STACK])]);
        let options = ListNetworksOptionsBuilder::default().filters(&filters).build();
        let found = open.docker.list_networks(Some(options)).await.map_err(|error| self.link().fault(error, &About::Engine))?;
        let all = found.into_iter().map(|network| belonging(network.name.unwrap_or_default(), network.labels, network.internal.unwrap_or(false)));
        Ok(all.collect())
    }

    /// The volumes of stacks.
    ///
    /// # Errors
    /// When the engine can't be reached.
    pub async fn stack_volumes(&self) -> Result<Vec<Belonging>> {
        let open = self.link().open().await?;
        let filters = HashMap::from([("label", vec![labels::STACK.to_owned()])]);
        let options = ListVolumesOptionsBuilder::default().filters(&filters).build();
        let found = open.docker.list_volumes(Some(options)).await.map_err(|error| self.link().fault(error, &About::Engine))?;
        Ok(found.volumes.unwrap_or_default().into_iter().map(|volume| belonging(volume.name, Some(volume.labels), false)).collect())
    }

    /// A network with whom it belongs to; none where there is none of that name.
    ///
    /// # Errors
    /// When the engine can't be reached.
    pub async fn network(&self, name: &str) -> Result<Option<Belonging>> {
        let open = self.link().open().await?;
        match open.docker.inspect_network(name, None).await {
            Ok(found) => Ok(Some(belonging(found.name.unwrap_or_default(), found.labels, found.internal.unwrap_or(false)))),
            Err(bollard::errors::Error::DockerResponseServerError { status_code: 404, .. }) => Ok(None),
            Err(error) => Err(self.link().fault(error, &About::Engine)),
        }
    }

    /// A volume with whom it belongs to; none where there is none of that name.
    ///
    /// # Errors
    /// When the engine can't be reached.
    pub async fn volume(&self, name: &str) -> Result<Option<Belonging>> {
        let open = self.link().open().await?;
        match open.docker.inspect_volume(name).await {
            Ok(found) => Ok(Some(belonging(found.name, Some(found.labels), false))),
            Err(bollard::errors::Error::DockerResponseServerError { status_code: 404, .. }) => Ok(None),
            Err(error) => Err(self.link().fault(error, &About::Engine)),
        }
    }

    /// Makes a stack's network, unless it is there; whether it was made.
    ///
    /// # Errors
    /// `name_in_use` when there is one of that name that is not this stack's, `wrong_state` when it leads elsewhere than it should.
    pub async fn make_stack_network(&self, name: &str, stack: &str, owner: &str, internal: bool) -> Result<bool> {
        if let Some(found) = self.network(name).await? {
            own("network", &found, stack)?;
            if found.internal != internal {
                let error = Error::new(Code::WrongState, format!("the network '{name}' is there, and 'internal' was {} when it was made", found.internal));
                return Err(error.fix(format!("take the stack down first: cto stack down {stack}")));
            }
            return Ok(false);
        }
        let open = self.link().open().await?;
        let request = NetworkCreateRequest {
            name: name.to_owned(),
            driver: Some("bridge".to_owned()),
            internal: Some(internal),
            labels: Some(self.stack_labels(stack, owner)),
            ..NetworkCreateRequest::default()
        };
        open.docker.create_network(request).await.map(|_| true).map_err(|error| self.link().fault(error, &About::Network(name)))
    }

    /// Makes a stack's volume, unless it is there.
    ///
    /// # Errors
    /// `name_in_use` when there is one of that name that is not this stack's.
    pub async fn make_stack_volume(&self, name: &str, stack: &str, owner: &str) -> Result<()> {
        if let Some(found) = self.volume(name).await? {
            return own("volume", &found, stack);
        }
        let open = self.link().open().await?;
        let request = VolumeCreateRequest { name: Some(name.to_owned()), labels: Some(self.stack_labels(stack, owner)), ..VolumeCreateRequest::default() };
        open.docker.create_volume(request).await.map(drop).map_err(|error| self.link().fault(error, &About::Volume(name)))
    }

    /// Removes a network that is this stack's own.
    ///
    /// # Errors
    /// `name_in_use` when it is not, `wrong_state` when a container is still in it.
    pub async fn remove_stack_network(&self, name: &str, stack: &str) -> Result<()> {
        let Some(found) = self.network(name).await? else { return Ok(()) };
        own("network", &found, stack)?;
        let open = self.link().open().await?;
        open.docker.remove_network(name).await.map_err(|error| self.link().fault(error, &About::Network(name)))
    }

    /// Removes a volume that is this stack's own, with what is in it.
    ///
    /// # Errors
    /// `name_in_use` when it is not, `wrong_state` when a container still uses it.
    pub async fn remove_stack_volume(&self, name: &str, stack: &str) -> Result<()> {
        let Some(found) = self.volume(name).await? else { return Ok(()) };
        own("volume", &found, stack)?;
        let open = self.link().open().await?;
        open.docker.remove_volume(name, None::<RemoveVolumeOptions>).await.map_err(|error| self.link().fault(error, &About::Volume(name)))
    }

    /// The id of a container's image.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn image_id(&self, id: &ContainerId) -> Result<String> {
        Ok(self.inspect_raw(id.as_str()).await?.image.unwrap_or_default())
    }

    /// Volumes without a name that a container has since its image asks for them: name and place.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn unnamed_volumes(&self, id: &ContainerId) -> Result<Vec<(String, String)>> {
        let found = self.inspect_raw(id.as_str()).await?;
        let volumes = found.mounts.unwrap_or_default().into_iter().filter(|mount| mount.typ.as_deref() == Some("volume"));
        let unnamed = |name: &String| name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        Ok(volumes.filter_map(|mount| Some((mount.name.filter(unnamed)?, mount.destination?))).collect())
    }
}

/// Whether a network or volume is this stack's.
fn own(kind: &str, found: &Belonging, stack: &str) -> Result<()> {
    if found.stack.as_deref() == Some(stack) {
        return Ok(());
    }
    let error = Error::new(Code::NameInUse, format!("there is a {kind} '{}' already, which is not of the stack '{stack}'", found.name));
    Err(error.fix(format!("give the stack another name, or say \"external\": true of it in '{kind}s' of its file")))
}
