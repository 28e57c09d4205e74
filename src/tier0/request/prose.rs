//! Reads the requester's own words into the parts of a procedure: what starts it, who does what in which
//! order, how long it may take, when it is finished, what it does not cover. What cannot be read is left
//! as context; nothing is added.

use super::marks::{
    LONGEST_RULE, Under, asks_the_writer, ban_behind, binds, done_clause, event_in, event_of_complaint,
    first_clause, forbids, heading, is_complaint, is_event, is_order_to_us, is_outside, limit_as_order,
    limits_the_whole, list_pieces, starts_work, thing_of, wish_behind, without_chat,
};
use super::material::{ASK_DONE, ASK_STEPS, ASK_TRIGGER, ASK_WHO, Material, ProseStep};
use super::measure::{FEW_STEPS, MOST_STEPS, bounded, conditions_as_rules, split};
use crate::base::text::{capital, full_stop, uncapital};
use crate::roles::Answered;
use crate::tier0::english::clause::{Clause, pronoun_resolved};
use crate::tier0::english::figures::{self, deadlines};
use crate::tier0::english::pieces::{self, clauses};
use crate::tier0::english::reading::clause;
use crate::tier0::english::sentences::{Block, blocks, sentences};
use crate::tier0::english::words::is_english;

/// Reads the mission's text, then what was answered.
pub(crate) fn read(text: &str, answers: &[Answered]) -> Material {
    let mut reader = Reader::default();
    for block in blocks(text).into_iter().take(MOST_BLOCKS) {
        reader.block(block);
    }
    for answered in answers.iter().filter(|answered| !answered.assumed) {
        reader.answer(answered);
    }
    let mut material = reader.material;
    if !material.listed {
        material.steps = conditions_as_rules(std::mem::take(&mut material.steps));
    }
    if material.steps.len() < FEW_STEPS {
        material.steps = material.steps.iter().flat_map(split).collect();
    }
    if super::sound::can_lead(&material) {
        super::sound::set_unclear_aside(&mut material);
    }
    bounded(&mut material);
    material.contradictions = super::contradiction::found(&material);
    let told: String = answers.iter().map(|answered| format!(" {}", answered.answer)).collect();
    material.readable = is_english(&format!("{text}{told}"));
    material
}

/// More than this nobody follows, and comparing them all with each other would take long.
const MOST_BLOCKS: usize = 400;
/// A piece between commas with more words is no rest of the piece before it.
const LONGEST_REST: usize = 4;
/// A longer sentence is not read for its clauses.
const LONGEST_SENTENCE: usize = 90;

#[derive(Default)]
struct Reader {
    material: Material,
    under: Under,
}

impl Reader {
    fn block(&mut self, block: Block) {
        match block {
            Block::Heading(title) => self.under = heading(&title),
            Block::Item { text, nested, numbered } => self.item(&text, &nested, numbered),
            Block::Paragraph(sentences) => {
                for sentence in sentences {
                    self.sentence(&sentence);
                }
            }
        }
    }

    fn answer(&mut self, answered: &Answered) {
        let asked = |begin: &str| answered.question.starts_with(begin);
        self.under = if asked(ASK_TRIGGER) {
            Under::Trigger
        } else if asked(ASK_DONE) {
            Under::Done
        } else if asked(ASK_STEPS) {
            Under::Steps
        } else {
            Under::Anything
        };
        if asked(ASK_WHO) {
            self.material.who = Some(answered.answer.trim().to_owned());
            return;
        }
        for block in blocks(&answered.answer) {
            self.block(block);
        }
        self.under = Under::Anything;
    }

    fn item(&mut self, text: &str, nested: &[String], numbered: bool) {
        if self.placed(text) {
            return;
        }
        let parts = sentences(text);
        let mut step: Option<ProseStep> = None;
        for part in &parts {
            let order = clause(part).filter(|order| !order.never);
            match (order, step.as_mut()) {
                (Some(order), None) => step = Some(step_of(order, part)),
                (Some(order), Some(step)) => extend(step, order, part),
                (None, Some(step)) => step.rules.push(full_stop(&capital(part))),
                (None, None) => {}
            }
        }
        match step {
            Some(mut step) => {
                self.material.listed = true;
                for order in &mut step.orders {
                    order.order = self
                        .first_thing()
                        .map_or(order.order.clone(), |noun| pronoun_resolved(&order.order, &noun));
                }
                step.rules.extend(nested.iter().map(|rule| full_stop(&capital(rule))));
                self.material.steps.push(step);
            }
            None if numbered || self.under == Under::Steps => self.unread_step(text),
            None => self.sentence(text),
        }
    }

    /// A numbered item is a step because its writer said so, also where no verb of ours is in it.
    fn unread_step(&mut self, text: &str) {
        let order = uncapital(text.trim_end_matches('.'));
        let clause = Clause { actor: None, order, condition: None, never: false, binding: true };
        let step = step_of(clause, text);
        self.material.listed = true;
        self.material.steps.push(step);
    }

    /// Text below a heading (or in answer to a question) that says what it is; true when it was taken.
    fn placed(&mut self, text: &str) -> bool {
        let sentence = full_stop(&capital(text));
        match self.under {
            Under::Trigger => {
                self.material.trigger.get_or_insert(sentence);
            }
            Under::Done => {
                self.material.done.get_or_insert(done_clause(text).unwrap_or_else(|| text.to_owned()));
            }
            Under::OutOfScope => self.material.out_of_scope.push(sentence),
            Under::Rules => self.material.rules.push(sentence),
            Under::Inputs => self.material.inputs.push(text.to_owned()),
            Under::Steps | Under::Anything => return false,
        }
        true
    }

    fn sentence(&mut self, said: &str) {
        if self.placed(said) {
            return;
        }
        if is_order_to_us(said) {
            self.wished_things(said.split_once(": ").map_or("", |(_, list)| list));
            return;
        }
        if let Some((work, ban)) = ban_behind(said) {
            self.sentence(&work);
            self.material.rules.push(ban);
            return;
        }
        if said.split_whitespace().count() > LONGEST_SENTENCE || self.material.steps.len() > 4 * MOST_STEPS {
            self.material.unused.push(said.to_owned());
            return;
        }
        let said = &self.it_named(said);
        if let Some(done) = done_clause(said) {
            self.material.done = Some(done);
        } else if asks_the_writer(said) {
            self.material.unused.push(said.clone());
        } else if forbids(said) && !self.material.steps.is_empty() {
            self.material.rules.push(full_stop(&capital(said)));
        } else if is_complaint(said) {
            if self.material.trigger.is_none() {
                self.material.trigger = event_of_complaint(said);
            }
            if said.split(' ').count() <= LONGEST_RULE {
                self.material.background.push(full_stop(&capital(said)));
            } else {
                self.material.unused.push(said.clone());
            }
        } else if !(self.is_limit_of_the_whole(said)
            || self.is_goal(said)
            || self.is_out_of_scope(said)
            || self.listed_orders(said))
        {
            self.material.inputs.extend(super::marks::inputs_in(said));
            let mut found = false;
            for piece in pieces::pieces(said) {
                if let Some(order) = clause(&piece) {
                    found = true;
                    self.order(order, &piece);
                }
            }
            if !found {
                self.remark(said);
            }
        }
    }

    fn order(&mut self, mut order: Clause, said: &str) {
        if order.never {
            self.material.rules.push(order.sentence());
            return;
        }
        if order.actor.as_deref() == Some("one") {
            let rule = full_stop(&capital(said));
            match self.material.steps.last_mut() {
                Some(step) => step.rules.push(rule),
                None => self.material.unused.push(rule),
            }
            return;
        }
        if self.material.steps.is_empty() {
            if let Some(event) = order.condition.as_deref().and_then(event_in) {
                self.material.trigger = Some(event);
                order.condition = None;
            } else if self.material.trigger.is_none() && starts_work(&order) {
                self.material.trigger = Some(full_stop(&capital(said)));
                return;
            }
        }
        if order.order.split(' ').nth(1) == Some("it") {
            order.order =
                self.antecedent().map_or(order.order.clone(), |noun| pronoun_resolved(&order.order, &noun));
        }
        if let Some((_, period)) =
            order.order.split_once("once a ").filter(|_| order.order.split(' ').count() <= 4)
        {
            self.material.trigger.get_or_insert(format!("A new {} begins.", period.trim_end_matches('.')));
            return;
        }
        let step = step_of(order, said);
        self.material.steps.push(step);
    }

    /// A sentence that begins with `It` and means the thing before.
    fn it_named(&self, said: &str) -> String {
        match (said.strip_prefix("It "), self.antecedent()) {
            (Some(rest), Some(noun)) if !rest.starts_with("must not take") => {
                format!("{} {rest}", capital(&noun))
            }
            _ => said.to_owned(),
        }
    }

    /// What an `it` means in a list: the thing its first step is about.
    fn first_thing(&self) -> Option<String> {
        thing_of(&self.material.steps.first()?.orders.first()?.order)
    }

    /// What an `it` means in a text: the thing the step before was about.
    fn antecedent(&self) -> Option<String> {
        thing_of(&self.material.steps.last()?.orders.last()?.order)
    }
    fn remark(&mut self, said: &str) {
        let short = said.split(' ').count() <= LONGEST_RULE;
        if binds(said) && short {
            self.material.rules.push(limit_as_order(&full_stop(&capital(without_chat(said)))));
            if let [limit] = deadlines(said).as_slice() {
                self.material.limit.get_or_insert(*limit);
            }
        } else if !self.event(said) {
            self.material.unused.push(said.to_owned());
        }
    }

    fn event(&mut self, said: &str) -> bool {
        let taken = self.material.trigger.is_none() && is_event(said);
        if taken {
            self.material.trigger = Some(first_clause(&full_stop(&capital(said))));
        }
        taken
    }

    /// `We need one way of doing it: look up the order, decide, refund …`
    fn listed_orders(&mut self, said: &str) -> bool {
        let listed = said.split_once(": ").map_or(said, |(_, list)| list);
        let pieces = list_pieces(listed);
        let orders: Vec<Clause> = pieces.iter().filter_map(|piece| clause(piece)).collect();
        let all =
            orders.len() == pieces.len() && orders.iter().all(|order| order.actor.is_none() && !order.never);
        if !all || orders.len() < 3 {
            return false;
        }
        for (mut order, piece) in orders.into_iter().zip(&pieces) {
            order.order =
                self.first_thing().map_or(order.order.clone(), |noun| pronoun_resolved(&order.order, &noun));
            let step = step_of(order, piece);
            self.material.steps.push(step);
        }
        true
    }

    fn is_limit_of_the_whole(&mut self, said: &str) -> bool {
        if !limits_the_whole(said) {
            return false;
        }
        self.material.limit = figures::spans(said).into_iter().next().map(|(span, _)| span);
        self.material.rules.push(full_stop(&capital(without_chat(said))));
        true
    }

    fn is_goal(&mut self, said: &str) -> bool {
        let Some(wished) = wish_behind(said) else { return false };
        self.material.wished = true;
        if self.listed_orders(said) {
            return true;
        }
        self.material.goals.push(full_stop(&capital(said)));
        let rest = said.split_once(": ").map(|(_, rest)| rest);
        if let Some(order) = rest.filter(|rest| !clauses(rest).is_empty()) {
            let order = order.to_owned();
            self.sentence(&capital(&order));
        } else if let Some((_, rule)) = said.split_once(" and that ") {
            let rule = capital(rule);
            self.sentence(&rule);
        } else {
            self.wished_things(wished);
        }
        true
    }

    /// `… a handover meeting, a written summary, and somebody named within a day`: each is something to do.
    fn wished_things(&mut self, wished: &str) {
        let pieces = list_pieces(wished);
        if pieces.len() < 2 {
            return;
        }
        let mut thing = None;
        for piece in pieces {
            thing = super::wish::thing_named(&piece).or(thing);
            let about = thing.as_deref().and_then(|thing| super::wish::order_about(thing, &piece));
            match (about.or_else(|| super::wish::order(&piece)), self.material.steps.last_mut()) {
                (Some(order), _) => self.material.steps.push(step_of(order, &piece)),
                // `graded A, B or C`: the comma stood inside of one wish.
                (None, Some(step)) if piece.split(' ').count() <= LONGEST_REST => {
                    if let Some(order) = step.orders.last_mut() {
                        order.order = format!("{}, {piece}", order.order);
                    }
                }
                (None, _) => {}
            }
        }
    }

    fn is_out_of_scope(&mut self, said: &str) -> bool {
        let found = is_outside(said);
        if found {
            self.material.out_of_scope.push(full_stop(&capital(said)));
        }
        found
    }
}

fn step_of(order: Clause, said: &str) -> ProseStep {
    let limit = deadlines(said).into_iter().next();
    ProseStep { actor: order.actor.clone(), orders: vec![order], rules: Vec::new(), limit }
}

fn extend(step: &mut ProseStep, order: Clause, said: &str) {
    if step.limit.is_none() {
        step.limit = deadlines(said).into_iter().next();
    }
    step.orders.push(order);
}
