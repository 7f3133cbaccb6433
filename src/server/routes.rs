//! The whole table of routes: each endpoint of the model, and what of control answers it.
mod kinds;

pub(super) use kinds::begun;

use super::Door;
use super::attach;
use super::events;
use super::exec;
use super::files;
use super::hooks;
use super::images;
use super::logins;
use super::logs;
use super::recordings;
use super::runs;
use super::screens;
use super::stream;
use super::trials;
use super::trials::Trials;
use super::uploads;
use super::web;
use crate::access::Actor;
use crate::access::csrf_of;
use crate::automation::Automation;
use crate::control::Control;
use crate::model::*;
use axum::Json;
use axum::Router;
use axum::response::IntoResponse as _;
use axum::routing::get;
use std::net::IpAddr;
use std::sync::Arc;

/// What every answer begins with: who asks, of what.
pub(super) struct Ask {
    pub(super) control: Control,
    pub(super) automation: Automation,
    pub(super) actor: Actor,
    path: Vec<String>,
    /// Makes a repeated request count once.
    pub(super) idempotency_key: Option<String>,
    /// The secret of who is signed in by cookie.
    pub(super) cookie: Option<String>,
    /// The last event that they have heard.
    pub(super) last_event_id: Option<String>,
    /// What they showed to say who they are.
    pub(super) secret: Option<String>,
    /// What that cookie is called.
    pub(super) cookie_name: Arc<str>,
    /// Only what would be done is asked for.
    dry_run: bool,
}

/// Where a request comes from, for endpoints that are open to all.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Origin {
    /// The other end's address; none on the unix socket.
    pub(super) ip: Option<IpAddr>,
    /// Whether what is between here and the client is encrypted, as far as that is known.
    pub(super) secure: bool,
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
    /// What the client calls itself.
    pub(super) client: Option<String>,
}

/// The routes while they are put together.
pub(super) struct Routes {
    router: Router<Door>,
    routed: Vec<(Method, &'static str)>,
    trials: Trials,
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
        .add::<GetMe, _, _>(|ask, _| async move { Ok(Me { csrf: ask.cookie.as_deref().map(csrf_of), ..ask.control.get_me(&ask.actor).await? }) })
        .add::<ChangePasswordOfMe, _, _>(|ask, request| async move { ask.control.change_password(&ask.actor, request, ask.secret.as_deref()).await.map(done) })
        .add::<ListTokensOfMe, _, _>(|ask, query| async move { ask.control.list_own_tokens(&ask.actor, &query).await })
        .add::<CreateTokenOfMe, _, _>(|ask, request| async move { ask.control.create_own_token(&ask.actor, request, ask.secret.as_deref()).await })
        .add::<DeleteTokenOfMe, _, _>(|ask, _| async move { ask.control.delete_own_token(&ask.actor, ask.id()).await.map(done) })
        .open::<GetSetup, _, _>(|door, _, _| async move { Ok(Json(door.control.get_setup().await?).into_response()) })
        .open::<SetUpFirst, _, _>(logins::set_up)
        .open::<LogInAs, _, _>(logins::log_in)
        .raw::<LogOut, _, _>(logins::log_out)
        .add::<GetConfig, _, _>(|ask, _| async move { ask.control.get_config(&ask.actor).await })
        .add::<StopServer, _, _>(|ask, _| async move { ask.control.stop_server(&ask.actor).await.map(done) })

        .add::<ListTemplates, _, _>(|ask, query| async move { ask.control.list_templates(&ask.actor, &query).await })
        .add::<GetTemplate, _, _>(|ask, _| async move { ask.control.get_template(&ask.actor, ask.id()).await })
        .add::<RenderTemplate, _, _>(|ask, request| async move { ask.control.render_template(&ask.actor, request).await })
        .add::<PutTemplate, _, _>(|ask, request| async move { ask.control.put_template(&ask.actor, ask.id(), request).await })
        .add::<DeleteTemplate, _, _>(|ask, request| async move { ask.control.delete_template(&ask.actor, ask.id(), request).await.map(done) })

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
        .operation::<SearchLogsOf, _, _>(|ask, request| async move { ask.control.search_logs(&ask.actor, request, ask.idempotency_key.as_deref()).await })
        .add::<GetLogSearch, _, _>(|ask, query| async move { ask.control.get_log_search(&ask.actor, ask.id(), query).await })
        .add::<DeleteLogSearch, _, _>(|ask, _| async move { ask.control.delete_log_search(&ask.actor, ask.id()).await.map(done) })
        .add::<StatPath, _, _>(|ask, query| async move { ask.control.stat_path(&ask.actor, ask.id(), query).await })
        .raw::<DownloadFiles, _, _>(files::download)
        .archive::<UploadFiles, _, _>(files::upload)
        .add::<ListDirectory, _, _>(|ask, query| async move { ask.control.list_directory(&ask.actor, ask.id(), query).await })
        .add::<MakeDirectory, _, _>(|ask, request| async move { ask.control.make_directory(&ask.actor, ask.id(), request).await.map(done) })
        .add::<MoveFile, _, _>(|ask, request| async move { ask.control.move_file(&ask.actor, ask.id(), request).await.map(done) })
        .add::<RemoveFiles, _, _>(|ask, query| async move { ask.control.remove_files(&ask.actor, ask.id(), query).await })
        .tus::<UploadOptions, _, _>(uploads::options)
        .add::<ListUploads, _, _>(|ask, query| async move { ask.control.list_uploads(&ask.actor, &query).await })
        .tus::<CreateUpload, _, _>(uploads::create)
        .add::<GetUpload, _, _>(|ask, _| async move { ask.control.get_upload(&ask.actor, ask.id()).await })
        .tus::<StatUpload, _, _>(uploads::stat)
        .tus::<SendUpload, _, _>(uploads::send)
        .tus::<DeleteUpload, _, _>(uploads::delete)
        .upgrade::<ExecInContainer, _, _>(exec::run)

        .add::<ListStacks, _, _>(|ask, query| async move { ask.control.list_stacks(&ask.actor, &query).await })
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
        .raw::<GetScreen, _, _>(screens::screen)
        .raw::<GetOutput, _, _>(screens::output)
        .add::<ListViewers, _, _>(|ask, _| async move { ask.control.list_viewers(&ask.actor, ask.id()).await })
        .add::<GetSessionDirectory, _, _>(|ask, _| async move { ask.control.session_directory(&ask.actor, ask.id()).await })
        .add::<ListSessionCommands, _, _>(|ask, query| async move { ask.control.list_session_commands(&ask.actor, ask.id(), query).await })
        .add::<ListCommands, _, _>(|ask, query| async move { ask.control.list_commands(&ask.actor, query).await })
        .upgrade::<AttachSession, _, _>(attach::run)

        .add::<ListShares, _, _>(|ask, _| async move { ask.control.list_shares(&ask.actor, ask.id()).await })
        .add::<CreateShareOf, _, _>(|ask, request| async move { ask.control.create_share(&ask.actor, ask.id(), request).await })
        .add::<DeleteShare, _, _>(|ask, _| async move { ask.control.delete_share(&ask.actor, ask.id()).await.map(done) })
        .open::<OpenShareOf, _, _>(logins::open_share)

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

        .add::<ListScripts, _, _>(|ask, query| async move { ask.automation.list_scripts(&ask.actor, &query).await })
        .add::<GetScript, _, _>(|ask, _| async move { ask.automation.get_script(&ask.actor, ask.id()).await })
        .add::<PutScript, _, _>(|ask, request| async move { ask.automation.put_script(&ask.actor, ask.id(), request).await })
        .add::<DeleteScript, _, _>(|ask, request| async move { ask.automation.delete_script(&ask.actor, ask.id(), request).await.map(done) })
        .add::<CheckScript, _, _>(|ask, request| async move { ask.automation.check_script(&ask.actor, request).await })
        .add::<MakeScriptOfRecording, _, _>(|ask, request| async move { ask.automation.script_of_recording(&ask.actor, request).await })
        .add::<MakeScriptOfHistory, _, _>(|ask, request| async move { ask.automation.script_of_history(&ask.actor, request).await })
        .add::<ListRuns, _, _>(|ask, query| async move { ask.automation.list_runs(&ask.actor, query).await })
        .add::<StartRunOf, _, _>(|ask, request| async move { ask.automation.start_run(&ask.actor, request, RunCause::Asked, ask.idempotency_key.as_deref()).await })
        .add::<GetRun, _, _>(|ask, _| async move { ask.automation.get_run(&ask.actor, ask.id()).await })
        .add::<GetRunLog, _, _>(|ask, query| async move { ask.automation.get_run_log(&ask.actor, ask.id(), query).await })
        .raw::<GetRunReport, _, _>(runs::junit)
        .add::<CancelRun, _, _>(|ask, _| async move { ask.automation.cancel_run(&ask.actor, ask.id()).await })
        .add::<PauseRun, _, _>(|ask, _| async move { ask.automation.pause_run(&ask.actor, ask.id()).await })
        .add::<ResumeRunAt, _, _>(|ask, request| async move { ask.automation.resume_run(&ask.actor, ask.id(), request).await })
        .add::<GetRunText, _, _>(|ask, _| async move { ask.automation.get_run_text(&ask.actor, ask.id()).await })
        .add::<SetRunBreakpoints, _, _>(|ask, request| async move { ask.automation.set_breakpoints(&ask.actor, ask.id(), request).await })
        .add::<RetryRun, _, _>(|ask, _| async move { ask.automation.retry_run(&ask.actor, ask.id()).await })
        .add::<DeleteRun, _, _>(|ask, _| async move { ask.automation.delete_run(&ask.actor, ask.id()).await.map(done) })

        .add::<ListSchedules, _, _>(|ask, query| async move { ask.automation.list_schedules(&ask.actor, &query).await })
        .add::<CreateScheduleOf, _, _>(|ask, request| async move { ask.automation.create_schedule(&ask.actor, request).await })
        .add::<ListNextFires, _, _>(|ask, query| async move { ask.automation.list_next_fires(&ask.actor, &query).await })
        .add::<PreviewScheduleOf, _, _>(|ask, request| async move { ask.automation.preview_schedule(&ask.actor, request).await })
        .add::<GetSchedule, _, _>(|ask, _| async move { ask.automation.get_schedule(&ask.actor, ask.id()).await })
        .add::<PutSchedule, _, _>(|ask, request| async move { ask.automation.put_schedule(&ask.actor, ask.id(), request).await })
        .add::<DeleteSchedule, _, _>(|ask, request| async move { ask.automation.delete_schedule(&ask.actor, ask.id(), request).await.map(done) })
        .add::<PauseSchedule, _, _>(|ask, _| async move { ask.automation.pause_schedule(&ask.actor, ask.id()).await })
        .add::<ResumeSchedule, _, _>(|ask, _| async move { ask.automation.resume_schedule(&ask.actor, ask.id()).await })
        .add::<RunSchedule, _, _>(|ask, _| async move { ask.automation.run_schedule(&ask.actor, ask.id()).await })
        .add::<GetScheduleNext, _, _>(|ask, query| async move { ask.automation.schedule_next(&ask.actor, ask.id(), &query).await })
        .add::<ListScheduleFires, _, _>(|ask, query| async move { ask.automation.list_schedule_fires(&ask.actor, ask.id(), &query).await })

        .add::<ListWebhooks, _, _>(|ask, query| async move { ask.automation.list_webhooks(&ask.actor, &query).await })
        .add::<CreateWebhook, _, _>(|ask, request| async move { ask.automation.create_webhook(&ask.actor, request).await })
        .add::<GetWebhook, _, _>(|ask, _| async move { ask.automation.get_webhook(&ask.actor, ask.id()).await })
        .add::<PutWebhook, _, _>(|ask, request| async move { ask.automation.put_webhook(&ask.actor, ask.id(), request).await })
        .add::<DeleteWebhook, _, _>(|ask, request| async move { ask.automation.delete_webhook(&ask.actor, ask.id(), request).await.map(done) })
        .add::<TestWebhook, _, _>(|ask, _| async move { ask.automation.test_webhook(&ask.actor, ask.id()).await })
        .add::<RotateWebhook, _, _>(|ask, request| async move { ask.automation.rotate_webhook(&ask.actor, ask.id(), request).await })
        .add::<EnableWebhook, _, _>(|ask, _| async move { ask.automation.enable_webhook(&ask.actor, ask.id()).await })
        .add::<ListDeliveries, _, _>(|ask, query| async move { ask.automation.list_deliveries(&ask.actor, ask.id(), query).await })
        .add::<GetDelivery, _, _>(|ask, _| async move { ask.automation.get_delivery(&ask.actor, ask.id()).await })
        .add::<Redeliver, _, _>(|ask, _| async move { ask.automation.redeliver(&ask.actor, ask.id()).await })

        .add::<ListTriggers, _, _>(|ask, query| async move { ask.automation.list_triggers(&ask.actor, &query).await })
        .add::<CreateTrigger, _, _>(|ask, request| async move { ask.automation.create_trigger(&ask.actor, request).await })
        .add::<GetTrigger, _, _>(|ask, _| async move { ask.automation.get_trigger(&ask.actor, ask.id()).await })
        .add::<PutTrigger, _, _>(|ask, request| async move { ask.automation.put_trigger(&ask.actor, ask.id(), request).await })
        .add::<DeleteTrigger, _, _>(|ask, request| async move { ask.automation.delete_trigger(&ask.actor, ask.id(), request).await.map(done) })
        .add::<PauseTrigger, _, _>(|ask, _| async move { ask.automation.pause_trigger(&ask.actor, ask.id(), true).await })
        .add::<ResumeTrigger, _, _>(|ask, _| async move { ask.automation.pause_trigger(&ask.actor, ask.id(), false).await })
        .add::<RotateTrigger, _, _>(|ask, request| async move { ask.automation.rotate_trigger(&ask.actor, ask.id(), request).await })
        .add::<TestTriggerNow, _, _>(|ask, request| async move { ask.automation.test_trigger(&ask.actor, ask.id(), request).await })
        .add::<ListFires, _, _>(|ask, query| async move { ask.automation.list_fires(&ask.actor, ask.id(), query).await })
        .route::<ReceiveHook, _, _>(|door, _, path, headers, body, _| hooks::receive(door, path, headers, body))

        .add::<ListPlugins, _, _>(|ask, query| async move { ask.automation.list_plugins(&ask.actor, &query).await })
        .add::<InstallPluginOf, _, _>(|ask, request| async move { ask.automation.install_plugin(&ask.actor, request).await })
        .add::<CheckPlugin, _, _>(|ask, request| async move { ask.automation.check_plugin(&ask.actor, request).await })
        .add::<GetPluginColumns, _, _>(|ask, query| async move { ask.automation.plugin_columns(&ask.actor, query).await })
        .add::<GetPlugin, _, _>(|ask, _| async move { ask.automation.get_plugin(&ask.actor, ask.id()).await })
        .add::<DeletePlugin, _, _>(|ask, request| async move { ask.automation.delete_plugin(&ask.actor, ask.id(), request).await.map(done) })
        .add::<EnablePluginOf, _, _>(|ask, request| async move { ask.automation.enable_plugin(&ask.actor, ask.id(), request).await })
        .add::<DisablePlugin, _, _>(|ask, _| async move { ask.automation.disable_plugin(&ask.actor, ask.id()).await })
        .add::<GetPluginPanel, _, _>(|ask, query| async move { ask.automation.plugin_panel(&ask.actor, ask.id(), query).await })
        .add::<RunPluginOf, _, _>(|ask, request| async move { ask.automation.run_plugin(&ask.actor, ask.id(), request).await })

        .raw::<WatchEvents, _, _>(events::watch)
        .upgrade::<OpenStream, _, _>(stream::run)

        .add::<ListLayouts, _, _>(|ask, query| async move { ask.control.list_layouts(&ask.actor, &query).await })
        .add::<GetLayout, _, _>(|ask, _| async move { ask.control.get_layout(&ask.actor, ask.id()).await })
        .add::<PutLayout, _, _>(|ask, request| async move { ask.control.put_layout(&ask.actor, ask.id(), request).await })
        .add::<DeleteLayout, _, _>(|ask, request| async move { ask.control.delete_layout(&ask.actor, ask.id(), request).await.map(done) })

        .add::<ListEngineCalls, _, _>(|ask, _| async move { ask.control.list_engine_calls(&ask.actor).await })
        .add::<ListAudit, _, _>(|ask, query| async move { ask.control.list_audit(&ask.actor, &query).await })
        .add::<ListUsers, _, _>(|ask, query| async move { ask.control.list_users(&ask.actor, &query).await })
        .add::<CreateUser, _, _>(|ask, request| async move { ask.control.create_user(&ask.actor, request).await })
        .add::<GetUser, _, _>(|ask, _| async move { ask.control.get_user(&ask.actor, ask.id()).await })
        .add::<PutUser, _, _>(|ask, request| async move { ask.control.put_user(&ask.actor, ask.id(), request).await })
        .add::<DeleteUser, _, _>(|ask, request| async move { ask.control.delete_user(&ask.actor, ask.id(), request).await.map(done) })
        .add::<ListTokens, _, _>(|ask, query| async move { ask.control.list_tokens(&ask.actor, &query).await })
        .add::<CreateTokenFor, _, _>(|ask, request| async move { ask.control.create_token_for(&ask.actor, request).await })
        .add::<DeleteToken, _, _>(|ask, _| async move { ask.control.delete_token(&ask.actor, ask.id()).await.map(done) })
}

impl Routes {
    fn new() -> Self {
        let router = Router::new().route("/openapi.json", get(web::description)).route("/docs", get(web::reference));
        Self { router, routed: Vec::new(), trials: trials::all() }
    }

    pub(super) fn into_router(self) -> Router<Door> {
        self.router
    }
}

fn done((): ()) -> Empty {
    Empty {}
}
