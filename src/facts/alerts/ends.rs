//! The bad ends of a backup job that somebody has to hear of, and what tells of which.
//!
//! A job fails, or it expires because it never began in its window: both leave no backup. To abort one is somebody's deed, who knows of it.
//!
//! Source: AWS Backup developer guide, "Monitoring AWS Backup events using Amazon EventBridge", "AWS Backup metrics with CloudWatch".

use serde_json::Value;

use crate::facts::objectives::{and, or};

/// The kind of event that `EventBridge` carries for each state of a backup job.
const DETAIL_TYPE: &str = "Backup Job State Change";

/// A bad end of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Failed,
    Expired,
}

impl End {
    pub(super) const ALL: [Self; 2] = [Self::Failed, Self::Expired];

    /// The state of such a job.
    fn state(self) -> &'static str {
        match self {
            Self::Failed => "FAILED",
            Self::Expired => "EXPIRED",
        }
    }

    /// The metric of such jobs.
    pub(super) fn metric(self) -> &'static str {
        match self {
            Self::Failed => "NumberOfBackupJobsFailed",
            Self::Expired => "NumberOfBackupJobsExpired",
        }
    }

    /// Such jobs, in words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Failed => "jobs that failed",
            Self::Expired => "jobs that expired before they began",
        }
    }
}

/// An answer for each bad end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ends {
    pub(super) failed: Option<bool>,
    pub(super) expired: Option<bool>,
}

impl Ends {
    /// The answers that a question has.
    pub(super) fn each(mut answer: impl FnMut(End) -> Option<bool>) -> Self {
        Self { failed: answer(End::Failed), expired: answer(End::Expired) }
    }

    pub(super) fn of(self, end: End) -> Option<bool> {
        match end {
            End::Failed => self.failed,
            End::Expired => self.expired,
        }
    }

    /// Whether it is so for one of them.
    pub(super) fn any(self) -> Option<bool> {
        or(self.failed, self.expired)
    }

    /// Whether it is so for both.
    pub(super) fn all(self) -> Option<bool> {
        and(self.failed, self.expired)
    }

    /// Those with an answer, in words.
    pub(super) fn named(self, answer: Option<bool>) -> Option<String> {
        let words: Vec<&str> = End::ALL.into_iter().filter(|end| self.of(*end) == answer).map(End::words).collect();
        (!words.is_empty()).then(|| words.join(" and "))
    }
}

/// Of which ends a pattern matches every job; not known if it asks for more than source, kind and state.
pub(super) fn of_pattern(pattern: &Value) -> Ends {
    let Value::Object(fields) = pattern else { return Ends::default() };
    Ends::each(|end| {
        let told = fields.iter().map(|(field, asked)| match field.as_str() {
            "source" => one_of(asked, "aws.backup"),
            "detail-type" => one_of(asked, DETAIL_TYPE),
            "detail" => in_detail(asked, end),
            _ => None,
        });
        told.fold(Some(true), and)
    })
}

fn in_detail(asked: &Value, end: End) -> Option<bool> {
    let Value::Object(fields) = asked else { return None };
    fields.iter().map(|(field, asked)| if field == "state" { one_of(asked, end.state()) } else { None }).fold(Some(true), and)
}

/// Whether a list of a pattern has a word; entries that are no words, such as prefixes, leave it open.
fn one_of(asked: &Value, word: &str) -> Option<bool> {
    let entries = asked.as_array()?;
    if entries.iter().any(|entry| entry.as_str() == Some(word)) {
        return Some(true);
    }
    entries.iter().all(Value::is_string).then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_patterns_tell_of_which_ends() {
        let (yes, no, open) = (Some(true), Some(false), None);
        // why, pattern, of jobs that failed, of jobs that expired
        let cases = [
            ("all events of AWS Backup", r#"{"source":["aws.backup"]}"#, yes, yes),
            ("state changes of jobs", r#"{"source":["aws.backup"],"detail-type":["Backup Job State Change"]}"#, yes, yes),
            (
                "both ends among them",
                r#"{"source":["aws.backup"],"detail-type":["Backup Job State Change"],"detail":{"state":["FAILED","EXPIRED"]}}"#,
                yes,
                yes,
            ),
            ("failures only", r#"{"source":["aws.backup"],"detail":{"state":["FAILED","ABORTED"]}}"#, yes, no),
            ("expiries only", r#"{"source":["aws.backup"],"detail":{"state":["EXPIRED"]}}"#, no, yes),
            ("successes only", r#"{"source":["aws.backup"],"detail":{"state":["COMPLETED"]}}"#, no, no),
            ("all but successes, in words that are not read", r#"{"detail":{"state":[{"anything-but":"COMPLETED"}]}}"#, open, open),
            ("failures, and what a prefix matches", r#"{"detail":{"state":["FAILED",{"prefix":"EX"}]}}"#, yes, open),
            ("restores", r#"{"source":["aws.backup"],"detail-type":["Restore Job State Change"]}"#, no, no),
            ("another service", r#"{"source":["aws.rds"]}"#, no, no),
            ("one type of resource", r#"{"source":["aws.backup"],"detail":{"state":["FAILED"],"resourceType":["RDS"]}}"#, open, no),
            ("a prefix", r#"{"source":[{"prefix":"aws."}]}"#, open, open),
            ("no pattern", "[]", open, open),
        ];
        for (why, pattern, failed, expired) in cases {
            assert_eq!(of_pattern(&serde_json::from_str(pattern).unwrap()), Ends { failed, expired }, "{why}");
        }
    }

    #[test]
    fn ends_are_named() {
        let (both, one) = (Ends { failed: Some(false), expired: Some(false) }, Ends { failed: Some(true), expired: None });
        assert_eq!(both.named(Some(false)).as_deref(), Some("jobs that failed and jobs that expired before they began"));
        assert_eq!((one.named(None).as_deref(), one.named(Some(false))), (Some("jobs that expired before they began"), None));
    }
}
