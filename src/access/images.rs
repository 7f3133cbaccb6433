//! What an image may be called, and by whom.
use super::Actor;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Image;
use crate::model::Role;

/// Where cto keeps the images that it makes of templates' packages. Whoever wrote there could change what others launch.
const DERIVED: &str = "cto-derived";
/// Other spellings of the registry that a name without one means.
const HUB: [&str; 2] = ["docker.io/", "index.docker.io/"];

/// Decides whether `actor` may give an image the name `reference`, which names `before` until now.
///
/// # Errors
/// `policy_refused` with the rule, and who can lift it.
pub fn check_image_name(actor: &Actor, reference: &str, before: Option<&Image>) -> Result<()> {
    let plain = HUB.iter().find_map(|hub| reference.strip_prefix(hub)).unwrap_or(reference);
    if plain.split(['/', ':', '@']).next().is_some_and(|first| first.eq_ignore_ascii_case(DERIVED)) {
        let error = Error::new(Code::PolicyRefused, format!("'{reference}' is a name that cto keeps for the images of templates; nobody can lift this"));
        return Err(error.fix("choose another name"));
    }
    if actor.role == Role::Admin || before.is_none_or(|image| image.owner.as_deref() == Some(actor.name.as_str())) {
        return Ok(());
    }
    let error = Error::new(Code::PolicyRefused, format!("'{reference}' names an image that '{}' has not made, and others may launch from it", actor.name));
    Err(error.fix("choose another name or tag; an admin may give it to another image"))
}

/// Decides whether `actor` may build with this network. The host's would reach what listens on its loopback.
///
/// # Errors
/// `policy_refused` with the rule, and who can lift it; `invalid_value` for what is no network of a build.
pub fn check_build(actor: &Actor, network: &str, allow_privileged: bool) -> Result<()> {
    match network {
        "" | "default" | "bridge" | "none" => Ok(()),
        "host" if actor.role == Role::Admin && allow_privileged => Ok(()),
        "host" => {
            let error = Error::new(Code::PolicyRefused, "policy refuses this build: the host's network reaches beyond the container");
            Err(error.fix("leave out the network; an admin may, once 'containers.allow_privileged' is set in cto.json"))
        }
        _ => Err(Error::invalid(format!("a build has no network '{network}'")).fix("write 'default' or 'none'")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    #[test]
    fn a_build_reaches_no_further_than_a_container() {
        let (olga, ada) = (Actor::new("olga", Role::Operator), Actor::new("ada", Role::Admin));
        assert!(check_build(&olga, "none", false).is_ok() && check_build(&olga, "default", false).is_ok());
        assert_eq!(check_build(&olga, "host", true).expect_err("refused").code, Code::PolicyRefused);
        assert_eq!(check_build(&ada, "host", false).expect_err("refused").code, Code::PolicyRefused);
        assert!(check_build(&ada, "host", true).is_ok());
        for other in ["container:web", "HOST", "my-net"] {
            assert_eq!(check_build(&ada, other, true).expect_err(other).code, Code::InvalidValue);
        }
    }

    #[test]
    fn nobody_puts_an_image_in_the_place_of_another_s() {
        let (olga, ada) = (Actor::new("olga", Role::Operator), Actor::new("ada", Role::Admin));
        for own in ["cto-derived/python:0123", "docker.io/cto-derived/python", "cto-derived", "cto-derived:1"] {
            assert_eq!(check_image_name(&ada, own, None).expect_err(own).code, Code::PolicyRefused);
        }
        let image = |owner: Option<&str>| Image {
            id: String::new(),
            tags: Vec::new(),
            digests: Vec::new(),
            created_at: Timestamp::UNIX_EPOCH,
            size_bytes: 0,
            owner: owner.map(str::to_owned),
            derived: false,
        };
        assert!(check_image_name(&olga, "mine:1", None).is_ok() && check_image_name(&olga, "mine:1", Some(&image(Some("olga")))).is_ok());
        assert!(check_image_name(&olga, "debian:12", Some(&image(None))).is_err());
        assert!(check_image_name(&olga, "theirs:1", Some(&image(Some("otto")))).expect_err("refused").fix.is_some_and(|fix| fix.contains("an admin")));
        assert!(check_image_name(&ada, "debian:12", Some(&image(None))).is_ok());
    }
}
