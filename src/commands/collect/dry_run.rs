//! `audit collect --dry-run`: what a collection would call, without making it.

use std::collections::BTreeMap;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};
use serde::Serialize;

use super::{note, opened, progress, whom};
use crate::collect::accounts::Account;
use crate::collect::call_log::CallLog;
use crate::collect::forecast::{Estimate, ForecastError, Gate, Question, Refused, estimate};
use crate::collect::tables;
use crate::commands::error::{CommandError, Exit};
use crate::commands::print;
use crate::config::Settings;
use crate::dataset::{Dataset, DatasetError};

/// More reads that were refused than these are told of together.
const MOST_REFUSED: usize = 10;

/// What is printed.
#[derive(Debug, Serialize)]
struct Told {
    /// Accounts and the number of Regions of each that are read.
    accounts: BTreeMap<String, usize>,
    /// Accounts that cannot be entered, with the reason.
    not_entered: BTreeMap<String, String>,
    /// Accounts of the organisation that are not active, with their state.
    left_out: BTreeMap<String, String>,
    #[serde(flatten)]
    estimate: Estimate,
}

/// Estimates and prints.
///
/// # Errors
/// `CommandError` if there is no way to AWS, or earlier collections cannot be read.
pub(in crate::commands) fn run(settings: &Settings, json: bool) -> Result<Exit, CommandError> {
    let told = tell(settings)?;
    let text = if json { serde_json::to_string_pretty(&told).map_err(CommandError::failed)? + "\n" } else { text(&told) };
    print(&text)?;
    Ok(Exit::Clean)
}

fn tell(settings: &Settings) -> Result<Told, CommandError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(CommandError::failed)?;
    runtime.block_on(async {
        let collectors = settings.collect.choice.collectors;
        let gate = Gate::new(collectors);
        let home = whom::identify(settings, &CallLog::counting(), Some(&gate)).await.map_err(unasked)?;
        let whom::Whom { accounts, left_out } = whom::find(settings, &home).await?;
        let start = opened::start(settings, &home, &accounts);
        if let Some(dir) = opened::resumable(settings, &start)? {
            let dir = dir.display();
            note(settings, &format!("{dir} was interrupted and would be resumed: the figures are those of a whole collection"));
        }
        let dataset = earlier(settings);
        let question = Question {
            home: &home,
            accounts: &accounts,
            collectors,
            dataset: dataset.as_ref(),
            known: opened::known(settings, &start.scope, start.started_s),
            started_s: start.started_s,
            rate_percent: settings.collect.rate_percent.unwrap_or(100),
            gate: &gate,
            progress: &progress(settings),
        };
        let estimate = estimate(&question).await.map_err(not_estimated)?;
        Ok(told(&accounts, left_out, estimate))
    })
}

fn told(accounts: &[Account], left_out: Vec<(String, String)>, estimate: Estimate) -> Told {
    let refusal = |account: &Account| account.door.as_ref().err().map(|error| (account.account_id.clone(), error.to_string()));
    let entered = accounts.iter().filter(|account| account.door.is_ok());
    Told {
        accounts: entered.map(|account| (account.account_id.clone(), account.regions.len())).collect(),
        not_entered: accounts.iter().filter_map(refusal).collect(),
        left_out: left_out.into_iter().collect(),
        estimate,
    }
}

/// The dataset, if there is one that can be read: without one, everything is counted anew.
fn earlier(settings: &Settings) -> Option<Dataset> {
    match Dataset::open(&settings.dataset, &tables()) {
        Ok(dataset) => Some(dataset),
        Err(DatasetError::NotFound(_) | DatasetError::Empty { .. }) => None,
        Err(error) => {
            note(settings, &format!("earlier collections are left aside: {error}"));
            None
        }
    }
}

fn unasked(error: crate::collect::error::CollectError) -> CommandError {
    CommandError::failed(error).effect("nothing was estimated, and nothing was written")
}

fn not_estimated(error: ForecastError) -> CommandError {
    let hint = match &error {
        ForecastError::Expired => "log in again and repeat the command",
        ForecastError::Interrupted => "repeat the command; a dry run leaves nothing to be resumed",
        ForecastError::Earlier(_) | ForecastError::Collect(_) => "--dataset with a new folder estimates without earlier collections",
    };
    CommandError::failed(error).effect("nothing was estimated, and nothing was written").hint(hint)
}

/// What a person reads.
fn text(told: &Told) -> String {
    let estimate = &told.estimate;
    let mut table = Table::new();
    table.load_preset(NOTHING).set_header(["service", "operation", "requests", "s at the rate", "from"]);
    for row in &estimate.operations {
        let cells = [row.service.clone(), row.operation.clone(), row.requests.to_string(), seconds(row.at_rate_ms)];
        table.add_row(cells.into_iter().chain([row.source.words().to_owned()]));
    }
    for column in table.column_iter_mut().skip(2).take(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let regions: usize = told.accounts.values().sum();
    let mut text = format!("{table}\n\n");
    text += &format!("{} requests (accounts: {}, Regions of all: {regions})\n", estimate.requests, told.accounts.len());
    text += &format!("at least {} s, at {} % of the documented rates", seconds(estimate.at_least_ms), estimate.rate_percent);
    if let Some(slowest) = &estimate.slowest {
        text += &format!("; the slowest is {} in {} {}", slowest.service, slowest.account_id, slowest.region);
    }
    text += &format!("\n{} requests were made to find that out; nothing was written\n", estimate.made_by_dry_run);
    for (id, state) in &told.left_out {
        text += &format!("account {id} ({state}) is left out\n");
    }
    for (id, reason) in &told.not_entered {
        text += &format!(
            "warning: account {id} cannot be entered\n  cause:  {reason}\n  effect: it is asked nothing, and all of it is unknown\n"
        );
    }
    text + &refusals(&estimate.refused)
}

fn refusals(refused: &[Refused]) -> String {
    let mut text = String::new();
    for Refused { account_id, region, table, operation, reason } in refused.iter().take(MOST_REFUSED) {
        text += &format!("warning: {table} cannot be listed ({account_id}, {region})\n  cause:  {operation}: {reason}\n");
        text += "  effect: what is asked for each thing in it is not counted\n";
    }
    if let Some(more) = refused.len().checked_sub(MOST_REFUSED).filter(|more| *more > 0) {
        text += &format!("warning: {more} more lists were refused or not answered; --json names all\n");
    }
    if !refused.is_empty() {
        text += "  hint:   `audit policy read` prints the read-only policy that the audit role needs\n";
    }
    text
}

/// Milliseconds as seconds with one decimal, rounded up.
fn seconds(ms: u64) -> String {
    let tenths = ms.div_ceil(100);
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::forecast::{OperationEstimate, Slowest, Source};

    #[test]
    fn a_person_reads_figures_sources_and_what_is_missing() {
        let row = |operation: &str, requests, source| OperationEstimate {
            service: "backup".to_owned(),
            operation: operation.to_owned(),
            requests,
            source,
            at_rate_ms: 1_210,
        };
        let refused = |region: &str| Refused {
            account_id: "111122223333".to_owned(),
            region: region.to_owned(),
            table: "backup_vaults".to_owned(),
            operation: "ListBackupVaults".to_owned(),
            reason: "AccessDeniedException: no".to_owned(),
        };
        let slowest = Slowest {
            at_rate_ms: 75_000,
            account_id: "111122223333".to_owned(),
            region: "eu-west-1".to_owned(),
            service: "cloudtrail".to_owned(),
        };
        let told = Told {
            accounts: BTreeMap::from([("111122223333".to_owned(), 2)]),
            not_entered: BTreeMap::from([("444455556666".to_owned(), "AssumeRole: no".to_owned())]),
            left_out: BTreeMap::from([("333344445555".to_owned(), "SUSPENDED".to_owned())]),
            estimate: Estimate {
                requests: 25,
                made_by_dry_run: 3,
                at_least_ms: 75_000,
                rate_percent: 50,
                slowest: Some(slowest),
                operations: vec![row("GetBackupPlan", 24, Source::Counted), row("ListBackupVaults", 1, Source::LastCollection)],
                refused: (0..12).map(|n| refused(&format!("r{n}"))).collect(),
            },
        };
        insta::assert_snapshot!(text(&told));
    }

    #[test]
    fn seconds_are_never_less_than_they_are() {
        for (ms, expected) in [(0, "0.0"), (1, "0.1"), (100, "0.1"), (1_201, "1.3"), (75_000, "75.0")] {
            assert_eq!(seconds(ms), expected);
        }
    }
}
