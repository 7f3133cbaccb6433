//! Stacks: several containers with networks and volumes of their own, brought up and taken down together.
use super::Container;
use super::InlineTemplate;
use super::Param;
use super::ParamValue;
use super::Place;
use super::TemplateOrigin;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A stack, as it is written in a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StackFile {
    /// Schema that editors complete with; not read by cto.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Lower-case letters, digits, `-`, `_` and `.`; the names of containers, networks and volumes begin with it.
    pub name: String,
    /// One line for lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Typed parameters, used as `${param.NAME}` in any text of the containers; what they extend knows them too.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Param>,
    /// Networks of its own, beside `default`, which every container joins that names none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub networks: BTreeMap<String, StackNetwork>,
    /// Volumes that are not simply its own: those that others made, or that have another name. The rest need not be named here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub volumes: BTreeMap<String, StackVolume>,
    /// The containers, by the name that the others reach each at.
    pub containers: BTreeMap<String, StackMember>,
}

/// What a container of a stack has beside the fields of a template.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StackMember {
    /// Containers that it waits for: a list of those that must be started, or an object that says how far each must be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depends_on: Option<DependsOn>,
    /// Values for the parameters of the template that it extends.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, ParamValue>,
    /// Networks of the stack to join instead of `default`: names, or objects with aliases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<super::NetworkEntry>,
    /// So many alike, numbered from 1: a number, or `${param.NAME}`; one without a number where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<Replicas>,
}

/// A number, or the parameter that gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Replicas {
    /// So many.
    Number(u32),
    /// `${param.NAME}`.
    Text(String),
}

/// What a container waits for before it is started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum DependsOn {
    /// These must be started.
    Started(Vec<String>),
    /// These must be so far.
    Conditions(BTreeMap<String, Condition>),
}

/// How far another container must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// It runs.
    #[default]
    Started,
    /// What its `ready` asks for holds.
    Ready,
    /// Its `health` check passes.
    Healthy,
    /// It has ended with exit code 0.
    Completed,
}

/// A network of a stack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StackNetwork {
    /// It leads nowhere: only the containers in it reach each other.
    pub internal: bool,
    /// It is there already and stays; the stack only joins it.
    pub external: bool,
    /// What the engine calls it; made from the stack's name where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A volume of a stack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StackVolume {
    /// It is there already and stays, whatever is asked.
    pub external: bool,
    /// What the engine calls it; made from the stack's name where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A container's place in a stack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StackPlace {
    /// The stack's name.
    pub stack: String,
    /// The container's name in the stack's file.
    pub member: String,
    /// Its number among several alike, from 1; 0 where there is one.
    #[serde(default)]
    pub index: u32,
    /// Hash of all that the file says of it.
    pub hash: String,
    /// The members that it waits for.
    #[serde(default)]
    pub after: Vec<String>,
}

/// Brings a stack up: `POST /api/v1/stacks`. What is as it should be stays untouched.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpStack {
    /// A saved stack's name. Exactly one of `stack` and `inline` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<String>,
    /// A stack's JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inline: Option<InlineTemplate>,
    /// Its name, where it is to have another than the file's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Values for the stack's parameters, as text.
    #[serde(default)]
    pub set: BTreeMap<String, String>,
    /// Directory that relative paths (`./data`) start from; absolute, on the server's machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_dir: Option<String>,
    /// What `${NAME}` and `${file:PATH}` in an inline stack stand for, by `NAME` and `file:PATH`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub references: BTreeMap<String, String>,
    /// Every container is made anew, also those that are as the file says.
    #[serde(default)]
    pub recreate: bool,
    /// Containers of the stack that its file no longer names are removed.
    #[serde(default)]
    pub remove_orphans: bool,
    /// Also where programs run in what is replaced or removed that would lose what they hold.
    #[serde(default)]
    pub force: bool,
}

/// Takes a stack down: `POST /api/v1/stacks/{id}/down`. Its containers and networks go; volumes only where asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DownStack {
    /// All of the stack's own volumes go too, with what is in them.
    #[serde(default)]
    pub volumes: bool,
    /// These volumes of the stack's own go too, with what is in them.
    #[serde(default)]
    pub volume: Vec<String>,
    /// Also where programs run that would lose what they hold.
    #[serde(default)]
    pub force: bool,
}

/// A stack as it is at the engine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Stack {
    /// Its name.
    pub name: String,
    /// Who brought it up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Its containers, by name.
    pub containers: Vec<Container>,
    /// Its own networks.
    #[serde(default)]
    pub networks: Vec<String>,
    /// Its own volumes.
    #[serde(default)]
    pub volumes: Vec<String>,
    /// What was done to bring it up; empty where it was only looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<StackChange>,
}

/// What is done, or would be, to one container of a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StackChange {
    /// The container's name.
    pub container: String,
    /// The container's name in the stack's file.
    pub member: String,
    /// What is done.
    pub action: StackAction,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What is done to a container of a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StackAction {
    /// It is as it should be.
    Keep,
    /// It is there and is started.
    Start,
    /// It is made.
    Create,
    /// It is not as the file says: a new one takes its place.
    Recreate,
    /// The file no longer names it: it stays, unless its removal is asked for.
    Orphan,
    /// The file no longer names it: it is removed.
    Remove,
}

/// What bringing a stack up would do: `POST /api/v1/stacks/plan`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StackPlan {
    /// The stack's name.
    pub name: String,
    /// What would be done to each container.
    pub changes: Vec<StackChange>,
    /// Networks that would be made.
    #[serde(default)]
    pub networks: Vec<String>,
    /// Volumes that would be made.
    #[serde(default)]
    pub volumes: Vec<String>,
    /// What is allowed but worth a second look.
    #[serde(default)]
    pub warnings: Vec<Place>,
}

/// A saved stack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StackDefinition {
    /// Its name.
    pub name: String,
    /// One line for lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Which layer it is from; a later layer's file of the same name wins.
    pub origin: TemplateOrigin,
    /// Its file; none for those that ship inside cto.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What can be given with `set`, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Param>,
}

/// The stacks at the engine, and those that are saved.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StackList {
    /// Those that have containers, networks or volumes, by name.
    pub items: Vec<Stack>,
    /// Those that can be brought up by name.
    #[serde(default)]
    pub saved: Vec<StackDefinition>,
    /// What is wrong with files of stacks.
    #[serde(default)]
    pub complaints: Vec<Place>,
}
