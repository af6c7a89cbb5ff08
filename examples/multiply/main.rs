//! Makes a large dataset of a small one, for measuring: `cargo run --example multiply -- --dataset DIR --accounts 30 --points 10 --out DIR`.
//!
//! Every collection is there again for each account, with the ids of accounts in all its cells changed. Tables that grow with every backup get more
//! rows of the same resources beside: other recovery points and jobs, some hours later. The same arguments give the same rows.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::Context;
use backup_audit::collect::tables;
use backup_audit::dataset::manifest::{FileEntry, MANIFEST, hash_file};
use backup_audit::dataset::{Collection, Dataset};
use backup_audit::model::key::resource_key;
use clap::Parser;
use polars::prelude::*;

/// Rows of these are repeated, with the columns that name each row.
const GROWING: [(&str, &[&str]); 4] = [
    ("recovery_points", &["recovery_point_arn"]),
    ("backup_jobs", &["backup_job_id", "recovery_point_arn"]),
    ("copy_jobs", &["copy_job_id", "source_recovery_point_arn", "destination_recovery_point_arn"]),
    ("rds_snapshots", &["snapshot_arn", "snapshot_identifier"]),
];
/// How much later the next repetition of a row is.
const APART_S: i64 = 3_600;
/// Rows that are written at a time.
const AT_A_TIME: usize = 100_000;

/// Make a large dataset of a small one
#[derive(Debug, Parser)]
struct Arguments {
    /// Folder of the small dataset
    #[arg(long, value_name = "DIR")]
    dataset: PathBuf,
    /// Accounts for each account that it has
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=9999))]
    accounts: u16,
    /// Recovery points, jobs and snapshots for each that it has
    #[arg(long, default_value_t = 1)]
    points: usize,
    /// Folder of the large dataset; made if it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let dataset = Dataset::open(&arguments.dataset, &tables())?;
    anyhow::ensure!(!arguments.out.exists(), "{} is there already: delete it or name another folder", arguments.out.display());
    for number in 0..arguments.accounts {
        for collection in dataset.collections() {
            let one = Repeated { collection, number, points: arguments.points };
            one.write(&arguments.out).with_context(|| format!("cannot repeat collection {}", collection.manifest.id))?;
        }
        eprintln!("{} of {}", number + 1, arguments.accounts);
    }
    Ok(())
}

/// A collection, repeated for one more account.
struct Repeated<'a> {
    collection: &'a Collection,
    number: u16,
    points: usize,
}

impl Repeated<'_> {
    fn write(&self, out: &Path) -> anyhow::Result<()> {
        let manifest = &self.collection.manifest;
        let id = format!("{}{:04x}", &manifest.id[..manifest.id.len() - 4], usize::from(self.number) * 16 + self.place());
        let dir = out.join(&id);
        fs::create_dir_all(&dir)?;
        let mut files = Vec::new();
        for file in &manifest.files {
            files.push(self.file(&file.path, &dir)?);
        }
        let text = self.text(&serde_json::to_string(manifest)?);
        let mut changed: backup_audit::dataset::Manifest = serde_json::from_str(&text)?;
        for (name, rows) in &mut changed.tables {
            let prefix = format!("{name}/");
            *rows = files.iter().filter(|file| file.path.starts_with(&prefix)).map(|file| file.rows_count).sum();
        }
        (changed.id, changed.files) = (id, files);
        fs::write(dir.join(MANIFEST), serde_json::to_string_pretty(&changed)?)?;
        Ok(())
    }

    /// Accounts of one dataset differ in the last digit of the ids of their collections.
    fn place(&self) -> usize {
        usize::from_str_radix(&self.collection.manifest.id[self.collection.manifest.id.len() - 1..], 16).unwrap_or(0)
    }

    /// Ids of other accounts: those of the example with a number in front.
    fn text(&self, text: &str) -> String {
        if self.number == 0 {
            return text.to_owned();
        }
        let number = self.number;
        text.replace("111122223333", &format!("{number:04}22223333")).replace("444455556666", &format!("{number:04}55556666"))
    }

    fn file(&self, relative: &str, dir: &Path) -> anyhow::Result<FileEntry> {
        let (from, to) = (self.collection.dir.join(relative), dir.join(relative));
        fs::create_dir_all(to.parent().context("a file without folder")?)?;
        let mut rows_count = 0;
        if relative.ends_with(".parquet") {
            let frame = ParquetReader::new(File::open(&from)?).finish()?;
            rows_count = self.table(relative.split('/').next().unwrap_or_default(), &frame, &to)?;
        } else {
            fs::copy(&from, &to)?;
        }
        let (size_bytes, sha256) = hash_file(&to)?;
        Ok(FileEntry { path: relative.to_owned(), rows_count, size_bytes, sha256 })
    }

    fn table(&self, name: &str, frame: &DataFrame, to: &Path) -> anyhow::Result<u64> {
        let names = GROWING.iter().find(|(table, _)| *table == name).map(|(_, names)| *names);
        let mut writer = ParquetWriter::new(File::create(to)?).batched(frame.schema())?;
        let mut rows = 0;
        for from in (0..frame.height().max(1)).step_by(AT_A_TIME) {
            let moved = self.account(&frame.slice(i64::try_from(from)?, AT_A_TIME))?;
            for copy in 0..names.map_or(1, |_| self.points) {
                let more = names.map_or_else(|| Ok(moved.clone()), |names| another(&moved, names, copy))?;
                rows += more.height() as u64;
                writer.write_batch(&more)?;
            }
        }
        writer.finish()?;
        Ok(rows)
    }

    /// The rows with the ids of accounts changed, and with keys that fit.
    fn account(&self, frame: &DataFrame) -> anyhow::Result<DataFrame> {
        if self.number == 0 {
            return Ok(frame.clone());
        }
        let source = key_source(frame)?;
        let mut changed = frame.clone();
        for column in frame.columns() {
            if let Ok(texts) = column.str() {
                let texts = texts.apply(|cell| cell.map(|cell| self.text(cell).into()));
                changed.with_column(texts.into_column())?;
            }
        }
        if let Some(source) = source {
            let keys: Int64Chunked = changed.column(&source)?.str()?.iter().map(|cell| cell.map(resource_key)).collect();
            changed.with_column(keys.with_name("resource_key".into()).into_column())?;
        }
        Ok(changed)
    }
}

/// The column of which `resource_key` is the key.
fn key_source(frame: &DataFrame) -> anyhow::Result<Option<String>> {
    let Ok(keys) = frame.column("resource_key") else { return Ok(None) };
    let keys = keys.i64()?;
    let Some(row) = (0..frame.height()).find(|row| keys.get(*row).is_some()) else { return Ok(None) };
    let named = |column: &&Column| column.str().is_ok_and(|texts| texts.get(row).map(resource_key) == keys.get(row));
    Ok(Some(frame.columns().iter().find(named).context("no column gives the keys")?.name().to_string()))
}

/// The same rows under other names, some hours later.
fn another(frame: &DataFrame, names: &[&str], copy: usize) -> anyhow::Result<DataFrame> {
    if copy == 0 {
        return Ok(frame.clone());
    }
    let mut changed = frame.clone();
    for name in names {
        let texts = frame.column(name)?.str()?.apply(|cell| cell.map(|cell| format!("{cell}-{copy}").into()));
        changed.with_column(texts.into_column())?;
    }
    let later_s = i64::try_from(copy)? * APART_S;
    for column in frame.columns().iter().filter(|column| column.name().ends_with("_s")) {
        let (name, seconds) = (column.name().to_string(), column.i64()? + later_s);
        changed.with_column(seconds.into_column())?;
        let stamps = frame.column(name.trim_end_matches("_s"))?;
        let moved = (stamps.to_physical_repr().i64()? + later_s * 1_000).into_column().cast(stamps.dtype())?;
        changed.with_column(moved)?;
    }
    Ok(changed)
}
