//! What a dry run lets through to AWS, and the count of it.
//!
//! The gate lies around the HTTP client, so that every attempt of every client passes it, whoever makes it. A call that is [`Foretold`] ends here
//! with an error, before it waits for the limiter; the collector takes that as it takes a refusal and goes on. The gate is no judge of answers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use crate::collect::call_log::PURPOSE;
use crate::collect::collector::{Collector, Foretold};
use crate::collect::limiter::Ticket;
use crate::collect::lists::name;

/// The reason of a read that ended at the gate.
pub(super) const NOT_MADE: &str = "a dry run does not make this call";

/// Which call, and what for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Asking {
    /// Twelve digits; empty until STS has said who the caller is.
    pub(super) account_id: String,
    /// The Region that is called.
    pub(super) region: String,
    pub(super) service: &'static str,
    pub(super) operation: String,
    /// The table that names the collector; none for what finds out whom to ask.
    pub(super) table: Option<&'static str>,
}

/// How often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Times {
    /// Sent.
    pub(super) made: u64,
    /// Ended here.
    pub(super) withheld: u64,
}

/// Table and operation to how the number of its calls is told.
type Rules = BTreeMap<(&'static str, &'static str), Foretold>;

/// Counts calls and withholds those that are foretold. Clones share the count.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    rules: Rules,
    counts: Mutex<BTreeMap<Asking, Times>>,
}

impl Gate {
    /// A gate for what these collectors ask.
    pub fn new(collectors: &[&dyn Collector]) -> Self {
        let rules = collectors.iter().flat_map(|collector| {
            let table = name(*collector);
            collector.foretold().iter().map(move |(operation, foretold)| ((table, operation.name), *foretold))
        });
        Self(Arc::new(Inner { rules: rules.collect(), counts: Mutex::default() }))
    }

    /// Puts the gate around a client.
    pub(in crate::collect) fn around(&self, inner: SharedHttpClient) -> SharedHttpClient {
        let gate = self.clone();
        http_client_fn(move |settings: &HttpConnectorSettings, components: &RuntimeComponents| {
            SharedHttpConnector::new(Gated { inner: inner.http_connector(settings, components), gate: gate.clone() })
        })
    }

    /// How the number of calls of an operation is told; `None` if it is called.
    pub(super) fn rule(&self, table: &str, operation: &str) -> Option<Foretold> {
        self.0.rules.iter().find(|((of, name), _)| *of == table && *name == operation).map(|(_, foretold)| *foretold)
    }

    /// What came by so far.
    pub(super) fn counts(&self) -> BTreeMap<Asking, Times> {
        self.0.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Counts a request and says whether it may pass.
    fn passes(&self, ticket: &Ticket, is_first_page: bool) -> bool {
        let table = PURPOSE.try_with(|purpose| purpose.table).ok();
        let rule = table.and_then(|table| self.rule(table, &ticket.operation));
        let passes = match rule {
            None => true,
            Some(Foretold::ByFirstPage) => is_first_page,
            Some(Foretold::OneByOne | Foretold::AtLeastOnePage | Foretold::Bundled(_)) => false,
        };
        let asking = Asking {
            account_id: ticket.account_id.to_string(),
            region: ticket.region.to_string(),
            service: ticket.service,
            operation: ticket.operation.clone(),
            table,
        };
        let mut counts = self.0.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let times = counts.entry(asking).or_default();
        *(if passes { &mut times.made } else { &mut times.withheld }) += 1;
        passes
    }
}

#[derive(Debug)]
struct Gated {
    inner: SharedHttpConnector,
    gate: Gate,
}

impl HttpConnector for Gated {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        // Credential providers send no ticket; what they ask is no collected data.
        let Some(ticket) = request.extension::<Ticket>() else { return self.inner.call(request) };
        // The one list that is cut short writes its token into the query.
        let is_first_page = !request.uri().contains("nextToken=");
        if self.gate.passes(ticket, is_first_page) {
            return self.inner.call(request);
        }
        HttpConnectorFuture::ready(Err(ConnectorError::other(NOT_MADE.into(), None)))
    }
}
