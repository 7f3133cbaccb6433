//! What of plugins has failed since it was granted, for whoever looks after them.
use crate::model::PluginFault;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Things of one plugin that are told apart.
const MOST: usize = 32;

/// How often each thing of a plugin's has failed, and why the last time.
type Counted = BTreeMap<String, (u64, String)>;

/// Failures by plugin and by what has failed.
#[derive(Default)]
pub(super) struct Faults(Mutex<BTreeMap<String, Counted>>);

impl Faults {
    /// Counts one, and logs the first.
    pub(super) fn note(&self, plugin: &str, what: &str, why: &str) {
        let mut all = self.0.lock().expect("no panics while held");
        let own = all.entry(plugin.to_owned()).or_default();
        if own.len() >= MOST && !own.contains_key(what) {
            return;
        }
        let (count, last) = own.entry(what.to_owned()).or_default();
        *count += 1;
        why.clone_into(last);
        if *count == 1 {
            tracing::warn!(plugin, what, why, "something of a plugin has failed");
        }
    }

    /// Those of one plugin.
    pub(super) fn of(&self, plugin: &str) -> Vec<PluginFault> {
        let all = self.0.lock().expect("no panics while held");
        let fault = |(what, (count, last)): (&String, &(u64, String))| PluginFault { what: what.clone(), count: *count, last: last.clone() };
        all.get(plugin).into_iter().flatten().map(fault).collect()
    }

    /// Begins anew.
    pub(super) fn forget(&self, plugin: &str) {
        self.0.lock().expect("no panics while held").remove(plugin);
    }
}
