//! The two documents of a comparison: files, git revisions, or standard input.

use std::io;
use std::path::Path;
use std::process::Command;

use xtask_spec::workspace::{self, GENERATED, SPEC};
use xtask_spec::{BadInput, Document};

/// The branches that may be the main one, in the order in which they are looked for.
const MAIN: &str = "origin/HEAD origin/main main origin/master master";

/// One side of a comparison.
#[derive(Debug)]
pub(crate) struct Input {
    /// The document.
    pub(crate) document: Document,
    /// What a reader knows it by: a path, a revision, or both.
    pub(crate) label: String,
    /// Generated code that lies beside it, and may be of it.
    pub(crate) generated: Option<String>,
    /// Whether it is the spec of the working tree.
    pub(crate) is_working_tree: bool,
}

impl Input {
    /// A document that comes from nowhere else.
    pub(crate) fn of(document: Document) -> Self {
        Self {
            label: document.name.clone(),
            document,
            generated: None,
            is_working_tree: false,
        }
    }
}

/// Reads both sides. Without a base, it is the commit that the branch started from; without a revision,
/// it is the working tree.
pub(crate) fn read(base: Option<&str>, revision: Option<&str>) -> Result<(Input, Input), BadInput> {
    if base == Some("-") && revision == Some("-") {
        return Err(refused(
            "-",
            "both documents are to be read from standard input",
            "name a file or a git revision for one of them",
        ));
    }
    let base = if let Some(base) = base {
        input(base)?
    } else {
        let (commit, label) = start_of_branch()?;
        of_revision(&commit, SPEC, label)?
    };
    let revision = match revision {
        Some(revision) => input(revision)?,
        None => file(&workspace::spec(), "the working tree".to_owned())?,
    };
    Ok((base, revision))
}

fn refused(name: &str, message: &str, remedy: &str) -> BadInput {
    BadInput::new(name, None, message, remedy)
}

fn input(argument: &str) -> Result<Input, BadInput> {
    if argument == "-" {
        return Ok(Input::of(Document::from_stdin()?));
    }
    let path = Path::new(argument);
    // Also a link that leads nowhere: that it can't be read says more than that it isn't there.
    if path.symlink_metadata().is_ok() && !path.is_dir() {
        return file(path, workspace::name(path));
    }
    let (revision, inner) = match argument.split_once(':') {
        Some((revision, inner)) if !revision.is_empty() => (revision, Some(inner)),
        _ => (argument, None),
    };
    let (message, remedy) = match commit(revision) {
        Ok(commit) => return of_revision(&commit, inner.unwrap_or(SPEC), argument.to_owned()),
        Err(_) if path.is_dir() => (
            "is a directory".to_owned(),
            "name a file with an OpenAPI 3.0 document in YAML or JSON",
        ),
        Err(Trouble::Unknown) if inner.is_some() => (
            format!("git knows no revision `{revision}`"),
            "name a branch, a tag or a commit of this repository, or fetch it first",
        ),
        Err(Trouble::Unknown) => (
            "is neither a file nor a git revision: there is no such file, and git knows no such revision".to_owned(),
            "correct the path, or name a branch, a tag or a commit of this repository",
        ),
        Err(Trouble::Git(why)) => (
            format!("there is no such file, and git can't be asked for a revision: {why}"),
            "correct the path, or make sure that git works here",
        ),
    };
    Err(refused(argument, &message, remedy))
}

fn file(path: &Path, label: String) -> Result<Input, BadInput> {
    let document = Document::read(path)?;
    let real = |path: &Path| path.canonicalize().ok();
    Ok(Input {
        document,
        label,
        generated: std::fs::read_to_string(workspace::generated()).ok(),
        is_working_tree: real(path).is_some_and(|it| Some(it) == real(&workspace::spec())),
    })
}

/// Why git failed.
enum Trouble {
    /// It does not know what was asked for.
    Unknown,
    /// It doesn't work here.
    Git(String),
}

fn of_revision(commit: &str, path: &str, label: String) -> Result<Input, BadInput> {
    let name = if label.contains(':') {
        label.clone()
    } else {
        format!("{label}:{path}")
    };
    let blob = |path: &str| git(&["cat-file", "blob", &format!("{commit}:{path}")]);
    let bytes = blob(path).map_err(|trouble| match trouble {
        Trouble::Unknown => refused(
            &name,
            &format!("the revision has no file `{path}`"),
            "name the file as it was called in this revision, with `REVISION:PATH`",
        ),
        Trouble::Git(why) => git_failed(&why),
    })?;
    let generated = blob(GENERATED).ok();
    Ok(Input {
        document: Document::from_bytes(name, bytes)?,
        label,
        generated: generated.and_then(|bytes| String::from_utf8(bytes).ok()),
        is_working_tree: false,
    })
}

/// The commit that a branch started from: the last one that it has in common with the main branch.
fn start_of_branch() -> Result<(String, String), BadInput> {
    let head = commit("HEAD").map_err(|trouble| match trouble {
        Trouble::Unknown => git_failed("the repository has no commit yet"),
        Trouble::Git(why) => git_failed(&why),
    })?;
    let mut bases = MAIN.split(' ').filter_map(|main| {
        let base = git(&["merge-base", main, "HEAD"]).ok()?;
        Some((String::from_utf8_lossy(&base).trim().to_owned(), main))
    });
    let (commit, branch) = match bases.next() {
        // The history may lack its older part.
        None if git(&["rev-parse", "--is-shallow-repository"]).is_ok_and(|it| it == b"true\n") => {
            return Err(refused(
                "git",
                "can't determine where the branch started: the history ends early, in a shallow clone",
                "run `git fetch --unshallow`, or name the base: `cargo xtask diff BASE`",
            ));
        }
        Some((base, main)) if base != head => (base, format!("merge base with {main}")),
        _ => (head, "HEAD".to_owned()),
    };
    let label = format!("{} ({branch})", commit.get(..10).unwrap_or(&commit));
    Ok((commit, label))
}

fn git_failed(why: &str) -> BadInput {
    let remedy =
        "run this in a git repository, or name two files: `cargo xtask diff BASE REVISION`";
    refused("git", why, remedy)
}

fn commit(revision: &str) -> Result<String, Trouble> {
    let name = format!("{revision}^{{commit}}");
    let quiet = ["rev-parse", "--verify", "--quiet", "--end-of-options"];
    let output = git(&[&quiet[..], &[&name]].concat())?;
    Ok(String::from_utf8_lossy(&output).trim().to_owned())
}

fn git(args: &[&str]) -> Result<Vec<u8>, Trouble> {
    let output = Command::new("git")
        .arg("-C")
        .arg(workspace::root())
        .args(args)
        // Its messages are told apart below.
        .env("LC_ALL", "C")
        .output()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Trouble::Git("git is not installed".to_owned()),
            _ => Trouble::Git(format!("git can't be started: {error}")),
        })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let message = String::from_utf8_lossy(&output.stderr);
    if message.contains("not a git repository") || message.contains("dubious ownership") {
        let line = message.lines().next().unwrap_or_default();
        return Err(Trouble::Git(line.trim_start_matches("fatal: ").to_owned()));
    }
    Err(Trouble::Unknown)
}
