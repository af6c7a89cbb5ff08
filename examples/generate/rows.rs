//! Small pieces that rows are made of.

use backup_audit::dataset::rows::Json;
use serde_json::Value;

use crate::plans::ACCOUNT;

/// A text cell.
#[expect(clippy::unnecessary_wraps, reason = "cells are options, and this one is told")]
pub(crate) fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// A cell of JSON with sorted keys.
pub(crate) fn json(mut value: Value) -> Json {
    value.sort_all_objects();
    Json(value.to_string())
}

/// A cell with a list of texts.
pub(crate) fn strings<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Json {
    json(Value::from(texts.into_iter().map(Into::into).collect::<Vec<String>>()))
}

/// ARN of the role of the backup plans.
pub(crate) fn role_arn() -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/service-role/AWSBackupDefaultServiceRole")
}
