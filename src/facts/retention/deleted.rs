//! Recovery points that somebody deleted, for pages about single resources. What a lifecycle ended is no event: it was asked for.
//!
//! Only for the resources that are asked for. Who deleted a point, and when, is as [`retained`](super::retained) finds it, whether or not any
//! objective asks for a retention.

use std::collections::{BTreeMap, BTreeSet};

use super::endings;
use super::known::known;
use super::retained::{Beside, RetainedRow};
use crate::facts::locks::Vaults;
use crate::facts::{FactError, Inputs};
use crate::model::Arn;
use crate::model::window::{self, Window};

/// A point that somebody deleted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deleted {
    /// The latest moment at which it can have been.
    pub at_s: i64,
    /// Whether an event tells exactly that moment.
    pub exact: bool,
    /// Account and Region of its vault.
    pub place: (String, String),
    /// Its vault.
    pub vault_arn: String,
    /// Its ARN.
    pub point_arn: String,
    /// Who it was; `None` if not told.
    pub actor_arn: Option<String>,
    /// Whether it owed to be there for more than a day longer; `None` if not known.
    pub early: Option<bool>,
}

/// What was deleted in the window, by the ARN of the resource, each in order of time.
///
/// # Errors
/// As deriving `retained_points`.
pub fn deleted(inputs: &Inputs<'_>, wanted: &BTreeSet<String>) -> Result<BTreeMap<String, Vec<Deleted>>, FactError> {
    let mut found: BTreeMap<String, Vec<Deleted>> = BTreeMap::new();
    for range in inputs.ranges() {
        let part = inputs.within(range);
        let vaults = Vaults::read(&part)?;
        let mut points = known(&part, &vaults)?;
        points.retain(|point| point.exists != Some(true) && point.resource_arn.as_ref().is_some_and(|arn| wanted.contains(arn)));
        if points.is_empty() {
            continue;
        }
        let beside = Beside::of(&part, vaults, &points)?;
        for mut row in points.into_iter().map(|point| beside.row(point)) {
            let arn = row.subject_arn.take().unwrap_or_default();
            found.entry(arn).or_default().extend(by_somebody(row, inputs.window));
        }
    }
    for events in found.values_mut() {
        events.sort();
    }
    Ok(found)
}

fn by_somebody(row: RetainedRow, window: Window) -> Option<Deleted> {
    let at_s = row.ended_s.or(row.ended_until_s)?;
    let told = row.ended_by.as_deref() == Some("principal") && (window.start_s..window.end_s).contains(&at_s);
    told.then(|| Deleted {
        at_s,
        exact: row.ended_s.is_some(),
        place: (row.account_id.unwrap_or_default(), row.region.unwrap_or_default()),
        vault_arn: row.backup_vault_arn.unwrap_or_default(),
        point_arn: row.recovery_point_arn.unwrap_or_default(),
        actor_arn: row.actor_arn,
        early: row.ended_early,
    })
}

/// The times in which nobody deletes a point of a resource unseen, in any of the accounts and Regions in which its points lie.
pub fn observed<'p>(inputs: &Inputs<'_>, resource_arn: &str, places: impl IntoIterator<Item = (&'p str, &'p str)>) -> Vec<Window> {
    let service = Arn::parse(resource_arn).map_or("", |arn| arn.service);
    let windows = places.into_iter().map(|(account_id, region)| endings::observed(inputs, account_id, region, service));
    windows.reduce(|one, other| window::common(&one, &other)).unwrap_or_default()
}
