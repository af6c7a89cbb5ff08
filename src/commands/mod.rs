//! Subcommands: each wires the stages and prints. Nothing is computed here that a stage could compute.

mod clock;
mod collect;
mod controls;
mod diff;
mod error;
mod evaluate;
mod explain;
mod gather;
mod judge;
mod presets;
mod report;
mod rules;
mod schema;
mod waiver;
mod whole;

use std::io::{self, Write};

use clap::CommandFactory;

pub use error::{CommandError, Exit};
pub use schema::markdown as schema_markdown;

use crate::cli::{Cli, Command, PolicyCommand};
use crate::config::Settings;
use crate::report::terminal::Style;

/// Runs what was asked for.
///
/// # Errors
/// `CommandError` with the exit code and what to print.
pub fn run(cli: &Cli) -> Result<Exit, CommandError> {
    log_to_stderr(cli);
    match &cli.command {
        None => whole::run(&Settings::new(&cli.global)?, cli.offline),
        Some(Command::Collect(_)) if cli.offline => {
            Err(CommandError::usage(anyhow::anyhow!("`collect` reads AWS and cannot be --offline")).hint("leave --offline out"))
        }
        Some(Command::Collect(args)) if args.dry_run => collect::dry_run(&Settings::new(&cli.global)?, args.json),
        Some(Command::Collect(_)) => collect::run(&Settings::new(&cli.global)?),
        Some(Command::Evaluate(args)) => evaluate::run(&Settings::new(&cli.global)?, args),
        Some(Command::Report(args)) => report::run(&Settings::new(&cli.global)?, args),
        Some(Command::Diff(args)) => diff::run(&Settings::new(&cli.global)?, args),
        Some(Command::Explain(args)) => explain::run(&Settings::new(&cli.global)?, args),
        Some(Command::Rules(command)) => rules::run(&Settings::new(&cli.global)?, command),
        Some(Command::Waiver(command)) => waiver::run(&Settings::new(&cli.global)?, *command),
        Some(Command::Policy(PolicyCommand::Read)) => print(&collect::policy(&Settings::new(&cli.global)?)).map(|()| Exit::Clean),
        Some(Command::Schema(args)) => schema::run(args).map(|()| Exit::Clean),
        Some(Command::Completions { shell }) => {
            let mut bytes = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "audit", &mut bytes);
            print(&String::from_utf8_lossy(&bytes)).map(|()| Exit::Clean)
        }
        Some(Command::Man) => {
            let mut bytes = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut bytes).map_err(CommandError::failed)?;
            print(&String::from_utf8_lossy(&bytes)).map(|()| Exit::Clean)
        }
    }
}

/// How the terminal is written to.
fn style(settings: &Settings) -> Style {
    Style { color: settings.color, width: settings.columns }
}

/// Writes a result to stdout. A reader that has gone away is no failure.
fn print(text: &str) -> Result<(), CommandError> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(CommandError::failed(error)),
        _ => Ok(()),
    }
}

/// The log: what was asked and how it ended, never credentials. Nothing at all with -q.
fn log_to_stderr(cli: &Cli) {
    let level = match (cli.global.quiet, cli.global.verbose) {
        (true, _) => "off",
        (false, 0) => "backup_audit=warn,error",
        (false, 1) => "backup_audit=info,warn",
        (false, 2) => "backup_audit=debug,info",
        (false, _) => "debug",
    };
    // A second subscriber (in tests) is refused; the first one stays.
    let _ = tracing_subscriber::fmt().with_env_filter(level).with_writer(io::stderr).try_init();
}
