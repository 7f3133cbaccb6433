//! `cto bench tasks`: five things that people do all day, counted in keys, beside lazydocker in tmux.
//!
//! Both sides are driven by keys alone, from a shell as a person has it, and each step ends when the screen shows what it was for. The rival's
//! way is the one with the fewest keys that lazydocker, tmux and docker's own command line allow, without aliases on either side.
use super::Options;
use super::Progress;
use super::machine::find_program;
use super::pty::Pty;
use super::report::Figures;
use super::report::Report;
use super::stage::Stage;
use super::stage::launch;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Container;
use crate::model::CreateContainer;
use crate::model::InlineTemplate;
use crate::model::Size;
use crate::term::Screen;
use std::ffi::OsStr;
use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

/// The terminal: half of it is still enough for lazydocker's names of containers.
const SIZE: Size = Size { cols: 200, rows: 50 };
/// Between two keys: a practised typist's (Card, Moran and Newell, "The keystroke-level model", 1980).
const KEY: Duration = Duration::from_millis(200);
/// How long a screen may take to show what a step is for.
const SHOWN: Duration = Duration::from_secs(30);
/// The prefix of terminals' keys, the same in cto and in tmux.
const P: &str = "\x02";
/// What the containers print: every fifth line is what is looked for.
const TALK: &str =
    "n=0; while :; do n=$((n+1)); if [ $((n % 5)) = 0 ]; then echo \"error: no answer to $n\"; else echo \"request $n served\"; fi; sleep 0.2; done";
/// A file in the containers.
const FILE: &str = "report.txt";

/// One step: keys, and what the screen shows then, so many times.
#[derive(Clone)]
struct Step<'a> {
    keys: String,
    until: &'a str,
    times: usize,
}

/// A step that is done when the screen shows this.
fn step(keys: impl Into<String>, until: &str) -> Step<'_> {
    Step { keys: keys.into(), until, times: 1 }
}

/// The five.
const TASKS: [&str; 5] = ["launch", "edit", "logs", "copy", "return"];

/// A person at a terminal.
struct Hands {
    pty: Pty,
    screen: Screen,
    gap: Duration,
}

impl Hands {
    /// A shell that finds `cto` and the rival's programs, and no files of the person who measures.
    fn new(stage: &Stage, gap: Duration) -> Result<Self> {
        let home = stage.home.as_os_str();
        let own = Path::new(&stage.own_words(&[])[0]).parent().map(|dir| dir.as_os_str().to_owned()).unwrap_or_default();
        let mut path = own;
        path.push(OsString::from(":"));
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let variables: [(&str, &OsStr); 8] = [
            ("PATH", &path),
            ("CTO_HOME", home),
            ("TMUX_TMPDIR", home),
            ("XDG_CONFIG_HOME", home),
            ("DOCKER_HOST", stage.health.engine.address.as_ref()),
            ("PS1", OsStr::new("host> ")),
            ("LC_ALL", OsStr::new("C.UTF-8")),
            ("SHELL", OsStr::new("/bin/sh")),
        ];
        let pty = Pty::spawn_with(&["sh"], SIZE, &variables)?;
        Ok(Self { pty, screen: Screen::new(SIZE, 100), gap })
    }

    /// Takes what comes for so long, or until the screen shows this so many times.
    async fn look(&mut self, within: Duration, wanted: Option<(&str, usize)>) -> Result<bool> {
        let mut piece = Vec::new();
        let screen = &mut self.screen;
        let pty = &self.pty;
        let looking = async {
            loop {
                if wanted.is_some_and(|(text, times)| screen.text().matches(text).count() >= times) {
                    return Ok(true);
                }
                if !pty.read(&mut piece).await? {
                    return Err(Error::new(Code::WrongState, "the shell of the benchmark has ended early"));
                }
                screen.feed(&piece);
                let replies = screen.take_replies();
                pty.write(&replies).await?;
            }
        };
        tokio::time::timeout(within, looking).await.unwrap_or(Ok(false))
    }

    /// Does a step: presses its keys one after another, and waits for the screen. How many they were.
    async fn press(&mut self, step: &Step<'_>) -> Result<u32> {
        let keys = single(&step.keys);
        for key in &keys {
            self.pty.write(key.as_bytes()).await?;
            self.look(self.gap, None).await?;
        }
        if !self.look(SHOWN, Some((step.until, step.times))).await? {
            return Err(Error::new(Code::TimedOut, format!("after {keys:?} no '{}' came, but:\n{}", step.until, self.screen.text())));
        }
        Ok(u32::try_from(keys.len()).unwrap_or(u32::MAX))
    }

    /// Does what is not counted.
    async fn prepare(&mut self, steps: &[Step<'_>]) -> Result<()> {
        for step in steps {
            self.press(step).await?;
        }
        Ok(())
    }

    /// Does a task: its keys, and how long it took in seconds.
    async fn task(&mut self, steps: &[Step<'_>]) -> Result<(f64, f64)> {
        let begun = Instant::now();
        let mut count = 0;
        for step in steps {
            count += self.press(step).await?;
        }
        Ok((f64::from(count), begun.elapsed().as_secs_f64()))
    }

    /// In lazydocker's list, which begins at this column or right of it: the keys that lead to a container from the first.
    fn way_to(&self, name: &str, col: u16) -> Result<String> {
        let text = self.screen.text();
        let own = text.lines().map(|line| line.chars().skip(col.into()).collect::<String>());
        let mut rows = own.skip_while(|line| !line.contains("Containers")).skip(1);
        let place = rows.position(|line| line.contains(name));
        place.map(|place| "j".repeat(place)).ok_or_else(|| Error::new(Code::NotFound, format!("lazydocker does not list '{name}':\n{text}")))
    }
}

/// The keys of a text: each character is one, and so is a sequence such as that of an arrow.
fn single(keys: &str) -> Vec<&str> {
    let mut rest = keys;
    let mut all = Vec::new();
    while let Some(first) = rest.chars().next() {
        let end = match rest.strip_prefix("\x1b[") {
            Some(tail) => rest.len() - tail.len() + tail.find(|c: char| c.is_ascii_alphabetic() || c == '~').map_or(0, |at| at + 1),
            None => first.len_utf8(),
        };
        let (key, others) = rest.split_at(end);
        all.push(key);
        rest = others;
    }
    all
}

/// What both sides work with: two containers that talk and have an editor and a file.
struct Place {
    web: String,
    worker: String,
}

pub(super) async fn run(stage: &Stage, options: &Options, progress: Progress<'_>) -> Result<Report> {
    let gap = options.pick(KEY, Duration::from_millis(30));
    // Short names, as people have them; of containers that are there already they are told apart.
    let number = std::process::id() % 1000;
    progress("tasks: two containers with an editor are made");
    let web = talker(stage, &format!("web-{number}")).await?;
    let result = match talker(stage, &format!("worker-{number}")).await {
        Ok(worker) => {
            let place = Place { web: web.name.clone(), worker: worker.name.clone() };
            let result = both(stage, &place, gap, progress).await;
            stage.engine.remove(&worker.id, true).await?;
            result
        }
        Err(error) => Err(error),
    };
    stage.engine.remove(&web.id, true).await?;
    let (ours, theirs) = result?;
    Ok(Report::new("tasks", "keys", ours)
        .against("lazydocker in tmux, and docker's command line".to_owned(), theirs, None)
        .note(format!("{}; 'seconds' with {gap:?} between two keys, until the screen shows what was wanted", TASKS.join(", ")))
        .note("launch: a shell in a new container; edit: a file in vim beside it; logs: errors of two containers as they come; copy: a file out; return: detach and come back")
        .rounds(1))
}

async fn both(stage: &Stage, place: &Place, gap: Duration, progress: Progress<'_>) -> Result<(Figures, std::result::Result<Figures, String>)> {
    progress("tasks: by cto");
    let ours = by_cto(stage, place, gap).await?;
    let missing = ["lazydocker", "tmux", "docker"].into_iter().find(|name| find_program(name).is_none());
    if let Some(missing) = missing {
        return Ok((ours, Err(format!("no program '{missing}' here; scripts/rivals.sh installs it"))));
    }
    progress("tasks: by lazydocker and tmux");
    Ok((ours, Ok(by_rivals(stage, place, gap).await?)))
}

/// A container that prints lines all the time.
async fn talker(stage: &Stage, name: &str) -> Result<Container> {
    let template = serde_json::json!({
        "name": "talker", "image": "debian:bookworm-slim", "packages": ["vim"], "command": ["sh", "-c", TALK], "interactive": false,
        "working_dir": "/root", "files": [{"path": format!("/root/{FILE}"), "content": "all is well\n"}],
    });
    let inline = InlineTemplate { source: "talker.json".to_owned(), text: template.to_string() };
    let request = CreateContainer { inline: Some(inline), name: Some(name.to_owned()), ..CreateContainer::default() };
    launch(&stage.client, &request).await
}

fn figures(measured: &[(&str, (f64, f64))]) -> Figures {
    let seconds = measured.iter().map(|(name, (_, seconds))| (format!("{name}_seconds"), *seconds));
    Figures::of(measured.iter().map(|(name, (keys, _))| ((*name).to_owned(), *keys)).chain(seconds))
}

async fn by_cto(stage: &Stage, place: &Place, gap: Duration) -> Result<Figures> {
    let mut hands = Hands::new(stage, gap)?;
    let mut measured = Vec::new();
    let home = "+ launch";
    hands.prepare(&[step("cd \"$CTO_HOME\"; cto\r", home), step("", &place.web)]).await?;
    measured.push(("launch", hands.task(&[step("n", "type to search"), step("\r", "root@")]).await?));
    hands.prepare(&[step(format!("{P}d"), home), step(format!(":open {}\r", place.web), "root@")]).await?;
    let edit = [step(format!("{P}%"), "· shell"), Step { keys: String::new(), until: "root@", times: 2 }];
    measured.push(("edit", hands.task(&[&edit[..], &in_vim()].concat()).await?));
    measured.push(("copy", hands.task(&[step(format!("{P}f"), FILE), step("/rep\r", "1 ·"), step("c", "copied 1 file")]).await?));
    hands.prepare(&[step("2", WRITTEN)]).await?;
    measured.push(("return", hands.task(&[step(format!("{P}dq"), "host>"), step("cto\r", home), step("\r", WRITTEN)]).await?));
    hands.prepare(&[step(format!("{P}d"), home)]).await?;
    measured.push(("logs", hands.task(&[step("  l", "following"), step("&error\r", "error: no answer")]).await?));
    Ok(figures(&measured))
}

/// What shows that the editor has ended.
const WRITTEN: &str = "vi notes";

/// Keys in the shell beside: the same on both sides.
fn in_vim() -> [Step<'static>; 3] {
    [step("vi notes\r", "\"notes\""), step("ihello", "-- INSERT --"), Step { keys: "\x1b:wq\r".to_owned(), until: "root@", times: 3 }]
}

async fn by_rivals(stage: &Stage, place: &Place, gap: Duration) -> Result<Figures> {
    let mut hands = Hands::new(stage, gap)?;
    let result = in_tmux(stage, place, &mut hands).await;
    // Not by keys: who knows where they would go by now.
    let end = tokio::process::Command::new("tmux").arg("kill-server").env("TMUX_TMPDIR", &stage.home).env_remove("TMUX").stdin(Stdio::null()).output().await;
    end.map_err(|error| Error::internal(format!("tmux can't be ended: {error}")))?;
    result
}

async fn in_tmux(stage: &Stage, place: &Place, hands: &mut Hands) -> Result<Figures> {
    // Its windows are to have the programs that this one has: no login shell, which looks for them elsewhere.
    let begin = "cd \"$CTO_HOME\"; echo 'set -g default-command sh' >tmux.conf; tmux -f tmux.conf\r";
    hands.prepare(&[step(begin, "[0]"), step("lazydocker\r", &place.web)]).await?;
    let launch = hands.task(&[step(format!("{P}c"), "1:sh"), step("docker run -it debian:bookworm-slim\r", "root@")]).await?;
    // It has no name that is known: its shell says its id.
    let id = hands.screen.text().split("root@").nth(1).map(|rest| rest.chars().take_while(char::is_ascii_hexdigit).collect::<String>()).unwrap_or_default();
    let made = stage.engine.inspect(&id).await?;
    let rest = after_launch(hands, place).await;
    stage.engine.remove(&made.id, true).await?;
    Ok(figures(&[vec![("launch", launch)], rest?].concat()))
}

async fn after_launch(hands: &mut Hands, place: &Place) -> Result<Vec<(&'static str, (f64, f64))>> {
    let mut measured = Vec::new();
    hands.prepare(&[step(format!("{P}0"), &place.web)]).await?;
    let way = hands.way_to(&place.web, 0)?;
    hands.prepare(&[step(format!("{way}E"), "root@")]).await?;
    // The prompt of the first shell has the name too.
    let listed = Step { keys: "lazydocker\r".to_owned(), until: &place.web, times: 2 };
    let begun = hands.task(&[step(format!("{P}%"), "host>"), listed]).await?;
    let way = hands.way_to(&place.web, SIZE.cols / 2)?;
    let shell = Step { keys: format!("{way}E"), until: "root@", times: 2 };
    let rest = hands.task(&[&[shell][..], &in_vim()].concat()).await?;
    measured.push(("edit", (begun.0 + rest.0, begun.1 + rest.1)));
    measured.push(("return", hands.task(&[step(format!("{P}d"), "[detached"), step("tmux a\r", WRITTEN)]).await?));
    let copy = [step(format!("{P}c"), "2:sh"), step(format!("docker cp {}:/root/{FILE} .\r", place.web), "copied")];
    measured.push(("copy", hands.task(&copy).await?));
    let follow = |name: &str| format!("docker logs -f {name} | grep error\r");
    let second = Step { keys: follow(&place.worker), until: "error: no answer", times: 2 };
    let logs = [step(format!("{P}c"), "3:sh"), step(follow(&place.web), "error: no answer"), step(format!("{P}%"), "host>"), second];
    measured.push(("logs", hands.task(&logs).await?));
    hands.prepare(&[step(format!("{P}d"), "[detached")]).await?;
    Ok(measured)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_character_or_a_sequence() {
        assert_eq!(single("\x02%j\x1b[B\x1b[5~é\r"), ["\x02", "%", "j", "\x1b[B", "\x1b[5~", "é", "\r"]);
        assert_eq!(single("\x1b:wq"), ["\x1b", ":", "w", "q"]);
    }
}
