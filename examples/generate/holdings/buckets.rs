//! Buckets of S3, and what keeps their objects from being lost.

use backup_audit::collect::s3_buckets::BucketRow;
use backup_audit::dataset::rows::millis;
use backup_audit::model::key::resource_key;
use serde_json::{Value, json as value};

use super::{Tags, tagged};
use crate::plans::{ACCOUNT, EU, KEEPER, US};
use crate::principals::role_arn;
use crate::rows::{json, text};
use crate::world::{Place, World};

/// Bucket that the invoices are replicated to.
const INVOICES_AWAY: &str = "acme-invoices-eu";

/// Where a bucket sends what is written.
#[derive(Clone, Copy)]
enum Replicates {
    Nowhere,
    /// To another Region, deletions not, and publishes how far behind it is.
    Away(&'static str),
    /// By a rule of the older form, which repeats deletions, to a bucket of a partner that nobody here looks at.
    AsOfOld(&'static str),
}

struct Item {
    account: &'static str,
    region: &'static str,
    name: &'static str,
    versioning: &'static str,
    mfa_delete: bool,
    /// Days for which new versions are locked.
    locked_days: Option<i64>,
    /// Days for which old versions are kept.
    noncurrent_days: Option<i64>,
    replicates: Replicates,
    tags: Tags,
}

const fn plain(name: &'static str, versioning: &'static str, tags: Tags) -> Item {
    let replicates = Replicates::Nowhere;
    Item { account: ACCOUNT, region: US, name, versioning, mfa_delete: false, locked_days: None, noncurrent_days: None, replicates, tags }
}

const BUCKETS: [Item; 6] = [
    Item {
        locked_days: Some(400),
        noncurrent_days: Some(90),
        replicates: Replicates::Away(INVOICES_AWAY),
        ..plain("acme-invoices", "Enabled", &[("tier", "weekly"), ("backup", "weekly")])
    },
    Item { region: EU, locked_days: Some(400), ..plain(INVOICES_AWAY, "Enabled", &[("tier", "dev")]) },
    // Built anew with each release.
    plain("acme-web-assets", "Unversioned", &[("tier", "dev")]),
    Item {
        mfa_delete: true,
        noncurrent_days: Some(7),
        replicates: Replicates::AsOfOld("partner-acme-exports"),
        ..plain("acme-exports", "Enabled", &[("tier", "dev")])
    },
    plain("awsbackup-restore-test-invoices", "Enabled", &[]),
    // Its policy lets nobody ask but those who write to it.
    Item { account: KEEPER, ..plain(GUARDED, "", &[]) },
];

/// The bucket of which S3 tells nothing but that it is there.
const GUARDED: &str = "acme-trail-archive";

/// What S3 answers about it.
pub(crate) const REFUSED_BUCKET: &str = "1 × acme-trail-archive: AccessDenied: Access Denied";

/// The buckets of a Region.
pub(super) fn buckets(world: &World, place: Place) -> Vec<BucketRow> {
    let here = BUCKETS.iter().filter(|bucket| (bucket.account, bucket.region) == (place.account, place.region));
    here.map(|bucket| if bucket.name == GUARDED { listed(world, bucket) } else { described(world, bucket) }).collect()
}

/// What the list says.
fn listed(world: &World, bucket: &Item) -> BucketRow {
    let arn = format!("arn:aws:s3:::{}", bucket.name);
    BucketRow {
        resource_key: Some(resource_key(&arn)),
        bucket_arn: Some(arn),
        bucket_name: text(bucket.name),
        creation_date: Some(millis(world.timeline.ago(400))),
        ..BucketRow::default()
    }
}

/// That, and what S3 tells to who asks about the bucket.
fn described(world: &World, bucket: &Item) -> BucketRow {
    BucketRow {
        versioning_status: text(bucket.versioning),
        mfa_delete_enabled: Some(bucket.mfa_delete),
        replication_role: bucket.replicates.rule().map(|_| role_arn("s3-replication")),
        replication_rules: Some(json(Value::from_iter(bucket.replicates.rule()))),
        object_lock_enabled: Some(bucket.locked_days.is_some()),
        default_retention_mode: bucket.locked_days.map(|_| "COMPLIANCE".to_owned()),
        default_retention_days: bucket.locked_days,
        lifecycle_rules: Some(json(Value::from_iter(bucket.noncurrent_days.map(lifecycle_rule)))),
        default_encryption_configured: Some(true),
        sse_algorithm: text("AES256"),
        bucket_key_enabled: Some(false),
        event_bridge_enabled: Some(false),
        block_public_acls: Some(true),
        ignore_public_acls: Some(true),
        block_public_policy: Some(true),
        restrict_public_buckets: Some(true),
        has_policy: Some(false),
        policy_is_public: Some(false),
        tags: Some(tagged(bucket.tags)),
        ..listed(world, bucket)
    }
}

fn lifecycle_rule(days: i64) -> Value {
    value!({ "ID": "old-versions", "Status": "Enabled", "Filter": { "Prefix": "" }, "NoncurrentVersionExpiration": { "NoncurrentDays": days } })
}

impl Replicates {
    /// The rule, as S3 sends it.
    fn rule(self) -> Option<Value> {
        let to = |bucket: &str| format!("arn:aws:s3:::{bucket}");
        match self {
            Self::Nowhere => None,
            Self::Away(bucket) => Some(value!({
                "ID": "away", "Priority": 1, "Status": "Enabled", "Filter": {}, "DeleteMarkerReplication": { "Status": "Disabled" },
                "Destination": { "Bucket": to(bucket), "Metrics": { "Status": "Enabled" } },
            })),
            Self::AsOfOld(bucket) => {
                Some(value!({ "ID": "copy", "Prefix": "", "Status": "Enabled", "Destination": { "Bucket": to(bucket) } }))
            }
        }
    }
}
