//! Why a fact cannot be derived. What AWS would not tell is no error: it is NULL.

use crate::dataset::DatasetError;
use crate::dataset::frame::FrameError;

/// An error of derivation, naming the fact or row.
#[derive(Debug, thiserror::Error)]
pub enum FactError {
    /// The dataset could not be read.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// A frame does not fit its declaration.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// Polars refused an operation.
    #[error("cannot derive `{fact}`")]
    Polars {
        /// The fact.
        fact: &'static str,
        /// Why.
        source: polars::error::PolarsError,
    },
    /// A cell that holds JSON does not hold what the API documents.
    #[error("table `{table}`, column `{column}` of {key}: {what}")]
    Json {
        /// Table of the cell.
        table: &'static str,
        /// Column of the cell.
        column: &'static str,
        /// Row of the cell.
        key: String,
        /// What is wrong.
        what: String,
    },
    /// Two ARNs have the same integer key.
    #[error("{one} and {other} have the same resource key; results would mix them up, so nothing was evaluated")]
    Collision {
        /// One ARN.
        one: String,
        /// The other.
        other: String,
    },
    /// No fact or table has this name.
    #[error("no relation is called `{0}`")]
    UnknownRelation(String),
}

impl FactError {
    pub(crate) fn polars(fact: &'static str) -> impl FnOnce(polars::error::PolarsError) -> Self {
        move |source| Self::Polars { fact, source }
    }
}
