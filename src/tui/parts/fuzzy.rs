//! Finds what was meant by a few letters.
use nucleo_matcher::Config;
use nucleo_matcher::Matcher;
use nucleo_matcher::Utf32Str;
use nucleo_matcher::pattern::CaseMatching;
use nucleo_matcher::pattern::Normalization;
use nucleo_matcher::pattern::Pattern;

/// A text that fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its place among the texts.
    pub place: usize,
    /// How well it fits; more is better.
    pub score: u32,
    /// The characters that were matched, by their place in the text.
    pub letters: Vec<u32>,
}

/// The texts that fit a query, the best first; all, in their order, where the query is empty.
#[must_use]
pub fn find<'a>(query: &str, texts: impl IntoIterator<Item = &'a str>) -> Vec<Found> {
    let pattern = Pattern::parse(query.trim(), CaseMatching::Ignore, Normalization::Smart);
    if pattern.atoms.is_empty() {
        return texts.into_iter().enumerate().map(|(place, _)| Found { place, score: 0, letters: Vec::new() }).collect();
    }
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut buffer = Vec::new();
    let mut found: Vec<Found> = texts
        .into_iter()
        .enumerate()
        .filter_map(|(place, text)| {
            let mut letters = Vec::new();
            let score = pattern.indices(Utf32Str::new(text, &mut buffer), &mut matcher, &mut letters)?;
            letters.sort_unstable();
            letters.dedup();
            Some(Found { place, score, letters })
        })
        .collect();
    found.sort_by_key(|found| std::cmp::Reverse(found.score));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_comes_first_and_equals_keep_their_order() {
        let places = |query| find(query, ["system-monitor", "shell", "python", "python-dev"]).into_iter().map(|found| found.place).collect::<Vec<_>>();
        assert_eq!(places("py"), [2, 3]);
        assert_eq!(places("sm"), [0]);
        assert_eq!(places(""), [0, 1, 2, 3]);
        assert!(places("zz").is_empty());
    }
}
