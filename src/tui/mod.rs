//! The terminal client: `update` decides, `view` draws, effects act.
pub mod app;
mod asks;
pub mod command;
pub mod component;
pub mod data;
pub mod effects;
mod effects_pane;
mod events;
pub mod guard;
pub mod input;
pub mod keymap;
pub mod layout;
mod lines;
pub mod msg;
pub mod paint;
pub mod parts;
pub mod playback;
mod player;
pub mod theme;
pub mod trial;
pub mod view;

pub use app::Exit;
pub use app::Start;
pub use events::Options;
pub use events::run;
pub use player::Play;
pub use player::play;
