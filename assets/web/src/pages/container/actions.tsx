/** Windows for what is done with a container and needs a word: another name, an image of it. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { type Container, type Operation, api, data, once } from "../../lib/api";
import { placed } from "../../lib/live";
import { notify } from "../../lib/notices";
import { problemOf } from "../../lib/problem";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { Field, Input, Switch } from "../../ui/field";
import { OperationView } from "../../ui/operation";
import { Problem } from "../../ui/problem";

export function RenameDialog({ container, open, onClose }: { container: Container; open: boolean; onClose: () => void }) {
  return (
    <Dialog open={open} onClose={onClose} title={`Rename ${container.name}`}>
      <Renaming container={container} onClose={onClose} />
    </Dialog>
  );
}

function Renaming({ container, onClose }: { container: Container; onClose: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState(container.name);
  const rename = useMutation({
    mutationFn: () => data(api.POST("/api/v1/containers/{id}/rename", { params: { path: { id: container.id } }, body: { name: name.trim() } })),
    onSuccess: (after) => {
      queries.setQueryData<Container[]>(["containers"], (list) => placed(list, after));
      queries.setQueryData(["containers", after.id], after);
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() !== "" && name !== container.name) rename.mutate();
  };
  return (
    <form className="form" onSubmit={submit}>
      <Field label="New name" error={rename.error ? problemOf(rename.error).detail : undefined}>
        {(attributes) => <Input {...attributes} className="mono" autoFocus autoCapitalize="off" value={name} onChange={setName} />}
      </Field>
      <div className="dialog-foot">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" kind="primary" off={name.trim() === "" || name === container.name} busy={rename.isPending}>
          Rename
        </Button>
      </div>
    </form>
  );
}

export function CommitDialog({ container, open, onClose }: { container: Container; open: boolean; onClose: () => void }) {
  return (
    <Dialog open={open} onClose={onClose} title={`Make an image of ${container.name}`} about="Its files as they are now. Volumes are not in it; the environment is, with its secrets.">
      <Committing container={container} onClose={onClose} />
    </Dialog>
  );
}

function Committing({ container, onClose }: { container: Container; onClose: () => void }) {
  const [image, setImage] = useState(`${container.name}:latest`);
  const [message, setMessage] = useState("");
  const [running, setRunning] = useState(false);
  const [made, setMade] = useState<Operation | null>(null);
  const commit = useMutation({ mutationFn: () => data(api.POST("/api/v1/containers/{id}/commit", { params: { path: { id: container.id }, ...once() }, body: { image: image.trim(), no_pause: running, ...(message ? { message } : {}) } })) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (image.trim() !== "") commit.mutate();
  };
  if (commit.data) {
    return (
      <>
        <OperationView
          id={commit.data.id}
          onDone={(operation) => {
            setMade(operation);
            notify({ tone: "ok", title: `${image} was made of ${container.name}` });
          }}
        />
        <div className="dialog-foot">
          {made?.image && (
            <Link className="button" to={"/images/$id" as never} params={{ id: made.image.id.replace("sha256:", "").slice(0, 12) } as never} onClick={onClose}>
              See the image
            </Link>
          )}
          <Button kind={made ? "primary" : "normal"} onClick={onClose}>
            Close
          </Button>
        </div>
      </>
    );
  }
  return (
    <form className="form" onSubmit={submit}>
      <Field label="Image" help="With a tag, or latest">
        {(attributes) => <Input {...attributes} className="mono" autoFocus autoCapitalize="off" value={image} onChange={setImage} />}
      </Field>
      <Field label="What has changed" help="For its history">
        {(attributes) => <Input {...attributes} value={message} onChange={setMessage} />}
      </Field>
      {container.state === "running" && (
        <Switch checked={running} onChange={setRunning}>
          Go on running meanwhile: files may be caught in the middle of a change
        </Switch>
      )}
      {commit.error && <Problem error={commit.error} small />}
      <div className="dialog-foot">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" kind="primary" needs="create:images" off={image.trim() === ""} busy={commit.isPending}>
          Make the image
        </Button>
      </div>
    </form>
  );
}
