//! `audit evaluate`: judges the dataset, prints the summary and writes the findings.

use super::error::{CommandError, Exit};
use super::gather::{self, Depth};
use super::{judge, print, report};
use crate::cli::EvaluateArgs;
use crate::config::Settings;
use crate::report::{Request, View, format, terminal};

/// Judges; with --json the findings go to stdout and no file is written.
///
/// # Errors
/// As judging or writing.
pub(super) fn run(settings: &Settings, args: &EvaluateArgs) -> Result<Exit, CommandError> {
    let rulebook = judge::rulebook(settings)?;
    judge::with_inputs(settings, |inputs| {
        let judged = judge::judge_inputs(settings, &rulebook, inputs)?;
        let judgement = gather::judgement(settings, &rulebook, inputs, judged, Depth::Summary)?;
        let view = View::build(&judgement);
        if args.json {
            let files = format("json").and_then(|json| json.write(&Request { judgement: &judgement, view: &view, all: args.all }));
            for file in files.map_err(CommandError::failed)? {
                print(&String::from_utf8_lossy(&file.bytes))?;
            }
        } else {
            let formats = ["parquet", "csv", "json"].map(str::to_owned);
            let written = report::write(settings, &judgement, &view, &formats, args.all)?;
            print(&terminal::summary(&view, super::style(settings)))?;
            if settings.verbosity >= 0 {
                print(&report::named(&written))?;
            }
        }
        Ok(judge::exit(&judgement.findings, settings.fail_on))
    })
}
