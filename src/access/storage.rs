//! What volumes and networks may lead to.
use super::Actor;
use super::Policy;
use super::policy::is_own_label;
use super::policy::refused_path;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::CreateNetwork;
use crate::model::CreateVolume;
use crate::model::Role;
use std::path::PathBuf;

/// Mount options that say how much memory a volume of memory has, and what may be done in it.
const MEMORY: [&str; 10] = ["size", "mode", "uid", "gid", "nr_inodes", "noexec", "nosuid", "nodev", "rw", "ro"];
/// What names begin with that cto gives itself.
const OWN: [&str; 3] = ["cto-hold-", "cto-internal-", "cto-egress-"];

/// Decides whether `actor` may have a volume like this. `paths` are the paths in its options, links followed.
///
/// # Errors
/// `policy_refused` with the rule, and who can lift it; `invalid_value` for names and labels that are cto's own.
pub fn check_volume(actor: &Actor, request: &CreateVolume, paths: &[PathBuf], policy: &Policy) -> Result<()> {
    check_own(&request.name, request.labels.keys())?;
    let trusted = actor.role == Role::Admin && policy.allow_privileged;
    if let Some(driver) = request.driver.as_deref().filter(|driver| !matches!(*driver, "" | "local"))
        && !trusted
    {
        return Err(refused(actor, policy, &format!("the volume driver '{driver}' is a program that runs on the host")));
    }
    if request.options.is_empty() || is_memory(request) {
        return Ok(());
    }
    if !trusted {
        // Links on the way to the directory can be changed after the volume was made: what a bind mount may show is looked at at each launch.
        return Err(refused(
            actor,
            policy,
            "the volume's options lead to the host's files or to another machine; mount a directory with 'volumes' in the template",
        ));
    }
    match paths.iter().find_map(|path| refused_path(path, policy)) {
        Some(why) => Err(Error::new(Code::PolicyRefused, format!("policy refuses this volume: {why}")).fix("leave out the option")),
        None => Ok(()),
    }
}

/// Decides whether `actor` may have a network like this.
///
/// # Errors
/// As [`check_volume`].
pub fn check_network(actor: &Actor, request: &CreateNetwork, policy: &Policy) -> Result<()> {
    check_own(&request.name, request.labels.keys())?;
    let trusted = actor.role == Role::Admin && policy.allow_privileged;
    if let Some(driver) = request.driver.as_deref().filter(|driver| !matches!(*driver, "" | "bridge"))
        && !trusted
    {
        return Err(refused(actor, policy, &format!("a network of the driver '{driver}' lies beside the host's own")));
    }
    if request.subnet.is_some() && actor.role != Role::Admin {
        let error = Error::new(Code::PolicyRefused, "policy refuses this network: the host would no longer reach what has these addresses now; an admin may");
        return Err(error.fix("leave out the subnet; the engine chooses a free one"));
    }
    Ok(())
}

/// Refuses a network or volume (`kind`) that belongs to somebody else.
///
/// # Errors
/// `policy_refused`.
pub fn belongs(actor: &Actor, kind: &str, name: &str, owner: Option<&str>) -> Result<()> {
    match owner {
        Some(owner) if owner != actor.name && actor.role != Role::Admin => {
            let error = Error::new(Code::PolicyRefused, format!("the {kind} '{name}' belongs to '{owner}'"));
            Err(error.fix("use one of your own, or ask an admin"))
        }
        _ => Ok(()),
    }
}

/// What the name of something that cto makes for itself begins with, if this is such a name.
pub(super) fn own_name(name: &str) -> Option<&'static str> {
    let low = name.to_ascii_lowercase();
    OWN.into_iter().find(|own| low.starts_with(own))
}

/// Names and labels that cto gives itself are nobody else's.
fn check_own<'a>(name: &str, labels: impl Iterator<Item = &'a String>) -> Result<()> {
    if let Some(own) = own_name(name) {
        return Err(Error::invalid(format!("names that begin with '{own}' are cto's own")).fix("choose another name"));
    }
    match labels.into_iter().find(|label| is_own_label(label)) {
        Some(label) => Err(Error::invalid(format!("the label '{label}' is cto's own")).fix("choose a label that does not begin with 'cto.'")),
        None => Ok(()),
    }
}

/// Whether the options make a volume of memory and nothing else.
fn is_memory(request: &CreateVolume) -> bool {
    let is_fine = |option: &str| MEMORY.contains(&option.split('=').next().unwrap_or_default());
    request.options.get("type").is_some_and(|kind| kind == "tmpfs")
        && request.options.iter().all(|(name, value)| match name.as_str() {
            "type" => true,
            "device" => matches!(value.as_str(), "tmpfs" | "none"),
            "o" => value.split(',').all(is_fine),
            _ => false,
        })
}

fn refused(actor: &Actor, policy: &Policy, why: &str) -> Error {
    let who = match (actor.role, policy.allow_privileged) {
        (Role::Admin, _) => "set 'containers.allow_privileged' in cto.json to lift this",
        (_, true) => "an admin may make it",
        (_, false) => "an admin may, once 'containers.allow_privileged' is set in cto.json",
    };
    Error::new(Code::PolicyRefused, format!("policy refuses this: {why}")).fix(who)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_leads_nowhere_unless_the_machine_s_owner_says_so() {
        let (olga, ada) = (Actor::new("olga", Role::Operator), Actor::new("ada", Role::Admin));
        let volume = |driver: &str, options: &[(&str, &str)]| CreateVolume {
            name: "data".to_owned(),
            driver: Some(driver.to_owned()),
            options: options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            ..CreateVolume::default()
        };
        let policy = |allow_privileged| Policy { allow_privileged, allowed_roots: vec!["/srv".into()], hidden: vec!["/srv/cto".into()] };
        let check = |actor: &Actor, volume: &CreateVolume, paths: &[&str], open| {
            check_volume(actor, volume, &paths.iter().map(PathBuf::from).collect::<Vec<_>>(), &policy(open)).err().map(|error| error.code)
        };
        for fine in [volume("local", &[]), volume("", &[("type", "tmpfs"), ("device", "tmpfs"), ("o", "size=64m,mode=1777")])] {
            assert_eq!(check(&olga, &fine, &[], false), None);
        }
        for bad in [
            volume("sshfs", &[]),
            volume("local", &[("type", "none"), ("o", "bind"), ("device", "/srv/x")]),
            volume("local", &[("type", "tmpfs"), ("device", "/dev/sda1")]),
            volume("local", &[("type", "tmpfs"), ("o", "bind,size=1")]),
            volume("local", &[("type", "overlay"), ("o", "lowerdir=/")]),
            volume("local", &[("type", "nfs"), ("o", "addr=10.0.0.1"), ("device", ":/")]),
            volume("local", &[("Type", "tmpfs")]),
        ] {
            assert_eq!(check(&olga, &bad, &["/srv/x"], true), Some(Code::PolicyRefused), "{bad:?}");
            assert_eq!(check(&ada, &bad, &["/srv/x"], false), Some(Code::PolicyRefused), "{bad:?}");
            assert_eq!(check(&ada, &bad, &["/srv/x"], true), None, "{bad:?}");
            for hidden in ["/var/run/docker.sock", "/", "/srv/cto/state", "/etc"] {
                assert!(bad.options.is_empty() || check(&ada, &bad, &[hidden], true) == Some(Code::PolicyRefused), "{hidden}");
            }
        }
        let own = CreateVolume { labels: [("CTO.owner".to_owned(), "x".to_owned())].into(), ..volume("", &[]) };
        assert_eq!(check(&ada, &own, &[], true), Some(Code::InvalidValue));
        assert_eq!(check(&ada, &CreateVolume { name: "cto-hold-1".to_owned(), ..volume("", &[]) }, &[], true), Some(Code::InvalidValue));
    }

    #[test]
    fn a_network_is_a_bridge_that_takes_no_addresses_from_the_host() {
        let (olga, ada) = (Actor::new("olga", Role::Operator), Actor::new("ada", Role::Admin));
        let policy = |allow_privileged| Policy { allow_privileged, ..Policy::default() };
        let network = |driver: &str, subnet: Option<&str>| CreateNetwork {
            name: "net".to_owned(),
            driver: Some(driver.to_owned()),
            subnet: subnet.map(str::to_owned),
            ..CreateNetwork::default()
        };
        assert!(check_network(&olga, &network("bridge", None), &policy(false)).is_ok());
        assert!(check_network(&olga, &network("", Some("10.0.0.0/8")), &policy(true)).is_err());
        assert!(check_network(&ada, &network("", Some("10.0.0.0/8")), &policy(false)).is_ok());
        for driver in ["macvlan", "ipvlan", "host", "overlay"] {
            assert!(check_network(&olga, &network(driver, None), &policy(true)).is_err(), "{driver}");
            assert!(check_network(&ada, &network(driver, None), &policy(false)).is_err(), "{driver}");
            assert!(check_network(&ada, &network(driver, None), &policy(true)).is_ok(), "{driver}");
        }
    }
}
