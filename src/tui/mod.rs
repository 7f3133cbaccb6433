//! The terminal client: `update` decides, `view` draws, effects act.
pub mod command;
pub mod component;
pub mod data;
pub mod effects;
mod effects_pane;
pub mod guard;
pub mod input;
pub mod keymap;
pub mod layout;
pub mod msg;
pub mod paint;
pub mod parts;
pub mod theme;
