//! Runs that do not come to their end: resumed, without credentials, without room, told to stop.

use super::*;

#[tokio::test]
async fn a_resumed_run_asks_only_for_what_is_missing() {
    let denied = Reply::denied("GetBackupVaultAccessPolicy").containing("/backup-vaults/b/");
    let sink = Arc::new(Memory::default());
    run(&testing::fake([vaults(&["a", "b"], None), policy("a"), denied, no_plans()]), &sink).await.unwrap();

    let again = testing::fake([policy("b")]);
    let summary = run(&again, &sink).await.unwrap();
    let asked: Vec<String> = again.asked().into_iter().map(|asked| asked.operation).collect();
    assert_eq!(asked, ["GetCallerIdentity", "GetBackupVaultAccessPolicy"]);
    assert_eq!(summary.kept_units, 3, "vaults, plans, and the policy of vault a");
    assert_eq!(
        sink.reads(),
        ["plans - complete 0", "policies - complete 0", "policies a complete 1", "policies b complete 1", "vaults - complete 2"]
    );
}

#[tokio::test]
async fn credentials_that_expire_on_the_way_are_told_apart_from_missing_permissions() {
    let expired = r#"{"__type":"ExpiredTokenException","message":"The security token included in the request is expired"}"#;
    // what AWS answers, whether a new login would help
    for (reply, expected) in [(Reply::error("ListBackupPlans", 403, expired), true), (Reply::denied("ListBackupPlans"), false)] {
        let sink = Arc::new(Memory::default());
        let summary = run(&testing::fake([vaults(&[], None), reply]), &sink).await.unwrap();
        assert_eq!((sink.reads()[0].as_str(), summary.expired), ("plans - denied 0", expected));
    }
}

#[tokio::test]
async fn credentials_that_aws_does_not_know_have_ended_where_sts_says_so_too() {
    let unknown =
        || Reply::error("ListBackupPlans", 403, r#"{"__type":"UnrecognizedClientException","message":"The security token is invalid"}"#);
    let identity = "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/auditor</Arn>\
                    <UserId>AIDAEXAMPLE</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
    let denial = Reply::error("GetCallerIdentity", 403, testing::xml_error("InvalidClientTokenId", "The security token is invalid"));
    // what STS answers when it is asked again, whether a new login would help
    let cases = [(Reply::ok("GetCallerIdentity", identity), false), (denial, true), (Reply::refused("GetCallerIdentity").forever(), false)];
    for (answer, expected) in cases {
        let fake = testing::fake([vaults(&[], None), unknown()]);
        let door = fake.open(CallLog::counting()).await;
        fake.add(answer);
        let sink: Arc<dyn Sink> = Arc::new(Memory::default());
        let quiet = Progress::new(ProgressMode::Quiet);
        let summary = collect(&door, &[only(&door, &[REGION])], &Scope::new(ALL, 0), sink, &quiet).await.unwrap();
        assert_eq!((summary.expired, fake.left()), (expected, 0));
    }
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn what_has_no_line_in_the_log_is_not_kept() {
    let fake = testing::fake([vaults(&[], None).forever(), no_plans().forever()]);
    let door = fake.open(CallLog::counting()).await;
    door.call_log().fill_up();
    let sink = Arc::new(Memory::default());
    let quiet = Progress::new(ProgressMode::Quiet);
    let kept = Arc::clone(&sink) as Arc<dyn Sink>;
    let error = collect(&door, &[only(&door, &[REGION])], &Scope::new(ALL, 0), kept, &quiet).await.unwrap_err();
    assert!(matches!(&error, CollectError::Unlogged { path, .. } if path == "/dev/full"), "{error:?}");
    assert!(sink.reads().iter().all(|read| read.contains("complete 0")), "{:?}", sink.reads());
}

#[tokio::test]
async fn an_open_collection_takes_units_and_gives_them_back() {
    let folder = tempfile::tempdir().unwrap();
    let begin = Start {
        caller: manifest::Caller { account_id: ACCOUNT.into(), arn: String::new(), user_id: String::new() },
        scope: manifest::Scope { accounts: vec![ACCOUNT.into()], regions: vec![REGION.into()], ..manifest::Scope::default() },
        started_s: 0,
        tool_version: "0.0.0".into(),
    };
    let collection = OpenCollection::begin(folder.path(), begin, 1).unwrap();
    let dir = collection.dir().to_owned();
    let scope = Scope::new(ALL, 0);
    let quiet = Progress::new(ProgressMode::Quiet);

    let denied = Reply::denied("GetBackupVaultAccessPolicy");
    let door = testing::fake([vaults(&["a"], None), denied, no_plans()]).open(CallLog::counting()).await;
    collect(&door, &[only(&door, &[REGION])], &scope, Arc::new(collection), &quiet).await.unwrap();

    let collection = Arc::new(OpenCollection::resume(&dir).unwrap());
    let again = testing::fake([policy("a")]);
    let door = again.open(CallLog::counting()).await;
    let summary = collect(&door, &[only(&door, &[REGION])], &scope, Arc::clone(&collection) as Arc<dyn Sink>, &quiet).await.unwrap();
    assert_eq!((summary.kept_units, summary.gaps.len(), again.left()), (2, 0, 0), "the vault's ARN came from disk");
    assert_eq!(collection.units(), 4, "vaults, plans, the policy of the vault, and that all vaults are known");
}

#[tokio::test]
async fn a_sink_that_is_full_ends_the_run() {
    let fake = testing::fake([vaults(&[], None), no_plans()]);
    let error = run(&fake, &Arc::new(Memory::full())).await.unwrap_err();
    assert!(matches!(&error, CollectError::Sink { unit, .. } if unit.contains(REGION)), "{error:?}");
}

#[tokio::test]
async fn a_run_that_is_told_to_stop_starts_nothing_and_says_so() {
    let scope = Scope::new(ALL, 0);
    scope.stop.ask();
    let fake = testing::fake([]);
    let sink = Arc::new(Memory::default());
    let summary = run_scope(&fake, &sink, &scope).await.unwrap();
    assert!(summary.stopped);
    assert_eq!(sink.reads(), Vec::<String>::new());
}

#[tokio::test]
async fn told_twice_it_drops_what_hangs() {
    let scope = Scope::new(ALL, 0);
    let fake = testing::fake([vaults(&["a"], None), Reply::silent("ListBackupPlans").forever()]);
    let sink = Arc::new(Memory::default());
    let stop = scope.stop.clone();
    let seen = fake.clone();
    tokio::spawn(async move {
        while !seen.asked().iter().any(|asked| asked.operation == "ListBackupPlans") {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        stop.ask();
        stop.ask();
    });
    let summary = run_scope(&fake, &sink, &scope).await.unwrap();
    assert!(summary.stopped);
    assert!(sink.reads().iter().all(|read| !read.starts_with("plans") && !read.starts_with("policies")), "{:?}", sink.reads());
}
