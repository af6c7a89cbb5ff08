//! Writing one collection: the units, rows and records of reads that the collectors would have left behind.
//!
//! Which units there are, what they cover and which tables they fill comes from the collectors themselves. Only the call log is empty, because
//! nothing was called.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context;
use backup_audit::collect::collector::UnitRange;
use backup_audit::collect::{COLLECTORS, Collector, Unit, backup_vaults, cloudtrail_events, recovery_points, tables};
use backup_audit::dataset::manifest::{Caller, Scope};
use backup_audit::dataset::reads::Read;
use backup_audit::dataset::rows::{Cells, Millis};
use backup_audit::dataset::schema::GLOBAL;
use backup_audit::dataset::write::Start;
use backup_audit::dataset::{Batch, Ending, OpenCollection, ReadStatus, Table, UnitId};

use crate::asked::is_asked;
use crate::plans::{KEEPER, REGIONS};
use crate::random::Random;
use crate::refusals::{Refusal, refusal};
use crate::world::{Place, World};
use crate::{activity, alerts, configuration, databases, governance, guards, holdings, keys, principals, restores, scans, snapshots};

/// Who collects in an account.
pub(crate) fn caller(account: &str) -> String {
    format!("arn:aws:sts::{account}:assumed-role/backup-audit-read/weekly")
}

/// What earlier collections know of what happened and does not change any more, by account, Region, collector and name: from when to when.
pub(crate) type Covered = BTreeMap<(String, String, &'static str, Option<String>), (i64, i64)>;

/// Items of a page, which most lists give.
const PAGE: i64 = 1_000;
/// Time a page takes, in milliseconds.
const PAGE_MS: i64 = 180;

/// Writes the collection of an account that begins at a moment; `age` counts from the newest.
///
/// # Errors
/// It cannot be written.
pub(crate) fn write(
    world: &World,
    out: &Path,
    (account, started_s, age): (&'static str, i64, usize),
    seed: u64,
    covered: &mut Covered,
) -> anyhow::Result<String> {
    let user_id = "AROAEXAMPLEBACKUPAUDIT:weekly".to_owned();
    let start = Start {
        caller: Caller { account_id: account.to_owned(), arn: caller(account), user_id },
        scope: Scope {
            accounts: vec![account.to_owned()],
            regions: REGIONS.map(str::to_owned).to_vec(),
            not_requested: not_requested(age),
            ..Scope::default()
        },
        started_s,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let random = u32::try_from(Random::new(seed, &format!("collection/{started_s}")).next() >> 32).unwrap_or_default();
    // Both accounts are read side by side; that which keeps copies comes first.
    let random = if account == KEEPER { random.saturating_sub(1) } else { random };
    let open = OpenCollection::begin(out, start, random).context("cannot begin a collection")?;
    let id = open.id().to_owned();
    let mut ended_ms = started_s * 1_000;
    for region in REGIONS.into_iter().chain([GLOBAL]) {
        let place = Place { account, region, now_s: started_s };
        let mut reader = Reader {
            world,
            open: &open,
            place,
            age,
            clock_ms: started_s * 1_000,
            named: BTreeMap::new(),
            lacking: BTreeMap::new(),
            covered: &mut *covered,
        };
        let here = |collector: &&&dyn Collector| collector.tables().iter().all(|table| table.global == (region == GLOBAL));
        for collector in COLLECTORS.iter().filter(here) {
            let asked = is_asked(age, name(*collector));
            let read = if asked { reader.collect(*collector) } else { reader.leave_out(*collector) };
            read.with_context(|| format!("cannot write collection {id}"))?;
        }
        ended_ms = ended_ms.max(reader.clock_ms);
    }
    open.seal(&tables(), Ending::at(ended_ms / 1_000)).context("cannot seal the collection")?;
    Ok(id)
}

/// Reads one Region in place of the collectors' runner.
struct Reader<'a> {
    world: &'a World,
    open: &'a OpenCollection,
    place: Place,
    age: usize,
    clock_ms: i64,
    /// What columns that others refer to name, by table and column.
    named: BTreeMap<(&'static str, &'static str), BTreeSet<String>>,
    /// Why tables were not read to their end.
    lacking: BTreeMap<&'static str, String>,
    covered: &'a mut Covered,
}

/// The tables that a collection was told to leave out.
fn not_requested(age: usize) -> Vec<String> {
    let names: BTreeSet<&str> = tables().iter().map(|table| table.name).filter(|name| !is_asked(age, name)).collect();
    names.into_iter().map(str::to_owned).collect()
}

impl Reader<'_> {
    /// Notes that a collector was not asked.
    fn leave_out(&self, collector: &dyn Collector) -> anyhow::Result<()> {
        let refusal = Refusal { status: ReadStatus::NotRequested, operation: "", reason: "it was not asked for".to_owned() };
        let read =
            |table: &&'static Table| Read { from_s: None, to_s: None, ..self.read(collector, table, &Unit::REGION, 0, 0, Some(&refusal)) };
        let reads: Vec<Read> = collector.tables().iter().map(read).collect();
        self.open.write(&self.unit_id(collector, &Unit::REGION), &[], &reads)?;
        Ok(())
    }

    fn collect(&mut self, collector: &dyn Collector) -> anyhow::Result<()> {
        let named: BTreeSet<String> =
            collector.references().iter().filter_map(|(table, column)| self.named.get(&(table.name, *column))).flatten().cloned().collect();
        let units: Vec<Unit> = match collector.parents() {
            Some((parents, _)) => collector.units(Some(&self.rows(parents, None)), self.place.now_s),
            None if collector.references().is_empty() => self.own(collector),
            None => named.into_iter().map(|name| Unit { parent: Some(name), range: None }).collect(),
        };
        let one_by_one = collector.tables().iter().any(|table| table.parent.is_some());
        if collector.parents().is_none() && collector.references().is_empty() && !one_by_one {
            return units.iter().try_for_each(|unit| self.unit(collector, unit));
        }
        // The record that says whether all units are known; it takes no call and has no rows.
        let sources = collector.parents().into_iter().map(|(table, _)| table).chain(collector.references().iter().map(|(table, _)| *table));
        let lacks: BTreeSet<&String> = sources.filter_map(|table| self.lacking.get(table.name)).collect();
        let lacking = lacks.into_iter().next().map(|reason| Refusal { status: ReadStatus::Skipped, operation: "", reason: reason.clone() });
        let reads: Vec<Read> =
            collector.tables().iter().map(|table| self.read(collector, table, &Unit::REGION, 0, 0, lacking.as_ref())).collect();
        self.open.write(&self.unit_id(collector, &Unit::REGION), &[], &reads)?;
        for unit in units {
            self.unit(collector, &unit)?;
        }
        Ok(())
    }

    /// The units that follow from no list, each reading what is not known yet.
    fn own(&self, collector: &dyn Collector) -> Vec<Unit> {
        let narrow = |unit: Unit| {
            let known = self.covered.get(&self.known_as(collector, unit.parent.as_deref()));
            let since_s = known.zip(collector.overlap_s()).zip(collector.covers(self.place.now_s).0);
            let range = since_s.and_then(|(((from_s, to_s), overlap_s), first_s)| {
                (*from_s <= first_s && first_s < *to_s).then(|| UnitRange { from_s: Some((to_s - overlap_s).max(first_s)), to_s: None })
            });
            Unit { range: unit.range.or(range), ..unit }
        };
        collector.units(None, self.place.now_s).into_iter().map(narrow).collect()
    }

    fn known_as(&self, collector: &dyn Collector, parent: Option<&str>) -> (String, String, &'static str, Option<String>) {
        (self.place.account.to_owned(), self.place.region.to_owned(), name(collector), parent.map(str::to_owned))
    }

    /// Notes what the rows of a table name, for the collectors that ask about it, and what is missing.
    fn remember(&mut self, table: &'static Table, batch: &Batch, refused: Option<&Refusal>) {
        if let Some(refused) = refused {
            self.lacking.entry(table.name).or_insert_with(|| format!("{}: {}", table.name, refused.reason));
        }
        let columns = COLLECTORS.iter().flat_map(|collector| collector.references()).filter(|(named, _)| named.name == table.name);
        for (_, column) in columns {
            let at = batch.columns().iter().position(|declared| declared.name == *column);
            let texts =
                at.and_then(|at| batch.cells().get(at)).and_then(|cells| if let Cells::Text(texts) = cells { Some(texts) } else { None });
            self.named.entry((table.name, column)).or_default().extend(texts.into_iter().flatten().flatten().cloned());
        }
    }

    fn unit(&mut self, collector: &dyn Collector, unit: &Unit) -> anyhow::Result<()> {
        let refused = refusal(self.world, self.age, name(collector), self.place, unit.parent.as_deref());
        let mut tables: Vec<(&'static Table, Batch)> = Vec::new();
        for table in collector.tables() {
            let nothing = refused.as_ref().is_some_and(|refused| refused.status != ReadStatus::Partial);
            let batch = if nothing { Batch::new(table.columns) } else { self.rows_in_range(collector, table, unit) };
            self.remember(table, &batch, refused.as_ref());
            tables.push((table, batch));
        }
        let items = tables.iter().map(|(_, batch)| i64::try_from(batch.len()).unwrap_or(i64::MAX)).sum::<i64>();
        let pages = if refused.is_some() && items == 0 { 0 } else { (items - 1).div_euclid(PAGE).max(0) + 1 };
        let mut reads = Vec::new();
        for (table, batch) in &tables {
            let read = self.read(collector, table, unit, pages, items, refused.as_ref());
            reads.push(Read { rows_count: i64::try_from(batch.len()).ok(), ..read });
        }
        if let (None, Some(_), (Some(from_s), Some(to_s))) = (&refused, collector.overlap_s(), self.covered(collector, unit)) {
            let known = self.covered.entry(self.known_as(collector, unit.parent.as_deref())).or_insert((from_s, to_s));
            *known = (known.0, to_s);
        }
        self.clock_ms += pages.max(1) * PAGE_MS;
        self.open.write(&self.unit_id(collector, unit), &tables, &reads)?;
        Ok(())
    }

    fn read(&self, collector: &dyn Collector, table: &Table, unit: &Unit, pages: i64, items: i64, refused: Option<&Refusal>) -> Read {
        let listed = collector.operations().first().map_or("", |operation| operation.name);
        let whole = unit.parent.is_none() && collector.parents().is_some();
        let (from_s, to_s) = if whole { (None, None) } else { self.covered(collector, unit) };
        Read {
            table: Some(table.name.to_owned()),
            parent: unit.parent.clone(),
            status: Some(refused.map_or(ReadStatus::Complete, |refused| refused.status).word().to_owned()),
            operation: Some(refused.map_or(listed, |refused| refused.operation).to_owned()),
            from_s,
            to_s,
            started: Some(Millis(self.clock_ms)),
            ended: Some(Millis(self.clock_ms + pages * PAGE_MS)),
            pages_count: Some(pages),
            items_count: Some(items),
            rows_count: Some(0),
            reason: refused.map(|refused| refused.reason.clone()),
        }
    }

    /// What AWS still tells, within what the unit asks for.
    fn covered(&self, collector: &dyn Collector, unit: &Unit) -> (Option<i64>, Option<i64>) {
        let (from_s, to_s) = collector.covers(self.clock_ms.div_euclid(1_000));
        let range = unit.range;
        let from_s = [from_s, range.and_then(|range| range.from_s)].into_iter().flatten().max();
        let to_s = [to_s, range.and_then(|range| range.to_s)].into_iter().flatten().min();
        (from_s, to_s)
    }

    fn unit_id(&self, collector: &dyn Collector, unit: &Unit) -> UnitId {
        UnitId {
            account_id: self.place.account.to_owned(),
            region: self.place.region.to_owned(),
            collector: name(collector).to_owned(),
            parent: unit.parent.clone(),
            range: unit.range.map(|range| (range.from_s, range.to_s)),
        }
    }

    fn rows_in_range(&self, collector: &dyn Collector, table: &'static Table, unit: &Unit) -> Batch {
        if table.name == cloudtrail_events::TABLE.name {
            let (from_s, to_s) = self.covered(collector, unit);
            let (from_s, to_s) = (from_s.unwrap_or(i64::MIN), to_s.unwrap_or(self.place.now_s));
            return Batch::from_rows(self.world.log.rows(self.place, unit.parent.as_deref().unwrap_or_default(), from_s, to_s));
        }
        let Some(range) = unit.range.filter(|_| table.name == recovery_points::TABLE.name) else {
            return self.rows(table, unit.parent.as_deref());
        };
        let points = activity::recovery_points(self.world, self.place, unit.parent.as_deref().unwrap_or_default());
        Batch::from_rows(points.into_iter().filter(|point| {
            let created_s = point.creation_date.map_or(i64::MIN, |created| created.0.div_euclid(1_000));
            range.from_s.is_none_or(|from_s| from_s <= created_s) && range.to_s.is_none_or(|to_s| created_s < to_s)
        }))
    }

    /// The rows of a table, of one parent where it is read by parent.
    fn rows(&self, table: &'static Table, parent: Option<&str>) -> Batch {
        let (world, place) = (self.world, self.place);
        let arn = parent.unwrap_or_default();
        match table.name {
            "regions" => Batch::from_rows(configuration::regions()),
            "region_settings" => Batch::from_rows(configuration::settings(place)),
            "global_settings" => Batch::from_rows(governance::settings(world)),
            name if name == backup_vaults::TABLE.name => Batch::from_rows(configuration::vaults(world, place)),
            "vault_policies" => Batch::from_rows([configuration::policy(arn)]),
            "vault_notifications" => Batch::from_rows([configuration::notifications(arn, place.region)]),
            "backup_plans" => Batch::from_rows(configuration::plans(world, place)),
            "plan_rules" => Batch::from_rows(configuration::rules(arn)),
            "plan_copies" => Batch::from_rows(configuration::copies(arn)),
            "selections" => Batch::from_rows(configuration::selections(world, arn, place.now_s)),
            "restore_testing_plans" => Batch::from_rows(restores::plans(world, place)),
            "restore_testing_selections" => Batch::from_rows(restores::selections(world, place, arn)),
            "organization" => Batch::from_rows(governance::organization(place)),
            "org_effective_policies" => Batch::from_rows(governance::effective_policies()),
            "frameworks" => Batch::from_rows(governance::frameworks(world, place)),
            "report_plans" => Batch::from_rows(governance::report_plans(world, place)),
            "legal_holds" => Batch::from_rows(governance::legal_holds(world, place)),
            "protected_resources" => Batch::from_rows(governance::protected(world, place)),
            "resource_tags" => Batch::from_rows(configuration::tags(world, place)),
            "rds_instances" => Batch::from_rows(databases::instances(world, place)),
            "rds_clusters" | "neptune_clusters" | "documentdb_clusters" => Batch::from_rows(databases::clusters(world, place, table.name)),
            "rds_automated_backups" => Batch::from_rows(snapshots::automated_backups(world, place)),
            "rds_snapshots" => Batch::from_rows(snapshots::snapshots(world, place)),
            "snapshot_attributes" => Batch::from_rows(snapshots::attributes(world, place, arn)),
            "backup_jobs" => Batch::from_rows(activity::backup_jobs(world, place)),
            "copy_jobs" => Batch::from_rows(activity::copy_jobs(world, place)),
            "restore_jobs" => Batch::from_rows(restores::jobs(world, place)),
            "recovery_points" => Batch::from_rows(activity::recovery_points(world, place, arn)),
            "kms_keys" => Batch::from_rows(keys::described(world, place, arn)),
            "scan_jobs" => Batch::from_rows(scans::jobs(world, place)),
            "trails" => Batch::from_rows(guards::trails(place)),
            "config_recorders" => Batch::from_rows(guards::recorders(world, place)),
            "ebs_settings" => Batch::from_rows(guards::ebs_settings(place)),
            "log_groups" => Batch::from_rows(guards::log_groups(place)),
            "alarms" => Batch::from_rows(alerts::alarms(place)),
            "event_rules" => Batch::from_rows(alerts::event_rules(place)),
            "topics" => Batch::from_rows(alerts::topics(arn)),
            "iam_principals" => Batch::from_rows(principals::principals(place)),
            "iam_policies" => Batch::from_rows(principals::policies(place)),
            // The others are of services that the estate does not use.
            name => holdings::rows(world, place, name).unwrap_or_else(|| Batch::new(table.columns)),
        }
    }
}

/// First table of a collector, which names it.
fn name(collector: &dyn Collector) -> &'static str {
    collector.tables().first().map_or("", |table| table.name)
}
