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
use super::rates::rates;

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
/// Account, Region, service, and the line of [`rates`] or `*` for the sum.
type Key = (Arc<str>, Arc<str>, &'static str, String);

/// The buckets of all accounts and Regions, made when first asked for.
pub(super) struct Limiter<C: Ticking = DefaultClock> {
    clock: C,
    unlimited: bool,
    /// Share of the rates that is used at most.
    percent: u32,
    /// Whether it holds on this machine too, where only emulators listen.
    everywhere: bool,
    paces: Paces<C>,
    /// With the share of the rate, in hundredths of a percent, that each was made for.
    buckets: Mutex<BTreeMap<Key, (u32, Arc<Bucket<C>>)>>,
}

impl Limiter {
    /// A limiter on the monotonic clock of the host that uses a share of the rates, in percent. One that is named holds everywhere; without one, all of
    /// the rates are used, and requests to this machine are free.
    pub(super) fn new(percent: Option<u32>) -> Self {
        let everywhere = percent.is_some();
        Self { percent: percent.unwrap_or(100).clamp(1, 100), everywhere, ..Self::with_clock(DefaultClock::default()) }
    }

    /// A limiter that never waits, for canned answers.
    #[cfg(test)]
    pub(super) fn unlimited() -> Self {
        Self { unlimited: true, ..Self::new(None) }
    }
}

impl<C: Ticking> std::fmt::Debug for Limiter<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Limiter")
    }
}

impl<C: Ticking> Limiter<C> {
    pub(super) fn with_clock(clock: C) -> Self {
        Self {
            paces: Paces::new(clock.clone()),
            clock,
            unlimited: false,
            percent: 100,
            everywhere: false,
            buckets: Mutex::new(BTreeMap::new()),
        }
    }

    /// Whether requests to this machine pay, too.
    pub(super) fn holds_everywhere(&self) -> bool {
        self.everywhere
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
        for at in 0..self.buckets(ticket).len() {
            // Looked up again after each wait: the pace may have changed meanwhile, and the old bucket with it.
            while let Some(Err(early)) = self.buckets(ticket).get(at).map(|bucket| bucket.check()) {
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
        assert!((4..=5).contains(&in_a_second()), "half of that, whatever the first bucket had left");
    }

    #[test]
    fn regions_and_operations_do_not_pay_for_each_other() {
        let limiter = Limiter::with_clock(FakeRelativeClock::default());
        assert_eq!(let_through(&limiter, &ticket("rds", "DescribeDBInstances", "eu-west-1"), 10), 1);
        assert_eq!(let_through(&limiter, &ticket("rds", "DescribeDBClusters", "eu-west-1"), 10), 0, "the sum of a service is shared");
        assert_eq!(let_through(&limiter, &ticket("rds", "DescribeDBInstances", "eu-west-2"), 10), 1, "another Region has its own");
    }
}
