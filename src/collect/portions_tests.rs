//! Rows that leave while a unit is still being read: counted as the others, and lost only with the whole collection.

use std::sync::Arc;

use async_trait::async_trait;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::error::CollectError;
use super::portions::PORTION_ROWS;
use super::runner::Scope;
use super::runner_tests::{Memory, run_scope};
use super::testing;
use crate::dataset::{Row, Table, TableKind};

crate::rows! {
    /// A point.
    struct Point {
        /// ARN
        arn: Text, Never, "RecoveryPointArn";
        /// Key
        key_arn: Text, NotTold, "EncryptionKeyArn";
    }
}
crate::rows! {
    /// A key.
    struct Key {
        /// ARN
        key_arn: Text, Never, "KeyId";
    }
}

static POINTS: Table = table("points", Point::COLUMNS, &["arn"], None);
static KEYS: Table = table("keys", Key::COLUMNS, &["key_arn"], Some("key_arn"));
const PAGE_ROWS: usize = 1_000;

const fn table(
    name: &'static str,
    columns: &'static [crate::dataset::Column],
    key: &'static [&'static str],
    parent: Option<&'static str>,
) -> Table {
    Table { name, kind: TableKind::State, doc: "", columns, key, parent, created: None, global: false, subject: None }
}

/// Seven pages; only the very first point names a key. With `true` it breaks off before the last page.
struct Points(bool);

/// The keys that points name.
struct Keys;

#[async_trait]
impl Collector for Points {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&POINTS] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[]
    }

    async fn collect(&self, _door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        for page in 0..7 {
            assert!(!(self.0 && page == 6), "no seventh page");
            for row in 0..PAGE_ROWS {
                let key_arn = (page + row == 0).then(|| "the key".to_owned());
                harvest.push(&POINTS, Point { arn: Some(format!("{page}/{row}")), key_arn });
            }
            harvest.page(PAGE_ROWS);
            harvest.leave().await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Collector for Keys {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&KEYS] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[]
    }

    fn references(&self) -> &'static [(&'static Table, &'static str)] {
        const { &[(&POINTS, "key_arn")] }
    }

    async fn collect(&self, _door: &RegionDoor, unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        harvest.push(&KEYS, Key { key_arn: unit.parent.clone() });
        Ok(())
    }
}

#[tokio::test]
async fn what_has_left_is_counted_and_remembered() {
    static ALL: &[&dyn Collector] = &[&Points(false), &Keys];
    let sink = Arc::new(Memory::default());
    let summary = run_scope(&testing::fake([]), &sink, &Scope::new(ALL, 0)).await.unwrap();
    assert_eq!(sink.portions(), [("points", PORTION_ROWS)]);
    assert_eq!(sink.reads(), ["keys - complete 0", "keys the key complete 1", "points - complete 7000"]);
    assert_eq!((summary.rows["points"], summary.rows["keys"]), (7_000, 1));
}

#[tokio::test]
async fn a_read_that_breaks_off_after_a_portion_is_partial_and_not_empty() {
    static ALL: &[&dyn Collector] = &[&Points(true), &Keys];
    let sink = Arc::new(Memory::default());
    run_scope(&testing::fake([]), &sink, &Scope::new(ALL, 0)).await.unwrap();
    assert_eq!(sink.portions(), [("points", PORTION_ROWS)]);
    assert_eq!(sink.reads(), ["keys - skipped 0", "keys the key complete 1", "points - partial 5000"]);
}

#[tokio::test]
async fn a_portion_that_cannot_be_written_ends_the_run() {
    static ALL: &[&dyn Collector] = &[&Points(false), &Keys];
    let error = run_scope(&testing::fake([]), &Arc::new(Memory::full()), &Scope::new(ALL, 0)).await.unwrap_err();
    assert!(matches!(&error, CollectError::Sink { unit, .. } if unit.contains("points")), "{error:?}");
}
