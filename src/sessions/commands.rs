//! What a session's shell tells of the commands that it runs, for who keeps them.
use super::session::Session;
use super::state::State;
use crate::model::CommandId;
use crate::model::CommandNote;
use crate::model::SessionCommand;
use crate::term::ShellEvent;
use jiff::Timestamp;

impl Session {
    /// Passes on what was heard in the piece of output that was drawn and kept last. Nobody waits for who keeps it: where they are behind, it is dropped.
    pub(super) fn heard(&self, state: &mut State) {
        for event in state.screen.take_heard() {
            let note = match event {
                ShellEvent::Ended(exit_code) => CommandNote::Ended { session: self.id().clone(), at: Timestamp::now(), exit_code },
                ShellEvent::Began(command) => {
                    let fixed = self.fixed();
                    CommandNote::Began(Box::new(SessionCommand {
                        id: CommandId::fresh(),
                        number: 0,
                        session: fixed.id.clone(),
                        container: fixed.container.clone(),
                        container_name: fixed.container_name.clone(),
                        owner: fixed.owner.clone(),
                        text: self.masks().hide(&command.text),
                        cut: command.cut,
                        directory: command.directory.map(|directory| self.masks().hide(&directory)),
                        offset: state.ring.head().saturating_sub(command.back),
                        started_at: Timestamp::now(),
                        ended_at: None,
                        exit_code: None,
                    }))
                }
            };
            if self.0.commands.try_send(note).is_err() {
                tracing::debug!(session = %self.id(), "a command is not kept: too many at once");
            }
        }
    }

    /// Whether it lives and its shell has marked no command.
    #[must_use]
    pub fn is_unmarked(&self) -> bool {
        self.is_live() && !self.state().screen.is_marked()
    }
}
