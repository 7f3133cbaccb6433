//! From a template and the values of its parameters to a spec, collecting every complaint on the way.
//!
//! Checking a template is compiling it with its defaults, so that nothing passes a check and fails at a launch for a reason
//! that was already there.
mod build;
mod care;
mod egress;

use crate::config::document::Complaint;
use crate::config::document::child;
use crate::config::interpolate;
use crate::config::interpolate::Outside;
use crate::config::params;
use crate::config::params::Filled;
use crate::config::params::Found;
use crate::config::params::Values;
use crate::config::terms;
use crate::config::texts;
use crate::config::texts::Read;
use crate::config::texts::Source;
use crate::model::CommandLine;
use crate::model::ContainerSpec;
use crate::model::ImageSource;
use crate::model::Limits;
use crate::model::Mount;
use crate::model::MountSource;
use crate::model::Port;
use crate::model::PortEntry;
use crate::model::Size;
use crate::model::Template;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// What a read-only container gets to write in, in bytes each.
const SCRATCH_BYTES: u64 = 64 << 20;

/// Bytes of all texts of a spec: a small template can refer to a long value many times.
const FILLED_BYTES: usize = 16 << 20;

/// A spec whose host paths are still as they were written: the index of the mount and the pointer to its text.
pub struct Draft {
    /// The spec; its name is empty.
    pub spec: ContainerSpec,
    /// Which mounts are host paths, and where they are written.
    pub host_paths: Vec<(usize, String)>,
    /// The file of the recipe that the image is built from, as it was written.
    pub recipe: Option<String>,
    /// Variables of the environment whose values come from outside of the template.
    pub secrets: BTreeSet<String>,
}

/// Gives what stands for a variable or a file, or says why nothing does.
pub type Resolve<'a> = dyn Fn(Outside) -> Result<String, String> + 'a;

/// What a template is filled in with.
pub struct Given<'a> {
    /// Values of parameters.
    pub values: &'a Values,
    /// Limits where the template says nothing.
    pub limits: Limits,
    /// What stands for variables and files that are referred to; none while a template is only checked.
    pub outside: Option<&'a Resolve<'a>>,
}

/// What may be referred to in a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// Parameters alone; the rest is the program's.
    Params,
    /// Variables too.
    Variables,
    /// And files.
    Files,
}

/// Compiles `template`. With complaints, parts of the draft are missing and it must not be used.
pub fn compile(template: &Template, given: &Given, complaints: &mut Vec<Complaint>) -> Draft {
    let mut work = Work { given, complaints, secrets: BTreeSet::new(), room: FILLED_BYTES };
    work.read("/name", &template.name, texts::name);
    let (build, recipe) = template.build.as_ref().map_or((None, None), |entry| {
        let (build, recipe) = work.build(entry);
        (Some(build), recipe)
    });
    let reference = match &build {
        None => work.text("/image", &template.image, |text| texts::image(text).map(|()| text.to_owned())).unwrap_or_default(),
        Some(_) => {
            if !template.image.is_empty() {
                work.complain("/build", "there is an 'image' too: say one of both");
            }
            format!("cto-derived/{}", template.name)
        }
    };
    let packages = work.list("/packages", &template.packages, |text| texts::package(text).map(|()| text.to_owned()));
    let read_only = template.readonly.unwrap_or(false);
    let (mounts, host_paths) = work.mounts(template, read_only);
    let network = work.network(template);
    let spec = ContainerSpec {
        name: String::new(),
        template: Some(template.name.clone()),
        image: ImageSource { reference, build, packages },
        command: work.command("/command", template.command.as_ref()),
        entrypoint: work.command("/entrypoint", template.entrypoint.as_ref()),
        interactive: template.interactive.unwrap_or(true),
        recording: template.recording.unwrap_or(false),
        environment: work.environment(template),
        working_dir: work.optional("/working_dir", template.working_dir.as_ref(), texts::container_path),
        user: work.optional("/user", template.user.as_ref(), texts::user),
        hostname: work.optional("/hostname", template.hostname.as_ref(), texts::hostname),
        mounts,
        ports: work.ports(&template.ports),
        networks: work.networks(template, &network),
        network,
        limits: work.limits(template),
        read_only,
        privileged: template.privileged.unwrap_or(false),
        cap_add: work.list("/cap_add", &template.cap_add, texts::capability),
        cap_drop: work.list("/cap_drop", &template.cap_drop, texts::capability),
        security: work.list("/security", &template.security, terms::security),
        devices: work.list("/devices", &template.devices, terms::device),
        sysctls: work.sysctls(template),
        care: work.care(template),
        labels: work.map("/labels", &template.labels, texts::label, Taken::Variables),
        size: Size::default(),
        stack: None,
    };
    let secrets =
        work.secrets.iter().filter_map(|pointer| pointer.strip_prefix("/environment/")).map(|name| name.replace("~1", "/").replace("~0", "~")).collect();
    Draft { spec, host_paths, recipe, secrets }
}

struct Work<'a> {
    given: &'a Given<'a>,
    complaints: &'a mut Vec<Complaint>,
    secrets: BTreeSet<String>,
    /// Bytes that texts with references may still become.
    room: usize,
}

impl Work<'_> {
    fn complain(&mut self, pointer: &str, detail: impl Into<String>) {
        self.complaints.push(Complaint::at(pointer, detail));
    }

    /// Reads a text as it is.
    fn read<T>(&mut self, pointer: &str, text: &str, read: impl Fn(&str) -> Read<T>) -> Option<T> {
        let zero = if text.contains('\0') { Err("a text can't contain the character U+0000".to_owned()) } else { Ok(()) };
        zero.and_then(|()| read(text)).map_err(|detail| self.complain(pointer, detail)).ok()
    }

    /// The text with its references filled in; none with a complaint, or where a value is still to come.
    fn fill(&mut self, pointer: &str, text: &str, taken: Taken) -> Option<String> {
        let (given, mut from_outside) = (self.given, false);
        let mut other = |inner: &str| {
            let Some(outside) = interpolate::outside(inner).filter(|_| taken != Taken::Params) else { return Ok(Found::Left) };
            if matches!(outside, Outside::File(_)) && taken != Taken::Files {
                return Err("a file can only be referred to in 'environment' and 'files'".to_owned());
            }
            from_outside = true;
            given.outside.map_or(Ok(Found::Open), |text| text(outside).map(Found::Text))
        };
        let filled = params::fill(text, given.values, &mut other);
        if from_outside && taken == Taken::Files {
            self.secrets.insert(pointer.to_owned());
        }
        match filled {
            Ok(Filled::Text(filled)) => self.fits(pointer, filled),
            Ok(Filled::Open) => None,
            Err(detail) => {
                self.complain(pointer, detail);
                None
            }
        }
    }

    /// The text, where there is still room for it.
    fn fits(&mut self, pointer: &str, text: String) -> Option<String> {
        let Some(room) = self.room.checked_sub(text.len()) else {
            self.complain(pointer, format!("the template becomes longer than {} MiB with these values", FILLED_BYTES >> 20));
            return None;
        };
        self.room = room;
        Some(text)
    }

    /// Fills a text in and reads it.
    fn text<T>(&mut self, pointer: &str, text: &str, read: impl Fn(&str) -> Read<T>) -> Option<T> {
        let text = self.fill(pointer, text, Taken::Variables)?;
        self.read(pointer, &text, read)
    }

    /// As `text`, where `${…}` is the business of a shell in the container.
    fn word<T>(&mut self, pointer: &str, text: &str, read: impl Fn(&str) -> Read<T>) -> Option<T> {
        let text = self.fill(pointer, text, Taken::Params)?;
        self.read(pointer, &text, read)
    }

    fn list<T>(&mut self, pointer: &str, items: &[String], read: impl Fn(&str) -> Read<T>) -> Vec<T> {
        items.iter().enumerate().filter_map(|(index, text)| self.text(&format!("{pointer}/{index}"), text, &read)).collect()
    }

    fn optional(&mut self, pointer: &str, text: Option<&String>, check: impl Fn(&str) -> Read<()>) -> Option<String> {
        self.text(pointer, text?, |text| check(text).map(|()| text.to_owned()))
    }

    /// The variables of files, and those of the template over them. What files say is shown to nobody, as it may be secret.
    fn environment(&mut self, template: &Template) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        for (index, entry) in template.env_file.iter().enumerate() {
            let (path, required) = entry.parts();
            let pointer = format!("/env_file/{index}");
            let found = match self.given.outside.map(|outside| outside(Outside::File(path))) {
                Some(Ok(text)) => self.fits(&pointer, text).and_then(|text| self.read(&pointer, &text, texts::variables)),
                Some(Err(detail)) if required => {
                    self.complain(&pointer, detail);
                    None
                }
                Some(Err(_)) | None => None,
            };
            for (name, value) in found.unwrap_or_default() {
                self.secrets.insert(child("/environment", &name));
                all.insert(name, value);
            }
        }
        for name in template.environment.keys() {
            self.secrets.remove(&child("/environment", name));
        }
        all.extend(self.map("/environment", &template.environment, texts::variable, Taken::Files));
        all
    }

    fn map(&mut self, pointer: &str, map: &BTreeMap<String, String>, check: impl Fn(&str) -> Read<()>, taken: Taken) -> BTreeMap<String, String> {
        let mut result = BTreeMap::new();
        for (name, text) in map {
            let below = child(pointer, name);
            self.read(&below, name, &check);
            let value = self.fill(&below, text, taken);
            if let Some(value) = value.and_then(|text| self.read(&below, &text, |text| Ok(text.to_owned()))) {
                result.insert(name.clone(), value);
            }
        }
        result
    }

    /// A command's words. Parameters are filled in after the line is split, so that a value stays one word whatever is in it; only
    /// a line that is one parameter and nothing else takes its words from the value.
    fn command(&mut self, pointer: &str, command: Option<&CommandLine>) -> Vec<String> {
        let whole = |line: &str| line.starts_with("${param.") && line.find('}') == Some(line.len() - 1);
        let as_is = |text: &str| Ok(text.to_owned());
        match command {
            None => Vec::new(),
            Some(CommandLine::Line(line)) if whole(line) => self.word(pointer, line, texts::words).unwrap_or_default(),
            Some(CommandLine::Line(line)) => {
                let words = self.read(pointer, line, texts::words).unwrap_or_default();
                words.iter().filter_map(|word| self.word(pointer, word, as_is)).collect()
            }
            Some(CommandLine::Words(words)) => {
                if words.first().is_none_or(String::is_empty) {
                    self.complain(pointer, "the command is empty; leave it out to run the image's own");
                }
                words.iter().enumerate().filter_map(|(index, word)| self.word(&format!("{pointer}/{index}"), word, as_is)).collect()
            }
        }
    }

    fn ports(&mut self, entries: &[PortEntry]) -> Vec<Port> {
        let mut ports: Vec<Port> = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let pointer = format!("/ports/{index}");
            let port = match entry {
                PortEntry::Number(number) => self.read(&pointer, &number.to_string(), texts::port),
                PortEntry::Text(text) => self.text(&pointer, text, texts::port),
                PortEntry::Full(port) => texts::check_port(port).map(|()| port.clone()).map_err(|detail| self.complain(&pointer, detail)).ok(),
            };
            let Some(port) = port else { continue };
            let taken =
                |other: &Port| port.host_port != 0 && (&other.host_ip, other.host_port, &other.protocol) == (&port.host_ip, port.host_port, &port.protocol);
            if ports.iter().any(taken) {
                self.complain(&pointer, format!("port {}:{} is published twice", port.host_ip, port.host_port));
            }
            ports.push(port);
        }
        ports
    }

    fn limits(&mut self, template: &Template) -> Limits {
        let mut result = self.given.limits.clone();
        let Some(limits) = &template.limits else { return result };
        if let Some(memory) = &limits.memory {
            result.memory_bytes = self.text("/limits/memory", memory, texts::memory).unwrap_or(result.memory_bytes);
        }
        if let Some(cpus) = limits.cpus {
            if !(0.01..=1024.0).contains(&cpus) {
                self.complain("/limits/cpus", format!("{cpus} is out of range: it must be from 0.01 to 1024"));
            }
            result.cpus = cpus;
        }
        if let Some(pids) = limits.pids {
            if !(1..=4_194_304).contains(&pids) {
                self.complain("/limits/pids", format!("{pids} is out of range: it must be from 1 to 4194304"));
            }
            result.pids = pids;
        }
        self.further_limits(limits, &mut result);
        result
    }

    fn mounts(&mut self, template: &Template, read_only: bool) -> (Vec<Mount>, Vec<(usize, String)>) {
        let mut mounts: Vec<Mount> = Vec::new();
        let mut host_paths = Vec::new();
        for (index, text) in template.volumes.iter().enumerate() {
            let pointer = format!("/volumes/{index}");
            let Some(volume) = self.text(&pointer, text, texts::volume) else { continue };
            let source = match volume.source {
                Source::Host(path) => {
                    host_paths.push((mounts.len(), pointer.clone()));
                    MountSource::Bind { path }
                }
                Source::Volume(name) => MountSource::Volume { name },
            };
            self.mount(&mut mounts, &pointer, Mount { source, target: volume.target, read_only: volume.read_only });
        }
        for (index, text) in template.tmpfs.iter().enumerate() {
            let pointer = format!("/tmpfs/{index}");
            let Some((target, size_bytes)) = self.text(&pointer, text, texts::tmpfs) else { continue };
            self.mount(&mut mounts, &pointer, Mount { source: MountSource::Tmpfs { size_bytes }, target, read_only: false });
        }
        // Nearly every program wants to write in these two.
        for target in ["/tmp", "/run"].into_iter().filter(|_| read_only) {
            if !mounts.iter().any(|mount| mount.target == target) {
                mounts.push(Mount { source: MountSource::Tmpfs { size_bytes: SCRATCH_BYTES }, target: target.to_owned(), read_only: false });
            }
        }
        (mounts, host_paths)
    }

    fn mount(&mut self, mounts: &mut Vec<Mount>, pointer: &str, mount: Mount) {
        if mounts.iter().any(|other| other.target == mount.target) {
            self.complain(pointer, format!("something is mounted at '{}' already", mount.target));
        }
        mounts.push(mount);
    }
}
