//! Rules over the relations of recovery points, against the mere decoding of the columns that they read, and as SQL for another engine.
//!
//! The relations are derived once and written as Parquet, a file a range. Of each rule, and of all over one relation, it then tells how long decoding its
//! columns and those of the subject takes, and how long judging takes once they are in memory. `DIR/RELATION.sql` holds the same rules as SQL.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use backup_audit::dataset::frame::fields;
use backup_audit::dataset::{Gap, Relation};
use backup_audit::engine::rule::{Quantify, Shown};
use backup_audit::engine::{EngineError, Library, Relations, Rule, RuleSet, Settings, judge};
use backup_audit::facts::{FACTS, Inputs};
use polars::prelude::{DataFrame, ParquetReader, ParquetWriter, PolarsResult, SerReader};

/// What every verdict needs beside the columns of its rule.
const OF_SUBJECTS: [&str; 4] = ["subject_arn", "subject_type", "account_id", "region"];

/// Measures all rules over relations that are derived range by range.
pub(crate) fn measure(inputs: &Inputs<'_>, library: &Library, dir: &Path, times: usize) -> anyhow::Result<()> {
    for fact in FACTS.iter().filter(|fact| fact.by_range) {
        let rules: Vec<&Rule> = library.rules.iter().filter(|rule| rule.over.name == fact.relation.name).collect();
        let stored = Stored::write(inputs, fact.relation, &dir.join(fact.relation.name))?;
        fs::write(dir.join(format!("{}.sql", fact.relation.name)), sql(&rules, &stored.dir)?)?;
        for rule in &rules {
            line(&stored, &rule.id, &library.rules.filter(|one| one.id == rule.id), times)?;
        }
        line(
            &stored,
            &format!("all over {}", fact.relation.name),
            &library.rules.filter(|one| one.over.name == fact.relation.name),
            times,
        )?;
    }
    Ok(())
}

fn line(stored: &Stored, name: &str, rules: &RuleSet, times: usize) -> anyhow::Result<()> {
    let mut decided: BTreeSet<String> = OF_SUBJECTS.into_iter().map(str::to_owned).collect();
    decided.extend(rules.iter().flat_map(Rule::columns));
    let mut told = decided.clone();
    told.extend(rules.iter().flat_map(|rule| written(rule, stored.relation)));
    let (decided, told): (Vec<_>, Vec<_>) = (decided.into_iter().collect(), told.into_iter().collect());
    let [mut decoding, mut decoding_all, mut judging] = [const { Vec::new() }; 3];
    for _ in 0..times.max(1) {
        decoding.push(stored.decode(&decided)?);
        decoding_all.push(stored.decode(&told)?);
        stored.loading.set(Duration::ZERO);
        let begun = Instant::now();
        judge(rules, stored, &Settings::default())?;
        judging.push(begun.elapsed().saturating_sub(stored.loading.get()));
    }
    let [decoding, decoding_all, judging] = [decoding, decoding_all, judging].map(median_ms);
    let in_all = |decoding: f64| (decoding + judging) / decoding;
    writeln!(
        io::stdout(),
        "{name:36} {:>10} rows  decode {decoding:>6.1} ms, with what findings tell {decoding_all:>6.1}  judge {judging:>6.1} ms  \
         both {:.2} x and {:.2} x the decoding",
        stored.rows,
        in_all(decoding),
        in_all(decoding_all),
    )?;
    Ok(())
}

fn median_ms(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1_000.0
}

/// The columns that findings of a rule are written from: where the proof lies, and what its texts name.
fn written(rule: &Rule, relation: &Relation) -> BTreeSet<String> {
    let texts = |column: &str| {
        let shown = [&rule.observed, &rule.expected].into_iter().flatten();
        let names = |text: &str| text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(|word| word == column);
        names(&rule.message) || shown.into_iter().any(|shown| matches!(shown, Shown::Template(text) | Shown::Column(text) if names(text)))
    };
    let all = fields(relation.columns).into_iter().map(|field| field.name().to_string());
    all.filter(|column| column == "evidence" || texts(column)).collect()
}

fn read(path: &Path, columns: Option<&[String]>) -> PolarsResult<DataFrame> {
    ParquetReader::new(File::open(path)?).with_columns(columns.map(<[String]>::to_vec)).finish()
}

/// A query a rule, a line each: how many subjects have which verdict.
fn sql(rules: &[&Rule], dir: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    for rule in rules {
        let bound = |predicate: &backup_audit::engine::predicate::Predicate| predicate.bind(&rule.defaults()).map(|bound| bound.to_sql());
        let pass = bound(&rule.pass)?;
        let applies = rule.applies.as_ref().map_or(Ok("TRUE".to_owned()), bound)?;
        let (first, other) = match rule.quantify {
            Quantify::All => {
                ("WHEN fails > 0 THEN 'fail' WHEN unknowns > 0 THEN 'unknown' WHEN passes > 0 THEN 'pass'", "'not_applicable'")
            }
            Quantify::Any => {
                ("WHEN passes > 0 THEN 'pass' WHEN unknowns > 0 THEN 'unknown' WHEN fails > 0 THEN 'fail'", "'not_applicable'")
            }
        };
        writeln!(
            text,
            "SELECT verdict, count(*) FROM (SELECT CASE {first} ELSE {other} END AS verdict FROM (SELECT subject_arn, \
             count(*) FILTER (WHERE row_verdict = 'fail') AS fails, count(*) FILTER (WHERE row_verdict = 'unknown') AS unknowns, \
             count(*) FILTER (WHERE row_verdict = 'pass') AS passes FROM (SELECT subject_arn, CASE WHEN NOT ({applies}) THEN 'not_applicable' \
             WHEN ({applies}) IS NULL THEN 'unknown' WHEN ({pass}) THEN 'pass' WHEN NOT ({pass}) THEN 'fail' ELSE 'unknown' END AS row_verdict \
             FROM read_parquet('{}/*.parquet')) AS rows GROUP BY subject_arn) AS subjects) AS verdicts GROUP BY verdict ORDER BY verdict",
            dir.display()
        )?;
    }
    Ok(text)
}

/// A relation in files, of which each has all rows of its subjects.
struct Stored {
    relation: &'static Relation,
    dir: PathBuf,
    files: Vec<PathBuf>,
    rows: usize,
    loading: Cell<Duration>,
}

impl Stored {
    fn write(inputs: &Inputs<'_>, relation: &'static Relation, dir: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        let mut stored = Self { relation, dir: dir.to_owned(), files: Vec::new(), rows: 0, loading: Cell::default() };
        inputs.fact_in_parts(relation.name, |mut part| {
            let path = dir.join(format!("{:05}.parquet", stored.files.len()));
            ParquetWriter::new(File::create(&path)?).finish(&mut part)?;
            stored.rows += part.height();
            stored.files.push(path);
            anyhow::Ok(())
        })?;
        Ok(stored)
    }
}

impl Stored {
    /// How long it takes to read some columns of all files.
    fn decode(&self, columns: &[String]) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        for path in &self.files {
            read(path, Some(columns))?;
        }
        Ok(begun.elapsed())
    }
}

impl Relations for Stored {
    fn relation(&self, name: &str) -> Option<&'static Relation> {
        (name == self.relation.name).then_some(self.relation)
    }

    fn names(&self) -> Vec<&'static str> {
        vec![self.relation.name]
    }

    fn parts(&self, _: &str, take: &mut dyn FnMut(DataFrame) -> Result<(), EngineError>) -> Result<(), EngineError> {
        for path in &self.files {
            let begun = Instant::now();
            let part = read(path, None).map_err(|source| EngineError::Polars { relation: self.relation.name, source })?;
            let kept = part.clone();
            self.loading.set(self.loading.get() + begun.elapsed());
            take(part)?;
            // To let go of all columns is no part of judging some.
            let begun = Instant::now();
            drop(kept);
            self.loading.set(self.loading.get() + begun.elapsed());
        }
        Ok(())
    }

    fn gaps(&self) -> &[Gap] {
        &[]
    }
}
