# cto: marks prompts, commands and their ends, so that they are found, kept and run again. For ~/.bashrc.
__cto_prompt() {
    local code=$?
    printf '\e]133;D;%s\a\e]7;file://%s\a\e]133;A\a' "$code" "${PWD//%/%25}"
    case $PS1 in
    *'133;B'*) ;;
    *) PS1=$PS1'\[\e]133;B\a\]' PS2='\[\e]133;A;k=s\a\]'$PS2'\[\e]133;B\a\]' ;;
    esac
    return "$code"
}
PROMPT_COMMAND=__cto_prompt${PROMPT_COMMAND:+;$PROMPT_COMMAND}
PS0=$PS0'\e]133;C\a'
