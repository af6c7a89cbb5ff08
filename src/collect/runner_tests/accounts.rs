//! Accounts that cannot be entered, organizations, and the policy for all of that.

use super::*;

#[test]
fn the_policy_is_sorted_and_whole() {
    let statements = |collectors: &[&dyn Collector], finding: &Finding| {
        let policy: serde_json::Value = serde_json::from_str(&read_policy(collectors, finding)).unwrap();
        policy["Statement"].clone()
    };
    let read = statements(ALL, &Finding::default());
    let expected = serde_json::json!([
        "backup:GetBackupVaultAccessPolicy",
        "backup:ListBackupPlans",
        "backup:ListBackupVaults",
        "sts:GetCallerIdentity"
    ]);
    assert_eq!((&read[0]["Action"], read.as_array().unwrap().len()), (&expected, 1));
    assert_eq!(read, statements(&[&Plans, &Vaults, &Policies, &Plans], &Finding::default()), "order and repetition do not matter");

    let finding = Finding { regions: true, organization: true, role_name: Some("audit/Reader".into()) };
    let of_all = statements(&[&Plans], &finding);
    let expected =
        serde_json::json!(["backup:ListBackupPlans", "ec2:DescribeRegions", "organizations:ListAccounts", "sts:GetCallerIdentity"]);
    assert_eq!(of_all[0]["Action"], expected);
    assert_eq!((&of_all[1]["Action"][0], &of_all[1]["Resource"]), (&"sts:AssumeRole".into(), &"arn:*:iam::*:role/audit/Reader".into()));
}

#[tokio::test]
async fn an_account_that_cannot_be_entered_is_unread_and_the_others_go_on() {
    let fake = testing::fake([vaults(&[], None), no_plans()]);
    let home = fake.open(CallLog::counting()).await;
    let refused = ReadError { status: ReadStatus::Denied, operation: "AssumeRole".into(), reason: "AccessDenied: not allowed".into() };
    let regions = vec![REGION.to_owned()];
    let accounts = [only(&home, &[REGION]), Account { account_id: "444455556666".into(), door: Err(refused), regions }];
    let sink = Arc::new(Memory::default());
    let kept: Arc<dyn Sink> = Arc::clone(&sink) as Arc<dyn Sink>;
    let summary = collect(&home, &accounts, &Scope::new(ALL, 0), kept, &Progress::new(ProgressMode::Quiet)).await.unwrap();
    let units = sink.units.lock().unwrap();
    let unread: Vec<String> =
        units.iter().filter(|(unit, _)| unit.account_id == "444455556666").flat_map(|(_, (_, reads))| reads).map(line).collect();
    assert_eq!(unread, ["plans - denied 0", "policies - denied 0", "vaults - denied 0"], "every table of it, parents or not");
    assert!(summary.gaps.iter().all(|gap| gap.operation == "AssumeRole" && gap.reason.contains("could not be entered")));
    assert_eq!((summary.gaps.len(), units.len()), (3, 6));
}

static OF_ORGANIZATION: &[&dyn Collector] = &[&Organizations, &OrgAccounts];

/// What `DescribeOrganization` says in a member.
fn member() -> Reply {
    let organization =
        serde_json::json!({ "Arn": "arn:aws:organizations::444455556666:organization/o-1", "MasterAccountId": "444455556666" });
    Reply::ok("DescribeOrganization", serde_json::json!({ "Organization": organization }).to_string())
}

#[tokio::test]
async fn a_member_alone_asks_what_only_few_are_told_and_says_what_to_do() {
    let nowhere = Reply::error("DescribeOrganization", 400, r#"{"__type":"AWSOrganizationsNotInUseException"}"#);
    // what it shows, replies, reads, what the reason of the accounts says
    let cases = [
        (
            "AWS refuses",
            vec![member(), Reply::denied("ListAccounts")],
            ["org_accounts - denied 0", "organization - complete 1"],
            "only to the management account 444455556666",
        ),
        (
            "a delegated administrator is told",
            vec![member(), Reply::ok("ListAccounts", r#"{"Accounts":[]}"#)],
            ["org_accounts - complete 0", "organization - complete 1"],
            "",
        ),
        ("no organization", vec![nowhere], ["org_accounts - complete 0", "organization - complete 0"], "belongs to no organization"),
        (
            "nobody knows whose it is: not asked",
            vec![Reply::denied("DescribeOrganization")],
            ["org_accounts - skipped 0", "organization - denied 0"],
            "organization could not be listed (denied)",
        ),
    ];
    for (shows, replies, reads, reason) in cases {
        let fake = testing::fake(replies);
        let sink = Arc::new(Memory::default());
        run_scope(&fake, &sink, &Scope::new(OF_ORGANIZATION, 0)).await.unwrap();
        assert_eq!(sink.reads(), reads, "{shows}");
        assert!(sink.reason("org_accounts", None).contains(reason), "{shows}: {}", sink.reason("org_accounts", None));
        assert_eq!(fake.left(), 0, "{shows}");
    }
}

#[tokio::test]
async fn a_resumed_collection_knows_whose_the_accounts_are() {
    let sink = Arc::new(Memory::default());
    run_scope(&testing::fake([member(), Reply::denied("ListAccounts")]), &sink, &Scope::new(OF_ORGANIZATION, 0)).await.unwrap();
    let fake = testing::fake([Reply::ok("ListAccounts", r#"{"Accounts":[]}"#)]);
    run_scope(&fake, &sink, &Scope::new(OF_ORGANIZATION, 0)).await.unwrap();
    assert_eq!(sink.reads(), ["org_accounts - complete 0", "organization - complete 1"], "the organization is not asked for again");
}
