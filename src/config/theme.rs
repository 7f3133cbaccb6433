//! Themes: colours by role, as plain data.
use crate::config::Paths;
use crate::config::document;
use crate::config::document::Complaint;
use crate::config::document::did_you_mean;
use crate::config::structure;
use crate::error::Error;
use crate::error::Result;
use crate::model::Place;
use rust_embed::Embed;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;

/// A colour of a terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Color {
    /// Whatever the terminal has.
    #[default]
    Default,
    /// One of the terminal's 256; the first 16 are its own palette.
    Indexed(u8),
    /// Red, green, blue.
    Rgb(u8, u8, u8),
}

/// The name that stands for a dark or a light theme, as the terminal is.
pub const AUTO: &str = "auto";

/// The sixteen colours of every terminal, by number.
const NAMES: [&str; 16] = [
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "white",
    "bright-black",
    "bright-red",
    "bright-green",
    "bright-yellow",
    "bright-blue",
    "bright-magenta",
    "bright-cyan",
    "bright-white",
];

impl std::str::FromStr for Color {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "default" {
            return Ok(Self::Default);
        }
        if let Some(index) = NAMES.iter().position(|name| *name == text) {
            return Ok(Self::Indexed(u8::try_from(index).expect("there are sixteen names")));
        }
        if let Ok(index) = text.parse::<u8>() {
            return Ok(Self::Indexed(index));
        }
        let hex = text.strip_prefix('#').filter(|hex| hex.len() == 6 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let number = hex.and_then(|hex| u32::from_str_radix(hex, 16).ok());
        let [_, red, green, blue] =
            number.ok_or_else(|| format!("no colour '{text}'; write '#rrggbb', 'default', 0 to 255, or a name such as 'bright-blue'"))?.to_be_bytes();
        Ok(Self::Rgb(red, green, blue))
    }
}

impl std::fmt::Display for Color {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Indexed(index) => match NAMES.get(usize::from(*index)) {
                Some(name) => f.write_str(name),
                None => index.fmt(f),
            },
            Self::Rgb(red, green, blue) => write!(f, "#{red:02x}{green:02x}{blue:02x}"),
        }
    }
}

impl Serialize for Color {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Color {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Color {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Color".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "description": "`#rrggbb`, `default`, `0` to `255`, or a name such as `bright-blue`"})
    }
}

/// Colours by role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Theme {
    /// Its name; the file's name without `.json`.
    pub name: String,
    /// For dark surroundings.
    pub dark: bool,
    /// What the colours lie on.
    pub background: Color,
    /// Marks focus, and nothing else.
    pub accent: Color,
    /// Ordinary text.
    pub text: Color,
    /// Text that may be overlooked.
    pub muted: Color,
    /// Lines between panes.
    pub border: Color,
    /// The line around what has the focus.
    pub border_focus: Color,
    /// Running, healthy, done.
    pub ok: Color,
    /// Needs a look.
    pub warn: Color,
    /// Failed.
    pub error: Color,
    /// Under way, or worth knowing.
    pub info: Color,
    /// Text of what is selected.
    pub selection_fg: Color,
    /// Ground of what is selected.
    pub selection_bg: Color,
    /// Text of the top and bottom lines.
    pub bar_fg: Color,
    /// Ground of the top and bottom lines.
    pub bar_bg: Color,
    /// Headings.
    pub title: Color,
    /// Keys in hints.
    pub key: Color,
    /// The terminal's own sixteen colours, where a client paints them itself (the web page).
    pub palette: [Color; 16],
}

impl Default for Theme {
    fn default() -> Self {
        builtin("dark").expect("a test loads every theme that ships")
    }
}

/// The themes that ship inside cto.
#[derive(Embed)]
#[folder = "themes/"]
struct Shipped;

/// A theme that ships inside cto.
#[must_use]
pub fn builtin(name: &str) -> Option<Theme> {
    let file = Shipped::get(&format!("{name}.json"))?;
    serde_json::from_slice(&file.data).ok()
}

/// The JSON Schema of themes, for editors.
#[must_use]
pub fn schema() -> &'static Value {
    static SCHEMA: std::sync::OnceLock<Value> = std::sync::OnceLock::new();
    SCHEMA.get_or_init(|| schemars::schema_for!(Theme).to_value())
}

/// The names of all themes, sorted: those that ship and the files in the user's and the machine's `themes` folders.
#[must_use]
pub fn names(paths: &Paths) -> Vec<String> {
    let mut names: BTreeSet<String> = Shipped::iter().filter_map(|name| name.strip_suffix(".json").map(str::to_owned)).collect();
    for dir in folders(paths) {
        let files = std::fs::read_dir(dir).into_iter().flatten().flatten();
        names.extend(files.filter_map(|file| file.file_name().to_str()?.strip_suffix(".json").map(str::to_owned)));
    }
    names.into_iter().collect()
}

/// A theme by name; the user's file goes before the machine's, and that before what ships.
///
/// # Errors
/// When there is none of that name (the nearest name is offered), or its file has mistakes.
pub fn load(name: &str, paths: &Paths) -> Result<Theme> {
    let plain = !name.is_empty() && !name.contains(['/', '\0']);
    let file = folders(paths).into_iter().map(|dir| dir.join(format!("{name}.json"))).find(|file| plain && file.exists());
    if let Some(file) = file {
        return read(&file).map_err(|places| document::error_of(&format!("theme '{name}'"), places));
    }
    builtin(name).ok_or_else(|| {
        let names = names(paths);
        let mut error = Error::not_found("theme", name).fix(format!("choose one of {}", names.join(", ")));
        error.message.push_str(&did_you_mean(name, names.iter().map(String::as_str)));
        error
    })
}

/// Every theme by name; for one whose file has mistakes the first of them, with its place.
#[must_use]
pub fn all(paths: &Paths) -> BTreeMap<String, Result<Theme, String>> {
    let first = |error: Error| match error.places.first() {
        Some(Place { file: Some(file), line, column, detail, .. }) => {
            let at: String = [line, column].into_iter().flatten().map(|number| format!(":{number}")).collect();
            format!("{file}{at}: {detail}")
        }
        _ => error.message,
    };
    names(paths).into_iter().map(|name| (name.clone(), load(&name, paths).map_err(first))).collect()
}

/// The themes that ship inside cto, by name.
#[must_use]
pub fn shipped() -> BTreeMap<String, Result<Theme, String>> {
    let names = Shipped::iter().filter_map(|name| name.strip_suffix(".json").map(str::to_owned));
    names.filter_map(|name| builtin(&name).map(|theme| (name, Ok(theme)))).collect()
}

/// Where files of themes lie, the strongest first.
#[must_use]
pub fn folders(paths: &Paths) -> Vec<PathBuf> {
    std::iter::once(&paths.config_dir).chain(&paths.system_dir).map(|dir| dir.join("themes")).collect()
}

fn read(file: &Path) -> Result<Theme, Vec<Place>> {
    let text = document::read_file(file).map_err(|place| vec![place])?;
    let mut found = structure::read(&file.display().to_string(), &text, schema()).map_err(|place| vec![place])?;
    let value = found.value.take().unwrap_or_default();
    for (pointer, color) in colors(&value) {
        found.complaints.extend(color.parse::<Color>().err().map(|detail| Complaint::at(pointer, detail)));
    }
    if found.complaints.is_empty() {
        match serde_json::from_value(value) {
            Ok(theme) => return Ok(theme),
            Err(error) => found.complaints.push(Complaint::at("", error.to_string())),
        }
    }
    Err(found.told())
}

/// Every colour of a theme's JSON, with its pointer.
fn colors(value: &Value) -> Vec<(String, &str)> {
    let roles = value.as_object().into_iter().flatten().filter(|(name, _)| *name != "name");
    let single = roles.filter_map(|(name, value)| Some((format!("/{name}"), value.as_str()?)));
    let palette = value.get("palette").and_then(Value::as_array).into_iter().flatten().enumerate();
    single.chain(palette.filter_map(|(index, value)| Some((format!("/palette/{index}"), value.as_str()?)))).collect()
}
