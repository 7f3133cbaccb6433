//! Containers for scripts: launch, exec, logs, stop.
use super::ctx::Ctx;
use super::ctx::failure;
use super::ctx::wrong;
use super::files;
use super::options::Options;
use super::options::list;
use super::options::plain;
use super::recorded::Recorded;
use super::session;
use super::text;
use crate::automation::sandbox;
use crate::control::Control;
use crate::control::ExecOutput;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Container;
use crate::model::ContainerId;
use crate::model::CreateContainer;
use crate::model::ExecStart;
use crate::model::InlineTemplate;
use crate::model::ListQuery;
use crate::model::LogQuery;
use crate::model::OpenSession;
use crate::model::OperationState;
use crate::model::RemoveContainer;
use crate::model::Size;
use crate::model::StopContainer;
use mlua::Lua;
use mlua::Table;
use mlua::UserData;
use mlua::UserDataFields;
use mlua::UserDataMethods;
use mlua::Value;
use std::rc::Rc;
use std::time::Duration;

/// Bytes of output of one command that a script gets; what comes after is left out.
const MOST_OUTPUT: usize = 16 << 20;
/// How long a command may take where the script does not say.
const EXEC: Duration = Duration::from_secs(120);
/// How long a launch may take where the script does not say: images may have to be built.
const LAUNCH: Duration = Duration::from_secs(600);

/// A container.
#[derive(Clone)]
pub(super) struct ContainerRef {
    pub ctx: Rc<Ctx>,
    pub id: ContainerId,
    pub name: String,
}

pub(super) fn install(lua: &Lua, ctx: &Rc<Ctx>) -> mlua::Result<()> {
    let globals = lua.globals();
    // The methods are made with the first of its kind, and need what is taken away before the script runs.
    lua.create_userdata(pretended(ctx, ""))?;
    let of = ctx.clone();
    globals.set(
        "launch",
        lua.create_async_function(move |lua, (template, options): (Value, Value)| {
            let ctx = of.clone();
            async move { launch(&lua, &ctx, template, options).await }
        })?,
    )?;
    let of = ctx.clone();
    globals.set(
        "container",
        lua.create_async_function(move |lua, name: String| {
            let ctx = of.clone();
            async move {
                ctx.begin(&lua, || format!("container {name}"), None).await;
                if ctx.against.is_some() {
                    return Ok(pretended(&ctx, &name));
                }
                let found = ctx.call(|control, actor| async move { control.get_container(&actor, &name).await }).await?;
                ctx.may_use(&found.id, &found.name)?;
                Ok(ContainerRef { ctx, id: found.id, name: found.name })
            }
        })?,
    )?;
    let of = ctx.clone();
    globals.set(
        "containers",
        lua.create_async_function(move |lua, text: Option<String>| {
            let ctx = of.clone();
            async move {
                ctx.begin(&lua, || "containers".to_owned(), None).await;
                if !ctx.ready.header.grants.iter().any(|grant| grant == "containers") {
                    let error = Error::new(Code::Forbidden, "this script may not see containers that it did not launch");
                    return Err(failure(error.fix("write grants = { \"containers\" } in its header")));
                }
                let query = ListQuery { q: text, limit: Some(500), ..ListQuery::default() };
                let page = ctx.call(|control, actor| async move { control.list_containers(&actor, &query).await }).await?;
                Ok(page.items.into_iter().map(|one| ContainerRef { ctx: ctx.clone(), id: one.id, name: one.name }).collect::<Vec<_>>())
            }
        })?,
    )
}

/// What stands for a container in a dry run.
fn pretended(ctx: &Rc<Ctx>, name: &str) -> ContainerRef {
    ContainerRef { ctx: ctx.clone(), id: ContainerId("dry".to_owned()), name: name.to_owned() }
}

async fn launch(lua: &Lua, ctx: &Rc<Ctx>, template: Value, options: Value) -> mlua::Result<ContainerRef> {
    ctx.may_launch()?;
    let options = Options::of("launch", options, &["name", "params", "timeout", "cols", "rows"])?;
    let mut request = CreateContainer { name: options.text("name")?, set: options.texts("params")?, ..CreateContainer::default() };
    request.size = size(&options)?;
    let what = match &template {
        Value::String(name) => {
            let name = name.to_string_lossy();
            if !ctx.ready.header.templates.contains(&name) {
                return Err(wrong(format!("template '{name}' is not named in the script's header: add it to templates = {{ … }}")));
            }
            request.template = Some(name.clone());
            name
        }
        Value::Table(_) => {
            let mut spec = sandbox::to_json(&template)?;
            if let Some(fields) = spec.as_object_mut() {
                fields.entry("name").or_insert_with(|| "script".into());
            }
            request.inline = Some(InlineTemplate { source: format!("{}: launch", ctx.name), text: spec.to_string() });
            "a template of its own".to_owned()
        }
        other => return Err(wrong(format!("launch: expected a template's name or a table, found a {}", other.type_name()))),
    };
    ctx.begin(lua, || format!("launch {what}"), None).await;
    if ctx.against.is_some() {
        return Ok(pretended(ctx, request.name.as_deref().unwrap_or(&what)));
    }
    let operation = ctx.call(|control, actor| async move { control.create_container_from(&actor, request, None).await }).await?;
    ctx.launches.borrow_mut().push(operation.id.clone());
    let (id, within) = (operation.id.clone(), options.seconds("timeout")?.unwrap_or(LAUNCH));
    let operation = ctx.call(move |control, actor| async move { wait(&control, &actor, id.as_str(), within).await }).await?;
    match (operation.state, operation.result) {
        (OperationState::Succeeded, Some(container)) => {
            ctx.launched.borrow_mut().push(container.id.clone());
            ctx.launches.borrow_mut().retain(|launch| *launch != operation.id);
            let (id, all) = (container.id.clone(), ctx.live.clone());
            all.update(|run| run.containers.push(id));
            Ok(ContainerRef { ctx: ctx.clone(), id: container.id, name: container.name })
        }
        (OperationState::Running, _) => Err(failure(Error::new(Code::TimedOut, format!("the launch of {what} took longer than {}", sandbox::seconds(within))))),
        _ => {
            let problem = operation.problem;
            let detail = problem.as_ref().map_or_else(|| "it ended".to_owned(), |problem| problem.detail.clone());
            let mut error = Error::new(problem.as_ref().map_or(Code::Internal, |problem| problem.code), format!("{what} can't be launched: {detail}"));
            error.fix = problem.and_then(|problem| problem.fix);
            Err(failure(error))
        }
    }
}

async fn wait(control: &Control, actor: &crate::access::Actor, id: &str, within: Duration) -> Result<crate::model::Operation> {
    control.wait_operation(actor, id, within).await
}

/// The size that options give a screen.
pub(super) fn size(options: &Options) -> mlua::Result<Option<Size>> {
    let (cols, rows) = (options.count("cols", 1_000)?, options.count("rows", 1_000)?);
    let part = |given: Option<u64>, usual: u16| given.and_then(|given| u16::try_from(given).ok()).unwrap_or(usual);
    Ok((cols.is_some() || rows.is_some()).then(|| Size { cols: part(cols, 80), rows: part(rows, 24) }.clamped()))
}

impl ContainerRef {
    async fn now(&self) -> mlua::Result<Container> {
        let id = self.id.clone();
        self.ctx.call(|control, actor| async move { control.get_container(&actor, id.as_str()).await }).await
    }

    async fn exec(&self, lua: &Lua, command: Value, options: Value, shell: bool) -> mlua::Result<Table> {
        let options = Options::of("exec", options, &["stdin", "env", "user", "cwd", "timeout", "check"])?;
        let command = match (shell, list(&command)) {
            (true, Some(words)) => vec!["sh".to_owned(), "-c".to_owned(), words.join(" ")],
            (false, Some(words)) if matches!(command, Value::Table(_)) && !words.is_empty() => words,
            _ => return Err(wrong("exec: expected a list of words, as {\"ls\", \"-l\"}; sh takes a line")),
        };
        let shown = if shell { command[2].clone() } else { command.join(" ") };
        self.ctx.begin(lua, || format!("exec in {}: {shown}", self.name), None).await;
        let result = lua.create_table()?;
        if self.ctx.against.is_some() {
            result.set("code", 0)?;
            result.set("stdout", "")?;
            result.set("stderr", "")?;
            return Ok(result);
        }
        let stdin = options.bytes("stdin")?;
        let start = ExecStart {
            token: None,
            command,
            environment: options.texts("env")?,
            user: options.text("user")?,
            working_dir: options.text("cwd")?,
            stdin: stdin.is_some(),
        };
        let (id, within) = (self.id.clone(), options.seconds("timeout")?.unwrap_or(EXEC));
        let ended = self.ctx.call(move |control, actor| async move { run(&control, &actor, id.as_str(), start, stdin, within).await }).await?;
        if options.flag("check")?.unwrap_or(false) && ended.code != 0 {
            let tail = String::from_utf8_lossy(&ended.stderr).trim_end().lines().last().unwrap_or_default().to_owned();
            return Err(failure(Error::new(Code::WrongState, format!("'{shown}' in '{}' ended with code {}: {tail}", self.name, ended.code))));
        }
        result.set("code", ended.code)?;
        result.set("stdout", lua.create_string(&ended.stdout)?)?;
        result.set("stderr", lua.create_string(&ended.stderr)?)?;
        Ok(result)
    }

    async fn open(&self, lua: &Lua, options: Value) -> mlua::Result<session::SessionRef> {
        let known = ["command", "cols", "rows", "env", "user", "cwd", "timeout", "delay", "window"];
        // A list alone is the command.
        let (options, words) = match options {
            Value::String(line) => (Value::Nil, vec!["sh".to_owned(), "-c".to_owned(), line.to_string_lossy()]),
            Value::Table(table) if table.raw_len() > 0 => (Value::Table(table.clone()), list(&Value::Table(table)).unwrap_or_default()),
            other => (other, Vec::new()),
        };
        let options = Options::of("open", options, &known)?;
        let named = options.list("command")?;
        let command = if named.is_empty() { words } else { named };
        self.ctx.begin(lua, || format!("open {} in {}", if command.is_empty() { "a shell".to_owned() } else { command.join(" ") }, self.name), None).await;
        let size = size(&options)?.unwrap_or_default();
        let request = OpenSession {
            container: self.id.to_string(),
            main: false,
            command,
            size: Some(size),
            environment: options.texts("env")?,
            user: options.text("user")?,
            working_dir: options.text("cwd")?,
            unread: crate::model::Unread::default(),
        };
        let session = self.opened(request, true).await?;
        session.configure(&options)?;
        Ok(session)
    }

    /// Opens a session, or what stands for it in a dry run.
    async fn opened(&self, request: OpenSession, ours: bool) -> mlua::Result<session::SessionRef> {
        let size = request.size.unwrap_or_default();
        if let Some(recording) = self.ctx.against.clone() {
            return session::SessionRef::recorded(&self.ctx, Recorded::load(&self.ctx, &recording).await?);
        }
        let facts = self.ctx.call(|control, actor| async move { control.create_session(&actor, request, None).await }).await?;
        if ours {
            self.ctx.opened.borrow_mut().push(facts.id.clone());
        }
        session::SessionRef::attach(&self.ctx, facts, size, ours).await
    }
}

/// What a command ended with.
struct Ended {
    code: i64,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

async fn run(control: &Control, actor: &crate::access::Actor, id: &str, start: ExecStart, stdin: Option<Vec<u8>>, within: Duration) -> Result<Ended> {
    let program = start.command.first().cloned().unwrap_or_default();
    let exec = control.exec_in_container(actor, id, start).await?;
    let (mut output, ender) = (exec.output, exec.control);
    let feed = exec.stdin;
    let feeding = async move {
        for chunk in stdin.unwrap_or_default().chunks(crate::model::MAX_CHUNK) {
            if feed.send(bytes::Bytes::copy_from_slice(chunk)).await.is_err() {
                break;
            }
        }
        drop(feed);
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let reading = async {
        while let Some(piece) = output.recv().await {
            let (into, bytes) = match &piece {
                ExecOutput::Stdout(bytes) => (&mut out, bytes),
                ExecOutput::Stderr(bytes) => (&mut err, bytes),
            };
            let room = MOST_OUTPUT.saturating_sub(into.len()).min(bytes.len());
            into.extend_from_slice(&bytes[..room]);
        }
    };
    let whole = async {
        tokio::join!(feeding, reading);
        ender.exit().await
    };
    match tokio::time::timeout(within, whole).await {
        Ok(code) => Ok(Ended { code: code?, stdout: out, stderr: err }),
        Err(_) => {
            let _ = tokio::time::timeout(Duration::from_secs(5), ender.kill()).await;
            Err(Error::new(Code::TimedOut, format!("'{program}' took longer than {} and was killed", sandbox::seconds(within))))
        }
    }
}

impl UserData for ContainerRef {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_meta_field(mlua::MetaMethod::Type, "container");
        fields.add_field_method_get("name", |_, this| Ok(this.name.clone()));
        fields.add_field_method_get("id", |_, this| Ok(this.id.to_string()));
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_async_method("exec", |lua, this, (command, options)| async move { this.exec(&lua, command, options, false).await });
        methods.add_async_method("sh", |lua, this, (command, options)| async move { this.exec(&lua, command, options, true).await });
        methods.add_async_method("open", |lua, this, options| async move { this.open(&lua, options).await });
        methods.add_async_method("main", |lua, this, options: Value| async move {
            let options = Options::of("main", options, &["cols", "rows", "timeout", "delay", "window"])?;
            this.ctx.begin(&lua, || format!("open the main program of {}", this.name), None).await;
            let size = size(&options)?;
            let request = OpenSession { container: this.id.to_string(), main: true, size, ..OpenSession::default() };
            let session = this.opened(request, false).await?;
            session.configure(&options)?;
            Ok(session)
        });
        methods.add_async_method("state", |lua, this, ()| async move {
            this.ctx.begin(&lua, || format!("state of {}", this.name), None).await;
            if this.ctx.against.is_some() {
                return Ok("running".to_owned());
            }
            let state = this.now().await?.state;
            Ok(serde_json::to_value(state).ok().and_then(|state| state.as_str().map(str::to_owned)).unwrap_or_default())
        });
        methods.add_async_method("info", |lua, this, ()| async move {
            this.ctx.begin(&lua, || format!("info of {}", this.name), None).await;
            let facts = serde_json::to_value(this.now().await?).unwrap_or_default();
            text::from_json(&lua, &facts)
        });
        methods.add_async_method("logs", |lua, this, options: Value| async move {
            let options = Options::of("logs", options, &["tail"])?;
            this.ctx.begin(&lua, || format!("logs of {}", this.name), None).await;
            let query = LogQuery { tail: options.count("tail", 100_000)?.and_then(|tail| u32::try_from(tail).ok()), ..LogQuery::default() };
            let id = this.id.clone();
            let read = move |control: Control, actor| async move {
                let mut lines = control.read_container_logs(&actor, id.as_str(), query).await?;
                let mut all = Vec::new();
                while let Some(piece) = lines.recv().await {
                    let (_, bytes) = piece?;
                    let room = MOST_OUTPUT.saturating_sub(all.len()).min(bytes.len());
                    all.extend_from_slice(&bytes[..room]);
                }
                Ok(all)
            };
            let all = this.ctx.call(read).await?;
            lua.create_string(&all)
        });
        methods.add_async_method("stop", |lua, this, grace: Option<u32>| async move {
            this.ctx.begin(&lua, || format!("stop {}", this.name), None).await;
            let id = this.id.clone();
            let request = StopContainer { grace_seconds: grace };
            done(&this, |control, actor| async move { control.stop_container_now(&actor, id.as_str(), request).await.map(drop) }).await
        });
        methods.add_async_method("start", |lua, this, ()| async move {
            this.ctx.begin(&lua, || format!("start {}", this.name), None).await;
            let id = this.id.clone();
            done(&this, |control, actor| async move { control.start_container(&actor, id.as_str()).await.map(drop) }).await
        });
        methods.add_async_method("restart", |lua, this, ()| async move {
            this.ctx.begin(&lua, || format!("restart {}", this.name), None).await;
            let id = this.id.clone();
            done(&this, |control, actor| async move { control.restart_container(&actor, id.as_str(), StopContainer::default()).await.map(drop) }).await
        });
        methods.add_async_method("remove", |lua, this, ()| async move {
            this.ctx.begin(&lua, || format!("remove {}", this.name), None).await;
            let id = this.id.clone();
            done(&this, |control, actor| async move { control.delete_container(&actor, id.as_str(), RemoveContainer { force: true }).await }).await?;
            this.ctx.launched.borrow_mut().retain(|launched| *launched != this.id);
            Ok(())
        });
        methods.add_async_method("read", |lua, this, path: String| async move {
            this.ctx.begin(&lua, || format!("read {path} of {}", this.name), None).await;
            let bytes = if this.ctx.against.is_some() { Vec::new() } else { files::read(&this, path).await? };
            lua.create_string(&bytes)
        });
        methods.add_async_method("write", |lua, this, (path, content, options): (String, mlua::LuaString, Value)| async move {
            let options = Options::of("write", options, &["mode"])?;
            this.ctx.begin(&lua, || format!("write {path} in {}", this.name), None).await;
            let mode = match options.value("mode")? {
                Value::Nil => 0o644,
                value => plain(&value)
                    .and_then(|text| u32::from_str_radix(&text, 8).ok())
                    .filter(|mode| *mode <= 0o7777)
                    .ok_or_else(|| wrong("write: 'mode' is an octal number as a string, such as \"755\""))?,
            };
            if this.ctx.against.is_some() {
                return Ok(());
            }
            let content = content.as_bytes().to_vec();
            files::write(&this, path, content, mode).await
        });
        methods.add_async_method("list", |lua, this, path: String| async move {
            this.ctx.begin(&lua, || format!("list {path} of {}", this.name), None).await;
            if this.ctx.against.is_some() {
                return lua.create_table().map(Value::Table);
            }
            files::list(&lua, &this, path).await
        });
        methods.add_meta_method(mlua::MetaMethod::ToString, |_, this, ()| Ok(format!("container {}", this.name)));
    }
}

/// A change that a dry run only notes.
async fn done<F>(container: &ContainerRef, work: impl FnOnce(Control, crate::access::Actor) -> F) -> mlua::Result<()>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    if container.ctx.against.is_some() {
        return Ok(());
    }
    container.ctx.call(work).await
}

/// Removes what a run has launched and opened, unless its script wants to keep it.
pub(in crate::automation) async fn clean_up(ctx: &Ctx) {
    let keep = ctx.ready.header.keep;
    if ctx.live.is_stopping() && ctx.ready.header.resumable {
        // The next server goes on with it.
        return;
    }
    let before: Vec<ContainerId> = if ctx.live.run().attempt > 1 { ctx.live.run().containers } else { Vec::new() };
    let (launches, launched, opened) = (ctx.launches.take(), ctx.launched.take(), ctx.opened.take());
    let cleaning = ctx.call(move |control, actor| async move {
        for id in opened {
            // One that has ended stays, to be looked at.
            if control.sessions().find(id.as_str()).is_some_and(|session| session.is_live()) && !keep {
                let _ = control.close_session(&actor, id.as_str()).await;
            }
        }
        let mut gone = before;
        gone.extend(launched);
        for id in launches {
            let _ = control.cancel_operation(&actor, id.as_str()).await;
            let ended = control.wait_operation(&actor, id.as_str(), Duration::from_secs(30)).await;
            gone.extend(ended.ok().and_then(|operation| operation.result).map(|container| container.id));
        }
        for id in gone.into_iter().filter(|_| !keep) {
            match control.delete_container(&actor, id.as_str(), RemoveContainer { force: true }).await {
                Err(error) if error.code != Code::NotFound => tracing::warn!(%error, container = %id, "a run's container can't be removed"),
                _ => {}
            }
        }
        Ok(())
    });
    let _ = cleaning.await;
}
