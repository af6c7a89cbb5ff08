//! A writer that remembers why it failed. Polars makes a text of what the file system says, so a full disk could not be told from a defect.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use polars::error::PolarsError;

use super::error::DatasetError;

/// What a writer met first. Clones speak of the same writer.
#[derive(Clone, Debug, Default)]
pub(super) struct Failure(Arc<Mutex<Option<io::Error>>>);

impl Failure {
    /// The error of the file system if there was one, else that of Polars.
    pub(super) fn or_polars(&self, path: impl Into<PathBuf>) -> impl FnOnce(PolarsError) -> DatasetError {
        let path = path.into();
        let met = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        move |source| match met {
            Some(met) => DatasetError::io("write", path)(met),
            None => DatasetError::polars(path)(source),
        }
    }

    fn keep<T>(&self, outcome: io::Result<T>) -> io::Result<T> {
        outcome.inspect_err(|error| {
            // An interruption is no failure: the writer is asked again.
            if error.kind() != io::ErrorKind::Interrupted {
                let again =
                    error.raw_os_error().map_or_else(|| io::Error::new(error.kind(), error.to_string()), io::Error::from_raw_os_error);
                self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(again);
            }
        })
    }
}

/// The writer.
#[derive(Debug)]
pub(super) struct Watched<W> {
    inner: W,
    failure: Failure,
}

impl<W> Watched<W> {
    pub(super) fn new(inner: W) -> (Self, Failure) {
        let failure = Failure::default();
        (Self { inner, failure: failure.clone() }, failure)
    }
}

impl<W: Write> Write for Watched<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.failure.keep(self.inner.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.failure.keep(self.inner.flush())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_told_as_one() {
        let polars = || PolarsError::ComputeError("underlying IO error".into());
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let (mut writer, failure) = Watched::new(full);
        writer.write_all(b"PAR1").unwrap_err();
        let error = failure.or_polars("a.parquet")(polars());
        assert!(error.no_room() && error.of_writing(), "{error:?}");

        let (mut writer, failure) = Watched::new(Vec::new());
        writer.write_all(b"PAR1").unwrap();
        let error = failure.or_polars("a.parquet")(polars());
        assert!(matches!(error, DatasetError::Polars { .. }), "{error:?}");
    }
}
