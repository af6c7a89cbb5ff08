//! What the rules answer: checks of other tools, and duties of documents, side by side with the rules, as plain, serialisable structs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::catalogues::{Catalogue, PeerCheck};
use super::duties::{Document, Duties, Duty, DutyClass, RecordKind};
use super::equivalent::Equivalent;
use super::load::Library;

/// Everything that is answered, or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answers {
    /// The catalogues, in the order of their files.
    pub catalogues: Vec<CatalogueAnswers>,
    /// The documents, in the order of the file.
    pub documents: Vec<DocumentAnswers>,
}

/// A catalogue with its answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CatalogueAnswers {
    /// `aws-config`.
    pub id: String,
    /// Its name.
    pub title: String,
    /// Which version was read.
    pub version: String,
    /// Where its checks are listed.
    pub source: String,
    /// What to know about it.
    pub note: String,
    /// Its checks, in its order.
    pub checks: Vec<CheckAnswer>,
}

/// A check of another tool, and what answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckAnswer {
    /// The check.
    #[serde(flatten)]
    pub check: PeerCheck,
    /// Rules that answer it, sorted by id.
    pub rules: Vec<RuleAnswer>,
    /// Rules that are being written and will.
    pub planned: Vec<RuleAnswer>,
}

/// A rule that answers a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleAnswer {
    /// Its id.
    pub rule: String,
    /// How its answer can differ.
    pub differs: Option<String>,
}

/// A document with its duties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DocumentAnswers {
    /// The document.
    #[serde(flatten)]
    pub document: Document,
    /// Its duties, in its order.
    pub duties: Vec<DutyAnswer>,
}

/// A duty, and what shows that it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DutyAnswer {
    /// `P-10`.
    pub id: String,
    /// Where in the document.
    pub heading: String,
    /// What it says.
    pub statement: String,
    /// Who can show that it is kept.
    pub class: DutyClass,
    /// Rules of which at least one fails if it is broken.
    pub rules: Vec<String>,
    /// The same, of rules that are being written.
    pub planned: Vec<String>,
    /// Records that people give.
    pub records: Vec<RecordKind>,
    /// Why no rule decides it.
    pub reason: Option<String>,
    /// Where the document is wrong, or needs a word.
    pub note: Option<String>,
}

/// How many things are answered by what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// By a rule at least.
    pub answered: usize,
    /// By a rule that is being written, and by none that exists.
    pub awaited: usize,
    /// By a record of people alone.
    pub by_people: usize,
    /// By nothing, for a reason that is given.
    pub without: usize,
}

impl Tally {
    fn add(&mut self, rules: bool, planned: bool, records: bool) {
        *match (rules, planned, records) {
            (true, _, _) => &mut self.answered,
            (false, true, _) => &mut self.awaited,
            (false, false, true) => &mut self.by_people,
            (false, false, false) => &mut self.without,
        } += 1;
    }
}

impl CatalogueAnswers {
    /// Its checks, counted.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        self.checks.iter().for_each(|check| tally.add(!check.rules.is_empty(), !check.planned.is_empty(), false));
        tally
    }
}

impl DocumentAnswers {
    /// Its duties, counted.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        self.duties.iter().for_each(|duty| tally.add(!duty.rules.is_empty(), !duty.planned.is_empty(), !duty.records.is_empty()));
        tally
    }
}

/// Puts checks and duties beside the rules.
pub fn answers(library: &Library, duties: &Duties) -> Answers {
    let of_rules = by_check(library.rules.iter().map(|rule| (rule.id.as_str(), rule.equivalent_to.as_slice())));
    let of_planned = by_check(library.catalogues.planned.iter().map(|planned| (planned.rule.as_str(), planned.answers.as_slice())));
    let catalogue = |catalogue: &Catalogue| {
        let found = |of: &BTreeMap<(&str, &str), Vec<RuleAnswer>>, check: &PeerCheck| {
            of.get(&(catalogue.id.as_str(), check.id.as_str())).cloned().unwrap_or_default()
        };
        let answer =
            |check: &PeerCheck| CheckAnswer { rules: found(&of_rules, check), planned: found(&of_planned, check), check: check.clone() };
        CatalogueAnswers {
            id: catalogue.id.clone(),
            title: catalogue.title.clone(),
            version: catalogue.version.clone(),
            source: catalogue.source.clone(),
            note: catalogue.note.clone(),
            checks: catalogue.checks.iter().map(answer).collect(),
        }
    };
    let document = |document: &Document| DocumentAnswers {
        document: document.clone(),
        duties: duties.duties.iter().filter(|duty| duty.document == document.id).map(|one| duty(library, one)).collect(),
    };
    Answers {
        catalogues: library.catalogues.catalogues.iter().map(catalogue).collect(),
        documents: duties.documents.iter().map(document).collect(),
    }
}

fn by_check<'r>(rules: impl Iterator<Item = (&'r str, &'r [Equivalent])>) -> BTreeMap<(&'r str, &'r str), Vec<RuleAnswer>> {
    let mut found: BTreeMap<_, Vec<RuleAnswer>> = BTreeMap::new();
    for (rule, equivalents) in rules {
        for one in equivalents {
            let answer = RuleAnswer { rule: rule.to_owned(), differs: one.differs.clone() };
            found.entry((one.catalogue.as_str(), one.id.as_str())).or_default().push(answer);
        }
    }
    found
}

fn duty(library: &Library, duty: &Duty) -> DutyAnswer {
    let (rules, planned) = duty.rules.iter().cloned().partition(|id| library.rules.get(id).is_some());
    DutyAnswer {
        id: duty.id.clone(),
        heading: duty.heading.clone(),
        statement: duty.statement.clone(),
        class: duty.class,
        rules,
        planned,
        records: duty.records.clone(),
        reason: duty.reason.clone(),
        note: duty.note.clone(),
    }
}
