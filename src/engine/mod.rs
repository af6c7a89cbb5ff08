//! Rules over relations: loading, checking, judging. Findings leave as plain structs.
//!
//! Knows Polars and relations; knows neither AWS nor any format.

pub mod assess;
pub mod cases;
mod cells;
mod check;
pub mod derived;
pub mod diagnostic;
pub mod explain;
pub mod finding;
#[cfg(test)]
mod fixtures;
pub mod frameworks;
mod gaps;
pub mod judge;
#[cfg(test)]
mod judging;
pub mod load;
pub mod nearest;
pub mod param;
pub mod pattern;
pub mod predicate;
mod rows;
pub mod rule;
#[cfg(test)]
mod ruling;
pub mod settings;
pub mod table;
pub mod template;
pub mod waiver;
mod write;

pub use assess::{Assessed, RequirementState, assess};
pub use cases::{CaseReport, run_cases};
pub use diagnostic::{RuleError, RuleErrors, SourceFile};
pub use finding::Finding;
pub use frameworks::Frameworks;
pub use judge::{EngineError, Judgement, Relations, judge};
pub use load::{Library, LoadError};
pub use rule::{Rule, RuleSet};
pub use settings::{RuleSettings, Settings};
pub use waiver::{Waiver, WaiverEntry};
