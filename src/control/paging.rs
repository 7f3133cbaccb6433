//! Lists, page by page: a cursor is the key of the last thing on the page before, with the order that the page had.
use crate::error::Error;
use crate::error::Result;
use crate::model::ListQuery;
use crate::model::Orders;
use crate::model::Page;
use crate::model::Place;
use crate::model::WholeQuery;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use std::cmp::Ordering;

/// Things on a page where nothing is said, and at most.
const USUAL: u32 = 100;
const MOST: u32 = 500;

/// What things are compared by. What has no value comes first, and last where the largest comes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Key {
    /// No value; also where the order is that of the names or ids by themselves.
    Nothing,
    /// A number, or a time in microseconds.
    Number(i64),
    /// A text, in lower case.
    Text(String),
}

impl Key {
    /// That of a value which is a text, a number, or absent.
    #[must_use]
    pub fn of(value: &impl Serialize) -> Self {
        match serde_json::to_value(value) {
            Ok(Value::String(text)) => Self::text(&text),
            Ok(Value::Number(number)) => Self::Number(number.as_i64().unwrap_or(i64::MAX)),
            _ => Self::Nothing,
        }
    }

    /// That of a text: large and small letters are the same.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_lowercase())
    }

    /// That of a time.
    #[must_use]
    pub fn time(at: impl Into<Option<Timestamp>>) -> Self {
        at.into().map_or(Self::Nothing, |at| Self::Number(at.as_microsecond()))
    }
}

/// Where a thing stands in a list: by its key, and among those that have the same by its name or id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Mark(Key, String);

/// A checked query.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Most things on the page.
    pub limit: u32,
    /// What is looked for, in lower case.
    pub text: Option<String>,
    /// Where the last thing on the page before stands.
    after: Option<Mark>,
    field: &'static str,
    descending: bool,
    /// It is the order that the list has where none is asked for.
    usual: bool,
}

impl Wanted {
    /// What `query` asks of a list that has these orders.
    ///
    /// # Errors
    /// `invalid_value`: for a page that is too long, an order that the list has not, and a cursor of no page or of another order.
    pub fn of(query: &ListQuery, orders: Orders) -> Result<Self> {
        let limit = match query.limit {
            None => USUAL,
            Some(limit @ 1..=MOST) => limit,
            Some(limit) => return Err(Error::invalid(format!("a page of '{limit}' is not possible")).fix(format!("ask for 1 to {MOST}"))),
        };
        let (field, descending) = order(query.sort.as_deref(), orders)?;
        let mut wanted = Self { limit, text: text(query.q.as_deref()), after: None, field, descending, usual: (field, descending) == orders.usual() };
        if let Some(cursor) = &query.cursor {
            let decoded = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| serde_json::from_slice::<(String, Mark)>(&bytes).ok());
            let (order, mark) = decoded.ok_or_else(|| Error::invalid("the cursor is not one of a page before").fix("begin again without it"))?;
            if order != wanted.order() {
                let error = Error::invalid(format!("the cursor is of a list that is sorted by '{order}', and not by '{}'", wanted.order()));
                return Err(error.fix("ask for further pages in the order of the first, or begin again without the cursor"));
            }
            wanted.after = Some(mark);
        }
        Ok(wanted)
    }

    /// What is asked of a list that comes whole.
    ///
    /// # Errors
    /// `invalid_value` for an order that the list has not.
    pub fn whole(query: &WholeQuery, orders: Orders) -> Result<Self> {
        let (field, descending) = order(query.sort.as_deref(), orders)?;
        Ok(Self { limit: u32::MAX, text: text(query.q.as_deref()), after: None, field, descending, usual: (field, descending) == orders.usual() })
    }

    /// Whether one of these texts has what is looked for.
    #[must_use]
    pub fn finds(&self, texts: &[&str]) -> bool {
        self.text.as_ref().is_none_or(|wanted| texts.iter().any(|text| text.to_lowercase().contains(wanted)))
    }

    /// What to ask of a store that has the list in its usual order: those after this name or id, and at most so many. In another order all are asked
    /// for, and sorted here.
    #[must_use]
    pub fn of_store(&self) -> (Option<&str>, u32) {
        match (&self.after, self.usual) {
            (after, true) => (after.as_ref().map(|Mark(_, id)| id.as_str()), self.limit.saturating_add(1)),
            (_, false) => (None, u32::MAX),
        }
    }

    /// What to ask of a store that has the list in both directions: those after this id, whether the newest come first, and at most so many.
    #[must_use]
    pub fn of_long_store(&self) -> (Option<&str>, bool, u32) {
        (self.after.as_ref().map(|Mark(_, id)| id.as_str()), self.descending, self.limit.saturating_add(1))
    }

    /// A page of what a store gave when asked by [`Self::of_store`].
    pub fn stored<T>(&self, rows: Vec<T>, key: impl Fn(&T, &str) -> Key, id: impl Fn(&T) -> String) -> Page<T> {
        if self.usual { self.cut(rows, id) } else { self.page(rows, key, id) }
    }

    /// A page of all that was found. `key` says what a thing is compared by for each field, `id` what tells it from others of the same key.
    pub fn page<T>(&self, items: impl IntoIterator<Item = T>, key: impl Fn(&T, &str) -> Key, id: impl Fn(&T) -> String) -> Page<T> {
        let marked = items.into_iter().map(|item| (Mark(key(&item, self.field), id(&item)), item));
        let mut marked: Vec<(Mark, T)> = marked.filter(|(mark, _)| self.after.as_ref().is_none_or(|after| self.compare(mark, after).is_gt())).collect();
        marked.sort_by(|(one, _), (other, _)| self.compare(one, other));
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = marked.len() > limit;
        marked.truncate(limit);
        let next_cursor = marked.last().filter(|_| more).map(|(mark, _)| self.cursor(mark));
        Page { items: marked.into_iter().map(|(_, item)| item).collect(), next_cursor }
    }

    /// A page of things that were asked for in their order, with one more than the limit.
    pub fn cut<T>(&self, mut items: Vec<T>, id: impl Fn(&T) -> String) -> Page<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = items.last().filter(|_| more).map(|last| self.cursor(&Mark(Key::Nothing, id(last))));
        Page { items, next_cursor }
    }

    fn compare(&self, one: &Mark, other: &Mark) -> Ordering {
        if self.descending { other.cmp(one) } else { one.cmp(other) }
    }

    fn order(&self) -> String {
        format!("{}{}", if self.descending { "-" } else { "" }, self.field)
    }

    fn cursor(&self, mark: &Mark) -> String {
        let text = serde_json::to_vec(&(self.order(), mark)).expect("plain data always becomes JSON");
        URL_SAFE_NO_PAD.encode(text)
    }
}

fn text(q: Option<&str>) -> Option<String> {
    q.map(str::to_lowercase).filter(|text| !text.is_empty())
}

/// The order that is asked for.
fn order(sort: Option<&str>, orders: Orders) -> Result<(&'static str, bool)> {
    let Some(sort) = sort else { return Ok(orders.usual()) };
    orders.find(sort).ok_or_else(|| {
        let fields: Vec<&str> = orders.fields().collect();
        let place = Place { pointer: "/sort".to_owned(), detail: format!("'{sort}' is no order of this list"), ..Place::default() };
        let error = Error::invalid(format!("this list can't be sorted by '{sort}'")).at(place);
        error.fix(format!("sort by {}; with '-' in front the largest or latest come first", fields.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const THINGS: [(&str, Option<u64>); 5] = [("a", Some(2)), ("b", None), ("c", Some(2)), ("d", Some(1)), ("e", Some(u64::MAX))];
    const ORDERS: Orders = Orders(&["name", "size"]);

    fn key((_, size): &(&str, Option<u64>), by: &str) -> Key {
        if by == "size" { Key::of(size) } else { Key::Nothing }
    }

    /// What is on the pages of two things each.
    fn walk(sort: &str) -> String {
        let mut query = ListQuery { limit: Some(2), sort: Some(sort.to_owned()), ..ListQuery::default() };
        let mut seen = String::new();
        loop {
            let page = Wanted::of(&query, ORDERS).expect("fits").page(THINGS, key, |(name, _)| (*name).to_owned());
            assert!(page.items.len() <= 2);
            seen.extend(page.items.iter().map(|(name, _)| *name));
            query.cursor = page.next_cursor;
            if query.cursor.is_none() {
                return seen;
            }
        }
    }

    #[test]
    fn pages_follow_each_other_without_gap_or_overlap_in_every_order() {
        assert_eq!((walk("name"), walk("-name")), ("abcde".to_owned(), "edcba".to_owned()));
        assert_eq!((walk("size"), walk("-size")), ("bdace".to_owned(), "ecadb".to_owned()));
    }

    #[test]
    fn what_can_not_be_asked_of_a_list_is_refused_with_what_can() {
        let asked = |query: ListQuery| Wanted::of(&query, ORDERS);
        assert!(asked(ListQuery { limit: Some(501), ..ListQuery::default() }).is_err());
        let unknown = asked(ListQuery { sort: Some("colour".to_owned()), ..ListQuery::default() }).unwrap_err();
        assert!(unknown.fix.unwrap().contains("sort by name, size;"));
        let first = asked(ListQuery { limit: Some(1), ..ListQuery::default() }).unwrap().page(THINGS, key, |(name, _)| (*name).to_owned());
        let next = |sort: &str| asked(ListQuery { cursor: first.next_cursor.clone(), sort: Some(sort.to_owned()), ..ListQuery::default() });
        assert!(next("name").is_ok());
        assert!(next("-name").unwrap_err().message.contains("sorted by 'name', and not by '-name'"));
        for broken in ["?", "", "bm9uZQ", "WyJuYW1lIiwgMV0"] {
            assert!(asked(ListQuery { cursor: Some(broken.to_owned()), ..ListQuery::default() }).is_err(), "{broken}");
        }
    }
}
