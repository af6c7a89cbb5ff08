//! Coverage of one resource for a person: which selections cover it and by which clauses, and why each of the others does not ask for it.

use comfy_table::Color;

use super::text::MOST_TEXT;
use super::{Explanation, PlanSays, SelectionSays};
use crate::report::paint::Paint;
use crate::report::text::clip;

/// Selections of plans that do not ask for it, told one by one.
const MOST_NOT_ASKING: usize = 12;

/// Coverage, selection by selection.
pub(super) fn coverage(told: &Explanation, paint: &Paint) -> String {
    let detail = told.resource.detail.as_ref().map(|detail| &detail.coverage);
    let via = detail.map(|row| row.via.as_str()).filter(|via| !via.is_empty());
    let because = detail.map_or("", |row| row.unknown_because.as_str());
    let (word, color) = match told.resource.covered {
        Some(true) => ("covered by a plan", Color::Cyan),
        Some(false) => ("not covered by any plan", Color::Red),
        None => ("not known whether a plan covers it", Color::Yellow),
    };
    let mut text = paint.bold("Coverage") + ": " + &paint.colored(word, color) + "\n";
    if let Some(via) = via {
        text += &paint.indented(&format!("  through {}, whose selections these are", clip(via, 200)), 4);
    }
    if !because.is_empty() {
        text += &paint.indented(&format!("  because {}", clip(because, MOST_TEXT)), 4);
    }
    if told.plans.is_empty() {
        return text + &paint.indented("  There is no plan in its account and Region that was read.", 4);
    }
    let mut not_asking = Vec::new();
    for plan in &told.plans {
        let (asking, others): (Vec<&SelectionSays>, Vec<_>) = plan.selections.iter().partition(|one| one.verdict != "not_matched");
        text += &asking.into_iter().map(|selection| selection_text(plan, selection, paint)).collect::<String>();
        not_asking.extend(others.into_iter().map(|selection| not_asking_text(plan, selection)));
        not_asking.extend(plan_text(plan));
    }
    let more = not_asking.len().saturating_sub(MOST_NOT_ASKING);
    if !not_asking.is_empty() {
        text += &paint.indented("  Not asking for it:", 4);
    }
    text += &not_asking.iter().take(MOST_NOT_ASKING).map(|line| paint.indented(&format!("    {line}"), 8)).collect::<String>();
    if more > 0 {
        text += &paint.indented(&format!("    and {more} more; --json has all"), 8);
    }
    text
}

/// What of a plan itself says something about coverage.
fn plan_text(plan: &PlanSays) -> Option<String> {
    let what = match (plan.selections_known, plan.selections.is_empty(), plan.has_rules) {
        (false, _, _) => "its selections were not all read: what else it asks for is not known",
        (true, true, _) => "it has no selection",
        (true, false, Some(false)) => "it has no rule, so that it backs up nothing",
        (true, false, None) => "its rules were not read",
        (true, false, Some(true)) => return None,
    };
    Some(format!("plan {}: {what}", clip(&plan.name, 80)))
}

fn selection_text(plan: &PlanSays, selection: &SelectionSays, paint: &Paint) -> String {
    let (sign, word, color) = match selection.verdict {
        "covered" => ('+', "covers it", Color::Cyan),
        "excluded" => ('-', "asks for it, and takes it out again", Color::Red),
        "opt_in_blocked" => ('-', "asks for it, but its type is switched off in the Region", Color::Red),
        _ => ('?', "not known", Color::Yellow),
    };
    let assumed = if selection.assumed { " (assumed: AWS does not document it)" } else { "" };
    let line =
        format!("  {sign} plan {}, selection {}: {}{assumed}", clip(&plan.name, 80), clip(&selection.name, 80), paint.colored(word, color));
    let mut text = paint.indented(&line, 8);
    if selection.clauses.is_empty() && !selection.because.is_empty() {
        text += &paint.indented(&format!("      ? {}", clip(&selection.because, MOST_TEXT)), 8);
    }
    for clause in &selection.clauses {
        // That nothing stands in the way, and that account, Region and type fit, goes without saying.
        let quiet = matches!(clause.kind, "scope" | "type" | "state" | "pause") && clause.against == Some(false);
        let elsewhere = clause.matched == Some(false) && clause.against == Some(false) && matches!(clause.kind, "resource" | "tag");
        if quiet || elsewhere {
            continue;
        }
        let sign = match clause.against {
            Some(false) => '+',
            Some(true) => '-',
            None => '?',
        };
        text += &paint.indented(&format!("      {sign} {}", clip(&clause.sentence, MOST_TEXT)), 8);
    }
    text
}

/// One line: what keeps it from being asked for, the deciding clause first.
fn not_asking_text(plan: &PlanSays, selection: &SelectionSays) -> String {
    let entry = |kind: &str| matches!(kind, "resource" | "tag" | "everything" | "condition" | "negated_condition" | "not_resource");
    let against = selection.clauses.iter().filter(|clause| clause.against == Some(true) && entry(clause.kind));
    let reasons: Vec<&str> = against.map(|clause| clause.sentence.as_str()).collect();
    let why = match reasons.as_slice() {
        _ if !selection.because.is_empty() => selection.because.clone(),
        [] => "no entry of it matches".to_owned(),
        [only] => (*only).to_owned(),
        [first, other] => format!("{first} {other}"),
        [first, others @ ..] => format!("{first} Nor does any of {} more entries.", others.len()),
    };
    format!("plan {}, selection {}: {}", clip(&plan.name, 80), clip(&selection.name, 80), clip(&why, MOST_TEXT))
}
