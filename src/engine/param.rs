//! Values that rule files and settings hold: cells of cases, and typed parameters.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};

use super::predicate::{Kind, Literal};
use crate::model::duration;

/// A YAML scalar. Fractions are refused: everything the engine compares is a whole number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum YamlScalar {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// Whole number of 64 bits.
    Integer(i64),
    /// Anything else.
    Text(String),
}

impl<'de> Deserialize<'de> for YamlScalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Scalars;
        impl Visitor<'_> for Scalars {
            type Value = YamlScalar;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a whole number, true, false or null")
            }
            fn visit_unit<E>(self) -> Result<YamlScalar, E> {
                Ok(YamlScalar::Null)
            }
            fn visit_none<E>(self) -> Result<YamlScalar, E> {
                Ok(YamlScalar::Null)
            }
            fn visit_bool<E>(self, flag: bool) -> Result<YamlScalar, E> {
                Ok(YamlScalar::Boolean(flag))
            }
            fn visit_i64<E>(self, number: i64) -> Result<YamlScalar, E> {
                Ok(YamlScalar::Integer(number))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<YamlScalar, E> {
                i64::try_from(number).map(YamlScalar::Integer).map_err(|_| E::custom(format!("`{number}` does not fit 64 bits")))
            }
            fn visit_str<E>(self, text: &str) -> Result<YamlScalar, E> {
                Ok(YamlScalar::Text(text.to_owned()))
            }
        }
        deserializer.deserialize_any(Scalars)
    }
}

impl YamlScalar {
    /// What it is, for messages.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Boolean(_) => "true or false",
            Self::Integer(_) => "a whole number",
            Self::Text(_) => "a text",
        }
    }
}

/// What kind of value a parameter takes; follows from its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamUnit {
    /// `26h`, `35d`: seconds in predicates.
    Duration,
    /// A whole number.
    Integer,
    /// Text.
    Text,
}

impl ParamUnit {
    /// The word used in messages and documentation.
    pub fn word(self) -> &'static str {
        match self {
            Self::Duration => "duration",
            Self::Integer => "integer",
            Self::Text => "text",
        }
    }

    /// What predicates see.
    pub fn kind(self) -> Kind {
        match self {
            Self::Duration | Self::Integer => Kind::Integer,
            Self::Text => Kind::Text,
        }
    }

    /// The unit of a default as written: a duration if it reads as one.
    pub fn of(scalar: &YamlScalar) -> Option<Self> {
        match scalar {
            YamlScalar::Integer(_) => Some(Self::Integer),
            YamlScalar::Text(text) if duration::parse(text).is_ok() => Some(Self::Duration),
            YamlScalar::Text(_) => Some(Self::Text),
            YamlScalar::Boolean(_) | YamlScalar::Null => None,
        }
    }

    /// Reads a value of this unit.
    ///
    /// # Errors
    /// A sentence with what was expected and what was found.
    pub fn read(self, scalar: &YamlScalar) -> Result<Literal, String> {
        match (self, scalar) {
            (Self::Duration, YamlScalar::Text(text)) => duration::parse(text).map(Literal::Integer).map_err(|error| error.to_string()),
            (Self::Integer, YamlScalar::Integer(number)) => Ok(Literal::Integer(*number)),
            (Self::Text, YamlScalar::Text(text)) if text.contains('\\') => Err("text with `\\` is not supported".to_owned()),
            (Self::Text, YamlScalar::Text(text)) => Ok(Literal::Text(text.clone())),
            (Self::Duration, other) => Err(format!("expected a duration such as `26h`, found {}", other.word())),
            (Self::Integer, other) => Err(format!("expected a whole number, found {}", other.word())),
            (Self::Text, other) => Err(format!("expected a text, found {}", other.word())),
        }
    }

    /// Writes a value for people.
    pub fn text(self, literal: &Literal) -> String {
        match (self, literal) {
            (Self::Duration, Literal::Integer(seconds)) => duration::text(*seconds),
            (_, Literal::Integer(number)) => number.to_string(),
            (_, Literal::Text(text)) => text.clone(),
            (_, Literal::Boolean(flag)) => flag.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_of_a_parameter_follows_from_its_default() {
        // default, unit, another value, what it is read as
        let text = |text: &str| YamlScalar::Text(text.to_owned());
        let cases = [
            (text("35d"), Some(ParamUnit::Duration), text("26h"), Ok(Literal::Integer(93_600))),
            (
                text("35d"),
                Some(ParamUnit::Duration),
                YamlScalar::Integer(35),
                Err("expected a duration such as `26h`, found a whole number".to_owned()),
            ),
            (YamlScalar::Integer(2), Some(ParamUnit::Integer), YamlScalar::Integer(-1), Ok(Literal::Integer(-1))),
            (YamlScalar::Integer(2), Some(ParamUnit::Integer), text("2d"), Err("expected a whole number, found a text".to_owned())),
            (text("prod-"), Some(ParamUnit::Text), text("35d"), Ok(Literal::Text("35d".to_owned()))),
            (YamlScalar::Null, None, YamlScalar::Null, Err(String::new())),
        ];
        for (default, unit, value, read) in cases {
            assert_eq!(ParamUnit::of(&default), unit);
            if let Some(unit) = unit {
                assert_eq!(unit.read(&value), read, "{default:?} {value:?}");
            }
        }
    }
}
