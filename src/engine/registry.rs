//! Pushing to registries and building from a directory: news are read from the engine's own stream, which says more than bollard's types keep.
use super::credentials;
use super::fault;
use super::fault::About;
use super::images::Images;
use super::images::Tell;
use super::images::is_reference;
use super::images::split;
use super::labels;
use super::raw;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Image;
use crate::model::Progress;
use crate::model::ProgressUnit;
use bollard::models::CreateImageInfo;
use bollard::query_parameters::BuildImageOptions;
use bytes::Bytes;
use futures_util::Stream;
use futures_util::StreamExt;
use serde_json::Value;
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::VecDeque;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Most time without any news from a registry.
const SILENCE: Duration = Duration::from_secs(90);
/// Most bytes of one line of news.
const MOST_LINE: usize = 1 << 20;
/// Lines of a failed build that the error shows.
const LAST_LINES: usize = 12;
/// How long the layers of a build that was cancelled are tried to be removed, and how often.
const TAKE_AWAY: Duration = Duration::from_secs(8);
const AGAIN: Duration = Duration::from_millis(100);
/// How long a directory that is built from may take to come: until then the engine does not answer.
const CONTEXT: Duration = Duration::from_secs(24 * 3600);

/// How an image is built.
#[derive(Clone, Debug, Default)]
pub struct BuildRequest {
    /// Its name.
    pub tag: String,
    /// The recipe's path in the directory.
    pub dockerfile: String,
    /// The stage to stop at; the last where it is empty.
    pub target: String,
    /// Values for the recipe's arguments.
    pub args: BTreeMap<String, String>,
    /// Nothing is taken from earlier builds.
    pub no_cache: bool,
    /// Base images are looked for anew.
    pub pull: bool,
    /// `default`, `none` or `host`; policy has decided.
    pub network: String,
    /// Whose it is.
    pub owner: String,
    /// The hash of all that decides its content, of one that is kept for templates.
    pub derived: String,
}

impl Images {
    /// Sends an image to the registry that its name says.
    ///
    /// # Errors
    /// `not_found`, `image_unavailable` when the registry refuses it or can't be reached.
    pub async fn push(&self, reference: &str, progress: Tell<'_>) -> Result<()> {
        let work = async {
            if !is_reference(reference) || reference.contains('@') {
                return Err(Error::not_found("image", reference).fix("'cto images' lists the images"));
            }
            self.get(reference).await?;
            let open = self.0.link().open().await?;
            let (name, tag) = split(reference);
            let header = credentials::header_for(reference).await.unwrap_or_else(credentials::none);
            let mut news = raw::post(&open, &format!("/images/{name}/push?tag={tag}"), header);
            let phase = format!("pushing {reference}");
            progress(Progress { phase: phase.clone(), unit: ProgressUnit::Bytes, ..Progress::default() });
            let mut layers: HashMap<String, (u64, u64)> = HashMap::new();
            let mut lines = Lines::default();
            while let Some(piece) = tokio::time::timeout(SILENCE, news.next()).await.map_err(|_| silent(reference))? {
                let piece = piece.map_err(|error| self.0.link().fault(error, &About::Image(reference)))?;
                for line in lines.take(&piece)? {
                    if let Some(message) = failure(&line) {
                        return Err(fault::answered(500, message, &About::Image(reference)));
                    }
                    let Ok(info) = serde_json::from_value::<CreateImageInfo>(line) else { continue };
                    let (status, id) = (info.status.unwrap_or_default(), info.id.unwrap_or_default());
                    let number = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok()).unwrap_or(0);
                    let detail = info.progress_detail.as_ref();
                    if status == "Pushing" {
                        let (current, total) = (number(detail.and_then(|detail| detail.current)), number(detail.and_then(|detail| detail.total)));
                        layers.insert(id.clone(), (current, total.max(current)));
                    } else if status == "Pushed"
                        && let Some((done, total)) = layers.get_mut(&id)
                    {
                        *done = *total;
                    }
                    let (done, total) = layers.values().fold((0, 0), |(done, total), layer| (done + layer.0, total + layer.1));
                    let line = if id.is_empty() { status } else { format!("{id}: {status}") };
                    progress(Progress { phase: phase.clone(), line: Some(line), done, total, unit: ProgressUnit::Bytes });
                }
            }
            Ok(())
        };
        self.0.called(None, format!("docker push {reference}"), work).await
    }

    /// Builds an image from a directory, which comes as a tar. After `cancel` the engine removes its container, and the layers that this build has
    /// made go too; those of a build that fails stay, so that the next one begins where it failed.
    ///
    /// # Errors
    /// `build_failed` with the last lines, `image_unavailable` when a base image is missing, `disk_full`, `cancelled`.
    pub async fn build_from(
        &self,
        request: &BuildRequest,
        context: impl Stream<Item = std::io::Result<Bytes>> + Send + 'static,
        progress: Tell<'_>,
        cancel: &CancellationToken,
    ) -> Result<Image> {
        let open = self.0.link().open().await?;
        // What a recipe says of labels of ours is said over.
        let own = [(labels::BUILT_BY.to_owned(), request.owner.clone()), (labels::DERIVED.to_owned(), request.derived.clone())];
        let options = BuildImageOptions {
            dockerfile: request.dockerfile.clone(),
            t: Some(request.tag.clone()),
            target: request.target.clone(),
            buildargs: (!request.args.is_empty()).then(|| request.args.clone().into_iter().collect()),
            nocache: request.no_cache,
            pull: request.pull.then(|| "true".to_owned()),
            networkmode: Some(request.network.clone()),
            rm: true,
            forcerm: true,
            labels: Some(self.0.mark().into_iter().chain(own).collect()),
            ..BuildImageOptions::default()
        };
        let docker = credentials::attach_all(open.docker.with_timeout(CONTEXT)).await;
        let mut now = Progress { phase: format!("building {}", request.tag), ..Progress::default() };
        progress(now.clone());
        let mut last: VecDeque<String> = VecDeque::new();
        let mut text = String::new();
        let mut made = Made::default();
        let mut news = Box::pin(docker.build_image(options, None, Some(bollard::body_try_stream(context))));
        loop {
            let next = tokio::select! {
                biased;
                () = cancel.cancelled() => {
                    drop(news);
                    self.take_away(&made.ids).await;
                    return Err(Error::new(Code::Cancelled, format!("building '{}' was cancelled; nothing is left of it", request.tag)));
                }
                next = news.next() => next,
            };
            let Some(next) = next else { break };
            let failed = match next {
                Ok(info) => {
                    text.push_str(info.stream.as_deref().or(info.status.as_deref()).unwrap_or_default());
                    if info.stream.is_none() && info.status.is_some() {
                        text.push('\n');
                    }
                    info.error_detail.and_then(|detail| detail.message)
                }
                Err(bollard::errors::Error::DockerStreamError { error }) => Some(error),
                Err(bollard::errors::Error::DockerResponseServerError { message, .. }) => Some(message),
                Err(error) => return Err(self.0.link().fault(error, &About::Engine)),
            };
            while let Some(at) = text.find(['\n', '\r']) {
                let line = super::derived::plain(&text[..at]);
                text.drain(..=at);
                if line.is_empty() {
                    continue;
                }
                if let Some((step, steps)) = super::derived::step(&line) {
                    (now.done, now.total) = (step.saturating_sub(1), steps);
                }
                made.hear(&line);
                now.line = Some(line.clone());
                progress(now.clone());
                last.push_back(line);
                if last.len() > LAST_LINES {
                    last.pop_front();
                }
            }
            if text.len() > MOST_LINE {
                text.clear();
            }
            if let Some(message) = failed {
                return Err(build_failure(&message, last.make_contiguous()));
            }
        }
        self.get(&request.tag).await.map_err(|error| Error::new(Code::BuildFailed, format!("'{}' was built but is not there", request.tag)).because(error))
    }

    /// Removes the layers of a build that was cancelled, the last first. The engine needs a moment to remove the container that stands on it.
    async fn take_away(&self, made: &[String]) {
        let work = async {
            for id in made.iter().rev() {
                while let Err(error) = self.remove_layer(id).await {
                    if error.code != Code::WrongState {
                        break;
                    }
                    tokio::time::sleep(AGAIN).await;
                }
            }
        };
        if tokio::time::timeout(TAKE_AWAY, work).await.is_err() {
            tracing::warn!("layers of a build that was cancelled are still in use; 'cto image prune' removes them");
        }
    }
}

/// The layers that a build makes itself, by what it prints. Those of an earlier one, and the base image, are not its own.
#[derive(Default)]
struct Made {
    ids: Vec<String>,
    /// The step is done by something that was there before.
    old: bool,
}

impl Made {
    fn hear(&mut self, line: &str) {
        if let Some((_, recipe)) = line.strip_prefix("Step ").and_then(|rest| rest.split_once(" : ")) {
            self.old = recipe.trim_start().get(..5).is_some_and(|word| word.eq_ignore_ascii_case("from "));
        } else if let Some(rest) = line.strip_prefix("---> ") {
            let is_id = rest.len() == 12 && rest.bytes().all(|byte| byte.is_ascii_hexdigit());
            match rest {
                "Using cache" => self.old = true,
                id if is_id && !self.old => self.ids.push(id.to_owned()),
                _ => {}
            }
        }
    }
}

fn silent(reference: &str) -> Error {
    let error = Error::new(Code::ImageUnavailable, format!("image '{reference}' can't be pushed: the registry said nothing for {} s", SILENCE.as_secs()));
    error.fix("check the network and the registry")
}

/// What a line of news says went wrong.
fn failure(line: &Value) -> Option<&str> {
    line.pointer("/errorDetail/message").or_else(|| line.get("error")).and_then(Value::as_str)
}

fn build_failure(message: &str, lines: &[String]) -> Error {
    let text = super::derived::plain(message);
    let low = text.to_lowercase();
    if low.contains("no space left on device") || lines.iter().any(|line| line.to_lowercase().contains("no space left on device")) {
        return Error::new(Code::DiskFull, "the engine's disk is full").fix("free some space, for example with 'cto image prune'");
    }
    if fault::is_denied(&low) || low.contains("manifest unknown") || low.contains("pull access denied") {
        let from = lines.iter().rev().find_map(|line| line.split_once(" : FROM ").map(|(_, rest)| rest.split_whitespace().next().unwrap_or_default()));
        return fault::answered(500, &text, &About::Image(from.unwrap_or("of the recipe")));
    }
    let tail = lines.join("\n");
    Error::new(Code::BuildFailed, format!("the build failed: {text}\n{tail}")).fix("the lines above are the build's own; correct the recipe or what it needs")
}

/// JSON values that come one a line, in pieces of any size.
#[derive(Default)]
struct Lines(Vec<u8>);

impl Lines {
    fn take(&mut self, piece: &[u8]) -> Result<Vec<Value>> {
        self.0.extend_from_slice(piece);
        let mut found = Vec::new();
        while let Some(end) = self.0.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.0.drain(..=end).collect();
            found.extend(serde_json::from_slice(&line).ok());
        }
        if self.0.len() > MOST_LINE {
            return Err(Error::new(Code::EngineFailed, "the engine's news have no end"));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_knows_the_layers_that_it_has_made_itself() {
        let mut made = Made::default();
        for line in [
            "Step 1/4 : FROM debian AS base",
            "---> aaaaaaaaaaaa",
            "Step 2/4 : RUN a",
            "---> Using cache",
            "---> bbbbbbbbbbbb",
            "Step 3/4 : RUN echo '---> dddddddddddd'",
            "---> Running in 111111111111",
            "---> cccccccccccc",
            "Step 4/4 : RUN b",
            "---> Running in 222222222222",
        ] {
            made.hear(line);
        }
        assert_eq!(made.ids, ["cccccccccccc"]);
    }

    #[test]
    fn news_are_read_in_pieces_of_any_size() {
        let mut lines = Lines::default();
        assert!(lines.take(b"{\"status\":\"Push").expect("fine").is_empty());
        let found = lines.take(b"ing\"}\r\nno json\n{\"errorDetail\":{\"message\":\"denied\"}}\n").expect("fine");
        assert_eq!((found.len(), failure(&found[0]), failure(&found[1])), (2, None, Some("denied")));
        assert!(lines.take(&vec![b'x'; MOST_LINE + 1]).is_err());
    }
}
