//! The table of roles and actions.
use crate::error::Error;
use crate::model::Action;
use crate::model::Code;
use crate::model::Role;

/// On whose behalf something is done.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Actor {
    /// Their name; owners of containers and sessions are compared with it.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

impl Actor {
    /// An actor of that name and role.
    #[must_use]
    pub fn new(name: impl Into<String>, role: Role) -> Self {
        Self { name: name.into(), role }
    }
}

/// How far a role's right to an action reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Not at all.
    Nothing,
    /// To what the actor owns.
    Own,
    /// To everything.
    Everything,
}

/// The table: what each role may do. Whatever is not named here is not allowed.
#[must_use]
pub fn scope(role: Role, action: Action) -> Scope {
    use Action::*;
    match (role, action) {
        (Role::Admin, _) => Scope::Everything,
        (
            Role::Viewer | Role::Operator,
            ReadContainers | ReadImages | ReadVolumes | ReadNetworks | ReadLogs | ReadSessions | ReadRecordings | ReadTemplates | ReadOperations | ReadEvents
            | ReadScripts | ReadRuns | ReadSchedules | ReadTriggers | ReadPlugins | UseLayouts | UseTokens,
        ) => Scope::Everything,
        (Role::Operator, StartRuns | CreateContainers | CreateImages | CreateVolumes | CreateNetworks | ConnectNetworks) => Scope::Everything,
        (
            Role::Operator,
            ControlContainers | RemoveContainers | RemoveImages | RemoveVolumes | RemoveNetworks | ReadFiles | WriteFiles | Exec | OpenSessions | WriteSessions
            | ShareSessions | CloseSessions | RecordSessions | RemoveRecordings | CancelOperations | WriteScripts | ControlRuns | ManageSchedules
            | ManageTriggers | ReadWebhooks | ManageWebhooks,
        ) => Scope::Own,
        (Role::Viewer | Role::Operator, _) => Scope::Nothing,
    }
}

/// Whether `actor` may do `action`.
///
/// `owner` is whose the thing is that it is done to: none where it is not about one thing, an empty text for what belongs to
/// nobody, such as containers that other tools made.
#[must_use]
pub fn allowed(actor: &Actor, action: Action, owner: Option<&str>) -> bool {
    match scope(actor.role, action) {
        Scope::Nothing => false,
        Scope::Everything => true,
        Scope::Own => owner.is_none_or(|owner| owner == actor.name && !owner.is_empty()),
    }
}

/// What an actor is told who may not.
#[must_use]
pub fn refusal(actor: &Actor, action: Action, target: &str) -> Error {
    let Actor { name, role } = actor;
    let on = if target.is_empty() { String::new() } else { format!(" on '{target}'") };
    let fix = match scope(*role, action) {
        Scope::Own => "it belongs to somebody else: ask its owner or an admin",
        Scope::Nothing | Scope::Everything => "ask an admin for a token with a role that may",
    };
    Error::new(Code::Forbidden, format!("'{name}' ({role}) may not do '{action}'{on}")).fix(fix)
}
