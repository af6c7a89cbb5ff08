//! Signs and sends one call, with all its attempts.

use aws_runtime::auth::SigV4OperationSigningConfig;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::invocation_id::InvocationIdInterceptor;
use aws_runtime::request_info::RequestInfoInterceptor;
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_runtime::service_clock_skew::{ServiceClockSkewClassifier, ServiceClockSkewInterceptor};
use aws_runtime::user_agent::{ApiMetadata, UserAgentInterceptor};
use aws_smithy_runtime::client::http::connection_poisoning::ConnectionPoisoningInterceptor;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime::client::retries::RetryPartition;
use aws_smithy_runtime::client::retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::AuthSchemeOptionResolverParams;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::identity::SharedIdentityResolver;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::{SharedRuntimePlugin, StaticRuntimePlugin};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::Layer;
use aws_smithy_types::error::ErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use serde::de::DeserializeOwned;

use super::xml;
use crate::collect::call_log::LogCalls;
use crate::collect::clients::Shared;
use crate::collect::collector::ReadError;
use crate::collect::limiter::Stamp;

/// Version of the API whose requests and answers are written here.
const API_VERSION: &str = "2016-11-15";

/// EC2 in one account and Region.
#[derive(Clone, Debug)]
pub struct Client {
    endpoint: String,
    retries: RetryConfig,
    time_outs: TimeoutConfig,
    behavior: BehaviorVersion,
    plugin: SharedRuntimePlugin,
}

impl Client {
    pub(in crate::collect) fn new(shared: &Shared, account_id: &str, region: &str) -> Self {
        let sdk = &shared.sdk;
        Self {
            endpoint: endpoint(shared, region),
            retries: sdk.retry_config().cloned().unwrap_or_else(RetryConfig::standard),
            time_outs: sdk.timeout_config().cloned().unwrap_or_else(TimeoutConfig::disabled),
            behavior: sdk.behavior_version().unwrap_or_else(BehaviorVersion::latest),
            plugin: plugin(shared, account_id, region),
        }
    }

    /// Calls an operation with its parameters as the API reference names them, `Filter.1.Value.1` included.
    ///
    /// # Errors
    /// `ReadError` when the call fails for good, or when the answer is not one of this operation. What is optional in `T` may be missing.
    pub async fn call<T>(&self, operation: &'static str, parameters: &[(&str, &str)]) -> Result<T, ReadError>
    where
        T: DeserializeOwned + std::fmt::Debug + Send + Sync + 'static,
    {
        let call = Operation::builder()
            .service_name("EC2")
            .operation_name(operation)
            .behavior_version(self.behavior)
            .endpoint_url(&self.endpoint)
            .standard_retry(&self.retries)
            .timeout_config(self.time_outs.clone())
            .runtime_plugin(self.plugin.clone())
            .serializer(request)
            .deserializer(move |response: &HttpResponse| answer::<T>(operation, response))
            .build();
        call.invoke(form(operation, parameters)).await.map_err(|error| ReadError::from_sdk(operation, error))
    }
}

/// What every call of a client has in common; the same parts that the clients of the SDKs are made of.
fn plugin(shared: &Shared, account_id: &str, region: &str) -> SharedRuntimePlugin {
    let sdk = &shared.sdk;
    let stamp = Stamp::new("ec2", account_id, region);
    let log = LogCalls::new(shared.call_log.clone(), shared.clock.clone(), stamp.clone());
    let signing = SigV4OperationSigningConfig {
        region: Some(aws_config::Region::new(region.to_owned()).into()),
        name: Some("ec2".into()),
        ..SigV4OperationSigningConfig::default()
    };

    let mut settings = Layer::new("EC2");
    settings.store_put(AuthSchemeOptionResolverParams::new(()));
    settings.store_put(signing);
    settings.store_put(ApiMetadata::new("ec2", env!("CARGO_PKG_VERSION")));
    settings.store_put(RetryPartition::custom(format!("{account_id}/{region}/ec2")).build());

    let components = RuntimeComponentsBuilder::new("EC2")
        .with_http_client(sdk.http_client())
        .with_sleep_impl(sdk.sleep_impl())
        .with_time_source(sdk.time_source())
        .with_identity_cache(sdk.identity_cache())
        .with_auth_scheme(SigV4AuthScheme::new())
        .with_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID])))
        .with_retry_classifier(HttpStatusCodeClassifier::default())
        .with_retry_classifier(TransientErrorClassifier::<ErrorMetadata>::new())
        .with_retry_classifier(AwsErrorCodeClassifier::<ErrorMetadata>::new())
        .with_retry_classifier(ServiceClockSkewClassifier::<ErrorMetadata>::new())
        .with_interceptor(ConnectionPoisoningInterceptor::new())
        .with_interceptor(ServiceClockSkewInterceptor::new())
        .with_interceptor(RequestInfoInterceptor::new())
        .with_interceptor(UserAgentInterceptor::new())
        .with_interceptor(InvocationIdInterceptor::new())
        .with_interceptor(stamp)
        .with_interceptor(log);
    let components = match sdk.credentials_provider() {
        Some(credentials) => components.with_identity_resolver(SCHEME_ID, SharedIdentityResolver::new(credentials)),
        None => components,
    };
    SharedRuntimePlugin::new(StaticRuntimePlugin::new().with_config(settings.freeze()).with_runtime_components(components))
}

/// Where EC2 answers: the endpoint of all services if one is set, otherwise the Region's own in the caller's partition.
///
/// Source: the partitions and endpoint rules of the AWS SDKs. EC2's usual endpoints in AWS `GovCloud` (US) are FIPS endpoints already.
fn endpoint(shared: &Shared, region: &str) -> String {
    if let Some(url) = shared.sdk.endpoint_url() {
        return url.to_owned();
    }
    let partition = shared.caller.partition.as_str();
    let suffix = match partition {
        "aws-cn" => "amazonaws.com.cn",
        "aws-eusc" => "amazonaws.eu",
        "aws-iso" => "c2s.ic.gov",
        "aws-iso-b" => "sc2s.sgov.gov",
        "aws-iso-e" => "cloud.adc-e.uk",
        "aws-iso-f" => "csp.hci.ic.gov",
        _ => "amazonaws.com",
    };
    let is_fips = shared.sdk.use_fips().unwrap_or(false) && partition != "aws-us-gov";
    format!("https://ec2{}.{region}.{suffix}", if is_fips { "-fips" } else { "" })
}

fn form(operation: &str, parameters: &[(&str, &str)]) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", operation).append_pair("Version", API_VERSION).extend_pairs(parameters);
    form.finish()
}

fn request(form: String) -> Result<HttpRequest, BoxError> {
    let mut request = HttpRequest::new(SdkBody::from(form));
    request.set_method("POST")?;
    request.set_uri("/")?;
    request.headers_mut().insert("content-type", "application/x-www-form-urlencoded");
    Ok(request)
}

/// What an answer says. One that is not understood is not asked for again, as with the SDKs.
fn answer<T: DeserializeOwned>(operation: &str, response: &HttpResponse) -> Result<T, OrchestratorError<ErrorMetadata>> {
    let body = std::str::from_utf8(response.body().bytes().unwrap_or_default()).map_err(OrchestratorError::other)?;
    if response.status().is_success() {
        return xml::answer(operation, body).map_err(OrchestratorError::other);
    }
    Err(xml::error(body).map_or_else(OrchestratorError::other, OrchestratorError::operation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing;

    #[test]
    fn each_partition_has_its_own_names() {
        let host = |partition: &str, fips: bool| {
            let mut shared = testing::fake([]).shared();
            partition.clone_into(&mut shared.caller.partition);
            shared.sdk = shared.sdk.into_builder().use_fips(fips).build();
            endpoint(&shared, "r-1")
        };
        for (partition, fips, expected) in [
            ("aws", false, "https://ec2.r-1.amazonaws.com"),
            ("aws", true, "https://ec2-fips.r-1.amazonaws.com"),
            ("aws-us-gov", true, "https://ec2.r-1.amazonaws.com"),
            ("aws-cn", false, "https://ec2.r-1.amazonaws.com.cn"),
            ("aws-eusc", false, "https://ec2.r-1.amazonaws.eu"),
        ] {
            assert_eq!(host(partition, fips), expected);
        }
        let mut shared = testing::fake([]).shared();
        shared.sdk = shared.sdk.into_builder().endpoint_url("http://127.0.0.1:5000").build();
        assert_eq!(endpoint(&shared, "r-1"), "http://127.0.0.1:5000");
    }

    #[test]
    fn a_request_is_a_form() {
        let form = form("DescribeSnapshots", &[("OwnerId.1", "self"), ("NextToken", "a+b/c=")]);
        assert_eq!(form, "Action=DescribeSnapshots&Version=2016-11-15&OwnerId.1=self&NextToken=a%2Bb%2Fc%3D");
    }
}
