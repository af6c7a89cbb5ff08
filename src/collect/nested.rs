//! Jobs within jobs: which parents are to be asked for their children.
//!
//! A job on a composite resource (a `CloudFormation` stack, an EKS cluster) is the parent of jobs on its parts. The API has a filter by parent
//! and does not say whether a list without it holds the children. So the plain list is read first, and every parent of which no child came is
//! asked for its own; a job that comes twice is one row.

use std::collections::{BTreeSet, HashSet};

use crate::model::moment::DAY_S;

/// Days of jobs that AWS Backup keeps. Source: AWS Backup API reference, `ListBackupJobs`; copy and restore jobs are gone after the same time.
const KEPT_DAYS: i64 = 30;

/// The span of jobs that a complete list holds.
pub(crate) fn kept(started_s: i64) -> (Option<i64>, Option<i64>) {
    (Some(started_s - KEPT_DAYS * DAY_S), Some(started_s))
}

/// What was seen of a tree of jobs.
#[derive(Debug, Default)]
pub(crate) struct Nested {
    seen: HashSet<String>,
    with_children: HashSet<String>,
    parents: BTreeSet<String>,
}

impl Nested {
    /// Notes a job; false if it was seen before. A job without id is always new.
    pub(crate) fn is_new(&mut self, id: Option<&str>, is_parent: bool, parent: Option<&str>) -> bool {
        if let Some(parent) = parent {
            self.with_children.insert(parent.to_owned());
            self.parents.remove(parent);
        }
        let Some(id) = id else { return true };
        if is_parent && !self.with_children.contains(id) && !self.seen.contains(id) {
            self.parents.insert(id.to_owned());
        }
        self.seen.insert(id.to_owned())
    }

    /// A parent to be asked for its children, each once.
    pub(crate) fn next_parent(&mut self) -> Option<String> {
        self.parents.pop_first()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_parents_without_children_in_the_list_are_asked_once() {
        let mut jobs = Nested::default();
        for (id, is_parent, parent) in [("child-a", false, Some("a")), ("a", true, None), ("b", true, None), ("c", true, None)] {
            assert!(jobs.is_new(Some(id), is_parent, parent));
        }
        assert!(jobs.is_new(Some("child-c"), false, Some("c")), "children can come before or after their parent");
        assert_eq!(jobs.next_parent().as_deref(), Some("b"));
        assert!(jobs.is_new(Some("child-b"), true, Some("b")), "a child can be a parent itself");
        assert!(!jobs.is_new(Some("b"), true, None), "a job that comes again is no new row");
        assert_eq!(jobs.next_parent().as_deref(), Some("child-b"));
        assert_eq!(jobs.next_parent(), None);
        assert!(jobs.is_new(None, true, None), "a job without id is not taken for another one");
    }

    #[test]
    fn thirty_days_are_covered() {
        assert_eq!(kept(2_592_000), (Some(0), Some(2_592_000)));
    }
}
