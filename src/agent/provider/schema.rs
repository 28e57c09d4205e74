//! The JSON Schema of an answer, in the small part of the language that strict structured output and grammar-based
//! local servers both accept. Keeps shapes, words and descriptions; ranges and formats are left to our own types.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// The schema of `T`: every property required, nothing beside them allowed, definitions written out where they are
/// used (a type that contains itself keeps its `$defs`). Choices are `anyOf`, and plain words an `enum`.
pub fn strict_schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    tightened(&settings.into_generator().into_root_schema_for::<T>().to_value())
}

/// Whether a server can hold a model to `schema` word by word: every object in it names all it may hold. Free keys,
/// as in a table of given values, cannot be enforced and are refused by servers when asked to.
pub fn is_strict(schema: &Value) -> bool {
    match schema {
        Value::Object(map) => {
            let open =
                map.get("additionalProperties").map_or_else(|| is_object(map), |more| *more != json!(false));
            let anything =
                !["type", "enum", "const", "anyOf", "$ref"].iter().any(|key| map.contains_key(*key));
            !open && !anything && subschemas(map).all(is_strict)
        }
        _ => false,
    }
}

fn is_object(map: &Map<String, Value>) -> bool {
    // What may be left out has two types: `["object", "null"]`.
    map.get("type").is_some_and(|kind| {
        kind == "object" || kind.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "object"))
    })
}

fn subschemas(map: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    let tables = ["properties", "$defs"].into_iter().filter_map(|key| map.get(key)?.as_object());
    let list = map.get("anyOf").and_then(Value::as_array);
    tables.flat_map(Map::values).chain(map.get("items")).chain(list.into_iter().flatten())
}

fn tightened(schema: &Value) -> Value {
    let Some(map) = schema.as_object() else {
        return schema.clone();
    };
    if let Some(target) = map.get("$ref") {
        // Strict servers refuse anything beside a reference.
        return json!({"$ref": target});
    }
    if let Some(words) = words(map) {
        return words;
    }
    let mut out = Map::new();
    for (key, value) in map {
        match (key.as_str(), value) {
            ("type" | "enum" | "const" | "description", _) => put(&mut out, key, value.clone()),
            ("items", _) => put(&mut out, key, tightened(value)),
            ("anyOf" | "oneOf", Value::Array(list)) => {
                put(&mut out, "anyOf", list.iter().map(tightened).collect());
            }
            ("properties" | "$defs", Value::Object(table)) => {
                let table = table.iter().map(|(name, schema)| (name.clone(), tightened(schema)));
                put(&mut out, key, Value::Object(table.collect()));
            }
            _ => {}
        }
    }
    if is_object(map) {
        close(&mut out, map);
    }
    Value::Object(out)
}

/// An object with named properties holds exactly these; one without is a table with free keys.
fn close(out: &mut Map<String, Value>, map: &Map<String, Value>) {
    if let Some(properties) = map.get("properties").and_then(Value::as_object) {
        put(out, "required", properties.keys().cloned().collect());
        put(out, "additionalProperties", json!(false));
    } else {
        let values = map.get("additionalProperties").map_or(json!(true), tightened);
        put(out, "additionalProperties", values);
    }
}

/// A choice between plain words as one `enum`; what each word means goes into the description.
fn words(map: &Map<String, Value>) -> Option<Value> {
    let choices = map.get("oneOf")?.as_array()?;
    let mut words = Vec::new();
    let mut lines: Vec<String> =
        map.get("description").and_then(Value::as_str).map(str::to_owned).into_iter().collect();
    for choice in choices {
        let alone = choice.get("const").map(std::slice::from_ref);
        let named = alone.or_else(|| Some(choice.get("enum")?.as_array()?.as_slice()))?;
        if !named.iter().all(Value::is_string) {
            return None;
        }
        if let (Some([Value::String(word)]), Some(meaning)) =
            (alone, choice.get("description").and_then(Value::as_str))
        {
            lines.push(format!("{word}: {meaning}"));
        }
        words.extend(named.iter().cloned());
    }
    let mut out = json!({"type": "string", "enum": words});
    if let (Some(out), false) = (out.as_object_mut(), lines.is_empty()) {
        put(out, "description", json!(lines.join("\n")));
    }
    Some(out)
}

fn put(map: &mut Map<String, Value>, key: &str, value: Value) {
    map.insert(key.to_owned(), value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roles::Role;
    use crate::roles::council::{CouncilChair, CouncilMember};
    use crate::roles::done::JudgeDone;
    use crate::roles::draft::DraftWork;
    use crate::roles::perform::Perform;
    use crate::roles::plan::Plan;
    use crate::roles::review::LookBack;
    use crate::roles::revise::Revise;
    use crate::roles::scrutiny::Scrutiny;
    use crate::roles::synthesise::Synthesise;
    use crate::roles::user_test::{Execute, Grade, WriteScenarios};
    use serde::Serialize;

    #[derive(Serialize, JsonSchema)]
    struct Tree {
        /// How much.
        #[schemars(range(min = 1, max = 9))]
        count: u8,
        kind: Kind,
        note: Option<String>,
        children: Vec<Tree>,
    }

    /// A kind.
    #[derive(Serialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    #[expect(dead_code, reason = "only its shape matters")]
    enum Kind {
        /// Small one.
        Leaf,
        Root,
        Cut {
            by: String,
        },
    }

    /// A place.
    #[derive(Serialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    #[expect(dead_code, reason = "only its shape matters")]
    enum Place {
        /// At hand.
        Near,
        Far,
    }

    #[test]
    fn a_schema_keeps_shape_and_words_only() {
        let cut = json!({
            "type": "object", "required": ["by"], "additionalProperties": false,
            "properties": {"by": {"type": "string"}},
        });
        let kind = json!({"description": "A kind.", "anyOf": [
            {"type": "string", "enum": ["root"]},
            {"type": "string", "const": "leaf", "description": "Small one."},
            {"type": "object", "required": ["cut"], "additionalProperties": false, "properties": {"cut": cut}},
        ]});
        let expected = json!({
            "type": "object", "required": ["children", "count", "kind", "note"], "additionalProperties": false,
            "properties": {
                "children": {"type": "array", "items": {"$ref": "#"}},
                "count": {"type": "integer", "description": "How much."},
                "kind": kind,
                "note": {"type": ["string", "null"]},
            },
        });
        let schema = strict_schema::<Tree>();
        assert_eq!(schema, expected, "{schema:#}");
    }

    #[test]
    fn a_choice_of_words_is_one_enum_that_says_what_they_mean() {
        let expected =
            json!({"type": "string", "enum": ["far", "near"], "description": "A place.\nnear: At hand."});
        assert_eq!(strict_schema::<Place>(), expected);
    }

    /// Keywords both kinds of servers document.
    const ALLOWED: [&str; 10] = [
        "type",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "enum",
        "const",
        "anyOf",
        "$ref",
        "$defs",
    ];

    fn keywords(schema: &Value, strange: &mut Vec<String>) {
        let Some(map) = schema.as_object() else { return };
        strange.extend(map.keys().filter(|k| *k != "description" && !ALLOWED.contains(&k.as_str())).cloned());
        if let Some(properties) = map.get("properties").and_then(Value::as_object) {
            let required = map["required"].as_array().unwrap();
            assert!(properties.keys().all(|name| required.contains(&json!(name))), "{map:?}");
        }
        subschemas(map).for_each(|schema| keywords(schema, strange));
    }

    fn schema_of<R: Role>() -> (&'static str, Value) {
        (R::NAME, strict_schema::<R::Answer>())
    }

    #[test]
    fn every_role_has_a_schema_servers_accept() {
        let schemas = [
            schema_of::<Plan>(),
            schema_of::<DraftWork>(),
            schema_of::<Synthesise>(),
            schema_of::<Revise>(),
            schema_of::<CouncilMember>(),
            schema_of::<CouncilChair>(),
            schema_of::<Scrutiny>(),
            schema_of::<WriteScenarios>(),
            schema_of::<Execute>(),
            schema_of::<Grade>(),
            schema_of::<Perform>(),
            schema_of::<JudgeDone>(),
            schema_of::<LookBack>(),
        ];
        // A role that is missing above would be refused by a server, and nobody would know why.
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/roles");
        let texts = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
        let roles: usize = texts.map(|text| text.matches("impl Role for ").count()).sum();
        assert_eq!(schemas.len(), roles, "every role is in the list");
        for (role, schema) in schemas {
            let mut strange = Vec::new();
            keywords(&schema, &mut strange);
            assert_eq!(strange, Vec::<String>::new(), "{role}");
            assert_eq!(schema["type"], "object", "{role}");
            // A scenario's given values have free names; no server can hold a model to them.
            assert_eq!(is_strict(&schema), role != WriteScenarios::NAME, "{role}: {schema:#}");
            assert!(!schema.to_string().contains("$ref"), "{role}");
        }
    }

    #[test]
    fn open_schemas_are_told_from_closed_ones() {
        for (schema, strict) in [
            (json!({"type": "string"}), true),
            (json!({"type": "object"}), false),
            (json!({"type": "object", "additionalProperties": true}), false),
            (json!({"type": ["object", "null"], "properties": {"a": {"type": "string"}}}), false),
            (json!({"type": "object", "properties": {"a": {}}, "additionalProperties": false}), false),
            (
                json!({"type": "object", "properties": {"a": {"type": "null"}}, "additionalProperties": false}),
                true,
            ),
            (json!({"type": "array", "items": {"type": "object"}}), false),
            (json!(true), false),
        ] {
            assert_eq!(is_strict(&schema), strict, "{schema}");
        }
    }
}
