//! Who is in the population, and in which role.

use serde_json::{Value, json};

use super::estate::*;
use super::things::*;

#[test]
fn roles() {
    let db = |changes: Value| with(db("x"), changes);
    let marked = json!({ "awsbackup-restore-test": "plan-1" });
    // why, instance, role
    let cases = [
        ("holds its own data", db(json!({})), json!("primary")),
        ("stores its data in a cluster", db(json!({ "db_cluster_identifier": "shop" })), json!("cluster_member")),
        ("repeats another", db(json!({ "read_replica_source": "orders" })), json!("replica")),
        ("the tag of a restore test", db(json!({ "tags": marked.clone() })), json!("restore_test")),
        ("a replica that a restore test made", db(json!({ "tags": marked, "read_replica_source": "orders" })), json!("restore_test")),
        ("tags unread: may be a leftover", db(json!({ "tags": null })), Value::Null),
        ("tags unread, but a replica either way", db(json!({ "tags": null, "read_replica_source": "orders" })), json!("replica")),
        ("a Neptune member", db(json!({ "engine": "neptune", "db_cluster_identifier": "graph" })), json!("cluster_member")),
        ("a DocumentDB member", db(json!({ "engine": "docdb", "db_cluster_identifier": "docs" })), json!("cluster_member")),
    ];
    for (why, instance, role) in cases {
        let facts = Estate::new().has("rds_instances", [instance]).facts();
        assert_eq!(facts.row("resources", &db_arn("x"))["role"], role, "{why}");
    }
}

#[test]
fn a_name_tells_a_leftover_even_if_tags_are_unread() {
    let name = "awsbackup-restore-test-7";
    let facts = Estate::new().has("rds_instances", [with(db(name), json!({ "tags": null }))]).facts();
    assert_eq!(facts.row("resources", &db_arn(name))["role"], json!("restore_test"));
}

#[test]
fn clusters_by_engine() {
    // why, table, engine, type of AWS, type of AWS Backup
    let cases = [
        ("Aurora", "rds_clusters", "aurora-postgresql", "AWS::RDS::DBCluster", json!("Aurora")),
        ("a Multi-AZ DB cluster is RDS", "rds_clusters", "mysql", "AWS::RDS::DBCluster", json!("RDS")),
        ("Neptune", "neptune_clusters", "neptune", "AWS::Neptune::DBCluster", json!("Neptune")),
        ("DocumentDB", "documentdb_clusters", "docdb", "AWS::DocDB::DBCluster", json!("DocumentDB")),
        ("engine unread", "rds_clusters", "", "AWS::RDS::DBCluster", Value::Null),
    ];
    for (why, table, engine, resource_type, backup_type) in cases {
        let engine = if engine.is_empty() { Value::Null } else { json!(engine) };
        let facts = Estate::new().has(table, [with(cluster("c"), json!({ "engine": engine }))]).facts();
        let row = facts.row("resources", &cluster_arn("c"));
        assert_eq!((&row["subject_type"], &row["backup_type"]), (&json!(resource_type), &backup_type), "{why}");
    }
}

#[test]
fn what_is_created_at_or_after_the_moment_is_not_there_yet() {
    for (why, created_s, there) in [("before", NOW_S - 1, 1), ("at", NOW_S, 0), ("after", NOW_S + 1, 0)] {
        let facts = Estate::new().has("rds_instances", [with(db("x"), json!({ "instance_create_time": created_s }))]).facts();
        assert_eq!(facts.rows("resources", &db_arn("x")).len(), there, "{why}");
    }
}

#[test]
fn native_backups() {
    // why, changes, retention, restorable age
    let cases = [
        (
            "on, ten minutes behind",
            json!({ "backup_retention_period_days": 7, "latest_restorable_time": NOW_S - 600 }),
            json!(7),
            json!(600),
        ),
        ("off", json!({ "backup_retention_period_days": 0 }), json!(0), Value::Null),
        ("not told is not off", json!({ "backup_retention_period_days": null }), Value::Null, Value::Null),
    ];
    for (why, changes, retention, age) in cases {
        let facts = Estate::new().has("rds_instances", [with(db("x"), changes)]).facts();
        let row = facts.row("native_backups", &db_arn("x"));
        assert_eq!((&row["retention_days"], &row["restorable_age_s"]), (&retention, &age), "{why}");
        let protected = retention.as_i64().map_or(Value::Null, |days| json!(days > 0));
        assert_eq!(facts.row("coverage", &db_arn("x"))["protected_natively"], protected, "{why}");
    }
}

#[test]
fn tags_that_are_no_json_are_an_error_that_names_the_row() {
    let opened = Estate::new().has("rds_instances", [with(db("x"), json!({ "tags": "{" }))]).open();
    let window = crate::model::Window { start_s: ago(30, 0), end_s: NOW_S };
    let error = opened.facts(None, json!([]), window).unwrap_err().to_string();
    assert!(error.starts_with(&format!("table `rds_instances`, column `tags` of {}", db_arn("x"))), "{error}");
}

/// An ARN in the home Region.
fn arn(rest: &str) -> String {
    let (service, name) = rest.split_once(' ').expect("service, then name");
    format!("arn:aws:{service}:{HOME}:{ACCOUNT}:{name}")
}

#[test]
fn what_other_services_hold() {
    let table = |changes: Value| ("dynamodb_tables", with(json!({ "table_arn": arn("dynamodb table/t"), "table_name": "t" }), changes));
    let bucket = |changes: Value| ("s3_buckets", with(json!({ "bucket_arn": "arn:aws:s3:::b", "bucket_name": "b", "tags": {} }), changes));
    let efs = |changes: Value| {
        let id = json!({ "file_system_arn": arn("elasticfilesystem file-system/fs-1"), "file_system_id": "fs-1", "tags": {} });
        ("efs_file_systems", with(id, changes))
    };
    let fsx = |changes: Value| {
        let id = json!({ "file_system_arn": arn("fsx file-system/fs-1"), "file_system_id": "fs-1", "file_system_type": "WINDOWS" });
        ("fsx_file_systems", with(id, changes))
    };
    let fsx_volume = |changes: Value| {
        let id = json!({ "volume_arn": arn("fsx volume/fs-1/fsvol-1"), "file_system_id": "fs-1", "volume_type": "ONTAP", "ontap_volume_type": "RW" });
        ("fsx_volumes", with(id, changes))
    };
    let cache = |kind: &str, engine: &str| {
        (
            "elasticache_groups",
            json!({ "cache_arn": arn("elasticache c:c"), "kind": kind, "engine": engine, "snapshot_retention_limit_days": 3 }),
        )
    };
    let warehouse = |days: Value| {
        let id = json!({ "cluster_arn": arn("redshift cluster:c"), "cluster_identifier": "c", "tags": {} });
        ("redshift_clusters", with(id, json!({ "automated_snapshot_retention_period_days": days })))
    };
    let volume = ("ebs_volumes", json!({ "volume_arn": arn("ec2 volume/vol-1"), "volume_id": "vol-1", "attachments": [] }));
    let instance =
        |state: &str| ("ec2_instances", json!({ "instance_arn": arn("ec2 instance/i-1"), "instance_id": "i-1", "state": state }));
    let (none, primary) = (Value::Null, json!("primary"));
    // why, table and row, type, role, days of native backups
    let cases = [
        (
            "PITR on",
            table(json!({ "point_in_time_recovery_status": "ENABLED", "recovery_period_days": 14 })),
            "DynamoDB",
            &primary,
            json!(14),
        ),
        ("PITR off", table(json!({ "point_in_time_recovery_status": "DISABLED" })), "DynamoDB", &primary, json!(0)),
        ("PITR not told", table(json!({})), "DynamoDB", &primary, Value::Null),
        ("versions are no backups", bucket(json!({ "versioning_status": "Enabled" })), "S3", &primary, json!(0)),
        ("tags of a bucket unread: may be a leftover", bucket(json!({ "tags": null })), "S3", &none, json!(0)),
        ("EFS backs nothing up itself", efs(json!({ "replication_overwrite_protection": "ENABLED" })), "EFS", &primary, json!(0)),
        ("repeats another", efs(json!({ "replication_overwrite_protection": "REPLICATING" })), "EFS", &json!("replica"), json!(0)),
        ("may repeat another", efs(json!({})), "EFS", &none, json!(0)),
        ("daily backups", fsx(json!({ "automatic_backup_retention_days": 7 })), "FSx", &primary, json!(7)),
        ("scratch", fsx(json!({ "file_system_type": "LUSTRE", "deployment_type": "SCRATCH_2" })), "FSx", &primary, json!(0)),
        ("ONTAP keeps its data in volumes", fsx(json!({ "file_system_type": "ONTAP" })), "FSx", &json!("container"), Value::Null),
        ("a volume of ONTAP", fsx_volume(json!({ "storage_virtual_machine_root": false })), "FSx", &primary, Value::Null),
        ("the root of a machine", fsx_volume(json!({ "storage_virtual_machine_root": true })), "FSx", &json!("part"), Value::Null),
        (
            "a mirror",
            fsx_volume(json!({ "storage_virtual_machine_root": false, "ontap_volume_type": "DP" })),
            "FSx",
            &json!("replica"),
            Value::Null,
        ),
        ("OpenZFS is backed up whole", fsx_volume(json!({ "volume_type": "OPENZFS" })), "", &json!("part"), Value::Null),
        ("a replication group", cache("replication_group", "redis"), "", &primary, json!(3)),
        ("serverless Memcached has snapshots", cache("serverless_cache", "memcached"), "", &primary, json!(3)),
        ("a warehouse", warehouse(json!(1)), "Redshift", &primary, json!(1)),
        ("a volume that no policy takes", volume, "EBS", &primary, json!(0)),
        ("an instance keeps its data in volumes", instance("running"), "EC2", &json!("container"), Value::Null),
    ];
    for (why, (table, row), backup_type, role, days) in cases {
        let subject = row
            .as_object()
            .and_then(|row| row.values().filter_map(Value::as_str).find(|text| text.starts_with("arn:")))
            .unwrap()
            .to_owned();
        let facts = Estate::new().has(table, [row]).facts();
        let found = facts.row("resources", &subject);
        let backup_type = if backup_type.is_empty() { Value::Null } else { json!(backup_type) };
        assert_eq!((&found["backup_type"], &found["role"], &found["native_retention_days"]), (&backup_type, role, &days), "{why}");
    }
    for (why, (table, row)) in
        [("terminated", instance("terminated")), ("nodes of Memcached keep nothing", cache("cache_cluster", "memcached"))]
    {
        let facts = Estate::new().has(table, [row]).facts();
        assert!(facts.all("resources").is_empty(), "{why}");
    }
}

#[test]
fn tags_that_only_the_tagging_api_tells() {
    let table = json!({ "table_arn": arn("dynamodb table/t"), "table_name": "t" });
    let tagged = json!({ "resource_arn": arn("dynamodb table/t"), "tags": { "awsbackup-restore-test": "x" } });
    let estate = || Estate::new().has("dynamodb_tables", [table.clone()]);
    let cases = [
        ("not listed there: it has none", estate(), json!("primary")),
        ("listed", estate().has("data_resource_tags", [tagged]), json!("restore_test")),
        ("that list unread", estate().denied("data_resource_tags", None), Value::Null),
    ];
    for (why, estate, role) in cases {
        assert_eq!(estate.facts().row("resources", &arn("dynamodb table/t"))["role"], role, "{why}");
    }
}

#[test]
fn volumes_are_covered_by_themselves_or_with_an_instance() {
    let volume = |tags: Value| {
        json!({ "volume_arn": arn("ec2 volume/vol-1"), "volume_id": "vol-1", "create_time": ago(100, 0), "attachments": [{ "InstanceId": "i-1" }],
            "tags": tags })
    };
    let instance = |tags: Value| json!({ "instance_arn": arn("ec2 instance/i-1"), "instance_id": "i-1", "state": "running", "tags": tags });
    let (marked, plain) = (json!({ "backup": "yes" }), json!({}));
    let on = json!([{ "resource_type": "EBS", "opt_in": true }, { "resource_type": "EC2", "opt_in": true }]);
    let estate = |of_volume: &Value, of_instance: Option<&Value>| {
        let planned =
            Estate::new().has("backup_plans", [plan("core")]).has("plan_rules", [rule("core")]).has("selections", [selection("core")]);
        let planned = planned.has("region_settings", on.as_array().unwrap().clone());
        planned.has("ebs_volumes", [volume(of_volume.clone())]).has("ec2_instances", of_instance.map(|tags| instance(tags.clone())))
    };
    let daily = json!({ "policy_arn": arn("dlm policy/p"), "state": "ENABLED", "policy_type": "EBS_SNAPSHOT_MANAGEMENT", "default_policy": false,
        "resource_types": ["VOLUME"], "target_tags": [{ "Key": "stage", "Value": "prod" }] });
    let staged = json!({ "stage": "prod" });
    let (yes, no, open) = (json!(true), json!(false), Value::Null);
    // why, estate, covered, through the instance, by its service
    let cases = [
        ("by itself", estate(&marked, Some(&plain)), &yes, false, &no),
        ("with its instance", estate(&plain, Some(&marked)), &yes, true, &no),
        ("neither", estate(&plain, Some(&plain)), &no, false, &no),
        ("the instance is not there", estate(&plain, None), &open, false, &no),
        ("instances unread", estate(&plain, Some(&marked)).denied("ec2_instances", None), &open, false, &no),
        ("a policy of snapshots", estate(&staged, Some(&plain)).has("dlm_policies", [daily]), &no, false, &yes),
        ("policies unread", estate(&plain, Some(&plain)).denied("dlm_policies", None), &no, false, &open),
    ];
    for (why, estate, covered, through, natively) in cases {
        let facts = estate.facts();
        let row = facts.row("coverage", &arn("ec2 volume/vol-1"));
        assert_eq!((&row["covered"], &row["protected_natively"]), (covered, natively), "{why}");
        assert_eq!(row["via"] == json!(arn("ec2 instance/i-1")), through, "{why}");
    }
    // What an instance's backups restore nobody may call missing.
    let facts = estate(&plain, Some(&plain)).facts();
    let (newest, locked) = (facts.row("newest_points", &arn("ec2 volume/vol-1")), facts.row("locked_points", &arn("ec2 volume/vol-1")));
    assert_eq!((&newest["has_point"], &locked["in_locked_vault"]), (&open, &open));
}

#[test]
fn what_is_covered_with_another_resource_says_nothing_of_cold_storage() {
    let volume = json!({ "volume_arn": arn("ec2 volume/vol-1"), "volume_id": "vol-1", "create_time": ago(100, 0), "attachments": [{ "InstanceId": "i-1" }] });
    let instance = json!({ "instance_arn": arn("ec2 instance/i-1"), "instance_id": "i-1", "state": "running" });
    let cold = with(rule("core"), json!({ "move_to_cold_storage_after_days": 30, "delete_after_days": 120 }));
    // why, what the selection names, whether cold storage is ignored
    let cases = [
        ("snapshots of a volume can be moved", "ec2 volume/vol-1", json!(false)),
        ("images of its instance cannot, though they cover it; other resources may be selected", "ec2 instance/i-1", Value::Null),
    ];
    for (why, named, ignored) in cases {
        let estate = Estate::new().has("backup_plans", [plan("core")]).has("plan_rules", [cold.clone()]);
        let estate = estate.has("selections", [selection_of("core", &[&arn(named)])]);
        let facts = estate.has("ebs_volumes", [volume.clone()]).has("ec2_instances", [instance.clone()]).facts();
        assert_eq!(facts.row("coverage", &arn("ec2 volume/vol-1"))["covered"], json!(true), "{why}");
        assert_eq!(facts.row("lifecycles", &plan_arn("core"))["cold_ignored"], ignored, "{why}");
    }
}
