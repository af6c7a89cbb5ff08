//! A diff for a person: what got worse first, then what is not known any more, what got better, what is still open, and what changed behind it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use comfy_table::{Cell, Color};

use super::{ChangeRow, Diff, Drift, Failing, SideLabel, Unread};
use crate::dataset::Gap;
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
/// Changes of a kind that are told.
const MOST_CHANGES: usize = 60;
/// Characters of a message or value.
const MOST_TEXT: usize = 240;

/// Characters of the reason of a gap.
const MOST_REASON: usize = 180;

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
    (Movement::BecameUnknown, "Not known any more", Told::ByRule),
    (Movement::Fixed, "Fixed", Told::OneByOne),
    (Movement::Gone, "Gone: what failed is not there any more", Told::OneByOne),
    (Movement::NotAsked, "Not asked any more", Told::OneByOne),
    (Movement::Waived, "Accepted by a waiver", Told::OneByOne),
    (Movement::NotJudged, "Not fixed: not judged in the newer findings", Told::ByRule),
    (Movement::NotTold, "Fixed or gone, which the newer findings do not tell: they leave out what passed", Told::ByRule),
    (Movement::Resolved, "Not known before, and decided now", Told::ByRule),
    (Movement::Open, STILL_OPEN, Told::ByRule),
];

/// What the days of what is still open mean.
const STILL_OPEN: &str = "Still open, with the days since the first collection in which it failed (+: nothing was collected before)";

/// Writes a diff; lines end in a line feed and are at most as wide as the terminal, but for single words that are wider.
pub fn text(diff: &Diff, style: Style) -> String {
    let paint = Paint::new(style);
    let mut parts = vec![head(diff, &paint), counts(diff, &paint)];
    parts.extend(section(diff, &paint, (Movement::New, "New failures", Told::OneByOne)));
    parts.push(match &diff.drift {
        Some(drift) => drift_text(drift, &paint),
        None => {
            paint.wrapped("Findings files do not hold plans, vaults and keys: name two collections to see what changed about them.") + "\n"
        }
    });
    parts.extend(diff.unread.as_ref().and_then(|unread| unread_text(diff, unread, &paint)));
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
        paint.indented(&format!("{what}  {moment}  {collections}"), 5)
    };
    format!("{}\n{}{}", paint.bold(&format!("{} · what changed", clip(&diff.title, 80))), side("old", &diff.old), side("new", &diff.new))
}

fn counts(diff: &Diff, paint: &Paint) -> String {
    let columns = [
        ("New", &[Movement::New][..]),
        ("Fixed", &[Movement::Fixed]),
        ("Gone", &[Movement::Gone, Movement::NotAsked]),
        ("Waived", &[Movement::Waived]),
        ("Lost sight of", &[Movement::OutOfSight, Movement::BecameUnknown]),
        ("Open", &[Movement::Open]),
    ];
    let head: Vec<&str> = std::iter::once("Severity").chain(columns.iter().map(|(name, _)| *name)).collect();
    let mut table = paint.table(&head);
    let severities = Severity::ALL.into_iter().map(Some).chain([None]);
    for severity in severities {
        let of = |movements: &[Movement]| {
            let counted = diff.moved.iter().filter(|moved| movements.contains(&moved.movement));
            count(counted.filter(|moved| severity.is_none_or(|severity| moved.finding.severity == severity)).count())
        };
        let row: Vec<u64> = columns.iter().map(|(_, movements)| of(movements)).collect();
        if severity.is_some() && row.iter().all(|count| *count == 0) {
            continue;
        }
        let first = row.first().copied().unwrap_or(0);
        let colored = severity.filter(|_| first > 0).map_or(number(first), |severity| paint.cell(number(first), severity_color(severity)));
        let rest = row.into_iter().skip(1).map(number);
        table.add_row([Cell::new(severity.map_or("all", Severity::word)), colored].into_iter().chain(rest));
    }
    let mut text = format!("{table}\n");
    text += &before_they_failed(diff).map(|line| paint.indented(&format!("  {line}"), 2)).unwrap_or_default();
    text
}

/// What the new failures were before, where that differs: only what passed got worse.
fn before_they_failed(diff: &Diff) -> Option<String> {
    let was = |wanted: &dyn Fn(Option<Verdict>) -> bool| {
        diff.of(Movement::New).filter(|moved| wanted(moved.before.as_ref().map(|finding| finding.verdict))).count()
    };
    let told = [
        (was(&|verdict| verdict == Some(Verdict::Pass)), "pass"),
        (was(&|verdict| verdict == Some(Verdict::Unknown)), "unknown"),
        (was(&|verdict| matches!(verdict, Some(Verdict::NotApplicable | Verdict::Waived))), "not asked or waived"),
        (was(&|verdict| verdict.is_none()), "not there or not judged"),
    ];
    let told: Vec<String> = told.iter().filter(|(many, _)| *many > 0).map(|(many, words)| format!("{many} {words}")).collect();
    (!told.is_empty()).then(|| format!("What the new failures were before: {}.", told.join(", ")))
}

/// The findings that moved in a way, by rule, worst first; `None` if there are none.
fn section(diff: &Diff, paint: &Paint, (movement, title, told): (Movement, &str, Told)) -> Option<String> {
    let mut rules: BTreeMap<(Reverse<Severity>, &str), Vec<&Moved>> = BTreeMap::new();
    for moved in diff.of(movement) {
        let finding = &moved.finding;
        rules.entry((Reverse(finding.severity), &finding.rule_id)).or_default().push(moved);
    }
    let found: usize = rules.values().map(Vec::len).sum();
    let mut text = paint.bold(&paint.wrapped(&format!("{title}: {found}"))) + "\n";
    for ((Reverse(severity), rule), moved) in rules {
        let title = diff.titles.get(rule).map_or("", String::as_str);
        let word = paint.colored(severity.word(), severity_color(severity));
        text += &match told {
            Told::OneByOne => paint.indented(&format!("  [{word}] {rule}: {title}"), 4) + &subjects(diff, paint, &moved),
            Told::ByRule => paint.indented(&format!("  [{word}] {rule}: {}", in_a_line(diff, &moved)), 4),
        };
    }
    (found > 0).then_some(text)
}

fn subjects(diff: &Diff, paint: &Paint, moved: &[&Moved]) -> String {
    let mut text = String::new();
    for one in moved.iter().take(MOST_SUBJECTS) {
        let finding = &one.finding;
        let place =
            [finding.region.as_str(), finding.account_id.as_str()].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>();
        let since = diff.failing(one).filter(|_| one.movement != Movement::New).map(|since| format!("; failing for {}", days(diff, since)));
        text += &paint.indented(&format!("    {} ({}){}", called(diff, finding), place.join(", "), since.unwrap_or_default()), 6);
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

/// The subjects of a rule in a line; where several have one name, with their Regions.
fn in_a_line(diff: &Diff, moved: &[&Moved]) -> String {
    let all: Vec<String> = moved.iter().map(|one| called(diff, &one.finding)).collect();
    let twice = |name: &String| all.iter().filter(|other| *other == name).count() > 1;
    let first = all.iter().zip(moved).take(MOST_NAMED);
    let mut names: Vec<String> =
        first.map(|(name, one)| if twice(name) { format!("{name} ({})", one.finding.region) } else { name.clone() }).collect();
    if let Some(more) = moved.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
        names.push(format!("{more} more"));
    }
    let oldest = moved.iter().filter_map(|one| diff.failing(one)).min_by_key(|since| since.since_s);
    let oldest = oldest.map(|since| format!(" ({}{})", if moved.len() > 1 { "up to " } else { "" }, days(diff, since)));
    format!("{}{}: {}", moved.len(), oldest.unwrap_or_default(), names.join(", "))
}

/// What a subject is called.
fn called(diff: &Diff, finding: &Finding) -> String {
    let (whole, part) =
        finding.subject_arn.split_once('#').map_or((finding.subject_arn.as_str(), None), |(whole, part)| (whole, Some(part)));
    if let Some(name) = diff.names.get(&finding.subject_arn) {
        return clip(name, 120);
    }
    match (diff.names.get(whole), part) {
        (Some(name), None) => clip(name, 80),
        (Some(name), Some(part)) => clip(&format!("{} of {name}", part.strip_prefix("read/").unwrap_or(part)), 120),
        (None, _) => clip(&name(&finding.subject_arn), 120),
    }
}

/// For how many days it has failed; more are possible where it failed in the first collection.
fn days(diff: &Diff, failing: Failing) -> String {
    let days = diff.new.as_of_s.map_or(0, |now_s| (now_s - failing.since_s).div_euclid(DAY_S));
    format!("{days}{} d", if failing.or_before { "+" } else { "" })
}

/// Why a verdict changed, in words.
fn why(moved: &Moved) -> String {
    let verdict = |finding: Option<&Finding>| finding.map_or("no finding", |finding| words(finding.verdict)).to_owned();
    let seen = |finding: Option<&Finding>| finding.map(|finding| clip(&finding.observed, MOST_TEXT)).unwrap_or_default();
    let (was, is) = (moved.before.as_ref(), moved.after.as_ref());
    let cause = |cause: &Cause| match cause {
        Cause::Rule => "the rule asks something else, or is new".to_owned(),
        Cause::Objective => "the objective changed".to_owned(),
        Cause::Waiver => match (was.map(|one| one.waiver_id.as_str()), is.map(|one| one.waiver_id.as_str())) {
            (_, Some(id)) if !id.is_empty() => format!("waiver {id} accepts it"),
            (Some(id), _) if !id.is_empty() => format!("waiver {id} does not hold any more"),
            _ => "a waiver changed".to_owned(),
        },
        Cause::Data => match (seen(was), seen(is)) {
            (was, is) if was.is_empty() && is.is_empty() => "what was read changed".to_owned(),
            (was, is) if was.is_empty() => format!("seen now: {is}"),
            (was, is) if is.is_empty() => format!("seen before: {was}"),
            (was, is) => format!("seen before: {was}; now: {is}"),
        },
        Cause::UnknownBefore => "it was not known before".to_owned(),
        Cause::UnknownNow => "it is not known now".to_owned(),
        Cause::DataOrTime => "by what was read, or by time; rule, objective and waiver are the same".to_owned(),
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

/// What was read before and is not now, by what was asked and where; `None` if all of it is.
fn unread_text(diff: &Diff, unread: &Unread, paint: &Paint) -> Option<String> {
    if unread.lost.is_empty() && unread.lacking_still == 0 && unread.found == 0 {
        return None;
    }
    let mut asked: BTreeMap<(&str, &str, &str, &str), Vec<&Gap>> = BTreeMap::new();
    for gap in &unread.lost {
        asked.entry((&gap.operation, gap.status.word(), &gap.region, &gap.account_id)).or_default().push(gap);
    }
    let mut text = paint.bold(&format!("Read in the older one and not in the newer: {}", unread.lost.len())) + "\n";
    for ((operation, status, region, account_id), gaps) in asked {
        let of = |gap: &&Gap| match &gap.parent {
            None => gap.table.clone(),
            Some(parent) => format!("{} of {}", gap.table, diff.names.get(parent).map_or_else(|| name(parent), Clone::clone)),
        };
        let tables = clip(&gaps.iter().map(of).collect::<Vec<_>>().join(", "), MOST_TEXT);
        let operation = if operation.is_empty() { String::new() } else { format!("{operation} ") };
        text += &paint.indented(&format!("  {tables} ({region}, {account_id}): {operation}{status}"), 6);
        let reason = gaps.first().map_or("", |gap| gap.reason.as_str());
        text += &paint.indented(&format!("      {}", clip(reason, MOST_REASON)), 6);
    }
    let still = plural(unread.lacking_still, "read was complete on neither side", "reads were complete on neither side");
    let found = plural(unread.found, "is complete again", "are complete again");
    Some(text + &paint.indented(&format!("  {still}; {found}."), 2))
}

fn drift_text(drift: &Drift, paint: &Paint) -> String {
    let compared = plural(drift.compared, "thing was", "things were");
    let mut text = paint.bold("What changed about plans, vaults, keys and resources") + "\n";
    if drift.changes.is_empty() {
        text += &paint.indented(&format!("  Nothing; {compared} read at both moments."), 2);
    }
    let kinds = [
        ("weaker", Some(true), Color::Red, "Less is protected"),
        ("not known", None, Color::Yellow, "Whether less is protected cannot be told"),
        ("other", Some(false), Color::Cyan, "Came, went or changed otherwise"),
    ];
    for (word, weakens, color, title) in kinds {
        let of: Vec<&ChangeRow> = drift.changes.iter().filter(|row| row.weakens == weakens).collect();
        if of.is_empty() {
            continue;
        }
        text += &paint.indented(&format!("  {}: {title} ({})", paint.colored(word, color), of.len()), 4);
        for row in of.iter().take(MOST_CHANGES) {
            text += &paint.indented(&format!("    {}", change(row)), 8);
        }
        if let Some(more) = of.len().checked_sub(MOST_CHANGES).filter(|more| *more > 0) {
            text += &paint.indented(&format!("    and {more} more; --json has all"), 6);
        }
    }
    if drift.read_once > 0 {
        let once = plural(drift.read_once, "thing is", "things are");
        text += &paint.indented(&format!("  {once} not compared, because only one of the two collections read them."), 2);
    }
    text
}

fn change(row: &ChangeRow) -> String {
    let part = if row.part.is_empty() { String::new() } else { format!(", {}", clip(&row.part, 160)) };
    let what = match row.change {
        "added" => format!("{} added: {}", row.what, clip(&row.after, MOST_TEXT)),
        "removed" => format!("{} removed; it was {}", row.what, clip(&row.before, MOST_TEXT)),
        _ => format!("{} {} → {}", row.what, clip(&row.before, MOST_TEXT), clip(&row.after, MOST_TEXT)),
    };
    format!("{} {}{part}: {what}", row.thing, clip(&row.name, 120))
}
