/** Brings an image, with how far it is. */
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { type Operation, api, data, once } from "../../lib/api";
import { shortImage } from "../../lib/images";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { Field, Input } from "../../ui/field";
import { OperationView } from "../../ui/operation";
import { Problem } from "../../ui/problem";

export const PullDialog = ({ open, onClose }: { open: boolean; onClose: () => void }) => (
  <Dialog open={open} onClose={onClose} title="Pull an image" about="From the registry that its name says; from Docker Hub where it names none.">
    <Pulling onClose={onClose} />
  </Dialog>
);

function Pulling({ onClose }: { onClose: () => void }) {
  const [image, setImage] = useState("");
  const pull = useMutation({ mutationFn: () => data(api.POST("/api/v1/images/pull", { body: { image: image.trim() }, params: once() })) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (image.trim() !== "" && !pull.isPending) pull.mutate();
  };
  if (pull.data) return <Working id={pull.data.id} onClose={onClose} onAgain={() => pull.reset()} />;
  return (
    <form className="form" onSubmit={submit}>
      <Field label="Image" help="With a tag, a digest, or latest">
        {(attributes) => <Input {...attributes} className="mono" autoFocus autoCapitalize="off" placeholder="debian:bookworm-slim" value={image} onChange={setImage} />}
      </Field>
      {pull.error && <Problem error={pull.error} small />}
      <div className="dialog-foot">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" kind="primary" needs="create:images" off={image.trim() === ""} busy={pull.isPending}>
          Pull
        </Button>
      </div>
    </form>
  );
}

/** Work that makes an image, in a window. Closing it ends nothing. */
export function Working({ id, onClose, onAgain }: { id: string; onClose: () => void; onAgain: () => void }) {
  const [made, setMade] = useState<Operation | null>(null);
  return (
    <>
      <OperationView id={id} onDone={setMade} />
      <div className="dialog-foot">
        {!made && <Button onClick={onAgain}>Back</Button>}
        {made?.image && (
          <Link className="button primary" to={"/images/$id" as never} params={{ id: shortImage(made.image.id) } as never} onClick={onClose}>
            See the image
          </Link>
        )}
        <Button onClick={onClose}>{made ? "Close" : "Close; it goes on"}</Button>
      </div>
    </>
  );
}
