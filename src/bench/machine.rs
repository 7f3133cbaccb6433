//! The machine that benchmarks run on, and what processes cost it.
use rustix::param::clock_ticks_per_second;
use std::path::Path;
use std::time::Duration;

/// Processor, cores, memory and kernel; no names of hosts or people.
pub(super) fn description() -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
    let (cpu, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
    let model = field(&cpu, "model name").map_or_else(|| std::env::consts::ARCH.to_owned(), str::to_owned);
    let memory = field(&memory, "MemTotal").and_then(|text| text.split(' ').next()?.parse::<u64>().ok()).unwrap_or(0);
    let kernel = rustix::system::uname();
    let (system, release) = (kernel.sysname().to_string_lossy().into_owned(), kernel.release().to_string_lossy().into_owned());
    format!("{model}, {cores} cores, {} GiB, {system} {release}", (memory + (1 << 19)) >> 20)
}

/// The value of the first `name : value` line.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix(':')).map(str::trim)
}

/// Memory of a process in KiB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Memory {
    /// Its share of all that it has mapped (PSS).
    pub pss: f64,
    /// What is its own alone.
    pub private: f64,
    /// What is in no file: heap and stacks.
    pub anonymous: f64,
}

impl Memory {
    /// That of a process; none when it is gone or may not be looked at.
    pub fn of(pid: u32) -> Option<Self> {
        let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
        let kib = |name: &str| field(&text, name).and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
        Some(Self { pss: kib("Pss")?, private: kib("Private_Clean")? + kib("Private_Dirty")?, anonymous: kib("Anonymous")? })
    }
}

/// Processor time that a process has used in all its threads.
pub(super) fn cpu_time(pid: u32) -> Option<Duration> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may hold anything; user and system ticks are the 12th and 13th field after it.
    let mut fields = text.rsplit_once(") ")?.1.split(' ').skip(11);
    let ticks = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 1000 / clock_ticks_per_second()))
}

/// A process and all that it and its children have begun.
pub(super) fn with_children(pid: u32) -> Vec<u32> {
    let parent = |pid: u32| -> Option<u32> {
        let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name, in brackets, may hold anything; the parent is the second field after it.
        text.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
    };
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let all: Vec<(u32, u32)> = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter_map(|pid| Some((pid, parent(pid)?))).collect();
    let mut found = vec![pid];
    let mut next = 0;
    while let Some(&pid) = found.get(next) {
        found.extend(all.iter().filter(|(_, parent)| *parent == pid).map(|(child, _)| *child));
        next += 1;
    }
    found
}

/// Where a program lies, as a shell would find it.
pub(super) fn find_program(name: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    rustix::fs::access(file, rustix::fs::Access::EXEC_OK).is_ok() && file.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_and_programs_are_found() {
        let memory = Memory::of(std::process::id()).unwrap();
        assert!(memory.pss > 0.0 && memory.private <= memory.pss + 1.0);
        assert!(cpu_time(std::process::id()).is_some());
        assert!(with_children(std::os::unix::process::parent_id()).contains(&std::process::id()));
        assert!(find_program("sh").is_some() && find_program("no-such-program").is_none());
        assert_eq!(field("a : b\nmodel name\t: X 1\n", "model name"), Some("X 1"));
    }
}
