//! The record of an event: JSON that CloudTrail sends as text, with what nobody should keep taken out.

use serde_json::{Map, Value};

use crate::collect::fields::json;
use crate::dataset::rows::Json;

/// What stands in place of a secret.
const MASK: &str = "***";

/// Parts of names under which secrets lie.
const SECRETS: [&str; 7] = ["password", "passwd", "secret", "token", "credential", "privatekey", "userdata"];

/// Ends of names that only point to a secret: `secretId`, `masterUserSecretKmsKeyArn`.
const POINTERS: [&str; 3] = ["id", "arn", "name"];

/// A record, read.
pub(super) struct Record(Map<String, Value>);

impl Record {
    /// `None` if the text is no JSON object.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match serde_json::from_str(text).ok()? {
            Value::Object(members) => Some(Self(members)),
            _ => None,
        }
    }

    /// A text, by the names that lead to it.
    pub(super) fn text(&self, path: &[&str]) -> Option<String> {
        self.at(path)?.as_str().map(str::to_owned)
    }

    /// A flag.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.at(&[name])?.as_bool()
    }

    /// An object or a list as JSON without secrets; NULL counts as not sent.
    pub(super) fn json(&self, name: &str) -> Option<Json> {
        let mut value = self.at(&[name]).filter(|value| !value.is_null())?.clone();
        mask(&mut value, false);
        Some(json(value))
    }

    fn at(&self, path: &[&str]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.0.get(*first)?, |value, name| value.get(*name))
    }
}

/// Replaces every text under a name that looks like a secret, at any depth.
fn mask(value: &mut Value, hidden: bool) {
    match value {
        Value::String(text) if hidden => MASK.clone_into(text),
        Value::Array(items) => items.iter_mut().for_each(|item| mask(item, hidden)),
        Value::Object(members) => members.iter_mut().for_each(|(name, member)| mask(member, hidden || is_secret(name))),
        _ => {}
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRETS.iter().any(|secret| name.contains(secret)) && !POINTERS.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_at_any_depth_and_what_points_to_them_is_not() {
        let text = r#"{"requestParameters":{"masterUserPassword":"hunter2","dBInstanceIdentifier":"orders","nested":[{"AuthToken":"x","port":1}],
            "secretId":"arn:aws:secretsmanager:eu-west-1:111122223333:secret:db","clientToken":"t","secretString":{"user":"u","pin":[1,"p"]}}}"#;
        let masked = Record::parse(text).unwrap().json("requestParameters").unwrap().0;
        let expected = concat!(
            r#"{"clientToken":"***","dBInstanceIdentifier":"orders","masterUserPassword":"***","nested":[{"AuthToken":"***","port":1}],"#,
            r#""secretId":"arn:aws:secretsmanager:eu-west-1:111122223333:secret:db","secretString":{"pin":[1,"***"],"user":"***"}}"#
        );
        assert_eq!(masked, expected, "keys are sorted, numbers stay");
    }

    #[test]
    fn what_is_not_there_is_not_told() {
        let record = Record::parse(r#"{"requestParameters":null,"readOnly":"yes","userIdentity":{"type":"Root"}}"#).unwrap();
        assert_eq!((record.json("requestParameters"), record.flag("readOnly")), (None, None));
        assert_eq!((record.text(&["userIdentity", "type"]).as_deref(), record.text(&["userIdentity", "a", "b"])), (Some("Root"), None));
        assert!(Record::parse("[]").is_none() && Record::parse("{").is_none());
    }
}
