//! The log of calls: one JSON line for each attempt to ask AWS something, so that an auditor can see what was asked, when, and what answered.
//!
//! Service, operation, account, Region, what it was for, attempt, method, path, query and body go in before the request is sent; status, request id,
//! items, length and SHA-256 of the answer, or what went wrong, after the attempt. Never a header (they hold the signature). The answer itself is in the
//! tables, and as it came beside the log where that was asked for. An attempt whose line cannot be written counts as failed: there is no call without its line. Calls of credential providers (SSO,
//! instance metadata) are not collected data and do not appear. After the first line or answer that could not be written nothing more is: the
//! collection then ends (`CallLog::whole`), and what stands half in the file is cut off when it is resumed.

mod items;
mod offset;
mod raw;

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_sts::operation::RequestId;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef};
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::door::Clock;
use super::error::{CollectError, causes, one_line};
use super::limiter::Stamp;
use offset::Offset;
use raw::{Frame, Raw};

/// Longest request body written down; read requests are far smaller.
const LONGEST_BODY_BYTES: usize = 4_096;

/// One attempt, as it stands in the log. Times are RFC 3339 in UTC with milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// `backup`, `rds`, `tagging`, `sts`.
    pub service: String,
    /// `ListBackupVaults`.
    pub operation: String,
    /// Twelve digits; empty for the call that asks for it.
    pub account_id: String,
    /// `eu-west-1`.
    pub region: String,
    /// The table that it is read for; none for finding out whom to ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// The vault, plan, key … that the read is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// 1 for the first attempt of a call.
    pub attempt: u32,
    /// `None` if nothing was sent, for instance for want of credentials.
    pub method: Option<String>,
    /// Path of the URL.
    pub path: Option<String>,
    /// Query of the URL as sent; a page after the first shows its token here or in the body.
    pub query: Option<String>,
    /// Body if it is text of at most 4 KiB.
    pub body: Option<String>,
    /// When the attempt began.
    pub start: String,
    /// When the attempt ended.
    pub end: String,
    /// HTTP status of the answer.
    pub status: Option<u16>,
    /// The request id that AWS support asks for.
    pub request_id: Option<String>,
    /// `Date` of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Elements of the lists at the top of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<u64>,
    /// Where the answer begins among those kept as they came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_offset_bytes: Option<u64>,
    /// Length of its compressed frame there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_size_bytes: Option<u64>,
    /// Length of the answer's body.
    pub response_bytes: Option<u64>,
    /// SHA-256 of the answer's body, hexadecimal.
    pub response_sha256: Option<String>,
    /// What went wrong, in one line.
    pub error: Option<String>,
}

impl Storable for Call {
    type Storer = StoreReplace<Self>;
}

/// Where lines go. Clones write to the same file.
#[derive(Clone, Debug)]
pub struct CallLog(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    lines: Mutex<Lines>,
    raw: Mutex<Option<Raw>>,
    offset: Offset,
    attempts: AtomicU64,
    broken: Mutex<Option<Broken>>,
}

/// A file that could not be written.
#[derive(Debug)]
struct Broken {
    path: PathBuf,
    kind: io::ErrorKind,
    text: String,
}

/// What calls are made for: the table that names the collector, and the parent.
#[derive(Clone, Debug)]
pub(super) struct Purpose {
    pub(super) table: &'static str,
    pub(super) parent: Option<String>,
}

tokio::task_local! {
    /// What the calls of a task are made for.
    pub(super) static PURPOSE: Purpose;
}

#[derive(Debug)]
enum Lines {
    /// Only counted.
    Counted,
    /// In memory, until there is a file for them.
    Held(Vec<u8>),
    /// Appended to a file.
    File(File, PathBuf),
}

impl CallLog {
    /// Opens a log to append to, creating it if need be; a last line that an interrupted run left unfinished is cut off.
    ///
    /// # Errors
    /// `CollectError::CallLog` naming the file.
    pub fn open(path: &Path) -> Result<Self, CollectError> {
        let log = Self::held();
        log.keep_in(path)?;
        Ok(log)
    }

    /// A log that keeps its lines in memory until [`keep_in`](Self::keep_in) names a file: the first calls find out what to collect, and so where.
    pub fn held() -> Self {
        Self::with(Lines::Held(Vec::new()))
    }

    /// Appends what was held, and from here on every line, to a file.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn keep_in(&self, path: &Path) -> Result<(), CollectError> {
        let mut lines = self.lines();
        let keep = || {
            let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
            let end = end_of_last_line(&mut file)?;
            file.set_len(end)?;
            file.seek(SeekFrom::Start(end))?;
            if let Lines::Held(held) = &*lines {
                file.write_all(held)?;
            }
            Ok(file)
        };
        let file = keep().map_err(|source| CollectError::CallLog { path: path.display().to_string(), source })?;
        *lines = Lines::File(file, path.to_owned());
        Ok(())
    }

    /// A log that only counts, for commands that keep no collection.
    pub fn counting() -> Self {
        Self::with(Lines::Counted)
    }

    fn with(lines: Lines) -> Self {
        let lines = Mutex::new(lines);
        let (raw, offset, attempts, broken) = (Mutex::default(), Offset::default(), AtomicU64::new(0), Mutex::default());
        Self(Arc::new(Inner { lines, raw, offset, attempts, broken }))
    }

    /// From here on the disk is full.
    #[cfg(all(test, target_os = "linux"))]
    pub(crate) fn fill_up(&self) {
        let full = Path::new("/dev/full");
        *self.lines() = Lines::File(OpenOptions::new().write(true).open(full).expect("it can be opened"), full.to_owned());
    }

    fn lines(&self) -> std::sync::MutexGuard<'_, Lines> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the answers as they come, from here on, in a file.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn keep_answers_in(&self, path: &Path) -> Result<(), CollectError> {
        let raw = Raw::open(path).map_err(|source| CollectError::CallLog { path: path.display().to_string(), source })?;
        *self.0.raw.lock().unwrap_or_else(PoisonError::into_inner) = Some(raw);
        Ok(())
    }

    /// How far AWS's clock is ahead of this machine's, in milliseconds, from and to; `None` if no answer told.
    pub fn clock_offset_ms(&self) -> Option<(i64, i64)> {
        self.0.offset.range_ms()
    }

    fn keep_answer(&self, body: &[u8]) -> io::Result<Option<Frame>> {
        let mut raw = self.0.raw.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(raw) = raw.as_mut() else { return Ok(None) };
        self.unbroken()?;
        raw.keep(body).map(Some).map_err(|error| self.breaks(raw.path(), error))
    }

    /// Why the log is not whole any more: the first line or answer that could not be written. Calls after it are worthless, since nothing proves them.
    ///
    /// # Errors
    /// `CollectError::Unlogged` naming the file.
    pub(super) fn whole(&self) -> Result<(), CollectError> {
        match &*self.broken() {
            Some(Broken { path, kind, text }) => {
                Err(CollectError::Unlogged { path: path.display().to_string(), source: io::Error::new(*kind, text.clone()) })
            }
            None => Ok(()),
        }
    }

    fn broken(&self) -> std::sync::MutexGuard<'_, Option<Broken>> {
        self.0.broken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unbroken(&self) -> io::Result<()> {
        self.broken().as_ref().map_or(Ok(()), |broken| Err(io::Error::new(broken.kind, broken.text.clone())))
    }

    fn breaks(&self, path: &Path, error: io::Error) -> io::Error {
        self.broken().get_or_insert_with(|| Broken { path: path.to_owned(), kind: error.kind(), text: error.to_string() });
        error
    }

    /// Attempts made since it was opened.
    pub fn attempts(&self) -> u64 {
        self.0.attempts.load(Ordering::Relaxed)
    }

    fn write(&self, call: &Call) -> io::Result<()> {
        self.0.attempts.fetch_add(1, Ordering::Relaxed);
        let mut lines = self.lines();
        if matches!(*lines, Lines::Counted) {
            return Ok(());
        }
        let mut line = serde_json::to_vec(call)?;
        line.push(b'\n');
        match &mut *lines {
            Lines::Counted => Ok(()),
            Lines::Held(held) => held.write_all(&line),
            Lines::File(file, path) => {
                self.unbroken()?;
                file.write_all(&line).map_err(|error| self.breaks(path, error))
            }
        }
    }
}

/// The length of a file up to and including its last line feed.
fn end_of_last_line(file: &mut File) -> io::Result<u64> {
    const STEP: u64 = 8_192;
    let mut end = file.seek(SeekFrom::End(0))?;
    while end > 0 {
        let start = end.saturating_sub(STEP);
        let mut part = Vec::new();
        file.seek(SeekFrom::Start(start))?;
        Read::by_ref(file).take(end - start).read_to_end(&mut part)?;
        if let Some(place) = part.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + u64::try_from(place).unwrap_or(0) + 1);
        }
        end = start;
    }
    Ok(0)
}

/// The interceptor that writes the lines of one client.
#[derive(Clone, Debug)]
pub(super) struct LogCalls {
    log: CallLog,
    clock: Clock,
    stamp: Stamp,
}

impl LogCalls {
    pub(super) fn new(log: CallLog, clock: Clock, stamp: Stamp) -> Self {
        Self { log, clock, stamp }
    }
}

fn text_of(moment_ms: i64) -> String {
    Timestamp::from_millisecond(moment_ms)
        .map_or_else(|_| format!("{moment_ms} ms"), |moment| moment.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// When an attempt began.
#[derive(Clone, Copy, Debug)]
struct Began(i64);

impl Storable for Began {
    type Storer = StoreReplace<Self>;
}

impl Intercept for LogCalls {
    fn name(&self) -> &'static str {
        "LogCalls"
    }

    fn read_before_attempt(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let ticket = self.stamp.ticket(config);
        let purpose = PURPOSE.try_with(Clone::clone).ok();
        let began_ms = self.clock.now_ms();
        let call = Call {
            service: ticket.service.to_owned(),
            operation: ticket.operation,
            account_id: ticket.account_id.to_string(),
            region: ticket.region.to_string(),
            attempt: config.load::<RequestAttempts>().map_or(1, RequestAttempts::attempts),
            table: purpose.as_ref().map(|purpose| purpose.table.to_owned()),
            parent: purpose.and_then(|purpose| purpose.parent),
            start: text_of(began_ms),
            ..Call::default()
        };
        config.interceptor_state().store_put(Began(began_ms));
        config.interceptor_state().store_put(call);
        Ok(())
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(mut call) = config.load::<Call>().cloned() else { return Ok(()) };
        let request = context.request();
        call.method = Some(request.method().to_owned());
        if let Ok(url) = url::Url::parse(request.uri()) {
            call.path = Some(url.path().to_owned());
            call.query = url.query().map(str::to_owned);
        }
        call.body = request.body().bytes().filter(|body| !body.is_empty() && body.len() <= LONGEST_BODY_BYTES).and_then(text);
        config.interceptor_state().store_put(call);
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(mut call) = config.load::<Call>().cloned() else { return Ok(()) };
        let ended_ms = self.clock.now_ms();
        call.end = text_of(ended_ms);
        if let Some(response) = context.response() {
            call.date = response.headers().get("date").map(str::to_owned);
            if let (Some(date), Some(Began(began_ms))) = (&call.date, config.load::<Began>()) {
                self.log.0.offset.learn(date, *began_ms, ended_ms);
            }
            call.status = Some(response.status().as_u16());
            call.request_id = response.request_id().map(str::to_owned);
            if let Some(body) = response.body().bytes() {
                call.response_bytes = u64::try_from(body.len()).ok();
                call.response_sha256 = Some(hexadecimal(&Sha256::digest(body)));
                call.items = items::count(body).filter(|_| response.status().is_success());
                let kept = self.log.keep_answer(body).map_err(|error| format!("an answer cannot be kept: {error}"))?;
                call.raw_offset_bytes = kept.map(|frame| frame.offset_bytes);
                call.raw_size_bytes = kept.map(|frame| frame.size_bytes);
            }
        }
        call.error = context.output_or_error().and_then(Result::err).map(|error| one_line(&causes(error)));
        self.log.write(&call).map_err(|error| format!("the log of calls cannot be written: {error}").into())
    }
}

fn text(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().map(str::to_owned)
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{self, ACCOUNT, REGION, Reply};

    fn lines(path: &Path) -> Vec<Call> {
        std::fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[tokio::test]
    async fn each_attempt_leaves_a_line_without_credentials() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.jsonl");
        let log = CallLog::open(&path).unwrap();
        let fake = testing::fake([
            Reply::throttled("ListBackupVaults"),
            Reply::throttled("ListBackupVaults"),
            Reply::ok("ListBackupVaults", r#"{"BackupVaultList":[]}"#),
        ]);
        let door = fake.region(REGION, &log);
        door.backup().list_backup_vaults().max_results(7).send().await.expect("the third attempt succeeds");

        let calls = lines(&path);
        assert_eq!(log.attempts(), 3);
        assert_eq!(
            calls.iter().map(|call| (call.attempt, call.status)).collect::<Vec<_>>(),
            [(1, Some(400)), (2, Some(400)), (3, Some(200))]
        );
        assert!(calls[0].error.as_ref().is_some_and(|error| error.contains("Rate exceeded")), "{:?}", calls[0].error);
        let last = &calls[2];
        assert_eq!((last.service.as_str(), last.operation.as_str()), ("backup", "ListBackupVaults"));
        assert_eq!((last.account_id.as_str(), last.region.as_str()), (ACCOUNT, REGION));
        assert_eq!((last.method.as_deref(), last.path.as_deref()), (Some("GET"), Some("/backup-vaults")));
        assert_eq!(last.query.as_deref(), Some("maxResults=7"));
        assert_eq!((last.start.as_str(), last.error.as_deref()), ("2026-11-20T04:00:00.000Z", None));
        assert_eq!(last.response_bytes, Some(22));
        let of_sha256sum = "d75b672606b80ee0fba53e42341066e52f69b5593c6937c9187f742fdd869505";
        assert_eq!(last.response_sha256.as_deref(), Some(of_sha256sum));

        let everything = std::fs::read_to_string(&path).unwrap();
        for secret in ["secret-of-the-test", "AKIDEXAMPLE", "Signature", "uthorization"] {
            assert!(!everything.contains(secret), "the log contains {secret}");
        }
    }

    #[tokio::test]
    async fn an_attempt_without_an_answer_leaves_a_line_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.jsonl");
        let fake = testing::fake([Reply::silent("DescribeDBInstances").forever()]);
        let door = fake.region(REGION, &CallLog::open(&path).unwrap());
        door.rds().describe_db_instances().send().await.expect_err("nothing ever answers");
        let calls = lines(&path);
        assert_eq!(calls.len(), 3, "one line for each attempt");
        assert!(calls.iter().all(|call| call.error.is_some() && call.status.is_none() && call.body.is_some()));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn after_a_line_that_could_not_be_written_nothing_more_is() {
        let folder = tempfile::tempdir().unwrap();
        let (path, answers) = (folder.path().join("calls.jsonl"), folder.path().join("responses.zst"));
        let log = CallLog::open(&path).unwrap();
        log.keep_answers_in(&answers).unwrap();
        log.write(&Call::default()).unwrap();
        log.whole().unwrap();
        log.fill_up();
        assert_eq!(log.write(&Call::default()).unwrap_err().kind(), io::ErrorKind::StorageFull);
        log.keep_in(&path).unwrap();
        assert_eq!(log.write(&Call::default()).unwrap_err().kind(), io::ErrorKind::StorageFull, "there would be a line missing before it");
        assert!(log.keep_answer(b"{}").is_err());
        assert_eq!((lines(&path).len(), std::fs::read(&answers).unwrap().len()), (1, 0));
        let error = log.whole().unwrap_err();
        assert!(error.to_string().contains("/dev/full"), "{error}");
    }

    #[test]
    fn an_unfinished_last_line_is_cut_off() {
        let endless = "x".repeat(20_000);
        // what it shows, content before, content after
        let cases = [
            ("whole lines stay", "{}\n{}\n".to_owned(), "{}\n{}\n"),
            ("half a line goes", "{}\n{\"servi".to_owned(), "{}\n"),
            ("also a long one", format!("{{}}\n{endless}"), "{}\n"),
            ("also the only one", endless.clone(), ""),
            ("nothing is nothing", String::new(), ""),
        ];
        for (shows, before, after) in cases {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), before).unwrap();
            let log = CallLog::open(file.path()).unwrap();
            assert_eq!(std::fs::read_to_string(file.path()).unwrap(), after, "{shows}");
            log.write(&Call { service: "backup".into(), ..Call::default() }).unwrap();
            assert_eq!(lines_after(file.path(), after), 1, "{shows}: the next line follows");
        }
    }

    fn lines_after(path: &Path, before: &str) -> usize {
        let text = std::fs::read_to_string(path).unwrap();
        text.strip_prefix(before).unwrap().lines().filter(|line| line.contains("\"backup\"")).count()
    }
}
