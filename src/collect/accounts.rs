//! The accounts of a collection: which there are, how they are entered, and which Regions each has.
//!
//! An organisation names its accounts to its management account and to delegated administrators. Those that are not active hold no answer and
//! are left out, by name. Each of the others is entered with a role of one name; the caller's own account needs none. An account that cannot be
//! entered stays part of the collection: everything in it is unread, which is not the same as nothing there.

use futures::stream::{self, StreamExt};

use super::clients::GLOBAL;
use super::collector::{Harvest, Operation, ReadError};
use super::door::Door;
use super::ec2::enabled_regions;
use super::pages::{Pages, unreadable};

/// Names the accounts of an organisation.
pub(crate) const LIST_ACCOUNTS: Operation =
    Operation { service: "organizations", name: "ListAccounts", action: "organizations:ListAccounts" };
/// Names the Regions of an account.
pub(crate) const DESCRIBE_REGIONS: Operation = Operation { service: "ec2", name: "DescribeRegions", action: "ec2:DescribeRegions" };

/// Accounts entered at a time.
const ENTERED_AT_ONCE: usize = 16;

/// How other accounts are entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Name of the role, with its path if it has one: `audit/BackupAuditor`.
    pub role_name: String,
    /// External id that the role's trust policy asks for.
    pub external_id: Option<String>,
}

/// An account that is read.
#[derive(Clone, Debug)]
pub struct Account {
    /// Twelve digits.
    pub account_id: String,
    /// The way in, or why there is none.
    pub door: Result<Door, ReadError>,
    /// Its Regions to read, sorted.
    pub regions: Vec<String>,
}

/// What an organisation consists of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Organization {
    /// Ids of active accounts, sorted.
    pub active: Vec<String>,
    /// Ids and states of the others, sorted.
    pub inactive: Vec<(String, String)>,
}

/// The accounts of the caller's organisation.
///
/// Source: AWS Organizations API reference, `ListAccounts`: pages can be empty and still have a token; only `ACTIVE` accounts can be entered.
///
/// # Errors
/// `ReadError`: the caller's account is neither the management account nor a delegated administrator, there is no organisation, no account of it is
/// active, or no answer.
pub async fn organization(door: &Door) -> Result<Organization, ReadError> {
    let place = door.region(GLOBAL);
    let mut found = Organization::default();
    let mut pages = Pages::of(LIST_ACCOUNTS.name);
    let mut harvest = Harvest::default();
    while pages.more() {
        let request = place.organizations().list_accounts().max_results(20).set_next_token(pages.token());
        let page = request.send().await.map_err(|error| ReadError::from_sdk(LIST_ACCOUNTS.name, error))?;
        for account in pages.items(&mut harvest, "Accounts", page.accounts)? {
            let Some(id) = account.id else {
                return Err(unreadable(LIST_ACCOUNTS.name, "an account came without its id"));
            };
            // `State` replaces `Status`; either may come.
            let state = account.state.map(|state| state.as_str().to_owned());
            let state = state.or(account.status.map(|status| status.as_str().to_owned())).unwrap_or_else(|| "UNTOLD".to_owned());
            match state.as_str() {
                // An account of unknown state is tried: what cannot be read of it will show.
                "ACTIVE" | "UNTOLD" => found.active.push(id),
                _ => found.inactive.push((id, state)),
            }
        }
        pages.follow(page.next_token)?;
    }
    if found.active.is_empty() {
        // The management account at least is active: a collection of no account would be complete and say nothing.
        return Err(unreadable(LIST_ACCOUNTS.name, "the answer holds no active account"));
    }
    found.active.sort();
    found.active.dedup();
    found.inactive.sort();
    Ok(found)
}

/// Enters accounts, some at a time, and finds the enabled Regions of each unless `regions` names those to read. Sorted by account.
///
/// An account that does not tell its Regions counts as one that cannot be entered: what lies in Regions nobody knows of would not even be missed. It is
/// then unread in the Regions of the caller's account.
///
/// # Errors
/// The Regions of the caller's own account cannot be told.
pub async fn enter(home: &Door, ids: &[String], entry: Option<&Entry>, regions: &[String]) -> Result<Vec<Account>, ReadError> {
    let own_regions = match regions {
        [] => enabled_regions(&home.region(home.home_region())).await?,
        regions => regions.to_vec(),
    };
    let own = home.caller().account_id.as_str();
    let one = async |id: &String| {
        let door = match entry {
            _ if id == own => Ok(home.clone()),
            Some(entry) => home.enter(id, entry).await,
            None => Err(unreadable("AssumeRole", "no role is named with which to enter other accounts")),
        };
        let (door, regions) = match door {
            Ok(door) if regions.is_empty() && id != own => match enabled_regions(&door.region(home.home_region())).await {
                Ok(regions) => (Ok(door), regions),
                Err(error) => (Err(error), own_regions.clone()),
            },
            door => (door, own_regions.clone()),
        };
        Account { account_id: id.clone(), door, regions }
    };
    let mut accounts: Vec<Account> = stream::iter(ids).map(one).buffer_unordered(ENTERED_AT_ONCE).collect().await;
    accounts.sort_by(|one, other| one.account_id.cmp(&other.account_id));
    Ok(accounts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::call_log::CallLog;
    use crate::collect::test_reads::json;
    use crate::collect::testing::{self, Reply};

    fn page(accounts: &serde_json::Value, next: Option<&str>) -> Reply {
        json(LIST_ACCOUNTS.name, &serde_json::json!({ "Accounts": accounts, "NextToken": next }))
    }

    async fn of(replies: impl IntoIterator<Item = Reply>) -> Result<Organization, String> {
        let door = testing::fake(replies).open(CallLog::counting()).await;
        organization(&door).await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn all_pages_are_read_and_only_active_accounts_entered() {
        let first = serde_json::json!([{ "Id": "444455556666", "State": "ACTIVE" }, { "Id": "222233334444", "State": "SUSPENDED", "Status": "ACTIVE" }]);
        let last = serde_json::json!([{ "Id": "111122223333", "Status": "ACTIVE" }, { "Id": "333344445555" }]);
        let found = of([page(&first, Some("2")), page(&serde_json::json!([]), Some("3")), page(&last, None)]).await.unwrap();
        assert_eq!(found.active, ["111122223333", "333344445555", "444455556666"], "an empty page is not the end; untold states are tried");
        assert_eq!(found.inactive, [("222233334444".to_owned(), "SUSPENDED".to_owned())], "State wins over Status");
    }

    #[tokio::test]
    async fn an_organisation_without_an_active_account_is_no_answer() {
        let closed = serde_json::json!([{ "Id": "222233334444", "State": "SUSPENDED" }]);
        for accounts in [serde_json::json!([]), closed] {
            assert_eq!(of([page(&accounts, None)]).await.unwrap_err(), "ListAccounts: the answer holds no active account");
        }
        let nameless = serde_json::json!([{ "State": "ACTIVE" }]);
        assert!(of([page(&nameless, None)]).await.unwrap_err().contains("without its id"));
        assert!(of([Reply::denied(LIST_ACCOUNTS.name)]).await.unwrap_err().contains("not allowed"));
    }
}
