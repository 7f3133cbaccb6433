//! Which shell a user gets, and what the environment lacks.

/// Shells that are tried where the user's own will not do, best first.
const SHELLS: [&str; 6] = ["/bin/bash", "/usr/bin/bash", "/bin/ash", "/bin/sh", "/usr/bin/sh", "/busybox/sh"];

/// A line of `/etc/passwd`.
#[derive(Debug, PartialEq, Eq)]
pub struct User<'a> {
    /// Home directory.
    pub home: &'a str,
    /// Login shell; may be empty.
    pub shell: &'a str,
}

/// The user with this uid in the text of `/etc/passwd`.
pub fn user(passwd: &str, uid: u32) -> Option<User<'_>> {
    passwd.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        match fields.as_slice() {
            [_, _, id, _, _, home, shell] if id.parse() == Ok(uid) => Some(User { home, shell }),
            _ => None,
        }
    })
}

/// The shell of a user, or the best there is: a plain `sh` gives way to a better one. None where there is none at all.
///
/// It is not started as a login shell: that would put the distribution's search path before the image's.
pub fn choose(own: Option<&str>, executable: impl Fn(&str) -> bool) -> Option<String> {
    let no_shell = |shell: &str| matches!(shell.rsplit('/').next(), Some("nologin" | "false" | "sync")) || matches!(shell, "/bin/sh" | "/usr/bin/sh");
    let own = own.filter(|shell| shell.starts_with('/') && !no_shell(shell));
    own.into_iter().chain(SHELLS).find(|shell| executable(shell)).map(str::to_owned)
}

/// Variables that a terminal needs and this environment lacks.
pub fn missing(set: impl Fn(&str) -> bool, home: &str) -> Vec<(&'static str, String)> {
    let mut wanted = Vec::new();
    if !set("TERM") {
        wanted.push(("TERM", "xterm-256color".to_owned()));
    }
    if !["LC_ALL", "LC_CTYPE", "LANG"].into_iter().any(&set) {
        wanted.push(("LANG", "C.UTF-8".to_owned()));
    }
    if !set("HOME") {
        wanted.push(("HOME", if home.is_empty() { "/".to_owned() } else { home.to_owned() }));
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::User;
    use super::choose;
    use super::missing;
    use super::user;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\nbroken line\nwww:x:33:33::/var/www:/usr/sbin/nologin\nbare:x:7:7::/:\n";

    #[test]
    fn users_are_found_by_uid() {
        assert_eq!(user(PASSWD, 0), Some(User { home: "/root", shell: "/bin/bash" }));
        assert_eq!(user(PASSWD, 7), Some(User { home: "/", shell: "" }));
        assert_eq!(user(PASSWD, 1000), None);
        assert_eq!(user("", 0), None);
    }

    #[test]
    fn the_users_own_shell_is_taken_or_the_best_there_is() {
        let has = |there: &'static [&'static str]| move |shell: &str| there.contains(&shell);
        let debian = has(&["/bin/bash", "/bin/sh", "/bin/zsh", "/usr/sbin/nologin", "/bin/false"]);
        assert_eq!(choose(Some("/bin/zsh"), debian).as_deref(), Some("/bin/zsh"));
        for own in [Some("/usr/sbin/nologin"), Some("/bin/false"), Some("/bin/sh"), Some("/bin/gone"), Some("bash"), Some(""), None] {
            assert_eq!(choose(own, debian).as_deref(), Some("/bin/bash"), "{own:?}");
        }
        assert_eq!(choose(None, has(&["/bin/ash", "/bin/sh"])).as_deref(), Some("/bin/ash"));
        assert_eq!(choose(Some("/bin/sh"), has(&["/bin/sh"])).as_deref(), Some("/bin/sh"));
        assert_eq!(choose(None, has(&[])), None);
    }

    #[test]
    fn only_what_is_missing_is_set() {
        assert_eq!(missing(|_| true, "/root"), []);
        assert_eq!(missing(|name| name == "LC_ALL" || name == "TERM", ""), [("HOME", "/".to_owned())]);
        let all = missing(|_| false, "/root");
        assert_eq!(all, [("TERM", "xterm-256color".into()), ("LANG", "C.UTF-8".into()), ("HOME", "/root".into())]);
    }
}
