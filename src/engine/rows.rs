//! Rows of a relation, grouped by subject: evaluated in Polars, counted here.
//!
//! Nothing in this file grows with rows times rules but two bits a row, and with subjects a few counters each.

use std::cmp::Ordering;
use std::collections::HashMap;

use polars::prelude::{BooleanChunked, DataFrame, DataType, IdxCa, Int64Chunked, IntoLazy, StringChunked};

use super::gaps::Reached;
use super::judge::{EngineError, RowCounts};
use super::rule::Rule;
use super::settings::Settings;
use crate::dataset::frame::{FrameError, batch_from_frame, fields, seconds_name};
use crate::dataset::{Batch, ColumnType, Relation};
use crate::model::Verdict;

/// The rows of a relation with their subjects.
pub(crate) struct Frame {
    relation: &'static Relation,
    data: DataFrame,
    /// Subject of each row.
    subject_of: Vec<u32>,
    /// First row of each subject; subjects are numbered in the order of their first rows.
    first_row: Vec<usize>,
}

/// What one rule says about the rows, before subjects are looked at.
pub(crate) struct RowVerdicts {
    /// `applies` and `pass` for each set of parameters.
    columns: Vec<(Option<BooleanChunked>, BooleanChunked)>,
    /// Which set a subject is judged with; all with the first if empty.
    variant_of: Vec<usize>,
}

/// What was counted for a subject.
#[derive(Clone, Default)]
pub(crate) struct Tally {
    pub(crate) counts: RowCounts,
    /// First row of each verdict in the relation's order: fail, unknown, pass, not applicable.
    first: [Option<u32>; 4],
}

impl Frame {
    /// Checks the declared columns and groups the rows.
    pub(crate) fn new(relation: &'static Relation, data: &DataFrame) -> Result<Self, EngineError> {
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
                let error =
                    FrameError::Type { relation: relation.name.to_owned(), column: declared.name, found: found.to_string(), expected };
                return Err(error.into());
            }
        }
        let mut data = data.clone();
        data.rechunk_mut();
        let mut frame = Self { relation, data, subject_of: Vec::new(), first_row: Vec::new() };
        frame.group()?;
        Ok(frame)
    }

    pub(crate) fn data(&self) -> &DataFrame {
        &self.data
    }

    /// Numbers the subjects. Rows of one subject mostly stand together, so the one before is tried first.
    fn group(&mut self) -> Result<(), EngineError> {
        let arns = text(&self.data, self.relation, "subject_arn")?;
        let mut numbers: HashMap<&str, u32> = HashMap::new();
        let mut before: Option<(&str, u32)> = None;
        let mut subject_of = Vec::with_capacity(arns.len());
        let mut first_row = Vec::new();
        for (row, arn) in arns.iter().enumerate() {
            let arn = arn.unwrap_or("");
            let number = match before {
                Some((last, number)) if last == arn => number,
                _ => *numbers.entry(arn).or_insert_with(|| {
                    first_row.push(row);
                    u32::try_from(first_row.len() - 1).unwrap_or(u32::MAX)
                }),
            };
            before = Some((arn, number));
            subject_of.push(number);
        }
        (self.subject_of, self.first_row) = (subject_of, first_row);
        Ok(())
    }

    /// For each subject the first gap that touches one of its rows.
    pub(crate) fn touched(&self, reached: &Reached<'_>) -> Vec<Option<usize>> {
        let mut touched = vec![None; self.first_row.len()];
        if reached.nothing() {
            return touched;
        }
        let cells = |name| self.data.column(name).ok().and_then(|column| column.str().ok());
        let (accounts, regions) = (cells("account_id"), cells("region"));
        let mut last: Option<(&str, &str, Option<usize>)> = None;
        for (row, subject) in self.subject_of.iter().enumerate() {
            let account = accounts.and_then(|cells| cells.get(row)).unwrap_or("");
            let region = regions.and_then(|cells| cells.get(row)).unwrap_or("");
            let place = match last {
                Some((last_account, last_region, place)) if last_account == account && last_region == region => place,
                _ => reached.place(account, region),
            };
            last = Some((account, region, place));
            let parent = if reached.by_parent() { reached.parent(row) } else { None };
            if let Some(slot) = touched.get_mut(*subject as usize) {
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
                if let Some(applies) = &rule.applies {
                    let compiled = applies.bind(params).and_then(|bound| bound.to_polars()).map_err(bind)?;
                    expressions.push(compiled.alias(format!("v{}", expressions.len())));
                }
                let compiled = rule.pass.bind(params).and_then(|bound| bound.to_polars()).map_err(bind)?;
                expressions.push(compiled.alias(format!("v{}", expressions.len())));
            }
        }
        let polars = |source| EngineError::Polars { relation: self.relation.name, source };
        let mut out = self.data.clone().lazy().select(expressions).collect().map_err(polars)?;
        out.rechunk_mut();
        let mut columns = out.columns().iter();
        let mut next = || columns.next().map(|column| column.bool().cloned()).transpose().map_err(polars);
        let mut verdicts = Vec::with_capacity(rules.len());
        for (rule, variants) in rules.iter().zip(shapes) {
            let mut pairs = Vec::with_capacity(variants);
            for _ in 0..variants {
                let applies = if rule.applies.is_some() { next()? } else { None };
                pairs.extend(next()?.map(|pass| (applies, pass)));
            }
            verdicts.push(RowVerdicts { columns: pairs, variant_of: self.variants(rule, settings, variants)? });
        }
        Ok(verdicts)
    }

    fn variants(&self, rule: &Rule, settings: &Settings, count: usize) -> Result<Vec<usize>, EngineError> {
        if count == 1 {
            return Ok(Vec::new());
        }
        let arns = text(&self.data, self.relation, "subject_arn")?;
        let accounts = text(&self.data, self.relation, "account_id")?;
        let variant = |row: &usize| settings.variant_of(rule, arns.get(*row).unwrap_or(""), accounts.get(*row).unwrap_or(""));
        Ok(self.first_row.iter().map(variant).collect())
    }

    /// Counts the verdicts on each subject's rows.
    pub(crate) fn tally(&self, verdicts: &RowVerdicts) -> Vec<Tally> {
        let mut tallies = vec![Tally::default(); self.first_row.len()];
        let order = self.order();
        for (row, subject) in self.subject_of.iter().enumerate() {
            let subject = *subject as usize;
            let Some(tally) = tallies.get_mut(subject) else { continue };
            let verdict = verdicts.of(row, subject);
            let (count, slot) = match verdict {
                Verdict::Fail => (&mut tally.counts.fail, 0),
                Verdict::Pass => (&mut tally.counts.pass, 2),
                Verdict::NotApplicable => (&mut tally.counts.not_applicable, 3),
                Verdict::Unknown | Verdict::Waived => (&mut tally.counts.unknown, 1),
            };
            *count = count.saturating_add(1);
            let earlier = match tally.first[slot] {
                Some(first) => compare(&order, row, first as usize) == Ordering::Less,
                None => true,
            };
            if earlier {
                tally.first[slot] = u32::try_from(row).ok();
            }
        }
        tallies
    }

    /// The columns that order a subject's rows: the declared ones, then all others, so that the order is total but for equal rows.
    fn order(&self) -> Vec<OrderColumn<'_>> {
        let rest = self.relation.columns.iter().filter(|column| column.column_type != ColumnType::Time).map(|column| column.name);
        let names = self.relation.order.iter().copied().chain(rest);
        names.filter_map(|name| OrderColumn::of(&self.data, name)).collect()
    }

    /// The declared columns of some rows.
    pub(crate) fn rows(&self, rows: impl Iterator<Item = usize>) -> Result<Batch, EngineError> {
        let indices: IdxCa = rows.filter_map(|row| u32::try_from(row).ok()).map(Some).collect();
        let polars = |source| EngineError::Polars { relation: self.relation.name, source };
        let taken = self.data.take(&indices).map_err(polars)?;
        Ok(batch_from_frame(self.relation.name, &taken, self.relation.columns)?)
    }
}

impl RowVerdicts {
    /// The set of parameters a subject is judged with.
    pub(crate) fn variant(&self, subject: usize) -> usize {
        self.variant_of.get(subject).copied().unwrap_or(0)
    }

    fn of(&self, row: usize, subject: usize) -> Verdict {
        let Some((applies, pass)) = self.columns.get(self.variant(subject)) else { return Verdict::Unknown };
        match applies.as_ref().map_or(Some(true), |applies| applies.get(row)) {
            Some(false) => Verdict::NotApplicable,
            None => Verdict::Unknown,
            Some(true) => match pass.get(row) {
                Some(true) => Verdict::Pass,
                Some(false) => Verdict::Fail,
                None => Verdict::Unknown,
            },
        }
    }
}

impl Tally {
    /// The row that stands for a verdict on the subject: one that gave it, or, if only a gap did, the worst there is.
    pub(crate) fn example(&self, verdict: Verdict) -> Option<usize> {
        let own = match verdict {
            Verdict::Fail => self.first[0],
            Verdict::Unknown | Verdict::Waived => self.first[1],
            Verdict::Pass => self.first[2],
            Verdict::NotApplicable => self.first[3],
        };
        own.or_else(|| self.first.iter().flatten().next().copied()).map(|row| row as usize)
    }
}

enum OrderColumn<'f> {
    Text(&'f StringChunked),
    Integer(&'f Int64Chunked),
    Boolean(&'f BooleanChunked),
}

impl<'f> OrderColumn<'f> {
    fn of(data: &'f DataFrame, name: &str) -> Option<Self> {
        let column = data.column(name).ok()?;
        match column.dtype() {
            DataType::String => column.str().ok().map(Self::Text),
            DataType::Int64 => column.i64().ok().map(Self::Integer),
            DataType::Boolean => column.bool().ok().map(Self::Boolean),
            _ => None,
        }
    }

    fn compare(&self, left: usize, right: usize) -> Ordering {
        match self {
            Self::Text(cells) => nulls_last(cells.get(left), cells.get(right)),
            Self::Integer(cells) => nulls_last(cells.get(left), cells.get(right)),
            Self::Boolean(cells) => nulls_last(cells.get(left), cells.get(right)),
        }
    }
}

fn nulls_last<T: Ord>(left: Option<T>, right: Option<T>) -> Ordering {
    match (left, right) {
        (Some(left), Some(right)) => left.cmp(&right),
        (left, right) => right.is_some().cmp(&left.is_some()),
    }
}

fn compare(order: &[OrderColumn<'_>], left: usize, right: usize) -> Ordering {
    order.iter().map(|column| column.compare(left, right)).find(|order| *order != Ordering::Equal).unwrap_or(Ordering::Equal)
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
