//! Rules of AWS Config: one row per rule, with what it checks and who made it.
//!
//! Calls `DescribeConfigRules`, which has every field but the compliance; that is in `config_compliance`.
//!
//! Key: `config_rule_arn`. Source: AWS Config API Reference, `ConfigRule`.

use async_trait::async_trait;
use aws_sdk_config::types::{ConfigRule, Scope};
use serde_json::Value;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{json, required, sent, word};
use super::pages::Pages;
use crate::dataset::rows::{Json, Row};
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A rule of AWS Config.
    pub struct ConfigRuleRow {
        /// ARN of the rule
        config_rule_arn: Text, Never, "ConfigRuleArn";
        /// Name of the rule
        config_rule_name: Text, Never, "ConfigRuleName";
        /// Id of the rule
        config_rule_id: Text, NotTold, "ConfigRuleId";
        /// `AWS`, `CUSTOM_LAMBDA` or `CUSTOM_POLICY`
        source_owner: Text, NotTold, "Source.Owner";
        /// What is checked: the identifier of a managed rule such as `BACKUP_RECOVERY_POINT_ENCRYPTED`, or the ARN of a function
        source_identifier: Text, Means("a rule with a policy of its own"), "Source.SourceIdentifier";
        /// Parameters of the rule
        input_parameters: Json, Means("the rule has no parameters"), "InputParameters";
        /// What the rule looks at, as the API writes it
        scope: Json, Means("everything that is recorded and that the rule can check"), "Scope";
        /// How often a rule that does not wait for changes is run
        maximum_execution_frequency: Text, Means("run on changes, or every 24 hours"), "MaximumExecutionFrequency";
        /// `ACTIVE`, `DELETING`, `DELETING_RESULTS` or `EVALUATING`
        config_rule_state: Text, NotTold, "ConfigRuleState";
        /// Service that made the rule, such as backup.amazonaws.com
        created_by: Text, Means("no service made it"), "CreatedBy";
    }
}

/// The rules of a Region.
pub static TABLE: Table = Table {
    name: "config_rules",
    kind: TableKind::State,
    doc: "One row for each rule of AWS Config.",
    columns: ConfigRuleRow::COLUMNS,
    key: &["config_rule_arn"],
    parent: None,
    created: None,
    global: false,
    subject: None,
};

const DESCRIBE: Operation = Operation { service: "config", name: "DescribeConfigRules", action: "config:DescribeConfigRules" };

/// Reads [`TABLE`].
pub(crate) struct ConfigRules;

#[async_trait]
impl Collector for ConfigRules {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[DESCRIBE]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut pages = Pages::of(DESCRIBE.name);
        while pages.more() {
            let request = door.config().describe_config_rules().set_next_token(pages.token());
            let page = request.send().await.map_err(|error| ReadError::from_sdk(DESCRIBE.name, error))?;
            for rule in pages.items(harvest, "ConfigRules", page.config_rules)? {
                harvest.push(&TABLE, row(rule));
            }
            pages.follow(page.next_token)?;
        }
        Ok(())
    }
}

fn row(rule: ConfigRule) -> ConfigRuleRow {
    let (owner, identifier) =
        rule.source.map(|source| (required(source.owner.as_str().to_owned()), source.source_identifier)).unwrap_or_default();
    ConfigRuleRow {
        config_rule_arn: rule.config_rule_arn,
        config_rule_name: rule.config_rule_name,
        config_rule_id: rule.config_rule_id,
        source_owner: owner,
        source_identifier: identifier,
        input_parameters: rule.input_parameters.filter(|text| !text.is_empty()).map(parameters),
        scope: rule.scope.map(scope),
        maximum_execution_frequency: word(rule.maximum_execution_frequency),
        config_rule_state: word(rule.config_rule_state),
        created_by: rule.created_by,
    }
}

/// AWS sends the parameters as a text of JSON; one that is none is kept as a text.
fn parameters(text: String) -> Json {
    json(serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

fn scope(scope: Scope) -> Json {
    json(sent([
        ("ComplianceResourceTypes", scope.compliance_resource_types.map(Value::from)),
        ("TagKey", scope.tag_key.map(Value::from)),
        ("TagValue", scope.tag_value.map(Value::from)),
        ("ComplianceResourceId", scope.compliance_resource_id.map(Value::from)),
        ("ServicePrincipals", scope.service_principals.map(Value::from)),
    ]))
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, read};

    #[tokio::test]
    async fn pages_become_rows_and_what_is_not_sent_stays_null() {
        let arn = |id: &str| format!("arn:aws:config:eu-west-1:111122223333:config-rule/{id}");
        let first = value!({ "ConfigRules": [{
            "ConfigRuleArn": arn("a"), "ConfigRuleName": "points-are-encrypted", "ConfigRuleState": "ACTIVE",
            "Source": { "Owner": "AWS", "SourceIdentifier": "BACKUP_RECOVERY_POINT_ENCRYPTED" }, "InputParameters": "{\"b\":\"2\",\"a\":\"1\"}",
            "Scope": { "ComplianceResourceTypes": ["AWS::Backup::RecoveryPoint"] }, "CreatedBy": "backup.amazonaws.com"
        }], "NextToken": "2" });
        let last = value!({ "ConfigRules": [
            { "ConfigRuleArn": arn("b"), "ConfigRuleName": "own", "Source": { "Owner": "CUSTOM_POLICY" }, "InputParameters": "no JSON" },
            { "ConfigRuleArn": arn("c") }
        ] });
        let replies = [json(DESCRIBE.name, &first), json(DESCRIBE.name, &last).containing(r#""NextToken":"2""#)];
        let (result, mut harvest) = read(&ConfigRules, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!(harvest.refused().len(), 1, "a rule without name is counted");
        let rows: Vec<ConfigRuleRow> = harvest.take(&TABLE).rows();
        assert_eq!(rows[0].input_parameters, Some(Json(r#"{"a":"1","b":"2"}"#.into())));
        assert_eq!(rows[0].scope, Some(Json(r#"{"ComplianceResourceTypes":["AWS::Backup::RecoveryPoint"]}"#.into())));
        assert_eq!((rows[0].source_owner.as_deref(), rows[0].created_by.as_deref()), (Some("AWS"), Some("backup.amazonaws.com")));
        assert_eq!((rows[1].source_identifier.as_deref(), rows[1].config_rule_state.as_deref()), (None, None));
        assert_eq!(rows[1].input_parameters, Some(Json(r#""no JSON""#.into())));
    }
}
