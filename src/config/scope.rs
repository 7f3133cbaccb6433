//! Where commands of the TUI are valid.

/// Where a command is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Everywhere except in a focused terminal and in text fields.
    Global,
    /// The containers, as tiles or as a table.
    Home,
    /// A focused terminal, after the prefix.
    Terminal,
    /// A terminal that is scrolled back.
    Scroll,
    /// A terminal whose program has ended.
    Ended,
    /// A view of logs.
    Logs,
    /// A list with columns: what images, volumes, networks and resources have in common.
    List,
    /// The graphs of what containers use.
    Resources,
    /// What images, volumes and networks have in common.
    Stock,
    /// The images.
    Images,
    /// The volumes.
    Volumes,
    /// The networks.
    Networks,
    /// The files.
    Files,
    /// The sessions.
    Sessions,
    /// The audit and the events.
    Activity,
    /// The recordings.
    Recordings,
    /// The scripts.
    Scripts,
    /// The runs of scripts.
    Runs,
    /// One run, watched.
    Run,
    /// The schedules.
    Schedules,
    /// The triggers, and what they did.
    Triggers,
    /// The webhooks, and their deliveries.
    Webhooks,
    /// The plugins.
    Plugins,
    /// A text that is edited.
    Editor,
    /// The settings.
    Settings,
}

impl Scope {
    /// Every scope, as the help screen shows them.
    pub const ALL: [Self; 25] = [
        Self::Global,
        Self::Home,
        Self::Logs,
        Self::List,
        Self::Resources,
        Self::Stock,
        Self::Images,
        Self::Volumes,
        Self::Networks,
        Self::Files,
        Self::Sessions,
        Self::Activity,
        Self::Recordings,
        Self::Scripts,
        Self::Runs,
        Self::Run,
        Self::Schedules,
        Self::Triggers,
        Self::Webhooks,
        Self::Plugins,
        Self::Editor,
        Self::Settings,
        Self::Terminal,
        Self::Scroll,
        Self::Ended,
    ];

    /// What the configuration calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Home => "home",
            Self::Terminal => "terminal",
            Self::Scroll => "scroll",
            Self::Ended => "ended",
            Self::Logs => "logs",
            Self::List => "list",
            Self::Resources => "resources",
            Self::Stock => "stock",
            Self::Images => "images",
            Self::Volumes => "volumes",
            Self::Networks => "networks",
            Self::Sessions => "sessions",
            Self::Activity => "activity",
            Self::Recordings => "recordings",
            Self::Scripts => "scripts",
            Self::Runs => "runs",
            Self::Run => "run",
            Self::Schedules => "schedules",
            Self::Triggers => "triggers",
            Self::Webhooks => "webhooks",
            Self::Plugins => "plugins",
            Self::Editor => "editor",
            Self::Settings => "settings",
            Self::Files => "files",
        }
    }

    /// Whether keys are looked for among the terminals, where the prefix is before all others.
    #[must_use]
    pub fn has_prefix(self) -> bool {
        matches!(self, Self::Terminal | Self::Scroll | Self::Ended | Self::Logs)
    }

    /// Its heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Global => "Everywhere (no terminal or text field focused)",
            Self::Home => "Containers",
            Self::Terminal => "Terminals, after the prefix",
            Self::Scroll => "Terminal scrolled back",
            Self::Ended => "Terminal whose program has ended",
            Self::Logs => "Logs",
            Self::List => {
                "Lists: resources, images, volumes, networks, files, sessions, activity, recordings, scripts, runs, schedules, triggers, webhooks, plugins, settings"
            }
            Self::Resources => "Resources",
            Self::Stock => "Images, volumes and networks",
            Self::Images => "Images",
            Self::Volumes => "Volumes",
            Self::Networks => "Networks",
            Self::Files => "Files",
            Self::Sessions => "Sessions",
            Self::Activity => "Activity: audit and events",
            Self::Recordings => "Recordings",
            Self::Scripts => "Scripts",
            Self::Runs => "Runs of scripts",
            Self::Run => "A run, watched",
            Self::Schedules => "Schedules",
            Self::Triggers => "Triggers, and what one did",
            Self::Webhooks => "Webhooks and notifications, and the deliveries of one",
            Self::Plugins => "Plugins",
            Self::Editor => "Editor of scripts, triggers and webhooks",
            Self::Settings => "Settings",
        }
    }
}
