//! Duties: what documents of an organization promise about its backups, statement by statement, and what shows that each is kept.
//!
//! `rules/catalogues/duties.yaml` gives for each statement the rules that would fail if it were broken, the records that only people can give, or the
//! reason why neither decides it. It is read only where somebody asks for it.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;

use super::diagnostic::{RuleError, RuleErrors, SourceFile};
use super::load::{Layer, Library, LoadError, embedded};
use super::nearest::nearest;

/// File name of the duties.
pub const DUTIES_FILE: &str = "duties.yaml";

/// Who can show that a duty is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DutyClass {
    /// AWS can be asked.
    A,
    /// AWS can be asked for a part; the rest people have to say.
    AO,
    /// Only people can say it.
    O,
    /// It is no matter of backups, or nothing shows it.
    X,
}

/// A record that people give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// A drill: date, scope, result, measured times.
    Drill,
    /// A ticket about a failure or a task, with its times.
    Ticket,
    /// Who asked for a restore and who allowed it.
    RestoreApproval,
    /// That somebody looked at results.
    Review,
    /// That somebody looked at who may do what.
    AccessReview,
    /// A policy, standard or plan, with version and approval.
    Policy,
    /// A runbook, with version.
    Runbook,
    /// Criticality and objectives, with owner and approval.
    Bia,
    /// A change, with its date and approval.
    Change,
    /// An incident, with its course.
    Incident,
    /// What a provider or another party confirms.
    Attestation,
}

/// A document that states duties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// `backup-process`.
    pub id: String,
    /// Its name.
    pub title: String,
}

/// One duty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Duty {
    /// `P-10`.
    pub id: String,
    /// Id of the document that states it.
    pub document: String,
    /// Where in the document.
    pub heading: String,
    /// What it says, in our own words.
    pub statement: String,
    /// Who can show that it is kept.
    pub class: DutyClass,
    /// Rules of which at least one fails if it is broken.
    pub rules: Vec<String>,
    /// Records that people give.
    pub records: Vec<RecordKind>,
    /// Why no rule decides it.
    pub reason: Option<String>,
    /// Where the document is wrong, or needs a word.
    pub note: Option<String>,
}

/// Documents and their duties, as the files order them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Duties {
    /// The documents.
    pub documents: Vec<Document>,
    /// The duties.
    pub duties: Vec<Duty>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDuties {
    documents: Vec<Document>,
    duties: Vec<RawDuty>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDuty {
    id: Spanned<String>,
    document: Spanned<String>,
    heading: String,
    statement: String,
    class: DutyClass,
    #[serde(default)]
    rules: Vec<Spanned<String>>,
    #[serde(default)]
    records: Vec<RecordKind>,
    reason: Option<String>,
    note: Option<String>,
}

impl RecordKind {
    /// The word used in files and outputs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Drill => "drill",
            Self::Ticket => "ticket",
            Self::RestoreApproval => "restore_approval",
            Self::Review => "review",
            Self::AccessReview => "access_review",
            Self::Policy => "policy",
            Self::Runbook => "runbook",
            Self::Bia => "bia",
            Self::Change => "change",
            Self::Incident => "incident",
            Self::Attestation => "attestation",
        }
    }
}

impl RawDuty {
    /// What its class asks for and does not find, or finds and does not ask for.
    fn wrong(&self) -> Option<&'static str> {
        let (rules, records, reason) = (!self.rules.is_empty(), !self.records.is_empty(), self.reason.is_some());
        match self.class {
            DutyClass::A | DutyClass::AO if rules == reason => Some("it names rules, or the reason why none decides it"),
            DutyClass::A if records => Some("of class A, it needs no records"),
            DutyClass::AO | DutyClass::O if !records => Some("it names the records that people give"),
            DutyClass::O if rules || reason => Some("of class O, only records show it"),
            DutyClass::X if rules || records || !reason => Some("of class X, it gives the reason and nothing else"),
            _ => None,
        }
    }
}

impl Duties {
    /// The embedded duties, with those of a folder added or put in the place of the same id.
    ///
    /// # Errors
    /// `LoadError::Io` if the folder cannot be read, `LoadError::Rules` with every error of every file.
    pub fn load(library: &Library, folder: Option<&Path>) -> Result<Self, LoadError> {
        let mut files = embedded().catalogues;
        if let Some(folder) = folder {
            files.extend(Layer::read(folder)?.catalogues);
        }
        let mut errors = Vec::new();
        let duties = Self::read(&files, library, &mut errors);
        if errors.is_empty() { Ok(duties) } else { Err(RuleErrors(errors).into()) }
    }

    /// Reads the files that hold duties; of two with one id the later counts. Errors are added to `errors`.
    pub fn read(files: &[SourceFile], library: &Library, errors: &mut Vec<RuleError>) -> Self {
        let mut all = Self::default();
        for file in files.iter().filter(|file| file.path.ends_with(DUTIES_FILE)) {
            match file.read::<RawDuties>() {
                Ok(raw) => all.add(raw, file, library, errors),
                Err(error) => errors.push(error),
            }
        }
        all
    }

    fn add(&mut self, raw: RawDuties, file: &SourceFile, library: &Library, errors: &mut Vec<RuleError>) {
        for document in raw.documents {
            self.documents.retain(|known| known.id != document.id);
            self.documents.push(document);
        }
        let mut seen = BTreeSet::new();
        for duty in raw.duties {
            let mut error = |at: &Spanned<String>, message: String, hint: Option<String>| {
                errors.push(file.error(file.span(at.referenced), message, hint));
            };
            if !seen.insert(duty.id.value.clone()) {
                error(&duty.id, format!("duty `{}` stands here twice", duty.id.value), None);
            }
            if let Some(wrong) = duty.wrong() {
                error(&duty.id, format!("duty `{}` is not answered as its class asks", duty.id.value), Some(wrong.to_owned()));
            }
            if !self.documents.iter().any(|document| document.id == duty.document.value) {
                let hint = nearest(&duty.document.value, self.documents.iter().map(|document| document.id.as_str()));
                let hint = hint.map(|near| format!("did you mean `{near}`?"));
                error(&duty.document, format!("there is no document `{}`", duty.document.value), hint);
            }
            for id in &duty.rules {
                if library.rules.get(&id.value).is_none() && !library.catalogues.is_planned(&id.value) {
                    let hint = library.rules.nearest(&id.value).map(|near| format!("did you mean `{near}`?"));
                    error(id, format!("there is no rule `{}`, and none is planned", id.value), hint);
                }
            }
            self.duties.retain(|known| known.id != duty.id.value);
            self.duties.push(Duty {
                id: duty.id.value,
                document: duty.document.value,
                heading: duty.heading,
                statement: duty.statement,
                class: duty.class,
                rules: duty.rules.into_iter().map(|id| id.value).collect(),
                records: duty.records,
                reason: duty.reason,
                note: duty.note,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::fixtures::{ALL, library};

    fn errors_of(duty: &str) -> Vec<String> {
        let text = format!("documents: [{{ id: plan, title: t }}]\nduties:\n  - {{ id: D-1, heading: h, statement: s, {duty} }}\n");
        let file = SourceFile { path: "c/duties.yaml".to_owned(), text };
        let mut errors = Vec::new();
        Duties::read(&[file], &library(&[ALL]).unwrap(), &mut errors);
        errors
            .into_iter()
            .map(|error| format!("{}{}", error.message, error.hint.map(|hint| format!(" / {hint}")).unwrap_or_default()))
            .collect()
    }

    #[test]
    fn a_duty_is_answered_as_its_class_asks() {
        let unanswered = |wrong: &str| vec![format!("duty `D-1` is not answered as its class asks / {wrong}")];
        let either = "it names rules, or the reason why none decides it";
        // the duty, what is wrong with it
        let cases = [
            ("document: plan, class: A, rules: [kept-too-short]", vec![]),
            ("document: plan, class: A, rules: [retention-short]", vec![]), // by its old id
            ("document: plan, class: A, reason: r", vec![]),
            ("document: plan, class: A", unanswered(either)),
            ("document: plan, class: A, rules: [kept-too-short], reason: r", unanswered(either)),
            ("document: plan, class: A, rules: [kept-too-short], records: [drill]", unanswered("of class A, it needs no records")),
            ("document: plan, class: AO, rules: [kept-too-short], records: [drill]", vec![]),
            ("document: plan, class: AO, rules: [kept-too-short]", unanswered("it names the records that people give")),
            ("document: plan, class: O, records: [drill]", vec![]),
            ("document: plan, class: O", unanswered("it names the records that people give")),
            ("document: plan, class: O, records: [drill], reason: r", unanswered("of class O, only records show it")),
            ("document: plan, class: X, reason: r", vec![]),
            ("document: plan, class: X", unanswered("of class X, it gives the reason and nothing else")),
            ("document: plam, class: X, reason: r", vec!["there is no document `plam` / did you mean `plan`?".to_owned()]),
            (
                "document: plan, class: A, rules: [kept-to-short]",
                vec!["there is no rule `kept-to-short`, and none is planned / did you mean `kept-too-short`?".to_owned()],
            ),
            ("document: plan, class: O, records: [dril]", vec!["unknown value `dril` / did you mean `drill`?".to_owned()]),
            ("document: plan, class: nobody", vec!["unknown value `nobody` / one of A, AO, O, X".to_owned()]),
        ];
        for (duty, expected) in cases {
            assert_eq!(errors_of(duty), expected, "{duty}");
        }
    }

    #[test]
    fn the_word_of_a_record_is_the_one_in_files() {
        use RecordKind::{AccessReview, Attestation, Bia, Change, Drill, Incident, Policy, RestoreApproval, Review, Runbook, Ticket};
        for kind in [Drill, Ticket, RestoreApproval, Review, AccessReview, Policy, Runbook, Bia, Change, Incident, Attestation] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.word());
        }
    }
}
