//! A dry run: how many requests a collection will make, and how long they take at the rates, without making it.
//!
//! Where the dataset has a collection that read the same, its log of calls tells ([`earlier`]). Everything else is asked: the collectors run as they
//! always do, over a [`Gate`] that lets lists through, because what else is asked follows from them, and withholds and counts what is [`Foretold`].
//! What was read is dropped. An account that cannot be entered is asked nothing, as in a collection.
//!
//! [`Foretold`]: super::collector::Foretold

mod earlier;
mod estimate;
mod gate;
mod sink;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::accounts::Account;
use super::clients::GLOBAL;
use super::collector::{Collector, Foretold};
use super::door::Door;
use super::error::CollectError;
use super::known::Known;
use super::lists::{is_global, name, sources};
use super::progress::Progress;
use super::runner::{self, Scope, Stop};
use crate::dataset::{Dataset, DatasetError};
use earlier::Earlier;
use estimate::{Line, sum_up};
use sink::{Dropping, Further};

pub use estimate::{Estimate, OperationEstimate, Slowest, Source};
pub use gate::Gate;
pub use sink::Refused;

/// A collector in an account and Region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    account_id: String,
    /// `eu-west-1`, or [`GLOBAL`].
    region: String,
    /// The table that names the collector.
    table: String,
}

/// What a dry run is about.
pub struct Question<'a> {
    /// The caller's own door, opened with `gate`.
    pub home: &'a Door,
    /// Accounts of the collection, with the way into each.
    pub accounts: &'a [Account],
    /// Collectors in the order of the registry.
    pub collectors: &'static [&'static dyn Collector],
    /// Earlier collections, if there are any.
    pub dataset: Option<&'a Dataset>,
    /// What they cover.
    pub known: Known,
    /// When the collection would begin, epoch seconds.
    pub started_s: i64,
    /// Share of the documented rates, percent.
    pub rate_percent: u32,
    /// What counts and withholds.
    pub gate: &'a Gate,
    /// Shows how far it is.
    pub progress: &'a Progress,
}

/// Why there is no estimate.
#[derive(Debug, thiserror::Error)]
pub enum ForecastError {
    /// Earlier collections cannot be read.
    #[error("what earlier collections asked cannot be read")]
    Earlier(#[from] DatasetError),
    /// What was counted cannot be kept.
    #[error("what is there cannot be counted")]
    Collect(#[from] CollectError),
    /// Ctrl-C.
    #[error("the dry run was interrupted")]
    Interrupted,
    /// The credentials ended on the way.
    #[error("the credentials expired on the way")]
    Expired,
}

/// Estimates a collection. Calls only what tells how much there is to ask, and writes nothing.
///
/// # Errors
/// `ForecastError`. What AWS refuses is in the estimate.
pub async fn estimate(question: &Question<'_>) -> Result<Estimate, ForecastError> {
    let wanted = places(question);
    let earlier = match question.dataset {
        Some(dataset) => earlier::read(dataset, &wanted, question.collectors, &question.known, question.started_s)?,
        None => Earlier::default(),
    };
    let asked = to_ask(&wanted, &earlier.told, question.collectors);
    let (mut further, mut refused) = (Vec::new(), Vec::new());
    for (collectors, places) in groups(question.collectors, &asked) {
        let counted = ask(question, collectors, &places).await?;
        further.extend(counted.0);
        refused.extend(counted.1);
    }
    let (mut lines, mut made) = counted(question.gate, further);
    let entered = entries(question.home, question.accounts);
    made += entered.iter().map(|line| line.requests).sum::<u64>();
    lines.extend(entered);
    // What had to be asked again, as a source of something else, is counted already.
    lines.extend(earlier.lines.into_iter().filter(|(place, _)| !asked.contains(place)).map(|(_, line)| line));
    let at_once = Scope::new(&[], 0).regions_at_once;
    Ok(sum_up(&lines, made, refused, question.rate_percent, at_once))
}

/// Everything that a collection asks for.
fn places(question: &Question<'_>) -> BTreeSet<Place> {
    let mut places = BTreeSet::new();
    for account in question.accounts.iter().filter(|account| account.door.is_ok()) {
        for collector in question.collectors {
            let regions: Vec<&str> =
                if is_global(*collector) { vec![GLOBAL] } else { account.regions.iter().map(String::as_str).collect() };
            places.extend(regions.into_iter().map(|region| Place {
                account_id: account.account_id.clone(),
                region: region.to_owned(),
                table: name(*collector).to_owned(),
            }));
        }
    }
    places
}

/// What no earlier collection tells, with what it follows from in the same account and Region.
fn to_ask(wanted: &BTreeSet<Place>, told: &BTreeSet<Place>, collectors: &[&'static dyn Collector]) -> BTreeSet<Place> {
    let mut asked: BTreeSet<Place> = wanted.difference(told).cloned().collect();
    // Sources come before what follows from them, so one pass from the end finds them all.
    for collector in collectors.iter().rev() {
        let here: Vec<Place> = asked.iter().filter(|place| place.table == name(*collector)).cloned().collect();
        for (place, table) in here.iter().flat_map(|place| sources(*collector).map(move |table| (place, table))) {
            let source = collectors.iter().find(|other| other.tables().iter().any(|own| own.name == table.name));
            asked.extend(source.map(|source| Place { table: name(*source).to_owned(), ..place.clone() }));
        }
    }
    asked
}

/// Accounts and Regions with the same collectors to ask, together.
fn groups(
    collectors: &'static [&'static dyn Collector],
    asked: &BTreeSet<Place>,
) -> Vec<(&'static [&'static dyn Collector], Vec<(String, String)>)> {
    let mut tables: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for place in asked {
        tables.entry((&place.account_id, &place.region)).or_default().insert(&place.table);
    }
    let mut groups: BTreeMap<BTreeSet<&str>, Vec<(String, String)>> = BTreeMap::new();
    for ((account_id, region), tables) in tables {
        groups.entry(tables).or_default().push((account_id.to_owned(), region.to_owned()));
    }
    let chosen = |tables: &BTreeSet<&str>| -> &'static [&'static dyn Collector] {
        let chosen: Vec<_> = collectors.iter().copied().filter(|collector| tables.contains(name(*collector))).collect();
        // A process makes one dry run; the lists live as long as it.
        chosen.leak()
    };
    groups.into_iter().map(|(tables, places)| (chosen(&tables), places)).collect()
}

/// Asks what tells how much there is, in some accounts and Regions.
async fn ask(
    question: &Question<'_>,
    collectors: &'static [&'static dyn Collector],
    places: &[(String, String)],
) -> Result<(Vec<Further>, Vec<Refused>), ForecastError> {
    let regions = |account_id: &str| -> Vec<String> {
        let of_account = places.iter().filter(|(account, region)| account == account_id && region != GLOBAL);
        of_account.map(|(_, region)| region.clone()).collect()
    };
    let in_group = |account: &&Account| places.iter().any(|(account_id, _)| *account_id == account.account_id);
    let accounts: Vec<Account> = question
        .accounts
        .iter()
        .filter(in_group)
        .map(|account| Account { regions: regions(&account.account_id), ..account.clone() })
        .collect();
    let scope = Scope { known: question.known.clone(), stop: Stop::default(), ..Scope::new(collectors, question.started_s) };
    let sink = Arc::new(Dropping::new(collectors));
    let kept: Arc<dyn runner::Sink> = Arc::clone(&sink) as _;
    let summary = runner::collect(question.home, &accounts, &scope, kept, question.progress).await?;
    if summary.stopped {
        return Err(ForecastError::Interrupted);
    }
    if summary.expired { Err(ForecastError::Expired) } else { Ok(sink.result()) }
}

/// What passed the gate and what ended there, as requests of the collection; and how many were made.
fn counted(gate: &Gate, further: Vec<Further>) -> (Vec<Line>, u64) {
    let mut lines = Vec::new();
    let mut made = 0;
    for (asking, times) in gate.counts() {
        let rule = asking.table.and_then(|table| gate.rule(table, &asking.operation));
        let mut line = |requests: u64, source: Source| {
            lines.push(Line {
                account_id: asking.account_id.clone(),
                region: asking.region.clone(),
                service: asking.service.to_owned(),
                operation: asking.operation.clone(),
                requests,
                source,
            });
        };
        made += times.made;
        line(times.made, Source::Counted);
        match rule {
            Some(Foretold::OneByOne) => line(times.withheld, Source::Counted),
            Some(Foretold::AtLeastOnePage) => line(times.withheld, Source::AtLeastOnePage),
            // Their number follows from what was listed.
            Some(Foretold::ByFirstPage | Foretold::Bundled(_)) | None => {}
        }
    }
    lines.extend(further.into_iter().map(|further| Line {
        account_id: further.account_id,
        region: further.region,
        service: further.service.to_owned(),
        operation: further.operation.to_owned(),
        requests: further.requests,
        source: Source::Counted,
    }));
    (lines, made)
}

/// `AssumeRole` of each account but the caller's own: the requests of credential providers pass the gate unseen.
fn entries(home: &Door, accounts: &[Account]) -> Vec<Line> {
    let own = home.caller().account_id.as_str();
    let others = accounts.iter().filter(|account| account.account_id != own);
    others
        .map(|account| Line {
            account_id: account.account_id.clone(),
            region: home.home_region().to_owned(),
            service: "sts".to_owned(),
            operation: "AssumeRole".to_owned(),
            requests: 1,
            source: Source::Counted,
        })
        .collect()
}

#[cfg(test)]
mod tests;
