//! Coverage through another resource: a DB instance through its cluster, a volume through its instance, an ONTAP file system
//! through its volumes.
//!
//! Takes decisions that `decide` has made; who belongs to whom is for the caller to know. An EC2 image that leaves out a volume
//! does not cover it: such an instance is not to be passed.

use super::decide::{Decision, Verdict};
use super::resource_types::{Recognised, ResourceType};
use super::subject::ResourceFacts;

/// How a resource can be covered by way of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// Only with the DB cluster it is a member of.
    Cluster,
    /// By itself, or in the backup of an EC2 instance it is attached to.
    Instance,
    /// Only by the backups of all its volumes.
    Volumes,
}

/// Says which other resources' coverage counts for this one; `None` if only its own does.
pub fn via(resource: &ResourceFacts) -> Option<Via> {
    if resource.is_cluster_member {
        return Some(Via::Cluster);
    }
    let is_file_system = resource.arn.contains(":file-system/");
    match resource.resource_type {
        Recognised::Type(ResourceType::Ebs) => Some(Via::Instance),
        Recognised::Type(ResourceType::Fsx) if is_file_system && resource.engine.as_deref() == Some("ONTAP") => Some(Via::Volumes),
        _ => None,
    }
}

/// Coverage with all ways taken into account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effective {
    /// The verdict.
    pub verdict: Verdict,
    /// Whether the decision it comes from is assumed.
    pub assumed: bool,
    /// Index of the other resource whose decision it is; `None` if it is the resource's own, or nobody's.
    pub through: Option<usize>,
}

/// Combines a resource's own decision with those of the others, all for the same selection.
///
/// - `others`: the cluster, the instances the volume is attached to, or the volumes; `None` for one that could not be decided
///   (not read). No others: a member or an ONTAP file system is then unknown, a volume stands on its own.
/// - Edge case: a volume that `NotResources` names is covered all the same if an instance it is attached to is.
pub fn effective(own: &Decision<'_>, via: Via, others: &[Option<&Decision<'_>>]) -> Effective {
    let unknown = Effective { verdict: Verdict::Unknown, assumed: false, through: None };
    let itself = Effective { verdict: own.verdict, assumed: own.assumed, through: None };
    let verdict_of = |other: Option<&Decision<'_>>| other.map_or(Verdict::Unknown, |decision| decision.verdict);
    let first = |wanted: fn(Verdict) -> bool| {
        others.iter().copied().enumerate().find(|(_, other)| wanted(verdict_of(*other))).map(|(index, other)| Effective {
            verdict: verdict_of(other),
            assumed: other.is_some_and(|decision| decision.assumed),
            through: Some(index),
        })
    };
    let is_covered = |verdict: Verdict| verdict.covered() == Some(true);
    let is_not_covered = |verdict: Verdict| verdict.covered() == Some(false);
    let is_open = |verdict: Verdict| verdict.covered().is_none();
    match via {
        Via::Instance if is_covered(own.verdict) => itself,
        Via::Instance => first(is_covered).or_else(|| first(is_open)).unwrap_or(itself),
        Via::Cluster | Via::Volumes => {
            let mut worst = first(is_not_covered).or_else(|| first(is_open)).or_else(|| first(is_covered)).unwrap_or(unknown);
            if worst.verdict == Verdict::Covered {
                worst.assumed = others.iter().flatten().any(|decision| decision.assumed);
            }
            worst
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What it shows, own decision, way, others; verdict, assumed, through.
    type Case<'a> = (&'a str, &'a Decision<'a>, Via, &'a [Option<&'a Decision<'a>>], Verdict, bool, Option<usize>);

    fn decision(verdict: Verdict, assumed: bool) -> Decision<'static> {
        Decision { verdict, selected: None, assumed, clauses: Vec::new() }
    }

    #[test]
    fn who_counts_for_whom() {
        let facts = |rest: &str, engine| ResourceFacts::unread(&format!("arn:aws:{rest}"), "111122223333", Some("eu-west-1"), engine);
        let member = ResourceFacts { is_cluster_member: true, ..facts("rds:eu-west-1:111122223333:db:shop-1", Some("aurora-mysql")) };
        let cases = [
            ("a member", member, Some(Via::Cluster)),
            ("a database of its own", facts("rds:eu-west-1:111122223333:db:shop", Some("mysql")), None),
            ("a volume", facts("ec2:eu-west-1:111122223333:volume/vol-1", None), Some(Via::Instance)),
            ("ONTAP", facts("fsx:eu-west-1:111122223333:file-system/fs-1", Some("ONTAP")), Some(Via::Volumes)),
            ("an ONTAP volume is itself the resource", facts("fsx:eu-west-1:111122223333:volume/fs-1/fsvol-1", Some("ONTAP")), None),
            ("Lustre", facts("fsx:eu-west-1:111122223333:file-system/fs-1", Some("LUSTRE")), None),
        ];
        for (why, resource, expected) in cases {
            assert_eq!(via(&resource), expected, "{why}");
        }
    }

    #[test]
    fn ways_combined() {
        use Verdict::{Covered, Excluded, NotMatched, Unknown};
        let (yes, no, open) = (decision(Covered, false), decision(NotMatched, false), decision(Unknown, false));
        let maybe = decision(Covered, true);
        let out = decision(Excluded, false);
        let cases: [Case<'_>; 13] = [
            ("the cluster is covered", &out, Via::Cluster, &[Some(&yes)], Covered, false, Some(0)),
            ("the cluster is not", &out, Via::Cluster, &[Some(&no)], NotMatched, false, Some(0)),
            ("the cluster was not read", &out, Via::Cluster, &[None], Unknown, false, Some(0)),
            ("the cluster is not known", &out, Via::Cluster, &[], Unknown, false, None),
            ("a volume by itself", &yes, Via::Instance, &[Some(&no)], Covered, false, None),
            ("a volume in its instance's image", &out, Via::Instance, &[Some(&no), Some(&yes)], Covered, false, Some(1)),
            ("the instance is undecided", &no, Via::Instance, &[Some(&no), Some(&open)], Unknown, false, Some(1)),
            ("a detached volume", &no, Via::Instance, &[], NotMatched, false, None),
            ("an assumption is inherited", &no, Via::Instance, &[Some(&maybe)], Covered, true, Some(0)),
            ("all volumes", &out, Via::Volumes, &[Some(&yes), Some(&yes)], Covered, false, Some(0)),
            ("all volumes, one of them assumed", &out, Via::Volumes, &[Some(&yes), Some(&maybe)], Covered, true, Some(0)),
            ("one volume is missing", &out, Via::Volumes, &[Some(&yes), None, Some(&no)], NotMatched, false, Some(2)),
            ("one volume is open", &out, Via::Volumes, &[Some(&yes), None], Unknown, false, Some(1)),
        ];
        for (why, own, way, others, verdict, assumed, through) in cases {
            assert_eq!(effective(own, way, others), Effective { verdict, assumed, through }, "{why}");
        }
    }
}
