//! The collection that is written to: a new one, or an interrupted one of the same scope.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::note;
use crate::collect::accounts::Account;
use crate::collect::door::Door;
use crate::collect::known::Known;
use crate::collect::tables;
use crate::commands::clock::now_ms;
use crate::commands::error::CommandError;
use crate::config::Settings;
use crate::dataset::manifest::{Caller, Scope};
use crate::dataset::{Dataset, DatasetError, OpenCollection, Snapshot, Start};
use crate::model::moment::{self, DAY_S};

/// An interrupted collection older than this is not resumed: its parts would speak for different days.
const RESUME_WITHIN_S: i64 = DAY_S;

/// Resumes the newest interrupted collection of the same scope, or begins a new one.
pub(super) fn open(settings: &Settings, home: &Door, accounts: &[Account]) -> Result<OpenCollection, CommandError> {
    let start = start(settings, home, accounts);
    for (dir, earlier) in OpenCollection::interrupted(&settings.dataset)? {
        if let Some(reason) = not_resumed(&earlier, &start) {
            note(settings, &format!("{} was interrupted and is not resumed: {reason}; delete it if it is no longer wanted", dir.display()));
            continue;
        }
        let open = OpenCollection::resume(&dir)?;
        let began = moment::short(earlier.started_s);
        note(settings, &format!("resuming {}, begun {began} UTC: {} reads are there", dir.display(), open.units()));
        return Ok(open);
    }
    let random = uuid::Uuid::new_v4().as_fields().0;
    Ok(OpenCollection::begin(Path::new(&settings.dataset), start, random)?)
}

/// What a collection that begins now is begun with.
pub(super) fn start(settings: &Settings, home: &Door, accounts: &[Account]) -> Start {
    let caller = home.caller();
    let places: BTreeMap<String, Vec<String>> =
        accounts.iter().map(|account| (account.account_id.clone(), account.regions.clone())).collect();
    Start {
        caller: Caller { account_id: caller.account_id.clone(), arn: caller.arn.clone(), user_id: caller.user_id.clone() },
        scope: Scope { not_requested: settings.collect.choice.tables_left_out(), ..Scope::of(places) },
        started_s: now_ms().div_euclid(1_000),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// The interrupted collection that would be resumed.
pub(super) fn resumable(settings: &Settings, start: &Start) -> Result<Option<PathBuf>, DatasetError> {
    let interrupted = OpenCollection::interrupted(&settings.dataset)?.into_iter();
    Ok(interrupted.filter(|(_, earlier)| not_resumed(earlier, start).is_none()).map(|(dir, _)| dir).next())
}

/// What earlier collections cover. If they cannot be read, everything is read anew.
pub(super) fn known(settings: &Settings, scope: &Scope, started_s: i64) -> Known {
    let collectors = settings.collect.choice.collectors;
    let places: Vec<(&str, &str)> = scope.places().collect();
    let covered = || {
        let dataset = Dataset::open(&settings.dataset, &tables())?;
        let earlier = Snapshot::at(&dataset, Some(started_s.saturating_sub(1)))?;
        let observed =
            |table: &str, (account, region): (&str, &str), parent: Option<&str>| earlier.observed_of(table, account, region, parent);
        Ok(Known::of(collectors, &places, started_s, observed))
    };
    covered().unwrap_or_else(|error| {
        if !matches!(error, DatasetError::NotFound(_) | DatasetError::Empty { .. }) {
            note(settings, &format!("what earlier collections cover is read again: {error}"));
        }
        Known::default()
    })
}

fn not_resumed(earlier: &Start, now: &Start) -> Option<&'static str> {
    if earlier.caller.account_id != now.caller.account_id || earlier.scope != now.scope {
        Some("it has other accounts, Regions or tables")
    } else if now.started_s - earlier.started_s > RESUME_WITHIN_S {
        Some("it is more than a day old")
    } else if earlier.tool_version != now.tool_version {
        Some("another version of this tool began it")
    } else {
        None
    }
}
