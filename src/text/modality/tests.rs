//! What binds, in five languages.

use super::*;
use Language::{English, French, German, Italian, Japanese, Spanish};

/// `must not-must may not if`, those that are held.
fn held(text: &str, language: Language) -> String {
    let found = modality(text, language).unwrap();
    let all = [
        (found.must, "must"),
        (found.must_not, "must-not"),
        (found.may, "may"),
        (found.negation, "not"),
        (found.condition, "if"),
    ];
    all.into_iter().filter(|(held, _)| *held).map(|(_, name)| name).collect::<Vec<_>>().join(" ")
}

#[test]
fn what_binds_is_found_in_five_languages() {
    for (language, text, wanted) in [
        (English, "A person must decide every case.", "must"),
        (English, "Nothing may be closed by a machine.", "must-not not"),
        (English, "If the indicator fails nothing from the batch may be used.", "must-not not if"),
        (English, "Customers can't see it; staff may.", "must-not may not"),
        (English, "Order no. 7 is done.", ""),
        (English, "No file may leave, unless signed.", "must-not not if"),
        (English, "The batch is released in writing.", ""),
        (German, "Hotels müssen vorher genehmigt werden.", "must"),
        (German, "Die Ware darf ohne Freigabe nicht ausgeliefert werden.", "must-not not"),
        (German, "Niemand darf den Namen erfahren, wenn er neu ist.", "must-not not if"),
        (German, "Der Leiter kann zustimmen.", "may"),
        (French, "Toute réclamation doit recevoir une réponse.", "must"),
        (French, "Le dossier ne peut pas être clos s’il est ouvert.", "must-not not if"),
        (French, "Règlement n° 5", ""),
        (Spanish, "Nadie puede abrir el archivo.", "must-not not"),
        (Spanish, "El gerente debe firmar si hay dudas.", "must if"),
        (Italian, "La richiesta non può essere chiusa.", "must-not not"),
        (Italian, "Deve essere approvata.", "must"),
    ] {
        assert_eq!(held(text, language), wanted, "{text}");
    }
}

#[test]
fn nothing_is_claimed_of_other_languages() {
    assert_eq!(modality("しなければならない。", Japanese), None);
}
