//! Asks the server about layouts that are kept under a name.
use super::effects::LAYOUT;
use super::layouts::LayoutWish;
use super::msg::Reply;
use crate::client::Client;
use crate::error::Error;
use crate::error::Result;
use crate::model::DeleteLayout;
use crate::model::Empty;
use crate::model::GetLayout;
use crate::model::ListLayouts;
use crate::model::PutLayout;
use crate::model::RemoveVersion;
use crate::model::SaveLayout;
use crate::model::WholeQuery;

/// Does what is wished; what changed them answers with all of them.
pub(super) async fn ask(client: &Client, wish: &LayoutWish) -> Result<Reply> {
    let nothing = Empty {};
    match wish {
        LayoutWish::List => {}
        LayoutWish::Open(name) => return Ok(Reply::Layout(Some(Box::new(client.call::<GetLayout>(&[name], &nothing).await?.data)))),
        LayoutWish::Save { name, data, replace } => {
            free(name)?;
            let save = SaveLayout { replaces: (!replace).then_some(0), data: (**data).clone() };
            client.call::<PutLayout>(&[name], &save).await?;
        }
        LayoutWish::Rename { from, to } => {
            free(to)?;
            let data = client.call::<GetLayout>(&[from], &nothing).await?.data;
            client.call::<PutLayout>(&[to], &SaveLayout { replaces: Some(0), data }).await?;
            client.call::<DeleteLayout>(&[from], &RemoveVersion::default()).await?;
        }
        LayoutWish::Remove(name) => drop(client.call::<DeleteLayout>(&[name], &RemoveVersion::default()).await?),
    }
    let mut layouts = client.call::<ListLayouts>(&[], &WholeQuery::default()).await?.items;
    layouts.retain(|layout| layout.name != LAYOUT);
    Ok(Reply::Layouts(layouts))
}

/// Whether a layout may be called so.
fn free(name: &str) -> Result<()> {
    if name == LAYOUT {
        return Err(Error::invalid(format!("'{LAYOUT}' is what the terminals are brought back from at the next start")).fix("use another name"));
    }
    Ok(())
}
