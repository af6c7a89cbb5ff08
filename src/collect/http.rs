//! The one HTTP client, and the layer around it that every attempt passes: wait for the limiter, send, see that the answer is whole.
//!
//! The last is needed because the SDK takes an empty answer with status 200 for an empty list, and an XML answer cut between two elements for a
//! shorter one. Both would make something unread look like nothing there. An endpoint on this machine is no AWS and has no rates, so nothing waits
//! for it. Requests of credential providers carry no [`Ticket`] and pass as they are.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_http_client::{Connector, proxy::ProxyConfig, tls};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

use super::error::THROTTLED;
use super::limiter::{Limiter, Ticket, Ticking};

/// Connections to the network: TLS by rustls, proxies as the usual variables name them, one pool for each pair of time-outs in use.
pub(super) fn network() -> SharedHttpClient {
    type TimeOuts = (Option<Duration>, Option<Duration>);
    let pools: Mutex<BTreeMap<TimeOuts, SharedHttpConnector>> = Mutex::new(BTreeMap::new());
    http_client_fn(move |settings: &HttpConnectorSettings, components: &RuntimeComponents| {
        let mut pools = pools.lock().unwrap_or_else(PoisonError::into_inner);
        let time_outs = (settings.connect_timeout(), settings.read_timeout());
        let pool = pools.entry(time_outs).or_insert_with(|| {
            let mut builder = Connector::builder()
                .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc))
                .connector_settings(settings.clone())
                .proxy_config(ProxyConfig::from_env());
            builder.set_sleep_impl(components.sleep_impl());
            SharedHttpConnector::new(builder.build())
        });
        pool.clone()
    })
}

/// Puts the limiter and the check of answers around a client.
pub(super) fn layered<C: Ticking>(inner: SharedHttpClient, limiter: Limiter<C>) -> SharedHttpClient {
    let limiter = Arc::new(limiter);
    http_client_fn(move |settings: &HttpConnectorSettings, components: &RuntimeComponents| {
        SharedHttpConnector::new(Layer { inner: inner.http_connector(settings, components), limiter: Arc::clone(&limiter) })
    })
}

#[derive(Debug)]
struct Layer<C: Ticking> {
    inner: SharedHttpConnector,
    limiter: Arc<Limiter<C>>,
}

impl<C: Ticking> HttpConnector for Layer<C> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Some(ticket) = request.extension::<Ticket>().cloned() else {
            return self.inner.call(request);
        };
        let free = is_here(request.uri()) && !self.limiter.holds_everywhere();
        let (inner, limiter) = (self.inner.clone(), Arc::clone(&self.limiter));
        HttpConnectorFuture::new(async move {
            if !free {
                limiter.pass(&ticket).await;
            }
            let response = whole(inner.call(request).await?).await?;
            if asks_to_slow_down(&response) {
                limiter.slow_down(&ticket);
            }
            Ok(response)
        })
    }
}

/// Whether an answer is a request to slow down. Its body has been read.
fn asks_to_slow_down(response: &HttpResponse) -> bool {
    let status = response.status();
    if status.is_success() {
        return false;
    }
    let header = response.headers().get("x-amzn-errortype").unwrap_or_default();
    let body = String::from_utf8_lossy(response.body().bytes().unwrap_or_default());
    status.as_u16() == 429 || THROTTLED.iter().any(|code| header.contains(code) || body.contains(code))
}

/// Whether an address leads to this machine, where an emulator listens.
fn is_here(uri: &str) -> bool {
    match url::Url::parse(uri).ok().as_ref().and_then(url::Url::host) {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Reads the body of an answer; a successful one is handed on if it is whole, otherwise it is an error that is worth another attempt.
async fn whole(mut response: HttpResponse) -> Result<HttpResponse, ConnectorError> {
    let body = ByteStream::new(response.take_body()).collect().await.map_err(|error| ConnectorError::io(error.into()))?.into_bytes();
    if !response.status().is_success() {
        *response.body_mut() = SdkBody::from(body);
        return Ok(response);
    }
    // The parser of CBOR notices by itself where an answer breaks off; it knows no end that another value could follow.
    let is_cbor = response.headers().get("content-type").is_some_and(|kind| kind.contains("cbor"));
    if let Some(defect) = defect(&body).filter(|_| !is_cbor || body.is_empty()) {
        return Err(ConnectorError::io(format!("the answer {defect} ({} bytes)", body.len()).into()));
    }
    *response.body_mut() = SdkBody::from(body);
    Ok(response)
}

/// What is wrong with the end of a JSON or XML body; what lies between is left to the parsers, which do notice.
fn defect(body: &[u8]) -> Option<&'static str> {
    let body = body.trim_ascii();
    match body.first() {
        None => Some("is empty"),
        Some(b'{') => (!body.ends_with(b"}")).then_some("is JSON that breaks off"),
        Some(b'<') => (!closes_its_root(body)).then_some("is XML that breaks off"),
        Some(_) => Some("is neither JSON nor XML"),
    }
}

fn closes_its_root(xml: &[u8]) -> bool {
    let text = String::from_utf8_lossy(xml);
    let mut rest = text.as_ref();
    while let Some(prolog) = rest.strip_prefix("<?").or_else(|| rest.strip_prefix("<!")) {
        let Some(end) = prolog.find('>') else { return false };
        rest = prolog[end + 1..].trim_start();
    }
    let name: String = rest.chars().skip(1).take_while(|letter| !letter.is_whitespace() && !matches!(letter, '>' | '/')).collect();
    let end = rest.strip_suffix('>').map(str::trim_end).unwrap_or_default();
    !name.is_empty() && (end.ends_with(&format!("</{name}")) || (end.ends_with('/') && rest.matches('<').count() == 1))
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;
    use crate::collect::testing::{self, Reply};

    #[test]
    fn only_what_listens_here_is_not_waited_for() {
        for uri in ["http://127.0.0.1:5001/", "http://localhost:4566/backup-vaults/?x=1", "http://[::1]/"] {
            assert!(is_here(uri), "{uri}");
        }
        for uri in ["https://backup.eu-west-1.amazonaws.com/", "https://localhost.example.com/", "http://10.0.0.1/", "/", ""] {
            assert!(!is_here(uri), "{uri}");
        }
    }

    #[tokio::test]
    async fn retries_pay_like_first_attempts() {
        let clock = FakeRelativeClock::default();
        let fake = testing::fake([Reply::throttled("ListBackupVaults"), Reply::ok("ListBackupVaults", r#"{"BackupVaultList":[]}"#)]);
        let door = fake.through(|client| layered(client, Limiter::with_clock(clock.clone())));
        let list = || door.backup().list_backup_vaults().send();

        list().await.expect_err("while the clock stands still only one attempt is due, and AWS throttles it");
        assert_eq!(fake.asked().len(), 1, "no retry went past the limiter");
        clock.advance(Duration::from_secs(2));
        list().await.expect("two seconds later the next one is due: being throttled has slowed the pace down");
        assert_eq!(fake.asked().len(), 2);
    }

    #[test]
    fn only_whole_answers_pass() {
        // what it shows, body, defect
        let cases = [
            ("an object", "{}", None),
            ("white space around", " {\"a\":[1]}\n", None),
            ("nothing: the SDK would read an empty list", "", Some("is empty")),
            ("cut in a string", "{\"a\":\"b", Some("is JSON that breaks off")),
            ("a root and its end", "<?xml version=\"1.0\"?>\n<R xmlns=\"x\"><A/></R>", None),
            ("an empty root", "<R/>", None),
            ("cut between elements: the SDK would read a shorter list", "<R><A></A>", Some("is XML that breaks off")),
            ("cut after an inner empty element", "<R><A/>", Some("is XML that breaks off")),
            ("cut in the prolog", "<?xml version", Some("is XML that breaks off")),
            ("text of a proxy", "upstream error", Some("is neither JSON nor XML")),
        ];
        for (shows, body, expected) in cases {
            assert_eq!(defect(body.as_bytes()), expected, "{shows}");
        }
    }
}
