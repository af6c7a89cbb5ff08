//! What an organization is asked once: who tells its accounts, policies and delegated administrators, and who is not asked for them.
//!
//! AWS tells them to the management account and to delegated administrators, and refuses every other member. So they are read after all accounts have
//! said which organization they belong to: by the management account if it was entered, else by the caller. The others are not asked; their record is
//! [`Elsewhere`](crate::dataset::ReadStatus::Elsewhere), which is neither a gap nor complete. Where nobody can tell, one account has the gap.
//!
//! Source: AWS Organizations API Reference, `DescribeOrganization` (any member may call it), `ListAccounts`, `ListPolicies`,
//! `ListDelegatedAdministrators`.

use std::collections::BTreeMap;

use super::organization::OrganizationRow;
use crate::dataset::Batch;

/// What to do where nobody tells.
const ADVICE: &str = "collect with --org-role and credentials of either, or leave these tables out with --skip";

/// What an account said about the organization it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Belongs {
    /// To this one.
    To {
        /// Its ARN.
        organization: String,
        /// Its management account, twelve digits.
        management: Option<String>,
    },
    /// To none.
    Nowhere,
    /// It did not say, and why.
    Untold(String),
}

/// What happens in an account to the tables of an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It is asked. If AWS refuses, this is added to the reason.
    Ask {
        /// Why AWS may refuse, and what to do; none for the management account, which AWS tells everything.
        advice: Option<String>,
    },
    /// It is not asked, because another one is, or has the gap.
    Elsewhere(String),
    /// Nobody in the collection can tell, and this account stands for the organization.
    Nobody(String),
    /// It belongs to no organization: there is nothing.
    Nothing,
    /// Whom it belongs to is not known, and why.
    Unknown(String),
}

impl Belongs {
    /// What the rows of `organization` say; `lacking` is why there may be more.
    pub(super) fn of(rows: &Batch, lacking: Option<String>) -> Self {
        let row = rows.rows::<OrganizationRow>().pop();
        match (row.and_then(|row| Some((row.organization_arn?, row.management_account_id))), lacking) {
            (Some((organization, management)), _) => Self::To { organization, management },
            (None, Some(reason)) => Self::Untold(reason),
            (None, None) => Self::Nowhere,
        }
    }
}

/// Whose turn it is, of accounts that were entered; `caller` is the account of the caller's own credentials.
pub(super) fn turns(accounts: &BTreeMap<String, Belongs>, caller: &str) -> BTreeMap<String, Turn> {
    let mut tellers: BTreeMap<&str, (&str, Turn)> = BTreeMap::new();
    for (account, belongs) in accounts {
        if let Belongs::To { organization, management } = belongs {
            tellers.entry(organization).or_insert_with(|| teller(accounts, (organization, account), management.as_deref(), caller));
        }
    }
    let asked_as_manager = |account: &str| tellers.values().find(|(teller, _)| *teller == account).map(|(_, turn)| turn.clone());
    let turn = |account: &String, belongs: &Belongs| match belongs {
        Belongs::To { organization, .. } => match tellers.get(organization.as_str()) {
            Some((teller, turn)) if teller == account => turn.clone(),
            Some((teller, _)) => Turn::Elsewhere((*teller).to_owned()),
            None => Turn::Unknown("the organization was not noted".to_owned()),
        },
        Belongs::Nowhere => Turn::Nothing,
        Belongs::Untold(reason) => asked_as_manager(account).unwrap_or_else(|| Turn::Unknown(reason.clone())),
    };
    accounts.iter().map(|(account, belongs)| (account.clone(), turn(account, belongs))).collect()
}

/// The account that stands for an organization, and what it does; `first` is its first account by number.
fn teller<'a>(
    accounts: &'a BTreeMap<String, Belongs>,
    (organization, first): (&str, &'a str),
    management: Option<&str>,
    caller: &str,
) -> (&'a str, Turn) {
    let entered = |id: &str| accounts.get_key_value(id).map(|(account, _)| account.as_str());
    if let Some(management) = management.and_then(entered) {
        return (management, Turn::Ask { advice: None });
    }
    let manager = management.map_or_else(|| "the management account".to_owned(), |id| format!("the management account {id}"));
    let only = format!("AWS tells this only to {manager} and to delegated administrators");
    let own = |belongs: &Belongs| matches!(belongs, Belongs::To { organization: of, .. } if of == organization);
    match accounts.get_key_value(caller).filter(|(_, belongs)| own(belongs)) {
        Some((caller, _)) => (caller, Turn::Ask { advice: Some(format!("{only}: {ADVICE}")) }),
        None => (first, Turn::Nobody(format!("{only}, and neither was asked: {ADVICE}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANAGEMENT: &str = "444455556666";

    fn of(organization: &str, management: &str) -> Belongs {
        Belongs::To { organization: organization.to_owned(), management: Some(management.to_owned()) }
    }

    fn untold() -> Belongs {
        Belongs::Untold("organization could not be listed (denied)".to_owned())
    }

    /// Each turn as a word, with whom it names.
    fn words(accounts: &[(&str, Belongs)], caller: &str) -> Vec<String> {
        let accounts = accounts.iter().map(|(account, belongs)| ((*account).to_owned(), belongs.clone())).collect();
        let word = |turn: Turn| match turn {
            Turn::Ask { advice: None } => "asked".to_owned(),
            Turn::Ask { advice: Some(_) } => "tried".to_owned(),
            Turn::Elsewhere(teller) => format!("see {teller}"),
            Turn::Nobody(_) => "nobody".to_owned(),
            Turn::Nothing => "nothing".to_owned(),
            Turn::Unknown(_) => "unknown".to_owned(),
        };
        turns(&accounts, caller).into_values().map(word).collect()
    }

    #[test]
    fn an_organization_is_asked_once_and_nobody_else_for_it() {
        const A: &str = "111122223333";
        const B: &str = "222233334444";
        let member = || of("o-1", MANAGEMENT);
        // what it shows, accounts, caller, turns
        let cases = [
            ("the management account tells", vec![(A, member()), (MANAGEMENT, member())], A, vec!["see 444455556666", "asked"]),
            ("even if it did not say that it is one", vec![(A, member()), (MANAGEMENT, untold())], A, vec!["see 444455556666", "asked"]),
            ("without it the caller tries", vec![(A, member()), (B, member())], B, vec!["see 222233334444", "tried"]),
            ("a member alone tries, too: it may be a delegated administrator", vec![(A, member())], A, vec!["tried"]),
            ("nobody can tell: one gap", vec![(A, member()), (B, member())], MANAGEMENT, vec!["nobody", "see 111122223333"]),
            ("a caller of another organization does not", vec![(A, member()), (B, of("o-2", B))], B, vec!["nobody", "asked"]),
            ("no organization", vec![(A, Belongs::Nowhere)], A, vec!["nothing"]),
            ("not known", vec![(A, untold()), (B, member())], B, vec!["unknown", "tried"]),
            (
                "two organizations",
                vec![(A, of("o-2", A)), (B, member()), (MANAGEMENT, member())],
                A,
                vec!["asked", "see 444455556666", "asked"],
            ),
        ];
        for (shows, accounts, caller, expected) in cases {
            assert_eq!(words(&accounts, caller), expected, "{shows}");
        }
    }

    #[test]
    fn the_gap_says_what_to_do() {
        let accounts = BTreeMap::from([("111122223333".to_owned(), of("o-1", MANAGEMENT))]);
        let turn = turns(&accounts, "333344445555").remove("111122223333");
        let Some(Turn::Nobody(reason)) = turn else { panic!("{turn:?}") };
        for words in ["management account 444455556666", "delegated administrators", "--org-role", "--skip"] {
            assert!(reason.contains(words), "`{reason}` does not say `{words}`");
        }
    }
}
