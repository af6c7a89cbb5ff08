//! What a table or a relation looks like: columns with type, unit, source and the meaning of NULL.
//!
//! A *table* is collected and lies in the dataset; a *relation* is what rules read: a fact, or a table as it stood at a moment. Both are
//! declared once, beside the code that fills them, with the [`rows!`](crate::rows) macro; `audit schema` and `docs/schema.md` are made from these.

/// How the cells of a column are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// UTF-8 text.
    Text,
    /// 64-bit signed integer; the unit stands in the column's name.
    Integer,
    /// True or false.
    Boolean,
    /// Milliseconds since the epoch in UTC. Stored twice: `<name>` as a timestamp for people, `<name>_s` as epoch seconds (cut, not rounded) for rules.
    Time,
    /// JSON text with sorted keys. Facts parse it; rules cannot read it.
    Json,
}

/// What NULL means in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// Never NULL; a row without it is refused and counted.
    Never,
    /// AWS did not say, or it could not be read: nothing may be concluded.
    NotTold,
    /// AWS leaves the field out to say this; the text completes "NULL means …". Never reaches a rule as NULL.
    Means(&'static str),
}

/// One declared column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// `lower_snake_case`, with its unit (`_s`, `_bytes`, `_days`, `_minutes`).
    pub name: &'static str,
    /// How it is stored.
    pub column_type: ColumnType,
    /// What NULL means.
    pub absence: Absence,
    /// The API field it is copied from, or how it is derived.
    pub source: &'static str,
    /// What it says.
    pub doc: &'static str,
}

/// How rows of several collections add up to what is valid at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableKind {
    /// Configuration: the newest read of each unit replaces older ones.
    State,
    /// Things that happened: union over collections, newest version of each key.
    History,
    /// Things that exist for a time: union with `first_seen_s`, `last_seen_s` and `absent_s`.
    Object,
}

/// The Region of what an account has once and not in each Region.
pub const GLOBAL: &str = "global";

/// A collected table. Every table also has the leading columns `account_id` and `region`, which the writer fills.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Folder name in a collection.
    pub name: &'static str,
    /// How collections add up.
    pub kind: TableKind,
    /// One sentence: what a row is.
    pub doc: &'static str,
    /// Columns in stored order, without the leading two.
    pub columns: &'static [Column],
    /// Columns that name a row within its account and Region; also its order on disk.
    pub key: &'static [&'static str],
    /// For tables read parent by parent (vault, plan): the column that holds the parent's ARN.
    pub parent: Option<&'static str>,
    /// The time column that says when the thing came to be: rows created at or after `as_of` are ignored.
    pub created: Option<&'static str>,
    /// Whether an account has its rows once and not in each Region (IAM, Organizations): its Region column then holds [`GLOBAL`].
    pub global: bool,
    /// What findings about a row name: the ARN column and the AWS resource type. `None` if no rule reads the table itself.
    pub subject: Option<(&'static str, &'static str)>,
}

/// How far an unread unit reaches: which subjects it leaves in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Only rows whose column of this name equals the unit's parent.
    Parent(&'static str),
    /// All rows of the same account and Region.
    Region,
    /// All rows of the same account.
    Account,
    /// All rows.
    Everywhere,
}

/// A table whose reads a relation rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestsOn {
    /// Name of the table.
    pub table: &'static str,
    /// Whom a gap in it concerns.
    pub reach: Reach,
}

/// What rules read: rows that each concern one subject.
///
/// Every relation has the columns `subject_arn`, `subject_type`, `account_id` and `region`, never NULL.
#[derive(Debug, PartialEq, Eq)]
pub struct Relation {
    /// Name in rule files (`over: exposure`).
    pub name: &'static str,
    /// One sentence: what a row is.
    pub doc: &'static str,
    /// What several rows of one subject are: `recovery points`.
    pub rows_are: &'static str,
    /// All columns, the four of the subject included.
    pub columns: &'static [Column],
    /// The tables whose reads decide whether a subject's rows are all there. Columns that rest on the absence of something else are NULL
    /// by themselves where that could not be read.
    pub rows_rest_on: &'static [RestsOn],
    /// Columns that order the rows of a subject, after the subject itself.
    pub order: &'static [&'static str],
}

/// The columns every relation begins with.
pub const SUBJECT_COLUMNS: [&str; 4] = ["subject_arn", "subject_type", "account_id", "region"];

/// The columns every table begins with.
pub const LEADING_COLUMNS: [Column; 2] = [
    Column {
        name: "account_id",
        column_type: ColumnType::Text,
        absence: Absence::Never,
        source: "account of the caller",
        doc: "Account the row was read in",
    },
    Column {
        name: "region",
        column_type: ColumnType::Text,
        absence: Absence::Never,
        source: "Region of the client",
        doc: "Region the row was read in",
    },
];

impl Column {
    /// The unit as its name tells it, for documentation; empty where there is none.
    pub fn unit(&self) -> &'static str {
        const SUFFIXES: [(&str, &str); 6] = [
            ("_s", "seconds"),
            ("_bytes", "bytes"),
            ("_days", "days"),
            ("_minutes", "minutes"),
            ("_percent", "percent"),
            ("_count", "count"),
        ];
        match self.column_type {
            ColumnType::Time => "UTC, ms",
            ColumnType::Integer => SUFFIXES.iter().find(|(suffix, _)| self.name.ends_with(suffix)).map_or("", |(_, unit)| unit),
            _ => "",
        }
    }
}

impl ColumnType {
    /// The word used in documentation.
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Boolean => "boolean",
            Self::Time => "timestamp",
            Self::Json => "json text",
        }
    }
}

impl Table {
    /// The columns rows are ordered by on disk: account, Region, parent, creation, key; each once.
    ///
    /// Units are written in the order of their parents, so that sorting each unit sorts the table.
    pub fn order(&self) -> Vec<String> {
        let mut order = vec!["account_id".to_owned(), "region".to_owned()];
        let created = self.created.map(|column| format!("{column}_s"));
        let rest = self.parent.map(str::to_owned).into_iter().chain(created).chain(self.key.iter().map(|&column| column.to_owned()));
        for column in rest {
            if !order.contains(&column) {
                order.push(column);
            }
        }
        order
    }

    /// The columns that name a row: account, Region and key.
    pub fn identity(&self) -> Vec<&'static str> {
        ["account_id", "region"].into_iter().chain(self.key.iter().copied()).collect()
    }
}

impl TableKind {
    /// The word used in documentation.
    pub fn word(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::History => "history",
            Self::Object => "object",
        }
    }
}
