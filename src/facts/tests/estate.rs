//! Estates for tests: what AWS would show at some moments, in a few lines, and what facts say of it.
//!
//! An [`Estate`] is a list of collections; a collection has rows as JSON objects (moments in epoch seconds) and reads that failed. Everything that is
//! not said to have failed was read completely. It is written to disk through [`OpenCollection`], like any other.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Map, Value, json};

use super::tables::{TABLES, parents_of};
use crate::dataset::frame;
use crate::dataset::manifest::{Caller, Scope};
use crate::dataset::reads::Read;
use crate::dataset::rows::{Batch, Cells, Millis};
use crate::dataset::schema::ColumnType;
use crate::dataset::{Dataset, Ending, OpenCollection, ReadStatus, Snapshot, Start, Table, TableKind, UnitId};
use crate::facts::objectives::Objective;
use crate::facts::prices::{Price, Prices};
use crate::facts::{FactError, Inputs, Objectives, tampering};
use crate::model::Window;
use crate::model::moment::{DAY_S, HOUR_S};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const OTHER_ACCOUNT: &str = "444455556666";
pub(crate) const HOME: &str = "eu-west-1";
pub(crate) const AWAY: &str = "us-east-1";
/// 2026-11-20T00:00:00Z, when the newest collection begins unless a test says otherwise.
pub(crate) const NOW_S: i64 = 1_795_132_800;

/// A moment so many days and hours before (or, negative, after) [`NOW_S`].
pub(crate) fn ago(days: i64, hours: i64) -> i64 {
    NOW_S - days * DAY_S - hours * HOUR_S
}

/// An account and Region.
pub(crate) type Place = (&'static str, &'static str);

/// A read: of which table, where, and of which vault or plan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct UnitOf {
    pub(crate) collection: usize,
    pub(crate) table: &'static str,
    pub(crate) place: Place,
    pub(crate) parent: Option<String>,
}

#[derive(Clone, Debug)]
struct Failure {
    unit: UnitOf,
    status: ReadStatus,
    /// Whether the rows stay, as those of a partial read do.
    rows_stay: bool,
}

/// What one collection read.
#[derive(Clone, Debug)]
struct Collected {
    started_s: i64,
    accounts: Vec<&'static str>,
    regions: Vec<&'static str>,
    rows: Vec<(&'static str, Place, Map<String, Value>)>,
    not_asked: BTreeSet<(&'static str, Place)>,
    slow: bool,
}

/// What AWS shows over time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Estate {
    collections: Vec<Collected>,
    failures: Vec<Failure>,
}

impl Estate {
    /// An estate that is collected once, at [`NOW_S`].
    pub(crate) fn new() -> Self {
        Self::default().collected(NOW_S)
    }

    /// Begins a further collection; what follows is read in it.
    pub(crate) fn collected(mut self, started_s: i64) -> Self {
        let (accounts, regions) = (vec![ACCOUNT], vec![HOME, AWAY]);
        self.collections.push(Collected { started_s, accounts, regions, rows: Vec::new(), not_asked: BTreeSet::new(), slow: false });
        self
    }

    /// Begins a further collection that finds everything the one before found.
    pub(crate) fn collected_again(mut self, started_s: i64) -> Self {
        let last = self.collections.last().expect("there is a collection to repeat").clone();
        self.collections.push(Collected { started_s, ..last });
        self
    }

    /// Lets this collection take its time, as each does in truth: no two tables are read in the same second.
    pub(crate) fn slowly(mut self) -> Self {
        self.now().slow = true;
        self
    }

    /// Lets this collection ask for a second account too.
    pub(crate) fn with_other_account(mut self) -> Self {
        self.now().accounts.push(OTHER_ACCOUNT);
        self
    }

    /// Adds rows in the home Region.
    pub(crate) fn has(self, table: &'static str, rows: impl IntoIterator<Item = Value>) -> Self {
        self.has_at((ACCOUNT, HOME), table, rows)
    }

    /// Adds rows somewhere.
    pub(crate) fn has_at(mut self, place: Place, table: &'static str, rows: impl IntoIterator<Item = Value>) -> Self {
        let collected = self.now();
        for row in rows {
            let Value::Object(row) = row else { panic!("a row is an object: {row}") };
            collected.rows.push((table, place, row));
        }
        self
    }

    /// Takes the rows of a table away again, in this collection.
    pub(crate) fn without(mut self, table: &str) -> Self {
        self.now().rows.retain(|(name, _, _)| *name != table);
        self
    }

    /// Denies a read in the home Region, in this collection.
    pub(crate) fn denied(self, table: &'static str, parent: Option<&str>) -> Self {
        self.failed_at((ACCOUNT, HOME), table, parent, ReadStatus::Denied)
    }

    /// Lets a read end with a status, in this collection; the rows of a partial one stay.
    pub(crate) fn failed_at(mut self, place: Place, table: &'static str, parent: Option<&str>, status: ReadStatus) -> Self {
        let unit = UnitOf { collection: self.collections.len() - 1, table, place, parent: parent.map(str::to_owned) };
        self.failures.push(Failure { unit, status, rows_stay: status == ReadStatus::Partial });
        self
    }

    /// Leaves a table out of this collection, as an older tool that does not know it would.
    pub(crate) fn not_asked(mut self, place: Place, table: &'static str) -> Self {
        self.now().not_asked.insert((table, place));
        self
    }

    /// The same estate with some reads denied.
    pub(crate) fn lacking(&self, units: &[UnitOf]) -> Self {
        let mut lacking = self.clone();
        let denied = |unit: &UnitOf| Failure { unit: unit.clone(), status: ReadStatus::Denied, rows_stay: false };
        lacking.failures.extend(units.iter().map(denied));
        lacking
    }

    fn now(&mut self) -> &mut Collected {
        self.collections.last_mut().expect("an estate is collected before it has rows")
    }

    /// Every read of every collection.
    pub(crate) fn units(&self) -> Vec<UnitOf> {
        let mut units = Vec::new();
        for (collection, collected) in self.collections.iter().enumerate() {
            for place in collected.places() {
                for table in TABLES {
                    let parents = parents_of(table).map(|_| self.parents(collection, table, place)).unwrap_or_default();
                    let of = |parent| UnitOf { collection, table: table.name, place, parent };
                    units.extend(std::iter::once(None).chain(parents.into_iter().map(Some)).map(of));
                }
            }
        }
        units
    }

    /// The vaults or plans that a collection lists, as far as it can.
    fn parents(&self, collection: usize, table: &Table, place: Place) -> BTreeSet<String> {
        let (Some(parents), Some(column)) = (parents_of(table), table.parent) else { return BTreeSet::new() };
        let whole = UnitOf { collection, table: parents, place, parent: None };
        if self.failure(&whole).is_some_and(|failure| !failure.rows_stay) {
            return BTreeSet::new();
        }
        let rows = self.collections[collection].rows.iter().filter(|(name, at, _)| *name == parents && *at == place);
        let named = rows.filter_map(|(_, _, row)| row.get(column)?.as_str().map(str::to_owned));
        // Events are asked for by names that are known beforehand.
        let asked = tampering::event_names()
            .chain(["UpdateBackupPlan", "DeleteDBInstance", "DeleteDBCluster", "BackupDeleted"])
            .filter(|_| table.name == parents)
            .map(str::to_owned);
        named.chain(asked).collect()
    }

    fn failure(&self, unit: &UnitOf) -> Option<&Failure> {
        self.failures.iter().find(|failure| failure.unit == *unit)
    }

    /// How a read ended, and whether its rows stay.
    fn outcome(&self, unit: &UnitOf) -> (ReadStatus, bool) {
        let table = TABLES.iter().find(|table| table.name == unit.table).expect("a unit names a table");
        let listing = parents_of(table).map(|parents| UnitOf { table: parents, parent: None, ..unit.clone() });
        let unlisted = listing.and_then(|listing| self.failure(&listing));
        match (self.failure(unit), unlisted) {
            (Some(failure), _) => (failure.status, failure.rows_stay),
            (None, Some(unlisted)) if unit.parent.is_none() => (ReadStatus::Skipped, unlisted.rows_stay),
            (None, Some(unlisted)) => (ReadStatus::Complete, unlisted.rows_stay),
            (None, None) => (ReadStatus::Complete, true),
        }
    }

    /// Whether a read gives any row.
    pub(crate) fn gives_rows(&self, unit: &UnitOf) -> bool {
        let table = TABLES.iter().find(|table| table.name == unit.table).expect("a unit names a table");
        let of_unit =
            |row: &Map<String, Value>| table.parent.is_none_or(|parent| row.get(parent).and_then(Value::as_str) == unit.parent.as_deref());
        self.collections[unit.collection].rows.iter().any(|(name, at, row)| *name == unit.table && *at == unit.place && of_unit(row))
    }

    /// Writes the estate and opens it.
    pub(crate) fn open(&self) -> Opened {
        self.open_beside(None)
    }

    /// The same; collections in which nothing failed are taken from the same estate, opened before.
    pub(crate) fn open_beside(&self, whole: Option<&Opened>) -> Opened {
        let memory = Path::new("/dev/shm"); // hundreds of estates are written; where there is such a folder, syncing them costs nothing
        let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
        for (index, collected) in self.collections.iter().enumerate() {
            let changed = self.failures.iter().any(|failure| failure.unit.collection == index);
            match whole.filter(|_| !changed) {
                Some(whole) => copy_folder(&whole.dataset.collections()[index].dir, dir.path()),
                None => self.write(dir.path(), index, collected),
            }
        }
        let dataset = Dataset::open(dir.path(), TABLES).unwrap();
        Opened { _dir: dir, dataset }
    }

    fn write(&self, root: &Path, index: usize, collected: &Collected) {
        let of = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        let caller =
            Caller { account_id: ACCOUNT.to_owned(), arn: format!("arn:aws:iam::{ACCOUNT}:role/audit"), user_id: "AIDA".to_owned() };
        let scope = Scope { accounts: of(&collected.accounts), regions: of(&collected.regions), ..Scope::default() };
        let start = Start { caller, scope, started_s: collected.started_s, tool_version: "0.0.0".to_owned() };
        let open = OpenCollection::begin(root, start, 0).unwrap();
        for place in collected.places() {
            let unit = UnitId {
                account_id: place.0.to_owned(),
                region: place.1.to_owned(),
                collector: "all".to_owned(),
                parent: None,
                range: None,
            };
            let (mut batches, mut reads) = (Vec::new(), Vec::new());
            for table in TABLES.iter().copied().filter(|table| !collected.not_asked.contains(&(table.name, place))) {
                let parents = self.parents(index, table, place);
                let units = std::iter::once(None).chain(parents.into_iter().map(Some));
                let units = units.map(|parent| UnitOf { collection: index, table: table.name, place, parent });
                let outcomes: BTreeMap<Option<String>, (ReadStatus, bool)> =
                    units.map(|unit| (unit.parent.clone(), self.outcome(&unit))).collect();
                batches.extend(Some((table, collected.batch(table, place, &outcomes))).filter(|(_, batch)| !batch.is_empty()));
                reads.extend(outcomes.into_iter().map(|(parent, (status, _))| read(table, parent, status, collected.read_s(table))));
            }
            open.write(&unit, &batches, &reads).unwrap();
        }
        open.seal(TABLES, Ending::at(collected.started_s + 60)).unwrap();
    }

    /// What facts say of it at [`NOW_S`], with no objectives, over the last 30 days.
    pub(crate) fn facts(&self) -> Facts {
        self.facts_with(json!([]), Window { start_s: ago(30, 0), end_s: NOW_S })
    }

    /// What facts say of it with objectives as in `audit.yaml`. Each is derived when it is asked for: a test is about one or two of them.
    pub(crate) fn facts_with(&self, objectives: Value, window: Window) -> Facts {
        let relations = crate::facts::FACTS.iter().map(|fact| (fact.relation.name, OnceCell::new())).collect();
        Facts { relations, source: Some((self.open(), objectives, window)) }
    }
}

impl Collected {
    fn places(&self) -> Vec<Place> {
        self.accounts.iter().flat_map(|account| self.regions.iter().map(|region| (*account, *region))).collect()
    }

    /// When a table is read: at the start, or some seconds later.
    fn read_s(&self, table: &Table) -> i64 {
        let later_s = i64::try_from(table.name.len()).expect("a name is short");
        self.started_s + if self.slow { later_s } else { 0 }
    }

    /// The rows of a table whose reads let them stay.
    fn batch(&self, table: &'static Table, place: Place, outcomes: &BTreeMap<Option<String>, (ReadStatus, bool)>) -> Batch {
        let parent = |row: &Map<String, Value>| table.parent.and_then(|column| Some(row.get(column)?.as_str()?.to_owned()));
        let stays = |row: &Map<String, Value>| outcomes.get(&parent(row)).is_some_and(|(_, stays)| *stays);
        let rows: Vec<_> = self.rows.iter().filter(|(name, at, row)| *name == table.name && *at == place && stays(row)).collect();
        for (_, _, row) in &rows {
            for name in row.keys() {
                assert!(table.columns.iter().any(|column| column.name == name), "{} has no column {name}", table.name);
            }
        }
        let cells = table.columns.iter().map(|column| {
            let values = rows.iter().map(|(_, _, row)| row.get(column.name).filter(|value| !value.is_null()));
            match column.column_type {
                ColumnType::Text => Cells::Text(values.map(|value| value.and_then(Value::as_str).map(str::to_owned)).collect()),
                ColumnType::Json => Cells::Text(values.map(|value| value.map(json_text)).collect()),
                ColumnType::Integer => Cells::Integer(values.map(|value| value.and_then(Value::as_i64)).collect()),
                ColumnType::Time => Cells::Integer(values.map(|value| Some(value?.as_i64()? * 1_000)).collect()),
                ColumnType::Boolean => Cells::Boolean(values.map(|value| value.and_then(Value::as_bool)).collect()),
            }
        });
        Batch::from_cells(table.columns, cells.collect(), rows.len()).expect("cells fit the columns")
    }
}

/// Copies a collection and its tables into another dataset.
fn copy_folder(from: &Path, into: &Path) {
    let to = into.join(from.file_name().expect("a collection has a name"));
    std::fs::create_dir(&to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            copy_folder(&path, &to);
        } else {
            std::fs::copy(&path, to.join(path.file_name().expect("a file has a name"))).unwrap();
        }
    }
}

/// JSON cells; a string is taken as the text itself, so that tests can write what is no JSON.
fn json_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn read(table: &Table, parent: Option<String>, status: ReadStatus, read_s: i64) -> Read {
    let is_history = table.kind == TableKind::History;
    Read {
        table: Some(table.name.to_owned()),
        parent,
        status: Some(status.word().to_owned()),
        operation: Some("List".to_owned()),
        from_s: is_history.then_some(read_s - 30 * DAY_S),
        to_s: is_history.then_some(read_s),
        started: Some(Millis(read_s * 1_000)),
        ended: Some(Millis(read_s * 1_000)),
        pages_count: Some(1),
        items_count: Some(0),
        rows_count: Some(0),
        reason: (status != ReadStatus::Complete).then(|| "for the test".to_owned()),
    }
}

/// An estate on disk.
#[derive(Debug)]
pub(crate) struct Opened {
    _dir: tempfile::TempDir,
    pub(crate) dataset: Dataset,
}

impl Opened {
    /// Derives every fact as of a moment, by default the start of the newest collection.
    pub(crate) fn facts(&self, as_of_s: Option<i64>, objectives: Value, window: Window) -> Result<Facts, FactError> {
        let all: Vec<&str> = crate::facts::FACTS.iter().map(|fact| fact.relation.name).collect();
        self.facts_of(&all, as_of_s, objectives, window)
    }

    /// Derives some facts.
    pub(crate) fn facts_of(&self, names: &[&str], as_of_s: Option<i64>, objectives: Value, window: Window) -> Result<Facts, FactError> {
        let snapshot = Snapshot::at(&self.dataset, as_of_s).unwrap();
        let objectives: Vec<Objective> = serde_json::from_value(objectives).unwrap();
        let objectives = Objectives::new(objectives).unwrap();
        let prices = prices();
        let inputs = Inputs::new(&snapshot, &objectives, window).with_prices(&prices);
        let mut relations = BTreeMap::new();
        for fact in crate::facts::FACTS.iter().filter(|fact| names.contains(&fact.relation.name)) {
            let frame = inputs.fact(fact.relation.name)?;
            let batch = frame::batch_from_frame(fact.relation.name, &frame, fact.relation.columns)?;
            relations.insert(fact.relation.name, OnceCell::from(objects(&batch)));
        }
        Ok(Facts { relations, source: None })
    }
}

/// What storage costs in estates, in millionths of a dollar a GiB and month: of some types, from two lists.
fn prices() -> Prices {
    let mut prices = Prices::default();
    let mut set = |region: &str, name: &str, date: &str, [warm, cold, air_gapped]: [Option<i64>; 3]| {
        let price = Price { warm_micro_usd: warm, cold_micro_usd: cold, air_gapped_micro_usd: air_gapped, priced_on: date.to_owned() };
        prices.set(region, name, price);
    };
    set(HOME, "RDS", "2026-11-01", [Some(95_000), None, None]);
    set(HOME, "EBS", "2026-11-01", [Some(50_000), Some(12_500), None]);
    set(HOME, "EFS", "2026-11-01", [Some(50_000), Some(10_000), None]);
    set(HOME, "Aurora", "2026-11-01", [Some(21_000), None, Some(24_200)]);
    set(AWAY, "RDS", "2026-06-01", [Some(100_000), None, None]);
    prices
}

/// A row of a relation or table as a JSON object.
pub(crate) type Object = Map<String, Value>;

/// The rows of a batch as JSON objects.
pub(crate) fn objects(batch: &Batch) -> Vec<Object> {
    let value = |cells: &Cells, row: usize| match cells {
        Cells::Text(cells) => json!(cells[row]),
        Cells::Integer(cells) => json!(cells[row]),
        Cells::Boolean(cells) => json!(cells[row]),
    };
    let columns = || batch.columns().iter().zip(batch.cells());
    (0..batch.len()).map(|row| columns().map(|(column, cells)| (column.name.to_owned(), value(cells, row))).collect()).collect()
}

/// The facts of an estate.
#[derive(Debug)]
pub(crate) struct Facts {
    relations: BTreeMap<&'static str, OnceCell<Vec<Object>>>,
    /// Where those come from that are not derived yet.
    source: Option<(Opened, Value, Window)>,
}

impl Facts {
    /// All rows of a relation.
    pub(crate) fn all(&self, relation: &str) -> &[Object] {
        self.relations[relation].get_or_init(|| {
            let (opened, objectives, window) = self.source.as_ref().expect("it is derived, or can be");
            let facts = opened.facts_of(&[relation], None, objectives.clone(), *window).unwrap();
            facts.relations.into_values().next().and_then(OnceCell::into_inner).expect("it was asked for")
        })
    }

    /// The rows of a relation that are about a subject.
    pub(crate) fn rows(&self, relation: &str, subject_arn: &str) -> Vec<&Object> {
        self.all(relation).iter().filter(|row| row["subject_arn"] == json!(subject_arn)).collect()
    }

    /// The only row of a subject.
    pub(crate) fn row(&self, relation: &str, subject_arn: &str) -> &Object {
        let rows = self.rows(relation, subject_arn);
        assert_eq!(rows.len(), 1, "{relation} of {subject_arn}: {rows:?}");
        rows[0]
    }

    /// The exposure of a subject in a scenario.
    pub(crate) fn exposure(&self, subject_arn: &str, scenario: &str) -> &Object {
        let of_scenario = |row: &&Object| row["scenario"] == json!(scenario);
        self.rows("exposure", subject_arn).into_iter().find(of_scenario).expect("every resource has a row in each scenario")
    }

    /// The copies of a subject to a destination.
    pub(crate) fn copies(&self, subject_arn: &str, destination: &str) -> &Object {
        let of_destination = |row: &&Object| row["destination"] == json!(destination);
        self.rows("copies", subject_arn).into_iter().find(of_destination).expect("every resource has a row for each destination")
    }
}
