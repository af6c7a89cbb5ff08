//! `audit`: parses, runs, turns the outcome into an exit code.

use std::process::ExitCode;

use backup_audit::cli::Cli;
use backup_audit::commands::{Exit, run};
use clap::Parser;
use mimalloc::MiMalloc;

/// Rows are many small texts: with the allocator of the system, making and freeing them is a fifth of the work.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let exit = run(&Cli::parse()).unwrap_or_else(|error| {
        eprintln!("{error}");
        error.exit
    });
    ExitCode::from(exit_code(exit))
}

/// The numbers are a contract: `docs/exit-codes.md`.
fn exit_code(exit: Exit) -> u8 {
    exit as u8
}
