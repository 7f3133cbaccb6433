//! A plugin's command is a run of its script: with the caller's rights, within what was granted to the plugin.
use crate::access::Actor;
use crate::automation::Automation;
use crate::config::did_you_mean;
use crate::control::Control;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::Code;
use crate::model::InlineScript;
use crate::model::PLUGIN_CONTAINER;
use crate::model::ParamValue;
use crate::model::PluginTarget;
use crate::model::Run;
use crate::model::RunCause;
use crate::model::RunPlugin;
use crate::model::StartRun;

impl Automation {
    /// Runs a command of a plugin's.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; `wrong_state` when the plugin can't be used; `invalid_value` for parameters.
    pub async fn run_plugin(&self, actor: &Actor, name: &str, request: RunPlugin) -> Result<Run> {
        Control::may(actor, Action::StartRuns)?;
        let (row, loaded) = self.enabled_plugin(name).await?;
        let commands = loaded.manifest.as_ref().map(|manifest| manifest.commands.as_slice()).unwrap_or_default();
        let Some(command) = commands.iter().find(|command| command.name == request.command) else {
            let mut error = Error::not_found("command", &request.command).fix(format!("see its commands: cto plugin show {name}"));
            error.message.push_str(&did_you_mean(&request.command, commands.iter().map(|command| command.name.as_str())));
            return Err(error);
        };
        let mut params = request.params;
        match (command.on, request.container) {
            (PluginTarget::Container, Some(container)) => {
                let container = self.control().get_container(actor, &container).await?;
                params.insert(PLUGIN_CONTAINER.to_owned(), ParamValue::Text(container.name));
            }
            (PluginTarget::Container, None) => {
                let error = Error::new(Code::InvalidValue, format!("command '{}' is for a container", command.name));
                return Err(error.fix(format!("name one: cto plugin run {name} {} CONTAINER", command.name)));
            }
            (PluginTarget::None, Some(container)) => {
                return Err(Error::invalid(format!("command '{}' is not for a container, and '{container}' was given", command.name)));
            }
            (PluginTarget::None, None) => {}
        }
        let script = InlineScript { name: format!("{name}/{}", command.script), source: loaded.sources.get(&command.script).cloned().unwrap_or_default() };
        let request = StartRun { inline: Some(script), params, within: Some(row.granted), ..StartRun::default() };
        self.start_run(actor, request, RunCause::Plugin { name: name.to_owned(), event: None, depth: 0 }, None).await
    }
}
