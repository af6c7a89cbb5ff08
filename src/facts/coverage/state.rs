//! Selected, yet not backed up: what a resource is or the state it is in keeps AWS Backup from it.
//!
//! From "Creating a backup" and the pages on RDS, S3 and `FSx` of the AWS Backup developer guide. A lasting obstacle takes the
//! resource out of coverage; a passing one (a database being stopped or modified) is only noted, since the plan covers the
//! resource again without anybody's doing, and the achieved RPO shows what was missed.
//!
//! Left out, because the collected tables do not tell: RDS on Outposts, single S3 objects in archive classes or with SSE-C.

use super::resource_types::{Recognised, ResourceType as T};
use super::subject::ResourceFacts;

/// One obstacle that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// Keeps the resource from being backed up until somebody changes it; otherwise it only passes.
    pub lasting: bool,
    /// Whether it is there; `None` if what decides it was not read.
    pub present: Option<bool>,
    /// What it is about, with the value found.
    pub text: String,
    /// What follows.
    pub meaning: &'static str,
}

/// States of databases and EFS in which backups fail or wait, and which end by themselves or by starting the database again.
const PASSING: [&str; 21] = [
    "backing-up",
    "configuring-enhanced-monitoring",
    "configuring-iam-database-auth",
    "configuring-log-exports",
    "converting-to-vpc",
    "creating",
    "maintenance",
    "migrating",
    "modifying",
    "moving-to-vpc",
    "promoting",
    "rebooting",
    "renaming",
    "resetting-master-credentials",
    "starting",
    "stopped",
    "stopping",
    "storage-config-upgrade",
    "storage-optimization",
    "updating",
    "upgrading",
];

/// Lists the obstacles that apply to the resource's type, present or not, in a fixed order.
///
/// Every resource is asked whether a restore test made it; the rest depends on the type.
pub fn obstacles(resource: &ResourceFacts) -> Vec<Obstacle> {
    let mut found =
        vec![lasting(resource.restore_test_leftover, "restore-test leftover".to_owned(), "plans ignore what a restore test has made")];
    let types = resource.resource_type.candidates();
    let any = |wanted: &[T]| types.iter().any(|one| wanted.contains(one));
    if resource.is_cluster_member {
        found.push(lasting(Some(true), "member of a DB cluster".to_owned(), "AWS Backup backs up the cluster, not its instances"));
    }
    if any(&[T::Rds]) {
        found.push(rds_custom(resource));
    }
    if any(&[T::Aurora, T::DocumentDb, T::Efs, T::Neptune, T::Rds]) {
        found.extend(must_be_available(resource));
    }
    if any(&[T::Ec2]) {
        let gone = resource.status.as_deref().map(|status| matches!(status, "terminated" | "shutting-down"));
        found.push(lasting(gone, status_text(resource), "a terminated instance is not backed up"));
    }
    if resource.resource_type == Recognised::Type(T::S3) {
        let text = match resource.versioning_enabled {
            Some(true) => "versioning is on",
            Some(false) => "versioning is off or suspended",
            None => "versioning was not read",
        };
        found.push(lasting(resource.versioning_enabled.map(|on| !on), text.to_owned(), "buckets without versioning are not backed up"));
    }
    if any(&[T::Fsx]) {
        found.push(ontap(resource));
    }
    found
}

fn lasting(present: Option<bool>, text: String, meaning: &'static str) -> Obstacle {
    Obstacle { lasting: true, present, text, meaning }
}

fn status_text(resource: &ResourceFacts) -> String {
    resource.status.as_deref().map_or_else(|| "status was not read".to_owned(), |status| format!("status {status}"))
}

fn rds_custom(resource: &ResourceFacts) -> Obstacle {
    let custom = resource.engine.as_deref().map(|engine| engine.starts_with("custom-"));
    let text = resource.engine.as_deref().map_or_else(|| "engine was not read".to_owned(), |engine| format!("engine {engine}"));
    lasting(custom, text, "RDS Custom is not supported")
}

/// A state that will not end well, and one that merely passes.
fn must_be_available(resource: &ResourceFacts) -> [Obstacle; 2] {
    let status = resource.status.as_deref().map(str::to_ascii_lowercase);
    let status = status.as_deref();
    let passing = status.map(|status| PASSING.contains(&status));
    let stuck = status.map(|status| status != "available" && !PASSING.contains(&status));
    let meaning = "only what is available is backed up";
    [
        lasting(stuck, status_text(resource), meaning),
        Obstacle {
            lasting: false,
            present: passing,
            text: status_text(resource),
            meaning: "until it is available again, backups fail or wait",
        },
    ]
}

/// ONTAP is backed up volume by volume, and only read-write volumes; neither kind nor fill of a volume is collected.
fn ontap(resource: &ResourceFacts) -> Obstacle {
    let is_volume = resource.arn.contains(":volume/");
    match resource.engine.as_deref() {
        Some("ONTAP") if is_volume => lasting(
            None,
            "kind of ONTAP volume was not read".to_owned(),
            "replication targets, load-sharing and full volumes are not backed up",
        ),
        Some("ONTAP") => lasting(Some(true), "FSx for NetApp ONTAP".to_owned(), "AWS Backup backs up the volumes, not the file system"),
        Some(other) => lasting(Some(false), format!("FSx {other}"), "only ONTAP is backed up by volume"),
        None => lasting(None, "FSx type was not read".to_owned(), "only ONTAP is backed up by volume"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn resource(rest: &str, engine: Option<&str>, status: Option<&str>, versioned: Option<bool>) -> ResourceFacts {
        let mut facts =
            ResourceFacts::unread(&format!("arn:aws:{rest}"), "111122223333", Some("eu-west-1"), engine).with_tags(BTreeMap::new());
        facts.status = status.map(str::to_owned);
        facts.versioning_enabled = versioned;
        facts
    }

    /// Whether a lasting obstacle is there, and whether a passing one is.
    fn summary(facts: &ResourceFacts) -> (Option<bool>, Option<bool>) {
        let any = |lasting| {
            let mut sum = Some(false);
            for obstacle in obstacles(facts).iter().filter(|o| o.lasting == lasting) {
                sum = match (sum, obstacle.present) {
                    (Some(true), _) | (_, Some(true)) => Some(true),
                    (Some(false), Some(false)) => Some(false),
                    _ => None,
                };
            }
            sum
        };
        (any(true), any(false))
    }

    #[test]
    fn obstacles_by_type_and_state() {
        let db = "rds:eu-west-1:111122223333:db:shop";
        let (no, yes, open) = (Some(false), Some(true), None);
        let cases = [
            ("a database at work", resource(db, Some("mysql"), Some("available"), None), (no, no)),
            ("stopped: passes", resource(db, Some("mysql"), Some("stopped"), None), (no, yes)),
            ("being modified: passes", resource(db, Some("mysql"), Some("modifying"), None), (no, yes)),
            ("key lost: does not pass", resource(db, Some("mysql"), Some("inaccessible-encryption-credentials"), None), (yes, no)),
            ("being deleted", resource(db, Some("mysql"), Some("deleting"), None), (yes, no)),
            ("a state not known here is not available", resource(db, Some("mysql"), Some("brand-new-state"), None), (yes, no)),
            ("state unread", resource(db, Some("mysql"), None, None), (open, open)),
            ("RDS Custom", resource(db, Some("custom-sqlserver-ee"), Some("available"), None), (yes, no)),
            ("engine unread", resource(db, None, Some("available"), None), (open, no)),
            (
                "EFS writes its states small",
                resource("elasticfilesystem:eu-west-1:111122223333:file-system/fs-1", None, Some("available"), None),
                (no, no),
            ),
            ("a stopped instance is backed up", resource("ec2:eu-west-1:111122223333:instance/i-1", None, Some("stopped"), None), (no, no)),
            ("a terminated one is not", resource("ec2:eu-west-1:111122223333:instance/i-1", None, Some("terminated"), None), (yes, no)),
            ("a volume's state does not matter", resource("ec2:eu-west-1:111122223333:volume/vol-1", None, None, None), (no, no)),
            ("versioned bucket", resource("s3:::web", None, None, Some(true)), (no, no)),
            ("unversioned bucket", resource("s3:::web", None, None, Some(false)), (yes, no)),
            ("versioning unread", resource("s3:::web", None, None, None), (open, no)),
            ("Lustre", resource("fsx:eu-west-1:111122223333:file-system/fs-1", Some("LUSTRE"), None, None), (no, no)),
            ("ONTAP file system", resource("fsx:eu-west-1:111122223333:file-system/fs-1", Some("ONTAP"), None, None), (yes, no)),
            ("ONTAP volume", resource("fsx:eu-west-1:111122223333:volume/fs-1/fsvol-1", Some("ONTAP"), None, None), (open, no)),
            ("FSx type unread", resource("fsx:eu-west-1:111122223333:file-system/fs-1", None, None, None), (open, no)),
        ];
        for (why, facts, expected) in cases {
            assert_eq!(summary(&facts), expected, "{why}");
        }
    }

    #[test]
    fn members_and_leftovers() {
        let mut member = resource("rds:eu-west-1:111122223333:db:shop-1", Some("aurora-mysql"), Some("available"), None);
        member.is_cluster_member = true;
        assert_eq!(summary(&member).0, Some(true), "a member is backed up with its cluster");
        let mut leftover = resource("ec2:eu-west-1:111122223333:volume/vol-1", None, None, None);
        leftover.restore_test_leftover = None;
        assert_eq!(summary(&leftover).0, None, "tags unread");
    }
}
