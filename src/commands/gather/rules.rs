//! Rules and frameworks for the reader: what each rule asks, with the parameters in force, and every requirement with where it stands.

use crate::commands::error::CommandError;
use crate::commands::judge::Rulebook;
use crate::config::Settings;
use crate::dataset::schema::Reach;
use crate::engine::assess::VerdictCounts;
use crate::engine::data_scope::Place;
use crate::engine::digest;
use crate::engine::explain::explain;
use crate::engine::frameworks::{Framework, KindOrigin};
use crate::engine::rule::Quantify;
use crate::engine::waiver::{BUILT_IN, BuiltInRule};
use crate::engine::{Assessed, Judgement as Judged, Rule, RuleCounts, Settings as Resolved, assess};
use crate::facts::FACTS;
use crate::report;

/// The texts of the rules that judge.
///
/// # Errors
/// Of usage, if the configuration does not fit the rules.
pub(super) fn texts(settings: &Settings, rulebook: &Rulebook) -> Result<Vec<report::RuleText>, CommandError> {
    let resolved = settings.rules.resolve(&rulebook.library.rules, &settings.source).map_err(CommandError::usage)?;
    let texts = rulebook.rules.iter().map(|rule| text(settings, rulebook, &resolved, rule));
    Ok(texts.chain(BUILT_IN.map(built_in)).collect())
}

fn text(settings: &Settings, rulebook: &Rulebook, resolved: &Resolved, rule: &Rule) -> report::RuleText {
    let fact = FACTS.iter().find(|fact| fact.relation.name == rule.over.name);
    let of_table = [rule.over.rows_rest_on];
    let reads = fact.map_or(&of_table[..], |fact| fact.reads).iter().copied().flatten().map(|rest| report::RuleRead {
        table: rest.table.to_owned(),
        reach: match rest.reach {
            Reach::Parent(_) | Reach::Region => report::Reach::Region,
            Reach::Account => report::Reach::Account,
            Reach::Everywhere => report::Reach::Everywhere,
        },
    });
    let page = explain(&rulebook.library, &rule.id);
    let of_page = |field: fn(&crate::engine::explain::RulePage) -> String| page.as_ref().map(field).unwrap_or_default();
    report::RuleText {
        id: rule.id.clone(),
        digest: digest::of_rule(rule, resolved),
        title: rule.title.clone(),
        severity: resolved.severity(rule),
        why: rule.why.clone(),
        fix: rule.fix.clone(),
        since: rule.since.clone(),
        over: (rule.over.name.to_owned(), rule.over.doc.to_owned()),
        quantify: match rule.quantify {
            Quantify::All => "every row".to_owned(),
            Quantify::Any => "one row".to_owned(),
        },
        applies: of_page(|page| page.applies.clone()),
        pass: of_page(|page| page.pass.clone()),
        columns: page.as_ref().map(|page| page.columns.clone()).unwrap_or_default(),
        params: params(settings, rulebook, resolved, rule),
        references: rule.references.clone(),
        reads: reads.collect(),
    }
}

/// The parameters of a rule as they are in force: for all subjects, and for those that the configuration names.
fn params(settings: &Settings, rulebook: &Rulebook, resolved: &Resolved, rule: &Rule) -> Vec<report::ParamRow> {
    let written = settings.rules.0.iter().find(|(id, _)| rulebook.library.rules.get(id).is_some_and(|found| found.id == rule.id));
    let overrides = written.map_or(&[][..], |(_, setting)| &setting.value.overrides);
    let who = overrides.iter().map(|entry| {
        let subject = entry.value.subject.as_ref().map(|pattern| pattern.as_str().to_owned());
        let account = entry.value.account.as_ref().map(|account| format!("account {}", account.as_str()));
        subject.into_iter().chain(account).collect::<Vec<_>>().join(", ")
    });
    let (variants, who) = (resolved.variants(rule), who.collect::<Vec<_>>());
    let row = |(name, param): (&String, &crate::engine::rule::Param)| {
        let text = |variant: usize| variants.get(variant).and_then(|values| values.get(name)).map(|value| param.unit.text(value));
        let value = text(0).unwrap_or_default();
        let others = who.iter().enumerate().filter_map(|(index, who)| Some((who.clone(), text(index + 1)?)));
        report::ParamRow {
            name: name.clone(),
            doc: param.doc.clone(),
            default: param.unit.text(&param.default),
            others: others.filter(|(_, other)| *other != value).collect(),
            value,
        }
    };
    rule.params.iter().map(row).collect()
}

fn built_in(rule: BuiltInRule) -> report::RuleText {
    report::RuleText {
        id: rule.id.to_owned(),
        digest: digest::of_text(rule.id),
        title: rule.title.to_owned(),
        severity: rule.severity,
        why: rule.why.to_owned(),
        fix: rule.fix.to_owned(),
        since: "0.1.0".to_owned(),
        over: (rule.over.0.to_owned(), rule.over.1.to_owned()),
        quantify: "every row".to_owned(),
        applies: String::new(),
        pass: String::new(),
        columns: Vec::new(),
        params: Vec::new(),
        references: Vec::new(),
        reads: Vec::new(),
    }
}

/// Every framework with every requirement; those that nothing speaks to, too.
pub(super) fn frameworks(rulebook: &Rulebook, judged: &Judged) -> Vec<report::FrameworkRow> {
    let counts = RuleCounts::of(&rulebook.library.frameworks, &judged.findings, &judged.scope);
    let row = |framework: &Framework| {
        let speaks = |rule: &&Rule| framework.requirements.iter().any(|requirement| requirement.is_shown_by(&rule.evidence));
        let of: Vec<VerdictCounts> =
            rulebook.library.rules.iter().filter(speaks).map(|rule| counts.rule(framework, &rule.id).all).collect();
        let sum = |one: fn(&VerdictCounts) -> usize| of.iter().map(one).sum::<usize>() as u64;
        report::FrameworkRow {
            id: framework.id.clone(),
            title: framework.title.clone(),
            version: framework.version.clone(),
            requirements: assess(&rulebook.library, framework, &judged.rules, &counts, &judged.alternatives)
                .iter()
                .map(|one| requirement(rulebook, one))
                .collect(),
            scope: scope(framework, judged),
            verdicts: report::VerdictCounts {
                pass: sum(|of| of.pass),
                fail: sum(|of| of.fail),
                unknown: sum(|of| of.unknown),
                waived: sum(|of| of.waived),
            },
        }
    };
    rulebook.library.frameworks.frameworks.iter().map(row).collect()
}

/// How the scope of a framework that is about a class of data was taken.
fn scope(framework: &Framework, judged: &Judged) -> Option<report::ScopeRow> {
    let (class, extent) = (framework.data_class.clone()?, judged.scope.extent(framework)?);
    let out = judged.findings.iter().filter(|finding| judged.scope.place(framework, finding) == Place::Out);
    Some(report::ScopeRow {
        class,
        declared: extent.declared,
        resources: extent.resources as u64,
        hold: extent.hold as u64,
        may_hold: extent.may_hold as u64,
        hold_others: extent.hold_others as u64,
        out: out.map(|finding| finding.subject_arn.to_string()).collect(),
    })
}

fn requirement(rulebook: &Rulebook, assessed: &Assessed<'_>) -> report::RequirementRow {
    let requirement = assessed.requirement;
    let kinds = assessed.open_kinds.iter().filter_map(|id| rulebook.library.frameworks.kind(id));
    let open = kinds.map(|kind| report::EvidenceRow {
        id: kind.id.clone(),
        meaning: kind.meaning.clone(),
        source: kind.source.clone(),
        by_person: kind.origin == KindOrigin::Operator,
    });
    report::RequirementRow {
        id: requirement.id.clone(),
        title: requirement.title.clone(),
        text: requirement.requirement.clone(),
        kind: requirement.kind,
        level: requirement.level.clone(),
        scope: requirement.scope,
        source: requirement.source.clone(),
        note: requirement.note.clone(),
        state: assessed.state,
        alternative: assessed.alternative.cloned().map(super::alternative),
        rules: assessed.rules.iter().map(|&rule| rule.to_owned()).collect(),
        open: open.collect(),
    }
}
