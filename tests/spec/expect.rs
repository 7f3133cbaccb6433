//! Waiting for output, as scripts do it: the behaviour that pexpect's documented calls promise, told as our own, on a real container. The cases
//! are in tests/fixtures/expect, one promise each.
use crate::support::plane::Plane;
use crate::support::plane::admin;
use crate::support::scripts::Ran;
use crate::support::scripts::run_script;
use cto::model::*;
use std::collections::BTreeMap;
use std::time::Duration;

const PRELUDE: &str = include_str!("../fixtures/expect/prelude.luau");
/// What each file ends with: a case that failed fails the run.
const END: &str = "\nif #failures > 0 then fail(#failures .. \" failed\") end\n";

/// Runs all cases of a file; how many there were.
async fn cases(file: &str, text: &str, least: usize) {
    let plane = Plane::start().await;
    let container = plane.container(&admin(), "box", serde_json::json!({"command": ["sleep", "1d"]})).await;
    let source = format!("{PRELUDE} {text}{END}");
    let request = StartRun {
        inline: Some(InlineScript { name: file.to_owned(), source }),
        params: BTreeMap::from([("box".to_owned(), ParamValue::Text(container.name.clone()))]),
        ..StartRun::default()
    };
    let Ran { run, entries } = run_script(&plane, &admin(), request, Duration::from_secs(240)).await;
    let mut failed = Vec::new();
    let mut count = 0;
    for entry in &entries {
        if let RunNote::StepEnded { name, error, .. } = &entry.what {
            count += 1;
            failed.extend(error.as_ref().map(|error| format!("{file}:{}: {name}: {error}", entry.line.unwrap_or(0))));
        }
    }
    assert!(failed.is_empty(), "{} of {count} failed:\n{}", failed.len(), failed.join("\n"));
    assert_eq!(run.state, RunState::Succeeded, "{:?}", run.error);
    assert_eq!(count, text.matches("\ncase(").count() + usize::from(text.starts_with("case(")), "every case is run");
    assert!(count >= least, "{file} has only {count} cases");
}

macro_rules! files {
    ($($name:ident: $file:literal, $least:literal;)+) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            cases($file, include_str!(concat!("../fixtures/expect/", $file)), $least).await;
        }
    )+};
}

files! {
    patterns_in_lists_and_their_order: "lists.luau", 26;
    greedy_and_minimal_matches_groups_and_pieces: "matches.luau", 29;
    timeouts_the_end_of_output_and_what_was_not_to_come: "waits.luau", 31;
    what_came_before_windows_delays_and_bounds: "output.luau", 22;
    typing_echo_and_control_characters: "typing.luau", 31;
    prompts_and_commands_one_by_one: "prompts.luau", 17;
    screens_rows_regions_colours_and_cursors: "screens.luau", 25;
    commands_files_several_at_once_and_checks: "flow.luau", 22;
}
