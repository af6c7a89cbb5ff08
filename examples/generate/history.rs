//! What AWS Backup did over the simulated span: jobs with their delays and failures, the points they made and what became of them, copies.
//!
//! A job is created at its scheduled time, starts within the start window and takes its time; the data of its point is that of its start. A point
//! goes up to eight hours after its retention has run out, as AWS does it, or when somebody deletes it, or with its vault.

use backup_audit::facts::schedule::cron::{DEFAULT_EXPRESSION, Schedule};
use backup_audit::model::moment::{DAY_S, HOUR_S};

use crate::catalogue::{Kind, Trouble};
use crate::fleet::Database;
use crate::plans::{PLANS, Plan, Rule, VAULTS};
use crate::random::Random;
use crate::timeline::Timeline;

const MINUTE_S: i64 = 60;
const KEY_DENIED: &str = "Access denied while calling AWS KMS: the key of the database does not admit the role of the plan.";
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
    pub(crate) region: &'static str,
    pub(crate) delete_days: i64,
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
    pub(crate) region: &'static str,
    pub(crate) vault: &'static str,
    /// Id of the job that made it.
    pub(crate) job_id: String,
    /// Creation, that of the source for a copy.
    pub(crate) created_s: i64,
    pub(crate) started_s: i64,
    pub(crate) available_s: i64,
    pub(crate) delete_days: i64,
    /// When it is no longer there.
    pub(crate) gone_s: i64,
    /// Index of the point it is a copy of.
    pub(crate) copy_of: Option<usize>,
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
    }
    history
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
            region: self.plan.region,
            vault: self.rule.vault,
            job_id: job_id.clone(),
            created_s,
            started_s,
            available_s: ended_s,
            delete_days: self.rule.delete_days,
            gone_s,
            copy_of: None,
        });
        if let Some((region, delete_days)) = self.rule.copy {
            self.copy(source, &job_id, region, delete_days);
        }
    }

    fn copy(&mut self, source: usize, job_id: &str, region: &'static str, delete_days: i64) {
        let Some(&Point { created_s: data_s, available_s, .. }) = self.history.points.get(source) else { return };
        let created_s = available_s + self.random.between(MINUTE_S, 5 * MINUTE_S);
        let ended_s = created_s + self.random.between(5 * MINUTE_S, 25 * MINUTE_S);
        let fails = match self.database.entry.trouble {
            Trouble::CopiesFail(from) => self.timeline.ago(from) <= created_s,
            _ => matches!(self.database.entry.kind, Kind::MultiAz(_)),
        };
        let message = fails.then_some(COPY_DENIED);
        let id = format!("C{}", &job_id[1..]);
        let state = if fails { "FAILED" } else { "COMPLETED" };
        self.history.copies.push(Copy { id: id.clone(), point: source, region, delete_days, created_s, ended_s, state, message });
        if fails {
            return;
        }
        let gone_s = data_s + delete_days * DAY_S + self.random.between(0, 8 * HOUR_S);
        self.history.points.push(Point {
            database: self.index,
            plan: self.plan,
            rule: self.rule,
            region,
            vault: "dr-copies",
            job_id: id,
            created_s: data_s,
            started_s: created_s,
            available_s: ended_s,
            delete_days,
            gone_s,
            copy_of: Some(source),
        });
    }

    /// When the point is no longer there: its retention has run out, somebody deleted it, or the vault went with all that was in it.
    fn gone_s(&mut self, created_s: i64, available_s: i64, count: usize) -> i64 {
        let by_lifecycle_s = created_s + self.rule.delete_days * DAY_S + self.random.between(0, 8 * HOUR_S);
        let vault = VAULTS.iter().find(|vault| vault.region == self.plan.region && vault.name == self.rule.vault);
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
