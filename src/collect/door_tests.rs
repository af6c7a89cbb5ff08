//! Opening the door, and what it does when the network or an answer misbehaves. Sockets here are real and local.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};

use super::call_log::CallLog;
use super::collector::ReadError;
use super::door::{Door, DoorSettings};
use super::error::CollectError;
use super::testing::{self, ACCOUNT, Reply, xml_error};
use crate::dataset::ReadStatus;

async fn refused(settings: DoorSettings) -> CollectError {
    Door::open(settings).await.expect_err("the door must not open")
}

#[tokio::test]
async fn the_caller_is_whom_sts_names() {
    let door = testing::fake([]).open(CallLog::counting()).await;
    let caller = door.caller();
    assert_eq!((caller.account_id.as_str(), caller.partition.as_str()), (ACCOUNT, "aws"));
    assert_eq!(caller.user_id, "AIDAEXAMPLE");
    let region = door.region("eu-central-1");
    assert_eq!((region.account_id(), region.region(), region.partition()), (ACCOUNT, "eu-central-1", "aws"));
}

#[tokio::test]
async fn the_partition_is_that_of_the_caller() {
    let arn = format!("arn:aws-cn:sts::{ACCOUNT}:assumed-role/audit/session");
    let xml = format!(
        "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>{arn}</Arn><UserId>AROAEXAMPLE:session</UserId>\
         <Account>{ACCOUNT}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
    );
    let fake = testing::fake([Reply::ok("GetCallerIdentity", xml)]);
    let door = Door::open(fake.settings(CallLog::counting())).await.unwrap();
    assert_eq!(door.region("cn-north-1").partition(), "aws-cn");
}

#[derive(Debug)]
struct Provider(fn() -> CredentialsError);

impl ProvideCredentials for Provider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err((self.0)()))
    }
}

#[tokio::test]
async fn what_is_wrong_with_credentials_says_what_to_do() {
    let settings = |fail: fn() -> CredentialsError, profile: Option<&str>| DoorSettings {
        credentials: Some(SharedCredentialsProvider::new(Provider(fail))),
        profile: profile.map(str::to_owned),
        ..testing::fake([]).settings(CallLog::counting())
    };
    let none: fn() -> CredentialsError = || CredentialsError::not_loaded("no providers in chain provided credentials");
    let broken: fn() -> CredentialsError = || CredentialsError::invalid_configuration("profile `prod` was not defined");
    let old: fn() -> CredentialsError = || CredentialsError::provider_error("the SSO token has expired");
    // what the providers say, the profile asked for, what the message contains
    let cases = [
        (none, None, "run `aws sso login` or `aws configure`"),
        (none, None, "audit --offline --dataset"),
        (broken, Some("prod"), "the AWS profile `prod` cannot be used"),
        (none, Some("prod"), "`aws configure list-profiles`"),
        (old, None, "have expired: log in again"),
    ];
    for (fail, profile, contains) in cases {
        let message = refused(settings(fail, profile)).await.to_string();
        assert!(message.contains(contains), "`{message}` does not say `{contains}`");
    }
}

#[tokio::test]
async fn what_sts_refuses_is_told_apart() {
    let expired = xml_error("ExpiredToken", "The security token included in the request is expired");
    let fake = testing::fake([Reply::error("GetCallerIdentity", 403, expired)]);
    assert!(matches!(refused(fake.settings(CallLog::counting())).await, CollectError::Expired { .. }));

    let unknown = xml_error("InvalidClientTokenId", "The security token included in the request is invalid.");
    let fake = testing::fake([Reply::error("GetCallerIdentity", 403, unknown)]);
    let error = refused(fake.settings(CallLog::counting())).await;
    assert!(matches!(&error, CollectError::Caller { status: ReadStatus::Denied, .. }), "{error:?}");

    let nobody = "<GetCallerIdentityResponse><GetCallerIdentityResult/></GetCallerIdentityResponse>";
    let fake = testing::fake([Reply::ok("GetCallerIdentity", nobody)]);
    assert!(matches!(refused(fake.settings(CallLog::counting())).await, CollectError::Nameless));
}

#[tokio::test]
async fn an_endpoint_must_be_a_url() {
    for url in ["localhost:5000", "127.0.0.1", "ftp://x", "http://"] {
        let settings = DoorSettings { endpoint_url: Some(url.into()), ..testing::fake([]).settings(CallLog::counting()) };
        assert!(matches!(refused(settings).await, CollectError::Endpoint { .. }), "{url}");
    }
}

/// Settings that go over the network.
fn network(endpoint_url: &str) -> DoorSettings {
    DoorSettings {
        endpoint_url: Some(endpoint_url.to_owned()),
        credentials: Some(SharedCredentialsProvider::new(Credentials::new("AKIDEXAMPLE", "secret", None, None, "test"))),
        http: None,
        ..testing::fake([]).settings(CallLog::counting())
    }
}

#[tokio::test]
async fn a_dead_network_is_an_error_in_bounded_time() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    // what it shows, endpoint, what the reason contains
    let cases = [
        ("a socket that accepts and never answers", format!("http://{}", silent.local_addr().unwrap()), "no answer in time"),
        ("a port nobody listens on", format!("http://127.0.0.1:{closed}"), "not reached"),
        ("a name that does not exist", "http://nowhere.invalid".to_owned(), ""),
    ];
    for (shows, url, contains) in cases {
        let begun = Instant::now();
        let error = refused(network(&url)).await;
        assert!(begun.elapsed() < Duration::from_secs(8), "{shows}: took {:?}", begun.elapsed());
        let CollectError::Caller { status, source } = error else { panic!("{shows}: {error:?}") };
        assert_eq!(status, ReadStatus::Unavailable, "{shows}");
        assert!(source.reason.contains(contains), "{shows}: {}", source.reason);
    }
}

#[tokio::test]
async fn an_answer_shorter_than_announced_is_no_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let mut request = [0; 4_096];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4000\r\n\r\n<GetCallerIdentityResponse>");
        }
    });
    let error = refused(network(&url)).await;
    assert!(matches!(&error, CollectError::Caller { status: ReadStatus::Unavailable, .. }), "{error:?}");
}

#[tokio::test]
async fn answers_that_are_not_whole_are_asked_for_again() {
    let instances = "<DescribeDBInstancesResponse><DescribeDBInstancesResult><DBInstances><DBInstance>\
                     <DBInstanceIdentifier>a</DBInstanceIdentifier></DBInstance>";
    let whole = format!("{instances}</DBInstances></DescribeDBInstancesResult></DescribeDBInstancesResponse>");
    let fake = testing::fake([
        Reply::ok("DescribeDBInstances", instances),
        Reply::ok("DescribeDBInstances", ""),
        Reply::ok("DescribeDBInstances", whole),
    ]);
    let answer = fake.door().rds().describe_db_instances().send().await.expect("the third attempt is whole");
    assert_eq!(answer.db_instances().len(), 1);
    assert_eq!(fake.left(), 0);
}

#[tokio::test]
async fn pages_meant_for_people_are_no_answer() {
    let door = testing::door([Reply::ok("DescribeDBInstances", "<html><body>log in</body></html>")]);
    let error = door.rds().describe_db_instances().send().await.expect_err("a login page has no instances");
    let error = ReadError::from_sdk("DescribeDBInstances", error);
    assert_eq!(error.status, ReadStatus::Unavailable, "{}", error.reason);
}

#[tokio::test]
async fn regions_share_the_log_and_have_a_door_each() {
    let fake = testing::fake([Reply::ok("ListBackupVaults", r#"{"BackupVaultList":[]}"#).forever()]);
    let door = Arc::new(fake.open(CallLog::counting()).await);
    for region in ["eu-west-1", "eu-west-2"] {
        door.region(region).backup().list_backup_vaults().send().await.unwrap();
    }
    assert_eq!(door.call_log().attempts(), 3, "with the one to STS");
    let hosts: Vec<String> = fake.asked().into_iter().skip(1).map(|asked| asked.uri).collect();
    assert_eq!(hosts, ["https://backup.eu-west-1.amazonaws.com/backup-vaults", "https://backup.eu-west-2.amazonaws.com/backup-vaults"]);
}
