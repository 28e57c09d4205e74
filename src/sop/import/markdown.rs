//! Any other Markdown or plain text: parts whose heading names a section of ours fill it, lists of steps become steps in
//! their order, and the rest is kept under Scope.

use super::fields::control_title;
use super::lists::{Item, List, Want, list};
use super::mend::{closed, placed, step_text, words};
use super::plan::{How, Piece, Role, leaves, plan};
use super::titles::{is_step, of_document, of_item, without_number};
use super::{Draft, add, inputs};
use crate::base::yaml;
use crate::sop::document::{Section, Step};
use crate::sop::headings::{Field, field};
use crate::sop::outline::{BlockKind, Part, blocks, lines_between, parts};
use crate::sop::words::is_agent_id;

pub(super) fn read(mut draft: Draft, file: &str, text: &str) -> Draft {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
    let (head, body, first_line) = cut_head(file, &text);
    let body = closed(body);
    let (title, body) = of_document(file, head, &body, control_title(&body));
    draft.title = title;
    let level = section_level(&body);
    let pieces: Vec<Piece> = parts(&body, level, first_line)
        .into_iter()
        .map(|part| if part.level == 0 { draft.take_control(&part) } else { part })
        .map(Piece::new)
        .collect();
    let hows = plan(&pieces);
    let several = pieces.iter().zip(&hows).filter(|(_, how)| how.is_some()).count() > 1;
    for (piece, how) in pieces.iter().zip(hows) {
        match how {
            Some(how) => steps(&mut draft, piece, how, several),
            None => place(&mut draft, piece),
        }
    }
    if let Some(head) = head.filter(|head| !head.trim().is_empty()) {
        draft.says_head(head);
        let fence = closed(&format!("```yaml\n{}\n```", head.trim_end()));
        let part =
            Part { level: 2, title: "Head of the source".to_owned(), line: 1, text: fence, text_line: 2 };
        draft.keep(&part);
    }
    draft.source = Some(text);
    draft
}

/// The YAML head, the body, and the line the body begins on. Lines of dashes around running text are no head.
pub(super) fn cut_head<'t>(file: &str, text: &'t str) -> (Option<&'t str>, &'t str, u32) {
    let is_key = |line: &str| {
        let key = line.split_once(':').map(|(key, _)| key);
        line.starts_with('#') || key.is_some_and(|key| !key.is_empty() && !key.contains(' '))
    };
    if let Ok(cut) = yaml::front_matter(file, text) {
        let first = cut.head.and_then(|head| head.lines().find(|line| !line.trim().is_empty()));
        if cut.head.is_none() || first.is_none_or(is_key) {
            return (cut.head, cut.body, cut.body_line);
        }
    }
    let behind = text.split_once('\n').map_or("", |(_, rest)| rest);
    (None, behind, 2)
}

/// The level at which the body is cut into parts: the second, or the first level below where nothing stands there.
pub(super) fn section_level(body: &str) -> u8 {
    let levels = blocks(body).into_iter().filter_map(|block| match block.kind {
        BlockKind::Heading(level, _) => Some(level),
        _ => None,
    });
    let levels: Vec<u8> = levels.collect();
    let below = levels.iter().copied().filter(|level| *level > 1).min();
    // Several headings of the first level are the parts themselves.
    let many = levels.iter().filter(|level| **level == 1).nth(1).is_some();
    if many && below != Some(2) { 1 } else { below.unwrap_or(2) }
}

/// What a part that holds no steps fills.
fn place(draft: &mut Draft, piece: &Piece) {
    let part = &piece.part;
    if part.text.is_empty() {
        draft.bare(part);
        return;
    }
    match piece.role {
        Role::Intro => draft.overview(&part.text),
        Role::Field(Field::Impact) => draft.says_impact(part),
        Role::Field(Field::Objective) => draft.says_objective(part),
        Role::Field(Field::Owner) => draft.says_owner(part),
        Role::Field(Field::Rollback) => draft.says_rollback(part),
        Role::Field(Field::OutOfScope) => draft.says_scope(part, true),
        Role::Field(Field::Control) => {
            let rest = draft.take_control(part);
            draft.keep(&rest);
        }
        Role::Section(Section::Scope) => draft.says_scope(part, false),
        Role::Section(Section::Inputs) => says_inputs(draft, part),
        Role::Section(Section::Purpose) => {
            draft.moved(part, Section::Purpose.title());
            draft.overview(&part.text);
        }
        Role::Field(Field::Phase) | Role::Section(Section::Steps) | Role::Context | Role::Open => {
            draft.keep(part);
        }
        Role::Section(section) => {
            draft.moved(part, section.title());
            let text = placed(&part.text, 3);
            add(draft.section(section), &text);
        }
    }
}

fn says_inputs(draft: &mut Draft, part: &Part) {
    let (found, rest) = inputs::read(&part.text, &draft.body.inputs);
    let none =
        ["none", "no inputs", "n/a", "not applicable", "keine", "aucune", "ninguna", "nessuno", "geen"];
    let said = part.text.trim().trim_start_matches(['-', '*', ' ']).trim_end_matches('.').to_lowercase();
    draft.inputs_are_said |= !found.is_empty() || none.contains(&said.as_str());
    if !found.is_empty() {
        draft.moved(part, Section::Inputs.title());
        draft.body.inputs.extend(found);
    }
    draft.keep(&Part { text: rest, ..part.clone() });
}

/// The steps a part holds, and what stands around them.
fn steps(draft: &mut Draft, piece: &Piece, how: How, several: bool) {
    let part = &piece.part;
    let title = without_number(&part.title);
    // Where several parts follow each other, each says to which of them it belongs; `Steps` says nothing.
    let plain = title.split_whitespace().count() == 1 && piece.role == Role::Section(Section::Steps);
    let group = (several && !plain && !title.is_empty()).then(|| title.to_owned());
    if how == How::One {
        push(draft, title, &part.text, None);
        return;
    }
    if group.is_none() {
        draft.moved(part, Section::Steps.title());
    }
    let mut all = leaves(part);
    let before = all.remove(0);
    let first = match how {
        How::Paragraphs => Some(paragraphs(&before.text)),
        How::Headings if all.is_empty() => list(&before.text, Want::Any),
        // Bullets above headings are what is needed for the work below these.
        How::Headings => list(&before.text, Want::Sure),
        How::List(want) => list(&before.text, want),
        How::One => None,
    };
    let listed = first.is_some();
    let above = Part { title: part.title.clone(), level: part.level, ..before };
    match first {
        Some(list) => items(draft, &above, list, group.as_deref()),
        None => around(draft, &above),
    }
    for leaf in all {
        let want = if let How::List(want) = how { want } else { Want::Sure };
        let is_group =
            how != How::Headings || listed || field(without_number(&leaf.title)) == Some(Field::Phase);
        let own = list(&leaf.text, want).filter(|_| is_group && !is_step(&leaf.title));
        let own_title = without_number(&leaf.title).to_owned();
        match own {
            Some(list) => items(draft, &leaf, list, Some(&own_title)),
            None if is_step(&leaf.title) || (how == How::Headings && !listed) => {
                let title = group.as_ref().map_or(own_title.clone(), |group| format!("{group}: {own_title}"));
                push(draft, &title, &leaf.text, None);
            }
            None => draft.keep(&leaf),
        }
    }
}

/// Text beside the items: of the introduction it is the purpose, of any other part it is kept.
fn around(draft: &mut Draft, part: &Part) {
    if part.title.is_empty() && !part.text.is_empty() {
        draft.overview(&part.text);
    } else {
        draft.keep(part);
    }
}

fn items(draft: &mut Draft, part: &Part, list: List, group: Option<&str>) {
    around(draft, &Part { text: list.around, ..part.clone() });
    draft.keep(&Part { text: list.behind, ..part.clone() });
    if let Some(heads) = list.heads {
        draft.headings.push(format!("the columns {heads} (Steps)"));
    }
    let shifted = !draft.body.steps.is_empty();
    let mut label: Option<String> = None;
    for Item { title, text, who, label: next } in list.items {
        label = next.or(label);
        let groups = group.into_iter().chain(label.as_deref());
        let title: Vec<&str> =
            groups.chain(std::iter::once(title.as_str()).filter(|title| !title.is_empty())).collect();
        push(draft, &title.join(": "), &text, who);
        if shifted && names_a_step(&text) {
            let number = draft.body.steps.len();
            draft.notes.push(format!(
                "step {number}: it names a step by its number, and the numbers are others now"
            ));
        }
    }
}

/// `repeat step 2`: the word and a number.
fn names_a_step(text: &str) -> bool {
    let all: Vec<String> = words(text).collect();
    let is_step = |word: &String| {
        ["step", "steps", "schritt", "étape", "paso", "passo", "stap"].contains(&word.as_str())
    };
    all.windows(2).any(|pair| {
        matches!(pair, [word, number] if is_step(word) && number.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

/// Every block of running text as an item of its own.
fn paragraphs(text: &str) -> List {
    let lines: Vec<&str> = text.lines().collect();
    let mut list = List::default();
    for block in blocks(text) {
        let own = lines_between(&lines, block.first, block.last).join("\n");
        match list.items.last_mut() {
            // A block of code or a list belongs to the words above it.
            Some(item) if block.kind != BlockKind::Paragraph => item.text = format!("{}\n\n{own}", item.text),
            _ => list.items.push(Item {
                title: of_item(&own.replace('\n', " ")),
                text: own,
                ..Item::default()
            }),
        }
    }
    list
}

fn push(draft: &mut Draft, title: &str, text: &str, who: Option<String>) {
    let number = u32::try_from(draft.body.steps.len() + 1).unwrap_or(u32::MAX);
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    let title = if title.is_empty() { format!("MISSING: title of step {number}") } else { title };
    let text = Some(step_text(text)).filter(|text| text.contains(char::is_alphanumeric)).unwrap_or_default();
    let assignee = who.clone().filter(|who| is_agent_id(who));
    draft.who.extend(who.filter(|_| assignee.is_none()).map(|who| (number, who)));
    draft.body.steps.push(Step { number, title, text, assignee, ..Step::default() });
}
