//! `cto layout …`.
use crate::cli::args::LayoutCommand;
use crate::cli::containers::each;
use crate::cli::context::Context;
use crate::cli::output;
use crate::cli::output::Table;
use crate::cli::output::cell;
use crate::cli::terminal;
use crate::error::Result;
use crate::model::DeleteLayout;
use crate::model::Empty;
use crate::model::GetLayout;
use crate::model::ListLayouts;
use crate::model::PutLayout;
use crate::model::RemoveVersion;
use crate::model::SaveLayout;
use crate::model::WholeQuery;
use crate::tui::parts::saved::SavedWorkspace;

/// `cto layout`.
pub async fn layout(context: &Context, command: LayoutCommand) -> Result<u8> {
    let client = context.client().await?;
    let nothing = Empty {};
    match command {
        LayoutCommand::Open { name } => return terminal::open_layout(context, name).await,
        LayoutCommand::Ls => {
            let layouts = client.call::<ListLayouts>(&[], &WholeQuery::default()).await?.items;
            if context.json() {
                output::json(&layouts)?;
            } else {
                let mut table = Table::new(["NAME", "VERSION", "HOLDS"]);
                for layout in &layouts {
                    let saved = serde_json::from_value::<SavedWorkspace>(layout.data["work"].clone());
                    table.row([cell(&layout.name), cell(layout.version.to_string()), cell(saved.map_or_else(|_| "-".to_owned(), |saved| saved.about()))]);
                }
                table.print()?;
            }
        }
        LayoutCommand::Show { name } => output::json(&client.call::<GetLayout>(&[&name], &nothing).await?)?,
        LayoutCommand::Rename { from, to } => {
            let data = client.call::<GetLayout>(&[&from], &nothing).await?.data;
            client.call::<PutLayout>(&[&to], &SaveLayout { replaces: Some(0), data }).await?;
            client.call::<DeleteLayout>(&[&from], &RemoveVersion::default()).await?;
            output::print(&format!("{}\n", output::plain(&to)))?;
        }
        LayoutCommand::Rm { layouts } => {
            each(context, &layouts, async |name| client.call::<DeleteLayout>(&[name], &RemoveVersion::default()).await.map(|_| None)).await?
        }
    }
    Ok(0)
}
