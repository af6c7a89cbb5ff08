//! Predicates as text: in the rule language itself, and as SQL for other engines.
//!
//! The SQL has no parameters and stays inside what DuckDB, Spark and Trino read alike: LIKE in place of their differing functions, integers
//! only, and arithmetic behind a range check, because an overflow is an error there and NULL here.

use std::borrow::Cow;

use super::{Comparison, Literal, Operator, Place, Predicate, Term, Value};

impl Comparison {
    /// The operator as SQL spells it.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

impl Operator {
    fn sign(self) -> &'static str {
        match self {
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Times => "*",
        }
    }
}

impl Literal {
    /// As SQL: `TRUE`, `-3`, `'it''s'`.
    pub fn to_sql(&self) -> String {
        match self {
            Self::Boolean(true) => "TRUE".to_owned(),
            Self::Boolean(false) => "FALSE".to_owned(),
            Self::Integer(number) => number.to_string(),
            Self::Text(text) => quote(text),
        }
    }
}

impl Value {
    fn to_text(&self) -> String {
        match self {
            Self::Literal(literal) => literal.to_sql(),
            Self::Param(name) => format!(":{name}"),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Rule,
    Sql,
}

impl Term {
    /// In the rule language.
    pub fn to_text(&self) -> String {
        self.print(Style::Rule)
    }

    fn print(&self, style: Style) -> String {
        match self {
            Self::Column(name) => name.clone(),
            Self::Value(value) => value.to_text(),
            Self::Arithmetic { left, op, right } => {
                let inner = left.print(style);
                let operand =
                    if style == Style::Rule && matches!(**left, Self::Arithmetic { .. }) { format!("({inner})") } else { inner.clone() };
                let sum = format!("{operand} {} {}", op.sign(), right.to_text());
                match (style, right) {
                    (Style::Sql, Value::Literal(Literal::Integer(right))) => {
                        let (low, high) = op.safe_range(*right);
                        format!("CASE WHEN {inner} BETWEEN {low} AND {high} THEN {sum} END")
                    }
                    _ => sum,
                }
            }
        }
    }
}

impl Predicate {
    /// In the rule language, normalised: reading it again gives the same predicate.
    pub fn to_text(&self) -> String {
        self.print(Style::Rule)
    }

    /// As SQL for other engines. Bind the parameters first; one that is left prints as `:name`.
    pub fn to_sql(&self) -> String {
        self.print(Style::Sql)
    }

    fn print(&self, style: Style) -> String {
        match self {
            Self::Flag(name) => name.clone(),
            Self::Compare { left, op, right } => format!("{} {} {}", left.print(style), op.sign(), right.print(style)),
            Self::In { term, values } => {
                let values: Vec<_> = values.iter().map(Value::to_text).collect();
                format!("{} IN ({})", term.print(style), values.join(", "))
            }
            Self::Match { column, place, text } => match (style, text) {
                (Style::Sql, Value::Literal(Literal::Text(text))) => {
                    let pieces = match place {
                        Place::Start => [text.as_str(), ""].as_slice().join("\0"),
                        Place::End => ["", text.as_str()].as_slice().join("\0"),
                        Place::Anywhere => ["", text.as_str(), ""].as_slice().join("\0"),
                    };
                    sql_like(column, pieces.split('\0'))
                }
                _ => format!("{}({column}, {})", place.function(), text.to_text()),
            },
            Self::Like { column, pieces } => match style {
                Style::Rule => format!("{column} LIKE {}", quote(&pieces.join("%"))),
                Style::Sql => sql_like(column, pieces.iter().map(String::as_str)),
            },
            Self::IsNull(name) => format!("{name} IS NULL"),
            Self::Not(part) => match **part {
                Self::Flag(ref name) => format!("NOT {name}"),
                _ => format!("NOT ({})", part.print(style)),
            },
            Self::And(parts) => join(parts, " AND ", style),
            Self::Or(parts) => join(parts, " OR ", style),
        }
    }
}

impl Place {
    /// The function of the rule language.
    pub fn function(self) -> &'static str {
        match self {
            Self::Start => "starts_with",
            Self::End => "ends_with",
            Self::Anywhere => "contains",
        }
    }
}

fn join(parts: &[Predicate], word: &str, style: Style) -> String {
    let printed: Vec<_> = parts
        .iter()
        .map(|part| match part {
            Predicate::And(_) | Predicate::Or(_) => format!("({})", part.print(style)),
            _ => part.print(style),
        })
        .collect();
    printed.join(word)
}

/// `column LIKE 'a%b'`, with `!` before characters that LIKE would take as its own.
fn sql_like<'a>(column: &str, pieces: impl Iterator<Item = &'a str>) -> String {
    let mut escaped = false;
    let pieces: Vec<Cow<'_, str>> = pieces
        .map(|piece| {
            if !piece.contains(['%', '_', '!']) {
                return Cow::Borrowed(piece);
            }
            escaped |= piece.contains(['%', '_']);
            Cow::Owned(piece.to_owned())
        })
        .collect();
    let pieces: Vec<String> = pieces
        .iter()
        .map(|piece| if escaped { piece.replace('!', "!!").replace('%', "!%").replace('_', "!_") } else { piece.to_string() })
        .collect();
    let escape = if escaped { " ESCAPE '!'" } else { "" };
    format!("{column} LIKE {}{escape}", quote(&pieces.join("%")))
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
