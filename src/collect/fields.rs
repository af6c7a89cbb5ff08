//! From the types of the AWS SDK to the cells of a row: times, words, JSON, tags. Nothing is filled in for what AWS leaves out.

use std::collections::HashMap;

use aws_smithy_types::DateTime;
use serde_json::Value;

use crate::dataset::rows::{Json, Millis};
use crate::model::Arn;

/// A moment as AWS sent it, cut to milliseconds; one that does not fit is as if not sent.
pub(crate) fn millis(moment: Option<DateTime>) -> Option<Millis> {
    moment.and_then(|moment| moment.to_millis().ok()).map(Millis)
}

/// The wire string of an enumeration, also of values this version of the SDK does not know.
pub(crate) fn word(value: Option<impl AsRef<str>>) -> Option<String> {
    value.map(|value| value.as_ref().to_owned())
}

/// A text that the API model calls required. The SDK puts an empty one in place of what was not sent, so empty is NULL here.
pub(crate) fn required(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// A wire string that the API model calls required. The SDK puts a text of its own in place of what was not sent.
pub(crate) fn required_word(value: &(impl AsRef<str> + ?Sized)) -> Option<String> {
    Some(value.as_ref()).filter(|word| !word.is_empty() && *word != "no value was set").map(str::to_owned)
}

/// A number that the API model calls required and that is never 0. The SDK puts 0 in place of what was not sent.
pub(crate) fn filled(number: i32) -> Option<i64> {
    Some(i64::from(number)).filter(|number| *number != 0)
}

/// A moment that the API model calls required. The SDK puts the epoch in place of what was not sent.
pub(crate) fn required_millis(moment: DateTime) -> Option<Millis> {
    millis(Some(moment)).filter(|millis| millis.0 != 0)
}

/// The integer key of an ARN.
pub(crate) fn resource_key(arn: Option<&str>) -> Option<i64> {
    arn.map(crate::model::key::resource_key)
}

/// What stands after the type in an ARN, slashes included: `aws/efs/automatic-backup-vault` of `…:backup-vault:aws/efs/automatic-backup-vault`.
/// `None` if the text is no ARN or its type is not one of `types`.
pub(crate) fn id_after<'a>(arn: &'a str, types: &[&str]) -> Option<&'a str> {
    let (found, id) = Arn::parse(arn)?.resource.split_once(':')?;
    (types.contains(&found) && !id.is_empty()).then_some(id)
}

/// JSON text with sorted keys.
pub(crate) fn json(mut value: Value) -> Json {
    value.sort_all_objects();
    Json(value.to_string())
}

/// A list of texts in AWS's order; an empty list stays one.
pub(crate) fn list(texts: Option<Vec<String>>) -> Option<Json> {
    texts.map(|texts| json(Value::from(texts)))
}

/// A list of wire strings in AWS's order; an empty list stays one.
pub(crate) fn words(values: Option<Vec<impl AsRef<str>>>) -> Option<Json> {
    list(values.map(|values| values.iter().map(|value| value.as_ref().to_owned()).collect()))
}

/// A map of texts as an object.
pub(crate) fn object(map: Option<HashMap<String, String>>) -> Option<Json> {
    map.map(|map| json(Value::Object(map.into_iter().map(|(key, value)| (key, Value::String(value))).collect())))
}

/// Tags as an object from key to value, `{}` for an empty list; a tag sent without a value has the empty one.
///
/// NULL if AWS sent no list, and also if a tag came without its key: a part of the tags must not look like all of them.
pub(crate) fn tags(pairs: Option<impl Iterator<Item = (Option<String>, Option<String>)>>) -> Option<Json> {
    let pairs: Option<HashMap<String, String>> = pairs?.map(|(key, value)| Some((key?, value.unwrap_or_default()))).collect();
    object(pairs)
}

/// The tags of an RDS object.
pub(crate) fn rds_tags(list: Option<Vec<aws_sdk_rds::types::Tag>>) -> Option<Json> {
    tags(list.map(|tags| tags.into_iter().map(|tag| (tag.key, tag.value))))
}

/// An object of the fields that were sent, for structures kept as JSON.
pub(crate) fn sent<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    Value::Object(fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_keep_their_slashes_and_need_the_right_type() {
        let plan = ["backup-plan", "plan"];
        for (arn, id, shows) in [
            ("arn:aws:backup:eu-west-1:111122223333:backup-plan:8f81", Some("8f81"), "the form of the permission reference"),
            ("arn:aws-cn:backup:cn-north-1:111122223333:plan:8f81", Some("8f81"), "the form of the API examples, other partition"),
            ("arn:aws:backup:eu-west-1:111122223333:backup-plan:aws/efs/73d9", Some("aws/efs/73d9"), "ids made by EFS hold slashes"),
            ("arn:aws:backup:eu-west-1:111122223333:backup-vault:prod", None, "a vault is no plan"),
            ("arn:aws:backup:eu-west-1:111122223333:backup-plan:", None, "an empty id would list something else"),
            ("8f81", None, "no ARN"),
        ] {
            assert_eq!(id_after(arn, &plan), id, "{shows}");
        }
    }

    #[test]
    fn what_the_sdk_fills_in_is_not_told() {
        assert_eq!((required_word("no value was set"), required_word("Enabled")), (None, Some("Enabled".to_owned())));
        assert_eq!((required(String::new()), filled(0), required_millis(DateTime::from_secs(0))), (None, None, None));
        assert_eq!((filled(24), required_millis(DateTime::from_secs(1))), (Some(24), Some(Millis(1_000))));
    }

    #[test]
    fn tags_are_all_there_or_not_told() {
        let pair = |key: Option<&str>, value: Option<&str>| (key.map(str::to_owned), value.map(str::to_owned));
        let of = |pairs: Option<Vec<_>>| tags(pairs.map(Vec::into_iter)).map(|json| json.0);
        assert_eq!(of(None), None, "no list: not told");
        assert_eq!(of(Some(vec![])).as_deref(), Some("{}"), "an empty list: no tags");
        assert_eq!(
            of(Some(vec![pair(Some("b"), Some("1")), pair(Some("a"), None)])).as_deref(),
            Some(r#"{"a":"","b":"1"}"#),
            "sorted, whatever order AWS has"
        );
        assert_eq!(of(Some(vec![pair(Some("a"), Some("1")), pair(None, Some("2"))])), None, "a tag without key spoils the list");
    }

    #[test]
    fn json_is_sorted_at_every_depth() {
        let value = serde_json::json!({ "b": [{ "d": 1, "c": 2 }], "a": null });
        assert_eq!(json(value).0, r#"{"a":null,"b":[{"c":2,"d":1}]}"#);
        assert_eq!(sent([("A", None), ("B", Some(Value::from(1)))]).to_string(), r#"{"B":1}"#, "what was not sent has no key");
    }
}
