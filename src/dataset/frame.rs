//! Batches to Polars frames and back. With `facts` and `engine`, the only place that knows Polars.

use polars::prelude::*;

use super::rows::{Batch, Cells, Row};
use super::schema::{Column, ColumnType};

/// Why a frame does not fit its declaration.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// A declared column is not there.
    #[error("relation `{relation}` has no column `{column}`")]
    Missing {
        /// The relation or table.
        relation: String,
        /// The column.
        column: &'static str,
    },
    /// A column holds another type than declared.
    #[error("column `{column}` of `{relation}` holds {found}, expected {expected}")]
    Type {
        /// The relation or table.
        relation: String,
        /// The column.
        column: &'static str,
        /// The Polars type found.
        found: String,
        /// The declared type.
        expected: &'static str,
    },
    /// Polars refused.
    #[error("cannot work on `{relation}`")]
    Polars {
        /// The relation or table.
        relation: String,
        /// Why.
        source: PolarsError,
    },
}

/// The Polars fields of some columns; a `Time` column gives two.
pub fn fields(columns: &[Column]) -> Vec<Field> {
    let mut fields = Vec::with_capacity(columns.len());
    for column in columns {
        match column.column_type {
            ColumnType::Text | ColumnType::Json => fields.push(Field::new(column.name.into(), DataType::String)),
            ColumnType::Integer => fields.push(Field::new(column.name.into(), DataType::Int64)),
            ColumnType::Boolean => fields.push(Field::new(column.name.into(), DataType::Boolean)),
            ColumnType::Time => {
                fields.push(Field::new(column.name.into(), timestamp()));
                fields.push(Field::new(seconds_name(column.name), DataType::Int64));
            }
        }
    }
    fields
}

/// The type of the timestamp half of a `Time` column.
pub fn timestamp() -> DataType {
    DataType::Datetime(TimeUnit::Milliseconds, Some(TimeZone::UTC))
}

/// The name of the epoch-seconds half of a `Time` column.
pub fn seconds_name(column: &str) -> PlSmallStr {
    format!("{column}_s").into()
}

/// Turns a batch into a frame; `Time` columns become `<name>` (timestamp, ms, UTC) and `<name>_s` (seconds, rounded down).
///
/// # Errors
/// `FrameError::Polars` only, which a batch built through [`Batch::push`] does not give.
pub fn to_frame(relation: &str, batch: &Batch) -> Result<DataFrame, FrameError> {
    let polars = |source| FrameError::Polars { relation: relation.to_owned(), source };
    let mut series: Vec<polars::prelude::Column> = Vec::with_capacity(batch.columns().len() + 4);
    for (column, cells) in batch.columns().iter().zip(batch.cells()) {
        match (column.column_type, cells) {
            (ColumnType::Time, Cells::Integer(millis)) => {
                // A cast would drop the time zone, which Polars only keeps there with a feature of its own.
                let stamps = Int64Chunked::from_iter_options(column.name.into(), millis.iter().copied());
                let stamps = stamps.into_datetime(TimeUnit::Milliseconds, Some(TimeZone::UTC)).into_series();
                let seconds: Vec<Option<i64>> = millis.iter().map(|cell| cell.map(|ms| ms.div_euclid(1_000))).collect();
                series.push(stamps.into());
                series.push(Series::new(seconds_name(column.name), seconds).into());
            }
            (_, Cells::Text(cells)) => series.push(Series::new(column.name.into(), cells).into()),
            (_, Cells::Integer(cells)) => series.push(Series::new(column.name.into(), cells).into()),
            (_, Cells::Boolean(cells)) => series.push(Series::new(column.name.into(), cells).into()),
        }
    }
    DataFrame::new(batch.len(), series).map_err(polars)
}

/// Reads the columns that `R` declares out of a frame, by name, checking their types.
///
/// # Errors
/// `FrameError::Missing` or `FrameError::Type` naming relation and column.
pub fn from_frame<R: Row>(relation: &str, frame: &DataFrame) -> Result<Vec<R>, FrameError> {
    Ok(batch_from_frame(relation, frame, R::COLUMNS)?.into_rows())
}

/// Reads declared columns out of a frame as a batch.
///
/// # Errors
/// As [`from_frame`].
pub fn batch_from_frame(relation: &str, frame: &DataFrame, columns: &'static [Column]) -> Result<Batch, FrameError> {
    let mut cells = Vec::with_capacity(columns.len());
    for column in columns {
        let missing = || FrameError::Missing { relation: relation.to_owned(), column: column.name };
        let series = frame.column(column.name).map_err(|_| missing())?.as_materialized_series();
        let wrong = |_| FrameError::Type {
            relation: relation.to_owned(),
            column: column.name,
            found: series.dtype().to_string(),
            expected: column.column_type.word(),
        };
        cells.push(match column.column_type {
            ColumnType::Text | ColumnType::Json => {
                Cells::Text(series.str().map_err(wrong)?.iter().map(|cell| cell.map(str::to_owned)).collect())
            }
            ColumnType::Integer => Cells::Integer(series.i64().map_err(wrong)?.iter().collect()),
            ColumnType::Boolean => Cells::Boolean(series.bool().map_err(wrong)?.iter().collect()),
            ColumnType::Time => Cells::Integer(series.datetime().map_err(wrong)?.physical().iter().collect()),
        });
    }
    Batch::from_cells(columns, cells, frame.height()).ok_or_else(|| FrameError::Missing { relation: relation.to_owned(), column: "(rows)" })
}

/// Writes a batch as one Parquet file in memory.
///
/// # Errors
/// `FrameError::Polars` if it cannot be written.
pub fn parquet(relation: &str, batch: &Batch) -> Result<Vec<u8>, FrameError> {
    let mut frame = to_frame(relation, batch)?;
    let mut bytes = Vec::new();
    let written = ParquetWriter::new(&mut bytes).finish(&mut frame);
    written.map_err(|source| FrameError::Polars { relation: relation.to_owned(), source })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::rows::{Json, Millis};

    crate::rows! {
        /// One column of each type.
        struct Every {
            /// text
            text: Text, Never, "x";
            /// json
            json: Json, NotTold, "x";
            /// integer
            integer: Integer, NotTold, "x";
            /// boolean
            boolean: Boolean, NotTold, "x";
            /// time
            time: Time, NotTold, "x";
        }
    }
    crate::rows! {
        /// What a fact would read of it.
        struct Some1 { time_s: Integer; text: Text; }
    }

    #[test]
    fn rows_come_back_as_they_went_in() {
        let full = Every {
            text: Some("a".into()),
            json: Some(Json("[]".into())),
            integer: Some(-1),
            boolean: Some(false),
            time: Some(Millis(-1)),
        };
        let rows = vec![full, Every::default()];
        let frame = to_frame("every", &Batch::from_rows(rows.clone())).unwrap();
        assert_eq!(frame.schema().iter_fields().collect::<Vec<_>>(), fields(Every::COLUMNS), "with and without values");
        assert_eq!(from_frame::<Every>("every", &frame).unwrap(), rows);
        let parts: Vec<Some1> = from_frame("every", &frame).unwrap();
        assert_eq!(parts[0].time_s, Some(-1), "seconds are rounded down, also before 1970");
        assert_eq!(parts[1], Some1::default(), "NULL stays NULL");
    }

    #[test]
    fn a_missing_or_mistyped_column_is_named() {
        crate::rows! {
            /// Not there.
            struct Absent { nowhere: Text; }
        }
        crate::rows! {
            /// Of another type.
            struct Mistyped { text: Integer; }
        }
        let frame = to_frame("every", &Batch::of::<Every>()).unwrap();
        assert_eq!(from_frame::<Absent>("every", &frame).unwrap_err().to_string(), "relation `every` has no column `nowhere`");
        let error = from_frame::<Mistyped>("every", &frame).unwrap_err().to_string();
        assert_eq!(error, "column `text` of `every` holds str, expected integer");
    }
}
