//! What a run records of each read, and of what it does not read.

use super::*;

#[tokio::test]
async fn every_unit_leaves_a_record_and_a_refusal_ends_nothing_else() {
    let denied = Reply::denied("GetBackupVaultAccessPolicy").containing("/backup-vaults/b/");
    let fake = testing::fake([vaults(&["a"], Some("2")), vaults(&["b"], None), policy("a"), denied, no_plans()]);
    let sink = Arc::new(Memory::default());
    let summary = run(&fake, &sink).await.unwrap();
    assert_eq!(
        sink.reads(),
        ["plans - complete 0", "policies - complete 0", "policies a complete 1", "policies b denied 0", "vaults - complete 2"]
    );
    assert_eq!(
        sink.reason("policies", Some(&arn("b"))),
        "AccessDeniedException: not allowed (request 00000000-0000-4000-8000-000000000001)"
    );
    assert_eq!(summary.rows, BTreeMap::from([("plans", 0), ("policies", 1), ("vaults", 2)]));
    assert_eq!((summary.calls, summary.reads, summary.stopped), (6, 5, false));
    let gaps: Vec<_> = summary.gaps.iter().map(|gap| (gap.table.as_str(), gap.status, gap.operation.as_str())).collect();
    assert_eq!(gaps, [("policies", ReadStatus::Denied, "GetBackupVaultAccessPolicy")]);
    assert_eq!(fake.left(), 0);
}

#[tokio::test]
async fn without_parents_the_children_are_skipped_and_nothing_looks_empty() {
    let fake = testing::fake([Reply::denied("ListBackupVaults"), no_plans()]);
    let sink = Arc::new(Memory::default());
    run(&fake, &sink).await.unwrap();
    assert_eq!(sink.reads(), ["plans - complete 0", "policies - skipped 0", "vaults - denied 0"]);
    assert!(sink.reason("policies", None).starts_with("vaults could not be listed (denied): AccessDenied"));
    assert!(!fake.asked().iter().any(|asked| asked.operation == "GetBackupVaultAccessPolicy"));
}

#[tokio::test]
async fn parents_known_from_half_a_list_are_read_and_the_rest_is_named_unread() {
    let fake = testing::fake([vaults(&["a"], Some("2")), Reply::denied("ListBackupVaults"), policy("a"), no_plans()]);
    let sink = Arc::new(Memory::default());
    run(&fake, &sink).await.unwrap();
    assert_eq!(sink.reads(), ["plans - complete 0", "policies - skipped 0", "policies a complete 1", "vaults - partial 1"]);
}

#[tokio::test]
async fn no_vaults_is_an_answer() {
    let fake = testing::fake([vaults(&[], None), no_plans()]);
    let sink = Arc::new(Memory::default());
    run(&fake, &sink).await.unwrap();
    assert_eq!(sink.reads(), ["plans - complete 0", "policies - complete 0", "vaults - complete 0"]);
}

#[tokio::test]
async fn what_broke_decides_how_the_read_counts() {
    let nameless = r#"{"BackupPlansList":[{"BackupPlanId":"x"},{"BackupPlanArn":"arn:aws:backup:eu-west-1:111122223333:backup-plan:y"}]}"#;
    // what AWS does, how the read of the plans counts, what the reason contains
    let cases = [
        (Reply::throttled("ListBackupPlans").forever(), "plans - throttled 0", "Rate exceeded"),
        (Reply::silent("ListBackupPlans").forever(), "plans - unavailable 0", "no answer in time"),
        (Reply::refused("ListBackupPlans").forever(), "plans - unavailable 0", "connection refused"),
        (Reply::ok("ListBackupPlans", r#"{"BackupPlansList":[{"#).forever(), "plans - unavailable 0", "breaks off"),
        (Reply::ok("ListBackupPlans", r#"{"BackupPlansList":[{}"#), "plans - unavailable 0", "unreadable answer with HTTP status 200"),
        (Reply::ok("ListBackupPlans", "").forever(), "plans - unavailable 0", "is empty"),
        (Reply::ok("ListBackupPlans", "<html>log in</html>"), "plans - unavailable 0", "unreadable answer with HTTP status 200"),
        (Reply::error("ListBackupPlans", 500, "{}").forever(), "plans - unavailable 0", "HTTP status 500"),
        (Reply::crash("ListBackupPlans"), "plans - unavailable 0", "a crash that the test asked for"),
        (Reply::ok("ListBackupPlans", nameless), "plans - partial 1", "1 × plans sent without BackupVaultArn"),
    ];
    for (reply, expected, reason) in cases {
        let fake = testing::fake([vaults(&[], None), reply]);
        let sink = Arc::new(Memory::default());
        run(&fake, &sink).await.unwrap();
        assert_eq!(sink.reads(), [expected, "policies - complete 0", "vaults - complete 0"]);
        assert!(sink.reason("plans", None).contains(reason), "`{}` does not say `{reason}`", sink.reason("plans", None));
    }
}

#[tokio::test]
async fn two_requests_to_slow_down_are_overcome_and_counted() {
    let fake = testing::fake([vaults(&[], None), Reply::throttled("ListBackupPlans"), Reply::throttled("ListBackupPlans"), no_plans()]);
    let sink = Arc::new(Memory::default());
    let summary = run(&fake, &sink).await.unwrap();
    assert_eq!(sink.reads()[0], "plans - complete 0");
    assert_eq!(summary.calls, 5, "each attempt is a call, and so is asking who calls");
}

#[tokio::test]
async fn regions_have_their_own_units() {
    let fake = testing::fake([vaults(&[], None).forever(), no_plans().forever()]);
    let sink = Arc::new(Memory::default());
    let door = fake.open(CallLog::counting()).await;
    let accounts = [only(&door, &[REGION, "eu-west-2"])];
    let kept: Arc<dyn Sink> = Arc::clone(&sink) as Arc<dyn Sink>;
    collect(&door, &accounts, &Scope::new(ALL, 0), kept, &Progress::new(ProgressMode::Quiet)).await.unwrap();
    let units: Vec<String> = sink.units.lock().unwrap().keys().map(|unit| format!("{} {}", unit.region, unit.collector)).collect();
    assert_eq!(units.len(), 6);
    assert!(units.iter().any(|unit| unit == "eu-west-2 plans"));
    let asked = fake.asked();
    assert_eq!(asked.iter().filter(|asked| asked.region == "eu-west-2").count(), 2);
}

#[tokio::test]
async fn a_read_says_which_time_it_covers() {
    let fake = testing::fake([vaults(&[], None), no_plans()]);
    let sink = Arc::new(Memory::default());
    run(&fake, &sink).await.unwrap();
    let units = sink.units.lock().unwrap();
    let (_, reads) = units.iter().find(|(unit, _)| unit.collector == "plans").map(|(_, unit)| unit).unwrap();
    let now_s = testing::still().now_ms() / 1_000;
    assert_eq!((reads[0].from_s, reads[0].to_s), (Some(now_s - 30), Some(now_s)));
    assert_eq!((reads[0].pages_count, reads[0].items_count), (Some(1), Some(0)));
}

/// Has units of its own names, and history that need not be read twice.
struct Kinds;

static KINDS: Table = table("kinds", Vault::COLUMNS, Some("arn"));
static NAMED: &[&dyn Collector] = &[&Kinds];

#[async_trait]
impl Collector for Kinds {
    fn tables(&self) -> &'static [&'static Table] {
        const TABLES: &[&Table] = &[&KINDS];
        TABLES
    }

    fn operations(&self) -> &'static [Operation] {
        &[Operation { service: "backup", name: "ListBackupPlans", action: "backup:ListBackupPlans" }]
    }

    fn units(&self, _parents: Option<&Batch>, _started_s: i64) -> Vec<Unit> {
        ["a", "b"].map(|kind| Unit { parent: Some(kind.to_owned()), range: None }).to_vec()
    }

    fn covers(&self, started_s: i64) -> (Option<i64>, Option<i64>) {
        (Some(started_s - 100), Some(started_s))
    }

    fn overlap_s(&self) -> Option<i64> {
        Some(10)
    }

    async fn collect(&self, door: &RegionDoor, unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let answer = door.backup().list_backup_plans().send().await;
        answer.map_err(|error| ReadError::from_sdk("ListBackupPlans", error))?;
        harvest.page(1);
        harvest.push(&KINDS, Vault { arn: unit.parent.clone() });
        Ok(())
    }
}

#[tokio::test]
async fn units_with_names_of_their_own_leave_a_record_for_the_region_too() {
    let sink = Arc::new(Memory::default());
    let scope = Scope::new(NAMED, 0);
    run_scope(&testing::fake([no_plans(), Reply::denied("ListBackupPlans")]), &sink, &scope).await.unwrap();
    assert_eq!(sink.reads(), ["kinds - complete 0", "kinds a complete 1", "kinds b denied 0"]);
    let summary = run_scope(&testing::fake([no_plans()]), &sink, &scope).await.unwrap();
    assert_eq!((sink.reads()[2].as_str(), summary.kept_units), ("kinds b complete 1", 1), "only what is missing is asked for again");
}

#[tokio::test]
async fn what_an_earlier_collection_covers_is_not_read_again_and_the_record_says_so() {
    let now_s = testing::still().now_ms() / 1_000;
    let covered = |_: &str, _: (&str, &str), kind: Option<&str>| match kind {
        Some("a") => vec![Window { start_s: now_s - 500, end_s: now_s - 50 }],
        _ => Vec::new(),
    };
    let known = Known::of(NAMED, &[(ACCOUNT, REGION)], now_s, covered);
    let sink = Arc::new(Memory::default());
    let scope = Scope { known, ..Scope::new(NAMED, now_s) };
    run_scope(&testing::fake([no_plans().forever()]), &sink, &scope).await.unwrap();
    let units = sink.units.lock().unwrap();
    let spans: Vec<_> = units.iter().map(|(unit, (_, reads))| (unit.parent.as_deref(), reads[0].from_s, reads[0].to_s)).collect();
    assert_eq!(
        spans,
        [(None, None, None), (Some("a"), Some(now_s - 60), Some(now_s)), (Some("b"), Some(now_s - 100), Some(now_s))],
        "the first from what is known, less the overlap; the second from where AWS begins"
    );
}

#[tokio::test]
async fn plain_lines_tell_when_a_region_begins_and_ends() {
    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Page {
        fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(text);
            Ok(text.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let page = Page::default();
    let fake = testing::fake([vaults(&["a"], None), policy("a"), no_plans()]);
    let door = fake.open(CallLog::counting()).await;
    let scope = Scope::new(ALL, 0);
    collect(&door, &[only(&door, &[REGION])], &scope, Arc::new(Memory::default()), &Progress::lines_to(page.clone())).await.unwrap();
    let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text, "eu-west-1: begins\neu-west-1: ended, 3 of 3 reads, 2 rows\n");
}

#[tokio::test]
async fn what_is_not_asked_for_is_recorded_as_that() {
    static ASKED: &[&dyn Collector] = &[&Plans];
    static NOT: &[&dyn Collector] = &[&Policies, &Vaults];
    let fake = testing::fake([no_plans()]);
    let sink = Arc::new(Memory::default());
    let summary = run_scope(&fake, &sink, &Scope { not_requested: NOT, ..Scope::new(ASKED, 0) }).await.unwrap();
    assert_eq!(sink.reads(), ["plans - complete 0", "policies - not_requested 0", "vaults - not_requested 0"]);
    assert_eq!(summary.gaps, [], "it is known, and no surprise");
}
