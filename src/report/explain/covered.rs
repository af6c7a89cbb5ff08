//! Coverage of one resource for a person: which selections cover it and by which clauses, and why each of the others does not ask for it.

use comfy_table::Color;

use super::text::MOST_TEXT;
use super::{ClauseSays, Explanation, PlanSays, SelectionSays};
use crate::report::paint::Paint;
use crate::report::text::{clip, count, plural};

/// The verdict of a selection that does not ask for it.
const NOT_ASKING: &str = "not_matched";
/// Reasons for which selections do not ask for it.
const MOST_REASONS: usize = 12;
/// Selections that are named for one reason.
const MOST_ALIKE: usize = 4;

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
        let none = if told.resource.covered.is_some() { "There is no plan" } else { "No plan was read" };
        return text + &paint.indented(&format!("  {none} in its account and Region."), 4);
    }
    for plan in &told.plans {
        let asking = plan.selections.iter().filter(|one| one.verdict != NOT_ASKING);
        text += &asking.map(|selection| selection_text(plan, selection, paint)).collect::<String>();
        if !plan.selections_known {
            let line = format!("? plan {}: its selections were not all read: what else it asks for is not known", clip(&plan.name, 80));
            text += &paint.indented(&format!("  {}", paint.colored(&line, Color::Yellow)), 8);
        }
    }
    text + &if told.resource.covered == Some(true) { others_counted(told, paint) } else { others_told(told, paint) }
}

/// Selections that do not ask for it, and plans that ask for nothing, in one line: another one covers it.
fn others_counted(told: &Explanation, paint: &Paint) -> String {
    let selections = told.plans.iter().flat_map(|plan| &plan.selections).filter(|one| one.verdict == NOT_ASKING).count();
    let empty = told.plans.iter().filter(|plan| plan.selections_known && plan.selections.is_empty()).count();
    let selections =
        (selections > 0).then(|| plural(count(selections), "other selection does not ask for it", "other selections do not ask for it"));
    let empty = (empty > 0).then(|| plural(count(empty), "plan has no selection", "plans have no selection"));
    let told: Vec<String> = selections.into_iter().chain(empty).collect();
    if told.is_empty() { String::new() } else { paint.indented(&format!("  {}; --json has each with its clauses.", told.join(", ")), 4) }
}

/// Why each selection does not ask for it: those that name other resources only in one line, and those of one reason in one.
fn others_told(told: &Explanation, paint: &Paint) -> String {
    let (mut elsewhere, mut reasons): (Vec<String>, Vec<(String, Vec<String>)>) = (Vec::new(), Vec::new());
    for plan in &told.plans {
        for selection in plan.selections.iter().filter(|one| one.verdict == NOT_ASKING) {
            let called = format!("{} of plan {}", clip(&selection.name, 80), clip(&plan.name, 80));
            if names_others_only(selection) {
                elsewhere.push(called);
                continue;
            }
            let why = clip(&why_not(selection), MOST_TEXT);
            match reasons.iter_mut().find(|(other, _)| *other == why) {
                Some((_, alike)) => alike.push(called),
                None => reasons.push((why, vec![called])),
            }
        }
        reasons.extend(asks_for_nothing(plan).map(|why| (why.to_owned(), vec![format!("plan {}", clip(&plan.name, 80))])));
    }
    let mut lines: Vec<String> = reasons.iter().map(|(why, alike)| alike_text(why, alike)).collect();
    if !elsewhere.is_empty() {
        lines.push(alike_text("other resources are named by their ARNs, and nothing else", &elsewhere));
    }
    let more = lines.len().saturating_sub(MOST_REASONS);
    let mut text = if lines.is_empty() { String::new() } else { paint.indented("  Not asking for it:", 4) };
    text += &lines.iter().take(MOST_REASONS).map(|line| paint.indented(&format!("    {line}"), 8)).collect::<String>();
    if more > 0 {
        text += &paint.indented(&format!("    and for {}; --json has all", plural(count(more), "more reason", "more reasons")), 8);
    }
    text
}

fn alike_text(why: &str, alike: &[String]) -> String {
    let mut named: Vec<String> = alike.iter().take(MOST_ALIKE).cloned().collect();
    if let Some(more) = alike.len().checked_sub(MOST_ALIKE).filter(|more| *more > 0) {
        named.push(format!("{more} more"));
    }
    format!("{}: {why}", named.join(", "))
}

/// What keeps a plan from backing up anything.
fn asks_for_nothing(plan: &PlanSays) -> Option<&'static str> {
    match (plan.selections_known, plan.selections.is_empty(), plan.has_rules) {
        (true, true, _) => Some("it has no selection"),
        (true, false, Some(false)) => Some("it has no rule, so that it backs up nothing"),
        _ => None,
    }
}

/// Whether a selection names resources by their ARNs and asks for nothing else.
fn names_others_only(selection: &SelectionSays) -> bool {
    let decides = |clause: &ClauseSays| clause.kind == "resource" && clause.sentence == selection.because;
    if !selection.because.is_empty() && !selection.clauses.iter().any(decides) {
        return false;
    }
    let mut entries = selection.clauses.iter().filter(|clause| is_entry(clause.kind)).peekable();
    entries.peek().is_some() && entries.all(|clause| clause.kind == "resource" && clause.matched == Some(false))
}

fn is_entry(kind: &str) -> bool {
    matches!(kind, "resource" | "tag" | "everything" | "condition" | "negated_condition" | "not_resource")
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
    if plan.has_rules.is_none() {
        text += &paint.indented("      ? The rules of the plan were not read: whether it backs up anything is not known.", 8);
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

/// What keeps it from being asked for, the deciding clause first.
fn why_not(selection: &SelectionSays) -> String {
    let against = selection.clauses.iter().filter(|clause| clause.against == Some(true) && is_entry(clause.kind));
    let reasons: Vec<&str> = against.map(|clause| clause.sentence.as_str()).collect();
    match reasons.as_slice() {
        _ if !selection.because.is_empty() => selection.because.clone(),
        [] => "no entry of it matches".to_owned(),
        [only] => (*only).to_owned(),
        [first, other] => format!("{first} {other}"),
        [first, others @ ..] => format!("{first} Nor does any of {} more entries.", others.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(because: &str, clauses: &[(&'static str, &str)]) -> SelectionSays {
        let clause = |(kind, sentence): &(&'static str, &str)| ClauseSays {
            kind,
            matched: Some(false),
            against: Some(true),
            sentence: (*sentence).to_owned(),
        };
        SelectionSays {
            id: String::new(),
            name: "by-arn".to_owned(),
            verdict: NOT_ASKING,
            assumed: false,
            because: because.to_owned(),
            clauses: clauses.iter().map(clause).collect(),
        }
    }

    #[test]
    fn only_what_names_nothing_but_other_resources_is_folded() {
        // why, what settles it, its clauses, folded
        let cases: [(&str, &str, &[(&str, &str)], bool); 5] = [
            ("other resources by ARN", "x no", &[("resource", "x no"), ("resource", "y no")], true),
            ("nothing stands out", "", &[("resource", "x no")], true),
            ("a tag that could be given", "tag no", &[("resource", "x no"), ("tag", "tag no")], false),
            ("a type that nothing protects", "not protected", &[("type", "not protected"), ("resource", "x no")], false),
            ("nothing at all", "", &[], false),
        ];
        for (why, because, clauses, folded) in cases {
            assert_eq!(names_others_only(&selection(because, clauses)), folded, "{why}");
        }
        let three = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(alike_text("no tag", &three), "a, b, c: no tag");
        assert_eq!(alike_text("no tag", &[&three[..], &three[..]].concat()), "a, b, c, a, 2 more: no tag", "what is left out is counted");
    }
}
