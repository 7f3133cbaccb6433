//! `?fields=id,spec.cron`: of what is answered only these fields. Of a list, they are those of each thing in it.
use super::openapi;
use crate::error::Error;
use crate::error::Result;
use crate::model::Answer;
use crate::model::Endpoint;
use crate::model::GetRecordingScreen;
use crate::model::GetScreen;
use crate::model::GetSetup;
use crate::model::Method;
use crate::model::Place;
use axum::extract::Query;
use axum::http::Uri;
use serde_json::Value;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// The name of the parameter.
pub(super) const NAME: &str = "fields";
/// Most letters of a wish.
const MOST: usize = 2_000;
/// Endpoints that make their answers themselves.
const OWN: [&str; 3] = [GetSetup::NAME, GetScreen::NAME, GetRecordingScreen::NAME];

/// Fields by their names, each with those below it that are wanted: all, where none are named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields(BTreeMap<String, Fields>);

/// Whether some fields alone can be asked for.
pub(super) fn has<E: Endpoint>() -> bool {
    E::METHOD == Method::Get && E::ANSWER == Answer::Json && !OWN.contains(&E::NAME)
}

/// The fields that a request asks for; none where it asks for all. They are looked for in the description, so that a wrong one is told whatever is there.
pub(super) fn wanted<E: Endpoint>(uri: &Uri) -> Result<Option<Fields>> {
    if !has::<E>() || !uri.query().unwrap_or_default().contains(NAME) {
        return Ok(None);
    }
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(|error| wrong(format!("the query string is wrong: {error}")))?;
    let texts: Vec<String> = pairs.into_iter().filter(|(name, _)| name == NAME).map(|(_, text)| text).collect();
    if texts.is_empty() {
        return Ok(None);
    }
    let text = texts.join(",");
    if text.len() > MOST {
        return Err(wrong(format!("'{NAME}' is longer than {MOST} letters")));
    }
    let schema = openapi::schema_of::<E::Reply>();
    let mut fields = Fields::default();
    for path in text.split(',').map(str::trim) {
        let mut at = &mut fields;
        let mut schemas = things(schema);
        for (depth, name) in path.split('.').enumerate() {
            let known = Known::of(&schemas);
            if !known.has(name) {
                return Err(unknown(path, depth, &known));
            }
            schemas = known.below(name);
            at = at.0.entry(name.to_owned()).or_default();
        }
    }
    Ok(Some(fields))
}

impl Fields {
    /// These fields of an answer.
    pub(super) fn of(&self, mut answer: Value) -> Value {
        match answer.get_mut("items").filter(|items| items.is_array()) {
            Some(items) => *items = self.pick(items.take()),
            None => answer = self.pick(answer),
        }
        answer
    }

    fn pick(&self, value: Value) -> Value {
        match value {
            _ if self.0.is_empty() => value,
            Value::Array(all) => Value::Array(all.into_iter().map(|one| self.pick(one)).collect()),
            Value::Object(all) => Value::Object(all.into_iter().filter_map(|(name, value)| self.0.get(&name).map(|below| (name, below.pick(value)))).collect()),
            other => other,
        }
    }
}

/// What is known of the fields of a value, by all schemas that it may fit.
struct Known<'a> {
    named: BTreeMap<&'a str, Vec<&'a Value>>,
    /// The schemas of fields with any name; a schema without any rule where nothing is known of the value.
    any: Vec<&'a Value>,
}

impl<'a> Known<'a> {
    fn of(schemas: &[&'a Value]) -> Self {
        let mut known = Self { named: BTreeMap::new(), any: Vec::new() };
        let mut seen = BTreeSet::new();
        schemas.iter().for_each(|schema| known.read(schema, &mut seen));
        known
    }

    fn read(&mut self, schema: &'a Value, seen: &mut BTreeSet<&'a str>) {
        static NOTHING: Value = Value::Null;
        if schema.is_null() {
            self.any.push(&NOTHING);
            return;
        }
        if let Some(name) = schema["$ref"].as_str() {
            if seen.insert(name) {
                self.read(openapi::schema(name), seen);
            }
            return;
        }
        for choices in ["allOf", "oneOf", "anyOf"] {
            schema[choices].as_array().into_iter().flatten().for_each(|choice| self.read(choice, seen));
        }
        if schema["items"].is_object() {
            self.read(&schema["items"], seen);
        }
        for (name, below) in schema["properties"].as_object().into_iter().flatten() {
            self.named.entry(name).or_default().push(below);
        }
        let open = schema["type"] == "object" && schema["properties"].is_null();
        match &schema["additionalProperties"] {
            Value::Object(_) => self.any.push(&schema["additionalProperties"]),
            Value::Null if open || schema.as_object().is_some_and(|rules| rules.keys().all(|rule| rule == "description")) => self.any.push(&NOTHING),
            Value::Bool(true) => self.any.push(&NOTHING),
            _ => {}
        }
    }

    fn has(&self, name: &str) -> bool {
        !name.is_empty() && (self.named.contains_key(name) || !self.any.is_empty())
    }

    fn below(&self, name: &str) -> Vec<&'a Value> {
        self.named.get(name).unwrap_or(&self.any).clone()
    }
}

/// The schemas of the things that an answer is about: those in it, where it is a list.
fn things(schema: &Value) -> Vec<&Value> {
    match schema.pointer("/properties/items/items") {
        Some(items) => vec![items],
        None => vec![schema],
    }
}

fn wrong(detail: String) -> Error {
    Error::invalid(format!("the fields are wrong: {detail}")).at(Place { pointer: format!("/{NAME}"), detail, ..Place::default() })
}

fn unknown(path: &str, depth: usize, known: &Known<'_>) -> Error {
    let above: Vec<&str> = path.split('.').take(depth).collect();
    let of = if above.is_empty() { String::new() } else { format!(" in '{}'", above.join(".")) };
    let names: Vec<&str> = known.named.keys().copied().collect();
    let error = wrong(format!("there is no field '{}'{of}", path.split('.').nth(depth).unwrap_or_default()));
    error.fix(if names.is_empty() { format!("nothing is below '{}'", above.join(".")) } else { format!("there are: {}", names.join(", ")) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::*;
    use serde_json::json;

    fn asked<E: Endpoint>(query: &str) -> Result<Option<Fields>> {
        wanted::<E>(&format!("/x?{query}").parse().unwrap())
    }

    #[test]
    fn fields_are_picked_from_documents_and_from_the_things_in_lists() {
        let fields = asked::<ListSchedules>("limit=3&fields=name,spec.cron,%20last.state").unwrap().unwrap();
        let page = json!({"items": [{"name": "a", "owner": "x", "spec": {"cron": "@daily", "zone": "UTC"}}, {"name": "b"}], "next_cursor": "c"});
        assert_eq!(fields.of(page), json!({"items": [{"name": "a", "spec": {"cron": "@daily"}}, {"name": "b"}], "next_cursor": "c"}));
        let fields = asked::<GetContainer>("fields=name&fields=ports.host_port,labels.team").unwrap().unwrap();
        let container = json!({"name": "a", "id": "1", "ports": [{"host_port": 80, "protocol": "tcp"}], "labels": {"team": "x", "y": "z"}});
        assert_eq!(fields.of(container), json!({"name": "a", "ports": [{"host_port": 80}], "labels": {"team": "x"}}));
        assert_eq!(asked::<GetContainer>("q=fields").unwrap(), None);
        assert!(asked::<GetLayout>("fields=data.whatever.there.is").unwrap().is_some());
    }

    #[test]
    fn fields_that_there_are_not_are_refused_with_those_that_there_are() {
        for (query, says, lists) in [
            ("fields=colour", "'colour'", "cron"),
            ("fields=name,spec.colour", "'colour' in 'spec'", "cron"),
            ("fields=name.first", "'first' in 'name'", "nothing is below 'name'"),
            ("fields=", "''", "name"),
            ("fields=name,", "''", "name"),
            ("fields=spec.", "'' in 'spec'", "cron"),
        ] {
            let error = asked::<ListSchedules>(query).unwrap_err();
            assert!(error.code == Code::InvalidValue && error.message.contains(says), "{query}: {}", error.message);
            let fix = error.fix.unwrap();
            assert!(fix.contains(lists) || lists == "cron" && fix.contains("spec"), "{query}: {fix}");
        }
        assert!(asked::<ListSchedules>(&format!("fields={}", "name,".repeat(1_000))).is_err());
    }

    #[test]
    fn every_answer_of_which_fields_can_be_asked_for_has_some_in_its_description() {
        struct Each;
        impl EachEndpoint for Each {
            fn visit<E: Endpoint>(&mut self) {
                let known = Known::of(&things(openapi::schema_of::<E::Reply>()));
                assert!(!has::<E>() || !known.named.is_empty() || !known.any.is_empty(), "{}", E::NAME);
            }
        }
        each_endpoint(&mut Each);
    }
}
