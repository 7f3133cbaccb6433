//! `cto server install`: a systemd unit with restart and watchdog.
use crate::cli::context::Context;
use crate::cli::output;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

/// Writes the unit, for the system as root and for the user otherwise, and starts it; or only prints it.
pub fn install(context: &Context, print: bool) -> Result<()> {
    let root = rustix::process::geteuid().is_root();
    let program = std::env::current_exe().map_err(|error| Error::internal(format!("cto does not find its own file: {error}")))?;
    let text = unit(&program, context.global.home.as_deref(), root);
    if print {
        return output::print(&text);
    }
    if !cfg!(target_os = "linux") {
        return Err(Error::invalid("services are installed on Linux only")
            .fix("run 'cto serve' by the service manager of this system; 'cto server install --print' shows what it needs"));
    }
    let path = place(root)?;
    let failed = |error: std::io::Error| Error::invalid(format!("'{}' can't be written: {error}", path.display())).because(error);
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).map_err(failed)?;
    }
    // Written beside it first: half a unit would be worse than none.
    let fresh = path.with_extension("service.new");
    std::fs::write(&fresh, &text).and_then(|()| std::fs::rename(&fresh, &path)).map_err(failed)?;
    let scope: &[&str] = if root { &[] } else { &["--user"] };
    if !Path::new("/run/systemd/system").exists() {
        output::print(&format!("wrote {}\n", path.display()))?;
        output::warn("systemd does not run here, so nothing was started");
        return Ok(());
    }
    for arguments in [&["daemon-reload"][..], &["enable", "--now", "cto.service"]] {
        systemctl(scope, arguments)?;
    }
    output::print(&format!("wrote {} and started it\n", path.display()))
}

fn place(root: bool) -> Result<PathBuf> {
    if root {
        return Ok(PathBuf::from("/etc/systemd/system/cto.service"));
    }
    let dirs = directories::BaseDirs::new().ok_or_else(|| Error::invalid("there is no home directory for the unit"))?;
    Ok(dirs.config_dir().join("systemd/user/cto.service"))
}

fn systemctl(scope: &[&str], arguments: &[&str]) -> Result<()> {
    let line = || format!("systemctl {}", [scope, arguments].concat().join(" "));
    let ran = Command::new("systemctl").args(scope).args(arguments).output();
    let ran = ran.map_err(|error| Error::invalid(format!("'{}' can't be run: {error}", line())).because(error))?;
    if ran.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ran.stderr);
    Err(Error::new(Code::WrongState, format!("'{}' failed: {}", line(), said.trim())).fix("if a server runs already, end it first: cto server stop"))
}

/// The unit's text.
fn unit(program: &Path, home: Option<&Path>, root: bool) -> String {
    let quoted = |path: &Path| format!("\"{}\"", path.display().to_string().replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%"));
    let home = home.map_or_else(String::new, |home| {
        let absolute = std::path::absolute(home).unwrap_or_else(|_| home.to_path_buf());
        format!("Environment=CTO_HOME={}\n", quoted(&absolute))
    });
    let target = if root { "multi-user.target" } else { "default.target" };
    format!(
        "[Unit]
Description=cto: containers with live terminals
After=docker.service podman.socket

[Service]
Type=notify
ExecStart={} serve
{home}Restart=always
RestartSec=1
WatchdogSec=30
TimeoutStopSec=30
LimitNOFILE=65536

[Install]
WantedBy={target}
",
        quoted(program)
    )
}
