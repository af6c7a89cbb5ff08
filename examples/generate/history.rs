//! What AWS Backup did over the simulated span: jobs with their delays and failures, the points they made and what became of them, copies.
//!
//! A job is created at its scheduled time, starts within the start window and takes its time; the data of its point is that of its start. A point
//! goes up to eight hours after its retention has run out, as AWS does it, or when somebody deletes it, or with its vault.

use backup_audit::facts::schedule::cron::{DEFAULT_EXPRESSION, Schedule};
use backup_audit::model::moment::{DAY_S, HOUR_S};

use crate::catalogue::{Kind, Trouble, Twist};
use crate::fleet::Database;
use crate::keys::Key;
use crate::plans::{ACCOUNT, PLANS, Plan, Rule, To, VAULTS};
use crate::random::Random;
use crate::timeline::Timeline;

const MINUTE_S: i64 = 60;
const KEY_DENIED: &str = "Access denied while calling AWS KMS: the key of the database does not admit the role of the plan.";
const LOCKED: &str = "Retention days of the backup are below the minimum of the vault lock.";
const COPY_REFUSED: &str = "Copy job failed: a snapshot under an AWS managed key cannot be shared with the destination account.";
const COPY_DENIED: &str = "Copy job failed: the KMS key of the destination vault is disabled or access to it was denied.";

/// A backup job.
pub(crate) struct Job {
    pub(crate) id: String,
    /// Index of the database.
    pub(crate) database: usize,
    pub(crate) plan: &'static Plan,
    pub(crate) rule: &'static Rule,
    pub(crate) created_s: i64,
    /// When it began; `None` if it never did.
    pub(crate) started_s: Option<i64>,
    pub(crate) ended_s: i64,
    /// `COMPLETED`, `FAILED` or `EXPIRED`, once it has ended.
    pub(crate) state: &'static str,
    pub(crate) message: Option<&'static str>,
}

/// A copy job.
pub(crate) struct Copy {
    pub(crate) id: String,
    /// Index of the point copied.
    pub(crate) point: usize,
    pub(crate) to: &'static To,
    pub(crate) created_s: i64,
    pub(crate) ended_s: i64,
    pub(crate) state: &'static str,
    pub(crate) message: Option<&'static str>,
}

/// A recovery point.
pub(crate) struct Point {
    /// Index of the database.
    pub(crate) database: usize,
    pub(crate) plan: &'static Plan,
    pub(crate) rule: &'static Rule,
    pub(crate) account: &'static str,
    pub(crate) region: &'static str,
    pub(crate) vault: &'static str,
    /// Id of the job that made it.
    pub(crate) job_id: String,
    /// Creation, that of the source for a copy.
    pub(crate) created_s: i64,
    pub(crate) started_s: i64,
    pub(crate) available_s: i64,
    /// `None` if it is kept for ever.
    pub(crate) delete_days: Option<i64>,
    /// Whether it is one that does not go.
    pub(crate) lasting: bool,
    /// When it is no longer there.
    pub(crate) gone_s: i64,
    /// Index of the point it is a copy of.
    pub(crate) copy_of: Option<usize>,
}

impl Point {
    /// Whether it lies in an air-gapped vault.
    pub(crate) fn is_air_gapped(&self) -> bool {
        VAULTS.iter().any(|vault| vault.air_gapped && (vault.account, vault.region, vault.name) == (self.account, self.region, self.vault))
    }
}

/// Everything that happened, in the order of databases, plans and time.
#[derive(Default)]
pub(crate) struct History {
    pub(crate) jobs: Vec<Job>,
    pub(crate) points: Vec<Point>,
    pub(crate) copies: Vec<Copy>,
}

/// Simulates the backups of all databases.
pub(crate) fn simulate(databases: &[Database], seed: u64, timeline: &Timeline) -> History {
    let mut history = History::default();
    for (index, database) in databases.iter().enumerate() {
        for (plan_name, selection_name) in database.entry.backed_up {
            for plan in PLANS.iter().filter(|plan| plan.name == *plan_name) {
                let selection = plan.selections.iter().find(|selection| selection.name == *selection_name);
                let ends = [plan.deleted_ago, selection.and_then(|selection| selection.deleted_ago)];
                let until_s =
                    ends.into_iter().flatten().map(|days| timeline.ago(days)).chain(database.deleted_s).fold(timeline.end_s, i64::min);
                for (number, rule) in plan.rules.iter().enumerate().filter(|(_, rule)| !rule.continuous) {
                    let random = Random::new(seed, &format!("{}/{}/{}", database.name, plan.name, rule.name));
                    let mut run = Run { history: &mut history, random, timeline, index, database, plan, rule, number };
                    run.all(until_s);
                }
            }
        }
        history.points.extend(lasting(index, database, timeline));
    }
    history
}

/// A point that does not go: made by hand without a lifecycle, or still there after its time.
fn lasting(index: usize, database: &Database, timeline: &Timeline) -> Option<Point> {
    let endless = database.entry.has(Twist::Endless);
    let overdue = database.entry.has(Twist::Overdue) || database.entry.has(Twist::Untold);
    let (name, _) = database.entry.backed_up.first()?;
    let plan = PLANS.iter().find(|plan| plan.name == *name)?;
    let rule = plan.rules.first()?;
    let created_s = timeline.ago(60) + database.snapshot_minute * MINUTE_S;
    (endless || overdue).then(|| Point {
        database: index,
        plan,
        rule,
        account: ACCOUNT,
        region: database.entry.region,
        vault: rule.vault,
        job_id: format!("{}-4A1D-4000-A000-{:012X}", database.life[..8].to_uppercase(), created_s.div_euclid(MINUTE_S)),
        created_s,
        started_s: created_s,
        available_s: created_s + 10 * MINUTE_S,
        delete_days: (!endless).then_some(rule.delete_days),
        lasting: true,
        gone_s: i64::MAX,
        copy_of: None,
    })
}

/// The runs of one plan rule for one database.
struct Run<'a> {
    history: &'a mut History,
    random: Random,
    timeline: &'a Timeline,
    index: usize,
    database: &'a Database,
    plan: &'static Plan,
    rule: &'static Rule,
    number: usize,
}

impl Run<'_> {
    fn all(&mut self, until_s: i64) {
        let Ok(schedule) = Schedule::parse(self.rule.schedule.unwrap_or(DEFAULT_EXPRESSION), self.rule.timezone) else { return };
        let from_s = self.timeline.begin_s().max(self.database.created_s);
        for (count, run_s) in schedule.runs(from_s, until_s).enumerate() {
            self.one(run_s, count);
        }
    }

    fn one(&mut self, run_s: i64, count: usize) {
        match self.database.entry.trouble {
            Trouble::JobsExpire => {
                let ended_s = run_s + self.rule.windows_minutes.map_or(8 * HOUR_S, |(start, _)| start * MINUTE_S);
                self.job(run_s, 0, None, ended_s, "EXPIRED", Some("Backup job expired before completion: the database is stopped."));
            }
            Trouble::Refused => self.fails(run_s, 0, LOCKED),
            Trouble::JobsFail(from, until) if self.timeline.ago(from) <= run_s && run_s < self.timeline.ago(until) => {
                self.fails(run_s, 0, KEY_DENIED);
                self.fails(run_s + 40 * MINUTE_S, 1, KEY_DENIED);
            }
            _ if self.random.once_in(70) => {
                self.fails(run_s, 0, "Snapshot cannot be created because the instance was in the state modifying.");
                self.succeeds(run_s + 40 * MINUTE_S, 1, count);
            }
            _ => self.succeeds(run_s, 0, count),
        }
    }

    fn fails(&mut self, created_s: i64, attempt: usize, message: &'static str) {
        let started_s = created_s + self.random.between(0, 20 * MINUTE_S);
        let ended_s = started_s + self.random.between(MINUTE_S, 10 * MINUTE_S);
        self.job(created_s, attempt, Some(started_s), ended_s, "FAILED", Some(message));
    }

    fn succeeds(&mut self, created_s: i64, attempt: usize, count: usize) {
        let started_s = created_s + self.random.between(0, 20 * MINUTE_S);
        let ended_s = started_s + self.random.between(5 * MINUTE_S, 25 * MINUTE_S);
        let job_id = self.job(created_s, attempt, Some(started_s), ended_s, "COMPLETED", None);
        let gone_s = self.gone_s(created_s, ended_s, count);
        let source = self.history.points.len();
        self.history.points.push(Point {
            database: self.index,
            plan: self.plan,
            rule: self.rule,
            account: ACCOUNT,
            region: self.plan.region,
            vault: self.rule.vault,
            job_id: job_id.clone(),
            created_s,
            started_s,
            available_s: ended_s,
            delete_days: Some(self.rule.delete_days),
            lasting: false,
            gone_s,
            copy_of: None,
        });
        for (letter, to) in ('C'..='Z').zip(self.rule.copies) {
            self.copy(source, &format!("{letter}{}", &job_id[1..]), to);
        }
    }

    fn copy(&mut self, source: usize, id: &str, to: &'static To) {
        let Some(&Point { created_s: data_s, available_s, .. }) = self.history.points.get(source) else { return };
        let created_s = available_s + self.random.between(MINUTE_S, 5 * MINUTE_S);
        let ended_s = created_s + self.random.between(5 * MINUTE_S, 25 * MINUTE_S);
        let isolated = to.vault().is_some_and(|vault| vault.air_gapped);
        let denied = match self.database.entry.trouble {
            _ if isolated => self.database.entry.has(Twist::IsolationFails),
            Trouble::CopiesFail(from) => self.timeline.ago(from) <= created_s,
            _ => matches!(self.database.entry.kind, Kind::MultiAz(_)),
        };
        let refused = to.account != ACCOUNT && self.database.entry.key() == Key::Aws("rds");
        let message = if refused { Some(COPY_REFUSED) } else { denied.then_some(COPY_DENIED) };
        let state = if message.is_some() { "FAILED" } else { "COMPLETED" };
        self.history.copies.push(Copy { id: id.to_owned(), point: source, to, created_s, ended_s, state, message });
        if message.is_some() {
            return;
        }
        let gone_s = data_s + to.days * DAY_S + self.random.between(0, 8 * HOUR_S);
        self.history.points.push(Point {
            database: self.index,
            plan: self.plan,
            rule: self.rule,
            account: to.account,
            region: to.region,
            vault: to.vault,
            job_id: id.to_owned(),
            created_s: data_s,
            started_s: created_s,
            available_s: ended_s,
            delete_days: Some(to.days),
            lasting: false,
            gone_s,
            copy_of: Some(source),
        });
    }

    /// When the point is no longer there: its retention has run out, somebody deleted it, or the vault went with all that was in it.
    fn gone_s(&mut self, created_s: i64, available_s: i64, count: usize) -> i64 {
        let by_lifecycle_s = created_s + self.rule.delete_days * DAY_S + self.random.between(0, 8 * HOUR_S);
        let vault = VAULTS.iter().find(|vault| (vault.account, vault.region, vault.name) == (ACCOUNT, self.plan.region, self.rule.vault));
        let with_vault_s = vault.and_then(|vault| vault.deleted_ago).map(|days| self.timeline.ago(days));
        let by_hand_s = match self.database.entry.trouble {
            Trouble::DeletedEarly if count % 5 == 2 => Some(available_s + 6 * HOUR_S),
            Trouble::NewestDeleted if created_s > self.timeline.end_s - 3 * DAY_S => {
                Some((available_s + HOUR_S).min(self.timeline.end_s - 600))
            }
            _ => None,
        };
        [with_vault_s, by_hand_s].into_iter().flatten().fold(by_lifecycle_s, i64::min)
    }

    fn job(
        &mut self,
        created_s: i64,
        attempt: usize,
        started_s: Option<i64>,
        ended_s: i64,
        state: &'static str,
        message: Option<&'static str>,
    ) -> String {
        let id = self.job_id(created_s, attempt);
        let (plan, rule) = (self.plan, self.rule);
        self.history.jobs.push(Job { id: id.clone(), database: self.index, plan, rule, created_s, started_s, ended_s, state, message });
        id
    }

    /// An id that no other job has: database, plan rule, attempt and minute are in it. Little chance in it keeps the files small.
    fn job_id(&mut self, created_s: i64, attempt: usize) -> String {
        let plan = PLANS.iter().position(|plan| std::ptr::eq(plan, self.plan)).unwrap_or_default();
        let minute = created_s.div_euclid(MINUTE_S);
        let chance = self.random.hex(3).to_uppercase();
        format!("{}-{plan:02X}{:02X}-4{chance}-A{attempt:03X}-{minute:012X}", self.database.life[..8].to_uppercase(), self.number)
    }
}
