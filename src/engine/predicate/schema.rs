//! What a predicate may name: the columns of a relation with what can be done with them.

use std::collections::BTreeMap;

use super::Kind;
use crate::dataset::{Absence, ColumnType, Relation};

/// The columns of a relation as rules see them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    columns: BTreeMap<String, Usable>,
}

/// Whether and how a column can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Usable {
    /// In comparisons; NULL may be asked for where it is an answer.
    Yes {
        /// Kind of its values.
        kind: Kind,
        /// Whether the column declares what NULL means.
        null_means: bool,
    },
    /// Not at all, with the reason.
    No(String),
}

impl Columns {
    /// The columns of a relation. A `Time` column `t` is used through its seconds, `t_s`; JSON is not readable by rules.
    pub fn of(relation: &Relation) -> Self {
        let mut columns = BTreeMap::new();
        for column in relation.columns {
            let null_means = matches!(column.absence, Absence::Means(_));
            let mut usable = |name: String, kind| columns.insert(name, Usable::Yes { kind, null_means });
            match column.column_type {
                ColumnType::Text => drop(usable(column.name.to_owned(), Kind::Text)),
                ColumnType::Integer => drop(usable(column.name.to_owned(), Kind::Integer)),
                ColumnType::Boolean => drop(usable(column.name.to_owned(), Kind::Boolean)),
                ColumnType::Time => {
                    usable(format!("{}_s", column.name), Kind::Integer);
                    let reason = format!("is a timestamp for people; use `{}_s`, its seconds since 1970", column.name);
                    columns.insert(column.name.to_owned(), Usable::No(reason));
                }
                ColumnType::Json => {
                    columns.insert(column.name.to_owned(), Usable::No("is JSON text, which rules cannot read".to_owned()));
                }
            }
        }
        Self { columns }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Usable> {
        self.columns.get(name)
    }

    /// Whether a column of this name exists, usable in predicates or not.
    pub fn contains(&self, name: &str) -> bool {
        self.columns.contains_key(name)
    }

    /// Every name, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.keys().map(String::as_str)
    }
}
