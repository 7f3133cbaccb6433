//! What a name that is being typed can become.
use super::api::NAMES;
use super::api::Name;
use super::luau;
use super::luau::Language;
use super::luau::Token;

/// What is offered at most.
const MOST: usize = 40;
/// Letters after which something is offered by itself.
const LETTERS: usize = 2;

/// Something that is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The name.
    pub name: String,
    /// How it is called, after the class that it is of.
    pub signature: String,
    /// What it does.
    pub about: String,
}

/// What is offered at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offers {
    /// Characters before the cursor that are replaced.
    pub typed: usize,
    /// What there is, never nothing.
    pub items: Vec<Offer>,
    /// Which of them is chosen.
    pub at: usize,
}

impl Offers {
    /// What fits before the cursor, which is behind `line`; also after one letter or none where somebody asks.
    #[must_use]
    pub fn at(source: &str, line: &str, asked: bool) -> Option<Self> {
        if within_text(line) {
            return None;
        }
        let start = line.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |at| at + line[at..].chars().next().map_or(1, char::len_utf8));
        let (before, prefix) = line.split_at(start);
        let typed = prefix.chars().count();
        let sign = before.chars().last().filter(|c| matches!(c, ':' | '.') && !before.ends_with(".."));
        if (sign.is_none() && typed < LETTERS && !asked) || prefix.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let receiver = sign.and_then(|_| before[..before.len() - 1].rsplit(|c: char| !c.is_alphanumeric() && c != '_').next()).filter(|name| !name.is_empty());
        let fits = |name: &str| name.starts_with(prefix) && name != prefix;
        let known = |name: &&Name| match (sign, receiver.and_then(|receiver| kind_of(source, receiver))) {
            (None, _) => name.of.is_empty(),
            (Some(sign), Some(kind)) => name.of == kind && name.method == (sign == ':'),
            (Some(':'), None) => name.method,
            // Fields of any class: whose it is, the script does not say.
            (Some(_), None) => !name.method && !name.of.is_empty() && !is_table(&name.of),
        };
        let mut items: Vec<Offer> = NAMES.iter().filter(known).filter(|name| fits(&name.name)).map(offer).collect();
        if sign.is_none() {
            items.extend(own(source, prefix).into_iter().map(|name| Offer { signature: name.clone(), name, about: "of this script".to_owned() }));
            items.extend(luau::WORDS.iter().filter(|word| fits(word)).map(|word| Offer {
                name: (*word).to_owned(),
                signature: (*word).to_owned(),
                about: "a word of the language".to_owned(),
            }));
        }
        items.truncate(MOST);
        (!items.is_empty()).then_some(Self { typed, items, at: 0 })
    }

    /// The one that is chosen.
    #[must_use]
    pub fn chosen(&self) -> Option<&Offer> {
        self.items.get(self.at)
    }

    /// Chooses the next, or the one before.
    pub fn step(&mut self, down: bool) {
        let count = self.items.len().max(1);
        self.at = (self.at + if down { 1 } else { count - 1 }) % count;
    }
}

fn offer(name: &Name) -> Offer {
    let of = if name.of.is_empty() { String::new() } else { format!("{}{}", name.of, if name.method { ":" } else { "." }) };
    Offer { name: name.name.clone(), signature: format!("{of}{}", name.signature), about: name.about.clone() }
}

/// Tables of functions, which have small letters, and are no classes.
fn is_table(of: &str) -> bool {
    of.starts_with(|c: char| c.is_lowercase())
}

/// Whether the end of a line is in a text or a comment.
fn within_text(line: &str) -> bool {
    let last = luau::tokens(line, Language::Luau).pop();
    match last {
        Some((Token::Comment, _)) => true,
        Some((Token::Text, range)) if range.end == line.len() => {
            let text = &line[range];
            let quote = text.chars().next().unwrap_or('"');
            text.chars().count() < 2 || quote == '[' && !text.ends_with(']') || quote != '[' && !text.ends_with(quote)
        }
        _ => false,
    }
}

/// The class of what a script keeps under this name, as far as the line says that gives it; a table of functions is its own.
fn kind_of<'a>(source: &str, receiver: &'a str) -> Option<&'a str> {
    const CLASSES: [&str; 3] = ["Session", "Container", "Screen"];
    if NAMES.iter().any(|name| name.of == receiver) {
        return Some(receiver);
    }
    let line = source.lines().rev().find_map(|line| {
        let rest = line.trim_start();
        let rest = rest.strip_prefix("local ").unwrap_or(rest).trim_start();
        rest.strip_prefix(receiver)?.trim_start().strip_prefix('=').filter(|rest| !rest.starts_with('='))
    })?;
    let tokens = luau::tokens(line, Language::Luau);
    let text = |at: usize| tokens.get(at).map_or("", |(_, range)| &line[range.clone()]);
    let (mut depth, mut last) = (0, "");
    for (at, (token, range)) in tokens.iter().enumerate() {
        match &line[range.clone()] {
            "(" | "{" => depth += 1,
            ")" | "}" => depth -= 1,
            name if depth == 0 && *token == Token::Name && matches!(text(at + 1), "(" | "{") => last = name,
            _ => {}
        }
    }
    let gives = NAMES.iter().find(|name| name.name == last && CLASSES.contains(&name.gives.as_str())).map(|name| name.gives.as_str())?;
    CLASSES.into_iter().find(|class| *class == gives)
}

/// Names that the script itself has, which begin like this.
fn own(source: &str, prefix: &str) -> Vec<String> {
    let tokens = luau::tokens(source, Language::Luau);
    let names = tokens.iter().filter(|(token, _)| *token == Token::Name).map(|(_, range)| &source[range.clone()]);
    let known = |name: &str| NAMES.iter().any(|known| known.name == name);
    let mut own: Vec<String> = names.filter(|name| name.starts_with(prefix) && *name != prefix && !known(name)).map(str::to_owned).collect();
    own.sort();
    own.dedup();
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(source: &str, line: &str) -> Vec<String> {
        Offers::at(source, line, false).map(|offers| offers.items.into_iter().map(|offer| offer.name).collect()).unwrap_or_default()
    }

    #[test]
    fn what_fits_is_offered() {
        let source = "local box = launch(\"shell\")\nlocal term = box:open({ cols = 80 })\nlocal terminal = 1\n";
        assert_eq!(names(source, "la"), ["launch"]);
        assert_eq!(names(source, "term:wai"), ["wait_prompt"]);
        assert_eq!(names(source, "box:exp"), Vec::<String>::new(), "a container has no such thing");
        assert_eq!(names(source, "\tother:expect_s"), ["expect_screen", "expect_stable"]);
        assert_eq!(names(source, "check.eq"), ["equal"]);
        assert_eq!(names(source, "term.al"), ["alive"]);
        assert_eq!(names(source, "ter"), ["term", "terminal"]);
        assert_eq!(names(source, "loc"), ["local"]);
        assert_eq!(names(source, "l"), Vec::<String>::new());
        assert!(names(source, "box:").contains(&"exec".to_owned()));
        for none in ["-- la", "log(\"la", "x = 'la", "1la", "", "\"a\" .. \"la"] {
            assert_eq!(names(source, none), Vec::<String>::new(), "{none}");
        }
        let told = Offers::at(source, "term:send_", false).unwrap();
        assert_eq!((told.typed, told.items[0].signature.as_str()), (5, "Session:send_line(text: string?)"));
        assert_eq!(told.items[0].about, "Types a line and presses Enter.");
    }
}
