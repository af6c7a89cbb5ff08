//! From the XML of EC2 to the cells of a row.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde::Deserialize;

use super::Set;
use crate::collect::door::RegionDoor;
use crate::collect::fields::{millis, tags};
use crate::dataset::rows::{Json, Millis};

/// A tag of EC2.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Tag {
    key: Option<String>,
    value: Option<String>,
}

/// The tags of a thing: `{}` for an empty list, NULL if no list was sent.
pub(crate) fn tag_set(set: Option<Set<Tag>>) -> Option<Json> {
    tags(set.map(|set| set.item.into_iter().map(|tag| (tag.key, tag.value))))
}

/// A moment as EC2 writes it, `2026-11-20T04:00:00.000Z`; one that cannot be read is as if not sent.
pub(crate) fn moment(text: Option<&str>) -> Option<Millis> {
    millis(text.and_then(|text| DateTime::from_str(text, Format::DateTime).ok()))
}

/// The ARN of what belongs to an account and Region: instances, volumes.
pub(crate) fn arn(door: &RegionDoor, kind: &str, id: Option<&str>) -> Option<String> {
    id.map(|id| format!("arn:{}:ec2:{}:{}:{kind}/{id}", door.partition(), door.region(), door.account_id()))
}

/// The ARN of what can be used by other accounts, which names none: snapshots, images.
///
/// Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon EC2".
pub(crate) fn shared_arn(door: &RegionDoor, kind: &str, id: Option<&str>) -> Option<String> {
    id.map(|id| format!("arn:{}:ec2:{}::{kind}/{id}", door.partition(), door.region()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_with_and_without_fractions() {
        assert_eq!(moment(Some("2026-01-01T00:00:00.500Z")), Some(Millis(1_767_225_600_500)));
        assert_eq!(moment(Some("2026-01-01T00:00:00Z")), Some(Millis(1_767_225_600_000)));
        assert_eq!((moment(Some("yesterday")), moment(None)), (None, None));
    }
}
