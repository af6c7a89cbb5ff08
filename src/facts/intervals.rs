//! Intervals between collections: AWS shows jobs for 30 days, so a longer pause leaves days of which nobody can say anything.

use polars::prelude::DataFrame;

use super::{Fact, FactError, Inputs};
use crate::dataset::{Relation, Row};

crate::rows! {
    /// The longest pause between collections of an account and Region.
    pub struct IntervalRow {
        /// The account's root, and the Region
        subject_arn: Text, Never, "";
        /// Always `region`
        subject_type: Text, Never, "";
        /// Account
        account_id: Text, Never, "";
        /// Region
        region: Text, Never, "";
        /// Collections that read the backup jobs of the Region, up to the moment of judgement
        collections_count: Integer, Never, "";
        /// Longest time between two of them that touches the window; not told where a failed read lies between
        longest_interval_s: Integer, NotTold, "";
        /// Whether there is more than one, failed ones included
        repeated: Boolean, Never, "";
        /// When the longest pause began
        from_s: Integer, NotTold, "";
    }
}

/// Intervals as a relation.
pub static FACT: Fact = Fact {
    relation: &Relation {
        name: "collection_intervals",
        doc: "The longest pause between collections: one row an account and Region.",
        rows_are: "Regions",
        columns: IntervalRow::COLUMNS,
        rows_rest_on: &[],
        order: &[],
    },
    reads: &[&[super::region("backup_jobs")]],
    by_range: false,
    derive,
};

fn derive(inputs: &Inputs<'_>) -> Result<DataFrame, FactError> {
    let rows = inputs.snapshot.scope().iter().map(|(account_id, region)| {
        let moments = inputs.snapshot.complete_reads("backup_jobs", account_id, region);
        let tries = inputs.snapshot.tries("backup_jobs", account_id, region);
        // A read that failed neither closes a pause nor proves one: what is told must hold with it and without it.
        let start_s = inputs.window.start_s;
        let longest = longest(&moments, start_s).filter(|found| longest(&tries, start_s) == Some(*found));
        IntervalRow {
            subject_arn: Some(format!("arn:aws:iam::{account_id}:root#region/{region}")),
            subject_type: Some("region".to_owned()),
            account_id: Some(account_id.clone()),
            region: Some(region.clone()),
            collections_count: Some(i64::try_from(moments.len()).unwrap_or(i64::MAX)),
            longest_interval_s: longest.map(|(length_s, _)| length_s),
            repeated: Some(tries.len() > 1),
            from_s: longest.map(|(_, from_s)| from_s),
        }
    });
    Inputs::frame_of(FACT.relation, rows.collect::<Vec<_>>())
}

/// The longest pause between moments that reaches into what follows `start_s`, and when it began; the first of several.
fn longest(moments: &[i64], start_s: i64) -> Option<(i64, i64)> {
    let pauses = moments.windows(2).filter(|pair| pair[1] > start_s).map(|pair| (pair[1] - pair[0], pair[0]));
    pauses.max_by_key(|(length_s, from_s)| (*length_s, std::cmp::Reverse(*from_s)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What it shows, moments, start of the window, (length, began).
    type Case = (&'static str, &'static [i64], i64, Option<(i64, i64)>);

    #[test]
    fn the_longest_pause() {
        let cases: [Case; 5] = [
            ("nothing", &[], 0, None),
            ("one moment has no pause", &[5], 0, None),
            ("the longest of two", &[0, 10, 30], 0, Some((20, 10))),
            ("the first of two that are equal", &[0, 10, 20], 0, Some((10, 0))),
            ("one that ended before the window does not count", &[0, 50, 60], 55, Some((10, 50))),
        ];
        for (shows, moments, start_s, expected) in cases {
            assert_eq!(longest(moments, start_s), expected, "{shows}");
        }
    }
}
