//! What the commands of the files do, and what answers mean to them.
use super::files::Copying;
use super::files::Files;
use super::files::Plan;
use super::files::Side;
use super::files::is_above;
use super::files::wish;
use super::files_rows;
use super::meter::Meter;
use super::rows::Row;
use super::text;
use super::toast::say;
use crate::model::PathKind;
use crate::model::Problem;
use crate::model::Progress;
use crate::model::ProgressUnit;
use crate::tui::command::CommandId;
use crate::tui::component::Context;
use crate::tui::files::Copied;
use crate::tui::files::CopyItem;
use crate::tui::files::CopyJob;
use crate::tui::files::CopyNews;
use crate::tui::files::Entry;
use crate::tui::files::FilesAnswer;
use crate::tui::files::FilesPrompt;
use crate::tui::files::FilesReply;
use crate::tui::files::FilesWish;
use crate::tui::files::PutWay;
use crate::tui::files::Where;
use crate::tui::files::host;
use crate::tui::files::names;
use crate::tui::msg::Ask;
use crate::tui::msg::Choice;
use crate::tui::msg::ConfirmSpec;
use crate::tui::msg::Effect;
use crate::tui::msg::PromptFor;
use crate::tui::msg::PromptSpec;
use crate::tui::msg::Reply;
use crate::tui::msg::ToastKind;
use crate::tui::theme::Role;
use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;

/// Things that one question can name.
const MOST_NAMED: usize = 24;

fn toast(kind: ToastKind, text: impl Into<String>) -> Effect {
    Effect::Ask(Ask::Toast(kind, text.into()))
}

fn prompt(title: &str, text: &[u8], what: FilesPrompt) -> Effect {
    // A name that can't be typed is not put there to be changed.
    let text = if names::is_shown_plainly(text) { names::shown(text) } else { String::new() };
    Effect::Ask(Ask::Prompt(Box::new(PromptSpec { title: title.to_owned(), text, purpose: PromptFor::Files(what) })))
}

fn choice(key: char, label: &str, destroys: bool, answer: FilesAnswer) -> Choice {
    Choice { key, label: label.to_owned(), destroys, effects: vec![Effect::Ask(Ask::Files(answer))] }
}

impl Files {
    /// Does one of the view's own commands; none where it is not one.
    pub(super) fn act(&mut self, id: CommandId, rows: &[Row], cx: &Context) -> Option<Vec<Effect>> {
        use CommandId as C;
        let side = self.side;
        let at = self.place_of(side)?;
        Some(match id {
            C::FilesSide => {
                self.side = if side == Side::Inside { Side::Here } else { Side::Inside };
                Vec::new()
            }
            C::FilesUp => self.up(),
            C::FilesHidden => {
                self.hidden = !self.hidden;
                vec![say(if self.hidden { "names that begin with a dot are shown" } else { "names that begin with a dot are hidden" })]
            }
            C::FilesHome => self.go(side, if side == Side::Inside { b"/root" } else { b"~" }),
            C::FilesRoot => self.go(side, b"/"),
            C::FilesCancel => vec![say("nothing is being copied")],
            C::FilesMake => vec![prompt("new directory", b"", FilesPrompt::Make)],
            C::FilesOpen | C::FilesView => {
                let Some(row) = self.pane(side).list.selected(rows) else { return Some(vec![say("there is nothing here")]) };
                if is_above(row) {
                    return Some(self.up());
                }
                let Some(entry) = self.pane(side).entry(&row.id).cloned() else { return Some(Vec::new()) };
                let path = names::join(&self.pane(side).path, &entry.name);
                // Where a link leads is not always known; then it is tried.
                if entry.is_directory() || entry.kind == PathKind::Link && entry.leads_to.is_none() && id == C::FilesOpen {
                    return Some(if id == C::FilesOpen { self.go(side, &path) } else { vec![say("this is a directory: ⏎ goes into it")] });
                }
                if entry.kind == PathKind::Other || entry.leads_to == Some(PathKind::Other) {
                    return Some(vec![say("a device, socket or pipe is not read")]);
                }
                vec![wish(FilesWish::Look(at, path))]
            }
            C::FilesEdit => return Some(self.edit(rows)),
            C::FilesCopyOut | C::FilesUpload => return Some(self.plan_copy(id == C::FilesCopyOut, rows)),
            C::FilesRename => {
                let Some(entry) = self.one(rows) else { return Some(vec![nothing()]) };
                vec![prompt("rename", &entry.name.clone(), FilesPrompt::Rename(entry.name.clone()))]
            }
            C::FilesDelete => return Some(self.delete(at, rows, cx)),
            C::FilesDiff => return Some(self.compare(rows)),
            C::FilesPaste | C::FilesCopyPath | C::FilesCopyLine => {
                let paths: Vec<Vec<u8>> = self.meant(rows).iter().map(|entry| names::join(&self.pane(side).path, &entry.name)).collect();
                let paths = if paths.is_empty() { vec![self.pane(side).path.clone()] } else { paths };
                vec![Effect::Ask(match id {
                    C::FilesPaste => Ask::PasteText(paths.iter().map(|path| names::quoted(path)).collect::<Vec<_>>().join(" ")),
                    C::FilesCopyPath if names::is_shown_plainly(&paths.concat()) => {
                        Ask::Copy(paths.iter().map(|path| names::shown(path)).collect::<Vec<_>>().join("\n"))
                    }
                    C::FilesCopyPath => Ask::Copy(paths.iter().map(|path| names::quoted(path)).collect::<Vec<_>>().join(" ")),
                    _ => Ask::Copy(self.line(&paths, cx)),
                })]
            }
            _ => return None,
        })
    }

    /// The command lines that copy these to the other side.
    fn line(&self, paths: &[Vec<u8>], cx: &Context) -> String {
        let name = self.name(cx);
        let inside = |path: &[u8]| names::quoted(&[name.as_bytes(), path].join(&b':'));
        let line = |path: &Vec<u8>| match self.side {
            Side::Inside => format!("cto cp {} {}", inside(path), names::quoted(&self.here.path)),
            Side::Here => format!("cto cp {} {}", names::quoted(path), inside(&self.inside.path)),
        };
        paths.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// What an action is for: what is marked, or else what the cursor is on.
    fn meant(&self, rows: &[Row]) -> Vec<&Entry> {
        let pane = self.pane(self.side);
        pane.list.meant(rows).iter().filter_map(|key| pane.entry(key)).collect()
    }

    /// What the cursor is on.
    fn one(&self, rows: &[Row]) -> Option<&Entry> {
        let pane = self.pane(self.side);
        pane.list.selected(rows).and_then(|row| pane.entry(&row.id))
    }

    fn go(&mut self, side: Side, path: &[u8]) -> Vec<Effect> {
        self.pane_mut(side).go(path.to_vec(), None);
        Vec::new()
    }

    fn up(&mut self) -> Vec<Effect> {
        let pane = self.pane_mut(self.side);
        match names::parent(&pane.path) {
            Some((above, name)) => {
                pane.go(above, Some(&name));
                Vec::new()
            }
            None => vec![say("this is the root")],
        }
    }

    fn edit(&mut self, rows: &[Row]) -> Vec<Effect> {
        let Some(entry) = self.one(rows) else { return vec![nothing()] };
        if entry.is_directory() || entry.kind == PathKind::Other {
            return vec![say("only files can be edited")];
        }
        let path = names::join(&self.pane(self.side).path, &entry.name);
        match (self.side, &self.container) {
            (Side::Inside, Some(id)) => vec![wish(FilesWish::Fetch(id.clone(), path))],
            _ => {
                let path = host::path(&path);
                self.edited = Some(path.clone());
                vec![Effect::Edit(path)]
            }
        }
    }

    fn delete(&self, at: Where, rows: &[Row], cx: &Context) -> Vec<Effect> {
        let entries = self.meant(rows);
        if entries.is_empty() {
            return vec![nothing()];
        }
        if entries.len() > MOST_NAMED {
            return vec![say(format!("{MOST_NAMED} at a time, so that the question can name each: {} are marked", entries.len()))];
        }
        let place = if self.side == Side::Inside { self.name(cx) } else { "this machine".to_owned() };
        let what = if let [one] = entries[..] { names::shown(&one.name) } else { format!("{} things", entries.len()) };
        let paths = entries.iter().map(|entry| names::join(&self.pane(self.side).path, &entry.name)).collect();
        let choices = vec![Choice { key: 'y', label: "delete".to_owned(), destroys: true, effects: vec![wish(FilesWish::Remove(at, paths))] }];
        let spec = ConfirmSpec { title: format!("Delete {what} from {place}?"), lines: files_rows::losses(&entries), choices };
        vec![Effect::Ask(Ask::Confirm(Box::new(spec)))]
    }

    /// The container's file and the one of the same name on this machine; of another name where the cursors are on files and no name fits.
    fn compare(&self, rows: &[Row]) -> Vec<Effect> {
        let (Some(entry), Some(container)) = (self.one(rows), self.container.clone()) else { return vec![nothing()] };
        if entry.is_directory() {
            return vec![say("files are compared, one with one: go into the directory")];
        }
        let other = if self.side == Side::Inside { Side::Here } else { Side::Inside };
        let pane = self.pane(other);
        let same = pane.listing.as_ref().is_some_and(|listing| listing.entries.iter().any(|known| known.name == entry.name && !known.is_directory()));
        let under_cursor = pane.list.cursor.as_ref().and_then(|key| pane.entry(key)).filter(|known| !known.is_directory());
        let name = if same { &entry.name } else { under_cursor.map_or(&entry.name, |known| &known.name) };
        let (own, their) = (names::join(&self.pane(self.side).path, &entry.name), names::join(&pane.path, name));
        let (inside, here) = if self.side == Side::Inside { (own, their) } else { (their, own) };
        vec![wish(FilesWish::Compare(container, inside, here))]
    }

    /// Looks what is in the way of a copy, before it is begun.
    fn plan_copy(&mut self, out: bool, rows: &[Row]) -> Vec<Effect> {
        if out != (self.side == Side::Inside) {
            let words = if out { "this copies out of the container" } else { "this copies from this machine into the container" };
            return vec![say(format!("{words}: ⇥ goes to that side first"))];
        }
        if self.copying.is_some() {
            return vec![say("something is being copied: esc cancels that")];
        }
        let (from, to) = if out { (&self.inside, &self.here) } else { (&self.here, &self.inside) };
        let items: VecDeque<CopyItem> = self
            .meant(rows)
            .into_iter()
            .map(|entry| CopyItem {
                from: names::join(&from.path, &entry.name),
                name: entry.name.clone(),
                bytes: (entry.kind == PathKind::File).then_some(entry.size),
            })
            .collect();
        let Some(container) = self.container.clone().filter(|_| !items.is_empty()) else { return vec![nothing()] };
        if to.path.is_empty() || to.listing.is_none() {
            return vec![say("where it would go can't be listed yet")];
        }
        let into = to.path.clone();
        let at = if out { Where::Host } else { Where::Container(container.clone()) };
        self.last_job += 1;
        let job = CopyJob { id: self.last_job, container, out, items: Vec::new(), into: into.clone() };
        let names = items.iter().map(|item| item.name.clone()).collect();
        self.plan = Some(Plan { job, open: items, there: None, over: false });
        vec![wish(FilesWish::Clashes(at, into, names))]
    }

    /// Asks about the next thing that is in the way, or begins the copy.
    fn go_on(&mut self) -> Vec<Effect> {
        let Some(plan) = &mut self.plan else { return Vec::new() };
        let Some(there) = &plan.there else { return Vec::new() };
        while let Some(item) = plan.open.front() {
            if !plan.over && there.contains(&item.name) {
                let place = names::shown(&plan.job.into);
                let title = format!("{} is in {place} already. Overwrite it?", names::shown(&item.name));
                let lines = vec!["A file is replaced; in a directory files of the same names are.".to_owned()];
                let mut choices = vec![
                    choice('o', "overwrite", true, FilesAnswer::Overwrite),
                    choice('s', "skip", false, FilesAnswer::Skip),
                    choice('r', "rename", false, FilesAnswer::Rename),
                ];
                if plan.open.len() > 1 {
                    choices.insert(1, choice('a', "all", true, FilesAnswer::OverwriteAll));
                }
                return vec![Effect::Ask(Ask::Offer(Box::new(ConfirmSpec { title, lines, choices })))];
            }
            plan.job.items.extend(plan.open.pop_front());
        }
        let Some(Plan { job, .. }) = self.plan.take() else { return Vec::new() };
        if job.items.is_empty() {
            return vec![say("nothing was copied")];
        }
        self.copying = Some(Copying { job: job.clone(), item: 0, bytes: 0, meter: Meter::default(), stopping: false });
        vec![Effect::Copy(Box::new(job))]
    }

    /// Takes the answer to a question.
    pub fn answer(&mut self, answer: FilesAnswer, _cx: &Context) -> Vec<Effect> {
        match answer {
            FilesAnswer::PutOver => return self.draft.clone().map(|draft| wish(FilesWish::PutBack(draft, PutWay::Over))).into_iter().collect(),
            FilesAnswer::PutBeside => {
                let name = self.draft.as_ref().map(|draft| names::last(&draft.original.path)).unwrap_or_default();
                return vec![prompt("name for your text, in the same directory", &[name.as_slice(), b".mine"].concat(), FilesPrompt::PutAs)];
            }
            _ => {}
        }
        let Some(plan) = &mut self.plan else { return Vec::new() };
        match answer {
            FilesAnswer::Overwrite => plan.job.items.extend(plan.open.pop_front()),
            FilesAnswer::OverwriteAll => plan.over = true,
            FilesAnswer::Skip => drop(plan.open.pop_front()),
            FilesAnswer::Rename => {
                let name = plan.open.front().map(|item| item.name.clone()).unwrap_or_default();
                return vec![prompt("copy it as", &name, FilesPrompt::CopyAs)];
            }
            FilesAnswer::PutOver | FilesAnswer::PutBeside => {}
        }
        self.go_on()
    }

    /// Takes a name that was asked for.
    pub fn prompted(&mut self, what: &FilesPrompt, name: &str, _cx: &Context) -> Vec<Effect> {
        if let Some(complaint) = names::complaint(name) {
            return vec![toast(ToastKind::Warning, complaint)];
        }
        let name = name.as_bytes();
        let Some(at) = self.place_of(self.side) else { return Vec::new() };
        let path = names::join(&self.pane(self.side).path, name);
        match what {
            FilesPrompt::Make => vec![wish(FilesWish::Make(at, path))],
            FilesPrompt::Rename(old) => vec![wish(FilesWish::Move(at, names::join(&self.pane(self.side).path, old), path))],
            FilesPrompt::CopyAs => {
                let Some(plan) = &mut self.plan else { return Vec::new() };
                let to = if plan.job.out { Where::Host } else { Where::Container(plan.job.container.clone()) };
                if let Some(item) = plan.open.front_mut() {
                    item.name = name.to_vec();
                }
                // The new name may be taken too.
                let names = plan.open.iter().map(|item| item.name.clone()).collect();
                vec![wish(FilesWish::Clashes(to, plan.job.into.clone(), names))]
            }
            FilesPrompt::PutAs => self.draft.clone().map(|draft| wish(FilesWish::PutBack(draft, PutWay::As(name.to_vec())))).into_iter().collect(),
        }
    }

    /// What came of a wish.
    pub(super) fn told(&mut self, asked: &FilesWish, result: &Result<Reply, Box<Problem>>, cx: &Context) -> Option<Vec<Effect>> {
        let side_of = |at: &Where| if *at == Where::Host { Side::Here } else { Side::Inside };
        if let FilesWish::List(at, path) = asked {
            let side = side_of(at);
            // Whoever has gone elsewhere meanwhile asks anew.
            if self.place_of(side).as_ref() != Some(at) || self.pane(side).path != *path {
                return Some(Vec::new());
            }
            let pane = self.pane_mut(side);
            if std::mem::take(&mut pane.outdated) {
                (pane.asked, pane.next) = (false, Duration::ZERO);
                return Some(Vec::new());
            }
            let told = match result {
                Ok(Reply::Files(reply)) => match &**reply {
                    FilesReply::Listed(path, listing) => Ok((path.clone(), listing.clone())),
                    _ => return None,
                },
                Ok(_) => return None,
                Err(problem) => Err(problem.detail.clone()),
            };
            self.listed(side, told, cx);
            return Some(Vec::new());
        }
        self.soon(cx.now.since_start);
        let reply = match result {
            Ok(Reply::Files(reply)) => &**reply,
            Ok(_) => return None,
            Err(_) => return self.failed(asked),
        };
        Some(match reply {
            FilesReply::Cwd(path) => self.go(Side::Inside, path),
            FilesReply::Done(text) => {
                if let FilesWish::Make(at, path) | FilesWish::Move(at, _, path) = asked {
                    let list = &mut self.pane_mut(side_of(at)).list;
                    list.select(&names::key(&names::last(path)));
                }
                self.refresh();
                vec![toast(ToastKind::Done, text.clone())]
            }
            FilesReply::Removed(gone, kept) => {
                if let FilesWish::Remove(at, _) = asked {
                    self.pane_mut(side_of(at)).list.mark_only(Vec::new());
                }
                self.refresh();
                let mut effects = Vec::new();
                if *gone > 0 {
                    effects.push(toast(ToastKind::Done, format!("deleted {}", text::count(*gone, "thing"))));
                }
                if !kept.is_empty() {
                    effects.push(toast(ToastKind::Error, kept.join("\n")));
                }
                effects
            }
            FilesReply::Seen(title, lines) => vec![Effect::Ask(Ask::Sheet { title: title.clone(), lines: lines.clone() })],
            FilesReply::Draft(draft) => {
                // One that was not put back is not lost.
                self.kept.extend(self.draft.replace(draft.clone()));
                vec![Effect::Edit(draft.path().to_owned())]
            }
            FilesReply::Unchanged => {
                self.forget(asked);
                vec![say("nothing was changed")]
            }
            FilesReply::Put(path, bytes) => {
                self.forget(asked);
                self.refresh();
                vec![toast(ToastKind::Done, format!("{} is in the container: {}", names::shown(path), text::size(*bytes as u64)))]
            }
            FilesReply::Stale(what) => self.stale(what),
            FilesReply::Clashes(there) => {
                let Some(plan) = &mut self.plan else { return Some(Vec::new()) };
                plan.there = Some(there.iter().cloned().collect());
                self.go_on()
            }
            FilesReply::Listed(..) => return None,
        })
    }

    /// The edited file of this wish is done with.
    fn forget(&mut self, asked: &FilesWish) {
        if let FilesWish::PutBack(draft, _) = asked {
            self.draft.take_if(|own| own == draft);
        }
    }

    /// A wish could not be done; what went wrong is told by the app.
    fn failed(&mut self, asked: &FilesWish) -> Option<Vec<Effect>> {
        match asked {
            FilesWish::Cwd(_) => self.inside.asked = false,
            FilesWish::Clashes(..) => self.plan = None,
            FilesWish::PutBack(draft, _) => {
                // The app tells why; what was written is not lost.
                self.forget(asked);
                self.kept.push(draft.clone());
                return Some(vec![toast(ToastKind::Warning, format!("your text is in {} until cto ends", draft.path().display()))]);
            }
            _ => {}
        }
        None
    }

    /// The file is not as it was when its editing began.
    fn stale(&self, what: &str) -> Vec<Effect> {
        let Some(draft) = &self.draft else { return Vec::new() };
        let lines = vec![
            format!("While you edited it: {what}."),
            "Overwriting loses that; under another name both stay.".to_owned(),
            format!("Your text is in {} until cto ends.", draft.path().display()),
        ];
        let choices = vec![choice('o', "overwrite", true, FilesAnswer::PutOver), choice('k', "keep mine as …", false, FilesAnswer::PutBeside)];
        vec![Effect::Ask(Ask::Confirm(Box::new(ConfirmSpec { title: format!("Put {} back?", names::shown(&draft.original.path)), lines, choices })))]
    }

    /// The editor has ended.
    pub(super) fn edited(&mut self, path: &Path, failed: bool, cx: &Context) -> Option<Vec<Effect>> {
        if self.edited.take_if(|own| own == path).is_some() {
            self.soon(cx.now.since_start);
            return Some(Vec::new());
        }
        let draft = self.draft.clone().filter(|draft| draft.path() == path)?;
        if failed {
            self.draft = None;
            return Some(vec![say("the file in the container stays as it is")]);
        }
        Some(vec![wish(FilesWish::PutBack(draft, PutWay::Checked))])
    }

    /// How far a copy is.
    pub(super) fn copied(&mut self, id: u64, news: &CopyNews, cx: &Context) -> Option<Vec<Effect>> {
        let copying = self.copying.as_mut().filter(|copying| copying.job.id == id)?;
        match news {
            CopyNews::Moved(item, bytes) => {
                (copying.item, copying.bytes) = (*item, *bytes);
                let progress = Progress { phase: "copy".to_owned(), line: None, done: *bytes, total: 0, unit: ProgressUnit::Bytes };
                copying.meter.take(&progress, cx.now.since_start);
                Some(Vec::new())
            }
            CopyNews::Ended(copied) => {
                let job = self.copying.take().map(|copying| copying.job)?;
                self.refresh();
                let from = if job.out { Side::Inside } else { Side::Here };
                if copied.problem.is_none() {
                    self.pane_mut(from).list.mark_only(Vec::new());
                }
                Some(ended(&job, copied))
            }
        }
    }
}

fn nothing() -> Effect {
    say("there is nothing under the cursor")
}

/// What is said when a copy has ended.
fn ended(job: &CopyJob, copied: &Copied) -> Vec<Effect> {
    let mut effects = Vec::new();
    if copied.items > 0 {
        let files = text::count(usize::try_from(copied.files).unwrap_or(usize::MAX), "file");
        effects.push(toast(ToastKind::Done, format!("copied {files}, {}, to {}", text::size(copied.bytes), names::shown(&job.into))));
    }
    if let Some(problem) = &copied.problem {
        let fix = problem.fix.as_ref().map(|fix| format!("\nfix: {fix}")).unwrap_or_default();
        let kind = if problem.code == crate::model::Code::Cancelled { ToastKind::Warning } else { ToastKind::Error };
        let rest = job.items.len() - copied.items.min(job.items.len());
        let rest = if job.items.len() > 1 { format!("\n{rest} of {} were not copied", job.items.len()) } else { String::new() };
        effects.push(toast(kind, format!("{}{fix}{rest}", problem.detail)));
    }
    if !copied.left_out.is_empty() {
        let lines = copied.left_out.iter().map(|line| (line.clone(), Role::Warn)).collect();
        effects.push(Effect::Ask(Ask::Sheet { title: "left out of the copy".to_owned(), lines }));
    }
    effects
}
