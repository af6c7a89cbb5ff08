//! `audit collect`: AWS into a new collection, or the rest of an interrupted one.

use std::path::Path;
use std::sync::Arc;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};

use super::clock::now_ms;
use super::error::{CommandError, Exit};
use crate::collect::call_log::CallLog;
use crate::collect::door::{Clock, Door, DoorSettings, Patience};
use crate::collect::error::CollectError;
use crate::collect::progress::{Progress, ProgressMode, Summary};
use crate::collect::runner;
use crate::collect::{COLLECTORS, tables};
use crate::config::Settings;
use crate::dataset::manifest::{Caller, Scope};
use crate::dataset::{Manifest, OpenCollection, Start};
use crate::model::moment::{self, DAY_S};

/// An interrupted collection older than this is not resumed: its parts would speak for different days.
const RESUME_WITHIN_S: i64 = DAY_S;

/// What a collection came to.
#[derive(Debug)]
pub(super) struct Collected {
    /// What was read.
    pub summary: Summary,
    /// The sealed collection; none if it was stopped, or if the credentials expired.
    pub manifest: Option<Manifest>,
}

/// Collects and says what was read.
///
/// # Errors
/// `CommandError` if there is no way to AWS or the dataset cannot be written.
pub(super) fn run(settings: &Settings) -> Result<Exit, CommandError> {
    let collected = collect(settings)?;
    if settings.verbosity >= 0 {
        eprintln!("{}", table(&collected));
    }
    Ok(match collected.manifest {
        None => Exit::Failed,
        Some(manifest) if !manifest.complete => Exit::Unknown,
        Some(_) => Exit::Clean,
    })
}

/// Collects.
///
/// # Errors
/// As [`run`].
pub(super) fn collect(settings: &Settings) -> Result<Collected, CommandError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(CommandError::failed)?;
    runtime.block_on(async {
        let (door, asked) = identify(settings).await?;
        let regions = match settings.regions.as_slice() {
            [] => vec![door.home_region().to_owned()],
            regions => regions.iter().map(ToString::to_string).collect(),
        };
        let open = open_collection(settings, &door, regions.clone())?;
        // Asked again under the collection's own log, so that the proof of who called lies beside the calls.
        let door = Door::open(door_settings(settings, asked.as_deref(), CallLog::open(&open.calls_path())?)).await?;
        let open = Arc::new(open);
        let progress = Progress::new(match settings.verbosity {
            i8::MIN..0 => ProgressMode::Quiet,
            _ if settings.bars => ProgressMode::Bars,
            _ => ProgressMode::Lines,
        });
        let scope = runner::Scope::new(regions, COLLECTORS, open.start().started_s);
        let summary = runner::collect(&door, &scope, Arc::clone(&open) as Arc<dyn runner::Sink>, &progress).await?;
        drop(door);
        // With new credentials the next run can read what is missing; sealed, it would stay missing.
        if summary.stopped || summary.expired {
            return Ok(Collected { summary, manifest: None });
        }
        let open =
            Arc::into_inner(open).ok_or_else(|| CommandError::failed(anyhow::anyhow!("a read was still at work when all had ended")))?;
        let manifest = open.seal(&tables(), now_ms().div_euclid(1_000))?;
        Ok(Collected { summary, manifest: Some(manifest) })
    })
}

/// Asks STS who calls, in the first Region that answers: one that is not enabled must not keep the others from being read.
async fn identify(settings: &Settings) -> Result<(Door, Option<String>), CollectError> {
    let mut regions: Vec<Option<String>> = settings.regions.iter().map(|region| Some(region.to_string())).collect();
    if regions.is_empty() {
        regions.push(None);
    }
    let mut first = None;
    for region in regions {
        match Door::open(door_settings(settings, region.as_deref(), CallLog::counting())).await {
            Ok(door) => return Ok((door, region)),
            Err(error @ CollectError::Caller { .. }) => first = first.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    Err(first.unwrap_or(CollectError::NoRegion))
}

fn door_settings(settings: &Settings, region: Option<&str>, call_log: CallLog) -> DoorSettings {
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
        call_log,
        ..DoorSettings::new(Clock::new(now_ms))
    }
}

/// Resumes the newest interrupted collection of the same account and Regions, or begins a new one.
fn open_collection(settings: &Settings, door: &Door, regions: Vec<String>) -> Result<OpenCollection, CommandError> {
    let caller = door.caller();
    let start = Start {
        caller: Caller { account_id: caller.account_id.clone(), arn: caller.arn.clone(), user_id: caller.user_id.clone() },
        scope: Scope { accounts: vec![caller.account_id.clone()], regions },
        started_s: now_ms().div_euclid(1_000),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
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

fn not_resumed(earlier: &Start, now: &Start) -> Option<&'static str> {
    if earlier.caller.account_id != now.caller.account_id || earlier.scope != now.scope {
        Some("it has another account or other Regions")
    } else if now.started_s - earlier.started_s > RESUME_WITHIN_S {
        Some("it is more than a day old")
    } else if earlier.tool_version != now.tool_version {
        Some("another version of this tool began it")
    } else {
        None
    }
}

fn note(settings: &Settings, text: &str) {
    if settings.verbosity >= 0 {
        eprintln!("note: {text}");
    }
}

/// Rows, calls, gaps and time, for the end of a run.
pub(super) fn table(collected: &Collected) -> String {
    let Collected { summary, manifest } = collected;
    let mut table = Table::new();
    table.load_preset(NOTHING).set_header(["table", "rows"]);
    for (name, rows) in &summary.rows {
        table.add_row([(*name).to_owned(), rows.to_string()]);
    }
    if let Some(column) = table.column_mut(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut text = format!("{table}\n\n");
    let took = summary.took.as_millis();
    text += &format!(
        "{} calls, {} reads, {} kept from before, {} gaps, {}.{} s\n",
        summary.calls,
        summary.reads,
        summary.kept_units,
        summary.gaps.len(),
        took / 1_000,
        took % 1_000 / 100
    );
    for gap in &summary.gaps {
        let parent = gap.parent.as_deref().map(|parent| format!(" of {parent}")).unwrap_or_default();
        text += &format!(
            "warning: {} {}{parent} ({}, {})\n  cause:  {}\n  effect: what rests on it is unknown and is not counted as passed\n",
            gap.table, gap.status, gap.account_id, gap.region, gap.reason
        );
    }
    if summary.gaps.iter().any(|gap| gap.status == crate::dataset::ReadStatus::Denied) {
        text += "  hint:   `audit policy read` prints the read-only policy that the audit role needs\n";
    }
    match manifest {
        Some(manifest) => text += &format!("sealed {}", manifest.id),
        None if summary.expired => {
            text += "the credentials expired on the way: log in again; the next `audit collect` resumes the collection";
        }
        None => text += "stopped; the next `audit collect` resumes it",
    }
    text
}
