//! Resource types of AWS Backup: their names and the ARNs they are recognised by, as data.
//!
//! From `GetSupportedResourceTypes`, the ARN formats of backup policies in AWS Organizations, and the developer guide, as they
//! stood at [`TABLES_DATE`]. What a type can do (cold storage, copies, point-in-time recovery) is in `features`.
//!
//! AWS adds types: an ARN of a service that no table here knows is `Unrecognised`, which is not the same as unsupported.

/// When the tables of this module and of `features` were last compared with the AWS documentation.
pub const TABLES_DATE: &str = "2026-09";

/// A resource type that AWS Backup can protect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each variant is the type of that name")]
pub enum ResourceType {
    Aurora,
    CloudFormation,
    DocumentDb,
    DynamoDb,
    Dsql,
    Ebs,
    Ec2,
    Efs,
    Eks,
    Fsx,
    Neptune,
    Rds,
    Redshift,
    RedshiftServerless,
    S3,
    SapHana,
    StorageGateway,
    Timestream,
    VirtualMachine,
}

use ResourceType as T;

/// Every type with its name in AWS Backup, as used in opt-in maps and in the `ResourceType` of jobs and recovery points.
pub const NAMES: [(ResourceType, &str); 19] = [
    (T::Aurora, "Aurora"),
    (T::CloudFormation, "CloudFormation"),
    (T::DocumentDb, "DocumentDB"),
    (T::DynamoDb, "DynamoDB"),
    (T::Dsql, "DSQL"),
    (T::Ebs, "EBS"),
    (T::Ec2, "EC2"),
    (T::Efs, "EFS"),
    (T::Eks, "EKS"),
    (T::Fsx, "FSx"),
    (T::Neptune, "Neptune"),
    (T::Rds, "RDS"),
    (T::Redshift, "Redshift"),
    (T::RedshiftServerless, "Redshift Serverless"),
    (T::S3, "S3"),
    (T::SapHana, "SAP HANA on Amazon EC2"),
    (T::StorageGateway, "Storage Gateway"),
    (T::Timestream, "Timestream"),
    (T::VirtualMachine, "VirtualMachine"),
];

impl ResourceType {
    /// The name AWS Backup gives the type.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(of, _)| *of == self).map_or("", |(_, name)| name)
    }

    /// The type of that name; case counts, as in the API.
    pub fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, of)| *of == name).map(|(of, _)| *of)
    }
}

impl std::fmt::Display for ResourceType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// How the part of an ARN after a shape's prefix looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    /// One name; with a `/` or `:` it is something inside the resource, such as a table's index or an object.
    OneName,
    /// Anything that is not empty.
    Any,
    /// Contains this marker; without it the ARN is of the parent, which cannot be backed up.
    Contains(&'static str),
}

/// The form of a type's ARNs.
#[derive(Debug)]
pub struct ArnShape {
    /// Third segment of the ARN.
    pub service: &'static str,
    /// How the sixth segment begins, with its separator; empty for S3 buckets.
    pub prefix: &'static str,
    /// What such an ARN can be; more than one type where the engine decides.
    pub types: &'static [ResourceType],
    /// Several kinds share the form, so that naming it in a selection does not override the Region's opt-in.
    pub shared: bool,
    rest: Rest,
}

const fn shape(service: &'static str, prefix: &'static str, rest: Rest, types: &'static [ResourceType]) -> ArnShape {
    ArnShape { service, prefix, types, shared: false, rest }
}

const fn shared(service: &'static str, prefix: &'static str, rest: Rest, types: &'static [ResourceType]) -> ArnShape {
    ArnShape { service, prefix, types, shared: true, rest }
}

/// What an RDS cluster can be when its engine is not known.
const RDS_CLUSTERS: &[ResourceType] = &[T::Aurora, T::DocumentDb, T::Neptune, T::Rds];

/// ARN forms of all types.
pub static SHAPES: [ArnShape; 18] = [
    shape("backup-gateway", "vm/", Rest::OneName, &[T::VirtualMachine]),
    shape("cloudformation", "stack/", Rest::Any, &[T::CloudFormation]),
    shape("dsql", "cluster/", Rest::OneName, &[T::Dsql]),
    shape("dynamodb", "table/", Rest::OneName, &[T::DynamoDb]),
    shape("ec2", "instance/", Rest::OneName, &[T::Ec2]),
    shape("ec2", "volume/", Rest::OneName, &[T::Ebs]),
    shape("eks", "cluster/", Rest::OneName, &[T::Eks]),
    shape("elasticfilesystem", "file-system/", Rest::OneName, &[T::Efs]),
    // Lustre, Windows, ONTAP and OpenZFS; the documentation names FSx and OpenZFS as sharing it.
    shared("fsx", "file-system/", Rest::OneName, &[T::Fsx]),
    shape("fsx", "volume/", Rest::Any, &[T::Fsx]),
    // Aurora, Neptune and DocumentDB are excepted from the override by name, Multi-AZ DB clusters by the shared form.
    shared("rds", "cluster:", Rest::OneName, RDS_CLUSTERS),
    shape("rds", "db:", Rest::OneName, RDS_CLUSTERS),
    shape("redshift", "cluster:", Rest::OneName, &[T::Redshift]),
    shape("redshift-serverless", "namespace/", Rest::OneName, &[T::RedshiftServerless]),
    shape("s3", "", Rest::OneName, &[T::S3]),
    shape("ssm-sap", "HANA/", Rest::Any, &[T::SapHana]),
    shape("storagegateway", "gateway/", Rest::Contains("/volume/"), &[T::StorageGateway]),
    shape("timestream", "database/", Rest::Contains("/table/"), &[T::Timestream]),
];

/// Engine names of `DescribeDBClusters` and `DescribeDBInstances`, by their beginning. Multi-AZ DB clusters report `mysql` or `postgres`.
const ENGINES: [(&str, ResourceType); 11] = [
    ("aurora", T::Aurora),
    ("neptune", T::Neptune),
    ("docdb", T::DocumentDb),
    ("mysql", T::Rds),
    ("mariadb", T::Rds),
    ("postgres", T::Rds),
    ("oracle", T::Rds),
    ("sqlserver", T::Rds),
    ("db2", T::Rds),
    ("custom-oracle", T::Rds),
    ("custom-sqlserver", T::Rds),
];

/// Services that hold data and that AWS Backup does not protect, with the name people know them by.
const UNSUPPORTED: [(&str, &str); 14] = [
    ("aoss", "OpenSearch Serverless"),
    ("cassandra", "Amazon Keyspaces"),
    ("ecr", "Amazon ECR"),
    ("elasticache", "ElastiCache"),
    ("es", "OpenSearch Service"),
    ("kafka", "Amazon MSK"),
    ("kms", "AWS KMS"),
    ("lightsail", "Lightsail"),
    ("memorydb", "MemoryDB"),
    ("qldb", "QLDB"),
    ("s3-outposts", "S3 on Outposts"),
    ("s3express", "S3 directory buckets"),
    ("secretsmanager", "Secrets Manager"),
    ("timestream-influxdb", "Timestream for InfluxDB"),
];

/// What a resource is to AWS Backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recognised {
    /// A supported type.
    Type(ResourceType),
    /// One of several supported types; which one depends on an engine that was not read or is not known here.
    OneOf(&'static [ResourceType]),
    /// Not a resource that AWS Backup protects; the text says what it is.
    Unsupported(&'static str),
    /// Not an ARN, or of a service that [`SHAPES`] and the list of unsupported services do not know.
    Unrecognised,
}

impl Recognised {
    /// The types it can be; empty where there is none.
    pub fn candidates(&self) -> &[ResourceType] {
        match self {
            Self::Type(one) => std::slice::from_ref(one),
            Self::OneOf(types) => types,
            Self::Unsupported(_) | Self::Unrecognised => &[],
        }
    }

    /// The type, where it is certain.
    pub fn certain(self) -> Option<ResourceType> {
        match self {
            Self::Type(one) => Some(one),
            _ => None,
        }
    }
}

/// Splits `arn:partition:service:region:account:resource`; `None` if it is not an ARN of any partition.
fn split_arn(arn: &str) -> Option<(&str, &str)> {
    let mut parts = arn.splitn(6, ':');
    let (scheme, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
    let resource = parts.nth(2)?;
    (scheme == "arn" && partition.starts_with("aws") && !resource.is_empty()).then_some((service, resource))
}

/// The form an ARN has, if a supported type has that form.
pub fn shape_of(arn: &str) -> Option<&'static ArnShape> {
    let (service, resource) = split_arn(arn)?;
    SHAPES.iter().find(|shape| {
        shape.service == service
            && resource.strip_prefix(shape.prefix).is_some_and(|rest| match shape.rest {
                Rest::OneName => !rest.is_empty() && !rest.contains(['/', ':']),
                Rest::Any => !rest.is_empty(),
                Rest::Contains(marker) => rest.contains(marker),
            })
    })
}

/// Returns what AWS Backup takes the resource with this ARN for.
///
/// - `engine`: `Engine` of RDS, Aurora, Neptune and DocumentDB, `FileSystemType` of `FSx` (`LUSTRE`, `ONTAP`, …), else `None`.
/// - Edge cases: an RDS ARN without a known engine is `OneOf`; a part of a resource (index, object, snapshot) is `Unsupported`;
///   volumes of `FSx` for `OpenZFS` too, as only their file system is backed up.
/// - Source: section on supported resources of the AWS Backup developer guide, at [`TABLES_DATE`].
///
/// ```
/// use backup_audit::facts::coverage::resource_types::{Recognised, ResourceType, type_of_arn};
/// let arn = "arn:aws:rds:eu-west-1:111122223333:cluster:shop";
/// assert_eq!(type_of_arn(arn, Some("aurora-postgresql")), Recognised::Type(ResourceType::Aurora));
/// assert_eq!(type_of_arn(arn, Some("postgres")), Recognised::Type(ResourceType::Rds)); // a Multi-AZ DB cluster
/// ```
pub fn type_of_arn(arn: &str, engine: Option<&str>) -> Recognised {
    let Some((service, _)) = split_arn(arn) else { return Recognised::Unrecognised };
    let Some(shape) = shape_of(arn) else {
        return if let Some((_, name)) = UNSUPPORTED.iter().find(|(of, _)| *of == service) {
            Recognised::Unsupported(name)
        } else if SHAPES.iter().any(|shape| shape.service == service) {
            Recognised::Unsupported("this kind of resource of the service")
        } else {
            Recognised::Unrecognised
        };
    };
    match shape.types {
        [T::Fsx] if shape.prefix == "volume/" && engine == Some("OPENZFS") => Recognised::Unsupported("single FSx for OpenZFS volumes"),
        [one] => Recognised::Type(*one),
        several => engine
            .and_then(|engine| ENGINES.iter().find(|(begins, _)| engine.starts_with(begins)))
            .map_or(Recognised::OneOf(several), |(_, one)| Recognised::Type(*one)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_and_their_types() {
        use Recognised::{OneOf, Type, Unrecognised, Unsupported};
        // why, ARN after `arn:aws`, engine, expected
        let cases = [
            ("volume", ":ec2:eu-west-1:111122223333:volume/vol-1", None, Type(T::Ebs)),
            ("instance", ":ec2:eu-west-1:111122223333:instance/i-1", None, Type(T::Ec2)),
            (
                "snapshots are no resource of a plan",
                ":ec2:eu-west-1::snapshot/snap-1",
                None,
                Unsupported("this kind of resource of the service"),
            ),
            ("GovCloud", "-us-gov:ec2:us-gov-west-1:111122223333:volume/vol-1", None, Type(T::Ebs)),
            ("China", "-cn:s3:::web", None, Type(T::S3)),
            ("bucket", ":s3:::web", None, Type(T::S3)),
            ("an object is no bucket", ":s3:::web/index.html", None, Unsupported("this kind of resource of the service")),
            ("directory bucket", ":s3express:eu-west-1:111122223333:bucket/b--euw1-az1--x-s3", None, Unsupported("S3 directory buckets")),
            ("table", ":dynamodb:eu-west-1:111122223333:table/t", None, Type(T::DynamoDb)),
            ("index", ":dynamodb:eu-west-1:111122223333:table/t/index/i", None, Unsupported("this kind of resource of the service")),
            ("Aurora", ":rds:eu-west-1:111122223333:cluster:c", Some("aurora-mysql"), Type(T::Aurora)),
            ("Multi-AZ DB cluster", ":rds:eu-west-1:111122223333:cluster:c", Some("mysql"), Type(T::Rds)),
            ("Neptune", ":rds:eu-west-1:111122223333:cluster:c", Some("neptune"), Type(T::Neptune)),
            ("DocumentDB", ":rds:eu-west-1:111122223333:cluster:c", Some("docdb"), Type(T::DocumentDb)),
            ("engine not read", ":rds:eu-west-1:111122223333:cluster:c", None, OneOf(RDS_CLUSTERS)),
            ("engine not known here", ":rds:eu-west-1:111122223333:cluster:c", Some("newdb"), OneOf(RDS_CLUSTERS)),
            (
                "cluster snapshots",
                ":rds:eu-west-1:111122223333:cluster-snapshot:c",
                None,
                Unsupported("this kind of resource of the service"),
            ),
            ("database", ":rds:eu-west-1:111122223333:db:d", Some("sqlserver-ee"), Type(T::Rds)),
            ("RDS Custom", ":rds:eu-west-1:111122223333:db:d", Some("custom-oracle-ee"), Type(T::Rds)),
            ("a member counts as its cluster's type", ":rds:eu-west-1:111122223333:db:d", Some("docdb"), Type(T::DocumentDb)),
            ("FSx", ":fsx:eu-west-1:111122223333:file-system/fs-1", Some("LUSTRE"), Type(T::Fsx)),
            ("ONTAP volume", ":fsx:eu-west-1:111122223333:volume/fs-1/fsvol-1", Some("ONTAP"), Type(T::Fsx)),
            (
                "OpenZFS volume",
                ":fsx:eu-west-1:111122223333:volume/fs-1/fsvol-1",
                Some("OPENZFS"),
                Unsupported("single FSx for OpenZFS volumes"),
            ),
            ("volume of a gateway", ":storagegateway:eu-west-1:111122223333:gateway/sgw-1/volume/vol-1", None, Type(T::StorageGateway)),
            (
                "the gateway itself",
                ":storagegateway:eu-west-1:111122223333:gateway/sgw-1",
                None,
                Unsupported("this kind of resource of the service"),
            ),
            ("ElastiCache", ":elasticache:eu-west-1:111122223333:replicationgroup:g", None, Unsupported("ElastiCache")),
            ("OpenSearch", ":es:eu-west-1:111122223333:domain/d", None, Unsupported("OpenSearch Service")),
            ("a service nobody has entered here yet", ":newstore:eu-west-1:111122223333:x/1", None, Unrecognised),
            ("not an ARN", "", None, Unrecognised),
        ];
        for (why, rest, engine, expected) in cases {
            assert_eq!(type_of_arn(&format!("arn:aws{rest}"), engine), expected, "{why}");
        }
    }

    #[test]
    fn names_are_unique_and_read_back() {
        for (of, name) in NAMES {
            assert_eq!((of.name(), ResourceType::from_name(name)), (name, Some(of)));
        }
        assert_eq!(ResourceType::from_name("ebs"), None, "case counts");
    }

    #[test]
    fn every_type_has_an_arn_form() {
        for (of, name) in NAMES {
            assert!(SHAPES.iter().any(|shape| shape.types.contains(&of)), "{name}");
        }
    }
}
