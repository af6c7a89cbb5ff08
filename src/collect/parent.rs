//! The vault or plan that a unit reads: its ARN, and the name or id that AWS Backup wants in the call.

use super::collector::{ReadError, Unit};
use super::fields::id_after;
use super::pages::unreadable;

/// ARN and name of the vault of a unit; names of vaults that services make hold slashes (`aws/efs/automatic-backup-vault`).
///
/// # Errors
/// The unit has no vault.
pub(crate) fn vault<'a>(unit: &'a Unit, operation: &str) -> Result<(&'a str, &'a str), ReadError> {
    parent(unit, operation, &["backup-vault"])
}

/// ARN and id of the plan of a unit. AWS's own pages write plan ARNs with `backup-plan:` and with `plan:`, so both count.
///
/// # Errors
/// The unit has no plan.
pub(crate) fn plan<'a>(unit: &'a Unit, operation: &str) -> Result<(&'a str, &'a str), ReadError> {
    parent(unit, operation, &["backup-plan", "plan"])
}

fn parent<'a>(unit: &'a Unit, operation: &str, types: &[&str]) -> Result<(&'a str, &'a str), ReadError> {
    let arn = unit.parent.as_deref().unwrap_or_default();
    let id = id_after(arn, types).ok_or_else(|| unreadable(operation, &format!("`{arn}` is not the ARN of a {}", types.join(" or "))))?;
    Ok((arn, id))
}
