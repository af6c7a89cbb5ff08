//! The record of what was read: one row for each table, account, Region and parent that a collection was asked for, whatever happened to it.
//!
//! A *gap* is such a row that is not complete, unless another account was read for it. Everything that could make something unread look fine hangs on these rows, so every stage
//! before the verdict hands them on.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::schema::{Table, TableKind};

/// How a read ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadStatus {
    /// Every page was read and every item became a row.
    Complete,
    /// Some rows were read, then something failed.
    Partial,
    /// AWS refused: no permission, a policy, or credentials that ended.
    Denied,
    /// AWS kept asking to slow down until the retries were used up.
    Throttled,
    /// The service failed, did not answer, answered something unreadable, or does not exist in the Region.
    Unavailable,
    /// Not tried, because a read it needs first did not succeed.
    Skipped,
    /// Not asked for in this collection.
    NotRequested,
    /// Read in another account for the whole organization. No gap: that account has it, if there is one. Not complete either, since there are no
    /// rows of this account.
    Elsewhere,
}

impl ReadStatus {
    const ALL: [Self; 8] = [
        Self::Complete,
        Self::Partial,
        Self::Denied,
        Self::Throttled,
        Self::Unavailable,
        Self::Skipped,
        Self::NotRequested,
        Self::Elsewhere,
    ];

    /// Whether what was to be read is unread: a gap.
    pub fn is_gap(self) -> bool {
        !matches!(self, Self::Complete | Self::Elsewhere)
    }

    /// The word stored in the dataset.
    pub fn word(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial => "partial",
            Self::Denied => "denied",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Skipped => "skipped",
            Self::NotRequested => "not_requested",
            Self::Elsewhere => "elsewhere",
        }
    }
}

impl fmt::Display for ReadStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for ReadStatus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|status| status.word() == text).ok_or_else(|| format!("`{text}` is not a read status"))
    }
}

crate::rows! {
    /// One read: a table of one account and Region, or of one parent in it.
    pub struct Read {
        /// Table that was read (Region-wide rows of tables read by parent say whether the parents themselves could be listed)
        table: Text, Never, "";
        /// ARN of the vault, plan, snapshot or key, or name of the kind of event, that was read; none for a read of the whole Region
        parent: Text, Means("the whole Region"), "";
        /// `complete`, `partial`, `denied`, `throttled`, `unavailable`, `skipped`, `not_requested` or `elsewhere`
        status: Text, Never, "";
        /// AWS operation that filled the table
        operation: Text, Never, "";
        /// First second that the read covers, for tables of things that happened; half-open
        from_s: Integer, Means("no limit"), "";
        /// First second that the read no longer covers
        to_s: Integer, Means("no limit"), "";
        /// When the read began
        started: Time, Never, "clock of the host";
        /// When the read ended
        ended: Time, Never, "clock of the host";
        /// Pages that AWS sent
        pages_count: Integer, Never, "";
        /// Items in these pages
        items_count: Integer, Never, "";
        /// Rows written; less than the items where `reason` says so
        rows_count: Integer, Never, "";
        /// Why the read is not complete, or why items gave no row
        reason: Text, Means("nothing to say"), "";
    }
}

/// The table of reads, present in every collection.
pub static READS: Table = Table {
    name: "reads",
    kind: TableKind::History,
    doc: "One row for each table, account, Region and parent: whether it could be read, how far, and why not.",
    columns: <Read as super::rows::Row>::COLUMNS,
    // The status is part of the key, so that no failure can be taken for the repetition of a success.
    key: &["parent", "table", "from_s", "to_s", "started_s", "status"],
    parent: Some("parent"),
    created: None,
    global: false,
    subject: None,
};

/// A read that is not complete, as it stands at the moment of judgement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gap {
    /// Table that is missing or incomplete.
    pub table: String,
    /// Account concerned.
    pub account_id: String,
    /// Region concerned.
    pub region: String,
    /// ARN of the vault or plan; `None` if the gap is the whole Region.
    pub parent: Option<String>,
    /// How the read ended.
    pub status: ReadStatus,
    /// AWS operation, for the reader to look up.
    pub operation: String,
    /// Cause in words.
    pub reason: String,
    /// Collection in which the read was tried.
    pub collection: String,
}

impl Gap {
    /// Whether this gap leaves a read in doubt: the same table, account and Region, and either a gap of the whole Region, a question about
    /// the whole Region, or the same parent.
    pub fn concerns(&self, table: &str, account_id: &str, region: &str, parent: Option<&str>) -> bool {
        let place = self.table == table && self.account_id == account_id && self.region == region;
        place && (self.parent.is_none() || parent.is_none() || self.parent.as_deref() == parent)
    }

    /// The subject under which findings speak of the gap itself, because what was not read has no rows of its own:
    /// `<parent ARN>#read/<table>`, or `arn:aws:iam::<account>:root#read/<region>/<table>`, followed by `/<parent>` if that is no ARN.
    pub fn subject_arn(&self) -> String {
        match &self.parent {
            Some(parent) if parent.starts_with("arn:") => format!("{parent}#read/{}", self.table),
            // The same name is read in every account and Region.
            Some(parent) => format!("arn:aws:iam::{}:root#read/{}/{}/{parent}", self.account_id, self.region, self.table),
            None => format!("arn:aws:iam::{}:root#read/{}/{}", self.account_id, self.region, self.table),
        }
    }
}
