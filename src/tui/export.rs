//! What a list shows, to be saved to a file.
use super::msg::Ask;
use super::msg::Effect;
use super::msg::PromptFor;
use super::msg::PromptSpec;
use super::msg::Saved;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use std::io::ErrorKind;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use unicode_width::UnicodeWidthStr as _;

/// Rows with columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Export {
    /// What the columns are called.
    pub heads: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

/// Rows to be written into a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaveRows {
    /// Where; the name says the form.
    pub path: PathBuf,
    /// Also where there is a file already.
    pub replace: bool,
    /// The rows.
    pub export: Export,
}

impl Export {
    /// Asks for the file.
    #[must_use]
    pub fn ask(self, name: &str) -> Effect {
        let purpose = PromptFor::SaveRows(Box::new(self));
        let spec = PromptSpec { title: "save as text, .csv or .json".to_owned(), text: format!("{name}.txt"), purpose };
        Effect::Ask(Ask::Prompt(Box::new(spec)))
    }

    /// As its file's name asks: CSV, JSON, or lines with aligned columns.
    #[must_use]
    pub fn text(&self, path: &Path) -> String {
        match path.extension().and_then(|kind| kind.to_str()) {
            Some("csv") => std::iter::once(&self.heads).chain(&self.rows).map(|row| csv(row)).collect(),
            Some("json") => {
                let object = |row: &Vec<String>| -> serde_json::Map<String, serde_json::Value> {
                    self.heads.iter().zip(row).map(|(head, cell)| (head.clone(), serde_json::Value::from(cell.as_str()))).collect()
                };
                serde_json::to_string_pretty(&self.rows.iter().map(object).collect::<Vec<_>>()).unwrap_or_default() + "\n"
            }
            _ => {
                let heads: Vec<String> = self.heads.iter().map(|head| head.to_uppercase()).collect();
                let widths: Vec<usize> = (0..heads.len())
                    .map(|place| std::iter::once(&heads).chain(&self.rows).filter_map(|row| row.get(place)).map(|cell| cell.width()).max().unwrap_or(0))
                    .collect();
                let line = |row: &Vec<String>| {
                    let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{}{}", one_line(cell), " ".repeat(width.saturating_sub(cell.width()))));
                    format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
                };
                std::iter::once(&heads).chain(&self.rows).map(line).collect()
            }
        }
    }
}

fn one_line(cell: &str) -> String {
    cell.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A line of CSV, as RFC 4180 has it.
fn csv(row: &[String]) -> String {
    let cell = |cell: &String| match cell.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.clone(),
    };
    row.iter().map(cell).collect::<Vec<_>>().join(",") + "\r\n"
}

/// Writes rows into a file.
///
/// # Errors
/// As [`write`].
pub(super) async fn save(wish: &SaveRows) -> Result<Saved> {
    let text = wish.export.text(&wish.path);
    write(&wish.path, wish.replace, wish.export.rows.len(), move |mut file| file.write_all(text.as_bytes())).await
}

/// Writes a file, beside it first so that what was there is lost only when all is written.
///
/// # Errors
/// `invalid_value` when the file can't be written, `disk_full`.
pub(super) async fn write(
    path: &Path,
    replace: bool,
    lines: usize,
    fill: impl FnOnce(&std::fs::File) -> std::io::Result<()> + Send + 'static,
) -> Result<Saved> {
    let path = home(path);
    let shown = path.display().to_string();
    let task = tokio::task::spawn_blocking(move || {
        if !replace && path.symlink_metadata().is_ok() {
            return Ok(false);
        }
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".part-{}", std::process::id()));
        let part = path.with_file_name(name);
        let file = std::fs::OpenOptions::new().write(true).create_new(true).open(&part)?;
        let written = fill(&file).and_then(|()| file.sync_all()).and_then(|()| std::fs::rename(&part, &path));
        if written.is_err() {
            // What was written is of no use; the error is told.
            let _ = std::fs::remove_file(&part);
        }
        written.map(|()| true)
    });
    match task.await.map_err(|error| Error::internal(format!("writing '{shown}' failed: {error}")))? {
        Ok(true) => Ok(Saved::Written { path: shown, lines }),
        Ok(false) => Ok(Saved::Exists { path: shown }),
        Err(error) if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
            Err(Error::new(Code::DiskFull, format!("there is no space for '{shown}'")).fix("free some, or save elsewhere"))
        }
        Err(error) => Err(Error::invalid(format!("'{shown}' can't be written: {error}")).fix("choose a file in a directory that exists and is yours")),
    }
}

/// A path with `~/` in front of it, as a shell understands it.
fn home(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), std::env::var_os("HOME")) {
        (Ok(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_file_says_the_form() {
        let export = Export {
            heads: vec!["name".to_owned(), "image".to_owned()],
            rows: vec![vec!["データ".to_owned(), "a,\"b\"".to_owned()], vec!["db".to_owned(), String::new()]],
        };
        assert_eq!(export.text(Path::new("x.csv")), "name,image\r\nデータ,\"a,\"\"b\"\"\"\r\ndb,\r\n");
        assert_eq!(export.text(Path::new("x")), "NAME    IMAGE\nデータ  a,\"b\"\ndb\n");
        let json: serde_json::Value = serde_json::from_str(&export.text(Path::new("x.json"))).unwrap();
        assert_eq!(json[1], serde_json::json!({"name": "db", "image": ""}));
    }
}
