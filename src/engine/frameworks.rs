//! Frameworks: what SOC 2, HIPAA and their like require, in our own words, and with which kinds of evidence it can be shown.
//!
//! `rules/frameworks/<name>.yaml` names no rule. Rules name the evidence kinds they produce; which rule speaks to which requirement follows from
//! the kinds that both name, and is written into findings as `soc2:A1.2; hipaa:164.308(a)(7)(ii)(A)`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::diagnostic::{RuleError, SourceFile};
use super::nearest::nearest;
use crate::facts::objectives::is_class;

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
    /// Which baselines or groups have it, where the framework has such; may be empty.
    pub level: String,
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
    /// The class of data that it is about, as objectives declare it; `None` if it is about any.
    pub data_class: Option<String>,
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
    #[serde(default)]
    data_class: Option<Spanned<String>>,
    requirements: Vec<RawRequirement>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRequirement {
    id: Spanned<String>,
    title: String,
    requirement: String,
    kind: RequirementKind,
    #[serde(default)]
    level: String,
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
        // Findings write controls as `framework:id; framework:id`, and commands split them again.
        if raw.id.value.is_empty() || raw.id.value.contains([':', ';', ' ']) {
            let hint = "write words of letters and digits joined by `-`".to_owned();
            errors.push(file.error(file.span(raw.id.referenced), format!("`{}` is no id of a framework", raw.id.value), Some(hint)));
        }
        if let Some(class) = raw.data_class.as_ref().filter(|class| !is_class(&class.value)) {
            let hint = "write a word of small letters, digits and `-`, as objectives do".to_owned();
            errors.push(file.error(file.span(class.referenced), format!("`{}` is no class of data", class.value), Some(hint)));
        }
        for requirement in raw.requirements {
            let id = &requirement.id;
            if id.value.is_empty() || id.value.contains(';') {
                let hint = "findings join requirements by `;`".to_owned();
                errors.push(file.error(file.span(id.referenced), format!("`{}` is no id of a requirement", id.value), Some(hint)));
            }
            if !seen.insert(id.value.clone()) {
                errors.push(file.error(file.span(id.referenced), format!("requirement `{}` stands here twice", id.value), None));
            }
            let evidence = self.checked(&requirement.evidence, file, errors);
            requirements.push(Requirement {
                id: requirement.id.value,
                title: requirement.title,
                requirement: requirement.requirement,
                kind: requirement.kind,
                level: requirement.level,
                scope: requirement.scope,
                evidence,
                source: requirement.source,
                note: requirement.note,
            });
        }
        let framework = Framework {
            id: raw.id.value.clone(),
            title: raw.title,
            version: raw.version,
            data_class: raw.data_class.map(|class| class.value),
            requirements,
        };
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
        assert_eq!(
            sizes,
            [
                ("cis", 14),
                ("gdpr", 16),
                ("hipaa", 35),
                ("internal", 25),
                ("iso-27001", 30),
                ("nist-800-53", 43),
                ("nist-csf", 20),
                ("pci-dss", 32),
                ("recovery", 11),
                ("soc2", 24)
            ]
        );
        assert_eq!(all.kinds.len(), 45);
        let about: Vec<_> = all.frameworks.iter().filter_map(|one| Some((one.id.as_str(), one.data_class.as_deref()?))).collect();
        assert_eq!(about, [("hipaa", "ephi")]);
        let used: BTreeSet<_> = all.frameworks.iter().flat_map(|f| &f.requirements).flat_map(|r| &r.evidence).collect();
        assert!(used.iter().all(|kind| all.kind(kind).is_some()));
    }

    #[test]
    fn controls_follow_from_shared_kinds() {
        let all = built_in();
        let kinds = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(all.controls(&kinds("met.storage")), "iso-27001:A.8.6; nist-csf:PR.IR-04; soc2:A1.1");
        let contracts = "hipaa:164.310(d)(2)(i); hipaa:164.312(e)(1); nist-csf:PR.IR-02";
        assert_eq!(all.controls(&kinds("gov.contract")), contracts, "without those of scope reference");
        assert_eq!(all.controls(&[]), "");
    }

    #[test]
    fn what_a_requirement_is_not_about_does_not_speak_to_it() {
        // kind, requirement, why a failure of such a rule would say nothing about it
        let cases = [
            ("rp.retention", "hipaa:164.316(b)(2)(i)", "six years are for policies and records"),
            ("rp.retention", "pci-dss:10.5.1", "twelve months are for logs"),
            ("rp.retention", "nist-800-53:AU-11", "about logs"),
            ("rp.retention", "gdpr:Art.5(1)(e)", "what is kept too briefly is not kept too long"),
            ("rp.retention", "pci-dss:3.2.1", "the same"),
            ("rp.deletion", "iso-27001:A.8.10", "that somebody deleted by hand does not mean that too much is kept"),
            ("inv.coverage", "pci-dss:10.3.3", "about logs, and no duty to back up databases"),
            ("prot.deletion", "pci-dss:10.3.2", "about logs; a vault without a lock does not open them"),
            ("prot.deletion", "nist-800-53:AU-9", "the same"),
            ("iso.offsite", "gdpr:Art.44-49", "a copy that is missing is transferred nowhere"),
            ("iso.account", "pci-dss:9.4.1.1", "about offline media"),
            ("rp.deletion", "soc2:C1.2", "the same"),
            ("rp.deletion", "hipaa:164.312(b)", "a deletion that the log shows is a log that works"),
            ("rp.inventory", "iso-27001:A.8.6", "about capacity"),
            ("rp.inventory", "soc2:A1.1", "the same"),
            ("mon.alert", "soc2:A1.1", "that nobody hears of failures is no want of room"),
            ("cfg.native", "iso-27001:A.8.14", "backups are not redundancy"),
        ];
        let all = built_in();
        for (kind, requirement, why) in cases {
            let (framework, id) = requirement.split_once(':').unwrap();
            assert!(all.get(framework).unwrap().requirements.iter().any(|known| known.id == id), "{requirement} is there");
            assert!(!all.controls(&[kind.to_owned()]).split("; ").any(|control| control == requirement), "{kind}, {requirement}: {why}");
        }
    }

    #[test]
    fn the_hipaa_matrix_says_what_is_addressable() {
        // As Appendix A to Subpart C of Part 164 has it.
        let addressable = [
            "164.308(a)(7)(ii)(D)",
            "164.308(a)(7)(ii)(E)",
            "164.310(a)(2)(i)",
            "164.310(d)(2)(iii)",
            "164.310(d)(2)(iv)",
            "164.312(a)(2)(iv)",
            "164.312(c)(2)",
            "164.312(e)(2)(i)",
            "164.312(e)(2)(ii)",
        ];
        let all = built_in();
        let hipaa = &all.get("hipaa").unwrap().requirements;
        let of = |kind: RequirementKind| hipaa.iter().filter(move |one| one.kind == kind).map(|one| one.id.as_str());
        assert_eq!(of(RequirementKind::Addressable).collect::<Vec<_>>(), addressable);
        assert_eq!(of(RequirementKind::NotStated).collect::<Vec<_>>(), ["164.306(d)(3)"], "which only says what the word means");
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
        let ids = text.replace("id: f\n", "id: 'f:g'\ndata_class: ePHI\n").replace("id: R1", "id: 'R;1'");
        let mut refused = Vec::new();
        Frameworks::read(&[vec![SourceFile { path: "c.yaml".to_owned(), text: ids }]], &mut refused);
        let messages: BTreeSet<_> = refused.iter().map(|error| error.message.as_str()).collect();
        assert!(messages.contains("`ePHI` is no class of data"), "{messages:?}");
        assert!(messages.contains("`f:g` is no id of a framework") && messages.contains("`R;1` is no id of a requirement"), "{messages:?}");
        assert!(errors.iter().any(|error| error.hint.as_deref() == Some("did you mean `met.rpo`?")));
    }
}
