//! Predicates as Polars expressions.
//!
//! TRUE, FALSE and NULL come out as SQL has them: comparisons with NULL are NULL, AND and OR decide where one side is enough. Polars' own
//! arithmetic wraps on overflow, so it stands behind a range check that gives NULL.

use polars::prelude::{BooleanChunked, Column, DataType, Expr, Field, IntoColumn, LiteralValue, NewChunkedArray, Scalar, col, lit, when};

use super::{BindError, Comparison, Literal, Operator, Place, Predicate, Term, Value, like};

/// A list longer than this is looked up in a set.
const SHORT_LIST: usize = 4;

impl Predicate {
    /// The predicate as a boolean Polars expression.
    ///
    /// # Errors
    /// `BindError::Missing` if a parameter is not bound.
    pub fn to_polars(&self) -> Result<Expr, BindError> {
        Ok(match self {
            Self::Flag(name) => col(name.as_str()),
            Self::Compare { left, op, right } => compare(left.to_polars()?, *op, right.to_polars()?),
            Self::In { term, values } => is_in(&term.to_polars()?, values)?,
            Self::Match { column, place, text } => matches(column, *place, text)?,
            Self::Like { column, pieces } => {
                let pieces = pieces.clone();
                text_test(column, move |text| like(text, &pieces))
            }
            Self::IsNull(name) => col(name.as_str()).is_null(),
            Self::Not(part) => part.to_polars()?.not(),
            Self::And(parts) => balanced(parts, Expr::and)?,
            Self::Or(parts) => balanced(parts, Expr::or)?,
        })
    }
}

/// Joins the parts as a balanced tree, so that a long chain does not become a deep one.
fn balanced(parts: &[Predicate], join: fn(Expr, Expr) -> Expr) -> Result<Expr, BindError> {
    match parts {
        [] => Ok(lit(true)),
        [one] => one.to_polars(),
        _ => {
            let (left, right) = parts.split_at(parts.len() / 2);
            Ok(join(balanced(left, join)?, balanced(right, join)?))
        }
    }
}

fn compare(left: Expr, op: Comparison, right: Expr) -> Expr {
    match op {
        Comparison::Equal => left.eq(right),
        Comparison::NotEqual => left.neq(right),
        Comparison::Less => left.lt(right),
        Comparison::LessOrEqual => left.lt_eq(right),
        Comparison::Greater => left.gt(right),
        Comparison::GreaterOrEqual => left.gt_eq(right),
    }
}

fn is_in(term: &Expr, values: &[Value]) -> Result<Expr, BindError> {
    if values.len() <= SHORT_LIST {
        let mut any: Option<Expr> = None;
        for value in values {
            let equal = term.clone().eq(value.to_polars()?);
            any = Some(match any {
                Some(before) => before.or(equal),
                None => equal,
            });
        }
        return Ok(any.unwrap_or_else(|| lit(false)));
    }
    let set: std::collections::BTreeSet<Literal> = values.iter().map(Value::literal).collect::<Result<_, _>>()?;
    let output = |_: &polars::prelude::Schema, field: &Field| Ok(Field::new(field.name().clone(), DataType::Boolean));
    Ok(term.clone().map(
        move |column: Column| {
            let series = column.as_materialized_series();
            let found: BooleanChunked = match series.dtype() {
                DataType::Int64 => BooleanChunked::from_iter_options(
                    column.name().clone(),
                    series.i64()?.iter().map(|cell| cell.map(|number| set.contains(&Literal::Integer(number)))),
                ),
                _ => BooleanChunked::from_iter_options(
                    column.name().clone(),
                    series.str()?.iter().map(|cell| cell.map(|text| set.contains(&Literal::Text(text.to_owned())))),
                ),
            };
            Ok(found.into_column())
        },
        output,
    ))
}

fn matches(column: &str, place: Place, text: &Value) -> Result<Expr, BindError> {
    let Literal::Text(text) = text.literal()? else { return Ok(lit(LiteralValue::untyped_null()).cast(DataType::Boolean)) };
    Ok(match place {
        Place::Start => col(column).str().starts_with(lit(text)),
        Place::End => col(column).str().ends_with(lit(text)),
        Place::Anywhere => text_test(column, move |cell| cell.contains(&text)),
    })
}

/// A test of each cell of a text column; NULL stays NULL.
fn text_test(column: &str, test: impl Fn(&str) -> bool + Send + Sync + 'static) -> Expr {
    col(column).map(
        move |column: Column| {
            let cells = column.str()?.iter().map(|cell| cell.map(&test));
            Ok(BooleanChunked::from_iter_options(column.name().clone(), cells).into_column())
        },
        |_, field| Ok(Field::new(field.name().clone(), DataType::Boolean)),
    )
}

impl Value {
    fn literal(&self) -> Result<Literal, BindError> {
        match self {
            Self::Literal(literal) => Ok(literal.clone()),
            Self::Param(name) => Err(BindError::Missing(name.clone())),
        }
    }

    fn to_polars(&self) -> Result<Expr, BindError> {
        Ok(match self.literal()? {
            Literal::Boolean(flag) => lit(flag),
            Literal::Integer(number) => lit(number),
            Literal::Text(text) => lit(text),
        })
    }
}

impl Term {
    fn to_polars(&self) -> Result<Expr, BindError> {
        Ok(match self {
            Self::Column(name) => col(name.as_str()),
            Self::Value(value) => value.to_polars()?,
            Self::Arithmetic { left, op, right } => {
                let left = left.to_polars()?;
                let null = || lit(Scalar::null(DataType::Int64));
                let Literal::Integer(right) = right.literal()? else { return Ok(null()) };
                let (low, high) = op.safe_range(right);
                let safe = left.clone().gt_eq(lit(low)).and(left.clone().lt_eq(lit(high)));
                let result = match op {
                    Operator::Plus => left + lit(right),
                    Operator::Minus => left - lit(right),
                    Operator::Times => left * lit(right),
                };
                when(safe).then(result).otherwise(null())
            }
        })
    }
}
