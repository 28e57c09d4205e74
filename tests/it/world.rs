//! A workspace of its own and the real binary, for stories told from outside.

use assert_cmd::Command;
use serde_json::Value;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A temporary workspace.
pub(crate) struct World {
    folder: TempDir,
}

/// What a command said.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl World {
    /// A fresh workspace as `sopd init` makes it.
    pub(crate) fn new() -> Self {
        let world = Self::empty();
        world.done(&["init", "."]);
        world
    }

    /// An empty folder.
    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// Its folder.
    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// A path in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    /// Writes a file in it.
    pub(crate) fn put(&self, name: &str, text: &str) {
        std::fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        #[expect(clippy::disallowed_methods, reason = "a test's own file needs no sync")]
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Reads a file in it.
    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Runs the binary in the workspace. Whoever says yes has looked at what waits, as people do.
    pub(crate) fn sopd(&self, arguments: &[&str]) -> Said {
        if let Some(at) = arguments.iter().position(|word| *word == "approve")
            && !arguments.contains(&"--hash")
        {
            self.sopd_with(&[&arguments[..at], &["inbox"]].concat(), "");
        }
        self.sopd_with(arguments, "")
    }

    /// Runs the binary in the workspace with something on standard input.
    pub(crate) fn sopd_with(&self, arguments: &[&str], input: &str) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sopd"));
        let output = command.args(arguments).current_dir(self.root()).write_stdin(input).output().unwrap();
        Said {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs the binary, which must succeed; gives what it printed.
    #[track_caller]
    pub(crate) fn done(&self, arguments: &[&str]) -> String {
        let said = self.sopd(arguments);
        assert_eq!(said.code, 0, "{arguments:?}: {}{}", said.out, said.err);
        said.out
    }

    /// Runs the binary, which must fail with `code`; gives what it said.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let said = self.sopd(arguments);
        assert_eq!(said.code, code, "{arguments:?}: {}{}", said.out, said.err);
        // What a machine's root is told comes before.
        assert!(said.err.lines().any(|line| line.starts_with("error: ")), "{}", said.err);
        said.err
    }

    /// Runs the binary with `--json`.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let all: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
        serde_json::from_str(&self.done(&all)).unwrap()
    }

    /// Drives the workspace until only people and clocks are left.
    #[track_caller]
    pub(crate) fn drive(&self) {
        self.done(&["up", "--until-idle"]);
    }

    /// The daemon, in a process of its own.
    pub(crate) fn up(&self) -> std::process::Child {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_sopd"));
        command.arg("up").current_dir(self.root());
        let nothing = std::process::Stdio::null;
        command.stdin(nothing()).stdout(nothing()).stderr(nothing()).spawn().unwrap()
    }

    /// Brings a hand-written SOP and says yes wherever it is asked, until the version is active.
    #[track_caller]
    pub(crate) fn activated(&self, text: &str) {
        self.put("brought.md", text);
        let brought = self.json(&["sop", "activate", "brought.md", "--as", "cro"]);
        for party in ["chief.staff", "ceo"] {
            self.drive();
            self.done(&["approve", brought["mission"].as_str().unwrap(), "--as", party]);
        }
        self.drive();
        let version = brought["version"].as_str().unwrap();
        let list = self.json(&["sop", "list"]);
        let mut rows = list.as_array().unwrap().iter();
        assert!(rows.any(|row| row["version"] == version && row["status"] == "active"), "{list:#}");
    }

    /// Hands in an example mission and drives it to its first decision; gives the mission's id.
    #[track_caller]
    pub(crate) fn example(&self, name: &str) -> String {
        let file = format!("missions/examples/{name}");
        let taken = self.json(&["submit", &file]);
        self.drive();
        taken["mission"].as_str().unwrap().to_owned()
    }
}
