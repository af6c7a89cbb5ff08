//! What goes wrong while reading AWS, in two kinds: what AWS refuses or garbles becomes data ([`ReadError`], a row of `reads`), and what makes
//! the whole collection pointless is an error ([`CollectError`]).
//!
//! Texts are one line of bounded length: code, message and request id as AWS sent them, and never a header, a body or a credential.

use std::error::Error;
use std::fmt::Write as _;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::RequestId;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::collector::ReadError;
use crate::dataset::ReadStatus;

/// Longest reason kept, in characters; AWS's own messages are far shorter, those of proxies are not.
const LONGEST_REASON: usize = 400;

/// Codes, or beginnings of them, with which AWS refuses. Source: the common errors of the AWS Backup, RDS and STS API references.
const DENIED: [&str; 18] = [
    "AccessDenied",
    "AuthFailure",
    "AuthorizationError",
    "ExpiredToken",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignature",
    "InvalidToken",
    "MissingAuthenticationToken",
    "NotAuthorized",
    "NotSignedUp",
    "OptInRequired",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "SubscriptionRequired",
    "Unauthorized",
    "UnrecognizedClient",
];

/// Codes, or beginnings of them, with which AWS asks to slow down. Source: the retry classifier of the AWS SDK.
pub(super) const THROTTLED: [&str; 10] = [
    "Throttl",
    "RequestThrottled",
    "TooManyRequests",
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "SlowDown",
    "PriorRequestNotComplete",
    "EC2Throttled",
];

/// Codes with which AWS says that the credentials have ended; EC2 has one of its own.
const ENDED: [&str; 2] = ["ExpiredToken", "RequestExpired"];

/// What a request that was never sent for want of valid credentials is told by.
const NO_CREDENTIALS: &str = "no valid credentials";

/// Codes with which AWS does not know the credentials. Keys that are gone are met with them, and also good ones of a session in a Region that is
/// not enabled or does not take tokens of the global endpoint of STS. Source: IAM User Guide, "Managing AWS STS in an AWS Region"; EC2 API
/// Reference, "Error codes", `AuthFailure`.
const NOT_KNOWN: [&str; 6] =
    ["AuthFailure", "InvalidAccessKeyId", "InvalidClientTokenId", "InvalidToken", "UnrecognizedClient", NO_CREDENTIALS];

/// What refusals say of the credentials they were met with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Credentials {
    /// Nothing.
    #[default]
    Good,
    /// They may have ended, or a Region may not take them.
    Doubtful,
    /// They have ended.
    Ended,
}

impl Credentials {
    /// What a reason says of them.
    pub(super) fn told_by(reason: &str) -> Self {
        let says = |codes: &[&str]| codes.iter().any(|code| reason.contains(code));
        match () {
            () if says(&ENDED) => Self::Ended,
            () if says(&NOT_KNOWN) => Self::Doubtful,
            () => Self::Good,
        }
    }
}

/// Why a collection could not be made at all.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// The chain of credential providers found nothing.
    #[error(
        "no AWS credentials were found{}: run `aws sso login` or `aws configure`, set AWS_PROFILE or pass --profile; to look around without an \
         account, run `audit --offline --dataset examples/acme`",
        .profile.as_ref().map(|profile| format!(" for profile `{profile}`")).unwrap_or_default()
    )]
    NoCredentials {
        /// The profile asked for.
        profile: Option<String>,
        /// What the providers said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The credentials are there and no longer valid.
    #[error(
        "the AWS credentials have expired: log in again (`aws sso login`, or renew the session token) and run the same command; it resumes"
    )]
    Expired {
        /// What AWS or the provider said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The named profile is not in the shared configuration files, or is broken.
    #[error("the AWS profile `{profile}` cannot be used: `aws configure list-profiles` shows the ones there are")]
    Profile {
        /// The profile asked for.
        profile: String,
        /// What the provider said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// No Region to ask for the caller.
    #[error("no AWS Region is set: pass --region, set AWS_REGION, or set `region` in the profile")]
    NoRegion,
    /// An endpoint that is no URL.
    #[error("`{url}` is not an endpoint: expected a URL such as `http://127.0.0.1:5000`")]
    Endpoint {
        /// The text given.
        url: String,
    },
    /// The caller could not be asked who it is; nothing else would work either.
    #[error("cannot ask AWS who the caller is ({status}): check credentials, network and --endpoint-url")]
    Caller {
        /// How the call ended.
        status: ReadStatus,
        /// The call.
        source: ReadError,
    },
    /// The caller's identity has no account id or ARN.
    #[error("AWS did not say which account the caller belongs to")]
    Nameless,
    /// The dataset could not take what was read.
    #[error("cannot store what was read of `{unit}`")]
    Sink {
        /// The unit, as a person would name it.
        unit: String,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The log of calls, or the answers, could not be written: what was asked from then on could not be proved.
    #[error("cannot write the log of calls {path}")]
    Unlogged {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The log of calls could not be opened or cut.
    #[error("cannot open the log of calls {path}")]
    CallLog {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
}

impl ReadError {
    /// Reads an SDK error: how the read counts, and why in one line.
    ///
    /// Refusals (no permission, credentials that ended, a Region that is not opted in) are `denied`; requests to slow down that outlast the
    /// retries are `throttled`; time-outs, broken connections, answers that cannot be parsed, 5xx and everything else are `unavailable`.
    #[expect(clippy::needless_pass_by_value, reason = "callers map an error away and have no use for it afterwards")]
    pub fn from_sdk<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let http_status = error.raw_response().map(|response| response.status().as_u16());
        let request_id = error.request_id().map(str::to_owned);
        let (code, message) = match &error {
            SdkError::ServiceError(service) => (service.err().code().map(str::to_owned), service.err().message().map(str::to_owned)),
            _ => (None, None),
        };
        let status = status_of(code.as_deref(), http_status, &error);
        let mut reason = match (&code, &message) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            (Some(code), None) => code.clone(),
            (None, _) => without_code(&error, http_status),
        };
        if let Some(request_id) = request_id {
            let _ = write!(reason, " (request {request_id})");
        }
        Self { status, operation: operation.to_owned(), reason: one_line(&reason) }
    }
}

fn status_of<E: Error + Send + Sync + 'static>(
    code: Option<&str>,
    http_status: Option<u16>,
    error: &SdkError<E, HttpResponse>,
) -> ReadStatus {
    let begins = |beginnings: &[&str]| code.is_some_and(|code| beginnings.iter().any(|beginning| code.starts_with(beginning)));
    if begins(&DENIED) || unusable_credentials(error) {
        ReadStatus::Denied
    } else if begins(&THROTTLED) || http_status == Some(429) {
        ReadStatus::Throttled
    } else {
        ReadStatus::Unavailable
    }
}

/// Whether the request was never sent because the credential providers had nothing valid. One that timed out may work the next time.
fn unusable_credentials(error: &(dyn Error + 'static)) -> bool {
    find_cause::<CredentialsError>(error).is_some_and(|cause| !matches!(cause, CredentialsError::ProviderTimedOut(_)))
}

fn chain<'a>(first: Option<&'a (dyn Error + 'static)>) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = first;
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

/// The first error of a type in a chain of causes.
pub(super) fn find_cause<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    chain(Some(error)).find_map(|error| error.downcast_ref())
}

fn without_code<E: Error + Send + Sync + 'static>(error: &SdkError<E, HttpResponse>, http_status: Option<u16>) -> String {
    let what = match (error, http_status) {
        (SdkError::TimeoutError(_), _) => "no answer in time".to_owned(),
        (SdkError::DispatchFailure(failure), _) if failure.is_timeout() => "no answer in time".to_owned(),
        (SdkError::DispatchFailure(_), _) if unusable_credentials(error) => NO_CREDENTIALS.to_owned(),
        (SdkError::DispatchFailure(_), _) => "not reached".to_owned(),
        (SdkError::ConstructionFailure(_), _) => "request could not be made".to_owned(),
        (_, Some(status)) => format!("unreadable answer with HTTP status {status}"),
        (_, None) => "unreadable answer".to_owned(),
    };
    format!("{what}: {}", causes(error))
}

/// The causes of an error, outermost left out because it only names its kind, each text once.
pub(super) fn causes(error: &(dyn Error + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    for cause in chain(error.source()) {
        let text = cause.to_string();
        if !texts.iter().any(|earlier| earlier.contains(&text)) {
            texts.push(text);
        }
    }
    if texts.is_empty() { error.to_string() } else { texts.join(": ") }
}

/// One line of at most 400 characters, control characters and runs of white space turned into single spaces.
pub(super) fn one_line(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|letter: char| letter.is_whitespace() || letter.is_control()).filter(|word| !word.is_empty()).collect();
    let line = words.join(" ");
    match line.char_indices().nth(LONGEST_REASON) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{self, Reply};

    async fn vaults(reply: Reply) -> ReadError {
        let fake = testing::fake([reply.forever()]);
        let door = fake.door();
        let error = door.backup().list_backup_vaults().send().await.expect_err("the reply is an error");
        ReadError::from_sdk("ListBackupVaults", error)
    }

    #[tokio::test]
    async fn answers_are_classified() {
        let json = |code: &str| format!(r#"{{"__type":"{code}","message":"no  such\nluck"}}"#);
        // what AWS answers, how the read counts, what the reason begins with
        let cases = [
            (
                Reply::error("ListBackupVaults", 403, json("AccessDeniedException")),
                ReadStatus::Denied,
                "AccessDeniedException: no such luck",
            ),
            (Reply::error("ListBackupVaults", 403, json("UnrecognizedClientException")), ReadStatus::Denied, "UnrecognizedClientException"),
            (Reply::error("ListBackupVaults", 403, json("OptInRequired")), ReadStatus::Denied, "OptInRequired"),
            (Reply::error("ListBackupVaults", 400, json("ExpiredTokenException")), ReadStatus::Denied, "ExpiredTokenException"),
            (Reply::error("ListBackupVaults", 400, json("ThrottlingException")), ReadStatus::Throttled, "ThrottlingException"),
            (Reply::error("ListBackupVaults", 429, "{}"), ReadStatus::Throttled, "unreadable answer with HTTP status 429"),
            (Reply::error("ListBackupVaults", 503, json("ServiceUnavailableException")), ReadStatus::Unavailable, "ServiceUnavailable"),
            (
                Reply::error("ListBackupVaults", 502, "<html>bad gateway</html>"),
                ReadStatus::Unavailable,
                "unreadable answer with HTTP status 502",
            ),
            (
                Reply::error("ListBackupVaults", 403, "<html>proxy says no</html>"),
                ReadStatus::Unavailable,
                "unreadable answer with HTTP status 403",
            ),
            (Reply::refused("ListBackupVaults"), ReadStatus::Unavailable, "not reached: "),
        ];
        for (reply, status, begins) in cases {
            let error = vaults(reply).await;
            assert_eq!(error.status, status, "{}", error.reason);
            assert!(error.reason.starts_with(begins), "`{}` does not begin with `{begins}`", error.reason);
        }
    }

    #[tokio::test]
    async fn the_request_id_can_be_given_to_support() {
        let error = vaults(Reply::error("ListBackupVaults", 403, r#"{"__type":"AccessDeniedException"}"#)).await;
        assert!(error.reason.ends_with("(request 00000000-0000-4000-8000-000000000001)"), "{}", error.reason);
    }

    #[test]
    fn refusals_tell_of_the_credentials() {
        let cases = [
            ("AccessDeniedException: not authorized", Credentials::Good),
            ("RequestExpired: Request has expired.", Credentials::Ended),
            ("3 × GetBucketTagging: ExpiredToken: The provided token has expired.", Credentials::Ended),
            ("AuthFailure: AWS was not able to validate the provided access credentials", Credentials::Doubtful),
            ("InvalidClientTokenId: The security token included in the request is invalid.", Credentials::Doubtful),
            ("no valid credentials: the credential provider was not enabled", Credentials::Doubtful),
            ("not reached: connection refused", Credentials::Good),
        ];
        for (reason, told) in cases {
            assert_eq!(Credentials::told_by(reason), told, "{reason}");
        }
    }

    #[test]
    fn a_reason_is_one_line_of_bounded_length() {
        assert_eq!(one_line(" a\n b\u{7}c\t"), "a b c");
        let long = one_line(&"é".repeat(1_000));
        assert_eq!(long.chars().count(), LONGEST_REASON + 1, "cut at characters, not in the middle of one");
    }
}
