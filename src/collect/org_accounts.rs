//! The accounts of the organization: one row per account.
//!
//! Calls `ListAccounts`, which only the management account and delegated administrators may call: no other member is asked (`tellers.rs`). Where
//! none of them is in the collection it is a gap, because nobody told which accounts there are. Outside an organization there are none, which is an
//! answer. E-mail addresses are not copied.
//!
//! Read once an organization. Key: `account_arn`.
//!
//! Source: AWS Organizations API Reference, `ListAccounts`.

use async_trait::async_trait;
use aws_sdk_organizations::types::Account;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{millis, word};
use super::organization::outside;
use super::pages::Pages;
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// An account of the organization.
    pub struct OrgAccountRow {
        /// ARN of the account
        account_arn: Text, Never, "Arn";
        /// The account
        member_account_id: Text, Never, "Id";
        /// Name of the account
        account_name: Text, NotTold, "Name";
        /// `PENDING_ACTIVATION`, `ACTIVE`, `SUSPENDED`, `PENDING_CLOSURE` or `CLOSED`
        state: Text, NotTold, "State";
        /// `ACTIVE`, `SUSPENDED` or `PENDING_CLOSURE`; the older word for the state
        status: Text, NotTold, "Status";
        /// `INVITED` or `CREATED`
        joined_method: Text, NotTold, "JoinedMethod";
        /// When the account became part of the organization
        joined_timestamp: Time, NotTold, "JoinedTimestamp";
    }
}

/// The accounts of an organization.
pub static TABLE: Table = Table {
    name: "org_accounts",
    kind: TableKind::State,
    doc: "One row for each account of the organization, as its management account or a delegated administrator sees them. Read once, in the account that tells.",
    columns: OrgAccountRow::COLUMNS,
    key: &["account_arn"],
    parent: None,
    created: None,
    global: true,
    subject: None,
};

const LIST: Operation = Operation { service: "organizations", name: "ListAccounts", action: "organizations:ListAccounts" };

/// Reads [`TABLE`].
pub(crate) struct OrgAccounts;

#[async_trait]
impl Collector for OrgAccounts {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&TABLE] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[LIST]
    }

    fn once_an_organization(&self) -> bool {
        true
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut pages = Pages::of(LIST.name);
        while pages.more() {
            let page = match door.organizations().list_accounts().set_next_token(pages.token()).send().await {
                Ok(page) => page,
                Err(error) => return outside(LIST.name, error, harvest),
            };
            for account in pages.items(harvest, "Accounts", page.accounts)? {
                harvest.push(&TABLE, row(account));
            }
            pages.follow(page.next_token)?;
        }
        Ok(())
    }
}

fn row(account: Account) -> OrgAccountRow {
    OrgAccountRow {
        account_arn: account.arn,
        member_account_id: account.id,
        account_name: account.name,
        state: word(account.state),
        status: word(account.status),
        joined_method: word(account.joined_method),
        joined_timestamp: millis(account.joined_timestamp),
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

    #[tokio::test]
    async fn pages_become_rows_and_what_is_not_sent_stays_null() {
        let arn = "arn:aws:organizations::111122223333:account/o-1/444455556666";
        let first = value!({ "Accounts": [{
            "Id": "444455556666", "Arn": arn, "Name": "data", "Email": "data@example.com", "State": "ACTIVE", "Status": "ACTIVE",
            "JoinedMethod": "CREATED", "JoinedTimestamp": 1_763_000_000
        }], "NextToken": "2" });
        let empty = value!({ "Accounts": [], "NextToken": "3" });
        let other = "arn:aws:organizations::111122223333:account/o-1/333344445555";
        let last = value!({ "Accounts": [{ "Id": "333344445555", "Arn": other }, { "Id": "1" }] });
        let replies = [
            json(LIST.name, &first),
            json(LIST.name, &empty).containing(r#""NextToken":"2""#),
            json(LIST.name, &last).containing(r#""NextToken":"3""#),
        ];
        let (result, mut harvest) = read(&OrgAccounts, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.pages(), harvest.items(), harvest.refused().len()), (3, 3, 1), "the account without ARN is counted");
        let rows: Vec<OrgAccountRow> = harvest.take(&TABLE).rows();
        assert_eq!((rows[0].account_arn.as_deref(), rows[0].joined_timestamp), (Some(arn), Some(Millis(1_763_000_000_000))));
        assert_eq!((rows[0].state.as_deref(), rows[0].account_name.as_deref()), (Some("ACTIVE"), Some("data")));
        assert_eq!((rows[1].state.as_deref(), rows[1].joined_timestamp), (None, None));
    }

    #[tokio::test]
    async fn a_member_is_denied_and_an_account_alone_has_none() {
        let (result, _) = read(&OrgAccounts, &Unit::REGION, [Reply::denied(LIST.name)]).await;
        assert_eq!(result.unwrap_err().status, ReadStatus::Denied, "a member does not know the others");
        let alone = Reply::error(LIST.name, 400, r#"{"__type":"AWSOrganizationsNotInUseException"}"#);
        let (result, mut harvest) = read(&OrgAccounts, &Unit::REGION, [alone]).await;
        assert_eq!((result, harvest.take(&TABLE).len()), (Ok(()), 0));
    }
}
