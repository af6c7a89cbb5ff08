//! Which key protects a recovery point.
//!
//! - Of types that AWS Backup manages fully, and of anything in a logically air-gapped vault, the point's own key, which is that of its vault.
//! - Points of all other types are encrypted as their source is, or not at all, whatever the key of their vault: the snapshot that the point is tells,
//!   else the point if it names another key than its vault's, else the source as it stood then. A copy has another key than its source.
//! - `IsEncrypted` alone decides last. AWS's pages disagree on whether it is true of every backup, so that it counts only where no snapshot can
//!   contradict it, and its absence looks like false.
//!
//! Source: AWS Backup developer guide, "Encryption for backups in AWS Backup" and "Feature availability by resource".

use super::storage::{Encryption, Storage};
use crate::facts::coverage::features::{self, Variant};
use crate::facts::coverage::resource_types::ResourceType;
use crate::facts::locks::Vault;
use crate::model::Arn;

/// What is known of the snapshot that a point is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SnapshotOf<'a> {
    /// It was seen: how it is encrypted, if that was told, and with which key of KMS.
    Seen(Option<Encryption>, Option<&'a str>),
    /// There is none to see.
    Absent,
    /// Snapshots were not all read.
    NotKnown,
}

/// A point with everything that tells of its encryption.
#[derive(Clone, Copy, Debug)]
pub(super) struct PointOf<'a> {
    pub(super) arn: &'a str,
    /// Type as AWS Backup names it.
    pub(super) resource_type: Option<&'a str>,
    pub(super) created_s: Option<i64>,
    pub(super) is_copy: bool,
    /// `IsEncrypted`.
    pub(super) is_encrypted: Option<bool>,
    /// `EncryptionKeyArn`.
    pub(super) key_arn: Option<&'a str>,
    /// Whether `EncryptionKeyType` says that AWS owns the key.
    pub(super) aws_owned: bool,
    /// Its vault, if that was read.
    pub(super) vault: Option<&'a Vault>,
    pub(super) snapshot: SnapshotOf<'a>,
    /// Storage of the resource it restores, if that is still there and was read.
    pub(super) source: Option<&'a Storage>,
}

/// Where a key was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NamedBy {
    Point,
    Snapshot,
    Source,
}

impl NamedBy {
    /// The word in relations.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Point => "point",
            Self::Snapshot => "snapshot",
            Self::Source => "source",
        }
    }
}

/// What protects a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protection<'a> {
    /// Nothing: it is not encrypted.
    Nothing,
    /// A key that AWS owns.
    AwsOwned,
    /// A key of KMS.
    Key(&'a str, NamedBy),
    /// A key that was not told.
    SomeKey,
    /// Whether it is encrypted was not told.
    NotKnown,
}

impl<'a> Protection<'a> {
    /// Whether the point is encrypted.
    pub(super) fn encrypted(self) -> Option<bool> {
        match self {
            Self::Nothing => Some(false),
            Self::AwsOwned | Self::Key(..) | Self::SomeKey => Some(true),
            Self::NotKnown => None,
        }
    }

    fn by(encryption: Encryption, key: Option<&'a str>, by: NamedBy) -> Self {
        match (encryption, key) {
            (Encryption::None, _) => Self::Nothing,
            (Encryption::AwsOwned, _) => Self::AwsOwned,
            (Encryption::Kms, Some(arn)) => Self::Key(arn, by),
            (Encryption::Kms, None) => Self::SomeKey,
        }
    }

    /// The key, if it is one of KMS that was told.
    pub(super) fn key(self) -> Option<&'a str> {
        if let Self::Key(arn, _) = self { Some(arn) } else { None }
    }

    /// What protects a point.
    pub(super) fn of(point: &PointOf<'a>) -> Self {
        match point.keeps_own_key() {
            Some(true) => point.own(),
            Some(false) => point.inherited(),
            None => Self::NotKnown,
        }
    }
}

impl<'a> PointOf<'a> {
    /// Whether AWS Backup encrypts it with the key of its vault.
    fn keeps_own_key(&self) -> Option<bool> {
        if self.vault.is_some_and(|vault| vault.air_gapped() == Some(true)) {
            return Some(true);
        }
        let own_arn = Arn::parse(self.arn)?.service == "backup";
        let Some(of) = self.resource_type.and_then(ResourceType::from_name) else { return Some(own_arn) };
        let variant = Some(if of == ResourceType::DynamoDb && own_arn { Variant::Advanced } else { Variant::Standard });
        match features::fully_managed(of, variant) {
            // Its ARN is AWS Backup's own: a continuous backup, or a point of an air-gapped vault that was not read or whose type was not told.
            Some(false) if own_arn && self.vault.and_then(Vault::air_gapped).is_none() && !self.is_continuous() => None,
            Some(managed) => Some(managed),
            None => self.key_arn.map(|_| true), // the pages disagree on the type; a key that the point names settles it
        }
    }

    fn is_continuous(&self) -> bool {
        crate::facts::points::is_continuous(self.arn)
    }

    /// Databases of Aurora can be encrypted with a key that AWS owns, which the flag does not show.
    fn may_be_aws_owned(&self) -> bool {
        matches!(self.resource_type, None | Some("Aurora"))
    }

    fn own(&self) -> Protection<'a> {
        match (self.key_arn, self.is_encrypted) {
            (Some(arn), _) => Protection::Key(arn, NamedBy::Point),
            (None, _) if self.aws_owned => Protection::AwsOwned,
            (None, Some(true)) => Protection::SomeKey,
            (None, Some(false)) => Protection::Nothing,
            (None, None) => Protection::NotKnown,
        }
    }

    fn inherited(&self) -> Protection<'a> {
        match self.snapshot {
            SnapshotOf::Seen(Some(encryption), key) => Protection::by(encryption, key, NamedBy::Snapshot),
            SnapshotOf::Seen(None, _) => match self.source_then().and_then(|source| source.encryption) {
                Some(Encryption::None) => Protection::Nothing,
                Some(Encryption::AwsOwned) if !self.is_copy => Protection::AwsOwned,
                _ => Protection::NotKnown, // a key of KMS would have shown
            },
            SnapshotOf::Absent | SnapshotOf::NotKnown => self.by_point_or_source(),
        }
    }

    fn by_point_or_source(&self) -> Protection<'a> {
        let vault_key = self.vault.and_then(|vault| vault.key_arn.as_deref());
        if let Some(arn) = self.key_arn.filter(|arn| vault_key.is_some_and(|key| key != *arn)) {
            return Protection::Key(arn, NamedBy::Point);
        }
        let source = self.source_then().filter(|_| !self.is_copy);
        match source.and_then(|source| Some((source.encryption?, source.key_arn.as_deref()))) {
            Some((encryption, key)) => Protection::by(encryption, key, NamedBy::Source),
            None => self.by_flag(),
        }
    }

    fn by_flag(&self) -> Protection<'a> {
        match (self.snapshot, self.is_encrypted) {
            (SnapshotOf::Absent, Some(true)) if self.aws_owned => Protection::AwsOwned,
            (SnapshotOf::Absent, Some(true)) => Protection::SomeKey,
            (SnapshotOf::Absent, Some(false)) if !self.may_be_aws_owned() && self.key_arn.is_none() => Protection::Nothing,
            _ => Protection::NotKnown,
        }
    }

    /// The source, if the database that has its ARN now is the one the point was made of.
    fn source_then(&self) -> Option<&'a Storage> {
        self.source.filter(|source| source.created_s.zip(self.created_s).is_some_and(|(source_s, point_s)| source_s <= point_s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SNAPSHOT: &str = "arn:aws:rds:eu-west-1:111122223333:snapshot:awsbackup:job-1";
    const OWN: &str = "arn:aws:backup:eu-west-1:111122223333:recovery-point:1";
    const CONTINUOUS: &str = "arn:aws:backup:eu-west-1:111122223333:recovery-point:continuous:1";

    fn vault(air_gapped: bool) -> Vault {
        let kind = if air_gapped { "LOGICALLY_AIR_GAPPED_BACKUP_VAULT" } else { "BACKUP_VAULT" };
        Vault { kind: Some(kind.to_owned()), key_arn: Some("of-vault".to_owned()), ..Vault::default() }
    }

    fn storage(encryption: Encryption) -> Storage {
        Storage {
            encryption: Some(encryption),
            key_arn: (encryption == Encryption::Kms).then(|| "of-source".to_owned()),
            created_s: Some(10),
        }
    }

    fn point<'a>(vault: &'a Vault, source: &'a Storage) -> PointOf<'a> {
        PointOf {
            arn: SNAPSHOT,
            resource_type: Some("RDS"),
            created_s: Some(20),
            is_copy: false,
            is_encrypted: Some(true),
            key_arn: Some("of-vault"),
            aws_owned: false,
            vault: Some(vault),
            snapshot: SnapshotOf::Absent,
            source: Some(source),
        }
    }

    #[test]
    fn points_of_types_that_inherit() {
        use Protection::{AwsOwned, Key, NotKnown, Nothing, SomeKey};
        let (plain, kms, none, owned) = (vault(false), storage(Encryption::Kms), storage(Encryption::None), storage(Encryption::AwsOwned));
        let rds = || point(&plain, &kms);
        let aurora = || PointOf { resource_type: Some("Aurora"), ..rds() };
        let unseen = || PointOf { source: None, ..rds() };
        let seen = |encryption| PointOf { snapshot: SnapshotOf::Seen(encryption, None), ..rds() };
        // why, point, protection
        let cases = [
            (
                "its snapshot tells, not the vault",
                PointOf { snapshot: SnapshotOf::Seen(Some(Encryption::Kms), Some("of-snapshot")), ..rds() },
                Key("of-snapshot", NamedBy::Snapshot),
            ),
            ("its snapshot is not encrypted, whatever the vault", seen(Some(Encryption::None)), Nothing),
            ("its snapshot is under a key that AWS owns", seen(Some(Encryption::AwsOwned)), AwsOwned),
            ("its snapshot does not tell, and a key of KMS would have shown", seen(None), NotKnown),
            ("its snapshot does not tell, but its source is not encrypted", PointOf { source: Some(&none), ..seen(None) }, Nothing),
            ("its snapshot does not tell, but AWS owns the key of its source", PointOf { source: Some(&owned), ..seen(None) }, AwsOwned),
            ("neither does it of a copy", PointOf { source: Some(&owned), is_copy: true, ..seen(None) }, NotKnown),
            ("snapshots unread: the source tells", PointOf { snapshot: SnapshotOf::NotKnown, ..rds() }, Key("of-source", NamedBy::Source)),
            ("an unencrypted source gives an unencrypted point", PointOf { source: Some(&none), ..rds() }, Nothing),
            ("the point names a key that is not its vault's", PointOf { key_arn: Some("own"), ..rds() }, Key("own", NamedBy::Point)),
            ("vault unread: whose key the point names cannot be told", PointOf { vault: None, source: None, ..rds() }, SomeKey),
            ("a copy has another key than its source", PointOf { is_copy: true, ..rds() }, SomeKey),
            ("the database was made again since", PointOf { created_s: Some(9), ..rds() }, SomeKey),
            ("only the flag, true", unseen(), SomeKey),
            ("only the flag, and a snapshot may say otherwise", PointOf { snapshot: SnapshotOf::NotKnown, ..unseen() }, NotKnown),
            ("only the flag, false, but with a key", PointOf { is_encrypted: Some(false), ..unseen() }, NotKnown),
            ("only the flag, false", PointOf { is_encrypted: Some(false), key_arn: None, ..unseen() }, Nothing),
            ("nothing at all", PointOf { is_encrypted: None, key_arn: None, ..unseen() }, NotKnown),
            ("Aurora, under a key that AWS owns", PointOf { source: Some(&owned), ..aurora() }, AwsOwned),
            ("Aurora, only the flag, false", PointOf { is_encrypted: Some(false), key_arn: None, source: None, ..aurora() }, NotKnown),
            (
                "a volume whose key is not its vault's",
                PointOf { resource_type: Some("EBS"), key_arn: Some("own"), ..unseen() },
                Key("own", NamedBy::Point),
            ),
            ("a continuous backup is the database's own", PointOf { arn: CONTINUOUS, ..rds() }, Key("of-source", NamedBy::Source)),
        ];
        for (why, point, expected) in cases {
            assert_eq!(Protection::of(&point), expected, "{why}");
        }
    }

    #[test]
    fn points_with_a_key_of_their_own() {
        use Protection::{AwsOwned, Key, NotKnown, Nothing, SomeKey};
        let (plain, gapped, kms) = (vault(false), vault(true), storage(Encryption::Kms));
        let typeless = Vault { kind: None, ..vault(false) };
        let bucket = || PointOf { arn: OWN, resource_type: Some("S3"), source: None, ..point(&plain, &kms) };
        let of_vault = Key("of-vault", NamedBy::Point);
        // why, point, protection
        let cases = [
            ("the key of its vault", bucket(), of_vault),
            ("a key that AWS owns", PointOf { key_arn: None, aws_owned: true, ..bucket() }, AwsOwned),
            ("a key that was not told", PointOf { key_arn: None, ..bucket() }, SomeKey),
            ("AWS says that it is not encrypted", PointOf { key_arn: None, is_encrypted: Some(false), ..bucket() }, Nothing),
            ("nothing told", PointOf { key_arn: None, is_encrypted: None, ..bucket() }, NotKnown),
            ("DynamoDB with advanced features: the ARN shows it", PointOf { resource_type: Some("DynamoDB"), ..bucket() }, of_vault),
            ("a type of tomorrow with an ARN of AWS Backup", PointOf { resource_type: Some("Moon"), ..bucket() }, of_vault),
            ("a database in an air-gapped vault", PointOf { vault: Some(&gapped), ..point(&plain, &kms) }, of_vault),
            (
                "a stack: AWS's pages disagree, but the point names a key",
                PointOf { resource_type: Some("CloudFormation"), ..bucket() },
                of_vault,
            ),
            ("a stack that names none", PointOf { resource_type: Some("CloudFormation"), key_arn: None, ..bucket() }, NotKnown),
            (
                "a database's point with an ARN of AWS Backup, vault unread",
                PointOf { resource_type: Some("RDS"), vault: None, key_arn: None, ..bucket() },
                NotKnown,
            ),
            (
                "the same in a vault whose type was not told: it may be air-gapped",
                PointOf { resource_type: Some("RDS"), vault: Some(&typeless), source: Some(&kms), ..bucket() },
                NotKnown,
            ),
        ];
        for (why, point, expected) in cases {
            assert_eq!(Protection::of(&point), expected, "{why}");
        }
    }
}
