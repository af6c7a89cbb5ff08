//! What can go wrong with files of a dataset, each named.

use std::io;
use std::path::PathBuf;

use super::frame::FrameError;

/// Why a dataset cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// The folder is not there.
    #[error("there is no dataset at {}", .0.display())]
    NotFound(PathBuf),
    /// The folder has no sealed collection (before the given moment, if one is named).
    #[error("the dataset {} has no sealed collection{}", .root.display(), .until.as_ref().map(|at| format!(" that began by {at}")).unwrap_or_default())]
    Empty {
        /// The dataset.
        root: PathBuf,
        /// The moment asked for.
        until: Option<String>,
    },
    /// Written by a newer version of this tool.
    #[error("{} has format version {found}, and this tool reads up to {known}: use a newer `audit`", .path.display())]
    Newer {
        /// The manifest.
        path: PathBuf,
        /// Version found.
        found: u64,
        /// Newest version known.
        known: u32,
    },
    /// A file differs from what the manifest says, or is missing.
    #[error("{} is damaged: {what}; nothing of this dataset was evaluated", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A file cannot be read or written.
    #[error("cannot {action} {}", .path.display())]
    Io {
        /// `read`, `write`, `create` …
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process works on the collection.
    #[error("{} is being written by another `audit collect`", .0.display())]
    Busy(PathBuf),
    /// A sealed collection is never written to again.
    #[error("{} is sealed already and cannot be resumed", .0.display())]
    Sealed(PathBuf),
    /// A table that nobody declared was asked for.
    #[error("no table is called `{0}`")]
    UnknownTable(String),
    /// A frame does not fit its declaration.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// Polars failed on a file.
    #[error("cannot work on {}", .path.display())]
    Polars {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: polars::error::PolarsError,
    },
}

impl DatasetError {
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }

    pub(crate) fn polars(path: impl Into<PathBuf>) -> impl FnOnce(polars::error::PolarsError) -> Self {
        let path = path.into();
        move |source| Self::Polars { path, source }
    }
}
