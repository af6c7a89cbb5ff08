//! What each derived relation costs: `cargo run --example measure -- --dataset DIR`.
//!
//! First the mere decoding of the tables that grow with every backup, all columns. Then relations are derived as the judge does it, those of recovery
//! points range by range: one after the other in one process, so that what several need (the population, coverage, the distribution of a table over
//! ranges) counts for the first. Last the rules over all of them, which derives them again. CPU and the peak of resident memory are those that Linux
//! tells of the process.

mod rules;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Context;
use backup_audit::collect::tables;
use backup_audit::dataset::{Dataset, Snapshot};
use backup_audit::engine::derived::{Derived, relations};
use backup_audit::engine::{Library, Settings, judge};
use backup_audit::facts::{FACTS, FactError, Inputs, Objectives};
use backup_audit::model::Window;
use backup_audit::model::moment::DAY_S;
use clap::Parser;
use mimalloc::MiMalloc;
use polars::prelude::{ParquetReader, SerReader};

/// The same as of `audit`.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Measure the derivation of relations
#[derive(Debug, Parser)]
struct Arguments {
    /// Folder of the dataset
    #[arg(long, value_name = "DIR")]
    dataset: PathBuf,
    /// Only these relations [default: all]
    #[arg(long)]
    relation: Vec<String>,
    /// Ranges of resources to work in [default: as many as the rows ask for]
    #[arg(long)]
    ranges: Option<i64>,
    /// Days before the newest collection that are looked at
    #[arg(long, default_value_t = 90)]
    days: i64,
    /// Only the rules over relations of recovery points, which are written to this folder; see `rules.rs`
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    /// How often each rule is judged with `--rules`
    #[arg(long, default_value_t = 5)]
    times: usize,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let dataset = Dataset::open(&arguments.dataset, &tables())?;
    let snapshot = Snapshot::at(&dataset, None)?;
    let end_s = snapshot.as_of_s();
    let window = Window { start_s: end_s - arguments.days * DAY_S, end_s };
    let objectives = Objectives::default();
    let mut inputs = Inputs::new(&snapshot, &objectives, window);
    if let Some(ranges) = arguments.ranges {
        inputs = inputs.in_ranges(ranges);
    }
    writeln!(io::stdout(), "{} ranges; opened with {}", inputs.ranges().len(), Spent::now()?.text())?;
    if let Some(dir) = &arguments.rules {
        let relations = relations(&tables());
        return rules::measure(&inputs, &Library::load(&relations, None)?, dir, arguments.times);
    }
    if arguments.relation.is_empty() {
        measured("(decoding)", || decode(&dataset))?;
    }
    for fact in FACTS.iter().filter(|fact| arguments.relation.is_empty() || arguments.relation.iter().any(|one| one == fact.relation.name))
    {
        measured(fact.relation.name, || {
            let mut rows = 0;
            inputs.fact_in_parts(fact.relation.name, |part| {
                rows += part.height();
                Ok::<_, FactError>(())
            })?;
            Ok(rows)
        })?;
    }
    if arguments.relation.is_empty() {
        let (tables, settings) = (tables(), Settings::default());
        let relations = relations(&tables);
        let library = Library::load(&relations, None)?;
        measured("(all rules)", || Ok(judge(&library.rules, &Derived::new(&inputs, &tables, &relations), &settings)?.findings.len()))?;
    }
    Ok(())
}

fn measured(name: &str, work: impl FnOnce() -> anyhow::Result<usize>) -> anyhow::Result<()> {
    let before = Spent::now()?;
    fs::write("/proc/self/clear_refs", "5").context("the peak of memory cannot be reset")?;
    let rows = work()?;
    writeln!(io::stdout(), "{name:24} {rows:>10} rows  {}", Spent::now()?.since(&before).text())?;
    Ok(())
}

/// Decodes the tables that grow with every backup, file by file.
fn decode(dataset: &Dataset) -> anyhow::Result<usize> {
    let mut rows = 0;
    for collection in dataset.collections() {
        let growing =
            |path: &str| ["recovery_points/", "backup_jobs/", "copy_jobs/", "rds_snapshots/"].iter().any(|table| path.starts_with(table));
        for file in collection.manifest.files.iter().filter(|file| growing(&file.path)) {
            rows += ParquetReader::new(File::open(collection.dir.join(&file.path))?).finish()?.height();
        }
    }
    Ok(rows)
}

/// CPU and memory of this process.
struct Spent {
    cpu_ms: u64,
    peak_kib: u64,
}

impl Spent {
    fn now() -> anyhow::Result<Self> {
        let stat = fs::read_to_string("/proc/self/stat")?;
        let after_name = stat.rsplit_once(')').context("the kernel tells no times")?.1;
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
        let status = fs::read_to_string("/proc/self/status")?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak_kib = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse().ok()).context("the kernel tells no peak")?;
        // Ticks are hundredths of a second on every Linux that Rust runs on.
        Ok(Self { cpu_ms: (ticks(11) + ticks(12)) * 10, peak_kib })
    }

    fn since(self, before: &Self) -> Self {
        Self { cpu_ms: self.cpu_ms.saturating_sub(before.cpu_ms), ..self }
    }

    fn text(&self) -> String {
        let (seconds, hundredths) = (self.cpu_ms / 1_000, self.cpu_ms % 1_000 / 10);
        format!("{seconds:>5}.{hundredths:02} CPU s  peak {:>6} MiB", self.peak_kib / 1_024)
    }
}
