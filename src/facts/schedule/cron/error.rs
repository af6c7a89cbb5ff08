//! Why a text is not a schedule: one reason a variant, with what AWS accepts instead.

use super::grammar::{Field, FieldCause};

/// Why an expression is not a schedule. Messages name the field, the cause and what AWS accepts.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    /// Neither `cron(...)` nor `rate(...)`.
    #[error("schedule `{expression}` is neither `cron(minutes hours day-of-month month day-of-week year)` nor `rate(value unit)`")]
    Form {
        /// The whole expression.
        expression: String,
    },
    /// Not six fields; AWS has no seconds and its year is not optional.
    #[error("cron expression `{expression}` has {found} fields, AWS accepts six: minutes hours day-of-month month day-of-week year")]
    FieldCount {
        /// The whole expression.
        expression: String,
        /// How many fields it has.
        found: usize,
    },
    /// A field that AWS does not accept.
    #[error("{} field `{text}`: {cause}; AWS accepts {}", field.name(), field.accepts())]
    Field {
        /// The field.
        field: Field,
        /// Its text.
        text: String,
        /// What is wrong with it.
        cause: FieldCause,
    },
    /// Not exactly one of the two day fields is `?`.
    #[error("day-of-month `{day_of_month}` and day-of-week `{day_of_week}`: AWS accepts `?` in exactly one of the two")]
    DayFields {
        /// Text of the day-of-month field.
        day_of_month: String,
        /// Text of the day-of-week field.
        day_of_week: String,
    },
    /// A `rate(...)` that AWS does not accept.
    #[error("rate `{rate}`: AWS accepts a whole number from 1 and a unit, `1 minute|hour|day` or `2 minutes|hours|days`")]
    Rate {
        /// What the parentheses hold.
        rate: String,
    },
    /// No such zone in the IANA time zone database that the program carries.
    #[error("`{name}` is not a time zone; AWS accepts names of the IANA database, such as `Europe/Berlin`")]
    UnknownZone {
        /// The name.
        name: String,
    },
    /// croner refused what the grammar accepted.
    #[error("cron expression `{expression}` cannot be evaluated")]
    Evaluation {
        /// The whole expression.
        expression: String,
        /// croner's reason.
        source: croner::errors::CronError,
    },
}
