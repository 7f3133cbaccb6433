//! What the description says of resumable uploads, whose requests and answers are headers.
use super::uploads;
use crate::model::*;
use serde_json::Value;
use serde_json::json;

/// Adds the headers of requests and answers, and the body that is a piece.
pub(super) fn describe<E: Endpoint>(operation: &mut Value) {
    if !uploads::speaks::<E>() && E::NAME != UploadOptions::NAME {
        return;
    }
    let parameters = uploads::headers::<E>().iter().map(|(name, description, required)| {
        let schema = match *name {
            "Tus-Resumable" => json!({ "type": "string", "enum": ["1.0.0"] }),
            "Upload-Length" | "Upload-Offset" => json!({ "type": "integer", "format": "int64", "minimum": 0 }),
            _ => json!({ "type": "string" }),
        };
        json!({ "name": name, "in": "header", "required": required, "description": description, "schema": schema })
    });
    let parameters: Vec<Value> = operation["parameters"].as_array().cloned().unwrap_or_default().into_iter().chain(parameters).collect();
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    if E::NAME == SendUpload::NAME {
        operation["requestBody"] = json!({ "required": true, "content": { PIECE_MEDIA: { "schema": { "type": "string", "format": "binary" } } } });
    }
    let header = |description: &str, required: bool| json!({ "description": description, "required": required, "schema": { "type": "string" } });
    let mut headers = json!({ "Tus-Resumable": header("`1.0.0`.", true) });
    let told: &[(&str, &str, bool)] = match E::NAME {
        UploadOptions::NAME => &[
            ("Tus-Version", "Versions that are spoken.", true),
            ("Tus-Extension", "Extensions that are spoken.", true),
            ("Tus-Max-Size", "Most bytes of a file.", true),
            ("Tus-Checksum-Algorithm", "Kinds of checksums.", true),
        ],
        CreateUpload::NAME => &[("Location", "Where the upload is.", true), ("Upload-Expires", "When it is forgotten, unless more comes.", true)],
        StatUpload::NAME => &[
            ("Upload-Offset", "How many bytes are here.", true),
            ("Upload-Length", "How many there are in all.", true),
            ("Upload-Expires", "When it is forgotten, unless more comes.", true),
        ],
        SendUpload::NAME => &[
            ("Upload-Offset", "How many bytes are here now.", true),
            ("Upload-Expires", "When it is forgotten, unless more comes.", true),
            ("Location", "With the last piece: the operation that puts the file into its container.", false),
        ],
        _ => &[],
    };
    for (name, description, required) in told {
        headers[name] = header(description, *required);
    }
    for (_, response) in operation["responses"].as_object_mut().into_iter().flatten().filter(|(status, _)| status.starts_with('2')) {
        response["headers"] = headers.clone();
    }
}
