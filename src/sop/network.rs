//! Whether a script looks as if it used the network, by the programs it names, and whether a request sends a secret where
//! others may read it. Guesses, made to be told to people: what a script may do is decided by its step's `**Network**` alone.

use core::net::{IpAddr, Ipv4Addr};

/// Programs that do nothing without a network.
const PROGRAMS: [&str; 36] = [
    "apt",
    "apt-get",
    "aws",
    "az",
    "curl",
    "dig",
    "dnf",
    "docker",
    "ftp",
    "gcloud",
    "gh",
    "helm",
    "host",
    "kubectl",
    "mail",
    "mysql",
    "nc",
    "ncat",
    "npm",
    "nslookup",
    "ping",
    "pip",
    "pip3",
    "podman",
    "psql",
    "redis-cli",
    "rsync",
    "scp",
    "sendmail",
    "sftp",
    "ssh",
    "telnet",
    "terraform",
    "wget",
    "yarn",
    "yum",
];
/// What git does elsewhere.
const OF_GIT: [&str; 5] = ["clone", "fetch", "ls-remote", "pull", "push"];
/// Words after which a program stands.
const BEFORE: [&str; 12] =
    ["!", "do", "else", "env", "exec", "if", "nohup", "sudo", "then", "time", "until", "while"];

/// The first program in `script` that needs the network, or bash's own way there.
pub fn user_of(script: &str) -> Option<String> {
    let lines = script.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.flat_map(|line| line.split(['|', ';', '&', '(', '`', '{'])).find_map(of_command)
}

fn of_command(command: &str) -> Option<String> {
    if ["/dev/tcp/", "/dev/udp/"].iter().any(|way| command.contains(way)) {
        return Some("/dev/tcp".to_owned());
    }
    let assigns = |word: &str| word.split_once('=').is_some_and(|(name, _)| !name.contains(['"', '\'', '/']));
    let mut words = command.split_whitespace().skip_while(|word| BEFORE.contains(word) || assigns(word));
    let program = words.next()?.rsplit('/').next()?;
    if program == "git" {
        let verb = words.find(|word| OF_GIT.contains(word))?;
        return Some(format!("git {verb}"));
    }
    PROGRAMS.contains(&program).then(|| program.to_owned())
}

/// What is unsafe about the way the request in `block` sends a secret: "sends …", if anything is.
pub fn exposed(block: &str) -> Option<String> {
    if !block.contains("secrets.") {
        return None;
    }
    let url = block.lines().find(|line| !line.trim().is_empty())?.split_whitespace().nth(1)?;
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?.rsplit('@').next()?;
    if is_private(host) {
        return Some(format!("sends a secret to the private address {host}"));
    }
    (!scheme.eq_ignore_ascii_case("https")).then(|| {
        format!("sends a secret over {scheme}://, where anybody on the way can read it; write https://")
    })
}

/// Whether a host, with or without its port, lies on this machine or in its own network.
fn is_private(host: &str) -> bool {
    let bare = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let bare = bare.trim_end_matches('.').to_lowercase();
    let v4 = |address: Ipv4Addr| {
        address.is_private() || address.is_loopback() || address.is_link_local() || address.is_unspecified()
    };
    match bare.parse() {
        Ok(IpAddr::V4(address)) => v4(address),
        Ok(IpAddr::V6(address)) => {
            address.to_ipv4_mapped().is_some_and(v4)
                || address.is_loopback()
                || address.is_unspecified()
                || address.is_unique_local()
                || address.is_unicast_link_local()
        }
        Err(_) => {
            bare == "localhost" || [".localhost", ".local", ".internal"].iter().any(|end| bare.ends_with(end))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_where_they_are_called() {
        for (script, expected) in [
            ("curl -fsS https://x", Some("curl")),
            ("set -x\nbody=$(TOKEN=\"$T\" /usr/bin/curl -s x)", Some("curl")),
            ("if ! wget -q x; then exit 1; fi", Some("wget")),
            ("git add . && git -C app push", Some("git push")),
            ("exec 3<>/dev/tcp/127.0.0.1/80", Some("/dev/tcp")),
            ("git log; git add -A", None),
            ("echo curl; # ssh\n# wget x\ncat ssh.log", None),
        ] {
            assert_eq!(user_of(script).as_deref(), expected, "{script}");
        }
    }

    #[test]
    fn secrets_are_seen_where_others_may_read_them() {
        let sent = |url: &str| exposed(&format!("GET {url}\nAuthorization: Bearer {{{{ secrets.CRM }}}}"));
        for host in [
            "169.254.169.254",
            "localhost:80",
            "u@10.0.0.1",
            "[::1]:8080",
            "[::ffff:10.0.0.1]",
            "db.internal",
        ] {
            assert!(sent(&format!("https://{host}/x")).unwrap().contains("private address"), "{host}");
        }
        assert!(sent("http://crm.example.com/x").unwrap().contains("over http://"));
        assert_eq!(sent("https://crm.example.com/x"), None);
        assert_eq!(exposed("GET http://localhost/"), None);
    }
}
