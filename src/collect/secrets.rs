//! Secrets of Secrets Manager: one row per secret, those that wait for their deletion included. Their values are never read.
//!
//! Calls `ListSecrets` with planned deletions, and `DescribeSecret` for each secret, because only that tells of replicas in other Regions. AWS
//! Backup does not back up secrets. A secret that is gone by the time it is described gives no row and is no gap: it does not exist any more. Where
//! the description is denied or fails, the row stays without it and the read is partial.
//!
//! Key: `secret_arn`. A replica is a secret of its own Region, with the Region of its primary. Tags are in the list.
//! Source: AWS Secrets Manager API Reference, `ListSecrets` and `DescribeSecret`.

use async_trait::async_trait;
use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretError;
use aws_sdk_secretsmanager::types::{ReplicationStatusType, SecretListEntry};
use serde_json::Value;

use super::collector::{Collector, Foretold, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{json, millis, resource_key, sent, tags, word};
use super::pages::{Pages, answered};
use crate::dataset::rows::{Json, Row};
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A secret, without its value.
    pub struct SecretRow {
        /// ARN of the secret
        secret_arn: Text, Never, "ARN";
        /// Name of the secret, unique in its account and Region
        secret_name: Text, NotTold, "Name";
        /// Integer key of the ARN
        resource_key: Integer, NotTold, "key of ARN";
        /// When the secret was created
        created_date: Time, NotTold, "CreatedDate";
        /// When the secret was last changed
        last_changed_date: Time, NotTold, "LastChangedDate";
        /// Moment that AWS names for the deletion of a secret that is to be deleted; until some time after it the secret can be restored
        deleted_date: Time, Means("not to be deleted"), "DeletedDate";
        /// KMS key that the secret is encrypted with
        kms_key_id: Text, Means("the AWS managed key aws/secretsmanager"), "KmsKeyId";
        /// Whether Secrets Manager rotates the secret
        rotation_enabled: Boolean, NotTold, "RotationEnabled";
        /// Days between rotations
        rotation_after_days: Integer, NotTold, "RotationRules.AutomaticallyAfterDays";
        /// Schedule of rotations, a cron or rate expression
        rotation_schedule: Text, NotTold, "RotationRules.ScheduleExpression";
        /// When the secret was last rotated
        last_rotated_date: Time, NotTold, "LastRotatedDate";
        /// When the secret is to be rotated next
        next_rotation_date: Time, NotTold, "NextRotationDate";
        /// Service that made the secret and manages it
        owning_service: Text, NotTold, "OwningService";
        /// Region in which a replicated secret was made
        primary_region: Text, NotTold, "PrimaryRegion";
        /// Whether the secret was described; if so, no `replication_status` says that AWS lists no replicas
        described: Boolean, Never, "whether DescribeSecret answered";
        /// Replicas in other Regions: Region, state and key of each
        replication_status: Json, NotTold, "DescribeSecret: ReplicationStatus";
        /// Tags as an object
        tags: Json, NotTold, "Tags";
    }
}

/// The secrets of a Region.
pub static TABLE: Table = Table {
    name: "secrets",
    kind: TableKind::State,
    doc: "One row for each secret of Secrets Manager, without its value.",
    columns: SecretRow::COLUMNS,
    key: &["secret_arn"],
    parent: None,
    created: None,
    global: false,
    subject: Some(("secret_arn", "AWS::SecretsManager::Secret")),
};

const LIST: Operation = Operation { service: "secretsmanager", name: "ListSecrets", action: "secretsmanager:ListSecrets" };
const DESCRIBE: Operation = Operation { service: "secretsmanager", name: "DescribeSecret", action: "secretsmanager:DescribeSecret" };

/// Reads [`TABLE`].
pub(crate) struct Secrets;

/// What the description of a secret gave.
enum Described {
    /// The replicas, if AWS lists any.
    As(Option<Vec<ReplicationStatusType>>),
    /// There is no such secret any more.
    Gone,
    /// The call failed.
    Hidden,
}

#[async_trait]
impl Collector for Secrets {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[LIST, DESCRIBE]
    }

    fn foretold(&self) -> &'static [(Operation, Foretold)] {
        &[(DESCRIBE, Foretold::OneByOne)]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut pages = Pages::of(LIST.name);
        while pages.more() {
            let request = door.secretsmanager().list_secrets().include_planned_deletion(true).max_results(100);
            let page = request.set_next_token(pages.token()).send().await.map_err(|error| ReadError::from_sdk(LIST.name, error))?;
            for secret in pages.items(harvest, "SecretList", page.secret_list)? {
                one(door, secret, harvest).await;
            }
            pages.follow(page.next_token)?;
        }
        Ok(())
    }
}

/// Describes a secret that was listed, and makes its row unless it is gone.
async fn one(door: &RegionDoor, secret: SecretListEntry, harvest: &mut Harvest) {
    let described = match &secret.arn {
        Some(arn) => describe(door, arn).await,
        // A row without its key, which the harvest refuses and counts.
        None => Ok(Described::Hidden),
    };
    let described = described.unwrap_or_else(|error| {
        harvest.failed(error);
        Described::Hidden
    });
    match described {
        Described::As(replicas) => harvest.push(&TABLE, row(secret, true, replicas)),
        Described::Hidden => harvest.push(&TABLE, row(secret, false, None)),
        Described::Gone => {}
    }
}

async fn describe(door: &RegionDoor, arn: &str) -> Result<Described, ReadError> {
    match door.secretsmanager().describe_secret().secret_id(arn).send().await {
        // An answer without any name of the secret answers another question.
        Ok(answer) => answered(DESCRIBE.name, "ARN", answer.arn).map(|_| Described::As(answer.replication_status)),
        Err(error) if error.as_service_error().is_some_and(DescribeSecretError::is_resource_not_found_exception) => Ok(Described::Gone),
        Err(error) => Err(ReadError::from_sdk(DESCRIBE.name, error)),
    }
}

fn row(secret: SecretListEntry, described: bool, listed: Option<Vec<ReplicationStatusType>>) -> SecretRow {
    let (after_days, schedule) =
        secret.rotation_rules.map(|rules| (rules.automatically_after_days, rules.schedule_expression)).unwrap_or_default();
    SecretRow {
        resource_key: resource_key(secret.arn.as_deref()),
        secret_arn: secret.arn,
        secret_name: secret.name,
        created_date: millis(secret.created_date),
        last_changed_date: millis(secret.last_changed_date),
        deleted_date: millis(secret.deleted_date),
        kms_key_id: secret.kms_key_id,
        rotation_enabled: secret.rotation_enabled,
        rotation_after_days: after_days,
        rotation_schedule: schedule,
        last_rotated_date: millis(secret.last_rotated_date),
        next_rotation_date: millis(secret.next_rotation_date),
        owning_service: secret.owning_service,
        primary_region: secret.primary_region,
        described: Some(described),
        replication_status: listed.map(replicas),
        tags: tags(secret.tags.map(|tags| tags.into_iter().map(|tag| (tag.key, tag.value)))),
    }
}

/// Replicas sorted by Region; AWS has no order for them.
fn replicas(mut replicas: Vec<ReplicationStatusType>) -> Json {
    replicas.sort_by(|one, other| one.region.cmp(&other.region));
    let replica = |replica: ReplicationStatusType| {
        sent([
            ("KmsKeyId", replica.kms_key_id.map(Value::from)),
            ("Region", replica.region.map(Value::from)),
            ("Status", word(replica.status).map(Value::from)),
            ("StatusMessage", replica.status_message.map(Value::from)),
        ])
    };
    json(replicas.into_iter().map(replica).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, not_found, read};
    use crate::collect::testing::Reply;
    use crate::dataset::ReadStatus;
    use crate::dataset::rows::Millis;

    const DB: &str = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-a1b2c3";

    fn listed(secrets: &Value, next: Option<&str>) -> Reply {
        json(LIST.name, &value!({ "SecretList": secrets, "NextToken": next }))
    }

    #[tokio::test]
    async fn pages_become_rows_and_what_is_not_sent_stays_null() {
        let db = value!([{
            "ARN": DB, "Name": "db", "CreatedDate": 1_763_000_000.5, "RotationEnabled": false, "KmsKeyId": "alias/secrets", "PrimaryRegion": "eu-west-1",
            "RotationRules": { "AutomaticallyAfterDays": 30 }, "Tags": [{ "Key": "stage", "Value": "prod" }]
        }]);
        let other = format!("{DB}-2");
        let replicated = value!({ "ARN": DB, "ReplicationStatus": [
            { "Region": "us-east-1", "Status": "InSync" }, { "Region": "eu-central-1", "Status": "Failed", "KmsKeyId": "alias/secrets" }
        ] });
        let replies = [
            listed(&db, Some("2")).containing(r#""IncludePlannedDeletion":true"#),
            json(DESCRIBE.name, &replicated).containing(format!(r#""SecretId":"{DB}""#)),
            listed(&value!([{ "ARN": other, "DeletedDate": 1_764_000_000 }, { "Name": "lost" }]), None).containing(r#""NextToken":"2""#),
            json(DESCRIBE.name, &value!({ "ARN": other })).containing(other),
        ];
        let (result, mut harvest) = read(&Secrets, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.pages(), harvest.items(), harvest.refused().len()), (2, 3, 1), "the secret without ARN is counted");
        let rows: Vec<SecretRow> = harvest.take(&TABLE).rows();
        assert_eq!((rows[0].rotation_enabled, rows[0].rotation_after_days, rows[0].deleted_date), (Some(false), Some(30), None));
        let replicas =
            r#"[{"KmsKeyId":"alias/secrets","Region":"eu-central-1","Status":"Failed"},{"Region":"us-east-1","Status":"InSync"}]"#;
        assert_eq!(rows[0].replication_status, Some(Json(replicas.into())));
        assert_eq!((rows[0].tags.clone(), rows[1].tags.clone()), (Some(Json(r#"{"stage":"prod"}"#.into())), None));
        assert_eq!((rows[1].rotation_enabled, rows[1].deleted_date), (None, Some(Millis(1_764_000_000_000))));
        assert_eq!((rows[1].described, rows[1].replication_status.clone()), (Some(true), None), "described, and no replicas listed");
    }

    #[tokio::test]
    async fn a_secret_that_is_gone_is_no_gap_and_one_that_is_hidden_is() {
        let secrets = value!([{ "ARN": format!("{DB}-gone") }, { "ARN": DB, "Name": "db" }]);
        for (reply, status) in
            [(Reply::denied(DESCRIBE.name), ReadStatus::Denied), (json(DESCRIBE.name, &value!({})), ReadStatus::Unavailable)]
        {
            let replies = [listed(&secrets, None), not_found(DESCRIBE.name).containing("-gone"), reply.containing(DB)];
            let (result, mut harvest) = read(&Secrets, &Unit::REGION, replies).await;
            result.unwrap();
            assert_eq!((harvest.refused().len(), harvest.failure().map(|failure| failure.status)), (1, Some(status)));
            let rows: Vec<SecretRow> = harvest.take(&TABLE).rows();
            assert_eq!(rows.len(), 1);
            assert_eq!((rows[0].secret_name.as_deref(), rows[0].described), (Some("db"), Some(false)), "what the list told stays");
        }
    }

    #[tokio::test]
    async fn a_denial_on_the_second_page_keeps_the_first() {
        let replies = [listed(&value!([{ "ARN": DB }]), Some("2")), json(DESCRIBE.name, &value!({ "ARN": DB })), Reply::denied(LIST.name)];
        let (result, mut harvest) = read(&Secrets, &Unit::REGION, replies).await;
        assert_eq!((result.unwrap_err().status, harvest.take(&TABLE).len()), (ReadStatus::Denied, 1));
    }
}
