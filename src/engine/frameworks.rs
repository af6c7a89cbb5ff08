//! Frameworks: what SOC 2, HIPAA and their like require, in our own words, and with which kinds of evidence it can be shown.
//!
//! `rules/frameworks/<name>.yaml` names no rule. Rules name the evidence kinds they produce; which rule speaks to which requirement follows from
//! the kinds that both name, and is written into findings as `soc2:A1.2; hipaa:164.308(a)(7)(ii)(A)`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::diagnostic::{RuleError, SourceFile};
use super::nearest::nearest;

/// File name of the vocabulary of evidence kinds.
pub const KINDS_FILE: &str = "evidence-kinds.yaml";

/// Who can say that evidence of a kind exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KindOrigin {
    /// AWS can be asked.
    Tool,
    /// Only a person can say it.
    Operator,
}

/// A kind of evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceKind {
    /// `met.rpo`
    pub id: String,
    /// What it is.
    pub meaning: String,
    /// Where it usually comes from.
    pub source: String,
    /// Who can say it.
    pub origin: KindOrigin,
}

/// Whether a requirement must be implemented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum RequirementKind {
    /// Must be.
    #[serde(rename = "required")]
    Required,
    /// Must be, or its absence be justified in writing (HIPAA).
    #[serde(rename = "addressable")]
    Addressable,
    /// The framework does not distinguish.
    #[serde(rename = "n.a.")]
    NotStated,
}

/// How far a tool can decide a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The evidence speaks to the requirement itself.
    Direct,
    /// It speaks to a part of it.
    Partial,
    /// Not at all; the evidence is only worth knowing.
    Reference,
}

/// One requirement of a framework.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// As the framework numbers it.
    pub id: String,
    /// A few words.
    pub title: String,
    /// What it asks for, in our own words.
    pub requirement: String,
    /// Required or addressable.
    pub kind: RequirementKind,
    /// How far a tool can decide it.
    pub scope: Scope,
    /// Evidence kinds it can be shown with, as the file orders them.
    pub evidence: Vec<String>,
    /// Where it is published.
    pub source: String,
    /// What to know about it; may be empty.
    pub note: String,
}

/// A framework in one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Framework {
    /// `soc2`; the first half of a control.
    pub id: String,
    /// Its name.
    pub title: String,
    /// Which text is meant.
    pub version: String,
    /// In the order of the file.
    pub requirements: Vec<Requirement>,
}

/// Everything that is known about frameworks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frameworks {
    /// The vocabulary, as the file orders it.
    pub kinds: Vec<EvidenceKind>,
    /// Sorted by id.
    pub frameworks: Vec<Framework>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKinds {
    kinds: Vec<RawKind>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawKind {
    id: Spanned<String>,
    meaning: String,
    source: String,
    from: KindOrigin,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFramework {
    id: Spanned<String>,
    title: String,
    version: String,
    requirements: Vec<RawRequirement>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRequirement {
    id: Spanned<String>,
    title: String,
    requirement: String,
    kind: RequirementKind,
    scope: Scope,
    evidence: Vec<Spanned<String>>,
    source: String,
    #[serde(default)]
    note: String,
}

impl Frameworks {
    /// Reads layers of files, each a folder's worth; a later layer replaces frameworks and kinds of the same id.
    ///
    /// Errors are added to `errors`; what could be read is returned.
    pub fn read(layers: &[Vec<SourceFile>], errors: &mut Vec<RuleError>) -> Self {
        let mut all = Self::default();
        for layer in layers {
            let (vocabulary, rest): (Vec<&SourceFile>, Vec<_>) = layer.iter().partition(|file| file.path.ends_with(KINDS_FILE));
            for file in vocabulary {
                all.read_kinds(file, errors);
            }
            let mut here: BTreeMap<String, &str> = BTreeMap::new();
            for file in rest {
                let Some((id, framework)) = all.read_framework(file, errors) else { continue };
                if let Some(first) = here.insert(framework.id.clone(), &file.path) {
                    errors.push(file.error(file.span(id.referenced), format!("framework `{}` also stands in {first}", framework.id), None));
                    continue;
                }
                all.frameworks.retain(|known| known.id != framework.id);
                all.frameworks.push(framework);
            }
        }
        all.frameworks.sort_by(|a, b| a.id.cmp(&b.id));
        all
    }

    fn read_kinds(&mut self, file: &SourceFile, errors: &mut Vec<RuleError>) {
        let raw = match file.read::<RawKinds>() {
            Ok(raw) => raw,
            Err(error) => return errors.push(error),
        };
        let mut seen = BTreeSet::new();
        for kind in raw.kinds {
            if !seen.insert(kind.id.value.clone()) {
                errors.push(file.error(
                    file.span(kind.id.referenced),
                    format!("evidence kind `{}` stands here twice", kind.id.value),
                    None,
                ));
                continue;
            }
            self.kinds.retain(|known| known.id != kind.id.value);
            self.kinds.push(EvidenceKind { id: kind.id.value, meaning: kind.meaning, source: kind.source, origin: kind.from });
        }
    }

    fn read_framework(&self, file: &SourceFile, errors: &mut Vec<RuleError>) -> Option<(Spanned<String>, Framework)> {
        let raw = file.read::<RawFramework>().map_err(|error| errors.push(error)).ok()?;
        let mut seen = BTreeSet::new();
        let mut requirements = Vec::with_capacity(raw.requirements.len());
        for requirement in raw.requirements {
            let id = &requirement.id;
            if !seen.insert(id.value.clone()) {
                errors.push(file.error(file.span(id.referenced), format!("requirement `{}` stands here twice", id.value), None));
            }
            let evidence = self.checked(&requirement.evidence, file, errors);
            requirements.push(Requirement {
                id: requirement.id.value,
                title: requirement.title,
                requirement: requirement.requirement,
                kind: requirement.kind,
                scope: requirement.scope,
                evidence,
                source: requirement.source,
                note: requirement.note,
            });
        }
        let framework = Framework { id: raw.id.value.clone(), title: raw.title, version: raw.version, requirements };
        Some((raw.id, framework))
    }

    /// Evidence kinds that exist; the others become errors.
    pub(crate) fn checked(&self, kinds: &[Spanned<String>], file: &SourceFile, errors: &mut Vec<RuleError>) -> Vec<String> {
        let mut known = Vec::with_capacity(kinds.len());
        for kind in kinds {
            let span = || file.span(kind.referenced);
            if self.kind(&kind.value).is_none() {
                let near = nearest(&kind.value, self.kinds.iter().map(|kind| kind.id.as_str()));
                let hint = near.map_or_else(|| format!("{KINDS_FILE} has the vocabulary"), |near| format!("did you mean `{near}`?"));
                errors.push(file.error(span(), format!("there is no evidence kind `{}`", kind.value), Some(hint)));
            } else if known.contains(&kind.value) {
                errors.push(file.error(span(), format!("evidence kind `{}` stands here twice", kind.value), None));
            } else {
                known.push(kind.value.clone());
            }
        }
        known
    }

    /// Kinds that a rule may produce: those of which AWS can be asked. What only a person can say no rule shows.
    pub(crate) fn produced(&self, kinds: &[Spanned<String>], file: &SourceFile, errors: &mut Vec<RuleError>) -> Vec<String> {
        for kind in kinds.iter().filter(|kind| self.kind(&kind.value).is_some_and(|known| known.origin == KindOrigin::Operator)) {
            let message = format!("evidence kind `{}` is for people to give, so that no rule can produce it", kind.value);
            errors.push(file.error(
                file.span(kind.referenced),
                message,
                Some(format!("kinds with `from: tool` in {KINDS_FILE} are for rules")),
            ));
        }
        self.checked(kinds, file, errors)
    }

    /// A kind of the vocabulary.
    pub fn kind(&self, id: &str) -> Option<&EvidenceKind> {
        self.kinds.iter().find(|kind| kind.id == id)
    }

    /// A framework by id.
    pub fn get(&self, id: &str) -> Option<&Framework> {
        self.frameworks.iter().find(|framework| framework.id == id)
    }

    /// The requirements that evidence of these kinds speaks to, as findings write them: `framework:id`, sorted, separated by `; `.
    ///
    /// Requirements of scope `reference` are left out: a tool has no say in them.
    pub fn controls(&self, evidence: &[String]) -> String {
        let mut controls = BTreeSet::new();
        for framework in &self.frameworks {
            for requirement in framework.requirements.iter().filter(|requirement| requirement.is_shown_by(evidence)) {
                controls.insert(format!("{}:{}", framework.id, requirement.id));
            }
        }
        controls.into_iter().collect::<Vec<_>>().join("; ")
    }
}

impl Requirement {
    /// Whether a rule that produces these kinds counts for it.
    pub fn is_shown_by(&self, evidence: &[String]) -> bool {
        self.scope != Scope::Reference && evidence.iter().any(|kind| self.evidence.contains(kind))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::engine::load::embedded;

    pub(crate) fn built_in() -> Frameworks {
        let mut errors = Vec::new();
        let frameworks = Frameworks::read(&[embedded().frameworks], &mut errors);
        assert_eq!(errors, []);
        frameworks
    }

    #[test]
    fn the_built_in_frameworks_are_whole() {
        let all = built_in();
        let sizes: Vec<_> = all.frameworks.iter().map(|framework| (framework.id.as_str(), framework.requirements.len())).collect();
        assert_eq!(sizes, [("hipaa", 35), ("internal", 25), ("recovery", 11), ("soc2", 24)]);
        assert_eq!(all.kinds.len(), 38);
        let used: BTreeSet<_> = all.frameworks.iter().flat_map(|f| &f.requirements).flat_map(|r| &r.evidence).collect();
        assert!(used.iter().all(|kind| all.kind(kind).is_some()));
    }

    #[test]
    fn controls_follow_from_shared_kinds() {
        let all = built_in();
        let kinds = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(all.controls(&kinds("enc.key")), "hipaa:164.312(a)(2)(iv); internal:PROC-ENC; soc2:CC6.1; soc2:CC6.5");
        assert_eq!(all.controls(&kinds("gov.contract")), "hipaa:164.310(d)(2)(i); hipaa:164.312(e)(1)", "without those of scope reference");
        assert_eq!(all.controls(&[]), "");
    }

    #[test]
    fn no_retention_rule_speaks_to_the_six_years_of_documentation() {
        // 164.316(b)(2)(i) is about policies and records; failing a backup on its ground would be wrong.
        assert!(!built_in().controls(&["rp.retention".to_owned()]).contains("164.316"));
    }

    #[test]
    fn unknown_kinds_and_doubles_are_refused() {
        let kinds = SourceFile {
            path: KINDS_FILE.to_owned(),
            text: "kinds:\n  - {id: met.rpo, meaning: m, source: s, from: tool}\n  - {id: met.rpo, meaning: m, source: s, from: tool}\n"
                .to_owned(),
        };
        let requirement = "{id: R1, title: t, requirement: r, kind: required, scope: direct, evidence: [met.rto], source: s}";
        let text = format!("id: f\ntitle: t\nversion: v\nrequirements:\n  - {requirement}\n  - {requirement}\n");
        let framework = |name: &str| SourceFile { path: name.to_owned(), text: text.clone() };
        let mut errors = Vec::new();
        Frameworks::read(&[vec![kinds, framework("a.yaml"), framework("b.yaml")]], &mut errors);
        let messages: BTreeSet<_> = errors.iter().map(|error| error.message.as_str()).collect();
        assert_eq!(
            messages.into_iter().collect::<Vec<_>>(),
            [
                "evidence kind `met.rpo` stands here twice",
                "framework `f` also stands in a.yaml",
                "requirement `R1` stands here twice",
                "there is no evidence kind `met.rto`",
            ]
        );
        assert!(errors.iter().any(|error| error.hint.as_deref() == Some("did you mean `met.rpo`?")));
    }
}
