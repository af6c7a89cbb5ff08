//! Words every stage shares: ids, ARNs, moments, durations, verdicts. Plain data: no I/O, no Polars, no AWS types.

pub mod arn;
pub mod duration;
pub mod id;
pub mod key;
pub mod moment;
pub mod verdict;
pub mod window;

pub use arn::Arn;
pub use id::{AccountId, Region};
pub use verdict::{Severity, Verdict};
pub use window::Window;
