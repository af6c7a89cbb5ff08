//! Durations as people write them in rules and configuration: `35d`, `26h`, `90m`.

/// Why a text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a duration: write a whole number and a unit, `s`, `m`, `h`, `d` or `w`, such as `26h` or `35d`")]
pub struct DurationError(String);

const UNITS: [(&str, i64); 5] = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400), ("w", 604_800)];

/// Reads a duration into seconds.
///
/// # Errors
/// `DurationError` if there is no number, no known unit, or the seconds overflow.
///
/// ```
/// use backup_audit::model::duration::parse;
/// assert_eq!(parse("26h"), Ok(93_600));
/// assert!(parse("26").is_err());
/// assert!(parse("-1d").is_err());
/// ```
pub fn parse(text: &str) -> Result<i64, DurationError> {
    let wrong = || DurationError(text.to_owned());
    let trimmed = text.trim();
    let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = trimmed.split_at(digits);
    let number: i64 = number.parse().map_err(|_| wrong())?;
    let seconds = UNITS.iter().find(|(name, _)| *name == unit.trim()).map(|(_, seconds)| *seconds).ok_or_else(wrong)?;
    number.checked_mul(seconds).ok_or_else(wrong)
}

/// Writes seconds for people, with the two largest parts that say something: `51 h 10 min`, `35 d`, `40 s`.
///
/// Up to three days are written in hours, because objectives are: `26 h`, not `1 d 2 h`.
///
/// ```
/// use backup_audit::model::duration::text;
/// assert_eq!(text(88_200), "24 h 30 min");
/// assert_eq!(text(86_400 * 35), "35 d");
/// assert_eq!(text(0), "0 s");
/// ```
pub fn text(seconds: i64) -> String {
    let (sign, seconds) = if seconds < 0 { ("-", seconds.unsigned_abs()) } else { ("", seconds.unsigned_abs()) };
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600, seconds / 60);
    let body = match () {
        () if minutes == 0 => format!("{seconds} s"),
        () if hours == 0 => two(minutes, "min", seconds % 60, "s"),
        () if hours <= 72 => two(hours, "h", minutes % 60, "min"),
        () => two(days, "d", hours % 24, "h"),
    };
    format!("{sign}{body}")
}

/// Writes seconds for people without leaving any out: `12 h 1 s`.
///
/// ```
/// use backup_audit::model::duration::exact;
/// assert_eq!(exact(43_201), "12 h 1 s");
/// assert_eq!(exact(86_400 * 35 + 60), "35 d 1 min");
/// assert_eq!(exact(-93_600), "-26 h");
/// ```
pub fn exact(seconds: i64) -> String {
    let rest = seconds.unsigned_abs();
    let days = if rest < 73 * 3_600 { 0 } else { rest / 86_400 };
    let parts = [(days, "d"), ((rest - days * 86_400) / 3_600, "h"), (rest / 60 % 60, "min"), (rest % 60, "s")];
    let told: Vec<String> = parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count} {unit}")).collect();
    let sign = if seconds < 0 { "-" } else { "" };
    if told.is_empty() { "0 s".to_owned() } else { format!("{sign}{}", told.join(" ")) }
}

fn two(large: u64, large_unit: &str, small: u64, small_unit: &str) -> String {
    if small == 0 { format!("{large} {large_unit}") } else { format!("{large} {large_unit} {small} {small_unit}") }
}
