//! Which management events a trail takes, as its selectors say; those that CloudTrail tells and those that a call asks for.
//!
//! A selector that leaves out single sources, names or other parts takes something: whether that is enough is not weighed.

use serde::Deserialize;

use crate::facts::objectives::{and, or};

/// A basic selector of events.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::facts) struct Basic {
    #[serde(alias = "readWriteType")]
    read_write_type: Option<String>,
    #[serde(alias = "includeManagementEvents")]
    include_management_events: Option<bool>,
    #[serde(default, alias = "excludeManagementEventSources")]
    exclude_management_event_sources: Option<Vec<String>>,
}

/// An advanced selector of events.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::facts) struct Advanced {
    #[serde(default, alias = "fieldSelectors")]
    field_selectors: Vec<Field>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Field {
    #[serde(alias = "field")]
    field: String,
    #[serde(default, alias = "equals")]
    equals: Vec<String>,
}

/// Which management events are asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::facts) enum Management {
    /// Those that only read.
    Reads,
    /// Those that change something.
    Writes,
}

impl Management {
    /// The word of a basic selector that leaves them out.
    fn left_out(self) -> &'static str {
        match self {
            Self::Reads => "WriteOnly",
            Self::Writes => "ReadOnly",
        }
    }

    /// What the field `readOnly` is of them, and of the others.
    fn read_only(self) -> (&'static str, &'static str) {
        match self {
            Self::Reads => ("true", "false"),
            Self::Writes => ("false", "true"),
        }
    }
}

/// Whether selectors take management events, all of them. A trail has selectors of one kind; `None` if neither was told, or if only some are taken.
pub(in crate::facts) fn take(basic: Option<&[Basic]>, advanced: Option<&[Advanced]>, wanted: Management) -> Option<bool> {
    if let Some(advanced) = advanced.filter(|all| !all.is_empty()) {
        return advanced.iter().map(|one| one.takes(wanted)).fold(Some(false), or);
    }
    basic.filter(|all| !all.is_empty())?.iter().map(|one| one.takes(wanted)).fold(Some(false), or)
}

impl Basic {
    fn takes(&self, wanted: Management) -> Option<bool> {
        let kind = self.read_write_type.as_deref().map(|kind| kind != wanted.left_out());
        let nothing_left_out = self.exclude_management_event_sources.as_ref().is_none_or(Vec::is_empty).then_some(true);
        and(and(self.include_management_events, kind), nothing_left_out)
    }
}

impl Advanced {
    fn takes(&self, wanted: Management) -> Option<bool> {
        let says = |one: &Field, value: &str| one.equals.iter().any(|is| is == value);
        let management = self.field_selectors.iter().any(|one| one.field == "eventCategory" && says(one, "Management"));
        let (own, other) = wanted.read_only();
        let of_kind =
            self.field_selectors.iter().filter(|one| one.field == "readOnly").map(|one| match (says(one, own), says(one, other)) {
                (true, _) => Some(true),
                (false, true) => Some(false),
                (false, false) => None,
            });
        let narrowed = self.field_selectors.iter().any(|one| !matches!(one.field.as_str(), "eventCategory" | "readOnly"));
        and(and(Some(management), of_kind.fold(Some(true), and)), (!narrowed).then_some(true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_trail_takes() {
        let management = r#"{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]}"#;
        let reads = r#"{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},{"Field":"readOnly","Equals":["true"]}]}"#;
        let unclear =
            r#"{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},{"Field":"readOnly","NotEquals":["false"]}]}"#;
        let some = r#"{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},{"Field":"eventSource","NotEquals":["kms.amazonaws.com"]}]}"#;
        let data = r#"{"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]}]}"#;
        let asked = r#"{"fieldSelectors":[{"field":"eventCategory","equals":["Management"]},{"field":"readOnly","equals":["true"]}]}"#;
        let (yes, no) = (Some(true), Some(false));
        let basic = |text: &str| (Some(format!("[{text}]")), None);
        let advanced = |text: &str| (None, Some(format!("[{text}]")));
        let all_but_kms = r#"{"ReadWriteType":"All","IncludeManagementEvents":true,"ExcludeManagementEventSources":["kms.amazonaws.com"]}"#;
        let reads_but_kms =
            r#"{"ReadWriteType":"ReadOnly","IncludeManagementEvents":true,"ExcludeManagementEventSources":["kms.amazonaws.com"]}"#;
        // why, selectors, whether they take events that write, and those that read
        let cases = [
            ("all", basic(r#"{"ReadWriteType":"All","IncludeManagementEvents":true,"ExcludeManagementEventSources":[]}"#), yes, yes),
            ("all, and of exclusions nothing is said", basic(r#"{"ReadWriteType":"All","IncludeManagementEvents":true}"#), yes, yes),
            ("all but those of one service", basic(all_but_kms), None, None),
            ("reads but those of one service", basic(reads_but_kms), no, None),
            ("writes", basic(r#"{"ReadWriteType":"WriteOnly","IncludeManagementEvents":true}"#), yes, no),
            ("reads only", basic(r#"{"ReadWriteType":"ReadOnly","IncludeManagementEvents":true}"#), no, yes),
            ("data only", basic(r#"{"ReadWriteType":"All","IncludeManagementEvents":false}"#), no, no),
            ("not told of which kind", basic(r#"{"IncludeManagementEvents":true}"#), None, None),
            ("none was told", (None, None), None, None),
            ("as a call writes it", basic(r#"{"readWriteType":"ReadOnly","includeManagementEvents":true}"#), no, yes),
            ("advanced, management", advanced(management), yes, yes),
            ("advanced, reads of management", advanced(reads), no, yes),
            ("advanced, a form of readOnly that nobody knows", advanced(unclear), None, None),
            ("advanced, all but one service", advanced(some), None, None),
            ("advanced, data, and beside it management", advanced(&format!("{data},{management}")), yes, yes),
            ("advanced, data", advanced(data), no, no),
            ("advanced, as a call writes it", advanced(asked), no, yes),
        ];
        for (why, (basic, advanced), writes, reads) in cases {
            let basic: Option<Vec<Basic>> = basic.map(|text| serde_json::from_str(&text).unwrap());
            let advanced: Option<Vec<Advanced>> = advanced.map(|text| serde_json::from_str(&text).unwrap());
            let takes = |wanted| take(basic.as_deref(), advanced.as_deref(), wanted);
            assert_eq!((takes(Management::Writes), takes(Management::Reads)), (writes, reads), "{why}");
        }
    }
}
