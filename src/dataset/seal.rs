//! Sealing a collection: units become sorted tables, files get their hashes, the manifest comes last.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter};
use std::path::{Path, PathBuf};

use polars::io::parquet::write::BatchedWriter;
use polars::prelude::*;

use super::error::DatasetError;
use super::manifest::{FORMAT, FORMAT_VERSION, FileEntry, MANIFEST, Manifest, hash_file};
use super::merge;
use super::open::empty;
use super::reads::{READS, ReadStatus};
use super::schema::Table;
use super::watched::{Failure, Watched};
use super::write::{ANSWERS, CALLS, Ending, Start, UnitId, read_parquet, replace, sorted};
use crate::model::moment;

/// Rows after which a table goes on in its next part.
const PART_ROWS: usize = 5_000_000;
/// Rows of a row group. Every row group costs metadata for each column, so those of small units are put together.
const GROUP_ROWS: usize = 250_000;
/// Rows wait for their row group no longer than until they take so much memory.
const GROUP_BYTES: usize = 48 << 20;
/// Name of the call log in a sealed collection.
pub(super) const SEALED_CALLS: &str = "calls.jsonl.zst";

pub(super) fn seal(
    dir: &Path,
    id: &str,
    start: &Start,
    units: &BTreeMap<String, Vec<(UnitId, PathBuf)>>,
    tables: &[&'static Table],
    ending: Ending,
) -> Result<Manifest, DatasetError> {
    let known = |name: &str| tables.iter().copied().chain([&READS]).any(|table| table.name == name);
    if let Some(name) = units.keys().find(|name| !known(name)) {
        return Err(DatasetError::UnknownTable(name.clone())); // its rows would be lost though its reads say complete
    }
    let mut files = Vec::new();
    let mut rows = BTreeMap::new();
    let mut complete = true;
    for table in tables.iter().copied().chain([&READS]) {
        let unit_files = units.get(table.name).map_or(&[][..], Vec::as_slice);
        let mut writer = TableWriter::new(dir, table)?;
        for (_, group) in by_parent(unit_files) {
            merged(&group, table, |frame| {
                fits(&frame, table, dir)?;
                if table.name == READS.name {
                    complete &= all_complete(&frame);
                }
                writer.push(&frame)
            })?;
        }
        let written = writer.finish()?;
        rows.insert(table.name.to_owned(), written.iter().map(|file| file.rows_count).sum());
        files.extend(written);
    }
    files.push(compress_calls(dir)?);
    let answers = dir.join(ANSWERS);
    if answers.exists() {
        File::open(&answers).and_then(|file| file.sync_all()).map_err(DatasetError::io("write", &answers))?;
        files.push(entry(dir, &answers, 0)?);
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        format_version: FORMAT_VERSION,
        tool_version: start.tool_version.clone(),
        id: id.to_owned(),
        caller: start.caller.clone(),
        scope: start.scope.clone(),
        started_at: moment::text(start.started_s),
        started_s: start.started_s,
        ended_at: moment::text(ending.ended_s),
        clock_offset_ms: ending.clock_offset_ms,
        complete,
        tables: rows,
        files,
    };
    let text = serde_json::to_string_pretty(&manifest).unwrap_or_default();
    replace(&dir.join(MANIFEST), text.as_bytes())?;
    Ok(manifest)
}

/// Removes what only an open collection needs; the manifest is there by now, so nothing depends on it.
pub(super) fn clean(dir: &Path) -> Result<(), DatasetError> {
    for name in ["units", "journal.jsonl", CALLS, "open.json"] {
        let path = dir.join(name);
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(DatasetError::io("remove", path)(error)),
            _ => {}
        }
    }
    Ok(())
}

/// Groups neighbouring unit files of one account, Region and parent: the ranges and portions of a large vault are sorted together, everything
/// else alone.
fn by_parent(files: &[(UnitId, PathBuf)]) -> Vec<(&UnitId, Vec<&Path>)> {
    let mut groups: Vec<(&UnitId, Vec<&Path>)> = Vec::new();
    for (unit, path) in files {
        match groups.last_mut() {
            Some((last, paths)) if (&last.account_id, &last.region, &last.parent) == (&unit.account_id, &unit.region, &unit.parent) => {
                paths.push(path.as_path());
            }
            _ => groups.push((unit, vec![path.as_path()])),
        }
    }
    groups
}

/// Gives the rows of some sorted files in the order of their table, at once or, where there are many, range by range.
fn merged(paths: &[&Path], table: &Table, mut take: impl FnMut(DataFrame) -> Result<(), DatasetError>) -> Result<(), DatasetError> {
    let heights = paths.iter().map(|path| merge::height(path)).collect::<Result<Vec<_>, _>>()?;
    if heights.iter().sum::<usize>() <= merge::RANGE_ROWS {
        let frames = paths.iter().map(|path| read_parquet(path));
        return take(together(frames, table, paths)?);
    }
    for slices in merge::ranges(paths, table)? {
        let filled = paths.iter().zip(slices).filter(|(_, (_, rows))| *rows > 0);
        take(together(filled.map(|(path, slice)| merge::slice(path, slice)), table, paths)?)?;
    }
    Ok(())
}

fn together(
    frames: impl Iterator<Item = Result<DataFrame, DatasetError>>,
    table: &Table,
    paths: &[&Path],
) -> Result<DataFrame, DatasetError> {
    let path = paths.first().copied().unwrap_or(Path::new(table.name));
    let mut whole: Option<DataFrame> = None;
    for frame in frames {
        let frame = frame?;
        match &mut whole {
            None => whole = Some(frame),
            Some(whole) => {
                whole.vstack_mut(&frame).map_err(DatasetError::polars(path))?;
            }
        }
    }
    sorted(&whole.unwrap_or_else(|| empty(table)), table, path)
}

/// Units that another version of the tool wrote may have other columns than the table they are to become.
fn fits(frame: &DataFrame, table: &Table, dir: &Path) -> Result<(), DatasetError> {
    // Reading units back loses the time zone of timestamps, which the writer's schema has.
    let shape = |schema: &Schema| schema.iter().map(|(name, of)| (name.clone(), of.to_physical())).collect::<Vec<_>>();
    if shape(frame.schema()) == shape(empty(table).schema()) {
        return Ok(());
    }
    let what = format!("its units of `{}` have other columns than this version of the tool writes: delete it and collect anew", table.name);
    Err(DatasetError::Damaged { path: dir.to_owned(), what })
}

fn all_complete(reads: &DataFrame) -> bool {
    reads
        .column("status")
        .and_then(|status| {
            Ok(status.str()?.iter().all(|word| word.is_some_and(|word| word.parse().is_ok_and(|status: ReadStatus| !status.is_gap()))))
        })
        .unwrap_or(false)
}

/// A part that is being written.
struct Part {
    path: PathBuf,
    writer: BatchedWriter<BufWriter<Watched<File>>>,
    failure: Failure,
    rows: usize,
}

/// Appends frames to the parts of one table.
struct TableWriter<'a> {
    dir: &'a Path,
    table: &'static Table,
    part: Option<Part>,
    /// Rows that wait for their row group to be full.
    waiting: Option<DataFrame>,
    written: Vec<FileEntry>,
}

impl<'a> TableWriter<'a> {
    fn new(dir: &'a Path, table: &'static Table) -> Result<Self, DatasetError> {
        let folder = dir.join(table.name);
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(DatasetError::io("replace", &folder))?; // left by a sealing that was interrupted
        }
        fs::create_dir(&folder).map_err(DatasetError::io("create", &folder))?;
        let mut writer = Self { dir, table, part: None, waiting: None, written: Vec::new() };
        writer.open()?;
        Ok(writer)
    }

    fn open(&mut self) -> Result<(), DatasetError> {
        let path = self.dir.join(format!("{}/part-{:04}.parquet", self.table.name, self.written.len()));
        let file = File::create(&path).map_err(DatasetError::io("create", &path))?;
        let schema = empty(self.table).schema().clone();
        let (watched, failure) = Watched::new(file);
        let writer = ParquetWriter::new(BufWriter::new(watched)).with_row_group_size(Some(GROUP_ROWS)).batched(&schema);
        let writer = writer.map_err(|error| failure.or_polars(&path)(error))?;
        self.part = Some(Part { path, writer, failure, rows: 0 });
        Ok(())
    }

    fn push(&mut self, frame: &DataFrame) -> Result<(), DatasetError> {
        if self.part.as_ref().is_some_and(|part| part.rows >= PART_ROWS) {
            self.close()?;
            self.open()?;
        }
        if let Some(Part { path, rows, .. }) = &mut self.part
            && frame.height() > 0
        {
            *rows += frame.height();
            match &mut self.waiting {
                None => self.waiting = Some(frame.clone()),
                Some(waiting) => {
                    waiting.vstack_mut(frame).map_err(DatasetError::polars(&*path))?;
                }
            }
        }
        let full = |waiting: &DataFrame| waiting.height() >= GROUP_ROWS || waiting.estimated_size() >= GROUP_BYTES;
        if self.waiting.as_ref().is_some_and(full) { self.flush() } else { Ok(()) }
    }

    /// Writes the rows that wait, as one row group or several full ones.
    fn flush(&mut self) -> Result<(), DatasetError> {
        let Some(mut waiting) = self.waiting.take().filter(|waiting| waiting.height() > 0) else { return Ok(()) };
        waiting.rechunk_mut_par(); // a chunk is a row group of its own
        match &mut self.part {
            Some(Part { path, writer, failure, .. }) => writer.write_batch(&waiting).map_err(|error| failure.or_polars(&*path)(error)),
            None => Ok(()),
        }
    }

    fn close(&mut self) -> Result<(), DatasetError> {
        self.flush()?;
        if let Some(Part { path, writer, failure, rows }) = self.part.take() {
            writer.finish().map_err(|error| failure.or_polars(&path)(error))?; // flushes, so that a full disk is noticed here
            drop(writer);
            File::open(&path).and_then(|file| file.sync_all()).map_err(DatasetError::io("write", &path))?;
            self.written.push(entry(self.dir, &path, rows as u64)?);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<FileEntry>, DatasetError> {
        self.close()?;
        Ok(self.written)
    }
}

fn compress_calls(dir: &Path) -> Result<FileEntry, DatasetError> {
    let (from, to) = (dir.join(CALLS), dir.join(SEALED_CALLS));
    let calls = match File::open(&from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::write(&from, b"").and_then(|()| File::open(&from)).map_err(DatasetError::io("write", &from))?
        }
        file => file.map_err(DatasetError::io("read", &from))?,
    };
    let lines = BufReader::new(&calls).split(b'\n').count() as u64;
    let source = File::open(&from).map_err(DatasetError::io("read", &from))?;
    let target = File::create(&to).map_err(DatasetError::io("write", &to))?;
    zstd::stream::copy_encode(source, &target, 3).and_then(|()| target.sync_all()).map_err(DatasetError::io("write", &to))?;
    entry(dir, &to, lines)
}

fn entry(dir: &Path, path: &Path, rows_count: u64) -> Result<FileEntry, DatasetError> {
    let (size_bytes, sha256) = hash_file(path).map_err(DatasetError::io("read", path))?;
    let relative = path.strip_prefix(dir).unwrap_or(path).to_string_lossy().replace('\\', "/");
    Ok(FileEntry { path: relative, rows_count, size_bytes, sha256 })
}
