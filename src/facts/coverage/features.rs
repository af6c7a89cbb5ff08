//! What AWS Backup can do with each resource type: cold storage, copies to other Regions, accounts and air-gapped vaults, point-in-time recovery.
//!
//! The table of the developer guide ("Feature availability by resource") as data, as of `resource_types::TABLES_DATE`. Some
//! types differ by variant: then there is a row for each, and a question about a type whose variant is not known is answered
//! only if all its rows agree. Limits of a Region or partition are not in it.

use super::resource_types::ResourceType;
use ResourceType as T;

/// What a type's features depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// No special variant.
    Standard,
    /// RDS Multi-AZ DB cluster (three instances), not a Multi-AZ DB instance.
    MultiAzCluster,
    /// `FSx` for `NetApp` ONTAP.
    Ontap,
    /// `FSx` for `OpenZFS`.
    OpenZfs,
    /// DynamoDB with advanced backup features: `DynamoDB` true in both preference maps of the Region.
    Advanced,
}

/// One row of the table. `None`: AWS's own pages disagree or are unreadable there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features {
    /// Recovery points can be copied to another Region of the partition.
    pub cross_region_copy: Option<bool>,
    /// Recovery points can move to cold storage (for EBS: the archive tier).
    pub cold: Option<bool>,
    /// AWS Backup can make continuous backups (point-in-time recovery). Native PITR of the service is another matter.
    pub continuous: Option<bool>,
}

const fn row(of: ResourceType, variant: Variant, copy: bool, cold: bool, continuous: bool) -> (ResourceType, Variant, Features) {
    (of, variant, Features { cross_region_copy: Some(copy), cold: Some(cold), continuous: Some(continuous) })
}

/// Type, variant, and: copy to another Region, cold storage, continuous backup.
pub const FEATURES: [(ResourceType, Variant, Features); 23] = [
    row(T::Aurora, Variant::Standard, true, false, true),
    row(T::CloudFormation, Variant::Standard, true, true, false),
    row(T::DocumentDb, Variant::Standard, true, false, false),
    row(T::DynamoDb, Variant::Standard, false, false, false),
    row(T::DynamoDb, Variant::Advanced, true, true, false),
    row(T::Dsql, Variant::Standard, true, true, false),
    row(T::Ebs, Variant::Standard, true, true, false),
    row(T::Ec2, Variant::Standard, true, false, false),
    row(T::Efs, Variant::Standard, true, true, false),
    row(T::Eks, Variant::Standard, true, false, false),
    row(T::Fsx, Variant::Standard, true, false, false),
    row(T::Fsx, Variant::Ontap, false, false, false),
    // The guide's row looks shifted by a column: cold storage cannot be read from it.
    (T::Fsx, Variant::OpenZfs, Features { cross_region_copy: Some(true), cold: None, continuous: Some(false) }),
    row(T::Neptune, Variant::Standard, true, false, false),
    row(T::Rds, Variant::Standard, true, false, true),
    // The table ticks copies, its footnote says that there are none: the footnote is the more specific.
    row(T::Rds, Variant::MultiAzCluster, false, false, false),
    row(T::Redshift, Variant::Standard, false, false, false),
    row(T::RedshiftServerless, Variant::Standard, false, false, false),
    row(T::S3, Variant::Standard, true, false, true), // low-cost warm tier, not cold storage
    row(T::SapHana, Variant::Standard, true, true, true),
    row(T::StorageGateway, Variant::Standard, true, false, false),
    row(T::Timestream, Variant::Standard, true, true, false),
    row(T::VirtualMachine, Variant::Standard, true, true, false),
];

/// Returns the variant of a resource, `None` if what decides it was not read.
///
/// - `engine`: `FileSystemType` for `FSx`, else not looked at.
/// - `is_multi_az_cluster`: for RDS only.
/// - `advanced_dynamodb`: whether `DynamoDB` is true in both preference maps of the Region; for DynamoDB only.
pub fn variant(of: ResourceType, engine: Option<&str>, is_multi_az_cluster: bool, advanced_dynamodb: Option<bool>) -> Option<Variant> {
    match of {
        T::Rds if is_multi_az_cluster => Some(Variant::MultiAzCluster),
        T::DynamoDb => advanced_dynamodb.map(|on| if on { Variant::Advanced } else { Variant::Standard }),
        T::Fsx => match engine {
            Some("ONTAP") => Some(Variant::Ontap),
            Some("OPENZFS") => Some(Variant::OpenZfs),
            Some("LUSTRE" | "WINDOWS") => Some(Variant::Standard),
            _ => None,
        },
        _ => Some(Variant::Standard),
    }
}

/// Whether recovery points of the type can move to cold storage; `None` if that is not known or depends on an unknown variant.
///
/// ```
/// use backup_audit::facts::coverage::{features::{Variant, supports_cold}, resource_types::ResourceType};
/// assert_eq!(supports_cold(ResourceType::Rds, Some(Variant::Standard)), Some(false));
/// assert_eq!(supports_cold(ResourceType::DynamoDb, None), None); // only with advanced features
/// ```
pub fn supports_cold(of: ResourceType, variant: Option<Variant>) -> Option<bool> {
    agreed(of, variant, |row| row.cold)
}

/// Whether recovery points of the type can be copied to another Region; `None` as for [`supports_cold`].
pub fn supports_cross_region_copy(of: ResourceType, variant: Option<Variant>) -> Option<bool> {
    agreed(of, variant, |row| row.cross_region_copy)
}

/// Whether AWS Backup can make continuous backups of the type; `None` as for [`supports_cold`].
pub fn supports_continuous(of: ResourceType, variant: Option<Variant>) -> Option<bool> {
    agreed(of, variant, |row| row.continuous)
}

/// Types whose points AWS Backup manages fully, besides DynamoDB with advanced features: their points have ARNs of AWS Backup and are encrypted
/// with the key of their vault. `CloudFormation` is in neither list: the feature table leaves its tick out, the page on encryption says "supported".
const FULLY_MANAGED: [ResourceType; 7] = [T::Dsql, T::Efs, T::Eks, T::S3, T::SapHana, T::Timestream, T::VirtualMachine];

/// Whether AWS Backup manages points of the type fully; `None` where its pages disagree, or for DynamoDB of an unknown variant. The key of the
/// vault protects the points of such types only; those of all others are encrypted as their source is, or not at all.
pub fn fully_managed(of: ResourceType, variant: Option<Variant>) -> Option<bool> {
    match of {
        T::CloudFormation => None,
        T::DynamoDb => variant.map(|variant| variant == Variant::Advanced),
        _ => Some(FULLY_MANAGED.contains(&of)),
    }
}

/// Whether recovery points of the type can be copied to another account; `None` as for [`supports_cold`]. The table differs from that of copies to
/// another Region for stacks only.
pub fn supports_cross_account_copy(of: ResourceType, variant: Option<Variant>) -> Option<bool> {
    if of == T::CloudFormation { Some(false) } else { supports_cross_region_copy(of, variant) }
}

/// Types whose points can lie in a logically air-gapped vault, besides DynamoDB with advanced features and `FSx` of any kind but ONTAP. DB instances
/// of RDS and its Multi-AZ DB clusters are not among them.
const AIR_GAPPED: [ResourceType; 11] =
    [T::Aurora, T::DocumentDb, T::Dsql, T::Ebs, T::Ec2, T::Efs, T::Neptune, T::S3, T::StorageGateway, T::Timestream, T::VirtualMachine];

/// Whether recovery points of the type can lie in a logically air-gapped vault; `None` as for [`supports_cold`].
pub fn supports_air_gapped(of: ResourceType, variant: Option<Variant>) -> Option<bool> {
    match of {
        T::DynamoDb => variant.map(|variant| variant == Variant::Advanced),
        // The row of OpenZFS cannot be read here either.
        T::Fsx => variant.filter(|variant| *variant != Variant::OpenZfs).map(|variant| variant == Variant::Standard),
        _ => Some(AIR_GAPPED.contains(&of)),
    }
}

/// The answer of all rows in question, if they give one and the same.
fn agreed(of: ResourceType, variant: Option<Variant>, feature: impl Fn(&Features) -> Option<bool>) -> Option<bool> {
    let mut answers =
        FEATURES.iter().filter(|(t, v, _)| *t == of && variant.is_none_or(|wanted| *v == wanted)).map(|(_, _, row)| feature(row));
    let first = answers.next()??;
    answers.all(|other| other == Some(first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::super::resource_types::NAMES;
    use super::*;

    #[test]
    fn every_type_has_a_standard_row_and_no_row_twice() {
        for (of, name) in NAMES {
            assert!(FEATURES.iter().any(|(t, v, _)| *t == of && *v == Variant::Standard), "{name}");
        }
        for (i, (t, v, _)) in FEATURES.iter().enumerate() {
            assert!(!FEATURES[i + 1..].iter().any(|(t2, v2, _)| t == t2 && v == v2), "{t} {v:?}");
        }
    }

    /// The list of "Backup plan options and configuration", written on another page than the table.
    #[test]
    fn cold_storage_agrees_with_the_other_page() {
        let cold: Vec<_> = FEATURES.iter().filter(|(_, _, f)| f.cold == Some(true)).map(|(t, v, _)| (*t, *v)).collect();
        let expected = [
            (T::CloudFormation, Variant::Standard),
            (T::DynamoDb, Variant::Advanced),
            (T::Dsql, Variant::Standard),
            (T::Ebs, Variant::Standard),
            (T::Efs, Variant::Standard),
            (T::SapHana, Variant::Standard),
            (T::Timestream, Variant::Standard),
            (T::VirtualMachine, Variant::Standard),
        ];
        assert_eq!(cold, expected);
    }

    #[test]
    fn questions_with_and_without_a_variant() {
        let ontap = variant(T::Fsx, Some("ONTAP"), false, None);
        let cases = [
            ("no cold storage for databases", supports_cold(T::Rds, None), Some(false)),
            ("a Multi-AZ cluster has no copies", supports_cross_region_copy(T::Rds, variant(T::Rds, None, true, None)), Some(false)),
            ("a database has", supports_cross_region_copy(T::Rds, variant(T::Rds, Some("mysql"), false, None)), Some(true)),
            ("a type with unlike rows, variant unknown", supports_cross_region_copy(T::Rds, None), None),
            ("DynamoDB, preferences unread", supports_cross_region_copy(T::DynamoDb, variant(T::DynamoDb, None, false, None)), None),
            ("DynamoDB, advanced", supports_cold(T::DynamoDb, variant(T::DynamoDb, None, false, Some(true))), Some(true)),
            ("DynamoDB, plain", supports_cold(T::DynamoDb, variant(T::DynamoDb, None, false, Some(false))), Some(false)),
            ("DynamoDB has no PITR through AWS Backup, either way", supports_continuous(T::DynamoDb, None), Some(false)),
            ("ONTAP", supports_cross_region_copy(T::Fsx, ontap), Some(false)),
            ("points of databases are not AWS Backup's own", fully_managed(T::Rds, None), Some(false)),
            ("points of buckets are", fully_managed(T::S3, None), Some(true)),
            ("DynamoDB: with advanced features they are", fully_managed(T::DynamoDb, Some(Variant::Advanced)), Some(true)),
            ("stacks: AWS's pages disagree", fully_managed(T::CloudFormation, None), None),
            ("a stack can be copied to another Region", supports_cross_region_copy(T::CloudFormation, None), Some(true)),
            ("but not to another account", supports_cross_account_copy(T::CloudFormation, None), Some(false)),
            ("a database can", supports_cross_account_copy(T::Rds, Some(Variant::Standard)), Some(true)),
            ("Aurora in an air-gapped vault", supports_air_gapped(T::Aurora, None), Some(true)),
            ("RDS has no air-gapped vault, whatever its variant", supports_air_gapped(T::Rds, None), Some(false)),
            ("plain DynamoDB has none", supports_air_gapped(T::DynamoDb, Some(Variant::Standard)), Some(false)),
            ("Lustre has", supports_air_gapped(T::Fsx, variant(T::Fsx, Some("LUSTRE"), false, None)), Some(true)),
            ("ONTAP has none", supports_air_gapped(T::Fsx, ontap), Some(false)),
            ("OpenZFS, again", supports_air_gapped(T::Fsx, Some(Variant::OpenZfs)), None),
            ("OpenZFS: the source cannot be read", supports_cold(T::Fsx, Some(Variant::OpenZfs)), None),
            ("a variant the type does not have", supports_cold(T::Ebs, Some(Variant::Ontap)), None),
        ];
        for (why, answer, expected) in cases {
            assert_eq!(answer, expected, "{why}");
        }
    }
}
