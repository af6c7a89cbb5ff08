//! Whom to ask: who calls, which accounts are read, and the way into each.

use super::note;
use crate::collect::ReadError;
use crate::collect::accounts::{self, Account};
use crate::collect::call_log::CallLog;
use crate::collect::door::{Clock, Door, DoorSettings, Patience};
use crate::collect::error::CollectError;
use crate::collect::forecast::Gate;
use crate::commands::clock::now_ms;
use crate::commands::error::CommandError;
use crate::config::{Accounts, Settings};

/// The accounts of a collection.
pub(super) struct Whom {
    /// Those that are read, sorted.
    pub(super) accounts: Vec<Account>,
    /// Those of the organisation that are not active, with their state.
    pub(super) left_out: Vec<(String, String)>,
}

/// Asks STS who calls, in the first Region that answers: one that is not enabled must not keep the others from being read.
/// A dry run puts its gate before all that is called.
pub(super) async fn identify(settings: &Settings, log: &CallLog, gate: Option<&Gate>) -> Result<Door, CollectError> {
    let mut regions: Vec<Option<String>> = settings.collect.regions.iter().map(|region| Some(region.to_string())).collect();
    if regions.is_empty() {
        regions.push(None);
    }
    let mut first = None;
    for region in regions {
        match Door::open(door_settings(settings, region.as_deref(), log, gate)).await {
            Ok(door) => return Ok(door),
            Err(error @ CollectError::Caller { .. }) => first = first.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    Err(first.unwrap_or(CollectError::NoRegion))
}

fn door_settings(settings: &Settings, region: Option<&str>, log: &CallLog, gate: Option<&Gate>) -> DoorSettings {
    DoorSettings {
        profile: settings.profile.clone(),
        region: region.map(str::to_owned),
        endpoint_url: settings.endpoint_url.clone(),
        patience: Patience {
            connect: settings.attempt_timeout.min(Patience::default().connect),
            attempt: settings.attempt_timeout,
            operation: settings.attempt_timeout * 4,
            attempts: settings.attempts,
            ..Patience::default()
        },
        rate_percent: settings.collect.rate_percent,
        call_log: log.clone(),
        gate: gate.cloned(),
        ..DoorSettings::new(Clock::new(now_ms))
    }
}

/// Finds the accounts and enters them.
pub(super) async fn find(settings: &Settings, home: &Door) -> Result<Whom, CommandError> {
    let (ids, entry, left_out) = match &settings.collect.accounts {
        Accounts::Own => (vec![home.caller().account_id.clone()], None, Vec::new()),
        Accounts::Named(ids, entry) => (ids.clone(), Some(entry), Vec::new()),
        Accounts::Organization(entry) => {
            let found = accounts::organization(home).await.map_err(no_organization)?;
            (found.active, Some(entry), found.inactive)
        }
    };
    if !left_out.is_empty() {
        let named: Vec<String> = left_out.iter().map(|(id, state)| format!("{id} ({state})")).collect();
        note(settings, &format!("accounts that are not active are left out: {}", named.join(", ")));
    }
    let regions: Vec<String> = settings.collect.regions.iter().map(ToString::to_string).collect();
    let accounts = accounts::enter(home, &ids, entry, &regions).await.map_err(no_regions)?;
    for (account, error) in accounts.iter().filter_map(|account| Some((account, account.door.as_ref().err()?))) {
        note(settings, &format!("account {} cannot be entered and will be unknown: {error}", account.account_id));
    }
    Ok(Whom { accounts, left_out })
}

fn no_organization(error: ReadError) -> CommandError {
    CommandError::failed(anyhow::Error::new(error).context("the accounts of the organisation cannot be listed"))
        .effect("nothing was collected")
        .hint("use credentials of the management account or of a delegated administrator, or name the accounts with --accounts and --role-name")
}

fn no_regions(error: ReadError) -> CommandError {
    CommandError::failed(anyhow::Error::new(error).context("which Regions are enabled cannot be told"))
        .effect("nothing was collected")
        .hint("allow ec2:DescribeRegions, or name the Regions with --region")
}
