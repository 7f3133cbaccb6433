//! A stack's file: its containers as templates, and what they wait for.
use crate::config::Catalogue;
use crate::config::document;
use crate::config::document::Complaint;
use crate::config::document::child;
use crate::config::document::did_you_mean;
use crate::config::inherit;
use crate::config::inherit::Sheet;
use crate::config::params;
use crate::config::params::Filled;
use crate::config::params::Found;
use crate::config::structure;
use crate::config::template;
use crate::config::terms;
use crate::config::texts;
use crate::error::Error;
use crate::error::Result;
use crate::model::Condition;
use crate::model::DependsOn;
use crate::model::NetworkEntry;
use crate::model::NetworkJoin;
use crate::model::Param;
use crate::model::Place;
use crate::model::Replicas;
use crate::model::StackFile;
use crate::model::StackMember;
use crate::model::StackNetwork;
use crate::model::StackVolume;
use crate::model::Template;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::OnceLock;

/// Most containers of one stack.
pub const MOST: usize = 100;
/// Most parameters of a stack.
const MOST_PARAMS: usize = 1000;
/// The network that every container joins that names none.
const DEFAULT: &str = "default";
/// Fields of a member that are no template's.
const OWN: [&str; 4] = ["depends_on", "set", "networks", "replicas"];
/// Fields of a template that a member has not: the stack has them.
const OF_STACKS: [&str; 2] = ["$schema", "name"];

/// A stack that was read from a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Stack {
    /// Its name.
    pub name: String,
    /// Its parameters.
    pub params: BTreeMap<String, Param>,
    /// Its networks beside the default one.
    pub networks: BTreeMap<String, StackNetwork>,
    /// Volumes that are not simply its own.
    pub volumes: BTreeMap<String, StackVolume>,
    /// Its containers, each after those that it waits for.
    pub members: Vec<Member>,
}

/// One of a stack's containers, or several alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Its name in the file.
    pub name: String,
    /// What it is made from.
    pub template: Template,
    /// Values of the template's parameters, which may refer to the stack's.
    pub set: BTreeMap<String, String>,
    /// So many; one without a number where nothing is said.
    pub replicas: Option<Replicas>,
    /// What it waits for.
    pub after: BTreeMap<String, Condition>,
}

/// The JSON Schema of stacks, for editors: a member has the fields of a template and some of its own.
#[must_use]
pub fn stack_schema() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let mut schema = schemars::schema_for!(StackFile).to_value();
        let template = template::schema();
        let fields = template.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        if let Some(member) = schema.pointer_mut("/$defs/StackMember/properties").and_then(Value::as_object_mut) {
            let more = fields.into_iter().filter(|(name, _)| !OF_STACKS.contains(&name.as_str()) && !OWN.contains(&name.as_str()));
            member.extend(more);
        }
        if let Some(defs) = schema.get_mut("$defs").and_then(Value::as_object_mut) {
            for (name, part) in template.get("$defs").and_then(Value::as_object).into_iter().flatten() {
                defs.entry(name.clone()).or_insert_with(|| part.clone());
            }
        }
        schema
    })
}

impl Catalogue {
    /// Reads a stack's text. What its containers extend is looked for here, and beside its file or below it where it has one.
    ///
    /// # Errors
    /// `invalid_document` with every mistake, each with line and column.
    pub fn parse_stack(&self, source: &str, text: &str, folder: Option<&Path>) -> Result<Stack> {
        self.read_stack(source, text, folder, true)
    }

    /// Reads the text of a file of whoever runs this, who may read what it extends, wherever that lies.
    ///
    /// # Errors
    /// As [`Catalogue::parse_stack`].
    pub fn parse_own_stack(&self, source: &str, text: &str, folder: &Path) -> Result<Stack> {
        self.read_stack(source, text, Some(folder), false)
    }

    fn read_stack(&self, source: &str, text: &str, folder: Option<&Path>, fenced: bool) -> Result<Stack> {
        let fail = |places| document::error_of(&format!("'{source}'"), places);
        let mut found = structure::read(source, text, stack_schema()).map_err(|place| fail(vec![place]))?;
        let mut value = found.value.take().unwrap_or_default();
        // Each member is read with all parameters: both are bounded before that.
        for (field, most) in [("containers", MOST), ("params", MOST_PARAMS)] {
            if value.get(field).and_then(Value::as_object).is_some_and(|all| all.len() > most) {
                return Err(Error::new(crate::model::Code::TooMany, format!("'{source}' has more than {most} {field}")).fix("split it into several"));
            }
        }
        let mut reading = Reading { complaints: std::mem::take(&mut found.complaints), places: Vec::new() };
        let members = value.get_mut("containers").map(Value::take).unwrap_or_default();
        let file: StackFile = match value.as_object_mut() {
            Some(object) => {
                object.insert("containers".to_owned(), json!({}));
                object.entry("name").or_insert(json!("stand-in"));
                serde_json::from_value(value).map_err(|error| Error::internal(format!("a stack's own JSON is refused: {error}")))?
            }
            None => StackFile::default(),
        };
        reading.head(&file);
        let places = Arc::new(found.places);
        let find = |sheet: &Sheet, extends: &str| match inherit::is_path(extends) {
            true => inherit::beside(sheet, extends, fenced),
            false => self.parent(sheet, extends),
        };
        let mut all = Vec::new();
        for (name, value) in members.as_object().into_iter().flatten() {
            let at = child("/containers", name);
            if let Err(detail) = texts::name(name) {
                reading.complain(&at, detail);
            }
            let (own, value) = split(value, &file.params);
            let sheet = Arc::new(Sheet::part(source, folder, value, places.clone(), at.clone()));
            match inherit::whole(&sheet, Some(&find)) {
                Ok(mut template) => {
                    // What comes from no other template is called as in its stack.
                    if sheet.extends().is_none() {
                        template.name.clone_from(name);
                    }
                    all.push(reading.member(&file, name, own, template));
                }
                Err(wrong) => reading.places.extend(wrong),
            }
        }
        if members.as_object().is_some_and(Map::is_empty) {
            reading.complain("/containers", "there is no container in it");
        }
        let known: BTreeSet<&str> = members.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        let members = reading.in_order(all, &known);
        let mut wrong: Vec<Place> = reading.complaints.iter().map(|complaint| places.place(complaint)).collect();
        // Somebody who wrote 'imagge' need not be told that 'image' is missing too.
        let misspelt: Vec<String> = wrong.iter().filter(|place| place.detail.ends_with("did you mean 'image'?")).map(|place| place.pointer.clone()).collect();
        let is_meant =
            |place: &Place| place.detail == "missing field 'image'" && misspelt.iter().any(|other| other.starts_with(&format!("{}/", place.pointer)));
        wrong.extend(reading.places.into_iter().filter(|place| !is_meant(place)));
        wrong.sort_by(|one, other| {
            (one.file.as_deref() != Some(source), one.line, one.column).cmp(&(other.file.as_deref() != Some(source), other.line, other.column))
        });
        if !wrong.is_empty() {
            return Err(fail(wrong));
        }
        Ok(Stack { name: file.name, params: file.params, networks: file.networks, volumes: file.volumes, members })
    }
}

/// The text of a stack in a file, ready to be sent away: what its containers extend by path is put into them.
///
/// # Errors
/// `invalid_document` with every mistake on the way.
pub fn flatten_stack(source: &str, text: &str, folder: &Path) -> Result<String> {
    let fail = |places| document::error_of(&format!("'{source}'"), places);
    let mut found = structure::read(source, text, stack_schema()).map_err(|place| fail(vec![place]))?;
    let Some(mut value) = found.value.take().filter(|_| found.complaints.is_empty()) else { return Err(fail(found.told())) };
    let places = Arc::new(found.places);
    let mut changed = false;
    for (name, member) in value.get_mut("containers").and_then(Value::as_object_mut).into_iter().flatten() {
        let (own, template) = split(member, &BTreeMap::new());
        let sheet = Arc::new(Sheet::part(source, Some(folder), template, places.clone(), child("/containers", name)));
        if let Some(mut flat) = inherit::flat(&sheet).map_err(fail)? {
            if let Some(object) = flat.as_object_mut() {
                object.retain(|name, _| !OF_STACKS.contains(&name.as_str()));
                object.extend(own);
            }
            (*member, changed) = (flat, true);
        }
    }
    if !changed {
        return Ok(text.to_owned());
    }
    serde_json::to_string_pretty(&value).map_err(|error| Error::internal(format!("a stack does not become JSON: {error}")))
}

/// What is a member's own, and the template in it, which knows the stack's parameters beside its own.
fn split(value: &Value, params: &BTreeMap<String, Param>) -> (Map<String, Value>, Value) {
    let (own, mut rest): (Map<String, Value>, Map<String, Value>) =
        value.as_object().cloned().unwrap_or_default().into_iter().partition(|(name, _)| OWN.contains(&name.as_str()));
    if !params.is_empty() {
        let known = rest.entry("params").or_insert_with(|| json!({}));
        inherit::merge(known, serde_json::to_value(params).unwrap_or_default(), "params");
    }
    (own, Value::Object(rest))
}

/// What is found wrong while a stack is read.
struct Reading {
    complaints: Vec<Complaint>,
    /// Complaints about what members extend, which have their places already.
    places: Vec<Place>,
}

impl Reading {
    fn complain(&mut self, pointer: &str, detail: impl Into<String>) {
        self.complaints.push(Complaint::at(pointer, detail));
    }

    fn head(&mut self, file: &StackFile) {
        if let Err(detail) = texts::name(&file.name) {
            self.complain("/name", detail);
        }
        params::declared(&file.params, &mut self.complaints);
        for (name, network) in &file.networks {
            let at = child("/networks", name);
            let wrong = name_of_thing(name).and_then(|()| network.name.as_deref().map_or(Ok(()), terms::network)).err();
            self.complaints.extend(wrong.map(|detail| Complaint::at(&at, detail)));
            if network.external && network.internal {
                self.complain(&at, "what is there already is as it is: leave 'internal' out");
            }
        }
        for (name, volume) in &file.volumes {
            let named = volume.name.as_deref().map_or(Ok(()), |name| texts::volume(&format!("{name}:/x")).map(drop));
            let wrong = name_of_thing(name).and(named).err();
            self.complaints.extend(wrong.map(|detail| Complaint::at(child("/volumes", name), detail)));
        }
    }

    fn member(&mut self, file: &StackFile, name: &str, own: Map<String, Value>, mut template: Template) -> Member {
        let at = child("/containers", name);
        // Its shape was looked at with the file's.
        let own: StackMember = serde_json::from_value(Value::Object(own)).unwrap_or_default();
        template.networks.extend(own.networks.iter().cloned());
        for entry in &template.networks {
            let (NetworkEntry::Name(network) | NetworkEntry::Full(NetworkJoin { name: network, .. })) = entry;
            if let NetworkEntry::Full(join) = entry {
                let wrong = join.aliases.iter().find_map(|alias| terms::alias(alias).err());
                self.complaints.extend(wrong.map(|detail| Complaint::at(format!("{at}/networks"), detail)));
            }
            if network != DEFAULT && !file.networks.contains_key(network) {
                let hint = did_you_mean(network, file.networks.keys().map(String::as_str).chain([DEFAULT]));
                self.complain(&format!("{at}/networks"), format!("the stack has no network '{network}'{hint}"));
            }
        }
        let mut set = BTreeMap::new();
        for (param, value) in &own.set {
            let at = child(&format!("{at}/set"), param);
            let text = value.to_string();
            match template.params.get(param) {
                None => {
                    let hint = did_you_mean(param, template.params.keys().map(String::as_str));
                    self.complain(&at, format!("what '{name}' extends has no parameter '{param}'{hint}"));
                }
                Some(declared) if !text.contains("${") => self.complaints.extend(params::given(declared, &text).err().map(|detail| Complaint::at(&at, detail))),
                Some(_) => self.refers(&at, &text, file),
            }
            set.insert(param.clone(), text);
        }
        match &own.replicas {
            Some(Replicas::Number(number)) if !(1..=MOST).contains(&(*number as usize)) => {
                self.complain(&format!("{at}/replicas"), format!("{number} is out of range: it must be from 1 to {MOST}"));
            }
            Some(Replicas::Text(text)) => self.refers(&format!("{at}/replicas"), text, file),
            _ => {}
        }
        let after = match own.depends_on {
            None => BTreeMap::new(),
            Some(DependsOn::Started(names)) => names.into_iter().map(|name| (name, Condition::Started)).collect(),
            Some(DependsOn::Conditions(all)) => all,
        };
        Member { name: name.to_owned(), template, set, replicas: own.replicas, after }
    }

    /// Whether a text refers to nothing but parameters of the stack.
    fn refers(&mut self, at: &str, text: &str, file: &StackFile) {
        let open = file.params.keys().map(|name| (name.clone(), None)).collect();
        let only = "only '${param.NAME}' can stand here";
        match params::fill(text, &open, &mut |_| Err(only.to_owned())) {
            Ok(Filled::Text(_)) if at.ends_with("/replicas") => self.complain(at, format!("'{text}' is not a number; {only}")),
            Ok(_) => {}
            Err(detail) => self.complain(at, detail),
        }
    }

    /// The members, each after those that it waits for.
    fn in_order(&mut self, mut all: Vec<Member>, known: &BTreeSet<&str>) -> Vec<Member> {
        for member in &all {
            let at = format!("{}/depends_on", child("/containers", &member.name));
            for name in member.after.keys().filter(|name| !known.contains(name.as_str())) {
                self.complaints.push(Complaint::at(&at, format!("there is no container '{name}' in the stack{}", did_you_mean(name, known.iter().copied()))));
            }
        }
        let mut ordered: Vec<Member> = Vec::new();
        while !all.is_empty() {
            let waits = |member: &Member| member.after.keys().any(|name| all.iter().any(|other| other.name == *name));
            let Some(next) = all.iter().position(|member| !waits(member)) else {
                let circle = circle(&all);
                let at = format!("{}/depends_on", child("/containers", circle.first().map_or("", String::as_str)));
                self.complain(&at, format!("containers wait for each other in a circle: {}", circle.join(" → ")));
                return ordered;
            };
            ordered.push(all.remove(next));
        }
        ordered
    }
}

/// The names of a circle among members that each wait for another of them.
fn circle(all: &[Member]) -> Vec<String> {
    let mut path: Vec<String> = Vec::new();
    let mut next = all.first().map(|member| member.name.clone());
    while let Some(name) = next {
        if let Some(at) = path.iter().position(|known| *known == name) {
            let mut circle = path.split_off(at);
            circle.push(name);
            return circle;
        }
        let member = all.iter().find(|member| member.name == name);
        next = member.and_then(|member| member.after.keys().find(|after| all.iter().any(|other| other.name == **after)).cloned());
        path.push(name);
    }
    path
}

/// Whether a network or volume can have this name in a stack.
fn name_of_thing(text: &str) -> Result<(), String> {
    let good =
        text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.len() <= 63 && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if good { Ok(()) } else { Err(format!("'{text}' can't be a name: use letters, digits, '-', '_' and '.', beginning with a letter or digit, at most 63")) }
}

/// One container of a stack with its values, before its template is filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// Its name in the file.
    pub member: String,
    /// Its number among several alike; 0 where there is one.
    pub index: u32,
    /// Its name at the engine.
    pub name: String,
    /// What it is made from, with the engine's names of networks.
    pub template: Template,
    /// Values of all parameters.
    pub set: BTreeMap<String, String>,
    /// What it waits for.
    pub after: BTreeMap<String, Condition>,
}

/// What a thing of a stack is called at the engine, and whether it is the stack's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thing {
    /// The engine's name.
    pub name: String,
    /// It is made with the stack.
    pub own: bool,
    /// It leads nowhere.
    pub internal: bool,
}

impl Stack {
    /// The stack's containers under the name `name`, with these values of its parameters, each after those that it waits for.
    ///
    /// # Errors
    /// `invalid_document` with every value that is missing or wrong; `too_many`.
    pub fn instances(&self, name: &str, set: &BTreeMap<String, String>) -> Result<Vec<Instance>> {
        let mut complaints = Vec::new();
        complaints.extend(texts::name(name).err().map(|detail| Complaint::at("/name", detail)));
        let mut values = params::declared(&self.params, &mut complaints);
        for (param, text) in set {
            match self.params.get(param) {
                Some(declared) => complaints.extend(params::given(declared, text).err().map(|detail| Complaint::at(child("/set", param), detail))),
                None => {
                    let hint = did_you_mean(param, self.params.keys().map(String::as_str));
                    complaints.push(Complaint::at(child("/set", param), format!("the stack has no parameter '{param}'{hint}")));
                }
            }
            values.insert(param.clone(), Some(text.clone()));
        }
        params::settle(&mut values, &self.params, &set.keys().map(String::as_str).collect(), &mut complaints);
        for (param, _) in values.iter().filter(|(_, value)| value.is_none()) {
            complaints.push(Complaint::at(child("/params", param), format!("parameter '{param}' needs a value: --set {param}=…")));
        }
        let mut all = Vec::new();
        for member in &self.members {
            let mut fill = |pointer: String, text: &str| match params::fill(text, &values, &mut |_| Ok(Found::Left)) {
                Ok(Filled::Text(text)) => text,
                Ok(Filled::Open) => String::new(),
                Err(detail) => {
                    complaints.push(Complaint::at(pointer, detail));
                    String::new()
                }
            };
            let at = child("/containers", &member.name);
            // A value that the member gives goes before the stack's of the same name.
            let mut set: BTreeMap<String, String> = values.iter().filter_map(|(name, value)| Some((name.clone(), value.clone()?))).collect();
            for (name, text) in &member.set {
                set.insert(name.clone(), fill(format!("{at}/set/{name}"), text));
            }
            let replicas = match &member.replicas {
                None => 0..=0,
                Some(Replicas::Number(number)) => 1..=*number,
                Some(Replicas::Text(text)) => {
                    let text = fill(format!("{at}/replicas"), text);
                    match text.parse() {
                        Ok(number @ 1..) => 1..=number,
                        _ => {
                            complaints.push(Complaint::at(format!("{at}/replicas"), format!("'{text}' is not a number from 1 to {MOST}")));
                            0..=0
                        }
                    }
                }
            };
            let template = Template { networks: self.joins(name, member), ..member.template.clone() };
            for index in replicas.take(MOST + 1) {
                let called = if index == 0 { format!("{name}-{}", member.name) } else { format!("{name}-{}-{index}", member.name) };
                let (template, set, after) = (template.clone(), set.clone(), member.after.clone());
                all.push(Instance { member: member.name.clone(), index, name: called, template, set, after });
            }
        }
        if !complaints.is_empty() {
            let places = complaints.iter().map(|complaint| document::Places::default().place(complaint)).collect();
            return Err(document::error_of(&format!("stack '{name}' with these values"), places));
        }
        if all.len() > MOST {
            return Err(Error::new(crate::model::Code::TooMany, format!("stack '{name}' has more than {MOST} containers")).fix("split it into several"));
        }
        Ok(all)
    }

    /// The networks that a member joins, by the engine's names; there it is reached by its name in the file.
    fn joins(&self, stack: &str, member: &Member) -> Vec<NetworkEntry> {
        let named: Vec<NetworkJoin> = match (&member.template.network, member.template.networks.as_slice()) {
            (Some(choice), []) if choice.to_string() != "isolated" => Vec::new(),
            (_, []) => vec![NetworkJoin { name: DEFAULT.to_owned(), aliases: Vec::new() }],
            (_, some) => some
                .iter()
                .map(|entry| match entry {
                    NetworkEntry::Name(name) => NetworkJoin { name: name.clone(), aliases: Vec::new() },
                    NetworkEntry::Full(join) => join.clone(),
                })
                .collect(),
        };
        let join = |mut join: NetworkJoin| {
            join.aliases.insert(0, member.name.clone());
            join.aliases.dedup();
            NetworkEntry::Full(NetworkJoin { name: self.network(stack, &join.name).name, aliases: join.aliases })
        };
        named.into_iter().map(join).collect()
    }

    /// What one of its networks is called at the engine.
    #[must_use]
    pub fn network(&self, stack: &str, name: &str) -> Thing {
        let said = self.networks.get(name).cloned().unwrap_or_default();
        let made = if said.external { name.to_owned() } else { format!("{stack}_{name}") };
        Thing { name: said.name.unwrap_or(made), own: !said.external, internal: said.internal }
    }

    /// The networks of its own that containers join, once each.
    #[must_use]
    pub fn own_networks(&self, stack: &str) -> Vec<Thing> {
        let all = [DEFAULT].into_iter().chain(self.networks.keys().map(String::as_str).filter(|name| *name != DEFAULT));
        let of_members: BTreeSet<String> = self
            .members
            .iter()
            .flat_map(|member| self.joins(stack, member))
            .map(|entry| match entry {
                NetworkEntry::Name(name) | NetworkEntry::Full(NetworkJoin { name, .. }) => name,
            })
            .collect();
        all.map(|name| self.network(stack, name)).filter(|network| network.own && of_members.contains(&network.name)).collect()
    }

    /// What one of its volumes is called at the engine.
    #[must_use]
    pub fn volume(&self, stack: &str, name: &str) -> Thing {
        let said = self.volumes.get(name).cloned().unwrap_or_default();
        let made = if said.external { name.to_owned() } else { format!("{stack}_{name}") };
        Thing { name: said.name.unwrap_or(made), own: !said.external, internal: false }
    }
}
