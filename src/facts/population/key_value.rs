//! Tables of `DynamoDB`.

use super::tagged::{self, Tagged};
use super::{Resource, Settings, Source, Told};
use crate::facts::{FactError, Inputs};

pub(super) const TABLE: &str = "dynamodb_tables";

/// The tables of `DynamoDB`; their list has no tags.
pub(super) const SOURCE: Source = Source { tables: &[TABLE], beside: &[tagged::TABLE], arns: &[("dynamodb", "table/")], read };

crate::rows! {
    /// What the population needs of `dynamodb_tables`.
    struct TableRow {
        account_id: Text; region: Text; table_arn: Text; table_name: Text; table_status: Text; creation_date_time_s: Integer;
        deletion_protection_enabled: Boolean; point_in_time_recovery_status: Text; recovery_period_days: Integer;
        earliest_restorable_date_time_s: Integer; latest_restorable_date_time_s: Integer; collection: Text;
    }
}

fn read(inputs: &Inputs<'_>) -> Result<Vec<Resource>, FactError> {
    let tagged = Tagged::read(inputs)?;
    Ok(inputs.rows::<TableRow>(TABLE)?.into_iter().map(|row| of_table(inputs, row, &tagged)).collect())
}

fn of_table(inputs: &Inputs<'_>, row: TableRow, tagged: &Tagged) -> Resource {
    let told = Told {
        table: TABLE,
        resource_type: "AWS::DynamoDB::Table",
        tags: tagged.of(row.table_arn.as_deref(), row.account_id.as_deref(), row.region.as_deref()),
        arn: row.table_arn,
        account_id: row.account_id,
        region: row.region,
        name: row.table_name,
        engine: None,
        status: row.table_status,
        created_s: row.creation_date_time_s,
        collection: row.collection,
    };
    let natively = match row.point_in_time_recovery_status.as_deref() {
        Some("ENABLED") => Some(true),
        Some("DISABLED") => Some(false),
        _ => None,
    };
    Resource {
        natively,
        native_retention_days: if natively == Some(false) { Some(0) } else { row.recovery_period_days },
        earliest_restorable_s: row.earliest_restorable_date_time_s,
        latest_restorable_s: row.latest_restorable_date_time_s,
        settings: Settings { deletion_protection: row.deletion_protection_enabled, ..Settings::default() },
        ..told.resource(inputs)
    }
}
