//! The part of a template that says how its image is built.
use super::Taken;
use super::Work;
use crate::config::mounts::MOST_RECIPE;
use crate::config::texts;
use crate::model::BuildEntry;
use crate::model::FileContent;
use crate::model::ImageBuild;

impl Work<'_> {
    /// How an image is built, its directory as it was written, and the path of its recipe where that is a file.
    pub(super) fn build(&mut self, entry: &BuildEntry) -> (ImageBuild, Option<String>) {
        let path =
            |text: &str| if text.trim().is_empty() || text.chars().any(char::is_control) { Err("the path is empty".to_owned()) } else { Ok(text.to_owned()) };
        let context = entry.context.as_ref().and_then(|text| self.text("/build/context", text, path));
        let (mut dockerfile, mut recipe) = (String::new(), None);
        match &entry.dockerfile {
            Some(content) if is_recipe(content) => {
                let text = self.fill("/build/dockerfile", &content.text(), Taken::Params).unwrap_or_default();
                let begins = |line: &str| line.trim_start().get(..5).is_some_and(|word| word.eq_ignore_ascii_case("from "));
                if !text.is_empty() && !text.lines().any(begins) {
                    self.complain("/build/dockerfile", "the recipe has no line 'FROM IMAGE'");
                }
                if text.len() as u64 > MOST_RECIPE {
                    self.complain("/build/dockerfile", format!("the recipe has more than {} KiB", MOST_RECIPE >> 10));
                }
                dockerfile = text;
            }
            Some(content) => recipe = self.text("/build/dockerfile", &content.text(), path),
            None => match &context {
                Some(context) => recipe = Some(format!("{}/Dockerfile", context.trim_end_matches('/'))),
                None if entry.context.is_none() => self.complain("/build", "it says nothing to build: give 'dockerfile', or 'context' with a Dockerfile in it"),
                None => {}
            },
        }
        let stage = |text: &str| {
            let good = text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
            if good { Ok(text.to_owned()) } else { Err(format!("'{text}' is not the name of a stage")) }
        };
        let target = entry.target.as_ref().and_then(|text| self.text("/build/target", text, stage)).unwrap_or_default();
        let args = self.map("/build/args", &entry.args, texts::variable, Taken::Variables);
        (ImageBuild { dockerfile, recipe: None, context, args, target }, recipe)
    }
}

/// Whether it is a recipe itself; the path of one otherwise.
fn is_recipe(content: &FileContent) -> bool {
    let FileContent::Text(text) = content else { return true };
    let first = text.trim_start().to_ascii_lowercase();
    text.contains('\n') || ["from ", "arg ", "#"].iter().any(|word| first.starts_with(word))
}
