//! Checks of other tools and duties of documents: each is answered by a rule, or says why not.

use backup_audit::collect::tables;
use backup_audit::engine::Library;
use backup_audit::engine::answers::answers;
use backup_audit::engine::derived::relations;
use backup_audit::engine::duties::{Duties, DutyClass};

fn library() -> Library {
    Library::load(&relations(&tables()), None).unwrap_or_else(|error| panic!("{error}"))
}

/// Rules that were being written when the list was begun. It only grows shorter.
const PLANNED: usize = 93;

#[test]
fn a_rule_that_exists_is_planned_no_more() {
    let library = library();
    let planned: Vec<_> = library.catalogues.planned.iter().map(|planned| planned.rule.as_str()).collect();
    println!("{} rules are being written: {}", planned.len(), planned.join(", "));
    assert!(planned.len() <= PLANNED, "a rule that is not written yet is promised to nobody");
    let born: Vec<_> = planned.iter().filter(|id| library.rules.get(id).is_some()).collect();
    assert!(
        born.is_empty(),
        "these rules exist: {born:?}. Take them out of rules/catalogues/planned.yaml, and put their `answers` there into the rules as `equivalent_to`"
    );
}

#[test]
fn every_check_is_answered_or_says_why_not_and_never_both() {
    let library = library();
    let answers = answers(&library, &Duties::default());
    for catalogue in &answers.catalogues {
        for check in &catalogue.checks {
            let answered = !check.rules.is_empty() || !check.planned.is_empty();
            let (id, none) = (&check.check.id, &check.check.none);
            assert_ne!(answered, none.is_some(), "{}:{id}: {:?}, {none:?}", catalogue.id, check.rules);
            assert!(check.check.source.starts_with("https://"), "{id}");
        }
    }
}

#[test]
fn the_eleven_controls_of_audit_manager_are_answered_by_rules_that_exist() {
    // As the guide of AWS Backup lists them.
    let controls = [
        "BACKUP_LAST_RECOVERY_POINT_CREATED",
        "BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK",
        "BACKUP_RECOVERY_POINT_ENCRYPTED",
        "BACKUP_RECOVERY_POINT_MANUAL_DELETION_DISABLED",
        "BACKUP_RECOVERY_POINT_MINIMUM_RETENTION_CHECK",
        "BACKUP_RESOURCES_PROTECTED_BY_BACKUP_PLAN",
        "BACKUP_RESOURCES_PROTECTED_BY_BACKUP_VAULT_LOCK",
        "BACKUP_RESOURCES_PROTECTED_BY_CROSS_ACCOUNT",
        "BACKUP_RESOURCES_PROTECTED_BY_CROSS_REGION",
        "RESOURCES_IN_LOGICALLY_AIR_GAPPED_VAULT",
        "RESTORE_TIME_FOR_RESOURCES_MEET_TARGET",
    ];
    let library = library();
    let answers = answers(&library, &Duties::default());
    let catalogue = answers.catalogues.iter().find(|catalogue| catalogue.id == "audit-manager").unwrap();
    let mut answered: Vec<_> = catalogue.checks.iter().filter(|check| !check.rules.is_empty()).map(|check| &check.check.id).collect();
    answered.sort();
    assert_eq!(answered, controls);
    assert_eq!(catalogue.checks.len(), controls.len());
}

#[test]
fn a_family_of_rules_of_aws_config_is_whole() {
    // The types for which AWS has each family; a type that is left out would look answered.
    let families: [(&str, &[&str]); 5] = [
        (
            "-resources-protected-by-backup-plan",
            &["aurora", "dynamodb", "ebs", "ec2", "efs", "fsx", "rds", "s3", "storagegateway", "virtualmachine"],
        ),
        (
            "-last-backup-recovery-point-created",
            &["aurora", "dynamodb", "ebs", "ec2", "efs", "fsx", "rds", "s3", "storagegateway", "virtualmachine"],
        ),
        ("-meets-restore-time-target", &["aurora", "dynamodb", "ebs", "ec2", "efs", "fsx", "rds", "s3"]),
        ("-resources-in-logically-air-gapped-vault", &["aurora", "ebs", "ec2", "efs", "s3", "storagegateway", "virtualmachine"]),
        ("-in-backup-plan", &["dynamodb", "ebs", "efs", "rds"]),
    ];
    let library = library();
    let checks = &library.catalogues.get("aws-config").unwrap().checks;
    for (family, types) in families {
        let mut found: Vec<_> = checks.iter().filter_map(|check| check.id.strip_suffix(family)).collect();
        found.sort_unstable();
        assert_eq!(found, types, "{family}");
    }
}

#[test]
fn every_statement_of_the_documents_is_there() {
    let library = library();
    let duties = Duties::load(&library, None).unwrap_or_else(|error| panic!("{error}"));
    let numbered = [("R", 56), ("S", 33), ("D", 79), ("B", 68), ("P", 52)];
    let expected: Vec<String> = numbered.iter().flat_map(|(letter, last)| (1..=*last).map(move |at| format!("{letter}-{at:02}"))).collect();
    assert_eq!(duties.duties.iter().map(|duty| duty.id.clone()).collect::<Vec<_>>(), expected);
    for duty in &duties.duties {
        assert!(!duty.statement.is_empty() && !duty.heading.is_empty(), "{}", duty.id);
    }
}

#[test]
fn what_aws_can_be_asked_of_a_rule_asks_but_for_these() {
    let undecided = [
        ("R-21", "which tags points carry"),
        ("D-34", "in which order a snapshot and a restore came"),
        ("B-63", "that a dashboard exists"),
        ("P-46", "the ticket of a restore"),
        ("P-47", "who allowed a restore"),
        ("P-51", "the incident of a restore"),
    ];
    let library = library();
    let duties = Duties::load(&library, None).unwrap();
    let without: Vec<_> = duties
        .duties
        .iter()
        .filter(|duty| matches!(duty.class, DutyClass::A | DutyClass::AO) && duty.rules.is_empty())
        .map(|duty| duty.id.as_str())
        .collect();
    assert_eq!(without, undecided.map(|(id, _)| id));
}
