//! The cases for which exposure is asked, and which points are left in each.
//!
//! If the account is lost, what lies in a vault of another account is left; a view of somebody else's vault holds nothing of its own. If somebody deletes
//! whatever can be deleted, what lies in a logically air-gapped vault is left, and what lies behind a lock that nobody can lift, from when on it cannot be
//! lifted. A vault that was not read, or whose lock was not told, may be one or not. Snapshots and automated backups of the services lie in no vault:
//! what somebody made of them in another account is not known there as a backup of the resource, and does not count.

use crate::facts::locks::{LockMode, Vault, Vaults};
use crate::facts::objectives::{Objectives, Owed};
use crate::facts::points::{Point, Restorable, Stream};
use crate::facts::population::Resource;
use crate::facts::{FactError, Inputs};
use crate::model::window::{self, Window};

use super::sweep::PointLife;

/// Which points count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// Any point.
    Any,
    /// Only points in another Region: the Region is lost.
    OtherRegion,
    /// Only points in vaults of another account: the account is lost.
    OtherAccount,
    /// Only points behind a lock that nobody can lift: whatever can be deleted is.
    Locked,
}

impl Scenario {
    /// All scenarios.
    pub const ALL: [Self; 4] = [Self::Any, Self::OtherRegion, Self::OtherAccount, Self::Locked];

    /// The word in relations.
    pub fn word(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::OtherRegion => "other_region",
            Self::OtherAccount => "other_account",
            Self::Locked => "locked",
        }
    }

    /// The RPO that an objective asks for in it, if any.
    pub(super) fn rpo_s(self, owed: &Owed) -> Option<i64> {
        match self {
            Self::Any => owed.rpo_s,
            Self::OtherRegion => owed.rpo_other_region_s,
            Self::OtherAccount => owed.rpo_other_account_s,
            Self::Locked => owed.rpo_locked_s,
        }
    }

    /// Whether it hangs on vaults. Such a one is measured only where an objective asks for it.
    pub(super) fn by_vault(self) -> bool {
        matches!(self, Self::OtherAccount | Self::Locked)
    }

    fn is_asked(self, objectives: &Objectives) -> bool {
        match self {
            Self::Any | Self::OtherRegion => true,
            Self::OtherAccount => objectives.written().any(|objective| objective.rpo_other_account.is_some()),
            Self::Locked => objectives.written().any(|objective| objective.rpo_locked.is_some()),
        }
    }

    /// Whether a continuous source of the service itself counts.
    pub(super) fn counts_stream(self, resource: &Resource, stream: &Stream) -> bool {
        match self {
            Self::Any => true,
            Self::OtherRegion => stream.region != resource.region,
            Self::OtherAccount | Self::Locked => false,
        }
    }
}

/// From when on a point counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counts {
    /// Never.
    No,
    /// From a moment on, if it is there by then.
    From(i64),
    /// What was read does not tell.
    Maybe,
}

impl Counts {
    /// The lives of a point for the sweep, as far as it counts.
    pub(super) fn lives(self, point: &Point) -> impl Iterator<Item = PointLife> {
        let from_s = if let Self::From(from_s) = self { from_s } else { i64::MIN };
        let life = move |life: PointLife| {
            let available_s = life.available_s.max(from_s);
            let alive_until_s = if self == Self::Maybe { available_s } else { life.alive_until_s };
            PointLife { available_s, alive_until_s, ..life }
        };
        point.lives().filter(move |_| self != Self::No).map(life).filter(|life| life.available_s < life.end_s)
    }
}

/// What scenarios look at beside the points.
#[derive(Debug)]
pub(super) struct Around {
    /// Those that are asked for.
    pub(super) scenarios: Vec<Scenario>,
    /// The vaults, if a scenario hangs on them.
    vaults: Option<Vaults>,
    /// When copies were observed in every account and Region of the scope, so that no copy of a copy can have been missed.
    pub(super) copies_observed: Vec<Window>,
    as_of_s: i64,
}

impl Around {
    pub(super) fn read(inputs: &Inputs<'_>) -> Result<Self, FactError> {
        let scenarios: Vec<Scenario> = Scenario::ALL.into_iter().filter(|one| one.is_asked(inputs.objectives)).collect();
        let by_vault = scenarios.iter().any(|scenario| scenario.by_vault());
        Ok(Self {
            vaults: if by_vault { Some(Vaults::read(inputs)?) } else { None },
            copies_observed: if by_vault { copies_observed(inputs) } else { Vec::new() },
            as_of_s: inputs.snapshot.as_of_s(),
            scenarios,
        })
    }

    /// Whether a point of a resource counts in a scenario.
    pub(super) fn counts(&self, scenario: Scenario, resource: &Resource, point: &Point, found: &Restorable) -> Counts {
        let certainly = |counts: bool| if counts { Counts::From(i64::MIN) } else { Counts::No };
        match scenario {
            Scenario::Any => Counts::From(i64::MIN),
            Scenario::OtherRegion => certainly(point.region != resource.region),
            Scenario::OtherAccount if point.account_id == resource.account_id => Counts::No,
            Scenario::OtherAccount | Scenario::Locked => {
                let Some(arn) = point.vault.and_then(|number| found.vaults.get(number)) else { return Counts::No };
                match self.vaults.as_ref().and_then(|vaults| vaults.get(arn)) {
                    None => Counts::Maybe,
                    Some(vault) if scenario == Scenario::Locked => locked(vault, self.as_of_s),
                    Some(vault) if vault.kind.is_none() => Counts::Maybe,
                    Some(vault) => certainly(!vault.is_view()),
                }
            }
        }
    }
}

/// From when on what lies in a vault is behind a lock that nobody can lift. What only a view shows lies elsewhere.
fn locked(vault: &Vault, as_of_s: i64) -> Counts {
    match vault.lock_mode(as_of_s).filter(|_| !vault.is_view()) {
        None => Counts::Maybe,
        Some(LockMode::Immutable) if vault.air_gapped() == Some(true) => Counts::From(i64::MIN),
        Some(LockMode::Immutable) => vault.lock_date_s.map_or(Counts::Maybe, Counts::From),
        Some(LockMode::None | LockMode::Governance | LockMode::Grace) => Counts::No,
    }
}

fn copies_observed(inputs: &Inputs<'_>) -> Vec<Window> {
    if !inputs.complete_everywhere("copy_jobs") {
        return Vec::new();
    }
    let scope = inputs.snapshot.scope().iter();
    let observed = scope.map(|(account_id, region)| inputs.snapshot.observed("copy_jobs", account_id, region));
    observed.reduce(|one, other| window::common(&one, &other)).unwrap_or_default()
}
