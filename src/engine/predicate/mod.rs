//! The language of `applies` and `pass`: a small, three-valued part of SQL over the columns of one relation.
//!
//! Text becomes a [`Predicate`] (`parse`), which is checked against the relation while it is built, bound to parameters, and then compiled to a
//! Polars expression (`compile`) or printed (`print`). What the language leaves out is left out on purpose: every predicate is *monotone*, so
//! that a value which turns out to be unknown can never make a new pass or fail. That is why there is no CASE, no COALESCE, and IS NULL only
//! where NULL is an answer.

mod compile;
#[cfg(test)]
mod laws;
mod open;
mod parse;
mod print;
#[cfg(test)]
mod refusals;
mod schema;
mod terms;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

pub(crate) use open::Known;
pub use parse::parse;
pub use schema::Columns;

/// A checked predicate. AND and OR have at least two parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Predicate {
    /// A boolean column.
    Flag(String),
    /// `left op right`; both sides have one kind, booleans know only `=` and `<>`.
    Compare {
        /// Left side.
        left: Term,
        /// Operator.
        op: Comparison,
        /// Right side.
        right: Term,
    },
    /// `term IN (values)`; there is no NULL among the values.
    In {
        /// What is looked for.
        term: Term,
        /// Where; at least one.
        values: Vec<Value>,
    },
    /// A text column that begins with, ends with or contains a text.
    Match {
        /// The column.
        column: String,
        /// Where the text must stand.
        place: Place,
        /// The text, taken literally.
        text: Value,
    },
    /// `column LIKE 'a%b'` that is no simple [`Predicate::Match`]: the texts between the percent signs, in order.
    Like {
        /// The column.
        column: String,
        /// At least two; the first begins the column, the last ends it.
        pieces: Vec<String>,
    },
    /// `column IS NULL`, where the column declares what NULL means.
    IsNull(String),
    /// The opposite; unknown stays unknown.
    Not(Box<Predicate>),
    /// All must hold.
    And(Vec<Predicate>),
    /// One must hold.
    Or(Vec<Predicate>),
}

/// A side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// A column.
    Column(String),
    /// A literal or a parameter.
    Value(Value),
    /// `left op right`; an overflow of 64 bits is NULL.
    Arithmetic {
        /// Holds the column, or a parameter.
        left: Box<Term>,
        /// Operator.
        op: Operator,
        /// A constant.
        right: Value,
    },
}

/// A constant in a predicate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Written out.
    Literal(Literal),
    /// `:name`, until it is bound.
    Param(String),
}

/// A value of a rule: a literal, a parameter, a cell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Literal {
    /// `TRUE`, `FALSE`.
    Boolean(bool),
    /// Whole number.
    Integer(i64),
    /// `'text'`.
    Text(String),
}

/// What values can be compared with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// True or false.
    Boolean,
    /// Whole number.
    Integer,
    /// UTF-8 text, ordered by its bytes.
    Text,
}

/// Comparison operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// Arithmetic with a constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Times,
}

/// Where a matched text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `starts_with(column, 'text')`
    Start,
    /// `ends_with(column, 'text')`
    End,
    /// `contains(column, 'text')`
    Anywhere,
}

/// What is wrong with a predicate, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PredicateError {
    /// What is wrong.
    pub message: String,
    /// What to write instead, if that can be said.
    pub hint: Option<String>,
    /// Bytes of the predicate's text.
    pub span: Range<usize>,
}

/// Why parameters cannot be put into a predicate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BindError {
    /// No value for it.
    #[error("parameter `{0}` has no value")]
    Missing(String),
    /// Arithmetic on constants left the 64 bits.
    #[error("`{0}` does not fit 64 bits")]
    Overflow(String),
}

impl Literal {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Boolean(_) => Kind::Boolean,
            Self::Integer(_) => Kind::Integer,
            Self::Text(_) => Kind::Text,
        }
    }
}

impl Kind {
    /// The word used in messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Text => "text",
        }
    }
}

impl Operator {
    /// Applies it; `None` if 64 bits are too few.
    pub fn apply(self, left: i64, right: i64) -> Option<i64> {
        match self {
            Self::Plus => left.checked_add(right),
            Self::Minus => left.checked_sub(right),
            Self::Times => left.checked_mul(right),
        }
    }

    /// The values of the left side for which `left op right` fits 64 bits, both ends included.
    pub fn safe_range(self, right: i64) -> (i64, i64) {
        match self {
            Self::Plus if right >= 0 => (i64::MIN, i64::MAX - right),
            Self::Plus => (i64::MIN - right, i64::MAX),
            Self::Minus if right >= 0 => (i64::MIN + right, i64::MAX),
            Self::Minus => (i64::MIN, i64::MAX + right),
            Self::Times if right == -1 => (-i64::MAX, i64::MAX),
            Self::Times if right == 0 => (i64::MIN, i64::MAX),
            Self::Times if right > 0 => (i64::MIN / right, i64::MAX / right),
            Self::Times => (i64::MAX / right, i64::MIN / right),
        }
    }
}

impl Value {
    fn bind(&self, params: &BTreeMap<String, Literal>) -> Result<Self, BindError> {
        match self {
            Self::Literal(_) => Ok(self.clone()),
            Self::Param(name) => params.get(name).cloned().map(Self::Literal).ok_or_else(|| BindError::Missing(name.clone())),
        }
    }
}

impl Term {
    fn bind(&self, params: &BTreeMap<String, Literal>) -> Result<Self, BindError> {
        Ok(match self {
            Self::Column(_) => self.clone(),
            Self::Value(value) => Self::Value(value.bind(params)?),
            Self::Arithmetic { left, op, right } => {
                let (left, right) = (left.bind(params)?, right.bind(params)?);
                match (&left, &right) {
                    (Self::Value(Value::Literal(Literal::Integer(l))), Value::Literal(Literal::Integer(r))) => {
                        let folded = op.apply(*l, *r).ok_or_else(|| BindError::Overflow(self.to_text()))?;
                        Self::Value(Value::Literal(Literal::Integer(folded)))
                    }
                    _ => Self::Arithmetic { left: Box::new(left), op: *op, right },
                }
            }
        })
    }

    fn each(&self, column: &mut impl FnMut(&str), param: &mut impl FnMut(&str)) {
        match self {
            Self::Column(name) => column(name),
            Self::Value(Value::Param(name)) => param(name),
            Self::Value(Value::Literal(_)) => {}
            Self::Arithmetic { left, right, .. } => {
                left.each(column, param);
                if let Value::Param(name) = right {
                    param(name);
                }
            }
        }
    }
}

impl Predicate {
    /// The same predicate with every parameter replaced by its value.
    ///
    /// # Errors
    /// A parameter without value, or arithmetic on constants that overflows.
    pub fn bind(&self, params: &BTreeMap<String, Literal>) -> Result<Self, BindError> {
        let all = |parts: &[Self]| parts.iter().map(|part| part.bind(params)).collect::<Result<Vec<_>, _>>();
        Ok(match self {
            Self::Flag(_) | Self::IsNull(_) | Self::Like { .. } => self.clone(),
            Self::Compare { left, op, right } => Self::Compare { left: left.bind(params)?, op: *op, right: right.bind(params)? },
            Self::In { term, values } => {
                Self::In { term: term.bind(params)?, values: values.iter().map(|value| value.bind(params)).collect::<Result<_, _>>()? }
            }
            Self::Match { column, place, text } => Self::Match { column: column.clone(), place: *place, text: text.bind(params)? },
            Self::Not(part) => Self::Not(Box::new(part.bind(params)?)),
            Self::And(parts) => Self::And(all(parts)?),
            Self::Or(parts) => Self::Or(all(parts)?),
        })
    }

    /// The columns it reads.
    pub fn columns(&self) -> BTreeSet<String> {
        let mut names = Vec::new();
        self.each(&mut |name| names.push(name.to_owned()), &mut |_| {});
        names.into_iter().collect()
    }

    /// The parameters it uses.
    pub fn params(&self) -> BTreeSet<String> {
        let mut names = Vec::new();
        self.each(&mut |_| {}, &mut |name| names.push(name.to_owned()));
        names.into_iter().collect()
    }

    fn each(&self, column: &mut impl FnMut(&str), param: &mut impl FnMut(&str)) {
        match self {
            Self::Flag(name) | Self::IsNull(name) | Self::Like { column: name, .. } => column(name),
            Self::Compare { left, right, .. } => {
                left.each(column, param);
                right.each(column, param);
            }
            Self::In { term, values } => {
                term.each(column, param);
                for value in values {
                    Term::Value(value.clone()).each(column, param);
                }
            }
            Self::Match { column: name, text, .. } => {
                column(name);
                Term::Value(text.clone()).each(column, param);
            }
            Self::Not(part) => part.each(column, param),
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.each(column, param)),
        }
    }
}

/// Reads text between the percent signs of a LIKE pattern: whether `text` consists of the pieces in order, with anything between them.
pub(crate) fn like(text: &str, pieces: &[String]) -> bool {
    let [first, middle @ .., last] = pieces else { return pieces.first().is_some_and(|only| only == text) };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
    for piece in middle {
        let Some(at) = rest.find(piece.as_str()) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last.as_str())
}
