//! Entries of one name that follow each other: what the later one asks for less than the one before.
//!
//! Of several entries of a name the first in the file that has begun is in force, so that a change happens where that one becomes another. A demand is weaker if something
//! that kept the later one could break the earlier. Where it cannot be told from the two alone (they are for other resources, or leave a figure to
//! the parameter of a rule), nothing is said to be weaker, and nothing to be as strong.

use std::collections::BTreeSet;

use super::entry::Entry;
use super::{Mechanism, Objectives};
use crate::model::moment::DAY_S;
use crate::model::{Window, duration};

/// An entry that took force after another of the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Name of both.
    pub id: String,
    /// When it took force.
    pub at_s: i64,
    /// Since when the one before was in force; `None` if always.
    pub before_from_s: Option<i64>,
    /// Who approved the later one; empty if nobody did.
    pub approved_by: String,
    /// What it asks for less, in words.
    pub weaker: Vec<String>,
    /// What may be less, in words.
    pub undecided: Vec<String>,
}

impl Change {
    /// Whether it asks for less; `None` if that cannot be told.
    pub fn loosened(&self) -> Option<bool> {
        if !self.weaker.is_empty() {
            return Some(true);
        }
        self.undecided.is_empty().then_some(false)
    }
}

impl Objectives {
    /// The entries that took force in a window after another of the same name, by name and moment.
    pub fn changes(&self, window: Window) -> Vec<Change> {
        let ids: BTreeSet<&str> = self.ids().collect();
        ids.into_iter().flat_map(|id| self.changes_of(id, window)).collect()
    }

    fn changes_of(&self, id: &str, window: Window) -> Vec<Change> {
        let of_id: Vec<&Entry> = self.entries.iter().filter(|entry| entry.objective.id == id).collect();
        let moments: BTreeSet<i64> = of_id.iter().map(|entry| entry.valid_from_s).collect();
        let in_force = moments.into_iter().filter_map(|at_s| Some((at_s, of_id.iter().copied().find(|entry| entry.valid_from_s <= at_s)?)));
        let in_force: Vec<(i64, &Entry)> = in_force.collect();
        let mut changes = Vec::new();
        for pair in in_force.windows(2) {
            let ((_, before), (at_s, after)) = (pair[0], pair[1]);
            if before == after || !(window.start_s..window.end_s).contains(&at_s) {
                continue;
            }
            let (weaker, undecided) = compared(before, after);
            changes.push(Change {
                id: id.to_owned(),
                at_s,
                before_from_s: Some(before.valid_from_s).filter(|from_s| *from_s > i64::MIN),
                approved_by: after.objective.approved_by.clone().unwrap_or_default(),
                weaker,
                undecided,
            });
        }
        changes
    }
}

/// What an entry asks for less than another, and what of it cannot be told from the two.
fn compared(before: &Entry, after: &Entry) -> (Vec<String>, Vec<String>) {
    let mut weaker = Vec::new();
    let mut undecided = Vec::new();
    let text = |value: Option<i64>, none: &str| value.map_or_else(|| none.to_owned(), duration::text);
    // A limit is weaker if it is longer, or gone.
    let mut at_most = |what: &str, was: Option<i64>, is: Option<i64>| {
        if was.is_some_and(|was| is.is_none_or(|is| is > was)) {
            weaker.push(format!("{what} {}, was {}", text(is, "not asked for"), text(was, "")));
        }
    };
    at_most("rpo", before.rpo_s, after.rpo_s);
    at_most("rpo other region", before.rpo_other_region_s, after.rpo_other_region_s);
    at_most("rpo other account", before.rpo_other_account_s, after.rpo_other_account_s);
    at_most("rpo locked", before.rpo_locked_s, after.rpo_locked_s);
    let days = |days: Option<i64>| days.map(|days| days.saturating_mul(DAY_S));
    at_most("longest retention", days(before.longest_retention_days), days(after.longest_retention_days));
    let with_tolerance = |rpo_s: Option<i64>, entry: &Entry| rpo_s.map(|rpo_s| rpo_s.saturating_add(entry.tolerance_s));
    let limits = [
        (before.rpo_s, after.rpo_s),
        (before.rpo_other_region_s, after.rpo_other_region_s),
        (before.rpo_other_account_s, after.rpo_other_account_s),
        (before.rpo_locked_s, after.rpo_locked_s),
    ];
    let longer = |(was, is): (Option<i64>, Option<i64>)| {
        with_tolerance(was, before).zip(with_tolerance(is, after)).is_some_and(|(was, is)| is > was) && is <= was
    };
    if limits.into_iter().any(longer) {
        let (is, was) = (duration::text(after.tolerance_s), duration::text(before.tolerance_s));
        weaker.push(format!("tolerance {is}, was {was}"));
    }
    if before.retention_days.is_some_and(|was| after.retention_days.is_none_or(|is| is < was)) {
        let (is, was) = (text(days(after.retention_days), "not asked for"), text(days(before.retention_days), ""));
        weaker.push(format!("retention {is}, was {was}"));
    }
    for tier in &before.tiers {
        if !after.tiers.iter().any(|other| other.every_s <= tier.every_s && other.keep_days >= tier.keep_days) {
            let (every, keep) = (duration::text(tier.every_s), duration::text(tier.keep_days.saturating_mul(DAY_S)));
            weaker.push(format!("no tier as of every {every} kept {keep}"));
        }
    }
    let (was, is) = (&before.objective, &after.objective);
    let owed = [
        ("copy to other region", was.copy_to_other_region, is.copy_to_other_region),
        ("copy to other account", was.copy_to_other_account, is.copy_to_other_account),
        ("air-gapped copy", was.air_gapped_copy, is.air_gapped_copy),
        ("replicated automated backups", was.replicate_automated_backups, is.replicate_automated_backups),
        ("backups of read replicas", was.include_replicas, is.include_replicas),
    ];
    weaker.extend(owed.into_iter().filter(|(_, was, is)| *was && !*is).map(|(what, _, _)| format!("{what} not asked for any more")));
    let accepted = |of: &Option<Vec<Mechanism>>| of.clone().unwrap_or_else(|| Mechanism::ALL.to_vec()).into_iter().collect::<BTreeSet<_>>();
    let accepts =
        accepted(&is.mechanisms).difference(&accepted(&was.mechanisms)).map(|one| one.word().replace('_', " ")).collect::<Vec<_>>();
    if !accepts.is_empty() {
        weaker.push(format!("accepts {}, too", accepts.join(", ")));
    }
    let held: BTreeSet<&String> = is.data_class.words().iter().collect();
    let gone: Vec<&str> = was.data_class.words().iter().filter(|class| !held.contains(class)).map(String::as_str).collect();
    if !gone.is_empty() {
        weaker.push(format!("not declared to hold {} any more", gone.join(", ")));
    }
    // Without a figure here the parameter of the rule counts, which may be either.
    for (what, was, is) in
        [("rto", before.rto_s, after.rto_s), ("restore test every", before.restore_test_every_s, after.restore_test_every_s)]
    {
        let said = format!("{what} {}, was {}", text(is, "as the rule has it"), text(was, "as the rule had it"));
        match (was, is) {
            (Some(was), Some(is)) if is > was => weaker.push(said),
            (Some(_), None) | (None, Some(_)) => undecided.push(said),
            _ => {}
        }
    }
    if was.matcher != is.matcher {
        undecided.push("it is for other resources than it was".to_owned());
    }
    (weaker, undecided)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::facts::objectives::Objective;
    use crate::model::moment;

    /// A demanding objective, from which rows of the table differ.
    fn strict() -> Value {
        json!({ "id": "a", "rpo": "24h", "tolerance": "2h", "rpo_other_region": "26h", "rpo_other_account": "48h", "rpo_locked": "72h", "retention": "35d", "longest_retention": "400d",
            "tiers": [{ "every": "1d", "keep": "30d" }, { "every": "31d", "keep": "365d" }], "rto": "4h", "restore_test_every": "92d",
            "copy_to_other_region": true, "copy_to_other_account": true, "air_gapped_copy": true, "replicate_automated_backups": true,
            "include_replicas": true, "mechanisms": ["backup_point", "native_pitr"], "data_class": ["ephi", "pci"], "approved_by": "board" })
    }

    fn with(mut objective: Value, changes: &Value) -> Value {
        objective.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        objective
    }

    fn changes(entries: Vec<Value>) -> Vec<Change> {
        let entries = entries.into_iter().map(|entry| serde_json::from_value::<Objective>(entry).unwrap()).collect();
        let day = |text: &str| moment::parse(text).unwrap();
        Objectives::new(entries).unwrap().changes(Window { start_s: day("2026-06-01"), end_s: day("2026-07-01") })
    }

    /// A later entry goes before the one whose place it takes.
    fn changed(changes_to_it: &Value) -> Change {
        let later = with(with(strict(), changes_to_it), &json!({ "valid_from": "2026-06-15" }));
        changes(vec![later, strict()]).remove(0)
    }

    #[test]
    fn what_is_weaker() {
        // why, what is written in the later entry, what is said
        let cases = [
            ("nothing changed but the day", json!({}), Some(false), ""),
            ("a longer RPO", json!({ "rpo": "25h" }), Some(true), "rpo 25 h, was 24 h"),
            ("no RPO", json!({ "rpo": null }), Some(true), "rpo not asked for, was 24 h"),
            ("a shorter one", json!({ "rpo": "23h" }), Some(false), ""),
            ("of the Region", json!({ "rpo_other_region": "48h" }), Some(true), "rpo other region 48 h, was 26 h"),
            ("of the account", json!({ "rpo_other_account": "49h" }), Some(true), "rpo other account 49 h, was 48 h"),
            ("of what is locked", json!({ "rpo_locked": null }), Some(true), "rpo locked not asked for, was 72 h"),
            ("a longer tolerance", json!({ "tolerance": "3h" }), Some(true), "tolerance 3 h, was 2 h"),
            (
                "a longer tolerance on shorter RPOs, and less in sum",
                json!({ "rpo": "12h", "rpo_other_region": "12h", "rpo_other_account": "24h", "rpo_locked": "24h", "tolerance": "3h" }),
                Some(false),
                "",
            ),
            ("the same for one of the two", json!({ "rpo": "12h", "tolerance": "3h" }), Some(true), "tolerance 3 h, was 2 h"),
            (
                "the same for one of four",
                json!({ "rpo": "12h", "rpo_other_region": "12h", "rpo_other_account": "24h", "tolerance": "3h" }),
                Some(true),
                "tolerance 3 h, was 2 h",
            ),
            ("kept shorter", json!({ "retention": "34d" }), Some(true), "retention 34 d, was 35 d"),
            ("kept longer", json!({ "retention": "90d" }), Some(false), ""),
            ("no retention", json!({ "retention": null }), Some(true), "retention not asked for, was 35 d"),
            ("may be kept longer", json!({ "longest_retention": "500d" }), Some(true), "longest retention 500 d, was 400 d"),
            ("may be kept for ever", json!({ "longest_retention": null }), Some(true), "longest retention not asked for, was 400 d"),
            ("a tier less", json!({ "tiers": [{ "every": "1d", "keep": "30d" }] }), Some(true), "no tier as of every 31 d kept 365 d"),
            ("one tier that serves for both", json!({ "tiers": [{ "every": "1d", "keep": "365d" }] }), Some(false), ""),
            ("no copy", json!({ "copy_to_other_region": false }), Some(true), "copy to other region not asked for any more"),
            ("nor there", json!({ "copy_to_other_account": false }), Some(true), "copy to other account not asked for any more"),
            ("nor there", json!({ "air_gapped_copy": false }), Some(true), "air-gapped copy not asked for any more"),
            (
                "replicas",
                json!({ "replicate_automated_backups": false }),
                Some(true),
                "replicated automated backups not asked for any more",
            ),
            ("read replicas", json!({ "include_replicas": false }), Some(true), "backups of read replicas not asked for any more"),
            ("a longer RTO", json!({ "rto": "5h" }), Some(true), "rto 5 h, was 4 h"),
            ("tested less often", json!({ "restore_test_every": "100d" }), Some(true), "restore test every 100 d, was 92 d"),
            ("no RTO: the rule has one", json!({ "rto": null }), None, "rto as the rule has it, was 4 h"),
            (
                "snapshots count, too",
                json!({ "mechanisms": ["backup_point", "native_pitr", "native_snapshot"] }),
                Some(true),
                "accepts native snapshot, too",
            ),
            ("everything counts", json!({ "mechanisms": null }), Some(true), "accepts native snapshot, replicated automated backup, too"),
            ("fewer count", json!({ "mechanisms": ["backup_point"] }), Some(false), ""),
            ("one class of data less", json!({ "data_class": "pci" }), Some(true), "not declared to hold ephi any more"),
            ("for other resources", json!({ "match": { "types": ["RDS"] } }), None, "it is for other resources than it was"),
            ("for other resources, and weaker", json!({ "match": { "types": ["RDS"] }, "rpo": "30h" }), Some(true), "rpo 30 h, was 24 h"),
        ];
        for (why, changes, loosened, said) in cases {
            let change = changed(&changes);
            let told = if change.loosened().is_none() { &change.undecided } else { &change.weaker };
            assert_eq!((change.loosened(), told.join("; ").as_str()), (loosened, said), "{why}");
            assert_eq!(change.approved_by, "board");
        }
    }

    #[test]
    fn what_was_asked_for_by_nobody_cannot_become_weaker() {
        let later = with(strict(), &json!({ "valid_from": "2026-06-15", "rto": null, "restore_test_every": null, "data_class": null }));
        let change = changes(vec![later, json!({ "id": "a", "mechanisms": ["backup_point", "native_pitr"] })]).remove(0);
        assert_eq!(change.loosened(), Some(false), "{change:?}");
    }

    /// Why, entries, names with the day of June and whether they are weaker.
    type Case = (&'static str, Vec<Value>, Vec<(&'static str, i64, bool)>);

    #[test]
    fn what_is_a_change() {
        let entry = |id: &str, from: Option<&str>, rpo: &str| json!({ "id": id, "valid_from": from, "rpo": rpo });
        let (first, second) = (Some("2026-06-10"), Some("2026-06-20"));
        let cases: [Case; 9] = [
            ("one entry", vec![entry("a", first, "1h")], vec![]),
            ("one takes the place of another", vec![entry("a", first, "2h"), entry("a", None, "1h")], vec![("a", 10, true)]),
            ("of another name", vec![entry("a", first, "2h"), entry("b", None, "1h")], vec![]),
            ("it stands after the other, and never takes force", vec![entry("a", None, "1h"), entry("a", first, "2h")], vec![]),
            (
                "three in a row",
                vec![entry("a", second, "1h"), entry("a", first, "3h"), entry("a", None, "2h")],
                vec![("a", 10, true), ("a", 20, false)],
            ),
            ("before the window", vec![entry("a", Some("2026-05-31"), "2h"), entry("a", None, "1h")], vec![]),
            ("at its beginning", vec![entry("a", Some("2026-06-01"), "2h"), entry("a", None, "1h")], vec![("a", 1, true)]),
            ("at its end", vec![entry("a", Some("2026-07-01"), "2h"), entry("a", None, "1h")], vec![]),
            (
                "two names",
                vec![entry("b", first, "2h"), entry("b", None, "1h"), entry("a", second, "1h"), entry("a", None, "2h")],
                vec![("a", 20, false), ("b", 10, true)],
            ),
        ];
        let june = moment::parse("2026-06-01").unwrap() - DAY_S;
        for (why, entries, expected) in cases {
            let found = changes(entries);
            let told: Vec<_> = found.iter().map(|one| (one.id.as_str(), (one.at_s - june) / DAY_S, one.loosened() == Some(true))).collect();
            assert_eq!(told, expected, "{why}");
        }
    }
}
