/** One live terminal; fetched when the first is shown. */
import { type ReactNode, Suspense, lazy } from "react";
import type { Session } from "../lib/api";
import type { Exit } from "../lib/frames";
import { Skeleton } from "./page";

export interface TerminalProps {
  session: Pick<Session, "id" | "container_name" | "title"> & Partial<Pick<Session, "recording" | "owner">>;
  /** `view` never types; asking for `write` without the right to watches too. */
  mode?: "write" | "view";
  /** A guest's token, good for this session alone; otherwise who is signed in. */
  token?: string;
  /** Takes the keyboard when it is there. */
  autoFocus?: boolean;
  /** Only the screen and its banner: for panes of a wall, which have their own frame. */
  bare?: boolean;
  /** Where in that frame it is said who else is there, and who types. */
  chips?: HTMLElement | null;
  /** More buttons in the toolbar, such as "Detach". */
  actions?: ReactNode;
  /** Types alone while it is there: nobody else may, a script neither. */
  lease?: boolean;
  /** What can be done when the program has ended, in the banner. */
  afterExit?: ReactNode;
  onExit?: (exit: Exit) => void;
  /** The server lets nobody in, and will not: such as when a share has ended. */
  onRefused?: (reason: string) => void;
  onTitle?: (title: string) => void;
  /** The keyboard has come here: a wall marks its pane. */
  onFocus?: () => void;
}

const View = lazy(() => import("./terminal/view"));

/** Changing the session makes a new one: the screen of one is never shown for another. */
export const Terminal = (props: TerminalProps) => (
  <Suspense fallback={<Skeleton lines={6} label="Loading the terminal" />}>
    <View key={props.session.id} {...props} />
  </Suspense>
);
