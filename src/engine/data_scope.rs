//! Which subjects count for a framework that is about one class of data, as HIPAA is about ephi.
//!
//! Out of scope is only what somebody declared to hold other data. What nobody declared, and what cannot be told because something was not read, may
//! hold such data and counts. But what only may count by a want of knowledge shows nothing by passing: else an unread tag, by which a
//! resource comes into scope, could make a requirement met.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::Finding;
use super::frameworks::{Framework, Frameworks};
use crate::facts::held::Held;
use crate::facts::population;
use crate::model::Arn;

/// What is declared about the data of resources; everything is in scope where nothing is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DataScope {
    /// Classes that any objective in force declares.
    declared: BTreeSet<String>,
    /// Resources of the population, by ARN.
    held: BTreeMap<String, Held>,
}

/// Whether a subject counts for a framework.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It does.
    In,
    /// It may not, which something unread would tell: it counts, and its passing shows nothing.
    MayBeIn,
    /// It holds other data.
    Out,
}

/// How the scope of a framework was taken, in numbers of resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Whether any objective declares the class at all; if none does, everything is in scope.
    pub declared: bool,
    /// Resources in all.
    pub resources: usize,
    /// Those that are declared to hold the class.
    pub hold: usize,
    /// Those that may: nobody declared anything, or which objective applies is not known.
    pub may_hold: usize,
    /// Those that are declared to hold other data only; out of scope if the class is declared anywhere.
    pub hold_others: usize,
}

impl DataScope {
    /// Takes the classes that objectives in force declare, and what is declared about each resource, by ARN.
    pub fn new<'c>(declared: impl IntoIterator<Item = &'c str>, held: BTreeMap<String, Held>) -> Self {
        Self { declared: declared.into_iter().map(str::to_owned).collect(), held }
    }

    /// Whether the subject of a finding counts for a framework. What is no resource always does.
    pub fn place(&self, framework: &Framework, finding: &Finding) -> Place {
        let Some(class) = framework.data_class.as_ref().filter(|class| self.declared.contains(*class)) else { return Place::In };
        if finding.subject_type == "read" {
            return Place::In;
        }
        match self.held.get(finding.subject_arn.as_str()) {
            Some(Held::Classes(classes)) if !classes.contains(class) => Place::Out,
            Some(Held::NotKnown) => Place::MayBeIn,
            // A resource that is not in the population may only not have been read.
            None if is_of_resource(&finding.subject_arn) => Place::MayBeIn,
            Some(Held::Classes(_) | Held::Undeclared) | None => Place::In,
        }
    }

    /// How the scope of a framework was taken; `None` if it is about any data.
    pub fn extent(&self, framework: &Framework) -> Option<Extent> {
        let class = framework.data_class.as_ref()?;
        let of = |wanted: fn(&Held, &String) -> bool| self.held.values().filter(|held| wanted(held, class)).count();
        Some(Extent {
            declared: self.declared.contains(class),
            resources: self.held.len(),
            hold: of(|held, class| matches!(held, Held::Classes(classes) if classes.contains(class))),
            may_hold: of(|held, _| matches!(held, Held::Undeclared | Held::NotKnown)),
            hold_others: of(|held, class| matches!(held, Held::Classes(classes) if !classes.contains(class))),
        })
    }

    /// Takes the requirements out of the controls of findings whose subjects do not count for their framework.
    pub fn narrow(&self, findings: &mut [Finding], frameworks: &Frameworks) {
        for framework in frameworks.frameworks.iter().filter(|framework| framework.data_class.is_some()) {
            let prefix = format!("{}:", framework.id);
            for finding in findings.iter_mut().filter(|finding| finding.controls.contains(&prefix)) {
                if self.place(framework, finding) == Place::Out {
                    let others = finding.controls.split("; ").filter(|control| !control.starts_with(&prefix));
                    finding.controls = others.collect::<Vec<_>>().join("; ").into();
                }
            }
        }
    }
}

/// Whether an ARN is of a kind that the population has. Buckets are told by their service alone.
fn is_of_resource(arn: &str) -> bool {
    Arn::parse(arn).is_some_and(|arn| arn.service == "s3" || population::listing(&arn).is_some())
}
