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

/// ARN of the customer managed key of a Region.
pub(crate) fn key_arn(region: &str) -> String {
    let id = if region == crate::plans::US { "1f0c7c0e-5d2b-4c41-9d0a-5f1d6f0f3a11" } else { "8a4be0f2-93c7-4d6e-8b1a-2c9d7e6f5b22" };
    format!("arn:aws:kms:{region}:{ACCOUNT}:key/{id}")
}

/// ARN of the role of the backup plans.
pub(crate) fn role_arn() -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/service-role/AWSBackupDefaultServiceRole")
}
