/** Names of images. No component here. */
import type { Schemas } from "./api";

type Image = Pick<Schemas["Image"], "id" | "tags">;

/** Twelve digits, as Docker shows them. */
export const shortImage = (id: string): string => id.replace(/^sha256:/, "").slice(0, 12);

export const imageName = (image: Image): string => tagsOf(image)[0] ?? shortImage(image.id);

export const tagsOf = (image: Image): string[] => image.tags ?? [];
