//! Resources at two moments: which plans cover them, the backups of their service, their protection from deletion.
//!
//! Only what holds data of its own is told: of what is part of something else, that is. A resource that is gone is not less protected; `audit diff`
//! names it.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{Change, Standing, Subject, Thing, lost, pairs, smaller};
use super::reading::{Both, Place, Reading};
use super::state::State;
use crate::facts::objectives::or;
use crate::facts::plans::Plan;

/// A resource as it stood.
#[derive(Clone, Debug)]
pub(super) struct ResourceState {
    pub(super) name: String,
    pub(super) resource_type: &'static str,
    pub(super) place: Place,
    pub(super) created_s: Option<i64>,
    /// The table that lists it, and how that was read.
    pub(super) table: &'static str,
    pub(super) listed: Reading<()>,
    pub(super) covered: Option<bool>,
    /// The plans that cover it: names by ARN.
    pub(super) plans: BTreeMap<String, String>,
    /// Whether these are all.
    pub(super) plans_known: bool,
    pub(super) natively: Option<bool>,
    pub(super) native_retention_days: Option<i64>,
    /// Whether it is of a kind that can refuse to be deleted.
    pub(super) can_refuse: bool,
    /// Whether it does; `None` if that was not told.
    pub(super) deletion_protection: Option<bool>,
}

/// Every resource that is there now, and those that were.
pub(super) fn standings(before: &State, after: &State) -> Vec<Standing> {
    let anew = plans_made_anew(before, after);
    let arns: BTreeSet<&String> = before.resources.keys().chain(after.resources.keys()).collect();
    arns.into_iter().filter_map(|arn| standing(before, after, &anew, arn)).collect()
}

fn standing(before: &State, after: &State, anew: &BTreeMap<&str, &str>, arn: &str) -> Option<Standing> {
    let (was, is) = (before.resources.get(arn), after.resources.get(arn));
    let one = is.or(was)?;
    let subject = subject(arn, one);
    let listed = match (was, is) {
        (Some(was), Some(is)) => was.listed.beside(&is.listed),
        (_, None) => one.listed.beside(after.lists.of(one.table, &one.place)),
        (None, Some(_)) => before.lists.of(one.table, &one.place).beside(&one.listed),
    };
    Some(match (was, is, listed) {
        (Some(was), Some(is), _) if was.read_once(is, before, after) => Standing::not_twice(subject),
        (Some(was), Some(is), _) if was.created_s != is.created_s && was.created_s.is_some() && is.created_s.is_some() => {
            Standing::not_twice(subject) // made again under its name
        }
        (Some(was), Some(is), _) => Standing::compared(subject, of_both(was, is, anew)),
        (None, None, _) | (_, None, Both::NotTwice | Both::Unread(_)) => return None,
        (Some(was), None, Both::Told(..)) => Standing::compared(subject, [Change::removed("resource", "", covered_text(was), Some(false))]),
        (None, Some(_), Both::NotTwice) => Standing::not_twice(subject),
        // Whether it was there before cannot be told from a list that was not read; from its age it can.
        (None, Some(is), Both::Unread(_)) if is.created_s.is_some_and(|created_s| created_s >= before.at_s) => Standing::not_twice(subject),
        (None, Some(_), Both::Unread(missing)) => Standing::unread(subject, missing),
        (None, Some(is), Both::Told(..)) => {
            Standing { changes: vec![Change::added("resource", "", covered_text(is))], ..Standing::not_twice(subject) }
        }
    })
}

impl ResourceState {
    /// Whether one reading serves both moments: of the resource, and of the plans that may cover it.
    fn read_once(&self, later: &Self, before: &State, after: &State) -> bool {
        let plans = |state: &State| state.lists.of_all(&["backup_plans", "selections"], &self.place);
        matches!(self.listed.beside(&later.listed), Both::NotTwice) && matches!(plans(before).beside(&plans(after)), Both::NotTwice)
    }
}

fn of_both(was: &ResourceState, is: &ResourceState, anew: &BTreeMap<&str, &str>) -> Vec<Change> {
    let yes_no = |covered: &bool| if *covered { "covered" } else { "not covered" }.to_owned();
    let coverage = Change::of_told("coverage", (was.covered.as_ref(), is.covered.as_ref()), yes_no, lost(was.covered, is.covered));
    let plans = if is.covered == Some(true) { of_plans(was, is, anew) } else { None };
    // Not every service tells for how many days.
    let fewer_days = match (was.native_retention_days, is.native_retention_days) {
        (None, None) => Some(false),
        (was, is) => smaller(was, is),
    };
    let shorter = or(lost(was.natively, is.natively), fewer_days);
    let (native_was, native_is) = (native_of(was), native_of(is));
    let native = Change::of_told("backups of its service", (native_was.as_ref(), native_is.as_ref()), native_text, shorter);
    let refuses = (was.deletion_protection, is.deletion_protection);
    let on_off = |on: &bool| if *on { "on" } else { "off" }.to_owned();
    let deletable = Change::of_told("deletion protection", (refuses.0.as_ref(), refuses.1.as_ref()), on_off, lost(refuses.0, refuses.1));
    [coverage, plans, native, deletable.filter(|_| is.can_refuse)].into_iter().flatten().collect()
}

/// Plans that covered it and do not any more, though others do. What covered it may be unread, and then so is whether that is less.
fn of_plans(was: &ResourceState, is: &ResourceState, anew: &BTreeMap<&str, &str>) -> Option<Change> {
    let then: BTreeSet<&str> = was.plans.keys().map(|arn| anew.get(arn.as_str()).copied().unwrap_or(arn)).collect();
    let now: BTreeSet<&str> = is.plans.keys().map(String::as_str).collect();
    let (fewer, more) = (!then.is_subset(&now), !now.is_subset(&then));
    let weakens = match (was.plans_known, is.plans_known) {
        (true, _) if !fewer => Some(false),
        (true, true) if !more => Some(true),
        _ => None,
    };
    let (then, now) = (was.plans_known.then_some(then), is.plans_known.then_some(now));
    let change = Change::of_told("plans", (then.as_ref(), now.as_ref()), |_| String::new(), weakens)?;
    let names = |resource: &ResourceState| if resource.plans_known { plans_text(resource) } else { "not known".to_owned() };
    Some(Change { before: names(was), after: names(is), ..change })
}

/// Plans that were made anew under their names, by their ARNs of before.
fn plans_made_anew<'s>(before: &'s State, after: &'s State) -> BTreeMap<&'s str, &'s str> {
    let mut anew = BTreeMap::new();
    for place in after.places_with(before) {
        let here = |plan: &&Plan| plan.account_id == place.0 && plan.region == place.1;
        for pair in pairs(before.plans.iter().filter(here), after.plans.iter().filter(here), |plan| &plan.arn, |plan| &plan.name) {
            if let (Some(one), Some(other)) = pair {
                anew.insert(one.arn.as_str(), other.arn.as_str());
            }
        }
    }
    anew
}

/// Backups of its service: whether there are any, and for how many days they are kept, if that was told.
fn native_of(resource: &ResourceState) -> Option<(bool, Option<i64>)> {
    resource.natively.map(|natively| (natively, resource.native_retention_days))
}

fn native_text((natively, days): &(bool, Option<i64>)) -> String {
    match (natively, days) {
        (false, _) => "off".to_owned(),
        (true, None) => "on".to_owned(),
        (true, Some(days)) => format!("kept {days} days"),
    }
}

fn plans_text(resource: &ResourceState) -> String {
    let names: BTreeSet<&str> = resource.plans.values().map(String::as_str).collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}

fn covered_text(resource: &ResourceState) -> String {
    match resource.covered {
        Some(true) => format!("covered by {}", plans_text(resource)),
        Some(false) => "not covered by any plan".to_owned(),
        None => "coverage not known".to_owned(),
    }
}

fn subject(arn: &str, resource: &ResourceState) -> Subject {
    Subject {
        arn: arn.to_owned(),
        subject_type: resource.resource_type.to_owned(),
        account_id: resource.place.0.clone(),
        region: resource.place.1.clone(),
        thing: Thing::Resource,
        name: resource.name.clone(),
    }
}
