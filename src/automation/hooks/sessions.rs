//! What programs print in sessions, looked at now and then: no viewer, and nobody waits for it.
use super::Automation;
use super::happening::Happening;
use super::happening::Subject;
use super::happening::plain;
use super::levels::Lines;
use super::watch::groups;
use super::watch::pattern;
use crate::control::Control;
use crate::model::ContainerId;
use crate::model::ContainerMatch;
use crate::model::OutputQuery;
use crate::model::Session;
use crate::model::SessionHappening;
use crate::model::SessionId;
use crate::model::SessionState;
use crate::model::Trigger;
use crate::model::TriggerId;
use crate::model::TriggerWhen;
use jiff::Timestamp;
use regex::Regex;
use serde_json::Value;
use serde_json::json;
use std::collections::HashMap;
use std::time::Duration;
use std::time::Instant;

/// What a shell says before its prompt.
const PROMPT: &[u8] = b"\x1b]133;A";
/// Bytes that are looked at of a session each time; of more the newest.
const MOST: u64 = 256 << 10;
/// Sessions that are read each time.
const MOST_SESSIONS: usize = 256;

/// What one trigger wants to know.
struct Wish {
    trigger: TriggerId,
    of: ContainerMatch,
    what: What,
}

enum What {
    Output(Regex),
    Idle(Duration),
    Prompt,
}

/// What is known of the output of a session.
struct Heard {
    /// Everything before this was looked at.
    offset: u64,
    lines: Lines,
    /// Where the line begins in which a pattern was found last, by trigger.
    found: HashMap<TriggerId, u64>,
    /// The end of what was looked at, where a prompt's mark may have begun.
    tail: Vec<u8>,
    changed: Instant,
    /// It printed something since it was idle last.
    stirred: bool,
    idle: Vec<TriggerId>,
}

/// What is watched in sessions.
#[derive(Default)]
pub(super) struct Sessions {
    wishes: Vec<Wish>,
    made_for: Vec<(TriggerId, TriggerWhen)>,
    heard: HashMap<SessionId, Heard>,
}

impl Sessions {
    /// What is wanted from now on.
    pub(super) fn set(&mut self, active: &[&Trigger]) {
        let wanted: Vec<(TriggerId, TriggerWhen)> = active
            .iter()
            .filter(|trigger| matches!(trigger.when, TriggerWhen::Session { .. }))
            .map(|trigger| (trigger.id.clone(), trigger.when.clone()))
            .collect();
        if wanted == self.made_for {
            return;
        }
        self.wishes = wanted.iter().filter_map(|(trigger, when)| wish(trigger, when)).collect();
        self.made_for = wanted;
        if self.wishes.is_empty() {
            self.heard.clear();
        }
    }
}

fn wish(trigger: &TriggerId, when: &TriggerWhen) -> Option<Wish> {
    let TriggerWhen::Session { is, matches, seconds, of } = when else { return None };
    let what = match is {
        SessionHappening::Output => What::Output(pattern(matches.as_ref()?).ok()?),
        SessionHappening::Idle => What::Idle(Duration::from_secs(u64::from((*seconds)?))),
        SessionHappening::Prompt => What::Prompt,
        SessionHappening::Bell | SessionHappening::Opened | SessionHappening::Ended => return None,
    };
    Some(Wish { trigger: trigger.clone(), of: of.clone(), what })
}

impl Automation {
    /// Looks at what sessions have printed since the last time.
    pub(super) async fn look_at_sessions(&self, watched: &mut Sessions, running: &HashMap<ContainerId, Subject>) {
        if watched.wishes.is_empty() {
            return;
        }
        let all: Vec<Session> = self.control().sessions().list().iter().map(crate::sessions::Session::facts).collect();
        watched.heard.retain(|id, _| all.iter().any(|session| session.id == *id));
        for session in all.iter().filter(|session| session.state == SessionState::Live).take(MOST_SESSIONS) {
            let subject = running.get(&session.container).cloned().unwrap_or_else(|| Subject::bare(&session.container, &session.container_name));
            let wishes: Vec<&Wish> = watched.wishes.iter().filter(|wish| subject.is_of(&wish.of)).collect();
            if wishes.is_empty() {
                continue;
            }
            let new = || {
                // What was printed before it was watched is no news; of one that is younger, all is.
                let offset = if session.created_at >= self.control().started_at() && session.head_offset <= MOST { 0 } else { session.head_offset };
                let mut lines = Lines::default();
                lines.begin(offset);
                Heard { offset, lines, found: HashMap::new(), tail: Vec::new(), changed: Instant::now(), stirred: false, idle: Vec::new() }
            };
            let heard = watched.heard.entry(session.id.clone()).or_insert_with(new);
            let printed = session.head_offset > heard.offset;
            if printed {
                self.read_on(session, &subject, heard, &wishes).await;
            }
            self.look_at_quiet(session, &subject, heard, &wishes, printed);
        }
    }

    async fn read_on(&self, session: &Session, subject: &Subject, heard: &mut Heard, wishes: &[&Wish]) {
        let from = heard.offset.max(session.head_offset.saturating_sub(MOST));
        let query = OutputQuery { offset: Some(from), limit: Some(MOST) };
        let Ok((at, bytes)) = self.control().get_output(&Control::local_admin(), session.id.as_str(), query).await else { return };
        if at != heard.offset {
            heard.lines.begin(at);
            heard.tail.clear();
        }
        heard.offset = at + bytes.len() as u64;
        (heard.changed, heard.stirred) = (Instant::now(), true);
        heard.idle.clear();
        let mut marks = std::mem::take(&mut heard.tail);
        let before = marks.len() as u64;
        marks.extend_from_slice(&bytes);
        for place in memchr::memmem::find_iter(&marks, PROMPT) {
            let place = at + place as u64 - before;
            for wish in wishes.iter().filter(|wish| matches!(wish.what, What::Prompt)) {
                let words = format!("session {} in {} shows a prompt", session.title, subject.name);
                self.in_session(&wish.trigger, "session.prompt", session, subject, format!("prompt:{}:{place}", session.id), words, json!({}));
            }
        }
        heard.tail = marks[marks.len().saturating_sub(PROMPT.len() - 1)..].to_vec();
        for (at, line) in heard.lines.take(&bytes) {
            self.look_at_line(session, subject, &mut heard.found, wishes, at, &line);
        }
    }

    /// What holds while nothing is printed: questions end no line.
    fn look_at_quiet(&self, session: &Session, subject: &Subject, heard: &mut Heard, wishes: &[&Wish], printed: bool) {
        if !printed {
            let (at, rest) = heard.lines.rest();
            if !rest.is_empty() {
                let rest = rest.to_vec();
                self.look_at_line(session, subject, &mut heard.found, wishes, at, &rest);
            }
        }
        for wish in wishes.iter().filter(|_| heard.stirred) {
            let What::Idle(quiet) = &wish.what else { continue };
            if heard.changed.elapsed() >= *quiet && !heard.idle.contains(&wish.trigger) {
                heard.idle.push(wish.trigger.clone());
                let words = format!("session {} in {} has been quiet for {} s", session.title, subject.name, quiet.as_secs());
                let key = format!("idle:{}:{}", session.id, heard.offset);
                self.in_session(&wish.trigger, "session.idle", session, subject, key, words, json!({}));
            }
        }
    }

    fn look_at_line(&self, session: &Session, subject: &Subject, found: &mut HashMap<TriggerId, u64>, wishes: &[&Wish], at: u64, line: &[u8]) {
        let text = crate::term::one_line(&String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)), usize::MAX);
        for wish in wishes {
            let What::Output(pattern) = &wish.what else { continue };
            // A line is looked at when it stands there without an end, and when it has ended.
            if found.get(&wish.trigger) == Some(&at) {
                continue;
            }
            let Some(groups) = groups(pattern, &text) else { continue };
            found.insert(wish.trigger.clone(), at);
            let words = format!("session {} in {} printed '{}'", session.title, subject.name, crate::term::one_line(&text, 120));
            let data = json!({"line": text, "group": groups});
            self.in_session(&wish.trigger, "session.output", session, subject, format!("output:{}:{at}", session.id), words, data);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one place for what all of them have")]
    fn in_session(&self, trigger: &TriggerId, kind: &'static str, session: &Session, subject: &Subject, key: String, words: String, data: Value) {
        let happening = Happening {
            owner: Some(session.owner.clone()),
            container: Some(subject.clone()),
            session: Some(session.id.clone()),
            ..plain(kind, key, Timestamp::now(), words, data)
        };
        self.happened_for(trigger, happening);
    }
}
