//! Which recovery points of single resources hold malware or cannot be decrypted, for marking them on the axis of time.

use std::collections::{BTreeMap, BTreeSet};

use crate::dataset::frame;
use crate::facts::{FactError, Inputs};
use crate::report::PointKey;

crate::rows! {
    /// What is needed of `scan_jobs`.
    struct ScanRow { recovery_point_arn: Text; scan_result_status: Text; }
}

crate::rows! {
    /// What is needed of `point_keys`.
    struct KeyRow { subject_arn: Text; backup_vault_arn: Text; key_arn: Text; usable: Boolean; }
}

crate::rows! {
    /// What is needed of `recovery_points`.
    struct PointRow { resource_arn: Text; backup_vault_arn: Text; recovery_point_arn: Text; encryption_key_arn: Text; exists: Boolean; }
}

crate::rows! {
    /// What is needed of `rds_snapshots`: it tells the key of a point where AWS Backup does not.
    struct SnapshotRow { snapshot_arn: Text; kms_key_id: Text; }
}

/// The result of a scan that found something.
const THREATS: &str = "THREATS_FOUND";

/// What is wrong with points, by their ARNs.
#[derive(Debug, Default)]
pub(super) struct Flaws {
    infected: BTreeSet<String>,
    keys: BTreeMap<String, PointKey>,
}

impl Flaws {
    /// What is wrong with the points of some resources.
    ///
    /// # Errors
    /// As deriving facts.
    pub(super) fn of(inputs: &Inputs<'_>, wanted: &BTreeSet<String>) -> Result<Self, FactError> {
        if wanted.is_empty() {
            return Ok(Self::default());
        }
        let scans: Vec<ScanRow> = inputs.rows("scan_jobs")?;
        let infected = scans.into_iter().filter(|scan| scan.scan_result_status.as_deref() == Some(THREATS));
        Ok(Self { infected: infected.filter_map(|scan| scan.recovery_point_arn).collect(), keys: keys(inputs, wanted)? })
    }

    /// Whether a scan found threats in a point.
    pub(super) fn threats_found(&self, point_arn: &str) -> bool {
        self.infected.contains(point_arn)
    }

    /// Whether its key decrypts a point.
    pub(super) fn key(&self, point_arn: &str) -> PointKey {
        self.keys.get(point_arn).copied().unwrap_or(PointKey::NotListed)
    }
}

/// Resource and vault of points.
type Place = (Option<String>, Option<String>);

fn keys(inputs: &Inputs<'_>, wanted: &BTreeSet<String>) -> Result<BTreeMap<String, PointKey>, FactError> {
    let told: Vec<KeyRow> = frame::from_frame("point_keys", &inputs.fact("point_keys")?)?;
    let mut by_place: BTreeMap<Place, Vec<KeyRow>> = BTreeMap::new();
    for row in told.into_iter().filter(|row| row.subject_arn.as_ref().is_some_and(|arn| wanted.contains(arn))) {
        by_place.entry((row.subject_arn.clone(), row.backup_vault_arn.clone())).or_default().push(row);
    }
    let snapshots: Vec<SnapshotRow> = inputs.rows("rds_snapshots")?;
    let snapshots: BTreeMap<String, String> = snapshots.into_iter().filter_map(|row| row.snapshot_arn.zip(row.kms_key_id)).collect();
    let mut keys = BTreeMap::new();
    inputs.each("recovery_points", |point: PointRow| {
        let (Some(arn), Some(true)) = (point.recovery_point_arn, point.exists) else { return };
        let Some(rows) = by_place.get(&(point.resource_arn, point.backup_vault_arn)) else { return };
        let key = point.encryption_key_arn.as_ref().or_else(|| snapshots.get(&arn));
        keys.insert(arn, state(rows, key.map(String::as_str)));
    })?;
    Ok(keys)
}

/// Whether a point can be decrypted, by the keys of the points of its resource and vault. Where its own key is not told, all of them have to agree.
fn state(rows: &[KeyRow], key: Option<&str>) -> PointKey {
    let own: Vec<&KeyRow> = rows.iter().filter(|row| key.is_some() && row.key_arn.as_deref() == key).collect();
    let deciding: Vec<Option<bool>> =
        if own.is_empty() { rows.iter().map(|row| row.usable).collect() } else { own.iter().map(|row| row.usable).collect() };
    match () {
        () if deciding.iter().all(|usable| *usable == Some(true)) => PointKey::Usable,
        () if deciding.iter().all(|usable| *usable == Some(false)) => PointKey::Unusable,
        () => PointKey::NotKnown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(key: Option<&str>, usable: Option<bool>) -> KeyRow {
        KeyRow { subject_arn: None, backup_vault_arn: None, key_arn: key.map(str::to_owned), usable }
    }

    #[test]
    fn a_point_is_decrypted_by_its_own_key_only() {
        let (good, bad, open) = (row(Some("good"), Some(true)), row(Some("bad"), Some(false)), row(Some("open"), None));
        let rows = [good, bad, open];
        // why, keys of its vault, its own, what comes of it
        let cases = [
            ("its key is enabled", &rows[..], Some("good"), PointKey::Usable),
            ("its key is disabled, whatever others are", &rows[..], Some("bad"), PointKey::Unusable),
            ("the state of its key was not told", &rows[..], Some("open"), PointKey::NotKnown),
            ("its key was not told, and the others differ", &rows[..], None, PointKey::NotKnown),
            ("its key was not told, and there is one, disabled", &rows[1..2], None, PointKey::Unusable),
            ("not encrypted: nothing else is there", &rows[..1], None, PointKey::Usable),
        ];
        for (why, rows, key, expected) in cases {
            assert_eq!(state(rows, key), expected, "{why}");
        }
    }
}
