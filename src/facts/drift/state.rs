//! The estate at one moment, as far as it is compared with another.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::keys::KeyState;
use super::reading::{Lists, Place, Reading, reading};
use super::resources::ResourceState;
use super::vaults::{Heard, VaultState};
use crate::dataset::Gap;
use crate::dataset::rows::Json;
use crate::facts::coverage::Coverage;
use crate::facts::keys::KmsKey;
use crate::facts::locks::Vaults;
use crate::facts::plans::Plan;
use crate::facts::policies::{DEAD_EVENTS, Guard};
use crate::facts::population::{RESOURCES_REST_ON, Resource, Role};
use crate::facts::{FactError, Inputs};

/// Tables that list what is compared, beside those of the population.
const LISTS: [&str; 8] =
    ["backup_plans", "plan_rules", "selections", "backup_vaults", "vault_policies", "vault_notifications", "kms_keys", "region_settings"];

/// The estate at one moment.
#[derive(Debug)]
pub struct State {
    /// The moment.
    pub(super) at_s: i64,
    /// Accounts and Regions of the scope.
    places: Vec<Place>,
    /// How lists were read.
    pub(super) lists: Lists,
    pub(super) plans: Rc<Vec<Plan>>,
    pub(super) vaults: BTreeMap<String, VaultState>,
    /// Keys by where and as what they were asked for.
    pub(super) keys: BTreeMap<(Place, String), Reading<KeyState>>,
    /// What is switched on for AWS Backup, by type.
    pub(super) opt_ins: BTreeMap<Place, Reading<BTreeMap<String, bool>>>,
    pub(super) resources: BTreeMap<String, ResourceState>,
    /// Whether each resource is selected, by plan, selection and ARN; those that are not asked for are left out.
    pub(super) selected: BTreeMap<(String, String), BTreeMap<String, Option<bool>>>,
    /// What was not read of the tables that tell what there is.
    pub(super) gaps: Vec<Gap>,
}

crate::rows! {
    /// What is needed of `backup_vaults` beside its lock.
    struct CountRow { backup_vault_arn: Text; number_of_recovery_points_count: Integer; }
}

crate::rows! {
    /// What is needed of `vault_policies`.
    struct PolicyRow { backup_vault_arn: Text; policy: Json; }
}

crate::rows! {
    /// What is needed of `vault_notifications`.
    struct NotificationRow { backup_vault_arn: Text; sns_topic_arn: Text; events: Json; }
}

crate::rows! {
    /// What is needed of `region_settings`.
    struct SettingRow { account_id: Text; region: Text; resource_type: Text; opt_in: Boolean; }
}

impl State {
    /// The estate as inputs show it.
    ///
    /// # Errors
    /// As reading the tables, or deriving coverage.
    pub fn of(inputs: &Inputs<'_>) -> Result<Self, FactError> {
        let population = RESOURCES_REST_ON.iter().map(|rest| rest.table);
        let lists = Lists::read(inputs.snapshot, LISTS.into_iter().chain(population));
        let plans = inputs.plans()?;
        let (resources, selected) = resources(inputs, &lists)?;
        Ok(Self {
            at_s: inputs.snapshot.as_of_s(),
            places: inputs.snapshot.scope().to_vec(),
            vaults: vaults(inputs)?,
            keys: keys(inputs)?,
            opt_ins: opt_ins(inputs)?,
            gaps: inputs.snapshot.gaps().to_vec(),
            lists,
            plans,
            resources,
            selected,
        })
    }

    /// The moment it stands for.
    pub fn at_s(&self) -> i64 {
        self.at_s
    }

    /// Whether something that is read by itself may have been there without being read.
    pub(super) fn hides(&self, table: &str, place: &Place, parent: &str) -> bool {
        self.gaps.iter().any(|gap| gap.concerns(table, &place.0, &place.1, Some(parent)))
    }

    /// The accounts and Regions of this and another moment, sorted.
    pub(super) fn places_with<'s>(&'s self, other: &'s Self) -> BTreeSet<&'s Place> {
        self.places.iter().chain(&other.places).collect()
    }
}

fn vaults(inputs: &Inputs<'_>) -> Result<BTreeMap<String, VaultState>, FactError> {
    let snapshot = inputs.snapshot;
    let counts: Vec<CountRow> = inputs.rows("backup_vaults")?;
    let counts: BTreeMap<_, _> = counts.iter().map(|row| (row.backup_vault_arn.as_deref(), row.number_of_recovery_points_count)).collect();
    let policies: Vec<PolicyRow> = inputs.rows("vault_policies")?;
    let policies: BTreeMap<_, _> = policies.iter().map(|row| (row.backup_vault_arn.as_deref(), row)).collect();
    let told: Vec<NotificationRow> = inputs.rows("vault_notifications")?;
    let told: BTreeMap<_, _> = told.iter().map(|row| (row.backup_vault_arn.as_deref(), row)).collect();
    let vaults = Vaults::read(inputs)?;
    // What only shows the points of another account's vault is guarded there.
    let own = vaults.all().filter(|vault| !vault.is_view());
    let state = own.map(|vault| {
        let (arn, place) = (Some(vault.arn.as_str()), (vault.account_id.clone(), vault.region.clone()));
        let policy = policies.get(&arn).map(|row| Guard::of(row.policy.as_ref()));
        let heard = told.get(&arn).map(|row| heard(row));
        let state = VaultState {
            name: vault.name.clone(),
            lock: vault.lock_mode(snapshot.as_of_s()),
            lock_date_s: vault.lock_date_s,
            min_retention_days: vault.min_retention_days,
            key_arn: vault.key_arn.clone(),
            points: counts.get(&arn).copied().flatten(),
            policy: flat(reading(snapshot, "vault_policies", &place, arn, policy)),
            notifications: flat(reading(snapshot, "vault_notifications", &place, arn, heard)),
            place,
        };
        (vault.arn.clone(), state)
    });
    Ok(state.collect())
}

/// A complete read without a row told nothing.
fn flat<T>(reading: Reading<Option<T>>) -> Reading<T> {
    Reading { tried_s: reading.tried_s, told: reading.told.flatten() }
}

fn heard(row: &NotificationRow) -> Heard {
    let events: Option<BTreeSet<String>> = match (&row.sns_topic_arn, &row.events) {
        (None, _) => Some(BTreeSet::new()),
        (Some(_), events) => events.as_ref().and_then(|Json(text)| serde_json::from_str(text).ok()),
    };
    let events = events.map(|events| events.into_iter().filter(|name| !DEAD_EVENTS.contains(&name.as_str())).collect());
    Heard { topic: row.sns_topic_arn.clone(), events }
}

fn keys(inputs: &Inputs<'_>) -> Result<BTreeMap<(Place, String), Reading<KeyState>>, FactError> {
    let mut keys = BTreeMap::new();
    for key in inputs.rows::<KmsKey>("kms_keys")? {
        let place = (key.account_id.clone().unwrap_or_default(), key.region.clone().unwrap_or_default());
        let asked = key.asked_key.clone().unwrap_or_default();
        let state = KeyState {
            arn: key.key_arn.clone().unwrap_or_default(),
            usable: key.usable(),
            pending_deletion: key.pending_deletion(),
            rotates: key.rotates().filter(|_| key.rotation_applies == Some(true)),
            state: key.key_state,
        };
        let read = reading(inputs.snapshot, "kms_keys", &place, Some(&asked), state);
        keys.insert((place, asked), read);
    }
    Ok(keys)
}

fn opt_ins(inputs: &Inputs<'_>) -> Result<BTreeMap<Place, Reading<BTreeMap<String, bool>>>, FactError> {
    let mut by_place: BTreeMap<Place, BTreeMap<String, bool>> =
        inputs.snapshot.scope().iter().map(|place| (place.clone(), BTreeMap::new())).collect();
    for row in inputs.rows::<SettingRow>("region_settings")? {
        let place = (row.account_id.unwrap_or_default(), row.region.unwrap_or_default());
        if let (Some(name), Some(on)) = (row.resource_type, row.opt_in) {
            by_place.entry(place).or_default().insert(name, on);
        }
    }
    let read = |(place, told): (Place, _)| {
        let read = reading(inputs.snapshot, "region_settings", &place, None, told);
        (place, read)
    };
    Ok(by_place.into_iter().map(read).collect())
}

type Selected = BTreeMap<(String, String), BTreeMap<String, Option<bool>>>;

fn resources(inputs: &Inputs<'_>, lists: &Lists) -> Result<(BTreeMap<String, ResourceState>, Selected), FactError> {
    let (population, coverage, plans) = (inputs.population()?, inputs.coverage()?, inputs.plans()?);
    let (mut resources, mut selected) = (BTreeMap::new(), Selected::new());
    for (resource, coverage) in population.iter().zip(coverage.iter()) {
        for decided in &coverage.decided {
            let selection = (plans[decided.plan].arn.clone(), decided.selection_id.clone());
            selected.entry(selection).or_default().insert(resource.arn.clone(), decided.selected);
        }
        if !matches!(resource.role, Some(Role::ClusterMember | Role::Part | Role::Container | Role::RestoreTest)) {
            resources.insert(resource.arn.clone(), resource_state(lists, resource, coverage, &plans));
        }
    }
    Ok((resources, selected))
}

fn resource_state(lists: &Lists, resource: &Resource, coverage: &Coverage, plans: &[Plan]) -> ResourceState {
    let place = (resource.account_id.clone(), resource.region.clone());
    let table = RESOURCES_REST_ON.iter().map(|rest| rest.table).find(|table| resource.evidence.split(' ').next() == Some(*table));
    let table = table.unwrap_or_default();
    let can_refuse = resource.is_database() || resource.resource_type == "AWS::DynamoDB::Table";
    ResourceState {
        name: resource.name.clone(),
        resource_type: resource.resource_type,
        created_s: resource.created_s,
        listed: lists.of(table, &place).clone(),
        table,
        covered: coverage.covered,
        plans: coverage.plans().into_iter().map(|plan| (plans[plan].arn.clone(), plans[plan].name.clone())).collect(),
        plans_known: coverage.plans_known,
        natively: resource.natively,
        native_retention_days: resource.native_retention_days,
        can_refuse,
        deletion_protection: resource.settings.deletion_protection,
        place,
    }
}
