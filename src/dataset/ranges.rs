//! Large tables range by range of their resources, so that memory does not grow with them.
//!
//! The first question about a range distributes the rows of the table over all ranges, in one pass over its files, a portion at a time; the first one
//! about each range then finds out which of its rows hold. Both lie in a scratch folder until the snapshot is dropped. A row that names no resource
//! belongs to the first range.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use polars::io::parquet::write::BatchedWriter;
use polars::prelude::*;
use tempfile::TempDir;

use super::error::DatasetError;
use super::schema::{Column, ColumnType, Table};

/// The column whose value tells the range.
const KEY: &str = "resource_key";

/// Rows that are distributed at a time.
const PORTION_ROWS: usize = 250_000;

/// Portions of ranges that are in files which are not ended. What a writer remembers of each (some KiB for each column) it forgets at the end.
const OPEN_PORTIONS: usize = 500;

/// One of several ranges of resource keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyRange {
    /// Which, from zero.
    pub index: i64,
    /// Of how many.
    pub of: i64,
}

impl KeyRange {
    /// The only range: everything.
    pub const WHOLE: Self = Self { index: 0, of: 1 };

    /// All of so many ranges; of none there is one.
    pub fn all(of: i64) -> Vec<Self> {
        let of = of.max(1);
        (0..of).map(|index| Self { index, of }).collect()
    }

    /// Whether a key falls into it; what has none belongs to the first.
    pub fn holds(self, key: Option<i64>) -> bool {
        index(key, self.of) == self.index
    }
}

fn index(key: Option<i64>, of: i64) -> i64 {
    key.unwrap_or(0).rem_euclid(of.max(1))
}

/// Whether the rows of a table belong to ranges.
pub(super) fn is_keyed(table: &Table) -> bool {
    table.columns.iter().any(|column| column.name == KEY && column.column_type == ColumnType::Integer)
}

/// A file of a table in a collection.
pub(super) struct Stored {
    /// Its rows.
    pub(super) file: LazyFrame,
    /// The column that says when a row came to be.
    pub(super) created: Option<PlSmallStr>,
    /// Rows that came to be then or later do not count.
    pub(super) before_s: i64,
    /// Id of the collection.
    pub(super) id: String,
    /// Its place among the collections that count.
    pub(super) seen: i64,
}

impl Stored {
    /// Those of some rows of the file that count, with `collection` and `seen`.
    pub(super) fn rows(&self, rows: LazyFrame) -> LazyFrame {
        let rows = match &self.created {
            // A creation that AWS did not tell cannot be after the moment by anything we know: the row stays.
            Some(created) => rows.filter(col(created.clone()).lt(lit(self.before_s)).or(col(created.clone()).is_null())),
            None => rows,
        };
        // A bare literal would take the narrowest type that holds it.
        rows.with_columns([lit(self.id.clone()).alias("collection"), lit(self.seen).cast(DataType::Int64).alias("seen")])
    }
}

/// A table whose rows lie in files of their range.
#[derive(Clone, Debug)]
struct Distributed {
    folder: PathBuf,
    /// Files of each range, one after the other.
    files: usize,
}

impl Distributed {
    /// The files of a range, oldest rows first.
    fn of(&self, range: KeyRange) -> Vec<PathBuf> {
        (0..self.files).map(|number| file(&self.folder, range.index, number)).collect()
    }
}

/// How much is in memory while a table is distributed.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// Rows at a time.
    portion_rows: usize,
    /// Portions of ranges in files that are not ended.
    open_portions: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { portion_rows: PORTION_ROWS, open_portions: OPEN_PORTIONS }
    }
}

/// Distributed tables.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    limits: Limits,
    folder: RefCell<Option<TempDir>>,
    /// By table and number of ranges: what was distributed.
    done: RefCell<BTreeMap<(&'static str, i64), Distributed>>,
}

impl Scratch {
    /// The rows of a range that hold. `stored` is asked when the table is first asked for, `holding` when the range is, for those of all its rows.
    pub(super) fn range(
        &self,
        table: &'static Table,
        range: KeyRange,
        stored: impl FnOnce() -> Result<Vec<Stored>, DatasetError>,
        holding: impl FnOnce(LazyFrame) -> Result<DataFrame, DatasetError>,
    ) -> Result<LazyFrame, DatasetError> {
        let known = self.done.borrow().get(&(table.name, range.of)).cloned();
        let distributed = match known {
            Some(distributed) => distributed,
            None => self.distribute(table, range.of, &stored()?)?,
        };
        let path = distributed.folder.join(format!("{:05}.holding.parquet", range.index));
        if !path.exists() {
            let all = distributed.of(range);
            let rows = all.iter().map(|path| scan(path)).collect::<Result<Vec<_>, _>>()?;
            let frame = holding(concat(rows, UnionArgs::default()).map_err(DatasetError::polars(&path))?)?;
            // Under its name only when it is whole.
            let begun_path = path.with_extension("begun");
            let mut writer = begun(&begun_path, frame.schema())?;
            writer.write_batch(&frame).and_then(|()| writer.finish()).map_err(DatasetError::polars(&path))?;
            drop(writer);
            std::fs::rename(&begun_path, &path).map_err(DatasetError::io("rename", &begun_path))?;
            for path in all {
                std::fs::remove_file(&path).map_err(DatasetError::io("remove", &path))?;
            }
        }
        scan(&path)
    }

    fn distribute(&self, table: &'static Table, of: i64, stored: &[Stored]) -> Result<Distributed, DatasetError> {
        let folder = self.folder(table.name, of)?;
        let mut writing = Writing { folder: &folder, of, most: self.limits.open_portions, files: 0, writers: Vec::new(), portions: 0 };
        let mut held: Option<DataFrame> = None;
        for one in stored {
            portions(one, &folder, self.limits.portion_rows, |portion| {
                // Many small files, say of many accounts, make one portion.
                let mut rows = match held.take() {
                    Some(rows) => rows.vstack(&portion).map_err(DatasetError::polars(&folder))?,
                    None => portion,
                };
                if rows.height() < self.limits.portion_rows {
                    held = Some(rows);
                    return Ok(());
                }
                writing.write(rows.rechunk_mut())
            })?;
        }
        if let Some(mut rows) = held {
            writing.write(rows.rechunk_mut())?;
        }
        writing.end()?;
        let distributed = Distributed { files: writing.files, folder: folder.clone() };
        self.done.borrow_mut().insert((table.name, of), distributed.clone());
        Ok(distributed)
    }

    fn folder(&self, table: &str, of: i64) -> Result<PathBuf, DatasetError> {
        let temporary = std::env::temp_dir();
        let mut scratch = self.folder.borrow_mut();
        let root = match &mut *scratch {
            Some(root) => root,
            none => none.insert(scratch_folder().map_err(DatasetError::io("make a scratch folder in", temporary))?),
        };
        let folder = root.path().join(format!("{table}-{of}"));
        std::fs::create_dir_all(&folder).map_err(DatasetError::io("make", &folder))?;
        Ok(folder)
    }
}

/// Files of all ranges that are being written.
struct Writing<'a> {
    folder: &'a Path,
    of: i64,
    /// Portions that may be in open files.
    most: usize,
    /// Files of each range that were begun.
    files: usize,
    /// One for each range, while files are open.
    writers: Vec<BatchedWriter<BufWriter<File>>>,
    /// Portions that were written to these.
    portions: usize,
}

impl Writing<'_> {
    fn write(&mut self, portion: &DataFrame) -> Result<(), DatasetError> {
        let rows = rows_by_range(portion, self.of).map_err(DatasetError::polars(self.folder))?;
        if self.writers.is_empty() {
            let files = KeyRange::all(self.of).into_iter().map(|range| file(self.folder, range.index, self.files));
            self.writers = files.map(|path| begun(&path, portion.schema())).collect::<Result<_, _>>()?;
            self.files += 1;
        }
        for (rows, writer) in rows.into_iter().zip(&mut self.writers) {
            if !rows.is_empty() {
                let rows = portion.take(&IdxCa::from_vec("rows".into(), rows)).map_err(DatasetError::polars(self.folder))?;
                writer.write_batch(&rows).map_err(DatasetError::polars(self.folder))?;
            }
        }
        self.portions += self.writers.len();
        if self.portions >= self.most { self.end() } else { Ok(()) }
    }

    fn end(&mut self) -> Result<(), DatasetError> {
        for writer in self.writers.drain(..) {
            writer.finish().map_err(DatasetError::polars(self.folder))?;
        }
        self.portions = 0;
        Ok(())
    }
}

/// A folder of its own that nobody else can read: what a collection holds is not for everybody on the machine.
fn scratch_folder() -> std::io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("audit-ranges-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir()
}

/// The numbers of the rows of each range.
fn rows_by_range(frame: &DataFrame, of: i64) -> PolarsResult<Vec<Vec<IdxSize>>> {
    let mut rows = vec![Vec::new(); usize::try_from(of).unwrap_or(1).max(1)];
    for (row, key) in (0..).zip(frame.column(KEY)?.i64()?.iter()) {
        let range = usize::try_from(index(key, of)).ok().and_then(|index| rows.get_mut(index));
        if let Some(range) = range {
            range.push(row);
        }
    }
    Ok(rows)
}

fn file(folder: &Path, index: i64, number: usize) -> PathBuf {
    folder.join(format!("{index:05}-{number:05}.parquet"))
}

/// Hands on the rows of a file that count, some at a time; once at least, so that its columns are known.
fn portions(
    stored: &Stored,
    folder: &Path,
    most: usize,
    mut take: impl FnMut(DataFrame) -> Result<(), DatasetError>,
) -> Result<(), DatasetError> {
    let polars = || DatasetError::polars(folder);
    let height = stored.file.clone().select([len()]).collect().and_then(|frame| frame.columns()[0].get(0)?.try_extract::<usize>());
    let height = height.map_err(polars())?;
    for from in (0..height.max(1)).step_by(most) {
        // Cut before anything is left out, so that only these rows are decoded.
        let rows = IdxSize::try_from(most).unwrap_or(IdxSize::MAX);
        let portion = stored.file.clone().slice(i64::try_from(from).unwrap_or(i64::MAX), rows);
        take(stored.rows(portion).collect().map_err(polars())?)?;
    }
    Ok(())
}

fn scan(path: &Path) -> Result<LazyFrame, DatasetError> {
    let reference = PlRefPath::try_from_path(path).map_err(DatasetError::polars(path))?;
    LazyFrame::scan_parquet(reference, ScanArgsParquet::default()).map_err(DatasetError::polars(path))
}

/// A file that only this process reads, and soon: compressed by what is quickest. Nobody skips any of its rows by the smallest and largest values of a
/// group, which a writer would have to keep in memory until the end.
fn begun(path: &Path, schema: &SchemaRef) -> Result<BatchedWriter<BufWriter<File>>, DatasetError> {
    let created = File::create(path).map_err(DatasetError::io("write", path))?;
    let writer = ParquetWriter::new(BufWriter::new(created))
        .with_compression(ParquetCompression::Lz4Raw)
        .with_statistics(StatisticsOptions::empty());
    writer.batched(schema).map_err(DatasetError::polars(path))
}

/// The names under which a frame holds some columns.
pub(super) fn names(columns: &[Column]) -> impl Iterator<Item = PlSmallStr> {
    super::frame::fields(columns).into_iter().map(|field| field.name().clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Row, TableKind};

    crate::rows! {
        /// A job.
        struct JobRow {
            /// Its id
            job_id: Text, Never, "";
            /// Key of its resource
            resource_key: Integer, NotTold, "";
        }
    }

    static JOBS: Table = Table {
        name: "jobs",
        kind: TableKind::History,
        doc: "",
        columns: JobRow::COLUMNS,
        key: &["job_id"],
        parent: None,
        created: None,
        global: false,
        subject: None,
    };

    #[test]
    fn ranges_split_all_keys() {
        let ranges = KeyRange::all(3);
        assert_eq!(ranges.len(), 3);
        for key in [Some(0), Some(1), Some(2), Some(i64::MAX), Some(77), None] {
            assert_eq!(ranges.iter().filter(|range| range.holds(key)).count(), 1, "{key:?} is in exactly one");
        }
        assert_eq!(KeyRange::all(0), [KeyRange::WHOLE]);
    }

    #[test]
    fn rows_go_to_one_range_each_and_leave_no_trace() {
        let (table, rows) = (&JOBS, crate::dataset::open::empty(&JOBS));
        let keys: [Option<i64>; 7] = [Some(0), Some(1), Some(2), Some(3), None, Some(5), Some(i64::MAX)];
        let column = |field: Field| match field.name().as_str() {
            KEY => Series::new(KEY.into(), keys).into_column(),
            _ => Series::full_null(field.name().clone(), keys.len(), field.dtype()).into_column(),
        };
        let frame = DataFrame::new(keys.len(), rows.schema().iter_fields().map(column).collect()).unwrap();
        let later = [Some(4_i64), Some(6)];
        let after = |field: Field| match field.name().as_str() {
            KEY => Series::new(KEY.into(), later).into_column(),
            _ => Series::full_null(field.name().clone(), later.len(), field.dtype()).into_column(),
        };
        let after = DataFrame::new(later.len(), rows.schema().iter_fields().map(after).collect()).unwrap();
        let collection =
            |frame: &DataFrame, seen| Stored { file: frame.clone().lazy(), created: None, before_s: 0, id: "c".to_owned(), seen };
        let stored = || Ok(vec![collection(&frame, 0), collection(&after, 1)]);
        // what it shows, limits, files of each range
        let cases = [
            ("all at once", Limits::default(), 1),
            ("two at a time, of two collections", Limits { portion_rows: 2, ..Limits::default() }, 1),
            ("a new file for every portion, the last of both collections", Limits { portion_rows: 2, open_portions: 1 }, 4),
            ("a portion of both collections", Limits { portion_rows: 8, open_portions: 1 }, 1),
        ];
        for (shows, limits, files) in cases {
            let scratch = Scratch { limits, ..Scratch::default() };
            let of = |index| {
                let range = KeyRange { index, of: 3 };
                let all = scratch.range(table, range, stored, |all| Ok(all.collect().unwrap())).unwrap().collect().unwrap();
                all.column(KEY).unwrap().i64().unwrap().iter().collect::<Vec<_>>()
            };
            // By the remainder of a division by three; what has no key is in the first. The second collection comes after the first.
            let expected = [vec![Some(0), Some(3), None, Some(6)], vec![Some(1), Some(i64::MAX), Some(4)], vec![Some(2), Some(5)]];
            assert_eq!([of(0), of(1), of(2)], expected, "{shows}");
            assert_eq!(of(0).len(), 4, "{shows}: asked again, read from where it lies");
            assert_eq!(scratch.done.borrow()[&(table.name, 3)].files, files, "{shows}");
            let folder = scratch.folder.borrow().as_ref().unwrap().path().to_owned();
            drop(scratch);
            assert!(!folder.exists(), "{shows}");
        }
    }
}
