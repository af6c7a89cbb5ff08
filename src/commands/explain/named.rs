//! Which resource a person means: by ARN, else by name, by the end of the ARN, or by a part of either, as long as there is one.

use crate::commands::error::CommandError;
use crate::engine::Finding;
use crate::engine::nearest::nearest;
use crate::facts::population::Resource;
use crate::model::{Verdict, moment};
use crate::report::text::{clip, name, type_words};

/// Candidates that an error names.
const NAMED: usize = 8;
/// A further line of a hint.
const INDENT: &str = "\n          ";
/// Characters of a message in an error.
const MOST_TEXT: usize = 240;

/// The place of the resource in the population that a text names.
///
/// # Errors
/// Of usage: no resource is called so, or several are; with their ARNs.
pub(super) fn index(population: &[Resource], text: &str) -> Result<usize, CommandError> {
    let lower = text.to_lowercase();
    let ends = |arn: &str| arn.strip_suffix(text).is_some_and(|before| before.ends_with([':', '/']));
    let steps: [&dyn Fn(&Resource) -> bool; 4] = [
        &|resource| resource.arn == text,
        &|resource| resource.name == text || ends(&resource.arn),
        &|resource| resource.name.to_lowercase() == lower,
        &|resource| !lower.is_empty() && resource.arn.to_lowercase().contains(&lower),
    ];
    for step in steps {
        let found: Vec<usize> = population.iter().enumerate().filter(|(_, resource)| step(resource)).map(|(index, _)| index).collect();
        match found.as_slice() {
            [] => {}
            [only] => return Ok(*only),
            several => return Err(ambiguous(population, text, several)),
        }
    }
    let names = population.iter().flat_map(|resource| [resource.name.as_str(), resource.arn.as_str()]);
    let hint = match nearest(text, names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            "it may be of a service or Region that was not collected, or no resource; `audit evaluate --all` lists every subject".to_owned()
        }
    };
    Err(CommandError::usage(anyhow::anyhow!("`{text}` is not in the population at this moment")).effect("nothing was explained").hint(hint))
}

/// What is said about something that is no resource of the population: a vault, a plan, or a resource that is gone. `None` if no finding is about it, or
/// one is about a resource that is there: then the name is not the trouble. `last_s` is the moment of the newest collection that showed it.
pub(super) fn told_otherwise(population: &[Resource], findings: &[Finding], text: &str, last_s: Option<i64>) -> Option<CommandError> {
    let about = |finding: &&Finding| finding.subject_arn == text || name(&finding.subject_arn) == text;
    if population.iter().any(|resource| resource.arn == text || resource.name == text || name(&resource.arn) == text) {
        return None;
    }
    let open = |finding: &&Finding| matches!(finding.verdict, Verdict::Fail | Verdict::Unknown | Verdict::Waived);
    let mut found: Vec<&Finding> = findings.iter().filter(about).collect();
    let kind = found.first()?.subject_type.clone();
    found.retain(open);
    found.sort_by_key(|finding| (finding.verdict != Verdict::Fail, std::cmp::Reverse(finding.severity), &finding.rule_id));
    let line = |finding: &&Finding| {
        format!("{} [{}] {}: {}", finding.verdict.word(), finding.severity, finding.rule_id, clip(&finding.message, MOST_TEXT))
    };
    let mut told: Vec<String> = found.iter().take(NAMED).map(line).collect();
    if let Some(more) = found.len().checked_sub(NAMED).filter(|more| *more > 0) {
        told.push(format!("and {more} more in `audit evaluate`"));
    }
    let what = if told.is_empty() { "nothing about it fails or is unknown".to_owned() } else { told.join(INDENT) };
    let subject_type = kind.as_str();
    let was_one = population.iter().any(|resource| resource.resource_type == subject_type)
        || !(subject_type.contains("::") || ["account", "region", "read"].contains(&subject_type));
    let (error, how) = if was_one {
        (anyhow::anyhow!("`{text}` is no resource that is there at this moment: it is gone, or was not read"), gone(text, last_s))
    } else {
        (anyhow::anyhow!("`{text}` is no resource that is backed up, but {}", of_kind(subject_type)), ELSE.to_owned())
    };
    Some(
        CommandError::usage(error)
            .effect("only resources are explained")
            .hint(format!("this is found about it:{INDENT}{what}{INDENT}{how}")),
    )
}

/// What to do about something that was a resource.
fn gone(text: &str, last_s: Option<i64>) -> String {
    let Some(last_s) = last_s else { return format!("no collection here shows it; {ELSE}") };
    let (when, as_of) = (moment::short(last_s), moment::text(last_s));
    format!("the collection of {when} UTC was the last to show it: `audit explain {text} --as-of {as_of}` explains it as it was; {ELSE}")
}

/// What to do about anything else.
const ELSE: &str = "`audit rules explain ID` says what to do about each";

/// A thing of some type, with its article.
fn of_kind(subject_type: &str) -> String {
    let word = type_words(subject_type).0;
    let article = if word.starts_with(['A', 'E', 'I', 'O', 'U', 'a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {word}")
}

fn ambiguous(population: &[Resource], text: &str, found: &[usize]) -> CommandError {
    let mut named: Vec<&str> = found.iter().take(NAMED).map(|index| population[*index].arn.as_str()).collect();
    let more = format!("and {} more", found.len().saturating_sub(NAMED));
    if found.len() > NAMED {
        named.push(&more);
    }
    CommandError::usage(anyhow::anyhow!("`{text}` may be any of {} resources", found.len()))
        .effect("nothing was explained")
        .hint(format!("name one of them by its ARN: {}", named.join(", ")))
}
