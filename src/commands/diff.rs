//! `audit diff OLD NEW`: what got worse, better or out of sight between two collections or two findings files, and what changed behind it.

mod ages;
mod which;

use std::collections::BTreeMap;
use std::path::Path;

use super::error::{CommandError, Exit};
use super::gather::resources::owes;
use super::judge::{self, Rulebook};
use super::{print, style};
use crate::cli::DiffArgs;
use crate::collect::tables;
use crate::config::Settings;
use crate::dataset::{Dataset, Gap, frame};
use crate::engine::compare::{Movement, Side, compare};
use crate::engine::waiver::BUILT_IN;
use crate::engine::{Finding, digest, table};
use crate::facts::drift::{self, Standing, State};
use crate::facts::{FactError, Inputs, schedule};
use crate::model::moment;
use crate::report::diff::{self, ChangeRow, Diff, Drift, Failing, SideLabel, Unread};
use crate::report::read::{self, Read};

/// What one side gives.
struct Judged {
    side: Side,
    label: SideLabel,
    /// The state of things; a file does not hold it.
    state: Option<State>,
    /// Names that people gave, by ARN.
    names: BTreeMap<String, String>,
    /// What was not read; a Parquet file does not tell.
    gaps: Option<Vec<Gap>>,
}

/// Compares OLD and NEW.
///
/// # Errors
/// Of usage: a side that names nothing, or several things, or is not older than the other. As judging, or as reading a file.
pub(super) fn run(settings: &Settings, args: &DiffArgs) -> Result<Exit, CommandError> {
    let rulebook = judge::rulebook(settings)?;
    let needs_dataset = !which::is_file(&args.old) || !which::is_file(&args.new);
    let dataset = needs_dataset.then(|| Dataset::open(&settings.dataset, &tables())).transpose()?;
    let moment = |named: &str| match &dataset {
        Some(dataset) if !which::is_file(named) => which::collection(dataset, named).map(Some),
        _ => Ok(None),
    };
    let moments = (moment(&args.old)?, moment(&args.new)?);
    check_order(moments)?;
    let judged = |named: &str, at_s: Option<i64>| match (&dataset, at_s) {
        (Some(dataset), Some(at_s)) => at(settings, &rulebook, dataset, at_s, named),
        _ => file(&rulebook, named),
    };
    let (old, new) = (judged(&args.old, moments.0)?, judged(&args.new, moments.1)?);
    check_order((old.label.as_of_s, new.label.as_of_s))?;
    let diff = compared(settings, &rulebook, dataset.as_ref(), old, new)?;
    print(&if args.json { diff::json(&diff).map_err(CommandError::failed)? } else { diff::text(&diff, style(settings)) })?;
    Ok(match () {
        () if diff.has_new(settings.fail_on) => Exit::Findings,
        () if diff.lost_sight() => Exit::Unknown,
        () => Exit::Clean,
    })
}

/// OLD must be older than NEW, as far as both tell when they are.
fn check_order(moments: (Option<i64>, Option<i64>)) -> Result<(), CommandError> {
    let (Some(old_s), Some(new_s)) = moments else { return Ok(()) };
    if old_s < new_s {
        return Ok(());
    }
    let (what, hint) = if old_s == new_s {
        (format!("OLD and NEW both stand for {}", moment::text(old_s)), "name two moments of which one is older")
    } else {
        (format!("OLD stands for {}, which is after NEW, {}", moment::text(old_s), moment::text(new_s)), "the older one comes first")
    };
    Err(CommandError::usage(anyhow::anyhow!(what)).effect("nothing was compared").hint(hint))
}

/// The dataset as of a moment, judged with the present rules and configuration.
fn at(settings: &Settings, rulebook: &Rulebook, dataset: &Dataset, at_s: i64, named: &str) -> Result<Judged, CommandError> {
    judge::with_inputs_at(settings, dataset, Some(at_s), |inputs| {
        let judged = judge::judge_inputs(settings, rulebook, inputs)?;
        let resolved = judge::resolved(settings, &rulebook.library)?;
        let known = rulebook.rules.iter().filter(|rule| judged.rules.contains(&rule.id));
        let digests = known.map(|rule| (rule.id.clone(), Some(digest::of_rule(rule, &resolved))));
        let built_in = BUILT_IN.iter().map(|rule| (rule.id.to_owned(), Some(digest::of_text(rule.id))));
        let owes_nothing = |rule: &&crate::engine::Rule| !rule.over.columns.iter().any(|column| column.source.contains("audit.yaml"));
        let side = Side {
            rules: digests.chain(built_in).collect(),
            objectives: objectives(inputs)?,
            findings: judged.findings,
            without_objective: rulebook.rules.iter().filter(owes_nothing).map(|rule| rule.id.clone()).collect(),
            has_passes: true,
        };
        let begun = inputs.snapshot.collections().iter().filter(|one| one.manifest.started_s == at_s);
        let collections = begun.map(|one| one.manifest.id.clone()).collect();
        let label =
            SideLabel { named: named.to_owned(), note: which::begun_later_that_day(dataset, named), as_of_s: Some(at_s), collections };
        let gaps = Some(inputs.snapshot.gaps().to_vec());
        Ok(Judged { side, label, state: Some(State::of(inputs)?), names: names(inputs)?, gaps })
    })
}

/// What each resource owes at the moment; those of which that is not known are left out.
fn objectives(inputs: &Inputs<'_>) -> Result<BTreeMap<String, crate::engine::compare::Owes>, FactError> {
    let mut objectives = BTreeMap::new();
    for (index, resource) in inputs.population()?.iter().enumerate() {
        let owed = inputs.objectives.owed(resource, inputs.snapshot.as_of_s(), schedule::start_window_s(inputs, index)?);
        objectives.extend(owed.map(|owed| (resource.arn.clone(), owes(&owed))));
    }
    Ok(objectives)
}

crate::rows! {
    /// What things are called.
    struct NameRow { subject_arn: Text; name: Text; }
}

/// What people call things whose ARNs do not tell, those that are gone included.
fn names(inputs: &Inputs<'_>) -> Result<BTreeMap<String, String>, FactError> {
    let rows: Vec<NameRow> = frame::from_frame("drift", &inputs.fact("drift")?)?;
    let told = rows.into_iter().filter_map(|row| row.subject_arn.zip(row.name)).filter(|(arn, _)| !arn.contains("#read/"));
    let plans = inputs.plans()?;
    Ok(told.chain(plans.iter().map(|plan| (plan.arn.clone(), plan.name.clone()))).collect())
}

/// Findings that were written before, with the rules' present ids.
fn file(rulebook: &Rulebook, named: &str) -> Result<Judged, CommandError> {
    let refused = |error: anyhow::Error| {
        CommandError::usage(error.context(format!("cannot use the findings file {named}")))
            .effect("nothing was compared")
            .hint("name a findings.json or findings.parquet that `audit evaluate --out DIR` wrote")
    };
    let bytes = std::fs::read(Path::new(named)).map_err(|error| refused(error.into()))?;
    let (as_of_s, mut side, gaps) = if bytes.starts_with(b"PAR1") {
        let findings = table::from_parquet(&bytes).map_err(|error| refused(error.into()))?;
        let rules = findings.iter().map(|finding| (finding.rule_id.to_string(), None)).collect();
        (None, Side { findings, rules, has_passes: true, ..Side::default() }, None)
    } else {
        let Read { as_of_s, side, gaps } = read::findings_json(&bytes).map_err(|error| refused(error.into()))?;
        (Some(as_of_s), side, Some(gaps))
    };
    let present = |id: &str| rulebook.library.rules.get(id).map_or(id, |rule| rule.id.as_str()).to_owned();
    side.findings.iter_mut().for_each(|finding| finding.rule_id = present(&finding.rule_id).into());
    side.rules = side.rules.into_iter().map(|(id, digest)| (present(&id), digest)).collect();
    let label = SideLabel { named: named.to_owned(), note: None, as_of_s, collections: Vec::new() };
    Ok(Judged { side, label, state: None, names: BTreeMap::new(), gaps })
}

fn compared(settings: &Settings, rulebook: &Rulebook, dataset: Option<&Dataset>, old: Judged, new: Judged) -> Result<Diff, CommandError> {
    let moved = compare(&old.side, &new.side);
    let open: Vec<&Finding> = moved.iter().filter(|one| one.movement == Movement::Open).filter_map(|one| one.after.as_ref()).collect();
    let failing = match (dataset, &old.state, old.label.as_of_s) {
        (Some(dataset), Some(_), Some(old_s)) => ages::failing(settings, rulebook, dataset, &open, old_s)?,
        // Before the older file nothing is known.
        (_, _, Some(old_s)) => open.iter().map(|one| (key(one), Failing { since_s: old_s, or_before: true })).collect(),
        _ => BTreeMap::new(),
    };
    let titles = rulebook.library.rules.iter().map(|rule| (rule.id.clone(), rule.title.clone()));
    let built_in = BUILT_IN.iter().map(|rule| (rule.id.to_owned(), rule.title.to_owned()));
    Ok(Diff {
        title: settings.title.clone(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        moved,
        titles: titles.chain(built_in).collect(),
        names: old.names.into_iter().chain(new.names).collect(),
        failing,
        unread: old.gaps.zip(new.gaps).map(|(old, new)| Unread::of(&old, &new)),
        drift: old.state.zip(new.state).map(|(old, new)| drift_of(&old, &new)),
        old: old.label,
        new: new.label,
    })
}

fn key(finding: &Finding) -> (String, String) {
    (finding.rule_id.to_string(), finding.subject_arn.to_string())
}

fn drift_of(old: &State, new: &State) -> Drift {
    let mut drift = Drift::default();
    for standing in drift::compare(old, new) {
        *(if standing.compared { &mut drift.compared } else { &mut drift.read_once }) += 1;
        drift.changes.extend(changes(standing));
    }
    drift
}

fn changes(standing: Standing) -> Vec<ChangeRow> {
    let subject = standing.subject;
    let row = |change: drift::Change| ChangeRow {
        thing: subject.thing.word(),
        name: subject.name.clone(),
        subject_arn: subject.arn.clone(),
        subject_type: subject.subject_type.clone(),
        account_id: subject.account_id.clone(),
        region: subject.region.clone(),
        what: change.what,
        part: change.part,
        change: change.kind.word(),
        before: change.before,
        after: change.after,
        weakens: change.weakens,
    };
    standing.changes.into_iter().map(row).collect()
}
