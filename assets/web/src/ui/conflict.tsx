/** Somebody else has saved meanwhile: both texts, and which of them counts. */
import type { ReactNode } from "react";
import { Button } from "./button";
import { Dialog } from "./dialog";
import { Diff } from "./diff";

export interface ConflictProps {
  open: boolean;
  /** What is saved now; none where nothing is any more. */
  theirs: string | undefined;
  mine: string;
  /** Who saved it, where that is known. */
  by?: ReactNode;
  onClose: () => void;
  onTake: () => void;
  onOver: () => void;
}

export function Conflict({ open, theirs, mine, by, onClose, onTake, onOver }: ConflictProps) {
  const gone = theirs === undefined;
  return (
    <Dialog
      open={open}
      onClose={onClose}
      size="wide"
      title={gone ? "It was removed meanwhile" : "Somebody else saved it meanwhile"}
      about={
        <>
          {by} {gone ? "Saving makes it anew." : "Lines of theirs that yours lacks begin with −, yours that theirs lacks with +."}
        </>
      }
      foot={
        <>
          <Button onClick={onClose}>Go on writing</Button>
          {!gone && <Button onClick={onTake}>Take theirs, lose mine</Button>}
          <Button kind="danger" onClick={onOver}>
            {gone ? "Save it anew" : "Save mine over it"}
          </Button>
        </>
      }
    >
      {theirs !== undefined && <Diff before={theirs} now={mine} />}
    </Dialog>
  );
}
