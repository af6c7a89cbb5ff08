//! Compliance with the rules of AWS Config: one row per rule.
//!
//! Calls `DescribeComplianceByConfigRule` without names, so that one list holds every rule. `INSUFFICIENT_DATA` says that a rule was not evaluated:
//! it is neither a pass nor a failure. Which resources they are is in `config_evaluations`, for rules about backups.
//!
//! Key: `config_rule_name`. Source: AWS Config API Reference, `ComplianceByConfigRule`.

use async_trait::async_trait;
use aws_sdk_config::types::ComplianceByConfigRule;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::word;
use super::pages::Pages;
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// The compliance with a rule of AWS Config.
    pub struct ComplianceRow {
        /// Name of the rule
        config_rule_name: Text, Never, "ConfigRuleName";
        /// `COMPLIANT`, `NON_COMPLIANT`, `NOT_APPLICABLE` or `INSUFFICIENT_DATA`
        compliance_type: Text, NotTold, "Compliance.ComplianceType";
        /// Resources that do not comply, up to a most
        contributors_count: Integer, Means("AWS counts none"), "Compliance.ComplianceContributorCount.CappedCount";
        /// Whether there are more than that
        contributors_capped: Boolean, Means("AWS counts none"), "Compliance.ComplianceContributorCount.CapExceeded";
    }
}

/// The compliance with the rules of a Region.
pub static TABLE: Table = Table {
    name: "config_compliance",
    kind: TableKind::State,
    doc: "One row for each rule of AWS Config: whether everything it looks at complies.",
    columns: ComplianceRow::COLUMNS,
    key: &["config_rule_name"],
    parent: None,
    created: None,
    global: false,
    subject: None,
};

const DESCRIBE: Operation =
    Operation { service: "config", name: "DescribeComplianceByConfigRule", action: "config:DescribeComplianceByConfigRule" };

/// Reads [`TABLE`].
pub(crate) struct ConfigCompliance;

#[async_trait]
impl Collector for ConfigCompliance {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[DESCRIBE]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut pages = Pages::of(DESCRIBE.name);
        while pages.more() {
            let request = door.config().describe_compliance_by_config_rule().set_next_token(pages.token());
            let page = request.send().await.map_err(|error| ReadError::from_sdk(DESCRIBE.name, error))?;
            for rule in pages.items(harvest, "ComplianceByConfigRules", page.compliance_by_config_rules)? {
                harvest.push(&TABLE, row(rule));
            }
            pages.follow(page.next_token)?;
        }
        Ok(())
    }
}

fn row(rule: ComplianceByConfigRule) -> ComplianceRow {
    let (compliance, count) =
        rule.compliance.map(|compliance| (compliance.compliance_type, compliance.compliance_contributor_count)).unwrap_or_default();
    ComplianceRow {
        config_rule_name: rule.config_rule_name,
        compliance_type: word(compliance),
        contributors_count: count.as_ref().map(|count| i64::from(count.capped_count)),
        contributors_capped: count.map(|count| count.cap_exceeded),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, read};

    #[tokio::test]
    async fn an_empty_page_with_a_token_is_not_the_end_and_what_was_not_evaluated_does_not_pass() {
        let empty = value!({ "ComplianceByConfigRules": [], "NextToken": "2" });
        let last = value!({ "ComplianceByConfigRules": [
            { "ConfigRuleName": "encrypted", "Compliance": {
                "ComplianceType": "NON_COMPLIANT", "ComplianceContributorCount": { "CappedCount": 25, "CapExceeded": true }
            } },
            { "ConfigRuleName": "new", "Compliance": { "ComplianceType": "INSUFFICIENT_DATA" } },
            { "ConfigRuleName": "bare" }
        ] });
        let replies = [json(DESCRIBE.name, &empty), json(DESCRIBE.name, &last).containing(r#""NextToken":"2""#)];
        let (result, mut harvest) = read(&ConfigCompliance, &Unit::REGION, replies).await;
        result.unwrap();
        let rows: Vec<ComplianceRow> = harvest.take(&TABLE).rows();
        assert_eq!((rows[0].compliance_type.as_deref(), rows[0].contributors_count), (Some("NON_COMPLIANT"), Some(25)));
        assert_eq!(rows[0].contributors_capped, Some(true), "25 is the most that is counted");
        assert_eq!((rows[1].compliance_type.as_deref(), rows[1].contributors_count), (Some("INSUFFICIENT_DATA"), None));
        assert_eq!(rows[2].compliance_type, None);
    }
}
