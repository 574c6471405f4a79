//! A lock file per dataset, which keeps out other processes of this user on this machine: the service takes
//! all of them for the same user. The operating system releases it when the process ends, however it ends.

use std::fs::{DirBuilder, File, OpenOptions, symlink_metadata};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, fs, io, process, thread};

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
        // Whether the service ignores the letter case of ids is not known, so the file does.
        let name = format!("{base_url}\n{}\n{}", ids.0, ids.1).to_lowercase();
        let folder = folder();
        let path = folder.join(hex::encode(Sha256::digest(name)) + ".lock");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let opened = private(&folder).and_then(|()| options.mode(0o600).open(&path));
        let file = opened.map_err(|error| {
            let folder = folder.display();
            io::Error::other(format!("{folder}: {error}; set TMPDIR to another folder"))
        })?;
        Ok(Self { file, path })
    }

    /// Locks the file if nobody else has.
    pub(crate) fn try_lock(&self) -> io::Result<bool> {
        match flock(&self.file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => self.sign(),
            Err(Errno::WOULDBLOCK) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        Ok(true)
    }

    /// Waits for the lock, in a thread. If the future is dropped, the thread waits until the program ends.
    pub(crate) async fn lock(&self) -> io::Result<()> {
        let file = self.file.try_clone()?;
        let (sender, locked) = oneshot::channel();
        let lock = move || retry_on_intr(|| flock(&file, FlockOperation::LockExclusive));
        // Not a task of the runtime, whose end would wait for it.
        thread::Builder::new().spawn(move || sender.send(lock()))?;
        locked.await.map_err(io::Error::other)??;
        self.sign();
        Ok(())
    }

    /// Leaves a note for whoever is kept out.
    fn sign(&self) {
        let now = humantime::format_rfc3339_seconds(SystemTime::now());
        let note = format!("process {} of this machine, since {now}", process::id());
        let emptied = self.file.set_len(0);
        // The lock holds without it, such as on a full disk.
        let _ = emptied.and_then(|()| self.file.write_all_at(note.as_bytes(), 0));
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

/// Not in `XDG_RUNTIME_DIR`, which cron jobs don't have: they would use another file than a login does. A
/// relative `TMPDIR` would be another folder in each working directory.
fn folder() -> PathBuf {
    let temporary = Some(env::temp_dir()).filter(|it| it.is_absolute());
    let temporary = temporary.unwrap_or_else(|| PathBuf::from("/tmp"));
    temporary.join(format!("llmobs-datasets-{}", geteuid().as_raw()))
}

/// Makes the folder, or makes sure that only this user can write to it.
fn private(folder: &Path) -> io::Result<()> {
    let created = DirBuilder::new().mode(0o700).create(folder);
    let found = symlink_metadata(folder).map_err(|missing| created.err().unwrap_or(missing))?;
    let is_private = found.uid() == geteuid().as_raw() && found.mode() & 0o022 == 0;
    if found.is_dir() && is_private {
        return Ok(());
    }
    let text = "it is not a folder that only this user can write to";
    Err(io::Error::other(text))
}
