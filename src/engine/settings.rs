//! What `rules:` in `audit.yaml` says: rules switched off with a reason, other severities, parameters for all or for some subjects.
//!
//! The structs are what serde reads; [`RuleSettings::resolve`] checks them against the rules and gives what the judge uses.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::diagnostic::{RuleError, RuleErrors, SourceFile};
use super::nearest::nearest;
use super::param::YamlScalar;
use super::pattern::{Pattern, Subjects};
use super::predicate::Literal;
use super::rule::{Rule, RuleSet};
use crate::model::{AccountId, Severity};

/// Settings by rule id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct RuleSettings(pub BTreeMap<String, Spanned<RuleSetting>>);

/// What is said about one rule.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSetting {
    /// `false` switches the rule off; needs a reason.
    pub enabled: Option<Spanned<bool>>,
    /// Why.
    pub reason: Option<String>,
    /// Severity in place of the rule's own.
    pub severity: Option<Severity>,
    /// Parameters for all subjects.
    #[serde(default)]
    pub params: BTreeMap<String, Spanned<YamlScalar>>,
    /// Parameters for some subjects; the first entry that matches counts.
    #[serde(default, rename = "for")]
    pub overrides: Vec<Spanned<SubjectSetting>>,
}

/// Parameters for some subjects.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectSetting {
    /// ARN pattern with `*`.
    pub subject: Option<Pattern>,
    /// Account.
    pub account: Option<AccountId>,
    /// Parameters on top of those for all subjects.
    pub params: BTreeMap<String, Spanned<YamlScalar>>,
}

/// How rules are judged: settings that were checked against them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    rules: BTreeMap<String, Resolved>,
    /// Requirements each rule speaks to, as findings write them.
    controls: BTreeMap<String, String>,
}

/// A rule that is switched off, for the reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disabled {
    /// The rule.
    pub rule_id: String,
    /// Why.
    pub reason: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Resolved {
    disabled: Option<String>,
    severity: Option<Severity>,
    params: BTreeMap<String, Literal>,
    overrides: Vec<(Subjects, BTreeMap<String, Literal>)>,
}

impl RuleSettings {
    /// Checks settings against the rules. `file` is the file they were read from, for the place of errors.
    ///
    /// # Errors
    /// All of: a rule or parameter that does not exist, a value of another unit, a rule switched off without a reason, an override for nobody.
    pub fn resolve(&self, rules: &RuleSet, file: &SourceFile) -> Result<Settings, RuleErrors> {
        let mut settings = Settings::default();
        let mut errors = Vec::new();
        for (id, setting) in &self.0 {
            let Some(rule) = rules.get(id) else {
                let hint = rules.nearest(id).map(|near| format!("did you mean `{near}`?"));
                errors.push(file.error(file.span(setting.referenced), format!("there is no rule `{id}`"), hint));
                continue;
            };
            let resolved = resolve(rule, &setting.value, file, &mut errors);
            if settings.rules.insert(rule.id.clone(), resolved).is_some() {
                errors.push(file.error(
                    file.span(setting.referenced),
                    format!("rule `{}` is set twice, also by an older id", rule.id),
                    None,
                ));
            }
        }
        if errors.is_empty() { Ok(settings) } else { Err(RuleErrors(errors)) }
    }
}

fn resolve(rule: &Rule, setting: &RuleSetting, file: &SourceFile, errors: &mut Vec<RuleError>) -> Resolved {
    let mut resolved = Resolved { severity: setting.severity, ..Resolved::default() };
    if let Some(enabled) = setting.enabled.as_ref().filter(|enabled| !enabled.value) {
        match setting.reason.as_deref().map(str::trim) {
            Some(reason) if !reason.is_empty() => resolved.disabled = Some(reason.to_owned()),
            _ => errors.push(file.error(
                file.span(enabled.referenced),
                format!("rule `{}` is switched off without a `reason`", rule.id),
                Some("reports print it".to_owned()),
            )),
        }
    }
    resolved.params = params(rule, &setting.params, file, errors);
    for entry in &setting.overrides {
        let subjects = Subjects { subject: entry.value.subject.clone(), account: entry.value.account.clone(), ..Subjects::default() };
        if subjects == Subjects::default() {
            errors.push(file.error(file.span(entry.referenced), "an entry of `for` names a `subject`, an `account` or both", None));
        }
        let mut all = resolved.params.clone();
        all.extend(params(rule, &entry.value.params, file, errors));
        resolved.overrides.push((subjects, all));
    }
    check_arithmetic(rule, &resolved, file, setting, errors);
    resolved
}

/// Parameters are put into the predicates once now, so that an overflow is an error of the settings and not of the run.
fn check_arithmetic(rule: &Rule, resolved: &Resolved, file: &SourceFile, setting: &RuleSetting, errors: &mut Vec<RuleError>) {
    for params in std::iter::once(&resolved.params).chain(resolved.overrides.iter().map(|(_, params)| params)) {
        let mut all = rule.defaults();
        all.extend(params.clone());
        let bound = rule.pass.bind(&all).and_then(|_| rule.applies.as_ref().map(|applies| applies.bind(&all)).transpose());
        if let Err(error) = bound {
            let at = setting.params.values().next().map_or(0..0, |value| file.span(value.referenced));
            errors.push(file.error(at, format!("in rule `{}`: {error}", rule.id), None));
        }
    }
}

fn params(
    rule: &Rule,
    written: &BTreeMap<String, Spanned<YamlScalar>>,
    file: &SourceFile,
    errors: &mut Vec<RuleError>,
) -> BTreeMap<String, Literal> {
    let mut params = BTreeMap::new();
    for (name, value) in written {
        let Some(param) = rule.params.get(name) else {
            let near = nearest(name, rule.params.keys().map(String::as_str));
            let hint = near.map(|near| format!("did you mean `{near}`?"));
            errors.push(file.error(file.span(value.referenced), format!("rule `{}` has no parameter `{name}`", rule.id), hint));
            continue;
        };
        match param.unit.read(&value.value) {
            Ok(literal) => drop(params.insert(name.clone(), literal)),
            Err(message) => errors.push(file.error(file.span(value.referenced), message, None)),
        }
    }
    params
}

impl Settings {
    /// Why a rule is switched off, if it is.
    pub fn disabled(&self, rule: &Rule) -> Option<&str> {
        self.rules.get(&rule.id).and_then(|resolved| resolved.disabled.as_deref())
    }

    /// How bad a failure of a rule is.
    pub fn severity(&self, rule: &Rule) -> Severity {
        self.rules.get(&rule.id).and_then(|resolved| resolved.severity).unwrap_or(rule.severity)
    }

    /// The sets of parameters a rule is judged with: first that of all subjects, then one for each override.
    pub fn variants(&self, rule: &Rule) -> Vec<BTreeMap<String, Literal>> {
        let with = |params: &BTreeMap<String, Literal>| {
            let mut all = rule.defaults();
            all.extend(params.clone());
            all
        };
        let Some(resolved) = self.rules.get(&rule.id) else { return vec![rule.defaults()] };
        std::iter::once(with(&resolved.params)).chain(resolved.overrides.iter().map(|(_, params)| with(params))).collect()
    }

    /// Whom each of the [`variants`](Self::variants) but the first is for.
    pub fn subjects(&self, rule: &Rule) -> Vec<&Subjects> {
        let overrides = self.rules.get(&rule.id).map_or(&[][..], |resolved| &resolved.overrides);
        overrides.iter().map(|(subjects, _)| subjects).collect()
    }

    /// Which of the [`variants`](Self::variants) a subject is judged with.
    pub fn variant_of(&self, rule: &Rule, subject_arn: &str, account_id: &str) -> usize {
        let overrides = self.rules.get(&rule.id).map_or(&[][..], |resolved| &resolved.overrides);
        overrides.iter().position(|(subjects, _)| subjects.matches(subject_arn, account_id)).map_or(0, |index| index + 1)
    }

    /// Adds the requirements each rule speaks to, as [`Library::controls`](super::load::Library::controls) gives them.
    #[must_use]
    pub fn with_controls(mut self, controls: BTreeMap<String, String>) -> Self {
        self.controls = controls;
        self
    }

    /// The requirements a rule speaks to.
    pub fn controls(&self, rule: &Rule) -> &str {
        self.controls.get(&rule.id).map_or("", String::as_str)
    }

    /// Sets parameters of one rule for all subjects, as a case does.
    pub(crate) fn with_params(mut self, rule: &Rule, params: BTreeMap<String, Literal>) -> Self {
        self.rules.entry(rule.id.clone()).or_default().params = params;
        self
    }
}
