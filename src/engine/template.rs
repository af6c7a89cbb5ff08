//! Messages of rules: small templates over the row that decided.
//!
//! Filters: `duration` (seconds), `time` (epoch seconds), `bytes`, `counted("recovery point")` ("1 recovery point", "2 recovery points"). A name that does not exist is an error when the rule is loaded; a value that
//! is NULL is written as "not known", also after a filter.

use std::collections::BTreeMap;
use std::ops::Range;

use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior};

use crate::model::{duration, moment};

/// What NULL reads as.
pub const NOT_KNOWN: &str = "not known";

/// Values of a row and of parameters by name.
pub type Values = BTreeMap<String, Value>;

/// Renders the templates of rules.
pub struct Templates {
    /// Holds what is compiled, under its own text.
    environment: Environment<'static>,
    /// The names that each of these uses.
    names: BTreeMap<String, Vec<String>>,
}

/// What is wrong in a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// What is wrong.
    pub message: String,
    /// Bytes of the template, if that can be said.
    pub span: Option<Range<usize>>,
}

impl Default for Templates {
    fn default() -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        environment.set_formatter(|out, state, value| {
            if value.is_none() { out.write_str(NOT_KNOWN).map_err(Error::from) } else { minijinja::escape_formatter(out, state, value) }
        });
        environment.add_filter("duration", |value: Value| seconds(&value, "duration", duration::text));
        environment.add_filter("time", |value: Value| seconds(&value, "time", moment::short));
        environment.add_filter("bytes", |value: Value| seconds(&value, "bytes", bytes));
        environment.add_filter("counted", |value: Value, what: String| {
            seconds(&value, "counted", |count| if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") })
        });
        Self { environment, names: BTreeMap::new() }
    }
}

impl Templates {
    /// With templates that will be rendered again and again. One that is wrong is an error when it is rendered.
    pub fn of<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let mut templates = Self::default();
        for text in texts.into_iter().filter(|text| !is_plain(text)) {
            let Ok(names) = templates.names(text) else { continue };
            if templates.environment.add_template_owned(text.to_owned(), text.to_owned()).is_ok() {
                templates.names.insert(text.to_owned(), names);
            }
        }
        templates
    }

    /// Renders a template to one line.
    ///
    /// # Errors
    /// A syntax error, a name or filter that does not exist, a filter on a value of another kind.
    pub fn render(&self, text: &str, values: &Values) -> Result<String, TemplateError> {
        self.render_with(text, |name| values.get(name).cloned())
    }

    /// As [`Templates::render`], asking only for the values that the template uses.
    ///
    /// # Errors
    /// As [`Templates::render`].
    pub fn render_with(&self, text: &str, value: impl Fn(&str) -> Option<Value>) -> Result<String, TemplateError> {
        if is_plain(text) {
            return Ok(one_line(text));
        }
        let used = |names: &[String]| -> Value {
            let values: Values = names.iter().filter_map(|name| Some((name.clone(), value(name)?))).collect();
            Value::from(values)
        };
        let rendered = if let Some(names) = self.names.get(text) {
            self.environment.get_template(text).and_then(|template| template.render(used(names)))
        } else {
            let names = self.names(text)?;
            self.environment.template_from_str(text).and_then(|template| template.render(used(&names)))
        };
        rendered.map(|rendered| one_line(&rendered)).map_err(|error| wrong(&error))
    }

    /// The names a template uses.
    ///
    /// # Errors
    /// A syntax error.
    pub fn names(&self, text: &str) -> Result<Vec<String>, TemplateError> {
        let template = self.environment.template_from_str(text).map_err(|error| wrong(&error))?;
        let mut names: Vec<_> = template.undeclared_variables(false).into_iter().collect();
        names.sort();
        Ok(names)
    }
}

/// Whether a text is the same whatever the values.
fn is_plain(text: &str) -> bool {
    !text.contains('{')
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn wrong(error: &Error) -> TemplateError {
    let message = error.detail().map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()));
    TemplateError { message, span: error.range() }
}

fn seconds(value: &Value, filter: &str, text: impl Fn(i64) -> String) -> Result<Value, Error> {
    if value.is_none() {
        return Ok(Value::from(()));
    }
    match i64::try_from(value.clone()) {
        Ok(number) if value.kind() == ValueKind::Number => Ok(Value::from(text(number))),
        _ => Err(Error::new(ErrorKind::InvalidOperation, format!("filter `{filter}` takes a whole number, not {}", value.kind()))),
    }
}

/// Bytes for people, with one decimal computed in whole numbers: `1.5 GiB`.
pub fn bytes(count: i64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let magnitude = count.unsigned_abs();
    let sign = if count < 0 { "-" } else { "" };
    if magnitude < 1_024 {
        return format!("{count} B");
    }
    let power = (usize::try_from(magnitude.ilog2()).unwrap_or(0) / 10).min(UNITS.len());
    let tenths = u128::from(magnitude) * 10 / (1_u128 << (10 * power));
    let unit = UNITS[power - 1];
    if tenths.is_multiple_of(10) {
        format!("{sign}{} {unit}", tenths / 10)
    } else {
        format!("{sign}{}.{} {unit}", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_for_people() {
        let values = Values::from([
            ("rpo_s".to_owned(), Value::from(93_600)),
            ("worst_s".to_owned(), Value::from(0)),
            ("size_bytes".to_owned(), Value::from(1_610_612_736_i64)),
            ("gone".to_owned(), Value::from(())),
            ("name".to_owned(), Value::from("<orders>")),
        ]);
        // template, text or error
        let cases = [
            ("allowed {{ rpo_s | duration }}", Ok("allowed 26 h")),
            ("at {{ worst_s | time }}", Ok("at 1970-01-01 00:00")),
            ("{{ size_bytes | bytes }}", Ok("1.5 GiB")),
            ("{{ worst_s | counted('run') }} of {{ rpo_s | counted('run') }}", Ok("0 runs of 93600 runs")),
            ("{{ gone | counted('run') }}, {{ 1 | counted(\"recovery point\") }}", Ok("not known, 1 recovery point")),
            ("{{ gone }} and {{ gone | duration }}", Ok("not known and not known")),
            ("{{ name }}\n  here", Ok("<orders> here")),
            ("{% if gone is none %}nothing{% endif %}", Ok("nothing")),
            ("{{ nowhere }}", Err("undefined value")),
            ("{{ name | duration }}", Err("invalid operation: filter `duration` takes a whole number, not string")),
            ("{{ name | shout }}", Err("unknown filter: filter shout is unknown")),
            ("{{ name", Err("syntax error")),
        ];
        let templates = Templates::default();
        let compiled = Templates::of(cases.map(|(text, _)| text));
        for (text, expected) in cases {
            assert_eq!(compiled.render(text, &values), templates.render(text, &values), "{text}");
            match (templates.render(text, &values), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(found), Err(expected)) => assert!(found.message.starts_with(expected), "{}", found.message),
                (found, expected) => panic!("{text}: {found:?}, expected {expected:?}"),
            }
        }
    }

    #[test]
    fn bytes_are_cut_and_not_rounded() {
        let cases = [(0, "0 B"), (1_023, "1023 B"), (1_024, "1 KiB"), (1_048_575, "1023.9 KiB"), (i64::MAX, "7.9 EiB"), (-2_048, "-2 KiB")];
        for (count, expected) in cases {
            assert_eq!(bytes(count), expected);
        }
    }
}
