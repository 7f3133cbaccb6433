//! Processor, memory and network of a running container, with the arithmetic of docker's command line.
use super::Engine;
use crate::error::Result;
use crate::model::ContainerId;
use crate::model::Stats;
use bollard::models::ContainerCpuStats;
use bollard::models::ContainerMemoryStats;
use bollard::models::ContainerStatsResponse;
use bollard::query_parameters::StatsOptionsBuilder;
use futures_util::StreamExt;
use jiff::Timestamp;
use tokio::sync::mpsc;

impl Engine {
    /// A sample each second, until the receiver is dropped or the container stops. One stream costs the engine as much as one
    /// `docker stats`; share it. Only the newest samples matter: while 4 wait, further ones are left out.
    ///
    /// # Errors
    /// `wrong_state` when the container does not run.
    pub async fn stats(&self, id: &ContainerId) -> Result<mpsc::Receiver<Stats>> {
        self.inspect_running(id).await?;
        let open = self.link().open().await?;
        let options = StatsOptionsBuilder::default().stream(true).build();
        let mut samples = Box::pin(open.docker.stats(id.as_str(), Some(options)));
        let (sender, receiver) = mpsc::channel(4);
        let id = id.clone();
        tokio::spawn(async move {
            loop {
                let sample = tokio::select! {
                    sample = samples.next() => sample,
                    () = sender.closed() => return,
                };
                let Some(Ok(sample)) = sample else { return };
                // After its end a container is reported once more, all zero.
                if sample.pids_stats.as_ref().and_then(|pids| pids.current).is_none() && memory_used(sample.memory_stats.as_ref()) == 0 {
                    return;
                }
                if matches!(sender.try_send(stats(&id, &sample)), Err(mpsc::error::TrySendError::Closed(_))) {
                    return;
                }
            }
        });
        Ok(receiver)
    }
}

/// A sample in our words.
fn stats(id: &ContainerId, sample: &ContainerStatsResponse) -> Stats {
    let networks = || sample.networks.iter().flat_map(|networks| networks.values());
    let memory = sample.memory_stats.as_ref();
    let blocks = |letter: char| {
        let entries = sample.blkio_stats.iter().flat_map(|stats| stats.io_service_bytes_recursive.iter().flatten());
        entries.filter(|entry| entry.op.as_deref().is_some_and(|op| op.to_ascii_lowercase().starts_with(letter))).filter_map(|entry| entry.value).sum()
    };
    Stats {
        container: id.clone(),
        cpu_percent: cpu_percent(sample.precpu_stats.as_ref(), sample.cpu_stats.as_ref()),
        memory_bytes: memory_used(memory),
        memory_limit_bytes: memory.and_then(|memory| memory.limit).unwrap_or(0),
        pids: sample.pids_stats.as_ref().and_then(|pids| pids.current).unwrap_or(0),
        network_bytes: (networks().filter_map(|network| network.rx_bytes).sum(), networks().filter_map(|network| network.tx_bytes).sum()),
        block_bytes: (blocks('r'), blocks('w')),
        at: sample.read.as_deref().and_then(|time| time.parse().ok()).unwrap_or_else(Timestamp::now),
    }
}

/// Percent of one core between two samples: our share of all time passed on all cores, times the number of cores.
#[allow(clippy::cast_precision_loss, reason = "nanoseconds since the boot; a percentage needs no more than 52 bits")]
fn cpu_percent(before: Option<&ContainerCpuStats>, now: Option<&ContainerCpuStats>) -> f64 {
    let used = |stats: Option<&ContainerCpuStats>| stats.and_then(|stats| stats.cpu_usage.as_ref()?.total_usage).unwrap_or(0);
    let system = |stats: Option<&ContainerCpuStats>| stats.and_then(|stats| stats.system_cpu_usage).unwrap_or(0);
    let each = now.and_then(|stats| stats.cpu_usage.as_ref()?.percpu_usage.as_ref().map(Vec::len)).unwrap_or(0);
    let cores = now.and_then(|stats| stats.online_cpus).filter(|cores| *cores > 0).map_or(each as f64, f64::from);
    let (used, passed) = (used(now) as f64 - used(before) as f64, system(now) as f64 - system(before) as f64);
    if used > 0.0 && passed > 0.0 { used / passed * cores * 100.0 } else { 0.0 }
}

/// Memory in use without the page cache that could be dropped: by cgroup version 1 `total_inactive_file`, by 2 `inactive_file`.
fn memory_used(memory: Option<&ContainerMemoryStats>) -> u64 {
    let Some(memory) = memory else { return 0 };
    let usage = memory.usage.unwrap_or(0);
    let of = |name: &str| memory.stats.as_ref().and_then(|stats| stats.get(name)).copied();
    let cache = of("total_inactive_file").filter(|cache| *cache < usage).or_else(|| of("inactive_file").filter(|cache| *cache < usage));
    usage - cache.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_are_those_of_docker_stats() {
        let read = |text: &str| stats(&ContainerId::from("ab"), &serde_json::from_str(text).expect("valid"));
        let first = read(
            r#"{"read":"2026-01-02T03:04:05.5Z","pids_stats":{"current":7},
            "cpu_stats":{"cpu_usage":{"total_usage":300000000,"percpu_usage":[1,2]},"system_cpu_usage":4000000000,"online_cpus":2},
            "precpu_stats":{"cpu_usage":{"total_usage":100000000},"system_cpu_usage":2000000000},
            "memory_stats":{"usage":1000,"limit":5000,"stats":{"total_inactive_file":400,"inactive_file":1}},
            "blkio_stats":{"io_service_bytes_recursive":[{"op":"Read","value":4},{"op":"write","value":8},{"op":"Read","value":1},{"op":"Total","value":13}]},
            "networks":{"eth0":{"rx_bytes":10,"tx_bytes":1},"eth1":{"rx_bytes":5,"tx_bytes":2}}}"#,
        );
        assert!((first.cpu_percent - 20.0).abs() < 1e-9, "{}", first.cpu_percent);
        assert_eq!((first.memory_bytes, first.memory_limit_bytes, first.pids, first.network_bytes), (600, 5000, 7, (15, 3)));
        assert_eq!(first.block_bytes, (5, 8));
        assert_eq!(first.at.to_string(), "2026-01-02T03:04:05.5Z");
        let second = read(r#"{"memory_stats":{"usage":1000,"stats":{"inactive_file":300}}}"#);
        assert_eq!((second.cpu_percent.to_bits(), second.memory_bytes), (0, 700));
    }
}
