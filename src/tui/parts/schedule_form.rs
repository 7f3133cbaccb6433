//! What a new schedule takes, as the entries of a form.
use crate::error::Error;
use crate::error::Result;
use crate::model::CreateSchedule;
use crate::model::Missed;
use crate::model::Overlap;
use crate::model::Param;
use crate::model::ParamKind;
use crate::model::ParamValue;
use crate::model::Place;
use crate::model::ScheduleSpec;
use crate::tui::schedules;
use std::collections::BTreeMap;

/// The entries, in the order in which they are asked for. The first two have to be given.
pub(super) fn entries() -> Vec<(String, Param)> {
    let text = |name: &str, default: Option<&str>, help: &str| {
        let default = default.map(|default| ParamValue::Text(default.to_owned()));
        let description = Some(help.to_owned());
        (name.to_owned(), Param { kind: ParamKind::Text, description, default, choices: Vec::new(), min: None, max: None, pattern: None })
    };
    let pick = |name: &str, choices: &[&str], help: &str| {
        let (name, param) = text(name, choices.first().copied(), help);
        (name, Param { choices: choices.iter().map(|choice| ParamValue::Text((*choice).to_owned())).collect(), ..param })
    };
    vec![
        text("name", None, "lower-case letters, digits, '-', '_' and '.'"),
        text("script", None, "the name of a script of the server's"),
        text("cron", Some(""), "minute hour day month weekday, such as 30 2 * * 1-5; or @daily, @every 90m"),
        text("at", Some(""), "one time instead: 2026-12-24T18:00 by the clocks of the zone"),
        text("zone", Some(&schedules::here()), "the time zone in which the times are meant, such as Europe/Berlin"),
        text("params", Some(""), "values of its parameters: name=ada 'greeting=good morning'"),
        pick("missed", &["once", "skip", "all"], "of times at which no server ran: one run makes up for all, nothing, a run for each"),
        pick(
            "overlap",
            &["forbid", "allow", "replace", "queue"],
            "while a run of before is under way: leave the new one out, run both, cancel the old one, wait",
        ),
        text("jitter", Some("0"), "start up to so many seconds later, each time differently"),
    ]
}

/// The values of a schedule that is there.
pub(super) fn filled(spec: &ScheduleSpec) -> BTreeMap<String, String> {
    let params = spec.params.iter().map(|(name, value)| format!("{name}={value}"));
    let params = shlex::try_join(params.collect::<Vec<_>>().iter().map(String::as_str)).unwrap_or_default();
    let missed = match spec.missed {
        Missed::Once => "once",
        Missed::Skip => "skip",
        Missed::All { .. } => "all",
    };
    let overlap = match spec.overlap {
        Overlap::Forbid => "forbid",
        Overlap::Allow => "allow",
        Overlap::Replace => "replace",
        Overlap::Queue => "queue",
    };
    let values = [
        ("script", spec.script.clone().unwrap_or_default()),
        ("cron", spec.cron.clone().unwrap_or_default()),
        ("at", spec.at.clone().unwrap_or_default()),
        ("zone", spec.zone.clone()),
        ("params", params),
        ("missed", missed.to_owned()),
        ("overlap", overlap.to_owned()),
        ("jitter", spec.jitter_seconds.to_string()),
    ];
    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The schedule of these values; most of what can't be right the server says.
///
/// # Errors
/// `invalid_value` with the entry, for what is no number and no list of parameters.
pub(super) fn create(set: &BTreeMap<String, String>) -> Result<CreateSchedule> {
    let get = |name: &str| set.get(name).cloned();
    let unread = || wrong("params", "parameters are written as name=value, those with blanks as 'name=two words'");
    let mut params = BTreeMap::new();
    for word in shlex::split(&get("params").unwrap_or_default()).ok_or_else(unread)? {
        let (name, value) = word.split_once('=').ok_or_else(unread)?;
        params.insert(name.to_owned(), ParamValue::Text(value.to_owned()));
    }
    let jitter_seconds = match get("jitter") {
        Some(seconds) => seconds.parse().map_err(|_| wrong("jitter", "a whole number of seconds"))?,
        None => 0,
    };
    let spec = ScheduleSpec {
        script: get("script"),
        inline: None,
        params,
        cron: get("cron"),
        at: get("at"),
        zone: get("zone").unwrap_or_else(schedules::here),
        missed: match get("missed").as_deref() {
            Some("skip") => Missed::Skip,
            Some("all") => Missed::All { most: 10 },
            _ => Missed::Once,
        },
        overlap: match get("overlap").as_deref() {
            Some("allow") => Overlap::Allow,
            Some("replace") => Overlap::Replace,
            Some("queue") => Overlap::Queue,
            _ => Overlap::Forbid,
        },
        jitter_seconds,
    };
    Ok(CreateSchedule { name: get("name").unwrap_or_default(), spec, paused: false })
}

fn wrong(entry: &str, detail: &str) -> Error {
    let mut error = Error::invalid(detail);
    error.places = vec![Place { pointer: format!("/{entry}"), detail: detail.to_owned(), ..Place::default() }];
    error
}

/// The same as a line for a shell.
pub(super) fn line(set: &BTreeMap<String, String>) -> String {
    let named = ["name", "script"].iter().map(|name| set.get(*name).cloned().unwrap_or_else(|| name.to_uppercase()));
    let words = ["cto", "schedule", "add"].into_iter().map(str::to_owned).chain(named).collect();
    with_options(words, set, &["name", "script"])
}

/// The same for one that is there.
pub(super) fn line_to_change(name: &str, set: &BTreeMap<String, String>) -> String {
    with_options(["cto", "schedule", "edit", name].map(str::to_owned).to_vec(), set, &[])
}

fn with_options(mut words: Vec<String>, set: &BTreeMap<String, String>, but: &[&str]) -> String {
    for (name, value) in set.iter().filter(|(name, _)| !but.contains(&name.as_str())) {
        match name.as_str() {
            "params" => words.extend(shlex::split(value).unwrap_or_default().into_iter().flat_map(|param| ["--param".to_owned(), param])),
            name => words.extend([format!("--{name}"), value.clone()]),
        }
    }
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_a_schedule_and_a_line() {
        let set = |pairs: &[(&str, &str)]| pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<BTreeMap<_, _>>();
        let values = set(&[
            ("name", "nightly"),
            ("script", "hello"),
            ("cron", "0 3 * * *"),
            ("zone", "Europe/Berlin"),
            ("params", "name='good day'"),
            ("missed", "all"),
        ]);
        let made = create(&values).unwrap();
        assert_eq!((made.spec.cron.as_deref(), made.spec.zone.as_str(), made.spec.missed), (Some("0 3 * * *"), "Europe/Berlin", Missed::All { most: 10 }));
        assert_eq!(made.spec.params.get("name"), Some(&ParamValue::Text("good day".to_owned())));
        assert_eq!(line(&values), "cto schedule add nightly hello --cron '0 3 * * *' --missed all --param 'name=good day' --zone Europe/Berlin");
        assert_eq!(entries().len(), 9);
        assert_eq!(create(&set(&[("jitter", "5m")])).unwrap_err().places[0].pointer, "/jitter");
        assert_eq!(create(&set(&[("params", "name")])).unwrap_err().places[0].pointer, "/params");
    }
}
