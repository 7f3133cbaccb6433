//! What is made from the code, and kept in the repository so that each change shows.
use super::support::golden::golden;

#[test]
fn the_description_of_the_api_is_the_one_in_the_repository() {
    let text = serde_json::to_string_pretty(&cto::server::openapi()).unwrap() + "\n";
    golden("tests/golden/openapi.json", &text);
}

#[test]
fn every_reference_in_the_description_leads_somewhere() {
    let document = cto::server::openapi();
    let mut wrong = Vec::new();
    follow(&document, &document, &mut wrong);
    assert!(wrong.is_empty(), "{wrong:?}");
    assert_eq!(document["paths"]["/api/v1/containers"]["post"]["x-required-permission"], "create:containers");
}

fn follow(document: &serde_json::Value, value: &serde_json::Value, wrong: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            if let Some(target) = fields.get("$ref").and_then(|target| target.as_str())
                && document.pointer(target.trim_start_matches('#')).is_none()
            {
                wrong.push(target.to_owned());
            }
            fields.values().for_each(|value| follow(document, value, wrong));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|value| follow(document, value, wrong)),
        _ => {}
    }
}
