//! Work of many owners, a bounded number of pieces at a time, in fair turns.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;

use futures::stream::{FuturesUnordered, StreamExt};

/// How much goes on at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtOnce {
    /// Pieces of all owners.
    pub all: usize,
    /// Pieces of one owner.
    pub of_one: usize,
}

/// Does every piece of work, given with its owner, in their order for each owner.
///
/// The next piece is always that of the owner with the fewest in flight (the first of several), so that one whose pieces take long keeps no other
/// from its turn.
///
/// # Errors
/// The first error ends it; what is in flight is dropped.
pub(super) async fn fairly<O, F, E>(work: Vec<(O, F)>, at_once: AtOnce) -> Result<(), E>
where
    O: Ord + Clone,
    F: Future<Output = Result<(), E>>,
{
    let mut waiting: BTreeMap<O, VecDeque<F>> = BTreeMap::new();
    for (owner, piece) in work {
        waiting.entry(owner).or_default().push_back(piece);
    }
    let mut busy: BTreeMap<O, usize> = BTreeMap::new();
    let mut in_flight = FuturesUnordered::new();
    loop {
        while in_flight.len() < at_once.all.max(1) {
            let free = |owner: &&O| busy.get(*owner).copied().unwrap_or(0) < at_once.of_one.max(1);
            let Some(owner) = waiting.keys().filter(free).min_by_key(|owner| busy.get(*owner).copied().unwrap_or(0)).cloned() else {
                break;
            };
            let Some(pieces) = waiting.get_mut(&owner) else { break };
            if let Some(piece) = pieces.pop_front() {
                *busy.entry(owner.clone()).or_default() += 1;
                let done = owner.clone();
                in_flight.push(async move { (done, piece.await) });
            }
            if pieces.is_empty() {
                waiting.remove(&owner);
            }
        }
        let Some((owner, outcome)) = in_flight.next().await else { return Ok(()) };
        outcome?;
        if let Some(pieces) = busy.get_mut(&owner) {
            *pieces -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::sync::{Arc, Mutex};

    use super::*;

    type Piece = Pin<Box<dyn Future<Output = Result<(), &'static str>>>>;

    /// Begins and ends of pieces, as `+a1` and `-a1`. A piece gives way to the others as often as its owner is slow.
    async fn run(owners: &[(char, usize, usize)], at_once: AtOnce) -> Vec<String> {
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let mut work: Vec<(char, Piece)> = Vec::new();
        for &(owner, pieces, turns) in owners {
            for piece in 0..pieces {
                let log = Arc::clone(&log);
                let piece = async move {
                    log.lock().unwrap().push(format!("+{owner}{piece}"));
                    for _ in 0..turns {
                        tokio::task::yield_now().await;
                    }
                    log.lock().unwrap().push(format!("-{owner}{piece}"));
                    Ok(())
                };
                work.push((owner, Box::pin(piece)));
            }
        }
        fairly(work, at_once).await.unwrap();
        let log = log.lock().unwrap();
        log.clone()
    }

    #[tokio::test]
    async fn a_slow_owner_keeps_nobody_from_its_turn() {
        let log = run(&[('a', 5, 10_000), ('b', 5, 1)], AtOnce { all: 3, of_one: 2 }).await;
        let last_of_b = log.iter().position(|line| line == "-b4").unwrap();
        let begun = |owner: &str, lines: &[String]| lines.iter().filter(|line| line.starts_with(owner)).count();
        assert_eq!(begun("-a", &log[..last_of_b]), 0, "b is done before the first piece of a: {log:?}");
        assert_eq!(begun("+a", &log[..last_of_b]), 2, "no more than two of a at a time");
        assert_eq!((begun("-a", &log), begun("-b", &log)), (5, 5), "everything is done");
    }

    #[tokio::test]
    async fn never_more_than_allowed() {
        for (all, of_one) in [(1, 1), (2, 1), (3, 2), (10, 10), (0, 0)] {
            let log = run(&[('b', 4, 3), ('c', 4, 5), ('d', 1, 1)], AtOnce { all, of_one }).await;
            let mut now: BTreeMap<char, usize> = BTreeMap::new();
            for line in &log {
                let owner = line.chars().nth(1).unwrap();
                let count = now.entry(owner).or_default();
                *count = if line.starts_with('+') { *count + 1 } else { *count - 1 };
                assert!(*count <= of_one.max(1) && now.values().sum::<usize>() <= all.max(1), "{all} {of_one}: {log:?}");
            }
            assert_eq!(log.len(), 18, "with nothing allowed it goes one by one");
        }
    }

    #[tokio::test]
    async fn an_error_ends_it() {
        let work: Vec<(char, Piece)> = vec![('a', Box::pin(async { Err("full") })), ('b', Box::pin(std::future::pending()))];
        assert_eq!(fairly(work, AtOnce { all: 2, of_one: 1 }).await, Err("full"));
    }
}
