//! What S3 is asked about one bucket, question by question, and what its answers mean.
//!
//! That something was never configured comes as an error with a code of its own; each question knows the one code that says so of it. Every other
//! error is a failure. The codes are those of the Amazon S3 API Reference, "Error responses" and the operations.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{MfaDeleteStatus, ObjectLockEnabled, PublicAccessBlockConfiguration};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::collector::{Operation, ReadError};
use super::fields::{json, required, required_word, tags, word};
use super::members::Holds;
use super::pages::answered;
use super::s3_rules::{lifecycle_rule, replication_rule};
use crate::dataset::rows::Json;

pub(super) const LOCATION: Operation = of("GetBucketLocation", "s3:GetBucketLocation");
pub(super) const VERSIONING: Operation = of("GetBucketVersioning", "s3:GetBucketVersioning");
pub(super) const REPLICATION: Operation = of("GetBucketReplication", "s3:GetReplicationConfiguration");
pub(super) const LOCK: Operation = of("GetObjectLockConfiguration", "s3:GetBucketObjectLockConfiguration");
pub(super) const LIFECYCLE: Operation = of("GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration");
pub(super) const ENCRYPTION: Operation = of("GetBucketEncryption", "s3:GetEncryptionConfiguration");
pub(super) const NOTIFICATION: Operation = of("GetBucketNotificationConfiguration", "s3:GetBucketNotification");
pub(super) const PUBLIC_ACCESS: Operation = of("GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock");
pub(super) const POLICY_STATUS: Operation = of("GetBucketPolicyStatus", "s3:GetBucketPolicyStatus");
pub(super) const TAGGING: Operation = of("GetBucketTagging", "s3:GetBucketTagging");

const fn of(name: &'static str, action: &'static str) -> Operation {
    Operation { service: "s3", name, action }
}

/// What `versioning_status` says of a bucket on which versioning was never enabled.
const UNVERSIONED: &str = "Unversioned";

/// Object Lock of a bucket.
#[derive(Default)]
pub(super) struct Lock {
    pub(super) enabled: Option<bool>,
    pub(super) mode: Option<String>,
    pub(super) days: Option<i64>,
    pub(super) years: Option<i64>,
}

/// Default encryption of a bucket.
#[derive(Default)]
pub(super) struct Encryption {
    pub(super) algorithm: Option<String>,
    pub(super) key: Option<String>,
    pub(super) bucket_key: Option<bool>,
}

/// An answer; `None` if S3 says with this error code that there is nothing to tell.
fn unless<T, E>(operation: Operation, code: &str, answer: Result<T, SdkError<E, HttpResponse>>) -> Result<Option<T>, ReadError>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(SdkError::ServiceError(error)) if error.err().code() == Some(code) => Ok(None),
        Err(error) => Err(ReadError::from_sdk(operation.name, error)),
    }
}

/// The Region of a bucket: none is told of `us-east-1`, and old buckets of `eu-west-1` say `EU`.
pub(super) async fn location(s3: &Client, bucket: &str) -> Result<String, ReadError> {
    let answer = s3.get_bucket_location().bucket(bucket).send().await;
    let answer = answer.map_err(|error| ReadError::from_sdk(LOCATION.name, error))?;
    let region = word(answer.location_constraint).and_then(required);
    Ok(match region.as_deref() {
        None => "us-east-1".to_owned(),
        Some("EU") => "eu-west-1".to_owned(),
        Some(region) => region.to_owned(),
    })
}

/// Status of versioning and of MFA delete; `None` if there is no such bucket any more.
pub(super) async fn versioning(s3: &Client, bucket: &str) -> Result<Option<(Option<String>, Option<bool>)>, ReadError> {
    let answer = unless(VERSIONING, "NoSuchBucket", s3.get_bucket_versioning().bucket(bucket).send().await)?;
    Ok(answer.map(|answer| {
        let status = word(answer.status).unwrap_or_else(|| UNVERSIONED.to_owned());
        // AWS leaves MFA delete out of the answer where it was never configured.
        (Some(status), Some(answer.mfa_delete == Some(MfaDeleteStatus::Enabled)))
    }))
}

/// Role and rules of replication.
pub(super) async fn replication(s3: &Client, bucket: &str) -> Result<(Option<String>, Json), ReadError> {
    let answer = s3.get_bucket_replication().bucket(bucket).send().await;
    let Some(answer) = unless(REPLICATION, "ReplicationConfigurationNotFoundError", answer)? else {
        return Ok((None, none()));
    };
    let configuration = answered(REPLICATION.name, "ReplicationConfiguration", answer.replication_configuration)?;
    let rules = answered(REPLICATION.name, "Rule", Some(configuration.rules).filter(|rules| !rules.is_empty()))?;
    Ok((required(configuration.role), json(rules.into_iter().map(replication_rule).collect())))
}

/// Object Lock, and how it locks new versions.
pub(super) async fn lock(s3: &Client, bucket: &str) -> Result<Lock, ReadError> {
    let answer = s3.get_object_lock_configuration().bucket(bucket).send().await;
    let Some(answer) = unless(LOCK, "ObjectLockConfigurationNotFoundError", answer)? else {
        return Ok(Lock { enabled: Some(false), ..Lock::default() });
    };
    let configuration = answered(LOCK.name, "ObjectLockConfiguration", answer.object_lock_configuration)?;
    let retention = configuration.rule.and_then(|rule| rule.default_retention);
    let (mode, days, years) = retention.map(|retention| (word(retention.mode), retention.days, retention.years)).unwrap_or_default();
    Ok(Lock {
        enabled: configuration.object_lock_enabled.map(|state| state == ObjectLockEnabled::Enabled),
        mode,
        days: days.map(i64::from),
        years: years.map(i64::from),
    })
}

/// Rules of the lifecycle.
pub(super) async fn lifecycle(s3: &Client, bucket: &str) -> Result<Json, ReadError> {
    let answer = s3.get_bucket_lifecycle_configuration().bucket(bucket).send().await;
    let Some(answer) = unless(LIFECYCLE, "NoSuchLifecycleConfiguration", answer)? else { return Ok(none()) };
    let rules = answered(LIFECYCLE.name, "Rule", answer.rules)?;
    Ok(json(rules.into_iter().map(lifecycle_rule).collect()))
}

/// Default encryption; `None` if none is configured.
pub(super) async fn encryption(s3: &Client, bucket: &str) -> Result<Option<Encryption>, ReadError> {
    let answer = s3.get_bucket_encryption().bucket(bucket).send().await;
    let Some(answer) = unless(ENCRYPTION, "ServerSideEncryptionConfigurationNotFoundError", answer)? else { return Ok(None) };
    let configuration = answered(ENCRYPTION.name, "ServerSideEncryptionConfiguration", answer.server_side_encryption_configuration)?;
    let rule = answered(ENCRYPTION.name, "Rule", configuration.rules.into_iter().next())?;
    let (algorithm, key) = rule
        .apply_server_side_encryption_by_default
        .map(|default| (required_word(default.sse_algorithm.as_str()), default.kms_master_key_id))
        .unwrap_or_default();
    Ok(Some(Encryption { algorithm, key, bucket_key: rule.bucket_key_enabled }))
}

/// Whether events go to EventBridge; S3 answers with an empty configuration where none is set.
pub(super) async fn event_bridge(s3: &Client, bucket: &str) -> Result<bool, ReadError> {
    let answer = s3.get_bucket_notification_configuration().bucket(bucket).send().await;
    let answer = answer.map_err(|error| ReadError::from_sdk(NOTIFICATION.name, error))?;
    Ok(answer.event_bridge_configuration.is_some())
}

/// The block of public access on the bucket itself.
pub(super) async fn public_access(s3: &Client, bucket: &str) -> Result<PublicAccessBlockConfiguration, ReadError> {
    let answer = s3.get_public_access_block().bucket(bucket).send().await;
    let Some(answer) = unless(PUBLIC_ACCESS, "NoSuchPublicAccessBlockConfiguration", answer)? else {
        let nothing = PublicAccessBlockConfiguration::builder().block_public_acls(false).ignore_public_acls(false);
        return Ok(nothing.block_public_policy(false).restrict_public_buckets(false).build());
    };
    answered(PUBLIC_ACCESS.name, "PublicAccessBlockConfiguration", answer.public_access_block_configuration)
}

/// Whether there is a policy, and whether it makes the bucket public.
pub(super) async fn policy_status(s3: &Client, bucket: &str) -> Result<(bool, Option<bool>), ReadError> {
    let answer = s3.get_bucket_policy_status().bucket(bucket).send().await;
    let Some(answer) = unless(POLICY_STATUS, "NoSuchBucketPolicy", answer)? else { return Ok((false, Some(false))) };
    let status = answered(POLICY_STATUS.name, "PolicyStatus", answer.policy_status)?;
    Ok((true, status.is_public))
}

/// Tags; `None` if AWS sent one without its key.
pub(super) async fn tagging(s3: &Client, bucket: &str) -> Result<Option<Json>, ReadError> {
    // The SDK reads an answer without the set as one without tags.
    let answer = s3.get_bucket_tagging().bucket(bucket).customize().interceptor(Holds("TagSet")).send().await;
    let Some(answer) = unless(TAGGING, "NoSuchTagSet", answer)? else { return Ok(tags(Some(std::iter::empty()))) };
    Ok(tags(Some(answer.tag_set.into_iter().map(|tag| (required(tag.key), Some(tag.value))))))
}

/// Rules that are known not to be there.
fn none() -> Json {
    Json("[]".to_owned())
}
