//! A diff for a person: what got worse first, then what is not known any more, what got better, what is still open, and what changed behind it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use comfy_table::Cell;

use super::{Diff, Failing, SideLabel, behind};
use crate::engine::Finding;
use crate::engine::compare::{Cause, Moved, Movement};
use crate::model::moment::{self, DAY_S};
use crate::model::{Severity, Verdict};
use crate::report::paint::{Paint, number, severity_color};
use crate::report::terminal::Style;
use crate::report::text::{clip, count, name, plural};

/// Subjects of a rule that are told one by one.
const MOST_SUBJECTS: usize = 6;
/// Subjects of a rule that are named in a line.
const MOST_NAMED: usize = 4;
/// Characters of a message or value.
pub(super) const MOST_TEXT: usize = 240;

/// How much of a section is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    /// Subject by subject, with what was seen.
    OneByOne,
    /// A line a rule.
    ByRule,
}

/// What each movement is called. What is not known any more is told by rule: the reads that failed stand above it.
const SECTIONS: [(Movement, &str, Told); 10] = [
    (Movement::OutOfSight, "Not fixed: failed before and not known any more", Told::ByRule),
    (Movement::BecameUnknown, "Not known now", Told::ByRule),
    (Movement::Fixed, "Fixed", Told::OneByOne),
    (Movement::Gone, "Gone: what failed is not there any more", Told::OneByOne),
    (Movement::NotAsked, "Not asked any more", Told::OneByOne),
    (Movement::Waived, "Accepted by a waiver", Told::OneByOne),
    (Movement::NotJudged, "Not fixed: not judged in the newer findings", Told::ByRule),
    (Movement::NotTold, "Fixed or gone, which the newer findings do not tell: they leave out what passed", Told::ByRule),
    (Movement::Resolved, "Not known before, and not failing now", Told::ByRule),
    (Movement::Open, STILL_OPEN, Told::ByRule),
];

/// What the days of what is still open mean.
const STILL_OPEN: &str = "Still open, with the days that it has failed (+: at least, nobody could tell before)";

/// Writes a diff; lines end in a line feed and are at most as wide as the terminal, but for single words that are wider.
pub fn text(diff: &Diff, style: Style) -> String {
    let paint = Paint::new(style);
    let mut parts = vec![head(diff, &paint), counts(diff, &paint)];
    parts.extend(section(diff, &paint, (Movement::New, "New failures, which did not fail before", Told::OneByOne)));
    parts.push(match &diff.drift {
        Some(drift) => behind::drift_text(drift, &paint),
        None => {
            paint.wrapped("Findings files do not hold plans, vaults and keys: name two collections to see what changed about them.") + "\n"
        }
    });
    parts.extend(diff.unread.as_ref().and_then(|unread| behind::unread_text(diff, unread, &paint)));
    parts.extend(SECTIONS.into_iter().filter_map(|one| section(diff, &paint, one)));
    let text = parts.join("\n");
    text.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

fn head(diff: &Diff, paint: &Paint) -> String {
    let side = |what: &str, label: &SideLabel| {
        let moment = label.as_of_s.map_or("moment not told".to_owned(), |at_s| format!("{} UTC", moment::short(at_s)));
        let collections = match label.collections.as_slice() {
            [] => label.named.clone(),
            [only] => only.clone(),
            [first, others @ ..] => format!("{first} and {} more", others.len()),
        };
        let named = if label.collections.is_empty() || label.collections.contains(&label.named) {
            String::new()
        } else {
            format!(" (named {})", clip(&label.named, 60))
        };
        let line = paint.indented(&format!("{what}  {moment}  {collections}{named}"), 5);
        let note = label.note.as_ref().map(|note| paint.indented(&format!("     note: {note}"), 11));
        line + &note.unwrap_or_default()
    };
    format!("{}\n{}{}", paint.bold(&format!("{} · what changed", clip(&diff.title, 80))), side("old", &diff.old), side("new", &diff.new))
}

fn counts(diff: &Diff, paint: &Paint) -> String {
    let columns = [
        ("New", Movement::New, true),
        ("Unknown", Movement::BecameUnknown, true),
        ("Not fixed", Movement::OutOfSight, false),
        ("Not judged", Movement::NotJudged, false),
        ("Not told", Movement::NotTold, false),
        ("Fixed", Movement::Fixed, true),
        ("Gone", Movement::Gone, false),
        ("Not asked", Movement::NotAsked, false),
        ("Waived", Movement::Waived, false),
        ("Decided", Movement::Resolved, false),
        ("Open", Movement::Open, true),
    ];
    // A column for each section below; where it is empty, only of what every reader looks for.
    let columns: Vec<_> = columns.into_iter().filter(|(_, movement, always)| *always || diff.of(*movement).next().is_some()).collect();
    let head: Vec<&str> = std::iter::once("Severity").chain(columns.iter().map(|(name, _, _)| *name)).collect();
    let mut table = paint.table(&head);
    let severities = Severity::ALL.into_iter().map(Some).chain([None]);
    for severity in severities {
        let of = |movement: Movement| {
            count(diff.of(movement).filter(|moved| severity.is_none_or(|severity| moved.finding.severity == severity)).count())
        };
        let row: Vec<u64> = columns.iter().map(|(_, movement, _)| of(*movement)).collect();
        if severity.is_some() && row.iter().all(|count| *count == 0) {
            continue;
        }
        let first = row.first().copied().unwrap_or(0);
        let colored = severity.filter(|_| first > 0).map_or(number(first), |severity| paint.cell(number(first), severity_color(severity)));
        let rest = row.into_iter().skip(1).map(number);
        table.add_row([Cell::new(severity.map_or("all", Severity::word)), colored].into_iter().chain(rest));
    }
    let mut text = format!("{table}\n");
    for (movement, what) in [(Movement::New, "new failures"), (Movement::BecameUnknown, "findings that are not known now")] {
        text += &before(diff, movement, what).map(|line| paint.indented(&format!("  {line}"), 2)).unwrap_or_default();
    }
    text
}

/// What findings that moved were before: only what passed got worse, and only what was decided was known.
fn before(diff: &Diff, movement: Movement, what: &str) -> Option<String> {
    let was = |wanted: &dyn Fn(Option<Verdict>) -> bool| {
        diff.of(movement).filter(|moved| wanted(moved.before.as_ref().map(|finding| finding.verdict))).count()
    };
    let told = [
        (was(&|verdict| verdict == Some(Verdict::Pass)), "passed", "passed"),
        (was(&|verdict| verdict == Some(Verdict::Fail)), "failed", "failed"),
        (was(&|verdict| verdict == Some(Verdict::Unknown)), "was unknown", "were unknown"),
        (
            was(&|verdict| matches!(verdict, Some(Verdict::NotApplicable | Verdict::Waived))),
            "was not asked or waived",
            "were not asked or waived",
        ),
        (was(&|verdict| verdict.is_none()), "was not there or not judged", "were not there or not judged"),
    ];
    let told: Vec<String> = told.iter().filter(|(many, ..)| *many > 0).map(|(many, one, more)| plural(count(*many), one, more)).collect();
    (!told.is_empty()).then(|| format!("Of the {what}, before: {}.", told.join(", ")))
}

/// The findings that moved in a way, by rule, worst first; `None` if there are none.
fn section(diff: &Diff, paint: &Paint, (movement, title, told): (Movement, &str, Told)) -> Option<String> {
    let mut rules: BTreeMap<(Reverse<Severity>, &str), Vec<&Moved>> = BTreeMap::new();
    for moved in diff.of(movement) {
        let finding = &moved.finding;
        rules.entry((Reverse(finding.severity), &finding.rule_id)).or_default().push(moved);
    }
    // What passed before got worse; of the others that is not known.
    let passed = |moved: &&Moved| moved.before.as_ref().is_some_and(|finding| finding.verdict == Verdict::Pass);
    for of_rule in rules.values_mut() {
        of_rule.sort_by_key(|moved| !passed(moved));
    }
    let found: usize = rules.values().map(Vec::len).sum();
    let mut text = paint.bold(&paint.wrapped(&format!("{title}: {found}"))) + "\n";
    for ((Reverse(severity), rule), moved) in rules {
        let title = diff.titles.get(rule).map_or("", String::as_str);
        let word = paint.colored(severity.word(), severity_color(severity));
        text += &match told {
            Told::OneByOne => paint.indented(&format!("  [{word}] {rule}: {title}"), 4) + &subjects(diff, paint, &moved),
            Told::ByRule => paint.indented(&format!("  [{word}] {rule} ({}", in_a_line(diff, &moved)), 4),
        };
    }
    (found > 0).then_some(text)
}

fn subjects(diff: &Diff, paint: &Paint, moved: &[&Moved]) -> String {
    let mut text = String::new();
    for one in moved.iter().take(MOST_SUBJECTS) {
        let finding = &one.finding;
        let name = named(diff, finding);
        let told = |part: &&str| !part.is_empty() && !name.ends_with(&format!(" {part}"));
        let place: Vec<&str> = [finding.region.as_str(), finding.account_id.as_str()].into_iter().filter(told).collect();
        let since = diff.failing(one).filter(|_| one.movement != Movement::New).map(|since| format!("; failing for {}", days(diff, since)));
        text += &paint.indented(&format!("    {name} ({}){}", place.join(", "), since.unwrap_or_default()), 6);
        text += &paint.indented(&format!("      {}", why(one)), 6);
        let message = one.after.as_ref().filter(|finding| !matches!(finding.verdict, Verdict::Pass | Verdict::NotApplicable));
        if let Some(finding) = message.filter(|finding| !finding.message.is_empty()) {
            text += &paint.indented(&format!("      {}", clip(&finding.message, MOST_TEXT)), 6);
        }
    }
    if let Some(more) = moved.len().checked_sub(MOST_SUBJECTS).filter(|more| *more > 0) {
        text += &paint.indented(&format!("    and {more} more; --json has all"), 6);
    }
    text
}

/// The subjects of a rule in a line, their number first, up to its closing bracket; where several have one name, with their Regions.
fn in_a_line(diff: &Diff, moved: &[&Moved]) -> String {
    let all: Vec<String> = moved.iter().map(|one| named(diff, &one.finding)).collect();
    let twice = |name: &String| all.iter().filter(|other| *other == name).count() > 1;
    let first = all.iter().zip(moved).take(MOST_NAMED);
    let mut names: Vec<String> =
        first.map(|(name, one)| if twice(name) { format!("{name} ({})", one.finding.region) } else { name.clone() }).collect();
    if let Some(more) = moved.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
        names.push(format!("and {more} more"));
    }
    let oldest = moved.iter().filter_map(|one| diff.failing(one)).min_by_key(|since| since.since_s);
    let oldest = oldest.map(|since| format!(", {}{}", if moved.len() > 1 { "up to " } else { "" }, days(diff, since)));
    format!("{}{}): {}", moved.len(), oldest.unwrap_or_default(), names.join(", "))
}

/// A subject with what it is, where its name does not tell.
fn named(diff: &Diff, finding: &Finding) -> String {
    let kind = match finding.subject_type.as_str() {
        "AWS::KMS::Key" => "key",
        "AWS::Backup::BackupVault" => "vault",
        "AWS::Backup::BackupPlan" => "plan",
        "AWS::Backup::BackupSelection" => "selection",
        "AWS::IAM::Role" => "role",
        "AWS::IAM::User" => "user",
        "region" => "Region",
        "read" => "read of",
        "account" => return format!("account {}", finding.account_id),
        _ => return called(diff, finding),
    };
    format!("{kind} {}", called(diff, finding))
}

/// What a subject is called.
fn called(diff: &Diff, finding: &Finding) -> String {
    let (whole, part) =
        finding.subject_arn.split_once('#').map_or((finding.subject_arn.as_str(), None), |(whole, part)| (whole, Some(part)));
    if let Some(name) = diff.names.get(finding.subject_arn.as_str()) {
        return clip(name, 120);
    }
    match (diff.names.get(whole), part) {
        (Some(name), None) => clip(name, 80),
        (Some(name), Some(part)) => clip(&format!("{} of {name}", part.strip_prefix("read/").unwrap_or(part)), 120),
        (None, _) => clip(&name(&finding.subject_arn), 120),
    }
}

/// For how many days it has failed; more are possible where nobody could tell before that.
fn days(diff: &Diff, failing: Failing) -> String {
    let days = diff.new.as_of_s.map_or(0, |now_s| (now_s - failing.since_s).div_euclid(DAY_S));
    format!("{days}{} d", if failing.or_before { "+" } else { "" })
}

/// Why a verdict changed, in words.
fn why(moved: &Moved) -> String {
    let verdict = |finding: Option<&Finding>| finding.map_or("no finding", |finding| words(finding.verdict)).to_owned();
    let seen = |finding: Option<&Finding>| finding.map(|finding| clip(&finding.observed, MOST_TEXT)).unwrap_or_default();
    let (was, is) = (moved.before.as_ref(), moved.after.as_ref());
    // What was seen is not told twice where the message says it.
    let says = |finding: Option<&Finding>, seen: &str| finding.is_some_and(|finding| finding.message.contains(seen));
    let is_now = is;
    let cause = |cause: &Cause| match cause {
        Cause::Rule => "the rule asks something else, or is new".to_owned(),
        Cause::Objective => "the objective changed".to_owned(),
        Cause::Waiver => match (was.map(|one| one.waiver_id.as_str()), is.map(|one| one.waiver_id.as_str())) {
            (_, Some(id)) if !id.is_empty() => format!("waiver {id} accepts it"),
            (Some(id), _) if !id.is_empty() => format!("waiver {id} does not hold any more"),
            _ => "a waiver changed".to_owned(),
        },
        Cause::Data => match (seen(was), seen(is)) {
            (_, is) if was.is_none() && says(is_now, &is) => "nothing was found about it before".to_owned(),
            (was, is) if was.is_empty() && is.is_empty() => "what was read changed".to_owned(),
            (was, is) if was.is_empty() => format!("seen now: {is}"),
            (was, is) if is.is_empty() => format!("seen before: {was}"),
            (was, is) => format!("seen before: {was}; now: {is}"),
        },
        Cause::UnknownBefore if was.is_none() => "its list was not read before".to_owned(),
        Cause::UnknownBefore => "it was not known before".to_owned(),
        Cause::UnknownNow => "it is not known now".to_owned(),
        Cause::DataOrTime => "what was read changed, or time has passed; rule, objective and waiver are the same".to_owned(),
        Cause::NotTold => "why is not in these findings".to_owned(),
    };
    let causes: Vec<String> = moved.causes.iter().map(cause).collect();
    format!("{} → {}: {}", verdict(was), verdict(is), causes.join("; "))
}

fn words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::NotApplicable => "not asked",
        other => other.word(),
    }
}
