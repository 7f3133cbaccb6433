//! Lists, page by page: a cursor is the key of the last thing on the page before.
use crate::error::Error;
use crate::error::Result;
use crate::model::ListQuery;
use crate::model::Page;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Things on a page where nothing is said, and at most.
const USUAL: u32 = 100;
const MOST: u32 = 500;

/// A checked query.
pub(super) struct Wanted {
    pub limit: u32,
    /// The key of the last thing on the page before.
    pub after: Option<String>,
    /// Lower case.
    pub text: Option<String>,
}

impl Wanted {
    pub fn of(query: &ListQuery) -> Result<Self> {
        let limit = match query.limit {
            None => USUAL,
            Some(limit @ 1..=MOST) => limit,
            Some(limit) => return Err(Error::invalid(format!("a page of '{limit}' is not possible")).fix(format!("ask for 1 to {MOST}"))),
        };
        let decoded = |cursor: &String| URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let after = match &query.cursor {
            None => None,
            Some(cursor) => Some(decoded(cursor).ok_or_else(|| Error::invalid("the cursor is not one of a page before").fix("begin again without it"))?),
        };
        Ok(Self { limit, after, text: query.q.as_deref().map(str::to_lowercase).filter(|text| !text.is_empty()) })
    }

    /// Whether one of these texts has what is looked for.
    pub fn finds(&self, texts: &[&str]) -> bool {
        self.text.as_ref().is_none_or(|wanted| texts.iter().any(|text| text.to_lowercase().contains(wanted)))
    }

    /// A page of things that are already found and sorted by `key`, in descending order where `newest_first`.
    pub fn page<T>(&self, items: impl IntoIterator<Item = T>, newest_first: bool, key: impl Fn(&T) -> String) -> Page<T> {
        let comes_later = |item: &T| {
            self.after.as_ref().is_none_or(|after| {
                let key = key(item);
                if newest_first { key < *after } else { key > *after }
            })
        };
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let items = items.into_iter().filter(comes_later).take(limit.saturating_add(1)).collect();
        self.cut(items, key)
    }

    /// A page of things that were asked for with one more than the limit.
    pub fn cut<T>(&self, mut items: Vec<T>, key: impl Fn(&T) -> String) -> Page<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = items.last().filter(|_| more).map(|last| URL_SAFE_NO_PAD.encode(key(last)));
        Page { items, next_cursor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_without_gap_or_overlap() {
        let names = ["a", "b", "c", "d", "e"];
        let mut query = ListQuery { limit: Some(2), ..ListQuery::default() };
        let mut seen = Vec::new();
        loop {
            let page = Wanted::of(&query).expect("fits").page(names, false, |name| (*name).to_owned());
            seen.extend(page.items);
            query.cursor = page.next_cursor;
            if query.cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, names);
        assert!(Wanted::of(&ListQuery { cursor: Some("?".to_owned()), ..ListQuery::default() }).is_err());
        assert!(Wanted::of(&ListQuery { limit: Some(501), ..ListQuery::default() }).is_err());
    }
}
