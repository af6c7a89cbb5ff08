//! The vault or plan that a unit reads: its ARN, and the name or id that AWS Backup wants in the call.

use uuid::Uuid;

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

/// ARN and name of the restore testing plan of a unit. In the ARN the name is followed by a hyphen and a UUID, which is no part of it; names
/// hold no hyphens. An ARN without the UUID is taken as it is.
///
/// # Errors
/// The unit has no restore testing plan.
pub(crate) fn restore_testing_plan<'a>(unit: &'a Unit, operation: &str) -> Result<(&'a str, &'a str), ReadError> {
    let (arn, id) = parent(unit, operation, &["restore-testing-plan"])?;
    let name = id.split_once('-').filter(|(_, uuid)| Uuid::try_parse(uuid).is_ok()).map_or(id, |(name, _)| name);
    Ok((arn, name))
}

fn parent<'a>(unit: &'a Unit, operation: &str, types: &[&str]) -> Result<(&'a str, &'a str), ReadError> {
    let arn = unit.parent.as_deref().unwrap_or_default();
    let id = id_after(arn, types).ok_or_else(|| unreadable(operation, &format!("`{arn}` is not the ARN of a {}", types.join(" or "))))?;
    Ok((arn, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_restore_testing_plan_ends_before_its_uuid() {
        let plan =
            |id: &str| Unit { parent: Some(format!("arn:aws:backup:eu-west-1:111122223333:restore-testing-plan:{id}")), range: None };
        for (id, name, shows) in [
            ("weekly_1-867cbaf4-a45d-464e-ba8b-6035bc96770b", "weekly_1", "the form of AWS"),
            ("weekly", "weekly", "no id"),
            ("weekly-1", "weekly-1", "what is no UUID belongs to the name"),
        ] {
            assert_eq!(restore_testing_plan(&plan(id), "ListThings").map(|(_, name)| name.to_owned()), Ok(name.to_owned()), "{shows}");
        }
        assert!(restore_testing_plan(&Unit::REGION, "ListThings").is_err());
    }
}
