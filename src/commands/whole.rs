//! `audit` alone: the whole job. Collects, judges, reports; with --offline only the last two.

use super::collect;
use super::error::{CommandError, Exit};
use super::report;
use crate::cli::ReportArgs;
use crate::config::Settings;

/// Does the whole job. A collection with gaps is judged like any other: what is missing is unknown.
///
/// # Errors
/// As collecting, judging or reporting.
pub(super) fn run(settings: &Settings, offline: bool) -> Result<Exit, CommandError> {
    if !offline {
        let collected = collect::collect(settings)
            .map_err(|error| error.hint("`audit --offline --dataset examples/acme` shows what a report looks like without an account"))?;
        if settings.verbosity >= 0 {
            eprintln!("{}", collect::table(&collected));
        }
        if collected.manifest.is_none() {
            return Ok(Exit::Failed);
        }
    }
    let format = ["html", "csv", "json", "parquet"].map(str::to_owned).to_vec();
    report::run(settings, &ReportArgs { format, all: false })
}
