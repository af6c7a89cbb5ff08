//! Opening a dataset: its sealed collections, each checked against its manifest.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use polars::prelude::*;

use super::error::DatasetError;
use super::frame;
use super::manifest::Manifest;
use super::readings::ReadAt;
use super::reads::{READS, Read, ReadStatus};
use super::schema::{Absence, LEADING_COLUMNS, Table};
use super::seal::SEALED_CALLS;

/// A sealed collection.
#[derive(Clone, Debug)]
pub struct Collection {
    /// Its folder.
    pub dir: PathBuf,
    /// Its manifest; every file was compared with it.
    pub manifest: Manifest,
}

/// A folder of sealed collections, oldest first.
#[derive(Clone, Debug)]
pub struct Dataset {
    root: PathBuf,
    collections: Vec<Collection>,
    unsealed: Vec<PathBuf>,
    tables: Vec<&'static Table>,
}

impl Dataset {
    /// Opens a dataset and checks every file of its collections; `tables` are the tables this tool knows.
    ///
    /// # Errors
    /// `NotFound`, `Empty`, `Newer` or `Damaged`, each naming folder or file. Folders without a manifest are interrupted collections and are
    /// left out; [`Dataset::unsealed`] names them.
    pub fn open(root: &Path, tables: &[&'static Table]) -> Result<Self, DatasetError> {
        let listing = match fs::read_dir(root) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(DatasetError::NotFound(root.to_owned())),
            listing => listing.map_err(DatasetError::io("read", root))?,
        };
        let (mut collections, mut unsealed) = (Vec::new(), Vec::new());
        for entry in listing {
            let dir = entry.map_err(DatasetError::io("read", root))?.path();
            if !dir.is_dir() {
                continue;
            }
            match Manifest::read(&dir)? {
                Some(manifest) => {
                    manifest.verify(&dir)?;
                    collections.push(Collection { dir, manifest });
                }
                None if dir.join("open.json").exists() => unsealed.push(dir),
                None => {}
            }
        }
        if collections.is_empty() {
            return Err(DatasetError::Empty { root: root.to_owned(), until: None });
        }
        collections.sort_by(|one, other| one.order().cmp(&other.order()));
        unsealed.sort();
        Ok(Self { root: root.to_owned(), collections, unsealed, tables: tables.to_vec() })
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Its sealed collections, oldest first.
    pub fn collections(&self) -> &[Collection] {
        &self.collections
    }

    /// Folders of interrupted collections, which were not read.
    pub fn unsealed(&self) -> &[PathBuf] {
        &self.unsealed
    }

    /// The tables this tool knows.
    pub fn tables(&self) -> &[&'static Table] {
        &self.tables
    }

    /// The declaration of a table.
    ///
    /// # Errors
    /// `UnknownTable`.
    pub fn table(&self, name: &str) -> Result<&'static Table, DatasetError> {
        let found = self.tables.iter().copied().chain([&READS]).find(|table| table.name == name);
        found.ok_or_else(|| DatasetError::UnknownTable(name.to_owned()))
    }
}

impl Collection {
    /// Collections are ordered by the moment they speak for, then by name.
    pub fn order(&self) -> (i64, &str) {
        (self.manifest.started_s, &self.manifest.id)
    }

    /// Its log of calls: JSON lines, compressed with zstd.
    pub fn calls_path(&self) -> PathBuf {
        self.dir.join(SEALED_CALLS)
    }

    /// Its reads, each with where it belongs.
    ///
    /// # Errors
    /// `Damaged` or `Polars` if they cannot be read.
    pub fn reads(&self) -> Result<Vec<ReadAt>, DatasetError> {
        let path = self.dir.join(READS.name);
        let frame = self.scan(&READS)?.collect().map_err(DatasetError::polars(&path))?;
        crate::rows! {
            /// Where a read belongs.
            struct Place { account_id: Text; region: Text; }
        }
        let places: Vec<Place> = frame::from_frame(READS.name, &frame)?;
        let rows: Vec<Read> = frame::from_frame(READS.name, &frame)?;
        let read_at = |(place, read): (Place, Read)| ReadAt {
            account_id: place.account_id.unwrap_or_default(),
            region: place.region.unwrap_or_default(),
            status: read.status.as_deref().and_then(|word| word.parse().ok()).unwrap_or(ReadStatus::Unavailable),
            read,
        };
        Ok(places.into_iter().zip(rows).map(read_at).collect())
    }

    /// Scans a table of this collection with exactly its declared columns.
    ///
    /// A column that an older tool did not write is NULL where NULL says nothing, and an error where it must not be NULL. A table that an older
    /// tool did not know has no rows; its reads are missing too, so that it counts as not requested.
    ///
    /// # Errors
    /// `Damaged` naming the file and column.
    pub fn scan(&self, table: &'static Table) -> Result<LazyFrame, DatasetError> {
        concat(self.files(table)?, UnionArgs::default()).map_err(DatasetError::polars(self.dir.join(table.name)))
    }

    /// As [`Collection::scan`], file by file; one without rows if there is none.
    pub(super) fn files(&self, table: &'static Table) -> Result<Vec<LazyFrame>, DatasetError> {
        let prefix = format!("{}/", table.name);
        let files = self.manifest.files.iter().filter(|file| file.path.starts_with(&prefix));
        let mut parts = files.map(|file| scan_part(&self.dir.join(&file.path), table)).collect::<Result<Vec<_>, _>>()?;
        if parts.is_empty() {
            parts.push(empty(table).lazy());
        }
        Ok(parts)
    }
}

fn scan_part(path: &Path, table: &'static Table) -> Result<LazyFrame, DatasetError> {
    let polars = || DatasetError::polars(path);
    let reference = PlRefPath::try_from_path(path).map_err(polars())?;
    let mut frame = LazyFrame::scan_parquet(reference, ScanArgsParquet::default()).map_err(polars())?;
    let schema = frame.collect_schema().map_err(polars())?;
    let declared = LEADING_COLUMNS.iter().chain(table.columns);
    let mut columns = Vec::new();
    for column in declared {
        for field in frame::fields(std::slice::from_ref(column)) {
            let damaged = |what: String| DatasetError::Damaged { path: path.to_owned(), what };
            columns.push(match schema.get(field.name()) {
                Some(found) if found == field.dtype() => col(field.name().clone()),
                Some(found) => return Err(damaged(format!("column `{}` holds {found}, expected {}", field.name(), field.dtype()))),
                None if column.absence == Absence::NotTold => lit(NULL).cast(field.dtype().clone()).alias(field.name().clone()),
                None => return Err(damaged(format!("it has no column `{}`", field.name()))),
            });
        }
    }
    Ok(frame.select(columns))
}

/// A frame of a table's columns without rows.
pub(super) fn empty(table: &Table) -> DataFrame {
    let fields = frame::fields(&LEADING_COLUMNS).into_iter().chain(frame::fields(table.columns));
    DataFrame::empty_with_schema(&fields.collect::<Schema>())
}
