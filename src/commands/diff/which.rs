//! What OLD and NEW name: a collection by id, by the beginning of it, as `latest` or `previous`, by a moment; or a findings file.

use std::collections::BTreeSet;
use std::path::Path;

use crate::commands::error::CommandError;
use crate::dataset::{Collection, Dataset};
use crate::model::moment::{self, DAY_S};

/// Collections that an error names.
const NAMED: usize = 6;

/// Whether a text names a findings file and not a collection: a file of that name, or something that ends as one.
pub(super) fn is_file(text: &str) -> bool {
    let path = Path::new(text);
    let ending = path.extension().is_some_and(|ending| ending == "json" || ending == "parquet");
    ending || path.is_file()
}

/// The moment for which the collection stands that a text names.
///
/// # Errors
/// Of usage: no collection is named so, or several are, with what there is.
pub(super) fn collection(dataset: &Dataset, text: &str) -> Result<i64, CommandError> {
    let collections = dataset.collections();
    let newest = collections.last().ok_or_else(|| unknown(dataset, text))?;
    match text {
        "latest" => return Ok(newest.manifest.started_s),
        "previous" => return previous(dataset, newest),
        _ => {}
    }
    let beginning: Vec<&Collection> = collections.iter().filter(|one| one.manifest.id.starts_with(text)).collect();
    let starts: BTreeSet<i64> = beginning.iter().map(|one| one.manifest.started_s).collect();
    match (starts.len(), starts.first()) {
        // Several that begin at one moment, as those of several accounts, stand for the same state.
        (1, Some(started_s)) => return Ok(*started_s),
        (0, _) => {}
        _ => {
            let named: Vec<&str> = beginning.iter().map(|one| one.manifest.id.as_str()).collect();
            return Err(CommandError::usage(anyhow::anyhow!("`{text}` is the beginning of {} collections", named.len()))
                .effect("nothing was compared")
                .hint(format!("write more of one of {}", few(&named))));
        }
    }
    let at_s = moment::parse(text).map_err(|_| unknown(dataset, text))?;
    let began = collections.iter().rev().find(|one| one.manifest.started_s <= at_s);
    began.map(|one| one.manifest.started_s).ok_or_else(|| {
        let first = collections.first().map_or(newest, |first| first);
        CommandError::usage(anyhow::anyhow!("no collection had begun by {}", moment::text(at_s)))
            .effect("nothing was compared")
            .hint(format!("the first is {}; a date stands for its midnight UTC", first.manifest.id))
    })
}

/// The newest collection before another one that read an account and Region of it, too.
fn previous(dataset: &Dataset, newest: &Collection) -> Result<i64, CommandError> {
    let places: BTreeSet<(&str, &str)> = newest.manifest.scope.places().collect();
    let mut before = dataset.collections().iter().rev().filter(|one| one.manifest.started_s < newest.manifest.started_s);
    let of_same = before.find(|one| one.manifest.scope.places().any(|place| places.contains(&place)));
    of_same.map(|one| one.manifest.started_s).ok_or_else(|| {
        CommandError::usage(anyhow::anyhow!("there is no collection before {} of the same accounts and Regions", newest.manifest.id))
            .effect("nothing was compared")
            .hint("collect again; from then on there is one")
    })
}

/// What to say if a date stands for an earlier collection than one that began on that day: a date is its midnight, here as everywhere.
pub(super) fn begun_later_that_day(dataset: &Dataset, text: &str) -> Option<String> {
    let midnight_s = date(text)?;
    let that_day = midnight_s + 1..midnight_s + DAY_S;
    let later = dataset.collections().iter().rev().find(|one| that_day.contains(&one.manifest.started_s))?;
    let id = &later.manifest.id;
    let day = id.split_once('T').map_or(id.as_str(), |(day, _)| day);
    Some(format!("{text} is its midnight UTC; a collection that began later that day, {id}, is named by `{day}`"))
}

/// Midnight of a bare date; `None` of anything else.
fn date(text: &str) -> Option<i64> {
    let is_date = text.trim().len() == "2026-11-20".len();
    moment::parse(text).ok().filter(|_| is_date)
}

fn unknown(dataset: &Dataset, text: &str) -> CommandError {
    let ids: Vec<&str> = dataset.collections().iter().rev().map(|one| one.manifest.id.as_str()).collect();
    CommandError::usage(anyhow::anyhow!("`{text}` is no collection of {}, no moment and no findings file", dataset.root().display()))
        .effect("nothing was compared")
        .hint(format!("name `latest`, `previous`, a moment such as 2026-11-20, or a collection: {}", few(&ids)))
}

fn few(ids: &[&str]) -> String {
    let more = ids.len().saturating_sub(NAMED);
    let shown = ids.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_from_collections_by_their_names() {
        for (text, file) in [
            ("old/findings.json", true),
            ("findings.parquet", true),
            ("Cargo.toml", true),
            ("latest", false),
            ("20261113T040000Z-3cc6a349", false),
            ("2026-11-13", false),
        ] {
            assert_eq!(is_file(text), file, "{text}");
        }
    }

    #[test]
    fn only_a_bare_date_can_be_taken_for_the_whole_day() {
        assert_eq!(date("1970-01-02"), Some(DAY_S));
        assert_eq!(date("1970-01-01T04:00:00Z"), None, "a moment says which");
        assert_eq!(date("latest"), None);
    }
}
