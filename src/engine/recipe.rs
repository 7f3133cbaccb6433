//! Images of templates that bring their recipe: built once, kept by content.
use super::derived;
use super::derived::short_hash;
use super::derived::tag_name;
use super::images::Images;
use super::images::Tell;
use super::registry::BuildRequest;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::ImageBuild;
use crate::model::ImageSource;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use std::collections::BTreeMap;
use tokio_util::sync::CancellationToken;

impl Images {
    /// The id of the image that a recipe makes, with the packages of its source: built unless it is there. `digest` is that of `archive`, which holds the
    /// recipe as `recipe`.
    ///
    /// # Errors
    /// As [`Images::ensure`] and [`Images::build_from`].
    #[expect(clippy::too_many_arguments, reason = "each is said once, by one caller")]
    pub async fn ensure_built(
        &self,
        source: &ImageSource,
        build: &ImageBuild,
        digest: &str,
        recipe: &str,
        archive: impl FnOnce() -> BoxStream<'static, std::io::Result<Bytes>>,
        progress: Tell<'_>,
        cancel: &CancellationToken,
    ) -> Result<String> {
        let packages = derived::checked(&source.packages)?;
        let gone = || Error::new(Code::Cancelled, format!("building '{}' was cancelled; nothing is left of it", source.reference));
        let found = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(gone()),
            found = self.bases(build, progress) => found?,
        };
        let args = serde_json::to_string(&build.args).unwrap_or_default();
        let hash = short_hash(&format!("recipe\n{digest}\n{args}\n{}\n{}", build.target, found.join("\n")));
        let tag = format!("cto-derived/{}:{hash}", tag_name(&source.reference));
        // Two launches of one template build once.
        let lock = self.0.building(&hash);
        let alone = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(gone()),
            alone = lock.lock() => alone,
        };
        let id = match self.kept(&tag, &hash).await? {
            Some(id) => id,
            None => {
                let request = BuildRequest {
                    tag,
                    dockerfile: recipe.to_owned(),
                    target: build.target.clone(),
                    args: build.args.clone(),
                    network: "default".to_owned(),
                    derived: hash.clone(),
                    ..BuildRequest::default()
                };
                self.build_from(&request, archive(), progress, cancel).await?.id
            }
        };
        drop(alone);
        if packages.is_empty() {
            return Ok(id);
        }
        let base = self.find(&id).await?.ok_or_else(|| Error::not_found("image", &id))?;
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(gone()),
            id = self.derive(&source.reference, &base, &packages, progress) => id,
        }
    }

    /// The ids of the images that a recipe begins from, pulled where they are absent: when one changes, so does what is made of it.
    async fn bases(&self, build: &ImageBuild, progress: Tell<'_>) -> Result<Vec<String>> {
        let mut ids = Vec::new();
        for reference in bases(&build.dockerfile, &build.args, &build.target) {
            let found = match self.find(&reference).await? {
                Some(found) => found,
                None => self.pull(&reference, progress).await?,
            };
            ids.push(found.id.unwrap_or_default());
        }
        Ok(ids)
    }
}

/// The references that the stages of a recipe begin from, up to the one that is wanted. One that only the builder can tell is left out.
fn bases(recipe: &str, args: &BTreeMap<String, String>, target: &str) -> Vec<String> {
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    let (mut stages, mut all) = (Vec::<String>::new(), Vec::<String>::new());
    // A remark between the lines of an instruction does not end it.
    let told = recipe.lines().filter(|line| !line.trim_start().starts_with('#')).map(|line| line.trim_end()).collect::<Vec<_>>().join("\n");
    for line in told.replace("\\\n", " ").lines() {
        let mut words = line.split_whitespace().filter(|word| !word.starts_with("--"));
        let instruction = words.next().unwrap_or_default().to_ascii_lowercase();
        if instruction == "arg" && stages.is_empty() && all.is_empty() {
            for (name, value) in words.map(|word| word.split_once('=').unwrap_or((word, ""))) {
                let value = args.get(name).cloned().unwrap_or_else(|| value.trim_matches(['"', '\'']).to_owned());
                values.insert(name.to_owned(), value);
            }
        } else if instruction == "from" {
            let reference = filled(words.next().unwrap_or_default(), &values);
            let is_stage = stages.iter().any(|stage| stage.eq_ignore_ascii_case(&reference)) || reference == "scratch";
            if !is_stage && super::images::is_reference(&reference) && !all.contains(&reference) {
                all.push(reference);
            }
            let name = words.nth(1).unwrap_or_default().to_owned();
            if !target.is_empty() && name.eq_ignore_ascii_case(target) {
                break;
            }
            stages.push(name);
        }
    }
    all
}

/// `$NAME` and `${NAME}` filled in; what is more than that stays, and is no reference then.
fn filled(text: &str, values: &BTreeMap<String, String>) -> String {
    let mut whole = text.to_owned();
    for (name, value) in values.iter().rev() {
        whole = whole.replace(&format!("${{{name}}}"), value).replace(&format!("${name}"), value);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_says_what_it_begins_from() {
        let recipe = "# syntax\nARG TAG=12 \nARG BASE=\"debian\"\nFROM --platform=linux/amd64 ${BASE}:$TAG AS one\nARG X=y\nRUN a \\ \n# no\n from here\nfrom one as two\nFROM scratch\nFROM \\\n alpine:${V:-3} AS three\nFROM busybox\n";
        let args = BTreeMap::from([("TAG".to_owned(), "bookworm".to_owned())]);
        assert_eq!(bases(recipe, &args, ""), ["debian:bookworm", "busybox"]);
        assert_eq!(bases(recipe, &args, "TWO"), ["debian:bookworm"]);
        assert!(bases("", &args, "").is_empty());
    }
}
