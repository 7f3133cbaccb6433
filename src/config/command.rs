//! The one registry of the TUI's commands: help screen, palette, footer and the docs' table come from it.
//!
//! It lies here, as plain data, because files give commands other keys, and those files are read on both sides.

pub use super::scope::Scope;

/// A command as the registry knows it.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// Which.
    pub id: CommandId,
    /// What the command line calls it: `split-right`.
    pub name: &'static str,
    /// What the footer and the palette call it.
    pub title: &'static str,
    /// One line for the help screen.
    pub help: &'static str,
    /// Where it is valid.
    pub scope: Scope,
    /// Its default keys, the one shown first; after the prefix in [`Scope::Terminal`].
    pub keys: &'static [&'static str],
    /// How early it comes in the footer: 0 never, then 1 first.
    pub footer: u8,
    /// The key may be repeated for half a second without the prefix.
    pub repeats: bool,
}

macro_rules! commands {
    ($($scope:ident { $($id:ident $name:literal $title:literal [$($key:literal)*] $footer:literal $($repeats:ident)? : $help:literal;)+ })+) => {
        /// Names a command.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum CommandId {
            $($(#[doc = $help] $id,)+)+
        }

        /// Every command.
        pub const COMMANDS: &[Command] = &[
            $($(Command {
                id: CommandId::$id,
                name: $name,
                title: $title,
                help: $help,
                scope: Scope::$scope,
                keys: &[$($key),*],
                footer: $footer,
                repeats: commands!(@repeats $($repeats)?),
            },)+)+
        ];
    };
    (@repeats repeats) => { true };
    (@repeats) => { false };
}

commands! {
    Global {
        Help "help" "help" ["?" "F1"] 91: "Show the keys that are valid here";
        CommandLine "command-line" "command" [":"] 90: "Type a command";
        Palette "palette" "palette" ["C-p"] 0: "Find a command, a container or a template";
        GoHome "containers" "containers" ["1" "M-1"] 0: "Show the containers";
        GoTerminals "terminals" "terminals" ["2" "M-2"] 40: "Show the terminals";
        GoLogs "show-logs" "logs" ["3" "M-3"] 0: "Show the logs that are open, or those of the container";
        GoFiles "files" "files" ["4" "M-4"] 0: "Show the files of the container beside those of this machine";
        GoResources "resources" "resources" [] 0: "Show what containers use, over time";
        GoImages "images" "images" [] 0: "Show the images";
        GoVolumes "volumes" "volumes" [] 0: "Show the volumes";
        GoNetworks "networks" "networks" [] 0: "Show the networks";
        GoSessions "sessions" "sessions" [] 0: "Show all sessions, those that have ended too";
        GoActivity "activity" "activity" [] 0: "Show the audit and what happened since the program began";
        GoRecordings "recordings" "recordings" [] 0: "Show the recordings: play, find, export and remove them";
        GoScripts "scripts" "scripts" ["5" "M-5"] 0: "Show the scripts: run, edit and check them";
        GoSchedules "schedules" "schedules" ["6" "M-6"] 0: "Show the schedules: what runs by itself, and when next";
        GoTriggers "triggers" "triggers" ["7" "M-7"] 0: "Show the triggers: what starts scripts when something happens";
        GoWebhooks "webhooks" "webhooks" ["8" "M-8"] 0: "Show the webhooks and notifications: who is told what happens, and how that went";
        GoPlugins "plugins" "plugins" ["9" "M-9"] 0: "Show the plugins: what they may do, and what is wrong with them";
        GoEditor "editor" "editor" [] 0: "Show the text that is edited";
        GoRuns "runs" "runs" [] 0: "Show the runs of scripts: watch, cancel and repeat them";
        CommandHistory "command-history" "history" [] 0: "Show the commands that were run in all terminals: find one and paste it at the prompt";
        GoSettings "settings" "settings" [] 0: "Show what is set, by which file, and change what is yours";
        HistoryBack "view-back" "view before" ["M-Left"] 0: "Show the view of before";
        HistoryForward "view-forward" "next view" ["M-Right"] 0: "Show the view again that was left with view-back";
        Layouts "layouts" "layouts" [] 0: "Show the layouts that are kept: open, rename or remove one";
        OpenLayout "open-layout" "open layout" [] 0: "Open a layout: running terminals are shown, others begin anew in their containers";
        RenameLayout "rename-layout" "rename layout" [] 0: "Call a layout otherwise";
        RemoveLayout "remove-layout" "remove layout" [] 0: "Remove a layout; its terminals go on";
        Launch "launch" "launch" ["n"] 2: "Launch a container from a template";
        Errors "errors" "errors" ["!"] 0: "Show the last errors again; Tab shows what the engine was asked to do";
        EngineCalls "engine-calls" "engine calls" [] 0: "Show what the engine was asked to do, as docker's command lines";
        Back "back" "back" ["Esc"] 0: "Go back one level";
        Quit "quit" "quit" ["q"] 92: "Leave; what runs goes on";
        ClearInput "clear" "clear" ["C-c"] 0: "Clear what was typed; never ends the program";
        Suspend "suspend" "suspend" ["C-z"] 0: "Stop until 'fg'";
        Redraw "redraw" "redraw" ["C-l"] 0: "Draw everything anew";
        Mouse "mouse" "mouse" ["F2"] 0: "Catch the mouse, or leave it to the terminal";
        Hud "figures" "figures" ["F12"] 0: "Show what cto itself uses: processor, frames, bytes written";
        Tour "tour" "tour" [] 0: "Show the tour for new users";
        Theme "theme" "theme" [] 0: "Choose the colours; each is shown while it is looked at";
        Refresh "refresh" "refresh" ["F5"] 0: "Ask the server for everything anew";
    }
    Home {
        Open "open" "open" ["Enter"] 1: "Show the container's terminal; a shell is opened if there is none";
        Shell "shell" "shell" ["e" "E"] 3: "Open a new shell in the container";
        Attach "attach" "attach" ["a"] 0: "Show the terminal of the container's main program";
        Logs "logs" "logs" ["l"] 4: "Show the logs of the container, or of all marked ones, in one pane";
        FilesOf "files-of" "files" ["f"] 5: "Show the container's files beside those of this machine";
        Stats "stats" "resources" ["t"] 0: "Show what the container, or all marked ones, use over time";
        Stop "stop" "stop" ["s"] 5: "Stop the container, or all marked ones";
        Start "start" "start" ["S"] 6: "Start the container, or all marked ones";
        Restart "restart" "restart" ["r"] 7: "Stop and start the container, or all marked ones";
        Pause "pause" "pause" ["p"] 0: "Freeze the container, or let it go on; or all marked ones";
        Remove "remove" "remove" ["C-d" "Delete"] 8: "Remove the container, or all marked ones; asks first and names what is lost";
        Kill "kill" "kill" ["K"] 0: "Stop the container, or all marked ones, at once; asks first";
        Bulk "bulk" "bulk" ["b"] 0: "Show what can be done with all marked containers, or with those of the group";
        RunIn "run-in" "run in all" [] 0: "Run a program in the container, or in all marked ones, and show what became of each";
        CopyInto "copy-into" "copy into all" [] 0: "Copy files of this machine into the container, or into all marked ones";
        OpenPort "open-port" "open port" ["w"] 0: "Open the container's first published port in the browser, and copy its address";
        Duplicate "duplicate" "duplicate" ["N"] 0: "Launch another container from the same template";
        Cancel "cancel" "cancel" ["X"] 0: "Cancel the launch under the cursor";
        Menu "menu" "more" ["x" "F10"] 10: "Show what can be done with the container";
        Inspect "inspect" "inspect" ["i"] 0: "Show all that is known of the container";
        CopyId "copy-id" "copy id" ["y"] 0: "Copy the container's id, or those of all marked ones";
        CopyContainerName "copy-container-name" "copy name" ["Y"] 0: "Copy the container's name, or those of all marked ones";
        Mark "mark" "mark" ["Space"] 0: "Mark the container, or take the mark away; on a heading all of its group";
        MarkRange "mark-range" "mark range" ["C-Space"] 0: "Mark all containers from the last mark to here";
        ClearMarks "clear-marks" "clear marks" ["C-\\"] 0: "Take all marks away";
        TypeInto "type-into" "type to all" ["T"] 0: "Show the terminals of the container, or of all marked ones, in one tab, and type into all of them at once";
        Filter "filter" "filter" ["/"] 9: "Show only what contains a text";
        ToggleView "view" "table/tiles" ["v"] 11: "Change between tiles and table";
        ShowStopped "show-stopped" "stopped" ["A"] 0: "Show or hide stopped containers";
        Sort "sort" "sort" ["o"] 0: "Choose what is sorted by; a click on a heading does so too";
        SortReverse "sort-reverse" "reverse" ["O"] 0: "Sort the other way round";
        Columns "columns" "columns" ["C"] 0: "Choose the columns of the table, their width and their order";
        GroupBy "group-by" "group" ["M-g"] 0: "Group by stack, by template, by owner, by nothing; Enter on a heading folds it";
        SaveView "save-view" "save" ["C-s"] 0: "Save what is listed to a file: text, .csv or .json";
        ScreenMore "screen-more" "details" ["+" "="] 0: "Show details beside the list; then only them";
        ScreenLess "screen-less" "list" ["_"] 0: "Show less of the details; then only the list";
        ZoomDetail "zoom-detail" "zoom" ["z"] 0: "Let the details fill the window, and back";
        DetailNext "next-detail" "next details" ["]"] 0: "Show the next of the details: facts, screen, graphs, processes";
        DetailPrevious "previous-detail" "details before" ["["] 0: "Show the details before";
        Up "up" "up" ["k" "Up"] 0: "Move up";
        Down "down" "down" ["j" "Down"] 0: "Move down";
        Left "left" "left" ["Left"] 0: "Move left; on a heading fold its group";
        Right "right" "right" ["Right"] 0: "Move right; in the table show the logs, on a heading unfold its group";
        NextItem "next" "next" ["Tab"] 0: "Move to the next container";
        PreviousItem "previous" "previous" ["BackTab"] 0: "Move to the previous container";
        Top "top" "top" ["g" "Home"] 0: "Move to the first container";
        Bottom "bottom" "bottom" ["G" "End"] 0: "Move to the last container";
        PageUp "page-up" "page up" ["PageUp" "C-u"] 0: "Move up by a page";
        PageDown "page-down" "page down" ["PageDown" "C-f"] 0: "Move down by a page";
    }
    Terminal {
        SplitRight "split-right" "split right" ["%" "|"] 1: "Split the pane: a new shell to the right";
        SplitDown "split-down" "split down" ["\"" "-"] 2: "Split the pane: a new shell below";
        Zoom "zoom" "zoom" ["z"] 3: "Let the pane fill the window, and back";
        ClosePane "close" "close" ["x"] 4: "Close the pane: detach, or end its program";
        FocusNext "focus-next" "next" ["o"] 5: "Focus the next pane";
        ScrollMode "scroll" "scroll" ["[" "PageUp"] 6: "Scroll back, search and copy";
        Detach "detach" "home" ["d"] 7: "Go back to the containers; what runs goes on";
        NewTab "new-tab" "new tab" ["c"] 8: "Open a shell of the same container in a new tab";
        PickContainer "pick-container" "pick" ["C"] 0: "Pick a container and open a shell in a new tab";
        NextTab "next-tab" "next tab" ["n"] 9: "Show the next tab";
        PreviousTab "previous-tab" "previous tab" ["p"] 10: "Show the previous tab";
        RenameTab "rename-tab" "rename" [","] 11: "Rename the tab";
        FocusLeft "focus-left" "focus left" ["Left" "h"] 0: "Focus the pane to the left";
        FocusDown "focus-down" "focus down" ["Down" "j"] 0: "Focus the pane below";
        FocusUp "focus-up" "focus up" ["Up" "k"] 0: "Focus the pane above";
        FocusRight "focus-right" "focus right" ["Right" "l"] 0: "Focus the pane to the right";
        FocusLast "focus-last" "last" [";"] 0: "Focus the pane that had the focus before";
        PaneNumbers "numbers" "numbers" ["q"] 12: "Show the panes' numbers; a digit focuses one";
        ResizeLeft "resize-left" "resize" ["C-Left"] 0 repeats: "Move the pane's border left by one cell";
        ResizeDown "resize-down" "resize" ["C-Down"] 0 repeats: "Move the pane's border down by one cell";
        ResizeUp "resize-up" "resize" ["C-Up"] 0 repeats: "Move the pane's border up by one cell";
        ResizeRight "resize-right" "resize" ["C-Right"] 0 repeats: "Move the pane's border right by one cell";
        ResizeLeft5 "resize-left-5" "resize" ["M-Left"] 0 repeats: "Move the pane's border left by five cells";
        ResizeDown5 "resize-down-5" "resize" ["M-Down"] 0 repeats: "Move the pane's border down by five cells";
        ResizeUp5 "resize-up-5" "resize" ["M-Up"] 0 repeats: "Move the pane's border up by five cells";
        ResizeRight5 "resize-right-5" "resize" ["M-Right"] 0 repeats: "Move the pane's border right by five cells";
        SwapPrevious "swap-previous" "swap" ["{"] 0: "Change places with the previous pane";
        SwapNext "swap-next" "swap" ["}"] 0: "Change places with the next pane";
        NextLayout "next-layout" "layout" ["Space"] 13: "Arrange the panes in the next of the ready layouts";
        EvenLayout "even" "even" ["E"] 0: "Make the panes of each split equally large";
        BreakPane "break-pane" "to own tab" ["!"] 0: "Move the pane to a tab of its own";
        FloatPane "float" "floating pane" ["*"] 0: "Show or hide the tab's floating pane; the first time a new shell begins in one";
        FloatOrTile "float-or-tile" "float or tile" ["@"] 0: "Put the floating pane into the arrangement, or let the focused pane float";
        FloatLeft "float-left" "move left" ["S-Left"] 0 repeats: "Move the floating pane to the left";
        FloatDown "float-down" "move down" ["S-Down"] 0 repeats: "Move the floating pane down";
        FloatUp "float-up" "move up" ["S-Up"] 0 repeats: "Move the floating pane up";
        FloatRight "float-right" "move right" ["S-Right"] 0 repeats: "Move the floating pane to the right";
        MarkPane "mark-pane" "mark" ["m"] 0: "Mark the pane to take it into another tab, or take the mark away";
        JoinPane "join-pane" "join" ["J"] 0: "Bring the marked pane into this tab; without a mark one is picked";
        RenamePane "rename-pane" "name pane" ["T"] 0: "Name the pane; an empty name takes it away";
        PaneTree "pane-tree" "tree" ["w"] 12: "Show all tabs, panes and sessions as a tree: go to one, close it, or bring it here";
        Tab0 "tab-0" "tab 10" ["0"] 0: "Show tab 10";
        Tab1 "tab-1" "tab 1" ["1"] 0: "Show tab 1";
        Tab2 "tab-2" "tab 2" ["2"] 0: "Show tab 2";
        Tab3 "tab-3" "tab 3" ["3"] 0: "Show tab 3";
        Tab4 "tab-4" "tab 4" ["4"] 0: "Show tab 4";
        Tab5 "tab-5" "tab 5" ["5"] 0: "Show tab 5";
        Tab6 "tab-6" "tab 6" ["6"] 0: "Show tab 6";
        Tab7 "tab-7" "tab 7" ["7"] 0: "Show tab 7";
        Tab8 "tab-8" "tab 8" ["8"] 0: "Show tab 8";
        Tab9 "tab-9" "tab 9" ["9"] 0: "Show tab 9";
        PasteBuffer "paste" "paste" ["]"] 0: "Paste what was copied last";
        SearchBack "search" "search" ["/"] 0: "Find a text in the scrollback";
        PaneHistory "pane-history" "history" ["H"] 0: "Show the commands that were run in this terminal: find one and paste it at the prompt, or see its output";
        PaneLogs "pane-logs" "logs" ["L"] 0: "Show this container's log in a split";
        PaneFiles "pane-files" "files" ["f"] 0: "Show this container's files, where the program works";
        TerminalLayouts "terminal-layouts" "layouts" ["s"] 0: "Show the layouts that are kept: open, rename or remove one";
        SaveLayout "save-layout" "save layout" ["W"] 0: "Keep all tabs as a layout with a name";
        SaveTab "save-tab" "save tab" [] 0: "Keep the tab shown as a layout with a name";
        EditScrollback "edit-scrollback" "editor" ["e"] 15: "Open the whole text of the terminal in $EDITOR";
        QuickSelect "quick-select" "quick select" ["u"] 14: "Label the addresses, ids and paths that are seen: a label's letters copy, with Shift they paste it here";
        SyncTyping "sync-typing" "type to all" ["S"] 0: "Type into all panes of the tab at once, or into the focused one alone again";
        Record "record" "record" ["R"] 0: "Begin or end the recording of this session";
        TakeSize "take-size" "fit" ["F"] 0: "Make the session as large as this pane";
        TerminalPalette "find" "palette" ["Tab" "C-p"] 0: "Find a command, a tab, a pane, a container or a template";
        TerminalCommandLine "terminal-command-line" "command" [":"] 90: "Type a command";
        TerminalHelp "terminal-help" "help" ["?"] 91: "Show the keys that are valid here";
        TerminalRedraw "terminal-redraw" "redraw" ["C-l" "r"] 0: "Draw everything anew";
        TerminalSuspend "terminal-suspend" "suspend" ["C-z"] 0: "Stop until 'fg'";
        TerminalMouse "terminal-mouse" "mouse" ["F2"] 0: "Catch the mouse, or leave it to the terminal";
        TerminalHud "terminal-figures" "figures" ["F12"] 0: "Show what cto itself uses: processor, frames, bytes written";
        LeavePrefix "cancel-prefix" "back" ["Esc" "C-c"] 0: "Back to the terminal";
    }
    Scroll {
        ScrollUp "scroll-up" "up" ["k" "Up"] 0: "Move the cursor up";
        ScrollDown "scroll-down" "down" ["j" "Down"] 0: "Move the cursor down";
        ScrollLeft "scroll-left" "left" ["h" "Left"] 0: "Move the cursor left";
        ScrollRight "scroll-right" "right" ["l" "Right"] 0: "Move the cursor right";
        WordForward "word-forward" "word" ["w"] 0: "Move to the next word";
        WordBack "word-back" "word back" ["b"] 0: "Move to the word before";
        WordEnd "word-end" "word end" ["e"] 0: "Move to the word's end";
        LineStart "line-start" "line start" ["0" "Home" "^"] 0: "Move to the line's start";
        LineEnd "line-end" "line end" ["$" "End"] 0: "Move to the line's end";
        HalfUp "half-up" "half page up" ["C-u"] 1: "Half a page up";
        HalfDown "half-down" "half page down" ["C-d"] 2: "Half a page down";
        ScrollPageUp "scroll-page-up" "page up" ["PageUp" "C-b"] 0: "A page up";
        ScrollPageDown "scroll-page-down" "page down" ["PageDown" "C-f"] 0: "A page down";
        Oldest "oldest" "oldest" ["g"] 3: "To the oldest line";
        Newest "newest" "newest" ["G"] 4: "To the newest line";
        ViewTop "view-top" "top" ["H"] 0: "To the top of the view";
        ViewMiddle "view-middle" "middle" ["M"] 0: "To the middle of the view";
        ViewBottom "view-bottom" "bottom" ["L"] 0: "To the bottom of the view";
        FindForward "find-forward" "search" ["/"] 5: "Find a text towards newer lines";
        FindBack "find-back" "search back" ["?"] 6: "Find a text towards older lines";
        FindNext "find-next" "next" ["n"] 7: "To the next place found";
        FindPrevious "find-previous" "previous" ["N"] 8: "To the place found before";
        PromptBack "prompt-back" "prompt before" ["["] 0: "To the prompt before, where the shell marks its prompts (OSC 133)";
        PromptForward "prompt-forward" "next prompt" ["]"] 0: "To the next prompt";
        Select "select" "select" ["v" "Space"] 9: "Begin or end selecting";
        SelectLine "select-line" "select lines" ["V"] 0: "Begin or end selecting lines";
        SelectBlock "select-block" "select a block" ["C-v"] 0: "Begin or end selecting a rectangle";
        Yank "yank" "copy" ["y" "Enter"] 10: "Copy what is selected and leave";
        LeaveScroll "leave-scroll" "leave" ["q" "Esc" "C-c"] 11: "Back to the terminal";
    }
    Ended {
        RestartEnded "reopen" "restart" ["r"] 1: "Start its program, or the container, again";
        CloseEnded "close-ended" "close" ["x" "Enter" "q"] 2: "Close the pane";
    }
    Logs {
        LogFollow "log-follow" "follow" ["s" "F"] 1: "Follow the newest lines, or stand still";
        LogSearch "log-search" "search" ["/"] 2: "Find a text or an /expression";
        LogNext "log-next" "next" ["n"] 3: "To the next place found, towards older lines";
        LogPrevious "log-previous" "previous" ["N"] 0: "To the next place found, towards newer lines";
        LogFilter "log-filter" "filter" ["&"] 4: "Show only lines with a text or an /expression; ! shows those without";
        LogLevel "log-level" "level" ["L"] 5: "Show errors only, then warnings too, and so on to all";
        LogTimes "log-times" "times" ["t"] 6: "Show or hide the lines' times";
        LogZone "log-zone" "zone" ["T"] 0: "Show times of this place or in UTC";
        LogWrap "log-wrap" "wrap" ["w"] 7: "Wrap long lines, or cut them";
        LogJson "log-json" "json" ["J"] 8: "Show JSON with a row for each value";
        LogSave "log-save" "save" ["C-s"] 9: "Save the lines shown to a file";
        LogSelect "log-select" "select" ["v" "V"] 10: "Begin or end marking lines";
        LogCopy "log-copy" "copy" ["y" "c"] 11: "Copy the marked lines, or the one found";
        LogTail "log-tail" "last 1000" ["0"] 12: "Read the last 1,000 lines";
        LogAll "log-all" "all" ["1"] 13: "Read all that the engine has kept";
        Log1m "log-1m" "1 min" ["2"] 0: "Read the last minute";
        Log5m "log-5m" "5 min" ["3"] 0: "Read the last 5 minutes";
        Log15m "log-15m" "15 min" ["4"] 0: "Read the last 15 minutes";
        Log30m "log-30m" "30 min" ["5"] 0: "Read the last 30 minutes";
        Log1h "log-1h" "1 hour" ["6"] 14: "Read the last hour";
        LogTail100 "log-tail-100" "last 100" ["7"] 0: "Read the last 100 lines";
        LogClear "log-clear" "clear" ["C"] 0: "Forget the lines that are here; new ones follow";
        LogZoom "log-zoom" "zoom" ["f" "z"] 0: "Let the pane fill the window, and back";
        LogUp "log-up" "up" ["k" "Up"] 0: "Move up by a row";
        LogDown "log-down" "down" ["j" "Down"] 0: "Move down by a row; at the end it follows again";
        LogHalfUp "log-half-up" "half page up" ["C-u"] 0: "Half a page up";
        LogHalfDown "log-half-down" "half page down" ["C-d"] 0: "Half a page down";
        LogPageUp "log-page-up" "page up" ["PageUp"] 0: "A page up";
        LogPageDown "log-page-down" "page down" ["PageDown" "C-f" "Space"] 0: "A page down";
        LogOldest "log-oldest" "oldest" ["g" "Home"] 0: "To the oldest line";
        LogNewest "log-newest" "newest" ["G" "End"] 0: "To the newest line, and follow";
        LogLeft "log-left" "left" ["Left" "h"] 0: "Move cut lines to the left";
        LogRight "log-right" "right" ["Right" "l"] 0: "Move cut lines to the right";
        LogClose "log-close" "close" ["x"] 15: "Close the pane";
        LogBack "log-back" "back" ["Esc"] 0: "End marking, the search, the filter; then back to the containers";
    }
    List {
        ListUp "list-up" "up" ["k" "Up"] 0: "Move up";
        ListDown "list-down" "down" ["j" "Down"] 0: "Move down";
        ListTop "list-top" "top" ["g" "Home"] 0: "Move to the first row";
        ListBottom "list-bottom" "bottom" ["G" "End"] 0: "Move to the last row";
        ListPageUp "list-page-up" "page up" ["PageUp" "C-u"] 0: "Move up by a page";
        ListPageDown "list-page-down" "page down" ["PageDown" "C-f"] 0: "Move down by a page";
        ListFilter "list-filter" "filter" ["/"] 20: "Show only what has a text; !not, ~fuzzy, /regex";
        ListMark "list-mark" "mark" ["Space"] 21: "Mark the row, or take the mark away";
        ListMarkRange "list-mark-range" "mark range" ["C-Space"] 0: "Mark all rows from the last mark to here";
        ListClearMarks "list-clear-marks" "clear marks" ["C-\\"] 0: "Take all marks away";
        ListSort "list-sort" "sort" ["o"] 22: "Sort by the next column";
        ListReverse "list-reverse" "reverse" ["O"] 0: "Sort the other way round";
        ListSave "list-save" "save" ["C-s"] 0: "Save what is listed to a file: text, .csv or .json";
    }
    Resources {
        ResourceMetric "metric" "one graph" ["m" "Tab"] 1: "Show one graph alone: the next of them, then all again";
        ResourceShorter "shorter" "shorter" ["[" "-"] 2: "Show a shorter time";
        ResourceLonger "longer" "longer" ["]" "+"] 3: "Show a longer time, as far as the history goes";
        ResourceBack "earlier" "earlier" ["Left" ","] 4: "Move the cursor on the time axis back: what was used then is shown";
        ResourceForward "later" "later" ["Right" "."] 5: "Move the cursor on the time axis on";
        ResourceNormal "normalise" "percent" ["%"] 6: "Processor in percent of the machine and memory in percent of the limit, or as docker shows them";
        ResourceZone "zone" "zone" ["T"] 0: "Show times of this place or in UTC";
        ResourcePause "pause-graphs" "pause" ["p"] 7: "Let the graphs stand still, or go on";
        ResourceOpen "open-container" "terminal" ["Enter"] 8: "Show the container's terminal";
        ResourceLogs "logs-of-container" "logs" ["l"] 9: "Show the logs of the container, or of all marked ones";
        ResourceCopy "copy-stats-line" "copy line" ["C-y"] 0: "Copy the command that shows the same: cto stats --history";
    }
    Stock {
        StockOpen "details" "details" ["Enter"] 5: "Show all that is known of it, and who uses it";
        StockMenu "actions" "more" ["x" "F10"] 7: "Show what can be done with it, each as a command line too";
        StockInspect "inspect-json" "inspect" ["i"] 0: "Show it as JSON";
        StockCopy "copy-name" "copy name" ["y"] 0: "Copy its name, or those of all marked ones";
        StockCopyLine "copy-line" "copy line" ["C-y"] 0: "Copy the command line that shows it";
        StockRemove "delete" "remove" ["C-d" "Delete"] 6: "Remove it, or all marked ones; asks first and names what is lost";
        StockPrune "prune" "prune" ["u"] 8: "Show what nothing uses, and ask whether it is to go";
        StockPruneAll "prune-all" "prune all" ["U"] 0: "The same for images with a name, and for networks that other tools made";
    }
    Images {
        ImagePull "pull" "pull" ["p"] 1: "Bring an image from its registry";
        ImagePush "push" "push" ["P"] 2: "Send the image to the registry that its name says";
        ImageTag "tag" "tag" ["t"] 3: "Give the image one more name";
        ImageHistory "history" "layers" ["h"] 4: "Show the image's layers";
        ImageCancel "cancel-work" "cancel" ["X"] 0: "Cancel the pull or push under the cursor, or the newest";
    }
    Volumes {
        VolumeCreate "volume-create" "new" ["n"] 1: "Make a volume";
    }
    Networks {
        NetworkCreate "network-create" "new" ["n"] 1: "Make a network; 'internal' after its name lets nothing on it reach the outside";
        NetworkConnect "connect" "connect" ["c"] 2: "Put a container on the network";
        NetworkDisconnect "disconnect" "disconnect" ["d"] 3: "Take a container off the network";
    }
    Files {
        FilesOpen "open-file" "open" ["Enter" "l" "Right"] 1: "Go into the directory, or read the file";
        FilesUp "directory-up" "up" ["h" "Backspace" "Left"] 2: "Go to the directory above";
        FilesSide "other-side" "other side" ["Tab" "BackTab"] 3: "Go to the files of the other side: container or this machine";
        FilesCopyOut "copy-out" "copy out" ["c"] 4: "Copy it, or all marked ones, out of the container into the directory of this machine";
        FilesUpload "upload" "upload" ["u"] 5: "Copy it, or all marked ones, from this machine into the container's directory";
        FilesEdit "edit" "edit" ["e"] 6: "Edit the file with $EDITOR; a container's is put back unless it was changed meanwhile";
        FilesView "view-file" "read" ["v"] 7: "Read the file: text, or bytes in hex";
        FilesDelete "delete-file" "delete" ["d" "Delete"] 8: "Delete it, or all marked ones; asks first";
        FilesRename "rename-file" "rename" ["r"] 9: "Give it another name";
        FilesMake "make-directory" "new directory" ["M"] 10: "Make a directory";
        FilesDiff "diff" "diff" ["="] 11: "Show how the container's file differs from the one of the same name on this machine";
        FilesHidden "hidden" "hidden" ["."] 12: "Show or hide names that begin with a dot";
        FilesHome "home-directory" "home" ["~"] 13: "Go to the home directory";
        FilesRoot "root-directory" "root" ["\\"] 0: "Go to the root directory";
        FilesPaste "paste-path" "paste path" ["p"] 14: "Type its path into the terminal that had the focus last, quoted for a shell";
        FilesCopyPath "copy-path" "copy path" ["y"] 0: "Copy its path, or those of all marked ones";
        FilesCopyLine "copy-cp-line" "copy line" ["C-y"] 0: "Copy the command line that copies it: cto cp";
        FilesCancel "cancel-copy" "cancel" ["X"] 0: "Cancel the copy that is under way; Esc does so too";
    }
    Sessions {
        SessionOpen "show-session" "open" ["Enter"] 1: "Show the session in a pane; all that is known of it when it has ended";
        SessionClose "close-session" "end" ["C-d" "Delete"] 2: "End its program, or those of all marked ones; asks first";
        SessionRecord "record-session" "record" ["R"] 3: "Begin or end its recording";
        SessionDetails "session-details" "inspect" ["i"] 4: "Show all that is known of it";
        SessionCopy "copy-session-id" "copy id" ["y"] 0: "Copy its id";
        SessionCopyLine "copy-attach-line" "copy line" ["C-y"] 0: "Copy the command line that shows it: cto attach";
    }
    Activity {
        ActivityOpen "activity-details" "details" ["Enter" "i"] 1: "Show all that is known of it";
        ActivityCopy "copy-activity" "copy" ["y"] 2: "Copy the row, or all marked ones";
        ActivityCopyLine "copy-audit-line" "copy line" ["C-y"] 0: "Copy the command line that shows the audit";
        ActivityZone "activity-zone" "zone" ["T"] 3: "Show times of this place or in UTC";
    }
    Recordings {
        RecordingPlay "play" "play" ["Enter"] 1: "Play the recording here";
        RecordingExport "export" "export" ["e"] 2: "Save the recording as an asciicast file";
        RecordingRemove "remove-recording" "remove" ["d" "C-d" "Delete"] 3: "Remove the recording, or all marked ones; asks first";
        RecordingDetails "recording-details" "inspect" ["i"] 4: "Show all that is known of it";
        RecordingCopy "copy-recording-id" "copy id" ["y"] 0: "Copy its id, or those of all marked ones";
        RecordingCopyLine "copy-play-line" "copy line" ["C-y"] 0: "Copy the command line that plays it anywhere: cto rec play";
    }
    Scripts {
        ScriptRun "run-script" "run" ["Enter"] 1: "Run the script; its parameters are asked for where it has some";
        ScriptEdit "edit-script" "edit" ["e"] 2: "Edit the script here: what is wrong in it is shown while it is typed";
        ScriptEditor "script-in-editor" "$EDITOR" ["E"] 0: "Edit the script with $EDITOR; what is wrong in it is told then";
        ScriptNew "new-script" "new" ["n"] 3: "Begin a new script";
        ScriptCheck "check-script" "check" ["c"] 4: "Show what is wrong in the script, without running it";
        ScriptRuns "runs-of-script" "its runs" ["r"] 5: "Show the runs of the script";
        ScriptDetails "show-script" "show" ["i"] 6: "Show what it says of itself, and its text";
        ScriptRemove "remove-script" "remove" ["C-d" "Delete"] 7: "Remove the script, or all marked ones; asks first";
        ScriptCopy "copy-script-name" "copy name" ["y"] 0: "Copy its name, or those of all marked ones";
        ScriptCopyLine "copy-run-line" "copy line" ["C-y"] 0: "Copy the command line that runs it: cto script run";
    }
    Runs {
        RunOpen "watch-run" "watch" ["Enter"] 1: "Watch the run: its steps, its log and its terminal";
        RunCancel "cancel-run" "cancel" ["x"] 2: "Cancel the run, or all marked ones; asks first";
        RunRetry "retry-run" "retry" ["R"] 3: "Run the same script once more with the same parameters";
        RunPause "pause-run" "pause" ["p"] 4: "Let the run pause before its next call, or go on";
        RunDetails "run-details" "inspect" ["i"] 5: "Show all that is known of it";
        RunRemove "remove-run" "remove" ["C-d" "Delete"] 6: "Remove the run, or all marked ones, if over; asks first";
        RunCopy "copy-run-id" "copy id" ["y"] 0: "Copy its id, or those of all marked ones";
        RunCopyLine "copy-watch-line" "copy line" ["C-y"] 0: "Copy the command line that shows its log: cto runs logs";
    }
    Run {
        WatchPause "pause-at-call" "pause" ["p"] 1: "Let the run pause before its next call";
        WatchStep "step" "step" ["s" "F10"] 2: "Do the next call of a paused run, and pause again";
        WatchResume "resume-run" "go on" ["P" "F5"] 3: "Let the paused run go on";
        WatchAbort "abort-run" "abort" ["x"] 4: "Cancel the run; asks first";
        WatchType "take-over" "type" ["t" "Enter"] 5: "Go into its terminal, to type there";
        WatchSession "next-session" "next terminal" ["Tab"] 6: "Show the next of its terminals";
        WatchCalls "calls" "calls" ["c"] 7: "Show or hide what the script asks for";
        WatchRetry "repeat-run" "retry" ["R"] 8: "Run the same once more, when it is over";
        WatchCopyLine "copy-log-line" "copy line" ["C-y"] 0: "Copy the command line that shows its log: cto runs logs";
        WatchText "script-text" "text" ["v"] 0: "Show the script's text with the line that it is at, or hide it; it is shown while the run is paused";
        WatchBreakpoint "pause-at-line" "breakpoint" ["b" "F9"] 0: "Let the run pause at the marked line of its text, or no longer";
        WatchLineUp "line-up" "line up" ["["] 0: "Mark the line above in the script's text";
        WatchLineDown "line-down" "line down" ["]"] 0: "Mark the line below in the script's text";
        WatchUp "watch-up" "up" ["k" "Up"] 0: "Move up in the log";
        WatchDown "watch-down" "down" ["j" "Down"] 0: "Move down; at the end it follows again";
        WatchPageUp "watch-page-up" "page up" ["PageUp" "C-u"] 0: "A page up";
        WatchPageDown "watch-page-down" "page down" ["PageDown" "C-f" "Space"] 0: "A page down";
        WatchOldest "watch-oldest" "oldest" ["g" "Home"] 0: "To the beginning of the log";
        WatchNewest "watch-newest" "newest" ["G" "End"] 0: "To the end of the log, and follow";
    }
    Schedules {
        ScheduleNext "next-times" "next times" ["Enter"] 1: "Show the next times of the schedule, and what changes of the clocks do to them";
        ScheduleNew "new-schedule" "new" ["n"] 2: "Make a schedule";
        ScheduleEdit "edit-schedule" "edit" ["e"] 3: "Change the schedule: what it runs, and when";
        ScheduleRun "run-schedule" "run now" ["t"] 3: "Run its script now, and watch that";
        SchedulePause "pause-schedule" "pause" ["s"] 4: "Let the schedule start nothing, or go on; or all marked ones";
        ScheduleHistory "runs-of-schedule" "history" ["h"] 5: "Show the runs that it started";
        ScheduleDetails "schedule-details" "inspect" ["i"] 6: "Show all that is known of it, and what became of its last times";
        ScheduleCalendar "calendar" "calendar" ["c"] 7: "Show the next times of all schedules";
        ScheduleZone "schedule-zone" "zone" ["T"] 0: "Show times of this place or in UTC";
        ScheduleRemove "remove-schedule" "remove" ["C-d" "Delete"] 8: "Remove the schedule, or all marked ones; asks first";
        ScheduleCopy "copy-schedule-name" "copy name" ["y"] 0: "Copy its name, or those of all marked ones";
        ScheduleCopyLine "copy-schedule-line" "copy line" ["C-y"] 0: "Copy the command line that shows it: cto schedule show";
    }
    Triggers {
        TriggerOpen "trigger-history" "history" ["Enter"] 1: "Show what the trigger did; of an event there, watch the run that it started";
        TriggerNew "new-trigger" "new" ["n"] 2: "Make a trigger";
        TriggerEdit "edit-trigger" "edit" ["e"] 3: "Change the trigger: what it waits for, and what it starts";
        TriggerTest "test-trigger" "test" ["t"] 4: "Start its script now with an event that is made up, and watch that";
        TriggerPause "pause-trigger" "pause" ["s"] 5: "Let the trigger do nothing, or go on; or all marked ones";
        TriggerDetails "trigger-details" "inspect" ["i"] 6: "Show all that is known of it";
        TriggerSecret "rotate-trigger" "new secret" ["R"] 0: "Make another secret for a trigger that waits for requests; it is shown once";
        TriggerRemove "remove-trigger" "remove" ["C-d" "Delete"] 7: "Remove the trigger, or all marked ones; asks first";
        TriggerCopy "copy-trigger-name" "copy name" ["y"] 0: "Copy its name, or those of all marked ones";
        TriggerCopyLine "copy-trigger-line" "copy line" ["C-y"] 0: "Copy the command line that shows it: cto trigger show";
    }
    Webhooks {
        WebhookOpen "deliveries" "deliveries" ["Enter"] 1: "Show what was told, and how that went; of a delivery there, all that is known of it";
        WebhookNew "new-webhook" "new" ["n"] 2: "Make a webhook or a notification";
        WebhookEdit "edit-webhook" "edit" ["e"] 3: "Change the webhook: where it leads, and what it tells";
        WebhookTest "test-webhook" "test" ["t"] 4: "Send a ping now, and tell how that went";
        WebhookRedeliver "redeliver" "again" ["r"] 5: "Send the delivery under the cursor once more";
        WebhookEnable "enable-webhook" "enable" ["s"] 6: "Let a webhook go on that was disabled since its receiver failed; or all marked ones";
        WebhookDetails "webhook-details" "inspect" ["i"] 7: "Show all that is known of it";
        WebhookSecret "rotate-webhook" "new secret" ["R"] 0: "Make another secret; it is shown once";
        WebhookRemove "remove-webhook" "remove" ["C-d" "Delete"] 8: "Remove the webhook, or all marked ones; asks first";
        WebhookCopy "copy-webhook-name" "copy name" ["y"] 0: "Copy its name, or those of all marked ones";
        WebhookCopyLine "copy-webhook-line" "copy line" ["C-y"] 0: "Copy the command line that shows it: cto webhook show";
    }
    Plugins {
        PluginOpen "plugin-details" "show" ["Enter" "i"] 1: "Show what the plugin brings, what it asked for and was granted, and what is wrong with it";
        PluginEnable "enable-plugin" "enable" ["s"] 2: "Disable the plugin; or enable it, after a question that names what is granted";
        PluginRuns "runs-of-plugin" "its runs" ["r"] 3: "Show the runs that it started, with their logs";
        PluginRemove "remove-plugin" "remove" ["C-d" "Delete"] 4: "Remove the plugin with its files, or all marked ones; asks first";
        PluginCopy "copy-plugin-name" "copy name" ["y"] 0: "Copy its name, or those of all marked ones";
        PluginCopyLine "copy-plugin-line" "copy line" ["C-y"] 0: "Copy the command line that shows it: cto plugin show";
    }
    Editor {
        EditSave "save-text" "save" ["C-s"] 1: "Save the text; if somebody else saved it meanwhile, that is shown first";
        EditRun "run-text" "run" ["F5" "M-r"] 2: "Run the script as it stands here, and watch that";
        EditDry "dry-run" "dry run" ["F6" "M-t"] 3: "Run the script against a recording: nothing is touched";
        EditBreakpoint "breakpoint" "breakpoint" ["F9" "M-p"] 4: "Let runs from here pause at this line, or no longer";
        EditNextMistake "next-mistake" "next mistake" ["F8" "M-n"] 5: "Go to the next mistake";
        EditPreviousMistake "previous-mistake" "mistake before" ["S-F8" "M-N"] 0: "Go to the mistake before";
        EditStep "step-text" "run by steps" ["F10" "M-s"] 0: "Run the script with a pause before its first call";
        EditFind "find-text" "find" ["C-f"] 6: "Find a text";
        EditFindNext "find-again" "find again" ["F3" "C-g"] 0: "Find the same text once more";
        EditUndo "undo" "undo" ["C-u" "M-u"] 0: "Take the last change back";
        EditRedo "redo" "redo" ["C-r" "M-e"] 0: "Make again what was taken back";
        EditComplete "complete" "complete" ["C-Space"] 0: "Show what fits here, each with how it is called; Tab takes it";
        EditOutside "open-in-editor" "$EDITOR" ["M-o"] 0: "Edit the text with $EDITOR, and take back what it is then";
    }
    Settings {
        SettingChange "change" "change" ["Enter"] 1: "Change the setting, where it is yours to change; or else show all about it";
        SettingDetails "setting-details" "about" ["i"] 2: "Show what it means, what it takes and who says so";
        SettingEdit "edit-settings" "editor" ["e"] 3: "Open the file that the setting comes from, or your own, in $EDITOR";
        SettingSet "set-only" "set only" ["s"] 4: "Show only what somebody has set, or all again";
        SettingCopy "copy-setting" "copy" ["y"] 0: "Copy its name and value";
        SettingCopyLine "copy-explain-line" "copy line" ["C-y"] 0: "Copy the command line that explains it: cto config explain";
    }
}

/// The command with this id.
#[must_use]
pub fn command(id: CommandId) -> &'static Command {
    COMMANDS.iter().find(|command| command.id == id).expect("every id is in the table it is made from")
}

/// The command that the command line calls so.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name)
}
