//! What a script can call.
mod check;
mod container;
mod ctx;
mod expect;
mod files;
mod flow;
mod matchers;
mod options;
mod recorded;
mod screen;
mod session;
mod text;

pub(super) use container::clean_up;
pub(super) use ctx::Ctx;
pub(super) use ctx::Failure;
pub(super) use expect::plain;
pub(super) use matchers::Matchers;
pub(super) use matchers::functions_of;
pub(super) use matchers::matchers_of;
pub(super) use text::from_json;

use mlua::Lua;
use mlua::LuaSerdeExt as _;
use std::rc::Rc;

/// Gives a machine everything that a script has.
///
/// # Errors
/// When the machine has no memory for it.
pub(super) fn install(lua: &Lua, ctx: &Rc<Ctx>) -> mlua::Result<()> {
    container::install(lua, ctx)?;
    session::install(lua, ctx)?;
    expect::install(lua)?;
    flow::install(lua, ctx)?;
    check::install(lua, ctx)?;
    text::install(lua)?;
    matchers::install(lua, ctx)?;
    let params = lua.create_table()?;
    for (name, value) in &ctx.ready.params {
        params.set(name.as_str(), lua.to_value(value)?)?;
    }
    params.set_readonly(true);
    lua.globals().set("params", params)?;
    let resumed = match &ctx.resumed {
        Some(value) => text::from_json(lua, value)?,
        None => mlua::Value::Nil,
    };
    lua.globals().set("resumed", resumed)?;
    lua.globals().set("owner", ctx.actor.name.as_str())?;
    lua.globals().set("run_id", ctx.live.id.as_str())?;
    lua.globals().set("dry", ctx.against.is_some())?;
    Ok(())
}
