//! The views that are neither containers nor terminals, and what each of them needs while it is shown.
use super::app::View;
use super::command::CommandId;
use super::component::Component;
use super::component::Context;
use super::msg::Effect;
use super::msg::Msg;
use super::msg::Request;
use super::parts::activity::Activity;
use super::parts::browse::Browse;
use super::parts::edit_view::EditView;
use super::parts::files::Files;
use super::parts::plugins::Plugins;
use super::parts::recordings::Recordings;
use super::parts::resources::Resources;
use super::parts::run_view::RunView;
use super::parts::runs::Runs;
use super::parts::schedules::Schedules;
use super::parts::scripts::Scripts;
use super::parts::session_list::SessionList;
use super::parts::settings_view::SettingsView;
use super::parts::triggers::Triggers;
use super::parts::webhooks::Webhooks;
use super::stock::Kind;
use super::stock::StockWish;
use std::time::Duration;

/// The views.
#[derive(Debug)]
pub struct Pages {
    /// What containers use.
    pub resources: Resources,
    /// Files of a container and of this machine.
    pub files: Files,
    images: Browse,
    volumes: Browse,
    networks: Browse,
    sessions: SessionList,
    activity: Activity,
    recordings: Recordings,
    scripts: Scripts,
    /// The runs of scripts.
    pub runs: Runs,
    /// The run that is watched.
    pub run: RunView,
    schedules: Schedules,
    triggers: Triggers,
    webhooks: Webhooks,
    plugins: Plugins,
    /// Texts that are edited.
    pub editor: EditView,
    /// What is set.
    pub settings: SettingsView,
}

impl Default for Pages {
    fn default() -> Self {
        Self {
            resources: Resources::default(),
            files: Files::default(),
            images: Browse::new(Kind::Images),
            volumes: Browse::new(Kind::Volumes),
            networks: Browse::new(Kind::Networks),
            sessions: SessionList::default(),
            activity: Activity::default(),
            recordings: Recordings::default(),
            scripts: Scripts::default(),
            runs: Runs::default(),
            run: RunView::default(),
            schedules: Schedules::default(),
            triggers: Triggers::default(),
            webhooks: Webhooks::default(),
            plugins: Plugins::default(),
            editor: EditView::default(),
            settings: SettingsView::default(),
        }
    }
}

impl Pages {
    fn stock(&self, kind: Kind) -> &Browse {
        match kind {
            Kind::Images => &self.images,
            Kind::Volumes => &self.volumes,
            Kind::Networks => &self.networks,
        }
    }

    fn stock_mut(&mut self, kind: Kind) -> &mut Browse {
        match kind {
            Kind::Images => &mut self.images,
            Kind::Volumes => &mut self.volumes,
            Kind::Networks => &mut self.networks,
        }
    }

    /// The page of a view; none where the view is none of them.
    #[must_use]
    pub fn get(&self, view: View) -> Option<&dyn Component> {
        match view {
            View::Resources => Some(&self.resources),
            View::Stock(kind) => Some(self.stock(kind)),
            View::Files => Some(&self.files),
            View::Sessions => Some(&self.sessions),
            View::Activity => Some(&self.activity),
            View::Recordings => Some(&self.recordings),
            View::Scripts => Some(&self.scripts),
            View::Runs => Some(&self.runs),
            View::Run => Some(&self.run),
            View::Schedules => Some(&self.schedules),
            View::Triggers => Some(&self.triggers),
            View::Webhooks => Some(&self.webhooks),
            View::Plugins => Some(&self.plugins),
            View::Editor => Some(&self.editor),
            View::Settings => Some(&self.settings),
            View::Home | View::Terminals => None,
        }
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, view: View) -> Option<&mut dyn Component> {
        match view {
            View::Resources => Some(&mut self.resources),
            View::Stock(kind) => Some(self.stock_mut(kind)),
            View::Files => Some(&mut self.files),
            View::Sessions => Some(&mut self.sessions),
            View::Activity => Some(&mut self.activity),
            View::Recordings => Some(&mut self.recordings),
            View::Scripts => Some(&mut self.scripts),
            View::Runs => Some(&mut self.runs),
            View::Run => Some(&mut self.run),
            View::Schedules => Some(&mut self.schedules),
            View::Triggers => Some(&mut self.triggers),
            View::Webhooks => Some(&mut self.webhooks),
            View::Plugins => Some(&mut self.plugins),
            View::Editor => Some(&mut self.editor),
            View::Settings => Some(&mut self.settings),
            View::Home | View::Terminals => None,
        }
    }

    /// Shows a message to all of them: what happens is noted also by those that are not seen. Time is for the one that is.
    pub fn offer(&mut self, view: View, msg: &Msg, cx: &Context) -> Vec<Effect> {
        if matches!(msg, Msg::Tick) {
            return self.get_mut(view).and_then(|page| page.update(msg, cx)).unwrap_or_default();
        }
        let mut effects = self.resources.update(msg, cx).unwrap_or_default();
        effects.extend(self.files.update(msg, cx).unwrap_or_default());
        effects.extend(self.activity.update(msg, cx).unwrap_or_default());
        if matches!(msg, Msg::Event(_) | Msg::Reply(..)) {
            effects.extend(self.recordings.update(msg, cx).unwrap_or_default());
            effects.extend(self.runs.update(msg, cx).unwrap_or_default());
            effects.extend(self.run.update(msg, cx).unwrap_or_default());
            effects.extend(self.schedules.update(msg, cx).unwrap_or_default());
            effects.extend(self.triggers.update(msg, cx).unwrap_or_default());
            effects.extend(self.webhooks.update(msg, cx).unwrap_or_default());
            effects.extend(self.plugins.update(msg, cx).unwrap_or_default());
        }
        if matches!(msg, Msg::Event(_) | Msg::Reply(..) | Msg::Edited(..)) {
            effects.extend(self.scripts.update(msg, cx).unwrap_or_default());
            effects.extend(self.editor.update(msg, cx).unwrap_or_default());
        }
        for kind in Kind::ALL {
            effects.extend(self.stock_mut(kind).update(msg, cx).unwrap_or_default());
        }
        effects
    }

    /// What the page of this view has to ask the server for.
    pub fn due(&mut self, view: View, cx: &Context) -> Vec<Effect> {
        match view {
            View::Resources => self.resources.due(cx),
            View::Stock(kind) => self.stock_mut(kind).due(cx),
            View::Files => self.files.due(cx),
            View::Activity => self.activity.due(cx),
            View::Recordings => self.recordings.due(cx),
            View::Scripts => self.scripts.due(cx),
            View::Runs => self.runs.due(cx),
            View::Run => self.run.due(cx),
            View::Schedules => self.schedules.due(cx),
            View::Triggers => self.triggers.due(cx),
            View::Webhooks => self.webhooks.due(cx),
            View::Plugins => self.plugins.due(cx),
            View::Editor => self.editor.due(cx),
            View::Home | View::Terminals | View::Sessions | View::Settings => Vec::new(),
        }
    }

    /// When the page of this view wants to be woken up, since the program began.
    #[must_use]
    pub fn wake_at(&self, view: View, now: Duration) -> Option<Duration> {
        match view {
            View::Resources => self.resources.wake_at(),
            View::Stock(kind) => self.stock(kind).wake_at(),
            View::Files => self.files.wake_at(),
            View::Activity => self.activity.wake_at(),
            View::Recordings => self.recordings.wake_at(),
            View::Scripts => self.scripts.wake_at(),
            View::Runs => self.runs.wake_at(),
            View::Run => self.run.wake_at(now),
            View::Schedules => self.schedules.wake_at(),
            View::Triggers => self.triggers.wake_at(),
            View::Webhooks => self.webhooks.wake_at(),
            View::Plugins => self.plugins.wake_at(),
            View::Editor => self.editor.wake_at(),
            View::Home | View::Terminals | View::Sessions | View::Settings => None,
        }
    }

    /// Everything is to be read anew.
    pub fn refresh(&mut self) {
        self.resources.refresh();
        self.files.refresh();
        self.activity.refresh();
        self.recordings.refresh();
        self.scripts.refresh();
        self.runs.refresh();
        self.run.refresh();
        self.schedules.refresh();
        self.triggers.refresh();
        self.webhooks.refresh();
        self.plugins.refresh();
        Kind::ALL.into_iter().for_each(|kind| self.stock_mut(kind).refresh());
    }
}

/// What a line typed after `:` asks of images, volumes and networks: the wish, and the view that shows it. None when it is for others.
///
/// # Errors
/// How the line is written, where words are missing.
pub fn line(id: CommandId, rest: &str) -> Option<Result<(View, Effect), &'static str>> {
    use CommandId as C;
    let words: Vec<&str> = rest.split_whitespace().collect();
    let wish = match (id, &words[..]) {
        (C::ImagePull, [image]) => StockWish::Pull((*image).to_owned()),
        (C::ImagePush, [image]) => StockWish::Push((*image).to_owned()),
        (C::ImageTag, [image, name]) => StockWish::Tag { image: (*image).to_owned(), name: (*name).to_owned() },
        (C::ImageHistory, [image]) => StockWish::History((*image).to_owned()),
        (C::VolumeCreate, [name]) => StockWish::CreateVolume((*name).to_owned()),
        (C::NetworkCreate, [name]) => StockWish::CreateNetwork { name: (*name).to_owned(), internal: false },
        (C::NetworkCreate, [name, "internal"]) => StockWish::CreateNetwork { name: (*name).to_owned(), internal: true },
        (C::NetworkConnect, [network, container]) => StockWish::Connect { network: (*network).to_owned(), container: (*container).to_owned() },
        (C::NetworkDisconnect, [network, container]) => StockWish::Disconnect { network: (*network).to_owned(), container: (*container).to_owned() },
        (C::ImagePull, _) => return Some(Err("write it like 'pull debian:bookworm-slim'")),
        (C::ImagePush, _) => return Some(Err("write it like 'push localhost:5000/mine:1'")),
        (C::ImageTag, _) => return Some(Err("write it like 'tag mine:1 localhost:5000/mine:1'")),
        (C::ImageHistory, _) => return Some(Err("write it like 'history debian:bookworm-slim'")),
        (C::VolumeCreate, _) => return Some(Err("write it like 'volume-create data'")),
        (C::NetworkCreate, _) => return Some(Err("write it like 'network-create back', or 'network-create back internal'")),
        (C::NetworkConnect, _) => return Some(Err("write it like 'connect back web-1'")),
        (C::NetworkDisconnect, _) => return Some(Err("write it like 'disconnect back web-1'")),
        _ => return None,
    };
    let kind = match id {
        C::VolumeCreate => Kind::Volumes,
        C::NetworkCreate | C::NetworkConnect | C::NetworkDisconnect => Kind::Networks,
        _ => Kind::Images,
    };
    Some(Ok((View::Stock(kind), Effect::Request(Request::Stock(Box::new(wish))))))
}

/// A line typed after `:` as it is written on a shell's command line; none where there is no such line.
#[must_use]
pub fn shell_line(name: &str, rest: &str) -> Option<String> {
    let words = match name {
        "pull" => "pull",
        "push" => "image push",
        "tag" => "image tag",
        "history" => "image history",
        "images" => "images",
        "volumes" => "volume ls",
        "networks" => "network ls",
        "sessions" => "sessions",
        "activity" => "audit",
        "recordings" => "rec ls",
        "command-history" => "history",
        "scripts" => "script ls",
        "runs" => "runs ls",
        "schedules" => "schedule ls",
        "triggers" => "trigger ls",
        "webhooks" => "webhook ls",
        "plugins" => "plugin ls",
        "calendar" => "schedule next",
        "run-schedule" => "schedule run",
        "run-script" => "script run",
        "settings" => "config show --origin",
        "volume-create" => "volume create",
        "network-create" => "network create",
        "connect" => "network connect",
        "disconnect" => "network disconnect",
        "resources" | "stats" => "stats",
        _ => return None,
    };
    let rest = rest.trim();
    // These are nothing without a name.
    if rest.is_empty()
        && !matches!(
            name,
            "images"
                | "volumes"
                | "networks"
                | "sessions"
                | "activity"
                | "recordings"
                | "command-history"
                | "scripts"
                | "runs"
                | "schedules"
                | "calendar"
                | "triggers"
                | "webhooks"
                | "plugins"
                | "settings"
                | "resources"
                | "stats"
        )
    {
        return None;
    }
    let rest = if name == "network-create" { rest.replace(" internal", " --internal") } else { rest.to_owned() };
    Some(format!("cto {words} {rest}").trim_end().to_owned())
}
