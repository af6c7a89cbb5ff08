//! Protected resources: one row per resource that has a recovery point, whatever the point's state and age.
//!
//! Calls `ListProtectedResources`. It is not a list of what is protected today: a resource stays on it while any recovery point of it is left,
//! also after the resource is deleted.
//!
//! Key: `resource_arn`.

use async_trait::async_trait;
use aws_sdk_backup::types::ProtectedResource;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{millis, resource_key};
use super::pages::Pages;
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A resource with recovery points.
    pub struct ProtectedResourceRow {
        /// ARN of the resource
        resource_arn: Text, Never, "ResourceArn";
        /// Integer key of the ARN
        resource_key: Integer, NotTold, "key of ResourceArn";
        /// Resource type as AWS Backup names it
        resource_type: Text, NotTold, "ResourceType";
        /// Name of the resource
        resource_name: Text, NotTold, "ResourceName";
        /// When the resource was last backed up
        last_backup_time: Time, NotTold, "LastBackupTime";
        /// Vault of the newest recovery point
        last_backup_vault_arn: Text, NotTold, "LastBackupVaultArn";
        /// The newest recovery point
        last_recovery_point_arn: Text, NotTold, "LastRecoveryPointArn";
    }
}

/// The protected resources of a Region.
pub static TABLE: Table = Table {
    name: "protected_resources",
    kind: TableKind::State,
    doc: "One row for each resource that has a recovery point, also if the resource is gone.",
    columns: ProtectedResourceRow::COLUMNS,
    key: &["resource_arn"],
    parent: None,
    created: None,
    global: false,
    subject: None,
};

const LIST: Operation = Operation { service: "backup", name: "ListProtectedResources", action: "backup:ListProtectedResources" };

/// Reads [`TABLE`].
pub(crate) struct ProtectedResources;

#[async_trait]
impl Collector for ProtectedResources {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[LIST]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut pages = Pages::of(LIST.name);
        while pages.more() {
            let request = door.backup().list_protected_resources().max_results(1_000).set_next_token(pages.token());
            let page = request.send().await.map_err(|error| ReadError::from_sdk(LIST.name, error))?;
            for resource in pages.items(harvest, "Results", page.results)? {
                harvest.push(&TABLE, row(resource));
            }
            harvest.leave().await?;
            pages.follow(page.next_token)?;
        }
        Ok(())
    }
}

fn row(resource: ProtectedResource) -> ProtectedResourceRow {
    ProtectedResourceRow {
        resource_key: resource_key(resource.resource_arn.as_deref()),
        resource_arn: resource.resource_arn,
        resource_type: resource.resource_type,
        resource_name: resource.resource_name,
        last_backup_time: millis(resource.last_backup_time),
        last_backup_vault_arn: resource.last_backup_vault_arn,
        last_recovery_point_arn: resource.last_recovery_point_arn,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, read};
    use crate::collect::testing::Reply;
    use crate::dataset::ReadStatus;
    use crate::dataset::rows::Millis;

    const ORDERS: &str = "arn:aws:rds:eu-west-1:111122223333:db:orders";

    #[tokio::test]
    async fn pages_become_rows_and_a_resource_without_arn_is_refused() {
        let first = value!({ "Results": [{
            "ResourceArn": ORDERS, "ResourceType": "RDS", "ResourceName": "orders", "LastBackupTime": 1_763_000_000,
            "LastRecoveryPointArn": "arn:aws:rds:eu-west-1:111122223333:snapshot:awsbackup:job-1"
        }], "NextToken": "2" });
        let empty = value!({ "Results": [], "NextToken": "3" });
        let last = value!({ "Results": [{ "ResourceArn": "arn:aws:s3:::logs" }, { "ResourceType": "RDS" }] });
        let pages = [first, empty, last].map(|page| json(LIST.name, &page));
        let (result, mut harvest) = read(&ProtectedResources, &Unit::REGION, pages).await;
        result.unwrap();
        assert_eq!((harvest.pages(), harvest.items(), harvest.refused().len()), (3, 3, 1));
        let rows: Vec<ProtectedResourceRow> = harvest.take(&TABLE).rows();
        assert_eq!((rows[0].resource_key, rows[0].last_backup_time), (resource_key(Some(ORDERS)), Some(Millis(1_763_000_000_000))));
        assert_eq!((rows[1].last_backup_time, rows[1].last_backup_vault_arn.as_deref()), (None, None));
    }

    #[tokio::test]
    async fn a_denial_on_the_second_page_keeps_the_first() {
        let first = value!({ "Results": [{ "ResourceArn": ORDERS }], "NextToken": "2" });
        let (result, mut harvest) = read(&ProtectedResources, &Unit::REGION, [json(LIST.name, &first), Reply::denied(LIST.name)]).await;
        assert_eq!((result.unwrap_err().status, harvest.take(&TABLE).len()), (ReadStatus::Denied, 1));
    }
}
