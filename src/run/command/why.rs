//! Why a script that failed may have failed here and nowhere else: what sopd holds it to and its author may not know of.

use super::{Ended, How, Network, Sandbox};
use crate::sop::network::user_of;

/// How programs say that they reach nobody.
const NO_NETWORK: [&str; 5] = [
    "could not resolve",
    "name resolution",
    "network is unreachable",
    "could not connect",
    "couldn't connect",
];
/// How programs say that there is no more memory.
const NO_MEMORY: [&str; 4] = ["cannot allocate", "memoryerror", "memory exhausted", "out of memory"];
/// What the shell of a script says whose program got SIGXFSZ: 128 and its number.
const TOO_LARGE: i32 = 25;

impl Ended {
    /// What of the way scripts run may be the cause that `script` failed, each after a semicolon; empty where nothing is known.
    pub fn why(&self, script: &str) -> String {
        let said = self.tail.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
        let failed = !matches!(self.how, How::Exited(0));
        let offline = matches!(self.network, Network::Off | Network::TcpOff);
        let large = matches!(self.how, How::Signalled(TOO_LARGE))
            || matches!(self.how, How::Exited(code) if code == 128 + TOO_LARGE);
        let reasons = [
            (
                offline && (says(&NO_NETWORK) || user_of(script).is_some()),
                "the network is off for this step: `**Network**: Yes` in its SOP, or `runs.network: all` in sopd.yaml, opens it",
            ),
            (large, "`runs.limits.file_mib` in sopd.yaml says how large a file may be"),
            (says(&["no space left on device"]), "the machine's disk is full"),
            (says(&NO_MEMORY), "`runs.limits.memory_mib` in sopd.yaml says how much memory it may use"),
            (
                says(&["resource temporarily unavailable"]),
                "`runs.limits.processes` in sopd.yaml says how many processes it may have",
            ),
            (
                matches!(self.sandbox, Sandbox::Landlock(_)) && says(&["permission denied"]),
                "a step reads and writes its run's folder, and reads programs and system settings: `runs.readable` in sopd.yaml names more",
            ),
            (
                says(&["unbound variable"]),
                "scripts run with `bash -u`: a variable that is not set is a failure",
            ),
            (
                matches!(self.how, How::Exited(1..)) && said.trim().is_empty(),
                "it said nothing: scripts run with `bash -euo pipefail`, so the last command it came to ended with this exit code and ended it",
            ),
            (
                matches!(self.how, How::Exited(1..)) && !said.trim().is_empty() && by_shell(script),
                "scripts run with `bash -euo pipefail`: the first command that fails ends them, also one within a pipe",
            ),
        ];
        let known = reasons.iter().filter(|(holds, _)| failed && *holds);
        known.map(|(_, why)| format!("; {why}")).collect()
    }
}

/// Whether plain bash might have gone on: the script does not end itself, and something comes after what may have failed.
fn by_shell(script: &str) -> bool {
    let lines: Vec<&str> =
        script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let ends = lines.iter().any(|line| line.split([' ', ';', '&', '|', '(']).any(|word| word == "exit"));
    let pipe = lines.iter().any(|line| line.replace("||", "").contains('|'));
    !ends && (pipe || lines.len() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Exacts;

    fn why(how: How, tail: &str, script: &str) -> String {
        let ended = Ended {
            how,
            tail: tail.to_owned(),
            truncated: false,
            output_file: None,
            values: Ok(Exacts::new()),
            millis: 1,
            leftovers: 0,
            sandbox: Sandbox::Landlock(6),
            network: Network::Off,
            own_tmp: true,
            unheld: Vec::new(),
        };
        ended.why(script)
    }

    #[test]
    fn a_failure_says_what_of_ours_may_have_caused_it() {
        for (how, tail, script, expected) in [
            (How::Exited(1), "0", "echo a > b\ngrep x b | wc -l", "also one within a pipe"),
            (How::Exited(1), "0", "grep x b | wc -l", "also one within a pipe"),
            (How::Exited(1), "", "false", "`bash -euo pipefail`, so the last command it came to"),
            (
                How::Exited(1),
                "\n",
                "test -f x\nexit 1",
                "`bash -euo pipefail`, so the last command it came to",
            ),
            (How::Exited(1), "s.sh: line 1: X: unbound variable", "echo $X", "`bash -u`"),
            (How::Exited(6), "curl: (6) Could not resolve host: x", "./get", "`**Network**: Yes`"),
            (How::Exited(2), "", "curl -s x", "`**Network**: Yes`"),
            (How::Exited(153), "", "./fill", "file_mib"),
            (How::Exited(1), "cat: /srv/x: Permission denied", "cat /srv/x", "`runs.readable`"),
        ] {
            assert!(why(how, tail, script).contains(expected), "{script}: {}", why(how, tail, script));
        }
        assert_eq!(why(How::Exited(3), "no", "test -f x\nexit 3"), "");
        assert_eq!(why(How::Exited(1), "no", "./one"), "");
        assert_eq!(why(How::Exited(0), "Permission denied", "curl x"), "");
    }
}
