//! The clients of one account and Region, one a service, each made when it is first asked for.
//!
//! A new service is one line of [`services!`] here, and lines in [`limiter`](super::limiter) if its rates are documented.

use std::sync::{Arc, OnceLock};

use aws_config::SdkConfig;

use super::call_log::CallLog;
use super::door::{Caller, Clock};
use super::ec2;

/// The Region column of tables that an account has once and not in each Region.
pub const GLOBAL: &str = crate::dataset::schema::GLOBAL;

/// What all clients of an account share.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub(super) sdk: SdkConfig,
    pub(super) caller: Caller,
    pub(super) clock: Clock,
    pub(super) call_log: CallLog,
}

/// A client of one service: own Region, own retry budget (the SDK's own would be shared by all accounts), stamp and log.
macro_rules! client {
    ($sdk:ident, $service:literal, $shared:expr, $account:expr, $region:expr) => {{
        let stamp = $crate::collect::limiter::Stamp::new($service, $account, $region);
        let partition = $sdk::config::retry::RetryPartition::custom(format!("{}/{}/{}", $account, $region, $service));
        let log = $crate::collect::call_log::LogCalls::new($shared.call_log.clone(), $shared.clock.clone(), stamp.clone());
        let builder = $sdk::config::Builder::from(&$shared.sdk)
            .region($sdk::config::Region::new($region.to_owned()))
            .retry_partition(partition.build())
            .interceptor(stamp)
            .interceptor(log);
        $sdk::Client::from_conf(builder.build())
    }};
}
pub(super) use client;

macro_rules! services {
    ($( $(#[doc = $doc:literal])+ $name:ident: $sdk:ident, $service:literal; )*) => {
        /// The clients made so far.
        #[derive(Debug, Default)]
        struct Clients { ec2: OnceLock<ec2::Client>, $( $name: OnceLock<$sdk::Client>, )* }

        impl RegionDoor {
            $( $(#[doc = $doc])+ pub fn $name(&self) -> &$sdk::Client {
                let make = || client!($sdk, $service, self.shared, self.account_id(), &self.endpoint_region);
                self.clients.$name.get_or_init(make)
            } )*
        }
    };
}

services! {
    /// AWS Backup.
    backup: aws_sdk_backup, "backup";
    /// CloudTrail.
    cloudtrail: aws_sdk_cloudtrail, "cloudtrail";
    /// CloudWatch.
    cloudwatch: aws_sdk_cloudwatch, "cloudwatch";
    /// CloudWatch Logs.
    logs: aws_sdk_cloudwatchlogs, "logs";
    /// AWS Config.
    config: aws_sdk_config, "config";
    /// Data Lifecycle Manager.
    dlm: aws_sdk_dlm, "dlm";
    /// DynamoDB.
    dynamodb: aws_sdk_dynamodb, "dynamodb";
    /// EFS.
    efs: aws_sdk_efs, "elasticfilesystem";
    /// ElastiCache.
    elasticache: aws_sdk_elasticache, "elasticache";
    /// EventBridge.
    events: aws_sdk_eventbridge, "events";
    /// FSx.
    fsx: aws_sdk_fsx, "fsx";
    /// IAM, which an account has once.
    iam: aws_sdk_iam, "iam";
    /// KMS.
    kms: aws_sdk_kms, "kms";
    /// Organizations, which an account has once.
    organizations: aws_sdk_organizations, "organizations";
    /// RDS, which also answers for Aurora, Neptune and DocumentDB.
    rds: aws_sdk_rds, "rds";
    /// Redshift.
    redshift: aws_sdk_redshift, "redshift";
    /// S3.
    s3: aws_sdk_s3, "s3";
    /// Secrets Manager.
    secretsmanager: aws_sdk_secretsmanager, "secretsmanager";
    /// SNS.
    sns: aws_sdk_sns, "sns";
    /// Resource Groups Tagging API.
    tagging: aws_sdk_resourcegroupstagging, "tagging";
}

/// The clients of one account and Region. Clones share them.
#[derive(Clone, Debug)]
pub struct RegionDoor {
    shared: Shared,
    region: String,
    /// The Region that is called; for [`GLOBAL`] the one in which the partition keeps what an account has once.
    endpoint_region: String,
    clients: Arc<Clients>,
}

impl RegionDoor {
    pub(super) fn new(shared: &Shared, region: &str) -> Self {
        let endpoint_region = if region == GLOBAL { home_of(&shared.caller.partition, &shared.sdk) } else { region.to_owned() };
        Self { shared: shared.clone(), region: region.to_owned(), endpoint_region, clients: Arc::default() }
    }

    /// The account whose credentials the clients use, twelve digits.
    pub fn account_id(&self) -> &str {
        &self.shared.caller.account_id
    }

    /// The Region of the units read here, `eu-west-1`, or [`GLOBAL`].
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The partition of the caller's ARN: `aws`, `aws-cn`, `aws-us-gov`, …
    pub fn partition(&self) -> &str {
        &self.shared.caller.partition
    }

    /// EC2, over a client of our own.
    pub fn ec2(&self) -> &ec2::Client {
        self.clients.ec2.get_or_init(|| ec2::Client::new(&self.shared, self.account_id(), &self.endpoint_region))
    }

    /// KMS in a Region, which need not be that of the door: a key answers only in its own.
    pub fn kms_in(&self, region: &str) -> aws_sdk_kms::Client {
        if region == self.endpoint_region {
            return self.kms().clone();
        }
        client!(aws_sdk_kms, "kms", self.shared, self.account_id(), region)
    }
}

/// Where a partition keeps IAM and Organizations. Source: AWS General Reference, "AWS Identity and Access Management endpoints and quotas" and
/// "AWS Organizations endpoints and quotas".
fn home_of(partition: &str, sdk: &SdkConfig) -> String {
    match partition {
        "aws" => "us-east-1".to_owned(),
        "aws-cn" => "cn-north-1".to_owned(),
        "aws-us-gov" => "us-gov-west-1".to_owned(),
        _ => sdk.region().map(ToString::to_string).unwrap_or_default(),
    }
}
