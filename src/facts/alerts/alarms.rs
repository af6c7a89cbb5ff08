//! What an alarm of `CloudWatch` tells of: which ends of jobs, of which of them, and whether a single one sets it off.
//!
//! AWS Backup sends its metrics by type of resource and vault, and `CloudWatch` does not add them up by itself. Whether there is a series without
//! dimensions is not documented: an alarm on one may never see a job. Of an expression it is not weighed what it comes to.
//!
//! One job sets an alarm off for certain if the sum or the highest value of a period is compared, if one is above the threshold, and if one period is
//! enough. It does so again the next time only if periods without data, of which there are many, neither breach nor are passed over.
//!
//! Sources: AWS Backup developer guide, "AWS Backup metrics with CloudWatch"; Amazon CloudWatch user guide, "Using Amazon CloudWatch alarms".

use std::collections::BTreeMap;

use serde_json::Value;

use super::Of;
use super::ends::{End, Ends};

const NAMESPACE: &str = "AWS/Backup";
const VAULT: &str = "BackupVaultName";

crate::rows! {
    /// What is needed of `alarms`.
    pub(super) struct AlarmRow {
        account_id: Text; region: Text; alarm_arn: Text; namespace: Text; metric_name: Text; dimensions: Json; metrics: Json; statistic: Text;
        evaluation_periods: Integer; datapoints_to_alarm: Integer; threshold: Text; comparison_operator: Text; treat_missing_data: Text;
        actions_enabled: Boolean; alarm_actions: Json; collection: Text;
    }
}

impl AlarmRow {
    /// Of which ends it tells; `None` if it watches something else. `metrics` are its expressions and what they rest on.
    pub(super) fn ends(&self, metrics: Option<&[Value]>) -> Option<Ends> {
        if self.namespace.as_deref() == Some(NAMESPACE) {
            let watched = End::ALL.into_iter().find(|end| self.metric_name.as_deref() == Some(end.metric()))?;
            return Some(Ends::each(|end| if end == watched { self.fires_at_one() } else { Some(false) }));
        }
        let ends = Ends::each(|end| if metrics?.iter().any(|line| may_watch(line, end)) { None } else { Some(false) });
        (ends.any() != Some(false) && metrics.is_some()).then_some(ends)
    }

    /// Whether a single job sets it off, each time.
    fn fires_at_one(&self) -> Option<bool> {
        let breached = self.breached_by_one()?;
        let of_one = match self.statistic.as_deref()? {
            "Sum" | "Maximum" => Some(breached),
            // They are no higher than the highest value; how much lower is not known.
            "Average" | "Minimum" => (!breached).then_some(false),
            _ => None,
        };
        let enough = self.datapoints_to_alarm.or(self.evaluation_periods) == Some(1);
        let again = matches!(self.treat_missing_data.as_deref(), None | Some("missing" | "notBreaching"));
        of_one.filter(|fires| !fires || (enough && again))
    }

    /// Whether the value 1 is beyond the threshold. One below a threshold that is watched from above is told, and two may not be: not known.
    fn breached_by_one(&self) -> Option<bool> {
        let threshold: f64 = self.threshold.as_deref()?.parse().ok()?;
        match self.comparison_operator.as_deref()? {
            _ if threshold.is_nan() => None,
            "GreaterThanThreshold" => Some(1.0 > threshold),
            "GreaterThanOrEqualToThreshold" => Some(1.0 >= threshold),
            "LessThanThreshold" => (1.0 >= threshold).then_some(false),
            "LessThanOrEqualToThreshold" => (1.0 > threshold).then_some(false),
            _ => None,
        }
    }
}

/// Whether a line of an alarm on an expression may watch such jobs: the metric, or a search for what AWS Backup sends.
fn may_watch(line: &Value, end: End) -> bool {
    let text = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default();
    let expression = text("Expression");
    (text("Namespace") == NAMESPACE && text("MetricName") == end.metric())
        || expression.contains(NAMESPACE)
        || expression.contains(end.metric())
}

/// Of which jobs an alarm with such dimensions tells.
pub(super) fn of_dimensions(dimensions: Option<&BTreeMap<String, String>>) -> Of {
    match dimensions.map(|all| (all.len(), all.get(VAULT))) {
        Some((1, Some(vault))) => Of::Vault(vault.clone()),
        _ => Of::Part,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarm(statistic: &str, operator: &str, threshold: &str) -> AlarmRow {
        AlarmRow {
            namespace: Some(NAMESPACE.to_owned()),
            metric_name: Some(End::Failed.metric().to_owned()),
            statistic: Some(statistic.to_owned()),
            evaluation_periods: Some(1),
            threshold: Some(threshold.to_owned()),
            comparison_operator: Some(operator.to_owned()),
            ..AlarmRow::default()
        }
    }

    #[test]
    fn whether_one_job_sets_it_off() {
        let (yes, no, open) = (Some(true), Some(false), None);
        let (above, from) = ("GreaterThanThreshold", "GreaterThanOrEqualToThreshold");
        let missing = |word: &str| AlarmRow { treat_missing_data: Some(word.to_owned()), ..alarm("Sum", above, "0") };
        let periods = |evaluated: Option<i64>, needed: Option<i64>| AlarmRow {
            evaluation_periods: evaluated,
            datapoints_to_alarm: needed,
            ..alarm("Sum", above, "0")
        };
        // why, alarm, whether it fires
        let cases = [
            ("more than none", alarm("Sum", above, "0"), yes),
            ("one or more", alarm("Sum", from, "1"), yes),
            ("more than one", alarm("Sum", above, "1"), no),
            ("more than a thousand", alarm("Sum", above, "1000"), no),
            ("the highest value", alarm("Maximum", above, "0.5"), yes),
            ("the mean may be lower", alarm("Average", above, "0.5"), open),
            ("the mean is not higher", alarm("Average", above, "3"), no),
            ("the lowest value is not, either", alarm("Minimum", from, "2"), no),
            ("how often it was sent is another number", alarm("SampleCount", above, "3"), open),
            ("a percentile", alarm("p99", above, "0"), open),
            ("less than none can never be", alarm("Sum", "LessThanThreshold", "0"), no),
            ("one or less can never be below", alarm("Sum", "LessThanThreshold", "1"), no),
            ("one is less than two, and three are not", alarm("Sum", "LessThanThreshold", "2"), open),
            ("less than a half can never be", alarm("Sum", "LessThanOrEqualToThreshold", "0.5"), no),
            ("one or less", alarm("Sum", "LessThanOrEqualToThreshold", "1"), open),
            ("outside of a band", alarm("Sum", "GreaterThanUpperThreshold", "0"), open),
            ("a threshold that is no number", alarm("Sum", above, "NaN"), open),
            ("a threshold that is none", alarm("Sum", above, "many"), open),
            ("three periods, all of them", periods(Some(3), None), open),
            ("one of three periods", periods(Some(3), Some(1)), yes),
            ("two of three periods", periods(Some(3), Some(2)), open),
            ("periods are not told", periods(None, None), open),
            ("quiet nights are good", missing("notBreaching"), yes),
            ("quiet nights are nothing", missing("missing"), yes),
            ("it stays as it was until the metric says otherwise, which it never does", missing("ignore"), open),
            ("it is always on", missing("breaching"), open),
            ("nothing is told", AlarmRow { statistic: None, ..alarm("", above, "0") }, open),
            ("the comparison is not told", AlarmRow { comparison_operator: None, ..alarm("Sum", "", "0") }, open),
            ("the threshold is not told", AlarmRow { threshold: None, ..alarm("Sum", above, "") }, open),
        ];
        for (why, alarm, failed) in cases {
            assert_eq!(alarm.ends(None), Some(Ends { failed, expired: Some(false) }), "{why}");
        }
    }

    #[test]
    fn which_ends_it_watches() {
        let (yes, no, open) = (Some(true), Some(false), None);
        let of = |metric: &str| AlarmRow { metric_name: Some(metric.to_owned()), ..alarm("Sum", "GreaterThanThreshold", "0") };
        let lines = |lines: &str| AlarmRow::default().ends(Some(&serde_json::from_str::<Vec<Value>>(lines).unwrap()));
        let stat =
            |metric: &str| format!(r#"[{{"Id":"e","Expression":"m*2"}},{{"Id":"m","Namespace":"AWS/Backup","MetricName":"{metric}"}}]"#);
        let ends = |failed, expired| Some(Ends { failed, expired });
        // why, ends as they are read, ends as they are
        let cases = [
            ("jobs that failed", of("NumberOfBackupJobsFailed").ends(None), ends(yes, no)),
            ("jobs that expired", of("NumberOfBackupJobsExpired").ends(None), ends(no, yes)),
            ("jobs that were completed", of("NumberOfBackupJobsCompleted").ends(None), None),
            ("an expression on jobs that failed", lines(&stat("NumberOfBackupJobsFailed")), ends(open, no)),
            ("an expression on jobs that expired", lines(&stat("NumberOfBackupJobsExpired")), ends(no, open)),
            ("an expression on copies", lines(&stat("NumberOfCopyJobsFailed")), None),
            ("a search", lines(r#"[{"Expression":"SEARCH('{AWS/Backup,BackupVaultName} Failed', 'Sum', 300)"}]"#), ends(open, open)),
            ("a search by name alone", lines(r#"[{"Expression":"SEARCH('NumberOfBackupJobsExpired', 'Sum')"}]"#), ends(no, open)),
            ("a question", lines(r#"[{"Expression":"SELECT SUM(X) FROM \"AWS/Backup\""}]"#), ends(open, open)),
            ("nothing", lines("[]"), None),
            ("a composite alarm", AlarmRow::default().ends(None), None),
        ];
        for (why, read, expected) in cases {
            assert_eq!(read, expected, "{why}");
        }
    }

    #[test]
    fn of_which_jobs_it_tells() {
        let of =
            |pairs: &[(&str, &str)]| of_dimensions(Some(&pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()));
        assert_eq!(of(&[(VAULT, "main")]), Of::Vault("main".to_owned()), "those of a vault");
        assert_eq!(of(&[("ResourceType", "RDS"), (VAULT, "main")]), Of::Part, "those of a type");
        assert_eq!(of(&[]), Of::Part, "a series that may not be there");
        assert_eq!(of_dimensions(None), Of::Part, "dimensions that are not told");
    }
}
