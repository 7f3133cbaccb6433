//! The endpoints of the API: one type each, used by routes, client and OpenAPI alike.
use super::Revisions::Hashes;
use super::Revisions::Numbers;
use super::document::PLAIN;
use super::document::shows;
use super::document::sorted;
use super::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

/// HTTP methods that the API uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads; the request is the query string.
    Get,
    /// Makes or does.
    Post,
    /// Replaces.
    Put,
    /// Removes; the request is the query string.
    Delete,
    /// Adds to something; the request is the headers, and the body bytes.
    Patch,
    /// Tells of something in headers alone.
    Head,
    /// Tells in headers what can be asked.
    Options,
}

/// What an endpoint answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// 200 and JSON.
    Json,
    /// 201 and JSON.
    Created,
    /// 204.
    Nothing,
    /// 202 and the [`Operation`], or 201 and the same when it has ended within `Prefer: wait=N` seconds.
    Operation,
    /// 200 and bytes of the named media type.
    Bytes(&'static str),
    /// 101 and the named WebSocket subprotocol.
    Upgrade(&'static str),
}

/// One endpoint.
pub trait Endpoint {
    /// Its method.
    const METHOD: Method;
    /// Its path, with `{name}` for parameters.
    const PATH: &'static str;
    /// The permission that it needs; none for what everybody may ask who has said who they are, or, where the summary says so, all.
    const ACTION: Option<Action>;
    /// What it answers with.
    const ANSWER: Answer;
    /// What else it does.
    const HABITS: Habits;
    /// One line for the reference.
    const SUMMARY: &'static str;
    /// Name in OpenAPI.
    const NAME: &'static str;
    /// Query (GET, DELETE) or body (POST, PUT).
    type Request: Serialize + DeserializeOwned + ToSchema + Send + 'static;
    /// The JSON of the answer.
    type Reply: Serialize + DeserializeOwned + ToSchema + Send + 'static;
}

macro_rules! habits {
    () => {
        PLAIN
    };
    ($habits:expr) => {
        $habits
    };
}

macro_rules! endpoints {
    ($($(#[$doc:meta])* $name:ident = $summary:literal: $method:ident $path:literal, $action:expr, $request:ty => $answer:expr, $reply:ty $(, $habits:expr)?;)+) => {
        $(
            #[doc = $summary]
            #[derive(Clone, Copy, Debug)]
            pub struct $name;

            impl Endpoint for $name {
                const METHOD: Method = Method::$method;
                const PATH: &'static str = $path;
                const ACTION: Option<Action> = $action;
                const ANSWER: Answer = $answer;
                const HABITS: Habits = habits!($($habits)?);
                const SUMMARY: &'static str = $summary;
                const NAME: &'static str = stringify!($name);
                type Request = $request;
                type Reply = $reply;
            }
        )+

        /// Does something with every endpoint, in the order of the table.
        pub trait EachEndpoint {
            /// Called once for each.
            fn visit<E: Endpoint>(&mut self);
        }

        /// Shows every endpoint to `visitor`.
        pub fn each_endpoint(visitor: &mut impl EachEndpoint) {
            $(visitor.visit::<$name>();)+
        }
    };
}

endpoints! {
    GetHealth = "Health of the server, its engine and its store": Get "/api/v1/health", None, Empty => Answer::Json, ServerHealth;
    GetVersion = "Version of the server and of its API": Get "/api/v1/version", None, Empty => Answer::Json, Version;
    GetMe = "Who the caller is and what they may do": Get "/api/v1/me", None, Empty => Answer::Json, Me;
    ChangePasswordOfMe = "Changes the caller's own password": Put "/api/v1/me/password", None, ChangePassword => Answer::Nothing, Empty;
    ListTokensOfMe = "The caller's own tokens, without their secrets": Get "/api/v1/me/tokens", Some(Action::UseTokens), ListQuery => Answer::Json, Page<Token>, sorted(Orders::TOKENS);
    CreateTokenOfMe = "Makes a token of the caller's own, which may do no more than they; its secret is shown only here": Post "/api/v1/me/tokens", Some(Action::UseTokens), CreateOwnToken => Answer::Created, CreatedToken;
    DeleteTokenOfMe = "Revokes a token of the caller's own": Delete "/api/v1/me/tokens/{id}", Some(Action::UseTokens), Empty => Answer::Nothing, Empty;
    GetSetup = "Whether this server waits for its first user; open to all": Get "/api/v1/setup", None, Empty => Answer::Json, SetupState;
    SetUpFirst = "Makes the first user with the code that the server printed, and signs in; open to all": Post "/api/v1/setup", None, SetUp => Answer::Json, LoggedIn;
    LogInAs = "Signs in with a password or a token, and sets a cookie; open to all": Post "/api/v1/login", None, LogIn => Answer::Json, LoggedIn;
    LogOut = "Signs out: the cookie is worth nothing any more": Post "/api/v1/logout", None, Empty => Answer::Nothing, Empty;
    GetConfig = "What is set in the server, by whom, and what is wrong in its files": Get "/api/v1/config", Some(Action::ManageServer), Empty => Answer::Json, ServerSettings;
    StopServer = "Ends the server; containers and what runs in them go on": Post "/api/v1/server/stop", Some(Action::ManageServer), Empty => Answer::Nothing, Empty;

    ListTemplates = "All templates, and the files that can't be used": Get "/api/v1/templates", Some(Action::ReadTemplates), WholeQuery => Answer::Json, TemplateList, sorted(Orders::TEMPLATES);
    GetTemplate = "One template": Get "/api/v1/templates/{name}", Some(Action::ReadTemplates), Empty => Answer::Json, TemplateEntry, shows("/etag");
    RenderTemplate = "What a template becomes with these values": Post "/api/v1/templates/render", Some(Action::ReadTemplates), CreateContainer => Answer::Json, Rendered;
    PutTemplate = "Saves a template among the server's own, where it covers one of the same name that ships or is the machine's; refuses one with mistakes": Put "/api/v1/templates/{name}", Some(Action::WriteTemplates), SaveTemplate => Answer::Json, TemplateEntry, shows("/etag").replacing(Hashes).trying();
    DeleteTemplate = "Removes a template that was saved here; one that it covered is there again": Delete "/api/v1/templates/{name}", Some(Action::WriteTemplates), RemoveText => Answer::Nothing, Empty, PLAIN.replacing(Hashes).trying();

    ListContainers = "Containers, newest first": Get "/api/v1/containers", Some(Action::ReadContainers), ListQuery => Answer::Json, Page<Container>, sorted(Orders::CONTAINERS);
    CreateContainerFrom = "Launches a container from a template": Post "/api/v1/containers", Some(Action::CreateContainers), CreateContainer => Answer::Operation, Operation, PLAIN.trying();
    GetContainer = "One container": Get "/api/v1/containers/{id}", Some(Action::ReadContainers), Empty => Answer::Json, Container;
    StartContainer = "Starts a container": Post "/api/v1/containers/{id}/start", Some(Action::ControlContainers), Empty => Answer::Json, Container;
    StopContainerNow = "Stops a container": Post "/api/v1/containers/{id}/stop", Some(Action::ControlContainers), StopContainer => Answer::Json, Container;
    RestartContainer = "Stops and starts a container": Post "/api/v1/containers/{id}/restart", Some(Action::ControlContainers), StopContainer => Answer::Json, Container;
    PauseContainer = "Freezes a container": Post "/api/v1/containers/{id}/pause", Some(Action::ControlContainers), Empty => Answer::Json, Container;
    UnpauseContainer = "Lets a frozen container go on": Post "/api/v1/containers/{id}/unpause", Some(Action::ControlContainers), Empty => Answer::Json, Container;
    KillContainer = "Sends a signal to a container's main program": Post "/api/v1/containers/{id}/kill", Some(Action::ControlContainers), SendSignal => Answer::Json, Container;
    RenameContainer = "Gives a container another name": Post "/api/v1/containers/{id}/rename", Some(Action::ControlContainers), Rename => Answer::Json, Container;
    UpdateContainer = "Changes what a container may use, also while it runs": Post "/api/v1/containers/{id}/update", Some(Action::ControlContainers), UpdateLimits => Answer::Json, Container;
    WaitContainer = "Waits until a container no longer runs": Get "/api/v1/containers/{id}/wait", Some(Action::ReadContainers), WaitQuery => Answer::Json, Waited;
    ListProcesses = "The processes of a container": Get "/api/v1/containers/{id}/top", Some(Action::ReadContainers), TopQuery => Answer::Json, Processes;
    ListChanges = "Files of a container that are not as its image has them": Get "/api/v1/containers/{id}/changes", Some(Action::ReadContainers), Empty => Answer::Json, Changes;
    GetStatsOf = "What a container has used over time": Get "/api/v1/containers/{id}/stats", Some(Action::ReadContainers), StatsQuery => Answer::Json, StatsOverTime;
    InspectContainer = "What the engine itself says of a container": Get "/api/v1/containers/{id}/inspect", Some(Action::ReadContainers), Empty => Answer::Json, EngineReport;
    CommitContainer = "Makes an image of a container's files": Post "/api/v1/containers/{id}/commit", Some(Action::CreateImages), Commit => Answer::Operation, Operation;
    DeleteContainer = "Removes a container; named volumes stay": Delete "/api/v1/containers/{id}", Some(Action::RemoveContainers), RemoveContainer => Answer::Nothing, Empty, PLAIN.trying();
    ReadContainerLogs = "A container's log, as printed; `follow` goes on": Get "/api/v1/containers/{id}/logs", Some(Action::ReadLogs), LogQuery => Answer::Bytes("application/octet-stream"), Empty;
    SearchLogsOf = "Searches the logs of containers; what it finds is read while it goes on": Post "/api/v1/log-searches", Some(Action::ReadLogs), SearchLogs => Answer::Operation, Operation;
    GetLogSearch = "How far a search is, and what it has found; of others' searches only admins": Get "/api/v1/log-searches/{id}", Some(Action::ReadLogs), LogSearchQuery => Answer::Json, LogSearch;
    DeleteLogSearch = "Ends a search and forgets what it has found": Delete "/api/v1/log-searches/{id}", Some(Action::ReadLogs), Empty => Answer::Nothing, Empty;
    StatPath = "What is at a place in a container": Get "/api/v1/containers/{id}/files/stat", Some(Action::ReadFiles), PathQuery => Answer::Json, PathStat;
    DownloadFiles = "What is at a place in a container, as a tar": Get "/api/v1/containers/{id}/files", Some(Action::ReadFiles), PathQuery => Answer::Bytes(TAR_MEDIA), Empty;
    UploadFiles = "Unpacks a tar, which is the body, into a directory of a container": Put "/api/v1/containers/{id}/files", Some(Action::WriteFiles), PathQuery => Answer::Json, Uploaded;
    ListDirectory = "What is in a directory of a container": Get "/api/v1/containers/{id}/files/list", Some(Action::ReadFiles), PathQuery => Answer::Json, Directory;
    MakeDirectory = "Makes a directory in a container": Post "/api/v1/containers/{id}/files/directory", Some(Action::WriteFiles), PathQuery => Answer::Nothing, Empty;
    MoveFile = "Gives something in a container another name or place; replaces nothing": Post "/api/v1/containers/{id}/files/move", Some(Action::WriteFiles), MovePath => Answer::Nothing, Empty;
    RemoveFiles = "Removes a file, or a directory with all that is in it, from a container": Delete "/api/v1/containers/{id}/files", Some(Action::WriteFiles), PathQuery => Answer::Json, RemovedPaths;
    UploadOptions = "What uploads can do, in headers (tus 1.0)": Options "/api/v1/uploads", Some(Action::WriteFiles), Empty => Answer::Nothing, Empty;
    ListUploads = "Files on their way into containers, oldest first": Get "/api/v1/uploads", Some(Action::WriteFiles), ListQuery => Answer::Json, Page<Upload>, sorted(Orders::UPLOADS);
    CreateUpload = "Begins a file's way into a container, in pieces; what it is say the headers (tus 1.0)": Post "/api/v1/uploads", Some(Action::WriteFiles), Empty => Answer::Created, Upload;
    GetUpload = "How far an upload is": Get "/api/v1/uploads/{id}", Some(Action::WriteFiles), Empty => Answer::Json, Upload;
    StatUpload = "How far an upload is, in headers (tus 1.0)": Head "/api/v1/uploads/{id}", Some(Action::WriteFiles), Empty => Answer::Nothing, Empty;
    SendUpload = "Brings a piece of a file, which is the body; with the last one it begins to be put into its container (tus 1.0)": Patch "/api/v1/uploads/{id}", Some(Action::WriteFiles), Empty => Answer::Nothing, Empty;
    DeleteUpload = "Forgets an upload that is not whole": Delete "/api/v1/uploads/{id}", Some(Action::WriteFiles), Empty => Answer::Nothing, Empty;
    ExecInContainer = "Runs one command without a terminal": Get "/api/v1/containers/{id}/exec", Some(Action::Exec), Empty => Answer::Upgrade(EXEC_PROTOCOL), Empty;

    ListStacks = "Stacks at the engine, and those that are saved": Get "/api/v1/stacks", Some(Action::ReadContainers), WholeQuery => Answer::Json, StackList, sorted(Orders::STACKS);
    UpStackFrom = "Brings a stack up: what is as its file says stays untouched": Post "/api/v1/stacks", Some(Action::CreateContainers), UpStack => Answer::Operation, Operation, PLAIN.trying();
    PlanStack = "What bringing a stack up would do, and why": Post "/api/v1/stacks/plan", Some(Action::ReadTemplates), UpStack => Answer::Json, StackPlan;
    GetStack = "One stack": Get "/api/v1/stacks/{id}", Some(Action::ReadContainers), Empty => Answer::Json, Stack;
    DownStackNow = "Takes a stack down: containers and networks go, volumes only where asked": Post "/api/v1/stacks/{id}/down", Some(Action::RemoveContainers), DownStack => Answer::Operation, Operation, PLAIN.trying();
    ListImages = "Images, newest first": Get "/api/v1/images", Some(Action::ReadImages), ListQuery => Answer::Json, Page<Image>, sorted(Orders::IMAGES);
    PullImage = "Brings an image from its registry": Post "/api/v1/images/pull", Some(Action::CreateImages), Pull => Answer::Operation, Operation;
    BuildImageFrom = "Builds an image from a directory, which is the body as a tar": Post "/api/v1/images/build", Some(Action::CreateImages), BuildImage => Answer::Operation, Operation;
    RefreshImageOf = "Makes the image of a template anew where its base or packages have changed": Post "/api/v1/images/refresh", Some(Action::CreateImages), RefreshImage => Answer::Operation, Operation;
    PruneImages = "Removes images that no container uses; an operator's own only": Post "/api/v1/images/prune", Some(Action::RemoveImages), ImagePrune => Answer::Json, PrunedImages, PLAIN.trying();
    GetImage = "One image": Get "/api/v1/images/{name}", Some(Action::ReadImages), Empty => Answer::Json, Image;
    InspectImage = "What the engine itself says of an image": Get "/api/v1/images/{name}/inspect", Some(Action::ReadImages), Empty => Answer::Json, EngineReport;
    GetImageHistory = "The layers of an image": Get "/api/v1/images/{name}/history", Some(Action::ReadImages), Empty => Answer::Json, ImageHistory;
    TagImageAs = "Gives an image one more name": Post "/api/v1/images/{name}/tag", Some(Action::CreateImages), TagImage => Answer::Json, Image;
    PushImage = "Sends an image to the registry that its name says": Post "/api/v1/images/{name}/push", Some(Action::PushImages), Empty => Answer::Operation, Operation;
    DeleteImage = "Takes a name away from an image, and the image with its last name": Delete "/api/v1/images/{name}", Some(Action::RemoveImages), RemoveImage => Answer::Json, ImageRemovals, PLAIN.trying();

    ListVolumes = "Volumes, by name": Get "/api/v1/volumes", Some(Action::ReadVolumes), ListQuery => Answer::Json, Page<Volume>, sorted(Orders::VOLUMES);
    CreateVolumeOf = "Makes a volume": Post "/api/v1/volumes", Some(Action::CreateVolumes), CreateVolume => Answer::Created, Volume;
    PruneVolumes = "Removes volumes that are named, where no container has them mounted": Post "/api/v1/volumes/prune", Some(Action::RemoveVolumes), VolumePrune => Answer::Json, PrunedVolumes, PLAIN.trying();
    GetVolume = "One volume": Get "/api/v1/volumes/{name}", Some(Action::ReadVolumes), Empty => Answer::Json, Volume;
    DeleteVolume = "Removes a volume and what is in it": Delete "/api/v1/volumes/{name}", Some(Action::RemoveVolumes), Empty => Answer::Nothing, Empty, PLAIN.trying();

    ListNetworks = "Networks, by name": Get "/api/v1/networks", Some(Action::ReadNetworks), ListQuery => Answer::Json, Page<Network>, sorted(Orders::NETWORKS);
    CreateNetworkOf = "Makes a network": Post "/api/v1/networks", Some(Action::CreateNetworks), CreateNetwork => Answer::Created, Network;
    PruneNetworks = "Removes networks that no container is on; an operator's own only": Post "/api/v1/networks/prune", Some(Action::RemoveNetworks), NetworkPrune => Answer::Json, PrunedNetworks, PLAIN.trying();
    GetNetwork = "One network": Get "/api/v1/networks/{name}", Some(Action::ReadNetworks), Empty => Answer::Json, Network;
    DeleteNetwork = "Removes a network": Delete "/api/v1/networks/{name}", Some(Action::RemoveNetworks), Empty => Answer::Nothing, Empty, PLAIN.trying();
    ConnectNetwork = "Puts a container on a network": Post "/api/v1/networks/{name}/connect", Some(Action::ConnectNetworks), ConnectContainer => Answer::Json, Network;
    DisconnectNetwork = "Takes a container off a network": Post "/api/v1/networks/{name}/disconnect", Some(Action::ConnectNetworks), DisconnectContainer => Answer::Json, Network;
    CleanUp = "Removes what cto has made and nothing uses any more": Post "/api/v1/clean", Some(Action::RemoveContainers), Clean => Answer::Json, Cleaned, PLAIN.trying();

    ListSessions = "Sessions, oldest first": Get "/api/v1/sessions", Some(Action::ReadSessions), ListQuery => Answer::Json, Page<Session>, sorted(Orders::SESSIONS);
    CreateSession = "Opens a session in a container": Post "/api/v1/sessions", Some(Action::OpenSessions), OpenSession => Answer::Created, Session;
    GetSession = "One session": Get "/api/v1/sessions/{id}", Some(Action::ReadSessions), Empty => Answer::Json, Session;
    CloseSession = "Ends a session: hangs up, then kills": Delete "/api/v1/sessions/{id}", Some(Action::CloseSessions), Empty => Answer::Nothing, Empty;
    TypeIntoSession = "Types into a session": Post "/api/v1/sessions/{id}/input", Some(Action::WriteSessions), SessionInput => Answer::Nothing, Empty;
    ResizeSession = "Changes the size of a session's screen": Post "/api/v1/sessions/{id}/resize", Some(Action::WriteSessions), Size => Answer::Nothing, Empty;
    GetScreen = "A session's screen now, as text, ANSI or JSON": Get "/api/v1/sessions/{id}/screen", Some(Action::ReadSessions), ScreenQuery => Answer::Json, ScreenJson;
    GetOutput = "A part of a session's output, as printed": Get "/api/v1/sessions/{id}/output", Some(Action::ReadSessions), OutputQuery => Answer::Bytes("application/octet-stream"), Empty;
    ListViewers = "Who watches a session, with what, and who types": Get "/api/v1/sessions/{id}/viewers", Some(Action::ReadSessions), Empty => Answer::Json, Page<Viewer>;
    GetSessionDirectory = "Where the program works that has a session's terminal now": Get "/api/v1/sessions/{id}/directory", Some(Action::ReadFiles), Empty => Answer::Json, PathQuery;
    ListSessionCommands = "Commands that a session's shell ran, newest first": Get "/api/v1/sessions/{id}/commands", Some(Action::ReadSessions), ListQuery => Answer::Json, CommandPage, sorted(Orders::COMMANDS);
    ListCommands = "Commands that shells ran in all sessions, newest first": Get "/api/v1/commands", Some(Action::ReadSessions), CommandQuery => Answer::Json, CommandPage, sorted(Orders::COMMANDS);
    AttachSession = "Watches a session and types into it": Get "/api/v1/sessions/{id}/attach", Some(Action::ReadSessions), Empty => Answer::Upgrade(TERM_PROTOCOL), Empty;
    ListShares = "Who may come into a session without an account": Get "/api/v1/sessions/{id}/shares", Some(Action::ShareSessions), Empty => Answer::Json, Page<Share>;
    CreateShareOf = "Lets people without an account into a session; the code is shown only here": Post "/api/v1/sessions/{id}/shares", Some(Action::ShareSessions), CreateShare => Answer::Created, CreatedShare;
    DeleteShare = "Ends a share: its guests are out within seconds": Delete "/api/v1/shares/{id}", Some(Action::ShareSessions), Empty => Answer::Nothing, Empty;
    OpenShareOf = "Comes in as a guest with a share's code; open to all": Post "/api/v1/shares/open", None, OpenShare => Answer::Json, OpenedShare;

    StartRecordingOf = "Begins to record a session": Post "/api/v1/sessions/{id}/recording", Some(Action::RecordSessions), StartRecording => Answer::Created, Recording;
    StopRecordingOf = "Ends the recording of a session": Delete "/api/v1/sessions/{id}/recording", Some(Action::RecordSessions), Empty => Answer::Json, Recording;
    ListRecordings = "Recordings, newest first": Get "/api/v1/recordings", Some(Action::ReadRecordings), ListQuery => Answer::Json, Page<Recording>, sorted(Orders::RECORDINGS);
    GetRecording = "One recording": Get "/api/v1/recordings/{id}", Some(Action::ReadRecordings), Empty => Answer::Json, Recording;
    GetCast = "A recording as asciicast v3, from a time on where one is given": Get "/api/v1/recordings/{id}/cast", Some(Action::ReadRecordings), CastQuery => Answer::Bytes(CAST_MEDIA), Empty;
    GetRecordingScreen = "A recording's screen at a time, as text, ANSI, JSON or SVG": Get "/api/v1/recordings/{id}/screen", Some(Action::ReadRecordings), RecordingScreenQuery => Answer::Json, ScreenJson;
    DeleteRecording = "Removes a recording that has ended": Delete "/api/v1/recordings/{id}", Some(Action::RemoveRecordings), Empty => Answer::Nothing, Empty;

    ListOperations = "Operations, newest first": Get "/api/v1/operations", Some(Action::ReadOperations), ListQuery => Answer::Json, Page<Operation>, sorted(Orders::OPERATIONS);
    GetOperation = "One operation": Get "/api/v1/operations/{id}", Some(Action::ReadOperations), Empty => Answer::Json, Operation;
    CancelOperation = "Cancels an operation": Post "/api/v1/operations/{id}/cancel", Some(Action::CancelOperations), Empty => Answer::Json, Operation;

    ListScripts = "All scripts, and the files that can't be used": Get "/api/v1/scripts", Some(Action::ReadScripts), WholeQuery => Answer::Json, ScriptList, sorted(Orders::SCRIPTS);
    GetScript = "One script, with its text": Get "/api/v1/scripts/{name}", Some(Action::ReadScripts), Empty => Answer::Json, ScriptEntry, shows("/hash");
    PutScript = "Saves a script; one with mistakes too": Put "/api/v1/scripts/{name}", Some(Action::WriteScripts), SaveScript => Answer::Json, ScriptCheck, shows("/hash").replacing(Hashes).trying();
    DeleteScript = "Removes a script": Delete "/api/v1/scripts/{name}", Some(Action::WriteScripts), RemoveText => Answer::Nothing, Empty, PLAIN.replacing(Hashes).trying();
    CheckScript = "What is wrong in a script, each with its place": Post "/api/v1/scripts/check", Some(Action::ReadScripts), InlineScript => Answer::Json, ScriptCheck;
    MakeScriptOfRecording = "A script that does what was done in a recording": Post "/api/v1/scripts/from-recording", Some(Action::ReadRecordings), ScriptOfRecording => Answer::Json, InlineScript;
    MakeScriptOfHistory = "A script that does what was run in a session": Post "/api/v1/scripts/from-history", Some(Action::ReadSessions), ScriptOfHistory => Answer::Json, InlineScript;
    ListRuns = "Runs, newest first": Get "/api/v1/runs", Some(Action::ReadRuns), RunQuery => Answer::Json, Page<Run>, sorted(Orders::RUNS);
    StartRunOf = "Runs a script": Post "/api/v1/runs", Some(Action::StartRuns), StartRun => Answer::Created, Run;
    GetRun = "One run": Get "/api/v1/runs/{id}", Some(Action::ReadRuns), Empty => Answer::Json, Run;
    GetRunLog = "A run's log from an entry on; waits for more where asked": Get "/api/v1/runs/{id}/log", Some(Action::ReadRuns), RunLogQuery => Answer::Json, RunLog;
    GetRunReport = "A run's steps as JUnit XML": Get "/api/v1/runs/{id}/junit", Some(Action::ReadRuns), Empty => Answer::Bytes(JUNIT_MEDIA), Empty;
    CancelRun = "Cancels a run": Post "/api/v1/runs/{id}/cancel", Some(Action::ControlRuns), Empty => Answer::Json, Run;
    PauseRun = "Lets a run pause before its next call": Post "/api/v1/runs/{id}/pause", Some(Action::ControlRuns), Empty => Answer::Json, Run;
    ResumeRunAt = "Lets a paused run go on": Post "/api/v1/runs/{id}/resume", Some(Action::ControlRuns), ResumeRun => Answer::Json, Run;
    GetRunText = "The text that a run runs, and the lines that it pauses at": Get "/api/v1/runs/{id}/script", Some(Action::ReadRuns), Empty => Answer::Json, RunText;
    SetRunBreakpoints = "Sets the lines that a run pauses at": Put "/api/v1/runs/{id}/breakpoints", Some(Action::ControlRuns), SetBreakpoints => Answer::Json, RunText;
    RetryRun = "Runs the same script once more with the same parameters": Post "/api/v1/runs/{id}/retry", Some(Action::StartRuns), Empty => Answer::Created, Run;
    DeleteRun = "Removes a run that is over": Delete "/api/v1/runs/{id}", Some(Action::ControlRuns), Empty => Answer::Nothing, Empty;

    ListSchedules = "Schedules, by name": Get "/api/v1/schedules", Some(Action::ReadSchedules), ListQuery => Answer::Json, Page<Schedule>, sorted(Orders::SCHEDULES);
    CreateScheduleOf = "Makes a schedule": Post "/api/v1/schedules", Some(Action::ManageSchedules), CreateSchedule => Answer::Created, Schedule, PLAIN.trying();
    ListNextFires = "The next times of all schedules, nearest first": Get "/api/v1/schedules/next", Some(Action::ReadSchedules), NextQuery => Answer::Json, NextFires;
    PreviewScheduleOf = "The next times of a schedule that is not saved, or what is wrong in it": Post "/api/v1/schedules/preview", Some(Action::ReadSchedules), PreviewSchedule => Answer::Json, NextFires;
    GetSchedule = "One schedule": Get "/api/v1/schedules/{name}", Some(Action::ReadSchedules), Empty => Answer::Json, Schedule, shows("/version").moving();
    PutSchedule = "Changes a schedule": Put "/api/v1/schedules/{name}", Some(Action::ManageSchedules), SaveSchedule => Answer::Json, Schedule, shows("/version").moving().replacing(Numbers).trying();
    DeleteSchedule = "Removes a schedule; its runs stay": Delete "/api/v1/schedules/{name}", Some(Action::ManageSchedules), RemoveVersion => Answer::Nothing, Empty, PLAIN.replacing(Numbers).trying();
    PauseSchedule = "Lets a schedule start nothing until it is resumed": Post "/api/v1/schedules/{name}/pause", Some(Action::ManageSchedules), Empty => Answer::Json, Schedule;
    ResumeSchedule = "Lets a paused schedule go on from now": Post "/api/v1/schedules/{name}/resume", Some(Action::ManageSchedules), Empty => Answer::Json, Schedule;
    RunSchedule = "Runs a schedule's script now": Post "/api/v1/schedules/{name}/run", Some(Action::ManageSchedules), Empty => Answer::Created, ScheduleFire;
    GetScheduleNext = "The next times of a schedule": Get "/api/v1/schedules/{name}/next", Some(Action::ReadSchedules), NextQuery => Answer::Json, NextFires;
    ListScheduleFires = "What became of a schedule's times, latest first": Get "/api/v1/schedules/{name}/fires", Some(Action::ReadSchedules), FireQuery => Answer::Json, Page<ScheduleFire>;

    ListWebhooks = "Webhooks and notifications that the caller may see, by name": Get "/api/v1/webhooks", Some(Action::ReadWebhooks), WholeQuery => Answer::Json, Page<Webhook>, sorted(Orders::WEBHOOKS);
    CreateWebhook = "Makes a webhook or notification; its secret is shown only here": Post "/api/v1/webhooks", Some(Action::ManageWebhooks), SaveWebhook => Answer::Created, WebhookSecret, PLAIN.trying();
    GetWebhook = "One webhook": Get "/api/v1/webhooks/{name}", Some(Action::ReadWebhooks), Empty => Answer::Json, Webhook, shows("/version");
    PutWebhook = "Changes a webhook; its secret stays": Put "/api/v1/webhooks/{name}", Some(Action::ManageWebhooks), SaveWebhook => Answer::Json, Webhook, shows("/version").replacing(Numbers).trying();
    DeleteWebhook = "Removes a webhook and its deliveries": Delete "/api/v1/webhooks/{name}", Some(Action::ManageWebhooks), RemoveVersion => Answer::Nothing, Empty, PLAIN.replacing(Numbers).trying();
    TestWebhook = "Sends a ping now, and says how that went": Post "/api/v1/webhooks/{name}/test", Some(Action::ManageWebhooks), Empty => Answer::Json, HookDelivery;
    RotateWebhook = "Makes another secret, which is shown only here": Post "/api/v1/webhooks/{name}/rotate", Some(Action::ManageWebhooks), RotateSecret => Answer::Json, WebhookSecret;
    EnableWebhook = "Lets a webhook go on that was disabled": Post "/api/v1/webhooks/{name}/enable", Some(Action::ManageWebhooks), Empty => Answer::Json, Webhook;
    ListDeliveries = "A webhook's deliveries, newest first": Get "/api/v1/webhooks/{name}/deliveries", Some(Action::ReadWebhooks), PastQuery => Answer::Json, Page<HookDelivery>;
    GetDelivery = "One delivery, with the body that is sent": Get "/api/v1/deliveries/{id}", Some(Action::ReadWebhooks), Empty => Answer::Json, SentDelivery;
    Redeliver = "Sends the same message once more, now": Post "/api/v1/deliveries/{id}/redeliver", Some(Action::ManageWebhooks), Empty => Answer::Json, HookDelivery;

    ListTriggers = "Triggers, by name": Get "/api/v1/triggers", Some(Action::ReadTriggers), WholeQuery => Answer::Json, Page<Trigger>, sorted(Orders::TRIGGERS);
    CreateTrigger = "Makes a trigger; its secret, where it has one, is shown only here": Post "/api/v1/triggers", Some(Action::ManageTriggers), SaveTrigger => Answer::Created, TriggerSecret, PLAIN.trying();
    GetTrigger = "One trigger": Get "/api/v1/triggers/{name}", Some(Action::ReadTriggers), Empty => Answer::Json, Trigger, shows("/version").moving();
    PutTrigger = "Changes a trigger; its secret stays": Put "/api/v1/triggers/{name}", Some(Action::ManageTriggers), SaveTrigger => Answer::Json, TriggerSecret, shows("/trigger/version").moving().replacing(Numbers).trying();
    DeleteTrigger = "Removes a trigger and its history": Delete "/api/v1/triggers/{name}", Some(Action::ManageTriggers), RemoveVersion => Answer::Nothing, Empty, PLAIN.replacing(Numbers).trying();
    PauseTrigger = "Lets a trigger do nothing for now": Post "/api/v1/triggers/{name}/pause", Some(Action::ManageTriggers), Empty => Answer::Json, Trigger;
    ResumeTrigger = "Lets a paused trigger go on": Post "/api/v1/triggers/{name}/resume", Some(Action::ManageTriggers), Empty => Answer::Json, Trigger;
    RotateTrigger = "Makes another secret, which is shown only here": Post "/api/v1/triggers/{name}/rotate", Some(Action::ManageTriggers), RotateSecret => Answer::Json, TriggerSecret;
    TestTriggerNow = "Starts a trigger's run with an event that is made up": Post "/api/v1/triggers/{name}/test", Some(Action::ManageTriggers), TestTrigger => Answer::Created, Run;
    ListFires = "What a trigger did, newest first": Get "/api/v1/triggers/{name}/fires", Some(Action::ReadTriggers), PastQuery => Answer::Json, Page<Fire>;
    ReceiveHook = "Takes a signed request for a trigger; the signature says who asks, and the body is any JSON up to 256 KiB": Post "/api/v1/hooks/{name}", None, Empty => Answer::Json, HookTaken;

    ListPlugins = "Plugins by name, broken ones too": Get "/api/v1/plugins", Some(Action::ReadPlugins), WholeQuery => Answer::Json, Page<Plugin>, sorted(Orders::PLUGINS);
    InstallPluginOf = "Installs a plugin, or another version of one, with all that it asks for": Post "/api/v1/plugins", Some(Action::ManagePlugins), InstallPlugin => Answer::Created, Plugin;
    CheckPlugin = "What a plugin's files say, and what is wrong with them, each with its place": Post "/api/v1/plugins/check", Some(Action::ManagePlugins), PluginFiles => Answer::Json, PluginCheck;
    GetPluginColumns = "The columns that plugins add to a list, with a text for each row": Get "/api/v1/plugins/columns", Some(Action::ReadPlugins), PluginColumnsQuery => Answer::Json, PluginColumns;
    GetPlugin = "One plugin": Get "/api/v1/plugins/{name}", Some(Action::ReadPlugins), Empty => Answer::Json, Plugin, shows("/hash").moving();
    DeletePlugin = "Removes a plugin with its files": Delete "/api/v1/plugins/{name}", Some(Action::ManagePlugins), RemoveText => Answer::Nothing, Empty, PLAIN.replacing(Hashes);
    EnablePluginOf = "Grants a plugin what it asks for, with its files as they are now": Post "/api/v1/plugins/{name}/enable", Some(Action::ManagePlugins), EnablePlugin => Answer::Json, Plugin;
    DisablePlugin = "Lets a plugin do nothing for now": Post "/api/v1/plugins/{name}/disable", Some(Action::ManagePlugins), Empty => Answer::Json, Plugin;
    GetPluginPanel = "What a panel of a plugin's shows of a container, or of all": Get "/api/v1/plugins/{name}/panel", Some(Action::ReadPlugins), PluginPanelQuery => Answer::Json, PluginLines;
    RunPluginOf = "Runs a command of a plugin's, with the caller's rights within what was granted to it": Post "/api/v1/plugins/{name}/run", Some(Action::StartRuns), RunPlugin => Answer::Created, Run;

    WatchEvents = "Events as server-sent events; with Last-Event-ID those after it, or a resync": Get "/api/v1/events", Some(Action::ReadEvents), EventQuery => Answer::Bytes("text/event-stream"), Empty;
    OpenStream = "Events, stats, tiles and logs over one WebSocket": Get "/api/v1/stream", Some(Action::ReadEvents), Empty => Answer::Upgrade(STREAM_PROTOCOL), Empty;

    ListLayouts = "The caller's layouts": Get "/api/v1/layouts", Some(Action::UseLayouts), WholeQuery => Answer::Json, Page<Layout>, sorted(Orders::LAYOUTS);
    GetLayout = "One layout of the caller": Get "/api/v1/layouts/{name}", Some(Action::UseLayouts), Empty => Answer::Json, Layout, shows("/version");
    PutLayout = "Saves a layout of the caller": Put "/api/v1/layouts/{name}", Some(Action::UseLayouts), SaveLayout => Answer::Json, Layout, shows("/version").replacing(Numbers);
    DeleteLayout = "Removes a layout of the caller": Delete "/api/v1/layouts/{name}", Some(Action::UseLayouts), RemoveVersion => Answer::Nothing, Empty, PLAIN.replacing(Numbers);

    ListEngineCalls = "What the engine was asked to do, as lines of docker's command line, newest first": Get "/api/v1/engine/calls", Some(Action::ReadContainers), Empty => Answer::Json, EngineCalls;
    ListAudit = "The audit, newest first": Get "/api/v1/audit", Some(Action::ReadAudit), ListQuery => Answer::Json, Page<AuditEvent>, sorted(Orders::AUDIT);
    ListUsers = "Users": Get "/api/v1/users", Some(Action::ManageUsers), ListQuery => Answer::Json, Page<User>, sorted(Orders::USERS);
    CreateUser = "Adds a user": Post "/api/v1/users", Some(Action::ManageUsers), AddUser => Answer::Created, User;
    GetUser = "One user": Get "/api/v1/users/{name}", Some(Action::ManageUsers), Empty => Answer::Json, User, shows("/version");
    PutUser = "Changes a user's role or password": Put "/api/v1/users/{name}", Some(Action::ManageUsers), SaveUser => Answer::Json, User, shows("/version").replacing(Numbers);
    DeleteUser = "Removes a user and their tokens": Delete "/api/v1/users/{name}", Some(Action::ManageUsers), RemoveVersion => Answer::Nothing, Empty, PLAIN.replacing(Numbers);
    ListTokens = "Tokens, without their secrets": Get "/api/v1/tokens", Some(Action::ManageUsers), ListQuery => Answer::Json, Page<Token>, sorted(Orders::TOKENS);
    CreateTokenFor = "Makes a token; its secret is shown only here": Post "/api/v1/tokens", Some(Action::ManageUsers), CreateToken => Answer::Created, CreatedToken;
    DeleteToken = "Revokes a token": Delete "/api/v1/tokens/{id}", Some(Action::ManageUsers), Empty => Answer::Nothing, Empty;
}
