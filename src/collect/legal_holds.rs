//! Legal holds: one row per hold, with the recovery points that it keeps.
//!
//! Calls `ListLegalHolds`, and `GetLegalHold` for each, because the list does not say which points are held. A hold that cannot be read leaves the
//! others and makes the read partial. Cancelled holds stay on the list.
//!
//! Key: `legal_hold_arn`. A held point outlives its lifecycle. Holds keep no continuous points and do not follow copies. A hold whose points AWS
//! does not tell is refused, because NULL would say that it keeps them all.

use async_trait::async_trait;
use aws_sdk_backup::operation::get_legal_hold::GetLegalHoldOutput;

use super::collector::{Collector, Foretold, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{list, millis, required_millis, word};
use super::pages::{Pages, answered};
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A legal hold.
    pub struct LegalHoldRow {
        /// ARN of the hold
        legal_hold_arn: Text, Never, "LegalHoldArn";
        /// Id of the hold
        legal_hold_id: Text, NotTold, "LegalHoldId";
        /// Title of the hold
        title: Text, NotTold, "Title";
        /// `CREATING`, `ACTIVE`, `CANCELING` or `CANCELED`
        status: Text, NotTold, "Status";
        /// Names of the vaults whose points are held
        vault_names: Json, Means("points are not held by vault"), "RecoveryPointSelection.VaultNames";
        /// Resources whose points are held
        resource_identifiers: Json, Means("points are not held by resource"), "RecoveryPointSelection.ResourceIdentifiers";
        /// Creation from which points are held
        from_date: Time, Means("no date bounds what is held"), "RecoveryPointSelection.DateRange.FromDate";
        /// Creation up to which points are held
        to_date: Time, Means("no date bounds what is held"), "RecoveryPointSelection.DateRange.ToDate";
        /// When the hold was created
        creation_date: Time, NotTold, "CreationDate";
        /// When the hold was cancelled
        cancellation_date: Time, Means("not cancelled"), "CancellationDate";
    }
}

/// The legal holds of a Region.
pub static TABLE: Table = Table {
    name: "legal_holds",
    kind: TableKind::State,
    doc: "One row for each legal hold, with the recovery points that it keeps.",
    columns: LegalHoldRow::COLUMNS,
    key: &["legal_hold_arn"],
    parent: None,
    created: None,
    global: false,
    subject: None,
};

const LIST: Operation = Operation { service: "backup", name: "ListLegalHolds", action: "backup:ListLegalHolds" };
const GET: Operation = Operation { service: "backup", name: "GetLegalHold", action: "backup:GetLegalHold" };

/// Reads [`TABLE`].
pub(crate) struct LegalHolds;

#[async_trait]
impl Collector for LegalHolds {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[LIST, GET]
    }

    fn foretold(&self) -> &'static [(Operation, Foretold)] {
        &[(GET, Foretold::OneByOne)]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut pages = Pages::of(LIST.name);
        while pages.more() {
            let request = door.backup().list_legal_holds().max_results(1_000).set_next_token(pages.token());
            let page = request.send().await.map_err(|error| ReadError::from_sdk(LIST.name, error))?;
            for listed in pages.items(harvest, "LegalHolds", page.legal_holds)? {
                match hold(door, listed.legal_hold_id).await {
                    Ok(row) => harvest.push(&TABLE, row),
                    Err(error) => harvest.failed(error),
                }
            }
            pages.follow(page.next_token)?;
        }
        Ok(())
    }
}

/// One hold in full.
async fn hold(door: &RegionDoor, id: Option<String>) -> Result<LegalHoldRow, ReadError> {
    let id = answered(LIST.name, "LegalHoldId", id)?;
    let answer = door.backup().get_legal_hold().legal_hold_id(id).send().await;
    row(answer.map_err(|error| ReadError::from_sdk(GET.name, error))?)
}

fn row(hold: GetLegalHoldOutput) -> Result<LegalHoldRow, ReadError> {
    let points = answered(GET.name, "RecoveryPointSelection", hold.recovery_point_selection)?;
    let (from_date, to_date) = points.date_range.map(|range| (range.from_date, range.to_date)).unzip();
    Ok(LegalHoldRow {
        legal_hold_arn: hold.legal_hold_arn,
        legal_hold_id: hold.legal_hold_id,
        title: hold.title,
        status: word(hold.status),
        vault_names: list(points.vault_names),
        resource_identifiers: list(points.resource_identifiers),
        from_date: from_date.and_then(required_millis),
        to_date: to_date.and_then(required_millis),
        creation_date: millis(hold.creation_date),
        cancellation_date: millis(hold.cancellation_date),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, read};
    use crate::collect::testing::Reply;
    use crate::dataset::rows::{Json, Millis};

    const CASE: &str = "arn:aws:backup:eu-west-1:111122223333:legal-hold:7c2a";

    #[tokio::test]
    async fn holds_of_all_pages_are_read_with_what_they_keep() {
        let first = value!({ "LegalHolds": [{ "LegalHoldId": "7c2a" }], "NextToken": "2" });
        let last = value!({ "LegalHolds": [{ "LegalHoldId": "9d1b" }] });
        let full = value!({
            "LegalHoldArn": CASE, "LegalHoldId": "7c2a", "Title": "case 12", "Status": "ACTIVE", "CreationDate": 1_763_000_000,
            "RecoveryPointSelection": { "VaultNames": ["prod"], "DateRange": { "FromDate": 1_760_000_000, "ToDate": 1_762_000_000 } }
        });
        let bare = value!({ "LegalHoldArn": format!("{CASE}-2"), "Status": "CANCELED", "CancellationDate": 1_764_000_000, "RecoveryPointSelection": {} });
        let replies = [
            json(LIST.name, &first),
            json(LIST.name, &last).containing("nextToken=2"),
            json(GET.name, &full).containing("/legal-holds/7c2a"),
            json(GET.name, &bare).containing("/legal-holds/9d1b"),
        ];
        let (result, mut harvest) = read(&LegalHolds, &Unit::REGION, replies).await;
        result.unwrap();
        let rows: Vec<LegalHoldRow> = harvest.take(&TABLE).rows();
        assert_eq!((rows[0].vault_names.clone(), rows[0].resource_identifiers.clone()), (Some(Json(r#"["prod"]"#.into())), None));
        assert_eq!((rows[0].from_date, rows[0].to_date), (Some(Millis(1_760_000_000_000)), Some(Millis(1_762_000_000_000))));
        assert_eq!((rows[0].status.as_deref(), rows[0].cancellation_date), (Some("ACTIVE"), None));
        assert_eq!(
            (rows[1].vault_names.clone(), rows[1].from_date, rows[1].cancellation_date),
            (None, None, Some(Millis(1_764_000_000_000)))
        );
    }

    #[tokio::test]
    async fn a_hold_that_cannot_be_read_leaves_the_others() {
        let list = value!({ "LegalHolds": [{ "LegalHoldId": "a" }, { "LegalHoldId": "b" }, { "LegalHoldId": "c" }, { "Title": "lost" }] });
        let replies = [
            json(LIST.name, &list),
            Reply::denied(GET.name).containing("/legal-holds/a"),
            json(GET.name, &value!({ "LegalHoldArn": CASE, "Status": "ACTIVE" })).containing("/legal-holds/b"),
            json(GET.name, &value!({ "LegalHoldArn": CASE, "RecoveryPointSelection": {} })).containing("/legal-holds/c"),
        ];
        let (result, mut harvest) = read(&LegalHolds, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!(harvest.refused().len(), 3, "denied, without what is held, without id: {:?}", harvest.refused());
        assert_eq!(harvest.failure().map(|failure| failure.operation.as_str()), Some(GET.name));
        assert_eq!(harvest.take(&TABLE).len(), 1);
    }

    #[tokio::test]
    async fn no_holds_is_an_answer() {
        let (result, mut harvest) = read(&LegalHolds, &Unit::REGION, [json(LIST.name, &value!({ "LegalHolds": [] }))]).await;
        assert_eq!((result, harvest.take(&TABLE).len()), (Ok(()), 0));
    }
}
