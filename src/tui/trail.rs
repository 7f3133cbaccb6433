//! The views in the order in which they were seen, to go back and forth among them.
use super::app::View;

/// Views kept each way; the oldest goes first.
const KEPT: usize = 50;

/// Where one has been.
#[derive(Clone, Debug, Default)]
pub(super) struct Trail {
    before: Vec<View>,
    after: Vec<View>,
}

impl Trail {
    /// Another view is shown than this one.
    pub fn leave(&mut self, view: View) {
        self.after.clear();
        if self.before.len() >= KEPT {
            self.before.remove(0);
        }
        self.before.push(view);
    }

    /// The view of before, or the one that was left to go back.
    pub fn step(&mut self, now: View, back: bool) -> Option<View> {
        let (from, to) = if back { (&mut self.before, &mut self.after) } else { (&mut self.after, &mut self.before) };
        let view = from.pop()?;
        to.push(now);
        Some(view)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_goes_back_and_forth_and_a_new_way_ends_the_old_one() {
        let mut trail = Trail::default();
        trail.leave(View::Home);
        trail.leave(View::Files);
        assert_eq!(trail.step(View::Sessions, true), Some(View::Files));
        assert_eq!(trail.step(View::Files, true), Some(View::Home));
        assert_eq!(trail.step(View::Home, true), None);
        assert_eq!(trail.step(View::Home, false), Some(View::Files));
        trail.leave(View::Files);
        assert_eq!(trail.step(View::Activity, false), None);
    }
}
