//! Secrets, kept out of what is shown.

/// What stands where a secret was.
const MASK: &str = "***";
/// A secret that is shorter is not masked by itself: it would hide half of every text.
const SHORTEST: usize = 3;

/// Texts that are never shown.
#[derive(Debug, Default)]
pub(super) struct Masks(Vec<String>);

impl Masks {
    /// One more.
    pub(super) fn add(&mut self, secret: &str) {
        // A secret of several lines is shown line by line.
        for part in std::iter::once(secret).chain(secret.lines()) {
            if part.len() >= SHORTEST && !self.0.iter().any(|known| known == part) {
                self.0.push(part.to_owned());
            }
        }
        // The longest first: one may be a part of another.
        self.0.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    }

    /// The text without any of them.
    pub(super) fn hide(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| if text.contains(secret.as_str()) { text.replace(secret.as_str(), MASK) } else { text })
    }

    /// Data without any of them, names included.
    pub(super) fn hide_in(&self, value: serde_json::Value) -> serde_json::Value {
        use serde_json::Value;
        match value {
            Value::String(text) => Value::String(self.hide(&text)),
            Value::Array(items) => Value::Array(items.into_iter().map(|item| self.hide_in(item)).collect()),
            Value::Object(map) => Value::Object(map.into_iter().map(|(name, item)| (self.hide(&name), self.hide_in(item))).collect()),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_wherever_they_stand() {
        let mut masks = Masks::default();
        masks.add("hunter2");
        masks.add("hunter2-long");
        masks.add("ab");
        assert_eq!(masks.hide("hunter2-long and hunter2, ab"), "*** and ***, ab");
        assert_eq!(masks.hide_in(serde_json::json!({"a hunter2": ["hunter2", 1]})), serde_json::json!({"a ***": ["***", 1]}));
    }
}
