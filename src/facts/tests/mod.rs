//! Tests of facts over whole estates, each on disk as collections.

pub(crate) mod estate;
mod tables;
pub(crate) mod things;

mod access;
mod copies;
mod coverage;
mod design;
mod exposure;
mod gaps;
mod jobs;
mod keys;
mod locks;
mod native;
mod newest;
mod pitr;
mod points;
mod population;
mod reconciled;
mod replication;
mod restores;
mod retention;
mod sharing;
mod shown;
mod snapshots;
mod windows;
