//! Legal holds: which recovery points one keeps from being deleted.
//!
//! A hold names vaults, resources or both, and the dates of creation between which points fall under it. How AWS combines vaults with resources is
//! not documented, nor is what a hold without either covers, so that these leave it open. A hold that is being made or cancelled does too.
//!
//! Source: AWS Backup developer guide, "Legal holds and AWS Backup"; API reference, `RecoveryPointSelection`.

use crate::dataset::rows::Json;
use crate::facts::objectives::{and, or};
use crate::facts::{FactError, Inputs};
use crate::model::Arn;

crate::rows! {
    /// What is needed of `legal_holds`.
    struct HoldRow {
        account_id: Text; region: Text; legal_hold_arn: Text; status: Text; vault_names: Json; resource_identifiers: Json; from_date_s: Integer;
        to_date_s: Integer;
    }
}

/// A legal hold.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hold {
    account_id: String,
    region: String,
    status: Option<String>,
    /// Names of vaults; `None` if the cell is not a list.
    vaults: Option<Vec<String>>,
    /// Identifiers of resources; `None` if the cell is not a list.
    resources: Option<Vec<String>>,
    from_s: Option<i64>,
    to_s: Option<i64>,
}

/// A point as far as holds ask.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held<'a> {
    /// Account of its vault.
    pub(super) account_id: &'a str,
    /// Region of its vault.
    pub(super) region: &'a str,
    /// ARN of its vault.
    pub(super) vault_arn: &'a str,
    /// ARN of the resource it restores.
    pub(super) resource_arn: &'a str,
    /// When it was created.
    pub(super) created_s: Option<i64>,
}

/// The legal holds that were read.
#[derive(Debug)]
pub(super) struct Holds {
    holds: Vec<Hold>,
}

impl Holds {
    /// Reads them.
    pub(super) fn read(inputs: &Inputs<'_>) -> Result<Self, FactError> {
        let rows: Vec<HoldRow> = inputs.rows("legal_holds")?;
        let holds = rows.into_iter().map(|row| Hold {
            account_id: row.account_id.unwrap_or_default(),
            region: row.region.unwrap_or_default(),
            status: row.status,
            vaults: names(row.vault_names),
            resources: names(row.resource_identifiers),
            from_s: row.from_date_s,
            to_s: row.to_date_s,
        });
        Ok(Self { holds: holds.collect() })
    }

    /// Whether a hold keeps a point; `None` if one may, or holds were not all read there.
    pub(super) fn keep(&self, inputs: &Inputs<'_>, point: &Held<'_>) -> Option<bool> {
        let none = inputs.complete("legal_holds", point.account_id, point.region).then_some(false);
        self.holds.iter().map(|hold| hold.keeps(point)).fold(none, or)
    }
}

/// The names in a cell; NULL names nothing.
fn names(cell: Option<Json>) -> Option<Vec<String>> {
    match cell {
        None => Some(Vec::new()),
        Some(Json(text)) => serde_json::from_str(&text).ok(),
    }
}

impl Hold {
    fn keeps(&self, point: &Held<'_>) -> Option<bool> {
        if self.account_id != point.account_id || self.region != point.region {
            return Some(false);
        }
        let active = match self.status.as_deref() {
            Some("ACTIVE") => Some(true),
            Some("CANCELED") => Some(false),
            _ => None,
        };
        [active, self.dates(point.created_s), self.names(point)].into_iter().fold(Some(true), and)
    }

    fn dates(&self, created_s: Option<i64>) -> Option<bool> {
        if self.from_s.is_none() && self.to_s.is_none() {
            return Some(true);
        }
        created_s.map(|created_s| self.from_s.is_none_or(|from_s| from_s <= created_s) && self.to_s.is_none_or(|to_s| created_s <= to_s))
    }

    fn names(&self, point: &Held<'_>) -> Option<bool> {
        let (vaults, resources) = (self.vaults.as_ref()?, self.resources.as_ref()?);
        let vault = Arn::parse(point.vault_arn).map_or(point.vault_arn, |arn| arn.resource.trim_start_matches("backup-vault:"));
        let in_vault = vaults.iter().any(|name| name == vault);
        let of_resource = resources.iter().any(|name| name == point.resource_arn);
        // An identifier that is no ARN may stand for a type, one with a wildcard for many resources.
        let unclear = resources.iter().any(|name| Arn::parse(name).is_none() || name.contains('*'));
        match (vaults.is_empty(), resources.is_empty()) {
            (false, true) => Some(in_vault),
            (true, false) => {
                if unclear && !of_resource {
                    None
                } else {
                    Some(of_resource)
                }
            }
            (false, false) if in_vault && of_resource => Some(true),
            (false, false) if !in_vault && !of_resource && !unclear => Some(false),
            (true, true) | (false, false) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_that_a_hold_keeps() {
        let resource = "arn:aws:rds:eu-west-1:111122223333:db:x";
        let list = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
        let (none, main, own) = (list(&[]), list(&["main"]), list(&[resource]));
        let (kept, free, open) = (Some(true), Some(false), None);
        // why, status, vaults, resources, from, to, kept
        let cases = [
            ("its vault", "ACTIVE", main.clone(), none.clone(), None, None, kept),
            ("another vault", "ACTIVE", list(&["other"]), none.clone(), None, None, free),
            ("its resource", "ACTIVE", none.clone(), own.clone(), None, None, kept),
            ("another resource", "ACTIVE", none.clone(), list(&["arn:aws:rds:eu-west-1:111122223333:db:y"]), None, None, free),
            ("both", "ACTIVE", main.clone(), own.clone(), None, None, kept),
            ("one of both: how they combine is not documented", "ACTIVE", main.clone(), list(&["arn:aws:s3:::y"]), None, None, open),
            ("neither named", "ACTIVE", none.clone(), none.clone(), None, None, open),
            ("perhaps a type", "ACTIVE", none.clone(), list(&["RDS"]), None, None, open),
            ("perhaps many", "ACTIVE", none.clone(), list(&["arn:aws:rds:*:*:db:*"]), None, None, open),
            ("within its dates", "ACTIVE", main.clone(), none.clone(), Some(50), Some(100), kept),
            ("made before them", "ACTIVE", main.clone(), none.clone(), Some(101), None, free),
            ("made after them", "ACTIVE", main.clone(), none.clone(), None, Some(99), free),
            ("cancelled", "CANCELED", main.clone(), none.clone(), None, None, free),
            ("being cancelled", "CANCELING", main.clone(), none.clone(), None, None, open),
            ("a cell that is no list", "ACTIVE", None, none, None, None, open),
        ];
        let point = Held {
            account_id: "111122223333",
            region: "eu-west-1",
            vault_arn: "arn:aws:backup:eu-west-1:111122223333:backup-vault:main",
            resource_arn: resource,
            created_s: Some(100),
        };
        for (why, status, vaults, resources, from_s, to_s, expected) in cases {
            let (account_id, region) = (point.account_id.to_owned(), point.region.to_owned());
            let hold = Hold { account_id, region, status: Some(status.to_owned()), vaults, resources, from_s, to_s };
            assert_eq!(hold.keeps(&point), expected, "{why}");
            assert_eq!(hold.keeps(&Held { region: "us-east-1", ..point }), free, "{why}, in another Region");
        }
    }
}
