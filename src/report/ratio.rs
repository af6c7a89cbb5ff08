//! Shares of a whole, in whole basis points, and how they are written.
//!
//! A percentage is rounded down to a tenth, so that `100 %` means all of it. Where part of the whole is unknown, a share is a range: from
//! "nothing of the unknown counts" to "all of it does".

use serde::Serialize;

/// Basis points in the whole.
pub const WHOLE_BP: u64 = 10_000;

/// The share of `part` in `whole` in basis points, rounded down; `None` if there is no whole. A part above the whole counts as all of it.
pub fn basis_points(part: u64, whole: u64) -> Option<u64> {
    if whole == 0 {
        return None;
    }
    let share = u128::from(part.min(whole)) * u128::from(WHOLE_BP) / u128::from(whole);
    u64::try_from(share).ok()
}

/// The share of `part` in `whole` as text: `97.9 %`, `100 %`, `below 0.1 %`; `–` if there is no whole.
pub fn percent(part: u64, whole: u64) -> String {
    number(part, whole).map_or_else(|| "–".to_owned(), |text| format!("{text} %"))
}

/// A share with its unknown part as text: `82.2 – 100 %`, or one number if nothing is unknown; `–` if there is no whole.
///
/// ```
/// use backup_audit::report::ratio::percent_range;
/// assert_eq!(percent_range(822, 178, 1_000), "82.2 – 100 %");
/// assert_eq!(percent_range(822, 0, 1_000), "82.2 %");
/// ```
pub fn percent_range(part: u64, unknown: u64, whole: u64) -> String {
    if unknown == 0 {
        return percent(part, whole);
    }
    match (number(part, whole), number(part.saturating_add(unknown), whole)) {
        (Some(low), Some(high)) => format!("{low} – {high} %"),
        _ => "–".to_owned(),
    }
}

fn number(part: u64, whole: u64) -> Option<String> {
    let tenths = basis_points(part, whole)? / 10;
    Some(match (tenths / 10, tenths % 10) {
        (0, 0) if part > 0 => "below 0.1".to_owned(),
        (whole, 0) => whole.to_string(),
        (whole, tenth) => format!("{whole}.{tenth}"),
    })
}

/// One part of a stacked bar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BarPart {
    /// What it stands for; a class of the style sheet.
    pub kind: &'static str,
    /// Where it begins, such as `84.25%`.
    pub at: String,
    /// How long it is.
    pub width: String,
}

/// The least length of a part that is not zero: a single failure among thousands must not vanish.
const LEAST_BP: u64 = 60;

/// A stacked bar of some counts. Parts that are zero are left out; the others are at least 0.6 % long, so lengths are for the eye and the
/// numbers beside the bar are what counts.
pub fn bar(parts: &[(&'static str, u64)]) -> Vec<BarPart> {
    let parts: Vec<_> = parts.iter().filter(|(_, count)| *count > 0).collect();
    let whole: u128 = parts.iter().map(|(_, count)| u128::from(*count)).sum();
    let least: u64 = parts.iter().map(|_| LEAST_BP).sum();
    let free = u128::from(WHOLE_BP.saturating_sub(least));
    let mut bar = Vec::with_capacity(parts.len());
    let (mut begun, mut before, mut seen) = (0, 0, 0_u128);
    for (kind, count) in parts {
        seen += u128::from(*count);
        before += LEAST_BP;
        let end = before + u64::try_from(free * seen / whole).unwrap_or(WHOLE_BP);
        bar.push(BarPart { kind, at: position(begun), width: position(end - begun) });
        begun = end;
    }
    bar
}

/// Basis points as SVG writes a share: `84.25%`.
pub fn position(basis_points: u64) -> String {
    format!("{}.{:02}%", basis_points / 100, basis_points % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_down_and_never_hides_a_failure() {
        // what it shows, part, unknown, whole, text
        let cases = [
            ("all of it", 7, 0, 7, "100 %"),
            ("almost all is not all", 99_999, 0, 100_000, "99.9 %"),
            ("a little is not nothing", 1, 0, 100_000, "below 0.1 %"),
            ("nothing", 0, 0, 5, "0 %"),
            ("no whole, no share", 0, 0, 0, "–"),
            ("unknown makes a range", 7, 4, 11, "63.6 – 100 %"),
            ("a small unknown still makes a range", 9_790, 1, 10_000, "97.9 – 97.9 %"),
            ("counts that do not fit do not overflow", u64::MAX, u64::MAX, u64::MAX, "100 – 100 %"),
        ];
        for (shows, part, unknown, whole, text) in cases {
            assert_eq!(percent_range(part, unknown, whole), text, "{shows}");
        }
    }

    #[test]
    fn a_bar_is_full_and_shows_the_smallest_part() {
        let parts = bar(&[("pass", 99_999), ("waived", 0), ("fail", 1)]);
        assert_eq!(parts.len(), 2);
        assert_eq!((parts[1].at.as_str(), parts[1].width.as_str()), ("99.39%", "0.61%"));
        assert!(bar(&[("pass", 0)]).is_empty());
    }
}
