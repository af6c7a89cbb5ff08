//! Evaluations of AWS Config of rules about backups: one row per rule and resource.
//!
//! Calls `GetComplianceDetailsByConfigRule` for each managed rule whose identifier speaks of backups (`BACKUP_…`, `…_IN_BACKUP_PLAN` and the like);
//! other rules are not asked. A rule that is gone by then is a gap.
//!
//! Key: `config_rule_name`, `resource_type`, `resource_id`. AWS keeps the newest evaluation of a resource. What is no longer
//! there or not recorded has no row. Source: AWS Config API Reference, `EvaluationResult`.

use async_trait::async_trait;
use aws_sdk_config::types::EvaluationResult;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::config_rules;
use super::door::RegionDoor;
use super::fields::{millis, word};
use super::pages::Pages;
use crate::dataset::rows::Row;
use crate::dataset::{Batch, Table, TableKind};

crate::rows! {
    /// What AWS Config found of a resource.
    pub struct EvaluationRow {
        /// Name of the rule
        config_rule_name: Text, Never, "EvaluationResultQualifier.ConfigRuleName";
        /// Type of the resource
        resource_type: Text, Never, "EvaluationResultQualifier.ResourceType";
        /// Id of the resource as AWS Config names it, which need not be its ARN
        resource_id: Text, Never, "EvaluationResultQualifier.ResourceId";
        /// `DETECTIVE` for what exists, `PROACTIVE` for what is about to be made
        evaluation_mode: Text, NotTold, "EvaluationResultQualifier.EvaluationMode";
        /// `COMPLIANT`, `NON_COMPLIANT`, `NOT_APPLICABLE` or `INSUFFICIENT_DATA`
        compliance_type: Text, NotTold, "ComplianceType";
        /// When AWS Config recorded the result
        result_recorded_time: Time, NotTold, "ResultRecordedTime";
        /// When the rule was run
        config_rule_invoked_time: Time, NotTold, "ConfigRuleInvokedTime";
        /// What the rule has to say
        annotation: Text, Means("nothing to say"), "Annotation";
    }
}

/// The evaluations of rules about backups in a Region.
pub static TABLE: Table = Table {
    name: "config_evaluations",
    kind: TableKind::State,
    doc: "One row for each rule of AWS Config about backups and each resource that it evaluated.",
    columns: EvaluationRow::COLUMNS,
    key: &["config_rule_name", "resource_type", "resource_id"],
    parent: Some("config_rule_name"),
    created: None,
    global: false,
    subject: None,
};

const GET: Operation =
    Operation { service: "config", name: "GetComplianceDetailsByConfigRule", action: "config:GetComplianceDetailsByConfigRule" };

/// How identifiers of managed rules about backups begin or end. Source: AWS Config Developer Guide, "List of AWS Config Managed Rules".
const BEGINNING: &str = "BACKUP_";
const ENDINGS: [&str; 5] = [
    "_IN_BACKUP_PLAN",
    "_PROTECTED_BY_BACKUP_PLAN",
    "_LAST_BACKUP_RECOVERY_POINT_CREATED",
    "_MEETS_RESTORE_TIME_TARGET",
    "_IN_LOGICALLY_AIR_GAPPED_VAULT",
];
/// Managed rules about a service's own backups.
const NATIVE: [&str; 5] = [
    "DB_INSTANCE_BACKUP_ENABLED",
    "DYNAMODB_PITR_ENABLED",
    "ELASTICACHE_REDIS_CLUSTER_AUTOMATIC_BACKUP_CHECK",
    "REDSHIFT_BACKUP_ENABLED",
    "S3_BUCKET_VERSIONING_ENABLED",
];

/// Reads [`TABLE`].
pub(crate) struct ConfigEvaluations;

#[async_trait]
impl Collector for ConfigEvaluations {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[GET]
    }

    fn parents(&self) -> Option<(&'static Table, &'static str)> {
        Some((&config_rules::TABLE, "config_rule_name"))
    }

    fn units(&self, parents: Option<&Batch>, _started_s: i64) -> Vec<Unit> {
        let rules: Vec<config_rules::ConfigRuleRow> = parents.map(Batch::rows).unwrap_or_default();
        let about_backups = rules.into_iter().filter(|rule| rule.source_identifier.as_deref().is_some_and(is_about_backups));
        about_backups.map(|rule| Unit { parent: rule.config_rule_name, range: None }).collect()
    }

    async fn collect(&self, door: &RegionDoor, unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let rule = unit.parent.as_deref().unwrap_or_default();
        let mut pages = Pages::of(GET.name);
        while pages.more() {
            let request = door.config().get_compliance_details_by_config_rule().config_rule_name(rule).limit(100);
            let page = request.set_next_token(pages.token()).send().await.map_err(|error| ReadError::from_sdk(GET.name, error))?;
            for result in pages.items(harvest, "EvaluationResults", page.evaluation_results)? {
                harvest.push(&TABLE, row(result));
            }
            harvest.leave().await?;
            pages.follow(page.next_token)?;
        }
        Ok(())
    }
}

/// Whether the identifier of a managed rule speaks of backups. The ARN of a function never does.
fn is_about_backups(identifier: &str) -> bool {
    identifier.starts_with(BEGINNING) || ENDINGS.iter().any(|ending| identifier.ends_with(ending)) || NATIVE.contains(&identifier)
}

fn row(result: EvaluationResult) -> EvaluationRow {
    let qualifier = result.evaluation_result_identifier.and_then(|identifier| identifier.evaluation_result_qualifier);
    let (rule, kind, id, mode) =
        qualifier.map(|of| (of.config_rule_name, of.resource_type, of.resource_id, of.evaluation_mode)).unwrap_or_default();
    EvaluationRow {
        config_rule_name: rule,
        resource_type: kind,
        resource_id: id,
        evaluation_mode: word(mode),
        compliance_type: word(result.compliance_type),
        result_recorded_time: millis(result.result_recorded_time),
        config_rule_invoked_time: millis(result.config_rule_invoked_time),
        annotation: result.annotation,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, of_parent, read};
    use crate::collect::testing::Reply;
    use crate::dataset::ReadStatus;
    use crate::dataset::rows::Millis;

    #[tokio::test]
    async fn pages_of_a_rule_become_rows() {
        let result = |id: Option<&str>, compliance: &str| {
            value!({
                "EvaluationResultIdentifier": { "EvaluationResultQualifier": {
                    "ConfigRuleName": "encrypted", "ResourceType": "AWS::Backup::RecoveryPoint", "ResourceId": id
                } },
                "ComplianceType": compliance, "ResultRecordedTime": 1_763_000_000, "Annotation": "no key"
            })
        };
        let first = value!({ "EvaluationResults": [result(Some("point-1"), "NON_COMPLIANT")], "NextToken": "2" });
        let last = value!({ "EvaluationResults": [result(Some("point-2"), "COMPLIANT"), result(None, "COMPLIANT")] });
        let replies = [json(GET.name, &first).containing(r#""Limit":100"#), json(GET.name, &last).containing(r#""NextToken":"2""#)];
        let (result, mut harvest) = read(&ConfigEvaluations, &of_parent("encrypted"), replies).await;
        result.unwrap();
        assert_eq!(harvest.refused().len(), 1, "a result about nothing is counted");
        let rows: Vec<EvaluationRow> = harvest.take(&TABLE).rows();
        assert_eq!((rows[0].compliance_type.as_deref(), rows[1].compliance_type.as_deref()), (Some("NON_COMPLIANT"), Some("COMPLIANT")));
        assert_eq!((rows[0].result_recorded_time, rows[0].config_rule_invoked_time), (Some(Millis(1_763_000_000_000)), None));
    }

    #[tokio::test]
    async fn a_rule_that_is_gone_is_a_gap() {
        let gone = Reply::error(GET.name, 400, r#"{"__type":"NoSuchConfigRuleException","message":"no such rule"}"#);
        let (result, _) = read(&ConfigEvaluations, &of_parent("gone"), [gone]).await;
        assert_eq!(result.unwrap_err().status, ReadStatus::Unavailable);
    }

    #[test]
    fn only_rules_about_backups_are_units() {
        let rule = |name: &str, identifier: Option<&str>| config_rules::ConfigRuleRow {
            config_rule_arn: Some(format!("arn:aws:config:eu-west-1:111122223333:config-rule/{name}")),
            config_rule_name: Some(name.to_owned()),
            source_identifier: identifier.map(str::to_owned),
            ..config_rules::ConfigRuleRow::default()
        };
        let rules = [
            rule("a", Some("BACKUP_RECOVERY_POINT_ENCRYPTED")),
            rule("b", Some("RDS_RESOURCES_PROTECTED_BY_BACKUP_PLAN")),
            rule("c", Some("DYNAMODB_PITR_ENABLED")),
            rule("d", Some("ENCRYPTED_VOLUMES")),
            rule("e", Some("arn:aws:lambda:eu-west-1:111122223333:function:BACKUP_CHECK")),
            rule("f", None),
        ];
        let units = ConfigEvaluations.units(Some(&Batch::from_rows(rules)), 0);
        let names: Vec<_> = units.iter().filter_map(|unit| unit.parent.as_deref()).collect();
        assert_eq!(names, ["a", "b", "c"]);
    }
}
