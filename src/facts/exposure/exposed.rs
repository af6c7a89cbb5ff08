//! Exposure as reports show it: one row a resource and scenario, those of which nothing can be told included.
//!
//! A resource whose objective depends on something unread has a row like any other, all of its time unknown: leaving it out would make the estate
//! look smaller than it is.

use super::{ExposureRow, Scenario};
use crate::dataset::frame;
use crate::facts::{FactError, Inputs};

/// Exposure of a resource in a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposed {
    /// ARN of the resource.
    pub subject_arn: String,
    /// AWS resource type.
    pub subject_type: String,
    /// Account.
    pub account_id: String,
    /// Region.
    pub region: String,
    /// Which points count.
    pub scenario: Scenario,
    /// Objective in force; `None` if it depends on something unread.
    pub objective_id: Option<String>,
    /// Whether somebody approved it.
    pub approved: Option<bool>,
    /// RPO; `None` if it cannot be told whether one is owed.
    pub rpo_s: Option<i64>,
    /// Tolerance; `None` also if the default's depends on unread plan rules.
    pub tolerance_s: Option<i64>,
    /// Worst exposure, where it is one number.
    pub achieved_rpo_s: Option<i64>,
    /// At least this, where it could be measured at all.
    pub lower_rpo_s: Option<i64>,
    /// At most this.
    pub upper_rpo_s: Option<i64>,
    /// When it was worst.
    pub worst_s: Option<i64>,
    /// Proven to be within RPO and tolerance.
    pub compliant_s: i64,
    /// Proven to be beyond.
    pub violated_s: i64,
    /// Not known.
    pub unknown_s: i64,
}

/// The exposure of every primary and replica that existed in the window and owes an RPO, or may, in the order of the relation.
///
/// # Errors
/// As deriving the fact.
pub fn exposed(inputs: &Inputs<'_>) -> Result<Vec<Exposed>, FactError> {
    let rows: Vec<ExposureRow> = frame::from_frame("exposure", &inputs.fact("exposure")?)?;
    let held = |row: &ExposureRow| !matches!(row.role.as_deref(), Some("cluster_member" | "part" | "container" | "restore_test"));
    let shown = rows.into_iter().filter(|row| held(row) && row.rpo_owed != Some(false));
    let population = inputs.population()?;
    let mut exposed = Vec::new();
    for row in shown {
        let resource = population.binary_search_by(|resource| Some(resource.arn.as_str()).cmp(&row.subject_arn.as_deref()));
        let created_s = resource.ok().and_then(|index| population[index].created_s);
        let from_s = created_s.map_or(inputs.window.start_s, |created_s| created_s.max(inputs.window.start_s));
        if from_s < inputs.window.end_s {
            exposed.extend(of_row(row, inputs.window.end_s - from_s));
        }
    }
    Ok(exposed)
}

/// What could not be measured is unknown for as long as the resource existed in the window.
fn of_row(row: ExposureRow, existed_s: i64) -> Option<Exposed> {
    let scenario = Scenario::ALL.into_iter().find(|scenario| row.scenario.as_deref() == Some(scenario.word()))?;
    Some(Exposed {
        subject_arn: row.subject_arn?,
        subject_type: row.subject_type?,
        account_id: row.account_id?,
        region: row.region?,
        scenario,
        objective_id: row.objective_id,
        approved: row.approved,
        rpo_s: row.rpo_s,
        tolerance_s: row.tolerance_s,
        achieved_rpo_s: row.achieved_rpo_s,
        lower_rpo_s: row.lower_rpo_s,
        upper_rpo_s: row.upper_rpo_s,
        worst_s: row.worst_s,
        compliant_s: row.compliant_s.unwrap_or(0),
        violated_s: row.violated_s.unwrap_or(0),
        unknown_s: row.unknown_s.unwrap_or(existed_s),
    })
}
