/** One training image as it is, and as the run would see it: pictures in, the wish for another image out. */
import { Button } from "@mantine/core";
import { IconArrowRight } from "@tabler/icons-react";
import { BlobImage } from "../data/BlobImage.tsx";
import classes from "./settings.module.css";

interface AugmentationPreviewProps {
  /** The file that is shown; null until it is known. */
  readonly name: string | null;
  readonly original: Blob | null;
  /** Empty where augmentation is off. */
  readonly views: readonly Blob[];
  /** How many views there will be, so that the grid keeps its size while they are made. */
  readonly count: number;
  readonly busy: boolean;
  readonly onAnother: () => void;
}

export function AugmentationPreview({ name, original, views, count, busy, onAnother }: AugmentationPreviewProps) {
  return (
    <div className={classes.preview}>
      <div className={classes.previewHead}>
        <p className={classes.previewName}>
          {name ?? "A training image"}
          {count === 0 && <span className={classes.previewOff}>Augmentation is off: every epoch sees it like this.</span>}
        </p>
        <Button variant="default" size="xs" rightSection={<IconArrowRight size={14} aria-hidden />} onClick={onAnother}>
          Another image
        </Button>
      </div>
      <div className={classes.previewGrid} role="group" aria-label="Preview" aria-busy={busy}>
        <figure className={classes.tile}>
          <div className={classes.picture}>{original && <BlobImage blob={original} alt="The image as it is" />}</div>
          <figcaption>As it is</figcaption>
        </figure>
        {Array.from({ length: count }, (_, index) => {
          const blob = views[index];
          return (
            <figure key={index} className={classes.tile}>
              <div className={classes.picture}>{blob && <BlobImage blob={blob} alt={`Augmented, view ${index + 1}`} />}</div>
              <figcaption>View {index + 1}</figcaption>
            </figure>
          );
        })}
      </div>
    </div>
  );
}
