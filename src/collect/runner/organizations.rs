//! After all places: what each organization is asked once, and what the record of every account says about it.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use super::{Account, Belongs, CollectError, Collector, GLOBAL, Place, Run, Table, Unit, unit_id};
use crate::collect::organization;
use crate::collect::reading::{self, Reading};
use crate::collect::tellers::{Turn, turns};
use crate::dataset::{Batch, ReadStatus, UnitId};

impl Run<'_> {
    /// Keeps what an account said about its organization.
    pub(super) fn note_organization(&self, id: &UnitId, table: &Table, rows: &Batch, lacking: Option<String>) {
        if table.name == organization::TABLE.name {
            self.belongs().insert(id.account_id.clone(), Belongs::of(rows, lacking));
        }
    }

    /// Reads what an organization is asked once, in the account whose turn it is; an account that could not be entered has its records already.
    pub(super) async fn organizations(&self, accounts: &[Account]) -> Result<(), CollectError> {
        let once: Vec<_> = self.scope.collectors.iter().copied().filter(|collector| collector.once_an_organization()).collect();
        if once.is_empty() || self.scope.stop.asked() {
            return Ok(());
        }
        let entered = accounts.iter().filter(|account| account.door.is_ok());
        let untold = || Belongs::Untold(format!("{} is not part of this collection", organization::TABLE.name));
        let belongs: BTreeMap<String, Belongs> = {
            let told = self.belongs();
            let of = |account: &Account| told.get(&account.account_id).cloned().unwrap_or_else(untold);
            entered.map(|account| (account.account_id.clone(), of(account))).collect()
        };
        let turns = turns(&belongs, &self.home.caller().account_id);
        for account in accounts {
            let Some(turn) = turns.get(&account.account_id) else { continue };
            let place = Place { account, region: GLOBAL, label: "organization".to_owned() };
            self.progress.units_planned(&place.label, once.len());
            for collector in &once {
                self.once(&place, *collector, turn).await?;
            }
        }
        Ok(())
    }

    /// One table of an organization in one account.
    async fn once(&self, place: &Place<'_>, collector: &'static dyn Collector, turn: &Turn) -> Result<(), CollectError> {
        let id = unit_id(place, collector, &Unit::REGION);
        if self.scope.stop.asked() {
            return Ok(());
        }
        if self.sink.done(&id) {
            self.tally.kept();
        } else {
            let without =
                |status, reason: &str| Some(Reading::without_calls(collector, status, "", Some(reason), self.home.clock().now_ms()));
            let reading = match turn {
                Turn::Ask { advice } => self.ask(place, collector, &id, advice.as_deref()).await?,
                Turn::Elsewhere(teller) => without(ReadStatus::Elsewhere, &format!("asked once for the organization, in account {teller}")),
                Turn::Nobody(reason) | Turn::Unknown(reason) => without(ReadStatus::Skipped, reason),
                Turn::Nothing => without(ReadStatus::Complete, "the account belongs to no organization"),
            };
            let Some(reading) = reading else { return Ok(()) };
            self.keep(place, id.clone(), reading).await?;
        }
        self.progress.unit_ends(&place.label, &id, 0);
        Ok(())
    }

    /// Asks; `None` if it was told to drop what is in flight.
    async fn ask(
        &self,
        place: &Place<'_>,
        collector: &'static dyn Collector,
        id: &UnitId,
        advice: Option<&str>,
    ) -> Result<Option<Reading>, CollectError> {
        let Ok(door) = &place.account.door else { return Ok(None) };
        let portion = |table: &'static Table, batch: Batch| {
            let unit = id.clone();
            self.blocking(id, move |sink| sink.portion(&unit, table, &batch))
        };
        let reading = tokio::select! {
            reading = reading::read(collector, door.region(GLOBAL), Unit::REGION, self.home.clock().clone(), portion) => reading?,
            () = self.scope.stop.dropped() => None,
        };
        Ok(reading.map(|reading| match advice {
            Some(advice) => reading.advised(ReadStatus::Denied, advice),
            None => reading,
        }))
    }

    fn belongs(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Belongs>> {
        self.belongs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
