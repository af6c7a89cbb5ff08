//! That calls to EC2 behave as those of the SDKs do: attempts, limits, log, errors, whole answers.

use std::time::Duration;

use governor::clock::FakeRelativeClock;

use super::enabled_regions;
use crate::collect::call_log::{Call, CallLog};
use crate::collect::http;
use crate::collect::limiter::Limiter;
use crate::collect::test_reads::{ec2, ec2_error};
use crate::collect::testing::{self, ACCOUNT, REGION, Reply};
use crate::dataset::ReadStatus;

const NAME: &str = "DescribeRegions";

fn regions(names: &[&str]) -> Reply {
    let items: String = names.iter().map(|name| format!("<item><regionName>{name}</regionName></item>")).collect();
    ec2(NAME, &format!("<regionInfo>{items}</regionInfo>"))
}

#[tokio::test]
async fn the_enabled_regions_are_sorted() {
    let fake = testing::fake([regions(&["us-east-1", "eu-west-1", "us-east-1"])]);
    assert_eq!(enabled_regions(&fake.door()).await.unwrap(), ["eu-west-1", "us-east-1"]);
    let asked = fake.asked().remove(0);
    assert_eq!((asked.operation.as_str(), asked.region.as_str()), (NAME, REGION));
    assert_eq!(asked.uri, "https://ec2.eu-west-1.amazonaws.com/");
    assert_eq!(asked.body, "Action=DescribeRegions&Version=2016-11-15", "without AllRegions");
}

#[tokio::test]
async fn an_answer_without_regions_is_no_answer() {
    for reply in [regions(&[]), regions(&[""]), ec2(NAME, ""), Reply::ok(NAME, "<html><body>log in</body></html>")] {
        let error = enabled_regions(&testing::door([reply])).await.unwrap_err();
        assert_eq!((error.status, error.operation.as_str()), (ReadStatus::Unavailable, NAME), "{}", error.reason);
    }
}

#[tokio::test]
async fn answers_are_classified_like_those_of_the_sdks() {
    // what EC2 answers, how the read counts, what the reason begins with
    let cases = [
        (ec2_error(NAME, 403, "UnauthorizedOperation"), ReadStatus::Denied, "UnauthorizedOperation: not now"),
        (ec2_error(NAME, 401, "AuthFailure"), ReadStatus::Denied, "AuthFailure"),
        (ec2_error(NAME, 400, "RequestExpired"), ReadStatus::Denied, "RequestExpired"),
        (ec2_error(NAME, 403, "OptInRequired"), ReadStatus::Denied, "OptInRequired"),
        (ec2_error(NAME, 503, "RequestLimitExceeded"), ReadStatus::Throttled, "RequestLimitExceeded"),
        (ec2_error(NAME, 400, "Throttling"), ReadStatus::Throttled, "Throttling"),
        (ec2_error(NAME, 500, "InternalError"), ReadStatus::Unavailable, "InternalError"),
        (Reply::error(NAME, 502, "<html>bad gateway</html>"), ReadStatus::Unavailable, "unreadable answer with HTTP status 502"),
        (Reply::error(NAME, 403, "<html>proxy says no</html>"), ReadStatus::Unavailable, "unreadable answer with HTTP status 403"),
        (Reply::refused(NAME), ReadStatus::Unavailable, "not reached: "),
        (Reply::silent(NAME), ReadStatus::Unavailable, "no answer in time"),
    ];
    for (reply, status, begins) in cases {
        let error = enabled_regions(&testing::door([reply.forever()])).await.unwrap_err();
        assert_eq!(error.status, status, "{}", error.reason);
        assert!(error.reason.starts_with(begins), "`{}` does not begin with `{begins}`", error.reason);
    }
    let denied = enabled_regions(&testing::door([ec2_error(NAME, 403, "UnauthorizedOperation")])).await.unwrap_err();
    assert!(denied.reason.ends_with("(request 00000000-0000-4000-8000-000000000001)"), "{}", denied.reason);
}

#[tokio::test]
async fn what_passes_is_asked_for_again() {
    let cut = "<DescribeRegionsResponse><regionInfo><item><regionName>eu-west-1</regionName></item>";
    let whole = || regions(&["eu-west-1"]);
    for passing in [
        ec2_error(NAME, 503, "RequestLimitExceeded"),
        ec2_error(NAME, 500, "InternalError"),
        Reply::ok(NAME, cut),
        Reply::ok(NAME, ""),
        Reply::refused(NAME),
        Reply::silent(NAME),
    ] {
        let fake = testing::fake([passing.clone(), whole()]);
        assert_eq!(enabled_regions(&fake.door()).await, Ok(vec!["eu-west-1".to_owned()]), "{passing:?}");
        assert_eq!(fake.left(), 0);
    }
}

#[tokio::test]
async fn retries_pay_like_first_attempts() {
    let clock = FakeRelativeClock::default();
    let fake = testing::fake([ec2_error(NAME, 503, "RequestLimitExceeded"), regions(&["eu-west-1"])]);
    let door = fake.through(|client| http::layered(client, Limiter::with_clock(clock.clone())));
    enabled_regions(&door).await.expect_err("while the clock stands still only one attempt is due");
    assert_eq!(fake.asked().len(), 1, "no retry went past the limiter");
    clock.advance(Duration::from_secs(1));
    enabled_regions(&door).await.expect("a second later the next one is due");
}

#[tokio::test]
async fn each_attempt_leaves_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.jsonl");
    let fake = testing::fake([ec2_error(NAME, 503, "RequestLimitExceeded"), regions(&["eu-west-1"])]);
    enabled_regions(&fake.region(REGION, &CallLog::open(&path).unwrap())).await.unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    let calls: Vec<Call> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(calls.iter().map(|call| (call.attempt, call.status)).collect::<Vec<_>>(), [(1, Some(503)), (2, Some(200))]);
    let [_, last] = calls.as_slice() else { panic!("two lines") };
    assert_eq!((last.service.as_str(), last.operation.as_str()), ("ec2", NAME));
    assert_eq!((last.account_id.as_str(), last.region.as_str()), (ACCOUNT, REGION));
    assert_eq!((last.method.as_deref(), last.path.as_deref(), last.query.as_deref()), (Some("POST"), Some("/"), None));
    assert_eq!(last.body.as_deref(), Some("Action=DescribeRegions&Version=2016-11-15"));
    assert!(last.response_bytes.is_some() && last.response_sha256.is_some() && last.request_id.is_some());
    assert!(!text.contains("secret-of-the-test") && !text.contains("AKIDEXAMPLE"), "no header and no key");
}
