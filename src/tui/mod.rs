//! The terminal client: `update` decides, `view` draws, effects act.
pub mod command;
pub mod component;
pub mod data;
pub mod keymap;
pub mod msg;
pub mod parts;
pub mod theme;
