//! Text to predicate: parsed as SQL by `sqlparser`, then taken over construct by construct, with types checked on the way.
//!
//! Whatever is not on the list of the language is an error that names the construct. Every error has its place in the text.

use std::collections::BTreeMap;
use std::ops::Range;

use sqlparser::ast::{self, BinaryOperator, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Spanned, UnaryOperator};
use sqlparser::dialect::Dialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Span, Token, Tokenizer};

use super::schema::Usable;
use super::{Columns, Comparison, Kind, Literal, Place, Predicate, PredicateError, Term, Value};

/// Longest text that is read; keeps the tree shallow.
const LONGEST: usize = 4_000;

/// The least that SQL agrees on: ASCII identifiers, `'text'`, whole numbers.
#[derive(Debug)]
struct Plain;

impl Dialect for Plain {
    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_ascii_alphabetic() || ch == '_'
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_ascii_alphanumeric() || ch == '_'
    }
}

/// Reads a predicate over the columns of a relation, with parameters of given kinds.
///
/// # Errors
/// Every error that could be told apart: what AND and OR join is checked part by part.
pub fn parse(text: &str, columns: &Columns, params: &BTreeMap<String, Kind>) -> Result<Predicate, Vec<PredicateError>> {
    let mut reader = Reader { text, columns, params, errors: Vec::new() };
    let predicate = match reader.sql() {
        Ok(expr) => reader.predicate(&expr),
        Err(error) => reader.fail(error),
    };
    match predicate {
        Some(predicate) if reader.errors.is_empty() => Ok(predicate),
        _ => Err(reader.errors),
    }
}

pub(super) struct Reader<'a> {
    text: &'a str,
    pub(super) columns: &'a Columns,
    pub(super) params: &'a BTreeMap<String, Kind>,
    errors: Vec<PredicateError>,
}

/// A side of a comparison with what is known of its kind.
pub(super) struct Typed {
    pub(super) term: Term,
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
}

impl Reader<'_> {
    fn sql(&self) -> Result<Expr, PredicateError> {
        let error = |message: String, span| PredicateError { message, hint: None, span };
        if self.text.len() > LONGEST {
            return Err(error(format!("the predicate is longer than {LONGEST} characters"), 0..0));
        }
        let tokens = Tokenizer::new(&Plain, self.text)
            .tokenize_with_location()
            .map_err(|e| error(e.message, self.from(e.location)..self.from(e.location)))?;
        let mut parser = Parser::new(&Plain).with_tokens_with_locations(tokens);
        let expr = parser.parse_expr().map_err(|e| self.syntax(&e))?;
        let next = parser.peek_token();
        match next.token {
            Token::EOF => Ok(expr),
            ref token => Err(error(format!("unexpected `{token}` after the predicate"), self.range(next.span))),
        }
    }

    /// The place of a parser error stands in its message only, and at the end of the text not even there.
    fn syntax(&self, error: &ParserError) -> PredicateError {
        let (ParserError::ParserError(text) | ParserError::TokenizerError(text)) = error else {
            return PredicateError { message: "the predicate is nested too deeply".to_owned(), hint: None, span: 0..self.text.len() };
        };
        let placed = text.rsplit_once(" at Line: ").and_then(|(message, place)| {
            let (line, column) = place.split_once(", Column: ")?;
            Some((message, Location { line: line.parse().ok()?, column: column.parse().ok()? }))
        });
        let (message, start) = placed.map_or((text.as_str(), self.text.len()), |(message, place)| (message, self.from(place)));
        let message = message.replace("Expected: ", "expected ").replace("found: EOF", "found the end");
        PredicateError { message, hint: None, span: start..start }
    }

    pub(super) fn fail<T>(&mut self, error: PredicateError) -> Option<T> {
        self.errors.push(error);
        None
    }

    pub(super) fn refuse<T>(&mut self, expr: &Expr, message: impl Into<String>, hint: Option<&str>) -> Option<T> {
        let span = self.span(expr);
        self.fail(PredicateError { message: message.into(), hint: hint.map(str::to_owned), span })
    }

    /// Byte offset of a place given by line and character.
    fn from(&self, place: Location) -> usize {
        let line = usize::try_from(place.line).unwrap_or(1).max(1);
        let column = usize::try_from(place.column).unwrap_or(1).max(1);
        let start: usize = self.text.split_inclusive('\n').take(line - 1).map(str::len).sum();
        let rest = self.text.get(start..).unwrap_or("");
        start + rest.char_indices().nth(column - 1).map_or(rest.len(), |(at, _)| at)
    }

    fn range(&self, span: Span) -> Range<usize> {
        if span == Span::empty() {
            return 0..self.text.len();
        }
        let (start, end) = (self.from(span.start), self.from(span.end));
        start..end.max(start)
    }

    pub(super) fn span(&self, expr: &Expr) -> Range<usize> {
        self.range(expr.span())
    }

    fn predicate(&mut self, expr: &Expr) -> Option<Predicate> {
        match expr {
            Expr::Nested(inner) => self.predicate(inner),
            Expr::BinaryOp { op: op @ (BinaryOperator::And | BinaryOperator::Or), .. } => {
                let mut parts = Vec::new();
                spine(expr, op, &mut parts);
                let parts: Vec<_> = parts.into_iter().map(|part| self.predicate(part)).collect();
                let parts: Vec<_> = parts.into_iter().collect::<Option<_>>()?;
                Some(if *op == BinaryOperator::And { Predicate::And(parts) } else { Predicate::Or(parts) })
            }
            Expr::BinaryOp { left, op, right } => match comparison(op) {
                Some(op) => self.compare(left, op, right),
                None => self.refuse(expr, format!("operator `{op}` does not give true or false here"), None),
            },
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => Some(Predicate::Not(Box::new(self.predicate(expr)?))),
            Expr::Between { expr, negated, low, high } => {
                let low = self.compare(expr, Comparison::GreaterOrEqual, low)?;
                let high = self.compare(expr, Comparison::LessOrEqual, high)?;
                Some(negate(Predicate::And(vec![low, high]), *negated))
            }
            Expr::InList { expr: term, list, negated } => self.in_list(term, list, *negated),
            Expr::Like { negated, any: false, expr: column, pattern, escape_char: None } => {
                Some(negate(self.like(column, pattern)?, *negated))
            }
            Expr::IsNull(column) => self.is_null(column),
            Expr::IsNotNull(column) => Some(negate(self.is_null(column)?, true)),
            Expr::Identifier(_) => {
                let column = self.term(expr)?;
                match column {
                    Typed { term: Term::Column(name), kind: Kind::Boolean, .. } => Some(Predicate::Flag(name)),
                    Typed { kind, .. } => self.refuse(
                        expr,
                        format!("a column alone must be boolean, this one is {}", kind.word()),
                        Some("compare it with something"),
                    ),
                }
            }
            Expr::Function(function) => self.function(expr, function),
            _ => self.unsupported(expr),
        }
    }

    pub(super) fn unsupported<T>(&mut self, expr: &Expr) -> Option<T> {
        let known = "a value that is unknown must stay unknown; NULL gives `unknown` by itself";
        let (what, hint) = match expr {
            Expr::Case { .. } => ("CASE", Some(known)),
            Expr::IsTrue(_) | Expr::IsNotTrue(_) | Expr::IsFalse(_) | Expr::IsNotFalse(_) | Expr::IsUnknown(_) | Expr::IsNotUnknown(_) => {
                ("IS TRUE, IS FALSE and IS UNKNOWN", Some(known))
            }
            Expr::IsDistinctFrom(..) | Expr::IsNotDistinctFrom(..) => ("IS DISTINCT FROM", Some(known)),
            Expr::Like { escape_char: Some(_), .. } => ("LIKE with ESCAPE", Some("use starts_with, ends_with or contains")),
            Expr::ILike { .. } | Expr::RLike { .. } | Expr::SimilarTo { .. } => {
                ("matching by ILIKE, RLIKE or SIMILAR TO", Some("use LIKE with `%`, starts_with, ends_with or contains"))
            }
            Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. } => {
                ("a subquery", Some("what it would look up belongs into the relation"))
            }
            Expr::Cast { .. } => ("CAST", None),
            Expr::CompoundIdentifier(_) => ("a qualified column", Some("write the column's name alone")),
            Expr::Value(_) => ("a constant alone", Some("a predicate compares columns")),
            Expr::Function(function) => {
                let name = function.name.to_string().to_ascii_lowercase();
                return match name.as_str() {
                    "coalesce" | "ifnull" | "nullif" | "nvl" => {
                        self.refuse(expr, format!("{} is not supported in predicates", name.to_ascii_uppercase()), Some(known))
                    }
                    _ => self.refuse(
                        expr,
                        format!("function `{name}` is not supported"),
                        Some("there are starts_with, ends_with and contains"),
                    ),
                };
            }
            _ => ("this construct", None),
        };
        self.refuse(expr, format!("{what} is not supported in predicates"), hint)
    }

    fn compare(&mut self, left: &Expr, op: Comparison, right: &Expr) -> Option<Predicate> {
        let (left, right) = (self.term(left), self.term(right));
        let (left, right) = (left?, right?);
        let span = left.span.start..right.span.end;
        self.same_kind(left.kind, &right)?;
        if left.kind == Kind::Boolean && !matches!(op, Comparison::Equal | Comparison::NotEqual) {
            let message = format!("`{}` does not order booleans; they know only `=` and `<>`", op.sign());
            return self.fail(PredicateError { message, hint: None, span });
        }
        if constant(&left.term) && constant(&right.term) {
            return self.fail(PredicateError { message: "this compares two constants and no column".to_owned(), hint: None, span });
        }
        Some(Predicate::Compare { left: left.term, op, right: right.term })
    }

    pub(super) fn same_kind(&mut self, expected: Kind, found: &Typed) -> Option<()> {
        if expected == found.kind {
            return Some(());
        }
        let message = format!("expected {}, found {}", expected.word(), found.kind.word());
        self.fail(PredicateError { message, hint: None, span: found.span.clone() })
    }

    fn in_list(&mut self, term: &Expr, list: &[Expr], negated: bool) -> Option<Predicate> {
        let left = self.term(term)?;
        if left.kind == Kind::Boolean || constant(&left.term) {
            return self.refuse(term, "IN looks up a text or integer column", None);
        }
        let mut values = Vec::with_capacity(list.len());
        for entry in list {
            let value = self.term(entry)?;
            self.same_kind(left.kind, &value)?;
            let Term::Value(value) = value.term else { return self.refuse(entry, "a list holds constants only", None) };
            values.push(value);
        }
        if values.is_empty() {
            return self.refuse(term, "the list of IN is empty", None);
        }
        Some(negate(Predicate::In { term: left.term, values }, negated))
    }

    fn text_column(&mut self, expr: &Expr) -> Option<String> {
        match self.term(expr)? {
            Typed { term: Term::Column(name), kind: Kind::Text, .. } => Some(name),
            Typed { kind, .. } => self.refuse(expr, format!("expected a text column, found {}", kind.word()), None),
        }
    }

    fn like(&mut self, column: &Expr, pattern: &Expr) -> Option<Predicate> {
        let column = self.text_column(column)?;
        let Expr::Value(ast::ValueWithSpan { value: ast::Value::SingleQuotedString(text), .. }) = pattern else {
            return self.refuse(
                pattern,
                "the pattern of LIKE must be written out",
                Some("with a parameter use starts_with, ends_with or contains"),
            );
        };
        if text.contains(['_', '\\']) {
            return self.refuse(
                pattern,
                "`_` and `\\` are not supported in LIKE",
                Some("use starts_with, ends_with or contains, which take text literally"),
            );
        }
        let matched = |place, text: &str| {
            let text = Value::Literal(Literal::Text(text.to_owned()));
            Some(Predicate::Match { column: column.clone(), place, text })
        };
        match text.split('%').collect::<Vec<_>>()[..] {
            [only] => Some(Predicate::Compare {
                left: Term::Column(column),
                op: Comparison::Equal,
                right: Term::Value(Value::Literal(Literal::Text(only.to_owned()))),
            }),
            [start, ""] => matched(Place::Start, start),
            ["", end] => matched(Place::End, end),
            ["", middle, ""] => matched(Place::Anywhere, middle),
            ref pieces => Some(Predicate::Like { pieces: pieces.iter().map(|&piece| piece.to_owned()).collect(), column }),
        }
    }

    fn is_null(&mut self, expr: &Expr) -> Option<Predicate> {
        let Term::Column(name) = self.term(expr)?.term else { return self.refuse(expr, "IS NULL asks about a column", None) };
        match self.columns.get(&name) {
            Some(Usable::Yes { null_means: true, .. }) => Some(Predicate::IsNull(name)),
            _ => self.refuse(
                expr,
                format!("IS NULL is not allowed on `{name}`, where NULL only says that nothing is known"),
                Some("leave it out: a predicate over it gives `unknown` by itself"),
            ),
        }
    }

    fn function(&mut self, whole: &Expr, function: &ast::Function) -> Option<Predicate> {
        let name = function.name.to_string().to_ascii_lowercase();
        let Some(place) = [Place::Start, Place::End, Place::Anywhere].into_iter().find(|place| place.function() == name) else {
            return self.unsupported(whole);
        };
        let wrong = "write the column and the text";
        let plain =
            function.over.is_none() && function.filter.is_none() && function.null_treatment.is_none() && function.within_group.is_empty();
        let FunctionArguments::List(list) = &function.args else { return self.refuse(whole, wrong, None) };
        let [FunctionArg::Unnamed(FunctionArgExpr::Expr(column)), FunctionArg::Unnamed(FunctionArgExpr::Expr(text))] = &list.args[..]
        else {
            return self.refuse(whole, wrong, None);
        };
        if !plain || list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
            return self.refuse(whole, wrong, None);
        }
        let column = self.text_column(column)?;
        let found = self.term(text)?;
        self.same_kind(Kind::Text, &found)?;
        let Term::Value(value) = found.term else { return self.refuse(text, "the text must be a constant", None) };
        Some(Predicate::Match { column, place, text: value })
    }
}

/// Takes `a AND b AND c` apart, but not what stands in brackets.
fn spine<'e>(expr: &'e Expr, wanted: &BinaryOperator, parts: &mut Vec<&'e Expr>) {
    let mut backwards = Vec::new();
    let mut at = expr;
    while let Expr::BinaryOp { left, op, right } = at {
        if op != wanted {
            break;
        }
        backwards.push(&**right);
        at = left;
    }
    parts.push(at);
    parts.extend(backwards.into_iter().rev());
}

fn constant(term: &Term) -> bool {
    match term {
        Term::Column(_) => false,
        Term::Value(_) => true,
        Term::Arithmetic { left, .. } => constant(left),
    }
}

fn negate(predicate: Predicate, negated: bool) -> Predicate {
    if negated { Predicate::Not(Box::new(predicate)) } else { predicate }
}

fn comparison(op: &BinaryOperator) -> Option<Comparison> {
    Some(match op {
        BinaryOperator::Eq => Comparison::Equal,
        BinaryOperator::NotEq => Comparison::NotEqual,
        BinaryOperator::Lt => Comparison::Less,
        BinaryOperator::LtEq => Comparison::LessOrEqual,
        BinaryOperator::Gt => Comparison::Greater,
        BinaryOperator::GtEq => Comparison::GreaterOrEqual,
        _ => return None,
    })
}
