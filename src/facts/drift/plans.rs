//! Plans at two moments: their rules, copies and selections.
//!
//! A rule that makes what it makes less often, later, for a shorter time or in fewer places protects less. Longer start and completion windows count as
//! later, as they do for the RPO that a plan promises. Where points go to another vault instead, it cannot be told.

use super::change::{Change, Standing, Subject, Thing, any, pairs, smaller};
use super::reading::{Both, Place, Reading};
use super::selections;
use super::state::State;
use crate::facts::objectives::and;
use crate::facts::plans::{Plan, PlanCopy, PlanRule};
use crate::facts::schedule::runs::LargestGap;
use crate::model::duration;

/// The table that lists plans.
const LIST: &str = "backup_plans";

/// Every plan of two moments, with its selections.
pub(super) fn standings(before: &State, after: &State) -> Vec<Standing> {
    let mut standings = Vec::new();
    for place in after.places_with(before) {
        let here = |plan: &&Plan| plan.account_id == place.0 && plan.region == place.1;
        let paired = pairs(before.plans.iter().filter(here), after.plans.iter().filter(here), |plan| &plan.arn, |plan| &plan.name);
        let listed = before.lists.of(LIST, place).beside(after.lists.of(LIST, place));
        for pair in paired {
            standings.extend(of_pair(before, after, pair, listed));
        }
    }
    standings
}

fn plan_text(plan: &Plan) -> String {
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    format!("plan with {} and {}", counted(plan.rules.len(), "rule"), counted(plan.selections.len(), "selection"))
}

fn of_pair(before: &State, after: &State, pair: (Option<&Plan>, Option<&Plan>), listed: Both<'_, ()>) -> Vec<Standing> {
    match (pair, listed) {
        ((None, None), _) | ((Some(_), None), Both::NotTwice) => Vec::new(),
        ((None, Some(plan)), Both::NotTwice) => alone(plan),
        ((None, Some(plan)) | (Some(plan), None), Both::Unread(missing)) => vec![Standing::unread(subject(plan), missing)],
        ((None, Some(plan)), Both::Told(..)) => {
            let added = Change::added("plan", "", plan_text(plan));
            let mut standings = alone(plan);
            standings.iter_mut().take(1).for_each(|standing| standing.changes.push(added.clone()));
            standings
        }
        ((Some(plan), None), Both::Told(..)) => {
            let text = plan_text(plan);
            let backed_up = and(plan.has_rules(), selections::any_selects(plan, after));
            vec![Standing::compared(subject(plan), [Change::removed("plan", "", text, backed_up)])]
        }
        ((Some(one), Some(other)), _) => {
            let mut standings = vec![of_rules(before, after, one, other)];
            standings.extend(selections::standings(before, after, one, other));
            standings
        }
    }
}

/// A plan of which there is one reading, and its selections.
fn alone(plan: &Plan) -> Vec<Standing> {
    let selections = plan.selections.iter().map(|selection| Standing::not_twice(selections::subject(plan, selection)));
    std::iter::once(Standing::not_twice(subject(plan))).chain(selections).collect()
}

fn of_rules(before: &State, after: &State, one: &Plan, other: &Plan) -> Standing {
    let read = |state: &State, plan: &Plan| {
        let tried = state.lists.of("plan_rules", &(plan.account_id.clone(), plan.region.clone())).tried_s;
        Reading { tried_s: tried, told: plan.rules_known.then_some(()) }
    };
    match read(before, one).beside(&read(after, other)) {
        Both::NotTwice => Standing::not_twice(subject(other)),
        Both::Unread(missing) => Standing::compared(subject(other), [Change::unread("rules", "", missing)]),
        Both::Told(..) => {
            let paired = pairs(&one.rules, &other.rules, |rule| &rule.name, |rule| &rule.id);
            Standing::compared(subject(other), paired.into_iter().flat_map(|(one, other)| of_rule(one, other)))
        }
    }
}

fn of_rule(before: Option<&PlanRule>, after: Option<&PlanRule>) -> Vec<Change> {
    match (before, after) {
        (None, None) => Vec::new(),
        (Some(rule), None) => vec![Change::removed("rule", &rule.name, rule_text(rule), Some(true))],
        (None, Some(rule)) => vec![Change::added("rule", &rule.name, rule_text(rule))],
        (Some(before), Some(after)) => {
            let mut changes = own_changes(before, after);
            changes.extend(of_targets(before, after));
            let (then, now) = (copied(before), copied(after));
            let paired = pairs(&then, &now, |(arn, _)| arn, |(arn, _)| arn);
            changes.extend(paired.into_iter().filter_map(|(one, other)| of_copy(&after.name, one, other)));
            changes
        }
    }
}

/// What a rule says of itself: when it runs, and what becomes of its points.
fn own_changes(before: &PlanRule, after: &PlanRule) -> Vec<Change> {
    let part = after.name.as_str();
    let when = |rule: &PlanRule| (rule.expression.clone(), rule.timezone.clone());
    let rarer = smaller(apart_s(after), apart_s(before));
    let schedule = Change::of("schedule", part, (&when(before), &when(after)), |_| String::new(), rarer).map(|change| Change {
        before: schedule_text(before),
        after: schedule_text(after),
        ..change
    });
    let windows = |rule: &PlanRule| (rule.start_window_s, rule.completion_window_s);
    let longer = windows(after).0.saturating_add(windows(after).1) > windows(before).0.saturating_add(windows(before).1);
    let cold = |rule: &PlanRule| rule.lifecycle.cold_after_days.filter(|days| *days >= 0);
    let event = |rule: &PlanRule| rule.delete_after_event.clone();
    let changes = [
        schedule,
        Change::of("windows", part, (&windows(before), &windows(after)), windows_text, Some(longer)),
        Change::of("retention", part, (&days(before), &days(after)), |days| days_text(*days), Some(days(after) < days(before))),
        Change::of(
            "cold storage",
            part,
            (&cold(before), &cold(after)),
            |days| days.map_or_else(|| "never".to_owned(), |days| format!("after {days} days")),
            Some(false),
        ),
        Change::of(
            "continuous backup",
            part,
            (&before.continuous, &after.continuous),
            |on| if *on { "on" } else { "off" }.to_owned(),
            Some(before.continuous && !after.continuous),
        ),
        Change::of(
            "deletion after an event",
            part,
            (&event(before), &event(after)),
            |event| event.clone().unwrap_or_else(|| "none".to_owned()),
            Some(event(after).is_some()),
        ),
    ];
    changes.into_iter().flatten().collect()
}

/// Where its points go.
fn of_targets(before: &PlanRule, after: &PlanRule) -> Vec<Change> {
    let text = |vault: &Option<String>| vault.clone().unwrap_or_else(|| "none".to_owned());
    let gapped = match (&before.air_gapped_vault_arn, &after.air_gapped_vault_arn) {
        (None, _) => Some(false),
        (Some(_), None) => Some(true),
        (Some(_), Some(_)) => None,
    };
    let part = after.name.as_str();
    let (vaults, gapped_vaults) = ((&before.vault_name, &after.vault_name), (&before.air_gapped_vault_arn, &after.air_gapped_vault_arn));
    let changes = [Change::of("vault", part, vaults, text, None), Change::of("air-gapped vault", part, gapped_vaults, text, gapped)];
    changes.into_iter().flatten().collect()
}

/// A copy with where it goes, and how long it is kept: as long as the point, if it does not say.
type Copied = (String, i64);

fn copied(rule: &PlanRule) -> Vec<Copied> {
    let kept = |copy: &PlanCopy| copy.lifecycle.delete_after_days.filter(|days| *days >= 0).unwrap_or_else(|| days(rule));
    rule.copies.iter().map(|copy| (copy.destination_vault_arn.clone(), kept(copy))).collect()
}

fn of_copy(rule: &str, before: Option<&Copied>, after: Option<&Copied>) -> Option<Change> {
    let part = |(to, _): &Copied| format!("{rule} to {to}");
    match (before, after) {
        (None, None) => None,
        (Some(copy), None) => Some(Change::removed("copy", &part(copy), days_text(copy.1), Some(true))),
        (None, Some(copy)) => Some(Change::added("copy", &part(copy), days_text(copy.1))),
        (Some(one), Some(other)) => {
            Change::of("retention of copies", &part(other), (&one.1, &other.1), |days| days_text(*days), Some(other.1 < one.1))
        }
    }
}

pub(super) fn subject(plan: &Plan) -> Subject {
    Subject {
        arn: plan.arn.clone(),
        subject_type: "AWS::Backup::BackupPlan".to_owned(),
        account_id: plan.account_id.clone(),
        region: plan.region.clone(),
        thing: Thing::Plan,
        name: plan.name.clone(),
    }
}

/// Longest time between its runs; `None` if the schedule is not understood.
fn apart_s(rule: &PlanRule) -> Option<i64> {
    rule.gap.map(|gap: LargestGap| gap.gap_s().unwrap_or(i64::MAX))
}

/// Days that points are kept; the largest number stands for ever.
fn days(rule: &PlanRule) -> i64 {
    if rule.lifecycle.kept_forever() { i64::MAX } else { rule.lifecycle.delete_after_days.unwrap_or(i64::MAX) }
}

fn days_text(days: i64) -> String {
    if days == i64::MAX { "for ever".to_owned() } else { format!("{days} days") }
}

fn windows_text((start_s, completion_s): &(i64, i64)) -> String {
    format!("{} to start, {} to complete", duration::text(*start_s), duration::text(*completion_s))
}

fn schedule_text(rule: &PlanRule) -> String {
    let zone = rule.timezone.as_ref().map(|zone| format!(" in {zone}")).unwrap_or_default();
    let apart = match apart_s(rule) {
        None => "not understood".to_owned(),
        Some(i64::MAX) => "does not go on".to_owned(),
        Some(apart_s) => format!("at most {} apart", duration::text(apart_s)),
    };
    format!("{}{zone} ({apart})", rule.expression)
}

fn rule_text(rule: &PlanRule) -> String {
    format!("{}, kept {}", schedule_text(rule), days_text(days(rule)))
}

/// Where a plan lies.
pub(super) fn place(plan: &Plan) -> Place {
    (plan.account_id.clone(), plan.region.clone())
}

/// Whether any of a plan's selections fits a question; `None` also if they were not all read.
pub(super) fn any_selection(plan: &Plan, asked: impl Fn(&crate::facts::plans::PlanSelection) -> Option<bool>) -> Option<bool> {
    let unread = if plan.selections_known { Some(false) } else { None };
    any(plan.selections.iter().map(asked).chain([unread]))
}
