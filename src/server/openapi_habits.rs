//! What the description says of what several endpoints do in the same way: revisions, orders of lists, and dry runs.
use crate::model::*;
use serde_json::Value;
use serde_json::json;

/// Adds what an endpoint does beside what all of them do to its description.
pub(super) fn describe<E: Endpoint>(operation: &mut Value) {
    let Habits { revision, replaces, orders, .. } = E::HABITS;
    if revision.is_some() {
        let tag = json!({ "ETag": { "description": "The revision, such as `\"rev-17\"`; what follows a dot in it is no part of the revision.", "schema": { "type": "string" } } });
        for (_, response) in operation["responses"].as_object_mut().into_iter().flatten().filter(|(status, _)| status.starts_with('2')) {
            response["headers"] = tag.clone();
        }
        if E::METHOD == Method::Get {
            parameter(operation, "If-None-Match", "The `ETag` of what the caller has: 304 where it is that still.");
            operation["responses"]["304"] = json!({ "description": "The caller has it already.", "headers": tag });
        }
    }
    if super::tags::is_page::<E>() {
        let link =
            json!({ "description": "`<?…>; rel=\"next\"`: where the next page is, seen from this one; none on the last.", "schema": { "type": "string" } });
        operation["responses"]["200"]["headers"]["Link"] = link;
    }
    if super::fields::has::<E>() {
        let about = "Only these fields, such as `id,spec.cron`; of a list, those of each thing in it.";
        push(operation, json!({ "name": super::fields::NAME, "in": "query", "required": false, "description": about, "schema": { "type": "string" } }));
    }
    if let Some(orders) = orders {
        let (field, descending) = orders.usual();
        let usual = format!("{}{field}", if descending { "-" } else { "" });
        for parameter in operation["parameters"].as_array_mut().into_iter().flatten().filter(|parameter| parameter["name"] == "sort") {
            parameter["schema"] = json!({ "type": "string", "enum": orders.all().collect::<Vec<_>>(), "default": usual });
        }
    }
    if replaces.is_some() {
        parameter(operation, "If-Match", "Only over the revision that has this `ETag`; the same as `replaces`.");
        if E::METHOD == Method::Put {
            parameter(operation, "If-None-Match", "`*`: only where there is nothing yet.");
        }
    }
}

/// Adds dry runs, whose answer is that of the thing itself where it has one at once; `plan` is the schema of others.
pub(super) fn describe_trial<E: Endpoint>(operation: &mut Value, plan: &Value) {
    let parameter =
        json!({ "name": "dry_run", "in": "query", "required": false, "description": "Only say what would be done.", "schema": { "type": "boolean" } });
    push(operation, parameter);
    if E::ANSWER != Answer::Json {
        operation["responses"]["200"] =
            json!({ "description": "With `dry_run`: what would be done; nothing was.", "content": { "application/json": { "schema": plan } } });
    }
}

fn parameter(operation: &mut Value, name: &str, description: &str) {
    let parameter = json!({ "name": name, "in": "header", "required": false, "description": description, "schema": { "type": "string" } });
    push(operation, parameter);
}

fn push(operation: &mut Value, parameter: Value) {
    match operation.get_mut("parameters").and_then(Value::as_array_mut) {
        Some(parameters) => parameters.push(parameter),
        None => operation["parameters"] = json!([parameter]),
    }
}
