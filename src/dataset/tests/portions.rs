//! Units that are written in portions while they are read, and tables larger than what is sorted at a time.

use std::collections::BTreeMap;

use super::*;
use crate::dataset::merge::RANGE_ROWS;

const VAULT: &str = "b";

fn whole() -> Read {
    read(&POINTS, Some(VAULT), ReadStatus::Complete)
}

/// The point of a number: in an order of creation that is not that of the numbers, now and then at the same moment, and some at none.
fn scrambled(number: i64) -> PointRow {
    let created_s = number * 7_919 % 20_011;
    PointRow { created: (number % 1_000 != 0).then_some(Millis(created_s * 1_000)), ..point(VAULT, &format!("p{number:06}"), 0) }
}

#[test]
fn portions_of_a_unit_are_one_table_in_the_end() {
    let (points, portion) = (i64::try_from(RANGE_ROWS).unwrap() * 5 / 2, 4_000);
    let root = tempfile::tempdir().unwrap();
    let open = OpenCollection::begin(root.path(), start(), 7).unwrap();
    let numbers: Vec<i64> = (0..points).collect();
    for (half, from_s) in [(0, None), (1, Some(1))] {
        let unit = UnitId { range: Some((from_s, None)), ..of_vault(VAULT) };
        let mine: Vec<i64> = numbers.iter().copied().filter(|number| number % 2 == half).collect();
        for numbers in mine.chunks(portion) {
            // A list that shifts while it is read shows some twice.
            let again = numbers.iter().take(3).map(|number| number - number % 1_000 + half);
            open.portion(&unit, &POINTS, &Batch::from_rows(numbers.iter().copied().chain(again).map(scrambled))).unwrap();
        }
        let last = Batch::from_rows([scrambled(points + half)]);
        open.write(&unit, &[(&POINTS, last)], &[whole()]).unwrap();
        assert_eq!(open.texts(&POINTS, "vault_arn", &unit).unwrap().map(|texts| texts.len()), Some(1));
        let given = open.batch(&POINTS, &unit).unwrap().unwrap().len();
        assert!(given > mine.len(), "{given}");
    }
    let manifest = open.seal(TABLES, Ending::at(STARTED_S)).unwrap();

    let mut expected: Vec<(Option<i64>, String)> =
        (0..points + 2).map(scrambled).map(|row| (row.created.map(|created| created.0 / 1_000), row.point_arn.unwrap())).collect();
    expected.sort();
    crate::rows! {
        /// A point as it is read.
        struct OnDisk { point_arn: Text; created_s: Integer; }
    }
    let dataset = Dataset::open(root.path(), TABLES).unwrap();
    let frame = dataset.collections()[0].scan(&POINTS).unwrap().collect().unwrap();
    let rows: Vec<OnDisk> = crate::dataset::frame::from_frame("points", &frame).unwrap();
    let found: Vec<(Option<i64>, String)> = rows.into_iter().map(|row| (row.created_s, row.point_arn.unwrap())).collect();
    assert!(found == expected, "{} rows, expected {}, or in another order", found.len(), expected.len());
    assert_eq!(manifest.tables.get("points"), Some(&(expected.len() as u64)));
}

#[test]
fn a_unit_that_did_not_end_gave_nothing() {
    let root = tempfile::tempdir().unwrap();
    let open = OpenCollection::begin(root.path(), start(), 7).unwrap();
    let dir = open.dir().to_owned();
    for number in 0..3 {
        open.portion(&of_vault(VAULT), &POINTS, &Batch::from_rows([point(VAULT, "of the first try", number)])).unwrap();
    }
    assert_eq!(open.batch(&POINTS, &of_vault(VAULT)).unwrap(), None);
    drop(open);

    let open = OpenCollection::resume(&dir).unwrap();
    assert!(!open.done(&of_vault(VAULT)));
    open.portion(&of_vault(VAULT), &POINTS, &Batch::from_rows([point(VAULT, "p1", 1)])).unwrap();
    let nothing = Batch::new(POINTS.columns);
    open.write(&of_vault(VAULT), &[(&POINTS, nothing)], &[whole()]).unwrap();
    drop(open);

    let open = OpenCollection::resume(&dir).unwrap();
    assert!(open.done(&of_vault(VAULT)), "the journal knows units in portions");
    open.seal(TABLES, Ending::at(STARTED_S)).unwrap();
    assert_eq!(points_on_disk(root.path()), [(VAULT.to_owned(), "p1".to_owned(), 1)], "the files of the first try belong to nothing");
}

#[test]
fn a_unit_that_is_read_again_replaces_its_portions() {
    let root = tempfile::tempdir().unwrap();
    let open = OpenCollection::begin(root.path(), start(), 7).unwrap();
    let dir = open.dir().to_owned();
    open.portion(&of_vault(VAULT), &POINTS, &Batch::from_rows([point(VAULT, "gone", 5)])).unwrap();
    let partly = Batch::from_rows([point(VAULT, "gone, too", 6)]);
    open.write(&of_vault(VAULT), &[(&POINTS, partly)], &[read(&POINTS, Some(VAULT), ReadStatus::Partial)]).unwrap();
    drop(open);

    let open = OpenCollection::resume(&dir).unwrap();
    open.write(&of_vault(VAULT), &[(&POINTS, Batch::from_rows([point(VAULT, "p1", 1)]))], &[whole()]).unwrap();
    let manifest = open.seal(TABLES, Ending::at(STARTED_S)).unwrap();
    assert_eq!(points_on_disk(root.path()), [(VAULT.to_owned(), "p1".to_owned(), 1)]);
    assert_eq!(manifest.tables, BTreeMap::from([("points".into(), 1), ("reads".into(), 1), ("vaults".into(), 0)]));
}
