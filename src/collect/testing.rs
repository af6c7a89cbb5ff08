//! An AWS made of canned answers, for tests of collectors and of what carries them.
//!
//! The answers are what the services send over the wire, so that the SDK's own parsing, paging, retries and errors take part. An answer is given
//! to the first request for its operation that has not been answered yet; a request nobody foresaw fails the test with a text that names it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;

use super::call_log::CallLog;
use super::clients::Shared;
use super::door::{Caller, Clock, Door, DoorSettings, Patience, RegionDoor};
use super::http;
use super::limiter::{Limiter, Ticket};

/// The account of all tests.
pub(crate) const ACCOUNT: &str = "111122223333";
/// The Region of [`Fake::door`].
pub(crate) const REGION: &str = "eu-west-1";

/// What happens to a request.
#[derive(Clone, Debug)]
enum Outcome {
    Answer { status: u16, body: Vec<u8>, content_type: Option<&'static str> },
    Refused,
    Silence,
    Crash,
}

/// A canned answer to one request.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    operation: &'static str,
    /// Part of the request's URI or body that must be there for this reply to fit.
    containing: Option<String>,
    outcome: Outcome,
    forever: bool,
}

impl Reply {
    fn new(operation: &'static str, outcome: Outcome) -> Self {
        Self { operation, containing: None, outcome, forever: false }
    }

    /// Status 200 with a body: JSON for `backup` and `tagging`, XML for `rds` and `sts`.
    pub(crate) fn ok(operation: &'static str, body: impl Into<String>) -> Self {
        Self::error(operation, 200, body)
    }

    /// Any status with a body, `{"__type":"AccessDeniedException","message":"…"}` for JSON services, or [`xml_error`].
    pub(crate) fn error(operation: &'static str, status: u16, body: impl Into<String>) -> Self {
        Self::new(operation, Outcome::Answer { status, body: body.into().into_bytes(), content_type: None })
    }

    /// Any status with a body of CBOR, as CloudWatch speaks it; see [`testing_cbor`](super::testing_cbor).
    pub(crate) fn cbor(operation: &'static str, status: u16, body: &serde_json::Value) -> Self {
        Self::new(operation, Outcome::Answer { status, body: super::testing_cbor::cbor(body), content_type: Some("application/cbor") })
    }

    /// The refusal of a JSON service.
    pub(crate) fn denied(operation: &'static str) -> Self {
        Self::error(operation, 403, r#"{"__type":"AccessDeniedException","message":"not allowed"}"#)
    }

    /// The request to slow down of a JSON service.
    pub(crate) fn throttled(operation: &'static str) -> Self {
        Self::error(operation, 400, r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#)
    }

    /// No connection.
    pub(crate) fn refused(operation: &'static str) -> Self {
        Self::new(operation, Outcome::Refused)
    }

    /// A connection on which nothing ever comes.
    pub(crate) fn silent(operation: &'static str) -> Self {
        Self::new(operation, Outcome::Silence)
    }

    /// A panic in the middle of the call.
    pub(crate) fn crash(operation: &'static str) -> Self {
        Self::new(operation, Outcome::Crash)
    }

    /// Broken off in the middle of the body.
    pub(crate) fn cut(mut self) -> Self {
        if let Outcome::Answer { body, .. } = &mut self.outcome {
            body.truncate(body.len() / 2);
        }
        self
    }

    /// Only for requests whose URI (with path and query) or body contains a text.
    pub(crate) fn containing(mut self, text: impl Into<String>) -> Self {
        self.containing = Some(text.into());
        self
    }

    /// For every request from here on.
    pub(crate) fn forever(mut self) -> Self {
        self.forever = true;
        self
    }
}

/// The error body of RDS and STS.
pub(crate) fn xml_error(code: &str, message: &str) -> String {
    format!("<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>")
}

/// A request as it went over the wire.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) operation: String,
    pub(crate) region: String,
    /// With path and query.
    pub(crate) uri: String,
    pub(crate) body: String,
}

/// Canned answers and the requests they met.
#[derive(Clone, Debug)]
pub(crate) struct Fake(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    replies: VecDeque<Reply>,
    asked: Vec<Asked>,
}

/// An AWS that gives these answers.
pub(crate) fn fake(replies: impl IntoIterator<Item = Reply>) -> Fake {
    Fake(Arc::new(Mutex::new(State { replies: replies.into_iter().collect(), asked: Vec::new() })))
}

/// The clients of one Region of an AWS that gives these answers; [`fake`] if the test looks at the requests.
pub(crate) fn door(replies: impl IntoIterator<Item = Reply>) -> RegionDoor {
    fake(replies).door()
}

/// Time-outs and pauses of a test.
pub(crate) fn hasty() -> Patience {
    Patience {
        connect: Duration::from_millis(200),
        attempt: Duration::from_millis(200),
        operation: Duration::from_secs(5),
        attempts: 3,
        first_pause: Duration::from_millis(1),
    }
}

/// A clock that stands still at 2026-11-20T04:00:00Z.
pub(crate) fn still() -> Clock {
    Clock::new(|| 1_795_147_200_000)
}

impl Fake {
    /// The clients of [`REGION`].
    pub(crate) fn door(&self) -> RegionDoor {
        self.region(REGION, &CallLog::counting())
    }

    /// The clients of a Region, with a log of calls.
    pub(crate) fn region(&self, region: &str, call_log: &CallLog) -> RegionDoor {
        self.clients(http::layered(self.client(), Limiter::unlimited()), region, call_log)
    }

    /// The clients of [`REGION`] with layers of the test's choice around the canned answers.
    pub(crate) fn through(&self, layers: impl Fn(SharedHttpClient) -> SharedHttpClient) -> RegionDoor {
        self.clients(layers(self.client()), REGION, &CallLog::counting())
    }

    fn clients(&self, client: SharedHttpClient, region: &str, call_log: &CallLog) -> RegionDoor {
        let shared = Shared { sdk: self.sdk(client), caller: caller(), clock: still(), call_log: call_log.clone() };
        RegionDoor::new(&shared, region)
    }

    /// What the clients of an account share.
    pub(super) fn shared(&self) -> Shared {
        Shared { sdk: self.sdk(self.client()), caller: caller(), clock: still(), call_log: CallLog::counting() }
    }

    /// The requests so far, in order.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.state().asked.clone()
    }

    /// Replies that nobody asked for; a test of paging wants none left.
    pub(crate) fn left(&self) -> usize {
        self.state().replies.iter().filter(|reply| !reply.forever).count()
    }

    /// Gives one more answer, after those there are.
    pub(crate) fn add(&self, reply: Reply) {
        self.state().replies.push_back(reply);
    }

    /// A door to the account, opened over `sts:GetCallerIdentity` like a real one, limits included.
    pub(crate) async fn open(&self, call_log: CallLog) -> Door {
        self.open_with(self.settings(call_log)).await
    }

    /// The same with settings of the test's choice.
    pub(crate) async fn open_with(&self, settings: DoorSettings) -> Door {
        let xml = format!(
            "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::{ACCOUNT}:user/auditor</Arn>\
             <UserId>AIDAEXAMPLE</UserId><Account>{ACCOUNT}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
        );
        self.state().replies.push_back(Reply::ok("GetCallerIdentity", xml));
        Door::open(settings).await.expect("the fake answers")
    }

    /// Settings that lead here.
    pub(crate) fn settings(&self, call_log: CallLog) -> DoorSettings {
        DoorSettings {
            region: Some(REGION.into()),
            patience: hasty(),
            call_log,
            credentials: Some(credentials()),
            http: Some(self.client()),
            ..DoorSettings::new(still())
        }
    }

    fn sdk(&self, client: SharedHttpClient) -> SdkConfig {
        let settings = self.settings(CallLog::counting());
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .credentials_provider(credentials())
            .http_client(client)
            .retry_config(settings.patience.retries())
            .timeout_config(settings.patience.time_outs())
            .build()
    }

    /// The HTTP client that serves the replies.
    pub(crate) fn client(&self) -> SharedHttpClient {
        let fake = self.clone();
        http_client_fn(move |_, _| SharedHttpConnector::new(fake.clone()))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, asked: &Asked) -> Outcome {
        let mut state = self.state();
        let fits = |reply: &Reply| {
            let contains = |text: &String| asked.uri.contains(text) || asked.body.contains(text);
            reply.operation == asked.operation && reply.containing.as_ref().is_none_or(contains)
        };
        let place = state.replies.iter().position(fits);
        state.asked.push(asked.clone());
        match place {
            Some(place) if state.replies[place].forever => state.replies[place].outcome.clone(),
            Some(place) => state.replies.remove(place).expect("the position was just found").outcome,
            None => {
                drop(state);
                panic!("no reply left for {} in {}: {} {}", asked.operation, asked.region, asked.uri, asked.body)
            }
        }
    }
}

fn caller() -> Caller {
    Caller {
        account_id: ACCOUNT.into(),
        arn: format!("arn:aws:iam::{ACCOUNT}:user/auditor"),
        user_id: "AIDAEXAMPLE".into(),
        partition: "aws".into(),
    }
}

fn credentials() -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Credentials::new("AKIDEXAMPLE", "secret-of-the-test", None, None, "test"))
}

impl HttpConnector for Fake {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let ticket = request.extension::<Ticket>().cloned();
        let asked = Asked {
            operation: ticket.as_ref().map(|ticket| ticket.operation.clone()).unwrap_or_default(),
            region: ticket.map(|ticket| ticket.region.to_string()).unwrap_or_default(),
            uri: request.uri().to_owned(),
            body: String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned(),
        };
        match self.answer(&asked) {
            Outcome::Answer { status, body, content_type } => HttpConnectorFuture::ready(Ok(response(status, body, content_type))),
            Outcome::Refused => HttpConnectorFuture::ready(Err(ConnectorError::io("connection refused".into()))),
            Outcome::Silence => HttpConnectorFuture::new(std::future::pending()),
            Outcome::Crash => panic!("a crash that the test asked for"),
        }
    }
}

fn response(status: u16, body: Vec<u8>, content_type: Option<&'static str>) -> HttpResponse {
    let mut response = HttpResponse::new(status.try_into().expect("tests give valid statuses"), SdkBody::from(body));
    response.headers_mut().insert("x-amzn-requestid", "00000000-0000-4000-8000-000000000001");
    if let Some(content_type) = content_type {
        response.headers_mut().insert("content-type", content_type);
    }
    response
}
