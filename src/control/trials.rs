//! Dry runs: what a launch or a removal would do, looked up and decided as it would be, with nothing done and nothing noted.
use super::Control;
use super::containers::of;
use super::guard::Target;
use super::templates::masked;
use crate::access::Actor;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::Code;
use crate::model::ContainerState;
use crate::model::CreateContainer;
use crate::model::DryRun;
use crate::model::DryStep;
use crate::model::DryVerb;
use crate::model::ImageRemoval;
use crate::model::ImageRemovals;
use crate::model::MountSource;
use crate::model::Port;
use crate::model::RemoveContainer;
use crate::model::RemoveImage;
use std::net::IpAddr;
use std::net::TcpListener;
use std::net::UdpSocket;

impl Control {
    /// What launching a container would do: the image, the directories and volumes that it needs, and the container with all that it is given.
    ///
    /// # Errors
    /// As [`Control::create_container_from`]; `port_in_use` for a port of the host that is taken now.
    pub async fn try_create_container(&self, actor: &Actor, request: CreateContainer) -> Result<DryRun> {
        let asked = request.name.clone().or_else(|| request.template.clone()).unwrap_or_default();
        Self::would(actor, Action::CreateContainers, &Target::free(asked))?;
        let template = self.template_of(&request).await?;
        let name = self.free_name(&template.name, request.name.as_deref()).await?;
        let rendered = self.fill(actor, &template, &request, name).await?;
        let spec = &rendered.spec;
        self.not_of_others(actor, spec).await?;
        let mut steps = Vec::new();
        if spec.image.build.is_some() {
            Self::may(actor, Action::CreateImages)?;
            steps.push(DryStep::new(DryVerb::Build, "image", &spec.image.reference).with("unless what it is built from is as it was the last time"));
        } else {
            steps.extend(self.parts().engine.images().missing(&spec.image).await?);
        }
        self.ports_free(&spec.ports).await?;
        steps.extend(rendered.directories.iter().map(|directory| DryStep::new(DryVerb::Make, "directory", directory)));
        for mount in &spec.mounts {
            if let MountSource::Volume { name } = &mount.source
                && self.parts().engine.volume(name).await?.is_none()
            {
                steps.push(DryStep::new(DryVerb::Make, "volume", name));
            }
        }
        steps.push(DryStep::new(DryVerb::Make, "container", &spec.name));
        steps.push(DryStep::new(DryVerb::Start, "container", &spec.name));
        let rendered = masked(rendered, Self::may(actor, Action::CreateImages).is_err());
        Ok(DryRun { steps, rendered: Some(rendered), document: None })
    }

    /// What removing a container would end and remove.
    ///
    /// # Errors
    /// As [`Control::delete_container`].
    pub async fn try_delete_container(&self, actor: &Actor, name: &str, request: RemoveContainer) -> Result<DryRun> {
        let container = self.container(name).await?;
        Self::would(actor, Action::RemoveContainers, &of(&container))?;
        let runs = matches!(container.state, ContainerState::Running | ContainerState::Paused | ContainerState::Restarting);
        if runs && !request.force {
            let error = Error::new(Code::WrongState, format!("container '{}' is running", container.name));
            let error = error.fix(format!("stop it first, or 'cto rm -f {}'", container.name));
            return Err(self.with_unsaved(error, &container).await);
        }
        let sessions = self.sessions().of(&container.id);
        let mut steps: Vec<DryStep> =
            sessions.iter().filter(|session| session.is_live()).map(|session| DryStep::new(DryVerb::End, "session", session.id().as_str())).collect();
        if runs {
            steps.push(DryStep::new(DryVerb::End, "container", &container.name).with("it is killed"));
        }
        steps.push(DryStep::new(DryVerb::Remove, "container", &container.name).with("volumes with a name stay"));
        Ok(DryRun { steps, ..DryRun::default() })
    }

    /// Which names and images removing an image would take away. Layers that nothing else needs go with it, and are not named here.
    ///
    /// # Errors
    /// As [`Control::delete_image`].
    pub async fn try_delete_image(&self, actor: &Actor, reference: &str, request: RemoveImage) -> Result<ImageRemovals> {
        let images = self.parts().engine.images();
        let image = images.get(reference).await?;
        Self::would(actor, Action::RemoveImages, &Target::owned(reference, image.owner.as_deref()))?;
        let untagged = |tag: &String| ImageRemoval { untagged: Some(tag.clone()), deleted: None };
        let full = format!("{reference}:latest");
        let named = image.tags.iter().find(|tag| *tag == reference || **tag == full);
        if let Some(tag) = named.filter(|_| image.tags.len() > 1) {
            return Ok(ImageRemovals { items: vec![untagged(tag)] });
        }
        if image.tags.len() > 1 && !request.force {
            let error = Error::new(Code::WrongState, format!("image '{reference}' has several names: {}", image.tags.join(", ")));
            return Err(error.fix("take the names away one by one, or use force"));
        }
        if !request.force && images.in_use().await?.contains(&image.id) {
            let error = Error::new(Code::WrongState, format!("image '{reference}' is in use: a container was made from it"));
            return Err(error.fix("remove the containers that were made from it first"));
        }
        let gone = ImageRemoval { untagged: None, deleted: Some(image.id.clone()) };
        Ok(ImageRemovals { items: image.tags.iter().map(untagged).chain([gone]).collect() })
    }

    /// What removing a volume would remove.
    ///
    /// # Errors
    /// As [`Control::delete_volume`].
    pub async fn try_delete_volume(&self, actor: &Actor, name: &str) -> Result<DryRun> {
        let volume = self.parts().engine.get_volume(name).await?;
        Self::would(actor, Action::RemoveVolumes, &Target::owned(&volume.name, volume.owner.as_deref()))?;
        if !volume.containers.is_empty() {
            let error = Error::new(Code::WrongState, format!("the volume '{name}' is in use: '{}' has it mounted", volume.containers.join("', '")));
            return Err(error.fix("remove these containers first"));
        }
        Ok(DryRun { steps: vec![DryStep::new(DryVerb::Remove, "volume", volume.name).with("with what is in it")], ..DryRun::default() })
    }

    /// What removing a network would remove.
    ///
    /// # Errors
    /// As [`Control::delete_network`].
    pub async fn try_delete_network(&self, actor: &Actor, name: &str) -> Result<DryRun> {
        let network = self.parts().engine.get_network(name).await?;
        Self::would(actor, Action::RemoveNetworks, &Target::owned(&network.name, network.owner.as_deref()))?;
        Self::unused(&network)?;
        Ok(DryRun { steps: vec![DryStep::new(DryVerb::Remove, "network", network.name)], ..DryRun::default() })
    }

    /// Refuses ports of the host that are taken now, by a container that runs or, where the engine is on this machine, by any program.
    async fn ports_free(&self, ports: &[Port]) -> Result<()> {
        let wanted: Vec<&Port> = ports.iter().filter(|port| port.host_port != 0).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let running = self.all_containers().await?.into_iter().filter(|container| container.state == ContainerState::Running);
        let published: Vec<(String, Port)> =
            running.flat_map(|container| container.ports.into_iter().map(move |port| (container.name.clone(), port))).collect();
        let is_local = self.parts().engine.info().address.starts_with("unix://");
        for port in wanted {
            let holder = published.iter().find(|(_, other)| clash(port, other)).map(|(name, _)| format!("container '{name}' has it"));
            let holder = holder.or_else(|| (is_local && taken(port)).then(|| "another program has it".to_owned()));
            if let Some(holder) = holder {
                let error = Error::new(Code::PortInUse, format!("the host's port {} is taken: {holder}", port.host_port));
                return Err(error.fix("publish another port, or stop what uses this one"));
            }
        }
        Ok(())
    }
}

/// Whether two published ports want the same of the host.
fn clash(one: &Port, other: &Port) -> bool {
    let every = |port: &Port| port.host_ip.parse::<IpAddr>().is_ok_and(|ip| ip.is_unspecified()) || port.host_ip.is_empty();
    one.host_port == other.host_port && one.protocol == other.protocol && (one.host_ip == other.host_ip || every(one) || every(other))
}

/// Whether a program on this machine has the port now. What can't be tried, such as a port below 1024, counts as free: the engine may have it all the same.
fn taken(port: &Port) -> bool {
    let Ok(ip) = port.host_ip.parse::<IpAddr>() else { return false };
    let tried = if port.protocol == "udp" { UdpSocket::bind((ip, port.host_port)).map(drop) } else { TcpListener::bind((ip, port.host_port)).map(drop) };
    tried.is_err_and(|error| error.kind() == std::io::ErrorKind::AddrInUse)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(host_ip: &str, host_port: u16, protocol: &str) -> Port {
        Port { host_ip: host_ip.to_owned(), host_port, container_port: 80, protocol: protocol.to_owned() }
    }

    #[test]
    fn ports_clash_on_one_address_or_where_one_has_all() {
        let one = port("127.0.0.1", 8080, "tcp");
        assert!(clash(&one, &one) && clash(&one, &port("0.0.0.0", 8080, "tcp")) && clash(&port("::", 8080, "tcp"), &one));
        assert!(
            !clash(&one, &port("127.0.0.2", 8080, "tcp")) && !clash(&one, &port("127.0.0.1", 8080, "udp")) && !clash(&one, &port("127.0.0.1", 8081, "tcp"))
        );
    }

    #[test]
    fn a_port_that_a_program_listens_on_is_taken() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(taken(&port("127.0.0.1", listener.local_addr().unwrap().port(), "tcp")));
        assert!(!taken(&port("no address", 1, "tcp")));
    }
}
