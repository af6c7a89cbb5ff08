//! Frameworks of AWS Backup Audit Manager: one row per framework, with its controls.
//!
//! Calls `ListFrameworks`, and `DescribeFramework` for each, because the list has neither status nor controls. A framework that cannot be read
//! leaves the others and makes the read partial.
//!
//! Key: `framework_arn`. `framework_status` is what AWS Config recording lets the framework see: a framework that is not `ACTIVE` judges less
//! than it says.

use async_trait::async_trait;
use aws_sdk_backup::operation::describe_framework::DescribeFrameworkOutput;
use aws_sdk_backup::types::{ControlInputParameter, ControlScope, FrameworkControl};
use serde_json::Value;

use super::collector::{Collector, Foretold, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{json, millis, sent};
use super::pages::{Pages, answered};
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A framework.
    pub struct FrameworkRow {
        /// ARN of the framework
        framework_arn: Text, Never, "FrameworkArn";
        /// Name of the framework
        framework_name: Text, NotTold, "FrameworkName";
        /// `CREATE_IN_PROGRESS`, `UPDATE_IN_PROGRESS`, `DELETE_IN_PROGRESS`, `COMPLETED` or `FAILED`
        deployment_status: Text, NotTold, "DeploymentStatus";
        /// `ACTIVE`, `PARTIALLY_ACTIVE`, `INACTIVE` or `UNAVAILABLE`, by what AWS Config records
        framework_status: Text, NotTold, "FrameworkStatus";
        /// Controls with parameters and scope, as the API writes them
        controls: Json, NotTold, "FrameworkControls";
        /// Number of controls
        controls_count: Integer, NotTold, "number of FrameworkControls";
        /// When the framework was created
        creation_time: Time, NotTold, "CreationTime";
    }
}

/// The frameworks of a Region.
pub static TABLE: Table = Table {
    name: "frameworks",
    kind: TableKind::State,
    doc: "One row for each framework of AWS Backup Audit Manager, with its controls.",
    columns: FrameworkRow::COLUMNS,
    key: &["framework_arn"],
    parent: None,
    created: None,
    global: false,
    subject: Some(("framework_arn", "AWS::Backup::Framework")),
};

const LIST: Operation = Operation { service: "backup", name: "ListFrameworks", action: "backup:ListFrameworks" };
const DESCRIBE: Operation = Operation { service: "backup", name: "DescribeFramework", action: "backup:DescribeFramework" };

/// Reads [`TABLE`].
pub(crate) struct Frameworks;

#[async_trait]
impl Collector for Frameworks {
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
            let request = door.backup().list_frameworks().max_results(1_000).set_next_token(pages.token());
            let page = request.send().await.map_err(|error| ReadError::from_sdk(LIST.name, error))?;
            for listed in pages.items(harvest, "Frameworks", page.frameworks)? {
                match framework(door, listed.framework_name).await {
                    Ok(framework) => harvest.push(&TABLE, row(framework)),
                    Err(error) => harvest.failed(error),
                }
            }
            pages.follow(page.next_token)?;
        }
        Ok(())
    }
}

/// One framework in full.
async fn framework(door: &RegionDoor, name: Option<String>) -> Result<DescribeFrameworkOutput, ReadError> {
    let name = answered(LIST.name, "FrameworkName", name)?;
    let answer = door.backup().describe_framework().framework_name(name).send().await;
    answer.map_err(|error| ReadError::from_sdk(DESCRIBE.name, error))
}

fn row(framework: DescribeFrameworkOutput) -> FrameworkRow {
    let controls = framework.framework_controls;
    FrameworkRow {
        framework_arn: framework.framework_arn,
        framework_name: framework.framework_name,
        deployment_status: framework.deployment_status,
        framework_status: framework.framework_status,
        controls_count: controls.as_ref().and_then(|controls| i64::try_from(controls.len()).ok()),
        controls: controls.map(|controls| json(controls.into_iter().map(control).collect())),
        creation_time: millis(framework.creation_time),
    }
}

fn control(control: FrameworkControl) -> Value {
    let parameter = |parameter: ControlInputParameter| {
        sent([("ParameterName", parameter.parameter_name.map(Value::from)), ("ParameterValue", parameter.parameter_value.map(Value::from))])
    };
    let parameters = control.control_input_parameters.map(|all| all.into_iter().map(parameter).collect::<Value>());
    sent([
        ("ControlName", Some(control.control_name.into())),
        ("ControlInputParameters", parameters),
        ("ControlScope", control.control_scope.map(scope)),
    ])
}

fn scope(scope: ControlScope) -> Value {
    let tags = scope.tags.map(|tags| Value::Object(tags.into_iter().map(|(key, value)| (key, value.into())).collect()));
    sent([
        ("ComplianceResourceIds", scope.compliance_resource_ids.map(Value::from)),
        ("ComplianceResourceTypes", scope.compliance_resource_types.map(Value::from)),
        ("Tags", tags),
    ])
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, read};
    use crate::collect::testing::Reply;
    use crate::dataset::rows::{Json, Millis};

    const CORE: &str = "arn:aws:backup:eu-west-1:111122223333:framework:core-6f8f0f5b";

    #[tokio::test]
    async fn frameworks_of_all_pages_are_read_with_their_controls() {
        let first = value!({ "Frameworks": [{ "FrameworkName": "core", "NumberOfControls": 1 }], "NextToken": "2" });
        let last = value!({ "Frameworks": [{ "FrameworkName": "bare" }] });
        let full = value!({
            "FrameworkArn": CORE, "FrameworkName": "core", "DeploymentStatus": "COMPLETED", "FrameworkStatus": "PARTIALLY_ACTIVE",
            "CreationTime": 1_763_000_000, "FrameworkControls": [{
                "ControlName": "BACKUP_RECOVERY_POINT_MINIMUM_RETENTION_CHECK",
                "ControlInputParameters": [{ "ParameterValue": "35", "ParameterName": "requiredRetentionDays" }],
                "ControlScope": { "ComplianceResourceTypes": ["RDS"], "Tags": { "stage": "prod" } }
            }]
        });
        let bare = value!({ "FrameworkArn": format!("{CORE}-2") });
        let replies = [
            json(LIST.name, &first),
            json(LIST.name, &last).containing("NextToken=2"),
            json(DESCRIBE.name, &full).containing("/audit/frameworks/core"),
            json(DESCRIBE.name, &bare).containing("/audit/frameworks/bare"),
        ];
        let (result, mut harvest) = read(&Frameworks, &Unit::REGION, replies).await;
        result.unwrap();
        let rows: Vec<FrameworkRow> = harvest.take(&TABLE).rows();
        let controls = r#"[{"ControlInputParameters":[{"ParameterName":"requiredRetentionDays","ParameterValue":"35"}],"ControlName":"BACKUP_RECOVERY_POINT_MINIMUM_RETENTION_CHECK","ControlScope":{"ComplianceResourceTypes":["RDS"],"Tags":{"stage":"prod"}}}]"#;
        assert_eq!((rows[0].controls.clone(), rows[0].controls_count), (Some(Json(controls.into())), Some(1)));
        let told = (rows[0].framework_status.as_deref(), rows[0].creation_time);
        assert_eq!(told, (Some("PARTIALLY_ACTIVE"), Some(Millis(1_763_000_000_000))));
        let none = (rows[1].controls_count, rows[1].framework_status.as_deref(), rows[1].deployment_status.as_deref());
        assert_eq!(none, (None, None, None), "controls that were not sent are not zero controls");
    }

    #[tokio::test]
    async fn a_framework_that_cannot_be_read_leaves_the_others() {
        let list = value!({ "Frameworks": [{ "FrameworkName": "a" }, { "FrameworkName": "b" }, { "FrameworkName": "c" }, {}] });
        let replies = [
            json(LIST.name, &list),
            Reply::denied(DESCRIBE.name).containing("/frameworks/a"),
            json(DESCRIBE.name, &value!({ "FrameworkArn": CORE, "FrameworkControls": [] })).containing("/frameworks/b"),
            json(DESCRIBE.name, &value!({ "FrameworkName": "c" })).containing("/frameworks/c"),
        ];
        let (result, mut harvest) = read(&Frameworks, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!(harvest.refused().len(), 3, "denied, without ARN, without name: {:?}", harvest.refused());
        assert_eq!(harvest.failure().map(|failure| failure.operation.as_str()), Some(DESCRIBE.name));
        assert_eq!(harvest.take(&TABLE).rows::<FrameworkRow>()[0].controls_count, Some(0));
    }

    #[tokio::test]
    async fn no_frameworks_is_an_answer() {
        let (result, mut harvest) = read(&Frameworks, &Unit::REGION, [json(LIST.name, &value!({ "Frameworks": [] }))]).await;
        assert_eq!((result, harvest.take(&TABLE).len()), (Ok(()), 0));
    }
}
