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

/// Whether an error of the file system says that there is no room.
pub fn is_no_room(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}

impl DatasetError {
    /// Whether the disk has no room, or a limit of the file system or of the process leaves none.
    pub fn no_room(&self) -> bool {
        matches!(self, Self::Io { source, .. } if is_no_room(source.kind()))
    }

    /// Whether a file could not be written.
    pub fn of_writing(&self) -> bool {
        matches!(self, Self::Io { action, .. } if !matches!(*action, "read" | "remove"))
    }

    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }

    pub(crate) fn polars(path: impl Into<PathBuf>) -> impl FnOnce(polars::error::PolarsError) -> Self {
        let path = path.into();
        move |source| Self::Polars { path, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_other_errors() {
        // error, no room, of writing
        let cases = [
            (DatasetError::io("write", "a")(io::ErrorKind::StorageFull.into()), true, true),
            (DatasetError::io("create", "a")(io::ErrorKind::QuotaExceeded.into()), true, true),
            (DatasetError::io("write", "a")(io::ErrorKind::PermissionDenied.into()), false, true),
            (DatasetError::io("read", "a")(io::ErrorKind::NotFound.into()), false, false),
            (DatasetError::io("remove", "a")(io::ErrorKind::PermissionDenied.into()), false, false),
        ];
        for (error, no_room, of_writing) in cases {
            assert_eq!((error.no_room(), error.of_writing()), (no_room, of_writing), "{error:?}");
        }
    }
}
