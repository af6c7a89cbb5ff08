//! The way to AWS: credentials, endpoints, retries, time-outs, and one set of clients for each Region.
//!
//! A [`Door`] is opened once an account: it finds credentials as every AWS tool does, asks STS who the caller is, and holds what all Regions
//! share (HTTP client, rate limits, credential cache, log of calls). [`Door::region`] gives the clients of one Region. Each *attempt* of a call
//! waits for the limiter and leaves a line in the [log of calls](super::call_log).
//!
//! Only clients for reading are made here. Credentials are never logged or stored.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::error::SdkError;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

use super::accounts::Entry;
use super::call_log::CallLog;
pub use super::clients::RegionDoor;
use super::clients::{Shared, client};
use super::collector::ReadError;
use super::error::{CollectError, find_cause};
use super::forecast::Gate;
use super::http;
use super::limiter::Limiter;
use super::pages::unreadable;
use crate::dataset::ReadStatus;
use crate::model::Arn;

/// Name of the sessions in other accounts, as their CloudTrail shows it.
const SESSION: &str = "backup-audit";
/// Longest wait for the credentials of a role, where no time-out is set.
const ENTER_TIMEOUT: Duration = Duration::from_secs(30);

/// The wall clock, in milliseconds since the epoch. Only `commands/` knows a real one.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> i64 + Send + Sync>);

impl Clock {
    /// A clock that reads `now_ms`.
    pub fn new(now_ms: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(now_ms))
    }

    /// Milliseconds since the epoch, UTC.
    pub fn now_ms(&self) -> i64 {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// How long AWS is waited for, and how often it is asked again.
#[derive(Clone, Debug)]
pub struct Patience {
    /// Until a connection stands.
    pub connect: Duration,
    /// For one attempt, its wait for the limiter included.
    pub attempt: Duration,
    /// For a call with all its attempts and the pauses between them.
    pub operation: Duration,
    /// Attempts of a call, the first included.
    pub attempts: u32,
    /// First pause between attempts; it doubles, with jitter.
    pub first_pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            attempt: Duration::from_secs(30),
            operation: Duration::from_mins(2),
            attempts: 5,
            first_pause: Duration::from_secs(1),
        }
    }
}

impl Patience {
    pub(super) fn retries(&self) -> RetryConfig {
        RetryConfig::standard().with_max_attempts(self.attempts.max(1)).with_initial_backoff(self.first_pause)
    }

    pub(super) fn time_outs(&self) -> TimeoutConfig {
        TimeoutConfig::builder()
            .connect_timeout(self.connect)
            .read_timeout(self.attempt)
            .operation_attempt_timeout(self.attempt)
            .operation_timeout(self.operation)
            .build()
    }
}

/// What a door is opened with. What is not set comes from the standard AWS variables and files.
#[derive(Clone, Debug)]
pub struct DoorSettings {
    /// Profile of the shared configuration files. When set, its credentials win over those in the environment, as in the AWS CLI.
    pub profile: Option<String>,
    /// Region in which STS is asked who the caller is.
    pub region: Option<String>,
    /// Endpoint of all services, for emulators and proxies; wins over `AWS_ENDPOINT_URL`.
    pub endpoint_url: Option<String>,
    /// Time-outs and retries.
    pub patience: Patience,
    /// Share of the documented request rates that is used at most, 1 to 100; all of them if not named, and none held to on this machine.
    pub rate_percent: Option<u32>,
    /// Clock of the log and of the record of reads.
    pub clock: Clock,
    /// Where each attempt is written down.
    pub call_log: CallLog,
    /// For a dry run: what withholds and counts calls.
    pub gate: Option<Gate>,
    /// Credentials in place of the standard chain.
    pub credentials: Option<SharedCredentialsProvider>,
    /// HTTP client in place of the network.
    pub http: Option<SharedHttpClient>,
}

impl DoorSettings {
    /// Settings that leave everything to the standard chain.
    pub fn new(clock: Clock) -> Self {
        Self {
            profile: None,
            region: None,
            endpoint_url: None,
            patience: Patience::default(),
            rate_percent: None,
            clock,
            call_log: CallLog::counting(),
            gate: None,
            credentials: None,
            http: None,
        }
    }
}

/// Who asks, as STS says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Twelve digits.
    pub account_id: String,
    /// ARN of the user or assumed role.
    pub arn: String,
    /// Unique id of the user or role session.
    pub user_id: String,
    /// `aws`, `aws-cn`, `aws-us-gov`, …
    pub partition: String,
}

/// The way to one account.
#[derive(Clone, Debug)]
pub struct Door(Shared);

impl Door {
    /// Finds credentials and asks STS who the caller is.
    ///
    /// # Errors
    /// `CollectError` with what to do next: no credentials, an unknown profile, an expired token, no Region, no answer.
    pub async fn open(settings: DoorSettings) -> Result<Self, CollectError> {
        if let Some(url) = &settings.endpoint_url {
            let right = url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
            if !right {
                return Err(CollectError::Endpoint { url: url.clone() });
            }
        }
        let sdk = sdk_config(&settings).await;
        let region = sdk.region().map(ToString::to_string).ok_or(CollectError::NoRegion)?;
        let caller = identify(&sdk, &region, &settings).await?;
        Ok(Self(Shared { sdk, caller, clock: settings.clock, call_log: settings.call_log }))
    }

    /// Who asks.
    pub fn caller(&self) -> &Caller {
        &self.0.caller
    }

    /// The Region that settings, variables or profile name; used when none is asked for.
    pub fn home_region(&self) -> &str {
        self.0.sdk.region().map_or("", AsRef::as_ref)
    }

    /// The clock it was opened with.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The log of calls it was opened with.
    pub fn call_log(&self) -> &CallLog {
        &self.0.call_log
    }

    /// The clients of one Region, or of [`GLOBAL`](super::clients::GLOBAL). They share connections, credentials and rate limits with all others, and
    /// retries with none.
    pub fn region(&self, region: &str) -> RegionDoor {
        RegionDoor::new(&self.0, region)
    }
}

impl Door {
    /// Enters another account with a role of it.
    ///
    /// # Errors
    /// `ReadError`: the role cannot be assumed, STS does not answer, or what was entered is another account.
    pub async fn enter(&self, account_id: &str, entry: &Entry) -> Result<Self, ReadError> {
        let Shared { sdk, caller, clock, call_log } = &self.0;
        let role = format!("arn:{}:iam::{account_id}:role/{}", caller.partition, entry.role_name.trim_start_matches('/'));
        let mut provider = AssumeRoleProvider::builder(&role).session_name(SESSION).configure(sdk);
        if let Some(external_id) = &entry.external_id {
            provider = provider.external_id(external_id);
        }
        let base =
            sdk.credentials_provider().ok_or_else(|| unreadable("AssumeRole", "the caller has no credentials to assume a role with"))?;
        let provider = provider.build_from_provider(base).await;
        // A cache of its own: the caller's holds the caller's credentials.
        let cache =
            IdentityCache::lazy().load_timeout(sdk.timeout_config().and_then(TimeoutConfig::operation_timeout).unwrap_or(ENTER_TIMEOUT));
        let sdk = sdk.clone().into_builder().credentials_provider(SharedCredentialsProvider::new(provider)).identity_cache(cache.build());
        let expected = Caller { account_id: account_id.to_owned(), ..caller.clone() };
        let shared = Shared { sdk: sdk.build(), caller: expected, clock: clock.clone(), call_log: call_log.clone() };
        let caller = who(&shared, account_id, self.home_region()).await?;
        if caller.account_id != account_id {
            return Err(unreadable("GetCallerIdentity", &format!("{role} led into account {}", caller.account_id)));
        }
        Ok(Self(Shared { caller, ..shared }))
    }
}

impl Door {
    /// Whether STS does not take the credentials any more. `false` where it cannot be asked.
    pub(super) async fn turned_away(&self) -> bool {
        let asked = who(&self.0, &self.0.caller.account_id, self.home_region()).await;
        asked.is_err_and(|error| error.status == ReadStatus::Denied)
    }
}

/// Asks STS who a set of credentials belongs to.
async fn who(shared: &Shared, account_id: &str, region: &str) -> Result<Caller, ReadError> {
    const ASK: &str = "GetCallerIdentity";
    let sts = client!(aws_sdk_sts, "sts", shared, account_id, region);
    let identity = sts.get_caller_identity().send().await.map_err(|error| {
        let entering = find_cause::<CredentialsError>(&error).is_some();
        ReadError::from_sdk(if entering { "AssumeRole" } else { ASK }, error)
    })?;
    let (Some(account_id), Some(arn)) = (identity.account, identity.arn) else {
        return Err(unreadable(ASK, "AWS did not say which account the caller belongs to"));
    };
    let partition = Arn::parse(&arn).map(|arn| arn.partition.to_owned());
    let partition = partition.ok_or_else(|| unreadable(ASK, "the caller's ARN cannot be read"))?;
    Ok(Caller { account_id, partition, user_id: identity.user_id.unwrap_or_default(), arn })
}

async fn sdk_config(settings: &DoorSettings) -> SdkConfig {
    let network = settings.http.clone().unwrap_or_else(http::network);
    let client = http::layered(network, Limiter::new(settings.rate_percent));
    let client = settings.gate.iter().fold(client, |client, gate| gate.around(client));
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(client.clone())
        .retry_config(settings.patience.retries())
        .timeout_config(settings.patience.time_outs());
    if let Some(region) = &settings.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(url) = &settings.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    if let Some(profile) = &settings.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(credentials) = &settings.credentials {
        return loader.credentials_provider(credentials.clone()).load().await;
    }
    let Some(profile) = &settings.profile else {
        return loader.load().await;
    };
    // The SDK's chain looks at the environment first, also when a profile is named; that would audit another account than the one asked for.
    let config = loader.load().await;
    let region = config.region().cloned();
    let chain = ProviderConfig::default().with_http_client(client).with_region(region);
    let provider = ProfileFileCredentialsProvider::builder().configure(&chain).profile_name(profile).build();
    config.into_builder().credentials_provider(SharedCredentialsProvider::new(provider)).build()
}

async fn identify(sdk: &SdkConfig, region: &str, settings: &DoorSettings) -> Result<Caller, CollectError> {
    let nobody = Caller { account_id: String::new(), arn: String::new(), user_id: String::new(), partition: String::new() };
    let shared = Shared { sdk: sdk.clone(), caller: nobody, clock: settings.clock.clone(), call_log: settings.call_log.clone() };
    let sts = client!(aws_sdk_sts, "sts", shared, "", region);
    let identity = sts.get_caller_identity().send().await.map_err(|error| not_identified(error, settings.profile.as_ref()))?;
    let (Some(account_id), Some(arn)) = (identity.account, identity.arn) else {
        return Err(CollectError::Nameless);
    };
    let partition = Arn::parse(&arn).map(|arn| arn.partition.to_owned()).ok_or(CollectError::Nameless)?;
    Ok(Caller { account_id, partition, user_id: identity.user_id.unwrap_or_default(), arn })
}

fn not_identified<E>(error: SdkError<E>, profile: Option<&String>) -> CollectError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let expired = error.as_service_error().and_then(ProvideErrorMetadata::code).is_some_and(|code| code.starts_with("ExpiredToken"));
    if expired {
        return CollectError::Expired { source: error.into() };
    }
    match (find_cause::<CredentialsError>(&error), profile) {
        (Some(cause), _) if super::error::causes(cause).contains("expired") => CollectError::Expired { source: error.into() },
        (Some(CredentialsError::InvalidConfiguration(_) | CredentialsError::CredentialsNotLoaded(_)), Some(profile)) => {
            CollectError::Profile { profile: profile.clone(), source: error.into() }
        }
        (Some(_), _) => CollectError::NoCredentials { profile: profile.cloned(), source: error.into() },
        (None, _) => {
            let source = ReadError::from_sdk("GetCallerIdentity", error);
            CollectError::Caller { status: source.status, source }
        }
    }
}
