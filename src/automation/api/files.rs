//! Files of containers for scripts: one at a time, in memory.
use super::container::ContainerRef;
use super::ctx::failure;
use super::ctx::wrong;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::PathKind;
use crate::model::PathQuery;
use futures_util::StreamExt as _;
use mlua::Lua;
use mlua::Value;
use std::io::Read as _;

/// Bytes of a file that a script can read or write.
const MOST: usize = 16 << 20;
/// Bytes that a tar may have beside the file.
const AROUND: usize = 1 << 20;

/// What is in a file.
pub(super) async fn read(container: &ContainerRef, path: String) -> mlua::Result<Vec<u8>> {
    let (id, shown) = (container.id.clone(), path.clone());
    let packed: Vec<u8> = container
        .ctx
        .call(move |control, actor| async move {
            let mut stream = control.download_files(&actor, id.as_str(), PathQuery::new(path.as_bytes())).await?;
            let mut packed = Vec::new();
            while let Some(piece) = stream.next().await {
                packed.extend_from_slice(&piece?);
                if packed.len() > MOST + AROUND {
                    return Err(Error::new(Code::TooLarge, format!("'{path}' is larger than {} MiB", MOST >> 20)));
                }
            }
            Ok(packed)
        })
        .await?;
    first_file(&packed).map_err(|detail| failure(Error::new(Code::InvalidValue, format!("'{shown}' can't be read: {detail}"))))
}

/// The content of the only file in a tar.
fn first_file(packed: &[u8]) -> Result<Vec<u8>, String> {
    let mut archive = tar::Archive::new(packed);
    let mut entries = archive.entries().map_err(|error| error.to_string())?;
    let mut entry = entries.next().ok_or("nothing came")?.map_err(|error| error.to_string())?;
    if !entry.header().entry_type().is_file() {
        return Err("it is no file".to_owned());
    }
    let mut content = Vec::new();
    (&mut entry).take(MOST as u64 + 1).read_to_end(&mut content).map_err(|error| error.to_string())?;
    if content.len() > MOST { Err(format!("it is larger than {} MiB", MOST >> 20)) } else { Ok(content) }
}

/// Makes or replaces a file.
pub(super) async fn write(container: &ContainerRef, path: String, content: Vec<u8>, mode: u32) -> mlua::Result<()> {
    let (dir, name) = match path.rsplit_once('/') {
        Some((dir, name)) if path.starts_with('/') && !name.is_empty() && !matches!(name, "." | "..") => (format!("{dir}/"), name.to_owned()),
        _ => return Err(wrong(format!("write: '{path}' is no absolute path of a file"))),
    };
    if content.len() > MOST {
        return Err(failure(Error::new(Code::TooLarge, format!("more than {} MiB can't be written at once", MOST >> 20))));
    }
    let pack = move || -> std::io::Result<Vec<u8>> {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(mode);
        header.set_mtime(jiff::Timestamp::now().as_second().unsigned_abs());
        builder.append_data(&mut header, &name, content.as_slice())?;
        builder.into_inner()
    };
    let packed = pack().map_err(|error| failure(Error::invalid(format!("'{path}' can't be written: {error}"))))?;
    let id = container.id.clone();
    container
        .ctx
        .call(move |control, actor| async move {
            let body = futures_util::stream::iter([Ok(bytes::Bytes::from(packed))]).boxed();
            control.upload_files(&actor, id.as_str(), PathQuery::new(dir.as_bytes()), body).await.map(drop)
        })
        .await
}

/// Names, kinds and sizes of what is in a directory.
pub(super) async fn list(lua: &Lua, container: &ContainerRef, path: String) -> mlua::Result<Value> {
    let id = container.id.clone();
    let found =
        container.ctx.call(move |control, actor| async move { control.list_directory(&actor, id.as_str(), PathQuery::new(path.as_bytes())).await }).await?;
    let mut items = found.items;
    items.sort_by(|a, b| a.name.cmp(&b.name));
    let all = lua.create_table()?;
    for item in items {
        let entry = lua.create_table()?;
        entry.set("name", item.name)?;
        let kind = match item.kind {
            PathKind::File => "file",
            PathKind::Directory => "directory",
            PathKind::Link => "link",
            _ => "other",
        };
        entry.set("kind", kind)?;
        entry.set("size", item.size_bytes)?;
        all.push(entry)?;
    }
    Ok(Value::Table(all))
}
