//! Reads the XML of EC2: answers, errors, lists.

use aws_smithy_types::error::ErrorMetadata;
use quick_xml::events::Event;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A list as EC2 writes it: an element with one `item` for each member. An empty element is an empty list, a missing one no list.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Set<T> {
    #[serde(default = "Vec::new")]
    pub(crate) item: Vec<T>,
}

/// Why a body is not what was asked for.
#[derive(Debug, thiserror::Error)]
pub(super) enum XmlError {
    #[error("`{found}` is not the answer to {operation}")]
    OtherAnswer { operation: String, found: String },
    #[error("the answer cannot be read: {0}")]
    Unreadable(#[from] quick_xml::DeError),
    #[error("no error code came with it")]
    NoCode,
}

/// The body of a successful answer. `serde` would not mind another root element, so a page meant for people could pass as an empty answer.
pub(super) fn answer<T: DeserializeOwned>(operation: &str, body: &str) -> Result<T, XmlError> {
    let found = root(body);
    if found.as_deref() != Some(&format!("{operation}Response")) {
        return Err(XmlError::OtherAnswer { operation: operation.to_owned(), found: found.unwrap_or_default() });
    }
    Ok(quick_xml::de::from_str(body)?)
}

/// The error in a body: code, message.
pub(super) fn error(body: &str) -> Result<ErrorMetadata, XmlError> {
    #[derive(Deserialize)]
    struct Response {
        #[serde(rename = "Errors")]
        errors: Errors,
    }
    #[derive(Deserialize)]
    struct Errors {
        #[serde(rename = "Error", default)]
        errors: Vec<One>,
    }
    #[derive(Deserialize)]
    struct One {
        #[serde(rename = "Code")]
        code: String,
        #[serde(rename = "Message")]
        message: Option<String>,
    }
    if root(body).as_deref() != Some("Response") {
        return Err(XmlError::NoCode);
    }
    let mut errors = quick_xml::de::from_str::<Response>(body)?.errors.errors.into_iter();
    let one = errors.next().ok_or(XmlError::NoCode)?;
    let told = ErrorMetadata::builder().code(one.code);
    Ok(one.message.into_iter().fold(told, aws_smithy_types::error::metadata::Builder::message).build())
}

/// The name of the outermost element.
fn root(body: &str) -> Option<String> {
    let mut reader = quick_xml::Reader::from_str(body);
    loop {
        match reader.read_event().ok()? {
            Event::Start(element) | Event::Empty(element) => {
                return Some(String::from_utf8_lossy(element.local_name().as_ref()).into_owned());
            }
            Event::Eof => return None,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Things {
        #[serde(rename = "thingSet")]
        things: Option<Set<Thing>>,
    }

    #[derive(Debug, Deserialize)]
    struct Thing {
        name: Option<String>,
        size: Option<i64>,
        on: Option<bool>,
        tags: Option<Set<String>>,
    }

    fn things(inner: &str) -> Result<Things, XmlError> {
        answer("DescribeThings", &format!("<?xml version=\"1.0\"?>\n<DescribeThingsResponse xmlns=\"x\">{inner}</DescribeThingsResponse>"))
    }

    #[test]
    fn a_list_that_is_missing_is_not_an_empty_one() {
        assert!(things("<requestId>1</requestId>").unwrap().things.is_none());
        for empty in ["<thingSet/>", "<thingSet></thingSet>", "<thingSet>\n  </thingSet>"] {
            assert!(things(empty).unwrap().things.unwrap().item.is_empty(), "{empty}");
        }
    }

    #[test]
    fn what_is_not_sent_is_none_and_texts_are_as_sent() {
        let sent = "<thingSet>\n <item>\n <name> a &amp; b </name><size>0</size><on>false</on><tags><item>x</item><item/></tags><new/>\n</item>\
            <item><name/></item></thingSet><nextToken>2</nextToken>";
        let mut things = things(sent).unwrap().things.unwrap().item.into_iter();
        let (first, second) = (things.next().unwrap(), things.next().unwrap());
        assert_eq!((first.name.as_deref(), first.size, first.on), (Some(" a & b "), Some(0), Some(false)));
        assert_eq!(first.tags.unwrap().item, ["x", ""]);
        assert_eq!((second.name.as_deref(), second.size, second.on, second.tags.is_some()), (Some(""), None, None, false));
    }

    #[test]
    fn only_the_answer_to_the_question_is_read() {
        let page = answer::<Things>("DescribeThings", "<html><body>log in</body></html>").unwrap_err();
        assert_eq!(page.to_string(), "`html` is not the answer to DescribeThings");
        let number = things("<thingSet><item><size>many</size></item></thingSet>").unwrap_err();
        assert!(number.to_string().starts_with("the answer cannot be read: "), "{number}");
    }

    #[test]
    fn errors_have_a_shape_of_their_own() {
        let body = "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors><RequestID>1</RequestID></Response>";
        let told = error(body).unwrap();
        assert_eq!((told.code(), told.message()), (Some("UnauthorizedOperation"), Some("no")));
        for other in ["<html><body>bad gateway</body></html>", "", "upstream error", "<Response><Errors/></Response>", "<Response/>"] {
            assert!(error(other).is_err(), "{other}");
        }
    }
}
