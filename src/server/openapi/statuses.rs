//! Which problems an endpoint may answer with: those of asking at all, those of its area, and its own.
use crate::error::kind_of;
use crate::model::*;
use crate::server::uploads;
use axum::http::StatusCode;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Statuses, and the codes of problems that come with each.
pub(super) type Problems = BTreeMap<u16, BTreeSet<&'static str>>;

/// Paths that are about things of the engine's; what is done to them asks the engine.
const ENGINES: [&str; 6] = ["containers", "images", "volumes", "networks", "stacks", "clean"];

/// Endpoints of other nouns that ask the engine, too.
const ASKING: &[&str] = &[
    RenderTemplate::NAME,
    SearchLogsOf::NAME,
    CreateSession::NAME,
    CloseSession::NAME,
    TypeIntoSession::NAME,
    ResizeSession::NAME,
    GetScreen::NAME,
    GetOutput::NAME,
    GetSessionDirectory::NAME,
    StartRecordingOf::NAME,
    GetPluginColumns::NAME,
    GetPluginPanel::NAME,
    RunPluginOf::NAME,
    CreateUpload::NAME,
    SendUpload::NAME,
];

/// What some endpoints meet beside what all of their kind do.
const FURTHER: [(Code, &[&str]); 14] = [
    (
        Code::NotFound,
        &[
            CreateContainerFrom::NAME,
            RenderTemplate::NAME,
            UpStackFrom::NAME,
            PlanStack::NAME,
            RefreshImageOf::NAME,
            PullImage::NAME,
            CreateSession::NAME,
            OpenShareOf::NAME,
            SearchLogsOf::NAME,
            StartRunOf::NAME,
            MakeScriptOfRecording::NAME,
            MakeScriptOfHistory::NAME,
            CreateScheduleOf::NAME,
            PreviewScheduleOf::NAME,
            CreateTrigger::NAME,
            CreateTokenFor::NAME,
            CreateUpload::NAME,
            ListCommands::NAME,
        ],
    ),
    (
        Code::InvalidDocument,
        &[
            GetTemplate::NAME,
            PutTemplate::NAME,
            CreateContainerFrom::NAME,
            RenderTemplate::NAME,
            UpStackFrom::NAME,
            PlanStack::NAME,
            RefreshImageOf::NAME,
            StartRunOf::NAME,
            RetryRun::NAME,
            RunSchedule::NAME,
            CreateScheduleOf::NAME,
            PutSchedule::NAME,
            PreviewScheduleOf::NAME,
            CreateTrigger::NAME,
            PutTrigger::NAME,
            TestTriggerNow::NAME,
            InstallPluginOf::NAME,
            CheckPlugin::NAME,
            EnablePluginOf::NAME,
            RunPluginOf::NAME,
            GetPlugin::NAME,
            GetPluginPanel::NAME,
        ],
    ),
    (
        Code::PolicyRefused,
        &[
            CreateContainerFrom::NAME,
            RenderTemplate::NAME,
            UpStackFrom::NAME,
            PlanStack::NAME,
            RefreshImageOf::NAME,
            CommitContainer::NAME,
            TagImageAs::NAME,
            BuildImageFrom::NAME,
            PullImage::NAME,
            CreateVolumeOf::NAME,
            CreateNetworkOf::NAME,
            ConnectNetwork::NAME,
        ],
    ),
    (
        Code::NameInUse,
        &[
            CreateContainerFrom::NAME,
            RenameContainer::NAME,
            UpStackFrom::NAME,
            PlanStack::NAME,
            CreateVolumeOf::NAME,
            CreateNetworkOf::NAME,
            CreateUser::NAME,
            CreateScheduleOf::NAME,
            CreateTrigger::NAME,
            CreateWebhook::NAME,
            MakeDirectory::NAME,
            MoveFile::NAME,
        ],
    ),
    (Code::PortInUse, &[StartContainer::NAME, RestartContainer::NAME]),
    (Code::CommandNotFound, &[StartContainer::NAME, RestartContainer::NAME, UnpauseContainer::NAME, CreateSession::NAME]),
    (Code::ImageUnavailable, &[StartContainer::NAME, RestartContainer::NAME]),
    (Code::Ambiguous, &[CreateSession::NAME, CreateUpload::NAME, SearchLogsOf::NAME, GetPluginPanel::NAME, RunPluginOf::NAME, MakeScriptOfHistory::NAME]),
    (
        Code::WrongState,
        &[
            SetUpFirst::NAME,
            ChangePasswordOfMe::NAME,
            CreateTokenOfMe::NAME,
            PutUser::NAME,
            CreateSession::NAME,
            CloseSession::NAME,
            TypeIntoSession::NAME,
            ResizeSession::NAME,
            GetSessionDirectory::NAME,
            StartRecordingOf::NAME,
            StopRecordingOf::NAME,
            DeleteRecording::NAME,
            RenderTemplate::NAME,
            CancelRun::NAME,
            PauseRun::NAME,
            ResumeRunAt::NAME,
            SetRunBreakpoints::NAME,
            DeleteRun::NAME,
            StartRunOf::NAME,
            PauseSchedule::NAME,
            ResumeSchedule::NAME,
            RunSchedule::NAME,
            RotateWebhook::NAME,
            RotateTrigger::NAME,
            ReceiveHook::NAME,
            DisablePlugin::NAME,
            GetPluginPanel::NAME,
            RunPluginOf::NAME,
            ListProcesses::NAME,
            StatPath::NAME,
            DownloadFiles::NAME,
            ListDirectory::NAME,
            SendUpload::NAME,
            DeleteUpload::NAME,
        ],
    ),
    (Code::Stale, &[ResumeSchedule::NAME, PauseSchedule::NAME, EnablePluginOf::NAME]),
    (
        Code::TooLarge,
        &[ListDirectory::NAME, MakeScriptOfRecording::NAME, RunSchedule::NAME, RetryRun::NAME, UploadFiles::NAME, CreateUpload::NAME, SendUpload::NAME],
    ),
    (
        Code::TimedOut,
        &[
            TypeIntoSession::NAME,
            UploadFiles::NAME,
            SendUpload::NAME,
            MakeDirectory::NAME,
            MoveFile::NAME,
            ListDirectory::NAME,
            RemoveFiles::NAME,
            DeleteContainer::NAME,
            CreateSession::NAME,
        ],
    ),
    (Code::BadRequest, &[UploadFiles::NAME, BuildImageFrom::NAME]),
    (Code::Cancelled, &[CreateSession::NAME]),
];

/// What `E` may refuse with.
pub(super) fn problems<E: Endpoint>() -> Problems {
    let mut problems = Problems::new();
    let mut add = |status: u16, code: Code| {
        problems.entry(status).or_default().insert(code.as_str());
    };
    let mut codes = asking::<E>();
    if !matches!(E::ANSWER, Answer::Upgrade(_)) {
        codes.extend(working::<E>());
    }
    for code in codes {
        add(kind_of(code).status(), code);
    }
    // Statuses that say what is wrong with the request as such, whatever it is for.
    if reads_body::<E>() {
        add(408, Code::TimedOut);
    }
    if reads_json::<E>() {
        add(415, Code::BadRequest);
    }
    if matches!(E::ANSWER, Answer::Upgrade(_)) {
        add(426, Code::BadRequest);
    }
    if uploads::speaks::<E>() {
        add(412, Code::BadRequest);
    }
    if E::NAME == SendUpload::NAME {
        add(415, Code::BadRequest);
        add(uploads::MISMATCH, Code::BadRequest);
    }
    problems
}

/// Whether the body is read to its end before anything is done.
fn reads_body<E: Endpoint>() -> bool {
    matches!(E::METHOD, Method::Post | Method::Put) && !super::takes_archive::<E>() && E::NAME != CreateUpload::NAME
}

/// Whether the body has to be JSON of a type that is said. What is signed is read as it comes.
fn reads_json<E: Endpoint>() -> bool {
    reads_body::<E>() && E::NAME != ReceiveHook::NAME
}

/// Whether nobody has to say who they are.
pub(super) fn is_open<E: Endpoint>() -> bool {
    crate::server::caller::OPEN.contains(&E::PATH) || E::NAME == ReceiveHook::NAME
}

/// What comes of asking, before the work begins. Whoever asks is looked up in the database, which may be full or gone.
fn asking<E: Endpoint>() -> Vec<Code> {
    let mut codes = vec![Code::BadRequest, Code::Unauthenticated, Code::Forbidden, Code::TooMany, Code::Internal, Code::StoreFailed, Code::DiskFull];
    if !matches!(E::ANSWER, Answer::Upgrade(_)) {
        codes.push(Code::InvalidValue);
    }
    if reads_body::<E>() {
        codes.push(Code::TooLarge);
    }
    codes
}

/// What comes of the work.
fn working<E: Endpoint>() -> Vec<Code> {
    let noun = E::PATH.trim_start_matches("/api/v1/").split('/').next().unwrap_or_default();
    let of_one = E::PATH.contains('{');
    let mut codes = Vec::new();
    if of_one {
        codes.push(Code::NotFound);
    }
    if E::HABITS.replaces.is_some() {
        codes.push(Code::Stale);
    }
    let of_engine = ENGINES.contains(&noun);
    if of_engine || ASKING.contains(&E::NAME) {
        codes.extend([Code::EngineUnavailable, Code::EngineFailed]);
    }
    if of_engine {
        if E::METHOD != Method::Get {
            codes.push(Code::WrongState);
        }
        if of_one && matches!(noun, "containers" | "networks") {
            codes.push(Code::Ambiguous);
        }
    }
    codes.extend(FURTHER.iter().filter(|(_, names)| names.contains(&E::NAME)).map(|(code, _)| *code));
    codes
}

/// The responses of an operation for its problems, as references to `shared`, where they are described.
pub(super) fn responses<E: Endpoint>(shared: &mut Map<String, Value>) -> Map<String, Value> {
    let mut responses = Map::new();
    for (status, codes) in problems::<E>() {
        let codes: Vec<&str> = codes.into_iter().collect();
        let name = format!("{status}-{}", codes.join("-"));
        responses.insert(status.to_string(), json!({ "$ref": format!("#/components/responses/{name}") }));
        shared.entry(name).or_insert_with(|| response(status, &codes));
    }
    responses
}

fn response(status: u16, codes: &[&str]) -> Value {
    let phrase = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Problem");
    let told: Vec<String> = codes.iter().map(|code| format!("`{code}`")).collect();
    let header = |description: &str| json!({ "description": description, "required": true, "schema": { "type": "string" } });
    let mut headers = json!({ "X-Request-Id": header("Finds the request in the server's log.") });
    match status {
        401 => headers["WWW-Authenticate"] = header("`Bearer`."),
        429 | 503 => headers["Retry-After"] = header("Seconds after which it makes sense to try again."),
        _ => {}
    }
    let exactly = json!({ "type": "object", "properties": { "status": { "const": status }, "code": { "enum": codes } } });
    let schema = json!({ "allOf": [{ "$ref": format!("#/components/schemas/{}", super::name_of::<Problem>()) }, exactly] });
    json!({ "description": format!("{phrase}: {}.", told.join(", ")), "headers": headers, "content": { "application/problem+json": { "schema": schema } } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_described_with_the_problems_that_it_can_meet_and_no_others() {
        let statuses = |problems: Problems| problems.into_keys().collect::<Vec<u16>>();
        assert_eq!(statuses(problems::<GetVersion>()), [400, 401, 403, 422, 429, 500, 502, 507]);
        assert_eq!(statuses(problems::<OpenStream>()), [400, 401, 403, 426, 429, 500, 502, 507]);
        assert_eq!(statuses(problems::<StartContainer>()), [400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 500, 502, 503, 507]);
        assert_eq!(problems::<GetSession>()[&404], BTreeSet::from(["not_found"]));
        assert_eq!(problems::<PutLayout>()[&412], BTreeSet::from(["stale"]));
    }

    #[test]
    fn every_name_in_the_table_is_an_endpoints_and_stands_there_once() {
        struct Names(BTreeSet<&'static str>);
        impl EachEndpoint for Names {
            fn visit<E: Endpoint>(&mut self) {
                self.0.insert(E::NAME);
            }
        }
        let mut names = Names(BTreeSet::new());
        each_endpoint(&mut names);
        for (what, list) in FURTHER.iter().map(|(code, list)| (code.as_str(), *list)).chain([("engine", ASKING)]) {
            assert!(list.iter().all(|name| names.0.contains(name)), "{what}");
            assert_eq!(list.iter().collect::<BTreeSet<_>>().len(), list.len(), "{what}");
        }
    }
}
