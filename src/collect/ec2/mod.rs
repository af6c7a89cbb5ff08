//! EC2 without its SDK: a thin client for a handful of Describe calls, on the runtime that the SDKs share.
//!
//! Credentials, signature, retries, time-outs, rate limits and the log of calls are the same as for every other service; only how a request is
//! written (the Query protocol: a form) and an answer is read (XML, by `serde`) is here. Why: `docs/decisions/0009-ec2-without-its-sdk.md`.
//!
//! A Describe call is a struct that names the list it cannot do without; see [`enabled_regions`] for the smallest one.

mod client;
pub(crate) mod fields;
mod regions;
#[cfg(test)]
mod tests;
mod xml;

pub use client::Client;
pub(crate) use regions::all_regions;
pub use regions::enabled_regions;
pub(crate) use xml::Set;

use super::collector::{Harvest, ReadError};
use super::door::RegionDoor;
use super::pages::Pages;

/// A page of a listing: its items and the token of the next one.
pub(crate) trait Page: serde::de::DeserializeOwned + std::fmt::Debug + Send + Sync + 'static {
    /// What is listed.
    type Item;
    /// Element of the answer that holds the list.
    const LIST: &'static str;

    /// The list, if the answer has one, and the token.
    fn parts(self) -> (Option<Set<Self::Item>>, Option<String>);
}

/// Reads a listing page by page and gives each item to `take`.
///
/// # Errors
/// A call failed, or an answer does not hold the list; what was taken by then stays taken.
pub(crate) async fn list<P: Page>(
    door: &RegionDoor,
    operation: &'static str,
    parameters: &[(&str, &str)],
    harvest: &mut Harvest,
    mut take: impl FnMut(&mut Harvest, P::Item),
) -> Result<(), ReadError> {
    let mut pages = Pages::of(operation);
    while pages.more() {
        let token = pages.token();
        let next = token.as_deref().map(|token| ("NextToken", token));
        let parameters: Vec<(&str, &str)> = parameters.iter().copied().chain(next).collect();
        let page: P = door.ec2().call(operation, &parameters).await?;
        let (items, token) = page.parts();
        for item in pages.items(harvest, P::LIST, items.map(|set| set.item))? {
            take(harvest, item);
        }
        harvest.leave().await?;
        pages.follow(token)?;
    }
    Ok(())
}
