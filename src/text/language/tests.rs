//! Languages told by small words and by scripts.

use super::*;

#[test]
fn a_language_is_told_by_its_small_words() {
    for (text, language) in [
        ("The batch is released by a trained assistant in writing.", English),
        (
            "Hotels über 180 Euro pro Nacht müssen vorher genehmigt werden. Verantwortlich ist die Finanzbuchhaltung.",
            German,
        ),
        ("Toute réclamation doit recevoir un accusé de réception sous 24 heures.", French),
        ("Cada pedido debe revisarse antes de las 18:00 y no se puede cambiar después.", Spanish),
        ("Ogni richiesta deve essere approvata dal responsabile entro 3 giorni lavorativi.", Italian),
        ("Elke aanvraag moet binnen drie werkdagen door de manager worden goedgekeurd.", Dutch),
        (
            "Cada pedido deve ser aprovado pelo gerente em até três dias úteis e não pode ser alterado.",
            Portuguese,
        ),
    ] {
        assert_eq!(detect(text), Some(language), "{text}");
    }
}

#[test]
fn a_script_tells_the_others_even_with_latin_names_in_it() {
    for (text, language) in [
        ("障害が発生したら、GitHub の担当者は15分以内に報告する。", Japanese),
        ("所有投诉必须在三个工作日内答复。", Chinese),
        ("يجب الرد على كل شكوى خلال ٣ أيام عمل.", Arabic),
        ("सभी शिकायतों का उत्तर 3 दिनों में दें।", Hindi),
        ("ต้องตอบกลับภายใน 3 วัน", Thai),
        ("Ответить в течение 3 дней.", Russian),
        ("모든 불만은 3일 이내에 답변한다.", Korean),
    ] {
        assert_eq!(detect(text), Some(language), "{text}");
    }
}

#[test]
fn too_little_is_no_language() {
    for text in
        ["", "fix our onboarding", "GitHub, Slack, AWS", "12 345", "Check windows. Check till. Lock door."]
    {
        assert_eq!(detect(text), None, "{text}");
    }
}
