//! Whole missions in tier 0: the shipped examples, and missions nobody tuned for.

mod verbatim;

use super::testing::{self, Authored};
use crate::contract::{Answer, Severity};
use crate::roles::user_test::{ExecuteQuestion, GradeQuestion, ScenarioQuestion};
use crate::roster::Roster;

/// Everything that must hold for an SOP a mission ends with.
fn hold(name: &str, made: &Authored, roster: &Roster) {
    let text = crate::sop::render(&made.sop);
    testing::dump(name, made, roster);
    assert_eq!(crate::sop::parse(name, &text).as_ref(), Ok(&made.sop), "{name}");
    let blocking: Vec<_> =
        testing::lint(&made.sop, roster).into_iter().filter(|f| f.severity == Severity::Blocking).collect();
    assert!(blocking.is_empty(), "{name}: {blocking:#?}");
    for draft in &made.drafts {
        let wrong = crate::draft::checks::check(&draft.draft);
        assert!(wrong.is_empty(), "{name} {}: {wrong:#?}", draft.agent);
    }
    let items: Vec<_> = made.drafts.iter().flat_map(|d| crate::draft::items(&d.agent, &d.draft)).collect();
    let wrong = crate::draft::dispositions::check(&items, &made.synthesis.dispositions, &text);
    assert!(wrong.is_empty(), "{name}: {wrong:#?}");
    let known: Vec<&str> = crate::sop::lint::CHECKS.iter().map(|(name, _)| *name).collect();
    let wrong = crate::contract::lint(&made.contract(), &made.assignments(), &known);
    assert!(wrong.is_empty(), "{name}: {wrong:#?}");
    verdicts(name, made, &text);
}

/// Every promise is kept, with a quote that is really there, also when the check has to be read back from the
/// statement; and the scenarios can be walked.
fn verdicts(name: &str, made: &Authored, text: &str) {
    let contract = made.contract();
    let views = made.views();
    let scrutiny = crate::roles::scrutiny::ScrutinyQuestion {
        sop: text.to_owned(),
        assertions: views.clone(),
        findings: Vec::new(),
        asked: Vec::new(),
        open: Vec::new(),
        gone: Vec::new(),
    };
    for known in [contract.assertions.as_slice(), &[]] {
        let answer = super::scrutiny::scrutiny(&scrutiny, known);
        for (verdict, assertion) in answer.verdicts.iter().zip(&contract.assertions) {
            assert_eq!(verdict.answer, Answer::Pass, "{name}: {verdict:#?} {assertion:#?}");
            let verified = crate::contract::verify(verdict, assertion, text);
            assert!(verified.passes(), "{name}: {verified:#?} {assertion:#?}");
        }
    }
    let question = ScenarioQuestion {
        title: made.plan.title.clone(),
        objective: made.plan.objective.clone(),
        text: String::new(),
        assertions: views.clone(),
        count: 3,
        used: Vec::new(),
    };
    for scenario in super::scenarios::scenarios(&question).scenarios {
        let trace =
            super::walk::execute(&ExecuteQuestion { sop: text.to_owned(), scenario: scenario.clone() });
        assert_eq!(trace.steps.len(), made.sop.body.steps.len(), "{name}");
        assert!(trace.ended(), "{name}: {scenario:?} {trace:#?}");
        let graded = super::grade::grade(
            &GradeQuestion {
                sop: text.to_owned(),
                scenario,
                trace,
                others: Vec::new(),
                assertions: views.clone(),
            },
            &contract.assertions,
        );
        assert!(graded.root_causes.is_empty(), "{name}: {:?}", graded.root_causes);
    }
}

#[test]
fn the_example_missions_give_sops() {
    let roster = testing::roster();
    let first = testing::example("1-lead-qualification", None);
    let first = testing::authored(&first, &roster).unwrap();
    hold("example-1", &first, &roster);
    let current = crate::sop::render(&first.sop);
    let second =
        testing::authored(&testing::example("2-partner-referrals", Some(&current)), &roster).unwrap();
    hold("example-2", &second, &roster);
    for name in ["3-marketing-to-sales-handoff", "4-vendor-invoice-approval"] {
        let made = testing::authored(&testing::example(name, None), &roster).unwrap();
        hold(name, &made, &roster);
    }
}

/// A command is published byte for byte as its agent's knowledge has it, also by a change that touches its step,
/// and stands beside a step of a person and a gate.
#[test]
fn a_command_reaches_the_published_sop_as_it_was_written() {
    let roster = testing::roster();
    let known = roster.get("sales.ops").unwrap().topics.iter().flat_map(|topic| &topic.steps);
    let commands: Vec<String> =
        known.flat_map(|known| crate::sop::fences::fences(&known.step.text)).collect();
    let [command] = commands.as_slice() else { panic!("{commands:?}") };
    assert!(command.starts_with("```bash\n") && command.contains("\n\n") && command.contains("\n  local "));

    let first = testing::authored(&testing::example("1-lead-qualification", None), &roster).unwrap();
    let current = crate::sop::render(&first.sop);
    let second =
        testing::authored(&testing::example("2-partner-referrals", Some(&current)), &roster).unwrap();
    for sop in [&first.sop, &second.sop] {
        assert_eq!(crate::sop::render(sop).matches(command.as_str()).count(), 1);
        let with: Vec<_> = sop.body.steps.iter().filter(|step| step.text.contains("```")).collect();
        let [step] = with.as_slice() else { panic!("{with:?}") };
        assert_eq!(step.assignee.as_deref(), Some("sales.ops"));
        let person = |step: &&crate::sop::Step| {
            let agent = step.assignee.as_deref().and_then(|id| roster.get(id));
            agent.is_some_and(|agent| agent.head.runtime == crate::roster::Runtime::Person)
        };
        let call = sop.body.steps.iter().find(person).unwrap();
        assert_eq!((call.approval_required, call.reaches_customers), (Some(true), Some(true)));
        assert!(call.approvers.is_some());
    }
    let lines = testing::lint(&second.sop, &roster);
    assert!(!lines.iter().any(|finding| finding.quote.contains("INPUT_")), "{lines:?}");
}

/// The change of an SOP told in one paragraph: the figure changes where it stands, and nothing else.
#[test]
fn a_change_told_in_prose_touches_what_it_is_about() {
    let roster = testing::roster();
    let first = testing::authored(&testing::example("1-lead-qualification", None), &roster).unwrap();
    let current = crate::sop::render(&first.sop);
    let mut q = testing::plan_question(
        "Faster first calls",
        "Call the contact within 4 business hours of the record's entry into the stage New. Every call is recorded in the CRM with the name of the caller.",
    );
    q.mission.current = Some(current.clone());
    q.mission.change = "minor".to_owned();
    let second = testing::authored(&q, &roster).unwrap();
    hold("change-in-prose", &second, &roster);
    assert_eq!(second.plan.title, "Lead qualification");
    let before: Vec<&str> = current.lines().collect();
    let text = crate::sop::render(&second.sop);
    let fresh: Vec<&str> = text.lines().filter(|line| !before.contains(line)).collect();
    assert!(text.contains("Call the contact within 4 business hours of the record's entry"), "{fresh:#?}");
    assert!(!text.contains("Call the contact within 1 business day of the record's entry"), "{fresh:#?}");
    assert!(fresh.len() <= 4, "{fresh:#?}");
}

/// A person's comments are applied where code can, and stay visible where it cannot.
#[test]
fn comments_change_the_text_they_are_about() {
    let roster = testing::roster();
    let made = testing::authored(&testing::example("1-lead-qualification", None), &roster).unwrap();
    let mut question = made.question.clone();
    question.previous = Some(crate::sop::render(&made.sop));
    question.comments = vec![
        "replace \"Make 3 call attempts\" with \"Make 4 call attempts\"".to_owned(),
        "Remove: the email signature".to_owned(),
        "Add to Pre-flight: Check that the lead is not on the do-not-call list; refuse the run if it is."
            .to_owned(),
        "replace \"no such words\" with \"others\"".to_owned(),
    ];
    let synthesis = super::synthesise::synthesise(&question);
    let sop = testing::document(&made.plan, &synthesis);
    let text = crate::sop::render(&sop);
    assert!(text.contains("Make 4 call attempts") && !text.contains("Make 3 call attempts"));
    assert!(
        sop.body
            .preflight
            .ends_with("- Check that the lead is not on the do-not-call list; refuse the run if it is.")
    );
    assert!(!text.contains("the email signature") && text.contains("Merge a duplicate lead"), "{text}");
    assert!(synthesis.dissent.iter().any(|dissent| dissent.settled.contains("no such words")));
    let items: Vec<_> = made.drafts.iter().flat_map(|d| crate::draft::items(&d.agent, &d.draft)).collect();
    assert_eq!(crate::draft::dispositions::check(&items, &synthesis.dispositions, &text), []);
}

/// Questions lead somewhere: their answers are enough to draft from.
#[test]
fn answers_to_the_questions_give_an_sop() {
    let roster = testing::roster();
    let mut q = testing::plan_question("Birthday cakes", "Everyone likes cake.");
    let questions = testing::authored(&q, &roster).err().unwrap();
    assert_eq!(questions.len(), 3, "{questions:?}");
    let answer = |question: &String| {
        let answer = if question.starts_with("What starts") {
            "A colleague's birthday is seven days away."
        } else if question.starts_with("Who") {
            "The office manager."
        } else {
            "1. Look up the birthday in the list\n2. Order a cake for at most 40 euro\n3. Collect signatures on a card\n4. Hand over cake and card at 15:00"
        };
        crate::roles::Answered { question: question.clone(), answer: answer.to_owned(), assumed: false }
    };
    q.mission.answers = questions.iter().map(answer).collect();
    let made = testing::authored(&q, &roster).unwrap();
    hold("birthday-cakes-answered", &made, &roster);
    assert_eq!((made.plan.owner.as_str(), made.sop.body.steps.len()), ("ops.manager", 4));
    assert_eq!(made.sop.body.trigger, "A colleague's birthday is seven days away.");
    assert_eq!(made.sop.body.steps[1].text, "Order a cake for at most 40 euro.");
    // Whoever is named there does it, by id, title or department; what names nobody is not passed over in silence.
    for (said, owner) in [
        ("people.partner, department PEO", "people.partner"),
        ("That is finance.controller.", "finance.controller"),
        ("Department FIN answers for the result", "finance.controller"),
        ("Whoever is there", "ops.manager"),
    ] {
        for answered in q.mission.answers.iter_mut().filter(|one| one.question.starts_with("Who")) {
            said.clone_into(&mut answered.answer);
        }
        let made = testing::authored(&q, &roster).unwrap();
        assert_eq!(made.plan.owner, owner, "{said}");
        let doers = made.sop.body.steps.iter().filter_map(|step| step.assignee.as_deref());
        assert!(doers.clone().all(|who| who == owner), "{said}: {:?}", doers.collect::<Vec<_>>());
        let told = made.drafts.iter().any(|worker| {
            worker.draft.assumptions.iter().any(|one| one.contains(said) && one.contains(owner))
        });
        assert_eq!(told, !said.contains(owner), "{said}: {:?}", made.drafts);
    }
}

#[test]
fn whatever_is_dropped_nothing_breaks() {
    let roster = testing::roster();
    let long = "We check it. ".repeat(3_000);
    let odd = [
        ("", ""),
        ("???", "!!!\n\n---\n| a | b |"),
        ("İstanbul ofisi", "İ İ İ. Ünïcödé — “quotes” … 🎂🎂"),
        ("Order", "- \n- .\n1. \n2. and\n   - nested"),
        ("Invoices", &long),
        ("A", "```\nnever closed"),
    ];
    for (title, text) in odd {
        match testing::authored(&testing::plan_question(title, text), &roster) {
            Ok(made) => hold("odd", &made, &roster),
            Err(questions) => assert!(!questions.is_empty()),
        }
    }
}
