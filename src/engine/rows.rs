//! Rows of a relation, grouped by subject: evaluated in Polars, counted here.
//!
//! The rows of a subject stand together, so that a verdict on it is a count of bits: nothing in this file grows with rows times rules but three bits a
//! row, and nothing looks at a row of a rule by itself.

use std::ops::Range;

use polars::prelude::{
    BooleanChunked, ChunkExpandAtIndex, ChunkFillNullValue, DataFrame, DataType, IntoLazy, PlSmallStr, PolarsResult, SortMultipleOptions,
    StringChunked, polars_bail,
};

use minijinja::Value;
use smol_str::SmolStr;

use super::gaps::Reached;
use super::judge::{EngineError, RowCounts};
use super::rule::Rule;
use super::settings::Settings;
use crate::dataset::frame::{FrameError, fields, seconds_name};
use crate::dataset::{ColumnType, Relation};
use crate::model::{Verdict, moment};

/// The rows of a relation with their subjects.
pub(crate) struct Frame {
    relation: &'static Relation,
    data: DataFrame,
    /// First row of each subject, in ascending order of subjects, and the number of rows.
    starts: Vec<usize>,
}

/// What one rule says about the rows, before subjects are looked at.
pub(crate) struct RowVerdicts {
    /// For each set of parameters.
    variants: Vec<Bits>,
    /// Which set a subject is judged with; all with the first if empty.
    variant_of: Vec<usize>,
}

/// Which rows pass, which fail, and about which the rule does not speak; all others cannot be decided. No cell is NULL.
struct Bits {
    pass: BooleanChunked,
    fail: BooleanChunked,
    not_applicable: Option<BooleanChunked>,
}

/// The rows sorted by subject, then as the relation declares, then by all other columns, so that only rows which are the same have no order.
pub(crate) fn in_order(relation: &Relation, data: &DataFrame) -> Result<DataFrame, EngineError> {
    let rest = relation.columns.iter().filter(|column| column.column_type != ColumnType::Time).map(|column| column.name);
    let mut names: Vec<&str> = Vec::new();
    for name in ["subject_arn"].into_iter().chain(relation.order.iter().copied()).chain(rest) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    // No subject is like an empty one, which comes first.
    let nulls_last = names.iter().map(|name| *name != "subject_arn");
    let options = SortMultipleOptions::default().with_nulls_last_multi(nulls_last);
    data.sort(names.into_iter().map(PlSmallStr::from), options).map_err(|source| EngineError::Polars { relation: relation.name, source })
}

impl Frame {
    /// Checks the declared columns and groups the rows.
    pub(crate) fn new(relation: &'static Relation, data: &DataFrame) -> Result<Self, EngineError> {
        check(relation, data)?;
        let mut data = data.clone();
        data.rechunk_mut();
        let (mut starts, ascending) = runs(text(&data, relation, "subject_arn")?);
        if !ascending {
            data = in_order(relation, &data)?;
            data.rechunk_mut();
            (starts, _) = runs(text(&data, relation, "subject_arn")?);
        }
        Ok(Self { relation, data, starts })
    }

    pub(crate) fn data(&self) -> &DataFrame {
        &self.data
    }

    /// How many subjects there are.
    pub(crate) fn subjects(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// The ARN of each subject, which all findings on it share; empty for rows that name none.
    pub(crate) fn arns(&self) -> Vec<SmolStr> {
        (0..self.subjects()).map(|subject| self.row(self.starts[subject]).text("subject_arn").into()).collect()
    }

    /// The rows of a subject.
    fn rows_of(&self, subject: usize) -> Range<usize> {
        self.starts[subject]..self.starts[subject + 1]
    }

    /// For each subject the first gap that touches one of its rows.
    pub(crate) fn touched(&self, reached: &Reached<'_>) -> Vec<Option<usize>> {
        let mut touched = vec![None; self.subjects()];
        if reached.nothing() {
            return touched;
        }
        let cells = |name| self.data.column(name).ok().and_then(|column| column.str().ok());
        let (accounts, regions) = (cells("account_id"), cells("region"));
        let mut last: Option<(&str, &str, Option<usize>)> = None;
        for (subject, slot) in touched.iter_mut().enumerate() {
            for row in self.rows_of(subject) {
                let account = accounts.and_then(|cells| cells.get(row)).unwrap_or("");
                let region = regions.and_then(|cells| cells.get(row)).unwrap_or("");
                let place = match last {
                    Some((last_account, last_region, place)) if last_account == account && last_region == region => place,
                    _ => reached.place(account, region),
                };
                last = Some((account, region, place));
                let parent = if reached.by_parent() { reached.parent(row) } else { None };
                *slot = [*slot, place, parent].into_iter().flatten().min();
            }
        }
        touched
    }

    /// Evaluates the predicates of all rules in one pass.
    pub(crate) fn evaluate(&self, rules: &[&Rule], settings: &Settings) -> Result<Vec<RowVerdicts>, EngineError> {
        let mut expressions = Vec::new();
        let mut shapes = Vec::with_capacity(rules.len());
        for rule in rules {
            let bind = |source| EngineError::Bind { rule: rule.id.clone(), source };
            let variants = settings.variants(rule);
            shapes.push(variants.len());
            for params in &variants {
                for predicate in std::iter::once(&rule.pass).chain(&rule.applies) {
                    let bound = predicate.bind(params).and_then(|bound| bound.to_polars()).map_err(bind)?;
                    expressions.push(bound.alias(format!("v{}", expressions.len())));
                }
            }
        }
        let polars = |source| EngineError::Polars { relation: self.relation.name, source };
        let mut out = self.data.clone().lazy().select(expressions).collect().map_err(polars)?;
        out.rechunk_mut();
        let mut columns = out.columns().iter();
        let mut next = || {
            let cells = columns.next().map_or_else(|| polars_bail!(ComputeError: "a predicate has no column"), |column| column.bool());
            // Of predicates without any column there is one row for all.
            cells.map(|cells| if cells.len() == self.data.height() { cells.clone() } else { cells.new_from_index(0, self.data.height()) })
        };
        let mut verdicts = Vec::with_capacity(rules.len());
        for (rule, count) in rules.iter().zip(shapes) {
            let mut variants = Vec::with_capacity(count);
            for _ in 0..count {
                let pass = next().map_err(polars)?;
                let applies = rule.applies.as_ref().map(|_| next()).transpose().map_err(polars)?;
                variants.push(Bits::new(&pass, applies.as_ref()).map_err(polars)?);
            }
            verdicts.push(RowVerdicts { variants, variant_of: self.variants(rule, settings, count)? });
        }
        Ok(verdicts)
    }

    fn variants(&self, rule: &Rule, settings: &Settings, count: usize) -> Result<Vec<usize>, EngineError> {
        if count == 1 {
            return Ok(Vec::new());
        }
        let arns = text(&self.data, self.relation, "subject_arn")?;
        let accounts = text(&self.data, self.relation, "account_id")?;
        let variant = |row: usize| settings.variant_of(rule, arns.get(row).unwrap_or(""), accounts.get(row).unwrap_or(""));
        Ok((0..self.subjects()).map(|subject| variant(self.starts[subject])).collect())
    }

    /// Counts the verdicts on a subject's rows.
    pub(crate) fn counts(&self, verdicts: &RowVerdicts, subject: usize) -> RowCounts {
        let (rows, bits) = (self.rows_of(subject), verdicts.bits(subject));
        let count = |of: usize| u32::try_from(of).unwrap_or(u32::MAX);
        let (pass, fail) = (set(&bits.pass, &rows), set(&bits.fail, &rows));
        let not_applicable = bits.not_applicable.as_ref().map_or(0, |bits| set(bits, &rows));
        let unknown = rows.len() - pass - fail - not_applicable;
        RowCounts { fail: count(fail), unknown: count(unknown), pass: count(pass), not_applicable: count(not_applicable) }
    }

    /// The row that stands for a verdict on a subject: the first that gave it, or, if only a gap did, the first of the worst that was given.
    pub(crate) fn example(&self, verdicts: &RowVerdicts, subject: usize, verdict: Verdict) -> Option<usize> {
        let bits = verdicts.bits(subject);
        let first = |wanted: Verdict| self.rows_of(subject).find(|&row| bits.verdict(row) == wanted);
        let worst = [Verdict::Fail, Verdict::Unknown, Verdict::Pass, Verdict::NotApplicable];
        let own = if verdict == Verdict::Waived { Verdict::Unknown } else { verdict };
        first(own).or_else(|| worst.into_iter().find_map(first))
    }

    /// A row, for people.
    pub(crate) fn row(&self, row: usize) -> Told<'_> {
        Told { data: &self.data, row }
    }
}

fn check(relation: &'static Relation, data: &DataFrame) -> Result<(), EngineError> {
    for field in fields(relation.columns) {
        let declared = relation
            .columns
            .iter()
            .find(|column| column.name == field.name().as_str() || seconds_name(column.name).as_str() == field.name().as_str());
        let Some(declared) = declared else { continue };
        let missing = || FrameError::Missing { relation: relation.name.to_owned(), column: declared.name };
        let found = data.column(field.name()).map_err(|_| missing())?.dtype();
        if found != field.dtype() {
            let expected = if matches!(field.dtype(), DataType::Int64) { "integer" } else { declared.column_type.word() };
            let error = FrameError::Type { relation: relation.name.to_owned(), column: declared.name, found: found.to_string(), expected };
            return Err(error.into());
        }
    }
    Ok(())
}

/// Where each run of one subject begins, and the end; and whether subjects ascend, so that none comes back.
fn runs(arns: &StringChunked) -> (Vec<usize>, bool) {
    let array = arns.downcast_as_array();
    // Texts that were stored once have one view, which is quicker to compare; NULL has any.
    let views = if arns.null_count() == 0 { array.views().as_slice() } else { &[] };
    let (mut starts, mut ascending) = (Vec::new(), true);
    let mut before = None;
    for row in 0..array.len() {
        if row > 0 && views.get(row).zip(views.get(row - 1)).is_some_and(|(one, other)| one == other) {
            continue;
        }
        let arn = array.get(row).unwrap_or("");
        if before == Some(arn) {
            continue;
        }
        ascending &= before.is_none_or(|before| before < arn);
        before = Some(arn);
        starts.push(row);
    }
    starts.push(array.len());
    (starts, ascending)
}

/// How many of some rows are true.
fn set(bits: &BooleanChunked, rows: &Range<usize>) -> usize {
    rows.len() - bits.downcast_as_array().values().null_count_range(rows.start, rows.len())
}

impl RowVerdicts {
    /// The set of parameters a subject is judged with.
    pub(crate) fn variant(&self, subject: usize) -> usize {
        self.variant_of.get(subject).copied().unwrap_or(0)
    }

    fn bits(&self, subject: usize) -> &Bits {
        &self.variants[self.variant(subject)]
    }
}

impl Bits {
    /// From what the predicates say, with three values: a row passes or fails only if the rule is known to speak about it.
    fn new(pass: &BooleanChunked, applies: Option<&BooleanChunked>) -> PolarsResult<Self> {
        let known = |cells: &BooleanChunked| cells.fill_null_with_values(false);
        let (passes, fails) = (known(pass)?, known(&!pass)?);
        Ok(match applies {
            None => Self { pass: passes, fail: fails, not_applicable: None },
            Some(applies) => {
                let speaks = known(applies)?;
                Self { pass: &passes & &speaks, fail: &fails & &speaks, not_applicable: Some(known(&!applies)?) }
            }
        })
    }

    fn verdict(&self, row: usize) -> Verdict {
        let is = |bits: &BooleanChunked| bits.downcast_as_array().value(row);
        match () {
            () if is(&self.fail) => Verdict::Fail,
            () if is(&self.pass) => Verdict::Pass,
            () if self.not_applicable.as_ref().is_some_and(is) => Verdict::NotApplicable,
            () => Verdict::Unknown,
        }
    }
}

/// A row of a relation, read cell by cell.
pub(crate) struct Told<'f> {
    data: &'f DataFrame,
    row: usize,
}

impl Told<'_> {
    /// A text; empty if it is NULL.
    pub(crate) fn text(&self, name: &str) -> &str {
        let cells = self.data.column(name).ok().and_then(|column| column.str().ok());
        cells.and_then(|cells| cells.get(self.row)).unwrap_or_default()
    }

    /// A cell as templates see it: a `Time` column as text, with its seconds beside it. `None` if there is no such column.
    pub(crate) fn value(&self, name: &str) -> Option<Value> {
        fn of<T: Into<Value>>(cell: Option<T>) -> Value {
            cell.map_or_else(|| Value::from(()), Into::into)
        }
        let column = self.data.column(name).ok()?;
        match column.dtype() {
            DataType::String => column.str().ok().map(|cells| of(cells.get(self.row))),
            DataType::Boolean => column.bool().ok().map(|cells| of(cells.get(self.row))),
            DataType::Int64 => column.i64().ok().map(|cells| of(cells.get(self.row))),
            _ => {
                let seconds = self.data.column(&seconds_name(name)).ok()?;
                seconds.i64().ok().map(|cells| of(cells.get(self.row).map(moment::short)))
            }
        }
    }
}

fn text<'f>(data: &'f DataFrame, relation: &Relation, column: &'static str) -> Result<&'f StringChunked, FrameError> {
    let missing = || FrameError::Missing { relation: relation.name.to_owned(), column };
    let found = data.column(column).map_err(|_| missing())?;
    found.str().map_err(|_| FrameError::Type {
        relation: relation.name.to_owned(),
        column,
        found: found.dtype().to_string(),
        expected: ColumnType::Text.word(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Batch;
    use crate::dataset::frame::to_frame;
    use crate::engine::fixtures::{ALL, POINTS, Point, library, point};

    #[test]
    fn rows_of_a_subject_are_found_wherever_they_stand() {
        let row = |subject: Option<&str>, number: i64, kept: Option<i64>| Point {
            subject_arn: subject.map(str::to_owned),
            ..point("x", number, Some(true), kept)
        };
        let (long, short) = (Some(36 * 86_400), Some(1));
        // what it shows, rows, subjects with passes, fails and what is not known, the number of the row that stands for the worst
        let cases: [(&str, Vec<Point>, Vec<([u32; 3], i64)>); 5] = [
            ("no row, no subject", vec![], vec![]),
            (
                "together",
                vec![row(Some("a"), 1, long), row(Some("a"), 2, short), row(Some("b"), 3, None)],
                vec![([1, 1, 0], 2), ([0, 0, 1], 3)],
            ),
            (
                "one comes back",
                vec![row(Some("b"), 1, long), row(Some("a"), 2, short), row(Some("b"), 3, short)],
                vec![([0, 1, 0], 2), ([1, 1, 0], 3)],
            ),
            (
                "descending, two alike",
                vec![row(Some("b"), 1, long), row(Some("a"), 3, short), row(Some("a"), 2, short)],
                vec![([0, 2, 0], 2), ([1, 0, 0], 1)],
            ),
            (
                "a subject that nobody named is one, too",
                vec![row(Some("a"), 1, long), row(None, 2, short), row(Some(""), 3, long)],
                vec![([1, 1, 0], 2), ([1, 0, 0], 1)],
            ),
        ];
        let library = library(&[ALL]).unwrap();
        let rules: Vec<&Rule> = library.rules.iter().collect();
        for (shows, rows, expected) in cases {
            let frame = Frame::new(&POINTS, &to_frame("points", &Batch::from_rows(rows)).unwrap()).unwrap();
            let verdicts = frame.evaluate(&rules, &Settings::default()).unwrap();
            let told = (0..frame.subjects()).map(|subject| {
                let counts = frame.counts(&verdicts[0], subject);
                let worst = [(counts.fail, Verdict::Fail), (counts.unknown, Verdict::Unknown), (counts.pass, Verdict::Pass)];
                let (_, verdict) = worst.into_iter().find(|(many, _)| *many > 0).unwrap();
                let row = frame.row(frame.example(&verdicts[0], subject, verdict).unwrap());
                ([counts.pass, counts.fail, counts.unknown], i64::try_from(row.value("number").unwrap()).unwrap())
            });
            assert_eq!(told.collect::<Vec<_>>(), expected, "{shows}");
        }
    }
}
