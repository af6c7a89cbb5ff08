//! Tests of facts over whole estates, each on disk as collections.

mod estate;
mod tables;
mod things;

mod copies;
mod coverage;
mod design;
mod exposure;
mod gaps;
mod points;
mod population;
mod retention;
mod snapshots;
