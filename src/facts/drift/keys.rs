//! Keys at two moments: whether they still decrypt, wait for their deletion, and rotate. And what AWS Backup may protect in a Region.

use super::change::{Change, Standing, Subject, Thing, any, lost};
use super::reading::{Both, Place, Reading, name};
use super::state::State;

/// A key as it stood, by the place and name under which it was asked for.
#[derive(Clone, Debug)]
pub(super) struct KeyState {
    pub(super) arn: String,
    pub(super) state: Option<String>,
    pub(super) usable: Option<bool>,
    pub(super) pending_deletion: Option<bool>,
    /// Whether it rotates; `None` also where rotation is not the customer's to switch on.
    pub(super) rotates: Option<bool>,
}

/// Every key that something names now. One that nothing names any more is not asked for.
pub(super) fn standings(before: &State, after: &State) -> Vec<Standing> {
    let standing = |((place, asked), is): (&(Place, String), &Reading<KeyState>)| {
        let key = is.told.as_ref()?;
        let was = before.keys.get(&(place.clone(), asked.clone()));
        // A key that was not asked for, because nothing named it, was not refused either.
        let tried_s = before.lists.of("kms_keys", place).tried_s.filter(|_| before.hides("kms_keys", place, asked));
        let was = was.cloned().unwrap_or(Reading { tried_s, told: None });
        let subject = subject(place, key);
        Some(match was.beside(is) {
            Both::NotTwice => Standing::not_twice(subject),
            Both::Unread(missing) => Standing::unread(subject, missing),
            Both::Told(was, is) => Standing::compared(subject, of_both(was, is)),
        })
    };
    after.keys.iter().filter_map(standing).collect()
}

fn of_both(was: &KeyState, is: &KeyState) -> Vec<Change> {
    let pending = |key: &KeyState| key.pending_deletion.map(|pending| !pending);
    let worse = any([lost(was.usable, is.usable), lost(pending(was), pending(is))]);
    let state = Change::of_told("state", (was.state.as_ref(), is.state.as_ref()), Clone::clone, worse);
    // KMS does not rotate what is not usable, and does not say what it would do.
    let rotates = was.rotates.zip(is.rotates);
    let rotation = rotates.and_then(|(was, is)| Change::of("rotation", "", (&was, &is), on_off, Some(was && !is)));
    state.into_iter().chain(rotation).collect()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as changes take it")]
fn on_off(on: &bool) -> String {
    if *on { "on" } else { "off" }.to_owned()
}

fn subject(place: &Place, key: &KeyState) -> Subject {
    Subject {
        arn: key.arn.clone(),
        subject_type: "AWS::KMS::Key".to_owned(),
        account_id: place.0.clone(),
        region: place.1.clone(),
        thing: Thing::Key,
        name: name(&key.arn),
    }
}

/// What is switched on for AWS Backup in each Region.
pub(super) fn settings(before: &State, after: &State) -> Vec<Standing> {
    let standing = |(place, is): (&Place, &Reading<std::collections::BTreeMap<String, bool>>)| {
        let subject = Subject {
            arn: format!("arn:aws:iam::{}:root#region/{}", place.0, place.1),
            subject_type: "region".to_owned(),
            account_id: place.0.clone(),
            region: place.1.clone(),
            thing: Thing::Settings,
            name: place.1.clone(),
        };
        match before.opt_ins.get(place).unwrap_or(&Reading::NEVER).beside(is) {
            Both::NotTwice => Standing::not_twice(subject),
            Both::Unread(missing) => Standing::unread(subject, missing),
            Both::Told(was, is) => {
                // A type that AWS does not list any more is no switch that somebody turned.
                let changed = was.iter().filter_map(|(of, was)| {
                    let is = is.get(of)?;
                    Change::of("opt-in", of, (was, is), on_off, Some(*was && !*is))
                });
                Standing::compared(subject, changed)
            }
        }
    };
    after.opt_ins.iter().map(standing).collect()
}
