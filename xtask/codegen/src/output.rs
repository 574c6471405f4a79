//! The file of the generated code: whether it is fresh, and how it is made so.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use similar::TextDiff;

/// The file that a path names: the target of a link. What isn't there yet will be a file.
pub fn target(path: &Path) -> io::Result<PathBuf> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(path.to_owned()),
        Err(error) => return Err(error),
        Ok(_) => {}
    }
    let target = path.canonicalize().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => io::Error::other("it is a link to a missing file"),
        _ => error,
    })?;
    match target.metadata()? {
        found if found.is_file() => Ok(target),
        found if found.is_dir() => Err(io::Error::other("it is a directory")),
        _ => Err(io::Error::other("it is not a regular file")),
    }
}

/// What stands between a file and the text it should hold: nothing, or the unified diff.
pub fn difference(path: &Path, name: &str, expected: &str) -> io::Result<Option<String>> {
    let found = match fs::read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    if found == expected {
        return Ok(None);
    }
    let diff = TextDiff::from_lines(&found, expected);
    let diff = diff
        .unified_diff()
        .header(
            &format!("{name} (as it is)"),
            &format!("{name} (as generated)"),
        )
        .to_string();
    Ok(Some(diff))
}

/// Makes a file hold a text, in one step: a reader sees the old file or the new one.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let mut options = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // Temporary files are private otherwise. For a new file, the user's mask decides.
        let new = || fs::Permissions::from_mode(0o666);
        options.permissions(
            path.metadata()
                .map_or_else(|_| new(), |it| it.permissions()),
        );
    }
    let mut file = options.tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
