//! Laws of the predicate language, held over random predicates and rows: it is monotone, Polars computes what a slow reading of the tree
//! computes, and printing loses nothing.

use std::collections::BTreeMap;

use polars::prelude::*;
use proptest::prelude::*;

use super::{Columns, Comparison, Kind, Literal, Operator, Place, Predicate, Term, Value, parse};
use crate::dataset::frame::to_frame;
use crate::dataset::{Batch, Relation, Row as _};

crate::rows! {
    /// One row of everything a predicate can meet.
    struct Cells {
        /// x
        t: Text, NotTold, "";
        /// x
        u: Text, NotTold, "";
        /// x
        i: Integer, NotTold, "";
        /// x
        j: Integer, NotTold, "";
        /// x
        b: Boolean, NotTold, "";
        /// x
        mt: Text, Means("nothing"), "";
        /// x
        mi: Integer, Means("nothing"), "";
    }
}

static RELATION: Relation = Relation { name: "cells", doc: "x", rows_are: "", columns: Cells::COLUMNS, rows_rest_on: &[], order: &[] };

fn columns() -> Columns {
    Columns::of(&RELATION)
}

fn params() -> BTreeMap<String, Literal> {
    BTreeMap::from([("n".to_owned(), Literal::Integer(3)), ("s".to_owned(), Literal::Text("ab".to_owned()))])
}

fn kinds() -> BTreeMap<String, Kind> {
    params().iter().map(|(name, value)| (name.clone(), value.kind())).collect()
}

// ---- random predicates

fn number() -> impl Strategy<Value = i64> {
    prop_oneof![-3_i64..4, Just(i64::MAX), Just(i64::MIN), Just(i64::MAX - 1), Just(i64::MIN + 1), any::<i64>()]
}

fn short() -> impl Strategy<Value = String> {
    "[ab%_'!]{0,3}"
}

fn integer_value() -> impl Strategy<Value = Value> {
    prop_oneof![4 => number().prop_map(|n| Value::Literal(Literal::Integer(n))), 1 => Just(Value::Param("n".to_owned()))]
}

fn text_value() -> impl Strategy<Value = Value> {
    prop_oneof![4 => short().prop_map(|t| Value::Literal(Literal::Text(t))), 1 => Just(Value::Param("s".to_owned()))]
}

fn text_column() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["t", "u", "mt"]).prop_map(str::to_owned)
}

fn integer_term() -> impl Strategy<Value = Term> {
    let column = prop::sample::select(vec!["i", "j", "mi"]).prop_map(|name| Term::Column(name.to_owned()));
    column.prop_recursive(2, 3, 1, |left| {
        let op = prop::sample::select(vec![Operator::Plus, Operator::Minus, Operator::Times]);
        (left, op, integer_value()).prop_map(|(left, op, right)| Term::Arithmetic { left: Box::new(left), op, right })
    })
}

fn leaf() -> impl Strategy<Value = Predicate> {
    let op = || {
        prop::sample::select(vec![
            Comparison::Equal,
            Comparison::NotEqual,
            Comparison::Less,
            Comparison::LessOrEqual,
            Comparison::Greater,
            Comparison::GreaterOrEqual,
        ])
    };
    let place = prop::sample::select(vec![Place::Start, Place::End, Place::Anywhere]);
    let piece = || "[ab'!]{1,2}";
    prop_oneof![
        Just(Predicate::Flag("b".to_owned())),
        (integer_term(), op(), prop_oneof![integer_term(), integer_value().prop_map(Term::Value)])
            .prop_map(|(left, op, right)| Predicate::Compare { left, op, right }),
        (text_column(), op(), prop_oneof![text_column().prop_map(Term::Column), text_value().prop_map(Term::Value)])
            .prop_map(|(left, op, right)| Predicate::Compare { left: Term::Column(left), op, right }),
        any::<bool>().prop_map(|flag| Predicate::Compare {
            left: Term::Column("b".to_owned()),
            op: Comparison::NotEqual,
            right: Term::Value(Value::Literal(Literal::Boolean(flag)))
        }),
        (integer_term(), prop::collection::vec(integer_value(), 1..7)).prop_map(|(term, values)| Predicate::In { term, values }),
        (text_column(), prop::collection::vec(text_value(), 1..7))
            .prop_map(|(name, values)| Predicate::In { term: Term::Column(name), values }),
        (text_column(), place, text_value()).prop_map(|(column, place, text)| Predicate::Match { column, place, text }),
        (text_column(), piece(), prop::collection::vec(piece(), 0..2), piece())
            .prop_map(|(column, first, middle, last)| { Predicate::Like { column, pieces: [vec![first], middle, vec![last]].concat() } }),
        prop::sample::select(vec!["mt", "mi"]).prop_map(|name| Predicate::IsNull(name.to_owned())),
    ]
}

fn predicate() -> impl Strategy<Value = Predicate> {
    leaf().prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|part| Predicate::Not(Box::new(part))),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Predicate::And),
            prop::collection::vec(inner, 2..4).prop_map(Predicate::Or),
        ]
    })
}

prop_compose! {
    fn row()(
        t in prop::option::of("[ab%_'!]{0,4}"), u in prop::option::of(short()), i in prop::option::of(number()), j in prop::option::of(number()),
        b in any::<Option<bool>>(), mt in prop::option::of(short()), mi in prop::option::of(number()),
    ) -> Cells {
        Cells { t, u, i, j, b, mt, mi }
    }
}

// ---- the slow reading

fn cell(row: &Cells, name: &str) -> Option<Literal> {
    match name {
        "t" => row.t.clone().map(Literal::Text),
        "u" => row.u.clone().map(Literal::Text),
        "i" => row.i.map(Literal::Integer),
        "j" => row.j.map(Literal::Integer),
        "b" => row.b.map(Literal::Boolean),
        "mt" => row.mt.clone().map(Literal::Text),
        "mi" => row.mi.map(Literal::Integer),
        other => panic!("no cell {other}"),
    }
}

fn constant(value: &Value) -> Literal {
    match value {
        Value::Literal(literal) => literal.clone(),
        Value::Param(name) => params()[name].clone(),
    }
}

fn side(term: &Term, row: &Cells) -> Option<Literal> {
    match term {
        Term::Column(name) => cell(row, name),
        Term::Value(value) => Some(constant(value)),
        Term::Arithmetic { left, op, right } => {
            let (Literal::Integer(left), Literal::Integer(right)) = (side(left, row)?, constant(right)) else { panic!("no number") };
            let (left, right) = (i128::from(left), i128::from(right));
            let exact = match op {
                Operator::Plus => left + right,
                Operator::Minus => left - right,
                Operator::Times => left * right,
            };
            i64::try_from(exact).ok().map(Literal::Integer)
        }
    }
}

/// LIKE as its definition has it, character by character.
fn slow_like(text: &[char], pattern: &[Option<char>]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, rest) => rest.is_none(),
        (Some((None, after)), rest) => slow_like(text, after) || rest.is_some_and(|(_, tail)| slow_like(tail, pattern)),
        (Some((Some(wanted), after)), Some((found, tail))) => wanted == found && slow_like(tail, after),
        (Some((Some(_), _)), None) => false,
    }
}

fn slow(predicate: &Predicate, row: &Cells) -> Option<bool> {
    match predicate {
        Predicate::Flag(name) => cell(row, name).map(|flag| flag == Literal::Boolean(true)),
        Predicate::Compare { left, op, right } => {
            let (left, right) = (side(left, row)?, side(right, row)?);
            Some(match op {
                Comparison::Equal => left == right,
                Comparison::NotEqual => left != right,
                Comparison::Less => left < right,
                Comparison::LessOrEqual => left <= right,
                Comparison::Greater => left > right,
                Comparison::GreaterOrEqual => left >= right,
            })
        }
        Predicate::In { term, values } => {
            let found = side(term, row)?;
            Some(values.iter().any(|value| constant(value) == found))
        }
        Predicate::Match { column, place, text } => {
            let (Literal::Text(cell), Literal::Text(text)) = (cell(row, column)?, constant(text)) else { panic!("no text") };
            let pattern: Vec<Option<char>> = match place {
                Place::Start => text.chars().map(Some).chain([None]).collect(),
                Place::End => [None].into_iter().chain(text.chars().map(Some)).collect(),
                Place::Anywhere => [None].into_iter().chain(text.chars().map(Some)).chain([None]).collect(),
            };
            Some(slow_like(&cell.chars().collect::<Vec<_>>(), &pattern))
        }
        Predicate::Like { column, pieces } => {
            let Literal::Text(cell) = cell(row, column)? else { panic!("no text") };
            let pattern: Vec<Option<char>> = pieces.join("%").chars().map(|c| (c != '%').then_some(c)).collect();
            Some(slow_like(&cell.chars().collect::<Vec<_>>(), &pattern))
        }
        Predicate::IsNull(name) => Some(cell(row, name).is_none()),
        Predicate::Not(part) => slow(part, row).map(|truth| !truth),
        Predicate::And(parts) => fold(parts, row, false),
        Predicate::Or(parts) => fold(parts, row, true),
    }
}

/// One part that decides is enough; else one that is unknown leaves it unknown.
fn fold(parts: &[Predicate], row: &Cells, decides: bool) -> Option<bool> {
    let all: Vec<_> = parts.iter().map(|part| slow(part, row)).collect();
    if all.contains(&Some(decides)) {
        return Some(decides);
    }
    if all.contains(&None) { None } else { Some(!decides) }
}

fn polars(predicate: &Predicate, rows: &[Cells]) -> Vec<Option<bool>> {
    let frame = to_frame("cells", &Batch::from_rows(rows.to_vec())).unwrap();
    let bound = predicate.bind(&params()).unwrap();
    let out = frame.lazy().select([bound.to_polars().unwrap().alias("verdict")]).collect().unwrap();
    let verdict = out.column("verdict").unwrap().bool().unwrap();
    assert_eq!(verdict.len(), rows.len());
    verdict.iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn polars_agrees_with_the_slow_reading(predicate in predicate(), rows in prop::collection::vec(row(), 1..12)) {
        let expected: Vec<_> = rows.iter().map(|row| slow(&predicate, row)).collect();
        prop_assert_eq!(polars(&predicate, &rows), expected, "{}", predicate.to_text());
    }

    #[test]
    fn forgetting_a_value_never_makes_a_verdict(predicate in predicate(), row in row(), which in 0_usize..5) {
        let mut less = row.clone();
        match which {
            0 => less.t = None,
            1 => less.u = None,
            2 => less.i = None,
            3 => less.j = None,
            _ => less.b = None,
        }
        let (before, after) = (polars(&predicate, std::slice::from_ref(&row))[0], polars(&predicate, &[less])[0]);
        prop_assert!(after.is_none() || after == before, "{:?} became {:?}: {}", before, after, predicate.to_text());
    }

    #[test]
    fn what_is_printed_reads_back_the_same(predicate in predicate()) {
        let text = predicate.to_text();
        prop_assert_eq!(parse(&text, &columns(), &kinds()), Ok(predicate), "{}", text);
    }

    #[test]
    fn sql_of_a_bound_predicate_has_no_parameters(predicate in predicate()) {
        let bound = predicate.bind(&params()).unwrap();
        prop_assert!(bound.params().is_empty());
        prop_assert_eq!(bound.columns(), predicate.columns());
    }

    #[test]
    fn any_text_is_read_or_refused_inside_its_bounds(text in "\\PC{0,40}|[a-z0-9 ():=<>'%,+*-]{0,60}") {
        if let Err(errors) = parse(&text, &columns(), &kinds()) {
            prop_assert!(!errors.is_empty());
            for error in errors {
                prop_assert!(error.span.end <= text.len() && text.get(error.span.clone()).is_some(), "{:?}", error);
            }
        }
    }
}
