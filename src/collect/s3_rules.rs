//! Rules of replication and of the lifecycle of a bucket as JSON, with the names of the API; what was not sent has no key.

use aws_sdk_s3::types::{
    Destination, LifecycleExpiration, LifecycleRule, LifecycleRuleFilter, NoncurrentVersionTransition, ReplicationRule,
    ReplicationRuleFilter, SourceSelectionCriteria, Tag, Transition,
};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde_json::Value;

use super::fields::{required, required_word, sent};

/// A rule of replication. `Filter` is there, if only as `{}`, in rules of the newer form: those without it replicate delete markers.
#[expect(deprecated, reason = "Prefix beside a Filter is deprecated, and rules of the older form still have it")]
pub(super) fn replication_rule(rule: ReplicationRule) -> Value {
    sent([
        ("DeleteMarkerReplication", rule.delete_marker_replication.map(|markers| sent([("Status", text(markers.status))]))),
        ("Destination", rule.destination.map(destination)),
        ("ExistingObjectReplication", rule.existing_object_replication.map(|existing| status(existing.status.as_str()))),
        ("Filter", rule.filter.map(replication_filter)),
        ("ID", text(rule.id)),
        ("Prefix", text(rule.prefix)),
        ("Priority", rule.priority.map(Value::from)),
        ("SourceSelectionCriteria", rule.source_selection_criteria.map(criteria)),
        ("Status", filled_in(rule.status.as_str())),
    ])
}

fn replication_filter(filter: ReplicationRuleFilter) -> Value {
    let and = filter.and.map(|and| sent([("Prefix", text(and.prefix)), ("Tags", and.tags.map(|all| all.into_iter().map(tag).collect()))]));
    sent([("And", and), ("Prefix", text(filter.prefix)), ("Tag", filter.tag.map(tag))])
}

/// Where objects go. AWS does not say in which Region the bucket is.
fn destination(destination: Destination) -> Value {
    let minutes = |time: aws_sdk_s3::types::ReplicationTimeValue| sent([("Minutes", time.minutes.map(Value::from))]);
    let owner = destination.access_control_translation.map(|access| sent([("Owner", filled_in(access.owner.as_str()))]));
    let key = destination.encryption_configuration.map(|encryption| sent([("ReplicaKmsKeyID", text(encryption.replica_kms_key_id))]));
    let time =
        destination.replication_time.map(|time| sent([("Status", filled_in(time.status.as_str())), ("Time", time.time.map(minutes))]));
    let metrics = destination
        .metrics
        .map(|metrics| sent([("EventThreshold", metrics.event_threshold.map(minutes)), ("Status", filled_in(metrics.status.as_str()))]));
    sent([
        ("AccessControlTranslation", owner),
        ("Account", text(destination.account)),
        ("Bucket", text(required(destination.bucket))),
        ("EncryptionConfiguration", key),
        ("Metrics", metrics),
        ("ReplicationTime", time),
        ("StorageClass", text(destination.storage_class)),
    ])
}

/// Which objects go beyond the usual ones: those encrypted with KMS, and changes of replicas.
fn criteria(criteria: SourceSelectionCriteria) -> Value {
    sent([
        ("ReplicaModifications", criteria.replica_modifications.map(|changes| status(changes.status.as_str()))),
        ("SseKmsEncryptedObjects", criteria.sse_kms_encrypted_objects.map(|objects| status(objects.status.as_str()))),
    ])
}

/// A rule of the lifecycle.
#[expect(deprecated, reason = "Prefix beside a Filter is deprecated, and rules of the older form still have it")]
pub(super) fn lifecycle_rule(rule: LifecycleRule) -> Value {
    let uploads = rule
        .abort_incomplete_multipart_upload
        .map(|uploads| sent([("DaysAfterInitiation", uploads.days_after_initiation.map(Value::from))]));
    let noncurrent = rule.noncurrent_version_expiration.map(|expiration| {
        sent([
            ("NewerNoncurrentVersions", expiration.newer_noncurrent_versions.map(Value::from)),
            ("NoncurrentDays", expiration.noncurrent_days.map(Value::from)),
        ])
    });
    let noncurrent_transitions = rule.noncurrent_version_transitions;
    sent([
        ("AbortIncompleteMultipartUpload", uploads),
        ("Expiration", rule.expiration.map(expiration)),
        ("Filter", rule.filter.map(lifecycle_filter)),
        ("ID", text(rule.id)),
        ("NoncurrentVersionExpiration", noncurrent),
        ("NoncurrentVersionTransitions", noncurrent_transitions.map(|all| all.into_iter().map(noncurrent_transition).collect())),
        ("Prefix", text(rule.prefix)),
        ("Status", filled_in(rule.status.as_str())),
        ("Transitions", rule.transitions.map(|all| all.into_iter().map(transition).collect())),
    ])
}

fn lifecycle_filter(filter: LifecycleRuleFilter) -> Value {
    let and = filter.and.map(|and| {
        sent([
            ("ObjectSizeGreaterThan", and.object_size_greater_than.map(Value::from)),
            ("ObjectSizeLessThan", and.object_size_less_than.map(Value::from)),
            ("Prefix", text(and.prefix)),
            ("Tags", and.tags.map(|all| all.into_iter().map(tag).collect())),
        ])
    });
    sent([
        ("And", and),
        ("ObjectSizeGreaterThan", filter.object_size_greater_than.map(Value::from)),
        ("ObjectSizeLessThan", filter.object_size_less_than.map(Value::from)),
        ("Prefix", text(filter.prefix)),
        ("Tag", filter.tag.map(tag)),
    ])
}

#[expect(clippy::needless_pass_by_value, reason = "callers map it away")]
fn expiration(expiration: LifecycleExpiration) -> Value {
    sent([
        ("Date", moment(expiration.date)),
        ("Days", expiration.days.map(Value::from)),
        ("ExpiredObjectDeleteMarker", expiration.expired_object_delete_marker.map(Value::from)),
    ])
}

fn transition(transition: Transition) -> Value {
    sent([("Date", moment(transition.date)), ("Days", transition.days.map(Value::from)), ("StorageClass", text(transition.storage_class))])
}

fn noncurrent_transition(transition: NoncurrentVersionTransition) -> Value {
    sent([
        ("NewerNoncurrentVersions", transition.newer_noncurrent_versions.map(Value::from)),
        ("NoncurrentDays", transition.noncurrent_days.map(Value::from)),
        ("StorageClass", text(transition.storage_class)),
    ])
}

fn tag(tag: Tag) -> Value {
    sent([("Key", text(required(tag.key))), ("Value", Some(Value::from(tag.value)))])
}

fn status(status: &str) -> Value {
    sent([("Status", filled_in(status))])
}

fn text(word: Option<impl AsRef<str>>) -> Option<Value> {
    word.map(|word| Value::from(word.as_ref()))
}

/// A word that the API model calls required.
fn filled_in(word: &str) -> Option<Value> {
    required_word(word).map(Value::from)
}

fn moment(date: Option<DateTime>) -> Option<Value> {
    date.and_then(|date| date.fmt(Format::DateTime).ok()).map(Value::from)
}
