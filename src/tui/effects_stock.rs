//! Asks the server about images, volumes and networks.
use super::effects::all;
use super::stock::Kind;
use super::stock::StockReply;
use super::stock::StockWish;
use crate::client::Client;
use crate::error::Result;
use crate::model::ConnectContainer;
use crate::model::ConnectNetwork;
use crate::model::CreateNetwork;
use crate::model::CreateNetworkOf;
use crate::model::CreateVolume;
use crate::model::CreateVolumeOf;
use crate::model::DeleteImage;
use crate::model::DeleteNetwork;
use crate::model::DeleteVolume;
use crate::model::DisconnectContainer;
use crate::model::DisconnectNetwork;
use crate::model::Empty;
use crate::model::GetImageHistory;
use crate::model::GetNetwork;
use crate::model::GetVolume;
use crate::model::Image;
use crate::model::ImagePrune;
use crate::model::InspectImage;
use crate::model::ListImages;
use crate::model::ListNetworks;
use crate::model::ListVolumes;
use crate::model::NetworkPrune;
use crate::model::PruneImages;
use crate::model::PruneNetworks;
use crate::model::PruneVolumes;
use crate::model::Pull;
use crate::model::PullImage;
use crate::model::PushImage;
use crate::model::RemoveImage;
use crate::model::TagImage;
use crate::model::TagImageAs;
use crate::model::VolumePrune;
use std::time::Duration;

/// Does what is asked for.
pub(super) async fn ask(client: &Client, wish: &StockWish) -> Result<StockReply> {
    let nothing = Empty {};
    let done = |text: String| Ok(StockReply::Done(text));
    match wish {
        StockWish::List(Kind::Images) => Ok(StockReply::Images(all::<ListImages, _>(client).await?)),
        StockWish::List(Kind::Volumes) => Ok(StockReply::Volumes(all::<ListVolumes, _>(client).await?)),
        StockWish::List(Kind::Networks) => Ok(StockReply::Networks(all::<ListNetworks, _>(client).await?)),
        StockWish::Pull(image) => {
            let operation = client.call_operation::<PullImage>(&[], &Pull { image: image.clone() }, Duration::ZERO).await?;
            Ok(StockReply::Operation(Box::new(operation)))
        }
        StockWish::Push(image) => Ok(StockReply::Operation(Box::new(client.call_operation::<PushImage>(&[image], &nothing, Duration::ZERO).await?))),
        StockWish::Tag { image, name } => {
            client.call::<TagImageAs>(&[image], &TagImage { name: name.clone() }).await?;
            done(format!("{image} is {name} too"))
        }
        StockWish::History(image) => Ok(StockReply::Layers(client.call::<GetImageHistory>(&[image], &nothing).await?)),
        StockWish::Inspect(kind, name) => {
            let value = match kind {
                Kind::Images => serde_json::to_value(client.call::<InspectImage>(&[name], &nothing).await?),
                Kind::Volumes => serde_json::to_value(client.call::<GetVolume>(&[name], &nothing).await?),
                Kind::Networks => serde_json::to_value(client.call::<GetNetwork>(&[name], &nothing).await?),
            };
            Ok(StockReply::Report(value.unwrap_or_default()))
        }
        StockWish::CreateVolume(name) => {
            client.call::<CreateVolumeOf>(&[], &CreateVolume { name: name.clone(), ..CreateVolume::default() }).await?;
            done(format!("volume {name} is there"))
        }
        StockWish::CreateNetwork { name, internal } => {
            client.call::<CreateNetworkOf>(&[], &CreateNetwork { name: name.clone(), internal: *internal, ..CreateNetwork::default() }).await?;
            done(format!("network {name} is there"))
        }
        StockWish::Connect { network, container } => {
            client.call::<ConnectNetwork>(&[network], &ConnectContainer { container: container.clone(), aliases: Vec::new() }).await?;
            done(format!("{container} is on {network}"))
        }
        StockWish::Disconnect { network, container } => {
            client.call::<DisconnectNetwork>(&[network], &DisconnectContainer { container: container.clone() }).await?;
            done(format!("{container} is off {network}"))
        }
        StockWish::Remove { kind, names, force } => Ok(remove(client, *kind, names, *force).await),
        StockWish::Unused { kind, all } => unused(client, *kind, *all).await,
        StockWish::Prune { kind, all, names } => prune(client, *kind, *all, names).await,
    }
}

/// One that can't be removed does not keep the others.
async fn remove(client: &Client, kind: Kind, names: &[String], force: bool) -> StockReply {
    let (mut gone, mut kept) = (Vec::new(), Vec::new());
    for name in names {
        let removed = match kind {
            Kind::Images => client.call::<DeleteImage>(&[name], &RemoveImage { force }).await.map(drop),
            Kind::Volumes => client.call::<DeleteVolume>(&[name], &Empty {}).await.map(drop),
            Kind::Networks => client.call::<DeleteNetwork>(&[name], &Empty {}).await.map(drop),
        };
        match removed {
            Ok(()) => gone.push(name.clone()),
            Err(error) => {
                let fix = error.fix.as_ref().map(|fix| format!("\nfix: {fix}")).unwrap_or_default();
                kept.push(format!("{}{fix}", error.message));
            }
        }
    }
    StockReply::Removed { gone, kept, bytes: None }
}

/// What an image is called, or its id where nothing names it.
fn called(image: &Image) -> String {
    image.tags.first().unwrap_or(&image.id).clone()
}

async fn unused(client: &Client, kind: Kind, all: bool) -> Result<StockReply> {
    Ok(match kind {
        Kind::Images => {
            let would = client.call::<PruneImages>(&[], &ImagePrune { all, dry_run: true }).await?;
            StockReply::Unused { names: would.items.iter().map(called).collect(), bytes: Some(would.freed_bytes) }
        }
        Kind::Volumes => {
            let would = client.call::<PruneVolumes>(&[], &VolumePrune { names: Vec::new(), dry_run: true }).await?;
            StockReply::Unused { names: would.items.into_iter().map(|volume| volume.name).collect(), bytes: None }
        }
        Kind::Networks => {
            let would = client.call::<PruneNetworks>(&[], &NetworkPrune { all, dry_run: true }).await?;
            StockReply::Unused { names: would.items.into_iter().map(|network| network.name).collect(), bytes: None }
        }
    })
}

async fn prune(client: &Client, kind: Kind, all: bool, names: &[String]) -> Result<StockReply> {
    Ok(match kind {
        Kind::Images => {
            let gone = client.call::<PruneImages>(&[], &ImagePrune { all, dry_run: false }).await?;
            StockReply::Removed { gone: gone.items.iter().map(called).collect(), kept: gone.kept, bytes: Some(gone.freed_bytes) }
        }
        Kind::Volumes => {
            let gone = client.call::<PruneVolumes>(&[], &VolumePrune { names: names.to_vec(), dry_run: false }).await?;
            StockReply::Removed { gone: gone.items.into_iter().map(|volume| volume.name).collect(), kept: gone.kept, bytes: None }
        }
        Kind::Networks => {
            let gone = client.call::<PruneNetworks>(&[], &NetworkPrune { all, dry_run: false }).await?;
            StockReply::Removed { gone: gone.items.into_iter().map(|network| network.name).collect(), kept: gone.kept, bytes: None }
        }
    })
}
