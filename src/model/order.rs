//! By what lists are sorted.

/// The fields of what is listed that a list can be sorted by. The first is its order where none is asked for; a `-` in front of a field means the
/// largest, or latest, first, and can be asked for with each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Orders(pub &'static [&'static str]);

impl Orders {
    /// Of containers.
    pub const CONTAINERS: Self = Self(&["-created_at", "name", "image", "state", "owner", "template", "started_at"]);
    /// Of images; `tags` is the first of them.
    pub const IMAGES: Self = Self(&["-created_at", "tags", "size_bytes", "owner"]);
    /// Of volumes.
    pub const VOLUMES: Self = Self(&["name", "created_at", "driver", "owner"]);
    /// Of networks.
    pub const NETWORKS: Self = Self(&["name", "created_at", "driver", "owner"]);
    /// Of sessions.
    pub const SESSIONS: Self = Self(&["created_at", "container_name", "title", "owner", "state", "viewers", "head_offset"]);
    /// Of recordings.
    pub const RECORDINGS: Self = Self(&["-started_at", "container_name", "owner", "state", "duration_ms", "bytes"]);
    /// Of operations.
    pub const OPERATIONS: Self = Self(&["-created_at", "title", "target", "owner", "state"]);
    /// Of runs.
    pub const RUNS: Self = Self(&["-created_at", "script", "owner", "state", "started_at", "ended_at"]);
    /// Of schedules.
    pub const SCHEDULES: Self = Self(&["name", "owner", "next_due", "created_at"]);
    /// Of uploads.
    pub const UPLOADS: Self = Self(&["created_at", "container_name", "path", "owner", "size_bytes", "expires_at"]);
    /// Of users.
    pub const USERS: Self = Self(&["name", "role", "created_at"]);
    /// Of tokens.
    pub const TOKENS: Self = Self(&["created_at", "user", "role", "expires_at", "about"]);
    /// Of the audit, which is long: by time alone.
    pub const AUDIT: Self = Self(&["-at"]);
    /// Of commands, which are many: by time alone.
    pub const COMMANDS: Self = Self(&["-started_at"]);
    /// Of webhooks.
    pub const WEBHOOKS: Self = Self(&["name", "owner", "created_at"]);
    /// Of triggers.
    pub const TRIGGERS: Self = Self(&["name", "owner", "created_at"]);
    /// Of plugins.
    pub const PLUGINS: Self = Self(&["name", "state", "installed_by", "installed_at"]);
    /// Of layouts.
    pub const LAYOUTS: Self = Self(&["name"]);
    /// Of templates; `name` is that of the recipe.
    pub const TEMPLATES: Self = Self(&["name", "origin"]);
    /// Of scripts.
    pub const SCRIPTS: Self = Self(&["name", "origin"]);
    /// Of stacks.
    pub const STACKS: Self = Self(&["name", "owner"]);

    /// The field of the order where none is asked for, and whether the largest comes first.
    #[must_use]
    pub fn usual(self) -> (&'static str, bool) {
        let first = self.0.first().copied().unwrap_or_default();
        (first.trim_start_matches('-'), first.starts_with('-'))
    }

    /// The field that `sort` names, and whether the largest comes first; none where the list has no such order.
    #[must_use]
    pub fn find(self, sort: &str) -> Option<(&'static str, bool)> {
        let wanted = sort.strip_prefix('-').unwrap_or(sort);
        self.fields().find(|field| *field == wanted).map(|field| (field, sort.starts_with('-')))
    }

    /// The fields, without signs.
    pub fn fields(self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|key| key.trim_start_matches('-'))
    }

    /// All that `sort` can be.
    pub fn all(self) -> impl Iterator<Item = String> {
        self.fields().flat_map(|field| [field.to_owned(), format!("-{field}")])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_a_field_with_a_sign_or_without() {
        assert_eq!(Orders::CONTAINERS.usual(), ("created_at", true));
        assert_eq!(Orders::CONTAINERS.find("created_at"), Some(("created_at", false)));
        assert_eq!(Orders::CONTAINERS.find("-name"), Some(("name", true)));
        for wrong in ["", "-", "--name", "Name", "labels", "name,-image"] {
            assert_eq!(Orders::CONTAINERS.find(wrong), None, "{wrong}");
        }
        assert_eq!(Orders::COMMANDS.all().collect::<Vec<_>>(), ["started_at", "-started_at"]);
    }
}
