//! Packages that are added to an image: who installs one, and what can be its name.

/// The longest name with its version.
const LONGEST: usize = 200;

/// Who installs a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Installer {
    /// The image's own package manager.
    System,
    /// Python's.
    Pip,
    /// Node's.
    Npm,
}

/// Reads a package as templates name it: `htop`, `nano=7.2-1`, `pip:requests==2.32.3`, `npm:@scope/tool@1.2`. Never one that an installer takes for an
/// option, a file or an address.
///
/// # Errors
/// With a sentence for people.
pub fn package(text: &str) -> Result<(Installer, &str), String> {
    let (installer, name) = match (text.strip_prefix("pip:"), text.strip_prefix("npm:")) {
        (Some(name), _) => (Installer::Pip, name),
        (_, Some(name)) => (Installer::Npm, name),
        _ => (Installer::System, text),
    };
    let fits = match installer {
        Installer::System => is_system(name),
        Installer::Pip => is_pip(name),
        Installer::Npm => is_npm(name),
    };
    if fits && text.len() <= LONGEST {
        return Ok((installer, name));
    }
    Err(match installer {
        Installer::System => format!("'{text}' is not the name of a package"),
        Installer::Pip => format!("'{text}' is not a package of pip; write 'pip:NAME', 'pip:NAME==1.2' or 'pip:NAME[extra]>=1,<2'"),
        Installer::Npm => format!("'{text}' is not a package of npm; write 'npm:NAME', 'npm:@SCOPE/NAME' or 'npm:NAME@1.2'"),
    })
}

fn begins_well(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
}

fn only(text: &str, others: &str) -> bool {
    text.chars().all(|letter| letter.is_ascii_alphanumeric() || others.contains(letter))
}

/// A dash at its end would ask apt to remove it.
fn is_system(name: &str) -> bool {
    begins_well(name) && !name.ends_with('-') && only(name, "+-._:=~@")
}

/// `NAME[extra,…]` and conditions on the version.
fn is_pip(text: &str) -> bool {
    let end = text.find(|letter: char| "[<>=!~".contains(letter)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let conditions = match rest.strip_prefix('[') {
        None => rest,
        Some(rest) => match rest.split_once(']') {
            Some((extras, conditions)) if extras.split(',').all(|extra| begins_well(extra) && only(extra, "-._")) => conditions,
            _ => return false,
        },
    };
    let condition = |text: &str| {
        let version = ["===", "==", ">=", "<=", "!=", "~=", ">", "<"].iter().find_map(|sign| text.strip_prefix(sign));
        version.is_some_and(|version| begins_well(version) && only(version, ".*+!-_"))
    };
    begins_well(name) && only(name, "-._") && (conditions.is_empty() || conditions.split(',').all(condition))
}

/// `[@SCOPE/]NAME[@VERSION]`. A version without slash and colon is a version or a tag: nothing that is fetched from elsewhere.
fn is_npm(text: &str) -> bool {
    let (scope, rest) = match text.strip_prefix('@') {
        None => (None, text),
        Some(scoped) => match scoped.split_once('/') {
            Some((scope, rest)) => (Some(scope), rest),
            None => return false,
        },
    };
    let (name, version) = rest.split_once('@').map_or((rest, None), |(name, version)| (name, Some(version)));
    let part = |part: &str| begins_well(part) && only(part, "-._~");
    let is_version = |version: &str| !version.is_empty() && !version.starts_with('-') && only(version, ".^~<>=*+-");
    scope.is_none_or(part) && part(name) && version.is_none_or(is_version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_names_and_versions_and_nothing_else() {
        for (text, installer) in [
            ("g++", Installer::System),
            ("nano=7.2-1", Installer::System),
            ("libc6:i386", Installer::System),
            ("pip:requests", Installer::Pip),
            ("pip:uvicorn[standard,x]>=0.30,<1.0", Installer::Pip),
            ("pip:a~=1.4.2", Installer::Pip),
            ("pip:a==1!2.0+local.1", Installer::Pip),
            ("npm:typescript", Installer::Npm),
            ("npm:@scope/tool@^1.2", Installer::Npm),
            ("npm:left-pad@>=1.0.0-beta.1", Installer::Npm),
        ] {
            assert_eq!(package(text).map(|(found, _)| found), Ok(installer), "{text}");
        }
        let long = format!("pip:{}", "a".repeat(LONGEST));
        for bad in [
            "",
            "-y",
            "a b",
            "a;b",
            "$(id)",
            "vim-",
            "a\nb",
            "ä",
            "a/b",
            "pip:",
            "pip:-r/etc/passwd",
            "pip:git+https://x/y",
            "pip:./here",
            "pip:a @ file:///x",
            "pip:a==",
            "pip:a==1;x",
            "pip:a[",
            "pip:a[]",
            "pip:a>=1,",
            "pip:a'b",
            "npm:",
            "npm:-g",
            "npm:a@file:x",
            "npm:a@https://x",
            "npm:x/y",
            "npm:@x",
            "npm:@x/",
            "npm:a@",
            "npm:a b",
            "npm:../x",
            "npm:a@npm:b",
            "npm:a@-x",
            &long,
        ] {
            assert!(package(bad).is_err(), "{bad}");
        }
    }
}
