//! Cases of signed requests: the known answers of both forms, and every way in which a request is not trusted.

use super::*;

/// The example of the Standard Webhooks reference libraries.
const SECRET: &[u8] = b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const SENT: i64 = 1_614_265_330;
const GOOD: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
/// The example of GitHub's documentation on validating deliveries.
const GITHUB_SECRET: &[u8] = b"It's a Secret to Everybody";
const GITHUB_BODY: &[u8] = b"Hello, World!";
const GITHUB_GOOD: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

fn headers(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn standard() -> Vec<(String, String)> {
    let sent = SENT.to_string();
    headers(&[(ID, "msg_p5jXN8AQM9LWM0D4loKWxJek"), (TIMESTAMP, &sent), (SIGNATURE, GOOD)])
}

fn github() -> Vec<(String, String)> {
    headers(&[
        ("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958"),
        ("X-Hub-Signature-256", GITHUB_GOOD),
    ])
}

fn now() -> Instant {
    Instant(SENT * 1_000)
}

fn changed(mut from: Vec<(String, String)>, name: &str, value: &str) -> Vec<(String, String)> {
    let header = from.iter_mut().find(|(other, _)| other.eq_ignore_ascii_case(name)).unwrap();
    value.clone_into(&mut header.1);
    from
}

fn without(from: Vec<(String, String)>, name: &str) -> Vec<(String, String)> {
    from.into_iter().filter(|(other, _)| !other.eq_ignore_ascii_case(name)).collect()
}

#[test]
fn the_known_answers_of_both_forms_are_accepted() {
    let delivery = verify(&standard(), BODY, SECRET, now()).unwrap();
    assert_eq!(delivery.id, "msg_p5jXN8AQM9LWM0D4loKWxJek");
    assert_eq!((delivery.form, delivery.sent), (Form::Standard, Some(now())));
    let delivery = verify(&github(), GITHUB_BODY, GITHUB_SECRET, Instant(0)).unwrap();
    assert_eq!(delivery.id, "72d3162e-cc78-11e3-81ab-4c9367dc0958");
    assert_eq!((delivery.form, delivery.sent), (Form::GitHub, None));
}

#[test]
fn names_in_capitals_other_signatures_and_a_clock_a_little_off_do_no_harm() {
    let loud: Vec<(String, String)> =
        standard().into_iter().map(|(name, value)| (name.to_uppercase(), value)).collect();
    assert!(verify(&loud, BODY, SECRET, now()).is_ok());
    let many = format!("v1a,abc v1,{} {GOOD}", STANDARD.encode([7; 32]));
    assert!(verify(&changed(standard(), SIGNATURE, &many), BODY, SECRET, now()).is_ok());
    for off in [-300_000, 300_000] {
        assert!(verify(&standard(), BODY, SECRET, now().plus_millis(off)).is_ok(), "{off}");
    }
    let capitals = GITHUB_GOOD.replace("757107ea", "757107EA");
    let capitals = changed(github(), GITHUB_SIGNATURE, &capitals);
    assert!(verify(&capitals, GITHUB_BODY, GITHUB_SECRET, now()).is_ok());
}

#[test]
fn a_plain_secret_is_used_as_it_is() {
    let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    assert!(verify(&standard(), BODY, &key, now()).is_ok());
}

#[test]
fn whatever_is_missing_doubled_or_malformed_is_refused_in_words() {
    let twice = |from: Vec<(String, String)>, name: &str| {
        let mut more = from.clone();
        more.extend(from.into_iter().filter(|(other, _)| other.eq_ignore_ascii_case(name)));
        more
    };
    let long = "x".repeat(201);
    let seventeen = [GOOD; 17].join(" ");
    for (headers, expected) in [
        (Vec::new(), "the request is not signed"),
        (headers(&[("X-Hub-Signature", "sha1=0")]), "signed with SHA-1 only"),
        ([standard(), github()].concat(), "signed in two forms"),
        (without(standard(), ID), "`webhook-id` is missing"),
        (without(standard(), TIMESTAMP), "`webhook-timestamp` is missing"),
        (without(standard(), SIGNATURE), "`webhook-signature` is missing"),
        (without(github(), GITHUB_ID), "`x-github-delivery` is missing"),
        (without(github(), GITHUB_SIGNATURE), "`x-hub-signature-256` is missing"),
        (twice(standard(), ID), "`webhook-id` is there twice"),
        (twice(standard(), TIMESTAMP), "`webhook-timestamp` is there twice"),
        (twice(standard(), SIGNATURE), "`webhook-signature` is there twice"),
        (twice(github(), GITHUB_ID), "`x-github-delivery` is there twice"),
        (twice(github(), GITHUB_SIGNATURE), "`x-hub-signature-256` is there twice"),
        (changed(standard(), ID, ""), "`webhook-id` is not an id"),
        (changed(standard(), ID, "a b"), "`webhook-id` is not an id"),
        (changed(standard(), ID, &long), "`webhook-id` is not an id"),
        (changed(standard(), ID, "a.1"), "holds a full stop"),
        (changed(github(), GITHUB_ID, "\n"), "`x-github-delivery` is not an id"),
        (changed(standard(), TIMESTAMP, "-5"), "is not a number of seconds"),
        (changed(standard(), TIMESTAMP, "1e9"), "is not a number of seconds"),
        (changed(standard(), TIMESTAMP, ""), "is not a number of seconds"),
        (changed(standard(), TIMESTAMP, "99999999999999999999"), "is not a number of seconds"),
        (changed(standard(), SIGNATURE, ""), "is not a list of"),
        (changed(standard(), SIGNATURE, "v1"), "is not a list of"),
        (changed(standard(), SIGNATURE, "v1,???"), "is not a list of"),
        (changed(standard(), SIGNATURE, &GOOD.replace(',', "=")), "is not a list of"),
        (changed(standard(), SIGNATURE, "v1a,abc"), "no signature of version"),
        (changed(standard(), SIGNATURE, &seventeen), "too many signatures"),
        (changed(github(), GITHUB_SIGNATURE, "sha1=abc"), "is not `sha256=`"),
        (changed(github(), GITHUB_SIGNATURE, "sha256=abc"), "is not `sha256=`"),
        (changed(github(), GITHUB_SIGNATURE, &GITHUB_GOOD.replace("75", "7g")), "is not `sha256=`"),
    ] {
        let problem = verify(&headers, BODY, SECRET, now()).expect_err(expected);
        assert!(problem.message.contains(expected), "expected: {expected}\nfound: {problem}");
        assert!(problem.hint.is_some());
    }
}

#[test]
fn a_wrong_secret_body_id_or_time_does_not_fit() {
    let other = STANDARD.encode([7; 32]);
    let shorter = format!("v1,{}", STANDARD.encode([7; 5]));
    for (headers, body, secret) in [
        (standard(), BODY, b"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".as_slice()),
        (standard(), br#"{"test": 2432232315}"#, SECRET),
        (standard(), b"", SECRET),
        (changed(standard(), ID, "msg_other"), BODY, SECRET),
        (changed(standard(), TIMESTAMP, "1614265331"), BODY, SECRET),
        (changed(standard(), TIMESTAMP, "01614265330"), BODY, SECRET),
        (changed(standard(), SIGNATURE, &format!("v1,{other}")), BODY, SECRET),
        (changed(standard(), SIGNATURE, &shorter), BODY, SECRET),
        (github(), b"Hello, World?", GITHUB_SECRET),
        (github(), GITHUB_BODY, b"It's a secret to everybody"),
    ] {
        let problem = verify(&headers, body, secret, now()).unwrap_err();
        assert_eq!(problem.message, "the signature does not fit the request", "{headers:?}");
    }
}

#[test]
fn a_request_outside_five_minutes_is_refused() {
    for (off, expected) in
        [(300_001, "too old: it was sent on 2021-02-25"), (-300_001, "comes from the future")]
    {
        let problem = verify(&standard(), BODY, SECRET, now().plus_millis(off)).unwrap_err();
        assert!(problem.message.contains(expected), "{problem}");
    }
}

#[test]
fn a_secret_that_keeps_nobody_out_is_refused_and_none_is_ever_shown() {
    for secret in [b"".as_slice(), b"short", b"whsec_", b"whsec_c2hvcnQ="] {
        let problem = verify(&standard(), BODY, secret, now()).unwrap_err();
        assert!(problem.message.contains("too short"), "{problem}");
    }
    let problem = verify(&standard(), BODY, b"whsec_CANARY canary!", now()).unwrap_err();
    assert!(problem.message.contains("not base64") && !problem.to_string().to_lowercase().contains("canary"));
    assert!(verify(&github(), GITHUB_BODY, b"", now()).unwrap_err().message.contains("too short"));
}

#[test]
fn what_we_sign_has_the_known_answer_and_is_accepted() {
    let signed = sign("msg_p5jXN8AQM9LWM0D4loKWxJek", now(), BODY, SECRET).unwrap();
    assert_eq!(signed[1].1, SENT.to_string());
    assert_eq!(signed[2].1, GOOD);
    let headers = signed.map(|(name, value)| (name.to_owned(), value));
    assert!(verify(&headers, BODY, SECRET, now()).is_ok());
    assert!(sign("a", now(), b"", b"whsec_c2hvcnQ=").unwrap_err().message.contains("too short"));
}

/// The example of Slack's documentation on verifying requests.
const SLACK_SECRET: &[u8] = b"8f742231b10e8888abcd99yyyzzz85a5";
const SLACK_BODY: &[u8] = b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
const SLACK_GOOD: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

#[test]
fn slack_s_known_answer_is_accepted_and_nothing_else() {
    let sent = Instant(1_531_420_618_000);
    let good = headers(&[("X-Slack-Request-Timestamp", "1531420618"), ("X-Slack-Signature", SLACK_GOOD)]);
    let kept = verify_slack(&good, SLACK_BODY, SLACK_SECRET, sent).unwrap();
    assert_eq!(format!("v0={kept}"), SLACK_GOOD);
    let capitals = changed(good.clone(), SLACK_SIGNATURE, &SLACK_GOOD.replace("a2114d", "A2114D"));
    assert_eq!(
        verify_slack(&capitals, SLACK_BODY, SLACK_SECRET, sent).unwrap(),
        kept,
        "one spelling is kept"
    );
    for (headers, body, secret, now, expected) in [
        (good.clone(), SLACK_BODY, SLACK_SECRET, sent.plus_millis(300_001), "too old"),
        (good.clone(), SLACK_BODY, SLACK_SECRET, sent.plus_millis(-300_001), "from the future"),
        (good.clone(), b"payload=", SLACK_SECRET, sent, "does not fit"),
        (good.clone(), SLACK_BODY, b"8f742231b10e8888abcd99yyyzzz85a6", sent, "does not fit"),
        (good.clone(), SLACK_BODY, b"", sent, "too short"),
        (
            changed(good.clone(), SLACK_TIMESTAMP, "1531420619"),
            SLACK_BODY,
            SLACK_SECRET,
            sent,
            "does not fit",
        ),
        (changed(good.clone(), SLACK_SIGNATURE, "v0=00"), SLACK_BODY, SLACK_SECRET, sent, "is not `v0=`"),
        (without(good.clone(), SLACK_SIGNATURE), SLACK_BODY, SLACK_SECRET, sent, "is missing"),
        (without(good, SLACK_TIMESTAMP), SLACK_BODY, SLACK_SECRET, sent, "is missing"),
    ] {
        let problem = verify_slack(&headers, body, secret, now).expect_err(expected);
        assert!(problem.message.contains(expected), "expected: {expected}\nfound: {problem}");
    }
}
