//! Integration tests, in one binary: each test binary links Polars and the AWS SDKs anew.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and reads its own switches")]

mod architecture;
mod command;
mod controls;
mod diff;
mod duckdb;
mod example;
mod explain;
mod facts;
mod gaps;
mod generated;
mod ranges;
mod rules;
mod waivers;
