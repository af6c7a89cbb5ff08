//! Merging the sorted files of one parent range by range of their order, so that no more than a range is in memory.
//!
//! Where to cut follows from samples of every file. A range holds about [`RANGE_ROWS`] rows, and at most [`SAMPLE_ROWS`] more for each file.

use std::fs::File;
use std::path::Path;

use polars::prelude::*;

use super::error::DatasetError;
use super::schema::Table;

/// Rows merged at a time.
pub(super) const RANGE_ROWS: usize = 25_000;
/// One row of so many is looked at to find out where to cut.
const SAMPLE_ROWS: usize = 250;

/// Where a row stands in the order of its table. NULL comes first, as it does where Polars sorts.
type Place = Vec<Cell>;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cell {
    Null,
    Number(i64),
    Text(String),
}

/// The rows of a file that belong to a range: where they begin, and how many there are.
pub(super) type Slice = (usize, usize);

/// Rows in a file, by what it says of itself.
pub(super) fn height(path: &Path) -> Result<usize, DatasetError> {
    ParquetReader::new(open(path)?).num_rows().map_err(DatasetError::polars(path))
}

/// Cuts sorted files at the same places: for each range the slice of each file. Rows of one place are never parted.
pub(super) fn ranges(paths: &[&Path], table: &Table) -> Result<Vec<Vec<Slice>>, DatasetError> {
    let mut samples: Vec<Place> = Vec::new();
    for path in paths {
        let places = Places::of(path, table)?;
        for row in (SAMPLE_ROWS - 1..places.height).step_by(SAMPLE_ROWS) {
            samples.push(places.at(row)?);
        }
    }
    samples.sort_unstable();
    let step = RANGE_ROWS / SAMPLE_ROWS;
    let mut cuts: Vec<Place> = samples.into_iter().skip(step - 1).step_by(step).collect();
    cuts.dedup();
    let mut ranges = vec![Vec::with_capacity(paths.len()); cuts.len() + 1];
    for path in paths {
        let places = Places::of(path, table)?;
        let mut begin = 0;
        for (range, slices) in ranges.iter_mut().enumerate() {
            let end = cuts.get(range).map_or(Ok(places.height), |cut| places.before(cut, begin))?;
            slices.push((begin, end - begin));
            begin = end;
        }
    }
    Ok(ranges)
}

/// Reads some rows of a file.
pub(super) fn slice(path: &Path, slice: Slice) -> Result<DataFrame, DatasetError> {
    ParquetReader::new(open(path)?).with_slice(Some(slice)).finish().map_err(DatasetError::polars(path))
}

/// The columns that order a file's rows.
struct Places<'a> {
    path: &'a Path,
    columns: Vec<Series>,
    height: usize,
}

impl<'a> Places<'a> {
    fn of(path: &'a Path, table: &Table) -> Result<Self, DatasetError> {
        let order = table.order();
        let read = ParquetReader::new(open(path)?).with_columns(Some(order.clone())).finish();
        let frame = read.map_err(DatasetError::polars(path))?;
        let column = |name: &String| Ok(frame.column(name).map_err(DatasetError::polars(path))?.as_materialized_series().rechunk());
        let columns = order.iter().map(column).collect::<Result<_, DatasetError>>()?;
        Ok(Self { path, columns, height: frame.height() })
    }

    fn at(&self, row: usize) -> Result<Place, DatasetError> {
        let cell = |column: &Series| match column.get(row).map_err(DatasetError::polars(self.path))? {
            AnyValue::Null => Ok(Cell::Null),
            AnyValue::Int64(number) => Ok(Cell::Number(number)),
            AnyValue::String(text) => Ok(Cell::Text(text.to_owned())),
            AnyValue::StringOwned(text) => Ok(Cell::Text(text.to_string())),
            AnyValue::Boolean(flag) => Ok(Cell::Number(flag.into())),
            other => {
                let what = format!("column `{}` holds {}, which orders nothing", column.name(), other.dtype());
                Err(DatasetError::Damaged { path: self.path.to_owned(), what })
            }
        };
        self.columns.iter().map(cell).collect()
    }

    /// The first row, from one on, that does not come before a place.
    fn before(&self, place: &Place, from: usize) -> Result<usize, DatasetError> {
        let (mut low, mut high) = (from, self.height);
        while low < high {
            let middle = low.midpoint(high);
            if self.at(middle)? < *place {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }
}

fn open(path: &Path) -> Result<File, DatasetError> {
    File::open(path).map_err(DatasetError::io("read", path))
}
