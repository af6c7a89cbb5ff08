//! Whether a recorder of AWS Config keeps what backups need.
//!
//! It does where it records, its last recording went well, and it takes what plans, selections and vaults are and what holds data. Recovery points may be
//! left out: there are many, and AWS Backup lists them. Whether each type of data is there to be recorded is not asked, so that a recorder of some of
//! them is one of which it is not known.
//!
//! Source: AWS Config API reference, `RecordingGroup`, `RecordingStrategy`, `ConfigurationRecorderStatus`.

use crate::dataset::rows::Json;
use crate::facts::FactError;
use crate::facts::objectives::and;
use crate::facts::population::json;

/// Without these nobody sees what was to be backed up, and where to.
const OF_BACKUPS: [&str; 3] = ["AWS::Backup::BackupPlan", "AWS::Backup::BackupSelection", "AWS::Backup::BackupVault"];
/// What holds data, as AWS Config names it; clusters of Neptune and `DocumentDB` are there as those of RDS.
const OF_DATA: [&str; 8] = [
    "AWS::DynamoDB::Table",
    "AWS::EC2::Instance",
    "AWS::EC2::Volume",
    "AWS::EFS::FileSystem",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::Redshift::Cluster",
    "AWS::S3::Bucket",
];

crate::rows! {
    /// What is needed of `config_recorders`.
    pub(super) struct RecorderRow {
        account_id: Text; region: Text; configuration_recorder_name: Text; recording: Boolean; last_status: Text; all_supported: Boolean;
        recording_strategy: Text; resource_types: Json; exclusion_resource_types: Json;
    }
}

/// Whether a recorder keeps what backups need.
///
/// # Errors
/// A cell that is no list of types.
pub(super) fn records(row: RecorderRow) -> Result<Option<bool>, FactError> {
    let name = row.configuration_recorder_name.unwrap_or_default();
    let named = list("resource_types", &name, row.resource_types)?;
    let left_out = list("exclusion_resource_types", &name, row.exclusion_resource_types)?;
    let takes = match (row.recording_strategy.as_deref(), row.all_supported) {
        (Some("ALL_SUPPORTED_RESOURCE_TYPES"), _) | (None, Some(true)) => Some(true),
        // A list that was not told, or has nothing in it, says nothing. Before there were strategies, types were named or left out.
        (Some("INCLUSION_BY_RESOURCE_TYPES"), _) | (None, Some(false)) if !named.is_empty() => {
            of_types(|kind| named.iter().any(|one| one == kind))
        }
        (Some("EXCLUSION_BY_RESOURCE_TYPES"), _) | (None, Some(false)) if !left_out.is_empty() => {
            of_types(|kind| !left_out.iter().any(|one| one == kind))
        }
        _ => None,
    };
    Ok(and(row.recording, and(went_well(row.last_status.as_deref()), takes)))
}

fn list(column: &'static str, name: &str, cell: Option<Json>) -> Result<Vec<String>, FactError> {
    Ok(json::<Vec<String>>("config_recorders", column, name, cell)?.unwrap_or_default())
}

fn of_types(takes: impl Fn(&str) -> bool) -> Option<bool> {
    and(Some(OF_BACKUPS.into_iter().all(&takes)), OF_DATA.into_iter().all(&takes).then_some(true))
}

/// Whether the last recording went well: AWS writes the word in two ways.
fn went_well(status: Option<&str>) -> Option<bool> {
    let status = status?;
    if status.eq_ignore_ascii_case("Success") { Some(true) } else { status.eq_ignore_ascii_case("Failure").then_some(false) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_recorder_keeps() {
        let strategy = |name: &str| Some(format!("{name}_BY_RESOURCE_TYPES"));
        let types = |types: &[&str]| Some(Json(serde_json::to_string(types).unwrap()));
        let row = || RecorderRow {
            recording: Some(true),
            last_status: Some("SUCCESS".into()),
            all_supported: Some(false),
            ..RecorderRow::default()
        };
        let all = || RecorderRow { recording_strategy: Some("ALL_SUPPORTED_RESOURCE_TYPES".into()), all_supported: Some(true), ..row() };
        let only = |named: &[&str]| RecorderRow { recording_strategy: strategy("INCLUSION"), resource_types: types(named), ..row() };
        let without = |left_out: &[&str]| RecorderRow {
            recording_strategy: strategy("EXCLUSION"),
            exclusion_resource_types: types(left_out),
            ..row()
        };
        let (yes, no) = (Some(true), Some(false));
        let both = [OF_BACKUPS.as_slice(), OF_DATA.as_slice()].concat();
        let cases = [
            ("everything", all(), yes),
            ("everything, and the strategy was not told", RecorderRow { recording_strategy: None, ..all() }, yes),
            ("stopped", RecorderRow { recording: no, ..all() }, no),
            ("the last recording failed", RecorderRow { last_status: Some("Failure".into()), ..all() }, no),
            ("none was done yet", RecorderRow { last_status: Some("Pending".into()), ..all() }, None),
            ("how the last went was not told", RecorderRow { last_status: None, ..all() }, None),
            ("instances only", only(&["AWS::EC2::Instance"]), no),
            ("backups, and nothing that holds data", only(&OF_BACKUPS), None),
            ("backups and all that holds data", only(&both), yes),
            ("the same without a strategy", RecorderRow { recording_strategy: None, ..only(&both) }, yes),
            ("all but recovery points", without(&["AWS::Backup::RecoveryPoint"]), yes),
            ("the same without a strategy", RecorderRow { recording_strategy: None, ..without(&["AWS::Backup::RecoveryPoint"]) }, yes),
            ("by exclusion, and what is left out was not told", RecorderRow { exclusion_resource_types: None, ..without(&[]) }, None),
            ("by name, and the names were not told", RecorderRow { resource_types: None, ..only(&[]) }, None),
            ("all but vaults", without(&["AWS::Backup::BackupVault"]), no),
            ("all but buckets", without(&["AWS::S3::Bucket"]), None),
            ("a strategy that nobody knows", RecorderRow { recording_strategy: Some("NEW".into()), ..all() }, None),
            ("what it takes was not told", RecorderRow { all_supported: None, ..row() }, None),
            ("no type is named or left out", row(), None),
        ];
        for (why, row, expected) in cases {
            assert_eq!(records(row).unwrap(), expected, "{why}");
        }
    }
}
