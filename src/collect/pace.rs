//! How much of its rates a service gets at the moment: all of them, until AWS asks to slow down.
//!
//! AWS counts what everybody in an account asks, and its limits can be lower than the documented ones. So a request to slow down halves the pace of
//! that service in that account and Region, and quiet brings it back step by step. Nobody else is slowed down.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::Reference;

use super::limiter::{Ticket, Ticking};

/// The slowest pace, percent of the full one.
const SLOWEST_PERCENT: u32 = 5;
/// Requests to slow down within this time count once: attempts that were on their way together are refused together.
const ONCE_WITHIN: Duration = Duration::from_secs(1);
/// After each of these without a request to slow down, the pace grows by a step.
const QUIET: Duration = Duration::from_secs(5);
/// The step, percent of the full pace.
const STEP_PERCENT: u32 = 10;

/// Account, Region, service.
type Key = (Arc<str>, Arc<str>, &'static str);

/// The paces of what has been slowed down.
pub(super) struct Paces<C: Ticking> {
    clock: C,
    slowed: Mutex<BTreeMap<Key, Pace<C>>>,
}

struct Pace<C: Ticking> {
    percent: u32,
    since: C::Instant,
}

impl<C: Ticking> Paces<C> {
    pub(super) fn new(clock: C) -> Self {
        Self { clock, slowed: Mutex::default() }
    }

    /// Notes that AWS asked to slow down.
    pub(super) fn slow_down(&self, ticket: &Ticket) {
        let now = self.clock.now();
        let before = self.percent(ticket);
        let mut slowed = self.slowed();
        let fresh = slowed.get(&key(ticket)).is_some_and(|pace| since(now, pace.since) < ONCE_WITHIN);
        if !fresh {
            slowed.insert(key(ticket), Pace { percent: (before / 2).max(SLOWEST_PERCENT), since: now });
        }
    }

    /// The pace, percent of the full one.
    pub(super) fn percent(&self, ticket: &Ticket) -> u32 {
        let mut slowed = self.slowed();
        let Some(pace) = slowed.get(&key(ticket)) else { return 100 };
        let steps = since(self.clock.now(), pace.since).as_secs() / QUIET.as_secs();
        let percent = u64::from(pace.percent) + steps * u64::from(STEP_PERCENT);
        if percent >= 100 {
            slowed.remove(&key(ticket));
        }
        u32::try_from(percent.min(100)).unwrap_or(100)
    }

    fn slowed(&self) -> std::sync::MutexGuard<'_, BTreeMap<Key, Pace<C>>> {
        self.slowed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(ticket: &Ticket) -> Key {
    (Arc::clone(&ticket.account_id), Arc::clone(&ticket.region), ticket.service)
}

fn since<I: Reference>(now: I, earlier: I) -> Duration {
    now.duration_since(earlier).into()
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn ticket(account_id: &str, service: &'static str) -> Ticket {
        Ticket { service, operation: "ListThings".into(), account_id: account_id.into(), region: "eu-west-1".into() }
    }

    #[test]
    fn each_request_to_slow_down_halves_the_pace_and_quiet_brings_it_back() {
        let clock = FakeRelativeClock::default();
        let paces = Paces::new(clock.clone());
        let here = ticket("111122223333", "rds");
        // after so many milliseconds, whether AWS asks to slow down, the pace from then on
        let cases = [
            (0, false, 100),
            (0, true, 50),
            (300, true, 50), // on their way together
            (900, true, 25),
            (1_100, true, 12),
            (1_100, true, 6),
            (1_100, true, 5), // never nothing
            (4_999, false, 5),
            (1, false, 15),
            (5_000, false, 25),
            (1_000, true, 12),
            (44_000, false, 92),
            (1_000, false, 100),
        ];
        for (after_ms, slow_down, percent) in cases {
            clock.advance(Duration::from_millis(after_ms));
            if slow_down {
                paces.slow_down(&here);
            }
            assert_eq!(paces.percent(&here), percent, "after {after_ms} ms");
        }
    }

    #[test]
    fn nobody_else_is_slowed_down() {
        let paces = Paces::new(FakeRelativeClock::default());
        paces.slow_down(&ticket("111122223333", "rds"));
        for other in [ticket("444455556666", "rds"), ticket("111122223333", "backup")] {
            assert_eq!(paces.percent(&other), 100, "{other:?}");
        }
    }
}
