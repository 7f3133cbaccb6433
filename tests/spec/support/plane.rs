//! A control plane with its keeper, over the real engine and files of its own.
use cto::access::Actor;
use cto::automation::Automation;
use cto::bus::Bus;
use cto::config::Config;
use cto::config::Paths;
use cto::control::Control;
use cto::control::ControlParts;
use cto::engine::Engine;
use cto::model::*;
use cto::store::Store;
use std::path::Path;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A control plane. Whatever containers it makes have names that begin with `prefix`, and are removed when it is dropped.
pub struct Plane {
    pub control: Control,
    pub automation: Automation,
    pub prefix: String,
    pub home: tempfile::TempDir,
    shutdown: CancellationToken,
    keeper: Option<JoinHandle<()>>,
}

pub fn admin() -> Actor {
    Actor::new("ada", Role::Admin)
}

pub fn operator(name: &str) -> Actor {
    Actor::new(name, Role::Operator)
}

pub fn viewer() -> Actor {
    Actor::new("vic", Role::Viewer)
}

impl Plane {
    pub async fn start() -> Self {
        Self::over(Engine::connect(None)).await
    }

    pub async fn over(engine: Engine) -> Self {
        Self::configured(engine, Config::default()).await
    }

    pub async fn configured(engine: Engine, config: Config) -> Self {
        Self::made(engine, config, None).await
    }

    /// One of several servers of a database.
    pub async fn sharing(database: &str) -> Self {
        Self::made(Engine::connect(None), Config::default(), Some(database.to_owned())).await
    }

    async fn made(engine: Engine, mut config: Config, database: Option<String>) -> Self {
        config.server.database = database;
        let home = tempfile::tempdir().unwrap();
        let prefix = format!("cto-spec-{}-{:04}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let (automation, shutdown, keeper) = begin(home.path(), engine, config).await;
        Self { control: automation.control().clone(), automation, prefix, home, shutdown, keeper: Some(keeper) }
    }

    /// Ends the server and starts another on the same files.
    pub async fn restart(&mut self) {
        self.stop().await;
        let (engine, config) = (self.control.parts().engine.clone(), self.control.parts().config.clone());
        let (automation, shutdown, keeper) = begin(self.home.path(), engine, config).await;
        self.control = automation.control().clone();
        (self.automation, self.shutdown, self.keeper) = (automation, shutdown, Some(keeper));
    }

    /// Another server takes over without a word of this one, as after a kill.
    pub async fn vanish(&mut self) {
        if let Some(keeper) = self.keeper.take() {
            keeper.abort();
        }
        let (engine, config) = (self.control.parts().engine.clone(), self.control.parts().config.clone());
        let (automation, shutdown, keeper) = begin(self.home.path(), engine, config).await;
        self.control = automation.control().clone();
        (self.automation, self.shutdown, self.keeper) = (automation, shutdown, Some(keeper));
    }

    pub async fn stop(&mut self) {
        self.shutdown.cancel();
        if let Some(keeper) = self.keeper.take() {
            keeper.await.unwrap();
        }
        self.control.parts().store.close().await;
    }

    pub fn name(&self, name: &str) -> String {
        format!("{}-{name}", self.prefix)
    }

    /// A request for a container from a template made of `fields`.
    pub fn request(&self, name: &str, fields: serde_json::Value) -> CreateContainer {
        let mut template = serde_json::json!({"name": "spec", "image": "debian:bookworm-slim"});
        template.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        CreateContainer {
            inline: Some(InlineTemplate { source: "spec.json".to_owned(), text: template.to_string() }),
            name: Some(self.name(name)),
            base_dir: Some(self.home.path().to_str().unwrap().to_owned()),
            ..CreateContainer::default()
        }
    }

    /// Launches and waits for the end of the launch.
    pub async fn launch(&self, actor: &Actor, name: &str, fields: serde_json::Value) -> Operation {
        let operation = self.control.create_container_from(actor, self.request(name, fields), None).await.unwrap();
        self.control.wait_operation(actor, operation.id.as_str(), Duration::from_secs(60)).await.unwrap()
    }

    /// A running container.
    pub async fn container(&self, actor: &Actor, name: &str, fields: serde_json::Value) -> Container {
        let operation = self.launch(actor, name, fields).await;
        operation.result.unwrap_or_else(|| panic!("{:?}", operation.problem))
    }

    /// Names of the containers that exist at the engine.
    pub async fn existing(&self) -> Vec<String> {
        let all = self.control.parts().engine.list().await.unwrap();
        all.into_iter().map(|container| container.name).filter(|name| name.starts_with(&self.prefix)).collect()
    }

    /// The audit as lines, oldest first.
    pub async fn audit(&self) -> Vec<String> {
        let page = self.control.list_audit(&admin(), &ListQuery::default()).await.unwrap();
        page.items
            .iter()
            .rev()
            .map(|event| format!("{} {} {}: {:?}", event.actor, event.action, event.target.replace(&self.prefix, "~"), event.outcome))
            .collect()
    }

    /// Waits for an event.
    pub async fn event(&self, events: &mut tokio::sync::mpsc::Receiver<Numbered>, wanted: impl Fn(&Event) -> bool) -> Event {
        let waiting = async {
            loop {
                let event = events.recv().await.expect("the server tells").event;
                if wanted(&event) {
                    return event;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("the event comes")
    }
}

async fn begin(home: &Path, engine: Engine, config: Config) -> (Automation, CancellationToken, JoinHandle<()>) {
    let paths = Paths::under(home).unwrap();
    paths.prepare().unwrap();
    let database = config.server.database.clone().unwrap_or_else(|| paths.database().to_str().unwrap().to_owned());
    let store = Store::open(&database).await.unwrap();
    let shutdown = CancellationToken::new();
    let control = Control::new(ControlParts { engine, store, bus: Bus::default(), paths, config, shutdown: shutdown.clone() });
    let automation = Automation::new(control.clone());
    let (keeper, automatic) = (cto::keeper::start(control, shutdown.clone()).await, automation.clone().keep(shutdown.clone()));
    let keeping = tokio::spawn(async move {
        tokio::join!(keeper, automatic);
    });
    (automation, shutdown, keeping)
}

impl Drop for Plane {
    fn drop(&mut self) {
        self.shutdown.cancel();
        let prefix = self.prefix.clone();
        // Dropping can't wait, and the test's own runtime may be ending: another one cleans up.
        let cleaning = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let engine = Engine::connect(None);
                for container in engine.list().await.unwrap_or_default() {
                    if container.name.starts_with(&prefix) {
                        let _ = engine.remove(&container.id, true).await;
                    }
                }
            });
        });
        let _ = cleaning.join();
        super::engine::sweep(&self.prefix);
    }
}
