//! Topics of SNS that vaults notify: one row per topic, with who may publish to it and whether anyone listens.
//!
//! Calls `GetTopicAttributes` for each topic that a vault names, and `ListSubscriptionsByTopic` for those that are there. Of a subscription its protocol
//! and whether it was confirmed is kept; the endpoint, which may be a person's address, is not. A topic of this account that SNS does not find is a
//! row with `topic_exists` false; one of another account is a gap, as is a denial. A denial of the list alone leaves `subscriptions` NULL and makes
//! the read of that topic partial.
//!
//! Key: `topic_arn`, which is also the unit. AWS Backup publishes to topics of the vault's own Region only; a text that is no topic there is a gap
//! and is not asked. Source: Amazon SNS API Reference, `GetTopicAttributes` and `ListSubscriptionsByTopic`.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_sns::operation::get_topic_attributes::GetTopicAttributesError;
use aws_sdk_sns::types::Subscription;
use serde_json::Value;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{json, sent};
use super::pages::{Pages, answered, unreadable};
use super::vault_notifications;
use crate::dataset::rows::{Json, Row};
use crate::dataset::{Table, TableKind};
use crate::model::Arn;

crate::rows! {
    /// A topic that a vault notifies.
    pub struct TopicRow {
        /// ARN of the topic
        topic_arn: Text, Never, "the column that names the topic";
        /// Whether the topic is there
        topic_exists: Boolean, Never, "false if SNS knows no such topic in this account";
        /// Who may publish and subscribe, keys sorted
        policy: Json, NotTold, "Policy";
        /// KMS key of the messages
        kms_master_key_id: Text, Means("messages are not encrypted with a KMS key, or the topic is not there"), "KmsMasterKeyId";
        /// Whether the topic keeps the order of messages; AWS Backup does not publish to such
        fifo_topic: Boolean, Never, "TopicArn ends in .fifo, as those of such topics must";
        /// Subscriptions that were confirmed
        subscriptions_confirmed_count: Integer, NotTold, "SubscriptionsConfirmed";
        /// Subscriptions that wait to be confirmed
        subscriptions_pending_count: Integer, NotTold, "SubscriptionsPending";
        /// Protocol of each subscription and whether it was confirmed, in AWS's order
        subscriptions: Json, NotTold, "ListSubscriptionsByTopic: Protocol, and whether SubscriptionArn is an ARN";
    }
}

/// The topics that the vaults of a Region notify.
pub static TABLE: Table = Table {
    name: "topics",
    kind: TableKind::State,
    doc: "One row for each SNS topic that a backup vault notifies.",
    columns: TopicRow::COLUMNS,
    key: &["topic_arn"],
    parent: Some("topic_arn"),
    created: None,
    global: false,
    subject: None,
};

const GET: Operation = Operation { service: "sns", name: "GetTopicAttributes", action: "sns:GetTopicAttributes" };
const LIST: Operation = Operation { service: "sns", name: "ListSubscriptionsByTopic", action: "sns:ListSubscriptionsByTopic" };

/// Reads [`TABLE`].
pub(crate) struct Topics;

#[async_trait]
impl Collector for Topics {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[GET, LIST]
    }

    fn references(&self) -> &'static [(&'static Table, &'static str)] {
        const { &[(&vault_notifications::TABLE, "sns_topic_arn")] }
    }

    async fn collect(&self, door: &RegionDoor, unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let asked = unit.parent.as_deref().unwrap_or_default();
        let arn = Arn::parse(asked).filter(|arn| arn.service == "sns" && arn.region == door.region() && arn.partition == door.partition());
        let arn = arn.ok_or_else(|| unreadable(GET.name, &format!("`{asked}` is not the ARN of a topic in {}", door.region())))?;
        let attributes = match door.sns().get_topic_attributes().topic_arn(asked).send().await {
            Ok(answer) => answered(GET.name, "Attributes", answer.attributes)?,
            Err(error)
                if arn.account == door.account_id()
                    && error.as_service_error().is_some_and(GetTopicAttributesError::is_not_found_exception) =>
            {
                harvest.page(1);
                harvest.push(&TABLE, TopicRow { topic_exists: Some(false), ..row(asked, &HashMap::new(), None) });
                return Ok(());
            }
            Err(error) => return Err(ReadError::from_sdk(GET.name, error)),
        };
        harvest.page(1);
        let subscriptions = match subscriptions(door, asked, harvest).await {
            Ok(subscriptions) => Some(json(subscriptions.into())),
            Err(error) => {
                harvest.failed(error);
                None
            }
        };
        harvest.push(&TABLE, row(asked, &attributes, subscriptions));
        Ok(())
    }
}

/// All subscriptions of a topic, without their endpoints.
async fn subscriptions(door: &RegionDoor, topic: &str, harvest: &mut Harvest) -> Result<Vec<Value>, ReadError> {
    let mut found = Vec::new();
    let mut pages = Pages::of(LIST.name);
    while pages.more() {
        let request = door.sns().list_subscriptions_by_topic().topic_arn(topic).set_next_token(pages.token());
        let page = request.send().await.map_err(|error| ReadError::from_sdk(LIST.name, error))?;
        found.extend(pages.items(harvest, "Subscriptions", page.subscriptions)?.into_iter().map(subscription));
        pages.follow(page.next_token)?;
    }
    Ok(found)
}

/// SNS puts a word in place of the ARN of a subscription that is not confirmed, or no longer there.
fn subscription(subscription: Subscription) -> Value {
    let confirmed = subscription.subscription_arn.map(|arn| Value::from(arn.starts_with("arn:")));
    sent([("Confirmed", confirmed), ("Protocol", subscription.protocol.map(Value::from))])
}

fn row(asked: &str, attributes: &HashMap<String, String>, subscriptions: Option<Json>) -> TopicRow {
    let text = |name: &str| attributes.get(name).cloned();
    let number = |name: &str| attributes.get(name).and_then(|text| text.parse().ok());
    TopicRow {
        topic_arn: Some(asked.to_owned()),
        topic_exists: Some(true),
        policy: text("Policy").and_then(|policy| serde_json::from_str(&policy).ok()).map(json),
        kms_master_key_id: text("KmsMasterKeyId").filter(|key| !key.is_empty()),
        fifo_topic: Some(asked.strip_suffix(".fifo").is_some()), // the suffix is part of the name
        subscriptions_confirmed_count: number("SubscriptionsConfirmed"),
        subscriptions_pending_count: number("SubscriptionsPending"),
        subscriptions,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::test_reads::{of_parent, rds as query, rds_denied as denied, read};
    use crate::collect::testing::{Reply, xml_error};
    use crate::dataset::ReadStatus;

    const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:backups";
    const FOREIGN: &str = "arn:aws:sns:eu-west-1:444455556666:backups";

    fn attributes(pairs: &[(&str, &str)]) -> Reply {
        let entries: String = pairs.iter().map(|(key, value)| format!("<entry><key>{key}</key><value>{value}</value></entry>")).collect();
        query(GET.name, &format!("<Attributes>{entries}</Attributes>"))
    }

    fn member(arn: &str, protocol: &str) -> String {
        format!("<member><SubscriptionArn>{arn}</SubscriptionArn><Protocol>{protocol}</Protocol><Endpoint>a@b.example</Endpoint></member>")
    }

    #[tokio::test]
    async fn who_listens_is_told_without_addresses() {
        let first = format!("<Subscriptions>{}</Subscriptions><NextToken>2</NextToken>", member("PendingConfirmation", "email"));
        let last = format!("<Subscriptions>{}</Subscriptions>", member(&format!("{TOPIC}:8f81"), "sqs"));
        let policy = "{&quot;Version&quot;:&quot;2012-10-17&quot;,&quot;Statement&quot;:[]}";
        let replies = [
            attributes(&[
                ("Policy", policy),
                ("SubscriptionsConfirmed", "1"),
                ("SubscriptionsPending", "1"),
                ("KmsMasterKeyId", "alias/a"),
            ]),
            query(LIST.name, &first),
            query(LIST.name, &last).containing("NextToken=2"),
        ];
        let (result, mut harvest) = read(&Topics, &of_parent(TOPIC), replies).await;
        result.unwrap();
        let row = harvest.take(&TABLE).rows::<TopicRow>().remove(0);
        assert_eq!((row.topic_exists, row.subscriptions_confirmed_count, row.subscriptions_pending_count), (Some(true), Some(1), Some(1)));
        assert_eq!(row.policy, Some(Json(r#"{"Statement":[],"Version":"2012-10-17"}"#.into())));
        let listed = r#"[{"Confirmed":false,"Protocol":"email"},{"Confirmed":true,"Protocol":"sqs"}]"#;
        assert_eq!(row.subscriptions, Some(Json(listed.into())));
        assert_eq!((row.kms_master_key_id.as_deref(), row.fifo_topic), (Some("alias/a"), Some(false)));
    }

    #[tokio::test]
    async fn a_topic_that_is_gone_is_a_row_and_that_of_another_account_a_gap() {
        let gone = || Reply::error(GET.name, 404, xml_error("NotFound", "Topic does not exist"));
        let (result, mut harvest) = read(&Topics, &of_parent(TOPIC), [gone()]).await;
        result.unwrap();
        let row = harvest.take(&TABLE).rows::<TopicRow>().remove(0);
        assert_eq!((row.topic_exists, row.subscriptions_confirmed_count), (Some(false), None));

        for (reply, status) in [(gone(), ReadStatus::Unavailable), (denied(GET.name), ReadStatus::Denied)] {
            let (result, mut harvest) = read(&Topics, &of_parent(FOREIGN), [reply]).await;
            assert_eq!((result.unwrap_err().status, harvest.take(&TABLE).len()), (status, 0));
        }
    }

    #[tokio::test]
    async fn subscriptions_that_are_denied_are_not_none() {
        let replies = [attributes(&[("SubscriptionsConfirmed", "0")]), denied(LIST.name)];
        let (result, mut harvest) = read(&Topics, &of_parent(TOPIC), replies).await;
        result.unwrap();
        assert_eq!(harvest.failure().map(|error| error.status), Some(ReadStatus::Denied));
        let row = harvest.take(&TABLE).rows::<TopicRow>().remove(0);
        assert_eq!((row.subscriptions, row.subscriptions_confirmed_count), (None, Some(0)));
    }

    #[tokio::test]
    async fn what_is_no_topic_of_the_region_is_not_asked() {
        for text in ["backups", "arn:aws:sns:us-east-1:111122223333:backups", "arn:aws:sqs:eu-west-1:111122223333:backups"] {
            let (result, _) = read(&Topics, &of_parent(text), []).await;
            assert_eq!(result.unwrap_err().status, ReadStatus::Unavailable, "{text}");
        }
    }
}
