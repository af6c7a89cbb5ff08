//! Rules over relations: loading, checking, judging. Findings leave as plain structs.
//!
//! Knows Polars and relations; knows neither AWS nor any format.

pub mod alternative;
pub mod answers;
pub mod assess;
pub mod cases;
pub mod catalogues;
mod cells;
mod check;
pub mod compare;
pub mod data_scope;
pub mod derived;
pub mod diagnostic;
pub mod digest;
pub mod duties;
pub mod equivalent;
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
pub mod prices;
mod rows;
pub mod rule;
#[cfg(test)]
mod ruling;
#[cfg(test)]
mod scoping;
pub mod settings;
pub mod table;
pub mod template;
pub mod waiver;
mod write;

pub use alternative::{Alternative, AlternativeEntry};
pub use assess::{Assessed, RequirementState, RuleCounts, assess};
pub use cases::{CaseReport, run_cases};
pub use data_scope::DataScope;
pub use diagnostic::{RuleError, RuleErrors, SourceFile};
pub use finding::Finding;
pub use frameworks::Frameworks;
pub use judge::{EngineError, Judgement, Relations, judge};
pub use load::{Library, LoadError};
pub use rule::{Rule, RuleSet};
pub use settings::{RuleSettings, Settings};
pub use waiver::{Waiver, WaiverEntry};
