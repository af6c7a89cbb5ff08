//! Accounts that administer AWS Backup for the organization in the place of its management account: one row per account.
//!
//! Calls `ListDelegatedAdministrators` for the service principal of AWS Backup, which only the management account and delegated administrators may
//! call: no other member is asked (`tellers.rs`); where none of them is in the collection it is a gap. Outside an organization there are none, which
//! is an answer. E-mail addresses are not copied.
//!
//! Read once an organization. Key: `admin_account_arn` and `service_principal`.
//!
//! Source: AWS Organizations API Reference, `ListDelegatedAdministrators`.

use async_trait::async_trait;
use aws_sdk_organizations::types::DelegatedAdministrator;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{millis, word};
use super::organization::outside;
use super::pages::Pages;
use crate::dataset::rows::Row;
use crate::dataset::{Table, TableKind};

crate::rows! {
    /// A delegated administrator.
    pub struct DelegatedAdminRow {
        /// ARN of the account
        admin_account_arn: Text, Never, "Arn";
        /// Service that it administers
        service_principal: Text, Never, "ServicePrincipal that was asked for";
        /// The account
        admin_account_id: Text, NotTold, "Id";
        /// Name of the account
        account_name: Text, NotTold, "Name";
        /// `PENDING_ACTIVATION`, `ACTIVE`, `SUSPENDED`, `PENDING_CLOSURE` or `CLOSED`
        state: Text, NotTold, "State";
        /// `ACTIVE`, `SUSPENDED` or `PENDING_CLOSURE`; the older word for the state
        status: Text, NotTold, "Status";
        /// When the account became an administrator
        delegation_enabled_date: Time, NotTold, "DelegationEnabledDate";
    }
}

/// The delegated administrators of AWS Backup.
pub static TABLE: Table = Table {
    name: "delegated_admins",
    kind: TableKind::State,
    doc: "One row for each account that administers AWS Backup for the organization. Read once, in the account that tells.",
    columns: DelegatedAdminRow::COLUMNS,
    key: &["admin_account_arn", "service_principal"],
    parent: None,
    created: None,
    global: true,
    subject: None,
};

const LIST: Operation =
    Operation { service: "organizations", name: "ListDelegatedAdministrators", action: "organizations:ListDelegatedAdministrators" };

/// AWS Backup, as Organizations names it.
const BACKUP: &str = "backup.amazonaws.com";

/// Reads [`TABLE`].
pub(crate) struct DelegatedAdmins;

#[async_trait]
impl Collector for DelegatedAdmins {
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
            let request = door.organizations().list_delegated_administrators().service_principal(BACKUP).set_next_token(pages.token());
            let page = match request.send().await {
                Ok(page) => page,
                Err(error) => return outside(LIST.name, error, harvest),
            };
            for admin in pages.items(harvest, "DelegatedAdministrators", page.delegated_administrators)? {
                harvest.push(&TABLE, row(admin));
            }
            pages.follow(page.next_token)?;
        }
        Ok(())
    }
}

fn row(admin: DelegatedAdministrator) -> DelegatedAdminRow {
    DelegatedAdminRow {
        admin_account_arn: admin.arn,
        service_principal: Some(BACKUP.to_owned()),
        admin_account_id: admin.id,
        account_name: admin.name,
        state: word(admin.state),
        status: word(admin.status),
        delegation_enabled_date: millis(admin.delegation_enabled_date),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;
    use crate::collect::test_reads::{json, read};
    use crate::collect::testing::Reply;
    use crate::dataset::ReadStatus;

    #[tokio::test]
    async fn pages_become_rows_and_what_is_not_sent_stays_null() {
        let arn = |id: &str| format!("arn:aws:organizations::111122223333:account/o-1/{id}");
        let first = value!({
            "DelegatedAdministrators": [{ "Id": "444455556666", "Arn": arn("444455556666"), "Status": "ACTIVE", "Email": "a@example.com" }],
            "NextToken": "2"
        });
        let last = value!({ "DelegatedAdministrators": [{ "Arn": arn("333344445555") }, { "Id": "1" }] });
        let replies = [
            json(LIST.name, &first).containing(r#""ServicePrincipal":"backup.amazonaws.com""#),
            json(LIST.name, &last).containing(r#""NextToken":"2""#),
        ];
        let (result, mut harvest) = read(&DelegatedAdmins, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.items(), harvest.refused().len()), (3, 1), "the account without ARN is counted");
        let rows: Vec<DelegatedAdminRow> = harvest.take(&TABLE).rows();
        assert_eq!((rows[0].admin_account_id.as_deref(), rows[0].status.as_deref()), (Some("444455556666"), Some("ACTIVE")));
        assert_eq!((rows[1].admin_account_id.as_deref(), rows[1].delegation_enabled_date), (None, None));
    }

    #[tokio::test]
    async fn a_member_is_denied_and_an_account_alone_has_none() {
        let (result, _) = read(&DelegatedAdmins, &Unit::REGION, [Reply::denied(LIST.name)]).await;
        assert_eq!(result.unwrap_err().status, ReadStatus::Denied);
        let alone = Reply::error(LIST.name, 400, r#"{"__type":"AWSOrganizationsNotInUseException"}"#);
        let (result, mut harvest) = read(&DelegatedAdmins, &Unit::REGION, [alone]).await;
        assert_eq!((result, harvest.take(&TABLE).len()), (Ok(()), 0));
    }
}
