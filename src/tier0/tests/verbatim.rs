//! The promise of tier 0: a requester's words stand in the SOP as they are, where they stood, and none that binds is lost.

use super::{Authored, hold, testing};

/// Answers a mission's questions as somebody does who has a minute: all lines, the first one starts it, one name.
fn answered(q: &mut crate::roles::plan::PlanQuestion, questions: &[String]) {
    let answer = |question: &String| {
        let answer = if question.starts_with("What starts") {
            "Somebody asks for it in writing."
        } else if question.starts_with("Who") {
            "ops.manager"
        } else if question.starts_with("Which of these") {
            "all"
        } else {
            "1. Look at the case.\n2. Write down what was found within 2 days."
        };
        crate::roles::Answered { question: question.clone(), answer: answer.to_owned(), assumed: false }
    };
    q.mission.answers = questions.iter().map(answer).collect();
}

/// Letters and digits, so that marks and line ends do not count.
fn plain(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    format!(" {} ", words.collect::<Vec<_>>().join(" "))
}

/// The promise of this tier: whatever the requester's own lines lead to, each of its steps stands in the mission or in an
/// answer, word for word and in that order, and nothing that binds is missing from the text.
#[test]
fn a_mission_nobody_tuned_for_keeps_its_words_and_their_order() {
    let roster = testing::roster();
    let mut led = 0;
    for (name, title, text) in testing::prose() {
        let mut q = testing::plan_question(&title, &text);
        let made = testing::authored(&q, &roster).or_else(|questions| {
            testing::dump_questions(&name, &questions);
            assert!(
                questions.len() <= 3 && questions.iter().all(|one| one.contains('?')),
                "{name}: {questions:?}"
            );
            answered(&mut q, &questions);
            testing::authored(&q, &roster)
        });
        let made = made.unwrap_or_else(|again| panic!("{name} asks again: {again:?}"));
        hold(&name, &made, &roster);
        if made
            .drafts
            .iter()
            .all(|worker| worker.draft.steps.iter().all(|step| step.artifact.starts_with("run record")))
        {
            led += 1;
            verbatim(&name, &made, &q);
        }
        let said = testing::said(&q);
        let coverage = crate::ledger::coverage(&said, &crate::sop::render(&made.sop), None);
        assert_eq!(coverage.findings(), [], "{name}");
    }
    assert!(led > 30, "{led}");
}

fn verbatim(name: &str, made: &Authored, q: &crate::roles::plan::PlanQuestion) {
    let answers: Vec<&str> = q.mission.answers.iter().map(|one| one.answer.as_str()).collect();
    let told = plain(&format!("{}\n{}", q.mission.text, answers.join("\n")));
    let mut from = 0;
    for step in &made.sop.body.steps {
        let prose = crate::sop::fences::prose(&step.text);
        let line = plain(prose.split("\n\n").next().unwrap());
        let at = told.get(from..).and_then(|rest| rest.find(line.trim_end()));
        let at = at.unwrap_or_else(|| panic!("{name}: “{line}” is not what was told, or not where"));
        from += at;
        let title = step.title.trim_end_matches('…').rsplit(": ").next().unwrap();
        assert!(told.contains(plain(title).trim_end()), "{name}: {title}");
    }
}

/// Missions whose structure says all: what they say, and what an SOP of them holds, in this order.
const STRUCTURED: [(&str, &str, &[&str]); 6] = [
    (
        "Kasse öffnen",
        "## Ablauf\n\n1. Wechselgeld zählen, zwei Personen.\n2. Differenz über 5,00 Euro sofort melden.\n\nBeginn: jeden Morgen um 7:30 Uhr\n\nVerantwortlich: ops.manager",
        &[
            "Beginn: jeden Morgen um 7:30 Uhr",
            "Wechselgeld zählen, zwei Personen.",
            "Differenz über 5,00 Euro sofort melden.",
        ],
    ),
    (
        "Goods received damaged",
        "When a delivery is damaged:\n\n- IT is told if it is hardware\n- photograph the parcel before it is opened\n- finance: hold back the payment, at most 30 days\n\nNobody may sign for a damaged parcel.",
        &[
            "Nobody may sign for a damaged parcel.",
            "When a delivery is damaged",
            "IT is told if it is hardware",
            "photograph the parcel before it is opened",
            "finance: hold back the payment, at most 30 days",
        ],
    ),
    (
        "Leaked key",
        "## Containment\n1. Disable the key.\n2. Block the address.\n\n## Recovery\n1. Restore the backup.\n2. Tell the owner within 1 hour.\n\nTrigger: a scanner reports a key in a public place\nOwner: it.security",
        &[
            "Containment: Disable the key",
            "Containment: Block the address",
            "Recovery: Restore the backup",
            "Recovery: Tell the owner within 1 hour",
        ],
    ),
    (
        "Opening the till",
        "| No | Who | What |\n| -- | --- | ---- |\n| 1 | finance | Count the float |\n| 2 | the CEO | Sign the sheet |\n\nStart: 8:00 every working day",
        &["Count the float", "Who: finance", "Sign the sheet", "Who: the CEO"],
    ),
    (
        "Réponse aux réclamations",
        "### Étapes\n- Accuser réception sous 24 heures\n- Répondre sous 5 jours ouvrés\n\n### Déclencheur\nUne réclamation arrive par écrit.\n\n### Responsable\nsupport.lead\n\n### Rollback\nRetirer la réponse et écrire au client.",
        &[
            "Une réclamation arrive par écrit.",
            "Accuser réception sous 24 heures",
            "Répondre sous 5 jours ouvrés",
            "Rollback: Retirer la réponse et écrire au client.",
        ],
    ),
    (
        "Backups",
        "1. Purpose\nSays how we back up.\n\n2. Procedure\n2.1 Daily\n2.1.1 The job starts at 02:00.\n2.1.2 it.security reads its log by 09:00.\n2.2 Restore test\n2.2.1 One dump is restored each quarter.\n\n3. Exceptions\nIf the server is full, the oldest dump may be deleted after it.security has agreed.\n\nTrigger: every night at 02:00",
        &[
            "Says how we back up.",
            "Daily",
            "The job starts at 02:00.",
            "it.security reads its log by 09:00.",
            "Restore test",
            "One dump is restored each quarter.",
            "If the server is full, the oldest dump may be deleted",
        ],
    ),
];

#[test]
fn structure_says_what_is_a_step_and_what_is_not_in_any_language() {
    let roster = testing::roster();
    for (title, text, lines) in STRUCTURED {
        let q = testing::plan_question(title, text);
        let made = testing::authored(&q, &roster).unwrap_or_else(|asked| panic!("{title} asks {asked:?}"));
        hold(title, &made, &roster);
        let sop = crate::sop::render(&made.sop);
        let mut rest = sop.as_str();
        for line in lines {
            let Some((_, after)) = rest.split_once(line) else {
                panic!("{title} lacks “{line}” there: {sop}")
            };
            rest = after;
        }
        let coverage = crate::ledger::coverage(&testing::said(&q), &sop, None);
        assert_eq!(coverage.findings(), [], "{title}: {sop}");
    }
}

/// A mission whose title holds that of an SOP in force is asked whether it means that one; what is answered is no text.
#[test]
fn a_mission_that_names_an_sop_in_force_is_asked_whether_it_changes_it() {
    let roster = testing::roster();
    let mut q = testing::plan_question(
        "Key handover: faster",
        "1. Give the key within 2 hours.\n2. Note it.\n\nStart: a tenant moves in\nOwner: ops.manager",
    );
    assert!(testing::authored(&q, &roster).is_ok());
    q.sops.push(crate::roles::plan::SopView {
        id: "SOP-OPS-key-handover".to_owned(),
        version: "1.0".to_owned(),
        title: "Key handover".to_owned(),
        owner: "ops.manager".to_owned(),
        trigger: "A tenant moves in.".to_owned(),
    });
    let asked = testing::authored(&q, &roster).err().unwrap();
    assert!(asked.len() == 1 && asked[0].contains("`sop: SOP-OPS-key-handover`"), "{asked:?}");
    q.mission.answers =
        vec![crate::roles::Answered { question: asked[0].clone(), answer: "new".to_owned(), assumed: false }];
    let made = testing::authored(&q, &roster).unwrap();
    assert_eq!(made.sop.body.steps.len(), 2);
    assert!(!crate::sop::render(&made.sop).contains("new"), "it is an answer about the mission");
}
