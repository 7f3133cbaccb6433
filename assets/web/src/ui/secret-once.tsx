/** A secret that is shown this once. */
import { CopyButton, Button } from "./button";
import { Dialog } from "./dialog";
import "./secret-once.css";

export function SecretOnce({ secret, title, children, onClose }: { secret: string | null; title: string; children?: React.ReactNode; onClose: () => void }) {
  return (
    <Dialog
      open={secret !== null}
      onClose={onClose}
      title={title}
      about="It is shown now, and never again."
      foot={
        <Button kind="primary" onClick={onClose}>
          I have kept it
        </Button>
      }
    >
      <div className="secret-box">
        <code aria-label="Secret">{secret}</code>
        <span className="spring" />
        <CopyButton text={secret ?? ""} />
      </div>
      {children}
    </Dialog>
  );
}
