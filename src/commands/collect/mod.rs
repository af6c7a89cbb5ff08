//! `audit collect`: AWS into a new collection, or the rest of an interrupted one.

mod dry_run;
mod opened;
mod summary;
mod whom;

use std::sync::Arc;

pub(super) use dry_run::run as dry_run;
pub(super) use summary::table;

use super::clock::now_ms;
use super::error::{CommandError, Exit};
use crate::collect::call_log::CallLog;
use crate::collect::policy::{Finding, read_policy};
use crate::collect::progress::{Progress, ProgressMode, Summary};
use crate::collect::{runner, tables};
use crate::config::{Accounts, Settings};
use crate::dataset::{Ending, Manifest};

/// What a collection came to.
#[derive(Debug)]
pub(super) struct Collected {
    /// What was read.
    pub summary: Summary,
    /// Accounts of the organisation that are not active and were left out, with their state.
    pub left_out: Vec<(String, String)>,
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
        // Whom to ask is found out by asking; those calls belong to the collection's log like all others.
        let log = CallLog::held();
        let home = whom::identify(settings, &log, None).await?;
        let whom::Whom { accounts, left_out } = whom::find(settings, &home).await?;
        let open = opened::open(settings, &home, &accounts)?;
        log.keep_in(&open.calls_path())?;
        if settings.collect.keep_raw {
            log.keep_answers_in(&open.answers_path())?;
        }
        let open = Arc::new(open);
        let progress = progress(settings);
        let choice = &settings.collect.choice;
        let started_s = open.start().started_s;
        let known = opened::known(settings, &open.start().scope, started_s);
        let scope = runner::Scope { not_requested: choice.not_requested, known, ..runner::Scope::new(choice.collectors, started_s) };
        let summary = runner::collect(&home, &accounts, &scope, Arc::clone(&open) as Arc<dyn runner::Sink>, &progress).await?;
        drop((accounts, home));
        // With new credentials the next run can read what is missing; sealed, it would stay missing.
        if summary.stopped || summary.expired {
            return Ok(Collected { summary, left_out, manifest: None });
        }
        let open =
            Arc::into_inner(open).ok_or_else(|| CommandError::failed(anyhow::anyhow!("a read was still at work when all had ended")))?;
        let ending = Ending { ended_s: now_ms().div_euclid(1_000), clock_offset_ms: log.clock_offset_ms() };
        let manifest = open.seal(&tables(), ending)?;
        Ok(Collected { summary, left_out, manifest: Some(manifest) })
    })
}

fn progress(settings: &Settings) -> Progress {
    Progress::new(match settings.verbosity {
        i8::MIN..0 => ProgressMode::Quiet,
        _ if settings.bars => ProgressMode::Bars,
        _ => ProgressMode::Lines,
    })
}

/// The least policy with which these settings can be collected.
pub(super) fn policy(settings: &Settings) -> String {
    let collect = &settings.collect;
    let (organization, entry) = match &collect.accounts {
        Accounts::Own => (false, None),
        Accounts::Named(_, entry) => (false, Some(entry)),
        Accounts::Organization(entry) => (true, Some(entry)),
    };
    let finding = Finding { regions: collect.regions.is_empty(), organization, role_name: entry.map(|entry| entry.role_name.clone()) };
    read_policy(collect.choice.collectors, &finding)
}

fn note(settings: &Settings, text: &str) {
    if settings.verbosity >= 0 {
        eprintln!("note: {text}");
    }
}
