//! What becomes of a script that was edited on this machine.
use super::run_words;
use super::scripts::KEPT;
use super::scripts::Scripts;
use super::text;
use super::toast::say;
use crate::model::Code;
use crate::model::Problem;
use crate::model::ScriptCheck;
use crate::tui::msg::Ask;
use crate::tui::msg::Choice;
use crate::tui::msg::ConfirmSpec;
use crate::tui::msg::Effect;
use crate::tui::msg::Reply;
use crate::tui::msg::ToastKind;
use crate::tui::runs::Draft;
use crate::tui::runs::RunsReply;
use crate::tui::runs::RunsWish;
use crate::tui::runs::wish;
use crate::tui::theme::Role;
use std::path::Path;
use std::sync::Arc;

/// Mistakes that a question names; the check shows all.
const NAMED: usize = 8;

fn toast(kind: ToastKind, text: String) -> Effect {
    Effect::Ask(Ask::Toast(kind, text))
}

impl Scripts {
    /// What an answer means for a script that is edited or checked.
    pub(super) fn edited(&mut self, asked: &RunsWish, result: &Result<Reply, Box<Problem>>) -> Option<Vec<Effect>> {
        match (asked, result) {
            (RunsWish::Edit(_), Ok(Reply::Runs(reply))) => {
                let RunsReply::Draft(draft) = &**reply else { return None };
                // One that was not saved is not lost.
                let before = self.draft.replace(draft.clone());
                self.keep(before);
                Some(vec![Effect::Edit(draft.path().to_owned())])
            }
            (RunsWish::Save(draft, _), Ok(Reply::Runs(reply))) => {
                self.draft.take_if(|own| own == draft);
                match &**reply {
                    RunsReply::Unchanged => Some(vec![say("nothing was changed")]),
                    RunsReply::Checked(_, check) => Some(saved(&draft.name, check)),
                    _ => None,
                }
            }
            (RunsWish::Save(draft, _), Err(problem)) => {
                let place = draft.path().display().to_string();
                let mut effects = vec![toast(ToastKind::Warning, format!("your text is in {place} until cto ends"))];
                if problem.code == Code::Stale {
                    let over = wish(RunsWish::Save(draft.clone(), true));
                    let again = Effect::Edit(draft.path().to_owned());
                    let lines = vec!["Somebody else saved it while you edited it: saving over it loses what they wrote.".to_owned()];
                    let choices = vec![
                        Choice { key: 'o', label: "save over it".to_owned(), destroys: true, effects: vec![over] },
                        Choice { key: 'e', label: "edit mine again".to_owned(), destroys: false, effects: vec![again] },
                    ];
                    let spec = ConfirmSpec { title: format!("Save {}?", draft.name), lines, choices };
                    effects.push(Effect::Ask(Ask::Offer(Box::new(spec))));
                }
                self.keep(Some(draft.clone()));
                Some(effects)
            }
            (RunsWish::Check(name), Ok(Reply::Runs(reply))) => match &**reply {
                RunsReply::Checked(_, check) if check.errors.is_empty() && check.warnings.is_empty() => {
                    Some(vec![toast(ToastKind::Done, format!("{name}: no mistakes found"))])
                }
                RunsReply::Checked(source, check) => {
                    let lines = run_words::mistakes(check, source).into_iter().flat_map(|(line, role)| wrapped(&line, role)).collect();
                    Some(vec![Effect::Ask(Ask::Sheet { title: format!("{name}: {}", count(check)), lines })])
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn keep(&mut self, draft: Option<Arc<Draft>>) {
        let Some(draft) = draft.filter(|draft| !self.kept.contains(draft)) else { return };
        if self.kept.len() >= KEPT {
            self.kept.remove(0);
        }
        self.kept.push(draft);
    }

    /// The editor has ended.
    pub(super) fn editor_ended(&mut self, path: &Path, failed: bool) -> Option<Vec<Effect>> {
        let draft = self.draft.iter().chain(&self.kept).find(|draft| draft.path() == path).cloned()?;
        if failed {
            self.draft.take_if(|own| *own == draft);
            return Some(vec![say("the script stays as it is")]);
        }
        Some(vec![wish(RunsWish::Save(draft, false))])
    }
}

/// A line for a sheet; what the text itself says keeps its blanks.
fn wrapped(line: &str, role: Role) -> Vec<(String, Role)> {
    if role == Role::Muted { vec![(line.to_owned(), role)] } else { text::wrap(line, 96).into_iter().map(|line| (line, role)).collect() }
}

/// `2 mistakes, 1 warning`.
fn count(check: &ScriptCheck) -> String {
    let counts = [(check.errors.len(), "mistake"), (check.warnings.len(), "warning")];
    counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| text::count(*count, word)).collect::<Vec<_>>().join(", ")
}

/// What is said when a script was saved.
fn saved(name: &str, check: &ScriptCheck) -> Vec<Effect> {
    if check.errors.is_empty() && check.warnings.is_empty() {
        return vec![toast(ToastKind::Done, format!("{name} is saved: no mistakes found"))];
    }
    let places: Vec<String> = check.errors.iter().chain(&check.warnings).map(run_words::place).collect();
    let mut lines: Vec<String> = places.iter().take(NAMED).cloned().collect();
    if places.len() > NAMED {
        lines.push(format!("and {} more", places.len() - NAMED));
    }
    let choices = vec![Choice { key: 'e', label: "edit again".to_owned(), destroys: false, effects: vec![wish(RunsWish::Edit(name.to_owned()))] }];
    vec![Effect::Ask(Ask::Offer(Box::new(ConfirmSpec { title: format!("{name} is saved, with {}", count(check)), lines, choices })))]
}
