//! The whole table of routes: each endpoint of the model, and what of control answers it.
use super::Door;
use super::attach;
use super::caller;
use super::caller::MaybeCaller;
use super::exec;
use super::extract;
use super::files;
use super::hooks;
use super::images;
use super::logs;
use super::openapi;
use super::problem::Refusal;
use super::recordings;
use super::runs;
use super::stream;
use super::web;
use crate::access::Actor;
use crate::automation::Automation;
use crate::control::Control;
use crate::control::Screen;
use crate::error::Error;
use crate::error::Result;
use crate::model::*;
use axum::Extension;
use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::extract::FromRequestParts as _;
use axum::extract::RawPathParams;
use axum::extract::Request;
use axum::extract::State;
use axum::extract::WebSocketUpgrade;
use axum::extract::ws::WebSocket;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::response::Response;
use axum::routing::MethodFilter;
use axum::routing::get;
use axum::routing::on;

/// What every answer begins with: who asks, of what.
pub(super) struct Ask {
    pub(super) control: Control,
    pub(super) automation: Automation,
    pub(super) actor: Actor,
    path: Vec<String>,
    /// Makes a repeated request count once.
    pub(super) idempotency_key: Option<String>,
}

impl Ask {
    /// The value of the path's parameter; every path has one at most.
    pub(super) fn id(&self) -> &str {
        self.path.first().map_or("", String::as_str)
    }
}

/// What every WebSocket begins with.
pub(super) struct Opening {
    pub(super) door: Door,
    /// None until the first frame, for browsers.
    pub(super) actor: Option<Actor>,
    /// The value of the path's parameter.
    pub(super) id: String,
}

/// The routes while they are put together.
pub(super) struct Routes {
    router: Router<Door>,
    routed: Vec<(Method, &'static str)>,
}

/// Method and path of every route below `/api`, for the test that compares them with the endpoints.
#[must_use]
pub fn routed() -> Vec<(Method, &'static str)> {
    all().routed
}

/// The table.
#[rustfmt::skip]
pub(super) fn all() -> Routes {
    Routes::new()
        .add::<GetHealth, _, _>(|ask, _| async move { ask.control.get_health().await })
        .add::<GetVersion, _, _>(|ask, _| async move { ask.control.get_version().await })
        .add::<GetMe, _, _>(|ask, _| async move { ask.control.get_me(&ask.actor).await })
        .add::<GetConfig, _, _>(|ask, _| async move { ask.control.get_config(&ask.actor).await })
        .add::<StopServer, _, _>(|ask, _| async move { ask.control.stop_server(&ask.actor).await.map(done) })

        .add::<ListTemplates, _, _>(|ask, _| async move { ask.control.list_templates(&ask.actor).await })
        .add::<GetTemplate, _, _>(|ask, _| async move { ask.control.get_template(&ask.actor, ask.id()).await })
        .add::<RenderTemplate, _, _>(|ask, request| async move { ask.control.render_template(&ask.actor, request).await })

        .add::<ListContainers, _, _>(|ask, query| async move { ask.control.list_containers(&ask.actor, &query).await })
        .operation::<CreateContainerFrom, _, _>(|ask, request| async move { ask.control.create_container_from(&ask.actor, request, ask.idempotency_key.as_deref()).await })
        .add::<GetContainer, _, _>(|ask, _| async move { ask.control.get_container(&ask.actor, ask.id()).await })
        .add::<StartContainer, _, _>(|ask, _| async move { ask.control.start_container(&ask.actor, ask.id()).await })
        .add::<StopContainerNow, _, _>(|ask, request| async move { ask.control.stop_container_now(&ask.actor, ask.id(), request).await })
        .add::<RestartContainer, _, _>(|ask, request| async move { ask.control.restart_container(&ask.actor, ask.id(), request).await })
        .add::<PauseContainer, _, _>(|ask, _| async move { ask.control.pause_container(&ask.actor, ask.id()).await })
        .add::<UnpauseContainer, _, _>(|ask, _| async move { ask.control.unpause_container(&ask.actor, ask.id()).await })
        .add::<KillContainer, _, _>(|ask, request| async move { ask.control.kill_container(&ask.actor, ask.id(), request).await })
        .add::<RenameContainer, _, _>(|ask, request| async move { ask.control.rename_container(&ask.actor, ask.id(), request).await })
        .add::<UpdateContainer, _, _>(|ask, request| async move { ask.control.update_container(&ask.actor, ask.id(), request).await })
        .add::<WaitContainer, _, _>(|ask, query| async move { ask.control.wait_container(&ask.actor, ask.id(), query).await })
        .add::<ListProcesses, _, _>(|ask, query| async move { ask.control.list_processes(&ask.actor, ask.id(), query).await })
        .add::<ListChanges, _, _>(|ask, _| async move { ask.control.list_changes(&ask.actor, ask.id()).await })
        .add::<GetStatsOf, _, _>(|ask, query| async move { ask.control.get_stats(&ask.actor, ask.id(), query).await })
        .add::<InspectContainer, _, _>(|ask, _| async move { ask.control.inspect_container(&ask.actor, ask.id()).await })
        .operation::<CommitContainer, _, _>(|ask, request| async move { ask.control.commit_container(&ask.actor, ask.id(), request, ask.idempotency_key.as_deref()).await })
        .add::<DeleteContainer, _, _>(|ask, request| async move { ask.control.delete_container(&ask.actor, ask.id(), request).await.map(done) })
        .raw::<ReadContainerLogs, _, _>(logs::read)
        .add::<StatPath, _, _>(|ask, query| async move { ask.control.stat_path(&ask.actor, ask.id(), query).await })
        .raw::<DownloadFiles, _, _>(files::download)
        .archive::<UploadFiles, _, _>(files::upload)
        .add::<ListDirectory, _, _>(|ask, query| async move { ask.control.list_directory(&ask.actor, ask.id(), query).await })
        .add::<MakeDirectory, _, _>(|ask, request| async move { ask.control.make_directory(&ask.actor, ask.id(), request).await.map(done) })
        .add::<MoveFile, _, _>(|ask, request| async move { ask.control.move_file(&ask.actor, ask.id(), request).await.map(done) })
        .add::<RemoveFiles, _, _>(|ask, query| async move { ask.control.remove_files(&ask.actor, ask.id(), query).await })
        .upgrade::<ExecInContainer, _, _>(exec::run)

        .add::<ListStacks, _, _>(|ask, _| async move { ask.control.list_stacks(&ask.actor).await })
        .operation::<UpStackFrom, _, _>(|ask, request| async move { ask.control.up_stack(&ask.actor, request, ask.idempotency_key.as_deref()).await })
        .add::<PlanStack, _, _>(|ask, request| async move { ask.control.plan_stack(&ask.actor, request).await })
        .add::<GetStack, _, _>(|ask, _| async move { ask.control.get_stack(&ask.actor, ask.id()).await })
        .operation::<DownStackNow, _, _>(|ask, request| async move { ask.control.down_stack(&ask.actor, ask.id(), request, ask.idempotency_key.as_deref()).await })
        .add::<ListImages, _, _>(|ask, query| async move { ask.control.list_images(&ask.actor, &query).await })
        .operation::<PullImage, _, _>(|ask, request| async move { ask.control.pull_image(&ask.actor, request, ask.idempotency_key.as_deref()).await })
        .archive::<BuildImageFrom, _, _>(images::build)
        .operation::<RefreshImageOf, _, _>(|ask, request| async move { ask.control.refresh_image(&ask.actor, request, ask.idempotency_key.as_deref()).await })
        .add::<PruneImages, _, _>(|ask, request| async move { ask.control.prune_images(&ask.actor, request).await })
        .add::<GetImage, _, _>(|ask, _| async move { ask.control.get_image(&ask.actor, ask.id()).await })
        .add::<InspectImage, _, _>(|ask, _| async move { ask.control.inspect_image(&ask.actor, ask.id()).await })
        .add::<GetImageHistory, _, _>(|ask, _| async move { ask.control.get_image_history(&ask.actor, ask.id()).await })
        .add::<TagImageAs, _, _>(|ask, request| async move { ask.control.tag_image(&ask.actor, ask.id(), request).await })
        .operation::<PushImage, _, _>(|ask, _| async move { ask.control.push_image(&ask.actor, ask.id(), ask.idempotency_key.as_deref()).await })
        .add::<DeleteImage, _, _>(|ask, request| async move { ask.control.delete_image(&ask.actor, ask.id(), request).await })

        .add::<ListVolumes, _, _>(|ask, query| async move { ask.control.list_volumes(&ask.actor, &query).await })
        .add::<CreateVolumeOf, _, _>(|ask, request| async move { ask.control.create_volume(&ask.actor, request).await })
        .add::<PruneVolumes, _, _>(|ask, request| async move { ask.control.prune_volumes(&ask.actor, request).await })
        .add::<GetVolume, _, _>(|ask, _| async move { ask.control.get_volume(&ask.actor, ask.id()).await })
        .add::<DeleteVolume, _, _>(|ask, _| async move { ask.control.delete_volume(&ask.actor, ask.id()).await })
        .add::<ListNetworks, _, _>(|ask, query| async move { ask.control.list_networks(&ask.actor, &query).await })
        .add::<CreateNetworkOf, _, _>(|ask, request| async move { ask.control.create_network(&ask.actor, request).await })
        .add::<PruneNetworks, _, _>(|ask, request| async move { ask.control.prune_networks(&ask.actor, request).await })
        .add::<GetNetwork, _, _>(|ask, _| async move { ask.control.get_network(&ask.actor, ask.id()).await })
        .add::<DeleteNetwork, _, _>(|ask, _| async move { ask.control.delete_network(&ask.actor, ask.id()).await })
        .add::<ConnectNetwork, _, _>(|ask, request| async move { ask.control.connect_network(&ask.actor, ask.id(), request).await })
        .add::<DisconnectNetwork, _, _>(|ask, request| async move { ask.control.disconnect_network(&ask.actor, ask.id(), request).await })
        .add::<CleanUp, _, _>(|ask, request| async move { ask.control.clean(&ask.actor, request).await })

        .add::<ListSessions, _, _>(|ask, query| async move { ask.control.list_sessions(&ask.actor, &query).await })
        .add::<CreateSession, _, _>(|ask, request| async move { ask.control.create_session(&ask.actor, request, ask.idempotency_key.as_deref()).await })
        .add::<GetSession, _, _>(|ask, _| async move { ask.control.get_session(&ask.actor, ask.id()).await })
        .add::<CloseSession, _, _>(|ask, _| async move { ask.control.close_session(&ask.actor, ask.id()).await.map(done) })
        .add::<TypeIntoSession, _, _>(|ask, request| async move { ask.control.type_into_session(&ask.actor, ask.id(), request).await.map(done) })
        .add::<ResizeSession, _, _>(|ask, size| async move { ask.control.resize_session(&ask.actor, ask.id(), size).await.map(done) })
        .raw::<GetScreen, _, _>(screen)
        .raw::<GetOutput, _, _>(output)
        .add::<GetSessionDirectory, _, _>(|ask, _| async move { ask.control.session_directory(&ask.actor, ask.id()).await })
        .upgrade::<AttachSession, _, _>(attach::run)

        .add::<StartRecordingOf, _, _>(|ask, request| async move { ask.control.start_recording(&ask.actor, ask.id(), request).await })
        .add::<StopRecordingOf, _, _>(|ask, _| async move { ask.control.stop_recording(&ask.actor, ask.id()).await })
        .add::<ListRecordings, _, _>(|ask, query| async move { ask.control.list_recordings(&ask.actor, &query).await })
        .add::<GetRecording, _, _>(|ask, _| async move { ask.control.get_recording(&ask.actor, ask.id()).await })
        .raw::<GetCast, _, _>(recordings::cast)
        .raw::<GetRecordingScreen, _, _>(recordings::screen)
        .add::<DeleteRecording, _, _>(|ask, _| async move { ask.control.delete_recording(&ask.actor, ask.id()).await.map(done) })

        .add::<ListOperations, _, _>(|ask, query| async move { ask.control.list_operations(&ask.actor, &query).await })
        .add::<GetOperation, _, _>(|ask, _| async move { ask.control.get_operation(&ask.actor, ask.id()).await })
        .add::<CancelOperation, _, _>(|ask, _| async move { ask.control.cancel_operation(&ask.actor, ask.id()).await })

        .add::<ListScripts, _, _>(|ask, _| async move { ask.automation.list_scripts(&ask.actor).await })
        .add::<GetScript, _, _>(|ask, _| async move { ask.automation.get_script(&ask.actor, ask.id()).await })
        .add::<PutScript, _, _>(|ask, request| async move { ask.automation.put_script(&ask.actor, ask.id(), request).await })
        .add::<DeleteScript, _, _>(|ask, _| async move { ask.automation.delete_script(&ask.actor, ask.id()).await.map(done) })
        .add::<CheckScript, _, _>(|ask, request| async move { ask.automation.check_script(&ask.actor, request).await })
        .add::<MakeScriptOfRecording, _, _>(|ask, request| async move { ask.automation.script_of_recording(&ask.actor, request).await })
        .add::<ListRuns, _, _>(|ask, query| async move { ask.automation.list_runs(&ask.actor, query).await })
        .add::<StartRunOf, _, _>(|ask, request| async move { ask.automation.start_run(&ask.actor, request, RunCause::Asked, ask.idempotency_key.as_deref()).await })
        .add::<GetRun, _, _>(|ask, _| async move { ask.automation.get_run(&ask.actor, ask.id()).await })
        .add::<GetRunLog, _, _>(|ask, query| async move { ask.automation.get_run_log(&ask.actor, ask.id(), query).await })
        .raw::<GetRunReport, _, _>(runs::junit)
        .add::<CancelRun, _, _>(|ask, _| async move { ask.automation.cancel_run(&ask.actor, ask.id()).await })
        .add::<PauseRun, _, _>(|ask, _| async move { ask.automation.pause_run(&ask.actor, ask.id()).await })
        .add::<ResumeRunAt, _, _>(|ask, request| async move { ask.automation.resume_run(&ask.actor, ask.id(), request).await })
        .add::<RetryRun, _, _>(|ask, _| async move { ask.automation.retry_run(&ask.actor, ask.id()).await })
        .add::<DeleteRun, _, _>(|ask, _| async move { ask.automation.delete_run(&ask.actor, ask.id()).await.map(done) })

        .add::<ListSchedules, _, _>(|ask, query| async move { ask.automation.list_schedules(&ask.actor, &query).await })
        .add::<CreateScheduleOf, _, _>(|ask, request| async move { ask.automation.create_schedule(&ask.actor, request).await })
        .add::<ListNextFires, _, _>(|ask, query| async move { ask.automation.list_next_fires(&ask.actor, &query).await })
        .add::<PreviewScheduleOf, _, _>(|ask, request| async move { ask.automation.preview_schedule(&ask.actor, request).await })
        .add::<GetSchedule, _, _>(|ask, _| async move { ask.automation.get_schedule(&ask.actor, ask.id()).await })
        .add::<PutSchedule, _, _>(|ask, request| async move { ask.automation.put_schedule(&ask.actor, ask.id(), request).await })
        .add::<DeleteSchedule, _, _>(|ask, _| async move { ask.automation.delete_schedule(&ask.actor, ask.id()).await.map(done) })
        .add::<PauseSchedule, _, _>(|ask, _| async move { ask.automation.pause_schedule(&ask.actor, ask.id()).await })
        .add::<ResumeSchedule, _, _>(|ask, _| async move { ask.automation.resume_schedule(&ask.actor, ask.id()).await })
        .add::<RunSchedule, _, _>(|ask, _| async move { ask.automation.run_schedule(&ask.actor, ask.id()).await })
        .add::<GetScheduleNext, _, _>(|ask, query| async move { ask.automation.schedule_next(&ask.actor, ask.id(), &query).await })
        .add::<ListScheduleFires, _, _>(|ask, query| async move { ask.automation.list_schedule_fires(&ask.actor, ask.id(), &query).await })

        .add::<ListWebhooks, _, _>(|ask, _| async move { ask.automation.list_webhooks(&ask.actor).await })
        .add::<CreateWebhook, _, _>(|ask, request| async move { ask.automation.create_webhook(&ask.actor, request).await })
        .add::<GetWebhook, _, _>(|ask, _| async move { ask.automation.get_webhook(&ask.actor, ask.id()).await })
        .add::<PutWebhook, _, _>(|ask, request| async move { ask.automation.put_webhook(&ask.actor, ask.id(), request).await })
        .add::<DeleteWebhook, _, _>(|ask, _| async move { ask.automation.delete_webhook(&ask.actor, ask.id()).await.map(done) })
        .add::<TestWebhook, _, _>(|ask, _| async move { ask.automation.test_webhook(&ask.actor, ask.id()).await })
        .add::<RotateWebhook, _, _>(|ask, request| async move { ask.automation.rotate_webhook(&ask.actor, ask.id(), request).await })
        .add::<EnableWebhook, _, _>(|ask, _| async move { ask.automation.enable_webhook(&ask.actor, ask.id()).await })
        .add::<ListDeliveries, _, _>(|ask, query| async move { ask.automation.list_deliveries(&ask.actor, ask.id(), query).await })
        .add::<Redeliver, _, _>(|ask, _| async move { ask.automation.redeliver(&ask.actor, ask.id()).await })

        .add::<ListTriggers, _, _>(|ask, _| async move { ask.automation.list_triggers(&ask.actor).await })
        .add::<CreateTrigger, _, _>(|ask, request| async move { ask.automation.create_trigger(&ask.actor, request).await })
        .add::<GetTrigger, _, _>(|ask, _| async move { ask.automation.get_trigger(&ask.actor, ask.id()).await })
        .add::<PutTrigger, _, _>(|ask, request| async move { ask.automation.put_trigger(&ask.actor, ask.id(), request).await })
        .add::<DeleteTrigger, _, _>(|ask, _| async move { ask.automation.delete_trigger(&ask.actor, ask.id()).await.map(done) })
        .add::<PauseTrigger, _, _>(|ask, _| async move { ask.automation.pause_trigger(&ask.actor, ask.id(), true).await })
        .add::<ResumeTrigger, _, _>(|ask, _| async move { ask.automation.pause_trigger(&ask.actor, ask.id(), false).await })
        .add::<RotateTrigger, _, _>(|ask, request| async move { ask.automation.rotate_trigger(&ask.actor, ask.id(), request).await })
        .add::<TestTriggerNow, _, _>(|ask, request| async move { ask.automation.test_trigger(&ask.actor, ask.id(), request).await })
        .add::<ListFires, _, _>(|ask, query| async move { ask.automation.list_fires(&ask.actor, ask.id(), query).await })
        .route::<ReceiveHook, _, _>(|door, _, path, headers, body, _| hooks::receive(door, path, headers, body))

        .add::<ListPlugins, _, _>(|ask, _| async move { ask.automation.list_plugins(&ask.actor).await })
        .add::<InstallPluginOf, _, _>(|ask, request| async move { ask.automation.install_plugin(&ask.actor, request).await })
        .add::<CheckPlugin, _, _>(|ask, request| async move { ask.automation.check_plugin(&ask.actor, request).await })
        .add::<GetPlugin, _, _>(|ask, _| async move { ask.automation.get_plugin(&ask.actor, ask.id()).await })
        .add::<DeletePlugin, _, _>(|ask, _| async move { ask.automation.delete_plugin(&ask.actor, ask.id()).await.map(done) })
        .add::<EnablePluginOf, _, _>(|ask, request| async move { ask.automation.enable_plugin(&ask.actor, ask.id(), request).await })
        .add::<DisablePlugin, _, _>(|ask, _| async move { ask.automation.disable_plugin(&ask.actor, ask.id()).await })
        .add::<RunPluginOf, _, _>(|ask, request| async move { ask.automation.run_plugin(&ask.actor, ask.id(), request).await })

        .upgrade::<OpenStream, _, _>(stream::run)

        .add::<ListLayouts, _, _>(|ask, _| async move { ask.control.list_layouts(&ask.actor).await })
        .add::<GetLayout, _, _>(|ask, _| async move { ask.control.get_layout(&ask.actor, ask.id()).await })
        .add::<PutLayout, _, _>(|ask, request| async move { ask.control.put_layout(&ask.actor, ask.id(), request).await })
        .add::<DeleteLayout, _, _>(|ask, _| async move { ask.control.delete_layout(&ask.actor, ask.id()).await.map(done) })

        .add::<ListEngineCalls, _, _>(|ask, _| async move { ask.control.list_engine_calls(&ask.actor).await })
        .add::<ListAudit, _, _>(|ask, query| async move { ask.control.list_audit(&ask.actor, &query).await })
        .add::<ListUsers, _, _>(|ask, query| async move { ask.control.list_users(&ask.actor, &query).await })
        .add::<CreateUser, _, _>(|ask, request| async move { ask.control.create_user(&ask.actor, request).await })
        .add::<DeleteUser, _, _>(|ask, _| async move { ask.control.delete_user(&ask.actor, ask.id()).await.map(done) })
        .add::<ListTokens, _, _>(|ask, query| async move { ask.control.list_tokens(&ask.actor, &query).await })
        .add::<CreateTokenFor, _, _>(|ask, request| async move { ask.control.create_token_for(&ask.actor, request).await })
        .add::<DeleteToken, _, _>(|ask, _| async move { ask.control.delete_token(&ask.actor, ask.id()).await.map(done) })
}

impl Routes {
    fn new() -> Self {
        let router = Router::new().route("/openapi.json", get(|| async { Json(openapi::document()) })).route("/docs", get(web::reference));
        Self { router, routed: Vec::new() }
    }

    pub(super) fn into_router(self) -> Router<Door> {
        self.router
    }

    /// An endpoint that answers with JSON, or with nothing.
    fn add<E, H, F>(self, handler: H) -> Self
    where
        E: Endpoint,
        H: Fn(Ask, E::Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<E::Reply>> + Send,
    {
        self.route::<E, _, _>(move |door, caller, path, headers, body, uri| {
            let handler = handler.clone();
            async move {
                let ask = ask::<E>(&door, caller, path, &headers).await?;
                let request = extract::request_of::<E>(&uri, &headers, body).await?;
                let reply = handler(ask, request).await?;
                Ok(match E::ANSWER {
                    Answer::Nothing => StatusCode::NO_CONTENT.into_response(),
                    Answer::Created => (StatusCode::CREATED, Json(reply)).into_response(),
                    Answer::Json | Answer::Operation | Answer::Bytes(_) | Answer::Upgrade(_) => Json(reply).into_response(),
                })
            }
        })
    }

    /// An endpoint that begins long work: 202 while it runs, 201 when it has ended within `Prefer: wait=N`. The operation is
    /// the body either way.
    fn operation<E, H, F>(self, handler: H) -> Self
    where
        E: Endpoint<Reply = Operation>,
        H: Fn(Ask, E::Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Operation>> + Send,
    {
        self.route::<E, _, _>(move |door, caller, path, headers, body, uri| {
            let handler = handler.clone();
            async move {
                let ask = ask::<E>(&door, caller, path, &headers).await?;
                let actor = ask.actor.clone();
                let request = extract::request_of::<E>(&uri, &headers, body).await?;
                let mut operation = handler(ask, request).await?;
                let wait = extract::wait_of(&headers);
                if let Some(wait) = wait {
                    operation = door.control.wait_operation(&actor, operation.id.as_str(), wait).await?;
                }
                let mut response = begun(operation)?;
                if wait.is_some() {
                    response.headers_mut().insert("preference-applied", HeaderValue::from_static("wait"));
                }
                Ok(response)
            }
        })
    }

    /// An endpoint that makes its own answer.
    fn raw<E, H, F>(self, handler: H) -> Self
    where
        E: Endpoint,
        H: Fn(Ask, E::Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Response>> + Send,
    {
        self.route::<E, _, _>(move |door, caller, path, headers, body, uri| {
            let handler = handler.clone();
            async move {
                let ask = ask::<E>(&door, caller, path, &headers).await?;
                let request = extract::request_of::<E>(&uri, &headers, body).await?;
                Ok(handler(ask, request).await?)
            }
        })
    }

    /// An endpoint whose body is an archive, and whose request is the query string.
    fn archive<E, H, F>(self, handler: H) -> Self
    where
        E: Endpoint,
        H: Fn(Ask, E::Request, Body) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Response>> + Send,
    {
        self.route::<E, _, _>(move |door, caller, path, headers, body, uri| {
            let handler = handler.clone();
            async move {
                let ask = ask::<E>(&door, caller, path, &headers).await?;
                Ok(handler(ask, extract::query(&uri)?, body).await?)
            }
        })
    }

    fn route<E, H, F>(mut self, handler: H) -> Self
    where
        E: Endpoint,
        H: Fn(Door, Option<Actor>, Vec<String>, HeaderMap, Body, axum::http::Uri) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Response, Refusal>> + Send,
    {
        self.routed.push((E::METHOD, E::PATH));
        let answer = async move |State(door): State<Door>, Extension(MaybeCaller(caller)): Extension<MaybeCaller>, params: RawPathParams, request: Request| {
            let path = params.iter().map(|(_, value)| value.to_owned()).collect();
            let (parts, body) = request.into_parts();
            handler(door, caller, path, parts.headers, body, parts.uri).await.unwrap_or_else(|refusal| refusal.into_response())
        };
        self.router = self.router.route(E::PATH, on(filter(E::METHOD), answer));
        self
    }

    /// An endpoint that becomes a WebSocket.
    fn upgrade<E, H, F>(mut self, handler: H) -> Self
    where
        E: Endpoint,
        H: Fn(Opening, WebSocket) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        self.routed.push((E::METHOD, E::PATH));
        let Answer::Upgrade(protocol) = E::ANSWER else { return self };
        let answer = async move |State(door): State<Door>, Extension(MaybeCaller(actor)): Extension<MaybeCaller>, params: RawPathParams, request: Request| {
            let id = params.iter().next().map_or_else(String::new, |(_, value)| value.to_owned());
            let (mut parts, _) = request.into_parts();
            let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &door).await {
                Ok(upgrade) => upgrade,
                Err(rejection) => {
                    return Refusal::with_status(
                        StatusCode::UPGRADE_REQUIRED,
                        Code::BadRequest,
                        format!("this is a WebSocket of protocol '{protocol}': {rejection}"),
                    )
                    .into_response();
                }
            };
            let upgrade = super::socket::configured(upgrade).protocols([protocol]);
            if upgrade.selected_protocol().is_none() {
                return Refusal::from(Error::new(Code::BadRequest, format!("the WebSocket must ask for protocol '{protocol}'"))).into_response();
            }
            upgrade.on_upgrade(move |socket| handler(Opening { door, actor, id }, socket))
        };
        self.router = self.router.route(E::PATH, on(filter(E::METHOD), answer));
        self
    }
}

/// The answer of long work: 202 while it runs, 201 when it has ended.
pub(super) fn begun(operation: Operation) -> Result<Response> {
    let status = if operation.state == OperationState::Running { StatusCode::ACCEPTED } else { StatusCode::CREATED };
    let place = HeaderValue::from_str(&format!("/api/v1/operations/{}", operation.id)).map_err(|error| Error::internal(error.to_string()))?;
    let mut response = (status, Json(operation)).into_response();
    response.headers_mut().insert(header::LOCATION, place);
    Ok(response)
}

fn filter(method: Method) -> MethodFilter {
    match method {
        Method::Get => MethodFilter::GET,
        Method::Post => MethodFilter::POST,
        Method::Put => MethodFilter::PUT,
        Method::Delete => MethodFilter::DELETE,
    }
}

async fn ask<E: Endpoint>(door: &Door, caller: Option<Actor>, path: Vec<String>, headers: &HeaderMap) -> Result<Ask, Refusal> {
    let actor = caller.ok_or_else(caller::unknown)?;
    if let Some(action) = E::ACTION {
        door.control.admit(&actor, action, path.first().map_or("", String::as_str)).await?;
    }
    let idempotency_key = match headers.get("idempotency-key").map(HeaderValue::to_str) {
        None => None,
        Some(Ok(key)) if (1..=128).contains(&key.len()) => Some(key.to_owned()),
        Some(_) => return Err(Error::new(Code::BadRequest, "the Idempotency-Key must be 1 to 128 visible letters").into()),
    };
    Ok(Ask { control: door.control.clone(), automation: door.automation.clone(), actor, path, idempotency_key })
}

/// `GET /sessions/{id}/screen` in the form that was asked for.
async fn screen(ask: Ask, query: ScreenQuery) -> Result<Response> {
    ask.control.get_screen(&ask.actor, ask.id(), query.format).await.map(of_screen)
}

/// A screen with the media type of its form.
pub(super) fn of_screen(screen: Screen) -> Response {
    match screen {
        Screen::Json(screen) => Json(screen).into_response(),
        Screen::Text(text) => text.into_response(),
        Screen::Ansi(content) => bytes(content),
        Screen::Svg(picture) => ([(header::CONTENT_TYPE, "image/svg+xml")], picture).into_response(),
    }
}

/// `GET /sessions/{id}/output`, with the offset of its first byte in a header.
async fn output(ask: Ask, query: OutputQuery) -> Result<Response> {
    let (offset, content) = ask.control.get_output(&ask.actor, ask.id(), query).await?;
    let mut response = bytes(content);
    response.headers_mut().insert("x-offset", HeaderValue::from(offset));
    Ok(response)
}

fn bytes(content: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/octet-stream")], content).into_response()
}

fn done((): ()) -> Empty {
    Empty {}
}
