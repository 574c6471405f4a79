//! A lock file per dataset, which keeps out other processes of this user on this machine: the service takes
//! all of them for the same user. The operating system releases it when the process ends, however it ends.

use std::fs::{DirBuilder, File, OpenOptions, symlink_metadata};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::time::SystemTime;
use std::{env, fs, process, thread};

use llmobs_datasets::Dataset;
use rustix::fs::{FlockOperation, flock};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::geteuid;
use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;

pub(crate) struct LockFile {
    file: File,
    path: PathBuf,
}

impl LockFile {
    /// Opens the file, which is never deleted: two processes could then hold two files of one name.
    pub(crate) fn open(dataset: &Dataset) -> io::Result<Self> {
        let base_url = &dataset.client().settings().endpoint;
        let ids = (dataset.project_id(), dataset.dataset_id());
        let name = format!("{base_url}\n{}\n{}", ids.0, ids.1);
        let path = folder()?.join(hex::encode(Sha256::digest(name)) + ".lock");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let file = options.mode(0o600).open(&path)?;
        Ok(Self { file, path })
    }

    /// Locks the file if nobody else has.
    pub(crate) fn try_lock(&mut self) -> io::Result<bool> {
        match flock(&self.file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => self.sign().map(|()| true),
            Err(Errno::WOULDBLOCK) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Waits for the lock, in a thread. If the future is dropped, the thread waits until the program ends.
    pub(crate) async fn lock(&mut self) -> io::Result<()> {
        let file = self.file.try_clone()?;
        let (sender, locked) = oneshot::channel();
        let lock = move || retry_on_intr(|| flock(&file, FlockOperation::LockExclusive));
        // Not a task of the runtime, whose end would wait for it.
        thread::Builder::new().spawn(move || sender.send(lock()))?;
        locked.await.map_err(io::Error::other)??;
        self.sign()
    }

    /// Leaves a note for whoever is kept out.
    fn sign(&mut self) -> io::Result<()> {
        let now = humantime::format_rfc3339_seconds(SystemTime::now());
        let note = format!("process {} of this machine, since {now}", process::id());
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(note.as_bytes())
    }

    /// Who holds the lock.
    pub(crate) fn holder(&self) -> String {
        let note = fs::read_to_string(&self.path).unwrap_or_default();
        // Just before it is written.
        if note.is_empty() {
            "another process".to_owned()
        } else {
            note
        }
    }
}

/// A folder that only this user can write to. Not in `XDG_RUNTIME_DIR`, which cron jobs don't have: they
/// would use another file than a login does.
fn folder() -> io::Result<PathBuf> {
    let user = geteuid().as_raw();
    let folder = env::temp_dir().join(format!("llmobs-datasets-{user}"));
    let created = DirBuilder::new().mode(0o700).create(&folder);
    created.or_else(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Ok(()),
        _ => Err(error),
    })?;
    let found = symlink_metadata(&folder)?;
    if found.is_dir() && found.uid() == user && found.mode() & 0o022 == 0 {
        return Ok(folder);
    }
    let folder = folder.display();
    let text = format!("others can write to {folder}; remove it, or set TMPDIR");
    Err(io::Error::other(text))
}
