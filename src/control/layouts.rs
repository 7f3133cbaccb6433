//! Layouts: named pieces of a client's state, each its user's own. Not audited: they change nothing but themselves.
use super::Control;
use super::paging::Key;
use super::paging::Wanted;
use crate::access::Actor;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::Code;
use crate::model::Layout;
use crate::model::ListChange;
use crate::model::ListName;
use crate::model::Orders;
use crate::model::Page;
use crate::model::RemoveVersion;
use crate::model::SaveLayout;
use crate::model::WholeQuery;

/// Most bytes of a layout's data, as JSON.
const MOST_BYTES: usize = 256 * 1024;
/// Most layouts of a user.
const MOST: usize = 100;

impl Control {
    /// The caller's layouts, by name.
    ///
    /// # Errors
    /// `invalid_value`, `store_failed`.
    pub async fn list_layouts(&self, actor: &Actor, query: &WholeQuery) -> Result<Page<Layout>> {
        Self::may(actor, Action::UseLayouts)?;
        let wanted = Wanted::whole(query, Orders::LAYOUTS)?;
        let mut all = self.parts().store.list_layouts(&actor.name).await?;
        all.retain(|layout| wanted.finds(&[&layout.name]));
        Ok(wanted.page(all, |_, _| Key::Nothing, |layout| layout.name.clone()))
    }

    /// One layout of the caller.
    ///
    /// # Errors
    /// `not_found`, `store_failed`.
    pub async fn get_layout(&self, actor: &Actor, name: &str) -> Result<Layout> {
        Self::may(actor, Action::UseLayouts)?;
        self.parts().store.find_layout(&actor.name, name).await
    }

    /// Saves a layout of the caller.
    ///
    /// # Errors
    /// `stale` when `replaces` is not its version; `too_large`, `too_many`, `disk_full`.
    pub async fn put_layout(&self, actor: &Actor, name: &str, request: SaveLayout) -> Result<Layout> {
        Self::may(actor, Action::UseLayouts)?;
        if name.is_empty() || name.len() > 64 || name.chars().any(char::is_control) {
            return Err(Error::invalid("a layout's name has 1 to 64 characters"));
        }
        if request.data.to_string().len() > MOST_BYTES {
            return Err(Error::new(Code::TooLarge, format!("layout '{name}' is larger than {} KiB", MOST_BYTES / 1024)));
        }
        let store = &self.parts().store;
        let known = store.list_layouts(&actor.name).await?;
        if known.len() >= MOST && !known.iter().any(|layout| layout.name == name) {
            return Err(Error::new(Code::TooMany, format!("there are {MOST} layouts already")));
        }
        let saved = store.save_layout(&actor.name, name, &request.data, request.replaces).await?;
        let change = if known.iter().any(|layout| layout.name == name) { ListChange::Changed } else { ListChange::Added };
        self.tell_list(ListName::Layouts, name, Some(&actor.name), change);
        Ok(saved)
    }

    /// Removes a layout of the caller.
    ///
    /// # Errors
    /// `not_found`; `stale` when `replaces` is not its version; `store_failed`.
    pub async fn delete_layout(&self, actor: &Actor, name: &str, request: RemoveVersion) -> Result<()> {
        Self::may(actor, Action::UseLayouts)?;
        self.parts().store.remove_layout(&actor.name, name, request.replaces).await?;
        self.tell_list(ListName::Layouts, name, Some(&actor.name), ListChange::Removed);
        Ok(())
    }
}
