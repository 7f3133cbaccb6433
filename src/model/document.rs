//! What several endpoints do in the same way: revisions of documents that can be replaced, dry runs, and orders of lists.
use super::Orders;
use super::Rendered;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an endpoint does beside what all of them do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Habits {
    /// Where in its answer the revision of a document stands, as a JSON pointer: it is the answer's `ETag` too.
    pub revision: Option<&'static str>,
    /// The answer shows things, too, that move without the document being changed.
    pub moves: bool,
    /// It changes or removes a document: what `If-Match` and `If-None-Match` say is the request's `replaces`.
    pub replaces: Option<Revisions>,
    /// With `?dry_run=true` it says what it would do, and does nothing.
    pub dry_run: bool,
    /// It is a list that can be sorted in these orders.
    pub orders: Option<Orders>,
}

/// Nothing beside that.
pub(super) const PLAIN: Habits = Habits { revision: None, moves: false, replaces: None, dry_run: false, orders: None };

/// A list that can be sorted.
pub(super) const fn sorted(orders: Orders) -> Habits {
    Habits { orders: Some(orders), ..PLAIN }
}

/// The answer is a document, with its revision at this pointer.
pub(super) const fn shows(pointer: &'static str) -> Habits {
    Habits { revision: Some(pointer), ..PLAIN }
}

impl Habits {
    pub(super) const fn moving(self) -> Self {
        Self { moves: true, ..self }
    }

    pub(super) const fn replacing(self, revisions: Revisions) -> Self {
        Self { replaces: Some(revisions), ..self }
    }

    pub(super) const fn trying(self) -> Self {
        Self { dry_run: true, ..self }
    }
}

/// How revisions of a kind of documents are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Revisions {
    /// Versions that grow; 0 where there is no document yet.
    Numbers,
    /// Hashes of texts; empty where there is no document yet.
    Hashes,
}

/// Removes a document that has versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveVersion {
    /// The version that it must have; whatever is there where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<i64>,
}

/// Removes a document that is a text, or files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveText {
    /// The hash that it must have; whatever is there where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
}

/// The version of a document that was never changed.
pub(super) fn first() -> i64 {
    1
}

/// What a request would do. What it would be refused for, it is refused for in a dry run too.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DryRun {
    /// What would be done, in this order.
    pub steps: Vec<DryStep>,
    /// The container as it would be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rendered: Option<Rendered>,
    /// The document as it would be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub document: Option<serde_json::Value>,
}

/// One step of a dry run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DryStep {
    /// What would be done.
    pub does: DryVerb,
    /// To what kind of thing: `container`, `image`, `volume` and so on.
    pub kind: String,
    /// To which.
    pub name: String,
    /// Why, or what else is to be known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl DryStep {
    /// A step of which nothing else is to be known.
    #[must_use]
    pub fn new(does: DryVerb, kind: &str, name: impl Into<String>) -> Self {
        Self { does, kind: kind.to_owned(), name: name.into(), detail: None }
    }

    /// The same step with what else is to be known.
    #[must_use]
    pub fn with(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }
}

/// What a step of a dry run would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DryVerb {
    /// It is as it should be.
    Keep,
    /// It is made.
    Make,
    /// It is changed.
    Change,
    /// It is started.
    Start,
    /// It is ended.
    End,
    /// It is removed.
    Remove,
    /// An image is brought from its registry.
    Pull,
    /// An image is built.
    Build,
}

impl DryVerb {
    /// The verb as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Make => "make",
            Self::Change => "change",
            Self::Start => "start",
            Self::End => "end",
            Self::Remove => "remove",
            Self::Pull => "pull",
            Self::Build => "build",
        }
    }
}
