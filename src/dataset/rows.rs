//! Rows as plain structs, and batches of them as columns.
//!
//! A struct declared with [`rows!`](crate::rows) is the one place where a table, a relation, or the part of it that a fact reads is written down:
//! fields, column declarations and both directions of conversion come from it. No Polars here; `frame` turns batches into frames.

use super::schema::{Column, ColumnType};

/// A moment in milliseconds since the epoch, UTC, as AWS gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millis(pub i64);

/// A `Time` cell of whole seconds.
pub fn millis(moment_s: i64) -> Millis {
    Millis(moment_s.saturating_mul(1_000))
}

/// JSON text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Json(pub String);

/// The cells of one column.
#[derive(Clone, Debug, PartialEq)]
pub enum Cells {
    /// Of `Text` and `Json` columns.
    Text(Vec<Option<String>>),
    /// Of `Integer` and `Time` (milliseconds) columns.
    Integer(Vec<Option<i64>>),
    /// Of `Boolean` columns.
    Boolean(Vec<Option<bool>>),
}

impl Cells {
    fn new(column_type: ColumnType) -> Self {
        match column_type {
            ColumnType::Text | ColumnType::Json => Self::Text(Vec::new()),
            ColumnType::Integer | ColumnType::Time => Self::Integer(Vec::new()),
            ColumnType::Boolean => Self::Boolean(Vec::new()),
        }
    }

    /// Whether the cell of a row is NULL; a row that does not exist is.
    pub fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Text(cells) => cells.get(row).is_none_or(Option::is_none),
            Self::Integer(cells) => cells.get(row).is_none_or(Option::is_none),
            Self::Boolean(cells) => cells.get(row).is_none_or(Option::is_none),
        }
    }
}

/// A value that a cell can hold.
pub trait Cell: Sized {
    /// Appends the value; a value of another type than the column's is NULL, which the macro rules out.
    fn push(self, cells: &mut Cells);
    /// Reads the value back.
    fn at(cells: &Cells, row: usize) -> Self;
    /// The same, and leaves NULL in its place.
    fn take(cells: &mut Cells, row: usize) -> Self;
}

macro_rules! cell {
    ($type:ty, $variant:ident, $into:expr, $from:expr) => {
        impl Cell for Option<$type> {
            fn push(self, cells: &mut Cells) {
                if let Cells::$variant(cells) = cells {
                    cells.push(self.map($into));
                }
            }
            fn at(cells: &Cells, row: usize) -> Self {
                match cells {
                    Cells::$variant(cells) => cells.get(row).cloned().flatten().map($from),
                    _ => None,
                }
            }
            fn take(cells: &mut Cells, row: usize) -> Self {
                match cells {
                    Cells::$variant(cells) => cells.get_mut(row).and_then(Option::take).map($from),
                    _ => None,
                }
            }
        }
    };
}

cell!(String, Text, |text| text, |text| text);
cell!(Json, Text, |json: Json| json.0, Json);
cell!(i64, Integer, |number| number, |number| number);
cell!(Millis, Integer, |millis: Millis| millis.0, Millis);
cell!(bool, Boolean, |flag| flag, |flag| flag);

/// Rows as columns, in the declared order.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    columns: &'static [Column],
    cells: Vec<Cells>,
    rows: usize,
}

impl Batch {
    /// An empty batch of the given columns.
    pub fn new(columns: &'static [Column]) -> Self {
        Self { columns, cells: columns.iter().map(|column| Cells::new(column.column_type)).collect(), rows: 0 }
    }

    /// An empty batch for rows of one type.
    pub fn of<R: Row>() -> Self {
        Self::new(R::COLUMNS)
    }

    /// Collects rows of one type.
    pub fn from_rows<R: Row>(rows: impl IntoIterator<Item = R>) -> Self {
        let mut batch = Self::of::<R>();
        for row in rows {
            batch.push(row);
        }
        batch
    }

    /// A batch of cells that were read elsewhere; `None` if counts or lengths do not fit the columns.
    pub fn from_cells(columns: &'static [Column], cells: Vec<Cells>, rows: usize) -> Option<Self> {
        let length = |cells: &Cells| match cells {
            Cells::Text(cells) => cells.len(),
            Cells::Integer(cells) => cells.len(),
            Cells::Boolean(cells) => cells.len(),
        };
        (columns.len() == cells.len() && cells.iter().all(|cells| length(cells) == rows)).then_some(Self { columns, cells, rows })
    }

    /// Appends a row.
    pub fn push<R: Row>(&mut self, row: R) {
        row.push(&mut self.cells);
        self.rows += 1;
    }

    /// Takes back the rows after the first so many.
    pub fn truncate(&mut self, rows: usize) {
        for cells in &mut self.cells {
            match cells {
                Cells::Text(cells) => cells.truncate(rows),
                Cells::Integer(cells) => cells.truncate(rows),
                Cells::Boolean(cells) => cells.truncate(rows),
            }
        }
        self.rows = self.rows.min(rows);
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The declared columns.
    pub fn columns(&self) -> &'static [Column] {
        self.columns
    }

    /// The cells, one entry a column.
    pub fn cells(&self) -> &[Cells] {
        &self.cells
    }

    /// Reads all rows back.
    pub fn rows<R: Row>(&self) -> Vec<R> {
        (0..self.rows).map(|row| R::at(&self.cells, row)).collect()
    }

    /// The rows themselves, without a copy of their texts.
    pub fn into_rows<R: Row>(mut self) -> Vec<R> {
        (0..self.rows).map(|row| R::take(&mut self.cells, row)).collect()
    }
}

/// A struct declared with [`rows!`](crate::rows).
pub trait Row: Sized {
    /// Its columns in order.
    const COLUMNS: &'static [Column];
    /// Appends its fields to the cells of these columns.
    fn push(self, cells: &mut [Cells]);
    /// Reads a row from cells of these columns.
    fn at(cells: &[Cells], row: usize) -> Self;
    /// The same, and leaves NULL in their place.
    fn take(cells: &mut [Cells], row: usize) -> Self;
}

/// Declares a row: a struct of optional fields, its columns with their docs, and conversion from and to a [`Batch`](crate::dataset::Batch).
///
/// `field: Type, Absence, "source";` with the types of [`ColumnType`] (`Text`, `Integer`, `Boolean`, `Time`, `Json`) and the variants of
/// [`Absence`](crate::dataset::Absence). The short form `field: Type;` is for structs that only *read* some columns of a relation or table.
///
/// ```
/// use backup_audit::dataset::{Batch, Row};
/// backup_audit::rows! {
///     /// A vault and its size.
///     pub struct Vault {
///         /// Name, unique in its Region
///         name: Text, Never, "BackupVaultName";
///         /// Recovery points in it; approximate
///         points_count: Integer, NotTold, "NumberOfRecoveryPoints";
///     }
/// }
/// let batch = Batch::from_rows([Vault { name: Some("prod".into()), points_count: None }]);
/// assert_eq!(batch.rows::<Vault>()[0].name.as_deref(), Some("prod"));
/// assert_eq!(Vault::COLUMNS[1].doc, "Recovery points in it; approximate");
/// ```
#[macro_export]
macro_rules! rows {
    (
        $(#[doc = $doc:literal])*
        $vis:vis struct $name:ident {
            $( $(#[doc = $cell_doc:literal])* $field:ident : $kind:ident, $absence:ident $(($meaning:literal))?, $source:literal; )*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        $vis struct $name { $( $(#[doc = $cell_doc])* pub $field: $crate::rows!(@rust $kind), )* }

        impl $crate::dataset::rows::Row for $name {
            const COLUMNS: &'static [$crate::dataset::schema::Column] = &[ $( $crate::dataset::schema::Column {
                name: stringify!($field),
                column_type: $crate::dataset::schema::ColumnType::$kind,
                absence: $crate::dataset::schema::Absence::$absence $(($meaning))?,
                source: $source,
                doc: concat!($($cell_doc),*).trim_ascii_start(),
            } ),* ];
            fn push(self, cells: &mut [$crate::dataset::rows::Cells]) {
                let mut cells = cells.iter_mut();
                $( if let Some(cells) = cells.next() { $crate::dataset::rows::Cell::push(self.$field, cells); } )*
            }
            fn at(cells: &[$crate::dataset::rows::Cells], row: usize) -> Self {
                let mut cells = cells.iter();
                Self { $( $field: cells.next().and_then(|cells| $crate::dataset::rows::Cell::at(cells, row)), )* }
            }
            fn take(cells: &mut [$crate::dataset::rows::Cells], row: usize) -> Self {
                let mut cells = cells.iter_mut();
                Self { $( $field: cells.next().and_then(|cells| $crate::dataset::rows::Cell::take(cells, row)), )* }
            }
        }
    };
    (
        $(#[doc = $doc:literal])*
        $vis:vis struct $name:ident { $( $field:ident : $kind:ident; )* }
    ) => {
        $crate::rows! {
            $(#[doc = $doc])*
            $vis struct $name { $( #[doc = "As the relation declares it"] $field: $kind, NotTold, ""; )* }
        }
    };
    (@rust Text) => { Option<String> };
    (@rust Json) => { Option<$crate::dataset::rows::Json> };
    (@rust Integer) => { Option<i64> };
    (@rust Boolean) => { Option<bool> };
    (@rust Time) => { Option<$crate::dataset::rows::Millis> };
}
