//! The selection of a backup plan: which resources it asks for, read from the JSON that AWS returns.
//!
//! From `GetBackupSelection` (the list call has no conditions, so its answer is not a selection). The parts are kept in the
//! dataset as JSON text, keys as in the API. `CloudFormation` and Terraform spell conditions in other ways; those are not read.

use serde::Deserialize;

/// A selection, with the place it acts in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Account of the plan; a plan selects resources of its own account.
    pub account: String,
    /// Region of the plan; a plan selects resources of its own Region.
    pub region: String,
    /// ARNs and patterns, combined with OR.
    pub resources: Vec<String>,
    /// ARNs and patterns taken out again.
    pub not_resources: Vec<String>,
    /// Tags that add resources, combined with OR.
    pub list_of_tags: Vec<TagCondition>,
    /// Tags that all selected resources must satisfy, combined with AND.
    pub conditions: Conditions,
}

/// One entry of `ListOfTags`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct TagCondition {
    /// `STRINGEQUALS` is the only value that AWS knows.
    pub condition_type: String,
    /// The bare tag key, without `aws:ResourceTag/`.
    pub condition_key: String,
    /// The whole value; no wildcards.
    pub condition_value: String,
}

/// `Conditions`, by operator.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct Conditions {
    /// The tag has this value.
    pub string_equals: Vec<KeyValue>,
    /// The tag has not this value.
    pub string_not_equals: Vec<KeyValue>,
    /// The tag's value matches a pattern.
    pub string_like: Vec<KeyValue>,
    /// The tag's value does not match a pattern.
    pub string_not_like: Vec<KeyValue>,
}

/// One entry of `Conditions`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct KeyValue {
    /// The tag key behind the prefix `aws:ResourceTag/`.
    pub condition_key: String,
    /// A value, or a pattern for the two `Like` operators.
    pub condition_value: String,
}

/// Operator of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the API and described at `Conditions`")]
pub enum Operator {
    StringEquals,
    StringLike,
    StringNotEquals,
    StringNotLike,
}

impl Operator {
    /// The operator's name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::StringEquals => "StringEquals",
            Self::StringLike => "StringLike",
            Self::StringNotEquals => "StringNotEquals",
            Self::StringNotLike => "StringNotLike",
        }
    }

    /// Whether the operator asks for a value to be absent.
    pub fn is_negated(self) -> bool {
        matches!(self, Self::StringNotEquals | Self::StringNotLike)
    }
}

impl Conditions {
    /// All conditions with their operator: positive ones first, each operator in the order AWS gave.
    pub fn iter(&self) -> impl Iterator<Item = (Operator, &KeyValue)> {
        [
            (Operator::StringEquals, &self.string_equals),
            (Operator::StringLike, &self.string_like),
            (Operator::StringNotEquals, &self.string_not_equals),
            (Operator::StringNotLike, &self.string_not_like),
        ]
        .into_iter()
        .flat_map(|(operator, entries)| entries.iter().map(move |entry| (operator, entry)))
    }

    /// Whether there is no condition at all.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}

/// A part of a selection that cannot be read. Such a selection is unknown, never empty: an empty one selects everything.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {part} of the backup selection")]
pub struct SelectionError {
    /// Which part, named as in the API.
    pub part: &'static str,
    /// Where and why reading failed.
    pub source: serde_json::Error,
}

/// The parts of a selection as JSON text; `None` where AWS sent no such part in a complete answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct SelectionJson<'a> {
    /// A list of strings.
    pub resources: Option<&'a str>,
    /// A list of strings.
    pub not_resources: Option<&'a str>,
    /// A list of `{ConditionType, ConditionKey, ConditionValue}`.
    pub list_of_tags: Option<&'a str>,
    /// An object of operators, each a list of `{ConditionKey, ConditionValue}`.
    pub conditions: Option<&'a str>,
}

impl Selection {
    /// Reads a selection from its parts.
    ///
    /// - In: `None` and an empty list mean the same, as they do to AWS. The caller must not pass `None` for what was not read.
    ///
    /// # Errors
    /// Text that is not JSON, of another shape, `null`, or with a field or operator that is not known here: what is not
    /// understood might narrow or widen the selection.
    ///
    /// ```
    /// use backup_audit::facts::coverage::selection::{Selection, SelectionJson};
    /// let parts = SelectionJson { resources: Some(r#"["arn:aws:rds:*:*:db:*"]"#), ..SelectionJson::default() };
    /// let selection = Selection::from_json("111122223333", "eu-west-1", parts)?;
    /// assert_eq!(selection.resources.len(), 1);
    /// assert!(Selection::from_json("111122223333", "eu-west-1", SelectionJson { resources: Some("["), ..parts }).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_json(account: &str, region: &str, parts: SelectionJson<'_>) -> Result<Self, SelectionError> {
        Ok(Self {
            account: account.to_owned(),
            region: region.to_owned(),
            resources: part("Resources", parts.resources)?,
            not_resources: part("NotResources", parts.not_resources)?,
            list_of_tags: part("ListOfTags", parts.list_of_tags)?,
            conditions: part("Conditions", parts.conditions)?,
        })
    }
}

fn part<T: serde::de::DeserializeOwned + Default>(name: &'static str, text: Option<&str>) -> Result<T, SelectionError> {
    text.map_or_else(|| Ok(T::default()), |text| serde_json::from_str(text).map_err(|source| SelectionError { part: name, source }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_aws_returns() {
        let parts = SelectionJson {
            resources: Some(r#"["arn:aws:rds:*:*:db:*"]"#),
            not_resources: Some("[]"),
            list_of_tags: Some(r#"[{"ConditionType":"STRINGEQUALS","ConditionKey":"backup","ConditionValue":"true"}]"#),
            conditions: Some(
                r#"{"StringEquals":[{"ConditionKey":"aws:ResourceTag/stage","ConditionValue":"prod"}],
                    "StringNotEquals":[],"StringLike":[],"StringNotLike":[{"ConditionKey":"aws:ResourceTag/team","ConditionValue":"x*"}]}"#,
            ),
        };
        let read = Selection::from_json("111122223333", "eu-west-1", parts).unwrap();
        assert_eq!(read.list_of_tags[0].condition_key, "backup");
        let operators: Vec<_> = read.conditions.iter().map(|(operator, entry)| (operator.name(), entry.condition_value.as_str())).collect();
        assert_eq!(operators, [("StringEquals", "prod"), ("StringNotLike", "x*")]);
    }

    #[test]
    fn an_absent_part_is_an_empty_part() {
        let read = Selection::from_json("", "", SelectionJson::default()).unwrap();
        assert_eq!(read, Selection::default());
        assert!(read.conditions.is_empty());
    }

    #[test]
    fn what_is_not_understood_is_an_error_and_never_empty() {
        // why, part, text
        let cases = [
            ("cut off", "Resources", r#"["arn:aws:rds:*"#),
            ("nothing", "Resources", ""),
            ("null is not a list", "NotResources", "null"),
            ("one string is not a list", "Resources", r#""*""#),
            ("a number among the ARNs", "NotResources", "[1]"),
            ("an operator added by AWS later", "Conditions", r#"{"StringEqualsIgnoreCase":[]}"#),
            ("the map form of IAM policies", "Conditions", r#"{"StringEquals":{"aws:ResourceTag/stage":["prod"]}}"#),
            ("keys as Terraform has them", "Conditions", r#"{"StringEquals":[{"key":"stage","value":"prod"}]}"#),
            ("a condition without a value", "Conditions", r#"{"StringEquals":[{"ConditionKey":"aws:ResourceTag/stage"}]}"#),
            ("a tag without a type", "ListOfTags", r#"[{"ConditionKey":"backup","ConditionValue":"true"}]"#),
            ("conditions where tags should be", "ListOfTags", r#"{"StringEquals":[]}"#),
        ];
        for (why, part, text) in cases {
            let parts = SelectionJson {
                resources: (part == "Resources").then_some(text),
                not_resources: (part == "NotResources").then_some(text),
                list_of_tags: (part == "ListOfTags").then_some(text),
                conditions: (part == "Conditions").then_some(text),
            };
            let error = Selection::from_json("111122223333", "eu-west-1", parts).unwrap_err();
            assert_eq!(error.part, part, "{why}");
        }
    }
}
