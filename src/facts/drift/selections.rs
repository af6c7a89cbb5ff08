//! Selections at two moments: whether one asks for less than it did.
//!
//! A selection is narrower for certain if every entry that adds is among those before, and every one that takes out stays. Where entries were
//! exchanged, it is narrower if it no longer selects a resource that it did, and otherwise cannot be told. Naming something that is gone, and is not
//! named any more, takes nothing away.

use std::collections::BTreeSet;

use super::change::{Change, Kind, Standing, Subject, Thing, pairs};
use super::plans::{any_selection, place};
use super::reading::{Both, Reading};
use super::state::State;
use crate::facts::coverage::selection::Selection;
use crate::facts::plans::{Plan, PlanSelection};
use crate::facts::population;
use crate::model::Arn;

/// Every selection of a plan that was there at both moments.
pub(super) fn standings(before: &State, after: &State, one: &Plan, other: &Plan) -> Vec<Standing> {
    let read = |state: &State, plan: &Plan| {
        let tried = state.lists.of("selections", &place(plan)).tried_s;
        Reading { tried_s: tried, told: plan.selections_known.then_some(()) }
    };
    let both = (read(before, one), read(after, other));
    let listed = both.0.beside(&both.1);
    let paired = pairs(&one.selections, &other.selections, |selection| &selection.id, |selection| &selection.name);
    let standing = |(was, is): (Option<&PlanSelection>, Option<&PlanSelection>)| match (was, is, listed) {
        (None, None, _) | (Some(_), None, Both::NotTwice) => None,
        (_, Some(is), Both::NotTwice) => Some(Standing::not_twice(subject(other, is))),
        (Some(was), Some(is), _) => {
            let changes = of_both(before, after, (one, was), (other, is));
            Some(Standing::compared(subject(other, is), changes))
        }
        (Some(gone), None, Both::Unread(missing)) => Some(Standing::unread(subject(one, gone), missing)),
        (None, Some(new), Both::Unread(missing)) => Some(Standing::unread(subject(other, new), missing)),
        (None, Some(new), Both::Told(..)) => {
            let added = Change::added("selection", "", text(new));
            Some(Standing { changes: vec![added], ..Standing::not_twice(subject(other, new)) })
        }
        (Some(gone), None, Both::Told(..)) => {
            let removed = Change::removed("selection", "", text(gone), selects(gone, after));
            Some(Standing::compared(subject(one, gone), [removed]))
        }
    };
    paired.into_iter().filter_map(standing).collect()
}

/// Whether a plan that is gone selected anything.
pub(super) fn any_selects(plan: &Plan, after: &State) -> Option<bool> {
    any_selection(plan, |selection| selects(selection, after))
}

/// Whether a selection that is gone would still select something: not if all it named is gone, too.
fn selects(selection: &PlanSelection, after: &State) -> Option<bool> {
    let selection = selection.selection.as_ref().ok()?;
    if is_open(selection) || !selection.list_of_tags.is_empty() {
        return Some(true);
    }
    let gone: Vec<Option<bool>> = selection.resources.iter().map(|entry| is_gone(entry, after)).collect();
    if gone.iter().all(|gone| *gone == Some(true)) {
        Some(false)
    } else if gone.contains(&Some(false)) {
        Some(true)
    } else {
        None
    }
}

fn of_both(before: &State, after: &State, (plan, was): (&Plan, &PlanSelection), (now, is): (&Plan, &PlanSelection)) -> Vec<Change> {
    // Of an old dataset the role may not be told; then there is nothing to say about it.
    let roles = was.role_arn.as_ref().zip(is.role_arn.as_ref());
    let role = roles.and_then(|(was, is)| Change::of("role", "", (was, is), Clone::clone, None));
    let (Ok(one), Ok(other)) = (&was.selection, &is.selection) else {
        let open = Change { what: "clauses", part: String::new(), kind: Kind::Unread, before: text(was), after: text(is), weakens: None };
        return std::iter::once(open).chain(role).collect();
    };
    if one == other {
        return role.into_iter().collect();
    }
    let narrower = narrower(one, other, after);
    let weakens = narrower.or_else(|| lost(before, after, (plan, was), (now, is)).then_some(true));
    let (before, after) = (text_beside(one, other), text_beside(other, one));
    let clauses = Change { what: "clauses", part: String::new(), kind: Kind::Changed, before, after, weakens };
    std::iter::once(clauses).chain(role).collect()
}

/// Whether `now` asks for less than `before`; `None` if entries were exchanged, or what is gone was not read.
fn narrower(before: &Selection, now: &Selection, after: &State) -> Option<bool> {
    if is_within(before, now) {
        return Some(false);
    }
    if !is_within(now, before) {
        return None;
    }
    // What it does not name any more may be gone itself.
    let dropped: Vec<&String> = before.resources.iter().filter(|entry| !now.resources.contains(entry)).collect();
    let same_else = Selection { resources: now.resources.clone(), ..before.clone() } == *now && !is_open(before) && !is_open(now);
    if !same_else || dropped.is_empty() {
        return Some(true);
    }
    let gone = dropped.into_iter().map(|entry| is_gone(entry, after));
    gone.fold(Some(true), crate::facts::objectives::and).map(|all_gone| !all_gone)
}

/// Whether all that `inner` asks for, `outer` asks for, too, as far as their entries tell.
fn is_within(inner: &Selection, outer: &Selection) -> bool {
    let all_in = |inner: &[String], outer: &[String]| inner.iter().all(|entry| outer.contains(entry));
    let adds = match (is_open(inner), is_open(outer)) {
        (_, true) => true,
        (true, false) => false,
        (false, false) => {
            all_in(&inner.resources, &outer.resources) && inner.list_of_tags.iter().all(|tag| outer.list_of_tags.contains(tag))
        }
    };
    let conditions = |selection: &Selection| -> BTreeSet<(&'static str, String, String)> {
        let entry = |(operator, entry): (crate::facts::coverage::selection::Operator, &crate::facts::coverage::selection::KeyValue)| {
            (operator.name(), entry.condition_key.clone(), entry.condition_value.clone())
        };
        selection.conditions.iter().map(entry).collect()
    };
    adds && all_in(&outer.not_resources, &inner.not_resources) && conditions(inner).is_superset(&conditions(outer))
}

/// Whether it asks for everything: it names neither ARNs nor tags.
fn is_open(selection: &Selection) -> bool {
    selection.resources.is_empty() && selection.list_of_tags.is_empty()
}

/// Whether an entry names one resource and that is gone; `None` if what would list it was not read.
fn is_gone(entry: &str, after: &State) -> Option<bool> {
    if entry.contains(['*', '?']) || after.resources.contains_key(entry) {
        return Some(false);
    }
    let Some(arn) = Arn::parse(entry) else { return Some(false) };
    let listing = population::listing(&arn)?;
    after.lists.of_all(listing, &(arn.account.to_owned(), arn.region.to_owned())).told.map(|()| true)
}

/// Whether a resource that is still there was selected and is not any more, for certain.
fn lost(before: &State, after: &State, (plan, was): (&Plan, &PlanSelection), (now, is): (&Plan, &PlanSelection)) -> bool {
    let chosen = before.selected.get(&(plan.arn.clone(), was.id.clone()));
    let still = after.selected.get(&(now.arn.clone(), is.id.clone()));
    let kept = |arn: &str| still.and_then(|still| still.get(arn)).is_some();
    chosen.into_iter().flatten().any(|(arn, selected)| *selected == Some(true) && after.resources.contains_key(arn) && !kept(arn))
}

pub(super) fn subject(plan: &Plan, selection: &PlanSelection) -> Subject {
    Subject {
        arn: format!("{}#selection/{}", plan.arn, selection.id),
        subject_type: "AWS::Backup::BackupSelection".to_owned(),
        account_id: plan.account_id.clone(),
        region: plan.region.clone(),
        thing: Thing::Selection,
        name: format!("{} of plan {}", selection.name, plan.name),
    }
}

/// A selection in words.
fn text(selection: &PlanSelection) -> String {
    match &selection.selection {
        Ok(selection) => listed(&entries(selection)),
        Err(_) => "not understood".to_owned(),
    }
}

/// What of a selection another one does not say, in words, and how much of it both say.
fn text_beside(selection: &Selection, other: &Selection) -> String {
    let beside = entries(other);
    let (same, own): (Vec<String>, Vec<String>) = entries(selection).into_iter().partition(|entry| beside.contains(entry));
    match (own.is_empty(), same.len()) {
        (true, _) => "the rest of it".to_owned(),
        (false, 0) => listed(&own),
        (false, same) => format!("{} and {same} more entries that stay", listed(&own)),
    }
}

/// Every entry in words.
fn entries(selection: &Selection) -> Vec<String> {
    let open = is_open(selection).then(|| "everything".to_owned());
    let named = selection.resources.iter().cloned();
    let tags = selection.list_of_tags.iter().map(|tag| format!("tag {}={}", tag.condition_key, tag.condition_value));
    let conditions = selection.conditions.iter().map(|(operator, entry)| {
        format!("if {} {} {}", entry.condition_key.trim_start_matches("aws:ResourceTag/"), operator.name(), entry.condition_value)
    });
    let without = selection.not_resources.iter().map(|entry| format!("without {entry}"));
    open.into_iter().chain(named).chain(tags).chain(conditions).chain(without).collect()
}

/// Entries in a line; of many the first.
fn listed(entries: &[String]) -> String {
    const SHOWN: usize = 5;
    match entries.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        Some(more) => format!("{} and {more} more", entries[..SHOWN].join("; ")),
        None => entries.join("; "),
    }
}
