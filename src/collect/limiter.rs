//! How fast AWS may be asked: a rate for each operation and one for all operations of a service, for each account and Region.
//!
//! Each *attempt* pays, retries included, because AWS counts attempts; so the limiter sits in the HTTP layer, below the SDK's retries. It learns
//! which operation an attempt belongs to from the [`Ticket`] that [`Stamp`] ties to the request. Rates have no burst: calls are spread evenly.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use super::pace::Paces;

/// Requests a second of operations: service, beginning of the name, rate. The first line that fits counts.
///
/// Source: AWS General Reference, "AWS Backup endpoints and quotas" (default request rates). An operation that page does not name gets the
/// lowest of its rates. RDS, STS and the Tagging API publish no rate for these calls, and those of KMS are far above what is asked here; theirs, in
/// [`SUM_PER_SECOND`], are chosen to leave room for others.
const PER_SECOND: [(&str, &str, u32); 11] = [
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
];

/// Requests a second of a service in sum, for each account and Region. AWS Backup: as documented; the others: see [`PER_SECOND`].
///
/// EC2 refills the bucket of each Describe call with 20 tokens a second, 10 where neither a filter nor a page size is given; the rest of the account
/// draws on them too, so 10 are asked for in sum. DLM, EFS and FSx publish no rate, and what is asked of them are small listings.
/// Source: Amazon EC2 Developer Guide, "Request throttling for the Amazon EC2 API".
const SUM_PER_SECOND: [(&str, u32); 9] =
    [("backup", 50), ("dlm", 5), ("ec2", 10), ("elasticfilesystem", 5), ("fsx", 5), ("kms", 20), ("rds", 20), ("sts", 5), ("tagging", 5)];

/// For a service without a line of its own.
const OTHER_PER_SECOND: u32 = 5;

/// Which call an attempt belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    /// `backup`, `rds`, `kms`, `tagging`, `sts`.
    pub(super) service: &'static str,
    /// `ListBackupVaults`.
    pub(super) operation: String,
    /// Twelve digits; empty until STS has said who the caller is.
    pub(super) account_id: Arc<str>,
    /// `eu-west-1`.
    pub(super) region: Arc<str>,
}

/// Ties a [`Ticket`] to each request of a client, where the limiter and the log of calls find it.
#[derive(Clone, Debug)]
pub(super) struct Stamp {
    service: &'static str,
    account_id: Arc<str>,
    region: Arc<str>,
}

impl Stamp {
    pub(super) fn new(service: &'static str, account_id: &str, region: &str) -> Self {
        Self { service, account_id: account_id.into(), region: region.into() }
    }

    /// The ticket of the call that a configuration belongs to.
    pub(super) fn ticket(&self, config: &ConfigBag) -> Ticket {
        let operation = config.load::<Metadata>().map(|metadata| metadata.name().to_owned()).unwrap_or_default();
        Ticket { service: self.service, operation, account_id: Arc::clone(&self.account_id), region: Arc::clone(&self.region) }
    }
}

impl Intercept for Stamp {
    fn name(&self) -> &'static str {
        "Stamp"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        context.request_mut().add_extension(self.ticket(config));
        Ok(())
    }
}

/// A monotonic clock that the limiter can share between threads; tests have one that stands still.
pub(super) trait Ticking: Clock + Clone + std::fmt::Debug + Send + Sync + 'static {}

impl<C: Clock + Clone + std::fmt::Debug + Send + Sync + 'static> Ticking for C {}

type Bucket<C> = RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<<C as Clock>::Instant>>;
/// Account, Region, service, and the line of [`PER_SECOND`] or `*` for the sum.
type Key = (Arc<str>, Arc<str>, &'static str, String);

/// The buckets of all accounts and Regions, made when first asked for.
pub(super) struct Limiter<C: Ticking = DefaultClock> {
    clock: C,
    unlimited: bool,
    /// Share of the rates that is used at most.
    percent: u32,
    paces: Paces<C>,
    /// With the share of the rate, in hundredths of a percent, that each was made for.
    buckets: Mutex<BTreeMap<Key, (u32, Arc<Bucket<C>>)>>,
}

impl Limiter {
    /// A limiter on the monotonic clock of the host that uses a share of the rates, in percent.
    pub(super) fn new(percent: u32) -> Self {
        Self { percent: percent.clamp(1, 100), ..Self::with_clock(DefaultClock::default()) }
    }

    /// A limiter that never waits, for canned answers.
    #[cfg(test)]
    pub(super) fn unlimited() -> Self {
        Self { unlimited: true, ..Self::new(100) }
    }
}

impl<C: Ticking> std::fmt::Debug for Limiter<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Limiter")
    }
}

impl<C: Ticking> Limiter<C> {
    pub(super) fn with_clock(clock: C) -> Self {
        Self { paces: Paces::new(clock.clone()), clock, unlimited: false, percent: 100, buckets: Mutex::new(BTreeMap::new()) }
    }

    /// Notes that AWS asked to slow down: the service gets half its pace in that account and Region for now.
    pub(super) fn slow_down(&self, ticket: &Ticket) {
        self.paces.slow_down(ticket);
    }

    /// Waits until an attempt may be sent: first for its operation, then for the sum of its service.
    pub(super) async fn pass(&self, ticket: &Ticket) {
        if self.unlimited {
            return;
        }
        for bucket in self.buckets(ticket) {
            while let Err(early) = bucket.check() {
                let wait = early.wait_time_from(self.clock.now());
                tokio::time::sleep(wait).await;
            }
        }
    }

    fn buckets(&self, ticket: &Ticket) -> Vec<Arc<Bucket<C>>> {
        let share = self.percent * self.paces.percent(ticket);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        rates(ticket.service, &ticket.operation)
            .into_iter()
            .map(|(name, per_second)| {
                let key = (Arc::clone(&ticket.account_id), Arc::clone(&ticket.region), ticket.service, name);
                let make = || (share, Arc::new(RateLimiter::direct_with_clock(quota(per_second, share), self.clock.clone())));
                let bucket = buckets.entry(key).or_insert_with(make);
                if bucket.0 != share {
                    *bucket = make();
                    // A new bucket would let one attempt through at once, however recently the last one went.
                    let _ = bucket.1.check();
                }
                Arc::clone(&bucket.1)
            })
            .collect()
    }
}

/// One attempt at a time, evenly, at a share (in hundredths of a percent) of a rate.
fn quota(per_second: NonZeroU32, share: u32) -> Quota {
    let rate = u64::from(per_second.get()) * u64::from(share.max(1));
    let between = Duration::from_nanos(1_000_000_000 * 10_000 / rate);
    Quota::with_period(between).unwrap_or(Quota::per_second(per_second)).allow_burst(NonZeroU32::MIN)
}

/// The rates an attempt pays to, with the name of the bucket: the operation's own, if it has one, and the service's sum.
fn rates(service: &str, operation: &str) -> Vec<(String, NonZeroU32)> {
    let own = PER_SECOND.iter().find(|(of, begins, _)| *of == service && operation.starts_with(begins)).map(|(_, _, rate)| *rate);
    let sum = SUM_PER_SECOND.iter().find(|(of, _)| *of == service).map_or(OTHER_PER_SECOND, |(_, rate)| *rate);
    let own = own.map(|rate| (operation.to_owned(), rate));
    own.into_iter().chain([("*".to_owned(), sum)]).filter_map(|(name, rate)| Some((name, NonZeroU32::new(rate)?))).collect()
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn ticket(service: &'static str, operation: &str, region: &str) -> Ticket {
        Ticket { service, operation: operation.into(), account_id: "111122223333".into(), region: region.into() }
    }

    /// How many of some immediate attempts may go at once.
    fn let_through(limiter: &Limiter<FakeRelativeClock>, ticket: &Ticket, tries: usize) -> usize {
        (0..tries).filter(|_| limiter.buckets(ticket).iter().all(|bucket| bucket.check().is_ok())).count()
    }

    #[test]
    fn rates_are_the_documented_ones() {
        let cases = [
            ("backup", "ListBackupVaults", vec![20, 50]),
            ("backup", "ListRecoveryPointsByBackupVault", vec![20, 50]),
            ("backup", "GetBackupSelection", vec![15, 50]),
            ("backup", "GetBackupVaultAccessPolicy", vec![15, 50]),
            ("backup", "DescribeBackupVault", vec![5, 50]),
            ("backup", "DescribeRegionSettings", vec![5, 50]),
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

    #[test]
    fn a_second_lets_as_many_attempts_through_as_the_rate_says() {
        let clock = FakeRelativeClock::default();
        let limiter = Limiter::with_clock(clock.clone());
        let list = ticket("backup", "ListBackupVaults", "eu-west-1");
        let passed: usize = (0..1_000)
            .map(|_| {
                clock.advance(Duration::from_millis(1));
                let_through(&limiter, &list, 3)
            })
            .sum();
        assert!((19..=21).contains(&passed), "{passed} attempts in a second at 20 a second, though 3 ask every millisecond");
    }

    #[test]
    fn a_share_of_the_rate_and_a_slower_pace_multiply() {
        let clock = FakeRelativeClock::default();
        let limiter = Limiter { percent: 50, ..Limiter::with_clock(clock.clone()) };
        let list = ticket("backup", "ListBackupVaults", "eu-west-1");
        let in_a_second = || -> usize {
            (0..100)
                .map(|_| {
                    clock.advance(Duration::from_millis(10));
                    let_through(&limiter, &list, 1)
                })
                .sum()
        };
        assert_eq!(in_a_second(), 10, "half of 20 a second");
        limiter.slow_down(&list);
        assert_eq!(in_a_second(), 5, "half of that");
    }

    #[test]
    fn regions_and_operations_do_not_pay_for_each_other() {
        let limiter = Limiter::with_clock(FakeRelativeClock::default());
        assert_eq!(let_through(&limiter, &ticket("rds", "DescribeDBInstances", "eu-west-1"), 10), 1);
        assert_eq!(let_through(&limiter, &ticket("rds", "DescribeDBClusters", "eu-west-1"), 10), 0, "the sum of a service is shared");
        assert_eq!(let_through(&limiter, &ticket("rds", "DescribeDBInstances", "eu-west-2"), 10), 1, "another Region has its own");
    }
}
