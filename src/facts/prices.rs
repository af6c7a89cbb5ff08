//! List prices of backup storage: what a GiB costs a month, by Region, resource type and class of storage.
//!
//! Prices are given, not read from AWS: the embedded list is dated, and an operator can put other figures in its place. What has no price has no cost that
//! is known; it is never taken for free. Amounts are whole micro-USD, so that nothing here is rounded.
//!
//! Left out, here and in everything that rests on it: discounts and agreements, storage that is free (of RDS and Aurora up to the size of the databases),
//! tiers within a class, transfer, requests, restores, and the 90 days that cold storage is charged at least.

use std::collections::BTreeMap;

/// Where a recovery point is stored, as far as the price depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A vault.
    Warm,
    /// Cold storage of a vault; for EBS the archive tier.
    Cold,
    /// A logically air-gapped vault, which AWS charges by a list of its own.
    AirGapped,
}

/// What a type costs in a Region; `None` where the price of a class is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Price {
    /// A GiB and month in a vault, in millionths of a US dollar.
    pub warm_micro_usd: Option<i64>,
    /// The same in cold storage.
    pub cold_micro_usd: Option<i64>,
    /// The same in a logically air-gapped vault.
    pub air_gapped_micro_usd: Option<i64>,
    /// Date of the list, `2026-11-27`.
    pub priced_on: String,
}

/// Every price that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prices {
    /// By Region, then by type as AWS Backup names it.
    by_region: BTreeMap<String, BTreeMap<String, Price>>,
}

impl Prices {
    /// A list without any price.
    pub const fn new() -> Self {
        Self { by_region: BTreeMap::new() }
    }

    /// Puts a price there, in the place of one that there was for the same Region and type.
    pub fn set(&mut self, region: &str, resource_type: &str, price: Price) {
        self.by_region.entry(region.to_owned()).or_default().insert(resource_type.to_owned(), price);
    }

    /// What a GiB costs a month, in millionths of a US dollar, and the date of the list that says so; `None` if no list does.
    ///
    /// ```
    /// use backup_audit::facts::prices::{Class, Price, Prices};
    /// let mut prices = Prices::default();
    /// prices.set("us-east-1", "EBS", Price { warm_micro_usd: Some(50_000), priced_on: "2026-11-27".to_owned(), ..Price::default() });
    /// assert_eq!(prices.of("us-east-1", "EBS", Class::Warm), Some((50_000, "2026-11-27")));
    /// assert_eq!(prices.of("us-east-1", "EBS", Class::Cold), None);
    /// assert_eq!(prices.of("eu-west-1", "EBS", Class::Warm), None);
    /// ```
    pub fn of(&self, region: &str, resource_type: &str, class: Class) -> Option<(i64, &str)> {
        let price = self.by_region.get(region)?.get(resource_type)?;
        let micro_usd = match class {
            Class::Warm => price.warm_micro_usd,
            Class::Cold => price.cold_micro_usd,
            Class::AirGapped => price.air_gapped_micro_usd,
        };
        Some((micro_usd?, &price.priced_on))
    }
}
