//! How fast AWS may be asked, for each account and Region: by operation, and in sum by service.
//!
//! Sources: AWS General Reference, "AWS Backup endpoints and quotas", "Amazon CloudWatch endpoints and quotas", "Amazon CloudWatch Logs endpoints and
//! quotas" (default request rates); AWS CloudTrail API Reference, `LookupEvents`, `DescribeTrails`, `GetTrailStatus`; Amazon DynamoDB API Reference,
//! `DescribeContinuousBackups`, `ListBackups`; Amazon EC2 Developer Guide, "Request throttling for the Amazon EC2 API". Services that publish no rate
//! for what is asked of them, or one far above it, get one that leaves room for others.

use std::num::NonZeroU32;

/// Requests a second of operations: service, beginning of the name, rate. The first line that fits counts. An operation of AWS Backup that its page does
/// not name gets the lowest of its rates.
const PER_SECOND: &[(&str, &str, u32)] = &[
    ("backup", "List", 20),
    ("backup", "GetBackupPlan", 15),
    ("backup", "GetBackupSelection", 15),
    ("backup", "GetBackupVault", 15),
    ("backup", "GetSupportedResourceTypes", 15),
    ("backup", "DescribeBackupJob", 15),
    ("backup", "DescribeCopyJob", 15),
    ("backup", "DescribeRestoreJob", 15),
    ("backup", "DescribeRecoveryPoint", 15),
    ("backup", "DescribeProtectedResource", 10),
    ("backup", "", 5),
    ("cloudtrail", "LookupEvents", 2),
    ("cloudwatch", "DescribeAlarms", 9),
    ("cloudwatch", "ListMetrics", 25),
    ("cloudwatch", "GetMetricData", 50),
    ("dynamodb", "DescribeContinuousBackups", 10),
    ("dynamodb", "ListBackups", 5),
    ("logs", "DescribeExportTasks", 5),
];

/// Requests a second of a service in sum. AWS Backup, CloudTrail and CloudWatch Logs: as documented. EC2 refills the bucket of a Describe call with 20
/// tokens a second, 10 where neither a filter nor a page size is given, and the rest of the account draws on them too.
const SUM_PER_SECOND: &[(&str, u32)] = &[
    ("backup", 50),
    ("cloudtrail", 10),
    ("cloudwatch", 50),
    ("config", 10),
    ("dlm", 5),
    ("dynamodb", 50),
    ("ec2", 10),
    ("elasticache", 5),
    ("elasticfilesystem", 5),
    ("events", 20),
    ("fsx", 5),
    ("iam", 5),
    ("kms", 20),
    ("logs", 10),
    ("organizations", 2),
    ("rds", 20),
    ("redshift", 5),
    ("s3", 50),
    ("secretsmanager", 40),
    ("sns", 20),
    ("sts", 5),
    ("tagging", 5),
];

/// For a service without a line of its own.
const OTHER_PER_SECOND: u32 = 5;

/// The rates an attempt pays to, with the name of the bucket: the operation's own, if it has one, and the service's sum.
pub(super) fn rates(service: &str, operation: &str) -> Vec<(String, NonZeroU32)> {
    let own = PER_SECOND.iter().find(|(of, begins, _)| *of == service && operation.starts_with(begins)).map(|(_, _, rate)| *rate);
    let sum = SUM_PER_SECOND.iter().find(|(of, _)| *of == service).map_or(OTHER_PER_SECOND, |(_, rate)| *rate);
    let own = own.map(|rate| (operation.to_owned(), rate));
    own.into_iter().chain([("*".to_owned(), sum)]).filter_map(|(name, rate)| Some((name, NonZeroU32::new(rate)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_the_documented_ones() {
        let cases = [
            ("backup", "ListBackupVaults", vec![20, 50]),
            ("backup", "ListRecoveryPointsByBackupVault", vec![20, 50]),
            ("backup", "GetBackupSelection", vec![15, 50]),
            ("backup", "GetBackupVaultAccessPolicy", vec![15, 50]),
            ("backup", "DescribeBackupVault", vec![5, 50]),
            ("backup", "DescribeRegionSettings", vec![5, 50]),
            ("cloudtrail", "GetTrailStatus", vec![10]),
            ("cloudtrail", "LookupEvents", vec![2, 10]),
            ("cloudwatch", "ListMetrics", vec![25, 50]),
            ("dynamodb", "DescribeContinuousBackups", vec![10, 50]),
            ("rds", "DescribeDBInstances", vec![20]),
            ("kms", "DescribeKey", vec![20]),
            ("tagging", "GetResources", vec![5]),
            ("somethingelse", "ListThings", vec![5]),
        ];
        for (service, operation, expected) in cases {
            let found: Vec<u32> = rates(service, operation).iter().map(|(_, rate)| rate.get()).collect();
            assert_eq!(found, expected, "{service} {operation}");
        }
    }

    #[test]
    fn every_service_that_collectors_call_has_a_rate() {
        for operation in crate::collect::COLLECTORS.iter().flat_map(|collector| collector.operations()) {
            let known = SUM_PER_SECOND.iter().any(|(service, _)| *service == operation.service);
            assert!(known, "{}:{} would be held to the rate of unknown services", operation.service, operation.name);
        }
    }
}
