//! `audit waiver`: which failures somebody accepted, until when, and whether anybody could know what that accepts; and which addressable requirements
//! are answered otherwise.

use super::error::{CommandError, Exit};
use super::judge::{self, Accepted, Rulebook};
use super::{clock, gather, print, style};
use crate::cli::WaiverCommand;
use crate::collect::tables;
use crate::config::Settings;
use crate::dataset::{Dataset, DatasetError};
use crate::engine::waiver::Tags;
use crate::engine::{Alternative, Finding, Judgement, RequirementState, RuleCounts, Waiver, assess};
use crate::model::Verdict;
use crate::report::waivers::{self, Answering, Standing, Waivers};

/// Lists or checks the waivers of the configuration.
///
/// # Errors
/// Of usage if they cannot be used, with every place in the file; as judging.
pub(super) fn run(settings: &Settings, command: WaiverCommand) -> Result<Exit, CommandError> {
    let rulebook = judge::rulebook(settings)?;
    let checked = judge::check_settings(settings, &rulebook.library)?;
    match command {
        WaiverCommand::List { json } => list(settings, &rulebook, &checked, json),
        WaiverCommand::Check { json } => check(settings, &checked, json),
    }
}

/// What was judged, for the waivers.
struct Judged {
    judgement: Judgement,
    /// By rule, for requirements.
    counts: RuleCounts,
    tags: Tags,
    as_of_s: i64,
}

fn list(settings: &Settings, rulebook: &Rulebook, checked: &Accepted, json: bool) -> Result<Exit, CommandError> {
    let judged = dataset(settings)?.map(|dataset| judged(settings, rulebook, &dataset, &checked.waivers)).transpose()?;
    let as_of_s = judged.as_ref().map_or_else(|| moment(settings, None), |judged| judged.as_of_s);
    let list = Waivers {
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        as_of_s,
        list: checked.waivers.iter().map(|waiver| standing(waiver, judged.as_ref(), as_of_s)).collect(),
        alternatives: checked.alternatives.iter().map(|one| answering(rulebook, one, judged.as_ref(), as_of_s)).collect(),
    };
    print(&if json { waivers::json(&list).map_err(CommandError::failed)? } else { waivers::text(&list, style(settings)) })?;
    Ok(Exit::Clean)
}

fn judged(settings: &Settings, rulebook: &Rulebook, dataset: &Dataset, checked: &[Waiver]) -> Result<Judged, CommandError> {
    judge::with_inputs_at(settings, dataset, settings.as_of_s, |inputs| {
        let judgement = judge::judge_inputs(settings, rulebook, inputs)?;
        let tags = judge::tags(inputs, checked)?;
        let counts = RuleCounts::of(&rulebook.library.frameworks, &judgement.findings, &judgement.scope);
        Ok(Judged { judgement, counts, tags, as_of_s: inputs.snapshot.as_of_s() })
    })
}

fn standing(waiver: &Waiver, judged: Option<&Judged>, as_of_s: i64) -> Standing {
    let of_rule = judged.filter(|judged| judged.judgement.rules.contains(&waiver.rule));
    let is_waived = |finding: &&Finding| finding.verdict == Verdict::Waived && finding.waiver_id == waiver.id;
    let accepted = of_rule.map(|judged| judged.judgement.findings.iter().filter(is_waived).cloned().collect::<Vec<_>>());
    // While it holds, what fails and may be meant is what its tags do not decide.
    let holds = waiver.holds(as_of_s);
    let meant = |judged: &Judged, finding: &Finding| match waiver.matches(finding, &judged.tags) {
        None => true,
        Some(matches) => matches && !holds,
    };
    let failing = |judged: &Judged| {
        let fail = judged.judgement.findings.iter().filter(|finding| finding.verdict == Verdict::Fail);
        fail.filter(|finding| meant(judged, finding)).cloned().collect::<Vec<_>>()
    };
    Standing {
        state: waiver.state(as_of_s),
        over_broad: waiver.over_broad(),
        waives: accepted,
        would: of_rule.map(failing).unwrap_or_default(),
        row: gather::waiver(waiver.clone()),
    }
}

/// Where an alternative stands, and where its requirement does.
fn answering(rulebook: &Rulebook, one: &Alternative, judged: Option<&Judged>, as_of_s: i64) -> Answering {
    let state = |judged: &Judged| -> Option<RequirementState> {
        let framework = rulebook.library.frameworks.get(&one.framework)?;
        let assessed = assess(&rulebook.library, framework, &judged.judgement.rules, &judged.counts, &judged.judgement.alternatives);
        Some(assessed.iter().find(|assessed| assessed.requirement.id == one.requirement)?.state)
    };
    Answering { state: one.state(as_of_s), requirement_state: judged.and_then(state), row: gather::alternative(one.clone()) }
}

fn check(settings: &Settings, checked: &Accepted, json: bool) -> Result<Exit, CommandError> {
    let as_of_s = moment(settings, dataset(settings)?.as_ref());
    let of_alternatives = checked.alternatives.iter().flat_map(|one| one.findings(as_of_s));
    let findings: Vec<Finding> = checked.waivers.iter().flat_map(|waiver| waiver.findings(as_of_s)).chain(of_alternatives).collect();
    let text = if json {
        serde_json::to_string_pretty(&findings).map_err(CommandError::failed)? + "\n"
    } else {
        let said = findings.iter().map(|finding| format!("[{}] {}: {}\n", finding.severity, finding.rule_id, finding.message));
        let can = |count: usize, one, many| format!("{} can be used\n", crate::report::text::plural(count as u64, one, many));
        let alternatives = checked.alternatives.len();
        let of_alternatives = (alternatives > 0).then(|| can(alternatives, "alternative", "alternatives"));
        said.chain([can(checked.waivers.len(), "waiver", "waivers")]).chain(of_alternatives).collect()
    };
    print(&text)?;
    Ok(judge::exit(&findings, settings.fail_on))
}

/// The dataset, if there is one: waivers are configuration, and can be looked at without.
fn dataset(settings: &Settings) -> Result<Option<Dataset>, CommandError> {
    match Dataset::open(&settings.dataset, &tables()) {
        Ok(dataset) => Ok(Some(dataset)),
        Err(DatasetError::NotFound(_) | DatasetError::Empty { .. }) if !settings.dataset_named => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The moment to look at: as asked for, else the newest collection's, else the present.
fn moment(settings: &Settings, dataset: Option<&Dataset>) -> i64 {
    let newest = dataset.and_then(|dataset| dataset.collections().last()).map(|newest| newest.manifest.started_s);
    settings.as_of_s.or(newest).unwrap_or_else(|| clock::now_ms().div_euclid(1_000))
}
