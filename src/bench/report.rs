//! What a benchmark found: the figures of cto and of its rivals, and how they compare.
use super::Options;
use super::machine;
use jiff::Timestamp;
use serde::Serialize;
use serde::Serializer;

/// Named figures in the unit of their report, in the order in which they are shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures(Vec<(String, f64)>);

impl Figures {
    /// Figures by name; each is kept to three decimals.
    pub fn of<N: Into<String>>(figures: impl IntoIterator<Item = (N, f64)>) -> Self {
        Self(figures.into_iter().map(|(name, figure)| (name.into(), tidy(figure))).collect())
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, figure)| *figure)
    }

    /// Names and figures.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(name, figure)| (name.as_str(), *figure))
    }

    /// Each figure by the other's of the same name, where both are there and the other is not zero.
    #[must_use]
    pub fn by(&self, other: &Self) -> Self {
        Self::of(self.iter().filter_map(|(name, own)| other.get(name).filter(|other| *other > 0.0).map(|other| (name, own / other))))
    }

    /// By how much a figure has grown from one measurement to the other: the median of the rounds' own ratios.
    #[must_use]
    pub fn growth(name: &str, before: &[Self], after: &[Self]) -> f64 {
        median(before.iter().zip(after).filter_map(|(before, after)| Some(after.get(name)? / before.get(name)?)).collect())
    }

    /// The median of each figure over rounds; figures that the first round lacks are left out.
    #[must_use]
    pub fn medians(rounds: &[Self]) -> Self {
        let Some(first) = rounds.first() else { return Self::default() };
        Self::of(first.iter().map(|(name, _)| (name, median(rounds.iter().filter_map(|round| round.get(name)).collect()))))
    }
}

impl Serialize for Figures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

/// cto's figures by the rival's: one where one is compared, else by name.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Ratio {
    /// Of the figure that counts.
    One(f64),
    /// Of each figure that both have.
    Each(Figures),
}

/// Another way to do the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Other {
    /// What it is, with its version.
    pub is: String,
    /// What was measured; none when it could not be.
    pub figures: Option<Figures>,
    /// cto's figures by these.
    pub ratio: Option<Figures>,
    /// Why there are no figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Other {
    /// What another way took, or why it took nothing.
    pub fn measured(cto: &Figures, is: String, figures: Result<Figures, String>) -> Self {
        match figures {
            Ok(figures) => Self { is, ratio: Some(cto.by(&figures)), figures: Some(figures), reason: None },
            Err(reason) => Self { is, figures: None, ratio: None, reason: Some(reason) },
        }
    }
}

/// One step of a benchmark that grows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// So many sessions.
    pub sessions: u32,
    /// cto's figures.
    pub cto: Figures,
    /// The rival's.
    pub rival: Option<Figures>,
}

/// What one benchmark found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Which.
    pub benchmark: &'static str,
    /// cto's version.
    pub version: &'static str,
    /// When.
    #[serde(serialize_with = "as_text")]
    pub at: Timestamp,
    /// Where: processor, cores, memory, kernel.
    pub machine: String,
    /// The engine and its version; empty where none took part.
    pub engine: String,
    /// Rounds of each side, in turn.
    pub rounds: u32,
    /// Small sizes: good to see that it works, not to compare.
    pub quick: bool,
    /// Of the figures, unless a figure's name says otherwise: `us`, `ms`, `MB/s`, `KiB`.
    pub unit: &'static str,
    /// Whether `lower` or `higher` figures are better.
    pub better: &'static str,
    /// What was measured of cto.
    pub cto: Figures,
    /// The same of the rival; none when there is none here.
    pub rival: Option<Figures>,
    /// cto by rival.
    pub ratio: Option<Ratio>,
    /// What the rival is, or why there is none.
    pub rival_is: String,
    /// Further ways to do the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Other>,
    /// The way to the figures, for benchmarks that grow.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// What to know when reading them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Report {
    /// A report of cto alone, to be filled in.
    pub(super) fn new(benchmark: &'static str, unit: &'static str, cto: Figures) -> Self {
        Self {
            benchmark,
            version: env!("CARGO_PKG_VERSION"),
            at: Timestamp::now(),
            machine: machine::description(),
            engine: String::new(),
            rounds: 0,
            quick: false,
            unit,
            better: "lower",
            cto,
            rival: None,
            ratio: None,
            rival_is: String::new(),
            others: Vec::new(),
            steps: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The rival's figures, or why there are none. Compared by `one` figure, or by each.
    pub(super) fn against(mut self, is: String, rival: Result<Figures, String>, one: Option<&str>) -> Self {
        match rival {
            Ok(figures) => {
                let ratios = self.cto.by(&figures);
                self.ratio = Some(match one.and_then(|name| ratios.get(name)) {
                    Some(ratio) => Ratio::One(ratio),
                    None => Ratio::Each(ratios),
                });
                self.rival = Some(figures);
                self.rival_is = is;
            }
            Err(reason) => self.rival_is = format!("{is}: {reason}"),
        }
        self
    }

    /// Notes another way.
    pub(super) fn beside(mut self, is: String, figures: Result<Figures, String>) -> Self {
        self.others.push(Other::measured(&self.cto, is, figures));
        self
    }

    /// Says over how many rounds it was measured.
    pub(super) fn rounds(mut self, rounds: u32) -> Self {
        self.rounds = rounds;
        self
    }

    /// Says that more is better.
    pub(super) fn higher_is_better(mut self) -> Self {
        self.better = "higher";
        self
    }

    /// Adds the way to the figures.
    pub(super) fn with_steps(mut self, steps: Vec<Step>) -> Self {
        self.steps = steps;
        self
    }

    /// Says whether the sizes were small.
    pub(super) fn sized(mut self, options: &Options) -> Self {
        self.quick = options.quick;
        self
    }

    /// Notes something.
    pub(super) fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }
}

/// To three decimals.
fn tidy(figure: f64) -> f64 {
    (figure * 1e3).round() / 1e3
}

/// The middle of the figures, or the mean of the two in the middle; zero when there are none.
pub(super) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    match (figures.len() % 2, figures.get(middle.saturating_sub(1)), figures.get(middle)) {
        (0, Some(low), Some(high)) if !figures.is_empty() => f64::midpoint(*low, *high),
        (_, _, Some(one)) => *one,
        _ => 0.0,
    }
}

fn as_text<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_compare_what_both_have() {
        let cto = Figures::of([("p50", 450.0), ("p99", 900.0), ("own", 1.0)]);
        let rival = Figures::of([("p50", 300.0), ("p99", 0.0)]);
        assert_eq!(cto.by(&rival), Figures::of([("p50", 1.5)]));
        let report = Report::new("echo", "us", cto).against("x".to_owned(), Ok(rival), None).beside("y".to_owned(), Err("not here".to_owned()));
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(
            (json["ratio"]["p50"].as_f64(), json["rival"]["p50"].as_f64(), json["others"][0]["reason"].as_str()),
            (Some(1.5), Some(300.0), Some("not here"))
        );
    }

    #[test]
    fn medians_are_taken_figure_by_figure() {
        let rounds: Vec<Figures> = [(1.0, 9.0), (3.0, 7.0), (2.0, 8.0)].map(|(a, b)| Figures::of([("a", a), ("b", b)])).to_vec();
        assert_eq!(Figures::medians(&rounds), Figures::of([("a", 2.0), ("b", 8.0)]));
        assert_eq!((median(vec![4.0, 1.0]), median(Vec::new())), (2.5, 0.0));
    }
}
