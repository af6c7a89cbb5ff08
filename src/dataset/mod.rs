//! The dataset on disk: sealed collections of Parquet tables with a manifest, and what of them is valid at a moment.
//!
//! This folder knows files and frames. It does not know AWS, and it judges nothing.

pub mod error;
pub mod frame;
pub mod manifest;
mod merge;
pub mod open;
pub mod ranges;
mod readings;
pub mod reads;
pub mod rows;
pub mod schema;
mod seal;
pub mod snapshot;
mod watched;
pub mod write;

pub use error::DatasetError;
pub use manifest::Manifest;
pub use open::{Collection, Dataset};
pub use ranges::KeyRange;
pub use readings::ReadAt;
pub use reads::{Gap, ReadStatus};
pub use rows::{Batch, Row};
pub use schema::{Absence, Column, ColumnType, Relation, Table, TableKind};
pub use snapshot::Snapshot;
pub use write::{Ending, OpenCollection, Start, UnitId};

#[cfg(test)]
mod tests;
