//! Hygiene: what is written in plans and selections and leads nowhere.
//!
//! Nothing of it fails by itself: a selection that names what is gone, or a role that lost its permissions, is found when a backup is missing.

pub mod plans;
pub mod roles;
pub mod selections;
