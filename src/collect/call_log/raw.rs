//! The answers of AWS as they came, one compressed frame each, in one file: `zstd -d` of a frame gives the body that a line of the log names.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Compression level: answers are text that repeats itself, and this is what the rest of a collection uses.
const LEVEL: i32 = 3;

/// Where an answer lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// First byte of the frame.
    pub(super) offset_bytes: u64,
    /// Length of the frame.
    pub(super) size_bytes: u64,
}

/// The file of answers.
#[derive(Debug)]
pub(super) struct Raw {
    file: File,
    path: PathBuf,
    end: u64,
}

impl Raw {
    /// Opens the file to append to; what an interrupted run left after the last answer that the log names stays unnamed.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        let end = file.seek(SeekFrom::End(0))?;
        Ok(Self { file, path: path.to_owned(), end })
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Appends an answer.
    pub(super) fn keep(&mut self, body: &[u8]) -> io::Result<Frame> {
        let frame = zstd::bulk::compress(body, LEVEL)?;
        self.file.write_all(&frame)?;
        let kept = Frame { offset_bytes: self.end, size_bytes: frame.len() as u64 };
        self.end += kept.size_bytes;
        Ok(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_is_a_frame_of_its_own_also_after_an_interruption() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("responses.zst");
        let mut kept = Vec::new();
        for bodies in [["{\"a\":1}", "<R/>"], ["", "xx"]] {
            let mut raw = Raw::open(&path).unwrap();
            kept.extend(bodies.map(|body| (body, raw.keep(body.as_bytes()).unwrap())));
            let mut torn = OpenOptions::new().append(true).open(&path).unwrap();
            torn.write_all(b"half a frame").unwrap();
        }
        let bytes = std::fs::read(&path).unwrap();
        for (body, Frame { offset_bytes, size_bytes }) in kept {
            let (from, to) = (usize::try_from(offset_bytes).unwrap(), usize::try_from(offset_bytes + size_bytes).unwrap());
            assert_eq!(zstd::stream::decode_all(&bytes[from..to]).unwrap(), body.as_bytes());
        }
    }
}
