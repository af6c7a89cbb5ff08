//! Decisions by table: AWS's examples of selections, the opt-in matrix, unread facts, what is assumed.

use std::collections::BTreeMap;

use super::super::selection::SelectionJson;
use super::*;
use Verdict::{Covered, Excluded, NotMatched, OptInBlocked, Unknown};

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-1";

const EVERY_TYPE: [&str; 12] =
    ["Aurora", "DocumentDB", "DynamoDB", "EBS", "EC2", "EFS", "FSx", "Neptune", "RDS", "Redshift", "S3", "Storage Gateway"];

fn all_on() -> OptIn {
    OptIn::read(EVERY_TYPE.map(|name| (name, true)))
}

fn all_off() -> OptIn {
    OptIn::read(EVERY_TYPE.map(|name| (name, false)))
}

/// A selection from one JSON object with the API's keys.
fn selection(json: &str) -> Selection {
    let parts: BTreeMap<String, serde_json::Value> = serde_json::from_str(json).unwrap();
    let text: BTreeMap<&str, String> = parts.iter().map(|(key, part)| (key.as_str(), part.to_string())).collect();
    let part = |key: &str| text.get(key).map(String::as_str);
    let parts = SelectionJson {
        resources: part("Resources"),
        not_resources: part("NotResources"),
        list_of_tags: part("ListOfTags"),
        conditions: part("Conditions"),
    };
    Selection::from_json(ACCOUNT, REGION, parts).unwrap()
}

/// A resource in good state, by the end of its ARN and its engine, with these tags (`key=value`, separated by blanks).
fn resource(rest: &str, tags: &str) -> ResourceFacts {
    let (rest, engine) = rest.split_once('@').map_or((rest, None), |(rest, engine)| (rest, Some(engine)));
    let arn = match rest.split_once(' ') {
        Some((service, name)) => format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"),
        None => format!("arn:aws:s3:::{rest}"),
    };
    let tags = tags.split_whitespace().filter_map(|tag| tag.split_once('=')).map(|(key, value)| (key.to_owned(), value.to_owned()));
    let mut facts = ResourceFacts::unread(&arn, ACCOUNT, Some(REGION), engine).with_tags(tags.collect());
    facts.status = Some("available".to_owned());
    facts.versioning_enabled = Some(true);
    facts
}

const VOLUME: &str = "ec2 volume/vol-1";
const INSTANCE: &str = "ec2 instance/i-1";
const DB: &str = "rds db:shop@mysql";
const AURORA: &str = "rds cluster:my-aurora-cluster@aurora-postgresql";
const OTHER_AURORA: &str = "rds cluster:other@aurora-postgresql";
const MULTI_AZ: &str = "rds cluster:trio@postgres";
const NEPTUNE: &str = "rds cluster:graph@neptune";
const DOCDB: &str = "rds cluster:docs@docdb";
const LUSTRE: &str = "fsx file-system/fs-1@LUSTRE";
const TABLE: &str = "dynamodb table/orders";
const BUCKET: &str = "web-assets";

#[test]
fn examples_of_the_documentation() {
    let instances = r#"{"Resources":["arn:aws:ec2:*:*:instance/*"]}"#;
    let not_volumes = r#"{"Resources":["*"],"NotResources":["arn:aws:ec2:*:*:volume/*"]}"#;
    let tagged_not_volumes = r#"{"Resources":["*"],"NotResources":["arn:aws:ec2:*:*:volume/*"],
        "Conditions":{"StringEquals":[{"ConditionKey":"aws:ResourceTag/backup","ConditionValue":"true"}]}}"#;
    let both_tags = r#"{"Resources":["arn:aws:ec2:*:*:volume/*","arn:aws:rds:*:*:db:*"],"Conditions":{"StringEquals":[
        {"ConditionKey":"aws:ResourceTag/backup","ConditionValue":"true"},{"ConditionKey":"aws:ResourceTag/stage","ConditionValue":"prod"}]}}"#;
    let but_not_test = r#"{"Resources":["arn:aws:ec2:*:*:volume/*","arn:aws:rds:*:*:db:*"],"Conditions":{
        "StringEquals":[{"ConditionKey":"aws:ResourceTag/backup","ConditionValue":"true"}],
        "StringNotEquals":[{"ConditionKey":"aws:ResourceTag/stage","ConditionValue":"test"}]}}"#;
    let like = r#"{"Resources":["*"],"Conditions":{"StringLike":[{"ConditionKey":"aws:ResourceTag/key1","ConditionValue":"include*"}],
        "StringNotLike":[{"ConditionKey":"aws:ResourceTag/key2","ConditionValue":"*exclude*"}]}}"#;
    let not_databases = r#"{"Resources":["*"],"NotResources":["arn:aws:fsx:*","arn:aws:rds:*"],
        "Conditions":{"StringEquals":[{"ConditionKey":"aws:ResourceTag/backup","ConditionValue":"true"}]}}"#;
    let mixed = r#"{"Resources":["arn:aws:fsx:*","arn:aws:rds:*:*:cluster:my-aurora-cluster"],
        "ListOfTags":[{"ConditionType":"STRINGEQUALS","ConditionKey":"backup","ConditionValue":"true"}],
        "Conditions":{"StringNotEquals":[{"ConditionKey":"aws:ResourceTag/stage","ConditionValue":"test"}]}}"#;
    let volumes_or_tag = r#"{"Resources":["arn:aws:ec2:*:*:volume/*"],
        "ListOfTags":[{"ConditionType":"STRINGEQUALS","ConditionKey":"backup","ConditionValue":"yes"}]}"#;
    // why, selection, resource, tags, verdict
    let cases = [
        ("all instances: an instance", instances, INSTANCE, "", Covered),
        ("all instances: not a volume", instances, VOLUME, "", NotMatched),
        ("everything: a volume", r#"{"Resources":["*"]}"#, VOLUME, "", Covered),
        ("everything: a bucket, whose ARN has no Region", r#"{"Resources":["*"]}"#, BUCKET, "", Covered),
        ("an empty selection is everything", "{}", TABLE, "", Covered),
        ("everything but volumes: a table", not_volumes, TABLE, "", Covered),
        ("everything but volumes: a volume", not_volumes, VOLUME, "", Excluded),
        ("tagged, but not volumes: a tagged table", tagged_not_volumes, TABLE, "backup=true", Covered),
        ("tagged, but not volumes: an untagged table", tagged_not_volumes, TABLE, "", NotMatched),
        ("tagged, but not volumes: a tagged volume", tagged_not_volumes, VOLUME, "backup=true", Excluded),
        ("two conditions: both hold", both_tags, VOLUME, "backup=true stage=prod", Covered),
        ("two conditions: conditions are AND", both_tags, VOLUME, "backup=true", NotMatched),
        ("two types: resources are OR", both_tags, DB, "backup=true stage=prod", Covered),
        ("`db:` is no cluster", both_tags, AURORA, "backup=true stage=prod", NotMatched),
        ("values are case sensitive", both_tags, DB, "backup=True stage=prod", NotMatched),
        ("keys are case sensitive", both_tags, DB, "Backup=true stage=prod", NotMatched),
        ("but not stage test: prod", but_not_test, DB, "backup=true stage=prod", Covered),
        ("but not stage test: test", but_not_test, DB, "backup=true stage=test", Excluded),
        ("but not stage test: no stage, as in IAM", but_not_test, DB, "backup=true", Covered),
        ("but not stage test: not asked for in the first place", but_not_test, DB, "stage=test", NotMatched),
        ("like: begins with", like, TABLE, "key1=included key2=x", Covered),
        ("like: the pattern is for the whole value", like, TABLE, "key1=do-include key2=x", NotMatched),
        ("not like: contains", like, TABLE, "key1=include key2=do-exclude-me", Excluded),
        ("neither FSx nor databases: a table", not_databases, TABLE, "backup=true", Covered),
        ("neither FSx nor databases: FSx", not_databases, LUSTRE, "backup=true", Excluded),
        ("neither FSx nor databases: `arn:aws:rds:*` is also Neptune", not_databases, NEPTUNE, "backup=true", Excluded),
        ("neither FSx nor databases: and DocumentDB", not_databases, DOCDB, "backup=true", Excluded),
        ("FSx, one cluster and tagged, not test: FSx", mixed, LUSTRE, "", Covered),
        ("FSx, one cluster and tagged, not test: the cluster", mixed, AURORA, "", Covered),
        ("FSx, one cluster and tagged, not test: another cluster", mixed, OTHER_AURORA, "", NotMatched),
        ("FSx, one cluster and tagged, not test: another cluster, tagged", mixed, OTHER_AURORA, "backup=true", Covered),
        ("FSx, one cluster and tagged, not test: a tagged table", mixed, TABLE, "backup=true", Covered),
        ("FSx, one cluster and tagged, not test: tagged, but test", mixed, TABLE, "backup=true stage=test", Excluded),
        ("FSx, one cluster and tagged, not test: conditions also filter Resources", mixed, LUSTRE, "stage=test", Excluded),
        ("re:Post: volumes, or tagged: an untagged volume", volumes_or_tag, VOLUME, "", Covered),
        ("re:Post: volumes, or tagged: a tagged table", volumes_or_tag, TABLE, "backup=yes", Covered),
        ("re:Post: volumes, or tagged: an untagged table", volumes_or_tag, TABLE, "", NotMatched),
        ("`arn:aws:rds:*`: databases", r#"{"Resources":["arn:aws:rds:*"]}"#, DB, "", Covered),
        ("`arn:aws:rds:*`: DocumentDB", r#"{"Resources":["arn:aws:rds:*"]}"#, DOCDB, "", Covered),
        ("no support for ElastiCache", r#"{"Resources":["*"]}"#, "elasticache replicationgroup:cache", "", NotMatched),
        ("no support for OpenSearch", "{}", "es domain/logs", "", NotMatched),
        ("another account in the pattern", r#"{"Resources":["arn:aws:ec2:*:444455556666:volume/*"]}"#, VOLUME, "", NotMatched),
    ];
    for (why, json, rest, tags, expected) in cases {
        let (selection, resource) = (selection(json), resource(rest, tags));
        let decision = decide(&selection, &resource, &all_on());
        assert_eq!(decision.verdict, expected, "{why}: {:#?}", decision.clauses.iter().map(Clause::sentence).collect::<Vec<_>>());
    }
}

#[test]
fn opt_in_matrix() {
    let tag = r#"{"ListOfTags":[{"ConditionType":"STRINGEQUALS","ConditionKey":"backup","ConditionValue":"true"}]}"#;
    let type_and_tag = r#"{"Resources":["arn:aws:ec2:*:*:volume/*"],
        "ListOfTags":[{"ConditionType":"STRINGEQUALS","ConditionKey":"backup","ConditionValue":"true"}]}"#;
    let type_if_tagged = r#"{"Resources":["arn:aws:ec2:*:*:volume/*"],
        "Conditions":{"StringEquals":[{"ConditionKey":"aws:ResourceTag/backup","ConditionValue":"true"}]}}"#;
    let only = |pattern: &str| format!(r#"{{"Resources":["{pattern}"]}}"#);
    // why, selection, resource, verdict with the type off, verdict with settings unread; with the type on all are covered
    let cases = [
        ("tag only", tag.to_owned(), VOLUME, OptInBlocked, Unknown),
        ("everything", only("*"), VOLUME, OptInBlocked, Unknown),
        ("empty selection", "{}".to_owned(), VOLUME, OptInBlocked, Unknown),
        ("service", only("arn:aws:ec2:*"), VOLUME, OptInBlocked, Unknown),
        ("service spelt out", only("arn:aws:ec2:*:*:*"), VOLUME, OptInBlocked, Unknown),
        ("type", only("arn:aws:ec2:*:*:volume/*"), VOLUME, Covered, Covered),
        ("type and tag", type_and_tag.to_owned(), VOLUME, Covered, Covered),
        ("type and tag: a resource that only the tag brings in", type_and_tag.to_owned(), TABLE, OptInBlocked, Unknown),
        ("type under a condition", type_if_tagged.to_owned(), VOLUME, Covered, Covered),
        ("ARN", only("arn:aws:ec2:eu-west-1:111122223333:volume/vol-1"), VOLUME, Covered, Covered),
        ("part of a type", only("arn:aws:ec2:*:*:vol*"), VOLUME, OptInBlocked, Unknown),
        ("all buckets", only("arn:aws:s3:::*"), BUCKET, Covered, Covered),
        ("service S3", only("arn:aws:s3:*"), BUCKET, OptInBlocked, Unknown),
        ("DB instances", only("arn:aws:rds:*:*:db:*"), DB, Covered, Covered),
        ("service RDS", only("arn:aws:rds:*"), DB, OptInBlocked, Unknown),
        ("clusters share their form: Aurora", only("arn:aws:rds:*:*:cluster:*"), AURORA, OptInBlocked, Unknown),
        ("clusters share their form: by ARN too", only("arn:aws:rds:*:*:cluster:my-aurora-cluster"), AURORA, OptInBlocked, Unknown),
        ("clusters share their form: Multi-AZ", only("arn:aws:rds:*:*:cluster:*"), MULTI_AZ, OptInBlocked, Unknown),
        ("clusters share their form: Neptune", only("arn:aws:rds:*:*:cluster:*"), NEPTUNE, OptInBlocked, Unknown),
        ("clusters share their form: DocumentDB", only("arn:aws:rds:*:*:cluster:*"), DOCDB, OptInBlocked, Unknown),
        ("FSx shares its form", only("arn:aws:fsx:*:*:file-system/*"), LUSTRE, OptInBlocked, Unknown),
        ("FSx for OpenZFS", only("arn:aws:fsx:*:*:file-system/*"), "fsx file-system/fs-2@OPENZFS", OptInBlocked, Unknown),
        ("tables", only("arn:aws:dynamodb:*:*:table/*"), TABLE, Covered, Covered),
    ];
    for (why, json, rest, off, unread) in cases {
        let (selection, resource) = (selection(&json), resource(rest, "backup=true"));
        let verdict = |settings: &OptIn| decide(&selection, &resource, settings).verdict;
        assert_eq!(verdict(&all_on()), Covered, "{why}: on");
        assert_eq!(verdict(&all_off()), off, "{why}: off");
        assert_eq!(verdict(&OptIn::unread()), unread, "{why}: unread");
        assert_eq!(verdict(&OptIn::read([("Timestream", true)])), unread, "{why}: a map that does not mention the type");
    }
}

#[test]
fn one_cluster_type_does_not_speak_for_another() {
    let clusters = selection(r#"{"Resources":["arn:aws:rds:*:*:cluster:*"]}"#);
    let aurora_only = OptIn::read([("Aurora", true), ("RDS", false), ("Neptune", false), ("DocumentDB", false)]);
    let verdict = |rest: &str| decide(&clusters, &resource(rest, ""), &aurora_only).verdict;
    assert_eq!(verdict(AURORA), Covered);
    assert_eq!(verdict(MULTI_AZ), OptInBlocked);
    assert_eq!(verdict("rds cluster:what"), Unknown, "engine unread: could be either");
}

#[test]
fn what_was_not_read_matters_only_where_it_decides() {
    let tag = r#""ListOfTags":[{"ConditionType":"STRINGEQUALS","ConditionKey":"backup","ConditionValue":"true"}]"#;
    let condition = r#""Conditions":{"StringEquals":[{"ConditionKey":"aws:ResourceTag/stage","ConditionValue":"prod"}]}"#;
    let negated = r#""Conditions":{"StringNotEquals":[{"ConditionKey":"aws:ResourceTag/stage","ConditionValue":"test"}]}"#;
    let volumes = r#""Resources":["arn:aws:ec2:*:*:volume/*"]"#;
    let not_volumes = r#""NotResources":["arn:aws:ec2:*:*:volume/*"]"#;
    let tables = r#""Resources":["arn:aws:dynamodb:*:*:table/*"]"#;
    // why, selection, selected, verdict: for a volume with unread tags that no restore test made
    let cases = [
        ("only a tag decides", format!("{{{tag}}}"), None, Unknown),
        ("selected by ARN anyway", format!("{{{volumes},{tag}}}"), Some(true), Covered),
        ("a condition decides", format!("{{{volumes},{condition}}}"), None, Unknown),
        ("a negated condition decides", format!("{{{volumes},{negated}}}"), None, Unknown),
        ("not selected whatever the condition", format!("{{{tables},{condition}}}"), Some(false), NotMatched),
        ("excluded whatever the tag", format!("{{{tag},{not_volumes}}}"), Some(false), Excluded),
        ("excluded whatever the condition", format!("{{{volumes},{not_volumes},{condition}}}"), Some(false), Excluded),
        ("the tag or another type", format!("{{{tables},{tag}}}"), None, Unknown),
    ];
    let volume = ResourceFacts { tags: None, ..resource(VOLUME, "") };
    for (why, json, selected, verdict) in cases {
        let selection = selection(&json);
        let decision = decide(&selection, &volume, &all_on());
        assert_eq!((decision.selected, decision.verdict), (selected, verdict), "{why}");
    }
    let by_tag = selection(&format!("{{{tag}}}"));
    assert_eq!(decide(&by_tag, &volume, &all_off()).verdict, OptInBlocked, "switched off, tagged or not");
}

#[test]
fn other_facts_unread() {
    let everything = selection(r#"{"Resources":["*"]}"#);
    let verdict = |facts: ResourceFacts| decide(&everything, &facts, &all_on()).verdict;
    let good = |rest| resource(rest, "");
    let cases = [
        ("Region of a bucket", ResourceFacts { region: None, ..good(BUCKET) }, Unknown),
        ("Region unread, but another account", ResourceFacts { region: None, account: "444455556666".into(), ..good(BUCKET) }, NotMatched),
        ("another Region", ResourceFacts { region: Some("us-east-1".into()), ..good(BUCKET) }, NotMatched),
        ("versioning of a bucket", ResourceFacts { versioning_enabled: None, ..good(BUCKET) }, Unknown),
        ("state of a database", ResourceFacts { status: None, ..good(DB) }, Unknown),
        ("whether a restore test made it", ResourceFacts { restore_test_leftover: None, ..good(VOLUME) }, Unknown),
        ("a service that is not known here", good("newstore thing/1"), Unknown),
        ("a restore-test leftover", ResourceFacts { restore_test_leftover: Some(true), ..good(VOLUME) }, Excluded),
        ("a stopped database stays in the plan", ResourceFacts { status: Some("stopped".into()), ..good(DB) }, Covered),
        ("an unversioned bucket", ResourceFacts { versioning_enabled: Some(false), ..good(BUCKET) }, Excluded),
        ("a member of a cluster", ResourceFacts { is_cluster_member: true, ..good("rds db:shop-1@aurora-mysql") }, Excluded),
    ];
    for (why, facts, expected) in cases {
        assert_eq!(verdict(facts), expected, "{why}");
    }
    let unversioned = ResourceFacts { versioning_enabled: Some(false), ..good(BUCKET) };
    assert_eq!(decide(&everything, &unversioned, &all_on()).selected, Some(true), "selected, yet not backed up");
}

#[test]
fn other_partitions() {
    for (partition, region) in [("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")] {
        let mut selection = selection(&format!(r#"{{"Resources":["arn:{partition}:ec2:*:*:volume/*"]}}"#));
        region.clone_into(&mut selection.region);
        let arn = format!("arn:{partition}:ec2:{region}:{ACCOUNT}:volume/vol-1");
        let volume = ResourceFacts::unread(&arn, ACCOUNT, Some(region), None).with_tags(BTreeMap::new());
        assert_eq!(decide(&selection, &volume, &OptIn::unread()).verdict, Covered, "{partition}: a type overrides");
        selection.resources = vec!["arn:aws:ec2:*:*:volume/*".to_owned()];
        assert_eq!(decide(&selection, &volume, &all_on()).verdict, NotMatched, "{partition}: the partition counts");
    }
}

#[test]
fn what_rests_on_assumptions() {
    let not_test =
        r#"{"Resources":["*"],"Conditions":{"StringNotEquals":[{"ConditionKey":"aws:ResourceTag/stage","ConditionValue":"test"}]}}"#;
    let bare_key = r#"{"Resources":["*"],"Conditions":{"StringEquals":[{"ConditionKey":"stage","ConditionValue":"prod"}]}}"#;
    let bare_negated = r#"{"Resources":["*"],"Conditions":{"StringNotEquals":[{"ConditionKey":"stage","ConditionValue":"test"}]}}"#;
    let prefixed_tag =
        r#"{"ListOfTags":[{"ConditionType":"STRINGEQUALS","ConditionKey":"aws:ResourceTag/stage","ConditionValue":"prod"}]}"#;
    let alone = r#"{"Conditions":{"StringEquals":[{"ConditionKey":"aws:ResourceTag/stage","ConditionValue":"prod"}]}}"#;
    let blanks = r#"{"Resources":["*"],"Conditions":{"StringLike":[{"ConditionKey":"aws:ResourceTag/stage","ConditionValue":"p*d"}]}}"#;
    let middle = r#"{"Resources":["arn:aws:dynamodb:*:*:table/*ers"]}"#;
    let middle_out = r#"{"Resources":["*"],"NotResources":["arn:aws:dynamodb:*:*:table/*ers"]}"#;
    let middle_and_all = r#"{"Resources":["arn:aws:dynamodb:*:*:table/*ers","*"]}"#;
    let middle_and_type = r#"{"Resources":["arn:aws:dynamodb:*:*:table/*ers","arn:aws:dynamodb:*:*:table/*"]}"#;
    let unclear = r#"{"Resources":["arn:aws:dynamodb:*:*:tab*"]}"#;
    let other_type = r#"{"ListOfTags":[{"ConditionType":"STRINGLIKE","ConditionKey":"stage","ConditionValue":"prod"}]}"#;
    let (on, off) = (all_on(), all_off());
    // why, selection, tags, settings, verdict, assumed: for a table named `orders`
    let cases = [
        ("a negated condition without the tag", not_test, "", &on, Covered, true),
        ("a negated condition with the tag is documented", not_test, "stage=prod", &on, Covered, false),
        ("assumed, but blocked all the same: still `selected` is assumed", not_test, "", &off, OptInBlocked, true),
        ("a condition key without its prefix", bare_key, "stage=prod", &on, NotMatched, true),
        ("negated, too", bare_negated, "stage=prod", &on, Excluded, true),
        ("a tag key with the prefix of conditions", prefixed_tag, "stage=prod", &on, NotMatched, true),
        ("conditions alone", alone, "stage=prod", &on, Covered, true),
        ("conditions alone, not holding: not selected from whatever set", alone, "stage=test", &on, NotMatched, false),
        ("a wildcard inside a value without blanks", blanks, "stage=pod", &on, Covered, false),
        ("a wildcard in the middle of a name", middle, "", &on, Covered, true),
        ("a wildcard in the middle excludes", middle_out, "", &on, Excluded, true),
        ("does not matter beside a plain match", middle_and_all, "", &on, Covered, false),
        ("but the override of the setting rests on it", middle_and_all, "", &off, Covered, true),
        ("unless another entry overrides without doubt", middle_and_type, "", &off, Covered, false),
        ("half a type does not override", unclear, "", &off, OptInBlocked, true),
        ("half a type, switched on", unclear, "", &on, Covered, false),
        ("a ConditionType that AWS does not have", other_type, "stage=prod", &on, Unknown, false),
    ];
    for (why, json, tags, settings, verdict, assumed) in cases {
        let (selection, table) = (selection(json), resource(TABLE, tags));
        let decision = decide(&selection, &table, settings);
        assert_eq!((decision.verdict, decision.assumed), (verdict, assumed), "{why}");
    }
    let mut spaced = resource(TABLE, "");
    spaced.tags = Some(BTreeMap::from([("stage".to_owned(), "p o d".to_owned())]));
    let selection = selection(blanks);
    let decision = decide(&selection, &spaced, &on);
    assert_eq!((decision.verdict, decision.assumed), (NotMatched, true), "a wildcard for blanks");
}

#[test]
fn the_explanation_reads_as_sentences_and_names_what_decides() {
    let selection = selection(
        r#"{"Resources":["arn:aws:ec2:*"],"NotResources":["arn:aws:s3:::*"],
            "ListOfTags":[{"ConditionType":"STRINGEQUALS","ConditionKey":"backup","ConditionValue":"true"}],
            "Conditions":{"StringNotEquals":[{"ConditionKey":"aws:ResourceTag/stage","ConditionValue":"test"}]}}"#,
    );
    let volume = resource(VOLUME, "backup=no");
    let decision = decide(&selection, &volume, &all_off());
    let sentences: Vec<_> = decision.clauses.iter().map(Clause::sentence).collect();
    let expected = [
        "The plan of 111122223333 eu-west-1 acts where the resource is: 111122223333 eu-west-1.",
        "AWS Backup supports the type: EBS.",
        "`arn:aws:ec2:*` of Resources matches the ARN.",
        "Tag backup = true of ListOfTags is not on the resource.",
        "Condition aws:ResourceTag/stage StringNotEquals test holds (assumed: the resource has no such tag, which satisfies a negated condition in IAM).",
        "`arn:aws:s3:::*` of NotResources does not match the ARN.",
        "EBS is not switched on in the Region's settings.",
        "No obstacle: restore-test leftover; plans ignore what a restore test has made.",
    ];
    assert_eq!(sentences, expected);
    assert_eq!(decision.deciding_clause().map(Clause::kind), Some(ClauseKind::OptIn));
}

#[test]
fn the_deciding_clause() {
    let with = |json: &str| selection(json);
    let stage = |operator: &str| {
        with(&format!(
            r#"{{"Resources":["*"],"Conditions":{{"{operator}":[{{"ConditionKey":"aws:ResourceTag/stage","ConditionValue":"prod"}}]}}}}"#
        ))
    };
    // why, selection, tags, kind
    let cases = [
        ("covered by the entry that matched", with(r#"{"Resources":["arn:aws:s3:::*","*"]}"#), Some("stage=prod"), Some("resource")),
        ("covered since nothing was said", with("{}"), Some(""), Some("everything")),
        ("a condition that does not hold", stage("StringEquals"), Some("stage=x"), Some("condition")),
        ("a negated condition", stage("StringNotEquals"), Some("stage=prod"), Some("negated_condition")),
        ("excluded by its ARN", with(r#"{"Resources":["*"],"NotResources":["arn:aws:ec2:*"]}"#), Some(""), Some("not_resource")),
        ("no entry stands out", with(r#"{"Resources":["arn:aws:s3:::*"]}"#), Some(""), None),
        ("unread tags", stage("StringEquals"), None, Some("condition")),
    ];
    for (why, selection, tags, expected) in cases {
        let volume = ResourceFacts { tags: tags.and(resource(VOLUME, tags.unwrap_or_default()).tags), ..resource(VOLUME, "") };
        let decision = decide(&selection, &volume, &all_on());
        assert_eq!(decision.deciding_clause().map(|clause| clause.kind().name()), expected, "{why}: {}", decision.verdict.name());
    }
}
