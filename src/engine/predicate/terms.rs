//! Text to predicate, second part: the sides of comparisons. Columns, constants, parameters, and arithmetic with one constant side.

use std::ops::Range;

use sqlparser::ast::{self, BinaryOperator, Expr, UnaryOperator};

use super::parse::{Reader, Typed};
use super::schema::Usable;
use super::{Kind, Literal, Operator, PredicateError, Term, Value};
use crate::engine::nearest::nearest;

impl Reader<'_> {
    pub(super) fn term(&mut self, expr: &Expr) -> Option<Typed> {
        let span = self.span(expr);
        let (term, kind) = match expr {
            Expr::Nested(inner) => return self.term(inner),
            Expr::Identifier(ident) if ident.quote_style.is_some() => {
                return self.refuse(expr, "names are written without quotes, text with single quotes", None);
            }
            Expr::Identifier(ident) => (Term::Column(ident.value.clone()), self.column(&ident.value, &span)?),
            Expr::Value(value) => self.value(expr, &value.value, false)?,
            Expr::UnaryOp { op: UnaryOperator::Minus, expr: inner } => match &**inner {
                Expr::Value(value) => self.value(expr, &value.value, true)?,
                _ => return self.refuse(expr, "a minus stands before a number only", None),
            },
            Expr::BinaryOp { left, op, right } => match arithmetic(op) {
                Some(op) => self.arithmetic(expr, left, op, right)?,
                None => {
                    return self.refuse(
                        expr,
                        format!("operator `{op}` is not supported here"),
                        Some("there are `+`, `-` and `*` with a constant"),
                    );
                }
            },
            _ => return self.unsupported(expr),
        };
        Some(Typed { term, kind, span })
    }

    fn column(&mut self, name: &str, span: &Range<usize>) -> Option<Kind> {
        let (message, hint) = match self.columns.get(name) {
            Some(Usable::Yes { kind, .. }) => return Some(*kind),
            Some(Usable::No(reason)) => (format!("column `{name}` {reason}"), None),
            None => {
                let near = nearest(name, self.columns.names());
                (format!("there is no column `{name}`"), near.map(|near| format!("did you mean `{near}`?")))
            }
        };
        self.fail(PredicateError { message, hint, span: span.clone() })
    }

    fn value(&mut self, expr: &Expr, value: &ast::Value, minus: bool) -> Option<(Term, Kind)> {
        let literal = match value {
            ast::Value::Number(digits, false) => {
                let sign = if minus { "-" } else { "" };
                match format!("{sign}{digits}").parse() {
                    Ok(number) => Literal::Integer(number),
                    Err(_) => return self.refuse(expr, format!("`{sign}{digits}` is not a whole number of 64 bits"), None),
                }
            }
            _ if minus => return self.refuse(expr, "a minus stands before a number only", None),
            ast::Value::SingleQuotedString(text) if text.contains('\\') => {
                return self.refuse(expr, "text with `\\` is not supported, because engines read it differently", None);
            }
            ast::Value::SingleQuotedString(text) => Literal::Text(text.clone()),
            ast::Value::Boolean(flag) => Literal::Boolean(*flag),
            ast::Value::Null => {
                return self.refuse(
                    expr,
                    "NULL is not a value to compare with",
                    Some("a comparison with it is never true and never false"),
                );
            }
            ast::Value::Placeholder(name) => return self.param(expr, name),
            other => {
                return self.refuse(
                    expr,
                    format!("the literal {other} is not supported"),
                    Some("write 'text', a whole number, TRUE or FALSE"),
                );
            }
        };
        let kind = literal.kind();
        Some((Term::Value(Value::Literal(literal)), kind))
    }

    fn param(&mut self, expr: &Expr, written: &str) -> Option<(Term, Kind)> {
        let Some(name) = written.strip_prefix(':') else {
            return self.refuse(expr, format!("`{written}` is no parameter"), Some("write `:name`"));
        };
        if let Some(kind) = self.params.get(name) {
            return Some((Term::Value(Value::Param(name.to_owned())), *kind));
        }
        let hint = nearest(name, self.params.keys().map(String::as_str)).map(|near| format!("did you mean `:{near}`?"));
        self.refuse(expr, format!("there is no parameter `{name}`"), hint.as_deref().or(Some("declare it under `params:`")))
    }

    fn arithmetic(&mut self, whole: &Expr, left: &Expr, op: Operator, right: &Expr) -> Option<(Term, Kind)> {
        let (left, right) = (self.term(left)?, self.term(right)?);
        self.same_kind(Kind::Integer, &left)?;
        self.same_kind(Kind::Integer, &right)?;
        let literal = |term: &Term| match term {
            Term::Value(Value::Literal(Literal::Integer(number))) => Some(*number),
            _ => None,
        };
        if let (Some(l), Some(r)) = (literal(&left.term), literal(&right.term)) {
            return match op.apply(l, r) {
                Some(folded) => Some((Term::Value(Value::Literal(Literal::Integer(folded))), Kind::Integer)),
                None => self.refuse(whole, "the result does not fit 64 bits", None),
            };
        }
        let (left, right) = match (left.term, right.term) {
            (left, Term::Value(right)) => (left, right),
            (Term::Value(left), right) if op != Operator::Minus => (right, left),
            _ => {
                return self.refuse(
                    whole,
                    "one side of an operation must be a constant",
                    Some("write `column + 1` or `column * :parameter`"),
                );
            }
        };
        Some((Term::Arithmetic { left: Box::new(left), op, right }, Kind::Integer))
    }
}

fn arithmetic(op: &BinaryOperator) -> Option<Operator> {
    Some(match op {
        BinaryOperator::Plus => Operator::Plus,
        BinaryOperator::Minus => Operator::Minus,
        BinaryOperator::Multiply => Operator::Times,
        _ => return None,
    })
}
