//! Jobs put into groups, and what became of the newest of each. Of a group only what decides is held, however many jobs it has.

use std::collections::BTreeMap;

use crate::facts::Inputs;

/// A job as far as its outcome goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    pub(super) id: String,
    pub(super) resource_type: String,
    pub(super) state: String,
    pub(super) created_s: i64,
    pub(super) done_s: Option<i64>,
    pub(super) category: Option<String>,
    pub(super) message: Option<String>,
    pub(super) collection: Option<String>,
}

/// What a state says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Completed,
    Failed,
    Open,
    /// Not told, or a word that is not known: the job may have ended in any way.
    NotKnown,
}

/// Order in time; of two at the same moment the id decides, so that the order of rows does not.
type Place = (i64, String);

impl Attempt {
    /// The outcome at the moment of judgement; what ended after it was still open.
    fn outcome(&self, as_of_s: i64) -> Outcome {
        match self.state.as_str() {
            _ if self.done_s.is_some_and(|done_s| done_s >= as_of_s) => Outcome::Open,
            "COMPLETED" => Outcome::Completed,
            "FAILED" | "EXPIRED" | "ABORTED" | "PARTIAL" => Outcome::Failed,
            "CREATED" | "PENDING" | "RUNNING" | "ABORTING" => Outcome::Open,
            _ => Outcome::NotKnown,
        }
    }

    fn place(&self) -> Place {
        (self.created_s, self.id.clone())
    }

    fn after(&self, other: &Self) -> bool {
        (self.created_s, &self.id) > (other.created_s, &other.id)
    }
}

/// Resource, account, Region and what else tells groups apart.
pub(super) type Key<K> = (String, String, String, K);

/// Jobs of the newest lists, by group.
pub(super) struct Groups<'a, K> {
    inputs: &'a Inputs<'a>,
    table: &'static str,
    /// The collection that has the newest list of an account and Region.
    lists: BTreeMap<(String, String), Option<&'a str>>,
    by_key: BTreeMap<Key<K>, Group>,
}

/// What is held of a group.
struct Group {
    /// The newest of all.
    shown: Attempt,
    /// The newest that is not open.
    last: Option<Attempt>,
    /// The newest that completed, and when it was done.
    completed: Option<(Place, Option<i64>)>,
    /// Those that failed after it.
    failed: Vec<Place>,
    /// Whether any has ended for sure.
    over: bool,
}

impl<'a, K: Ord> Groups<'a, K> {
    pub(super) fn new(inputs: &'a Inputs<'_>, table: &'static str) -> Self {
        Self { inputs, table, lists: BTreeMap::new(), by_key: BTreeMap::new() }
    }

    /// Adds a job, if the newest list of its account and Region names it.
    pub(super) fn add(&mut self, key: Key<K>, job: Attempt) {
        let place = (key.1.clone(), key.2.clone());
        let list = *self.lists.entry(place).or_insert_with(|| self.inputs.newest_list(self.table, &key.1, &key.2));
        if job.collection.is_none() || job.collection.as_deref() != list {
            return;
        }
        let outcome = job.outcome(self.inputs.snapshot.as_of_s());
        match self.by_key.entry(key) {
            std::collections::btree_map::Entry::Vacant(entry) => entry.insert(Group::new(job.clone())).add(job, outcome),
            std::collections::btree_map::Entry::Occupied(mut entry) => entry.get_mut().add(job, outcome),
        }
    }

    /// What became of each group.
    pub(super) fn summaries(self) -> impl Iterator<Item = (Key<K>, Summary)> {
        let (inputs, table) = (self.inputs, self.table);
        self.by_key.into_iter().map(move |(key, group)| {
            let complete = inputs.complete(table, &key.1, &key.2);
            let summary = group.summary(inputs.snapshot.as_of_s(), complete);
            (key, summary)
        })
    }
}

impl Group {
    fn new(first: Attempt) -> Self {
        Self { shown: first, last: None, completed: None, failed: Vec::new(), over: false }
    }

    fn add(&mut self, job: Attempt, outcome: Outcome) {
        let before = |completed: &Option<(Place, Option<i64>)>, place: &Place| completed.as_ref().is_some_and(|(newest, _)| newest > place);
        match outcome {
            Outcome::Completed if !before(&self.completed, &job.place()) => {
                let place = job.place();
                self.failed.retain(|failed| *failed > place);
                self.completed = Some((place, job.done_s));
            }
            Outcome::Failed if !before(&self.completed, &job.place()) => self.failed.push(job.place()),
            _ => {}
        }
        self.over |= matches!(outcome, Outcome::Completed | Outcome::Failed);
        if job.after(&self.shown) {
            self.shown = job.clone();
        }
        if outcome != Outcome::Open && self.last.as_ref().is_none_or(|last| job.after(last)) {
            self.last = Some(job);
        }
    }

    /// `complete` says whether the list is, so that no later job can be missing.
    fn summary(self, as_of_s: i64, complete: bool) -> Summary {
        let known = complete && self.last.as_ref().is_some_and(|last| last.outcome(as_of_s) != Outcome::NotKnown);
        Summary {
            resource_type: self.shown.resource_type.clone(),
            ended: if self.over { Some(true) } else { (complete && self.last.is_none()).then_some(false) },
            completed_s: self.completed.and_then(|(_, done_s)| done_s).filter(|_| known),
            failed_count: known.then(|| i64::try_from(self.failed.len()).unwrap_or(i64::MAX)),
            failing_since_s: self.failed.iter().min().map(|(created_s, _)| *created_s).filter(|_| known),
            shown: self.last.clone().unwrap_or(self.shown),
            newest: self.last.filter(|_| known),
        }
    }
}

/// What became of the jobs of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) resource_type: String,
    /// Whether any has ended; `None` if that is not known.
    pub(super) ended: Option<bool>,
    /// The newest that has ended; `None` also if there may be a newer one.
    pub(super) newest: Option<Attempt>,
    /// When the newest that completed was done.
    pub(super) completed_s: Option<i64>,
    /// How many did not complete since.
    pub(super) failed_count: Option<i64>,
    /// When the first of those was created.
    pub(super) failing_since_s: Option<i64>,
    /// The newest that has ended, or else the newest, however much of the list was read.
    pub(super) shown: Attempt,
}

impl Summary {
    /// Whether the newest that has ended completed.
    pub(super) fn succeeded(&self) -> Option<bool> {
        self.newest.as_ref().map(|job| job.state == "COMPLETED")
    }

    /// Whether it completed with issues; `None` also if AWS gave neither category nor message.
    pub(super) fn with_issues(&self) -> Option<bool> {
        let job = self.newest.as_ref()?;
        if job.state != "COMPLETED" {
            return Some(false);
        }
        let says_so = job.message.as_deref().is_some_and(|message| message.to_ascii_lowercase().contains("with issues"));
        match &job.category {
            Some(category) => Some(says_so || !category.eq_ignore_ascii_case("SUCCESS")),
            None => job.message.as_deref().is_some_and(|message| !message.trim().is_empty()).then_some(true),
        }
    }
}
