//! Examples of the language: what is read, as what, and what is refused with which words.

use std::collections::BTreeMap;

use super::{Columns, Kind, Literal, parse};
use crate::dataset::{Relation, Row as _};

crate::rows! {
    /// A relation with a column of each type.
    struct Exposure {
        /// x
        scenario: Text, Never, "";
        /// x
        achieved_rpo_s: Integer, NotTold, "";
        /// x
        rpo_s: Integer, NotTold, "";
        /// x
        locked: Boolean, NotTold, "";
        /// x
        worst: Time, NotTold, "";
        /// x
        policy: Json, NotTold, "";
        /// x
        db_cluster_identifier: Text, Means("not a member"), "";
    }
}

static RELATION: Relation =
    Relation { name: "exposure", doc: "x", rows_are: "", columns: Exposure::COLUMNS, rows_rest_on: &[], order: &[] };

fn read(text: &str) -> Result<super::Predicate, Vec<super::PredicateError>> {
    let params = BTreeMap::from([("rpo".to_owned(), Kind::Integer), ("prefix".to_owned(), Kind::Text)]);
    parse(text, &Columns::of(&RELATION), &params)
}

#[test]
fn predicates_are_normalised() {
    // as written, as printed
    let cases = [
        ("scenario='any'", "scenario = 'any'"),
        ("achieved_rpo_s BETWEEN 1 AND :rpo", "achieved_rpo_s >= 1 AND achieved_rpo_s <= :rpo"),
        ("scenario NOT IN ('a', 'it''s')", "NOT (scenario IN ('a', 'it''s'))"),
        ("scenario LIKE 'any%'", "starts_with(scenario, 'any')"),
        ("scenario LIKE '%any'", "ends_with(scenario, 'any')"),
        ("scenario LIKE '%any%'", "contains(scenario, 'any')"),
        ("scenario NOT LIKE 'a%b'", "NOT (scenario LIKE 'a%b')"),
        ("scenario LIKE 'any'", "scenario = 'any'"),
        ("STARTS_WITH(scenario, :prefix)", "starts_with(scenario, :prefix)"),
        ("achieved_rpo_s <= 2 * rpo_s + 60", "achieved_rpo_s <= (rpo_s * 2) + 60"),
        ("achieved_rpo_s <= 2 * 3600", "achieved_rpo_s <= 7200"),
        ("achieved_rpo_s <= 2 * :rpo", "achieved_rpo_s <= 2 * :rpo"),
        ("worst_s > -5", "worst_s > -5"),
        ("NOT locked AND (locked = TRUE OR locked)", "NOT locked AND (locked = TRUE OR locked)"),
        ("db_cluster_identifier IS NOT NULL", "NOT (db_cluster_identifier IS NULL)"),
        ("rpo_s > -9223372036854775808", "rpo_s > -9223372036854775808"),
        ("locked and locked and locked", "locked AND locked AND locked"),
    ];
    for (written, printed) in cases {
        assert_eq!(read(written).map(|predicate| predicate.to_text()), Ok(printed.to_owned()), "{written}");
    }
}

#[test]
fn everything_else_is_refused_with_its_place() {
    // written, the part the caret stands under, the message, the hint
    let cases = [
        ("scenario = 'any' AND achived_rpo_s < 3", "achived_rpo_s", "there is no column `achived_rpo_s`", "did you mean `achieved_rpo_s`?"),
        ("scenario < 3", "3", "expected text, found integer", ""),
        ("scenario", "scenario", "a column alone must be boolean, this one is text", "compare it"),
        ("worst > 3", "worst", "column `worst` is a timestamp for people; use `worst_s`, its seconds since 1970", ""),
        ("policy = 'x'", "policy", "column `policy` is JSON text, which rules cannot read", ""),
        ("rpo_s IS NULL", "rpo_s", "IS NULL is not allowed on `rpo_s`, where NULL only says that nothing is known", "leave it out"),
        ("COALESCE(rpo_s, 3) > 2", "COALESCE(rpo_s, 3", "COALESCE is not supported in predicates", "must stay unknown"),
        (
            "CASE WHEN locked THEN TRUE ELSE FALSE END",
            "CASE WHEN locked THEN TRUE ELSE FALSE END",
            "CASE is not supported in predicates",
            "",
        ),
        ("rpo_s IN (1, NULL)", "NULL", "NULL is not a value to compare with", ""),
        ("locked IS NOT TRUE", "locked", "IS TRUE, IS FALSE and IS UNKNOWN is not supported in predicates", ""),
        ("scenario LIKE 'a_b'", "'a_b'", "`_` and `\\` are not supported in LIKE", "literally"),
        ("scenario ILIKE 'a'", "scenario ILIKE 'a'", "matching by ILIKE, RLIKE or SIMILAR TO is not supported in predicates", ""),
        ("rpo_s / 2 > 3", "rpo_s / 2", "operator `/` is not supported here", "`+`, `-` and `*`"),
        ("rpo_s + achieved_rpo_s > 3", "rpo_s + achieved_rpo_s", "one side of an operation must be a constant", ""),
        ("1.5 < rpo_s", "1.5", "`1.5` is not a whole number of 64 bits", ""),
        ("1 < 2", "1 < 2", "this compares two constants and no column", ""),
        ("rpo_s <= :rpoo", ":rpoo", "there is no parameter `rpoo`", "did you mean `:rpo`?"),
        ("locked < TRUE", "locked < TRUE", "`<` does not order booleans; they know only `=` and `<>`", ""),
        ("\"scenario\" = 'any'", "\"scenario\"", "names are written without quotes, text with single quotes", ""),
        ("rpo_s IN (SELECT 1)", "rpo_s IN (SELECT 1", "a subquery is not supported in predicates", "relation"),
        ("rpo_s = 9223372036854775807 + 1", "9223372036854775807 + 1", "the result does not fit 64 bits", ""),
        ("rpo_s = 3 rpo_s", "rpo_s", "unexpected `rpo_s` after the predicate", ""),
        ("rpo_s = ", "", "expected an expression, found the end", ""),
        ("exposure.rpo_s = 3", "exposure.rpo_s", "a qualified column is not supported in predicates", ""),
    ];
    for (written, under, message, hint) in cases {
        let errors = read(written).unwrap_err();
        let error = &errors[0];
        assert!(error.message.contains(message), "{written}: {}", error.message);
        assert!(error.hint.as_deref().unwrap_or("").contains(hint), "{written}: {:?}", error.hint);
        assert_eq!(&written[error.span.clone()], under, "{written}");
    }
}

#[test]
fn all_errors_are_told_at_once() {
    let errors = read("nope = 1 AND (locked OR scenario = 3)").unwrap_err();
    assert_eq!(errors.len(), 2);
}

#[test]
fn deep_nesting_is_an_error_and_not_a_crash() {
    let deep = format!("{}locked{}", "(".repeat(500), ")".repeat(500));
    assert!(read(&deep).is_err());
    assert!(read(&"NOT ".repeat(900)).is_err());
    assert!(read(&vec!["locked"; 300].join(" AND ")).is_ok());
    assert!(read(&vec!["locked"; 900].join(" AND ")).is_err(), "longer than the limit");
}

#[test]
fn sql_is_portable() {
    // predicate, SQL with rpo = 93600 and prefix = 'a_'
    let cases = [
        ("starts_with(scenario, :prefix)", "scenario LIKE 'a!_%' ESCAPE '!'"),
        ("contains(scenario, 'x!')", "scenario LIKE '%x!%'"),
        ("contains(scenario, '!_')", "scenario LIKE '%!!!_%' ESCAPE '!'"),
        ("achieved_rpo_s <= :rpo", "achieved_rpo_s <= 93600"),
        (
            "achieved_rpo_s <= rpo_s + 60",
            "achieved_rpo_s <= CASE WHEN rpo_s BETWEEN -9223372036854775808 AND 9223372036854775747 THEN rpo_s + 60 END",
        ),
    ];
    let params = BTreeMap::from([("rpo".to_owned(), Literal::Integer(93_600)), ("prefix".to_owned(), Literal::Text("a_".to_owned()))]);
    for (written, sql) in cases {
        assert_eq!(read(written).unwrap().bind(&params).unwrap().to_sql(), sql, "{written}");
    }
}
