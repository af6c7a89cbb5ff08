//! What is known of a resource and of the Region's settings when a selection is decided.
//!
//! `None` always means "not read". Built from the `resources` and `region_settings` tables; nothing here reads them.

use std::collections::BTreeMap;

use super::resource_types::{Recognised, ResourceType, type_of_arn};

/// Tag key, and beginning of names, of what a restore test has made.
pub const RESTORE_TEST_MARK: &str = "awsbackup-restore-test";

/// A resource as far as its coverage depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceFacts {
    /// The resource's own ARN.
    pub arn: String,
    /// Account that owns it (bucket ARNs do not tell).
    pub account: String,
    /// Region it is in (bucket ARNs do not tell).
    pub region: Option<String>,
    /// What AWS Backup takes it for.
    pub resource_type: Recognised,
    /// `Engine` of database services, `FileSystemType` of `FSx`.
    pub engine: Option<String>,
    /// All tags; an empty map means that there are none.
    pub tags: Option<BTreeMap<String, String>>,
    /// Life-cycle state as the owning service words it; looked at for EC2, EFS and databases.
    pub status: Option<String>,
    /// S3: whether versioning is `Enabled`. Not looked at for other types.
    pub versioning_enabled: Option<bool>,
    /// A DB instance that belongs to a DB cluster of whatever engine.
    pub is_cluster_member: bool,
    /// A DB cluster of RDS proper, with an engine that is not Aurora's.
    pub is_multi_az_cluster: bool,
    /// Made by a restore test and not to be backed up; see [`restore_test_leftover`].
    pub restore_test_leftover: Option<bool>,
}

impl ResourceFacts {
    /// A resource of which only identity and engine are known: everything else is unread or false.
    pub fn unread(arn: &str, account: &str, region: Option<&str>, engine: Option<&str>) -> Self {
        let resource_type = type_of_arn(arn, engine);
        Self {
            arn: arn.to_owned(),
            account: account.to_owned(),
            region: region.map(str::to_owned),
            resource_type,
            engine: engine.map(str::to_owned),
            tags: None,
            status: None,
            versioning_enabled: None,
            is_cluster_member: false,
            is_multi_az_cluster: arn.contains(":cluster:") && resource_type == Recognised::Type(ResourceType::Rds),
            restore_test_leftover: restore_test_leftover(arn, None),
        }
    }

    /// The same resource with its tags, and what they say about restore tests.
    #[must_use]
    pub fn with_tags(mut self, tags: BTreeMap<String, String>) -> Self {
        self.restore_test_leftover = restore_test_leftover(&self.arn, Some(&tags));
        self.tags = Some(tags);
        self
    }
}

/// Whether a restore test made the resource: plans ignore what has the tag `awsbackup-restore-test` or a name beginning so.
///
/// `None` if the name does not say so and the tags were not read. (A resource whose tag was removed and whose id is not a name
/// looks like any other, to AWS as well.)
///
/// - Source: AWS Backup developer guide, "Restore testing".
///
/// ```
/// use backup_audit::facts::coverage::subject::restore_test_leftover;
/// assert_eq!(restore_test_leftover("arn:aws:rds:eu-west-1:111122223333:db:awsbackup-restore-test-1", None), Some(true));
/// assert_eq!(restore_test_leftover("arn:aws:ec2:eu-west-1:111122223333:volume/vol-1", None), None);
/// ```
pub fn restore_test_leftover(arn: &str, tags: Option<&BTreeMap<String, String>>) -> Option<bool> {
    let name = arn.rsplit([':', '/']).next().unwrap_or_default();
    if name.starts_with(RESTORE_TEST_MARK) {
        return Some(true);
    }
    tags.map(|tags| tags.contains_key(RESTORE_TEST_MARK))
}

/// Which types the Region's settings switch on for plans (`ResourceTypeOptInPreference` of `DescribeRegionSettings`).
///
/// For a plan made by an Organizations policy the settings of the management account count: pass those.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OptIn {
    /// Type name → on; `None` if the settings were not read.
    pub by_type: Option<BTreeMap<String, bool>>,
}

impl OptIn {
    /// Settings that were read.
    pub fn read<'a>(entries: impl IntoIterator<Item = (&'a str, bool)>) -> Self {
        Self { by_type: Some(entries.into_iter().map(|(name, on)| (name.to_owned(), on)).collect()) }
    }

    /// Settings that were not read.
    pub fn unread() -> Self {
        Self { by_type: None }
    }

    /// Whether a type is switched on; `None` if unread or if the map does not mention the type.
    pub fn of(&self, resource_type: ResourceType) -> Option<bool> {
        self.by_type.as_ref()?.get(resource_type.name()).copied()
    }

    /// The answer for a resource that is one of several types: known if it is the same for all.
    pub fn of_any(&self, types: &[ResourceType]) -> Option<bool> {
        let (first, others) = types.split_first()?;
        let answer = self.of(*first)?;
        others.iter().all(|other| self.of(*other) == Some(answer)).then_some(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_of_restore_tests() {
        let db = "arn:aws:rds:eu-west-1:111122223333:db:";
        let marked = BTreeMap::from([(RESTORE_TEST_MARK.to_owned(), "x".to_owned())]);
        let cases = [
            ("by name", format!("{db}awsbackup-restore-test-7"), None, Some(true)),
            ("by name, tags removed", format!("{db}awsbackup-restore-test-7"), Some(BTreeMap::new()), Some(true)),
            ("the mark must begin the name", format!("{db}my-awsbackup-restore-test"), Some(BTreeMap::new()), Some(false)),
            ("by tag", format!("{db}shop"), Some(marked), Some(true)),
            ("neither", format!("{db}shop"), Some(BTreeMap::new()), Some(false)),
            ("tags unread", format!("{db}shop"), None, None),
        ];
        for (why, arn, tags, expected) in cases {
            assert_eq!(restore_test_leftover(&arn, tags.as_ref()), expected, "{why}");
        }
    }

    #[test]
    fn opt_in_of_an_uncertain_type() {
        let types = [ResourceType::Aurora, ResourceType::Rds];
        assert_eq!(OptIn::read([("Aurora", true), ("RDS", true)]).of_any(&types), Some(true), "on either way");
        assert_eq!(OptIn::read([("Aurora", true), ("RDS", false)]).of_any(&types), None, "depends on the type");
        assert_eq!(OptIn::read([("Aurora", true)]).of_any(&types), None, "one type not mentioned");
        assert_eq!(OptIn::unread().of_any(&types), None);
        assert_eq!(OptIn::read([]).of_any(&[]), None, "no type at all");
    }
}
