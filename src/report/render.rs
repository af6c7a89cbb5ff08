//! Templates to text: strict about what is undefined, escaping by the extension of the file.
//!
//! Templates are embedded. Those directly in `templates/` are reports, those in `templates/pages/` are pages beside `report.html`, those in
//! `templates/parts/` are for others to include; a style sheet there is put into a page with `style("base.css")`, and `style_hash("base.css")` is
//! what the page's content security policy allows.
//! Templates place; arithmetic, sorting and thresholds belong into the view.

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, ErrorKind, HtmlEscape, UndefinedBehavior, Value};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use crate::model::{duration, moment};

use super::text::{grouped, plural};
use super::view::View;
use super::{Output, ReportError};

#[derive(RustEmbed)]
#[folder = "templates/"]
struct Templates;

/// The reports among the templates: name of the format and of the template, sorted.
pub fn reports() -> Vec<(String, String)> {
    let format = |file: &str| {
        let (name, extension) = file.strip_suffix(".j2")?.rsplit_once('.')?;
        let in_folder = file.contains('/');
        (!in_folder).then(|| (if name == "report" { extension } else { name }.to_owned(), file.to_owned()))
    };
    let mut reports: Vec<_> = Templates::iter().filter_map(|file| format(&file)).collect();
    reports.sort();
    reports
}

/// Every embedded text file.
pub(super) struct Sources(Vec<(String, String)>);

impl Sources {
    /// Reads them out of the binary.
    pub(super) fn embedded() -> Self {
        let text = |file: &str| Some((file.to_owned(), String::from_utf8(Templates::get(file)?.data.into_owned()).ok()?));
        let mut sources: Vec<_> = Templates::iter().filter_map(|file| text(&file)).collect();
        sources.sort();
        Self(sources)
    }

    /// Parses all templates.
    ///
    /// # Errors
    /// `ReportError::Template` if one does not parse.
    pub(super) fn renderer(&self) -> Result<Renderer<'_>, ReportError> {
        let environment = environment(&self.0).map_err(|source| failed(source.name().unwrap_or("templates").to_owned(), source))?;
        Ok(Renderer { environment })
    }
}

/// Parsed templates.
pub(super) struct Renderer<'s> {
    environment: Environment<'s>,
}

impl Renderer<'_> {
    /// Renders a template over the fields of a JSON object.
    ///
    /// # Errors
    /// `ReportError::Template` if the template names what the object does not have.
    pub(super) fn render(&self, template: &str, view: serde_json::Value) -> Result<Vec<u8>, ReportError> {
        let text = self.environment.get_template(template).and_then(|found| found.render(value(view)));
        text.map(String::into_bytes).map_err(|source| failed(template.to_owned(), source))
    }
}

fn failed(template: String, source: Error) -> ReportError {
    ReportError::Template { template, source }
}

/// Renders one template over the overview; the file is called as the template without `.j2`.
///
/// # Errors
/// As rendering.
pub(super) fn write(template: &str, view: &View) -> Result<Vec<Output>, ReportError> {
    let bytes = Sources::embedded().renderer()?.render(template, serde_json::to_value(view).map_err(ReportError::Json)?)?;
    Ok(vec![Output { file_name: template.strip_suffix(".j2").unwrap_or(template).to_owned(), bytes }])
}

fn environment(sources: &[(String, String)]) -> Result<Environment<'_>, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.add_filter("duration", duration::text);
    environment.add_filter("time", moment::short);
    environment.add_filter("moment", moment::text);
    environment.add_filter("number", grouped);
    environment.add_filter("prose", prose);
    environment.add_filter("plural", |count: u64, one: &str, many: &str| plural(count, one, many));
    let styles: Vec<(String, String)> = sources.iter().filter(|(file, _)| has_extension(file, "css")).cloned().collect();
    let hashes: Vec<(String, String)> = styles.iter().map(|(file, text)| (file.clone(), style_hash(text))).collect();
    environment.add_function("style", move |name: &str| found(&styles, name).map(Value::from_safe_string));
    environment.add_function("style_hash", move |name: &str| found(&hashes, name));
    for (file, source) in sources.iter().filter(|(file, _)| has_extension(file, "j2")) {
        environment.add_template(file, source)?;
    }
    Ok(environment)
}

fn has_extension(file: &str, extension: &str) -> bool {
    file.rsplit_once('.').is_some_and(|(_, found)| found == extension)
}

fn found(files: &[(String, String)], name: &str) -> Result<String, Error> {
    let path = format!("parts/{name}");
    let text = files.iter().find(|(file, _)| *file == path).map(|(_, text)| text.clone());
    text.ok_or_else(|| Error::new(ErrorKind::InvalidOperation, format!("there is no `templates/{path}`")))
}

/// A JSON value as a template's value; a missing value is `none`, which is defined.
fn value(json: serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::from(()),
        serde_json::Value::Bool(truth) => Value::from(truth),
        serde_json::Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Value::from(number),
            (None, Some(number)) => Value::from(number),
            (None, None) => Value::from(number.to_string()),
        },
        serde_json::Value::String(text) => Value::from(text),
        serde_json::Value::Array(items) => items.into_iter().map(value).collect(),
        serde_json::Value::Object(fields) => Value::from_pairs(fields.into_iter().map(|(name, field)| (name, value(field)))),
    }
}

/// A sentence as HTML: escaped, with what stands between backquotes as code.
fn prose(text: &str) -> Value {
    let pieces: Vec<_> = text.split('`').collect();
    let piece = |(place, piece): (usize, &&str)| match (place % 2 == 1, place + 1 < pieces.len()) {
        (true, true) => format!("<code>{}</code>", HtmlEscape(piece)),
        (true, false) => format!("`{}", HtmlEscape(piece)), // never closed: an ordinary character
        (false, _) => HtmlEscape(piece).to_string(),
    };
    Value::from_safe_string(pieces.iter().enumerate().map(piece).collect())
}

/// The hash of a style sheet, as a content security policy writes it.
pub(super) fn style_hash(text: &str) -> String {
    base64(&Sha256::digest(text.as_bytes()))
}

/// Base64 with padding (RFC 4648, section 4), as content security policies write hashes.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let sextet = usize::try_from(bits >> (18 - 6 * place) & 63).unwrap_or(0);
            text.push(if place <= group.len() { char::from(ALPHABET[sextet]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_the_vectors_of_rfc_4648() {
        for (text, expected) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }

    #[test]
    fn prose_is_escaped_and_shows_commands_as_code() {
        let cases = [
            ("run `audit collect` again", "run <code>audit collect</code> again"),
            ("`<b>` & <b>", "<code>&lt;b&gt;</code> &amp; &lt;b&gt;"),
            ("an open ` stays", "an open ` stays"),
            ("", ""),
        ];
        for (text, html) in cases {
            assert_eq!(prose(text).to_string(), html, "{text}");
        }
    }

    #[test]
    fn what_is_undefined_is_an_error() {
        let sources = vec![("x.html.j2".to_owned(), "{{ nothing }}".to_owned())];
        let environment = environment(&sources).unwrap();
        assert!(environment.get_template("x.html.j2").unwrap().render(Value::from_pairs([("something", 1)])).is_err());
    }
}
