//! From a dataset to verdicts: what `evaluate`, `report`, `explain` and the whole job have in common.

use std::collections::BTreeSet;

use super::error::{CommandError, Exit};
use crate::collect::tables;
use crate::config::Settings;
use crate::dataset::{Dataset, Relation, Snapshot};
use crate::engine::alternative::{self, Alternative};
use crate::engine::derived::{Derived, relations};
use crate::engine::load::price_list;
use crate::engine::waiver::{self, Tags};
use crate::engine::{
    DataScope, EngineError, Finding, Judgement as Judged, Library, Rule, RuleErrors, RuleSet, Settings as Resolved, Waiver, judge,
};
use crate::facts::held::held;
use crate::facts::{FactError, Inputs};
use crate::model::moment::DAY_S;
use crate::model::{Severity, Verdict, Window};

/// Before the first collection, AWS still shows the jobs of this many seconds.
const FIRST_WINDOW_S: i64 = 30 * DAY_S;

/// Takes the newest state of a dataset and hands everything that facts need to `work`.
///
/// # Errors
/// As opening the dataset, or as `work`.
pub(super) fn with_inputs<T>(settings: &Settings, work: impl FnOnce(&Inputs<'_>) -> Result<T, CommandError>) -> Result<T, CommandError> {
    with_inputs_at(settings, &Dataset::open(&settings.dataset, &tables())?, settings.as_of_s, work)
}

/// The same of a dataset that is open already, as of a moment; by default the start of its newest collection.
///
/// # Errors
/// As reading the dataset, or as `work`.
pub(super) fn with_inputs_at<T>(
    settings: &Settings,
    dataset: &Dataset,
    as_of_s: Option<i64>,
    work: impl FnOnce(&Inputs<'_>) -> Result<T, CommandError>,
) -> Result<T, CommandError> {
    let snapshot = Snapshot::at(dataset, as_of_s)?;
    let as_of_s = snapshot.as_of_s();
    let window = settings.window.unwrap_or_else(|| Window { start_s: observed_from(&snapshot), end_s: as_of_s });
    let window = Window { end_s: window.end_s.min(as_of_s), ..window };
    if window.start_s >= window.end_s {
        return Err(CommandError::usage(anyhow::anyhow!(
            "the window begins at or after the moment of judgement, so there is nothing to look at"
        ))
        .hint("choose an earlier start, or a later --as-of"));
    }
    let prices = price_list(settings.rules_dir.as_deref()).map_err(CommandError::usage)?;
    work(&Inputs::new(&snapshot, &settings.objectives, window).with_prices(&prices))
}

/// The first moment from which backup and copy jobs were observed. Regions are read within seconds of each other, so the last of those that were read first
/// counts; a Region that was only read in a later collection does not shorten the window of the others.
fn observed_from(snapshot: &Snapshot<'_>) -> i64 {
    let observed = |table| {
        snapshot
            .scope()
            .iter()
            .filter_map(move |(account, region)| snapshot.observed(table, account, region).first().map(|seen| seen.start_s))
    };
    let starts: Vec<i64> = observed("backup_jobs").chain(observed("copy_jobs")).collect();
    let first_s = snapshot.collections().first().map_or(snapshot.as_of_s(), |collection| collection.manifest.started_s);
    let earliest_s = starts.iter().min().copied().unwrap_or(first_s - FIRST_WINDOW_S);
    starts.into_iter().filter(|start_s| *start_s < earliest_s + DAY_S).max().unwrap_or(earliest_s)
}

/// Rules and frameworks, with the relations they were checked against.
pub(super) struct Rulebook {
    /// Everything that was loaded.
    pub library: Library,
    /// The rules to judge by.
    pub rules: RuleSet,
    /// The relations they read.
    pub relations: Vec<&'static Relation>,
}

/// Loads the rules that the settings ask for.
///
/// # Errors
/// Of usage: files that cannot be used, with place and snippet; a rule or framework that is not there.
pub(super) fn rulebook(settings: &Settings) -> Result<Rulebook, CommandError> {
    let relations = relations(&tables());
    let library = Library::load(&relations, settings.rules_dir.as_deref()).map_err(CommandError::usage)?;
    for id in &settings.rule_ids {
        if library.rules.get(id).is_none() {
            let hint = library.rules.nearest(id).map(|near| format!("did you mean `{near}`?")).unwrap_or_default();
            return Err(CommandError::usage(anyhow::anyhow!("there is no rule `{id}`")).hint(hint));
        }
    }
    for id in &settings.frameworks {
        if library.frameworks.get(id).is_none() {
            let known: Vec<_> = library.frameworks.frameworks.iter().map(|framework| framework.id.as_str()).collect();
            return Err(
                CommandError::usage(anyhow::anyhow!("there is no framework `{id}`")).hint(format!("there are {}", known.join(", ")))
            );
        }
    }
    let wanted: BTreeSet<&str> = settings.rule_ids.iter().filter_map(|id| library.rules.get(id)).map(|rule| rule.id.as_str()).collect();
    let controls = library.controls();
    let speaks = |rule: &Rule| {
        let of_rule = controls.get(&rule.id).map_or("", String::as_str);
        let to = |id: &String| of_rule.split("; ").any(|control| control.split_once(':').is_some_and(|(framework, _)| framework == id));
        settings.frameworks.is_empty() || settings.frameworks.iter().any(to)
    };
    let rules = library.rules.filter(|rule| (wanted.is_empty() || wanted.contains(rule.id.as_str())) && speaks(rule));
    Ok(Rulebook { library, rules, relations })
}

/// Judges.
///
/// # Errors
/// As loading rules and settings, or as deriving facts.
pub(super) fn judge_inputs(settings: &Settings, rulebook: &Rulebook, inputs: &Inputs<'_>) -> Result<Judged, CommandError> {
    let tables = tables();
    let source = Derived::new(inputs, &tables, &rulebook.relations);
    let Accepted { waivers, alternatives } = check_settings(settings, &rulebook.library)?;
    let resolved = resolved(settings, &rulebook.library)?.with_controls(rulebook.library.controls());
    let judgement = judge(&rulebook.rules, &source, &resolved).map_err(engine_error)?;
    if settings.verbosity >= 0 {
        for rule in &judgement.disabled {
            eprintln!("note: rule {} is switched off and judges nothing: {}", rule.rule_id, rule.reason);
        }
    }
    let as_of_s = inputs.snapshot.as_of_s();
    let judgement = waiver::apply(judgement, &waivers, &tags(inputs, &waivers)?, as_of_s);
    let mut judgement = alternative::apply(judgement, &alternatives, &rulebook.library, as_of_s);
    judgement.scope = data_scope(inputs)?;
    judgement.scope.narrow(&mut judgement.findings, &rulebook.library.frameworks);
    Ok(judgement)
}

/// Which subjects count for frameworks that are about a class of data.
///
/// # Errors
/// As deriving the population.
fn data_scope(inputs: &Inputs<'_>) -> Result<DataScope, FactError> {
    Ok(DataScope::new(inputs.objectives.data_classes(inputs.snapshot.as_of_s()), held(inputs)?))
}

crate::rows! {
    /// What is needed of `resource_tags`.
    struct TagsRow { resource_arn: Text; tags: Json; }
}

/// The tags that were read of resources, vaults and plans; nothing is read where no waiver asks for tags.
///
/// # Errors
/// As deriving the population.
pub(super) fn tags(inputs: &Inputs<'_>, waivers: &[Waiver]) -> Result<Tags, FactError> {
    if waivers.iter().all(|waiver| waiver.subjects.tags.is_empty()) {
        return Ok(Tags::default());
    }
    let population = inputs.population()?;
    let resources = population.iter().filter_map(|resource| Some((resource.arn.clone(), resource.facts.tags.clone()?)));
    let others = inputs.rows::<TagsRow>("resource_tags")?.into_iter();
    let others = others.filter_map(|row| Some((row.resource_arn?, serde_json::from_str(&row.tags?.0).ok()?)));
    Ok(Tags::new(resources.chain(others)))
}

/// What the configuration says about rules.
///
/// # Errors
/// Of usage, with every place in the file.
pub(super) fn resolved(settings: &Settings, library: &Library) -> Result<Resolved, CommandError> {
    settings.rules.resolve(&library.rules, &settings.source).map_err(|errors| config_error(&errors))
}

/// What the configuration accepts, checked.
#[derive(Clone, Debug)]
pub(super) struct Accepted {
    /// Failures that somebody accepted.
    pub waivers: Vec<Waiver>,
    /// Addressable requirements that are answered otherwise.
    pub alternatives: Vec<Alternative>,
}

/// Checks what the configuration says about rules and requirements, and gives what it accepts.
///
/// # Errors
/// Of usage, with every place in the file.
pub(super) fn check_settings(settings: &Settings, library: &Library) -> Result<Accepted, CommandError> {
    let source = &settings.source;
    settings.rules.resolve(&library.rules, source).map_err(|errors| config_error(&errors))?;
    Ok(Accepted {
        waivers: waiver::check(&settings.waivers, &library.rules, source).map_err(|errors| config_error(&errors))?,
        alternatives: alternative::check(&settings.alternatives, &library.frameworks, source).map_err(|errors| config_error(&errors))?,
    })
}

fn config_error(errors: &RuleErrors) -> CommandError {
    CommandError::usage(anyhow::anyhow!("the configuration does not fit the rules\n{errors}")).effect("no verdict was given")
}

fn engine_error(error: EngineError) -> CommandError {
    CommandError::failed(error).effect("no verdict was given")
}

/// The exit code that findings call for.
pub(super) fn exit(findings: &[Finding], fail_on: Severity) -> Exit {
    let failed = |finding: &Finding| finding.verdict == Verdict::Fail && finding.severity >= fail_on;
    if findings.iter().any(failed) {
        Exit::Findings
    } else if findings.iter().any(|finding| finding.verdict == Verdict::Unknown) {
        Exit::Unknown
    } else {
        Exit::Clean
    }
}

#[cfg(test)]
mod peers;
