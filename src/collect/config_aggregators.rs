//! Aggregators of AWS Config: one row per aggregator, with whose configuration it gathers.
//!
//! Calls `DescribeConfigurationAggregators`. What an aggregator holds is not read.
//!
//! Key: `configuration_aggregator_arn`. In the sources `AllAwsRegions` is false also if AWS left it out, because the SDK does not tell the two
//! apart. Source: AWS Config API Reference, `ConfigurationAggregator`.

use async_trait::async_trait;
use aws_sdk_config::types::{AccountAggregationSource, ConfigurationAggregator, OrganizationAggregationSource};
use serde_json::Value;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{json, millis, sent};
use super::pages::Pages;
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A configuration aggregator.
    pub struct AggregatorRow {
        /// ARN of the aggregator
        configuration_aggregator_arn: Text, Never, "ConfigurationAggregatorArn";
        /// Name of the aggregator
        configuration_aggregator_name: Text, NotTold, "ConfigurationAggregatorName";
        /// Accounts and Regions that it gathers from, as the API writes them
        account_aggregation_sources: Json, Means("no accounts are named"), "AccountAggregationSources";
        /// Regions of the organization that it gathers from, as the API writes them
        organization_aggregation_source: Json, Means("it does not gather from an organization"), "OrganizationAggregationSource";
        /// When it was created
        creation_time: Time, NotTold, "CreationTime";
        /// When it was last changed
        last_updated_time: Time, NotTold, "LastUpdatedTime";
        /// Service that made it
        created_by: Text, Means("no service made it"), "CreatedBy";
    }
}

/// The aggregators of a Region.
pub static TABLE: Table = Table {
    name: "config_aggregators",
    kind: TableKind::State,
    doc: "One row for each aggregator of AWS Config.",
    columns: AggregatorRow::COLUMNS,
    key: &["configuration_aggregator_arn"],
    parent: None,
    created: None,
    global: false,
    subject: None,
};

const DESCRIBE: Operation =
    Operation { service: "config", name: "DescribeConfigurationAggregators", action: "config:DescribeConfigurationAggregators" };

/// Reads [`TABLE`].
pub(crate) struct ConfigAggregators;

#[async_trait]
impl Collector for ConfigAggregators {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[DESCRIBE]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut pages = Pages::of(DESCRIBE.name);
        while pages.more() {
            let request = door.config().describe_configuration_aggregators().limit(100).set_next_token(pages.token());
            let page = request.send().await.map_err(|error| ReadError::from_sdk(DESCRIBE.name, error))?;
            for aggregator in pages.items(harvest, "ConfigurationAggregators", page.configuration_aggregators)? {
                harvest.push(&TABLE, row(aggregator));
            }
            pages.follow(page.next_token)?;
        }
        Ok(())
    }
}

fn row(aggregator: ConfigurationAggregator) -> AggregatorRow {
    let accounts = aggregator.account_aggregation_sources.map(|all| json(all.into_iter().map(of_accounts).collect()));
    AggregatorRow {
        configuration_aggregator_arn: aggregator.configuration_aggregator_arn,
        configuration_aggregator_name: aggregator.configuration_aggregator_name,
        account_aggregation_sources: accounts,
        organization_aggregation_source: aggregator.organization_aggregation_source.map(|source| json(of_organization(source))),
        creation_time: millis(aggregator.creation_time),
        last_updated_time: millis(aggregator.last_updated_time),
        created_by: aggregator.created_by,
    }
}

fn of_accounts(source: AccountAggregationSource) -> Value {
    sent([
        ("AccountIds", Some(Value::from(source.account_ids))),
        ("AllAwsRegions", Some(Value::from(source.all_aws_regions))),
        ("AwsRegions", source.aws_regions.map(Value::from)),
    ])
}

fn of_organization(source: OrganizationAggregationSource) -> Value {
    sent([
        ("RoleArn", Some(Value::from(source.role_arn))),
        ("AllAwsRegions", Some(Value::from(source.all_aws_regions))),
        ("AwsRegions", source.aws_regions.map(Value::from)),
    ])
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, read};
    use crate::dataset::rows::{Json, Millis};

    #[tokio::test]
    async fn sources_are_kept_as_the_api_writes_them() {
        let arn = |name: &str| format!("arn:aws:config:eu-west-1:111122223333:config-aggregator/{name}");
        let first = value!({ "ConfigurationAggregators": [{
            "ConfigurationAggregatorArn": arn("a"), "ConfigurationAggregatorName": "all", "CreationTime": 1_763_000_000.5,
            "AccountAggregationSources": [{ "AccountIds": ["111122223333"], "AwsRegions": ["eu-west-1"] }]
        }], "NextToken": "2" });
        let last = value!({ "ConfigurationAggregators": [{
            "ConfigurationAggregatorArn": arn("b"),
            "OrganizationAggregationSource": { "RoleArn": "arn:aws:iam::111122223333:role/config", "AllAwsRegions": true }
        }] });
        let replies = [json(DESCRIBE.name, &first), json(DESCRIBE.name, &last).containing(r#""NextToken":"2""#)];
        let (result, mut harvest) = read(&ConfigAggregators, &Unit::REGION, replies).await;
        result.unwrap();
        let rows: Vec<AggregatorRow> = harvest.take(&TABLE).rows();
        let accounts = r#"[{"AccountIds":["111122223333"],"AllAwsRegions":false,"AwsRegions":["eu-west-1"]}]"#;
        assert_eq!(rows[0].account_aggregation_sources, Some(Json(accounts.into())));
        assert_eq!((rows[0].creation_time, rows[0].organization_aggregation_source.clone()), (Some(Millis(1_763_000_000_500)), None));
        let organization = r#"{"AllAwsRegions":true,"RoleArn":"arn:aws:iam::111122223333:role/config"}"#;
        assert_eq!(rows[1].organization_aggregation_source, Some(Json(organization.into())));
        assert_eq!((rows[1].account_aggregation_sources.clone(), rows[1].creation_time), (None, None));
    }
}
