//! Vaults at two moments: lock, access policy, notifications.
//!
//! A weaker lock is one that can be lifted sooner or by more people, or that lets points live shorter. A policy is weaker if it does not deny deletion
//! any more, leaves out more principals, or lets anybody copy in. Where a topic was exchanged, nobody can tell who listens to the new one.

use std::collections::BTreeSet;

use super::change::{Change, Standing, Subject, Thing, lost, smaller};
use super::reading::{Both, Place, Reading};
use super::state::State;
use crate::facts::locks::LockMode;
use crate::facts::objectives::{and, or};
use crate::facts::policies::Guard;

/// The table that lists vaults.
const LIST: &str = "backup_vaults";

/// A vault as it stood.
#[derive(Clone, Debug)]
pub(super) struct VaultState {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) lock: Option<LockMode>,
    pub(super) lock_date_s: Option<i64>,
    pub(super) min_retention_days: Option<i64>,
    pub(super) key_arn: Option<String>,
    /// Recovery points that AWS counted in it.
    pub(super) points: Option<i64>,
    pub(super) policy: Reading<Guard>,
    pub(super) notifications: Reading<Heard>,
}

/// Who is told of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) topic: Option<String>,
    /// Events that AWS still sends; `None` if they are not understood.
    pub(super) events: Option<BTreeSet<String>>,
}

/// Every vault of two moments.
pub(super) fn standings(before: &State, after: &State) -> Vec<Standing> {
    let arns: BTreeSet<&String> = before.vaults.keys().chain(after.vaults.keys()).collect();
    arns.into_iter().filter_map(|arn| standing(before, after, arn)).collect()
}

fn standing(before: &State, after: &State, arn: &str) -> Option<Standing> {
    let (was, is) = (before.vaults.get(arn), after.vaults.get(arn));
    let one = is.or(was)?;
    let subject = subject(arn, one);
    let listed = before.lists.of(LIST, &one.place).beside(after.lists.of(LIST, &one.place));
    Some(match (was, is, listed) {
        (_, None, Both::NotTwice) => return None,
        (_, Some(_), Both::NotTwice) => Standing::not_twice(subject),
        (Some(was), Some(is), _) => Standing::compared(subject, of_both(was, is)),
        (_, _, Both::Unread(missing)) => Standing::unread(subject, missing),
        (None, _, Both::Told(..)) => Standing { changes: vec![Change::added("vault", "", text(one))], ..Standing::not_twice(subject) },
        // Only an empty vault can be deleted: what was in it went before.
        (Some(was), None, Both::Told(..)) => {
            Standing::compared(subject, [Change::removed("vault", "", text(was), was.points.map(|points| points > 0))])
        }
    })
}

fn of_both(was: &VaultState, is: &VaultState) -> Vec<Change> {
    let keys = was.key_arn.as_ref().zip(is.key_arn.as_ref());
    let key = keys.and_then(|(was, is)| Change::of("key", "", (was, is), Clone::clone, None));
    of_lock(was, is).into_iter().chain(key).chain(of_policy(was, is)).chain(of_notifications(was, is)).collect()
}

/// Its lock: mode, the date from which nobody can lift it, the shortest retention that it enforces.
fn of_lock(was: &VaultState, is: &VaultState) -> Vec<Change> {
    let weaker = was.lock.zip(is.lock).map(|(was, is)| is < was);
    let mode = Change::of_told("lock", (was.lock.as_ref(), is.lock.as_ref()), |mode| mode.word().to_owned(), weaker);
    let dated = was.lock.zip(is.lock).is_some_and(|both| both == (LockMode::Grace, LockMode::Grace));
    let date = Change::of(
        "lock date",
        "",
        (&was.lock_date_s, &is.lock_date_s),
        |date| date.map_or_else(|| "none".to_owned(), crate::model::moment::short),
        smaller(is.lock_date_s, was.lock_date_s),
    );
    let floor = |vault: &VaultState| vault.lock.map(|mode| if mode == LockMode::None { 0 } else { vault.min_retention_days.unwrap_or(0) });
    let text = |days: &i64| if *days == 0 { "none".to_owned() } else { format!("{days} days") };
    let (floor_was, floor_is) = (floor(was), floor(is));
    let floor = Change::of_told("shortest retention", (floor_was.as_ref(), floor_is.as_ref()), text, smaller(floor_was, floor_is));
    mode.into_iter().chain(date.filter(|_| dated)).chain(floor).collect()
}

fn of_policy(was: &VaultState, is: &VaultState) -> Option<Change> {
    match was.policy.beside(&is.policy) {
        Both::NotTwice => None,
        Both::Unread(missing) => Some(Change::unread("policy", "", missing)),
        Both::Told(was, is) if was.text == is.text => None,
        Both::Told(was, is) => {
            let more_excepted = match (was.denied, is.denied) {
                (Some(true), Some(true)) => Some(!is.excepted.is_subset(&was.excepted)),
                _ => Some(false),
            };
            let more_accounts = if is.accounts.is_subset(&was.accounts) { Some(false) } else { None };
            let weakens =
                [lost(was.denied, is.denied), lost(was.release_denied, is.release_denied), more_excepted, opened(was, is), more_accounts];
            let weakens = weakens.into_iter().fold(Some(false), or);
            Change::of("policy", "", (was, is), Guard::words, weakens)
        }
    }
}

/// Whether anybody may copy in who could not before.
fn opened(was: &Guard, is: &Guard) -> Option<bool> {
    and(was.to_anybody.map(|open| !open), is.to_anybody)
}

fn of_notifications(was: &VaultState, is: &VaultState) -> Option<Change> {
    match was.notifications.beside(&is.notifications) {
        Both::NotTwice => None,
        Both::Unread(missing) => Some(Change::unread("notifications", "", missing)),
        Both::Told(was, is) => {
            let fewer = was.events.as_ref().zip(is.events.as_ref()).map(|(was, is)| !was.is_subset(is));
            let other_topic = match (&was.topic, &is.topic) {
                (Some(was), Some(is)) if was != is => None,
                _ => Some(false),
            };
            Change::of("notifications", "", (was, is), Heard::words, or(fewer, other_topic))
        }
    }
}

impl Heard {
    fn words(&self) -> String {
        match (&self.topic, &self.events) {
            (Some(topic), Some(events)) if !events.is_empty() => {
                format!("{} to {topic}", events.iter().cloned().collect::<Vec<_>>().join(", "))
            }
            (Some(topic), None) => format!("events that are not understood to {topic}"),
            _ => "none".to_owned(),
        }
    }
}

fn text(vault: &VaultState) -> String {
    let points = vault.points.map_or_else(|| "points not counted".to_owned(), |points| format!("{points} points"));
    format!("lock {}, {points}", vault.lock.map_or("not known", LockMode::word))
}

fn subject(arn: &str, vault: &VaultState) -> Subject {
    Subject {
        arn: arn.to_owned(),
        subject_type: "AWS::Backup::BackupVault".to_owned(),
        account_id: vault.place.0.clone(),
        region: vault.place.1.clone(),
        thing: Thing::Vault,
        name: vault.name.clone(),
    }
}
