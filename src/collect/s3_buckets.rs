//! General purpose buckets of S3: one row per bucket, with what protects its objects.
//!
//! Calls `ListBuckets` for the buckets of the Region, then ten calls for each bucket; S3 has none for many at once. A bucket that the answer places
//! in another Region belongs to that Region's rows; one that it places nowhere is asked for its location. Buckets of Regions that are not collected
//! are not seen, nor are directory and table buckets.
//!
//! S3 says with error codes of its own that something was never configured. That is told in full: `false`, `{}` or `[]`. A call that is denied or
//! fails leaves its columns NULL; the row stays and the read is partial. A bucket that is gone by the time it is asked gives no row and is no gap:
//! it does not exist any more.
//!
//! Key: `bucket_arn`. Source: Amazon S3 API Reference, `ListBuckets` and the `GetBucket…` operations named at the columns.

use async_trait::async_trait;
use aws_sdk_s3::types::Bucket;
use futures::StreamExt;
use futures::stream;

use super::collector::{Collector, Foretold, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{millis, resource_key};
use super::pages::Pages;
use super::s3_configuration as configuration;
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A general purpose bucket.
    pub struct BucketRow {
        /// ARN of the bucket
        bucket_arn: Text, Never, "partition and Name";
        /// Name of the bucket
        bucket_name: Text, NotTold, "Name";
        /// Integer key of the ARN
        resource_key: Integer, NotTold, "key of the ARN";
        /// When the bucket was created, or its policy was last changed
        creation_date: Time, NotTold, "CreationDate";
        /// `Enabled`, `Suspended`, or `Unversioned` if versioning was never enabled
        versioning_status: Text, NotTold, "GetBucketVersioning: Status; Unversioned if the answer has none";
        /// Whether versions can be deleted only with a second factor; false also if that was never configured
        mfa_delete_enabled: Boolean, NotTold, "GetBucketVersioning: MfaDelete";
        /// Role that replicates the objects; `replication_rules` tells whether there are rules
        replication_role: Text, NotTold, "GetBucketReplication: Role";
        /// Rules of replication; `[]` if none is configured. A rule without Filter has the older form, which replicates delete markers
        replication_rules: Json, NotTold, "GetBucketReplication: Rules";
        /// Whether the bucket can lock versions; by itself that locks none
        object_lock_enabled: Boolean, NotTold, "GetObjectLockConfiguration: ObjectLockEnabled";
        /// `GOVERNANCE` or `COMPLIANCE`: how new versions are locked. NULL where `object_lock_enabled` is told: they are not
        default_retention_mode: Text, NotTold, "GetObjectLockConfiguration: Rule.DefaultRetention.Mode";
        /// Days that new versions are locked, unless that is told in years
        default_retention_days: Integer, NotTold, "GetObjectLockConfiguration: Rule.DefaultRetention.Days";
        /// Years that new versions are locked, unless that is told in days
        default_retention_years: Integer, NotTold, "GetObjectLockConfiguration: Rule.DefaultRetention.Years";
        /// Rules of the lifecycle of objects; `[]` if none is configured
        lifecycle_rules: Json, NotTold, "GetBucketLifecycleConfiguration: Rules";
        /// Whether a default encryption is told; S3 encrypts new objects in any case since January 2023
        default_encryption_configured: Boolean, NotTold, "whether GetBucketEncryption has a configuration";
        /// `AES256`, `aws:kms` or `aws:kms:dsse`: how new objects are encrypted by default
        sse_algorithm: Text, NotTold, "GetBucketEncryption: ApplyServerSideEncryptionByDefault.SSEAlgorithm";
        /// KMS key of the default encryption. NULL where `sse_algorithm` is told: a key of S3, or the AWS managed key aws/s3
        kms_master_key_id: Text, NotTold, "GetBucketEncryption: ApplyServerSideEncryptionByDefault.KMSMasterKeyID";
        /// Whether a key of the bucket saves calls to KMS
        bucket_key_enabled: Boolean, NotTold, "GetBucketEncryption: BucketKeyEnabled";
        /// Whether S3 sends events to EventBridge, which continuous backups of AWS Backup need
        event_bridge_enabled: Boolean, NotTold, "whether GetBucketNotificationConfiguration has an EventBridgeConfiguration";
        /// Whether new public access lists are refused; false also if no block is configured. A block of the account comes on top
        block_public_acls: Boolean, NotTold, "GetPublicAccessBlock: BlockPublicAcls";
        /// Whether public access lists are ignored; false also if no block is configured
        ignore_public_acls: Boolean, NotTold, "GetPublicAccessBlock: IgnorePublicAcls";
        /// Whether new public policies are refused; false also if no block is configured
        block_public_policy: Boolean, NotTold, "GetPublicAccessBlock: BlockPublicPolicy";
        /// Whether a public policy lets only the account in; false also if no block is configured
        restrict_public_buckets: Boolean, NotTold, "GetPublicAccessBlock: RestrictPublicBuckets";
        /// Whether the bucket has a policy
        has_policy: Boolean, NotTold, "whether GetBucketPolicyStatus answers with a status";
        /// Whether the policy makes the bucket public; false also without a policy
        policy_is_public: Boolean, NotTold, "GetBucketPolicyStatus: IsPublic";
        /// Tags as an object; `{}` if there are none
        tags: Json, NotTold, "GetBucketTagging: TagSet";
    }
}

/// The buckets of a Region.
pub static TABLE: Table = Table {
    name: "s3_buckets",
    kind: TableKind::State,
    doc: "One row for each general purpose bucket of S3, with what protects its objects.",
    columns: BucketRow::COLUMNS,
    key: &["bucket_arn"],
    parent: None,
    created: None,
    global: false,
    subject: Some(("bucket_arn", "AWS::S3::Bucket")),
};

const LIST: Operation = Operation { service: "s3", name: "ListBuckets", action: "s3:ListAllMyBuckets" };

/// Buckets that are asked at the same time.
const AT_ONCE: usize = 4;

/// Reads [`TABLE`].
pub(crate) struct S3Buckets;

#[async_trait]
impl Collector for S3Buckets {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[
            LIST,
            configuration::LOCATION,
            configuration::VERSIONING,
            configuration::REPLICATION,
            configuration::LOCK,
            configuration::LIFECYCLE,
            configuration::ENCRYPTION,
            configuration::NOTIFICATION,
            configuration::PUBLIC_ACCESS,
            configuration::POLICY_STATUS,
            configuration::TAGGING,
        ]
    }

    fn foretold(&self) -> &'static [(Operation, Foretold)] {
        &[
            (configuration::VERSIONING, Foretold::OneByOne),
            (configuration::REPLICATION, Foretold::OneByOne),
            (configuration::LOCK, Foretold::OneByOne),
            (configuration::LIFECYCLE, Foretold::OneByOne),
            (configuration::ENCRYPTION, Foretold::OneByOne),
            (configuration::NOTIFICATION, Foretold::OneByOne),
            (configuration::PUBLIC_ACCESS, Foretold::OneByOne),
            (configuration::POLICY_STATUS, Foretold::OneByOne),
            (configuration::TAGGING, Foretold::OneByOne),
        ]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut pages = Pages::of(LIST.name);
        while pages.more() {
            let request = door.s3().list_buckets().bucket_region(door.region()).max_buckets(1_000);
            let page = request.set_continuation_token(pages.token()).send().await;
            let page = page.map_err(|error| ReadError::from_sdk(LIST.name, error))?;
            let buckets = pages.items(harvest, "Buckets", page.buckets)?;
            let mut asked = stream::iter(buckets.into_iter().map(|bucket| one(door.clone(), bucket))).buffered(AT_ONCE);
            while let Some(Asked { row, failures }) = asked.next().await {
                for failure in failures {
                    harvest.failed(failure);
                }
                if let Some(row) = row {
                    harvest.push(&TABLE, row);
                }
            }
            pages.follow(page.continuation_token)?;
        }
        Ok(())
    }
}

/// What a bucket that was listed gave.
#[derive(Default)]
struct Asked {
    /// `None` for a bucket of another Region, and one that is gone.
    row: Option<BucketRow>,
    failures: Vec<ReadError>,
}

impl Asked {
    /// The answer to a question, or nothing and one failure more.
    fn told<T>(&mut self, answer: Result<T, ReadError>) -> Option<T> {
        answer.map_err(|failure| self.failures.push(failure)).ok()
    }
}

async fn one(door: RegionDoor, bucket: Bucket) -> Asked {
    let mut asked = Asked::default();
    let Some(name) = bucket.name.clone() else {
        // A row without its key, which the harvest refuses and counts.
        return Asked { row: Some(BucketRow::default()), failures: Vec::new() };
    };
    let region = match bucket.bucket_region.clone() {
        Some(region) => Ok(region),
        None => configuration::location(door.s3(), &name).await,
    };
    if asked.told(region).as_deref() != Some(door.region()) {
        return asked;
    }
    match configuration::versioning(door.s3(), &name).await {
        Ok(None) => return asked,
        versioning => asked.row = Some(listed(&door, bucket, asked.told(versioning).flatten().unwrap_or_default())),
    }
    configured(&door, &name, &mut asked).await;
    asked
}

/// What the list and the versioning of a bucket tell.
fn listed(door: &RegionDoor, bucket: Bucket, (status, mfa_delete): (Option<String>, Option<bool>)) -> BucketRow {
    let arn = bucket.name.as_ref().map(|name| format!("arn:{}:s3:::{name}", door.partition()));
    BucketRow {
        resource_key: resource_key(arn.as_deref()),
        bucket_arn: arn,
        bucket_name: bucket.name,
        creation_date: millis(bucket.creation_date),
        versioning_status: status,
        mfa_delete_enabled: mfa_delete,
        ..BucketRow::default()
    }
}

/// Adds what the other questions tell.
async fn configured(door: &RegionDoor, name: &str, asked: &mut Asked) {
    let s3 = door.s3();
    let mut row = asked.row.take().unwrap_or_default();
    if let Some((role, rules)) = asked.told(configuration::replication(s3, name).await) {
        (row.replication_role, row.replication_rules) = (role, Some(rules));
    }
    if let Some(lock) = asked.told(configuration::lock(s3, name).await) {
        row.object_lock_enabled = lock.enabled;
        row.default_retention_mode = lock.mode;
        row.default_retention_days = lock.days;
        row.default_retention_years = lock.years;
    }
    row.lifecycle_rules = asked.told(configuration::lifecycle(s3, name).await);
    if let Some(encryption) = asked.told(configuration::encryption(s3, name).await) {
        row.default_encryption_configured = Some(encryption.is_some());
        let encryption = encryption.unwrap_or_default();
        row.sse_algorithm = encryption.algorithm;
        row.kms_master_key_id = encryption.key;
        row.bucket_key_enabled = encryption.bucket_key;
    }
    row.event_bridge_enabled = asked.told(configuration::event_bridge(s3, name).await);
    if let Some(block) = asked.told(configuration::public_access(s3, name).await) {
        row.block_public_acls = block.block_public_acls;
        row.ignore_public_acls = block.ignore_public_acls;
        row.block_public_policy = block.block_public_policy;
        row.restrict_public_buckets = block.restrict_public_buckets;
    }
    if let Some((has_policy, is_public)) = asked.told(configuration::policy_status(s3, name).await) {
        (row.has_policy, row.policy_is_public) = (Some(has_policy), is_public);
    }
    row.tags = asked.told(configuration::tagging(s3, name).await).flatten();
    asked.row = Some(row);
}
