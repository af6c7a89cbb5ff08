//! What is wrong in a rule, framework or settings file, and where: file, line, column, the line itself with a caret, and what to write instead.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde::de::DeserializeOwned;
use serde_saphyr::{DuplicateKeyPolicy, Location, Spanned};

use super::nearest::nearest;

/// A YAML file with the name that messages give it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Path as the user knows it, or below `rules/` for embedded files.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// One error in a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct RuleError {
    /// File.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Character in the line, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to write instead, if that can be said.
    pub hint: Option<String>,
    /// All of it for a terminal, with the line and a caret.
    pub rendered: String,
}

/// Every error that was found, in the order of the files.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
pub struct RuleErrors(pub Vec<RuleError>);

impl fmt::Display for RuleErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            f.write_str(error.rendered.trim_end())?;
        }
        Ok(())
    }
}

impl SourceFile {
    /// An error at some bytes of the file.
    pub fn error(&self, span: Range<usize>, message: impl Into<String>, hint: Option<String>) -> RuleError {
        let message = message.into();
        let start = floor(&self.text, span.start);
        let end = floor(&self.text, span.end).max(start);
        let before = &self.text[..start];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        let snippet = Snippet::source(&self.text).line_start(1).path(&self.path);
        let title = Level::ERROR.primary_title(&message).element(snippet.annotation(AnnotationKind::Primary.span(start..end)));
        let title = match &hint {
            Some(hint) => title.element(Level::HELP.message(hint)),
            None => title,
        };
        let rendered = Renderer::plain().render(&[title]);
        RuleError { file: self.path.clone(), line, column, message, hint, rendered }
    }

    /// Reads the file as YAML into a struct that knows its keys.
    ///
    /// # Errors
    /// The first error of structure, with the nearest key where one is not known.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, RuleError> {
        let options = serde_saphyr::options! { with_snippet: false, strict_booleans: true, duplicate_keys: DuplicateKeyPolicy::Error };
        serde_saphyr::from_str_with_options(&self.text, options).map_err(|error| self.structure(&error))
    }

    fn structure(&self, error: &serde_saphyr::Error) -> RuleError {
        use serde_saphyr::Error;
        let error = error.without_snippet();
        let span = error.location().map_or(0..0, |location| self.span(location));
        let near =
            |name: &str, expected: &[&'static str]| nearest(name, expected.iter().copied()).map(|near| format!("did you mean `{near}`?"));
        match error {
            Error::SerdeUnknownField { field, expected, .. } => {
                let known = || format!("known keys: {}", expected.join(", "));
                self.error(span, format!("unknown key `{field}`"), near(field, expected).or_else(|| Some(known())))
            }
            Error::SerdeMissingField { field, .. } => self.error(span, format!("key `{field}` is missing"), None),
            Error::SerdeUnknownVariant { variant, expected, .. } => {
                let known = || format!("one of {}", expected.join(", "));
                self.error(span, format!("unknown value `{variant}`"), near(variant, expected).or_else(|| Some(known())))
            }
            Error::DuplicateMappingKey { key, .. } => {
                self.error(span, format!("key `{}` stands here twice", key.as_deref().unwrap_or("")), None)
            }
            other => {
                let text = other.to_string();
                let message = text.split(" at line ").next().unwrap_or(&text);
                self.error(span, message, None)
            }
        }
    }

    /// The bytes of a YAML node.
    pub fn span(&self, location: Location) -> Range<usize> {
        let span = location.span();
        let start = span.byte_offset().map_or_else(|| self.offset(location), to_usize);
        let length = span.byte_len().map_or(0, to_usize);
        let start = floor(&self.text, start);
        let node = &self.text[start..floor(&self.text, start.saturating_add(length))];
        start..start + node.trim_end().len()
    }

    fn offset(&self, location: Location) -> usize {
        let line = to_usize(location.line()).max(1);
        let start: usize = self.text.split_inclusive('\n').take(line - 1).map(str::len).sum();
        let column = to_usize(location.column()).max(1);
        let rest = self.text.get(start..).unwrap_or("");
        start + rest.char_indices().nth(column - 1).map_or(rest.len(), |(at, _)| at)
    }

    /// The bytes of a part of a YAML text, given as bytes of its value; the whole text where the two cannot be laid side by side
    /// (escapes in double quotes).
    pub fn inside(&self, value: &Spanned<String>, part: Range<usize>) -> Range<usize> {
        let node = self.span(value.referenced);
        let places = places(&self.text[node.start..], &value.value);
        let at = |byte: usize| places.as_ref().and_then(|places| places.get(byte).copied()).map(|place| node.start + place);
        match (at(part.start), at(part.end)) {
            (Some(start), Some(end)) => start..end.max(start),
            _ => node,
        }
    }
}

fn to_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The nearest place at or before `at` where a character begins.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

/// For each byte of a scalar's value, and its end, where it stands in the raw text that begins with the scalar.
///
/// Spaces and line breaks of the value may stand for any run of them in the file (folded and indented lines), everything else must match.
fn places(raw: &str, value: &str) -> Option<Vec<usize>> {
    let (mut at, quoted) = match raw.chars().next()? {
        '\'' => (1, true),
        '"' if raw.get(1..)?.starts_with(value) => (1, false),
        '"' => return None,
        '|' | '>' => (raw.find('\n')? + 1, false),
        _ => (0, false),
    };
    let mut places = Vec::with_capacity(value.len() + 1);
    let mut last = at;
    for wanted in value.chars() {
        if wanted.is_whitespace() {
            places.resize(places.len() + wanted.len_utf8(), last);
            continue;
        }
        at += raw.get(at..)?.len() - raw.get(at..)?.trim_start().len();
        if !raw.get(at..)?.starts_with(wanted) {
            return None;
        }
        places.resize(places.len() + wanted.len_utf8(), at);
        at += wanted.len_utf8();
        if quoted && wanted == '\'' {
            at += 1;
        }
        last = at;
    }
    places.push(last);
    Some(places)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Small {
        pass: Spanned<String>,
        #[serde(default, rename = "severity")]
        _severity: Option<String>,
    }

    fn file(text: &str) -> SourceFile {
        SourceFile { path: "rules/rpo/small.yaml".to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_part_of_a_text_is_found_in_the_file_however_it_is_written() {
        // how it is written; the value always holds `ä < bad`
        let ways = [
            "pass: ä < bad  # comment\n",
            "pass: 'ä < bad'\n",
            "pass: \"ä < bad\"\n",
            "severity: high\npass: |\n  ä <\n  bad\n",
            "pass: >-\n    ä <\n    bad\nseverity: low\n",
            "pass: ä\n  <\n  bad\n",
            "pass: '''ä'' < bad'\n",
        ];
        for text in ways {
            let file = file(text);
            let small: Small = file.read().unwrap();
            let start = small.pass.value.find("bad").unwrap();
            let found = file.inside(&small.pass, start..start + 3);
            assert_eq!(&text[found.clone()], "bad", "{text} {found:?}");
        }
        let escaped = file("pass: \"\\u00e4 < bad\"\n");
        let small: Small = escaped.read().unwrap();
        assert_eq!(escaped.inside(&small.pass, 5..8).start, 6, "escapes: the whole value");
    }

    #[test]
    fn errors_of_structure_have_a_place_and_a_suggestion() {
        // text, line and column, message, hint
        let cases = [
            ("pass: x\nseverty: high\n", (2, 1), "unknown key `severty`", Some("did you mean `severity`?")),
            ("pass: x\ncolour: red\n", (2, 1), "unknown key `colour`", Some("known keys: pass, severity")),
            ("severity: high\n", (1, 1), "key `pass` is missing", None),
            ("pass: x\npass: y\n", (2, 1), "key `pass` stands here twice", None),
        ];
        for (text, place, message, hint) in cases {
            let error = file(text).read::<Small>().unwrap_err();
            assert_eq!(((error.line, error.column), error.message.as_str(), error.hint.as_deref()), (place, message, hint), "{text}");
        }
    }

    #[test]
    fn the_rendered_error_shows_line_and_caret() {
        let file = file("pass: x\nseverty: high\n");
        let error = file.read::<Small>().unwrap_err();
        insta::assert_snapshot!(error.rendered, @r"
        error: unknown key `severty`
         --> rules/rpo/small.yaml:2:1
          |
        2 | severty: high
          | ^^^^^^^
          |
          = help: did you mean `severity`?
        ");
    }

    #[test]
    fn no_place_is_outside_the_text() {
        let file = file("ä");
        for span in [0..0, 0..1, 1..1, 1..99, 99..100] {
            assert_eq!(file.error(span, "x", None).line, 1);
        }
    }
}
