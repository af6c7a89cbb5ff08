//! What a person reads when a command fails: subject, cause, effect on the audit, next step; and the exit code.

use std::error::Error;
use std::fmt;

use crate::collect::error::CollectError;
use crate::config::ConfigError;
use crate::dataset::DatasetError;
use crate::dataset::error::is_no_room;
use crate::facts::FactError;

/// What it means that a collection could not be written.
const NOT_SEALED: &str = "nothing was sealed; what was read before is kept and the next `audit collect` goes on from there";
/// What to do about a full disk.
const MAKE_ROOM: &str = "make room where the dataset is, then run the same command again";

/// How a command ended. The numbers are a contract; `docs/exit-codes.md` explains them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing found.
    Clean = 0,
    /// The tool failed.
    Failed = 1,
    /// Wrong usage or configuration.
    Usage = 2,
    /// Findings at or above `--fail-on`.
    Findings = 10,
    /// No such finding, but something is unknown.
    Unknown = 11,
}

/// A failed command.
#[derive(Debug)]
pub struct CommandError {
    /// The exit code.
    pub exit: Exit,
    source: anyhow::Error,
    effect: Option<String>,
    hint: Option<String>,
}

impl CommandError {
    /// An error of usage or configuration.
    pub fn usage(source: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Usage, source: source.into(), effect: None, hint: None }
    }

    /// A failure of the tool or its surroundings.
    pub fn failed(source: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Failed, source: source.into(), effect: None, hint: None }
    }

    /// Says what it means for the audit.
    #[must_use]
    pub fn effect(mut self, effect: impl Into<String>) -> Self {
        self.effect = Some(effect.into());
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A report on a rule file begins with the word itself.
        let text = self.source.to_string();
        write!(f, "error: {}", text.strip_prefix("error: ").unwrap_or(&text))?;
        let mut cause = self.source.source();
        while let Some(error) = cause {
            write!(f, "\n  cause:  {error}")?;
            cause = error.source();
        }
        if let Some(effect) = &self.effect {
            write!(f, "\n  effect: {effect}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint:   {hint}")?;
        }
        Ok(())
    }
}

impl Error for CommandError {}

impl From<ConfigError> for CommandError {
    fn from(error: ConfigError) -> Self {
        Self::usage(error).effect("nothing was collected or evaluated")
    }
}

impl From<DatasetError> for CommandError {
    fn from(error: DatasetError) -> Self {
        let hint = match &error {
            DatasetError::NotFound(_) | DatasetError::Empty { .. } => {
                Some("`audit collect` makes a collection; `audit --offline --dataset examples/acme` shows the example")
            }
            DatasetError::Newer { .. } => Some("install the version of `audit` that wrote it, or a newer one"),
            DatasetError::Damaged { .. } => Some("restore the collection from a copy, or move its folder away to evaluate without it"),
            DatasetError::Busy(_) => Some("wait until it has ended"),
            error if error.no_room() => Some(MAKE_ROOM),
            _ => None,
        };
        let exit = if matches!(error, DatasetError::NotFound(_) | DatasetError::Empty { .. }) { Exit::Usage } else { Exit::Failed };
        // Only a collection writes to a dataset.
        let effect = if error.of_writing() { NOT_SEALED } else { "no verdict was given" };
        Self { exit, source: error.into(), effect: Some(effect.to_owned()), hint: hint.map(str::to_owned) }
    }
}

/// Whether a collection ended for want of room on the disk.
fn no_room(error: &CollectError) -> bool {
    match error {
        CollectError::Sink { source, .. } => source.downcast_ref::<DatasetError>().is_some_and(DatasetError::no_room),
        CollectError::CallLog { source, .. } | CollectError::Unlogged { source, .. } => is_no_room(source.kind()),
        _ => false,
    }
}

impl From<FactError> for CommandError {
    fn from(error: FactError) -> Self {
        Self::failed(error).effect("no verdict was given")
    }
}

impl From<CollectError> for CommandError {
    fn from(error: CollectError) -> Self {
        let hint = no_room(&error).then(|| MAKE_ROOM.to_owned());
        Self { hint, ..Self::failed(error).effect(NOT_SEALED) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_with_file_cause_effect_and_next_step() {
        let full = || std::io::Error::from(std::io::ErrorKind::StorageFull);
        let unit = || DatasetError::io("write", "data/units/vaults.tmp")(full());
        let errors: [CommandError; 3] = [
            CollectError::Sink { unit: "backup_vaults".into(), source: unit().into() }.into(),
            CollectError::Unlogged { path: "data/calls.jsonl".into(), source: full() }.into(),
            unit().into(),
        ];
        for error in errors {
            let text = error.to_string();
            assert_eq!(error.exit, Exit::Failed);
            for part in ["data/", "cause:  no storage space", "effect: nothing was sealed", "hint:   make room"] {
                assert!(text.contains(part), "{part}: {text}");
            }
        }
    }
}
