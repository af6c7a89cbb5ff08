//! What S3 answers about buckets, and the rows it becomes.

use super::collector::{Harvest, Unit};
use super::s3_buckets::{BucketRow, S3Buckets, TABLE};
use super::test_reads::{read, s3_error};
use super::testing::Reply;
use crate::dataset::ReadStatus;
use crate::dataset::rows::{Json, Millis};

const LIST: &str = "ListBuckets";

/// The questions to a bucket after that for its versioning, with the code that says that nothing is configured.
const CODES: [(&str, &str); 6] = [
    ("GetBucketReplication", "ReplicationConfigurationNotFoundError"),
    ("GetObjectLockConfiguration", "ObjectLockConfigurationNotFoundError"),
    ("GetBucketLifecycleConfiguration", "NoSuchLifecycleConfiguration"),
    ("GetBucketEncryption", "ServerSideEncryptionConfigurationNotFoundError"),
    ("GetPublicAccessBlock", "NoSuchPublicAccessBlockConfiguration"),
    ("GetBucketPolicyStatus", "NoSuchBucketPolicy"),
];

fn listed(buckets: &[(&str, &str)], next: &str) -> Reply {
    let bucket = |(name, region): &(&str, &str)| {
        let region = if region.is_empty() { String::new() } else { format!("<BucketRegion>{region}</BucketRegion>") };
        format!("<Bucket><Name>{name}</Name><CreationDate>2026-01-01T00:00:00.000Z</CreationDate>{region}</Bucket>")
    };
    let buckets: String = buckets.iter().map(bucket).collect();
    let next = if next.is_empty() { String::new() } else { format!("<ContinuationToken>{next}</ContinuationToken>") };
    Reply::ok(LIST, format!("<ListAllMyBucketsResult><Buckets>{buckets}</Buckets>{next}</ListAllMyBucketsResult>"))
}

/// The answers about a bucket on which nothing was ever configured, but for some operations.
fn bare(name: &str, but: &[&str]) -> Vec<Reply> {
    let plain = [
        Reply::ok("GetBucketVersioning", "<VersioningConfiguration/>"),
        Reply::ok("GetBucketNotificationConfiguration", "<NotificationConfiguration/>"),
        s3_error("GetBucketTagging", 404, "NoSuchTagSet"),
    ];
    let names = ["GetBucketVersioning", "GetBucketNotificationConfiguration", "GetBucketTagging"];
    let plain = names.into_iter().zip(plain).filter(|(operation, _)| !but.contains(operation)).map(|(_, reply)| reply);
    let codes = CODES.into_iter().filter(|(operation, _)| !but.contains(operation)).map(|(operation, code)| s3_error(operation, 404, code));
    plain.chain(codes).map(|reply| reply.containing(format!("{name}.s3."))).collect()
}

async fn rows(replies: Vec<Reply>) -> (Vec<BucketRow>, Harvest) {
    let (result, mut harvest) = read(&S3Buckets, &Unit::REGION, replies).await;
    result.unwrap();
    (harvest.take(&TABLE).rows(), harvest)
}

fn text(json: Option<&Json>) -> Option<&str> {
    json.map(|json| json.0.as_str())
}

#[tokio::test]
async fn pages_become_rows_and_what_was_never_configured_is_told_as_such() {
    let mut replies = vec![listed(&[("orders", "eu-west-1")], "2").containing("bucket-region=eu-west-1")];
    replies.extend(bare("orders", &[]));
    replies.push(listed(&[("bills", "eu-west-1")], "").containing("continuation-token=2"));
    replies.extend(bare("bills", &[]));
    let (rows, harvest) = rows(replies).await;
    assert_eq!((harvest.pages(), harvest.items(), harvest.refused().len()), (2, 2, 0));
    let row = &rows[0];
    assert_eq!((row.bucket_arn.as_deref(), row.creation_date), (Some("arn:aws:s3:::orders"), Some(Millis(1_767_225_600_000))));
    assert_eq!((row.versioning_status.as_deref(), row.mfa_delete_enabled), (Some("Unversioned"), Some(false)));
    assert_eq!(
        (text(row.replication_rules.as_ref()), text(row.lifecycle_rules.as_ref()), text(row.tags.as_ref())),
        (Some("[]"), Some("[]"), Some("{}"))
    );
    assert_eq!(
        (row.object_lock_enabled, row.default_encryption_configured, row.event_bridge_enabled),
        (Some(false), Some(false), Some(false))
    );
    assert_eq!((row.block_public_acls, row.restrict_public_buckets), (Some(false), Some(false)));
    assert_eq!((row.has_policy, row.policy_is_public), (Some(false), Some(false)));
    assert_eq!((row.replication_role.as_deref(), row.sse_algorithm.as_deref(), row.default_retention_days), (None, None, None));
    assert_eq!(rows[1].bucket_name.as_deref(), Some("bills"));
}

#[tokio::test]
async fn what_is_configured_is_copied() {
    let replication = "<ReplicationConfiguration><Role>arn:aws:iam::111122223333:role/copy</Role><Rule><ID>old</ID><Prefix/>\
        <Status>Enabled</Status><Destination><Bucket>arn:aws:s3:::copies</Bucket></Destination></Rule><Rule><ID>new</ID><Priority>1</Priority>\
        <Filter/><Status>Disabled</Status><DeleteMarkerReplication><Status>Enabled</Status></DeleteMarkerReplication><SourceSelectionCriteria>\
        <SseKmsEncryptedObjects><Status>Enabled</Status></SseKmsEncryptedObjects></SourceSelectionCriteria><Destination>\
        <Bucket>arn:aws:s3:::copies</Bucket><Account>444455556666</Account><ReplicationTime><Status>Enabled</Status><Time><Minutes>15</Minutes>\
        </Time></ReplicationTime></Destination></Rule></ReplicationConfiguration>";
    let lifecycle = "<LifecycleConfiguration><Rule><ID>old versions</ID><Filter><Prefix>a/</Prefix></Filter><Status>Enabled</Status>\
        <NoncurrentVersionExpiration><NoncurrentDays>30</NoncurrentDays><NewerNoncurrentVersions>3</NewerNoncurrentVersions>\
        </NoncurrentVersionExpiration><Expiration><Date>2027-01-01T00:00:00.000Z</Date></Expiration><Transition><Days>0</Days>\
        <StorageClass>GLACIER</StorageClass></Transition></Rule></LifecycleConfiguration>";
    let lock = "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>COMPLIANCE</Mode>\
        <Days>35</Days></DefaultRetention></Rule></ObjectLockConfiguration>";
    let encryption = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm>\
        <KMSMasterKeyID>alias/orders</KMSMasterKeyID></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled></Rule>\
        </ServerSideEncryptionConfiguration>";
    let block = "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>false</IgnorePublicAcls>\
        </PublicAccessBlockConfiguration>";
    let (rows, _) = rows(vec![
        listed(&[("orders", "eu-west-1")], ""),
        Reply::ok(
            "GetBucketVersioning",
            "<VersioningConfiguration><Status>Suspended</Status><MfaDelete>Enabled</MfaDelete></VersioningConfiguration>",
        ),
        Reply::ok("GetBucketReplication", replication),
        Reply::ok("GetObjectLockConfiguration", lock),
        Reply::ok("GetBucketLifecycleConfiguration", lifecycle),
        Reply::ok("GetBucketEncryption", encryption),
        Reply::ok(
            "GetBucketNotificationConfiguration",
            "<NotificationConfiguration><EventBridgeConfiguration/></NotificationConfiguration>",
        ),
        Reply::ok("GetPublicAccessBlock", block),
        Reply::ok("GetBucketPolicyStatus", "<PolicyStatus><IsPublic>true</IsPublic></PolicyStatus>"),
        Reply::ok("GetBucketTagging", "<Tagging><TagSet><Tag><Key>stage</Key><Value/></Tag></TagSet></Tagging>"),
    ])
    .await;
    let row = &rows[0];
    assert_eq!((row.versioning_status.as_deref(), row.mfa_delete_enabled), (Some("Suspended"), Some(true)));
    let rules = concat!(
        r#"[{"Destination":{"Bucket":"arn:aws:s3:::copies"},"ID":"old","Prefix":"","Status":"Enabled"},"#,
        r#"{"DeleteMarkerReplication":{"Status":"Enabled"},"Destination":{"Account":"444455556666","Bucket":"arn:aws:s3:::copies","#,
        r#""ReplicationTime":{"Status":"Enabled","Time":{"Minutes":15}}},"Filter":{},"ID":"new","Priority":1,"#,
        r#""SourceSelectionCriteria":{"SseKmsEncryptedObjects":{"Status":"Enabled"}},"Status":"Disabled"}]"#
    );
    assert_eq!(text(row.replication_rules.as_ref()), Some(rules), "an empty Filter stays: it makes the rule one of the newer form");
    let rules = concat!(
        r#"[{"Expiration":{"Date":"2027-01-01T00:00:00Z"},"Filter":{"Prefix":"a/"},"ID":"old versions","#,
        r#""NoncurrentVersionExpiration":{"NewerNoncurrentVersions":3,"NoncurrentDays":30},"Status":"Enabled","#,
        r#""Transitions":[{"Days":0,"StorageClass":"GLACIER"}]}]"#
    );
    assert_eq!(text(row.lifecycle_rules.as_ref()), Some(rules));
    assert_eq!((row.object_lock_enabled, row.default_retention_mode.as_deref()), (Some(true), Some("COMPLIANCE")));
    assert_eq!((row.default_retention_days, row.default_retention_years), (Some(35), None));
    assert_eq!((row.sse_algorithm.as_deref(), row.kms_master_key_id.as_deref()), (Some("aws:kms"), Some("alias/orders")));
    assert_eq!((row.default_encryption_configured, row.bucket_key_enabled, row.event_bridge_enabled), (Some(true), Some(true), Some(true)));
    assert_eq!(
        (row.block_public_acls, row.ignore_public_acls, row.block_public_policy),
        (Some(true), Some(false), None),
        "null is not false"
    );
    assert_eq!((row.has_policy, row.policy_is_public, text(row.tags.as_ref())), (Some(true), Some(true), Some(r#"{"stage":""}"#)));
}

#[tokio::test]
async fn what_is_denied_is_null_and_the_row_stays() {
    let operations = CODES.iter().map(|(operation, _)| *operation);
    for operation in operations.chain(["GetBucketVersioning", "GetBucketNotificationConfiguration", "GetBucketTagging"]) {
        let mut replies = vec![listed(&[("orders", "eu-west-1")], ""), s3_error(operation, 403, "AccessDenied")];
        replies.extend(bare("orders", &[operation]));
        let (rows, harvest) = rows(replies).await;
        let failure = harvest.failure().map(|failure| (failure.status, failure.operation.as_str()));
        assert_eq!((failure, harvest.refused().len()), (Some((ReadStatus::Denied, operation)), 1));
        let row = &rows[0];
        assert_eq!(row.bucket_arn.as_deref(), Some("arn:aws:s3:::orders"));
        let nulls = [
            ("GetBucketVersioning", row.versioning_status.is_none() && row.mfa_delete_enabled.is_none()),
            ("GetBucketReplication", row.replication_rules.is_none()),
            ("GetObjectLockConfiguration", row.object_lock_enabled.is_none()),
            ("GetBucketLifecycleConfiguration", row.lifecycle_rules.is_none()),
            ("GetBucketEncryption", row.default_encryption_configured.is_none()),
            ("GetBucketNotificationConfiguration", row.event_bridge_enabled.is_none()),
            ("GetPublicAccessBlock", row.block_public_acls.is_none() && row.block_public_policy.is_none()),
            ("GetBucketPolicyStatus", row.has_policy.is_none() && row.policy_is_public.is_none()),
            ("GetBucketTagging", row.tags.is_none()),
        ];
        for (of, null) in nulls {
            assert_eq!(null, of == operation, "the columns of {of} when {operation} is denied");
        }
    }
}

#[tokio::test]
async fn an_answer_without_what_was_asked_for_is_not_nothing() {
    for (operation, xml) in [
        ("GetBucketTagging", "<Tagging/>"),
        ("GetBucketReplication", "<ReplicationConfiguration/>"),
        ("GetBucketLifecycleConfiguration", "<LifecycleConfiguration/>"),
        ("GetBucketEncryption", "<ServerSideEncryptionConfiguration/>"),
        ("GetBucketVersioning", "<Other/>"),
        ("GetBucketNotificationConfiguration", "<Other/>"),
    ] {
        let mut replies = vec![listed(&[("orders", "eu-west-1")], ""), Reply::ok(operation, xml)];
        replies.extend(bare("orders", &[operation]));
        let (rows, harvest) = rows(replies).await;
        assert_eq!((rows.len(), harvest.refused().len()), (1, 1), "{operation}");
        assert_eq!(harvest.failure().map(|failure| failure.status), Some(ReadStatus::Unavailable), "{operation}");
    }
}

#[tokio::test]
async fn buckets_of_other_regions_are_left_out_and_are_no_gap() {
    let location = |name: &str, inner: &str| {
        Reply::ok("GetBucketLocation", format!("<LocationConstraint>{inner}</LocationConstraint>")).containing(format!("{name}.s3."))
    };
    let mut replies = vec![
        listed(&[("away", "us-east-1"), ("first", ""), ("old", ""), ("far", "")], ""),
        location("first", ""),
        location("old", "EU"),
        location("far", "ap-south-1"),
    ];
    replies.extend(bare("old", &[]));
    let (rows, harvest) = rows(replies).await;
    let names: Vec<_> = rows.iter().filter_map(|row| row.bucket_name.as_deref()).collect();
    assert_eq!((names, harvest.refused().len()), (vec!["old"], 0), "no location is us-east-1, and EU is eu-west-1");
}

#[tokio::test]
async fn a_bucket_that_is_gone_is_no_gap_and_one_of_unknown_region_is() {
    let mut replies = vec![
        listed(&[("gone", "eu-west-1"), ("lost", ""), ("orders", "eu-west-1")], ""),
        s3_error("GetBucketVersioning", 404, "NoSuchBucket").containing("gone.s3."),
        s3_error("GetBucketLocation", 403, "AccessDenied").containing("lost.s3."),
    ];
    replies.extend(bare("orders", &[]));
    let (rows, harvest) = rows(replies).await;
    assert_eq!((rows.len(), rows[0].bucket_name.as_deref()), (1, Some("orders")));
    assert_eq!((harvest.refused().len(), harvest.failure().map(|failure| failure.status)), (1, Some(ReadStatus::Denied)));
}

#[tokio::test]
async fn a_denial_on_the_second_page_keeps_the_first() {
    let mut replies = vec![listed(&[("orders", "eu-west-1")], "2")];
    replies.extend(bare("orders", &[]));
    replies.push(s3_error(LIST, 403, "AccessDenied"));
    let (result, mut harvest) = read(&S3Buckets, &Unit::REGION, replies).await;
    assert_eq!((result.unwrap_err().status, harvest.take(&TABLE).len()), (ReadStatus::Denied, 1));
}
