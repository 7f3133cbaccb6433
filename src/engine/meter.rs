//! What a container uses, read from the kernel's own counters where the engine is on this machine: it costs the engine nothing.
use super::Engine;
use super::address::Address;
use crate::error::Result;
use crate::model::ContainerId;
use crate::model::Stats;
use jiff::Timestamp;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::OnceLock;

/// Most bytes of one of the kernel's files that are read.
const MOST: usize = 64 << 10;

/// A container's counters. They go with the run of the container that they were found in.
#[derive(Debug)]
pub struct Meter {
    id: ContainerId,
    kind: Kind,
    cpu: File,
    memory: File,
    memory_stat: File,
    memory_limit: File,
    pids: File,
    /// Of disks; none where the kernel does not count them.
    disks: Option<File>,
    /// The network's devices as its main program sees them.
    devices: File,
    /// Nanoseconds used, and those that all cores had, when it was last read.
    last: Option<(u64, u64)>,
}

/// The two kinds of control groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    One,
    Two,
}

/// The machine's own counters at one moment, for all containers that are read then.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    at: Timestamp,
    /// Nanoseconds that all cores have had.
    system: u64,
    cores: u32,
    memory: u64,
}

impl Moment {
    /// Now; none where this is no Linux.
    #[must_use]
    pub fn now() -> Option<Self> {
        let text = std::fs::read_to_string("/proc/stat").ok()?;
        let (system, cores) = cores(&text)?;
        Some(Self { at: Timestamp::now(), system, cores, memory: machine_memory() })
    }
}

impl Engine {
    /// The counters of a running container; none where the engine is not on this machine, or the kernel shows them elsewhere.
    ///
    /// # Errors
    /// `wrong_state` when the container does not run.
    pub async fn meter(&self, id: &ContainerId) -> Result<Option<Meter>> {
        let found = self.inspect_running(id).await?;
        let is_here = matches!(self.link().open().await?.address, Address::Unix(_));
        let pid = found.state.and_then(|state| state.pid).and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid > 0);
        Ok(pid.filter(|_| is_here).and_then(|pid| Meter::find(id, pid)))
    }
}

impl Meter {
    /// The counters of the container whose main program is this process.
    fn find(id: &ContainerId, pid: u32) -> Option<Self> {
        // Before its groups are looked at: if they are the container's then, the process was its main program here too.
        let devices = File::open(format!("/proc/{pid}/net/dev")).ok()?;
        let groups = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
        let place = |controller: &str| place(&groups, controller, id.as_str(), hierarchies());
        let open = |dir: &Path, name: &str| File::open(dir.join(name)).ok();
        if let (Some(cpu), Some(memory), Some(pids)) = (place("cpuacct"), place("memory"), place("pids")) {
            // As Docker does: what the scheduler of disks counts, else what is counted at the throttle.
            let disks = place("blkio").and_then(|dir| open(&dir, "blkio.io_service_bytes_recursive").or_else(|| open(&dir, "blkio.throttle.io_service_bytes")));
            return Some(Self {
                id: id.clone(),
                kind: Kind::One,
                cpu: open(&cpu, "cpuacct.usage")?,
                memory: open(&memory, "memory.usage_in_bytes")?,
                memory_stat: open(&memory, "memory.stat")?,
                memory_limit: open(&memory, "memory.limit_in_bytes")?,
                pids: open(&pids, "pids.current")?,
                disks,
                devices,
                last: None,
            });
        }
        let dir = place("")?;
        Some(Self {
            id: id.clone(),
            kind: Kind::Two,
            cpu: open(&dir, "cpu.stat")?,
            memory: open(&dir, "memory.current")?,
            memory_stat: open(&dir, "memory.stat")?,
            memory_limit: open(&dir, "memory.max")?,
            pids: open(&dir, "pids.current")?,
            disks: open(&dir, "io.stat"),
            devices,
            last: None,
        })
    }

    /// Whose they are.
    #[must_use]
    pub fn id(&self) -> &ContainerId {
        &self.id
    }

    /// What is used now, with docker's arithmetic; none when this run of the container is over. The processor's share is since the reading
    /// before, and zero the first time.
    pub fn read(&mut self, now: &Moment, buffer: &mut Vec<u8>) -> Option<Stats> {
        let one = self.kind == Kind::One;
        let used = match self.kind {
            Kind::One => number(text(&self.cpu, buffer)?)?,
            Kind::Two => field(text(&self.cpu, buffer)?, "usage_usec")?.saturating_mul(1000),
        };
        let usage = number(text(&self.memory, buffer)?)?;
        let cache = field(text(&self.memory_stat, buffer)?, if one { "total_inactive_file" } else { "inactive_file" }).unwrap_or(0);
        // Without a limit it is the machine's memory.
        let limit = number(text(&self.memory_limit, buffer)?).unwrap_or(u64::MAX).min(now.memory);
        let pids = number(text(&self.pids, buffer)?)?;
        let block_bytes = match self.disks.as_ref().and_then(|file| text(file, buffer)) {
            Some(text) if one => disks_of_one(text),
            Some(text) => disks_of_two(text),
            None => (0, 0),
        };
        let network_bytes = devices(text(&self.devices, buffer).unwrap_or_default());
        let cpu_percent = self.last.replace((used, now.system)).map_or(0.0, |before| share(before, (used, now.system), now.cores));
        Some(Stats {
            container: self.id.clone(),
            cpu_percent,
            memory_bytes: if cache < usage { usage - cache } else { usage },
            memory_limit_bytes: limit,
            pids,
            network_bytes,
            block_bytes,
            at: now.at,
        })
    }
}

/// Percent of one core: our share of all time passed on all cores, times the number of cores.
#[allow(clippy::cast_precision_loss, reason = "nanoseconds since the boot; a percentage needs no more than 52 bits")]
fn share(before: (u64, u64), now: (u64, u64), cores: u32) -> f64 {
    let (used, passed) = (now.0.saturating_sub(before.0) as f64, now.1.saturating_sub(before.1) as f64);
    if passed > 0.0 { used / passed * f64::from(cores) * 100.0 } else { 0.0 }
}

/// A file's text as it is now; none when what it counts is gone.
fn text<'a>(file: &File, buffer: &'a mut Vec<u8>) -> Option<&'a str> {
    buffer.resize(MOST, 0);
    let mut length = 0;
    while length < buffer.len() {
        match file.read_at(buffer.get_mut(length..)?, length as u64) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
    std::str::from_utf8(buffer.get(..length)?).ok()
}

fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// The value of a `name value` line.
fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| number(line.strip_prefix(name)?.strip_prefix(' ')?))
}

/// `8:0 Read 4096`: bytes read and written.
fn disks_of_one(text: &str) -> (u64, u64) {
    let sum = |word: &str| text.lines().filter_map(|line| line.split_once(' ')?.1.strip_prefix(word)?.trim().parse::<u64>().ok()).sum();
    (sum("Read "), sum("Write "))
}

/// `8:0 rbytes=4096 wbytes=0 rios=1 …`
fn disks_of_two(text: &str) -> (u64, u64) {
    let sum = |word: &str| text.split_ascii_whitespace().filter_map(|part| part.strip_prefix(word)?.parse::<u64>().ok()).sum();
    (sum("rbytes="), sum("wbytes="))
}

/// Bytes received and sent on all devices but the loopback.
fn devices(text: &str) -> (u64, u64) {
    let mut sums = (0_u64, 0_u64);
    for line in text.lines() {
        let Some((name, counters)) = line.split_once(':') else { continue };
        if name.trim() == "lo" {
            continue;
        }
        let mut counters = counters.split_ascii_whitespace();
        let received = counters.next().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        let sent = counters.nth(7).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        sums = (sums.0.saturating_add(received), sums.1.saturating_add(sent));
    }
    sums
}

/// Nanoseconds that all cores have had, as Docker counts them, and how many cores there are.
fn cores(text: &str) -> Option<(u64, u32)> {
    let first = text.lines().next()?.strip_prefix("cpu ")?;
    let ticks: u64 = first.split_ascii_whitespace().take(7).filter_map(|field| field.parse::<u64>().ok()).sum();
    let cores = text.lines().skip(1).take_while(|line| line.starts_with("cpu")).count();
    let second = rustix::param::clock_ticks_per_second().max(1);
    Some((ticks.saturating_mul(1_000_000_000 / second), u32::try_from(cores).ok().filter(|cores| *cores > 0)?))
}

fn machine_memory() -> u64 {
    static MEMORY: OnceLock<u64> = OnceLock::new();
    *MEMORY.get_or_init(|| {
        let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:")).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse::<u64>().map_or(u64::MAX, |kib| kib.saturating_mul(1024))
    })
}

/// A tree of control groups: its controllers, none for the unified one, and where it is mounted.
struct Hierarchy {
    controllers: Vec<String>,
    mounted: PathBuf,
}

fn hierarchies() -> &'static [Hierarchy] {
    static MOUNTS: OnceLock<Vec<Hierarchy>> = OnceLock::new();
    MOUNTS.get_or_init(|| mounts(&std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default()))
}

/// The trees that are mounted from their root.
fn mounts(text: &str) -> Vec<Hierarchy> {
    let one = |line: &str| {
        let (left, right) = line.split_once(" - ")?;
        let mut left = left.split(' ').skip(3);
        let (root, mounted) = (left.next()?, left.next()?);
        let mut right = right.split(' ');
        let (kind, options) = (right.next()?, right.nth(1)?);
        let controllers = match kind {
            "cgroup2" => Vec::new(),
            "cgroup" => options.split(',').map(str::to_owned).collect(),
            _ => return None,
        };
        (root == "/").then(|| Hierarchy { controllers, mounted: mounted.into() })
    };
    text.lines().filter_map(one).collect()
}

/// A process's directory in the tree with this controller; none where it is not that of this container.
fn place(groups: &str, controller: &str, id: &str, trees: &[Hierarchy]) -> Option<PathBuf> {
    let path = groups.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let controllers = parts.next()?;
        controllers.split(',').any(|name| name == controller).then(|| parts.next())?
    })?;
    let fine = !id.is_empty() && !path.split('/').any(|part| part == "..");
    // The program may have moved itself into a group below the container's own.
    let end = path.find(id)? + id.len();
    let path = &path[..path[end..].find('/').map_or(path.len(), |at| end + at)];
    let is_tree = |tree: &&Hierarchy| if controller.is_empty() { tree.controllers.is_empty() } else { tree.controllers.iter().any(|own| own == controller) };
    let tree = trees.iter().find(is_tree).filter(|_| fine)?;
    Some(tree.mounted.join(path.trim_start_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_s_files_are_read_as_docker_reads_them() {
        assert_eq!(cores("cpu  1 2 3 4 5 6 7 100 0 0\ncpu0 1\ncpu1 1\nintr 5\n").map(|(_, cores)| cores), Some(2));
        let second = u64::from(rustix::param::clock_ticks_per_second() > 0) * 1_000_000_000 / rustix::param::clock_ticks_per_second();
        assert_eq!(cores("cpu  1 2 3 4 5 6 7 100 0 0\ncpu0 1\n").map(|(system, _)| system), Some(28 * second));
        assert_eq!(disks_of_one("8:0 Read 10\n8:0 Write 3\n8:16 Read 5\n8:0 Total 13\nTotal 18\n"), (15, 3));
        assert_eq!(disks_of_two("8:0 rbytes=10 wbytes=3 rios=1\n8:16 rbytes=5 wbytes=1\n"), (15, 4));
        let head = "Inter-|   Receive |  Transmit\n face |bytes    packets|bytes\n";
        let text = format!(
            "{head}    lo:     354       5    0    0    0     0          0         0      354 5\n  eth0: 100 8 0 0 0 0 0 0 20 6\n  eth1:7 8 0 0 0 0 0 0 1 6\n"
        );
        assert_eq!(devices(&text), (107, 21));
        assert_eq!((field("cache 1\ntotal_inactive_file 44\n", "total_inactive_file"), field("inactive_file_x 1\n", "inactive_file")), (Some(44), None));
        assert!((share((100, 1000), (300, 3000), 2) - 20.0).abs() < 1e-9);
    }

    #[test]
    fn only_the_container_s_own_groups_are_read() {
        let trees = mounts(
            "30 24 0:26 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct\n31 24 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n32 24 0:28 /docker /odd rw - cgroup cgroup rw,memory\n",
        );
        let groups = "4:memory:/docker/abc\n2:cpu,cpuacct:/docker/abc\n0::/docker/abc\n";
        assert_eq!(place(groups, "cpuacct", "abc", &trees), Some("/sys/fs/cgroup/cpu,cpuacct/docker/abc".into()));
        assert_eq!(place(groups, "", "abc", &trees), Some("/sys/fs/cgroup/unified/docker/abc".into()));
        assert_eq!(place("0::/docker/abc/init.scope\n", "", "abc", &trees), Some("/sys/fs/cgroup/unified/docker/abc".into()), "a group below the container's");
        assert_eq!(place(groups, "memory", "abc", &trees), None, "mounted from elsewhere than its root");
        assert_eq!(place(groups, "cpuacct", "abd", &trees), None, "another container");
        assert_eq!(place("0::/../docker/abc\n", "", "abc", &trees), None, "seen from inside another group");
    }
}
