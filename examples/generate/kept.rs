//! What AWS Backup keeps of things that are no databases: jobs and points of the weekly plan, and of the one that AWS makes for EFS.
//!
//! Nothing here depends on chance: each run makes a point, but for one that somebody stopped.

use backup_audit::collect::backup_jobs::BackupJobRow;
use backup_audit::collect::protected_resources::ProtectedResourceRow;
use backup_audit::collect::recovery_points::RecoveryPointRow;
use backup_audit::dataset::rows::millis;
use backup_audit::facts::schedule::cron::Schedule;
use backup_audit::model::key::resource_key;
use backup_audit::model::moment::{DAY_S, HOUR_S};

use crate::configuration::version;
use crate::holdings::{arn, id};
use crate::keys::Key;
use crate::plans::{ACCOUNT, EFS_AUTOMATIC_VAULT, PLANS, Plan, Rule, US, VAULTS, vault_arn};
use crate::principals::{DEFAULT_ROLE, SERVICE_LINKED_ROLE, role_arn};
use crate::random::Random;
use crate::rows::text;
use crate::world::{Place, World};

/// Days for which AWS Backup lists jobs.
const JOBS_DAYS: i64 = 30;
/// Time from the creation of a job to its start, and to its end.
const WAITS_S: i64 = 7 * 60;
const TAKES_S: i64 = 50 * 60;
/// Time after its retention within which AWS deletes a point.
const DELETED_WITHIN_S: i64 = 3 * HOUR_S;

/// What is backed up, as far as points differ by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    Bucket,
    FileSystem,
    /// A table of Timestream, which no table of the dataset lists.
    Metrics,
    Table,
    Volume,
}

/// A thing that a plan backs up; moments in days of a quarter before the end.
pub(crate) struct Kept {
    pub(crate) name: &'static str,
    pub(crate) of: Of,
    plan: &'static str,
    size_gib: i64,
    pub(crate) made_ago: i64,
    pub(crate) gone_ago: Option<i64>,
    /// When somebody stopped its job.
    pub(crate) stopped_ago: Option<i64>,
}

const fn weekly(name: &'static str, of: Of, size_gib: i64) -> Kept {
    Kept { name, of, plan: "weekly-files", size_gib, made_ago: 400, gone_ago: None, stopped_ago: None }
}

/// Everything of the kind.
pub(crate) static KEPT: [Kept; 10] = [
    weekly("acme-invoices", Of::Bucket, 60),
    weekly("builds", Of::Volume, 200),
    weekly("coupons", Of::Table, 2),
    Kept { stopped_ago: Some(13), ..weekly("design-files", Of::FileSystem, 900) },
    weekly("mail-archive", Of::Volume, 400),
    weekly("metrics", Of::Metrics, 30),
    weekly("old-wiki", Of::Volume, 20),
    // Of a Spot instance: AWS took the instance back and its volume with it, and no call says so.
    Kept { gone_ago: Some(24), ..weekly("renders", Of::Volume, 100) },
    weekly("web-data", Of::Volume, 80),
    Kept { plan: "aws/efs/automatic-backup-plan", made_ago: 20, ..weekly("web-uploads", Of::FileSystem, 40) },
];

/// A run of a plan for one thing.
pub(crate) struct Run {
    pub(crate) kept: &'static Kept,
    plan: &'static Plan,
    rule: &'static Rule,
    pub(crate) created_s: i64,
    pub(crate) stopped: bool,
}

impl Kept {
    /// Its ARN.
    pub(crate) fn arn(&self) -> String {
        match self.of {
            Of::Bucket => format!("arn:aws:s3:::{}", self.name),
            Of::FileSystem => arn("elasticfilesystem", US, &format!("file-system/{}", id("fs", self.name))),
            Of::Metrics => arn("timestream", US, &format!("database/{}/table/requests", self.name)),
            Of::Table => arn("dynamodb", US, &format!("table/{}", self.name)),
            Of::Volume => arn("ec2", US, &format!("volume/{}", id("vol", self.name))),
        }
    }

    fn backup_type(&self) -> &'static str {
        match self.of {
            Of::Bucket => "S3",
            Of::FileSystem => "EFS",
            Of::Metrics => "Timestream",
            Of::Table => "DynamoDB",
            Of::Volume => "EBS",
        }
    }

    /// The runs of its plan up to a moment.
    pub(crate) fn runs(&'static self, world: &World, now_s: i64) -> Vec<Run> {
        let Some(plan) = PLANS.iter().find(|plan| plan.name == self.plan) else { return Vec::new() };
        let Some(rule) = plan.rules.first() else { return Vec::new() };
        let Ok(schedule) = Schedule::parse(rule.schedule.unwrap_or_default(), rule.timezone) else { return Vec::new() };
        let from_s = world.timeline.begin_s().max(world.timeline.ago(self.made_ago));
        let until_s = self.gone_ago.map_or(now_s, |days| now_s.min(world.timeline.ago(days)));
        let stopped_s = self.stopped_ago.map(|days| world.timeline.ago(days));
        let run = |created_s| {
            let stopped = stopped_s.is_some_and(|at_s| (created_s - DAY_S..=created_s + 6 * DAY_S).contains(&at_s));
            Run { kept: self, plan, rule, created_s, stopped }
        };
        schedule.runs(from_s, until_s).map(run).collect()
    }
}

impl Run {
    pub(crate) fn job_id(&self) -> String {
        Random::new(0, &format!("job/{}/{}", self.kept.name, self.created_s)).uuid().to_uppercase()
    }

    /// ARN of the point: a snapshot of EC2, or one that AWS Backup manages.
    pub(crate) fn point_arn(&self) -> String {
        let job = self.job_id().to_lowercase();
        match self.kept.of {
            Of::Volume => format!("arn:aws:ec2:{US}::snapshot/{}", id("snap", &job)),
            _ => arn("backup", US, &format!("recovery-point:{job}")),
        }
    }

    /// When the data of the point was captured, and when the point was there.
    pub(crate) fn started_s(&self) -> i64 {
        self.created_s + WAITS_S
    }

    pub(crate) fn ended_s(&self) -> i64 {
        self.created_s + TAKES_S
    }

    /// When AWS deletes the point.
    pub(crate) fn gone_s(&self) -> i64 {
        self.created_s + self.rule.delete_days * DAY_S + DELETED_WITHIN_S
    }

    pub(crate) fn has_point(&self, now_s: i64) -> bool {
        !self.stopped && self.ended_s() <= now_s && now_s < self.gone_s()
    }

    pub(crate) fn role(&self) -> String {
        role_arn(if self.rule.vault == EFS_AUTOMATIC_VAULT { SERVICE_LINKED_ROLE } else { DEFAULT_ROLE })
    }

    pub(crate) fn vault_arn(&self) -> String {
        vault_arn(ACCOUNT, US, self.rule.vault)
    }

    /// Key of the point: that of a volume, else that of the vault.
    fn key(&self) -> Key {
        let vault = VAULTS.iter().find(|vault| vault.name == self.rule.vault && vault.region == US);
        vault.filter(|_| self.kept.of != Of::Volume).map_or(Key::Aws("ebs"), |vault| vault.key)
    }

    fn job_row(&self, now_s: i64) -> BackupJobRow {
        let over = self.ended_s() <= now_s;
        let done = over && !self.stopped;
        BackupJobRow {
            backup_job_id: Some(self.job_id()),
            state: text(if done {
                "COMPLETED"
            } else if over {
                "ABORTED"
            } else {
                "RUNNING"
            }),
            message_category: text(if over && self.stopped { "ABORTED" } else { "SUCCESS" }),
            status_message: (over && self.stopped).then(|| "Job was stopped by user".to_owned()),
            resource_key: Some(resource_key(&self.kept.arn())),
            resource_arn: Some(self.kept.arn()),
            resource_type: text(self.kept.backup_type()),
            resource_name: text(self.kept.name),
            backup_vault_arn: Some(self.vault_arn()),
            backup_vault_name: text(self.rule.vault),
            recovery_point_arn: done.then(|| self.point_arn()),
            creation_date: Some(millis(self.created_s)),
            completion_date: over.then(|| millis(self.ended_s())),
            initiation_date: Some(millis(self.started_s())),
            backup_size_bytes: done.then_some(self.kept.size_gib << 30),
            percent_done: text(if done { "100.0" } else { "0.0" }),
            backup_plan_arn: Some(self.plan.arn()),
            backup_plan_id: Some(self.plan.id()),
            backup_rule_id: Some(self.plan.part_id(self.rule.name)),
            is_parent: Some(false),
            backup_type: text("BACKUP"),
            delete_after_days: Some(self.rule.delete_days),
            is_encrypted: Some(true),
            encryption_key_arn: self.key().arn(ACCOUNT, US),
            ..BackupJobRow::default()
        }
    }

    fn point_row(&self) -> RecoveryPointRow {
        RecoveryPointRow {
            backup_vault_arn: Some(self.vault_arn()),
            backup_vault_name: text(self.rule.vault),
            recovery_point_arn: Some(self.point_arn()),
            resource_arn: Some(self.kept.arn()),
            resource_key: Some(resource_key(&self.kept.arn())),
            resource_type: text(self.kept.backup_type()),
            resource_name: text(self.kept.name),
            status: text("COMPLETED"),
            creation_date: Some(millis(self.created_s)),
            initiation_date: Some(millis(self.started_s())),
            completion_date: Some(millis(self.ended_s())),
            backup_size_bytes: Some(self.kept.size_gib << 30),
            delete_after_days: Some(self.rule.delete_days),
            delete_at: Some(millis(self.created_s + self.rule.delete_days * DAY_S)),
            encryption_key_arn: self.key().arn(ACCOUNT, US),
            encryption_key_type: self.key().type_word(),
            is_encrypted: Some(true),
            iam_role_arn: Some(self.role()),
            is_parent: Some(false),
            vault_type: text("BACKUP_VAULT"),
            backup_plan_arn: Some(self.plan.arn()),
            backup_plan_id: Some(self.plan.id()),
            backup_plan_version: Some(version(self.plan)),
            backup_rule_id: Some(self.plan.part_id(self.rule.name)),
            ..RecoveryPointRow::default()
        }
    }
}

/// Every run up to a moment.
pub(crate) fn runs(world: &World, now_s: i64) -> impl Iterator<Item = Run> + use<'_> {
    KEPT.iter().flat_map(move |kept| kept.runs(world, now_s))
}

fn here(place: Place) -> bool {
    (place.account, place.region) == (ACCOUNT, US)
}

/// When a plan last ran for any of them.
pub(crate) fn last_run_s(world: &World, plan: &Plan, now_s: i64) -> Option<i64> {
    runs(world, now_s).filter(|run| std::ptr::eq(run.plan, plan)).map(|run| run.created_s).max()
}

/// The jobs of a Region that AWS still lists.
pub(crate) fn jobs(world: &World, place: Place) -> Vec<BackupJobRow> {
    let listed = runs(world, place.now_s).filter(|run| here(place) && place.now_s - JOBS_DAYS * DAY_S <= run.created_s);
    listed.map(|run| run.job_row(place.now_s)).collect()
}

/// The points of a vault.
pub(crate) fn points(world: &World, place: Place, vault: &str) -> Vec<RecoveryPointRow> {
    let there = runs(world, place.now_s).filter(|run| here(place) && run.rule.vault == vault && run.has_point(place.now_s));
    there.map(|run| run.point_row()).collect()
}

/// What AWS Backup counts as protected among them.
pub(crate) fn protected(world: &World, place: Place) -> Vec<ProtectedResourceRow> {
    let newest = |kept: &'static Kept| kept.runs(world, place.now_s).into_iter().rfind(|run| run.has_point(place.now_s));
    let row = |run: Run| ProtectedResourceRow {
        resource_arn: Some(run.kept.arn()),
        resource_key: Some(resource_key(&run.kept.arn())),
        resource_type: text(run.kept.backup_type()),
        resource_name: text(run.kept.name),
        last_backup_time: Some(millis(run.created_s)),
        last_backup_vault_arn: Some(run.vault_arn()),
        last_recovery_point_arn: Some(run.point_arn()),
    };
    KEPT.iter().filter(|_| here(place)).filter_map(newest).map(row).collect()
}
