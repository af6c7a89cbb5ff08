//! Writing a collection: unit by unit while it is open, sorted and hashed when it is sealed.
//!
//! ```text
//! DATASET/20261120T040000Z-1f3a9c2e/
//!   open.json          who, what, when; locked while a process writes
//!   journal.jsonl      one line a finished unit; a torn last line is dropped
//!   units/             one Parquet file a unit and table, written as .tmp, fsynced, renamed
//!   calls.jsonl        one line an attempt
//! ```
//!
//! [`OpenCollection::seal`] turns these into tables and the manifest, which is written last. A folder without manifest can be resumed;
//! a unit is in the journal or it is read again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use polars::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::DatasetError;
use super::frame;
use super::manifest::{Caller, MANIFEST, Manifest, Scope};
use super::reads::{READS, Read, ReadStatus};
use super::rows::Batch;
use super::schema::{LEADING_COLUMNS, Table};
use super::watched::Watched;
use crate::model::key::hex;

const OPEN: &str = "open.json";
const JOURNAL: &str = "journal.jsonl";
const UNITS: &str = "units";
/// Units of fewer rows are not compressed.
const SMALL_ROWS: usize = 4_096;
/// Rows of a row group in the files of units: sealing takes large units apart again.
const UNIT_GROUP_ROWS: usize = 500;
/// The call log while the collection is open.
pub const CALLS: &str = "calls.jsonl";

/// The answers of AWS as they came, where they are kept.
pub const ANSWERS: &str = "responses.zst";

/// What a collection is begun with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// Who calls AWS.
    pub caller: Caller,
    /// What is asked for.
    pub scope: Scope,
    /// When it began, epoch seconds.
    pub started_s: i64,
    /// Version of the tool.
    pub tool_version: String,
}

/// What is known when the last read has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ending {
    /// When that was, epoch seconds.
    pub ended_s: i64,
    /// How far AWS's clock was ahead of that of the machine, in milliseconds, from and to.
    pub clock_offset_ms: Option<(i64, i64)>,
}

impl Ending {
    /// An end of which nothing else is known.
    pub fn at(ended_s: i64) -> Self {
        Self { ended_s, ..Self::default() }
    }
}

/// What is written, journalled and resumed as one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UnitId {
    /// Account read.
    pub account_id: String,
    /// Region read.
    pub region: String,
    /// First table of the collector.
    pub collector: String,
    /// ARN of the vault, plan, snapshot or key; none for the whole Region.
    pub parent: Option<String>,
    /// Range of creation, `(from_s, to_s)`; open ends are none.
    pub range: Option<(Option<i64>, Option<i64>)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct JournalLine {
    unit: UnitId,
    complete: bool,
    /// Rows of each table.
    tables: BTreeMap<String, usize>,
    /// Files of those tables whose rows came in several portions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    portions: BTreeMap<String, usize>,
}

/// What was written of a table of a unit that is still being read.
#[derive(Clone, Copy, Debug, Default)]
struct Written {
    files: usize,
    rows: usize,
}

/// A collection that is being written.
#[derive(Debug)]
pub struct OpenCollection {
    dir: PathBuf,
    id: String,
    start: Start,
    journal: Mutex<Journal>,
    _lock: File,
}

#[derive(Debug)]
struct Journal {
    file: File,
    units: BTreeMap<UnitId, JournalLine>,
    /// By unit and table.
    unfinished: BTreeMap<UnitId, BTreeMap<&'static str, Written>>,
}

impl OpenCollection {
    /// Begins a collection in a new folder of the dataset; `random` makes its name unique.
    ///
    /// # Errors
    /// `Io` naming what could not be created.
    #[expect(clippy::needless_pass_by_value, reason = "the collection takes over what it was begun with")]
    pub fn begin(dataset: &Path, start: Start, random: u32) -> Result<Self, DatasetError> {
        let id = format!("{}-{random:08x}", folder_stamp(start.started_s));
        let dir = dataset.join(&id);
        fs::create_dir_all(dir.join(UNITS)).map_err(DatasetError::io("create", &dir))?;
        let text = serde_json::to_string_pretty(&start).unwrap_or_default();
        if let Err(error) = replace(&dir.join(OPEN), text.as_bytes()) {
            // Without a head nothing would ever find the folder again.
            let _ = fs::remove_dir_all(&dir);
            return Err(error);
        }
        Self::resume(&dir)
    }

    /// Opens an interrupted collection again.
    ///
    /// # Errors
    /// `Busy` if another process writes it, `Sealed` if there is nothing left to do, `Damaged` if its head cannot be understood, `Io` otherwise.
    pub fn resume(dir: &Path) -> Result<Self, DatasetError> {
        let path = dir.join(OPEN);
        let opened = File::open(&path);
        if let Ok(lock) = &opened {
            lock.try_lock().map_err(|_| DatasetError::Busy(dir.to_owned()))?;
        }
        if dir.join(MANIFEST).exists() {
            return Err(DatasetError::Sealed(dir.to_owned())); // its units may be half removed: sealing again would lose tables
        }
        let lock = opened.map_err(DatasetError::io("read", &path))?;
        let start = read_start(dir)?;
        let units = read_journal(&dir.join(JOURNAL))?;
        cut_torn_line(&dir.join(JOURNAL))?;
        cut_torn_line(&dir.join(CALLS))?;
        let journal = dir.join(JOURNAL);
        let file = OpenOptions::new().create(true).append(true).open(&journal).map_err(DatasetError::io("write", &journal))?;
        let id = dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self { dir: dir.to_owned(), id, start, journal: Mutex::new(Journal { file, units, unfinished: BTreeMap::new() }), _lock: lock })
    }

    /// Interrupted collections of a dataset with what they were begun with, newest first. What a process that was killed between sealing and tidying up
    /// left of an open collection is removed on the way.
    ///
    /// # Errors
    /// `Io` if the folder cannot be listed, `Damaged` for a head that cannot be understood.
    pub fn interrupted(dataset: &Path) -> Result<Vec<(PathBuf, Start)>, DatasetError> {
        let mut found = Vec::new();
        let listing = match fs::read_dir(dataset) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
            listing => listing.map_err(DatasetError::io("read", dataset))?,
        };
        for entry in listing {
            let dir = entry.map_err(DatasetError::io("read", dataset))?.path();
            match (dir.join(OPEN).is_file(), dir.join(MANIFEST).exists()) {
                (true, false) => found.push((dir.clone(), read_start(&dir)?)),
                (true, true) => tidy_up(&dir),
                (false, _) => {}
            }
        }
        found.sort_by(|(one, _), (other, _)| other.cmp(one));
        Ok(found)
    }

    /// Folder of the collection.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Name of the collection.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it was begun with.
    pub fn start(&self) -> &Start {
        &self.start
    }

    /// Where the call log goes while the collection is open.
    pub fn calls_path(&self) -> PathBuf {
        self.dir.join(CALLS)
    }

    /// Where the answers of AWS go, if they are kept as they come.
    pub fn answers_path(&self) -> PathBuf {
        self.dir.join(ANSWERS)
    }

    /// Whether the unit was read completely before; others are read again.
    pub fn done(&self, unit: &UnitId) -> bool {
        self.journal().units.get(unit).is_some_and(|line| line.complete)
    }

    /// Number of units in the journal.
    pub fn units(&self) -> usize {
        self.journal().units.len()
    }

    /// The rows of a table as a journalled unit wrote them; `None` if the unit is not in the journal.
    ///
    /// # Errors
    /// `Damaged` or `Polars` if the file cannot be read.
    pub fn batch(&self, table: &'static Table, unit: &UnitId) -> Result<Option<Batch>, DatasetError> {
        let Some(files) = self.files_of(table, unit) else { return Ok(None) };
        let mut whole = super::open::empty(table);
        for path in files {
            // Only units in one file are read back by way of a batch, but for small ones of several portions.
            let frame = read_parquet(&path)?;
            whole = if whole.height() == 0 { frame } else { whole.vstack(&frame).map_err(DatasetError::polars(&path))? };
        }
        Ok(Some(frame::batch_from_frame(table.name, &whole, table.columns)?))
    }

    /// The distinct texts in a column of the rows of a journalled unit, read without its other columns; `None` if the unit is not in the journal.
    ///
    /// # Errors
    /// `Polars` if the file cannot be read or has no such column of texts.
    pub fn texts(&self, table: &Table, column: &str, unit: &UnitId) -> Result<Option<BTreeSet<String>>, DatasetError> {
        let Some(files) = self.files_of(table, unit) else { return Ok(None) };
        let mut found = BTreeSet::new();
        for path in files {
            let file = File::open(&path).map_err(DatasetError::io("read", &path))?;
            let frame =
                ParquetReader::new(file).with_columns(Some(vec![column.to_owned()])).finish().map_err(DatasetError::polars(&path))?;
            let cells = frame.column(column).and_then(|cells| cells.str()).map_err(DatasetError::polars(&path))?;
            let texts: BTreeSet<&str> = cells.iter().flatten().collect();
            found.extend(texts.into_iter().map(str::to_owned));
        }
        Ok(Some(found))
    }

    /// The files with the rows that a journalled unit gave of a table; `None` if it is not in the journal, or did not speak of the table.
    fn files_of(&self, table: &Table, unit: &UnitId) -> Option<Vec<PathBuf>> {
        let journal = self.journal();
        let line = journal.units.get(unit).filter(|line| line.tables.contains_key(table.name))?;
        Some(line.files(table.name).into_iter().map(|file| self.dir.join(file)).collect())
    }

    /// Writes a portion of the rows of a unit that is still being read; [`OpenCollection::write`] ends the unit. What is not ended is not in the
    /// journal, and is read again.
    ///
    /// # Errors
    /// As `write`.
    pub fn portion(&self, unit: &UnitId, table: &'static Table, batch: &Batch) -> Result<(), DatasetError> {
        let files = self.journal().unfinished.get(unit).and_then(|tables| tables.get(table.name)).map_or(0, |written| written.files);
        self.write_table(table, batch, unit, &portion_file(table.name, unit, files))?;
        let mut journal = self.journal();
        let written = journal.unfinished.entry(unit.clone()).or_default().entry(table.name).or_default();
        *written = Written { files: files + 1, rows: written.rows + batch.len() };
        Ok(())
    }

    /// Writes what a unit gave, then journals it; portions of it that were written before belong to it. Either the whole unit is there
    /// afterwards or it will be read again.
    ///
    /// # Errors
    /// `Io` (a full disk, for instance) or `Polars`; the unit is then not journalled.
    pub fn write(&self, unit: &UnitId, tables: &[(&'static Table, Batch)], reads: &[Read]) -> Result<(), DatasetError> {
        let complete = reads.iter().all(|read| read.status.as_deref() == Some(ReadStatus::Complete.word()));
        let before = self.journal().unfinished.remove(unit).unwrap_or_default();
        let mut line = JournalLine { unit: unit.clone(), complete, tables: BTreeMap::new(), portions: BTreeMap::new() };
        for (table, written) in before {
            line.tables.insert(table.to_owned(), written.rows);
            line.portions.insert(table.to_owned(), written.files);
        }
        let reads = Batch::from_rows(reads.iter().cloned());
        for (table, batch) in tables.iter().map(|(table, batch)| (*table, batch)).chain([(&READS, &reads)]) {
            let file = match line.portions.get_mut(table.name) {
                Some(portions) => {
                    let next = portion_file(table.name, unit, *portions);
                    *portions += usize::from(!batch.is_empty());
                    next
                }
                None => unit_file(table.name, unit),
            };
            self.write_table(table, batch, unit, &file)?;
            *line.tables.entry(table.name.to_owned()).or_default() += batch.len();
        }
        // Before the journal names them, all of them are where they belong.
        sync_folder(&self.dir.join(UNITS))?;
        let mut text = serde_json::to_string(&line).unwrap_or_default();
        text.push('\n');
        let path = self.dir.join(JOURNAL);
        let mut journal = self.journal();
        journal.file.write_all(text.as_bytes()).and_then(|()| journal.file.sync_data()).map_err(DatasetError::io("write", &path))?;
        journal.units.insert(unit.clone(), line);
        Ok(())
    }

    fn write_table(&self, table: &Table, batch: &Batch, unit: &UnitId, file: &str) -> Result<(), DatasetError> {
        let path = self.dir.join(file);
        if batch.is_empty() {
            // The journal says so. What an earlier try left behind is named by no line any more.
            return Ok(());
        }
        let frame = with_leading(&frame::to_frame(table.name, batch)?, unit, &path)?;
        let mut frame = sorted(&frame, table, &path)?;
        let temporary = path.with_extension("tmp");
        let file = File::create(&temporary).map_err(DatasetError::io("write", &temporary))?;
        // These files live until the collection is sealed, so small ones are written fast. The writer flushes its buffer at the end.
        let compression = if batch.len() < SMALL_ROWS { ParquetCompression::Uncompressed } else { ParquetCompression::default() };
        let (watched, failure) = Watched::new(&file);
        let writer = ParquetWriter::new(BufWriter::new(watched)).with_compression(compression).with_row_group_size(Some(UNIT_GROUP_ROWS));
        let written = writer.with_statistics(StatisticsOptions::empty()).finish(&mut frame);
        written.map_err(|error| failure.or_polars(&temporary)(error))?;
        file.sync_all().map_err(DatasetError::io("write", &temporary))?;
        fs::rename(&temporary, &path).map_err(DatasetError::io("write", &path))
    }

    fn journal(&self) -> std::sync::MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Turns the units into sorted tables, compresses the call log, writes the manifest and removes what is no longer needed.
    ///
    /// `tables` are all tables this tool knows; one without rows gets an empty file, so that every query finds it.
    ///
    /// # Errors
    /// As writing; the collection can then be resumed and sealed again.
    pub fn seal(self, tables: &[&'static Table], ending: Ending) -> Result<Manifest, DatasetError> {
        let manifest = super::seal::seal(&self.dir, &self.id, &self.start, &self.unit_files(), tables, ending)?;
        super::seal::clean(&self.dir)?;
        Ok(manifest)
    }

    /// Unit files of each table in the order of their units.
    fn unit_files(&self) -> BTreeMap<String, Vec<(UnitId, PathBuf)>> {
        let mut files: BTreeMap<String, Vec<(UnitId, PathBuf)>> = BTreeMap::new();
        for (unit, line) in &self.journal().units {
            for table in line.tables.keys() {
                for file in line.files(table) {
                    files.entry(table.clone()).or_default().push((unit.clone(), self.dir.join(file)));
                }
            }
        }
        for units in files.values_mut() {
            units.sort_by(|(one, _), (other, _)| order(one).cmp(&order(other)));
        }
        files
    }
}

impl JournalLine {
    /// The files with the rows of a table.
    fn files(&self, table: &str) -> Vec<String> {
        match (self.portions.get(table), self.tables.get(table)) {
            (Some(portions), _) => (0..*portions).map(|number| portion_file(table, &self.unit, number)).collect(),
            (None, None | Some(0)) => Vec::new(),
            (None, Some(_)) => vec![unit_file(table, &self.unit)],
        }
    }
}

/// Removes what is no longer needed of a sealed collection, unless the process that sealed it is about to. It is in nobody's way, so errors are not told.
fn tidy_up(dir: &Path) {
    if let Ok(lock) = File::open(dir.join(OPEN))
        && lock.try_lock().is_ok()
    {
        let _ = super::seal::clean(dir);
    }
}

/// Account, Region, parent, start of the range: the order in which concatenated units make a sorted table.
fn order(unit: &UnitId) -> (&str, &str, Option<&str>, Option<i64>) {
    let from_s = unit.range.and_then(|(from_s, _)| from_s);
    (&unit.account_id, &unit.region, unit.parent.as_deref(), from_s)
}

fn with_leading(frame: &DataFrame, unit: &UnitId, path: &Path) -> Result<DataFrame, DatasetError> {
    let height = frame.height();
    let mut columns: Vec<polars::prelude::Column> = LEADING_COLUMNS
        .iter()
        .zip([&unit.account_id, &unit.region])
        .map(|(column, text)| polars::prelude::Column::new_scalar(column.name.into(), Scalar::from(PlSmallStr::from_str(text)), height))
        .collect();
    columns.extend(frame.columns().iter().cloned());
    DataFrame::new(height, columns).map_err(DatasetError::polars(path))
}

/// Sorts rows by the order of their table, stably, with a second version of a key dropped.
pub(super) fn sorted(frame: &DataFrame, table: &Table, path: &Path) -> Result<DataFrame, DatasetError> {
    let order: Vec<PlSmallStr> = table.order().into_iter().map(PlSmallStr::from_string).collect();
    let options = SortMultipleOptions::default().with_maintain_order(true);
    let frame = frame.sort(order, options).map_err(DatasetError::polars(path))?;
    let identity: Vec<String> = table.identity().into_iter().map(str::to_owned).collect();
    frame.unique_stable(Some(&identity), UniqueKeepStrategy::First, None).map_err(DatasetError::polars(path))
}

pub(super) fn read_parquet(path: &Path) -> Result<DataFrame, DatasetError> {
    let file = File::open(path).map_err(DatasetError::io("read", path))?;
    ParquetReader::new(file).finish().map_err(DatasetError::polars(path))
}

fn unit_file(table: &str, unit: &UnitId) -> String {
    format!("{UNITS}/{table}-{}.parquet", unit_hash(unit))
}

fn portion_file(table: &str, unit: &UnitId, number: usize) -> String {
    format!("{UNITS}/{table}-{}-{number:05}.parquet", unit_hash(unit))
}

fn unit_hash(unit: &UnitId) -> String {
    let name = serde_json::to_string(unit).unwrap_or_default();
    hex(&Sha256::digest(name.as_bytes())[..12])
}

/// `20261120T040000Z`, from epoch seconds.
fn folder_stamp(moment_s: i64) -> String {
    crate::model::moment::text(moment_s).chars().filter(|c| !matches!(c, '-' | ':')).collect()
}

fn read_start(dir: &Path) -> Result<Start, DatasetError> {
    let path = dir.join(OPEN);
    let text = fs::read_to_string(&path).map_err(DatasetError::io("read", &path))?;
    serde_json::from_str(&text).map_err(|error| DatasetError::Damaged { path, what: error.to_string() })
}

fn read_journal(path: &Path) -> Result<BTreeMap<UnitId, JournalLine>, DatasetError> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        file => file.map_err(DatasetError::io("read", path))?,
    };
    let mut units = BTreeMap::new();
    for line in BufReader::new(file).split(b'\n') {
        let line = line.map_err(DatasetError::io("read", path))?;
        // A line that was being written when the process ended is no JSON: its unit is read again.
        if let Ok(line) = serde_json::from_slice::<JournalLine>(&line) {
            units.insert(line.unit.clone(), line);
        }
    }
    Ok(units)
}

/// Removes what follows the last line feed, which is what a killed process leaves behind.
fn cut_torn_line(path: &Path) -> Result<(), DatasetError> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        bytes => bytes.map_err(DatasetError::io("read", path))?,
    };
    let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
    if whole < bytes.len() {
        let file = OpenOptions::new().write(true).open(path).map_err(DatasetError::io("write", path))?;
        file.set_len(whole as u64).map_err(DatasetError::io("write", path))?;
    }
    Ok(())
}

/// Writes a file so that it is there whole or not at all.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), DatasetError> {
    let temporary = path.with_extension("tmp");
    let mut file = File::create(&temporary).map_err(DatasetError::io("write", &temporary))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(DatasetError::io("write", &temporary))?;
    fs::rename(&temporary, path).map_err(DatasetError::io("write", path))?;
    path.parent().map_or(Ok(()), sync_folder)
}

fn sync_folder(dir: &Path) -> Result<(), DatasetError> {
    File::open(dir).and_then(|folder| folder.sync_all()).map_err(DatasetError::io("write", dir))
}
