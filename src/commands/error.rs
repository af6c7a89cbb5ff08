//! What a person reads when a command fails: subject, cause, effect on the audit, next step; and the exit code.

use std::error::Error;
use std::fmt;

use crate::collect::error::CollectError;
use crate::config::ConfigError;
use crate::dataset::DatasetError;
use crate::facts::FactError;

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
        write!(f, "error: {}", self.source)?;
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
            _ => None,
        };
        let exit = if matches!(error, DatasetError::NotFound(_) | DatasetError::Empty { .. }) { Exit::Usage } else { Exit::Failed };
        Self { exit, source: error.into(), effect: Some("no verdict was given".to_owned()), hint: hint.map(str::to_owned) }
    }
}

impl From<FactError> for CommandError {
    fn from(error: FactError) -> Self {
        Self::failed(error).effect("no verdict was given")
    }
}

impl From<CollectError> for CommandError {
    fn from(error: CollectError) -> Self {
        Self::failed(error).effect("nothing was sealed; what was read before is kept and the next `audit collect` goes on from there")
    }
}
