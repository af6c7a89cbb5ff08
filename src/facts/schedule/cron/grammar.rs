//! The six fields of an AWS cron expression: which texts AWS accepts, and the same field in plain terms.
//!
//! From the page "Cron expressions reference" of the Amazon `EventBridge` User Guide, to which the AWS Backup API refers.
//! croner reads a wider language: `@daily`, seconds, `+`, Sunday as 0, lower case, both day fields at once, empty parts of a
//! list, a bare `L` as a weekday that never comes. So each field is checked here first, and ranges, steps and names are
//! written out as lists of numbers; croner then only sees numbers, `*`, `?`, `L`, `W` and `#`.
//!
//! Where AWS says nothing, the reading with fewer runs is taken, so that a gap is never understated.

use std::collections::BTreeSet;

use super::ScheduleError;

/// A field of a cron expression, in the order of the expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// 0-59.
    Minutes,
    /// 0-23.
    Hours,
    /// 1-31, and `L`, `W`, `?`.
    DayOfMonth,
    /// 1-12 or JAN-DEC.
    Month,
    /// 1-7 or SUN-SAT (1 is Sunday), and `L`, `#`, `?`.
    DayOfWeek,
    /// 1970-2199.
    Year,
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldCause {
    /// Nothing between two commas, or before or after one.
    #[error("a part of the list is empty")]
    EmptyPart,
    /// Neither a number nor a name of the field.
    #[error("`{0}` is not a value of this field")]
    NotAValue(String),
    /// A number outside the field's bounds.
    #[error("{0} is out of range")]
    OutOfRange(u16),
    /// A wildcard that is only allowed alone, inside a list.
    #[error("`{0}` can only stand alone")]
    NotAlone(char),
    /// What follows `/` is not a number from 1.
    #[error("`{0}` is not an increment")]
    NotAStep(String),
    /// `/` in the day-of-week field.
    #[error("`/` is not allowed in this field")]
    StepNotAllowed,
    /// A range of years that ends before it begins.
    #[error("years do not wrap")]
    YearsDoNotWrap,
    /// The week of `#` is not 1 to 5.
    #[error("`{0}` is not an occurrence in a month (1-5)")]
    NotAnOccurrence(String),
    /// `L` and `LW` in one list.
    #[error("`L` and `LW` exclude each other")]
    TwoLastDays,
}

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl Field {
    /// All fields, in the order of the expression.
    pub const ALL: [Self; 6] = [Self::Minutes, Self::Hours, Self::DayOfMonth, Self::Month, Self::DayOfWeek, Self::Year];

    /// The name AWS gives the field, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Minutes => "minutes",
            Self::Hours => "hours",
            Self::DayOfMonth => "day-of-month",
            Self::Month => "month",
            Self::DayOfWeek => "day-of-week",
            Self::Year => "year",
        }
    }

    /// What AWS accepts in the field, for error messages.
    pub fn accepts(self) -> &'static str {
        match self {
            Self::Minutes => "0-59 with , - * /",
            Self::Hours => "0-23 with , - * /",
            Self::DayOfMonth => "1-31 with , - * ? / L W",
            Self::Month => "1-12 or JAN-DEC with , - * /",
            Self::DayOfWeek => "1-7 or SUN-SAT with , - * ? L and a single #",
            Self::Year => "1970-2199 with , - * /",
        }
    }

    /// Smallest and largest value, both included.
    fn bounds(self) -> (u16, u16) {
        match self {
            Self::Minutes => (0, 59),
            Self::Hours => (0, 23),
            Self::DayOfMonth => (1, 31),
            Self::Month => (1, 12),
            Self::DayOfWeek => (1, 7),
            Self::Year => (1970, 2199),
        }
    }

    /// Names of the values, beginning with the smallest.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Month => &MONTHS,
            Self::DayOfWeek => &WEEKDAYS,
            _ => &[],
        }
    }

    fn is_day(self) -> bool {
        matches!(self, Self::DayOfMonth | Self::DayOfWeek)
    }
}

/// Rewrites one field as a list of numbers and single wildcards that croner and AWS read alike.
///
/// - In: the text of one field, without white space.
/// - Out: `*` (years: `1970-2199`, since croner's years reach further), `?`, or a list such as `0,15,30,45`, `15W,L`, `3#2`, `6L`.
/// - Errors: [`ScheduleError::Field`] for everything that AWS's table of the field does not list.
pub(super) fn canonical(field: Field, text: &str) -> Result<String, ScheduleError> {
    plain(field, text).map_err(|cause| ScheduleError::Field { field, text: text.to_owned(), cause })
}

fn plain(field: Field, text: &str) -> Result<String, FieldCause> {
    match text {
        "*" if field == Field::Year => return Ok("1970-2199".to_owned()),
        "*" => return Ok("*".to_owned()),
        "?" if field.is_day() => return Ok("?".to_owned()),
        _ => {}
    }
    let parts: Vec<&str> = text.split(',').collect();
    let mut values = BTreeSet::new();
    let mut wildcards = BTreeSet::new();
    for &part in &parts {
        if part.is_empty() {
            return Err(FieldCause::EmptyPart);
        }
        if parts.len() > 1
            && let Some(alone) = lonely(part)
        {
            return Err(FieldCause::NotAlone(alone));
        }
        match special(field, part)? {
            Some(wildcard) => {
                wildcards.insert(wildcard);
            }
            None => values.extend(numbers(field, part)?),
        }
    }
    if wildcards.contains("L") && wildcards.contains("LW") {
        return Err(FieldCause::TwoLastDays); // croner would drop the plain L
    }
    let numbers = values.iter().map(u16::to_string);
    Ok(numbers.chain(wildcards).collect::<Vec<_>>().join(","))
}

/// The wildcard of a part that AWS does not accept in a list.
fn lonely(part: &str) -> Option<char> {
    match part {
        "*" => Some('*'),
        "?" => Some('?'),
        _ => part.find('#').map(|_| '#'),
    }
}

/// Reads `L`, `W` and `#`, which depend on the month; `None` for any other part.
fn special(field: Field, part: &str) -> Result<Option<String>, FieldCause> {
    match field {
        // `LW` is not in AWS's text but both letters are, and Quartz, whose language this is, has it: the last day from Monday to Friday.
        Field::DayOfMonth if part == "L" || part == "LW" => Ok(Some(part.to_owned())),
        Field::DayOfMonth => part.strip_suffix('W').map(|day| Ok(format!("{}W", value(field, day)?))).transpose(),
        // The last day of the week is Saturday. croner would take a bare L for nothing at all.
        Field::DayOfWeek if part == "L" => Ok(Some("7".to_owned())),
        Field::DayOfWeek => {
            if let Some(day) = part.strip_suffix('L') {
                return Ok(Some(format!("{}L", value(field, day)?)));
            }
            let Some((day, occurrence)) = part.split_once('#') else { return Ok(None) };
            match occurrence {
                "1" | "2" | "3" | "4" | "5" => Ok(Some(format!("{}#{occurrence}", value(field, day)?))),
                _ => Err(FieldCause::NotAnOccurrence(occurrence.to_owned())),
            }
        }
        _ => Ok(None),
    }
}

/// Writes out `5`, `8-17`, `20-2`, `0/15`, `*/15` or `8-17/2`.
///
/// A start with an increment runs to the end of the field. A range whose end is smaller than its start goes on from the
/// field's smallest value. An increment wider than the field leaves the start alone.
fn numbers(field: Field, part: &str) -> Result<Vec<u16>, FieldCause> {
    let (smallest, largest) = field.bounds();
    let (range, step) = match part.split_once('/') {
        Some(_) if field == Field::DayOfWeek => return Err(FieldCause::StepNotAllowed),
        Some((range, step)) => (range, Some(increment(step)?)),
        None => (part, None),
    };
    let (first, last) = match range.split_once('-') {
        Some((first, last)) => (value(field, first)?, value(field, last)?),
        None if range == "*" && step.is_some() => (smallest, largest),
        None => {
            let first = value(field, range)?;
            (first, if step.is_some() { largest } else { first })
        }
    };
    let size = largest - smallest + 1;
    let end = match first > last {
        true if field == Field::Year => return Err(FieldCause::YearsDoNotWrap),
        true => last + size,
        false => last,
    };
    let wrapped = |number: u16| if number > largest { number - size } else { number };
    Ok((first..=end).step_by(usize::from(step.unwrap_or(1))).map(wrapped).collect())
}

/// Reads what follows `/`: a whole number from 1, of at most four digits.
fn increment(text: &str) -> Result<u16, FieldCause> {
    match digits(text, 4) {
        Some(step) if step > 0 => Ok(step),
        _ => Err(FieldCause::NotAStep(text.to_owned())),
    }
}

/// Reads a number or, in the month and day-of-week fields, a name in capitals.
fn value(field: Field, text: &str) -> Result<u16, FieldCause> {
    let (smallest, largest) = field.bounds();
    if let Some(number) = (smallest..).zip(field.names()).find_map(|(number, &name)| (name == text).then_some(number)) {
        return Ok(number);
    }
    match digits(text, if field == Field::Year { 4 } else { 2 }) {
        Some(number) if (smallest..=largest).contains(&number) => Ok(number),
        Some(number) => Err(FieldCause::OutOfRange(number)),
        None => Err(FieldCause::NotAValue(text.to_owned())),
    }
}

/// Reads one to `most` ASCII digits; no sign, no white space. Leading zeros are common in plans (`00 05`).
fn digits(text: &str, most: usize) -> Option<u16> {
    let fits = (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| text.parse().ok()).flatten()
}
