//! Portions of a large unit: rows that leave for the disk while the unit is still being read, so that memory does not grow with it.
//!
//! The collector hands them over between two pages and goes on when they are written. At no time does a unit hold more than one portion and
//! a page, however many rows it has.

use tokio::sync::{mpsc, oneshot};

use super::collector::ReadError;
use crate::dataset::{Batch, ReadStatus, Table};

/// Rows of a table from which on they leave.
pub(super) const PORTION_ROWS: usize = 5_000;

/// Rows that leave before their unit has ended.
#[derive(Debug)]
pub(super) struct Portion {
    pub(super) table: &'static Table,
    pub(super) batch: Batch,
    /// Told when they are written; dropped if they are not.
    pub(super) written: oneshot::Sender<()>,
}

/// Where portions leave to.
#[derive(Clone, Debug)]
pub(super) struct Outlet(mpsc::Sender<Portion>);

impl Outlet {
    /// An outlet and its other end.
    pub(super) fn new() -> (Self, mpsc::Receiver<Portion>) {
        let (sender, receiver) = mpsc::channel(1);
        (Self(sender), receiver)
    }

    /// Hands rows over and waits until they are written.
    ///
    /// # Errors
    /// They were not, which ends the whole collection: this read need not say why.
    pub(super) async fn hand_over(&self, table: &'static Table, batch: Batch) -> Result<(), ReadError> {
        let (written, told) = oneshot::channel();
        let sent = self.0.send(Portion { table, batch, written }).await.is_ok();
        if sent && told.await.is_ok() {
            return Ok(());
        }
        let reason = "the rows read so far could not be written".to_owned();
        Err(ReadError { status: ReadStatus::Unavailable, operation: String::new(), reason })
    }
}
