//! Rows of what stands around the backups: the organisation, Audit Manager, legal holds, and what AWS Backup thinks it protects.

use std::collections::BTreeMap;

use backup_audit::collect::frameworks::FrameworkRow;
use backup_audit::collect::global_settings::GlobalSettingRow;
use backup_audit::collect::legal_holds::LegalHoldRow;
use backup_audit::collect::org_effective_policies::OrgEffectivePolicyRow;
use backup_audit::collect::organization::OrganizationRow;
use backup_audit::collect::protected_resources::ProtectedResourceRow;
use backup_audit::collect::report_plans::ReportPlanRow;
use backup_audit::dataset::rows::millis;
use backup_audit::model::key::resource_key;
use backup_audit::model::moment::{DAY_S, HOUR_S};
use serde_json::{Value, json as value};

use crate::catalogue::Twist;
use crate::history::Point;
use crate::kept;
use crate::plans::{ACCOUNT, US, vault_arn};
use crate::random::Random;
use crate::rows::{json, strings, text};
use crate::world::{Place, World};

/// The account that manages the organization.
const MANAGEMENT: &str = "555566667777";

fn arn(region: &str, kind: &str, name: &str) -> String {
    let id = Random::new(0, &format!("{kind}/{region}/{name}")).uuid();
    let name = if kind == "legal-hold" { id } else { format!("{name}-{id}") };
    format!("arn:aws:backup:{region}:{ACCOUNT}:{kind}:{name}")
}

/// Settings of the organisation, the same for its accounts.
pub(crate) fn settings(world: &World) -> Vec<GlobalSettingRow> {
    vec![GlobalSettingRow {
        cross_account_backup_enabled: Some(true),
        mpa_enabled: Some(false),
        delegated_administrator_enabled: Some(false),
        in_organization: Some(true),
        last_update_time: Some(millis(world.timeline.end_s - 600 * DAY_S)),
    }]
}

/// The organization: the account that keeps copies is its member, too.
pub(crate) fn organization(place: Place) -> Vec<OrganizationRow> {
    vec![OrganizationRow {
        organization_arn: Some(format!("arn:aws:organizations::{MANAGEMENT}:organization/o-acme1234ab")),
        organization_id: text("o-acme1234ab"),
        feature_set: text("ALL"),
        management_account_arn: Some(format!("arn:aws:organizations::{MANAGEMENT}:account/o-acme1234ab/{MANAGEMENT}")),
        management_account_id: text(MANAGEMENT),
        is_management_account: Some(place.account == MANAGEMENT),
    }]
}

/// The backup policy of the organization in an account: nobody wrote one, teams plan for themselves.
pub(crate) fn effective_policies() -> Vec<OrgEffectivePolicyRow> {
    vec![OrgEffectivePolicyRow { policy_type: text("BACKUP_POLICY"), ..OrgEffectivePolicyRow::default() }]
}

/// Frameworks of a Region: one that works, one that was never deployed, one that watches what AWS Config does not record.
pub(crate) fn frameworks(world: &World, place: Place) -> Vec<FrameworkRow> {
    let controls: [&[&str]; 2] = [
        &["BACKUP_RESOURCES_PROTECTED_BY_BACKUP_PLAN", "BACKUP_RECOVERY_POINT_ENCRYPTED", "BACKUP_LAST_RECOVERY_POINT_CREATED"],
        &["RESTORE_TIME_FOR_RESOURCES_MEET_TARGET"],
    ];
    let row = |name: &str, deployment: &str, status: Option<&str>, controls: &[&str]| FrameworkRow {
        framework_arn: Some(arn(place.region, "framework", name)),
        framework_name: text(name),
        deployment_status: text(deployment),
        framework_status: status.map(str::to_owned),
        controls: Some(json(controls.iter().map(|control| value!({ "ControlName": control })).collect::<Value>())),
        controls_count: i64::try_from(controls.len()).ok(),
        creation_time: Some(millis(world.timeline.end_s - 300 * DAY_S)),
    };
    match (place.account, place.region) {
        (ACCOUNT, US) => {
            vec![row("baseline", "COMPLETED", Some("ACTIVE"), controls[0]), row("restores", "FAILED", Some("ACTIVE"), controls[1])]
        }
        // Whether AWS Config records what the second one watches is not told.
        (ACCOUNT, _) => vec![
            row("baseline_eu", "COMPLETED", Some("INACTIVE"), controls[0]),
            row("restores_eu", "COMPLETED", None, controls[1]),
            row("vaults_eu", "UPDATE_IN_PROGRESS", None, controls[1]),
        ],
        _ => Vec::new(),
    }
}

/// Report plans of a Region: one that is delivered daily, one whose bucket has gone, one whose first report was never tried.
pub(crate) fn report_plans(world: &World, place: Place) -> Vec<ReportPlanRow> {
    let daily_s = place.now_s.div_euclid(DAY_S) * DAY_S - 16 * HOUR_S;
    let row = |name: &str, template: &str, tried_s: Option<i64>, made_s: Option<i64>| ReportPlanRow {
        report_plan_arn: Some(arn(place.region, "report-plan", name)),
        report_plan_name: text(name),
        report_template: text(template),
        s3_bucket_name: Some(format!("acme-{}-reports", name.replace('_', "-"))),
        formats: Some(strings(["CSV", "JSON"])),
        deployment_status: text("COMPLETED"),
        creation_time: Some(millis(world.timeline.end_s - 300 * DAY_S)),
        last_attempted_execution_time: tried_s.map(millis),
        last_successful_execution_time: made_s.map(millis),
        ..ReportPlanRow::default()
    };
    match (place.account, place.region) {
        (ACCOUNT, US) => vec![
            row("daily_jobs", "BACKUP_JOB_REPORT", Some(daily_s), Some(daily_s + HOUR_S)),
            row("daily_copies", "COPY_JOB_REPORT", Some(daily_s), Some(world.timeline.ago(85))),
            row("daily_restores", "RESTORE_JOB_REPORT", None, None),
        ],
        (ACCOUNT, _) => vec![row("compliance_eu", "CONTROL_COMPLIANCE_REPORT", None, None)],
        _ => Vec::new(),
    }
}

/// Legal holds of a Region: one of a court, one that was settled.
pub(crate) fn legal_holds(world: &World, place: Place) -> Vec<LegalHoldRow> {
    if (place.account, place.region) != (ACCOUNT, US) {
        return Vec::new();
    }
    let held: Vec<String> =
        world.databases.iter().filter(|database| database.entry.has(Twist::Held)).map(crate::fleet::Database::arn).collect();
    let row = |title: &str, resources: &[String], settled: bool| {
        let legal_hold_arn = arn(place.region, "legal-hold", title);
        LegalHoldRow {
            legal_hold_id: legal_hold_arn.rsplit(':').next().map(str::to_owned),
            legal_hold_arn: Some(legal_hold_arn),
            title: text(title),
            status: text(if settled { "CANCELED" } else { "ACTIVE" }),
            resource_identifiers: Some(strings(resources.iter().cloned())),
            creation_date: Some(millis(world.timeline.ago(80))),
            cancellation_date: settled.then(|| millis(world.timeline.ago(78))),
            ..LegalHoldRow::default()
        }
    };
    vec![row("Docket 24-117", &held, false), row("Docket 23-940", &[], true)]
}

/// What AWS Backup counts as protected: whatever has a recovery point in the Region.
pub(crate) fn protected(world: &World, place: Place) -> Vec<ProtectedResourceRow> {
    let mut newest: BTreeMap<usize, &Point> = BTreeMap::new();
    for point in world.points_of(place) {
        let known = newest.entry(point.database).or_insert(point);
        if known.created_s < point.created_s {
            *known = point;
        }
    }
    let row = |(database, point): (usize, &Point)| {
        let database = &world.databases[database];
        ProtectedResourceRow {
            resource_arn: Some(database.arn()),
            resource_key: Some(resource_key(&database.arn())),
            resource_type: text(database.entry.kind.backup_type()),
            resource_name: Some(database.name.clone()),
            last_backup_time: Some(millis(point.created_s)),
            last_backup_vault_arn: Some(vault_arn(point.account, point.region, point.vault)),
            last_recovery_point_arn: Some(world.point_arn(point)),
        }
    };
    newest.into_iter().map(row).chain(kept::protected(world, place)).collect()
}
