//! What a script does beside terminals: say something, wait, report, do several things at once.
use super::ctx::Ctx;
use super::ctx::failure;
use super::ctx::words;
use super::ctx::wrong;
use super::options::Options;
use super::options::plain;
use super::options::seconds;
use crate::automation::sandbox;
use crate::error::Error;
use crate::model::Code;
use crate::model::RunNote;
use futures_util::StreamExt as _;
use mlua::Function;
use mlua::Lua;
use mlua::MultiValue;
use mlua::Table;
use mlua::Value;
use std::rc::Rc;
use std::time::Duration;
use std::time::Instant;

/// Bytes of results that a run may report.
const MOST_RESULTS: usize = 1 << 20;
/// Things done at the same time.
const AT_ONCE: usize = 64;

pub(super) fn install(lua: &Lua, ctx: &Rc<Ctx>) -> mlua::Result<()> {
    let globals = lua.globals();
    // The header was read before: now it means nothing.
    globals.set("script", lua.create_function(|_, _: Value| Ok(()))?)?;
    let of = ctx.clone();
    globals.set(
        "log",
        lua.create_function(move |lua, values: MultiValue| {
            let said: Vec<String> = values.iter().map(said).collect();
            of.live.note(of.line(lua), RunNote::Log { text: said.join(" ") });
            Ok(())
        })?,
    )?;
    globals.set("print", globals.get::<Value>("log")?)?;
    globals.set(
        "sleep",
        lua.create_async_function(|_, value: Value| async move {
            tokio::time::sleep(seconds(&value)?).await;
            Ok(())
        })?,
    )?;
    globals.set("now", lua.create_function(|_, ()| Ok(jiff::Timestamp::now().as_microsecond() as f64 / 1e6))?)?;
    let of = ctx.clone();
    globals.set(
        "progress",
        lua.create_function(move |_, (done, total, phase): (u64, u64, Option<String>)| {
            let phase = phase.map(|phase| of.live.masked(&phase));
            of.live.update(|run| {
                run.progress = Some((done, total));
                if let Some(phase) = phase {
                    run.phase = phase;
                }
            });
            Ok(())
        })?,
    )?;
    let of = ctx.clone();
    globals.set(
        "report",
        lua.create_function(move |_, table: Table| {
            let value = sandbox::to_json(&Value::Table(table))?;
            let serde_json::Value::Object(fields) = of.live.masked_value(value) else {
                return Err(wrong("report: expected names with values, as { rows = 3 }"));
            };
            let mut large = false;
            of.live.update(|run| {
                let before = run.results.clone();
                run.results.extend(fields);
                if serde_json::Value::Object(run.results.clone()).to_string().len() > MOST_RESULTS {
                    run.results = before;
                    large = true;
                }
            });
            if large { Err(failure(Error::new(Code::TooLarge, "a run reports at most 1 MiB of results"))) } else { Ok(()) }
        })?,
    )?;
    let of = ctx.clone();
    globals.set(
        "secret",
        lua.create_async_function(move |lua, name: String| {
            let ctx = of.clone();
            async move {
                ctx.begin(&lua, || format!("secret {name}"), None).await;
                if !ctx.ready.header.grants.iter().any(|grant| grant.strip_prefix("secrets:") == Some(name.as_str())) {
                    let error = Error::new(Code::Forbidden, format!("this script may not have the secret '{name}'"));
                    return Err(failure(error.fix(format!("write grants = {{ \"secrets:{name}\" }} in its header"))));
                }
                let automation = ctx.automation.clone();
                let value = ctx.call(|_, actor| async move { automation.secret(&actor, &name).await }).await?;
                ctx.hide(&value);
                Ok(value)
            }
        })?,
    )?;
    let of = ctx.clone();
    globals.set(
        "checkpoint",
        lua.create_async_function(move |_, value: Value| {
            let ctx = of.clone();
            async move {
                let value = sandbox::to_json(&value)?;
                if value.to_string().len() > MOST_RESULTS {
                    return Err(failure(Error::new(Code::TooLarge, "a checkpoint has at most 1 MiB")));
                }
                let id = ctx.live.id.clone();
                let kept = ctx.call(|control, _| async move { control.parts().store.save_checkpoint(id.as_str(), control.boot_id(), &value).await }).await?;
                if kept { Ok(()) } else { Err(failure(Error::new(Code::WrongState, "this run was taken over by another server"))) }
            }
        })?,
    )?;
    let of = ctx.clone();
    globals.set(
        "step",
        lua.create_async_function(move |lua, (name, work): (String, Function)| {
            let ctx = of.clone();
            async move { step(&lua, &ctx, name, work).await }
        })?,
    )?;
    let of = ctx.clone();
    globals.set(
        "try",
        lua.create_async_function(move |lua, (work, arguments): (Function, mlua::Variadic<Value>)| {
            let ctx = of.clone();
            async move {
                match work.call_async::<MultiValue>(arguments).await {
                    Ok(mut values) => {
                        values.push_front(Value::Boolean(true));
                        Ok(values)
                    }
                    Err(error) if ctx.live.cancel.is_cancelled() => Err(error),
                    Err(error) => Ok(MultiValue::from_vec(vec![Value::Boolean(false), Value::String(lua.create_string(words(&ctx, &error))?)])),
                }
            }
        })?,
    )?;
    let of = ctx.clone();
    globals.set(
        "retry",
        lua.create_async_function(move |_, (options, work): (Value, Function)| {
            let ctx = of.clone();
            async move { retry(&ctx, options, work).await }
        })?,
    )?;
    globals.set(
        "parallel",
        lua.create_async_function(|lua, (items, second, third): (Table, Value, Value)| async move { parallel(&lua, items, second, third).await })?,
    )
}

/// What somebody said.
fn said(value: &Value) -> String {
    match value {
        Value::Nil => "nil".to_owned(),
        Value::UserData(_) | Value::Function(_) | Value::Error(_) => value.to_string().unwrap_or_else(|_| value.type_name().to_owned()),
        Value::Table(_) => sandbox::to_json(value).map_or_else(|_| "a table".to_owned(), |value| value.to_string()),
        other => plain(other).unwrap_or_else(|| other.type_name().to_owned()),
    }
}

async fn step(lua: &Lua, ctx: &Rc<Ctx>, name: String, work: Function) -> mlua::Result<MultiValue> {
    let line = ctx.line(lua);
    ctx.steps.borrow_mut().push(name.clone());
    let whole = ctx.steps.borrow().join(" › ");
    ctx.live.note(line, RunNote::StepBegan { name: whole.clone() });
    let phase = ctx.live.masked(&whole);
    ctx.live.update(|run| run.phase = phase);
    let begun = Instant::now();
    let result = work.call_async::<MultiValue>(()).await;
    ctx.steps.borrow_mut().retain(|step| *step != name);
    let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let error = result.as_ref().err().map(|error| words(ctx, error));
    let failed = u32::from(error.is_some());
    ctx.live.note(line, RunNote::StepEnded { name: whole, ms, error, screen: ctx.last_screen() });
    ctx.live.update(|run| run.steps = (run.steps.0 + 1, run.steps.1 + failed));
    result
}

/// Tries again with growing pauses.
async fn retry(ctx: &Ctx, options: Value, work: Function) -> mlua::Result<MultiValue> {
    let options = Options::of("retry", options, &["tries", "delay", "factor", "most"])?;
    let tries = options.count("tries", 1_000)?.unwrap_or(3).max(1);
    let mut pause = options.seconds("delay")?.unwrap_or(Duration::from_secs(1));
    let (factor, most) = (options.number("factor")?.unwrap_or(2.0).clamp(1.0, 100.0), options.seconds("most")?.unwrap_or(Duration::from_secs(60)));
    let mut count = 1;
    loop {
        match work.call_async::<MultiValue>(count).await {
            Ok(values) => return Ok(values),
            Err(error) if count >= tries || ctx.live.cancel.is_cancelled() => return Err(error),
            Err(error) => {
                let text = format!("try {count} of {tries} failed: {}; again in {}", words(ctx, &error), sandbox::seconds(pause));
                ctx.live.note(None, RunNote::Log { text });
            }
        }
        tokio::time::sleep(pause).await;
        pause = pause.mul_f64(factor).min(most);
        count += 1;
    }
}

/// `parallel({function, …})` and `parallel(items, function(item, index) … end, { limit = 4 })`: first results, in their order. The first error ends the others.
async fn parallel(lua: &Lua, items: Table, second: Value, third: Value) -> mlua::Result<Table> {
    let (work, options) = match second {
        Value::Function(work) => (Some(work), third),
        other => (None, other),
    };
    let options = Options::of("parallel", options, &["limit"])?;
    let limit = options.count("limit", AT_ONCE as u64)?.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(AT_ONCE).max(1);
    let mut jobs = Vec::new();
    for (index, item) in items.sequence_values::<Value>().enumerate() {
        let item = item?;
        let job = match (&work, item) {
            (Some(work), item) => lua.create_thread(work.clone())?.into_async::<MultiValue>((item, index + 1))?,
            (None, Value::Function(job)) => lua.create_thread(job)?.into_async::<MultiValue>(())?,
            (None, other) => return Err(wrong(format!("parallel: expected functions, found a {}", other.type_name()))),
        };
        jobs.push(async move { (index, job.await) });
    }
    let results = lua.create_table()?;
    let mut running = futures_util::stream::iter(jobs).buffer_unordered(limit);
    while let Some((index, result)) = running.next().await {
        results.raw_set(index + 1, result?.into_iter().next().unwrap_or(Value::Nil))?;
    }
    Ok(results)
}
