//! Compliance and audit reporting for AWS backups.
//!
//! ```text
//! AWS ─ collect ─▶ collection ─ facts ─▶ fact tables ─ engine ─▶ findings ─▶ report
//! ```
//!
//! Each arrow is a plain data structure that can be written to disk. Data flows one way: a folder knows only the folders before it
//! (`tests/it/architecture.rs` holds the table). `docs/architecture.md` tells the whole story.

pub mod cli;
pub mod collect;
pub mod commands;
pub mod config;
pub mod dataset;
pub mod engine;
pub mod facts;
pub mod model;
pub mod report;
