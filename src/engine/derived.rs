//! Where the judge finds relations in a real run: facts, and tables whose rows are subjects themselves.

use polars::prelude::{DataFrame, IntoLazy, JoinArgs, JoinType, LazyFrame, PolarsResult, col, df, lit, when};

use super::judge::{EngineError, Relations};
use crate::dataset::schema::{LEADING_COLUMNS, Reach, RestsOn, SUBJECT_COLUMNS};
use crate::dataset::{Absence, Column, ColumnType, Gap, Relation, Table, TableKind};
use crate::facts::population::{self, Part, Role};
use crate::facts::{FACTS, FactError, Inputs};

/// The relations that rules can read: every fact, and every table that names a subject. Made once a process; the table relations live as long as it.
pub fn relations(tables: &[&'static Table]) -> Vec<&'static Relation> {
    let mut relations: Vec<&'static Relation> = FACTS.iter().map(|fact| fact.relation).collect();
    relations.extend(tables.iter().filter_map(|table| of_table(table)));
    relations.sort_by_key(|relation| relation.name);
    relations
}

/// What the population knows of a resource, beside the columns of its own table.
const ROLE: Column = Column {
    name: "role",
    column_type: ColumnType::Text,
    absence: Absence::NotTold,
    source: "",
    doc: "`primary`, `replica`, `cluster_member`, `part`, `container` or `restore_test`; of what holds no data of its own, not told",
};

/// Whether an object is still there, beside the columns of its own table.
const EXISTS: Column = Column {
    name: "still_exists",
    column_type: ColumnType::Boolean,
    absence: Absence::NotTold,
    source: "",
    doc: "Whether it is still there; not told if the newest read cannot say",
};

/// A table as a relation: the columns of the subject, then its own, then what the population or its own life adds. Its rows rest on its own reads.
fn of_table(table: &'static Table) -> Option<&'static Relation> {
    table.subject?;
    let subject = SUBJECT_COLUMNS[..2].iter().map(|&name| Column {
        name,
        column_type: ColumnType::Text,
        absence: Absence::Never,
        source: "",
        doc: "The subject",
    });
    let role = population::knows(table.name).then_some(ROLE);
    let exists = (table.kind == TableKind::Object).then_some(EXISTS);
    let columns: Vec<Column> = subject.chain(LEADING_COLUMNS).chain(table.columns.iter().copied()).chain(role).chain(exists).collect();
    let reach = table.parent.map_or(Reach::Region, Reach::Parent);
    let relation = Relation {
        name: table.name,
        doc: table.doc,
        rows_are: "entries",
        columns: Box::leak(columns.into_boxed_slice()),
        rows_rest_on: Box::leak(Box::new([RestsOn { table: table.name, reach }])),
        order: table.key,
    };
    Some(Box::leak(Box::new(relation)))
}

/// Joins what the population knows of the rows of a table: their role, and their type where one table holds several.
fn with_parts(frame: LazyFrame, parts: &[Part]) -> PolarsResult<LazyFrame> {
    let known = df!(
        "subject_arn" => parts.iter().map(|part| part.arn.as_str()).collect::<Vec<_>>(),
        "known_type" => parts.iter().map(|part| part.resource_type).collect::<Vec<_>>(),
        ROLE.name => parts.iter().map(|part| part.role.map(Role::word)).collect::<Vec<_>>(),
    )?;
    let key = [col("subject_arn")];
    let joined = frame.join(known.lazy(), key.clone(), key, JoinArgs::new(JoinType::Left));
    let subject_type = when(col("known_type").is_null()).then(col("subject_type")).otherwise(col("known_type"));
    Ok(joined.with_columns([subject_type.alias("subject_type")]))
}

/// Relations derived from a dataset.
#[derive(Debug)]
pub struct Derived<'a> {
    inputs: &'a Inputs<'a>,
    tables: &'a [&'static Table],
    relations: &'a [&'static Relation],
}

impl<'a> Derived<'a> {
    /// Takes the inputs of the facts, the tables of the dataset, and [`relations`].
    pub fn new(inputs: &'a Inputs<'a>, tables: &'a [&'static Table], relations: &'a [&'static Relation]) -> Self {
        Self { inputs, tables, relations }
    }
}

impl Relations for Derived<'_> {
    fn relation(&self, name: &str) -> Option<&'static Relation> {
        self.relations.iter().copied().find(|relation| relation.name == name)
    }

    fn names(&self) -> Vec<&'static str> {
        self.relations.iter().map(|relation| relation.name).collect()
    }

    fn parts(&self, name: &str, take: &mut dyn FnMut(DataFrame) -> Result<(), EngineError>) -> Result<(), EngineError> {
        if FACTS.iter().any(|fact| fact.relation.name == name) {
            return self.inputs.fact_in_parts(name, |part| take(part).map_err(Stopped::Taker)).map_err(|stopped| stopped.over(name));
        }
        take(self.table(name)?)
    }

    fn gaps(&self) -> &[Gap] {
        self.inputs.snapshot.gaps()
    }
}

/// Why parts were not handed on any more.
enum Stopped {
    /// One could not be derived.
    Fact(FactError),
    /// Whoever takes them gave up.
    Taker(EngineError),
}

impl From<FactError> for Stopped {
    fn from(error: FactError) -> Self {
        Self::Fact(error)
    }
}

impl Stopped {
    fn over(self, relation: &str) -> EngineError {
        match self {
            Self::Fact(error) => EngineError::Source { relation: relation.to_owned(), source: error.into() },
            Self::Taker(error) => error,
        }
    }
}

impl Derived<'_> {
    fn table(&self, name: &str) -> Result<DataFrame, EngineError> {
        let source = |source: Box<dyn std::error::Error + Send + Sync>| EngineError::Source { relation: name.to_owned(), source };
        let table = self.tables.iter().find(|table| table.name == name);
        let Some((arn, subject_type)) = table.and_then(|table| table.subject) else {
            return Err(source(format!("there is no relation `{name}`").into()));
        };
        let frame = self.inputs.snapshot.frame(name).map_err(|error| source(error.into()))?;
        let subject = [col(arn).alias("subject_arn"), lit(subject_type).alias("subject_type")];
        let object = table.is_some_and(|table| table.kind == TableKind::Object);
        let exists = object.then(|| col("exists").alias(EXISTS.name));
        let mut frame = frame.lazy().with_columns(subject.into_iter().chain(exists).collect::<Vec<_>>());
        if let Some(parts) = population::parts(self.inputs, name).map_err(|error| source(error.into()))? {
            frame = with_parts(frame, &parts).map_err(|error| source(error.into()))?;
        }
        frame.collect().map_err(|error| source(error.into()))
    }
}
