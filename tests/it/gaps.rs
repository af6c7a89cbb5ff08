//! The gap test: every read of the example is turned into a gap, one at a time, and every rule judges again. Each finding must stay, become
//! `unknown`, or give way to an `unknown` of the unread unit. Nothing else may happen.
//!
//! Of the newest collection every read of a Region or account is tried, and every third of those of one vault, plan or snapshot; of the older ones every
//! 97th; of tables that no rule looks at, one read each, and of the names of events, which no fact tells apart, every twenty-fifth. Judged again are the
//! rules whose relation reads the table: what a fact reads it declares, which a test of its own holds. With `AUDIT_GAPS=newest` every read of the newest
//! collection is tried, with `AUDIT_GAPS=all` every read with every rule; with any other text, those reads whose subject contains it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use backup_audit::collect::tables;
use backup_audit::dataset::frame::from_frame;
use backup_audit::dataset::manifest::{FileEntry, MANIFEST, hash_file};
use backup_audit::dataset::reads::{READS, Read};
use backup_audit::dataset::{Collection, Dataset, Manifest, Snapshot, Table};
use backup_audit::engine::derived::{Derived, relations};
use backup_audit::engine::{Library, Rule, RuleSet, Settings, judge};
use backup_audit::facts::objectives::Objective;
use backup_audit::facts::population::{self, RESOURCES_READ};
use backup_audit::facts::{FACTS, Inputs, Objectives};
use backup_audit::model::moment::DAY_S;
use backup_audit::model::{Verdict, Window};
use polars::prelude::{Expr, ParquetWriter, UnionArgs, col, concat, lit};

/// Verdicts by rule and subject, with whether the subject is an unread unit.
type Verdicts = BTreeMap<(String, String), (Verdict, bool)>;

/// A read of the example.
#[derive(Clone, Debug)]
struct Unit {
    collection: usize,
    table: &'static Table,
    account_id: String,
    region: String,
    parent: Option<String>,
}

backup_audit::rows! {
    /// Where a read belongs.
    struct Place { account_id: Text; region: Text; }
}

#[derive(serde::Deserialize)]
struct Config {
    objectives: Vec<Objective>,
}

pub(crate) fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/acme")
}

pub(crate) fn objectives() -> Objectives {
    let text = std::fs::read_to_string(example().join("audit.yaml")).unwrap();
    let value: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
    let config: Config = serde_json::from_value(serde_json::json!({ "objectives": value["objectives"] })).unwrap();
    Objectives::new(config.objectives).unwrap()
}

fn verdicts(root: &Path, rules: &RuleSet, objectives: &Objectives) -> Verdicts {
    let tables = tables();
    let dataset = Dataset::open(root, &tables).unwrap();
    let snapshot = Snapshot::at(&dataset, None).unwrap();
    let first_s = snapshot.collections()[0].manifest.started_s;
    let window = Window { start_s: first_s - 30 * DAY_S, end_s: snapshot.as_of_s() };
    let inputs = Inputs::new(&snapshot, objectives, window);
    let relations = relations(&tables);
    let judged = judge(rules, &Derived::new(&inputs, &tables, &relations), &Settings::default()).unwrap();
    let entry = |finding: backup_audit::engine::Finding| {
        ((finding.rule_id.to_string(), finding.subject_arn.to_string()), (finding.verdict, finding.subject_type == "read"))
    };
    judged.findings.into_iter().map(entry).collect()
}

fn units(dataset: &Dataset) -> Vec<Unit> {
    let mut units = Vec::new();
    for (index, collection) in dataset.collections().iter().enumerate() {
        let frame = collection.scan(&READS).unwrap().collect().unwrap();
        let places: Vec<Place> = from_frame("reads", &frame).unwrap();
        for (place, read) in places.into_iter().zip(from_frame::<Read>("reads", &frame).unwrap()) {
            units.push(Unit {
                collection: index,
                table: dataset.table(&read.table.unwrap()).unwrap(),
                account_id: place.account_id.unwrap(),
                region: place.region.unwrap(),
                parent: read.parent,
            });
        }
    }
    units
}

/// Whether any relation that rules can read rests on a table. Of the others one read each is enough: nothing looks at their rows.
fn is_read(table: &Table) -> bool {
    let by_facts = FACTS.iter().flat_map(|fact| fact.reads).flat_map(|group| group.iter()).any(|rest| rest.table == table.name);
    by_facts || table.subject.is_some()
}

/// Whether what a rule judges can depend on a table.
fn depends(rule: &Rule, table: &Table) -> bool {
    if let Some(fact) = FACTS.iter().find(|fact| fact.relation.name == rule.over.name) {
        return fact.reads().any(|read| read.table == table.name);
    }
    rule.over.name == table.name || (population::knows(rule.over.name) && RESOURCES_READ.iter().any(|read| read.table == table.name))
}

impl Unit {
    fn here(&self) -> Expr {
        col("account_id").eq(lit(self.account_id.clone())).and(col("region").eq(lit(self.region.clone())))
    }

    /// The rows that this read gave.
    fn rows(&self) -> Expr {
        match (&self.parent, self.table.parent) {
            (Some(parent), Some(column)) => self.here().and(col(column).eq(lit(parent.clone()))),
            _ => self.here(),
        }
    }

    /// Its row in `reads`; without parent, those of all parents of the Region, which then could not be listed.
    fn reads(&self) -> Expr {
        let table = self.here().and(col("table").eq(lit(self.table.name)));
        match &self.parent {
            Some(parent) => table.and(col("parent").eq(lit(parent.clone()))),
            None => table,
        }
    }

    /// Its row among them.
    fn own(&self) -> Expr {
        match &self.parent {
            Some(parent) => col("parent").eq(lit(parent.clone())),
            None => col("parent").is_null(),
        }
    }

    fn subject(&self) -> String {
        match &self.parent {
            Some(parent) => format!("{parent}#read/{}", self.table.name),
            None => format!("arn:aws:iam::{}:root#read/{}/{}", self.account_id, self.region, self.table.name),
        }
    }
}

/// Puts the example's collection there again without what the unit read, which is now denied: two files and the manifest are new, the rest are links.
fn damaged(collection: &Collection, unit: &Unit, root: &Path) {
    let dir = root.join(&collection.manifest.id);
    link(&collection.dir, &dir);
    let kept = collection.scan(unit.table).unwrap().filter(unit.rows().not()).collect().unwrap();
    let reads = collection.scan(&READS).unwrap();
    let gone = unit.reads();
    let mut template = reads.clone().filter(gone.clone().and(unit.own())).limit(1);
    for (column, value) in
        [("status", lit("denied")), ("reason", lit("AccessDenied in a test")), ("rows_count", lit(0_i64)), ("items_count", lit(0_i64))]
    {
        let kind = template.collect_schema().unwrap().get(column).unwrap().clone();
        template = template.with_column(value.cast(kind).alias(column));
    }
    let reads = concat([reads.filter(gone.not()), template], UnionArgs::default()).unwrap().collect().unwrap();
    let mut manifest = Manifest { complete: false, ..collection.manifest.clone() };
    for (name, mut frame) in [(unit.table.name, kept), (READS.name, reads)] {
        let relative = format!("{name}/part-0000.parquet");
        let path = dir.join(&relative);
        std::fs::remove_file(&path).unwrap(); // a link: writing through it would change the example
        ParquetWriter::new(std::fs::File::create(&path).unwrap()).finish(&mut frame).unwrap();
        let (size_bytes, sha256) = hash_file(&path).unwrap();
        let entry = manifest.files.iter_mut().find(|file| file.path == relative).unwrap();
        *entry = FileEntry { path: relative, rows_count: frame.height() as u64, size_bytes, sha256 };
        manifest.tables.insert(name.to_owned(), frame.height() as u64);
    }
    std::fs::remove_file(dir.join(MANIFEST)).unwrap();
    std::fs::write(dir.join(MANIFEST), serde_json::to_string(&manifest).unwrap()).unwrap();
}

/// The other collections are the example's own, as links.
fn link(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            link(&entry.path(), &target);
        } else {
            std::fs::hard_link(entry.path(), &target).or_else(|_| std::fs::copy(entry.path(), &target).map(|_| ())).unwrap();
        }
    }
}

fn check(unit: &Unit, dataset: &Dataset, before: &Verdicts, rules: &RuleSet, objectives: &Objectives) -> Result<(), String> {
    let root = tempfile::tempdir().unwrap();
    for (index, collection) in dataset.collections().iter().enumerate() {
        if index == unit.collection {
            damaged(collection, unit, root.path());
        } else {
            link(&collection.dir, &root.path().join(&collection.manifest.id));
        }
    }
    assert!(root.path().read_dir().unwrap().all(|entry| entry.unwrap().path().join(MANIFEST).exists()));
    let after = verdicts(root.path(), rules, objectives);
    let subject = unit.subject();
    for ((rule, arn), (verdict, _)) in before.iter().filter(|((rule, _), _)| rules.get(rule).is_some()) {
        match after.get(&(rule.clone(), arn.clone())) {
            Some((now, _)) if now == verdict || *now == Verdict::Unknown => {}
            Some((now, _)) => return Err(format!("{rule} on {arn}: {verdict} became {now}")),
            None if after.get(&(rule.clone(), subject.clone())).is_some_and(|(now, read)| *now == Verdict::Unknown && *read) => {}
            None => return Err(format!("{rule} on {arn}: {verdict} vanished, and the unread unit {subject} is not unknown")),
        }
    }
    // What may be concerned without that read appears as not known, and as nothing else.
    for ((rule, arn), (verdict, _)) in &after {
        if *verdict != Verdict::Unknown && !before.contains_key(&(rule.clone(), arn.clone())) {
            return Err(format!("{rule} on {arn}: {verdict} appeared"));
        }
    }
    Ok(())
}

#[test]
fn a_gap_never_makes_a_verdict() {
    let library = Library::load(&relations(&tables()), None).unwrap();
    let objectives = objectives();
    let dataset = Dataset::open(&example(), &tables()).unwrap();
    let before = verdicts(&example(), &library.rules, &objectives);
    let newest = dataset.collections().len() - 1;
    let asked = std::env::var("AUDIT_GAPS").ok();
    let of_newest = asked.as_deref() == Some("newest");
    let asked = asked.filter(|_| !of_newest);
    let all = asked.is_some();
    let mut first_of = BTreeSet::new();
    let units: Vec<Unit> = units(&dataset)
        .into_iter()
        .enumerate()
        .filter(|(index, unit)| all || unit.collection == newest || (!of_newest && index % 97 == 0))
        .filter(|(index, unit)| all || of_newest || unit.parent.is_none() || index % 3 == 0 || unit.table.name == "cloudtrail_events")
        .filter(|(index, unit)| all || unit.table.name != "cloudtrail_events" || unit.parent.is_none() || index % 25 == 0)
        .map(|(_, unit)| unit)
        .filter(|unit| asked.as_deref().is_none_or(|asked| asked == "all" || unit.subject().contains(asked)))
        .filter(|unit| all || is_read(unit.table) || first_of.insert(unit.table.name))
        .collect();
    assert!(all || units.len() > 50, "the example has reads to lose");
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some(unit) = units.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let rules = library.rules.filter(|rule| all || depends(rule, unit.table));
                    if let Err(what) = check(unit, &dataset, &before, &rules, &objectives) {
                        wrong.lock().unwrap().push(format!(
                            "without {} of {}: {what}",
                            unit.subject(),
                            dataset.collections()[unit.collection].manifest.id
                        ));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {} units:\n{}", wrong.len(), units.len(), wrong.join("\n"));
}
