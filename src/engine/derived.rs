//! Derived images: a base image with a template's packages, kept by content.
use super::create::DEFAULT_PATH;
use super::create::with_games;
use super::fault::About;
use super::images::Images;
use super::images::Tell;
use super::labels;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::DryStep;
use crate::model::DryVerb;
use crate::model::Image;
use crate::model::ImageSource;
use crate::model::Progress;
use crate::model::package;
use bollard::models::ImageConfig;
use bollard::models::ImageInspect;
use bollard::query_parameters::BuildImageOptions;
use futures_util::StreamExt;
use sha2::Digest;
use std::collections::HashMap;
use std::collections::VecDeque;

/// Grows with each change of [`SCRIPT`] or of the recipe that makes other images, so that those of an older one are not used.
const RECIPE: u32 = 1;
/// Lines of a failed build that the error shows.
const LAST_LINES: usize = 12;
/// The exit codes by which [`SCRIPT`] says that something is not there that it needs, with what that is and what to do.
const MISSING: [(&str, &str, &str); 3] = [
    (
        "returned a non-zero code: 93",
        "package manager that cto knows",
        "use an image with apt, apk, dnf, yum, zypper or pacman, or one that has the programs already",
    ),
    ("returned a non-zero code: 94", "pip", "add the package that brings it, such as \"python3-pip\" (py3-pip on Alpine), or use an image that has Python"),
    ("returned a non-zero code: 95", "npm", "add the package that brings it, such as \"npm\", or use an image that has Node"),
];

/// Installs its arguments: with whatever package manager there is, then those for pip and npm, which the first may have brought. Each function takes its own
/// out of all arguments. The two use the index, proxy and certificates that the image says, as the package manager does.
const SCRIPT: &str = "set -e
has() { command -v \"$1\" >/dev/null 2>&1; }
bundle=/etc/ssl/certs/ca-certificates.crt
system() {
  for name; do
    shift
    case \"$name\" in pip:*|npm:*) ;; *) set -- \"$@\" \"$name\" ;; esac
  done
  [ $# -gt 0 ] || return 0
  if has apt-get; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get -o APT::Update::Error-Mode=any update
    apt-get install -y --no-install-recommends -- \"$@\"
    rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb
  elif has apk; then apk add --no-cache -- \"$@\"
  elif has microdnf; then microdnf install -y \"$@\"; microdnf clean all
  elif has dnf; then dnf install -y \"$@\"; dnf clean all
  elif has yum; then yum install -y \"$@\"; yum clean all
  elif has zypper; then zypper --non-interactive install --no-recommends \"$@\"; zypper clean --all
  elif has pacman; then pacman -Sy --noconfirm -- \"$@\"; rm -rf /var/cache/pacman/pkg/*
  else exit 93
  fi
}
python() {
  for name; do
    shift
    case \"$name\" in pip:*) set -- \"$@\" \"${name#pip:}\" ;; esac
  done
  [ $# -gt 0 ] || return 0
  export PIP_BREAK_SYSTEM_PACKAGES=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
  if [ -z \"$REQUESTS_CA_BUNDLE\" ] && [ -f $bundle ]; then export REQUESTS_CA_BUNDLE=$bundle; fi
  if has pip3; then pip3 install -- \"$@\"
  elif has pip; then pip install -- \"$@\"
  elif has python3 && python3 -m pip --version >/dev/null 2>&1; then python3 -m pip install -- \"$@\"
  else exit 94
  fi
}
node() {
  for name; do
    shift
    case \"$name\" in npm:*) set -- \"$@\" \"${name#npm:}\" ;; esac
  done
  [ $# -gt 0 ] || return 0
  has npm || exit 95
  if [ -z \"$NODE_EXTRA_CA_CERTS\" ] && [ -f $bundle ]; then export NODE_EXTRA_CA_CERTS=$bundle; fi
  npm install --global --no-fund --no-audit --no-update-notifier -- \"$@\"
  npm cache clean --force >/dev/null 2>&1 || :
}
system \"$@\"
python \"$@\"
node \"$@\"";

/// The packages in order and once each.
///
/// # Errors
/// When one can't be a package's name.
pub(super) fn checked(packages: &[String]) -> Result<Vec<String>> {
    for name in packages {
        package(name).map_err(|detail| Error::invalid(detail).fix("write packages as the image's package manager names them"))?;
    }
    let mut all = packages.to_vec();
    all.sort();
    all.dedup();
    Ok(all)
}

impl Images {
    /// The id of `base` with `packages`, built unless it is there.
    pub(super) async fn derive(&self, reference: &str, base: &ImageInspect, packages: &[String], progress: Tell<'_>) -> Result<String> {
        let id = base.id.clone().unwrap_or_default();
        let hash = content(&id, packages);
        let tag = format!("cto-derived/{}:{hash}", tag_name(reference));
        // Two launches of one template build once.
        let lock = self.0.building(&hash);
        let _alone = lock.lock().await;
        if let Some(id) = self.kept(&tag, &hash).await? {
            return Ok(id);
        }
        self.build(&id, base.config.as_ref(), packages, &hash, &tag, progress).await?;
        self.find(&tag).await?.and_then(|found| found.id).ok_or_else(|| Error::new(Code::BuildFailed, format!("image '{tag}' was built but is not there")))
    }

    /// What [`Images::ensure`] would have to do first; nothing where the image is there.
    ///
    /// # Errors
    /// `engine_unavailable`; `invalid_value` for what is no image reference or no package.
    pub async fn missing(&self, source: &ImageSource) -> Result<Vec<DryStep>> {
        let packages = checked(&source.packages)?;
        let base = self.find(&source.reference).await?;
        let mut steps = Vec::new();
        if base.is_none() {
            steps.push(DryStep::new(DryVerb::Pull, "image", &source.reference));
        }
        if !packages.is_empty() {
            let hash = base.and_then(|base| base.id).map(|id| content(&id, &packages));
            let tag = |hash: &str| format!("cto-derived/{}:{hash}", tag_name(&source.reference));
            let there = match &hash {
                Some(hash) => self.find(&tag(hash)).await?.is_some_and(|found| is_derived(&found, hash)),
                None => false,
            };
            if !there {
                steps.push(DryStep::new(DryVerb::Build, "image", &source.reference).with(format!("with {}", packages.join(", "))));
            }
        }
        Ok(steps)
    }

    /// The id of a derived image that is there.
    pub(super) async fn kept(&self, tag: &str, hash: &str) -> Result<Option<String>> {
        let Some(found) = self.find(tag).await?.filter(|found| is_derived(found, hash)) else { return Ok(None) };
        let id = found.id.unwrap_or_default();
        // Named anew, so that the engine remembers when it was last used; without that it only goes sooner.
        if let Err(error) = self.tag(&id, tag).await {
            tracing::debug!(%error, tag, "the use of a derived image can't be noted");
        }
        Ok(Some(id))
    }

    /// Builds a recipe without any other file, which runs nothing, and names the image.
    ///
    /// # Errors
    /// `build_failed`.
    pub(super) async fn rewrite(&self, recipe: &str, tag: &str) -> Result<Image> {
        let open = self.0.link().open().await?;
        let options = BuildImageOptions { dockerfile: "Dockerfile".into(), t: Some(tag.to_owned()), rm: true, forcerm: true, ..BuildImageOptions::default() };
        let mut news = Box::pin(open.docker.build_image(options, None, Some(bollard::body_full(archive(recipe)?.into()))));
        while let Some(next) = news.next().await {
            next.map_err(|error| Error::new(Code::BuildFailed, format!("image '{tag}' can't be made: {error}")).because(error))?;
        }
        self.get(tag).await
    }

    async fn build(&self, base: &str, config: Option<&ImageConfig>, packages: &[String], hash: &str, tag: &str, progress: Tell<'_>) -> Result<()> {
        let open = self.0.link().open().await?;
        let context = archive(&dockerfile(base, config, packages))?;
        let options = BuildImageOptions {
            dockerfile: "Dockerfile".into(),
            t: Some(tag.to_owned()),
            rm: true,
            forcerm: true,
            // It belongs to nobody, whoever has built its base image.
            labels: Some(HashMap::from_iter(
                self.0.mark().into_iter().chain([(labels::DERIVED.to_owned(), hash.to_owned()), (labels::BUILT_BY.to_owned(), String::new())]),
            )),
            ..BuildImageOptions::default()
        };
        let phase = format!("installing {}", packages.join(", "));
        let mut now = Progress { phase, ..Progress::default() };
        progress(now.clone());
        let mut last: VecDeque<String> = VecDeque::new();
        let mut text = String::new();
        // Dropping this stream, as a cancel does, ends the build, and the engine removes its container.
        let mut news = Box::pin(open.docker.build_image(options, None, Some(bollard::body_full(context.into()))));
        while let Some(next) = news.next().await {
            let failed = match next {
                Ok(info) => {
                    text.push_str(info.stream.as_deref().or(info.status.as_deref()).unwrap_or_default());
                    info.error_detail.and_then(|detail| detail.message)
                }
                Err(bollard::errors::Error::DockerStreamError { error }) => Some(error),
                Err(error) => {
                    let error = self.0.link().fault(error, &About::Image(base));
                    return Err(if error.code == Code::ImageUnavailable { Error::new(Code::BuildFailed, error.message) } else { error });
                }
            };
            while let Some(at) = text.find(['\n', '\r']) {
                let line = plain(&text[..at]);
                text.drain(..=at);
                if line.is_empty() {
                    continue;
                }
                if let Some((step, steps)) = step(&line) {
                    (now.done, now.total) = (step.saturating_sub(1), steps);
                }
                now.line = Some(line.clone());
                progress(now.clone());
                last.push_back(line);
                if last.len() > 200 {
                    last.pop_front();
                }
            }
            if let Some(message) = failed {
                return Err(failure(&message, last.make_contiguous(), packages));
            }
        }
        Ok(())
    }
}

/// Whether an image is the derived one of this hash.
fn is_derived(image: &ImageInspect, hash: &str) -> bool {
    let labels = image.config.as_ref().and_then(|config| config.labels.as_ref());
    labels.and_then(|labels| labels.get(labels::DERIVED)).is_some_and(|found| found == hash)
}

/// The hash of all that decides a derived image's content.
fn content(base: &str, packages: &[String]) -> String {
    short_hash(&format!("{RECIPE}\n{base}\n{}", packages.join("\n")))
}

/// A hash that is short enough for a tag.
pub(super) fn short_hash(text: &str) -> String {
    sha2::Sha256::digest(text).iter().take(10).map(|byte| format!("{byte:02x}")).collect()
}

/// The last part of a reference's name, for a tag that people recognise.
pub(super) fn tag_name(reference: &str) -> String {
    let name = reference.split('@').next().unwrap_or(reference);
    let name = name.rsplit('/').next().unwrap_or(name).split(':').next().unwrap_or(name);
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "image".to_owned() } else { name.to_owned() }
}

/// The recipe. Packages are arguments of the script, never part of its text. The installation comes first, so that a failed one leaves no layer.
fn dockerfile(base: &str, config: Option<&ImageConfig>, packages: &[String]) -> String {
    let user = config.and_then(|config| config.user.clone()).filter(|user| !user.is_empty() && user != "root" && user != "0");
    let path = config.and_then(|config| config.env.as_ref()?.iter().find_map(|line| line.strip_prefix("PATH=").map(str::to_owned)));
    let mut run: Vec<&str> = vec!["/bin/sh", "-c", SCRIPT, "cto"];
    run.extend(packages.iter().map(String::as_str));
    let mut lines = vec![format!("FROM {base}")];
    if user.is_some() {
        lines.push("USER root".into());
    }
    lines.push(format!("RUN {}", serde_json::to_string(&run).expect("text always becomes JSON")));
    // A dollar in the path is meant as it stands: docker put the values in when the base image was built.
    let path = with_games(path.as_deref().unwrap_or(DEFAULT_PATH)).replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$");
    lines.push(format!("ENV PATH=\"{path}\""));
    if let Some(user) = user {
        lines.push(format!("USER {user}"));
    }
    lines.join("\n") + "\n"
}

/// The build's context: a tar with nothing but the recipe.
fn archive(dockerfile: &str) -> Result<Vec<u8>> {
    let failed = |error: std::io::Error| Error::internal(format!("a tar in memory failed: {error}"));
    let mut header = tar::Header::new_gnu();
    header.set_size(dockerfile.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    let mut builder = tar::Builder::new(Vec::new());
    builder.append_data(&mut header, "Dockerfile", dockerfile.as_bytes()).map_err(failed)?;
    builder.into_inner().map_err(failed)
}

/// A line without control characters and colour sequences.
pub(super) fn plain(line: &str) -> String {
    let mut plain = String::new();
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' {
            if rest.next_if_eq(&'[').is_some() {
                while rest.next().is_some_and(|c| !('@'..='~').contains(&c)) {}
            }
        } else if !c.is_control() {
            plain.push(c);
        } else if c == '\t' {
            plain.push(' ');
        }
    }
    plain.trim().chars().take(400).collect()
}

/// `Step 2/5 : RUN …`
pub(super) fn step(line: &str) -> Option<(u64, u64)> {
    let (step, rest) = line.strip_prefix("Step ")?.split_once('/')?;
    Some((step.parse().ok()?, rest.split_whitespace().next()?.parse().ok()?))
}

/// Why a build failed, from its last lines.
fn failure(message: &str, lines: &[String], packages: &[String]) -> Error {
    let no_shell = message.contains("exec: \"/bin/sh\"") || message.contains("/bin/sh: no such file");
    if let Some((_, what, fix)) = MISSING.iter().find(|(code, ..)| message.contains(code)).or(MISSING.first().filter(|_| no_shell)) {
        return Error::new(Code::NoPackageManager, format!("the image has no {what}, so {} can't be added", packages.join(", "))).fix(*fix);
    }
    if message.contains("no space left on device") || lines.iter().any(|line| line.contains("No space left on device")) {
        return Error::new(Code::DiskFull, "the engine's disk is full").fix("free some space, for example with 'cto image prune'");
    }
    if let Some(name) = lines.iter().find_map(|line| unknown_package(line)) {
        let error = Error::new(Code::PackageNotFound, format!("the image's package manager does not know the package '{name}'"));
        return error.fix("correct its name in \"packages\" of the template; names differ between distributions");
    }
    let tail = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n");
    Error::new(Code::BuildFailed, format!("adding packages failed: {message}\n{tail}"))
        .fix("the lines above are the package manager's own; check the network and its sources")
}

/// The package that a manager's complaint names.
fn unknown_package(line: &str) -> Option<String> {
    let after = |mark: &str| line.split_once(mark).map(|(_, rest)| rest.split_whitespace().next().unwrap_or_default());
    let before = |mark: &str| line.split_once(mark).map(|(rest, _)| rest.split_whitespace().next_back().unwrap_or_default());
    let found = after("E: Unable to locate package ")
        .or_else(|| line.contains("has no installation candidate").then(|| after("Package ")).flatten())
        .or_else(|| before(" (no such package)"))
        .or_else(|| after("Unable to find a match: "))
        .or_else(|| after("No match for argument: "))
        .or_else(|| after("No package matches "))
        .or_else(|| after("target not found: "))
        .or_else(|| after("No matching distribution found for "))
        .or_else(|| after("No matching version found for "))
        .or_else(|| line.contains("is not in this registry").then(|| before(" is not in this registry")).flatten())
        .or_else(|| line.contains("not found in package names").then(|| after("Package ").or_else(|| before(" not found in package names"))).flatten())?;
    Some(found.trim_matches(['\'', '"', ',', '.', ':']).to_owned()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_names_and_nothing_else() {
        let many = |names: &[&str]| checked(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(many(&["vim", "g++", "git", "vim"]).expect("valid"), ["g++", "git", "vim"]);
        for bad in ["", "-y", "a b", "a;b", "$(id)", "vim-", "a\nb", "ä"] {
            assert_eq!(many(&[bad]).expect_err(bad).code, Code::InvalidValue);
        }
    }

    #[test]
    fn each_managers_complaint_names_the_package() {
        for line in [
            "E: Unable to locate package foo",
            "E: Package 'foo' has no installation candidate",
            "  foo (no such package):",
            "Error: Unable to find a match: foo",
            "No match for argument: foo",
            "error: No package matches 'foo'",
            "error: target not found: foo",
            "ERROR: No matching distribution found for foo",
            "npm ERR! 404  'foo' is not in this registry.",
            "npm ERR! notarget No matching version found for foo.",
        ] {
            assert_eq!(unknown_package(line).as_deref(), Some("foo"), "{line}");
        }
        assert_eq!(unknown_package("Reading package lists..."), None);
    }

    #[test]
    fn the_recipe_gives_the_user_back() {
        let config = ImageConfig { user: Some("app".into()), env: Some(vec!["PATH=/a:$b".into()]), ..ImageConfig::default() };
        let text = dockerfile("sha256:ab", Some(&config), &["git".into()]);
        assert!(text.starts_with("FROM sha256:ab\nUSER root\nRUN [\"/bin/sh\",\"-c\","), "{text}");
        assert!(text.ends_with("\"cto\",\"git\"]\nENV PATH=\"/a:\\$b:/usr/local/games:/usr/games\"\nUSER app\n"), "{text}");
        assert_eq!(plain("\u{1b}[91mred\u{1b}[0m\tx\u{7}"), "red x");
        assert_eq!(step("Step 2/5 : RUN x"), Some((2, 5)));
    }
}
