//! Cells of a relation outside of frames: as cases of rules write them, and as templates see them.

use std::collections::BTreeMap;

use super::nearest::nearest;
use super::param::YamlScalar;
use super::predicate::Literal;
use super::rule::Param;
use super::template::Values;
use crate::dataset::frame::seconds_name;
use crate::dataset::{ColumnType, Relation};
use crate::model::{duration, moment};

/// A cell of a case as its column stores it; integers in seconds may be written as a duration or a moment.
pub(super) fn cell_of(over: &'static Relation, name: &str, cell: &YamlScalar) -> Result<YamlScalar, (String, Option<String>)> {
    let column = over.columns.iter().find(|column| match column.column_type {
        ColumnType::Time => seconds_name(column.name) == name,
        _ => column.name == name,
    });
    let Some(column) = column else {
        let near = nearest(name, over.columns.iter().map(|column| column.name));
        let hint = if over.columns.iter().any(|column| column.name == name) {
            Some(format!("give its seconds, `{name}_s`"))
        } else {
            near.map(|near| format!("did you mean `{near}`?"))
        };
        return Err((format!("`{}` has no column `{name}` that a case can fill", over.name), hint));
    };
    match (column.column_type, cell) {
        (_, YamlScalar::Null)
        | (ColumnType::Text | ColumnType::Json, YamlScalar::Text(_))
        | (ColumnType::Integer | ColumnType::Time, YamlScalar::Integer(_))
        | (ColumnType::Boolean, YamlScalar::Boolean(_)) => Ok(cell.clone()),
        (ColumnType::Integer | ColumnType::Time, YamlScalar::Text(text)) if name.ends_with("_s") => {
            let seconds = duration::parse(text).or_else(|_| moment::parse(text));
            seconds.map(YamlScalar::Integer).map_err(|_| (format!("`{text}` is neither seconds nor a duration nor a moment"), None))
        }
        (column_type, other) => Err((format!("expected {}, found {}", column_type.word(), other.word()), None)),
    }
}

/// A full and an empty row as templates see them.
pub(super) fn samples(over: &Relation, params: &BTreeMap<String, Param>) -> [Values; 2] {
    let mut full = Values::new();
    for column in over.columns {
        let text = || minijinja::Value::from("x");
        match column.column_type {
            ColumnType::Text | ColumnType::Json => drop(full.insert(column.name.to_owned(), text())),
            ColumnType::Integer => drop(full.insert(column.name.to_owned(), minijinja::Value::from(1))),
            ColumnType::Boolean => drop(full.insert(column.name.to_owned(), minijinja::Value::from(true))),
            ColumnType::Time => {
                full.insert(column.name.to_owned(), text());
                full.insert(seconds_name(column.name).to_string(), minijinja::Value::from(1));
            }
        }
    }
    let mut empty: Values = full.keys().map(|name| (name.clone(), minijinja::Value::from(()))).collect();
    for (name, param) in params {
        full.insert(name.clone(), literal(&param.default));
        empty.insert(name.clone(), literal(&param.default));
    }
    [full, empty]
}

/// A literal as templates see it.
pub(super) fn literal(literal: &Literal) -> minijinja::Value {
    match literal {
        Literal::Boolean(flag) => minijinja::Value::from(*flag),
        Literal::Integer(number) => minijinja::Value::from(*number),
        Literal::Text(text) => minijinja::Value::from(text.as_str()),
    }
}
