//! The estate with its history, and what of it is seen from a Region at a moment.

use backup_audit::model::moment::DAY_S;

use crate::events::Log;
use crate::fleet::{Database, fleet};
use crate::history::{Copy, History, Job, Point, simulate};
use crate::keys::Key;
use crate::plans::{ACCOUNT, PLANS, Plan, VAULTS, Vault};
use crate::timeline::Timeline;

/// Days for which AWS Backup lists jobs.
const JOBS_DAYS: i64 = 30;

/// Time between the creation of a fresh vault and the newest collection.
pub(crate) const FRESH_S: i64 = 600;

/// Where and when a read looks.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) account: &'static str,
    pub(crate) region: &'static str,
    pub(crate) now_s: i64,
}

/// Everything there is.
pub(crate) struct World {
    pub(crate) timeline: Timeline,
    pub(crate) databases: Vec<Database>,
    pub(crate) history: History,
    pub(crate) log: Log,
}

impl World {
    /// An estate of so many rows of databases.
    pub(crate) fn new(rows: usize, seed: u64, timeline: Timeline) -> Self {
        let databases = fleet(rows, seed, &timeline);
        let history = simulate(&databases, seed, &timeline);
        let mut world = Self { timeline, databases, history, log: Log::default() };
        world.log = Log::of(&world);
        world
    }

    /// Whether something deleted so many days of a quarter before the end is there.
    fn is_there(&self, deleted_ago: Option<i64>, now_s: i64) -> bool {
        deleted_ago.is_none_or(|days| now_s < self.timeline.ago(days))
    }

    /// Vaults of a Region.
    pub(crate) fn vaults(&self, place: Place) -> impl Iterator<Item = &'static Vault> {
        let here = move |vault: &&Vault| vault.account == place.account && vault.region == place.region;
        let made = move |vault: &&Vault| !vault.fresh || self.timeline.end_s - FRESH_S < place.now_s;
        VAULTS.iter().filter(here).filter(made).filter(move |vault| self.is_there(vault.deleted_ago, place.now_s))
    }

    /// Plans of a Region.
    pub(crate) fn plans(&self, place: Place) -> impl Iterator<Item = &'static Plan> {
        let here = move |plan: &&Plan| place.account == ACCOUNT && plan.region == place.region;
        PLANS.iter().filter(here).filter(move |plan| self.is_there(plan.deleted_ago, place.now_s))
    }

    /// Selections of a plan that are there.
    pub(crate) fn selections(&self, plan: &'static Plan, now_s: i64) -> impl Iterator<Item = &'static crate::plans::Selection> {
        plan.selections.iter().filter(move |selection| self.is_there(selection.deleted_ago, now_s))
    }

    /// Databases of a Region.
    pub(crate) fn databases(&self, place: Place) -> impl Iterator<Item = &Database> {
        let here = move |database: &&Database| place.account == ACCOUNT && database.entry.region == place.region;
        self.databases.iter().filter(here).filter(move |database| database.exists(place.now_s))
    }

    /// Jobs of a Region that AWS still lists.
    pub(crate) fn jobs(&self, place: Place) -> impl Iterator<Item = &Job> {
        let here = move |job: &&Job| place.account == ACCOUNT && job.plan.region == place.region;
        self.history.jobs.iter().filter(here).filter(move |job| is_listed(job.created_s, place.now_s))
    }

    /// Copy jobs started in a Region that AWS still lists.
    pub(crate) fn copies(&self, place: Place) -> impl Iterator<Item = (&Copy, &Point)> {
        let all = self.history.copies.iter().map(|copy| (copy, &self.history.points[copy.point]));
        let here = move |point: &Point| place.account == ACCOUNT && point.region == place.region;
        all.filter(move |(copy, point)| here(point) && is_listed(copy.created_s, place.now_s))
    }

    /// Points of a Region that are there, those being made as well.
    pub(crate) fn points_of(&self, place: Place) -> impl Iterator<Item = &Point> {
        let here = move |point: &&Point| point.account == place.account && point.region == place.region;
        let there = move |point: &&Point| point.started_s < place.now_s && place.now_s < point.gone_s;
        self.history.points.iter().filter(here).filter(there)
    }

    /// The key of a point: that of its database, or of the vault it was copied to.
    pub(crate) fn point_key(&self, point: &Point) -> Key {
        let at = |vault: &&Vault| (vault.account, vault.region, vault.name) == (point.account, point.region, point.vault);
        match point.copy_of {
            Some(_) => VAULTS.iter().find(at).map_or(Key::Estate, |vault| vault.key),
            None => self.databases[point.database].entry.key(),
        }
    }

    /// ARN of a point: that of the snapshot it is, unless it lies in an air-gapped vault.
    pub(crate) fn point_arn(&self, point: &Point) -> String {
        let place = format!("{}:{}", point.region, point.account);
        if point.is_air_gapped() {
            return format!("arn:aws:backup:{place}:recovery-point:{}", point.job_id.to_lowercase());
        }
        let kind = if self.databases[point.database].entry.kind.is_cluster() { "cluster-snapshot" } else { "snapshot" };
        let job = if point.copy_of.is_some() { "copyjob" } else { "job" };
        format!("arn:aws:rds:{place}:{kind}:awsbackup:{job}-{}", point.job_id.to_lowercase())
    }
}

fn is_listed(created_s: i64, now_s: i64) -> bool {
    now_s - JOBS_DAYS * DAY_S <= created_s && created_s < now_s
}
