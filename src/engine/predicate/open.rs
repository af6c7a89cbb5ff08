//! Which of the columns that are not known leave a predicate open.

use std::collections::BTreeSet;

use super::Predicate;

/// What is known of the cells of a row.
pub(crate) trait Known {
    /// The value of a boolean column; `None` if it is NULL.
    fn flag(&self, column: &str) -> Option<bool>;
    /// Whether a column is NULL.
    fn is_null(&self, column: &str) -> bool;
}

impl Predicate {
    /// The columns that are NULL, but for those in a part that flags settle by themselves: of `(owed AND a <= b) OR (NOT owed AND a <= 5)` only `a`
    /// counts where nothing is owed.
    pub(crate) fn left_open_by(&self, row: &dyn Known) -> BTreeSet<String> {
        match self {
            _ if self.settled(row).is_some() => BTreeSet::new(),
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(|part| part.left_open_by(row)).collect(),
            Self::Not(part) => part.left_open_by(row),
            Self::IsNull(_) => BTreeSet::new(),
            _ => self.columns().into_iter().filter(|column| row.is_null(column)).collect(),
        }
    }

    /// What it says, as far as flags alone decide that.
    fn settled(&self, row: &dyn Known) -> Option<bool> {
        match self {
            Self::Flag(column) => row.flag(column),
            Self::Not(part) => part.settled(row).map(|holds| !holds),
            Self::And(parts) => all(parts.iter().map(|part| part.settled(row))),
            Self::Or(parts) => all(parts.iter().map(|part| part.settled(row).map(|holds| !holds))).map(|none| !none),
            _ => None,
        }
    }
}

/// AND with three values.
fn all(mut parts: impl Iterator<Item = Option<bool>> + Clone) -> Option<bool> {
    if parts.clone().any(|part| part == Some(false)) {
        return Some(false);
    }
    parts.all(|part| part == Some(true)).then_some(true)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::dataset::Row;
    use crate::engine::predicate::{Columns, Kind, parse};

    crate::rows! {
        /// What a predicate reads.
        struct Restored {
            /// Whether restores were read
            known: Boolean, NotTold, "";
            /// Whether a limit is owed
            owed: Boolean, NotTold, "";
            /// The limit
            limit_s: Integer, NotTold, "";
            /// The worst
            worst_s: Integer, NotTold, "";
        }
    }

    /// Flags by name; everything else that is asked for is NULL unless it stands here.
    struct Cells(&'static [(&'static str, Option<bool>)]);

    impl Known for Cells {
        fn flag(&self, column: &str) -> Option<bool> {
            self.0.iter().find(|(name, _)| *name == column).and_then(|(_, value)| *value)
        }
        fn is_null(&self, column: &str) -> bool {
            self.0.iter().find(|(name, _)| *name == column).is_none_or(|(_, value)| value.is_none())
        }
    }

    #[test]
    fn only_what_matters_is_named() {
        let relation =
            crate::dataset::Relation { name: "restored", doc: "", rows_are: "", columns: Restored::COLUMNS, rows_rest_on: &[], order: &[] };
        let text = "known AND ((owed AND worst_s <= limit_s) OR (NOT owed AND worst_s <= :most))";
        let predicate = parse(text, &Columns::of(&relation), &BTreeMap::from([("most".to_owned(), Kind::Integer)])).unwrap();
        // why, what is known, what leaves it open
        let cases: [(&str, Cells, &[&str]); 5] = [
            ("nothing is owed, so that the limit does not matter", Cells(&[("known", Some(true)), ("owed", Some(false))]), &["worst_s"]),
            ("something is", Cells(&[("known", Some(true)), ("owed", Some(true))]), &["limit_s", "worst_s"]),
            ("the worst is told", Cells(&[("known", Some(true)), ("owed", Some(true)), ("worst_s", Some(true))]), &["limit_s"]),
            ("whether anything is owed is not known", Cells(&[("known", Some(true))]), &["limit_s", "owed", "worst_s"]),
            ("settled: nothing is open", Cells(&[("known", Some(false))]), &[]),
        ];
        for (why, cells, open) in cases {
            assert_eq!(predicate.left_open_by(&cells).iter().map(String::as_str).collect::<Vec<_>>(), open, "{why}");
        }
    }
}
