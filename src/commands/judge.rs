//! From a dataset to a judgement: what `evaluate`, `report`, `explain` and the whole job have in common.

use std::collections::BTreeSet;

use super::error::{CommandError, Exit};
use crate::collect::tables;
use crate::config::Settings;
use crate::dataset::schema::Reach;
use crate::dataset::{Dataset, Relation, Snapshot};
use crate::engine::derived::{Derived, relations};
use crate::engine::settings::Disabled;
use crate::engine::waiver::{self, WAIVER_EXPIRED, WAIVER_UNUSED};
use crate::engine::{
    EngineError, Finding, Judgement as Judged, Library, RequirementState, Rule, RuleErrors, RuleSet, Waiver, assess, judge,
};
use crate::facts::exposure::sweep::State as Known;
use crate::facts::exposure::{Exposed, Scenario, drawn, exposed};
use crate::facts::protection::{Answers, Protection, protection};
use crate::facts::{FACTS, FactError, Inputs};
use crate::model::moment::DAY_S;
use crate::model::{Severity, Verdict, Window};
use crate::report;

/// Before the first collection, AWS still shows the jobs of this many seconds.
const FIRST_WINDOW_S: i64 = 30 * DAY_S;
/// Exposure timelines that a report draws.
const TIMELINES: usize = 12;
/// Pieces of a timeline; a screen has no more points than that.
const SEGMENTS: usize = 400;

/// Takes the newest state of a dataset and hands everything that facts need to `work`.
///
/// # Errors
/// As opening the dataset, or as `work`.
pub(super) fn with_inputs<T>(settings: &Settings, work: impl FnOnce(&Inputs<'_>) -> Result<T, CommandError>) -> Result<T, CommandError> {
    let dataset = Dataset::open(&settings.dataset, &tables())?;
    let snapshot = Snapshot::at(&dataset, settings.as_of_s)?;
    let as_of_s = snapshot.as_of_s();
    let window = settings.window.unwrap_or_else(|| Window { start_s: observed_from(&snapshot), end_s: as_of_s });
    let window = Window { end_s: window.end_s.min(as_of_s), ..window };
    if window.start_s >= window.end_s {
        return Err(CommandError::usage(anyhow::anyhow!(
            "the window begins at or after the moment of judgement, so there is nothing to look at"
        ))
        .hint("choose an earlier start, or a later --as-of"));
    }
    work(&Inputs::new(&snapshot, &settings.objectives, window))
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
    let waivers = check_settings(settings, &rulebook.library)?;
    let resolved = settings.rules.resolve(&rulebook.library.rules, &settings.source).map_err(|errors| config_error(&errors))?;
    let resolved = resolved.with_controls(rulebook.library.controls());
    let judgement = judge(&rulebook.rules, &source, &resolved).map_err(engine_error)?;
    if settings.verbosity >= 0 {
        for rule in &judgement.disabled {
            eprintln!("note: rule {} is switched off and judges nothing: {}", rule.rule_id, rule.reason);
        }
    }
    Ok(waiver::apply(judgement, &waivers, inputs.snapshot.as_of_s()))
}

/// Checks what the configuration says about rules, and gives its waivers.
///
/// # Errors
/// Of usage, with every place in the file.
pub(super) fn check_settings(settings: &Settings, library: &Library) -> Result<Vec<Waiver>, CommandError> {
    settings.rules.resolve(&library.rules, &settings.source).map_err(|errors| config_error(&errors))?;
    waiver::check(&settings.waivers, &library.rules, &settings.source).map_err(|errors| config_error(&errors))
}

fn config_error(errors: &RuleErrors) -> CommandError {
    CommandError::usage(anyhow::anyhow!("the configuration does not fit the rules\n{errors}")).effect("no verdict was given")
}

fn engine_error(error: EngineError) -> CommandError {
    CommandError::failed(error).effect("no verdict was given")
}

/// Everything a report is made from.
///
/// # Errors
/// As deriving facts.
pub(super) fn judgement(
    settings: &Settings,
    rulebook: &Rulebook,
    inputs: &Inputs<'_>,
    judged: Judged,
) -> Result<report::Judgement, CommandError> {
    Ok(report::Judgement {
        about: about(settings, rulebook, inputs, &judged.disabled),
        gaps: inputs.snapshot.gaps().to_vec(),
        rules: rulebook.rules.iter().map(rule_text).chain([WAIVER_EXPIRED, WAIVER_UNUSED].map(built_in)).collect(),
        frameworks: framework_rows(rulebook, &judged),
        exposure: exposure_rows(inputs)?,
        protection: protection(inputs)?.into_iter().map(protection_row).collect(),
        findings: judged.findings,
    })
}

fn about(settings: &Settings, rulebook: &Rulebook, inputs: &Inputs<'_>, disabled: &[Disabled]) -> report::About {
    let snapshot = inputs.snapshot;
    let accounts: BTreeSet<&String> = snapshot.scope().iter().map(|(account, _)| account).collect();
    let regions: BTreeSet<&String> = snapshot.scope().iter().map(|(_, region)| region).collect();
    let mut scope = format!(
        "{} in {}; databases of RDS, Aurora, Neptune and DocumentDB and what AWS Backup holds. Other services are not collected.",
        if accounts.len() == 1 { "One account".to_owned() } else { format!("{} accounts", accounts.len()) },
        if regions.len() == 1 { "one Region".to_owned() } else { format!("{} Regions", regions.len()) },
    );
    for rule in disabled {
        scope += &format!(" Rule {} is switched off: {}.", rule.rule_id, rule.reason.trim_end_matches('.'));
    }
    report::About {
        title: settings.title.clone(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        as_of_s: snapshot.as_of_s(),
        window: inputs.window,
        accounts: accounts.into_iter().cloned().collect(),
        regions: regions.into_iter().cloned().collect(),
        collections: snapshot
            .collections()
            .iter()
            .map(|collection| report::CollectionRow {
                id: collection.manifest.id.clone(),
                started_s: collection.manifest.started_s,
                complete: collection.manifest.complete,
                gaps: snapshot.gaps_in(&collection.manifest.id),
            })
            .collect(),
        dataset_digest: snapshot.digest(),
        rules_digest: rulebook.library.digest(),
        scope,
    }
}

fn rule_text(rule: &Rule) -> report::RuleText {
    let fact = FACTS.iter().find(|fact| fact.relation.name == rule.over.name);
    let reads = fact.map_or(rule.over.rows_rest_on, |fact| fact.reads).iter().map(|rest| report::RuleRead {
        table: rest.table.to_owned(),
        reach: match rest.reach {
            Reach::Parent(_) | Reach::Region => report::Reach::Region,
            Reach::Account => report::Reach::Account,
            Reach::Everywhere => report::Reach::Everywhere,
        },
    });
    report::RuleText {
        id: rule.id.clone(),
        title: rule.title.clone(),
        severity: rule.severity,
        why: rule.why.clone(),
        fix: rule.fix.clone(),
        reads: reads.collect(),
    }
}

fn built_in(rule: waiver::BuiltInRule) -> report::RuleText {
    report::RuleText {
        id: rule.id.to_owned(),
        title: rule.title.to_owned(),
        severity: rule.severity,
        why: rule.why.to_owned(),
        fix: rule.fix.to_owned(),
        reads: Vec::new(),
    }
}

fn framework_rows(rulebook: &Rulebook, judged: &Judged) -> Vec<report::FrameworkRow> {
    let findings = &judged.findings;
    let rows = rulebook.library.frameworks.frameworks.iter().map(|framework| {
        let assessed = assess(&rulebook.library, framework, &judged.rules, findings);
        let count = |state: RequirementState| assessed.iter().filter(|one| one.state == state).count() as u64;
        let prefix = format!("{}:", framework.id);
        let speaks = |finding: &&Finding| finding.controls.split("; ").any(|control| control.starts_with(&prefix));
        let verdicts = |verdict: Verdict| findings.iter().filter(speaks).filter(|finding| finding.verdict == verdict).count() as u64;
        report::FrameworkRow {
            id: framework.id.clone(),
            title: framework.title.clone(),
            met: count(RequirementState::Met),
            not_met: count(RequirementState::NotMet),
            unknown: count(RequirementState::Unknown),
            manual: count(RequirementState::Manual) + count(RequirementState::NotJudged),
            verdicts: report::VerdictCounts {
                pass: verdicts(Verdict::Pass),
                fail: verdicts(Verdict::Fail),
                unknown: verdicts(Verdict::Unknown),
                waived: verdicts(Verdict::Waived),
            },
        }
    });
    rows.collect()
}

/// Exposure of what owes an RPO; only the worst have a timeline.
fn exposure_rows(inputs: &Inputs<'_>) -> Result<Vec<report::ExposureRow>, FactError> {
    let mut rows: Vec<Exposed> = exposed(inputs)?.into_iter().filter(|row| row.rpo_owed != Some(false)).collect();
    rows.sort_by_key(|row| {
        (std::cmp::Reverse((row.violated_s, row.lower_rpo_s, row.unknown_s)), row.subject_arn.clone(), row.scenario.word())
    });
    let mut out = Vec::with_capacity(rows.len());
    for (index, row) in rows.into_iter().enumerate() {
        let segments = if index < TIMELINES { drawn(inputs, &row.subject_arn, row.scenario, SEGMENTS)? } else { Vec::new() };
        out.push(exposure_row(row, &segments));
    }
    Ok(out)
}

fn exposure_row(row: Exposed, segments: &[crate::facts::exposure::sweep::Segment]) -> report::ExposureRow {
    let limit_s = row.rpo_s.saturating_add(row.tolerance_s);
    let segments = segments.iter().flat_map(|segment| shown(segment, limit_s));
    report::ExposureRow {
        subject_arn: row.subject_arn,
        subject_type: row.subject_type,
        account_id: row.account_id,
        region: row.region,
        scenario: match row.scenario {
            Scenario::Any => "any".to_owned(),
            Scenario::OtherRegion => "other_region".to_owned(),
        },
        objective_id: row.objective_id.trim_end_matches(", not approved").to_owned(), // which the report says by itself
        rpo_s: row.rpo_s,
        tolerance_s: row.tolerance_s,
        approved: row.approved,
        lower_rpo_s: row.lower_rpo_s,
        upper_rpo_s: row.upper_rpo_s,
        achieved_rpo_s: row.achieved_rpo_s,
        worst_s: row.worst_s,
        compliant_s: row.compliant_s,
        violated_s: row.violated_s,
        unknown_s: row.unknown_s,
        segments: segments.collect(),
    }
}

/// A stretch of the timeline as it is drawn: where the exposure is no single number, but proven to be beyond what is allowed, its lower bound.
fn shown(segment: &crate::facts::exposure::sweep::Segment, limit_s: i64) -> Vec<report::Segment> {
    let (from_s, to_s, low_s) = (segment.from_s, segment.to_s, segment.exposure_at_start_s);
    let rises = segment.exposure_at_end_s > low_s;
    let known = |start_s, exposure_s| report::Segment { start_s, end_s: to_s, exposure_s: Some(exposure_s), rises };
    if segment.state == Known::Known || low_s > limit_s {
        return vec![known(from_s, low_s)];
    }
    let unknown = |end_s| report::Segment { start_s: from_s, end_s, exposure_s: None, rises };
    let crossed_s = from_s.saturating_add(limit_s.saturating_sub(low_s));
    if rises && crossed_s < to_s { vec![unknown(crossed_s), known(crossed_s, limit_s)] } else { vec![unknown(to_s)] }
}

fn protection_row(row: Protection) -> report::ProtectionRow {
    let cell = |answers: Answers| report::ProtectionCell {
        yes: answers.yes,
        no: answers.no,
        unknown: answers.unknown,
        not_owed: answers.not_owed,
    };
    report::ProtectionRow {
        cells: [cell(row.selected), cell(row.backed_up), cell(row.within_rpo), cell(row.kept), cell(row.copied)],
        resource_type: row.resource_type,
    }
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
